"""Choosing the bins from which promised units will be taken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.stock import locks, promises, reservations, rules
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.reservations import HeldUnits, ReleasedAllocation
from pickmesh.core.stock.rules import BalanceKey, Candidate, Level, Need, Take
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Location, Reservation, ReservationStatus


@dataclass(frozen=True, slots=True)
class AllocationNeed:
    """A fulfillment line whose promised pieces should get bins, but not these places (found empty by a picker)."""

    line_id: UUID
    not_from: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class AllocatedUnits:
    """Units in a bin promised to a line."""

    allocation_id: UUID
    reservation_id: UUID
    line_id: UUID
    location_id: UUID
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class ShortLine:
    """Promised pieces no bin has: they stand on a dock, in transit between places, or their lot has expired."""

    line_id: UUID
    location_id: UUID
    sku_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Allocated:
    """What got bins, and what did not."""

    allocations: Sequence[AllocatedUnits]
    short: Sequence[ShortLine]


async def allocate_lines(uow: UnitOfWork, *, lines: Sequence[AllocationNeed]) -> Allocated:
    """Give bins to what lines hold and have no bin for yet, by `rules.allocation_plan`; a second run adds nothing.

    The reservation stays as it is when a line is short of bins. Part of a wave's release, which has checked who may.
    """
    not_from = {need.line_id: need.not_from for need in lines}
    if not not_from:
        return Allocated([], [])
    levels = await locks.lock_levels_of_lines(uow, not_from)
    needs, today = await _needs(uow, not_from, levels)
    if not needs:
        return Allocated([], [])
    candidates = await candidates_at(uow, {need.level for need in needs})
    takes, short = rules.allocation_plan(needs, candidates, today)
    await post(uow, allocated=rules.summed((take.key, take.quantity) for take in takes))
    allocations = [_allocated(take) for take in takes]
    await _write_allocations(uow, allocations)
    missing = [ShortLine(need.line_id, *need.level, quantity) for need, quantity in short]
    return Allocated(allocations, missing)


async def _needs(
    uow: UnitOfWork, not_from: Mapping[UUID, frozenset[UUID]], levels: Collection[Level]
) -> tuple[list[Need], dict[UUID, date]]:
    """Return what open reservations at locked levels have no bin for, and which day it is at their locations."""
    allocated = (
        sa.select(sa.func.coalesce(sa.func.sum(Allocation.quantity), 0))
        .where(
            uow.mine(Allocation),
            Allocation.line_id == Reservation.line_id,
            Allocation.reservation_id == Reservation.id,
            Allocation.status == AllocationStatus.OPEN,
        )
        .correlate(Reservation)
        .scalar_subquery()
    )
    found = (
        sa.select(
            Reservation.id,
            Reservation.line_id,
            Reservation.location_id,
            Reservation.sku_id,
            Reservation.rank_at,
            Reservation.group_id,
            Reservation.quantity,
            allocated.label("allocated"),
            Location.time_zone,
        )
        .join(Location, sa.and_(uow.mine(Location), Location.id == Reservation.location_id))
        .where(
            uow.mine(Reservation),
            uow.among(Reservation.line_id, not_from),
            Reservation.status == ReservationStatus.OPEN,
        )
        .order_by(Reservation.id)
    )
    rows = [row for row in await uow.fetch(found) if Level(row.location_id, row.sku_id) in levels]
    today = {row.location_id: uow.now.astimezone(ZoneInfo(row.time_zone)).date() for row in rows}
    return [_need(row, not_from[row.line_id]) for row in rows if row.quantity > row.allocated], today


def _need(row: sa.Row[Any], not_from: frozenset[UUID]) -> Need:
    return Need(
        reservation_id=row.id,
        line_id=row.line_id,
        level=Level(row.location_id, row.sku_id),
        quantity=row.quantity - row.allocated,
        rank_at=row.rank_at,
        group_id=row.group_id,
        not_from=not_from,
    )


async def candidates_at(uow: UnitOfWork, levels: Collection[Level]) -> list[Candidate]:
    """Lock the bins a wave may take these SKUs from and return what they have that nobody was promised."""
    return _candidates(await locks.lock_takeable_balances(uow, levels))


async def candidates_seen(uow: UnitOfWork, levels: Collection[Level]) -> list[Candidate]:
    """Return what bins have that a wave might take, without locking them: for estimates of waves to come."""
    return _candidates(await uow.fetch(locks.takeable(uow, levels)))


def _candidates(rows: Sequence[sa.Row[Any]]) -> list[Candidate]:
    return [
        Candidate(
            key=BalanceKey(row.place_id, row.sku_id, row.lot_id),
            location_id=row.location_id,
            free=row.free,
            expires_on=row.expires_on,
            first_in_at=row.first_in_at,
            role=row.role,
            walk_sequence=row.walk_sequence,
        )
        for row in rows
    ]


def _allocated(take: Take) -> AllocatedUnits:
    return AllocatedUnits(
        allocation_id=new_id(),
        reservation_id=take.need.reservation_id,
        line_id=take.need.line_id,
        location_id=take.need.level.location_id,
        place_id=take.key.place_id,
        sku_id=take.key.sku_id,
        lot_id=take.key.lot_id,
        quantity=take.quantity,
    )


async def _write_allocations(uow: UnitOfWork, allocations: Sequence[AllocatedUnits]) -> None:
    new = [
        {
            "id": units.allocation_id,
            "reservation_id": units.reservation_id,
            "line_id": units.line_id,
            "work_line_id": None,
            "location_id": units.location_id,
            "place_id": units.place_id,
            "bin_id": units.place_id,
            "sku_id": units.sku_id,
            "lot_id": units.lot_id,
            "quantity": units.quantity,
            "status": AllocationStatus.OPEN,
            "created_at": uow.now,
        }
        for units in allocations
    ]
    await uow.insert(Allocation, new)


async def assign_work(uow: UnitOfWork, work_line_ids: Mapping[UUID, UUID]) -> None:
    """Say which pick line takes which allocation: {allocation id: work line id}."""
    rows = [{"id": allocation_id, "work_line_id": work_line_ids[allocation_id]} for allocation_id in work_line_ids]
    await uow.update(Allocation, sorted(rows, key=lambda row: row["id"]))


@dataclass(frozen=True, slots=True)
class ReleasedAllocations:
    """Bins that were freed, and units that have left theirs and must be put back instead."""

    released: Sequence[ReleasedAllocation]
    held: Sequence[HeldUnits]


async def release_allocations(uow: UnitOfWork, *, allocation_ids: Collection[UUID]) -> ReleasedAllocations:
    """Free bins that were to be picked from; the lines keep their reservations. A second release frees nothing.

    Units that have left their bin stay promised and come back as `held`.
    """
    if not allocation_ids:
        return ReleasedAllocations([], [])
    balances = await locks.lock_balances_of_allocations(uow, allocation_ids)
    found = await promises.promises_by_id(uow, allocation_ids)
    still_open = [promise for promise in found.values() if promise.is_open]
    in_bins = [promise for promise in still_open if promise.in_bin and promise.key in balances]
    held = [promise for promise in still_open if promise not in in_bins]
    await post(uow, balances=balances, allocated=reservations.unpromised(in_bins))
    await promises.shrink_allocations(uow, {promise.id: promise.quantity for promise in in_bins}, found)
    return ReleasedAllocations(
        [reservations.released_allocation(promise) for promise in in_bins],
        [reservations.held_units(promise) for promise in held],
    )
