"""Identifiers: UUIDv7, in time order, monotonic within a process."""

from uuid import UUID

from uuid_utils import compat

NIL_ID = UUID(int=0)
"""Stands where a key column must not be NULL: goods without a lot."""


def new_id() -> UUID:
    """Return a fresh UUIDv7 that sorts after every earlier one of this process."""
    return compat.uuid7()
