"""Rows on their way to the database while Python makes the next ones.

A statement keeps Python waiting, and Python keeps the database waiting. In a batch of thousands of rows both can work:
one statement at a time is under way, in the order they were given, all of them in the unit of work's one transaction.
"""

import asyncio
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TypeVar

from pickmesh.core.db.base import Base
from pickmesh.core.db.rows import Row
from pickmesh.core.journal.unit_of_work import UnitOfWork

Made = TypeVar("Made")
SLICE = 100
"""Things made before the loop may hand more bytes to the database: a large statement goes out in several pieces."""


class Ahead:
    """Inserts that are waited for no sooner than the next statement; nobody else may use the unit of work meanwhile.

    Leaving the block waits for the last one. What the database refuses is raised at the wait that follows.
    """

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._under_way: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Ahead":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.settled()
        elif self._under_way is not None:  # the transaction is lost anyway; its last statement must end before that
            await asyncio.wait([self._under_way])
            self._under_way.exception()

    async def insert(self, table: type[Base], new: Sequence[Row]) -> None:
        """Begin to insert many rows in one statement, once the one before it is through."""
        await self.settled()
        if new:
            self._under_way = asyncio.create_task(self._uow.insert(table, new))
            await asyncio.sleep(0)

    async def made(self, things: Iterable[Made]) -> list[Made]:
        """Make things while a statement is under way."""
        out: list[Made] = []
        for thing in things:
            out.append(thing)
            if len(out) % SLICE == 0:
                await asyncio.sleep(0)
        return out

    async def settled(self) -> None:
        """Wait for the statement under way, after which the unit of work is free for others."""
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            await under_way
