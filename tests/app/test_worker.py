import asyncio
import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from databases import VAULT

from pickmesh.app import letters, worker
from pickmesh.app.letters import SendingFailed
from pickmesh.app.shops import HEADER, FileDrop
from pickmesh.app.worker import Pace, Worker
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts.commands import NewShop
from pickmesh.core.accounts.tables import Platform
from pickmesh.core.journal import outbox, reading, wakes
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Letter, NewLetter
from pickmesh.core.journal.reading import LoggedEvent
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.events import Event
from pickmesh.core.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Rang(Event):
    kind: ClassVar[str] = "bell_rang"
    times: int


@dataclass(frozen=True, slots=True)
class Heard(Event):
    """What the room of these tests does about a bell: it notes it in the log, so a second time would show there."""

    kind: ClassVar[str] = "bell_heard"
    times: int


async def hear(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    uow.emit(Heard(event.subject_id, event.payload["times"]) for event in events)


ROOMS = {"ears": {"bell_rang": hear}}


@pytest.fixture
async def shop_keeper(fresh_database: Database) -> Actor:
    return await accounts.create_merchant(
        fresh_database, code="linan", name="林安家居", time_zone="Asia/Shanghai", currency="CNY", locale="zh-CN"
    )


async def ring(database: Database, actor: Actor, count: int) -> None:
    for start in range(0, count, 100):
        async with database.unit_of_work(actor) as uow:
            uow.emit(Rang(new_id(), times) for times in range(start, min(start + 100, count)))


async def heard(database: Database, actor: Actor) -> list[int]:
    times: list[int] = []
    async with database.reading(actor) as uow:
        seq = 0
        while events := await reading.events_after(uow, seq):
            times += [event.payload["times"] for event in events if event.kind == "bell_heard"]
            seq = events[-1].seq
    return times


async def wake(database: Database, actor: Actor) -> None:
    async with database.directory() as connection:
        for consumer in worker.CONSUMERS:
            await wakes.wake(connection, [actor.merchant_id], consumer, database.clock.now())


async def test_a_room_hears_every_event_once_and_in_order(fresh_database: Database, shop_keeper: Actor) -> None:
    await ring(fresh_database, shop_keeper, 1_300)
    await wake(fresh_database, shop_keeper)
    one = Worker(fresh_database, ROOMS, {})
    assert await one.poll(worker.REACTIONS, one.look_at_events) == 1
    assert await heard(fresh_database, shop_keeper) == list(range(1_300))
    assert await one.poll(worker.REACTIONS, one.look_at_events) == 0


async def test_a_sweep_finds_what_a_lost_wake_up_left_lying(fresh_database: Database, shop_keeper: Actor) -> None:
    await ring(fresh_database, shop_keeper, 3)
    one = Worker(fresh_database, ROOMS, {})
    assert await one.poll(worker.REACTIONS, one.look_at_events) == 0
    await one.sweep()
    assert await one.poll(worker.REACTIONS, one.look_at_events) == 1
    assert await heard(fresh_database, shop_keeper) == [0, 1, 2]


async def test_workers_side_by_side_never_react_twice(fresh_database: Database, shop_keeper: Actor) -> None:
    """Even with leases that end at once, so that every worker believes the merchant is its own."""
    await ring(fresh_database, shop_keeper, 600)
    machinery = [Worker(fresh_database, ROOMS, {}, pace=Pace(lease_s=0.000_001)) for _ in range(4)]
    for _ in range(4):
        await wake(fresh_database, shop_keeper)
        await asyncio.gather(*(one.poll(worker.REACTIONS, one.look_at_events) for one in machinery))
    assert await heard(fresh_database, shop_keeper) == list(range(600))


async def test_a_held_merchant_is_left_alone(fresh_database: Database, shop_keeper: Actor) -> None:
    await ring(fresh_database, shop_keeper, 1)
    await wake(fresh_database, shop_keeper)
    now = fresh_database.clock.now()
    async with fresh_database.directory() as connection:
        assert await wakes.take_lease(
            connection,
            worker.REACTIONS,
            shop_keeper.merchant_id,
            holder="somebody else",
            now=now,
            until=now + timedelta(minutes=1),
        )
    await wake(fresh_database, shop_keeper)
    one = Worker(fresh_database, ROOMS, {})
    assert await one.poll(worker.REACTIONS, one.look_at_events) == 0
    assert await heard(fresh_database, shop_keeper) == []


async def test_a_worker_killed_between_units_is_continued_from_its_cursor(
    fresh_database: Database, shop_keeper: Actor, clock: StoppedClock
) -> None:
    await ring(fresh_database, shop_keeper, 1_200)
    await wake(fresh_database, shop_keeper)
    hearings = 0

    async def hear_and_die(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
        nonlocal hearings
        hearings += 1
        await hear(uow, events)
        if hearings == 2:
            raise asyncio.CancelledError  # the process ends in the middle of the second unit of work

    dying = Worker(fresh_database, {"ears": {"bell_rang": hear_and_die}}, {})
    with pytest.raises(asyncio.CancelledError):
        await dying.poll(worker.REACTIONS, dying.look_at_events)
    assert await heard(fresh_database, shop_keeper) == list(range(499))  # merchant_created came first
    other = Worker(fresh_database, ROOMS, {})
    assert await other.poll(worker.REACTIONS, other.look_at_events) == 0  # the dead one's lease still runs
    clock.advance(timedelta(seconds=30))
    assert await other.poll(worker.REACTIONS, other.look_at_events) == 1
    assert await heard(fresh_database, shop_keeper) == list(range(1_200))


async def test_a_reaction_that_fails_holds_up_only_its_own_room_and_loses_nothing(
    fresh_database: Database, shop_keeper: Actor, clock: StoppedClock
) -> None:
    broken = True

    async def hear_badly(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
        await hear(uow, events)
        if broken and any(event.payload["times"] == 2 for event in events):
            raise RuntimeError("cannot hear a two")

    one = Worker(fresh_database, {"bad ears": {"bell_rang": hear_badly}, "ears": {}}, {})
    await ring(fresh_database, shop_keeper, 4)
    await wake(fresh_database, shop_keeper)
    for _ in range(3):
        assert await one.poll(worker.REACTIONS, one.look_at_events) == 1
        clock.advance(timedelta(minutes=5))
    assert await heard(fresh_database, shop_keeper) == [0, 1]  # one by one up to the bad one
    async with fresh_database.reading(shop_keeper) as uow:
        assert (await reading.positions(uow))["ears"] == await reading.last_seq(uow)
    broken = False
    assert await one.poll(worker.REACTIONS, one.look_at_events) == 1
    assert await heard(fresh_database, shop_keeper) == [0, 1, 2, 3]


async def test_a_due_timer_is_told_and_the_worker_comes_back_for_the_next(
    fresh_database: Database, shop_keeper: Actor, clock: StoppedClock
) -> None:
    subject = new_id()
    told: list[tuple[UUID, str]] = []

    async def on_timer_due(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
        told.extend((event.subject_id, event.payload["timer"]) for event in events)

    one = Worker(fresh_database, {"ears": {"timer_due": on_timer_due}}, {})
    async with fresh_database.unit_of_work(shop_keeper) as uow:
        await uow.set_timers("lease", {subject: uow.after(timedelta(minutes=10))})
    await one.sweep()
    assert await one.poll(worker.REACTIONS, one.look_at_events) == 1
    clock.advance(timedelta(minutes=9))
    assert await one.poll(worker.REACTIONS, one.look_at_events) == 0
    clock.advance(timedelta(minutes=1))
    assert await one.poll(worker.REACTIONS, one.look_at_events) == 1
    assert told == [(subject, "lease")]


async def test_a_running_worker_reacts_at_once_when_its_process_commits_and_stops_when_told(
    tmp_path: Path, sqlite_template: Path
) -> None:
    path = tmp_path / "running.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", vault=VAULT)
    actor = await accounts.create_merchant(
        database, code="linan", name="林安家居", time_zone="Asia/Shanghai", currency="CNY", locale="zh-CN"
    )
    one = Worker(database, ROOMS, {}, pace=Pace(poll_s=60, sweep_s=600))
    waker = asyncio.create_task(wakes.Waker(database, worker.CONSUMERS, when_written=one.look_around).run())
    stop = asyncio.Event()
    running = asyncio.create_task(one.run(stop))
    await ring(database, actor, 2)
    for _ in range(3_000):
        if await heard(database, actor) == [0, 1]:
            break
        await asyncio.sleep(0.02)
    assert await heard(database, actor) == [0, 1]
    stop.set()
    await asyncio.wait_for(running, 60)
    waker.cancel()
    await database.dispose()


@dataclass
class Post:
    """The outside world: a shop that answers or does not."""

    up: bool = True
    asked: int = 0
    delivered: list[UUID] = field(default_factory=list)

    async def send(self, actor: Actor, letter: Letter) -> None:
        self.asked += 1
        if not self.up:
            raise SendingFailed("the shop answers 503")
        self.delivered.append(letter.id)

    async def sent(self, uow: UnitOfWork, letters: Sequence[Letter]) -> None:
        assert {letter.id for letter in letters} <= set(self.delivered)


async def post(database: Database, actor: Actor, *targets: str) -> list[UUID]:
    async with database.unit_of_work(actor) as uow:
        return await outbox.post(
            uow, [NewLetter("shop", target, {"external_id": "1", "waybill": "LC1"}) for target in targets]
        )


async def test_a_shop_that_fails_is_not_hammered_and_gets_everything_when_it_is_back(
    fresh_database: Database, shop_keeper: Actor, clock: StoppedClock
) -> None:
    world = Post(up=False)
    one = Worker(fresh_database, {}, {"shop": world})
    ids = await post(fresh_database, shop_keeper, *["taobao"] * 20)
    await one.sweep()
    assert await one.poll(worker.OUTBOX, one.look_at_outbox) == 1
    assert world.asked == 1
    world.up = True
    assert await one.poll(worker.OUTBOX, one.look_at_outbox) == 0
    clock.advance(timedelta(seconds=2))
    assert await one.poll(worker.OUTBOX, one.look_at_outbox) == 1
    assert sorted(world.delivered) == ids


async def test_a_letter_nobody_takes_dies_after_its_last_attempt(
    fresh_database: Database, shop_keeper: Actor, clock: StoppedClock
) -> None:
    world = Post(up=False)
    (letter_id,) = await post(fresh_database, shop_keeper, "taobao")
    for _ in range(outbox.ATTEMPTS_MAX + 3):
        await letters.send_due(fresh_database, shop_keeper, {"shop": world}, hidden_for=timedelta(minutes=1))
        clock.advance(outbox.RETRY_LONGEST)
    assert world.asked == outbox.ATTEMPTS_MAX
    async with fresh_database.reading(shop_keeper) as uow:
        (dead,) = await outbox.dead_letters(uow)
    assert (dead.id, dead.last_error) == (letter_id, "the shop answers 503")


async def make_shop(database: Database, actor: Actor) -> UUID:
    async with database.unit_of_work(actor) as uow:
        (shop_id,) = await accounts.create_shops(uow, shops=[NewShop("linan-taobao", "旗舰店", Platform.TAOBAO)])
    assert isinstance(shop_id, UUID)
    return shop_id


def lines_in(folder: Path) -> list[list[str]]:
    with (folder / "linan" / "linan-taobao.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


async def test_a_letter_that_comes_twice_stands_once_in_the_shops_file(
    fresh_database: Database, shop_keeper: Actor, tmp_path: Path
) -> None:
    shop_id = await make_shop(fresh_database, shop_keeper)
    payload = {
        "kind": "shipment",
        "external_id": "2446290209345684413",
        "carrier": "LOCAL",
        "waybill": "LC0001",
        "lines": [{"external_line_id": "1", "quantity": 2}, {"external_line_id": "2", "quantity": 1}],
    }
    now = fresh_database.clock.now()
    first, second = (Letter(new_id(), "shop", str(shop_id), payload, now, 1) for _ in range(2))
    drop, other_process = (FileDrop(fresh_database, tmp_path) for _ in range(2))
    await drop.send(shop_keeper, first)
    await drop.send(shop_keeper, first)
    await other_process.send(shop_keeper, first)
    await other_process.send(shop_keeper, second)
    await drop.send(shop_keeper, second)
    told = ["shipment", "2446290209345684413", "LOCAL", "LC0001", "1*2;2*1", now.isoformat()]
    assert lines_in(tmp_path) == [list(HEADER), [str(first.id), *told], [str(second.id), *told]]


async def test_a_line_cut_off_by_a_crash_is_written_whole_the_next_time(
    fresh_database: Database, shop_keeper: Actor, tmp_path: Path
) -> None:
    shop_id = await make_shop(fresh_database, shop_keeper)
    payload = {"external_id": "1", "waybill": "LC1"}
    letter = Letter(new_id(), "shop", str(shop_id), payload, fresh_database.clock.now(), 1)
    await FileDrop(fresh_database, tmp_path).send(shop_keeper, letter)
    whole = lines_in(tmp_path)
    path = tmp_path / "linan" / "linan-taobao.csv"
    path.write_bytes(path.read_bytes()[:-9])
    await FileDrop(fresh_database, tmp_path).send(shop_keeper, letter)
    assert lines_in(tmp_path) == whole
