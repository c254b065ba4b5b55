"""Catalogue files: one row per SKU, with its barcodes, bundle components and shop codes."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any

from pickmesh.app.cells import Cells
from pickmesh.app.files import Columns, TableRow
from pickmesh.app.imports.outcome import Bad, Item, Status, Verdict, first_row, row_problem
from pickmesh.app.imports.seen import FirstRows
from pickmesh.core.catalog import patches
from pickmesh.core.catalog.patches import SkuPatch
from pickmesh.core.catalog.rules import NewBarcode, NewComponent, NewShopCode
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import Refused

COLUMNS = Columns(
    required=("sku", "name_zh"),
    optional=(
        "product",
        "name_en",
        "option_zh",
        "option_en",
        "barcodes",
        "weight_g",
        "length_mm",
        "width_mm",
        "height_mm",
        "price",
        "cost",
        "currency",
        "tracking",
        "client",
        "components",
        "shop_codes",
    ),
)


class Tracking(StrEnum):
    """How the pieces of a SKU are told apart; several are joined by a +."""

    LOT = "LOT"
    EXPIRY = "EXPIRY"
    DATE = "DATE"
    SERIAL = "SERIAL"


NO_TRACKING = "NONE"
FLAGS: Mapping[Tracking, tuple[str, ...]] = {
    Tracking.LOT: ("lot_tracked",),
    Tracking.EXPIRY: ("lot_tracked", "expiry_tracked"),
    Tracking.DATE: ("expiry_tracked",),
    Tracking.SERIAL: ("serial_tracked",),
}
"""What each way means for a SKU."""
_ALL_FLAGS = ("lot_tracked", "expiry_tracked", "serial_tracked")
_MEASURES = ("weight_g", "length_mm", "width_mm", "height_mm")
_TEXTS = ("name_zh", "name_en", "option_zh", "option_en")
_LIST_LENGTH_MAX = 32_767
_PART = re.compile(r"(?:\\[\\;]|[^;])+")
_ESCAPED = re.compile(r"\\([\\;])")


class CatalogFile:
    """Rows of a catalogue as SKUs: `barcodes` `code;code*pieces`, `components` `sku*pieces`, `shop_codes` `shop:code`.

    What the file has no column for stays as it is. A new row without a `product` is a style of its own; a bundle goes
    in after the plain SKUs, so its parts may follow it.
    """

    columns = COLUMNS

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._seen = FirstRows()

    def things(self, rows: Iterable[TableRow]) -> Iterator[Item[SkuPatch] | Bad]:
        """Read one SKU per row."""
        for row in rows:
            if row.problem:
                yield Bad((row.number,), "", (row_problem(row),))
                continue
            cells = Cells(row)
            sku = self._sku(cells)
            if sku.code:
                cells.problems = cells.problems or first_row(
                    self._seen, sku.code, row.number, "sku", f"SKU “{sku.code}”"
                )
            if cells.problems:
                yield Bad((row.number,), sku.code, tuple(cells.problems))
            else:
                yield Item((row.number,), sku.code, sku)

    def goes_last(self, thing: SkuPatch) -> bool:
        """A bundle leans on its components."""
        return bool(thing.said.get("components"))

    async def save(self, uow: UnitOfWork, things: Sequence[SkuPatch]) -> Sequence[Verdict]:
        """Save SKUs with everything in their rows."""
        answers = await patches.save_skus(uow, patches=things)
        return [
            Verdict(Status.REFUSED, answer.refusal)
            if isinstance(answer, Refused)
            else Verdict(Status(answer.kind.value.lower()))
            for answer in answers
        ]

    def _sku(self, cells: Cells) -> SkuPatch:
        code = cells.code("sku")
        read: dict[str, tuple[str, Callable[[], Any]]] = {
            **{name: (name, partial(cells.text, name)) for name in _TEXTS},
            "name_zh": ("name_zh", lambda: cells.text("name_zh", required=not cells.text("name_en"))),
            **{name: (name, partial(cells.measure, name)) for name in _MEASURES},
            "product": ("product_code", lambda: cells.code("product", required=False) or code),
            "price": ("price_micros", partial(cells.price, "price")),
            "cost": ("cost_micros", partial(cells.price, "cost")),
            "currency": ("currency", partial(cells.currency, "currency", self._currency)),
            "client": ("client", lambda: cells.text("client") or None),
            "barcodes": ("barcodes", lambda: _barcodes(cells)),
            "components": ("components", lambda: _components(cells)),
            "shop_codes": ("shop_codes", lambda: _shop_codes(cells)),
        }
        said = {name: value() for column, (name, value) in read.items() if cells.has(column)}
        if cells.has("tracking"):
            said |= _tracking(cells)
        return SkuPatch(code, said)


def _tracking(cells: Cells) -> dict[str, bool]:
    """Return a SKU's flags as a cell such as EXPIRY+SERIAL says them."""
    flags = dict.fromkeys(_ALL_FLAGS, False)
    text = cells.text("tracking")
    for part in () if text.upper() in {"", NO_TRACKING} else text.split("+"):
        try:
            flags |= dict.fromkeys(FLAGS[Tracking(part.strip().upper())], True)
        except ValueError:
            known = ", ".join((NO_TRACKING, *Tracking))
            cells.refuse("tracking", f"tracking “{part}” is not known; write one of {known}, several joined by +.")
    return flags


def _barcodes(cells: Cells) -> tuple[NewBarcode, ...]:
    return tuple(
        NewBarcode(cells.whole("barcodes", code), cells.pieces("barcodes", pieces))
        for code, pieces in map(_counted, _listed(cells, "barcodes"))
    )


def _components(cells: Cells) -> tuple[NewComponent, ...]:
    listed = map(_counted, _listed(cells, "components"))
    return tuple(NewComponent(code, cells.pieces("components", pieces)) for code, pieces in listed)


def _shop_codes(cells: Cells) -> tuple[NewShopCode, ...]:
    pairs = [
        (shop.strip(), code.strip()) for shop, _, code in (each.partition(":") for each in _listed(cells, "shop_codes"))
    ]
    for shop, code in pairs:
        if not code:
            cells.refuse("shop_codes", f"shop_codes “{shop}” names no code; write shop:code;shop:code.")
    return tuple(NewShopCode(shop, cells.whole("shop_codes", code)) for shop, code in pairs)


def _listed(cells: Cells, column: str) -> list[str]:
    """Return the parts of a list; a ; that belongs to one is written as \\; and a \\ as \\\\."""
    parts = _PART.findall(cells.text(column, length_max=_LIST_LENGTH_MAX))
    return [_ESCAPED.sub(r"\1", part.strip()) for part in parts if part.strip()]


def _counted(part: str) -> tuple[str, str]:
    """Return what stands before and after the last * of a part; one without any is all code."""
    before, found, after = part.rpartition("*")
    return (before.strip(), after.strip()) if found else (part, "")
