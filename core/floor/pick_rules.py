"""Picking as the interpreter runs it: where a picker stands, what an effect changes, the words of its sentences."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from pickmesh.core.floor import effects, pick_table
from pickmesh.core.floor.decisions import Occasion, Reading
from pickmesh.core.floor.effects import Effect
from pickmesh.core.floor.pick_table import CANCELLED, DONE, ITEM, PASS_ON, PICKED, PLACE, PUT, TOTE
from pickmesh.core.floor.pick_task import Booked, PickLine, PickTask, Share, Tote
from pickmesh.core.floor.state import BOOKED_MAX, Held, State
from pickmesh.core.kit.texts import sentence
from pickmesh.core.picking.tables import PickListStatus, TaskKind
from pickmesh.core.stock.tables import ScanPolicy

START = State(TOTE)


def steady(task: PickTask, state: State) -> State:
    """Return a state that fits the list as it now is: lines may have been closed, reopened or added meanwhile."""
    if not any(task.open_lines()):
        return replace(state, step=DONE, line_id=None, hand=())
    if task.is_cluster and task.orders_without_tote():
        return replace(state, step=TOTE, hand=())
    if not task.is_cluster and state.tote_id not in task.totes:
        if not task.totes:
            return replace(state, step=TOTE, tote_id=None)
        state = replace(state, tote_id=list(task.totes)[-1])
    line = task.lines.get(state.line_id) if state.line_id else None
    if line is None or not line.left or state.step in {TOTE, DONE}:
        return next_line(task, replace(state, hand=()))
    if state.step == PUT and (task.next_share(line) is None or line.left < state.in_hand):
        return replace(state, step=ITEM, hand=())
    return state


def next_line(task: PickTask, state: State) -> State:
    """Return the state at the beginning of the next line: here if anything is left here, else along the walk."""
    if task.is_cluster and task.orders_without_tote():
        return replace(state, step=TOTE, line_id=None)
    waiting = sorted(task.open_lines(), key=lambda line: _rank(state, line))
    if not waiting:
        return replace(state, step=DONE, line_id=None, place_id=None)
    line = waiting[0]
    here = line.place_id == state.place_id
    at_item = here or not task.scans_place
    return replace(
        state,
        step=ITEM if at_item else PLACE,
        line_id=line.id,
        place_id=line.place_id if here else None,
        verified=at_item and _place_is_enough(task, line),
        lot_line_id=None,
    )


def _place_is_enough(task: PickTask, line: PickLine) -> bool:
    """Tell whether the bin's scan vouches for what is taken; goods that hands confuse are scanned themselves."""
    return task.policy is ScanPolicy.PLACE and not line.looks_like


def _rank(state: State, line: PickLine) -> tuple[int, bool, int]:
    skipped = state.skipped.index(line.id) + 1 if line.id in state.skipped else 0
    return skipped, line.place_id != state.place_id, line.sequence


def apply(effect: str, at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    """Carry out an effect on the list and the state in memory; return what must be written."""
    act = _ACTS.get(effect)
    return act(at) if act else (at.state, ())


def _bind(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    task, place = at.task, at.place
    task.totes[place.id] = Tote(place.id, place.code, at.reading.subject_id)
    bound = effects.BindTote(task.list_id, place.id, at.reading.subject_id)
    return replace(at.state, tote_id=place.id), [bound]


def _switch(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, tote_id=at.place.id), []


def _go(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    line_id = at.reading.line_id
    verified = line_id is not None and _place_is_enough(at.task, at.task.lines[line_id])
    return replace(at.state, place_id=at.place.id, line_id=line_id, verified=verified, lot_line_id=None), []


def _hold(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    unit_id = at.reading.unit.id if at.reading.unit else None
    held = Held(at.heard.entry.client_id, at.reading.quantity, unit_id, at.scan_id)
    return replace(_seen(at), hand=(*at.state.hand, held)), []


def _swap(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    """Ask for the other lot; the list is read anew before the same entry is judged once more."""
    return at.state, [effects.SwapLot(at.line_id, at.subject_id, at.reading.quantity, settles=at.heard.unasked)]


def _take_one(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    unit_id = at.reading.unit.id if at.reading.unit else None
    held = Held(at.heard.entry.client_id, at.reading.quantity, unit_id)
    return _book(at, [held], at.task.totes[at.tote_id])


def _put_in(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    return _book(at, at.state.hand, at.task.totes[at.place.id])


def _short(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    line, missing = at.task.lines[at.line_id], at.reading.quantity
    line.short += missing
    return at.state, [effects.ReportShort(line.id, missing)]


def _partial(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    after, taken = _take_one(at)
    line = at.task.lines[at.line_id]
    missing = line.left
    line.short += missing
    return after, [*taken, effects.ReportShort(line.id, missing)]


def _part_held(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    """Hold what is there, if anything more than before, and report the rest missing; the hand is put away as ever."""
    after = _hold(at)[0] if at.reading.quantity else at.state
    line = at.task.lines[at.line_id]
    missing = int(str(at.reading.words["short"]))
    line.short += missing
    return after, [effects.ReportShort(line.id, missing)]


def _checked(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, closed_line_id=None, zero_asked=False), []


def _count(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    line = at.task.lines[at.line_id]
    task = effects.RaiseTask(TaskKind.COUNT, line.sku_id, line.place_id, at.reading.quantity)
    return _checked(at)[0], [task]


def _confuse(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    """Remember that something else was scanned where the bin says what should be taken."""
    wanted = at.task.lines.get(at.state.line_id) if at.state.line_id else None
    if wanted is None or at.reading.sku_id is None or not at.task.scans_place:
        return at.state, []
    return at.state, [effects.NoteConfusion(wanted.sku_id, at.reading.sku_id)]


def _skip(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    others = tuple(line_id for line_id in at.state.skipped if line_id != at.line_id)
    return replace(at.state, skipped=(*others, at.line_id)), []


def _drop(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    named = at.heard.entry.answers or at.state.hand[-1].client_id
    return replace(at.state, hand=tuple(held for held in at.state.hand if held.client_id != named)), []


def _undo(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    task, scan_id = at.task, at.subject_id
    for client_id, booked in task.booked.items():
        if booked.scan_id == scan_id:
            task.booked[client_id] = replace(booked, undone=True)
    left = tuple(each for each in at.state.booked if each in task.booked and not task.booked[each].undone)
    return replace(at.state, booked=left), [effects.UndoPick(scan_id)]


def _raise(at: Occasion[PickTask]) -> tuple[State, Sequence[Effect]]:
    line = at.task.lines.get(at.reading.line_id) if at.reading.line_id else None
    sku_id, place_id = (line.sku_id, line.place_id) if line else (at.reading.sku_id, at.state.place_id)
    kind = TaskKind.LATE_SCAN if at.reading.said in _CAME_LATE else TaskKind.MISFIT_SCAN
    return at.state, [effects.RaiseTask(kind, sku_id, place_id, at.reading.quantity)]


_CAME_LATE = frozenset({"LIST_TAKEN_SINCE", "LOT_MISPICKED"})
_ACTS: Mapping[str, Callable[[Occasion[PickTask]], tuple[State, Sequence[Effect]]]] = {
    pick_table.BIND: _bind,
    pick_table.SWITCH: _switch,
    pick_table.GO: _go,
    pick_table.SWAP: _swap,
    pick_table.HOLD: _hold,
    pick_table.TAKE: _take_one,
    pick_table.PUT_IN: _put_in,
    pick_table.SHORT: _short,
    pick_table.PARTIAL: _partial,
    pick_table.PART_HELD: _part_held,
    pick_table.CHECKED: _checked,
    pick_table.COUNT: _count,
    pick_table.CONFUSE: _confuse,
    pick_table.SKIP: _skip,
    pick_table.DROP: _drop,
    pick_table.UNDO: _undo,
    pick_table.RAISE: _raise,
}


def _seen(at: Occasion[PickTask]) -> State:
    line = at.task.lines[at.line_id]
    lot_line_id = line.id if line.lot_code is not None else None
    return replace(at.state, line_id=line.id, verified=True, lot_line_id=lot_line_id)


def _book(at: Occasion[PickTask], held: Sequence[Held], tote: Tote) -> tuple[State, Sequence[Effect]]:
    line, client_id = at.task.lines[at.line_id], at.heard.entry.client_id
    taken = [each for part in held for each in _take(at.task, line, tote, part)]
    at.task.booked[client_id] = Booked(at.scan_id, line.id, sum(part.quantity for part in taken))
    after = replace(_seen(at), hand=(), booked=(*at.state.booked, client_id)[-BOOKED_MAX:], zero_asked=False)
    return replace(after, closed_line_id=after.closed_line_id if line.left else line.id), taken


def _take(task: PickTask, line: PickLine, tote: Tote, held: Held) -> list[effects.TakeUnits]:
    parts: list[effects.TakeUnits] = []
    wanted = held.quantity
    for share in _shares_in_turn(task, line, tote):
        part = min(wanted, share.quantity)
        if part:
            parts.append(
                effects.TakeUnits(line.id, share.fulfillment_order_id, tote.place_id, part, held.unit_id, held.scan_id)
            )
            share.quantity -= part
            wanted -= part
    line.picked += held.quantity - wanted
    if held.unit_id is not None:
        task.units_taken.add(held.unit_id)
    return parts


def _shares_in_turn(task: PickTask, line: PickLine, tote: Tote) -> list[Share]:
    order = tote.fulfillment_order_id
    going = [s for s in line.shares if not s.stopped and order in {None, s.fulfillment_order_id}]
    return sorted(going, key=task.seat_of)


def words(task: PickTask, state: State, reading: Reading) -> dict[str, object]:
    """Return the words of the sentences, as things stand after the entry."""
    line = task.lines.get(reading.line_id or state.line_id or task.list_id)
    tote = tote_for(task, state, line)
    known: dict[str, object] = {
        "list": task.number,
        "hand": state.in_hand or reading.quantity,
        "tote": tote.code if tote else "",
        "tote_for": _tote_for_order(task),
        "order": task.seats.get(reading.subject_id, "") if reading.subject_id else "",
        "next": _next(task, state),
        "zone": task.zone or "",
        "next_zone": task.next_zone() or "",
    }
    if line is not None:
        known |= {
            "place": line.place_code,
            "bin": line.place_code,
            "mind": _mind(line),
            "sku": line.sku_code,
            "name": line.name,
            "left": line.left,
            "asked": line.quantity - line.short,
            "taken": line.picked,
            "picked": line.picked,
            "lot": line.lot_code or "",
            "stays": sentence(" Lot {lot} stays the one to take.", lot=line.lot_code) if line.was_swapped else "",
        }
    return known | dict(reading.words)


def tote_for(task: PickTask, state: State, line: PickLine | None) -> Tote | None:
    """Return the tote that is filled now: in a cluster the one of the order that is served."""
    if not task.is_cluster:
        return task.totes.get(state.tote_id) if state.tote_id else None
    share = task.next_share(line) if line else None
    return task.tote_of(share.fulfillment_order_id) if share else None


def _tote_for_order(task: PickTask) -> str:
    wanting = task.orders_without_tote() if task.is_cluster else []
    return sentence(" for order {order}", order=task.seats[wanting[0]]) if wanting else ""


def _next(task: PickTask, state: State) -> str:
    return "" if state.step == DONE else sentence(" {then}", then=sentence_of_step(task, state))


def sentence_of_step(task: PickTask, state: State) -> str:
    """Tell a picker what to do next."""
    if task.status is PickListStatus.CANCELLED:
        return sentence(CANCELLED, list=task.number)
    line = task.lines.get(state.line_id) if state.line_id else None
    if state.step == TOTE:
        return sentence("Scan an empty tote{tote_for}.", tote_for=_tote_for_order(task))
    if line is None or state.step == DONE:
        onward = task.next_zone() if task.zone is not None else None
        passed = sentence(PASS_ON, zone=task.zone, list=task.number, next_zone=onward)
        return passed if onward is not None else sentence(PICKED, list=task.number)
    if state.step == PUT:
        tote = tote_for(task, state, line)
        code = tote.code if tote else ""
        return sentence(
            "Put {hand} × {sku} into tote {tote}: scan it.", hand=state.in_hand, sku=line.sku_code, tote=code
        )
    if state.step == PLACE:
        return sentence("Go to {place}: {left} × {sku}.", place=line.place_code, left=line.left, sku=line.sku_code)
    return sentence(
        "Take {left} × {sku} from {place}.{mind}",
        left=line.left,
        sku=line.sku_code,
        place=line.place_code,
        mind=_mind(line),
    )


def _mind(line: PickLine) -> str:
    """Warn of goods that hands have taken for these."""
    return sentence(" Not {other}: it looks alike.", other=line.looks_like) if line.looks_like else ""


def side_track(state: State) -> State:
    """Return where late entries begin: with the tote, before any bin."""
    return State(TOTE, tote_id=state.tote_id)


def claims(task: PickTask, reading: Reading) -> bool:
    """Tell whether a reading means that the picker has goods of this list in hand, or saw that they are missing."""
    on_list = reading.sku_id is not None and any(line.sku_id == reading.sku_id for line in task.lines.values())
    return on_list or reading.said.startswith(("PUT_", "SHORT_", "QUANTITY_", "LIST_"))
