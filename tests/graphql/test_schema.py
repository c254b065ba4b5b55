"""The schema as a whole: written down, guarded everywhere, described everywhere."""

import re
from pathlib import Path

import graphene
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
)

from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refusal
from pickmesh.graphql import permissions, relay, schema
from pickmesh.graphql.ids import global_id
from pickmesh.graphql.permissions import Open, UnguardedFieldError

ROOT = Path(__file__).parents[2]
FOR_ANYONE = {
    "Mutation.signIn",
    "Mutation.pairingRedeem",
}
"""What needs no signing in; payloads, user errors and page infos are reached through something that asks."""


def test_the_committed_schema_is_the_one_in_the_code() -> None:
    written = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    assert written == schema.text(), "run `python -m pickmesh.graphql.schema > schema.graphql`"


def test_every_field_and_mutation_names_its_permission(graphql_schema: GraphQLSchema) -> None:
    silent = [
        f"{parent.name}.{name}"
        for parent, name, field in permissions.fields_of(graphql_schema)
        if not isinstance(field.extensions.get("requires"), Permission | Open)
    ]
    assert silent == []


def test_only_signing_in_is_open_to_anyone(graphql_schema: GraphQLSchema) -> None:
    open_types = {"PageInfo"}
    found = {
        f"{parent.name}.{name}"
        for parent, name, field in permissions.fields_of(graphql_schema)
        if field.extensions["requires"] is Open.ANYONE
        and not parent.name.endswith(("Payload", "UserError"))
        and parent.name not in open_types
    }
    assert found == FOR_ANYONE


def test_what_has_a_default_takes_no_null(graphql_schema: GraphQLSchema) -> None:
    """A null in place of a default would reach the core as None, where a text or a number is promised."""
    inputs = [type_ for type_ in graphql_schema.type_map.values() if isinstance(type_, GraphQLInputObjectType)]
    found = {f"{type_.name}.{name}": value for type_ in inputs for name, value in type_.fields.items()}
    for parent, name, field in permissions.fields_of(graphql_schema):
        found |= {f"{parent.name}.{name}({argument})": value for argument, value in field.args.items()}
    defaults = {path: value for path, value in found.items() if value.default_value is not Undefined}
    assert "ScanEntry.doubtful" in defaults
    assert [path for path, value in defaults.items() if not isinstance(value.type, GraphQLNonNull)] == []


def test_payloads_and_user_errors_are_reached_only_through_mutations(graphql_schema: GraphQLSchema) -> None:
    def named(type_: object) -> str:
        while hasattr(type_, "of_type"):
            type_ = type_.of_type
        return str(type_)

    for parent, name, field in permissions.fields_of(graphql_schema):
        target = named(field.type)
        if target.endswith("Payload"):
            assert parent.name == "Mutation", f"{parent.name}.{name}"
        if target.endswith("UserError"):
            assert parent.name.endswith("Payload"), f"{parent.name}.{name}"


def test_a_field_without_a_permission_stops_the_schema_from_being_built() -> None:
    class Bare(graphene.ObjectType):
        text = graphene.String()

    class Query(permissions.Queries):
        requires = Open.SIGNED_IN
        bare = graphene.Field(Bare)

    built = graphene.Schema(query=Query).graphql_schema
    with pytest.raises(UnguardedFieldError, match=r"Bare\.text"):
        permissions.guard(built)


def test_every_mutation_takes_a_key_or_has_a_reason_not_to(graphql_schema: GraphQLSchema) -> None:
    mutation = graphql_schema.mutation_type
    assert mutation is not None
    without = {
        name
        for name, field in mutation.fields.items()
        if "idempotencyKey" not in field.args["input"].type.of_type.fields
    }
    writing_nothing = {"reviewRuleTry"}
    assert without == {"signIn", "pairingRedeem", "scanRecord", "chatLink"} | writing_nothing


def test_types_fields_of_the_roots_and_mutations_are_described(graphql_schema: GraphQLSchema) -> None:
    silent = [
        name
        for name, type_ in graphql_schema.type_map.items()
        if isinstance(type_, GraphQLObjectType | GraphQLEnumType) and not type_.description
    ]
    for root in (graphql_schema.query_type, graphql_schema.mutation_type, graphql_schema.subscription_type):
        assert root is not None
        silent += [f"{root.name}.{name}" for name, field in root.fields.items() if not field.description]
    assert silent == []


def refusals() -> set[type[Refusal]]:
    found, waiting = set(), [Refusal]
    while waiting:
        refusal = waiting.pop()
        waiting += refusal.__subclasses__()
        if refusal.__module__.startswith("pickmesh.core."):
            found.add(refusal)
    return found


def test_every_refusal_of_a_room_is_a_code_of_its_mutations(graphql_schema: GraphQLSchema) -> None:
    rooms = {
        room: room.capitalize()
        for room in ("accounts", "stock", "orders", "picking", "packing", "floor", "chats", "alerts", "mesh")
    }
    missing = []
    for refusal in refusals():
        room = refusal.__module__.split(".")[2]
        for capability in [rooms[room]] if room in rooms else rooms.values() if room in {"kit", "journal"} else ():
            enum = graphql_schema.type_map[f"{capability}ErrorCode"]
            assert isinstance(enum, GraphQLEnumType)
            missing += [] if refusal.code in enum.values else [(capability, refusal.code)]
    assert missing == []


def test_generated_sentences_have_the_right_article() -> None:
    assert re.findall(r"\b[Aa] (?:[aio]|e(?!u))\w*", schema.text(), re.IGNORECASE) == []


def test_an_id_of_another_type_is_refused_in_good_english() -> None:
    with pytest.raises(InvalidInput, match=r"^That is the id of an Order; the id of a Sku is needed\.$"):
        relay.id_of(global_id("Order", new_id()), "Sku")
