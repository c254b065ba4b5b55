"""Whatever a client sends, every entry gets exactly one verdict, nothing raises, and the books stay right."""

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid5

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders_floor import Floor, bring_orders, make_floor, pick_list, release, violations
from tests.builders_scans import Phone, packing_phone, phone_for, picking_phone

from pickmesh.core.floor import commands, jobs, rules
from pickmesh.core.floor.commands import EntryBatch
from pickmesh.core.floor.effects import ReportShort, TakeUnits
from pickmesh.core.floor.entries import Entry, LotSaid, as_json, from_json, within_bounds
from pickmesh.core.floor.state import from_json as state_from_json
from pickmesh.core.floor.state import to_json
from pickmesh.core.floor.tables import Job, Outcome, Scan, ScanKind, ScanSource
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.tables import ScanPolicy

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
KNOWN = ("T-0001", "T-0002", "T-0003", "A-01", "A-02", "B-09", "TEA", "CUP", "POT", "TEA-CASE", "SAME", "S1", "S2")
DOCUMENTS = ("F-0001", "O-0001", "P-0001", "L-0001", "W-0001", "X-0001", "N1", "BENCH-1", "HOSPITAL")
CLIENTS = [uuid5(UUID(int=2), str(number)) for number in range(6)]

texts = st.text(max_size=40) | st.characters(categories=["Cs", "Cc", "Cf"]) | st.just("x" * 5000)
numbers = st.none() | st.integers(-3, 9) | st.sampled_from([10**6 + 5, 2**31, 2**63, -(2**70)])
moments = st.datetimes(timezones=st.none() | st.just(UTC) | st.just(timezone(timedelta(hours=14))))
entries = st.builds(
    Entry,
    client_id=st.sampled_from(CLIENTS) | st.uuids(),
    sequence=st.integers(0, 6) | st.sampled_from([-5, 2**31, 2**63, 2**80]),
    recorded_at=st.just(NOON) | moments,
    kind=st.sampled_from(ScanKind) | st.just(ScanKind.SCAN),
    raw=st.sampled_from(KNOWN + DOCUMENTS) | st.none() | texts | st.binary(max_size=20),
    symbology=st.none() | st.sampled_from(["EAN-13", "]C1", "]d2"]) | texts,
    source=st.none() | st.sampled_from(ScanSource),
    doubtful=st.booleans(),
    quantity=numbers,
    weight_g=numbers,
    lot=st.none() | st.builds(LotSaid, texts, st.none() | st.dates()),
    serial=st.none() | st.sampled_from(["S1", "s2"]) | texts,
    choice=st.none() | st.just("yes") | texts,
    reason=st.none() | texts,
    answers=st.none() | st.sampled_from(CLIENTS) | st.uuids(),
)
batches = st.lists(entries, min_size=1, max_size=25)


@given(entries)
def test_an_entry_survives_its_row(entry: Entry) -> None:
    kept = within_bounds(entry, NOON)
    text = json.dumps(as_json(kept)).encode()
    assert b"\\u0000" not in text
    again = from_json(json.loads(text))
    assert as_json(again) == as_json(kept)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_a_picker_may_do_anything(lists: Any, data: st.DataObject) -> None:
    kind, policy = data.draw(st.sampled_from(WaveKind)), data.draw(st.sampled_from(ScanPolicy))
    lists.shelf.sku("TEA", shared_code="SAME")
    lists.shelf.sku("CUP", shared_code="SAME")
    lists.shelf.unit("S1", "POT", "A-01")
    facts = {"lot_tracked": data.draw(st.booleans()), "lot_code": data.draw(st.sampled_from([None, "L1"]))}
    walk = lists.make(
        ("A-01", "TEA", {"F-1": 3, "F-2": 1}, facts),
        ("A-02", "CUP", {"F-2": 2}),
        ("A-01", "POT", {"F-1": 1}, {"serial_tracked": data.draw(st.booleans())}),
        kind=kind,
        policy=policy,
    )
    for entry in (within_bounds(each, NOON) for each in data.draw(batches)):
        walk.state = jobs.PICK.steady(walk.task, walk.state)
        said = rules.heard(entry, walk.state, walk.shelf)
        said = said and replace(said, worker_id=walk.task.worker_id)
        late = data.draw(st.booleans())
        state = jobs.PICK.side_track(walk.state) if late else walk.state
        state = jobs.PICK.steady(walk.task, state)
        decision = rules.interpret(jobs.PICK, walk.task, state, said, scan_id=new_id(), late=late)
        walk.effects += decision.effects
        assert decision.outcome in Outcome
        assert decision.message
        assert decision.state.step in jobs.PICK.table.steps
        assert state_from_json(json.loads(json.dumps(to_json(decision.state)))) == decision.state
        walk.state = walk.state if late else decision.state
    for line in walk.task.lines.values():
        taken = sum(e.quantity for e in walk.effects if isinstance(e, TakeUnits) and e.pick_line_id == line.id)
        short = sum(e.quantity for e in walk.effects if isinstance(e, ReportShort) and e.pick_line_id == line.id)
        assert (line.picked, line.short) == (taken, short)
        assert taken + short <= line.quantity


@pytest.mark.parametrize("job", list(Job))
async def test_a_session_answers_everything_and_the_books_stay_right(
    database: Database, merchant: Actor, job: Job
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9, "POT": 3}, "A-02": {"CUP": 9}})
    await bring_orders(floor, {"N1": {"TEA": 3, "CUP": 2}, "N2": {"TEA": 1}, "N3": {"POT": 2}})
    first, *others = (await release(floor)).pick_list_ids
    if job is Job.PACK:
        for number, list_id in enumerate([first, *others], 1):
            await pick_list(floor, list_id, f"T-000{number}")
    phone = await open_phone(floor, job, first)
    loop = asyncio.get_running_loop()
    sent = 0

    @given(batches)
    @settings(max_examples=12, deadline=None, database=None)
    def try_batch(batch: list[Entry]) -> None:
        nonlocal sent
        asyncio.run_coroutine_threadsafe(send(phone, batch), loop).result(60)
        sent += len(batch)

    await loop.run_in_executor(None, try_batch)
    assert sent > 0
    assert await violations(floor) == []


async def open_phone(floor: Floor, job: Job, list_id: UUID) -> Phone:
    if job is Job.PICK:
        return await picking_phone(floor, list_id)
    return await packing_phone(floor) if job is Job.PACK else await phone_for(floor, job)


async def send(phone: Phone, batch: list[Entry]) -> None:
    """Send a batch under client ids that are used within it only; every entry has one verdict and one row."""
    own = {entry.client_id: new_id() for entry in batch}
    batch = [
        replace(entry, client_id=own[entry.client_id], answers=entry.answers and own.get(entry.answers, entry.answers))
        for entry in batch
    ]
    async with phone.floor.database.unit_of_work(phone.floor.actor) as uow:
        said = EntryBatch(phone.worker, phone.session.id, batch)
        (result,) = await commands.record_entries(uow, batches=[said])
        assert result.refusal is None
        assert [verdict.client_id for verdict in result.verdicts] == [entry.client_id for entry in batch]
        kept = await uow.fetch(
            sa.select(Scan.client_id, Scan.outcome).where(uow.mine(Scan), uow.among(Scan.client_id, set(own.values())))
        )
    assert len(kept) == len(own)
