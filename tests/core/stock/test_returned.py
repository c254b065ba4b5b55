"""Goods come back from buyers: never more than a line shipped, into the pool they are graded for."""

from typing import Any
from uuid import UUID

import pytest_asyncio
from builders_stock import Warehouse, make_warehouse
from events_told import events_told
from stock_floor import Floor

from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import carrying, moves, queries, returned, shipping
from pickmesh.core.stock.carrying import Carry
from pickmesh.core.stock.moves import StockTransfer
from pickmesh.core.stock.places import NewPlace
from pickmesh.core.stock.returned import StockReturn


@pytest_asyncio.fixture
async def depot(floor: Floor) -> Warehouse:
    """Another warehouse, with bins for goods that came back."""
    pools = [
        NewPlace("WH2", "R-01", "BIN", pool="RETURNS"),
        NewPlace("WH2", "D-01", "BIN", pool="DEFECTIVE"),
        NewPlace("WH2", "Q-01", "BIN", pool="QUARANTINE"),
    ]
    return await make_warehouse(floor.database, floor.actor, code="WH2", bins=("B-01",), others=pools)


async def sold(floor: Floor, sku: str, quantity: int) -> UUID:
    """Ship so many pieces to a buyer and return the line."""
    line_id, allocation_ids = await floor.promised(sku, quantity)
    async with floor.database.reading(floor.actor) as uow:
        rows = await queries.allocations(uow, allocation_ids)
    async with floor.database.unit_of_work(floor.actor) as uow:
        carries = [Carry(row.id, floor.parcel_id, row.quantity) for row in rows]
        carried = await carrying.carry_allocations(uow, carries=carries, reason="PACK")
        going = [one.allocation_id for one in carried if not isinstance(one, Refused)]
        shipped = await shipping.ship_allocations(uow, allocation_ids=going)
        assert len(shipped.done) == len(rows)
    return line_id


async def take(floor: Floor, *back: StockReturn) -> list[Any]:
    """Take returns; answer what is left with the buyer, or the refusals' codes."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await returned.take_returns(uow, returns=back)
    return [one.refusal.code if isinstance(one, Refused) else one.left for one in answers]


async def test_never_more_comes_back_than_was_shipped_and_the_pool_decides_what_is_sold_again(
    floor: Floor, depot: Warehouse
) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 6)
    line = await sold(floor, "KETTLE", 5)
    document = new_id()
    assert await take(
        floor,
        StockReturn(line, floor.bin("A-02"), 1, document_id=document),
        StockReturn(line, depot.bins["D-01"], 2, document_id=document),
        StockReturn(line, depot.bins["R-01"], 3),
    ) == [4, 2, "NOT_ENOUGH_STOCK"]
    assert await take(floor, StockReturn(line, depot.bins["Q-01"], 2), StockReturn(line, floor.bin("A-02"), 1)) == [
        0,
        "NOT_ENOUGH_STOCK",
    ]
    async with floor.database.reading(floor.actor) as uow:
        rows = {row.location_id: row for row in await queries.levels_of(uow, [floor.skus["KETTLE"]])}
    here, there = rows[floor.warehouse.location_id], rows[depot.location_id]
    assert (here.on_hand, here.non_sellable, here.free) == (2, 0, 2)
    assert (there.on_hand, there.non_sellable, there.free) == (4, 4, 0)
    told = await events_told(floor.database, floor.actor)
    assert [one.payload["quantity"] for one in told if one.kind == "stock_returned"] == [1, 2, 2]
    assert [one.payload["difference"] for one in told if one.kind == "sellable_changed"] == [1]
    await floor.assert_sound()


async def test_what_was_graded_good_moves_to_a_sellable_bin_and_may_be_sold(floor: Floor, depot: Warehouse) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 2)
    line = await sold(floor, "KETTLE", 2)
    await take(floor, StockReturn(line, depot.bins["R-01"], 2))
    good = StockTransfer(depot.bins["R-01"], depot.bins["B-01"], floor.skus["KETTLE"], 1)
    bad = StockTransfer(depot.bins["R-01"], depot.bins["D-01"], floor.skus["KETTLE"], 1)
    async with floor.database.unit_of_work(floor.actor) as uow:
        assert not [one for one in await moves.move_stock(uow, moves=[good, bad]) if isinstance(one, Refused)]
    async with floor.database.reading(floor.actor) as uow:
        (row,) = [one for one in await queries.levels_of(uow, [floor.skus["KETTLE"]]) if one.on_hand]
    assert (row.location_id, row.on_hand, row.non_sellable, row.free) == (depot.location_id, 2, 1, 1)
    await floor.assert_sound()


async def test_a_serial_comes_back_for_the_line_it_was_shipped_for(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "PHONE", 2, serials=("S1", "S2"))
    both = await sold(floor, "PHONE", 2)
    await floor.put(floor.bin("A-01"), "PHONE", 1, serials=("S3",))
    third = await sold(floor, "PHONE", 1)
    into = floor.bin("A-02")
    assert await take(
        floor,
        StockReturn(both, into, 1),
        StockReturn(both, into, 2, serial="S1"),
        StockReturn(both, into, 1, serial="S3"),
        StockReturn(both, into, 1, serial=" s1"),
        StockReturn(both, into, 1, serial="S1"),
        StockReturn(third, into, 1, serial="S3"),
    ) == ["SERIAL_NEEDED", "SERIAL_NEEDED", "SERIAL_ELSEWHERE", 1, "SERIAL_ELSEWHERE", 0]
    async with floor.database.reading(floor.actor) as uow:
        rows = await queries.units_by_serial(uow, ["S1", "S2", "S3"])
    assert {row.serial: row.state for row in rows} == {"S1": "IN_STOCK", "S2": "SHIPPED", "S3": "IN_STOCK"}
    again = await sold(floor, "PHONE", 2)
    assert await take(floor, StockReturn(both, into, 1, serial="S1"), StockReturn(again, into, 1, serial="S1")) == [
        "SERIAL_ELSEWHERE",
        1,
    ]
    await floor.assert_sound()


async def test_lots_come_back_as_the_lots_they_went_as(floor: Floor) -> None:
    first = await floor.put(floor.bin("A-01"), "MILK", 2, lot_code="L1")
    second = await floor.put(floor.bin("A-01"), "MILK", 2, lot_code="L2")
    line = await sold(floor, "MILK", 4)
    into = floor.bin("A-02")
    assert await take(
        floor,
        StockReturn(line, into, 1),
        StockReturn(line, into, 3, first),
        StockReturn(line, into, 2, first),
        StockReturn(line, into, 1),
        StockReturn(line, into, 1, new_id()),
    ) == ["LOT_NEEDED", "NOT_ENOUGH_STOCK", 2, 1, "NOT_ENOUGH_STOCK"]
    async with floor.database.reading(floor.actor) as uow:
        rows = await queries.balances_of(uow, place_ids=[into])
    assert {row.lot_id: row.quantity for row in rows} == {first: 2, second: 1}
    await floor.assert_sound()


async def test_rows_that_make_no_sense_are_told(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 2)
    line = await sold(floor, "KETTLE", 2)
    assert await take(
        floor,
        StockReturn(new_id(), floor.bin("A-01"), 1),
        StockReturn(line, new_id(), 1),
        StockReturn(line, floor.tote(), 1),
        StockReturn(line, floor.bin("A-01"), 0),
    ) == ["NOT_ENOUGH_STOCK", "UNKNOWN_PLACE", "WRONG_PLACE", "INVALID_INPUT"]
    assert await floor.level("KETTLE") == (0, 0, 0, 0)
