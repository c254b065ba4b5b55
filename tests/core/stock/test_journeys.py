"""Units on their way from a bin to the buyer, and back."""

from uuid import UUID

from events_told import kinds_told
from stock_floor import Floor

from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import allocations, carrying, put_backs, reservations, returned, shipping
from pickmesh.core.stock.carrying import Carried, Carry
from pickmesh.core.stock.put_backs import Ended, Loss, PutBack
from pickmesh.core.stock.shipping import Shipped


async def carry(floor: Floor, *carries: Carry) -> list[Carried | Refused]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await carrying.carry_allocations(uow, carries=carries, reason="PICK")


async def carried(floor: Floor, allocation_id: UUID, place_id: UUID, quantity: int) -> UUID:
    """Carry and return the allocation the units are promised under now."""
    (answer,) = await carry(floor, Carry(allocation_id, place_id, quantity))
    assert isinstance(answer, Carried), answer
    return answer.allocation_id


async def ship(floor: Floor, *allocation_ids: UUID) -> Shipped:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await shipping.ship_allocations(uow, allocation_ids=allocation_ids, document_id=floor.parcel_id)


async def unship(floor: Floor, *allocation_ids: UUID) -> Shipped:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await shipping.unship_allocations(uow, allocation_ids=allocation_ids, document_id=floor.parcel_id)


def codes(answers: list[Carried | Refused] | list[Ended | Refused]) -> list[str]:
    return [answer.refusal.code if isinstance(answer, Refused) else "DONE" for answer in answers]


async def test_carrying_touches_balances_and_never_the_level(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    line, (allocation,) = await floor.promised("KETTLE", 3)
    before = await floor.level("KETTLE")
    assert await carried(floor, allocation, floor.tote(), 3) == allocation
    assert await floor.level("KETTLE") == before == (5, 0, 3, 2)
    assert await floor.lying("KETTLE") == {"A-01": (2, 0), "T-0001": (3, 3)}
    assert await floor.allocations(line) == [("T-0001", 3)]
    await floor.assert_sound()


async def test_a_part_that_is_carried_has_a_row_of_its_own_which_later_parts_join(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    line, (allocation,) = await floor.promised("KETTLE", 3)
    part = await carried(floor, allocation, floor.tote(), 1)
    assert part != allocation
    assert await carried(floor, allocation, floor.tote(), 1) == part
    assert await floor.allocations(line) == [("A-01", 1), ("T-0001", 2)]
    assert await carried(floor, allocation, floor.tote(), 1) == allocation
    assert await floor.lying("KETTLE") == {"A-01": (2, 0), "T-0001": (3, 3)}
    await floor.assert_sound()


async def test_carries_of_one_batch_on_one_allocation_add_up(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    line, (allocation,) = await floor.promised("KETTLE", 4)
    one, two = floor.tote("T-0001"), floor.tote("T-0002")
    answers = await carry(
        floor,
        Carry(allocation, one, 1),
        Carry(allocation, two, 1),
        Carry(allocation, one, 1),
        Carry(allocation, one, 2),
        Carry(allocation, two, 1),
    )
    assert codes(answers) == ["DONE", "DONE", "DONE", "NOT_ENOUGH_STOCK", "DONE"]
    assert await floor.lying("KETTLE") == {"A-01": (1, 0), "T-0001": (2, 2), "T-0002": (2, 2)}
    assert sum(quantity for _, quantity in await floor.allocations(line)) == 4
    await floor.assert_sound()


async def test_carrying_on_within_one_batch_leaves_only_the_last_place(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 2)
    _, (allocation,) = await floor.promised("KETTLE", 2)
    bench = floor.warehouse.benches["BENCH-1"]
    answers = await carry(floor, Carry(allocation, floor.tote(), 2), Carry(allocation, bench, 2))
    assert codes(answers) == ["DONE", "DONE"]
    assert await floor.lying("KETTLE") == {"BENCH-1": (2, 2)}
    await floor.assert_sound()


async def test_what_cannot_be_carried_is_told_and_the_rest_is_done(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 2)
    _, (allocation,) = await floor.promised("KETTLE", 2)
    answers = await carry(
        floor,
        Carry(new_id(), floor.tote(), 1),
        Carry(allocation, new_id(), 1),
        Carry(allocation, floor.warehouse.others["HOSPITAL"], 1),
        Carry(allocation, floor.tote(), 0),
        Carry(allocation, floor.bin("A-01"), 1),
        Carry(allocation, floor.tote(), 2),
    )
    assert codes(answers) == [
        "UNKNOWN_ALLOCATION",
        "UNKNOWN_PLACE",
        "WRONG_PLACE",
        "INVALID_INPUT",
        "WRONG_PLACE",
        "DONE",
    ]
    await floor.assert_sound()


async def test_a_pick_is_undone_by_carrying_back_to_the_bin(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 2)
    line, (allocation,) = await floor.promised("KETTLE", 2)
    await carried(floor, allocation, floor.tote(), 2)
    await carried(floor, allocation, floor.bin("A-01"), 2)
    assert await floor.lying("KETTLE") == {"A-01": (2, 2)}
    assert await floor.allocations(line) == [("A-01", 2)]
    await floor.assert_sound()


async def test_units_out_of_their_bin_are_held_when_the_line_is_released(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    line, (allocation,) = await floor.promised("KETTLE", 3)
    part = await carried(floor, allocation, floor.tote(), 1)
    async with floor.database.unit_of_work(floor.actor) as uow:
        released = await reservations.release_reservations(uow, line_ids=[line])
    assert [one.quantity for one in released.released] == [2]
    assert [(one.allocation_id, one.place_id, one.quantity) for one in released.held] == [(part, floor.tote(), 1)]
    assert await floor.level("KETTLE") == (5, 0, 1, 4)
    assert await floor.reservations(line) == [("OPEN", 1)]
    await floor.assert_sound()
    async with floor.database.unit_of_work(floor.actor) as uow:
        (back,) = await put_backs.put_back(uow, backs=[PutBack(part, floor.bin("A-02"), 1)])
    assert isinstance(back, Ended)
    assert await floor.level("KETTLE") == (5, 0, 0, 5)
    assert await floor.reservations(line) == [("RELEASED", 0)]
    assert await floor.lying("KETTLE") == {"A-01": (4, 0), "A-02": (1, 0)}
    await floor.assert_sound()


async def test_putting_back_into_hospital_frees_the_promise_but_not_the_piece(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 1)
    _, (allocation,) = await floor.promised("KETTLE", 1)
    await carried(floor, allocation, floor.tote(), 1)
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await put_backs.put_back(uow, backs=[PutBack(allocation, floor.warehouse.others["HOSPITAL"], 1)])
    assert codes(answers) == ["DONE"]
    assert await floor.level("KETTLE") == (1, 1, 0, 0)
    await floor.assert_sound()


async def test_missing_units_stand_at_missing_and_free_does_not_change(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    line, (allocation,) = await floor.promised("KETTLE", 3)
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await put_backs.lose_allocations(
            uow, losses=[Loss(allocation, 1), Loss(allocation, 1), Loss(allocation, 2)]
        )
    assert codes(answers) == ["DONE", "DONE", "NOT_ENOUGH_STOCK"]
    assert await floor.level("KETTLE") == (5, 2, 1, 2)
    assert await floor.lying("KETTLE") == {"A-01": (3, 1), "MISSING": (2, 0)}
    assert await floor.reservations(line) == [("OPEN", 1)]
    assert (await kinds_told(floor.database, floor.actor))[-2:] == ["units_missing", "units_missing"]
    await floor.assert_sound()


async def test_losing_all_of_a_line_ends_its_promise_as_lost(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 2)
    line, (allocation,) = await floor.promised("KETTLE", 2)
    async with floor.database.unit_of_work(floor.actor) as uow:
        await put_backs.lose_allocations(uow, losses=[Loss(allocation, 2)])
    assert await floor.reservations(line) == [("LOST", 0)]
    assert await floor.allocations(line) == []
    await floor.assert_sound()


async def test_ship_twice_ships_once(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    line, (allocation,) = await floor.promised("KETTLE", 2)
    await carried(floor, allocation, floor.parcel_id, 2)
    first, second = await ship(floor, allocation, allocation), await ship(floor, allocation)
    assert [one.quantity for one in first.done] == [2]
    assert (second.done, second.already, second.refused) == ([], [allocation], [])
    assert await floor.level("KETTLE") == (3, 0, 0, 3)
    assert await floor.lying("KETTLE") == {"A-01": (3, 0)}
    assert await floor.reservations(line) == [("CONSUMED", 0)]
    await floor.assert_sound()


async def test_only_what_is_in_a_parcel_ships(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    _, (allocation,) = await floor.promised("KETTLE", 2)
    answer = await ship(floor, allocation, new_id())
    assert [(one.index, one.refusal.code) for one in answer.refused] == [(0, "WRONG_PLACE"), (1, "UNKNOWN_ALLOCATION")]
    assert await floor.level("KETTLE") == (5, 0, 2, 3)


async def test_a_shipment_taken_back_is_in_its_parcel_and_promised_again(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    line, (allocation,) = await floor.promised("KETTLE", 2)
    await carried(floor, allocation, floor.parcel_id, 2)
    await ship(floor, allocation)
    assert [one.quantity for one in (await unship(floor, allocation)).done] == [2]
    assert (await unship(floor, allocation)).already == [allocation]
    assert await floor.level("KETTLE") == (5, 0, 2, 3)
    assert await floor.allocations(line) == [("P-0001", 2)]
    assert await floor.reservations(line) == [("OPEN", 2)]
    await floor.assert_sound()
    assert [one.quantity for one in (await ship(floor, allocation)).done] == [2]
    await floor.assert_sound()


async def test_what_the_buyer_has_sent_back_is_not_called_back_from_the_carrier_too(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    line, (allocation,) = await floor.promised("KETTLE", 2)
    await carried(floor, allocation, floor.parcel_id, 2)
    await ship(floor, allocation)
    async with floor.database.unit_of_work(floor.actor) as uow:
        await returned.take_returns(uow, returns=[returned.StockReturn(line, floor.bin("A-02"), 1)])
    answer = await unship(floor, allocation)
    assert (answer.done, [one.refusal.code for one in answer.refused]) == ([], ["ALLOCATION_CLOSED"])
    assert await floor.level("KETTLE") == (4, 0, 0, 4)
    await floor.assert_sound()


async def test_freed_bins_leave_the_line_its_promise(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    line, (allocation,) = await floor.promised("KETTLE", 2)
    for freed in (1, 0):
        async with floor.database.unit_of_work(floor.actor) as uow:
            answer = await allocations.release_allocations(uow, allocation_ids=[allocation])
        assert (len(answer.released), len(answer.held)) == (freed, 0)
    assert await floor.reservations(line) == [("OPEN", 2)]
    assert await floor.lying("KETTLE") == {"A-01": (5, 0)}
    assert len((await floor.allocate(line)).allocations) == 1
    assert (await floor.allocate(line)).allocations == []
    await floor.assert_sound()
