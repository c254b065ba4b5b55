"""Doing many things at once, each on a connection of its own, and looking afterwards whether the books are right."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.builders_floor import CHECKS

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor

Work = Callable[[UnitOfWork], Awaitable[Any]]


async def at_once(database: Database, actor: Actor, work: Sequence[Work]) -> list[Any]:
    """Start all work together, each in a transaction of its own; what any of it raises fails the test."""
    start = asyncio.Barrier(len(work))

    async def one(task: Work) -> Any:
        await start.wait()
        return await database.run(actor, task)

    return list(await asyncio.gather(*(one(task) for task in work)))


async def assert_sound(database: Database, actor: Actor) -> None:
    """No invariant of any room is violated."""
    async with database.reading(actor) as uow:
        assert [found for room in CHECKS for found in await room.violations(uow)] == []
