"""Alerts over GraphQL: what is watched, what is raised, what people do about it, and hearing of it live."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio
from tests.builders_catalog import make_skus
from tests.builders_mesh import Member, pump
from tests.builders_stock import make_warehouse, put_stock

from pickmesh.core.alerts.reactions import REACTIONS
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

SAVE = """mutation ($input: ReorderPointSaveInput!) { reorderPointSave(input: $input) {
    reorderPoints { id lowAt enoughAt isLow version sku { code } location { code } } userErrors { code field } } }"""
REMOVE = """mutation ($input: ReorderPointRemoveInput!) {
    reorderPointRemove(input: $input) { removed userErrors { code field } } }"""
ALERTS = """query ($states: [AlertState!]) { alerts(states: $states) { nodes {
    id kind severity state text detail version supportedActions location { code }
    subject { __typename ... on ReorderPoint { lowAt } } } } }"""
SNOOZE = """mutation ($input: AlertSnoozeInput!) { alertSnooze(input: $input) {
    alerts { state snoozedUntil version } userErrors { code field data } } }"""
RESOLVE = """mutation ($input: AlertResolveInput!) { alertResolve(input: $input) {
    alerts { state supportedActions } userErrors { code field } } }"""
RAISED = "subscription ($since: Long) { alertRaised(since: $since) { seq event alert { kind state text } } }"


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> Member:
    """A warehouse with four teas and twenty mugs."""
    skus = await make_skus(database, merchant, ["TEA", "MUG"])
    member = Member(merchant, "", await make_warehouse(database, merchant), skus)
    await put_stock(database, merchant, member.bin, skus["TEA"], 4)
    await put_stock(database, merchant, member.bin, skus["MUG"], 20)
    return member


def point(house: Member, code: str, low_at: int, **more: Any) -> dict[str, Any]:
    location = global_id("Location", house.warehouse.location_id)
    return {"skuId": global_id("Sku", house.skus[code]), "locationId": location, "lowAt": low_at, **more}


async def save(owner: Any, *points: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await owner.run(SAVE, input={"reorderPoints": list(points)}))["reorderPointSave"]
    return answer


async def react(database: Database, house: Member) -> None:
    await pump(database, house, rooms={"alerts": REACTIONS})


async def open_alerts(client: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.run(ALERTS, states=["OPEN"]))["alerts"]["nodes"]
    return found


async def test_points_are_saved_together_and_each_refusal_names_its_item(owner: Any, house: Member) -> None:
    answer = await save(
        owner,
        point(house, "TEA", 5, enoughAt=10),
        point(house, "MUG", 5, enoughAt=5),
        {**point(house, "MUG", 5), "skuId": global_id("Sku", UUID(int=7))},
        point(house, "MUG", 5),
    )
    assert [(each["sku"]["code"], each["lowAt"], each["enoughAt"]) for each in answer["reorderPoints"]] == [
        ("TEA", 5, 10),
        ("MUG", 5, 6),
    ]
    assert answer["userErrors"] == [
        {"code": "INVALID_INPUT", "field": ["reorderPoints", "1", "enoughAt"]},
        {"code": "NOT_FOUND", "field": ["reorderPoints", "2", "skuId"]},
    ]
    again = await save(owner, point(house, "TEA", 6, ifVersion=9))
    assert again["userErrors"] == [{"code": "STALE_VERSION", "field": ["reorderPoints", "0", "ifVersion"]}]
    of_sku = await owner.run('{ sku(code: "TEA") { reorderPoints { lowAt version } } }')
    assert of_sku == {"sku": {"reorderPoints": [{"lowAt": 5, "version": 1}]}}
    ids = [answer["reorderPoints"][0]["id"], global_id("ReorderPoint", UUID(int=7))]
    removed = (await owner.run(REMOVE, input={"reorderPointIds": ids}))["reorderPointRemove"]
    assert removed == {"removed": 1, "userErrors": [{"code": "NOT_FOUND", "field": ["reorderPointIds", "1"]}]}


async def test_low_stock_is_raised_once_and_ends_when_stock_comes(
    database: Database, owner: Any, client_of: Any, merchant: Actor, house: Member
) -> None:
    await save(owner, point(house, "TEA", 5), point(house, "MUG", 5))
    await react(database, house)
    await react(database, house)
    (alert,) = await open_alerts(owner)
    assert (alert["kind"], alert["severity"], alert["state"]) == ("LOW_STOCK", "WARNING", "OPEN")
    assert "TEA" in alert["text"]
    assert "4" in alert["text"]
    assert alert["detail"]["skuId"] == global_id("Sku", house.skus["TEA"])
    assert alert["subject"] == {"__typename": "ReorderPoint", "lowAt": 5}
    assert alert["supportedActions"] == ["SNOOZE", "RESOLVE"]
    owner.http.headers["accept-language"] = "zh-CN"
    (chinese,) = await open_alerts(owner)
    assert chinese["text"] != alert["text"]
    picker = await client_of(merchant, Role.PICKER)
    (seen,) = await open_alerts(picker)
    assert seen["supportedActions"] == []
    refused = (await picker.run(RESOLVE, input={"alertIds": [alert["id"]]}))["alertResolve"]
    assert refused["userErrors"] == [{"code": "NOT_PERMITTED", "field": ["alertIds", "0"]}]
    await put_stock(database, merchant, house.bin, house.skus["TEA"], 50)
    await react(database, house)
    assert await open_alerts(owner) == []


async def test_alerts_are_put_off_and_settled_for_the_version_that_was_read(
    database: Database, owner: Any, house: Member
) -> None:
    await save(owner, point(house, "TEA", 5), point(house, "MUG", 30))
    await react(database, house)
    alerts = await open_alerts(owner)
    ids = [alert["id"] for alert in alerts]
    until = (database.clock.now() + timedelta(hours=4)).isoformat()
    stale = {"alertIds": ids, "ifVersions": [alerts[0]["version"], 9], "until": until}
    answer = (await owner.run(SNOOZE, input=stale))["alertSnooze"]
    assert [each["state"] for each in answer["alerts"]] == ["SNOOZED"]
    (error,) = answer["userErrors"]
    assert (error["code"], error["field"]) == ("STALE_VERSION", ["alertIds", "1", "ifVersion"])
    assert error["data"] == {"id": ids[1], "version": 1}
    uneven = (await owner.run(SNOOZE, input={**stale, "ifVersions": [1]}))["alertSnooze"]
    assert [(each["code"], each["field"]) for each in uneven["userErrors"]] == [("INVALID_INPUT", ["ifVersions"])]
    settled = (await owner.run(RESOLVE, input={"alertIds": ids}))["alertResolve"]
    assert settled["alerts"] == [{"state": "RESOLVED", "supportedActions": []}] * 2
    again = (await owner.run(RESOLVE, input={"alertIds": ids[:1]}))["alertResolve"]
    assert again["userErrors"] == [{"code": "ALERT_OVER", "field": ["alertIds", "0"]}]


async def test_a_reconnect_loses_no_alert(
    database: Database, owner: Any, open_socket: Any, merchant: Actor, house: Member
) -> None:
    await save(owner, point(house, "TEA", 5))
    await react(database, house)
    socket = await open_socket(owner.token)
    await socket.subscribe(RAISED, since=0)
    raised = (await socket.next())["alertRaised"]
    assert (raised["event"], raised["alert"]["state"]) == ("alert_raised", "OPEN")
    await socket.connection.close()
    await put_stock(database, merchant, house.bin, house.skus["TEA"], 50)
    await react(database, house)
    socket = await open_socket(owner.token)
    await socket.subscribe(RAISED, since=raised["seq"])
    resolved = (await socket.next())["alertRaised"]
    assert resolved["seq"] > raised["seq"]
    assert (resolved["event"], resolved["alert"]["state"]) == ("alert_resolved", "RESOLVED")


async def test_who_may_not_see_a_kind_hears_nothing_of_it(
    database: Database, owner: Any, client_of: Any, merchant: Actor, stranger: Actor, house: Member
) -> None:
    await save(owner, point(house, "TEA", 5))
    await react(database, house)
    assert len(await open_alerts(owner)) == 1
    (alert,) = await open_alerts(owner)
    elsewhere = await client_of(merchant, Role.MANAGER, warehouse_ids=frozenset({UUID(int=5)}))
    for client in (elsewhere, await client_of(stranger)):
        assert await open_alerts(client) == []
        assert await client.run("query ($id: ID!) { alert(id: $id) { id } }", id=alert["id"]) == {"alert": None}
