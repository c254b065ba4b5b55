from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.builders_floor import Floor, bring_orders, lines_of, make_floor, release, row_of, violations
from tests.builders_orders import bring_in, new_order
from tests.databases import make_merchant
from tests.statements import statements

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted, WrongState
from pickmesh.core.orders import priorities, tags
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.tables import FulfillmentOrder
from pickmesh.core.picking import estimates, kicking, waves
from pickmesh.core.picking.refusals import NothingToPlan
from pickmesh.core.picking.tables import Wave, WaveKind
from pickmesh.core.picking.wave_rules import Chosen
from pickmesh.core.stock.places import NewPlace, save_places
from pickmesh.core.stock.tables import Place

SHELVES = {"A-01": {"CUP": 50}, "A-02": {"LID": 50}, "A-03": {"POT": 50}}
ORDERS = {"N1": {"CUP": 1}, "N2": {"CUP": 1, "LID": 1}, "N3": {"POT": 3}, "N4": {"CUP": 1}, "N5": {"LID": 1, "CUP": 1}}


async def planned(floor: Floor, kind: WaveKind = WaveKind.CLUSTER, **chosen: Any) -> list[str]:
    """Plan a wave and return the numbers of its orders; afterwards it is called off."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        wave = await waves.plan_wave(uow, location_id=floor.location_id, kind=kind, chosen=Chosen(**chosen))
        await kicking.cancel_wave(uow, wave_id=wave.wave_id)
    names = {order_id: name for name, order_id in floor.orders.items()}
    return [names[each] for each in wave.fulfillment_order_ids]


async def write(floor: Floor, table: Any, row: Mapping[str, Any]) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        await uow.update(table, [row])


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({}, ["N1", "N2", "N3", "N4", "N5"]),
        ({"pieces_at_most": 1}, ["N1", "N4"]),
        ({"pieces_at_least": 2}, ["N2", "N3", "N5"]),
        ({"pieces_at_least": 2, "lines_at_most": 1}, ["N3"]),
        ({"lines_at_most": 1}, ["N1", "N3", "N4"]),
        ({"weight_g_at_most": 250}, ["N1", "N4"]),
        ({"volume_cm3_at_most": 2}, ["N1", "N2", "N4", "N5"]),
        ({"zone": "COLD"}, ["N1", "N4"]),
        ({"carriers": ("SF", "ZTO")}, ["N2"]),
        ({"tags": ("gift", "vip")}, ["N3"]),
        ({"priority_at_least": 100}, ["N4"]),
    ],
)
async def test_a_wave_takes_only_the_orders_that_were_chosen(
    database: Database, merchant: Actor, chosen: dict[str, Any], names: list[str]
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, ORDERS)
    await write(floor, Place, {"id": floor.warehouse.bins["A-01"], "zone": "COLD"})
    for code, weight_g in (("CUP", 200), ("LID", 100), ("POT", 900)):
        size = {"length_mm": 10, "width_mm": 10, "height_mm": 10}
        await write(floor, Sku, {"id": floor.house.skus[code], "weight_g": weight_g, **size})
    await write(floor, FulfillmentOrder, {"id": floor.orders["N2"], "carrier": "SF"})
    async with database.unit_of_work(merchant) as uow:
        found = await order_queries.fulfillment_orders(uow, [floor.orders["N3"]])
        await tags.tag_orders(uow, order_ids=[found[floor.orders["N3"]].order_id], add=["vip"])
        if "priority_at_least" in chosen:
            await priorities.set_priority(uow, ids=[floor.orders["N4"]], priority=100)
    assert await planned(floor, **chosen) == names


async def test_goods_of_unknown_weight_pass_no_limit_on_it(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, ORDERS)
    await write(floor, Sku, {"id": floor.house.skus["CUP"], "weight_g": None})
    await write(floor, Sku, {"id": floor.house.skus["POT"], "weight_g": 1})
    assert await planned(floor, weight_g_at_most=1_000) == ["N3"]


async def test_orders_are_chosen_by_when_they_must_leave(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor = await make_floor(database, merchant, SHELVES, cut_off="16:00", time_zone="UTC")
    noon = clock.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    clock.advance(noon - clock.now())
    for name, hours in (("TODAY", 6), ("TOMORROW", 30), ("LATER", 80)):
        told = new_order(floor.house, name, {"CUP": 1}, ship_by=noon + timedelta(hours=hours))
        (verdict,) = await bring_in(database, merchant, told)
        async with database.reading(merchant) as uow:
            found = await order_queries.fulfillment_orders_of(uow, [verdict.order_id])
        floor.orders[name] = found[verdict.order_id][0].id
    assert await planned(floor, by_next_cut_off=True) == ["TODAY"]
    assert await planned(floor, leave_by=noon + timedelta(hours=4)) == ["TODAY"]
    assert await planned(floor, leave_within=timedelta(hours=28)) == ["TODAY", "TOMORROW"]
    with pytest.raises(NothingToPlan):
        await planned(floor, leave_within=timedelta(hours=3, minutes=59))
    wave = await release(floor)
    assert (await row_of(floor, Wave, wave.wave_id)).leave_by == noon + timedelta(hours=4)


async def test_orders_are_chosen_by_shop(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, ORDERS)
    assert await planned(floor, shop_ids=(floor.house.shop_id,)) == list(ORDERS)
    with pytest.raises(NothingToPlan):
        await planned(floor, shop_ids=(floor.location_id,))


async def test_a_wave_of_one_zone_takes_nothing_from_elsewhere_though_it_is_older(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 1}, "B-01": {"CUP": 5}})
    await write(floor, Place, {"id": floor.warehouse.bins["B-01"], "zone": "B"})
    first, second = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:
        wave = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER, chosen=Chosen(zone="B"))
    assert wave.fulfillment_order_ids == [second]  # the first would get the cup of A-01
    async with database.unit_of_work(merchant) as uow:
        released = await waves.release_wave(uow, wave_id=wave.wave_id)
    (line,) = await lines_of(floor, released.pick_list_ids[0])
    assert (line.place_code, (await row_of(floor, Wave, wave.wave_id)).zone) == ("B-01", "B")
    assert first not in wave.fulfillment_order_ids
    assert await violations(floor) == []


async def test_a_put_wall_wave_fills_the_wall_and_no_more(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, ORDERS)
    slots = [NewPlace("WH1", f"W1-{number:02d}", "WALL_SLOT", zone="W1") for number in (1, 2, 3)]
    async with database.unit_of_work(merchant) as uow:
        await save_places(uow, places=[*slots, NewPlace("WH1", "W2-01", "WALL_SLOT", zone="W2")])
    assert await planned(floor, WaveKind.PUT_WALL) == ["N1", "N2", "N3"]
    assert await planned(floor, WaveKind.CLUSTER) == list(ORDERS)


async def test_orders_are_named_or_chosen_but_not_both(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    orders = await bring_orders(floor, ORDERS)
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(InvalidInput):
            await waves.plan_wave(
                uow,
                location_id=floor.location_id,
                kind=WaveKind.CLUSTER,
                fulfillment_order_ids=orders,
                chosen=Chosen(pieces_at_most=1),
            )


async def test_hot_sales_are_listed_with_their_counts_and_one_of_them_becomes_a_wave(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {**ORDERS, "N6": {"CUP": 1}})
    async with database.reading(merchant) as uow:
        groups = await estimates.hot_sales(uow, location_id=floor.location_id)
    cup, lid = floor.house.skus["CUP"], floor.house.skus["LID"]
    assert [(each.contents, each.orders) for each in groups] == [
        (((cup, 1),), 3),
        (tuple(sorted([(cup, 1), (lid, 1)])), 2),
    ]
    assert await planned(floor, WaveKind.HOT_SALE) == ["N1", "N4", "N6"]
    assert await planned(floor, WaveKind.HOT_SALE, contents=groups[1].contents) == ["N2", "N5"]


async def coordinates(floor: Floor, at: Mapping[str, tuple[int, int]]) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        rows = [
            {"id": floor.warehouse.bins[code], "x_mm": x, "y_mm": y, "walk_sequence": 0} for code, (x, y) in at.items()
        ]
        await uow.update(Place, sorted(rows, key=lambda row: row["id"]))


async def test_kinds_are_compared_on_the_same_orders_before_anything_is_planned(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await coordinates(floor, {"A-01": (2_000, 0), "A-02": (8_000, 0), "A-03": (10_000, 3_000)})
    await bring_orders(floor, ORDERS)
    kinds = [WaveKind.DISCRETE, WaveKind.CLUSTER, WaveKind.SINGLE_ITEM]
    async with database.reading(merchant) as uow:
        discrete, cluster, single = await estimates.compare_waves(
            uow, location_id=floor.location_id, kinds=kinds, people=2
        )
        assert await uow.scalar(sa.select(sa.func.count()).select_from(Wave).where(uow.mine(Wave))) == 0
    assert (discrete.orders, discrete.lists, discrete.stops, discrete.lines, discrete.units) == (5, 5, 7, 7, 9)
    assert (cluster.orders, cluster.lists, cluster.stops, cluster.lines, cluster.units) == (5, 1, 3, 3, 9)
    assert (single.orders, single.passed_over, single.units) == (2, 3, 2)
    # the door is at the low end of the first aisle, A-01's own place: there is no bench with coordinates
    assert discrete.distance_mm == discrete.one_by_one_mm == 2 * 12_000 + 22_000
    assert cluster.distance_mm == 6_000 + (3_000 + 2_000) + (3_000 + 8_000)
    assert (cluster.least_mm, cluster.one_by_one_mm) == (22_000, 46_000)
    assert cluster.is_measured
    assert cluster.work_s < discrete.work_s


async def test_a_planned_wave_is_estimated_as_it_would_be_released(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, ORDERS)
    async with database.unit_of_work(merchant) as uow:
        wave = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER)
    async with database.reading(merchant) as uow:
        found = await estimates.estimate_wave(uow, wave_id=wave.wave_id, cart_capacity=2)
    async with database.unit_of_work(merchant) as uow:
        released = await waves.release_wave(uow, wave_id=wave.wave_id, cart_capacity=2)
    lines = [await lines_of(floor, each) for each in released.pick_list_ids]
    assert (found.lists, found.lines, found.is_measured) == (len(lines), sum(map(len, lines)), False)
    assert found.units == sum(line.quantity for own in lines for line in own)
    async with database.reading(merchant) as uow:
        with pytest.raises(WrongState):
            await estimates.estimate_wave(uow, wave_id=wave.wave_id)


async def test_an_estimate_names_who_would_miss_the_departure(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id, _) = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}})
    await write(floor, FulfillmentOrder, {"id": order_id, "ship_by": clock.now() + timedelta(seconds=30)})
    async with database.reading(merchant) as uow:
        (found,) = await estimates.compare_waves(uow, location_id=floor.location_id, kinds=[WaveKind.CLUSTER])
    assert (found.late, found.people_needed) == ([order_id], None)


async def test_only_who_manages_the_floor_sees_estimates(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    async with database.reading(floor.picker) as uow:
        with pytest.raises(NotPermitted):
            await estimates.compare_waves(uow, location_id=floor.location_id, kinds=[WaveKind.CLUSTER])


async def test_statements_of_planning_and_estimating_do_not_depend_on_the_orders(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor = await make_floor(postgres_database, merchant, SHELVES)
    chosen = Chosen(zone="A", weight_g_at_most=10**9, tags=("vip",), shop_ids=(floor.house.shop_id,))
    await write(floor, Place, {"id": floor.warehouse.bins["A-01"], "zone": "A"})
    counts: dict[int, tuple[int, int]] = {}
    for size in (2, 1, 40):
        wanted = {f"S{size}-{number}": {"CUP": 1} for number in range(size)}
        await bring_orders(floor, wanted)
        async with postgres_database.unit_of_work(merchant) as uow:
            found = await order_queries.fulfillment_orders(uow, [floor.orders[name] for name in wanted])
            await tags.tag_orders(uow, order_ids=[row.order_id for row in found.values()], add=["vip"])
        with statements(postgres_database) as compared:
            async with postgres_database.reading(merchant) as uow:
                await estimates.compare_waves(uow, location_id=floor.location_id, kinds=list(WaveKind), chosen=chosen)
        with statements(postgres_database) as sent:
            async with postgres_database.unit_of_work(merchant) as uow:
                wave = await waves.plan_wave(uow, location_id=floor.location_id, kind=WaveKind.CLUSTER, chosen=chosen)
        assert len(wave.fulfillment_order_ids) == size
        counts[size] = (len(compared), len(sent))
    assert counts[1] == counts[40]
