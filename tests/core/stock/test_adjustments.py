"""Reality wins: what is not there cannot stay promised, and the last in rank give way."""

from typing import Any

from events_told import events_told
from stock_floor import Floor

from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import adjustments, carrying, moves
from pickmesh.core.stock.adjustments import Adjusted, Adjustment
from pickmesh.core.stock.carrying import Carry
from pickmesh.core.stock.moves import StockTransfer


async def adjust(floor: Floor, *rows: Adjustment) -> list[int | str]:
    """Return what lies there afterwards, or the refusal's code."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers: list[Adjusted | Refused] = await adjustments.adjust_stock(uow, adjustments=rows)
    return [one.refusal.code if isinstance(one, Refused) else one.quantity for one in answers]


def by(floor: Floor, place: str, sku: str, difference: int, **rest: Any) -> Adjustment:
    return Adjustment(floor.bin(place), floor.skus[sku], difference, **rest)


async def losses(floor: Floor) -> list[tuple[str, Any, int]]:
    return [
        (one.kind, one.subject_id, one.payload["quantity"])
        for one in await events_told(floor.database, floor.actor)
        if one.kind.endswith("_lost")
    ]


async def test_figures_go_up_and_down_within_one_batch(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    answers = await adjust(
        floor,
        by(floor, "A-01", "KETTLE", -2),
        by(floor, "A-01", "KETTLE", -4),
        by(floor, "A-01", "KETTLE", 3),
        by(floor, "A-02", "LID", 2),
    )
    assert answers == [3, "NOT_ENOUGH_STOCK", 6, 2]
    assert (await floor.level("KETTLE"), await floor.level("LID")) == ((6, 0, 0, 6), (2, 0, 0, 2))
    await floor.assert_sound()


async def test_the_last_rank_loses_exactly_what_is_missing(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 6)
    first, middle, last = (floor.demand("KETTLE", 2, rank=rank) for rank in range(3))
    await floor.reserve(last, first, middle)
    assert await adjust(floor, by(floor, "A-01", "KETTLE", -3)) == [3]
    assert [await floor.reservations(one.line_id) for one in (first, middle, last)] == [
        [("OPEN", 2)],
        [("OPEN", 1)],
        [("LOST", 0)],
    ]
    assert await losses(floor) == [("reservation_lost", last.line_id, 2), ("reservation_lost", middle.line_id, 1)]
    assert await floor.level("KETTLE") == (3, 0, 3, 0)
    await floor.assert_sound()


async def test_a_bin_that_holds_less_frees_its_allocations_while_others_still_cover_the_line(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 3)
    line, (allocation,) = await floor.promised("KETTLE", 3)
    await floor.put(floor.bin("A-02"), "KETTLE", 9)
    await adjust(floor, by(floor, "A-01", "KETTLE", -2))
    assert await floor.allocations(line) == [("A-01", 1)]
    assert await floor.reservations(line) == [("OPEN", 3)]
    assert await losses(floor) == [("allocation_lost", line, 2)]
    await floor.assert_sound()
    again = await floor.allocate(line)
    assert [(one.place_id, one.quantity) for one in again.allocations] == [(floor.bin("A-02"), 2)]
    assert allocation not in {one.allocation_id for one in again.allocations}
    await floor.assert_sound()


async def test_a_later_line_with_a_bin_gives_way_to_an_earlier_one_without(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 2)
    late, _ = await floor.promised("KETTLE", 2, rank=5)
    await floor.put(floor.bin("A-02"), "KETTLE", 2)
    early = floor.demand("KETTLE", 2, rank=1)
    await floor.reserve(early)
    await adjust(floor, by(floor, "A-02", "KETTLE", -1))
    assert await floor.reservations(late) == [("OPEN", 1)]
    assert await floor.reservations(early.line_id) == [("OPEN", 2)]
    assert await floor.allocations(late) == [("A-01", 1)]
    assert (await floor.allocate(early.line_id)).short == []
    await floor.assert_sound()


async def test_units_in_a_tote_stay_promised_and_others_give_way(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 4)
    late, (allocation,) = await floor.promised("KETTLE", 2, rank=5)
    async with floor.database.unit_of_work(floor.actor) as uow:
        await carrying.carry_allocations(uow, carries=[Carry(allocation, floor.tote(), 2)], reason="PICK")
    early = floor.demand("KETTLE", 2, rank=1)
    await floor.reserve(early)
    tote = Adjustment(floor.tote(), floor.skus["KETTLE"], -1)
    raised = Adjustment(floor.tote(), floor.skus["KETTLE"], 1)
    assert await adjust(floor, tote, raised) == ["NOT_ENOUGH_STOCK", "WRONG_PLACE"]
    assert await adjust(floor, by(floor, "A-01", "KETTLE", -2)) == [0]
    assert await floor.reservations(late) == [("OPEN", 2)]
    assert await floor.reservations(early.line_id) == [("LOST", 0)]
    assert await floor.lying("KETTLE") == {"T-0001": (2, 2)}
    await floor.assert_sound()


async def test_rows_that_make_no_sense_are_told(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "MILK", 1, lot_code="L1")
    answers = await adjust(
        floor,
        Adjustment(new_id(), floor.skus["KETTLE"], 1),
        Adjustment(floor.bin("A-01"), new_id(), 1),
        by(floor, "A-01", "KETTLE", 0),
        by(floor, "A-01", "KETTLE", 1, reason=""),
        by(floor, "A-01", "MILK", 1),
        by(floor, "A-01", "MILK", 1, lot_id=new_id()),
    )
    assert answers == ["UNKNOWN_PLACE", "UNKNOWN_SKU", "INVALID_INPUT", "INVALID_INPUT", "LOT_NEEDED", "LOT_NEEDED"]


async def test_what_is_found_again_moves_from_missing_to_a_bin(floor: Floor) -> None:
    await floor.put(floor.warehouse.others["MISSING"], "KETTLE", 3)
    assert await floor.level("KETTLE") == (3, 3, 0, 0)
    found = StockTransfer(floor.warehouse.others["MISSING"], floor.bin("A-01"), floor.skus["KETTLE"], 2)
    too_many = StockTransfer(floor.bin("A-01"), floor.bin("A-02"), floor.skus["KETTLE"], 3)
    onto_tote = StockTransfer(floor.bin("A-01"), floor.tote(), floor.skus["KETTLE"], 1)
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await moves.move_stock(uow, moves=[found, too_many, onto_tote])
    assert [one.refusal.code if isinstance(one, Refused) else one.quantity for one in answers] == [
        2,
        "NOT_ENOUGH_STOCK",
        "WRONG_PLACE",
    ]
    assert await floor.level("KETTLE") == (3, 1, 0, 2)
    (told,) = [one for one in await events_told(floor.database, floor.actor) if one.kind == "sellable_changed"]
    assert (told.payload["difference"], told.payload["free"]) == (2, 2)
    await floor.assert_sound()


async def test_moving_the_last_sellable_pieces_to_hospital_takes_the_promise_back(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 2)
    demand = floor.demand("KETTLE", 2)
    await floor.reserve(demand)
    broken = StockTransfer(floor.bin("A-01"), floor.warehouse.others["HOSPITAL"], floor.skus["KETTLE"], 1)
    async with floor.database.unit_of_work(floor.actor) as uow:
        await moves.move_stock(uow, moves=[broken])
    assert await floor.reservations(demand.line_id) == [("OPEN", 1)]
    assert await losses(floor) == [("reservation_lost", demand.line_id, 1)]
    await floor.assert_sound()
