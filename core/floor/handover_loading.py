"""Reading the dock for everybody who hands parcels over, in a fixed number of statements."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pickmesh.core.floor.desk import Desk
from pickmesh.core.floor.handover_job import HandoverTask
from pickmesh.core.floor.heard import Code, DocumentKind
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.packing import bench, locks, manifest_queries, queries

_PARCELS = frozenset({DocumentKind.PARCEL, DocumentKind.WAYBILL})


async def orders_of(uow: UnitOfWork, desks: Sequence[Desk], scanned: Iterable[Code]) -> set[UUID]:
    """Return the fulfillment orders of the parcels that were scanned, and of those that may be taken off again."""
    return await manifest_queries.orders_behind(uow, _parcel_ids(desks, scanned))


def _parcel_ids(desks: Sequence[Desk], scanned: Iterable[Code]) -> set[UUID]:
    named = {hit.id for code in scanned for hit in code.documents if hit.kind in _PARCELS}
    return named | {desk.state.parcel_id for desk in desks if desk.state.parcel_id is not None}


async def set_tasks(
    uow: UnitOfWork, desks: Sequence[Desk], scanned: Collection[Code], orders: Mapping[UUID, Any], *, lock: bool
) -> None:
    """Give desks the dock as it stands; with `lock` their manifests are locked first. `orders` are those of parcels."""
    parcels = list((await queries.parcels(uow, _parcel_ids(desks, scanned))).values())
    loaded = {desk.state.subject_id for desk in desks}
    loaded |= {desk.state.late.subject_id for desk in desks if desk.state.late is not None}
    named = {hit.id for code in scanned for hit in code.documents if hit.kind is DocumentKind.MANIFEST}
    wanted = {each for each in loaded if each is not None} | named
    wanted |= {row.manifest_id for row in parcels if row.manifest_id is not None}
    rows = await locks.lock_manifests(uow, wanted) if lock else await manifest_queries.manifests(uow, wanted)
    counts = await manifest_queries.counts_of_manifests(uow, rows)
    waiting = await manifest_queries.waiting_counts(uow, rows)
    stopped = {order_id for order_id, order in orders.items() if bench.is_stopped(order)}
    there = await manifest_queries.parcels_there(uow, parcels, stopped)
    manifests = {
        each: manifest_queries.manifest_now(row, counts.get(each, 0), waiting.get(each, 0))
        for each, row in rows.items()
    }
    for desk in desks:
        desk.task = HandoverTask(desk.location_id, manifests, there)
