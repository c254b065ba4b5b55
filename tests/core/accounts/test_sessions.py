"""Signing in: passwords, tokens, pairing."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from pickmesh.core.accounts import commands, passwords, sessions
from pickmesh.core.accounts.commands import NewPerson
from pickmesh.core.accounts.refusals import PairingUnusable, TooManyAttempts, WrongSignIn
from pickmesh.core.accounts.sessions import SignedIn
from pickmesh.core.accounts.tables import SignInAttempt
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refused

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
