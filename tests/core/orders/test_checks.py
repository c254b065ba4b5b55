"""Invariant 4 on a live database: each planted violation is found, and named by what is wrong."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_orders import bring_in, make_house, new_order
from tests.databases import make_merchant

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders import checks
from pickmesh.core.orders.tables import (
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    OrderLine,
    OrderRecipient,
    SalesOrder,
)
from pickmesh.core.stock.tables import Reservation

NOBODY = UUID(int=1)
Plant = Callable[[Actor], list[sa.Executable]]


def changed(table: Any, **values: Any) -> Plant:
    """Return statements that set values in every row of a merchant."""
    return lambda actor: [sa.update(table).where(table.merchant_id == actor.merchant_id).values(**values)]


def gone(table: Any) -> Plant:
    """Return statements that delete every row of a merchant."""
    return lambda actor: [sa.delete(table).where(table.merchant_id == actor.merchant_id)]


PLANTED = [
    (changed(OrderLine, cancelled_quantity=1), "Of 3 ordered units 1 are cancelled and 0 refunded, but 3 pieces"),
    (changed(OrderLine, refunded_quantity=2), "Of 3 ordered units 0 are cancelled and 2 refunded, but 3 pieces"),
    (changed(OrderLine, quantity=4), "Of 4 ordered units 0 are cancelled and 0 refunded, but 3 pieces"),
    (changed(FulfillmentLine, quantity=2), "Of 3 ordered units 0 are cancelled and 0 refunded, but 2 pieces"),
    (changed(FulfillmentOrder, progress="CANCELLED"), "but 0 pieces (at 1 per unit) are live."),
    (gone(FulfillmentLine), "3 ordered units are in no fulfillment order."),
    (
        changed(Reservation, status="RELEASED"),
        "A line of F-0001 is not marked short, yet 0 of its 3 pieces are promised.",
    ),
    (changed(Reservation, quantity=1), "A line of F-0001 is not marked short, yet 1 of its 3 pieces are promised."),
    (changed(FulfillmentOrder, short_quantity=2), "F-0001 says 2 pieces are short, its lines lack 0."),
    (changed(FulfillmentOrder, hold_count=1), "F-0001 counts 1 holds, but 0 stand."),
    (changed(SalesOrder, shop_id=NOBODY), "An order belongs to a shop that is not there."),
    (changed(OrderLine, order_id=NOBODY), "An order line belongs to an order that is not there."),
    (changed(OrderRecipient, order_id=NOBODY), "A recipient belongs to an order that is not there."),
    (changed(FulfillmentOrder, order_id=NOBODY), "A fulfillment order belongs to an order that is not there."),
    (gone(FulfillmentOrder), "A fulfillment line belongs to a fulfillment order that is not there."),
    (gone(OrderLine), "A fulfillment line belongs to an order line that is not there."),
    (changed(FulfillmentLine, sku_id=NOBODY), "A fulfillment line asks for a SKU that is not there."),
]


@pytest.mark.parametrize(("plant", "sentence"), PLANTED)
async def test_a_planted_violation_is_found(
    database: Database, merchant: Actor, stranger: Actor, plant: Plant, sentence: str
) -> None:
    for actor in (merchant, stranger):
        house = await make_house(database, actor, {"CUP": 9})
        await bring_in(database, actor, new_order(house, "T-1", {"CUP": 3}))
    async with database.unit_of_work(merchant) as uow:
        for statement in plant(merchant):
            await uow.execute(statement)
    async with database.reading(merchant) as uow:
        found = await checks.violations(uow)
    assert [one.invariant for one in found] == [4] * len(found)
    assert [sentence in one.sentence for one in found].count(True) == 1
    async with database.reading(stranger) as uow:
        assert await checks.violations(uow) == []


async def test_a_hold_nobody_counts_is_found(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 9})
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 3, "MYSTERY": 1}))
    async with database.unit_of_work(merchant) as uow:
        await uow.execute(sa.update(Hold).where(uow.mine(Hold)).values(released_at=uow.now))
    async with database.reading(merchant) as uow:
        assert [one.sentence for one in await checks.violations(uow)] == ["F-0001 counts 1 holds, but 0 stand."]


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ({"picked_quantity": 4}, "A line requires 3 pieces, 4 are picked, 0 packed, 0 shipped"),
        ({"packed_quantity": 1}, "A line requires 3 pieces, 0 are picked, 1 packed, 0 shipped"),
        ({"shipped_quantity": 1}, "A line requires 3 pieces, 0 are picked, 0 packed, 1 shipped"),
    ],
)
async def test_quantities_out_of_bounds_are_found_even_where_the_database_let_them_in(
    shared_databases: dict[str, Database], figures: dict[str, int], sentence: str
) -> None:
    database = shared_databases["sqlite"]
    merchant = await make_merchant(database)
    house = await make_house(database, merchant, {"CUP": 9})
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 3}))
    async with database.unit_of_work(merchant) as uow:
        await uow.connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        await uow.execute(sa.update(FulfillmentLine).where(uow.mine(FulfillmentLine)).values(**figures))
        await uow.connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
    async with database.reading(merchant) as uow:
        assert (await checks.violations(uow))[0].sentence == f"{sentence}: none may exceed the one before."
