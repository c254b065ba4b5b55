"""`bench import`: orders imported, routed, reserved and logged per second, beside a hand-written asyncpg program.

The target (docs/performance.md): at least half of the floor at batches of 1,000, median of five runs.
"""

import asyncio
import tempfile
import time
from datetime import UTC
from pathlib import Path
from uuid import uuid4

import asyncpg

from pickmesh.app.imports.orders import OrdersFile
from pickmesh.app.imports.run import import_table, look_over
from pickmesh.bench import baselines, memory_bench, postgres, report, world
from pickmesh.core.db import migrate
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import intake
from pickmesh.core.orders.incoming import NewOrder

RUNS = 5
BATCH = 1_000
ORDERS = 10_000
OTHER_BATCHES = {200: 4_000, 50: 2_000, 1: 100}
"""Batch sizes measured once beside the main one, and over how many orders."""


async def our_rate(place: world.World, orders: list[NewOrder], batch: int) -> float:
    """Import the orders in batches over one connection; return orders per second."""
    begin = time.perf_counter()
    for first in range(0, len(orders), batch):
        part = orders[first : first + batch]
        async with place.database.unit_of_work(place.actor) as uow:
            verdicts = await intake.import_orders(uow, orders=part)
        assert not any(isinstance(verdict, Refused) for verdict in verdicts)
    return len(orders) / (time.perf_counter() - begin)


def floor_orders(orders: list[NewOrder]) -> list[baselines.FloorOrder]:
    """Return the same orders as the floor takes them."""
    ids = {f"SKU-{index:04}": uuid4() for index in range(world.SKUS)}
    return [
        baselines.FloorOrder(one.external_id, [(ids[line.shop_code], line.quantity) for line in one.lines])
        for one in orders
    ]


async def measure() -> report.Report:
    """Measure ours and the floor turn by turn on one durable PostgreSQL, then SQLite beside them."""
    ours: list[float] = []
    floors: list[float] = []
    also: dict[str, float] = {}
    async with postgres.bench_database() as (owner, app):
        await _prepare_floor(owner)
        database = world.open_database(app)
        place = await world.build(database)
        await postgres.analyze(owner)
        await our_rate(place, world.new_orders(place, BATCH), BATCH)  # warms prepared statements up, not counted
        begin = BATCH
        for _ in range(RUNS):
            orders = world.new_orders(place, ORDERS, first=begin)
            begin += ORDERS
            floors.append(await _floor(owner, orders, BATCH))
            ours.append(await our_rate(place, orders, BATCH))
        for batch, count in OTHER_BATCHES.items():
            orders = world.new_orders(place, count, first=begin)
            begin += count
            floor, mine = await _floor(owner, orders, batch), await our_rate(place, orders, batch)
            also |= {f"batch {batch}": mine, f"batch {batch} floor": floor, f"batch {batch} ratio": mine / floor}
        also["from a file"] = await _from_file(place, begin)
        await database.dispose()
    also["sqlite batch 1000"] = await _on_sqlite()
    mine, floor = report.median(ours), report.median(floors)
    return report.Report("import", "orders/s", mine, floor, mine / floor, RUNS, also)


async def _floor(owner: str, orders: list[NewOrder], batch: int) -> float:
    simple = floor_orders(orders)
    skus = sorted({sku for order in simple for sku, _ in order.lines})
    return await baselines.import_orders(postgres.plain(owner), simple, skus, batch)


async def _prepare_floor(owner: str) -> None:
    connection = await asyncpg.connect(postgres.plain(owner))
    await connection.execute(baselines.FLOOR_SCHEMA)
    await connection.close()


async def _from_file(place: world.World, first: int) -> float:
    """Import a CSV file of as many orders, the next batch read while the database takes one; orders per second."""
    with tempfile.TemporaryDirectory(prefix="pickmesh-bench-") as folder:
        path = Path(folder) / "orders.csv"
        memory_bench.write_file(path, ORDERS, first=first, codes=place.codes)
        kind = OrdersFile(currency="CNY", zone=UTC, shop="bench")
        begin = time.perf_counter()
        await import_table(place.database, place.actor, kind, look_over(path, kind, memory_bench.NO_LIMITS))
        return ORDERS / (time.perf_counter() - begin)


async def _on_sqlite() -> float:
    with tempfile.TemporaryDirectory(prefix="pickmesh-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        await migrate.migrate(url)
        database = world.open_database(url)
        place = await world.build(database)
        rate = await our_rate(place, world.new_orders(place, ORDERS // 2), BATCH)
        await database.dispose()
    return rate


def run(*, as_json: bool) -> None:
    """Run the benchmark to its end and print what it found."""
    report.show(asyncio.run(measure()), as_json=as_json)
