"""Serial-tracked units: their rows follow every move."""

from uuid import UUID

from stock_floor import Floor

from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import adjustments, carrying, moves, put_backs, queries, shipping
from pickmesh.core.stock.adjustments import Adjustment
from pickmesh.core.stock.carrying import Carry
from pickmesh.core.stock.moves import StockTransfer
from pickmesh.core.stock.put_backs import Loss, PutBack

SERIALS = ("S1", "S2", "S3")


async def units(floor: Floor) -> dict[str, tuple[str, str]]:
    """Return place code and state by serial."""
    codes = {
        **{place_id: code for code, place_id in {**floor.warehouse.bins, **floor.warehouse.totes}.items()},
        floor.parcel_id: "P-0001",
    }
    async with floor.database.reading(floor.actor) as uow:
        rows = await queries.units_by_serial(uow, SERIALS)
    return {one.serial: (codes.get(one.place_id, "elsewhere"), one.state) for one in rows}


async def unit_id(floor: Floor, serial: str) -> UUID:
    async with floor.database.reading(floor.actor) as uow:
        (row,) = await queries.units_by_serial(uow, [serial])
    found: UUID = row.id
    return found


async def carry(floor: Floor, *carries: Carry) -> list[str | tuple[UUID, ...]]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await carrying.carry_allocations(uow, carries=carries, reason="PICK")
    return [one.refusal.code if isinstance(one, Refused) else one.unit_ids for one in answers]


async def test_leaving_a_bin_a_unit_is_named_and_its_row_follows(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "PHONE", 3, serials=SERIALS)
    _, (allocation,) = await floor.promised("PHONE", 2)
    second = await unit_id(floor, "S2")
    answers = await carry(floor, Carry(allocation, floor.tote(), 1), Carry(allocation, floor.tote(), 1, second))
    assert answers == ["SERIAL_NEEDED", (second,)]
    assert await units(floor) == {
        "S1": ("A-01", "IN_STOCK"),
        "S2": ("T-0001", "IN_STOCK"),
        "S3": ("A-01", "IN_STOCK"),
    }
    assert await carry(floor, Carry(allocation, floor.tote(), 1, second)) == ["SERIAL_ELSEWHERE"]
    await floor.assert_sound()


async def test_all_that_lie_there_need_no_names(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "PHONE", 2, serials=("S1", "S2"))
    _, (allocation,) = await floor.promised("PHONE", 2)
    (moved,) = await carry(floor, Carry(allocation, floor.tote(), 2))
    assert len(moved) == 2
    assert {place for place, _ in (await units(floor)).values()} == {"T-0001"}


async def test_shipped_units_are_the_buyers_and_come_back_when_taken_back(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "PHONE", 3, serials=SERIALS)
    _, (allocation,) = await floor.promised("PHONE", 2)
    named = [Carry(allocation, floor.parcel_id, 1, await unit_id(floor, serial)) for serial in ("S1", "S3")]
    await carry(floor, *named)
    async with floor.database.reading(floor.actor) as uow:
        packed = [row.id for row in await queries.allocations_at_places(uow, [floor.parcel_id])]
    async with floor.database.unit_of_work(floor.actor) as uow:
        await shipping.ship_allocations(uow, allocation_ids=packed)
    shipped = {"S1": ("elsewhere", "SHIPPED"), "S2": ("A-01", "IN_STOCK"), "S3": ("elsewhere", "SHIPPED")}
    assert await units(floor) == shipped
    async with floor.database.unit_of_work(floor.actor) as uow:
        await shipping.unship_allocations(uow, allocation_ids=packed)
    parcelled = {"S1": ("P-0001", "IN_STOCK"), "S2": ("A-01", "IN_STOCK"), "S3": ("P-0001", "IN_STOCK")}
    assert await units(floor) == parcelled
    await floor.assert_sound()


async def test_of_missing_units_nobody_knows_which_so_their_rows_stay(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "PHONE", 3, serials=SERIALS)
    _, (allocation,) = await floor.promised("PHONE", 3)
    third = await unit_id(floor, "S3")
    async with floor.database.unit_of_work(floor.actor) as uow:
        await put_backs.lose_allocations(uow, losses=[Loss(allocation, 1), Loss(allocation, 1, third)])
    assert await floor.lying("PHONE") == {"A-01": (1, 1), "MISSING": (2, 0)}
    assert await units(floor) == {
        "S1": ("A-01", "IN_STOCK"),
        "S2": ("A-01", "IN_STOCK"),
        "S3": ("elsewhere", "IN_STOCK"),
    }
    assert await carry(floor, Carry(allocation, floor.tote(), 1)) == ["SERIAL_NEEDED"]
    assert await carry(floor, Carry(allocation, floor.tote(), 1, await unit_id(floor, "S1"))) != ["SERIAL_NEEDED"]
    await floor.assert_sound()


async def test_a_unit_put_back_moved_and_written_off_is_followed_to_its_end(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "PHONE", 1, serials=("S1",))
    _, (allocation,) = await floor.promised("PHONE", 1)
    await carry(floor, Carry(allocation, floor.tote(), 1))
    async with floor.database.unit_of_work(floor.actor) as uow:
        await put_backs.put_back(uow, backs=[PutBack(allocation, floor.bin("A-02"), 1)])
    assert await units(floor) == {"S1": ("A-02", "IN_STOCK")}
    async with floor.database.unit_of_work(floor.actor) as uow:
        await moves.move_stock(uow, moves=[StockTransfer(floor.bin("A-02"), floor.bin("A-03"), floor.skus["PHONE"], 1)])
    assert await units(floor) == {"S1": ("A-03", "IN_STOCK")}
    first = await unit_id(floor, "S1")
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await adjustments.adjust_stock(
            uow,
            adjustments=[
                Adjustment(floor.bin("A-03"), floor.skus["PHONE"], 1),
                Adjustment(floor.bin("A-03"), floor.skus["PHONE"], -1),
                Adjustment(floor.bin("A-03"), floor.skus["PHONE"], -1, unit_id=first),
            ],
        )
    assert [one.refusal.code if isinstance(one, Refused) else one.quantity for one in answers] == [
        "SERIAL_NEEDED",
        "SERIAL_NEEDED",
        0,
    ]
    assert await units(floor) == {"S1": ("elsewhere", "GONE")}
    await floor.put(floor.bin("A-01"), "PHONE", 1, serials=("S1",))
    assert await units(floor) == {"S1": ("A-01", "IN_STOCK")}
    assert await unit_id(floor, "S1") == first
    await floor.assert_sound()
