from events_told import events_told
from stock_floor import Floor

from pickmesh.core.kit.ids import new_id
from pickmesh.core.stock import reservations
from pickmesh.core.stock.reservations import Released
from pickmesh.core.stock.rules import Demand


async def release(floor: Floor, *demands: Demand) -> Released:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await reservations.release_reservations(uow, line_ids=[demand.line_id for demand in demands])


async def test_reserving_lowers_free_and_leaves_on_hand(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    demand = floor.demand("KETTLE", 3)
    answer = await floor.reserve(demand)
    assert (answer.covered, answer.short) == ([demand], [])
    assert await floor.level("KETTLE") == (5, 0, 3, 2)
    assert await floor.reservations(demand.line_id) == [("OPEN", 3)]
    await floor.assert_sound()


async def test_a_bundle_short_of_one_part_holds_none_of_the_others(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    group = new_id()
    kettle, lid = floor.demand("KETTLE", 1, group=group), floor.demand("LID", 1, group=group)
    answer = await floor.reserve(kettle, lid)
    assert (answer.covered, answer.short) == ([], [kettle, lid])
    assert await floor.level("KETTLE") == (5, 0, 0, 5)
    assert await floor.reservations(kettle.line_id) == []


async def test_the_earlier_rank_is_served_first_whatever_the_order_of_the_batch(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 3)
    late, early = floor.demand("KETTLE", 2, rank=2), floor.demand("KETTLE", 2, rank=1)
    answer = await floor.reserve(late, early)
    assert (answer.covered, answer.short) == ([early], [late])


async def test_release_twice_frees_once(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    mine, other = floor.demand("KETTLE", 2), floor.demand("KETTLE", 1)
    await floor.reserve(mine, other)
    first, second = await release(floor, mine), await release(floor, mine)
    assert [line.quantity for line in first.released] == [2]
    assert second == Released([], [], [])
    assert await floor.level("KETTLE") == (5, 0, 1, 4)
    assert await floor.reservations(mine.line_id) == [("RELEASED", 0)]
    await floor.assert_sound()


async def test_releasing_frees_the_bins_too(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    demand = floor.demand("KETTLE", 2)
    await floor.reserve(demand)
    (allocated,) = (await floor.allocate(demand.line_id)).allocations
    assert await floor.lying("KETTLE") == {"A-01": (5, 2)}
    released = await release(floor, demand)
    assert [one.allocation_id for one in released.allocations] == [allocated.allocation_id]
    assert await floor.lying("KETTLE") == {"A-01": (5, 0)}
    assert await floor.allocations(demand.line_id) == []
    await floor.assert_sound()


async def test_levels_are_told_once_per_sku_and_batch(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    before = (await events_told(floor.database, floor.actor))[-1].seq
    demands = [floor.demand("KETTLE", 2, rank=rank) for rank in range(3)]
    await floor.reserve(*demands)
    await release(floor, *demands)
    told = [(one.kind, one.payload) for one in await events_told(floor.database, floor.actor, after=before)]
    where = {"location_id": str(floor.warehouse.location_id)}
    assert told == [
        ("stock_reserved", {**where, "quantity": 4, "free": 1}),
        ("stock_short", {**where, "quantity": 2, "free": 1}),
        ("reservation_released", {**where, "quantity": 4, "free": 5}),
    ]
