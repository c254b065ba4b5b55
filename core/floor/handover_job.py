"""Handing over 交接: parcels are scanned onto their carrier's manifest while the driver loads them.

The first parcel takes up the open manifest of its carrier at the warehouse, or opens one; a manifest's own number does
too. Closing it, with the driver's count, is no scan.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.floor import effects, reading
from pickmesh.core.floor.decisions import Occasion, Reading
from pickmesh.core.floor.effects import Effect
from pickmesh.core.floor.heard import Code, DocumentKind, Heard
from pickmesh.core.floor.state import State
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.floor.transitions import ANY_STEP, NOTHING, SAME, Table, Transition, on, table
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.packing import manifest_rules
from pickmesh.core.packing.manifest_rules import ManifestNow, ParcelThere
from pickmesh.core.packing.tables import ManifestState

OPEN, LOADING = STEPS = ("OPEN", "LOADING")
TAKE_UP, BEGIN, PUT_ON, TAKE_OFF = ("TAKE_UP", "BEGIN", "PUT_ON", "TAKE_OFF")
START = State(OPEN)
_ON = "{parcel} is on: {count} of {expected}."
_ALL_ON = "{parcel} is on: all {count}. Let the driver count, then close the manifest."

TABLE: Table = table(
    Job.HANDOVER,
    STEPS,
    (
        on(
            ANY_STEP,
            "MANIFEST",
            Outcome.ACCEPTED,
            "Manifest {manifest} of {carrier}: scan its parcels.",
            next=LOADING,
            effect=TAKE_UP,
        ),
        on(ANY_STEP, "MANIFEST_SAME", Outcome.DUPLICATE, "You load manifest {manifest} already."),
        on(ANY_STEP, "MANIFEST_CLOSED", Outcome.WRONG_ITEM, "Manifest {scanned} is closed: scan a parcel to open one."),
        on(ANY_STEP, "MANIFEST_ELSEWHERE", Outcome.WRONG_PLACE, "Manifest {scanned} is of another warehouse."),
        on(OPEN, "PARCEL_ON", Outcome.ACCEPTED, "{parcel} goes with {carrier}.", next=LOADING, effect=BEGIN),
        on(OPEN, "PARCEL_LAST", Outcome.ACCEPTED, "{parcel} goes with {carrier}.", next=LOADING, effect=BEGIN),
        on(LOADING, "PARCEL_ON", Outcome.ACCEPTED, _ON, effect=PUT_ON),
        on(LOADING, "PARCEL_LAST", Outcome.TASK_DONE, _ALL_ON, effect=PUT_ON),
        on(ANY_STEP, "PARCEL_TWICE", Outcome.DUPLICATE, "{parcel} is on this manifest already."),
        on(
            ANY_STEP,
            "PARCEL_OTHER_MANIFEST",
            Outcome.DUPLICATE,
            "{parcel} is on manifest {other} already: leave it there, or take it off first.",
        ),
        on(
            ANY_STEP,
            "PARCEL_OTHER_CARRIER",
            Outcome.WRONG_ITEM,
            "{parcel} goes with {theirs}, not with {carrier}: put it back.",
        ),
        on(ANY_STEP, "PARCEL_OTHER_PLACE", Outcome.WRONG_PLACE, "{parcel} belongs to another warehouse."),
        on(ANY_STEP, "PARCEL_HANDED_OVER", Outcome.DUPLICATE, "{parcel} was handed over before."),
        on(ANY_STEP, "PARCEL_VOIDED", Outcome.WRONG_ITEM, "{parcel} was given up: it goes nowhere."),
        on(ANY_STEP, "PARCEL_STOPPED", Outcome.INTERCEPTED, "{parcel} was stopped: bring it to the put-back."),
        on(
            ANY_STEP,
            "PARCEL_NOT_SEALED",
            Outcome.WRONG_ITEM,
            "{parcel} is not sealed yet: bring it back to the pack bench.",
        ),
        on(
            ANY_STEP,
            "PARCEL_NOT_WEIGHED",
            Outcome.WRONG_ITEM,
            "{parcel} was not weighed: bring it back to the pack bench.",
        ),
        on(ANY_STEP, "PARCEL_NO_NUMBER", Outcome.WRONG_ITEM, "{parcel} has no number of a carrier: ask for its label."),
        on(
            ANY_STEP,
            "PARCEL_NOT_SHIPPED",
            Outcome.WRONG_ITEM,
            "{parcel} has not shipped: bring it back to the pack bench.",
        ),
        on(ANY_STEP, "PARCEL_CLOSED", Outcome.EXCEPTION, "Manifest {manifest} is closed: scan to open another one."),
        on(LOADING, "UNDO_LAST", Outcome.UNDONE, "{parcel} is off the manifest again.", effect=TAKE_OFF),
        on(ANY_STEP, "UNDO_OLDER", Outcome.EXCEPTION, "Only the last parcel is taken off so: use the list of parcels."),
        on(ANY_STEP, "UNDO_NOTHING", Outcome.UNKNOWN_CODE, "There is nothing to undo here."),
        on(ANY_STEP, "NOTHING_READ", Outcome.UNKNOWN_CODE, "{problem}"),
        on(ANY_STEP, "UNKNOWN", Outcome.UNKNOWN_CODE, "{problem}"),
        on(ANY_STEP, "NO_PARCEL", Outcome.WRONG_ITEM, "{scanned} is no parcel: scan a parcel's label."),
    ),
    misfit=Transition(ANY_STEP, "MISFIT", Outcome.EXCEPTION, "That does not belong to handing over.", SAME, NOTHING),
)
ACTIONS = {OPEN: (ScanKind.SCAN,), LOADING: (ScanKind.SCAN, ScanKind.UNDO)}


@dataclass(slots=True)
class HandoverTask:
    """The dock: manifests taken up or scanned, and parcels that were scanned, shared by all who load in a batch."""

    location_id: UUID
    manifests: dict[UUID, ManifestNow] = field(default_factory=dict)
    parcels: dict[UUID, ParcelThere] = field(default_factory=dict)

    def manifest_of(self, state: State) -> ManifestNow | None:
        """Return the manifest somebody loads."""
        return self.manifests.get(state.subject_id) if state.subject_id else None

    def beginning_with(self, parcel: ParcelThere | None) -> ManifestNow:
        """Return a manifest that is not there yet: the one a first parcel would open."""
        carrier = (parcel.carrier if parcel else None) or ""
        return ManifestNow(NIL_ID, "", self.location_id, carrier, ManifestState.OPEN)


At = Occasion[HandoverTask]


def read(task: HandoverTask, state: State, heard: Heard) -> Reading:
    """Tell what an entry says at the dock; never raises, whatever the entry."""
    kind = heard.entry.kind
    if kind is ScanKind.UNDO:
        return _read_undo(state, heard)
    if kind is not ScanKind.SCAN:
        return Reading("MISFIT")
    nothing = reading.unknown(heard.code)
    if nothing is not None or heard.code is None:
        return nothing or Reading("NOTHING_READ")
    said = {"scanned": heard.code.scanned.text}
    manifest_id = _named(heard.code, DocumentKind.MANIFEST)
    if manifest_id is not None and manifest_id in task.manifests:
        return replace(_read_manifest(task, state, manifest_id), words=said)
    parcel_id = _named(heard.code, DocumentKind.PARCEL, DocumentKind.WAYBILL)
    if parcel_id is None or parcel_id not in task.parcels:
        return Reading("NO_PARCEL", words=said)
    return replace(_read_parcel(task, state, parcel_id), words=said)


def _named(code: Code, *kinds: DocumentKind) -> UUID | None:
    return next((hit.id for hit in code.documents if hit.kind in kinds), None)


def _read_manifest(task: HandoverTask, state: State, manifest_id: UUID) -> Reading:
    manifest = task.manifests[manifest_id]
    if manifest.location_id != task.location_id:
        return Reading("MANIFEST_ELSEWHERE")
    if manifest.state != ManifestState.OPEN:
        return Reading("MANIFEST_CLOSED")
    return Reading("MANIFEST_SAME" if state.subject_id == manifest_id else "MANIFEST", subject_id=manifest_id)


def _read_parcel(task: HandoverTask, state: State, parcel_id: UUID) -> Reading:
    parcel = task.parcels[parcel_id]
    manifest = task.manifest_of(state) or task.beginning_with(parcel)
    found = manifest_rules.fault(parcel, manifest)
    if found is not None:
        return Reading(f"PARCEL_{found.value}", parcel_id=parcel_id)
    return Reading("PARCEL_LAST" if manifest.waiting <= 1 else "PARCEL_ON", parcel_id=parcel_id, quantity=1)


def _read_undo(state: State, heard: Heard) -> Reading:
    if state.parcel_id is None or not state.booked:
        return Reading("UNDO_NOTHING")
    is_last = heard.entry.answers in {None, state.booked[-1]}
    return Reading("UNDO_LAST" if is_last else "UNDO_OLDER", parcel_id=state.parcel_id)


def steady(task: HandoverTask, state: State) -> State:
    """Return a state that fits the dock: from its first parcel on, the manifest that one went on is loaded."""
    if state.step == OPEN:
        return state
    parcel = task.parcels.get(state.parcel_id) if state.parcel_id else None
    manifest = task.manifest_of(state)
    if manifest is None and parcel is not None and parcel.manifest_id is not None:
        return replace(state, subject_id=parcel.manifest_id)
    if manifest is None or manifest.state != ManifestState.OPEN:
        return START
    return state if parcel is None or parcel.manifest_id == manifest.id else replace(state, parcel_id=None, booked=())


def next_line(task: HandoverTask, state: State) -> State:
    """Return the state; parcels come in any order."""
    return steady(task, state)


def apply(effect: str, at: At) -> tuple[State, Sequence[Effect]]:
    """Carry out an effect in memory; return what must be written."""
    act = _ACTS.get(effect)
    return act(at) if act else (at.state, ())


def _take_up(at: At) -> tuple[State, Sequence[Effect]]:
    return replace(at.state, subject_id=at.subject_id, parcel_id=None, booked=()), ()


def _begin(at: At) -> tuple[State, Sequence[Effect]]:
    parcel_id = _parcel_id(at)
    state = replace(at.state, subject_id=None, parcel_id=parcel_id, booked=(at.heard.entry.client_id,))
    return state, [effects.BeginHandover(parcel_id, at.task.location_id)]


def _put_on(at: At) -> tuple[State, Sequence[Effect]]:
    manifest, parcel = at.task.manifests[at.order_id], at.task.parcels[_parcel_id(at)]
    parcel.manifest_id, parcel.manifest_number = manifest.id, manifest.number
    manifest.count += 1
    manifest.waiting = max(0, manifest.waiting - 1)
    state = replace(at.state, parcel_id=parcel.id, booked=(at.heard.entry.client_id,))
    return state, [effects.PutOnManifest(parcel.id, manifest.id)]


def _take_off(at: At) -> tuple[State, Sequence[Effect]]:
    done = effects.TakeOffManifest(_parcel_id(at), at.order_id)
    return replace(at.state, parcel_id=None, booked=()), [done]


def _parcel_id(at: At) -> UUID:
    assert at.reading.parcel_id is not None
    return at.reading.parcel_id


_ACTS: Mapping[str, Callable[[At], tuple[State, Sequence[Effect]]]] = {
    TAKE_UP: _take_up,
    BEGIN: _begin,
    PUT_ON: _put_on,
    TAKE_OFF: _take_off,
}


def words(task: HandoverTask, state: State, read: Reading) -> dict[str, object]:
    """Return the words of the sentences, as things stand after the entry."""
    parcel = task.parcels.get(read.parcel_id) if read.parcel_id else None
    manifest = task.manifest_of(state)
    known: dict[str, object] = {}
    if parcel is not None:
        known |= {"parcel": parcel.number, "theirs": parcel.carrier or "", "other": parcel.manifest_number or ""}
        known |= {"carrier": parcel.carrier or ""}
    if manifest is not None:
        known |= {"manifest": manifest.number, "carrier": manifest.carrier}
        known |= {"count": manifest.count, "expected": manifest.expected}
    return known | dict(read.words)


def side_track(state: State) -> State:
    """Return where late entries begin: at the manifest that is loaded, with nothing to undo."""
    return replace(state, parcel_id=None, booked=(), asked=None, late=None)


def claims(task: HandoverTask, read: Reading) -> bool:
    """Tell that a parcel that comes too late needs nobody: it waits where it stands, and the counts show it."""
    return False
