"""Order files: one row per order line, the order's own columns repeated; the lines of an order stand together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import groupby

from pickmesh.app.cells import Cells, Problem
from pickmesh.app.files import Columns, TableRow
from pickmesh.app.imports import held
from pickmesh.app.imports.outcome import Bad, Item, Status, Verdict, row_problem
from pickmesh.app.imports.seen import FirstRows
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.refusals import InvalidInput, Refused
from pickmesh.core.orders import intake
from pickmesh.core.orders.incoming import NewLine, NewOrder
from pickmesh.core.orders.recipients import NewRecipient
from pickmesh.core.orders.tables import PaymentStatus
from pickmesh.core.orders.verdicts import Verdict as OrderVerdict

COLUMNS = Columns(
    required=("order", "ordered_at", "sku", "quantity", "recipient", "phone", "street"),
    optional=(
        "shop",
        "line",
        "paid_at",
        "unit_price",
        "currency",
        "payment",
        "freight",
        "country",
        "province",
        "city",
        "district",
        "postcode",
        "ship_by",
        "remark",
        "seller_flag",
    ),
)
_UNREAD = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands for a time that could not be read, in an order that is refused for it."""
OF_ORDER = tuple(name for name in COLUMNS.known if name not in {"line", "sku", "quantity", "unit_price"})
"""Columns that must say the same on every line of an order."""
STATUSES = {
    OrderVerdict.CREATED: Status.CREATED,
    OrderVerdict.MERGED: Status.CHANGED,
    OrderVerdict.INTERCEPTED: Status.CHANGED,
    OrderVerdict.UNCHANGED: Status.UNCHANGED,
}


@dataclass(frozen=True, slots=True)
class FileOrder:
    """An order that names its shop by code."""

    shop: str
    order: NewOrder


class OrdersFile:
    """Rows as orders: `sku` is the shop's code, times without a zone are the merchant's, `--shop` fills in the column.

    One bad row refuses its whole order: half an order must not be sent.
    """

    columns = COLUMNS

    def __init__(self, *, currency: str, zone: tzinfo, shop: str | None) -> None:
        self._currency = currency
        self._zone = zone
        self._shop = shop
        self._seen = FirstRows()

    def things(self, rows: Iterable[TableRow]) -> Iterator[Item[FileOrder] | Bad]:
        """Read one order from the rows that follow each other with its shop and number."""
        for (shop, number), group in groupby(rows, self._key):
            together = list(group)
            if not number:
                yield from (self._without_number(row) for row in together)
                continue
            first = self._seen.first((shop, number), together[0].number)
            if first != together[0].number:
                yield _apart(together, number, first)
                continue
            yield self._order(shop, number, together)

    def goes_last(self, thing: FileOrder) -> bool:
        """Orders lean on nothing in their file."""
        return False

    async def save(self, uow: UnitOfWork, things: Sequence[FileOrder]) -> Sequence[Verdict]:
        """Take orders in for the shops their codes name."""
        shops = await accounts.shops_by_code(uow, {thing.shop for thing in things})
        known = [index for index, thing in enumerate(things) if thing.shop in shops]
        orders = [replace(things[index].order, shop_id=shops[things[index].shop].id) for index in known]
        answers = dict(zip(known, await intake.import_orders(uow, orders=orders), strict=True))
        taken = {each.order_id: things[index].order for index, each in answers.items() if not isinstance(each, Refused)}
        notes = await held.notes(uow, taken) if taken else {}
        verdicts = []
        for index, thing in enumerate(things):
            answer = answers.get(index)
            if answer is None:
                message = f"There is no shop “{thing.shop}”; correct the code, or create the shop first."
                verdicts.append(Verdict(Status.REFUSED, InvalidInput(message, field=("shop",))))
            elif isinstance(answer, Refused):
                verdicts.append(Verdict(Status.REFUSED, answer.refusal))
            else:
                verdicts.append(Verdict(STATUSES[answer.verdict], notes=notes.get(answer.order_id, ())))
        return verdicts

    def _key(self, row: TableRow) -> tuple[str, str]:
        return row.cells.get("shop") or self._shop or "", row.cells.get("order", "")

    def _without_number(self, row: TableRow) -> Bad:
        problem = row_problem(row) if row.problem else Problem(row.number, "order", "order is empty; fill it in.")
        return Bad((row.number,), "", (problem,))

    def _order(self, shop: str, number: str, together: Sequence[TableRow]) -> Item[FileOrder] | Bad:
        numbers = tuple(row.number for row in together)
        problems = [row_problem(row) for row in together if row.problem]
        if not problems:
            cells = [Cells(row) for row in together]
            order = self._read(shop, cells)
            problems = [problem for each in cells for problem in each.problems] + _disagreements(together)
            if not problems:
                return Item(numbers, number, FileOrder(shop, order))
        return Bad(numbers, number, tuple(problems))

    def _read(self, shop: str, lines: Sequence[Cells]) -> NewOrder:
        head = lines[0]
        if not shop:
            head.refuse("shop", "No shop is named; fill in the shop column or say --shop.")
        currency = head.currency("currency", self._currency)
        zone = self._zone
        return NewOrder(
            shop_id=NIL_ID,
            external_id=head.code("order"),
            ordered_at=head.moment("ordered_at", zone, required=True) or _UNREAD,
            paid_at=head.moment("paid_at", zone),
            ship_by=head.moment("ship_by", zone),
            payment_status=head.choice("payment", PaymentStatus, PaymentStatus.PAID) or PaymentStatus.PAID,
            currency=currency,
            freight_minor=head.amount("freight", currency),
            remark=head.text("remark", length_max=2_000),
            seller_flag=head.text("seller_flag"),
            recipient=_recipient(head),
            lines=[_line(cells, position) for position, cells in enumerate(lines, 1)],
        )


def _recipient(cells: Cells) -> NewRecipient:
    return NewRecipient(
        name=cells.text("recipient", required=True),
        phone=cells.code("phone"),
        street=cells.text("street", required=True, length_max=2_000),
        country=cells.text("country") or "CN",
        province=cells.text("province"),
        city=cells.text("city"),
        district=cells.text("district"),
        postcode=cells.text("postcode"),
    )


def _line(cells: Cells, position: int) -> NewLine:
    return NewLine(
        external_line_id=cells.code("line", required=False) or str(position),
        shop_code=cells.code("sku"),
        quantity=cells.integer("quantity", minimum=1) or 0,
        unit_price_micros=cells.price("unit_price"),
    )


def _disagreements(together: Sequence[TableRow]) -> list[Problem]:
    """Find rows of an order that say something else about it than its first row."""
    first = together[0]
    return [
        Problem(row.number, name, f"{name} differs from row {first.number} of the same order; make them agree.")
        for row in together[1:]
        for name in OF_ORDER
        if row.cells.get(name) != first.cells.get(name)
    ]


def _apart(together: Sequence[TableRow], number: str, first: int) -> Bad:
    message = f"Order “{number}” stands at row {first} already; put all its lines one below the other, once."
    row = together[0].number
    return Bad(tuple(each.number for each in together), number, (Problem(row, "order", message, "DUPLICATE_ORDER"),))
