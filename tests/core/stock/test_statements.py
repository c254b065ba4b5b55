"""The number of statements never depends on the number of rows."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from statements import statements
from stock_floor import Floor

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.stock import allocations, carrying, put_backs, receipts, reservations, shipping
from pickmesh.core.stock.allocations import AllocationNeed
from pickmesh.core.stock.carrying import Carry
from pickmesh.core.stock.put_backs import Loss, PutBack
from pickmesh.core.stock.receipts import Receipt
from pickmesh.core.stock.rules import Demand

SIZES = (1, 10, 200)
PIECES = 3


async def counted(floor: Floor, work: Callable[[UnitOfWork], Awaitable[Any]]) -> int:
    with statements(floor.database) as sent:
        async with floor.database.unit_of_work(floor.actor) as uow:
            await work(uow)
    return len(sent)


async def lines(floor: Floor, count: int) -> list[Demand]:
    """Reserve for so many lines."""
    demands = [floor.demand("KETTLE", PIECES, rank=number) for number in range(count)]
    assert len((await floor.reserve(*demands)).covered) == count
    return demands


async def promised(floor: Floor, count: int) -> list[Any]:
    """Reserve and allocate so many lines; return their allocations."""
    demands = await lines(floor, count)
    return list((await floor.allocate(*(demand.line_id for demand in demands))).allocations)


async def receiving(floor: Floor, count: int) -> int:
    rows = [Receipt(floor.bin("A-02"), floor.skus["LID"], 1) for _ in range(count)]
    return await counted(floor, lambda uow: receipts.receive_stock(uow, receipts=rows))


async def reserving(floor: Floor, count: int) -> int:
    demands = [floor.demand("KETTLE", PIECES, rank=number) for number in range(count)]
    return await counted(floor, lambda uow: reservations.reserve_stock(uow, demands=demands))


async def allocating(floor: Floor, count: int) -> int:
    needs = [AllocationNeed(demand.line_id) for demand in await lines(floor, count)]
    return await counted(floor, lambda uow: allocations.allocate_lines(uow, lines=needs))


async def carrying_parts(floor: Floor, count: int) -> int:
    carries = [Carry(one.allocation_id, floor.tote(), 1) for one in await promised(floor, count)]
    return await counted(floor, lambda uow: carrying.carry_allocations(uow, carries=carries, reason="PICK"))


async def losing(floor: Floor, count: int) -> int:
    lost = [Loss(one.allocation_id, 1) for one in await promised(floor, count)]
    return await counted(floor, lambda uow: put_backs.lose_allocations(uow, losses=lost))


async def releasing(floor: Floor, count: int) -> int:
    ids = [one.line_id for one in await promised(floor, count)]
    return await counted(floor, lambda uow: reservations.release_reservations(uow, line_ids=ids))


async def shipping_out(floor: Floor, count: int) -> int:
    ids = [one.allocation_id for one in await promised(floor, count)]
    await counted(
        floor,
        lambda uow: carrying.carry_allocations(
            uow, carries=[Carry(id_, floor.parcel_id, PIECES) for id_ in ids], reason="PACK"
        ),
    )
    return await counted(
        floor, lambda uow: shipping.ship_allocations(uow, allocation_ids=ids, document_id=floor.parcel_id)
    )


async def putting_back(floor: Floor, count: int) -> int:
    ids = [one.allocation_id for one in await promised(floor, count)]
    await counted(
        floor,
        lambda uow: carrying.carry_allocations(
            uow, carries=[Carry(id_, floor.tote("T-0002"), PIECES) for id_ in ids], reason="PICK"
        ),
    )
    backs = [PutBack(id_, floor.bin("A-03"), PIECES) for id_ in ids]
    return await counted(floor, lambda uow: put_backs.put_back(uow, backs=backs))


@pytest.mark.parametrize(
    ("act", "count"),
    [
        (receiving, 12),
        (reserving, 6),
        (allocating, 6),
        (carrying_parts, 9),
        (losing, 14),
        (releasing, 11),
        (shipping_out, 12),
        (putting_back, 14),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_an_act_sends_as_many_statements_for_one_row_as_for_two_hundred(
    floor: Floor, act: Callable[[Floor, int], Awaitable[int]], count: int
) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 3_000)
    sent = [await act(floor, size) for size in SIZES]
    assert sent == [sent[0]] * len(SIZES)
    # PostgreSQL is sent less often: what is written waits for what else is, up to the next question or the commit.
    assert sent[0] <= count if floor.database.engine.dialect.name == "postgresql" else sent[0] == count
    await floor.assert_sound()
