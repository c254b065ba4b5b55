"""`bench growth`: what everyday acts cost a merchant with 10,000, 100,000 and 1,000,000 orders behind it.

The target (docs/performance.md): each stays within 1.3 times its smallest cost. Every size has a database of its own,
and all take turns, so that other work on the machine disturbs all alike; a cost is the quickest of many turns.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import asyncpg

from pickmesh.bench import filler, postgres, report, world
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.orders import intake, lists
from pickmesh.core.orders.lists import FulfillmentOrderFilter, FulfillmentOrderSort, OrderSort
from pickmesh.core.orders.rules import Status
from pickmesh.core.stock import queries as stock
from pickmesh.core.stock import reservations
from pickmesh.core.stock.rules import Demand

SIZES = (10_000, 100_000, 1_000_000)
TURNS = 40
INTAKE = "intake of 1,000"
INTAKES = 12
BATCH = 1_000
PAGE = 50
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Act = Callable[[UnitOfWork], Awaitable[object]]
Costs = dict[int, float]
"""Milliseconds by how much history there is."""


class Day:
    """What is done at every size: the same acts, each in a merchant with so much history."""

    def __init__(self, owner: str, place: world.World, skus: list[UUID], *, seed: int = world.SEED) -> None:
        self.owner = owner
        self.place = place
        self.skus = skus
        self._dice = random.Random(seed)
        self._imported = 0

    def acts(self, middle: UUID) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Return what is measured, by name; `middle` is the order in the middle of the list."""
        asked = {name: partial(self._asked, act) for name, act in self._questions(middle).items()}
        return {INTAKE: self.intake, "reserve 100 lines": partial(self._written, self._reserve), **asked}

    def _questions(self, middle: UUID) -> Mapping[str, Act]:
        first, deep = PageRequest(PAGE), PageRequest(PAGE, (str(middle),))
        held, opened = (FulfillmentOrderFilter(statuses=[each]) for each in (Status.ON_HOLD, Status.OPEN))
        late = FulfillmentOrderSort.SHIP_BY
        return {
            "levels of 50 SKUs": lambda uow: stock.levels_of(uow, self._some(PAGE)),
            "balances of 50 SKUs": lambda uow: stock.balances_of(uow, sku_ids=self._some(PAGE)),
            "moves of the best seller": lambda uow: stock.move_page(uow, first, sku_id=min(self.skus)),
            "orders, first page": lambda uow: lists.order_page(uow, first),
            "orders, a page in the middle": lambda uow: lists.order_page(uow, deep),
            "orders by time ordered": lambda uow: lists.order_page(uow, first, sort=OrderSort.ORDERED_AT),
            "fulfillment orders, open": lambda uow: lists.fulfillment_order_page(uow, first, opened),
            "fulfillment orders, on hold": lambda uow: lists.fulfillment_order_page(uow, first, held),
            "fulfillment orders, open by ship by": lambda uow: lists.fulfillment_order_page(
                uow, first, opened, sort=late, falling=False
            ),
        }

    def _some(self, count: int) -> list[UUID]:
        return self._dice.sample(self.skus, count)

    async def intake(self) -> None:
        """Take a batch of new orders in."""
        orders = world.new_orders(self.place, BATCH, first=self._imported)
        self._imported += BATCH
        await self._written(lambda uow: intake.import_orders(uow, orders=orders))

    async def _reserve(self, uow: UnitOfWork) -> object:
        wanted = [
            Demand(line_id, line_id, self.place.location_id, sku_id, 1, NOW + timedelta(hours=1))
            for sku_id in self._some(100)
            for line_id in (new_id(),)
        ]
        return await reservations.reserve_stock(uow, demands=wanted)

    async def _written(self, act: Act) -> None:
        async with self.place.database.unit_of_work(self.place.actor) as uow:
            await act(uow)

    async def _asked(self, act: Act) -> None:
        async with self.place.database.reading(self.place.actor) as uow:
            await act(uow)


async def measure(sizes: tuple[int, ...]) -> report.Report:
    """Give a merchant of each size its history, then do the same acts in all of them, turn by turn."""
    days: dict[int, Day] = {}
    async with postgres.bench_database(fsync=False) as (owner, app):  # how fast a disk syncs is no part of growth
        for size in sizes:
            theirs, ours = await postgres.another_database(owner, app, f"{postgres.DATABASE}_{size}")
            days[size] = await _day(theirs, ours, size)
        acts = {size: day.acts(await _order(day.owner, size // 2)) for size, day in days.items()}
        costs = {name: await _costs({size: acts[size][name] for size in sizes}, name) for name in acts[sizes[0]]}
        for day in days.values():
            await day.place.database.dispose()
    return _report(costs)


async def _day(owner: str, app: str, size: int) -> Day:
    database = world.open_database(app)
    place = await world.build(database)
    async with database.reading(place.actor) as uow:
        skus = [row.id for row in (await catalog.skus_by_code(uow, place.codes)).values()]
    day = Day(owner, place, skus)
    await day.intake()  # the counters of orders exist from here on
    await filler.fill(owner, place, have=0, want=size)
    return day


async def _costs(by_size: Mapping[int, Callable[[], Awaitable[None]]], name: str) -> Costs:
    """Do an act at every size in turn, again and again, and return the quickest turn of each, in ms."""
    took: dict[int, list[float]] = {size: [] for size in by_size}
    for turn in range(1 + (INTAKES if name == INTAKE else TURNS)):
        for size, act in by_size.items():
            begin = time.perf_counter()
            await act()
            if turn:  # the first one prepares statements
                took[size].append((time.perf_counter() - begin) * 1_000)
    return {size: min(each) for size, each in took.items()}


async def _order(owner: str, index: int) -> UUID:
    connection = await asyncpg.connect(postgres.plain(owner))
    try:
        found: UUID = await connection.fetchval(f"SELECT {filler.order_id(index)}")
    finally:
        await connection.close()
    return found


def _report(costs: Mapping[str, Costs]) -> report.Report:
    also: dict[str, float] = {}
    for name, by_size in costs.items():
        also |= {f"{name}, ms at {size:,}": cost for size, cost in by_size.items()}
        also[f"{name}, ratio"] = _ratio(by_size)
    worst = max(costs, key=lambda name: _ratio(costs[name]))
    found = costs[worst].values()
    return report.Report("growth", f"ms for “{worst}”", max(found), min(found), _ratio(costs[worst]), TURNS, also)


def _ratio(by_size: Costs) -> float:
    return max(by_size.values()) / min(by_size.values())


def run(*, as_json: bool, most: int = SIZES[-1]) -> None:
    """Run the benchmark to its end, at sizes up to `most` orders, and print what it found."""
    sizes = tuple(size for size in SIZES if size <= most)
    report.show(asyncio.run(measure(sizes)), as_json=as_json)
