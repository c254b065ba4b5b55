"""Pack stations: one per bench, each with a printer."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.packing.tables import Station
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import Place, PlaceKind

Row = sa.Row[*tuple[Any, ...]]
STATION = tuple(rows.table_of(Station).c)
PRINTER_FORMAT = "PDF"


async def save_stations(uow: UnitOfWork, *, printer_format: str = PRINTER_FORMAT) -> list[UUID]:
    """Give every bench without a station one with the bench's code; a second run changes nothing."""
    uow.actor.require(Permission.STOCK_WRITE)
    has_one = sa.select(Station.place_id).where(uow.mine(Station))
    benches = await uow.fetch(
        sa.select(Place.id, Place.location_id, Place.code)
        .where(uow.mine(Place), Place.kind == PlaceKind.BENCH, Place.archived_at.is_(None), Place.id.not_in(has_one))
        .order_by(Place.location_id, Place.code)
    )
    new = [
        {
            "id": new_id(),
            "location_id": row.location_id,
            "place_id": row.id,
            "code": row.code,
            "printer_format": printer_format,
            "created_at": uow.now,
        }
        for row in benches
    ]
    await uow.insert(Station, new)
    return [row["id"] for row in new]


async def stations(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return stations by id."""
    found = await uow.fetch(sa.select(*STATION).where(uow.mine(Station), uow.among(Station.id, ids)))
    return {row.id: row for row in found}


async def stations_of(uow: UnitOfWork, location_id: UUID) -> Sequence[Row]:
    """Return the stations of a warehouse by code."""
    return await uow.fetch(
        sa.select(*STATION).where(uow.mine(Station), Station.location_id == location_id).order_by(Station.code)
    )


async def stations_at_places(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return stations by the bench they stand at."""
    found = await uow.fetch(sa.select(*STATION).where(uow.mine(Station), uow.among(Station.place_id, place_ids)))
    return {row.place_id: row for row in found}


async def stations_by_code(uow: UnitOfWork, codes: Collection[str]) -> Sequence[Row]:
    """Return stations of these codes, of every warehouse; two warehouses may use the same one."""
    wanted = sorted({code.strip().upper() for code in codes})
    return await uow.fetch(
        sa.select(*STATION)
        .where(uow.mine(Station), uow.among(Station.code, wanted))
        .order_by(Station.location_id, Station.code)
    )


async def station_named(uow: UnitOfWork, code: str, location_code: str | None = None) -> Row | None:
    """Return the station of a code, at the warehouse of a code; refuses INVALID_INPUT when several have it."""
    found = await stations_by_code(uow, [code])
    if location_code is not None:
        location = await stock_queries.location_by_code(uow, location_code)
        found = [row for row in found if location is not None and row.location_id == location.id]
    if len(found) > 1:
        message = sentence("Several warehouses have a station {code}; say the warehouse's code, too.", code=code)
        raise InvalidInput(message, field=("locationCode",))
    return found[0] if found else None
