"""The demo as files: per merchant places, catalogue, stock and orders as its people would send them, and demo.json."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl

from pickmesh.app.demo import tables, world
from pickmesh.app.demo.generate import MerchantDemo, generate
from pickmesh.app.demo.people import Person

SEED = 20261124


@dataclass(frozen=True, slots=True)
class MerchantFiles:
    """Where one merchant's files lie; a merchant without a warehouse has no places and no stock."""

    merchant: str
    catalog: Path
    orders: Path
    orders_encoding: str | None  # None for XLSX
    places: Path | None
    stock: Path | None


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the demo lies: demo.json and each merchant's files, in the order to load them."""

    folder: Path
    manifest: Path
    merchants: tuple[MerchantFiles, ...]


def write_demo(folder: Path, *, seed: int = SEED, today: date) -> DemoFiles:
    """Write the demo into a folder, which is made if need be; same-named files there are replaced.

    Orders were placed in the three days before `today`. The same seed and day give byte-identical CSV and JSON files,
    and a workbook with the same cells.
    """
    demos = generate(seed=seed, today=today)
    files = tuple(_write_merchant(folder / demo.merchant.code, demo) for demo in demos)
    manifest = folder / "demo.json"
    described = {
        "seed": seed,
        "today": today.isoformat(),
        "merchants": [_described(demo, written, folder) for demo, written in zip(demos, files, strict=True)],
        "partnerships": [each for demo in demos for each in _partnerships(demo)],
    }
    manifest.write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")
    return DemoFiles(folder, manifest, files)


def _write_merchant(folder: Path, demo: MerchantDemo) -> MerchantFiles:
    folder.mkdir(parents=True, exist_ok=True)
    catalog = _write_csv(folder / "catalog.csv", tables.CATALOG_HEADER, tables.catalog_rows(demo.skus))
    places = stock = None
    if warehouse := demo.merchant.warehouse:
        places = _write_csv(folder / "places.csv", tables.PLACES_HEADER, tables.place_rows(warehouse, demo.places))
        stock = _write_csv(folder / "stock.csv", tables.STOCK_HEADER, tables.stock_rows(warehouse, demo.stock))
    rows = tables.order_rows(demo.orders)
    if demo.merchant.orders_format == "xlsx":
        orders, encoding = _write_xlsx(folder / "orders.xlsx", tables.ORDERS_HEADER, rows), None
    else:
        encoding = demo.merchant.orders_format
        orders = _write_csv(folder / "orders.csv", tables.ORDERS_HEADER, rows, encoding)
    return MerchantFiles(demo.merchant.code, catalog, orders, encoding, places, stock)


def _write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[tables.Cell]], encoding: str = "utf-8"
) -> Path:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding=encoding, newline="")
    return path


def _write_xlsx(path: Path, header: Sequence[str], rows: Iterable[Sequence[tables.Cell]]) -> Path:
    """Write a workbook of one sheet; only quantities are numbers, so that Excel shortens no code."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("orders")
    sheet.append(header)
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def _described(demo: MerchantDemo, files: MerchantFiles, folder: Path) -> dict[str, object]:
    merchant, warehouse = demo.merchant, demo.merchant.warehouse
    written = {"places": files.places, "catalog": files.catalog, "stock": files.stock, "orders": files.orders}
    return {
        "code": merchant.code,
        "name_zh": merchant.name_zh,
        "name_en": merchant.name_en,
        "time_zone": world.TIME_ZONE,
        "currency": world.CURRENCY,
        "warehouses": [_described_warehouse(warehouse)] if warehouse else [],
        "shops": [_described_shop(shop) for shop in merchant.shops],
        "people": [_described_person(person) for person in demo.people],
        "files": {name: path.relative_to(folder).as_posix() for name, path in written.items() if path},
        "orders_encoding": files.orders_encoding,
    }


def _described_warehouse(warehouse: world.Warehouse) -> dict[str, str]:
    return {
        "code": warehouse.code,
        "name_zh": warehouse.name_zh,
        "name_en": warehouse.name_en,
        "time_zone": world.TIME_ZONE,
        "province": warehouse.province,
        "city": warehouse.city,
    }


def _described_shop(shop: world.Shop) -> dict[str, str]:
    return {"code": shop.code, "platform": shop.platform, "name_zh": shop.name_zh, "name_en": shop.name_en}


def _described_person(person: Person) -> dict[str, str]:
    return {
        "sign_in": person.sign_in,
        "role": person.role,
        "name_zh": person.name_zh,
        "name_en": person.name_en,
        "locale": person.locale,
    }


def _partnerships(demo: MerchantDemo) -> list[dict[str, object]]:
    """Describe who supplies a reseller, and which of its SKUs is which of theirs."""
    by_supplier: dict[str, dict[str, str]] = {}
    for own, supply in demo.supplies.items():
        by_supplier.setdefault(supply.supplier, {})[own] = supply.sku
    return [
        {"distributor": demo.merchant.code, "supplier": supplier, "sku_map": sku_map}
        for supplier, sku_map in by_supplier.items()
    ]
