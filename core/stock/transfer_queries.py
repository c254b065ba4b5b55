"""What may be asked about transfers between warehouses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.stock.tables import Reservation, ReservationStatus
from pickmesh.core.stock.transfer_tables import Transfer, TransferLine, TransferStatus

Rows = Sequence[sa.Row[Any]]

_TRANSFER = (
    Transfer.id,
    Transfer.number,
    Transfer.from_location_id,
    Transfer.to_location_id,
    Transfer.status,
    Transfer.note,
    Transfer.created_by,
    Transfer.created_at,
    Transfer.sent_at,
    Transfer.closed_at,
    Transfer.version,
)
_TRAVELLING = TransferLine.sent_quantity - TransferLine.received_quantity - TransferLine.lost_quantity


async def transfers(uow: UnitOfWork, transfer_ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return transfers by id."""
    found = sa.select(*_TRANSFER).where(uow.mine(Transfer), uow.among(Transfer.id, transfer_ids))
    return {row.id: row for row in await uow.fetch(found)}


async def transfers_by_number(uow: UnitOfWork, numbers: Iterable[int]) -> dict[int, sa.Row[Any]]:
    """Return transfers by number."""
    found = sa.select(*_TRANSFER).where(uow.mine(Transfer), uow.among(Transfer.number, numbers))
    return {row.number: row for row in await uow.fetch(found)}


async def transfer_page(
    uow: UnitOfWork, request: PageRequest, *, statuses: Collection[str] | None = None, location_id: UUID | None = None
) -> Page[sa.Row[Any]]:
    """Return transfers from or to the caller's warehouses, the newest first; `location_id` is either end."""
    found = sa.select(*_TRANSFER).where(
        uow.mine(Transfer), uow.in_reach(Transfer.from_location_id, Transfer.to_location_id)
    )
    if statuses is not None:
        found = found.where(uow.among(Transfer.status, sorted(statuses)))
    if location_id is not None:
        found = found.where(sa.or_(Transfer.from_location_id == location_id, Transfer.to_location_id == location_id))
    return await paged.page_by_id(uow, found, Transfer.id, request)


async def lines_of_transfers(uow: UnitOfWork, transfer_ids: Iterable[UUID]) -> Rows:
    """Return the lines of transfers, with what is reserved for each now, what travels and what it is short of.

    A line is short of what is still to be sent and no longer reserved, because reality left less than was planned.
    """
    return await _lines(uow, uow.among(TransferLine.transfer_id, transfer_ids))


async def lines(uow: UnitOfWork, line_ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return lines of transfers by id, as `lines_of_transfers` does."""
    return {row.id: row for row in await _lines(uow, uow.among(TransferLine.id, line_ids))}


async def transfer_ids_of_lines(uow: UnitOfWork, line_ids: Iterable[UUID]) -> Mapping[UUID, UUID]:
    """Return which transfer each line is of."""
    found = sa.select(TransferLine.id, TransferLine.transfer_id).where(
        uow.mine(TransferLine), uow.among(TransferLine.id, line_ids)
    )
    return {row.id: row.transfer_id for row in await uow.fetch(found)}


async def _lines(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> Rows:
    """Select lines; one has at most one reservation row, for all its life."""
    is_held = Reservation.status == ReservationStatus.OPEN
    reserved = sa.func.coalesce(sa.case((is_held, Reservation.quantity), else_=0), 0)
    to_come = TransferLine.quantity - TransferLine.sent_quantity
    is_planned = sa.and_(Transfer.status == TransferStatus.PLANNED, to_come > reserved)
    found = (
        sa.select(
            TransferLine.id,
            TransferLine.transfer_id,
            TransferLine.sku_id,
            TransferLine.quantity,
            TransferLine.sent_quantity,
            TransferLine.received_quantity,
            TransferLine.lost_quantity,
            Reservation.id.label("reservation_id"),
            reserved.label("reserved_quantity"),
            _TRAVELLING.label("travelling_quantity"),
            sa.case((is_planned, to_come - reserved), else_=0).label("short_quantity"),
        )
        .join(Transfer, sa.and_(uow.mine(Transfer), Transfer.id == TransferLine.transfer_id))
        .outerjoin(Reservation, sa.and_(uow.mine(Reservation), Reservation.line_id == TransferLine.id))
        .where(uow.mine(TransferLine), condition)
        .order_by(TransferLine.transfer_id, TransferLine.id)
    )
    return await uow.fetch(found)
