"""Backorders: lines without stock, filled in the order of their promise when stock arrives."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import events, locks, shortages
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock import reservations as stock
from pickmesh.core.stock.rules import Demand, Level, free, split_by_cover

LINES_MAX = 5_000
"""Short lines looked at in one go, the most urgent first."""

FILLABLE = (Progress.OPEN, Progress.RELEASED, Progress.IN_PROGRESS)


def may_be_short(row: sa.Row[Any]) -> bool:
    """Tell whether a fulfillment order's row still waits for stock when it lacks some."""
    return row.progress in FILLABLE and row.intercepted_at is None


async def fill_backorders(uow: UnitOfWork, *, levels: Collection[Level]) -> list[UUID]:
    """Promise free stock at these levels to lines that wait for it, whole groups by rank; return whose orders got some.

    Run again it finds nothing left to do. Candidates are chosen without locks first, then their orders are locked and
    all is decided again, so orders that get nothing are not stopped.
    """
    unlocked = {level: pieces for level, pieces in (await _free(uow, levels)).items() if pieces > 0}
    if not unlocked:
        return []
    waiting = await _waiting_at(uow, unlocked)
    all_free = await stock_queries.free_levels(uow, {row.sku_id for row in waiting})
    hopeful, _ = split_by_cover([_demand(row) for row in waiting], all_free)
    groups = {demand.group_id for demand in hopeful}
    if not groups:
        return []
    of_line = {row.id: row.fulfillment_order_id for row in waiting}
    await locks.lock_fulfillment_orders(uow, {of_line[demand.line_id] for demand in hopeful})
    rows = {row.id: row for row in await _waiting(uow, uow.among(FulfillmentLine.group_id, groups))}
    demands = [_demand(row) for row in rows.values()]
    figures = await stock_locks.lock_levels(uow, {demand.level for demand in demands})
    covered, _ = split_by_cover(demands, {level: free(figure) for level, figure in figures.items()})
    if not covered:
        return []
    await stock.reserve_stock(uow, demands=covered)
    return await _tell_filled(uow, covered, rows)


async def _free(uow: UnitOfWork, levels: Collection[Level]) -> dict[Level, int]:
    wanted = set(levels)
    found = await stock_queries.free_levels(uow, {level.sku_id for level in wanted}) if wanted else {}
    return {level: pieces for level, pieces in found.items() if level in wanted}


async def _waiting_at(uow: UnitOfWork, levels: Collection[Level]) -> Sequence[sa.Row[Any]]:
    """Return the short lines at these levels and the short lines of their groups elsewhere."""
    first = await _waiting(uow, uow.among([FulfillmentOrder.location_id, FulfillmentLine.sku_id], levels))
    if not first:
        return []
    return await _waiting(uow, uow.among(FulfillmentLine.group_id, {row.group_id for row in first}))


async def _waiting(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
    """Return short lines with what they still need, the most urgent first."""
    found = await uow.fetch(
        sa.select(
            FulfillmentLine.id,
            FulfillmentLine.fulfillment_order_id,
            FulfillmentLine.order_id,
            FulfillmentLine.group_id,
            FulfillmentLine.sku_id,
            FulfillmentOrder.location_id,
            FulfillmentOrder.ship_by,
            FulfillmentOrder.progress,
            shortages.missing_now(uow).label("missing"),
        )
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == FulfillmentLine.merchant_id)
            & (FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
        .where(
            uow.mine(FulfillmentLine),
            FulfillmentLine.is_short,
            FulfillmentOrder.location_id.is_not(None),
            FulfillmentOrder.progress.in_(FILLABLE),
            FulfillmentOrder.intercepted_at.is_(None),
            condition,
        )
        .order_by(FulfillmentOrder.ship_by, FulfillmentLine.group_id, FulfillmentLine.id)
        .limit(LINES_MAX)
    )
    return [row for row in found if row.missing > 0]


def _demand(row: sa.Row[Any]) -> Demand:
    return Demand(row.group_id, row.id, row.location_id, row.sku_id, int(row.missing), row.ship_by)


async def _tell_filled(uow: UnitOfWork, covered: Sequence[Demand], rows: dict[UUID, sa.Row[Any]]) -> list[UUID]:
    await uow.update(FulfillmentLine, [{"id": demand.line_id, "is_short": False} for demand in covered])
    filled: dict[UUID, dict[str, Any]] = {}
    of_order: dict[UUID, sa.Row[Any]] = {}
    for demand in covered:
        row = rows[demand.line_id]
        of_order[row.fulfillment_order_id] = row
        filled.setdefault(row.fulfillment_order_id, {})[str(demand.line_id)] = demand.quantity
    short = await shortages.count_short(uow, filled)
    uow.emit(
        events.BackorderFilled(
            subject_id=each,
            order_id=of_order[each].order_id,
            location_id=of_order[each].location_id,
            progress=of_order[each].progress,
            line_quantities=quantities,
            short_pieces=short[each],
        )
        for each, quantities in filled.items()
    )
    return list(filled)
