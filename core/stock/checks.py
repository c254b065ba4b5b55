"""Invariants 1, 2 and 3 of stock: the ledger, the balances, the levels and the promises agree."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.violations import Violation
from pickmesh.core.stock import move_checks, rules
from pickmesh.core.stock.tables import (
    Allocation,
    AllocationStatus,
    Location,
    LocationKind,
    Lot,
    Place,
    PlaceKind,
    Pool,
    Reservation,
    ReservationStatus,
    StockBalance,
    StockLevel,
    StockMove,
)

LEDGER, DOUBLE_ENTRY, FIGURES = 1, 2, 3
FOUND_MAX = 100
"""Most violations of one kind that are listed."""

Found = Sequence[sa.Row[Any]]


async def violations(uow: UnitOfWork) -> list[Violation]:
    """Return what is off with stock, in a fixed number of statements; an empty list when all is well."""
    return [
        *await _balances_against_ledger(uow),
        *await _moves(uow),
        *await _levels_on_hand(uow),
        *await _levels_reserved(uow),
        *await _balances_allocated(uow),
        *await _allocations_over_reservations(uow),
        *await _unpromised_on_carriers(uow),
        *await _reservations_without_place(uow),
        *await move_checks.violations(uow),
    ]


def _violations(invariant: int, rows: Iterable[sa.Row[Any]], sentence: Callable[[Any], str]) -> list[Violation]:
    return [
        Violation(invariant, sentence(row), {name: str(value) for name, value in row._mapping.items()}) for row in rows
    ]


async def _reservations_without_place(uow: UnitOfWork) -> list[Violation]:
    """Reservations have no foreign keys (decision 14): each names a location and a SKU that are there."""
    location = sa.select(Location.id).where(uow.mine(Location), Location.id == Reservation.location_id)
    sku = sa.select(Sku.id).where(uow.mine(Sku), Sku.id == Reservation.sku_id)
    orphans = (
        sa.select(Reservation.id, Reservation.location_id, Reservation.sku_id)
        .where(uow.mine(Reservation), sa.or_(~sa.exists(location), ~sa.exists(sku)))
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(orphans),
        lambda row: f"Reservation {row.id} promises a SKU or a location that is not there.",
    )


async def _balances_against_ledger(uow: UnitOfWork) -> list[Violation]:
    """Invariant 1: a physical place's balance is what came in less what went out, and not below zero."""
    moved = (StockMove.sku_id, StockMove.lot_id)
    entries = sa.union_all(
        sa.select(
            StockMove.to_place_id.label("place_id"), *moved, StockMove.quantity.label("ledger"), _zero("balance")
        ).where(uow.mine(StockMove)),
        sa.select(StockMove.from_place_id, *moved, -StockMove.quantity, _zero("balance")).where(uow.mine(StockMove)),
        sa.select(
            StockBalance.place_id, StockBalance.sku_id, StockBalance.lot_id, _zero("ledger"), StockBalance.quantity
        ).where(uow.mine(StockBalance)),
    ).subquery()
    ledger, balance = sa.func.sum(entries.c.ledger), sa.func.sum(entries.c.balance)
    found = (
        sa.select(
            entries.c.place_id,
            entries.c.sku_id,
            entries.c.lot_id,
            ledger.label("ledger"),
            balance.label("balance"),
        )
        .join(Place, sa.and_(uow.mine(Place), Place.id == entries.c.place_id))
        .where(Place.kind.not_in(sorted(rules.VIRTUAL_KINDS)))
        .group_by(entries.c.place_id, entries.c.sku_id, entries.c.lot_id)
        .having(sa.or_(ledger != balance, ledger < 0))
        .limit(FOUND_MAX)
    )
    return _violations(
        LEDGER,
        await uow.fetch(found),
        lambda row: (
            f"Place {row.place_id} holds {row.balance} of SKU {row.sku_id}, but its ledger adds up to {row.ledger}."
        ),
    )


def _zero(name: str) -> sa.Label[int]:
    return sa.literal(0, sa.BigInteger).label(name)


async def _moves(uow: UnitOfWork) -> list[Violation]:
    """Invariant 2: every move has one place it comes from, another it goes to, and a quantity above zero."""
    start, end = sa.alias(Place.__table__, "start"), sa.alias(Place.__table__, "end_")
    found = (
        sa.select(StockMove.id, StockMove.quantity, StockMove.from_place_id, StockMove.to_place_id)
        .outerjoin(start, sa.and_(start.c.merchant_id == uow.merchant_id, start.c.id == StockMove.from_place_id))
        .outerjoin(end, sa.and_(end.c.merchant_id == uow.merchant_id, end.c.id == StockMove.to_place_id))
        .where(
            uow.mine(StockMove),
            sa.or_(
                start.c.id.is_(None),
                end.c.id.is_(None),
                StockMove.quantity <= 0,
                StockMove.from_place_id == StockMove.to_place_id,
            ),
        )
        .limit(FOUND_MAX)
    )
    return _violations(
        DOUBLE_ENTRY,
        await uow.fetch(found),
        lambda row: f"Move {row.id} of {row.quantity} does not lead from one place of ours to another.",
    )


async def _levels_on_hand(uow: UnitOfWork) -> list[Violation]:
    """Invariant 3: on hand and non-sellable are the sums of the balances of the location's physical places.

    A partner's goods lie nowhere here: its location's figures are promises, and only what lies there would be wrong.
    """
    is_ours = sa.and_(
        uow.mine(Location), Location.id == StockLevel.location_id, Location.kind == LocationKind.WAREHOUSE
    )
    told = (
        sa.select(
            StockLevel.location_id,
            StockLevel.sku_id,
            _zero("lying"),
            _zero("unsellable"),
            StockLevel.on_hand,
            StockLevel.non_sellable,
        )
        .join(Location, is_ours)
        .where(uow.mine(StockLevel))
    )
    figures = sa.union_all(_lying(uow), told).subquery()
    lying, unsellable, on_hand, non_sellable = (
        sa.func.sum(figures.c[name]).label(name) for name in ("lying", "unsellable", "on_hand", "non_sellable")
    )
    found = (
        sa.select(figures.c.location_id, figures.c.sku_id, lying, unsellable, on_hand, non_sellable)
        .group_by(figures.c.location_id, figures.c.sku_id)
        .having(sa.or_(lying.element != on_hand.element, unsellable.element != non_sellable.element))
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: (
            f"Location {row.location_id} counts {row.on_hand} of SKU {row.sku_id} on hand, {row.non_sellable} of them "
            f"unsellable, but {row.lying} lie at its places, {row.unsellable} of them unsellable."
        ),
    )


def _lying(uow: UnitOfWork) -> sa.Select[Any]:
    """Select what lies at places that count as on hand, and how much of it may not be sold."""
    unsellable = sa.or_(
        Place.pool != Pool.SELLABLE,
        Place.kind.in_([PlaceKind.HOSPITAL, PlaceKind.MISSING]),
        sa.func.coalesce(Lot.blocked, sa.false()).is_(sa.true()),
    )
    return (
        sa.select(
            Place.location_id,
            StockBalance.sku_id,
            StockBalance.quantity.label("lying"),
            sa.case((unsellable, StockBalance.quantity), else_=0).label("unsellable"),
            _zero("on_hand"),
            _zero("non_sellable"),
        )
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .outerjoin(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        .where(uow.mine(StockBalance), Place.kind != PlaceKind.TRANSIT)
    )


async def _levels_reserved(uow: UnitOfWork) -> list[Violation]:
    """Invariant 3: reserved is the sum of open reservations, and free is not below zero."""
    promised = sa.select(
        Reservation.location_id,
        Reservation.sku_id,
        Reservation.quantity.label("promised"),
        _zero("reserved"),
        _zero("free"),
    ).where(uow.mine(Reservation), Reservation.status == ReservationStatus.OPEN)
    told = sa.select(
        StockLevel.location_id,
        StockLevel.sku_id,
        _zero("promised"),
        StockLevel.reserved,
        StockLevel.on_hand - StockLevel.non_sellable - StockLevel.reserved,
    ).where(uow.mine(StockLevel))
    figures = sa.union_all(promised, told).subquery()
    sums = {name: sa.func.sum(figures.c[name]).label(name) for name in ("promised", "reserved", "free")}
    found = (
        sa.select(figures.c.location_id, figures.c.sku_id, *sums.values())
        .group_by(figures.c.location_id, figures.c.sku_id)
        .having(
            sa.or_(sa.func.sum(figures.c.promised) != sa.func.sum(figures.c.reserved), sa.func.sum(figures.c.free) < 0)
        )
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: (
            f"Location {row.location_id} counts {row.reserved} of SKU {row.sku_id} as reserved, but {row.promised} are "
            f"promised; {row.free} are free."
        ),
    )


async def _balances_allocated(uow: UnitOfWork) -> list[Violation]:
    """Invariant 3: what is promised at a place is the sum of open allocations there, and lies there."""
    promised = sa.select(
        Allocation.place_id,
        Allocation.sku_id,
        Allocation.lot_id,
        Allocation.quantity.label("promised"),
        _zero("allocated"),
        _zero("quantity"),
    ).where(uow.mine(Allocation), Allocation.status == AllocationStatus.OPEN)
    told = sa.select(
        StockBalance.place_id,
        StockBalance.sku_id,
        StockBalance.lot_id,
        _zero("promised"),
        StockBalance.allocated,
        StockBalance.quantity,
    ).where(uow.mine(StockBalance))
    figures = sa.union_all(promised, told).subquery()
    sums = {name: sa.func.sum(figures.c[name]).label(name) for name in ("promised", "allocated", "quantity")}
    found = (
        sa.select(figures.c.place_id, figures.c.sku_id, figures.c.lot_id, *sums.values())
        .group_by(figures.c.place_id, figures.c.sku_id, figures.c.lot_id)
        .having(
            sa.or_(
                sa.func.sum(figures.c.promised) != sa.func.sum(figures.c.allocated),
                sa.func.sum(figures.c.allocated) > sa.func.sum(figures.c.quantity),
            )
        )
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: (
            f"Place {row.place_id} counts {row.allocated} of its {row.quantity} of SKU {row.sku_id} as promised, but "
            f"{row.promised} are promised there."
        ),
    )


async def _allocations_over_reservations(uow: UnitOfWork) -> list[Violation]:
    """Invariant 3: the open allocations of a line are not more than its open reservation."""
    held = sa.func.sum(Allocation.quantity)
    promised = sa.case((Reservation.status == ReservationStatus.OPEN, Reservation.quantity), else_=0)
    found = (
        sa.select(Reservation.id, Reservation.line_id, promised.label("reserved"), held.label("held"))
        .join(Allocation, sa.and_(uow.mine(Allocation), Allocation.reservation_id == Reservation.id))
        .where(uow.mine(Reservation), Allocation.status == AllocationStatus.OPEN)
        .group_by(Reservation.id, Reservation.line_id, Reservation.status, Reservation.quantity)
        .having(held > promised)
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: (
            f"Line {row.line_id} holds {row.held} units at places, but only {row.reserved} are reserved for it."
        ),
    )


async def _unpromised_on_carriers(uow: UnitOfWork) -> list[Violation]:
    """Invariant 3: a tote, slot, bench or parcel holds nothing but promised units."""
    found = (
        sa.select(StockBalance.place_id, StockBalance.sku_id, StockBalance.quantity, StockBalance.allocated)
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .where(
            uow.mine(StockBalance),
            Place.kind.in_(sorted(rules.CARRIER_KINDS)),
            StockBalance.quantity != StockBalance.allocated,
        )
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: (
            f"Place {row.place_id} carries {row.quantity} of SKU {row.sku_id}, but only {row.allocated} for orders."
        ),
    )
