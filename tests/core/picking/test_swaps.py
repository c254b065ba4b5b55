"""Lots swapped at the bin by the command itself: many at once, in few statements, and never more than lies there."""

import asyncio
from collections.abc import Sequence
from functools import partial
from uuid import UUID

import pytest
from tests.builders_floor import claim, code_of, done, lines_of
from tests.builders_lots import NEW, OLD, Dairy, make_dairy
from tests.databases import make_merchant
from tests.racing import assert_sound, at_once, until_waiting
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders.tables import FulfillmentOrder
from pickmesh.core.picking.swaps import LotSwap, LotSwapped, swap_lots
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock import lots
from pickmesh.core.stock.refusals import LotNotFree
from pickmesh.core.stock.swaps import Relot, change_lots
from pickmesh.core.stock.tables import Allocation


async def line_ids(dairy: Dairy, list_ids: Sequence[UUID]) -> list[UUID]:
    return [line.id for list_id in list_ids for line in await lines_of(dairy.floor, list_id)]


async def swap(dairy: Dairy, *lines: UUID, lot: str = "NEW") -> list[LotSwapped | Refused]:
    async with dairy.floor.database.unit_of_work(dairy.floor.picker) as uow:
        return await swap_lots(uow, swaps=[LotSwap(line_id, dairy.lot_ids[lot]) for line_id in lines])


async def test_several_swaps_share_what_is_free_in_their_order(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant, [("OLD", 10, 9), ("NEW", 90, 5)])
    lines = await line_ids(dairy, await dairy.list_of({"N1": 3, "N2": 3, "N3": 3}))
    answers = await swap(dairy, *lines)
    assert [done(answer, LotSwapped).quantity for answer in answers[:2]] == [3, 2]
    assert code_of(answers[2]) == "LOT_NOT_FREE"
    assert await dairy.promised() == [("NEW", 5), ("OLD", 4)]
    await assert_sound(database, merchant)


async def test_a_swap_back_frees_the_lot_for_the_next(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant, [("OLD", 10, 6), ("NEW", 90, 3)])
    first, second = await line_ids(dairy, await dairy.list_of({"N1": 3, "N2": 3}))
    done((await swap(dairy, first))[0])
    async with database.unit_of_work(dairy.floor.picker) as uow:
        ids = dairy.lot_ids
        answers = await swap_lots(uow, swaps=[LotSwap(first, ids["OLD"]), LotSwap(second, ids["NEW"])])
    assert [done(answer, LotSwapped).exchanged for answer in answers] == [0, 0]
    assert await dairy.lines() == [("OLD", None, 3, 0, "OPEN"), ("NEW", "OLD", 3, 0, "OPEN")]
    await assert_sound(database, merchant)


async def test_a_line_of_somebody_else_or_of_nobody_is_refused(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant)
    lists = await dairy.list_of({"N1": 3})
    (line_id,) = await line_ids(dairy, lists)
    await claim(dairy.floor, lists[0], dairy.floor.packer)
    assert [code_of(answer) for answer in await swap(dairy, line_id, new_id())] == ["NOT_YOURS", "LINE_CLOSED"]
    assert await dairy.promised() == [("OLD", 3)]


async def test_many_swaps_take_as_many_statements_as_two(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant, [("OLD", 10, 20), ("NEW", 90, 20)])
    lines = await line_ids(dairy, await dairy.list_of({f"N{number}": 2 for number in range(8)}))
    sent = []
    for part in (lines[:2], lines[2:]):
        with statements(database) as seen:
            await swap(dairy, *part)
        sent.append(len(seen))
    assert sent[0] == sent[1]


async def test_units_change_their_lot_all_together_or_not_at_all(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant)
    (line_id,) = await line_ids(dairy, await dairy.list_of({"N1": 3}))
    ((allocation_id,),) = await dairy.rows(Allocation, "id")
    for quantities in ((4,), (2, 2), (3, 3)):
        with pytest.raises(LotNotFree):
            async with database.unit_of_work(merchant) as uow:
                relots = [Relot(allocation_id, dairy.lot_ids["NEW"], each, line_id) for each in quantities]
                await change_lots(uow, relots=relots)
    assert await dairy.promised() == [("OLD", 3)]
    async with database.unit_of_work(merchant) as uow:
        await change_lots(uow, relots=[Relot(allocation_id, dairy.lot_ids["NEW"], 3, line_id)])
    assert await dairy.promised() == [("NEW", 3), ("OLD", 0)]


async def test_pickers_who_swap_at_once_never_get_more_than_lies_there(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    dairy = await make_dairy(postgres_database, merchant, [("SOON", 5, 4), *[OLD, NEW]])
    lines = await line_ids(dairy, await dairy.list_of({f"N{number}": 2 for number in range(6)}))
    lots = ("NEW", "SOON", "OLD", "NEW", "SOON", "OLD")

    async def one(uow: UnitOfWork, line_id: UUID, lot: str) -> list[LotSwapped | Refused]:
        return await swap_lots(uow, swaps=[LotSwap(line_id, dairy.lot_ids[lot])])

    for turn in range(3):
        work = [partial(one, line_id=line, lot=lots[(at + turn) % 6]) for at, line in enumerate(lines)]
        await at_once(postgres_database, merchant, work)
        await assert_sound(postgres_database, merchant)
    assert sum(quantity for _, quantity in await dairy.promised()) == 12


async def test_a_line_one_of_whose_orders_somebody_else_holds_gives_nothing_up(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    dairy = await make_dairy(postgres_database, merchant, [("SOON", 5, 3), ("OLD", 10, 4)])
    await dairy.list_of({"N1": 1, "N2": 1, "N3": 1}, WaveKind.SINGLE_ITEM)
    (line_id,) = await line_ids(dairy, await dairy.list_of({"N4": 3}))
    first, *_ = await dairy.rows(FulfillmentOrder, "id")
    async with postgres_database.unit_of_work(merchant) as somebody:
        await order_locks.lock_fulfillment_orders(somebody, first)
        assert code_of((await swap(dairy, line_id, lot="SOON"))[0]) == "LOT_NOT_FREE"
    assert done((await swap(dairy, line_id, lot="SOON"))[0], LotSwapped).exchanged == 3
    await assert_sound(postgres_database, merchant)


async def test_a_lot_that_is_put_on_hold_at_this_moment_is_not_swapped_in(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    dairy = await make_dairy(postgres_database, merchant)
    (line_id,) = await line_ids(dairy, await dairy.list_of({"N1": 3}))
    async with postgres_database.unit_of_work(merchant) as uow:
        assert await lots.set_lots_blocked(uow, lot_ids=[dairy.lot_ids["NEW"]], blocked=True) == []
        swapping = asyncio.create_task(swap(dairy, line_id))
        await until_waiting(postgres_database)
    assert code_of((await swapping)[0]) == "LOT_NOT_FREE"
    assert await dairy.promised() == [("OLD", 3)]
    await assert_sound(postgres_database, merchant)
