from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tests.builders_floor import Floor, bind, bring_orders, claim, done, lines_of, make_floor, pick, release, violations

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders.tables import FulfillmentLine
from pickmesh.core.picking import checks
from pickmesh.core.picking.tables import Pick, PickLine


async def half_picked(database: Database, actor: Actor) -> tuple[Floor, UUID]:
    floor = await make_floor(database, actor, {"A-01": {"CUP": 10}})
    await bring_orders(floor, {"N1": {"CUP": 3}})
    (list_id,) = (await release(floor)).pick_list_ids
    await claim(floor, list_id)
    done(await bind(floor, list_id, "T-0001"))
    (line,) = await lines_of(floor, list_id)
    done(await pick(floor, line.id, 2, "T-0001"))
    assert await violations(floor) == []
    return floor, line.id


async def plant(floor: Floor, table: Any, **values: Any) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        await uow.execute(sa.update(table).where(uow.mine(table)).values(**values))


async def found(floor: Floor) -> list[tuple[int, str]]:
    async with floor.database.reading(floor.actor) as uow:
        return [(each.invariant, each.sentence) for each in await checks.violations(uow)]


async def test_a_line_that_says_more_than_its_scans_took_is_found(database: Database, merchant: Actor) -> None:
    floor, _ = await half_picked(database, merchant)
    await plant(floor, PickLine, picked_quantity=3, status="DONE")
    assert (4, "A pick line says 3 picked, but its scans took 2.") in await found(floor)


async def test_a_scan_that_was_never_taken_is_found(database: Database, merchant: Actor) -> None:
    floor, _ = await half_picked(database, merchant)
    await plant(floor, Pick, quantity=1)
    assert await found(floor) == [(4, "A pick line says 2 picked, but its scans took 1.")]


async def test_more_picked_than_required_is_found(database: Database, merchant: Actor) -> None:
    floor, _ = await half_picked(database, merchant)
    await plant(floor, FulfillmentLine, quantity=1, picked_quantity=1)
    sentence = "2 units are out of their bins for a line that asks for 1 and says 1 picked."
    assert await found(floor) == [(4, sentence)]


async def test_an_order_line_that_forgets_what_is_out_is_found(database: Database, merchant: Actor) -> None:
    floor, _ = await half_picked(database, merchant)
    await plant(floor, FulfillmentLine, picked_quantity=0)
    sentence = "2 units are out of their bins for a line that asks for 3 and says 0 picked."
    assert await found(floor) == [(4, sentence)]


async def test_a_line_that_is_done_too_early_is_found(database: Database, merchant: Actor) -> None:
    floor, _ = await half_picked(database, merchant)
    await plant(floor, PickLine, status="DONE")
    assert await found(floor) == [(4, "A pick line is DONE with 2 of 3 settled, which cannot be on its list.")]


async def test_units_promised_through_a_line_that_does_not_need_them_are_found(
    database: Database, merchant: Actor
) -> None:
    floor, line_id = await half_picked(database, merchant)
    await plant(floor, PickLine, short_quantity=1, quantity=4)
    await plant(floor, Pick, pick_line_id=line_id)
    assert await found(floor) == []
    await plant(floor, PickLine, short_quantity=2, quantity=5, picked_quantity=2)
    await plant(floor, PickLine, short_quantity=2, quantity=4, status="OPEN")
    sentences = [sentence for _, sentence in await found(floor)]
    assert "1 units are promised through a pick line that needs only 0 more." in sentences


async def test_units_promised_through_a_line_of_another_lot_are_found(database: Database, merchant: Actor) -> None:
    floor, _ = await half_picked(database, merchant)
    await plant(floor, PickLine, lot_id=new_id())
    assert await found(floor) == [(4, "Units are promised through a pick line that names another bin, SKU or lot.")]


async def test_another_merchants_violations_are_not_told(database: Database, merchant: Actor, stranger: Actor) -> None:
    floor, _ = await half_picked(database, merchant)
    await plant(floor, Pick, quantity=1)
    async with database.reading(stranger) as uow:
        assert await checks.violations(uow) == []
