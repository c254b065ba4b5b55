"""Wake-ups and leases: which merchants a worker should look at, and which worker is looking at one now.

A wake-up is written after the commit it tells of, by one task per process for many commits at once, so it may be lost
with the process; sweeping all merchants now and then finds what was. While a worker looks at a merchant its wake-up is
not deleted but put off, so another worker takes over when the first one dies.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from pickmesh.core.db import rows
from pickmesh.core.db.base import Base
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import MerchantWake, WorkerLease

COALESCE_S = 0.1
"""How long commits are gathered before their merchants are woken together."""
CHAT = "chat"
"""The consumer that brings notices to chats: no worker, but whoever asks which chats something waits for."""


async def wake(connection: AsyncConnection, merchants: Iterable[UUID], consumer: str, due_at: datetime) -> None:
    """Ask for a look at merchants at a time, or earlier where an earlier one is asked for already."""
    table = rows.table_of(MerchantWake)
    new = [
        {"merchant_id": merchant_id, "consumer": consumer, "due_at": due_at}
        for merchant_id in sorted(set(merchants))  # in one order, so that two processes never wait for each other
    ]
    if not new:
        return
    statement = _insert(connection, MerchantWake)
    earlier = statement.on_conflict_do_update(
        index_elements=["merchant_id", "consumer"],
        set_={"due_at": statement.excluded.due_at},
        where=table.c.due_at > statement.excluded.due_at,
    )
    await connection.execute(earlier, new)


async def due_merchants(connection: AsyncConnection, consumer: str, now: datetime, *, limit: int) -> Sequence[UUID]:
    """Return the merchants whose wake-up is due, the longest waiting first."""
    statement = (
        sa.select(MerchantWake.merchant_id)
        .where(MerchantWake.consumer == consumer, MerchantWake.due_at <= now)
        .order_by(MerchantWake.due_at, MerchantWake.merchant_id)
        .limit(limit)
    )
    return (await connection.execute(statement)).scalars().all()


async def take_lease(
    connection: AsyncConnection, consumer: str, merchant_id: UUID, *, holder: str, now: datetime, until: datetime
) -> bool:
    """Take a merchant for a worker until a time; False while another worker holds it.

    Its wake-up is put off until then, in case this worker does not come back.
    """
    table = rows.table_of(WorkerLease)
    statement = _insert(connection, WorkerLease)
    mine = statement.on_conflict_do_update(
        index_elements=["consumer", "merchant_id"],
        set_={"holder": statement.excluded.holder, "until": statement.excluded.until},
        where=sa.or_(table.c.until <= now, table.c.holder == holder),
    ).returning(table.c.holder)
    lease = {"consumer": consumer, "merchant_id": merchant_id, "holder": holder, "until": until}
    taken = (await connection.execute(mine, lease)).first()
    if taken is None:
        return False
    await connection.execute(
        sa.update(MerchantWake).where(*_wake_of(consumer, merchant_id), MerchantWake.due_at <= now).values(due_at=until)
    )
    return True


async def renew_lease(
    connection: AsyncConnection, consumer: str, merchant_id: UUID, *, holder: str, until: datetime, longer: datetime
) -> bool:
    """Hold a merchant longer than the `until` of before; False when another worker has taken it over meanwhile."""
    renewed = await connection.execute(
        sa.update(WorkerLease)
        .where(
            WorkerLease.consumer == consumer,
            WorkerLease.merchant_id == merchant_id,
            WorkerLease.holder == holder,
            WorkerLease.until == until,
        )
        .values(until=longer)
    )
    if renewed.rowcount == 0:
        return False
    put_off = sa.update(MerchantWake).where(*_wake_of(consumer, merchant_id), MerchantWake.due_at == until)
    await connection.execute(put_off.values(due_at=longer))
    return True


async def end_lease(
    connection: AsyncConnection,
    consumer: str,
    merchant_id: UUID,
    *,
    holder: str,
    until: datetime,
    look_again_at: datetime | None,
) -> None:
    """Give a merchant back, and ask for the next look; a wake-up that came meanwhile stays as it is.

    `until` is what the lease was taken or renewed with: it marks the wake-up that was put off.
    """
    await connection.execute(
        sa.delete(MerchantWake).where(*_wake_of(consumer, merchant_id), MerchantWake.due_at == until)
    )
    await connection.execute(
        sa.delete(WorkerLease).where(
            WorkerLease.consumer == consumer, WorkerLease.merchant_id == merchant_id, WorkerLease.holder == holder
        )
    )
    if look_again_at is not None:
        await wake(connection, [merchant_id], consumer, look_again_at)


async def forget_leases(connection: AsyncConnection, consumer: str, *, ended_before: datetime) -> None:
    """Delete the leases of workers that never came back."""
    await connection.execute(
        sa.delete(WorkerLease).where(WorkerLease.consumer == consumer, WorkerLease.until < ended_before)
    )


def _wake_of(consumer: str, merchant_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return MerchantWake.consumer == consumer, MerchantWake.merchant_id == merchant_id


def _insert(connection: AsyncConnection, table: type[Base]) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(rows.table_of(table))


class Waker:
    """The one task of a process that tells workers, and whoever listens here, which merchants committed something."""

    def __init__(
        self,
        database: Database,
        consumers: Sequence[str],
        *,
        listeners: Sequence[Callable[[UUID], None]] = (),
        when_written: Callable[[], None] | None = None,
    ) -> None:
        """Tell listeners of each merchant, and call `when_written` after wake-ups were written.

        A worker of this process listens there, so that it need not wait for its next poll.
        """
        self._database = database
        self._consumers = consumers
        self._listeners = listeners
        self._when_written = when_written

    async def run(self) -> None:
        """Write wake-ups for ever, those of one moment together; ends by being cancelled."""
        while True:
            merchants = {await self._database.woken.get()}
            await asyncio.sleep(COALESCE_S)
            merchants |= self._drained()
            for listener in self._listeners:
                for merchant_id in merchants:
                    listener(merchant_id)
            await self.write(merchants)

    async def write(self, merchants: set[UUID]) -> None:
        """Write the wake-ups of some merchants for every consumer."""
        now = self._database.clock.now()
        async with self._database.directory() as connection:
            for consumer in self._consumers:
                await wake(connection, merchants, consumer, now)
        if self._when_written is not None:
            self._when_written()

    async def finish(self) -> None:
        """Write the wake-ups of what was committed last, before the process ends."""
        await self.write(self._drained())

    def _drained(self) -> set[UUID]:
        merchants = set()
        while not self._database.woken.empty():
            merchants.add(self._database.woken.get_nowait())
        return merchants
