"""What can happen on the floor itself; goods that move tell of themselves in picking, packing and stock."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class SessionOpened(Event):
    """A worker began to work on something, or on nothing in particular."""

    kind: ClassVar[str] = "scan_session_opened"
    worker_id: UUID
    job: str
    work_id: UUID | None
    location_id: UUID


@dataclass(frozen=True, slots=True)
class SessionClosed(Event):
    """A worker is done with a session."""

    kind: ClassVar[str] = "scan_session_closed"
    worker_id: UUID
    job: str
