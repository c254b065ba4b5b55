"""The unit of work: one transaction of one merchant, with its actor, its moment and what happened in it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pickmesh.core.db import rows
from pickmesh.core.db.base import Base, Written, dump_json
from pickmesh.core.db.prepared import Prepared
from pickmesh.core.db.rows import Shape
from pickmesh.core.db.writes import Ending, Writes
from pickmesh.core.journal.tables import Counter, EventRow, Timer
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.events import Event
from pickmesh.core.kit.vault import Vault

EVENT_COUNTER = "event"
_COUNTER = rows.table_of(Counter).c
_ADVANCE = (
    sa.update(Counter)
    .where(_COUNTER.merchant_id == sa.bindparam("mine"), _COUNTER.kind == sa.bindparam("counted"))
    .values(last=_COUNTER.last + sa.bindparam("count", type_=sa.BigInteger()))
    .returning(_COUNTER.last)
)
_LOG = """
counted AS (
  UPDATE counter SET last = last + $3::BIGINT
  WHERE merchant_id = $1::UUID AND kind = $2::TEXT AND {after} RETURNING last
), written AS (
  INSERT INTO event (merchant_id, seq, kind, subject_id, payload, actor_id, at)
  SELECT $1::UUID, c.last - $3::BIGINT + e.position, e.kind, e.subject_id, e.payload, e.actor_id, $4::TIMESTAMPTZ
  FROM counted AS c, unnest($5::TEXT[], $6::UUID[], $7::JSONB[], $8::UUID[])
    WITH ORDINALITY AS e(kind, subject_id, payload, actor_id, position)
  RETURNING 1
)"""
_New = tuple[str, UUID, Written, UUID | None]
"""An event to be logged: kind, subject, payload, who acted."""


class UnitOfWork:
    """One transaction. Commands read and write through it and emit events; leaving the block commits.

    `now` is one moment for the whole unit. Statements name `merchant_id` themselves: `mine(Table)` is the condition.
    What `insert`, `upsert` and `update` write may wait for the next statement or the commit, and goes to PostgreSQL in
    one statement with whatever else was written meanwhile; what the database refuses of it is raised then.
    """

    def __init__(self, connection: AsyncConnection, actor: Actor, now: datetime, vault: Vault) -> None:
        self.connection = connection
        self.vault = vault
        self.actor = actor
        self.merchant_id = actor.merchant_id
        self.now = now
        self.dialect = connection.dialect.name
        self._can_wait = self.dialect == "postgresql"
        self._writes = Writes(self.merchant_id)
        self._events: list[tuple[str, UUID, Written]] = []
        self._credited: dict[UUID, UUID] = {}
        self.last_seq: int | None = None

    def mine(self, table: type[Base]) -> sa.ColumnElement[bool]:
        """Return the condition that a row belongs to this merchant."""
        return rows.table_of(table).c.merchant_id == self.merchant_id

    def among(self, columns: rows.Column | Sequence[rows.Column], values: Iterable[Any]) -> sa.ColumnElement[bool]:
        """Return the condition that a column, or several together, is one of the values (any number of them)."""
        return rows.among(self.dialect, columns, list(values))

    def in_reach(self, *columns: rows.Column) -> sa.ColumnElement[bool]:
        """Return the condition that one of these columns names a warehouse the caller works for.

        Everything passes for whom all are open.
        """
        if self.actor.warehouse_ids is None:
            return sa.true()
        return sa.or_(*(self.among(column, sorted(self.actor.warehouse_ids)) for column in columns))

    async def fetch(self, statement: sa.Select[*tuple[Any, ...]]) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        """Run a SELECT and return all its rows."""
        await self.settled()
        found: Sequence[sa.Row[*tuple[Any, ...]]] = (await self.connection.execute(statement)).all()
        return found

    async def ask(self, prepared: Prepared, **values: Any) -> Sequence[sa.Row[Any]]:
        """Run a prepared query with these values and return all its rows."""
        await self.settled()
        return await prepared.run(self.connection, self.merchant_id, values)

    async def first(self, statement: sa.Select[*tuple[Any, ...]]) -> sa.Row[*tuple[Any, ...]] | None:
        """Run a SELECT and return its first row, if there is one."""
        await self.settled()
        found: sa.Row[*tuple[Any, ...]] | None = (await self.connection.execute(statement)).first()
        return found

    async def scalar(self, statement: sa.Select[*tuple[Any, ...]]) -> Any:
        """Run a SELECT and return the first column of its first row, or None."""
        await self.settled()
        return (await self.connection.execute(statement)).scalar()

    async def execute(self, statement: sa.Executable) -> sa.CursorResult[Any]:
        """Run an INSERT, UPDATE or DELETE."""
        await self.settled()
        return await self.connection.execute(statement)

    async def settled(self) -> None:
        """Send what was written and still waits; whoever uses the `connection` itself asks for this first."""
        if not self._writes.is_empty:
            await self._writes.send(self.connection)

    async def insert(self, table: type[Base], new: Sequence[rows.Row]) -> None:
        """Insert many rows; `merchant_id` is filled in."""
        if self._can_wait:
            await self._write("insert", table, new)
        else:
            await rows.insert(self.connection, table, new, merchant_id=self.merchant_id)

    async def insert_now(self, table: type[Base], new: Sequence[rows.Row]) -> None:
        """Insert very many rows in a statement of their own that does not wait."""
        await self.settled()
        await rows.insert(self.connection, table, new, merchant_id=self.merchant_id)

    async def upsert(
        self, table: type[Base], new: Sequence[rows.Row], *, add: Sequence[str] = (), replace: Sequence[str] = ()
    ) -> None:
        """Insert many rows, adding to or replacing columns where the primary key exists; `merchant_id` is filled in."""
        if self._can_wait:
            await self._write("upsert", table, new, add=tuple(add), replace=tuple(replace))
        else:
            bound = [{"merchant_id": self.merchant_id, **row} for row in new]
            await rows.upsert(self.connection, table, bound, add=add, replace=replace)

    async def update(
        self, table: type[Base], changed: Sequence[rows.Row], *, add: Sequence[str] = (), bump_version: bool = False
    ) -> None:
        """Update many rows by primary key; `merchant_id` is filled in."""
        if self._can_wait:
            await self._write("update", table, changed, add=tuple(add), bump_version=bump_version)
        else:
            mine = self.merchant_id
            await rows.update(self.connection, table, changed, merchant_id=mine, add=add, bump_version=bump_version)

    async def _write(self, kind: Any, table: type[Base], new: Sequence[rows.Row], **how: Any) -> None:
        if new:
            await self._writes.add(self.connection, Shape(kind, table, tuple(new[0]), **how), new)

    def emit(self, events: Iterable[Event]) -> None:
        """Remember what happened; it is written to the log last, just before the commit."""
        self._events.extend((event.kind, event.subject_id, Written(dump_json(event.payload()))) for event in events)

    def credit(self, person_id: UUID, subject_ids: Iterable[UUID]) -> None:
        """Name the person who acts on subjects: the log tells of them under that person instead of the unit's own."""
        self._credited.update(dict.fromkeys(subject_ids, person_id))

    async def next_numbers(self, kind: str, count: int) -> range:
        """Take `count` document numbers of a kind; they are unique per merchant and may have gaps."""
        last = await self._advance(kind, count)
        return range(last - count + 1, last + 1)

    async def set_timers(self, kind: str, due: dict[UUID, datetime]) -> None:
        """Ask for `timer_due` events about subjects; a second setting replaces the first."""
        new = [{"kind": kind, "subject_id": subject, "due_at": at} for subject, at in due.items()]
        await self.upsert(Timer, new, replace=["due_at"])

    async def clear_timers(self, kind: str, subjects: Iterable[UUID]) -> None:
        """Forget timers that are no longer needed."""
        gone = sa.delete(Timer).where(self.mine(Timer), Timer.kind == kind, self.among(Timer.subject_id, subjects))
        await self.execute(gone)

    def after(self, delay: timedelta) -> datetime:
        """Return the moment `delay` after this unit's own."""
        return self.now + delay

    async def finish(self) -> None:
        """Write what waits and the events, numbered from the counter; the database calls this right before commit."""
        if not self._events:
            await self.settled()
            return
        acting_id = self.actor.acting_id
        new = [
            (kind, subject_id, payload, self._credited.get(subject_id, acting_id))
            for kind, subject_id, payload in self._events
        ]
        self._events.clear()
        self.last_seq = await (self._log_at_once(new) if self._can_wait else self._log(new))

    async def _log_at_once(self, new: Sequence[_New]) -> int:
        """Number and write events with whatever waits; the counter is the last thing a unit of work locks."""
        told = (EVENT_COUNTER, len(new), self.now, *map(list, zip(*new, strict=True)))
        log = Ending(_LOG, "SELECT last FROM counted", told)
        last = await self._writes.end(self.connection, log)
        if last is None:
            await self._begin_counting(EVENT_COUNTER)
            last = await self._writes.end(self.connection, log)
        return int(last)

    async def _log(self, new: Sequence[_New]) -> int:
        last = await self._advance(EVENT_COUNTER, len(new))
        numbered = (
            {
                "seq": seq,
                "kind": kind,
                "subject_id": subject_id,
                "payload": payload,
                "actor_id": actor_id,
                "at": self.now,
            }
            for seq, (kind, subject_id, payload, actor_id) in enumerate(new, last - len(new) + 1)
        )
        await self.insert(EventRow, list(numbered))
        return last

    async def _advance(self, kind: str, count: int) -> int:
        await self.settled()
        told = {"mine": self.merchant_id, "counted": kind, "count": count}
        last = (await self.connection.execute(_ADVANCE, told)).scalar()
        if last is None:
            await self._begin_counting(kind)
            last = (await self.connection.execute(_ADVANCE, told)).scalar_one()
        return int(last)

    async def _begin_counting(self, kind: str) -> None:
        await self.upsert(Counter, [{"kind": kind, "last": 0}])
        await self.settled()
