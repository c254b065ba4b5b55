"""Many sessions at once: in one batch, in one commit, and on many connections."""

import asyncio
import dataclasses
from collections import Counter

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from tests.builders_accounts import make_person
from tests.builders_floor import Floor, bring_orders, make_floor, order_lines, pick_list, react, release, violations
from tests.builders_scans import Phone, outcomes, phone_for, picking_phone
from tests.databases import make_merchant
from tests.statements import statements

from pickmesh.core.floor import commands, sessions
from pickmesh.core.floor.commands import BatchResult, EntryBatch
from pickmesh.core.floor.entries import ENTRIES_MAX
from pickmesh.core.floor.tables import Job, Outcome, Scan, ScanKind, ScanSession
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.group_commit import GroupCommit
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.orders import cancel

O = Outcome  # noqa: E741 - the word stands in nearly every line


async def many_phones(database: Database, merchant: Actor, count: int) -> list[Phone]:
    """Orders of one TEA each from one bin, a list and a session for each."""
    floor = await make_floor(database, merchant, {"A-01": {"TEA": count}}, totes=count)
    await bring_orders(floor, {f"N{number}": {"TEA": 1} for number in range(count)})
    lists = (await release(floor)).pick_list_ids
    return [await picking_phone(floor, list_id) for list_id in lists]


async def record(floor: Floor, *batches: EntryBatch) -> list[BatchResult]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await commands.record_entries(uow, batches=batches)


async def scan_count(floor: Floor) -> int:
    async with floor.database.reading(floor.actor) as uow:
        return int(await uow.scalar(sa.select(sa.func.count()).select_from(Scan).where(uow.mine(Scan))))


async def total_picked(floor: Floor) -> int:
    lines = [await order_lines(floor, order_id) for order_id in floor.orders.values()]
    return sum(line.picked_quantity for of_order in lines for line in of_order)


async def test_many_sessions_are_recorded_in_one_batch(database: Database, merchant: Actor) -> None:
    phones = await many_phones(database, merchant, 4)
    floor = phones[0].floor
    for code in ("tote", "A-01", "TEA"):
        said = [
            EntryBatch(
                phone.worker,
                phone.session.id,
                [phone.entry(raw=f"T-{number:04d}" if code == "tote" else code)],
            )
            for number, phone in enumerate(phones, 1)
        ]
        results = await record(floor, *said)
    assert [outcomes(result) for result in results] == [[O.TASK_DONE]] * 4
    assert await total_picked(floor) == 4
    assert await violations(floor) == []


async def test_two_phones_on_one_list_share_what_is_left(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 5}})
    await bring_orders(floor, {"N1": {"TEA": 3}})
    (list_id,) = (await release(floor)).pick_list_ids
    one = await picking_phone(floor, list_id)
    await one.scan("T-0001", "A-01")
    async with database.unit_of_work(floor.actor) as uow:
        row = await uow.first(sa.select(*ScanSession.__table__.c).where(uow.mine(ScanSession)))
        assert row is not None
        copied = {name: value for name, value in row._mapping.items() if name != "merchant_id"}
        await uow.insert(ScanSession, [{**copied, "id": new_id()}])
        ids = await uow.fetch(sa.select(ScanSession.id).where(uow.mine(ScanSession)).order_by(ScanSession.id))
    other = Phone(floor, one.worker, dataclasses.replace(one.session, id=ids[-1].id), sequence=one.sequence)
    said = [
        EntryBatch(phone.worker, phone.session.id, [phone.entry(raw="TEA"), phone.entry(raw="TEA")])
        for phone in (one, other)
    ]
    results = await record(floor, *said)
    assert [outcomes(result) for result in results] == [[O.ACCEPTED, O.ACCEPTED], [O.TASK_DONE, O.TOO_MANY]]
    assert await total_picked(floor) == 3
    assert await violations(floor) == []


async def test_a_batch_that_is_refused_leaves_the_others_alone(database: Database, merchant: Actor) -> None:
    (phone,) = await many_phones(database, merchant, 1)
    floor = phone.floor
    _, support = await make_person(database, merchant, Role.SUPPORT)
    entry = phone.entry(raw="T-0001")
    results = await record(
        floor,
        EntryBatch(phone.worker, new_id(), [phone.entry(raw="T-0001")]),
        EntryBatch(support, phone.session.id, [phone.entry(raw="T-0001")]),
        EntryBatch(floor.actor, phone.session.id, [phone.entry(raw="T-0001")]),
        EntryBatch(phone.worker, phone.session.id, [phone.entry(raw="x") for _ in range(ENTRIES_MAX + 1)]),
        EntryBatch(phone.worker, phone.session.id, [entry]),
    )
    codes = [result.refusal.code if result.refusal else None for result in results]
    assert codes == ["NOT_FOUND", "NOT_PERMITTED", "NEEDS_PERSON", "LIMIT_EXCEEDED", None]
    assert outcomes(results[-1]) == [O.ACCEPTED]
    assert await scan_count(floor) == 1


async def test_a_warehouse_of_somebody_else_is_not_permitted(database: Database, merchant: Actor) -> None:
    (phone,) = await many_phones(database, merchant, 1)
    _, elsewhere = await make_person(database, merchant, Role.PICKER, warehouse_ids=frozenset({new_id()}))
    (result,) = await record(phone.floor, EntryBatch(elsewhere, phone.session.id, [phone.entry(raw="A-01")]))
    assert result.refusal is not None
    assert result.refusal.code == "NOT_PERMITTED"


async def test_another_merchants_session_is_not_found(database: Database, merchant: Actor, stranger: Actor) -> None:
    (phone,) = await many_phones(database, merchant, 1)
    _, them = await make_person(database, stranger, Role.PICKER)
    async with database.unit_of_work(stranger) as uow:
        batch = EntryBatch(them, phone.session.id, [phone.entry(raw="A-01")])
        (result,) = await commands.record_entries(uow, batches=[batch])
    assert result.refusal is not None
    assert result.refusal.code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("code", "job"), [("L-0001", Job.PICK), ("N0", Job.PACK), ("TEA", Job.LOOK_UP), ("NEVER-SEEN", Job.LOOK_UP)]
)
async def test_a_first_scan_opens_the_session(database: Database, merchant: Actor, code: str, job: Job) -> None:
    (phone,) = await many_phones(database, merchant, 1)
    (result,) = await record(phone.floor, EntryBatch(phone.worker, None, [phone.entry(raw=code)]))
    assert result.session is not None
    assert result.session.job is job
    assert len(result.verdicts) == 1


async def test_what_names_no_work_opens_nothing(database: Database, merchant: Actor) -> None:
    (phone,) = await many_phones(database, merchant, 1)
    refused = await record(
        phone.floor,
        EntryBatch(phone.worker, None, []),
        EntryBatch(phone.worker, None, [phone.entry(ScanKind.SEAL)]),
        EntryBatch(phone.worker, None, [phone.entry(ScanKind.SCAN)]),
    )
    assert [result.refusal.code for result in refused if result.refusal] == ["NOTHING_TO_OPEN"] * 3


async def test_a_closed_session_stays_closed_and_a_new_one_is_opened(database: Database, merchant: Actor) -> None:
    (phone,) = await many_phones(database, merchant, 1)
    for _ in range(2):
        async with database.unit_of_work(phone.worker) as uow:
            await sessions.close_session(uow, phone.session.id)
    assert phone.session.lease is not None
    again = await picking_phone(phone.floor, phone.session.lease.pick_list_id)
    assert again.session.id != phone.session.id
    async with database.unit_of_work(phone.floor.packer) as uow:
        with pytest.raises(Refusal):
            await sessions.close_session(uow, again.session.id)


async def test_statements_do_not_grow_with_sessions_or_entries(database: Database, merchant: Actor) -> None:
    phones = await many_phones(database, merchant, 9)
    floor = phones[0].floor
    for number, phone in enumerate(phones, 1):
        await phone.scan(f"T-{number:04d}")
    counts = []
    for some in (phones[:2], phones[2:]):
        said = [
            EntryBatch(phone.worker, phone.session.id, [phone.entry(raw="A-01"), phone.entry(raw="TEA")])
            for phone in some
        ]
        with statements(database) as sent:
            results = await record(floor, *said)
        assert [outcomes(result) for result in results] == [[O.ACCEPTED, O.TASK_DONE]] * len(some)
        counts.append(len(sent))
    assert counts[1] <= counts[0] + 4  # the last list of a wave closes the wave as well


async def test_sixty_four_phones_at_once_through_the_group_commit(postgres_database: Database) -> None:
    phones = await many_phones(postgres_database, await make_merchant(postgres_database), 64)
    floor = phones[0].floor
    group: GroupCommit[EntryBatch, BatchResult] = GroupCommit(postgres_database, commands.record_group)

    async def walk(number: int, phone: Phone) -> list[Outcome]:
        said: list[Outcome] = []
        for code in (f"T-{number:04d}", "A-01", "TEA", "TEA"):
            batch = EntryBatch(phone.worker, phone.session.id, [phone.entry(raw=code)])
            said += outcomes(await group.submit(phone.worker, batch))
        return said

    answers = await asyncio.gather(*(walk(number, phone) for number, phone in enumerate(phones, 1)))
    assert Counter(map(tuple, answers)) == {(O.ACCEPTED, O.ACCEPTED, O.TASK_DONE, O.TOO_MANY): 64}
    assert await total_picked(floor) == 64
    assert await scan_count(floor) == 256
    assert await violations(floor) == []


async def test_one_batch_that_fails_in_a_group_fails_alone(database: Database, merchant: Actor) -> None:
    phones = await many_phones(database, merchant, 2)
    group: GroupCommit[EntryBatch, BatchResult] = GroupCommit(database, commands.record_group)
    broken = [replace(phones[0].entry(raw="T-0001"), recorded_at="yesterday")]  # type: ignore[arg-type]  # a bug's data
    good = [phones[1].entry(raw="T-0002")]
    answers = await asyncio.gather(
        group.submit(phones[0].worker, EntryBatch(phones[0].worker, phones[0].session.id, broken)),
        group.submit(phones[1].worker, EntryBatch(phones[1].worker, phones[1].session.id, good)),
        return_exceptions=True,
    )
    assert isinstance(answers[0], AttributeError)
    assert isinstance(answers[1], BatchResult)
    assert outcomes(answers[1]) == [O.ACCEPTED]
    assert await scan_count(phones[0].floor) == 1


async def test_many_connections_book_every_unit_once(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    phones = await many_phones(postgres_database, merchant, 24)
    floor = phones[0].floor

    async def walk(number: int, phone: Phone) -> list[Outcome]:
        entries = [phone.entry(raw=code) for code in (f"T-{number:04d}", "A-01", "TEA")]
        batch = EntryBatch(phone.worker, phone.session.id, entries)
        (result,) = await postgres_database.run(merchant, lambda uow: commands.record_entries(uow, batches=[batch]))
        return list(outcomes(result))

    answers = await asyncio.gather(*(walk(number, phone) for number, phone in enumerate(phones, 1)))
    assert answers == [[O.ACCEPTED, O.ACCEPTED, O.TASK_DONE]] * 24
    assert await total_picked(floor) == 24
    assert await violations(floor) == []


async def test_one_batch_sent_on_many_connections_is_booked_once(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    (phone,) = await many_phones(postgres_database, merchant, 1)
    entries = [phone.entry(raw=code) for code in ("T-0001", "A-01", "TEA")]
    batch = EntryBatch(phone.worker, phone.session.id, entries)

    async def send() -> BatchResult:
        (result,) = await postgres_database.run(merchant, lambda uow: commands.record_entries(uow, batches=[batch]))
        return result

    results = await asyncio.gather(*(send() for _ in range(8)))
    assert {tuple(outcomes(result)) for result in results} == {(O.ACCEPTED, O.ACCEPTED, O.TASK_DONE)}
    assert sorted(all(verdict.repeated for verdict in result.verdicts) for result in results) == [False, *[True] * 7]
    assert await total_picked(phone.floor) == 1
    assert await scan_count(phone.floor) == 3


async def test_putting_back_beside_picking_locks_orders_before_lists(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor = await make_floor(postgres_database, merchant, {"A-01": {"TEA": 5}})
    await bring_orders(floor, {"N1": {"TEA": 1}})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    await bring_orders(floor, {"N2": {"TEA": 1}})
    picking = await picking_phone(floor, (await release(floor)).pick_list_ids[0])
    async with postgres_database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[floor.orders["N1"]], reason="BUYER")
    await react(floor)
    backing = await phone_for(floor, Job.PUT_BACK, floor.packer)
    batches = [
        EntryBatch(picking.worker, picking.session.id, [picking.entry(raw=code) for code in ("T-0002", "A-01", "TEA")]),
        EntryBatch(backing.worker, backing.session.id, [backing.entry(raw=code) for code in ("TEA", "A-01")]),
    ]
    results = await postgres_database.run(merchant, lambda uow: commands.record_entries(uow, batches=batches))
    assert [outcomes(result) for result in results] == [
        [O.ACCEPTED, O.ACCEPTED, O.TASK_DONE],
        [O.ACCEPTED, O.TASK_DONE],
    ]
    await react(floor)
    assert await violations(floor) == []
