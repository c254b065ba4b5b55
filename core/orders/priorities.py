"""How urgent fulfillment orders are 加急, when they must leave the warehouse, and before when they are not sent 预售.

The one rank is priority, then the promised time, then age: what waves, reroutes and lists go by. The last cut-off
before a promise never falls when the promise is later, so ranking by it would rank the same orders of a warehouse the
same way.

A scheduled order (presale) holds stock from the day it comes in, in the order of its promise like every other: whoever
paid first for a given day is not overtaken by a later order that could go at once. What it lacks it gets, as a
backorder, by its promised time. When its day comes nothing has to happen: its status is derived from the clock, and
waves take it from that moment on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import events, locks, moving
from pickmesh.core.orders.refusals import AlreadyShipped
from pickmesh.core.orders.rules import FINAL, NOT_LEFT, is_with_partner
from pickmesh.core.orders.tables import FulfillmentOrder, Progress
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.cut_offs import first_cut_off, last_cut_off

BATCH_MAX = 1_000
PRIORITY_MAX = 1_000_000
URGENT = 100
"""What one tap on “urgent” sets; shops' own orders are 0 unless they say otherwise."""
YEARS = range(2000, 2200)
Versions = Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Prioritized:
    """How urgent a fulfillment order is now; `changed` is no when it was so before."""

    fulfillment_order_id: UUID
    priority: int
    changed: bool


@dataclass(frozen=True, slots=True)
class Reschedule:
    """Before when a fulfillment order is not to be sent, None for at once, and the version the caller has read."""

    fulfillment_order_id: UUID
    fulfill_at: datetime | None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """Before when a fulfillment order is not sent now; `changed` is no when it was so before."""

    fulfillment_order_id: UUID
    fulfill_at: datetime | None
    changed: bool


async def set_priority(
    uow: UnitOfWork, *, ids: Sequence[UUID], priority: int, versions: Versions | None = None
) -> list[Prioritized | Refused]:
    """Make fulfillment orders more or less urgent; higher goes first, 0 is usual, 100 is what “urgent” sets.

    Also those on the floor already. Refuses what has shipped or ended or is with a partner, and a stale version; twice
    changes nothing. At most 1,000; needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if not -PRIORITY_MAX <= priority <= PRIORITY_MAX:
        message = sentence("A priority is a whole number from -{most} to {most}.", most=PRIORITY_MAX)
        raise InvalidInput(message, field=("priority",))
    _require_few(ids)
    locked = await locks.lock_fulfillment_orders(uow, set(ids))
    answers: list[Prioritized | Refused] = []
    changed: dict[UUID, sa.Row[Any]] = {}
    for index, each in enumerate(ids):
        row = locked.get(each)
        refused = locks.refusal(uow, row, versions) or _ended(row)
        if refused is not None or row is None:
            answers.append(Refused(index, refused or NotFound()))
            continue
        is_new = row.priority != priority and each not in changed
        if is_new:
            changed[each] = row
        answers.append(Prioritized(each, priority, is_new))
    rows = [{"id": each, "priority": priority} for each in sorted(changed)]
    await uow.update(FulfillmentOrder, rows, bump_version=True)
    uow.emit(events.FulfillmentOrderPrioritized(row.id, row.order_id, priority) for row in changed.values())
    return answers


def _ended(row: sa.Row[Any] | None) -> Refusal | None:
    if row is None or (row.progress not in FINAL and not is_with_partner(row.request_status)):
        return None
    return AlreadyShipped() if row.progress == Progress.SHIPPED else WrongState()


async def reschedule_fulfillment_orders(
    uow: UnitOfWork, *, schedules: Sequence[Reschedule]
) -> list[Rescheduled | Refused]:
    """Set, change or clear the moment before which open fulfillment orders are not sent; their stock stays promised.

    It stays when the shop changes the order, unless the shop itself tells a moment. Refuses what work has begun on, a
    moment without a zone or outside 2000 to 2199, a stale version, and the same order twice in a batch. At most 1,000;
    needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    _require_few(schedules)
    locked = await locks.lock_fulfillment_orders(uow, {each.fulfillment_order_id for each in schedules})
    answers: list[Rescheduled | Refused] = []
    seen: set[UUID] = set()
    changed: list[Reschedule] = []
    for index, wanted in enumerate(schedules):
        row = locked.get(wanted.fulfillment_order_id)
        refused = _not_reschedulable(uow, wanted, row, seen)
        if refused is not None or row is None:
            answers.append(Refused(index, refused or NotFound()))
            continue
        seen.add(row.id)
        is_new = row.fulfill_at != wanted.fulfill_at
        if is_new:
            changed.append(wanted)
        answers.append(Rescheduled(row.id, wanted.fulfill_at, is_new))
    changed.sort(key=lambda each: each.fulfillment_order_id)
    rows = [{"id": each.fulfillment_order_id, "fulfill_at": each.fulfill_at} for each in changed]
    await uow.update(FulfillmentOrder, rows, bump_version=True)
    uow.emit(
        events.FulfillmentOrderRescheduled(
            each.fulfillment_order_id, locked[each.fulfillment_order_id].order_id, each.fulfill_at
        )
        for each in changed
    )
    return answers


def _not_reschedulable(uow: UnitOfWork, wanted: Reschedule, row: sa.Row[Any] | None, seen: set[UUID]) -> Refusal | None:
    versions = {} if wanted.version is None else {wanted.fulfillment_order_id: wanted.version}
    refused = locks.refusal(uow, row, versions)
    if refused is not None or row is None:
        return refused or NotFound()
    if row.id in seen:
        return InvalidInput(sentence("This fulfillment order stands twice in the batch; send it once."))
    at = wanted.fulfill_at
    if at is not None and (at.tzinfo is None or at.year not in YEARS):
        return InvalidInput(sentence("Give a moment with its zone, between 2000 and 2199."), field=("fulfill_at",))
    return moving.not_open(row)


def _require_few(items: Sequence[object]) -> None:
    if len(items) > BATCH_MAX:
        message = sentence("At most {most} fulfillment orders go in one call; send them in parts.", most=BATCH_MAX)
        raise LimitExceeded(message)


def leave_by(ship_by: datetime, location: Any | None) -> datetime:
    """Return when an order must be ready to be there in time: the last cut-off of its location not after the promise.

    Without a location, or one without a cut-off, that is the promise itself.
    """
    return ship_by if location is None else last_cut_off(ship_by, location.cut_off, location.time_zone)


async def next_cut_offs(uow: UnitOfWork) -> dict[UUID, datetime]:
    """Return the next cut-off from now on of each location that has one: what is promised sooner cannot make it."""
    return {
        row.id: first_cut_off(uow.now, row.cut_off, row.time_zone)
        for row in await stock_queries.locations(uow)
        if row.cut_off is not None
    }


def is_late(progress: str, leaves_by: datetime, now: datetime) -> bool:
    """Tell whether an order that has not left can no longer keep its promise: its last cut-off has gone by."""
    return progress in NOT_LEFT and leaves_by < now
