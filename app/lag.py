"""How far the workers are behind: events no room has reacted to yet, letters that have not left."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from pickmesh.app import worker
from pickmesh.core.journal import reading
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import EventRow, MerchantWake, Outbox, WorkerLease
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import system_actor

MERCHANTS_MAX = 100
"""Most merchants that are looked at for one answer: those that have waited longest."""


@dataclass(slots=True)
class Lag:
    """Counts by room or channel, and since when the oldest of each waits."""

    counts: Counter[str] = field(default_factory=Counter)
    since: dict[str, datetime] = field(default_factory=dict)

    def add(self, name: str, count: int, since: datetime) -> None:
        """Count more that waits."""
        self.counts[name] += count
        self.since[name] = min(self.since.get(name, since), since)

    def seconds(self, name: str, now: datetime) -> float:
        """Return how long the oldest waits, 0 when none does."""
        return max((now - self.since[name]).total_seconds(), 0.0) if name in self.since else 0.0


@dataclass(frozen=True, slots=True)
class Behind:
    """What waits, over the merchants looked at: events by room, letters by channel."""

    events: Lag
    letters: Lag


async def behind(database: Database, rooms: Collection[str]) -> Behind:
    """Return what waits at merchants that a worker looks at or should, at most a hundred of them.

    Three statements for each; merchants with nothing to do have no wake-up, and cost nothing.
    """
    told = Behind(Lag(), Lag())
    for merchant_id in await _awake(database):
        async with database.reading(system_actor(merchant_id)) as uow:
            await _add_events(uow, told.events, rooms)
            await _add_letters(uow, told.letters)
    return told


async def _awake(database: Database) -> Iterable[UUID]:
    since = sa.func.min(MerchantWake.due_at).label("since")
    waiting = (
        sa.select(MerchantWake.merchant_id, since)
        .where(MerchantWake.consumer.in_(worker.CONSUMERS))
        .group_by(MerchantWake.merchant_id)
        .order_by(since)
    )
    held = sa.select(WorkerLease.merchant_id).where(WorkerLease.consumer.in_(worker.CONSUMERS)).limit(MERCHANTS_MAX)
    async with database.directory() as connection:
        found = [row.merchant_id for row in await connection.execute(waiting.limit(MERCHANTS_MAX))]
        found += (await connection.execute(held)).scalars().all()
    return list(dict.fromkeys(found))[:MERCHANTS_MAX]


async def _add_events(uow: UnitOfWork, lag: Lag, rooms: Collection[str]) -> None:
    last, positions = await reading.last_seq(uow), await reading.positions(uow)
    next_of = {room: positions.get(room, 0) + 1 for room in rooms if positions.get(room, 0) < last}
    happened = await _happened(uow, next_of)
    for room, seq in next_of.items():
        lag.add(room, last - seq + 1, happened[seq])


async def _happened(uow: UnitOfWork, next_of: Mapping[str, int]) -> dict[int, datetime]:
    """Return when the first event that each room has not seen happened; numbers have no gaps."""
    if not next_of:
        return {}
    wanted = sa.select(EventRow.seq, EventRow.at).where(uow.mine(EventRow), EventRow.seq.in_(set(next_of.values())))
    return {row.seq: row.at for row in await uow.fetch(wanted)}


async def _add_letters(uow: UnitOfWork, lag: Lag) -> None:
    found = await uow.fetch(
        sa.select(Outbox.channel, sa.func.count().label("letters"), sa.func.min(Outbox.created_at).label("since"))
        .where(uow.mine(Outbox), Outbox.sent_at.is_(None), Outbox.dead_at.is_(None))
        .group_by(Outbox.channel)
    )
    for row in found:
        lag.add(row.channel, int(row.letters), row.since)
