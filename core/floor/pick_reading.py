"""What an entry says to a picker, given the list and where the picker stands; the table tells what that leads to."""

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.floor import reading
from pickmesh.core.floor.decisions import Reading
from pickmesh.core.floor.heard import Code, Heard, PlaceHit, UnitHit
from pickmesh.core.floor.pick_lots import line_of_lot, unit_in_hand
from pickmesh.core.floor.pick_table import DONE, ITEM, PLACE, PUT, TOTE
from pickmesh.core.floor.pick_task import PickLine, PickTask
from pickmesh.core.floor.state import State
from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.picking.tables import PickListStatus
from pickmesh.core.stock.tables import PlaceKind, ScanPolicy, ToteState, ZeroCheck

AND_NO_MORE = "SHORT"
"""The reason beside a keyed quantity that says: that is all there was, the rest is missing."""

_AT_A_BIN = frozenset({ITEM, PUT})


def read(task: PickTask, state: State, heard: Heard) -> Reading:
    """Tell what an entry says to a picker; never raises, whatever the entry."""
    if task.status is PickListStatus.CANCELLED:
        return Reading("LIST_CANCELLED")
    if task.worker_id not in {None, heard.worker_id}:
        return _read_taken(task, heard)
    kind = heard.entry.kind
    if state.step == DONE and kind not in _STILL_READ and _goes_on(task):
        return Reading("ZONE_DONE")
    if state.step == DONE and kind not in _ALWAYS_READ:
        return Reading("ANYTHING")
    reader = _READERS.get(kind)
    return reader(task, state, heard) if reader else Reading("MISFIT")


def _read_taken(task: PickTask, heard: Heard) -> Reading:
    """Tell that somebody else has the list; goods of it that were scanned before they took it are in wrong hands."""
    before = task.claimed_at is not None and heard.entry.recorded_at < task.claimed_at
    code = heard.code
    hit = reading.item_of(heard, code) if before and code is not None else None
    wanted = {line.sku_id for line in task.lines.values()}
    if hit is None or isinstance(hit, Reading) or hit.sku_id not in wanted:
        return Reading("LIST_TAKEN")
    return Reading("LIST_TAKEN_SINCE", sku_id=hit.sku_id, quantity=hit.units * heard.pieces)


def _read_scan(task: PickTask, state: State, heard: Heard) -> Reading:
    code = heard.code
    nothing = reading.unknown(code)
    if nothing is not None or code is None:
        return nothing or Reading("NOTHING_READ")
    if code.place is not None and (code.names_place or state.step not in {ITEM, DONE}):
        return replace(_read_place(task, state, code.place), place=code.place)
    read = _read_item(task, state, heard, code)
    if read.said == "MISPLACED" and state.step == DONE:
        return Reading("ANYTHING")
    return replace(read, words={"scanned": code.scanned.text, **read.words})


def _read_place(task: PickTask, state: State, place: PlaceHit) -> Reading:
    words = {"scanned": place.code}
    if state.step == DONE:
        stopped = any(line.place_id == place.id and line.is_stopped for line in task.lines.values())
        return Reading("BIN_STOPPED" if stopped else "ANYTHING", words=words)
    if place.carries:
        read = _read_tote(task, state, place)
        if read.said != "PUT_WRONG":  # whose sentence names the right tote
            words["tote"] = place.code
        return replace(read, words=words)
    if place.kind != PlaceKind.BIN:
        return Reading("BIN_WRONG", words=words)
    return replace(_read_bin(task, state, place), words=words)


def _read_tote(task: PickTask, state: State, place: PlaceHit) -> Reading:
    held = task.totes.get(place.id)
    if state.step == PUT:
        return _read_put(task, state, place)
    if held is not None and task.is_cluster:
        return Reading("TOTE_KNOWN" if state.step == TOTE else "TOTE_EARLY")
    if held is not None:
        return Reading("TOTE_KNOWN" if held.place_id == state.tote_id else "TOTE_SWITCHES")
    if place.pick_list_id not in {None, task.list_id} or place.tote_state not in {None, ToteState.EMPTY}:
        return Reading("TOTE_TAKEN")
    return _read_free_tote(task)


def _read_free_tote(task: PickTask) -> Reading:
    if not task.is_cluster:
        only = next(iter(task.seats)) if task.binds_order and len(task.seats) == 1 else None
        return Reading("TOTE_BINDS", subject_id=only)
    wanting = task.orders_without_tote()
    if not wanting:
        return Reading("TOTE_NOT_NEEDED")
    return Reading("TOTE_BINDS" if len(wanting) == 1 else "TOTE_BINDS_MORE", subject_id=wanting[0])


def _read_put(task: PickTask, state: State, place: PlaceHit) -> Reading:
    line = task.lines[state.line_id] if state.line_id else None
    tote = task.totes.get(place.id)
    fits = line is not None and tote is not None and line.left_for(tote.fulfillment_order_id) >= state.in_hand
    if line is None or not fits:
        return Reading("PUT_WRONG", state.line_id)
    said = "PUT_FITS" if line.left > state.in_hand else _end(task, line, "PUT")
    return Reading(said, line.id, quantity=state.in_hand)


def _read_bin(task: PickTask, state: State, place: PlaceHit) -> Reading:
    if state.step == PUT:
        return Reading("BIN_WRONG", state.line_id)
    here = [line for line in task.lines.values() if line.place_id == place.id]
    waiting = [line for line in here if line.left]
    if not waiting:
        stopped = any(line.is_stopped for line in here)
        return Reading("BIN_STOPPED" if stopped else "BIN_DONE" if here else "BIN_WRONG")
    current = next((line for line in waiting if line.id == state.line_id), None)
    if state.place_id == place.id and state.step in _AT_A_BIN:
        return Reading("BIN_AGAIN", state.line_id)
    return Reading("BIN_RIGHT" if current else "BIN_AHEAD", (current or waiting[0]).id)


def _read_item(task: PickTask, state: State, heard: Heard, code: Code) -> Reading:
    hit = reading.item_of(heard, code)
    if isinstance(hit, Reading):
        return hit
    if heard.entry.quantity not in {None, 1} and task.policy is ScanPolicy.EVERY_UNIT:
        return Reading("QUANTITY_COUNTED")
    return _read_goods(task, state, heard, hit.sku_id, hit.units * heard.pieces)


def _read_goods(task: PickTask, state: State, heard: Heard, sku_id: UUID, pieces: int) -> Reading:
    lines = [line for line in task.lines.values() if line.sku_id == sku_id]
    by_place = task.scans_place and state.step in _AT_A_BIN
    here = [line for line in lines if line.place_id == state.place_id] if by_place else lines
    waiting = [line for line in here if line.left]
    words: dict[str, object] = {"pieces": pieces}
    if not waiting:
        return replace(_not_wanted(lines, here), quantity=pieces, sku_id=sku_id, words=words)
    if state.step in {TOTE, PLACE}:
        return Reading("ITEM_FITS", sku_id=sku_id, quantity=pieces)
    line = line_of_lot(task, state, heard, waiting)
    if isinstance(line, Reading):
        return replace(line, quantity=pieces, sku_id=sku_id)
    unit: UnitHit | None = None
    if line.serial_tracked:
        found = unit_in_hand(task, state, heard, line)
        if isinstance(found, Reading):
            return replace(found, line_id=line.id, quantity=pieces, sku_id=sku_id)
        unit = found
        if pieces != 1:
            return Reading("SERIAL_ONE", line.id, sku_id)
    read = _amount(task, state, line, pieces)
    words |= read.words
    return replace(read, line_id=line.id, sku_id=sku_id, quantity=pieces, unit=unit, words=words)


def _not_wanted(lines: Sequence[PickLine], here: Sequence[PickLine]) -> Reading:
    """Tell why nothing of a SKU may be taken here."""
    if not lines:
        return Reading("ITEM_FOREIGN")
    stopped = next((line for line in here or lines if line.is_stopped), None)
    if stopped is not None:
        return Reading("ITEM_STOPPED", stopped.id)
    if not here and any(line.left for line in lines):
        return Reading("ITEM_ELSEWHERE")
    return Reading("ITEM_ALL_TAKEN", (here or lines)[0].id)


def _amount(task: PickTask, state: State, line: PickLine, pieces: int) -> Reading:
    """Tell whether so many pieces fit the line or, in a cluster, the share of the order that is served."""
    if not task.is_cluster:
        tote = task.totes.get(state.tote_id) if state.tote_id else None
        left = line.left_for(tote.fulfillment_order_id if tote else None)
        if pieces > left:
            return Reading("ITEM_TOO_MANY")
        return Reading("ITEM_FITS" if pieces < line.left else _end(task, line, "ITEM"))
    if state.hand and line.id != state.line_id:
        return Reading("ITEM_IN_HAND")
    share = task.next_share(line)
    more = min(share.quantity if share else 0, line.left) - state.in_hand
    if pieces > more:
        return Reading("ITEM_OVER_SHARE", words={"more": more, "over": pieces - more})
    return Reading("ITEM_HELD" if pieces < more else "ITEM_HELD_ALL", words={"more": more - pieces})


def _end(task: PickTask, line: PickLine, what: str) -> str:
    others = any(other.id != line.id for other in task.open_lines())
    if others:
        return f"{what}_ENDS_LINE"
    return f"{what}_ENDS_ZONE" if _goes_on(task, line) else f"{what}_ENDS_TASK"


def _goes_on(task: PickTask, but: PickLine | None = None) -> bool:
    """Tell whether other zones still have something for the list."""
    return task.zone is not None and any(line.left for line in task.lines.values() if line is not but)


def _read_quantity(task: PickTask, state: State, heard: Heard) -> Reading:
    wanted = heard.entry.quantity
    line = task.lines.get(state.line_id) if state.line_id else None
    if wanted is None or wanted < 1:
        return Reading("QUANTITY_MISSING")
    if state.step in {PLACE, TOTE} or line is None:
        return Reading("QUANTITY_EARLY")
    if task.policy is ScanPolicy.EVERY_UNIT or line.serial_tracked:
        return Reading("QUANTITY_COUNTED", line.id)
    lot = line_of_lot(task, state, heard, [line]) if state.verified else Reading("QUANTITY_UNVERIFIED", line.id)
    if isinstance(lot, Reading):
        return lot
    if heard.entry.reason == AND_NO_MORE:
        read = _read_all_there_was if task.is_cluster else _read_partial
        return read(task, state, line, wanted)
    return _read_total(task, state, line, wanted)


def _read_all_there_was(task: PickTask, state: State, line: PickLine, wanted: int) -> Reading:
    """Tell what a cluster's picker means who says how many the bin had in all, in hand and still in it.

    What the served order needs of them is in the hand now, what they lack is missing; the rest is for the next orders.
    """
    missing = line.left - wanted
    if wanted < state.in_hand:
        return Reading("QUANTITY_BELOW", line.id)
    if missing < 0:
        return Reading("SHORT_TOO_MANY", line.id)
    share = task.next_share(line)
    in_hand = min(wanted, share.quantity if share else 0)
    if not missing:
        return _read_total(task, state, line, in_hand)
    words = {"short": missing, "hand": in_hand}
    return Reading("PARTIAL_HELD", line.id, line.sku_id, in_hand - state.in_hand, words=words)


def _read_partial(task: PickTask, state: State, line: PickLine, wanted: int) -> Reading:
    """Tell what a total says that is all there was: so many taken, the rest missing, in one act."""
    read = _read_total(task, state, line, wanted)
    if read.said not in {"ITEM_FITS", "QUANTITY_SAME"}:
        return read
    missing = line.left - read.quantity
    if not read.quantity:
        return Reading("SHORT_ENDS_LINE", line.id, None, missing, words={"short": missing})
    return replace(read, said="PARTIAL", words={**read.words, "short": missing})


def _read_total(task: PickTask, state: State, line: PickLine, wanted: int) -> Reading:
    booked = state.in_hand if task.is_cluster else line.picked
    if wanted <= booked:
        return Reading("QUANTITY_SAME" if wanted == booked else "QUANTITY_BELOW", line.id)
    read = _amount(task, state, line, wanted - booked)
    words = {"pieces": wanted - booked, **read.words}
    return replace(read, line_id=line.id, sku_id=line.sku_id, quantity=wanted - booked, words=words)


def _read_short(task: PickTask, state: State, heard: Heard) -> Reading:
    line = task.lines.get(state.line_id) if state.line_id else None
    if state.step != ITEM or line is None:
        return Reading("SHORT_EARLY")
    missing = line.left if heard.entry.quantity is None else heard.entry.quantity
    words = {"short": missing}
    if missing < 1:
        return Reading("QUANTITY_MISSING")
    if missing > line.left:
        return Reading("SHORT_TOO_MANY", line.id)
    return Reading("SHORT_ENDS_LINE" if missing == line.left else "SHORT_FITS", line.id, None, missing, words=words)


def _read_bin_check(task: PickTask, state: State, heard: Heard) -> Reading:
    """Take up what a picker says of the bin they have just left: empty, or so many still in it."""
    line = task.lines.get(state.closed_line_id) if state.closed_line_id else None
    if line is None:
        return Reading("MISFIT")
    counted = heard.entry.quantity
    if heard.entry.kind is ScanKind.EMPTY or counted == 0:
        return Reading("NONE_LEFT" if task.zero_check is ZeroCheck.AT_ZERO else "BIN_IS_EMPTY", line.id)
    return Reading("BIN_IS_NOT_EMPTY", line.id, line.sku_id, max(1, counted or 1), words={"counted": counted or "?"})


def _read_undo(task: PickTask, state: State, heard: Heard) -> Reading:
    named = heard.entry.answers
    if state.hand and named in {None, *(held.client_id for held in state.hand)}:
        return Reading("UNDO_HELD", state.line_id)
    client_id = named or (state.booked[-1] if state.booked else None)
    booked = task.booked.get(client_id) if client_id else None
    if booked is None:
        if heard.answered is None:
            return Reading("UNDO_NOTHING")
        return Reading("UNDO_SHORT" if heard.answered is Outcome.SHORT_RECORDED else "UNDO_EMPTY")
    if booked.undone:
        return Reading("UNDO_TWICE")
    words = {"pieces": booked.quantity}
    return Reading("UNDO", booked.line_id, quantity=booked.quantity, subject_id=booked.scan_id, words=words)


def _read_serial(task: PickTask, state: State, heard: Heard) -> Reading:
    return _read_scan(task, state, heard) if heard.code is not None else Reading("MISFIT")


def _read_skip(task: PickTask, state: State, heard: Heard) -> Reading:
    if state.step == TOTE:
        return Reading("MISFIT")
    return Reading("SKIP" if len(list(task.open_lines())) > 1 else "SKIP_LAST", state.line_id)


def _read_damaged(task: PickTask, state: State, heard: Heard) -> Reading:
    return Reading("DAMAGED", state.line_id, quantity=max(1, heard.entry.quantity or 1))


_READERS: dict[ScanKind, Callable[[PickTask, State, Heard], Reading]] = {
    ScanKind.SCAN: _read_scan,
    ScanKind.SERIAL: _read_serial,
    ScanKind.QUANTITY: _read_quantity,
    ScanKind.SHORT: _read_short,
    ScanKind.EMPTY: _read_bin_check,
    ScanKind.NOT_EMPTY: _read_bin_check,
    ScanKind.SKIP: _read_skip,
    ScanKind.DAMAGED: _read_damaged,
    ScanKind.UNDO: _read_undo,
}
_STILL_READ = frozenset({ScanKind.UNDO, ScanKind.EMPTY, ScanKind.NOT_EMPTY})
_ALWAYS_READ = _STILL_READ | {ScanKind.SCAN, ScanKind.SERIAL}
