"""What may be asked of timed reservations."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.stock.promise_tables import LeaseStatus, StockLease
from pickmesh.core.stock.tables import Reservation

_LEASE = tuple(StockLease.__table__.c)


async def leases(uow: UnitOfWork, lease_ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return leases by id."""
    found = sa.select(*_LEASE).where(uow.mine(StockLease), uow.among(StockLease.id, lease_ids))
    return {row.id: row for row in await uow.fetch(found)}


async def leases_by_code(uow: UnitOfWork, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return leases by their code, each as columns and values."""
    found = sa.select(*_LEASE).where(uow.mine(StockLease), uow.among(StockLease.code, codes))
    return {row.code: dict(row._mapping) for row in await uow.fetch(found)}


async def lease_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    statuses: Collection[str] | None = None,
    codes: Collection[str] | None = None,
) -> Page[sa.Row[Any]]:
    """Return a page of leases, the newest first; a lease whose time has run out a moment ago still counts as OPEN."""
    uow.actor.require(Permission.STOCK_READ)
    wanted = sa.select(*_LEASE).where(uow.mine(StockLease))
    if statuses is not None:
        wanted = wanted.where(uow.among(StockLease.status, statuses))
    if codes is not None:
        wanted = wanted.where(uow.among(StockLease.code, codes))
    return await paged.page_by_id(uow, wanted, StockLease.id, request)


async def lines_of_leases(uow: UnitOfWork, lease_ids: Iterable[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return what leases hold, per warehouse and plain SKU; `quantity` is what is still held."""
    found = (
        sa.select(
            Reservation.line_id.label("lease_id"),
            Reservation.location_id,
            Reservation.sku_id,
            Reservation.quantity,
            Reservation.status,
        )
        .where(uow.mine(Reservation), uow.among(Reservation.line_id, lease_ids))
        .order_by(Reservation.id)
    )
    return paged.grouped(await uow.fetch(found), "lease_id")


def status_of(row: Any, now: datetime) -> str:
    """Return what a lease is at a moment: one whose time has run out is over before its timer has said so."""
    if row.status == LeaseStatus.OPEN and row.expires_at <= now:
        return LeaseStatus.EXPIRED
    return str(row.status)
