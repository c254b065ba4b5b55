"""The one way every kind of file goes in: looked over, read in batches, each batch one unit of work, every row told."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pickmesh.app import files
from pickmesh.app.cells import Problem
from pickmesh.app.files import Columns, Limits, TableRow
from pickmesh.app.imports.outcome import Bad, Item, Listener, Status, Summary, Verdict
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.lanes import Lane
from pickmesh.core.kit.refusals import Refusal

Thing = TypeVar("Thing")
BATCH_ROWS = 1_000
"""Rows that go into one unit of work, or a few more when a thing has several."""
SLICE = 25
"""Things read before the batch under way may go on."""


class Kind(Protocol[Thing]):
    """One kind of file: its columns, how rows become things, and which core command takes them."""

    columns: Columns

    def things(self, rows: Iterable[TableRow]) -> Iterator[Item[Thing] | Bad]:
        """Read rows into things, in the file's order."""
        ...

    def goes_last(self, thing: Thing) -> bool:
        """Tell whether a thing leans on others of its file and must go in after them."""
        ...

    async def save(self, uow: UnitOfWork, things: Sequence[Thing]) -> Sequence[Verdict]:
        """Hand things to core; answer one verdict for each."""
        ...


@dataclass(frozen=True, slots=True)
class Job(Generic[Thing]):
    """One file on its way into one merchant."""

    database: Database
    actor: Actor
    kind: Kind[Thing]
    listeners: Sequence[Listener]
    summary: Summary

    async def take(self, batch: Sequence[Item[Thing]]) -> None:
        """Save a batch in one unit of work and tell what became of it."""
        if not batch:
            return
        things = [item.value for item in batch]
        try:
            verdicts = await self.database.run(self.actor, lambda uow: self.kind.save(uow, things))
        except Refusal as refusal:  # the command as a whole said no, and nothing of the batch was done
            verdicts = [Verdict(Status.REFUSED, refusal)] * len(batch)
        for item, verdict in zip(batch, verdicts, strict=True):
            problems = [_problem(item, verdict.refusal)] if verdict.refusal else _notes(item, verdict)
            self.summary.held += len(item.rows) if verdict.notes else 0
            self.tell(item.rows, item.key, verdict.status, problems)

    def tell(self, rows: Sequence[int], key: str, status: Status, problems: Sequence[Problem]) -> None:
        """Count rows and pass the news on."""
        self.summary.count(status, len(rows))
        self.summary.keep(status, problems)
        for listener in self.listeners:
            listener.told(rows, key, status, problems)


def _problem(item: Item[Thing], refusal: Refusal) -> Problem:
    """Put core's refusal on the row it speaks of: `lines.3` is the item's fourth."""
    field = refusal.field
    if len(field) > 1 and field[0] == "lines" and field[1].isdecimal() and int(field[1]) < len(item.rows):
        return Problem(item.rows[int(field[1])], ".".join(field[2:]), refusal.message, refusal.code)
    return Problem(item.rows[0], ".".join(field), refusal.message, refusal.code)


def _notes(item: Item[Thing], verdict: Verdict) -> list[Problem]:
    return [Problem(item.rows[note.line], note.column, note.message, note.code) for note in verdict.notes]


def look_over(path: Path, kind: Kind[Thing], limits: Limits) -> files.Table:
    """Open a file as this kind of table; refuses what is none before anything is done."""
    return files.open_table(path, kind.columns, limits)


async def import_table(
    database: Database, actor: Actor, kind: Kind[Thing], table: files.Table, listeners: Sequence[Listener] = ()
) -> Summary:
    """Take a looked-over file in, batch by batch; good rows go on where bad ones are refused.

    Things that lean on others go in at the end. While the database takes one batch the next one is read: memory holds
    two batches and those that go last.
    """
    job = Job(database, actor, kind, listeners, Summary())
    last: list[Item[Thing]] = []
    async with Lane() as lane:
        async for batch in _batches(job, table, last):
            await lane.begin(job.take(batch))
        for start in range(0, len(last), BATCH_ROWS):
            await lane.begin(job.take(last[start : start + BATCH_ROWS]))
    return job.summary


async def _batches(job: Job[Thing], table: files.Table, last: list[Item[Thing]]) -> AsyncIterator[list[Item[Thing]]]:
    """Read a file batch by batch; what goes last is put aside, what is no thing is told at once."""
    batch: list[Item[Thing]] = []
    waiting_rows = 0
    for count, thing in enumerate(job.kind.things(table.rows()), 1):
        if isinstance(thing, Bad):
            job.tell(thing.rows, thing.key, Status.REFUSED, thing.problems)
        elif job.kind.goes_last(thing.value):
            last.append(thing)
        else:
            batch.append(thing)
            waiting_rows += len(thing.rows)
        if waiting_rows >= BATCH_ROWS:
            yield batch
            batch, waiting_rows = [], 0
        if count % SLICE == 0:
            await asyncio.sleep(0)
    yield batch
