"""The row locks of packing: fulfillment orders (orders' own lock), manifests, parcels, print jobs; ids ascending.

A parcel's lock guards its contents and its waybills. Who begins with a print job locks nothing else but counters.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.packing.tables import Manifest, Parcel, PrintJob

PARCEL = tuple(rows.table_of(Parcel).c)
"""Every column of a parcel, as commands and queries read them."""


MANIFEST = tuple(rows.table_of(Manifest).c)
"""Every column of a manifest."""


PRINT_JOB = tuple(rows.table_of(PrintJob).c)
"""Every column of a print job."""


async def lock_parcels(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, sa.Row[*tuple[Any, ...]]]:
    """Lock parcels; return those that exist, with every column."""
    found = await uow.fetch(
        sa.select(*PARCEL).where(uow.mine(Parcel), uow.among(Parcel.id, ids)).order_by(Parcel.id).with_for_update()
    )
    return {row.id: row for row in found}


async def lock_parcels_of_orders(
    uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]
) -> Mapping[UUID, list[sa.Row[*tuple[Any, ...]]]]:
    """Lock all parcels of fulfillment orders that are locked already; return them by order, in their sequence."""
    found = await uow.fetch(
        sa.select(*PARCEL)
        .where(uow.mine(Parcel), uow.among(Parcel.fulfillment_order_id, fulfillment_order_ids))
        .order_by(Parcel.id)
        .with_for_update()
    )
    by_order: dict[UUID, list[sa.Row[*tuple[Any, ...]]]] = {order_id: [] for order_id in fulfillment_order_ids}
    for row in sorted(found, key=lambda parcel: parcel.sequence):
        by_order[row.fulfillment_order_id].append(row)
    return by_order


async def lock_manifests(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, sa.Row[*tuple[Any, ...]]]:
    """Lock manifests, after the orders of the parcels that go on them and before these; return those that exist."""
    found = await uow.fetch(
        sa.select(*MANIFEST)
        .where(uow.mine(Manifest), uow.among(Manifest.id, ids))
        .order_by(Manifest.id)
        .with_for_update()
    )
    return {row.id: row for row in found}


async def lock_print_jobs(
    uow: UnitOfWork, *conditions: sa.ColumnElement[bool], first: int | None = None
) -> Mapping[UUID, sa.Row[*tuple[Any, ...]]]:
    """Lock the print jobs that meet conditions, oldest first; with `first`, as many of those nobody else has locked."""
    found = await uow.fetch(
        sa.select(*PRINT_JOB)
        .where(uow.mine(PrintJob), *conditions)
        .order_by(PrintJob.id)
        .limit(first)
        .with_for_update(skip_locked=first is not None)
    )
    return {row.id: row for row in found}
