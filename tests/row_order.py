"""Rows nobody put in order come in another one: a database owes no order that was not asked for.

The rows of every statement without ORDER BY are shuffled before anybody sees them, those RETURNING gives among them;
where there is an ORDER BY, rows that are equal by it are. Each test has a seed of its own, made of its name, so that it
sees the same order each time; PICKMESH_ROW_ORDER=<anything> deals all of them anew. Covered is what goes through this
process's engines, not servers a test starts.
"""

import os
import re
from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from random import Random
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import _label_reference

from pickmesh.core.db.prepared import Prepared

_DEAL = os.environ.get("PICKMESH_ROW_ORDER", "0")
_ROWS = re.compile(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_ORDER = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
_INNERMOST = re.compile(r"\([^()]*\)")
_CATALOGUE = re.compile(r"\b(?:pg_catalog|sqlite_master)\b")

Positions = tuple[int, ...] | None
"""Where in a row stands what it was ordered by; empty when it was by nothing, None when that cannot be seen."""

_random = Random(_DEAL)
_positions: WeakKeyDictionary[Any, Positions] = WeakKeyDictionary()


def begin(test: str) -> str:
    """Deal a test its order; returns what to tell of it should the test fail."""
    _random.seed(f"{_DEAL} {test}")
    return f"Rows nobody put in order came as PICKMESH_ROW_ORDER={_DEAL} deals them."


@lru_cache(maxsize=4096)
def is_unordered(sql: str) -> bool:
    """Tell whether a statement gives rows in no order; an ORDER BY in parentheses orders something else."""
    if not _ROWS.match(sql) or _CATALOGUE.search(sql):
        return False
    outer, before = sql, ""
    while outer != before:
        outer, before = _INNERMOST.sub("", outer), outer
    return not _ORDER.search(outer)


def positions_of(statement: Any, columns: Sequence[Sequence[Any]]) -> Positions:
    """Find what a statement orders by among the columns it gives; a column is known by any of its objects."""
    found: list[int] = []
    for clause in statement._order_by_clauses:
        asked = clause
        while isinstance(asked, sa.UnaryExpression | _label_reference):
            asked = asked.element
        # A column of a mapped class is an annotated copy: of its table's column it has the hash, not the identity.
        same = (number for number, objects in enumerate(columns) if hash(asked) in map(hash, objects))
        position = next(same, None)
        if position is None:
            return None
        found.append(position)
    return tuple(found)


def shuffled(rows: Sequence[Any], positions: Positions) -> list[Any]:
    """Return the rows, those that are equal by what stands at the positions in another order than they came."""
    if positions is None:
        return list(rows)
    dealt: list[Any] = []
    for _, equal in groupby(rows, key=lambda row: [row[position] for position in positions]):
        came = list(equal)
        group = _random.sample(came, len(came))
        dealt += group if any(one is not other for one, other in zip(group, came, strict=True)) else reversed(came)
    return dealt


def _after(
    connection: Any, cursor: Any, sql: str, parameters: Any, context: sa.ExecutionContext | None, many: bool
) -> None:
    found = getattr(cursor, "_rows", None)
    if not isinstance(found, deque) or len(found) < 2:
        return
    positions = () if is_unordered(sql) else _known(context)
    if positions is not None:
        cursor._rows = deque(shuffled(found, positions))


def _known(context: Any) -> Positions:
    compiled = getattr(context, "compiled", None)
    if compiled is None or not isinstance(compiled.statement, sa.Select | sa.CompoundSelect):
        return None
    if compiled not in _positions:
        columns = [column.objects for column in compiled._result_columns]
        _positions[compiled] = positions_of(compiled.statement, columns)
    return _positions[compiled]


_RUN = Prepared.run


async def _run(
    self: Prepared, connection: AsyncConnection, merchant_id: UUID, values: Mapping[str, Any]
) -> Sequence[sa.Row[Any]]:
    found = await _RUN(self, connection, merchant_id, values)
    if len(found) < 2 or connection.dialect.name != "postgresql":
        return found  # the event above has seen it
    statement, _ = self._built_for("postgresql")
    if self not in _positions:
        is_query = isinstance(statement, sa.Select | sa.CompoundSelect)
        columns = [[column] for column in statement.exported_columns]
        _positions[self] = positions_of(statement, columns) if is_query else ()
    return shuffled(found, _positions[self])


def watch() -> None:
    """Begin: every engine of this process, and the statements that go to PostgreSQL's driver by themselves."""
    sa.event.listen(sa.Engine, "after_cursor_execute", _after)
    Prepared.run = _run  # type: ignore[method-assign]
