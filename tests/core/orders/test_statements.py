"""The number of statements does not grow with the number of orders; the tables are asked, not looped over."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest
from tests.builders_orders import House, bring_in, make_house, new_order, receive
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.paging import page_request
from pickmesh.core.orders import backorders, cancel, holds, intake, lists, merging, queries, recipients, splits
from pickmesh.core.orders.splits import Split
from pickmesh.core.orders.tables import HoldReason, PaymentStatus
from pickmesh.core.stock.rules import Level

COUNTS = (1, 10, 200)
Work = Callable[[UnitOfWork], Awaitable[object]]


async def sent_by(database: Database, merchant: Actor, work: Work) -> int:
    with statements(database) as sent:
        async with database.unit_of_work(merchant) as uow:
            await work(uow)
    return len(sent)


async def house_of(database: Database, merchant: Actor) -> House:
    house = await make_house(
        database,
        merchant,
        {"POT": 5_000, "CUP": 5_000, "NONE": 0},
        bundles={"SET": {"POT": 1, "CUP": 2}},
        warehouses=("HZ1", "BJ1"),
    )
    await bring_in(database, merchant, new_order(house, "warm", {"CUP": 1}))  # makes the counters' rows
    return house


async def test_intake_of_1_10_and_500_orders_takes_the_same_number_of_statements(
    database: Database, merchant: Actor
) -> None:
    house = await house_of(database, merchant)
    sent = []
    for size in (1, 10, 500):
        # Each batch has every kind of line: plain, bundled, short and unknown; and each order is held.
        wanted = {"CUP": 1, "SET": 1, "NONE": 1, "MYSTERY": 1}
        orders = [
            new_order(house, f"{size}-{number}", wanted, payment_status=PaymentStatus.UNPAID) for number in range(size)
        ]
        sent.append(await sent_by(database, merchant, lambda uow, told=orders: intake.import_orders(uow, orders=told)))
        again = await sent_by(database, merchant, lambda uow, told=orders: intake.import_orders(uow, orders=told))
        assert again <= 4
    assert sent[0] == sent[1] == sent[2]
    assert sent[0] <= 26


async def test_merging_1_10_and_200_changed_orders_takes_the_same_number_of_statements(
    database: Database, merchant: Actor
) -> None:
    house = await house_of(database, merchant)
    sent = []
    for size in COUNTS:
        orders = [
            new_order(house, f"{size}-{number}", {"CUP": 2, "SET": 1, "POT": 1}, payment_status=PaymentStatus.UNPAID)
            for number in range(size)
        ]
        await bring_in(database, merchant, *orders)
        changed = [
            replace(
                order,
                payment_status=PaymentStatus.PAID,
                lines=[replace(order.lines[0], quantity=3), replace(order.lines[1], external_line_id="9")],
            )
            for order in orders
        ]
        sent.append(await sent_by(database, merchant, lambda uow, told=changed: intake.import_orders(uow, orders=told)))
    assert sent[0] == sent[1] == sent[2]


async def several(database: Database, merchant: Actor, house: House, size: int, code: str = "CUP") -> list[UUID]:
    orders = [new_order(house, f"{code}-{size}-{number}", {code: 2}) for number in range(size)]
    verdicts = await bring_in(database, merchant, *orders)
    async with database.reading(merchant) as uow:
        found = await queries.fulfillment_orders_of(uow, [verdict.order_id for verdict in verdicts])
    return [rows[0].id for rows in found.values()]


async def cancel_all(uow: UnitOfWork, ids: list[UUID]) -> object:
    return await cancel.cancel_fulfillment_orders(uow, ids=ids, reason="BUYER")


async def hold_all(uow: UnitOfWork, ids: list[UUID]) -> object:
    return await holds.hold(uow, fulfillment_order_ids=ids, reason=HoldReason.FRAUD)


async def split_all(uow: UnitOfWork, ids: list[UUID]) -> object:
    lines = await queries.lines_of_fulfillment_orders(uow, ids)
    return await splits.split_fulfillment_orders(
        uow, splits=[Split(each, {lines[each][0].group_id: 1}) for each in ids]
    )


async def merge_all(uow: UnitOfWork, ids: list[UUID]) -> object:
    """Merge them two by two, which are all one buyer's, and undo it."""
    pairs = list(zip(ids[::2], ids[1::2], strict=True))
    merged = await merging.merge_fulfillment_orders(uow, merges=pairs)
    assert merged == [merging.Merged(one, (other,)) for one, other in pairs]
    undone = await merging.unmerge_fulfillment_orders(uow, ids=[one for one, _ in pairs])
    assert undone == [merging.Unmerged(one, (other,)) for one, other in pairs]
    return undone


async def read_all(uow: UnitOfWork, ids: list[UUID]) -> object:
    rows = await queries.fulfillment_orders(uow, ids)
    orders = [row.order_id for row in rows.values()]
    await recipients.recipients_of(uow, orders)
    await queries.lines_of_orders(uow, orders)
    return await lists.fulfillment_order_page(uow, page_request(250, None))


@pytest.mark.parametrize("work", [cancel_all, hold_all, split_all, read_all])
async def test_acts_on_1_10_and_200_take_the_same_number_of_statements(
    database: Database, merchant: Actor, work: Callable[[UnitOfWork, list[UUID]], Awaitable[object]]
) -> None:
    house = await house_of(database, merchant)
    sent = []
    for size in COUNTS:
        ids = await several(database, merchant, house, size)
        sent.append(await sent_by(database, merchant, lambda uow, them=ids: work(uow, them)))
    assert sent[0] == sent[1] == sent[2]


async def test_merging_and_parting_1_10_and_200_pairs_takes_the_same_number_of_statements(
    database: Database, merchant: Actor
) -> None:
    house = await house_of(database, merchant)
    sent = []
    for size in COUNTS:
        ids = await several(database, merchant, house, 2 * size)
        sent.append(await sent_by(database, merchant, lambda uow, them=ids: merge_all(uow, them)))
    assert sent[0] == sent[1] == sent[2]


async def test_filling_1_10_and_200_backorders_takes_the_same_number_of_statements(
    database: Database, merchant: Actor
) -> None:
    house = await house_of(database, merchant)
    sent = []
    for size in COUNTS:
        await several(database, merchant, house, size, code="NONE")
        await receive(database, merchant, house, {"NONE": 2 * size})
        level = Level(house.warehouses["HZ1"], house.skus["NONE"])
        sent.append(
            await sent_by(database, merchant, lambda uow, at=level: backorders.fill_backorders(uow, levels=[at]))
        )
    assert sent[0] == sent[1] == sent[2]
