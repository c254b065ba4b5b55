"""Stock through the front: what lies where, corrections, receipts, the ledger."""

from typing import Any

import pytest_asyncio
from tests.builders_orders import House, bring_in, make_house, new_order

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.graphql.ids import global_id

SKU = """query ($code: String!) { sku(code: $code) {
  name onHand free available
  levels { location { code } onHand reserved free available }
  balances { place { code } quantity allocated }
  components { quantity sku { code free } }
} }"""
ADJUST = """mutation ($input: StockAdjustInput!) { stockAdjust(input: $input) {
  adjusted { quantity difference sku { code free } place { code } } userErrors { code field }
} }"""
RECEIVE = """mutation ($input: StockReceiveInput!) { stockReceive(input: $input) {
  received { quantity sku { code } place { code } } userErrors { code field }
} }"""
MOVES = """query ($sku: ID!) { stockMoves(skuId: $sku) { nodes {
  quantity reason fromPlace { kind } toPlace { code } worker { name }
} } }"""


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 5, "LID": 3}, bundles={"SET": {"CUP": 2, "LID": 1}})


def at(house: House, code: str = "CUP", **more: Any) -> dict[str, Any]:
    return {"placeId": global_id("Place", house.bins["HZ1"]), "skuId": global_id("Sku", house.skus[code]), **more}


async def test_a_sku_tells_what_is_free_and_where_it_lies(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    assert (await owner.run(SKU, code="CUP"))["sku"] == {
        "name": "商品 CUP",
        "onHand": 5,
        "free": 3,
        "available": 3,
        "levels": [{"location": {"code": "HZ1"}, "onHand": 5, "reserved": 2, "free": 3, "available": 3}],
        "balances": [{"place": {"code": "A-01-1"}, "quantity": 5, "allocated": 0}],
        "components": [],
    }


async def test_a_bundle_has_parts_and_no_stock_of_its_own(owner: Any, house: House) -> None:
    bundle = (await owner.run(SKU, code="SET"))["sku"]
    assert (bundle["onHand"], bundle["free"], bundle["available"]) == (None, 2, 2)
    parts = sorted(bundle["components"], key=lambda part: part["sku"]["code"])
    assert parts == [
        {"quantity": 2, "sku": {"code": "CUP", "free": 5}},
        {"quantity": 1, "sku": {"code": "LID", "free": 3}},
    ]


async def test_good_corrections_are_done_and_the_others_refused(owner: Any, house: House) -> None:
    wanted = [
        at(house, difference=-2, reason="broken"),
        at(house, difference=0, reason="nothing"),
        at(house, "LID", difference=-9, reason="gone"),
    ]
    answer = (await owner.run(ADJUST, input={"adjustments": wanted}))["stockAdjust"]
    assert answer["adjusted"] == [
        {"quantity": 3, "difference": -2, "sku": {"code": "CUP", "free": 3}, "place": {"code": "A-01-1"}}
    ]
    assert [error["field"][:2] for error in answer["userErrors"]] == [["adjustments", "1"], ["adjustments", "2"]]
    assert answer["userErrors"][1]["code"] == "NOT_ENOUGH_STOCK"


async def test_the_same_correction_under_its_key_is_made_once(owner: Any, house: House) -> None:
    wanted = {"adjustments": [at(house, difference=-1, reason="broken")], "idempotencyKey": "a1"}
    first = await owner.run(ADJUST, input=wanted)
    assert await owner.run(ADJUST, input=wanted) == first
    assert (await owner.run(SKU, code="CUP"))["sku"]["onHand"] == 4


async def test_receipts_are_in_the_ledger(owner: Any, house: House) -> None:
    answer = (await owner.run(RECEIVE, input={"receipts": [at(house, quantity=7)]}))["stockReceive"]
    assert answer == {
        "received": [{"quantity": 7, "sku": {"code": "CUP"}, "place": {"code": "A-01-1"}}],
        "userErrors": [],
    }
    moves = (await owner.run(MOVES, sku=global_id("Sku", house.skus["CUP"])))["stockMoves"]["nodes"]
    assert [(move["quantity"], move["fromPlace"]["kind"], move["worker"]) for move in moves] == [
        (7, "SUPPLIER", {"name": "小王"}),
        (5, "SUPPLIER", None),
    ]


async def test_too_many_items_in_one_call_are_refused(owner: Any, house: House) -> None:
    wanted = {"adjustments": [at(house, difference=1, reason="x")] * 1_001}
    (error,) = (await owner.run(ADJUST, input=wanted))["stockAdjust"]["userErrors"]
    assert (error["code"], error["field"]) == ("LIMIT_EXCEEDED", ["adjustments"])


async def test_skus_are_searched_by_words_and_a_place_by_its_code(owner: Any, house: House) -> None:
    query = """query ($location: ID!) {
      skus(search: "商品 LID") { nodes { code } }
      placeByCode(locationId: $location, code: "a-01-1") { code balances { sku { code } quantity } }
    }"""
    data = await owner.run(query, location=global_id("Location", house.warehouses["HZ1"]))
    assert data["skus"]["nodes"] == [{"code": "LID"}]
    found = sorted((balance["sku"]["code"], balance["quantity"]) for balance in data["placeByCode"]["balances"])
    assert found == [("CUP", 5), ("LID", 3)]


MOVE = """mutation ($input: StockMoveInput!) { stockMove(input: $input) {
  moved { quantity sku { code } fromPlace { code } toPlace { code } } userErrors { code field }
} }"""


async def test_goods_nobody_has_been_promised_move_between_places(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    told = await owner.run(WAREHOUSE, id=global_id("Location", house.warehouses["HZ1"]))
    missing = told["places"]["nodes"][0]
    move = {"fromPlaceId": at(house)["placeId"], "toPlaceId": missing["id"], "skuId": at(house)["skuId"]}
    told = await owner.run(MOVE, input={"moves": [{**move, "quantity": 1}, {**move, "quantity": 99}]})
    assert told["stockMove"] == {
        "moved": [
            {"quantity": 1, "sku": {"code": "CUP"}, "fromPlace": {"code": "A-01-1"}, "toPlace": {"code": "MISSING"}}
        ],
        "userErrors": [{"code": "NOT_ENOUGH_STOCK", "field": ["moves", "1"]}],
    }
    levels = (await owner.run(SKU, code="CUP"))["sku"]["levels"]
    assert [(level["onHand"], level["reserved"], level["free"]) for level in levels] == [(5, 2, 2)]


WAREHOUSE = "query ($id: ID!) { places(locationId: $id, kind: MISSING) { nodes { id code } } }"
