"""Reading the work in hand: pick lines with the shares still in their bins, locked in the one order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress
from pickmesh.core.picking import locks, rules
from pickmesh.core.picking.tables import PickLine, PickList, Wave, WaveOrder
from pickmesh.core.stock.tables import Allocation, AllocationStatus

Found = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Held:
    """Locked work: lines as they stand, their lists and waves."""

    lines: Mapping[UUID, rules.WorkLine]
    lists: locks.Locked
    waves: locks.Locked


async def lock_lines(uow: UnitOfWork, line_ids: Collection[UUID]) -> Held:
    """Lock the orders, waves and lists behind pick lines, in this order; return them as they then stand."""
    served = await uow.fetch(
        sa.select(FulfillmentLine.fulfillment_order_id)
        .join(Allocation, _of_line(Allocation, FulfillmentLine))
        .where(uow.mine(Allocation), uow.among(Allocation.work_line_id, line_ids))
        .distinct()
    )
    await order_locks.lock_fulfillment_orders(uow, [row.fulfillment_order_id for row in served])
    on_lists = await uow.fetch(
        sa.select(PickLine.pick_list_id).where(uow.mine(PickLine), uow.among(PickLine.id, line_ids)).distinct()
    )
    waves, lists = await lock_lists(uow, [row.pick_list_id for row in on_lists])
    return Held(await work_lines(uow, line_ids), lists, waves)


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
    found_shares = await _shares(uow, line_ids, open_only=False)
    shares, stopped = _by_line(found_shares), _stopped_orders(found_shares)
    return {
        row.id: rules.WorkLine(
            id=row.id,
            pick_list_id=row.pick_list_id,
            wave_kind=row.kind,
            status=row.status,
            list_status=row.list_status,
            worker_id=row.worker_id,
            quantity=row.quantity,
            picked=row.picked_quantity,
            short=row.short_quantity,
            shares=tuple(shares[row.id]),
            stopped_order_ids=frozenset(stopped[row.id]),
        )
        for row in found
    }


async def shares_in_bins(uow: UnitOfWork, line_ids: Collection[UUID]) -> Mapping[UUID, list[rules.Share]]:
    """Return the open shares of pick lines whose units have not left their bins, in the order of their seats."""
    return _by_line(await _shares(uow, line_ids, open_only=True))


async def _shares(uow: UnitOfWork, line_ids: Collection[UUID], *, open_only: bool) -> Sequence[Found]:
    wanted = [AllocationStatus.OPEN] if open_only else [AllocationStatus.OPEN, AllocationStatus.RELEASED]
    seat = sa.func.coalesce(WaveOrder.position, 0)
    return await uow.fetch(
        sa.select(
            Allocation.id,
            Allocation.status,
            Allocation.work_line_id,
            Allocation.line_id,
            Allocation.place_id,
            Allocation.sku_id,
            Allocation.lot_id,
            Allocation.quantity,
            FulfillmentOrder.id.label("fulfillment_order_id"),
            FulfillmentOrder.progress,
            FulfillmentOrder.intercepted_at,
        )
        .join(FulfillmentLine, _of_line(Allocation, FulfillmentLine))
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == FulfillmentLine.merchant_id)
            & (FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
        .join(PickLine, (PickLine.merchant_id == Allocation.merchant_id) & (PickLine.id == Allocation.work_line_id))
        .join(PickList, (PickList.merchant_id == PickLine.merchant_id) & (PickList.id == PickLine.pick_list_id))
        .outerjoin(
            WaveOrder,
            (WaveOrder.merchant_id == PickList.merchant_id)
            & (WaveOrder.wave_id == PickList.wave_id)
            & (WaveOrder.fulfillment_order_id == FulfillmentOrder.id),
        )
        .where(
            uow.mine(Allocation),
            uow.among(Allocation.work_line_id, line_ids),
            Allocation.status.in_(wanted),
            Allocation.place_id == Allocation.bin_id,
        )
        .order_by(seat, FulfillmentOrder.id, Allocation.id)
    )


def _by_line(found: Iterable[Found]) -> Mapping[UUID, list[rules.Share]]:
    shares: dict[UUID, list[rules.Share]] = defaultdict(list)
    for row in found:
        if row.status != AllocationStatus.OPEN:
            continue
        share = rules.Share(
            allocation_id=row.id,
            fulfillment_order_id=row.fulfillment_order_id,
            line_id=row.line_id,
            place_id=row.place_id,
            sku_id=row.sku_id,
            lot_id=row.lot_id,
            quantity=row.quantity,
            stopped=_is_stopped(row),
        )
        shares[row.work_line_id].append(share)
    return shares


def _stopped_orders(found: Iterable[Found]) -> Mapping[UUID, set[UUID]]:
    """Return, by pick line, the orders that were stopped after it was laid out for them."""
    stopped: dict[UUID, set[UUID]] = defaultdict(set)
    for row in found:
        if _is_stopped(row):
            stopped[row.work_line_id].add(row.fulfillment_order_id)
    return stopped


def _is_stopped(row: Found) -> bool:
    return row.intercepted_at is not None or row.progress == Progress.CANCELLED


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
            FulfillmentOrder.intercepted_at.is_not(None) | (FulfillmentOrder.progress == Progress.CANCELLED),
        )
    )
    return {row.id for row in found}
