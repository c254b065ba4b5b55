"""Lists in the dark: a phone that books without network, and what happens when it is heard again or its time is over.

Until then nobody else is sent to the list's units, and a stop of its orders waits (core/orders/stopping.py). Whoever
hears of the phone ends the dark with the orders and the list locked; the stops that waited are carried out by a
reaction right after, while scans are judged by them at once (`work.is_called_off`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder
from pickmesh.core.picking import events, locks, refusals, work
from pickmesh.core.picking.rules import LEASE_TIMER
from pickmesh.core.picking.tables import PickLine, PickList, PickListStatus
from pickmesh.core.stock.tables import Allocation, AllocationStatus

DARK_TIMER = "pick_list_dark"
MINUTES_MAX = 120
Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class WentDark:
    """A list that its worker's phone may book without network until `until`, and the orders this concerns."""

    pick_list_id: UUID
    until: datetime
    fulfillment_order_ids: tuple[UUID, ...]


async def go_dark(
    uow: UnitOfWork,
    *,
    pick_list_id: UUID,
    minutes: int,
    worker_id: UUID | None = None,
    version: int | None = None,
) -> WentDark:
    """Let the phone of a claimed list's worker book it without network for so many minutes (1 to 120); again renews it.

    The claim lasts as long as the dark at least. Refuses NOT_FOUND, WRONG_STATE (the list is not claimed), NOT_YOURS,
    STALE_VERSION when a version is given and the list has another one by now.
    """
    if not 1 <= minutes <= MINUTES_MAX:
        message = sentence("{name} must be between {least} and {most}.", name="minutes", least=1, most=MINUTES_MAX)
        raise InvalidInput(message, field=("minutes",))
    row = await lock_list(uow, pick_list_id, version)
    worker = worker_id or uow.actor.person_id
    if row.status != PickListStatus.CLAIMED:
        message = sentence("The list is {state}: claim it first.", state=word(row.status))
        raise WrongState(message, data={"status": row.status})
    if worker is None or row.worker_id != worker:
        raise refusals.NotYours(data={"pick_list_id": row.id, "worker_id": row.worker_id})
    until = uow.after(timedelta(minutes=minutes))
    lease_until = max(until, row.lease_until) if row.lease_until is not None else until
    changed = {"id": row.id, "dark_until": until, "lease_until": lease_until}
    await uow.update(PickList, [changed], bump_version=True)
    await uow.set_timers(DARK_TIMER, {row.id: until})
    await uow.set_timers(LEASE_TIMER, {row.id: lease_until})
    orders = await _orders_served(uow, [row.id])
    darkest = await _dark_elsewhere(uow, orders, [row.id])
    dark = [{"id": each, "dark_until": max(until, darkest.get(each, until))} for each in sorted(orders)]
    await uow.update(FulfillmentOrder, dark)
    uow.emit([events.PickListWentDark(row.id, worker, until, sorted(orders))])
    return WentDark(row.id, until, tuple(sorted(orders)))


async def end_dark(uow: UnitOfWork, *, pick_list_id: UUID, worker_id: UUID | None = None) -> bool:
    """Say that the phone that had a list in the dark has network again; False when it was not in the dark.

    Its worker may say so, and whoever manages the floor: then scans that are still on the phone are booked late.
    Refuses NOT_FOUND and NOT_PERMITTED.
    """
    row = await lock_list(uow, pick_list_id)
    if row.worker_id is None or row.worker_id != (worker_id or uow.actor.person_id):
        uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=row.location_id)
    await hear(uow, [row])
    return row.dark_until is not None


async def hear(uow: UnitOfWork, lists: Iterable[Row], *, expired: bool = False) -> None:
    """End the dark of those of these lists that are in it; they and the orders they serve are locked already."""
    ended = {row.id: row for row in lists if row.dark_until is not None}
    if not ended:
        return
    await uow.update(PickList, [{"id": each, "dark_until": None} for each in sorted(ended)], bump_version=True)
    await uow.clear_timers(DARK_TIMER, ended)
    of_list = await _orders_by_list(uow, ended)
    orders = {each for own in of_list.values() for each in own}
    darkest = await _dark_elsewhere(uow, orders, ended)
    await uow.update(FulfillmentOrder, [{"id": each, "dark_until": darkest.get(each)} for each in sorted(orders)])
    uow.emit(
        events.PickListDarkEnded(row.id, row.worker_id, expired, sorted(of_list.get(row.id, ())))
        for row in ended.values()
    )


async def end_due(uow: UnitOfWork, pick_list_ids: Collection[UUID]) -> None:
    """End the dark of lists whose phones were not heard in time; what they scanned is judged one by one, late."""
    if not pick_list_ids:
        return
    await order_locks.lock_fulfillment_orders(uow, await _orders_served(uow, pick_list_ids))
    _, lists = await work.lock_lists(uow, pick_list_ids)
    due = [row for row in lists.values() if row.dark_until is not None and row.dark_until <= uow.now]
    await hear(uow, due, expired=True)


async def lock_list(uow: UnitOfWork, pick_list_id: UUID, version: int | None = None) -> Row:
    """Lock a list the actor may work on behind the orders it serves; refuses NOT_FOUND and STALE_VERSION."""
    await order_locks.lock_fulfillment_orders(uow, await _orders_served(uow, [pick_list_id]))
    _, lists = await work.lock_lists(uow, [pick_list_id])
    row = lists.get(pick_list_id)
    if row is None:
        raise NotFound("No pick list of yours has that id; look up the list's number again.")
    uow.actor.require(Permission.FLOOR_WORK, warehouse_id=row.location_id)
    locks.refuse_stale(row, version)
    return row


async def _orders_served(uow: UnitOfWork, list_ids: Collection[UUID]) -> set[UUID]:
    return {each for own in (await _orders_by_list(uow, list_ids)).values() for each in own}


async def _orders_by_list(uow: UnitOfWork, list_ids: Collection[UUID]) -> Mapping[UUID, set[UUID]]:
    """Return the orders that have or had units on lists, by list; whatever became of them, none stays dark."""
    found = await uow.fetch(_served(uow).where(uow.among(PickLine.pick_list_id, list_ids)))
    orders: dict[UUID, set[UUID]] = {}
    for row in found:
        orders.setdefault(row.pick_list_id, set()).add(row.fulfillment_order_id)
    return orders


async def _dark_elsewhere(
    uow: UnitOfWork, order_ids: Collection[UUID], but: Collection[UUID]
) -> Mapping[UUID, datetime]:
    """Return until when orders are in the dark because of other lists."""
    if not order_ids:
        return {}
    found = await uow.fetch(
        _served(uow, PickList.dark_until)
        .join(PickList, (PickList.merchant_id == PickLine.merchant_id) & (PickList.id == PickLine.pick_list_id))
        .where(
            uow.among(FulfillmentLine.fulfillment_order_id, order_ids),
            Allocation.status == AllocationStatus.OPEN,
            PickList.dark_until > uow.now,
        )
    )
    until: dict[UUID, datetime] = {}
    for row in found:
        if row.pick_list_id not in but:
            until[row.fulfillment_order_id] = max(row.dark_until, until.get(row.fulfillment_order_id, row.dark_until))
    return until


def _served(uow: UnitOfWork, *more: Any) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(PickLine.pick_list_id, FulfillmentLine.fulfillment_order_id, *more)
        .distinct()
        .join(Allocation, (Allocation.merchant_id == PickLine.merchant_id) & (Allocation.work_line_id == PickLine.id))
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == Allocation.merchant_id) & (FulfillmentLine.id == Allocation.line_id),
        )
        .where(uow.mine(PickLine))
    )
