"""Promising stock to order lines, and taking the promise back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.ahead import Ahead
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, locks, promises, rules
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.promises import Promise
from pickmesh.core.stock.rules import BalanceKey, Demand, Level
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Reservation, ReservationStatus


@dataclass(frozen=True, slots=True)
class Reservations:
    """What was promised, and what is short and holds nothing."""

    covered: Sequence[Demand]
    short: Sequence[Demand]


async def reserve_stock(uow: UnitOfWork, *, demands: Sequence[Demand], ahead: Ahead | None = None) -> Reservations:
    """Promise stock to order lines, all of a group or nothing, in a fixed number of statements.

    Levels of every location are locked once, in the one order; what is short comes back and holds nothing. It adds to
    what a line holds already. Part of an order's command, which has checked who may and holds the order's lock. With
    `ahead` the last statement may still be under way when this returns.
    """
    if not demands:
        return Reservations([], [])
    if any(not 0 < demand.quantity <= rules.QUANTITY_MAX for demand in demands):
        raise InvalidInput(sentence("The quantity must be 1 to {most}.", most=rules.QUANTITY_MAX), field=("quantity",))
    levels = await locks.lock_levels(uow, {demand.level for demand in demands})
    covered, short = rules.split_by_cover(demands, {level: rules.free(levels[level]) for level in levels})
    reserved = rules.summed((demand.level, demand.quantity) for demand in covered)
    await post(uow, levels=levels, reserved=reserved)
    await (ahead or uow).insert(Reservation, _reservation_rows(uow, covered))
    uow.emit(
        events.StockReserved(level.sku_id, level.location_id, quantity, rules.free(levels[level]))
        for level, quantity in reserved.items()
    )
    uow.emit(
        events.StockShort(level.sku_id, level.location_id, quantity, free_at(levels, level))
        for level, quantity in rules.summed((demand.level, demand.quantity) for demand in short).items()
    )
    return Reservations(covered, short)


def _reservation_rows(uow: UnitOfWork, covered: Iterable[Demand]) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "location_id": demand.location_id,
            "sku_id": demand.sku_id,
            "line_id": demand.line_id,
            "group_id": demand.group_id,
            "quantity": demand.quantity,
            "status": ReservationStatus.OPEN,
            "rank_at": demand.rank_at,
            "created_at": uow.now,
        }
        for demand in covered
    ]


@dataclass(frozen=True, slots=True)
class ReleasedLine:
    """Pieces of a line that are free again."""

    reservation_id: UUID
    line_id: UUID
    location_id: UUID
    sku_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class ReleasedAllocation:
    """Units in a bin that are no longer promised there; `work_line_id` is the pick line that was to take them."""

    allocation_id: UUID
    line_id: UUID
    work_line_id: UUID | None
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class HeldUnits:
    """Units that have left their bin and stay promised until they are put back."""

    allocation_id: UUID
    line_id: UUID
    work_line_id: UUID | None
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Released:
    """What a release did: lines freed, bins freed, and units that must be put back first."""

    released: Sequence[ReleasedLine]
    allocations: Sequence[ReleasedAllocation]
    held: Sequence[HeldUnits]


async def release_reservations(uow: UnitOfWork, *, line_ids: Collection[UUID]) -> Released:
    """Free what lines hold, derived from their rows; a second release finds nothing left and frees nothing.

    Units that have left their bin stay promised and come back as `held`: put them back to free them. Part of an order's
    command, which has checked who may and holds the order's lock.
    """
    if not line_ids:
        return Released([], [], [])
    levels = await locks.lock_levels_of_lines(uow, line_ids)
    balances = await locks.lock_bin_balances_of_lines(uow, line_ids)
    open_promises = await promises.promises_of(
        uow, sa.and_(uow.among(Allocation.line_id, line_ids), Allocation.status == AllocationStatus.OPEN)
    )
    reservations = [row for row in await _open_reservations(uow, line_ids) if _level(row) in levels]
    in_bins = [promise for promise in open_promises.values() if promise.in_bin and promise.key in balances]
    held = [promise for promise in open_promises.values() if not (promise.in_bin and promise.key in balances)]
    freed = _freed(reservations, held)
    await post(
        uow,
        levels=levels,
        balances=balances,
        reserved=rules.summed((_level(row), -freed[row.id]) for row in reservations if row.id in freed),
        allocated=unpromised(in_bins),
    )
    await promises.shrink_allocations(uow, {one.id: one.quantity for one in in_bins}, open_promises)
    quantities = {row.id: row.quantity for row in reservations}
    await promises.shrink_reservations(uow, freed, quantities, ReservationStatus.RELEASED)
    released = [_released_line(row, freed[row.id]) for row in reservations if row.id in freed]
    emit_released(uow, levels, ((Level(one.location_id, one.sku_id), one.quantity) for one in released))
    return Released(released, [released_allocation(one) for one in in_bins], [held_units(one) for one in held])


async def _open_reservations(uow: UnitOfWork, line_ids: Collection[UUID]) -> Sequence[sa.Row[Any]]:
    found = sa.select(
        Reservation.id, Reservation.line_id, Reservation.location_id, Reservation.sku_id, Reservation.quantity
    ).where(
        uow.mine(Reservation),
        uow.among(Reservation.line_id, line_ids),
        Reservation.status == ReservationStatus.OPEN,
    )
    return await uow.fetch(found.order_by(Reservation.id))


def _freed(reservations: Iterable[sa.Row[Any]], held: Iterable[Promise]) -> dict[UUID, int]:
    """Return how much each reservation frees: all but the units that have left their bin."""
    out: defaultdict[UUID, int] = defaultdict(int)
    for promise in held:
        out[promise.reservation_id] += promise.quantity
    return {row.id: row.quantity - out[row.id] for row in reservations if row.quantity > out[row.id]}


def _level(row: sa.Row[Any]) -> Level:
    return Level(row.location_id, row.sku_id)


def _released_line(row: sa.Row[Any], quantity: int) -> ReleasedLine:
    return ReleasedLine(row.id, row.line_id, row.location_id, row.sku_id, quantity)


def released_allocation(promise: Promise) -> ReleasedAllocation:
    """Tell of a promise that left its bin free."""
    return ReleasedAllocation(
        promise.id,
        promise.line_id,
        promise.work_line_id,
        promise.place.id,
        promise.sku_id,
        promise.lot_id,
        promise.quantity,
    )


def held_units(promise: Promise) -> HeldUnits:
    """Tell of a promise whose units must be put back."""
    return HeldUnits(
        promise.id,
        promise.line_id,
        promise.work_line_id,
        promise.place.id,
        promise.sku_id,
        promise.lot_id,
        promise.quantity,
    )


def unpromised(released: Iterable[Promise]) -> dict[BalanceKey, int]:
    """Return the differences at balances when promises are dropped where they stand."""
    return rules.summed((promise.key, -promise.quantity) for promise in released)


def emit_released(uow: UnitOfWork, levels: locks.Levels, freed: Iterable[tuple[Level, int]]) -> None:
    """Say which levels have free pieces again."""
    uow.emit(
        events.ReservationReleased(level.sku_id, level.location_id, quantity, free_at(levels, level))
        for level, quantity in rules.summed(freed).items()
    )


def free_at(levels: locks.Levels, level: Level) -> int:
    """Return what is free at a level; one without a row has nothing."""
    return rules.free(levels[level]) if level in levels else 0
