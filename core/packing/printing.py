"""Print jobs: queued for a station, taken by its agent, printed exactly once, or reported as doubtful.

QUEUED -> TAKEN (an agent has it, nothing has left) -> PRINTING (its first byte may have left) -> PRINTED. What was only
taken may go back to the queue by itself; what may have left never does: it is UNSURE until a person has looked.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.events import Event
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.packing import events, locks, queries, refusals, stations
from pickmesh.core.packing.rules import BenchParcel
from pickmesh.core.packing.tables import PrintJob, PrintState, WaybillState

LEASE = timedelta(minutes=2)
"""How long a job is an agent's own without a word from it; longer than any printer takes for one label."""
LEASE_TIMER = "print_job_lease"
ATTEMPTS_MAX = 5
"""How often a printer may say no before a job is given up."""
TAKEN_MAX = 50
"""Most jobs an agent takes at once."""
AGENT_LENGTH_MAX = 200
ERROR_LENGTH_MAX = 500
VOIDED = "The waybill was voided."
STOPPED = "Its agent stopped while it printed; look whether the label is there."
SILENT = "Its agent has not been heard of since it began to print; look whether the label is there."
HELD = (PrintState.TAKEN, PrintState.PRINTING)
"""States in which a job is an agent's own."""
Row = sa.Row[*tuple[Any, ...]]
Jobs = Mapping[UUID, Row]


class PrintFailure(StrEnum):
    """Why a label was not printed: printer AWAY, said no (RETRY, GIVE_UP), or UNSURE, when it may be on paper."""

    AWAY = "AWAY"
    RETRY = "RETRY"
    GIVE_UP = "GIVE_UP"
    UNSURE = "UNSURE"


async def queue_labels(
    uow: UnitOfWork, parcels: Mapping[UUID, BenchParcel], waybill_ids: Mapping[UUID, UUID], *, reason: str
) -> list[UUID]:
    """Queue a label for each of these locked parcels that stands at a station; return the jobs."""
    at_stations = {each: parcels[each].station_id for each in waybill_ids if parcels[each].station_id is not None}
    known = await stations.stations(uow, {each for each in at_stations.values() if each is not None})
    new = [
        {
            "id": new_id(),
            "station_id": station_id,
            "parcel_id": parcel_id,
            "waybill_id": waybill_ids[parcel_id],
            "format": known[station_id].printer_format,
            "state": PrintState.QUEUED,
            "reason": reason,
            "created_at": uow.now,
        }
        for parcel_id, station_id in at_stations.items()
        if station_id is not None
    ]
    await uow.insert(PrintJob, new)
    uow.emit(events.PrintJobQueued(row["id"], row["station_id"], row["parcel_id"]) for row in new)
    return [row["id"] for row in new]


async def take_print_jobs(uow: UnitOfWork, *, station_id: UUID, agent: str, run_id: UUID, limit: int = 1) -> list[UUID]:
    """Give a run of an agent the oldest jobs of a station, at most `limit` (1 to 50), each to one agent only.

    What the run has taken and not begun comes first, so that asking again after a lost answer takes nothing more. What
    an earlier run of the same agent left behind is settled: taken jobs wait again, begun ones are UNSURE. Refuses
    NOT_FOUND, INVALID_INPUT (no agent), LIMIT_EXCEEDED.
    """
    if not 1 <= limit <= TAKEN_MAX:
        raise LimitExceeded(
            sentence("An agent takes 1 to {most} print jobs at once.", most=TAKEN_MAX), field=("limit",)
        )
    if not agent.strip() or len(agent) > AGENT_LENGTH_MAX:
        message = sentence("Name the agent in 1 to {most} characters.", most=AGENT_LENGTH_MAX)
        raise InvalidInput(message, field=("agent",))
    station = (await stations.stations(uow, [station_id])).get(station_id)
    if station is None:
        raise NotFound("No station of yours has that id; ask for the stations of the warehouse.", field=("stationId",))
    uow.actor.require(Permission.FLOOR_WORK, warehouse_id=station.location_id)
    at_station = (PrintJob.station_id == station_id, PrintJob.agent == agent, PrintJob.state.in_(HELD))
    mine = await locks.lock_print_jobs(uow, *at_station)
    await _settle_leftovers(uow, [job for job in mine.values() if job.run_id != run_id])
    taken = [each for each, job in mine.items() if job.run_id == run_id and job.state == PrintState.TAKEN][:limit]
    if len(taken) < limit:
        waiting = (PrintJob.station_id == station_id, PrintJob.state == PrintState.QUEUED)
        fresh = list(await locks.lock_print_jobs(uow, *waiting, first=limit - len(taken)))
        until = uow.after(LEASE)
        held = {"agent": agent, "run_id": run_id, "taken_at": uow.now, "until": until}
        await _turn(uow, fresh, PrintState.TAKEN, **held)
        await uow.set_timers(LEASE_TIMER, dict.fromkeys(fresh, until))
        taken += fresh
    return taken


async def _settle_leftovers(uow: UnitOfWork, left: Sequence[Row]) -> None:
    """Settle what nobody will bring to an end: what has not begun waits again, what has may be on paper."""
    await _requeue(uow, [job for job in left if job.state == PrintState.TAKEN], error=None)
    await _doubt(uow, [job for job in left if job.state == PrintState.PRINTING], STOPPED)


async def send_print_jobs(uow: UnitOfWork, *, run_id: UUID, print_job_ids: Sequence[UUID]) -> list[UUID | Refused]:
    """Let an agent send these jobs: to be asked right before the first byte leaves. Answers the jobs that may go.

    Asking again answers the same. Refuses item by item NOT_FOUND and PRINT_JOB_GONE (the waybill was voided, the lease
    ran out): nothing of those may be sent.
    """
    return await _act(uow, run_id, print_job_ids, _send, (PrintState.TAKEN, PrintState.PRINTING))


async def _send(uow: UnitOfWork, jobs: Sequence[Row]) -> None:
    ids, until = [job.id for job in jobs], uow.after(LEASE)
    await _turn(uow, ids, PrintState.PRINTING, until=until)
    await uow.set_timers(LEASE_TIMER, dict.fromkeys(ids, until))


async def finish_print_jobs(uow: UnitOfWork, *, run_id: UUID, print_job_ids: Sequence[UUID]) -> list[UUID | Refused]:
    """Record that jobs are printed. Telling it again changes nothing; one that had become UNSURE is known now.

    Refuses item by item NOT_FOUND and PRINT_JOB_GONE (never begun, or meanwhile another's).
    """
    states = (PrintState.PRINTING, PrintState.UNSURE, PrintState.PRINTED)
    return await _act(uow, run_id, print_job_ids, _finish, states)


async def _finish(uow: UnitOfWork, jobs: Sequence[Row]) -> None:
    """Record what is printed, unless it was recorded before."""
    new = [job for job in jobs if job.state != PrintState.PRINTED]
    await _end(uow, new, PrintState.PRINTED, error=None)
    _tell(uow, events.PrintJobDone, new)


async def fail_print_jobs(
    uow: UnitOfWork, *, run_id: UUID, print_job_ids: Sequence[UUID], error: str, failure: PrintFailure
) -> list[UUID | Refused]:
    """Record that jobs were not printed, and why.

    AWAY (the printer cannot be reached) puts them back into the queue, RETRY too, but at most five times; GIVE_UP
    fails them; UNSURE leaves them to a person. The job of a voided waybill fails instead of waiting. Refuses item by
    item NOT_FOUND and PRINT_JOB_GONE.
    """
    said = error.strip()[:ERROR_LENGTH_MAX] or failure.value

    async def fail(uow: UnitOfWork, jobs: Sequence[Row]) -> None:
        if failure is PrintFailure.UNSURE:
            await _doubt(uow, jobs, said)
            return
        counted = 1 if failure is PrintFailure.RETRY else 0
        over = [job for job in jobs if failure is PrintFailure.GIVE_UP or job.attempts + counted >= ATTEMPTS_MAX]
        given_up = {job.id for job in over if failure is not PrintFailure.AWAY}
        await _give_up(uow, [job for job in jobs if job.id in given_up], said)
        await _requeue(uow, [job for job in jobs if job.id not in given_up], error=said, attempts=counted, tell=False)

    return await _act(uow, run_id, print_job_ids, fail, HELD)


async def settle_print_jobs(uow: UnitOfWork, *, print_job_ids: Sequence[UUID], printed: bool) -> list[UUID | Refused]:
    """Record what somebody saw of UNSURE jobs: the label is there (PRINTED), or it is not (it is printed again).

    Settling so again changes nothing. The job of a voided waybill fails instead of waiting. Refuses item by item
    NOT_FOUND and WRONG_STATE (there is no doubt about it).
    """
    uow.actor.require(Permission.FLOOR_WORK)
    jobs = await locks.lock_print_jobs(uow, uow.among(PrintJob.id, print_job_ids))
    settled = (PrintState.PRINTED,) if printed else (PrintState.QUEUED, PrintState.TAKEN)
    refused: dict[int, Refused] = {}
    for index, each in enumerate(print_job_ids):
        if each not in jobs:
            refused[index] = Refused(index, _unknown())
        elif jobs[each].state not in (PrintState.UNSURE, *settled):
            state = jobs[each].state
            message = sentence(
                "The print job is {state}; only one that is unsure waits for somebody's word.", state=word(state)
            )
            refused[index] = Refused(index, WrongState(message, data={"state": state}))
    wanted = {each for index, each in enumerate(print_job_ids) if index not in refused}
    unsure = [jobs[each] for each in sorted(wanted) if jobs[each].state == PrintState.UNSURE]
    if printed:
        await _finish(uow, unsure)
    else:
        await _requeue(uow, unsure, error=None)
    return [refused.get(index) or each for index, each in enumerate(print_job_ids)]


async def end_leases(uow: UnitOfWork, print_job_ids: Collection[UUID]) -> None:
    """Settle the jobs among these whose lease has run out; one that was prolonged or done meanwhile is left alone."""
    due = (uow.among(PrintJob.id, print_job_ids), PrintJob.state.in_(HELD), PrintJob.until <= uow.now)
    left = list((await locks.lock_print_jobs(uow, *due)).values())
    await _requeue(uow, [job for job in left if job.state == PrintState.TAKEN], error=None)
    await _doubt(uow, [job for job in left if job.state == PrintState.PRINTING], SILENT)


async def cancel_print_jobs(uow: UnitOfWork, waybill_ids: Collection[UUID]) -> None:
    """Call the labels of voided waybills off, as far as they have not begun to print."""
    idle = (PrintState.QUEUED, PrintState.TAKEN)
    which = (uow.among(PrintJob.waybill_id, waybill_ids), PrintJob.state.in_(idle))
    await _give_up(uow, list((await locks.lock_print_jobs(uow, *which)).values()), VOIDED)


async def _act(
    uow: UnitOfWork, run_id: UUID, print_job_ids: Sequence[UUID], act: Any, states: Collection[PrintState]
) -> list[UUID | Refused]:
    """Do something with those of the jobs that are this run's and in one of the states; answer in the order asked."""
    uow.actor.require(Permission.FLOOR_WORK)
    jobs = await locks.lock_print_jobs(uow, uow.among(PrintJob.id, print_job_ids))
    refused = {
        index: Refused(index, refusal)
        for index, each in enumerate(print_job_ids)
        if (refusal := _not_its_own(jobs.get(each), run_id, states)) is not None
    }
    wanted = {each for index, each in enumerate(print_job_ids) if index not in refused}
    if wanted:
        await act(uow, [jobs[each] for each in sorted(wanted)])
    return [refused.get(index) or each for index, each in enumerate(print_job_ids)]


def _not_its_own(job: Row | None, run_id: UUID, states: Collection[PrintState]) -> Refusal | None:
    if job is None:
        return _unknown()
    if job.run_id == run_id and job.state in states:
        return None
    return refusals.PrintJobGone(data={"state": job.state, "last_error": job.last_error})


def _unknown() -> Refusal:
    return NotFound("No print job of yours has that id; ask for the station's print jobs.")


async def _requeue(
    uow: UnitOfWork, jobs: Sequence[Row], *, error: str | None, attempts: int = 0, tell: bool = True
) -> None:
    """Let jobs wait again, unless their waybill was voided meanwhile; agents are told unless it is they who say so."""
    known = await queries.waybills(uow, {job.waybill_id for job in jobs}) if jobs else {}
    live = [job for job in jobs if known[job.waybill_id].state == WaybillState.ISSUED]
    nobodys = {"run_id": None, "taken_at": None, "until": None, "last_error": error}
    for tried in sorted({job.attempts + attempts for job in live}):
        ids = [job.id for job in live if job.attempts + attempts == tried]
        await _turn(uow, ids, PrintState.QUEUED, attempts=tried, **nobodys)
    await uow.clear_timers(LEASE_TIMER, [job.id for job in live])
    if tell:
        _tell(uow, events.PrintJobQueued, live)
    await _give_up(uow, [job for job in jobs if job not in live], VOIDED)


async def _doubt(uow: UnitOfWork, jobs: Sequence[Row], error: str) -> None:
    """Leave jobs to a person; agent and run stay, because they may still know better."""
    if jobs:
        await _turn(uow, [job.id for job in jobs], PrintState.UNSURE, until=None, last_error=error)
        await uow.clear_timers(LEASE_TIMER, [job.id for job in jobs])
        _tell(uow, events.PrintJobUnsure, jobs)


async def _give_up(uow: UnitOfWork, jobs: Sequence[Row], error: str) -> None:
    await _end(uow, jobs, PrintState.FAILED, error=error)
    _tell(uow, events.PrintJobFailed, jobs)


async def _end(uow: UnitOfWork, jobs: Sequence[Row], state: PrintState, *, error: str | None) -> None:
    if jobs:
        await _turn(uow, [job.id for job in jobs], state, until=None, done_at=uow.now, last_error=error)
        await uow.clear_timers(LEASE_TIMER, [job.id for job in jobs])


async def _turn(uow: UnitOfWork, ids: Iterable[UUID], state: PrintState, **values: Any) -> None:
    await uow.update(PrintJob, [{"id": each, "state": state, **values} for each in ids])


def _tell(uow: UnitOfWork, kind: Callable[[UUID, UUID, UUID], Event], jobs: Iterable[Row]) -> None:
    uow.emit(kind(job.id, job.station_id, job.parcel_id) for job in jobs)
