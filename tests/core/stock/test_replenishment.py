"""Pick faces are filled from overflow: under the minimum up to the maximum, for orders, and never twice."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest_asyncio
from builders_stock import Warehouse, make_warehouse, put_stock
from stock_floor import Floor

from pickmesh.core.kit.ids import NIL_ID, new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import queries, replenishment, replenishment_queries
from pickmesh.core.stock.replenishment import Completion, NewPickFace


class Shelf:
    """Two pick bins and two overflow bins, and short ways to ask of them."""

    def __init__(self, floor: Floor, warehouse: Warehouse) -> None:
        self.floor = floor
        self.bins = warehouse.bins
        self.location_id = warehouse.location_id
        self.codes = {place_id: code for code, place_id in warehouse.bins.items()}

    async def put(self, code: str, sku: str, quantity: int, **lot: Any) -> UUID:
        floor = self.floor
        return await put_stock(floor.database, floor.actor, self.bins[code], floor.skus[sku], quantity, **lot)

    async def face(self, code: str, sku: str, least: int, most: int) -> list[Any]:
        return await self.told(
            replenishment.save_pick_faces,
            faces=[NewPickFace(self.bins[code], self.floor.skus[sku], least, most)],
        )

    async def told(self, command: Any, **items: Any) -> list[Any]:
        async with self.floor.database.unit_of_work(self.floor.actor) as uow:
            answers = await command(uow, **items)
        return [one.refusal.code if isinstance(one, Refused) else getattr(one, "status", "SAVED") for one in answers]

    async def plan(self) -> list[tuple[str, str, int]]:
        """Plan; answer from where to where how much each named task asks for now."""
        async with self.floor.database.unit_of_work(self.floor.actor) as uow:
            ids = await replenishment.plan_replenishments(uow, location_id=self.location_id)
            found = await replenishment_queries.tasks(uow, ids)
        return [
            (self.codes[found[one].from_place_id], self.codes[found[one].to_place_id], found[one].quantity)
            for one in ids
        ]

    async def open_tasks(self) -> list[UUID]:
        async with self.floor.database.reading(self.floor.actor) as uow:
            return [row.id for row in await replenishment_queries.open_tasks(uow, self.location_id)]

    async def lying(self, sku: str) -> dict[str, int]:
        async with self.floor.database.reading(self.floor.actor) as uow:
            rows = await queries.balances_of(uow, sku_ids=[self.floor.skus[sku]])
        found: dict[str, int] = {}
        for row in rows:
            found[row.place_code] = found.get(row.place_code, 0) + row.quantity
        return found

    async def reserve(self, sku: str, quantity: int) -> UUID:
        demand = self.floor.demand(sku, quantity)
        here = type(demand)(demand.group_id, demand.line_id, self.location_id, demand.sku_id, quantity, demand.rank_at)
        assert len((await self.floor.reserve(here)).covered) == 1
        return here.line_id


@pytest_asyncio.fixture
async def shelf(floor: Floor) -> Shelf:
    warehouse = await make_warehouse(
        floor.database, floor.actor, code="WH2", bins=("P-01", "P-02"), overflow=("Z-11", "Z-12")
    )
    return Shelf(floor, warehouse)


async def test_a_face_under_its_minimum_is_filled_to_its_maximum_once(shelf: Shelf) -> None:
    await shelf.put("P-01", "KETTLE", 2)
    await shelf.put("Z-11", "KETTLE", 20)
    assert await shelf.face("P-01", "KETTLE", 3, 10) == ["SAVED"]
    assert await shelf.plan() == [("Z-11", "P-01", 8)]
    assert await shelf.plan() == []
    (task,) = await shelf.open_tasks()
    assert await shelf.told(replenishment.complete_replenishments, completions=[Completion(task, 3)]) == ["OPEN"]
    assert await shelf.lying("KETTLE") == {"P-01": 5, "Z-11": 17}
    assert await shelf.plan() == []
    assert await shelf.told(replenishment.complete_replenishments, completions=[Completion(task)]) == ["DONE"]
    assert await shelf.lying("KETTLE") == {"P-01": 10, "Z-11": 12}
    assert await shelf.told(replenishment.complete_replenishments, completions=[Completion(task)]) == ["WRONG_STATE"]
    await shelf.floor.assert_sound()


async def test_at_its_minimum_a_face_needs_nothing_and_under_it_what_waves_will_take_counts(shelf: Shelf) -> None:
    await shelf.put("P-01", "KETTLE", 3)
    await shelf.face("P-01", "KETTLE", 3, 10)
    await shelf.put("Z-11", "KETTLE", 20)
    assert await shelf.plan() == []
    line = await shelf.reserve("KETTLE", 1)
    assert (await shelf.floor.allocate(line)).allocations[0].place_id == shelf.bins["P-01"]
    assert await shelf.plan() == [("Z-11", "P-01", 8)]


async def test_what_expires_first_is_brought_first_and_lots_stay_lots(shelf: Shelf) -> None:
    await shelf.face("P-01", "MILK", 1, 6)
    late = await shelf.put("Z-11", "MILK", 9, lot_code="L2", expires_on=date(2031, 1, 2))
    early = await shelf.put("Z-12", "MILK", 4, lot_code="L1", expires_on=date(2031, 1, 1))
    assert await shelf.plan() == [("Z-12", "P-01", 4), ("Z-11", "P-01", 2)]
    tasks = [Completion(one) for one in await shelf.open_tasks()]
    assert await shelf.told(replenishment.complete_replenishments, completions=tasks) == ["DONE", "DONE"]
    async with shelf.floor.database.reading(shelf.floor.actor) as uow:
        rows = await queries.balances_of(uow, place_ids=[shelf.bins["P-01"]])
    assert {row.lot_id: row.quantity for row in rows} == {early: 4, late: 2}
    await shelf.floor.assert_sound()


async def test_what_is_promised_or_on_another_task_is_not_taken(shelf: Shelf) -> None:
    await shelf.put("Z-11", "KETTLE", 7)
    line = await shelf.reserve("KETTLE", 3)
    await shelf.floor.allocate(line)
    await shelf.face("P-01", "KETTLE", 1, 3)
    await shelf.face("P-02", "KETTLE", 1, 3)
    assert [quantity for _, _, quantity in await shelf.plan()] == [3, 1]
    assert await shelf.plan() == []
    await shelf.put("Z-11", "KETTLE", 5)
    assert await shelf.plan() == []  # the second face expects one piece, which is its minimum
    assert await shelf.face("P-02", "KETTLE", 2, 3) == ["SAVED"]
    assert await shelf.plan() == [("Z-11", "P-02", 3)]  # the open task grew from 1 to 3
    assert len(await shelf.open_tasks()) == 2
    await shelf.floor.assert_sound()


async def test_orders_that_need_more_than_all_pick_bins_hold_fill_the_emptiest_faces(shelf: Shelf) -> None:
    await shelf.put("P-01", "KETTLE", 5)
    await shelf.put("P-02", "KETTLE", 4)
    await shelf.put("Z-11", "KETTLE", 30)
    await shelf.face("P-01", "KETTLE", 1, 8)
    await shelf.face("P-02", "KETTLE", 1, 8)
    await shelf.reserve("KETTLE", 9)
    assert await shelf.plan() == []
    await shelf.reserve("KETTLE", 6)
    assert await shelf.plan() == [("Z-11", "P-02", 4), ("Z-11", "P-01", 2)]
    assert await shelf.plan() == []


async def test_a_task_called_off_lets_the_need_be_planned_again(shelf: Shelf) -> None:
    await shelf.put("Z-11", "KETTLE", 5)
    await shelf.face("P-01", "KETTLE", 1, 4)
    await shelf.plan()
    (task,) = await shelf.open_tasks()
    cancel = replenishment.cancel_replenishments
    assert await shelf.told(cancel, task_ids=[task, task, new_id()]) == [
        "CANCELLED",
        "CANCELLED",
        "UNKNOWN_REPLENISHMENT",
    ]
    assert await shelf.told(replenishment.complete_replenishments, completions=[Completion(task)]) == ["WRONG_STATE"]
    assert await shelf.plan() == [("Z-11", "P-01", 4)]
    (second,) = await shelf.open_tasks()
    done = [Completion(second, 1, closes=True)]
    assert await shelf.told(replenishment.complete_replenishments, completions=done) == ["DONE"]
    assert await shelf.told(cancel, task_ids=[second]) == ["WRONG_STATE"]
    assert await shelf.lying("KETTLE") == {"P-01": 1, "Z-11": 4}


async def test_goods_that_left_the_overflow_bin_meanwhile_are_told(shelf: Shelf) -> None:
    await shelf.put("Z-11", "KETTLE", 4)
    await shelf.face("P-01", "KETTLE", 1, 4)
    await shelf.plan()
    line = await shelf.reserve("KETTLE", 2)
    await shelf.floor.allocate(line)
    (task,) = await shelf.open_tasks()
    complete = replenishment.complete_replenishments
    assert await shelf.told(complete, completions=[Completion(task), Completion(task, 5)]) == [
        "NOT_ENOUGH_STOCK",
        "WRONG_STATE",
    ]
    assert await shelf.told(complete, completions=[Completion(task, 5), Completion(task, 2)]) == [
        "INVALID_INPUT",
        "OPEN",
    ]
    await shelf.floor.assert_sound()


async def test_serial_numbered_pieces_are_named_when_only_some_go(shelf: Shelf) -> None:
    floor = shelf.floor
    await shelf.put("Z-11", "PHONE", 3, serials=("S1", "S2", "S3"))
    await shelf.face("P-01", "PHONE", 1, 2)
    assert await shelf.plan() == [("Z-11", "P-01", 2)]
    (task,) = await shelf.open_tasks()
    async with floor.database.reading(floor.actor) as uow:
        ids = {row.serial: row.id for row in await queries.units_by_serial(uow, ["S1", "S3"])}
    complete = replenishment.complete_replenishments
    assert await shelf.told(complete, completions=[Completion(task)]) == ["SERIAL_NEEDED"]
    assert await shelf.told(complete, completions=[Completion(task, unit_ids=[ids["S1"], ids["S3"]])]) == ["DONE"]
    async with floor.database.reading(floor.actor) as uow:
        rows = await queries.units_at_places(uow, [shelf.bins["P-01"]])
    assert [row.serial for row in rows] == ["S1", "S3"]
    await floor.assert_sound()


async def test_faces_that_make_no_sense_are_told_and_one_may_be_forgotten(shelf: Shelf) -> None:
    floor, sku = shelf.floor, shelf.floor.skus["KETTLE"]
    faces = [
        NewPickFace(new_id(), sku, 1, 2),
        NewPickFace(shelf.bins["P-01"], NIL_ID, 1, 2),
        NewPickFace(shelf.bins["Z-11"], sku, 1, 2),
        NewPickFace(floor.tote(), sku, 1, 2),
        NewPickFace(shelf.bins["P-01"], sku, 2, 2),
        NewPickFace(shelf.bins["P-01"], sku, 1, 2),
        NewPickFace(shelf.bins["P-01"], sku, 1, 3),
    ]
    assert await shelf.told(replenishment.save_pick_faces, faces=faces) == [
        "UNKNOWN_PLACE",
        "UNKNOWN_SKU",
        "WRONG_PLACE",
        "WRONG_PLACE",
        "INVALID_INPUT",
        "SAVED",
        "INVALID_INPUT",
    ]
    await shelf.put("Z-11", "KETTLE", 5)
    assert await shelf.face("P-01", "KETTLE", 0, 0) == ["SAVED"]
    assert await shelf.plan() == []
