"""Whether this process can serve, and how much work waits: for /readyz and /metrics."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from pickmesh.app import lag, worker
from pickmesh.core.db import migrate, walls
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import MerchantWake, WorkerLease


class NotServing(Exception):
    """This process must not serve as it is; the message says what to do."""


@dataclass(slots=True)
class State:
    """What this process knows of itself: whether it stops, and whose reactions and channels its metrics tell of."""

    stopping: bool = False
    rooms: Collection[str] = ()
    channels: Collection[str] = ()


async def problem(database: Database, state: State) -> str | None:
    """Return why this process is not ready, in words without secrets; None when it is."""
    if state.stopping:
        return "stopping"
    try:
        return await schema_problem(database)
    except Exception as error:  # whatever the driver says, the answer is the same
        return f"the database cannot be reached ({type(error).__name__})"


async def schema_problem(database: Database) -> str | None:
    """Return what is wrong with the schema for this version of the code, None when nothing is."""
    async with database.directory() as connection:
        found = await migrate.current_revision(connection)
    if found == _revisions()[0]:
        return None
    if found is None:
        return "the database is empty; run `pickmesh migrate`"
    if found in _revisions():
        return f"the database's schema {found} is older than this version needs; run `pickmesh migrate`"
    return f"the database's schema {found} is newer than this version of pickmesh; update pickmesh"


@lru_cache(maxsize=1)
def _revisions() -> tuple[str, ...]:
    """Return the revisions this version of the code knows, the newest first."""
    scripts = ScriptDirectory.from_config(migrate.config())
    return tuple(script.revision for script in scripts.walk_revisions())


async def require_walled(database: Database) -> None:
    """Refuse a login that row-level security does not hold."""
    async with database.directory() as connection:
        if not await walls.is_walled(connection):
            raise NotServing(
                "This database login is a superuser, bypasses row-level security or owns the tables, so one merchant"
                " could see another's rows. Give it to `pickmesh migrate` as PICKMESH_MIGRATE_URL, which makes the"
                " login named in PICKMESH_DATABASE_URL, and serve with that one; or set PICKMESH_ALLOW_UNWALLED=1."
            )


async def waiting(database: Database, state: State) -> bytes:
    """Return metrics that are read from the database: what waits for a worker, since when, and workers alive."""
    registry = CollectorRegistry()
    await _measure_merchants(database, registry)
    behind = await lag.behind(database, state.rooms)
    now = database.clock.now()
    events = Gauge("pickmesh_events_behind", "Events a room has not reacted to yet.", ["room"], registry=registry)
    first = Gauge("pickmesh_events_behind_seconds", "Age of the first of them.", ["room"], registry=registry)
    for room in state.rooms:
        events.labels(room).set(behind.events.counts[room])
        first.labels(room).set(behind.events.seconds(room, now))
    letters = Gauge("pickmesh_letters_waiting", "Letters that have not left.", ["channel"], registry=registry)
    oldest = Gauge("pickmesh_letters_waiting_seconds", "Age of the oldest of them.", ["channel"], registry=registry)
    for channel in sorted({*state.channels, *behind.letters.counts}):
        letters.labels(channel).set(behind.letters.counts[channel])
        oldest.labels(channel).set(behind.letters.seconds(channel, now))
    return generate_latest(registry)


async def _measure_merchants(database: Database, registry: CollectorRegistry) -> None:
    late = Gauge(
        "pickmesh_merchants_waiting", "Merchants a worker should look at now.", ["consumer"], registry=registry
    )
    wait = Gauge("pickmesh_wait_seconds", "How long the first of them has waited.", ["consumer"], registry=registry)
    alive = Gauge("pickmesh_workers_alive", "Workers whose heartbeat is fresh.", registry=registry)
    now = database.clock.now()
    async with database.directory() as connection:
        due = await connection.execute(
            sa.select(MerchantWake.consumer, sa.func.count().label("merchants"), sa.func.min(MerchantWake.due_at))
            .where(MerchantWake.due_at <= now)
            .group_by(MerchantWake.consumer)
        )
        rows = {row[0]: row for row in due}
        fresh = sa.select(sa.func.count()).where(WorkerLease.consumer == worker.ALIVE, WorkerLease.until > now)
        alive.set((await connection.execute(fresh)).scalar_one())
    for consumer in worker.CONSUMERS:
        row = rows.get(consumer)
        late.labels(consumer).set(row[1] if row else 0)
        wait.labels(consumer).set((now - row[2]).total_seconds() if row else 0)
