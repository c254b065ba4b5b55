"""Scan sessions: opened on a list, a bench or nothing in particular, looked at, closed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.floor import events, loading, locks, state, views
from pickmesh.core.floor.codes import KnownCodes
from pickmesh.core.floor.desk import Desk
from pickmesh.core.floor.entries import Entry
from pickmesh.core.floor.heard import Code, DocumentHit, DocumentKind
from pickmesh.core.floor.jobs import RULEBOOKS
from pickmesh.core.floor.pack_task import STATION_KINDS
from pickmesh.core.floor.refusals import NeedsPerson, NoSuchSession, NothingToOpen
from pickmesh.core.floor.tables import Job, ScanKind, ScanSession
from pickmesh.core.floor.views import SessionView
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound, WrongState
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.packing import manifest_queries, stations
from pickmesh.core.picking import lists, work
from pickmesh.core.picking import locks as picking_locks
from pickmesh.core.picking import queries as picking_queries
from pickmesh.core.picking.refusals import NotYours
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import PlaceKind

_OPENS_PACKING = frozenset(
    {DocumentKind.ORDER, DocumentKind.FULFILLMENT_ORDER, DocumentKind.PARCEL, DocumentKind.WAYBILL}
)


async def open_session(
    uow: UnitOfWork,
    *,
    job: Job,
    pick_list_id: UUID | None = None,
    station_id: UUID | None = None,
    location_id: UUID | None = None,
    actor: Actor | None = None,
) -> SessionView:
    """Open a session for the person acting, or return the one they have open for the same work.

    PICK needs a list, which is claimed; PACK a station or a warehouse; all others a warehouse, or a station in it.
    Refuses NEEDS_PERSON, NOT_FOUND, INVALID_INPUT, and whatever claiming the list refuses.
    """
    acting = actor or uow.actor
    worker_id = _worker(acting)
    if job is Job.PICK:
        if pick_list_id is None:
            raise InvalidInput("Picking needs a list: name it, or ask for the next one.", field=("pickListId",))
        location_id = await _claim(uow, acting, pick_list_id, worker_id)
    else:
        location_id = await _location(uow, station_id, location_id)
    acting.require(Permission.FLOOR_WORK, warehouse_id=location_id)
    desk = await _open(uow, job, worker_id, location_id, subject_id=pick_list_id, station_id=station_id)
    return await _view(uow, desk)


async def session_of_lease(uow: UnitOfWork, *, pick_list_id: UUID) -> UUID:
    """Return the session that entries of the person acting for a list belong to, opened where there is none.

    The list is claimed as ever. Where it cannot be, because it is finished or in other hands, the session they had on
    it answers what was sent before as it did then, and judges what comes late. Without one it refuses as claiming does.
    """
    worker_id = _worker(uow.actor)
    try:
        return (await open_session(uow, job=Job.PICK, pick_list_id=pick_list_id)).id
    except (WrongState, NotYours):
        had: UUID | None = await uow.scalar(
            sa.select(ScanSession.id)
            .where(
                uow.mine(ScanSession),
                ScanSession.worker_id == worker_id,
                ScanSession.job == Job.PICK,
                ScanSession.subject_id == pick_list_id,
            )
            .order_by(ScanSession.id.desc())
            .limit(1)
        )
        if had is None:
            raise
        return had


async def floor_task_next(uow: UnitOfWork, location_id: UUID, *, zone: str | None = None) -> SessionView | None:
    """Give the person acting the list they have or the next one, with a session on it; None when there is none.

    With a zone, the next one that is there or begins there.
    """
    worker_id = _worker(uow.actor)
    claimed = await lists.claim_next_pick_list(uow, location_id=location_id, worker_id=worker_id, zone=zone)
    if claimed is None:
        return None
    desk = await _open(uow, Job.PICK, worker_id, location_id, subject_id=claimed.pick_list_id, station_id=None)
    return await _view(uow, desk)


async def session_view(uow: UnitOfWork, session_id: UUID) -> SessionView:
    """Return a session as it now stands: the instruction, what comes next, progress, what may be done, the lease."""
    return (await session_views(uow, [session_id]))[session_id]


async def session_views(uow: UnitOfWork, session_ids: Sequence[UUID]) -> Mapping[UUID, SessionView]:
    """Return sessions as they now stand, in a fixed number of statements; refuses NOT_FOUND when one is missing."""
    desks = list((await desks_of(uow, session_ids)).values())
    if len(desks) < len(set(session_ids)):
        raise NoSuchSession
    for location_id in {desk.location_id for desk in desks}:
        uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    await loading.load(uow, desks, KnownCodes(), lock=False)
    return {desk.id: views.view(desk) for desk in desks}


async def close_session(uow: UnitOfWork, session_id: UUID) -> None:
    """End a session of the person acting; what it worked on stays as it is. Closing it again changes nothing."""
    row = (await locks.lock_sessions(uow, [session_id])).get(session_id)
    if row is None or row.worker_id != uow.actor.person_id:
        raise NoSuchSession
    if row.closed_at is None:
        await uow.update(ScanSession, [{"id": row.id, "closed_at": uow.now}], bump_version=True)
        uow.emit([events.SessionClosed(row.id, row.worker_id, row.job)])


async def desks_of(uow: UnitOfWork, session_ids: Collection[UUID]) -> dict[UUID, Desk]:
    """Return sessions as desks to play at; those that do not exist are absent."""
    if not session_ids:
        return {}
    return {row.id: desk_of(row) for row in await uow.ask(locks.SESSIONS, ids=session_ids)}


async def lock_desks(uow: UnitOfWork, desks: Collection[Desk]) -> None:
    """Lock sessions, after the work they stand on; one that somebody moved on meanwhile is taken as it is now."""
    rows = await locks.lock_sessions(uow, [desk.id for desk in desks if not desk.is_new])
    for desk in desks:
        row = rows.get(desk.id)
        if row is not None and row.version != desk.version:
            now = desk_of(row)
            desk.state, desk.last_sequence, desk.version, desk.stale = now.state, now.last_sequence, now.version, True


def desk_of(row: Any) -> Desk:
    """Return a session's row as a desk to play at."""
    return Desk(
        id=row.id,
        worker_id=row.worker_id,
        job=Job(row.job),
        subject_id=row.subject_id,
        location_id=row.location_id,
        station_id=row.station_id,
        state=state.from_json(row.state),
        last_sequence=row.last_sequence,
        version=row.version,
    )


async def open_by_scan(
    uow: UnitOfWork, actor: Actor, entries: Sequence[Entry], known: KnownCodes, location_ids: Sequence[UUID]
) -> Desk:
    """Open a session on what a first scan names, else to look it up.

    A list is picked; a put-wall wave or a tote of one is sorted; a wave that is packed piece by piece, another tote, a
    slot, an order or a parcel is packed, at the bench the person was at last or the warehouse's only one. Refuses
    NOTHING_TO_OPEN when the entries begin with no scan or the code is known in no warehouse of the caller.
    """
    worker_id = _worker(actor)
    first = min(entries, key=lambda entry: entry.sequence, default=None)
    if first is None or first.kind is not ScanKind.SCAN or first.raw is None or not location_ids:
        raise NothingToOpen
    codes = [(location_id, known.at(location_id).of(first)) for location_id in location_ids]
    location_id, code = next(((at, code) for at, code in codes if code is not None and code.known), codes[0])
    if code is None:
        raise NothingToOpen
    named = {hit.kind: hit for hit in reversed(code.documents)}
    if DocumentKind.PICK_LIST in named:
        list_id = named[DocumentKind.PICK_LIST].id
        location_id = await _claim(uow, actor, list_id, worker_id)
        return await _open(uow, Job.PICK, worker_id, location_id, subject_id=list_id, station_id=None)
    if DocumentKind.MANIFEST in named:
        location_id = await _dock_of(uow, named[DocumentKind.MANIFEST].id, location_id)
    job = await _job_of_wave(uow, code, named) or _job_of(code, named)
    order_ids = [hit.fulfillment_order_id for hit in code.documents if hit.fulfillment_order_id is not None]
    if job is Job.PACK and order_ids:
        orders = await order_locks.lock_fulfillment_orders(uow, order_ids)
        location_id = next((row.location_id for row in orders.values() if row.location_id in location_ids), location_id)
    actor.require(Permission.FLOOR_WORK, warehouse_id=location_id)
    station_id = await _bench_of(uow, worker_id, location_id) if job is Job.PACK else None
    return await _open(uow, job, worker_id, location_id, subject_id=None, station_id=station_id)


async def _bench_of(uow: UnitOfWork, worker_id: UUID, location_id: UUID) -> UUID | None:
    """Return the station somebody packed at last in a warehouse, or its only one: labels and undone pieces need one."""
    last: UUID | None = await uow.scalar(
        sa.select(ScanSession.station_id)
        .where(
            uow.mine(ScanSession),
            ScanSession.worker_id == worker_id,
            ScanSession.location_id == location_id,
            ScanSession.job == Job.PACK,
            ScanSession.station_id.is_not(None),
        )
        .order_by(ScanSession.id.desc())
        .limit(1)
    )
    if last is not None:
        return last
    there = await stations.stations_of(uow, location_id)
    return there[0].id if len(there) == 1 else None


def _job_of(code: Code, named: Mapping[DocumentKind, DocumentHit]) -> Job:
    for kind, job in ((DocumentKind.EXCEPTION_TASK, Job.PUT_BACK), (DocumentKind.MANIFEST, Job.HANDOVER)):
        if kind in named:
            return job
    in_tote = code.place is not None and (code.place.pick_list_id is not None or code.place.kind == PlaceKind.WALL_SLOT)
    return Job.PACK if in_tote or _OPENS_PACKING & set(named) else Job.LOOK_UP


async def _dock_of(uow: UnitOfWork, manifest_id: UUID, otherwise: UUID) -> UUID:
    """Return the warehouse a manifest is loaded at."""
    row = (await manifest_queries.manifests(uow, [manifest_id])).get(manifest_id)
    return UUID(str(row.location_id)) if row is not None else otherwise


async def _job_of_wave(uow: UnitOfWork, code: Code, named: Mapping[DocumentKind, DocumentHit]) -> Job | None:
    """Return what is done with the wave a code names or a tote has goods of: sorted at a wall, packed at a station."""
    waves = [named[DocumentKind.WAVE].id] if DocumentKind.WAVE in named else []
    list_id = code.place.pick_list_id if code.place is not None else None
    if list_id is not None:
        waves += [row.wave_id for row in (await picking_queries.pick_lists(uow, [list_id])).values()]
    found = await picking_queries.waves(uow, waves) if waves else {}
    kinds = {row.kind for row in found.values()}
    if WaveKind.PUT_WALL in kinds:
        return Job.SORT
    return Job.PACK if DocumentKind.WAVE in named and kinds & STATION_KINDS else None


def _worker(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise NeedsPerson
    return actor.person_id


async def _claim(uow: UnitOfWork, actor: Actor, pick_list_id: UUID, worker_id: UUID) -> UUID:
    row = (await picking_queries.pick_lists(uow, [pick_list_id])).get(pick_list_id)
    if row is None:
        raise NotFound("No pick list of yours has that id; scan its label again.", field=("pickListId",))
    actor.require(Permission.FLOOR_WORK, warehouse_id=row.location_id)
    served = await work.orders_of_lists(uow, [pick_list_id])
    await order_locks.lock_fulfillment_orders(uow, [order for orders in served.values() for order in orders])
    await picking_locks.waves_of_lists(uow, [pick_list_id], lock=True)  # what is scanned next will need it
    claimed = await lists.claim_pick_list(uow, pick_list_id=pick_list_id, worker_id=worker_id)
    return claimed.location_id


async def _location(uow: UnitOfWork, station_id: UUID | None, location_id: UUID | None) -> UUID:
    if station_id is not None:
        station = (await stations.stations(uow, [station_id])).get(station_id)
        if station is None or location_id not in {None, station.location_id}:
            raise NotFound("No station of that warehouse has that id; choose a bench.", field=("stationId",))
        return UUID(str(station.location_id))
    if location_id is None or location_id not in await stock_queries.locations_by_id(uow, [location_id]):
        raise NotFound("Name the warehouse or the station to work at.", field=("locationId",))
    return location_id


async def _open(
    uow: UnitOfWork, job: Job, worker_id: UUID, location_id: UUID, *, subject_id: UUID | None, station_id: UUID | None
) -> Desk:
    """Return the worker's open session for the same work, or begin one."""
    same = [
        ScanSession.worker_id == worker_id,
        ScanSession.job == job,
        ScanSession.location_id == location_id,
        ScanSession.closed_at.is_(None),
    ]
    same += [ScanSession.subject_id == subject_id] if job is Job.PICK else [ScanSession.station_id == station_id]
    before = await uow.first(
        sa.select(*locks.SESSION).where(uow.mine(ScanSession), *same).order_by(ScanSession.id.desc()).limit(1)
    )
    if before is not None:
        return desk_of(before)
    session_id = new_id()
    row = {
        "id": session_id,
        "worker_id": worker_id,
        "job": job.value,
        "subject_id": subject_id,
        "location_id": location_id,
        "station_id": station_id,
        "state": state.to_json(RULEBOOKS[job].start),
        "opened_at": uow.now,
    }
    await uow.insert(ScanSession, [row])
    uow.credit(worker_id, [session_id])
    uow.emit([events.SessionOpened(session_id, worker_id, job.value, subject_id, location_id)])
    begun = RULEBOOKS[job].start
    return Desk(
        session_id, worker_id, job, subject_id, location_id, station_id, begun, last_sequence=0, version=1, is_new=True
    )


async def _view(uow: UnitOfWork, desk: Desk) -> SessionView:
    await loading.load(uow, [desk], KnownCodes(), lock=False)
    return views.view(desk)
