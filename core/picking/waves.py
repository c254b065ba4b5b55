"""Waves: orders grouped for the floor, released with bins allocated and lists in walk order, thinned by kicking out."""

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
from pickmesh.core.orders.tables import Progress
from pickmesh.core.picking import events, laying_out, locks, pools, refusals, rules, wave_rules
from pickmesh.core.picking.tables import Wave, WaveKind, WaveOrder, WaveOrderState, WaveStatus
from pickmesh.core.picking.wave_rules import EVERYTHING, Chosen

LIMIT = 200
"""Orders in a wave unless somebody says otherwise."""
LIMIT_MAX = 10_000
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
    limit: int = LIMIT,
    fulfillment_order_ids: Sequence[UUID] | None = None,
    chosen: Chosen = EVERYTHING,
    template_id: UUID | None = None,
) -> PlannedWave:
    """Gather orders of a warehouse into a wave: those chosen, the most urgent first, or just the given ones.

    An order is in one wave at a time; of two who plan at once the second goes on with the next orders. A put-wall wave
    has no more orders than the warehouse's largest wall has slots. Refuses NOTHING_TO_PLAN when none fits; given orders
    that cannot join come back as refused items with NOT_RELEASABLE or DOES_NOT_FIT_WAVE, and when none of them can,
    NOTHING_TO_PLAN names each with the reason.
    """
    uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=location_id)
    require_limit(limit, fulfillment_order_ids, chosen)
    await locks.lock_planning(uow, location_id)
    pool = await pools.read_pool(uow, location_id, kind, chosen, limit=limit, ids=fulfillment_order_ids)
    slots = await pools.wall_slots(uow, location_id) if kind is WaveKind.PUT_WALL else None
    wanted = wave_rules.choose_orders(kind, pool.candidates, most_orders(kind, limit, slots))
    going = await _still_free(uow, wanted, pool.location)
    refused = _refused(fulfillment_order_ids or (), going, pool.found)
    if not going:
        raise _nothing(kind, fulfillment_order_ids or (), refused)
    told = {"kind": kind, "template_id": template_id, "zone": chosen.zone}
    wave_id, number = await _write_wave(uow, pool, going, told)
    uow.emit([events.WavePlanned(wave_id, location_id, kind, len(going))])
    return PlannedWave(wave_id, number, going, refused)


def require_limit(limit: int, given: Sequence[UUID] | None, chosen: Chosen) -> None:
    """Refuse a wave of too many orders, and one whose orders are both named and chosen."""
    if not 1 <= limit <= LIMIT_MAX:
        message = sentence("{name} must be between {least} and {most}.", name="limit", least=1, most=LIMIT_MAX)
        raise InvalidInput(message, field=("limit",))
    if given is not None and chosen != EVERYTHING:
        message = sentence("Name orders or say which are chosen, not both.")
        raise InvalidInput(message, field=("fulfillmentOrderIds",))


def require_capacity(cart_capacity: int) -> None:
    """Refuse a cart of no orders or of too many."""
    if not 1 <= cart_capacity <= CART_CAPACITY_MAX:
        name = "cartCapacity"
        message = sentence("{name} must be between {least} and {most}.", name=name, least=1, most=CART_CAPACITY_MAX)
        raise InvalidInput(message, field=(name,))


def most_orders(kind: WaveKind, limit: int, slots: int | None) -> int:
    """Return how many orders a wave takes at most: a put-wall wave no more than its wall has slots, if there is one."""
    return min(limit, slots) if kind is WaveKind.PUT_WALL and slots else limit


async def _still_free(uow: UnitOfWork, wanted: Sequence[UUID], location: Row) -> list[UUID]:
    """Lock orders and return those that may still join a wave."""
    orders = await order_locks.lock_fulfillment_orders(uow, wanted)
    seated = await seats(uow, wanted)
    return [each for each in wanted if each not in seated and each in orders and may_go(orders[each], location.id, uow)]


async def _write_wave(
    uow: UnitOfWork, pool: pools.Pool, going: Sequence[UUID], told: Mapping[str, Any]
) -> tuple[UUID, int]:
    """Write a wave with its orders; it must leave when its first order must, by the one carrier if there is but one."""
    wave_id = new_id()
    number = (await uow.next_numbers("wave", 1))[0]
    joined = set(going)
    seated = [each for each in pool.candidates if each.fulfillment_order_id in joined]
    carriers = {each.carrier for each in seated}
    new = {
        "id": wave_id,
        "number": number,
        "location_id": pool.location.id,
        "status": WaveStatus.PLANNED,
        "carrier": carriers.pop() if len(carriers) == 1 else None,
        "leave_by": min(each.leave_by for each in seated if each.leave_by is not None),
        "created_at": uow.now,
        **told,
    }
    await uow.insert(Wave, [new])
    await _seat(uow, wave_id, going)
    return wave_id, number


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
    require_capacity(cart_capacity)
    seated = await seated_orders(uow, wave_id)
    orders = await order_locks.lock_fulfillment_orders(uow, seated)
    wave = await locked_wave(uow, wave_id)
    locks.refuse_stale(wave, version)
    if wave.status != WaveStatus.PLANNED:
        message = sentence("The wave is {state} already.", state=word(wave.status))
        raise WrongState(message, data={"status": wave.status})
    seated = await seated_orders(uow, wave_id)
    able = [order for order in seated if order in orders and may_go(orders[order], wave.location_id, uow)]
    lists, short = await laying_out.lay_out_wave(uow, wave, able, cart_capacity)
    going = [order for order in able if order not in short]
    left_behind = [order for order in seated if order not in set(going)]
    await progress.mark_released(uow, going)
    await write_kicked_out(uow, wave_id, left_behind, "NOT_RELEASABLE")
    status = WaveStatus.RELEASED if lists else WaveStatus.CANCELLED
    await uow.update(Wave, [{"id": wave_id, "status": status, "released_at": uow.now}], bump_version=True)
    if lists:
        uow.emit([events.WaveReleased(wave_id, wave.location_id, len(going), len(left_behind), len(lists))])
    return ReleasedWave(wave_id, wave.number, status, lists, left_behind)


def may_go(order: Row, location_id: UUID, uow: UnitOfWork) -> bool:
    """Tell whether a fulfillment order may be released at a location now."""
    return bool(
        order.progress == Progress.OPEN
        and order.location_id == location_id
        and order.hold_count == 0
        and order.short_quantity == 0
        and order.intercepted_at is None
        and (order.fulfill_at is None or order.fulfill_at <= uow.now)
    )


async def seated_orders(uow: UnitOfWork, wave_id: UUID, *states: WaveOrderState) -> list[UUID]:
    """Return the orders that are part of a wave, in the order of their seats; or those whose seats are in states."""
    found = await uow.fetch(
        sa.select(WaveOrder.fulfillment_order_id)
        .where(
            uow.mine(WaveOrder),
            WaveOrder.wave_id == wave_id,
            uow.among(WaveOrder.state, states or (WaveOrderState.IN,)),
        )
        .order_by(WaveOrder.position, WaveOrder.fulfillment_order_id)
    )
    return [row.fulfillment_order_id for row in found]


async def locked_wave(uow: UnitOfWork, wave_id: UUID) -> Row:
    """Lock a wave the actor may manage; refuses NOT_FOUND and NOT_PERMITTED."""
    wave = (await locks.lock_waves(uow, [wave_id])).get(wave_id)
    if wave is None:
        raise NotFound("No wave of yours has that id; look up the wave's number again.")
    uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=wave.location_id)
    return wave


async def write_kicked_out(uow: UnitOfWork, wave_id: UUID, orders: Sequence[UUID], reason: str) -> None:
    """Take orders' seats in a wave away and tell so."""
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
