"""A worker's phone for tests of any room: it sends entries to a session by the real command and keeps the verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.builders_floor import Floor

from pickmesh.core.floor import commands, sessions
from pickmesh.core.floor.commands import BatchResult, EntryBatch
from pickmesh.core.floor.entries import Entry, Verdict
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.floor.views import SessionView
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id


@dataclass(slots=True)
class Phone:
    """A session on a worker's phone; `said` are all verdicts so far, `entries` what was sent."""

    floor: Floor
    worker: Actor
    session: SessionView
    sequence: int = 0
    said: list[Verdict] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def entry(self, kind: ScanKind = ScanKind.SCAN, raw: str | bytes | None = None, **more: Any) -> Entry:
        """Make the next entry; `sequence`, `client_id` and `at` may be given."""
        self.sequence += 1
        at: datetime = more.pop("at", self.floor.database.clock.now())
        client_id: UUID = more.pop("client_id", None) or new_id()
        sequence: int = more.pop("sequence", self.sequence)
        return Entry(client_id, sequence, at, kind, raw=raw, **more)

    async def send(self, *entries: Entry) -> list[Outcome]:
        """Send entries as one batch in one unit of work; return the outcomes."""
        result = await self.result(*entries)
        assert result.refusal is None, result.refusal
        return [verdict.outcome for verdict in result.verdicts]

    async def result(self, *entries: Entry) -> BatchResult:
        """Send entries as one batch; return everything that is answered."""
        async with self.floor.database.unit_of_work(self.floor.actor) as uow:
            batch = EntryBatch(self.worker, self.session.id, entries)
            (result,) = await commands.record_entries(uow, batches=[batch])
        self.said += result.verdicts
        self.entries += entries
        self.session = result.session or self.session
        return result

    async def scan(self, *codes: str) -> list[Outcome]:
        """Scan codes one after the other, each in a unit of work of its own; return the outcomes."""
        return [(await self.send(self.entry(raw=code)))[0] for code in codes]

    async def say(self, kind: ScanKind, **more: Any) -> Outcome:
        """Send one entry; return its outcome."""
        return (await self.send(self.entry(kind, **more)))[0]


async def picking_phone(floor: Floor, list_id: UUID, worker: Actor | None = None) -> Phone:
    """Let a worker (the picker unless told) claim a list and open a session on it."""
    person = worker or floor.picker
    async with floor.database.unit_of_work(person) as uow:
        return Phone(floor, person, await sessions.open_session(uow, job=Job.PICK, pick_list_id=list_id))


async def packing_phone(floor: Floor, worker: Actor | None = None) -> Phone:
    """Open a session at the pack station for a worker (the packer unless told)."""
    person = worker or floor.packer
    async with floor.database.unit_of_work(person) as uow:
        return Phone(floor, person, await sessions.open_session(uow, job=Job.PACK, station_id=floor.station_id))


async def phone_for(floor: Floor, job: Job, worker: Actor | None = None) -> Phone:
    """Open a session for another job in the warehouse."""
    person = worker or floor.picker
    async with floor.database.unit_of_work(person) as uow:
        return Phone(floor, person, await sessions.open_session(uow, job=job, location_id=floor.location_id))


def outcomes(result: BatchResult) -> Sequence[Outcome]:
    """Return the outcomes of a batch."""
    return [verdict.outcome for verdict in result.verdicts]
