from uuid import UUID

import pytest
import sqlalchemy as sa
from builders_accounts import make_person, make_shop, make_token
from events_told import events_told, kinds_told
from statements import statements

from pickmesh.core.accounts import commands, directory, passwords, queries, sessions
from pickmesh.core.accounts.commands import NewPerson, NewShop
from pickmesh.core.accounts.directory import EntryKind
from pickmesh.core.accounts.refusals import CodeTaken
from pickmesh.core.accounts.tables import Person, Platform, Session, ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission, Role
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, NotPermitted, Refused

SHANGHAI = {"name": "临安家居", "time_zone": "Asia/Shanghai", "currency": "CNY", "locale": "zh-CN"}


def codes_of(answers: list[UUID | Refused]) -> list[str | None]:
    return [answer.refusal.code if isinstance(answer, Refused) else None for answer in answers]


async def test_a_merchant_is_found_by_its_code(database: Database) -> None:
    code = new_id().hex
    actor = await commands.create_merchant(database, code=code, **SHANGHAI)
    async with database.directory() as connection:
        entry = await directory.find_entry(connection, EntryKind.MERCHANT_CODE, code)
    assert entry is not None
    assert entry.merchant_id == actor.merchant_id
    async with database.reading(actor) as uow:
        made = await queries.merchant(uow)
    assert (made.code, made.name, made.time_zone, made.currency, made.locale) == (code, *SHANGHAI.values())
    assert await kinds_told(database, actor) == ["merchant_created"]


async def test_a_taken_merchant_code_is_refused_and_nothing_of_it_stays(fresh_database: Database) -> None:
    first = await commands.create_merchant(fresh_database, code="linan", **SHANGHAI)
    with pytest.raises(CodeTaken):
        await commands.create_merchant(fresh_database, code="linan", **SHANGHAI)
    async with fresh_database.directory() as connection:
        assert await directory.merchants(connection) == [first.merchant_id]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "Lin An"}, "code"),
        ({"code": "-a"}, "code"),
        ({"name": " "}, "name"),
        ({"time_zone": "Asia/Nowhere"}, "timeZone"),
        ({"time_zone": "../etc/passwd"}, "timeZone"),
        ({"currency": "rmb"}, "currency"),
        ({"locale": "fr"}, "locale"),
    ],
)
async def test_a_merchant_needs_sound_settings(database: Database, wrong: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await commands.create_merchant(database, **{"code": new_id().hex, **SHANGHAI, **wrong})
    assert refused.value.field == (field,)


async def test_of_a_batch_of_shops_the_good_are_made_and_the_others_say_why(
    database: Database, merchant: Actor
) -> None:
    await make_shop(database, merchant, "old")
    new = [
        NewShop("tb", " 旗舰店 ", Platform.TAOBAO, ShortagePolicy.SHIP_AVAILABLE),
        NewShop("tb", "又一家", Platform.JD),
        NewShop("old", "老店", Platform.JD),
        NewShop("a:b", "冒号", Platform.JD),
        NewShop("jd", "", Platform.JD),
        NewShop("pdd", "拼多多", Platform.PDD),
    ]
    async with database.unit_of_work(merchant) as uow:
        answers = await commands.create_shops(uow, shops=new)
    assert codes_of(answers) == [None, "CODE_TAKEN", "CODE_TAKEN", "INVALID_INPUT", "INVALID_INPUT", None]
    async with database.reading(merchant) as uow:
        made = {shop.code: (shop.name, shop.platform, shop.shortage_policy) for shop in await queries.shops(uow)}
    assert made == {
        "old": ("old 店", "TAOBAO", "WAIT_FOR_ALL"),
        "pdd": ("拼多多", "PDD", "WAIT_FOR_ALL"),
        "tb": ("旗舰店", "TAOBAO", "SHIP_AVAILABLE"),
    }
    assert await kinds_told(database, merchant) == ["shop_created"] * 3


async def test_two_merchants_may_use_the_same_shop_code(database: Database, merchant: Actor, stranger: Actor) -> None:
    assert await make_shop(database, merchant, "tb") != await make_shop(database, stranger, "tb")


async def test_a_sign_in_name_belongs_to_one_person_of_one_merchant(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    name = f"wang@{new_id().hex}"
    async with database.unit_of_work(merchant) as uow:
        twice = [NewPerson(name, "王小明", Role.PICKER), NewPerson(name.upper(), "王大明", Role.PICKER)]
        assert codes_of(await commands.create_people(uow, people=twice)) == [None, "SIGN_IN_TAKEN"]
    async with database.unit_of_work(stranger) as uow:
        answers = await commands.create_people(uow, people=[NewPerson(name, "李四", Role.PICKER)])
    assert codes_of(answers) == ["SIGN_IN_TAKEN"]
    async with database.reading(stranger) as uow:
        assert await uow.scalar(sa.select(sa.func.count()).select_from(Person).where(uow.mine(Person))) == 0


async def test_people_have_their_merchants_time_zone_unless_they_say_otherwise(
    database: Database, merchant: Actor
) -> None:
    warehouse = new_id()
    new = [
        NewPerson(f"a@{new_id().hex}", "王小明", Role.PICKER, warehouse_ids=frozenset({warehouse})),
        NewPerson(f"b@{new_id().hex}", "Ann", Role.SUPPORT, locale="en", time_zone="Europe/Berlin"),
    ]
    async with database.unit_of_work(merchant) as uow:
        first, second = await commands.create_people(uow, people=new)
    assert isinstance(first, UUID)
    assert isinstance(second, UUID)
    async with database.reading(merchant) as uow:
        people = await queries.people_by_id(uow, [first, second])
    assert (people[first].time_zone, people[first].locale) == ("Asia/Shanghai", "zh-CN")
    assert (people[first].warehouse_ids, people[first].shop_ids) == (frozenset({warehouse}), None)
    assert (people[second].time_zone, people[second].locale) == ("Europe/Berlin", "en")


async def test_a_person_needs_a_name_a_sign_in_and_a_known_zone(database: Database, merchant: Actor) -> None:
    new = [
        NewPerson("with space", "王小明", Role.PICKER),
        NewPerson(f"a@{new_id().hex}", " ", Role.PICKER),
        NewPerson(f"b@{new_id().hex}", "王小明", Role.PICKER, time_zone="Mars/Base"),
        NewPerson(f"c@{new_id().hex}", "王小明", Role.PICKER, locale="xx"),
    ]
    async with database.unit_of_work(merchant) as uow:
        assert codes_of(await commands.create_people(uow, people=new)) == ["INVALID_INPUT"] * 4


async def test_nobody_gives_more_rights_than_they_have(database: Database, merchant: Actor) -> None:
    warehouse = new_id()
    here = frozenset({warehouse})
    app = Actor(
        merchant.merchant_id, None, Role.APP, frozenset({Permission.ACCOUNT_WRITE, Permission.FLOOR_READ}), here
    )
    new = [NewPerson(f"{role}@{new_id().hex}", "王", role, warehouse_ids=here) for role in (Role.OWNER, Role.APP)]
    new.append(NewPerson(f"c@{new_id().hex}", "王", Role.APP))
    async with database.unit_of_work(app) as uow:
        assert codes_of(await commands.create_people(uow, people=new)) == ["NOT_PERMITTED", None, "NOT_PERMITTED"]
        with pytest.raises(NotPermitted):
            await commands.create_api_key(uow, name="erp", permissions=[Permission.STOCK_WRITE])


@pytest.mark.parametrize("role", [Role.MANAGER, Role.PICKER, Role.SUPPORT])
async def test_only_an_owner_writes_accounts(database: Database, merchant: Actor, role: Role) -> None:
    _, actor = await make_person(database, merchant, role)
    async with database.unit_of_work(actor) as uow:
        with pytest.raises(NotPermitted):
            await commands.create_shops(uow, shops=[])
        with pytest.raises(NotPermitted):
            await commands.create_people(uow, people=[])
        with pytest.raises(NotPermitted):
            await commands.create_api_key(uow, name="erp", permissions=[])
        with pytest.raises(NotPermitted):
            await commands.end_api_key(uow, api_key_id=new_id())


async def test_a_batch_is_limited(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(LimitExceeded):
            await commands.create_shops(uow, shops=[NewShop("a", "a", Platform.JD)] * 1_001)


async def test_a_new_password_ends_all_sessions_and_opens_the_next(database: Database, merchant: Actor) -> None:
    person_id, person = await make_person(database, merchant, Role.PICKER)
    token = await make_token(database, merchant, person_id)
    kept = await passwords.hash_password("correct horse")
    async with database.unit_of_work(person) as uow:
        await commands.set_password(uow, person_id=person_id, password_hash=kept)
    assert await sessions.actor_of_token(database, token) is None
    async with database.reading(merchant) as uow:
        row = await uow.first(sa.select(Person.password_hash, Person.version).where(uow.mine(Person)))
        assert row is not None
        assert (row.password_hash, row.version) == (kept, 2)
        ended = await uow.fetch(sa.select(Session.ended_at).where(uow.mine(Session)))
    assert [each.ended_at for each in ended] == [database.clock.now()]


async def test_another_persons_password_takes_an_owner(database: Database, merchant: Actor, stranger: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.OWNER)
    _, manager = await make_person(database, merchant, Role.MANAGER)
    for actor, refusal in ((manager, NotPermitted), (stranger, NotFound)):
        async with database.unit_of_work(actor) as uow:
            with pytest.raises(refusal):
                await commands.set_password(uow, person_id=person_id, password_hash="x")


async def test_events_name_who_did_it_and_hold_no_names(database: Database, merchant: Actor) -> None:
    owner_id, owner = await make_person(database, merchant, Role.OWNER)
    async with database.unit_of_work(owner) as uow:
        await commands.create_api_key(uow, name="王小明的 ERP", permissions=[Permission.STOCK_READ])
    told = (await events_told(database, merchant))[-1]
    assert (told.kind, told.actor_id, told.payload) == ("api_key_created", owner_id, {"permissions": ["stock:read"]})


async def test_the_number_of_statements_does_not_grow_with_the_batch(database: Database, merchant: Actor) -> None:
    counts = []
    for size in (1, 50):
        people = [NewPerson(f"p@{new_id().hex}", "王", Role.PICKER) for _ in range(size)]
        shops = [NewShop(new_id().hex, "店", Platform.JD) for _ in range(size)]
        async with database.unit_of_work(merchant) as uow:
            with statements(database) as sent:
                await commands.create_people(uow, people=people)
                await commands.create_shops(uow, shops=shops)
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 8  # PostgreSQL takes several writes in one
