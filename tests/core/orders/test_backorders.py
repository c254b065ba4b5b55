"""Backorders: filled by rank when stock arrives, lost promises noticed, short parts sent on alone."""

from datetime import timedelta
from uuid import UUID

from tests.builders_orders import (
    ORDERED_AT,
    House,
    bring_in,
    fulfillment_orders,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    put_on_floor,
    react,
    receive,
    reserved,
)
from tests.events_told import events_told, kinds_told

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import backorders, cancel, checks, queries
from pickmesh.core.orders.tables import PaymentStatus
from pickmesh.core.stock import adjustments
from pickmesh.core.stock import checks as stock_checks
from pickmesh.core.stock.adjustments import Adjustment
from pickmesh.core.stock.rules import Level


async def lower(database: Database, merchant: Actor, house: House, code: str, by: int) -> None:
    bin_id = next(iter(house.bins.values()))
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await adjustments.adjust_stock(uow, adjustments=[Adjustment(bin_id, house.skus[code], -by)])
        assert not isinstance(answer, Refused), answer


async def short_of(database: Database, merchant: Actor, *order_ids: UUID) -> list[int]:
    async with database.reading(merchant) as uow:
        found = await queries.fulfillment_orders_of(uow, order_ids)
    return [found[each][0].short_quantity for each in order_ids]


async def nothing_is_off(database: Database, merchant: Actor) -> None:
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []


async def test_stock_that_arrives_goes_to_the_earliest_promise_first(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0})
    days = {"T-1": 3, "T-2": 1, "T-3": 2}
    verdicts = await bring_in(
        database,
        merchant,
        *(
            new_order(house, number, {"CUP": 2}, ship_by=ORDERED_AT + timedelta(days=day))
            for number, day in days.items()
        ),
    )
    ids = [verdict.order_id for verdict in verdicts]
    await receive(database, merchant, house, {"CUP": 3})
    last = await react(database, merchant)
    assert await short_of(database, merchant, *ids) == [2, 0, 2]
    assert await reserved(database, merchant, house, "CUP") == 2
    await receive(database, merchant, house, {"CUP": 1})
    await react(database, merchant, after=last)
    assert await short_of(database, merchant, *ids) == [2, 0, 0]
    assert await reserved(database, merchant, house, "CUP") == 4
    await nothing_is_off(database, merchant)


async def test_a_filled_backorder_tells_what_it_got_and_a_second_look_tells_nothing(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 0})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    (line,) = await lines_of(database, merchant, row.id)
    await receive(database, merchant, house, {"CUP": 5})
    levels = [Level(house.warehouses["HZ1"], house.skus["CUP"])]
    async with database.unit_of_work(merchant) as uow:
        assert await backorders.fill_backorders(uow, levels=levels) == [row.id]
    told = (await events_told(database, merchant))[-1]
    assert (told.kind, told.subject_id) == ("backorder_filled", row.id)
    assert told.payload["line_quantities"] == {str(line.id): 2}
    assert (told.payload["short_pieces"], told.payload["progress"]) == (0, "OPEN")
    async with database.unit_of_work(merchant) as uow:
        assert await backorders.fill_backorders(uow, levels=levels) == []
        assert await backorders.fill_backorders(uow, levels=[]) == []
    assert (await events_told(database, merchant))[-1].seq == told.seq
    (line,) = await lines_of(database, merchant, row.id)
    assert not line.is_short


async def test_a_bundle_is_filled_only_when_all_its_components_are_there(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"POT": 0, "CUP": 0}, bundles={"SET": {"POT": 1, "CUP": 2}})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"SET": 1}))
    await receive(database, merchant, house, {"POT": 5})
    last = await react(database, merchant)
    assert await reserved(database, merchant, house, "POT") == 0
    await receive(database, merchant, house, {"CUP": 2})
    await react(database, merchant, after=last)
    assert [await reserved(database, merchant, house, code) for code in ("POT", "CUP")] == [1, 2]
    assert await short_of(database, merchant, verdict.order_id) == [0]


async def test_a_cancellation_gives_its_stock_to_who_waits(database: Database, merchant: Actor) -> None:
    from_the_start = await make_house(database, merchant, {"CUP": 2})
    first, second = await bring_in(
        database,
        merchant,
        new_order(from_the_start, "T-1", {"CUP": 2}),
        new_order(from_the_start, "T-2", {"CUP": 2}, ship_by=ORDERED_AT + timedelta(days=5)),
    )
    assert (first.short_pieces, second.short_pieces) == (0, 2)
    row = await only_fulfillment_order(database, merchant, first.order_id)
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[row.id], reason="BUYER")
    await react(database, merchant)
    assert await short_of(database, merchant, second.order_id) == [0]
    assert await reserved(database, merchant, from_the_start, "CUP") == 2
    await nothing_is_off(database, merchant)


async def test_a_held_backorder_is_filled_too_and_stays_held(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0})
    unpaid = new_order(house, "T-1", {"CUP": 1}, payment_status=PaymentStatus.UNPAID)
    (verdict,) = await bring_in(database, merchant, unpaid)
    await receive(database, merchant, house, {"CUP": 1})
    await react(database, merchant)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.short_quantity, row.hold_count) == (0, 1)


async def test_reality_takes_a_promise_back_from_the_last_in_rank_and_its_order_is_short(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 4})
    early, late = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 2}),
        new_order(house, "T-2", {"CUP": 2}, ship_by=ORDERED_AT + timedelta(days=5)),
    )
    start = (await events_told(database, merchant))[-1].seq
    await lower(database, merchant, house, "CUP", 1)
    last = await react(database, merchant, after=start)
    assert await short_of(database, merchant, early.order_id, late.order_id) == [0, 1]
    assert "fulfillment_order_short" in await kinds_told(database, merchant, after=start)
    await nothing_is_off(database, merchant)
    await receive(database, merchant, house, {"CUP": 1})
    await react(database, merchant, after=last)
    assert await short_of(database, merchant, early.order_id, late.order_id) == [0, 0]
    assert await reserved(database, merchant, house, "CUP") == 4
    await nothing_is_off(database, merchant)


async def test_a_lost_line_goes_on_alone_where_the_shop_ships_what_is_there(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 1, "LID": 1}, policy=ShortagePolicy.SHIP_AVAILABLE)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1, "LID": 1}))
    start = (await events_told(database, merchant))[-1].seq
    await lower(database, merchant, house, "LID", 1)
    await react(database, merchant, after=start)
    there, missing = await fulfillment_orders(database, merchant, verdict.order_id)
    assert (there.short_quantity, missing.short_quantity) == (0, 1)
    assert [line.sku_id for line in await lines_of(database, merchant, missing.id)] == [house.skus["LID"]]
    assert [row.kind for row in await events_told(database, merchant, after=start)][-1] == "fulfillment_order_split"
    await nothing_is_off(database, merchant)


async def test_the_same_events_read_twice_change_nothing_more(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 2})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    await lower(database, merchant, house, "CUP", 1)
    await react(database, merchant)
    before = await short_of(database, merchant, verdict.order_id)
    await receive(database, merchant, house, {"CUP": 9})
    await react(database, merchant)
    await react(database, merchant)
    assert (before, await short_of(database, merchant, verdict.order_id)) == ([1], [0])
    assert await reserved(database, merchant, house, "CUP") == 2


async def test_an_order_on_the_floor_that_lost_pieces_is_filled_in_place(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 2})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    await put_on_floor(database, merchant, row.id)
    await lower(database, merchant, house, "CUP", 1)
    last = await react(database, merchant)
    assert await short_of(database, merchant, verdict.order_id) == [1]
    await receive(database, merchant, house, {"CUP": 1})
    await react(database, merchant, after=last)
    told = [event for event in await events_told(database, merchant) if event.kind == "backorder_filled"]
    assert [event.payload["progress"] for event in told] == ["RELEASED"]
    await nothing_is_off(database, merchant)
