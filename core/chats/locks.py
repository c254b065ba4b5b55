"""Row locks of chats: a link guards its messages, so that two processes remember one message, not two."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.chats.tables import ChatLink, Messenger
from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.unit_of_work import UnitOfWork

LINK = tuple(table_of(ChatLink).c)
Row = sa.Row[*tuple[Any, ...]]


async def lock_links(uow: UnitOfWork, link_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Lock links by id, ended ones too; unknown ones are missing."""
    return await _locked(uow, uow.among(ChatLink.id, sorted(link_ids)))


async def lock_links_of_account(uow: UnitOfWork, messenger: Messenger, account: str) -> dict[UUID, Row]:
    """Lock the open links of an account; there is at most one."""
    theirs = sa.and_(ChatLink.messenger == messenger, ChatLink.account == account, ChatLink.ended_at.is_(None))
    return await _locked(uow, theirs)


async def lock_links_of_chat(uow: UnitOfWork, messenger: Messenger, chat: str) -> dict[UUID, Row]:
    """Lock the open links that are spoken to in a chat; a group's members share one."""
    there = sa.and_(ChatLink.messenger == messenger, ChatLink.chat == chat, ChatLink.ended_at.is_(None))
    return await _locked(uow, there)


async def _locked(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> dict[UUID, Row]:
    found = sa.select(*LINK).where(uow.mine(ChatLink), which).order_by(ChatLink.id).with_for_update()
    return {row.id: row for row in await uow.fetch(found)}
