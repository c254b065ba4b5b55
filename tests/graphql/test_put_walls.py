"""Put walls and totes through the front: a wave at its wall, what a scan lights, slots as they stand, the hospital."""

from typing import Any

import pytest_asyncio
from tests.builders_floor import Floor, bring_orders, make_floor, pick_list, release
from tests.builders_scans import phone_for

from pickmesh.core.floor.tables import Job
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.places import NewPlace, save_places
from pickmesh.graphql.ids import global_id

BIND = """mutation ($input: WaveBindWallInput!) { waveBindWall(input: $input) {
  wave { number } userErrors { code field message } } }"""
SLOTS = """query ($id: ID!) { wallSlots(locationId: $id) {
  place { code } light { code wall label colour colourName shape } state wave { number }
  fulfillmentOrder { number } orderNumber here wanted } }"""
SESSION = """query ($id: ID!) { scanSession(id: $id) { expects instruction wave { number } manifest { number }
  next { slot { label colour colourName } } } }"""
TO_HOSPITAL = """mutation ($input: ToteToHospitalInput!) { toteToHospital(input: $input) {
  totes { code toteState } userErrors { code field } } }"""
SETTLE = """mutation ($input: ToteSettleInput!) { toteSettle(input: $input) {
  totes { code toteState } userErrors { code field } } }"""
TOTE = """query ($id: ID!) { tote(placeId: $id) {
  code state contents { quantity sku { code } fulfillmentOrder { number } } } }"""
TOTES = (
    """query ($id: ID!, $states: [ToteState!]) { totes(locationId: $id, states: $states) { nodes { code state } } }"""
)


@pytest_asyncio.fixture
async def floor(database: Database, merchant: Actor) -> Floor:
    """A put-wall wave of two orders, picked into T-0001, and a wall V of two slots."""
    made = await make_floor(database, merchant, {"A-01": {"TEA": 9}, "A-02": {"CUP": 9}})
    await bring_orders(made, {"N1": {"TEA": 1, "CUP": 1}, "N2": {"TEA": 1}})
    for list_id in (await release(made, WaveKind.PUT_WALL)).pick_list_ids:
        await pick_list(made, list_id, "T-0001")
    async with database.unit_of_work(merchant) as uow:
        await save_places(uow, places=[NewPlace("WH1", code, "WALL_SLOT") for code in ("V-01", "V-02")])
    return made


async def wave_id(owner: Any) -> str:
    found: str = (await owner.run("{ waves { nodes { id } } }"))["waves"]["nodes"][0]["id"]
    return found


async def test_a_wave_gets_its_wall_and_a_scan_lights_a_slot(
    owner: Any, client_of: Any, merchant: Actor, floor: Floor
) -> None:
    wave = await wave_id(owner)
    bound = (await owner.run(BIND, input={"waveId": wave, "wall": "V"}))["waveBindWall"]
    assert bound == {"wave": {"number": "W-0001"}, "userErrors": []}
    again = (await owner.run(BIND, input={"waveId": wave, "wall": "v"}))["waveBindWall"]
    assert again["userErrors"] == []
    phone = await phone_for(floor, Job.SORT)
    await phone.scan("T-0001", "CUP")
    session = (await owner.run(SESSION, id=global_id("ScanSession", phone.session.id)))["scanSession"]
    assert session["expects"] == ["SLOT", "ITEM", "SERIAL"]
    assert (session["wave"], session["manifest"]) == ({"number": "W-0001"}, None)
    assert session["next"]["slot"] == {"label": "01", "colour": "BLUE", "colourName": "blue"}
    await phone.scan("V-01")
    location = global_id("Location", floor.location_id)
    first, second = (await owner.run(SLOTS, id=location))["wallSlots"]
    assert first == {
        "place": {"code": "V-01"},
        "light": {
            "code": "V-01",
            "wall": "V",
            "label": "01",
            "colour": "BLUE",
            "colourName": "blue",
            "shape": "●",
        },
        "state": "WAITING",
        "wave": {"number": "W-0001"},
        "fulfillmentOrder": {"number": "F-0001"},
        "orderNumber": "F-0001",
        "here": 1,
        "wanted": 2,
    }
    assert (second["state"], second["here"], second["wanted"]) == ("WAITING", 0, 1)
    picker = await client_of(merchant, Role.PICKER)  # who sorts and may not read orders
    slots = (await picker.run(SLOTS.replace("fulfillmentOrder { number } ", ""), id=location))["wallSlots"]
    assert [slot["orderNumber"] for slot in slots] == ["F-0001", "F-0002"]


async def test_a_wall_that_is_not_there_is_refused(owner: Any, floor: Floor) -> None:
    bound = (await owner.run(BIND, input={"waveId": await wave_id(owner), "wall": "NOWHERE"}))["waveBindWall"]
    assert [(error["code"], error["field"]) for error in bound["userErrors"]] == [("NOT_FOUND", ["wall"])]


async def test_a_tote_is_sent_to_the_hospital_and_settled_by_a_lead(owner: Any, floor: Floor) -> None:
    tote = global_id("Place", floor.warehouse.totes["T-0001"])
    inside = (await owner.run(TOTE, id=tote))["tote"]
    assert (inside["code"], inside["state"]) == ("T-0001", "STOCKED")
    assert sorted((each["sku"]["code"], each["quantity"]) for each in inside["contents"]) == [
        ("CUP", 1),
        ("TEA", 1),
        ("TEA", 1),
    ]
    sent = (await owner.run(TO_HOSPITAL, input={"placeIds": [tote], "reason": "wet"}))["toteToHospital"]
    assert sent == {"totes": [{"code": "T-0001", "toteState": "IN_HOSPITAL"}], "userErrors": []}
    listed = await owner.run(TOTES, id=global_id("Location", floor.location_id), states=["IN_HOSPITAL"])
    assert listed["totes"]["nodes"] == [{"code": "T-0001", "state": "IN_HOSPITAL"}]
    early = (await owner.run(SETTLE, input={"placeIds": [tote], "again": False}))["toteSettle"]
    assert early["userErrors"] == [{"code": "WRONG_STATE", "field": ["placeIds", "0"]}]
    settled = (await owner.run(SETTLE, input={"placeIds": [tote], "again": True}))["toteSettle"]
    assert settled == {"totes": [{"code": "T-0001", "toteState": "STOCKED"}], "userErrors": []}


async def test_a_picker_may_send_a_tote_but_not_settle_it(client_of: Any, merchant: Actor, floor: Floor) -> None:
    picker = await client_of(merchant, Role.PICKER)
    tote = global_id("Place", floor.warehouse.totes["T-0002"])
    sent = (await picker.run(TO_HOSPITAL, input={"placeIds": [tote], "reason": "cracked"}))["toteToHospital"]
    assert sent["userErrors"] == []
    refused = (await picker.run(SETTLE, input={"placeIds": [tote], "again": False}))["toteSettle"]
    assert [each["code"] for each in refused["userErrors"]] == ["NOT_PERMITTED"]
