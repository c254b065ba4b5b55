"""Two merchants who trade with each other: their files, and what their people do by GraphQL to become partners."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from system.client import Desk
from system.installation import Installation
from system.walk import wait_until

from pickmesh.app.demo import tables

MUG, LAMP = "6957764102201", "6957764102218"
NAMES = {MUG: ("陶瓷马克杯", "Ceramic mug"), LAMP: ("护眼台灯", "Desk lamp")}
SHOPS = {"linan": "linan-taobao", "beihai": "beihai-jd"}
PEOPLE = {"linan": ("owner", "manager", "picker", "packer"), "beihai": ("owner",)}
PARTNERSHIPS = """{ partnerships { id status partnerCode version autoRoute owed { currency amountMinor }
  location { id } shop { code } } }"""


def set_up(installation: Installation, pieces: Mapping[str, Mapping[str, int]]) -> None:
    """Make schema, merchants, shops, people, goods and places by the command line; `pieces` by merchant and barcode."""
    installation.run("migrate")
    for merchant, shop in SHOPS.items():
        installation.run("merchant", "add", merchant, "--name", merchant)
        installation.run("shop", "add", shop, "--name", shop, "--platform", "taobao", "--merchant", merchant)
        for role in PEOPLE[merchant]:
            name = f"{role}@{merchant}"
            installation.run("user", "add", name, "--name", name, "--role", role, "--merchant", merchant)
        folder = installation.folder / merchant
        folder.mkdir()
        for kind, path in _files(folder, merchant, pieces[merchant]).items():
            more = ("--as", "opening") if kind == "stock" else ()
            assert installation.imported(kind, path, *more, merchant=merchant)["refused"] == 0


def _files(folder: Path, merchant: str, pieces: Mapping[str, int]) -> dict[str, Path]:
    places = [
        {"warehouse": "WH1", "place": f"A01-01-{level}", "kind": "BIN", "walk_sequence": level} for level in (1, 2)
    ]
    places += [{"warehouse": "WH1", "place": f"T-000{number}", "kind": "TOTE"} for number in (1, 2)]
    places += [
        {"warehouse": "WH1", "place": code, "kind": kind}
        for code, kind in (("BENCH-1", "BENCH"), ("DOCK-1", "DOCK"), ("MISSING", "MISSING"), ("HOSPITAL", "HOSPITAL"))
    ]
    goods = [_good(merchant, barcode) for barcode in NAMES]
    stock = [
        {"warehouse": "WH1", "place": f"A01-01-{level}", "sku": sku_of(merchant, barcode), "quantity": pieces[barcode]}
        for level, barcode in enumerate(NAMES, 1)
        if pieces[barcode]
    ]
    return {
        "places": _write(folder / "places.csv", tables.PLACES_HEADER, places),
        "catalog": _write(folder / "catalog.csv", tables.CATALOG_HEADER, goods),
        "stock": _write(folder / "stock.csv", tables.STOCK_HEADER, stock),
    }


def sku_of(merchant: str, barcode: str) -> str:
    """Return a merchant's own code of a thing."""
    return f"{merchant[:2].upper()}-{NAMES[barcode][1].split(' ')[-1].upper()}"


def _good(merchant: str, barcode: str) -> dict[str, Any]:
    zh, en = NAMES[barcode]
    code = sku_of(merchant, barcode)
    return {
        "sku": code,
        "product": code,
        "name_zh": f"{merchant} {zh}",
        "name_en": f"{merchant} {en}",
        "barcodes": barcode,
        "weight_g": 380,
        "length_mm": 120,
        "width_mm": 90,
        "height_mm": 100,
        "price": "36.00",
        "cost": "15.00",
        "currency": "CNY",
        "shop_codes": f"{SHOPS[merchant]}:{barcode}",
    }


def _write(path: Path, header: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(header), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def order_file(folder: Path, merchant: str, number: str, quantity: int) -> Path:
    """Write a file of one order of mugs, as the merchant's shop would."""
    row = {
        "shop": SHOPS[merchant],
        "order": number,
        "line": 1,
        "ordered_at": "2026-11-23T07:42:29+08:00",
        "paid_at": "2026-11-23T07:42:51+08:00",
        "sku": MUG,
        "quantity": quantity,
        "unit_price": "36.00",
        "currency": "CNY",
        "payment": "PAID",
        "freight": "0.00",
        "recipient": "林晓彤",
        "phone": "15700003003",
        "country": "CN",
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "street": "文三路 269 号",
        "postcode": "310012",
        "ship_by": "2026-11-26T11:30:00+08:00",
    }
    return _write(folder / f"{number}.csv", tables.ORDERS_HEADER, [row])


def partnership(desk: Desk) -> dict[str, Any]:
    """Return a merchant's one partnership."""
    (found,) = desk.ask(PARTNERSHIPS)["partnerships"]
    return dict(found)


def become_partners(asking: Desk, asked: Desk, code: str) -> str:
    """Let one merchant invite another, which accepts; return the partnership's id once both see it."""
    asking.do("partnershipInvite", "PartnershipInviteInput", "partnership { status }", partner=code, currency="CNY")
    invited = wait_until("the invitation", lambda: asked.ask(PARTNERSHIPS)["partnerships"])[0]
    assert invited["status"] == "ASKED"
    asked.do("partnershipAccept", "PartnershipAcceptInput", "partnership { status }", id=invited["id"])
    wait_until("the agreement", lambda: partnership(asking)["status"] == "ACTIVE")
    return str(invited["id"])


def supply(supplier: Desk, distributor: Desk, partnership_id: str, sku_code: str, price_micros: int) -> None:
    """Let one merchant offer a SKU, and the other map it by its barcode."""
    sku = supplier.ask("query ($code: String) { sku(code: $code) { id } }", code=sku_code)["sku"]
    offer = {"partnershipId": partnership_id, "skuId": sku["id"], "priceMicros": price_micros}
    supplier.do("offerSave", "OfferSaveInput", "offers { id toldQuantity }", offers=[offer])
    waiting = "query ($id: ID!) { partnerOffers(partnershipId: $id, onlyUnmapped: true) { nodes { code } } }"
    wait_until("the offer", lambda: distributor.ask(waiting, id=partnership_id)["partnerOffers"]["nodes"])
    mapped = distributor.do(
        "partnerSkuMapByBarcode",
        "PartnerSkuMapByBarcodeInput",
        "partnerOffers { code sku { code } }",
        partnershipId=partnership_id,
    )["partnerOffers"]
    assert [one["code"] for one in mapped] == [sku_code]
