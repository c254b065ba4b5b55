"""What is wrong, how bad it is, who sees it and who is told; no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from pickmesh.core.alerts.tables import AlertKind, AlertState, Severity
from pickmesh.core.kit import texts
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.notices.tables import NoticeKind

PIECES_MAX = 1_000_000_000
SNOOZE_LONGEST = timedelta(days=30)

SEEN_WITH: Mapping[AlertKind, Permission] = {
    AlertKind.LOW_STOCK: Permission.STOCK_READ,
    AlertKind.SHORT_PICK: Permission.FLOOR_READ,
    AlertKind.INTERCEPTED: Permission.FLOOR_READ,
    AlertKind.DROPSHIP_WAITING: Permission.ORDERS_READ,
}
"""The permission that shows alerts of a kind."""

TOLD_WITH: Mapping[AlertKind, Permission] = {
    AlertKind.LOW_STOCK: Permission.CATALOG_WRITE,
    AlertKind.SHORT_PICK: Permission.FLOOR_MANAGE,
    AlertKind.INTERCEPTED: Permission.FLOOR_MANAGE,
    AlertKind.DROPSHIP_WAITING: Permission.FLOOR_MANAGE,
}
"""Who is told of a kind, and may put it off or settle it: purchasers (the catalog is theirs), managers, owners."""

NOTICE_OF: Mapping[AlertKind, NoticeKind] = {
    AlertKind.LOW_STOCK: NoticeKind.ALERT,
    AlertKind.SHORT_PICK: NoticeKind.SHORT_PICK,
    AlertKind.INTERCEPTED: NoticeKind.INTERCEPTION,
    AlertKind.DROPSHIP_WAITING: NoticeKind.DROPSHIP,
}
"""As which kind of notice people hear of it."""


class AlertAction(StrEnum):
    """What can be done about an alert."""

    SNOOZE = "SNOOZE"
    RESOLVE = "RESOLVE"


@dataclass(frozen=True, slots=True)
class Finding:
    """How things stand with a subject: wrong, or not (any more); `text` says it either way.

    An unresolved alert changes only when the revision has grown. `since` is when it was heard of: an alert about the
    subject that was raised later has dealt with it. Where nothing may be raised, only what is known changes.
    """

    subject_id: UUID
    is_wrong: bool
    text: str
    location_id: UUID | None = None
    severity: Severity = Severity.WARNING
    detail: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0
    since: datetime | None = None
    may_raise: bool = True

    def kept(self) -> dict[str, Any]:
        """Return what the alert keeps of it: ids and figures, the sentence and the revision."""
        return {**self.detail, "text": texts.to_json(self.text), "revision": self.revision}


def is_low_now(*, was_low: bool, available: int, low_at: int, enough_at: int) -> bool:
    """Tell whether stock is low: from `low_at` pieces on until there are `enough_at`, so that it does not flutter."""
    return available < enough_at if was_low else available <= low_at


def low_severity(available: int) -> Severity:
    """Return how bad low stock is."""
    return Severity.CRITICAL if available <= 0 else Severity.WARNING


def text_in(detail: Mapping[str, Any]) -> str:
    """Return the sentence an alert was raised with."""
    kept = detail["text"]
    return kept if isinstance(kept, str) else texts.from_json(kept)


def shown(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert's ids and figures without what only we need."""
    return {name: value for name, value in detail.items() if name not in {"text", "revision"}}


def supported_actions(state: str) -> list[AlertAction]:
    """Return what can be done about an alert as it stands."""
    return [] if state == AlertState.RESOLVED else [AlertAction.SNOOZE, AlertAction.RESOLVE]


def require_reorder_point(low_at: int, enough_at: int) -> None:
    """Refuse figures that can never be low, or that are low and enough at once."""
    if not 0 <= low_at < PIECES_MAX:
        message = sentence("Low is 0 to {most} pieces.", most=PIECES_MAX - 1)
        raise InvalidInput(message, field=("lowAt",))
    if not low_at < enough_at <= PIECES_MAX:
        message = sentence("Enough is more than low: {least} to {most} pieces.", least=low_at + 1, most=PIECES_MAX)
        raise InvalidInput(message, field=("enoughAt",))


def require_snooze(until: datetime, now: datetime) -> None:
    """Refuse to put off into the past or out of sight."""
    if not now < until <= now + SNOOZE_LONGEST:
        message = sentence("Put it off until a time within the next {days} days.", days=SNOOZE_LONGEST.days)
        raise InvalidInput(message, field=("until",))
