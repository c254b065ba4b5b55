"""Review rules through the front: written, tried, switched on, and what they did to orders; orders approved, tagged."""

from typing import Any

import pytest_asyncio
from tests.builders_orders import House, bring_in, make_house, new_order

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

RULE = """id name position isActive version giftsGiven
  conditions { field operator words number currency shops { code } skus { code } }
  actions { kind reason note tag priority locations { code } sku { code } quantity limitTotal }"""
SAVE = f"""mutation ($input: ReviewRuleSaveInput!) {{ reviewRuleSave(input: $input) {{
  rules {{ {RULE} }} userErrors {{ code field message }} }} }}"""
SWITCH = """mutation ($input: ReviewRuleSwitchInput!) { reviewRuleSwitch(input: $input) {
  rules { name isActive } userErrors { code field data } } }"""
ORDER = """mutation ($input: ReviewRuleOrderInput!) { reviewRuleOrder(input: $input) {
  rules { name position } userErrors { code field } } }"""
ARCHIVE = """mutation ($input: ReviewRuleArchiveInput!) { reviewRuleArchive(input: $input) {
  rules { name archivedAt } userErrors { code field } } }"""
TRY = """mutation ($input: ReviewRuleTryInput!) { reviewRuleTry(input: $input) {
  trial { tried matched orders { externalId } actions { kind detail orders } held { currency orders totalMinor }
    gift { sku { code } orders pieces costMinor currency freeNow refusedBefore refusedLimit } }
  userErrors { code field message } } }"""
APPROVE = """mutation ($input: OrderApproveInput!) { orderApprove(input: $input) {
  orders { externalId fulfillmentOrders { status } } userErrors { code field } } }"""
ADD = """mutation ($input: OrderTagsAddInput!) { orderTagsAdd(input: $input) {
  orders { externalId tags } userErrors { code field } } }"""
REMOVE = """mutation ($input: OrderTagsRemoveInput!) { orderTagsRemove(input: $input) {
  orders { externalId tags } userErrors { code field } } }"""
POLICY = """mutation ($input: ShopReviewInput!) { shopReview(input: $input) {
  shop { reviewPolicy version } userErrors { code field } } }"""
REVIEWS = """{ orders { nodes { externalId tags
  reviews { rules { name } acts { rule kind done reason detail } } lines { externalLineId sku { code } } } } }"""
RULES = "{ reviewRules { name giftsGiven } }"


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 50, "TOY": 5})


def toy_rule(house: House, **changes: Any) -> dict[str, Any]:
    rule = {
        "name": "A toy for large orders",
        "conditions": [
            {"field": "AMOUNT", "operator": "AT_LEAST", "value": {"number": 2_000, "currency": "CNY"}},
            {"field": "SHOP", "operator": "IS_ANY_OF", "value": {"shopIds": [global_id("Shop", house.shop_id)]}},
            {
                "field": "SKU",
                "operator": "AT_LEAST",
                "value": {"skuIds": [global_id("Sku", house.skus["CUP"])], "number": 2},
            },
            {"field": "REMARK", "operator": "CONTAINS_NONE", "value": {"words": ["no gift"]}},
            {"field": "PIECES", "operator": "AT_MOST", "value": {"number": 9}},
            {"field": "SELLER_FLAG", "operator": "IS_EMPTY"},
        ],
        "actions": [
            {"kind": "GIFT", "skuId": global_id("Sku", house.skus["TOY"]), "quantity": 1, "limitTotal": 100},
            {"kind": "TAG", "tag": "toy"},
            {"kind": "HOLD", "reason": "CLIENT", "note": "wrap"},
            {"kind": "ROUTE", "locationIds": [global_id("Location", house.warehouses["HZ1"])]},
        ],
    }
    return rule | changes


async def saved(client: Any, *rules: dict[str, Any]) -> list[dict[str, Any]]:
    answer = (await client.run(SAVE, input={"rules": list(rules)}))["reviewRuleSave"]
    assert answer["userErrors"] == []
    found: list[dict[str, Any]] = answer["rules"]
    return found


async def switched(client: Any, rule_id: str, is_active: bool, **more: Any) -> dict[str, Any]:
    switch = {"reviewRuleId": rule_id, "isActive": is_active, **more}
    answer: dict[str, Any] = (await client.run(SWITCH, input={"switches": [switch]}))["reviewRuleSwitch"]
    return answer


async def test_a_rule_is_written_read_back_tried_switched_on_and_tells_what_it_did(
    database: Database, merchant: Actor, owner: Any, house: House
) -> None:
    (rule,) = await saved(owner, toy_rule(house))
    assert (rule["isActive"], rule["position"], rule["giftsGiven"]) == (False, 1, 0)
    none = {"words": [], "number": None, "currency": None, "shops": [], "skus": []}
    assert rule["conditions"] == [
        {**none, "field": "AMOUNT", "operator": "AT_LEAST", "number": 2_000, "currency": "CNY"},
        {**none, "field": "SHOP", "operator": "IS_ANY_OF", "shops": [{"code": "TB"}]},
        {**none, "field": "SKU", "operator": "AT_LEAST", "number": 2, "skus": [{"code": "CUP"}]},
        {**none, "field": "REMARK", "operator": "CONTAINS_NONE", "words": ["no gift"]},
        {**none, "field": "PIECES", "operator": "AT_MOST", "number": 9},
        {**none, "field": "SELLER_FLAG", "operator": "IS_EMPTY"},
    ]
    gift, tag, hold, route = rule["actions"]
    assert (gift["sku"], gift["quantity"], gift["limitTotal"]) == ({"code": "TOY"}, 1, 100)
    assert (tag["tag"], hold["reason"], hold["note"], route["locations"]) == (
        "toy",
        "CLIENT",
        "wrap",
        [{"code": "HZ1"}],
    )

    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}), new_order(house, "T-2", {"CUP": 1}))
    trial = (await owner.run(TRY, input={"reviewRuleId": rule["id"]}))["reviewRuleTry"]["trial"]
    assert (trial["tried"], trial["matched"], trial["orders"]) == (2, 1, [{"externalId": "T-1"}])
    assert trial["held"] == [{"currency": "CNY", "orders": 1, "totalMinor": 2_500}]
    assert (trial["gift"]["sku"], trial["gift"]["pieces"], trial["gift"]["freeNow"]) == ({"code": "TOY"}, 1, 5)

    assert (await switched(owner, rule["id"], True))["rules"] == [{"name": rule["name"], "isActive": True}]
    await bring_in(database, merchant, new_order(house, "T-3", {"CUP": 2}))
    order = (await owner.run(REVIEWS))["orders"]["nodes"][0]
    assert (order["externalId"], order["tags"]) == ("T-3", ["toy"])
    assert [line["sku"]["code"] for line in order["lines"]] == ["CUP", "TOY"]
    (review,) = order["reviews"]
    assert review["rules"] == [{"name": rule["name"]}]
    assert [(act["kind"], act["done"], act["detail"]) for act in review["acts"]] == [
        ("GIFT", True, "TOY"),
        ("TAG", True, "toy"),
        ("HOLD", True, "CLIENT"),
        ("ROUTE", True, ""),
    ]
    assert (await owner.run(RULES))["reviewRules"] == [{"name": rule["name"], "giftsGiven": 1}]


async def test_what_is_wrong_is_told_where_it_stands_in_the_input(owner: Any, house: House) -> None:
    bad = [
        toy_rule(house, name=" "),
        toy_rule(house, name="b", conditions=[{"field": "PIECES", "operator": "AT_LEAST"}]),
        toy_rule(house, name="c", actions=[{"kind": "GIFT", "skuId": global_id("Sku", new_id()), "quantity": 1}]),
    ]
    answer = (await owner.run(SAVE, input={"rules": [*bad, toy_rule(house)]}))["reviewRuleSave"]
    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [
        ("INVALID_INPUT", ["rules", "0", "name"]),
        ("INVALID_INPUT", ["rules", "1", "conditions", "0", "value"]),
        ("UNKNOWN_REFERENCE", ["rules", "2", "actions", "0", "skuId"]),
    ]
    assert [rule["name"] for rule in answer["rules"]] == ["A toy for large orders"]
    tried = (await owner.run(TRY, input={"rule": bad[1]}))["reviewRuleTry"]
    assert [error["field"] for error in tried["userErrors"]] == [["rule", "conditions", "0", "value"]]
    neither = (await owner.run(TRY, input={}))["reviewRuleTry"]
    assert [(error["code"], error["field"]) for error in neither["userErrors"]] == [("INVALID_INPUT", ["rule"])]


async def test_rules_are_put_in_order_and_archived(owner: Any, house: House) -> None:
    first, second = await saved(owner, toy_rule(house, name="a"), toy_rule(house, name="b"))
    ordered = (await owner.run(ORDER, input={"reviewRuleIds": [second["id"]]}))["reviewRuleOrder"]["rules"]
    assert ordered == [{"name": "b", "position": 1}, {"name": "a", "position": 2}]
    stale = await switched(owner, second["id"], True, ifVersion=1)
    assert [(error["code"], error["data"]) for error in stale["userErrors"]] == [
        ("STALE_VERSION", {"id": second["id"], "version": 2})
    ]
    gone = (await owner.run(ARCHIVE, input={"reviewRuleIds": [first["id"]]}))["reviewRuleArchive"]
    assert gone["rules"][0]["archivedAt"] is not None
    assert [rule["name"] for rule in (await owner.run(RULES))["reviewRules"]] == ["b"]


async def test_a_shop_is_set_to_manual_review_and_its_orders_are_approved_together(
    database: Database, merchant: Actor, owner: Any, house: House
) -> None:
    policy = {"shopId": global_id("Shop", house.shop_id), "policy": "MANUAL"}
    assert (await owner.run(POLICY, input=policy))["shopReview"]["shop"] == {"reviewPolicy": "MANUAL", "version": 2}
    verdicts = await bring_in(database, merchant, *(new_order(house, f"T-{number}", {"CUP": 1}) for number in range(3)))
    ids = [global_id("Order", verdict.order_id) for verdict in verdicts]
    answer = (await owner.run(APPROVE, input={"orderIds": [*ids, global_id("Order", new_id())]}))["orderApprove"]
    assert [order["fulfillmentOrders"] for order in answer["orders"]] == [[{"status": "OPEN"}]] * 3
    assert answer["userErrors"] == [{"code": "NOT_FOUND", "field": ["orderIds", "3"]}]


async def test_orders_are_tagged_untagged_and_found_by_tag(
    database: Database, merchant: Actor, owner: Any, house: House
) -> None:
    verdicts = await bring_in(database, merchant, *(new_order(house, f"T-{n}", {"CUP": 1}) for n in range(2)))
    ids = [global_id("Order", verdict.order_id) for verdict in verdicts]
    added = (await owner.run(ADD, input={"orderIds": ids, "tags": ["vip", "late"]}))["orderTagsAdd"]
    assert [order["tags"] for order in added["orders"]] == [["late", "vip"]] * 2
    removed = (await owner.run(REMOVE, input={"orderIds": ids[:1], "tags": ["vip"]}))["orderTagsRemove"]
    assert removed["orders"] == [{"externalId": "T-0", "tags": ["late"]}]
    found = await owner.run('{ orders(tags: ["vip"]) { nodes { externalId } } }')
    assert found["orders"]["nodes"] == [{"externalId": "T-1"}]


async def test_a_purchaser_reads_rules_and_may_not_write_them(client_of: Any, merchant: Actor, house: House) -> None:
    purchaser = await client_of(merchant, Role.PURCHASER)
    assert (await purchaser.run(RULES))["reviewRules"] == []
    answer = (await purchaser.run(SAVE, input={"rules": [toy_rule(house)]}))["reviewRuleSave"]
    assert [error["code"] for error in answer["userErrors"]] == ["NOT_PERMITTED"]
