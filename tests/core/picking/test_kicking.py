from typing import Any
from uuid import UUID

import pytest
from tests.builders_floor import (
    Floor,
    bind,
    bring_orders,
    claim,
    code_of,
    done,
    lines_of,
    make_floor,
    order_lines,
    order_row,
    packed,
    pick,
    pick_list,
    react,
    release,
    row_of,
    violations,
)
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import NotPermitted, Refused, StaleVersion, WrongState
from pickmesh.core.orders import cancel
from pickmesh.core.picking import kicking, put_backs, queries, waves
from pickmesh.core.picking.kicking import KickedOut
from pickmesh.core.picking.put_backs import PutBackScan
from pickmesh.core.picking.tables import PickList, Wave, WaveKind

SHELVES = {"A-01": {"CUP": 50}, "A-02": {"LID": 50}, "A-03": {"POT": 50}}


async def lists_of(floor: Floor, released: waves.ReleasedWave) -> list[list[tuple[str, int]]]:
    return [
        [(line.place_code, line.quantity) for line in await lines_of(floor, each)] for each in released.pick_list_ids
    ]


async def kick(floor: Floor, wave_id: UUID, *orders: UUID) -> list[KickedOut | Refused]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await kicking.kick_out(uow, wave_id=wave_id, fulfillment_order_ids=orders, reason="LATER")


async def test_an_order_kicked_out_frees_its_bins_and_may_join_another_wave(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    stays, leaves = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 2, "LID": 1}})
    released = await release(floor, WaveKind.CLUSTER)
    async with database.unit_of_work(merchant) as uow:
        answers = await kicking.kick_out(uow, wave_id=released.wave_id, fulfillment_order_ids=[leaves], reason="URGENT")
    assert answers == [KickedOut(leaves, comes_back=False)]
    (list_id,) = released.pick_list_ids
    assert [(line.place_code, line.quantity, line.status) for line in await lines_of(floor, list_id)] == [
        ("A-01", 1, "OPEN"),
        ("A-02", 1, "CANCELLED"),
    ]
    assert (await order_row(floor, leaves)).progress == "OPEN"
    again = await release(floor, WaveKind.CLUSTER)
    assert await lists_of(floor, again) == [[("A-01", 2), ("A-02", 1)]]
    await pick_list(floor, list_id, "T-0001")
    assert (await row_of(floor, Wave, released.wave_id)).status == "DONE"
    assert (await order_row(floor, stays)).progress == "IN_PROGRESS"
    assert await violations(floor) == []


async def test_a_list_whose_orders_all_left_is_cancelled_and_its_wave_is_done(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 1}})
    released = await release(floor)
    async with database.unit_of_work(merchant) as uow:
        await kicking.kick_out(uow, wave_id=released.wave_id, fulfillment_order_ids=[order_id], reason="LATER")
    assert (await row_of(floor, PickList, released.pick_list_ids[0])).status == "CANCELLED"
    assert (await row_of(floor, Wave, released.wave_id)).status == "DONE"


async def test_an_order_may_leave_until_it_is_packed_also_when_all_walks_are_done(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    released = await release(floor)
    await pick_list(floor, released.pick_list_ids[0], "T-0001")
    assert (await row_of(floor, Wave, released.wave_id)).status == "DONE"
    assert await kick(floor, released.wave_id, order_id) == [KickedOut(order_id, comes_back=True)]
    assert await seats_of(floor, released.wave_id) == {order_id: "KICKED_OUT"}
    await put_all_back(floor, order_id)
    assert (await order_row(floor, order_id)).progress == "OPEN"
    assert code_of((await kick(floor, released.wave_id, order_id))[0]) == "NOT_IN_WAVE"
    assert await violations(floor) == []


async def half_picked(database: Database, actor: Actor) -> tuple[Floor, list[UUID], waves.ReleasedWave]:
    """A cart of two orders; of the first two of three cups are in its tote, of the second nothing."""
    floor = await make_floor(database, actor, SHELVES)
    orders = await bring_orders(floor, {"N1": {"CUP": 3, "LID": 1}, "N2": {"CUP": 1, "POT": 2}})
    released = await release(floor, WaveKind.CLUSTER)
    (list_id,) = released.pick_list_ids
    await claim(floor, list_id)
    done(await bind(floor, list_id, "T-0001", orders[0]))
    done(await pick(floor, (await lines_of(floor, list_id))[0].id, 2, "T-0001"))
    await react(floor)
    return floor, orders, released


async def tasks_of(floor: Floor, order_id: UUID) -> list[Any]:
    async with floor.database.reading(floor.actor) as uow:
        return (await queries.tasks_about(uow, [order_id])).get(order_id, [])


async def put_all_back(floor: Floor, order_id: UUID) -> None:
    for task in await tasks_of(floor, order_id):
        async with floor.database.unit_of_work(floor.picker) as uow:
            back = PutBackScan(task.id, floor.warehouse.bins["A-01"], task.quantity, new_id())
            (answer,) = await put_backs.put_back(uow, backs=[back])
        done(answer)
    await react(floor)


async def seats_of(floor: Floor, wave_id: UUID) -> dict[UUID, str]:
    async with floor.database.reading(floor.actor) as uow:
        found = await queries.seats_of_waves(uow, [wave_id])
    return {seat.fulfillment_order_id: seat.state for seat in found[wave_id]}


async def cancel_it(floor: Floor, wave_id: UUID) -> kicking.CancelledWave:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await kicking.cancel_wave(uow, wave_id=wave_id)


async def test_a_half_picked_order_leaves_its_wave_and_the_others_go_on(database: Database, merchant: Actor) -> None:
    floor, (leaves, stays), released = await half_picked(database, merchant)
    assert await kick(floor, released.wave_id, leaves) == [KickedOut(leaves, comes_back=True)]
    (list_id,) = released.pick_list_ids
    lines = await lines_of(floor, list_id)
    assert [(line.place_code, line.quantity, line.picked_quantity, line.status) for line in lines] == [
        ("A-01", 3, 2, "OPEN"),
        ("A-02", 1, 0, "CANCELLED"),
        ("A-03", 2, 0, "OPEN"),
    ]
    assert await seats_of(floor, released.wave_id) == {leaves: "KICKED_OUT", stays: "IN"}
    (task,) = await tasks_of(floor, leaves)
    assert (task.kind, task.quantity, task.place_id) == ("PUT_BACK", 2, floor.warehouse.totes["T-0001"])
    done(await bind(floor, list_id, "T-0002", stays))
    done(await pick(floor, lines[0].id, 1, "T-0002", order_id=stays))
    done(await pick(floor, lines[2].id, 2, "T-0002", order_id=stays))
    assert (await row_of(floor, Wave, released.wave_id)).status == "DONE"
    await react(floor)
    assert len(await tasks_of(floor, leaves)) == 1
    assert await violations(floor) == []


async def test_an_order_kicked_out_is_open_again_once_its_goods_are_back(database: Database, merchant: Actor) -> None:
    floor, (leaves, _), released = await half_picked(database, merchant)
    await kick(floor, released.wave_id, leaves)
    waits = await order_row(floor, leaves)
    assert (waits.progress, waits.intercepted_at is None) == ("IN_PROGRESS", False)
    await put_all_back(floor, leaves)
    row = await order_row(floor, leaves)
    assert (row.progress, row.intercepted_at, row.stop_reason, row.short_quantity) == ("OPEN", None, None, 0)
    assert [(line.picked_quantity, line.is_short) for line in await order_lines(floor, leaves)] == [(0, False)] * 2
    again = await release(floor, WaveKind.CLUSTER, orders=[leaves])
    assert await lists_of(floor, again) == [[("A-01", 3), ("A-02", 1)]]
    assert await violations(floor) == []


async def test_an_order_kicked_out_and_then_cancelled_does_not_open_again(database: Database, merchant: Actor) -> None:
    floor, (leaves, _), released = await half_picked(database, merchant)
    await kick(floor, released.wave_id, leaves)
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await cancel.cancel_fulfillment_orders(uow, ids=[leaves], reason="BUYER")
    assert done(answer, cancel.Cancelled).outcome == "INTERCEPTED"
    await put_all_back(floor, leaves)
    assert (await order_row(floor, leaves)).progress == "CANCELLED"
    assert await violations(floor) == []


async def test_an_order_in_a_parcel_is_not_kicked_out(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    ready, waits = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"POT": 1}})
    released = await release(floor)
    await pick_list(floor, released.pick_list_ids[0], "T-0001")
    await packed(floor, ready, {"CUP": 1})
    refused, left = await kick(floor, released.wave_id, ready, waits)
    assert (code_of(refused), left) == ("ALREADY_PACKED", KickedOut(waits, comes_back=False))
    assert await violations(floor) == []


async def test_an_order_of_another_wave_is_not_in_this_one(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    first, second = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}})
    released = await release(floor, orders=[first])
    await release(floor, orders=[second])
    assert [code_of(answer) for answer in await kick(floor, released.wave_id, second, new_id())] == [
        "NOT_IN_WAVE",
        "NOT_FOUND",
    ]


async def test_the_last_order_out_of_a_planned_wave_ends_it(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    orders = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:
        planned = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER)
    await kick(floor, planned.wave_id, orders[0])
    assert (await row_of(floor, Wave, planned.wave_id)).status == "PLANNED"
    await kick(floor, planned.wave_id, orders[1])
    assert (await row_of(floor, Wave, planned.wave_id)).status == "CANCELLED"


async def test_a_planned_wave_called_off_leaves_its_orders_for_the_next(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    orders = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:
        planned = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER)
    answer = await cancel_it(floor, planned.wave_id)
    assert (answer.status, answer.kept) == ("CANCELLED", [])
    assert answer.kicked_out == [KickedOut(each, comes_back=False) for each in orders]
    assert len(await lists_of(floor, await release(floor))) == 2


async def test_a_running_wave_called_off_brings_back_what_was_picked(database: Database, merchant: Actor) -> None:
    floor, (half, untouched), released = await half_picked(database, merchant)
    answer = await cancel_it(floor, released.wave_id)
    assert answer.status == "CANCELLED"
    assert answer.kicked_out == [KickedOut(half, comes_back=True), KickedOut(untouched, comes_back=False)]
    assert (await order_row(floor, untouched)).progress == "OPEN"
    (line, *_) = await lines_of(floor, released.pick_list_ids[0])
    assert (line.quantity, line.picked_quantity, line.status) == (2, 2, "DONE")
    await react(floor)
    await put_all_back(floor, half)
    assert (await order_row(floor, half)).progress == "OPEN"
    assert (await row_of(floor, Wave, released.wave_id)).status == "CANCELLED"
    assert await violations(floor) == []


async def test_a_packed_order_goes_out_although_its_wave_is_called_off(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    ready, waits = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"POT": 1}})
    released = await release(floor)
    await pick_list(floor, released.pick_list_ids[0], "T-0001")
    await packed(floor, ready, {"CUP": 1})
    answer = await cancel_it(floor, released.wave_id)
    assert (answer.status, answer.kept) == ("DONE", [ready])
    assert answer.kicked_out == [KickedOut(waits, comes_back=False)]
    assert await seats_of(floor, released.wave_id) == {ready: "DONE", waits: "KICKED_OUT"}
    assert await violations(floor) == []


async def test_a_wave_is_called_off_once_and_only_as_it_was_read(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"CUP": 1}})
    released = await release(floor)
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(StaleVersion):
            await kicking.cancel_wave(uow, wave_id=released.wave_id, version=1)
    await cancel_it(floor, released.wave_id)
    with pytest.raises(WrongState):
        await cancel_it(floor, released.wave_id)


async def test_only_who_manages_the_floor_takes_orders_out(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    orders = await bring_orders(floor, {"N1": {"CUP": 1}})
    released = await release(floor)
    for act in (
        lambda uow: kicking.kick_out(uow, wave_id=released.wave_id, fulfillment_order_ids=orders, reason="LATER"),
        lambda uow: kicking.cancel_wave(uow, wave_id=released.wave_id),
    ):
        with pytest.raises(NotPermitted):
            await database.run(floor.picker, act)


async def test_the_statements_of_a_kick_out_do_not_depend_on_the_orders(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    counts = {}
    for size in (2, 1, 20):  # the first makes the merchant's counters
        orders = await bring_orders(floor, {f"N{size}-{number}": {"CUP": 1} for number in range(size)})
        released = await release(floor, WaveKind.CLUSTER, capacity=50, orders=orders)
        with statements(database) as sent:
            await kick(floor, released.wave_id, *orders)
        counts[size] = len(sent)
    assert counts[1] == counts[20]
