"""Splits: units that go on by themselves keep their promise; bundles stay whole."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
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
from pickmesh.core.orders import checks, queries, splits
from pickmesh.core.orders.splits import Split, SplitOff
from pickmesh.core.orders.tables import PaymentStatus
from pickmesh.core.stock import checks as stock_checks


async def split(database: Database, merchant: Actor, *wanted: Split) -> list[SplitOff | Refused]:
    async with database.unit_of_work(merchant) as uow:
        answers = await splits.split_fulfillment_orders(uow, splits=wanted)
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []
    return answers


async def contents(database: Database, merchant: Actor, each: UUID) -> list[tuple[UUID, int, bool]]:
    return [(line.sku_id, line.quantity, line.is_short) for line in await lines_of(database, merchant, each)]


async def test_a_whole_line_moves_with_its_promise_and_its_very_row(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    unpaid = new_order(house, "T-1", {"CUP": 2, "LID": 1}, payment_status=PaymentStatus.UNPAID)
    (verdict,) = await bring_in(database, merchant, unpaid)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    cup, lid = await lines_of(database, merchant, row.id)
    (answer,) = await split(database, merchant, Split(row.id, {lid.group_id: 1}))
    assert isinstance(answer, SplitOff)
    old, new = await fulfillment_orders(database, merchant, verdict.order_id)
    assert (new.id, new.number, new.location_id, new.ship_by) == (answer.into_id, 2, old.location_id, old.ship_by)
    assert (old.hold_count, new.hold_count) == (1, 1)
    assert [line.id for line in await lines_of(database, merchant, new.id)] == [lid.id]
    assert [line.id for line in await lines_of(database, merchant, old.id)] == [cup.id]
    told = (await events_told(database, merchant))[-1]
    assert (told.kind, told.subject_id, told.payload["into_id"]) == ("fulfillment_order_split", old.id, str(new.id))
    async with database.reading(merchant) as uow:
        assert [hold.reason for hold in (await queries.holds_of(uow, [new.id]))[new.id]] == ["PAYMENT"]


async def test_part_of_a_line_moves_and_both_parts_stay_promised(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 5}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    (line,) = await lines_of(database, merchant, row.id)
    (answer,) = await split(database, merchant, Split(row.id, {line.group_id: 2}, version=row.version))
    assert isinstance(answer, SplitOff)
    assert await contents(database, merchant, row.id) == [(house.skus["CUP"], 3, False)]
    assert await contents(database, merchant, answer.into_id) == [(house.skus["CUP"], 2, False)]
    assert await reserved(database, merchant, house, "CUP") == 5


async def test_bundles_are_split_by_whole_bundles(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"POT": 9, "CUP": 9}, bundles={"SET": {"POT": 1, "CUP": 2}})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"SET": 3}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    group_id = (await lines_of(database, merchant, row.id))[0].group_id
    (answer,) = await split(database, merchant, Split(row.id, {group_id: 1}))
    assert isinstance(answer, SplitOff)
    part = await lines_of(database, merchant, answer.into_id)
    assert {(line.sku_id, line.quantity, line.per_unit) for line in part} == {
        (house.skus["POT"], 1, 1),
        (house.skus["CUP"], 2, 2),
    }
    assert len({line.group_id for line in part}) == 1
    assert group_id not in {line.group_id for line in part}
    assert [await reserved(database, merchant, house, code) for code in ("POT", "CUP")] == [3, 6]


async def test_a_short_line_that_is_divided_gets_what_is_there_for_one_part(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 2})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 5}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    (line,) = await lines_of(database, merchant, row.id)
    (answer,) = await split(database, merchant, Split(row.id, {line.group_id: 3}))
    assert isinstance(answer, SplitOff)
    old, new = await fulfillment_orders(database, merchant, verdict.order_id)
    assert (old.short_quantity, new.short_quantity) == (0, 3)
    assert await reserved(database, merchant, house, "CUP") == 2


BAD: list[tuple[Mapping[str, int], str]] = [
    ({}, "BAD_SPLIT"),
    ({"CUP": 0}, "BAD_SPLIT"),
    ({"CUP": 3}, "BAD_SPLIT"),
    ({"CUP": -1}, "BAD_SPLIT"),
    ({"CUP": 2, "LID": 1}, "BAD_SPLIT"),
    ({"other": 1}, "BAD_SPLIT"),
]


@pytest.mark.parametrize(("units", "code"), BAD)
async def test_a_split_that_leaves_nothing_on_one_side_or_asks_for_too_much_is_refused(
    database: Database, merchant: Actor, units: Mapping[str, int], code: str
) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    cup, lid = await lines_of(database, merchant, row.id)
    groups: dict[str, Any] = {"CUP": cup.group_id, "LID": lid.group_id, "other": new_id()}
    (answer,) = await split(database, merchant, Split(row.id, {groups[name]: count for name, count in units.items()}))
    assert isinstance(answer, Refused)
    assert answer.refusal.code == code
    assert len(await fulfillment_orders(database, merchant, verdict.order_id)) == 1


async def test_a_second_split_in_one_batch_a_stale_version_and_released_work_are_refused(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 9})
    one, two, three = await bring_in(
        database, merchant, *(new_order(house, f"T-{number}", {"CUP": 3}) for number in (1, 2, 3))
    )
    rows = [await only_fulfillment_order(database, merchant, verdict.order_id) for verdict in (one, two, three)]
    groups = [(await lines_of(database, merchant, row.id))[0].group_id for row in rows]
    await put_on_floor(database, merchant, rows[2].id)
    answers = await split(
        database,
        merchant,
        Split(rows[0].id, {groups[0]: 1}),
        Split(rows[0].id, {groups[0]: 1}),
        Split(rows[1].id, {groups[1]: 1}, version=9),
        Split(rows[2].id, {groups[2]: 1}),
        Split(new_id(), {groups[2]: 1}),
    )
    codes = [answer.refusal.code if isinstance(answer, Refused) else "done" for answer in answers]
    assert codes == ["done", "BAD_SPLIT", "STALE_VERSION", "ALREADY_RELEASED", "NOT_FOUND"]
