"""Parcels of dropships: several of them, told once each, and what becomes of a rest that never ships."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from builders_dropships import (
    Trade,
    accept,
    assert_sound,
    dropship,
    dropship_lines,
    floor_ships,
    fulfillment_order,
    make_trade,
    owed,
    shipments_of,
    shop_letters,
    short_order,
    statuses,
    submitted,
    supplier_order,
)
from builders_floor import done, get_number, open_parcel, pick_list, release, seal, verify, weigh
from builders_mesh import mesh_letters

from pickmesh.app.shops import FileDrop
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Letter
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.mesh import inbox, shipping
from pickmesh.core.mesh.tables import Dropship
from pickmesh.core.orders import cancel, queries, splits
from pickmesh.core.orders.splits import Split


async def accepted(trade: Trade, wanted: dict[str, int]) -> tuple[UUID, UUID, UUID]:
    """Bring an order through to acceptance; return it, the dropship, and the supplier's order."""
    order = await short_order(trade.distributor, "TB-1", wanted)
    dropship_id = await submitted(trade.distributor, order)
    await trade.pump()
    await accept(trade.supplier, dropship_id)
    await trade.pump()
    return order, dropship_id, await supplier_order(trade, dropship_id)


async def parcel_of(trade: Trade, order: UUID, contents: dict[str, int], *, last: bool) -> UUID:
    """Pack one parcel of a picked order of the supplier's and ship it."""
    floor = trade.supplier.floor
    parcel_id = await open_parcel(floor, order)
    for code, quantity in contents.items():
        done(await verify(floor, parcel_id, code, quantity))
    done(await seal(floor, parcel_id, last=last))
    await get_number(floor, parcel_id)
    done(await weigh(floor, parcel_id, 100 * sum(contents.values())))
    return parcel_id


async def test_each_parcel_is_told_once_with_its_own_waybill(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5, "LID": 5})
    order, dropship_id, theirs = await accepted(trade, {"KETTLE": 3, "LID": 1})
    wave = await release(trade.supplier.floor, orders=[theirs])
    await pick_list(trade.supplier.floor, wave.pick_list_ids[0], "T-0001")
    first = await parcel_of(trade, theirs, {"KETTLE": 1}, last=False)
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("ACCEPTED", "ACCEPTED")
    part = await fulfillment_order(trade.distributor, order)
    assert (part.progress, part.request_status) == ("IN_PROGRESS", "ACCEPTED")
    await assert_sound(*trade.both)
    second = await parcel_of(trade, theirs, {"KETTLE": 2, "LID": 1}, last=True)
    await trade.pump()
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("SHIPPED", "SHIPPED")
    told = await shipments_of(trade.distributor, part.order_id)
    assert [shipment.parcel_id for shipment in told] == [first, second]
    letters = await shop_letters(trade.distributor)
    assert [letter["waybill"] for letter in letters] == [shipment.waybill for shipment in told]
    assert [[line["quantity"] for line in letter["lines"]] for letter in letters] == [[1], [2, 1]]
    assert (await fulfillment_order(trade.distributor, order)).progress == "SHIPPED"
    assert [line.shipped_quantity for line in await dropship_lines(trade.distributor, dropship_id)] == [3, 1]
    assert await owed(trade.supplier, trade.partnership_id) == {"CNY": 3200}
    await assert_sound(*trade.both)


async def test_a_rest_the_supplier_gives_up_comes_home_and_what_shipped_stays_shipped(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5, "LID": 5}, own={"KETTLE": 0, "CUP": 3})
    order, dropship_id, theirs = await accepted(trade, {"KETTLE": 3, "LID": 1})
    async with database.unit_of_work(trade.supplier.member.actor) as uow:
        kettles = (await queries.lines_of_fulfillment_orders(uow, [theirs]))[theirs][0]
        (parted,) = await splits.split_fulfillment_orders(uow, splits=[Split(theirs, {kettles.group_id: 2})])
    assert isinstance(parted, splits.SplitOff)
    await floor_ships(trade.supplier, theirs, {"KETTLE": 1, "LID": 1})
    async with database.unit_of_work(trade.supplier.member.actor) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[parted.into_id], reason="BROKEN")
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("REJECTED", "REJECTED")
    shipped = await fulfillment_order(trade.distributor, order)
    assert (shipped.progress, shipped.request_status) == ("SHIPPED", "CLOSED")
    async with database.reading(trade.distributor.member.actor) as uow:
        own = (await queries.fulfillment_orders_of(uow, [shipped.order_id]))[shipped.order_id]
        lines = await queries.lines_of_fulfillment_orders(uow, [row.id for row in own])
    rest = own[1]
    assert (rest.location_id, rest.progress, rest.short_quantity) == (trade.distributor.floor.location_id, "OPEN", 2)
    assert [[line.quantity for line in lines[row.id]] for row in own] == [[1, 1], [2]]
    assert len(await shop_letters(trade.distributor)) == 1
    assert await owed(trade.distributor, trade.partnership_id) == {"CNY": -1600}
    await assert_sound(*trade.both)


async def test_looking_again_tells_nothing_again(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    _, dropship_id, theirs = await accepted(trade, {"KETTLE": 2})
    await floor_ships(trade.supplier, theirs, {"KETTLE": 2})
    await trade.pump()
    before = len(await mesh_letters(database, trade.supplier.member))
    for _ in range(2):
        await database.run(
            trade.supplier.member.actor, lambda uow: shipping.tell_shipped(uow, Dropship.id == dropship_id)
        )
    assert len(await mesh_letters(database, trade.supplier.member)) == before


async def tampered(trade: Trade, change: dict[str, Any]) -> tuple[Any, Letter]:
    """Deliver the supplier's parcel with another content; return what came of it."""
    (letter,) = [
        each
        for each in await mesh_letters(trade.database, trade.supplier.member, waiting=True)
        if each.payload["kind"] == "SHIPPED"
    ]
    body = letter.payload["body"]
    payload = {**letter.payload, "body": {**body, "lines": [{**body["lines"][0], **change}]}}
    arriving = inbox.Arriving(trade.supplier.member.actor.merchant_id, letter.id, payload)
    receiver = trade.distributor.member.actor.merchant_id
    return await inbox.deliver(trade.database, receiver, arriving, last_try=False), letter


async def test_a_parcel_that_cannot_be_is_refused_and_told_back(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    _, dropship_id, theirs = await accepted(trade, {"KETTLE": 2})
    await floor_ships(trade.supplier, theirs, {"KETTLE": 2})
    await database.run(trade.supplier.member.actor, lambda uow: shipping.tell_shipped(uow, Dropship.id == dropship_id))
    outcome, _ = await tampered(trade, {"amount_minor": 1})
    assert isinstance(outcome, Refusal)
    assert outcome.code == "IMPOSSIBLE_PARCEL"
    assert (await dropship(trade.distributor, dropship_id)).status == "ACCEPTED"
    assert await shop_letters(trade.distributor) == []
    told = await mesh_letters(database, trade.distributor.member, waiting=True)
    assert [letter.payload["kind"] for letter in told] == ["DROPSHIP_REFUSED"]


async def test_a_partners_shop_is_told_at_once_and_has_no_file(database: Database, tmp_path: Any) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    _, _, theirs = await accepted(trade, {"KETTLE": 2})
    await floor_ships(trade.supplier, theirs, {"KETTLE": 2})
    actor = trade.supplier.member.actor
    async with database.reading(actor) as uow:
        columns = [getattr(Outbox, name) for name in ("id", "channel", "target", "payload", "created_at", "attempts")]
        (row,) = await uow.fetch(sa.select(*columns).where(uow.mine(Outbox), Outbox.channel == "shop"))
    letter = Letter(**row._mapping)
    drop = FileDrop(database, tmp_path)
    await drop.send(actor, letter)
    await database.run(actor, lambda uow: drop.sent(uow, [letter]))
    assert list(tmp_path.iterdir()) == []
    (shipment,) = await shipments_of(trade.supplier, (await fulfillment_order(trade.supplier, theirs)).order_id)
    assert shipment.told_at is not None
