from datetime import date, timedelta

from stock_floor import Floor

from pickmesh.core.journal import reading, timers
from pickmesh.core.journal.events import TimerDue
from pickmesh.core.kit.ids import new_id
from pickmesh.core.stock import allocations, lots, queries, reactions
from pickmesh.core.stock.adjustments import Adjustment, adjust_stock
from pickmesh.core.stock.allocations import AllocationNeed
from pickmesh.core.stock.places import NewPlace, save_places
from pickmesh.core.stock.reservations import release_reservations

TODAY = date(2026, 11, 24)


async def react(floor: Floor) -> None:
    """Let stock deal with all timers that have come due."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        due = [event for event in await reading.events_after(uow, 0) if event.kind == TimerDue.kind]
        await reactions.REACTIONS[TimerDue.kind](uow, due)


async def codes(floor: Floor, sku: str, quantity: int) -> list[tuple[str, int]]:
    """Reserve and allocate; return where the units are taken from."""
    demand = floor.demand(sku, quantity)
    await floor.reserve(demand)
    await floor.allocate(demand.line_id)
    return await floor.allocations(demand.line_id)


async def test_what_expires_first_is_taken_from_wherever_it_lies(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "MILK", 5, lot_code="L2", expires_on=TODAY + timedelta(days=60))
    await floor.put(floor.bin("Z-01"), "MILK", 2, lot_code="L1", expires_on=TODAY + timedelta(days=30))
    assert await codes(floor, "MILK", 3) == [("A-01", 1), ("Z-01", 2)]
    await floor.assert_sound()


async def test_goods_on_a_dock_are_promised_but_no_wave_takes_them(floor: Floor) -> None:
    await floor.put(floor.warehouse.others["DOCK-1"], "KETTLE", 3)
    await floor.put(floor.bin("A-01"), "KETTLE", 1)
    demand = floor.demand("KETTLE", 3)
    assert (await floor.reserve(demand)).covered == [demand]
    answer = await floor.allocate(demand.line_id)
    assert [one.quantity for one in answer.allocations] == [1]
    assert [(one.line_id, one.sku_id, one.quantity) for one in answer.short] == [
        (demand.line_id, floor.skus["KETTLE"], 2)
    ]
    assert await floor.reservations(demand.line_id) == [("OPEN", 3)]
    await floor.assert_sound()


async def test_bins_set_aside_are_neither_promised_nor_taken(floor: Floor) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        (aside,) = await save_places(uow, places=[NewPlace("WH1", "D-01", "BIN", pool="DEFECTIVE")])
    await floor.put(aside.place_id, "KETTLE", 4)  # type: ignore[union-attr]  # a refusal would fail here
    assert await floor.level("KETTLE") == (4, 4, 0, 0)
    assert (await floor.reserve(floor.demand("KETTLE", 1))).covered == []


async def test_a_lot_that_expired_since_it_came_is_promised_until_blocked_but_never_taken(floor: Floor) -> None:
    lot_id = await floor.put(floor.bin("A-01"), "MILK", 2, lot_code="L1", expires_on=TODAY)
    await floor.put(floor.bin("A-02"), "MILK", 1, lot_code="L2", expires_on=TODAY + timedelta(days=9))
    floor.database.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]  # the tests' clock is a StoppedClock
    demand = floor.demand("MILK", 3)
    await floor.reserve(demand)
    answer = await floor.allocate(demand.line_id)
    assert [(one.place_id, one.quantity) for one in answer.allocations] == [(floor.bin("A-02"), 1)]
    assert [one.quantity for one in answer.short] == [2]
    async with floor.database.unit_of_work(floor.actor) as uow:
        assert await timers.fire_due(uow) == 1
    for _ in range(2):
        await react(floor)
    assert await floor.level("MILK") == (3, 2, 1, 0)
    assert await floor.reservations(demand.line_id) == [("OPEN", 1)]
    await floor.assert_sound()
    async with floor.database.unit_of_work(floor.actor) as uow:
        assert await lots.set_lots_blocked(uow, lot_ids=[lot_id], blocked=False) == []
    assert await floor.level("MILK") == (3, 0, 1, 2)
    await floor.assert_sound()


async def test_a_lot_promised_to_work_in_hand_is_not_blocked(floor: Floor) -> None:
    lot_id = await floor.put(floor.bin("A-01"), "MILK", 2, lot_code="L1", expires_on=TODAY)
    await floor.promised("MILK", 1)
    async with floor.database.unit_of_work(floor.actor) as uow:
        refused = await lots.set_lots_blocked(uow, lot_ids=[lot_id, new_id()], blocked=True)
    assert [(one.index, one.refusal.code) for one in refused] == [(0, "LOT_BUSY"), (1, "NOT_FOUND")]
    assert await floor.level("MILK") == (2, 0, 1, 1)


async def test_a_line_gets_another_bin_than_the_one_found_empty(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    await floor.put(floor.bin("A-02"), "KETTLE", 1)
    demand = floor.demand("KETTLE", 2)
    await floor.reserve(demand)
    need = AllocationNeed(demand.line_id, not_from=frozenset({floor.bin("A-01")}))
    async with floor.database.unit_of_work(floor.actor) as uow:
        answer = await allocations.allocate_lines(uow, lines=[need])
    assert [(one.place_id, one.quantity) for one in answer.allocations] == [(floor.bin("A-02"), 1)]
    assert [one.quantity for one in answer.short] == [1]
    await floor.assert_sound()


async def test_a_lot_that_expires_while_it_is_being_picked_is_blocked_when_the_work_is_done(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "MILK", 2, lot_code="L1", expires_on=TODAY)
    line, _ = await floor.promised("MILK", 1)
    for hours, level in ((13, (2, 0, 1, 1)), (1, (2, 2, 0, 0))):
        floor.database.clock.advance(timedelta(hours=hours))  # type: ignore[attr-defined]  # a StoppedClock
        async with floor.database.unit_of_work(floor.actor) as uow:
            assert await timers.fire_due(uow) == 1
        await react(floor)
        assert await floor.level("MILK") == level
        async with floor.database.unit_of_work(floor.actor) as uow:
            await release_reservations(uow, line_ids=[line])
    await floor.assert_sound()


async def test_pick_lines_are_written_onto_allocations(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    _, (one,) = await floor.promised("KETTLE", 1)
    _, (two,) = await floor.promised("KETTLE", 2)
    work = new_id()
    async with floor.database.unit_of_work(floor.actor) as uow:
        await allocations.assign_work(uow, {one: work, two: work})
    async with floor.database.reading(floor.actor) as uow:
        rows = await queries.allocations_of_work_lines(uow, [work])
    assert sorted((row.id, row.quantity) for row in rows) == sorted([(one, 1), (two, 2)])


async def test_an_emptied_bin_starts_anew_in_age(floor: Floor) -> None:
    """What comes into a bin that was empty is as old as its arrival, not as what lay there before."""
    await floor.put(floor.bin("A-01"), "KETTLE", 1)
    async with floor.database.unit_of_work(floor.actor) as uow:
        await adjust_stock(uow, adjustments=[Adjustment(floor.bin("A-01"), floor.skus["KETTLE"], -1)])
    floor.database.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # the tests' clock is a StoppedClock
    await floor.put(floor.bin("A-02"), "KETTLE", 1)
    floor.database.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # the tests' clock is a StoppedClock
    await floor.put(floor.bin("A-01"), "KETTLE", 1)
    assert await codes(floor, "KETTLE", 1) == [("A-02", 1)]
