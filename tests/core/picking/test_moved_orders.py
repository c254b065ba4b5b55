"""Orders that go to another warehouse while a wave of the one they leave has them."""

import asyncio
from uuid import UUID

from tests.builders_routing import brought, held, move, nothing_is_off, row_of, two_warehouses
from tests.databases import make_merchant

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.reading import events_after
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import moving
from pickmesh.core.orders.events import FulfillmentOrderMoved
from pickmesh.core.orders.moving import Move, Moved
from pickmesh.core.picking import waves
from pickmesh.core.picking.reactions import REACTIONS
from pickmesh.core.picking.tables import WaveKind


async def test_a_moved_order_leaves_the_planned_wave_of_the_warehouse_it_left(
    database: Database, merchant: Actor
) -> None:
    house, hangzhou, beijing = await two_warehouses(database, merchant, there=5)
    goes, stays = [await brought(database, merchant, house, f"T-{number}", 1) for number in range(2)]
    async with database.unit_of_work(merchant) as uow:
        planned = await waves.plan_wave(uow, location_id=hangzhou, kind=WaveKind.DISCRETE)
    assert set(planned.fulfillment_order_ids) == {goes, stays}
    await move(database, merchant, Move(goes, beijing))
    async with database.unit_of_work(merchant) as uow:
        moved = [told for told in await events_after(uow, 0) if told.kind == FulfillmentOrderMoved.kind]
        await REACTIONS[FulfillmentOrderMoved.kind](uow, moved)
        there = await waves.plan_wave(uow, location_id=beijing, kind=WaveKind.DISCRETE)
        assert there.fulfillment_order_ids == [goes]
        released = await waves.release_wave(uow, wave_id=planned.wave_id)
        assert (released.status, released.kicked_out, len(released.pick_list_ids)) == ("RELEASED", [], 1)
    await nothing_is_off(database, merchant)


async def test_a_wave_released_before_it_hears_of_the_move_leaves_the_moved_order_alone(
    database: Database, merchant: Actor
) -> None:
    house, hangzhou, beijing = await two_warehouses(database, merchant, there=5)
    goes = await brought(database, merchant, house, "T-1", 1)
    async with database.unit_of_work(merchant) as uow:
        planned = await waves.plan_wave(uow, location_id=hangzhou, kind=WaveKind.DISCRETE)
    await move(database, merchant, Move(goes, beijing))
    async with database.unit_of_work(merchant) as uow:
        released = await waves.release_wave(uow, wave_id=planned.wave_id)
    assert (released.status, released.kicked_out) == ("CANCELLED", [goes])
    assert await held(database, merchant, house) == (0, 1)
    await nothing_is_off(database, merchant)


async def test_a_move_and_a_wave_release_at_once_end_in_one_of_two_ways(postgres_database: Database) -> None:
    database = postgres_database
    actor = await make_merchant(database)
    house, hangzhou, beijing = await two_warehouses(database, actor, there=50)
    for number in range(8):
        goes = await brought(database, actor, house, f"T-{number}", 1)
        async with database.unit_of_work(actor) as uow:
            planned = await waves.plan_wave(uow, location_id=hangzhou, kind=WaveKind.DISCRETE)

        async def move_it(uow: UnitOfWork, each: UUID = goes) -> list[Moved | Refused]:
            return await moving.move_fulfillment_orders(uow, moves=[Move(each, beijing)])

        async def release_it(uow: UnitOfWork, wave_id: UUID = planned.wave_id) -> waves.ReleasedWave:
            return await waves.release_wave(uow, wave_id=wave_id)

        (answer,), released = await asyncio.gather(database.run(actor, move_it), database.run(actor, release_it))
        moved, went = isinstance(answer, Moved), released.status == "RELEASED"
        assert moved != went
        row = await row_of(database, actor, goes)
        assert row.location_id == (beijing if moved else hangzhou)
        await nothing_is_off(database, actor)
    assert sum(await held(database, actor, house)) == 8
