"""The demo's files, written and read back as an importer reads them."""

import csv
import io
import json
import re
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pickmesh.app.demo import files, people, regions, tables
from pickmesh.scanner.codes import gtin

TODAY = date(2026, 11, 24)
Rows = list[dict[str, str]]


class WrittenDemo:
    """A written demo and its rows by merchant."""

    def __init__(self, written: files.DemoFiles) -> None:
        self.written = written
        self.manifest: dict[str, Any] = json.loads(written.manifest.read_text(encoding="utf-8"))
        self.catalog = {each.merchant: read_csv(each.catalog) for each in written.merchants}
        self.orders = {each.merchant: read_orders(each) for each in written.merchants}
        self.places = {each.merchant: read_csv(each.places) for each in written.merchants if each.places}
        self.stock = {each.merchant: read_csv(each.stock) for each in written.merchants if each.stock}

    def all_rows(self, by_merchant: dict[str, Rows]) -> Rows:
        return [row for rows in by_merchant.values() for row in rows]

    def components(self, merchant: str) -> dict[str, list[tuple[str, int]]]:
        """SKU -> the SKUs and pieces one of it takes from the shelf."""
        return {row["sku"]: counted(row["components"]) or [(row["sku"], 1)] for row in self.catalog[merchant]}

    def sku_by_shop_code(self, merchant: str) -> dict[tuple[str, str], str]:
        return {
            (shop, code): row["sku"]
            for row in self.catalog[merchant]
            for shop, code in (pair.split(":", 1) for pair in row["shop_codes"].split(";"))
        }

    def supplied_by(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(reseller, its SKU) -> (supplier, the supplier's SKU)."""
        return {
            (each["distributor"], own): (each["supplier"], theirs)
            for each in self.manifest["partnerships"]
            for own, theirs in each["sku_map"].items()
        }


def counted(text: str) -> list[tuple[str, int]]:
    """Read `A*2;B` as pairs, a missing number being 1."""
    parts = [part.partition("*") for part in text.split(";") if part]
    return [(code, int(number or 1)) for code, _, number in parts]


def read_csv(path: Path, encoding: str = "utf-8") -> Rows:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(encoding), newline="")))


def read_xlsx(path: Path) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(path)["orders"]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def read_orders(merchant: files.MerchantFiles) -> Rows:
    if merchant.orders_encoding:
        return read_csv(merchant.orders, merchant.orders_encoding)
    header, *rows = read_xlsx(merchant.orders)
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    return [dict(zip(header, row, strict=True)) for row in texts]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> WrittenDemo:
    return WrittenDemo(files.write_demo(tmp_path_factory.mktemp("demo"), today=TODAY))


def covered(demo: WrittenDemo, merchants: tuple[str, ...]) -> tuple[int, int]:
    """Serve all order lines from sellable, unexpired stock by promise, all or nothing; return (served, lines)."""
    free: Counter[tuple[str, str]] = Counter()
    for merchant, rows in demo.stock.items():
        sellable = {place["place"] for place in demo.places[merchant] if place["pool"] == "SELLABLE"}
        for row in rows:
            if row["place"] in sellable and (not row["expires_on"] or row["expires_on"] > TODAY.isoformat()):
                free[merchant, row["sku"]] += int(row["quantity"])
    lines = [(row["ship_by"], row["order"], merchant, row) for merchant in merchants for row in demo.orders[merchant]]
    supplied_by, served = demo.supplied_by(), 0
    for _, _, merchant, row in sorted(lines, key=lambda each: each[:2]):
        sku = demo.sku_by_shop_code(merchant)[row["shop"], row["sku"]]
        wanted: Counter[tuple[str, str]] = Counter()
        for component, pieces in demo.components(merchant)[sku]:
            wanted[supplied_by.get((merchant, component), (merchant, component))] += pieces * int(row["quantity"])
        if all(free[key] >= pieces for key, pieces in wanted.items()):
            free -= wanted
            served += 1
    return served, len(lines)


def test_the_world_has_exactly_its_size(demo: WrittenDemo) -> None:
    merchants = demo.manifest["merchants"]
    assert [each["code"] for each in merchants] == ["linan", "beihai", "yunduan"]
    assert sorted(shop["platform"] for each in merchants for shop in each["shops"]) == [
        "DOUYIN",
        "JD",
        "PDD",
        "SHOPIFY",
        "TAOBAO",
    ]
    assert [warehouse["code"] for each in merchants for warehouse in each["warehouses"]] == ["WH1", "WH2"]
    kinds = Counter(row["kind"] for row in demo.all_rows(demo.places))
    assert (kinds["BIN"], kinds["TOTE"], kinds["MISSING"], kinds["HOSPITAL"]) == (400, 40, 2, 2)
    assert len(demo.all_rows(demo.catalog)) == 800
    assert sum(1 for row in demo.all_rows(demo.catalog) if row["components"]) == 30
    assert len({(row["shop"], row["order"]) for row in demo.all_rows(demo.orders)}) == 600


def test_each_merchant_has_its_staff(demo: WrittenDemo) -> None:
    for merchant in demo.manifest["merchants"]:
        code = merchant["code"]
        logins = ["picker1", "picker2", "picker3", "packer1", "packer2"]
        assert [person["sign_in"] for person in merchant["people"]] == [
            f"{login}@{code}" for login in ["owner", "manager", "purchaser", *logins, "support"]
        ]
        assert len({person["name_zh"] for person in merchant["people"]}) == 9
        assert {person["locale"] for person in merchant["people"]} == {"zh-CN", "en"}
        assert not any("password" in person for person in merchant["people"])


def test_headers_are_the_importers(demo: WrittenDemo) -> None:
    linan = demo.written.merchants[0]
    assert linan.places and linan.stock
    headers = [path.read_text("utf-8").splitlines()[0] for path in (linan.places, linan.catalog, linan.stock)]
    assert headers == [
        "warehouse,warehouse_name,time_zone,place,kind,role,pool,zone,walk_sequence,x_mm,y_mm",
        "sku,product,name_zh,name_en,option_zh,option_en,barcodes,weight_g,length_mm,width_mm,height_mm,price,cost,"
        "currency,tracking,components,shop_codes",
        "warehouse,place,sku,quantity,lot,expires_on,serial",
    ]
    for merchant in ("linan", "beihai", "yunduan"):
        assert ",".join(demo.orders[merchant][0]) == (
            "shop,order,line,ordered_at,paid_at,sku,quantity,unit_price,currency,payment,freight,recipient,phone,"
            "country,province,city,district,street,postcode,ship_by,remark,seller_flag"
        )


def test_every_barcode_is_a_trade_number_of_one_article(demo: WrittenDemo) -> None:
    seen: dict[str, tuple[str, str]] = {}
    supplied_by = demo.supplied_by()
    for merchant, rows in demo.catalog.items():
        assert len({row["sku"] for row in rows}) == len(rows)
        for row in rows:
            (ean, one), *packs = counted(row["barcodes"])
            assert one == 1
            assert re.fullmatch(r"69[0-9]{11}", ean)
            assert [(pack[0], pack[1:13], pieces) for pack, pieces in packs] in (
                [],
                [("1", ean[:12], 6), ("2", ean[:12], 24)],
            )
            owner = supplied_by.get((merchant, row["sku"]), (merchant, row["sku"]))
            for barcode, _ in counted(row["barcodes"]):
                assert gtin.normalise(barcode) == barcode.zfill(14)
                assert seen.setdefault(barcode, owner) == owner
    assert sum(1 for barcode in seen if len(barcode) == 14) > 300


def test_the_reseller_lists_the_suppliers_goods(demo: WrittenDemo) -> None:
    skus = {merchant: {row["sku"]: row for row in rows} for merchant, rows in demo.catalog.items()}
    singles = {row["sku"] for row in demo.catalog["yunduan"] if not row["components"]}
    assert {own for _, own in demo.supplied_by()} == singles
    for (_, own), (supplier, theirs) in demo.supplied_by().items():
        assert skus["yunduan"][own]["barcodes"] == skus[supplier][theirs]["barcodes"].split(";")[0]
        assert Decimal(skus["yunduan"][own]["cost"]) < Decimal(skus[supplier][theirs]["price"])


def test_articles_are_plausible(demo: WrittenDemo) -> None:
    for row in demo.all_rows(demo.catalog):
        assert Decimal("0.1") < Decimal(row["cost"]) < Decimal(row["price"]) < 3000
        assert 1 <= int(row["weight_g"]) <= 30_000
        assert all(1 <= int(row[side]) <= 1500 for side in ("length_mm", "width_mm", "height_mm"))
        assert row["currency"] == "CNY"
        assert all(row[name] for name in ("name_zh", "name_en", "option_zh", "option_en"))
    tracking = Counter(row["tracking"] for row in demo.all_rows(demo.catalog))
    assert set(tracking) == {"", "lot", "expiry", "serial"}
    assert 5 <= tracking["serial"] <= 20


def test_bundles_are_made_of_the_merchants_single_articles(demo: WrittenDemo) -> None:
    for rows in demo.catalog.values():
        singles = {row["sku"] for row in rows if not row["components"]}
        for row in rows:
            parts = counted(row["components"])
            assert {sku for sku, _ in parts} <= singles
            assert not parts or sum(pieces for _, pieces in parts) >= 2


def test_bins_are_walked_in_serpentine(demo: WrittenDemo) -> None:
    for rows in demo.places.values():
        assert len({row["place"] for row in rows}) == len(rows)
        bins = [row for row in rows if row["kind"] == "BIN"]
        assert [int(row["walk_sequence"]) for row in bins] == list(range(1, len(bins) + 1))
        assert all(re.fullmatch(r"[AB][0-9]{2}-[0-9]{2}-[1-4]", row["place"]) for row in bins)
        assert {row["role"] for row in bins} == {"PICK", "OVERFLOW"}
        # From one bin to the next is at most one bay along or one aisle across, never back to an aisle's start.
        steps = {(abs(int(b["x_mm"]) - int(a["x_mm"])), int(b["y_mm"]) - int(a["y_mm"])) for a, b in pairwise(bins)}
        assert steps == {(0, 0), (1200, 0), (0, 2800)}


def test_stock_lies_in_bins_and_fits_its_tracking(demo: WrittenDemo) -> None:
    for merchant, rows in demo.stock.items():
        bins = {(row["warehouse"], row["place"]) for row in demo.places[merchant] if row["kind"] == "BIN"}
        tracking = {row["sku"]: row["tracking"] for row in demo.catalog[merchant] if not row["components"]}
        assert {(row["warehouse"], row["place"]) for row in rows} <= bins
        for row in rows:
            wanted = tracking[row["sku"]]
            assert int(row["quantity"]) == 1 if wanted == "serial" else int(row["quantity"]) > 0
            assert bool(row["serial"]) == (wanted == "serial")
            assert bool(row["lot"]) == (wanted in {"lot", "expiry"})
            assert bool(row["expires_on"]) == (wanted == "expiry")
        keys = [(row["place"], row["sku"], row["lot"], row["serial"]) for row in rows]
        assert len(set(keys)) == len(keys)
    serials = [row["serial"] for row in demo.all_rows(demo.stock) if row["serial"]]
    assert len(set(serials)) == len(serials) > 50


def test_only_quarantine_holds_expired_goods(demo: WrittenDemo) -> None:
    for merchant, rows in demo.stock.items():
        pools = {row["place"]: row["pool"] for row in demo.places[merchant]}
        expired = [row for row in rows if row["expires_on"] and row["expires_on"] <= TODAY.isoformat()]
        assert [pools[row["place"]] for row in expired] == ["QUARANTINE", "QUARANTINE"]


def test_every_order_line_names_an_article_its_shop_sells(demo: WrittenDemo) -> None:
    for merchant, rows in demo.orders.items():
        codes = demo.sku_by_shop_code(merchant)
        assert len(codes) == sum(len(row["shop_codes"].split(";")) for row in demo.catalog[merchant])
        assert all((row["shop"], row["sku"]) in codes for row in rows)


def orders_by_number(rows: Rows) -> dict[tuple[str, str], Rows]:
    orders: dict[tuple[str, str], Rows] = {}
    for row in rows:
        orders.setdefault((row["shop"], row["order"]), []).append(row)
    return orders


def test_lines_of_an_order_repeat_its_own_columns(demo: WrittenDemo) -> None:
    of_the_line = {"line", "sku", "quantity", "unit_price"}
    for lines in orders_by_number(demo.all_rows(demo.orders)).values():
        assert [row["line"] for row in lines] == [str(number) for number in range(1, len(lines) + 1)]
        assert len({tuple(value for name, value in row.items() if name not in of_the_line) for row in lines}) == 1


def test_demand_looks_like_a_shops(demo: WrittenDemo) -> None:
    single = bundled = 0
    contents: Counter[tuple[str, ...]] = Counter()
    for merchant, rows in demo.orders.items():
        codes, components = demo.sku_by_shop_code(merchant), demo.components(merchant)
        for lines in orders_by_number(rows).values():
            content = [(codes[row["shop"], row["sku"]], row["quantity"]) for row in lines]
            is_bundle = [components[sku] != [(sku, 1)] for sku, _ in content]
            single += len(content) == 1 and content[0][1] == "1" and not any(is_bundle)
            bundled += any(is_bundle)
            contents[merchant, *sorted(f"{sku}*{quantity}" for sku, quantity in content)] += 1
    assert single == 360
    assert bundled == 30
    assert contents.most_common(1)[0][1] >= 20  # a run of identical single-item orders
    assert max(times for content, times in contents.items() if len(content) > 2) >= 11  # and of identical pairs
    quantities = Counter(int(row["quantity"]) for row in demo.all_rows(demo.orders))
    assert set(quantities) == {1, 2, 3, 4, 5, 6}


def test_payments_and_remarks_vary(demo: WrittenDemo) -> None:
    orders = [lines[0] for lines in orders_by_number(demo.all_rows(demo.orders)).values()]
    payments = Counter(row["payment"] for row in orders)
    assert set(payments) == {"PAID", "UNPAID", "COD"}
    assert payments["PAID"] > 500
    assert all(bool(row["paid_at"]) == (row["payment"] == "PAID") for row in orders)
    assert 60 <= sum(1 for row in orders if row["remark"]) <= 160
    assert {row["seller_flag"] for row in orders} == {"", "RED", "YELLOW", "GREEN", "BLUE", "PURPLE"}


def test_orders_are_of_the_last_three_days_and_not_late_at_midnight(demo: WrittenDemo) -> None:
    midnight = datetime.fromisoformat(f"{TODAY.isoformat()}T00:00:00+08:00")
    days = set()
    for row in demo.all_rows(demo.orders):
        ordered_at, ship_by = datetime.fromisoformat(row["ordered_at"]), datetime.fromisoformat(row["ship_by"])
        assert row["ordered_at"].endswith("+08:00")
        assert midnight - timedelta(days=3) <= ordered_at < midnight < ship_by
        assert row["ship_by"][11:] in {"11:30:00+08:00", "16:00:00+08:00", "20:00:00+08:00"}
        assert not row["paid_at"] or ordered_at < datetime.fromisoformat(row["paid_at"]) < midnight
        days.add(ordered_at.date())
    assert len(days) == 3


def test_addresses_are_real_districts_with_their_postcodes(demo: WrittenDemo) -> None:
    known = {(each.province, each.city, each.name, each.postcode) for each in regions.DISTRICTS}
    first_digits = {
        "北京市": "10",
        "上海市": "20",
        "广东省": "51 52",
        "浙江省": "31 32",
        "四川省": "61 62",
        "西藏自治区": "85",
    }
    seen = Counter(row["province"] for row in demo.all_rows(demo.orders))
    assert len(seen) > 20
    for row in demo.all_rows(demo.orders):
        assert (row["province"], row["city"], row["district"], row["postcode"]) in known
        assert re.fullmatch(r"[0-9]{6}", row["postcode"])
        assert row["postcode"][:2] in first_digits.get(row["province"], row["postcode"][:2]).split()


def test_nobodys_telephone_number_is_used(demo: WrittenDemo) -> None:
    phones = {row["phone"] for row in demo.all_rows(demo.orders)}
    assert len(phones) > 500
    assert all(re.fullmatch(people.PHONE_PATTERN, phone) and phone[3:7] == "0000" for phone in phones)


@pytest.mark.parametrize("merchants", [("linan", "beihai"), ("linan", "beihai", "yunduan")])
def test_opening_stock_covers_most_but_not_all(demo: WrittenDemo, merchants: tuple[str, ...]) -> None:
    served, lines = covered(demo, merchants)
    assert 0.90 <= served / lines <= 0.98


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_seed_makes_a_world_of_the_same_size_and_cover(tmp_path: Path, seed: int) -> None:
    other = WrittenDemo(files.write_demo(tmp_path, seed=seed, today=date(2027, 2, 28)))
    assert len(other.all_rows(other.catalog)) == 800
    assert len({(row["shop"], row["order"]) for row in other.all_rows(other.orders)}) == 600
    served, lines = covered(other, ("linan", "beihai"))
    assert 0.90 <= served / lines <= 0.98


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (
        files.write_demo(tmp_path / name, seed=seed, today=TODAY) for name, seed in (("a", 7), ("b", 7), ("c", 8))
    )
    text_files = sorted(
        path.relative_to(first.folder) for path in first.folder.rglob("*") if path.suffix != ".xlsx" and path.is_file()
    )
    assert len(text_files) == 10
    for name in text_files:
        assert (first.folder / name).read_bytes() == (again.folder / name).read_bytes()
    assert read_xlsx(first.merchants[2].orders) == read_xlsx(again.merchants[2].orders)
    assert first.merchants[0].orders.read_bytes() != other.merchants[0].orders.read_bytes()


def test_beihais_orders_need_gb18030(demo: WrittenDemo) -> None:
    content = demo.written.merchants[1].orders.read_bytes()
    assert "广东省" in content.decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    with pytest.raises(UnicodeDecodeError):
        content.decode("gbk")


def test_the_workbook_keeps_codes_as_text(demo: WrittenDemo) -> None:
    header, *rows = read_xlsx(demo.written.merchants[2].orders)
    assert tuple(header) == tables.ORDERS_HEADER
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        assert isinstance(cells["quantity"], int)
        assert all(isinstance(cells[name], str) for name in ("order", "line", "sku", "phone", "postcode", "unit_price"))


def test_a_second_writing_replaces_the_first(tmp_path: Path) -> None:
    files.write_demo(tmp_path, seed=1, today=TODAY)
    again = files.write_demo(tmp_path, seed=2, today=TODAY)
    fresh = files.write_demo(tmp_path / "fresh", seed=2, today=TODAY)
    assert again.manifest.read_bytes() == fresh.manifest.read_bytes()
    assert again.merchants[0].stock and fresh.merchants[0].stock
    assert again.merchants[0].stock.read_bytes() == fresh.merchants[0].stock.read_bytes()
