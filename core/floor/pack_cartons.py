"""Cartons at a pack bench: what a scanned one means for the open parcel, which to take, what a parcel should weigh."""

from uuid import UUID

from pickmesh.core.floor.decisions import Reading
from pickmesh.core.floor.entries import Choice
from pickmesh.core.floor.heard import Code, Heard
from pickmesh.core.floor.pack_table import ITEMS, OPEN, WEIGH
from pickmesh.core.floor.pack_task import CartonNow, PackOrder, PackTask
from pickmesh.core.floor.state import State
from pickmesh.core.kit.texts import Sentence, sentence
from pickmesh.core.packing import carton_rules, rules
from pickmesh.core.packing.carton_rules import Suggestion


def read(task: PackTask, state: State, heard: Heard, code: Code, order: PackOrder | None) -> Reading | None:
    """Tell what a carton that was scanned means; None when the code means something else here."""
    hit = code.carton
    if hit is None or (state.step == OPEN and code.known) or heard.chosen not in {None, hit.id}:
        return None
    if order is None or state.step == OPEN:
        return Reading("EARLY")
    carton = task.bench.cartons.get(hit.id)
    if carton is None:
        return None
    return _which(code, carton) if code.items and heard.chosen is None else _read_for(order, state, carton)


def _read_for(order: PackOrder, state: State, carton: CartonNow) -> Reading:
    """Tell what a carton means for the parcel that is open."""
    if state.step == WEIGH or state.parcel_id is None:
        return Reading("ITEM_SEALED")
    words = {"carton": carton.title}
    if order.parcels[state.parcel_id].carton_id == carton.id:
        return Reading("CARTON_SAME", words=words)
    return Reading(_said(order, state, carton), subject_id=carton.id, words=words | _weight(order, state, carton))


def _which(code: Code, carton: CartonNow) -> Reading:
    """Ask what is meant by a code that a carton and goods go by."""
    goods = [Choice(str(hit.sku_id), f"{hit.sku_code} × {hit.units}") for hit in code.items]
    return Reading("CARTON_OR_ITEM", choices=[Choice(str(carton.id), carton.title), *goods])


def _said(order: PackOrder, state: State, carton: CartonNow) -> str:
    """Tell whether the goods go in, as far as their measures are known; people see it, we compute."""
    inside = order.pieces(state.parcel_id)
    everything = order.pieces(state.parcel_id, rest=state.step == ITEMS)
    if any(piece.sides is None for piece in everything):
        return "CARTON_TAKEN"
    if not carton_rules.fits(carton.box, inside):
        return "CARTON_TIGHT"
    return "CARTON_TAKEN" if carton_rules.fits(carton.box, everything) else "CARTON_PART"


def _weight(order: PackOrder, state: State, carton: CartonNow) -> dict[str, object]:
    """Return what it should weigh when all is in, as a sentence of its own; nothing where a weight is not known."""
    pieces = order.pieces(state.parcel_id, rest=state.step == ITEMS)
    goods = rules.expected_weight_g((piece.weight_g, piece.quantity) for piece in pieces)
    if goods is None:
        return {"weighs": ""}
    return {"weighs": sentence(" With all its goods it should weigh {weight} g.", weight=goods + carton.box.tare_g)}


def read_undo(task: PackTask, order: PackOrder | None, client_id: UUID) -> Reading:
    """Tell what undoing the scan of a carton does: the parcel goes in what it went in before, if in anything."""
    packed = task.bench.booked[client_id]
    parcel = order.parcels.get(packed.parcel_id) if order else None
    if packed.undone:
        return Reading("UNDO_TWICE")
    if parcel is None or parcel.is_closed:
        return Reading("UNDO_CLOSED")
    if packed.boxed is None or parcel.carton_id != packed.boxed.carton_id:
        return Reading("UNDO_OVERTAKEN")
    before = task.bench.cartons.get(packed.boxed.before) if packed.boxed.before else None
    if before is None:
        return Reading("UNDO_CARTON", subject_id=client_id)
    return Reading("UNDO_OTHER_CARTON", subject_id=client_id, words={"carton": before.title})


def suggested(task: PackTask, order: PackOrder, parcel_id: UUID, *, rest: bool) -> Suggestion:
    """Return what a parcel's contents, with `rest` all that is still to come too, go in."""
    boxes = [carton.box for carton in task.bench.cartons.values() if not carton.archived]
    return carton_rules.suggest(boxes, order.pieces(parcel_id, rest=rest))


def note(task: PackTask, order: PackOrder, state: State) -> list[Sentence]:
    """Return what to say of the open parcel's carton: the one it goes in, or the one to take."""
    if state.parcel_id is None or state.step in {OPEN, WEIGH} or state.parcel_id not in order.parcels:
        return []
    chosen = task.bench.cartons.get(order.parcels[state.parcel_id].carton_id or state.parcel_id)
    if chosen is not None:
        return [sentence("Carton: {carton}.", carton=chosen.title)]
    found = suggested(task, order, state.parcel_id, rest=state.step == ITEMS)
    if found.carton_id is not None:
        return [sentence("Take carton {carton}.", carton=task.bench.cartons[found.carton_id].title)]
    if found.parts:
        return [sentence("No one carton takes it all: {count} are needed.", count=len(found.parts))]
    return []


def expected_weight_g(task: PackTask, order: PackOrder, parcel_id: UUID) -> int | None:
    """Return what a parcel should weigh: its contents and the carton it goes in, named or the smallest that fits."""
    goods = order.expected_weight_g(parcel_id)
    if goods is None:
        return None
    carton_id = order.parcels[parcel_id].carton_id or suggested(task, order, parcel_id, rest=False).carton_id
    carton = task.bench.cartons.get(carton_id) if carton_id else None
    return goods + (carton.box.tare_g if carton is not None else 0)
