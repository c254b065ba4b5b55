"""Lists of orders and fulfillment orders: filtered, sorted, paged, counted when somebody asks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db.base import UtcTime
from pickmesh.core.journal import paged
from pickmesh.core.journal.paged import Sort
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import priorities, rules
from pickmesh.core.orders.locks import FULFILLMENT_ORDER
from pickmesh.core.orders.queries import ORDER
from pickmesh.core.orders.rule_tables import OrderTag
from pickmesh.core.orders.rules import Status
from pickmesh.core.orders.tables import FulfillmentOrder, Hold, Progress, SalesOrder


class OrderSort(StrEnum):
    """By what orders are sorted."""

    CREATED_AT = "CREATED_AT"
    ORDERED_AT = "ORDERED_AT"
    SHIP_BY = "SHIP_BY"
    NUMBER = "NUMBER"


class FulfillmentOrderSort(StrEnum):
    """By what fulfillment orders are sorted."""

    CREATED_AT = "CREATED_AT"
    SHIP_BY = "SHIP_BY"
    NUMBER = "NUMBER"
    PRIORITY = "PRIORITY"


_ORDER_SORTS: Mapping[OrderSort, Any] = {
    OrderSort.CREATED_AT: SalesOrder.created_at,
    OrderSort.ORDERED_AT: SalesOrder.ordered_at,
    OrderSort.SHIP_BY: SalesOrder.ship_by,
    OrderSort.NUMBER: SalesOrder.number,
}
_FULFILLMENT_ORDER_SORTS: Mapping[FulfillmentOrderSort, Any] = {
    FulfillmentOrderSort.CREATED_AT: FulfillmentOrder.created_at,
    FulfillmentOrderSort.SHIP_BY: FulfillmentOrder.ship_by,
    FulfillmentOrderSort.NUMBER: FulfillmentOrder.number,
    FulfillmentOrderSort.PRIORITY: FulfillmentOrder.priority,
}


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders: every named condition must hold; an empty filter is all of them."""

    shop_ids: Collection[UUID] | None = None
    external_ids: Collection[str] | None = None
    numbers: Collection[int] | None = None
    payment_statuses: Collection[str] | None = None
    ids: Collection[UUID] | None = None
    ordered_from: datetime | None = None
    ordered_before: datetime | None = None
    cancelled: bool | None = None
    tags: Collection[str] | None = None
    types: Collection[str] | None = None
    related_order_ids: Collection[UUID] | None = None
    changed_in_shop: bool | None = None


@dataclass(frozen=True, slots=True)
class FulfillmentOrderFilter:
    """Which fulfillment orders: every named condition must hold; an empty filter is all of them."""

    location_id: UUID | None = None
    order_ids: Collection[UUID] | None = None
    numbers: Collection[int] | None = None
    statuses: Collection[Status] | None = None
    progresses: Collection[Progress] | None = None
    ship_by_before: datetime | None = None
    hold_reasons: Collection[str] | None = None
    tags: Collection[str] | None = None
    short_only: bool | None = None
    late: bool | None = None
    carriers: Collection[str] | None = None


def status_is(wanted: Collection[Status], now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a fulfillment order shows one of the statuses: `rules.status` as SQL.

    What a status takes for granted is said beside it in words that indexes know, so that a list of the few that are
    open or held does not read through all that were ever shipped.
    """
    shown = sa.case(
        (FulfillmentOrder.progress.in_(list(rules.FINAL)), FulfillmentOrder.progress),
        (FulfillmentOrder.intercepted_at.is_not(None), Status.INTERCEPTED.value),
        (FulfillmentOrder.hold_count > 0, Status.ON_HOLD.value),
        (FulfillmentOrder.fulfill_at > now, Status.SCHEDULED.value),
        (FulfillmentOrder.short_quantity > 0, Status.BACKORDERED.value),
        else_=FulfillmentOrder.progress,
    )
    implied = sa.or_(*(_implied(each) for each in wanted))
    return sa.and_(shown.in_([each.value for each in wanted]), implied)


_LIVE = tuple(stage for stage in Progress if stage not in rules.FINAL)
_SHOWN_OF_ANY_LIVE: Mapping[Status, sa.ColumnElement[bool]] = {
    Status.INTERCEPTED: FulfillmentOrder.intercepted_at.is_not(None),
    Status.ON_HOLD: FulfillmentOrder.hold_count > sa.literal_column("0"),
    Status.SCHEDULED: FulfillmentOrder.fulfill_at.is_not(None),
    Status.BACKORDERED: FulfillmentOrder.short_quantity > sa.literal_column("0"),
}


def _implied(status: Status) -> sa.ColumnElement[bool]:
    """Return what is true of every fulfillment order of a status; constants, because partial indexes have them too."""
    stages = _LIVE if status in _SHOWN_OF_ANY_LIVE else (Progress(status.value),)
    at = FulfillmentOrder.progress.in_([sa.literal(stage.value, literal_execute=True) for stage in stages])
    return sa.and_(at, _SHOWN_OF_ANY_LIVE.get(status, sa.true()))


async def order_page(
    uow: UnitOfWork,
    request: PageRequest,
    chosen: OrderFilter | None = None,
    *,
    sort: OrderSort = OrderSort.CREATED_AT,
    falling: bool = True,
) -> Page[sa.Row[Any]]:
    """Return a page of orders of the caller's shops, the newest first unless sorted otherwise."""
    uow.actor.require(Permission.ORDERS_READ)
    conditions = _order_conditions(uow, chosen or OrderFilter())
    statement = sa.select(*ORDER).where(uow.mine(SalesOrder), *conditions)
    if sort is OrderSort.CREATED_AT and falling:
        return await paged.page_by_id(uow, statement, SalesOrder.id, request)
    by = Sort(sort.value, _ORDER_SORTS[sort], falling)
    return await paged.page_sorted(uow, statement, by, SalesOrder.id, request)


def _order_conditions(uow: UnitOfWork, wanted: OrderFilter) -> list[sa.ColumnElement[bool]]:
    conditions = [
        uow.among(column, values)
        for column, values in (
            (SalesOrder.shop_id, wanted.shop_ids),
            (SalesOrder.external_id, wanted.external_ids),
            (SalesOrder.number, wanted.numbers),
            (SalesOrder.payment_status, wanted.payment_statuses),
            (SalesOrder.id, wanted.ids),
            (SalesOrder.type, wanted.types),
            (SalesOrder.related_order_id, wanted.related_order_ids),
            (SalesOrder.shop_id, uow.actor.shop_ids),
        )
        if values is not None
    ]
    if wanted.ordered_from is not None:
        conditions.append(SalesOrder.ordered_at >= wanted.ordered_from)
    if wanted.ordered_before is not None:
        conditions.append(SalesOrder.ordered_at < wanted.ordered_before)
    for asked, moment in (
        (wanted.cancelled, SalesOrder.cancelled_at),
        (wanted.changed_in_shop, SalesOrder.change_refused_at),
    ):
        if asked is not None:
            conditions.append(moment.is_not(None) if asked else moment.is_(None))
    if wanted.tags is not None:
        conditions.append(_tagged(uow, SalesOrder.id, wanted.tags))
    return conditions


def _tagged(uow: UnitOfWork, order_id: Any, tags: Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition that an order has one of the tags."""
    column: sa.ColumnElement[bool] = order_id.in_(
        sa.select(OrderTag.order_id).where(uow.mine(OrderTag), uow.among(OrderTag.tag, tags))
    )
    return column


async def fulfillment_order_page(
    uow: UnitOfWork,
    request: PageRequest,
    chosen: FulfillmentOrderFilter | None = None,
    *,
    sort: FulfillmentOrderSort = FulfillmentOrderSort.CREATED_AT,
    falling: bool = True,
) -> Page[sa.Row[Any]]:
    """Return a page of fulfillment orders, the newest first unless sorted otherwise.

    Those of the caller's shops in the caller's warehouses, and unrouted ones.
    """
    uow.actor.require(Permission.ORDERS_READ)
    wanted = chosen or FulfillmentOrderFilter()
    conditions = _fulfillment_order_conditions(uow, wanted)
    if wanted.late is not None:
        late = is_late(uow.now, await priorities.next_cut_offs(uow))
        conditions.append(late if wanted.late else sa.not_(late))
    conditions.append(uow.in_reach(FulfillmentOrder.location_id) | FulfillmentOrder.location_id.is_(None))
    if uow.actor.shop_ids is not None:
        conditions.append(_of_shops(uow, uow.actor.shop_ids))
    statement = sa.select(*FULFILLMENT_ORDER).where(uow.mine(FulfillmentOrder), *conditions)
    if sort is FulfillmentOrderSort.CREATED_AT and falling:
        return await paged.page_by_id(uow, statement, FulfillmentOrder.id, request)
    by = Sort(sort.value, _FULFILLMENT_ORDER_SORTS[sort], falling)
    return await paged.page_sorted(uow, statement, by, FulfillmentOrder.id, request)


def _fulfillment_order_conditions(uow: UnitOfWork, wanted: FulfillmentOrderFilter) -> list[sa.ColumnElement[bool]]:
    conditions = [
        uow.among(column, values)
        for column, values in (
            (FulfillmentOrder.order_id, wanted.order_ids),
            (FulfillmentOrder.number, wanted.numbers),
            (FulfillmentOrder.progress, wanted.progresses),
            (FulfillmentOrder.carrier, wanted.carriers),
        )
        if values is not None
    ]
    if wanted.location_id is not None:
        conditions.append(FulfillmentOrder.location_id == wanted.location_id)
    if wanted.statuses is not None:
        conditions.append(status_is(wanted.statuses, uow.now))
    if wanted.ship_by_before is not None:
        conditions.append(FulfillmentOrder.ship_by < wanted.ship_by_before)
    if wanted.tags is not None:
        conditions.append(_tagged(uow, FulfillmentOrder.order_id, wanted.tags))
    if wanted.hold_reasons is not None:
        conditions.append(_held_for(uow, wanted.hold_reasons))
    if wanted.short_only is not None:
        conditions.append((FulfillmentOrder.short_quantity > 0).is_(wanted.short_only))
    return conditions


def _of_shops(uow: UnitOfWork, shop_ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    """Return the condition that a fulfillment order is of these shops; a merged one counts where it took others in."""
    return FulfillmentOrder.order_id.in_(
        sa.select(SalesOrder.id).where(uow.mine(SalesOrder), uow.among(SalesOrder.shop_id, shop_ids))
    )


def _held_for(uow: UnitOfWork, reasons: Collection[str]) -> sa.ColumnElement[bool]:
    return FulfillmentOrder.id.in_(
        sa.select(Hold.fulfillment_order_id).where(
            uow.mine(Hold), uow.among(Hold.reason, reasons), Hold.released_at.is_(None)
        )
    )


def is_late(now: datetime, cut_offs: Mapping[UUID, datetime]) -> sa.ColumnElement[bool]:
    """Return the condition that a fulfillment order has not left and misses its promise: `priorities.is_late` as SQL.

    `cut_offs` are the next ones from now on, by location; where there is none an order may leave at any moment.
    """
    nexts = [(FulfillmentOrder.location_id == each, sa.literal(at, UtcTime())) for each, at in sorted(cut_offs.items())]
    missed = (
        FulfillmentOrder.ship_by < sa.case(*nexts, else_=sa.literal(now, UtcTime()))
        if nexts
        else (FulfillmentOrder.ship_by < now)
    )
    return FulfillmentOrder.progress.in_(list(rules.NOT_LEFT)) & missed
