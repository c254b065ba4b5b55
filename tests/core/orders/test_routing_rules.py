"""Routing rules and rates as people keep them, and what they do to orders as they come in."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from tests.builders_orders import (
    BUYER,
    House,
    add_warehouse,
    bring_in,
    fulfillment_orders,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    react,
    receive,
    reserved,
)
from tests.events_told import kinds_told
from tests.statements import statements

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refused, StaleVersion
from pickmesh.core.orders import checks, intake, order_facts, routing, routing_rules, shipping_rates
from pickmesh.core.orders.refusals import NameTaken, NotAWarehouse, RateCurrencyDiffers
from pickmesh.core.orders.routing_rules import RuleToSave
from pickmesh.core.orders.rule_tables import RoutingStrategy
from pickmesh.core.orders.rules import RouteReason
from pickmesh.core.orders.shipping_rates import NewRate, SavedRate
from pickmesh.core.stock import checks as stock_checks

ZHEJIANG = {"field": "PROVINCE", "operator": "CONTAINS_ANY", "value": ["浙江"]}
NORTHERN = replace(BUYER, province="北京市", city="北京市")


async def save(database: Database, actor: Actor, *rules: RuleToSave) -> list[UUID | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await routing_rules.save_routing_rules(uow, rules=rules)


async def saved(database: Database, actor: Actor, *rules: RuleToSave) -> list[UUID]:
    answers = await save(database, actor, *rules)
    ids = [answer for answer in answers if isinstance(answer, UUID)]
    assert len(ids) == len(answers), answers
    return ids


async def shown(database: Database, actor: Actor) -> list[tuple[str, int, bool, int]]:
    async with database.reading(actor) as uow:
        return [(row.name, row.position, row.is_active, row.version) for row in await routing_rules.routing_rules(uow)]


async def set_rates(database: Database, actor: Actor, *rates: NewRate) -> list[SavedRate | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await shipping_rates.save_shipping_rates(uow, rates=rates)


async def two_full_warehouses(
    database: Database, merchant: Actor, policy: ShortagePolicy = ShortagePolicy.WAIT_FOR_ALL
) -> House:
    house = await make_house(database, merchant, {"CUP": 50, "LID": 50}, warehouses=("HZ1", "BJ1"), policy=policy)
    await receive(database, merchant, house, {"CUP": 50, "LID": 50}, warehouse="BJ1")
    return house


async def nothing_is_off(database: Database, actor: Actor) -> None:
    async with database.reading(actor) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []


async def test_rules_are_made_changed_switched_and_archived(database: Database, merchant: Actor) -> None:
    house = await two_full_warehouses(database, merchant)
    hangzhou = house.warehouses["HZ1"]
    first, second = await saved(
        database,
        merchant,
        RuleToSave(" 浙江 ", RoutingStrategy.PRIORITY, [ZHEJIANG], [hangzhou, hangzhou]),
        RuleToSave("其余", RoutingStrategy.CHEAPEST, position=9, is_active=True),
    )
    assert await shown(database, merchant) == [("浙江", 1, False, 1), ("其余", 9, True, 1)]
    async with database.unit_of_work(merchant) as uow:
        await routing_rules.switch_routing_rules(uow, ids=[first, second], active=True)
    assert await shown(database, merchant) == [("浙江", 1, True, 2), ("其余", 9, True, 1)]
    await saved(database, merchant, RuleToSave("浙江省", id=first, position=10, is_active=True, version=2))
    assert await shown(database, merchant) == [("其余", 9, True, 1), ("浙江省", 10, True, 3)]
    async with database.unit_of_work(merchant) as uow:
        gone, unknown = await routing_rules.archive_routing_rules(uow, ids=[second, new_id()])
        assert (gone, isinstance(unknown, Refused) and type(unknown.refusal)) == (second, NotFound)
        assert [rule.id for rule in await routing_rules.active_rules(uow)] == [first]
    assert await shown(database, merchant) == [("浙江省", 10, True, 3)]
    told = await kinds_told(database, merchant)
    assert told.count("routing_rule_changed") == 5


async def test_rules_that_cannot_be_are_refused_each_for_itself(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    await make_house(database, merchant, {"CUP": 1})
    theirs = await make_house(database, stranger, {"CUP": 1})
    (known,) = await saved(database, merchant, RuleToSave("A"))
    answers = await save(
        database,
        merchant,
        RuleToSave("A"),
        RuleToSave(" "),
        RuleToSave("B", conditions=[{"field": "PROVINCE", "operator": "AT_LEAST", "value": 3}]),
        RuleToSave("C", location_ids=[theirs.warehouses["HZ1"]]),
        RuleToSave("A", id=known, version=7),
        RuleToSave("D", id=new_id()),
        RuleToSave("E", position=-1),
        RuleToSave("F"),
        RuleToSave("F"),
    )
    kinds = [type(answer.refusal) if isinstance(answer, Refused) else UUID for answer in answers]
    assert kinds == [
        NameTaken,
        InvalidInput,
        InvalidInput,
        NotAWarehouse,
        StaleVersion,
        NotFound,
        InvalidInput,
        UUID,
        NameTaken,
    ]
    assert [name for name, *_ in await shown(database, merchant)] == ["A", "F"]


async def test_the_same_rule_again_changes_nothing(database: Database, merchant: Actor) -> None:
    (known,) = await saved(database, merchant, RuleToSave("A", conditions=[ZHEJIANG]))
    assert await saved(database, merchant, RuleToSave("A", conditions=[ZHEJIANG], id=known)) == [known]
    assert await shown(database, merchant) == [("A", 1, False, 1)]


async def test_the_first_active_rule_that_fits_decides_and_the_reason_is_kept(
    database: Database, merchant: Actor
) -> None:
    house = await two_full_warehouses(database, merchant)
    hangzhou, beijing = house.warehouses["HZ1"], house.warehouses["BJ1"]
    off, local, _ = await saved(
        database,
        merchant,
        RuleToSave("不用", location_ids=[beijing]),
        RuleToSave("浙江", RoutingStrategy.PRIORITY, [ZHEJIANG], [hangzhou, beijing], is_active=True),
        RuleToSave("其余", RoutingStrategy.PRIORITY, [], [beijing, hangzhou], is_active=True),
    )
    here, there = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 2}),
        new_order(house, "T-2", {"CUP": 2}, recipient=NORTHERN),
    )
    local_row = await only_fulfillment_order(database, merchant, here.order_id)
    assert (local_row.location_id, local_row.route_reason) == (hangzhou, "PRIORITY")
    assert local_row.route_facts == {
        "strategy": "PRIORITY",
        "rule": str(local),
        "wanted": 2,
        "candidates": [
            {"location_id": str(hangzhou), "covered": 2, "cost_minor": None, "priority": 100, "in_region": False},
            {"location_id": str(beijing), "covered": 2, "cost_minor": None, "priority": 100, "in_region": False},
        ],
    }
    northern_row = await only_fulfillment_order(database, merchant, there.order_id)
    assert (northern_row.location_id, northern_row.route_reason) == (beijing, "PRIORITY")
    assert str(off) not in str(northern_row.route_facts)
    await nothing_is_off(database, merchant)


async def test_an_order_goes_only_where_its_rule_sends_it_and_is_short_there(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 50}, warehouses=("HZ1", "BJ1"))
    beijing = house.warehouses["BJ1"]
    await saved(database, merchant, RuleToSave("全部", location_ids=[beijing], is_active=True))
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.location_id, row.route_reason, row.short_quantity) == (beijing, "RULE", 2)
    assert await reserved(database, merchant, house, "CUP", "HZ1") == 0


async def test_the_cheapest_warehouse_is_found_by_the_province_however_it_is_written(
    database: Database, merchant: Actor
) -> None:
    house = await two_full_warehouses(database, merchant)
    hangzhou, beijing = house.warehouses["HZ1"], house.warehouses["BJ1"]
    await saved(database, merchant, RuleToSave("便宜", RoutingStrategy.CHEAPEST, is_active=True))
    await set_rates(
        database,
        merchant,
        NewRate(hangzhou, "CN", 900),
        NewRate(beijing, "CN", 1_200),
        NewRate(beijing, "CN", 500, province="浙江"),
    )
    local, far = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 2}),
        new_order(house, "T-2", {"CUP": 2}, recipient=replace(BUYER, province="海南省")),
    )
    row = await only_fulfillment_order(database, merchant, local.order_id)
    assert (row.location_id, row.route_reason) == (beijing, "CHEAPEST")
    weighed = {each["location_id"]: (each["cost_minor"], each["in_region"]) for each in row.route_facts["candidates"]}
    assert weighed == {str(hangzhou): (900, False), str(beijing): (500, True)}
    row = await only_fulfillment_order(database, merchant, far.order_id)
    assert (row.location_id, row.route_reason) == (hangzhou, "CHEAPEST")


async def test_rates_are_set_replaced_and_taken_away(database: Database, merchant: Actor) -> None:
    house = await two_full_warehouses(database, merchant)
    hangzhou = house.warehouses["HZ1"]
    first = await set_rates(
        database, merchant, NewRate(hangzhou, "CN", 900), NewRate(hangzhou, "CN", 700, province="浙江省")
    )
    assert first == [SavedRate(0, hangzhou, "CN", "", 900), SavedRate(1, hangzhou, "CN", "浙江", 700)]
    await set_rates(database, merchant, NewRate(hangzhou, "CN", None), NewRate(hangzhou, "CN", 650, province="浙江"))
    async with database.reading(merchant) as uow:
        found = await shipping_rates.shipping_rates(uow, [hangzhou])
    assert [(row.country, row.province, row.cost_minor, row.currency) for row in found] == [("CN", "浙江", 650, "CNY")]


async def test_rates_that_cannot_be_are_refused_each_for_itself(database: Database, merchant: Actor) -> None:
    house = await two_full_warehouses(database, merchant)
    hangzhou, beijing = house.warehouses["HZ1"], house.warehouses["BJ1"]
    answers = await set_rates(
        database,
        merchant,
        NewRate(hangzhou, "CN", 900),
        NewRate(beijing, "CN", 900, "USD"),
        NewRate(hangzhou, "CN", 800),
        NewRate(hangzhou, "China", 800),
        NewRate(hangzhou, "JP", 800, "yen"),
        NewRate(hangzhou, "JP", -1, "JPY"),
        NewRate(new_id(), "JP", 1, "JPY"),
        NewRate(beijing, "JP", 1, "JPY"),
    )
    kinds = [type(answer.refusal) if isinstance(answer, Refused) else SavedRate for answer in answers]
    refused = InvalidInput
    assert kinds == [SavedRate, RateCurrencyDiffers, refused, refused, refused, refused, NotAWarehouse, SavedRate]


FEWEST = RuleToSave("少包裹", RoutingStrategy.FEWEST_PARCELS, is_active=True)


async def parts(database: Database, merchant: Actor, house: House, order_id: UUID) -> list[tuple[str, str, int, int]]:
    """Where an order's parts go, why, their pieces and how many of them are short; by warehouse."""
    codes = {location_id: code for code, location_id in house.warehouses.items()}
    found = []
    for row in await fulfillment_orders(database, merchant, order_id):
        pieces = sum(line.quantity for line in await lines_of(database, merchant, row.id))
        found.append((codes[row.location_id], row.route_reason, pieces, row.short_quantity))
    return sorted(found)


async def apart(database: Database, merchant: Actor, policy: ShortagePolicy) -> House:
    """A house whose cups are in Hangzhou and whose lids are in Beijing."""
    house = await make_house(
        database,
        merchant,
        {"CUP": 5, "LID": 0, "POT": 0},
        policy=policy,
        bundles={"SET": {"CUP": 1, "POT": 1}},
        warehouses=("HZ1", "BJ1"),
    )
    await receive(database, merchant, house, {"LID": 5, "POT": 5, "CUP": 1}, warehouse="BJ1")
    await saved(database, merchant, FEWEST)
    return house


async def test_an_order_that_waits_for_everything_is_shared_among_warehouses_that_cover_all_of_it(
    database: Database, merchant: Actor
) -> None:
    house = await apart(database, merchant, ShortagePolicy.WAIT_FOR_ALL)
    together, waiting = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 2, "LID": 3}),
        new_order(house, "T-2", {"CUP": 2, "LID": 9}),
    )
    assert await parts(database, merchant, house, together.order_id) == [
        ("BJ1", "FEWEST_PARCELS", 3, 0),
        ("HZ1", "FEWEST_PARCELS", 2, 0),
    ]
    assert await parts(database, merchant, house, waiting.order_id) == [("BJ1", "COVERS_MOST", 11, 11)]
    assert (together.short_pieces, waiting.short_pieces) == (0, 11)
    await nothing_is_off(database, merchant)


async def test_an_order_that_ships_what_is_there_is_shared_and_what_nobody_has_waits_at_the_largest_share(
    database: Database, merchant: Actor
) -> None:
    house = await apart(database, merchant, ShortagePolicy.SHIP_AVAILABLE)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 3, "POT": 9}))
    assert await parts(database, merchant, house, verdict.order_id) == [
        ("BJ1", "FEWEST_PARCELS", 3, 0),
        ("BJ1", "FEWEST_PARCELS", 9, 9),
        ("HZ1", "FEWEST_PARCELS", 2, 0),
    ]
    await nothing_is_off(database, merchant)


async def test_a_bundle_goes_out_of_one_warehouse_though_its_parts_lie_apart(
    database: Database, merchant: Actor
) -> None:
    house = await apart(database, merchant, ShortagePolicy.WAIT_FOR_ALL)
    one, two = await bring_in(
        database, merchant, new_order(house, "T-1", {"SET": 1, "CUP": 4}), new_order(house, "T-2", {"SET": 2})
    )
    assert await parts(database, merchant, house, one.order_id) == [
        ("BJ1", "FEWEST_PARCELS", 2, 0),
        ("HZ1", "FEWEST_PARCELS", 4, 0),
    ]
    assert await parts(database, merchant, house, two.order_id) == [("BJ1", "COVERS_MOST", 4, 4)]


async def test_orders_that_waited_for_a_warehouse_are_routed_by_the_rules_and_shared(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 0, "LID": 0}, warehouses=())
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 3}))
    house = await _open(database, merchant, house)
    await saved(database, merchant, FEWEST)
    async with database.unit_of_work(merchant) as uow:
        routed = await routing.route_fulfillment_orders(uow)
        assert await routing.route_fulfillment_orders(uow) == []
    assert {(each.reason, each.short_pieces) for each in routed} == {(RouteReason.FEWEST_PARCELS, 0)}
    assert await parts(database, merchant, house, verdict.order_id) == [
        ("BJ1", "FEWEST_PARCELS", 3, 0),
        ("HZ1", "FEWEST_PARCELS", 2, 0),
    ]
    told = await kinds_told(database, merchant)
    assert [told.count(kind) for kind in ("fulfillment_order_routed", "fulfillment_order_split")] == [2, 1]
    await react(database, merchant)
    await nothing_is_off(database, merchant)


async def _open(database: Database, merchant: Actor, house: House) -> House:
    from_nothing = house
    for code in ("HZ1", "BJ1"):
        from_nothing = await add_warehouse(database, merchant, from_nothing, code)
    await receive(database, merchant, from_nothing, {"CUP": 5}, warehouse="HZ1")
    await receive(database, merchant, from_nothing, {"LID": 5}, warehouse="BJ1")
    return from_nothing


async def test_with_one_warehouse_nothing_is_weighed_and_no_rule_is_read(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    await saved(database, merchant, FEWEST)
    with statements(database) as sent:
        (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    assert [each for each in sent if "routing_rule" in each] == []
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.route_reason, row.route_facts) == ("ONLY_WAREHOUSE", None)


async def test_rules_cost_intake_the_same_few_statements_for_1_10_and_200_orders(
    database: Database, merchant: Actor
) -> None:
    house = await apart(database, merchant, ShortagePolicy.SHIP_AVAILABLE)
    await receive(database, merchant, house, {"CUP": 900})
    await receive(database, merchant, house, {"LID": 900}, warehouse="BJ1")
    await bring_in(database, merchant, new_order(house, "warm", {"CUP": 1}))
    sent = []
    for size in (1, 10, 200):
        orders = [new_order(house, f"{size}-{number}", {"CUP": 1, "LID": 1, "POT": 9}) for number in range(size)]
        with statements(database) as told:
            async with database.unit_of_work(merchant) as uow:
                await intake.import_orders(uow, orders=orders)
        sent.append(len(told))
    assert sent[0] == sent[1] == sent[2]


@pytest.mark.parametrize("size", [1, 40])
async def test_what_rules_know_of_kept_orders_is_read_in_four_statements(
    database: Database, merchant: Actor, size: int
) -> None:
    house = await two_full_warehouses(database, merchant)
    orders = [
        new_order(house, f"T-{number}", {"CUP": 2, "LID": 1, "WHAT": 1}, remark="加急", seller_flag="RED")
        for number in range(size)
    ]
    verdicts = await bring_in(database, merchant, *orders)
    async with database.reading(merchant) as uow:
        with statements(database) as sent:
            found = await order_facts.facts_of_orders(uow, [verdict.order_id for verdict in verdicts])
    assert len(sent) == 4
    facts = found[verdicts[0].order_id]
    told: dict[str, Any] = {
        "shop_id": house.shop_id,
        "payment_status": "PAID",
        "total_minor": 12_50 * 4,
        "lines": 3,
        "pieces": 4,
        "skus": {house.skus["CUP"]: 2, house.skus["LID"]: 1},
        "weight_g": None,
        "province": "浙江省",
        "city": "杭州市",
        "street": BUYER.street,
        "remark": "加急",
        "seller_flag": "RED",
        "tags": frozenset(),
    }
    assert {name: getattr(facts, name) for name in told} == told
