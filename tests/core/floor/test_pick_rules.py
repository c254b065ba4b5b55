"""Every verdict of picking by name, on paper."""

import json
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import pytest
from msgspec.structs import replace

from pickmesh.core.floor import jobs, pick_table, rules
from pickmesh.core.floor.effects import BindTote, RaiseTask, ReportShort, TakeUnits, UndoPick
from pickmesh.core.floor.entries import Entry, LotSaid, tone_of
from pickmesh.core.floor.heard import Heard
from pickmesh.core.floor.pick_rules import sentence_of_step
from pickmesh.core.floor.state import from_json, to_json
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.kit.ids import new_id
from pickmesh.core.picking.tables import PickListStatus, TaskKind, WaveKind
from pickmesh.core.stock.tables import ScanPolicy

Lists = Any  # the fixture of conftest.py
O = Outcome  # noqa: E741 - the word stands in nearly every line
TWO_LINES = (("A-01", "TEA", {"F-1": 2}), ("A-02", "CUP", {"F-1": 1}))


def id_of(name: str) -> UUID:
    return uuid5(UUID(int=1), name)


def test_a_list_is_walked_tote_bin_item_to_its_end(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.scan("T-0001", "A-01", "TEA", "TEA", "A-02", "CUP") == [
        O.ACCEPTED,
        O.ACCEPTED,
        O.ACCEPTED,
        O.LINE_DONE,
        O.ACCEPTED,
        O.TASK_DONE,
    ]
    assert walk.effects == [
        BindTote(id_of("LIST"), id_of("T-0001"), id_of("F-1")),
        TakeUnits(id_of("line 1"), id_of("F-1"), id_of("T-0001"), 1),
        TakeUnits(id_of("line 1"), id_of("F-1"), id_of("T-0001"), 1),
        TakeUnits(id_of("line 2"), id_of("F-1"), id_of("T-0001"), 1),
    ]
    assert walk.state.step == pick_table.DONE


def test_sentences_say_what_to_do_next(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    said = [walk.say(raw=code).message for code in ("T-0001", "A-01", "TEA", "TEA", "B-09")]
    assert said == [
        "Fill tote T-0001. Go to A-01: 2 × TEA.",
        "Take 2 × TEA Tea.",
        "1 of 2 × TEA; 1 more.",
        "All 2 of TEA. Go to A-02: 1 × CUP.",
        "B-09 is the wrong place: go to A-02.",
    ]


def test_without_a_tote_nothing_may_be_taken(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.scan("A-01", "TEA", "B-09") == [O.NEEDS_PLACE] * 3
    assert walk.effects == []


def test_an_item_before_its_bin_needs_the_place(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.scan("T-0001", "TEA") == [O.ACCEPTED, O.NEEDS_PLACE]
    assert walk.task.lines[id_of("line 1")].picked == 0


def test_a_bin_with_nothing_for_the_list_is_the_wrong_place(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.scan("T-0001", "B-09", "A-01", "B-09") == [O.ACCEPTED, O.WRONG_PLACE, O.ACCEPTED, O.WRONG_PLACE]


def test_another_bin_of_the_list_is_taken_out_of_turn(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.scan("T-0001", "A-02", "CUP", "A-01", "TEA", "TEA")[1:] == [
        O.ACCEPTED,
        O.LINE_DONE,
        O.ACCEPTED,
        O.ACCEPTED,
        O.TASK_DONE,
    ]


def test_the_bin_scanned_again_is_a_duplicate(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.scan("T-0001", "A-01", "A-01") == [O.ACCEPTED, O.ACCEPTED, O.DUPLICATE]


def test_a_wrong_item_books_nothing(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.scan("T-0001", "A-01", "POT", "CUP") == [O.ACCEPTED, O.ACCEPTED, O.WRONG_ITEM, O.WRONG_ITEM]
    assert [line.picked for line in walk.task.lines.values()] == [0, 0]


def test_a_double_scan_beyond_the_quantity_is_too_many(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.scan("T-0001", "A-01", "TEA", "TEA", "TEA", "TEA")[2:] == [
        O.ACCEPTED,
        O.LINE_DONE,
        O.TOO_MANY,
        O.TOO_MANY,
    ]
    assert walk.task.lines[id_of("line 1")].picked == 2


def test_a_double_scan_of_the_last_unit_of_the_list_is_too_many(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 1}))
    assert walk.scan("T-0001", "A-01", "TEA", "TEA", "B-09") == [
        O.ACCEPTED,
        O.ACCEPTED,
        O.TASK_DONE,
        O.TOO_MANY,
        O.TASK_DONE,
    ]


def test_a_pack_counts_as_its_units_and_is_too_many_when_less_is_left(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 8}))
    assert walk.scan("T-0001", "A-01", "TEA-CASE", "TEA-CASE", "TEA") == [
        O.ACCEPTED,
        O.ACCEPTED,
        O.ACCEPTED,
        O.TOO_MANY,
        O.ACCEPTED,
    ]
    assert walk.task.lines[id_of("line 1")].picked == 7


def test_an_unknown_code_and_no_code_say_so(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.scan("T-0001", "A-01", "NEVER-SEEN", " ", "\x00") == [
        O.ACCEPTED,
        O.ACCEPTED,
        O.UNKNOWN_CODE,
        O.UNKNOWN_CODE,
        O.UNKNOWN_CODE,
    ]
    assert walk.say(ScanKind.SCAN).outcome is O.UNKNOWN_CODE


def test_a_code_on_two_goods_is_a_question_and_the_choice_books(lists: Lists) -> None:
    for sku in ("TEA", "CUP"):
        lists.shelf.sku(sku, shared_code="SAME")
    walk = lists.make(*TWO_LINES)
    walk.scan("T-0001", "A-01")
    asked = walk.say(raw="SAME")
    assert asked.outcome is O.AMBIGUOUS
    assert [(choice.id, choice.label) for choice in asked.choices] == [
        (str(id_of("CUP")), "CUP × 1"),
        (str(id_of("TEA")), "TEA × 1"),
    ]
    question = walk.ids[-1]
    assert walk.say(ScanKind.CHOICE, choice="neither", answers=question).outcome is O.AMBIGUOUS
    question = walk.ids[-1]
    assert walk.say(ScanKind.CHOICE, choice=str(id_of("TEA")), answers=question).outcome is O.ACCEPTED
    assert walk.task.lines[id_of("line 1")].picked == 1


def test_an_answer_to_no_question_is_refused(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    walk.scan("T-0001", "A-01")
    assert walk.say(ScanKind.CHOICE, choice="yes").outcome is O.EXCEPTION
    assert walk.say(ScanKind.LOT, lot=LotSaid("A")).outcome is O.EXCEPTION


def test_a_doubtful_code_asks_before_it_books(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    walk.scan("T-0001", "A-01")
    asked = walk.say(raw="TEA", doubtful=True)
    assert (asked.outcome, walk.task.lines[id_of("line 1")].picked) == (O.AMBIGUOUS, 0)
    assert [choice.id for choice in asked.choices] == [rules.YES]
    assert walk.say(ScanKind.CHOICE, choice=rules.YES, answers=walk.ids[-1]).outcome is O.ACCEPTED
    assert walk.task.lines[id_of("line 1")].picked == 1


def test_a_doubtful_code_that_would_book_nothing_keeps_its_verdict(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    walk.scan("T-0001", "A-01")
    assert walk.say(raw="POT", doubtful=True).outcome is O.WRONG_ITEM
    assert walk.say(raw="NEVER-SEEN", doubtful=True).outcome is O.UNKNOWN_CODE


def test_a_quantity_is_what_the_line_stands_at(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 8}))
    walk.scan("T-0001", "A-01", "TEA")
    keyed = [walk.say(ScanKind.QUANTITY, quantity=number).outcome for number in (5, 5, 4, 9, 0)]
    assert keyed == [O.ACCEPTED, O.DUPLICATE, O.NEEDS_QUANTITY, O.TOO_MANY, O.NEEDS_QUANTITY]
    assert walk.say(ScanKind.QUANTITY).outcome is O.NEEDS_QUANTITY
    assert walk.task.lines[id_of("line 1")].picked == 5
    assert walk.say(ScanKind.QUANTITY, quantity=8).outcome is O.TASK_DONE


def test_a_quantity_needs_one_piece_scanned_first(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 8}))
    assert walk.say(ScanKind.QUANTITY, quantity=3).outcome is O.NEEDS_PLACE
    walk.scan("T-0001", "A-01")
    assert walk.say(ScanKind.QUANTITY, quantity=3).outcome is O.WRONG_ITEM
    assert walk.task.lines[id_of("line 1")].picked == 0


def test_a_scan_may_carry_its_quantity(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 8}))
    walk.scan("T-0001", "A-01")
    assert walk.say(raw="TEA", quantity=8).outcome is O.TASK_DONE


def test_where_every_unit_is_scanned_no_quantity_is_keyed(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 8}), policy=ScanPolicy.EVERY_UNIT)
    walk.scan("T-0001", "A-01", "TEA")
    assert walk.say(ScanKind.QUANTITY, quantity=3).outcome is O.WRONG_ITEM
    assert walk.say(raw="TEA", quantity=3).outcome is O.WRONG_ITEM
    assert walk.task.lines[id_of("line 1")].picked == 1


def test_where_only_the_place_is_scanned_the_quantity_is_keyed(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES, policy=ScanPolicy.PLACE)
    walk.scan("T-0001", "A-01")
    assert walk.say(ScanKind.QUANTITY, quantity=2).outcome is O.LINE_DONE


def test_where_only_the_item_is_scanned_no_bin_is_asked(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES, policy=ScanPolicy.ITEM)
    assert walk.scan("T-0001", "CUP", "TEA", "TEA") == [O.ACCEPTED, O.LINE_DONE, O.ACCEPTED, O.TASK_DONE]


def test_a_short_pick_is_recorded_at_the_bin_only(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    assert walk.say(ScanKind.SHORT).outcome is O.NEEDS_PLACE
    walk.scan("T-0001")
    assert walk.say(ScanKind.SHORT).outcome is O.NEEDS_PLACE
    walk.scan("A-01", "TEA")
    assert walk.say(ScanKind.SHORT, quantity=2).outcome is O.TOO_MANY
    assert walk.say(ScanKind.SHORT).outcome is O.SHORT_RECORDED
    assert walk.effects[-1] == ReportShort(id_of("line 1"), 1)
    assert walk.state.step == pick_table.PLACE
    assert walk.state.line_id == id_of("line 2")


def test_a_skipped_line_comes_again_at_the_end(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    walk.scan("T-0001")
    assert walk.say(ScanKind.SKIP).outcome is O.ACCEPTED
    assert walk.state.line_id == id_of("line 2")
    assert walk.scan("A-02", "CUP") == [O.ACCEPTED, O.LINE_DONE]
    assert walk.state.line_id == id_of("line 1")
    assert walk.say(ScanKind.SKIP).outcome is O.ACCEPTED
    assert walk.state.line_id == id_of("line 1")


def test_undo_names_a_scan_or_takes_the_last_one_booked(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 3}))
    walk.scan("T-0001", "A-01", "TEA", "POT", "TEA")
    first = walk.ids[2]
    assert walk.say(ScanKind.UNDO).outcome is O.UNDONE
    assert isinstance(walk.effects[-1], UndoPick)
    assert walk.say(ScanKind.UNDO, answers=first).outcome is O.UNDONE
    assert walk.say(ScanKind.UNDO, answers=first).outcome is O.DUPLICATE
    assert walk.say(ScanKind.UNDO).outcome is O.UNKNOWN_CODE
    assert walk.say(ScanKind.UNDO, answers=new_id()).outcome is O.UNKNOWN_CODE


def test_a_lot_is_asked_once_per_line_and_must_be_the_one_meant(lists: Lists) -> None:
    facts = {"lot_tracked": True, "lot_code": "L1", "expires_on": date(2027, 1, 1)}
    walk = lists.make(("A-01", "TEA", {"F-1": 3}, facts))
    walk.scan("T-0001", "A-01")
    assert walk.say(raw="TEA").outcome is O.NEEDS_LOT
    assert walk.say(ScanKind.LOT, lot=LotSaid("L2"), answers=walk.ids[-1]).outcome is O.WRONG_ITEM
    assert walk.say(raw="TEA").outcome is O.NEEDS_LOT
    assert walk.say(ScanKind.LOT, lot=LotSaid("l1"), answers=walk.ids[-1]).outcome is O.ACCEPTED
    assert walk.scan("TEA", "TEA") == [O.ACCEPTED, O.TASK_DONE]


def test_a_lot_in_the_code_answers_by_itself(lists: Lists) -> None:
    lists.shelf.items["04006381333931"] = lists.shelf.items["TEA"]
    facts = {"lot_tracked": True, "lot_code": "L1"}
    walk = lists.make(("A-01", "TEA", {"F-1": 3}, facts))
    walk.scan("T-0001", "A-01")
    gs1 = "0104006381333931" + "17{}" + "10{}"
    said = [
        walk.say(raw=gs1.format(*facts), symbology="]d2").outcome
        for facts in (("270101", "L1"), ("270101", "L2"), ("260101", "L1"))
    ]
    assert said == [O.ACCEPTED, O.WRONG_ITEM, O.EXPIRED_LOT]


def test_an_expired_lot_is_not_taken(lists: Lists) -> None:
    facts = {"lot_tracked": True, "lot_code": "L1", "expires_on": date(2026, 11, 23)}
    walk = lists.make(("A-01", "TEA", {"F-1": 3}, facts))
    walk.scan("T-0001", "A-01")
    walk.say(raw="TEA")
    assert walk.say(ScanKind.LOT, lot=LotSaid("L1"), answers=walk.ids[-1]).outcome is O.EXPIRED_LOT
    assert walk.task.lines[id_of("line 1")].picked == 0


def test_a_serial_is_asked_for_every_unit(lists: Lists) -> None:
    for serial, place in (("S1", "A-01"), ("S2", "A-01"), ("S3", "B-01")):
        lists.shelf.unit(serial, "POT", place)
    walk = lists.make(("A-01", "POT", {"F-1": 2}, {"serial_tracked": True}))
    walk.scan("T-0001", "A-01")
    assert walk.say(raw="POT").outcome is O.NEEDS_SERIAL
    assert walk.say(ScanKind.SERIAL, serial="S1", answers=walk.ids[-1]).outcome is O.ACCEPTED
    assert walk.effects[-1].unit_id == id_of("S1")
    assert walk.scan("S1", "S3", "POT") == [O.DUPLICATE, O.WRONG_ITEM, O.NEEDS_SERIAL]
    assert walk.say(ScanKind.SERIAL, serial="S9").outcome is O.UNKNOWN_CODE
    assert walk.say(ScanKind.SERIAL, raw="S2").outcome is O.TASK_DONE


def test_goods_of_a_stopped_order_stay_in_their_bin(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 2}), ("A-02", "CUP", {"F-1": 1}))
    walk.scan("T-0001", "A-01")
    walk.task.lines[id_of("line 1")].shares[0].stopped = True
    assert walk.scan("A-01", "TEA") == [O.INTERCEPTED, O.INTERCEPTED]
    assert walk.state.line_id == id_of("line 2")


def test_a_list_that_somebody_else_has_now_is_not_yours(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    walk.task.worker_id = new_id()
    assert walk.scan("T-0001", "A-01") == [O.NOT_YOURS, O.NOT_YOURS]
    walk.task.status = PickListStatus.CANCELLED
    assert walk.scan("A-01") == [O.INTERCEPTED]


def test_a_tote_in_other_use_is_the_wrong_place(lists: Lists) -> None:
    lists.shelf.places["T-0002"] = replace(lists.shelf.places["T-0002"], pick_list_id=new_id())
    lists.shelf.places["T-0003"] = replace(lists.shelf.places["T-0003"], tote_state="IN_HOSPITAL")
    walk = lists.make(*TWO_LINES)
    assert walk.scan("T-0002", "T-0003", "T-0001", "T-0001") == [
        O.WRONG_PLACE,
        O.WRONG_PLACE,
        O.ACCEPTED,
        O.DUPLICATE,
    ]


def test_a_full_tote_is_followed_by_another(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 3}))
    assert walk.scan("T-0001", "A-01", "TEA", "T-0002", "TEA", "T-0001", "TEA") == [
        *[O.ACCEPTED] * 6,
        O.TASK_DONE,
    ]
    totes = [effect.to_place_id for effect in walk.effects if isinstance(effect, TakeUnits)]
    assert totes == [id_of("T-0001"), id_of("T-0002"), id_of("T-0001")]


def test_a_mixed_tote_serves_the_orders_by_seat(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 1, "F-2": 2}), kind=WaveKind.PUT_WALL)
    walk.scan("T-0001", "A-01")
    assert walk.say(raw="TEA", quantity=2).outcome is O.ACCEPTED
    assert walk.effects == [
        BindTote(id_of("LIST"), id_of("T-0001"), None),
        TakeUnits(id_of("line 1"), id_of("F-1"), id_of("T-0001"), 1),
        TakeUnits(id_of("line 1"), id_of("F-2"), id_of("T-0001"), 1),
    ]


CLUSTER = (("A-01", "TEA", {"F-1": 1, "F-2": 2}), ("A-02", "CUP", {"F-2": 1}))


def test_a_cluster_puts_every_item_into_the_tote_of_its_order(lists: Lists) -> None:
    walk = lists.make(*CLUSTER, kind=WaveKind.CLUSTER)
    assert walk.scan("T-0001", "T-0001", "T-0002") == [O.ACCEPTED, O.DUPLICATE, O.ACCEPTED]
    assert walk.scan("A-01", "T-0001") == [O.ACCEPTED, O.WRONG_PLACE]  # nothing in hand yet
    assert walk.scan("TEA", "TEA") == [O.ACCEPTED, O.TOO_MANY]  # the first order gets one only
    assert walk.scan("T-0003", "T-0001", "TEA", "T-0001") == [O.WRONG_PLACE, O.ACCEPTED, O.ACCEPTED, O.WRONG_PLACE]


def test_a_cluster_is_walked_to_its_end(lists: Lists) -> None:
    walk = lists.make(*CLUSTER, kind=WaveKind.CLUSTER)
    walk.scan("T-0001", "T-0002", "A-01")
    assert walk.scan("TEA", "T-0001", "TEA", "TEA", "T-0002") == [
        O.ACCEPTED,
        O.ACCEPTED,
        O.ACCEPTED,
        O.ACCEPTED,
        O.LINE_DONE,
    ]
    assert walk.scan("A-02", "CUP", "T-0001", "T-0002") == [O.ACCEPTED, O.ACCEPTED, O.WRONG_PLACE, O.TASK_DONE]
    taken = [(e.fulfillment_order_id, e.to_place_id, e.quantity) for e in walk.effects if isinstance(e, TakeUnits)]
    assert taken == [
        (id_of("F-1"), id_of("T-0001"), 1),
        (id_of("F-2"), id_of("T-0002"), 1),
        (id_of("F-2"), id_of("T-0002"), 1),
        (id_of("F-2"), id_of("T-0002"), 1),
    ]


def test_with_goods_in_hand_every_sentence_names_the_tote_they_go_into(lists: Lists) -> None:
    walk = lists.make(*CLUSTER, kind=WaveKind.CLUSTER)
    walk.scan("T-0001", "T-0002", "A-01", "TEA")
    wrong_tote = walk.say(raw="T-0003").message
    assert wrong_tote == "T-0003 is the wrong tote: put the 1 into T-0001."
    for bin_code in ("A-01", "A-02", "B-09"):
        told = walk.say(raw=bin_code)
        assert (told.outcome, "into tote T-0001 first" in told.message) == (O.WRONG_PLACE, True)


def test_a_cancelled_list_says_so_and_not_that_it_is_picked(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    walk.scan("T-0001", "A-01")
    walk.task.status = PickListStatus.CANCELLED
    told = "List L-0001 was cancelled: bring what you hold to the put-back."
    assert (walk.say(raw="TEA").message, sentence_of_step(walk.task, walk.state)) == (told, told)


def test_what_a_cluster_picker_holds_can_be_laid_back(lists: Lists) -> None:
    walk = lists.make(*CLUSTER, kind=WaveKind.CLUSTER)
    walk.scan("T-0001", "T-0002", "A-01", "TEA")
    assert walk.say(ScanKind.SHORT).outcome is O.NEEDS_PLACE
    assert walk.scan("CUP") == [O.WRONG_ITEM]
    assert walk.say(ScanKind.UNDO).outcome is O.UNDONE
    assert walk.state.hand == ()


def test_damage_and_an_undone_shortage_go_to_a_lead(lists: Lists) -> None:
    walk = lists.make(*TWO_LINES)
    walk.scan("T-0001", "A-01")
    assert walk.say(ScanKind.DAMAGED, quantity=1).outcome is O.EXCEPTION
    assert walk.effects[-1] == RaiseTask(TaskKind.MISFIT_SCAN, id_of("TEA"), id_of("A-01"), 1)


@pytest.mark.parametrize("kind", [ScanKind.WEIGHT, ScanKind.SEAL, ScanKind.FORCE, ScanKind.NEXT_PARCEL, ScanKind.EMPTY])
def test_what_does_not_belong_to_picking_books_nothing(lists: Lists, kind: ScanKind) -> None:
    walk = lists.make(*TWO_LINES)
    walk.scan("T-0001", "A-01")
    assert walk.say(kind).outcome is O.EXCEPTION
    assert walk.effects == [BindTote(id_of("LIST"), id_of("T-0001"), id_of("F-1"))]


def test_a_late_scan_that_no_longer_fits_becomes_a_task(lists: Lists) -> None:
    walk = lists.make(("A-01", "TEA", {"F-1": 1}), ("A-02", "CUP", {"F-1": 1}))
    walk.scan("T-0001", "A-01", "TEA")
    for code, outcome, tasks in (("TEA", O.EXCEPTION, 1), ("POT", O.WRONG_ITEM, 0), ("XYZ", O.UNKNOWN_CODE, 0)):
        entry = Entry(new_id(), 1, walk.task.claimed_at, ScanKind.SCAN, raw=code)
        said = Heard(entry, lists.shelf.of(entry), worker_id=walk.task.worker_id)
        decision = rules.interpret(jobs.PICK, walk.task, walk.state, said, scan_id=new_id(), late=True)
        assert (decision.outcome, len(decision.effects)) == (outcome, tasks)


def test_a_state_survives_its_row(lists: Lists) -> None:
    walk = lists.make(*CLUSTER, kind=WaveKind.CLUSTER)
    walk.scan("T-0001", "T-0002", "A-01", "TEA")
    walk.say(raw="TEA", doubtful=True)
    state = replace(walk.state, late=walk.state, booked=(new_id(),), skipped=(new_id(),), weight_g=3)
    assert from_json(to_json(state)) == state


@pytest.mark.parametrize("job", list(Job))
def test_every_step_answers_everything_that_can_be_said(job: Job) -> None:
    table = jobs.RULEBOOKS[job].table
    for step in table.steps:
        for said in [*table.says(), "SOMETHING_NEW"]:
            row = table.find(step, said)
            assert row.next in {*table.steps, "SAME", "LINE"}
            assert row.sentence
            assert tone_of(row.outcome)


def test_the_tables_go_to_phones_as_json() -> None:
    told = json.loads(json.dumps(jobs.transitions_as_json()))
    assert set(told) == {job.value for job in Job}
    first = told["PICK"]["rows"][0]
    assert (first["step"], first["said"], first["next"], first["effect"]) == ("TOTE", "TOTE_BINDS", "LINE", "BIND")
    assert (first["outcome"], first["tone"]) == ("ACCEPTED", "GOOD")
