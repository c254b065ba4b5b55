"""The catalogue goes out and comes in again, and refused rows come back as a file to mend."""

import csv
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from importing import kind_of, make_shopkeeper, take, take_text

from pickmesh.app import files
from pickmesh.app.exports.catalog import export_catalog, price_text
from pickmesh.app.exports.writers import writer_of
from pickmesh.app.files import FileRefused, Limits
from pickmesh.app.imports.catalog import COLUMNS
from pickmesh.app.imports.outcome import Status, Summary
from pickmesh.app.imports.refused import TOGETHER, RefusedRows
from pickmesh.app.imports.run import import_table, look_over
from pickmesh.core.catalog import patches
from pickmesh.core.catalog.patches import SkuPatch
from pickmesh.core.catalog.rules import NewBarcode, NewComponent, NewShopCode
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import money
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused

ODD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("=1+1", {"name_zh": "=HYPERLINK(0)", "price_micros": 35_900_000, "cost_micros": 1}),
    ("-CUP", {"name_zh": "@SUM", "option_zh": '+红,"大"', "option_en": "'=x", "client": "Lin\\"}),
    ("0012345678901234567", {"name_en": "English only", "weight_g": 1, "currency": "EUR", "product_code": "=1+1"}),
    ("A*B;C\\", {"name_zh": "码", "barcodes": (NewBarcode("X*Y"), NewBarcode("X;Y\\", 3), NewBarcode("Z", 6))}),
    ("LOT", {"name_zh": "批", "lot_tracked": True, "serial_tracked": True}),
    ("EXP", {"name_zh": "效", "lot_tracked": True, "expiry_tracked": True}),
    ("DAY", {"name_zh": "期", "expiry_tracked": True, "shop_codes": (NewShopCode("taobao", "a;b:c\\"),)}),
    ("BOX", {"name_zh": "盒", "components": (NewComponent("SET", 2), NewComponent("-CUP", 1))}),
    ("SET", {"name_zh": "套", "components": (NewComponent("A*B;C\\", 1), NewComponent("=1+1", 12))}),
)


@pytest.fixture
async def shopkeeper(database: Database) -> Actor:
    return await make_shopkeeper(database)


async def export(database: Database, actor: Actor, path: Path) -> int:
    writer = writer_of(path)
    async with database.reading(actor) as uow:
        count = await export_catalog(uow, writer)
    writer.finish()
    return count


async def fill(database: Database, actor: Actor) -> None:
    async with database.unit_of_work(actor) as uow:
        answers = await patches.save_skus(uow, patches=[SkuPatch(code, said) for code, said in ODD])
    assert not [answer for answer in answers if isinstance(answer, Refused)], answers


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_what_is_exported_changes_nothing_when_it_is_imported_and_makes_it_all_elsewhere(
    database: Database, shopkeeper: Actor, tmp_path: Path, ending: str
) -> None:
    await fill(database, shopkeeper)
    path = tmp_path / f"out.{ending}"
    assert await export(database, shopkeeper, path) == len(ODD)
    summary, told = await take(database, shopkeeper, "catalog", path)
    assert (told.refused, dict(summary.by_status)) == ({}, {Status.UNCHANGED: len(ODD)})
    other = await make_shopkeeper(database)
    summary, told = await take(database, other, "catalog", path)
    assert (told.refused, dict(summary.by_status)) == ({}, {Status.CREATED: len(ODD)})
    again = tmp_path / f"again.{ending}"
    await export(database, other, again)
    assert list(table_of(again).rows()) == list(table_of(path).rows())


def table_of(path: Path) -> files.Table:
    return files.open_table(path, COLUMNS, Limits())


async def test_no_cell_of_an_export_is_a_formula(database: Database, shopkeeper: Actor, tmp_path: Path) -> None:
    await fill(database, shopkeeper)
    await export(database, shopkeeper, tmp_path / "out.csv")
    await export(database, shopkeeper, tmp_path / "out.xlsx")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell[:1] in set("=+-@")] == []
    sheet: Any = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    written = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in written} == {"s"}
    assert {cell.number_format for cell in written} == {"@"}
    assert "=1+1" in {cell.value for cell in written}


async def test_a_file_of_few_columns_changes_only_those(database: Database, shopkeeper: Actor, tmp_path: Path) -> None:
    await fill(database, shopkeeper)
    text = "sku,name_zh,price\nEXP,效,12.5\nNEW,新,1\n"
    summary, told = await take_text(database, shopkeeper, "catalog", text, tmp_path)
    assert (told.refused, dict(summary.by_status)) == ({}, {Status.CHANGED: 1, Status.CREATED: 1})
    await export(database, shopkeeper, tmp_path / "out.csv")
    rows = {row.cells["sku"]: row.cells for row in table_of(tmp_path / "out.csv").rows()}
    assert (rows["EXP"]["price"], rows["EXP"]["tracking"], rows["NEW"]["product"]) == ("12.50", "EXPIRY", "NEW")


@given(st.integers(0, money.AMOUNT_MAX))
def test_a_price_is_read_as_it_was_written(micros: int) -> None:
    assert money.parse_price(price_text(micros)) == micros


@given(st.text(alphabet="'=+-@\t\ra1", max_size=6))
def test_a_guarded_text_is_no_formula_and_is_read_as_it_was(text: str) -> None:
    written = files.guarded(text)
    assert files.unguarded(written) == text
    assert written[:1] not in set("=+-@\t\r") or not written


@pytest.mark.parametrize("name", ["out.txt", "out", "no/such/folder/out.csv", "no/such/folder/out.xlsx"])
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefused):
        writer_of(tmp_path / name).finish()


async def send(database: Database, actor: Actor, kind: str, path: Path) -> tuple[Summary, Path | None]:
    """Import a file; return where its refused rows are."""
    reader, refused = await kind_of(database, actor, kind), RefusedRows()
    table = look_over(path, reader, Limits())
    summary = await import_table(database, actor, reader, table, [refused])
    wrote = refused.write(table, path.with_suffix(".refused.csv"))
    refused.close()
    return summary, path.with_suffix(".refused.csv") if wrote else None


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


async def test_refused_rows_are_mended_and_sent_again(database: Database, shopkeeper: Actor, tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    path.write_text(
        "sku,name_zh,components,price\nBOX,盒,NOPE*2,1\nMUG,杯,,dear\nTEA,茶,,2\nTEA,,,3\n-X,=1,,-4\nW,瓦,,5,6\n",
        encoding="utf-8",
    )
    summary, refused = await send(database, shopkeeper, "catalog", path)
    assert (summary.by_status[Status.REFUSED], summary.by_status[Status.CREATED]) == (5, 1)
    assert refused is not None
    header, *rows = rows_of(refused)
    assert header == ["sku", "name_zh", "components", "price", "problem"]
    assert [row[:4] for row in rows] == [
        ["BOX", "盒", "NOPE*2", "1"],
        ["MUG", "杯", "", "dear"],
        ["TEA", "", "", "3"],
        ["'-X", "'=1", "", "'-4"],
        ["W", "瓦", "", "5,6"],
    ]
    assert rows[1][4] == "price: “dear” is not a price; write digits with a decimal point, such as 12.50."
    assert all(row[4] for row in rows)
    mended = refused.read_text(encoding="utf-8-sig").replace("NOPE*2", "TEA*2").replace("dear", "3")
    mended = mended.replace("'-4", "4").replace('"5,6"', "5").replace("TEA,,,3", "TEA2,茶,,3")
    refused.write_text(mended, encoding="utf-8")
    summary, again = await send(database, shopkeeper, "catalog", refused)
    assert (again, dict(summary.by_status)) == (None, {Status.CREATED: 5})


async def test_an_order_goes_into_the_refused_rows_as_a_whole(
    database: Database, shopkeeper: Actor, tmp_path: Path
) -> None:
    header = "shop,order,ordered_at,sku,quantity,recipient,phone,street\n"
    row = "taobao,{},2026-11-24 09:00:00,1,{},林晓彤,+8613800000000,文三路\n"
    path = tmp_path / "orders.csv"
    path.write_text(
        header + row.format("1", "1") + row.format("1", "many") + row.format("2", "1") + row.format("3", "0"),
        encoding="utf-8",
    )
    summary, refused = await send(database, shopkeeper, "orders", path)
    assert refused is not None
    assert (summary.by_status[Status.REFUSED], summary.by_status[Status.CREATED]) == (3, 1)
    told = [(row[1], row[4], row[6], row[8]) for row in rows_of(refused)[1:]]
    assert told[0] == ("1", "1", "'+8613800000000", TOGETHER)
    assert [(each[0], each[1]) for each in told[1:]] == [("1", "many"), ("3", "0")]
    refused.write_text(
        refused.read_text(encoding="utf-8-sig").replace(",many,", ",2,").replace(",0,", ",1,"), encoding="utf-8"
    )
    summary, again = await send(database, shopkeeper, "orders", refused)
    assert (again, summary.by_status[Status.CREATED]) == (None, 3)


async def test_nothing_is_written_where_nothing_was_refused(
    database: Database, shopkeeper: Actor, tmp_path: Path
) -> None:
    path = tmp_path / "catalog.csv"
    path.write_text("sku,name_zh,problem\nTEA,茶,whatever it was\n", encoding="utf-8")
    _, refused = await send(database, shopkeeper, "catalog", path)
    assert refused is None
    assert [each.name for each in tmp_path.iterdir()] == ["catalog.csv"]


async def test_a_workbooks_refused_rows_come_back_as_text(
    database: Database, shopkeeper: Actor, tmp_path: Path
) -> None:
    book: Any = openpyxl.Workbook()
    for row in (["sku", "name_zh", "weight_g"], ["A", "甲", 0], ["B", "乙", 5], [6957764102201, None, 2.5]):
        book.active.append(row)
    book.save(tmp_path / "catalog.xlsx")
    _, refused = await send(database, shopkeeper, "catalog", tmp_path / "catalog.xlsx")
    assert refused is not None
    assert [row[:3] for row in rows_of(refused)[1:]] == [["A", "甲", "0"], ["6957764102201", "", "2.5"]]
