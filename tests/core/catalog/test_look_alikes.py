from typing import Any
from uuid import UUID

import pytest
from builders_accounts import make_person
from builders_catalog import make_skus
from hypothesis import given
from hypothesis import strategies as st
from statements import statements

from pickmesh.core.catalog import look_alikes
from pickmesh.core.catalog.look_alikes import LookAlikeRow, Pair
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted, Refused


async def mark(database: Database, actor: Actor, *pairs: Pair, unmark: bool = False) -> list[Any]:
    act = look_alikes.unmark_look_alikes if unmark else look_alikes.mark_look_alikes
    async with database.unit_of_work(actor) as uow:
        answers = await act(uow, pairs=pairs)
    return [answer.refusal.code if isinstance(answer, Refused) else answer.changed for answer in answers]


async def scan_wrong(database: Database, actor: Actor, *pairs: Pair) -> None:
    async with database.unit_of_work(actor) as uow:
        await look_alikes.record_wrong_scan(uow, pairs)


async def of(database: Database, actor: Actor, sku_id: UUID) -> list[LookAlikeRow]:
    async with database.reading(actor) as uow:
        return (await look_alikes.look_alikes_of(uow, [sku_id])).get(sku_id, [])


@given(st.uuids(), st.uuids())
def test_a_pair_is_kept_one_way_round(one: UUID, other: UUID) -> None:
    assert look_alikes.ordered((one, other)) == look_alikes.ordered((other, one)) == tuple(sorted((one, other)))


async def test_wrong_scans_are_counted_in_both_directions_and_seen_from_both_sides(
    database: Database, merchant: Actor
) -> None:
    ids = await make_skus(database, merchant, ["RED", "PINK", "BLUE"])
    red, pink, blue = ids["RED"], ids["PINK"], ids["BLUE"]
    await scan_wrong(database, merchant, (red, pink), (pink, red), (red, red))
    await scan_wrong(database, merchant, (pink, red), (blue, red))
    seen = await of(database, merchant, red)
    assert [(row.sku_id, row.wrong_scans, row.marked_at) for row in seen] == [(pink, 3, None), (blue, 1, None)]
    assert [(row.sku_id, row.wrong_scans) for row in await of(database, merchant, pink)] == [(red, 3)]


async def test_a_mark_keeps_the_count_and_taking_it_away_forgets_it(database: Database, merchant: Actor) -> None:
    ids = await make_skus(database, merchant, ["RED", "PINK"])
    pair = ids["RED"], ids["PINK"]
    person_id, manager = await make_person(database, merchant, Role.MANAGER)
    await scan_wrong(database, merchant, pair)
    assert await mark(database, manager, pair) == [True]
    assert await mark(database, manager, pair[::-1]) == [False]
    await scan_wrong(database, merchant, pair)
    (row,) = await of(database, merchant, ids["PINK"])
    assert (row.wrong_scans, row.marked_by, row.marked_at) == (2, person_id, database.clock.now())
    assert await mark(database, merchant, pair, unmark=True) == [True]
    assert await mark(database, merchant, pair, unmark=True) == [False]
    assert await of(database, merchant, ids["RED"]) == []


async def test_a_sku_is_no_look_alike_of_itself_or_of_what_is_not_there(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    ids = await make_skus(database, merchant, ["RED", "PINK"])
    red = ids["RED"]
    assert await mark(database, merchant, (red, red), (red, new_id()), (new_id(), red)) == [
        "INVALID_INPUT", "NOT_FOUND", "NOT_FOUND",
    ]  # fmt: skip
    assert await mark(database, stranger, (red, ids["PINK"])) == ["NOT_FOUND"]


async def test_marking_is_a_permission(database: Database, merchant: Actor) -> None:
    _, picker = await make_person(database, merchant, Role.PICKER)
    for unmark in (False, True):
        with pytest.raises(NotPermitted):
            await mark(database, picker, unmark=unmark)


async def test_the_statements_do_not_grow_with_the_batch(database: Database, merchant: Actor) -> None:
    ids = list((await make_skus(database, merchant, [f"S{number}" for number in range(60)])).values())
    sent: dict[int, list[int]] = {}
    for size in (2, 10, 48):
        batch, ids = ids[:size], ids[size:]
        pairs = list(zip(batch[::2], batch[1::2], strict=True))
        with statements(database) as marking:
            await mark(database, merchant, *pairs)
        with statements(database) as scanning:
            await scan_wrong(database, merchant, *pairs)
        with statements(database) as reading:
            await of(database, merchant, batch[0])
        sent[size] = [len(marking), len(scanning), len(reading)]
    assert len({tuple(each) for each in sent.values()}) == 1, sent
