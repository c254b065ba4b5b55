"""Parcels of dropships called back before the carrier had them: the partner is told, and told anew once they go."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from builders_dropships import (
    Trade,
    accept,
    assert_sound,
    call_off,
    dropship,
    dropship_lines,
    floor_ships,
    fulfillment_order,
    make_trade,
    owed,
    shop_letters,
    short_order,
    statuses,
    submitted,
    supplier_order,
)
from builders_floor import done, get_number, open_parcel, pick_list, release, seal, verify, weigh
from builders_mesh import dead_letters, mesh_letters

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.mesh import dropship_queries, inbox, messages, shipping
from pickmesh.core.mesh.tables import BookEntry, Dropship, DropshipLine
from pickmesh.core.orders import cancel, queries, splits
from pickmesh.core.orders.splits import Split
from pickmesh.core.packing import shipping as packing_shipping
from pickmesh.core.packing import waybills


async def accepted(trade: Trade, wanted: dict[str, int]) -> tuple[UUID, UUID, UUID]:
    """Bring an order through to acceptance; return it, the dropship, and the supplier's order."""
    order = await short_order(trade.distributor, "TB-1", wanted)
    dropship_id = await submitted(trade.distributor, order)
    await trade.pump()
    await accept(trade.supplier, dropship_id)
    await trade.pump()
    return order, dropship_id, await supplier_order(trade, dropship_id)


async def call_back(trade: Trade, *parcels: UUID) -> None:
    async with trade.database.unit_of_work(trade.supplier.member.actor) as uow:
        for answer in await packing_shipping.unship_parcels(uow, parcel_ids=parcels, reason="WRONG_LABEL"):
            done(answer)


async def ship_again(trade: Trade, parcel: UUID) -> str:
    """Give a parcel another number, by which it ships at once; return that."""
    async with trade.database.unit_of_work(trade.supplier.member.actor) as uow:
        done((await waybills.void_waybills(uow, parcel_ids=[parcel], reason="WRONG_LABEL"))[0])
        done((await waybills.request_waybills(uow, parcel_ids=[parcel]))[0])
    return str((await get_number(trade.supplier.floor, parcel)).number)


async def tracking(trade: Trade, dropship_id: UUID) -> list[str]:
    """Return the numbers the distributor knows."""
    async with trade.database.reading(trade.distributor.member.actor) as uow:
        found = await dropship_queries.parcels_of_dropships(uow, [dropship_id])
    return [parcel.waybill for parcel in found.get(dropship_id, ())]


async def balance(trade: Trade) -> tuple[dict[str, int], dict[str, int]]:
    """Return what either says is owed, which adds up to nothing."""
    ours, theirs = [await owed(trader, trade.partnership_id) for trader in trade.both]
    assert {currency: -amount for currency, amount in ours.items()} == theirs
    return ours, theirs


async def test_a_parcel_called_back_is_withdrawn_there_and_told_with_its_new_number_when_it_goes(
    database: Database, clock: StoppedClock
) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    order, dropship_id, theirs = await accepted(trade, {"KETTLE": 2})
    parcel = await floor_ships(trade.supplier, theirs, {"KETTLE": 2})
    await trade.pump()
    (first,) = await tracking(trade, dropship_id)
    await call_back(trade, parcel)
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("ACCEPTED", "ACCEPTED")
    assert [(await dropship(trader, dropship_id)).shipped_at for trader in trade.both] == [None, None]
    ours = await fulfillment_order(trade.distributor, order)
    assert (ours.progress, ours.request_status, ours.shipped_at) == ("IN_PROGRESS", "ACCEPTED", None)
    assert await tracking(trade, dropship_id) == []
    assert [line.shipped_quantity for line in await dropship_lines(trade.distributor, dropship_id)] == [0]
    assert await balance(trade) == ({"CNY": 0}, {"CNY": 0})
    await assert_sound(*trade.both)
    clock.advance(timedelta(minutes=5))
    second = await ship_again(trade, parcel)
    await trade.pump()
    assert (second != first, await tracking(trade, dropship_id)) == (True, [second])
    assert await statuses(trade, dropship_id) == ("SHIPPED", "SHIPPED")
    ours = await fulfillment_order(trade.distributor, order)
    assert (ours.progress, ours.request_status) == ("SHIPPED", "CLOSED")
    letters = [(letter["kind"], letter["waybill"]) for letter in await shop_letters(trade.distributor)]
    assert letters == [("shipment", first), ("shipment_undone", first), ("shipment", second)]
    assert (await balance(trade))[1] == {"CNY": 1600}
    for trader in trade.both:
        assert await dead_letters(database, trader.member) == 0
    await assert_sound(*trade.both)


async def test_looking_again_takes_nothing_back_twice(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    _, dropship_id, theirs = await accepted(trade, {"KETTLE": 2})
    parcel = await floor_ships(trade.supplier, theirs, {"KETTLE": 2})
    await trade.pump()
    await call_back(trade, parcel)
    await trade.pump()
    before = len(await mesh_letters(database, trade.supplier.member))
    for _ in range(2):
        await database.run(
            trade.supplier.member.actor, lambda uow: shipping.tell_shipped(uow, Dropship.id == dropship_id)
        )
    assert len(await mesh_letters(database, trade.supplier.member)) == before
    async with database.reading(trade.distributor.member.actor) as uow:
        count = await uow.scalar(sa.select(sa.func.count()).select_from(BookEntry).where(uow.mine(BookEntry)))
    assert count == 4  # two for the parcel, two for its way back


async def test_of_a_parcel_called_back_before_anybody_was_told_nobody_hears(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    _, dropship_id, theirs = await accepted(trade, {"KETTLE": 2})
    await call_back(trade, await floor_ships(trade.supplier, theirs, {"KETTLE": 2}))
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("ACCEPTED", "ACCEPTED")
    assert await shop_letters(trade.distributor) == []
    assert await balance(trade) == ({}, {})
    await assert_sound(*trade.both)


async def test_a_parcel_that_went_back_and_out_again_meanwhile_is_told_as_both(
    database: Database, clock: StoppedClock
) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    _, dropship_id, theirs = await accepted(trade, {"KETTLE": 2})
    parcel = await floor_ships(trade.supplier, theirs, {"KETTLE": 2})
    await trade.pump()
    await call_back(trade, parcel)
    clock.advance(timedelta(minutes=5))
    second = await ship_again(trade, parcel)
    await trade.pump()
    kinds = [letter.payload["kind"] for letter in await mesh_letters(database, trade.supplier.member)]
    assert [kind for kind in kinds if kind.endswith("SHIPPED")] == ["SHIPPED", "UNSHIPPED", "SHIPPED"]
    assert await tracking(trade, dropship_id) == [second]
    assert await statuses(trade, dropship_id) == ("SHIPPED", "SHIPPED")
    assert (await balance(trade))[1] == {"CNY": 1600}
    await assert_sound(*trade.both)


async def parcel_of(trade: Trade, order: UUID, quantity: int, *, last: bool) -> UUID:
    floor = trade.supplier.floor
    parcel_id = await open_parcel(floor, order)
    done(await verify(floor, parcel_id, "KETTLE", quantity))
    done(await seal(floor, parcel_id, last=last))
    await get_number(floor, parcel_id)
    done(await weigh(floor, parcel_id, 100 * quantity))
    return parcel_id


async def test_amounts_that_do_not_divide_are_given_back_and_owed_again_to_the_last_cent(
    database: Database, clock: StoppedClock
) -> None:
    """The pieces of a line cost 801, 800 and 800 in the order they go, whichever parcel is called back."""
    trade = await make_trade(database, {"KETTLE": 5})
    _, dropship_id, theirs = await accepted(trade, {"KETTLE": 3})
    for trader in trade.both:
        async with database.unit_of_work(trader.member.actor) as uow:
            await uow.update(DropshipLine, [{"dropship_id": dropship_id, "line": 1, "amount_minor": 2401}])
    wave = await release(trade.supplier.floor, orders=[theirs])
    await pick_list(trade.supplier.floor, wave.pick_list_ids[0], "T-0001")
    first = await parcel_of(trade, theirs, 1, last=False)
    await parcel_of(trade, theirs, 2, last=True)
    await trade.pump()
    assert (await balance(trade))[1] == {"CNY": 2401}
    await call_back(trade, first)
    await trade.pump()
    assert (await balance(trade))[1] == {"CNY": 1601}
    assert await statuses(trade, dropship_id) == ("ACCEPTED", "ACCEPTED")
    await assert_sound(*trade.both)
    clock.advance(timedelta(minutes=5))
    await ship_again(trade, first)
    await trade.pump()
    assert (await balance(trade))[1] == {"CNY": 2401}
    assert await statuses(trade, dropship_id) == ("SHIPPED", "SHIPPED")
    await assert_sound(*trade.both)


async def test_what_was_asked_back_stands_again_when_the_parcel_comes_back(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    order, dropship_id, theirs = await accepted(trade, {"KETTLE": 2})
    parcel = await floor_ships(trade.supplier, theirs, {"KETTLE": 2})
    await database.run(trade.supplier.member.actor, lambda uow: shipping.tell_shipped(uow, Dropship.id == dropship_id))
    await call_off(trade.distributor, dropship_id)  # before it hears that it is too late
    await call_back(trade, parcel)  # before the supplier hears that it is not wanted
    await database.run(trade.supplier.member.actor, lambda uow: shipping.tell_shipped(uow, Dropship.id == dropship_id))
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("CANCELLED", "CANCELLED")
    ours = await fulfillment_order(trade.distributor, order)
    assert (ours.progress, ours.request_status) == ("CANCELLED", "CANCELLATION_ACCEPTED")
    assert await balance(trade) == ({"CNY": 0}, {"CNY": 0})
    await assert_sound(*trade.both)


async def test_a_part_whose_rest_was_given_up_comes_back_and_goes_again(
    database: Database, clock: StoppedClock
) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    order, dropship_id, theirs = await accepted(trade, {"KETTLE": 3})
    async with database.unit_of_work(trade.supplier.member.actor) as uow:
        line = (await queries.lines_of_fulfillment_orders(uow, [theirs]))[theirs][0]
        (parted,) = await splits.split_fulfillment_orders(uow, splits=[Split(theirs, {line.group_id: 2})])
    assert isinstance(parted, splits.SplitOff)
    parcel = await floor_ships(trade.supplier, theirs, {"KETTLE": 1})
    async with database.unit_of_work(trade.supplier.member.actor) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[parted.into_id], reason="BROKEN")
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("REJECTED", "REJECTED")
    await call_back(trade, parcel)
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("ACCEPTED", "ACCEPTED")
    ours = await fulfillment_order(trade.distributor, order)
    assert (ours.progress, ours.request_status) == ("IN_PROGRESS", "ACCEPTED")
    assert await balance(trade) == ({"CNY": 0}, {"CNY": 0})
    await assert_sound(*trade.both)
    clock.advance(timedelta(minutes=5))
    second = await ship_again(trade, parcel)
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("REJECTED", "REJECTED")
    ours = await fulfillment_order(trade.distributor, order)
    assert (ours.progress, ours.request_status) == ("SHIPPED", "CLOSED")
    assert await tracking(trade, dropship_id) == [second]
    assert (await balance(trade))[1] == {"CNY": 800}
    await assert_sound(*trade.both)


@pytest.mark.parametrize("change", ["unknown parcel", "too many", "another amount"])
async def test_a_way_back_that_cannot_be_is_refused_and_told_back(database: Database, change: str) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    _, dropship_id, theirs = await accepted(trade, {"KETTLE": 2})
    parcel = await floor_ships(trade.supplier, theirs, {"KETTLE": 2})
    await trade.pump()
    await call_back(trade, parcel)
    await database.run(trade.supplier.member.actor, lambda uow: shipping.tell_shipped(uow, Dropship.id == dropship_id))
    (letter,) = [
        each
        for each in await mesh_letters(database, trade.supplier.member, waiting=True)
        if each.payload["kind"] == messages.Unshipped.kind
    ]
    body = letter.payload["body"]
    line = body["lines"][0]
    wrong = {
        "unknown parcel": {**body, "parcel_id": str(dropship_id)},
        "too many": {**body, "lines": [{**line, "quantity": 3}]},
        "another amount": {**body, "lines": [{**line, "amount_minor": 1}]},
    }[change]
    arriving = inbox.Arriving(trade.supplier.member.actor.merchant_id, letter.id, {**letter.payload, "body": wrong})
    outcome = await inbox.deliver(database, trade.distributor.member.actor.merchant_id, arriving, last_try=False)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "IMPOSSIBLE_PARCEL"
    assert (await dropship(trade.distributor, dropship_id)).status == "SHIPPED"
    assert len(await tracking(trade, dropship_id)) == 1
