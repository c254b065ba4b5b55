"""Waves through the front: compared, planned by filters, estimated, watched, thinned, called off; templates."""

from typing import Any

import pytest_asyncio
from tests.builders_orders import House, bring_in, make_house, new_order

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

ORDERS = {"T-1": {"CUP": 1}, "T-2": {"CUP": 1}, "T-3": {"CUP": 1, "LID": 1}}
PLAN = """mutation ($input: WavePlanInput!) { wavePlan(input: $input) {
  wave { id number zone carrier leaveBy orders { fulfillmentOrder { id } state }
    progress { orders lists pieces } supportedActions }
  userErrors { code field }
} }"""
RELEASE = """mutation ($input: WaveReleaseInput!) { waveRelease(input: $input) {
  wave { progress { orders lists lists listsDone lines pieces people } } userErrors { code }
} }"""
KICK_OUT = """mutation ($input: WaveKickOutInput!) { waveKickOut(input: $input) {
  wave { progress { orders ordersKickedOut } } kickedOut { fulfillmentOrder { id } comesBack } userErrors { code field }
} }"""
CANCEL = """mutation ($input: WaveCancelInput!) { waveCancel(input: $input) {
  wave { status supportedActions } kickedOut { comesBack } kept { id } userErrors { code field }
} }"""
CLAIM = "mutation ($input: PickListClaimInput!) { pickListClaim(input: $input) { userErrors { code } } }"
ESTIMATED = "kind orders passedOver lists stops lines units workS people finishAt lateCount peopleNeeded isMeasured"
COMPARE = f"""query ($location: ID!, $kinds: [WaveKind!], $chosen: WaveFilterInput) {{
  waveCompare(locationId: $location, kinds: $kinds, chosen: $chosen, people: 2) {{
    {ESTIMATED} distanceMm oneByOneMm leastMm late {{ id }} }} }}"""
ESTIMATE = (
    f"""query ($id: ID!, $speeds: SpeedsInput) {{ waveEstimate(waveId: $id, speeds: $speeds) {{ {ESTIMATED} }} }}"""
)
COMPARE_ONE = """query ($location: ID!) { waveCompare(locationId: $location, kinds: [CLUSTER]) { people } }"""
SET_SPEEDS = """mutation ($input: LocationChangeInput!) { locationChange(input: $input) {
  locations { pickers speeds { walkMmPerS listDs stopDs unitDs } } userErrors { code } } }"""
HOT = """query ($location: ID!) { waveHotSales(locationId: $location) {
  orders contents { quantity sku { id code } } } }"""
SAVE = """mutation ($input: WaveTemplateSaveInput!) { waveTemplateSave(input: $input) {
  waveTemplates { id name kind limit cartCapacity releases isActive nextRunAt version supportedActions
    schedule { times weekdays }
    chosen { piecesAtMost leaveWithinMinutes byNextCutOff tags shops { code } contents { quantity } } }
  userErrors { code field }
} }"""
RUN = """mutation ($input: WaveTemplateRunInput!) { waveTemplateRun(input: $input) {
  wave { status template { name } } userErrors { code }
} }"""
ARCHIVE = """mutation ($input: WaveTemplateArchiveInput!) { waveTemplateArchive(input: $input) {
  waveTemplates { supportedActions archivedAt } userErrors { code field }
} }"""


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    made = await make_house(database, merchant, {"CUP": 9, "LID": 9})
    await bring_in(database, merchant, *(new_order(made, number, wanted) for number, wanted in ORDERS.items()))
    return made


def location_of(house: House) -> str:
    return global_id("Location", house.warehouses["HZ1"])


async def planned(owner: Any, house: House, **more: Any) -> dict[str, Any]:
    wanted = {"locationId": location_of(house), "kind": "CLUSTER", **more}
    found: dict[str, Any] = (await owner.run(PLAN, input=wanted))["wavePlan"]
    return found


async def test_kinds_of_waves_are_compared_before_one_is_planned(owner: Any, house: House) -> None:
    kinds = ["SINGLE_ITEM", "DISCRETE"]
    single, discrete = (await owner.run(COMPARE, location=location_of(house), kinds=kinds))["waveCompare"]
    assert (single["kind"], single["orders"], single["passedOver"], single["lists"]) == ("SINGLE_ITEM", 2, 1, 1)
    assert (discrete["orders"], discrete["lists"], discrete["lines"], discrete["units"]) == (3, 3, 4, 4)
    assert (discrete["people"], discrete["lateCount"], discrete["late"], discrete["isMeasured"]) == (2, 0, [], False)
    every = (await owner.run(COMPARE, location=location_of(house)))["waveCompare"]
    assert len(every) == 5


async def test_filters_choose_the_orders_of_a_wave(owner: Any, house: House) -> None:
    answer = await planned(owner, house, chosen={"piecesAtLeast": 2})
    assert (answer["userErrors"], len(answer["wave"]["orders"])) == ([], 1)
    assert answer["wave"]["progress"] == {"orders": 1, "lists": 0, "pieces": 0}
    none = await planned(owner, house, chosen={"carriers": ["SF"]})
    assert [each["code"] for each in none["userErrors"]] == ["NOTHING_TO_PLAN"]
    wrong = await planned(owner, house, chosen={"leaveWithinMinutes": -1})
    assert wrong["userErrors"] == [{"code": "INVALID_INPUT", "field": ["chosen", "leaveWithinMinutes"]}]


async def test_a_hot_sale_is_seen_with_its_count_and_planned_by_its_contents(owner: Any, house: House) -> None:
    (group,) = (await owner.run(HOT, location=location_of(house)))["waveHotSales"]
    (content,) = group["contents"]
    assert (group["orders"], content["quantity"], content["sku"]["code"]) == (2, 1, "CUP")
    contents = [{"skuId": content["sku"]["id"], "quantity": 1}]
    answer = await planned(owner, house, kind="HOT_SALE", chosen={"contents": contents})
    assert len(answer["wave"]["orders"]) == 2


async def test_a_warehouses_own_speeds_and_people_stand_behind_its_estimates(owner: Any, house: House) -> None:
    wave = (await planned(owner, house))["wave"]
    usual = (await owner.run(ESTIMATE, id=wave["id"]))["waveEstimate"]
    wanted = {"id": location_of(house), "pickers": 3, "speeds": {"unitDs": 5, "listDs": 0}}
    changed = (await owner.run(SET_SPEEDS, input={"locations": [wanted]}))["locationChange"]
    assert changed == {
        "locations": [{"pickers": 3, "speeds": {"walkMmPerS": 1000, "listDs": 0, "stopDs": 60, "unitDs": 5}}],
        "userErrors": [],
    }
    own = (await owner.run(ESTIMATE, id=wave["id"]))["waveEstimate"]
    assert (usual["people"], own["people"]) == (1, 3)
    assert usual["workS"] - own["workS"] == 60 + 4 * 2
    (compared,) = (await owner.run(COMPARE_ONE, location=location_of(house)))["waveCompare"]
    assert compared == {"people": 3}
    once = (await owner.run(ESTIMATE, id=wave["id"], speeds={"unitDs": 25}))["waveEstimate"]
    assert usual["workS"] - once["workS"] == 60
    wrong = {"id": location_of(house), "speeds": {"walkMmPerS": 0}}
    refused = (await owner.run(SET_SPEEDS, input={"locations": [wrong]}))["locationChange"]
    assert [error["code"] for error in refused["userErrors"]] == ["INVALID_INPUT"]


async def test_a_planned_wave_is_estimated_with_the_speeds_of_the_house(owner: Any, house: House) -> None:
    wave = (await planned(owner, house))["wave"]
    usual = (await owner.run(ESTIMATE, id=wave["id"]))["waveEstimate"]
    swift = (await owner.run(ESTIMATE, id=wave["id"], speeds={"unitDs": 5, "listDs": 0}))["waveEstimate"]
    assert usual["workS"] - swift["workS"] == 60 + 4 * 2
    assert await owner.code(ESTIMATE, id=wave["id"], speeds={"unitDs": -5}) == "INVALID_INPUT"


async def test_an_order_is_kicked_out_and_the_wave_is_called_off(owner: Any, house: House) -> None:
    wave = (await planned(owner, house))["wave"]
    orders = [each["fulfillmentOrder"]["id"] for each in wave["orders"]]
    released = (await owner.run(RELEASE, input={"id": wave["id"]}))["waveRelease"]
    assert released["wave"]["progress"] == {
        "orders": 3, "lists": 1, "listsDone": 0, "lines": 2, "pieces": 4, "people": 0
    }  # fmt: skip
    kicked = {"id": wave["id"], "fulfillmentOrderIds": [orders[1], orders[1]]}
    answer = (await owner.run(KICK_OUT, input=kicked))["waveKickOut"]
    assert answer["kickedOut"][0] == {"fulfillmentOrder": {"id": orders[1]}, "comesBack": False}
    assert answer["wave"]["progress"] == {"orders": 2, "ordersKickedOut": 1}
    again = (await owner.run(KICK_OUT, input=kicked))["waveKickOut"]
    assert again["userErrors"][0] == {"code": "NOT_IN_WAVE", "field": ["fulfillmentOrderIds", "0"]}
    off = (await owner.run(CANCEL, input={"id": wave["id"], "reason": "rain"}))["waveCancel"]
    assert (off["wave"], off["kept"], len(off["kickedOut"])) == ({"status": "CANCELLED", "supportedActions": []}, [], 2)
    twice = (await owner.run(CANCEL, input={"id": wave["id"]}))["waveCancel"]
    assert [each["code"] for each in twice["userErrors"]] == ["WRONG_STATE"]


async def test_a_wave_is_watched_while_its_lists_are_taken(
    owner: Any, client_of: Any, open_socket: Any, merchant: Actor, house: House
) -> None:
    wave = (await planned(owner, house))["wave"]
    await owner.run(RELEASE, input={"id": wave["id"]})
    (pick_list,) = (await owner.run("{ pickLists { nodes { id } } }"))["pickLists"]["nodes"]
    picker = await client_of(merchant, Role.PICKER)
    socket = await open_socket(picker.token)
    document = "subscription ($wave: ID!) { waveChanged(id: $wave) { status progress { people listsDone } } }"
    await socket.subscribe(document, wave=wave["id"])
    assert (await socket.next())["waveChanged"]["progress"] == {"people": 0, "listsDone": 0}
    await picker.run(CLAIM, input={"id": pick_list["id"]})
    assert (await socket.next())["waveChanged"]["progress"] == {"people": 1, "listsDone": 0}
    await owner.run(CANCEL, input={"id": wave["id"]})
    assert (await socket.next())["waveChanged"] == {"status": "CANCELLED", "progress": {"people": 0, "listsDone": 1}}


async def test_a_template_is_kept_run_and_put_away(owner: Any, house: House) -> None:
    wanted = {
        "locationId": location_of(house),
        "name": "Small ones",
        "kind": "CLUSTER",
        "chosen": {"piecesAtMost": 1, "leaveWithinMinutes": 5000, "shopIds": [global_id("Shop", house.shop_id)]},
        "schedule": {"times": ["18:00", "08:00"], "weekdays": [1, 5]},
        "releases": True,
    }
    saved = (await owner.run(SAVE, input={"waveTemplates": [wanted]}))["waveTemplateSave"]
    assert saved["userErrors"] == []
    (template,) = saved["waveTemplates"]
    assert template["schedule"] == {"times": ["08:00", "18:00"], "weekdays": [1, 5]}
    assert template["chosen"] == {
        "piecesAtMost": 1,
        "leaveWithinMinutes": 5000,
        "byNextCutOff": False,
        "tags": [],
        "shops": [{"code": "TB"}],
        "contents": None,
    }
    assert (template["limit"], template["cartCapacity"], template["version"]) == (200, 12, 1)
    assert template["nextRunAt"] is not None
    ran = (await owner.run(RUN, input={"waveTemplateId": template["id"]}))["waveTemplateRun"]
    assert ran["wave"] == {"status": "PLANNED", "template": {"name": "Small ones"}}
    listed = (await owner.run("{ waveTemplates { name lastRunAt } }"))["waveTemplates"]
    assert [each["name"] for each in listed] == ["Small ones"]
    stale = {"waveTemplates": [{"id": template["id"], "ifVersion": 7}]}
    answer = (await owner.run(ARCHIVE, input=stale))["waveTemplateArchive"]
    assert answer["userErrors"] == [{"code": "STALE_VERSION", "field": ["waveTemplates", "0", "ifVersion"]}]
    gone = (await owner.run(ARCHIVE, input={"waveTemplates": [{"id": template["id"]}]}))["waveTemplateArchive"]
    assert gone["waveTemplates"][0]["supportedActions"] == []
    assert (await owner.run("{ waveTemplates { name } }"))["waveTemplates"] == []


async def test_what_cannot_be_kept_names_the_template(owner: Any, house: House) -> None:
    good = {"locationId": location_of(house), "name": "A", "kind": "CLUSTER"}
    same = {**good, "name": " A "}
    answer = (await owner.run(SAVE, input={"waveTemplates": [good, same]}))["waveTemplateSave"]
    assert answer["userErrors"] == [{"code": "NAME_TAKEN", "field": ["waveTemplates", "1", "name"]}]
    assert len(answer["waveTemplates"]) == 1
    wrong = {**good, "name": "B", "schedule": {"times": ["25:00"], "weekdays": [1]}}
    answer = (await owner.run(SAVE, input={"waveTemplates": [wrong]}))["waveTemplateSave"]
    assert [each["code"] for each in answer["userErrors"]] == ["INVALID_INPUT"]
