"""`bench memory`: the most memory an import of a file of a million orders takes, and how fast it goes.

The target (docs/performance.md): under 300 MB for the whole process. The file is written row by row; the import runs
in a process of its own, which reads its own peak from the kernel.
"""

import asyncio
import csv
import multiprocessing
import resource
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from pickmesh.app.files import Limits
from pickmesh.app.imports.orders import COLUMNS, OrdersFile
from pickmesh.app.imports.run import import_table, look_over
from pickmesh.bench import postgres, report, world
from pickmesh.core.kit.actors import Actor

ORDERS = 1_000_000
SMALL = 10_000
LIMIT_MB = 300
NO_LIMITS = Limits(bytes_max=10**10, rows_max=10**7)
WRITTEN = ("order", "ordered_at", "sku", "quantity", "unit_price", "recipient", "phone", "street", "province", "city")
assert set(WRITTEN) <= set(COLUMNS.known)


@dataclass(frozen=True, slots=True)
class Run:
    """What one import took."""

    orders: int
    peak_mb: float
    seconds: float


def write_file(path: Path, orders: int, *, first: int, codes: tuple[str, ...]) -> None:
    """Write a file of orders of one line each, as a shop exports them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(WRITTEN)
        for index in range(first, first + orders):
            code = codes[index % len(codes)]
            name, phone, street = f"测试{index}", f"138{index:08}", f"测试路{index}号"
            writer.writerow(
                [f"F{index:09}", "2026-11-24T01:00:00Z", code, 1, "19.90", name, phone, street, "浙江省", "杭州市"]
            )


def import_file(url: str, actor: Actor, path: str) -> Run:
    """Import a file in this process and tell its own peak; every order must come in."""
    kind = OrdersFile(currency="CNY", zone=UTC, shop="bench")
    table = look_over(Path(path), kind, NO_LIMITS)

    async def work() -> int:
        database = world.open_database(url, connections=2)
        summary = await import_table(database, actor, kind, table)
        await database.dispose()
        return summary.by_status["created"]  # type: ignore[index]  # a Status is its text

    begin = time.perf_counter()
    created = asyncio.run(work())
    took = time.perf_counter() - begin
    assert created == table.row_count
    return Run(created, _peak_mb(), took)


def _peak_mb() -> float:
    """Return the most memory this process ever held; the kernel's own figure, where a parent's does not count."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1_024


def in_a_process_of_its_own(url: str, actor: Actor, path: Path) -> Run:
    """Import a file in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(import_file, (url, actor, str(path)))


async def measure(most: int) -> report.Report:
    """Import a small file and a large one into one merchant."""
    runs: list[Run] = []
    async with postgres.bench_database() as (owner, app):
        database = world.open_database(app)
        place = await world.build(database)
        await database.dispose()
        await postgres.analyze(owner)
        begin = 0
        with tempfile.TemporaryDirectory(prefix="pickmesh-bench-") as folder:
            for count in (SMALL, most):
                path = Path(folder) / f"orders-{count}.csv"
                await asyncio.to_thread(write_file, path, count, first=begin, codes=place.codes)
                begin += count
                runs.append(await asyncio.to_thread(in_a_process_of_its_own, app, place.actor, path))
    small, large = runs
    also = {f"{run.orders:,} orders, MB": run.peak_mb for run in runs}
    also |= {f"{run.orders:,} orders, orders/s": run.orders / run.seconds for run in runs}
    also["growth, MB"] = large.peak_mb - small.peak_mb
    return report.Report("memory", "MB", large.peak_mb, LIMIT_MB, large.peak_mb / LIMIT_MB, 1, also)


def run(*, as_json: bool, most: int = ORDERS) -> None:
    """Run the benchmark to its end, with a file of `most` orders, and print what it found."""
    report.show(asyncio.run(measure(most)), as_json=as_json)
