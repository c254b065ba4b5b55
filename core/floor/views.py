"""What a session shows: one instruction, where to go and what to take next, how far the work is, what may be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pickmesh.core.floor import (
    expecting,
    handover_job,
    look_up_job,
    pack_cartons,
    pack_table,
    pick_table,
    put_back_job,
    sort_table,
)
from pickmesh.core.floor.desk import Desk
from pickmesh.core.floor.expecting import Expected
from pickmesh.core.floor.handover_job import HandoverTask
from pickmesh.core.floor.pack_reading import order_of, rest_of
from pickmesh.core.floor.pack_rules import THE_PARCEL
from pickmesh.core.floor.pack_task import PackTask
from pickmesh.core.floor.pick_rules import sentence_of_step, tote_for
from pickmesh.core.floor.pick_task import PickTask
from pickmesh.core.floor.put_back_job import PutBackTask
from pickmesh.core.floor.sort_reading import lit, wave_of
from pickmesh.core.floor.sort_rules import slot_words, tote_code
from pickmesh.core.floor.sort_task import SortTask
from pickmesh.core.floor.state import State
from pickmesh.core.floor.tables import Job, ScanKind
from pickmesh.core.kit.texts import joined, sentence
from pickmesh.core.picking.walls import Slot
from pickmesh.scanner.codes.own import OwnKind, number_text

_ACTIONS: dict[Job, Mapping[str, Sequence[ScanKind]]] = {
    Job.PICK: pick_table.ACTIONS,
    Job.SORT: sort_table.ACTIONS,
    Job.PACK: pack_table.ACTIONS,
    Job.PUT_BACK: put_back_job.ACTIONS,
    Job.LOOK_UP: look_up_job.ACTIONS,
    Job.HANDOVER: handover_job.ACTIONS,
}
_ANSWERS = (ScanKind.CHOICE, ScanKind.LOT, ScanKind.SERIAL)


@dataclass(frozen=True, slots=True)
class NextStep:
    """Where to go and what to take, scan or pack; what is not known or not needed is None."""

    place_id: UUID | None = None
    place_code: str | None = None
    sku_id: UUID | None = None
    sku_code: str | None = None
    sku_name: str | None = None
    lot_code: str | None = None
    remaining: int = 0
    tote_code: str | None = None
    order_number: str | None = None
    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of the work is done, in pieces; what is known to be missing counts as done."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Lease:
    """The claim on a list that lets a phone book offline; `until` None while nobody has it."""

    pick_list_id: UUID
    until: datetime | None


@dataclass(frozen=True, slots=True)
class SessionView:
    """A scan session as its worker sees it."""

    id: UUID
    version: int
    job: Job
    worker_id: UUID
    location_id: UUID
    station_id: UUID | None
    subject_id: UUID | None
    parcel_id: UUID | None
    step: str
    instruction: str
    next: NextStep | None
    progress: Progress
    supported_actions: Sequence[ScanKind]
    expects: Sequence[Expected]
    lease: Lease | None
    question_id: UUID | None
    last_sequence: int
    emptied_place_code: str | None = None

    @property
    def wave_id(self) -> UUID | None:
        """The wave that is sorted."""
        return self.subject_id if self.job is Job.SORT else None

    @property
    def manifest_id(self) -> UUID | None:
        """The manifest that is loaded."""
        return self.subject_id if self.job is Job.HANDOVER else None


def view(desk: Desk) -> SessionView:
    """Return a desk whose task is loaded as its worker sees it."""
    state = desk.state
    actions = [kind for kind in _ACTIONS[desk.job].get(state.step, ()) if not _is_early(desk, kind)]
    actions += [ScanKind.EMPTY, ScanKind.NOT_EMPTY] if state.zero_asked else []
    shown = _SHOWN[desk.job](desk.task, state)
    task = desk.task
    return SessionView(
        id=desk.id,
        version=desk.version,
        job=desk.job,
        worker_id=desk.worker_id,
        location_id=desk.location_id,
        station_id=desk.station_id,
        subject_id=desk.work_id,
        parcel_id=state.parcel_id,
        step=state.step,
        instruction=shown[0],
        next=shown[1],
        progress=shown[2],
        supported_actions=[*actions, *_ANSWERS] if state.asked else actions,
        expects=expecting.expected(desk.job, state.step),
        lease=Lease(task.list_id, task.lease_until) if isinstance(task, PickTask) else None,
        question_id=state.asked.entry.client_id if state.asked else None,
        last_sequence=desk.last_sequence,
        emptied_place_code=_emptied(desk) if state.zero_asked else None,
    )


def _emptied(desk: Desk) -> str | None:
    """Return the bin whose picker is asked whether it is empty now."""
    line_id = desk.state.closed_line_id
    line = desk.task.lines.get(line_id) if line_id is not None and isinstance(desk.task, PickTask) else None
    return line.place_code if line is not None else None


def _is_early(desk: Desk, kind: ScanKind) -> bool:
    """Tell whether a key says nothing yet: how many are packed before a piece, whose order leaves before its slot."""
    if kind is ScanKind.KICK_OUT:
        return desk.state.place_id is None
    return desk.job is Job.PACK and kind is ScanKind.QUANTITY and desk.state.line_id is None


Shown = tuple[str, NextStep | None, Progress]


def _pick(task: PickTask, state: State) -> Shown:
    lines = [line for line in task.lines.values() if not line.cancelled]
    progress = Progress(sum(line.picked + line.short for line in lines), sum(line.quantity for line in lines))
    line = task.lines.get(state.line_id) if state.line_id else None
    tote = tote_for(task, state, line)
    if line is None:
        return sentence_of_step(task, state), None, progress
    share = task.next_share(line) if task.is_cluster else None
    step = NextStep(
        place_id=line.place_id,
        place_code=line.place_code,
        sku_id=line.sku_id,
        sku_code=line.sku_code,
        sku_name=line.name,
        lot_code=line.lot_code,
        remaining=line.left,
        tote_code=tote.code if tote else None,
        order_number=task.seats.get(share.fulfillment_order_id) if share else None,
    )
    return sentence_of_step(task, state), step, progress


def _pack(task: PackTask, state: State) -> Shown:
    order = order_of(task, state)
    if order is None or state.step == pack_table.OPEN:
        wave = task.bench.waves.get(state.wave_id) if state.wave_id else None
        if wave is not None:
            number = number_text(OwnKind.WAVE, wave.number)
            return sentence("Scan any piece of wave {wave}.", wave=number), None, Progress(0, 0)
        return sentence("Scan a tote, an order or a piece."), None, Progress(0, 0)
    parcel = order.parcels.get(state.parcel_id) if state.parcel_id else None
    name = parcel.number if parcel else THE_PARCEL
    said = {
        pack_table.ITEMS: sentence(
            "Order {order}: verify {left} pieces into {parcel}.", order=order.number, left=order.left, parcel=name
        ),
        pack_table.SEAL: sentence(
            "All pieces of order {order} are in: close {parcel}, or weigh it.", order=order.number, parcel=name
        ),
        pack_table.WEIGH: sentence("Put {parcel} on the scale.", parcel=name),
    }[state.step]
    packed = sum(line.packed for line in order.lines.values())
    line = next((line for line in order.lines.values() if line.left), None)
    step = NextStep(order_number=order.number)
    if line is not None and state.step == pack_table.ITEMS:
        step = NextStep(
            sku_id=line.sku_id,
            sku_code=line.sku_code,
            sku_name=line.name,
            remaining=line.left,
            order_number=order.number,
        )
    notes = [*pack_cartons.note(task, order, state), *([rest_of(order)] if order.in_hospital else [])]
    return joined(said, *notes), step, Progress(packed, packed + order.left)


def _sort(task: SortTask, state: State) -> Shown:
    wave, order = wave_of(task, state), lit(task, state)
    if wave is None or state.step == sort_table.OPEN:
        return sentence("Scan a tote or a wave to sort."), None, Progress(0, 0)
    progress = Progress(wave.total - wave.left() - wave.coming, wave.total)
    if state.step == sort_table.WALL:
        return sentence("Scan any slot of a free wall for wave {wave}.", wave=wave.number), None, progress
    tote = tote_code(wave, state.tote_id)
    if state.step == sort_table.ITEM or order is None or order.slot is None:
        step = NextStep(tote_code=tote or None, remaining=wave.left(state.tote_id))
        return sentence("Scan a piece: {left} to sort.", left=step.remaining), step, progress
    sku_code = wave.sku_codes.get(state.sku_id) if state.sku_id else None
    said = sentence(
        "Put {hand} × {sku} into slot {slot} ({shape} {colour}): scan it.",
        hand=state.in_hand,
        sku=sku_code or "",
        **slot_words(order),
    )
    step = NextStep(
        place_id=order.slot.place_id,
        place_code=order.slot.code,
        sku_id=state.sku_id,
        sku_code=sku_code,
        remaining=state.in_hand,
        tote_code=tote or None,
        order_number=order.number,
        slot=order.slot,
    )
    return said, step, progress


def _put_back(task: PutBackTask, state: State) -> Shown:
    left = sum(each.left for each in task.tasks.values())
    about = next((each for each in task.of_sku(state.subject_id, state.line_id)), None)
    if state.step == put_back_job.PLACE and about is not None:
        step = NextStep(sku_id=about.sku_id, sku_code=about.sku_code, remaining=state.in_hand, place_code=about.bin)
        said = sentence(
            "Bring {hand} × {sku} to {bin}: scan the bin.", hand=state.in_hand, sku=about.sku_code, bin=about.bin
        )
        return said, step, Progress(0, left)
    first = next((each for each in task.tasks.values() if each.left), None)
    if first is None:
        return sentence("Nothing is to be put back."), None, Progress(0, 0)
    step = NextStep(
        sku_id=first.sku_id,
        sku_code=first.sku_code,
        remaining=first.left,
        tote_code=first.place,
        order_number=first.order,
    )
    said = sentence(
        "Fetch {left} × {sku} from {place} and scan it.", left=first.left, sku=first.sku_code, place=first.place
    )
    return said, step, Progress(0, left)


def _look_up(task: Any, state: State) -> Shown:
    return sentence("Scan or type anything."), None, Progress(0, 0)


def _hand_over(task: HandoverTask, state: State) -> Shown:
    manifest = task.manifest_of(state)
    if manifest is None:
        return sentence("Scan a parcel, or the number of a manifest."), None, Progress(0, 0)
    progress = Progress(manifest.count, manifest.expected)
    words = {"manifest": manifest.number, "carrier": manifest.carrier, "count": manifest.count}
    if not manifest.waiting:
        return sentence("Manifest {manifest} of {carrier}: all {count} are on.", **words), None, progress
    expected = manifest.expected
    said = sentence("Manifest {manifest} of {carrier}: {count} of {expected} are on.", **words, expected=expected)
    return said, None, progress


_SHOWN: dict[Job, Any] = {
    Job.PICK: _pick,
    Job.SORT: _sort,
    Job.PACK: _pack,
    Job.PUT_BACK: _put_back,
    Job.LOOK_UP: _look_up,
    Job.HANDOVER: _hand_over,
}
