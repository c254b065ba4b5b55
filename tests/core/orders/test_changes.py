"""Orders that changed in their shop: merged while open, refused once work has begun."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders_orders import (
    BUYER,
    ORDERED_AT,
    House,
    add_warehouse,
    bring_in,
    fulfillment_orders,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    order_lines,
    receive,
    reserved,
)
from tests.events_told import events_told, kinds_told

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel, checks, holds, intake, progress, queries, recipients
from pickmesh.core.orders.incoming import NewLine, NewOrder
from pickmesh.core.orders.tables import HoldReason, PaymentStatus
from pickmesh.core.orders.verdicts import OrderVerdict, Verdict


async def told_again(database: Database, merchant: Actor, order: NewOrder) -> OrderVerdict:
    (verdict,) = await bring_in(database, merchant, order)
    await nothing_is_off(database, merchant)
    return verdict


async def nothing_is_off(database: Database, merchant: Actor) -> None:
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) == []


def with_lines(order: NewOrder, **quantities: int) -> NewOrder:
    numbers = {line.shop_code: line.external_line_id for line in order.lines}
    lines = [
        NewLine(numbers.get(code, f"new-{code}"), code, quantity, 12_500_000) for code, quantity in quantities.items()
    ]
    return replace(order, lines=lines)


async def started(database: Database, merchant: Actor, **stock: int) -> tuple[House, NewOrder, OrderVerdict]:
    house = await make_house(database, merchant, stock)
    order = new_order(house, "T-1", {"CUP": 3})
    (verdict,) = await bring_in(database, merchant, order)
    return house, order, verdict


@pytest.mark.parametrize(("quantity", "promised"), [(5, 5), (2, 2), (1, 1)])
async def test_a_changed_quantity_takes_its_reservation_along(
    database: Database, merchant: Actor, quantity: int, promised: int
) -> None:
    house, order, first = await started(database, merchant, CUP=5)
    verdict = await told_again(database, merchant, with_lines(order, CUP=quantity))
    assert (verdict.verdict, verdict.order_id, verdict.short_pieces) == (Verdict.MERGED, first.order_id, 0)
    row = await only_fulfillment_order(database, merchant, first.order_id)
    assert [line.quantity for line in await lines_of(database, merchant, row.id)] == [quantity]
    assert (await order_lines(database, merchant, first.order_id))["1"].quantity == quantity
    assert await reserved(database, merchant, house, "CUP") == promised


async def test_more_than_there_is_makes_the_line_short_and_frees_what_it_held(
    database: Database, merchant: Actor
) -> None:
    house, order, first = await started(database, merchant, CUP=5)
    verdict = await told_again(database, merchant, with_lines(order, CUP=6))
    row = await only_fulfillment_order(database, merchant, first.order_id)
    assert (verdict.short_pieces, row.short_quantity) == (6, 6)
    assert await reserved(database, merchant, house, "CUP") == 0


async def test_a_smaller_quantity_keeps_its_pieces_though_a_better_ranked_order_comes_in_the_same_batch(
    database: Database, merchant: Actor
) -> None:
    house, order, first = await started(database, merchant, CUP=3)
    urgent = new_order(house, "T-0", {"CUP": 2}, ship_by=ORDERED_AT + timedelta(hours=1))
    late, changed = await bring_in(database, merchant, urgent, with_lines(order, CUP=2))
    assert (late.short_pieces, changed.short_pieces) == (2, 0)
    row = await only_fulfillment_order(database, merchant, first.order_id)
    assert row.short_quantity == 0


async def test_an_added_line_joins_the_fulfillment_order_and_is_reserved(database: Database, merchant: Actor) -> None:
    house, order, first = await started(database, merchant, CUP=5, LID=5)
    await told_again(database, merchant, with_lines(order, CUP=3, LID=2))
    row = await only_fulfillment_order(database, merchant, first.order_id)
    assert [(line.sku_id, line.quantity) for line in await lines_of(database, merchant, row.id)] == [
        (house.skus["CUP"], 3),
        (house.skus["LID"], 2),
    ]
    assert await reserved(database, merchant, house, "LID") == 2
    assert (await events_told(database, merchant))[-1].payload["lines_added"] == 1


async def test_a_removed_line_frees_its_stock_and_counts_as_cancelled(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    order = new_order(house, "T-1", {"CUP": 3, "LID": 2})
    (first,) = await bring_in(database, merchant, order)
    await told_again(database, merchant, with_lines(order, CUP=3))
    kept = await order_lines(database, merchant, first.order_id)
    assert [(kept[number].quantity, kept[number].cancelled_quantity) for number in "12"] == [(3, 0), (2, 2)]
    assert await reserved(database, merchant, house, "LID") == 0
    async with database.reading(merchant) as uow:
        assert (await queries.orders(uow, [first.order_id]))[first.order_id].goods_minor == 3750


async def test_a_line_that_was_removed_and_comes_back_is_sent_after_all(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    order = new_order(house, "T-1", {"CUP": 3, "LID": 2})
    (first,) = await bring_in(database, merchant, order)
    await told_again(database, merchant, with_lines(order, CUP=3))
    await told_again(database, merchant, order)
    kept = await order_lines(database, merchant, first.order_id)
    assert kept["2"].cancelled_quantity == 0
    assert await reserved(database, merchant, house, "LID") == 2


async def test_lines_left_alone_keep_their_very_rows(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    order = new_order(house, "T-1", {"CUP": 3, "LID": 2})
    (first,) = await bring_in(database, merchant, order)
    row = await only_fulfillment_order(database, merchant, first.order_id)
    before = [line.id for line in await lines_of(database, merchant, row.id)]
    start = (await events_told(database, merchant))[-1].seq
    await told_again(database, merchant, replace(order, remark="轻放"))
    assert [line.id for line in await lines_of(database, merchant, row.id)] == before
    assert await kinds_told(database, merchant, after=start) == ["order_changed"]


async def test_a_code_changed_on_a_line_sends_the_other_goods(database: Database, merchant: Actor) -> None:
    house, order, first = await started(database, merchant, CUP=5, LID=5)
    await told_again(database, merchant, replace(order, lines=[replace(order.lines[0], shop_code="LID")]))
    row = await only_fulfillment_order(database, merchant, first.order_id)
    assert [line.sku_id for line in await lines_of(database, merchant, row.id)] == [house.skus["LID"]]
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [0, 3]


async def test_a_bundle_changes_as_a_whole(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"POT": 9, "CUP": 9}, bundles={"SET": {"POT": 1, "CUP": 2}})
    order = new_order(house, "T-1", {"SET": 3})
    await bring_in(database, merchant, order)
    await told_again(database, merchant, with_lines(order, SET=1))
    assert [await reserved(database, merchant, house, code) for code in ("POT", "CUP")] == [1, 2]


async def test_money_that_came_in_lifts_the_payment_hold(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    order = new_order(house, "T-1", {"CUP": 3}, payment_status=PaymentStatus.UNPAID)
    (first,) = await bring_in(database, merchant, order)
    verdict = await told_again(database, merchant, replace(order, payment_status=PaymentStatus.PAID))
    assert (first.holds, verdict.holds) == ((HoldReason.PAYMENT,), ())
    assert (await only_fulfillment_order(database, merchant, first.order_id)).hold_count == 0


async def test_money_that_went_back_puts_a_payment_hold(database: Database, merchant: Actor) -> None:
    _, order, first = await started(database, merchant, CUP=5)
    verdict = await told_again(database, merchant, replace(order, payment_status=PaymentStatus.UNPAID))
    assert verdict.holds == (HoldReason.PAYMENT,)
    assert (await only_fulfillment_order(database, merchant, first.order_id)).hold_count == 1


async def test_a_payment_hold_lifted_by_hand_stays_lifted(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    order = new_order(house, "T-1", {"CUP": 3}, payment_status=PaymentStatus.UNPAID)
    (first,) = await bring_in(database, merchant, order)
    row = await only_fulfillment_order(database, merchant, first.order_id)
    async with database.unit_of_work(merchant) as uow:
        (hold,) = (await queries.holds_of(uow, [row.id]))[row.id]
        await holds.release_hold(uow, hold_ids=[hold.id])
    await told_again(database, merchant, replace(order, remark="老客户"))
    assert (await only_fulfillment_order(database, merchant, first.order_id)).hold_count == 0


async def test_a_refund_of_everything_frees_all_and_ends_the_fulfillment_order(
    database: Database, merchant: Actor
) -> None:
    house, order, first = await started(database, merchant, CUP=5)
    await told_again(database, merchant, replace(order, payment_status=PaymentStatus.REFUNDED))
    row = await only_fulfillment_order(database, merchant, first.order_id)
    assert row.progress == "CANCELLED"
    assert (await order_lines(database, merchant, first.order_id))["1"].refunded_quantity == 3
    assert await reserved(database, merchant, house, "CUP") == 0


async def test_a_refund_taken_back_opens_a_new_fulfillment_order(database: Database, merchant: Actor) -> None:
    house, order, first = await started(database, merchant, CUP=5)
    await told_again(database, merchant, replace(order, payment_status=PaymentStatus.REFUNDED))
    await told_again(database, merchant, order)
    ended, alive = await fulfillment_orders(database, merchant, first.order_id)
    assert (ended.progress, alive.progress, alive.number) == ("CANCELLED", "OPEN", 2)
    assert await reserved(database, merchant, house, "CUP") == 3


async def test_a_code_nobody_knows_puts_the_hold_and_its_leaving_lifts_it(database: Database, merchant: Actor) -> None:
    _, order, _ = await started(database, merchant, CUP=5)
    held = await told_again(database, merchant, with_lines(order, CUP=3, MYSTERY=1))
    free = await told_again(database, merchant, with_lines(order, CUP=3))
    assert (held.holds, free.holds) == ((HoldReason.UNMAPPED_SKU,), ())


async def test_a_changed_address_is_sealed_anew(database: Database, merchant: Actor) -> None:
    _, order, first = await started(database, merchant, CUP=5)
    await told_again(database, merchant, replace(order, recipient=replace(BUYER, street="新街 1 号")))
    async with database.reading(merchant) as uow:
        shown = (await recipients.recipients_of(uow, [first.order_id], reveal=True))[first.order_id]
    assert shown.street == "新街 1 号"


async def test_a_line_that_becomes_short_goes_on_alone_where_the_shop_ships_what_is_there(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 0}, policy=ShortagePolicy.SHIP_AVAILABLE)
    order = new_order(house, "T-1", {"CUP": 3})
    (first,) = await bring_in(database, merchant, order)
    await told_again(database, merchant, with_lines(order, CUP=3, LID=2))
    there, missing = await fulfillment_orders(database, merchant, first.order_id)
    assert (there.short_quantity, missing.short_quantity) == (0, 2)


@pytest.mark.parametrize("steps", [("mark_released",), ("mark_released", "mark_in_progress")])
async def test_a_change_after_release_is_refused_with_the_number_and_the_remedy(
    database: Database, merchant: Actor, steps: tuple[str, ...]
) -> None:
    house, order, first = await started(database, merchant, CUP=5)
    row = await only_fulfillment_order(database, merchant, first.order_id)
    async with database.unit_of_work(merchant) as uow:
        for step in steps:
            await getattr(progress, step)(uow, [row.id])
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await intake.import_orders(uow, orders=[with_lines(order, CUP=1)])
    assert isinstance(answer, Refused)
    assert (answer.refusal.code, answer.refusal.message) == (
        "ORDER_UNDER_WAY",
        "The shop changed this order, but F-0001 is already being worked on; intercept it or settle it with the buyer.",
    )
    assert await reserved(database, merchant, house, "CUP") == 3


async def test_the_same_order_told_again_after_release_is_no_change(database: Database, merchant: Actor) -> None:
    _, order, first = await started(database, merchant, CUP=5)
    row = await only_fulfillment_order(database, merchant, first.order_id)
    async with database.unit_of_work(merchant) as uow:
        await progress.mark_released(uow, [row.id])
    (again,) = await bring_in(database, merchant, order)
    assert again.verdict is Verdict.UNCHANGED


async def test_a_change_of_an_order_cancelled_here_is_refused(database: Database, merchant: Actor) -> None:
    _, order, first = await started(database, merchant, CUP=5)
    row = await only_fulfillment_order(database, merchant, first.order_id)
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[row.id], reason="BUYER")
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await intake.import_orders(uow, orders=[with_lines(order, CUP=1)])
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "ORDER_CLOSED"


async def test_a_change_goes_beside_new_and_unchanged_orders_each_with_its_own_verdict(
    database: Database, merchant: Actor
) -> None:
    house, order, _ = await started(database, merchant, CUP=9)
    same = new_order(house, "T-2", {"CUP": 1})
    await bring_in(database, merchant, same)
    batch = [new_order(house, "T-3", {"CUP": 1}), with_lines(order, CUP=4), same]
    verdicts = await bring_in(database, merchant, *batch)
    assert [verdict.verdict for verdict in verdicts] == [Verdict.CREATED, Verdict.MERGED, Verdict.UNCHANGED]
    assert [verdict.index for verdict in verdicts] == [0, 1, 2]
    assert await reserved(database, merchant, house, "CUP") == 6
    await nothing_is_off(database, merchant)


async def test_an_order_brought_in_before_there_was_a_warehouse_is_routed_when_it_changes(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 0}, warehouses=())
    order = new_order(house, "T-1", {"CUP": 2})
    (first,) = await bring_in(database, merchant, order)
    later = await add_warehouse(database, merchant, house, "HZ1")
    await receive(database, merchant, later, {"CUP": 9})
    await told_again(database, merchant, replace(order, remark="加急"))
    row = await only_fulfillment_order(database, merchant, first.order_id)
    assert (row.location_id, row.route_reason) == (later.warehouses["HZ1"], "ONLY_WAREHOUSE")
    assert await reserved(database, merchant, later, "CUP") == 2
