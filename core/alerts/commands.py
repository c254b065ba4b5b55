"""What people do about alerts: say what is low, put an alert off, settle it by hand."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pickmesh.core.accounts import locks as account_locks
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.alerts import events, locks, raising, rules, telling
from pickmesh.core.alerts.locks import Row
from pickmesh.core.alerts.refusals import AlertOver
from pickmesh.core.alerts.tables import Alert, AlertKind, AlertState, ReorderPoint
from pickmesh.core.alerts.telling import told_of
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused, StaleVersion
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import queries as stock

BATCH_MAX = 1_000
Versions = Mapping[UUID, int]
"""The version the caller has read, by id; an id that is not named is not checked."""


@dataclass(frozen=True, slots=True)
class NewReorderPoint:
    """From how few available pieces on a SKU is low at a location, and how many are enough again (one more than low).

    `version` is the one the caller has read, None for whatever stands.
    """

    location_id: UUID
    sku_id: UUID
    low_at: int
    enough_at: int | None = None
    version: int | None = None

    @property
    def enough(self) -> int:
        """Return how many are enough."""
        return self.low_at + 1 if self.enough_at is None else self.enough_at


async def save_reorder_points(uow: UnitOfWork, *, points: Sequence[NewReorderPoint]) -> list[UUID | Refused]:
    """Say what is low, for a SKU at a location each; return each one's id, or why not. Needs catalog:write there.

    What is low by these figures already is raised when the worker hears of it. Saving the same again changes nothing.
    Refuses an unknown SKU or location, figures that contradict each other, and a version that is not the present one.
    """
    _require_batch(len(points))
    await account_locks.lock_merchant(uow)
    known = await locks.lock_points_at(uow, {(point.sku_id, point.location_id) for point in points})
    skus = await catalog.skus(uow, {point.sku_id for point in points})
    locations = await stock.locations_by_id(uow, {point.location_id for point in points})
    answers: list[UUID | Refused] = []
    new: dict[UUID, NewReorderPoint] = {}
    changed: dict[UUID, NewReorderPoint] = {}
    told: set[tuple[UUID, UUID]] = set()
    for index, point in enumerate(points):
        place = (point.sku_id, point.location_id)
        row = known.get(place)
        refusal = _refusal_of_point(uow, point, row, skus, locations) or _refusal_of_twin(place in told)
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        told.add(place)
        point_id = new_id() if row is None else row.id
        answers.append(point_id)
        if row is None:
            new[point_id] = point
        elif (row.low_at, row.enough_at) != (point.low_at, point.enough):
            changed[point_id] = point
    await _write_points(uow, new, changed, {row.id: row.version + 1 for row in known.values()})
    return answers


async def remove_reorder_points(uow: UnitOfWork, *, point_ids: Collection[UUID]) -> list[UUID]:
    """Watch SKUs no longer; return the reorder points that were there. Their alerts end. Needs catalog:write there."""
    _require_batch(len(point_ids))
    locked = await locks.lock_points(uow, point_ids)
    for location_id in {row.location_id for row in locked.values()}:
        uow.actor.require(Permission.CATALOG_WRITE, warehouse_id=location_id)
    alerts = await locks.lock_unresolved(uow, AlertKind.LOW_STOCK, locked)
    ended = [told_of(row, state=AlertState.RESOLVED) for row in alerts.values()]
    outcomes = [(alert, sentence("No longer watched: {what}", what=alert.text)) for alert in ended]
    await raising.resolve(uow, outcomes, by_hand=True)
    await locks.delete_points(uow, locked)
    uow.emit(events.ReorderPointRemoved(row.id, row.location_id, row.sku_id) for row in locked.values())
    return list(locked)


async def snooze(
    uow: UnitOfWork, alert_ids: Sequence[UUID], *, until: datetime, versions: Versions | None = None
) -> list[UUID | Refused]:
    """Put alerts off until a time within thirty days; return each one's id, or why not. Then they come back by itself.

    Needs what makes one hear of them. Refuses ALERT_OVER for one that is settled; putting off anew replaces the time.
    """
    rules.require_snooze(until, uow.now)
    locked, refused = await _lock(uow, alert_ids, versions)
    put_off = [
        told_of(row, state=AlertState.SNOOZED, snoozed_until=until)
        for row in locked.values()
        if (row.state, row.snoozed_until) != (AlertState.SNOOZED, until)
    ]
    snoozed = {"state": AlertState.SNOOZED, "changed_at": uow.now, "snoozed_until": until}
    await uow.update(Alert, [{"id": alert.id, **snoozed} for alert in put_off], bump_version=True)
    await uow.set_timers(raising.SNOOZE_TIMER, {alert.id: until for alert in put_off})
    uow.emit(
        events.AlertSnoozed(alert.id, alert.kind, alert.subject_id, alert.location_id, until, alert.version)
        for alert in put_off
    )
    who = await _who(uow)
    outcomes = [
        (alert, sentence("Put off by {person}: {what}", person=who, what=alert.text))
        if who
        else (alert, sentence("Put off for now: {what}", what=alert.text))
        for alert in put_off
    ]
    if outcomes:
        await telling.tell_outcomes(uow, outcomes)
    return _answers(alert_ids, refused)


async def resolve(
    uow: UnitOfWork, alert_ids: Sequence[UUID], *, versions: Versions | None = None
) -> list[UUID | Refused]:
    """Settle alerts by hand; return each one's id, or why not. What is still so is not raised again until it ended.

    Needs what makes one hear of them. Refuses ALERT_OVER for one that is settled already.
    """
    locked, refused = await _lock(uow, alert_ids, versions)
    who = await _who(uow)
    outcomes = []
    for alert in (told_of(row, state=AlertState.RESOLVED) for row in locked.values()):
        settled = sentence("Settled: {what}", what=alert.text)
        by = sentence("Settled by {person}: {what}", person=who, what=alert.text) if who else settled
        outcomes.append((alert, by))
    await raising.resolve(uow, outcomes, by_hand=True)
    return _answers(alert_ids, refused)


async def _lock(
    uow: UnitOfWork, alert_ids: Sequence[UUID], versions: Versions | None
) -> tuple[dict[UUID, Row], dict[int, Refusal]]:
    """Lock the alerts something may be done about; return the others' refusals by their index."""
    _require_batch(len(alert_ids))
    locked = await locks.lock_alerts(uow, set(alert_ids))
    of_id = {alert_id: _refusal_of_alert(uow, locked.get(alert_id), versions) for alert_id in alert_ids}
    refused = {index: refusal for index, each in enumerate(alert_ids) if (refusal := of_id[each]) is not None}
    return {alert_id: row for alert_id, row in locked.items() if of_id[alert_id] is None}, refused


def _refusal_of_alert(uow: UnitOfWork, row: Row | None, versions: Versions | None) -> Refusal | None:
    if row is None or not uow.actor.may(rules.SEEN_WITH[AlertKind(row.kind)], warehouse_id=row.location_id):
        return NotFound()
    try:
        uow.actor.require(rules.TOLD_WITH[AlertKind(row.kind)], warehouse_id=row.location_id)
    except Refusal as refusal:
        return refusal
    if row.state == AlertState.RESOLVED:
        return AlertOver(data={"id": row.id})
    if row.version != (versions or {}).get(row.id, row.version):
        return StaleVersion(field=("ifVersion",), data={"id": row.id, "version": row.version})
    return None


def _answers(alert_ids: Sequence[UUID], refused: Mapping[int, Refusal]) -> list[UUID | Refused]:
    return [Refused(index, refused[index]) if index in refused else each for index, each in enumerate(alert_ids)]


async def _who(uow: UnitOfWork) -> str:
    person = await accounts.viewer(uow)
    return person.name if person else ""


def _refusal_of_point(
    uow: UnitOfWork, point: NewReorderPoint, row: Row | None, skus: Collection[UUID], locations: Collection[UUID]
) -> Refusal | None:
    if point.sku_id not in skus:
        return NotFound(field=("skuId",))
    if point.location_id not in locations:
        return NotFound(field=("locationId",))
    try:
        uow.actor.require(Permission.CATALOG_WRITE, warehouse_id=point.location_id)
        rules.require_reorder_point(point.low_at, point.enough)
    except Refusal as refusal:
        return refusal
    if row is not None and point.version not in {None, row.version}:
        return StaleVersion(field=("ifVersion",), data={"id": row.id, "version": row.version})
    return None


def _refusal_of_twin(is_twin: bool) -> Refusal | None:
    if not is_twin:
        return None
    return InvalidInput("This SKU stands twice in the list for this location; say what is low once.", field=("skuId",))


async def _write_points(
    uow: UnitOfWork,
    new: Mapping[UUID, NewReorderPoint],
    changed: Mapping[UUID, NewReorderPoint],
    versions: Versions,
) -> None:
    """Write reorder points and tell of them; `versions` are those of the changed ones from now on."""
    figures = {
        id_: {"low_at": point.low_at, "enough_at": point.enough, "changed_at": uow.now}
        for id_, point in (*new.items(), *changed.items())
    }
    whose = {id_: {"id": id_, "sku_id": point.sku_id, "location_id": point.location_id} for id_, point in new.items()}
    await uow.insert(ReorderPoint, [whose[id_] | figures[id_] for id_ in new])
    await uow.update(ReorderPoint, [{"id": id_} | figures[id_] for id_ in changed], bump_version=True)
    uow.emit(_saved(id_, point, 1) for id_, point in new.items())
    uow.emit(_saved(id_, point, versions[id_]) for id_, point in changed.items())


def _saved(point_id: UUID, point: NewReorderPoint, version: int) -> events.ReorderPointSaved:
    return events.ReorderPointSaved(point_id, point.location_id, point.sku_id, point.low_at, point.enough, version)


def _require_batch(size: int) -> None:
    if size > BATCH_MAX:
        message = sentence("At most {most} go in one call; send {count} in smaller parts.", most=BATCH_MAX, count=size)
        raise LimitExceeded(message)
