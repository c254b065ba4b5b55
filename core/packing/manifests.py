"""Handovers 交接: a manifest per carrier and warehouse, parcels scanned onto it, closed with the driver's own count."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID, new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refused, StaleVersion, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.packing import (
    bench,
    carrier_rules,
    events,
    locks,
    manifest_queries,
    manifest_rules,
    refusals,
    shipping,
)
from pickmesh.core.packing.manifest_rules import Fault, ManifestNow, ParcelThere
from pickmesh.core.packing.tables import Manifest, ManifestState, Parcel, ParcelState
from pickmesh.core.stock import queries as stock_queries
from pickmesh.scanner.codes.own import OwnKind, number_text

NOTE_LENGTH_MAX = 500
COUNT_MAX = 100_000
_OPEN = ManifestState.OPEN
Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class OpenedManifest:
    """A manifest that stands open; `created` is False when it did before."""

    manifest_id: UUID
    number: str
    created: bool


@dataclass(frozen=True, slots=True)
class ManifestScan:
    """A parcel that `worker_id` (None: the unit of work's person) saw going to the driver.

    Without a manifest it goes on the open one of its carrier at the location, which is opened when there is none.
    """

    manifest_id: UUID | None
    parcel_id: UUID
    location_id: UUID | None = None
    worker_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OnManifest:
    """A parcel that is on a manifest (or off it again); `already` tells that it was before."""

    index: int
    parcel_id: UUID
    manifest_id: UUID
    already: bool = False


@dataclass(frozen=True, slots=True)
class ClosedManifest:
    """What was handed over and what was not.

    `missing` wait for the carrier here and were not scanned; `left_behind` were scanned and may not go any more.
    """

    manifest_id: UUID
    handed_over: Sequence[UUID]
    missing: Sequence[UUID]
    left_behind: Sequence[UUID]
    told_count: int

    @property
    def difference(self) -> int:
        """What the driver counted more than we scanned."""
        return self.told_count - len(self.handed_over)


async def open_manifest(uow: UnitOfWork, *, location_id: UUID, carrier: str, note: str = "") -> OpenedManifest:
    """Open a manifest for a carrier at a warehouse, or return the one that is open there.

    Refuses NOT_FOUND, UNKNOWN_CARRIER, INVALID_INPUT.
    """
    uow.actor.require(Permission.FLOOR_WORK, warehouse_id=location_id)
    if len(note) > NOTE_LENGTH_MAX:
        raise InvalidInput(sentence("A note has at most {most} characters.", most=NOTE_LENGTH_MAX), field=("note",))
    if location_id not in await stock_queries.locations_by_id(uow, [location_id]):
        raise NotFound("Name the warehouse or the station to work at.", field=("locationId",))
    before = (await manifest_queries.open_manifests(uow, [location_id])).get((location_id, carrier))
    if before is not None:
        return OpenedManifest(before.id, number_text(OwnKind.MANIFEST, before.number), created=False)
    await carrier_rules.require_carrier(uow, carrier)
    made = await _open(uow, {(location_id, carrier): uow.actor.person_id}, note)
    (manifest,) = made.values()
    return OpenedManifest(manifest.id, manifest.number, created=True)


async def _open(
    uow: UnitOfWork, wanted: Mapping[tuple[UUID, str], UUID | None], note: str = ""
) -> dict[tuple[UUID, str], ManifestNow]:
    """Open a manifest for each location and carrier, by whom it says; return them."""
    if not wanted:
        return {}
    numbers = await uow.next_numbers("manifest", len(wanted))
    made = {
        key: ManifestNow(new_id(), number_text(OwnKind.MANIFEST, number), *key, ManifestState.OPEN)
        for key, number in zip(wanted, numbers, strict=True)
    }
    new = [
        {
            "id": made[key].id,
            "number": number,
            "location_id": key[0],
            "carrier": key[1],
            "state": ManifestState.OPEN,
            "note": note.strip(),
            "opened_by": wanted[key],
            "opened_at": uow.now,
        }
        for key, number in zip(wanted, numbers, strict=True)
    ]
    await uow.insert(Manifest, new)
    uow.emit(events.ManifestOpened(each.id, each.location_id, each.carrier) for each in made.values())
    return made


async def put_on_manifests(uow: UnitOfWork, *, scans: Sequence[ManifestScan]) -> list[OnManifest | Refused]:
    """Put parcels on open manifests, in a fixed number of statements; what is on one already answers so again.

    Refuses item by item: NOT_FOUND, WRONG_STATE (manifest closed, parcel gone, voided or elsewhere), INTERCEPTED,
    WRONG_CARRIER, ON_OTHER_MANIFEST, NO_WAYBILL and NOT_READY with what it lacks.
    """
    if not scans:
        return []
    named = {each.manifest_id for each in scans if each.manifest_id is not None}
    docks = {each.location_id for each in scans if each.manifest_id is None and each.location_id is not None}
    standing = await manifest_queries.open_manifests(uow, docks) if docks else {}
    manifests, parcels = await _locked(
        uow, named | {row.id for row in standing.values()}, {each.parcel_id for each in scans}
    )
    chosen = await _manifests_of(uow, scans, manifests, parcels)
    answers: list[OnManifest | Refused] = []
    going: dict[UUID, ManifestNow] = {}
    for index, (scan, manifest) in enumerate(zip(scans, chosen, strict=True)):
        parcel = parcels.get(scan.parcel_id)
        if manifest is None:
            answers.append(Refused(index, NotFound("No manifest of yours has that id; open one for the carrier.")))
            continue
        found = manifest_rules.fault(parcel, manifest)
        if found is Fault.TWICE:
            answers.append(OnManifest(index, scan.parcel_id, manifest.id, already=True))
        elif found is not None or parcel is None:
            answers.append(Refused(index, manifest_rules.refusal(found or Fault.UNKNOWN, parcel, manifest)))
        else:
            answers.append(OnManifest(index, parcel.id, manifest.id))
            parcel.manifest_id = manifest.id
            going[parcel.id] = manifest
    changed = [{"id": each, "manifest_id": going[each].id} for each in sorted(going)]
    await uow.update(Parcel, changed, bump_version=True)
    await _touch(uow, {manifest.id for manifest in going.values()})
    uow.emit(
        events.ParcelOnManifest(each, parcels[each].fulfillment_order_id, manifest.id)
        for each, manifest in going.items()
    )
    return answers


async def _manifests_of(
    uow: UnitOfWork,
    scans: Sequence[ManifestScan],
    manifests: Mapping[UUID, ManifestNow],
    parcels: Mapping[UUID, ParcelThere],
) -> list[ManifestNow | None]:
    """Return the manifest of each scan; those that are not there yet are opened for parcels that may go on them."""
    standing = {(each.location_id, each.carrier): each for each in manifests.values() if each.state == _OPEN}
    missing: dict[tuple[UUID, str], UUID | None] = {}
    nowhere: dict[int, ManifestNow] = {}
    keys: list[tuple[UUID, str] | None] = []
    for index, scan in enumerate(scans):
        parcel = parcels.get(scan.parcel_id)
        key = (scan.location_id, (parcel.carrier if parcel else None) or "") if scan.location_id else None
        keys.append(key)
        if scan.manifest_id is None and key is not None and key not in standing:
            beginning = ManifestNow(NIL_ID, "", key[0], key[1], ManifestState.OPEN)
            if manifest_rules.fault(parcel, beginning) is None:
                missing.setdefault(key, scan.worker_id or uow.actor.person_id)
            else:
                nowhere[index] = beginning  # nothing goes on it: the fault is what is answered
    opened = standing | await _open(uow, missing)
    return [
        manifests.get(scan.manifest_id)
        if scan.manifest_id is not None
        else nowhere.get(index) or (opened.get(key) if key is not None else None)
        for index, (scan, key) in enumerate(zip(scans, keys, strict=True))
    ]


async def take_off_manifests(uow: UnitOfWork, *, scans: Sequence[ManifestScan]) -> list[OnManifest | Refused]:
    """Take parcels off open manifests again; what is on none answers so. Refuses NOT_FOUND and WRONG_STATE (closed)."""
    if not scans:
        return []
    manifests, parcels = await _locked(
        uow, {each.manifest_id for each in scans if each.manifest_id is not None}, {each.parcel_id for each in scans}
    )
    answers: list[OnManifest | Refused] = []
    for index, scan in enumerate(scans):
        manifest = manifests.get(scan.manifest_id) if scan.manifest_id is not None else None
        parcel = parcels.get(scan.parcel_id)
        if manifest is None or parcel is None:
            answers.append(Refused(index, NotFound("No parcel of yours has that id; scan its label again.")))
        elif manifest.state != ManifestState.OPEN:
            answers.append(Refused(index, manifest_rules.refusal(Fault.CLOSED, parcel, manifest)))
        else:
            answers.append(OnManifest(index, parcel.id, manifest.id, already=parcel.manifest_id != manifest.id))
    off = sorted({each.parcel_id for each in answers if isinstance(each, OnManifest) and not each.already})
    touched = {parcels[each].manifest_id for each in off}
    await uow.update(Parcel, [{"id": each, "manifest_id": None} for each in off], bump_version=True)
    await _touch(uow, {each for each in touched if each is not None})
    uow.emit(events.ParcelOffManifest(each, parcels[each].fulfillment_order_id) for each in off)
    return answers


async def _locked(
    uow: UnitOfWork, manifest_ids: Collection[UUID], parcel_ids: Collection[UUID]
) -> tuple[dict[UUID, ManifestNow], dict[UUID, ParcelThere]]:
    """Lock orders, manifests and parcels, in this order; return manifests and parcels as they then stand."""
    behind = await manifest_queries.orders_behind(uow, parcel_ids)
    orders = await order_locks.lock_fulfillment_orders(uow, behind)
    rows = await locks.lock_manifests(uow, manifest_ids)
    for location_id in {row.location_id for row in rows.values()}:
        uow.actor.require(Permission.FLOOR_WORK, warehouse_id=location_id)
    locked = await locks.lock_parcels(uow, parcel_ids)
    stopped = {order_id for order_id, order in orders.items() if bench.is_stopped(order)}
    there = await manifest_queries.parcels_there(uow, list(locked.values()), stopped)
    return {each: manifest_queries.manifest_now(row) for each, row in rows.items()}, there


async def _touch(uow: UnitOfWork, manifest_ids: Collection[UUID]) -> None:
    """Let manifests have another version, so that nobody closes one on counts that are others by now."""
    changed = [{"id": each, "state": ManifestState.OPEN} for each in sorted(manifest_ids)]
    await uow.update(Manifest, changed, bump_version=True)


async def close_manifest(
    uow: UnitOfWork,
    *,
    manifest_id: UUID,
    told_count: int,
    accept_difference: bool = False,
    note: str = "",
    version: int | None = None,
) -> ClosedManifest:
    """Hand the parcels on a manifest over to the driver, who counted so many, and close it for good.

    Parcels whose orders were stopped meanwhile come off it and are told. Refuses NOT_FOUND, WRONG_STATE (closed),
    STALE_VERSION (somebody scanned meanwhile), INVALID_INPUT, and COUNT_DIFFERS with both counts and what waits
    unscanned, unless the difference is accepted. What is wrong after that is settled by a new manifest.
    """
    if not 0 <= told_count <= COUNT_MAX:
        message = sentence("{name} must be between {least} and {most}.", name="toldCount", least=0, most=COUNT_MAX)
        raise InvalidInput(message, field=("toldCount",))
    before = (await manifest_queries.parcels_of_manifests(uow, [manifest_id])).get(manifest_id, [])
    await order_locks.lock_fulfillment_orders(uow, {row.fulfillment_order_id for row in before})
    row = (await locks.lock_manifests(uow, [manifest_id])).get(manifest_id)
    if row is None:
        raise NotFound("No manifest of yours has that id; open one for the carrier.", field=("id",))
    uow.actor.require(Permission.FLOOR_WORK, warehouse_id=row.location_id)
    if row.state != ManifestState.OPEN:
        raise WrongState("The manifest is closed; open a new one for further parcels.")
    inside = (await manifest_queries.parcels_of_manifests(uow, [manifest_id])).get(manifest_id, [])
    if (version is not None and version != row.version) or {each.id for each in inside} != {each.id for each in before}:
        raise StaleVersion(data={"id": str(manifest_id), "version": row.version})
    missing = [each.id for each in (await manifest_queries.waiting_of(uow, [manifest_id])).get(manifest_id, [])]
    if told_count != len(inside) and not accept_difference:
        data = {"told": told_count, "scanned": len(inside), "missing_parcel_ids": missing}
        raise refusals.CountDiffers(data=data)
    gone, back = await _hand_over(uow, inside)
    closed = {"id": manifest_id, "state": ManifestState.CLOSED, "told_count": told_count, "closed_at": uow.now}
    closed["note"] = " ".join(part for part in (row.note, note.strip()) if part)[:NOTE_LENGTH_MAX]
    await uow.update(Manifest, [closed], bump_version=True)
    uow.emit([events.ManifestClosed(manifest_id, row.location_id, row.carrier, len(gone), told_count, missing, back)])
    return ClosedManifest(manifest_id, gone, missing, back, told_count)


async def _hand_over(uow: UnitOfWork, inside: Sequence[Row]) -> tuple[list[UUID], list[UUID]]:
    """Hand parcels over; return those that are, and those that may not and come off their manifest."""
    ids = [row.id for row in inside if row.state != ParcelState.HANDED_OVER]
    answers = await shipping.hand_over_parcels(uow, parcel_ids=ids)
    back = [ids[answer.index] for answer in answers if isinstance(answer, Refused)]
    await uow.update(Parcel, [{"id": each, "manifest_id": None} for each in sorted(back)], bump_version=True)
    orders = {row.id: row.fulfillment_order_id for row in inside}
    uow.emit(events.ParcelOffManifest(each, orders[each]) for each in back)
    return [row.id for row in inside if row.id not in set(back)], back
