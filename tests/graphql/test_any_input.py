"""Whatever a client sends, every operation answers or refuses: nothing breaks inside, and the books stay right."""

import json
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from tests.builders_graphql import Ids
from tests.graphql.test_walls import CODES, OF_THE_BOT, document, mutations, queries, type_of_id
from tests.racing import assert_sound

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.ids import new_id
from pickmesh.graphql.ids import global_id

TURNS = 12
OF_SIGNING_IN = {"signIn", "signOut", "pairingRedeem", "apiKeyEnd", *OF_THE_BOT}
"""Mutations that end or change the way the test itself asks."""
TEXTS = [
    "",
    " ",
    "x",
    "A\x00B",
    "\ud800",
    "喵" * 200,
    "x" * 10_000,
    "'; drop table sku; --",
    "\u202e%_\\",
    "1e400",
    "-1",
]
NUMBERS = [0, 1, 2, -1, 7, 250, 251, 1_000_001, 2**31 - 1, -(2**31)]
LONGS = [*NUMBERS, 2**53 - 1, -(2**53 - 1)]
MOMENTS = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-24T12:00:00+08:00", "1969-07-20T20:17:00-12:00"]
DAYS = ["0001-01-01", "9999-12-31", "2027-01-31"]


class Chance:
    """Makes values at random, the same ones in every run: right ones, wrong ones and absurd ones."""

    def __init__(self, seed: str, ids: Ids) -> None:
        self.chance = random.Random(seed)
        self.ids = ids

    def value(self, name: str, type_: Any, owner: str) -> Any:
        """Return a value for an argument or input field."""
        if is_non_null_type(type_):
            type_ = type_.of_type
        elif self.chance.random() < 0.4:
            return None
        if is_list_type(type_):
            return [self.value(name, type_.of_type, owner) for _ in range(self.chance.choice([0, 1, 1, 2, 3]))]
        if isinstance(type_, GraphQLInputObjectType):
            return self.input(type_, owner)
        if isinstance(type_, GraphQLEnumType):
            return self.chance.choice(list(type_.values))
        if type_.name == "ID":
            return self.id(type_of_id(name, owner))
        return self.leaf(type_.name, name, owner)

    def input(self, type_: GraphQLInputObjectType, owner: str) -> dict[str, Any]:
        """Return an input; a field that may be left out sometimes is."""
        made = {name: self.value(name, field.type, owner) for name, field in type_.fields.items()}
        return {
            name: value
            for name, value in made.items()
            if value is not None or (name != "idempotencyKey" and self.chance.random() < 0.3)
        }

    def id(self, type_name: str) -> str:
        """Return an id: one of the merchant's, mostly of the right type, or nonsense."""
        if self.chance.random() < 0.15:
            return self.chance.choice([*TEXTS, global_id(type_name, new_id()), global_id("Nothing", new_id())])
        of_type = self.ids.get(type_name) or self.ids[self.chance.choice(list(self.ids))]
        known = type_name if type_name in self.ids else self.chance.choice(list(self.ids))
        return global_id(known, self.chance.choice(of_type))

    def leaf(self, type_name: str, name: str, owner: str) -> Any:
        """Return a value of a scalar."""
        made: dict[str, Callable[[], Any]] = {
            "Int": lambda: self.chance.choice([1, 1, 2, *NUMBERS]),
            "Long": lambda: self.chance.choice([1, 100, *LONGS]),
            "Float": lambda: self.chance.choice([0.5, -1.0, 1e308]),
            "Boolean": lambda: self.chance.random() < 0.5,
            "DateTime": lambda: self.chance.choice(MOMENTS),
            "Date": lambda: self.chance.choice(DAYS),
            "JSON": lambda: self.chance.choice([{}, [], {"a": [1, "\x00"]}, "x", None]),
            "UUID": lambda: str(new_id()),
        }
        told = [*CODES.values(), "TB0", "CNY", "CN", "13812345678", "10:30", CODES.get(owner, name)]
        return made.get(type_name, partial(self.text, told))()

    def text(self, known: list[str]) -> str:
        """Return a text: one that means something here, or nonsense."""
        return self.chance.choice(known if self.chance.random() < 0.6 else TEXTS)


async def ask(client: Any, query: str, /, **variables: Any) -> dict[str, Any]:
    """Return the whole answer; halves of characters travel as escapes, which is how JSON lets them in."""
    body = json.dumps({"query": query, "variables": variables})
    answer = await client.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    found: dict[str, Any] = answer.json()
    return found


def broken(answer: dict[str, Any]) -> list[str]:
    """Return the codes of what no client may ever be told."""
    return [error["extensions"]["code"] for error in answer.get("errors", ()) if _is_bug(error)]


def _is_bug(error: dict[str, Any]) -> bool:
    return error["extensions"]["code"] == "INTERNAL"


@pytest.mark.parametrize("name", [name for name in mutations() if name not in OF_SIGNING_IN])
async def test_a_mutation_answers_or_refuses_whatever_it_is_sent(
    database: Database, client_of: Any, furnished: Any, name: str
) -> None:
    merchant, ids = await furnished(2, 9)
    client = await client_of(merchant)
    type_ = mutations()[name]
    text = (
        f"mutation ($input: {type_.name}!) {{ {name}(input: $input) {{ userErrors {{ code field message data }} }} }}"
    )
    chance = Chance(name, ids)
    for turn in range(TURNS):
        given = chance.input(type_, "")
        answer = await ask(client, text, input=given)
        assert not broken(answer), (given, answer)
        if "idempotencyKey" in type_.fields and turn % 4 == 0:
            keyed = {**given, "idempotencyKey": f"{name} {turn}"}
            answers = [await ask(client, text, input=keyed) for _ in range(2)]
            assert not [bug for each in answers for bug in broken(each)], (keyed, answers)
            assert answers[0] == answers[1]
    await assert_sound(database, merchant)


@pytest.mark.parametrize("name", queries())
async def test_a_query_answers_or_refuses_whatever_it_is_asked(client_of: Any, furnished: Any, name: str) -> None:
    merchant, ids = await furnished(2, 9)
    client = await client_of(merchant)
    field: GraphQLField = queries()[name]
    owner = get_named_type(field.type).name.removesuffix("Connection")
    chance = Chance(name, ids)
    for _ in range(TURNS):
        given = {key: chance.value(key, argument.type, owner) for key, argument in field.args.items()}
        given = {key: value for key, value in given.items() if value is not None}
        answer = await ask(client, document(name, field), **given)
        assert not broken(answer), (given, answer)
