"""Some lines stopped while the rest goes on: on the floor, in a merged parcel, of a bundle."""

from uuid import UUID

import pytest
from tests.builders_orders import (
    bring_in,
    fulfillment_orders,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    order_lines,
    pick,
    put_all_back,
    put_on_floor,
    react,
    reserved,
)
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import checks, line_stops, merging, progress, queries
from pickmesh.core.orders.cancel import Cancelled
from pickmesh.core.stock import checks as stock_checks


async def stop(database: Database, merchant: Actor, *line_ids: UUID) -> list[Cancelled | Refused]:
    async with database.unit_of_work(merchant) as uow:
        answers = await line_stops.stop_lines(uow, line_ids=line_ids, reason="BUYER")
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []
    return answers


async def test_a_picked_line_comes_back_and_the_other_is_picked_on(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    _, lid = await lines_of(database, merchant, row.id)
    await put_on_floor(database, merchant, row.id)
    await pick(database, merchant, house, row.id, {"LID": 1})
    (answer,) = await stop(database, merchant, lid.id)
    assert isinstance(answer, Cancelled)
    assert (answer.outcome, answer.lines_out) == ("INTERCEPTED", (lid.id,))
    rest, off = await fulfillment_orders(database, merchant, verdict.order_id)
    assert (rest.progress, rest.intercepted_at) == ("IN_PROGRESS", None)
    assert (off.id, off.progress, off.split_from_id) == (answer.fulfillment_order_id, "IN_PROGRESS", row.id)
    assert off.intercepted_at is not None
    await pick(database, merchant, house, row.id, {"CUP": 2})
    async with database.unit_of_work(merchant) as uow:
        await progress.record_picked(uow, {lid.id: -1})
    await put_all_back(database, merchant, house, off.id)
    await react(database, merchant)
    rest, off = await fulfillment_orders(database, merchant, verdict.order_id)
    assert (rest.progress, off.progress) == ("IN_PROGRESS", "CANCELLED")
    lines = await order_lines(database, merchant, verdict.order_id)
    assert [line.cancelled_quantity for line in lines.values()] == [0, 1]
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [2, 0]
    async with database.reading(merchant) as uow:
        assert (await queries.orders(uow, [verdict.order_id]))[verdict.order_id].cancelled_at is None


async def test_a_line_still_in_its_bin_or_of_an_open_order_is_free_at_once(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 9, "LID": 9})
    verdicts = await bring_in(database, merchant, *(new_order(house, f"T-{n}", {"CUP": 2, "LID": 1}) for n in (1, 2)))
    rows = [await only_fulfillment_order(database, merchant, each.order_id) for each in verdicts]
    await put_on_floor(database, merchant, rows[0].id)
    lids = [(await lines_of(database, merchant, row.id))[1].id for row in rows]
    answers = await stop(database, merchant, *lids)
    assert [answer.outcome for answer in answers if isinstance(answer, Cancelled)] == ["CANCELLED"] * 2
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [4, 0]
    progresses = [
        row.progress for each in verdicts for row in await fulfillment_orders(database, merchant, each.order_id)
    ]
    assert progresses == ["RELEASED", "CANCELLED", "OPEN", "CANCELLED"]


async def test_one_component_stops_the_bundle_and_the_last_line_the_order(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"POT": 9, "CUP": 9}, bundles={"SET": {"POT": 1, "CUP": 2}})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"SET": 2}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    await put_on_floor(database, merchant, row.id)
    (answer,) = await stop(database, merchant, (await lines_of(database, merchant, row.id))[0].id)
    assert isinstance(answer, Cancelled)
    assert (answer.fulfillment_order_id, answer.outcome) == (row.id, "CANCELLED")
    async with database.reading(merchant) as uow:
        assert (await queries.orders(uow, [verdict.order_id]))[verdict.order_id].cancelled_at is not None


async def test_of_a_merged_parcel_one_order_stops_and_the_other_goes_on(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    verdicts = await bring_in(
        database, merchant, new_order(house, "T-1", {"CUP": 2}), new_order(house, "T-2", {"LID": 1})
    )
    one, other = [await only_fulfillment_order(database, merchant, each.order_id) for each in verdicts]
    (lid,) = await lines_of(database, merchant, other.id)
    async with database.unit_of_work(merchant) as uow:
        await merging.merge_fulfillment_orders(uow, merges=[(one.id, other.id)])
    await put_on_floor(database, merchant, one.id)
    (answer,) = await stop(database, merchant, lid.id)
    assert isinstance(answer, Cancelled)
    async with database.reading(merchant) as uow:
        found = await queries.orders(uow, [one.order_id, other.order_id])
        assert [found[each.order_id].cancelled_at is not None for each in (one, other)] == [False, True]
        assert (await queries.fulfillment_orders(uow, [one.id]))[one.id].progress == "RELEASED"


@pytest.mark.parametrize("packed", [1, 2])
async def test_what_lies_in_a_parcel_is_refused_unless_it_is_all_there_is(
    database: Database, merchant: Actor, packed: int
) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1, "LID": 1}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    lines = await lines_of(database, merchant, row.id)
    await put_on_floor(database, merchant, row.id)
    await pick(database, merchant, house, row.id, {"CUP": 1, "LID": 1})
    async with database.unit_of_work(merchant) as uow:
        await progress.record_packed(uow, {line.id: 1 for line in lines[:packed]})
    (answer, unknown) = await stop(database, merchant, lines[0].id, new_id())
    assert [each.refusal.code for each in (answer, unknown) if isinstance(each, Refused)] == ["IN_PARCEL", "NOT_FOUND"]
    if packed == 1:
        (answer,) = await stop(database, merchant, lines[1].id)
        assert isinstance(answer, Cancelled)
        rest, _ = await fulfillment_orders(database, merchant, verdict.order_id)
        assert rest.progress == "PACKED"  # only the lid was missing


async def test_stopping_1_10_and_100_lines_takes_the_same_number_of_statements(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 900, "LID": 900})
    sent = []
    for size in (1, 10, 100):
        verdicts = await bring_in(
            database, merchant, *(new_order(house, f"{size}-{n}", {"CUP": 1, "LID": 1}) for n in range(size))
        )
        async with database.reading(merchant) as uow:
            found = await queries.fulfillment_orders_of(uow, [each.order_id for each in verdicts])
            lines = await queries.lines_of_fulfillment_orders(uow, [rows[0].id for rows in found.values()])
        with statements(database) as counted:
            async with database.unit_of_work(merchant) as uow:
                await line_stops.stop_lines(uow, line_ids=[own[0].id for own in lines.values()], reason="BUYER")
        sent.append(len(counted))
    assert sent[0] == sent[1] == sent[2]
