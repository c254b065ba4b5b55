"""The interpreter: one for every job, over the job's table, its reading of entries and the effects it knows.

An entry is judged in five beats: take up what it answers, read what it says, find what that leads to, carry it out on
the task in memory, and put the sentence together. It does no I/O and answers every entry with exactly one decision.

What the outcomes mean, the same for every job:

- TOO_MANY: one piece more than is wanted, whether it is a second scan of the same unit or another unit; nothing is
  booked. DUPLICATE: something that is so already (the bin, tote, serial number or quantity said again, an entry undone
  twice), or a clientId used for something else.
- EXCEPTION: nothing is booked as asked. Where goods may have moved a person has a task (`task_id`); a key that does
  not belong to the step has none.
- A code read with doubt never books anything: what it would do is asked first (AMBIGUOUS), and CHOICE confirms it.
- An entry that arrives after later ones is judged on a side track of its own, so that where the worker now stands is
  not disturbed. Where it no longer fits and goods may have moved, it becomes an exception task (LATE_SCAN).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.floor import effects, entries, transitions
from pickmesh.core.floor.decisions import Decision, Occasion, Reading, Task
from pickmesh.core.floor.effects import Effect, RaiseTask
from pickmesh.core.floor.entries import BOOKING, Choice, Entry
from pickmesh.core.floor.heard import Code, Heard, UnitHit, in_short
from pickmesh.core.floor.state import Asked, State
from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.floor.transitions import Table, Transition
from pickmesh.core.kit.texts import Sentence, sentence
from pickmesh.core.picking.tables import TaskKind

YES = "yes"
_QUESTIONS = frozenset({Outcome.AMBIGUOUS, Outcome.NEEDS_LOT, Outcome.NEEDS_SERIAL})
_ANSWERS = frozenset({ScanKind.LOT, ScanKind.SERIAL, ScanKind.CHOICE})
_STALE = Transition(
    transitions.ANY_STEP,
    "ANSWER_STALE",
    Outcome.EXCEPTION,
    sentence("That question is not open any more: scan again."),
)
_LATE = sentence("This came too late to be booked; a lead has been asked to look. Put nothing back by yourself.")
_THAT = sentence("that")


class Codes(Protocol):
    """What the codes of a batch are known as."""

    def of(self, entry: Entry) -> Code | None:
        """Return what an entry's code is known as; None when the entry has none."""
        ...

    def units(self, serial: str) -> Sequence[UnitHit]:
        """Return the serial-tracked units with a serial number."""
        ...


@dataclass(frozen=True, slots=True)
class Rulebook(Generic[Task]):
    """A job: its table, how entries are read, how effects are carried out in memory, how sentences get their words.

    `next_line` is where a step called LINE leads; `start` is where a session begins.
    """

    table: Table
    start: State
    read: Callable[[Task, State, Heard], Reading]
    apply: Callable[[str, Occasion[Task]], tuple[State, Sequence[Effect]]]
    words: Callable[[Task, State, Reading], Mapping[str, object]]
    steady: Callable[[Task, State], State]
    next_line: Callable[[Task, State], State]
    side_track: Callable[[State], State]
    """Where a worker's entries that come too late are judged from."""

    claims: Callable[[Task, Reading], bool]
    """Whether a reading means that goods of this task are in the worker's hands."""


def heard(entry: Entry, state: State, codes: Codes) -> Heard | None:
    """Take up what an entry answers; None when it answers a question that is not open."""
    asked = state.asked
    if entry.kind not in _ANSWERS or (entry.kind is ScanKind.SERIAL and asked is None):
        return Heard(entry, codes.of(entry))
    if asked is None or entry.answers not in {None, asked.entry.client_id}:
        return None
    serial = entry.serial or (_text(codes.of(entry)) if entry.kind is ScanKind.SERIAL else None)
    known = Heard(
        entry=replace(asked.entry, client_id=entry.client_id),
        code=codes.of(asked.entry),
        units=codes.units(serial or asked.serial or ""),
        chosen=asked.chosen,
        lot=entry.lot if entry.kind is ScanKind.LOT else asked.lot,
        serial=serial or asked.serial,
        confirmed=asked.confirmed or (entry.choice == YES and YES in asked.choices),
    )
    picked = entry.choice if entry.kind is ScanKind.CHOICE and entry.choice in asked.choices else None
    return replace(known, chosen=UUID(picked)) if picked not in {None, YES} else known


def _text(code: Code | None) -> str | None:
    return code.scanned.text or None if code else None


def interpret(
    book: Rulebook[Any], task: Any, state: State, said: Heard | None, *, scan_id: UUID, late: bool = False
) -> Decision:
    """Judge one entry: the verdict, where the worker stands after it, and what it does. The task changes in memory."""
    if said is None:
        return Decision(_STALE.outcome, _STALE.sentence, state)
    reading = book.read(task, state, said)
    row = book.table.find(state.step, reading.said)
    if late and row.outcome not in BOOKING and row.outcome not in _QUESTIONS and book.claims(task, reading):
        return _too_late(state, reading)
    if said.entry.doubtful and not said.confirmed and row.outcome in BOOKING:
        return _doubt(book, task, state, said, reading)
    asked = _question(said, row, reading)
    at = Occasion(task, replace(state, asked=asked), said, reading, scan_id)
    after, done = book.apply(row.effect, at)
    after = _step(book, task, after, row)
    message = Sentence(row.sentence, _words(book, task, after, reading))
    again = any(isinstance(effect, effects.OpenParcel | effects.SwapLot) for effect in done) and reading.quantity > 0
    return Decision(row.outcome, message, after, done, reading.choices if asked else (), again)


def _step(book: Rulebook[Any], task: Any, state: State, row: Transition) -> State:
    if row.next == transitions.SAME:
        return state
    return book.next_line(task, state) if row.next == transitions.LINE else replace(state, step=row.next)


def _question(said: Heard, row: Transition, reading: Reading) -> Asked | None:
    if row.outcome not in _QUESTIONS:
        return None
    choices = tuple(choice.id for choice in reading.choices)
    return Asked(_plain(said.entry), choices, said.chosen, said.lot, said.serial, said.confirmed)


def _plain(entry: Entry) -> Entry:
    """Return the entry a question is about, as it is kept; its own client id names the question."""
    return entries.from_json(entries.as_json(replace(entry, answers=None)))


def _doubt(book: Rulebook[Any], task: Any, state: State, said: Heard, reading: Reading) -> Decision:
    text = in_short(_text(said.code) or "")
    what = str(_words(book, task, state, reading).get("scanned", text)) or _THAT
    asked = Asked(_plain(said.entry), (YES,), said.chosen, said.lot, said.serial)
    choices = [Choice(YES, what)]
    message = sentence("The code was read with doubt. Is it {what}? Confirm, or scan again.", what=what)
    return Decision(Outcome.AMBIGUOUS, message, replace(state, asked=asked), choices=choices)


def _too_late(state: State, reading: Reading) -> Decision:
    task = RaiseTask(TaskKind.LATE_SCAN, reading.sku_id, state.place_id, max(0, reading.quantity))
    return Decision(Outcome.EXCEPTION, _LATE, replace(state, asked=None), [task])


def _words(book: Rulebook[Any], task: Any, state: State, reading: Reading) -> "_Words":
    """Return what fills a sentence; what was scanned may be of any length and is said in short."""
    words = _Words(book.words(task, state, reading))
    if "scanned" in words:
        words["scanned"] = in_short(str(words["scanned"]))
    return words


class _Words(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return ""
