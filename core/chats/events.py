"""What can happen in chats; accounts and chats of messengers stand in no event."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class ChatInvited(Event):
    """A chat may be linked to a person, once; the subject is the person."""

    kind: ClassVar[str] = "chat_invited"


@dataclass(frozen=True, slots=True)
class ChatLinked(Event):
    """A messenger account speaks for a person; the subject is the link."""

    kind: ClassVar[str] = "chat_linked"
    person_id: UUID
    messenger: str


@dataclass(frozen=True, slots=True)
class ChatUnlinked(Event):
    """A messenger account speaks for a person no longer; the subject is the link."""

    kind: ClassVar[str] = "chat_unlinked"
    person_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ChatMoved(Event):
    """A chat has another address at its messenger; the subject is the link."""

    kind: ClassVar[str] = "chat_moved"
