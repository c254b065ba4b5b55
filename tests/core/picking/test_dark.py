"""A phone without network has a list in hand: stops wait until it is heard, and nobody else is sent there."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_accounts import make_person
from tests.builders_floor import (
    Floor,
    bring_orders,
    claim,
    code_of,
    done,
    event_kinds,
    make_floor,
    order_lines,
    order_row,
    react,
    release,
    row_of,
    violations,
)
from tests.builders_scans import Phone, picking_phone

from pickmesh.core.floor.tables import Outcome
from pickmesh.core.journal import timers
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted, Refused, WrongState
from pickmesh.core.orders import cancel, holds, line_stops
from pickmesh.core.orders.cancel import Cancelled
from pickmesh.core.orders.refusals import InTheDark
from pickmesh.core.picking import dark, kicking, lists
from pickmesh.core.picking import queries as pick_queries
from pickmesh.core.picking.refusals import NotYours
from pickmesh.core.picking.tables import PickList, TaskKind, WaveOrder

O = Outcome  # noqa: E741 - the word stands in nearly every line
SHELVES = {"A-01": {"TEA": 5}, "A-02": {"CUP": 5}}
HOUR = timedelta(hours=1)


async def phone_with_list(database: Database, merchant: Actor) -> tuple[Phone, UUID, UUID]:
    """A picker's phone with a claimed list, the list, and its one order (2 TEA, 1 CUP)."""
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"TEA": 2, "CUP": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    return await picking_phone(floor, list_id), list_id, order_id


async def go_dark(floor: Floor, list_id: UUID, minutes: int = 60) -> dark.WentDark:
    async with floor.database.unit_of_work(floor.picker) as uow:
        return await dark.go_dark(uow, pick_list_id=list_id, minutes=minutes)


async def cancel_order(floor: Floor, order_id: UUID) -> Cancelled | Refused:
    async with floor.database.unit_of_work(floor.actor) as uow:
        (answer,) = await cancel.cancel_fulfillment_orders(uow, ids=[order_id], reason="CUSTOMER")
    return answer


async def put_backs_about(floor: Floor, order_id: UUID) -> list[Any]:
    async with floor.database.reading(floor.actor) as uow:
        found = (await pick_queries.tasks_about(uow, [order_id])).get(order_id, [])
    return [task for task in found if task.kind == TaskKind.PUT_BACK]


async def fire_timers(floor: Floor) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        await timers.fire_due(uow)
    await react(floor)


async def test_a_cancelled_order_in_the_dark_goes_on_and_says_until_when(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    phone, list_id, order_id = await phone_with_list(database, merchant)
    went = await go_dark(phone.floor, list_id)
    assert (went.until, went.fulfillment_order_ids) == (clock.now() + HOUR, (order_id,))
    answer = done(await cancel_order(phone.floor, order_id), Cancelled)
    assert (answer.outcome, answer.changed, answer.dark_until) == (cancel.Outcome.IN_THE_DARK, True, went.until)
    again = done(await cancel_order(phone.floor, order_id), Cancelled)
    assert (again.outcome, again.changed) == (cancel.Outcome.IN_THE_DARK, False)
    row = await order_row(phone.floor, order_id)
    assert (row.progress, row.intercepted_at, row.stop_reason) == ("RELEASED", None, "CUSTOMER")
    assert (await event_kinds(phone.floor, order_id)).count("fulfillment_order_stop_asked") == 1


async def test_the_next_scan_that_comes_is_told_of_the_stop_and_the_order_ends(
    database: Database, merchant: Actor
) -> None:
    phone, list_id, order_id = await phone_with_list(database, merchant)
    await go_dark(phone.floor, list_id)
    await cancel_order(phone.floor, order_id)
    assert await phone.scan("TEA") == [O.INTERCEPTED]
    assert (await row_of(phone.floor, PickList, list_id)).dark_until is None
    await react(phone.floor)
    row = await order_row(phone.floor, order_id)
    assert (row.progress, row.stop_asked_at, row.dark_until) == ("CANCELLED", None, None)
    assert await violations(phone.floor) == []


async def test_what_was_booked_before_comes_back_and_what_was_scanned_since_is_not_booked(
    database: Database, merchant: Actor
) -> None:
    phone, list_id, order_id = await phone_with_list(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA")
    await go_dark(phone.floor, list_id)
    kept = [phone.entry(raw="TEA"), phone.entry(raw="A-02"), phone.entry(raw="CUP")]
    await cancel_order(phone.floor, order_id)
    assert (await phone.send(*kept))[0] is O.INTERCEPTED
    await react(phone.floor)
    row = await order_row(phone.floor, order_id)
    assert (row.progress, row.intercepted_at is not None) == ("IN_PROGRESS", True)
    picked = [line.picked_quantity for line in await order_lines(phone.floor, order_id)]
    assert sum(picked) == 1
    (task,) = await put_backs_about(phone.floor, order_id)
    assert task.quantity == 1
    assert await violations(phone.floor) == []


async def test_without_a_word_from_the_phone_the_stop_takes_effect_when_its_time_is_over(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    phone, list_id, order_id = await phone_with_list(database, merchant)
    await go_dark(phone.floor, list_id)
    await cancel_order(phone.floor, order_id)
    clock.advance(HOUR - timedelta(seconds=1))
    await fire_timers(phone.floor)
    assert (await order_row(phone.floor, order_id)).progress == "RELEASED"
    clock.advance(timedelta(seconds=1))
    await fire_timers(phone.floor)
    assert (await order_row(phone.floor, order_id)).progress == "CANCELLED"
    assert await violations(phone.floor) == []


async def test_once_the_time_is_over_a_cancellation_is_one_though_no_timer_has_fired(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    phone, list_id, order_id = await phone_with_list(database, merchant)
    await go_dark(phone.floor, list_id, minutes=1)
    clock.advance(timedelta(minutes=1))
    assert done(await cancel_order(phone.floor, order_id), Cancelled).outcome is cancel.Outcome.CANCELLED


async def test_the_phone_may_say_itself_that_it_is_back(database: Database, merchant: Actor) -> None:
    phone, list_id, order_id = await phone_with_list(database, merchant)
    await go_dark(phone.floor, list_id)
    await cancel_order(phone.floor, order_id)
    async with database.unit_of_work(phone.floor.picker) as uow:
        assert await dark.end_dark(uow, pick_list_id=list_id)
    await react(phone.floor)
    assert (await order_row(phone.floor, order_id)).progress == "CANCELLED"
    async with database.unit_of_work(phone.floor.picker) as uow:
        assert not await dark.end_dark(uow, pick_list_id=list_id)


async def test_another_picker_may_not_end_it_and_a_manager_may(database: Database, merchant: Actor) -> None:
    phone, list_id, _ = await phone_with_list(database, merchant)
    await go_dark(phone.floor, list_id)
    _, other = await make_person(database, merchant, Role.PICKER)
    with pytest.raises(NotPermitted):
        async with database.unit_of_work(other) as uow:
            await dark.end_dark(uow, pick_list_id=list_id)
    async with database.unit_of_work(phone.floor.actor) as uow:
        assert await dark.end_dark(uow, pick_list_id=list_id)


async def test_holds_stopped_lines_and_kicking_out_are_refused_with_the_moment_it_ends(
    database: Database, merchant: Actor
) -> None:
    phone, list_id, order_id = await phone_with_list(database, merchant)
    until = (await go_dark(phone.floor, list_id)).until.isoformat()
    line, *_ = await order_lines(phone.floor, order_id)
    async with database.unit_of_work(phone.floor.actor) as uow:
        seat = await uow.first(sa.select(WaveOrder.wave_id).where(uow.mine(WaveOrder)))
        assert seat is not None
        answers = [
            *await holds.hold(uow, fulfillment_order_ids=[order_id]),
            *await line_stops.stop_lines(uow, line_ids=[line.id], reason="CUSTOMER"),
            *await kicking.kick_out(uow, wave_id=seat.wave_id, fulfillment_order_ids=[order_id], reason="LATE"),
        ]
    assert [code_of(answer) for answer in answers] == ["IN_THE_DARK"] * 3
    assert [answer.refusal.data["until"] for answer in answers if isinstance(answer, Refused)] == [until] * 3


async def test_nobody_else_gets_the_list_even_when_an_hour_has_passed_without_contact(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    phone, list_id, _ = await phone_with_list(database, merchant)
    await go_dark(phone.floor, list_id, minutes=120)
    clock.advance(HOUR)
    await fire_timers(phone.floor)
    _, other = await make_person(database, merchant, Role.PICKER)
    with pytest.raises(NotYours):
        await claim(phone.floor, list_id, other)
    with pytest.raises(InTheDark):
        async with database.unit_of_work(phone.floor.actor) as uow:
            await lists.hand_over_pick_list(uow, pick_list_id=list_id, to_worker_id=_id(other))


def _id(actor: Actor) -> UUID:
    assert actor.person_id is not None
    return actor.person_id


@pytest.mark.parametrize("pausing", [True, False], ids=["paused", "claimed again"])
async def test_a_worker_who_is_heard_of_otherwise_is_back_too(
    database: Database, merchant: Actor, *, pausing: bool
) -> None:
    phone, list_id, order_id = await phone_with_list(database, merchant)
    await go_dark(phone.floor, list_id)
    await cancel_order(phone.floor, order_id)
    async with database.unit_of_work(phone.floor.picker) as uow:
        act = lists.pause_pick_list if pausing else lists.claim_pick_list
        await act(uow, pick_list_id=list_id)
    await react(phone.floor)
    assert (await order_row(phone.floor, order_id)).progress == "CANCELLED"


async def test_going_dark_again_lasts_from_now(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    phone, list_id, order_id = await phone_with_list(database, merchant)
    await go_dark(phone.floor, list_id, minutes=30)
    clock.advance(timedelta(minutes=20))
    await go_dark(phone.floor, list_id, minutes=30)
    clock.advance(timedelta(minutes=20))
    await fire_timers(phone.floor)
    assert (await order_row(phone.floor, order_id)).dark_until == clock.now() + timedelta(minutes=10)


@pytest.mark.parametrize("minutes", [0, 121])
async def test_it_lasts_a_minute_at_least_and_two_hours_at_most(
    database: Database, merchant: Actor, minutes: int
) -> None:
    phone, list_id, _ = await phone_with_list(database, merchant)
    with pytest.raises(InvalidInput):
        await go_dark(phone.floor, list_id, minutes)


async def test_only_the_worker_who_has_claimed_a_list_may_take_it_into_the_dark(
    database: Database, merchant: Actor
) -> None:
    phone, list_id, _ = await phone_with_list(database, merchant)
    _, other = await make_person(database, merchant, Role.PICKER)
    with pytest.raises(NotYours):
        async with database.unit_of_work(other) as uow:
            await dark.go_dark(uow, pick_list_id=list_id, minutes=5)
    async with database.unit_of_work(phone.floor.picker) as uow:
        await lists.pause_pick_list(uow, pick_list_id=list_id)
    with pytest.raises(WrongState):
        await go_dark(phone.floor, list_id)


async def test_late_scans_are_booked_while_nobody_else_has_the_list(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    phone, list_id, _ = await phone_with_list(database, merchant)
    await phone.scan("T-0001")
    await go_dark(phone.floor, list_id)
    kept = [phone.entry(raw=code) for code in ("A-01", "TEA", "TEA", "A-02", "CUP")]
    clock.advance(2 * HOUR)
    await fire_timers(phone.floor)
    assert (await row_of(phone.floor, PickList, list_id)).status == "READY"
    assert await phone.send(*kept) == [O.ACCEPTED, O.ACCEPTED, O.LINE_DONE, O.ACCEPTED, O.TASK_DONE]
    assert await violations(phone.floor) == []


async def test_late_scans_of_a_list_somebody_else_has_taken_are_a_task_for_a_person(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    phone, list_id, _ = await phone_with_list(database, merchant)
    await phone.scan("T-0001")
    await go_dark(phone.floor, list_id)
    kept = [phone.entry(raw=code) for code in ("A-01", "TEA")]
    clock.advance(2 * HOUR)
    await fire_timers(phone.floor)
    _, other = await make_person(database, merchant, Role.PICKER)
    await claim(phone.floor, list_id, other)
    assert await phone.send(*kept) == [O.NOT_YOURS, O.EXCEPTION]
    assert phone.said[-1].task_id is not None
    clock.advance(timedelta(minutes=1))
    assert await phone.scan("TEA") == [O.NOT_YOURS]
