"""Codes nobody knew at intake and orders without a warehouse: both find their way later, once."""

from uuid import UUID

import pytest
from tests.builders_accounts import make_person
from tests.builders_catalog import save_skus
from tests.builders_orders import (
    House,
    add_warehouse,
    bring_in,
    fulfillment_orders,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    order_lines,
    react,
    receive,
    reserved,
)
from tests.events_told import events_told, kinds_told

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.catalog.rules import NewShopCode, NewSku
from pickmesh.core.catalog.tables import SkuMap
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted
from pickmesh.core.orders import checks, mapping, routing
from pickmesh.core.orders.mapping import Mapped
from pickmesh.core.orders.routing import Routed
from pickmesh.core.orders.rules import RouteReason
from pickmesh.core.orders.tables import PaymentStatus


async def teach(database: Database, merchant: Actor, house: House, code: str, sku: str) -> None:
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(SkuMap, [{"shop_id": house.shop_id, "shop_code": code, "sku_id": house.skus[sku]}])


async def map_lines(database: Database, merchant: Actor, *order_ids: UUID) -> list[Mapped]:
    async with database.unit_of_work(merchant) as uow:
        answers = await mapping.map_lines(uow, order_ids=order_ids or None)
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) == []
    return answers


async def test_an_order_of_unknown_codes_is_kept_on_hold_and_goes_once_they_are_mapped(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"6971": 2}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.location_id, row.route_reason, row.hold_count) == (None, "UNMAPPED", 1)
    assert (await order_lines(database, merchant, verdict.order_id))["1"].sku_id is None
    assert await map_lines(database, merchant) == []

    await teach(database, merchant, house, "6971", "CUP")
    assert await map_lines(database, merchant) == [Mapped(verdict.order_id, 1, 0, 0)]
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.location_id, row.route_reason, row.hold_count) == (house.warehouses["HZ1"], "ONLY_WAREHOUSE", 0)
    assert (await order_lines(database, merchant, verdict.order_id))["1"].sku_id == house.skus["CUP"]
    assert await reserved(database, merchant, house, "CUP") == 2


async def test_mapping_twice_changes_nothing_and_tells_nothing(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    await bring_in(database, merchant, new_order(house, "T-1", {"6971": 2}))
    await teach(database, merchant, house, "6971", "CUP")
    await map_lines(database, merchant)
    start = (await events_told(database, merchant))[-1].seq
    assert await map_lines(database, merchant) == []
    assert await kinds_told(database, merchant, after=start) == []
    assert await reserved(database, merchant, house, "CUP") == 2


async def test_the_hold_stays_while_another_code_is_unknown(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1, "6971": 2, "6972": 1}))
    await teach(database, merchant, house, "6971", "CUP")
    assert await map_lines(database, merchant, verdict.order_id) == [Mapped(verdict.order_id, 1, 0, 1)]
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert row.hold_count == 1
    assert [line.quantity for line in await lines_of(database, merchant, row.id)] == [1, 2]


async def test_only_the_hold_that_had_this_cause_goes(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    unpaid = new_order(house, "T-1", {"6971": 1}, payment_status=PaymentStatus.UNPAID)
    (verdict,) = await bring_in(database, merchant, unpaid)
    await teach(database, merchant, house, "6971", "CUP")
    await map_lines(database, merchant)
    assert (await only_fulfillment_order(database, merchant, verdict.order_id)).hold_count == 1


async def test_a_mapped_bundle_that_is_short_goes_on_alone_where_the_shop_ships_what_is_there(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(
        database,
        merchant,
        {"POT": 0, "CUP": 5},
        policy=ShortagePolicy.SHIP_AVAILABLE,
        bundles={"SET": {"POT": 1, "CUP": 2}},
    )
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1, "6971": 1}))
    await teach(database, merchant, house, "6971", "SET")
    assert await map_lines(database, merchant) == [Mapped(verdict.order_id, 1, 3, 0)]
    there, missing = await fulfillment_orders(database, merchant, verdict.order_id)
    assert (there.short_quantity, missing.short_quantity) == (0, 3)
    assert (there.hold_count, missing.hold_count) == (0, 0)


async def test_another_merchants_map_is_not_ours(database: Database, merchant: Actor, stranger: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    theirs = await make_house(database, stranger, {"CUP": 5})
    await bring_in(database, merchant, new_order(house, "T-1", {"6971": 2}))
    await teach(database, stranger, theirs, "6971", "CUP")
    assert await map_lines(database, merchant) == []


async def test_orders_without_a_warehouse_are_routed_and_reserved_once_there_is_one(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 0}, warehouses=())
    orders = [new_order(house, "T-1", {"CUP": 2}), new_order(house, "T-2", {"CUP": 2})]
    verdicts = await bring_in(database, merchant, *orders)
    async with database.unit_of_work(merchant) as uow:
        assert await routing.route_fulfillment_orders(uow) == []
    house = await add_warehouse(database, merchant, house, "HZ1")
    await receive(database, merchant, house, {"CUP": 3})
    rows = [await only_fulfillment_order(database, merchant, verdict.order_id) for verdict in verdicts]
    async with database.unit_of_work(merchant) as uow:
        routed = await routing.route_fulfillment_orders(uow)
        assert await routing.route_fulfillment_orders(uow) == []
    location_id, only = house.warehouses["HZ1"], RouteReason.ONLY_WAREHOUSE
    assert routed == [Routed(rows[0].id, location_id, only, 0), Routed(rows[1].id, location_id, only, 2)]
    assert await reserved(database, merchant, house, "CUP") == 2
    told = [row.kind for row in await events_told(database, merchant)]
    assert told.count("fulfillment_order_routed") == 2
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) == []


async def test_mapping_and_routing_need_the_permission_to_write_orders(database: Database, merchant: Actor) -> None:
    _, picker = await make_person(database, merchant, Role.PICKER)
    async with database.unit_of_work(picker) as uow:
        with pytest.raises(NotPermitted):
            await mapping.map_lines(uow)
        with pytest.raises(NotPermitted):
            await routing.route_fulfillment_orders(uow)


@pytest.mark.parametrize("known_before", [True, False])
async def test_a_catalog_that_brings_the_code_lets_the_order_go_by_itself(
    database: Database, merchant: Actor, known_before: bool
) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"6971": 2}))
    start = (await events_told(database, merchant))[-1].seq
    code = "CUP" if known_before else "MUG"
    changed = NewSku(code, f"P-{code}", "杯", "Cup", shop_codes=(NewShopCode(house.shop, "6971"),))
    await save_skus(database, merchant, [changed])
    await react(database, merchant, after=start)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.hold_count, row.short_quantity) == (0, 0 if known_before else 2)
