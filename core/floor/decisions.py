"""What the rules of a job say about an entry, and what the interpreter makes of it."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from pickmesh.core.floor.effects import Effect
from pickmesh.core.floor.entries import Choice
from pickmesh.core.floor.heard import Heard, PlaceHit, UnitHit
from pickmesh.core.floor.state import State
from pickmesh.core.floor.tables import Outcome

Task = TypeVar("Task")


class Reading(Struct, frozen=True):
    """What an entry says in a job, and about what; `words` fill the sentence."""

    said: str
    line_id: UUID | None = None
    sku_id: UUID | None = None
    quantity: int = 0
    place: PlaceHit | None = None
    unit: UnitHit | None = None
    subject_id: UUID | None = None  # an order, an allocation, an earlier scan
    parcel_id: UUID | None = None
    choices: Sequence[Choice] = ()
    words: Mapping[str, object] = {}


class Occasion(Struct, Generic[Task], frozen=True):
    """Everything an effect may look at: the task, where the worker stands, the entry, what it says, its scan's id."""

    task: Task
    state: State
    heard: Heard
    reading: Reading
    scan_id: UUID

    @property
    def place(self) -> PlaceHit:
        """The place that was scanned; a table gives effects that need one only to readings that have one."""
        assert self.reading.place is not None
        return self.reading.place

    @property
    def line_id(self) -> UUID:
        """The line it is about, likewise."""
        assert self.reading.line_id is not None
        return self.reading.line_id

    @property
    def subject_id(self) -> UUID:
        """The order, allocation or scan it is about, likewise."""
        assert self.reading.subject_id is not None
        return self.reading.subject_id

    @property
    def order_id(self) -> UUID:
        """The order that is packed, likewise."""
        assert self.state.subject_id is not None
        return self.state.subject_id

    @property
    def parcel_id(self) -> UUID:
        """The parcel that is open, likewise."""
        assert self.state.parcel_id is not None
        return self.state.parcel_id

    @property
    def tote_id(self) -> UUID:
        """The tote that is being filled, likewise."""
        assert self.state.tote_id is not None
        return self.state.tote_id


class Decision(Struct, frozen=True):
    """The verdict on one entry, where the worker stands after it, and what it does.

    `again` asks for the same entry to be judged once more when the effects are done: a unit that opened its parcel,
    a piece of another lot that was swapped in.
    """

    outcome: Outcome
    message: str
    state: State
    effects: Sequence[Effect] = ()
    choices: Sequence[Choice] = ()
    again: bool = False
