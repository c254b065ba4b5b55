"""Packing as the interpreter runs it: which parcel is open, what an effect changes, the words of its sentences."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.floor import effects, pack_table
from pickmesh.core.floor.decisions import Occasion, Reading
from pickmesh.core.floor.effects import Effect
from pickmesh.core.floor.pack_reading import order_of
from pickmesh.core.floor.pack_table import ITEMS, OPEN, SEAL, WEIGH
from pickmesh.core.floor.pack_task import Boxed, Packed, PackOrder, PackTask
from pickmesh.core.floor.state import BOOKED_MAX, State
from pickmesh.core.kit.texts import sentence
from pickmesh.core.packing.tables import ParcelState
from pickmesh.core.picking.tables import TaskKind
from pickmesh.scanner.codes.own import OwnKind, number_text

START = State(OPEN)
THE_PARCEL = sentence("the parcel")
At = Occasion[PackTask]


def steady(task: PackTask, state: State) -> State:
    """Return a state that fits the bench as it now is: parcels may have been opened, closed or given up meanwhile."""
    order = order_of(task, state)
    if state.step == OPEN or order is None:
        return replace(state, step=OPEN, subject_id=None, line_id=None, weight_g=None)
    if order.stopped:
        return state
    parcel = order.parcels.get(state.parcel_id) if state.parcel_id else None
    if state.step == WEIGH:
        return state if parcel is not None and parcel.state is ParcelState.SEALED else _left(state)
    if parcel is None or parcel.state is not ParcelState.OPEN:
        parcel = order.open_parcel
    if parcel is None:
        return _left(state)
    if order.left:
        return replace(state, step=ITEMS, parcel_id=parcel.id, weight_g=None)
    return replace(state, step=SEAL, parcel_id=parcel.id)


def next_line(task: PackTask, state: State) -> State:
    """Return the state with the next piece to verify; a packer takes pieces in any order."""
    return steady(task, state)


def _left(state: State) -> State:
    """Return the state of a packer with nothing open, who still knows the last parcel."""
    return replace(state, step=OPEN, subject_id=None, line_id=None, place_id=None, weight_g=None, verified=False)


def apply(effect: str, at: At) -> tuple[State, Sequence[Effect]]:
    """Carry out an effect on the bench and the state in memory; return what must be written."""
    act = _ACTS.get(effect)
    return act(at) if act else (at.state, ())


def _begin(at: At) -> tuple[State, Sequence[Effect]]:
    at.task.bench.claimed.add(at.subject_id)
    state = replace(at.state, subject_id=at.subject_id, parcel_id=None)
    return state, [effects.OpenParcel(at.subject_id)]


def _take_up(at: At) -> tuple[State, Sequence[Effect]]:
    order = at.task.bench.orders[at.subject_id]
    parcel_id = at.reading.parcel_id
    if parcel_id not in order.parcels or at.reading.said == "ORDER_GOES_ON":
        parcel_id = order.open_parcel.id if order.open_parcel else parcel_id
    return replace(at.state, subject_id=order.id, parcel_id=parcel_id), ()


def _stand(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, place_id=at.place.id), ()


def _pack(at: At) -> tuple[State, Sequence[Effect]]:
    order, parcel_id, client_id = at.task.bench.orders[at.order_id], at.parcel_id, at.heard.entry.client_id
    unit_id = at.reading.unit.id if at.reading.unit else None
    parts = _spread(order, at)
    for line_id, quantity in parts:
        line = order.lines[line_id]
        line.packed += quantity
        line.at_hand -= quantity
        line.here[parcel_id] = line.here.get(parcel_id, 0) + quantity
    if unit_id is not None:
        at.task.bench.units_packed.add(unit_id)
    booked = Packed(parcel_id, [(line_id, quantity, unit_id) for line_id, quantity in parts])
    at.task.bench.booked[client_id] = booked
    state = replace(at.state, line_id=parts[-1][0], verified=True, booked=(*at.state.booked, client_id)[-BOOKED_MAX:])
    return state, [effects.PackUnits(parcel_id, line_id, quantity, unit_id) for line_id, quantity in parts]


def _spread(order: PackOrder, at: At) -> list[tuple[UUID, int]]:
    """Divide pieces over the order's lines of the same goods, the one that was meant first; a set is all of it."""
    if at.reading.said.startswith("SET_"):
        return [(line.id, min(line.left, line.at_hand)) for line in order.lines.values() if line.left]
    lines = [line for line in order.lines.values() if line.sku_id == at.reading.sku_id]
    lines.sort(key=lambda line: line.id != at.reading.line_id)
    parts, wanted = [], at.reading.quantity
    for line in lines:
        part = min(wanted, line.left, line.at_hand)
        if part > 0:
            parts.append((line.id, part))
            wanted -= part
    return parts


def _pack_close(at: At) -> tuple[State, Sequence[Effect]]:
    state, packed = _pack(at)
    return state, [*packed, effects.Seal(at.parcel_id)]


def _pack_off(at: At) -> tuple[State, Sequence[Effect]]:
    state, done = _pack_close(at)
    return _left(state), done


def _station(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, wave_id=at.subject_id, place_id=None), ()


def _unseal(at: At) -> tuple[State, Sequence[Effect]]:
    """Open a parcel that a station closed, and take out what its scan put in."""
    parcel_id = at.task.bench.booked[at.subject_id].parcel_id
    order = at.task.bench.order_with(parcel_id)
    assert order is not None
    order.parcels[parcel_id] = replace(order.parcels[parcel_id], state=ParcelState.OPEN)
    opened = replace(at.state, subject_id=order.id, parcel_id=parcel_id, weight_g=None)
    state, done = _unpack(replace(at, state=opened))
    return state, [effects.Reopen(parcel_id), *done]


def _unpack(at: At) -> tuple[State, Sequence[Effect]]:
    client_id = at.subject_id
    order, packed = at.task.bench.orders[at.order_id], at.task.bench.booked[client_id]
    at.task.bench.booked[client_id] = replace(packed, undone=True)
    for line_id, quantity, unit_id in packed.parts:
        line = order.lines[line_id]
        line.packed -= quantity
        line.at_hand += quantity
        line.here[packed.parcel_id] -= quantity
        at.task.bench.units_packed.discard(unit_id or line_id)
    left = tuple(each for each in at.state.booked if each != client_id)
    back = [
        effects.UnpackUnits(client_id, packed.parcel_id, line_id, quantity, unit_id)
        for line_id, quantity, unit_id in packed.parts
    ]
    return replace(at.state, booked=left), back


def _box(at: At) -> tuple[State, Sequence[Effect]]:
    """Let the open parcel go in the carton that was scanned."""
    order, client_id = at.task.bench.orders[at.order_id], at.heard.entry.client_id
    parcel, carton = order.parcels[at.parcel_id], at.task.bench.cartons[at.subject_id]
    order.parcels[parcel.id] = replace(parcel, carton_id=carton.id)
    at.task.bench.booked[client_id] = Packed(parcel.id, [], boxed=Boxed(carton.id, parcel.carton_id))
    state = replace(at.state, booked=(*at.state.booked, client_id)[-BOOKED_MAX:])
    return state, [effects.ChooseCarton(parcel.id, carton.id, carton.code, parcel.carton_id)]


def _unbox(at: At) -> tuple[State, Sequence[Effect]]:
    """Let a parcel go in what it went in before a carton was scanned."""
    order, client_id = at.task.bench.orders[at.order_id], at.subject_id
    packed = at.task.bench.booked[client_id]
    before = packed.boxed.before if packed.boxed else None
    at.task.bench.booked[client_id] = replace(packed, undone=True)
    order.parcels[packed.parcel_id] = replace(order.parcels[packed.parcel_id], carton_id=before)
    left = tuple(each for each in at.state.booked if each != client_id)
    return replace(at.state, booked=left), [effects.RestoreCarton(client_id, packed.parcel_id, before)]


def _scale(at: At) -> tuple[State, Sequence[Effect]]:
    """Weighing closes a parcel that is not closed yet."""
    forced = at.heard.entry.reason if at.reading.said == "FORCE_WEIGHT" else None
    closing = [effects.Seal(at.parcel_id)] if at.state.step == SEAL else []
    return _left(at.state), [*closing, effects.Weigh(at.parcel_id, at.reading.quantity, forced)]


def _dispute(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, weight_g=at.reading.quantity), ()


def _force(at: At) -> tuple[State, Sequence[Effect]]:
    return at.state, [effects.ForcePass(at.parcel_id, at.heard.entry.reason or "")]


def _close(at: At) -> tuple[State, Sequence[Effect]]:
    return at.state, [effects.Seal(at.parcel_id)]


def _close_off(at: At) -> tuple[State, Sequence[Effect]]:
    return _left(at.state), [effects.Seal(at.parcel_id)]


def _another(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, parcel_id=None, line_id=None), [effects.Seal(at.parcel_id, another=True)]


def _recall(at: At) -> tuple[State, Sequence[Effect]]:
    """Know a parcel that is done as the last one: its label may be printed once more."""
    return replace(at.state, parcel_id=at.reading.parcel_id), ()


def _reprint(at: At) -> tuple[State, Sequence[Effect]]:
    return at.state, [effects.Reprint(at.parcel_id, at.heard.entry.reason or "")]


def _leave(at: At) -> tuple[State, Sequence[Effect]]:
    return _left(at.state), ()


def _raise(at: At) -> tuple[State, Sequence[Effect]]:
    order = order_of(at.task, at.state)
    line = order.lines.get(at.reading.line_id) if order and at.reading.line_id else None
    return at.state, [effects.RaiseTask(TaskKind.MISFIT_SCAN, line.sku_id if line else None, None, at.reading.quantity)]


_ACTS: Mapping[str, Callable[[At], tuple[State, Sequence[Effect]]]] = {
    pack_table.BEGIN: _begin,
    pack_table.TAKE_UP: _take_up,
    pack_table.STAND: _stand,
    pack_table.PACK: _pack,
    pack_table.PACK_CLOSE: _pack_close,
    pack_table.PACK_OFF: _pack_off,
    pack_table.STATION: _station,
    pack_table.UNSEAL: _unseal,
    pack_table.UNPACK: _unpack,
    pack_table.BOX: _box,
    pack_table.UNBOX: _unbox,
    pack_table.SCALE: _scale,
    pack_table.DISPUTE: _dispute,
    pack_table.FORCE: _force,
    pack_table.CLOSE: _close,
    pack_table.CLOSE_OFF: _close_off,
    pack_table.ANOTHER: _another,
    pack_table.RECALL: _recall,
    pack_table.REPRINT: _reprint,
    pack_table.LEAVE: _leave,
    pack_table.RAISE: _raise,
}


def words(task: PackTask, state: State, read: Reading) -> dict[str, object]:
    """Return the words of the sentences, as things stand after the entry."""
    order = order_of(task, state) or (task.bench.orders.get(read.subject_id) if read.subject_id else None)
    known: dict[str, object] = {"pieces": read.quantity}
    if order is not None:
        parcel = order.parcels.get(state.parcel_id) if state.parcel_id else order.open_parcel
        line = order.lines.get(read.line_id) if read.line_id else None
        known |= {"order": order.number, "left": order.left, "parcel": parcel.number if parcel else ""}
        if line is not None:
            known |= {"sku": line.sku_code, "name": line.name, "asked": line.quantity}
    elif read.subject_id in task.bench.waves:
        known["wave"] = number_text(OwnKind.WAVE, task.bench.waves[read.subject_id].number)
    elif state.parcel_id is not None:
        known["parcel"] = _number_of(task, state)
    return known | dict(read.words)


def _number_of(task: PackTask, state: State) -> str:
    parcels = (order.parcels.get(state.parcel_id) for order in task.bench.orders.values() if state.parcel_id)
    return next((parcel.number for parcel in parcels if parcel is not None), THE_PARCEL)


def side_track(state: State) -> State:
    """Return where late entries begin: at the parcel that is open, for pieces go in in any order."""
    return state


def claims(task: PackTask, read: Reading) -> bool:
    """Tell whether a reading means that the packer has goods in hand that should go into a parcel."""
    return read.said.startswith(("ITEM_TOO", "ITEM_ALL", "ITEM_UNP", "ITEM_SEA", "QUANTITY_", "SEAL_", "WEIGHT_"))
