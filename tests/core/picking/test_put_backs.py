import asyncio
from typing import Any
from uuid import UUID

from tests.builders_floor import (
    Floor,
    bind,
    bring_orders,
    claim,
    code_of,
    done,
    lines_of,
    lying,
    make_floor,
    open_parcel,
    order_lines,
    order_row,
    packed,
    pick,
    pick_list,
    react,
    release,
    row_of,
    verify,
    violations,
)
from tests.databases import make_merchant

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel
from pickmesh.core.packing import queries as parcel_queries
from pickmesh.core.packing.tables import Parcel
from pickmesh.core.picking import commands, put_backs, queries, tasks
from pickmesh.core.picking.put_backs import PutBackDone, PutBackScan
from pickmesh.core.picking.rules import PickConfirmation
from pickmesh.core.picking.tables import PickLine, PickList, WaveKind
from pickmesh.core.stock import queries as stock_queries

SHELVES = {"A-01": {"CUP": 10}, "A-02": {"LID": 10}}


async def stop(floor: Floor, order_id: UUID) -> cancel.Cancelled:
    async with floor.database.unit_of_work(floor.actor) as uow:
        (answer,) = await cancel.cancel_fulfillment_orders(uow, ids=[order_id], reason="BUYER")
    return done(answer, cancel.Cancelled)


async def open_tasks(floor: Floor, order_id: UUID) -> list[Any]:
    async with floor.database.reading(floor.actor) as uow:
        about = (await queries.tasks_about(uow, [order_id])).get(order_id, [])
    return [task for task in about if task.status == "OPEN"]


async def back(floor: Floor, task_id: UUID, to_place_id: UUID, quantity: int) -> PutBackDone | Refused:
    async with floor.database.unit_of_work(floor.picker) as uow:
        (answer,) = await put_backs.put_back(uow, backs=[PutBackScan(task_id, to_place_id, quantity, new_id())])
    return answer


async def free(floor: Floor, code: str) -> tuple[int, int]:
    """Reserved and free."""
    async with floor.database.reading(floor.actor) as uow:
        (row,) = await stock_queries.levels_of(uow, [floor.house.skus[code]])
    return row.reserved, row.free


async def half_picked(database: Database, actor: Actor) -> tuple[Floor, UUID, UUID]:
    """An order of three cups and a lid: two cups are in a tote."""
    floor = await make_floor(database, actor, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 3, "LID": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    await claim(floor, list_id)
    done(await bind(floor, list_id, "T-0001"))
    cups = (await lines_of(floor, list_id))[0]
    done(await pick(floor, cups.id, 2, "T-0001"))
    return floor, order_id, list_id


async def test_a_stopped_order_leaves_its_list_and_its_goods_get_a_task_that_says_where_they_are(
    database: Database, merchant: Actor
) -> None:
    floor, order_id, list_id = await half_picked(database, merchant)
    assert (await stop(floor, order_id)).outcome == "INTERCEPTED"
    await react(floor)
    lines = [(line.place_code, line.quantity, line.status) for line in await lines_of(floor, list_id)]
    assert lines == [("A-01", 2, "DONE"), ("A-02", 1, "CANCELLED")]
    assert (await row_of(floor, PickList, list_id)).status == "DONE"
    (task,) = await open_tasks(floor, order_id)
    assert (task.kind, task.quantity, task.sku_id) == ("PUT_BACK", 2, floor.house.skus["CUP"])
    assert task.place_id == floor.warehouse.totes["T-0001"]
    assert task.detail == {"bin_ids": [str(floor.warehouse.bins["A-01"])]}
    assert (await free(floor, "CUP"), await free(floor, "LID")) == ((2, 8), (0, 10))
    assert await violations(floor) == []


async def test_a_second_telling_makes_no_second_task(database: Database, merchant: Actor) -> None:
    floor, order_id, _ = await half_picked(database, merchant)
    await stop(floor, order_id)
    await react(floor)
    floor.heard = 0
    await react(floor)
    assert len(await open_tasks(floor, order_id)) == 1
    assert await violations(floor) == []


async def test_the_put_back_scan_releases_the_reservation_and_ends_the_order(
    database: Database, merchant: Actor
) -> None:
    floor, order_id, _ = await half_picked(database, merchant)
    await stop(floor, order_id)
    await react(floor)
    (task,) = await open_tasks(floor, order_id)
    first = done(await back(floor, task.id, floor.warehouse.bins["A-01"], 1), PutBackDone)
    assert (first.left, first.done) == (1, False)
    assert await free(floor, "CUP") == (1, 9)
    assert (await order_row(floor, order_id)).progress == "IN_PROGRESS"
    last = done(await back(floor, task.id, floor.warehouse.bins["A-02"], 1), PutBackDone)
    assert (last.left, last.done) == (0, True)
    assert await free(floor, "CUP") == (0, 10)
    bins = floor.warehouse.bins
    assert await lying(floor, [*bins.values(), floor.warehouse.totes["T-0001"]]) == {bins["A-01"]: 9, bins["A-02"]: 11}
    assert (await order_row(floor, order_id)).progress == "CANCELLED"
    assert [line.picked_quantity for line in await order_lines(floor, order_id)] == [0, 0]
    await react(floor)
    assert await open_tasks(floor, order_id) == []
    assert await violations(floor) == []


async def test_no_more_goes_back_than_is_out_and_only_into_bins(database: Database, merchant: Actor) -> None:
    floor, order_id, _ = await half_picked(database, merchant)
    await stop(floor, order_id)
    await react(floor)
    (task,) = await open_tasks(floor, order_id)
    bin_id = floor.warehouse.bins["A-01"]
    assert code_of(await back(floor, task.id, bin_id, 3)) == "TOO_MANY"
    assert code_of(await back(floor, task.id, floor.warehouse.totes["T-0002"], 1)) == "WRONG_PLACE"
    assert code_of(await back(floor, new_id(), bin_id, 1)) == "NOT_FOUND"
    done(await back(floor, task.id, bin_id, 2))
    assert code_of(await back(floor, task.id, bin_id, 1)) == "NOT_FOUND"


async def test_an_order_nobody_has_picked_is_cancelled_at_once_and_leaves_its_list(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    stays, goes = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 2, "LID": 1}})
    (list_id,) = (await release(floor, WaveKind.CLUSTER)).pick_list_ids
    assert (await stop(floor, goes)).outcome == "CANCELLED"
    await react(floor)
    lines = [(line.place_code, line.quantity, line.status) for line in await lines_of(floor, list_id)]
    assert lines == [("A-01", 1, "OPEN"), ("A-02", 1, "CANCELLED")]
    assert await open_tasks(floor, goes) == []
    await pick_list(floor, list_id, "T-0001")
    await packed(floor, stays, {"CUP": 1})
    assert await violations(floor) == []


async def test_goods_in_a_sealed_parcel_come_back_too_and_the_parcel_is_given_up(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    await pick_list(floor, list_id, "T-0001")
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    await stop(floor, order_id)
    await react(floor)
    (task,) = await open_tasks(floor, order_id)
    assert (task.place_id, task.quantity) == (parcel_id, 2)
    done(await back(floor, task.id, floor.warehouse.bins["A-01"], 2))
    assert [(line.picked_quantity, line.packed_quantity) for line in await order_lines(floor, order_id)] == [(0, 0)]
    assert (await order_row(floor, order_id)).progress == "CANCELLED"
    await react(floor)
    assert (await row_of(floor, Parcel, parcel_id)).state == "VOIDED"
    async with database.reading(merchant) as uow:
        assert await parcel_queries.live_waybills(uow, [parcel_id]) == {}
    assert await violations(floor) == []


async def test_a_parcel_of_a_stopped_order_takes_nothing_more(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    await pick_list(floor, list_id, "T-0001")
    parcel_id = await open_parcel(floor, order_id)
    done(await verify(floor, parcel_id, "CUP", 1))
    await stop(floor, order_id)
    assert code_of(await verify(floor, parcel_id, "CUP", 1)) == "INTERCEPTED"
    await react(floor)
    places = {(task.place_id, task.quantity) for task in await open_tasks(floor, order_id)}
    assert places == {(parcel_id, 1), (floor.warehouse.totes["T-0001"], 1)}
    assert await violations(floor) == []


async def test_tasks_are_numbered_and_settled_once_by_somebody(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    new = tasks.NewTask(tasks.TaskKind.LATE_SCAN, floor.location_id, new_id(), quantity=1, detail={"raw": "690"})
    async with database.unit_of_work(floor.picker) as uow:
        ids = await tasks.open_tasks(uow, tasks=[new, new])
    settled = []
    for _ in range(2):
        async with database.unit_of_work(floor.picker) as uow:
            settled.append(await tasks.settle_tasks(uow, task_ids=ids[:1], note="found it"))
    assert settled == [ids[:1], []]
    async with database.reading(merchant) as uow:
        found = await queries.tasks(uow, ids)
    first, second = (found[task_id] for task_id in ids)
    assert (first.status, first.done_by, first.detail) == (
        "DONE",
        floor.picker.person_id,
        {"raw": "690", "note": "found it"},
    )
    assert (second.status, second.number - first.number) == ("OPEN", 1)


async def test_a_pick_and_a_cancellation_at_once_leave_all_units_accounted_for(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor = await make_floor(postgres_database, merchant, SHELVES)
    orders = await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(8)})
    released = await release(floor, WaveKind.SINGLE_ITEM)
    (list_id,) = released.pick_list_ids
    await claim(floor, list_id)
    done(await bind(floor, list_id, "T-0001"))
    (line,) = await lines_of(floor, list_id)
    tote = floor.warehouse.totes["T-0001"]

    async def pick_one(order_id: UUID) -> Any:
        taken = PickConfirmation(line.id, 1, tote, new_id(), fulfillment_order_id=order_id)
        return await postgres_database.run(floor.picker, lambda uow: commands.confirm_picks(uow, picks=[taken]))

    async def cancel_one(order_id: UUID) -> Any:
        return await postgres_database.run(
            merchant, lambda uow: cancel.cancel_fulfillment_orders(uow, ids=[order_id], reason="BUYER")
        )

    answers = await asyncio.gather(*(work(order_id) for order_id in orders for work in (pick_one, cancel_one)))
    picks, stops = answers[0::2], answers[1::2]
    for (picked,), (stopped,) in zip(picks, stops, strict=True):
        if isinstance(picked, Refused):
            assert (picked.refusal.code, stopped.outcome) == ("INTERCEPTED", "CANCELLED")
        else:
            assert stopped.outcome == "INTERCEPTED"
    await react(floor)
    out = sum(not isinstance(picked, Refused) for (picked,) in picks)
    assert await lying(floor, [tote]) == ({tote: out} if out else {})
    assert await free(floor, "CUP") == (out, 10 - out)
    assert sum([len(await open_tasks(floor, order_id)) for order_id in orders]) == out
    assert (await row_of(floor, PickLine, line.id)).status == ("DONE" if out else "CANCELLED")
    assert await violations(floor) == []
