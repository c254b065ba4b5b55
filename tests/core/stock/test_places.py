import pytest
from builders_accounts import make_person
from builders_stock import make_warehouse
from stock_floor import Floor

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import page_request
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted, Refused
from pickmesh.core.stock import places, queries
from pickmesh.core.stock.places import NewPlace, Saved
from pickmesh.core.stock.tables import ToteState


async def save(database: Database, actor: Actor, *told: NewPlace) -> list[str]:
    async with database.unit_of_work(actor) as uow:
        answers: list[Saved | Refused] = await places.save_places(uow, places=told)
    return [one.refusal.code if isinstance(one, Refused) else one.change for one in answers]


TOLD = (
    NewPlace("sh1", "a-01", "BIN", "上海一仓", role="PICK", zone="A", walk_sequence=1, x_mm=1200, y_mm=2800),
    NewPlace("SH1", "T-0001", "TOTE", "上海一仓"),
    NewPlace("SH1", "MISSING", "MISSING", "上海一仓"),
)


async def test_a_warehouse_is_made_on_first_sight_with_its_virtual_places(database: Database, merchant: Actor) -> None:
    assert await save(database, merchant, *TOLD) == ["CREATED", "CREATED", "UNCHANGED"]
    async with database.reading(merchant) as uow:
        (warehouse,) = await queries.locations(uow)
        page = await queries.place_page(uow, page_request(50, None), location_id=warehouse.id)
        (bin_,) = await queries.places_by_code(uow, ["a-01"])
    assert (warehouse.code, warehouse.name, warehouse.time_zone) == ("SH1", "上海一仓", "Asia/Shanghai")
    kinds = ["BIN", "ADJUSTMENT", "CUSTOMER", "MISSING", "SCRAP", "SUPPLIER", "TOTE"]
    assert [place.kind for place in page.items] == kinds
    assert (bin_.code, bin_.role, bin_.zone, bin_.walk_sequence) == ("A-01", "PICK", "A", 1)


async def test_a_second_run_changes_nothing_and_a_changed_row_only_itself(database: Database, merchant: Actor) -> None:
    await save(database, merchant, *TOLD)
    assert await save(database, merchant, *TOLD) == ["UNCHANGED", "UNCHANGED", "UNCHANGED"]
    moved = NewPlace("SH1", "A-01", "BIN", zone="A", walk_sequence=7, x_mm=1200, y_mm=2800)
    assert await save(database, merchant, moved, TOLD[1]) == ["UPDATED", "UNCHANGED"]
    async with database.reading(merchant) as uow:
        (bin_,) = await queries.places_by_code(uow, ["A-01"])
    assert (bin_.walk_sequence, bin_.version) == (7, 2)


async def test_two_warehouses_may_use_one_code(database: Database, merchant: Actor) -> None:
    told = [NewPlace("SH1", "A-01", "BIN"), NewPlace("GZ1", "A-01", "BIN")]
    assert await save(database, merchant, *told) == ["CREATED", "CREATED"]
    async with database.reading(merchant) as uow:
        assert len(await queries.places_by_code(uow, ["A-01"])) == 2
        guangzhou = await queries.location_by_code(uow, "gz1")
        assert guangzhou is not None
        assert len(await queries.places_by_code(uow, ["A-01"], guangzhou.id)) == 1


@pytest.mark.parametrize(
    "broken",
    [
        NewPlace("", "A-01", "BIN"),
        NewPlace("SH1", " ", "BIN"),
        NewPlace("SH1", "A" * 41, "BIN"),
        NewPlace("SH1", "A-01", "SHELF"),
        NewPlace("SH1", "A-01", "CUSTOMER"),
        NewPlace("SH1", "A-01", "BIN", pool="BEST"),
        NewPlace("SH1", "A-01", "BIN", role="BIG"),
        NewPlace("SH1", "A-01", "BIN", time_zone="Mars/Olympus"),
        NewPlace("SH1", "A-01", "BIN", "仓" * 201),
    ],
)
async def test_a_broken_row_is_told_and_the_rest_is_saved(
    database: Database, merchant: Actor, broken: NewPlace
) -> None:
    good = NewPlace("SH1", "B-01", "BIN")
    assert await save(database, merchant, broken, good, good) == ["INVALID_INPUT", "CREATED", "INVALID_INPUT"]


async def test_a_place_that_holds_goods_keeps_its_kind_and_pool(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 1)
    told = [NewPlace("WH1", code, "BIN", pool="DEFECTIVE", walk_sequence=1) for code in ("A-01", "A-02")]
    assert await save(floor.database, floor.actor, *told) == ["PLACE_IN_USE", "UPDATED"]
    await floor.assert_sound()


async def test_a_picker_may_not_change_the_map(floor: Floor) -> None:
    _, picker = await make_person(floor.database, floor.actor, Role.PICKER)
    with pytest.raises(NotPermitted):
        await save(floor.database, picker, TOLD[0])


async def test_pages_of_places_neither_skip_nor_repeat(floor: Floor) -> None:
    async with floor.database.reading(floor.actor) as uow:
        everything = await queries.place_page(uow, page_request(200, None))
        seen: list[str] = []
        page = await queries.place_page(uow, page_request(4, None))
        while True:
            seen += [place.code for place in page.items]
            if not page.has_next:
                break
            page = await queries.place_page(uow, page_request(4, page.cursors[-1]))
        back = await queries.place_page(uow, page_request(None, None, 2, page.cursors[0]))
        with pytest.raises(InvalidInput):
            await queries.move_page(uow, page_request(4, page.cursors[0]))
    assert seen == [place.code for place in everything.items]
    assert [place.code for place in back.items] == seen[: -len(page.items)][-2:]


async def test_moves_come_newest_first_by_sku_place_and_document(floor: Floor) -> None:
    for quantity in (1, 2, 3):
        await floor.put(floor.bin("A-01"), "KETTLE", quantity)
    await floor.put(floor.bin("A-02"), "LID", 9)
    async with floor.database.reading(floor.actor) as uow:
        kettles = await queries.move_page(uow, page_request(2, None), sku_id=floor.skus["KETTLE"])
        rest = await queries.move_page(uow, page_request(2, kettles.cursors[-1]), sku_id=floor.skus["KETTLE"])
        lids = await queries.move_page(uow, page_request(2, None), place_id=floor.bin("A-02"))
        none = await queries.move_page(uow, page_request(2, None), document_id=new_id())
    assert [move.quantity for move in kettles.items] == [3, 2]
    assert ([move.quantity for move in rest.items], rest.has_next) == ([1], False)
    assert [move.quantity for move in lids.items] == [9]
    assert list(none.items) == []


async def test_totes_start_empty_and_change_state(floor: Floor) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        before = (await queries.places(uow, [floor.tote()]))[floor.tote()]
        await places.set_tote_states(uow, {floor.tote(): ToteState.STOCKED})
        after = (await queries.places(uow, [floor.tote()]))[floor.tote()]
    assert (before.tote_state, after.tote_state) == ("EMPTY", "STOCKED")


async def test_another_merchants_places_are_unknown(floor: Floor, stranger: Actor) -> None:
    await make_warehouse(floor.database, stranger)
    async with floor.database.reading(stranger) as uow:
        assert await queries.places(uow, [floor.bin("A-01")]) == {}
        assert await queries.place_facts(uow, [floor.bin("A-01")]) == {}
        assert await queries.levels_of(uow, list(floor.skus.values())) == []
