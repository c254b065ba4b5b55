"""Writes that wait for each other's company: on PostgreSQL several inserts and updates go in one statement.

Each part is a data-modifying WITH query that looks at the part before it, so they run in the order they were given.
All parts see the rows as they were before the statement; the queue therefore takes no two that touch the same row.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from pickmesh.core.db import rows
from pickmesh.core.db.rows import Row, Shape

_PARAMETER = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class _Part:
    shape: Shape
    values: tuple[list[Any], ...]

    def keys(self) -> Iterator[tuple[Any, ...]]:
        """Return what tells its rows apart."""
        of = dict(zip(self.shape.names, self.values, strict=True))
        columns = [of[name] for name in rows.key_names(self.shape.table)]
        return zip(*columns, strict=True) if columns else iter([()])


@dataclass(frozen=True, slots=True)
class Ending:
    """What goes last, with everything that waits: WITH queries, the SELECT that answers, and their values.

    $1 is the merchant, $2 the first value; `{after}` is the condition that everything else is written.
    """

    parts: str
    answer: str
    values: tuple[Any, ...]


@dataclass(slots=True)
class Writes:
    """Rows of one merchant that are written, but not sent yet."""

    merchant_id: UUID
    _parts: list[_Part] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether everything that was written has been sent."""
        return not self._parts

    async def add(self, connection: AsyncConnection, shape: Shape, new: Sequence[Row]) -> None:
        """Let rows wait; where one of them waits already, what waits is sent first."""
        part = _Part(shape, rows.arrays(shape.table, shape.names, new))
        if self._touches(part):
            await self.send(connection)
        self._parts.append(part)

    def _touches(self, part: _Part) -> bool:
        same = [other for other in self._parts if other.shape.table is part.shape.table]
        if not same:
            return False
        return not set(chain.from_iterable(other.keys() for other in same)).isdisjoint(part.keys())

    async def send(self, connection: AsyncConnection) -> None:
        """Send everything that waits."""
        parts, self._parts = self._parts, []
        if parts:
            sql = _joined(tuple(part.shape for part in parts))
            values = chain.from_iterable(part.values for part in parts)
            await connection.exec_driver_sql(sql, (self.merchant_id, *values))

    async def end(self, connection: AsyncConnection, ending: Ending) -> Any:
        """Send everything that waits and what goes last; return the first column it answers, None without a row."""
        parts, self._parts = self._parts, []
        sql = _ended(tuple(part.shape for part in parts), ending.parts, ending.answer)
        values = chain.from_iterable(part.values for part in parts)
        told = (self.merchant_id, *values, *ending.values)
        return (await connection.exec_driver_sql(sql, told)).scalar()


@lru_cache(maxsize=1024)
def _joined(shapes: Sequence[Shape]) -> str:
    """Return the statement that writes parts of these shapes, one after the other."""
    if len(shapes) == 1:
        return rows.sql_of(shapes[0])
    return f"WITH {', '.join(_with(shapes))} SELECT count(*) FROM w{len(shapes) - 1}"


@lru_cache(maxsize=1024)
def _ended(shapes: Sequence[Shape], parts: str, answer: str) -> str:
    """Return the statement that writes parts of these shapes, and then what goes last."""
    told = sum(len(shape.names) for shape in shapes)
    last = _shifted(parts.format(after=_after(len(shapes)) or "true"), told)
    return f"WITH {', '.join([*_with(shapes), last])} {_shifted(answer, told)}"


def _with(shapes: Sequence[Shape]) -> list[str]:
    parts: list[str] = []
    before = 0
    for position, shape in enumerate(shapes):
        parts.append(f"w{position} AS ({_shifted(rows.sql_of(shape, _after(position)), before)})")
        before += len(shape.names)
    return parts


def _after(position: int) -> str:
    """Return the condition that the part before a position is written; empty for the first."""
    return f"(SELECT count(*) FROM w{position - 1}) >= 0" if position else ""


def _shifted(sql: str, by: int) -> str:
    """Return SQL with its parameters numbered on, but for the first, which is the merchant everywhere."""
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + by}" if found[1] != "1" else "$1", sql)
