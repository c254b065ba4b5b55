"""Looking up: any code is answered with what it is and where it lies; nothing is ever booked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pickmesh.core.floor import reading
from pickmesh.core.floor.decisions import Occasion, Reading
from pickmesh.core.floor.effects import Effect
from pickmesh.core.floor.heard import Heard
from pickmesh.core.floor.state import State
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.floor.transitions import ANY_STEP, NOTHING, SAME, Table, Transition, on, table

ASKING = "ASKING"
START = State(ASKING)

TABLE: Table = table(
    Job.LOOK_UP,
    (ASKING,),
    (
        on(ASKING, "FOUND", Outcome.ACCEPTED, "{answer}"),
        on(ASKING, "NOTHING_READ", Outcome.UNKNOWN_CODE, "{problem}"),
        on(ASKING, "UNKNOWN", Outcome.UNKNOWN_CODE, "{problem}"),
    ),
    misfit=Transition(ANY_STEP, "MISFIT", Outcome.EXCEPTION, "Scan or type anything to look it up.", SAME, NOTHING),
)
ACTIONS = {ASKING: (ScanKind.SCAN,)}


@dataclass(slots=True)
class LookUpTask:
    """What is known of the texts a batch asks about: a sentence for each."""

    answers: Mapping[str, str] = field(default_factory=dict)


def read(task: LookUpTask, state: State, heard: Heard) -> Reading:
    """Tell what a code is; never raises, whatever the entry."""
    if heard.entry.kind is not ScanKind.SCAN:
        return Reading("MISFIT")
    text = heard.code.scanned.text if heard.code else ""
    answer = task.answers.get(text)
    if answer is not None:
        return Reading("FOUND", words={"answer": answer})
    problem = heard.code.problem if heard.code else ""
    return reading.unknown(heard.code) or Reading("UNKNOWN", words={"problem": problem})


def steady(task: LookUpTask, state: State) -> State:
    """Return the state; nothing is remembered."""
    return state


def apply(effect: str, at: Occasion[LookUpTask]) -> tuple[State, Sequence[Effect]]:
    """Do nothing: looking up changes nothing."""
    return at.state, ()


def words(task: LookUpTask, state: State, read: Reading) -> Mapping[str, object]:
    """Return the words of the sentences."""
    return read.words


def side_track(state: State) -> State:
    """Return where late entries begin: anew."""
    return START


def claims(task: LookUpTask, read: Reading) -> bool:
    """Tell that nobody claims goods by looking something up."""
    return False
