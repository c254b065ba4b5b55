"""Handing parcels over by scans only."""

from typing import Any
from uuid import UUID

import pytest
from tests.builders_floor import (
    Floor,
    bring_orders,
    get_number,
    make_floor,
    packed,
    pick_list,
    release,
    row_of,
    shipped,
    violations,
)
from tests.builders_packing import make_carriers
from tests.builders_scans import Phone, phone_for
from tests.statements import statements

from pickmesh.core.floor import commands
from pickmesh.core.floor.commands import EntryBatch
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders import cancel
from pickmesh.core.packing import carrier_choice, manifest_queries, manifests, queries
from pickmesh.core.packing.carrier_choice import CarrierOverride
from pickmesh.core.packing.tables import Parcel
from pickmesh.core.stock.tables import ShipAt


async def at_the_dock(database: Database, actor: Actor, count: int, **location: Any) -> tuple[Floor, Phone, list[UUID]]:
    """A floor with `count` picked orders of a cup each, and somebody at the dock."""
    floor = await make_floor(database, actor, {"A-01": {"CUP": 20}}, totes=count, **location)
    ids = await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(count)})
    for number, list_id in enumerate((await release(floor)).pick_list_ids, 1):
        await pick_list(floor, list_id, f"T-{number:04d}")
    return floor, await phone_for(floor, Job.HANDOVER), ids


async def label(floor: Floor, parcel_id: UUID) -> str:
    return f"P-{(await row_of(floor, Parcel, parcel_id)).number:04d}"


async def on_which(floor: Floor, parcel_id: UUID) -> UUID | None:
    found: UUID | None = (await row_of(floor, Parcel, parcel_id)).manifest_id
    return found


async def test_parcels_are_loaded_by_number_or_waybill_with_live_counts(database: Database, merchant: Actor) -> None:
    floor, phone, ids = await at_the_dock(database, merchant, 3)
    parcels = [await shipped(floor, each, {"CUP": 1}) for each in ids]
    assert phone.session.instruction == "Scan a parcel, or the number of a manifest."
    assert await phone.scan(await label(floor, parcels[0])) == [Outcome.ACCEPTED]
    assert phone.said[-1].message == "P-0001 goes with LOCAL."
    assert phone.session.instruction == "Manifest H-0001 of LOCAL: 1 of 3 are on."
    async with database.reading(merchant) as uow:
        waybill = (await queries.live_waybills(uow, [parcels[1]]))[parcels[1]].number
    assert await phone.scan(waybill, await label(floor, parcels[2])) == [Outcome.ACCEPTED, Outcome.TASK_DONE]
    assert phone.said[-2].message == "P-0002 is on: 2 of 3."
    assert (phone.session.progress.done, phone.session.progress.total) == (3, 3)
    assert phone.session.instruction == "Manifest H-0001 of LOCAL: all 3 are on."
    manifest_id = await on_which(floor, parcels[0])
    assert manifest_id is not None
    assert phone.session.subject_id == manifest_id
    async with database.unit_of_work(floor.picker) as uow:
        closed = await manifests.close_manifest(uow, manifest_id=manifest_id, told_count=3)
    assert sorted(closed.handed_over) == sorted(parcels)
    assert await phone.scan(await label(floor, parcels[0])) == [Outcome.DUPLICATE]
    assert phone.said[-1].message == "P-0001 was handed over before."
    assert await violations(floor) == []


async def test_undo_takes_the_last_parcel_off_again(database: Database, merchant: Actor) -> None:
    floor, phone, ids = await at_the_dock(database, merchant, 2)
    parcels = [await shipped(floor, each, {"CUP": 1}) for each in ids]
    await phone.scan(*[await label(floor, each) for each in parcels])
    first, last = phone.entries
    assert await phone.say(ScanKind.UNDO, answers=first.client_id) is Outcome.EXCEPTION
    assert await phone.say(ScanKind.UNDO, answers=last.client_id) is Outcome.UNDONE
    assert [await on_which(floor, each) is None for each in parcels] == [False, True]
    assert phone.session.instruction == "Manifest H-0001 of LOCAL: 1 of 2 are on."
    assert await phone.say(ScanKind.UNDO) is Outcome.UNKNOWN_CODE
    batch = [phone.entry(raw="P-0002"), phone.entry(ScanKind.UNDO), phone.entry(raw="P-0002")]
    assert await phone.send(*batch) == [Outcome.TASK_DONE, Outcome.UNDONE, Outcome.TASK_DONE]
    assert await on_which(floor, parcels[1]) is not None


async def test_every_parcel_that_may_not_go_has_its_own_answer(database: Database, merchant: Actor) -> None:
    floor, phone, ids = await at_the_dock(database, merchant, 5)
    await make_carriers(database, merchant, "SF")
    async with database.unit_of_work(merchant) as uow:
        wanted = [CarrierOverride(each, "SF" if each == ids[1] else "LOCAL") for each in ids]
        await carrier_choice.override_carriers(uow, overrides=wanted, reason="x")
    good, other = [await shipped(floor, each, {"CUP": 1}) for each in ids[:2]]
    light = await packed(floor, ids[2], {"CUP": 1})
    await get_number(floor, light)
    unnumbered = await packed(floor, ids[3], {"CUP": 1})
    said = []
    for code in (good, good, other, light, unnumbered):
        said += await phone.scan(await label(floor, code))
    said += await phone.scan("CUP", "NEVER-SEEN", "H-0001", "P-9999")
    assert said == [
        Outcome.ACCEPTED,
        Outcome.DUPLICATE,
        Outcome.WRONG_ITEM,
        Outcome.WRONG_ITEM,
        Outcome.WRONG_ITEM,
        Outcome.WRONG_ITEM,
        Outcome.UNKNOWN_CODE,
        Outcome.DUPLICATE,
        Outcome.UNKNOWN_CODE,
    ]
    assert [verdict.message for verdict in phone.said[1:5]] == [
        "P-0001 is on this manifest already.",
        "P-0002 goes with SF, not with LOCAL: put it back.",
        "P-0003 was not weighed: bring it back to the pack bench.",
        "P-0004 was not weighed: bring it back to the pack bench.",
    ]
    second = await phone_for(floor, Job.HANDOVER, floor.packer)
    assert await second.scan("P-0002", "P-0001") == [Outcome.ACCEPTED, Outcome.DUPLICATE]
    assert second.said[-1].message == "P-0001 is on manifest H-0001 already: leave it there, or take it off first."


async def test_a_stopped_order_is_not_loaded_and_says_so(database: Database, merchant: Actor) -> None:
    floor, phone, ids = await at_the_dock(database, merchant, 2, ship_at=ShipAt.HANDOVER)
    parcels = [await packed(floor, each, {"CUP": 1}) for each in ids]
    for each in parcels:
        await get_number(floor, each)
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[ids[1]], reason="buyer")
    assert await phone.scan("P-0002", "P-0001") == [Outcome.INTERCEPTED, Outcome.ACCEPTED]
    assert phone.session.instruction == "Manifest H-0001 of LOCAL: all 1 are on."


async def test_a_closed_manifest_sends_its_loader_back_to_the_start(database: Database, merchant: Actor) -> None:
    floor, phone, ids = await at_the_dock(database, merchant, 2)
    parcels = [await shipped(floor, each, {"CUP": 1}) for each in ids]
    await phone.scan("P-0001")
    manifest_id = await on_which(floor, parcels[0])
    assert manifest_id is not None
    async with database.unit_of_work(floor.packer) as uow:
        await manifests.close_manifest(uow, manifest_id=manifest_id, told_count=1)
    assert await phone.scan("H-0001", "P-0002") == [Outcome.WRONG_ITEM, Outcome.ACCEPTED]
    assert phone.session.instruction == "Manifest H-0002 of LOCAL: all 1 are on."


@pytest.mark.parametrize("many", [2, 6])
async def test_two_loaders_of_one_batch_never_load_a_parcel_twice(
    database: Database, merchant: Actor, many: int
) -> None:
    floor, phone, ids = await at_the_dock(database, merchant, many)
    for each in ids:
        await shipped(floor, each, {"CUP": 1})
    await phone.scan("P-0001")
    other = await phone_for(floor, Job.HANDOVER, floor.packer)
    await other.scan("H-0001")
    codes = [f"P-{number:04d}" for number in range(2, many + 1)]
    batches = [
        EntryBatch(each.worker, each.session.id, [each.entry(raw=code) for code in codes]) for each in (phone, other)
    ]
    async with database.unit_of_work(merchant) as uow:
        mine, theirs = await commands.record_entries(uow, batches=batches)
    assert {verdict.outcome for verdict in theirs.verdicts} == {Outcome.DUPLICATE}
    assert mine.verdicts[-1].outcome is Outcome.TASK_DONE
    async with database.reading(merchant) as uow:
        assert list(
            (await manifest_queries.counts_of_manifests(uow, [phone.session.subject_id or ids[0]])).values()
        ) == [many]


async def test_many_scans_take_as_many_statements_as_one(database: Database, merchant: Actor) -> None:
    floor, phone, ids = await at_the_dock(database, merchant, 8)
    for each in ids:
        await shipped(floor, each, {"CUP": 1})
    await phone.scan("P-0001")
    counts = []
    for some in ([2], [3, 4, 5, 6, 7]):
        entries = [phone.entry(raw=f"P-{number:04d}") for number in some]
        with statements(database) as sent:
            await phone.send(*entries)
        counts.append(len(sent))
    assert counts[0] == counts[1]


async def test_a_manifests_number_opens_a_session_at_its_dock(database: Database, merchant: Actor) -> None:
    floor, phone, ids = await at_the_dock(database, merchant, 1)
    await shipped(floor, ids[0], {"CUP": 1})
    await phone.scan("P-0001")
    entry = phone.entry(raw="H-0001")
    async with database.unit_of_work(merchant) as uow:
        (result,) = await commands.record_entries(uow, batches=[EntryBatch(floor.packer, None, [entry])])
    assert result.session is not None
    assert (result.session.job, result.session.location_id) == (Job.HANDOVER, floor.location_id)
    assert [verdict.outcome for verdict in result.verdicts] == [Outcome.ACCEPTED]
