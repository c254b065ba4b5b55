"""Templates of waves: what to plan again and again, by hand or on a schedule that a timer keeps."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks as account_locks
from pickmesh.core.db import rows
from pickmesh.core.journal import timers
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused, StaleVersion, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.picking import events, locks, queries, refusals, rules, schedules, waves
from pickmesh.core.picking.schedules import Schedule
from pickmesh.core.picking.tables import WaveKind, WaveStatus, WaveTemplate
from pickmesh.core.picking.wave_rules import EVERYTHING, Chosen
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import LocationKind

TIMER = "wave_template"
TEMPLATES_MAX = 200
NAME_LENGTH_MAX = 100
Row = sa.Row[*tuple[Any, ...]]
Versions = Mapping[UUID, int]
TEMPLATE = tuple(rows.table_of(WaveTemplate).c)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateToSave:
    """A template to make (without id) or to change; `version` is what the caller has read.

    Without a schedule it runs only by hand. With `releases` its waves go to the floor at once.
    """

    location_id: UUID
    name: str
    kind: WaveKind
    chosen: Chosen = EVERYTHING
    limit: int = waves.LIMIT
    cart_capacity: int = rules.CART_CAPACITY
    schedule: Schedule | None = None
    releases: bool = False
    is_active: bool = True
    id: UUID | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class TemplateRun:
    """The wave a template made; with `is_released_next` it goes to the floor as soon as this is committed."""

    template_id: UUID
    wave_id: UUID
    is_released_next: bool


async def save_templates(uow: UnitOfWork, *, templates: Sequence[TemplateToSave]) -> list[UUID | Refused]:
    """Make or change wave templates and set when they run next; return each one's id, or why not.

    Refuses NAME_TAKEN within a warehouse, NOT_FOUND for a template or warehouse that is not there, STALE_VERSION, and
    filters that mean one moment only. A template stays in its warehouse. Needs `floor:manage` there.
    """
    _require_few(templates)
    await account_locks.lock_merchant(uow)
    there = {row.id: row for row in await stock_queries.locations(uow) if row.kind == LocationKind.WAREHOUSE}
    saving = _Saving({row.id: row for row in await templates_of(uow)}, there)
    answers: list[UUID | Refused] = []
    for index, each in enumerate(templates):
        try:
            answers.append(saving.save(uow, each))
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
    await uow.insert(WaveTemplate, list(saving.new.values()))
    await uow.update(WaveTemplate, [saving.changed[each] for each in sorted(saving.changed)], bump_version=True)
    await _set_timers(uow, {**saving.new, **saving.changed}, there)
    uow.emit(events.WaveTemplateSaved(each, row["name"], each in saving.new) for each, row in saving.written.items())
    return answers


class _Saving:
    """A batch of templates beside those that stand."""

    def __init__(self, known: Mapping[UUID, Row], there: Mapping[UUID, Any]) -> None:
        self.known = known
        self.there = there
        self.names = {(row.location_id, row.name): row.id for row in known.values()}
        self.new: dict[UUID, dict[str, Any]] = {}
        self.changed: dict[UUID, dict[str, Any]] = {}

    @property
    def written(self) -> dict[UUID, dict[str, Any]]:
        """Return every row to be written, by id."""
        return {**self.new, **self.changed}

    def save(self, uow: UnitOfWork, told: TemplateToSave) -> UUID:
        """Decide what one template comes to."""
        row = self._standing(uow, told)
        content = _content(told)
        if self.names.get((told.location_id, content["name"]), told.id) != told.id:
            raise refusals.TemplateNameTaken(field=("name",))
        if row is None:
            if len(self.known) + len(self.new) >= TEMPLATES_MAX:
                raise LimitExceeded(
                    sentence("There are {most} wave templates already; archive some.", most=TEMPLATES_MAX)
                )
            template_id = new_id()
            self.new[template_id] = {"id": template_id, **content, "created_at": uow.now}
        else:
            template_id = row.id
            self.names.pop((row.location_id, row.name), None)
            self.changed[template_id] = {"id": template_id, **content}
        self.names[told.location_id, content["name"]] = template_id
        return template_id

    def _standing(self, uow: UnitOfWork, told: TemplateToSave) -> Row | None:
        if told.location_id not in self.there:
            raise NotFound("No warehouse of yours has that id; look it up again.", field=("location_id",))
        uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=told.location_id)
        if told.id is None:
            return None
        row = self.known.get(told.id)
        if row is None or row.location_id != told.location_id:
            raise NotFound(field=("id",))
        if told.id in self.changed:
            raise InvalidInput(sentence("This template stands twice in the batch; send it once."), field=("id",))
        _refuse_stale(row, told.version)
        return row


def _refuse_stale(row: Row, version: int | None) -> None:
    if version is not None and version != row.version:
        raise StaleVersion(field=("ifVersion",), data={"id": row.id, "version": row.version})


def _content(told: TemplateToSave) -> dict[str, Any]:
    name = told.name.strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise InvalidInput(sentence("A name has 1 to {most} characters.", most=NAME_LENGTH_MAX), field=("name",))
    if told.chosen.leave_by is not None:
        message = sentence("A template runs on many days: say within how long orders leave, or with the next cut-off.")
        raise InvalidInput(message, field=("chosen", "leaveBy"))
    waves.require_limit(told.limit, None, told.chosen)
    waves.require_capacity(told.cart_capacity)
    return {
        "location_id": told.location_id,
        "name": name,
        "kind": told.kind,
        "chosen": {**_kept(told.chosen), "limit": told.limit, "cart_capacity": told.cart_capacity},
        "schedule": told.schedule.kept() if told.schedule else None,
        "releases": told.releases,
        "is_active": told.is_active,
    }


def _kept(chosen: Chosen) -> dict[str, Any]:
    """Return filters as JSON, without those that do not matter."""
    found = {name: value for name, value in asdict(chosen).items() if value not in (None, (), False)}
    if chosen.leave_within is not None:
        found["leave_within"] = int(chosen.leave_within.total_seconds()) // 60
    if chosen.shop_ids:
        found["shop_ids"] = [str(each) for each in chosen.shop_ids]
    if chosen.contents is not None:
        found["contents"] = [[str(sku_id), quantity] for sku_id, quantity in chosen.contents]
    return found


def chosen_of(kept: Mapping[str, Any]) -> Chosen:
    """Return the filters of a template from its JSON."""
    found = {name: value for name, value in kept.items() if name not in {"limit", "cart_capacity"}}
    for name in ("carriers", "tags"):
        found[name] = tuple(found.get(name, ()))
    found["shop_ids"] = tuple(UUID(each) for each in found.get("shop_ids", ()))
    if "leave_within" in found:
        found["leave_within"] = timedelta(minutes=found["leave_within"])
    if "contents" in found:
        found["contents"] = tuple((UUID(sku_id), quantity) for sku_id, quantity in found["contents"])
    return Chosen(**found)


async def _set_timers(uow: UnitOfWork, written: Mapping[UUID, Mapping[str, Any]], there: Mapping[UUID, Any]) -> None:
    """Set when templates run next, and forget it of those that no longer run by themselves."""
    due = {
        each: schedules.next_run(schedules.read(row["schedule"]), uow.now, there[row["location_id"]].time_zone)
        for each, row in written.items()
        if row["schedule"] is not None and row["is_active"]
    }
    await uow.set_timers(TIMER, due)
    idle = [each for each in written if each not in due]
    if idle:
        await uow.clear_timers(TIMER, idle)


async def archive_templates(
    uow: UnitOfWork, *, ids: Sequence[UUID], versions: Versions | None = None
) -> list[UUID | Refused]:
    """Put wave templates away for good; waves they made stay. Refuses NOT_FOUND and STALE_VERSION item by item."""
    _require_few(ids)
    locked = await locks.lock_templates(uow, ids)
    answers: list[UUID | Refused] = []
    gone: list[UUID] = []
    for index, each in enumerate(ids):
        row = locked.get(each)
        refusal = _not_archivable(uow, row, (versions or {}).get(each))
        if refusal is None:
            gone.append(each)
        answers.append(Refused(index, refusal) if refusal else each)
    changed = [{"id": each, "is_active": False, "archived_at": uow.now} for each in sorted(set(gone))]
    await uow.update(WaveTemplate, changed, bump_version=True)
    if gone:
        await uow.clear_timers(TIMER, gone)
    uow.emit(events.WaveTemplateArchived(each, locked[each].name) for each in dict.fromkeys(gone))
    return answers


def _not_archivable(uow: UnitOfWork, row: Row | None, version: int | None) -> Refusal | None:
    if row is None or row.archived_at is not None:
        return NotFound()
    try:
        uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=row.location_id)
        _refuse_stale(row, version)
    except Refusal as refusal:
        return refusal
    return None


def _require_few(items: Collection[object]) -> None:
    if len(items) > TEMPLATES_MAX:
        message = sentence("At most {most} wave templates go in one call.", most=TEMPLATES_MAX)
        raise LimitExceeded(message)


async def run_template(uow: UnitOfWork, *, template_id: UUID) -> TemplateRun:
    """Make the wave of a template now, and let it be released next if it says so; its schedule stays as it is.

    Refuses NOTHING_TO_PLAN when no order fits, WRONG_STATE when it was archived. Needs `floor:manage`.
    """
    row = (await locks.lock_templates(uow, [template_id])).get(template_id)
    if row is None:
        raise NotFound("No wave template of yours has that id; look it up again.", field=("waveTemplateId",))
    if row.archived_at is not None:
        raise WrongState("This template was archived; make a new one.")
    return await _run(uow, row)


async def run_due(uow: UnitOfWork, *, template_id: UUID, due_at: datetime) -> TemplateRun | None:
    """Run a template whose moment has come and set the next one; None when no order fits or it runs no more.

    Heard twice it runs once: a run after that moment is on record.
    """
    row = (await locks.lock_templates(uow, [template_id])).get(template_id)
    if row is None or not _is_due(row, due_at):
        return None
    location = (await stock_queries.locations_by_id(uow, [row.location_id]))[row.location_id]
    upcoming = schedules.next_run(schedules.read(row.schedule), uow.now, location.time_zone)
    await uow.set_timers(TIMER, {row.id: upcoming})
    try:
        return await _run(uow, row)
    except refusals.NothingToPlan:
        await _note_run(uow, row)
        return None


def _is_due(row: Row, due_at: datetime) -> bool:
    ran = row.last_run_at is not None and row.last_run_at >= due_at
    return row.archived_at is None and row.is_active and row.schedule is not None and not ran


async def _run(uow: UnitOfWork, row: Row) -> TemplateRun:
    planned = await waves.plan_wave(
        uow,
        location_id=row.location_id,
        kind=WaveKind(row.kind),
        limit=row.chosen["limit"],
        chosen=chosen_of(row.chosen),
        template_id=row.id,
    )
    await _note_run(uow, row)
    uow.emit([events.WaveTemplateRan(row.id, planned.wave_id, len(planned.fulfillment_order_ids))])
    if row.releases:  # by a unit of work of its own: this one holds the counter of waves, which comes after all locks
        uow.emit([events.WaveReleaseDue(planned.wave_id, row.chosen["cart_capacity"])])
    return TemplateRun(row.id, planned.wave_id, row.releases)


async def release_due(uow: UnitOfWork, *, wave_id: UUID, cart_capacity: int) -> None:
    """Release a wave its template wants released; one that was released or called off meanwhile is left alone."""
    wave = (await queries.waves(uow, [wave_id])).get(wave_id)
    if wave is not None and wave.status == WaveStatus.PLANNED:
        await waves.release_wave(uow, wave_id=wave_id, cart_capacity=cart_capacity)


async def _note_run(uow: UnitOfWork, row: Row) -> None:
    await uow.update(WaveTemplate, [{"id": row.id, "last_run_at": uow.now}])


async def templates_of(uow: UnitOfWork, location_id: UUID | None = None) -> Sequence[Row]:
    """Return the templates in use, of one warehouse or of those the caller works in, by name."""
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    found = sa.select(*TEMPLATE).where(uow.mine(WaveTemplate), WaveTemplate.archived_at.is_(None))
    if location_id is not None:
        found = found.where(WaveTemplate.location_id == location_id)
    elif uow.actor.warehouse_ids is not None:
        found = found.where(uow.among(WaveTemplate.location_id, uow.actor.warehouse_ids))
    return await uow.fetch(found.order_by(WaveTemplate.name, WaveTemplate.id))


async def templates(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return wave templates by id, archived ones too."""
    found = await uow.fetch(sa.select(*TEMPLATE).where(uow.mine(WaveTemplate), uow.among(WaveTemplate.id, ids)))
    return {row.id: row for row in found}


async def next_runs(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when templates run next, of those that run by themselves."""
    return await timers.due_of(uow, TIMER, ids)
