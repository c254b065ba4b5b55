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
    order_lines,
    order_row,
    packed,
    pick,
    react,
    release,
    row_of,
    violations,
)
from tests.builders_stock import put_stock
from tests.statements import statements

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel
from pickmesh.core.picking import queries, shorts
from pickmesh.core.picking.rules import PickShort
from pickmesh.core.picking.shorts import ShortReported
from pickmesh.core.picking.tables import PickLine, PickList, Wave, WaveKind
from pickmesh.core.stock import adjustments
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.adjustments import Adjustment


async def claimed(floor: Floor, kind: WaveKind = WaveKind.DISCRETE) -> tuple[UUID, list[Any]]:
    list_id = (await release(floor, kind)).pick_list_ids[0]
    await claim(floor, list_id)
    done(await bind(floor, list_id, "T-0001"))
    return list_id, await lines_of(floor, list_id)


async def report(floor: Floor, line_id: UUID, quantity: int) -> ShortReported | Refused:
    async with floor.database.unit_of_work(floor.picker) as uow:
        (answer,) = await shorts.report_shorts(uow, shorts=[PickShort(line_id, quantity, new_id())])
    return answer


async def level(floor: Floor, code: str) -> tuple[int, int, int, int]:
    """On hand, non-sellable, reserved, free."""
    async with floor.database.reading(floor.actor) as uow:
        (row,) = await stock_queries.levels_of(uow, [floor.house.skus[code]])
    return row.on_hand, row.non_sellable, row.reserved, row.free


async def test_missing_units_move_to_missing_and_are_fetched_from_another_bin(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 2}, "A-02": {"CUP": 9}, "A-03": {"LID": 1}})
    await bring_orders(floor, {"N1": {"CUP": 2, "LID": 1}})
    list_id, (cups, _) = await claimed(floor)
    answer = done(await report(floor, cups.id, 2), ShortReported)
    assert (answer.resourced, answer.backordered, answer.list_done, answer.task_ids) == (2, 0, False, ())
    missing = floor.warehouse.others["MISSING"]
    assert await lying(floor, [missing, floor.warehouse.bins["A-01"]]) == {missing: 2}
    lines = [
        (line.place_code, line.quantity, line.short_quantity, line.status) for line in await lines_of(floor, list_id)
    ]
    assert lines == [("A-01", 2, 2, "DONE"), ("A-03", 1, 0, "OPEN"), ("A-02", 2, 0, "OPEN")]
    assert await level(floor, "CUP") == (11, 2, 2, 7)
    assert (await order_row(floor, floor.orders["N1"])).short_quantity == 0
    for line in (await lines_of(floor, list_id))[1:]:
        done(await pick(floor, line.id, line.quantity, "T-0001"))
    assert (await row_of(floor, PickList, list_id)).status == "DONE"
    await packed(floor, floor.orders["N1"], {"CUP": 2, "LID": 1})
    await react(floor)
    assert await violations(floor) == []


async def test_the_bin_found_empty_is_passed_over_whatever_the_ledger_says(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 5}, "A-02": {"CUP": 5}})
    await bring_orders(floor, {"N1": {"CUP": 2}})
    list_id, (cups,) = await claimed(floor)
    assert cups.place_code == "A-01"
    done(await pick(floor, cups.id, 1, "T-0001"))
    answer = done(await report(floor, cups.id, 1), ShortReported)
    assert (answer.resourced, answer.backordered) == (1, 0)
    lines = [(line.place_code, line.quantity, line.picked_quantity) for line in await lines_of(floor, list_id)]
    assert lines == [("A-01", 2, 1), ("A-02", 1, 0)]
    assert await violations(floor) == []


async def test_what_no_other_bin_has_is_backordered_with_a_task(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 3}, "A-02": {"CUP": 1}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 3}})
    list_id, (cups,) = await claimed(floor)
    done(await pick(floor, cups.id, 1, "T-0001"))
    answer = done(await report(floor, cups.id, 2), ShortReported)
    assert (answer.resourced, answer.backordered, answer.list_done) == (1, 1, False)
    (task_id,) = answer.task_ids
    async with database.reading(merchant) as uow:
        task = (await queries.tasks(uow, [task_id]))[task_id]
    assert (task.kind, task.status, task.subject_id, task.quantity) == ("SHORT_PICK", "OPEN", order_id, 1)
    assert (task.place_id, task.sku_id) == (cups.place_id, floor.house.skus["CUP"])
    assert (await order_row(floor, order_id)).short_quantity == 1
    (line,) = await order_lines(floor, order_id)
    assert (line.is_short, line.picked_quantity) == (True, 1)
    done(await pick(floor, (await lines_of(floor, list_id))[1].id, 1, "T-0001"))
    assert (await row_of(floor, PickList, list_id)).status == "DONE"
    assert await level(floor, "CUP") == (4, 2, 2, 0)
    assert await violations(floor) == []


async def test_stock_that_comes_later_goes_to_the_short_order_and_back_onto_its_list(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 2}, "A-02": {}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    list_id, (cups,) = await claimed(floor)
    done(await pick(floor, cups.id, 1, "T-0001"))
    assert done(await report(floor, cups.id, 1), ShortReported).list_done
    await put_stock(database, merchant, floor.warehouse.bins["A-02"], floor.house.skus["CUP"], 5)
    await react(floor)
    row = await row_of(floor, PickList, list_id)
    assert (row.status, row.worker_id) == ("READY", None)
    assert (await row_of(floor, Wave, row.wave_id)).status == "IN_PROGRESS"
    assert (await order_row(floor, order_id)).short_quantity == 0
    await claim(floor, list_id)
    line = (await lines_of(floor, list_id))[1]
    assert (line.place_code, line.quantity, line.sequence) == ("A-02", 1, 2)
    assert done(await pick(floor, line.id, 1, "T-0001")).list_done
    await packed(floor, order_id, {"CUP": 2})
    await react(floor)
    assert await violations(floor) == []


async def test_the_last_seats_of_a_shared_line_lose_the_missing_units(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 3}})
    await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}, "N3": {"CUP": 1}})
    _, (cups,) = await claimed(floor, WaveKind.SINGLE_ITEM)
    answer = done(await report(floor, cups.id, 2), ShortReported)
    assert (answer.backordered, len(answer.task_ids)) == (2, 2)
    short = [(await order_row(floor, floor.orders[number])).short_quantity for number in ("N1", "N2", "N3")]
    assert short == [0, 1, 1]
    assert done(await pick(floor, cups.id, 1, "T-0001")).list_done
    assert await violations(floor) == []


async def test_no_more_is_missing_than_the_line_still_needs(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 3}})
    await bring_orders(floor, {"N1": {"CUP": 2}})
    _, (cups,) = await claimed(floor)
    done(await pick(floor, cups.id, 1, "T-0001"))
    assert code_of(await report(floor, cups.id, 2)) == "TOO_MANY"
    assert await level(floor, "CUP") == (3, 0, 2, 1)


async def test_nobody_misses_what_a_stopped_order_wanted(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 2}, "A-02": {"LID": 2}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2, "LID": 1}})
    _, (cups, lids) = await claimed(floor)
    done(await pick(floor, lids.id, 1, "T-0001"))
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[order_id], reason="BUYER")
    assert code_of(await report(floor, cups.id, 1)) == "INTERCEPTED"
    await react(floor)
    assert (await row_of(floor, PickLine, cups.id)).status == "CANCELLED"
    assert await level(floor, "CUP") == (2, 0, 0, 2)
    assert await violations(floor) == []


async def test_an_order_that_ships_what_is_there_is_packed_without_what_is_short(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(
        database, merchant, {"A-01": {"CUP": 2}, "A-02": {"LID": 2}}, policy=ShortagePolicy.SHIP_AVAILABLE
    )
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2, "LID": 1}})
    _, (cups, lids) = await claimed(floor)
    done(await pick(floor, cups.id, 1, "T-0001"))
    done(await pick(floor, lids.id, 1, "T-0001"))
    assert done(await report(floor, cups.id, 1), ShortReported).backordered == 1
    await packed(floor, order_id, {"CUP": 1, "LID": 1})
    assert (await order_row(floor, order_id)).progress == "IN_PROGRESS"
    assert await violations(floor) == []


async def test_goods_that_vanish_from_the_ledger_vanish_from_the_list(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 3}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 3}})
    list_id, (cups,) = await claimed(floor)
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await adjustments.adjust_stock(
            uow, adjustments=[Adjustment(cups.place_id, floor.house.skus["CUP"], -1)]
        )
    assert not isinstance(answer, Refused)
    await react(floor)
    assert (await row_of(floor, PickLine, cups.id)).quantity == 2
    assert (await order_row(floor, order_id)).short_quantity == 1
    done(await pick(floor, cups.id, 2, "T-0001"))
    assert (await row_of(floor, PickList, list_id)).status == "DONE"
    assert await violations(floor) == []


async def test_the_statements_of_reporting_do_not_depend_on_the_number_of_lines(
    database: Database, merchant: Actor
) -> None:
    codes = [f"S{number}" for number in range(1, 64)]
    shelves = {f"A-{number:03d}": {code: 4} for number, code in enumerate(codes, 1)}
    spare = {f"B-{number:03d}": {code: 9} for number, code in enumerate(codes, 1)}
    floor = await make_floor(database, merchant, shelves | spare)
    counts = {}
    for first, count in ((0, 2), (2, 1), (3, 10), (13, 50)):  # the first round makes the merchant's counters
        wanted = dict.fromkeys(codes[first : first + count], 1)
        (order_id,) = await bring_orders(floor, {f"R{count}": wanted})
        (list_id,) = (await release(floor, orders=[order_id])).pick_list_ids
        await claim(floor, list_id)
        missing = [PickShort(line.id, 1, new_id()) for line in await lines_of(floor, list_id)]
        with statements(database) as sent:
            async with database.unit_of_work(floor.picker) as uow:
                answers = await shorts.report_shorts(uow, shorts=missing)
        assert [done(answer).resourced for answer in answers] == [1] * count
        counts[count] = len(sent)
    assert counts[1] == counts[10] == counts[50]
