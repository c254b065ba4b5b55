"""Goods sorted at a put wall by scans, on real databases: slots lit, confirmed, refused, undone, packed and freed."""

from typing import Any

import pytest
import sqlalchemy as sa
from tests.builders_floor import (
    Floor,
    bring_orders,
    get_number,
    lying,
    make_floor,
    order_row,
    pick_list,
    react,
    release,
    row_of,
    violations,
)
from tests.builders_scans import Phone, packing_phone, phone_for, picking_phone

from pickmesh.core.floor import commands
from pickmesh.core.floor.commands import EntryBatch
from pickmesh.core.floor.expecting import Expected
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders import cancel
from pickmesh.core.picking import walls
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.places import NewPlace, save_places
from pickmesh.core.stock.tables import Place, ScanPolicy, StockMove

O = Outcome  # noqa: E741 - the word stands in nearly every line
SHELVES = {"A-01": {"TEA": 9}, "A-02": {"CUP": 9}}
ORDERS = {"N1": {"TEA": 1, "CUP": 1}, "N2": {"TEA": 1}}


async def make_wall(floor: Floor, *codes: str, zone: str = "") -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        await save_places(uow, places=[NewPlace("WH1", code, "WALL_SLOT", zone=zone) for code in codes])


async def sorted_floor(
    database: Database,
    merchant: Actor,
    orders: dict[str, dict[str, int]] = ORDERS,
    *,
    policy: ScanPolicy = ScanPolicy.PLACE_AND_ITEM,
    **more: Any,
) -> tuple[Floor, Phone]:
    """A put-wall wave whose goods lie picked in T-0001, a wall V-01 to V-03, and somebody in front of it."""
    floor = await make_floor(database, merchant, SHELVES, scan_policy=policy, **more)
    await bring_orders(floor, orders)
    for list_id in (await release(floor, WaveKind.PUT_WALL)).pick_list_ids:
        await pick_list(floor, list_id, "T-0001")
    await make_wall(floor, "V-01", "V-02", "V-03")
    return floor, await phone_for(floor, Job.SORT)


async def in_slots(floor: Floor) -> dict[str, int]:
    async with floor.database.reading(floor.actor) as uow:
        slots = await walls.wall_slots(uow, floor.location_id)
    return {view.slot.code: view.here for view in slots if view.here}


async def tote_state(floor: Floor) -> str:
    state: str = (await row_of(floor, Place, floor.warehouse.totes["T-0001"])).tote_state
    return state


async def test_a_tote_is_sorted_slot_by_slot_and_every_slot_has_its_number_colour_and_shape(
    database: Database, merchant: Actor
) -> None:
    floor, phone = await sorted_floor(database, merchant)
    assert await phone.scan("T-0001", "V-02") == [O.ACCEPTED, O.ACCEPTED]
    assert await phone.scan("CUP") == [O.ACCEPTED]
    assert phone.said[-1].message == "1 × CUP into slot 01 (● blue): V-01."
    assert phone.session.next is not None and phone.session.next.slot is not None
    assert phone.session.next.slot.colour.code == "BLUE"
    assert await phone.scan("V-02", "V-01") == [O.WRONG_PLACE, O.ACCEPTED]
    assert phone.said[-2].message == "Not V-02: slot 01 (● blue) takes the CUP."
    assert await phone.scan("TEA", "V-01") == [O.ACCEPTED, O.LINE_DONE]
    assert phone.said[-1].message == "Slot 01 is complete."
    assert await in_slots(floor) == {"V-01": 2}
    assert await tote_state(floor) == "STOCKED"
    assert await phone.scan("TEA", "V-02") == [O.ACCEPTED, O.TASK_DONE]
    assert phone.said[-1].message == "Everything of wave W-0001 is sorted."
    assert await in_slots(floor) == {"V-01": 2, "V-02": 1}
    assert await tote_state(floor) == "EMPTY"
    await react(floor)
    assert await violations(floor) == []


async def test_goods_of_a_complete_slot_are_packed_by_scanning_it_and_the_slot_is_free_again(
    database: Database, merchant: Actor
) -> None:
    floor, phone = await sorted_floor(database, merchant)
    await phone.scan("T-0001", "V-01", "TEA", "V-01", "CUP", "V-01", "TEA", "V-02")
    packer = await packing_phone(floor)
    await phone.say(ScanKind.UNDO)
    assert await packer.scan("V-02") == [O.WRONG_PLACE]
    await phone.scan("TEA", "V-02")
    assert await packer.scan("V-03", "V-01") == [O.WRONG_PLACE, O.ACCEPTED]
    assert await packer.scan("TEA", "CUP") == [O.LINE_DONE, O.LINE_DONE]
    assert await packer.say(ScanKind.SEAL) is O.ACCEPTED
    assert packer.session.parcel_id is not None
    await get_number(floor, packer.session.parcel_id)
    assert await packer.say(ScanKind.WEIGHT, weight_g=200) is O.TASK_DONE
    async with database.reading(merchant) as uow:
        slots = {view.slot.code: view for view in await walls.wall_slots(uow, floor.location_id)}
    assert {code: view.state for code, view in slots.items()} == {"V-01": "EMPTY", "V-02": "COMPLETE", "V-03": "EMPTY"}
    assert slots["V-02"].fulfillment_order_id == floor.orders["N2"]
    assert (await order_row(floor, floor.orders["N1"])).progress == "SHIPPED"
    assert await violations(floor) == []


async def test_where_only_items_are_scanned_a_piece_is_booked_at_once(database: Database, merchant: Actor) -> None:
    floor, phone = await sorted_floor(database, merchant, policy=ScanPolicy.ITEM)
    assert await phone.scan("W-0001", "V-01") == [O.ACCEPTED, O.ACCEPTED]
    assert await phone.scan("TEA", "CUP", "TEA") == [O.LINE_DONE, O.ACCEPTED, O.TASK_DONE]
    assert await in_slots(floor) == {"V-01": 2, "V-02": 1}
    assert await violations(floor) == []


async def test_wrong_surplus_and_unknown_pieces_move_nothing(database: Database, merchant: Actor) -> None:
    floor, phone = await sorted_floor(database, merchant, {"N1": {"TEA": 1}, "N2": {"TEA": 1}})
    assert await phone.scan("TEA", "V-01") == [O.NEEDS_PLACE, O.NEEDS_PLACE]
    await phone.scan("T-0001", "V-01")
    assert await phone.scan("CUP", "A-01", "NEVER-SEEN", "T-0002") == [
        O.WRONG_ITEM,
        O.WRONG_PLACE,
        O.UNKNOWN_CODE,
        O.WRONG_PLACE,
    ]
    assert await phone.say(ScanKind.QUANTITY, quantity=2) is O.WRONG_ITEM
    assert await phone.scan("TEA") == [O.ACCEPTED]
    assert await phone.say(ScanKind.QUANTITY, quantity=2) is O.TOO_MANY
    assert await phone.scan("TEA", "CUP") == [O.WRONG_ITEM, O.WRONG_ITEM]
    assert await in_slots(floor) == {}
    await phone.scan("V-01", "TEA", "V-02")
    assert await in_slots(floor) == {"V-01": 1, "V-02": 1}


async def test_a_piece_may_go_into_any_slot_that_wants_it(database: Database, merchant: Actor) -> None:
    floor, phone = await sorted_floor(database, merchant, {"N1": {"TEA": 1}, "N2": {"TEA": 1}})
    assert await phone.scan("T-0001", "V-01", "TEA", "V-02") == [O.ACCEPTED, O.ACCEPTED, O.ACCEPTED, O.LINE_DONE]
    assert await in_slots(floor) == {"V-02": 1}
    assert await violations(floor) == []


async def test_a_stopped_orders_piece_and_slot_say_so(database: Database, merchant: Actor) -> None:
    floor, phone = await sorted_floor(database, merchant)
    await phone.scan("T-0001", "V-01", "CUP", "V-01")
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[floor.orders["N1"]], reason="BUYER")
    await react(floor)
    assert await phone.scan("V-01") == [O.INTERCEPTED]
    assert "take everything out of slot 01" in phone.said[-1].message
    assert await phone.scan("TEA", "V-02") == [O.ACCEPTED, O.TASK_DONE]
    assert phone.said[-1].message == (
        "Everything of wave W-0001 is sorted. What is left in T-0001 was stopped: bring it to the put-back."
    )
    assert await phone.scan("T-0001") == [O.INTERCEPTED]
    back = await phone_for(floor, Job.PUT_BACK)
    assert await back.scan("TEA", "A-01", "CUP", "A-02") == [O.ACCEPTED, O.LINE_DONE, O.ACCEPTED, O.TASK_DONE]
    assert await in_slots(floor) == {"V-02": 1}
    assert await violations(floor) == []


async def test_undo_takes_a_piece_out_of_its_slot_and_lays_it_into_its_tote(
    database: Database, merchant: Actor
) -> None:
    floor, phone = await sorted_floor(database, merchant, {"N1": {"TEA": 1}, "N2": {"TEA": 1}})
    await phone.scan("T-0001", "V-01", "TEA")
    assert await phone.say(ScanKind.UNDO) is O.UNDONE
    await phone.scan("TEA", "V-01", "TEA", "V-02")
    assert await tote_state(floor) == "EMPTY"
    assert await phone.say(ScanKind.UNDO) is O.UNDONE
    assert await in_slots(floor) == {"V-01": 1}
    assert await tote_state(floor) == "STOCKED"
    assert await lying(floor, [floor.warehouse.totes["T-0001"]]) == {floor.warehouse.totes["T-0001"]: 1}
    undone = phone.entries[-3].client_id
    assert await phone.say(ScanKind.UNDO, answers=phone.entries[-2].client_id) is O.DUPLICATE, undone
    assert await phone.scan("TEA", "V-02") == [O.ACCEPTED, O.TASK_DONE]
    async with database.reading(merchant) as uow:
        found = await uow.fetch(
            sa.select(StockMove.reason).where(uow.mine(StockMove), StockMove.reason.in_(["SORT", "UNSORT"]))
        )
    assert sorted(row.reason for row in found) == ["SORT", "SORT", "SORT", "UNSORT"]
    assert await violations(floor) == []


async def test_entries_that_come_again_or_late_are_booked_once(database: Database, merchant: Actor) -> None:
    floor, phone = await sorted_floor(database, merchant, {"N1": {"TEA": 1}, "N2": {"TEA": 1}})
    await phone.scan("T-0001", "V-01")
    first = [phone.entry(raw="TEA"), phone.entry(raw="V-01")]
    later = [phone.entry(raw="TEA"), phone.entry(raw="V-02")]
    assert await phone.send(*later) == [O.ACCEPTED, O.LINE_DONE]
    assert await phone.send(*first) == [O.ACCEPTED, O.TASK_DONE]
    assert await phone.send(*first, *later) == [O.ACCEPTED, O.TASK_DONE, O.ACCEPTED, O.LINE_DONE]
    assert await in_slots(floor) == {"V-01": 1, "V-02": 1}
    assert await violations(floor) == []


async def test_an_empty_tote_a_short_one_and_what_is_left_over(database: Database, merchant: Actor) -> None:
    _, phone = await sorted_floor(database, merchant, {"N1": {"TEA": 1}, "N2": {"TEA": 1}})
    await phone.scan("T-0001", "V-01", "TEA", "V-01")
    assert await phone.say(ScanKind.EMPTY) is O.NEEDS_QUANTITY
    assert await phone.say(ScanKind.SHORT) is O.EXCEPTION
    assert phone.said[-1].task_id is not None
    assert await phone.say(ScanKind.EMPTY) is O.NEEDS_PLACE
    await phone.scan("T-0001", "TEA", "V-02", "W-0001")
    assert phone.said[-1].outcome is O.DUPLICATE
    assert await phone.say(ScanKind.NOT_EMPTY) is O.EXCEPTION
    assert phone.said[-1].task_id is not None


async def test_a_wall_with_too_few_free_slots_is_refused(database: Database, merchant: Actor) -> None:
    orders = {f"N{number}": {"TEA": 1, "CUP": 1} for number in range(1, 5)}
    floor, phone = await sorted_floor(database, merchant, orders)
    assert await phone.scan("T-0001", "V-01") == [O.ACCEPTED, O.WRONG_PLACE]
    assert phone.session.step == "WALL"
    assert phone.session.expects == (Expected.SLOT,)
    await make_wall(floor, "X-11", "X-12", "X-13", "X-14", zone="NORTH")
    assert await phone.scan("X-12", "TEA") == [O.ACCEPTED, O.ACCEPTED]
    assert phone.said[-1].message == "1 × TEA into slot 11 (■ green): X-11."


@pytest.mark.parametrize("code", ["T-0001", "W-0001"])
async def test_a_first_scan_opens_the_sorting_of_a_wave(database: Database, merchant: Actor, code: str) -> None:
    floor, phone = await sorted_floor(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        batch = EntryBatch(floor.picker, None, [phone.entry(raw=code)])
        (result,) = await commands.record_entries(uow, batches=[batch])
    assert result.session is not None
    assert (result.session.job, result.session.step) == (Job.SORT, "WALL")


async def test_tote_of_another_kind_of_wave_is_sent_to_the_bench(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, ORDERS)
    for list_id in (await release(floor, WaveKind.SINGLE_ITEM, orders=[floor.orders["N2"]])).pick_list_ids:
        await pick_list(floor, list_id, "T-0001")
    phone = await phone_for(floor, Job.SORT)
    assert await phone.scan("T-0001", "W-0001") == [O.WRONG_PLACE, O.WRONG_PLACE]


async def test_a_put_wall_wave_by_scans_only_with_a_short_pick(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 2}, "A-02": {"CUP": 1}})
    await bring_orders(floor, ORDERS)
    (list_id,) = (await release(floor, WaveKind.PUT_WALL)).pick_list_ids
    await make_wall(floor, "V-01", "V-02")
    picker = await picking_phone(floor, list_id)
    await picker.scan("T-0001", "A-01", "TEA", "T-0001")
    assert await picker.say(ScanKind.SHORT, quantity=1) is O.SHORT_RECORDED
    await picker.scan("A-02", "CUP", "T-0001")
    await react(floor)
    assert picker.session.step == "DONE"
    phone = await phone_for(floor, Job.SORT)
    await phone.scan("T-0001", "V-01", "CUP", "V-01", "TEA")
    lit = phone.session.next
    assert lit is not None
    await phone.scan(lit.place_code or "")
    assert await tote_state(floor) == "EMPTY"
    async with database.reading(merchant) as uow:
        slots = {view.slot.code: (view.state, view.here) for view in await walls.wall_slots(uow, floor.location_id)}
    assert slots in (
        {"V-01": ("COMPLETE", 2), "V-02": ("WAITING", 0)},
        {"V-01": ("WAITING", 1), "V-02": ("COMPLETE", 1)},
    )
    packer = await packing_phone(floor)
    waiting, complete = sorted(slots, key=lambda code: slots[code][0] == "COMPLETE")
    refused = O.NEEDS_QUANTITY if slots[waiting][1] else O.WRONG_PLACE
    assert await packer.scan(waiting, complete) == [refused, O.ACCEPTED]
    assert await violations(floor) == []
