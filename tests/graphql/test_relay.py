"""Ids, nodes and pages as Relay means them."""

import base64
from typing import Any

import pytest
from tests.builders_accounts import make_token

from pickmesh.core import schema as core_schema
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.events import Event
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.graphql import ids, relay
from pickmesh.graphql.ids import global_id
from pickmesh.scanner.codes import own
from pickmesh.scanner.codes.own import OwnKind

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Sku { code } ... on Place { code kind } } }"
PAGE = """query ($first: Int, $after: String, $last: Int, $before: String) {
  skus(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { code } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
assert core_schema.METADATA


async def test_every_node_type_is_found_by_its_id(database: Database, client_of: Any, furnished: Any) -> None:
    merchant, made = await furnished(1)
    client = await client_of(merchant)
    token = await make_token(database, merchant, made["Worker"][-1])  # a notice is found by whom it is for
    client.http.headers["authorization"] = f"Bearer {token}"
    wanted = [global_id(name, made[name][0]) for name in made]
    found = (await client.run(NODES, ids=[*wanted, global_id("Sku", new_id())]))["nodes"]
    types = [node and node["__typename"] for node in found]
    nodes = {"OrderLine", "Hold", "StockMove", "Waybill", "ApiKey", "ChatAccount", "Picture", "Barcode"}
    assert types == [None if name in nodes else name for name in made] + [None]


async def test_a_node_of_a_type_the_role_may_not_read_is_null(client_of: Any, furnished: Any) -> None:
    merchant, made = await furnished(1)
    picker = await client_of(merchant, Role.PICKER)
    asked = [global_id(name, made[name][0]) for name in ("Order", "Sku")]
    found = (await picker.run(NODES, ids=asked))["nodes"]
    assert [node and node["__typename"] for node in found] == [None, "Sku"]


async def test_an_id_that_is_none_is_told_by_its_place(owner: Any) -> None:
    answer = await owner.raw("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["nonsense"])
    assert answer["errors"][0]["extensions"] == {"code": "INVALID_INPUT", "field": ["ids", "0"], "data": {}}


@pytest.mark.parametrize("text", ["O-0271", "o271", "271", " 0271 ", own.label_text(OwnKind.ORDER, "O-0271")])
def test_a_number_is_read_as_it_is_shown_and_typed(text: str) -> None:
    assert relay.number_of(text, OwnKind.ORDER) == 271


@pytest.mark.parametrize("text", ["F-0271", "0", "", "O-", "-1", "O-0271-!", "12.5", "9" * 13, "２７１O"])
def test_what_is_no_number_of_the_kind_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"no number of an order; write it as O-0017\.") as refused:
        relay.number_of(text, OwnKind.ORDER)
    assert refused.value.field == ("number",)


def test_a_mistyped_label_is_told_so() -> None:
    right = own.label_text(OwnKind.ORDER, "O-0271")
    with pytest.raises(InvalidInput, match="check character"):
        relay.number_of(f"{right[:-1]}{'A' if right[-1] != 'A' else 'B'}", OwnKind.ORDER)


async def test_documents_are_found_by_the_numbers_they_show(client_of: Any, furnished: Any) -> None:
    merchant, _ = await furnished(1)
    client = await client_of(merchant)
    pages = ("orders", "fulfillmentOrders", "dropships", "waves", "pickLists", "parcels")
    shown = await client.run("{ " + " ".join(f"{page}(first: 1) {{ nodes {{ id number }} }}" for page in pages) + " }")
    for page in pages:
        (wanted,) = shown[page]["nodes"]
        one = page.removesuffix("s")
        found = await client.run(f"query ($n: String) {{ {one}(number: $n) {{ id number }} }}", n=wanted["number"])
        assert found[one] == wanted
        if page in pages[:3]:
            query = f"query ($n: [String!]) {{ {page}(numbers: $n) {{ nodes {{ id number }} }} }}"
            digits = wanted["number"][2:]
            assert (await client.run(query, n=[wanted["number"], digits]))[page]["nodes"] == [wanted]


async def test_too_many_nodes_are_refused(owner: Any) -> None:
    many = [global_id("Sku", new_id())] * 251
    assert await owner.code("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=many) == "LIMIT_EXCEEDED"


async def pages_of(client: Any, forwards: bool) -> list[str]:
    codes: list[str] = []
    cursor, more = None, True
    while more:
        given = {"first": 7, "after": cursor} if forwards else {"last": 7, "before": cursor}
        page = (await client.run(PAGE, **given))["skus"]
        found = [edge["node"]["code"] for edge in page["edges"]]
        codes = codes + found if forwards else found + codes
        info = page["pageInfo"]
        more = info["hasNextPage" if forwards else "hasPreviousPage"]
        cursor = info["endCursor" if forwards else "startCursor"]
    return codes


async def test_pages_forwards_and_backwards_show_everything_once(client_of: Any, furnished: Any) -> None:
    merchant, _ = await furnished(20)
    client = await client_of(merchant)
    forwards = await pages_of(client, True)
    assert forwards == sorted(forwards)
    assert len(set(forwards)) == (await client.run("{ skus { totalCount } }"))["skus"]["totalCount"] >= 80
    assert await pages_of(client, False) == forwards


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"first": 251}, "LIMIT_EXCEEDED"),
        ({"first": -1}, "LIMIT_EXCEEDED"),
        ({"first": 1, "last": 1}, "INVALID_INPUT"),
        ({"after": "nonsense"}, "INVALID_INPUT"),
        ({"after": base64.urlsafe_b64encode(b"[]").decode()}, "INVALID_INPUT"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(owner: Any, given: dict[str, Any], code: str) -> None:
    assert await owner.code(PAGE, **given) == code


async def test_a_page_of_none_is_empty(owner: Any) -> None:
    page = (await owner.run(PAGE, first=0))["skus"]
    assert page["edges"] == []
    assert page["pageInfo"]["endCursor"] is None


def test_an_id_survives_the_way_out_and_in() -> None:
    sku = new_id()
    assert relay.id_of(global_id("Sku", sku), "Sku") == sku
    assert relay.parsed(global_id("Sku", sku)) == ("Sku", sku)


def kinds() -> set[str]:
    found, waiting = set(), [Event]
    while waiting:
        event = waiting.pop()
        waiting += event.__subclasses__()
        if hasattr(event, "kind") and event.__module__.startswith("pickmesh.core."):
            found.add(event.kind)
    return found


def test_every_kind_of_event_says_the_type_of_its_subject() -> None:
    assert {kind for kind in kinds() if ids.subject_type(kind) is None} == set()
    assert ids.subject_type("fulfillment_order_held") == "FulfillmentOrder"
    assert ids.subject_type("reservation_lost") == "FulfillmentLine"
    assert ids.subject_type("reservation_released") == "Sku"
    assert ids.subject_type("bell_rang") is None


def test_uuids_of_known_types_are_shown_as_global_ids() -> None:
    sku, order = new_id(), new_id()
    shown = ids.shown(
        {"id": order, "sku_id": str(sku), "order_ids": [order], "group_id": order, "free": 3}, subject="Order"
    )
    assert shown == {
        "id": global_id("Order", order),
        "skuId": global_id("Sku", sku),
        "orderIds": [global_id("Order", order)],
        "groupId": order,
        "free": 3,
    }
