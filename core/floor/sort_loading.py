"""Reading what is sorted at the put walls for the interpreter: waves, their slots, and the goods in their totes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.floor.desk import Desk
from pickmesh.core.floor.heard import Code, DocumentKind
from pickmesh.core.floor.sort_task import Put, SortGoods, SortOrder, SortTask, SortWave
from pickmesh.core.floor.tables import Scan
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders.tables import FulfillmentLine
from pickmesh.core.picking import walls, work
from pickmesh.core.picking.tables import Wave, WaveKind, WaveOrder
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Lot, Place, PlaceKind, ScanPolicy, ToteState
from pickmesh.scanner.codes.own import OwnKind, number_text

_IN_TOTES = frozenset({PlaceKind.TOTE, PlaceKind.CART_SLOT})
Row = sa.Row[*tuple[Any, ...]]


async def waves_wanted(uow: UnitOfWork, desks: Sequence[Desk], codes: Sequence[Code]) -> dict[UUID, Row]:
    """Return the waves a batch may be about: those in hand, scanned, or with goods in a tote that was scanned."""
    named = {hit.id for code in codes for hit in code.documents if hit.kind is DocumentKind.WAVE}
    named |= {desk.state.subject_id for desk in desks if desk.state.subject_id}
    named |= {desk.state.late.subject_id for desk in desks if desk.state.late and desk.state.late.subject_id}
    places = {code.place.id for code in codes if code.place is not None and code.place.carries}
    named |= {row.wave_id for row in await _waves_in(uow, places)} if places else set()
    slots = _slots_scanned(codes) | {desk.state.place_id for desk in desks if desk.state.place_id}
    named |= {row.wave_id for row in await _waves_at(uow, slots)} if slots else set()
    found = await uow.fetch(
        sa.select(Wave.id, Wave.number, Wave.kind, Wave.location_id).where(uow.mine(Wave), uow.among(Wave.id, named))
    )
    return {row.id: row for row in found}


def _slots_scanned(codes: Sequence[Code]) -> set[UUID]:
    return {code.place.id for code in codes if code.place is not None and code.place.kind == PlaceKind.WALL_SLOT}


async def _waves_at(uow: UnitOfWork, place_ids: Collection[UUID]) -> Sequence[Row]:
    """Return the waves whose orders sit in slots, also of orders kicked out of them; the newest first."""
    return await uow.fetch(
        sa.select(WaveOrder.wave_id, WaveOrder.place_id)
        .where(uow.mine(WaveOrder), uow.among(WaveOrder.place_id, place_ids))
        .order_by(WaveOrder.wave_id.desc())
    )


async def _waves_in(uow: UnitOfWork, place_ids: Collection[UUID]) -> Sequence[Row]:
    """Return the waves that goods at places belong to, also of orders kicked out of them; the newest first."""
    return await uow.fetch(
        sa.select(WaveOrder.wave_id, Allocation.place_id)
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == WaveOrder.merchant_id)
            & (FulfillmentLine.fulfillment_order_id == WaveOrder.fulfillment_order_id),
        )
        .join(
            Allocation,
            (Allocation.merchant_id == FulfillmentLine.merchant_id) & (Allocation.line_id == FulfillmentLine.id),
        )
        .where(
            uow.mine(WaveOrder),
            uow.among(Allocation.place_id, place_ids),
            Allocation.status == AllocationStatus.OPEN,
        )
        .distinct()
        .order_by(WaveOrder.wave_id.desc())
    )


async def orders_of(uow: UnitOfWork, waves: Mapping[UUID, Row]) -> set[UUID]:
    """Return the orders to lock before the waves are read: of put-wall waves, those with goods on their way."""
    at_walls = [row.id for row in waves.values() if row.kind == WaveKind.PUT_WALL]
    seats = await walls.seats_at_walls(uow, at_walls) if at_walls else {}
    return {seat.fulfillment_order_id for of_wave in seats.values() for seat in of_wave}


async def set_tasks(
    uow: UnitOfWork,
    desks: Sequence[Desk],
    waves: Mapping[UUID, Row],
    codes: Sequence[Code],
    undone_by: Collection[UUID],
) -> None:
    """Give desks their tasks: the waves as they now stand, shared by all, and what entries that may be undone put."""
    locations = await stock_queries.locations_by_id(uow, {desk.location_id for desk in desks})
    known = await _waves(uow, waves)
    booked = await _put(uow, undone_by) if undone_by else {}
    places = {code.place.id for code in codes if code.place is not None and code.place.carries}
    places |= {desk.state.tote_id for desk in desks if desk.state.tote_id}
    totes: dict[UUID, UUID] = {}
    slots = _slots_scanned(codes)
    rows = [*(await _waves_in(uow, places) if places else ()), *(await _waves_at(uow, slots) if slots else ())]
    for row in rows:
        totes.setdefault(row.place_id, row.wave_id)
    for desk in desks:
        confirms = locations[desk.location_id].scan_policy != ScanPolicy.ITEM
        desk.task = SortTask(desk.location_id, confirms, known, totes, booked)


async def _waves(uow: UnitOfWork, waves: Mapping[UUID, Row]) -> dict[UUID, SortWave]:
    at_walls = [row.id for row in waves.values() if row.kind == WaveKind.PUT_WALL]
    seats = await walls.seats_at_walls(uow, at_walls) if at_walls else {}
    order_ids = {seat.fulfillment_order_id for of_wave in seats.values() for seat in of_wave}
    wanted = await walls.pieces_of_orders(uow, order_ids) if order_ids else {}
    goods = paged.grouped(await _goods(uow, order_ids), "fulfillment_order_id") if order_ids else {}
    return {row.id: _wave(row, seats.get(row.id, ()), wanted, goods) for row in waves.values()}


def _wave(row: Row, seats: Sequence[Row], wanted: Mapping[UUID, int], goods: Mapping[UUID, list[Row]]) -> SortWave:
    number = number_text(OwnKind.WAVE, row.number)
    wave = SortWave(row.id, number, WaveKind(row.kind), row.location_id)
    for seat in seats:
        order_id = seat.fulfillment_order_id
        slot = walls.slot_of(seat.place_id, seat.code, seat.zone) if seat.place_id else None
        number = number_text(OwnKind.FULFILLMENT_ORDER, seat.number)
        # A stopped order gets no slot any more, but goods of it may lie in the one it had.
        stopped = work.is_stopped(seat)
        order = SortOrder(order_id, number, stopped, slot, wanted.get(order_id, 0) if walls.is_going(seat) else 0)
        wave.orders[order_id] = order
        for each in goods.get(order_id, ()):
            _add(wave, order, each)
    return wave


def _add(wave: SortWave, order: SortOrder, row: Row) -> None:
    """Count goods where they lie: in the order's slot, in a tote, still in their bin or in the hospital, or gone on."""
    wave.sku_codes[row.sku_id] = row.sku_code
    wave.total += 0 if order.stopped else row.quantity
    if order.slot is not None and row.place_id == order.slot.place_id:
        order.here += row.quantity
    elif row.place_kind in _IN_TOTES and row.tote_state != ToteState.IN_HOSPITAL:
        goods = SortGoods(
            order_id=order.id,
            sku_id=row.sku_id,
            sku_code=row.sku_code,
            serial_tracked=row.serial_tracked,
            place_id=row.place_id,
            place_code=row.place_code,
            quantity=row.quantity,
            lot_code=row.lot_code,
        )
        wave.goods.append(goods)
    elif (row.place_id == row.bin_id or row.place_kind in _IN_TOTES) and not order.stopped:
        wave.coming += row.quantity


async def _goods(uow: UnitOfWork, order_ids: Collection[UUID]) -> Sequence[Row]:
    return await uow.fetch(
        sa.select(
            FulfillmentLine.fulfillment_order_id,
            Allocation.place_id,
            Allocation.bin_id,
            Allocation.sku_id,
            Allocation.quantity,
            Place.code.label("place_code"),
            Place.kind.label("place_kind"),
            Place.tote_state,
            Sku.code.label("sku_code"),
            Sku.serial_tracked,
            Lot.code.label("lot_code"),
        )
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == Allocation.merchant_id) & (FulfillmentLine.id == Allocation.line_id),
        )
        .join(Place, (Place.merchant_id == Allocation.merchant_id) & (Place.id == Allocation.place_id))
        .join(Sku, (Sku.merchant_id == Allocation.merchant_id) & (Sku.id == Allocation.sku_id))
        .outerjoin(Lot, (Lot.merchant_id == Allocation.merchant_id) & (Lot.id == Allocation.lot_id))
        .where(
            uow.mine(Allocation),
            uow.among(FulfillmentLine.fulfillment_order_id, order_ids),
            Allocation.status == AllocationStatus.OPEN,
        )
        .order_by(FulfillmentLine.fulfillment_order_id, Allocation.id)
    )


async def _put(uow: UnitOfWork, client_ids: Collection[UUID]) -> dict[UUID, Put]:
    """Return what earlier entries put into slots; a later entry that undid one says so in its own verdict."""
    found = await uow.fetch(
        sa.select(Scan.client_id, Scan.session_id, Scan.verdict).where(
            uow.mine(Scan), uow.among(Scan.client_id, client_ids)
        )
    )
    kept = {row.client_id: row for row in found if "wave_id" in (row.verdict.get("packed") or {})}
    undone = await _undone(uow, {row.session_id for row in kept.values()}) if kept else set()
    return {client_id: _put_of(row.verdict["packed"], undone=client_id in undone) for client_id, row in kept.items()}


def _put_of(kept: Mapping[str, Any], *, undone: bool) -> Put:
    ids = {name: UUID(kept[name]) for name in ("wave_id", "order_id", "sku_id", "tote_id", "slot_id")}
    parts = tuple((quantity, UUID(unit) if unit else None) for quantity, unit in kept["parts"])
    return Put(**ids, parts=parts, undone=undone)


async def _undone(uow: UnitOfWork, session_ids: Collection[UUID]) -> set[UUID]:
    found = await uow.fetch(
        sa.select(Scan.verdict).where(uow.mine(Scan), uow.among(Scan.session_id, session_ids), Scan.kind == "UNDO")
    )
    return {UUID(row.verdict["undid"]) for row in found if row.verdict.get("undid")}
