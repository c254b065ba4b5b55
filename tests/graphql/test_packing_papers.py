"""Cartons, carriers, handovers and evidence through the front."""

from typing import Any

from tests.builders_graphql import furnish

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

CARTONS = """mutation ($input: CartonSaveInput!) { cartonSave(input: $input) {
  cartons { code name lengthMm tareG costMicros version } userErrors { code field } } }"""
CHOOSE = """mutation ($input: ParcelCartonChooseInput!) { parcelCartonChoose(input: $input) {
  chosen { fits carton { code } parcel { packagingMicros packagingCurrency carton { code } } }
  userErrors { code field } } }"""
SUGGEST = """query ($id: ID!) { cartonSuggestion(parcelId: $id) {
  parts { carton { code } goods { quantity sku { code } } } unmeasured { code } tooBig { code } } }"""
CARRIERS = """mutation ($input: CarrierSaveInput!) { carrierSave(input: $input) { codes userErrors { code } } }"""
RULES = """mutation ($input: CarrierRuleSaveInput!) { carrierRuleSave(input: $input) {
  carrierRules { name carrier conditions { field operator words } } userErrors { code field } } }"""
SET = """mutation ($input: FulfillmentOrderCarrierSetInput!) { fulfillmentOrderCarrierSet(input: $input) {
  fulfillmentOrders { carrier } userErrors { code field } } }"""
OPEN = """mutation ($input: ManifestOpenInput!) { manifestOpen(input: $input) {
  manifest { id number carrier state scannedCount expectedCount supportedActions version } userErrors { code } } }"""
ADD = """mutation ($input: ManifestParcelAddInput!) { manifestParcelAdd(input: $input) {
  manifest { scannedCount expectedCount parcels { number manifest { number } } }
  userErrors { code field } } }"""
CLOSE = """mutation ($input: ManifestCloseInput!) { manifestClose(input: $input) {
  manifest { state toldCount supportedActions missing { number } } difference handedOver { state } missing { number }
  userErrors { code data } } }"""
SHIP = """mutation ($input: ParcelShipInput!) { parcelShip(input: $input) { userErrors { code } } }"""
EVIDENCE = """query ($id: ID, $waybill: String) { parcelEvidence(parcelId: $id, waybill: $waybill) {
  waybill isComplete forced receipt goods { quantity scanned sku { code } }
  entries { kind at note worker { id } } parcel { number } } }"""


async def test_a_carton_is_made_chosen_and_paid_for(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 1)
    parcel = global_id("Parcel", made["Parcel"][0])
    wanted = {"code": "box-1", "name": "小箱", "lengthMm": 200, "widthMm": 100, "heightMm": 100, "costMicros": 700000}
    saved = (await owner.run(CARTONS, input={"cartons": [wanted, {**wanted, "heightMm": 0}]}))["cartonSave"]
    assert [carton["code"] for carton in saved["cartons"]] == ["BOX-1"]
    assert saved["userErrors"] == [{"code": "INVALID_INPUT", "field": ["cartons", "1", "heightMm"]}]
    told = (await owner.run(SUGGEST, id=parcel))["cartonSuggestion"]
    assert (told["parts"], told["unmeasured"]) == ([], [{"code": "KETTLE-01"}])
    given = [{"parcelId": parcel, "code": "BOX-1"}, {"parcelId": parcel, "code": "NONE"}]
    answer = (await owner.run(CHOOSE, input={"parcels": given}))["parcelCartonChoose"]
    assert answer["chosen"][0]["parcel"] == {
        "packagingMicros": 700000,
        "packagingCurrency": "CNY",
        "carton": {"code": "BOX-1"},
    }
    assert answer["userErrors"] == [{"code": "UNKNOWN_CARTON", "field": ["parcels", "1", "code"]}]


async def test_a_carrier_is_added_ruled_and_overruled(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 1)
    assert (await owner.run(CARRIERS, input={"carriers": [{"code": "sf", "name": "顺丰"}]}))["carrierSave"] == {
        "codes": ["SF"],
        "userErrors": [],
    }
    condition = {"field": "PROVINCE", "operator": "CONTAINS_ANY", "value": {"words": ["浙江"]}}
    rules = [{"name": "江浙", "carrier": "SF", "conditions": [condition]}, {"name": "x", "carrier": "NOBODY"}]
    saved = (await owner.run(RULES, input={"carrierRules": rules}))["carrierRuleSave"]
    assert saved["carrierRules"] == [
        {
            "name": "江浙",
            "carrier": "SF",
            "conditions": [{"field": "PROVINCE", "operator": "CONTAINS_ANY", "words": ["浙江"]}],
        }
    ]
    assert saved["userErrors"] == [{"code": "UNKNOWN_CARRIER", "field": ["carrierRules", "1", "carrier"]}]
    orders = [{"id": global_id("FulfillmentOrder", each), "carrier": "SF"} for each in made["FulfillmentOrder"]]
    answer = (await owner.run(SET, input={"fulfillmentOrders": orders, "reason": "buyer asked"}))[
        "fulfillmentOrderCarrierSet"
    ]
    assert answer["fulfillmentOrders"] == [{"carrier": "SF"}]  # the other has a parcel with a number
    assert [error["code"] for error in answer["userErrors"]] == ["HAS_WAYBILL"]


async def test_a_manifest_is_opened_filled_and_closed(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 1)
    parcel = global_id("Parcel", made["Parcel"][0])
    await owner.run(SHIP, input={"parcelIds": [parcel]})
    given = {"locationId": global_id("Location", made["Location"][0]), "carrier": "LOCAL"}
    opened = (await owner.run(OPEN, input=given))["manifestOpen"]["manifest"]
    assert (opened["state"], opened["scannedCount"], opened["expectedCount"]) == ("OPEN", 0, 1)
    assert opened["supportedActions"] == ["SCAN", "CLOSE"]
    added = await owner.run(ADD, input={"manifestId": opened["id"], "parcelIds": [parcel]})
    assert added["manifestParcelAdd"]["manifest"] == {
        "scannedCount": 1,
        "expectedCount": 1,
        "parcels": [{"number": "P-0001", "manifest": {"number": opened["number"]}}],
    }
    refused = (await owner.run(CLOSE, input={"id": opened["id"], "toldCount": 2}))["manifestClose"]["userErrors"]
    assert refused == [{"code": "COUNT_DIFFERS", "data": {"told": 2, "scanned": 1, "missingParcelIds": []}}]
    closed = (await owner.run(CLOSE, input={"id": opened["id"], "toldCount": 1}))["manifestClose"]
    assert closed["manifest"] == {"state": "CLOSED", "toldCount": 1, "supportedActions": [], "missing": []}
    assert (closed["difference"], closed["handedOver"]) == (0, [{"state": "HANDED_OVER"}])


async def test_the_evidence_of_a_parcel_is_found_by_its_waybill(
    owner: Any, client_of: Any, database: Database, merchant: Actor
) -> None:
    made = await furnish(database, merchant, 1)
    found = (await owner.run(EVIDENCE, waybill="LC00000000000000000"))["parcelEvidence"]
    assert found["parcel"] == {"number": "P-0001"}
    assert found["goods"] == [{"quantity": 1, "scanned": 0, "sku": {"code": "KETTLE-01"}}]
    assert found["isComplete"] is False  # packed by a command of the test, no phone saw it
    assert found["receipt"] == f"/labels/evidence/{made['Parcel'][0]}.pdf"
    assert {"PICKED", "OPENED", "SEALED", "WAYBILL_ISSUED"} <= {entry["kind"] for entry in found["entries"]}
    support = await client_of(merchant, Role.SUPPORT)
    assert (await support.run(EVIDENCE, id=global_id("Parcel", made["Parcel"][0])))["parcelEvidence"] == found
    assert (await owner.run(EVIDENCE, waybill="NOBODY"))["parcelEvidence"] is None
