"""Queries of orders: pages that neither skip nor repeat, filters, what a wave may take, timelines."""

from datetime import timedelta
from uuid import UUID

import pytest
from tests.builders_accounts import make_person, make_shop
from tests.builders_orders import (
    ORDERED_AT,
    House,
    bring_in,
    make_house,
    new_order,
    only_fulfillment_order,
)

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import page_request
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted
from pickmesh.core.orders import holds, lists, progress, queries
from pickmesh.core.orders.lists import FulfillmentOrderFilter, OrderFilter
from pickmesh.core.orders.rules import Status
from pickmesh.core.orders.tables import PaymentStatus, Progress


async def five(database: Database, merchant: Actor) -> tuple[House, list[UUID]]:
    house = await make_house(database, merchant, {"CUP": 4})
    orders = [
        new_order(house, f"T-{number}", {"CUP": 1}, ship_by=ORDERED_AT + timedelta(days=number))
        for number in range(1, 6)
    ]
    return house, [verdict.order_id for verdict in await bring_in(database, merchant, *orders)]


async def test_pages_run_through_all_orders_newest_first_and_back(database: Database, merchant: Actor) -> None:
    _, ids = await five(database, merchant)
    async with database.reading(merchant) as uow:
        first = await lists.order_page(uow, page_request(2, None))
        second = await lists.order_page(uow, page_request(2, first.cursors[-1]))
        third = await lists.order_page(uow, page_request(2, second.cursors[-1]))
        back = await lists.order_page(uow, page_request(None, None, 2, third.cursors[0]))
    seen = [row.id for page in (first, second, third) for row in page.items]
    assert seen == sorted(ids, reverse=True)
    assert [page.has_next for page in (first, second, third)] == [True, True, False]
    assert [row.id for row in back.items] == [row.id for row in second.items]


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (OrderFilter(external_ids=["T-2", "T-9"]), ["T-2"]),
        (OrderFilter(numbers=[1, 5]), ["T-5", "T-1"]),
        (OrderFilter(payment_statuses=[PaymentStatus.COD]), []),
        (OrderFilter(ordered_from=ORDERED_AT, ordered_before=ORDERED_AT), []),
        (OrderFilter(ordered_from=ORDERED_AT, cancelled=False), ["T-5", "T-4", "T-3", "T-2", "T-1"]),
        (OrderFilter(cancelled=True), []),
        (OrderFilter(shop_ids=[]), []),
        (OrderFilter(ids=[new_id()]), []),
    ],
)
async def test_orders_are_filtered_by_every_condition(
    database: Database, merchant: Actor, chosen: OrderFilter, numbers: list[str]
) -> None:
    await five(database, merchant)
    async with database.reading(merchant) as uow:
        page = await lists.order_page(uow, page_request(None, None), chosen)
    assert [row.external_id for row in page.items] == numbers


async def test_a_person_of_one_shop_and_warehouse_sees_only_theirs(database: Database, merchant: Actor) -> None:
    await five(database, merchant)
    other = await make_shop(database, merchant, "JD")
    limits = {"shop_ids": frozenset({other}), "warehouse_ids": frozenset({new_id()})}
    _, support = await make_person(database, merchant, Role.SUPPORT, **limits)
    _, picker = await make_person(database, merchant, Role.PICKER)
    everything = page_request(None, None)
    async with database.reading(support) as uow:
        assert (await lists.order_page(uow, everything)).items == []
        assert (await lists.fulfillment_order_page(uow, everything)).items == []
    async with database.reading(picker) as uow:
        with pytest.raises(NotPermitted):
            await lists.order_page(uow, everything)
        with pytest.raises(NotPermitted):
            await lists.fulfillment_order_page(uow, everything)


async def test_fulfillment_orders_are_filtered_by_status_time_and_place(database: Database, merchant: Actor) -> None:
    house, ids = await five(database, merchant)
    everything = page_request(None, None)
    async with database.reading(merchant) as uow:
        page = lists.fulfillment_order_page
        short = await page(uow, everything, FulfillmentOrderFilter(statuses=[Status.BACKORDERED]))
        urgent = await page(uow, everything, FulfillmentOrderFilter(ship_by_before=ORDERED_AT + timedelta(days=2)))
        here = await page(uow, everything, FulfillmentOrderFilter(location_id=house.warehouses["HZ1"]))
        there = await page(uow, everything, FulfillmentOrderFilter(location_id=new_id()))
        open_ones = await page(uow, everything, FulfillmentOrderFilter(progresses=[Progress.OPEN], numbers=[2, 3]))
        of_order = await page(uow, everything, FulfillmentOrderFilter(order_ids=ids[:1]))
    assert [row.order_id for row in short.items] == [ids[4]]
    assert [row.order_id for row in urgent.items] == [ids[0]]
    assert (len(here.items), len(there.items)) == (5, 0)
    assert [row.number for row in open_ones.items] == [3, 2]
    assert [row.order_id for row in of_order.items] == ids[:1]


async def test_a_cursor_of_another_list_is_refused(database: Database, merchant: Actor) -> None:
    request = page_request(2, "WyJub3QgYW4gaWQiXQ==")
    async with database.reading(merchant) as uow:
        with pytest.raises(InvalidInput):
            await lists.order_page(uow, request)


async def test_a_wave_may_take_what_is_open_unheld_reserved_and_due_most_urgent_first(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    house = await make_house(database, merchant, {"CUP": 9, "LID": 0})
    orders = {
        "late": new_order(house, "T-1", {"CUP": 1}, ship_by=ORDERED_AT + timedelta(days=3)),
        "soon": new_order(house, "T-2", {"CUP": 2}, ship_by=ORDERED_AT + timedelta(days=1)),
        "first": new_order(house, "T-3", {"CUP": 1}, ship_by=ORDERED_AT + timedelta(days=9), priority=5),
        "short": new_order(house, "T-4", {"LID": 1}),
        "unpaid": new_order(house, "T-5", {"CUP": 1}, payment_status=PaymentStatus.UNPAID),
        "later": new_order(house, "T-6", {"CUP": 1}, fulfill_at=clock.now() + timedelta(hours=2)),
        "released": new_order(house, "T-7", {"CUP": 1}),
    }
    verdicts = await bring_in(database, merchant, *orders.values())
    ids = {
        name: (await only_fulfillment_order(database, merchant, verdict.order_id)).id
        for name, verdict in zip(orders, verdicts, strict=True)
    }
    async with database.unit_of_work(merchant) as uow:
        await progress.mark_released(uow, [ids["released"]])
    names = {each: name for name, each in ids.items()}

    async def taken(limit: int = 10, single_piece: bool | None = None, wanted: list[UUID] | None = None) -> list[str]:
        async with database.reading(merchant) as uow:
            found = await queries.releasable(
                uow, location_id=house.warehouses["HZ1"], limit=limit, single_piece=single_piece, ids=wanted
            )
        assert all(sum(line.quantity for line in one.lines) > 0 for one in found)
        return [names[one.order.id] for one in found]

    assert await taken() == ["first", "soon", "late"]
    assert await taken(limit=1) == ["first"]
    assert await taken(single_piece=True) == ["first", "late"]
    assert await taken(single_piece=False) == ["soon"]
    assert await taken(wanted=[ids["late"], ids["short"]]) == ["late"]
    clock.advance(timedelta(hours=2))
    assert await taken() == ["first", "soon", "later", "late"]


async def test_an_order_is_found_by_either_number(database: Database, merchant: Actor, stranger: Actor) -> None:
    _, ids = await five(database, merchant)
    async with database.reading(merchant) as uow:
        assert [row.id for row in (await queries.orders_by_external_id(uow, ["T-3"]))["T-3"]] == [ids[2]]
        assert (await queries.orders_by_number(uow, [3]))[3].id == ids[2]
        assert (await queries.fulfillment_orders_by_number(uow, [3]))[3].order_id == ids[2]
    async with database.reading(stranger) as uow:
        assert await queries.orders_by_external_id(uow, ["T-3"]) == {}
        assert await queries.orders(uow, ids) == {}
        assert await queries.fulfillment_orders_of(uow, ids) == {}
        assert await queries.lines_of_orders(uow, ids) == {}


async def test_a_timeline_tells_what_happened_to_an_order_newest_first(database: Database, merchant: Actor) -> None:
    _, ids = await five(database, merchant)
    row = await only_fulfillment_order(database, merchant, ids[0])
    async with database.unit_of_work(merchant) as uow:
        await holds.hold(uow, fulfillment_order_ids=[row.id])
    async with database.reading(merchant) as uow:
        told = await queries.timeline(uow, [ids[0], row.id])
        earlier = await queries.timeline(uow, [ids[0], row.id], before_seq=told[0].seq, limit=1)
    assert [event.kind for event in told] == ["fulfillment_order_held", "order_imported"]
    assert [event.kind for event in earlier] == ["order_imported"]
