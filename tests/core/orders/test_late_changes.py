"""Changes that come too late: refunds stop the goods by themselves, a new address calls them back, the rest is told."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tests.builders_orders import (
    BUYER,
    House,
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
from tests.events_told import events_told, kinds_told
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel, checks, holds, intake, late_changes, progress, queries
from pickmesh.core.orders.incoming import NewOrder
from pickmesh.core.orders.tables import OrderLine, PaymentStatus
from pickmesh.core.orders.verdicts import OrderVerdict
from pickmesh.core.stock import checks as stock_checks

ELSEWHERE = replace(BUYER, street="文三路 270 号")


async def tell(database: Database, merchant: Actor, *orders: NewOrder) -> list[OrderVerdict | Refused]:
    async with database.unit_of_work(merchant) as uow:
        answers = await intake.import_orders(uow, orders=orders)
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []
    return answers


async def on_floor(database: Database, merchant: Actor, **wanted: int) -> tuple[House, sa.Row[Any]]:
    house = await make_house(database, merchant, {"CUP": 9, "LID": 9})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", wanted or {"CUP": 2, "LID": 1}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    await put_on_floor(database, merchant, row.id)
    return house, row


async def order_of(database: Database, merchant: Actor, order_id: UUID) -> sa.Row[Any]:
    async with database.reading(merchant) as uow:
        return (await queries.orders(uow, [order_id]))[order_id]


async def test_a_refund_of_all_of_it_stops_what_is_being_picked(database: Database, merchant: Actor) -> None:
    house, row = await on_floor(database, merchant)
    await pick(database, merchant, house, row.id, {"LID": 1})
    told = new_order(house, "T-1", {"CUP": 2, "LID": 1}, payment_status=PaymentStatus.REFUNDED)
    (answer,) = await tell(database, merchant, told)
    assert isinstance(answer, OrderVerdict)
    assert answer.verdict == "INTERCEPTED"
    stopped = await only_fulfillment_order(database, merchant, row.order_id)
    assert stopped.intercepted_at is not None
    order = await order_of(database, merchant, row.order_id)
    assert (order.payment_status, order.change_refused_at) == ("REFUNDED", None)
    (again,) = await tell(database, merchant, told)
    assert isinstance(again, OrderVerdict)
    assert again.verdict == "UNCHANGED"
    await put_all_back(database, merchant, house, row.id)
    await react(database, merchant)
    assert (await only_fulfillment_order(database, merchant, row.order_id)).progress == "CANCELLED"


async def test_a_refund_of_one_line_stops_that_line_only(database: Database, merchant: Actor) -> None:
    house, row = await on_floor(database, merchant)
    told = new_order(house, "T-1", {"CUP": 2, "LID": 1}, payment_status=PaymentStatus.PARTLY_REFUNDED)
    lines = [told.lines[0], replace(told.lines[1], refunded_quantity=1)]
    (answer,) = await tell(database, merchant, replace(told, lines=lines))
    assert isinstance(answer, OrderVerdict)
    assert answer.verdict == "INTERCEPTED"
    rest, off = await fulfillment_orders(database, merchant, row.order_id)
    assert (rest.progress, off.progress) == ("RELEASED", "CANCELLED")
    found = await order_lines(database, merchant, row.order_id)
    assert [line.cancelled_quantity for line in found.values()] == [0, 1]
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [2, 0]


async def test_a_refund_of_part_of_a_line_is_for_people_to_settle(database: Database, merchant: Actor) -> None:
    house, row = await on_floor(database, merchant)
    told = new_order(house, "T-1", {"CUP": 2, "LID": 1})
    lines = [replace(told.lines[0], refunded_quantity=1), told.lines[1]]
    (answer,) = await tell(database, merchant, replace(told, lines=lines))
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "ORDER_UNDER_WAY"
    assert (await only_fulfillment_order(database, merchant, row.order_id)).intercepted_at is None
    event = (await events_told(database, merchant))[-1]
    assert (event.kind, event.payload["differs"]) == ("order_change_refused", ["refund"])


async def test_other_goods_and_a_remark_are_refused_kept_and_acknowledged(database: Database, merchant: Actor) -> None:
    house, row = await on_floor(database, merchant)
    told = new_order(house, "T-1", {"CUP": 3, "LID": 1}, remark="请尽快发货")
    (answer,) = await tell(database, merchant, told)
    assert isinstance(answer, Refused)
    event = (await events_told(database, merchant))[-1]
    assert (event.kind, event.subject_id, event.payload["differs"]) == (
        "order_change_refused",
        row.order_id,
        ["lines", "remark"],
    )
    assert (await order_of(database, merchant, row.order_id)).change_refused_at is not None
    for changed in (True, False):
        async with database.unit_of_work(merchant) as uow:
            seen, unknown = await late_changes.acknowledge_changes(uow, order_ids=[row.order_id, new_id()])
        assert seen == late_changes.Acknowledged(row.order_id, changed)
        assert isinstance(unknown, Refused)
    assert (await order_of(database, merchant, row.order_id)).change_refused_at is None


async def test_a_new_address_calls_the_goods_back_and_is_taken_over_once_they_are(
    database: Database, merchant: Actor
) -> None:
    house, row = await on_floor(database, merchant)
    await pick(database, merchant, house, row.id, {"LID": 1})
    lid = (await lines_of(database, merchant, row.id))[1]
    told = new_order(house, "T-1", {"CUP": 2, "LID": 1}, recipient=ELSEWHERE)
    (answer,) = await tell(database, merchant, told)
    assert isinstance(answer, Refused)
    stopped = await only_fulfillment_order(database, merchant, row.order_id)
    assert (stopped.intercepted_at is not None, stopped.hold_count) == (True, 1)
    async with database.unit_of_work(merchant) as uow:
        await progress.record_picked(uow, {lid.id: -1})
    await put_all_back(database, merchant, house, row.id)
    await react(database, merchant)
    back = await only_fulfillment_order(database, merchant, row.order_id)
    assert (back.progress, back.intercepted_at, back.hold_count, back.short_quantity) == ("OPEN", None, 1, 0)
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [2, 1]
    (answer,) = await tell(database, merchant, told)
    assert isinstance(answer, OrderVerdict)
    assert answer.verdict == "MERGED"
    assert (await order_of(database, merchant, row.order_id)).change_refused_at is None
    async with database.unit_of_work(merchant) as uow:
        (hold,) = (await queries.holds_of(uow, [row.id]))[row.id]
        await holds.release_hold(uow, hold_ids=[hold.id])
        await progress.mark_released(uow, [row.id])


async def test_what_was_called_back_and_is_cancelled_after_all_ends_cancelled(
    database: Database, merchant: Actor
) -> None:
    house, row = await on_floor(database, merchant)
    await pick(database, merchant, house, row.id, {"LID": 1})
    await tell(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}, recipient=ELSEWHERE))
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[row.id], reason="BUYER")
    await put_all_back(database, merchant, house, row.id)
    await react(database, merchant)
    assert (await only_fulfillment_order(database, merchant, row.order_id)).progress == "CANCELLED"


async def test_a_gift_stays_when_the_shop_changes_the_order_and_goes_with_the_last_goods(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 9, "LID": 9})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}))
    lid = (await order_lines(database, merchant, verdict.order_id))["2"]
    async with database.unit_of_work(merchant) as uow:
        gift = {"id": lid.id, "gift_rule_id": new_id(), "external_line_id": "gift:1"}
        await uow.update(OrderLine, [gift])
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    await tell(database, merchant, new_order(house, "T-1", {"CUP": 3}))
    assert [line.quantity for line in await lines_of(database, merchant, row.id)] == [1, 3]
    gone = new_order(house, "T-1", {"CUP": 3}, payment_status=PaymentStatus.REFUNDED)
    await tell(database, merchant, gone)
    assert await lines_of(database, merchant, row.id) == []
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [0, 0]


async def test_1_10_and_100_late_changes_take_the_same_number_of_statements(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 900, "LID": 900})
    kinds: tuple[dict[str, Any], ...] = (
        {"recipient": ELSEWHERE},
        {"payment_status": PaymentStatus.REFUNDED},
        {"remark": "请尽快发货"},
    )
    sent = []
    for size in (1, 10, 100):
        wanted = {"CUP": 1, "LID": 1}
        numbers = [f"{size}-{number}-{kind}" for number in range(size) for kind in range(len(kinds))]
        verdicts = await bring_in(database, merchant, *(new_order(house, number, wanted) for number in numbers))
        async with database.unit_of_work(merchant) as uow:
            found = await queries.fulfillment_orders_of(uow, [each.order_id for each in verdicts])
            await progress.mark_released(uow, [rows[0].id for rows in found.values()])
        late = [new_order(house, number, wanted, **kinds[int(number[-1])]) for number in numbers]
        with statements(database) as counted:
            async with database.unit_of_work(merchant) as uow:
                await intake.import_orders(uow, orders=late)
        sent.append(len(counted))
    assert sent[0] == sent[1] == sent[2]
    assert (await kinds_told(database, merchant)).count("order_change_refused") == 2 * (1 + 10 + 100)
