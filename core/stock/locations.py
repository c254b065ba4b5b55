"""Locations and their settings: priority, cut-off, what pickers scan, when waybills are drawn and parcels ship."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import (
    InvalidInput,
    LimitExceeded,
    NotFound,
    NotPermitted,
    Refusal,
    Refused,
    StaleVersion,
)
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import cut_offs, events, locks
from pickmesh.core.stock.places import NAME_LENGTH_MAX
from pickmesh.core.stock.tables import Location, LotSwap, ScanPolicy, ShipAt, StockLevel, WaybillAt, ZeroCheck

LOCATIONS_MAX = 500
PRIORITY_MAX = 1_000_000
TOLERANCE_G_MAX = 100_000
PICKERS_MAX = 200
SPEED_MAX = 100_000
"""Most mm per second, and most tenths of a second an act takes."""
NO_CUT_OFF = ""
"""What clears a cut-off."""


@dataclass(frozen=True, slots=True)
class LocationChange:
    """What is to be different at a location; None leaves a setting as it is, an empty `cut_off` clears it.

    The lower `priority` comes first; `cut_off` is HH:MM in the location's own zone; the tolerance is in grams. The
    speeds waves are estimated by: so many `pickers`, mm per second, and tenths of a second for the rest.
    """

    location_id: UUID
    name: str | None = None
    priority: int | None = None
    cut_off: str | None = None
    scan_policy: ScanPolicy | None = None
    lot_swap: LotSwap | None = None
    zero_check: ZeroCheck | None = None
    waybill_at: WaybillAt | None = None
    ship_at: ShipAt | None = None
    weight_tolerance_g: int | None = None
    pickers: int | None = None
    walk_mm_per_s: int | None = None
    list_ds: int | None = None
    stop_ds: int | None = None
    unit_ds: int | None = None
    sort_ds: int | None = None
    slot_ds: int | None = None
    pack_ds: int | None = None
    version: int | None = None


_SETTINGS = tuple(each.name for each in fields(LocationChange) if each.name not in {"location_id", "version"})


async def change_locations(uow: UnitOfWork, *, changes: Sequence[LocationChange]) -> list[UUID | Refused]:
    """Change settings of locations; return each one's id, or why not. Telling what stands already changes nothing.

    Work under way goes on by what it began with. Refuses an unknown location, a setting that makes no sense, and a
    version that is not the present one. Needs `stock:write` there.
    """
    uow.actor.require(Permission.STOCK_WRITE)
    if len(changes) > LOCATIONS_MAX:
        raise LimitExceeded(sentence("At most {most} locations go in one call.", most=LOCATIONS_MAX))
    locked = await locks.lock_locations_by_id(uow, {change.location_id for change in changes})
    answers: list[UUID | Refused] = []
    wanted: dict[UUID, dict[str, Any]] = {}
    for index, change in enumerate(changes):
        row = locked.get(change.location_id)
        try:
            different = _different(uow, change, row, wanted)
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
            continue
        answers.append(change.location_id)
        if different:
            wanted[change.location_id] = different
    await _write(uow, wanted, locked)
    return answers


def _different(
    uow: UnitOfWork, change: LocationChange, row: sa.Row[Any] | None, wanted: Collection[UUID]
) -> dict[str, Any]:
    """Return the settings that will be different, or refuse."""
    refused = refusal_of(uow, row, change.version)
    if refused is not None or row is None or row.archived_at is not None:
        raise refused or NotFound()
    if change.location_id in wanted:
        raise InvalidInput(sentence("This location stands twice in the batch; send it once."), field=("location_id",))
    told = {name: getattr(change, name) for name in _SETTINGS if getattr(change, name) is not None}
    for name, check in _CHECKS.items():
        if name in told:
            told[name] = check(told[name])
    return {name: value for name, value in told.items() if row._mapping[name] != value}


def refusal_of(uow: UnitOfWork, row: sa.Row[Any] | None, version: int | None) -> Refusal | None:
    """Return why this caller may not change a location: not theirs, or changed since they read it."""
    if row is None:
        return NotFound()
    if not uow.actor.may(Permission.STOCK_WRITE, warehouse_id=row.id):
        return NotPermitted(sentence("You do not work for this warehouse; ask its manager."))
    if version is not None and version != row.version:
        return StaleVersion(data={"id": str(row.id), "version": row.version})
    return None


def _name(told: str) -> str:
    name = told.strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX or "\x00" in name:
        raise InvalidInput(sentence("A name has 1 to {most} characters.", most=NAME_LENGTH_MAX), field=("name",))
    return name


def _cut_off(told: str) -> str | None:
    if told != NO_CUT_OFF and not cut_offs.is_cut_off(told):
        message = sentence("A cut-off is a time of day from 00:00 to 23:59, such as 17:00.")
        raise InvalidInput(message, field=("cut_off",))
    return told or None


def _number(name: str, most: int, least: int = 0) -> Callable[[int], int]:
    def check(told: int) -> int:
        if not least <= told <= most:
            message = sentence("Give a whole number from {least} to {most}.", least=least, most=most)
            raise InvalidInput(message, field=(name,))
        return told

    return check


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "cut_off": _cut_off,
    "priority": _number("priority", PRIORITY_MAX),
    "weight_tolerance_g": _number("weight_tolerance_g", TOLERANCE_G_MAX),
    "pickers": _number("pickers", PICKERS_MAX, 1),
    "walk_mm_per_s": _number("walk_mm_per_s", SPEED_MAX, 1),
    **{name: _number(name, SPEED_MAX) for name in ("list_ds", "stop_ds", "unit_ds", "sort_ds", "slot_ds", "pack_ds")},
}


async def _write(uow: UnitOfWork, wanted: Mapping[UUID, Mapping[str, Any]], before: Mapping[UUID, sa.Row[Any]]) -> None:
    same = {each: {name: before[each]._mapping[name] for name in _SETTINGS} for each in wanted}
    await uow.update(
        Location, [{"id": each, **same[each], **wanted[each]} for each in sorted(wanted)], bump_version=True
    )
    uow.emit(
        events.LocationChanged(each, sorted(different), before[each].version + 1) for each, different in wanted.items()
    )


async def stock_at(uow: UnitOfWork, location_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Return how many pieces locations have, have promised and await, for those that have any."""
    figures = (StockLevel.on_hand, StockLevel.reserved, StockLevel.incoming)
    sums = [sa.func.coalesce(sa.func.sum(column), 0).label(column.key) for column in figures]
    found = await uow.fetch(
        sa.select(StockLevel.location_id, *sums)
        .where(uow.mine(StockLevel), uow.among(StockLevel.location_id, location_ids))
        .group_by(StockLevel.location_id)
    )
    counted = {row.location_id: {column.key: int(row._mapping[column.key]) for column in figures} for row in found}
    return {each: pieces for each, pieces in counted.items() if any(pieces.values())}


async def set_archived(uow: UnitOfWork, rows: Sequence[sa.Row[Any]], *, archived: bool) -> None:
    """Put locked locations away, or bring them back. Part of a command that has seen that nothing depends on them."""
    at = uow.now if archived else None
    await uow.update(Location, [{"id": row.id, "archived_at": at} for row in rows], bump_version=True)
    what = "ARCHIVED" if archived else "RESTORED"
    uow.emit(events.LocationChanged(row.id, [what], row.version + 1) for row in rows)
