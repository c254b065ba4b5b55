"""Two hundred dropships between two merchants while the workers that carry them are killed at random points.

Reactions, timers and the relay between the merchants live in two `pickmesh worker` processes, which get no chance to
tidy up. What people do (orders, answers, wishes, the floor) is done here. The database stays up: what it has committed
it keeps, and what a killed worker had not committed is gone.
"""

import asyncio
import csv
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from random import Random
from uuid import UUID

import processes
import pytest_asyncio
import sqlalchemy as sa
from processes import Running
from tests.builders_dropships import (
    Row,
    Trader,
    accept,
    assert_sound,
    call_off,
    floor_ships,
    make_trader,
    owed,
    reject,
    short_order,
)
from tests.builders_mesh import dead_letters, level_at, make_mapped, make_partners, partnership_of, pump

from pickmesh.app.composition import ROOMS, waking
from pickmesh.app.settings import SECRET_KEY_ID
from pickmesh.app.worker import CONSUMERS
from pickmesh.core.journal import reading
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.reading import LoggedEvent
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.journal.wakes import Waker
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.kit.vault import Vault
from pickmesh.core.mesh import dropships, queries
from pickmesh.core.mesh.dropship_queries import DROPSHIP
from pickmesh.core.mesh.dropships import Submitted
from pickmesh.core.mesh.tables import BookEntry, Dropship, DropshipParcel, DropshipStatus, Side
from pickmesh.core.orders.tables import SalesOrder

SEED = 20261124
SECRET = "two hundred dropships and one secret"
PACE = {"worker_poll_seconds": "0.1", "worker_sweep_seconds": "1", "worker_lease_seconds": "1.5"}
BATCHES = 10
DROPSHIPS = 200
STOCK = 1_000
LOOK_S = 0.2
ANSWERED_IN = timedelta(hours=1) - timedelta(seconds=12)
ENDS_WITHIN_S = 400  # of a busy machine; an idle one needs a minute
KILLED_AFTER_S = (0.1, 3.0)
KILLS_MAX = 16  # then the rest is done in peace, so that a slow machine does not only start workers
KILLED_BOTH = 0.3


class Fate(Enum):
    """What becomes of a dropship."""

    SHIPPED = "shipped"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CALLED_OFF_AT_ONCE = "called off at once"
    CALLED_OFF_LATER = "called off later"

    @property
    def ends(self) -> DropshipStatus:
        """Return how both sides see it in the end."""
        if self is Fate.SHIPPED:
            return DropshipStatus.SHIPPED
        return DropshipStatus.REJECTED if self in {Fate.REJECTED, Fate.EXPIRED} else DropshipStatus.CANCELLED


OF_A_BATCH = {
    Fate.SHIPPED: 4,
    Fate.REJECTED: 2,
    Fate.EXPIRED: 1,
    Fate.CALLED_OFF_AT_ONCE: 1,
    Fate.CALLED_OFF_LATER: 2,
}


@dataclass(frozen=True, slots=True)
class Given:
    """A dropship that was submitted: what becomes of it, and what is in it."""

    number: str
    fate: Fate
    code: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Behind:
    """A clock that is behind by so much."""

    by: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) - self.by


@dataclass(slots=True)
class Crew:
    """Two worker processes, killed and hired again until the block ends."""

    folder: Path
    settings: dict[str, str]
    random: Random
    stack: AsyncExitStack
    workers: list[Running] = field(default_factory=list)
    kills: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def hire(self) -> Running:
        """Start a worker and wait until it works."""
        running = self.stack.enter_context(processes.started(self.folder, "worker", **self.settings))
        await asyncio.to_thread(running.wait_for, "worker started")
        return running

    async def killed(self, times: int) -> None:
        """Wait until so many were killed."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.kills >= times)

    async def kill(self) -> None:
        """Kill one of them or both with no warning, and hire as many."""
        await asyncio.sleep(self.random.uniform(*KILLED_AFTER_S))
        chosen = range(2) if self.random.random() < KILLED_BOTH else [self.random.randrange(2)]
        for index in chosen:
            self.workers[index].process.kill()
            self.workers[index].process.wait()
        for index in chosen:
            self.workers[index] = await self.hire()
        async with self.changed:
            self.kills += len(chosen)
            self.changed.notify_all()


@asynccontextmanager
async def a_crew(folder: Path, settings: dict[str, str]) -> AsyncIterator[Crew]:
    """Let two workers work; those alive at the end must end as told, without complaint."""
    async with AsyncExitStack() as stack:
        crew = Crew(folder, settings, Random(SEED), stack)
        crew.workers = [await crew.hire(), await crew.hire()]
        yield crew
        assert [await asyncio.to_thread(each.stop, signal.SIGTERM) for each in crew.workers] == [0, 0]


@dataclass(slots=True)
class Trade:
    """Two merchants who supply each other; `given` is what each direction has submitted, by dropship."""

    traders: tuple[Trader, Trader]
    partnership_id: UUID
    earlier: Database  # the same one, in which it is nearly the whole time to answer ago
    given: dict[UUID, Given] = field(default_factory=dict)
    left: set[UUID] = field(default_factory=set)  # the floor of its supplier


@dataclass(frozen=True, slots=True)
class Stage:
    """A database of the test's own, a folder, and what the workers are told."""

    database: Database
    earlier: Database
    folder: Path
    settings: dict[str, str]


@pytest_asyncio.fixture
async def stage(fresh_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    vault = Vault({SECRET_KEY_ID: SECRET.encode()})
    database, earlier = Database(fresh_url, vault=vault), Database(fresh_url, vault=vault, clock=Behind(ANSWERED_IN))
    yield Stage(database, earlier, tmp_path, {"database_url": fresh_url, "secret_key": SECRET, **PACE})
    await database.dispose()
    await earlier.dispose()


async def test_two_hundred_dropships_end_the_same_on_both_sides_once(stage: Stage) -> None:
    trade = await make_trade(stage)
    waker = Waker(stage.database, CONSUMERS)
    async with waking(waker), a_crew(stage.folder, stage.settings) as crew:
        await trade_while_workers_die(trade, crew)
        await until(lambda: is_quiet(trade))
    assert crew.kills >= 8
    assert len(trade.given) == DROPSHIPS
    for trader in trade.traders:
        await assert_same_state(trade, trader)
        await assert_each_effect_once(trade, trader)
        await assert_told_once(trade, trader, stage.folder)
        await assert_nothing_dangles(trade, trader)
    await assert_books_mirror(trade)
    await assert_sound(*trade.traders)
    done = await asyncio.to_thread(processes.run, stage.folder, "doctor", **stage.settings)
    assert "Nothing is off." in done.stdout, done.stdout


async def make_trade(stage: Stage) -> Trade:
    """Let each of two merchants have what the other one sells."""
    database = stage.database
    codes = {"one": ["A-1", "A-2", "A-3"], "other": ["B-1", "B-2", "B-3"]}
    all_codes = dict.fromkeys([*codes["one"], *codes["other"]], 0)
    one, other = [
        await make_trader(database, name, {**all_codes, **dict.fromkeys(own, STOCK)}) for name, own in codes.items()
    ]
    partnership_id = await make_partners(database, one.member, other.member, hours_to_answer=1)
    await make_mapped(database, one.member, other.member, partnership_id, *codes["one"])
    await make_mapped(database, other.member, one.member, partnership_id, *codes["other"])
    await pump(database, one.member, other.member)
    return Trade((one, other), partnership_id, stage.earlier)


async def trade_while_workers_die(trade: Trade, crew: Crew) -> None:
    """Let both merchants sell and supply until every dropship has ended at both, killing workers all the while."""
    one, other = trade.traders
    async with asyncio.TaskGroup() as group:
        ended = asyncio.Event()
        group.create_task(kill_until(ended, crew))
        supplying = [group.create_task(supply(trade, trader)) for trader in trade.traders]
        await asyncio.gather(sell(trade, one, "B", crew), sell(trade, other, "A", crew))
        await until(lambda: has_ended(trade), or_say=lambda: not_ended(trade))
        ended.set()
        for task in supplying:
            task.cancel()


async def kill_until(ended: asyncio.Event, crew: Crew) -> None:
    """Kill at random moments; at the end those killed last have been replaced."""
    while not ended.is_set() and crew.kills < KILLS_MAX:
        await crew.kill()


async def sell(trade: Trade, trader: Trader, letter: str, crew: Crew) -> None:
    """Give batches of short orders to the partner; each waits for one kill more, so that kills fall among them."""
    random = Random(f"{SEED} {letter}")
    for batch in range(BATCHES):
        await crew.killed(batch)
        fates = [fate for fate, count in OF_A_BATCH.items() for _ in range(count)]
        random.shuffle(fates)
        for index, fate in enumerate(fates):
            wanted = Given(f"{letter}{batch:02d}{index:02d}", fate, f"{letter}-{random.randint(1, 3)}", 1 + index % 3)
            await give(trade, trader, wanted)


async def give(trade: Trade, trader: Trader, wanted: Given) -> None:
    """Give a short order to the partner and note what is to become of it."""
    order_id = await short_order(trader, wanted.number, {wanted.code: wanted.quantity})
    database = trade.earlier if wanted.fate is Fate.EXPIRED else trader.database
    (answer,) = await database.run(
        trader.member.actor, lambda uow: dropships.submit(uow, fulfillment_order_ids=[order_id])
    )
    assert isinstance(answer, Submitted), answer
    trade.given[answer.dropship_id] = wanted
    if wanted.fate is Fate.CALLED_OFF_AT_ONCE:
        assert_taken(await call_off(trader, answer.dropship_id))


async def supply(trade: Trade, trader: Trader) -> None:
    """Answer what the partner asks for as its fate is, ship what is accepted, and ask back what is to be called off."""
    while True:
        rows = await dropships_of(trader)
        for row in rows:
            given = trade.given.get(row.id)
            if given is not None:
                await answer(trade, trader, row, given)
        await asyncio.sleep(LOOK_S)


async def answer(trade: Trade, trader: Trader, row: Row, given: Given) -> None:
    """Do what is next about a dropship on this side, if anything is up to people."""
    match (Side(row.side), DropshipStatus(row.status), given.fate):
        case (Side.SUPPLIER, DropshipStatus.SUBMITTED, Fate.REJECTED):
            assert_taken(await reject(trader, row.id))
        case (Side.SUPPLIER, DropshipStatus.SUBMITTED, Fate.SHIPPED | Fate.CALLED_OFF_LATER):
            assert_taken(await accept(trader, row.id))
        case (Side.SUPPLIER, DropshipStatus.ACCEPTED, Fate.SHIPPED):
            if row.id not in trade.left:
                trade.left.add(row.id)
                await floor_ships(trader, row.fulfillment_order_id, {given.code: given.quantity})
        case (Side.DISTRIBUTOR, DropshipStatus.ACCEPTED, Fate.CALLED_OFF_LATER):
            assert_taken(await call_off(trader, row.id))


def assert_taken(answers: Sequence[object]) -> None:
    assert not any(isinstance(each, Refused) for each in answers), answers


async def until(is_so: Callable[[], Awaitable[bool]], or_say: Callable[[], Awaitable[object]] | None = None) -> None:
    """Ask again until it is so, or say what is not when time is up."""
    end = asyncio.get_running_loop().time() + ENDS_WITHIN_S
    while not await is_so():
        in_time = asyncio.get_running_loop().time() < end
        assert in_time, await or_say() if or_say else is_so
        await asyncio.sleep(LOOK_S)


async def dropships_of(trader: Trader) -> Sequence[Row]:
    """Return all dropships of a merchant, of both sides, the oldest first."""
    async with trader.database.reading(trader.member.actor) as uow:
        return await uow.fetch(sa.select(*DROPSHIP).where(uow.mine(Dropship)).order_by(Dropship.id))


async def has_ended(trade: Trade) -> bool:
    """Tell whether both sides of every dropship have come to its end."""
    ended = [
        row.id in trade.given and row.status == trade.given[row.id].fate.ends
        for trader in trade.traders
        for row in await dropships_of(trader)
    ]
    return len(ended) == 2 * len(trade.given) and all(ended)


async def not_ended(trade: Trade) -> list[tuple[Fate, str, str]]:
    """Return each dropship that has not come to its end: its fate, the side and the status there."""
    return [
        (trade.given[row.id].fate, row.side, row.status)
        for trader in trade.traders
        for row in await dropships_of(trader)
        if row.status != trade.given[row.id].fate.ends
    ]


async def is_quiet(trade: Trade) -> bool:
    """Tell whether no letter waits and every room has reacted to everything."""
    for trader in trade.traders:
        async with trader.database.reading(trader.member.actor) as uow:
            waiting = sa.select(Outbox.id).where(uow.mine(Outbox), Outbox.sent_at.is_(None), Outbox.dead_at.is_(None))
            last, positions = await reading.last_seq(uow), await reading.positions(uow)
            if any(positions.get(room, 0) < last for room in ROOMS) or await uow.fetch(waiting):
                return False
    return True


async def assert_same_state(trade: Trade, trader: Trader) -> None:
    """Every dropship has ended as its fate was, on this side as on the other."""
    rows = {row.id: row for row in await dropships_of(trader)}
    assert rows.keys() == trade.given.keys()
    assert {each: row.status for each, row in rows.items()} == {
        each: given.fate.ends for each, given in trade.given.items()
    }
    expired = {each for each, row in rows.items() if row.reason == "EXPIRED"}
    assert expired == {each for each, given in trade.given.items() if given.fate is Fate.EXPIRED}


async def assert_each_effect_once(trade: Trade, trader: Trader) -> None:
    """Each request came in as one order, each parcel was told of once, and nothing happened to a dropship twice."""
    supplied = [row for row in await dropships_of(trader) if row.side == Side.SUPPLIER]
    async with trader.database.reading(trader.member.actor) as uow:
        partner = await queries.partnership(uow, trade.partnership_id)
        assert partner is not None
        orders = await uow.fetch(
            sa.select(SalesOrder.external_id).where(uow.mine(SalesOrder), SalesOrder.shop_id == partner.shop_id)
        )
        parcels = await uow.fetch(sa.select(DropshipParcel.dropship_id).where(uow.mine(DropshipParcel)))
        events = await all_events(uow)
    assert sorted(row.external_id for row in orders) == sorted(str(row.id) for row in supplied)
    shipped = [each for each, given in trade.given.items() if given.fate is Fate.SHIPPED]
    assert sorted(row.dropship_id for row in parcels) == sorted(shipped)
    told = Counter((event.kind, event.subject_id) for event in events if event.subject_id in trade.given)
    assert {each: times for each, times in told.items() if times > 1} == {}
    assert {each for kind, each in told if kind == "dropship_shipped"} == set(shipped)


async def all_events(uow: UnitOfWork) -> list[LoggedEvent]:
    """Return everything that happened at a merchant."""
    events: list[LoggedEvent] = []
    while more := await reading.events_after(uow, events[-1].seq if events else 0):
        events += more
    return events


async def assert_told_once(trade: Trade, trader: Trader, folder: Path) -> None:
    """The merchant's own shop has one line for each of its orders that the partner shipped; no letter is dead."""
    mine = [row.id for row in await dropships_of(trader) if row.side == Side.DISTRIBUTOR]
    shipped = [trade.given[each].number for each in mine if trade.given[each].fate is Fate.SHIPPED]
    lines: list[dict[str, str]] = []
    for path in (folder / "var" / "outbox" / trader.member.code).glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines += list(csv.DictReader(file))
    assert sorted(line["order"] for line in lines if line["kind"] == "shipment") == sorted(shipped)
    assert all(line["waybill"] for line in lines if line["kind"] == "shipment")
    assert await dead_letters(trader.database, trader.member) == 0


async def assert_nothing_dangles(trade: Trade, trader: Trader) -> None:
    """Only what was shipped is gone, nothing is reserved any more, and the partner knows what is left."""
    rows = await dropships_of(trader)
    supplied = [trade.given[row.id] for row in rows if row.side == Side.SUPPLIER]
    gone = Counter[str]()
    for given in supplied:
        gone[given.code] += given.quantity if given.fate is Fate.SHIPPED else 0
    (other,) = [each for each in trade.traders if each is not trader]
    seen_by_other = await partnership_of(other.database, other.member, trade.partnership_id)
    for code, quantity in gone.items():
        left = STOCK - quantity
        here = await level_at(trader.database, trader.member, trader.member.warehouse.location_id, code)
        assert here == (left, 0, left), code
        there = await level_at(other.database, other.member, seen_by_other.location_id, code)
        assert there == (left, 0, left), code


async def assert_books_mirror(trade: Trade) -> None:
    """What one is owed the other owes, and it is what the shipped pieces cost."""
    one, other = [await owed(trader, trade.partnership_id) for trader in trade.traders]
    assert one == {currency: -amount for currency, amount in other.items()}
    async with trade.traders[0].database.reading(trade.traders[0].member.actor) as uow:
        entries = await uow.fetch(
            sa.select(sa.func.count()).select_from(BookEntry).where(uow.mine(BookEntry), BookEntry.account == "PARTNER")
        )
    assert entries[0][0] == sum(given.fate is Fate.SHIPPED for given in trade.given.values())
