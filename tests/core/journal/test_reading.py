import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import sqlalchemy as sa
from databases import make_merchant

from pickmesh.core.journal import checks, idempotency, reading, timers
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Counter, Cursor, EventRow
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.events import Event
from pickmesh.core.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Rang(Event):
    kind: ClassVar[str] = "bell_rang"
    times: int


async def ring(database: Database, actor: Actor, *times: int) -> None:
    async with database.unit_of_work(actor) as uow:
        uow.emit(Rang(new_id(), each) for each in times)


async def test_events_come_after_a_number_in_order_and_bounded(database: Database, merchant: Actor) -> None:
    await ring(database, merchant, 1, 2, 3, 4)
    async with database.reading(merchant) as uow:
        found = await reading.events_after(uow, 1, limit=2)
        assert [(event.seq, event.kind, event.payload) for event in found] == [
            (2, "bell_rang", {"times": 2}),
            (3, "bell_rang", {"times": 3}),
        ]
        assert await reading.last_seq(uow) == 4
        assert await reading.events_after(uow, 4) == []


async def test_a_cursor_moves_only_from_where_it_is_expected(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        assert await reading.position(uow, "orders") == 0
        assert await reading.advance(uow, "orders", expected=0, to=5)
    async with database.unit_of_work(merchant) as uow:
        assert not await reading.advance(uow, "orders", expected=0, to=9)
        assert await reading.positions(uow) == {"orders": 5}


async def test_of_two_who_move_a_cursor_at_once_one_does(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)

    async def move() -> bool:
        async with postgres_database.unit_of_work(merchant) as uow:
            moved = await reading.advance(uow, "orders", expected=0, to=3)
            await asyncio.sleep(0.05)
            return moved

    assert sorted(await asyncio.gather(*(move() for _ in range(8)))) == [False] * 7 + [True]


async def test_a_due_timer_is_told_once_and_one_set_again_waits(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    early, late = new_id(), new_id()
    async with database.unit_of_work(merchant) as uow:
        await uow.set_timers("lease", {early: uow.after(timedelta(minutes=1)), late: uow.after(timedelta(minutes=5))})
    clock.advance(timedelta(minutes=1))
    for fired in (1, 0):
        async with database.unit_of_work(merchant) as uow:
            assert await timers.fire_due(uow) == fired
    async with database.reading(merchant) as uow:
        (event,) = await reading.events_after(uow, 0)
        assert (event.kind, event.subject_id, event.payload["timer"]) == ("timer_due", early, "lease")
        assert await timers.next_due(uow) == uow.after(timedelta(minutes=4))


async def test_a_whole_log_has_no_violation_and_each_planted_one_is_found(database: Database, merchant: Actor) -> None:
    await ring(database, merchant, 1, 2, 3)
    async with database.unit_of_work(merchant) as uow:
        assert await checks.violations(uow) == []
        await uow.execute(sa.update(Counter).where(uow.mine(Counter), Counter.kind == "event").values(last=7))
        await uow.insert(Cursor, [{"consumer": "orders", "seq": 12}])
        assert [each.sentence for each in await checks.violations(uow)] == [
            "The event counter stands at 7 but the last event is 3.",
            "The consumer orders has read up to event 12, past the last one, 3.",
        ]


async def test_a_gap_in_the_numbers_is_found(database: Database, merchant: Actor) -> None:
    await ring(database, merchant, 1, 2)
    async with database.unit_of_work(merchant) as uow:
        row = {"seq": 4, "kind": "bell_rang", "subject_id": new_id(), "payload": {}, "actor_id": None, "at": uow.now}
        await uow.insert(EventRow, [row])
        assert [(each.invariant, each.sentence) for each in await checks.violations(uow)] == [
            (9, "The event log holds 3 events but they are numbered 1 to 4."),
            (9, "The event counter stands at 2 but the last event is 4."),
        ]


async def test_a_used_key_without_its_answer_is_found(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        answered, forgotten = (idempotency.claim(uow, "orderImport", key, {}) for key in ("k-1", "k-2"))
        for use in (answered, forgotten):
            assert await idempotency.earlier_answer(uow, use) is None
        await idempotency.remember(uow, answered, {"changed": {}})
        assert [(each.invariant, each.sentence) for each in await checks.violations(uow)] == [
            (5, "The key “k-2” was used for orderImport, but what was answered is not kept.")
        ]
