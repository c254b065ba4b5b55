"""The door: what is let in over HTTP, what is answered to garbage, and what is never told."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, get_introspection_query

from pickmesh.core.accounts import queries, sessions
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.limits import Limits
from pickmesh.graphql.server import Server
from pickmesh.graphql.services import Services

VIEWER = "{ viewer { name role permissions merchant { code } } }"
SHOPS = "{ shops { code } }"


async def test_a_bearer_token_says_who_asks(client_of: Any, merchant: Actor) -> None:
    picker = await client_of(merchant, Role.PICKER)
    viewer = (await picker.run(VIEWER))["viewer"]
    assert viewer == {
        "name": "小王",
        "role": "PICKER",
        "permissions": ["CATALOG_READ", "FLOOR_READ", "FLOOR_WORK", "STOCK_READ"],
        "merchant": {"code": f"m{merchant.merchant_id.hex}"},
    }


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic cm9vdDpyb290", "Bearer pm1_00_x"])
async def test_without_a_token_of_ours_signing_in_is_asked_for(nobody: Any, header: str) -> None:
    nobody.http.headers["authorization"] = header
    assert await nobody.code(VIEWER) == "SIGN_IN_NEEDED"


async def test_a_role_reads_only_what_it_may(client_of: Any, merchant: Actor) -> None:
    picker = await client_of(merchant, Role.PICKER)
    assert await picker.code("{ people { nodes { name } } }") == "NOT_PERMITTED"


async def test_signing_out_takes_effect_at_once(client_of: Any, merchant: Actor) -> None:
    client = await client_of(merchant)
    await client.run(VIEWER)
    await client.run("mutation { signOut(input: {everywhere: true}) { ended userErrors { code } } }")
    assert await client.code(VIEWER) == "SIGN_IN_NEEDED"


async def test_a_token_is_believed_for_a_few_seconds_and_then_asked_for_again(
    client_of: Any, merchant: Actor, database: Database, clock: Any
) -> None:
    client = await client_of(merchant)
    viewer = await client.run("{ viewer { signIn } }")
    async with database.unit_of_work(merchant) as uow:
        found = await queries.people(uow, PageRequest())
        person = next(one for one in found.items if one.sign_in == viewer["viewer"]["signIn"])
        await sessions.sign_out_everywhere(uow, person_id=person.id)
    await client.run(VIEWER)
    clock.advance(timedelta(seconds=5))
    assert await client.code(VIEWER) == "SIGN_IN_NEEDED"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"query": 1' + b"0" * 5_000 + b"}", "application/json", 400),
        (b"[1, 2]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"query": "{ viewer { name } }", "variables": [1]}', "application/json", 400),
        (b'{"query": "{ viewer { name } }", "operationName": {}}', "application/json", 400),
        (b"query={viewer{name}}", "application/x-www-form-urlencoded", 400),
        (b'{"query": "{ viewer { name } }"}', "text/plain", 400),
        (b'{"query": "{ viewer { name } }"}', "", 400),
        (b'{"query": "{ viewer { name } }"}', ";", 400),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 400),
    ],
)
async def test_a_body_that_is_no_request_is_a_bad_request(
    owner: Any, body: bytes, content_type: str, status: int
) -> None:
    answer = await owner.http.post("/graphql", content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, "BAD_REQUEST")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "{",
        "}{",
        "hello",
        "{ nothing }",
        "{ viewer }",
        "{ viewer { name(x: 1) } }",
        "query A { viewer { name } } query A { viewer { name } }",
        "fragment F on Viewer { name }",
        "{ ...F } fragment F on Query { ...F }",
        "{ viewer { ...F } } fragment F on Viewer { ...G } fragment G on Viewer { ...F }",
        "{ node(id: 7.5) { id } }",
        "subscription { nothing }",
        "type A { b: C }",
        "\u0000",
        "{" * 500,
        "{ viewer { name } } " + "# x\n" * 6_000,
    ],
)
async def test_a_document_that_is_none_is_answered_and_not_kept(owner: Any, server: Server, query: str) -> None:
    answer = await owner.raw(query)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_REQUEST"}
    assert answer.get("data") is None
    assert len(server.documents) == 0


async def test_a_valid_document_is_kept_once(owner: Any, server: Server) -> None:
    for _ in range(3):
        await owner.run(VIEWER)
    await owner.run(SHOPS)
    assert len(server.documents) == 2


async def test_an_unknown_operation_name_is_a_bad_request(owner: Any) -> None:
    answer = await owner.http.post("/graphql", json={"query": "query A { viewer { name } }", "operationName": "B"})
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (400, 'Unknown operation named "B".')


async def test_queries_may_come_by_get_and_mutations_may_not(owner: Any) -> None:
    assert (await owner.http.get("/graphql", params={"query": SHOPS})).json() == {"data": {"shops": []}}
    mutation = "mutation { signOut(input: {}) { ended } }"
    answer = await owner.http.get("/graphql", params={"query": mutation})
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        400,
        "mutations are not allowed when using GET",
    )
    await owner.run(VIEWER)


async def test_other_methods_are_refused(owner: Any) -> None:
    assert (await owner.http.put("/graphql", json={"query": SHOPS})).status_code == 405
    assert (await owner.http.delete("/graphql")).status_code == 405


async def test_browsers_get_graphiql_unless_it_is_switched_off(
    owner: Any, graphql_schema: GraphQLSchema, services: Services
) -> None:
    html = {"accept": "text/html"}
    shown = await owner.http.get("/graphql", headers=html)
    assert "graphiql" in shown.text.lower()
    owner.http._transport = httpx.ASGITransport(Server(graphql_schema, services, graphiql=False))
    assert (await owner.http.get("/graphql", headers=html)).status_code == 200
    assert "graphiql" not in (await owner.http.get("/graphql", headers=html)).text.lower()


async def test_introspection_works_unless_it_is_switched_off(
    owner: Any, graphql_schema: GraphQLSchema, services: Services
) -> None:
    assert (await owner.run(get_introspection_query()))["__schema"]["queryType"]["name"] == "Query"
    owner.http._transport = httpx.ASGITransport(Server(graphql_schema, services, introspection=False))
    answer = await owner.raw("{ __schema { queryType { name } } }")
    assert "introspection has been disabled" in answer["errors"][0]["message"]
    assert (await owner.raw("{ shop { code } }"))["errors"][0][
        "message"
    ] == "Cannot query field 'shop' on type 'Query'."


def limited(owner: Any, schema: GraphQLSchema, database: Database, **limits: Any) -> None:
    owner.http._transport = httpx.ASGITransport(Server(schema, Services(database, limits=Limits(**limits))))


@pytest.mark.parametrize(
    ("limits", "query", "told"),
    [
        ({"depth_max": 2}, "{ viewer { merchant { code } } }", "depth 3; at most 2 are allowed (depth_max)"),
        (
            {"depth_max": 3},
            "{ ...A } fragment A on Query { viewer { ...B } } fragment B on Viewer { merchant { ...C } }"
            " fragment C on Merchant { code __typename } ",
            None,
        ),
        ({"depth_max": 2}, "{ ...A } fragment A on Query { viewer { merchant { code } } }", "depth 3"),
        ({"aliases_max": 1}, "{ a: shops { code } b: shops { code } }", "aliases 2; at most 1"),
        (
            {"aliases_max": 3},
            "{ shops { ...A ...A } people { nodes { name } } } fragment A on Shop { x: code y: name }",
            "aliases 4",
        ),
        ({"root_fields_max": 1}, "{ shops { code } viewer { name } }", "root fields 2; at most 1"),
        ({"root_fields_max": 1}, "{ ...A } fragment A on Query { shops { code } viewer { name } }", "root fields 2"),
        ({"cost_max": 99}, "{ people(first: 100) { nodes { name } } }", "may return 100 objects; at most 99"),
        ({"cost_max": 100}, "{ people(first: 100) { nodes { name } } }", None),
        ({"cost_max": 99}, "{ people(first: 100) { edges { cursor } pageInfo { endCursor } } }", "200 objects"),
        ({"document_tokens_max": 5}, "{ viewer { merchant { code } } }", "Document contains more than 5"),
        ({"document_characters_max": 9}, "{ shops { code } }", "9"),
    ],
)
async def test_each_limit_is_told_by_name(
    owner: Any, graphql_schema: GraphQLSchema, database: Database, limits: Any, query: str, told: str | None
) -> None:
    limited(owner, graphql_schema, database, **limits)
    answer = await owner.raw(query)
    if told is None:
        assert "errors" not in answer
    else:
        assert told in answer["errors"][0]["message"]


async def test_the_cost_follows_the_page_size_in_variables(
    owner: Any, graphql_schema: GraphQLSchema, database: Database
) -> None:
    limited(owner, graphql_schema, database, cost_max=60)
    query = "query P($n: Int = 61) { people(first: $n) { nodes { name } } }"
    assert (await owner.raw(query))["errors"][0]["extensions"]["data"] == {"limit": "cost_max", "value": 61, "max": 60}
    assert (await owner.raw(query, n=70))["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert len((await owner.run(query, n=60))["people"]["nodes"]) == 1


@pytest.mark.parametrize(("leaf", "over", "most"), [("a: shops", "aliases_max", 50), ("shops", "root_fields_max", 20)])
async def test_fragments_that_multiply_are_measured_in_no_time(owner: Any, leaf: str, over: str, most: int) -> None:
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    answer = await owner.raw(f"{{ ...F0 }} {doubling} fragment F60 on Query {{ {leaf} {{ code }} }}")
    assert answer["errors"][0]["extensions"]["data"] == {"limit": over, "value": 2**60, "max": most}


async def test_a_long_chain_of_fragments_is_a_bad_request(owner: Any) -> None:
    chain = " ".join(f"fragment F{n} on Viewer {{ ...F{n + 1} }}" for n in range(600))
    answer = await owner.raw(f"{{ viewer {{ ...F0 }} }} {chain} fragment F600 on Viewer {{ name }}")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_REQUEST"]
    assert "fewer fragments inside fragments" in answer["errors"][0]["message"]


async def test_a_body_over_the_limit_is_refused_before_it_is_read(
    owner: Any, graphql_schema: GraphQLSchema, database: Database
) -> None:
    limited(owner, graphql_schema, database, body_bytes_max=1_000)
    body = json.dumps({"query": SHOPS, "variables": {"x": "y" * 1_000}})
    answer = await owner.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, "body_bytes_max" in answer.text) == (413, True)


async def test_what_takes_too_long_is_given_up(
    owner: Any, graphql_schema: GraphQLSchema, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(uow: Any) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(queries, "shops", slow)
    limited(owner, graphql_schema, database, execution_s_max=0.1)
    assert await owner.code(SHOPS) == "EXECUTION_TIMEOUT"
    await owner.run(VIEWER)


async def test_a_bug_shows_an_id_and_nothing_of_itself(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(uow: Any) -> None:
        raise RuntimeError("SELECT secret FROM person")

    monkeypatch.setattr(queries, "shops", broken)
    answer = await owner.raw(SHOPS)
    assert answer["errors"][0]["extensions"].keys() == {"code", "errorId"}
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "secret" not in json.dumps(answer)


async def test_a_strict_client_gets_the_strict_media_type(owner: Any) -> None:
    strict = {"accept": "application/graphql-response+json"}
    answer = await owner.http.post("/graphql", json={"query": "{ nothing }"}, headers=strict)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/graphql-response+json")


async def test_many_siblings_share_one_connection(owner: Any) -> None:
    fields = " ".join(f"s{n}: shops {{ code }} v{n}: viewer {{ merchant {{ code }} }}" for n in range(10))
    assert len(await owner.run(f"{{ {fields} }}")) == 20
