"""Orders through the front: taken over with a verdict each, held, cancelled, shown with what the role may see."""

from typing import Any

import pytest_asyncio
from tests.builders_orders import House, bring_in, make_house, new_order

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

IMPORT = """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
  imported { index verdict shortPieces holds order { number externalId goodsMinor lines { shopCode sku { code } } } }
  userErrors { code field message }
} }"""
HOLD = """mutation ($input: FulfillmentOrderHoldInput!) { fulfillmentOrderHold(input: $input) {
  fulfillmentOrders { status version holds { id reason note } supportedActions } userErrors { code field data }
} }"""
RELEASE = """mutation ($input: FulfillmentOrderReleaseHoldInput!) { fulfillmentOrderReleaseHold(input: $input) {
  fulfillmentOrders { status holds { id } } userErrors { code field }
} }"""
CANCEL = """mutation ($input: FulfillmentOrderCancelInput!) { fulfillmentOrderCancel(input: $input) {
  stopped { outcome changed fulfillmentOrder { status } } userErrors { code field }
} }"""
RECIPIENT = "{ orders { nodes { recipient { name phone street city masked } } } }"
FULFILLMENT_ORDERS = """query ($statuses: [FulfillmentOrderStatus!]) {
  fulfillmentOrders(statuses: $statuses) { nodes { id number version status } }
}"""


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 5, "LID": 5})


def told(house: House, number: str, code: str = "CUP", quantity: int = 1, **changes: Any) -> dict[str, Any]:
    order = {
        "shopId": global_id("Shop", house.shop_id),
        "externalId": number,
        "orderedAt": "2026-11-23T10:00:00+08:00",
        "paymentStatus": "PAID",
        "currency": "CNY",
        "recipient": {"name": "林晓彤", "phone": "13812345678", "street": "文三路 269 号", "country": "CN"},
        "lines": [
            {"externalLineId": "1", "shopCode": code, "quantity": quantity, "unitPriceMicros": 12_500_000},
        ],
    }
    return order | changes


async def test_each_order_of_a_batch_has_its_verdict_or_its_refusal(owner: Any, house: House) -> None:
    orders = [
        told(house, "T-1"),
        told(house, "T-2", quantity=0),
        told(house, "T-3", quantity=9),
        told(house, "T-4", shopId=global_id("Shop", new_id())),
    ]
    answer = (await owner.run(IMPORT, input={"orders": orders}))["orderImport"]
    assert [(item["index"], item["verdict"], item["shortPieces"]) for item in answer["imported"]] == [
        (0, "CREATED", 0),
        (2, "CREATED", 9),
    ]
    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [
        ("BAD_ORDER", ["orders", "1", "lines", "0", "quantity"]),
        ("UNKNOWN_SHOP", ["orders", "3", "shopId"]),
    ]
    assert answer["imported"][0]["order"] == {
        "number": "O-0001",
        "externalId": "T-1",
        "goodsMinor": 1250,
        "lines": [{"shopCode": "CUP", "sku": {"code": "CUP"}}],
    }


async def test_a_refusal_names_the_field_of_the_input_and_speaks_plainly(owner: Any, house: House) -> None:
    recipient = told(house, "T")["recipient"]
    orders = [
        told(house, "x" * 201),
        told(house, "T-2", orderedAt="1970-01-01T00:00:00Z"),
        told(house, "T-3", currency="RMB"),
        told(house, "T-4", recipient={**recipient, "country": "UK"}),
        told(house, "T-5", shopId=global_id("Shop", new_id())),
    ]
    errors = (await owner.run(IMPORT, input={"orders": orders}))["orderImport"]["userErrors"]
    fields = [".".join(error["field"][2:]) for error in errors]
    assert fields == ["externalId", "orderedAt", "currency", "recipient.country", "shopId"]
    messages = [error["message"] for error in errors]
    assert not [message for message in messages if "_" in message or "column" in message]
    assert ("from 2000 to 2199" in messages[1], "write CNY" in messages[2], "write GB" in messages[3]) == (True,) * 3


async def test_the_same_import_under_its_key_answers_the_same(owner: Any, house: House) -> None:
    wanted = {"orders": [told(house, "T-1"), told(house, "T-2", quantity=0)], "idempotencyKey": "morning"}
    first = await owner.run(IMPORT, input=wanted)
    assert await owner.run(IMPORT, input=wanted) == first
    again = (await owner.run(IMPORT, input={"orders": wanted["orders"]}))["orderImport"]["imported"]
    assert [item["verdict"] for item in again] == ["UNCHANGED"]


async def held(owner: Any, database: Database, merchant: Actor, house: House) -> dict[str, Any]:
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    (row,) = (await owner.run(FULFILLMENT_ORDERS))["fulfillmentOrders"]["nodes"]
    found: dict[str, Any] = row
    return found


async def test_a_hold_stands_until_it_is_released(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    row = await held(owner, database, merchant, house)
    wanted = {"fulfillmentOrders": [{"id": row["id"], "ifVersion": row["version"]}], "note": "买家要改地址"}
    (shown,) = (await owner.run(HOLD, input=wanted))["fulfillmentOrderHold"]["fulfillmentOrders"]
    assert (shown["status"], shown["holds"][0]["note"]) == ("ON_HOLD", "买家要改地址")
    expected = ["HOLD", "RELEASE_HOLD", "CANCEL", "SPLIT", "MERGE", "MOVE", "PRIORITIZE", "RESCHEDULE"]
    assert shown["supportedActions"] == expected
    assert len((await owner.run(FULFILLMENT_ORDERS, statuses=["ON_HOLD"]))["fulfillmentOrders"]["nodes"]) == 1
    released = await owner.run(RELEASE, input={"holdIds": [shown["holds"][0]["id"]]})
    assert released["fulfillmentOrderReleaseHold"]["fulfillmentOrders"] == [{"status": "OPEN", "holds": []}]


async def test_a_stale_version_is_refused_with_the_current_one(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    row = await held(owner, database, merchant, house)
    stale = {"fulfillmentOrders": [{"id": row["id"], "ifVersion": row["version"]}]}
    await owner.run(HOLD, input=stale)
    answer = (await owner.run(HOLD, input={**stale, "handle": "another"}))["fulfillmentOrderHold"]
    assert answer["userErrors"] == [
        {
            "code": "STALE_VERSION",
            "field": ["fulfillmentOrders", "0"],
            "data": {"id": row["id"], "version": row["version"] + 1},
        }
    ]
    assert len(answer["fulfillmentOrders"][0]["holds"]) == 1


async def test_cancelling_answers_each(owner: Any, database: Database, merchant: Actor, house: House) -> None:
    row = await held(owner, database, merchant, house)
    gone = {"id": global_id("FulfillmentOrder", new_id())}
    wanted = {"fulfillmentOrders": [gone, {"id": row["id"]}], "reason": "买家不要了"}
    answer = (await owner.run(CANCEL, input=wanted))["fulfillmentOrderCancel"]
    assert answer == {
        "stopped": [{"outcome": "CANCELLED", "changed": True, "fulfillmentOrder": {"status": "CANCELLED"}}],
        "userErrors": [{"code": "NOT_FOUND", "field": ["fulfillmentOrders", "0"]}],
    }


async def test_a_recipient_is_masked_for_roles_that_may_not_read_it(
    owner: Any, client_of: Any, database: Database, merchant: Actor, house: House
) -> None:
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    purchaser = await client_of(merchant, Role.PURCHASER)
    (masked,) = (await purchaser.run(RECIPIENT))["orders"]["nodes"]
    assert masked["recipient"] == {
        "name": "林**",
        "phone": "138****5678",
        "street": "***",
        "city": "杭州市",
        "masked": True,
    }
    (shown,) = (await owner.run(RECIPIENT))["orders"]["nodes"]
    assert (shown["recipient"]["name"], shown["recipient"]["masked"]) == ("林晓彤", False)


async def test_somebody_of_one_shop_sees_orders_of_that_shop_only(
    client_of: Any, database: Database, merchant: Actor, house: House
) -> None:
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    wanted = global_id("Order", verdict.order_id)
    for shop_ids, seen in ((frozenset({house.shop_id}), 1), (frozenset({new_id()}), 0)):
        support = await client_of(merchant, Role.SUPPORT, shop_ids=shop_ids)
        data = await support.run("query ($id: ID!) { orders { nodes { id } } order(id: $id) { id } }", id=wanted)
        assert (len(data["orders"]["nodes"]), data["order"] is not None) == (seen, bool(seen))


async def test_a_timeline_tells_the_order_and_its_fulfillment_orders(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    row = await held(owner, database, merchant, house)
    await owner.run(CANCEL, input={"fulfillmentOrders": [{"id": row["id"]}], "reason": "x"})
    (order,) = (await owner.run("{ orders { nodes { id } } }"))["orders"]["nodes"]
    query = "query ($id: ID!) { timeline(id: $id) { kind subjectId payload } }"
    events = (await owner.run(query, id=order["id"]))["timeline"]
    assert [event["kind"] for event in events] == ["fulfillment_order_cancelled", "order_imported"]
    assert events[0]["subjectId"] == row["id"]
    assert events[0]["payload"]["orderId"] == order["id"]
