"""Watches row locks and fails the transaction that takes them against the house's order.

A `SELECT … FOR UPDATE` may not lock a table that stands before one this transaction has locked already, unless it
locked rows of that table before. The order is docs/decisions/0007-lock-order.md. Watched are the units of work that
`Database.run` opens, as every request, scan, reaction and import does; a test that puts several commands into one unit
of work of its own locks as it likes.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor

RANKS = {
    "idempotency_key": 0,
    "merchant": 1,
    "sku": 1,
    "shop": 1,
    "person": 1,
    "location": 1,
    "wave_template": 1,
    "partnership": 1,
    "offer": 1,
    "partner_offer": 1,
    "dropship": 1,
    "sales_order": 2,
    "fulfillment_order": 3,
    "wave": 4,
    "pick_list": 5,
    "manifest": 5,
    "scan_session": 6,
    "place": 7,
    "exception_task": 8,
    "parcel": 9,
    "transfer": 9,
    "replenishment_task": 9,
    "stock_level": 10,
    "review_rule": 11,
    "stock_balance": 11,
    "stock_unit": 12,
    "print_job": 13,
    "counter": 14,
}
_WATCHING: ContextVar[bool] = ContextVar("watching", default=False)
_LOCKED = re.compile(r"\bFROM\s+\"?(\w+)\"?", re.IGNORECASE)
_OF = re.compile(r"FOR (?:NO KEY )?UPDATE OF \"?(\w+)", re.IGNORECASE)


def locked_table(statement: str) -> str | None:
    """Return the table whose rows a statement locks for long, None when it locks none we watch."""
    if "FOR UPDATE" in statement or "FOR NO KEY UPDATE" in statement:
        named = _OF.search(statement) or _LOCKED.search(statement)
        return named.group(1) if named else None
    return "counter" if statement.startswith("UPDATE counter") else None


@contextmanager
def watched(engine: AsyncEngine) -> Iterator[list[str]]:
    """Collect inversions on an engine while the block runs, each as a sentence."""
    inversions: list[str] = []

    def begun(connection: sa.Connection) -> None:
        connection.info["locks"] = []

    def about_to_run(connection: sa.Connection, cursor: Any, statement: str, *rest: Any) -> None:
        table = locked_table(statement)
        if table not in RANKS or not _WATCHING.get():
            return
        taken: list[str] = connection.info.setdefault("locks", [])
        later = [other for other in taken if RANKS[other] > RANKS[table]]
        if later and table not in taken:
            inversions.append(f"{table} is locked after {', '.join(dict.fromkeys(later))}: {statement[:200]}")
        taken.append(table)

    sa.event.listen(engine.sync_engine, "begin", begun)
    sa.event.listen(engine.sync_engine, "before_cursor_execute", about_to_run)
    try:
        yield inversions
    finally:
        sa.event.remove(engine.sync_engine, "begin", begun)
        sa.event.remove(engine.sync_engine, "before_cursor_execute", about_to_run)


_RUN = Database.run


async def run_watched(self: Database, actor: Actor, work: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
    """Run a unit of work as `Database.run` does, watched."""
    token = _WATCHING.set(True)
    try:
        return await _RUN(self, actor, work)
    finally:
        _WATCHING.reset(token)
