"""Parcels through the front: what is in them, their labels, shipping, giving numbers up."""

from typing import Any

from tests.builders_graphql import furnish

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel, carriers
from pickmesh.core.packing import parcels, queries
from pickmesh.core.picking.tables import Wave
from pickmesh.graphql.ids import global_id

PARCEL = """query ($id: ID!) { parcel(id: $id) {
  number state supportedActions items { quantity sku { code } lot { code } line { packedQuantity } }
  waybill { number state } labels { pdf png zpl } printJobs { format state } fulfillmentOrder { number status }
} }"""
ACT = """mutation ($input: %sInput!) { %s(input: $input) {
  parcels { state waybill { number state } labels { pdf } } userErrors { code field }
} }"""

EVIDENCE = "query ($id: ID!) { parcelEvidence(parcelId: $id) { entries { kind note } } }"
BY_CARRIER = """query ($carriers: [String!]) {
  fulfillmentOrders(carriers: $carriers) { totalCount }
  parcels(carriers: $carriers) { totalCount nodes { id } }
  waves(carriers: $carriers) { totalCount nodes { id } }
}"""


def act(name: str) -> str:
    return ACT % (name, name[0].lower() + name[1:])


async def test_a_sealed_parcel_shows_contents_number_and_labels(
    owner: Any, database: Database, merchant: Actor
) -> None:
    made = await furnish(database, merchant, 1)
    parcel = (await owner.run(PARCEL, id=global_id("Parcel", made["Parcel"][0])))["parcel"]
    assert (parcel["number"], parcel["supportedActions"]) == ("P-0001", ["SHIP"])
    assert parcel["items"] == [
        {"quantity": 1, "sku": {"code": "KETTLE-01"}, "lot": {"code": "L-KETTLE-01"}, "line": {"packedQuantity": 1}}
    ]
    assert parcel["waybill"] == {"number": "LC00000000000000000", "state": "ISSUED"}
    assert parcel["labels"] == {kind: f"/labels/parcel/{made['Parcel'][0]}.{kind}" for kind in ("pdf", "png", "zpl")}
    assert parcel["printJobs"] == [{"format": "PDF", "state": "QUEUED"}]


async def test_a_parcel_shows_only_what_can_be_done_with_it(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 1)
    parcel = global_id("Parcel", made["Parcel"][0])
    await owner.run(act("WaybillVoid"), input={"parcelIds": [parcel], "reason": "wrong carrier"})
    assert (await owner.run(PARCEL, id=parcel))["parcel"]["supportedActions"] == []
    async with database.unit_of_work(merchant) as uow:
        await parcels.reopen_parcels(uow, parcel_ids=[made["Parcel"][0]])
    assert (await owner.run(PARCEL, id=parcel))["parcel"]["supportedActions"] == ["SEAL"]


async def test_shipping_twice_ships_once_and_unknown_parcels_are_told_by_their_place(
    owner: Any, database: Database, merchant: Actor
) -> None:
    made = await furnish(database, merchant, 1)
    parcel = global_id("Parcel", made["Parcel"][0])
    for _ in range(2):
        wanted = {"parcelIds": [global_id("Parcel", new_id()), parcel]}
        answer = (await owner.run(act("ParcelShip"), input=wanted))["parcelShip"]
        assert answer["userErrors"] == [{"code": "NOT_FOUND", "field": ["parcelIds", "0"]}]
        assert [item["state"] for item in answer["parcels"]] == ["SHIPPED"]
    shown = (await owner.run(PARCEL, id=parcel))["parcel"]
    assert (shown["fulfillmentOrder"]["status"], shown["supportedActions"]) == ("SHIPPED", ["HAND_OVER"])
    (error,) = (await owner.run(act("WaybillVoid"), input={"parcelIds": [parcel], "reason": "x"}))["waybillVoid"][
        "userErrors"
    ]
    assert error["code"] == "WRONG_STATE"
    handed = (await owner.run(act("ParcelHandOver"), input={"parcelIds": [parcel]}))["parcelHandOver"]
    assert [item["state"] for item in handed["parcels"]] == ["HANDED_OVER"]
    assert (await owner.run(PARCEL, id=parcel))["parcel"]["supportedActions"] == []


async def test_nothing_leads_on_from_a_parcel_whose_order_was_stopped(
    owner: Any, database: Database, merchant: Actor
) -> None:
    made = await furnish(database, merchant, 1)
    (parcel_id,) = made["Parcel"]
    async with database.unit_of_work(merchant) as uow:
        row = (await queries.parcels(uow, [parcel_id]))[parcel_id]
        (stopped,) = await cancel.cancel_fulfillment_orders(uow, ids=[row.fulfillment_order_id], reason="BUYER")
    assert not isinstance(stopped, Refused)
    parcel = global_id("Parcel", parcel_id)
    shown = (await owner.run(PARCEL, id=parcel))["parcel"]
    assert (shown["state"], shown["waybill"]["state"], shown["supportedActions"]) == ("SEALED", "ISSUED", [])
    refused = (await owner.run(act("ParcelShip"), input={"parcelIds": [parcel]}))["parcelShip"]
    assert [error["code"] for error in refused["userErrors"]] == ["INTERCEPTED"]


async def test_a_carrier_nobody_has_is_refused_though_a_number_was_asked_for_before(
    owner: Any, database: Database, merchant: Actor
) -> None:
    made = await furnish(database, merchant, 1)
    wanted = {"parcelIds": [global_id("Parcel", made["Parcel"][0])], "carrier": "DHL"}
    refused = (await owner.run(act("WaybillRequest"), input=wanted))["waybillRequest"]
    assert refused == {"parcels": None, "userErrors": [{"code": "UNKNOWN_CARRIER", "field": ["carrier"]}]}
    known = (await owner.run(act("WaybillRequest"), input={**wanted, "carrier": "LOCAL"}))["waybillRequest"]
    assert (len(known["parcels"]), known["userErrors"]) == (1, [])


async def test_lists_are_asked_for_by_carrier(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 2)
    async with database.unit_of_work(merchant) as uow:
        rows = await queries.parcels(uow, made["Parcel"])
        orders = {row.fulfillment_order_id: "SF" for row in rows.values()}
        await carriers.set_carriers(uow, orders)
    everything = await owner.run(BY_CARRIER, carriers=None)
    by_order, by_number = [await owner.run(BY_CARRIER, carriers=[each]) for each in ("SF", "LOCAL")]
    assert by_order["fulfillmentOrders"]["totalCount"] == len(orders)
    assert by_order["parcels"]["totalCount"] == 0  # they have numbers of LOCAL
    assert by_number["parcels"]["totalCount"] == len(rows) == everything["parcels"]["totalCount"]
    await owner.run(
        act("WaybillVoid"), input={"parcelIds": [global_id("Parcel", made["Parcel"][0])], "reason": "wrong carrier"}
    )
    by_order = await owner.run(BY_CARRIER, carriers=["SF"])
    assert [each["id"] for each in by_order["parcels"]["nodes"]] == [global_id("Parcel", made["Parcel"][0])]
    assert (await owner.run(BY_CARRIER, carriers=["NOBODY"]))["waves"]["totalCount"] == 0
    async with database.unit_of_work(merchant) as uow:
        await uow.update(Wave, [{"id": made["Wave"][0], "carrier": "SF"}])
    waves = (await owner.run(BY_CARRIER, carriers=["SF", "NOBODY"]))["waves"]
    assert [each["id"] for each in waves["nodes"]] == [global_id("Wave", made["Wave"][0])]


async def test_a_reprint_needs_a_reason(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 1)
    parcel = global_id("Parcel", made["Parcel"][0])
    refused = (await owner.run(act("LabelReprint"), input={"parcelIds": [parcel], "reason": " "}))["labelReprint"]
    assert refused["userErrors"] == [{"code": "REASON_NEEDED", "field": ["reason"]}]
    await owner.run(act("LabelReprint"), input={"parcelIds": [parcel], "reason": "smudged"})
    assert len((await owner.run(PARCEL, id=parcel))["parcel"]["printJobs"]) == 2


async def test_shipping_tells_the_order_its_tracking(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 1)
    await owner.run(act("ParcelShip"), input={"parcelIds": [global_id("Parcel", made["Parcel"][0])]})
    query = "query ($id: ID!) { order(id: $id) { shipments { carrier waybill lines { externalLineId quantity } } } }"
    order = (await owner.run(query, id=global_id("Order", made["Order"][0])))["order"]
    assert order["shipments"] == [
        {"carrier": "LOCAL", "waybill": "LC00000000000000000", "lines": [{"externalLineId": "1", "quantity": 1}]}
    ]


async def test_shipping_unpacking_and_giving_up_are_taken_back_each_by_its_own_verb(
    owner: Any, database: Database, merchant: Actor
) -> None:
    made = await furnish(database, merchant, 1)
    parcel = global_id("Parcel", made["Parcel"][0])
    await owner.run(act("ParcelShip"), input={"parcelIds": [parcel]})
    without = (await owner.run(act("ParcelUnship"), input={"parcelIds": [parcel], "reason": " "}))["parcelUnship"]
    assert [error["code"] for error in without["userErrors"]] == ["REASON_NEEDED"]
    back = (await owner.run(act("ParcelUnship"), input={"parcelIds": [parcel], "reason": "wrong box"}))["parcelUnship"]
    assert [(each["state"], each["waybill"]["state"]) for each in back["parcels"]] == [("SEALED", "ISSUED")]
    wanted = {"parcelIds": [parcel], "reason": "one cup too few"}
    opened = (await owner.run(act("ParcelReopen"), input=wanted))["parcelReopen"]
    assert [each["state"] for each in opened["parcels"]] == ["OPEN"]
    told = (await owner.run(EVIDENCE, id=parcel))["parcelEvidence"]["entries"]
    notes = {each["kind"]: each["note"] for each in told}
    assert (notes["UNSHIPPED"], notes["REOPENED"]) == ("wrong box", "one cup too few")
    blank = (await owner.run(act("ParcelVoid"), input={"parcelIds": [parcel], "reason": " "}))["parcelVoid"]
    assert blank["userErrors"] == [{"code": "REASON_NEEDED", "field": ["reason"]}]
    full = (await owner.run(act("ParcelVoid"), input={"parcelIds": [parcel], "reason": "x"}))["parcelVoid"]
    assert [error["code"] for error in full["userErrors"]] == ["WRONG_STATE"]  # its goods come out first
