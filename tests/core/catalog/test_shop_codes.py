from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from builders_accounts import make_person, make_shop
from builders_catalog import make_skus
from events_told import kinds_told
from statements import statements

from pickmesh.core.catalog import queries, shop_codes
from pickmesh.core.catalog.rules import SHOP_CODES_MAX
from pickmesh.core.catalog.shop_codes import Mapped, NewMapping, Unmapped
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted, Refused


async def map_(database: Database, actor: Actor, *wanted: NewMapping, **more: Any) -> list[Mapped | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await shop_codes.map_shop_codes(uow, mappings=wanted, **more)


async def unmap(database: Database, actor: Actor, *codes: tuple[UUID, str]) -> list[Unmapped | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await shop_codes.unmap_shop_codes(uow, codes=codes)


async def stands_for(database: Database, actor: Actor, *keys: tuple[UUID, str]) -> list[str | None]:
    async with database.reading(actor) as uow:
        found = await queries.skus_of_shop_codes(uow, keys)
    return [found[key].code if key in found else None for key in keys]


def codes_of(answers: Sequence[Any]) -> list[str | bool]:
    return [answer.refusal.code if isinstance(answer, Refused) else answer.changed for answer in answers]


async def test_a_code_is_mapped_once_and_changed_only_when_that_is_said(database: Database, merchant: Actor) -> None:
    tb = await make_shop(database, merchant, "tb")
    ids = await make_skus(database, merchant, ["A", "B"])
    to_a, to_b = NewMapping(tb, "6688", ids["A"]), NewMapping(tb, "6688", ids["B"])
    assert codes_of(await map_(database, merchant, to_a)) == [True]
    assert codes_of(await map_(database, merchant, to_a)) == [False]
    (refused,) = await map_(database, merchant, to_b)
    assert isinstance(refused, Refused)
    assert refused.refusal.message == (
        "tb's code 6688 stands for A already; map it with “replace” to let it stand for another SKU."
    )
    assert refused.refusal.data == {"sku_id": str(ids["A"]), "sku": "A"}
    before = len(await kinds_told(database, merchant))
    (changed,) = await map_(database, merchant, to_b, replace=True)
    assert isinstance(changed, Mapped)
    assert (changed.changed, changed.replaced_sku_id) == (True, ids["A"])
    assert await kinds_told(database, merchant, after=before) == ["sku_changed", "sku_changed"]
    assert await stands_for(database, merchant, (tb, "6688")) == ["B"]


async def test_each_mapping_is_judged_by_itself(database: Database, merchant: Actor) -> None:
    tb = await make_shop(database, merchant, "tb")
    ids = await make_skus(database, merchant, ["A", "B"])
    answers = await map_(
        database,
        merchant,
        NewMapping(new_id(), "1", ids["A"]),
        NewMapping(tb, " 1", ids["A"]),
        NewMapping(tb, "1", new_id()),
        NewMapping(tb, "1", ids["A"]),
        NewMapping(tb, "1", ids["B"]),
        NewMapping(tb, "2", ids["B"]),
        versions={ids["B"]: 9},
    )
    assert codes_of(answers) == [
        *("UNKNOWN_SHOP", "INVALID_INPUT", "NOT_FOUND"),
        *(True, "STALE_VERSION", "STALE_VERSION"),
    ]
    twice = [NewMapping(tb, "3", ids["A"]), NewMapping(tb, "3", ids["B"]), NewMapping(tb, "3", ids["A"])]
    assert codes_of(await map_(database, merchant, *twice)) == [True, "INVALID_INPUT", False]


async def test_a_sku_has_a_bounded_number_of_codes(database: Database, merchant: Actor) -> None:
    tb = await make_shop(database, merchant, "tb")
    ids = await make_skus(database, merchant, ["A"])
    wanted = [NewMapping(tb, f"C{number}", ids["A"]) for number in range(SHOP_CODES_MAX + 1)]
    answers = await map_(database, merchant, *wanted)
    assert codes_of(answers) == [*[True] * SHOP_CODES_MAX, "LIMIT_EXCEEDED"]


async def test_a_code_taken_away_stands_for_nothing(database: Database, merchant: Actor) -> None:
    tb = await make_shop(database, merchant, "tb")
    await make_skus(database, merchant, ["A"], shop="tb")
    assert codes_of(await unmap(database, merchant, (tb, "A"), (new_id(), "A"))) == [True, "UNKNOWN_SHOP"]
    assert codes_of(await unmap(database, merchant, (tb, "A"))) == [False]
    assert await stands_for(database, merchant, (tb, "A")) == [None]


async def test_mapping_is_a_permission_and_stays_within_a_merchant(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    tb = await make_shop(database, merchant, "tb")
    theirs = await make_shop(database, stranger, "tb")
    ids = await make_skus(database, merchant, ["A"], shop="tb")
    _, support = await make_person(database, merchant, Role.SUPPORT)
    with pytest.raises(NotPermitted):
        await map_(database, support)
    assert codes_of(await map_(database, stranger, NewMapping(tb, "X", ids["A"]))) == ["UNKNOWN_SHOP"]
    assert codes_of(await map_(database, stranger, NewMapping(theirs, "X", ids["A"]))) == ["NOT_FOUND"]
    assert codes_of(await unmap(database, stranger, (theirs, "A"))) == [False]
    assert await stands_for(database, merchant, (tb, "A")) == ["A"]


async def test_the_statements_do_not_grow_with_the_batch(database: Database, merchant: Actor) -> None:
    tb = await make_shop(database, merchant, "tb")
    ids = list((await make_skus(database, merchant, [f"S{number}" for number in range(60)])).values())
    sent: dict[int, tuple[int, int]] = {}
    for size in (1, 10, 49):
        batch, ids = ids[:size], ids[size:]
        with statements(database) as mapping:
            await map_(database, merchant, *[NewMapping(tb, f"C-{each}", each) for each in batch], replace=True)
        with statements(database) as unmapping:
            await unmap(database, merchant, *[(tb, f"C-{each}") for each in batch])
        sent[size] = (len(mapping), len(unmapping))
    assert len(set(sent.values())) == 1, sent
