"""Books of partnerships: amounts that sum exactly whatever the parcels are, and a doctor that finds what differs."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from builders_dropships import (
    Trade,
    accept,
    dropship,
    floor_ships,
    make_trade,
    owed,
    short_order,
    submitted,
    supplier_order,
)
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.app import checks as app_checks
from pickmesh.core.db import rows
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.money import spread
from pickmesh.core.mesh import checks, rules, shipping
from pickmesh.core.mesh.tables import Account, BookEntry, Dropship, DropshipStatus, Side
from pickmesh.core.orders.tables import FulfillmentOrder


@given(st.integers(0, 10**9), st.integers(1, 60), st.data())
def test_parcels_cost_what_their_pieces_do_and_sum_to_the_line(amount: int, quantity: int, data: st.DataObject) -> None:
    each = spread(amount, [1] * quantity)
    shipped, total = 0, 0
    while shipped < quantity:
        going = data.draw(st.integers(1, quantity - shipped))
        cost = rules.amount_of(amount, quantity, shipped, going)
        assert cost == sum(each[shipped : shipped + going])
        shipped += going
        total += cost
    assert total == amount


async def shipped_trade(database: Database) -> tuple[Trade, UUID]:
    """Let one dropship run through."""
    trade = await make_trade(database, {"KETTLE": 5})
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-1", {"KETTLE": 2}))
    await trade.pump()
    await accept(trade.supplier, dropship_id)
    await trade.pump()
    await floor_ships(trade.supplier, await supplier_order(trade, dropship_id), {"KETTLE": 2})
    return trade, dropship_id


async def test_both_books_have_the_same_two_entries_with_the_other_sign(database: Database) -> None:
    trade, dropship_id = await shipped_trade(database)
    await trade.pump()
    entries = []
    for trader in trade.both:
        async with database.reading(trader.member.actor) as uow:
            columns = (BookEntry.source_id, BookEntry.account, BookEntry.amount_minor, BookEntry.dropship_id)
            found = await uow.fetch(sa.select(*columns).where(uow.mine(BookEntry)).order_by(BookEntry.account))
        entries.append({(row.source_id, row.account): row.amount_minor for row in found})
        assert {row.dropship_id for row in found} == {dropship_id}
    mine, theirs = entries
    assert {key: -amount for key, amount in mine.items()} == theirs
    assert sorted(mine.values()) == [-1600, 1600]


async def test_a_parcel_told_of_but_not_delivered_is_no_difference(database: Database) -> None:
    trade, dropship_id = await shipped_trade(database)
    await database.run(trade.supplier.member.actor, lambda uow: shipping.tell_shipped(uow, Dropship.id == dropship_id))
    ids = [trader.member.actor.merchant_id for trader in trade.both]
    assert await app_checks.compare_books(database, ids) == {}
    assert await owed(trade.supplier, trade.partnership_id) == {"CNY": 1600}
    assert await owed(trade.distributor, trade.partnership_id) == {}


@pytest.mark.parametrize("lost", [Side.SUPPLIER, Side.DISTRIBUTOR])
async def test_the_doctor_names_the_dropship_of_which_the_books_differ(fresh_database: Database, lost: Side) -> None:
    trade, dropship_id = await shipped_trade(fresh_database)
    await trade.pump()
    assert [each.findings for each in await app_checks.examine(fresh_database)] == [(), ()]
    trader = trade.supplier if lost == Side.SUPPLIER else trade.distributor
    async with fresh_database.unit_of_work(trader.member.actor) as uow:
        await uow.execute(sa.delete(BookEntry).where(uow.mine(BookEntry)))
    examined = {each.merchant.code: each for each in await app_checks.examine(fresh_database)}
    found = [finding.violation for finding in examined[trade.supplier.member.code].findings]
    differing = [violation for violation in found if "books differ" in violation.sentence]
    assert [violation.data["dropship_id"] for violation in differing] == [str(dropship_id)]
    assert [violation.invariant for violation in differing] == [6]


async def test_the_doctor_sees_amounts_that_are_not_each_others_mirror(fresh_database: Database) -> None:
    trade, dropship_id = await shipped_trade(fresh_database)
    await trade.pump()
    async with fresh_database.unit_of_work(trade.distributor.member.actor) as uow:
        table = rows.table_of(BookEntry)
        await uow.execute(sa.update(BookEntry).where(uow.mine(BookEntry)).values(amount_minor=table.c.amount_minor * 2))
    ids = [trader.member.actor.merchant_id for trader in trade.both]
    found = await app_checks.compare_books(fresh_database, ids)
    ((violation,),) = found.values()
    assert (violation.data["supplier"], violation.data["distributor"]) == (1600, -3200)
    assert violation.data["dropship_id"] == str(dropship_id)


async def test_each_planted_fault_is_found_at_its_own_merchant(database: Database) -> None:
    trade, dropship_id = await shipped_trade(database)
    await trade.pump()
    actor = trade.distributor.member.actor

    async def off() -> list[str]:
        async with database.reading(actor) as uow:
            return [violation.sentence for violation in await checks.violations(uow)]

    assert await off() == []
    goods = BookEntry.account == Account.GOODS
    async with database.unit_of_work(actor) as uow:
        await uow.execute(sa.update(BookEntry).where(uow.mine(BookEntry), goods).values(amount_minor=1))
    assert [sentence for sentence in await off() if "add up to" in sentence]
    owing = BookEntry.account == Account.PARTNER
    async with database.unit_of_work(actor) as uow:
        await uow.execute(sa.update(BookEntry).where(uow.mine(BookEntry), owing).values(amount_minor=-1))
    assert [sentence for sentence in await off() if "costs -1600, but -1 is booked" in sentence]
    order = (await dropship(trade.distributor, dropship_id)).fulfillment_order_id
    async with database.unit_of_work(actor) as uow:
        await uow.update(FulfillmentOrder, [{"id": order, "request_status": "ACCEPTED"}])
    assert [sentence for sentence in await off() if "0 dropships of it are under way" in sentence]
    async with database.unit_of_work(actor) as uow:
        await uow.update(FulfillmentOrder, [{"id": order, "request_status": "CLOSED"}])
        await uow.update(Dropship, [{"id": dropship_id, "status": DropshipStatus.ACCEPTED}])
    assert [sentence for sentence in await off() if "1 dropships of it are under way" in sentence]
