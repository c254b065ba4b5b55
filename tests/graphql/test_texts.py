"""Values that are well-formed GraphQL and still cannot be kept: each is named, none becomes a bug of ours."""

import json
from typing import Any

import pytest
from tests.builders_accounts import make_shop

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.graphql.ids import global_id

HOLD = "mutation Hold($i: FulfillmentOrderHoldInput!) { fulfillmentOrderHold(input: $i) { userErrors { code field } } }"
KEY = "mutation Key($i: ApiKeyEndInput!) { apiKeyEnd(input: $i) { userErrors { code field } } }"
SIGN_IN = "mutation In($i: SignInInput!) { signIn(input: $i) { token userErrors { code field message } } }"
IMPORT = (
    "mutation Import($i: OrderImportInput!) { orderImport(input: $i) { imported { index } userErrors { code field } } }"
)
BAD_TEXTS = ["a\x00b", "\ud800", "好\udc00"]


async def sent(client: Any, query: str, **variables: Any) -> dict[str, Any]:
    """Send JSON with its escapes, as a client does that knows nothing of surrogates."""
    body = json.dumps({"query": query, "variables": variables})
    answer = await client.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    found: dict[str, Any] = answer.json()
    return found


def order(shop: str, external_id: str, remark: str = "") -> dict[str, Any]:
    return {
        "shopId": shop,
        "externalId": external_id,
        "orderedAt": "2026-11-24T04:00:00Z",
        "paymentStatus": "PAID",
        "currency": "CNY",
        "recipient": {"name": "王", "phone": "13800000000", "street": "1", "country": "CN"},
        "lines": [{"externalLineId": "1", "shopCode": "X", "quantity": 1, "unitPriceMicros": 1_000_000}],
        "remark": remark,
    }


@pytest.mark.parametrize("text", BAD_TEXTS)
async def test_a_text_that_cannot_be_kept_is_refused_by_its_path(owner: Any, text: str) -> None:
    answer = await sent(owner, HOLD, i={"fulfillmentOrders": [], "note": text})
    errors = answer["data"]["fulfillmentOrderHold"]["userErrors"]
    assert errors == [{"code": "INVALID_INPUT", "field": ["note"]}]


@pytest.mark.parametrize("text", BAD_TEXTS)
async def test_so_is_one_deep_in_a_list_and_one_in_the_key(owner: Any, text: str) -> None:
    answer = await sent(owner, HOLD, i={"fulfillmentOrders": [{"id": "x"}, {"id": text}]})
    assert answer["data"]["fulfillmentOrderHold"]["userErrors"][0]["field"] == ["fulfillmentOrders", "1", "id"]
    answer = await sent(owner, HOLD, i={"fulfillmentOrders": [], "idempotencyKey": text})
    assert answer["data"]["fulfillmentOrderHold"]["userErrors"][0]["field"] == ["idempotencyKey"]


@pytest.mark.parametrize("text", BAD_TEXTS)
async def test_of_many_orders_only_the_one_that_holds_it_is_refused(
    owner: Any, merchant: Actor, database: Database, text: str
) -> None:
    shop = global_id("Shop", await make_shop(database, merchant, "TB1"))
    orders = [order(shop, "T-1"), order(shop, "T-2", remark=text)]
    answer = (await sent(owner, IMPORT, i={"orders": orders, "idempotencyKey": "k"}))["data"]["orderImport"]
    assert [each["index"] for each in answer["imported"]] == [0]
    assert [each["field"][:2] for each in answer["userErrors"]] == [["orders", "1"]]
    answer = await sent(owner, IMPORT, i={"orders": orders[:1], "idempotencyKey": text})
    assert answer["data"]["orderImport"]["userErrors"][0]["field"] == ["idempotencyKey"]


@pytest.mark.parametrize("text", BAD_TEXTS)
async def test_nobody_signs_in_with_half_a_character(nobody: Any, text: str) -> None:
    answer = await sent(nobody, SIGN_IN, i={"signIn": "a", "password": text, "device": "d"})
    (error,) = answer["data"]["signIn"]["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["password"])
    assert error["message"] == "password holds a NUL character or half a character; take it out and send it again."


@pytest.mark.parametrize("text", BAD_TEXTS)
@pytest.mark.parametrize("asked", ["skus(search: $t) { pageInfo { endCursor } }", "sku(code: $t) { id }"])
async def test_a_question_with_such_a_text_names_its_argument(owner: Any, asked: str, text: str) -> None:
    (error,) = (await sent(owner, f"query Q($t: String!) {{ {asked} }}", t=text))["errors"]
    argument = asked[asked.index("(") + 1 : asked.index(":")]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID_INPUT", [argument])


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_beyond_the_calendar_is_a_bad_request(owner: Any, moment: str) -> None:
    in_variables = "query Q($d: DateTime) { orders(orderedFrom: $d) { pageInfo { endCursor } } }"
    in_document = f'{{ orders(orderedFrom: "{moment}") {{ pageInfo {{ endCursor }} }} }}'
    assert await owner.code(in_variables, d=moment) == "BAD_REQUEST"
    assert await owner.code(in_document) == "BAD_REQUEST"


async def test_null_for_a_value_with_a_default_is_a_bad_request(owner: Any) -> None:
    answer = await sent(owner, HOLD, i={"fulfillmentOrders": [], "note": None})
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "at 'i.note'; Expected non-nullable type 'String!'" in error["message"]


async def test_an_unknown_key_is_refused_by_the_name_of_its_field(owner: Any) -> None:
    (error,) = (await sent(owner, KEY, i={"apiKeyId": "QXBpS2V5OjAxYTIwYzUxLTVmYzQtNzQxNi04M2Y0LWUxZmI2YjA5MDU1MQ=="}))[
        "data"
    ]["apiKeyEnd"]["userErrors"]
    assert error == {"code": "NOT_FOUND", "field": ["apiKeyId"]}
