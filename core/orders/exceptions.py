"""The exception queue 异常: orders that go no further until somebody does something, each with what that is.

One query finds them all, from what is still open: however many orders have come and gone, it reads none of those. What
partial indexes are on is written into the query, for a planner that sees parameters does not use them.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.paging import Page, PageRequest, page_of
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import rules
from pickmesh.core.orders.tables import FulfillmentOrder, Hold, HoldReason, Progress, RequestStatus, SalesOrder
from pickmesh.core.stock.tables import Location


class ExceptionKind(StrEnum):
    """Why an order goes no further; the first ones are the holds of the same name."""

    PAYMENT = "PAYMENT"
    FRAUD = "FRAUD"
    ADDRESS = "ADDRESS"
    OPERATOR = "OPERATOR"
    CLIENT = "CLIENT"
    APP = "APP"
    REVIEW = "REVIEW"
    UNMAPPED_SKU = "UNMAPPED_SKU"
    NO_WAREHOUSE = "NO_WAREHOUSE"
    SHORT = "SHORT"
    PARTNER_REJECTED = "PARTNER_REJECTED"
    INTERCEPTED = "INTERCEPTED"
    CHANGED_IN_SHOP = "CHANGED_IN_SHOP"
    LATE = "LATE"


HOLDS = tuple(kind for kind in ExceptionKind if kind.value in set(HoldReason))


@dataclass(frozen=True, slots=True)
class ExceptionFilter:
    """Which exceptions: every named condition must hold."""

    kinds: Collection[ExceptionKind] | None = None
    shop_ids: Collection[UUID] | None = None
    location_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OrderException:
    """A reason why an order goes no further, since when, and by when it was promised."""

    kind: ExceptionKind
    order_id: UUID
    fulfillment_order_id: UUID | None
    since: datetime
    ship_by: datetime

    @property
    def remedy(self) -> str:
        """Return what somebody has to do, as a sentence."""
        return remedy(self.kind)


def remedy(kind: ExceptionKind) -> str:
    """Return what somebody has to do about a kind of exception."""
    return {
        ExceptionKind.PAYMENT: sentence("Wait for the payment or ask the buyer for it; it goes on by itself then."),
        ExceptionKind.FRAUD: sentence("Check the buyer and the payment, then release the hold or cancel the order."),
        ExceptionKind.ADDRESS: sentence("Ask the buyer for the right address, then release the hold."),
        ExceptionKind.OPERATOR: sentence("Somebody stopped this by hand; read the note and release the hold."),
        ExceptionKind.CLIENT: sentence("The client has to agree; release the hold once they have."),
        ExceptionKind.APP: sentence("An app stopped this; look there, or release its hold."),
        ExceptionKind.REVIEW: sentence("Review the order and let it go on."),
        ExceptionKind.UNMAPPED_SKU: sentence("Say which SKU the shop's code stands for; it goes on by itself then."),
        ExceptionKind.NO_WAREHOUSE: sentence("No warehouse was found for this; choose one or open one."),
        ExceptionKind.SHORT: sentence("Goods are missing: receive or move stock, split the order, or ask a partner."),
        ExceptionKind.PARTNER_REJECTED: sentence("A partner will not ship this; ask another one or ship it yourself."),
        ExceptionKind.INTERCEPTED: sentence("This was stopped on the floor; put its goods back into their bins."),
        ExceptionKind.CHANGED_IN_SHOP: sentence(
            "The shop changed this too late to take it over; settle it with the buyer and acknowledge it."
        ),
        ExceptionKind.LATE: sentence("This should have left already; ship it first or tell the buyer."),
    }[kind]


async def exception_page(
    uow: UnitOfWork, request: PageRequest, chosen: ExceptionFilter | None = None
) -> Page[OrderException]:
    """Return a page of exceptions, the oldest promise first; those of the caller's shops and warehouses."""
    uow.actor.require(Permission.ORDERS_READ)
    found = _all(uow, chosen or ExceptionFilter()).subquery()
    key = sa.tuple_(found.c.ship_by, found.c.id, found.c.kind)
    statement = sa.select(found)
    wanted = statement
    if request.cursor is not None:
        at = _at(request.cursor, found)
        wanted = statement.where(key < at if request.backwards else key > at)
    columns = (found.c.ship_by, found.c.id, found.c.kind)
    ordered = wanted.order_by(*(column.desc() if request.backwards else column.asc() for column in columns))
    rows = await uow.fetch(ordered.limit(request.limit + 1))
    page = page_of(
        rows, request, lambda row: (row.ship_by.isoformat(), str(row.id), row.kind), paged.counting(statement)
    )
    items = [
        OrderException(ExceptionKind(row.kind), row.order_id, row.fulfillment_order_id, row.since, row.ship_by)
        for row in page.items
    ]
    return Page(items, page.cursors, page.has_next, page.has_previous, page.count)


def _at(cursor: tuple[object, ...], found: sa.Subquery) -> Any:
    try:
        ship_by, id_text, kind = cursor
        seen = (datetime.fromisoformat(str(ship_by)), UUID(str(id_text)), ExceptionKind(str(kind)).value)
    except ValueError:
        message = sentence("That cursor is not one of this list; start again from the first page.")
        raise InvalidInput(message, field=("after",)) from None
    columns = (found.c.ship_by, found.c.id, found.c.kind)
    return sa.tuple_(*(sa.literal(value, column.type) for value, column in zip(seen, columns, strict=True)))


async def exception_counts(uow: UnitOfWork, chosen: ExceptionFilter | None = None) -> dict[ExceptionKind, int]:
    """Return how many exceptions there are of each kind, of those kinds that have any."""
    uow.actor.require(Permission.ORDERS_READ)
    found = _all(uow, chosen or ExceptionFilter()).subquery()
    rows = await uow.fetch(sa.select(found.c.kind, sa.func.count().label("count")).group_by(found.c.kind))
    counts = {ExceptionKind(row.kind): int(row._mapping["count"]) for row in rows}
    return {kind: counts[kind] for kind in ExceptionKind if kind in counts}


def _all(uow: UnitOfWork, chosen: ExceptionFilter) -> sa.CompoundSelect[Any] | sa.Select[Any]:
    kinds = set(ExceptionKind if chosen.kinds is None else chosen.kinds)
    selects = [_held(uow, [kind for kind in HOLDS if kind in kinds])] if kinds & set(HOLDS) else []
    selects += [_of_kind(uow, kind, find) for kind, find in _FOUND_BY.items() if kind in kinds]
    if ExceptionKind.CHANGED_IN_SHOP in kinds:
        selects.append(_changed(uow))
    whole = sa.union_all(*selects).subquery() if selects else _changed(uow).where(SalesOrder.id == NIL_ID).subquery()
    statement = sa.select(whole)
    if chosen.shop_ids is not None:
        statement = statement.where(uow.among(whole.c.shop_id, chosen.shop_ids))
    if uow.actor.shop_ids is not None:
        statement = statement.where(uow.among(whole.c.shop_id, uow.actor.shop_ids))
    if chosen.location_id is not None:
        statement = statement.where(whole.c.location_id == chosen.location_id)
    if uow.actor.warehouse_ids is not None:
        statement = statement.where(uow.in_reach(whole.c.location_id) | whole.c.location_id.is_(None))
    return statement


def _columns(kind: Any, since: Any) -> tuple[Any, ...]:
    return (
        kind.label("kind"),
        FulfillmentOrder.id.label("id"),
        FulfillmentOrder.order_id,
        FulfillmentOrder.id.label("fulfillment_order_id"),
        since.label("since"),
        FulfillmentOrder.ship_by,
        FulfillmentOrder.location_id,
        SalesOrder.shop_id,
    )


def _its_order() -> sa.ColumnElement[bool]:
    return (SalesOrder.merchant_id == FulfillmentOrder.merchant_id) & (SalesOrder.id == FulfillmentOrder.order_id)


def _held(uow: UnitOfWork, kinds: Collection[ExceptionKind]) -> sa.Select[Any]:
    """Open holds of fulfillment orders that have not left; of several of one reason the oldest tells since when."""
    of_hold = (Hold.merchant_id == FulfillmentOrder.merchant_id) & (Hold.fulfillment_order_id == FulfillmentOrder.id)
    columns = _columns(Hold.reason, sa.func.min(Hold.held_at, type_=Hold.held_at.type))
    return (
        sa.select(*columns)
        .select_from(Hold)
        .join(FulfillmentOrder, of_hold)
        .join(SalesOrder, _its_order())
        .where(
            uow.mine(Hold),
            uow.mine(FulfillmentOrder),
            Hold.released_at.is_(None),
            Hold.reason.in_([kind.value for kind in kinds]),
            FulfillmentOrder.progress.in_(list(rules.NOT_LEFT)),
        )
        .group_by(*(column for column in columns if column.name not in {"since", "id"}))
    )


Find = Callable[[UnitOfWork], tuple[Any, list[sa.ColumnElement[bool]]]]
"""Since when, and which fulfillment orders."""


def _of_kind(uow: UnitOfWork, kind: ExceptionKind, find: Find) -> sa.Select[Any]:
    since, conditions = find(uow)
    columns = _columns(sa.literal(kind.value, sa.Text()), since)
    return sa.select(*columns).join(SalesOrder, _its_order()).where(uow.mine(FulfillmentOrder), *conditions)


def _unrouted(_: UnitOfWork) -> tuple[Any, list[sa.ColumnElement[bool]]]:
    unmapped = FulfillmentOrder.route_reason == rules.RouteReason.UNMAPPED
    conditions = [FulfillmentOrder.location_id.is_(None), FulfillmentOrder.progress == Progress.OPEN, sa.not_(unmapped)]
    return FulfillmentOrder.created_at, conditions


def _short(_: UnitOfWork) -> tuple[Any, list[sa.ColumnElement[bool]]]:
    lacks = FulfillmentOrder.short_quantity > sa.literal_column("0")
    conditions = [lacks, FulfillmentOrder.progress.in_(list(rules.NOT_LEFT))]
    return FulfillmentOrder.created_at, conditions


def _rejected(_: UnitOfWork) -> tuple[Any, list[sa.ColumnElement[bool]]]:
    rejected: sa.ColumnElement[str] = sa.literal_column(f"'{RequestStatus.REJECTED.value}'")
    conditions = [FulfillmentOrder.request_status == rejected, FulfillmentOrder.progress == Progress.OPEN]
    return FulfillmentOrder.created_at, conditions


def _intercepted(_: UnitOfWork) -> tuple[Any, list[sa.ColumnElement[bool]]]:
    conditions: list[sa.ColumnElement[bool]] = [
        FulfillmentOrder.intercepted_at.is_not(None),
        FulfillmentOrder.progress.in_(list(rules.UNDER_WAY)),
    ]
    return FulfillmentOrder.intercepted_at, conditions


def _late(uow: UnitOfWork) -> tuple[Any, list[sa.ColumnElement[bool]]]:
    """Late ones, by warehouse, so that the index on warehouse, progress and promise finds them among all that left."""
    places = sa.select(Location.id).where(uow.mine(Location))
    conditions = [
        FulfillmentOrder.location_id.in_(places),
        FulfillmentOrder.progress.in_(list(rules.NOT_LEFT)),
        FulfillmentOrder.ship_by < uow.now,
    ]
    return FulfillmentOrder.ship_by, conditions


_FOUND_BY: Mapping[ExceptionKind, Find] = {
    ExceptionKind.NO_WAREHOUSE: _unrouted,
    ExceptionKind.SHORT: _short,
    ExceptionKind.PARTNER_REJECTED: _rejected,
    ExceptionKind.INTERCEPTED: _intercepted,
    ExceptionKind.LATE: _late,
}


def _changed(uow: UnitOfWork) -> sa.Select[Any]:
    """Orders their shop changed too late, whatever became of their fulfillment orders."""
    return sa.select(
        sa.literal(ExceptionKind.CHANGED_IN_SHOP.value, sa.Text()).label("kind"),
        SalesOrder.id.label("id"),
        SalesOrder.id.label("order_id"),
        sa.cast(sa.null(), SalesOrder.id.type).label("fulfillment_order_id"),
        SalesOrder.change_refused_at.label("since"),
        SalesOrder.ship_by,
        sa.cast(sa.null(), SalesOrder.id.type).label("location_id"),
        SalesOrder.shop_id,
    ).where(uow.mine(SalesOrder), SalesOrder.change_refused_at.is_not(None))
