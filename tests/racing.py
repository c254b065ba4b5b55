"""Doing many things at once, each on a connection of its own, and looking afterwards whether the books are right."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import sqlalchemy as sa
from tests.builders_floor import CHECKS

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor

WAIT_S_MAX = 60
_LOOK_ANEW = sa.text("SELECT pg_stat_clear_snapshot()")
"""Within one transaction PostgreSQL tells what goes on as it was at the first look."""
Work = Callable[[UnitOfWork], Awaitable[Any]]


async def at_once(database: Database, actor: Actor, work: Sequence[Work]) -> list[Any]:
    """Start all work together, each in a transaction of its own; what any of it raises fails the test."""
    start = asyncio.Barrier(len(work))

    async def one(task: Work) -> Any:
        await start.wait()
        return await database.run(actor, task)

    return list(await asyncio.gather(*(one(task) for task in work)))


async def until_waiting(database: Database, count: int = 1) -> None:
    """Return once so many transactions of this PostgreSQL database wait for locks another one holds."""
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(WAIT_S_MAX), database.directory() as connection:
        while (await connection.execute(waiting)).scalar_one() < count:
            await connection.execute(_LOOK_ANEW)
            await asyncio.sleep(0.02)


async def assert_sound(database: Database, actor: Actor) -> None:
    """No invariant of any room is violated."""
    async with database.reading(actor) as uow:
        assert [found for room in CHECKS for found in await room.violations(uow)] == []
