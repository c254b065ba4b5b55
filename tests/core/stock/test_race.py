"""Many at once on PostgreSQL: the last pieces are promised once, and nobody sees a deadlock."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from databases import make_merchant
from events_told import events_told
from stock_floor import Floor, make_floor
from tests.racing import assert_sound, at_once

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import allocations, carrying, reservations, shipping
from pickmesh.core.stock.adjustments import Adjusted, Adjustment, adjust_stock
from pickmesh.core.stock.allocations import AllocationNeed
from pickmesh.core.stock.carrying import Carried, Carry
from pickmesh.core.stock.leases import LeaseLine, NewLease, Opened, open_leases
from pickmesh.core.stock.put_backs import Loss, lose_allocations
from pickmesh.core.stock.reservations import Released, Reservations
from pickmesh.core.stock.rules import Demand
from pickmesh.core.stock.shipping import Shipped

BUYERS = 30
BIG_SETS, CUP_SETS = 15, 15


def bundle(floor: Floor, parts: dict[str, int]) -> list[Demand]:
    """Wish for one bundle: its parts stand and fall together."""
    group = new_id()
    return [floor.demand(sku, quantity, group=group) for sku, quantity in parts.items()]


async def test_bundles_sharing_their_last_parts_are_never_oversold(postgres_database: Database) -> None:
    """32 at once: 30 buyers of two bundles that share LID, one cancellation, one shipment.

    LID is the bottleneck: 12 are there, 2 promised before to a line that is cancelled meanwhile, 2 to one that ships.
    Whatever the order of arrival, at least 8 and at most 10 sets get their lid; then the rest is asked again and
    exactly 10 do.
    """
    floor = await make_floor(postgres_database, await make_merchant(postgres_database))
    for sku, quantity in (("KETTLE", 40), ("CUP", 40), ("LID", 12)):
        await floor.put(floor.bin("A-01"), sku, quantity)
    cancelled, _ = await floor.promised("LID", 2)
    shipped_line, (shipped_allocation,) = await floor.promised("LID", 2)
    await carry_to(floor, shipped_allocation, floor.parcel_id, 2)
    sets = [bundle(floor, {"KETTLE": 2, "LID": 1}) for _ in range(BIG_SETS)]
    sets += [bundle(floor, {"LID": 1, "CUP": 3}) for _ in range(CUP_SETS)]

    work: list[Callable[[UnitOfWork], Awaitable[Any]]] = [reserving(demands) for demands in sets]
    work.insert(7, releasing(cancelled))
    work.insert(21, shipping_out(floor, shipped_allocation))
    assert len(work) == 32
    answers = await at_once(postgres_database, floor.actor, work)

    reserved = [answer for answer in answers if isinstance(answer, Reservations)]
    assert len(reserved) == BUYERS
    winners = [answer for answer in reserved if answer.covered]
    assert all(len(answer.covered) in {0, 2} and len(answer.short) in {0, 2} for answer in reserved)
    assert 8 <= len(winners) <= 10
    assert [len(answer.released) for answer in answers if isinstance(answer, Released)] == [1]
    assert [len(answer.done) for answer in answers if isinstance(answer, Shipped)] == [1]

    losers = [demands for demands, answer in zip(sets, reserved, strict=True) if not answer.covered]
    again = await at_once(postgres_database, floor.actor, [reserving(demands) for demands in losers])
    winners += [answer for answer in again if answer.covered]
    assert len(winners) == 10
    kettle_sets = sum(any(one.sku_id == floor.skus["KETTLE"] for one in answer.covered) for answer in winners)
    assert await floor.level("LID") == (10, 0, 10, 0)
    assert await floor.level("KETTLE") == (40, 0, 2 * kettle_sets, 40 - 2 * kettle_sets)
    assert await floor.level("CUP") == (40, 0, 3 * (10 - kettle_sets), 40 - 3 * (10 - kettle_sets))
    assert await floor.reservations(cancelled) == [("RELEASED", 0)]
    assert await floor.reservations(shipped_line) == [("CONSUMED", 0)]
    await floor.assert_sound()


async def test_the_same_cancellation_and_shipment_from_many_sides_count_once(postgres_database: Database) -> None:
    floor = await make_floor(postgres_database, await make_merchant(postgres_database))
    await floor.put(floor.bin("A-01"), "KETTLE", 10)
    cancelled, _ = await floor.promised("KETTLE", 3)
    _, (allocation,) = await floor.promised("KETTLE", 4)
    await carry_to(floor, allocation, floor.parcel_id, 4)
    work: list[Callable[[UnitOfWork], Awaitable[Any]]] = [releasing(cancelled)] * 16
    work += [shipping_out(floor, allocation)] * 16
    answers = await at_once(postgres_database, floor.actor, work)
    assert sum(len(answer.released) for answer in answers if isinstance(answer, Released)) == 1
    assert sum(len(answer.done) for answer in answers if isinstance(answer, Shipped)) == 1
    assert await floor.level("KETTLE") == (6, 0, 0, 6)
    await floor.assert_sound()


async def test_pickers_waves_and_cancellations_on_one_bin_leave_the_books_right(postgres_database: Database) -> None:
    """32 at once on one SKU: lines get bins, are picked by two hands, reported missing and cancelled."""
    floor = await make_floor(postgres_database, await make_merchant(postgres_database))
    await floor.put(floor.bin("A-01"), "KETTLE", 30)
    await floor.put(floor.bin("A-02"), "KETTLE", 30)
    lines = [await floor.promised("KETTLE", 4) for _ in range(12)]
    waiting = [floor.demand("KETTLE", 1) for _ in range(8)]
    assert len((await floor.reserve(*waiting)).covered) == 8
    work: list[Callable[[UnitOfWork], Awaitable[Any]]] = []
    for line_id, (allocation_id,) in lines[:8]:
        work += [
            carrying_to(allocation_id, floor.tote("T-0001"), 3),
            carrying_to(allocation_id, floor.tote("T-0002"), 3),
        ]
        work += [releasing(line_id)] if len(work) % 4 == 0 else []
    work += [losing(allocation_id) for _, (allocation_id,) in lines[8:]]
    work += [allocating(demand.line_id) for demand in waiting]
    work += [releasing(line_id) for line_id, _ in lines[4:6]] + [releasing(waiting[0].line_id)]
    assert len(work) == 32
    answers = await at_once(postgres_database, floor.actor, work)
    await floor.assert_sound()
    on_hand, missing, reserved, free = await floor.level("KETTLE")
    assert (on_hand, on_hand - missing - reserved) == (60, free)
    for allocation_id in (ids[0] for _, ids in lines[:8]):
        both = [one for one in carried_of(answers) if one.line_id == line_of(lines, allocation_id)]
        assert sum(one.quantity for one in both) in {0, 3}


def carried_of(answers: list[Any]) -> list[Carried]:
    return [one for answer in answers if isinstance(answer, list) for one in answer if isinstance(one, Carried)]


def line_of(lines: list[tuple[UUID, list[UUID]]], allocation_id: UUID) -> UUID:
    return next(line_id for line_id, ids in lines if ids[0] == allocation_id)


def reserving(demands: list[Demand]) -> Callable[[UnitOfWork], Awaitable[Reservations]]:
    return lambda uow: reservations.reserve_stock(uow, demands=demands)


def releasing(line_id: UUID) -> Callable[[UnitOfWork], Awaitable[Released]]:
    return lambda uow: reservations.release_reservations(uow, line_ids=[line_id])


def shipping_out(floor: Floor, allocation_id: UUID) -> Callable[[UnitOfWork], Awaitable[Shipped]]:
    return lambda uow: shipping.ship_allocations(uow, allocation_ids=[allocation_id], document_id=floor.parcel_id)


def carrying_to(allocation_id: UUID, place_id: UUID, quantity: int) -> Callable[[UnitOfWork], Awaitable[Any]]:
    carry = Carry(allocation_id, place_id, quantity)
    return lambda uow: carrying.carry_allocations(uow, carries=[carry], reason="PICK")


def losing(allocation_id: UUID) -> Callable[[UnitOfWork], Awaitable[Any]]:
    return lambda uow: lose_allocations(uow, losses=[Loss(allocation_id, 1)])


def allocating(line_id: UUID) -> Callable[[UnitOfWork], Awaitable[Any]]:
    return lambda uow: allocations.allocate_lines(uow, lines=[AllocationNeed(line_id)])


async def carry_to(floor: Floor, allocation_id: UUID, place_id: UUID, quantity: int) -> None:
    (answer,) = await floor.database.run(floor.actor, carrying_to(allocation_id, place_id, quantity))
    assert isinstance(answer, Carried)


async def test_corrections_amid_orders_picks_and_waves_take_back_no_more_than_is_gone(
    postgres_database: Database,
) -> None:
    """32 at once: figures are corrected down while orders reserve, waves allocate and pickers carry."""
    floor = await make_floor(postgres_database, await make_merchant(postgres_database))
    for code in ("A-01", "A-02"):
        await floor.put(floor.bin(code), "KETTLE", 20)
    picked = [await floor.promised("KETTLE", 2, rank=rank) for rank in range(6)]
    waiting = [floor.demand("KETTLE", 2, rank=10 + rank) for rank in range(6)]
    await floor.reserve(*waiting)
    work: list[Callable[[UnitOfWork], Awaitable[Any]]] = []
    work += [carrying_to(allocation_id, floor.tote(), 1) for _, (allocation_id,) in picked]
    work += [allocating(demand.line_id) for demand in waiting]
    work += [reserving([floor.demand("KETTLE", 2, rank=20 + rank)]) for rank in range(10)]
    work += [correcting(floor, code, -3) for code in ("A-01", "A-02") * 5]
    answers = await at_once(postgres_database, floor.actor, work)
    gone = 3 * sum(isinstance(one, Adjusted) for answer in answers if isinstance(answer, list) for one in answer)
    promised_late = 2 * sum(len(answer.covered) for answer in answers if isinstance(answer, Reservations))
    on_hand, _, reserved, free = await floor.level("KETTLE")
    assert (on_hand, on_hand - reserved) == (40 - gone, free)
    lost = [
        one.payload["quantity"]
        for one in await events_told(postgres_database, floor.actor)
        if one.kind == "reservation_lost"
    ]
    assert sum(lost) == 24 + promised_late - reserved
    await floor.assert_sound()


def correcting(floor: Floor, code: str, difference: int) -> Callable[[UnitOfWork], Awaitable[Any]]:
    row = Adjustment(floor.bin(code), floor.skus["KETTLE"], difference)
    return lambda uow: adjust_stock(uow, adjustments=[row])


async def test_checkouts_that_take_one_code_at_once_for_different_goods_open_one_lease(
    postgres_database: Database,
) -> None:
    """They lock no level in common; one opens the lease, the others are told that its code is somebody else's."""
    floor = await make_floor(postgres_database, await make_merchant(postgres_database))
    for sku in ("KETTLE", "CUP", "LID"):
        await floor.put(floor.bin("A-01"), sku, 9)
    wanted = [
        NewLease("C-1", "checkout", (LeaseLine(floor.skus[sku], 1),), expires_in=timedelta(minutes=15))
        for sku in ("KETTLE", "CUP", "LID") * 4
    ]

    async def open_one(uow: UnitOfWork, lease: NewLease) -> Opened | Refused:
        return (await open_leases(uow, leases=[lease]))[0]

    answers = await at_once(postgres_database, floor.actor, [partial(open_one, lease=lease) for lease in wanted])
    opened = [answer for answer in answers if isinstance(answer, Opened)]
    assert len({answer.lease_id for answer in opened}) == 1
    assert [answer.created for answer in opened].count(True) == 1
    assert len(opened) == 4
    codes = {answer.refusal.code for answer in answers if isinstance(answer, Refused)}
    assert codes == {"LEASE_DIFFERS"}
    await assert_sound(postgres_database, floor.actor)
