"""Counting: what was counted is what lies there; a figure counted again posts nothing."""

from typing import Any
from uuid import UUID

from builders_stock import make_warehouse, put_stock
from events_told import events_told
from stock_floor import Floor

from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import counts, put_backs, queries
from pickmesh.core.stock.counts import StockCount
from pickmesh.core.stock.put_backs import Loss


async def count(floor: Floor, *told: StockCount) -> list[str | tuple[int, int, int]]:
    """Count; answer before, after and difference, or the refusals' codes."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await counts.count_stock(uow, counts=told)
    return [
        one.refusal.code if isinstance(one, Refused) else (one.before, one.after, one.difference) for one in answers
    ]


def at(floor: Floor, code: str, sku: str, quantity: int, **more: Any) -> StockCount:
    return StockCount(floor.bin(code), floor.skus[sku], quantity, **more)


async def moved(floor: Floor, sku: str) -> int:
    async with floor.database.reading(floor.actor) as uow:
        return len((await queries.move_page(uow, PageRequest(250), sku_id=floor.skus[sku])).items)


async def units(floor: Floor) -> dict[str, tuple[UUID, str]]:
    async with floor.database.reading(floor.actor) as uow:
        rows = await queries.units_by_serial(uow, ["S1", "S2", "S3", "S4", "S9"])
    return {row.serial: (row.place_id, row.state) for row in rows}


async def test_a_count_posts_the_difference_once(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 10)
    assert await count(floor, at(floor, "A-01", "KETTLE", 7), at(floor, "A-02", "KETTLE", 4)) == [
        (10, 7, -3),
        (0, 4, 4),
    ]
    assert await floor.level("KETTLE") == (11, 0, 0, 11)
    before = await moved(floor, "KETTLE")
    assert await count(floor, at(floor, "A-01", "KETTLE", 7), at(floor, "A-02", "KETTLE", 4)) == [(7, 7, 0), (4, 4, 0)]
    assert await moved(floor, "KETTLE") == before == 3
    told = [one for one in await events_told(floor.database, floor.actor) if one.kind == "stock_adjusted"]
    assert [(one.payload["difference"], one.payload["free"]) for one in told] == [(1, 11)]
    await floor.assert_sound()


async def test_a_count_below_what_was_promised_takes_promises_back(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    early, _ = await floor.promised("KETTLE", 2, rank=1)
    late, _ = await floor.promised("KETTLE", 3, rank=2)
    assert await count(floor, at(floor, "A-01", "KETTLE", 3)) == [(5, 3, -2)]
    assert await floor.reservations(early) == [("OPEN", 2)]
    assert await floor.reservations(late) == [("OPEN", 1)]
    assert await floor.allocations(late) == [("A-01", 1)]
    await floor.assert_sound()


async def test_an_empty_bin_counted_empty_and_a_lot_by_itself(floor: Floor) -> None:
    first = await floor.put(floor.bin("A-01"), "MILK", 3, lot_code="L1")
    second = await floor.put(floor.bin("A-01"), "MILK", 4, lot_code="L2")
    assert await count(
        floor,
        at(floor, "A-02", "MILK", 0),
        at(floor, "A-01", "MILK", 2, lot_id=first),
        at(floor, "A-01", "MILK", 0, lot_id=second),
    ) == [(0, 0, 0), (3, 2, -1), (4, 0, -4)]
    assert await floor.lying("MILK") == {"A-01": (2, 0)}
    await floor.assert_sound()


async def test_serials_not_found_stand_at_missing_and_those_found_come_here(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "PHONE", 3, serials=("S1", "S2", "S3"))
    await floor.put(floor.bin("A-02"), "PHONE", 1, serials=("S4",))
    found = at(floor, "A-01", "PHONE", 3, serials=(" s1", "S4", "S9"))
    assert await count(floor, found) == [(3, 3, 0)]
    missing = floor.warehouse.others["MISSING"]
    here = (floor.bin("A-01"), "IN_STOCK")
    assert await units(floor) == {
        "S1": here,
        "S2": (missing, "IN_STOCK"),
        "S3": (missing, "IN_STOCK"),
        "S4": here,
        "S9": here,
    }
    assert await floor.level("PHONE") == (5, 2, 0, 3)
    assert await count(floor, found) == [(3, 3, 0)]
    assert await count(floor, at(floor, "A-02", "PHONE", 1, serials=("S3",))) == [(0, 1, 1)]
    assert (await units(floor))["S3"] == (floor.bin("A-02"), "IN_STOCK")
    assert await floor.level("PHONE") == (5, 1, 0, 4)
    await floor.assert_sound()


async def test_units_reported_missing_without_a_name_are_named_by_the_count(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "PHONE", 3, serials=("S1", "S2", "S3"))
    _, (allocation,) = await floor.promised("PHONE", 3)
    async with floor.database.unit_of_work(floor.actor) as uow:
        await put_backs.lose_allocations(uow, losses=[Loss(allocation, 2)])
    assert await floor.lying("PHONE") == {"A-01": (1, 1), "MISSING": (2, 0)}
    assert await count(floor, at(floor, "A-01", "PHONE", 2, serials=("S1", "S2"))) == [(1, 2, 1)]
    here, missing = floor.bin("A-01"), floor.warehouse.others["MISSING"]
    assert {serial: place for serial, (place, _) in (await units(floor)).items()} == {
        "S1": here,
        "S2": here,
        "S3": missing,
    }
    assert await floor.lying("PHONE") == {"A-01": (2, 1), "MISSING": (1, 0)}
    assert await count(floor, at(floor, "A-01", "PHONE", 0)) == [(2, 0, -2)]
    assert await floor.lying("PHONE") == {"MISSING": (3, 0)}
    await floor.assert_sound()


async def test_a_serial_counted_twice_or_recorded_in_another_warehouse_is_refused(floor: Floor) -> None:
    other = await make_warehouse(floor.database, floor.actor, code="WH2", bins=("B-01",))
    await put_stock(floor.database, floor.actor, other.bins["B-01"], floor.skus["PHONE"], 1, serials=("S1",))
    assert await count(
        floor,
        at(floor, "A-01", "PHONE", 1, serials=("S1",)),
        at(floor, "A-01", "PHONE", 2, serials=("S2",)),
        at(floor, "A-01", "PHONE", 2, serials=("S2", "S2")),
        at(floor, "A-01", "PHONE", 1, serials=("S2",)),
        at(floor, "A-02", "PHONE", 1, serials=("S2",)),
    ) == ["SERIAL_ELSEWHERE", "SERIAL_NEEDED", "SERIAL_NEEDED", (0, 1, 1), "INVALID_INPUT"]
    await floor.assert_sound()


async def test_rows_that_make_no_sense_are_told(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "MILK", 1, lot_code="L1")
    assert await count(
        floor,
        StockCount(new_id(), floor.skus["KETTLE"], 1),
        StockCount(floor.bin("A-01"), new_id(), 1),
        StockCount(floor.tote(), floor.skus["KETTLE"], 1),
        at(floor, "A-01", "KETTLE", -1),
        at(floor, "A-01", "MILK", 1),
        at(floor, "A-01", "MILK", 1, lot_id=new_id()),
        at(floor, "A-02", "KETTLE", 1),
        at(floor, "A-02", "KETTLE", 2),
    ) == [
        "UNKNOWN_PLACE",
        "UNKNOWN_SKU",
        "WRONG_PLACE",
        "INVALID_INPUT",
        "LOT_NEEDED",
        "LOT_NEEDED",
        (0, 1, 1),
        "INVALID_INPUT",
    ]
    await floor.assert_sound()
