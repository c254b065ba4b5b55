from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_accounts import make_person
from tests.builders_floor import (
    Floor,
    bind,
    bring_orders,
    claim,
    code_of,
    done,
    lines_of,
    lying,
    make_floor,
    open_parcel,
    order_lines,
    order_row,
    pick,
    pick_list,
    release,
    row_of,
    verify,
    violations,
)
from tests.events_told import kinds_told
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted
from pickmesh.core.orders import cancel
from pickmesh.core.picking import commands, totes, work
from pickmesh.core.picking.commands import Confirmed
from pickmesh.core.picking.rules import PickConfirmation
from pickmesh.core.picking.tables import Pick, PickLine, PickList, Wave, WaveKind
from pickmesh.core.stock import queries as stock_queries

SHELVES = {"A-01": {"CUP": 50}, "A-02": {"LID": 50}}


async def ready(
    database: Database, actor: Actor, orders: dict[str, dict[str, int]], kind: WaveKind = WaveKind.DISCRETE
) -> tuple[Floor, UUID, list[Any]]:
    """A floor with one claimed list and its lines; a tote is bound for each of its orders."""
    floor = await make_floor(database, actor, SHELVES)
    await bring_orders(floor, orders)
    list_id = (await release(floor, kind)).pick_list_ids[0]
    await claim(floor, list_id)
    for number in range(1, 2 if kind is WaveKind.DISCRETE else len(orders) + 1):
        done(await bind(floor, list_id, f"T-{number:04d}"))
    return floor, list_id, await lines_of(floor, list_id)


async def picks_kept(floor: Floor) -> list[Any]:
    async with floor.database.reading(floor.actor) as uow:
        return list(await uow.fetch(sa.select(*Pick.__table__.c).where(uow.mine(Pick)).order_by(Pick.id)))


async def test_a_scan_moves_units_into_the_tote_and_says_who_took_them(database: Database, merchant: Actor) -> None:
    floor, list_id, (line,) = await ready(database, merchant, {"N1": {"CUP": 3}})
    scan_id = new_id()
    answer = done(await pick(floor, line.id, 2, "T-0001", scan_id=scan_id))
    assert answer == Confirmed(0, line.id, list_id, 2, left=1, line_done=False, list_done=False)
    tote = floor.warehouse.totes["T-0001"]
    assert await lying(floor, [tote, line.place_id]) == {tote: 2, line.place_id: 48}
    (kept,) = await picks_kept(floor)
    assert (kept.quantity, kept.from_place_id, kept.to_place_id) == (2, line.place_id, tote)
    assert (kept.scan_id, kept.worker_id, kept.undone_at) == (scan_id, floor.picker.person_id, None)
    (order_line,) = await order_lines(floor, floor.orders["N1"])
    assert order_line.picked_quantity == 2
    assert (await order_row(floor, floor.orders["N1"])).progress == "IN_PROGRESS"
    assert await violations(floor) == []


async def test_the_last_scan_finishes_line_list_and_wave(database: Database, merchant: Actor) -> None:
    floor, list_id, (cups, lids) = await ready(database, merchant, {"N1": {"CUP": 1, "LID": 2}})
    assert not done(await pick(floor, cups.id, 1, "T-0001")).list_done
    assert (await row_of(floor, Wave, (await row_of(floor, PickList, list_id)).wave_id)).status == "IN_PROGRESS"
    last = done(await pick(floor, lids.id, 2, "T-0001"))
    assert (last.left, last.line_done, last.list_done) == (0, True, True)
    row = await row_of(floor, PickList, list_id)
    assert (row.status, row.lease_until) == ("DONE", None)
    assert (await row_of(floor, Wave, row.wave_id)).status == "DONE"
    kinds = await kinds_told(database, merchant)
    assert [kinds.count(kind) for kind in ("pick_list_changed", "pick_list_done", "wave_done")] == [2, 1, 1]


async def test_a_cluster_walk_keeps_each_order_in_its_own_tote(database: Database, merchant: Actor) -> None:
    orders = {"N1": {"CUP": 2}, "N2": {"CUP": 1, "LID": 1}}
    floor, _, (cups, lids) = await ready(database, merchant, orders, WaveKind.CLUSTER)
    assert (cups.quantity, lids.quantity) == (3, 1)
    assert done(await pick(floor, cups.id, 1, "T-0002")).left == 2
    assert done(await pick(floor, cups.id, 2, "T-0001")).line_done
    assert done(await pick(floor, lids.id, 1, "T-0002")).list_done
    for number, tote in (("N1", "T-0001"), ("N2", "T-0002")):
        async with database.reading(merchant) as uow:
            inside = await stock_queries.allocations_at_places(uow, [floor.warehouse.totes[tote]])
        theirs = {line.id for line in await order_lines(floor, floor.orders[number])}
        assert {row.line_id for row in inside} == theirs
    assert await violations(floor) == []


async def test_a_batch_walk_serves_the_first_seats_first(database: Database, merchant: Actor) -> None:
    orders = {"N1": {"CUP": 1}, "N2": {"CUP": 1}}
    floor, _, (cups,) = await ready(database, merchant, orders, WaveKind.SINGLE_ITEM)
    done(await pick(floor, cups.id, 1, "T-0001"))
    picked = [(await order_lines(floor, floor.orders[number]))[0].picked_quantity for number in ("N1", "N2")]
    assert picked == [1, 0]


async def test_more_than_the_line_needs_is_refused_with_the_figures(database: Database, merchant: Actor) -> None:
    floor, _, (line,) = await ready(database, merchant, {"N1": {"CUP": 3}})
    done(await pick(floor, line.id, 2, "T-0001"))
    refused = await pick(floor, line.id, 2, "T-0001")
    assert code_of(refused) == "TOO_MANY"
    assert refused.refusal.data == {"asked": 2, "required": 3, "picked": 2, "short": 0, "left": 1}  # type: ignore[union-attr]  # code_of has made sure
    assert len(await picks_kept(floor)) == 1


async def test_units_go_only_into_a_tote_that_is_bound_to_them(database: Database, merchant: Actor) -> None:
    orders = {"N1": {"CUP": 1}, "N2": {"CUP": 1}}
    floor, _, (cups,) = await ready(database, merchant, orders, WaveKind.CLUSTER)
    assert code_of(await pick(floor, cups.id, 1, "T-0003")) == "NEEDS_PLACE"
    assert code_of(await pick(floor, cups.id, 1, "T-0001", order_id=floor.orders["N2"])) == "WRONG_PLACE"
    assert code_of(await pick(floor, cups.id, 2, "T-0001")) == "TOO_MANY"
    assert await picks_kept(floor) == []


async def test_only_the_lists_worker_picks(database: Database, merchant: Actor) -> None:
    floor, _, (line,) = await ready(database, merchant, {"N1": {"CUP": 1}})
    _, other = await make_person(database, merchant, Role.PICKER)
    assert code_of(await pick(floor, line.id, 1, "T-0001", worker=other)) == "NOT_YOURS"
    _, support = await make_person(database, merchant, Role.SUPPORT)
    with pytest.raises(NotPermitted):
        await pick(floor, line.id, 1, "T-0001", worker=support)


async def test_a_finished_line_takes_nothing_more(database: Database, merchant: Actor) -> None:
    floor, _, (line,) = await ready(database, merchant, {"N1": {"CUP": 1}})
    done(await pick(floor, line.id, 1, "T-0001"))
    assert code_of(await pick(floor, line.id, 1, "T-0001")) == "LINE_CLOSED"
    assert code_of(await pick(floor, new_id(), 1, "T-0001")) == "LINE_CLOSED"


async def test_good_scans_of_a_batch_are_booked_and_the_others_come_back(database: Database, merchant: Actor) -> None:
    floor, _, (cups, lids) = await ready(database, merchant, {"N1": {"CUP": 2, "LID": 1}})
    tote = floor.warehouse.totes["T-0001"]
    scans = [(cups.id, 1), (lids.id, 2), (cups.id, 1), (cups.id, 1), (lids.id, 1)]
    async with database.unit_of_work(floor.picker) as uow:
        answers = await commands.confirm_picks(
            uow, picks=[PickConfirmation(line_id, quantity, tote, new_id()) for line_id, quantity in scans]
        )
    assert [getattr(each, "left", None) for each in answers] == [0, None, 0, None, 0]
    assert [code_of(answers[1]), code_of(answers[3])] == ["TOO_MANY", "TOO_MANY"]
    assert await lying(floor, [tote]) == {tote: 3}
    assert await violations(floor) == []


async def test_a_stopped_order_is_not_picked_further(database: Database, merchant: Actor) -> None:
    floor, _, (line,) = await ready(database, merchant, {"N1": {"CUP": 3}})
    done(await pick(floor, line.id, 1, "T-0001"))
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[floor.orders["N1"]], reason="BUYER")
    assert code_of(await pick(floor, line.id, 1, "T-0001")) == "INTERCEPTED"
    assert len(await picks_kept(floor)) == 1


async def test_undoing_a_scan_puts_units_and_figures_back_and_opens_what_was_finished(
    database: Database, merchant: Actor
) -> None:
    floor, list_id, (line,) = await ready(database, merchant, {"N1": {"CUP": 3}})
    first, second = new_id(), new_id()
    done(await pick(floor, line.id, 1, "T-0001", scan_id=first))
    assert done(await pick(floor, line.id, 2, "T-0001", scan_id=second)).list_done
    async with database.unit_of_work(floor.picker) as uow:
        (answer,) = await commands.undo_picks(uow, scan_ids=[second])
    assert (done(answer).quantity, done(answer).pick_list_id) == (2, list_id)
    tote = floor.warehouse.totes["T-0001"]
    assert await lying(floor, [tote, line.place_id]) == {tote: 1, line.place_id: 49}
    row = await row_of(floor, PickLine, line.id)
    assert (row.picked_quantity, row.status) == (1, "OPEN")
    again = await row_of(floor, PickList, list_id)
    assert (again.status, again.worker_id) == ("CLAIMED", floor.picker.person_id)
    assert (await row_of(floor, Wave, again.wave_id)).status == "IN_PROGRESS"
    assert (await order_lines(floor, floor.orders["N1"]))[0].picked_quantity == 1
    assert done(await pick(floor, line.id, 2, "T-0001")).list_done
    assert await violations(floor) == []


async def test_undoing_twice_undoes_once(database: Database, merchant: Actor) -> None:
    floor, _, (line,) = await ready(database, merchant, {"N1": {"CUP": 2}})
    scan_id = new_id()
    done(await pick(floor, line.id, 2, "T-0001", scan_id=scan_id))
    quantities = []
    for _ in range(2):
        async with database.unit_of_work(floor.picker) as uow:
            (answer,) = await commands.undo_picks(uow, scan_ids=[scan_id])
        quantities.append(done(answer).quantity)
    assert quantities == [2, 0]
    assert await lying(floor, [line.place_id]) == {line.place_id: 50}


async def test_what_is_packed_is_not_undone_by_the_picker(database: Database, merchant: Actor) -> None:
    floor, list_id, _ = await ready(database, merchant, {"N1": {"CUP": 2}})
    await pick_list(floor, list_id)
    (kept,) = await picks_kept(floor)
    parcel_id = await open_parcel(floor, floor.orders["N1"])
    done(await verify(floor, parcel_id, "CUP", 1))
    async with database.unit_of_work(floor.picker) as uow:
        answers = await commands.undo_picks(uow, scan_ids=[kept.scan_id, new_id()])
    assert [code_of(each) for each in answers] == ["ALREADY_MOVED_ON", "NOT_FOUND"]


async def test_serial_tracked_units_are_taken_one_by_one_by_name(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CAM": 3}}, serial_tracked=True)
    await bring_orders(floor, {"N1": {"CAM": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    await claim(floor, list_id)
    done(await bind(floor, list_id, "T-0001"))
    (line,) = await lines_of(floor, list_id)
    assert code_of(await pick(floor, line.id, 1, "T-0001")) == "SERIAL_NEEDED"
    async with database.reading(merchant) as uow:
        (unit,) = await stock_queries.units_by_serial(uow, ["CAM-2"])
    assert done(await pick(floor, line.id, 1, "T-0001", unit_id=unit.id)).list_done
    async with database.reading(merchant) as uow:
        (moved,) = await stock_queries.units_by_serial(uow, ["CAM-2"])
    assert moved.place_id == floor.warehouse.totes["T-0001"]
    assert await violations(floor) == []


async def test_undo_returns_the_very_unit_that_was_taken(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CAM": 4}, "A-02": {"BAG": 2}}, serial_tracked=True)
    (order_id,) = await bring_orders(floor, {"N1": {"CAM": 3, "BAG": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    await claim(floor, list_id)
    done(await bind(floor, list_id, "T-0001"))
    cams, bags = await lines_of(floor, list_id)
    scans = {serial: new_id() for serial in ("CAM-3", "CAM-1", "CAM-4")}
    async with database.reading(merchant) as uow:
        ids = {unit.serial: unit.id for unit in await stock_queries.units_by_serial(uow, scans)}
    for serial, scan_id in scans.items():
        done(await pick(floor, cams.id, 1, "T-0001", unit_id=ids[serial], scan_id=scan_id))
    both_bags = new_id()
    done(await pick(floor, bags.id, 2, "T-0001", scan_id=both_bags))
    done(await verify(floor, await open_parcel(floor, order_id), "CAM"))
    async with database.unit_of_work(floor.picker) as uow:
        answers = await commands.undo_picks(uow, scan_ids=[scans["CAM-1"], scans["CAM-4"], both_bags])
    assert code_of(answers[0]) == "ALREADY_MOVED_ON"  # the bench took the first by serial number
    assert [done(each, commands.Undone).quantity for each in answers[1:]] == [1, 2]
    async with database.reading(merchant) as uow:
        serials = ["CAM-1", "CAM-3", "CAM-4", "BAG-1", "BAG-2"]
        at = {unit.serial: unit.place_id for unit in await stock_queries.units_by_serial(uow, serials)}
    tote, bin_id, bag_bin = floor.warehouse.totes["T-0001"], cams.place_id, bags.place_id
    assert (at["CAM-3"], at["CAM-4"], at["BAG-1"], at["BAG-2"]) == (tote, bin_id, bag_bin, bag_bin)
    assert await violations(floor) == []


async def test_the_statements_of_confirming_do_not_depend_on_the_number_of_lines(
    database: Database, merchant: Actor
) -> None:
    shelves = {f"A-{number:03d}": {f"S{number}": 9} for number in range(1, 101)}
    floor = await make_floor(database, merchant, shelves, totes=4)
    counts = {}
    for count in (2, 1, 10, 100):  # the first makes the merchant's counters
        (order_id,) = await bring_orders(floor, {f"R{count}": {f"S{number}": 1 for number in range(1, count + 1)}})
        (list_id,) = (await release(floor, orders=[order_id])).pick_list_ids
        await claim(floor, list_id)
        async with database.unit_of_work(floor.picker) as uow:
            bound = done((await totes.bind_totes(uow, bindings=[binding(floor, list_id, count)]))[0])
        lines = await lines_of(floor, list_id)
        assert len(lines) == count
        picks = [PickConfirmation(line.id, 1, bound.place_id, new_id()) for line in lines]
        with statements(database) as sent:
            async with database.unit_of_work(floor.picker) as uow:
                answers = await commands.confirm_picks(uow, picks=picks)
        assert all(done(answer).list_done for answer in answers)
        counts[count] = len(sent)
    assert counts[1] == counts[10] == counts[100]


def binding(floor: Floor, list_id: UUID, count: int) -> Any:
    places = sorted(floor.warehouse.totes.values())
    return totes.ToteBinding(places[{2: 0, 1: 1, 10: 2, 100: 3}[count]], list_id)


async def test_who_serves_a_line_is_read_in_the_order_of_the_seats(database: Database, merchant: Actor) -> None:
    orders = {f"N{number}": {"CUP": 1} for number in range(3)}
    floor, _, (cups,) = await ready(database, merchant, orders, WaveKind.CLUSTER)
    async with database.reading(merchant) as uow:
        (shares,) = (await work.shares_in_bins(uow, [cups.id])).values()
    assert [share.fulfillment_order_id for share in shares] == list(floor.orders.values())
