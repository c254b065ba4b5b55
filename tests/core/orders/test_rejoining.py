"""Splits undone: the parts become one again with everything they were promised."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_orders import (
    bring_in,
    fulfillment_orders,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    put_on_floor,
    reserved,
)
from tests.events_told import events_told

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import carriers, checks, holds, rejoining, splits
from pickmesh.core.orders.rejoining import Rejoined
from pickmesh.core.orders.splits import Split, SplitOff
from pickmesh.core.stock import checks as stock_checks

BUNDLES = {"SET": {"POT": 1, "CUP": 2}}


async def split(database: Database, merchant: Actor, each: UUID, units: dict[UUID, int]) -> UUID:
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await splits.split_fulfillment_orders(uow, splits=[Split(each, units)])
    assert isinstance(answer, SplitOff)
    return answer.into_id


async def unsplit(database: Database, merchant: Actor, *ids: UUID, **named: Any) -> list[Rejoined | Refused]:
    async with database.unit_of_work(merchant) as uow:
        answers = await rejoining.unsplit_fulfillment_orders(uow, ids=ids, **named)
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []
    return answers


async def only_row(database: Database, merchant: Actor, wanted: dict[str, int], stock: dict[str, int]) -> sa.Row[Any]:
    house = await make_house(database, merchant, stock, bundles=BUNDLES if "SET" in wanted else None)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", wanted))
    return await only_fulfillment_order(database, merchant, verdict.order_id)


async def test_parts_of_a_line_and_of_a_bundle_become_one_again_and_stay_promised(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"POT": 9, "CUP": 9}, bundles=BUNDLES)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"SET": 3, "CUP": 3}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    before = {(line.id, line.quantity) for line in await lines_of(database, merchant, row.id)}
    groups = {line.group_id for line in await lines_of(database, merchant, row.id)}
    off = await split(database, merchant, row.id, dict.fromkeys(groups, 1))
    assert await unsplit(database, merchant, off) == [Rejoined(off, row.id)]
    assert {(line.id, line.quantity) for line in await lines_of(database, merchant, row.id)} == before
    assert [await reserved(database, merchant, house, code) for code in ("POT", "CUP")] == [3, 9]
    old, new = await fulfillment_orders(database, merchant, verdict.order_id)
    assert (old.progress, new.progress, new.merged_into_id) == ("OPEN", "MERGED", old.id)
    told = (await events_told(database, merchant))[-1]
    assert (told.kind, told.subject_id) == ("fulfillment_order_unsplit", off)
    (again,) = await unsplit(database, merchant, off)
    assert isinstance(again, Refused)
    assert again.refusal.code == "ALREADY_RELEASED"


async def test_a_whole_line_moves_back_as_it_is(database: Database, merchant: Actor) -> None:
    row = await only_row(database, merchant, {"CUP": 2, "LID": 1}, {"CUP": 5, "LID": 5})
    lid = (await lines_of(database, merchant, row.id))[1]
    off = await split(database, merchant, row.id, {lid.group_id: 1})
    await unsplit(database, merchant, off)
    assert [line.id for line in await lines_of(database, merchant, row.id)][1] == lid.id


async def test_a_part_that_lacks_goods_comes_back_as_a_line_of_its_own(database: Database, merchant: Actor) -> None:
    row = await only_row(database, merchant, {"CUP": 5}, {"CUP": 2})
    (line,) = await lines_of(database, merchant, row.id)
    off = await split(database, merchant, row.id, {line.group_id: 3})
    await unsplit(database, merchant, off)
    found = [(each.quantity, each.is_short) for each in await lines_of(database, merchant, row.id)]
    assert sorted(found) == [(2, False), (3, True)]
    (whole, _) = await fulfillment_orders(database, merchant, row.order_id)
    assert whole.short_quantity == 3


@pytest.mark.parametrize("which", ["released", "held", "never split", "twice", "stale", "unknown"])
async def test_what_cannot_be_undone_is_refused(database: Database, merchant: Actor, which: str) -> None:
    row = await only_row(database, merchant, {"CUP": 5}, {"CUP": 9})
    (line,) = await lines_of(database, merchant, row.id)
    off = await split(database, merchant, row.id, {line.group_id: 3})
    if which == "released":
        await put_on_floor(database, merchant, row.id)
    if which == "held":
        async with database.unit_of_work(merchant) as uow:
            await holds.hold(uow, fulfillment_order_ids=[off])
    ids = {"never split": [row.id], "twice": [off, off], "unknown": [new_id()]}.get(which, [off])
    versions = {off: 9} if which == "stale" else {}
    answer = (await unsplit(database, merchant, *ids, versions=versions))[-1]
    assert isinstance(answer, Refused)
    assert (
        answer.refusal.code
        == {
            "released": "ALREADY_RELEASED",
            "held": "CANNOT_MERGE",
            "never split": "NOT_MERGED",
            "twice": "CANNOT_MERGE",
            "stale": "STALE_VERSION",
            "unknown": "NOT_FOUND",
        }[which]
    )


async def test_parts_of_different_carriers_stay_apart_and_a_part_brings_its_carrier_back(
    database: Database, merchant: Actor
) -> None:
    row = await only_row(database, merchant, {"CUP": 5}, {"CUP": 9})
    (line,) = await lines_of(database, merchant, row.id)
    one, two = [await split(database, merchant, row.id, {line.group_id: 1}) for _ in range(2)]
    async with database.unit_of_work(merchant) as uow:
        await carriers.set_carriers(uow, {one: "SF", two: "ZTO"})
    joined, refused = await unsplit(database, merchant, one, two)
    assert joined == Rejoined(one, row.id)
    assert isinstance(refused, Refused)
    assert "SF, ZTO" in str(refused.refusal)
    found = {each.id: each.carrier for each in await fulfillment_orders(database, merchant, row.order_id)}
    assert found[row.id] == "SF"
