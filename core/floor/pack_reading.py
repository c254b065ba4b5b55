"""What an entry says to a packer, given what is at hand and which parcel is open."""

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.floor import pack_cartons, reading
from pickmesh.core.floor.decisions import Reading
from pickmesh.core.floor.entries import NUMBER_MAX, Choice
from pickmesh.core.floor.heard import Code, DocumentKind, Heard, PlaceHit
from pickmesh.core.floor.pack_table import ITEMS, OPEN, SEAL, WEIGH
from pickmesh.core.floor.pack_task import STATION_KINDS, PackLine, PackOrder, PackTask
from pickmesh.core.floor.state import State
from pickmesh.core.floor.tables import ScanKind
from pickmesh.core.kit.texts import Sentence, sentence
from pickmesh.core.orders.tables import Progress
from pickmesh.core.packing import rules
from pickmesh.core.packing.tables import ParcelState
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.tables import PlaceKind, ShipAt, ToteState

_HOLDERS = frozenset({PlaceKind.TOTE, PlaceKind.CART_SLOT, PlaceKind.WALL_SLOT, PlaceKind.BENCH})
_UNDER_WAY = frozenset({Progress.RELEASED, Progress.IN_PROGRESS})


def read(task: PackTask, state: State, heard: Heard) -> Reading:
    """Tell what an entry says to a packer; never raises, whatever the entry."""
    order = order_of(task, state)
    if order is not None and order.stopped and state.step != OPEN:
        return Reading("ORDER_STOPPED", words={"order": order.number})
    kind = heard.entry.kind
    if kind in {ScanKind.SCAN, ScanKind.SERIAL} and (kind is ScanKind.SCAN or heard.code is not None):
        return _read_scan(task, state, heard)
    if kind in _ANYWHERE:
        return _ANYWHERE[kind](task, state, heard)
    if order is None or state.step == OPEN:
        return Reading("EARLY")
    reader = _READERS.get(kind)
    return reader(task, state, heard, order) if reader else Reading("MISFIT")


def order_of(task: PackTask, state: State) -> PackOrder | None:
    """Return the order a packer has open."""
    return task.bench.orders.get(state.subject_id) if state.subject_id else None


def _read_scan(task: PackTask, state: State, heard: Heard) -> Reading:
    code = heard.code
    carton = pack_cartons.read(task, state, heard, code, order_of(task, state)) if code else None
    if carton is not None:
        return carton
    nothing = reading.unknown(code)
    if nothing is not None or code is None:
        return nothing or Reading("NOTHING_READ")
    if code.place is not None and (code.names_place or (state.step == OPEN and code.place.kind in _HOLDERS)):
        read = _read_place(task, state, heard, code.place)
    elif (wave := _wave_named(task, code)) is not None and state.step == OPEN:
        read = wave
    elif code.documents and not code.items:
        read = _read_orders(task, state, heard, [hit.fulfillment_order_id for hit in code.documents])
        read = replace(read, parcel_id=_parcel_named(code) or read.parcel_id)
        read = replace(read, said="PARCEL_DONE") if read.said == "ORDER_GONE" and read.parcel_id else read
    elif state.step == OPEN:
        read = _read_first_unit(task, state, heard, code)
    else:
        read = _read_item(task, state, heard, code)
    return replace(read, words={"scanned": code.scanned.text, **read.words})


def _wave_named(task: PackTask, code: Code) -> Reading | None:
    """Tell what a wave means at a bench: a station for it, where any of its pieces takes the next order."""
    named = next((hit.id for hit in code.documents if hit.kind is DocumentKind.WAVE), None)
    wave = task.bench.waves.get(named) if named and not code.items else None
    if wave is None:
        return None
    here = wave.kind in STATION_KINDS and wave.location_id == task.location_id
    return Reading("WAVE_AT_STATION" if here else "WAVE_NOT_HERE", subject_id=wave.id)


def _parcel_named(code: Code) -> UUID | None:
    return next((hit.id for hit in code.documents if hit.kind in {"PARCEL", "WAYBILL"}), None)


def _read_place(task: PackTask, state: State, heard: Heard, place: PlaceHit) -> Reading:
    if place.kind not in _HOLDERS:
        return Reading("PLACE_WRONG")
    inside = [waiting.fulfillment_order_id for waiting in task.bench.waiting if waiting.place_id == place.id]
    orders = list(dict.fromkeys(inside))
    if state.step == OPEN and place.tote_state == ToteState.IN_HOSPITAL:
        return Reading("TOTE_HOSPITAL")
    waits = _waits(task, place, orders) if state.step == OPEN else 0
    if waits:
        return Reading("SLOT_WAITS", words={"waits": waits})
    if not orders:
        return Reading("TOTE_EMPTY" if state.step == OPEN else "PLACE_WRONG")
    if len(orders) == 1 or state.step != OPEN:
        return _read_orders(task, state, heard, orders)
    return Reading("TOTE_MIXED", place=place, words={"orders": len(orders)})


def _waits(task: PackTask, place: PlaceHit, orders: Sequence[UUID]) -> int:
    """Return how many pieces a wall slot still waits for; an order with a parcel open goes on all the same."""
    if place.kind != PlaceKind.WALL_SLOT:
        return 0
    going = [task.bench.orders[each] for each in orders if each in task.bench.orders]
    waiting = (order.waits_at(place.id) for order in going if _is_ready(order) and order.open_parcel is None)
    return sum(waiting)


def _read_orders(task: PackTask, state: State, heard: Heard, named: Sequence[UUID | None]) -> Reading:
    """Tell what the orders a code names mean: one to open, the one that is open, another one, or none to pack here."""
    known = (task.bench.orders.get(order_id) for order_id in named if order_id is not None)
    orders = [order for order in known if order is not None and order.location_id == task.location_id]
    if state.step != OPEN:
        same = any(order.id == state.subject_id for order in orders)
        return Reading("ORDER_SAME" if same else "ORDER_OTHER")
    if not orders:
        return Reading("ORDER_ELSEWHERE")
    going = [order for order in orders if heard.chosen in {None, order.id}]
    ready = [order for order in going if _is_ready(order)]
    if len(ready) > 1:
        choices = [Choice(str(order.id), f"{order.number} × {order.left}") for order in ready]
        return Reading("ORDER_AMBIGUOUS", choices=choices)
    order = ready[0] if ready else (going or orders)[0]
    words = {
        "order": order.number,
        "left": order.left,
        "rest": sentence(" {then}", then=rest_of(order)) if order.in_hospital else "",
    }
    return replace(_read_order(order), subject_id=order.id, words=words)


def rest_of(order: PackOrder) -> Sentence:
    """Return where the pieces of an order are that wait for a lead."""
    waiting = order.in_hospital
    return sentence(
        "{count} of its pieces are in {totes}, in the hospital: a lead must release them.",
        count=sum(waiting.values()),
        totes=", ".join(waiting),
    )


def _is_ready(order: PackOrder) -> bool:
    return not order.stopped and order.progress in _UNDER_WAY and bool(order.at_hand or order.open_parcel)


def _read_order(order: PackOrder) -> Reading:
    if order.stopped:
        return Reading("ORDER_STOPPED")
    if _is_ready(order):
        return Reading("ORDER_GOES_ON" if order.open_parcel else "ORDER_OPENS")
    sealed = next((parcel for parcel in order.parcels.values() if parcel.state is ParcelState.SEALED), None)
    if sealed is not None:
        return Reading("PARCEL_SEALED", parcel_id=sealed.id)
    if order.left and order.in_hospital:
        return Reading("ORDER_HOSPITAL")
    return Reading("ORDER_UNPICKED" if order.left else "ORDER_GONE")


def _read_first_unit(task: PackTask, state: State, heard: Heard, code: Code) -> Reading:
    """Tell which order takes a piece: of the tote that was scanned, else one whose only piece it is."""
    hit = reading.item_of(heard, code)
    if isinstance(hit, Reading):
        return hit
    waiting = [each for each in task.bench.waiting if each.sku_id == hit.sku_id]
    here = [each for each in waiting if each.place_id == state.place_id]
    going = here or [each for each in waiting if each.is_single and state.wave_id in {None, each.wave_id}]
    known = [
        task.bench.orders[each.fulfillment_order_id] for each in going if each.fulfillment_order_id in task.bench.orders
    ]
    free = [order for order in known if order.id not in task.bench.claimed and _may_open(task, order, alone=not here)]
    if not free:
        stopped = any(order.stopped and order.location_id == task.location_id for order in known)
        return Reading("UNIT_STOPPED" if stopped else "UNIT_UNWANTED", sku_id=hit.sku_id)
    order = free[0]
    if not here and len({each.contents for each in free if each.wave_kind is WaveKind.HOT_SALE}) > 1:
        return Reading("UNIT_SEVERAL", sku_id=hit.sku_id)
    words = {"order": order.number, "left": order.left}
    return Reading("UNIT_OPENS", sku_id=hit.sku_id, quantity=hit.units * heard.pieces, subject_id=order.id, words=words)


def _may_open(task: PackTask, order: PackOrder, *, alone: bool) -> bool:
    """Tell whether a piece may open an order; where no tote was scanned, all of the order must be at hand."""
    ready = order.location_id == task.location_id and _is_ready(order) and order.open_parcel is None
    return ready and (not alone or order.at_hand >= order.left)


def _read_item(task: PackTask, state: State, heard: Heard, code: Code) -> Reading:
    order = order_of(task, state)
    hit = reading.item_of(heard, code)
    if isinstance(hit, Reading):
        return hit
    if state.step == WEIGH or order is None or state.parcel_id is None:
        return Reading("ITEM_SEALED", sku_id=hit.sku_id)
    pieces = hit.units * heard.pieces
    lines = [line for line in order.lines.values() if line.sku_id == hit.sku_id]
    if not lines:
        return Reading("ITEM_FOREIGN", sku_id=hit.sku_id, quantity=pieces)
    line = next((line for line in lines if line.left), lines[0])
    wrong = _wrong_lot(task, heard, lines) or _over(lines, pieces)
    read = replace(wrong or Reading(_ending(order, lines, pieces)), quantity=pieces)
    if wrong is None and line.serial_tracked:
        read = _read_unit(task, heard, order, lines, read)
    read = replace(read, line_id=line.id, sku_id=hit.sku_id, quantity=pieces)
    return _at_station(task, state, order, read) if order.is_of_station else read


def _at_station(task: PackTask, state: State, order: PackOrder, read: Reading) -> Reading:
    """Tell what a piece does at a station: the last one closes the parcel; of a hot sale one passes for all.

    Not for all where the warehouse wants every unit scanned, or where a serial number must be told.
    """
    weigh = "TO_WEIGH" if task.ship_at is ShipAt.WEIGH else "SHIPS"
    if read.said == "ITEM_ENDS_ALL":
        return replace(read, said=f"UNIT_{weigh}", subject_id=order.id)
    agreed = order.wave_kind is WaveKind.HOT_SALE and not task.every_unit
    is_first = not order.in_parcel(state.parcel_id) and order.at_hand >= order.left
    serial = any(line.serial_tracked for line in order.lines.values())
    if read.said in {"ITEM_FITS", "ITEM_ENDS_LINE"} and agreed and is_first and not serial:
        return replace(read, said=f"SET_{weigh}", quantity=order.left, subject_id=order.id)
    return read


def _read_unit(task: PackTask, heard: Heard, order: PackOrder, lines: Sequence[PackLine], read: Reading) -> Reading:
    unit = reading.unit_of(heard, lines[0].sku_id, task.bench.units_packed, order.parcels)
    if isinstance(unit, Reading):
        return unit
    if not any(unit.place_id in line.places for line in lines):
        return Reading("SERIAL_ELSEWHERE", words={"scanned": unit.serial})
    return replace(read, unit=unit) if read.quantity == 1 else Reading("SERIAL_ONE")


def _wrong_lot(task: PackTask, heard: Heard, lines: Sequence[PackLine]) -> Reading | None:
    said = heard.lot_said
    if said is None:
        return None
    picked = {lot.code.strip().upper(): lot for line in lines for lot in line.lots}
    lot = picked.get(said.code.strip().upper())
    expires_on = said.expires_on or (lot.expires_on if lot else None)
    words = {"scanned_lot": said.code}
    if expires_on is not None and expires_on < task.today:
        return Reading("LOT_EXPIRED", words=words)
    return Reading("LOT_WRONG", words=words) if picked and lot is None else None


def _over(lines: Sequence[PackLine], pieces: int) -> Reading | None:
    left, at_hand = sum(line.left for line in lines), sum(min(line.left, line.at_hand) for line in lines)
    if not left:
        return Reading("ITEM_ALL_IN")
    if pieces > left:
        return Reading("ITEM_TOO_MANY", words={"item_left": left, "over": pieces - left})
    return Reading("ITEM_UNPICKED", words={"at_hand": at_hand}) if pieces > at_hand else None


def _ending(order: PackOrder, lines: Sequence[PackLine], pieces: int) -> str:
    if pieces == order.left:
        return "ITEM_ENDS_ALL"
    return "ITEM_ENDS_LINE" if pieces == sum(line.left for line in lines) else "ITEM_FITS"


def _read_quantity(task: PackTask, state: State, heard: Heard, order: PackOrder) -> Reading:
    wanted = heard.entry.quantity
    line = order.lines.get(state.line_id) if state.line_id else None
    if wanted is None or wanted < 1:
        return Reading("QUANTITY_MISSING")
    if line is None or line.serial_tracked or state.step == WEIGH or state.parcel_id is None:
        return Reading("QUANTITY_UNVERIFIED")
    booked = line.here.get(state.parcel_id, 0)
    words = {"booked": booked}
    if wanted <= booked:
        return Reading("QUANTITY_SAME" if wanted == booked else "QUANTITY_BELOW", line.id, words=words)
    pieces = wanted - booked
    read = _over([line], pieces) or Reading(_ending(order, [line], pieces))
    return replace(read, line_id=line.id, sku_id=line.sku_id, quantity=pieces)


def _read_weight(task: PackTask, state: State, heard: Heard, order: PackOrder) -> Reading:
    weight_g = heard.entry.weight_g
    if weight_g is None or not 0 < weight_g <= NUMBER_MAX or state.parcel_id is None:
        return Reading("WEIGHT_MISSING")
    if state.step == ITEMS:
        return Reading("WEIGHT_EARLY")
    expected_g = pack_cartons.expected_weight_g(task, order, state.parcel_id)
    refusal = rules.weight_refusal(expected_g, weight_g, task.weight_tolerance_g)
    words = {"weight": weight_g, "problem": refusal.message if refusal else ""}
    return Reading("WEIGHT_FITS" if refusal is None else "WEIGHT_OFF", quantity=weight_g, words=words)


def _read_force(task: PackTask, state: State, heard: Heard, order: PackOrder) -> Reading:
    disputed = state.weight_g
    if state.parcel_id is None or (disputed is None and not (state.step == ITEMS and order.left)):
        return Reading("FORCE_NOTHING")
    if not heard.may_force:
        return Reading("FORCE_NOT_ALLOWED")
    if not (heard.entry.reason or "").strip():
        return Reading("FORCE_NO_REASON")
    if disputed is not None:
        return Reading("FORCE_WEIGHT", quantity=disputed, words={"weight": disputed})
    return Reading("FORCE_REST", quantity=order.left)


def _read_seal(task: PackTask, state: State, heard: Heard, order: PackOrder) -> Reading:
    if state.step == WEIGH:
        return Reading("SEAL_AGAIN")
    if not order.in_parcel(state.parcel_id):
        return Reading("SEAL_EMPTY")
    if state.step == ITEMS and order.left:
        return Reading("SEAL_EARLY")
    return Reading("SEAL_TO_WEIGH" if task.ship_at is ShipAt.WEIGH else "SEAL_ENDS")


def _read_next(task: PackTask, state: State, heard: Heard, order: PackOrder) -> Reading:
    if not order.in_parcel(state.parcel_id):
        return Reading("SEAL_EMPTY" if state.step in {ITEMS, SEAL} else "MISFIT")
    return Reading("NEXT_PARCEL" if order.left else "NEXT_LAST")


def _read_aside(task: PackTask, state: State, heard: Heard, order: PackOrder) -> Reading:
    return Reading("ASIDE")


def _read_reprint(task: PackTask, state: State, heard: Heard) -> Reading:
    if state.parcel_id is None:
        return Reading("EARLY" if state.step == OPEN else "MISFIT")
    return Reading("REPRINT" if (heard.entry.reason or "").strip() else "REPRINT_NO_REASON")


def _read_undo(task: PackTask, state: State, heard: Heard) -> Reading:
    client_id = heard.entry.answers or (state.booked[-1] if state.booked else None)
    packed = task.bench.booked.get(client_id) if client_id else None
    if packed is None or client_id is None:
        return Reading("UNDO_NOTHING" if heard.answered is None else "UNDO_EMPTY")
    order = order_of(task, state)
    if packed.boxed is not None:
        return pack_cartons.read_undo(task, order, client_id)
    parcel = order.parcels.get(packed.parcel_id) if order else None
    if packed.undone:
        return Reading("UNDO_TWICE")
    if _is_closed_at_station(task, state, packed.parcel_id):
        return Reading("UNDO_SEALED", quantity=packed.quantity, subject_id=client_id, parcel_id=packed.parcel_id)
    if parcel is None or parcel.state is not ParcelState.OPEN:
        return Reading("UNDO_CLOSED")
    return Reading("UNDO", packed.parts[0][0], quantity=packed.quantity, subject_id=client_id)


def _is_closed_at_station(task: PackTask, state: State, parcel_id: UUID) -> bool:
    """Tell whether it is the parcel a station has just closed by itself: what went in may still come out by scan."""
    order = task.bench.order_with(parcel_id)
    mine = order is not None and order.is_of_station and not order.stopped and state.subject_id in {None, order.id}
    return mine and order is not None and order.parcels[parcel_id].state is ParcelState.SEALED


def _read_trouble(task: PackTask, state: State, heard: Heard) -> Reading:
    return Reading("TROUBLE", state.line_id, quantity=max(1, heard.entry.quantity or 1))


_ANYWHERE: dict[ScanKind, Callable[[PackTask, State, Heard], Reading]] = {
    ScanKind.REPRINT: _read_reprint,
    ScanKind.UNDO: _read_undo,
    ScanKind.SHORT: _read_trouble,
    ScanKind.DAMAGED: _read_trouble,
}
_READERS: dict[ScanKind, Callable[[PackTask, State, Heard, PackOrder], Reading]] = {
    ScanKind.QUANTITY: _read_quantity,
    ScanKind.WEIGHT: _read_weight,
    ScanKind.FORCE: _read_force,
    ScanKind.SEAL: _read_seal,
    ScanKind.NEXT_PARCEL: _read_next,
    ScanKind.SKIP: _read_aside,
}
