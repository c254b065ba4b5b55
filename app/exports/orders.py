"""Orders as a file with the columns their import reads, one row per line; buyers are masked unless revealed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pickmesh.app.exports.catalog import price_text
from pickmesh.app.exports.writers import Writer
from pickmesh.app.imports.orders import COLUMNS
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.money import minor_digits
from pickmesh.core.kit.paging import PageRequest, decode_cursor
from pickmesh.core.orders import lists, queries, recipients
from pickmesh.core.orders.lists import OrderFilter, OrderSort
from pickmesh.core.orders.recipients import Recipient

PAGE_ORDERS = 1_000


async def export_orders(
    uow: UnitOfWork,
    writer: Writer,
    *,
    since: datetime | None = None,
    shop_id: UUID | None = None,
    reveal: bool = False,
) -> int:
    """Write the orders placed since a moment (all when None), the oldest number first; return how many.

    Gifts of review rules are left out: no shop sold them. Memory holds one page. `reveal` writes buyers in clear and
    needs `recipients:read`.
    """
    writer.row(COLUMNS.known)
    shops = {shop.id: shop.code for shop in await accounts.shops(uow)}
    chosen = OrderFilter(ordered_from=since, shop_ids=None if shop_id is None else [shop_id])
    request = PageRequest(limit=PAGE_ORDERS)
    count = 0
    while True:
        page = await lists.order_page(uow, request, chosen, sort=OrderSort.NUMBER, falling=False)
        for row in await _rows(uow, page.items, shops, reveal=reveal):
            writer.row(row)
        count += len(page.items)
        if not page.has_next:
            return count
        request = PageRequest(limit=PAGE_ORDERS, cursor=decode_cursor(page.cursors[-1]))


async def _rows(
    uow: UnitOfWork, orders: Sequence[Any], shops: Mapping[UUID, str], *, reveal: bool
) -> list[Sequence[str]]:
    """Return the rows of a page of orders, in a fixed number of statements."""
    ids = [order.id for order in orders]
    buyers = await recipients.recipients_of(uow, ids, reveal=reveal)
    lines = await queries.lines_of_orders(uow, ids)
    rows: list[Sequence[str]] = []
    for order in orders:
        head = _head(order, shops.get(order.shop_id, ""), buyers.get(order.id))
        for line in lines.get(order.id, ()):
            if line.gift_rule_id is None:
                cells = head | _line(line)
                rows.append([cells[name] for name in COLUMNS.known])
    return rows


def _head(order: Any, shop: str, buyer: Recipient | None) -> dict[str, str]:
    told = {name: getattr(buyer, name) if buyer else "" for name in _OF_BUYER}
    return {
        "order": order.external_id,
        "shop": shop,
        "ordered_at": order.ordered_at.isoformat(),
        "paid_at": order.paid_at.isoformat() if order.paid_at else "",
        "ship_by": order.ship_by.isoformat(),
        "payment": order.payment_status,
        "currency": order.currency,
        "freight": f"{Decimal(order.freight_minor).scaleb(-minor_digits(order.currency)):f}",
        "remark": order.remark,
        "seller_flag": order.seller_flag,
        "recipient": buyer.name if buyer else "",
        **told,
    }


_OF_BUYER = ("phone", "street", "country", "province", "city", "district", "postcode")


def _line(line: Any) -> dict[str, str]:
    return {
        "line": line.external_line_id,
        "sku": line.shop_code,
        "quantity": str(line.quantity),
        "unit_price": price_text(line.unit_price_micros),
    }
