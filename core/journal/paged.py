"""How every room's queries shape what they found: pages by id or sorted, counted when asked, rows in groups."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import COUNT_MAX, Count, Page, PageRequest, page_of
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Sort:
    """By what a list is sorted: a column that is never NULL, then the id; both rise, or both fall."""

    name: str
    column: Any
    falling: bool = True


async def page_by_id(
    uow: UnitOfWork, statement: sa.Select[*tuple[Any, ...]], column: Any, request: PageRequest
) -> Page[Row]:
    """Return a page in falling order of ids, which is the newest first; `column` must be selected as `id`."""
    wanted = statement
    if request.cursor is not None:
        key = id_in(request.cursor)
        wanted = statement.where(column > key if request.backwards else column < key)
    ordered = wanted.order_by(column if request.backwards else column.desc()).limit(request.limit + 1)
    return page_of(await uow.fetch(ordered), request, lambda row: (str(row.id),), counting(statement))


async def page_sorted(
    uow: UnitOfWork, statement: sa.Select[*tuple[Any, ...]], sort: Sort, id_column: Any, request: PageRequest
) -> Page[Row]:
    """Return a page sorted by a column and, where that is equal, by id, so that no row is skipped or told twice.

    `statement` must select the column under its own name and `id_column` as `id`.
    """
    falls = sort.falling != request.backwards
    key = sa.tuple_(sort.column, id_column)
    wanted = statement
    if request.cursor is not None:
        seen = _seen(sort, request.cursor)
        at = sa.tuple_(sa.literal(seen[0], sort.column.type), sa.literal(seen[1], id_column.type))
        wanted = statement.where(key < at if falls else key > at)
    columns = (sort.column, id_column)
    ordered = wanted.order_by(*(column.desc() if falls else column.asc() for column in columns))
    found = await uow.fetch(ordered.limit(request.limit + 1))
    name = sort.column.key
    return page_of(found, request, lambda row: (sort.name, _told(row._mapping[name]), str(row.id)), counting(statement))


def _told(value: Any) -> Any:
    """Return a sort value as a cursor holds it; a moment is told apart from a text."""
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _seen(sort: Sort, cursor: tuple[object, ...]) -> tuple[Any, UUID]:
    """Return the value and id a cursor holds; refuses a cursor of another list or of another order of it."""
    if (
        len(cursor) == len(("name", "value", "id"))
        and cursor[0] == sort.name
        and isinstance(cursor[1], str | int | dict)
    ):
        _, value, id_text = cursor
        try:
            return datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value, UUID(str(id_text))
        except (ValueError, TypeError, KeyError):
            pass
    message = sentence("That cursor is not one of this list; start again from the first page.")
    raise InvalidInput(message, field=("after",))


def counting(statement: sa.Select[*tuple[Any, ...]]) -> Count:
    """Return how the rows of a query are counted, in one statement and only as far as anybody wants to know."""
    return partial(_counted, statement)


async def _counted(statement: sa.Select[*tuple[Any, ...]], uow: UnitOfWork) -> int:
    some = statement.order_by(None).limit(COUNT_MAX + 1).subquery()
    return int(await uow.scalar(sa.select(sa.func.count()).select_from(some)))


def id_in(cursor: tuple[object, ...]) -> UUID:
    """Return the id a cursor holds; refuses a cursor of another kind of list."""
    try:
        return UUID(str(cursor[0]))
    except ValueError:
        message = sentence("That cursor is not one of this list; start again from the first page.")
        raise InvalidInput(message, field=("after",)) from None


def grouped(found: Iterable[Row], column: str) -> Mapping[Any, list[Row]]:
    """Return rows by what stands in a column, each group in the order found."""
    groups: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in found:
        groups[row._mapping[column]].append(row)
    return groups
