"""The tenant wall seen from outside: every operation with another merchant's ids finds nothing and changes nothing."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)
from tests.builders_accounts import make_token
from tests.builders_graphql import Ids

from pickmesh.core.db.base import tenant_tables
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.schema import METADATA
from pickmesh.graphql import schema
from pickmesh.graphql.ids import global_id

SCHEMA = schema.build()
ABOUT_ME = {"carriers", "scanTables", "viewer", "pushChanges", "chatMessages", "chatsWaiting", "noticesWaiting"}
"""Queries that answer about whoever asks, or only to the bot; test_chats and test_notices have the bot's walls."""
OF_THE_BOT = {"chatMigrate", "chatButtons", "chatMessageRemember", "chatMessageForget"}
"""Mutations about the asking chat alone, which no other way of asking has."""
WITHOUT_IDS = {
    *("signIn", "signOut", "pairingRedeem", "apiKeyCreate", "viewerLocale"),
    *("buttonPress", "chatLink", "chatMigrate", "partnershipInvite"),
    *("skuSave", "productSave", "carrierSave"),
}
"""Mutations that name nothing of a merchant's."""
NOT_THERE = {
    *("NOT_FOUND", "UNKNOWN_SHOP", "UNKNOWN_PLACE", "UNKNOWN_SKU"),
    *("UNKNOWN_PARTNERSHIP", "UNKNOWN_OFFER", "UNKNOWN_DROPSHIP", "NOT_A_WAREHOUSE"),
    *("UNKNOWN_TRANSFER", "UNKNOWN_REPLENISHMENT", "UNKNOWN_LEASE"),
}
"""What tells that nothing of the caller's has that id."""
TYPES = {
    "carrierRules": "CarrierRule",
    "cartons": "Carton",
    "fulfillmentOrders": "FulfillmentOrder",
    "products": "Product",
    "skus": "Sku",
    "locations": "Location",
    "moves": "FulfillmentOrder",
    "routingRules": "RoutingRule",
    "schedules": "FulfillmentOrder",
    "splits": "FulfillmentOrder",
    "waveTemplates": "WaveTemplate",
}
"""The type of what the items of a list in an input are."""
CODES = {"Location": "WH1", "Place": "A-01", "Product": "P-KETTLE-01", "Sku": "KETTLE-01", "Station": "BENCH-1"}
TEXTS = {
    "search": "KETTLE",
    "term": "KETTLE-01",
    "serial": "x",
    "skuCode": "KETTLE-01",
    "phone": "13812345678",
    "currency": "CNY",
    "country": "CN",
    "carrier": "LOCAL",
    "number": "1",
    "numbers": "1",
    "times": "08:00",
}
VALUES: dict[str, Any] = {
    "Int": 1,
    "Long": 1,
    "Boolean": False,
    "DateTime": "2026-11-25T00:00:00Z",
    "Date": "2027-01-31",
    "JSON": {},
    "UUID": "01a20c32-301d-7a41-8f0e-0b2f6a1c0001",
}


def queries() -> dict[str, GraphQLField]:
    assert SCHEMA.query_type is not None
    return {name: field for name, field in SCHEMA.query_type.fields.items() if name not in ABOUT_ME}


def mutations() -> dict[str, GraphQLInputObjectType]:
    assert SCHEMA.mutation_type is not None
    return {name: get_named_type(field.args["input"].type) for name, field in SCHEMA.mutation_type.fields.items()}


def type_of_id(name: str, owner: str) -> str:
    """Return the type whose id an argument or input field takes."""
    if name in {"id", "ids"}:
        return owner
    if name == "choice":
        return "Sku"
    other_names = {
        "accountIds": "chatAccount",
        "leaseId": "pickList",
        "lineId": "fulfillmentLine",
        "lineIds": "fulfillmentLine",
        "relatedOrderId": "order",
        "relatedOrderIds": "order",
        "otherSkuId": "sku",
        "sessionId": "scanSession",
        "fromLocationId": "location",
        "toLocationId": "location",
        "fromPlaceId": "place",
        "toPlaceId": "place",
    }
    stem = other_names.get(name, name.removesuffix("Ids").removesuffix("Id"))
    return stem[0].upper() + stem[1:]


def value_of(name: str, type_: Any, owner: str, ids: Ids) -> Any:
    """Return a value for an argument or input field, ids being those of `ids`."""
    if is_non_null_type(type_):
        return value_of(name, type_.of_type, owner, ids)
    if is_list_type(type_):
        return [value_of(name, type_.of_type, owner, ids)]
    if isinstance(type_, GraphQLInputObjectType):
        return input_of(type_, TYPES.get(name) or owner, ids)
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if type_.name == "ID":
        type_name = type_of_id(name, owner)
        return global_id(type_name, ids[type_name][0])
    return VALUES.get(type_.name, CODES.get(owner, "x") if name == "code" else TEXTS.get(name, "x"))


def input_of(type_: GraphQLInputObjectType, owner: str, ids: Ids) -> dict[str, Any]:
    """Return an input with everything that is required and every id that can be given."""
    wanted = {
        name: field.type
        for name, field in type_.fields.items()
        if is_non_null_type(field.type) or get_named_type(field.type).name == "ID"
    }
    return {name: value_of(name, field_type, owner, ids) for name, field_type in wanted.items()}


def names_ids(type_: GraphQLInputObjectType) -> bool:
    inner = [get_named_type(field.type) for field in type_.fields.values()]
    return any(each.name == "ID" or (isinstance(each, GraphQLInputObjectType) and names_ids(each)) for each in inner)


def calls_of(name: str, field: GraphQLField, ids: Ids) -> Iterator[dict[str, Any]]:
    """Yield arguments for a query: what is required, alone and with each of the others."""
    owner = get_named_type(field.type).name.removesuffix("Connection")
    if owner == "Node":
        for type_name, of_type in ids.items():
            given = global_id(type_name, of_type[0])
            yield {"id": given} if "id" in field.args else {"ids": [given]}
        return
    if owner == "Event":
        owner = "Order"
    required = {
        key: value_of(key, argument.type, owner, ids)
        for key, argument in field.args.items()
        if is_required_argument(argument)
    }
    others = [key for key in field.args if key not in {*required, "first", "after", "last", "before"}]
    if required or not {"id", "code", "number"} & set(others):
        yield required
    for key in others:
        yield {**required, key: value_of(key, field.args[key].type, owner, ids)}


def document(name: str, field: GraphQLField) -> str:
    declared = [
        f"${key}: {argument.type if is_required_argument(argument) else get_nullable_type(argument.type)}"
        for key, argument in field.args.items()
    ]
    given = [f"{key}: ${key}" for key in field.args]
    head = f"query ({', '.join(declared)})" if declared else "query"
    call = f"{name}({', '.join(given)})" if given else name
    if is_leaf_type(get_named_type(field.type)):
        return f"{head} {{ {call} }}"
    return f"{head} {{ {call} {{ {shallow(get_named_type(field.type))} }} }}"


def shallow(type_: Any) -> str:
    """Return the plain fields of a type, and of the nodes of a page."""
    if not isinstance(type_, GraphQLObjectType):
        return "__typename ... on Node { id }"
    if type_.name.endswith("Connection"):
        return f"nodes {{ {shallow(get_named_type(type_.fields['nodes'].type))} }}"
    plain = [key for key, field in type_.fields.items() if is_leaf_type(get_named_type(field.type)) and not field.args]
    return " ".join(plain) or "__typename"


def nothing_in(answer: Any, given: Mapping[str, Any] | None = None) -> bool:
    """Tell whether an answer is null, 0, an empty list or page, or an object that only repeats what was asked."""
    if isinstance(answer, dict):
        told = [value for value in answer.values() if value not in (given or {}).values()]
        return answer == {"nodes": []} or all(value is None or value is False for value in told)
    return answer is None or answer == 0 or (isinstance(answer, list) and all(item is None for item in answer))


def uuids_in(answer: Any) -> set[str]:
    """Return the uuids inside the global ids of an answer."""
    found = set()
    for text in json.dumps(answer).split('"'):
        try:
            found.add(base64.urlsafe_b64decode(text).decode().partition(":")[2])
        except ValueError:
            continue
    return found - {""}


async def everything_of(database: Database, merchant: Actor) -> dict[str, list[Any]]:
    """Return all rows a merchant has."""
    async with database.reading(merchant) as uow:
        found = {}
        for name in sorted(tenant_tables()):
            table = METADATA.tables[name]
            rows = await uow.fetch(sa.select(table).where(table.c.merchant_id == merchant.merchant_id))
            found[name] = sorted(map(repr, rows))
    return found


async def be_worker(database: Database, merchant: Actor, client: Any, ids: Ids) -> None:
    """Let a client ask as the last worker from here on, who has notices, a chat and a scan session."""
    client.http.headers["authorization"] = f"Bearer {await make_token(database, merchant, ids['Worker'][-1])}"


async def test_every_query_with_anothers_ids_finds_nothing(
    database: Database, client_of: Any, furnished: Any, stranger: Actor
) -> None:
    merchant, ids = await furnished(1, 2)
    theirs = {str(one) for of_type in ids.values() for one in of_type}
    thief, owner = await client_of(stranger), await client_of(merchant)
    await be_worker(database, merchant, owner, ids)
    seen, leaks = set(), []
    for name, field in queries().items():
        text = document(name, field)
        for given in calls_of(name, field, ids):
            answer = await thief.raw(text, **given)
            if "errors" in answer or not nothing_in(answer["data"][name], given) or uuids_in(answer) & theirs:
                leaks.append((name, given, answer))
            if not nothing_in((await owner.run(text, **given))[name]):
                seen.add(name)
    assert [leak for leak in leaks if leak[0] != "people"] == []
    assert seen == set(queries())


@pytest.mark.parametrize(
    "name", [name for name, type_ in mutations().items() if names_ids(type_) and name not in OF_THE_BOT]
)
async def test_every_mutation_with_anothers_ids_is_refused_and_changes_nothing(
    database: Database, client_of: Any, furnished: Any, stranger: Actor, name: str
) -> None:
    merchant, ids = await furnished(1, 3)
    thief, owner = await client_of(stranger), await client_of(merchant)
    type_ = mutations()[name]
    owner_type = {
        "wave": "Wave",
        "pick": "PickList",
        "scan": "ScanSession",
        "part": "Partnership",
        "mani": "Manifest",
    }.get(name[:4], "")
    given = input_of(type_, owner_type, ids)
    text = f"mutation ($input: {type_.name}!) {{ {name}(input: $input) {{ userErrors {{ code field data }} }} }}"
    before = await everything_of(database, merchant)
    answer = await thief.run(text, input=given)
    codes = {error["code"] for error in answer[name]["userErrors"]}
    assert codes & NOT_THERE, answer
    assert codes <= NOT_THERE
    assert await everything_of(database, merchant) == before
    if name.startswith(("scan", "notice")):  # a session and a notice are its worker's alone
        await be_worker(database, merchant, owner, ids)
    own = await owner.run(text, input=given)
    assert not {error["code"] for error in own[name]["userErrors"]} & NOT_THERE, own


def test_only_mutations_that_name_nothing_take_no_ids() -> None:
    assert {name for name, type_ in mutations().items() if not names_ids(type_)} == WITHOUT_IDS
