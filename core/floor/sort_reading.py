"""What an entry says to a worker at a put wall, given the wave's slots and what lies in its totes."""

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.floor import reading
from pickmesh.core.floor.decisions import Reading
from pickmesh.core.floor.heard import Code, DocumentKind, Heard, PlaceHit
from pickmesh.core.floor.sort_table import ITEM, OPEN, SLOT, WALL
from pickmesh.core.floor.sort_task import SortGoods, SortOrder, SortTask, SortWave
from pickmesh.core.floor.state import State
from pickmesh.core.floor.tables import ScanKind
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.tables import PlaceKind, ToteState


def read(task: SortTask, state: State, heard: Heard) -> Reading:
    """Tell what an entry says to somebody who sorts; never raises, whatever the entry."""
    kind = heard.entry.kind
    if kind is ScanKind.SCAN or (kind is ScanKind.SERIAL and heard.code is not None):
        return _read_scan(task, state, heard)
    reader = _READERS.get(kind)
    return reader(task, state, heard) if reader else Reading("MISFIT")


def wave_of(task: SortTask, state: State) -> SortWave | None:
    """Return the wave a worker sorts."""
    return task.waves.get(state.subject_id) if state.subject_id else None


def lit(task: SortTask, state: State) -> SortOrder | None:
    """Return the order whose slot is lit."""
    wave = wave_of(task, state)
    return wave.orders.get(state.line_id) if wave and state.line_id else None


def _read_scan(task: SortTask, state: State, heard: Heard) -> Reading:
    code = heard.code
    nothing = reading.unknown(code)
    if nothing is not None or code is None:
        return nothing or Reading("NOTHING_READ")
    if code.place is not None and (code.names_place or state.step in {WALL, SLOT}):
        read = _read_place(task, state, code.place)
    elif code.documents and not code.items:
        read = _read_wave(task, code)
    else:
        read = _read_item(task, state, heard, code)
    return replace(read, words={"scanned": code.scanned.text, **read.words})


def _read_wave(task: SortTask, code: Code) -> Reading:
    named = next((hit.id for hit in code.documents if hit.kind is DocumentKind.WAVE), None)
    wave = task.waves.get(named) if named else None
    if wave is None or wave.location_id != task.location_id:
        return Reading("WAVE_OTHER_KIND" if named else "MISPLACED")
    return _opening(wave, "WAVE_OPENS")


def _opening(wave: SortWave, said: str) -> Reading:
    if wave.kind is not WaveKind.PUT_WALL:
        return Reading("WAVE_OTHER_KIND")
    if not wave.left() and not wave.coming:
        return Reading("WAVE_SORTED")
    return Reading(said if wave.has_wall else "WALL_NEEDED", subject_id=wave.id)


def _read_place(task: SortTask, state: State, place: PlaceHit) -> Reading:
    if place.kind == PlaceKind.WALL_SLOT:
        return replace(_read_slot(task, state, place), place=place, words={"scanned": place.code})
    if not place.carries:
        return Reading("PLACE_WRONG", words={"scanned": place.code})
    return replace(_read_tote(task, state, place), place=place, words={"scanned": place.code})


def _read_tote(task: SortTask, state: State, place: PlaceHit) -> Reading:
    if place.tote_state == ToteState.IN_HOSPITAL:
        return Reading("TOTE_HOSPITAL")
    wave = task.waves.get(task.totes[place.id]) if place.id in task.totes else None
    if wave is None:
        return Reading("TOTE_EMPTY")
    if wave.kind is WaveKind.PUT_WALL and not wave.left(place.id):
        return Reading("TOTE_STOPPED" if any(wave.waiting(tote_id=place.id)) else "TOTE_EMPTY")
    if place.id == state.tote_id and wave.id == state.subject_id and state.step in {ITEM, SLOT}:
        return Reading("TOTE_SAME")
    return _opening(wave, "TOTE_OPENS")


def _read_slot(task: SortTask, state: State, place: PlaceHit) -> Reading:
    wave = wave_of(task, state)
    if wave is None or state.step == OPEN:
        return _read_first_slot(task, place)
    if state.step == WALL:
        return Reading("WALL_BINDS")
    order = wave.order_at(place.id)
    if order is not None and order.stopped:
        return Reading("SLOT_STOPPED", line_id=order.id)
    if state.step == SLOT:
        return _read_target(wave, state, order)
    said = "SLOT_SHOWN" if order is not None and order.waits_for else "SLOT_COMPLETE"
    return Reading(said, line_id=order.id, words={"waits": order.waits_for}) if order else Reading("PLACE_WRONG")


def _read_first_slot(task: SortTask, place: PlaceHit) -> Reading:
    """Tell what a slot means to somebody who sorts nothing yet: what became of its order, or which wave goes on."""
    wave = task.waves.get(task.totes[place.id]) if place.id in task.totes else None
    order = wave.order_at(place.id) if wave is not None else None
    if wave is None or order is None:
        return Reading("SLOT_EARLY")
    if order.stopped:
        return Reading("SLOT_STOPPED", line_id=order.id)
    if order.wanted and not order.waits_for:
        return Reading("SLOT_COMPLETE", line_id=order.id)
    opening = _opening(wave, "SLOT_OPENS")
    return replace(opening, line_id=order.id)


def _read_target(wave: SortWave, state: State, order: SortOrder | None) -> Reading:
    """Tell whether what is in hand goes into the slot that was scanned."""
    if order is None or _takes(wave, state, order) < state.in_hand:
        return Reading("SLOT_WRONG")
    return Reading(
        _ending("SLOT_TAKES", wave, order, state, state.in_hand),
        line_id=order.id,
        sku_id=state.sku_id,
        quantity=state.in_hand,
    )


def _takes(wave: SortWave, state: State, order: SortOrder | None) -> int:
    """Return how many of what is in hand a slot wants; goods of one kind may go into any slot that wants them."""
    if order is None or state.sku_id is None:
        return 0
    goods = wave.going(state.sku_id, state.tote_id)
    return sum(each.quantity for each in goods if each.order_id == order.id)


def _ending(plain: str, wave: SortWave, order: SortOrder, state: State, pieces: int) -> str:
    """Tell what putting pieces into a slot brings about: the largest thing counts."""
    at, _, _ = plain.partition("_")
    if wave.left() == pieces and not wave.coming:
        return f"{at}_ENDS_ALL"
    if order.waits_for == pieces:
        return f"{at}_FILLS"
    return f"{at}_ENDS_TOTE" if state.tote_id and wave.left(state.tote_id) == pieces else plain


def _read_item(task: SortTask, state: State, heard: Heard, code: Code) -> Reading:
    wave = wave_of(task, state)
    if wave is None or state.step in {OPEN, WALL}:
        return Reading("ITEM_EARLY")
    hit = reading.item_of(heard, code)
    if isinstance(hit, Reading):
        return hit
    if state.hand and hit.sku_id != state.sku_id:
        return Reading("ITEM_OTHER", sku_id=state.sku_id)
    pieces = hit.units * heard.pieces
    going = _meant(wave, state, heard, hit.sku_id)
    if isinstance(going, Reading):
        return replace(going, sku_id=hit.sku_id, quantity=pieces)
    order = _whose(wave, state, going)
    known = _fit(state, going, Reading("ITEM_LIT", order.id, hit.sku_id, pieces))
    if known.said == "ITEM_LIT" and going[0].serial_tracked:
        known = _read_unit(state, heard, going, known)
    if known.said == "ITEM_LIT" and not task.confirms:
        return replace(known, said=_ending("ITEM_PUTS", wave, order, state, pieces))
    return known


def _fit(state: State, going: Sequence[SortGoods], known: Reading) -> Reading:
    """Tell whether so many pieces, and those in hand with them, go into the order's slot."""
    takes = sum(each.quantity for each in going if each.order_id == known.line_id)
    if state.in_hand + known.quantity <= takes:
        return known
    full = state.hand and state.in_hand == takes
    return replace(known, said="ITEM_OTHER" if full else "ITEM_TOO_MANY", words={"takes": takes})


def _meant(wave: SortWave, state: State, heard: Heard, sku_id: UUID) -> list[SortGoods] | Reading:
    """Return the goods a piece may be, from the tote in hand; or tell why it is none of them."""
    if sku_id not in wave.sku_codes:
        return Reading("ITEM_UNWANTED")
    going = wave.going(sku_id, state.tote_id)
    said = heard.lot_said
    if going and said is not None and any(each.lot_code for each in going):
        key = said.code.strip().upper()
        going = [each for each in going if each.lot_code is not None and each.lot_code.strip().upper() == key]
        if not going:
            return Reading("LOT_WRONG", words={"scanned_lot": said.code})
    if going:
        return going
    stopped = next(iter(wave.waiting(sku_id, state.tote_id)), None)
    if stopped is not None:
        return Reading("ITEM_STOPPED", line_id=stopped.order_id)
    elsewhere = next(iter(wave.going(sku_id)), None)
    if elsewhere is not None:
        return Reading("ITEM_ELSEWHERE", words={"elsewhere": elsewhere.place_code})
    return Reading("ITEM_SURPLUS")


def _whose(wave: SortWave, state: State, going: Sequence[SortGoods]) -> SortOrder:
    """Return the order a piece is for: the one that is lit, else one that it completes, else by seat."""
    orders = [wave.orders[each.order_id] for each in going]
    here = next((order for order in orders if order.id == state.line_id), None) if state.hand else None
    return here or next((order for order in orders if order.waits_for == 1), orders[0])


def _read_unit(state: State, heard: Heard, going: Sequence[SortGoods], known: Reading) -> Reading:
    held = [each.unit_id for each in state.hand if each.unit_id]
    unit = reading.unit_of(heard, going[0].sku_id, held, ())
    if isinstance(unit, Reading):
        return replace(unit, sku_id=known.sku_id, line_id=known.line_id, quantity=known.quantity)
    if unit.place_id not in {each.place_id for each in going}:
        return replace(known, said="SERIAL_ELSEWHERE", words={"scanned": unit.serial})
    return replace(known, unit=unit) if known.quantity == 1 else replace(known, said="SERIAL_ONE")


def _read_quantity(task: SortTask, state: State, heard: Heard) -> Reading:
    wanted = heard.entry.quantity
    wave, order = wave_of(task, state), lit(task, state)
    if wanted is None or wanted < 1:
        return Reading("QUANTITY_MISSING")
    if state.step != SLOT or wave is None or order is None or any(held.unit_id for held in state.hand):
        return Reading("QUANTITY_EARLY")
    known = Reading("QUANTITY_COUNTS", line_id=order.id, sku_id=state.sku_id, quantity=wanted)
    takes = _takes(wave, state, order)
    if wanted == state.in_hand:
        return replace(known, said="QUANTITY_SAME")
    return replace(known, said="ITEM_TOO_MANY", words={"takes": takes}) if wanted > takes else known


def _read_undo(task: SortTask, state: State, heard: Heard) -> Reading:
    if state.hand and heard.entry.answers in {None, *(held.client_id for held in state.hand)}:
        return Reading("UNDO_HELD", sku_id=state.sku_id, quantity=state.in_hand)
    client_id = heard.entry.answers or (state.booked[-1] if state.booked else None)
    put = task.booked.get(client_id) if client_id else None
    if put is None or client_id is None:
        return Reading("UNDO_NOTHING" if heard.answered is None else "UNDO_EMPTY")
    wave = task.waves.get(put.wave_id)
    order = wave.orders.get(put.order_id) if wave else None
    if put.undone:
        return Reading("UNDO_TWICE")
    gone = order is None or order.slot is None or order.slot.place_id != put.slot_id or order.here < put.quantity
    if gone or (order is not None and order.stopped):
        return Reading("UNDO_CLOSED")
    return Reading("UNDO", line_id=put.order_id, sku_id=put.sku_id, quantity=put.quantity, subject_id=client_id)


def _read_empty(task: SortTask, state: State, heard: Heard) -> Reading:
    wave = wave_of(task, state)
    if wave is None or state.tote_id is None or state.step != ITEM:
        return Reading("TOTE_NONE")
    left = wave.left(state.tote_id)
    stopped = next(wave.waiting(tote_id=state.tote_id), None) if not left else None
    if stopped is not None:
        return Reading("TOTE_STOPPED", words={"scanned": stopped.place_code})
    return Reading("TOTE_NOT_DONE" if left else "TOTE_DONE", quantity=left)


def _read_short(task: SortTask, state: State, heard: Heard) -> Reading:
    wave = wave_of(task, state)
    if wave is None or state.tote_id is None or state.step != ITEM:
        return _read_trouble(task, state, heard)
    left = wave.going(tote_id=state.tote_id)
    if not left:
        return Reading("TOTE_DONE")
    return Reading("TOTE_SHORT", sku_id=left[0].sku_id, quantity=sum(goods.quantity for goods in left))


def _read_left_over(task: SortTask, state: State, heard: Heard) -> Reading:
    return Reading("LEFT_OVER", sku_id=state.sku_id, quantity=max(1, heard.entry.quantity or 1))


def _read_trouble(task: SortTask, state: State, heard: Heard) -> Reading:
    return Reading("TROUBLE", sku_id=state.sku_id, quantity=max(1, state.in_hand, heard.entry.quantity or 1))


def _read_kick_out(task: SortTask, state: State, heard: Heard) -> Reading:
    """Tell whether the order whose slot was scanned last may leave its wave."""
    if state.step == SLOT:
        return Reading("KICK_OUT")
    shown = [(wave, wave.order_at(state.place_id)) for wave in task.waves.values()] if state.place_id else []
    wave, order = next(((wave, order) for wave, order in shown if order is not None), (None, None))
    if wave is None or order is None:
        return Reading("KICK_WHICH")
    if order.stopped:
        return Reading("SLOT_STOPPED", line_id=order.id)
    if not heard.may_kick_out:
        return Reading("KICK_NOT_ALLOWED", line_id=order.id)
    if not (heard.entry.reason or "").strip():
        return Reading("KICK_NO_REASON", line_id=order.id)
    return Reading("KICK_OUT", line_id=order.id, subject_id=wave.id)


def _read_aside(task: SortTask, state: State, heard: Heard) -> Reading:
    return Reading("ASIDE")


_READERS: dict[ScanKind, Callable[[SortTask, State, Heard], Reading]] = {
    ScanKind.QUANTITY: _read_quantity,
    ScanKind.UNDO: _read_undo,
    ScanKind.EMPTY: _read_empty,
    ScanKind.SHORT: _read_short,
    ScanKind.NOT_EMPTY: _read_left_over,
    ScanKind.DAMAGED: _read_trouble,
    ScanKind.SKIP: _read_aside,
    ScanKind.KICK_OUT: _read_kick_out,
}
