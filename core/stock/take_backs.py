"""Taking promises back when reality leaves less than was promised: last rank first, never more than is missing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.stock import events, promises, rules
from pickmesh.core.stock.locks import Balances, Levels
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.promises import Promise
from pickmesh.core.stock.rules import BalanceFigures, BalanceKey, Holding, Level, LevelFigures, Posting
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Reservation, ReservationStatus


@dataclass(slots=True)
class _TakenBack:
    """What promises give up: pieces by allocation and by reservation."""

    allocations: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    reservations: dict[UUID, int] = field(default_factory=dict)


async def post_reality(
    uow: UnitOfWork,
    postings: Sequence[Posting],
    *,
    levels: Levels,
    balances: Balances,
    blocked: Mapping[Level, int] | None = None,
) -> None:
    """Post moves that may leave less than is promised, and take back exactly what is missing.

    `blocked` are pieces that turn unsellable where they lie. `balances` are all those of the SKUs at the locations that
    lose something, locked after `levels`. A bin that holds
    less than is promised there frees allocations, a level that has less than is reserved loses reservations, in both
    cases last rank first; units that have left their bin stay promised.
    """
    short_bins = _short_bins(postings, balances)
    short_levels = _short_levels(postings, levels, blocked or {})
    if not short_bins and not short_levels:
        await post(uow, postings, levels=levels, balances=balances, blocked=blocked)
        return
    concerned = {Level(one.from_place.location_id, one.sku_id) for one in postings} | set(short_levels)
    held = await _open_promises(uow, concerned)
    reserved = await _open_reservations(uow, short_levels)
    taken = _take_back(short_bins, short_levels, held, reserved)
    await post(
        uow,
        postings,
        levels=levels,
        balances=balances,
        blocked=blocked,
        reserved=rules.summed((_level(reserved[one]), -quantity) for one, quantity in taken.reservations.items()),
        allocated=rules.summed((held[one].key, -quantity) for one, quantity in taken.allocations.items()),
    )
    await promises.shrink_allocations(uow, taken.allocations, held)
    quantities = {one: row.quantity for one, row in reserved.items()}
    await promises.shrink_reservations(uow, taken.reservations, quantities, ReservationStatus.LOST)
    _tell(uow, taken, held, reserved)


def _short_bins(postings: Iterable[Posting], balances: Mapping[BalanceKey, BalanceFigures]) -> dict[BalanceKey, int]:
    """Return where more is promised than will lie there, and how much."""
    after = {
        key: balances.get(key, BalanceFigures()).plus(change) for key, change in rules.balance_changes(postings).items()
    }
    return {key: here.allocated - here.quantity for key, here in after.items() if here.allocated > here.quantity}


def _short_levels(
    postings: Iterable[Posting], levels: Mapping[Level, LevelFigures], blocked: Mapping[Level, int]
) -> dict[Level, int]:
    """Return where more is reserved than will be sellable, and how much."""
    after = {
        level: levels.get(level, LevelFigures()).plus(change) for level, change in rules.level_changes(postings).items()
    }
    for level, quantity in blocked.items():
        before = after.get(level, levels.get(level, LevelFigures()))
        after[level] = before.plus(LevelFigures(non_sellable=quantity))
    return {level: -rules.free(figures) for level, figures in after.items() if rules.free(figures) < 0}


async def _open_promises(uow: UnitOfWork, levels: Iterable[Level]) -> dict[UUID, Promise]:
    at = uow.among((Reservation.location_id, Reservation.sku_id), sorted(levels))
    return await promises.promises_of(
        uow,
        sa.and_(at, Reservation.status == ReservationStatus.OPEN, Allocation.status == AllocationStatus.OPEN),
    )


async def _open_reservations(uow: UnitOfWork, levels: Iterable[Level]) -> dict[UUID, sa.Row[Any]]:
    found = sa.select(
        Reservation.id,
        Reservation.line_id,
        Reservation.group_id,
        Reservation.location_id,
        Reservation.sku_id,
        Reservation.quantity,
        Reservation.rank_at,
    ).where(
        uow.mine(Reservation),
        uow.among((Reservation.location_id, Reservation.sku_id), sorted(levels)),
        Reservation.status == ReservationStatus.OPEN,
    )
    return {row.id: row for row in await uow.fetch(found)}


def _take_back(
    short_bins: Mapping[BalanceKey, int],
    short_levels: Mapping[Level, int],
    held: Mapping[UUID, Promise],
    reserved: Mapping[UUID, sa.Row[Any]],
) -> _TakenBack:
    """Free bins that are short, then take reservations back; each gives its pieces without a bin first."""
    taken = _TakenBack()
    for key, deficit in sorted(short_bins.items()):
        holders = [_holding(promise) for promise in held.values() if promise.key == key]
        taken.allocations.update(rules.give_up(holders, deficit))
    out = rules.summed((one.reservation_id, one.quantity) for one in held.values() if not one.in_bin)
    for level, deficit in sorted(short_levels.items()):
        rows = [row for row in reserved.values() if _level(row) == level]
        holders = [Holding(row.id, (row.rank_at, row.group_id), row.quantity - out.get(row.id, 0)) for row in rows]
        taken.reservations.update(rules.give_up(holders, deficit))
    for reservation_id, quantity in taken.reservations.items():
        _free_bins_of(reserved[reservation_id], quantity, held, taken)
    return taken


def _holding(promise: Promise) -> Holding:
    return Holding(promise.id, promise.rank, promise.quantity)


def _free_bins_of(reservation: sa.Row[Any], quantity: int, held: Mapping[UUID, Promise], taken: _TakenBack) -> None:
    """Free so many of a reservation's bins that it does not hold more than is left of it."""
    theirs = [promise for promise in held.values() if promise.reservation_id == reservation.id]
    still_held = sum(promise.quantity - taken.allocations[promise.id] for promise in theirs)
    too_much = still_held - (reservation.quantity - quantity)
    in_bins = [
        Holding(promise.id, promise.rank, promise.quantity - taken.allocations[promise.id])
        for promise in theirs
        if promise.in_bin
    ]
    for allocation_id, given in rules.give_up(in_bins, too_much).items():
        taken.allocations[allocation_id] += given


def _level(row: sa.Row[Any]) -> Level:
    return Level(row.location_id, row.sku_id)


def _tell(
    uow: UnitOfWork, taken: _TakenBack, held: Mapping[UUID, Promise], reserved: Mapping[UUID, sa.Row[Any]]
) -> None:
    """Emit what lines lost."""
    for allocation_id, quantity in taken.allocations.items():
        one = held[allocation_id]
        if quantity:
            lost = events.AllocationLost(one.line_id, one.id, one.work_line_id, one.place.id, one.sku_id, quantity)
            uow.emit([lost])
    for reservation_id, quantity in taken.reservations.items():
        row = reserved[reservation_id]
        lost_line = events.ReservationLost(row.line_id, row.id, row.group_id, row.location_id, row.sku_id, quantity)
        uow.emit([lost_line])
