"""Timers that came due become `timer_due` events, so that nothing polls business tables for “is it time yet”."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal.events import TimerDue
from pickmesh.core.journal.tables import Timer
from pickmesh.core.journal.unit_of_work import UnitOfWork

TIMERS_MAX = 1_000
"""Most timers fired in one go."""


async def fire_due(uow: UnitOfWork, *, limit: int = TIMERS_MAX) -> int:
    """Turn the earliest due timers into events and forget them; return how many.

    A timer set again meanwhile has another `due_at` and stays; one that somebody else fired is gone and is not told
    twice.
    """
    due = await uow.fetch(
        sa.select(Timer.kind, Timer.subject_id, Timer.due_at)
        .where(uow.mine(Timer), Timer.due_at <= uow.now)
        .order_by(Timer.due_at, Timer.kind, Timer.subject_id)
        .limit(limit)
    )
    if not due:
        return 0
    table = rows.table_of(Timer)
    keys = [(row.kind, row.subject_id) for row in due]
    gone = await uow.execute(
        sa.delete(Timer)
        .where(uow.mine(Timer), uow.among([table.c.kind, table.c.subject_id], keys), Timer.due_at <= uow.now)
        .returning(table.c.kind, table.c.subject_id, table.c.due_at)
    )
    fired = sorted(gone.all(), key=lambda row: (row.due_at, row.kind, row.subject_id))
    uow.emit(TimerDue(row.subject_id, row.kind, row.due_at) for row in fired)
    return len(fired)


async def due_of(uow: UnitOfWork, kind: str, subject_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when timers of one kind are due, by what they are about."""
    found = await uow.fetch(
        sa.select(Timer.subject_id, Timer.due_at).where(
            uow.mine(Timer), Timer.kind == kind, uow.among(Timer.subject_id, subject_ids)
        )
    )
    return {row.subject_id: row.due_at for row in found}


async def next_due(uow: UnitOfWork) -> datetime | None:
    """Return when the merchant's next timer is due, None when it has none."""
    found: datetime | None = await uow.scalar(
        sa.select(Timer.due_at).where(uow.mine(Timer)).order_by(Timer.due_at).limit(1)
    )
    return found
