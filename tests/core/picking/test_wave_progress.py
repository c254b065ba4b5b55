from uuid import UUID

from tests.builders_floor import (
    Floor,
    bring_orders,
    claim,
    lines_of,
    make_floor,
    packed,
    pick_list,
    release,
    shipped,
)
from tests.databases import make_merchant
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.picking import kicking, shorts, wave_progress
from pickmesh.core.picking.rules import PickShort
from pickmesh.core.picking.wave_progress import WaveProgress

SHELVES = {"A-01": {"CUP": 50}, "A-02": {"LID": 50}}


async def progress_of(floor: Floor, wave_id: UUID) -> WaveProgress:
    async with floor.database.reading(floor.actor) as uow:
        return (await wave_progress.progress_of_waves(uow, [wave_id]))[wave_id]


async def test_a_wave_tells_how_far_its_orders_lists_lines_and_pieces_are(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    gone, boxed, picked, waits = await bring_orders(
        floor, {"N1": {"CUP": 1}, "N2": {"CUP": 2}, "N3": {"CUP": 1, "LID": 1}, "N4": {"LID": 3}}
    )
    wave = await release(floor)
    assert await progress_of(floor, wave.wave_id) == WaveProgress(orders=4, lists=4, lines=5, pieces=8)
    for list_id in wave.pick_list_ids[:3]:
        await pick_list(floor, list_id, "T-0001" if list_id == wave.pick_list_ids[0] else "T-0002")
        if list_id == wave.pick_list_ids[0]:
            await shipped(floor, gone, {"CUP": 1})
        if list_id == wave.pick_list_ids[1]:
            await packed(floor, boxed, {"CUP": 2})
    await claim(floor, wave.pick_list_ids[3])
    found = await progress_of(floor, wave.wave_id)
    assert (found.orders_picked, found.orders_packed, found.orders_shipped) == (3, 2, 1)
    assert (found.lists_done, found.lines_done, found.pieces_picked, found.people) == (3, 4, 5, 1)
    async with database.unit_of_work(merchant) as uow:
        await kicking.kick_out(uow, wave_id=wave.wave_id, fulfillment_order_ids=[waits], reason="LATER")
    found = await progress_of(floor, wave.wave_id)
    assert (found.orders, found.orders_kicked_out, found.lines, found.pieces, found.people) == (3, 1, 4, 5, 0)
    assert picked in floor.orders.values()


async def test_missing_pieces_are_told(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 2}})
    await bring_orders(floor, {"N1": {"CUP": 2}})
    wave = await release(floor)
    await claim(floor, wave.pick_list_ids[0])
    (line,) = await lines_of(floor, wave.pick_list_ids[0])
    async with database.unit_of_work(floor.picker) as uow:
        await shorts.report_shorts(uow, shorts=[PickShort(line.id, 1, None)])
    found = await progress_of(floor, wave.wave_id)
    assert (found.pieces, found.pieces_picked, found.pieces_short, found.lines_done) == (2, 0, 1, 0)


async def test_many_waves_are_counted_in_as_many_statements_as_one(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor = await make_floor(postgres_database, merchant, SHELVES)
    waves = [
        (await release(floor, orders=await bring_orders(floor, {f"N{number}": {"CUP": 1}}))).wave_id
        for number in range(5)
    ]
    async with postgres_database.reading(merchant) as uow:
        with statements(postgres_database) as sent:
            found = await wave_progress.progress_of_waves(uow, waves)
    assert [found[each].orders for each in waves] == [1] * 5
    assert len(sent) == 3
