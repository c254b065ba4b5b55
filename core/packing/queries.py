"""What can be asked about packing: parcels, contents, waybills, print jobs, and what lies ready to be packed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder
from pickmesh.core.packing import rules
from pickmesh.core.packing.locks import PARCEL, PRINT_JOB
from pickmesh.core.packing.tables import CarrierAccount, Parcel, ParcelItem, PrintJob, PrintState, Waybill
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Place

Row = sa.Row[*tuple[Any, ...]]
Rows = Sequence[Row]

PARCEL_ITEM = tuple(rows.table_of(ParcelItem).c)
WAYBILL = tuple(rows.table_of(Waybill).c)
PRINT_OPEN = (PrintState.QUEUED, PrintState.TAKEN, PrintState.PRINTING, PrintState.UNSURE)
"""States of print jobs that somebody still has to do something about."""
PRINT_JOBS_MAX = 50
"""Most print jobs of a station told at once."""
CARRIER_ACCOUNT = tuple(rows.table_of(CarrierAccount).c)


async def parcels(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return parcels by id."""
    found = await uow.fetch(sa.select(*PARCEL).where(uow.mine(Parcel), uow.among(Parcel.id, ids)))
    return {row.id: row for row in found}


async def parcels_by_number(uow: UnitOfWork, numbers: Collection[int]) -> dict[int, Row]:
    """Return parcels by number."""
    found = await uow.fetch(sa.select(*PARCEL).where(uow.mine(Parcel), uow.among(Parcel.number, numbers)))
    return {row.number: row for row in found}


async def parcels_of_orders(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the parcels of fulfillment orders, in their sequence."""
    found = await uow.fetch(
        sa.select(*PARCEL)
        .where(uow.mine(Parcel), uow.among(Parcel.fulfillment_order_id, fulfillment_order_ids))
        .order_by(Parcel.fulfillment_order_id, Parcel.sequence)
    )
    return paged.grouped(found, "fulfillment_order_id")


async def parcel_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    location_id: UUID | None = None,
    states: Collection[str] | None = None,
    station_id: UUID | None = None,
    carriers: Collection[str] | None = None,
) -> Page[Row]:
    """Return a page of parcels, the newest first; with `carriers` those whose number, else whose order, is theirs."""
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    conditions: list[sa.ColumnElement[bool]] = []
    if location_id is not None:
        conditions.append(Parcel.location_id == location_id)
    elif uow.actor.warehouse_ids is not None:
        conditions.append(uow.among(Parcel.location_id, uow.actor.warehouse_ids))
    if states is not None:
        conditions.append(uow.among(Parcel.state, states))
    if station_id is not None:
        conditions.append(Parcel.station_id == station_id)
    if carriers is not None:
        conditions.append(_goes_with(uow, carriers))
    statement = sa.select(*PARCEL).where(uow.mine(Parcel), *conditions)
    return await paged.page_by_id(uow, statement, Parcel.id, request)


def _goes_with(uow: UnitOfWork, carriers: Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a parcel goes with one of these carriers: its number is theirs, else its order."""
    live = sa.select(Waybill.id).where(
        uow.mine(Waybill), Waybill.parcel_id == Parcel.id, uow.among(Waybill.state, rules.LIVE_WAYBILL)
    )
    its_order = sa.select(FulfillmentOrder.id).where(
        uow.mine(FulfillmentOrder),
        FulfillmentOrder.id == Parcel.fulfillment_order_id,
        uow.among(FulfillmentOrder.carrier, carriers),
    )
    named = sa.exists(live.where(uow.among(Waybill.carrier, carriers)))
    return sa.or_(named, sa.and_(sa.not_(sa.exists(live)), sa.exists(its_order)))


async def contents(uow: UnitOfWork, parcel_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return what lies in parcels (fulfillment line, lot, SKU, quantity), by parcel."""
    found = await uow.fetch(
        sa.select(*PARCEL_ITEM)
        .where(uow.mine(ParcelItem), uow.among(ParcelItem.parcel_id, parcel_ids))
        .order_by(ParcelItem.parcel_id, ParcelItem.fulfillment_line_id, ParcelItem.lot_id)
    )
    return paged.grouped(found, "parcel_id")


async def waybills(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return waybills by id."""
    found = await uow.fetch(sa.select(*WAYBILL).where(uow.mine(Waybill), uow.among(Waybill.id, ids)))
    return {row.id: row for row in found}


async def waybills_of(uow: UnitOfWork, parcel_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the waybills of parcels, oldest first; voided and failed ones stay."""
    found = await uow.fetch(
        sa.select(*WAYBILL)
        .where(uow.mine(Waybill), uow.among(Waybill.parcel_id, parcel_ids))
        .order_by(Waybill.parcel_id, Waybill.id)
    )
    return paged.grouped(found, "parcel_id")


async def live_waybills(uow: UnitOfWork, parcel_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return the waybill each parcel goes with, asked for or issued, by parcel."""
    return {
        parcel_id: row
        for parcel_id, of_parcel in (await waybills_of(uow, parcel_ids)).items()
        for row in of_parcel
        if row.state in rules.LIVE_WAYBILL
    }


async def waybills_by_number(uow: UnitOfWork, numbers: Collection[str]) -> Rows:
    """Return waybills of these numbers, of whatever carrier and state, the newest first."""
    return await uow.fetch(
        sa.select(*WAYBILL).where(uow.mine(Waybill), uow.among(Waybill.number, numbers)).order_by(Waybill.id.desc())
    )


async def carrier_accounts(uow: UnitOfWork) -> Rows:
    """Return the unarchived carrier accounts by code."""
    return await uow.fetch(
        sa.select(*CARRIER_ACCOUNT)
        .where(uow.mine(CarrierAccount), CarrierAccount.archived_at.is_(None))
        .order_by(CarrierAccount.code)
    )


async def print_jobs_of(uow: UnitOfWork, parcel_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the print jobs of parcels, oldest first."""
    found = await uow.fetch(
        sa.select(*PRINT_JOB)
        .where(uow.mine(PrintJob), uow.among(PrintJob.parcel_id, parcel_ids))
        .order_by(PrintJob.parcel_id, PrintJob.id)
    )
    return paged.grouped(found, "parcel_id")


async def print_jobs(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return print jobs by id."""
    found = await uow.fetch(sa.select(*PRINT_JOB).where(uow.mine(PrintJob), uow.among(PrintJob.id, ids)))
    return {row.id: row for row in found}


async def print_jobs_at(
    uow: UnitOfWork, station_id: UUID, *, states: Collection[str] = PRINT_OPEN, limit: int = PRINT_JOBS_MAX
) -> Rows:
    """Return a station's print jobs in some states (by default those that are not over), oldest first."""
    return await uow.fetch(
        sa.select(*PRINT_JOB)
        .where(uow.mine(PrintJob), PrintJob.station_id == station_id, uow.among(PrintJob.state, states))
        .order_by(PrintJob.id)
        .limit(limit)
    )


async def open_print_jobs(uow: UnitOfWork, station_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the print jobs of stations that are not over, by station, oldest first, at most 50 of each."""
    place = sa.func.row_number().over(partition_by=PrintJob.station_id, order_by=PrintJob.id).label("place")
    ranked = (
        sa.select(*PRINT_JOB, place)
        .where(uow.mine(PrintJob), uow.among(PrintJob.station_id, station_ids), uow.among(PrintJob.state, PRINT_OPEN))
        .subquery()
    )
    found = await uow.fetch(
        sa.select(ranked)
        .where(ranked.c.merchant_id == uow.merchant_id, ranked.c.place <= PRINT_JOBS_MAX)
        .order_by(ranked.c.station_id, ranked.c.id)
    )
    return paged.grouped(found, "station_id")


async def goods_on_the_way(
    uow: UnitOfWork,
    *,
    place_ids: Collection[UUID] | None = None,
    fulfillment_order_ids: Collection[UUID] | None = None,
    sku_ids: Collection[UUID] | None = None,
) -> Rows:
    """Return units that are out of their bins and not shipped: by place, by order, by SKU, or any of these together.

    Each with order, line, place (`place_code`, `place_kind`, `tote_state`), SKU, lot and quantity; the order to pack
    first comes first. This is what a scanned tote, slot, order or unit opens.
    """
    wanted = [
        uow.among(column, values)
        for column, values in (
            (Allocation.place_id, place_ids),
            (FulfillmentLine.fulfillment_order_id, fulfillment_order_ids),
            (Allocation.sku_id, sku_ids),
        )
        if values is not None
    ]
    if not wanted:
        raise InvalidInput("Ask for goods by place, by order or by SKU.")
    out = (uow.mine(Allocation), Allocation.status == AllocationStatus.OPEN, Allocation.place_id != Allocation.bin_id)
    urgency = (FulfillmentOrder.priority.desc(), FulfillmentOrder.ship_by, FulfillmentOrder.id, Allocation.id)
    return await uow.fetch(_goods().where(*out, *wanted).order_by(*urgency))


def _goods() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Allocation.id.label("allocation_id"),
            FulfillmentLine.fulfillment_order_id,
            Allocation.line_id,
            Allocation.place_id,
            Place.code.label("place_code"),
            Place.kind.label("place_kind"),
            Place.tote_state,
            Allocation.bin_id,
            Allocation.sku_id,
            Allocation.lot_id,
            Allocation.quantity,
            FulfillmentOrder.progress,
            FulfillmentOrder.intercepted_at,
        )
        .join(Place, (Place.merchant_id == Allocation.merchant_id) & (Place.id == Allocation.place_id))
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == Allocation.merchant_id) & (FulfillmentLine.id == Allocation.line_id),
        )
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == FulfillmentLine.merchant_id)
            & (FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
    )
