"""Waves: orders grouped for the floor, released with bins allocated and lists in walk order, thinned by kicking out."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refused, WrongState
from pickmesh.core.kit.texts import Sentence, joined, sentence, word
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import progress
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.tables import Progress
from pickmesh.core.picking import events, laying_out, locks, refusals, rules, wave_rules, work
from pickmesh.core.picking.tables import Wave, WaveKind, WaveOrder, WaveOrderState, WaveStatus

LIMIT_MAX = 2_000
CART_CAPACITY_MAX = 500
Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class PlannedWave:
    """A wave that holds orders and nothing else yet; `refused` are those asked for that could not join."""

    wave_id: UUID
    number: int
    fulfillment_order_ids: Sequence[UUID]
    refused: Sequence[Refused]


@dataclass(frozen=True, slots=True)
class ReleasedWave:
    """A wave on the floor: its lists, and the orders that had to stay behind."""

    wave_id: UUID
    number: int
    status: str
    pick_list_ids: Sequence[UUID]
    kicked_out: Sequence[UUID]


async def plan_wave(
    uow: UnitOfWork,
    *,
    location_id: UUID,
    kind: WaveKind,
    limit: int = 200,
    fulfillment_order_ids: Sequence[UUID] | None = None,
) -> PlannedWave:
    """Gather orders of a warehouse into a wave, the most urgent first, or just the given ones.

    An order is in one wave at a time; of two who plan at once the second goes on with the next orders. Refuses
    NOTHING_TO_PLAN when none fits; given orders that cannot join come back as refused items with NOT_RELEASABLE or
    DOES_NOT_FIT_WAVE, and when none of them can, NOTHING_TO_PLAN names each with the reason.
    """
    uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=location_id)
    if not 1 <= limit <= LIMIT_MAX:
        message = sentence("{name} must be between {least} and {most}.", name="limit", least=1, most=LIMIT_MAX)
        raise InvalidInput(message, field=("limit",))
    await locks.lock_planning(uow, location_id)
    free = await _without_seat(uow, location_id, limit, fulfillment_order_ids)
    chosen = wave_rules.choose_orders(kind, free, limit)
    await order_locks.lock_fulfillment_orders(uow, chosen)
    still_free = {each.fulfillment_order_id for each in await _without_seat(uow, location_id, limit, chosen)}
    chosen = [order for order in chosen if order in still_free]
    refused = _refused(fulfillment_order_ids or (), chosen, {each.fulfillment_order_id for each in free})
    if not chosen:
        raise _nothing(kind, fulfillment_order_ids or (), refused)
    wave_id = new_id()
    number = (await uow.next_numbers("wave", 1))[0]
    new = {
        "id": wave_id,
        "number": number,
        "location_id": location_id,
        "kind": kind,
        "status": WaveStatus.PLANNED,
        "created_at": uow.now,
    }
    await uow.insert(Wave, [new])
    await _seat(uow, wave_id, chosen)
    uow.emit([events.WavePlanned(wave_id, location_id, kind, len(chosen))])
    return PlannedWave(wave_id, number, chosen, refused)


async def _without_seat(
    uow: UnitOfWork, location_id: UUID, limit: int, ids: Collection[UUID] | None
) -> list[wave_rules.Candidate]:
    """Return what may be released and sits in no wave, the most urgent first."""
    taken = await uow.scalar(
        sa.select(sa.func.count())
        .select_from(WaveOrder)
        .join(Wave, (Wave.merchant_id == WaveOrder.merchant_id) & (Wave.id == WaveOrder.wave_id))
        .where(
            uow.mine(WaveOrder),
            Wave.location_id == location_id,
            Wave.status == WaveStatus.PLANNED,
            WaveOrder.state == WaveOrderState.IN,
        )
    )
    reach = max(limit * 4, LIMIT_MAX) + int(taken) if ids is None else len(ids)
    found = await order_queries.releasable(uow, location_id=location_id, limit=reach, ids=ids)
    seated = await seats(uow, [each.order.id for each in found])
    return [_candidate(each) for each in found if each.order.id not in seated]


def _candidate(found: order_queries.Releasable) -> wave_rules.Candidate:
    contents: Counter[UUID] = Counter()
    for line in found.lines:
        contents[line.sku_id] += line.quantity
    return wave_rules.Candidate(found.order.id, tuple(sorted(contents.items())))


async def seats(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Return the waves that orders are part of now, by order."""
    found = await uow.fetch(
        sa.select(WaveOrder.fulfillment_order_id, WaveOrder.wave_id).where(
            uow.mine(WaveOrder),
            uow.among(WaveOrder.fulfillment_order_id, fulfillment_order_ids),
            WaveOrder.state == WaveOrderState.IN,
        )
    )
    return {row.fulfillment_order_id: row.wave_id for row in found}


def _refused(asked: Sequence[UUID], chosen: Collection[UUID], releasable: Collection[UUID]) -> list[Refused]:
    joined = set(chosen)
    return [
        Refused(index, refusals.DoesNotFit() if order in releasable else refusals.NotReleasable())
        for index, order in enumerate(asked)
        if order not in joined
    ]


def _nothing(kind: WaveKind, asked: Sequence[UUID], refused: Sequence[Refused]) -> refusals.NothingToPlan:
    """Return the refusal of a wave without orders; of given ones its data name each and, in the same order, why."""
    if not refused:
        return refusals.NothingToPlan(data={"kind": kind})
    ids = [asked[each.index] for each in refused]
    codes = [each.refusal.code for each in refused]
    reasons = dict.fromkeys(each.refusal.message for each in refused)
    none = sentence("None of the {count} orders given can join this wave.", count=len(refused))
    message = joined(none, *(Sentence(reason) for reason in reasons))
    return refusals.NothingToPlan(message, data={"kind": kind, "fulfillment_order_ids": ids, "codes": codes})


async def _seat(uow: UnitOfWork, wave_id: UUID, chosen: Sequence[UUID]) -> None:
    await uow.insert(
        WaveOrder,
        [
            {
                "wave_id": wave_id,
                "fulfillment_order_id": order_id,
                "position": position,
                "state": WaveOrderState.IN,
            }
            for position, order_id in enumerate(chosen, 1)
        ],
    )


async def release_wave(
    uow: UnitOfWork, *, wave_id: UUID, cart_capacity: int = rules.CART_CAPACITY, version: int | None = None
) -> ReleasedWave:
    """Send a wave to the floor: allocate bins and make its pick lists, in a fixed number of statements.

    Orders that meanwhile were held, moved away, cancelled, intercepted or lost their stock are kicked out, as are those
    whose goods lie in no bin. A wave that loses all its orders is CANCELLED. Refuses WRONG_STATE when it is PLANNED no
    more, STALE_VERSION when a version is given and the wave has another one by now.
    """
    if not 1 <= cart_capacity <= CART_CAPACITY_MAX:
        name = "cartCapacity"
        message = sentence("{name} must be between {least} and {most}.", name=name, least=1, most=CART_CAPACITY_MAX)
        raise InvalidInput(message, field=(name,))
    seated = await _seated_orders(uow, wave_id)
    orders = await order_locks.lock_fulfillment_orders(uow, seated)
    wave = await _locked(uow, wave_id)
    locks.refuse_stale(wave, version)
    if wave.status != WaveStatus.PLANNED:
        message = sentence("The wave is {state} already.", state=word(wave.status))
        raise WrongState(message, data={"status": wave.status})
    seated = await _seated_orders(uow, wave_id)
    able = [order for order in seated if order in orders and _may_go(orders[order], wave, uow)]
    lists, short = await laying_out.lay_out_wave(uow, wave, able, cart_capacity)
    going = [order for order in able if order not in short]
    left_behind = [order for order in seated if order not in set(going)]
    await progress.mark_released(uow, going)
    await _write_kicked_out(uow, wave_id, left_behind, "NOT_RELEASABLE")
    status = WaveStatus.RELEASED if lists else WaveStatus.CANCELLED
    await uow.update(Wave, [{"id": wave_id, "status": status, "released_at": uow.now}], bump_version=True)
    if lists:
        uow.emit([events.WaveReleased(wave_id, wave.location_id, len(going), len(left_behind), len(lists))])
    return ReleasedWave(wave_id, wave.number, status, lists, left_behind)


def _may_go(order: Row, wave: Row, uow: UnitOfWork) -> bool:
    return bool(
        order.progress == Progress.OPEN
        and order.location_id == wave.location_id
        and order.hold_count == 0
        and order.short_quantity == 0
        and order.intercepted_at is None
        and (order.fulfill_at is None or order.fulfill_at <= uow.now)
    )


async def _seated_orders(uow: UnitOfWork, wave_id: UUID) -> list[UUID]:
    found = await uow.fetch(
        sa.select(WaveOrder.fulfillment_order_id)
        .where(uow.mine(WaveOrder), WaveOrder.wave_id == wave_id, WaveOrder.state == WaveOrderState.IN)
        .order_by(WaveOrder.position, WaveOrder.fulfillment_order_id)
    )
    return [row.fulfillment_order_id for row in found]


async def _locked(uow: UnitOfWork, wave_id: UUID) -> Row:
    wave = (await locks.lock_waves(uow, [wave_id])).get(wave_id)
    if wave is None:
        raise NotFound("No wave of yours has that id; look up the wave's number again.")
    uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=wave.location_id)
    return wave


async def _write_kicked_out(uow: UnitOfWork, wave_id: UUID, orders: Sequence[UUID], reason: str) -> None:
    await uow.update(
        WaveOrder,
        [
            {"wave_id": wave_id, "fulfillment_order_id": order, "state": WaveOrderState.KICKED_OUT}
            for order in sorted(orders)
        ],
    )
    uow.emit(events.OrderKickedOut(order, wave_id, reason) for order in orders)


async def let_moved_go(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Take orders that went to another warehouse out of the planned waves of the one they left, for waves there."""
    orders = await order_locks.lock_fulfillment_orders(uow, fulfillment_order_ids)
    seated = await seats(uow, orders)
    planned = await locks.lock_waves(uow, set(seated.values())) if seated else {}
    left = {
        order: wave_id
        for order, wave_id in seated.items()
        if planned[wave_id].status == WaveStatus.PLANNED and planned[wave_id].location_id != orders[order].location_id
    }
    state = WaveOrderState.KICKED_OUT
    await uow.update(
        WaveOrder,
        [
            {"wave_id": wave_id, "fulfillment_order_id": order, "state": state}
            for order, wave_id in sorted(left.items(), key=lambda each: (each[1], each[0]))
        ],
    )
    uow.emit(events.OrderKickedOut(order, wave_id, "MOVED") for order, wave_id in left.items())


async def kick_out(
    uow: UnitOfWork, *, wave_id: UUID, fulfillment_order_ids: Sequence[UUID], reason: str
) -> list[UUID | Refused]:
    """Take orders out of a wave, also a released one; their bins are free again and the orders open for another wave.

    Refuses item by item: NOT_FOUND for an order that is not in the wave, ALREADY_PICKED when units have left a bin.
    """
    orders = await order_locks.lock_fulfillment_orders(uow, fulfillment_order_ids)
    wave = await _locked(uow, wave_id)
    await work.lock_lines(uow, await laying_out.work_of_orders(uow, orders))
    seated = set(await _seated_orders(uow, wave_id))
    begun = {order for order in orders if orders[order].progress not in {Progress.OPEN, Progress.RELEASED}}
    out = await laying_out.units_of_orders(uow, orders)
    begun |= {row.fulfillment_order_id for row in out if row.place_id != row.bin_id}
    answers: list[UUID | Refused] = []
    for index, order in enumerate(fulfillment_order_ids):
        if order not in seated:
            answers.append(Refused(index, NotFound("That order is not in this wave.")))
        elif order in begun:
            answers.append(Refused(index, refusals.AlreadyPicked(data={"fulfillment_order_id": order})))
        else:
            answers.append(order)
    leaving = [answer for answer in dict.fromkeys(answers) if isinstance(answer, UUID)]
    await _write_kicked_out(uow, wave_id, leaving, reason)
    if wave.status in rules.RUNNING:
        await laying_out.take_off_lists(uow, leaving)
        await progress.unmark_released(uow, leaving)
    elif wave.status == WaveStatus.PLANNED and not await _seated_orders(uow, wave_id):
        await uow.update(Wave, [{"id": wave_id, "status": WaveStatus.CANCELLED}], bump_version=True)
    return answers
