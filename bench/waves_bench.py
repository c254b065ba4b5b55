"""`bench waves`: planning a wave of 10,000 orders over 20,000 bins, how its cost grows, and how far its walks are.

The target (docs/performance.md): at most 5 s, growing no faster than n log n. Planned is the whole of it: orders chosen
and seated, bins proposed, carts filled, walks laid out and measured, people and departures weighed. Walks are held
against the same orders walked one by one, each in the best order of bins, and against what no walks are shorter than.
"""

import asyncio
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from pickmesh.bench import postgres, report, world
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts.commands import NewShop
from pickmesh.core.accounts.tables import Platform
from pickmesh.core.catalog import commands as catalog
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import intake
from pickmesh.core.picking import estimates, waves
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.picking.what_if import Estimate
from pickmesh.core.stock import places, queries, receipts
from pickmesh.core.stock.places import NewPlace
from pickmesh.core.stock.receipts import Receipt

SIZES = (2_500, 5_000, 10_000)
LIMIT_MS = 5_000
TURNS = 5
AISLES, BAYS, SHELVES = 50, 80, 5
BAY_MM, AISLE_MM = 1_200, 3_000
SKUS = 4_000
CART = 20
PEOPLE = 20
CHUNK = 1_000
PIECES = 1_000
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Run:
    """What planning a wave of so many orders took, in milliseconds, and what its walks come to."""

    planned_ms: float
    estimated_ms: float
    estimate: Estimate

    @property
    def whole_ms(self) -> float:
        """Return what all of planning took."""
        return self.planned_ms + self.estimated_ms


class _PutBackAgainError(Exception):
    """Rolls a wave back that was planned only to be measured."""


async def build(database: Database) -> world.World:
    """Make a merchant with a warehouse of 50 aisles of 80 bays of 5 shelves, every SKU in five of its 20,000 bins."""
    actor = await accounts.create_merchant(
        database,
        code=f"bench-{new_id().hex[:20]}",
        name="Bench",
        time_zone="Asia/Shanghai",
        currency="CNY",
        locale="en",
    )
    codes = tuple(f"SKU-{index:04}" for index in range(SKUS))
    async with database.unit_of_work(actor) as uow:
        (shop_id,) = _done(await accounts.create_shops(uow, shops=[NewShop("bench", "Bench", Platform.OTHER)]))
        skus = [
            saved.sku_id
            for chunk in _chunks(codes)
            for saved in _done(await catalog.save_products(uow, products=[world.new_sku(code) for code in chunk]))
        ]
    bins = list(_bins())
    sku_of = [skus[index % SKUS] for index in range(len(bins))]
    random.Random(world.SEED).shuffle(sku_of)
    for chunk in _chunks(list(zip(bins, sku_of, strict=True))):
        async with database.unit_of_work(actor) as uow:
            saved = _done(await places.save_places(uow, places=[place for place, _ in chunk]))
            came = [Receipt(one.place_id, sku_id, PIECES) for one, (_, sku_id) in zip(saved, chunk, strict=True)]
            _done(await receipts.receive_stock(uow, receipts=came))
    async with database.reading(actor) as uow:
        location = await queries.location_by_code(uow, world.WAREHOUSE)
    assert location is not None
    return world.World(database, actor, shop_id, location.id, codes)


def _bins() -> Iterator[NewPlace]:
    for aisle in range(AISLES):
        for bay in range(BAYS):
            for shelf in range(SHELVES):
                yield NewPlace(
                    world.WAREHOUSE,
                    f"{aisle:02}-{bay:02}-{shelf}",
                    "BIN",
                    role="PICK",
                    x_mm=bay * BAY_MM,
                    y_mm=aisle * AISLE_MM,
                )


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def _done(answers: Sequence[Item | Refused]) -> list[Item]:
    good = [answer for answer in answers if not isinstance(answer, Refused)]
    assert len(good) == len(answers), answers
    return good


def _put_back() -> NoReturn:
    raise _PutBackAgainError


async def plan_once(place: world.World, orders: int) -> Run:
    """Plan a wave of so many orders, estimate it, and put it back."""
    runs: list[Run] = []
    try:
        async with place.database.unit_of_work(place.actor) as uow:
            begun = time.perf_counter()
            wave = await waves.plan_wave(uow, location_id=place.location_id, kind=WaveKind.CLUSTER, limit=orders)
            planned = time.perf_counter()
            estimate = await estimates.estimate_wave(uow, wave_id=wave.wave_id, people=PEOPLE, cart_capacity=CART)
            ended = time.perf_counter()
            runs.append(Run((planned - begun) * 1_000, (ended - planned) * 1_000, estimate))
            _put_back()
    except _PutBackAgainError:
        assert runs[0].estimate.orders == orders
    return runs[0]


async def release_once(place: world.World, orders: int) -> float:
    """Plan and release a wave of so many orders; return the milliseconds the release took."""
    async with place.database.unit_of_work(place.actor) as uow:
        wave = await waves.plan_wave(uow, location_id=place.location_id, kind=WaveKind.CLUSTER, limit=orders)
    begun = time.perf_counter()
    async with place.database.unit_of_work(place.actor) as uow:
        released = await waves.release_wave(uow, wave_id=wave.wave_id, cart_capacity=CART)
    assert released.kicked_out == []
    return (time.perf_counter() - begun) * 1_000


async def measure() -> report.Report:
    """Fill a warehouse and a day's orders, then plan waves of three sizes by turns."""
    async with postgres.bench_database(fsync=False) as (_, url):
        database = world.open_database(url, connections=4)
        try:
            place = await build(database)
            for chunk in _chunks(world.new_orders(place, SIZES[-1])):
                async with database.unit_of_work(place.actor) as uow:
                    _done(await intake.import_orders(uow, orders=chunk))
            runs = await _by_turns(place)
            kinds = await _compared(place)
            released_ms = await release_once(place, SIZES[-1])
        finally:
            await database.dispose()
    return _report(runs, kinds, released_ms)


async def _by_turns(place: world.World) -> dict[int, list[Run]]:
    """Plan every size in every turn, so that other work on the machine disturbs all alike."""
    runs: dict[int, list[Run]] = {size: [] for size in SIZES}
    await plan_once(place, SIZES[0])  # the first turn fills caches
    for _ in range(TURNS):
        for size in SIZES:
            runs[size].append(await plan_once(place, size))
    return runs


async def _compared(place: world.World) -> Sequence[Estimate]:
    kinds = (WaveKind.DISCRETE, WaveKind.CLUSTER)
    async with place.database.reading(place.actor) as uow:
        return await estimates.compare_waves(
            uow, location_id=place.location_id, kinds=kinds, limit=SIZES[-1], people=PEOPLE, cart_capacity=CART
        )


def _report(runs: dict[int, list[Run]], kinds: Sequence[Estimate], released_ms: float) -> report.Report:
    quickest = {size: min(found, key=lambda run: run.whole_ms) for size, found in runs.items()}
    growth = {size: run.whole_ms * 1_000_000 / (size * math.log2(size)) for size, run in quickest.items()}
    also: dict[str, float] = {}
    for size, run in quickest.items():
        also[f"{size:,} orders: chosen and seated, ms"] = run.planned_ms
        also[f"{size:,} orders: bins, carts, walks, people, ms"] = run.estimated_ms
        also[f"{size:,} orders: ns / (n log2 n)"] = growth[size]
    also["growth: at 10,000 / at 2,500 (at most 1: no faster than n log n)"] = growth[SIZES[-1]] / growth[SIZES[0]]
    also["release of 10,000 (bins promised, lists written), ms"] = released_ms
    discrete, cluster = kinds
    also[f"walk in carts of {CART}, km"] = cluster.distance_mm / 1_000_000
    also["walk order by order, km"] = cluster.one_by_one_mm / 1_000_000
    also["no walks are shorter, km"] = cluster.least_mm / 1_000_000
    also["carts / order by order"] = cluster.distance_mm / cluster.one_by_one_mm
    also["carts / lower bound"] = cluster.distance_mm / cluster.least_mm
    also["order by order / its lower bound"] = discrete.distance_mm / discrete.least_mm
    whole_ms = report.median([run.whole_ms for run in runs[SIZES[-1]]])
    return report.Report("waves", "ms for 10,000 orders", whole_ms, LIMIT_MS, whole_ms / LIMIT_MS, TURNS, also)


def run(*, as_json: bool) -> None:
    """Run the benchmark to its end and print what it found."""
    report.show(asyncio.run(measure()), as_json=as_json)
