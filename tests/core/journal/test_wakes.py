import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from pickmesh.core.journal import wakes
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id

MINUTE = timedelta(minutes=1)


def consumer_of_this_test() -> str:
    return f"reactions-{new_id()}"


async def due(database: Database, consumer: str) -> list[UUID]:
    async with database.directory() as connection:
        return list(await wakes.due_merchants(connection, consumer, database.clock.now(), limit=10))


async def wake(database: Database, consumer: str, merchant_id: UUID, at: datetime) -> None:
    async with database.directory() as connection:
        await wakes.wake(connection, [merchant_id], consumer, at)


async def take(database: Database, consumer: str, merchant_id: UUID, holder: str) -> bool:
    now = database.clock.now()
    async with database.directory() as connection:
        return await wakes.take_lease(connection, consumer, merchant_id, holder=holder, now=now, until=now + MINUTE)


async def give_back(database: Database, consumer: str, merchant_id: UUID, holder: str, until: datetime) -> None:
    async with database.directory() as connection:
        await wakes.end_lease(connection, consumer, merchant_id, holder=holder, until=until, look_again_at=None)


async def test_an_earlier_wake_up_wins_and_a_later_one_is_ignored(database: Database, clock: StoppedClock) -> None:
    consumer, merchant_id, now = consumer_of_this_test(), new_id(), clock.now()
    await wake(database, consumer, merchant_id, now + MINUTE)
    await wake(database, consumer, merchant_id, now + 2 * MINUTE)
    assert await due(database, consumer) == []
    await wake(database, consumer, merchant_id, now)
    assert await due(database, consumer) == [merchant_id]


async def test_a_merchant_is_held_by_one_worker_until_given_back(database: Database, clock: StoppedClock) -> None:
    consumer, merchant_id = consumer_of_this_test(), new_id()
    await wake(database, consumer, merchant_id, clock.now())
    assert await take(database, consumer, merchant_id, "one")
    assert not await take(database, consumer, merchant_id, "two")
    assert await take(database, consumer, merchant_id, "one")  # renewed
    await give_back(database, consumer, merchant_id, "one", clock.now() + MINUTE)
    assert await due(database, consumer) == []
    assert await take(database, consumer, merchant_id, "two")


async def test_a_dead_workers_merchant_comes_up_again_when_its_lease_ends(
    database: Database, clock: StoppedClock
) -> None:
    consumer, merchant_id = consumer_of_this_test(), new_id()
    await wake(database, consumer, merchant_id, clock.now())
    assert await take(database, consumer, merchant_id, "one")
    assert await due(database, consumer) == []
    clock.advance(MINUTE)
    assert await due(database, consumer) == [merchant_id]
    assert await take(database, consumer, merchant_id, "two")


async def test_what_happens_while_a_worker_looks_is_looked_at_again(database: Database, clock: StoppedClock) -> None:
    consumer, merchant_id = consumer_of_this_test(), new_id()
    until = clock.now() + MINUTE
    await wake(database, consumer, merchant_id, clock.now())
    assert await take(database, consumer, merchant_id, "one")
    clock.advance(timedelta(seconds=1))
    await wake(database, consumer, merchant_id, clock.now())
    await give_back(database, consumer, merchant_id, "one", until)
    assert await due(database, consumer) == [merchant_id]


async def test_a_renewed_lease_holds_longer_and_a_lost_one_cannot_be_renewed(
    database: Database, clock: StoppedClock
) -> None:
    consumer, merchant_id, start = consumer_of_this_test(), new_id(), clock.now()

    async def renew(until: datetime) -> bool:
        async with database.directory() as connection:
            return await wakes.renew_lease(
                connection, consumer, merchant_id, holder="one", until=until, longer=until + MINUTE
            )

    await wake(database, consumer, merchant_id, start)
    assert await take(database, consumer, merchant_id, "one")
    assert await renew(start + MINUTE)
    clock.advance(MINUTE)
    assert await due(database, consumer) == []
    assert not await take(database, consumer, merchant_id, "two")
    clock.advance(MINUTE)
    assert await take(database, consumer, merchant_id, "two")
    assert not await renew(start + 2 * MINUTE)


async def test_of_workers_that_reach_for_a_merchant_at_once_one_gets_it(postgres_database: Database) -> None:
    consumer, merchant_id = consumer_of_this_test(), new_id()
    takers = (take(postgres_database, consumer, merchant_id, f"worker {number}") for number in range(16))
    assert sorted(await asyncio.gather(*takers)) == [False] * 15 + [True]


async def test_commits_of_one_moment_are_told_together(fresh_database: Database) -> None:
    written = asyncio.Event()
    heard: list[UUID] = []
    waker = wakes.Waker(fresh_database, ["reactions", "outbox"], listeners=[heard.append], when_written=written.set)
    first, second = new_id(), new_id()
    for merchant_id in (first, second, first):
        fresh_database.woken.put_nowait(merchant_id)
    task = asyncio.create_task(waker.run())
    await asyncio.wait_for(written.wait(), 60)
    task.cancel()
    assert sorted(heard) == sorted([first, second])
    assert sorted(await due(fresh_database, "reactions")) == sorted([first, second])
    assert sorted(await due(fresh_database, "outbox")) == sorted([first, second])
