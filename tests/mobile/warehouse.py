"""A small warehouse for a phone: a few goods, a bench, a put wall, and one order for each thing that can happen."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pickmesh.core.kit.clock import SystemClock
from pickmesh.scanner.codes.own import OwnKind, label_text

MERCHANT = "linan"
SHOP = "tm1"
WAREHOUSE = "HZ"
PASSWORD = "walks-and-scans"
PEOPLE = {"manager@linan": ("manager", "王敏"), "picker@linan": ("picker", "李娜"), "packer@linan": ("packer", "陈伟")}
"""Who works here: role and name by sign-in name."""
TOTES = [f"T-{number:04d}" for number in range(1, 11)]
PICKED_BY_HAND = 2
"""So many pieces of CUP the order WALK wants."""


@dataclass(frozen=True, slots=True)
class Good:
    """One thing in one bin."""

    code: str
    name_zh: str
    name_en: str
    barcode: str
    place: str
    weight_g: int = 200
    tracking: str = "NONE"
    stock: int = 20

    @property
    def bin_label(self) -> str:
        """What is printed on its bin."""
        return label_text(OwnKind.BIN, self.place)


CUP = Good("CUP-RED", "红色马克杯", "Mug, red", "6901234567892", "A-01-1")
BOOK = Good("BOOK-TEA", "茶之书", "The book of tea", "6902345678903", "A-02-1")
LAMP = Good("LAMP-S", "小台灯", "Lamp, small", "6903456789014", "A-03-1")
TEA = Good("TEA-50", "龙井茶 50 克", "Longjing tea, 50 g", "6904567890125", "A-04-1", tracking="EXPIRY")
MUG = Good("MUG-BLUE", "蓝色马克杯", "Mug, blue", "6905678901236", "A-05-1")
VASE = Good("VASE-1", "花瓶", "Vase", "6907890123458", "A-06-1", stock=1)
GOODS = (CUP, BOOK, LAMP, TEA, MUG, VASE)
ORDERS: dict[str, dict[Good, int]] = {
    "WALK": {CUP: PICKED_BY_HAND, BOOK: 1},
    "OTHER": {LAMP: 1, CUP: 1},
    "LOT": {TEA: 1},
    "STOP": {MUG: 2},
    "ONE": {LAMP: 1},
    "BUSY": {CUP: 2, TEA: 1},
    "TABS": {CUP: 9, MUG: 1},
    "PHOTO": {BOOK: 2, LAMP: 2},
    "LOOK": {CUP: 1, LAMP: 1, TEA: 1},
    "SLOT-A": {CUP: 1, BOOK: 1},
    "SLOT-B": {LAMP: 2},
    "DOCK-A": {BOOK: 1, MUG: 1},
    "DOCK-B": {LAMP: 1, MUG: 1},
    "LAST": {VASE: 1},
}
LOT = "L7"
WALL = "PW"
SLOTS = [f"{WALL}-{number:02d}" for number in range(1, 13)]


def check_digit_right(barcode: str) -> bool:
    """Tell whether an EAN-13 has the right check digit; a wrong one here would be a riddle everywhere else."""
    digits = [int(digit) for digit in barcode]
    return sum(digits[0::2]) % 10 == (-3 * sum(digits[1::2])) % 10


def tote_label(tote: str) -> str:
    """Return what is printed on a tote."""
    return label_text(OwnKind.TOTE, tote)


def slot_label(slot: str) -> str:
    """Return what is printed on a slot of the put wall."""
    return label_text(OwnKind.SLOT, slot)


def today() -> date:
    """Return the day at the warehouse."""
    return (SystemClock().now() + timedelta(hours=8)).date()


def expired_code() -> str:
    """Return the GS1 code of a box of TEA of the right lot that expired last year."""
    return f"01{TEA.barcode.zfill(14)}17{today() - timedelta(days=400):%y%m%d}10{LOT}"


def good_code() -> str:
    """Return the GS1 code of a box of TEA that is good for another year."""
    return f"01{TEA.barcode.zfill(14)}17{today() + timedelta(days=365):%y%m%d}10{LOT}"


def write_files(folder: Path) -> dict[str, Path]:
    """Write the warehouse's four files; return them by the name of the import."""
    assert all(check_digit_right(good.barcode) for good in GOODS)
    folder.mkdir()
    return {
        "places": _written(folder / "places.csv", _places()),
        "catalog": _written(folder / "catalog.csv", _catalog()),
        "stock": _written(folder / "stock.csv", _stock()),
        "orders": _written(folder / "orders.csv", _orders()),
    }


def _written(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def _places() -> list[list[object]]:
    bins = [[WAREHOUSE, "杭州仓", good.place, "BIN", walk] for walk, good in enumerate(GOODS, 1)]
    others = [("DOCK-1", "DOCK"), ("BENCH-1", "BENCH"), ("MISSING", "MISSING"), ("HOSPITAL", "HOSPITAL")]
    rest = [*others, *((tote, "TOTE") for tote in TOTES), *((slot, "WALL_SLOT") for slot in SLOTS)]
    header: list[object] = ["warehouse", "warehouse_name", "place", "kind", "walk_sequence"]
    return [header, *bins, *([WAREHOUSE, "杭州仓", code, kind, ""] for code, kind in rest)]


def _catalog() -> list[list[object]]:
    header: list[object] = ["sku", "name_zh", "name_en", "barcodes", "weight_g", "tracking", "shop_codes"]
    return [
        header,
        *(
            [good.code, good.name_zh, good.name_en, good.barcode, good.weight_g, good.tracking, f"{SHOP}:{good.code}"]
            for good in GOODS
        ),
    ]


def _stock() -> list[list[object]]:
    lots = {TEA: (LOT, today() + timedelta(days=365))}
    header: list[object] = ["warehouse", "place", "sku", "quantity", "lot", "expires_on"]
    return [header, *([WAREHOUSE, good.place, good.code, good.stock, *lots.get(good, ("", ""))] for good in GOODS)]


def _orders() -> list[list[object]]:
    header: list[object] = ["order", "ordered_at", "sku", "quantity", "recipient", "phone", "street"]
    at = f"{SystemClock().now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    return [
        header,
        *(
            [order, at, good.code, quantity, "王芳", "13800138000", "西湖大道 1 号"]
            for order, goods in ORDERS.items()
            for good, quantity in goods.items()
        ),
    ]
