"""Transfers through the front: planned for both warehouses, sent at one, received at the other."""

from typing import Any
from uuid import UUID

import pytest_asyncio
from tests.builders_catalog import make_skus
from tests.builders_orders import House, make_house
from tests.builders_stock import put_stock

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

TRANSFER = """ id number status note supportedActions version
  fromLocation { code } toLocation { code }
  lines { id sku { code } quantity reservedQuantity shortQuantity sentQuantity travellingQuantity receivedQuantity
    lostQuantity } """
LEVELS = """query ($code: String!) { sku(code: $code) { levels {
  location { code } onHand reserved incoming free
} } }"""


def mutation(name: str) -> str:
    return f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{
      transfers {{ {TRANSFER} }} userErrors {{ code field message data }} }} }}"""


async def act(client: Any, name: str, **input: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Do it; return the transfers and the user errors."""
    answer = (await client.run(mutation(name), input=input))[name]
    return answer["transfers"] or [], answer["userErrors"]


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 5, "LID": 3}, warehouses=("HZ1", "SH1"))


def plan(house: House, cups: int, **more: Any) -> dict[str, Any]:
    return {
        "fromLocationId": global_id("Location", house.warehouses["HZ1"]),
        "toLocationId": global_id("Location", house.warehouses["SH1"]),
        "lines": [{"skuId": global_id("Sku", house.skus["CUP"]), "quantity": cups}],
        **more,
    }


def place(house: House, code: str) -> str:
    return global_id("Place", house.bins[code])


async def levels(client: Any, code: str = "CUP") -> dict[str, tuple[int, int, int, int]]:
    """Return on hand, reserved, incoming and free by warehouse."""
    found = (await client.run(LEVELS, code=code))["sku"]["levels"]
    return {row["location"]["code"]: (row["onHand"], row["reserved"], row["incoming"], row["free"]) for row in found}


async def test_a_transfer_is_planned_sent_and_received_and_tells_what_may_be_done(owner: Any, house: House) -> None:
    (planned,), errors = await act(owner, "transferPlan", plans=[plan(house, 4, note="补货到上海")])
    assert errors == []
    assert (planned["number"], planned["status"], planned["note"]) == ("M-0001", "PLANNED", "补货到上海")
    assert (planned["fromLocation"], planned["toLocation"]) == ({"code": "HZ1"}, {"code": "SH1"})
    assert planned["supportedActions"] == ["SEND", "CANCEL"]
    assert await levels(owner) == {"HZ1": (5, 4, 0, 1)}
    line = planned["lines"][0]["id"]
    sendings = [
        {"transferLineId": line, "quantity": 3, "placeId": place(house, "HZ1")},
        {"transferLineId": line, "quantity": 2},
    ]
    (sent,), errors = await act(owner, "transferSend", sendings=sendings)
    assert [(error["code"], error["field"]) for error in errors] == [("INVALID_INPUT", ["sendings", "1", "quantity"])]
    assert errors[0]["message"] == "Of this line 1 are still to be sent, not 2."
    assert sent["supportedActions"] == ["SEND", "FINISH", "RECEIVE", "CLOSE", "TAKE_BACK_SENT"]
    assert await levels(owner) == {"HZ1": (2, 1, 0, 1), "SH1": (0, 0, 3, 0)}
    (finished,), _ = await act(owner, "transferFinish", transferIds=[planned["id"]])
    assert finished["status"] == "SENT"
    receipts = [{"transferLineId": line, "placeId": place(house, "SH1"), "quantity": 2}]
    (received,), errors = await act(owner, "transferReceive", receipts=receipts)
    assert (received["status"], errors) == ("SENT", [])
    (closed,), _ = await act(owner, "transferClose", transferIds=[planned["id"]], reason="DAMAGED", note="进水")
    assert closed["status"] == "RECEIVED"
    assert closed["lines"][0] == {
        "id": line,
        "sku": {"code": "CUP"},
        "quantity": 4,
        "reservedQuantity": 0,
        "shortQuantity": 0,
        "sentQuantity": 3,
        "travellingQuantity": 0,
        "receivedQuantity": 2,
        "lostQuantity": 1,
    }
    assert await levels(owner) == {"HZ1": (2, 0, 0, 2), "SH1": (2, 0, 0, 2)}


async def test_what_is_not_free_is_refused_with_the_figures_or_shrinks(owner: Any, house: House) -> None:
    _, (error,) = await act(owner, "transferPlan", plans=[plan(house, 9)])
    assert (error["code"], error["field"]) == ("NOT_ENOUGH_STOCK", ["plans", "0", "lines"])
    assert error["data"] == {"skuIds": [global_id("Sku", house.skus["CUP"])], "asked": [9], "free": [5]}
    (planned,), errors = await act(owner, "transferPlan", plans=[plan(house, 9, allowShort=True)])
    assert ([line["quantity"] for line in planned["lines"]], errors) == ([5], [])
    (cancelled,), _ = await act(owner, "transferCancel", transferIds=[planned["id"]])
    assert (cancelled["status"], cancelled["supportedActions"]) == ("CANCELLED", [])
    assert await levels(owner) == {"HZ1": (5, 0, 0, 5)}


async def test_mistakes_are_taken_back(owner: Any, house: House) -> None:
    (planned,), _ = await act(owner, "transferPlan", plans=[plan(house, 2)])
    line = planned["lines"][0]["id"]
    await act(owner, "transferSend", sendings=[{"transferLineId": line, "quantity": 2}])
    there = {"transferLineId": line, "placeId": place(house, "SH1"), "quantity": 2}
    await act(owner, "transferReceive", receipts=[there])
    (travels,), errors = await act(owner, "transferTakeBackReceived", backs=[there])
    assert (travels["status"], errors) == ("SENT", [])
    (home,), errors = await act(owner, "transferTakeBackSent", backs=[{**there, "placeId": place(house, "HZ1")}])
    assert (home["status"], home["lines"][0]["reservedQuantity"], errors) == ("PLANNED", 2, [])
    assert await levels(owner) == {"HZ1": (5, 2, 0, 3), "SH1": (0, 0, 0, 0)}


async def test_who_works_at_one_warehouse_sends_or_receives_there_and_plans_nothing(
    owner: Any, client_of: Any, merchant: Actor, house: House
) -> None:
    at = {code: frozenset({location_id}) for code, location_id in house.warehouses.items()}
    here = await client_of(merchant, Role.MANAGER, warehouse_ids=at["HZ1"])
    there = await client_of(merchant, Role.MANAGER, warehouse_ids=at["SH1"])
    for client in (here, there):
        _, (error,) = await act(client, "transferPlan", plans=[plan(house, 1)])
        assert error["code"] == "NOT_PERMITTED"
    (planned,), _ = await act(owner, "transferPlan", plans=[plan(house, 2)])
    line = planned["lines"][0]["id"]
    sendings = [{"transferLineId": line, "quantity": 2}]
    _, (error,) = await act(there, "transferSend", sendings=sendings)
    assert error["code"] == "NOT_PERMITTED"
    _, (error,) = await act(there, "transferCancel", transferIds=[planned["id"]])
    assert error["code"] == "NOT_PERMITTED"
    assert (await act(here, "transferSend", sendings=sendings))[1] == []
    receipts = [{"transferLineId": line, "placeId": place(house, "SH1"), "quantity": 1}]
    _, (error,) = await act(here, "transferReceive", receipts=receipts)
    assert error["code"] == "NOT_PERMITTED"
    _, (error,) = await act(here, "transferClose", transferIds=[planned["id"]])
    assert error["code"] == "NOT_PERMITTED"
    assert (await act(there, "transferReceive", receipts=receipts))[1] == []
    assert (await act(there, "transferClose", transferIds=[planned["id"]]))[0][0]["status"] == "RECEIVED"


async def test_transfers_are_found_by_number_status_and_warehouse(owner: Any, house: House) -> None:
    (first, second), _ = await act(owner, "transferPlan", plans=[plan(house, 1), plan(house, 2)])
    await act(owner, "transferCancel", transferIds=[first["id"]])
    one = "query ($number: String) { transfer(number: $number) { id } }"
    assert (await owner.run(one, number="m2"))["transfer"] == {"id": second["id"]}
    many = """query ($statuses: [TransferStatus!], $at: ID) {
      transfers(statuses: $statuses, locationId: $at, first: 1) { nodes { number } pageInfo { hasNextPage } } }"""
    assert (await owner.run(many))["transfers"] == {
        "nodes": [{"number": "M-0002"}],
        "pageInfo": {"hasNextPage": True},
    }
    cancelled = (await owner.run(many, statuses=["CANCELLED"]))["transfers"]
    assert cancelled == {"nodes": [{"number": "M-0001"}], "pageInfo": {"hasNextPage": False}}
    at = global_id("Location", house.warehouses["SH1"])
    assert (await owner.run(many, at=at))["transfers"]["nodes"] == [{"number": "M-0002"}]
    assert (await owner.run(many, at=global_id("Location", UUID(int=7))))["transfers"]["nodes"] == []


async def test_a_serial_travels_by_name_and_tells_its_whole_way(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    phones = await make_skus(database, merchant, ["PHONE"], serial_tracked=True)
    await put_stock(database, merchant, house.bins["HZ1"], phones["PHONE"], 2, serials=("S1", "S2"))
    lines = [{"skuId": global_id("Sku", phones["PHONE"]), "quantity": 1}]
    (planned,), _ = await act(owner, "transferPlan", plans=[plan(house, 1, lines=lines)])
    line = {"transferLineId": planned["lines"][0]["id"], "quantity": 1}
    sendings = [{**line, "placeId": place(house, "HZ1")}, {**line, "placeId": place(house, "HZ1"), "serial": "s2"}]
    _, (error,) = await act(owner, "transferSend", sendings=sendings)
    assert (error["code"], error["field"]) == ("SERIAL_NEEDED", ["sendings", "0"])
    await act(owner, "transferReceive", receipts=[{**line, "placeId": place(house, "SH1"), "serial": "S2"}])
    query = """{ stockUnit(serial: "s2") { serial state place { location { code } } sku { code }
      moves { reason fromPlace { kind } toPlace { kind } } } }"""
    assert (await owner.run(query))["stockUnit"] == {
        "serial": "S2",
        "state": "IN_STOCK",
        "place": {"location": {"code": "SH1"}},
        "sku": {"code": "PHONE"},
        "moves": [
            {"reason": "RECEIPT", "fromPlace": {"kind": "SUPPLIER"}, "toPlace": {"kind": "BIN"}},
            {"reason": "TRANSFER_SEND", "fromPlace": {"kind": "BIN"}, "toPlace": {"kind": "TRANSIT"}},
            {"reason": "TRANSFER_RECEIVE", "fromPlace": {"kind": "TRANSIT"}, "toPlace": {"kind": "BIN"}},
        ],
    }


async def test_a_serial_that_several_skus_have_is_a_question(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    phones = await make_skus(database, merchant, ["PHONE", "RADIO"], serial_tracked=True)
    for sku_id in phones.values():
        await put_stock(database, merchant, house.bins["HZ1"], sku_id, 1, serials=("S1",))
    query = 'query ($sku: ID) { stockUnit(serial: "S1", skuId: $sku) { sku { code } } }'
    assert await owner.code(query) == "INVALID_INPUT"
    found = await owner.run(query, sku=global_id("Sku", phones["RADIO"]))
    assert found["stockUnit"] == {"sku": {"code": "RADIO"}}
