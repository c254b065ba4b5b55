"""Identifiers: UUIDv7, in time order, monotonic within a process."""

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
