"""Lists sorted and counted: every row once whatever is equal, a cursor only for its own list, one count."""

from datetime import timedelta
from typing import Any

import pytest
from tests.builders_orders import ORDERED_AT, bring_in, make_house, new_order, only_fulfillment_order
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.paging import page_request
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.orders import holds, lists
from pickmesh.core.orders.lists import FulfillmentOrderFilter, FulfillmentOrderSort, OrderFilter, OrderSort
from pickmesh.core.orders.rule_tables import OrderTag
from pickmesh.core.orders.tables import HoldReason, OrderType

HOURS = (30, 5, 5, 40, 5, 30)


async def furnish(database: Database, merchant: Actor) -> list[Any]:
    house = await make_house(database, merchant, {"CUP": 4})
    orders = [
        new_order(
            house,
            f"T-{number}",
            {"CUP": 1},
            ship_by=ORDERED_AT + timedelta(hours=hours),
            ordered_at=ORDERED_AT - timedelta(hours=hours),
            priority=hours,
        )
        for number, hours in enumerate(HOURS, 1)
    ]
    verdicts = await bring_in(database, merchant, *orders)
    return [await only_fulfillment_order(database, merchant, verdict.order_id) for verdict in verdicts]


SORTED = [
    (OrderSort.SHIP_BY, False, [2, 3, 5, 1, 6, 4]),
    (OrderSort.SHIP_BY, True, [4, 6, 1, 5, 3, 2]),
    (OrderSort.ORDERED_AT, False, [4, 1, 6, 2, 3, 5]),
    (OrderSort.NUMBER, False, [1, 2, 3, 4, 5, 6]),
    (OrderSort.CREATED_AT, False, [1, 2, 3, 4, 5, 6]),
    (OrderSort.CREATED_AT, True, [6, 5, 4, 3, 2, 1]),
]


@pytest.mark.parametrize(("sort", "falling", "numbers"), SORTED)
async def test_orders_come_sorted_and_page_by_page_each_once_in_both_directions(
    database: Database, merchant: Actor, sort: OrderSort, falling: bool, numbers: list[int]
) -> None:
    await furnish(database, merchant)
    async with database.reading(merchant) as uow:
        seen: list[int] = []
        cursor = None
        for _ in range(3):
            page = await lists.order_page(uow, page_request(2, cursor), sort=sort, falling=falling)
            seen += [row.number for row in page.items]
            cursor = page.cursors[-1]
        assert (seen, page.has_next) == (numbers, False)
        back = await lists.order_page(uow, page_request(None, None, 2, cursor), sort=sort, falling=falling)
        assert [row.number for row in back.items] == numbers[3:5]


async def test_fulfillment_orders_sort_by_priority_too(database: Database, merchant: Actor) -> None:
    await furnish(database, merchant)
    async with database.reading(merchant) as uow:
        sort = FulfillmentOrderSort.PRIORITY
        page = await lists.fulfillment_order_page(uow, page_request(4, None), sort=sort)
        rest = await lists.fulfillment_order_page(uow, page_request(4, page.cursors[-1]), sort=sort)
    assert [row.priority for row in (*page.items, *rest.items)] == [40, 30, 30, 5, 5, 5]


@pytest.mark.parametrize("other", [OrderSort.ORDERED_AT, OrderSort.NUMBER, OrderSort.CREATED_AT])
async def test_a_cursor_of_another_order_is_refused(database: Database, merchant: Actor, other: OrderSort) -> None:
    await furnish(database, merchant)
    async with database.reading(merchant) as uow:
        page = await lists.order_page(uow, page_request(2, None), sort=OrderSort.SHIP_BY)
        with pytest.raises(InvalidInput):
            await lists.order_page(uow, page_request(2, page.cursors[0]), sort=other)


async def test_a_list_is_counted_in_one_statement_only_when_asked_and_with_its_filters(
    database: Database, merchant: Actor
) -> None:
    await furnish(database, merchant)
    late = OrderFilter(ordered_before=ORDERED_AT - timedelta(hours=10))
    async with database.reading(merchant) as uow:
        page = await lists.order_page(uow, page_request(1, None), late)
        assert page.count is not None
        with statements(database) as sent:
            assert await page.count(uow) == 3
        assert len(sent) == 1


async def test_filters_by_hold_shortage_lateness_tag_and_type(database: Database, merchant: Actor) -> None:
    rows = await furnish(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await holds.hold(uow, fulfillment_order_ids=[rows[0].id], reason=HoldReason.FRAUD)
        await uow.insert(OrderTag, [{"order_id": rows[3].order_id, "tag": "VIP"}])
        now = uow.now
    cases: list[tuple[FulfillmentOrderFilter, list[int]]] = [
        (FulfillmentOrderFilter(hold_reasons=[HoldReason.FRAUD]), [1]),
        (FulfillmentOrderFilter(hold_reasons=[HoldReason.ADDRESS]), []),
        (FulfillmentOrderFilter(short_only=True), [4, 6]),
        (FulfillmentOrderFilter(short_only=False), [1, 2, 3, 5]),
        (FulfillmentOrderFilter(tags=["VIP", "other"]), [4]),
        (FulfillmentOrderFilter(late=True), [row.number for row in rows if row.ship_by < now]),
        (FulfillmentOrderFilter(late=False), [row.number for row in rows if row.ship_by >= now]),
    ]
    everything = page_request(None, None)
    async with database.reading(merchant) as uow:
        for chosen, numbers in cases:
            page = await lists.fulfillment_order_page(uow, everything, chosen)
            assert sorted(row.number for row in page.items) == numbers, chosen
        tagged = await lists.order_page(uow, everything, OrderFilter(tags=["VIP"]))
        gifts = await lists.order_page(uow, everything, OrderFilter(types=[OrderType.GIFT]))
        unchanged = await lists.order_page(uow, everything, OrderFilter(changed_in_shop=False))
    assert [len(page.items) for page in (tagged, gifts, unchanged)] == [1, 0, 6]
