"""Stations of single-item and hot-sale waves, on real databases: a piece takes the next order and closes its parcel."""

import asyncio
from typing import Any

import pytest
from tests.builders_accounts import make_person
from tests.builders_floor import (
    Floor,
    bring_orders,
    get_number,
    make_floor,
    order_lines,
    order_row,
    pick_list,
    react,
    release,
    violations,
)
from tests.builders_scans import Phone, packing_phone, phone_for
from tests.core.floor.test_packing_scans import picked_floor

from pickmesh.core.floor.expecting import Expected
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.orders import cancel
from pickmesh.core.packing import queries as packing_queries
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.tables import ScanPolicy, ShipAt

O = Outcome  # noqa: E741 - the word stands in nearly every line
SINGLES = {"N1": {"TEA": 1}, "N2": {"TEA": 1}, "N3": {"CUP": 1}}
SETS = {"N1": {"TEA": 2, "CUP": 1}, "N2": {"TEA": 2, "CUP": 1}}


async def station(
    database: Database, merchant: Actor, orders: dict[str, dict[str, int]], kind: WaveKind, **more: Any
) -> tuple[Floor, Phone]:
    floor = await picked_floor(database, merchant, orders, "T-0001", kind=kind, **more)
    return floor, await packing_phone(floor)


async def packed_orders(floor: Floor) -> list[str]:
    return [
        number
        for number, order_id in floor.orders.items()
        if all(line.packed_quantity == line.quantity for line in await order_lines(floor, order_id))
    ]


async def print_jobs(floor: Floor, phone: Phone) -> int:
    assert phone.session.parcel_id is not None
    await get_number(floor, phone.session.parcel_id)
    async with floor.database.reading(floor.actor) as uow:
        jobs = await packing_queries.print_jobs_of(uow, [phone.session.parcel_id])
    return len(jobs.get(phone.session.parcel_id, ()))


async def stop(floor: Floor, number: str) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[floor.orders[number]], reason="BUYER")
    await react(floor)


async def test_each_piece_takes_the_next_order_closes_its_parcel_and_prints_its_label(
    database: Database, merchant: Actor
) -> None:
    floor, phone = await station(database, merchant, SINGLES, WaveKind.SINGLE_ITEM, ship_at=ShipAt.SEAL)
    assert Expected.ITEM in phone.session.expects
    assert await phone.scan("TEA") == [O.TASK_DONE]
    assert phone.said[-1].message == "Order F-0001: P-0001 is closed, its label comes out. Its label follows."
    assert await print_jobs(floor, phone) == 1
    assert await phone.scan("CUP", "TEA") == [O.TASK_DONE, O.TASK_DONE]
    assert await packed_orders(floor) == ["N1", "N2", "N3"]
    assert await phone.scan("TEA") == [O.WRONG_ITEM]
    assert phone.said[-1].message == "No order waits for TEA: scan its tote, or put it aside."
    assert await violations(floor) == []


async def test_where_a_parcel_ships_by_weight_the_station_asks_for_the_scale(
    database: Database, merchant: Actor
) -> None:
    floor, phone = await station(database, merchant, SINGLES, WaveKind.SINGLE_ITEM)
    assert await phone.scan("TEA") == [O.LINE_DONE]
    assert phone.session.step == "WEIGH"
    await print_jobs(floor, phone)
    assert await phone.say(ScanKind.WEIGHT, weight_g=100) is O.TASK_DONE
    assert (await order_row(floor, floor.orders["N1"])).progress == "SHIPPED"


async def test_a_stopped_order_is_passed_over_and_its_own_piece_is_sent_back(
    database: Database, merchant: Actor
) -> None:
    floor, phone = await station(database, merchant, SINGLES, WaveKind.SINGLE_ITEM, ship_at=ShipAt.SEAL)
    await stop(floor, "N1")
    assert await phone.scan("TEA", "TEA") == [O.TASK_DONE, O.INTERCEPTED]
    assert await packed_orders(floor) == ["N2"]
    back = await phone_for(floor, Job.PUT_BACK)
    assert await back.scan("TEA", "A-01") == [O.ACCEPTED, O.TASK_DONE]
    assert await violations(floor) == []


async def test_undo_opens_the_parcel_a_station_closed_and_takes_the_piece_out(
    database: Database, merchant: Actor
) -> None:
    floor, phone = await station(database, merchant, SINGLES, WaveKind.SINGLE_ITEM, ship_at=ShipAt.SEAL)
    await phone.scan("TEA")
    assert await phone.say(ScanKind.UNDO) is O.UNDONE
    assert (phone.session.step, await packed_orders(floor)) == ("ITEMS", [])
    assert await phone.say(ScanKind.UNDO, answers=phone.entries[0].client_id) is O.DUPLICATE
    assert await phone.scan("TEA") == [O.TASK_DONE]
    assert await packed_orders(floor) == ["N1"]
    assert await violations(floor) == []


async def test_one_scan_of_a_hot_sale_packs_the_next_order_of_the_same_contents(
    database: Database, merchant: Actor
) -> None:
    floor, phone = await station(database, merchant, SETS, WaveKind.HOT_SALE, ship_at=ShipAt.SEAL)
    assert await phone.scan("W-0001") == [O.ACCEPTED]
    assert phone.session.instruction == "Scan any piece of wave W-0001."
    assert await phone.scan("CUP", "TEA", "TEA") == [O.TASK_DONE, O.TASK_DONE, O.WRONG_ITEM]
    assert phone.said[-3].message.startswith("Order F-0001: all 3 pieces are in P-0001, its label comes out.")
    assert await packed_orders(floor) == ["N1", "N2"]
    assert await violations(floor) == []


async def test_where_every_unit_is_scanned_a_hot_sale_scans_every_content(database: Database, merchant: Actor) -> None:
    floor, phone = await station(
        database, merchant, SETS, WaveKind.HOT_SALE, ship_at=ShipAt.SEAL, scan_policy=ScanPolicy.EVERY_UNIT
    )
    assert await phone.scan("TEA", "TEA", "CUP") == [O.ACCEPTED, O.LINE_DONE, O.TASK_DONE]
    assert await packed_orders(floor) == ["N1"]


async def test_a_hot_sale_undone_comes_out_whole_and_goes_in_again(database: Database, merchant: Actor) -> None:
    floor, phone = await station(database, merchant, SETS, WaveKind.HOT_SALE, ship_at=ShipAt.SEAL)
    await phone.scan("TEA")
    assert await phone.say(ScanKind.UNDO) is O.UNDONE
    assert await packed_orders(floor) == []
    assert await phone.scan("TEA", "TEA") == [O.TASK_DONE, O.TASK_DONE]
    assert await packed_orders(floor) == ["N1", "N2"]
    assert await violations(floor) == []


async def test_a_wave_of_another_kind_has_no_station(database: Database, merchant: Actor) -> None:
    _, phone = await station(database, merchant, {"N1": {"TEA": 2}}, WaveKind.DISCRETE)
    assert await phone.scan("W-0001") == [O.WRONG_PLACE]


async def test_a_quantity_is_offered_only_after_a_first_piece(database: Database, merchant: Actor) -> None:
    _, phone = await station(database, merchant, {"N1": {"TEA": 3}}, WaveKind.DISCRETE)
    await phone.scan("T-0001")
    assert ScanKind.QUANTITY not in phone.session.supported_actions
    await phone.scan("TEA")
    assert ScanKind.QUANTITY in phone.session.supported_actions


async def scan_all(phone: Phone, times: int) -> list[Outcome]:
    said = []
    for _ in range(times):
        said += await phone.send(phone.entry(raw="TEA"))
    return said


async def test_two_stations_at_once_never_take_the_same_order(database: Database, merchant: Actor) -> None:
    orders = {f"N{number}": {"TEA": 1} for number in range(1, 9)}
    floor, phone = await station(database, merchant, orders, WaveKind.SINGLE_ITEM, ship_at=ShipAt.SEAL)
    _, other = await make_person(database, merchant, Role.PACKER)
    beside = await packing_phone(floor, other)
    said = await asyncio.gather(scan_all(phone, 5), scan_all(beside, 5))
    outcomes = [outcome for each in said for outcome in each]
    assert (outcomes.count(O.TASK_DONE), outcomes.count(O.WRONG_ITEM)) == (8, 2)
    async with database.reading(merchant) as uow:
        parcels = await packing_queries.parcels_of_orders(uow, floor.orders.values())
    assert {number: len(parcels[order_id]) for number, order_id in floor.orders.items()} == dict.fromkeys(orders, 1)
    assert await violations(floor) == []


@pytest.mark.parametrize("named", [False, True])
async def test_of_several_hot_sales_the_wave_must_be_named(database: Database, merchant: Actor, named: bool) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9}, "A-02": {"CUP": 9}}, ship_at=ShipAt.SEAL)
    first = await bring_orders(floor, SETS)
    later = await bring_orders(floor, {"M1": {"TEA": 2}, "M2": {"TEA": 2}})
    for tote, ids in (("T-0001", first), ("T-0002", later)):
        for list_id in (await release(floor, WaveKind.HOT_SALE, orders=ids)).pick_list_ids:
            await pick_list(floor, list_id, tote)
    phone = await packing_phone(floor)
    if named:
        await phone.scan("W-0002")
    assert await phone.scan("TEA") == [O.TASK_DONE if named else O.NEEDS_PLACE]
    assert await packed_orders(floor) == (["M1"] if named else [])
