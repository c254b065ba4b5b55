"""Print jobs: taken by one agent each, printed once or reported, and what a dead agent leaves behind."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_floor import (
    Floor,
    bring_orders,
    code_of,
    event_kinds,
    get_number,
    make_floor,
    packed,
    pick_list,
    react,
    release,
    row_of,
    violations,
)

from pickmesh.core.journal import timers
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Timer
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, NotPermitted
from pickmesh.core.packing import checks, printing, queries, waybills
from pickmesh.core.packing.printing import ATTEMPTS_MAX, LEASE, PrintFailure
from pickmesh.core.packing.tables import PrintJob, Waybill


@dataclass
class Agent:
    """One run of a program at the floor's bench."""

    floor: Floor
    name: str = "bench-1"

    def __post_init__(self) -> None:
        self.run_id = new_id()

    async def take(self, limit: int = 1) -> list[UUID]:
        return await self.floor.database.run(
            self.floor.packer,
            lambda uow: printing.take_print_jobs(
                uow, station_id=self.floor.station_id, agent=self.name, run_id=self.run_id, limit=limit
            ),
        )

    async def send(self, *ids: UUID) -> list[Any]:
        return await self._do(printing.send_print_jobs, ids)

    async def finish(self, *ids: UUID) -> list[Any]:
        return await self._do(printing.finish_print_jobs, ids)

    async def fail(self, failure: PrintFailure, *ids: UUID, error: str = "jammed") -> list[Any]:
        return await self._do(printing.fail_print_jobs, ids, error=error, failure=failure)

    async def _do(self, command: Any, ids: Sequence[UUID], **more: Any) -> list[Any]:
        async with self.floor.database.unit_of_work(self.floor.packer) as uow:
            found: list[Any] = await command(uow, run_id=self.run_id, print_job_ids=ids, **more)
        return found


async def bench(database: Database, actor: Actor, jobs: int = 1) -> tuple[Floor, UUID, list[UUID]]:
    """A floor with one sealed parcel and so many print jobs for its label, oldest first."""
    floor = await make_floor(database, actor, {"A-01": {"CUP": 9}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    await get_number(floor, parcel_id)
    async with database.unit_of_work(floor.packer) as uow:
        for _ in range(jobs - 1):
            await waybills.reprint_labels(uow, parcel_ids=[parcel_id], reason="again")
        found = (await queries.print_jobs_of(uow, [parcel_id]))[parcel_id]
    return floor, parcel_id, [job.id for job in found]


async def state_of(floor: Floor, job_id: UUID) -> str:
    return str((await row_of(floor, PrintJob, job_id)).state)


async def settle(floor: Floor, job_id: UUID, *, printed: bool) -> Any:
    async with floor.database.unit_of_work(floor.packer) as uow:
        (answer,) = await printing.settle_print_jobs(uow, print_job_ids=[job_id], printed=printed)
    return answer


async def void(floor: Floor, parcel_id: UUID) -> None:
    async with floor.database.unit_of_work(floor.packer) as uow:
        await waybills.void_waybills(uow, parcel_ids=[parcel_id], reason="torn")


async def pass_time(floor: Floor, clock: StoppedClock, time: timedelta) -> None:
    """Let time go by, timers fire and reactions follow."""
    clock.advance(time)
    async with floor.database.unit_of_work(floor.actor) as uow:
        await timers.fire_due(uow)
    await react(floor)


async def timers_of(floor: Floor) -> set[UUID]:
    async with floor.database.reading(floor.actor) as uow:
        set_now = sa.select(Timer.subject_id).where(uow.mine(Timer), Timer.kind == printing.LEASE_TIMER)
        return {row.subject_id for row in await uow.fetch(set_now)}


async def test_a_label_is_taken_sent_and_printed_once(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    floor, _, (first, second) = await bench(database, merchant, jobs=2)
    agent = Agent(floor)
    assert await agent.take() == [first]
    row = await row_of(floor, PrintJob, first)
    assert (row.state, row.agent, row.run_id) == ("TAKEN", "bench-1", agent.run_id)
    assert (row.taken_at, row.until) == (clock.now(), clock.now() + LEASE)
    clock.advance(timedelta(seconds=10))
    assert await agent.send(first) == [first]
    row = await row_of(floor, PrintJob, first)
    assert (row.state, row.until, await timers_of(floor)) == ("PRINTING", clock.now() + LEASE, {first})
    assert await violations(floor) == []
    assert await agent.finish(first) == [first]
    row = await row_of(floor, PrintJob, first)
    assert (row.state, row.done_at, row.until, await timers_of(floor)) == ("PRINTED", clock.now(), None, set())
    assert await event_kinds(floor, first) == ["print_job_queued", "print_job_done"]
    assert (await state_of(floor, second), await agent.take()) == ("QUEUED", [second])
    assert await violations(floor) == []


async def test_every_answer_may_be_lost_and_asked_for_again(database: Database, merchant: Actor) -> None:
    floor, _, (first, second) = await bench(database, merchant, jobs=2)
    agent = Agent(floor)
    assert [await agent.take(), await agent.take()] == [[first], [first]]
    assert [await agent.send(first), await agent.send(first)] == [[first], [first]]
    assert [await agent.finish(first), await agent.finish(first)] == [[first], [first]]
    assert (await event_kinds(floor, first)).count("print_job_done") == 1
    assert await agent.take(limit=5) == [second]


async def test_of_two_agents_only_one_has_a_job(database: Database, merchant: Actor) -> None:
    floor, _, (job_id,) = await bench(database, merchant)
    one, other = Agent(floor), Agent(floor, "bench-2")
    assert (await one.take(), await other.take()) == ([job_id], [])
    for answer in (await other.send(job_id), await other.finish(job_id), await other.fail(PrintFailure.UNSURE, job_id)):
        assert code_of(answer[0]) == "PRINT_JOB_GONE"
    assert code_of((await one.finish(job_id))[0]) == "PRINT_JOB_GONE"  # nothing of it was sent
    assert code_of((await one.send(new_id()))[0]) == "NOT_FOUND"
    assert await state_of(floor, job_id) == "TAKEN"


async def test_agents_racing_for_fifty_jobs_print_each_once(database: Database, merchant: Actor) -> None:
    floor, _, ids = await bench(database, merchant, jobs=50)
    printed: Counter[UUID] = Counter()

    async def work(agent: Agent) -> None:
        while taken := await agent.take(limit=3):
            for job_id in taken:
                if await agent.send(job_id) == [job_id]:
                    printed[job_id] += 1
                    await agent.finish(job_id)

    await asyncio.gather(*(work(Agent(floor, f"bench-{number}")) for number in range(4)))
    assert printed == Counter(ids)
    assert {await state_of(floor, job_id) for job_id in ids} == {"PRINTED"}
    assert await violations(floor) == []


async def test_an_agent_that_starts_again_settles_what_it_left(database: Database, merchant: Actor) -> None:
    floor, _, (begun, taken, other) = await bench(database, merchant, jobs=3)
    agent = Agent(floor)
    assert await agent.take(limit=2) == [begun, taken]
    await agent.send(begun)
    assert await Agent(floor, "bench-2").take() == [other]
    assert await Agent(floor).take() == [taken]  # the same name, another run
    assert [await state_of(floor, each) for each in (begun, taken, other)] == ["UNSURE", "TAKEN", "TAKEN"]
    assert (await row_of(floor, PrintJob, begun)).last_error == printing.STOPPED
    assert await event_kinds(floor, begun) == ["print_job_queued", "print_job_unsure"]
    assert await event_kinds(floor, taken) == ["print_job_queued", "print_job_queued"]
    assert code_of((await agent.send(taken))[0]) == "PRINT_JOB_GONE"
    assert await violations(floor) == []


async def test_a_silent_agents_jobs_go_back_or_are_unsure(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor, _, (begun, taken) = await bench(database, merchant, jobs=2)
    agent = Agent(floor)
    await agent.take(limit=2)
    clock.advance(LEASE / 2)
    await agent.send(begun)
    await pass_time(floor, clock, LEASE / 2)
    assert [await state_of(floor, each) for each in (begun, taken)] == ["PRINTING", "QUEUED"]
    await pass_time(floor, clock, LEASE / 2)
    assert [await state_of(floor, each) for each in (begun, taken)] == ["UNSURE", "QUEUED"]
    assert (await timers_of(floor), await violations(floor)) == (set(), [])
    assert code_of((await agent.send(taken))[0]) == "PRINT_JOB_GONE"
    assert await agent.finish(begun) == [begun]  # it was only slow: now it is known
    assert await state_of(floor, begun) == "PRINTED"


@pytest.mark.parametrize(("printed", "state"), [(True, "PRINTED"), (False, "QUEUED")])
async def test_a_person_settles_what_is_unsure(
    database: Database, merchant: Actor, clock: StoppedClock, printed: bool, state: str
) -> None:
    floor, _, (job_id,) = await bench(database, merchant)
    agent = Agent(floor)
    await agent.take()
    await agent.send(job_id)
    assert code_of(await settle(floor, job_id, printed=printed)) == "WRONG_STATE"
    assert await agent.fail(PrintFailure.UNSURE, job_id, error="reset in the middle") == [job_id]
    row = await row_of(floor, PrintJob, job_id)
    assert (row.state, row.last_error, row.done_at) == ("UNSURE", "reset in the middle", None)
    assert await agent.take() == []  # never by itself
    assert [await settle(floor, job_id, printed=printed) for _ in range(2)] == [job_id, job_id]
    assert await state_of(floor, job_id) == state
    told = "print_job_done" if printed else "print_job_queued"
    assert await event_kinds(floor, job_id) == ["print_job_queued", "print_job_unsure", told]
    assert code_of((await agent.fail(PrintFailure.RETRY, job_id))[0]) == "PRINT_JOB_GONE"
    assert await violations(floor) == []


async def test_a_printer_that_says_no_is_asked_five_times(database: Database, merchant: Actor) -> None:
    floor, _, (job_id,) = await bench(database, merchant)
    agent = Agent(floor)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        assert await agent.take() == [job_id]
        await agent.send(job_id)
        assert await agent.fail(PrintFailure.RETRY, job_id, error="no paper") == [job_id]
        row = await row_of(floor, PrintJob, job_id)
        assert (row.state, row.last_error) == ("QUEUED" if attempt < ATTEMPTS_MAX else "FAILED", "no paper")
    assert row.done_at is not None
    assert await agent.take() == []
    assert await event_kinds(floor, job_id) == ["print_job_queued", "print_job_failed"]
    assert await violations(floor) == []


async def test_a_printer_that_is_away_costs_no_attempt(database: Database, merchant: Actor) -> None:
    floor, _, (job_id,) = await bench(database, merchant)
    agent = Agent(floor)
    for _ in range(ATTEMPTS_MAX + 1):
        await agent.take()
        await agent.fail(PrintFailure.AWAY, job_id, error="")
    row = await row_of(floor, PrintJob, job_id)
    assert (row.state, row.attempts, row.run_id, row.last_error) == ("QUEUED", 0, None, "AWAY")
    assert await event_kinds(floor, job_id) == ["print_job_queued"]


async def test_a_job_given_up_is_not_tried_again(database: Database, merchant: Actor) -> None:
    floor, _, (job_id,) = await bench(database, merchant)
    agent = Agent(floor)
    await agent.take()
    await agent.fail(PrintFailure.GIVE_UP, job_id, error="the label is gone" * 100)
    row = await row_of(floor, PrintJob, job_id)
    assert (row.state, row.last_error) == ("FAILED", ("the label is gone" * 100)[:500])
    assert code_of(await settle(floor, job_id, printed=False)) == "WRONG_STATE"


async def test_the_label_of_a_voided_waybill_is_not_sent(database: Database, merchant: Actor) -> None:
    floor, parcel_id, (taken, waiting) = await bench(database, merchant, jobs=2)
    agent = Agent(floor)
    await agent.take()
    await void(floor, parcel_id)
    (answer,) = await agent.send(taken)
    assert code_of(answer) == "PRINT_JOB_GONE"
    assert answer.refusal.data == {"state": "FAILED", "last_error": "The waybill was voided."}
    assert [await state_of(floor, each) for each in (taken, waiting)] == ["FAILED", "FAILED"]
    assert (await agent.take(), await timers_of(floor), await violations(floor)) == ([], set(), [])


@pytest.mark.parametrize("way", ["settled", "away", "started again"])
async def test_what_printed_under_a_voided_number_is_never_printed_again(
    database: Database, merchant: Actor, way: str
) -> None:
    floor, parcel_id, (job_id,) = await bench(database, merchant)
    agent = Agent(floor)
    await agent.take()
    await agent.send(job_id)
    await void(floor, parcel_id)
    assert await state_of(floor, job_id) == "PRINTING"
    if way == "away":
        await agent.fail(PrintFailure.AWAY, job_id)
    else:
        await (Agent(floor).take() if way == "started again" else agent.fail(PrintFailure.UNSURE, job_id))
        assert await state_of(floor, job_id) == "UNSURE"
        await settle(floor, job_id, printed=False)
    row = await row_of(floor, PrintJob, job_id)
    assert (row.state, row.last_error) == ("FAILED", "The waybill was voided.")
    assert await violations(floor) == []


async def test_voiding_and_sending_at_once_leave_no_label_under_a_voided_number_waiting(
    database: Database, merchant: Actor
) -> None:
    """Whoever comes first, the other sees it: either the label went before, or nothing is sent."""
    floor, parcel_id, ids = await bench(database, merchant, jobs=20)
    agent = Agent(floor)
    assert await agent.take(limit=20) == ids
    sending = [agent.send(job_id) for job_id in ids]
    answers, *_ = await asyncio.gather(asyncio.gather(*sending), void(floor, parcel_id))
    for job_id, (answer,) in zip(ids, answers, strict=True):
        assert await state_of(floor, job_id) == ("PRINTING" if answer == job_id else "FAILED")


async def test_asking_is_refused_where_it_makes_no_sense(database: Database, merchant: Actor, stranger: Actor) -> None:
    floor, _, (job_id,) = await bench(database, merchant)
    agent = Agent(floor)
    for limit in (0, 51):
        with pytest.raises(LimitExceeded, match=r"^An agent takes 1 to 50 print jobs at once\.$"):
            await agent.take(limit=limit)
    for name in ("", " ", "x" * 201):
        with pytest.raises(InvalidInput, match="Name the agent"):
            await Agent(floor, name).take()
    async with database.unit_of_work(stranger) as uow:
        with pytest.raises(NotFound):
            await printing.take_print_jobs(uow, station_id=floor.station_id, agent="x", run_id=agent.run_id)
        (answer,) = await printing.send_print_jobs(uow, run_id=agent.run_id, print_job_ids=[job_id])
        (settled,) = await printing.settle_print_jobs(uow, print_job_ids=[job_id], printed=True)
    assert (code_of(answer), code_of(settled)) == ("NOT_FOUND", "NOT_FOUND")
    elsewhere = Actor(
        merchant.merchant_id, None, floor.packer.role, floor.packer.permissions, warehouse_ids=frozenset({new_id()})
    )
    async with database.unit_of_work(elsewhere) as uow:
        with pytest.raises(NotPermitted):
            await printing.take_print_jobs(uow, station_id=floor.station_id, agent="x", run_id=agent.run_id)
    assert await state_of(floor, job_id) == "QUEUED"


async def test_a_station_tells_what_is_not_over_and_any_state_asked_for(database: Database, merchant: Actor) -> None:
    floor, _, ids = await bench(database, merchant, jobs=4)
    agent = Agent(floor)
    await agent.take(limit=3)
    await agent.send(*ids[:2])
    await agent.finish(ids[0])
    await agent.fail(PrintFailure.UNSURE, ids[1])
    async with database.reading(floor.packer) as uow:
        open_jobs = await queries.print_jobs_at(uow, floor.station_id)
        printed = await queries.print_jobs_at(uow, floor.station_id, states=["PRINTED"])
        by_station = await queries.open_print_jobs(uow, [floor.station_id, new_id()])
    assert [(job.id, job.state) for job in open_jobs] == list(zip(ids[1:], ["UNSURE", "TAKEN", "QUEUED"], strict=True))
    assert [job.id for job in printed] == ids[:1]
    assert [job.id for job in by_station[floor.station_id]] == ids[1:]


PLANTED: list[tuple[str, dict[str, Any], str]] = [
    ("TAKEN", {"agent": None}, "A print job is TAKEN and is an agent's, but which one and until when is not known."),
    (
        "PRINTING",
        {"until": None},
        "A print job is PRINTING and is an agent's, but which one and until when is not known.",
    ),
    ("QUEUED", {"run_id": UUID(int=7)}, "A print job is QUEUED and waits for an agent, but one has it."),
    ("PRINTED", {"done_at": None}, "A print job is PRINTED and is over, but not since when."),
]


@pytest.mark.parametrize(("state", "values", "sentence"), PLANTED)
async def test_impossible_print_jobs_are_found(
    database: Database, merchant: Actor, state: str, values: dict[str, Any], sentence: str
) -> None:
    floor, _, (job_id,) = await bench(database, merchant)
    agent = Agent(floor)
    if state != "QUEUED":
        await agent.take()
    if state in {"PRINTING", "PRINTED"}:
        await agent.send(job_id)
    if state == "PRINTED":
        await agent.finish(job_id)
    assert await violations(floor) == []
    assert await found_after(floor, PrintJob, **values) == [sentence]


async def test_a_lease_without_end_a_false_end_and_a_voided_number_are_found(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor, _, (job_id,) = await bench(database, merchant)
    assert await found_after(floor, PrintJob, done_at=clock.now()) == [
        "A print job is QUEUED and is not over, but says since when."
    ]
    await found_after(floor, PrintJob, done_at=None)
    assert await found_after(floor, Waybill, state="VOIDED") == [
        "A print job is QUEUED and waits, but its waybill is voided."
    ]
    await found_after(floor, Waybill, state="ISSUED")
    await Agent(floor).take()
    async with database.unit_of_work(merchant) as uow:
        await uow.clear_timers(printing.LEASE_TIMER, [job_id])
    assert await found_after(floor, Waybill) == ["A print job is TAKEN and is an agent's, but no timer ends its lease."]


async def found_after(floor: Floor, table: Any, **values: Any) -> list[str]:
    """Write something past the commands and return what the checks say of it."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        if values:
            await uow.execute(sa.update(table).where(uow.mine(table)).values(**values))
    async with floor.database.reading(floor.actor) as uow:
        return [each.sentence for each in await checks.violations(uow)]
