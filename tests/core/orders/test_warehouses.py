"""Closing warehouses: refused with a list of what still needs them, undone by opening them again."""

from collections.abc import Sequence
from uuid import UUID

from tests.builders_orders import bring_in, make_house, new_order, only_fulfillment_order, receive

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel, routing_rules, warehouses
from pickmesh.core.orders.refusals import LocationInUse
from pickmesh.core.orders.routing_rules import RuleToSave
from pickmesh.core.orders.warehouses import Closed
from pickmesh.core.stock import places, queries
from pickmesh.core.stock.places import NewPlace
from pickmesh.core.stock.refusals import LocationCodeTaken


async def archive(database: Database, actor: Actor, *ids: UUID) -> Sequence[Closed | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await warehouses.archive_locations(uow, ids=ids)


async def test_a_warehouse_with_goods_work_and_rules_stays_open_and_the_refusal_counts_them(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 5}, warehouses=("HZ1", "BJ1"))
    await receive(database, merchant, house, {"CUP": 9}, warehouse="BJ1")
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 7}), new_order(house, "T-2", {"CUP": 50}))
    beijing = house.warehouses["BJ1"]
    async with database.unit_of_work(merchant) as uow:
        await routing_rules.save_routing_rules(uow, rules=[RuleToSave("北方", location_ids=[beijing])])
    (answer,) = await archive(database, merchant, beijing)
    assert isinstance(answer, Refused)
    assert isinstance(answer.refusal, LocationInUse)
    assert answer.refusal.data == {
        "location_id": str(beijing),
        "on_hand": 9,
        "reserved": 7,
        "incoming": 0,
        "fulfillment_orders": 1,
        "routing_rules": 1,
    }
    assert answer.refusal.message == (
        "BJ1 is still in use and stays open. Pieces on hand: 9. Pieces promised: 7. Open fulfillment orders: 1. "
        "Routing rules that name it: 1."
    )


async def test_an_empty_warehouse_closes_once_and_opens_again(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5}, warehouses=("HZ1", "BJ1"))
    beijing = house.warehouses["BJ1"]
    assert await archive(database, merchant, beijing, beijing) == [Closed(beijing, True), Closed(beijing, False)]
    async with database.unit_of_work(merchant) as uow:
        assert [row.code for row in await queries.locations(uow)] == ["HZ1"]
        restored = await warehouses.restore_locations(uow, ids=[beijing, beijing])
        assert restored == [Closed(beijing, True), Closed(beijing, False)]
        assert [row.code for row in await queries.locations(uow)] == ["BJ1", "HZ1"]


async def test_a_warehouse_whose_orders_ended_closes(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 7}))
    hangzhou = house.warehouses["HZ1"]
    (answer,) = await archive(database, merchant, hangzhou)
    assert isinstance(answer, Refused)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[row.id], reason="BUYER")
    assert await archive(database, merchant, hangzhou) == [Closed(hangzhou, True)]


async def test_a_code_that_another_warehouse_has_by_now_keeps_the_old_one_closed(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 0})
    await archive(database, merchant, house.warehouses["HZ1"])
    async with database.unit_of_work(merchant) as uow:
        await places.save_places(uow, places=[NewPlace("HZ1", "A-01-1", "BIN")])
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await warehouses.restore_locations(uow, ids=[house.warehouses["HZ1"]])
    assert isinstance(answer, Refused)
    assert isinstance(answer.refusal, LocationCodeTaken)
