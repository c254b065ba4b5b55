"""Pick lists in workers' hands: claimed with a lease, laid aside, handed over, given back when nobody is heard of."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.orders.refusals import InTheDark
from pickmesh.core.picking import dark, events, locks, refusals, rules
from pickmesh.core.picking.tables import PickLine, PickLineStatus, PickList, PickListStatus
from pickmesh.core.stock.tables import Place


@dataclass(frozen=True, slots=True)
class ClaimedList:
    """A list in a worker's hands until `lease_until`, unless it is renewed."""

    pick_list_id: UUID
    number: int
    location_id: UUID
    worker_id: UUID
    lease_until: datetime


async def claim_pick_list(
    uow: UnitOfWork, *, pick_list_id: UUID, worker_id: UUID | None = None, version: int | None = None
) -> ClaimedList:
    """Give a list to a worker (by default the person acting) with a fresh lease; claiming it again renews the lease.

    Refuses NOT_YOURS while another worker's lease runs, WRONG_STATE when the list is finished or cancelled,
    STALE_VERSION when a version is given and the list has another one by now.
    """
    row = await _locked(uow, pick_list_id, version)
    return await _claim(uow, row, _worker(uow, worker_id))


async def claim_next_pick_list(
    uow: UnitOfWork, *, location_id: UUID, worker_id: UUID | None = None, zone: str | None = None
) -> ClaimedList | None:
    """Give a worker the list they have already, or else the oldest ready one; None when there is none.

    With a zone it is the oldest list that is there, or begins there, and the worker fetches what lies in that zone.
    Two workers who ask at once get two lists: neither waits for the other. One worker who asks twice at once gets the
    same list twice.
    """
    uow.actor.require(Permission.FLOOR_WORK, warehouse_id=location_id)
    worker = _worker(uow, worker_id)
    await locks.lock_worker(uow, worker)
    own = await pick_list_in_hand(uow, location_id=location_id, worker_id=worker)
    row = await dark.lock_list(uow, own) if own else await locks.lock_next_ready(uow, location_id, zone)
    if row is None:
        return None
    if zone is not None and not own:
        await uow.update(PickList, [{"id": row.id, "zone": zone}])
    return await _claim(uow, row, worker)


async def pass_on_pick_list(
    uow: UnitOfWork, *, pick_list_id: UUID, worker_id: UUID | None = None, version: int | None = None
) -> str:
    """Send a claimed list with its totes to the zone its walk leads to next; return that zone.

    It stands ready there for whoever picks in that zone. Refuses NOT_YOURS, STALE_VERSION, and WRONG_STATE when nobody
    has it or no other zone has anything for it.
    """
    row = await dark.lock_list(uow, pick_list_id, version)
    worker = _worker(uow, worker_id)
    _must_be_of(row, worker)
    _must_become(row, PickListStatus.READY)
    zone = await _next_zone(uow, row)
    given = {"status": PickListStatus.READY, "worker_id": None, "lease_until": None, "zone": zone}
    await uow.update(PickList, [{"id": row.id, **given}], bump_version=True)
    await uow.clear_timers(rules.LEASE_TIMER, [row.id])
    await dark.hear(uow, [row])
    uow.emit([events.PickListPassedOn(row.id, worker, row.zone, zone)])
    return zone


async def _next_zone(uow: UnitOfWork, row: sa.Row[*tuple[Any, ...]]) -> str:
    """Return the first zone on the rest of a list's walk that it is not in now."""
    found: str | None = await uow.scalar(
        sa.select(Place.zone)
        .join(PickLine, (PickLine.merchant_id == Place.merchant_id) & (PickLine.place_id == Place.id))
        .where(
            uow.mine(PickLine),
            PickLine.pick_list_id == row.id,
            PickLine.status == PickLineStatus.OPEN,
            Place.zone.is_not(None),
            Place.zone != (row.zone or ""),
        )
        .order_by(PickLine.sequence)
        .limit(1)
    )
    if found is None:
        raise WrongState(sentence("No other zone has anything for this list."), data={"zone": row.zone})
    return found


async def pick_list_in_hand(uow: UnitOfWork, *, location_id: UUID, worker_id: UUID) -> UUID | None:
    """Return the list a worker has claimed, or else one they laid aside."""
    held = (PickListStatus.CLAIMED, PickListStatus.PAUSED)
    found: UUID | None = await uow.scalar(
        sa.select(PickList.id)
        .where(
            uow.mine(PickList),
            PickList.location_id == location_id,
            PickList.worker_id == worker_id,
            PickList.status.in_(held),
        )
        .order_by(PickList.status, PickList.id)
        .limit(1)
    )
    return found


async def pause_pick_list(
    uow: UnitOfWork, *, pick_list_id: UUID, worker_id: UUID | None = None, version: int | None = None
) -> None:
    """Lay a claimed list aside: it stays its worker's, without a lease, until it is claimed again or handed over.

    Refuses NOT_YOURS, WRONG_STATE, and STALE_VERSION as `claim_pick_list` does.
    """
    row = await _locked(uow, pick_list_id, version)
    worker = _worker(uow, worker_id)
    _must_be_of(row, worker)
    _must_become(row, PickListStatus.PAUSED)
    changed = {"id": row.id, "status": PickListStatus.PAUSED, "lease_until": None}
    await uow.update(PickList, [changed], bump_version=True)
    await uow.clear_timers(rules.LEASE_TIMER, [row.id])
    await dark.hear(uow, [row])
    uow.emit([events.PickListPaused(row.id, worker)])


async def hand_over_pick_list(uow: UnitOfWork, *, pick_list_id: UUID, to_worker_id: UUID) -> ClaimedList:
    """Move a list to another worker with a fresh lease; its own worker may do it, and whoever manages the floor."""
    row = await _locked(uow, pick_list_id)
    if row.worker_id != to_worker_id:
        _must_be_heard(uow, row)
    if row.worker_id is None or row.worker_id != uow.actor.person_id:
        uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=row.location_id)
    return await _give(uow, row, to_worker_id)


async def renew_leases(uow: UnitOfWork, *, pick_list_ids: Collection[UUID]) -> None:
    """Set the leases of claimed lists back to their full time, unless they were renewed a moment ago."""
    if not pick_list_ids:
        return
    until = uow.after(rules.LEASE)
    table = rows.table_of(PickList)
    renewed = await uow.execute(
        sa.update(PickList)
        .where(
            uow.mine(PickList),
            uow.among(PickList.id, pick_list_ids),
            PickList.status == PickListStatus.CLAIMED,
            PickList.lease_until < uow.after(rules.RENEW_BELOW),
        )
        .values(lease_until=until)
        .returning(table.c.id)
    )
    await uow.set_timers(rules.LEASE_TIMER, {row.id: until for row in renewed.all()})


async def end_leases(uow: UnitOfWork, pick_list_ids: Collection[UUID]) -> None:
    """Give lists whose lease has run out back to everybody; late scans still count while nobody else claims them."""
    if not pick_list_ids:
        return
    locked = await locks.lock_pick_lists(uow, pick_list_ids)
    over = [
        row
        for row in locked.values()
        if row.status == PickListStatus.CLAIMED and row.lease_until is not None and row.lease_until <= uow.now
    ]
    changed = [{"id": row.id, "status": PickListStatus.READY, "worker_id": None, "lease_until": None} for row in over]
    await uow.update(PickList, changed, bump_version=True)
    uow.emit(events.PickListLeaseExpired(row.id, row.worker_id) for row in over)


async def _locked(uow: UnitOfWork, pick_list_id: UUID, version: int | None = None) -> sa.Row[*tuple[Any, ...]]:
    return await dark.lock_list(uow, pick_list_id, version)


def _worker(uow: UnitOfWork, worker_id: UUID | None) -> UUID:
    worker = worker_id or uow.actor.person_id
    if worker is None:
        raise InvalidInput("A list is claimed by a person; name the worker.", field=("workerId",))
    return worker


def _must_be_of(row: sa.Row[*tuple[Any, ...]], worker_id: UUID) -> None:
    if row.worker_id is not None and row.worker_id != worker_id:
        until = row.lease_until.isoformat() if row.lease_until else None
        raise refusals.NotYours(data={"pick_list_id": row.id, "worker_id": row.worker_id, "lease_until": until})


def _must_be_heard(uow: UnitOfWork, row: sa.Row[*tuple[Any, ...]]) -> None:
    if row.dark_until is not None and row.dark_until > uow.now:
        raise InTheDark(
            sentence("A phone without network has this list in hand; wait until it is heard or its time is over."),
            data={"pick_list_id": row.id, "worker_id": row.worker_id, "until": row.dark_until.isoformat()},
        )


def _must_become(row: sa.Row[*tuple[Any, ...]], wanted: PickListStatus) -> None:
    if not rules.may_become(rules.LIST_MOVES, row.status, wanted):
        raise WrongState(
            sentence("The list is {state}; take the next one.", state=word(row.status)),
            data={"status": row.status, "wanted": wanted},
        )


async def _claim(uow: UnitOfWork, row: sa.Row[*tuple[Any, ...]], worker_id: UUID) -> ClaimedList:
    lapsed = row.lease_until is not None and row.lease_until <= uow.now
    if not lapsed:
        _must_be_of(row, worker_id)
    return await _give(uow, row, worker_id)


async def _give(uow: UnitOfWork, row: sa.Row[*tuple[Any, ...]], worker_id: UUID) -> ClaimedList:
    is_renewal = row.status == PickListStatus.CLAIMED
    if not is_renewal:
        _must_become(row, PickListStatus.CLAIMED)
    await dark.hear(uow, [row])
    until = uow.after(rules.LEASE)
    changed = {
        "id": row.id,
        "status": PickListStatus.CLAIMED,
        "worker_id": worker_id,
        "claimed_at": row.claimed_at if is_renewal and row.worker_id == worker_id else uow.now,
        "lease_until": until,
    }
    await uow.update(PickList, [changed], bump_version=True)
    await uow.set_timers(rules.LEASE_TIMER, {row.id: until})
    if row.worker_id not in {None, worker_id}:
        uow.emit([events.PickListHandedOver(row.id, row.worker_id, worker_id)])
    if row.worker_id != worker_id or not is_renewal:
        uow.emit([events.PickListClaimed(row.id, worker_id, until)])
    return ClaimedList(row.id, row.number, row.location_id, worker_id, until)
