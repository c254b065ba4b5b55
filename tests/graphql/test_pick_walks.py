"""Walks through the front: taken into the dark with all a phone needs, ended, handed over; the log of picks."""

from typing import Any
from uuid import UUID

import pytest_asyncio
from tests.builders_accounts import make_person, make_token
from tests.builders_floor import Floor, bring_orders, make_floor, release
from tests.builders_scans import Phone, picking_phone

from pickmesh.core.floor import jobs
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.picking.tables import WaveKind
from pickmesh.graphql.ids import global_id

LEASE = """mutation ($input: PickListLeaseInput!) { pickListLease(input: $input) {
  tablesVersion userErrors { code field data }
  pickList { darkUntil location { scanPolicy } lines {
    sequence quantity place { code } lot { code expiresOn }
    sku { code lotTracked serialTracked barcodes { code unitQuantity } }
    shares { position quantity fulfillmentOrder { number } tote { code } } } }
} }"""
LEASE_END = """mutation ($input: PickListLeaseEndInput!) { pickListLeaseEnd(input: $input) {
  pickList { darkUntil } userErrors { code }
} }"""
HAND_OVER = """mutation ($input: PickListHandOverInput!) { pickListHandOver(input: $input) {
  pickList { status worker { id } totes { place { code } } } userErrors { code field }
} }"""
CANCEL = """mutation ($input: FulfillmentOrderCancelInput!) { fulfillmentOrderCancel(input: $input) {
  stopped { outcome changed darkUntil } userErrors { code }
} }"""
INTERCEPT = CANCEL.replace("Cancel", "Intercept")
PICKS = """query ($list: ID, $order: ID, $worker: ID) {
  picks(pickListId: $list, fulfillmentOrderId: $order, workerId: $worker) { totalCount nodes {
    quantity requiredQuantity scannedCode source sku { code } fromPlace { code } toPlace { code }
    pickList { number } worker { id } fulfillmentOrder { number } undoneAt } } }"""
TABLES = "{ scanTables { version tables } }"


@pytest_asyncio.fixture
async def walk(database: Database, merchant: Actor) -> Phone:
    """A cluster of two orders of TEA, whose totes are bound."""
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9}})
    await bring_orders(floor, {"N1": {"TEA": 2}, "N2": {"TEA": 3}})
    (list_id,) = (await release(floor, WaveKind.CLUSTER)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001", "T-0002")
    return phone


@pytest_asyncio.fixture
async def phone(client_of: Any, database: Database, merchant: Actor, walk: Phone) -> Any:
    """A client that asks as the worker of the walk."""
    client = await client_of(merchant, Role.PICKER)
    token = await make_token(database, merchant, walk.session.worker_id)
    client.http.headers["authorization"] = f"Bearer {token}"
    return client


def list_of(walk: Phone) -> str:
    assert walk.session.subject_id is not None
    return global_id("PickList", walk.session.subject_id)


async def handed_over(owner: Any, walk: Phone, worker_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = await owner.run(HAND_OVER, input={"id": list_of(walk), "workerId": worker_id})
    return answer["pickListHandOver"]


async def test_a_lease_answers_all_a_phone_needs_and_which_piece_goes_into_which_tote(
    owner: Any, phone: Any, walk: Phone
) -> None:
    answer = (await phone.run(LEASE, input={"id": list_of(walk), "minutes": 60}))["pickListLease"]
    assert (answer["userErrors"], answer["tablesVersion"]) == ([], jobs.TABLES_VERSION)
    assert answer["pickList"]["darkUntil"] is not None
    (line,) = answer["pickList"]["lines"]
    assert (line["sku"]["code"], line["place"]["code"], line["quantity"]) == ("TEA", "A-01", 5)
    shares = [(each["quantity"], each["tote"]["code"]) for each in line["shares"]]
    assert shares == [(2, "T-0001"), (3, "T-0002")]
    assert (await owner.run(TABLES))["scanTables"]["version"] == jobs.TABLES_VERSION


async def test_a_stop_in_the_dark_says_when_it_takes_effect_at_the_latest(owner: Any, phone: Any, walk: Phone) -> None:
    leased = (await phone.run(LEASE, input={"id": list_of(walk), "minutes": 60}))["pickListLease"]
    until = leased["pickList"]["darkUntil"]
    order = {"id": global_id("FulfillmentOrder", walk.floor.orders["N1"])}
    wanted = {"fulfillmentOrders": [order], "reason": "CUSTOMER"}
    (stopped,) = (await owner.run(INTERCEPT, input=wanted))["fulfillmentOrderIntercept"]["stopped"]
    assert stopped == {"outcome": "IN_THE_DARK", "changed": True, "darkUntil": until}
    (stopped,) = (await owner.run(CANCEL, input=wanted))["fulfillmentOrderCancel"]["stopped"]
    assert stopped == {"outcome": "IN_THE_DARK", "changed": False, "darkUntil": until}
    ended = (await phone.run(LEASE_END, input={"id": list_of(walk)}))["pickListLeaseEnd"]
    assert ended == {"pickList": {"darkUntil": None}, "userErrors": []}


async def test_a_list_in_the_dark_is_not_handed_over_and_others_are_with_their_totes(
    owner: Any, phone: Any, database: Database, merchant: Actor, walk: Phone
) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    await phone.run(LEASE, input={"id": list_of(walk), "minutes": 1})
    worker_id = global_id("Worker", person_id)
    assert (await handed_over(owner, walk, worker_id))["userErrors"] == [{"code": "IN_THE_DARK", "field": []}]
    await phone.run(LEASE_END, input={"id": list_of(walk)})
    given = (await handed_over(phone, walk, worker_id))["pickList"]
    assert (given["status"], given["worker"]["id"]) == ("CLAIMED", worker_id)
    assert [tote["place"]["code"] for tote in given["totes"]] == ["T-0001", "T-0002"]
    assert (await handed_over(owner, walk, global_id("Worker", UUID(int=7))))["userErrors"] == [
        {"code": "NOT_FOUND", "field": ["workerId"]}
    ]


async def test_the_pick_log_tells_the_code_that_was_read(owner: Any, walk: Phone) -> None:
    await walk.scan("A-01", "TEA", "TEA", "T-0001")
    floor: Floor = walk.floor
    order_id, other = (global_id("FulfillmentOrder", floor.orders[name]) for name in ("N1", "N2"))
    worker_id = global_id("Worker", walk.session.worker_id)
    found = (await owner.run(PICKS, list=list_of(walk), order=order_id, worker=worker_id))["picks"]
    pick, _ = found["nodes"]
    assert (pick["quantity"], pick["requiredQuantity"], pick["scannedCode"]) == (1, 5, "TEA")
    assert (pick["sku"]["code"], pick["fromPlace"]["code"], pick["toPlace"]["code"]) == ("TEA", "A-01", "T-0001")
    assert (await owner.run(PICKS, order=other))["picks"]["nodes"] == []
