"""What a notice is made of, and what becomes of its deliveries; no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pickmesh.core.kit import texts
from pickmesh.core.notices.tables import DeliveryState, NoticeKind, NoticeState

ATTEMPTS_MAX = 8
"""So often a delivery is tried; then it has failed until the notice changes."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something the reader can do about it: an operation on an object as it stood; a front makes a button of it.

    `type_name` is the object's type as clients know it, so that a front can form its id.
    """

    operation: str
    type_name: str
    subject_id: UUID
    version: int | None = None
    arguments: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class NewNotice:
    """What one person is told about a subject; `text` is a Sentence, so that each reader gets their language."""

    person_id: UUID
    kind: NoticeKind
    subject_id: UUID
    text: str
    state: NoticeState = NoticeState.TOLD
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Closing:
    """What becomes of the notices of a subject, for everybody who was told."""

    kind: NoticeKind
    subject_id: UUID
    text: str


def content(text: str, actions: tuple[Action, ...] = ()) -> dict[str, Any]:
    """Return a notice's text and actions as they are kept."""
    return {"text": texts.to_json(text), "actions": [_as_json(action) for action in actions]}


def text_in(kept: Mapping[str, Any]) -> str:
    """Return the sentence a notice was told with."""
    return str(kept["text"]) if isinstance(kept["text"], str) else texts.from_json(kept["text"])


def actions_in(kept: Mapping[str, Any]) -> tuple[Action, ...]:
    """Return what a notice's reader can do."""
    return tuple(
        Action(
            each["operation"],
            each["type"],
            UUID(each["subject"]),
            each["version"],
            tuple(sorted(each["arguments"].items())),
        )
        for each in kept["actions"]
    )


def after_delivery(notice_version: int, delivered: int) -> DeliveryState:
    """Return how far a delivery is when a version got there: a newer one is still to come."""
    return DeliveryState.SENT if delivered >= notice_version else DeliveryState.WAITING


def after_failure(attempts: int, *, is_final: bool) -> DeliveryState:
    """Return how far a delivery is after so many failed attempts: tried again, or given up."""
    return DeliveryState.FAILED if is_final or attempts >= ATTEMPTS_MAX else DeliveryState.WAITING


def after_closing(delivered: int) -> DeliveryState:
    """Return how far a delivery is when its notice closes: an outcome of something never heard of is not sent."""
    return DeliveryState.WAITING if delivered else DeliveryState.SENT


def _as_json(action: Action) -> dict[str, Any]:
    return {
        "operation": action.operation,
        "type": action.type_name,
        "subject": str(action.subject_id),
        "version": action.version,
        "arguments": dict(action.arguments),
    }
