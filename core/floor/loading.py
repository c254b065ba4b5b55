"""Reading the work of many sessions at once: a fixed number of statements per job, however many sessions there are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.floor import handover_loading, lookup, pack_loading, pick_loading, sort_loading
from pickmesh.core.floor.codes import KnownCodes
from pickmesh.core.floor.desk import Desk
from pickmesh.core.floor.entries import Entry
from pickmesh.core.floor.heard import Code, DocumentKind
from pickmesh.core.floor.look_up_job import LookUpTask
from pickmesh.core.floor.pack_loading import Wanted
from pickmesh.core.floor.pack_task import PackTask, Waiting
from pickmesh.core.floor.put_back_job import BackTask, PutBackTask
from pickmesh.core.floor.tables import Job, ScanKind
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.tables import FulfillmentOrder
from pickmesh.core.picking import walks
from pickmesh.core.picking.tables import ExceptionTask, TaskKind, TaskStatus
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import Place, ScanPolicy, ShipAt
from pickmesh.scanner.codes.own import OwnKind, number_text

PUT_BACKS_MAX = 500
_OF_LAST_PARCEL = frozenset({ScanKind.UNDO, ScanKind.REPRINT})


async def load(uow: UnitOfWork, desks: Collection[Desk], known: KnownCodes, *, lock: bool) -> None:
    """Give every desk its task as it now stands, and a state that fits it; with `lock` the work is locked first.

    Locks are taken in the house's order: the sales orders whose goods may be put back, the fulfillment orders of all
    jobs, then the lists.
    """
    picking = [desk for desk in desks if desk.job is Job.PICK]
    packing = [desk for desk in desks if desk.job is Job.PACK]
    lists = {desk.subject_id for desk in picking if desk.subject_id is not None}
    wanted = _wanted(packing, known)
    waiting = await pack_loading.goods_wanted(uow, wanted) if packing else []
    packed = wanted.order_ids | {each.fulfillment_order_id for each in waiting}
    packed |= await _reopened(uow, packing)
    put_backs = [desk for desk in desks if desk.job is Job.PUT_BACK]
    stopped = await _lock_stopped(uow, put_backs, known) if lock else set()
    sorting = [desk for desk in desks if desk.job is Job.SORT]
    scanned = _codes(sorting, known)
    waves = await sort_loading.waves_wanted(uow, sorting, scanned) if sorting else {}
    at_walls = await sort_loading.orders_of(uow, waves) if lock and waves else set()
    docking = [desk for desk in desks if desk.job is Job.HANDOVER]
    at_dock = await handover_loading.orders_of(uow, docking, _codes(docking, known)) if docking else set()
    orders = await _orders(uow, packed | stopped | at_walls | at_dock, lists, lock=lock)
    if lists:
        at_work = await walks.read_walks(uow, lists, locked=orders if lock else None)
        tasks = await pick_loading.pick_tasks(uow, at_work, _undone_by(picking))
        for desk in picking:
            if desk.subject_id is not None:
                desk.task = tasks[desk.subject_id]
        await pick_loading.add_lots(uow, [desk for desk in picking if desk.subject_id in tasks], known)
    await _set_benches(uow, packing, waiting, {each: row for each, row in orders.items() if each in packed}, known)
    if sorting:
        await sort_loading.set_tasks(uow, sorting, waves, scanned, _undone_by(sorting))
    if docking:
        handed = {each: row for each, row in orders.items() if each in at_dock}
        await handover_loading.set_tasks(uow, docking, _codes(docking, known), handed, lock=lock)
    await _load_put_backs(uow, put_backs, known)
    await _load_answers(uow, [desk for desk in desks if desk.job is Job.LOOK_UP], known)
    for desk in desks:
        desk.state = desk.book.steady(desk.task, desk.state)
        desk.stale = False


async def _lock_stopped(uow: UnitOfWork, desks: Collection[Desk], known: KnownCodes) -> set[UUID]:
    """Lock the sales orders of stopped orders whose goods a bin that was scanned may take; return those to lock next.

    Putting back ends with the order itself, and a group may hold the work of other jobs, whose lists are locked later.
    """
    skus: set[UUID] = set()
    for desk in desks:
        codes = [code for code in (known.at(desk.location_id).of(entry) for entry in _entries([desk])) if code]
        if any(code.place is not None for code in codes):
            skus |= {sku_id for code in codes for sku_id in _skus_of(code)}
            skus |= {desk.state.subject_id} if desk.state.subject_id else set()
    if not skus:
        return set()
    task = ExceptionTask
    rows = await uow.fetch(
        sa.select(task.subject_id)
        .distinct()
        .where(
            uow.mine(task),
            uow.among(task.location_id, {desk.location_id for desk in desks}),
            uow.among(task.sku_id, skus),
            task.kind == TaskKind.PUT_BACK,
            task.status == TaskStatus.OPEN,
        )
    )
    stopped = {row.subject_id for row in rows}
    await order_locks.lock_orders_behind(uow, stopped)
    return stopped


async def _orders(
    uow: UnitOfWork, packed: Collection[UUID], list_ids: Collection[UUID], *, lock: bool
) -> Mapping[UUID, Any]:
    """Return orders to pack; with `lock` they and those that lists serve are locked, all in one statement."""
    if not lock:
        return await order_queries.fulfillment_orders(uow, packed) if packed else {}
    if not list_ids:
        return await order_locks.lock_fulfillment_orders(uow, packed) if packed else {}
    found = await uow.ask(_LOCK_ORDERS, list_ids=list_ids, packed=packed)
    return {row.id: row for row in found}


def _locking_orders(to: Names) -> sa.Select[*tuple[Any, ...]]:
    """Return the query that locks the orders lists serve, and others."""
    others = sa.select(FulfillmentOrder.id).where(to.mine(FulfillmentOrder), to.among(FulfillmentOrder.id, "packed"))
    return order_locks.locking_fulfillment_orders(to, sa.union(walks.orders_served(to), others))


_LOCK_ORDERS = Prepared(_locking_orders)


def _entries(desks: Iterable[Desk]) -> list[Entry]:
    waiting = [turn.entry for desk in desks for turn in desk.queue]
    return [*waiting, *(desk.state.asked.entry for desk in desks if desk.state.asked)]


def _codes(desks: Sequence[Desk], known: KnownCodes) -> list[Code]:
    """Return what the waiting entries of desks scanned."""
    return [code for desk in desks for code in map(known.at(desk.location_id).of, _entries([desk])) if code]


async def _reopened(uow: UnitOfWork, desks: Sequence[Desk]) -> set[UUID]:
    """Return the orders of the parcels that packers with nothing open take something out of again, or label again."""
    undoing = (desk for desk in desks if any(turn.entry.kind in _OF_LAST_PARCEL for turn in desk.queue))
    last = {desk.state.parcel_id for desk in undoing if desk.state.parcel_id and desk.state.subject_id is None}
    return await pack_loading.orders_of_parcels(uow, last) if last else set()


def _undone_by(desks: Iterable[Desk]) -> set[UUID]:
    """The client ids of entries that waiting UNDOs may mean."""
    undoing = [(desk, turn.entry) for desk in desks for turn in desk.queue if turn.entry.kind is ScanKind.UNDO]
    named = {entry.answers for _, entry in undoing if entry.answers is not None}
    return named | {client_id for desk, _ in undoing for client_id in desk.state.booked}


async def _set_benches(
    uow: UnitOfWork, desks: Sequence[Desk], waiting: Sequence[Waiting], orders: Mapping[UUID, Any], known: KnownCodes
) -> None:
    if not desks:
        return
    locations = await stock_queries.locations_by_id(uow, {desk.location_id for desk in desks})
    waves = {hit.id for code in _codes(desks, known) for hit in code.documents if hit.kind is DocumentKind.WAVE}
    waves |= {desk.state.wave_id for desk in desks if desk.state.wave_id}
    bench = await pack_loading.load_bench(uow, waiting, orders, _undone_by(desks), waves)
    for desk in desks:
        location = locations[desk.location_id]
        desk.task = PackTask(
            location_id=desk.location_id,
            station_id=desk.station_id,
            ship_at=ShipAt(location.ship_at),
            weight_tolerance_g=location.weight_tolerance_g,
            today=uow.now.astimezone(ZoneInfo(location.time_zone)).date(),
            bench=bench,
            every_unit=location.scan_policy == ScanPolicy.EVERY_UNIT,
        )


def _wanted(desks: Sequence[Desk], known: KnownCodes) -> Wanted:
    wanted = Wanted()
    for desk in desks:
        wanted = _want(wanted, desk, known)
    return wanted


def _want(wanted: Wanted, desk: Desk, known: KnownCodes) -> Wanted:
    """Add what a packer's waiting entries may be about."""
    codes = [code for code in (known.at(desk.location_id).of(entry) for entry in _entries([desk])) if code]
    orders = {hit.fulfillment_order_id for code in codes for hit in code.documents if hit.fulfillment_order_id}
    places = {code.place for code in codes if code.place is not None}
    orders |= {desk.state.subject_id} if desk.state.subject_id else set()
    place_ids = {place.id for place in places} | ({desk.state.place_id} if desk.state.place_id else set())
    opening = desk.state.subject_id is None or len(desk.queue) > 1
    skus = {sku_id for code in codes for sku_id in _skus_of(code)} if opening else set()
    return Wanted(wanted.order_ids | orders, wanted.place_ids | place_ids, wanted.sku_ids | skus)


def _skus_of(code: Code) -> set[UUID]:
    return {hit.sku_id for hit in code.items} | {unit.sku_id for unit in code.units}


async def _load_put_backs(uow: UnitOfWork, desks: Sequence[Desk], known: KnownCodes) -> None:
    if not desks:
        return
    scanned = {code.place.id for code in _codes(desks, known) if code.place is not None}
    lying: dict[UUID, set[UUID]] = {}
    for row in await stock_queries.balances_of(uow, place_ids=scanned) if scanned else ():
        lying.setdefault(row.place_id, set()).add(row.sku_id)
    rows = await _open_put_backs(uow, {desk.location_id for desk in desks})
    bins = await stock_queries.places(uow, {UUID(bin_id) for row in rows for bin_id in row.detail.get("bin_ids", ())})
    tasks = {row.id: (row.location_id, _back_task(row, bins)) for row in rows}
    for location_id in {desk.location_id for desk in desks}:
        shared = PutBackTask({task_id: task for task_id, (at, task) in tasks.items() if at == location_id}, lying)
        for desk in desks:
            if desk.location_id == location_id:
                desk.task = shared


async def _open_put_backs(uow: UnitOfWork, location_ids: Collection[UUID]) -> Sequence[Any]:
    task = ExceptionTask
    return await uow.fetch(
        sa.select(
            task.id,
            task.location_id,
            task.sku_id,
            task.quantity,
            task.detail,
            Sku.code.label("sku_code"),
            Sku.serial_tracked,
            Place.code.label("place_code"),
            FulfillmentOrder.number.label("order_number"),
        )
        .join(Sku, (Sku.merchant_id == task.merchant_id) & (Sku.id == task.sku_id))
        .join(Place, (Place.merchant_id == task.merchant_id) & (Place.id == task.place_id))
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == task.merchant_id) & (FulfillmentOrder.id == task.subject_id),
        )
        .where(
            uow.mine(task),
            uow.among(task.location_id, location_ids),
            task.kind == TaskKind.PUT_BACK,
            task.status == TaskStatus.OPEN,
        )
        .order_by(task.id)
        .limit(PUT_BACKS_MAX)
    )


def _back_task(row: Any, bins: Any) -> BackTask:
    return BackTask(
        id=row.id,
        order=number_text(OwnKind.FULFILLMENT_ORDER, row.order_number),
        sku_id=row.sku_id,
        sku_code=row.sku_code,
        place=row.place_code,
        left=row.quantity,
        bins=[bins[UUID(bin_id)].code for bin_id in row.detail.get("bin_ids", ()) if UUID(bin_id) in bins],
        serial_tracked=row.serial_tracked,
    )


async def _load_answers(uow: UnitOfWork, desks: Sequence[Desk], known: KnownCodes) -> None:
    """Answer what is looked up, warehouse by warehouse."""
    for location_id in {desk.location_id for desk in desks}:
        here = [desk for desk in desks if desk.location_id == location_id]
        codes = [code for code in (known.at(location_id).of(entry) for entry in _entries(here)) if code is not None]
        asked = {code.scanned.text: code for code in codes}
        found = await lookup.answers(uow, asked, location_id) if asked else {}
        for desk in here:
            desk.task = LookUpTask(found)
