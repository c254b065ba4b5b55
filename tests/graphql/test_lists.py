"""Every list of the schema: what it costs in SQL never depends on how long it is."""

import json
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)
from tests.builders_accounts import make_token
from tests.builders_graphql import Ids
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.graphql import schema
from pickmesh.graphql.ids import global_id
from pickmesh.graphql.limits import Limits
from pickmesh.graphql.relay import NODES_MAX
from pickmesh.graphql.services import Services

FOLLOWED = 3
"""How deep under a list its objects are followed."""
FEW, MANY = 1, 20
ABOUT_ONE = {"orderExceptionCounts", "printJobs", "timeline", "waveCompare", "waveHotSales"}
"""Lists about one thing of the furnished merchant, of which there is no more in the large one."""

OF_THE_BOT = {"chatMessages", "chatsWaiting", "noticesWaiting"}
"""Lists only the bot may ask for; test_chats and test_notices count theirs."""
OF_THE_ASKER = {"chatAccounts"}
"""Lists of one person's own, which are short."""


def selection(type_: Any, depth: int, above: tuple[str, ...] = ()) -> str:
    """Return everything that can be asked of a type without arguments, following objects a few levels down."""
    if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
        return "__typename"
    fields = []
    for name, field in type_.fields.items():
        inner = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if is_leaf_type(inner):
            fields.append(name)
        elif depth > 0 and inner.name not in above:
            fields.append(f"{name} {{ {selection(inner, depth - 1, (*above, type_.name))} }}")
    return " ".join(fields) or "__typename"


def answers_list(field: GraphQLField) -> bool:
    type_ = field.type.of_type if is_non_null_type(field.type) else field.type
    return is_list_type(type_) or get_named_type(type_).name.endswith("Connection")


def arguments(name: str, field: GraphQLField, ids: Ids) -> str:
    """Return arguments that ask for as much as the list has."""
    given = {"first": "250"} if "first" in field.args else {}
    if "at" in field.args:
        given["at"] = json.dumps("2026-11-24T04:00:00Z")
    if name == "nodes":
        each = NODES_MAX // len(ids)
        given["ids"] = json.dumps([global_id(type_name, one) for type_name in ids for one in ids[type_name][:each]])
    if name == "timeline":
        given["id"] = json.dumps(global_id("Order", ids["Order"][0]))
    if name == "lookup":
        given["term"] = json.dumps("KETTLE")
    for argument, definition in field.args.items():
        if is_required_argument(definition) and argument in {"locationId", "stationId", "partnershipId", "shopId"}:
            type_name = argument.removesuffix("Id").capitalize()
            given[argument] = json.dumps(global_id(type_name, ids[type_name][0]))
    return f"({', '.join(f'{key}: {value}' for key, value in given.items())})" if given else ""


LISTS = {
    name: field
    for name, field in schema.build().query_type.fields.items()  # type: ignore[union-attr]
    if answers_list(field) and name not in OF_THE_ASKER | OF_THE_BOT
}


@pytest.fixture
def services(database: Database) -> Services:
    return Services(database, limits=Limits(cost_max=10**12, document_tokens_max=10**6, document_characters_max=10**6))


@pytest.mark.parametrize("name", LISTS)
async def test_the_statements_of_a_list_do_not_grow_with_it(
    database: Database, client_of: Any, furnished: Any, name: str
) -> None:
    sent = {}
    for size in (FEW, MANY):
        merchant, ids = await furnished(size)
        client = await client_of(merchant)
        token = await make_token(database, merchant, ids["Worker"][-1])  # whose notices there are as many of
        client.http.headers["authorization"] = f"Bearer {token}"
        body = selection(get_named_type(LISTS[name].type), FOLLOWED + 1)
        query = f"{{ {name}{arguments(name, LISTS[name], ids)} {{ {body} }} }}"
        await client.run("{ viewer { name } }")
        with statements(database) as seen:
            answer = (await client.run(query))[name]
        found = answer if isinstance(answer, list) else answer["nodes"]
        assert len(found) >= (1 if name in ABOUT_ONE else size)
        sent[size] = list(seen)
    assert len(sent[FEW]) == len(sent[MANY]), sent[MANY]
