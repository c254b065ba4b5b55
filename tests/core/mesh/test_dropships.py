"""Giving short orders to partners: who gets which, what moves, what is refused; a thousand cost what one does."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from builders_catalog import make_skus
from builders_dropships import (
    accept,
    assert_sound,
    come_in,
    dropship,
    floor_ships,
    fulfillment_order,
    make_trade,
    make_trader,
    owed,
    reject,
    shipments_of,
    shop_letters,
    short_order,
    statuses,
    submit,
    submitted,
    supplier_order,
)
from builders_mesh import level_at, make_mapped, make_partners, offer, partnership_of, pump
from builders_orders import bring_in, new_order
from events_told import events_told
from statements import statements

from pickmesh.core.catalog import shop_codes
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.mesh import dropship_queries, dropships, rules
from pickmesh.core.orders import holds, queries
from pickmesh.core.orders import rules as order_rules
from pickmesh.core.orders.tables import HoldReason, Progress

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


async def test_a_short_order_is_shipped_by_the_partner_and_its_shop_is_told(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    assert (await fulfillment_order(trade.distributor, order)).short_quantity == 2
    dropship_id = await submitted(trade.distributor, order)
    given = await fulfillment_order(trade.distributor, order)
    partnership = await partnership_of(database, trade.distributor.member, trade.partnership_id)
    assert (given.location_id, given.request_status, given.short_quantity) == (partnership.location_id, "SUBMITTED", 0)
    assert await level_at(database, trade.distributor.member, partnership.location_id, "KETTLE") == (5, 2, 3)
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("SUBMITTED", "SUBMITTED")
    theirs = await supplier_order(trade, dropship_id)
    assert (await fulfillment_order(trade.supplier, theirs)).hold_count == 1
    await accept(trade.supplier, dropship_id)
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("ACCEPTED", "ACCEPTED")
    assert (await fulfillment_order(trade.distributor, order)).request_status == "ACCEPTED"
    parcel = await floor_ships(trade.supplier, theirs, {"KETTLE": 2})
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("SHIPPED", "SHIPPED")
    sent = await fulfillment_order(trade.distributor, order)
    assert (sent.progress, sent.request_status) == ("SHIPPED", "CLOSED")
    (shipment,) = await shipments_of(trade.distributor, sent.order_id)
    (told,) = await shop_letters(trade.distributor)
    assert (shipment.parcel_id, shipment.external_id) == (parcel, "TB-1")
    assert (told["carrier"], told["waybill"]) == (shipment.carrier, shipment.waybill)
    assert await owed(trade.supplier, trade.partnership_id) == {"CNY": 1600}
    assert await owed(trade.distributor, trade.partnership_id) == {"CNY": -1600}
    assert await level_at(database, trade.distributor.member, partnership.location_id, "KETTLE") == (3, 0, 3)
    await assert_sound(*trade.both)


async def test_what_was_reserved_here_is_free_once_the_partner_has_the_order(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5, "LID": 5}, own={"LID": 1})
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 1, "LID": 1})
    home = trade.distributor.member.warehouse.location_id
    assert await level_at(database, trade.distributor.member, home, "LID") == (1, 1, 0)
    await submitted(trade.distributor, order)
    assert await level_at(database, trade.distributor.member, home, "LID") == (1, 0, 1)
    await assert_sound(*trade.both)


async def test_submitting_twice_asks_once(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 1})
    first, again = await submit(trade.distributor, order, order)
    assert first == again
    (later,) = await submit(trade.distributor, order)
    assert isinstance(later, dropships.Submitted)
    assert isinstance(first, dropships.Submitted)
    assert (later.dropship_id, later.changed) == (first.dropship_id, False)
    await trade.pump()
    async with database.reading(trade.supplier.member.actor) as uow:
        assert len(await queries.orders_by_external_id(uow, [str(first.dropship_id)])) == 1


async def test_each_refusal_names_its_reason_and_the_rest_goes(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 3}, own={"CUP": 0, "LID": 9})
    covered = await short_order(trade.distributor, "covered", {"LID": 1})
    nobody = await short_order(trade.distributor, "nobody", {"CUP": 1})
    much = await short_order(trade.distributor, "much", {"KETTLE": 4})
    held = await short_order(trade.distributor, "held", {"KETTLE": 1})
    good = await short_order(trade.distributor, "good", {"KETTLE": 2})
    async with database.unit_of_work(trade.distributor.member.actor) as uow:
        await holds.hold(uow, fulfillment_order_ids=[held])
    answers = await submit(trade.distributor, covered, nobody, much, held, good, trade.partnership_id)
    codes = [answer.refusal.code if isinstance(answer, Refused) else "" for answer in answers]
    assert codes == ["NOT_SHORT", "NO_PARTNER", "NOT_ENOUGH_STOCK", "ON_HOLD", "", "NOT_FOUND"]
    await assert_sound(*trade.both)


async def test_orders_of_one_batch_do_not_get_the_same_pieces(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 3})
    orders = [await short_order(trade.distributor, f"TB-{number}", {"KETTLE": 2}) for number in range(2)]
    answers = await submit(trade.distributor, *orders)
    assert [isinstance(answer, Refused) for answer in answers] == [False, True]
    await assert_sound(*trade.both)


async def test_statements_do_not_depend_on_how_many_are_given(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 100})
    told = [new_order(trade.distributor.floor.house, f"TB-{number}", {"KETTLE": 1}) for number in range(31)]
    verdicts = await bring_in(database, trade.distributor.member.actor, *told)
    async with database.reading(trade.distributor.member.actor) as uow:
        found = await queries.fulfillment_orders_of(uow, [verdict.order_id for verdict in verdicts])
    orders = [rows[0].id for rows in found.values()]
    await submit(trade.distributor, orders.pop())  # the first has the counters to make
    counts = []
    ids = []
    for some in (orders[:1], orders[1:]):
        with statements(database) as sent:
            answers = await submit(trade.distributor, *some)
        ids += [answer.dropship_id for answer in answers if isinstance(answer, dropships.Submitted)]
        counts.append(len(sent))
    await trade.pump()
    for answer_all, some, others in ((accept, ids[:1], ids[1:15]), (reject, ids[15:16], ids[16:])):
        for named in (some, others):
            with statements(database) as sent:
                answers = await answer_all(trade.supplier, *named)
            assert not [answer for answer in answers if isinstance(answer, Refused)]
            counts.append(len(sent))
    assert len(ids) == 30
    assert counts[::2] == counts[1::2]
    await trade.pump()
    await assert_sound(*trade.both)


async def test_an_order_goes_by_itself_where_the_partnership_says_so(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5}, auto_route=True)
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    await trade.pump()
    assert (await fulfillment_order(trade.distributor, order)).request_status == "SUBMITTED"
    much = await short_order(trade.distributor, "TB-2", {"KETTLE": 4})
    await trade.pump()
    assert (await fulfillment_order(trade.distributor, much)).request_status == "UNSUBMITTED"
    await come_in(trade.supplier, {"KETTLE": 4})
    await trade.pump()
    assert (await fulfillment_order(trade.distributor, much)).request_status == "SUBMITTED"
    await assert_sound(*trade.both)


async def test_the_cheapest_partner_that_has_all_of_it_is_asked(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    dear = await make_trader(database, "dear", {"KETTLE": 9})
    mine = trade.distributor
    other_id = await make_partners(database, mine.member, dear.member)
    await make_mapped(database, dear.member, mine.member, other_id, "KETTLE")
    await offer(database, dear.member, other_id, "KETTLE", price_micros=9_000_000)
    await pump(database, mine.member, dear.member)
    small, large = [await short_order(mine, f"TB-{count}", {"KETTLE": count}) for count in (2, 6)]
    answers = await submit(mine, small, large)
    asked = [answer.partnership_id for answer in answers if isinstance(answer, dropships.Submitted)]
    assert asked == [trade.partnership_id, other_id]


async def test_a_request_goes_through_three_merchants_and_its_tracking_comes_back(database: Database) -> None:
    """A has nothing, B has nothing and gives the work on to C by itself; each sees only its own partner and price."""
    first = await make_trade(database, {"KETTLE": 0}, own={"KETTLE": 0})
    end = await make_trader(database, "end", {"KETTLE": 5})
    asks, middle = first.distributor, first.supplier
    onward = await make_partners(database, middle.member, end.member, auto_route=True)
    await make_mapped(database, end.member, middle.member, onward, "KETTLE")
    await offer(database, end.member, onward, "KETTLE", price_micros=6_000_000)
    everybody = (asks, middle, end)

    async def carry() -> None:
        await pump(database, *(trader.member for trader in everybody))

    await come_in(middle, {"KETTLE": 3})
    await carry()
    order = await short_order(asks, "TB-1", {"KETTLE": 3})
    dropship_id = await submitted(asks, order)
    own = await short_order(middle, "MINE", {"KETTLE": 3})  # what A was told of is gone when its request arrives
    await carry()
    assert (await fulfillment_order(middle, own)).short_quantity == 0
    between = await dropship(middle, dropship_id)
    async with database.reading(middle.member.actor) as uow:
        found = await dropship_queries.dropships_of_fulfillment_orders(uow, [between.fulfillment_order_id])
    (further,) = found[between.fulfillment_order_id]
    assert list(further.hops) == [str(asks.member.actor.merchant_id), str(middle.member.actor.merchant_id)]
    (waits,) = await accept(middle, dropship_id)
    assert isinstance(waits, Refused)
    assert waits.refusal.code == "WAITS_FOR_PARTNER"
    await accept(end, further.id)
    await carry()
    assert (await dropship(asks, dropship_id)).status == "ACCEPTED"
    theirs = (await dropship(end, further.id)).fulfillment_order_id
    parcel = await floor_ships(end, theirs, {"KETTLE": 3})
    await carry()
    assert (await dropship(asks, dropship_id)).status == (await dropship(end, further.id)).status == "SHIPPED"
    (shipment,) = await shipments_of(asks, (await fulfillment_order(asks, order)).order_id)
    assert shipment.parcel_id == parcel
    assert [await owed(middle, each) for each in (first.partnership_id, onward)] == [{"CNY": 2400}, {"CNY": -1800}]
    await assert_sound(*everybody)


async def test_a_request_never_goes_in_a_circle(database: Database) -> None:
    """Both supply each other: what one asks of the other does not come back to it."""
    trade = await make_trade(database, {"KETTLE": 0})
    await make_mapped(database, trade.distributor.member, trade.supplier.member, trade.partnership_id, "KETTLE")
    await come_in(trade.supplier, {"KETTLE": 2})
    await trade.pump()
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    dropship_id = await submitted(trade.distributor, order)
    await short_order(trade.supplier, "MINE", {"KETTLE": 2})
    await come_in(trade.distributor, {"KETTLE": 9})
    await trade.pump()
    (answer,) = await submit(trade.supplier, await supplier_order(trade, dropship_id))
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "NO_OTHER_PARTNER"
    await assert_sound(*trade.both)


async def test_both_merchants_ship_for_each_other(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 4}, own={"CUP": 0})
    one, other = trade.both
    skus = await make_skus(database, other.member.actor, ["CUP"])
    other = replace(other, member=replace(other.member, skus={**other.member.skus, **skus}))
    other = replace(other, floor=replace(other.floor, house=replace(other.floor.house, skus=other.member.skus)))
    async with database.unit_of_work(other.member.actor) as uow:
        await shop_codes.map_codes(uow, {(other.floor.house.shop_id, "CUP"): skus["CUP"]})
    await make_mapped(database, one.member, other.member, trade.partnership_id, "CUP")
    await come_in(one, {"CUP": 4})
    await trade.pump()
    there = await submitted(one, await short_order(one, "TB-1", {"KETTLE": 1}))
    here = await submitted(other, await short_order(other, "TB-2", {"CUP": 2}))
    await trade.pump()
    await accept(other, there)
    await accept(one, here)
    await floor_ships(other, (await dropship(other, there)).fulfillment_order_id, {"KETTLE": 1})
    await floor_ships(one, (await dropship(one, here)).fulfillment_order_id, {"CUP": 2})
    await trade.pump()
    ended = [(await dropship(trader, each)).status for trader in (one, other) for each in (there, here)]
    assert ended == ["SHIPPED"] * 4
    assert [await owed(trader, trade.partnership_id) for trader in (one, other)] == [{"CNY": 800}, {"CNY": -800}]
    await assert_sound(one, other)


@pytest.mark.parametrize(
    ("hops", "goes"), [(0, True), (rules.HOPS_MAX - 1, True), (rules.HOPS_MAX, False)], ids=["first", "last", "too far"]
)
def test_a_request_goes_through_so_many_and_no_more(hops: int, goes: bool) -> None:
    others = [new_id() for _ in range(hops)]
    assert rules.may_hop_to(others, new_id()) is goes
    assert not any(rules.may_hop_to(others, each) for each in others)


async def test_our_own_floor_leaves_alone_what_a_partner_has(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    order = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    await submitted(trade.distributor, order)
    row = await fulfillment_order(trade.distributor, order)
    actions = order_rules.supported_actions(Progress(row.progress), queries.facts_of(row), NOON)
    assert actions == (order_rules.Action.INTERCEPT,)
    async with database.unit_of_work(trade.distributor.member.actor) as uow:
        (held,) = await holds.hold(uow, fulfillment_order_ids=[order])
    assert isinstance(held, Refused)


async def test_a_hold_for_an_answer_is_lifted_by_the_answer_alone(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-1", {"KETTLE": 2}))
    await trade.pump()
    theirs = await supplier_order(trade, dropship_id)
    async with database.unit_of_work(trade.supplier.member.actor) as uow:
        (hold,) = (await queries.holds_of(uow, [theirs]))[theirs]
        (answer,) = await holds.release_hold(uow, hold_ids=[hold.id])
    assert hold.reason == HoldReason.DROPSHIP
    assert isinstance(answer, Refused)
    assert "accept or reject" in answer.refusal.message


async def test_the_log_says_it_once_on_each_side_and_names_nobody(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-1", {"KETTLE": 2}))
    await trade.pump()
    await accept(trade.supplier, dropship_id)
    await trade.pump()
    for trader, first in ((trade.distributor, "dropship_submitted"), (trade.supplier, "dropship_received")):
        told = [event for event in await events_told(database, trader.member.actor) if event.subject_id == dropship_id]
        assert [event.kind for event in told] == [first, "dropship_accepted"]
        assert [event.payload["version"] for event in told] == [1, (await dropship(trader, dropship_id)).version]
        assert "林晓彤" not in str(told)
