"""Merges, splits, exceptions and orders made by hand through the front, each asked the way a client asks."""

from typing import Any

import pytest_asyncio
from tests.builders_orders import House, bring_in, lines_of, make_house, new_order, pick, put_on_floor
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders import holds, queries
from pickmesh.core.orders.tables import HoldReason
from pickmesh.graphql.ids import global_id

LIST = """query ($sort: FulfillmentOrderSort! = CREATED_AT, $falling: Boolean! = true, $first: Int) {
  fulfillmentOrders(sort: $sort, falling: $falling, first: $first) {
    totalCount totalIsCapped pageInfo { endCursor }
    nodes {
      id number status supportedActions lines { id }
      mergedInto { number } mergedFrom { number } orders { externalId }
    }
  }
}"""
MERGE = """mutation ($input: FulfillmentOrderMergeInput!) { fulfillmentOrderMerge(input: $input) {
  merged { fulfillmentOrder { number supportedActions } others { number status } } userErrors { code field message }
} }"""
UNMERGE = """mutation ($input: FulfillmentOrderUnmergeInput!) { fulfillmentOrderUnmerge(input: $input) {
  unmerged { fulfillmentOrder { number } others { number status } } userErrors { code field }
} }"""
SPLIT = """mutation ($input: FulfillmentOrderSplitInput!) { fulfillmentOrderSplit(input: $input) {
  fulfillmentOrders { number } splitOff { id number splitFrom { number } supportedActions } userErrors { code field }
} }"""
UNSPLIT = """mutation ($input: FulfillmentOrderUnsplitInput!) { fulfillmentOrderUnsplit(input: $input) {
  fulfillmentOrders { number lines { quantity } } userErrors { code field }
} }"""
SUGGESTIONS = "{ mergeSuggestions { fulfillmentOrders { number } } }"
EXCEPTIONS = """{
  orderExceptions { totalCount nodes { kind remedy supportedActions order { externalId } fulfillmentOrder { number } } }
  orderExceptionCounts { kind count }
}"""
MAKE = """mutation ($input: OrderMakeInput!) { orderMake(input: $input) {
  made { verdict order { type related { externalId } lines { sku { code } } } } userErrors { code field message }
} }"""
FOLLOW_UPS = "{ orders { nodes { externalId followUps { type } } } }"
STOP_LINES = """mutation ($input: FulfillmentLineStopInput!) { fulfillmentLineStop(input: $input) {
  stopped { outcome fulfillmentOrder { number } goods { stage quantity sku { code } place { code } } }
  userErrors { code field }
} }"""
GOODS = "{ fulfillmentOrders { nodes { goods { stage quantity sealed place { code } } } } }"
TIMELINE = "query ($id: ID!, $first: Int!) { timeline(id: $id, first: $first) { seq kind worker { id } } }"


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 9, "LID": 9})


async def two(owner: Any, database: Database, merchant: Actor, house: House) -> list[dict[str, Any]]:
    orders = (new_order(house, "T-1", {"CUP": 2}), new_order(house, "T-2", {"LID": 3}))
    await bring_in(database, merchant, *orders)
    rows: list[dict[str, Any]] = (await owner.run(LIST, sort="NUMBER", falling=False))["fulfillmentOrders"]["nodes"]
    return rows


def refs(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": row["id"]} for row in rows]


async def test_what_is_suggested_is_merged_and_parted_again(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    one, other = await two(owner, database, merchant, house)
    assert "MERGE" in one["supportedActions"]
    groups = (await owner.run(SUGGESTIONS))["mergeSuggestions"]
    assert [[each["number"] for each in group["fulfillmentOrders"]] for group in groups] == [["F-0001", "F-0002"]]
    merged = (await owner.run(MERGE, input={"merges": [{"fulfillmentOrders": refs(one, other)}]}))[
        "fulfillmentOrderMerge"
    ]
    assert merged["userErrors"] == []
    (whole,) = merged["merged"]
    assert (whole["fulfillmentOrder"]["number"], whole["others"]) == (
        "F-0001",
        [{"number": "F-0002", "status": "MERGED"}],
    )
    assert "UNMERGE" in whole["fulfillmentOrder"]["supportedActions"]
    shown, gone = (await owner.run(LIST, sort="NUMBER", falling=False))["fulfillmentOrders"]["nodes"]
    assert [order["externalId"] for order in shown["orders"]] == ["T-1", "T-2"]
    assert (shown["mergedFrom"], gone["mergedInto"]) == ([{"number": "F-0002"}], {"number": "F-0001"})
    parted = (await owner.run(UNMERGE, input={"fulfillmentOrders": refs(other)}))["fulfillmentOrderUnmerge"]
    assert parted["unmerged"][0]["others"] == [{"number": "F-0002", "status": "OPEN"}]
    again = (await owner.run(UNMERGE, input={"fulfillmentOrders": refs(one)}))["fulfillmentOrderUnmerge"]
    assert [(error["code"], error["field"]) for error in again["userErrors"]] == [
        ("NOT_MERGED", ["fulfillmentOrders", "0"])
    ]


async def test_units_are_split_off_and_brought_back(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    _, other = await two(owner, database, merchant, house)
    wanted = {"id": other["id"], "lines": [{"lineId": other["lines"][0]["id"], "units": 1}]}
    split = (await owner.run(SPLIT, input={"splits": [wanted]}))["fulfillmentOrderSplit"]
    (off,) = split["splitOff"]
    assert (off["splitFrom"], "UNSPLIT" in off["supportedActions"]) == ({"number": "F-0002"}, True)
    back = (await owner.run(UNSPLIT, input={"fulfillmentOrders": refs(off)}))["fulfillmentOrderUnsplit"]
    assert back["fulfillmentOrders"] == [{"number": "F-0002", "lines": [{"quantity": 3}]}]
    too_many = {**wanted, "lines": [{"lineId": other["lines"][0]["id"], "units": 9}]}
    refused = (await owner.run(SPLIT, input={"splits": [too_many]}))["fulfillmentOrderSplit"]
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("BAD_SPLIT", ["splits", "0"])]


async def test_a_list_is_counted_only_when_asked_and_once_for_both_fields(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    await two(owner, database, merchant, house)
    sent = []
    for asked in ("nodes { number }", "totalCount nodes { number }", "totalCount totalIsCapped nodes { number }"):
        with statements(database) as counted:
            answer = (await owner.run(f"{{ fulfillmentOrders(first: 1) {{ {asked} }} }}"))["fulfillmentOrders"]
        sent.append(len(counted))
    assert (answer["totalCount"], answer["totalIsCapped"], len(answer["nodes"])) == (2, False, 1)
    assert sent[1:] == [sent[0] + 1] * 2


async def test_the_exception_queue_says_what_to_do(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    async with database.unit_of_work(merchant) as uow:
        (row,) = (await queries.fulfillment_orders_of(uow, [verdict.order_id]))[verdict.order_id]
        await holds.hold(uow, fulfillment_order_ids=[row.id], reason=HoldReason.FRAUD)
    answer = await owner.run(EXCEPTIONS)
    assert answer["orderExceptionCounts"] == [{"kind": "FRAUD", "count": 1}]
    (item,) = answer["orderExceptions"]["nodes"]
    assert (item["kind"], item["order"]["externalId"], item["fulfillmentOrder"]["number"]) == ("FRAUD", "T-1", "F-0001")
    assert item["remedy"].startswith("Check the buyer")
    assert "RELEASE_HOLD" in item["supportedActions"]
    assert answer["orderExceptions"]["totalCount"] == 1


async def test_a_reshipment_is_made_and_found_from_the_order(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    wanted = {
        "type": "RESHIPMENT",
        "relatedOrderId": global_id("Order", verdict.order_id),
        "reason": "少发补发",
        "lines": [{"skuCode": "LID", "quantity": 1}],
    }
    unknown = {**wanted, "lines": [{"skuCode": "NO-SUCH", "quantity": 1}]}
    answer = (await owner.run(MAKE, input={"orders": [unknown, wanted]}))["orderMake"]
    assert answer["made"] == [
        {
            "verdict": "CREATED",
            "order": {"type": "RESHIPMENT", "related": {"externalId": "T-1"}, "lines": [{"sku": {"code": "LID"}}]},
        }
    ]
    assert [error["field"] for error in answer["userErrors"]] == [["orders", "0", "lines", "0", "skuCode"]]
    orders = (await owner.run(FOLLOW_UPS))["orders"]["nodes"]
    assert [order["followUps"] for order in orders] == [[], [{"type": "RESHIPMENT"}]]


async def test_stopping_lines_tells_where_their_goods_are(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}))
    async with database.reading(merchant) as uow:
        (row,) = (await queries.fulfillment_orders_of(uow, [verdict.order_id]))[verdict.order_id]
    _, lid = await lines_of(database, merchant, row.id)
    await put_on_floor(database, merchant, row.id)
    await pick(database, merchant, house, row.id, {"LID": 1})
    wanted = {"lineIds": [global_id("FulfillmentLine", lid.id)], "reason": "买家不要了"}
    (stopped,) = (await owner.run(STOP_LINES, input=wanted))["fulfillmentLineStop"]["stopped"]
    (goods,) = stopped["goods"]
    assert (stopped["outcome"], stopped["fulfillmentOrder"]["number"]) == ("INTERCEPTED", "F-0002")
    assert (goods["stage"], goods["quantity"], goods["sku"]) == ("IN_TOTE", 1, {"code": "LID"})
    assert goods["place"]["code"].startswith("T-")
    rest = (await owner.run(GOODS))["fulfillmentOrders"]["nodes"][1]["goods"]
    assert rest == [{"stage": "IN_BIN", "quantity": 2, "sealed": False, "place": {"code": "A-01-1"}}]


async def test_the_timeline_of_an_order_tells_of_its_merges_and_pages(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    one, other = await two(owner, database, merchant, house)
    await owner.run(MERGE, input={"merges": [{"fulfillmentOrders": refs(one, other)}]})
    async with database.reading(merchant) as uow:
        orders = await queries.orders_by_external_id(uow, ["T-1"])
    told = (await owner.run(TIMELINE, id=global_id("Order", orders["T-1"][0].id), first=250))["timeline"]
    assert [event["kind"] for event in told] == ["fulfillment_order_merged", "order_imported"]
    assert told[0]["worker"] is not None
    page = (await owner.run(TIMELINE, id=global_id("Order", orders["T-1"][0].id), first=1))["timeline"]
    assert page == told[:1]
