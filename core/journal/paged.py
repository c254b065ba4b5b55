"""How every room's queries shape what they found: a page by id, rows by id or number, rows grouped by a column."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest, page_of
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence

Row = sa.Row[*tuple[Any, ...]]


async def page_by_id(
    uow: UnitOfWork, statement: sa.Select[*tuple[Any, ...]], column: Any, request: PageRequest
) -> Page[Row]:
    """Return a page in falling order of ids, which is the newest first; `column` must be selected as `id`."""
    if request.cursor is not None:
        key = id_in(request.cursor)
        statement = statement.where(column > key if request.backwards else column < key)
    ordered = statement.order_by(column if request.backwards else column.desc()).limit(request.limit + 1)
    return page_of(await uow.fetch(ordered), request, lambda row: (str(row.id),))


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
