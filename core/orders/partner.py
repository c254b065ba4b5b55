"""Fulfillment orders with a partner: handed over, brought back, shipped there. Only the mesh calls these.

While a partner has a fulfillment order it counts as released: our own floor, splits, holds and changes from the shop
leave it alone, and a cancellation only asks for it back (`cancel`). The reservation at the partner's location is the
partner's promise and is consumed by what the partner ships, or will not ship.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import cancel, events, locks, plans, progress, queries, routing, shipments, splits
from pickmesh.core.orders.plans import Line, Plan
from pickmesh.core.orders.rules import Route, RouteReason
from pickmesh.core.orders.shipments import ShippedParcel
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress, RequestStatus
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import partner as stock_partner
from pickmesh.core.stock import reservations as stock
from pickmesh.core.stock.rules import Demand, Level, free, split_by_cover, summed
from pickmesh.core.stock.tables import Location, LocationKind


@dataclass(frozen=True, slots=True)
class Move:
    """A locked fulfillment order, its lines, and the partner's location it is to go to."""

    row: sa.Row[Any]
    lines: Sequence[sa.Row[Any]]
    location_id: UUID

    def demands(self) -> list[Demand]:
        """Return what the partner must promise."""
        at, rank = self.location_id, self.row.ship_by
        return [Demand(line.group_id, line.id, at, line.sku_id, line.quantity, rank) for line in self.lines]


def on_own_floor(uow: UnitOfWork) -> sa.ColumnElement[bool]:
    """Return the condition that a fulfillment order is not at a partner's location, whose parcels we never see."""
    partners = sa.select(Location.id).where(uow.mine(Location), Location.kind == LocationKind.PARTNER)
    return FulfillmentOrder.location_id.is_(None) | FulfillmentOrder.location_id.not_in(partners)


async def move_to_partner(uow: UnitOfWork, moves: Sequence[Move]) -> set[UUID]:
    """Hand open fulfillment orders to partners that promise all of their pieces; return those that went.

    What they held elsewhere is free again. One whose partner has too little left stays as it was.
    """
    if not moves:
        return set()
    demands = [demand for move in moves for demand in move.demands()]
    held = {Level(move.row.location_id, line.sku_id) for move in moves if move.row.location_id for line in move.lines}
    levels = await stock_locks.lock_levels(uow, held | {demand.level for demand in demands})
    whole = [
        Demand(move.row.id, each.line_id, each.location_id, each.sku_id, each.quantity, each.rank_at)
        for move in moves
        for each in move.demands()
    ]
    covered, _ = split_by_cover(whole, {level: free(figures) for level, figures in levels.items()})
    going = {demand.group_id for demand in covered}
    gone = [move for move in moves if move.row.id in going]
    line_ids = [line.id for move in gone for line in move.lines]
    await stock.release_reservations(uow, line_ids=line_ids)
    await stock.reserve_stock(uow, demands=[demand for move in gone for demand in move.demands()])
    await _write_moved(uow, gone)
    return going


async def _write_moved(uow: UnitOfWork, gone: Sequence[Move]) -> None:
    handed_over = {
        "route_reason": RouteReason.PARTNER,
        "progress": Progress.RELEASED,
        "request_status": RequestStatus.SUBMITTED,
        "rejection_reason": None,
        "short_quantity": 0,
    }
    by_id = sorted(gone, key=lambda move: move.row.id)
    changed = [{"id": move.row.id, "location_id": move.location_id, **handed_over} for move in by_id]
    await uow.update(FulfillmentOrder, changed, bump_version=True)
    short = sorted(line.id for move in gone for line in move.lines if line.is_short)
    await uow.update(FulfillmentLine, [{"id": line_id, "is_short": False} for line_id in short])
    for move in gone:
        row = move.row
        uow.emit(
            [
                events.FulfillmentOrderRouted(row.id, row.order_id, move.location_id, RouteReason.PARTNER),
                events.FulfillmentOrderProgressed(row.id, row.order_id, Progress.RELEASED),
            ]
        )


async def mark_accepted(uow: UnitOfWork, ids: Collection[UUID]) -> None:
    """Note that partners will ship locked fulfillment orders; one that is asked back meanwhile stays so."""
    table = rows.table_of(FulfillmentOrder)
    await uow.execute(
        sa.update(FulfillmentOrder)
        .where(
            uow.mine(FulfillmentOrder),
            uow.among(FulfillmentOrder.id, ids),
            FulfillmentOrder.request_status == RequestStatus.SUBMITTED,
        )
        .values(request_status=RequestStatus.ACCEPTED, version=table.c.version + 1)
    )
    await progress.mark_in_progress(uow, ids)


async def go_on_at_partner(uow: UnitOfWork, ids: Collection[UUID]) -> None:
    """Let locked fulfillment orders that were asked back go on: their partners will not let go of them."""
    found = await queries.fulfillment_orders(uow, ids)
    stopped = {each: row for each, row in found.items() if row.intercepted_at is not None}
    ended = {each for each, row in stopped.items() if row.progress == Progress.SHIPPED}
    on = [
        {
            "id": each,
            "intercepted_at": None,
            "request_status": RequestStatus.CLOSED if each in ended else RequestStatus.CANCELLATION_REJECTED,
        }
        for each in sorted(stopped)
    ]
    await uow.update(FulfillmentOrder, on, bump_version=True)
    await uow.execute(
        sa.update(FulfillmentLine)
        .where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.fulfillment_order_id, stopped))
        .values(intercepted_at=None)
    )
    uow.emit(events.FulfillmentOrderProgressed(each, row.order_id, row.progress) for each, row in stopped.items())


async def ship_at_partner(uow: UnitOfWork, shipped: Sequence[ShippedParcel]) -> None:
    """Record parcels that left a partner for locked fulfillment orders: lines, shipments, the shops' tracking.

    The partner's promise is consumed with them; what has shipped altogether is closed.
    """
    pieces = summed((line_id, quantity) for parcel in shipped for line_id, quantity in parcel.lines.items())
    await progress.record_picked(uow, pieces)
    await progress.record_packed(uow, pieces)
    await shipments.mark_shipped(uow, shipped)
    await stock_partner.consume_promised(uow, line_quantities=pieces)
    await uow.execute(
        sa.update(FulfillmentOrder)
        .where(
            uow.mine(FulfillmentOrder),
            uow.among(FulfillmentOrder.id, {parcel.fulfillment_order_id for parcel in shipped}),
            FulfillmentOrder.progress == Progress.SHIPPED,
        )
        .values(request_status=RequestStatus.CLOSED)
    )


async def unship_at_partner(uow: UnitOfWork, shipped: Sequence[ShippedParcel], *, goes_on: bool) -> bool:
    """Take parcels back that a partner called back for a locked fulfillment order, which is its work again.

    The partner's promise stands as before, shops are told that the shipment is undone. Return whether we are still
    asking for the order back; with `goes_on` that is settled and it goes on.
    """
    ids = {parcel.fulfillment_order_id for parcel in shipped}
    pieces = summed((line_id, -quantity) for parcel in shipped for line_id, quantity in parcel.lines.items())
    await shipments.unmark_shipped(uow, shipped)
    await progress.unmark_packed(uow, ids)
    await progress.record_packed(uow, pieces)
    await progress.record_picked(uow, pieces)
    await stock_partner.restore_promised(
        uow, line_quantities={line_id: -quantity for line_id, quantity in pieces.items()}
    )
    found = await queries.fulfillment_orders(uow, ids)
    if goes_on:
        await go_on_at_partner(uow, ids)
    asked_back = {each for each, row in found.items() if row.intercepted_at is not None and not goes_on}
    closed = [each for each, row in found.items() if row.request_status == RequestStatus.CLOSED]
    waits = {True: RequestStatus.CANCELLATION_REQUESTED, False: RequestStatus.ACCEPTED}
    await uow.update(
        FulfillmentOrder, [{"id": each, "request_status": waits[each in asked_back]} for each in sorted(closed)]
    )
    return bool(asked_back)


async def back_to_own(uow: UnitOfWork, reasons: Mapping[UUID, tuple[RequestStatus, str]]) -> None:
    """Take fulfillment orders back that partners will not ship, each with its request's end and the reason told.

    They are routed and reserved as at intake; one that was asked back is cancelled instead. Of one that has shipped in
    part the rest goes on as a fulfillment order of its own, also when it was asked back: it can be cancelled there.
    """
    await locks.lock_orders_behind(uow, reasons)
    locked = await locks.lock_fulfillment_orders(uow, reasons)
    waiting = {each: row for each, row in locked.items() if row.progress in {Progress.RELEASED, Progress.IN_PROGRESS}}
    lines = await queries.lines_of_fulfillment_orders(uow, waiting)
    await _lock_levels(uow, waiting, lines)
    await stock_partner.consume_promised(uow, line_quantities=_unshipped(waiting, lines))
    ended = [
        {"id": each, "request_status": reasons[each][0], "rejection_reason": reasons[each][1] or None}
        for each in sorted(waiting)
    ]
    await uow.update(FulfillmentOrder, ended, bump_version=True)
    asked_back = {each for each, row in waiting.items() if row.intercepted_at is not None}
    stopped = {each for each in asked_back if not _has_shipped(lines[each])}
    if stopped:
        await cancel.finish_interceptions(uow, ids=stopped)
    await _place_again(uow, [row for each, row in waiting.items() if each not in stopped], lines)


async def _lock_levels(
    uow: UnitOfWork, waiting: Mapping[UUID, sa.Row[Any]], lines: Mapping[UUID, Sequence[sa.Row[Any]]]
) -> None:
    """Lock every level the return touches at once, so that it waits in the one order and never in between."""
    places = {candidate.location_id for candidate in await plans.warehouses(uow)}
    skus = {line.sku_id for each in waiting for line in lines[each]}
    at_partners = {Level(row.location_id, line.sku_id) for each, row in waiting.items() for line in lines[each]}
    await stock_locks.lock_levels(uow, at_partners | {Level(place, sku) for place in places for sku in skus})


def _has_shipped(lines: Sequence[sa.Row[Any]]) -> bool:
    return any(line.shipped_quantity for line in lines)


def _unshipped(waiting: Collection[UUID], lines: Mapping[UUID, Sequence[sa.Row[Any]]]) -> dict[UUID, int]:
    return {line.id: line.quantity - line.shipped_quantity for each in waiting for line in lines[each]}


async def _place_again(
    uow: UnitOfWork, back: Sequence[sa.Row[Any]], lines: Mapping[UUID, Sequence[sa.Row[Any]]]
) -> None:
    if not back:
        return
    whole = [row for row in back if not _has_shipped(lines[row.id])]
    rest = await _part_off_rest(uow, [row for row in back if row not in whole], lines)
    made = [_plan(row.id, row, [dict(line._mapping) for line in lines[row.id]]) for row in whole] + rest
    await uow.update(FulfillmentOrder, [{"id": row.id, "progress": Progress.OPEN} for row in whole])
    await plans.route(uow, made)
    await plans.reserve(uow, made)
    new = await queries.fulfillment_orders(uow, [plan.id for plan in made])
    existing = {line.id for row in back for line in lines[row.id]}
    await routing.write_placed(uow, list(new.values()), made, existing)
    parts = await splits.part_off_short(uow, [plan.id for plan in made])
    for plan in made:
        if plan.id in {row.id for row in whole} and plan.route.location_id is not None:
            routed = (plan.id, plan.order_id, plan.route.location_id, plan.route.reason)
            uow.emit([events.FulfillmentOrderRouted(*routed)])
    uow.emit(events.FulfillmentOrderProgressed(row.id, row.order_id, Progress.OPEN) for row in whole)
    after = await queries.fulfillment_orders(uow, [*new, *parts])
    uow.emit(
        events.FulfillmentOrderShort(row.id, row.order_id, row.short_quantity)
        for row in after.values()
        if row.short_quantity
    )


def _plan(plan_id: UUID, row: sa.Row[Any], lines: list[Line]) -> Plan:
    for line in lines:
        line["is_short"] = False
    return Plan(plan_id, row.order_id, row.ship_by, Route(None, RouteReason(row.route_reason)), lines)


async def _part_off_rest(
    uow: UnitOfWork, partly: Sequence[sa.Row[Any]], lines: Mapping[UUID, Sequence[sa.Row[Any]]]
) -> list[Plan]:
    """End fulfillment orders with what has shipped of them; return the rest of each as a plan of its own."""
    if not partly:
        return []
    rest_of = {row.id: new_id() for row in partly}
    await splits.write_fulfillment_orders(uow, [_like(row, rest_of[row.id]) for row in partly])
    left = [line for row in partly for line in lines[row.id] if line.shipped_quantity < line.quantity]
    untouched = [line for line in left if not line.shipped_quantity]
    into = [{"id": line.id, "fulfillment_order_id": rest_of[line.fulfillment_order_id]} for line in untouched]
    await uow.update(FulfillmentLine, [{**line, "intercepted_at": None} for line in into])
    cut = [{"id": line.id, "quantity": line.shipped_quantity} for line in left if line.shipped_quantity]
    await uow.update(FulfillmentLine, cut)
    closed = {"progress": Progress.SHIPPED, "request_status": RequestStatus.CLOSED, "shipped_at": uow.now}
    await uow.update(FulfillmentOrder, [{"id": row.id, **closed} for row in partly])
    by_order: dict[UUID, list[Line]] = {}
    for line in left:
        by_order.setdefault(line.fulfillment_order_id, []).append(_rest_of(line, rest_of[line.fulfillment_order_id]))
    uow.emit(
        events.FulfillmentOrderSplit(
            row.id, row.order_id, rest_of[row.id], sum(line["quantity"] for line in by_order[row.id]), backordered=False
        )
        for row in partly
    )
    return [_plan(rest_of[row.id], row, by_order[row.id]) for row in partly]


_INHERITED = ("order_id", "route_reason", "shortage_policy", "priority", "fulfill_at", "ship_by")
_COPIED = ("order_id", "order_line_id", "sku_id", "bundle_sku_id", "per_unit")


def _like(row: sa.Row[Any], into_id: UUID) -> dict[str, Any]:
    return {"id": into_id, "location_id": None, **{name: row._mapping[name] for name in _INHERITED}}


def _rest_of(line: sa.Row[Any], into_id: UUID) -> Line:
    """Return what has not shipped of a line: the line itself when nothing has, else a new one."""
    if not line.shipped_quantity:
        return {**line._mapping, "fulfillment_order_id": into_id}
    own_id = new_id()
    return {name: line._mapping[name] for name in _COPIED} | {
        "id": own_id,
        "group_id": own_id,
        "fulfillment_order_id": into_id,
        "quantity": line.quantity - line.shipped_quantity,
    }
