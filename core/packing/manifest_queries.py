"""What can be asked about handovers: manifests, what is on them, what waits for their carriers."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.reading import events_about
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders.tables import FulfillmentOrder, Progress
from pickmesh.core.packing import events, queries
from pickmesh.core.packing.locks import MANIFEST, PARCEL
from pickmesh.core.packing.manifest_rules import ManifestNow, ParcelThere
from pickmesh.core.packing.tables import Manifest, ManifestState, Parcel, ParcelState, Waybill, WaybillState
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import Location, ShipAt
from pickmesh.scanner.codes.own import OwnKind, number_text

Row = sa.Row[*tuple[Any, ...]]


def manifest_now(row: Any, count: int = 0, waiting: int = 0) -> ManifestNow:
    """Return a manifest as the rules see it."""
    number = number_text(OwnKind.MANIFEST, row.number)
    return ManifestNow(row.id, number, row.location_id, row.carrier, row.state, count, waiting)


async def manifests(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return manifests by id."""
    found = await uow.fetch(sa.select(*MANIFEST).where(uow.mine(Manifest), uow.among(Manifest.id, ids)))
    return {row.id: row for row in found}


async def manifests_by_number(uow: UnitOfWork, numbers: Collection[int]) -> dict[int, Row]:
    """Return manifests by number."""
    found = await uow.fetch(sa.select(*MANIFEST).where(uow.mine(Manifest), uow.among(Manifest.number, numbers)))
    return {row.number: row for row in found}


async def open_manifests(uow: UnitOfWork, location_ids: Collection[UUID]) -> dict[tuple[UUID, str], Row]:
    """Return the manifests that are open at warehouses, by warehouse and carrier; of several the oldest."""
    found = await uow.fetch(
        sa.select(*MANIFEST)
        .where(uow.mine(Manifest), uow.among(Manifest.location_id, location_ids), Manifest.state == ManifestState.OPEN)
        .order_by(Manifest.id.desc())
    )
    return {(row.location_id, row.carrier): row for row in found}


async def manifest_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    location_id: UUID | None = None,
    carrier: str | None = None,
    states: Collection[str] | None = None,
) -> Page[Row]:
    """Return a page of manifests, the newest first."""
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    conditions: list[sa.ColumnElement[bool]] = []
    if location_id is not None:
        conditions.append(Manifest.location_id == location_id)
    elif uow.actor.warehouse_ids is not None:
        conditions.append(uow.among(Manifest.location_id, uow.actor.warehouse_ids))
    if carrier is not None:
        conditions.append(Manifest.carrier == carrier)
    if states is not None:
        conditions.append(uow.among(Manifest.state, states))
    statement = sa.select(*MANIFEST).where(uow.mine(Manifest), *conditions)
    return await paged.page_by_id(uow, statement, Manifest.id, request)


async def parcels_of_manifests(uow: UnitOfWork, manifest_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the parcels on manifests, by manifest, by number."""
    found = await uow.fetch(
        sa.select(*PARCEL)
        .where(uow.mine(Parcel), uow.among(Parcel.manifest_id, manifest_ids))
        .order_by(Parcel.manifest_id, Parcel.number)
    )
    return paged.grouped(found, "manifest_id")


async def counts_of_manifests(uow: UnitOfWork, manifest_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many parcels are on manifests; one with none is absent."""
    found = await uow.fetch(
        sa.select(Parcel.manifest_id, sa.func.count().label("parcels"))
        .where(uow.mine(Parcel), uow.among(Parcel.manifest_id, manifest_ids))
        .group_by(Parcel.manifest_id)
    )
    return {row.manifest_id: int(row.parcels) for row in found}


def _waiting(uow: UnitOfWork, manifest_ids: Collection[UUID], *what: Any) -> sa.Select[*tuple[Any, ...]]:
    """Return the query for parcels that open manifests still lack: of their carrier, at their place, on no manifest."""
    ready = (Parcel.state == ParcelState.SHIPPED) | (
        (Parcel.state == ParcelState.SEALED)
        & (Location.ship_at == ShipAt.HANDOVER)
        & FulfillmentOrder.intercepted_at.is_(None)
        & FulfillmentOrder.progress.not_in((Progress.CANCELLED, Progress.MERGED))
    )
    states = (ParcelState.SHIPPED, ParcelState.SEALED)
    here = (Parcel.merchant_id == Manifest.merchant_id) & (Parcel.location_id == Manifest.location_id)
    return (
        sa.select(Manifest.id.label("of_manifest_id"), *what)
        .join(Parcel, here & Parcel.state.in_(states) & Parcel.manifest_id.is_(None))
        .join(
            Waybill,
            (Waybill.merchant_id == Parcel.merchant_id)
            & (Waybill.parcel_id == Parcel.id)
            & (Waybill.state == WaybillState.ISSUED)
            & (Waybill.carrier == Manifest.carrier),
        )
        .join(Location, (Location.merchant_id == Parcel.merchant_id) & (Location.id == Parcel.location_id))
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == Parcel.merchant_id) & (FulfillmentOrder.id == Parcel.fulfillment_order_id),
        )
        .where(
            uow.mine(Manifest),
            uow.among(Manifest.id, manifest_ids),
            Manifest.state == ManifestState.OPEN,
            ready,
        )
    )


async def waiting_of(uow: UnitOfWork, manifest_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the parcels that wait for open manifests' carriers and are on none yet, by manifest, by number."""
    found = await uow.fetch(_waiting(uow, manifest_ids, *PARCEL).order_by(Manifest.id, Parcel.number))
    return paged.grouped(found, "of_manifest_id")


async def waiting_counts(uow: UnitOfWork, manifest_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many parcels wait for open manifests' carriers; one for which none does is absent."""
    found = await uow.fetch(_waiting(uow, manifest_ids, sa.func.count().label("parcels")).group_by(Manifest.id))
    return {row.of_manifest_id: int(row.parcels) for row in found}


async def missing_of(uow: UnitOfWork, manifest_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Any]]:
    """Return the parcels that manifests lack: of open ones what waits now, of closed ones what had not been scanned."""
    waiting = dict(await waiting_of(uow, manifest_ids))
    told = await events_about(uow, manifest_ids)
    lacked = {
        manifest_id: [UUID(str(each)) for event in own for each in event.payload.get("missing_parcel_ids", ())]
        for manifest_id, own in told.items()
        if own[-1].kind == events.ManifestClosed.kind
    }
    parcels = await queries.parcels(uow, {each for ids in lacked.values() for each in ids})
    return waiting | {each: [parcels[one] for one in ids if one in parcels] for each, ids in lacked.items()}


async def orders_behind(uow: UnitOfWork, parcel_ids: Collection[UUID]) -> set[UUID]:
    """Return the fulfillment orders of parcels."""
    found = await uow.fetch(
        sa.select(Parcel.fulfillment_order_id).where(uow.mine(Parcel), uow.among(Parcel.id, parcel_ids))
    )
    return {row.fulfillment_order_id for row in found}


async def parcels_there(uow: UnitOfWork, parcels: Sequence[Row], stopped: Collection[UUID]) -> dict[UUID, ParcelThere]:
    """Return parcels as the dock sees them; `stopped` are the fulfillment orders that go no further."""
    live = await queries.live_waybills(uow, [row.id for row in parcels])
    locations = await stock_queries.locations_by_id(uow, {row.location_id for row in parcels})
    on = await manifests(uow, {row.manifest_id for row in parcels if row.manifest_id is not None})
    there = {}
    for row in parcels:
        waybill = live.get(row.id)
        manifest = on.get(row.manifest_id) if row.manifest_id is not None else None
        there[row.id] = ParcelThere(
            id=row.id,
            number=number_text(OwnKind.PARCEL, row.number),
            fulfillment_order_id=row.fulfillment_order_id,
            location_id=row.location_id,
            state=row.state,
            stopped=row.fulfillment_order_id in stopped,
            ship_at=locations[row.location_id].ship_at,
            weight_g=row.weight_g,
            carrier=waybill.carrier if waybill is not None and waybill.state == WaybillState.ISSUED else None,
            manifest_id=row.manifest_id,
            manifest_number=number_text(OwnKind.MANIFEST, manifest.number) if manifest is not None else None,
        )
    return there
