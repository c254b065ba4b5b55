"""Reading what a merchant's log tells."""

import sqlalchemy as sa

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import EventRow
from pickmesh.core.kit.actors import Actor


async def events_told(database: Database, actor: Actor, *, after: int = 0) -> list[sa.Row[object]]:
    """Return a merchant's events (seq, kind, subject_id, payload, actor_id) after a number, in order."""
    columns = EventRow.seq, EventRow.kind, EventRow.subject_id, EventRow.payload, EventRow.actor_id
    async with database.reading(actor) as uow:
        which = sa.select(*columns).where(uow.mine(EventRow), EventRow.seq > after)
        return list(await uow.fetch(which.order_by(EventRow.seq)))


async def kinds_told(database: Database, actor: Actor, *, after: int = 0) -> list[str]:
    """Return the kinds of a merchant's events after a number, in order."""
    return [str(row[1]) for row in await events_told(database, actor, after=after)]
