"""Seeing the SQL that is sent, to count it: an executemany is one statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from pickmesh.core.journal.database import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect what is sent to a database while the block runs."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
