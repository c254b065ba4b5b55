"""Reading the event log: events after a number, and how far each consumer has come."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.tables import Cursor, EventRow
from pickmesh.core.journal.unit_of_work import UnitOfWork

EVENTS_MAX = 1_000
"""Most events read in one go."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as the log keeps it; ids and times in the payload are text."""

    seq: int
    kind: str
    subject_id: UUID
    payload: Mapping[str, Any]
    actor_id: UUID | None
    at: datetime


Reaction = Callable[[UnitOfWork, Sequence[LoggedEvent]], Awaitable[None]]
"""What a room does about events of one kind: `async def on_noun_verbed(uow, events)`, harmless when run again."""


async def events_after(uow: UnitOfWork, seq: int, *, limit: int = EVENTS_MAX) -> list[LoggedEvent]:
    """Return the events numbered above `seq` in their order, at most `limit` of them."""
    statement = (
        sa.select(EventRow.seq, EventRow.kind, EventRow.subject_id, EventRow.payload, EventRow.actor_id, EventRow.at)
        .where(uow.mine(EventRow), EventRow.seq > seq)
        .order_by(EventRow.seq)
        .limit(min(limit, EVENTS_MAX))
    )
    return [LoggedEvent(**row._mapping) for row in await uow.fetch(statement)]


async def kinds_after(uow: UnitOfWork, seq: int) -> Sequence[tuple[int, str]]:
    """Return the number and kind of the events numbered above `seq` in their order, at most EVENTS_MAX of them."""
    statement = (
        sa.select(EventRow.seq, EventRow.kind)
        .where(uow.mine(EventRow), EventRow.seq > seq)
        .order_by(EventRow.seq)
        .limit(EVENTS_MAX)
    )
    return [(row.seq, row.kind) for row in await uow.fetch(statement)]


async def events_about(uow: UnitOfWork, subject_ids: Collection[UUID]) -> Mapping[UUID, Sequence[LoggedEvent]]:
    """Return all that happened to subjects, by subject, the oldest first; for subjects to which few things happen."""
    statement = (
        sa.select(EventRow.seq, EventRow.kind, EventRow.subject_id, EventRow.payload, EventRow.actor_id, EventRow.at)
        .where(uow.mine(EventRow), uow.among(EventRow.subject_id, subject_ids))
        .order_by(EventRow.seq)
    )
    found: dict[UUID, list[LoggedEvent]] = {}
    for row in await uow.fetch(statement):
        found.setdefault(row.subject_id, []).append(LoggedEvent(**row._mapping))
    return found


async def last_seq(uow: UnitOfWork) -> int:
    """Return the number of the merchant's newest event, 0 when nothing has happened yet."""
    return int(await uow.scalar(sa.select(sa.func.max(EventRow.seq)).where(uow.mine(EventRow))) or 0)


async def position(uow: UnitOfWork, consumer: str) -> int:
    """Return the number of the last event a consumer has dealt with, 0 when it has not begun."""
    statement = sa.select(Cursor.seq).where(uow.mine(Cursor), Cursor.consumer == consumer)
    return int(await uow.scalar(statement) or 0)


async def positions(uow: UnitOfWork) -> dict[str, int]:
    """Return how far every consumer has come."""
    found = await uow.fetch(sa.select(Cursor.consumer, Cursor.seq).where(uow.mine(Cursor)))
    return {row.consumer: row.seq for row in found}


async def advance(uow: UnitOfWork, consumer: str, *, expected: int, to: int) -> bool:
    """Move a consumer's cursor; False when it no longer stands at `expected` because somebody else moved it.

    Called first in the unit of work that deals with the events: the row stays locked until that commits, so two
    workers can never both deal with one event, whatever their leases say.
    """
    await uow.upsert(Cursor, [{"consumer": consumer, "seq": 0}])
    moved = await uow.execute(
        sa.update(Cursor).where(uow.mine(Cursor), Cursor.consumer == consumer, Cursor.seq == expected).values(seq=to)
    )
    return moved.rowcount == 1


async def advance_idle(uow: UnitOfWork, expected: Mapping[str, int], *, to: int) -> None:
    """Move the cursors of consumers who have nothing to do about the events up to `to`, where they stand as expected.

    One that was moved by somebody else meanwhile is left where it is.
    """
    await uow.upsert(Cursor, [{"consumer": consumer, "seq": 0} for consumer in sorted(expected)])
    stands = uow.among([Cursor.consumer, Cursor.seq], sorted(expected.items()))
    await uow.execute(sa.update(Cursor).where(uow.mine(Cursor), stands).values(seq=to))
