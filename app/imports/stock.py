"""Stock files: one row per place and SKU (and lot, or serial), as it lies there when pickmesh takes over."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pickmesh.app.cells import Cells
from pickmesh.app.files import Columns, TableRow
from pickmesh.app.imports.outcome import Bad, Item, Status, Verdict, first_row, row_problem
from pickmesh.app.imports.seen import FirstRows
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.stock import queries, receipts
from pickmesh.core.stock.receipts import Receipt

COLUMNS = Columns(required=("warehouse", "place", "sku", "quantity"), optional=("lot", "expires_on", "serial"))


@dataclass(frozen=True, slots=True)
class FileStock:
    """Pieces at a place, everything named by code."""

    warehouse: str
    place: str
    sku: str
    quantity: int
    lot: str
    expires_on: date | None
    serial: str


class StockFile:
    """Rows as opening stock; a row of quantity 0 says that nothing lies there and books nothing."""

    columns = COLUMNS

    def __init__(self) -> None:
        self._seen = FirstRows()

    def things(self, rows: Iterable[TableRow]) -> Iterator[Item[FileStock] | Bad]:
        """Read one place and SKU per row."""
        for row in rows:
            if row.problem:
                yield Bad((row.number,), "", (row_problem(row),))
                continue
            cells = Cells(row)
            stock = _stock(cells)
            key = "/".join((stock.place, stock.sku, *(part for part in (stock.lot, stock.serial) if part)))
            whole = f"{stock.warehouse}/{key}".upper()
            cells.problems = cells.problems or first_row(self._seen, whole, row.number, "place", f"“{key}”")
            if cells.problems:
                yield Bad((row.number,), key, tuple(cells.problems))
            else:
                yield Item((row.number,), key, stock)

    def goes_last(self, thing: FileStock) -> bool:
        """Rows lean on nothing in their file."""
        return False

    async def save(self, uow: UnitOfWork, things: Sequence[FileStock]) -> Sequence[Verdict]:
        """Book what the ledger does not hold as opening stock yet."""
        named = await _Named.read(uow, things)
        verdicts = [named.problem(thing) or Verdict(Status.UNCHANGED) for thing in things]
        told = [index for index, thing in enumerate(things) if thing.quantity and not verdicts[index].refusal]
        answers = await receipts.set_opening_stock(uow, rows=[named.receipt(things[index]) for index in told])
        for index, answer in zip(told, answers, strict=True):
            if isinstance(answer, Refused):
                verdicts[index] = Verdict(Status.REFUSED, answer.refusal)
            elif answer.quantity:
                verdicts[index] = Verdict(Status.CREATED)
        return verdicts


@dataclass(frozen=True, slots=True)
class _Named:
    """The ids behind the codes of a batch."""

    places: dict[tuple[str, str], UUID]
    warehouses: frozenset[str]
    skus: dict[str, UUID]

    @staticmethod
    async def read(uow: UnitOfWork, things: Sequence[FileStock]) -> "_Named":
        warehouses = {row.id: row.code.upper() for row in await queries.locations(uow)}
        found = await queries.places_by_code(uow, {thing.place for thing in things})
        skus = await catalog.skus_by_code(uow, {thing.sku for thing in things})
        return _Named(
            {(warehouses[row.location_id], row.code.upper()): row.id for row in found if row.location_id in warehouses},
            frozenset(warehouses.values()),
            {code: row.id for code, row in skus.items()},
        )

    def problem(self, thing: FileStock) -> Verdict | None:
        refusal: Refusal | None = None
        if thing.warehouse.upper() not in self.warehouses:
            message = f"There is no warehouse “{thing.warehouse}”; import its places first, or correct the code."
            refusal = InvalidInput(message, field=("warehouse",))
        elif self.key(thing) not in self.places:
            message = f"“{thing.warehouse}” has no place “{thing.place}”; import its places first, or correct the code."
            refusal = InvalidInput(message, field=("place",))
        elif thing.sku not in self.skus:
            message = f"There is no SKU “{thing.sku}”; import the catalogue first, or correct the code."
            refusal = InvalidInput(message, field=("sku",))
        return Verdict(Status.REFUSED, refusal) if refusal else None

    def receipt(self, thing: FileStock) -> Receipt:
        return Receipt(
            place_id=self.places[self.key(thing)],
            sku_id=self.skus[thing.sku],
            quantity=thing.quantity,
            lot_code=thing.lot,
            expires_on=thing.expires_on,
            serial=thing.serial,
        )

    def key(self, thing: FileStock) -> tuple[str, str]:
        return thing.warehouse.upper(), thing.place.upper()


def _stock(cells: Cells) -> FileStock:
    return FileStock(
        warehouse=cells.code("warehouse"),
        place=cells.code("place"),
        sku=cells.code("sku"),
        quantity=cells.integer("quantity", minimum=0) or 0,
        lot=cells.code("lot", required=False),
        expires_on=cells.day("expires_on"),
        serial=cells.code("serial", required=False),
    )
