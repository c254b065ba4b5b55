"""What may be asked about notices; everybody sees their own."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import paging, refusals
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.notices import rules
from pickmesh.core.notices.locks import NOTICE
from pickmesh.core.notices.rules import Action
from pickmesh.core.notices.tables import Notice

__all__ = ["NOTICE", "NoticeRow", "notice_of", "notices_by_id", "page", "unread"]


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """What a person is told: a sentence, and what can be done about it."""

    id: UUID
    person_id: UUID
    kind: str
    state: str
    subject_id: UUID
    text: str
    actions: tuple[Action, ...]
    posted_at: datetime
    changed_at: datetime
    read_at: datetime | None
    version: int


async def page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    states: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    unread: bool | None = None,
) -> Page[NoticeRow]:
    """Return a page of the caller's own notices, the last changed first; programs have none."""
    found = sa.select(*NOTICE).where(uow.mine(Notice), Notice.person_id == uow.actor.person_id)
    if states is not None:
        found = found.where(uow.among(Notice.state, sorted(states)))
    if kinds is not None:
        found = found.where(uow.among(Notice.kind, sorted(kinds)))
    if unread is not None:
        found = found.where(Notice.read_at.is_(None) if unread else Notice.read_at.is_not(None))
    key = (Notice.changed_at, Notice.id)
    if request.cursor is not None:
        here = sa.tuple_(*(sa.literal(part, column.type) for part, column in zip(_cursor(request), key, strict=True)))
        found = found.where(sa.tuple_(*key) > here if request.backwards else sa.tuple_(*key) < here)
    order = list(key) if request.backwards else [column.desc() for column in key]
    rows = [notice_of(row) for row in await uow.fetch(found.order_by(*order).limit(request.limit + 1))]
    return paging.page_of(rows, request, lambda row: (row.changed_at.isoformat(), str(row.id)))


async def notices_by_id(uow: UnitOfWork, notice_ids: Iterable[UUID]) -> dict[UUID, NoticeRow]:
    """Return notices by id, whoever they are for; unknown ids are missing."""
    found = await uow.fetch(sa.select(*NOTICE).where(uow.mine(Notice), uow.among(Notice.id, notice_ids)))
    return {row.id: notice_of(row) for row in found}


async def unread(uow: UnitOfWork) -> int:
    """Return how many of the caller's own notices are unseen."""
    theirs = (Notice.person_id == uow.actor.person_id, Notice.read_at.is_(None))
    return int(await uow.scalar(sa.select(sa.func.count()).select_from(Notice).where(uow.mine(Notice), *theirs)))


def notice_of(row: Any) -> NoticeRow:
    """Return a notice from its columns."""
    return NoticeRow(
        row.id,
        row.person_id,
        row.kind,
        row.state,
        row.subject_id,
        rules.text_in(row.text),
        rules.actions_in(row.text),
        row.posted_at,
        row.changed_at,
        row.read_at,
        row.version,
    )


def _cursor(request: PageRequest) -> tuple[datetime, UUID]:
    try:
        at, notice_id = request.cursor or ()
        return datetime.fromisoformat(str(at)), UUID(str(notice_id))
    except ValueError:
        raise refusals.InvalidInput("That cursor is not one of this list's; start again from the first page.") from None
