"""The board: throughput, mistakes, people, waves, queue, risks and exceptions, from what scans left behind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.builders_accounts import make_person
from tests.builders_floor import Floor, bring_orders, claim, make_floor, pick_list, react, release
from tests.builders_scans import Phone, packing_phone, phone_for, picking_phone
from tests.databases import make_merchant
from tests.statements import statements

from pickmesh.core.floor.board import MISTAKES, Board, floor_board
from pickmesh.core.floor.board_reading import Stage
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import first_id_at, new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted
from pickmesh.core.orders import cancel, holds
from pickmesh.core.orders.tables import FulfillmentOrder

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TOTES = ("T-0001", "T-0002", "T-0003")


async def floor_now(database: Database, actor: Actor, orders: int = 3) -> Floor:
    """A floor whose clock stands at the machine's time, which ids are made of; each order wants 2 TEA and a CUP."""
    assert isinstance(database.clock, StoppedClock)
    database.clock.advance(datetime.now(UTC) - database.clock.now())
    floor = await make_floor(database, actor, {"A-01": {"TEA": 20}, "A-02": {"CUP": 20}})
    await bring_orders(floor, {f"N{number}": {"TEA": 2, "CUP": 1} for number in range(1, orders + 1)})
    return floor


async def board_of(floor: Floor, **more: Any) -> Board:
    now = floor.database.clock.now()
    wanted = {"begin": now - 2 * HOUR, "until": now + HOUR, **more}
    async with floor.database.reading(floor.actor) as uow:
        found = await floor_board(uow, location_id=floor.location_id, **wanted)
    assert found is not None
    return found


async def picked(floor: Floor, list_id: Any, tote: str) -> Phone:
    phone = await picking_phone(floor, list_id)
    await phone.scan(tote, "A-01", "TEA", "TEA", "A-02", "CUP")
    return phone


async def test_lines_pieces_and_mistakes_stand_in_their_hour_and_job(database: Database, merchant: Actor) -> None:
    floor = await floor_now(database, merchant)
    lists = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, lists[0])
    assert await phone.scan(TOTES[0], "A-02", "A-01", "CUP", "NOBODY KNOWS", "NOR THIS", "TEA", "TEA", "A-02", "CUP")
    assert phone.said[-1].outcome is Outcome.TASK_DONE
    await pick_list(floor, lists[1], TOTES[1])
    packer = await packing_phone(floor)
    assert await packer.scan(TOTES[0], "TEA", "TEA") == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.LINE_DONE]
    database.clock.advance(20 * MINUTE)  # type: ignore[attr-defined]  # a stopped clock
    now = database.clock.now()
    board = await board_of(floor, begin=now - 2 * HOUR, until=now + 30 * MINUTE)
    assert [hour.until - hour.begin for hour in board.hours] == [HOUR, HOUR, 30 * MINUTE]
    assert [hour.figures.scans for hour in board.hours] == [0, 13, 0]
    figures = board.hours[1].figures
    assert (figures.lines_picked, figures.pieces_picked, figures.pieces_packed) == (4, 6, 2)
    assert figures.mistakes == [
        (Outcome.UNKNOWN_CODE, 2, 153.8),
        (Outcome.WRONG_ITEM, 1, 76.9),
    ]
    assert figures.mistakes_per_thousand == 230.8
    assert {job: each.scans for job, each in board.hours[1].jobs.items()} == {Job.PICK: 10, Job.PACK: 3}
    assert board.hours[1].jobs[Job.PACK].pieces_packed == 2
    assert board.figures.scans == 13
    assert (board.figures.lines_per_hour, board.figures.pieces_per_hour) == (2.0, 3.0)
    assert board.hours[2].figures.length == timedelta(0)


async def test_what_is_undone_or_taken_out_again_does_not_count(database: Database, merchant: Actor) -> None:
    floor = await floor_now(database, merchant)
    lists = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, lists[0])
    await phone.scan(TOTES[0], "A-01", "TEA")
    assert (await board_of(floor)).figures.pieces_picked == 1
    assert await phone.say(ScanKind.UNDO) is Outcome.UNDONE
    assert (await board_of(floor)).figures.pieces_picked == 0
    await phone.scan("A-01", "TEA", "TEA", "A-02", "CUP")
    packer = await packing_phone(floor)
    await packer.scan(TOTES[0], "TEA", "TEA")
    assert await packer.say(ScanKind.UNDO) is Outcome.UNDONE
    board = await board_of(floor)
    assert (board.figures.pieces_picked, board.figures.pieces_packed) == (3, 1)
    by_worker = {person.worker_id: (person.pieces_picked, person.pieces_packed) for person in board.people}
    assert by_worker == {floor.picker.person_id: (3, 0), floor.packer.person_id: (0, 1)}


async def test_people_are_shown_at_what_they_scanned_last(database: Database, merchant: Actor) -> None:
    floor = await floor_now(database, merchant)
    lists = (await release(floor)).pick_list_ids
    opened = database.clock.now()
    phone = await picked(floor, lists[0], TOTES[0])
    await phone.scan("WHAT")
    _, idle = await make_person(database, merchant, Role.PICKER)
    await claim(floor, lists[1], idle)
    database.clock.advance(5 * MINUTE)  # type: ignore[attr-defined]  # a stopped clock
    look = await phone_for(floor, Job.LOOK_UP)
    await look.scan("TEA")
    board = await board_of(floor)
    first, second = board.people
    assert (first.worker_id, first.job, first.session_id) == (floor.picker.person_id, Job.LOOK_UP, look.session.id)
    assert (first.last_scan_at, first.since, first.pick_list_id) == (opened + 5 * MINUTE, opened + 5 * MINUTE, None)
    assert (first.scans, first.mistakes, first.mistakes_per_thousand) == (8, 1, 125.0)
    assert (second.worker_id, second.job, second.session_id) == (idle.person_id, Job.PICK, None)
    assert (second.pick_list_id, second.since, second.last_scan_at) == (lists[1], opened, None)


async def test_waves_tell_how_far_they_are(database: Database, merchant: Actor) -> None:
    floor = await floor_now(database, merchant)
    first = await release(floor, orders=[floor.orders["N1"], floor.orders["N2"]])
    second = await release(floor)
    await picked(floor, first.pick_list_ids[0], TOTES[0])
    phone = await picking_phone(floor, first.pick_list_ids[1])
    await phone.scan(TOTES[1], "A-01", "TEA")
    await phone.say(ScanKind.SHORT)
    newer, older = (await board_of(floor)).waves
    assert (newer.wave_id, newer.orders, newer.pieces, newer.pieces_picked, newer.progress) == (
        second.wave_id,
        1,
        3,
        0,
        0.0,
    )
    assert (older.wave_id, older.lists, older.lists_done, older.pieces_picked) == (first.wave_id, 2, 1, 4)
    assert older.pieces_short == 1
    assert 0 < older.progress < 1


async def test_an_ended_wave_is_shown_in_the_hours_it_ended_in(database: Database, merchant: Actor) -> None:
    floor = await floor_now(database, merchant, orders=1)
    released = await release(floor)
    await picked(floor, released.pick_list_ids[0], TOTES[0])
    assert [wave.progress for wave in (await board_of(floor)).waves] == [1.0]
    now = database.clock.now()
    assert (await board_of(floor, begin=now + HOUR, until=now + 2 * HOUR)).waves == []


async def test_the_queue_counts_each_order_at_the_stage_it_waits_for(database: Database, merchant: Actor) -> None:
    floor = await floor_now(database, merchant, orders=6)
    lists = (await release(floor, orders=[floor.orders[f"N{number}"] for number in range(1, 5)])).pick_list_ids
    await pick_list(floor, lists[0], TOTES[0])
    phone = await picking_phone(floor, lists[1])
    await phone.scan(TOTES[1], "A-01", "TEA")
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[floor.orders["N4"]], reason="BUYER")
        await holds.hold(uow, fulfillment_order_ids=[floor.orders["N6"]])
    found = {stage.stage: (stage.orders, stage.pieces) for stage in (await board_of(floor)).queue}
    assert list(found) == list(Stage)
    assert found == {
        Stage.CANNOT_GO: (1, None),
        Stage.RELEASE: (1, None),
        Stage.PICK: (1, 3),
        Stage.REST_OF_PICK: (1, 3),
        Stage.PACK: (1, 3),
        Stage.SHIP: (0, 0),
        Stage.PUT_BACK: (0, 0),
    }


async def test_orders_at_risk_are_those_that_leave_soon_and_are_not_packed(database: Database, merchant: Actor) -> None:
    floor = await floor_now(database, merchant)
    every = await board_of(floor, at_risk_minutes=1_440)
    none = await board_of(floor, at_risk_minutes=0)
    by_hand = sorted(every.at_risk, key=lambda risk: risk.leave_by)
    assert every.at_risk == by_hand
    assert every.at_risk_count == len(every.at_risk)
    assert (none.at_risk, none.at_risk_count) == ([], 0)
    async with database.unit_of_work(merchant) as uow:
        rows = [{"id": floor.orders["N1"], "ship_by": uow.now + 10 * MINUTE}]
        rows += [{"id": floor.orders["N2"], "ship_by": uow.now - 90 * MINUTE}]
        await uow.update(FulfillmentOrder, rows)
    soon = await board_of(floor)
    assert [(risk.fulfillment_order_id, risk.minutes_left) for risk in soon.at_risk] == [
        (floor.orders["N2"], -90),
        (floor.orders["N1"], 10),
    ]
    assert soon.at_risk_count == 2


async def test_open_exceptions_are_counted_by_kind(database: Database, merchant: Actor) -> None:
    floor = await floor_now(database, merchant)
    lists = (await release(floor)).pick_list_ids
    await pick_list(floor, lists[0], TOTES[0])
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=list(floor.orders.values())[:1], reason="BUYER")
    await react(floor)
    (found,) = (await board_of(floor)).exceptions
    assert (found.kind, found.tasks, found.oldest_at) == ("PUT_BACK", 2, database.clock.now())


async def test_a_board_costs_the_same_statements_however_much_goes_on(database: Database, merchant: Actor) -> None:
    sent = []
    for orders in (1, 3):
        actor = merchant if orders == 1 else await make_merchant(database)
        floor = await floor_now(database, actor, orders)
        for tote, list_id in zip(TOTES, (await release(floor)).pick_list_ids, strict=False):
            await picked(floor, list_id, tote)
        with statements(database) as seen:
            await board_of(floor)
        sent.append(len(seen))
    assert sent[0] == sent[1] <= 12


@pytest.mark.parametrize(("begin", "until"), [(-25, 0), (1, 1), (2, 1)])
async def test_too_many_hours_and_none_at_all_are_refused(
    database: Database, merchant: Actor, begin: int, until: int
) -> None:
    floor = await floor_now(database, merchant, 1)
    now = database.clock.now()
    with pytest.raises(InvalidInput) as refused:
        await board_of(floor, begin=now + begin * HOUR, until=now + until * HOUR)
    assert refused.value.field == ("from",)
    with pytest.raises(InvalidInput):
        await board_of(floor, at_risk_minutes=1_441)


async def test_only_who_may_see_a_warehouse_sees_its_board(database: Database, merchant: Actor) -> None:
    floor = await floor_now(database, merchant, 1)
    other = await make_merchant(database)
    async with database.reading(other) as uow:
        assert await floor_board(uow, location_id=floor.location_id) is None
    _, elsewhere = await make_person(database, merchant, Role.PICKER, warehouse_ids=frozenset({new_id()}))
    async with database.reading(elsewhere) as uow:
        with pytest.raises(NotPermitted):
            await floor_board(uow, location_id=floor.location_id)


def test_every_answer_that_sounds_wrong_is_a_mistake_but_that_an_order_was_stopped() -> None:
    assert {Outcome.WRONG_ITEM, Outcome.WRONG_PLACE, Outcome.UNKNOWN_CODE, Outcome.TOO_MANY} <= set(MISTAKES)
    assert not {Outcome.INTERCEPTED, Outcome.ACCEPTED, Outcome.NEEDS_LOT, Outcome.SHORT_RECORDED} & set(MISTAKES)


def test_ids_of_a_moment_lie_between_the_first_of_it_and_the_first_of_the_next() -> None:
    before = datetime.now(UTC)
    made = new_id()
    assert first_id_at(before - MINUTE) < made < first_id_at(before + MINUTE)
    assert first_id_at(before.replace(microsecond=0)) <= made
