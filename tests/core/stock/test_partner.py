from uuid import UUID

import pytest
import sqlalchemy as sa
from builders_catalog import make_skus
from builders_stock import make_warehouse
from events_told import kinds_told
from statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import plans
from pickmesh.core.stock import checks, partner, queries, reservations
from pickmesh.core.stock.rules import Demand, Level
from pickmesh.core.stock.tables import Place, StockLevel


@pytest.fixture
async def skus(database: Database, merchant: Actor) -> dict[str, UUID]:
    return await make_skus(database, merchant, ["MUG", "CUP"])


@pytest.fixture
async def location_id(database: Database, merchant: Actor) -> UUID:
    return await open_location(database, merchant, new_id(), "MILL")


async def open_location(database: Database, actor: Actor, partner_id: UUID, *codes: str) -> UUID:
    async with database.unit_of_work(actor) as uow:
        return await partner.open_location(
            uow, partner_id=partner_id, codes=codes, name="磨坊", time_zone="Asia/Shanghai"
        )


async def promise(database: Database, actor: Actor, location_id: UUID, told: dict[UUID, int]) -> None:
    async with database.unit_of_work(actor) as uow:
        figures = {Level(location_id, sku_id): quantity for sku_id, quantity in told.items()}
        await partner.set_promised(uow, told=figures)


async def reserve(database: Database, actor: Actor, location_id: UUID, sku_id: UUID, quantity: int) -> UUID:
    demand = Demand(new_id(), new_id(), location_id, sku_id, quantity, database.clock.now())
    async with database.unit_of_work(actor) as uow:
        assert (await reservations.reserve_stock(uow, demands=[demand])).covered == [demand]
    return demand.line_id


async def level(database: Database, actor: Actor, sku_id: UUID) -> tuple[int, int, int]:
    async with database.reading(actor) as uow:
        (row,) = await queries.levels_of(uow, [sku_id])
    return row.on_hand, row.reserved, row.free


async def test_a_location_is_made_once_for_a_partner_under_a_free_code(database: Database, merchant: Actor) -> None:
    await make_warehouse(database, merchant, code="MILL")
    partner_id = new_id()
    made = await open_location(database, merchant, partner_id, "MILL", "PARTNER-MILL")
    assert await open_location(database, merchant, partner_id, "MILL", "PARTNER-MILL") == made
    async with database.reading(merchant) as uow:
        row = (await queries.locations_by_id(uow, [made]))[made]
        places = await uow.scalar(sa.select(sa.func.count()).where(uow.mine(Place), Place.location_id == made))
        warehouses = await plans.warehouses(uow)
    assert (row.kind, row.code, row.partner_merchant_id) == ("PARTNER", "PARTNER-MILL", partner_id)
    assert places == 0
    assert [each.code for each in warehouses] == ["MILL"]


async def test_what_was_told_last_is_free_whatever_was_promised_before(
    database: Database, merchant: Actor, skus: dict[str, UUID], location_id: UUID
) -> None:
    mug = skus["MUG"]
    await promise(database, merchant, location_id, {mug: 10})
    await reserve(database, merchant, location_id, mug, 4)
    assert await level(database, merchant, mug) == (10, 4, 6)
    await promise(database, merchant, location_id, {mug: 0})
    assert await level(database, merchant, mug) == (4, 4, 0)
    await promise(database, merchant, location_id, {mug: 3})
    assert await level(database, merchant, mug) == (7, 4, 3)
    async with database.unit_of_work(merchant) as uow:
        await partner.clear_promised(uow, location_id=location_id)
    assert await level(database, merchant, mug) == (4, 4, 0)


async def test_a_figure_told_again_is_no_event(
    database: Database, merchant: Actor, skus: dict[str, UUID], location_id: UUID
) -> None:
    for _ in range(3):
        await promise(database, merchant, location_id, {skus["MUG"]: 10, skus["CUP"]: 0})
    assert (await kinds_told(database, merchant)).count("stock_adjusted") == 1


async def test_what_is_consumed_was_promised_and_leaves_free_alone(
    database: Database, merchant: Actor, skus: dict[str, UUID], location_id: UUID
) -> None:
    mug = skus["MUG"]
    await promise(database, merchant, location_id, {mug: 10})
    line_id = await reserve(database, merchant, location_id, mug, 4)
    answers = []
    for quantity in (3, 3, 3):
        async with database.unit_of_work(merchant) as uow:
            answers.append(await partner.consume_promised(uow, line_quantities={line_id: quantity, new_id(): 1}))
    assert answers == [{line_id: 3}, {line_id: 1}, {}]
    assert await level(database, merchant, mug) == (6, 0, 6)
    async with database.reading(merchant) as uow:
        (row,) = await queries.reservations_of_lines(uow, [line_id])
        assert await checks.violations(uow) == []
    assert (row.quantity, row.status) == (0, "CONSUMED")


async def test_goods_of_a_warehouse_are_not_consumed_as_a_promise(
    database: Database, merchant: Actor, skus: dict[str, UUID]
) -> None:
    warehouse = await make_warehouse(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(StockLevel, [{"location_id": warehouse.location_id, "sku_id": skus["MUG"], "on_hand": 5}])
    line_id = await reserve(database, merchant, warehouse.location_id, skus["MUG"], 2)
    async with database.unit_of_work(merchant) as uow:
        assert await partner.consume_promised(uow, line_quantities={line_id: 2}) == {}
    assert await level(database, merchant, skus["MUG"]) == (5, 2, 3)


async def test_the_check_of_on_hand_looks_at_warehouses_and_that_of_reserved_everywhere(
    database: Database, merchant: Actor, skus: dict[str, UUID], location_id: UUID
) -> None:
    warehouse = await make_warehouse(database, merchant)
    await promise(database, merchant, location_id, {skus["MUG"]: 10})
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) == []
    wrong = [
        {"location_id": location_id, "sku_id": skus["MUG"], "on_hand": 10, "reserved": 2},
        {"location_id": warehouse.location_id, "sku_id": skus["CUP"], "on_hand": 1, "reserved": 0},
    ]
    async with database.unit_of_work(merchant) as uow:
        await uow.upsert(StockLevel, wrong, replace=["on_hand", "reserved"])
    async with database.reading(merchant) as uow:
        found = await checks.violations(uow)
    assert sorted(each.data["sku_id"] for each in found) == sorted(str(each) for each in skus.values())


async def test_statements_do_not_grow_with_the_number_of_levels(
    database: Database, merchant: Actor, location_id: UUID
) -> None:
    codes = [f"S-{number:02}" for number in range(40)]
    skus = await make_skus(database, merchant, codes)
    counts = []
    for some in (codes[:2], codes[2:]):
        with statements(database) as sent:
            await promise(database, merchant, location_id, {skus[code]: 5 for code in some})
        lines = {await reserve(database, merchant, location_id, skus[code], 3): 2 for code in some}
        with statements(database) as consuming:
            async with database.unit_of_work(merchant) as uow:
                await partner.consume_promised(uow, line_quantities=lines)
        counts.append((len(sent), len(consuming)))
    assert counts[0] == counts[1]
