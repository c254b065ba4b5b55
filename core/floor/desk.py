"""A session while a batch is played: its state and task in memory, and the turns that wait."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pickmesh.core.floor.effects import RaiseTask
from pickmesh.core.floor.entries import Entry, Verdict
from pickmesh.core.floor.heard import Heard
from pickmesh.core.floor.jobs import RULEBOOKS
from pickmesh.core.floor.rules import Rulebook
from pickmesh.core.floor.state import State
from pickmesh.core.floor.tables import Job, Outcome
from pickmesh.core.kit.actors import Actor


@dataclass(slots=True)
class Turn:
    """One entry of one person, on its way to its verdict; `position` is its place in its batch."""

    batch: int
    position: int
    entry: Entry
    actor: Actor
    scan_id: UUID
    said: Heard | None = None
    verdict: Verdict | None = None
    raised: RaiseTask | None = None
    packed: dict[str, Any] | None = None
    undid: UUID | None = None


@dataclass(slots=True)
class Desk:
    """A session as it is played; `stale` when what is in memory is no longer what is written."""

    id: UUID
    worker_id: UUID
    job: Job
    subject_id: UUID | None
    location_id: UUID
    station_id: UUID | None
    state: State
    last_sequence: int
    version: int
    is_new: bool = False
    queue: deque[Turn] = field(default_factory=deque)
    done: list[Turn] = field(default_factory=list)
    outcomes: dict[UUID, Outcome] = field(default_factory=dict)
    task: Any = None
    stale: bool = True
    was_dark: bool = False  # its phone kept what is played now without network

    @property
    def book(self) -> Rulebook[Any]:
        """The rules of this session's job."""
        return RULEBOOKS[self.job]

    @property
    def work_id(self) -> UUID | None:
        """What is worked on: the list, the order that is packed, or the wave that is sorted."""
        return self.state.subject_id if self.job in {Job.PACK, Job.SORT, Job.HANDOVER} else self.subject_id
