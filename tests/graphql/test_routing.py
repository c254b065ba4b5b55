"""Routing through the front: rules and rates, moves and suggestions, urgency, schedules and settings of locations."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest_asyncio
from tests.builders_orders import House, bring_in, make_house, new_order
from tests.builders_routing import brought, no_rules, two_warehouses

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.graphql.ids import global_id

SAVE = """mutation ($input: RoutingRuleSaveInput!) { routingRuleSave(input: $input) {
  routingRules { id name position isActive strategy version locations { code }
    conditions { field operator words number currency shops { id } skus { id } } }
  userErrors { code field }
} }"""
SWITCH = """mutation ($input: RoutingRuleSwitchInput!) { routingRuleSwitch(input: $input) {
  routingRules { isActive version } userErrors { code field data }
} }"""
ARCHIVE = """mutation ($input: RoutingRuleArchiveInput!) { routingRuleArchive(input: $input) {
  routingRules { archivedAt } userErrors { code }
} }"""
RATES = """mutation ($input: ShippingRateSaveInput!) { shippingRateSave(input: $input) {
  rates { location { code } country province costMinor } userErrors { code field data }
} }"""
RATES_OF = "query ($location: ID!) { shippingRates(locationId: $location) { province costMinor } }"
MOVE = """mutation ($input: FulfillmentOrderMoveInput!) { fulfillmentOrderMove(input: $input) {
  moved { fulfillmentOrder { routeReason } fromLocation { code } location { code } shortBefore shortAfter changed }
  userErrors { code field }
} }"""
REROUTE = """mutation ($input: FulfillmentOrderRerouteInput!) { fulfillmentOrderReroute(input: $input) {
  moved { location { code } shortBefore shortAfter changed } userErrors { code }
} }"""
PRIORITIZE = """mutation ($input: FulfillmentOrderPrioritizeInput!) { fulfillmentOrderPrioritize(input: $input) {
  fulfillmentOrders { priority } userErrors { code }
} }"""
RESCHEDULE = """mutation ($input: FulfillmentOrderRescheduleInput!) { fulfillmentOrderReschedule(input: $input) {
  fulfillmentOrders { status fulfillAt } userErrors { code }
} }"""
CHANGE = """mutation ($input: LocationChangeInput!) { locationChange(input: $input) {
  locations { code cutOff priority shipAt version } userErrors { code field message }
} }"""
CLOSE = """mutation ($input: LocationArchiveInput!) { locationArchive(input: $input) {
  locations { code } userErrors { code data }
} }"""
OPEN = """mutation ($input: LocationRestoreInput!) { locationRestore(input: $input) {
  locations { code archivedAt } userErrors { code }
} }"""
LATE = "query ($late: Boolean) { fulfillmentOrders(late: $late) { nodes { leaveBy isLate order { externalId } } } }"


@pytest_asyncio.fixture
async def two(database: Database, merchant: Actor) -> tuple[House, UUID, UUID]:
    return await two_warehouses(database, merchant, there=5)


async def test_a_rule_is_written_as_it_is_read_and_switched_and_archived(
    owner: Any, two: tuple[House, UUID, UUID]
) -> None:
    house, hangzhou, beijing = two
    shop, cup = global_id("Shop", house.shop_id), global_id("Sku", house.skus["CUP"])
    conditions = [
        {"field": "PROVINCE", "operator": "CONTAINS_ANY", "value": {"words": ["北京", "天津"]}},
        {"field": "AMOUNT", "operator": "AT_LEAST", "value": {"number": 10_000, "currency": "CNY"}},
        {"field": "SHOP", "operator": "IS_ANY_OF", "value": {"shopIds": [shop]}},
        {"field": "SKU", "operator": "AT_LEAST", "value": {"skuIds": [cup], "number": 3}},
        {"field": "REMARK", "operator": "IS_EMPTY"},
    ]
    rule = {
        "name": "北方",
        "strategy": "PRIORITY",
        "locationIds": [global_id("Location", beijing), global_id("Location", hangzhou)],
        "conditions": conditions,
    }
    (shown,) = (await owner.run(SAVE, input={"routingRules": [rule]}))["routingRuleSave"]["routingRules"]
    assert (shown["position"], shown["isActive"], shown["version"]) == (2, False, 1)
    assert [each["code"] for each in shown["locations"]] == ["BJ1", "HZ1"]
    nothing = {"words": [], "number": None, "currency": None, "shops": [], "skus": []}
    told = [
        {"words": ["北京", "天津"]},
        {"number": 10_000, "currency": "CNY"},
        {"shops": [{"id": shop}]},
        {"skus": [{"id": cup}], "number": 3},
        {},
    ]
    asked = [{"field": each["field"], "operator": each["operator"]} for each in conditions]
    assert shown["conditions"] == [{**nothing, **one, **other} for one, other in zip(asked, told, strict=True)]
    ref = {"id": shown["id"], "ifVersion": 1}
    switched = (await owner.run(SWITCH, input={"routingRules": [ref], "active": True}))["routingRuleSwitch"]
    assert switched == {"routingRules": [{"isActive": True, "version": 2}], "userErrors": []}
    again = (await owner.run(SWITCH, input={"routingRules": [ref], "active": False}))["routingRuleSwitch"]
    data = {"id": shown["id"], "version": 2}
    assert again["userErrors"] == [{"code": "STALE_VERSION", "field": ["routingRules", "0"], "data": data}]
    gone = (await owner.run(ARCHIVE, input={"routingRules": [{"id": shown["id"]}]}))["routingRuleArchive"]
    assert gone["routingRules"][0]["archivedAt"] is not None
    listed = (await owner.run("{ routingRules { name } }"))["routingRules"]
    assert listed == [{"name": "只走杭州"}]
    assert len((await owner.run("{ routingRules(archived: true) { name } }"))["routingRules"]) == 2


async def test_a_condition_that_cannot_be_asked_names_its_place(owner: Any, two: tuple[House, UUID, UUID]) -> None:
    conditions = [{"field": "PROVINCE", "operator": "AT_LEAST", "value": {"number": 3}}]
    rules = [{"name": "A"}, {"name": "B", "conditions": conditions}]
    answer = (await owner.run(SAVE, input={"routingRules": rules}))["routingRuleSave"]
    assert [each["name"] for each in answer["routingRules"]] == ["A"]
    assert answer["userErrors"] == [
        {"code": "INVALID_INPUT", "field": ["routingRules", "1", "conditions", "0", "operator"]}
    ]


async def test_the_facts_of_a_route_are_shown_with_the_rule_that_decided(
    owner: Any, database: Database, merchant: Actor, two: tuple[House, UUID, UUID]
) -> None:
    house, hangzhou, beijing = two
    rates = [
        {"locationId": global_id("Location", hangzhou), "country": "CN", "costMinor": 900},
        {"locationId": global_id("Location", beijing), "country": "CN", "province": "浙江省", "costMinor": 500},
    ]
    saved = (await owner.run(RATES, input={"rates": rates}))["shippingRateSave"]
    assert saved["rates"][1] == {
        "location": {"code": "BJ1"},
        "country": "CN",
        "province": "浙江",
        "costMinor": 500,
    }
    found = await owner.run(RATES_OF, location=global_id("Location", beijing))
    assert found["shippingRates"] == [{"province": "浙江", "costMinor": 500}]
    await no_rules(database, merchant)
    rule = {"name": "便宜", "strategy": "CHEAPEST", "isActive": True}
    await owner.run(SAVE, input={"routingRules": [rule]})
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    text = """{ fulfillmentOrders { nodes { location { code } routeReason routeFacts { strategy wanted rule { name }
      candidates { location { code } covered costMinor priority inRegion } movedBy { name } } } } }"""
    (shown,) = (await owner.run(text))["fulfillmentOrders"]["nodes"]
    assert shown == {
        "location": {"code": "BJ1"},
        "routeReason": "CHEAPEST",
        "routeFacts": {
            "strategy": "CHEAPEST",
            "wanted": 2,
            "rule": {"name": "便宜"},
            "candidates": [
                {"location": {"code": "BJ1"}, "covered": 2, "costMinor": 500, "priority": 100, "inRegion": True},
                {"location": {"code": "HZ1"}, "covered": 2, "costMinor": 900, "priority": 100, "inRegion": False},
            ],
            "movedBy": None,
        },
    }


async def test_an_order_is_moved_told_by_whom_and_refused_where_it_is_not_covered(
    owner: Any, database: Database, merchant: Actor, two: tuple[House, UUID, UUID]
) -> None:
    house, _, beijing = two
    small = global_id("FulfillmentOrder", await brought(database, merchant, house, "T-1", 2))
    large = global_id("FulfillmentOrder", await brought(database, merchant, house, "T-2", 8))
    there = global_id("Location", beijing)
    moves = [{"id": small, "locationId": there}, {"id": large, "locationId": there}]
    answer = (await owner.run(MOVE, input={"moves": moves, "ifCovered": True}))["fulfillmentOrderMove"]
    assert answer == {
        "moved": [
            {
                "fulfillmentOrder": {"routeReason": "MOVED"},
                "fromLocation": {"code": "HZ1"},
                "location": {"code": "BJ1"},
                "shortBefore": 0,
                "shortAfter": 0,
                "changed": True,
            }
        ],
        "userErrors": [{"code": "NOT_COVERED", "field": ["moves", "1"]}],
    }
    text = """query ($id: ID) { fulfillmentOrder(id: $id) { supportedActions routeFacts { strategy reasonBefore
      movedFrom { code } movedBy { name } candidates { covered } } } }"""
    shown = (await owner.run(text, id=small))["fulfillmentOrder"]
    assert shown["routeFacts"]["movedBy"] is not None
    assert shown["routeFacts"]["movedFrom"] == {"code": "HZ1"}
    assert (shown["routeFacts"]["reasonBefore"], shown["routeFacts"]["candidates"]) == ("RULE", [])
    assert {"MOVE", "PRIORITIZE", "RESCHEDULE"} <= set(shown["supportedActions"])


async def test_a_short_order_is_suggested_and_goes_by_one_tap(
    owner: Any, database: Database, merchant: Actor, two: tuple[House, UUID, UUID]
) -> None:
    house, hangzhou, _ = two
    await brought(database, merchant, house, "T-1", 10)
    short = global_id("FulfillmentOrder", await brought(database, merchant, house, "T-2", 4))
    await no_rules(database, merchant)
    text = "query ($at: ID) { reroutable(locationId: $at) { fulfillmentOrder { id } location { code } shortPieces } }"
    found = (await owner.run(text, at=global_id("Location", hangzhou)))["reroutable"]
    assert found == [{"fulfillmentOrder": {"id": short}, "location": {"code": "BJ1"}, "shortPieces": 4}]
    answer = (await owner.run(REROUTE, input={"fulfillmentOrders": [{"id": short}]}))["fulfillmentOrderReroute"]
    assert answer["moved"] == [{"location": {"code": "BJ1"}, "shortBefore": 4, "shortAfter": 0, "changed": True}]
    assert (await owner.run(text))["reroutable"] == []


async def test_orders_are_made_urgent_and_put_off(
    owner: Any, database: Database, merchant: Actor, two: tuple[House, UUID, UUID]
) -> None:
    house, *_ = two
    order = {"id": global_id("FulfillmentOrder", await brought(database, merchant, house, "T-1", 2))}
    urgent = (await owner.run(PRIORITIZE, input={"fulfillmentOrders": [order]}))["fulfillmentOrderPrioritize"]
    assert urgent == {"fulfillmentOrders": [{"priority": 100}], "userErrors": []}
    later = {**order, "fulfillAt": "2026-12-01T00:00:00+08:00"}
    put_off = (await owner.run(RESCHEDULE, input={"schedules": [later]}))["fulfillmentOrderReschedule"]
    assert put_off["fulfillmentOrders"] == [{"status": "SCHEDULED", "fulfillAt": "2026-11-30T16:00:00Z"}]
    at_once = (await owner.run(RESCHEDULE, input={"schedules": [order]}))["fulfillmentOrderReschedule"]
    assert at_once["fulfillmentOrders"] == [{"status": "OPEN", "fulfillAt": None}]


async def test_a_location_is_changed_with_its_version_and_a_wrong_setting_named(
    owner: Any, two: tuple[House, UUID, UUID]
) -> None:
    _, hangzhou, beijing = two
    wanted = [
        {"id": global_id("Location", hangzhou), "ifVersion": 1, "cutOff": "17:00", "priority": 7, "shipAt": "SEAL"},
        {"id": global_id("Location", beijing), "cutOff": "5pm"},
    ]
    answer = (await owner.run(CHANGE, input={"locations": wanted}))["locationChange"]
    assert answer["locations"] == [{"code": "HZ1", "cutOff": "17:00", "priority": 7, "shipAt": "SEAL", "version": 2}]
    (error,) = answer["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["locations", "1", "cutOff"])
    assert error["message"] == "A cut-off is a time of day from 00:00 to 23:59, such as 17:00."


async def test_a_warehouse_in_use_stays_and_an_empty_one_closes_and_opens(
    owner: Any, database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 3}, warehouses=("HZ1", "BJ1"))
    used, empty = (global_id("Location", house.warehouses[code]) for code in ("HZ1", "BJ1"))
    answer = (await owner.run(CLOSE, input={"locations": [{"id": used}, {"id": empty}]}))["locationArchive"]
    assert answer["locations"] == [{"code": "BJ1"}]
    (error,) = answer["userErrors"]
    assert (error["code"], error["data"]["onHand"], error["data"]["locationId"]) == ("LOCATION_IN_USE", 3, used)
    opened = (await owner.run(OPEN, input={"locations": [{"id": empty}]}))["locationRestore"]
    assert opened["locations"] == [{"code": "BJ1", "archivedAt": None}]


async def test_the_late_are_those_whose_last_cut_off_has_gone_by(
    owner: Any, database: Database, merchant: Actor, two: tuple[House, UUID, UUID]
) -> None:
    house, hangzhou, _ = two
    # It is noon in Shanghai on the 24th; parcels leave at 11:00.
    cut = [{"id": global_id("Location", hangzhou), "cutOff": "11:00"}]
    await owner.run(CHANGE, input={"locations": cut})
    told = {
        "past": "2026-11-24T03:00:00+00:00",
        "today": "2026-11-24T08:00:00+00:00",
        "tomorrow": "2026-11-25T08:00:00+00:00",
    }
    for number, at in told.items():
        await brought(database, merchant, house, number, 1, ship_by=datetime.fromisoformat(at))
    late = (await owner.run(LATE, late=True))["fulfillmentOrders"]["nodes"]
    assert [(each["order"]["externalId"], each["leaveBy"], each["isLate"]) for each in late] == [
        ("today", "2026-11-24T03:00:00Z", True),
        ("past", "2026-11-24T03:00:00Z", True),
    ]
    in_time = (await owner.run(LATE, late=False))["fulfillmentOrders"]["nodes"]
    assert [(each["order"]["externalId"], each["isLate"]) for each in in_time] == [("tomorrow", False)]
    await owner.run(CHANGE, input={"locations": [{"id": cut[0]["id"], "cutOff": ""}]})
    late = (await owner.run(LATE, late=True))["fulfillmentOrders"]["nodes"]
    assert [each["order"]["externalId"] for each in late] == ["past"]
