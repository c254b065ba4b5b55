"""Findings become alerts: raised once, changed when it is another matter, resolved when it is no longer so."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.alerts import events, locks, telling
from pickmesh.core.alerts.rules import Finding
from pickmesh.core.alerts.tables import Alert, AlertKind, AlertState
from pickmesh.core.alerts.telling import Told, told_of
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id

SNOOZE_TIMER = "alert_snooze"
Find = Callable[[UnitOfWork, Collection[UUID]], Awaitable[Sequence[Finding]]]
"""How a kind of alert looks at its subjects as they stand now."""


@dataclass(slots=True)
class _Settled:
    """What findings come to."""

    raised: list[Told] = field(default_factory=list)
    changed: list[Told] = field(default_factory=list)
    resolved: list[tuple[Told, str]] = field(default_factory=list)


async def settle(uow: UnitOfWork, kind: AlertKind, findings: Sequence[Finding]) -> None:
    """Bring a kind's alerts to what was found, in a fixed number of statements; the same findings again do nothing."""
    if not findings:
        return
    known = await locks.lock_unresolved(uow, kind, {finding.subject_id for finding in findings})
    new = [each for each in findings if each.is_wrong and each.may_raise and each.subject_id not in known]
    done = await _done(uow, kind, new)
    settled = _Settled(raised=[_raised(kind, finding) for finding in new if finding.subject_id not in done])
    for finding in findings:
        row = known.get(finding.subject_id)
        if row is not None and not finding.is_wrong:
            settled.resolved.append((told_of(row, state=AlertState.RESOLVED), finding.text))
        elif row is not None and finding.revision > row.detail["revision"]:
            settled.changed.append(told_of(row, severity=finding.severity, detail=finding.kept()))
    await _write(uow, settled)
    await resolve(uow, settled.resolved, by_hand=False)


async def recheck(uow: UnitOfWork, kind: AlertKind, subject_ids: Collection[UUID], find: Find) -> None:
    """Look at subjects again that have an unresolved alert; nothing is raised."""
    known = await locks.lock_unresolved(uow, kind, subject_ids)
    if known:
        await settle(uow, kind, await find(uow, list(known)))


async def resolve(uow: UnitOfWork, outcomes: Sequence[tuple[Told, str]], *, by_hand: bool) -> None:
    """End locked alerts, each with a sentence that says how."""
    if not outcomes:
        return
    ended = [alert for alert, _ in outcomes]
    await uow.update(
        Alert,
        [
            {
                "id": alert.id,
                "state": AlertState.RESOLVED,
                "changed_at": uow.now,
                "resolved_at": uow.now,
                "snoozed_until": None,
            }
            for alert in ended
        ],
        bump_version=True,
    )
    await uow.clear_timers(SNOOZE_TIMER, [alert.id for alert in ended])
    uow.emit(
        events.AlertResolved(alert.id, alert.kind, alert.subject_id, alert.location_id, by_hand, alert.version)
        for alert in ended
    )
    await telling.tell_outcomes(uow, outcomes)


async def wake(uow: UnitOfWork, alert_ids: Collection[UUID]) -> None:
    """Let alerts that were put off until now be open again, and tell of them again."""
    locked = await locks.lock_alerts(uow, alert_ids)
    due = [
        told_of(row, state=AlertState.OPEN, snoozed_until=None)
        for row in locked.values()
        if row.state == AlertState.SNOOZED and row.snoozed_until <= uow.now
    ]
    if not due:
        return
    await uow.update(
        Alert,
        [{"id": alert.id, "state": AlertState.OPEN, "changed_at": uow.now, "snoozed_until": None} for alert in due],
        bump_version=True,
    )
    uow.emit(_as_event(alert, again=True) for alert in due)
    await telling.tell(uow, due)


def _raised(kind: AlertKind, finding: Finding) -> Told:
    return Told(
        new_id(),
        kind,
        AlertState.OPEN,
        finding.severity,
        finding.subject_id,
        finding.location_id,
        finding.kept(),
        version=1,
    )


async def _done(uow: UnitOfWork, kind: AlertKind, new: Sequence[Finding]) -> frozenset[UUID]:
    """Return subjects of which an alert that is over was raised after the finding: somebody has dealt with it.

    Only alerts raised since the oldest finding are looked through, which are few: it was heard of just now.
    """
    since = {finding.subject_id: finding.since for finding in new if finding.since is not None}
    if not since:
        return frozenset()
    found = await uow.fetch(
        sa.select(Alert.subject_id, Alert.raised_at).where(
            uow.mine(Alert),
            Alert.state == AlertState.RESOLVED,
            Alert.raised_at >= min(since.values()),
            Alert.kind == kind,
            uow.among(Alert.subject_id, sorted(since)),
        )
    )
    return frozenset(row.subject_id for row in found if row.raised_at >= since[row.subject_id])


async def _write(uow: UnitOfWork, settled: _Settled) -> None:
    await uow.insert(Alert, [_row(alert, uow.now) for alert in settled.raised])
    await uow.update(
        Alert,
        [
            {"id": alert.id, "severity": alert.severity, "detail": alert.detail, "changed_at": uow.now}
            for alert in settled.changed
        ],
        bump_version=True,
    )
    uow.emit(_as_event(alert, again=False) for alert in settled.raised)
    uow.emit(
        events.AlertChanged(alert.id, alert.kind, alert.severity, alert.subject_id, alert.location_id, alert.version)
        for alert in settled.changed
    )
    heard = [*settled.raised, *(alert for alert in settled.changed if alert.state == AlertState.OPEN)]
    if heard:
        await telling.tell(uow, heard)


def _row(alert: Told, now: datetime) -> Mapping[str, object]:
    return {
        "id": alert.id,
        "kind": alert.kind,
        "severity": alert.severity,
        "state": alert.state,
        "subject_id": alert.subject_id,
        "location_id": alert.location_id,
        "detail": alert.detail,
        "raised_at": now,
        "changed_at": now,
    }


def _as_event(alert: Told, *, again: bool) -> events.AlertRaised:
    return events.AlertRaised(
        alert.id, alert.kind, alert.severity, alert.subject_id, alert.location_id, again, alert.version
    )
