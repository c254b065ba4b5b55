from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from databases import make_merchant
from prometheus_client.parser import text_string_to_metric_families

from pickmesh.app import health, worker
from pickmesh.app.health import State
from pickmesh.app.mesh_relay import CHANNEL
from pickmesh.app.worker import Worker
from pickmesh.core.journal import outbox, reading, wakes
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import NewLetter
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.events import Event
from pickmesh.core.kit.ids import new_id

MINUTE = timedelta(minutes=1)
STATE = State(rooms=("stock", "mesh"), channels=("shop", CHANNEL))


@dataclass(frozen=True, slots=True)
class Rang(Event):
    kind: ClassVar[str] = "bell_rang"


async def ring(database: Database, actor: Actor, times: int) -> None:
    for _ in range(times):
        async with database.unit_of_work(actor) as uow:
            uow.emit([Rang(new_id())])


async def wake(database: Database, *actors: Actor) -> None:
    async with database.directory() as connection:
        for consumer in worker.CONSUMERS:
            await wakes.wake(connection, [each.merchant_id for each in actors], consumer, database.clock.now())


async def measured(database: Database) -> dict[tuple[str, str], float]:
    """Return what /metrics tells of what waits, by name and label."""
    text = (await health.waiting(database, STATE)).decode()
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
async def merchants(fresh_database: Database) -> list[Actor]:
    return [await make_merchant(fresh_database) for _ in range(2)]


async def test_nothing_waits_where_nothing_happened(fresh_database: Database) -> None:
    told = await measured(fresh_database)
    for room in STATE.rooms:
        assert (told["pickmesh_events_behind", room], told["pickmesh_events_behind_seconds", room]) == (0, 0)
    for channel in STATE.channels:
        assert (told["pickmesh_letters_waiting", channel], told["pickmesh_letters_waiting_seconds", channel]) == (0, 0)


async def test_events_count_for_each_room_until_it_has_reacted(
    fresh_database: Database, merchants: list[Actor], clock: StoppedClock
) -> None:
    one, other = merchants
    await ring(fresh_database, one, 3)
    clock.advance(MINUTE)
    await ring(fresh_database, other, 2)
    async with fresh_database.unit_of_work(one) as uow:
        assert await reading.advance(uow, "stock", expected=0, to=3)
    await wake(fresh_database, *merchants)
    clock.advance(MINUTE)
    told = await measured(fresh_database)
    assert (told["pickmesh_events_behind", "stock"], told["pickmesh_events_behind_seconds", "stock"]) == (2, 60)
    assert (told["pickmesh_events_behind", "mesh"], told["pickmesh_events_behind_seconds", "mesh"]) == (5, 120)


async def test_a_letter_of_the_mesh_counts_until_it_has_left(
    fresh_database: Database, merchants: list[Actor], clock: StoppedClock
) -> None:
    one, other = merchants
    async with fresh_database.unit_of_work(one) as uow:
        (first, _) = await outbox.post(uow, [NewLetter(CHANNEL, str(other.merchant_id), {})] * 2)
    await wake(fresh_database, one)
    clock.advance(MINUTE)
    told = await measured(fresh_database)
    assert (told["pickmesh_letters_waiting", CHANNEL], told["pickmesh_letters_waiting_seconds", CHANNEL]) == (2, 60)
    assert told["pickmesh_letters_waiting", "shop"] == 0
    async with fresh_database.unit_of_work(one) as uow:
        await outbox.mark_sent(uow, [first])
    assert (await measured(fresh_database))["pickmesh_letters_waiting", CHANNEL] == 1


async def test_a_worker_that_has_caught_up_leaves_nothing_behind(
    fresh_database: Database, merchants: list[Actor]
) -> None:
    await ring(fresh_database, merchants[0], 4)
    await wake(fresh_database, merchants[0])
    assert (await measured(fresh_database))["pickmesh_events_behind", "mesh"] == 4
    working = Worker(fresh_database, {room: {} for room in STATE.rooms}, {})
    assert await working.poll(worker.REACTIONS, working.look_at_events) == 1
    told = await measured(fresh_database)
    assert [told["pickmesh_events_behind", room] for room in STATE.rooms] == [0, 0]
