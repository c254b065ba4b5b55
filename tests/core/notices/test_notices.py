from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from builders_accounts import make_person
from events_told import events_told, kinds_told
from statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit import languages
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest, decode_cursor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import Named, sentence
from pickmesh.core.notices import commands, deliveries, queries, rules
from pickmesh.core.notices.deliveries import Delivered, Failed, Waiting
from pickmesh.core.notices.rules import Action, Closing, NewNotice
from pickmesh.core.notices.tables import Medium, NoticeKind, NoticeState

CHAT = Medium.CHAT


def low(person_id: UUID, subject_id: UUID, available: int, **more: Any) -> NewNotice:
    text = sentence(
        "{sku} {name} is low at {location}: {available} available; {low} or fewer is low.",
        sku="TEA",
        name=Named("Tea", "茶"),
        location="HZ1",
        available=available,
        low=5,
    )
    told = {"state": NoticeState.OPEN, "actions": (Action("alertSnooze", "Alert", subject_id, 1),)}
    return NewNotice(person_id, NoticeKind.ALERT, subject_id, text, **(told | more))


async def post(database: Database, actor: Actor, *notices: NewNotice) -> list[UUID]:
    return await database.run(actor, lambda uow: commands.post(uow, notices))


async def close(database: Database, actor: Actor, subject_id: UUID, available: int) -> list[UUID]:
    text = sentence(
        "{sku} {name} is there again at {location}: {available} available.",
        sku="TEA",
        name=Named("Tea", "茶"),
        location="HZ1",
        available=available,
    )
    closing = Closing(NoticeKind.ALERT, subject_id, text)
    return await database.run(actor, lambda uow: commands.close(uow, [closing]))


async def waiting(database: Database, actor: Actor, **which: Any) -> list[Waiting]:
    async with database.reading(actor) as uow:
        return await deliveries.waiting(uow, CHAT, **which)


async def deliver(database: Database, actor: Actor, notice_id: UUID, version: int) -> None:
    await database.run(actor, lambda uow: deliveries.delivered(uow, CHAT, [Delivered(notice_id, version)]))


async def fail(database: Database, actor: Actor, *failures: Failed) -> None:
    await database.run(actor, lambda uow: deliveries.failed(uow, CHAT, failures))


async def notice_of(database: Database, actor: Actor, notice_id: UUID) -> queries.NoticeRow:
    async with database.reading(actor) as uow:
        return (await queries.notices_by_id(uow, [notice_id]))[notice_id]


async def test_each_reader_gets_their_language_and_the_actions(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.PURCHASER)
    subject = new_id()
    action = Action("dropshipReject", "Dropship", subject, 3, (("note", ""), ("reason", "PRICE")))
    (notice_id,) = await post(database, merchant, low(person_id, subject, 3, actions=(action,)))
    notice = await notice_of(database, merchant, notice_id)
    assert notice.text == "TEA Tea is low at HZ1: 3 available; 5 or fewer is low."
    assert languages.translate(notice.text, "zh-CN") == "HZ1 的 TEA 茶 库存不足：可用 3 件，低库存线为 5 件。"
    assert (notice.actions, notice.state, notice.version, notice.read_at) == ((action,), "OPEN", 1, None)


async def test_a_notice_changes_in_place_and_the_same_again_tells_nobody(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    person_id, them = await make_person(database, merchant, Role.PURCHASER)
    subject = new_id()
    (notice_id,) = await post(database, merchant, low(person_id, subject, 3))
    async with database.unit_of_work(them) as uow:
        assert await commands.read(uow, [notice_id]) == [notice_id]
        assert await commands.read(uow, [notice_id]) == []
    before = len(await kinds_told(database, merchant))
    assert await post(database, merchant, low(person_id, subject, 3)) == [notice_id]
    assert len(await kinds_told(database, merchant)) == before
    assert (await notice_of(database, merchant, notice_id)).read_at is not None
    assert await post(database, merchant, low(person_id, subject, 2), low(person_id, subject, 1)) == [notice_id] * 2
    changed = await notice_of(database, merchant, notice_id)
    assert "1 available" in changed.text
    assert (changed.version, changed.read_at) == (2, None)
    (event,) = (await events_told(database, merchant))[before:]
    payload = {"person_id": str(person_id), "notice_kind": "ALERT", "state": "OPEN", "version": 2}
    assert (event[1], event[2], event[3]) == ("notice_posted", notice_id, payload)


async def test_a_notice_becomes_its_outcome_for_everybody_who_was_told(database: Database, merchant: Actor) -> None:
    people = [(await make_person(database, merchant, Role.MANAGER))[0] for _ in range(2)]
    subject, other = new_id(), new_id()
    told = await post(database, merchant, *(low(each, subject, 3) for each in people), low(people[0], other, 3))
    for notice_id in told:
        await deliver(database, merchant, notice_id, 1)
    assert sorted(await close(database, merchant, subject, 12)) == sorted(told[:2])
    assert await close(database, merchant, subject, 12) == []
    for notice_id in told[:2]:
        notice = await notice_of(database, merchant, notice_id)
        assert (notice.text, notice.state, notice.actions) == (
            "TEA Tea is there again at HZ1: 12 available.",
            "CLOSED",
            (),
        )
    assert [each.notice.id for each in await waiting(database, merchant)] == told[:2]
    assert (await notice_of(database, merchant, told[2])).state == "OPEN"


async def test_an_outcome_of_what_never_reached_the_chat_is_not_sent(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    subject = new_id()
    (notice_id,) = await post(database, merchant, low(person_id, subject, 3))
    await close(database, merchant, subject, 12)
    assert await waiting(database, merchant) == []
    await deliver(database, merchant, notice_id, 1)  # it was on its way after all
    (late,) = await waiting(database, merchant)
    assert (late.notice.version, late.delivered) == (2, 1)


async def test_a_delivery_waits_until_its_newest_version_is_there(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    subject = new_id()
    (notice_id,) = await post(database, merchant, low(person_id, subject, 3))
    await post(database, merchant, low(person_id, subject, 2))
    await deliver(database, merchant, notice_id, 1)
    assert [(each.notice.version, each.delivered) for each in await waiting(database, merchant)] == [(2, 1)]
    for version in (9, 2, 2, 1):  # 9 is none of ours
        await deliver(database, merchant, notice_id, version)
    assert await waiting(database, merchant) == []
    await fail(database, merchant, Failed(notice_id, 2, "too late"))
    assert await waiting(database, merchant) == []


async def test_a_delivery_is_tried_eight_times_unless_it_is_hopeless(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    subject, hopeless = new_id(), new_id()
    tried, blocked = await post(database, merchant, low(person_id, subject, 3), low(person_id, hopeless, 3))
    await fail(database, merchant, Failed(blocked, 1, "403", is_final=True))
    for attempt in range(rules.ATTEMPTS_MAX):
        (left,) = await waiting(database, merchant)
        assert (left.notice.id, left.attempts) == (tried, attempt)
        await fail(database, merchant, Failed(tried, 1, "timeout" * 100))
    assert await waiting(database, merchant) == []
    await post(database, merchant, low(person_id, subject, 2), low(person_id, hopeless, 2))
    await fail(database, merchant, Failed(tried, 1, "of the old one", is_final=True))
    assert [(each.notice.id, each.attempts) for each in await waiting(database, merchant)] == [(tried, 0), (blocked, 0)]


async def test_what_waits_is_asked_for_by_person_and_in_parts(database: Database, merchant: Actor) -> None:
    people = [(await make_person(database, merchant, Role.MANAGER))[0] for _ in range(2)]
    told = await post(database, merchant, *(low(each, new_id(), 3) for each in people * 3))
    mine = [notice_id for notice_id, person_id in zip(told, people * 3, strict=True) if person_id == people[0]]
    assert [each.notice.id for each in await waiting(database, merchant, person_ids=people[:1])] == mine
    (second,) = await waiting(database, merchant, person_ids=people[:1], after=mine[0], limit=1)
    assert second.notice.id == mine[1]
    assert await database.run(merchant, lambda uow: deliveries.forget_deliveries(uow, CHAT, people[0])) == 3
    assert {each.notice.person_id for each in await waiting(database, merchant)} == {people[1]}


async def test_everybody_sees_their_own_notices_last_changed_first(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    (mine, me), (theirs, _) = [await make_person(database, merchant, Role.MANAGER) for _ in range(2)]
    subjects = [new_id() for _ in range(5)]
    ids = []
    for subject in subjects:
        ids += await post(database, merchant, low(mine, subject, 3))
        clock.advance(timedelta(seconds=1))
    (others,) = await post(database, merchant, low(theirs, subjects[0], 3))
    await close(database, merchant, subjects[1], 12)
    order = [ids[1], *(ids[number] for number in (4, 3, 2, 0))]
    async with database.unit_of_work(me) as uow:
        assert await commands.read(uow, [others, ids[3]]) == [ids[3]]
    async with database.reading(me) as uow:
        first = await queries.page(uow, PageRequest(2))
        rest = await queries.page(uow, PageRequest(9, decode_cursor(first.cursors[-1])))
        back = await queries.page(uow, PageRequest(2, decode_cursor(rest.cursors[0]), backwards=True))
        assert [row.id for row in (*first.items, *rest.items)] == order
        assert [row.id for row in back.items] == order[:2]
        assert [row.id for row in (await queries.page(uow, PageRequest(9), states=["CLOSED"])).items] == [ids[1]]
        assert [row.id for row in (await queries.page(uow, PageRequest(9), unread=False)).items] == [ids[3]]
        assert (await queries.page(uow, PageRequest(9), kinds=["DROPSHIP"])).items == []
        assert await queries.unread(uow) == 4
        with pytest.raises(InvalidInput):
            await queries.page(uow, PageRequest(2, ("soon", "me")))
    async with database.reading(merchant) as uow:
        assert (await queries.page(uow, PageRequest(9))).items == []


async def test_statements_do_not_depend_on_how_many_are_told(database: Database, merchant: Actor) -> None:
    person_id, them = await make_person(database, merchant, Role.MANAGER)
    counts: list[list[int]] = []
    for many in (1, 60):
        subjects = [new_id() for _ in range(many)]
        counts.append([])
        for available in (3, 2):
            with statements(database) as sent:
                told = await post(database, merchant, *(low(person_id, each, available) for each in subjects))
            counts[-1].append(len(sent))
        for work in _works(told, subjects):
            with statements(database) as sent:
                await database.run(them, work)
            counts[-1].append(len(sent))
    assert counts[0] == counts[1]


async def test_another_merchant_sees_and_changes_nothing(database: Database, merchant: Actor, stranger: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    subject = new_id()
    (notice_id,) = await post(database, merchant, low(person_id, subject, 3))
    async with database.unit_of_work(stranger) as uow:
        assert await queries.notices_by_id(uow, [notice_id]) == {}
        assert await deliveries.waiting(uow, CHAT) == []
        assert await commands.close(uow, [Closing(NoticeKind.ALERT, subject, "Gone.")]) == []
        await deliveries.delivered(uow, CHAT, [Delivered(notice_id, 1)])
    assert [each.notice.id for each in await waiting(database, merchant)] == [notice_id]


def _works(told: Sequence[UUID], subjects: Sequence[UUID]) -> list[Any]:
    return [
        lambda uow: commands.read(uow, told),
        lambda uow: deliveries.waiting(uow, CHAT),
        lambda uow: deliveries.failed(uow, CHAT, [Failed(each, 2, "timeout") for each in told]),
        lambda uow: deliveries.delivered(uow, CHAT, [Delivered(each, 2) for each in told]),
        lambda uow: commands.close(uow, [Closing(NoticeKind.ALERT, each, "Over.") for each in subjects]),
        lambda uow: queries.page(uow, PageRequest(50)),
    ]
