"""Cancelling and intercepting: freed once before release, brought back first after it."""

from uuid import UUID

import pytest
from tests.builders_accounts import make_person
from tests.builders_orders import (
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

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted, Refused
from pickmesh.core.orders import cancel, checks, holds, queries
from pickmesh.core.orders.cancel import Cancelled, Outcome
from pickmesh.core.orders.rules import Status
from pickmesh.core.orders.tables import HoldReason, PaymentStatus
from pickmesh.core.stock import checks as stock_checks


async def started(database: Database, merchant: Actor, **wanted: int) -> tuple[House, UUID, UUID]:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", wanted or {"CUP": 3}))
    return house, verdict.order_id, (await only_fulfillment_order(database, merchant, verdict.order_id)).id


async def cancelled(database: Database, merchant: Actor, *ids: UUID) -> list[Cancelled | Refused]:
    async with database.unit_of_work(merchant) as uow:
        return await cancel.cancel_fulfillment_orders(uow, ids=ids, reason="BUYER")


async def nothing_is_off(database: Database, merchant: Actor) -> None:
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []


async def test_a_cancellation_before_release_frees_the_stock_and_ends_the_order(
    database: Database, merchant: Actor
) -> None:
    house, order_id, each = await started(database, merchant)
    assert await cancelled(database, merchant, each) == [Cancelled(each, Outcome.CANCELLED, changed=True)]
    row = await only_fulfillment_order(database, merchant, order_id)
    assert (row.progress, row.version) == ("CANCELLED", 2)
    assert await reserved(database, merchant, house, "CUP") == 0
    assert (await order_lines(database, merchant, order_id))["1"].cancelled_quantity == 3
    async with database.reading(merchant) as uow:
        assert (await queries.orders(uow, [order_id]))[order_id].cancelled_at == uow.now
    await nothing_is_off(database, merchant)


async def test_cancelling_twice_frees_once_and_tells_once(database: Database, merchant: Actor) -> None:
    house, order_id, each = await started(database, merchant)
    await cancelled(database, merchant, each)
    start = (await events_told(database, merchant))[-1].seq
    assert await cancelled(database, merchant, each) == [Cancelled(each, Outcome.CANCELLED, changed=False)]
    assert await kinds_told(database, merchant, after=start) == []
    assert (await order_lines(database, merchant, order_id))["1"].cancelled_quantity == 3
    assert await reserved(database, merchant, house, "CUP") == 0


async def test_the_same_id_twice_in_a_batch_frees_once(database: Database, merchant: Actor) -> None:
    _, order_id, each = await started(database, merchant)
    await cancelled(database, merchant, each, each)
    assert (await order_lines(database, merchant, order_id))["1"].cancelled_quantity == 3
    await nothing_is_off(database, merchant)


async def test_of_two_parts_one_is_cancelled_and_the_order_lives_on(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 0}, policy=ShortagePolicy.SHIP_AVAILABLE)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}))
    there, missing = await fulfillment_orders(database, merchant, verdict.order_id)
    await cancelled(database, merchant, missing.id)
    kept = await order_lines(database, merchant, verdict.order_id)
    assert [kept[number].cancelled_quantity for number in "12"] == [0, 1]
    async with database.reading(merchant) as uow:
        assert (await queries.orders(uow, [verdict.order_id]))[verdict.order_id].cancelled_at is None
    assert await reserved(database, merchant, house, "CUP") == 2
    await cancelled(database, merchant, there.id)
    async with database.reading(merchant) as uow:
        assert (await queries.orders(uow, [verdict.order_id]))[verdict.order_id].cancelled_at == uow.now
    await nothing_is_off(database, merchant)


async def test_a_bundle_counts_as_the_one_bundle_it_is(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"POT": 9, "CUP": 9}, bundles={"SET": {"POT": 1, "CUP": 2}})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"SET": 2}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    await cancelled(database, merchant, row.id)
    assert (await order_lines(database, merchant, verdict.order_id))["1"].cancelled_quantity == 2
    await nothing_is_off(database, merchant)


async def test_holds_and_shortage_end_with_the_order(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0})
    unpaid = new_order(house, "T-1", {"CUP": 2, "MYSTERY": 1}, payment_status=PaymentStatus.UNPAID)
    (verdict,) = await bring_in(database, merchant, unpaid)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    await cancelled(database, merchant, row.id)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.hold_count, row.short_quantity) == (0, 0)
    async with database.reading(merchant) as uow:
        assert await queries.holds_of(uow, [row.id]) == {}
        assert len((await queries.holds_of(uow, [row.id], open_only=False))[row.id]) == 2
    kept = await order_lines(database, merchant, verdict.order_id)
    assert [kept[number].cancelled_quantity for number in "12"] == [2, 1]
    await nothing_is_off(database, merchant)


async def test_after_release_with_nothing_picked_it_is_cancelled_at_once(database: Database, merchant: Actor) -> None:
    house, _, each = await started(database, merchant)
    await put_on_floor(database, merchant, each)
    assert await cancelled(database, merchant, each) == [Cancelled(each, Outcome.CANCELLED, changed=True)]
    assert await reserved(database, merchant, house, "CUP") == 0
    told = (await events_told(database, merchant))[-1]
    lines = [str(line.id) for line in await lines_of(database, merchant, each)]
    assert (told.kind, told.subject_id, told.payload["line_ids"]) == ("fulfillment_order_cancelled", each, lines)
    assert told.payload["order_cancelled"] is True
    await nothing_is_off(database, merchant)


async def test_units_that_left_their_bin_stay_promised_until_they_are_put_back(
    database: Database, merchant: Actor
) -> None:
    house, order_id, each = await started(database, merchant, CUP=3, LID=2)
    await put_on_floor(database, merchant, each)
    await pick(database, merchant, house, each, {"CUP": 2})
    cup, lid = await lines_of(database, merchant, each)
    (answer,) = await cancelled(database, merchant, each)
    assert answer == Cancelled(each, Outcome.INTERCEPTED, changed=True, lines_out=(cup.id,))
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [2, 0]
    row = await only_fulfillment_order(database, merchant, order_id)
    assert queries.status_of(row, row.intercepted_at) is Status.INTERCEPTED
    told = (await events_told(database, merchant))[-1]
    assert (told.kind, told.payload["lines_out"], told.payload["line_ids"]) == (
        "fulfillment_order_intercepted",
        [str(cup.id)],
        [str(cup.id), str(lid.id)],
    )
    assert (await order_lines(database, merchant, order_id))["1"].cancelled_quantity == 0
    await nothing_is_off(database, merchant)


async def test_the_put_back_ends_the_interception(database: Database, merchant: Actor) -> None:
    house, order_id, each = await started(database, merchant, CUP=3, LID=2)
    await put_on_floor(database, merchant, each)
    await pick(database, merchant, house, each, {"CUP": 2})
    await cancelled(database, merchant, each)
    start = (await events_told(database, merchant))[-1].seq
    await put_all_back(database, merchant, house, each)
    await react(database, merchant, after=start)
    row = await only_fulfillment_order(database, merchant, order_id)
    assert row.progress == "CANCELLED"
    assert await reserved(database, merchant, house, "CUP") == 0
    kept = await order_lines(database, merchant, order_id)
    assert [kept[number].cancelled_quantity for number in "12"] == [3, 2]
    assert await cancelled(database, merchant, each) == [Cancelled(each, Outcome.CANCELLED, changed=False)]
    async with database.unit_of_work(merchant) as uow:
        assert await cancel.finish_interceptions(uow) == []
    await nothing_is_off(database, merchant)


async def test_an_interception_is_not_finished_while_units_are_out(database: Database, merchant: Actor) -> None:
    house, _, each = await started(database, merchant)
    await put_on_floor(database, merchant, each)
    await pick(database, merchant, house, each, {"CUP": 1})
    await cancelled(database, merchant, each)
    async with database.unit_of_work(merchant) as uow:
        assert await cancel.finish_interceptions(uow, ids=[each]) == []
    assert await cancelled(database, merchant, each) == [Cancelled(each, Outcome.INTERCEPTED, changed=False)]


async def test_intercepting_what_nobody_works_on_is_refused(database: Database, merchant: Actor) -> None:
    house, _, each = await started(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await cancel.intercept(uow, ids=[each], reason="ADDRESS")
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "NOT_RELEASED"
    assert await reserved(database, merchant, house, "CUP") == 3


async def test_a_stale_version_or_a_foreign_id_is_refused_and_the_others_are_done(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    house, _, each = await started(database, merchant)
    (other,) = await bring_in(database, merchant, new_order(house, "T-2", {"LID": 1}))
    second = (await only_fulfillment_order(database, merchant, other.order_id)).id
    _, _, foreign = await started(database, stranger)
    async with database.unit_of_work(merchant) as uow:
        answers = await cancel.cancel_fulfillment_orders(
            uow, ids=[each, foreign, new_id(), second], reason="BUYER", versions={each: 7, second: 1}
        )
    codes = [answer.refusal.code if isinstance(answer, Refused) else answer.outcome for answer in answers]
    assert codes == ["STALE_VERSION", "NOT_FOUND", "NOT_FOUND", Outcome.CANCELLED]
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [3, 0]


async def test_who_may_not_write_orders_or_works_elsewhere_cancels_nothing(database: Database, merchant: Actor) -> None:
    _, _, each = await started(database, merchant)
    _, picker = await make_person(database, merchant, Role.PICKER)
    _, elsewhere = await make_person(database, merchant, Role.SUPPORT, warehouse_ids=frozenset({new_id()}))
    async with database.unit_of_work(picker) as uow:
        with pytest.raises(NotPermitted):
            await cancel.cancel_fulfillment_orders(uow, ids=[each], reason="BUYER")
    async with database.unit_of_work(elsewhere) as uow:
        (answer,) = await cancel.cancel_fulfillment_orders(uow, ids=[each], reason="BUYER")
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "NOT_PERMITTED"


async def test_a_hold_stops_an_open_order_once_and_its_release_lets_it_go(database: Database, merchant: Actor) -> None:
    _, order_id, each = await started(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        first, twin = await holds.hold(uow, fulfillment_order_ids=[each, each], note="buyer called")
        (again,) = await holds.hold(uow, fulfillment_order_ids=[each])
        (other,) = await holds.hold(uow, fulfillment_order_ids=[each], reason=HoldReason.FRAUD)
    answers = (first, twin, again, other)
    assert [answer.changed for answer in answers if isinstance(answer, holds.Held)] == [True, False, False, True]
    ids = {answer.hold_id for answer in answers if isinstance(answer, holds.Held)}
    assert len(ids) == 2
    row = await only_fulfillment_order(database, merchant, order_id)
    assert (row.hold_count, queries.status_of(row, row.created_at)) == (2, Status.ON_HOLD)
    async with database.unit_of_work(merchant) as uow:
        lifted = await holds.release_hold(uow, hold_ids=sorted(ids))
        again_lifted = await holds.release_hold(uow, hold_ids=sorted(ids))
    assert [answer.changed for answer in lifted if isinstance(answer, holds.ReleasedHold)] == [True, True]
    assert [answer.changed for answer in again_lifted if isinstance(answer, holds.ReleasedHold)] == [False, False]
    assert (await only_fulfillment_order(database, merchant, order_id)).hold_count == 0
    told = [(row.kind, row.payload.get("holds_left")) for row in await events_told(database, merchant)][-4:]
    assert told == [
        ("fulfillment_order_held", None),
        ("fulfillment_order_held", None),
        ("fulfillment_order_released_hold", 1),
        ("fulfillment_order_released_hold", 0),
    ]
    await nothing_is_off(database, merchant)


async def test_a_hold_after_release_is_refused_as_is_lifting_one_that_has_its_cause(
    database: Database, merchant: Actor
) -> None:
    house, _, each = await started(database, merchant)
    (unknown,) = await bring_in(database, merchant, new_order(house, "T-2", {"MYSTERY": 1}))
    held = await only_fulfillment_order(database, merchant, unknown.order_id)
    await put_on_floor(database, merchant, each)
    async with database.unit_of_work(merchant) as uow:
        (hold,) = (await queries.holds_of(uow, [held.id]))[held.id]
        (late, missing) = await holds.hold(uow, fulfillment_order_ids=[each, new_id()])
        (stands, absent) = await holds.release_hold(uow, hold_ids=[hold.id, new_id()])
    refused = [answer.refusal.code for answer in (late, missing, stands, absent) if isinstance(answer, Refused)]
    assert refused == ["ALREADY_RELEASED", "NOT_FOUND", "HOLD_STANDS", "NOT_FOUND"]
