"""Keyset paging: a cursor is the sort key of the last row seen, so pages neither skip nor repeat."""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pickmesh.core.kit import refusals
from pickmesh.core.kit.texts import sentence

Item = TypeVar("Item")
PAGE_MAX = 250
PAGE_DEFAULT = 50
COUNT_MAX = 10_000
"""Most rows a list counts; whoever has more filters."""

Count = Callable[..., Awaitable[int]]
"""Counts the rows of a list in a unit of work, one more than the most at most; asked only when somebody wants it."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is asked for: `first` rows after a cursor, or `last` rows before one."""

    limit: int = PAGE_DEFAULT
    cursor: tuple[object, ...] | None = None
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Rows in order, a cursor for each, whether more lie on either side, and how all of them could be counted."""

    items: Sequence[Item]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    count: Count | None = None


def page_request(
    first: int | None, after: str | None, last: int | None = None, before: str | None = None
) -> PageRequest:
    """Read Relay's paging arguments; refuses both directions at once, sizes outside 0..250 and foreign cursors."""
    backwards = last is not None or before is not None
    if backwards and (first is not None or after is not None):
        raise refusals.InvalidInput("Page forwards with first/after or backwards with last/before, not both.")
    limit = last if backwards else first
    if limit is not None and not 0 <= limit <= PAGE_MAX:
        name = "last" if backwards else "first"
        message = sentence("{name} must be between 0 and {most}.", name=name, most=PAGE_MAX)
        raise refusals.LimitExceeded(message, field=(name,))
    cursor = before if backwards else after
    key = decode_cursor(cursor, "before" if backwards else "after") if cursor is not None else None
    return PageRequest(PAGE_DEFAULT if limit is None else limit, key, backwards)


def page_of(
    rows: Sequence[Item],
    request: PageRequest,
    key: Callable[[Item], tuple[object, ...]],
    count: Count | None = None,
) -> Page[Item]:
    """Cut a page out of `limit + 1` fetched rows (already in the asked direction) and put it in forward order."""
    more = len(rows) > request.limit
    kept = list(rows[: request.limit])
    if request.backwards:
        kept.reverse()
    came_from = request.cursor is not None
    return Page(
        items=kept,
        cursors=[encode_cursor(key(row)) for row in kept],
        has_next=came_from if request.backwards else more,
        has_previous=more if request.backwards else came_from,
        count=count,
    )


def encode_cursor(key: tuple[object, ...]) -> str:
    """Return an opaque text for a sort key."""
    return base64.urlsafe_b64encode(json.dumps(key, default=str).encode()).decode()


def decode_cursor(cursor: str, argument: str = "after") -> tuple[object, ...]:
    """Return the sort key inside a cursor; refuses text that is none of ours, naming the argument it came in."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, list) or not key:
        raise refusals.InvalidInput(
            "That cursor is not one of ours; start again from the first page.", field=(argument,)
        )
    return tuple(key)
