"""Who hears of alerts, and how: a notice per person, which changes with the alert and ends as its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.alerts import rules
from pickmesh.core.alerts.tables import AlertKind, AlertState
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.notices import commands as notices
from pickmesh.core.notices.rules import Action, Closing, NewNotice
from pickmesh.core.notices.tables import NoticeState


@dataclass(frozen=True, slots=True)
class Told:
    """An alert as it stands now."""

    id: UUID
    kind: AlertKind
    state: AlertState
    severity: str
    subject_id: UUID
    location_id: UUID | None
    detail: dict[str, Any]
    version: int
    snoozed_until: datetime | None = None

    @property
    def text(self) -> str:
        """Return what is wrong."""
        return rules.text_in(self.detail)


def told_of(row: Any, **changes: Any) -> Told:
    """Return an alert from its row, one version on, with what changed."""
    names = ("id", "state", "severity", "subject_id", "location_id", "detail", "snoozed_until")
    return Told(
        **{name: getattr(row, name) for name in names}
        | {"kind": AlertKind(row.kind), "version": row.version + 1}
        | changes
    )


def about(alert: Told) -> UUID:
    """Return the subject of an alert's notices: the dropship, whose message goes on after it is answered, or itself."""
    return alert.subject_id if alert.kind == AlertKind.DROPSHIP_WAITING else alert.id


async def tell(uow: UnitOfWork, alerts: Sequence[Told]) -> None:
    """Tell everybody whom alerts concern, where they are, that something is wrong and what they can do about it."""
    people = {
        kind: await accounts.holders(uow, rules.TOLD_WITH[kind]) for kind in sorted({alert.kind for alert in alerts})
    }
    await notices.post(
        uow,
        [
            NewNotice(
                person.id,
                rules.NOTICE_OF[alert.kind],
                about(alert),
                alert.text,
                NoticeState.OPEN,
                _actions(alert),
            )
            for alert in alerts
            for person in people[alert.kind]
            if accounts.is_there(person, alert.location_id)
        ],
    )


async def tell_outcomes(uow: UnitOfWork, outcomes: Sequence[tuple[Told, str]]) -> None:
    """Let the notices of alerts become what came of them, for everybody who was told."""
    await notices.close(uow, [Closing(rules.NOTICE_OF[alert.kind], about(alert), text) for alert, text in outcomes])


def _actions(alert: Told) -> tuple[Action, ...]:
    own = tuple(Action(operation, "Alert", alert.id, alert.version) for operation in ("alertSnooze", "alertResolve"))
    if alert.kind != AlertKind.DROPSHIP_WAITING:
        return own
    answers = ("dropshipAccept", "dropshipReject")
    version = alert.detail["version"]
    return tuple(Action(operation, "Dropship", alert.subject_id, version) for operation in answers) + own
