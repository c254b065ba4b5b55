"""Everything a parcel was scanned, weighed and printed by, told when somebody misses an item."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tests.builders_floor import Floor, bring_orders, get_number, make_floor, pick_list, release, row_of, shipped, weigh
from tests.builders_scans import Phone, packing_phone, phone_for, picking_phone
from tests.statements import statements

from pickmesh.core.floor import evidence
from pickmesh.core.floor.evidence import EvidenceKind, ParcelEvidence
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.packing import verifying
from pickmesh.core.packing.rules import Forcing
from pickmesh.core.packing.tables import Parcel, PrintJob, PrintState, Station


async def told(floor: Floor, parcel_id: UUID) -> ParcelEvidence:
    async with floor.database.reading(floor.actor) as uow:
        found = await evidence.parcel_evidence(uow, parcel_id)
    assert found is not None
    return found


async def packed_by_scans(floor: Floor, *codes: str) -> tuple[Phone, UUID]:
    """Pick the only order by scans, open its tote at the bench and scan pieces into a parcel."""
    (list_id,) = (await release(floor)).pick_list_ids
    walk = await picking_phone(floor, list_id)
    await walk.scan("T-0001", "A-01", "CUP", "CUP")
    bench = await packing_phone(floor)
    await bench.scan("T-0001", *codes)
    assert bench.session.parcel_id is not None
    return bench, bench.session.parcel_id


async def on_paper(floor: Floor, reason: str) -> Any:
    """Let a label that waits for a reason be printed; return its job."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        (job,) = await uow.fetch(sa.select(*PrintJob.__table__.c).where(uow.mine(PrintJob), PrintJob.reason == reason))
        await uow.update(PrintJob, [{"id": job.id, "state": PrintState.PRINTED, "done_at": uow.now}])
    return job


async def test_the_label_of_a_shipped_parcel_is_printed_again_at_this_bench_and_that_is_told(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    await bring_orders(floor, {"N1": {"CUP": 2}})
    bench, parcel_id = await packed_by_scans(floor, "CUP", "CUP")
    await bench.say(ScanKind.SEAL)
    number = (await get_number(floor, parcel_id)).number
    assert await bench.say(ScanKind.WEIGHT, weight_g=200) is Outcome.TASK_DONE
    assert (await row_of(floor, Parcel, parcel_id)).state == "SHIPPED"
    assert await bench.say(ScanKind.REPRINT) is Outcome.EXCEPTION  # why?
    assert await bench.say(ScanKind.REPRINT, reason="smudged") is Outcome.ACCEPTED
    assert bench.said[-1].message == "The label of P-0001 is printed once more."
    first = await row_of(floor, Station, floor.station_id)
    other_bench = {name: value for name, value in first._mapping.items() if name != "merchant_id"}
    other_id = new_id()
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(Station, [{**other_bench, "id": other_id, "code": "S2"}])
    other = await packing_phone(replace(floor, station_id=other_id))
    assert await other.say(ScanKind.REPRINT, reason="torn") is Outcome.NEEDS_PLACE  # which?
    assert await other.scan(number) == [Outcome.DUPLICATE]
    assert other.said[-1].message == "P-0001 of order F-0001 is packed already: its label can be printed once more."
    assert await other.say(ScanKind.REPRINT, reason="torn") is Outcome.ACCEPTED
    here, there = [await on_paper(floor, reason) for reason in ("smudged", "torn")]
    assert (here.station_id, there.station_id) == (floor.station_id, other_id)
    labels = [each for each in (await told(floor, parcel_id)).entries if each.kind is EvidenceKind.LABEL_PRINTED]
    assert [(each.note, each.worker_id) for each in labels] == [
        ("smudged", floor.packer.person_id),
        ("torn", floor.packer.person_id),
    ]


async def test_every_scan_weight_label_and_handover_of_a_parcel_is_told_in_order(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    await bring_orders(floor, {"N1": {"CUP": 2}})
    bench, parcel_id = await packed_by_scans(floor, "CUP", "CUP")
    assert await bench.say(ScanKind.SEAL) is not Outcome.EXCEPTION
    number = (await get_number(floor, parcel_id)).number
    await weigh(floor, parcel_id, 203)
    dock = await phone_for(floor, Job.HANDOVER)
    await dock.scan("P-0001")
    found = await told(floor, parcel_id)
    kinds = [entry.kind for entry in found.entries]
    assert sorted(kinds[:2]) == [EvidenceKind.PICKED, EvidenceKind.PICKED]
    for kind in ("OPENED", "PACKED", "SEALED", "WAYBILL_ISSUED", "WEIGHED", "SHIPPED", "ON_MANIFEST"):
        assert EvidenceKind(kind) in kinds
    assert [entry.at for entry in found.entries] == sorted(entry.at for entry in found.entries)
    scans = [entry for entry in found.entries if entry.kind is EvidenceKind.PACKED]
    assert [(entry.raw, entry.worker_id, entry.quantity) for entry in scans] == [("CUP", floor.packer.person_id, 1)] * 2
    (weight,) = [entry for entry in found.entries if entry.kind is EvidenceKind.WEIGHED]
    assert (weight.weight_g, weight.expected_weight_g, weight.worker_id) == (203, 200, floor.packer.person_id)
    assert found.waybill == number
    assert (found.is_complete, dict(found.scanned)) == (True, {floor.house.skus["CUP"]: 2})


async def test_what_was_taken_out_again_is_told_and_does_not_count(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    await bring_orders(floor, {"N1": {"CUP": 2}})
    bench, parcel_id = await packed_by_scans(floor, "CUP")
    assert await bench.say(ScanKind.UNDO) is Outcome.UNDONE
    found = await told(floor, parcel_id)
    assert [entry.undone for entry in found.entries if entry.kind is EvidenceKind.PACKED] == [True]
    assert EvidenceKind.TAKEN_OUT in [entry.kind for entry in found.entries]
    assert found.scanned == {}


async def test_a_forced_pass_shows_who_said_so_and_that_no_scan_saw_the_goods(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    await bring_orders(floor, {"N1": {"CUP": 2}})
    _, parcel_id = await packed_by_scans(floor, "CUP")
    async with database.unit_of_work(merchant) as uow:
        await verifying.force_verify(uow, forcings=[Forcing(parcel_id, "label torn")])
    found = await told(floor, parcel_id)
    (forced,) = [entry for entry in found.entries if entry.kind is EvidenceKind.PASS_FORCED]
    assert forced.note == "label torn"
    cup = floor.house.skus["CUP"]
    assert (found.contents[cup], found.scanned[cup], found.is_complete) == (2, 1, False)
    assert (await row_of(floor, Parcel, parcel_id)).forced


async def test_a_parcel_is_told_in_as_many_statements_however_much_lies_in_it(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}, "A-02": {"LID": 9}})
    first, second = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 5, "LID": 5}})
    for number, list_id in enumerate((await release(floor)).pick_list_ids, 1):
        await pick_list(floor, list_id, f"T-{number:04d}")
    parcels = [await shipped(floor, first, {"CUP": 1}), await shipped(floor, second, {"CUP": 5, "LID": 5})]
    counts = []
    for parcel_id in parcels:
        with statements(database) as sent:
            await told(floor, parcel_id)
        counts.append(len(sent))
    assert counts[0] == counts[1]
    async with database.reading(merchant) as uow:
        assert await evidence.parcel_evidence(uow, new_id()) is None
