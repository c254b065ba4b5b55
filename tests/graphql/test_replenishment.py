"""Replenishment, counts, returns and known reasons through the front."""

from typing import Any

import pytest_asyncio
from tests.builders_orders import House, make_house
from tests.builders_stock import Warehouse, make_warehouse, put_stock

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

TASK = " id status quantity movedQuantity fromPlace { code } toPlace { code } sku { code } "


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 5})


@pytest_asyncio.fixture
async def shelf(database: Database, merchant: Actor, house: House) -> Warehouse:
    shelf = await make_warehouse(database, merchant, code="WH2", bins=("P-01",), overflow=("Z-11",))
    await put_stock(database, merchant, shelf.bins["Z-11"], house.skus["CUP"], 20)
    return shelf


async def act(client: Any, name: str, fields: str, **input: Any) -> tuple[Any, list[tuple[str, list[str]]]]:
    """Do it; return what the one field of the payload answers and the user errors' codes and paths."""
    text = f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{
      {fields} userErrors {{ code field }} }} }}"""
    answer = (await client.run(text, input=input))[name]
    errors = [(error["code"], error["field"]) for error in answer.pop("userErrors")]
    return next(iter(answer.values())), errors


def face(house: House, shelf: Warehouse, least: int, most: int) -> dict[str, Any]:
    return {
        "placeId": global_id("Place", shelf.bins["P-01"]),
        "skuId": global_id("Sku", house.skus["CUP"]),
        "minQuantity": least,
        "maxQuantity": most,
    }


async def test_a_pick_face_is_told_needed_planned_and_filled(owner: Any, house: House, shelf: Warehouse) -> None:
    saved = "saved { place { code } sku { code } }"
    answer, errors = await act(owner, "pickFaceSave", saved, faces=[face(house, shelf, 3, 8), face(house, shelf, 1, 2)])
    assert answer == [{"place": {"code": "P-01"}, "sku": {"code": "CUP"}}]
    assert errors == [("INVALID_INPUT", ["faces", "1"])]
    at = global_id("Location", shelf.location_id)
    needed = """query ($at: ID!) { replenishmentsNeeded(locationId: $at) { place { code } expected wanted }
      pickFaces(locationId: $at) { nodes { place { code } sku { code } minQuantity maxQuantity } } }"""
    told = await owner.run(needed, at=at)
    assert told["replenishmentsNeeded"] == [{"place": {"code": "P-01"}, "expected": 0, "wanted": 8}]
    assert told["pickFaces"]["nodes"] == [
        {"place": {"code": "P-01"}, "sku": {"code": "CUP"}, "minQuantity": 3, "maxQuantity": 8}
    ]
    (task,), _ = await act(owner, "replenishmentsPlan", f"tasks {{ {TASK} }}", locationId=at)
    assert (task["quantity"], task["fromPlace"], task["toPlace"]) == (8, {"code": "Z-11"}, {"code": "P-01"})
    assert (await owner.run(needed, at=at))["replenishmentsNeeded"] == []
    assert await act(owner, "replenishmentsPlan", f"tasks {{ {TASK} }}", locationId=at) == ([], [])
    part = {"replenishmentTaskId": task["id"], "quantity": 3}
    (moved,), _ = await act(owner, "replenishmentsComplete", f"tasks {{ {TASK} }}", completions=[part])
    assert (moved["status"], moved["movedQuantity"]) == ("OPEN", 3)
    too_many = {"replenishmentTaskId": task["id"], "quantity": 9}
    rest = {"replenishmentTaskId": task["id"]}
    (done,), errors = await act(owner, "replenishmentsComplete", f"tasks {{ {TASK} }}", completions=[too_many, rest])
    assert (done["status"], done["movedQuantity"]) == ("DONE", 8)
    assert errors == [("INVALID_INPUT", ["completions", "0", "quantity"])]
    _, errors = await act(owner, "replenishmentsCancel", f"tasks {{ {TASK} }}", replenishmentTaskIds=[task["id"]])
    assert errors == [("WRONG_STATE", ["replenishmentTaskIds", "0"])]
    listed = """query ($at: ID, $statuses: [ReplenishmentStatus!]) {
      replenishmentTasks(locationId: $at, statuses: $statuses) { nodes { id } } }"""
    assert (await owner.run(listed, at=at, statuses=["DONE"]))["replenishmentTasks"]["nodes"] == [{"id": task["id"]}]
    assert (await owner.run(listed, at=at, statuses=["OPEN"]))["replenishmentTasks"]["nodes"] == []


async def test_who_works_elsewhere_plans_nothing(
    client_of: Any, merchant: Actor, house: House, shelf: Warehouse
) -> None:
    other = await client_of(merchant, Role.MANAGER, warehouse_ids=frozenset({house.warehouses["HZ1"]}))
    at = global_id("Location", shelf.location_id)
    _, errors = await act(other, "replenishmentsPlan", f"tasks {{ {TASK} }}", locationId=at)
    assert [code for code, _ in errors] == ["NOT_PERMITTED"]
    _, errors = await act(other, "pickFaceSave", "saved { place { code } }", faces=[face(house, shelf, 1, 2)])
    assert [code for code, _ in errors] == ["NOT_PERMITTED"]


def at_bin(house: House, **more: Any) -> dict[str, Any]:
    return {"placeId": global_id("Place", house.bins["HZ1"]), "skuId": global_id("Sku", house.skus["CUP"]), **more}


async def test_a_count_answers_before_after_and_difference_and_again_nothing(owner: Any, house: House) -> None:
    fields = "counted { before after difference place { code } sku { code free } }"
    counted, errors = await act(owner, "stockCount", fields, counts=[at_bin(house, quantity=3)])
    assert (counted, errors) == (
        [{"before": 5, "after": 3, "difference": -2, "place": {"code": "A-01-1"}, "sku": {"code": "CUP", "free": 3}}],
        [],
    )
    again, errors = await act(
        owner, "stockCount", fields, counts=[at_bin(house, quantity=3), at_bin(house, quantity=4)]
    )
    assert [(row["before"], row["difference"]) for row in again] == [(3, 0)]
    assert errors == [("INVALID_INPUT", ["counts", "1"])]


async def test_a_correction_has_a_known_reason_or_words_of_ones_own(owner: Any, house: House) -> None:
    rows = [
        at_bin(house, difference=-1, why="DAMAGED", note="forklift"),
        at_bin(house, difference=-1, why="FOUND"),
        at_bin(house, difference=1, why="OTHER"),
        at_bin(house, difference=1, why="OTHER", note="gift of the supplier"),
        at_bin(house, difference=-1, reason="broken"),
        at_bin(house, difference=-1),
    ]
    adjusted, errors = await act(owner, "stockAdjust", "adjusted { quantity }", adjustments=rows)
    assert [row["quantity"] for row in adjusted] == [4, 5, 4]
    assert errors == [
        ("INVALID_INPUT", ["adjustments", "1", "reason"]),
        ("INVALID_INPUT", ["adjustments", "2", "note"]),
        ("INVALID_INPUT", ["adjustments", "5", "reason"]),
    ]
    query = "query ($sku: ID!) { stockMoves(skuId: $sku, first: 3) { nodes { reason } } }"
    moves = (await owner.run(query, sku=global_id("Sku", house.skus["CUP"])))["stockMoves"]["nodes"]
    assert [move["reason"] for move in moves] == ["broken", "OTHER: gift of the supplier", "DAMAGED: forklift"]


async def test_of_a_line_that_shipped_nothing_nothing_comes_back(owner: Any, house: House) -> None:
    back = {
        "fulfillmentLineId": global_id("FulfillmentLine", new_id()),
        "placeId": global_id("Place", house.bins["HZ1"]),
        "quantity": 1,
    }
    returned, errors = await act(owner, "stockReturn", "returned { quantity left }", returns=[back])
    assert (returned, errors) == ([], [("NOT_ENOUGH_STOCK", ["returns", "0", "quantity"])])
