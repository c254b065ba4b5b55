"""Invariants 5 and 9: a used key has its answer; events are numbered without gaps, up to the counter."""

import sqlalchemy as sa

from pickmesh.core.journal.tables import Counter, Cursor, EventRow, IdempotencyKey
from pickmesh.core.journal.unit_of_work import EVENT_COUNTER, UnitOfWork
from pickmesh.core.kit.violations import Violation

REPEATABLE = 5
INVARIANT = 9
SHOWN_MAX = 20


async def violations(uow: UnitOfWork) -> list[Violation]:
    """Return what is off: gaps, a counter that disagrees, cursors beyond the end, keys without their answer."""
    numbered = sa.select(
        sa.func.count().label("events"),
        sa.func.min(EventRow.seq).label("first"),
        sa.func.max(EventRow.seq).label("last"),
    ).where(uow.mine(EventRow))
    row = (await uow.fetch(numbered))[0]
    count, first, last = row.events, row.first, row.last
    counter = await uow.scalar(sa.select(Counter.last).where(uow.mine(Counter), Counter.kind == EVENT_COUNTER))
    found = []
    if count and (first != 1 or last != count):
        found.append(
            Violation(
                INVARIANT,
                f"The event log holds {count} events but they are numbered {first} to {last}.",
                {"count": count, "first_seq": first, "last_seq": last},
            )
        )
    if (counter or 0) != (last or 0):
        found.append(
            Violation(
                INVARIANT,
                f"The event counter stands at {counter or 0} but the last event is {last or 0}.",
                {"counter": counter or 0, "last_seq": last or 0},
            )
        )
    return found + await _runaway_cursors(uow, last or 0) + await _unanswered_keys(uow)


async def _unanswered_keys(uow: UnitOfWork) -> list[Violation]:
    """Find keys that were taken and committed without what was answered: their request could not be repeated."""
    used = await uow.fetch(
        sa.select(IdempotencyKey.mutation, IdempotencyKey.key, sa.cast(IdempotencyKey.answer, sa.Text).label("answer"))
        .where(uow.mine(IdempotencyKey), sa.cast(IdempotencyKey.answer, sa.Text) == "{}")
        .order_by(IdempotencyKey.mutation, IdempotencyKey.key)
        .limit(SHOWN_MAX)
    )
    return [
        Violation(
            REPEATABLE,
            f"The key “{row.key}” was used for {row.mutation}, but what was answered is not kept.",
            {"mutation": row.mutation, "key": row.key},
        )
        for row in used
    ]


async def _runaway_cursors(uow: UnitOfWork, last: int) -> list[Violation]:
    ahead = await uow.fetch(sa.select(Cursor.consumer, Cursor.seq).where(uow.mine(Cursor), Cursor.seq > last))
    return [
        Violation(
            INVARIANT,
            f"The consumer {row.consumer} has read up to event {row.seq}, past the last one, {last}.",
            {"consumer": row.consumer, "seq": row.seq, "last_seq": last},
        )
        for row in ahead
    ]
