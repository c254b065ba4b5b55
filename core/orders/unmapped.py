"""Shops' codes that open orders wait for: what each holds up, and mapping it by one tap."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import shop_codes
from pickmesh.core.catalog.rules import ShopCode
from pickmesh.core.catalog.shop_codes import NewMapping
from pickmesh.core.catalog.touching import Versions
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest, page_of
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders.tables import FulfillmentOrder, Hold, HoldReason, OrderLine, Progress, SalesOrder


@dataclass(frozen=True, slots=True)
class UnmappedCode:
    """A shop's code nobody has mapped: the open orders that wait for it, since when, and the first promise at stake."""

    shop_id: UUID
    code: str
    orders: int
    lines: int
    pieces: int
    since: datetime
    ship_by: datetime


@dataclass(frozen=True, slots=True)
class CodeMapped:
    """A shop's code that stands for a SKU now, and the open order lines that this takes in, in a moment by itself."""

    index: int
    shop_id: UUID
    code: str
    sku_id: UUID
    changed: bool
    replaced_sku_id: UUID | None
    waiting_orders: int
    waiting_lines: int
    waiting_pieces: int


async def unmapped_page(uow: UnitOfWork, request: PageRequest, *, shop_id: UUID | None = None) -> Page[UnmappedCode]:
    """Return a page of the codes that open orders wait for, the longest waited for first. Needs orders:read."""
    uow.actor.require(Permission.ORDERS_READ)
    statement = _waiting(uow)
    for shops in ([shop_id] if shop_id else None, uow.actor.shop_ids):
        if shops is not None:
            statement = statement.where(uow.among(SalesOrder.shop_id, shops))
    waiting = statement.subquery()
    key = (waiting.c.since, waiting.c.shop_id, waiting.c.code)
    wanted = sa.select(waiting)
    if request.cursor is not None:
        here = sa.tuple_(*(sa.literal(value, column.type) for value, column in zip(_cursor(request), key, strict=True)))
        wanted = wanted.where(sa.tuple_(*key) < here if request.backwards else sa.tuple_(*key) > here)
    order = [column.desc() for column in key] if request.backwards else list(key)
    found = await uow.fetch(wanted.order_by(*order).limit(request.limit + 1))
    rows = [UnmappedCode(**_plain(row)) for row in found]
    return page_of(rows, request, _key_of, paged.counting(statement))


async def waiting_for(uow: UnitOfWork, keys: Collection[ShopCode]) -> dict[ShopCode, UnmappedCode]:
    """Return what waits for shops' codes, in one statement; a code nothing waits for is missing."""
    codes = uow.among([SalesOrder.shop_id, OrderLine.shop_code], list(keys))
    rows = [UnmappedCode(**_plain(row)) for row in await uow.fetch(_waiting(uow).where(codes))]
    return {(row.shop_id, row.code): row for row in rows}


async def map_codes(
    uow: UnitOfWork, *, mappings: Sequence[NewMapping], replace: bool = False, versions: Versions | None = None
) -> list[CodeMapped | Refused]:
    """Let shops' codes stand for SKUs, and tell how many waiting order lines each takes in.

    The lines join their orders by themselves, in a moment. Refusals, limits and the permission are those of
    catalog's map_shop_codes; one statement more.
    """
    answers = await shop_codes.map_shop_codes(uow, mappings=mappings, replace=replace, versions=versions)
    done = [answer for answer in answers if not isinstance(answer, Refused)]
    waiting = await waiting_for(uow, {(answer.shop_id, answer.code) for answer in done}) if done else {}
    return [
        answer if isinstance(answer, Refused) else _mapped(answer, waiting.get((answer.shop_id, answer.code)))
        for answer in answers
    ]


def _mapped(answer: shop_codes.Mapped, waiting: UnmappedCode | None) -> CodeMapped:
    return CodeMapped(
        answer.index,
        answer.shop_id,
        answer.code,
        answer.sku_id,
        answer.changed,
        answer.replaced_sku_id,
        waiting.orders if waiting else 0,
        waiting.lines if waiting else 0,
        waiting.pieces if waiting else 0,
    )


def _waiting(uow: UnitOfWork) -> sa.Select[*tuple[Any, ...]]:
    """Return what codes hold up, one row for each: found by the holds that stand, however many orders there were."""
    live = OrderLine.quantity - OrderLine.cancelled_quantity - OrderLine.refunded_quantity
    of_order = sa.and_(SalesOrder.merchant_id == OrderLine.merchant_id, SalesOrder.id == OrderLine.order_id)
    of_hold = sa.and_(
        FulfillmentOrder.merchant_id == Hold.merchant_id, FulfillmentOrder.id == Hold.fulfillment_order_id
    )
    held = (
        sa.select(FulfillmentOrder.order_id)
        .select_from(sa.join(Hold, FulfillmentOrder, of_hold))
        .where(uow.mine(Hold), Hold.reason == HoldReason.UNMAPPED_SKU, Hold.released_at.is_(None))
        .where(uow.mine(FulfillmentOrder), FulfillmentOrder.progress == Progress.OPEN)
    )
    return (
        sa.select(
            SalesOrder.shop_id,
            OrderLine.shop_code.label("code"),
            sa.func.count(sa.distinct(OrderLine.order_id)).label("orders"),
            sa.func.count().label("lines"),
            sa.func.sum(live).label("pieces"),
            sa.func.min(SalesOrder.created_at).label("since"),
            sa.func.min(SalesOrder.ship_by).label("ship_by"),
        )
        .select_from(sa.join(OrderLine, SalesOrder, of_order))
        .where(uow.mine(OrderLine), uow.mine(SalesOrder), OrderLine.order_id.in_(held))
        .where(OrderLine.sku_id.is_(None), live > 0)
        .group_by(SalesOrder.shop_id, OrderLine.shop_code)
    )


def _plain(row: sa.Row[Any]) -> dict[str, Any]:
    return {**row._mapping, "pieces": int(row.pieces)}


def _key_of(row: UnmappedCode) -> tuple[object, ...]:
    return row.since.isoformat(), str(row.shop_id), row.code


def _cursor(request: PageRequest) -> tuple[datetime, UUID, str]:
    try:
        since, shop_id, code = request.cursor or ()
        return datetime.fromisoformat(str(since)), UUID(str(shop_id)), str(code)
    except ValueError:
        message = sentence("That cursor is not one of this list; start again from the first page.")
        raise InvalidInput(message, field=("after",)) from None
