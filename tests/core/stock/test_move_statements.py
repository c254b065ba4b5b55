"""Transfers, counts, returns and replenishment send as many statements for one row as for a thousand."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from builders_catalog import make_skus
from builders_stock import Warehouse, make_warehouse
from statements import statements
from stock_floor import Floor

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.stock import (
    allocations,
    carrying,
    counts,
    replenishment,
    replenishment_queries,
    reservations,
    returned,
    shipping,
    transfer_receipts,
    transfer_sends,
    transfer_undo,
    transfers,
)
from pickmesh.core.stock.allocations import AllocationNeed
from pickmesh.core.stock.carrying import Carry
from pickmesh.core.stock.counts import StockCount
from pickmesh.core.stock.receipts import Receipt, receive_stock
from pickmesh.core.stock.replenishment import Completion, NewPickFace
from pickmesh.core.stock.returned import StockReturn
from pickmesh.core.stock.rules import Demand
from pickmesh.core.stock.transfer_receipts import TransferReceipt
from pickmesh.core.stock.transfer_sends import Sending
from pickmesh.core.stock.transfer_undo import TakenBack
from pickmesh.core.stock.transfers import PlannedLine, TransferPlan

SIZES = (1, 10, 1_000)


class Yard:
    """Two warehouses and as many SKUs as the largest batch, each with stock in overflow and in a pick bin."""

    def __init__(self, floor: Floor, other: Warehouse, skus: list[Any]) -> None:
        self.floor = floor
        self.other = other
        self.skus = skus

    @property
    def overflow(self) -> Any:
        return self.floor.bin("Z-01")

    async def do(self, work: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        async with self.floor.database.unit_of_work(self.floor.actor) as uow:
            return await work(uow)

    async def counted(self, work: Callable[[UnitOfWork], Awaitable[Any]]) -> int:
        with statements(self.floor.database) as sent:
            await self.do(work)
        return len(sent)

    async def planned(self, size: int) -> list[Any]:
        """Plan one transfer of so many lines and return the lines' ids."""
        plan = TransferPlan(
            self.floor.warehouse.location_id,
            self.other.location_id,
            [PlannedLine(sku, 2) for sku in self.skus[:size]],
        )
        (one,) = await self.do(lambda uow: transfers.plan_transfers(uow, plans=[plan]))
        return list(one.line_ids)

    async def sent(self, size: int) -> list[Any]:
        lines = await self.planned(size)
        sendings = [Sending(line, 2, self.overflow) for line in lines]
        await self.do(lambda uow: transfer_sends.send_transfers(uow, sendings=sendings))
        return lines


async def planning(yard: Yard, size: int) -> int:
    ends = (yard.floor.warehouse.location_id, yard.other.location_id)
    plans = [TransferPlan(*ends, [PlannedLine(sku, 1)]) for sku in yard.skus[:size]]
    return await yard.counted(lambda uow: transfers.plan_transfers(uow, plans=plans))


async def cancelling(yard: Yard, size: int) -> int:
    ends = (yard.floor.warehouse.location_id, yard.other.location_id)
    plans = [TransferPlan(*ends, [PlannedLine(sku, 1)]) for sku in yard.skus[:size]]
    ids = [one.transfer_id for one in await yard.do(lambda uow: transfers.plan_transfers(uow, plans=plans))]
    return await yard.counted(lambda uow: transfers.cancel_transfers(uow, transfer_ids=ids))


async def sending(yard: Yard, size: int) -> int:
    sendings = [Sending(line, 2, yard.overflow) for line in await yard.planned(size)]
    return await yard.counted(lambda uow: transfer_sends.send_transfers(uow, sendings=sendings))


async def sending_by_rules(yard: Yard, size: int) -> int:
    sendings = [Sending(line, 1) for line in await yard.planned(size)]
    return await yard.counted(lambda uow: transfer_sends.send_transfers(uow, sendings=sendings))


async def arriving(yard: Yard, size: int) -> int:
    came = [TransferReceipt(line, yard.other.bins["B-01"], 2) for line in await yard.sent(size)]
    return await yard.counted(lambda uow: transfer_receipts.receive_transfers(uow, receipts=came))


async def taking_back(yard: Yard, size: int) -> int:
    backs = [TakenBack(line, yard.overflow, 2) for line in await yard.sent(size)]
    return await yard.counted(lambda uow: transfer_undo.take_back_sends(uow, backs=backs))


async def counting(yard: Yard, size: int) -> int:
    told = [StockCount(yard.floor.bin("A-02"), sku, 3) for sku in yard.skus[:size]]
    sent = await yard.counted(lambda uow: counts.count_stock(uow, counts=told))
    again = [StockCount(yard.floor.bin("A-02"), sku, 0) for sku in yard.skus[:size]]
    await yard.do(lambda uow: counts.count_stock(uow, counts=again))
    return sent


async def returning(yard: Yard, size: int) -> int:
    floor = yard.floor
    rows = [floor.demand("KETTLE", 1) for _ in range(size)]
    demands = [
        Demand(row.group_id, row.line_id, row.location_id, sku, 1, row.rank_at)
        for row, sku in zip(rows, yard.skus, strict=False)
    ]
    await yard.do(lambda uow: reservations.reserve_stock(uow, demands=demands))
    needs = [AllocationNeed(demand.line_id) for demand in demands]
    allocated = await yard.do(lambda uow: allocations.allocate_lines(uow, lines=needs))
    ids = [one.allocation_id for one in allocated.allocations]
    carries = [Carry(one, floor.parcel_id, 1) for one in ids]
    await yard.do(lambda uow: carrying.carry_allocations(uow, carries=carries, reason="PACK"))
    await yard.do(lambda uow: shipping.ship_allocations(uow, allocation_ids=ids))
    back = [StockReturn(demand.line_id, floor.bin("A-03"), 1) for demand in demands]
    return await yard.counted(lambda uow: returned.take_returns(uow, returns=back))


async def facing(yard: Yard, size: int) -> int:
    faces = [NewPickFace(yard.floor.bin("A-01"), sku, 1, 3) for sku in yard.skus[:size]]
    return await yard.counted(lambda uow: replenishment.save_pick_faces(uow, faces=faces))


async def replenishing(yard: Yard, size: int) -> int:
    location_id = yard.floor.warehouse.location_id
    await facing(yard, size)
    planned = await yard.counted(lambda uow: replenishment.plan_replenishments(uow, location_id=location_id))
    open_tasks = await yard.do(lambda uow: replenishment_queries.open_tasks(uow, location_id))
    assert len(open_tasks) == size
    ids = [task.id for task in open_tasks]
    done = [Completion(one, 1) for one in ids]
    completed = await yard.counted(lambda uow: replenishment.complete_replenishments(uow, completions=done))
    cancelled = await yard.counted(lambda uow: replenishment.cancel_replenishments(uow, task_ids=ids))
    gone = [StockCount(yard.floor.bin("A-01"), sku, 0) for sku in yard.skus[:size]]
    await yard.do(lambda uow: counts.count_stock(uow, counts=gone))
    forgotten = [NewPickFace(yard.floor.bin("A-01"), sku, 0, 0) for sku in yard.skus[:size]]
    await yard.do(lambda uow: replenishment.save_pick_faces(uow, faces=forgotten))
    return planned + completed + cancelled


ACTS = {
    planning: 12,
    cancelling: 12,
    sending: 23,
    sending_by_rules: 24,
    arriving: 18,
    taking_back: 19,
    counting: 15,
    returning: 15,
    facing: 4,
    replenishing: 26,
}


@pytest.mark.parametrize(("act", "count"), ACTS.items(), ids=lambda value: getattr(value, "__name__", ""))
async def test_an_act_sends_as_many_statements_for_one_row_as_for_a_thousand(
    floor: Floor, act: Callable[[Yard, int], Awaitable[int]], count: int
) -> None:
    codes = [f"GOODS-{number:04d}" for number in range(max(SIZES))]
    skus = await make_skus(floor.database, floor.actor, codes)
    other = await make_warehouse(floor.database, floor.actor, code="WH2", bins=("B-01",))
    async with floor.database.unit_of_work(floor.actor) as uow:
        await receive_stock(uow, receipts=[Receipt(floor.bin("Z-01"), skus[code], 20) for code in codes])
    yard = Yard(floor, other, list(skus.values()))
    await yard.planned(1)  # the very first one makes the counter of numbers
    sent = [await act(yard, size) for size in SIZES]
    assert sent == [sent[0]] * len(SIZES)
    # PostgreSQL is sent less often: what is written waits for what else is, up to the next question or the commit.
    assert sent[0] <= count if floor.database.engine.dialect.name == "postgresql" else sent[0] == count
    await floor.assert_sound()
