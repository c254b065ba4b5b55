"""Two at once, on PostgreSQL with real connections: each order once, each piece once."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from tests.builders_orders import (
    ORDERED_AT,
    bring_in,
    count,
    fulfillment_orders,
    make_house,
    new_order,
    only_fulfillment_order,
    order_lines,
    react,
    receive,
    reserved,
)
from tests.databases import make_merchant
from tests.events_told import kinds_told
from tests.racing import until_waiting

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused, WrongState
from pickmesh.core.orders import backorders, cancel, checks, intake, merging, progress, queries, splits
from pickmesh.core.orders.incoming import NewOrder
from pickmesh.core.orders.tables import FulfillmentOrder, SalesOrder
from pickmesh.core.orders.verdicts import OrderVerdict, Verdict
from pickmesh.core.stock import checks as stock_checks
from pickmesh.core.stock.rules import Level
from pickmesh.core.stock.tables import Reservation


async def import_together(database: Database, actor: Actor, *batches: list[NewOrder]) -> list[list[OrderVerdict]]:
    async def one(orders: list[NewOrder]) -> list[OrderVerdict]:
        async def work(uow: UnitOfWork) -> list[OrderVerdict | Refused]:
            return await intake.import_orders(uow, orders=orders)

        return [answer for answer in await database.run(actor, work) if isinstance(answer, OrderVerdict)]

    return await asyncio.gather(*(one(orders) for orders in batches))


async def nothing_is_off(database: Database, actor: Actor) -> None:
    async with database.reading(actor) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []


async def test_eight_intakes_of_the_same_orders_create_each_once(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 100})
    orders = [new_order(house, f"T-{number}", {"CUP": 1}) for number in range(20)]
    batches = [orders if number % 2 else orders[::-1] for number in range(8)]
    answers = await import_together(postgres_database, actor, *batches)
    created = [verdict for verdicts in answers for verdict in verdicts if verdict.verdict is Verdict.CREATED]
    assert len(created) == 20
    assert sum(len(verdicts) for verdicts in answers) == 160
    assert len({verdict.order_id for verdicts in answers for verdict in verdicts}) == 20
    assert await count(postgres_database, actor, SalesOrder) == 20
    assert (await kinds_told(postgres_database, actor)).count("order_imported") == 20
    assert await reserved(postgres_database, actor, house, "CUP") == 20
    await nothing_is_off(postgres_database, actor)


async def test_bundles_of_several_batches_never_share_the_last_pieces(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"POT": 7, "CUP": 9}, bundles={"SET": {"POT": 1, "CUP": 2}})
    batches = [[new_order(house, f"T-{batch}-{number}", {"SET": 1}) for number in range(2)] for batch in range(8)]
    answers = await import_together(postgres_database, actor, *batches)
    # Nine cups are enough for four of the sixteen sets (a pot and two cups each); the ninth cup stays free.
    assert [await reserved(postgres_database, actor, house, code) for code in ("POT", "CUP")] == [4, 8]
    assert sum(verdict.short_pieces for verdicts in answers for verdict in verdicts) == 12 * 3
    await nothing_is_off(postgres_database, actor)


async def test_a_cancellation_and_a_change_of_one_order_end_in_one_of_two_ways(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 5})
    for number in range(6):
        order = new_order(house, f"T-{number}", {"CUP": 2})
        (verdict,) = await bring_in(postgres_database, actor, order)
        row = await only_fulfillment_order(postgres_database, actor, verdict.order_id)
        changed = new_order(house, f"T-{number}", {"CUP": 3})

        async def cancel_it(uow: UnitOfWork, each: UUID = row.id) -> object:
            return await cancel.cancel_fulfillment_orders(uow, ids=[each], reason="BUYER")

        async def change_it(uow: UnitOfWork, told: NewOrder = changed) -> object:
            return await intake.import_orders(uow, orders=[told])

        await asyncio.gather(postgres_database.run(actor, cancel_it), postgres_database.run(actor, change_it))
        line = (await order_lines(postgres_database, actor, verdict.order_id))["1"]
        assert (line.quantity, line.cancelled_quantity) in {(2, 2), (3, 3)}
        assert await reserved(postgres_database, actor, house, "CUP") == 0
        await nothing_is_off(postgres_database, actor)


async def test_two_cancellations_of_one_order_free_once(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 5})
    (verdict,) = await bring_in(postgres_database, actor, new_order(house, "T-1", {"CUP": 2}))
    row = await only_fulfillment_order(postgres_database, actor, verdict.order_id)

    async def cancel_it(uow: UnitOfWork) -> list[cancel.Cancelled | Refused]:
        return await cancel.cancel_fulfillment_orders(uow, ids=[row.id], reason="BUYER")

    answers = await asyncio.gather(*(postgres_database.run(actor, cancel_it) for _ in range(6)))
    changed = [answer.changed for (answer,) in answers if isinstance(answer, cancel.Cancelled)]
    assert sorted(changed) == [False] * 5 + [True]
    assert (await order_lines(postgres_database, actor, verdict.order_id))["1"].cancelled_quantity == 2
    assert (await kinds_told(postgres_database, actor)).count("fulfillment_order_cancelled") == 1
    await nothing_is_off(postgres_database, actor)


async def test_backorders_filled_by_several_workers_get_each_piece_once(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 0})
    orders = [
        new_order(house, f"T-{number}", {"CUP": 1}, ship_by=ORDERED_AT + timedelta(hours=number))
        for number in range(10)
    ]
    verdicts = await bring_in(postgres_database, actor, *orders)
    await receive(postgres_database, actor, house, {"CUP": 4})
    levels = [Level(house.warehouses["HZ1"], house.skus["CUP"])]

    async def fill(uow: UnitOfWork) -> list[UUID]:
        return await backorders.fill_backorders(uow, levels=levels)

    filled = await asyncio.gather(*(postgres_database.run(actor, fill) for _ in range(6)))
    assert sum(len(ids) for ids in filled) == 4
    short = [(await fulfillment_orders(postgres_database, actor, one.order_id))[0].short_quantity for one in verdicts]
    assert short == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert await count(postgres_database, actor, Reservation) == 4
    await nothing_is_off(postgres_database, actor)


async def test_stock_and_the_order_that_wants_it_arrive_together_and_find_each_other(
    postgres_database: Database,
) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 0})
    for number in range(5):
        order = new_order(house, f"T-{number}", {"CUP": 1})
        await asyncio.gather(
            import_together(postgres_database, actor, [order]),
            receive(postgres_database, actor, house, {"CUP": 1}),
        )
    await react(postgres_database, actor)
    assert await reserved(postgres_database, actor, house, "CUP") == 5
    async with postgres_database.reading(actor) as uow:
        short = await uow.scalar(
            sa.select(sa.func.sum(FulfillmentOrder.short_quantity)).where(uow.mine(FulfillmentOrder))
        )
    assert short == 0
    await nothing_is_off(postgres_database, actor)


async def test_a_merge_and_a_release_of_the_same_orders_end_in_one_of_two_ways(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 50})
    for number in range(6):
        verdicts = await bring_in(
            postgres_database, actor, *(new_order(house, f"T-{number}-{part}", {"CUP": 1}) for part in (1, 2))
        )
        rows = [await only_fulfillment_order(postgres_database, actor, each.order_id) for each in verdicts]
        one, other = sorted(row.id for row in rows)

        async def merge_them(uow: UnitOfWork, ids: tuple[UUID, UUID] = (one, other)) -> object:
            return (await merging.merge_fulfillment_orders(uow, merges=[ids]))[0]

        async def release(uow: UnitOfWork, each: UUID = other) -> object:
            await progress.mark_released(uow, [each])
            return None

        merged, released = await asyncio.gather(
            postgres_database.run(actor, merge_them), postgres_database.run(actor, release), return_exceptions=True
        )
        # Whoever comes second finds the other's work done: a merged one is not released, a released one not merged.
        ends = (isinstance(merged, Refused), isinstance(released, WrongState))
        assert ends in {(True, False), (False, True)}, (merged, released)
        after = {
            row.id: row.progress
            for each in verdicts
            for row in await fulfillment_orders(postgres_database, actor, each.order_id)
        }
        assert after == {one: "OPEN", other: "RELEASED" if ends[0] else "MERGED"}
        await nothing_is_off(postgres_database, actor)


async def test_what_is_merged_in_while_a_cancellation_waits_is_locked_with_it(postgres_database: Database) -> None:
    """A parcel of two orders and the second order's other parcel are cancelled at once: both orders end.

    The cancellation of the parcel asks who is behind it while the merge is not written yet. Did it not ask again, the
    two cancellations would each see the other's goods alive, and the second order would never be closed.
    """
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 9, "LID": 9})
    verdicts = await bring_in(
        postgres_database, actor, new_order(house, "T-1", {"CUP": 1}), new_order(house, "T-2", {"CUP": 1, "LID": 1})
    )
    one, other = [await only_fulfillment_order(postgres_database, actor, each.order_id) for each in verdicts]
    async with postgres_database.unit_of_work(actor) as uow:
        lid = (await queries.lines_of_fulfillment_orders(uow, [other.id]))[other.id][1]
        (split,) = await splits.split_fulfillment_orders(uow, splits=[splits.Split(other.id, {lid.group_id: 1})])
    assert isinstance(split, splits.SplitOff)
    cancelled, may_commit = asyncio.Event(), asyncio.Event()

    async def stop(uow: UnitOfWork, each: UUID) -> None:
        await cancel.cancel_fulfillment_orders(uow, ids=[each], reason="BUYER")

    async def stop_in_two_steps() -> None:
        async with postgres_database.unit_of_work(actor) as uow:
            await stop(uow, one.id)
            cancelled.set()
            await may_commit.wait()

    async with postgres_database.unit_of_work(actor) as uow:
        await merging.merge_fulfillment_orders(uow, merges=[(one.id, other.id)])
        whole = asyncio.create_task(stop_in_two_steps())
        await until_waiting(postgres_database)  # for the order the merge holds
    await cancelled.wait()
    rest = asyncio.create_task(postgres_database.run(actor, partial(stop, each=split.into_id)))
    waits = asyncio.create_task(until_waiting(postgres_database))
    await asyncio.wait({rest, waits}, return_when=asyncio.FIRST_COMPLETED)
    waits.cancel()
    may_commit.set()
    await asyncio.gather(whole, rest)
    async with postgres_database.reading(actor) as uow:
        found = await queries.orders(uow, [each.order_id for each in verdicts])
    assert [found[each.order_id].cancelled_at is not None for each in verdicts] == [True, True]
    await nothing_is_off(postgres_database, actor)
