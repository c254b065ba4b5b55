"""Orders that name a timed reservation take its units over, and nobody gets between."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.builders_orders import (
    House,
    bring_in,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    react,
    reserved,
)
from tests.databases import make_merchant
from tests.statements import statements

from pickmesh.core.journal import timers
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.reading import events_after
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.orders import intake
from pickmesh.core.orders.verdicts import LeaseUse
from pickmesh.core.stock import lease_queries, leases
from pickmesh.core.stock.leases import LeaseLine, NewLease, Opened
from pickmesh.core.stock.reactions import REACTIONS as STOCK_REACTIONS

HOUR = timedelta(hours=1)


async def open_lease(database: Database, actor: Actor, code: str, *lines: LeaseLine) -> UUID:
    async with database.unit_of_work(actor) as uow:
        (answer,) = await leases.open_leases(uow, leases=[NewLease(code, "checkout", lines, expires_in=HOUR)])
    assert isinstance(answer, Opened), answer
    return answer.lease_id


async def lease_row(database: Database, actor: Actor, lease_id: UUID) -> Any:
    async with database.reading(actor) as uow:
        return (await lease_queries.leases(uow, [lease_id]))[lease_id]


async def house_of(database: Database, merchant: Actor, **more: Any) -> House:
    return await make_house(database, merchant, {"CUP": 5, "POT": 3}, **more)


async def test_an_order_gets_the_units_of_the_lease_it_names(database: Database, merchant: Actor) -> None:
    house = await house_of(database, merchant)
    lease_id = await open_lease(database, merchant, "C-1", LeaseLine(house.skus["CUP"], 4))
    (other,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    assert other.short_pieces == 2
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-2", {"CUP": 4}, lease="C-1"))
    assert (verdict.short_pieces, verdict.lease) == (0, LeaseUse.USED)
    row = await lease_row(database, merchant, lease_id)
    assert (row.status, row.order_id) == ("USED", verdict.order_id)
    assert await reserved(database, merchant, house, "CUP") == 4
    (again,) = await bring_in(database, merchant, new_order(house, "T-2", {"CUP": 4}))
    assert again.verdict == "UNCHANGED"  # the lease is no part of what is compared


async def test_what_an_order_does_not_need_goes_to_backorders(database: Database, merchant: Actor) -> None:
    house = await house_of(database, merchant)
    await open_lease(database, merchant, "C-1", LeaseLine(house.skus["CUP"], 5))
    (waiting,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    await bring_in(database, merchant, new_order(house, "T-2", {"CUP": 3}, lease="C-1"))
    await react(database, merchant)
    row = await only_fulfillment_order(database, merchant, waiting.order_id)
    assert row.short_quantity == 0
    assert await reserved(database, merchant, house, "CUP") == 5


async def test_the_warehouse_that_holds_the_lease_gets_the_order(database: Database, merchant: Actor) -> None:
    house = await house_of(database, merchant, warehouses=("HZ1", "BJ1"))
    async with database.unit_of_work(merchant) as uow:
        from_hz = NewLease("C-1", "q", [LeaseLine(house.skus["CUP"], 5, house.warehouses["HZ1"])], expires_in=HOUR)
        await leases.open_leases(uow, leases=[from_hz])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 5}, lease="C-1"))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.location_id, row.short_quantity) == (house.warehouses["HZ1"], 0)


async def test_a_lease_that_is_over_or_unknown_refuses_no_order(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    house = await house_of(database, merchant)
    expired = await open_lease(database, merchant, "C-1", LeaseLine(house.skus["CUP"], 4))
    await open_lease(database, merchant, "C-2", LeaseLine(house.skus["POT"], 1))
    clock.advance(HOUR)  # no timer has gone off yet
    verdicts = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 1}, lease="C-1"),
        new_order(house, "T-2", {"CUP": 1}, lease="C-1"),
        new_order(house, "T-3", {"CUP": 1}, lease="never"),
    )
    assert [(each.lease, each.short_pieces) for each in verdicts] == [
        (LeaseUse.OVER, 0),
        (LeaseUse.OVER, 0),
        (LeaseUse.UNKNOWN, 0),
    ]
    assert (await lease_row(database, merchant, expired)).status == "EXPIRED"
    assert await reserved(database, merchant, house, "CUP") == 3


async def test_expired_units_fill_backorders(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    house = await house_of(database, merchant)
    await open_lease(database, merchant, "C-1", LeaseLine(house.skus["CUP"], 5))
    (waiting,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    clock.advance(HOUR)
    async with database.unit_of_work(merchant) as uow:
        await timers.fire_due(uow)
    async with database.unit_of_work(merchant) as uow:
        due = [event for event in await events_after(uow, 0) if event.kind == "timer_due"]
        await STOCK_REACTIONS["timer_due"](uow, due)
    await react(database, merchant)
    row = await only_fulfillment_order(database, merchant, waiting.order_id)
    (line,) = await lines_of(database, merchant, row.id)
    assert (row.short_quantity, line.is_short) == (0, False)


async def test_of_two_orders_for_the_last_pieces_the_one_with_the_lease_gets_them(
    postgres_database: Database,
) -> None:
    merchant = await make_merchant(postgres_database)
    house = await make_house(postgres_database, merchant, {"CUP": 5})
    await open_lease(postgres_database, merchant, "C-1", LeaseLine(house.skus["CUP"], 5))

    async def intake_of(*orders: Any) -> Any:
        return await postgres_database.run(merchant, lambda uow: intake.import_orders(uow, orders=list(orders)))

    thieves = [intake_of(new_order(house, f"T-{number}", {"CUP": 5})) for number in range(8)]
    mine = intake_of(new_order(house, "MINE", {"CUP": 5}, lease="C-1"))
    *others, ((verdict,)) = await asyncio.gather(*thieves, mine)
    assert verdict.lease is LeaseUse.USED
    assert verdict.short_pieces == 0
    assert [each[0].short_pieces for each in others] == [5] * 8


async def test_using_1_10_and_100_leases_takes_the_same_statements(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5_000}, warehouses=("HZ1", "BJ1"))
    await bring_in(database, merchant, new_order(house, "warm", {"CUP": 1}))
    sent = []
    for size in (1, 10, 100):
        codes = [f"{size}-{number}" for number in range(size)]
        async with database.unit_of_work(merchant) as uow:
            told = [NewLease(code, "q", [LeaseLine(house.skus["CUP"], 1)], expires_in=HOUR) for code in codes]
            await leases.open_leases(uow, leases=told)
        orders = [new_order(house, code, {"CUP": 1}, lease=code) for code in codes]
        with statements(database) as seen:
            verdicts = await bring_in(database, merchant, *orders)
        assert {each.lease for each in verdicts} == {LeaseUse.USED}
        sent.append(len(seen))
    assert len(set(sent)) == 1, sent
