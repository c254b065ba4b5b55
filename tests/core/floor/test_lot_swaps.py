"""Another lot in the bin than the line names: asked about, swapped, exchanged with others, settled after the dark."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_catalog import make_skus
from tests.builders_floor import bring_orders, make_floor, release, violations
from tests.builders_lots import GTIN, OLD, Dairy, make_dairy
from tests.builders_scans import Phone, picking_phone
from tests.builders_stock import put_stock
from tests.racing import assert_sound

from pickmesh.core.floor.commands import EntryBatch, record_entries
from pickmesh.core.floor.entries import Entry, LotSaid
from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.picking import dark
from pickmesh.core.picking.tables import ExceptionTask, WaveKind
from pickmesh.core.stock import lots
from pickmesh.core.stock.tables import LotSwap

O = Outcome  # noqa: E741 - the word stands in nearly every line
K = ScanKind


def milk(phone: Phone, lot: str, **more: Any) -> Entry:
    return phone.entry(raw=f"01{GTIN}10{lot}", symbology="]d2", **more)


async def take(phone: Phone, lot: str) -> Outcome:
    """Scan a piece of a lot; return what is answered."""
    return (await phone.send(milk(phone, lot)))[0]


async def yes(phone: Phone) -> Outcome:
    return await phone.say(K.CHOICE, choice="yes", answers=phone.entries[-1].client_id)


async def at_the_bin(dairy: Dairy, list_id: UUID) -> Phone:
    phone = await picking_phone(dairy.floor, list_id)
    await phone.scan("T-0001", "A-01")
    return phone


async def test_another_lot_in_the_bin_is_asked_about_and_swapped_for_all_that_is_open(
    database: Database, merchant: Actor
) -> None:
    dairy = await make_dairy(database, merchant)
    (list_id,) = await dairy.list_of({"N1": 3})
    phone = await at_the_bin(dairy, list_id)
    assert await take(phone, "NEW") is O.AMBIGUOUS
    assert phone.said[-1].message == "Lot OLD was meant; take lot NEW instead?"
    assert [(choice.id, choice.label) for choice in phone.said[-1].choices] == [("yes", "NEW")]
    assert await dairy.promised() == [("OLD", 3)]
    assert await yes(phone) is O.ACCEPTED
    assert phone.session.next is not None
    assert phone.session.next.lot_code == "NEW"
    assert await dairy.lines() == [("NEW", "OLD", 3, 1, "OPEN")]
    assert [await take(phone, "NEW"), await take(phone, "NEW")] == [O.ACCEPTED, O.TASK_DONE]
    assert await dairy.log() == [("OLD", "NEW", 1)] * 3
    (event,) = await dairy.told("lot_swapped")
    assert (event["from_lot_id"], event["lot_id"], event["quantity"]) == (
        str(dairy.lot_ids["OLD"]),
        str(dairy.lot_ids["NEW"]),
        3,
    )
    assert event["worker_id"] == str(phone.session.worker_id)
    assert await violations(dairy.floor) == []


async def test_not_answering_changes_nothing_and_the_lot_that_is_meant_goes_on(
    database: Database, merchant: Actor
) -> None:
    dairy = await make_dairy(database, merchant)
    (list_id,) = await dairy.list_of({"N1": 2})
    phone = await at_the_bin(dairy, list_id)
    assert [await take(phone, lot) for lot in ("NEW", "OLD", "OLD")] == [O.AMBIGUOUS, O.ACCEPTED, O.TASK_DONE]
    assert await yes(phone) is O.EXCEPTION
    assert await dairy.told("lot_swapped") == []
    assert await dairy.lines() == [("OLD", None, 2, 2, "DONE")]


async def test_a_lot_that_was_keyed_is_asked_about_too(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant)
    (list_id,) = await dairy.list_of({"N1": 1})
    phone = await at_the_bin(dairy, list_id)
    assert await phone.scan("MILK") == [O.NEEDS_LOT]
    assert await phone.say(K.LOT, lot=LotSaid(" new ")) is O.AMBIGUOUS
    assert await yes(phone) is O.TASK_DONE
    assert await dairy.log() == [("OLD", "NEW", 1)]


async def test_what_was_picked_before_stays_and_undo_gives_it_back_while_the_swap_stays(
    database: Database, merchant: Actor
) -> None:
    dairy = await make_dairy(database, merchant)
    (list_id,) = await dairy.list_of({"N1": 3})
    phone = await at_the_bin(dairy, list_id)
    assert [await take(phone, "OLD"), await take(phone, "NEW")] == [O.ACCEPTED, O.AMBIGUOUS]
    assert await yes(phone) is O.ACCEPTED
    assert await dairy.lines() == [("OLD", None, 1, 1, "DONE"), ("NEW", "OLD", 2, 1, "OPEN")]
    assert await phone.say(K.UNDO) is O.UNDONE
    assert phone.said[-1].message == "Undone: put 1 of MILK back into A-01. Lot NEW stays the one to take."
    assert await dairy.promised() == [("NEW", 2), ("OLD", 1)]
    assert await phone.say(K.UNDO) is O.UNDONE
    assert phone.said[-1].message == "Undone: put 1 of MILK back into A-01."
    assert [await take(phone, lot) for lot in ("OLD", "NEW", "NEW")] == [O.LINE_DONE, O.ACCEPTED, O.TASK_DONE]
    assert await dairy.log() == [("OLD", "OLD", 1), ("OLD", "NEW", 1)] + [("OLD", "OLD", 1)] + [("OLD", "NEW", 1)] * 2
    assert await violations(dairy.floor) == []


async def test_a_lot_with_too_few_free_serves_part_of_the_line(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant, [OLD, ("NEW", 90, 2)])
    (list_id,) = await dairy.list_of({"N1": 5})
    phone = await at_the_bin(dairy, list_id)
    await take(phone, "NEW")
    assert await yes(phone) is O.ACCEPTED
    assert await dairy.lines() == [("OLD", None, 3, 0, "OPEN"), ("NEW", "OLD", 2, 1, "OPEN")]
    assert [await take(phone, "NEW"), await take(phone, "NEW")] == [O.LINE_DONE, O.WRONG_ITEM]
    assert [await take(phone, "OLD") for _ in range(3)] == [O.ACCEPTED, O.ACCEPTED, O.TASK_DONE]
    assert await violations(dairy.floor) == []


async def test_swapping_back_forgets_the_swap(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant)
    (list_id,) = await dairy.list_of({"N1": 2})
    phone = await at_the_bin(dairy, list_id)
    await take(phone, "NEW")
    await yes(phone)
    await phone.say(K.UNDO)
    assert await take(phone, "OLD") is O.AMBIGUOUS
    assert await yes(phone) is O.ACCEPTED
    assert await dairy.lines() == [("OLD", None, 2, 1, "OPEN")]


@pytest.mark.parametrize(
    ("swap", "said"),
    [
        (LotSwap.NEVER, "Lot NEW is not meant: take lot OLD of MILK."),
        (LotSwap.FEFO_ONLY, "Lot NEW expires later: take lot OLD of MILK first."),
    ],
)
async def test_the_warehouse_says_who_may_swap(database: Database, merchant: Actor, swap: LotSwap, said: str) -> None:
    dairy = await make_dairy(database, merchant, swap=swap)
    (list_id,) = await dairy.list_of({"N1": 1})
    phone = await at_the_bin(dairy, list_id)
    assert await take(phone, "NEW") is O.WRONG_ITEM
    assert phone.said[-1].message == said
    assert await dairy.promised() == [("OLD", 1)]


async def test_a_lot_on_hold_or_expired_or_not_there_is_not_taken(
    database: Database, merchant: Actor, clock: Any
) -> None:
    dairy = await make_dairy(database, merchant, [("PAST", 2, 4), OLD, ("HELD", 30, 4)])
    clock.advance(timedelta(days=5))
    (list_id,) = await dairy.list_of({"N1": 2})
    phone = await at_the_bin(dairy, list_id)
    async with database.unit_of_work(merchant) as uow:
        assert await lots.set_lots_blocked(uow, lot_ids=[dairy.lot_ids["HELD"]], blocked=True) == []
    assert [await take(phone, lot) for lot in ("HELD", "ELSE", "PAST")] == [O.WRONG_ITEM, O.WRONG_ITEM, O.EXPIRED_LOT]
    assert [said.message for said in phone.said[-3:]] == [
        "Lot HELD is on hold: leave it and take lot OLD of MILK.",
        "Lot ELSE is not meant: take lot OLD of MILK.",
        "Lot PAST of MILK has expired: leave it, and report what is missing.",
    ]
    assert await dairy.promised() == [("OLD", 2)]


async def test_all_of_it_promised_to_a_list_nobody_has_begun_is_exchanged(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant, [("SOON", 5, 3), ("OLD", 10, 4)], LotSwap.FEFO_ONLY)
    (first,) = await dairy.list_of({"N1": 3})
    (second,) = await dairy.list_of({"N2": 4})
    assert await dairy.promised() == [("OLD", 4), ("SOON", 3)]
    phone = await at_the_bin(dairy, second)
    assert await take(phone, "SOON") is O.AMBIGUOUS
    assert await yes(phone) is O.ACCEPTED
    assert await dairy.promised() == [("OLD", 4), ("SOON", 3)]
    assert [await take(phone, lot) for lot in ("SOON", "SOON", "OLD")][-1] is O.TASK_DONE
    other = await picking_phone(dairy.floor, first)
    await other.scan("T-0002", "A-01")
    assert [await take(other, "OLD") for _ in range(3)] == [O.ACCEPTED, O.ACCEPTED, O.TASK_DONE]
    required = await dairy.log()
    assert required[-3:] == [("SOON", "OLD", 1)] * 3
    assert [event["worker_id"] for event in await dairy.told("lot_swapped")] == [str(phone.session.worker_id), None]
    await assert_sound(database, merchant)


async def test_what_somebody_else_is_picking_stays_theirs(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant, [("SOON", 5, 3), ("OLD", 10, 4)])
    (first,) = await dairy.list_of({"N1": 3})
    (second,) = await dairy.list_of({"N2": 4})
    await picking_phone(dairy.floor, first, dairy.floor.packer)
    phone = await at_the_bin(dairy, second)
    assert await take(phone, "SOON") is O.WRONG_ITEM
    assert phone.said[-1].message == "All of lot SOON in A-01 is promised to others: take lot OLD of MILK."


async def test_taken_by_somebody_else_between_question_and_answer(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant, [("SOON", 5, 3), ("OLD", 10, 4)])
    (first,) = await dairy.list_of({"N1": 3})
    (second,) = await dairy.list_of({"N2": 4})
    phone = await at_the_bin(dairy, second)
    assert await take(phone, "SOON") is O.AMBIGUOUS
    await picking_phone(dairy.floor, first, dairy.floor.packer)
    assert await yes(phone) is O.WRONG_ITEM
    assert await dairy.promised() == [("OLD", 4), ("SOON", 3)]
    assert await take(phone, "OLD") is O.ACCEPTED
    assert await violations(dairy.floor) == []


@pytest.mark.parametrize("kind", list(WaveKind))
async def test_lots_are_swapped_in_every_kind_of_wave(database: Database, merchant: Actor, kind: WaveKind) -> None:
    dairy = await make_dairy(database, merchant)
    wanted = {"N1": 1, "N2": 1} if kind in {WaveKind.SINGLE_ITEM, WaveKind.HOT_SALE} else {"N1": 2, "N2": 1}
    lists = await dairy.list_of(wanted, kind)
    for number, list_id in enumerate(lists, 1):
        phone = await picking_phone(dairy.floor, list_id)
        await phone.scan(f"T-000{number}")
        if kind is WaveKind.CLUSTER:
            await phone.scan("T-0002")
        await phone.scan("A-01")
        assert await take(phone, "NEW") is O.AMBIGUOUS
        assert await yes(phone) in {O.ACCEPTED, O.TASK_DONE}
        while phone.session.step != "DONE":
            code = phone.session.next.tote_code if phone.session.next else None
            if phone.session.step == "PUT":
                await phone.scan(str(code))
            else:
                assert await take(phone, "NEW") in {O.ACCEPTED, O.TASK_DONE, O.LINE_DONE}
    assert {(required, taken) for required, taken, _ in await dairy.log()} == {("OLD", "NEW")}
    assert sum(quantity for _, _, quantity in await dairy.log()) == sum(wanted.values())
    await assert_sound(database, merchant)


async def test_with_a_piece_of_one_lot_in_hand_no_other_lot_is_swapped_in(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant)
    (list_id,) = await dairy.list_of({"N1": 2, "N2": 1}, WaveKind.CLUSTER)
    phone = await picking_phone(dairy.floor, list_id)
    await phone.scan("T-0001", "T-0002", "A-01")
    assert [await take(phone, "OLD"), await take(phone, "NEW")] == [O.ACCEPTED, O.WRONG_ITEM]
    await phone.scan("T-0001")
    assert await take(phone, "NEW") is O.AMBIGUOUS
    assert await yes(phone) is O.ACCEPTED
    await phone.scan("T-0001")
    assert await dairy.log() == [("OLD", "OLD", 1), ("OLD", "NEW", 1)]


async def go_dark(dairy: Dairy, list_id: UUID) -> None:
    async with dairy.floor.database.unit_of_work(dairy.floor.picker) as uow:
        await dark.go_dark(uow, pick_list_id=list_id, minutes=60)


@pytest.mark.parametrize("swap", list(LotSwap))
async def test_what_was_taken_in_the_dark_is_settled_when_the_phone_is_heard(
    database: Database, merchant: Actor, swap: LotSwap
) -> None:
    dairy = await make_dairy(database, merchant, swap=swap)
    (list_id,) = await dairy.list_of({"N1": 3})
    phone = await at_the_bin(dairy, list_id)
    await go_dark(dairy, list_id)
    said = await phone.send(milk(phone, "NEW"), milk(phone, "NEW"), milk(phone, "NEW"))
    async with database.reading(merchant) as uow:
        tasks = await uow.fetch(sa.select(ExceptionTask.kind, ExceptionTask.quantity).where(uow.mine(ExceptionTask)))
    if swap is LotSwap.ALLOW:
        assert (said, tasks) == ([O.ACCEPTED, O.ACCEPTED, O.TASK_DONE], [])
        assert await dairy.log() == [("OLD", "NEW", 1)] * 3
    else:
        assert said == [O.EXCEPTION] * 3
        assert [tuple(task) for task in tasks] == [("LATE_SCAN", 1)] * 3
        assert await dairy.promised() == [("OLD", 3)]
    assert await violations(dairy.floor) == []


async def test_a_late_scan_of_another_lot_is_booked_or_a_persons_task(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant, [OLD, ("NEW", 90, 1)])
    (list_id,) = await dairy.list_of({"N1": 4})
    phone = await at_the_bin(dairy, list_id)
    late = [phone.entry(raw="A-01"), milk(phone, "NEW"), milk(phone, "NEW")]
    assert await take(phone, "OLD") is O.ACCEPTED
    assert await phone.send(*late) == [O.ACCEPTED, O.LINE_DONE, O.EXCEPTION]
    assert phone.said[-1].task_id is not None
    assert await dairy.log() == [("OLD", "OLD", 1), ("OLD", "NEW", 1)]
    assert await violations(dairy.floor) == []


async def test_who_went_on_for_minutes_is_not_asked_any_more(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant)
    (list_id,) = await dairy.list_of({"N1": 2})
    phone = await at_the_bin(dairy, list_id)
    now = database.clock.now()
    kept = [milk(phone, "NEW", at=now - timedelta(minutes=9)), milk(phone, "NEW", at=now - timedelta(minutes=1))]
    assert await phone.send(*kept) == [O.ACCEPTED, O.TASK_DONE]


async def test_the_same_entries_again_swap_nothing_twice(database: Database, merchant: Actor) -> None:
    dairy = await make_dairy(database, merchant)
    (list_id,) = await dairy.list_of({"N1": 2})
    phone = await at_the_bin(dairy, list_id)
    first = milk(phone, "NEW")
    await phone.send(first)
    answer = phone.entry(K.CHOICE, choice="yes", answers=first.client_id)
    assert await phone.send(answer, answer) == [O.ACCEPTED, O.ACCEPTED]
    assert await phone.send(first, answer) == [O.AMBIGUOUS, O.ACCEPTED]
    assert await dairy.log() == [("OLD", "NEW", 1)]
    assert len(await dairy.told("lot_swapped")) == 1


async def test_a_serial_number_tells_the_lot(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 1}}, lot_swap=LotSwap.ALLOW)
    skus = await make_skus(database, merchant, ["CAM"], shop="TB", lot_tracked=True, serial_tracked=True)
    floor.house = replace(floor.house, skus={**floor.house.skus, **skus})
    today = database.clock.now().date()
    ids = {}
    for code, days in (("OLD", 10), ("NEW", 90)):
        ids[code] = await put_stock(
            database,
            merchant,
            floor.warehouse.bins["A-01"],
            skus["CAM"],
            2,
            lot_code=code,
            expires_on=today + timedelta(days=days),
            serials=[f"{code}-1", f"{code}-2"],
        )
    dairy = Dairy(floor, ids)
    await bring_orders(floor, {"N1": {"CAM": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await at_the_bin(dairy, list_id)
    assert await phone.scan("OLD-1", "NEW-2") == [O.ACCEPTED, O.AMBIGUOUS]
    assert await yes(phone) is O.TASK_DONE
    assert await dairy.log() == [("OLD", "OLD", 1), ("OLD", "NEW", 1)]
    assert await violations(floor) == []


@pytest.mark.parametrize("first", ["swap", "undo"])
async def test_a_shortage_after_a_swap_or_an_undo_of_one_batch_keeps_the_order_of_locks(
    database: Database, merchant: Actor, first: str
) -> None:
    dairy = await make_dairy(database, merchant, [OLD, ("NEW", 90, 2)])
    (list_id,) = await dairy.list_of({"N1": 5})
    phone = await at_the_bin(dairy, list_id)
    await take(phone, "NEW" if first == "swap" else "OLD")
    answer = phone.entry(K.CHOICE, choice="yes", answers=phone.entries[-1].client_id)
    said = [answer if first == "swap" else phone.entry(K.UNDO), phone.entry(K.SHORT)]
    batch = EntryBatch(phone.worker, phone.session.id, said)
    (result,) = await database.run(merchant, lambda uow: record_entries(uow, batches=[batch]))
    begun = O.ACCEPTED if first == "swap" else O.UNDONE
    assert [verdict.outcome for verdict in result.verdicts] == [begun, O.SHORT_RECORDED]
    await assert_sound(database, merchant)
