"""Stock goes out as a file and comes in again as opening stock; a past moment's file is what lay there then."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from importing import take
from tests.builders_catalog import make_skus
from tests.builders_stock import Warehouse, make_warehouse, put_stock
from tests.databases import make_merchant

from pickmesh.app.commands.exports import moment_of
from pickmesh.app.exports import stock
from pickmesh.app.exports.stock import export_stock
from pickmesh.app.exports.writers import writer_of
from pickmesh.app.imports.outcome import Status
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.stock import adjustments
from pickmesh.core.stock.adjustments import Adjustment

HEADER = ["warehouse", "place", "sku", "quantity", "lot", "expires_on", "serial"]
LYING = [
    ["WH1", "A-01", "CUP", "7", "", "", ""],
    ["WH1", "A-02", "CUP", "2", "", "", ""],
    ["WH1", "A-01", "MILK", "4", "L1", "2027-06-01", ""],
    ["WH1", "A-03", "PHONE", "1", "", "", "S-1"],
    ["WH1", "A-03", "PHONE", "1", "", "", "S-2"],
]


async def export(database: Database, actor: Actor, path: Path, at: datetime) -> int:
    writer = writer_of(path)
    async with database.reading(actor) as uow:
        count = await export_stock(uow, writer, at)
    writer.finish()
    return count


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


async def furnish(database: Database, actor: Actor) -> tuple[Warehouse, dict[str, UUID]]:
    """Make the places and SKUs, the same for whoever gives and whoever takes."""
    warehouse = await make_warehouse(database, actor)
    skus = dict(await make_skus(database, actor, ["CUP", "POT"]))
    skus |= await make_skus(database, actor, ["MILK"], lot_tracked=True)
    skus |= await make_skus(database, actor, ["PHONE"], serial_tracked=True)
    return warehouse, skus


async def fill(database: Database, actor: Actor) -> tuple[Warehouse, dict[str, UUID]]:
    warehouse, skus = await furnish(database, actor)
    bins = warehouse.bins
    await put_stock(database, actor, bins["A-01"], skus["CUP"], 7)
    await put_stock(database, actor, bins["A-02"], skus["CUP"], 2)
    lot = {"lot_code": "L1", "expires_on": date(2027, 6, 1)}
    await put_stock(database, actor, bins["A-01"], skus["MILK"], 4, **lot)
    await put_stock(database, actor, bins["A-03"], skus["PHONE"], 2, serials=("S-2", "S-1"))
    return warehouse, skus


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_what_goes_out_comes_in_again_as_opening_stock(
    database: Database, merchant: Actor, clock: StoppedClock, tmp_path: Path, ending: str
) -> None:
    await fill(database, merchant)
    path = tmp_path / f"stock.{ending}"
    assert await export(database, merchant, path, clock.now()) == len(LYING)
    other = await make_merchant(database)
    await furnish(database, other)
    summary, told = await take(database, other, "stock", path)
    assert told.refused == {}
    assert summary.by_status == {Status.CREATED: len(LYING)}
    again = tmp_path / "again.csv"
    await export(database, other, again, clock.now())
    assert rows_of(again) == [HEADER, *LYING]


async def test_a_past_moment_is_told_as_it_was(
    database: Database, merchant: Actor, clock: StoppedClock, tmp_path: Path
) -> None:
    warehouse, skus = await fill(database, merchant)
    then = clock.now()
    clock.advance(timedelta(hours=1))
    async with database.unit_of_work(merchant) as uow:
        gone = [Adjustment(warehouse.bins["A-01"], skus["CUP"], -7), Adjustment(warehouse.bins["A-02"], skus["POT"], 3)]
        await adjustments.adjust_stock(uow, adjustments=gone)
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    await export(database, merchant, before, then)
    await export(database, merchant, after, clock.now())
    assert rows_of(before) == [HEADER, *LYING]
    assert rows_of(after) == [HEADER, *LYING[1:], ["WH1", "A-02", "POT", "3", "", "", ""]]
    nothing = tmp_path / "nothing.csv"
    assert await export(database, merchant, nothing, then - timedelta(microseconds=1)) == 0


async def test_more_skus_than_a_page_are_all_told(
    database: Database, merchant: Actor, clock: StoppedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, merchant)
    monkeypatch.setattr(stock, "PAGE_SKUS", 1)
    path = tmp_path / "stock.csv"
    await export(database, merchant, path, clock.now())
    assert rows_of(path) == [HEADER, *LYING]


def test_a_moment_without_a_zone_is_the_merchants() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert moment_of("2026-11-24T18:00", zone) == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert moment_of("2026-11-24T18:00Z", zone) == datetime(2026, 11, 24, 18, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="is no moment"):
        moment_of("yesterday", zone)
