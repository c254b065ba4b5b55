"""The row locks of orders, in their one order: shop, sales order, fulfillment order; ids ascending."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import Shop
from pickmesh.core.db.prepared import Names
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, NotPermitted, Refusal, StaleVersion
from pickmesh.core.orders.rule_tables import ReviewRule
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, SalesOrder

Rows = Sequence[sa.Row[Any]]

FULFILLMENT_ORDER = (
    FulfillmentOrder.id,
    FulfillmentOrder.number,
    FulfillmentOrder.order_id,
    FulfillmentOrder.location_id,
    FulfillmentOrder.progress,
    FulfillmentOrder.request_status,
    FulfillmentOrder.rejection_reason,
    FulfillmentOrder.route_reason,
    FulfillmentOrder.route_facts,
    FulfillmentOrder.shortage_policy,
    FulfillmentOrder.priority,
    FulfillmentOrder.fulfill_at,
    FulfillmentOrder.ship_by,
    FulfillmentOrder.short_quantity,
    FulfillmentOrder.hold_count,
    FulfillmentOrder.intercepted_at,
    FulfillmentOrder.shipped_at,
    FulfillmentOrder.carrier,
    FulfillmentOrder.dark_until,
    FulfillmentOrder.stop_asked_at,
    FulfillmentOrder.stop_reason,
    FulfillmentOrder.merged_into_id,
    FulfillmentOrder.split_from_id,
    FulfillmentOrder.created_at,
    FulfillmentOrder.version,
)
"""Every column of a fulfillment order, as commands and queries read them."""


_LOOKS = 4
"""How often at most it is looked again who is behind a fulfillment order: each look holds what the one before found."""


async def lock_shops(uow: UnitOfWork, shop_ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Lock shops so that only one intake at a time decides which of a shop's orders are new.

    NO KEY UPDATE does not disturb others whose rows refer to the shop.
    """
    found = await uow.fetch(
        sa.select(Shop.id, Shop.code, Shop.shortage_policy, Shop.review_policy)
        .where(uow.mine(Shop), uow.among(Shop.id, shop_ids), Shop.archived_at.is_(None))
        .order_by(Shop.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in found}


async def lock_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Lock sales orders; return those that exist."""
    found = await uow.fetch(
        sa.select(
            SalesOrder.id,
            SalesOrder.number,
            SalesOrder.shop_id,
            SalesOrder.external_id,
            SalesOrder.payment_status,
            SalesOrder.content_hash,
            SalesOrder.cancelled_at,
            SalesOrder.version,
            Shop.shortage_policy,
        )
        .join(Shop, (Shop.merchant_id == SalesOrder.merchant_id) & (Shop.id == SalesOrder.shop_id))
        .where(uow.mine(SalesOrder), uow.among(SalesOrder.id, order_ids))
        .order_by(SalesOrder.id)
        .with_for_update(of=SalesOrder)
    )
    return {row.id: row for row in found}


async def lock_orders_behind(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Lock the sales orders of fulfillment orders, before these themselves are locked; a merged one has several.

    Who merges holds the orders of all it merges, so what was merged in while this waited is found by asking again.
    """
    behind = sa.select(FulfillmentOrder.order_id).where(
        uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.id, fulfillment_order_ids)
    )
    served = sa.select(FulfillmentLine.order_id).where(
        uow.mine(FulfillmentLine), uow.among(FulfillmentLine.fulfillment_order_id, fulfillment_order_ids)
    )
    wanted = (
        sa.select(SalesOrder.id)
        .where(uow.mine(SalesOrder), SalesOrder.id.in_(sa.union(behind, served)))
        .order_by(SalesOrder.id)
        .with_for_update()
    )
    held: set[UUID] = set()
    for _ in range(_LOOKS):
        found = {row.id for row in await uow.fetch(wanted)}
        if found <= held:
            return
        held |= found
        if uow.dialect == "sqlite":
            return  # nobody else writes meanwhile


async def lock_fulfillment_orders(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Lock fulfillment orders; return those that exist, with every column."""
    found = await uow.fetch(
        sa.select(*FULFILLMENT_ORDER)
        .where(uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.id, ids))
        .order_by(FulfillmentOrder.id)
        .with_for_update()
    )
    return {row.id: row for row in found}


def locking_fulfillment_orders(to: Names, ids: sa.CompoundSelect[Any]) -> sa.Select[*tuple[Any, ...]]:
    """Return the query that locks the fulfillment orders whose ids another query finds, every column of them."""
    return (
        sa.select(*FULFILLMENT_ORDER)
        .where(to.mine(FulfillmentOrder), FulfillmentOrder.id.in_(ids))
        .order_by(FulfillmentOrder.id)
        .with_for_update()
    )


async def lock_fulfillment_orders_of(uow: UnitOfWork, order_ids: Collection[UUID]) -> dict[UUID, list[sa.Row[Any]]]:
    """Lock all fulfillment orders of sales orders; return them by order, oldest first."""
    found = await uow.fetch(
        sa.select(*FULFILLMENT_ORDER)
        .where(uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.order_id, order_ids))
        .order_by(FulfillmentOrder.id)
        .with_for_update()
    )
    by_order: dict[UUID, list[sa.Row[Any]]] = {}
    for row in found:
        by_order.setdefault(row.order_id, []).append(row)
    return by_order


async def lock_serving(uow: UnitOfWork, order_ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Lock all fulfillment orders of sales orders, those they were merged into, and those merged into them."""
    own = sa.select(FulfillmentOrder.id, FulfillmentOrder.merged_into_id).where(
        uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.order_id, order_ids)
    )
    ids = own.subquery()
    taken_in = sa.select(FulfillmentOrder.id).where(
        uow.mine(FulfillmentOrder), FulfillmentOrder.merged_into_id.in_(sa.select(ids.c.id))
    )
    found = await uow.fetch(
        sa.select(*FULFILLMENT_ORDER)
        .where(
            uow.mine(FulfillmentOrder),
            FulfillmentOrder.id.in_(sa.union(sa.select(ids.c.id), sa.select(ids.c.merged_into_id), taken_in)),
        )
        .order_by(FulfillmentOrder.id)
        .with_for_update()
    )
    return {row.id: row for row in found}


async def lock_review_rules(uow: UnitOfWork, rule_ids: Collection[UUID]) -> None:
    """Let one intake at a time give the gifts of these rules; it holds the stock it gives already."""
    await uow.fetch(
        sa.select(ReviewRule.id)
        .where(uow.mine(ReviewRule), uow.among(ReviewRule.id, rule_ids))
        .order_by(ReviewRule.id)
        .with_for_update(key_share=True)
    )


def refusal(uow: UnitOfWork, row: sa.Row[Any] | None, versions: Mapping[UUID, int] | None) -> Refusal | None:
    """Return why this caller may not act on a fulfillment order: not theirs, or changed since they read it."""
    if row is None:
        return NotFound()
    if not uow.actor.may(Permission.ORDERS_WRITE, warehouse_id=row.location_id):
        return NotPermitted("This order goes out of a warehouse you do not work for; ask its manager.")
    expected = (versions or {}).get(row.id)
    if expected is not None and expected != row.version:
        return StaleVersion(data={"id": str(row.id), "version": row.version})
    return None
