"""Reading the work in hand: pick lines with the shares still in their bins, locked in the one order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress
from pickmesh.core.picking import locks, rules
from pickmesh.core.picking.tables import PickLine, PickList, Wave, WaveOrder
from pickmesh.core.stock.tables import Allocation, AllocationStatus

Found = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Held:
    """Locked work: lines as they stand, their lists and waves.

    `begun` are orders known to be worked on; `statuses` are those of all lines, for lists that were read whole.
    """

    lines: Mapping[UUID, rules.WorkLine]
    lists: locks.Locked
    waves: locks.Locked
    begun: Collection[UUID] = ()
    statuses: Mapping[UUID, Mapping[UUID, str]] = field(default_factory=dict)


async def lock_lines(uow: UnitOfWork, line_ids: Collection[UUID]) -> Held:
    """Lock the orders, waves and lists behind pick lines, in this order; return them as they then stand."""
    served = await uow.fetch(
        sa.select(FulfillmentLine.fulfillment_order_id)
        .join(Allocation, _of_line(Allocation, FulfillmentLine))
        .where(uow.mine(Allocation), uow.among(Allocation.work_line_id, line_ids))
        .distinct()
    )
    orders = await order_locks.lock_fulfillment_orders(uow, [row.fulfillment_order_id for row in served])
    on_lists = await uow.fetch(
        sa.select(PickLine.pick_list_id).where(uow.mine(PickLine), uow.among(PickLine.id, line_ids)).distinct()
    )
    waves, lists = await lock_lists(uow, [row.pick_list_id for row in on_lists])
    begun = {row.id for row in orders.values() if row.progress == Progress.IN_PROGRESS}
    return Held(await work_lines(uow, line_ids), lists, waves, begun)


async def lock_lists(uow: UnitOfWork, list_ids: Collection[UUID]) -> tuple[locks.Locked, locks.Locked]:
    """Lock the waves of lists and then the lists, whose orders are locked already; return waves and lists."""
    found = await uow.fetch(
        sa.select(PickList.wave_id).where(uow.mine(PickList), uow.among(PickList.id, list_ids)).distinct()
    )
    waves = await locks.lock_waves(uow, [row.wave_id for row in found])
    return waves, await locks.lock_pick_lists(uow, list_ids)


def _of_line(allocation: type[Allocation], line: type[FulfillmentLine]) -> sa.ColumnElement[bool]:
    return (line.merchant_id == allocation.merchant_id) & (line.id == allocation.line_id)


async def work_lines(uow: UnitOfWork, line_ids: Collection[UUID]) -> dict[UUID, rules.WorkLine]:
    """Return pick lines as they stand, each with the shares still in its bin in the order of their seats."""
    found = await uow.fetch(
        sa.select(
            PickLine.id,
            PickLine.pick_list_id,
            PickLine.status,
            PickLine.quantity,
            PickLine.picked_quantity,
            PickLine.short_quantity,
            PickList.status.label("list_status"),
            PickList.worker_id,
            Wave.kind,
        )
        .join(PickList, (PickList.merchant_id == PickLine.merchant_id) & (PickList.id == PickLine.pick_list_id))
        .join(Wave, (Wave.merchant_id == PickList.merchant_id) & (Wave.id == PickList.wave_id))
        .where(uow.mine(PickLine), uow.among(PickLine.id, line_ids))
    )
    shares = _by_line(await uow.ask(_SHARES_IN_BINS, line_ids=line_ids))
    return {row.id: work_line(row, row.kind, row.list_status, row.worker_id, shares[row.id]) for row in found}


def work_line(
    row: Found, wave_kind: str, list_status: str, worker_id: UUID | None, in_bin: Iterable[Found]
) -> rules.WorkLine:
    """Return a pick line's row as work, with its shares in its bin, released ones among them."""
    shares = list(in_bin)
    return rules.WorkLine(
        id=row.id,
        pick_list_id=row.pick_list_id,
        wave_kind=wave_kind,
        status=row.status,
        list_status=list_status,
        worker_id=worker_id,
        quantity=row.quantity,
        picked=row.picked_quantity,
        short=row.short_quantity,
        shares=tuple(_share(each) for each in shares if each.status == AllocationStatus.OPEN),
        stopped_order_ids=frozenset(each.fulfillment_order_id for each in shares if is_called_off(each)),
    )


async def shares_in_bins(uow: UnitOfWork, line_ids: Collection[UUID]) -> Mapping[UUID, list[rules.Share]]:
    """Return the open shares of pick lines whose units have not left their bins, in the order of their seats."""
    found = await uow.ask(_OPEN_SHARES_IN_BINS, line_ids=line_ids)
    return {line_id: [_share(row) for row in own] for line_id, own in _by_line(found).items()}


async def shares_of_lines(uow: UnitOfWork, line_ids: Collection[UUID]) -> Mapping[UUID, list[Found]]:
    """Return the allocations of pick lines with their orders, open and released ones, by line and seat."""
    return _by_line(await uow.ask(_SHARES, line_ids=line_ids))


def _by_line(found: Iterable[Found]) -> Mapping[UUID, list[Found]]:
    by_line: dict[UUID, list[Found]] = defaultdict(list)
    for row in found:
        by_line[row.work_line_id].append(row)
    return by_line


def _shares(to: Names, *conditions: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    position = (  # row by row: the planner, left to join them, may read whole waves
        sa.select(WaveOrder.position)
        .select_from(PickLine)
        .join(PickList, sa.and_(to.mine(PickList), PickList.id == PickLine.pick_list_id))
        .join(WaveOrder, sa.and_(to.mine(WaveOrder), WaveOrder.wave_id == PickList.wave_id))
        .where(
            to.mine(PickLine),
            PickLine.id == Allocation.work_line_id,
            WaveOrder.fulfillment_order_id == FulfillmentLine.fulfillment_order_id,
        )
        .correlate(Allocation, FulfillmentLine)
        .scalar_subquery()
    )
    seat = sa.func.coalesce(position, 0).label("seat")
    return (
        sa.select(
            Allocation.id,
            Allocation.status,
            Allocation.work_line_id,
            Allocation.line_id,
            Allocation.place_id,
            Allocation.bin_id,
            Allocation.sku_id,
            Allocation.lot_id,
            Allocation.quantity,
            seat,
            FulfillmentLine.fulfillment_order_id,
            FulfillmentOrder.number,
            FulfillmentOrder.progress,
            FulfillmentOrder.intercepted_at,
            FulfillmentOrder.stop_asked_at,
        )
        .join(FulfillmentLine, sa.and_(to.mine(FulfillmentLine), FulfillmentLine.id == Allocation.line_id))
        .join(
            FulfillmentOrder,
            sa.and_(to.mine(FulfillmentOrder), FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
        .where(
            to.mine(Allocation),
            to.among(Allocation.work_line_id, "line_ids"),
            Allocation.status.in_([AllocationStatus.OPEN, AllocationStatus.RELEASED]),
            *conditions,
        )
        .order_by("seat", FulfillmentLine.fulfillment_order_id, Allocation.id)
    )


_IN_BINS = Allocation.place_id == Allocation.bin_id
_SHARES = Prepared(_shares)
_SHARES_IN_BINS = Prepared(lambda to: _shares(to, _IN_BINS))
_OPEN_SHARES_IN_BINS = Prepared(lambda to: _shares(to, _IN_BINS, Allocation.status == AllocationStatus.OPEN))


def _share(row: Found) -> rules.Share:
    return rules.Share(
        allocation_id=row.id,
        fulfillment_order_id=row.fulfillment_order_id,
        line_id=row.line_id,
        place_id=row.place_id,
        sku_id=row.sku_id,
        lot_id=row.lot_id,
        quantity=row.quantity,
        stopped=is_called_off(row),
    )


def is_stopped(row: Found) -> bool:
    """Tell whether a share's order goes no further."""
    return row.intercepted_at is not None or row.progress == Progress.CANCELLED


def is_called_off(row: Found) -> bool:
    """Tell whether a share's order is stopped or, asked for while a phone had it in the dark, will be now."""
    return is_stopped(row) or row.stop_asked_at is not None


async def orders_of_lists(uow: UnitOfWork, list_ids: Collection[UUID]) -> Mapping[UUID, list[UUID]]:
    """Return the fulfillment orders that lists serve now, in the order of their seats."""
    found = await uow.fetch(
        sa.select(PickLine.pick_list_id, FulfillmentLine.fulfillment_order_id, sa.func.min(WaveOrder.position))
        .join(Allocation, (Allocation.merchant_id == PickLine.merchant_id) & (Allocation.work_line_id == PickLine.id))
        .join(FulfillmentLine, _of_line(Allocation, FulfillmentLine))
        .join(PickList, (PickList.merchant_id == PickLine.merchant_id) & (PickList.id == PickLine.pick_list_id))
        .outerjoin(
            WaveOrder,
            (WaveOrder.merchant_id == PickList.merchant_id)
            & (WaveOrder.wave_id == PickList.wave_id)
            & (WaveOrder.fulfillment_order_id == FulfillmentLine.fulfillment_order_id),
        )
        .where(
            uow.mine(PickLine),
            uow.among(PickLine.pick_list_id, list_ids),
            Allocation.status == AllocationStatus.OPEN,
        )
        .group_by(PickLine.pick_list_id, FulfillmentLine.fulfillment_order_id)
        .order_by(sa.func.coalesce(sa.func.min(WaveOrder.position), 0), FulfillmentLine.fulfillment_order_id)
    )
    orders: dict[UUID, list[UUID]] = defaultdict(list)
    for row in found:
        orders[row.pick_list_id].append(row.fulfillment_order_id)
    return orders


async def stopped_lines(uow: UnitOfWork, fulfillment_line_ids: Collection[UUID]) -> set[UUID]:
    """Return which fulfillment lines belong to orders that go no further."""
    found = await uow.fetch(
        sa.select(FulfillmentLine.id)
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == FulfillmentLine.merchant_id)
            & (FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
        .where(
            uow.mine(FulfillmentLine),
            uow.among(FulfillmentLine.id, fulfillment_line_ids),
            FulfillmentOrder.intercepted_at.is_not(None)
            | FulfillmentOrder.stop_asked_at.is_not(None)
            | (FulfillmentOrder.progress == Progress.CANCELLED),
        )
    )
    return {row.id for row in found}
