import asyncio

import pytest
from tests.builders_floor import (
    Floor,
    bring_orders,
    lines_of,
    make_floor,
    order_row,
    release,
    violations,
)
from tests.databases import make_merchant
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import ROLE_PERMISSIONS, Role
from pickmesh.core.kit.refusals import NotPermitted, StaleVersion, WrongState
from pickmesh.core.orders import cancel, holds
from pickmesh.core.picking import queries, waves
from pickmesh.core.picking.refusals import NothingToPlan
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock import queries as stock_queries

SHELVES = {"A-01": {"CUP": 50}, "A-02": {"LID": 50}, "A-03": {"POT": 50}}
MIXED_ORDERS = {
    "N1": {"LID": 1, "CUP": 1},
    "N2": {"CUP": 1},
    "N3": {"LID": 1, "CUP": 1},
    "N4": {"POT": 2},
    "N5": {"LID": 1},
}


async def lists_of(floor: Floor, released: waves.ReleasedWave) -> list[list[tuple[str, int]]]:
    return [
        [(line.place_code, line.quantity) for line in await lines_of(floor, each)] for each in released.pick_list_ids
    ]


@pytest.mark.parametrize(
    ("kind", "lists"),
    [
        (WaveKind.DISCRETE, [[("A-01", 1), ("A-02", 1)], [("A-01", 1)], [("A-01", 1), ("A-02", 1)], [("A-03", 2)],
                             [("A-02", 1)]]),
        (WaveKind.CLUSTER, [[("A-01", 2), ("A-02", 1)], [("A-01", 1), ("A-02", 2)], [("A-03", 2)]]),
        (WaveKind.PUT_WALL, [[("A-01", 2), ("A-02", 1)], [("A-01", 1), ("A-02", 2)], [("A-03", 2)]]),
        (WaveKind.SINGLE_ITEM, [[("A-01", 1), ("A-02", 1)]]),
        (WaveKind.HOT_SALE, [[("A-01", 2), ("A-02", 2)]]),
    ],
)  # fmt: skip
async def test_every_kind_of_wave_is_planned_and_released_with_its_own_lists(
    database: Database, merchant: Actor, kind: WaveKind, lists: list[list[tuple[str, int]]]
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, MIXED_ORDERS)
    released = await release(floor, kind, capacity=2)
    assert await lists_of(floor, released) == lists
    assert (released.status, released.kicked_out) == ("RELEASED", [])
    assert await violations(floor) == []


async def test_an_order_is_in_one_wave_at_a_time(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, MIXED_ORDERS)
    async with database.unit_of_work(merchant) as uow:
        first = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER, limit=2)
        second = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER, limit=10)
        with pytest.raises(NothingToPlan):
            await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER)
    assert [len(first.fulfillment_order_ids), len(second.fulfillment_order_ids)] == [2, 3]
    assert first.number != second.number
    assert not set(first.fulfillment_order_ids) & set(second.fulfillment_order_ids)


async def test_orders_asked_for_that_cannot_join_come_back_with_the_reason(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    double, single, held = await bring_orders(floor, {"N1": {"CUP": 2}, "N2": {"CUP": 1}, "N3": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:
        await holds.hold(uow, fulfillment_order_ids=[held])
        planned = await waves.plan_wave(
            uow,
            location_id=floor.location_id,
            kind=WaveKind.SINGLE_ITEM,
            fulfillment_order_ids=[double, single, held],
        )
    assert planned.fulfillment_order_ids == [single]
    assert [(each.index, each.refusal.code) for each in planned.refused] == [
        (0, "DOES_NOT_FIT_WAVE"),
        (2, "NOT_RELEASABLE"),
    ]


async def test_when_none_of_the_given_orders_fits_each_is_named_with_its_reason(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    double, held = await bring_orders(floor, {"N1": {"CUP": 2}, "N2": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:
        await holds.hold(uow, fulfillment_order_ids=[held])
        with pytest.raises(NothingToPlan) as refusal:
            await waves.plan_wave(
                uow, location_id=floor.location_id, kind=WaveKind.SINGLE_ITEM, fulfillment_order_ids=[held, double]
            )
    assert refusal.value.data == {
        "kind": "SINGLE_ITEM",
        "fulfillment_order_ids": [held, double],
        "codes": ["NOT_RELEASABLE", "DOES_NOT_FIT_WAVE"],
    }
    assert refusal.value.message.startswith("None of the 2 orders given can join this wave. This order cannot join")


async def test_only_who_manages_the_floor_plans_waves(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    async with database.unit_of_work(floor.picker) as uow:
        with pytest.raises(NotPermitted):
            await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER)


async def test_release_promises_bins_and_tells_orders(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 3}})
    released = await release(floor)
    async with database.reading(merchant) as uow:
        (balance,) = await stock_queries.balances_of(uow, place_ids=[floor.warehouse.bins["A-01"]])
        seats = await queries.seats_of_waves(uow, [released.wave_id])
    assert (balance.quantity, balance.allocated) == (50, 3)
    assert (await order_row(floor, order_id)).progress == "RELEASED"
    assert [(seat.fulfillment_order_id, seat.position, seat.state) for seat in seats[released.wave_id]] == [
        (order_id, 1, "IN")
    ]


async def test_a_wave_is_released_once(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"CUP": 1}})
    released = await release(floor)
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(WrongState):
            await waves.release_wave(uow, wave_id=released.wave_id)


async def test_a_wave_released_meanwhile_is_refused_with_its_version(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor = await make_floor(postgres_database, merchant, SHELVES)
    await bring_orders(floor, MIXED_ORDERS)
    async with postgres_database.unit_of_work(merchant) as uow:
        planned = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.DISCRETE)

    async def release_as_read() -> int:
        try:
            async with postgres_database.unit_of_work(merchant) as uow:
                return len((await waves.release_wave(uow, wave_id=planned.wave_id, version=1)).pick_list_ids)
        except StaleVersion as refusal:
            assert refusal.data == {"id": planned.wave_id, "version": 2}
            return 0

    assert sorted(await asyncio.gather(*(release_as_read() for _ in range(4)))) == [0, 0, 0, 5]


async def test_orders_that_were_held_or_cancelled_since_planning_stay_behind(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    good, held, gone = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}, "N3": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:
        planned = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER)
        await holds.hold(uow, fulfillment_order_ids=[held])
        await cancel.cancel_fulfillment_orders(uow, ids=[gone], reason="BUYER")
    async with database.unit_of_work(merchant) as uow:
        released = await waves.release_wave(uow, wave_id=planned.wave_id)
    assert released.kicked_out == [held, gone]
    assert await lists_of(floor, released) == [[("A-01", 1)]]
    assert (await order_row(floor, good)).progress == "RELEASED"
    assert (await order_row(floor, held)).progress == "OPEN"
    assert await violations(floor) == []


async def test_a_wave_that_loses_all_its_orders_is_cancelled(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:
        planned = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER)
        await cancel.cancel_fulfillment_orders(uow, ids=[order_id], reason="BUYER")
    async with database.unit_of_work(merchant) as uow:
        released = await waves.release_wave(uow, wave_id=planned.wave_id)
    assert (released.status, released.pick_list_ids) == ("CANCELLED", [])


async def test_the_statements_of_a_release_do_not_depend_on_the_number_of_lines(
    database: Database, merchant: Actor
) -> None:
    counts = {}
    floor = await make_floor(database, merchant, {f"A-{number:03d}": {f"S{number}": 9} for number in range(1, 101)})
    for lines in (2, 1, 10, 100):  # the first makes the merchant's counters
        orders = {f"R{lines}-{number}": {f"S{number}": 1} for number in range(1, lines + 1)}
        await bring_orders(floor, orders)
        async with database.unit_of_work(merchant) as uow:
            planned = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER)
        with statements(database) as sent:
            async with database.unit_of_work(merchant) as uow:
                released = await waves.release_wave(uow, wave_id=planned.wave_id, cart_capacity=500)
        assert len(await lines_of(floor, released.pick_list_ids[0])) == lines
        counts[lines] = len(sent)
    assert counts[1] == counts[10] == counts[100]


async def test_another_merchant_sees_no_wave(database: Database, merchant: Actor, stranger: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"CUP": 1}})
    released = await release(floor)
    async with database.reading(stranger) as uow:
        assert await queries.waves(uow, [released.wave_id]) == {}
        assert await queries.lines_of_lists(uow, released.pick_list_ids) == {}


async def test_a_role_without_the_warehouse_may_not_release(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:
        planned = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER)
    elsewhere = Actor(merchant.merchant_id, None, Role.MANAGER, ROLE_PERMISSIONS[Role.MANAGER], frozenset())
    async with database.unit_of_work(elsewhere) as uow:
        with pytest.raises(NotPermitted):
            await waves.release_wave(uow, wave_id=planned.wave_id)


async def test_six_who_plan_at_once_get_six_waves_of_different_orders(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor = await make_floor(postgres_database, merchant, {"A-01": {"CUP": 60}})
    order_ids = await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(60)})
    planned = await asyncio.gather(
        *(
            postgres_database.run(
                merchant,
                lambda uow: waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER, limit=10),
            )
            for _ in range(6)
        )
    )
    assert [len(wave.fulfillment_order_ids) for wave in planned] == [10] * 6
    assert {order for wave in planned for order in wave.fulfillment_order_ids} == set(order_ids)
    assert len({wave.number for wave in planned}) == 6
    assert await violations(floor) == []
