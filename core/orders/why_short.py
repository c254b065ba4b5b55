"""Why lines of orders have no stock: who holds it, since when, what would free it, and when it was lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import queries, rules, shortages, why_facts, why_words
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, OrderLine, Progress
from pickmesh.core.orders.why_facts import Held, Lost
from pickmesh.core.orders.whys import Known, ShortLine, StockThere, WhyShort
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.rules import Level

LINES_MAX = 50
"""Most lines explained in one go."""


async def why_short(
    uow: UnitOfWork,
    *,
    line_ids: Collection[UUID] = (),
    fulfillment_order_ids: Collection[UUID] = (),
    order_ids: Collection[UUID] = (),
) -> WhyShort:
    """Explain from the ledger and the promises why lines are short, as they stand now, in a fixed number of statements.

    A line that is named is told of whatever it lacks; of fulfillment orders and orders the lines that lack something
    are. What the caller's warehouses do not have to do with is left out. At most 50 lines. Needs `orders:read`.
    """
    uow.actor.require(Permission.ORDERS_READ)
    rows = await _rows(uow, line_ids, fulfillment_order_ids, order_ids)
    unmapped = await _unmapped(uow, order_ids)
    named, of_orders, parts = set(line_ids), set(order_ids), set(fulfillment_order_ids)
    told = [
        row
        for row in rows
        if row.id in named or (_missing(row) and (row.order_id in of_orders or row.fulfillment_order_id in parts))
    ]
    if len(told) > LINES_MAX:
        message = sentence("At most {most} lines are explained at a time; name a line.", most=LINES_MAX)
        raise LimitExceeded(message)
    lines = await _explained(uow, told, rows)
    return WhyShort(why_words.of_order(rows, lines, unmapped), lines, unmapped)


async def _rows(
    uow: UnitOfWork, line_ids: Collection[UUID], fulfillment_order_ids: Collection[UUID], order_ids: Collection[UUID]
) -> list[sa.Row[Any]]:
    """Return live lines with what is promised to each, and the other lines that carry out the same order lines."""
    line = FulfillmentLine
    named = [
        sa.select(line.order_line_id).where(uow.mine(line), uow.among(column, values))
        for column, values in ((line.id, line_ids), (line.fulfillment_order_id, fulfillment_order_ids))
        if values
    ]
    if order_ids:
        named.append(sa.select(OrderLine.id).where(uow.mine(OrderLine), uow.among(OrderLine.order_id, order_ids)))
    if not named:
        return []
    found = await uow.fetch(
        sa.select(
            *queries.LINE,
            FulfillmentOrder.number,
            FulfillmentOrder.progress,
            FulfillmentOrder.location_id,
            FulfillmentOrder.ship_by,
            FulfillmentOrder.route_reason,
            FulfillmentOrder.intercepted_at.label("order_intercepted_at"),
            shortages.reserved_now(uow).label("promised"),
        )
        .join(
            FulfillmentOrder,
            sa.and_(uow.mine(FulfillmentOrder), FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
        .where(
            uow.mine(FulfillmentLine),
            FulfillmentLine.order_line_id.in_(sa.union(*named)),
            FulfillmentOrder.progress.not_in([Progress.CANCELLED, Progress.MERGED]),
        )
        .order_by(FulfillmentLine.id)
    )
    may = uow.actor.may
    return [row for row in found if may(Permission.ORDERS_READ, warehouse_id=row.location_id)]


async def _unmapped(uow: UnitOfWork, order_ids: Collection[UUID]) -> list[str]:
    """Return the shop's codes in orders that stand for no SKU of ours yet."""
    if not order_ids:
        return []
    found = sa.select(OrderLine.shop_code).where(
        uow.mine(OrderLine),
        uow.among(OrderLine.order_id, order_ids),
        OrderLine.sku_id.is_(None),
        OrderLine.quantity > OrderLine.cancelled_quantity + OrderLine.refunded_quantity,
    )
    return [row.shop_code for row in await uow.fetch(found.order_by(OrderLine.id))]


def _missing(row: sa.Row[Any]) -> int:
    """Return how many pieces of a line are neither shipped nor promised."""
    if row.progress in rules.FINAL:
        return 0
    return max(0, int(row.quantity) - int(row.shipped_quantity) - int(row.promised))


def _lacks(row: sa.Row[Any], there: Mapping[Level, StockThere]) -> bool:
    """Tell whether a line's location has too little for it, so that the rest of its bundle has to wait."""
    here = there.get(Level(row.location_id, row.sku_id))
    return _missing(row) > (here.free if here else 0)


async def _explained(uow: UnitOfWork, rows: Sequence[sa.Row[Any]], among: Sequence[sa.Row[Any]]) -> list[ShortLine]:
    """Explain lines that stand among those of their bundles."""
    if not rows:
        return []
    sku_ids = {row.sku_id for row in rows}
    levels = await stock_queries.levels_of(uow, {row.sku_id for row in among})
    held = await why_facts.holders_of(uow, sku_ids)
    unsellable = await why_facts.unsellable_of(uow, sku_ids)
    incoming = await why_facts.incoming_of(uow, sku_ids)
    lost = await why_facts.losses_of(uow, [row.id for row in rows])
    people = {one.actor_id for of_line in lost.values() for one in of_line if one.actor_id}
    known = Known(
        {row.id: row for row in await stock_queries.locations(uow)},
        await catalog.skus(uow, {row.sku_id for row in among}),
        await accounts.people_by_id(uow, people) if people else {},
    )
    there = {
        Level(level.location_id, level.sku_id): StockThere(
            location_id=level.location_id,
            sku_id=level.sku_id,
            is_its_own=False,
            on_hand=level.on_hand,
            non_sellable=level.non_sellable,
            reserved=level.reserved,
            buffer=level.buffer,
            incoming=level.incoming,
            free=level.free,
            available=int(level.available),
            unsellable=unsellable.get(Level(level.location_id, level.sku_id), []),
            held=held.get(Level(level.location_id, level.sku_id), Held([], 0)),
            transfers=incoming.get(Level(level.location_id, level.sku_id), []),
        )
        for level in levels
        if level.location_id in known.locations
    }
    return [_line(row, among, there, lost.get(row.id, []), known) for row in rows]


def _line(
    row: sa.Row[Any],
    rows: Sequence[sa.Row[Any]],
    there: Mapping[Level, StockThere],
    lost: Sequence[Lost],
    known: Known,
) -> ShortLine:
    own = [
        replace(one, is_its_own=one.location_id == row.location_id)
        for one in there.values()
        if one.sku_id == row.sku_id
    ]
    locations = sorted(own, key=lambda one: (not one.is_its_own, known.locations[one.location_id].priority))
    parts = [other for other in rows if other.group_id == row.group_id and other.id != row.id]
    with_it = [other.sku_id for other in parts if _lacks(other, there)]
    line = ShortLine(
        line_id=row.id,
        fulfillment_order_id=row.fulfillment_order_id,
        order_id=row.order_id,
        sku_id=row.sku_id,
        wanted=row.quantity,
        shipped=row.shipped_quantity,
        promised=int(row.promised),
        missing=_missing(row),
        sentence="",
        locations=locations,
        lost=lost,
        with_sku_ids=with_it,
    )
    return replace(line, sentence=why_words.of_line(line, row, known))
