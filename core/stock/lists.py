"""Lists of stock, page by page: levels, balances and lots, with filters and in several orders."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest, page_of
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.stock import queries
from pickmesh.core.stock.tables import Lot, Place, StockBalance, StockLevel

FOUND_MAX = 2_500
"""Most SKUs a search looks among, the best matches first."""

LATEST = date.max
"""Where goods that never expire stand in an order by expiry."""


class LevelSort(StrEnum):
    """In which order levels are listed; the scarcest first where it is by figures."""

    SKU = "SKU"
    AVAILABLE = "AVAILABLE"
    ON_HAND = "ON_HAND"


@dataclass(frozen=True, slots=True)
class LevelFilter:
    """Which levels: every named condition must hold. `available_below` 1 are those that are out of stock."""

    location_id: UUID | None = None
    sku_ids: Collection[UUID] | None = None
    search: str | None = None
    available_below: int | None = None
    has_incoming: bool | None = None
    has_buffer: bool | None = None
    has_reserved: bool | None = None


@dataclass(frozen=True, slots=True)
class BalanceFilter:
    """Which balances: every named condition must hold; `expires_before` leaves out what never expires."""

    location_id: UUID | None = None
    place_id: UUID | None = None
    lot_id: UUID | None = None
    sku_ids: Collection[UUID] | None = None
    expires_before: date | None = None


@dataclass(frozen=True, slots=True)
class LotFilter:
    """Which lots: every named condition must hold; `in_stock` are those of which pieces lie somewhere."""

    sku_ids: Collection[UUID] | None = None
    code: str | None = None
    expires_before: date | None = None
    blocked: bool | None = None
    in_stock: bool | None = None


async def level_page(
    uow: UnitOfWork, request: PageRequest, chosen: LevelFilter, *, sort: LevelSort = LevelSort.SKU
) -> Page[sa.Row[Any]]:
    """Return a page of levels in the caller's warehouses, with `free` and `available` as every answer shows them."""
    uow.actor.require(Permission.STOCK_READ)
    available = queries.AVAILABLE
    found = (
        sa.select(*queries.LEVEL, Sku.code.label("sku_code"))
        .join(Sku, sa.and_(uow.mine(Sku), Sku.id == StockLevel.sku_id))
        .where(uow.mine(StockLevel), uow.in_reach(StockLevel.location_id), Sku.archived_at.is_(None))
        .where(*await _level_conditions(uow, chosen))
    )
    first: dict[LevelSort, tuple[Any, type, str]] = {
        LevelSort.SKU: (Sku.code, str, "sku_code"),
        LevelSort.AVAILABLE: (available, int, "available"),
        LevelSort.ON_HAND: (StockLevel.on_hand, int, "on_hand"),
    }
    column, kind, name = first[sort]
    key = (column, StockLevel.sku_id, StockLevel.location_id)
    rows = await uow.fetch(queries.keyset(found, key, request, kind, UUID, UUID))
    return page_of(rows, request, lambda row: (row._mapping[name], str(row.sku_id), str(row.location_id)))


async def _level_conditions(uow: UnitOfWork, chosen: LevelFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if chosen.search is not None and chosen.search.strip():
        matching = await catalog.search_skus(uow, chosen.search, FOUND_MAX)
        conditions.append(uow.among(StockLevel.sku_id, matching))
    if chosen.sku_ids is not None:
        conditions.append(uow.among(StockLevel.sku_id, chosen.sku_ids))
    if chosen.location_id is not None:
        conditions.append(StockLevel.location_id == chosen.location_id)
    if chosen.available_below is not None:
        available = queries.AVAILABLE
        conditions.append(available < chosen.available_below)
    for column, wanted in (
        (StockLevel.incoming, chosen.has_incoming),
        (StockLevel.buffer, chosen.has_buffer),
        (StockLevel.reserved, chosen.has_reserved),
    ):
        if wanted is not None:
            conditions.append(column > 0 if wanted else column == 0)
    return conditions


async def balance_page(uow: UnitOfWork, request: PageRequest, chosen: BalanceFilter) -> Page[sa.Row[Any]]:
    """Return a page of what lies where in the caller's warehouses, by place.

    Of one place, lot, SKU or day of expiry where it is asked for.
    """
    uow.actor.require(Permission.STOCK_READ)
    found = (
        sa.select(
            StockBalance.place_id,
            StockBalance.sku_id,
            StockBalance.lot_id,
            StockBalance.location_id,
            StockBalance.quantity,
            StockBalance.allocated,
            StockBalance.first_in_at,
            Place.code.label("place_code"),
        )
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .where(uow.mine(StockBalance), uow.in_reach(StockBalance.location_id), StockBalance.quantity > 0)
    )
    for column, wanted in (
        (StockBalance.location_id, chosen.location_id),
        (StockBalance.place_id, chosen.place_id),
        (StockBalance.lot_id, chosen.lot_id),
    ):
        if wanted is not None:
            found = found.where(column == wanted)
    if chosen.sku_ids is not None:
        found = found.where(uow.among(StockBalance.sku_id, chosen.sku_ids))
    if chosen.expires_before is not None:
        found = found.join(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        found = found.where(Lot.expires_on < chosen.expires_before)
    key = (Place.code, StockBalance.place_id, StockBalance.sku_id, StockBalance.lot_id)
    rows = await uow.fetch(queries.keyset(found, key, request, str, UUID, UUID, UUID))
    return page_of(rows, request, lambda row: (row.place_code, str(row.place_id), str(row.sku_id), str(row.lot_id)))


async def lot_page(uow: UnitOfWork, request: PageRequest, chosen: LotFilter) -> Page[sa.Row[Any]]:
    """Return a page of lots, those that expire first before the others, as they are taken from bins."""
    uow.actor.require(Permission.STOCK_READ)
    expiry = sa.func.coalesce(Lot.expires_on, LATEST, type_=sa.Date())
    found = sa.select(*queries.LOT, expiry.label("expiry")).where(uow.mine(Lot))
    if chosen.sku_ids is not None:
        found = found.where(uow.among(Lot.sku_id, chosen.sku_ids))
    if chosen.code is not None:
        found = found.where(Lot.code == chosen.code.strip().upper())
    if chosen.expires_before is not None:
        found = found.where(Lot.expires_on < chosen.expires_before)
    if chosen.blocked is not None:
        found = found.where(Lot.blocked.is_(chosen.blocked))
    if chosen.in_stock is not None:
        lying = sa.exists().where(
            uow.mine(StockBalance),
            StockBalance.sku_id == Lot.sku_id,
            StockBalance.lot_id == Lot.id,
            StockBalance.quantity > 0,
        )
        found = found.where(lying if chosen.in_stock else ~lying)
    rows = await uow.fetch(queries.keyset(found, (expiry, Lot.code, Lot.id), request, date.fromisoformat, str, UUID))
    return page_of(rows, request, lambda row: ((row.expires_on or LATEST).isoformat(), row.code, str(row.id)))


async def quantities_of_lots(uow: UnitOfWork, lot_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many pieces of lots lie anywhere; lots of which there are none are missing."""
    found = (
        sa.select(StockBalance.lot_id, sa.func.sum(StockBalance.quantity).label("quantity"))
        .join(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id, Lot.sku_id == StockBalance.sku_id))
        .where(uow.mine(StockBalance), uow.among(Lot.id, lot_ids))
        .group_by(StockBalance.lot_id)
    )
    return {row.lot_id: int(row.quantity) for row in await uow.fetch(found)}
