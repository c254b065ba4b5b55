"""Identifiers: UUIDv7, in time order, monotonic within a process."""

from datetime import datetime
from uuid import UUID

from asyncpg.pgproto import pgproto
from uuid_utils import uuid7

NIL_ID = UUID(int=0)
"""Stands where a key column must not be NULL: goods without a lot."""


def new_id() -> UUID:
    """Return a fresh UUIDv7 that sorts after every earlier one of this process.

    It is of the driver's own subclass of UUID: made, hashed and sent several times as fast, and the same as those read.
    """
    fresh: UUID = pgproto.UUID(uuid7().bytes)
    return fresh


def read_id(text: str) -> UUID:
    """Return the id a text of ours says; ValueError when it says none. A tenth of what `UUID(text)` costs."""
    said: UUID = pgproto.UUID(text)
    return said


def first_id_at(moment: datetime) -> UUID:
    """Return the lowest id a moment can have: rows of a stretch of time are those between two of them."""
    return pgproto.UUID((int(moment.timestamp() * 1000) << 80).to_bytes(16))  # type: ignore[no-any-return]
