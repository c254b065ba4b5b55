"""Sorting as the interpreter runs it: which slot is lit, what an effect changes, the words of its sentences."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.floor import effects, sort_table
from pickmesh.core.floor.decisions import Occasion, Reading
from pickmesh.core.floor.effects import Effect
from pickmesh.core.floor.sort_reading import lit, wave_of
from pickmesh.core.floor.sort_table import ITEM, OPEN, SLOT, WALL
from pickmesh.core.floor.sort_task import Put, SortGoods, SortOrder, SortTask, SortWave
from pickmesh.core.floor.state import BOOKED_MAX, Held, State
from pickmesh.core.kit.texts import sentence
from pickmesh.core.picking.tables import TaskKind

START = State(OPEN)
At = Occasion[SortTask]


def steady(task: SortTask, state: State) -> State:
    """Return a state that fits the wave as it now is: orders may have been stopped, goods sorted by somebody else."""
    wave = wave_of(task, state)
    if wave is None or state.step == OPEN:
        return _left(state)
    if not wave.has_wall:
        return replace(state, step=WALL, hand=(), sku_id=None, line_id=None)
    if state.step == WALL:
        return replace(state, step=ITEM)
    order = lit(task, state)
    wanting = [each for each in wave.going(state.sku_id, state.tote_id) if order and each.order_id == order.id]
    if state.step == SLOT and not 0 < state.in_hand <= sum(each.quantity for each in wanting):
        return replace(state, step=ITEM, hand=(), sku_id=None, line_id=None)
    return state


def next_line(task: SortTask, state: State) -> State:
    """Return the state with the next piece; they may be taken in any order."""
    return steady(task, state)


def _left(state: State) -> State:
    """Return the state of somebody with nothing open, who may still undo what was put last."""
    return replace(state, step=OPEN, subject_id=None, tote_id=None, sku_id=None, line_id=None, hand=())


def apply(effect: str, at: At) -> tuple[State, Sequence[Effect]]:
    """Carry out an effect on the wave and the state in memory; return what must be written."""
    act = _ACTS.get(effect)
    return act(at) if act else (at.state, ())


def _take_up(at: At) -> tuple[State, Sequence[Effect]]:
    place = at.reading.place
    tote_id = place.id if place is not None else None
    return replace(
        at.state, subject_id=at.subject_id, tote_id=tote_id, place_id=None, hand=(), sku_id=None, line_id=None
    ), ()


def _bind(at: At) -> tuple[State, Sequence[Effect]]:
    return at.state, [effects.BindWall(at.order_id, at.place.id)]


def _hold(at: At) -> tuple[State, Sequence[Effect]]:
    hand = (*at.state.hand, _held(at))
    return replace(at.state, hand=hand, sku_id=at.reading.sku_id, line_id=at.line_id, place_id=None), ()


def _held(at: At) -> Held:
    return Held(at.heard.entry.client_id, at.reading.quantity, at.reading.unit.id if at.reading.unit else None)


def _count(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, hand=(_held(at),)), ()


def _put(at: At) -> tuple[State, Sequence[Effect]]:
    """Put what is in hand, or the piece that was scanned where no slot is confirmed, into its order's slot."""
    hand = at.state.hand or (_held(at),)
    sku_id = at.state.sku_id or at.reading.sku_id
    wave = at.task.waves[at.order_id]
    order = wave.orders[at.line_id]
    assert order.slot is not None and sku_id is not None
    goods = [each for each in wave.going(sku_id, at.state.tote_id) if each.order_id == order.id]
    moves = [move for held in hand for move in _moves(wave, order, goods, held)]
    client_id = at.heard.entry.client_id
    first = moves[0].from_place_id
    parts = tuple((held.quantity, held.unit_id) for held in hand)
    at.task.booked[client_id] = Put(wave.id, order.id, sku_id, first, order.slot.place_id, parts)
    booked = (*at.state.booked, client_id)[-BOOKED_MAX:]
    return replace(at.state, hand=(), sku_id=None, line_id=order.id, place_id=None, booked=booked), moves


def _moves(wave: SortWave, order: SortOrder, goods: Sequence[SortGoods], held: Held) -> list[effects.SortUnits]:
    moves = []
    wanted = held.quantity
    for each in goods:
        part = min(wanted, each.quantity)
        if part and order.slot is not None:
            each.quantity -= part
            order.here += part
            wanted -= part
            slot_id = order.slot.place_id
            moves.append(effects.SortUnits(wave.id, order.id, each.sku_id, each.place_id, slot_id, part, held.unit_id))
    return moves


def _drop(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, hand=(), sku_id=None, line_id=None), ()


def _undo(at: At) -> tuple[State, Sequence[Effect]]:
    client_id = at.subject_id
    put = at.task.booked[client_id]
    at.task.booked[client_id] = replace(put, undone=True)
    at.task.waves[put.wave_id].orders[put.order_id].here -= put.quantity
    back = [
        effects.UnsortUnits(client_id, put.order_id, put.sku_id, put.slot_id, put.tote_id, quantity, unit_id)
        for quantity, unit_id in put.parts
    ]
    left = tuple(each for each in at.state.booked if each != client_id)
    state = replace(at.state, booked=left, subject_id=put.wave_id, tote_id=put.tote_id, hand=(), sku_id=None)
    return state, back


def _leave(at: At) -> tuple[State, Sequence[Effect]]:
    return _left(at.state), ()


def _show(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, place_id=at.place.id), ()


def _show_wave(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(_take_up(at)[0], place_id=at.place.id, tote_id=None), ()


def _take_out(at: At) -> tuple[State, Sequence[Effect]]:
    """Stop an order in memory: what is scanned of it from now on goes to the put-back."""
    at.task.waves[at.subject_id].orders[at.line_id].stopped = True
    kick = effects.KickOut(at.subject_id, at.line_id, (at.heard.entry.reason or "").strip())
    return replace(at.state, place_id=None), [kick]


def _lay_down(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, tote_id=None), ()


def _raise(at: At) -> tuple[State, Sequence[Effect]]:
    trouble = effects.RaiseTask(TaskKind.MISFIT_SCAN, at.reading.sku_id, at.state.tote_id, at.reading.quantity)
    state = replace(at.state, tote_id=None) if at.reading.said == "TOTE_SHORT" else at.state
    return state, [trouble]


_ACTS: Mapping[str, Callable[[At], tuple[State, Sequence[Effect]]]] = {
    sort_table.TAKE_UP: _take_up,
    sort_table.BIND: _bind,
    sort_table.HOLD: _hold,
    sort_table.COUNT: _count,
    sort_table.PUT: _put,
    sort_table.DROP: _drop,
    sort_table.UNDO: _undo,
    sort_table.LEAVE: _leave,
    sort_table.LAY_DOWN: _lay_down,
    sort_table.RAISE: _raise,
    sort_table.SHOW: _show,
    sort_table.SHOW_WAVE: _show_wave,
    sort_table.TAKE_OUT: _take_out,
}


def words(task: SortTask, state: State, read: Reading) -> dict[str, object]:
    """Return the words of the sentences, as things stand after the entry."""
    wave = wave_of(task, state) or (task.waves.get(read.subject_id) if read.subject_id else None)
    known: dict[str, object] = {"hand": state.in_hand or read.quantity, "pieces": read.quantity}
    if wave is None:
        wave = next((each for each in task.waves.values() if read.line_id in each.orders), None)
    if wave is None:
        return known | dict(read.words)
    order = wave.orders.get(read.line_id or state.line_id or wave.id)
    tote_id = state.tote_id or (read.place.id if read.place else None)
    known |= {"wave": wave.number, "left": wave.left(), "in_tote": wave.left(tote_id) if tote_id else wave.left()}
    known["sku"] = wave.sku_codes.get(read.sku_id or state.sku_id or wave.id, "")
    known["tote"] = tote_code(wave, tote_id)
    known |= _rest(wave, tote_id)
    if order is not None:
        known |= {"order": order.number, **slot_words(order)}
    return known | dict(read.words)


def _rest(wave: SortWave, tote_id: UUID | None) -> dict[str, object]:
    """Tell whether a tote is empty once all that goes on is out of it, or holds what was stopped."""
    stopped = next((each for each in wave.waiting(tote_id=tote_id) if wave.orders[each.order_id].stopped), None)
    if stopped is None:
        return {"rest": sentence("{tote} is empty.", tote=tote_code(wave, tote_id)), "also": ""}
    rest = sentence("What is left in {scanned} was stopped: bring it to the put-back.", scanned=stopped.place_code)
    return {"rest": rest, "also": sentence(" {then}", then=rest)}


def tote_code(wave: SortWave, tote_id: object) -> str:
    """Return what a tote of the wave is called."""
    return next((goods.place_code for goods in wave.goods if goods.place_id == tote_id), "")


def slot_words(order: SortOrder) -> dict[str, object]:
    """Return how a slot is called out: its number, its colour and shape, its code."""
    if order.slot is None:
        return {}
    colour = order.slot.colour
    return {"slot": order.slot.label, "colour": colour.name, "shape": colour.shape, "code": order.slot.code}


def side_track(state: State) -> State:
    """Return where late entries begin: at the wave and the tote in hand, with nothing lit."""
    return State(ITEM, subject_id=state.subject_id, tote_id=state.tote_id)


def claims(task: SortTask, read: Reading) -> bool:
    """Tell whether a reading means that the worker has goods of this wave in hand."""
    return read.said in {"ITEM_SURPLUS", "ITEM_TOO_MANY", "ITEM_ELSEWHERE", "SLOT_SHOWN", "SLOT_COMPLETE", "SLOT_WRONG"}
