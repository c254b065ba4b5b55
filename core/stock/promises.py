"""Allocations as the commands see them: the row, the place its units are at, the goods, the reservation behind it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.stock.rules import BalanceKey, Level, PlaceFacts
from pickmesh.core.stock.tables import (
    Allocation,
    AllocationStatus,
    Lot,
    Place,
    PlaceKind,
    Reservation,
    ReservationStatus,
)


class Promise(Struct, frozen=True):
    """An allocation with what a posting about it must know."""

    id: UUID
    reservation_id: UUID
    line_id: UUID
    work_line_id: UUID | None
    bin_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int
    status: str
    location_id: UUID
    place: PlaceFacts
    lot_blocked: bool
    serial_tracked: bool
    cost_micros: int
    reservation_quantity: int
    rank: tuple[datetime, UUID]

    @property
    def key(self) -> BalanceKey:
        """Return the balance its units are in."""
        return BalanceKey(self.place.id, self.sku_id, self.lot_id)

    @property
    def level(self) -> Level:
        """Return the level its reservation counts at."""
        return Level(self.location_id, self.sku_id)

    @property
    def is_open(self) -> bool:
        """Tell whether its units are still promised."""
        return self.status == AllocationStatus.OPEN

    @property
    def in_bin(self) -> bool:
        """Tell whether its units are still in a bin, so that nobody has touched them."""
        return self.place.kind == PlaceKind.BIN


async def promises_of(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> dict[UUID, Promise]:
    """Return the allocations that meet a condition, by id, in the order of their ids."""
    return {row.id: _promise(row) for row in await uow.fetch(_promises(uow, condition))}


def _promises(to: UnitOfWork | Names, condition: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Allocation.id,
            Allocation.reservation_id,
            Allocation.line_id,
            Allocation.work_line_id,
            Allocation.bin_id,
            Allocation.sku_id,
            Allocation.lot_id,
            Allocation.quantity,
            Allocation.status,
            Allocation.location_id,
            Place.id.label("place_id"),
            Place.location_id.label("place_location_id"),
            Place.kind,
            Place.pool,
            sa.func.coalesce(Lot.blocked, sa.false()).label("lot_blocked"),
            Sku.serial_tracked,
            Sku.cost_micros,
            Reservation.quantity.label("reservation_quantity"),
            Reservation.rank_at,
            Reservation.group_id,
        )
        .join(Place, sa.and_(to.mine(Place), Place.id == Allocation.place_id))
        .join(Sku, sa.and_(to.mine(Sku), Sku.id == Allocation.sku_id))
        .join(Reservation, sa.and_(to.mine(Reservation), Reservation.id == Allocation.reservation_id))
        .outerjoin(Lot, sa.and_(to.mine(Lot), Lot.id == Allocation.lot_id))
        .where(to.mine(Allocation), condition)
        .order_by(Allocation.id)
    )


def _promise(row: sa.Row[tuple[object, ...]]) -> Promise:
    return Promise(
        id=row.id,
        reservation_id=row.reservation_id,
        line_id=row.line_id,
        work_line_id=row.work_line_id,
        bin_id=row.bin_id,
        sku_id=row.sku_id,
        lot_id=row.lot_id,
        quantity=row.quantity,
        status=row.status,
        location_id=row.location_id,
        place=PlaceFacts(row.place_id, row.place_location_id, row.kind, row.pool),
        lot_blocked=bool(row.lot_blocked),
        serial_tracked=row.serial_tracked,
        cost_micros=row.cost_micros,
        reservation_quantity=row.reservation_quantity,
        rank=(row.rank_at, row.group_id),
    )


async def promises_by_id(uow: UnitOfWork, allocation_ids: Iterable[UUID]) -> dict[UUID, Promise]:
    """Return these allocations, whatever their status."""
    return {row.id: _promise(row) for row in await uow.ask(_BY_ID, ids=allocation_ids)}


async def shrink_allocations(uow: UnitOfWork, shrunk: Mapping[UUID, int], promises: Mapping[UUID, Promise]) -> None:
    """Take units away from open allocations; one that keeps none is RELEASED and remembers its last quantity."""
    rows = []
    for allocation_id in sorted(shrunk):
        left = promises[allocation_id].quantity - shrunk[allocation_id]
        status = AllocationStatus.OPEN if left else AllocationStatus.RELEASED
        rows.append({"id": allocation_id, "quantity": left or promises[allocation_id].quantity, "status": status})
    await uow.update(Allocation, rows)


async def shrink_reservations(
    uow: UnitOfWork, shrunk: Mapping[UUID, int], quantities: Mapping[UUID, int], ending: ReservationStatus
) -> None:
    """Take units away from open reservations; one that keeps none ends with the given status."""
    rows = []
    for reservation_id in sorted(shrunk):
        left = quantities[reservation_id] - shrunk[reservation_id]
        status = ReservationStatus.OPEN if left else ending
        rows.append({"id": reservation_id, "quantity": left, "status": status})
    await uow.update(Reservation, rows)


async def promises_with_siblings(uow: UnitOfWork, allocation_ids: Iterable[UUID]) -> dict[UUID, Promise]:
    """Return these allocations and the open ones of the same lines."""
    return {row.id: _promise(row) for row in await uow.ask(_WITH_SIBLINGS, ids=allocation_ids)}


def _with_siblings(to: Names) -> sa.Select[*tuple[Any, ...]]:
    lines = sa.select(Allocation.line_id).where(to.mine(Allocation), to.among(Allocation.id, "ids"))
    wanted = sa.or_(Allocation.status == AllocationStatus.OPEN, to.among(Allocation.id, "ids"))
    return _promises(to, sa.and_(Allocation.line_id.in_(lines), wanted))


_BY_ID = Prepared(lambda to: _promises(to, to.among(Allocation.id, "ids")))
_WITH_SIBLINGS = Prepared(_with_siblings)
