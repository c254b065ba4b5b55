"""Row locks of stock, in their one order: transfers and replenishment tasks (id), levels (location, SKU), then
balances (place, SKU, lot), then units (id).

What a lock guards: a level guards its figures and the reservations at it; a balance guards its figures and the
allocations whose units lie there. Where one command takes both, levels come first.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.stock.rules import BalanceFigures, BalanceKey, Level, LevelFigures
from pickmesh.core.stock.tables import (
    Allocation,
    AllocationStatus,
    Location,
    Lot,
    Place,
    PlaceKind,
    Pool,
    Reservation,
    ReservationStatus,
    StockBalance,
    StockLevel,
    StockUnit,
    UnitState,
)
from pickmesh.core.stock.transfer_tables import ReplenishmentStatus, ReplenishmentTask, Transfer

Levels = dict[Level, LevelFigures]
Balances = dict[BalanceKey, BalanceFigures]
_LEVEL_KEY = (StockLevel.location_id, StockLevel.sku_id)
_LEVEL_FIGURES = tuple(getattr(StockLevel, name) for name in LevelFigures._fields)
_BALANCE_KEY = (StockBalance.place_id, StockBalance.sku_id, StockBalance.lot_id)


async def lock_transfers(uow: UnitOfWork, transfer_ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Lock these transfers, before any level."""
    found = (
        sa.select(
            Transfer.id,
            Transfer.number,
            Transfer.from_location_id,
            Transfer.to_location_id,
            Transfer.status,
            Transfer.version,
        )
        .where(uow.mine(Transfer), uow.among(Transfer.id, sorted(transfer_ids)))
        .order_by(Transfer.id)
        .with_for_update()
    )
    return {row.id: row for row in await uow.fetch(found)}


async def lock_replenishments(uow: UnitOfWork, task_ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Lock these replenishment tasks, before any level."""
    return await _replenishments(uow, uow.among(ReplenishmentTask.id, sorted(task_ids)))


async def lock_open_replenishments(uow: UnitOfWork, location_id: UUID) -> dict[UUID, sa.Row[Any]]:
    """Lock the open replenishment tasks of a location, before any level."""
    return await _replenishments(
        uow,
        sa.and_(ReplenishmentTask.location_id == location_id, ReplenishmentTask.status == ReplenishmentStatus.OPEN),
    )


async def _replenishments(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> dict[UUID, sa.Row[Any]]:
    found = (
        sa.select(
            ReplenishmentTask.id,
            ReplenishmentTask.location_id,
            ReplenishmentTask.sku_id,
            ReplenishmentTask.lot_id,
            ReplenishmentTask.from_place_id,
            ReplenishmentTask.to_place_id,
            ReplenishmentTask.quantity,
            ReplenishmentTask.moved_quantity,
            ReplenishmentTask.status,
        )
        .where(uow.mine(ReplenishmentTask), condition)
        .order_by(ReplenishmentTask.id)
        .with_for_update()
    )
    return {row.id: row for row in await uow.fetch(found)}


async def lock_levels(uow: UnitOfWork, levels: Collection[Level]) -> Levels:
    """Lock these levels; those that have no row are missing from the answer."""
    return await _levels(uow, uow.among(_LEVEL_KEY, sorted(levels)))


async def make_and_lock_levels(uow: UnitOfWork, levels: Collection[Level]) -> Levels:
    """Lock these levels, making the rows that are missing, so that whoever comes second waits."""
    new = [{"location_id": level.location_id, "sku_id": level.sku_id} for level in sorted(levels)]
    await uow.upsert(StockLevel, new)
    return await lock_levels(uow, levels)


async def lock_levels_of_lines(uow: UnitOfWork, line_ids: Collection[UUID]) -> Levels:
    """Lock the levels at which these fulfillment lines hold open reservations."""
    theirs = sa.select(Reservation.location_id, Reservation.sku_id).where(
        uow.mine(Reservation),
        uow.among(Reservation.line_id, line_ids),
        Reservation.status == ReservationStatus.OPEN,
    )
    return await _levels(uow, sa.tuple_(*_LEVEL_KEY).in_(theirs))


async def lock_levels_of_allocations(uow: UnitOfWork, allocation_ids: Collection[UUID]) -> Levels:
    """Lock the levels these allocations count at."""
    theirs = sa.select(Allocation.location_id, Allocation.sku_id).where(
        uow.mine(Allocation), uow.among(Allocation.id, allocation_ids)
    )
    return await _levels(uow, sa.tuple_(*_LEVEL_KEY).in_(theirs))


async def lock_levels_of_lots(uow: UnitOfWork, lot_ids: Collection[UUID]) -> Levels:
    """Lock the levels of the SKUs of these lots, at every location."""
    theirs = sa.select(Lot.sku_id).where(uow.mine(Lot), uow.among(Lot.id, lot_ids))
    return await _levels(uow, StockLevel.sku_id.in_(theirs))


async def lock_balances(uow: UnitOfWork, keys: Collection[BalanceKey]) -> Balances:
    """Lock these balances; those that have no row are missing from the answer."""
    return await _balances(uow, [uow.among(_BALANCE_KEY, sorted(keys))])


async def lock_balances_of_levels(uow: UnitOfWork, levels: Collection[Level]) -> Balances:
    """Lock every balance of these SKUs at these locations."""
    wanted = uow.among((StockBalance.location_id, StockBalance.sku_id), sorted(levels))
    return await _balances(uow, [wanted])


async def lock_balances_of_lots(uow: UnitOfWork, lot_ids: Collection[UUID]) -> Balances:
    """Lock every balance of the SKUs of these lots, of their other lots too."""
    theirs = sa.select(Lot.sku_id).where(uow.mine(Lot), uow.among(Lot.id, lot_ids))
    return await _balances(uow, [StockBalance.sku_id.in_(theirs)])


async def lock_balances_at(uow: UnitOfWork, place_ids: Collection[UUID]) -> Balances:
    """Lock every balance at these places."""
    return await _balances(uow, [uow.among(StockBalance.place_id, sorted(place_ids))])


async def lots_of_goods(uow: UnitOfWork, goods: Collection[tuple[UUID, UUID]], *, lock: bool) -> Sequence[sa.Row[Any]]:
    """Return what lies of SKUs at places, by (place, SKU), with its lots; with `lock` their balances are locked.

    They are read once they are locked: whoever had them before may have put a lot on hold.
    """
    wanted = uow.among((StockBalance.place_id, StockBalance.sku_id), sorted(goods))
    if lock:
        await _balances(uow, [wanted])
    found = (
        sa.select(*_BALANCE_KEY, StockBalance.quantity, StockBalance.allocated, Lot.code, Lot.expires_on, Lot.blocked)
        .outerjoin(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        .where(uow.mine(StockBalance), wanted)
        .order_by(*_BALANCE_KEY)
    )
    return await uow.fetch(found)


async def lock_bin_balances_of_lines(uow: UnitOfWork, line_ids: Collection[UUID]) -> Balances:
    """Lock the balances of bins where units are promised to these fulfillment lines."""
    return await _balances(uow, [_where_promised(uow, uow.among(Allocation.line_id, line_ids), in_bins=True)])


async def lock_balances_of_allocations(
    uow: UnitOfWork, allocation_ids: Collection[UUID], to_place_ids: Iterable[UUID] = ()
) -> Balances:
    """Lock the balances where these allocations' units lie, and those of the same SKUs where they are to go."""
    places = set(to_place_ids)
    found = (
        await uow.ask(_BALANCES_TO_CARRY, ids=allocation_ids, place_ids=places)
        if places
        else await uow.ask(_BALANCES_OF_ALLOCATIONS, ids=allocation_ids)
    )
    return _balances_in(found)


async def lock_takeable_balances(uow: UnitOfWork, levels: Collection[Level]) -> Sequence[sa.Row[Any]]:
    """Lock the bins a wave may take these SKUs from and return what they have, with lot and walk order."""
    return await uow.fetch(takeable(uow, levels).with_for_update(of=table_of(StockBalance)))


def takeable(uow: UnitOfWork, levels: Collection[Level]) -> sa.Select[*tuple[Any, ...]]:
    """Return the query of the bins a wave may take these SKUs from, with lot and walk order."""
    return (
        sa.select(
            *_BALANCE_KEY,
            StockBalance.location_id,
            (StockBalance.quantity - StockBalance.allocated).label("free"),
            StockBalance.first_in_at,
            Lot.expires_on,
            Place.role,
            Place.walk_sequence,
        )
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .outerjoin(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        .where(
            uow.mine(StockBalance),
            uow.among((StockBalance.location_id, StockBalance.sku_id), sorted(levels)),
            StockBalance.quantity > StockBalance.allocated,
            Place.kind == PlaceKind.BIN,
            Place.pool == Pool.SELLABLE,
            Place.archived_at.is_(None),
            sa.or_(Lot.blocked.is_(None), Lot.blocked.is_(sa.false())),
        )
        .order_by(*_BALANCE_KEY)
    )


async def lock_units(uow: UnitOfWork, place_sku_pairs: Collection[tuple[UUID, UUID]]) -> Sequence[sa.Row[Any]]:
    """Lock the serial-tracked units in stock at these places and SKUs; in order of their serial numbers."""
    found = (
        sa.select(StockUnit.id, StockUnit.place_id, StockUnit.sku_id, StockUnit.lot_id, StockUnit.serial)
        .where(
            uow.mine(StockUnit),
            uow.among((StockUnit.place_id, StockUnit.sku_id), sorted(place_sku_pairs)),
            StockUnit.state != UnitState.GONE,
        )
        .order_by(StockUnit.id)
        .with_for_update()
    )
    return sorted(await uow.fetch(found), key=lambda unit: (unit.serial, unit.id))


async def lock_locations(uow: UnitOfWork, codes: Collection[str]) -> dict[str, UUID]:
    """Lock the unarchived locations of these codes, so that their places are changed by one at a time."""
    found = (
        sa.select(Location.id, Location.code)
        .where(uow.mine(Location), uow.among(Location.code, sorted(codes)), Location.archived_at.is_(None))
        .order_by(Location.id)
        .with_for_update()
    )
    return {row.code: row.id for row in await uow.fetch(found)}


async def lock_locations_by_id(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Lock locations, archived ones too; return those that exist, with every column."""
    found = (
        sa.select(*Location.__table__.c)
        .where(uow.mine(Location), uow.among(Location.id, ids))
        .order_by(Location.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in await uow.fetch(found)}


async def _levels(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> Levels:
    found = (
        sa.select(*_LEVEL_KEY, *_LEVEL_FIGURES)
        .where(uow.mine(StockLevel), condition)
        .order_by(*_LEVEL_KEY)
        .with_for_update()
    )
    return {Level(row.location_id, row.sku_id): LevelFigures(*row[len(_LEVEL_KEY) :]) for row in await uow.fetch(found)}


async def _balances(uow: UnitOfWork, conditions: Sequence[sa.ColumnElement[bool]]) -> Balances:
    return _balances_in(await uow.fetch(_locking_balances(uow, conditions)))


def _balances_in(found: Iterable[sa.Row[Any]]) -> Balances:
    return {
        BalanceKey(row.place_id, row.sku_id, row.lot_id): BalanceFigures(row.quantity, row.allocated) for row in found
    }


def _locking_balances(
    to: UnitOfWork | Names, conditions: Sequence[sa.ColumnElement[bool]]
) -> sa.Select[*tuple[Any, ...]]:
    """Return the query that locks the balances meeting any of the conditions; each is looked up by its own index."""
    if len(conditions) == 1:
        wanted = conditions[0]
    else:
        keys = (sa.select(*_BALANCE_KEY).where(to.mine(StockBalance), condition) for condition in conditions)
        wanted = sa.tuple_(*_BALANCE_KEY).in_(sa.union(*keys))
    return (
        sa.select(*_BALANCE_KEY, StockBalance.quantity, StockBalance.allocated)
        .where(to.mine(StockBalance), wanted)
        .order_by(*_BALANCE_KEY)
        .with_for_update()
    )


def _where_promised(
    to: UnitOfWork | Names, condition: sa.ColumnElement[bool], *, in_bins: bool = False
) -> sa.ColumnElement[bool]:
    """Return the condition that a balance is where open allocations have their units."""
    theirs = sa.select(Allocation.place_id, Allocation.sku_id, Allocation.lot_id).where(
        to.mine(Allocation), condition, Allocation.status == AllocationStatus.OPEN
    )
    if in_bins:
        at = sa.and_(to.mine(Place), Place.id == Allocation.place_id, Place.kind == PlaceKind.BIN)
        theirs = theirs.join(Place, at)
    return sa.tuple_(*_BALANCE_KEY).in_(theirs)


def _to_carry(to: Names) -> sa.Select[*tuple[Any, ...]]:
    skus = sa.select(Allocation.sku_id).where(to.mine(Allocation), to.among(Allocation.id, "ids"))
    there = sa.and_(to.among(StockBalance.place_id, "place_ids"), StockBalance.sku_id.in_(skus))
    return _locking_balances(to, [_where_promised(to, to.among(Allocation.id, "ids")), there])


_BALANCES_OF_ALLOCATIONS = Prepared(
    lambda to: _locking_balances(to, [_where_promised(to, to.among(Allocation.id, "ids"))])
)
_BALANCES_TO_CARRY = Prepared(_to_carry)
