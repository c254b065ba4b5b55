"""How short fulfillment orders are: always derived from their lines and open reservations, never kept by arithmetic."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import events
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder
from pickmesh.core.stock.tables import Reservation, ReservationStatus


def reserved_now(uow: UnitOfWork) -> sa.ScalarSelect[Any]:
    """Return the open promise to a line, as a subquery beside fulfillment_line."""
    return (
        sa.select(sa.func.coalesce(sa.func.sum(Reservation.quantity), 0))
        .where(
            uow.mine(Reservation),
            Reservation.line_id == FulfillmentLine.id,
            Reservation.status == ReservationStatus.OPEN,
        )
        .correlate(FulfillmentLine)
        .scalar_subquery()
    )


def missing_now(uow: UnitOfWork) -> sa.ColumnElement[int]:
    """Return how many pieces of a line nobody has promised, as an expression beside fulfillment_line."""
    return FulfillmentLine.quantity - FulfillmentLine.shipped_quantity - reserved_now(uow)


async def count_short(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> dict[UUID, int]:
    """Write how many pieces of locked fulfillment orders are short, summed over lines marked so; return the figures."""
    found = await uow.fetch(
        sa.select(FulfillmentLine.fulfillment_order_id, missing_now(uow).label("missing")).where(
            uow.mine(FulfillmentLine),
            uow.among(FulfillmentLine.fulfillment_order_id, fulfillment_order_ids),
            FulfillmentLine.is_short,
        )
    )
    short = dict.fromkeys(fulfillment_order_ids, 0)
    for row in found:
        short[row.fulfillment_order_id] += max(0, int(row.missing))
    changed = [{"id": each, "short_quantity": quantity} for each, quantity in sorted(short.items())]
    await uow.update(FulfillmentOrder, changed)
    return short


async def mark_short(uow: UnitOfWork, line_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Mark those of these lines that lack a promise, whose fulfillment orders are locked; return the orders' figures.

    A line that has all it needs again by now is left alone, so a late message does no harm.
    """
    found = await uow.fetch(
        sa.select(
            FulfillmentLine.id,
            FulfillmentLine.fulfillment_order_id,
            FulfillmentLine.order_id,
            missing_now(uow).label("missing"),
        ).where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.id, line_ids))
    )
    lacking: Sequence[sa.Row[Any]] = [row for row in found if row.missing > 0]
    await uow.update(FulfillmentLine, [{"id": row.id, "is_short": True} for row in lacking])
    orders = {row.fulfillment_order_id: row.order_id for row in lacking}
    short = await count_short(uow, orders)
    uow.emit(events.FulfillmentOrderShort(each, orders[each], short[each]) for each in sorted(orders))
    return short
