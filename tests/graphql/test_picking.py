"""Waves and lists through the front: planned, released, claimed, watched."""

from typing import Any

import pytest
import pytest_asyncio
from tests.builders_orders import House, bring_in, make_house, new_order

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql import journal
from pickmesh.graphql.ids import global_id

PLAN = """mutation ($input: WavePlanInput!) { wavePlan(input: $input) {
  wave { id number status version supportedActions orders { position state } } userErrors { code field }
} }"""
RELEASE = """mutation ($input: WaveReleaseInput!) { waveRelease(input: $input) {
  wave { status supportedActions } kickedOut { id } userErrors { code field data }
  pickLists { id number status version supportedActions lines { sequence quantity sku { code } place { code } } }
} }"""
CLAIM = """mutation ($input: PickListClaimInput!) { pickListClaim(input: $input) {
  pickList { status worker { name } supportedActions leaseUntil } userErrors { code field data }
} }"""
PAUSE = """mutation ($input: PickListPauseInput!) { pickListPause(input: $input) {
  pickList { status } userErrors { code }
} }"""


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    made = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    await bring_in(database, merchant, *(new_order(made, f"T-{number}", {"CUP": 1, "LID": 1}) for number in (1, 2)))
    return made


async def planned(owner: Any, house: House, **more: Any) -> dict[str, Any]:
    wanted = {"locationId": global_id("Location", house.warehouses["HZ1"]), "kind": "CLUSTER", **more}
    found: dict[str, Any] = (await owner.run(PLAN, input=wanted))["wavePlan"]
    return found


async def released(owner: Any, house: House) -> dict[str, Any]:
    wave = (await planned(owner, house))["wave"]
    found: dict[str, Any] = (await owner.run(RELEASE, input={"id": wave["id"]}))["waveRelease"]
    return found


async def test_a_wave_is_planned_and_released_into_lists_in_walk_order(owner: Any, house: House) -> None:
    wave = (await planned(owner, house))["wave"]
    assert (wave["number"], wave["status"]) == ("W-0001", "PLANNED")
    assert wave["supportedActions"] == ["RELEASE", "ESTIMATE", "KICK_OUT", "CANCEL"]
    assert wave["orders"] == [{"position": 1, "state": "IN"}, {"position": 2, "state": "IN"}]
    answer = (await owner.run(RELEASE, input={"id": wave["id"], "ifVersion": wave["version"]}))["waveRelease"]
    assert (answer["userErrors"], answer["kickedOut"]) == ([], [])
    assert answer["wave"] == {"status": "RELEASED", "supportedActions": ["KICK_OUT", "CANCEL"]}
    (pick_list,) = answer["pickLists"]
    assert (pick_list["number"], pick_list["status"]) == ("L-0001", "READY")
    assert [(line["sequence"], line["quantity"], line["sku"]["code"]) for line in pick_list["lines"]] == [
        (1, 2, "CUP"),
        (2, 2, "LID"),
    ]


async def test_given_orders_that_cannot_join_are_told_by_their_place(owner: Any, house: House) -> None:
    orders = (await owner.run("{ fulfillmentOrders { nodes { id } } }"))["fulfillmentOrders"]["nodes"]
    wanted = [global_id("FulfillmentOrder", new_id()), orders[0]["id"]]
    answer = await planned(owner, house, fulfillmentOrderIds=wanted)
    assert answer["userErrors"] == [{"code": "NOT_RELEASABLE", "field": ["fulfillmentOrderIds", "0"]}]
    assert len(answer["wave"]["orders"]) == 1


async def test_when_none_of_the_given_orders_can_join_each_is_named(owner: Any, house: House) -> None:
    wanted = [global_id("FulfillmentOrder", new_id()) for _ in range(2)]
    asked = {"locationId": global_id("Location", house.warehouses["HZ1"]), "kind": "CLUSTER"}
    document = PLAN.replace("userErrors { code field }", "userErrors { code data }")
    answer = (await owner.run(document, input={**asked, "fulfillmentOrderIds": wanted}))["wavePlan"]
    (error,) = answer["userErrors"]
    assert (answer["wave"], error["code"]) == (None, "NOTHING_TO_PLAN")
    assert error["data"] == {"kind": "CLUSTER", "fulfillmentOrderIds": wanted, "codes": ["NOT_RELEASABLE"] * 2}


async def test_a_wave_is_released_once(owner: Any, house: House) -> None:
    wave = (await planned(owner, house))["wave"]
    stale = {"id": wave["id"], "ifVersion": wave["version"]}
    assert (await owner.run(RELEASE, input=stale))["waveRelease"]["userErrors"] == []
    again = (await owner.run(RELEASE, input=stale))["waveRelease"]["userErrors"]
    assert again == [
        {
            "code": "STALE_VERSION",
            "field": ["ifVersion"],
            "data": {"id": wave["id"], "version": wave["version"] + 1},
        }
    ]
    (error,) = (await owner.run(RELEASE, input={"id": wave["id"]}))["waveRelease"]["userErrors"]
    assert error["code"] == "WRONG_STATE"


async def test_a_list_belongs_to_whoever_claims_it(owner: Any, client_of: Any, merchant: Actor, house: House) -> None:
    list_id = (await released(owner, house))["pickLists"][0]["id"]
    first, second = await client_of(merchant, Role.PICKER), await client_of(merchant, Role.PICKER)
    claimed = (await first.run(CLAIM, input={"id": list_id}))["pickListClaim"]
    assert claimed["userErrors"] == []
    assert (claimed["pickList"]["status"], claimed["pickList"]["worker"]) == ("CLAIMED", {"name": "小王"})
    assert claimed["pickList"]["supportedActions"] == ["CLAIM", "PAUSE", "HAND_OVER", "LEASE"]
    shown = "query ($id: ID!) { pickList(id: $id) { supportedActions } }"
    assert (await second.run(shown, id=list_id))["pickList"]["supportedActions"] == []
    (error,) = (await second.run(CLAIM, input={"id": list_id}))["pickListClaim"]["userErrors"]
    assert error["code"] == "NOT_YOURS"
    paused = (await first.run(PAUSE, input={"id": list_id}))["pickListPause"]
    assert paused == {"pickList": {"status": "PAUSED"}, "userErrors": []}


async def test_a_picker_may_not_plan_waves(client_of: Any, merchant: Actor, house: House) -> None:
    picker = await client_of(merchant, Role.PICKER)
    answer = await planned(picker, house)
    assert answer == {"wave": None, "userErrors": [{"code": "NOT_PERMITTED", "field": []}]}


async def test_somebody_of_another_warehouse_may_not_claim(
    owner: Any, client_of: Any, merchant: Actor, house: House
) -> None:
    list_id = (await released(owner, house))["pickLists"][0]["id"]
    elsewhere = await client_of(merchant, Role.PICKER, warehouse_ids=frozenset({new_id()}))
    (error,) = (await elsewhere.run(CLAIM, input={"id": list_id}))["pickListClaim"]["userErrors"]
    assert error["code"] == "NOT_PERMITTED"


async def test_a_watched_list_shows_what_it_is_and_each_change(
    owner: Any, client_of: Any, open_socket: Any, merchant: Actor, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LOOK_EVERY_S", 0.05)
    list_id = (await released(owner, house))["pickLists"][0]["id"]
    picker = await client_of(merchant, Role.PICKER)
    socket = await open_socket(picker.token)
    document = "subscription ($list: ID!) { pickListChanged(id: $list) { status lines { quantity } } }"
    await socket.subscribe(document, list=list_id)
    assert (await socket.next())["pickListChanged"]["status"] == "READY"
    await picker.run(CLAIM, input={"id": list_id})
    assert (await socket.next())["pickListChanged"] == {
        "status": "CLAIMED",
        "lines": [{"quantity": 2}, {"quantity": 2}],
    }


async def test_a_list_that_is_not_there_is_told_by_its_field(owner: Any) -> None:
    wanted = {"id": global_id("PickList", new_id())}
    for document in (CLAIM, PAUSE.replace("{ code }", "{ code field }")):
        (answer,) = (await owner.run(document, input=wanted)).values()
        assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [("NOT_FOUND", ["id"])]


async def test_a_strangers_list_cannot_be_watched(
    owner: Any, client_of: Any, open_socket: Any, stranger: Actor, house: House
) -> None:
    list_id = (await released(owner, house))["pickLists"][0]["id"]
    thief = await client_of(stranger)
    socket = await open_socket(thief.token)
    await socket.subscribe("subscription ($list: ID!) { pickListChanged(id: $list) { status } }", list=list_id)
    message = await socket.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")
