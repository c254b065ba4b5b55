"""The database as the rest of core sees it: it opens units of work, retries them and tells who should wake."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
import stamina
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pickmesh.core.db import engines, walls
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import Clock, SystemClock
from pickmesh.core.kit.vault import Vault

Answer = TypeVar("Answer")
_RETRYABLE_STATES = {"40001", "40P01", "08006", "08003"}
RETRIES = 8


class StartAnew(Exception):
    """Somebody else has just written what this unit of work was about to: `Database.run` starts it anew."""


class Database:
    """One database, the clock by which its units of work tell the time, and the vault of its merchants' secrets."""

    def __init__(
        self, url: str, *, vault: Vault, clock: Clock | None = None, pool_size: int = engines.POOL_SIZE
    ) -> None:
        self.engine: AsyncEngine = engines.create_engine(url, pool_size=pool_size)
        self.vault = vault
        self.clock: Clock = clock or SystemClock()
        self.woken: asyncio.Queue[UUID] = asyncio.Queue(maxsize=10_000)

    @asynccontextmanager
    async def unit_of_work(self, actor: Actor) -> AsyncIterator[UnitOfWork]:
        """Open one transaction bound to the actor's merchant; it commits when the block ends well."""
        async with self.engine.connect() as connection, connection.begin():
            await walls.bind(connection, actor.merchant_id)
            uow = UnitOfWork(connection, actor, self.clock.now(), self.vault)
            yield uow
            await uow.finish()
        if uow.last_seq is not None and not self.woken.full():
            self.woken.put_nowait(actor.merchant_id)

    @asynccontextmanager
    async def reading(self, actor: Actor) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work that only reads and never commits."""
        async with self.engine.connect() as connection:
            await connection.execution_options(**{engines.READ_ONLY: True})
            transaction = await connection.begin()
            try:
                await walls.bind(connection, actor.merchant_id)
                yield UnitOfWork(connection, actor, self.clock.now(), self.vault)
            finally:
                await transaction.rollback()

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction bound to no merchant: only the directory can be read or written."""
        async with self.engine.connect() as connection, connection.begin():
            await walls.bind(connection, None)
            yield connection

    async def run(self, actor: Actor, work: Callable[[UnitOfWork], Awaitable[Answer]]) -> Answer:
        """Do the work in a unit of work; a deadlock, a serialization failure or a lost connection starts it anew."""
        async for attempt in stamina.retry_context(
            on=is_passing, attempts=RETRIES, timeout=30, wait_initial=0.01, wait_max=0.5, wait_jitter=0.05
        ):
            with attempt:
                async with self.unit_of_work(actor) as uow:
                    return await work(uow)
        raise AssertionError("the retry context either returns or raises")

    async def dispose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def is_passing(error: Exception) -> bool:
    """Tell whether the same work may succeed when tried again."""
    if isinstance(error, StartAnew):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state: Any = getattr(error.orig, "sqlstate", None)
    return state in _RETRYABLE_STATES or "database is locked" in str(error.orig)
