import asyncio
from collections import Counter as Tally
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from pickmesh.core.accounts.tables import Merchant
from pickmesh.core.journal import group_commit
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.group_commit import GroupCommit, QueueFull, ShuttingDown
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor, system_actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import NotFound


class Ledger:
    """A handler that writes one outbox row per item and keeps the sizes of the groups it was called with."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.began = asyncio.Event()
        self.gate: asyncio.Event | None = None

    async def __call__(self, uow: UnitOfWork, items: Sequence[tuple[Actor, str]]) -> list[str]:
        self.groups.append(len(items))
        self.began.set()
        if self.gate is not None:
            await self.gate.wait()
        await uow.insert(
            Outbox,
            [
                {
                    "id": new_id(),
                    "channel": "test",
                    "target": text,
                    "payload": {},
                    "created_at": uow.now,
                    "due_at": uow.now,
                }
                for _, text in items
            ],
        )
        if any(text == "poison" for _, text in items):
            raise NotFound("that one is poison")
        return [f"booked {text}" for _, text in items]


async def kept(database: Database, merchant: Actor) -> Tally[str]:
    async with database.reading(merchant) as uow:
        rows = await uow.fetch(sa.select(Outbox.target).where(uow.mine(Outbox)))
    return Tally(row.target for row in rows)


async def test_everything_that_waits_is_committed_together(database: Database, merchant: Actor) -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(database, ledger)
    answers = await asyncio.gather(*(group.submit(merchant, f"scan {number}") for number in range(10)))
    assert answers == [f"booked scan {number}" for number in range(10)]
    assert ledger.groups == [10]


async def test_what_arrives_during_a_commit_goes_with_the_next_one(database: Database, merchant: Actor) -> None:
    ledger = Ledger()
    ledger.gate = asyncio.Event()
    group: GroupCommit[str, str] = GroupCommit(database, ledger)
    first = asyncio.create_task(group.submit(merchant, "first"))
    await ledger.began.wait()
    others = [asyncio.create_task(group.submit(merchant, f"other {number}")) for number in range(5)]
    await asyncio.sleep(0)
    ledger.gate.set()
    assert await first == "booked first"
    await asyncio.gather(*others)
    assert ledger.groups == [1, 5]


async def test_a_group_has_at_most_sixty_four_items(database: Database, merchant: Actor) -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(database, ledger)
    await asyncio.gather(*(group.submit(merchant, str(number)) for number in range(130)))
    assert ledger.groups == [64, 64, 2]


async def test_one_that_fails_fails_alone_and_leaves_nothing(database: Database, merchant: Actor) -> None:
    group: GroupCommit[str, str] = GroupCommit(database, Ledger())
    answers = await asyncio.gather(
        *(group.submit(merchant, text) for text in ("a", "poison", "b")), return_exceptions=True
    )
    assert answers[0] == "booked a"
    assert isinstance(answers[1], NotFound)
    assert answers[2] == "booked b"
    assert await kept(database, merchant) == Tally({"a": 1, "b": 1})


async def test_merchants_never_share_a_unit_of_work(database: Database, merchant: Actor, stranger: Actor) -> None:
    merchants: list[set[object]] = []

    async def handler(uow: UnitOfWork, items: Sequence[tuple[Actor, str]]) -> list[str]:
        merchants.append({actor.merchant_id for actor, _ in items} | {uow.merchant_id})
        code = await uow.scalar(sa.select(Merchant.code).where(uow.mine(Merchant)))
        return [str(code) for _ in items]

    group: GroupCommit[str, str] = GroupCommit(database, handler)
    actors = [merchant, stranger] * 4
    answers = await asyncio.gather(*(group.submit(actor, "x") for actor in actors))
    assert answers == [f"m{actor.merchant_id.hex}" for actor in actors]
    assert all(len(seen) == 1 for seen in merchants)


async def test_a_caller_that_leaves_while_waiting_takes_its_item_with_it(database: Database, merchant: Actor) -> None:
    ledger = Ledger()
    ledger.gate = asyncio.Event()
    group: GroupCommit[str, str] = GroupCommit(database, ledger)
    first = asyncio.create_task(group.submit(merchant, "first"))
    await ledger.began.wait()
    gone, stays = (asyncio.create_task(group.submit(merchant, text)) for text in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    ledger.gate.set()
    assert (await first, await stays) == ("booked first", "booked stays")
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await kept(database, merchant) == Tally({"first": 1, "stays": 1})


async def test_a_caller_that_leaves_during_its_commit_does_not_undo_it(database: Database, merchant: Actor) -> None:
    ledger = Ledger()
    ledger.gate = asyncio.Event()
    group: GroupCommit[str, str] = GroupCommit(database, ledger)
    leaves, stays = (asyncio.create_task(group.submit(merchant, text)) for text in ("leaves", "stays"))
    await ledger.began.wait()
    leaves.cancel()
    await asyncio.sleep(0)
    ledger.gate.set()
    assert await stays == "booked stays"
    assert await kept(database, merchant) == Tally({"leaves": 1, "stays": 1})


async def test_drain_answers_what_waits_and_refuses_what_comes_later(database: Database, merchant: Actor) -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(database, ledger, group_max=2)
    waiting = [asyncio.create_task(group.submit(merchant, str(number))) for number in range(5)]
    await asyncio.sleep(0)
    await group.drain()
    assert [task.result() for task in waiting] == [f"booked {number}" for number in range(5)]
    with pytest.raises(ShuttingDown):
        await group.submit(merchant, "late")


async def test_a_full_queue_refuses(database: Database, merchant: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "WAITING_MAX", 3)
    group: GroupCommit[str, str] = GroupCommit(database, Ledger())
    answers = await asyncio.gather(*(group.submit(merchant, str(n)) for n in range(5)), return_exceptions=True)
    assert answers[:3] == ["booked 0", "booked 1", "booked 2"]
    assert all(isinstance(answer, QueueFull) for answer in answers[3:])


async def test_sixty_four_callers_at_once_are_each_kept_once(postgres_database: Database) -> None:
    merchant = system_actor(new_id())
    group: GroupCommit[str, str] = GroupCommit(postgres_database, Ledger())

    async def caller(number: int) -> list[str]:
        return [await group.submit(merchant, f"{number}:{turn}") for turn in range(3)]

    answers = await asyncio.gather(*(caller(number) for number in range(64)))
    assert answers == [[f"booked {number}:{turn}" for turn in range(3)] for number in range(64)]
    expected = Tally({f"{number}:{turn}": 1 for number in range(64) for turn in range(3)})
    assert await kept(postgres_database, merchant) == expected
