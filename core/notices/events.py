"""What can happen to notices."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class NoticePosted(Event):
    """A person is told something, or something else about the same subject; `state` CLOSED is its outcome."""

    kind: ClassVar[str] = "notice_posted"
    person_id: UUID
    notice_kind: str
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class NoticeRead(Event):
    """A person has seen a notice."""

    kind: ClassVar[str] = "notice_read"
    person_id: UUID
    version: int
