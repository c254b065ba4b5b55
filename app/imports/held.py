"""What an order that was taken in waits for, in words a person can act on: a code nobody mapped, its money."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from pickmesh.app.imports.outcome import Note
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import queries
from pickmesh.core.orders.incoming import NewOrder
from pickmesh.core.orders.tables import FulfillmentOrder, Hold, HoldReason

TOLD = (HoldReason.PAYMENT, HoldReason.UNMAPPED_SKU)
"""Holds that a file's own rows cause."""
UNPAID = "On hold: the order is not paid in full yet; import it again once it is."


async def notes(uow: UnitOfWork, orders: Mapping[UUID, NewOrder]) -> dict[UUID, tuple[Note, ...]]:
    """Return what orders wait for as they stand now, by order id; orders that do not wait are missing.

    A fixed number of statements, however many orders.
    """
    reasons: dict[UUID, set[str]] = {}
    for row in await uow.fetch(
        sa.select(FulfillmentOrder.order_id, Hold.reason)
        .join(
            Hold,
            (Hold.merchant_id == FulfillmentOrder.merchant_id) & (Hold.fulfillment_order_id == FulfillmentOrder.id),
        )
        .where(
            uow.mine(FulfillmentOrder),
            uow.among(FulfillmentOrder.order_id, orders),
            uow.among(Hold.reason, TOLD),
            Hold.released_at.is_(None),
        )
    ):
        reasons.setdefault(row.order_id, set()).add(row.reason)
    unmapped = [order_id for order_id, each in reasons.items() if HoldReason.UNMAPPED_SKU in each]
    lines = await queries.lines_of_orders(uow, unmapped) if unmapped else {}
    return {
        order_id: _unmapped(orders[order_id], lines.get(order_id, []))
        + ((Note(0, "payment", HoldReason.PAYMENT, UNPAID),) if HoldReason.PAYMENT in each else ())
        for order_id, each in reasons.items()
    }


def _unmapped(order: NewOrder, lines: Sequence[sa.Row[object]]) -> tuple[Note, ...]:
    """Return a note for each line of a file's order whose code no SKU has; refunded lines wait for nothing."""
    waiting = {
        line.external_line_id
        for line in lines
        if line.sku_id is None and line.quantity > line.cancelled_quantity + line.refunded_quantity
    }
    return tuple(
        Note(index, "sku", HoldReason.UNMAPPED_SKU, _sentence(line.shop_code))
        for index, line in enumerate(order.lines)
        if line.external_line_id in waiting
    )


def _sentence(code: str) -> str:
    return (
        f"On hold: the code “{code}” is not mapped to a SKU yet; map it in the catalogue (shop_codes) and import the"
        " catalogue."
    )
