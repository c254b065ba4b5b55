"""Every kind of wave from its release to the last parcel by scans only, and whatever may befall an order on the way.

A matrix: five kinds by what happens. Each case ends with exact figures: what shipped, what lies where, what is open.
Where something cannot happen to a kind, the case says so by name and shows what the floor answers instead.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from tests.builders_waves import (
    BOOKED,
    ORDERS,
    SETTLE,
    STATIONS,
    TO_HOSPITAL,
    Hall,
    make_hall,
    tote_place,
)

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.picking.tables import WaveKind
from pickmesh.graphql.ids import global_id

BOTH_GO = ("N2", "N3")
ALL_GO = ("N1", *BOTH_GO)
ONE_DATABASE = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""What differs between databases shows in the cases that run on both."""

KINDS = pytest.mark.parametrize("kind", list(WaveKind))
SINGLE, HOT, WALL, CLUSTER, DISCRETE = (
    WaveKind.SINGLE_ITEM,
    WaveKind.HOT_SALE,
    WaveKind.PUT_WALL,
    WaveKind.CLUSTER,
    WaveKind.DISCRETE,
)


@pytest.fixture
def hall_of(database: Database, merchant: Actor, client_of: Any) -> Any:
    """Make the hall of a case."""

    async def make(kind: WaveKind, **more: Any) -> Hall:
        return await make_hall(database, merchant, client_of, kind, **more)

    return make


async def begin_list(hall: Hall, step: str = "ITEM") -> None:
    """Scan the first list's label and do what the screen says until the first piece is to be taken."""
    hall.picker.lay_down()
    await hall.picker.scan(hall.lists[0])
    await hall.obey_until(hall.picker, step)


async def take_its_first_line(hall: Hall) -> None:
    """Walk the first list as far as all of N1's tea is in a tote."""
    await begin_list(hall)
    pieces = hall.orders["N1"]["TEA"]
    assert set(await hall.picker.scan(*["TEA"] * pieces)) <= BOOKED
    if hall.kind is CLUSTER:
        await hall.obey(hall.picker)


async def go_on(hall: Hall) -> None:
    """Walk the first list, as far as it is left, to its end, and the others after it."""
    if hall.kind is not DISCRETE:
        await hall.obey_until(hall.picker, "DONE")
        return
    for number in hall.lists[1:]:
        await hall.pick(number)


@KINDS
async def test_all_of_it_ships(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.ship_all()
    assert await hall.figures() == hall.expected(ALL_GO)


@ONE_DATABASE
@KINDS
async def test_a_missing_piece_is_fetched_from_another_bin(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await begin_list(hall)
    assert hall.picker.next["skuCode"] == "TEA"
    assert await hall.picker.say("SHORT", quantity=1) == "SHORT_RECORDED"
    assert "1 come from another bin" in hall.picker.message
    await hall.obey_until(hall.picker, "DONE")
    await hall.ship_all()
    all_gone = hall.expected(ALL_GO)
    lying = {**all_gone.lying, "B-01": {"TEA": 4, "CUP": 5}, "MISSING": {"TEA": 1}}
    assert await hall.figures() == replace(all_gone, lying=lying)


@KINDS
async def test_a_piece_that_is_nowhere_holds_one_order_up_until_another_comes(hall_of: Any, kind: WaveKind) -> None:
    wanted: Counter[str] = sum((Counter(each) for each in ORDERS[kind].values()), Counter())
    hall = await hall_of(kind, shelves={"A-01": {"TEA": wanted["TEA"]}, "A-02": {"CUP": wanted["CUP"]}})
    await begin_list(hall)
    assert await hall.picker.say("SHORT", quantity=1) == "SHORT_RECORDED"
    await hall.obey_until(hall.picker, "DONE")
    await hall.ship_all()
    waits = {DISCRETE: "N1", HOT: "N3"}.get(kind, "N2")
    left = Counter(hall.orders[waits]) - Counter({"TEA": 1})
    figures = await hall.figures()
    assert figures.orders == dict.fromkeys(ALL_GO, "SHIPPED") | {waits: "BACKORDERED"}
    assert figures.lying == {"MISSING": {"TEA": 1}} | ({"T-0001": dict(left)} if left else {})
    await hall.receive("A-01", "TEA", 1)
    await hall.ship_all()
    figures = await hall.figures()
    assert figures.orders == dict.fromkeys(ALL_GO, "SHIPPED")
    assert (figures.lying, figures.tasks) == ({"MISSING": {"TEA": 1}}, [("SHORT_PICK", "TEA", 1)])


@ONE_DATABASE
@KINDS
async def test_stopped_before_the_release_it_stays_behind(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind, planned=True)
    assert await hall.stop() == "CANCELLED"
    assert await hall.release() == 1
    await hall.ship_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="CANCELLED")


@ONE_DATABASE
@KINDS
async def test_stopped_before_anybody_claims_its_list_it_is_off_the_list(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    assert await hall.stop() == "CANCELLED"
    if kind is DISCRETE:  # the list was its own
        assert await hall.picker.scan(hall.lists[0]) == ["WRONG_STATE"]
    await hall.ship_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="CANCELLED")


@ONE_DATABASE
@KINDS
async def test_stopped_after_its_line_is_picked_its_pieces_come_back(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await take_its_first_line(hall)
    assert await hall.stop() == "INTERCEPTED"
    assert (await hall.lying())["T-0001"]["TEA"] == hall.orders["N1"]["TEA"]
    if kind is DISCRETE:
        assert await hall.picker.scan("A-02") == ["INTERCEPTED"]
    await hall.ship_all()
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="CANCELLED")


@ONE_DATABASE
@KINDS
async def test_stopped_in_its_tote_it_is_found_by_whoever_takes_it_up(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.pick_all()
    assert await hall.stop() == "INTERCEPTED"
    await hall.sort_all()
    await hall.pack_all()
    finder = hall.sorter if kind is WALL else hall.packer
    assert "INTERCEPTED" in {verdict["outcome"] for verdict in finder.said}
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="CANCELLED")


@ONE_DATABASE
@KINDS
async def test_stopped_in_its_slot_the_slot_says_so(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.pick_all()
    if kind is not WALL:
        await nothing_is_sorted(hall)
        return
    await hall.sort_all()
    assert await hall.stop() == "INTERCEPTED"
    await slot_says_stopped(hall)
    await hall.pack_all()
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="CANCELLED")


async def nothing_is_sorted(hall: Hall) -> None:
    """Only put-wall waves have slots: a tote of any other kind opens the packing of what is in it."""
    assert await hall.sorter.scan((await hall.totes())[0]) == ["ACCEPTED"]
    assert hall.sorter.session["job"] == "PACK"


async def slot_says_stopped(hall: Hall) -> None:
    """N1's slot tells the sorter and the packer alike that its goods go back, and nothing else is done."""
    hall.sorter.lay_down()
    hall.packer.lay_down()
    before = await hall.lying()
    assert await hall.packer.scan("V-01") == ["INTERCEPTED"]
    assert await hall.sorter.scan(hall.wave, "V-01", "V-02") == ["DUPLICATE", "INTERCEPTED", "WRONG_PLACE"]
    assert hall.sorter.said[-2]["message"] == (
        "Order F-0001 was stopped: take everything out of slot 01 and bring it to the put-back."
    )
    assert await hall.lying() == before


@KINDS
async def test_stopped_in_an_open_parcel_the_next_scan_says_so(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.pick_all()
    await hall.sort_all()
    assert await hall.begin_packing()
    if kind in STATIONS:  # a station closes a parcel by itself: it is open after an undo only
        assert await hall.packer.undo() == "UNDONE"
    else:
        await hall.obey(hall.packer)
        assert (await hall.lying())["PARCEL"] == {"TEA": 1}
    assert hall.packer.step == "ITEMS"
    assert await hall.stop() == "INTERCEPTED"
    assert await hall.packer.scan("TEA") == ["INTERCEPTED"]
    assert hall.packer.step == "OPEN"
    await hall.pack_all()
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="CANCELLED")


@ONE_DATABASE
@KINDS
async def test_stopped_in_a_sealed_parcel_it_is_not_weighed(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.pick_all()
    await hall.sort_all()
    assert await hall.begin_packing()
    await hall.obey_until(hall.packer, "WEIGH")
    assert (await hall.lying())["PARCEL"] == hall.orders["N1"]
    assert await hall.stop() == "INTERCEPTED"
    assert await hall.packer.say("WEIGHT", weightG=300) == "INTERCEPTED"
    await hall.pack_all()
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="CANCELLED")


@ONE_DATABASE
@KINDS
async def test_kicked_out_before_anything_is_picked_it_is_open_at_once(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await begin_list(hall)
    assert await hall.kick_out() is False
    await hall.ship_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="OPEN")


@KINDS
async def test_kicked_out_half_picked_it_goes_with_the_next_wave(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await take_its_first_line(hall)
    assert await hall.kick_out() is True
    await hall.ship_all()
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="OPEN")
    if kind is HOT:  # one order alone is no hot sale
        hall.kind = DISCRETE
    await hall.plan()
    assert await hall.release() == 0
    await hall.ship_all()
    assert await hall.figures() == hall.expected(ALL_GO)


@ONE_DATABASE
@KINDS
async def test_kicked_out_of_its_tote_after_the_walk(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.pick_all()
    assert await hall.kick_out() is True
    await hall.sort_all()
    await hall.pack_all()
    finder = hall.sorter if kind is WALL else hall.packer
    assert "INTERCEPTED" in {verdict["outcome"] for verdict in finder.said}
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="OPEN")


@ONE_DATABASE
@KINDS
async def test_kicked_out_of_its_slot_the_slot_says_so(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.pick_all()
    if kind is not WALL:
        await nothing_is_sorted(hall)
        return
    await hall.sort_all()
    assert await hall.kick_out() is True
    await slot_says_stopped(hall)
    await hall.pack_all()
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="OPEN")


@ONE_DATABASE
@KINDS
async def test_a_lead_takes_an_order_out_by_scanning_its_full_slot(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.pick_all()
    if kind is not WALL:
        await nothing_is_sorted(hall)
        assert await hall.sorter.say("KICK_OUT", reason="late") not in BOOKED  # a key of the wall
        return
    await hall.sort_all()
    assert await hall.sorter.scan("V-01") == ["WRONG_PLACE"]
    assert await hall.sorter.say("KICK_OUT", reason="late") == "NOT_YOURS"
    assert await hall.lead.scan(hall.wave) == ["DUPLICATE"]
    assert await hall.lead.say("KICK_OUT", reason="late") == "NEEDS_PLACE"
    assert await hall.lead.scan("V-01") == ["WRONG_PLACE"]
    assert await hall.lead.say("KICK_OUT") == "EXCEPTION"
    assert await hall.lead.say("KICK_OUT", reason="late") == "ACCEPTED"
    assert hall.lead.message == (
        "Order F-0001 is out of wave W-0001: take everything out of slot 01 and bring it to the put-back."
    )
    await slot_says_stopped(hall)
    await hall.settle()
    await hall.pack_all()
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="OPEN")


@ONE_DATABASE
@KINDS
async def test_a_lead_takes_an_order_out_while_it_is_being_sorted(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.pick_all()
    if kind is not WALL:
        await nothing_is_sorted(hall)
        return
    assert await hall.sorter.scan("T-0001", "V-01", "TEA", "V-01") == ["ACCEPTED"] * 4
    assert await hall.lead.scan(hall.wave, "V-01") == ["ACCEPTED", "WRONG_PLACE"]
    assert await hall.lead.say("KICK_OUT", reason="late") == "ACCEPTED"
    await hall.sort_all()
    assert "INTERCEPTED" in {verdict["outcome"] for verdict in hall.sorter.said}
    await hall.pack_all()
    await hall.put_back_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="OPEN")


@KINDS
async def test_whatever_is_done_is_undone_and_done_again(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await begin_list(hall)
    untouched = await hall.lying()
    assert await hall.picker.undo() == "UNKNOWN_CODE"  # nothing is booked yet
    await take_and_undo(hall)
    assert await hall.lying() == untouched
    await hall.obey_until(hall.picker, "DONE")
    picked = await hall.lying()
    assert await hall.picker.undo() == "UNDONE"
    assert await hall.lying() != picked
    await hall.obey_until(hall.picker, "DONE")
    assert await hall.lying() == picked
    await hall.pick_all()
    await sort_and_undo(hall)
    await hall.sort_all()
    await pack_and_undo(hall)
    await hall.pack_all()
    hall.packer.take_up()
    assert await hall.packer.undo() == "WRONG_PLACE"  # what has shipped is no more undone by scan
    assert await hall.figures() == hall.expected(ALL_GO)


async def take_and_undo(hall: Hall) -> None:
    """Take a piece and lay it back; on a cart with a tote per order also the one that is in hand only."""
    await hall.obey(hall.picker)
    if hall.kind is CLUSTER:
        assert await hall.picker.undo() == "UNDONE"
        await hall.obey_until(hall.picker, "PUT")
        await hall.obey(hall.picker)
    assert await hall.picker.undo() == "UNDONE"


async def sort_and_undo(hall: Hall) -> None:
    """Put a piece into its slot and lay it back into its tote."""
    if hall.kind is not WALL:
        return
    picked = await hall.lying()
    await hall.sorter.scan("T-0001", "V-01", "CUP")
    assert await hall.sorter.undo() == "UNDONE"  # in hand
    await hall.sorter.scan("CUP")
    await hall.obey(hall.sorter)
    assert await hall.lying() != picked
    assert await hall.sorter.undo() == "UNDONE"  # in its slot
    assert await hall.lying() == picked


async def pack_and_undo(hall: Hall) -> None:
    """Verify a piece, take it out, verify it again; a sealed parcel is opened by scan at a station only."""
    assert await hall.begin_packing()
    if hall.kind not in STATIONS:
        await hall.obey(hall.packer)
    inside = (await hall.lying())["PARCEL"]
    assert await hall.packer.undo() == "UNDONE"
    lying = await hall.lying()
    assert (lying["BENCH-1"], "PARCEL" in lying) == (inside, False)
    await hall.obey_until(hall.packer, "WEIGH")
    if hall.kind not in STATIONS:
        assert await hall.packer.undo() == "WRONG_PLACE"
    await hall.obey_until(hall.packer, "OPEN")


@KINDS
async def test_a_tote_goes_to_the_hospital_and_out_again(hall_of: Any, kind: WaveKind) -> None:
    hall = await hall_of(kind)
    await hall.pick_all()
    tote = {"placeIds": [global_id("Place", tote_place(hall, "T-0001"))]}
    sent = await hall.manager.run(TO_HOSPITAL, input={**tote, "reason": "wet"})
    assert sent["toteToHospital"]["userErrors"] == []
    inside = (await hall.lying())["T-0001"]
    assert await hall.packer.scan("F-0001", "T-0001") == ["WRONG_PLACE", "WRONG_PLACE"]
    assert hall.packer.message == "T-0001 is in the hospital: leave it to a lead."
    if kind in {*STATIONS, WALL}:  # the goods of all orders are in it
        assert await hall.packer.scan("TEA") == ["WRONG_ITEM"]
    assert await hall.stop() == "INTERCEPTED"
    await hall.put_back_all()
    left = Counter(inside) - Counter(hall.orders["N1"])
    assert (await hall.lying()).get("T-0001", {}) == dict(left)
    settled = await hall.manager.run(SETTLE, input={**tote, "again": bool(left)})
    assert settled["toteSettle"] == {"totes": [{"toteState": "STOCKED" if left else "EMPTY"}], "userErrors": []}
    await hall.sort_all()
    await hall.pack_all()
    assert await hall.figures() == hall.expected(BOTH_GO, N1="CANCELLED")
