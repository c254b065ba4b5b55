"""The exception queue: every kind is found, counted and paged, the oldest promise first, and ends with its cause."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.builders_orders import (
    BUYER,
    ORDERED_AT,
    bring_in,
    make_house,
    new_order,
    only_fulfillment_order,
    pick,
    put_on_floor,
)
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import page_request
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted
from pickmesh.core.orders import cancel, exceptions, holds, late_changes, queries
from pickmesh.core.orders.exceptions import ExceptionFilter, ExceptionKind
from pickmesh.core.orders.holds import NewHold
from pickmesh.core.orders.tables import FulfillmentOrder, HoldReason, PaymentStatus, RequestStatus, SalesOrder

EVERYTHING = page_request(None, None)
FAR = timedelta(days=900)


async def found(database: Database, actor: Actor, **chosen: Any) -> list[tuple[str, UUID]]:
    async with database.reading(actor) as uow:
        page = await exceptions.exception_page(uow, EVERYTHING, ExceptionFilter(**chosen))
    return [(item.kind.value, item.order_id) for item in page.items]


async def furnish(database: Database, merchant: Actor) -> dict[str, Any]:
    """Bring in an order for every kind of exception, promised one after the other; return their orders by kind."""
    house = await make_house(database, merchant, {"CUP": 90, "NONE": 0})
    plain = [kind for kind in ExceptionKind if kind not in {ExceptionKind.SHORT, ExceptionKind.UNMAPPED_SKU}]
    wanted = {kind: {"CUP": 1} for kind in plain} | {
        ExceptionKind.SHORT: {"NONE": 1},
        ExceptionKind.UNMAPPED_SKU: {"MYSTERY": 1},
    }
    orders = []
    for number, kind in enumerate(ExceptionKind):
        late = kind is ExceptionKind.LATE
        ship_by = ORDERED_AT - FAR if late else ORDERED_AT + FAR + timedelta(hours=number)
        status = PaymentStatus.UNPAID if kind is ExceptionKind.PAYMENT else PaymentStatus.PAID
        orders.append(new_order(house, kind.value, wanted[kind], ship_by=ship_by, payment_status=status))
    orders.append(new_order(house, "fine", {"CUP": 1}, ship_by=ORDERED_AT + FAR))
    verdicts = await bring_in(database, merchant, *orders)
    of_kind = {kind: verdict.order_id for kind, verdict in zip(ExceptionKind, verdicts, strict=False)}
    rows = {kind: await only_fulfillment_order(database, merchant, each) for kind, each in of_kind.items()}
    async with database.unit_of_work(merchant) as uow:
        for kind in ("FRAUD", "ADDRESS", "OPERATOR", "CLIENT", "APP", "REVIEW"):
            row = rows[ExceptionKind(kind)]
            await holds.put(uow, [NewHold(row.id, row.order_id, HoldReason(kind))])
        lost = {"id": rows[ExceptionKind.NO_WAREHOUSE].id, "location_id": None, "route_reason": "NO_WAREHOUSE"}
        await uow.update(FulfillmentOrder, [lost])
        rejected = {"id": rows[ExceptionKind.PARTNER_REJECTED].id, "request_status": RequestStatus.REJECTED}
        await uow.update(FulfillmentOrder, [rejected])
        changed = {"id": of_kind[ExceptionKind.CHANGED_IN_SHOP], "change_refused_at": uow.now}
        await uow.update(SalesOrder, [changed])
    stopped = rows[ExceptionKind.INTERCEPTED]
    await put_on_floor(database, merchant, stopped.id)
    await pick(database, merchant, house, stopped.id, {"CUP": 1})
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[stopped.id], reason="BUYER")
    return {"house": house, "orders": of_kind, "rows": rows}


async def test_every_kind_is_found_the_oldest_promise_first(database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant)
    kinds = [ExceptionKind.LATE, *(kind for kind in ExceptionKind if kind is not ExceptionKind.LATE)]
    assert await found(database, merchant) == [(kind.value, made["orders"][kind]) for kind in kinds]
    async with database.reading(merchant) as uow:
        assert await exceptions.exception_counts(uow) == dict.fromkeys(ExceptionKind, 1)
    for kind in ExceptionKind:
        assert await found(database, merchant, kinds=[kind]) == [(kind.value, made["orders"][kind])]
        assert exceptions.remedy(kind).endswith(".")
    assert await found(database, merchant, kinds=[]) == []
    assert await found(database, merchant, shop_ids=[new_id()]) == []
    assert len(await found(database, merchant, shop_ids=[made["house"].shop_id])) == len(ExceptionKind)
    here = await found(database, merchant, location_id=made["house"].warehouses["HZ1"])
    assert {kind for kind, _ in here} == {each.value for each in ExceptionKind} - {
        "NO_WAREHOUSE",
        "CHANGED_IN_SHOP",
    } - {each.value for each in (ExceptionKind.UNMAPPED_SKU,) if made["rows"][each].location_id is None}


async def test_pages_neither_skip_nor_repeat_and_know_their_number(database: Database, merchant: Actor) -> None:
    await furnish(database, merchant)
    whole = await found(database, merchant)
    seen: list[tuple[str, UUID]] = []
    cursor = None
    async with database.reading(merchant) as uow:
        while len(seen) < len(whole):
            page = await exceptions.exception_page(uow, page_request(5, cursor))
            seen += [(item.kind.value, item.order_id) for item in page.items]
            cursor = page.cursors[-1]
        assert (seen, page.has_next) == (whole, False)
        assert page.count is not None
        assert await page.count(uow) == len(whole)
        back = await exceptions.exception_page(uow, page_request(None, None, 2, cursor))
        assert [(item.kind.value, item.order_id) for item in back.items] == whole[-3:-1]
        with pytest.raises(InvalidInput):
            await exceptions.exception_page(uow, page_request(5, "WyJ4Il0="))


async def test_an_exception_ends_with_its_cause_and_two_holds_of_a_reason_are_one(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 9})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}, ship_by=ORDERED_AT + FAR))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    async with database.unit_of_work(merchant) as uow:
        for handle in ("a", "b"):
            await holds.hold(uow, fulfillment_order_ids=[row.id], reason=HoldReason.APP, handle=handle)
    assert await found(database, merchant) == [("APP", verdict.order_id)]
    async with database.unit_of_work(merchant) as uow:
        standing = (await queries.holds_of(uow, [row.id]))[row.id]
        await holds.release_hold(uow, hold_ids=[hold.id for hold in standing])
    assert await found(database, merchant) == []
    await put_on_floor(database, merchant, row.id)
    told = new_order(house, "T-1", {"CUP": 2}, ship_by=ORDERED_AT + FAR)
    from_shop = late_changes.Changed(0, told, row.order_id, "")
    async with database.unit_of_work(merchant) as uow:
        why = late_changes.refusal(
            (await queries.orders(uow, [row.order_id]))[row.order_id],
            list((await queries.fulfillment_orders(uow, [row.id])).values()),
        )
        assert isinstance(why, late_changes.OrderUnderWay)
        await late_changes.settle(uow, [(from_shop, why)], {})
    assert await found(database, merchant) == [("CHANGED_IN_SHOP", verdict.order_id)]
    async with database.unit_of_work(merchant) as uow:
        await late_changes.acknowledge_changes(uow, order_ids=[verdict.order_id])
    assert await found(database, merchant) == []


async def test_only_those_of_the_callers_shops_and_warehouses_are_told(database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant)
    other_shop = replace(merchant, shop_ids=frozenset({new_id()}))
    assert await found(database, other_shop) == []
    elsewhere = replace(merchant, warehouse_ids=frozenset({new_id()}))
    told = {kind for kind, _ in await found(database, elsewhere)}
    assert told >= {"NO_WAREHOUSE", "CHANGED_IN_SHOP"}
    assert "SHORT" not in told
    assert made
    nobody = replace(merchant, permissions=frozenset())
    with pytest.raises(NotPermitted):
        await found(database, nobody)


async def test_the_queue_takes_one_statement_however_long_it_is(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 1})
    for size in (1, 100):
        unpaid = PaymentStatus.UNPAID
        await bring_in(
            database,
            merchant,
            *(
                new_order(
                    house, f"{size}-{n}", {"CUP": 1}, payment_status=unpaid, recipient=replace(BUYER, name=f"{n}")
                )
                for n in range(size)
            ),
        )
        async with database.reading(merchant) as uow:
            with statements(database) as sent:
                await exceptions.exception_page(uow, EVERYTHING)
                await exceptions.exception_counts(uow)
        assert len(sent) == 2
