from datetime import timedelta

import pytest

from pickmesh.core.journal import outbox
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock

HIDDEN = timedelta(minutes=1)


async def post_one(database: Database, actor: Actor) -> None:
    async with database.unit_of_work(actor) as uow:
        await outbox.post(uow, [outbox.NewLetter("shop", "linan-taobao", {"waybill": "LC1"})])


async def take(database: Database, actor: Actor) -> list[outbox.Letter]:
    async with database.unit_of_work(actor) as uow:
        return await outbox.take_due(uow, hidden_for=HIDDEN)


@pytest.mark.parametrize(
    ("attempts", "chance", "seconds"), [(1, 0.0, 1), (1, 1.0, 2), (2, 1.0, 4), (5, 0.0, 16), (40, 1.0, 1800)]
)
def test_waits_double_up_to_half_an_hour_and_are_spread_by_chance(attempts: int, chance: float, seconds: int) -> None:
    assert outbox.retry_after(attempts, chance) == timedelta(seconds=seconds)


async def test_a_letter_is_taken_by_one_sender_and_comes_up_again_when_the_sender_died(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    await post_one(database, merchant)
    (taken,) = await take(database, merchant)
    assert (taken.channel, taken.target, taken.payload, taken.attempts) == (
        "shop",
        "linan-taobao",
        {"waybill": "LC1"},
        1,
    )
    assert await take(database, merchant) == []
    clock.advance(HIDDEN)
    (again,) = await take(database, merchant)
    assert (again.id, again.attempts) == (taken.id, 2)


async def test_a_sent_letter_never_comes_up_again(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    await post_one(database, merchant)
    (taken,) = await take(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await outbox.mark_sent(uow, [taken.id])
    clock.advance(timedelta(days=1))
    assert await take(database, merchant) == []
    async with database.reading(merchant) as uow:
        assert await outbox.next_due(uow) is None


async def test_a_failed_letter_waits_and_after_its_last_attempt_lies_with_the_dead(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    await post_one(database, merchant)
    died = []
    for attempt in range(1, outbox.ATTEMPTS_MAX + 1):
        (taken,) = await take(database, merchant)
        assert taken.attempts == attempt
        async with database.unit_of_work(merchant) as uow:
            died.append(await outbox.mark_failed(uow, [outbox.Failure(taken.id, attempt, "no such shop")], 1.0))
        assert await take(database, merchant) == []
        clock.advance(outbox.retry_after(attempt, 1.0))
    assert died == [0] * (outbox.ATTEMPTS_MAX - 1) + [1]
    assert await take(database, merchant) == []
    async with database.unit_of_work(merchant) as uow:
        (dead,) = await outbox.dead_letters(uow)
        assert (dead.id, dead.attempts, dead.last_error) == (taken.id, outbox.ATTEMPTS_MAX, "no such shop")
        assert await outbox.replay(uow, [dead.id]) == 1
    (revived,) = await take(database, merchant)
    assert (revived.id, revived.attempts) == (taken.id, 1)


async def test_a_letter_set_back_has_not_used_up_an_attempt(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    await post_one(database, merchant)
    taken = await take(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await outbox.set_back(uow, taken, uow.after(timedelta(seconds=5)))
    assert await take(database, merchant) == []
    clock.advance(timedelta(seconds=5))
    assert [letter.attempts for letter in await take(database, merchant)] == [1]


async def test_another_merchants_letters_are_not_taken(database: Database, merchant: Actor, stranger: Actor) -> None:
    await post_one(database, merchant)
    assert await take(database, stranger) == []
