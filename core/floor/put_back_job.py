"""Putting back: goods of stopped orders go from totes and parcels into bins again, item first, then bin."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.floor import effects, reading
from pickmesh.core.floor.decisions import Occasion, Reading
from pickmesh.core.floor.effects import Effect
from pickmesh.core.floor.entries import Choice
from pickmesh.core.floor.heard import DocumentKind, Heard, PlaceHit
from pickmesh.core.floor.rules import YES
from pickmesh.core.floor.state import Held, State
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.floor.transitions import ANY_STEP, NOTHING, SAME, Table, Transition, on, table
from pickmesh.core.kit.texts import either, sentence
from pickmesh.core.picking.tables import TaskKind
from pickmesh.core.stock.tables import PlaceKind

ITEM, PLACE = STEPS = ("ITEM", "PLACE")
HOLD, PUT, DROP, CHOOSE, ASK, RAISE = ("HOLD", "PUT", "DROP", "CHOOSE", "ASK", "RAISE")
START = State(ITEM)
_ANY_BIN = sentence("any bin")
_BIN_FIRST = "Bring the {hand} × {sku} to a bin first, such as {bin}: scan the bin."

TABLE: Table = table(
    Job.PUT_BACK,
    STEPS,
    (
        on("ITEM PLACE", "ITEM_HELD", Outcome.ACCEPTED, "{hand} × {sku}: bring it to {bin}.", next=PLACE, effect=HOLD),
        on(ANY_STEP, "ITEM_TOO_MANY", Outcome.TOO_MANY, "Only {left} × {sku} are to be put back."),
        on(ANY_STEP, "ITEM_UNWANTED", Outcome.WRONG_ITEM, "{scanned} is not to be put back: leave it where it is."),
        on(PLACE, "ITEM_OTHER", Outcome.WRONG_ITEM, _BIN_FIRST),
        on(ANY_STEP, "ITEM_AMBIGUOUS", Outcome.AMBIGUOUS, "This code is on several goods: which is it?", effect=ASK),
        on(ANY_STEP, "SERIAL_NEEDED", Outcome.NEEDS_SERIAL, "Scan the serial number of this {sku}.", effect=ASK),
        on(ANY_STEP, "SERIAL_UNKNOWN", Outcome.UNKNOWN_CODE, "No {sku} has the serial number {scanned}."),
        on(ANY_STEP, "SERIAL_TWICE", Outcome.DUPLICATE, "You hold {scanned} already."),
        on(ANY_STEP, "SERIAL_ONE", Outcome.TOO_MANY, "Scan each {sku} by its own serial number."),
        on(ITEM, "BIN", Outcome.WRONG_ITEM, "Scan the goods first, then the bin."),
        on(PLACE, "BIN_TAKES", Outcome.LINE_DONE, "{hand} × {sku} are in {scanned}.", next=ITEM, effect=PUT),
        on(PLACE, "BIN_ENDS", Outcome.TASK_DONE, "Everything is put back.", next=ITEM, effect=PUT),
        on(
            PLACE,
            "BIN_STRANGE",
            Outcome.AMBIGUOUS,
            "{scanned} holds other goods: put the {hand} × {sku} in there all the same? Its own bin: {bin}.",
            effect=ASK,
        ),
        on(ANY_STEP, "PLACE_WRONG", Outcome.WRONG_PLACE, "{scanned} is no bin: goods go back into a bin."),
        on(ITEM, "TASK", Outcome.ACCEPTED, "Put back {left} × {sku} of order {order}.", effect=CHOOSE),
        on(ANY_STEP, "QUANTITY_MISSING", Outcome.NEEDS_QUANTITY, "Key how many pieces, 1 or more."),
        on(ITEM, "QUANTITY_EARLY", Outcome.WRONG_ITEM, "Scan one piece first, then key how many."),
        on(PLACE, "QUANTITY_SAME", Outcome.DUPLICATE, "{hand} × {sku} are in your hand already."),
        on(PLACE, "UNDO_HELD", Outcome.UNDONE, "Undone: lay the last piece down again.", next=ITEM, effect=DROP),
        on(ANY_STEP, "UNDO_PUT", Outcome.EXCEPTION, "It is booked into its bin; a lead has been told.", effect=RAISE),
        on(ANY_STEP, "UNDO_NOTHING", Outcome.UNKNOWN_CODE, "There is nothing to undo here."),
        on(ANY_STEP, "TROUBLE", Outcome.EXCEPTION, "A lead has been asked to look.", effect=RAISE),
        on(ANY_STEP, "NOTHING_READ", Outcome.UNKNOWN_CODE, "{problem}"),
        on(ANY_STEP, "UNKNOWN", Outcome.UNKNOWN_CODE, "{problem}"),
        on(ANY_STEP, "MISPLACED", Outcome.UNKNOWN_CODE, "{scanned} says nothing here: scan the goods, then a bin."),
    ),
    misfit=Transition(ANY_STEP, "MISFIT", Outcome.EXCEPTION, "That does not belong to putting back.", SAME, NOTHING),
)
ACTIONS = {
    ITEM: (ScanKind.SCAN, ScanKind.DAMAGED),
    PLACE: (ScanKind.SCAN, ScanKind.QUANTITY, ScanKind.UNDO, ScanKind.DAMAGED),
}


@dataclass(slots=True)
class BackTask:
    """An open put-back: so many of a SKU, of an order, lying at a place; `bins` are the codes they came from."""

    id: UUID
    order: str
    sku_id: UUID
    sku_code: str
    place: str
    left: int
    bins: Sequence[str]
    serial_tracked: bool = False

    @property
    def bin(self) -> str:
        """The bins they may go back to, as a word of a sentence."""
        return either(self.bins) or _ANY_BIN


@dataclass(slots=True)
class PutBackTask:
    """What is to be put back in a warehouse, the oldest first; `lying` are the SKUs in the bins that were scanned."""

    tasks: dict[UUID, BackTask]
    lying: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)

    def of_sku(self, sku_id: UUID | None, first: UUID | None) -> list[BackTask]:
        """Return what is left of a SKU, the chosen task first."""
        found = [task for task in self.tasks.values() if task.sku_id == sku_id and task.left]
        return sorted(found, key=lambda task: task.id != first)


At = Occasion[PutBackTask]


def read(task: PutBackTask, state: State, heard: Heard) -> Reading:
    """Tell what an entry says to somebody who puts goods back; never raises, whatever the entry."""
    kind = heard.entry.kind
    if kind is ScanKind.SCAN or (kind is ScanKind.SERIAL and heard.code is not None):
        return _read_scan(task, state, heard)
    if kind is ScanKind.QUANTITY:
        return _read_quantity(task, state, heard)
    if kind is ScanKind.UNDO:
        if state.hand:
            return Reading("UNDO_HELD")
        return Reading("UNDO_PUT" if heard.answered is not None else "UNDO_NOTHING")
    return Reading("TROUBLE" if kind in {ScanKind.DAMAGED, ScanKind.SHORT} else "MISFIT")


def _read_scan(task: PutBackTask, state: State, heard: Heard) -> Reading:
    code = heard.code
    nothing = reading.unknown(code)
    if nothing is not None or code is None:
        return nothing or Reading("NOTHING_READ")
    words = {"scanned": code.scanned.text}
    if code.place is not None and (code.names_place or state.step == PLACE):
        words["scanned"] = code.place.code
        said = _bin(task, state, heard, code.place)
        choices = (Choice(YES, code.place.code),) if said == "BIN_STRANGE" else ()
        return Reading(said, place=code.place, quantity=state.in_hand, choices=choices, words=words)
    named = next((hit.id for hit in code.documents if hit.kind is DocumentKind.EXCEPTION_TASK), None)
    if named is not None and named in task.tasks and state.step == ITEM:
        return Reading("TASK", sku_id=task.tasks[named].sku_id, subject_id=named)
    read = _read_item(task, state, heard)
    return replace(read, words={**words, **read.words})


def _bin(task: PutBackTask, state: State, heard: Heard, place: PlaceHit) -> str:
    if place.kind not in {PlaceKind.BIN, PlaceKind.HOSPITAL}:
        return "PLACE_WRONG"
    if state.step == ITEM:
        return "BIN"
    if not heard.confirmed and not _may_hold(task, state, place):
        return "BIN_STRANGE"
    left = sum(each.left for each in task.tasks.values())
    return "BIN_ENDS" if left <= state.in_hand else "BIN_TAKES"


def _may_hold(task: PutBackTask, state: State, place: PlaceHit) -> bool:
    """Tell whether goods in hand belong into a place: they came from it, or lie in it, or nothing does."""
    lying = task.lying.get(place.id, ())
    came_from = any(place.code in each.bins for each in task.of_sku(state.subject_id, None))
    return came_from or not lying or state.subject_id in lying or place.kind == PlaceKind.HOSPITAL


def _read_item(task: PutBackTask, state: State, heard: Heard) -> Reading:
    hit = reading.item_of(heard, heard.code) if heard.code else Reading("NOTHING_READ")
    if isinstance(hit, Reading):
        return hit
    if state.hand and hit.sku_id != state.subject_id:
        return Reading("ITEM_OTHER", sku_id=state.subject_id)
    pieces = hit.units * heard.pieces
    waiting = task.of_sku(hit.sku_id, state.line_id)
    if not waiting:
        return Reading("ITEM_UNWANTED", sku_id=hit.sku_id)
    read = _amount(waiting, state, pieces)
    if read.said == "ITEM_HELD" and waiting[0].serial_tracked:
        in_hand = [held.unit_id for held in state.hand if held.unit_id]
        unit = reading.unit_of(heard, hit.sku_id, in_hand, ())
        if isinstance(unit, Reading):
            return replace(unit, sku_id=hit.sku_id)
        read = replace(read, unit=unit) if pieces == 1 else Reading("SERIAL_ONE")
    return replace(read, sku_id=hit.sku_id, quantity=pieces)


def _amount(waiting: Sequence[BackTask], state: State, pieces: int) -> Reading:
    left = sum(each.left for each in waiting)
    too_many = state.in_hand + pieces > left
    return Reading("ITEM_TOO_MANY" if too_many else "ITEM_HELD", words={"left": left})


def _read_quantity(task: PutBackTask, state: State, heard: Heard) -> Reading:
    wanted = heard.entry.quantity
    if wanted is None or wanted < 1:
        return Reading("QUANTITY_MISSING")
    waiting = task.of_sku(state.subject_id, state.line_id)
    if state.step == ITEM or not waiting or waiting[0].serial_tracked:
        return Reading("QUANTITY_EARLY")
    more = wanted - state.in_hand
    if more == 0:
        return Reading("QUANTITY_SAME", sku_id=state.subject_id)
    return replace(_amount(waiting, state, more), sku_id=state.subject_id, quantity=more)


def steady(task: PutBackTask, state: State) -> State:
    """Return a state that fits what is left to put back."""
    left = sum(each.left for each in task.of_sku(state.subject_id, None))
    if state.step == PLACE and not 0 < state.in_hand <= left:
        return replace(state, step=ITEM, hand=(), subject_id=None)
    return state


def next_line(task: PutBackTask, state: State) -> State:
    """Return the state with the next goods; they may be taken in any order."""
    return steady(task, state)


def apply(effect: str, at: At) -> tuple[State, Sequence[Effect]]:
    """Carry out an effect in memory; return what must be written."""
    act = _ACTS.get(effect)
    return act(at) if act else (at.state, ())


def _hold(at: At) -> tuple[State, Sequence[Effect]]:
    unit_id = at.reading.unit.id if at.reading.unit else None
    held = Held(at.heard.entry.client_id, at.reading.quantity, unit_id)
    return replace(at.state, hand=(*at.state.hand, held), subject_id=at.reading.sku_id), ()


def _drop(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, hand=(), subject_id=None), ()


def _choose(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, line_id=at.subject_id), ()


def _put(at: At) -> tuple[State, Sequence[Effect]]:
    waiting = at.task.of_sku(at.state.subject_id, at.state.line_id)
    done: list[Effect] = []
    for held in at.state.hand:
        wanted = held.quantity
        for each in waiting:
            part = min(wanted, each.left)
            if part > 0:
                each.left -= part
                wanted -= part
                done.append(effects.PutBackUnits(each.id, at.place.id, part, held.unit_id))
    return replace(at.state, hand=(), subject_id=None, line_id=None), done


def _raise(at: At) -> tuple[State, Sequence[Effect]]:
    trouble = effects.RaiseTask(TaskKind.MISFIT_SCAN, at.state.subject_id, None, at.state.in_hand)
    return at.state, [trouble]


_ACTS: Mapping[str, Callable[[At], tuple[State, Sequence[Effect]]]] = {
    HOLD: _hold,
    PUT: _put,
    DROP: _drop,
    CHOOSE: _choose,
    RAISE: _raise,
}


def words(task: PutBackTask, state: State, read: Reading) -> dict[str, object]:
    """Return the words of the sentences, as things stand after the entry."""
    sku_id = read.sku_id or state.subject_id
    about = next((each for each in task.tasks.values() if each.sku_id == sku_id), None)
    known: dict[str, object] = {"hand": state.in_hand or read.quantity}
    if about is not None:
        known |= {"sku": about.sku_code, "order": about.order, "left": about.left, "bin": about.bin}
    return known | dict(read.words)


def side_track(state: State) -> State:
    """Return where late entries begin: anew."""
    return START


def claims(task: PutBackTask, read: Reading) -> bool:
    """Tell whether a reading means that goods to put back are in the worker's hands."""
    return read.said in {"ITEM_TOO_MANY", "BIN"}
