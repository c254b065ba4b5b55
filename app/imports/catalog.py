"""Catalogue files: one row per SKU, with its barcodes, bundle components and shop codes."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from pickmesh.app.cells import Cells
from pickmesh.app.files import Columns, TableRow
from pickmesh.app.imports.outcome import Bad, Item, Status, Verdict, first_row, row_problem
from pickmesh.core.catalog import commands
from pickmesh.core.catalog.rules import NewBarcode, NewComponent, NewShopCode, NewSku
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
        "components",
        "shop_codes",
    ),
)


class Tracking(StrEnum):
    """How the pieces of a SKU are told apart."""

    NONE = "NONE"
    LOT = "LOT"
    EXPIRY = "EXPIRY"
    SERIAL = "SERIAL"


class CatalogFile:
    """Rows of a catalogue as SKUs: `barcodes` `code;code*pieces`, `components` `sku*pieces`, `shop_codes` `shop:code`.

    A row without a `product` is a style of its own; a bundle goes in after the plain SKUs, so its parts may follow it.
    """

    columns = COLUMNS

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._seen: dict[int, int] = {}

    def things(self, rows: Iterable[TableRow]) -> Iterator[Item[NewSku] | Bad]:
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

    def goes_last(self, thing: NewSku) -> bool:
        """A bundle leans on its components."""
        return bool(thing.components)

    async def save(self, uow: UnitOfWork, things: Sequence[NewSku]) -> Sequence[Verdict]:
        """Save SKUs with everything in their rows."""
        answers = await commands.save_products(uow, products=things)
        return [
            Verdict(Status.REFUSED, answer.refusal)
            if isinstance(answer, Refused)
            else Verdict(Status(answer.kind.value.lower()))
            for answer in answers
        ]

    def _sku(self, cells: Cells) -> NewSku:
        code = cells.code("sku")
        tracking = cells.choice("tracking", Tracking, Tracking.NONE)
        return NewSku(
            code=code,
            product_code=cells.code("product", required=False) or code,
            name_zh=cells.text("name_zh", required=True),
            name_en=cells.text("name_en"),
            option_zh=cells.text("option_zh"),
            option_en=cells.text("option_en"),
            weight_g=cells.measure("weight_g"),
            length_mm=cells.measure("length_mm"),
            width_mm=cells.measure("width_mm"),
            height_mm=cells.measure("height_mm"),
            price_micros=cells.price("price"),
            cost_micros=cells.price("cost"),
            currency=cells.currency("currency", self._currency),
            lot_tracked=tracking in {Tracking.LOT, Tracking.EXPIRY},
            expiry_tracked=tracking is Tracking.EXPIRY,
            serial_tracked=tracking is Tracking.SERIAL,
            barcodes=self._barcodes(cells),
            components=self._components(cells),
            shop_codes=self._shop_codes(cells),
        )

    def _barcodes(self, cells: Cells) -> tuple[NewBarcode, ...] | None:
        if not cells.has("barcodes"):
            return None
        return tuple(
            NewBarcode(cells.whole("barcodes", code), cells.pieces("barcodes", pieces))
            for code, pieces in cells.pairs("barcodes", "*")
        )

    def _components(self, cells: Cells) -> tuple[NewComponent, ...] | None:
        if not cells.has("components"):
            return None
        return tuple(
            NewComponent(code, cells.pieces("components", pieces)) for code, pieces in cells.pairs("components", "*")
        )

    def _shop_codes(self, cells: Cells) -> tuple[NewShopCode, ...] | None:
        if not cells.has("shop_codes"):
            return None
        pairs = cells.pairs("shop_codes", ":")
        for shop, code in pairs:
            if not code:
                cells.refuse("shop_codes", f"shop_codes “{shop}” names no code; write shop:code;shop:code.")
        return tuple(NewShopCode(shop, cells.whole("shop_codes", code)) for shop, code in pairs)
