"""Which fulfillment orders could go out in one parcel: what a merge looks at, and what it may be offered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import Shop
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import merge_rules
from pickmesh.core.orders.merge_rules import Likeness
from pickmesh.core.orders.tables import FulfillmentOrder, Hold, OrderRecipient, Progress, SalesOrder

SUGGESTIONS_MAX = 250


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Open fulfillment orders that could go out in one parcel, the oldest first."""

    fulfillment_order_ids: tuple[UUID, ...]


async def candidates(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    """Return fulfillment orders with what a merge looks at of their order, shop and buyer, the oldest first."""
    its_order = (SalesOrder.merchant_id == FulfillmentOrder.merchant_id) & (SalesOrder.id == FulfillmentOrder.order_id)
    its_shop = (Shop.merchant_id == SalesOrder.merchant_id) & (Shop.id == SalesOrder.shop_id)
    its_buyer = (OrderRecipient.merchant_id == FulfillmentOrder.merchant_id) & (
        OrderRecipient.order_id == FulfillmentOrder.order_id
    )
    return await uow.fetch(
        sa.select(
            FulfillmentOrder.id,
            FulfillmentOrder.number,
            FulfillmentOrder.order_id,
            FulfillmentOrder.location_id,
            FulfillmentOrder.progress,
            FulfillmentOrder.fulfill_at,
            FulfillmentOrder.ship_by,
            FulfillmentOrder.carrier,
            SalesOrder.payment_status,
            SalesOrder.currency,
            Shop.platform,
            OrderRecipient.address_key,
            OrderRecipient.phone_key,
            OrderRecipient.erased_at,
        )
        .join(SalesOrder, its_order)
        .join(Shop, its_shop)
        .outerjoin(OrderRecipient, its_buyer)
        .where(uow.mine(FulfillmentOrder), condition)
        .order_by(FulfillmentOrder.number)
    )


async def likenesses(uow: UnitOfWork, found: Iterable[sa.Row[Any]]) -> dict[UUID, Likeness]:
    """Return what the parcel companions of candidates must have too."""
    every = list(found)
    standing = await uow.fetch(
        sa.select(Hold.fulfillment_order_id, Hold.reason, Hold.handle).where(
            uow.mine(Hold),
            uow.among(Hold.fulfillment_order_id, [row.id for row in every]),
            Hold.released_at.is_(None),
        )
    )
    held: dict[UUID, list[tuple[str, str]]] = {}
    for hold in standing:
        held.setdefault(hold.fulfillment_order_id, []).append((hold.reason, hold.handle))
    return {row.id: merge_rules.likeness(row, held.get(row.id, ()), uow.now) for row in every}


async def suggestions(
    uow: UnitOfWork, *, location_id: UUID | None = None, limit: int = SUGGESTIONS_MAX
) -> list[Suggestion]:
    """Return groups of open fulfillment orders that could be merged as they stand, the earliest promise first.

    Needs `orders:read`; those of the caller's warehouses.
    """
    uow.actor.require(Permission.ORDERS_READ)
    found = await candidates(uow, await _shared_buyers(uow, location_id, min(limit, SUGGESTIONS_MAX)))
    alike = groups(found, await likenesses(uow, found))
    ship_by = {row.id: row.ship_by for row in found}
    return [Suggestion(ids) for ids in sorted(alike, key=lambda ids: (min(ship_by[each] for each in ids), ids))]


async def _shared_buyers(uow: UnitOfWork, location_id: UUID | None, limit: int) -> sa.ColumnElement[bool]:
    """Return the condition that a fulfillment order is open and its buyer has another open one in its warehouse."""
    its_buyer = (OrderRecipient.merchant_id == FulfillmentOrder.merchant_id) & (
        OrderRecipient.order_id == FulfillmentOrder.order_id
    )
    buyer = (FulfillmentOrder.location_id, OrderRecipient.address_key, OrderRecipient.phone_key)
    shared = (
        sa.select(*buyer)
        .join(OrderRecipient, its_buyer)
        .where(
            uow.mine(FulfillmentOrder),
            FulfillmentOrder.progress == Progress.OPEN,
            FulfillmentOrder.location_id.is_not(None),
            OrderRecipient.phone_key != "",
        )
        .group_by(*buyer)
        .having(sa.func.count() > 1)
        .order_by(sa.func.min(FulfillmentOrder.ship_by), FulfillmentOrder.location_id, OrderRecipient.address_key)
        .limit(limit)
    )
    if location_id is not None:
        shared = shared.where(FulfillmentOrder.location_id == location_id)
    shared = shared.where(uow.in_reach(FulfillmentOrder.location_id))
    found = [tuple(row) for row in await uow.fetch(shared)]
    return uow.among(list(buyer), found) & (FulfillmentOrder.progress == Progress.OPEN)


def groups(found: Sequence[sa.Row[Any]], alike: Mapping[UUID, Likeness]) -> list[tuple[UUID, ...]]:
    """Return the candidates that may go together, at most as many as one merge takes.

    Those for which no carrier was named go with the first carrier that was named for one like them.
    """
    together: dict[Likeness, list[sa.Row[Any]]] = {}
    for row in found:
        if merge_rules.obstacle(row, alike[row.id]) is None:
            together.setdefault(alike[row.id], []).append(row)
    going: list[list[UUID]] = []
    for rows in together.values():
        first = next((row.carrier for row in rows if row.carrier is not None), None)
        by_carrier: dict[str | None, list[UUID]] = {}
        for row in rows:
            by_carrier.setdefault(row.carrier or first, []).append(row.id)
        going += by_carrier.values()
    return [tuple(ids[: merge_rules.ORDERS_MAX]) for ids in going if len(ids) > 1]
