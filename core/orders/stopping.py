"""Stops that must wait: an order in the hands of a phone without network is stopped once that phone is heard again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import events, rules
from pickmesh.core.orders.refusals import InTheDark
from pickmesh.core.orders.tables import FulfillmentOrder

Row = sa.Row[Any]


def is_dark(uow: UnitOfWork, row: Row) -> bool:
    """Tell whether a phone without network has this fulfillment order in hand, so that nobody can be told to stop."""
    return row.progress in rules.UNDER_WAY and row.dark_until is not None and row.dark_until > uow.now


def in_the_dark(row: Row) -> InTheDark:
    """Return the refusal for what cannot even wait, with the moment the dark ends at the latest."""
    return InTheDark(data={"fulfillment_order_id": row.id, "until": row.dark_until.isoformat()})


async def remember(uow: UnitOfWork, rows: Mapping[UUID, Row], reasons: Mapping[UUID, str]) -> None:
    """Keep with locked dark fulfillment orders that a stop was asked for; the first asking counts."""
    asked = [{"id": each, "stop_asked_at": uow.now, "stop_reason": reasons[each]} for each in sorted(rows)]
    await uow.update(FulfillmentOrder, asked, bump_version=True)
    uow.emit(
        events.FulfillmentOrderStopAsked(
            subject_id=each,
            order_id=row.order_id,
            location_id=row.location_id,
            reason=reasons[each],
            dark_until=row.dark_until,
        )
        for each, row in rows.items()
    )


async def forget(uow: UnitOfWork, rows: Mapping[UUID, Row]) -> None:
    """Clear the askings of locked fulfillment orders that are being stopped now."""
    asked = [each for each, row in rows.items() if row.stop_asked_at is not None]
    gone = {"stop_asked_at": None, "stop_reason": None, "dark_until": None}
    await uow.update(FulfillmentOrder, [{"id": each, **gone} for each in sorted(asked)])


async def asked_of(uow: UnitOfWork, ids: set[UUID]) -> dict[UUID, str]:
    """Return which of these fulfillment orders somebody wants stopped and no phone has in the dark, with the reason."""
    found = await uow.fetch(
        sa.select(FulfillmentOrder.id, FulfillmentOrder.stop_reason)
        .where(
            uow.mine(FulfillmentOrder),
            uow.among(FulfillmentOrder.id, ids),
            FulfillmentOrder.stop_asked_at.is_not(None),
            FulfillmentOrder.dark_until.is_(None) | (FulfillmentOrder.dark_until <= uow.now),
        )
        .order_by(FulfillmentOrder.id)
    )
    return {row.id: row.stop_reason or "" for row in found}
