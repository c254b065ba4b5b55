"""`bench growth`: what everyday acts cost a merchant with 10,000, 100,000 and 1,000,000 orders behind it.

The target (docs/performance.md): each stays within 1.3 times its smallest cost. A cost is the lower quartile of many
turns, which other work on the machine disturbs least.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
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
INTAKES = 9
BATCH = 1_000
PAGE = 50
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Act = Callable[[UnitOfWork], Awaitable[object]]
Costs = dict[str, float]
"""Milliseconds by what was done."""


class Day:
    """What is done at every size: the same acts on the same merchant."""

    def __init__(self, place: world.World, skus: list[UUID], *, seed: int = world.SEED) -> None:
        self.place = place
        self.skus = skus
        self._dice = random.Random(seed)
        self._imported = 0

    async def costs(self, middle: UUID) -> Costs:
        """Measure every act; `middle` is the order in the middle of the list."""
        found = {"intake of 1,000": await self._lower_quartile(self._intake, INTAKES)}
        found["reserve 100 lines"] = await self._lower_quartile(lambda: self._written(self._reserve), TURNS)
        for name, act in self._questions(middle).items():
            found[name] = await self._lower_quartile(lambda act=act: self._asked(act), TURNS)  # type: ignore[misc]
        return found

    def _questions(self, middle: UUID) -> Mapping[str, Act]:
        first, deep = PageRequest(PAGE), PageRequest(PAGE, (str(middle),))
        held, opened = (FulfillmentOrderFilter(statuses=[each]) for each in (Status.ON_HOLD, Status.OPEN))
        late = FulfillmentOrderSort.SHIP_BY
        return {
            "levels of 50 SKUs": lambda uow: stock.levels_of(uow, self._some(PAGE)),
            "balances of 50 SKUs": lambda uow: stock.balances_of(uow, sku_ids=self._some(PAGE)),
            "moves of a SKU": lambda uow: stock.move_page(uow, first, sku_id=self._some(1)[0]),
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

    async def _lower_quartile(self, turn: Callable[[], Awaitable[None]], turns: int) -> float:
        await turn()  # the first one prepares statements
        took: list[float] = []
        for _ in range(turns):
            begin = time.perf_counter()
            await turn()
            took.append((time.perf_counter() - begin) * 1_000)
        return statistics.quantiles(took, n=4)[0]

    async def _intake(self) -> None:
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
    """Fill a merchant's history to each size in turn and measure the same acts at each."""
    by_size: dict[int, Costs] = {}
    async with postgres.bench_database(fsync=False) as (owner, app):
        database = world.open_database(app)
        place = await world.build(database)
        async with database.reading(place.actor) as uow:
            skus = [row.id for row in (await catalog.skus_by_code(uow, place.codes)).values()]
        day = Day(place, skus)
        await day._intake()  # the counters of orders exist from here on
        have = 0
        for size in sizes:
            await filler.fill(owner, place, have=have, want=size)
            have = size
            by_size[size] = await day.costs(await _order(owner, size // 2))
        await database.dispose()
    return _report(by_size)


async def _order(owner: str, index: int) -> UUID:
    connection = await asyncpg.connect(postgres.plain(owner))
    try:
        found: UUID = await connection.fetchval(f"SELECT {filler.order_id(index)}")
    finally:
        await connection.close()
    return found


def _report(by_size: Mapping[int, Costs]) -> report.Report:
    also: dict[str, float] = {}
    ratios: dict[str, float] = {}
    for name in next(iter(by_size.values())):
        costs = [costs[name] for costs in by_size.values()]
        also |= {f"{name}, ms at {size:,}": costs[name] for size, costs in by_size.items()}
        ratios[name] = also[f"{name}, ratio"] = max(costs) / min(costs)
    worst = max(ratios, key=lambda name: ratios[name])
    costs = [costs[worst] for costs in by_size.values()]
    return report.Report("growth", f"ms for “{worst}”", max(costs), min(costs), ratios[worst], TURNS, also)


def run(*, as_json: bool, most: int = SIZES[-1]) -> None:
    """Run the benchmark to its end, at sizes up to `most` orders, and print what it found."""
    sizes = tuple(size for size in SIZES if size <= most)
    report.show(asyncio.run(measure(sizes)), as_json=as_json)
