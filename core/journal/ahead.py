"""Rows on their way to the database while Python makes the next ones.

A statement keeps Python waiting, and Python keeps the database waiting. In a batch of thousands of rows both can work:
one statement at a time is under way, in the order they were given, all of them in the unit of work's one transaction.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TypeVar

from pickmesh.core.db.base import Base
from pickmesh.core.db.rows import Row
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.lanes import Lane

Made = TypeVar("Made")
SLICE = 100
"""Things made before the loop may hand more bytes to the database: a large statement goes out in several pieces."""


class Ahead(Lane):
    """Inserts that are waited for no sooner than the next statement; nobody else may use the unit of work meanwhile.

    Before anything else is done with the unit of work, wait until it is `settled`.
    """

    def __init__(self, uow: UnitOfWork) -> None:
        super().__init__()
        self._uow = uow

    async def __aenter__(self) -> "Ahead":
        return self

    async def insert(self, table: type[Base], new: Sequence[Row]) -> None:
        """Begin to insert many rows in one statement, once the one before it is through."""
        await self.begin(self._uow.insert_now(table, new))

    async def made(self, things: Iterable[Made]) -> list[Made]:
        """Make things while a statement is under way."""
        out: list[Made] = []
        for thing in things:
            out.append(thing)
            if len(out) % SLICE == 0:
                await asyncio.sleep(0)
        return out
