import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from builders_accounts import make_shop
from builders_mesh import HIDDEN_FOR, Member, make_mapped, make_member, make_partners, mesh_letters, pump, told_of
from builders_orders import BUYER, ORDERED_AT
from builders_stock import put_stock
from databases import VAULT
from events_told import kinds_told

from pickmesh.app import letters, worker
from pickmesh.app.composition import ROOMS
from pickmesh.app.mesh_relay import CHANNEL, MeshRelay
from pickmesh.app.worker import Pace, Worker
from pickmesh.core.catalog import shop_codes
from pickmesh.core.journal import wakes
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.mesh import dropships, messages, partnerships, posting, queries
from pickmesh.core.mesh.partnerships import Terms
from pickmesh.core.mesh.posting import Outgoing
from pickmesh.core.orders import intake, recipients
from pickmesh.core.orders import queries as orders
from pickmesh.core.orders.incoming import NewLine, NewOrder
from pickmesh.core.orders.tables import PaymentStatus, SalesOrder
from pickmesh.core.orders.verdicts import OrderVerdict


@pytest.fixture
async def shop(fresh_database: Database) -> Member:
    return await make_member(fresh_database, "shop", {"MUG": 0})


@pytest.fixture
async def mill(fresh_database: Database) -> Member:
    return await make_member(fresh_database, "mill", {"MUG": 20})


async def bring_in(database: Database, member: Member, quantity: int) -> UUID:
    """Let a buyer order pieces at a merchant's shop; return the fulfillment order."""
    shop_id = await make_shop(database, member.actor, "TB")
    order = NewOrder(
        shop_id=shop_id,
        external_id="A-1",
        ordered_at=ORDERED_AT,
        payment_status=PaymentStatus.PAID,
        currency="CNY",
        recipient=BUYER,
        lines=[NewLine("1", "MUG", quantity, 12_500_000)],
    )
    async with database.unit_of_work(member.actor) as uow:
        await shop_codes.map_codes(uow, {(shop_id, "MUG"): member.skus["MUG"]})
        (verdict,) = await intake.import_orders(uow, orders=[order])
    assert isinstance(verdict, OrderVerdict)
    async with database.reading(member.actor) as uow:
        (row,) = (await orders.fulfillment_orders_of(uow, [verdict.order_id]))[verdict.order_id]
    return UUID(str(row.id))


async def test_a_buyers_address_is_handed_over_and_stands_in_no_letter(
    fresh_database: Database, shop: Member, mill: Member
) -> None:
    await make_mapped(fresh_database, mill, shop, await make_partners(fresh_database, shop, mill), "MUG")
    fulfillment_order_id = await bring_in(fresh_database, shop, 3)
    async with fresh_database.unit_of_work(shop.actor) as uow:
        (submitted,) = await dropships.submit(uow, fulfillment_order_ids=[fulfillment_order_id])
    assert isinstance(submitted, dropships.Submitted)
    (letter,) = await mesh_letters(fresh_database, shop, waiting=True)
    assert letter.payload["kind"] == "SUBMITTED"
    written = json.dumps(dict(letter.payload), ensure_ascii=False)
    assert not [part for part in (BUYER.name, BUYER.phone, BUYER.street, BUYER.city) if part in written]
    await pump(fresh_database, shop, mill)
    async with fresh_database.reading(mill.actor) as uow:
        page = await uow.fetch(sa.select(SalesOrder.id).where(uow.mine(SalesOrder)))
        (to,) = (await recipients.recipients_of(uow, [row.id for row in page], reveal=True)).values()
    assert (to.name, to.phone, to.street, to.province, to.postcode) == (
        BUYER.name,
        BUYER.phone,
        BUYER.street,
        BUYER.province,
        BUYER.postcode,
    )


async def test_workers_side_by_side_deliver_each_letter_once(
    fresh_database: Database, shop: Member, mill: Member
) -> None:
    """Even with leases that end at once, so that both take the same letters."""
    partnership_id = await make_partners(fresh_database, shop, mill)
    made = await make_mapped(fresh_database, mill, shop, partnership_id, "MUG")
    for _ in range(5):
        await put_stock(fresh_database, mill.actor, mill.bin, mill.skus["MUG"], 2)
    before = (await kinds_told(fresh_database, shop.actor)).count("partner_offers_changed")
    relay = {CHANNEL: MeshRelay(fresh_database)}
    machinery = [Worker(fresh_database, ROOMS, relay, pace=Pace(lease_s=0.000_001)) for _ in range(3)]
    for _ in range(4):
        await machinery[0].sweep()
        await asyncio.gather(*(one.poll(worker.REACTIONS, one.look_at_events) for one in machinery))
        await asyncio.gather(*(one.poll(worker.OUTBOX, one.look_at_outbox) for one in machinery))
    assert await told_of(fresh_database, shop, [made["MUG"]]) == [30]
    told = [each for each in await mesh_letters(fresh_database, mill) if each.payload["kind"] == "TOLD"]
    after = (await kinds_told(fresh_database, shop.actor)).count("partner_offers_changed")
    assert after - before == len(told)


async def test_a_letter_that_is_put_off_costs_no_attempt_and_comes_up_later_each_time(
    fresh_database: Database, shop: Member, mill: Member, clock: StoppedClock
) -> None:
    partnership_id = await make_partners(fresh_database, shop, mill)
    early = messages.ToldFigures((messages.Figure(new_id(), 2, 9, 500),))
    async with fresh_database.unit_of_work(mill.actor) as uow:
        await posting.post(uow, [Outgoing(shop.actor.merchant_id, partnership_id, early)])
    relay = {CHANNEL: MeshRelay(fresh_database)}
    tries = 0
    for _ in range(4 * 60):
        tries += await letters.send_due(fresh_database, mill.actor, relay, hidden_for=HIDDEN_FOR)
        clock.advance(timedelta(milliseconds=500))
    (waiting,) = await mesh_letters(fresh_database, mill, waiting=True)
    assert waiting.attempts == 0
    assert 7 <= tries <= 12  # for two minutes, with waits that double up to half a minute


async def test_what_one_merchant_does_reaches_the_other_without_anybody_polling(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """Each step wakes the next: outbox, receiver, its answer; a worker that polls once a minute does it at once."""
    path = tmp_path / "running.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", vault=VAULT)
    shop = await make_member(database, "shop", {"MUG": 0})
    mill = await make_member(database, "mill", {"MUG": 20})
    one = Worker(database, ROOMS, {CHANNEL: MeshRelay(database)}, pace=Pace(poll_s=60, sweep_s=600))
    waker = asyncio.create_task(wakes.Waker(database, worker.CONSUMERS, when_written=one.look_around).run())
    stop = asyncio.Event()
    running = asyncio.create_task(one.run(stop))

    async def quiet(member: Member) -> bool:
        told = await kinds_told(database, member.actor)
        waiting = [await mesh_letters(database, each, waiting=True) for each in (shop, mill)]
        return "partnership_changed" in told and not any(waiting)

    async def until_quiet(member: Member) -> None:
        for _ in range(3_000):
            if await quiet(member):
                break
            await asyncio.sleep(0.02)
        assert await quiet(member)

    async with database.unit_of_work(shop.actor) as uow:
        partnership_id = await partnerships.invite(uow, partner=mill.code, terms=Terms("CNY"))
    await until_quiet(mill)
    async with database.unit_of_work(mill.actor) as uow:
        await partnerships.accept(uow, partnership_id=partnership_id)
    await until_quiet(shop)
    async with database.reading(shop.actor) as uow:
        assert (await queries.partnerships(uow))[0].status == "ACTIVE"
    stop.set()
    await asyncio.wait_for(running, 60)
    waker.cancel()
    await database.dispose()
