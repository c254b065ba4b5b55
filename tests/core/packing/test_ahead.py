from uuid import UUID

import sqlalchemy as sa
from tests.builders_floor import (
    Floor,
    bring_orders,
    done,
    get_number,
    make_floor,
    open_parcel,
    pick_list,
    react,
    release,
    row_of,
    seal,
    verify,
    violations,
    weigh,
)
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders import cancel
from pickmesh.core.packing import ahead, queries
from pickmesh.core.packing.tables import Parcel, Waybill
from pickmesh.core.picking import kicking
from pickmesh.core.stock.tables import WaybillAt

SHELVES = {"A-01": {"CUP": 20}}


async def prepared(floor: Floor, order_id: UUID) -> UUID:
    async with floor.database.reading(floor.actor) as uow:
        (row,) = (await queries.parcels_of_orders(uow, [order_id]))[order_id]
    assert row.state == "PREPARED"
    found: UUID = row.id
    return found


async def test_numbers_are_there_before_packing_and_labels_print_as_it_begins(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES, waybill_at=WaybillAt.RELEASE)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    list_id = (await release(floor)).pick_list_ids[0]
    await react(floor)
    parcel_id = await prepared(floor, order_id)
    number = (await get_number(floor, parcel_id)).number
    async with database.reading(merchant) as uow:
        assert await queries.print_jobs_of(uow, [parcel_id]) == {}
    assert await violations(floor) == []
    await pick_list(floor, list_id, "T-0001")
    assert [await open_parcel(floor, order_id) for _ in range(2)] == [parcel_id, parcel_id]
    async with database.reading(merchant) as uow:
        (job,) = (await queries.print_jobs_of(uow, [parcel_id]))[parcel_id]
    assert (job.state, job.station_id) == ("QUEUED", floor.station_id)
    done(await verify(floor, parcel_id, "CUP", 2))
    done(await seal(floor, parcel_id))
    done(await weigh(floor, parcel_id, 200))
    async with database.reading(merchant) as uow:
        assert (await queries.live_waybills(uow, [parcel_id]))[parcel_id].number == number
    assert (await row_of(floor, Parcel, parcel_id)).state == "SHIPPED"
    assert await violations(floor) == []


async def test_a_warehouse_that_wants_them_at_packing_asks_for_none(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"CUP": 2}})
    await release(floor)
    await react(floor)
    async with database.reading(merchant) as uow:
        assert await uow.scalar(sa.select(sa.func.count()).select_from(Parcel).where(uow.mine(Parcel))) == 0


async def test_orders_that_are_stopped_or_kicked_out_give_their_numbers_back(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES, waybill_at=WaybillAt.RELEASE)
    stopped, out = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}})
    released = await release(floor)
    await react(floor)
    ids = [await prepared(floor, each) for each in (stopped, out)]
    async with database.unit_of_work(merchant) as uow:
        await kicking.kick_out(uow, wave_id=released.wave_id, fulfillment_order_ids=[out], reason="later")
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[stopped], reason="buyer")
    await react(floor)
    assert [(await row_of(floor, Parcel, each)).state for each in ids] == ["VOIDED", "VOIDED"]
    async with database.reading(merchant) as uow:
        states = await uow.fetch(sa.select(Waybill.state).where(uow.mine(Waybill)))
    assert {row.state for row in states} == {"VOIDED"}
    await release(floor, orders=[out])
    await react(floor)
    async with database.reading(merchant) as uow:
        own = (await queries.parcels_of_orders(uow, [out]))[out]
    assert [(row.state, row.sequence) for row in own] == [("VOIDED", 1), ("PREPARED", 2)]
    assert await violations(floor) == []


async def test_preparing_many_takes_as_many_statements_as_one_and_a_second_time_nothing(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES, waybill_at=WaybillAt.RELEASE)
    first, second, *others = await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(6)})
    counts = []
    for some in ([first], [second], others):  # the very first makes the counter that numbers parcels
        released = await release(floor, orders=some)
        async with database.unit_of_work(merchant) as uow:
            with statements(database) as sent:
                await ahead.prepare_parcels(uow, [released.wave_id])
        counts.append(len(sent))
        async with database.unit_of_work(merchant) as uow:
            await ahead.prepare_parcels(uow, [released.wave_id])
    assert counts[1] == counts[2]
    async with database.reading(merchant) as uow:
        assert await uow.scalar(sa.select(sa.func.count()).select_from(Parcel).where(uow.mine(Parcel))) == 6
