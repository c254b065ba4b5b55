"""What can be asked about orders: pages, lines, holds, shipments, timelines; statements never depend on the rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.reading import LoggedEvent
from pickmesh.core.journal.tables import EventRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import rules
from pickmesh.core.orders.locks import FULFILLMENT_ORDER
from pickmesh.core.orders.rules import Status
from pickmesh.core.orders.tables import (
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    OrderLine,
    Progress,
    SalesOrder,
    Shipment,
)
from pickmesh.core.stock.tables import Location, LocationKind

TIMELINE_MAX = 250
Rows = Sequence[sa.Row[Any]]

ORDER = tuple(SalesOrder.__table__.c)
ORDER_LINE = tuple(OrderLine.__table__.c)
LINE = tuple(FulfillmentLine.__table__.c)
HOLD = tuple(Hold.__table__.c)
SHIPMENT = tuple(Shipment.__table__.c)


@dataclass(frozen=True, slots=True)
class Releasable:
    """A fulfillment order a wave may take, with its lines."""

    order: sa.Row[Any]
    lines: Sequence[sa.Row[Any]]


def facts_of(row: Any, *, takes_others: bool = False) -> rules.Facts:
    """Return what stands beside a fulfillment order's progress, from its row."""
    return rules.Facts(
        row.intercepted_at,
        row.hold_count,
        row.fulfill_at,
        row.short_quantity,
        row.location_id,
        rules.is_with_partner(row.request_status),
        row.split_from_id is not None,
        takes_others,
    )


def status_of(row: Any, now: datetime) -> Status:
    """Return the status of a fulfillment order's row."""
    return rules.status(Progress(row.progress), facts_of(row), now)


async def orders(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return orders by id."""
    found = await uow.fetch(sa.select(*ORDER).where(uow.mine(SalesOrder), uow.among(SalesOrder.id, ids)))
    return {row.id: row for row in found}


async def orders_by_external_id(uow: UnitOfWork, external_ids: Collection[str]) -> Mapping[str, list[sa.Row[Any]]]:
    """Return orders by the number their shop gave them; two shops may use the same one."""
    found = await uow.fetch(
        sa.select(*ORDER)
        .where(uow.mine(SalesOrder), uow.among(SalesOrder.external_id, external_ids))
        .order_by(SalesOrder.id)
    )
    by_external_id: dict[str, list[sa.Row[Any]]] = {}
    for row in found:
        by_external_id.setdefault(row.external_id, []).append(row)
    return by_external_id


async def orders_by_number(uow: UnitOfWork, numbers: Collection[int]) -> dict[int, sa.Row[Any]]:
    """Return orders by our own number."""
    found = await uow.fetch(sa.select(*ORDER).where(uow.mine(SalesOrder), uow.among(SalesOrder.number, numbers)))
    return {row.number: row for row in found}


async def fulfillment_orders(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return fulfillment orders by id."""
    found = await uow.fetch(
        sa.select(*FULFILLMENT_ORDER).where(uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.id, ids))
    )
    return {row.id: row for row in found}


async def fulfillment_orders_by_number(uow: UnitOfWork, numbers: Collection[int]) -> dict[int, sa.Row[Any]]:
    """Return fulfillment orders by their number."""
    found = await uow.fetch(
        sa.select(*FULFILLMENT_ORDER).where(uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.number, numbers))
    )
    return {row.number: row for row in found}


async def fulfillment_orders_of(uow: UnitOfWork, order_ids: Collection[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the fulfillment orders of orders, oldest first."""
    statement = sa.select(*FULFILLMENT_ORDER).where(
        uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.order_id, order_ids)
    )
    return paged.grouped(await uow.fetch(statement.order_by(FulfillmentOrder.id)), "order_id")


async def wholes_of(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return which fulfillment order each merged one went into; those that were not merged are missing."""
    found = await uow.fetch(
        sa.select(FulfillmentOrder.id, FulfillmentOrder.merged_into_id).where(
            uow.mine(FulfillmentOrder),
            uow.among(FulfillmentOrder.id, ids),
            FulfillmentOrder.merged_into_id.is_not(None),
        )
    )
    return {row.id: row.merged_into_id for row in found}


async def merged_into(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the fulfillment orders that were merged into others and still are, by those, oldest first."""
    statement = sa.select(*FULFILLMENT_ORDER).where(
        uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.merged_into_id, ids)
    )
    return paged.grouped(await uow.fetch(statement.order_by(FulfillmentOrder.id)), "merged_into_id")


async def orders_served(uow: UnitOfWork, ids: Collection[UUID]) -> Rows:
    """Return the orders with goods in fulfillment orders, each row with the `fulfillment_order_id` it is for."""
    served = (
        sa.select(FulfillmentLine.fulfillment_order_id, FulfillmentLine.order_id)
        .where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.fulfillment_order_id, ids))
        .distinct()
        .subquery()
    )
    return await uow.fetch(
        sa.select(served.c.fulfillment_order_id, *ORDER)
        .join(SalesOrder, SalesOrder.id == served.c.order_id)
        .where(uow.mine(SalesOrder))
        .order_by(served.c.fulfillment_order_id, SalesOrder.id)
    )


async def follow_ups_of(uow: UnitOfWork, order_ids: Collection[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the exchanges, reshipments and gifts that belong to orders, oldest first."""
    statement = sa.select(*ORDER).where(uow.mine(SalesOrder), uow.among(SalesOrder.related_order_id, order_ids))
    return paged.grouped(await uow.fetch(statement.order_by(SalesOrder.id)), "related_order_id")


async def lines_of_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the lines of orders as the buyers asked for them, in the order they came."""
    statement = sa.select(*ORDER_LINE).where(uow.mine(OrderLine), uow.among(OrderLine.order_id, order_ids))
    return paged.grouped(await uow.fetch(statement.order_by(OrderLine.id)), "order_id")


async def lines_of_fulfillment_orders(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the lines of fulfillment orders, in the order they came."""
    statement = sa.select(*LINE).where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.fulfillment_order_id, ids))
    return paged.grouped(await uow.fetch(statement.order_by(FulfillmentLine.id)), "fulfillment_order_id")


async def lines(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return fulfillment lines by id."""
    found = await uow.fetch(sa.select(*LINE).where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.id, ids)))
    return {row.id: row for row in found}


async def holds_of(
    uow: UnitOfWork, fulfillment_order_ids: Collection[UUID], *, open_only: bool = True
) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the holds of fulfillment orders, oldest first; also those released already when asked for."""
    statement = sa.select(*HOLD).where(uow.mine(Hold), uow.among(Hold.fulfillment_order_id, fulfillment_order_ids))
    if open_only:
        statement = statement.where(Hold.released_at.is_(None))
    return paged.grouped(await uow.fetch(statement.order_by(Hold.id)), "fulfillment_order_id")


async def shipments_of_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return what shops were told about orders' parcels, oldest first; an undone one says when it was."""
    statement = sa.select(*SHIPMENT).where(uow.mine(Shipment), uow.among(Shipment.order_id, order_ids))
    return paged.grouped(await uow.fetch(statement.order_by(Shipment.id)), "order_id")


async def shipments_by_waybill(uow: UnitOfWork, waybills: Collection[str]) -> Mapping[str, list[sa.Row[Any]]]:
    """Return shipments by waybill number; one parcel may carry several orders."""
    statement = sa.select(*SHIPMENT).where(uow.mine(Shipment), uow.among(Shipment.waybill, waybills))
    return paged.grouped(await uow.fetch(statement.order_by(Shipment.id)), "waybill")


async def timeline(
    uow: UnitOfWork, subject_ids: Collection[UUID], *, before_seq: int | None = None, limit: int = TIMELINE_MAX
) -> list[LoggedEvent]:
    """Return what happened to subjects (an order and its fulfillment orders, say), the newest first."""
    statement = (
        sa.select(EventRow.seq, EventRow.kind, EventRow.subject_id, EventRow.payload, EventRow.actor_id, EventRow.at)
        .where(uow.mine(EventRow), uow.among(EventRow.subject_id, subject_ids))
        .order_by(EventRow.seq.desc())
        .limit(min(limit, TIMELINE_MAX))
    )
    if before_seq is not None:
        statement = statement.where(EventRow.seq < before_seq)
    return [LoggedEvent(**row._mapping) for row in await uow.fetch(statement)]


async def releasable(
    uow: UnitOfWork,
    *,
    location_id: UUID,
    limit: int,
    single_piece: bool | None = None,
    ids: Collection[UUID] | None = None,
    conditions: Sequence[sa.ColumnElement[bool]] = (),
) -> list[Releasable]:
    """Return what a wave at a location may take now: open, unheld, not intercepted, fully reserved, its time come.

    A partner's location has nothing for a wave: its orders are the partner's work.
    The most urgent come first: priority, then the promised time, then age. `single_piece` asks for orders of exactly
    one piece (True) or of more (False); `ids` limits the answer to some fulfillment orders, `conditions` further.
    """
    ours = sa.select(Location.id).where(uow.mine(Location), Location.kind == LocationKind.WAREHOUSE)
    statement = (
        sa.select(*FULFILLMENT_ORDER)
        .where(
            uow.mine(FulfillmentOrder),
            FulfillmentOrder.location_id == location_id,
            FulfillmentOrder.location_id.in_(ours),
            FulfillmentOrder.progress == Progress.OPEN,
            FulfillmentOrder.hold_count == 0,
            FulfillmentOrder.intercepted_at.is_(None),
            FulfillmentOrder.short_quantity == 0,
            FulfillmentOrder.fulfill_at.is_(None) | (FulfillmentOrder.fulfill_at <= uow.now),
            _pieces(uow) == 1 if single_piece else _pieces(uow) > (0 if single_piece is None else 1),
            *conditions,
        )
        .order_by(FulfillmentOrder.priority.desc(), FulfillmentOrder.ship_by, FulfillmentOrder.id)
        .limit(limit)
    )
    if ids is not None:
        statement = statement.where(uow.among(FulfillmentOrder.id, ids))
    found = await uow.fetch(statement)
    by_order = await lines_of_fulfillment_orders(uow, [row.id for row in found])
    return [Releasable(row, by_order.get(row.id, [])) for row in found]


def _pieces(uow: UnitOfWork) -> sa.ScalarSelect[Any]:
    return (
        sa.select(sa.func.coalesce(sa.func.sum(FulfillmentLine.quantity), 0))
        .where(uow.mine(FulfillmentLine), FulfillmentLine.fulfillment_order_id == FulfillmentOrder.id)
        .correlate(FulfillmentOrder)
        .scalar_subquery()
    )
