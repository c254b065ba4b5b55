from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tests.builders_floor import Floor, bring_orders, make_floor, packed, pick_list, release, shipped, violations

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders.tables import FulfillmentLine
from pickmesh.core.packing import checks
from pickmesh.core.packing.tables import Parcel, ParcelItem


async def floor_with_order(database: Database, actor: Actor) -> tuple[Floor, UUID]:
    floor = await make_floor(database, actor, {"A-01": {"CUP": 10}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 3}})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    return floor, order_id


async def plant(floor: Floor, table: Any, **values: Any) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        await uow.execute(sa.update(table).where(uow.mine(table)).values(**values))


async def found(floor: Floor) -> list[tuple[int, str]]:
    async with floor.database.reading(floor.actor) as uow:
        return [(each.invariant, each.sentence) for each in await checks.violations(uow)]


async def test_shipped_that_no_parcel_bears_out_is_found(database: Database, merchant: Actor) -> None:
    floor, order_id = await floor_with_order(database, merchant)
    await shipped(floor, order_id, {"CUP": 3})
    assert await violations(floor) == []
    await plant(floor, ParcelItem, quantity=2)
    assert await found(floor) == [
        (4, "A line says 3 shipped, but its parcels hold 2."),
        (4, "A line says 3 packed, but its parcels hold 2."),
        (4, "A parcel is written to hold 2 of a line, but 3 lie there."),
    ]


async def test_a_shipment_that_the_line_forgot_is_found(database: Database, merchant: Actor) -> None:
    floor, order_id = await floor_with_order(database, merchant)
    await shipped(floor, order_id, {"CUP": 3})
    await plant(floor, FulfillmentLine, shipped_quantity=1)
    assert await found(floor) == [(4, "A line says 1 shipped, but its parcels hold 3.")]


async def test_a_parcel_that_says_shipped_while_its_goods_lie_here_is_found(
    database: Database, merchant: Actor
) -> None:
    floor, order_id = await floor_with_order(database, merchant)
    await packed(floor, order_id, {"CUP": 3})
    assert await violations(floor) == []
    await plant(floor, Parcel, state="SHIPPED")
    assert await found(floor) == [
        (4, "A line says 0 shipped, but its parcels hold 3."),
        (4, "A parcel is written to hold 3 of a line, but 0 lie there."),
    ]


async def test_another_merchants_violations_are_not_told(database: Database, merchant: Actor, stranger: Actor) -> None:
    floor, order_id = await floor_with_order(database, merchant)
    await shipped(floor, order_id, {"CUP": 3})
    await plant(floor, ParcelItem, quantity=2)
    async with database.reading(stranger) as uow:
        assert await checks.violations(uow) == []
