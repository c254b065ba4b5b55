"""The outbox: what must leave this merchant is kept here until it has left, or a person has looked at why it cannot.

Nothing is sent inside a transaction. A sender takes letters (which hides them from other senders for a while), sends
them, and marks them in a second unit of work; when it dies in between, the letters come up again, so whoever receives
them must take the letter's id as its idempotency key.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id

ATTEMPTS_MAX = 10
RETRY_FIRST = timedelta(seconds=2)
RETRY_LONGEST = timedelta(minutes=30)
ERROR_LENGTH_MAX = 500
LETTERS_MAX = 100


@dataclass(frozen=True, slots=True)
class NewLetter:
    """Something to send: by which channel, to whom there, and what."""

    channel: str
    target: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter taken for sending; `attempts` counts this one too."""

    id: UUID
    channel: str
    target: str
    payload: Mapping[str, Any]
    created_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A letter that did not go, after how many attempts, and what was said."""

    id: UUID
    attempts: int
    error: str


def retry_after(attempts: int, chance: float) -> timedelta:
    """Return the wait before the next attempt: doubling, bounded, between half and all of it by `chance` (0 to 1)."""
    doublings = min(attempts - 1, 20)
    return min(RETRY_FIRST * (1 << doublings), RETRY_LONGEST) * (0.5 + chance / 2)


async def post(uow: UnitOfWork, letters: Sequence[NewLetter]) -> list[UUID]:
    """Put letters into the outbox as part of this unit of work; return their ids."""
    ids = [new_id() for _ in letters]
    await uow.insert(
        Outbox,
        [
            {
                "id": letter_id,
                "channel": letter.channel,
                "target": letter.target,
                "payload": dict(letter.payload),
                "created_at": uow.now,
                "due_at": uow.now,
            }
            for letter_id, letter in zip(ids, letters, strict=True)
        ],
    )
    return ids


def _waiting(uow: UnitOfWork) -> tuple[sa.ColumnElement[bool], ...]:
    return uow.mine(Outbox), Outbox.sent_at.is_(None), Outbox.dead_at.is_(None)


async def take_due(uow: UnitOfWork, *, hidden_for: timedelta, limit: int = LETTERS_MAX) -> list[Letter]:
    """Take the letters that are due, oldest first, and hide them from other senders for a while."""
    found = await uow.fetch(
        sa.select(Outbox.id)
        .where(*_waiting(uow), Outbox.due_at <= uow.now)
        .order_by(Outbox.due_at, Outbox.id)
        .limit(limit)
    )
    if not found:
        return []
    table = rows.table_of(Outbox)
    taken = await uow.execute(
        sa.update(Outbox)
        .where(*_waiting(uow), Outbox.due_at <= uow.now, uow.among(Outbox.id, [row.id for row in found]))
        .values(due_at=uow.now + hidden_for, attempts=table.c.attempts + 1)
        .returning(table.c.id, table.c.channel, table.c.target, table.c.payload, table.c.created_at, table.c.attempts)
    )
    return sorted((Letter(**row._mapping) for row in taken.all()), key=lambda letter: letter.id)


async def mark_sent(uow: UnitOfWork, ids: Iterable[UUID]) -> None:
    """Remember that letters have left."""
    await uow.update(Outbox, [{"id": letter_id, "sent_at": uow.now, "last_error": None} for letter_id in ids])


async def mark_failed(uow: UnitOfWork, failures: Sequence[Failure], chance: float) -> int:
    """Set letters back for another attempt, or after the last one lay them with the dead; return how many died."""
    dead = [failure for failure in failures if failure.attempts >= ATTEMPTS_MAX]
    again = [failure for failure in failures if failure.attempts < ATTEMPTS_MAX]
    await uow.update(
        Outbox,
        [{"id": each.id, "dead_at": uow.now, "last_error": each.error[:ERROR_LENGTH_MAX]} for each in dead],
    )
    await uow.update(
        Outbox,
        [
            {
                "id": each.id,
                "due_at": uow.now + retry_after(each.attempts, chance),
                "last_error": each.error[:ERROR_LENGTH_MAX],
            }
            for each in again
        ],
    )
    return len(dead)


async def set_back(uow: UnitOfWork, letters: Sequence[Letter], due_at: datetime) -> None:
    """Leave letters that were taken but not tried for later; the attempt is not counted."""
    await uow.update(Outbox, [{"id": each.id, "due_at": due_at, "attempts": each.attempts - 1} for each in letters])


async def next_due(uow: UnitOfWork) -> datetime | None:
    """Return when the next waiting letter is due, None when none waits."""
    found: datetime | None = await uow.scalar(
        sa.select(Outbox.due_at).where(*_waiting(uow)).order_by(Outbox.due_at).limit(1)
    )
    return found


async def dead_letters(uow: UnitOfWork, *, limit: int = LETTERS_MAX) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return letters given up on (id, channel, target, attempts, dead_at, last_error), the newest first."""
    return await uow.fetch(
        sa.select(Outbox.id, Outbox.channel, Outbox.target, Outbox.attempts, Outbox.dead_at, Outbox.last_error)
        .where(uow.mine(Outbox), Outbox.dead_at.is_not(None))
        .order_by(Outbox.dead_at.desc(), Outbox.id.desc())
        .limit(limit)
    )


async def replay(uow: UnitOfWork, ids: Iterable[UUID]) -> int:
    """Bring dead letters back for a fresh round of attempts; return how many there were."""
    revived = await uow.execute(
        sa.update(Outbox)
        .where(uow.mine(Outbox), Outbox.dead_at.is_not(None), uow.among(Outbox.id, ids))
        .values(dead_at=None, attempts=0, due_at=uow.now)
    )
    return revived.rowcount
