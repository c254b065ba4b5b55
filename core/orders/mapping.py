"""Shop codes nobody knew at intake: once they are mapped, their lines join the order and the hold goes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.tables import Sku, SkuMap
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import events, holds, locks, plans, queries, routing, splits
from pickmesh.core.orders.goods import Components
from pickmesh.core.orders.plans import Plan
from pickmesh.core.orders.tables import FulfillmentOrder, Hold, HoldReason, OrderLine, Progress, SalesOrder

ORDERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Mapped:
    """An order whose unknown lines found SKUs; `unmapped_left` others still have none."""

    order_id: UUID
    lines: int
    short_pieces: int
    unmapped_left: int


@dataclass(slots=True)
class _Found:
    """An order being mapped: the fulfillment order that takes the lines, the lines, and how many stay unknown."""

    row: sa.Row[Any]
    plan: Plan
    mapped: dict[UUID, UUID]
    left: int
    new_lines: list[plans.Line]


async def map_lines(uow: UnitOfWork, *, order_ids: Collection[UUID] | None = None) -> list[Mapped]:
    """Look again at order lines on hold for an unknown shop code and take in those whose code is mapped by now.

    They are taken apart, routed and reserved as at intake; an order with nothing unknown left loses the hold. At most
    1,000 orders (these, or the oldest) in one go; twice changes nothing. Needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    candidates = await _candidates(uow, order_ids)
    if not candidates:
        return []
    await locks.lock_orders(uow, candidates)
    fulfillment_orders = await locks.lock_fulfillment_orders_of(uow, candidates)
    unmapped = await _unmapped(uow, candidates)
    skus = {line.mapped_to for lines in unmapped.values() for line in lines if line.mapped_to is not None}
    parts = await catalog.components_of(uow, skus)
    existing = await queries.lines_of_fulfillment_orders(
        uow, [row.id for rows in fulfillment_orders.values() for row in rows if row.location_id is None]
    )
    found = [
        _found(row, unmapped[order_id], existing.get(row.id, []), parts)
        for order_id, rows in fulfillment_orders.items()
        if order_id in unmapped and (row := _taker(rows)) is not None
    ]
    await _place(uow, found, {line.id for lines in existing.values() for line in lines})
    await _lift(uow, found, fulfillment_orders)
    await splits.part_off_short(uow, [one.row.id for one in found])
    return [_answer(one) for one in found if one.mapped]


async def _candidates(uow: UnitOfWork, order_ids: Collection[UUID] | None) -> list[UUID]:
    """Return orders on hold for an unknown code, the oldest first, that have a line whose code is mapped now."""
    statement = (
        sa.select(FulfillmentOrder.order_id)
        .join(
            Hold,
            (Hold.merchant_id == FulfillmentOrder.merchant_id) & (Hold.fulfillment_order_id == FulfillmentOrder.id),
        )
        .join(
            OrderLine,
            (OrderLine.merchant_id == FulfillmentOrder.merchant_id) & (OrderLine.order_id == FulfillmentOrder.order_id),
        )
        .join(
            SalesOrder,
            (SalesOrder.merchant_id == OrderLine.merchant_id) & (SalesOrder.id == OrderLine.order_id),
        )
        .join(SkuMap, _of_code())
        .join(Sku, _in_catalog())
        .where(
            uow.mine(FulfillmentOrder),
            Hold.reason == HoldReason.UNMAPPED_SKU,
            Hold.released_at.is_(None),
            FulfillmentOrder.progress == Progress.OPEN,
            OrderLine.sku_id.is_(None),
        )
        .distinct()
        .order_by(FulfillmentOrder.order_id)
        .limit(ORDERS_MAX)
    )
    if order_ids is not None:
        statement = statement.where(uow.among(FulfillmentOrder.order_id, order_ids))
    return [row.order_id for row in await uow.fetch(statement)]


def _of_code() -> sa.ColumnElement[bool]:
    return (
        (SkuMap.merchant_id == SalesOrder.merchant_id)
        & (SkuMap.shop_id == SalesOrder.shop_id)
        & (SkuMap.shop_code == OrderLine.shop_code)
    )


def _in_catalog() -> sa.ColumnElement[bool]:
    """Return the condition that a code's SKU is in the catalog: an archived one takes in nothing."""
    return (Sku.merchant_id == SkuMap.merchant_id) & (Sku.id == SkuMap.sku_id) & Sku.archived_at.is_(None)


async def _unmapped(uow: UnitOfWork, order_ids: Collection[UUID]) -> dict[UUID, list[sa.Row[Any]]]:
    """Return the live unmapped lines of orders, each with the SKU its code stands for now, if any."""
    live = OrderLine.quantity - OrderLine.cancelled_quantity - OrderLine.refunded_quantity
    rows = await uow.fetch(
        sa.select(OrderLine.id, OrderLine.order_id, live.label("live"), Sku.id.label("mapped_to"))
        .join(
            SalesOrder,
            (SalesOrder.merchant_id == OrderLine.merchant_id) & (SalesOrder.id == OrderLine.order_id),
        )
        .outerjoin(SkuMap, _of_code())
        .outerjoin(Sku, _in_catalog())
        .where(uow.mine(OrderLine), uow.among(OrderLine.order_id, order_ids), OrderLine.sku_id.is_(None), live > 0)
        .order_by(OrderLine.id)
    )
    by_order: dict[UUID, list[sa.Row[Any]]] = {}
    for row in rows:
        by_order.setdefault(row.order_id, []).append(row)
    return by_order


def _taker(rows: Sequence[sa.Row[Any]]) -> sa.Row[Any] | None:
    """Return the fulfillment order that takes new lines: the oldest open one."""
    return next((row for row in rows if row.progress == Progress.OPEN), None)


def _found(
    row: sa.Row[Any], lines: Sequence[sa.Row[Any]], existing: Sequence[sa.Row[Any]], parts: Components
) -> _Found:
    """Plan an order's newly known lines; a fulfillment order without a location is planned as a whole."""
    plan = routing.plan_of(row, existing if row.location_id is None else [])
    known = [line for line in lines if line.mapped_to is not None]
    new = [made for line in known for made in plans.lines_of(plan, line.id, line.mapped_to, line.live, parts)]
    plan.lines += new
    return _Found(row, plan, {line.id: line.mapped_to for line in known}, len(lines) - len(known), new)


async def _place(uow: UnitOfWork, found: Sequence[_Found], existing: Collection[UUID]) -> None:
    mapped = [(line_id, sku_id) for one in found for line_id, sku_id in one.mapped.items()]
    await uow.update(OrderLine, [{"id": line_id, "sku_id": sku_id} for line_id, sku_id in sorted(mapped)])
    made = [one.plan for one in found]
    await plans.route(uow, made)
    await plans.reserve(uow, made)
    await routing.write_placed(uow, [one.row for one in found], made, existing)
    uow.emit(
        events.OrderMapped(
            subject_id=one.row.order_id,
            lines=len(one.mapped),
            pieces=sum(line["quantity"] for line in one.new_lines),
            short_pieces=sum(line["quantity"] for line in one.new_lines if line["is_short"]),
        )
        for one in found
        if one.mapped
    )


async def _lift(
    uow: UnitOfWork, found: Sequence[_Found], fulfillment_orders: Mapping[UUID, Sequence[sa.Row[Any]]]
) -> None:
    """Lift the hold from every fulfillment order of an order that has no unknown code left."""
    done = {one.row.order_id for one in found if not one.left}
    locked = {row.id: row for order_id in done for row in fulfillment_orders[order_id]}
    await holds.lift(uow, [(each, HoldReason.UNMAPPED_SKU) for each in locked], locked)


def _answer(one: _Found) -> Mapped:
    short = sum(line["quantity"] for line in one.new_lines if line["is_short"])
    return Mapped(one.row.order_id, len(one.mapped), short, one.left)
