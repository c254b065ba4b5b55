"""A pick list walked by scans, on real databases: every verdict books exactly what it says."""

import sqlalchemy as sa
from msgspec.structs import replace
from tests.builders_accounts import make_person
from tests.builders_floor import (
    Floor,
    bring_orders,
    lines_of,
    lying,
    make_floor,
    order_lines,
    pick_list,
    release,
    row_of,
    violations,
)
from tests.builders_scans import Phone, picking_phone

from pickmesh.core.floor import sessions
from pickmesh.core.floor.playing import SEQUENCE_STEP_MAX
from pickmesh.core.floor.tables import Job, Outcome, Scan, ScanKind, ScanSession
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import EventRow
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.orders import cancel
from pickmesh.core.picking.tables import ExceptionTask, PickList, TaskKind, WaveKind
from pickmesh.core.stock.tables import StockMove

O = Outcome  # noqa: E741 - the word stands in nearly every line
SHELVES = {"A-01": {"TEA": 5}, "A-02": {"CUP": 5}}
WALK = ("T-0001", "A-01", "TEA", "TEA", "A-02", "CUP")
WALKED = [O.ACCEPTED, O.ACCEPTED, O.ACCEPTED, O.LINE_DONE, O.ACCEPTED, O.TASK_DONE]


async def make_phone(database: Database, merchant: Actor, **more: object) -> Phone:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"TEA": 2, "CUP": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    return await picking_phone(floor, list_id)


async def picked(floor: Floor, number: str) -> dict[str, int]:
    codes = {sku_id: code for code, sku_id in floor.house.skus.items()}
    return {codes[line.sku_id]: line.picked_quantity for line in await order_lines(floor, floor.orders[number])}


async def tasks_of(floor: Floor) -> list[tuple[str, int]]:
    async with floor.database.reading(floor.actor) as uow:
        found = await uow.fetch(
            sa.select(ExceptionTask.kind, ExceptionTask.quantity)
            .where(uow.mine(ExceptionTask))
            .order_by(ExceptionTask.id)
        )
    return [(row.kind, row.quantity) for row in found]


async def kept_outcomes(floor: Floor) -> list[str]:
    async with floor.database.reading(floor.actor) as uow:
        found = await uow.fetch(sa.select(Scan.outcome).where(uow.mine(Scan)).order_by(Scan.id))
    return [row.outcome for row in found]


async def test_a_list_is_picked_scan_by_scan(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    assert await phone.scan(*WALK) == WALKED
    assert await picked(phone.floor, "N1") == {"TEA": 2, "CUP": 1}
    assert await lying(phone.floor, [phone.floor.warehouse.totes["T-0001"]]) == {
        phone.floor.warehouse.totes["T-0001"]: 3
    }
    assert phone.session.instruction == "List L-0001 is picked: bring it to packing."
    assert await kept_outcomes(phone.floor) == [outcome.value for outcome in WALKED]
    assert await violations(phone.floor) == []


async def test_the_whole_walk_in_one_batch_books_the_same(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    assert await phone.send(*(phone.entry(raw=code) for code in WALK)) == WALKED
    assert await picked(phone.floor, "N1") == {"TEA": 2, "CUP": 1}
    assert await violations(phone.floor) == []


async def test_wrong_item_double_scan_and_unknown_code_book_nothing(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan("T-0001", "A-01")
    assert await phone.scan("CUP", "NEVER-SEEN", "TEA", "TEA", "TEA") == [
        O.WRONG_ITEM,
        O.UNKNOWN_CODE,
        O.ACCEPTED,
        O.LINE_DONE,
        O.TOO_MANY,
    ]
    assert await picked(phone.floor, "N1") == {"TEA": 2, "CUP": 0}
    assert phone.said[-1].message == "All 2 of TEA are taken already; put an extra one back into its bin."
    assert await tasks_of(phone.floor) == []


async def test_the_same_entry_again_is_answered_as_before(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan("T-0001", "A-01")
    entry = phone.entry(raw="TEA")
    first = await phone.result(entry)
    again = await phone.result(entry, entry)
    assert [replace(verdict, repeated=False) for verdict in again.verdicts] == [*first.verdicts, *first.verdicts]
    assert [verdict.repeated for verdict in again.verdicts] == [True, True]
    assert await picked(phone.floor, "N1") == {"TEA": 1, "CUP": 0}


async def test_a_client_id_used_for_something_else_is_a_duplicate(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA")
    used = phone.entries[-1].client_id
    assert await phone.send(phone.entry(raw="CUP", client_id=used)) == [O.DUPLICATE]
    fresh = new_id()
    both = [phone.entry(raw="TEA", client_id=fresh), phone.entry(raw="CUP", client_id=fresh)]
    assert await phone.send(*both) == [O.LINE_DONE, O.DUPLICATE]
    assert await picked(phone.floor, "N1") == {"TEA": 2, "CUP": 0}


async def test_a_batch_that_comes_late_is_booked_if_it_still_fits(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan("T-0001")
    early = [phone.entry(raw=code) for code in ("A-01", "TEA", "TEA")]
    later = [phone.entry(raw=code) for code in ("A-02", "CUP")]
    assert await phone.send(*later) == [O.ACCEPTED, O.LINE_DONE]
    assert await phone.send(*early) == [O.ACCEPTED, O.ACCEPTED, O.TASK_DONE]
    assert await picked(phone.floor, "N1") == {"TEA": 2, "CUP": 1}
    assert await violations(phone.floor) == []


async def test_a_late_batch_does_not_move_the_picker_from_where_they_are(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 5}, "A-02": {"CUP": 5}, "A-03": {"POT": 5}})
    await bring_orders(floor, {"N1": {"TEA": 1, "CUP": 2, "POT": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001")
    early = [phone.entry(raw=code) for code in ("A-01", "TEA")]
    assert await phone.scan("A-02", "CUP") == [O.ACCEPTED, O.ACCEPTED]
    assert await phone.send(*early) == [O.ACCEPTED, O.LINE_DONE]
    assert await phone.scan("CUP", "A-03", "POT") == [O.LINE_DONE, O.ACCEPTED, O.TASK_DONE]


async def test_a_late_scan_that_no_longer_fits_becomes_an_exception_task(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan("T-0001")
    early = [phone.entry(raw=code) for code in ("A-01", "TEA")]
    await phone.scan("A-01", "TEA", "TEA")
    assert await phone.send(*early) == [O.WRONG_PLACE, O.EXCEPTION]
    assert await tasks_of(phone.floor) == [(TaskKind.LATE_SCAN, 1)]
    assert phone.said[-1].task_id is not None
    task = await row_of(phone.floor, ExceptionTask, phone.said[-1].task_id)
    assert (task.sku_id, task.detail["raw"]) == (phone.floor.house.skus["TEA"], "TEA")


async def test_a_batch_in_any_order_is_applied_by_sequence(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    entries = [phone.entry(raw=code) for code in WALK]
    assert await phone.send(*reversed(entries)) == list(reversed(WALKED))


async def test_one_number_gone_astray_does_not_make_all_that_follow_late(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan("T-0001")
    assert await phone.send(phone.entry(raw="A-01", sequence=2**31 - 1)) == [O.ACCEPTED]
    assert phone.session.last_sequence == 1 + SEQUENCE_STEP_MAX
    phone.sequence = phone.session.last_sequence
    assert await phone.scan("TEA", "TEA", "A-02", "CUP") == [O.ACCEPTED, O.LINE_DONE, O.ACCEPTED, O.TASK_DONE]
    assert phone.session.last_sequence == 5 + SEQUENCE_STEP_MAX
    async with database.reading(merchant) as uow:
        row = await uow.first(sa.select(ScanSession.state).where(uow.mine(ScanSession)))
    assert row is not None
    assert row.state.get("late") is None


async def test_a_shortage_is_fetched_from_another_bin(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 2}, "A-02": {"TEA": 3}})
    await bring_orders(floor, {"N1": {"TEA": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    assert await phone.scan("T-0001", "A-01", "TEA") == [O.ACCEPTED, O.ACCEPTED, O.ACCEPTED]
    assert await phone.say(ScanKind.SHORT) is O.SHORT_RECORDED
    assert phone.said[-1].message == "1 missing. 1 come from another bin, at the end of the list."
    assert phone.session.next is not None
    assert (phone.session.next.place_code, phone.session.next.remaining) == ("A-02", 1)
    assert await phone.scan("A-02", "TEA") == [O.ACCEPTED, O.TASK_DONE]
    assert await picked(floor, "N1") == {"TEA": 2}
    assert await violations(floor) == []


async def test_a_shortage_and_what_follows_it_in_one_batch(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 2}, "A-02": {"TEA": 3}})
    await bring_orders(floor, {"N1": {"TEA": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    entries = [phone.entry(raw=code) for code in ("T-0001", "A-01", "TEA")]
    entries += [phone.entry(ScanKind.SHORT), phone.entry(raw="A-02"), phone.entry(raw="TEA")]
    assert await phone.send(*entries) == [O.ACCEPTED, O.ACCEPTED, O.ACCEPTED, O.SHORT_RECORDED, O.ACCEPTED, O.TASK_DONE]
    assert await violations(floor) == []


async def test_undo_puts_the_units_back_into_their_bin(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan(*WALK)
    assert await phone.say(ScanKind.UNDO, answers=phone.entries[2].client_id) is O.UNDONE
    assert await picked(phone.floor, "N1") == {"TEA": 1, "CUP": 1}
    assert phone.session.next is not None
    assert (phone.session.next.place_code, phone.session.next.remaining) == ("A-01", 1)
    assert await phone.say(ScanKind.UNDO, answers=phone.entries[2].client_id) is O.DUPLICATE
    assert await phone.scan("A-01", "TEA") == [O.ACCEPTED, O.TASK_DONE]
    assert await violations(phone.floor) == []


async def test_take_undo_and_take_again_in_one_batch(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    entries = [phone.entry(raw=code) for code in ("T-0001", "A-01", "TEA", "TEA")]
    entries += [phone.entry(ScanKind.UNDO), phone.entry(raw="A-01"), phone.entry(raw="TEA")]
    assert await phone.send(*entries) == [
        O.ACCEPTED,
        O.ACCEPTED,
        O.ACCEPTED,
        O.LINE_DONE,
        O.UNDONE,
        O.ACCEPTED,
        O.LINE_DONE,
    ]
    assert await picked(phone.floor, "N1") == {"TEA": 2, "CUP": 0}
    assert await violations(phone.floor) == []


async def test_an_intercepted_order_stays_in_its_bin(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA")
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[phone.floor.orders["N1"]], reason="BUYER")
    assert await phone.scan("TEA", "A-02") == [O.INTERCEPTED, O.INTERCEPTED]
    assert await picked(phone.floor, "N1") == {"TEA": 1, "CUP": 0}


async def test_the_session_of_another_person_is_not_yours(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    _, other = await make_person(database, merchant, Role.PICKER)
    stranger = Phone(phone.floor, other, phone.session)
    assert await stranger.scan("T-0001") == [O.NOT_YOURS]
    assert await phone.scan("T-0001") == [O.ACCEPTED]
    assert await kept_outcomes(phone.floor) == ["NOT_YOURS", "ACCEPTED"]


async def test_a_cluster_is_walked_with_a_tote_per_order(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"TEA": 1}, "N2": {"TEA": 2, "CUP": 1}})
    (list_id,) = (await release(floor, WaveKind.CLUSTER)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    first = ("T-0001", "T-0002", "A-01", "TEA", "T-0001", "TEA", "TEA", "T-0002")
    assert await phone.scan(*first) == [*[O.ACCEPTED] * 7, O.LINE_DONE]
    assert await phone.scan("A-02", "CUP", "T-0002") == [O.ACCEPTED, O.ACCEPTED, O.TASK_DONE]
    totes = floor.warehouse.totes
    assert await lying(floor, totes.values()) == {totes["T-0001"]: 1, totes["T-0002"]: 3}
    assert await violations(floor) == []


async def test_serial_numbers_are_asked_and_their_units_move(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CAM": 3}}, serial_tracked=True)
    await bring_orders(floor, {"N1": {"CAM": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    assert await phone.scan("T-0001", "A-01", "CAM") == [O.ACCEPTED, O.ACCEPTED, O.NEEDS_SERIAL]
    question = phone.entries[-1].client_id
    assert await phone.say(ScanKind.SERIAL, serial="cam-2", answers=question) is O.ACCEPTED
    assert await phone.scan("CAM-2", "CAM-3") == [O.DUPLICATE, O.TASK_DONE]
    assert await violations(floor) == []


async def test_a_tote_of_another_list_is_refused(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"TEA": 1}, "N2": {"CUP": 1}})
    first, second = (await release(floor)).pick_list_ids
    await pick_list(floor, first, "T-0001")
    phone = await picking_phone(floor, second)
    assert await phone.scan("T-0001", "T-0002") == [O.WRONG_PLACE, O.ACCEPTED]


async def test_a_session_opened_again_is_the_same_one(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA")
    again = await picking_phone(phone.floor, phone.session.lease.pick_list_id) if phone.session.lease else phone
    assert again.session == phone.session
    async with database.reading(phone.floor.picker) as uow:
        assert await sessions.session_view(uow, phone.session.id) == phone.session


async def test_the_next_task_is_a_list_with_its_session(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"TEA": 1}})
    await release(floor)
    async with database.unit_of_work(floor.picker) as uow:
        view = await sessions.floor_task_next(uow, floor.location_id)
    assert view is not None
    assert (view.job, view.instruction) == (Job.PICK, "Scan an empty tote.")
    async with database.unit_of_work(floor.picker) as uow:
        assert await sessions.floor_task_next(uow, floor.location_id) == view
    async with database.unit_of_work(floor.packer) as uow:
        assert await sessions.floor_task_next(uow, floor.location_id) is None


async def test_the_log_names_the_picker_though_the_machinery_writes(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan(*WALK)
    async with database.reading(merchant) as uow:
        found = await uow.fetch(
            sa.select(EventRow.kind, EventRow.actor_id)
            .where(uow.mine(EventRow), EventRow.kind.like("pick_list_%"))
            .order_by(EventRow.seq)
        )
    assert {row.actor_id for row in found} == {phone.worker.person_id}


async def test_the_ledger_names_who_scanned(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA")
    await phone.say(ScanKind.UNDO)
    await phone.scan("TEA")
    await phone.say(ScanKind.SHORT, quantity=1)
    async with database.reading(merchant) as uow:
        found = await uow.fetch(
            sa.select(StockMove.reason, StockMove.actor_id)
            .where(uow.mine(StockMove), StockMove.reason.in_(["PICK", "UNPICK", "MISSING"]))
            .order_by(StockMove.id)
        )
    assert [row.reason for row in found] == ["PICK", "UNPICK", "PICK", "MISSING"]
    assert {row.actor_id for row in found} == {phone.worker.person_id}


async def test_the_last_scan_finishes_the_list(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    await phone.scan(*WALK)
    assert phone.session.subject_id is not None
    assert (await row_of(phone.floor, PickList, phone.session.subject_id)).status == "DONE"
    assert [line.status for line in await lines_of(phone.floor, phone.session.subject_id)] == ["DONE", "DONE"]


async def test_undoing_a_reported_shortage_by_its_id_calls_a_lead(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 2}, "A-02": {"CUP": 3}})
    await bring_orders(floor, {"N1": {"TEA": 2, "CUP": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001", "A-01", "TEA")
    assert await phone.say(ScanKind.SHORT) is O.SHORT_RECORDED
    short = phone.entries[-1].client_id
    assert await phone.say(ScanKind.UNDO, answers=short) is O.EXCEPTION
    assert phone.said[-1].task_id is not None
    assert "count" in phone.said[-1].message
    async with database.unit_of_work(floor.picker) as uow:
        await sessions.close_session(uow, phone.session.id)
    again = await picking_phone(floor, list_id)
    assert again.session.id != phone.session.id
    assert await again.say(ScanKind.UNDO, answers=short) is O.EXCEPTION
    assert again.said[-1].task_id is not None
    assert await violations(floor) == []


async def test_a_very_long_code_is_said_in_short(database: Database, merchant: Actor) -> None:
    phone = await make_phone(database, merchant)
    text = "X1" * 2_000
    assert await phone.scan(text[:200], text) == [O.UNKNOWN_CODE] * 2
    assert f"by {text[:39]}…:" in phone.said[0].message
    assert all(len(verdict.message) < 150 for verdict in phone.said)
