"""Answering dropships: accepted, rejected, too late, by itself; what a rejected order becomes at home."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from builders_accounts import make_person
from builders_dropships import (
    accept,
    assert_sound,
    come_in,
    dropship,
    dropship_lines,
    fulfillment_order,
    make_trade,
    make_trader,
    reject,
    short_order,
    statuses,
    submit,
    submitted,
    supplier_order,
)
from builders_mesh import level_at, make_mapped, make_partners, partnership_of, pump
from events_told import events_told

from pickmesh.core.journal import timers
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted, Refused
from pickmesh.core.mesh import answering, messages, offers
from pickmesh.core.mesh.answering import Answered
from pickmesh.core.mesh.rules import RejectReason
from pickmesh.core.mesh.tables import DropshipStatus
from pickmesh.core.orders import cancel
from pickmesh.core.orders.tables import OrderRecipient


def code(answer: object) -> str:
    return answer.refusal.code if isinstance(answer, Refused) else ""


async def test_a_rejected_order_comes_home_and_not_to_that_partner_again(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5}, auto_route=True)
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    await trade.pump()
    (row,) = [event for event in await events_told(database, trade.distributor.member.actor) if "submit" in event.kind]
    (answer,) = await reject(trade.supplier, row.subject_id, reason=RejectReason.PRICE, note="现在贵了")
    assert answer == Answered(row.subject_id, DropshipStatus.REJECTED, True)
    await trade.pump()
    assert await statuses(trade, row.subject_id) == ("REJECTED", "REJECTED")
    home = await fulfillment_order(trade.distributor, order)
    assert (home.location_id, home.progress) == (trade.distributor.floor.location_id, "OPEN")
    assert (home.request_status, home.rejection_reason, home.short_quantity) == ("REJECTED", "PRICE", 2)
    told = [event for event in await events_told(database, trade.distributor.member.actor) if "reject" in event.kind]
    assert [(event.payload["reason"], event.payload["note"]) for event in told] == [("PRICE", "现在贵了")]
    (again,) = await submit(trade.distributor, order)
    assert code(again) == "NO_OTHER_PARTNER"
    partnership = await partnership_of(database, trade.distributor.member, trade.partnership_id)
    assert await level_at(database, trade.distributor.member, partnership.location_id, "KETTLE") == (5, 0, 5)
    assert await level_at(database, trade.supplier.member, trade.supplier.floor.location_id, "KETTLE") == (5, 0, 5)
    theirs = await supplier_order(trade, row.subject_id)
    assert (await fulfillment_order(trade.supplier, theirs)).progress == "CANCELLED"
    await assert_sound(*trade.both)


async def test_what_one_rejects_another_partner_gets_by_itself(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    mine, other = trade.distributor, await make_trader(database, "other", {"KETTLE": 5})
    other_id = await make_partners(database, mine.member, other.member, auto_route=True)
    order = await short_order(mine, "TB-1", {"KETTLE": 2})
    first = await submitted(mine, order)
    await make_mapped(database, other.member, mine.member, other_id, "KETTLE")
    await pump(database, *(trader.member for trader in (mine, trade.supplier, other)))
    await reject(trade.supplier, first)
    await pump(database, *(trader.member for trader in (mine, trade.supplier, other)))
    partnership = await partnership_of(database, mine.member, other_id)
    given = await fulfillment_order(mine, order)
    assert (given.location_id, given.request_status, given.rejection_reason) == (
        partnership.location_id,
        "SUBMITTED",
        None,
    )
    await assert_sound(mine, trade.supplier, other)


async def test_a_rejected_order_is_reserved_at_home_when_stock_has_come(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    dropship_id = await submitted(trade.distributor, order)
    await trade.pump()
    await come_in(trade.distributor, {"KETTLE": 2})
    await reject(trade.supplier, dropship_id)
    await trade.pump()
    home = await fulfillment_order(trade.distributor, order)
    assert (home.location_id, home.short_quantity) == (trade.distributor.floor.location_id, 0)
    await assert_sound(*trade.both)


async def test_answering_twice_is_once_and_another_answer_is_refused(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 9})
    kept, dropped = [
        await submitted(trade.distributor, await short_order(trade.distributor, name, {"KETTLE": 1})) for name in "AB"
    ]
    await trade.pump()
    both = await accept(trade.supplier, kept, kept)
    assert [answer.changed for answer in both if isinstance(answer, Answered)] == [True, False]
    assert [code(one) for one in await reject(trade.supplier, kept)] == ["ANSWERED"]
    await reject(trade.supplier, dropped)
    assert await reject(trade.supplier, dropped) == [Answered(dropped, DropshipStatus.REJECTED, False)]
    assert [code(one) for one in await accept(trade.supplier, dropped, new_id())] == ["ANSWERED", "UNKNOWN_DROPSHIP"]
    assert [code(one) for one in await accept(trade.distributor, kept)] == ["NOT_THE_SUPPLIER"]
    await trade.pump()
    assert await statuses(trade, kept) == ("ACCEPTED", "ACCEPTED")
    assert await statuses(trade, dropped) == ("REJECTED", "REJECTED")


async def test_what_is_not_covered_is_not_accepted(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 3}, auto_accept=True)
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-1", {"KETTLE": 3}))
    await short_order(trade.supplier, "MINE", {"KETTLE": 1})
    await trade.pump()
    (answer,) = await accept(trade.supplier, dropship_id)
    assert code(answer) == "NOT_ENOUGH_STOCK"
    assert await statuses(trade, dropship_id) == ("SUBMITTED", "SUBMITTED")
    await come_in(trade.supplier, {"KETTLE": 1})
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("ACCEPTED", "ACCEPTED")
    await assert_sound(*trade.both)


async def test_what_nobody_answers_goes_back_and_a_late_answer_is_told_so(
    database: Database, clock: StoppedClock
) -> None:
    trade = await make_trade(database, {"KETTLE": 5}, hours_to_answer=2)
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    dropship_id = await submitted(trade.distributor, order)
    await trade.pump()
    clock.advance(timedelta(hours=2, seconds=1))
    assert [code(answer) for answer in await accept(trade.supplier, dropship_id)] == ["ANSWER_TOO_LATE"]
    assert [code(answer) for answer in await reject(trade.supplier, dropship_id)] == ["ANSWER_TOO_LATE"]
    await database.run(trade.supplier.member.actor, timers.fire_due)
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("REJECTED", "REJECTED")
    assert [(await dropship(trader, dropship_id)).reason for trader in trade.both] == ["EXPIRED", "EXPIRED"]
    assert (await fulfillment_order(trade.distributor, order)).rejection_reason == "EXPIRED"
    (late,) = await accept(trade.supplier, dropship_id)
    assert code(late) == "ANSWER_TOO_LATE"
    await assert_sound(*trade.both)


async def test_an_answer_in_time_is_not_ended_by_the_timer(database: Database, clock: StoppedClock) -> None:
    trade = await make_trade(database, {"KETTLE": 5}, hours_to_answer=2)
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-1", {"KETTLE": 2}))
    await trade.pump()
    await accept(trade.supplier, dropship_id)
    clock.advance(timedelta(hours=3))
    await database.run(trade.supplier.member.actor, timers.fire_due)
    await database.run(trade.supplier.member.actor, lambda uow: answering.expire(uow, [dropship_id]))
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("ACCEPTED", "ACCEPTED")


async def test_a_partnership_that_accepts_by_itself_does_so_once_covered(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5}, auto_accept=True, auto_route=True)
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    await trade.pump()
    assert (await fulfillment_order(trade.distributor, order)).request_status == "ACCEPTED"


async def test_the_supplier_may_give_up_what_it_accepted(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    dropship_id = await submitted(trade.distributor, order)
    await trade.pump()
    await accept(trade.supplier, dropship_id)
    await trade.pump()
    theirs = await supplier_order(trade, dropship_id)
    async with database.unit_of_work(trade.supplier.member.actor) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[theirs], reason="BROKEN")
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("REJECTED", "REJECTED")
    assert (await fulfillment_order(trade.distributor, order)).progress == "OPEN"
    await assert_sound(*trade.both)


@pytest.mark.parametrize("reason", ["PRICE", "OUT_OF_STOCK"])
async def test_a_request_for_what_is_offered_otherwise_by_now_is_rejected_at_once(
    database: Database, reason: str
) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-1", {"KETTLE": 2}))
    offer_id = (await dropship_lines(trade.distributor, dropship_id))[0].offer_id
    async with database.unit_of_work(trade.supplier.member.actor) as uow:
        if reason == "PRICE":
            dear = offers.NewOffer(trade.partnership_id, trade.supplier.member.skus["KETTLE"], 9_000_000, 100)
            await offers.save(uow, offers=[dear])
        else:
            await offers.withdraw(uow, offer_ids=[offer_id])
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("REJECTED", "REJECTED")
    assert [(await dropship(trader, dropship_id)).reason for trader in trade.both] == [reason, reason]
    assert (await dropship(trade.supplier, dropship_id)).order_id is None
    await assert_sound(*trade.both)


async def test_an_address_that_cannot_be_is_rejected_with_that_reason(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-1", {"KETTLE": 2}))
    async with database.unit_of_work(trade.distributor.member.actor) as uow:
        await uow.execute(sa.update(OrderRecipient).where(uow.mine(OrderRecipient)).values(country="XX"))
    await trade.pump()
    assert (await dropship(trade.distributor, dropship_id)).reason == "CANNOT_SHIP_THERE"
    await assert_sound(*trade.both)


async def test_a_request_the_partner_could_not_take_is_given_up(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    dropship_id = await submitted(trade.distributor, order)
    envelope = messages.Envelope(
        new_id(), trade.supplier.member.actor.merchant_id, trade.partnership_id, dropship_id, None
    )
    refused = messages.DropshipRefused(new_id(), messages.Submitted.kind, "UNKNOWN_MESSAGE", dropship_id)
    for _ in range(2):
        await database.run(trade.distributor.member.actor, lambda uow: answering.on_refused(uow, envelope, refused))
    assert (await dropship(trade.distributor, dropship_id)).status == "REJECTED"
    assert (await fulfillment_order(trade.distributor, order)).progress == "OPEN"
    await assert_sound(trade.distributor)


async def test_only_a_reason_people_give_is_taken_and_only_from_those_who_may(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    with pytest.raises(InvalidInput):
        await reject(trade.supplier, new_id(), reason=RejectReason.EXPIRED)
    with pytest.raises(InvalidInput):
        await reject(trade.supplier, new_id(), note="贵" * 501)
    _, picker = await make_person(database, trade.supplier.member.actor, Role.PICKER)
    with pytest.raises(NotPermitted):
        await database.run(picker, lambda uow: answering.accept(uow, ids=[]))
