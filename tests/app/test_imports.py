import gc
import tracemalloc
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from importing import make_shopkeeper, take, take_text

from pickmesh.app.demo import files as demo
from pickmesh.app.imports import run
from pickmesh.app.imports.outcome import Status
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts.commands import NewShop
from pickmesh.core.accounts.tables import Platform
from pickmesh.core.catalog.tables import Barcode, BundleComponent, Sku
from pickmesh.core.db.base import Base
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import EventRow
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders.tables import FulfillmentOrder, Hold, OrderLine, SalesOrder
from pickmesh.core.packing.tables import Station
from pickmesh.core.stock.tables import Location, Place, StockBalance, StockMove

PLACES = "warehouse,place,kind,role\nWH1,A-01,BIN,PICK\nWH1,A-02,BIN,PICK\nWH1,B1,BENCH,\n"
CATALOG = (
    "sku,name_zh,barcodes,tracking,components,shop_codes,price\n"
    "SET,礼盒,,,MUG*2;TEA,taobao:9001,99.00\n"
    "MUG,马克杯,6957764102201;16957764102208*6,,,taobao:1001;douyin:D1,35.90\n"
    "TEA,绿茶,,expiry,,taobao:1002,20\n"
)
STOCK = (
    "warehouse,place,sku,quantity,lot,expires_on\nWH1,A-01,MUG,10,,\nWH1,A-02,TEA,5,L1,2027-05-01\nWH1,A-01,TEA,0,,\n"
)
ORDERS_HEADER = (
    "shop,order,line,ordered_at,sku,quantity,unit_price,payment,recipient,phone,province,city,street,ship_by\n"
)


def order_row(order: str, line: str = "1", **changed: str) -> str:
    cells = {
        "shop": "taobao",
        "order": order,
        "line": line,
        "ordered_at": "2026-11-24 09:00:00",
        "sku": "1001",
        "quantity": "1",
        "unit_price": "35.90",
        "payment": "PAID",
        "recipient": "吴㛃",
        "phone": "15700003003",
        "province": "天津市",
        "city": "天津市",
        "street": "环城东路877号",
        "ship_by": "",
    }
    return ",".join((cells | changed).values()) + "\n"


@pytest.fixture
async def shopkeeper(database: Database) -> Actor:
    return await make_shopkeeper(database)


@pytest.fixture
async def stocked(database: Database, shopkeeper: Actor, tmp_path: Path) -> Actor:
    for name, text in (("places", PLACES), ("catalog", CATALOG), ("stock", STOCK)):
        summary, told = await take_text(database, shopkeeper, name, text, tmp_path)
        assert told.refused == {}
        assert summary.exit_code == 0
    return shopkeeper


async def count(database: Database, actor: Actor, *tables: type[Base]) -> list[int]:
    async with database.reading(actor) as uow:
        return [
            int(await uow.scalar(sa.select(sa.func.count()).select_from(table).where(uow.mine(table))))
            for table in tables
        ]


async def test_files_become_places_skus_stock_and_orders(database: Database, stocked: Actor, tmp_path: Path) -> None:
    assert await count(database, stocked, Location, Station, Sku, Barcode, BundleComponent, StockBalance) == [
        1, 1, 3, 2, 2, 2
    ]  # fmt: skip
    text = ORDERS_HEADER + order_row("8001") + order_row("8001", "2", sku="9001", quantity="2") + order_row("8002")
    summary, _ = await take_text(database, stocked, "orders", text, tmp_path)
    assert (summary.rows, dict(summary.by_status)) == (3, {Status.CREATED: 3})
    assert await count(database, stocked, SalesOrder, OrderLine, FulfillmentOrder) == [2, 3, 2]


async def test_a_second_run_changes_nothing_and_says_so(database: Database, stocked: Actor, tmp_path: Path) -> None:
    orders = ORDERS_HEADER + order_row("8001") + order_row("8002", payment="UNPAID")
    await take_text(database, stocked, "orders", orders, tmp_path)
    before = await count(database, stocked, EventRow, StockMove, Place, Sku, SalesOrder)
    for name, text in (("places", PLACES), ("catalog", CATALOG), ("stock", STOCK), ("orders", orders)):
        summary, _ = await take_text(database, stocked, name, text, tmp_path)
        assert dict(summary.by_status) == {Status.UNCHANGED: summary.rows}
    assert await count(database, stocked, EventRow, StockMove, Place, Sku, SalesOrder) == before


async def test_a_changed_row_is_brought_up_to_date(database: Database, stocked: Actor, tmp_path: Path) -> None:
    _, told = await take_text(database, stocked, "catalog", CATALOG.replace("马克杯", "大马克杯"), tmp_path)
    assert {row: status for row, (status, _) in sorted(told.rows.items())} == {
        2: Status.UNCHANGED,
        3: Status.CHANGED,
        4: Status.UNCHANGED,
    }


async def test_bad_stock_rows_are_named_and_the_good_ones_go_on(
    database: Database, stocked: Actor, tmp_path: Path
) -> None:
    text = (
        "warehouse,place,sku,quantity\n"
        "WH1,A-02,MUG,-3\n"
        "WH1,A-02,MUG,three\n"
        "WH1,A-02,NOPE,1\n"
        "WH9,A-02,MUG,1\n"
        "WH1,Z-99,MUG,1\n"
        "WH1,A-02,MUG,\n"
        "WH1,A-02,MUG,7\n"
        "wh1,a-02,MUG,8\n"
        "WH1,A-02\n"
    )
    summary, told = await take_text(database, stocked, "stock", text, tmp_path)
    assert summary.exit_code == 1
    assert told.refused == {
        2: "quantity -3 is out of bounds; it must be between 0 and 1000000000.",
        3: "quantity “three” is not a whole number; write digits only, such as 12.",
        4: "There is no SKU “NOPE”; import the catalogue first, or correct the code.",
        5: "There is no warehouse “WH9”; import its places first, or correct the code.",
        6: "“WH1” has no place “Z-99”; import its places first, or correct the code.",
        7: "quantity is empty; write a whole number of 0 or more.",
        9: "“a-02/MUG” stands at row 8 already; keep one of the rows.",
        10: "This row has 2 cells but the header names 4 columns; put text that holds a comma between double quotes.",
    }
    async with database.reading(stocked) as uow:
        held = await uow.fetch(sa.select(StockBalance.quantity).where(uow.mine(StockBalance)))
    assert sorted(row.quantity for row in held) == [5, 7, 10]


async def test_bad_orders_are_refused_whole_and_the_others_go_on(
    database: Database, stocked: Actor, tmp_path: Path
) -> None:
    rows = [
        order_row("8001"),
        order_row("8001", "2", quantity="-1"),
        order_row("8002"),
        order_row("8001", "3"),
        order_row("8003", shop="nowhere"),
        order_row("2.44629E+18"),
        order_row("8004", ordered_at="yesterday"),
        order_row("8005"),
        order_row("8005", "2", recipient="别人"),
        order_row("8006", payment="PERHAPS"),
        order_row("8007"),
        order_row("8007", "1"),
        order_row("8008", unit_price="12,50"),
    ]
    rows[-1] = rows[-1].replace("12,50", '"12,50"')
    summary, told = await take_text(database, stocked, "orders", ORDERS_HEADER + "".join(rows), tmp_path)
    assert told.refused == {
        2: "",
        3: "quantity -1 is out of bounds; it must be between 1 and 1000000000.",
        5: "Order “8001” stands at row 2 already; put all its lines one below the other, once.",
        6: "There is no shop “nowhere”; correct the code, or create the shop first.",
        7: "order “2.44629E+18” lost digits in a spreadsheet, which keeps 15; format the column as text and paste the"
        " code again.",
        8: "ordered_at “yesterday” is not a time; write it as 2026-11-24 09:30:00.",
        9: "",
        10: "recipient differs from row 9 of the same order; make them agree.",
        11: "payment “PERHAPS” is not known; write one of UNPAID, PARTLY_PAID, PAID, PARTLY_REFUNDED, REFUNDED, COD.",
        12: "",
        13: "Line “1” stands twice in this order; number its lines differently.",
        14: "unit_price: “12,50” is not a price; write digits with a decimal point, such as 12.50.",
    }
    assert dict(summary.by_status) == {Status.CREATED: 1, Status.REFUSED: 12}
    assert await count(database, stocked, SalesOrder, OrderLine) == [1, 1]


async def test_an_order_of_goods_nobody_mapped_is_kept_on_hold(
    database: Database, stocked: Actor, tmp_path: Path
) -> None:
    text = ORDERS_HEADER + order_row("8001", sku="UNKNOWN")
    summary, _ = await take_text(database, stocked, "orders", text, tmp_path)
    assert (dict(summary.by_status), summary.held) == ({Status.CREATED: 1}, 1)
    async with database.reading(stocked) as uow:
        holds = await uow.fetch(sa.select(Hold.reason).where(uow.mine(Hold)))
    assert [row.reason for row in holds] == ["UNMAPPED_SKU"]


async def test_the_row_that_an_order_waits_for_says_so_until_it_is_mended(
    database: Database, stocked: Actor, tmp_path: Path
) -> None:
    rows = [
        order_row("8001"),
        order_row("8001", "2", sku="9009"),
        order_row("8002", payment="UNPAID"),
        order_row("8003"),
    ]
    unmapped = (
        "On hold: the code “9009” is not mapped to a SKU yet; map it in the catalogue (shop_codes) and import the"
        " catalogue."
    )
    unpaid = "On hold: the order is not paid in full yet; import it again once it is."
    for status in (Status.CREATED, Status.UNCHANGED):
        summary, told = await take_text(database, stocked, "orders", ORDERS_HEADER + "".join(rows), tmp_path)
        assert told.rows == {2: (status, ""), 3: (status, unmapped), 4: (status, unpaid), 5: (status, "")}
        assert (summary.rows, summary.held, summary.exit_code) == (4, 3, 0)
        assert [(note.row, note.column, note.code) for note in summary.notes] == [
            (3, "sku", "UNMAPPED_SKU"), (4, "payment", "PAYMENT")
        ]  # fmt: skip
    rows[2] = order_row("8002", payment="PAID")
    summary, told = await take_text(database, stocked, "orders", ORDERS_HEADER + "".join(rows), tmp_path)
    assert (told.rows[4], summary.held) == ((Status.CHANGED, ""), 2)


async def test_a_file_without_a_shop_column_is_for_the_shop_that_is_named(
    database: Database, stocked: Actor, tmp_path: Path
) -> None:
    text = (ORDERS_HEADER + order_row("8001")).replace("shop,", "").replace("taobao,", "")
    _, told = await take_text(database, stocked, "orders", text, tmp_path)
    assert told.refused == {2: "No shop is named; fill in the shop column or say --shop."}
    summary, _ = await take_text(database, stocked, "orders", text, tmp_path, shop="douyin")
    assert dict(summary.by_status) == {Status.CREATED: 1}


async def test_bad_catalogue_rows_are_named(database: Database, shopkeeper: Actor, tmp_path: Path) -> None:
    text = (
        "sku,name_zh,barcodes,tracking,components,shop_codes,price,weight_g\n"
        "A,,,,,,,\n"
        "B,杯,6.95776E+12,,,,,\n"
        "C,碗,123*0,,,,,\n"
        "D,盘,,colour,,,,\n"
        "E,盒,,,NOPE*2,,,\n"
        "F,锅,,,,nowhere:1,,\n"
        "G,壶,,,,taobao,,\n"
        "H,灯,,,,,-1,\n"
        "I,伞,,,,,,0\n"
        "J,刀,,,,,,12\n"
        "J,刀,,,,,,12\n"
    )
    _, told = await take_text(database, shopkeeper, "catalog", text, tmp_path)
    assert told.refused == {
        2: "name_zh is empty; fill it in.",
        3: "barcodes “6.95776E+12” lost digits in a spreadsheet, which keeps 15; format the column as text and paste"
        " the code again.",
        4: "barcodes: “0” is not a number of pieces; write code*12.",
        5: "tracking “colour” is not known; write one of NONE, LOT, EXPIRY, DATE, SERIAL, several joined by +.",
        6: told.refused[6],
        7: told.refused[7],
        8: "shop_codes “taobao” names no code; write shop:code;shop:code.",
        9: "price: price “-1” must be zero or more.",
        10: "weight_g 0 is out of bounds; it must be between 1 and 1000000000.",
        12: "SKU “J” stands at row 11 already; keep one of the rows.",
    }
    assert "NOPE" in told.refused[6]
    assert "nowhere" in told.refused[7]
    assert await count(database, shopkeeper, Sku) == [1]


async def test_the_demos_own_files_go_in_whole_in_every_encoding(database: Database, tmp_path: Path) -> None:
    written = demo.write_demo(tmp_path, today=date(2026, 11, 24))
    beihai = next(each for each in written.merchants if each.merchant == "beihai")
    assert beihai.orders_encoding == "gb18030"
    assert beihai.places is not None
    assert beihai.stock is not None
    actor = await make_shopkeeper(database)
    async with database.unit_of_work(actor) as uow:
        shops = [NewShop("beihai-jd", "京东店", Platform.JD), NewShop("beihai-pdd", "拼多多店", Platform.PDD)]
        await accounts.create_shops(uow, shops=shops)
    files = {"places": beihai.places, "catalog": beihai.catalog, "stock": beihai.stock, "orders": beihai.orders}
    for status in (Status.CREATED, Status.UNCHANGED):
        for name, path in files.items():
            summary, told = await take(database, actor, name, path)
            made_with_the_warehouse = 1 if (name, status) == ("places", Status.CREATED) else 0  # MISSING
            assert (name, told.refused) == (name, {})
            assert summary.by_status[status] == summary.rows - made_with_the_warehouse
    assert await count(database, actor, SalesOrder) == [220]


async def test_a_workbook_of_orders_goes_in_like_a_csv(database: Database, stocked: Actor, tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("orders")
    for line in (ORDERS_HEADER + order_row("8001") + order_row("8002")).splitlines():
        sheet.append([int(cell) if cell == "1" else cell for cell in line.split(",")])
    book.save(tmp_path / "orders.xlsx")
    for status in (Status.CREATED, Status.UNCHANGED):
        summary, _ = await take(database, stocked, "orders", tmp_path / "orders.xlsx")
        assert dict(summary.by_status) == {status: 2}


async def test_memory_is_bounded_by_the_batch_and_not_by_the_file(
    shared_databases: dict[str, Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH_ROWS", 100)
    database = shared_databases["sqlite"]
    actor = await make_shopkeeper(database)
    peaks = []
    for orders in (200, 1_000):
        text = ORDERS_HEADER + "".join(order_row(f"{orders}-{index}", sku="NOPE") for index in range(orders))
        (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
        gc.collect()
        gc.freeze()  # garbage is collected by what the import leaves, not by what a thousand tests before it left
        tracemalloc.start()
        summary, _ = await take(database, actor, "orders", tmp_path / "orders.csv")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        gc.unfreeze()
        assert summary.rows == orders
    more_of_the_file, of_the_batch = (peaks[1] - peaks[0]) / 800, peaks[0] / run.BATCH_ROWS
    assert more_of_the_file < of_the_batch / 5  # of each order a few words stay: which it was and what became of it
