"""Signing in: passwords, tokens, pairing."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from builders_accounts import make_person, sign_in_name
from events_told import kinds_told
from statements import statements

from pickmesh.core.accounts import commands, passwords, sessions
from pickmesh.core.accounts.commands import NewPerson
from pickmesh.core.accounts.refusals import PairingUnusable, TooManyAttempts, WrongSignIn
from pickmesh.core.accounts.sessions import SignedIn
from pickmesh.core.accounts.tables import ApiKey, Person, Session, SignInAttempt, SignInThrottle
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission, Role
from pickmesh.core.kit.refusals import InvalidInput, NotFound, NotPermitted, Refused
from pickmesh.scanner.codes import own

PASSWORD = "一碗牛肉面 please"


async def make_signer(database: Database, actor: Actor, role: Role = Role.PICKER) -> str:
    name = f"{role.lower()}@{new_id().hex}"
    hashed = await passwords.hash_password(PASSWORD)
    async with database.unit_of_work(actor) as uow:
        made = await commands.create_people(uow, people=[NewPerson(name, "王小明", role, hashed, locale="en")])
    assert not isinstance(made[0], Refused)
    return name


async def sign_in(database: Database, name: str, password: str = PASSWORD) -> SignedIn:
    return await sessions.sign_in(database, sign_in=name, password=password, device="test")


async def test_a_token_speaks_for_who_signed_in(database: Database, merchant: Actor) -> None:
    name = await make_signer(database, merchant)
    signed_in = await sign_in(database, name)
    assert signed_in.actor.merchant_id == merchant.merchant_id
    assert signed_in.actor.role == Role.PICKER
    assert signed_in.actor.locale == "en"
    assert await sessions.actor_of_token(database, signed_in.token) == signed_in.actor


async def test_width_and_case_of_a_name_make_no_difference(database: Database, merchant: Actor) -> None:
    name = await make_signer(database, merchant)
    assert (await sign_in(database, f" {name.upper().replace('@', '＠')} ")).actor.role == Role.PICKER


async def test_five_wrong_passwords_lock_a_name_for_a_quarter_of_an_hour(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    name = await make_signer(database, merchant)
    for _ in range(5):
        with pytest.raises(WrongSignIn):
            await sign_in(database, name, "wrong password")
        clock.advance(timedelta(minutes=1))
    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(database, name)
    assert refused.value.data == {"retryAfterSeconds": 600}
    clock.advance(timedelta(minutes=10))
    assert (await sign_in(database, name)).actor.role == Role.PICKER
    async with database.reading(merchant) as uow:
        attempts = await uow.fetch(
            sa.select(SignInAttempt.succeeded).where(uow.mine(SignInAttempt)).order_by(SignInAttempt.at)
        )
    assert [row.succeeded for row in attempts] == [False] * 5 + [True]


async def test_an_unknown_name_is_answered_like_a_known_one(database: Database, merchant: Actor) -> None:
    known, unknown = await make_signer(database, merchant), f"nobody@{new_id().hex}"
    answers: dict[str, list[tuple[str, str]]] = {known: [], unknown: []}
    for name, heard in answers.items():
        for _ in range(6):
            with pytest.raises((WrongSignIn, TooManyAttempts)) as refused:
                await sign_in(database, name, "wrong password")
            heard.append((refused.value.code, refused.value.message))
    assert answers[known] == answers[unknown]
    assert [code for code, _ in answers[known]] == ["WRONG_SIGN_IN"] * 5 + ["TOO_MANY_ATTEMPTS"]


async def test_many_guesses_at_once_are_counted_before_they_are_checked(database: Database, merchant: Actor) -> None:
    name = await make_signer(database, merchant)
    guesses = [sign_in(database, name, f"guess number {number}") for number in range(12)]
    heard = [type(answer) for answer in await asyncio.gather(*guesses, return_exceptions=True)]
    assert heard.count(WrongSignIn) == 5
    assert heard.count(TooManyAttempts) == 7


async def test_signing_in_forgets_the_failures_before_it(database: Database, merchant: Actor) -> None:
    name = await make_signer(database, merchant)
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(WrongSignIn):
                await sign_in(database, name, "wrong password")
        await sign_in(database, name)


async def test_old_windows_of_all_names_are_forgotten(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    for _ in range(2):
        with pytest.raises(WrongSignIn):
            await sign_in(database, f"nobody@{new_id().hex}")
        clock.advance(timedelta(minutes=15))
    await sign_in(database, await make_signer(database, merchant))
    async with database.directory() as connection:
        assert (await connection.execute(sa.select(SignInThrottle.name_hash))).all() == []


async def test_a_person_without_a_password_cannot_sign_in_with_one(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    with pytest.raises(WrongSignIn):
        await sign_in(database, await sign_in_name(database, merchant, person_id), "")


async def test_an_archived_person_can_neither_sign_in_nor_go_on(database: Database, merchant: Actor) -> None:
    name = await make_signer(database, merchant)
    token = (await sign_in(database, name)).token
    async with database.unit_of_work(merchant) as uow:
        await uow.execute(sa.update(Person).where(uow.mine(Person)).values(archived_at=uow.now))
    assert await sessions.actor_of_token(database, token) is None
    with pytest.raises(WrongSignIn):
        await sign_in(database, name)


async def test_a_session_ends_after_thirty_days(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    signed_in = await sign_in(database, await make_signer(database, merchant))
    clock.advance(timedelta(days=30, microseconds=-1))
    assert await sessions.actor_of_token(database, signed_in.token) == signed_in.actor
    clock.advance(timedelta(microseconds=1))
    assert clock.now() == signed_in.expires_at
    assert await sessions.actor_of_token(database, signed_in.token) is None


async def test_a_token_is_worth_nothing_at_another_merchant(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    token = (await sign_in(database, await make_signer(database, merchant))).token
    moved = token.replace(merchant.merchant_id.hex, stranger.merchant_id.hex)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    for forged in (moved, changed, token.upper(), token + "x", "", "Bearer " + token):
        assert await sessions.actor_of_token(database, forged) is None


async def test_a_token_is_looked_up_in_one_read(database: Database, merchant: Actor) -> None:
    token = (await sign_in(database, await make_signer(database, merchant))).token
    with statements(database) as sent:
        await sessions.actor_of_token(database, token)
    assert [statement.split()[0] for statement in sent if not statement.startswith(("BEGIN", "SET LOCAL"))] == [
        "SELECT"
    ]


async def test_signing_out_ends_this_session_and_no_other(database: Database, merchant: Actor) -> None:
    name = await make_signer(database, merchant)
    here, there = await sign_in(database, name), await sign_in(database, name)
    for _ in range(2):
        async with database.unit_of_work(here.actor) as uow:
            await sessions.sign_out(uow)
    assert await sessions.actor_of_token(database, here.token) is None
    assert await sessions.actor_of_token(database, there.token) == there.actor
    told = await kinds_told(database, merchant)
    assert told == ["person_created", "signed_in", "signed_in", "signed_out"]


async def test_signing_out_everywhere_ends_all_sessions_of_one_person(database: Database, merchant: Actor) -> None:
    name, other = await make_signer(database, merchant), await make_signer(database, merchant, Role.MANAGER)
    first, second, bystander = [await sign_in(database, each) for each in (name, name, other)]
    async with database.unit_of_work(second.actor) as uow:
        assert await sessions.sign_out_everywhere(uow) == 2
        assert await sessions.sign_out_everywhere(uow) == 0
    assert [await sessions.actor_of_token(database, each.token) for each in (first, second)] == [None, None]
    assert await sessions.actor_of_token(database, bystander.token) == bystander.actor
    async with database.unit_of_work(first.actor) as uow:
        with pytest.raises(NotPermitted):
            await sessions.sign_out_everywhere(uow, person_id=bystander.actor.person_id)
    async with database.unit_of_work(merchant) as uow:
        assert await sessions.sign_out_everywhere(uow, person_id=bystander.actor.person_id) == 1
        with pytest.raises(InvalidInput):
            await sessions.sign_out_everywhere(uow)


async def test_an_api_key_speaks_with_its_own_permissions_until_it_is_ended(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    given = [Permission.STOCK_READ, Permission.ORDERS_WRITE, Permission.STOCK_READ]
    async with database.unit_of_work(merchant) as uow:
        key = await commands.create_api_key(uow, name="ERP", permissions=given)
    app = await sessions.actor_of_token(database, key.token)
    assert app is not None
    assert (app.merchant_id, app.role, app.permissions) == (merchant.merchant_id, Role.APP, frozenset(given))
    assert (app.person_id, app.session_id) == (None, None)
    async with database.unit_of_work(stranger) as uow:
        with pytest.raises(NotFound):
            await commands.end_api_key(uow, api_key_id=key.id)
    for _ in range(2):
        async with database.unit_of_work(merchant) as uow:
            await commands.end_api_key(uow, api_key_id=key.id)
    assert await sessions.actor_of_token(database, key.token) is None
    assert await kinds_told(database, merchant) == ["api_key_created", "api_key_ended"]


async def test_a_permission_nobody_knows_any_more_does_not_lock_a_key_out(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        key = await commands.create_api_key(uow, name="ERP", permissions=[Permission.STOCK_READ])
        await uow.update(ApiKey, [{"id": key.id, "permissions": ["stock:read", "stars:read"]}])
    app = await sessions.actor_of_token(database, key.token)
    assert app is not None
    assert app.permissions == {Permission.STOCK_READ}


async def pair(database: Database, actor: Actor, person_id: UUID) -> str:
    async with database.unit_of_work(actor) as uow:
        return await sessions.create_pairing(uow, person_id=person_id)


async def test_a_pairing_opens_one_session(database: Database, merchant: Actor) -> None:
    person_id, person = await make_person(database, merchant, Role.PICKER)
    _, manager = await make_person(database, merchant, Role.MANAGER)
    token = await pair(database, manager, person_id)
    signed_in = await sessions.redeem_pairing(database, token=f"PickMesh:pair:{token}", device="phone 7")
    assert await sessions.actor_of_token(database, signed_in.token) == signed_in.actor
    assert (signed_in.actor.person_id, signed_in.actor.role) == (person_id, person.role)
    with pytest.raises(PairingUnusable):
        await sessions.redeem_pairing(database, token=token, device="phone 8")
    async with database.reading(merchant) as uow:
        kept = await uow.fetch(sa.select(Session.device).where(uow.mine(Session)))
    assert [row.device for row in kept] == ["phone 7"]


async def test_a_scanned_pairing_link_opens_a_session_too(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    link = own.pairing_link("https://pick.example.com", await pair(database, merchant, person_id))
    signed_in = await sessions.redeem_pairing(database, token=link, device="phone 7")
    assert signed_in.actor.person_id == person_id
    with pytest.raises(PairingUnusable):
        await sessions.redeem_pairing(database, token=link, device="phone 8")


async def test_of_two_phones_that_scan_a_pairing_at_once_one_gets_in(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    token = await pair(database, merchant, person_id)
    phones = [sessions.redeem_pairing(database, token=token, device=f"phone {number}") for number in range(8)]
    heard = [type(answer) for answer in await asyncio.gather(*phones, return_exceptions=True)]
    assert (heard.count(SignedIn), heard.count(PairingUnusable)) == (1, 7)


async def test_a_pairing_expires_after_ten_minutes(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    token = await pair(database, merchant, person_id)
    clock.advance(timedelta(minutes=10))
    with pytest.raises(PairingUnusable):
        await sessions.redeem_pairing(database, token=token, device="late")


async def test_nothing_but_a_pairing_of_this_merchant_pairs(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    token = await pair(database, merchant, person_id)
    session = (await sign_in(database, await make_signer(database, merchant))).token
    foreign = token.replace(merchant.merchant_id.hex, stranger.merchant_id.hex)
    for wrong in (foreign, session, "", token[:-1]):
        with pytest.raises(PairingUnusable):
            await sessions.redeem_pairing(database, token=wrong, device="x")
    assert await sessions.actor_of_token(database, token) is None


async def test_a_manager_cannot_become_an_owner_by_pairing_one(database: Database, merchant: Actor) -> None:
    owner_id, _ = await make_person(database, merchant, Role.OWNER)
    manager_id, manager = await make_person(database, merchant, Role.MANAGER)
    everywhere_id, _ = await make_person(database, merchant, Role.PICKER)
    _, local = await make_person(database, merchant, Role.MANAGER, warehouse_ids=frozenset({new_id()}))
    for who, whom in ((manager, owner_id), (local, everywhere_id)):
        with pytest.raises(NotPermitted):
            await pair(database, who, whom)
    assert await pair(database, manager, manager_id)


async def test_pairing_another_takes_a_manager_and_a_colleague(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    person_id, person = await make_person(database, merchant, Role.PICKER)
    _, colleague = await make_person(database, merchant, Role.PICKER)
    assert await pair(database, person, person_id)
    with pytest.raises(NotPermitted):
        await pair(database, colleague, person_id)
    with pytest.raises(NotFound):
        await pair(database, stranger, person_id)


async def test_secrets_are_neither_stored_nor_shown(database: Database, merchant: Actor) -> None:
    signed_in = await sign_in(database, await make_signer(database, merchant))
    secret = signed_in.token.split("_", 2)[2]
    assert secret not in repr(signed_in)
    async with database.reading(merchant) as uow:
        kept = await uow.first(sa.select(Session).where(uow.mine(Session)))
    assert secret not in str(kept)
