"""What may be asked about serial-tracked units 唯一码: where one is, and every move that named it."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock.queries import MOVE
from pickmesh.core.stock.tables import StockMove, StockUnit

Rows = Sequence[sa.Row[Any]]

_UNIT = (
    StockUnit.id,
    StockUnit.sku_id,
    StockUnit.serial,
    StockUnit.lot_id,
    StockUnit.place_id,
    StockUnit.state,
    StockUnit.created_at,
)


async def units(uow: UnitOfWork, unit_ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return units by id."""
    found = sa.select(*_UNIT).where(uow.mine(StockUnit), uow.among(StockUnit.id, unit_ids))
    return {row.id: row for row in await uow.fetch(found)}


async def unit_of_serial(uow: UnitOfWork, serial: str, *, sku_id: UUID | None = None) -> sa.Row[Any] | None:
    """Return the unit of a serial number; where several SKUs have one of it, the SKU must be named."""
    found = sa.select(*_UNIT).where(uow.mine(StockUnit), StockUnit.serial == serial.strip().upper())
    if sku_id is not None:
        found = found.where(StockUnit.sku_id == sku_id)
    rows = await uow.fetch(found.order_by(StockUnit.sku_id).limit(2))
    if len(rows) > 1:
        message = sentence("Several SKUs have a piece of serial {serial}; name the SKU.", serial=serial.strip().upper())
        raise InvalidInput(message, field=("skuId",))
    return rows[0] if rows else None


async def moves_of_units(uow: UnitOfWork, unit_ids: Iterable[UUID]) -> Rows:
    """Return every move that named these units, the oldest first."""
    found = sa.select(*MOVE).where(uow.mine(StockMove), uow.among(StockMove.unit_id, unit_ids))
    return await uow.fetch(found.order_by(StockMove.unit_id, StockMove.id))
