"""What users of other systems complain of while they pick: 10, 12, 13, 18, 20 and 21."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders_catalog import make_skus
from tests.builders_floor import (
    Floor,
    bring_orders,
    claim,
    code_of,
    lines_of,
    lying,
    make_floor,
    order_lines,
    pick,
    release,
    violations,
)
from tests.builders_floor import bind as bind_tote
from tests.builders_scans import Phone, packing_phone, picking_phone
from tests.builders_stock import put_stock

from pickmesh.core.floor.entries import LotSaid, tone_of
from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.tables import Place, PlaceKind, ScanPolicy

O = Outcome  # noqa: E741 - the word stands in nearly every line
SHELVES = {"A-01": {"TEA": 9}, "A-02": {"CUP": 9}}


async def walk(database: Database, merchant: Actor, policy: ScanPolicy = ScanPolicy.PLACE_AND_ITEM) -> Phone:
    """A picker with a list of 4 TEA and 1 CUP, whose tote is bound."""
    floor = await make_floor(database, merchant, SHELVES, scan_policy=policy)
    await bring_orders(floor, {"N1": {"TEA": 4, "CUP": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001")
    return phone


async def picked(floor: Floor) -> int:
    return sum(line.picked_quantity for line in await order_lines(floor, floor.orders["N1"]))


async def test_complaint_10_only_a_scan_says_picked_and_never_more_than_is_asked(
    database: Database, merchant: Actor
) -> None:
    """frappe/erpnext 59167, metasfresh 5659, frappe/erpnext 42128.

    A list that is released and claimed has nothing picked; what a scan takes is bound by what the line asks for, by
    the phone and by the command itself.
    """
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"TEA": 4, "CUP": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    await claim(floor, list_id)
    assert await picked(floor) == 0
    await bind_tote(floor, list_id, "T-0001")
    line, _ = await lines_of(floor, list_id)
    assert code_of(await pick(floor, line.id, 5, "T-0001")) == "TOO_MANY"
    assert await picked(floor) == 0
    phone = await picking_phone(floor, list_id)
    assert await phone.scan("A-01", *["TEA"] * 5) == [*[O.ACCEPTED] * 4, O.LINE_DONE, O.TOO_MANY]
    assert await picked(floor) == 4
    assert await violations(floor) == []


@pytest.mark.parametrize("policy", [ScanPolicy.PLACE_AND_ITEM, ScanPolicy.EVERY_UNIT, ScanPolicy.PLACE])
async def test_complaint_12_scanning_a_bin_confirms_no_goods_of_the_wrong_lot(
    database: Database, merchant: Actor, policy: ScanPolicy
) -> None:
    """OCA/wms 1247.

    A bin holds two lots. Whatever the warehouse's policy, the bin's own scan books nothing, and goods of the lot that
    is not meant are refused by name.
    """
    floor = await make_floor(database, merchant, {"A-02": {"CUP": 1}}, scan_policy=policy)
    milk = await make_skus(database, merchant, ["MILK"], shop="TB", lot_tracked=True)
    floor.house = replace(floor.house, skus={**floor.house.skus, **milk})
    today = database.clock.now().date()
    for lot, days in (("OLD", 10), ("NEW", 90)):
        bin_id = floor.warehouse.bins["A-02"]
        await put_stock(
            database, merchant, bin_id, milk["MILK"], 5, lot_code=lot, expires_on=today + timedelta(days=days)
        )
    await bring_orders(floor, {"N1": {"MILK": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    assert await phone.scan("T-0001", "A-02") == [O.ACCEPTED, O.ACCEPTED]
    assert await picked(floor) == 0
    assert await phone.scan("MILK") == [O.NEEDS_LOT]
    assert await phone.say(ScanKind.LOT, lot=LotSaid("NEW")) is O.WRONG_ITEM
    assert await picked(floor) == 0
    await phone.scan("MILK")
    assert await phone.say(ScanKind.LOT, lot=LotSaid("OLD")) is O.TASK_DONE
    assert await violations(floor) == []


@pytest.mark.parametrize("before", [(), ("A-01",), ("A-01", "TEA", "TEA", "TEA", "TEA", "A-02", "CUP")])
async def test_complaint_13_every_scan_is_answered_with_what_to_do_next(
    database: Database, merchant: Actor, before: tuple[str, ...]
) -> None:
    """odoo 10537, OCA/stock-logistics-barcode 420, frappe/erpnext 49261, GreaterWMS 283.

    Right, wrong, unknown, unreadable, too much: wherever the picker stands each gets a verdict, a tone and a sentence,
    and the screen says what comes next.
    """
    phone = await walk(database, merchant)
    await phone.scan(*before)
    heard = ["TEA", "CUP", "A-01", "A-02", "T-0001", "T-0002", "NEVER-SEEN", "", "\x00\x1d", "6901234567892", "W-0001"]
    outcomes = await phone.scan(*heard)
    kinds = [kind for kind in ScanKind if kind is not ScanKind.SCAN]
    outcomes += [await phone.say(kind) for kind in kinds]
    said = phone.said[-len(outcomes) :]
    assert [verdict.outcome for verdict in said] == outcomes
    assert all(verdict.message and tone_of(verdict.outcome) for verdict in said)
    assert phone.session.instruction
    assert await violations(phone.floor) == []


@pytest.mark.parametrize("policy", [ScanPolicy.PLACE_AND_ITEM, ScanPolicy.EVERY_UNIT])
async def test_complaint_18_the_warehouse_says_whether_a_quantity_may_be_keyed_and_never_all_of_it_moves(
    database: Database, merchant: Actor, policy: ScanPolicy
) -> None:
    """inventree-app 480.

    One scan is one piece. Whether more may be keyed is the warehouse's own setting, so every device answers alike.
    """
    phone = await walk(database, merchant, policy)
    floor = phone.floor
    await phone.scan("A-01", "TEA")
    bins, totes = floor.warehouse.bins, floor.warehouse.totes
    assert await lying(floor, [bins["A-01"], totes["T-0001"]]) == {bins["A-01"]: 8, totes["T-0001"]: 1}
    keyed = await phone.say(ScanKind.QUANTITY, quantity=3)
    counted = policy is ScanPolicy.EVERY_UNIT
    assert (keyed, await picked(floor)) == ((O.WRONG_ITEM, 1) if counted else (O.ACCEPTED, 3))


async def test_complaint_20_goods_go_into_cart_slots_by_scan_and_a_whole_tote_is_brought_to_the_bench_by_one(
    database: Database, merchant: Actor
) -> None:
    """inventree-app 163, OCA/wms 78.

    Two orders of a cluster go into a cart slot and a tote, each scanned as where goods go; one scan of either opens
    its order at the bench with everything that lies in it.
    """
    floor = await make_floor(database, merchant, SHELVES)
    async with database.unit_of_work(merchant) as uow:
        slot = {"id": floor.warehouse.totes["T-0002"], "kind": PlaceKind.CART_SLOT, "tote_state": None}
        await uow.update(Place, [slot])
    await bring_orders(floor, {"N1": {"TEA": 1}, "N2": {"TEA": 1}})
    (list_id,) = (await release(floor, WaveKind.CLUSTER)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    walked = await phone.scan("T-0001", "T-0002", "A-01", "TEA", "T-0003", "T-0001", "TEA", "T-0002")
    assert walked == [*[O.ACCEPTED] * 4, O.WRONG_PLACE, O.ACCEPTED, O.ACCEPTED, O.TASK_DONE]
    bench = await packing_phone(floor)
    opened = set()
    for code in ("T-0001", "T-0002"):
        assert await bench.scan(code, "TEA") == [O.ACCEPTED, O.LINE_DONE], bench.said[-2:]
        opened.add(bench.session.subject_id)
        await bench.say(ScanKind.SEAL)
        await bench.say(ScanKind.WEIGHT, weight_g=100)
    assert opened == set(floor.orders.values())
    assert await violations(floor) == []


async def test_complaint_21_a_partial_pick_is_one_act(database: Database, merchant: Actor) -> None:
    """OCA/wms 909, OCA/stock-logistics-barcode 578.

    Two of four are there: one entry says both how many were taken and that the rest is missing. The rest comes from
    nowhere else, so a person has a task, and the walk goes on.
    """
    phone = await walk(database, merchant)
    await phone.scan("A-01", "TEA")
    assert await phone.say(ScanKind.QUANTITY, quantity=2, reason="SHORT") is O.SHORT_RECORDED
    assert phone.said[-1].message == "1 taken, 2 missing. Go to A-02: 1 × CUP."
    assert await phone.scan("A-02", "CUP") == [O.ACCEPTED, O.TASK_DONE]
    assert await picked(phone.floor) == 3
    assert await violations(phone.floor) == []
