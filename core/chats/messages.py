"""Which message in which chat shows which object, so that something newer edits it instead of being sent below."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.chats import locks
from pickmesh.core.chats.tables import ChatMessage
from pickmesh.core.db.rows import table_of
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent or edited: what it is about (`notice`, `card`), which object, how it looks now."""

    link_id: UUID
    about: str
    subject_id: UUID
    message: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message of ours that may be edited."""

    id: UUID
    link_id: UUID
    about: str
    subject_id: UUID
    message: str
    content_hash: str
    sent_at: datetime
    edited_at: datetime | None
    version: int


_MESSAGE = [getattr(ChatMessage, item.name) for item in fields(MessageRow)]
_KEY = tuple(table_of(ChatMessage).c[name] for name in ("link_id", "about", "subject_id"))


async def remember(uow: UnitOfWork, sent: Sequence[Sent]) -> None:
    """Keep which messages show what; a later one about the same object in the same chat takes the earlier's place.

    Messages of links that have ended are not kept. A message edited to look as before changes nothing.
    """
    links = await locks.lock_links(uow, {each.link_id for each in sent})
    newest = {
        (each.link_id, each.about, each.subject_id): each
        for each in sent
        if each.link_id in links and links[each.link_id].ended_at is None
    }
    known = await _known(uow, newest)
    new = [
        {**{item.name: getattr(each, item.name) for item in fields(Sent)}, "id": new_id(), "sent_at": uow.now}
        for key, each in newest.items()
        if key not in known
    ]
    await uow.insert(ChatMessage, new)
    changed = [
        {"id": known[key].id, "message": each.message, "content_hash": each.content_hash, "edited_at": uow.now}
        for key, each in newest.items()
        if key in known and (known[key].message, known[key].content_hash) != (each.message, each.content_hash)
    ]
    await uow.update(ChatMessage, changed, bump_version=True)


async def of_subjects(
    uow: UnitOfWork, about: str, subject_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[sa.Row[*tuple[object, ...]]]]:
    """Return the messages that show objects, by object; rows are like `MessageRow`."""
    which = (ChatMessage.about == about, uow.among(ChatMessage.subject_id, subject_ids))
    found = await uow.fetch(sa.select(*_MESSAGE).where(uow.mine(ChatMessage), *which).order_by(ChatMessage.id))
    return paged.grouped(found, "subject_id")


async def of_links(uow: UnitOfWork, about: str, link_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], MessageRow]:
    """Return what chats show, by link and object."""
    which = (ChatMessage.about == about, uow.among(ChatMessage.link_id, link_ids))
    found = await uow.fetch(sa.select(*_MESSAGE).where(uow.mine(ChatMessage), *which))
    return {(row.link_id, row.subject_id): MessageRow(*row) for row in found}


async def forget(uow: UnitOfWork, link_id: UUID, about: str, subject_ids: Collection[UUID]) -> None:
    """Forget messages that are gone or finished: what is told next about their objects is a new message."""
    which = (ChatMessage.link_id == link_id, ChatMessage.about == about, uow.among(ChatMessage.subject_id, subject_ids))
    await uow.execute(sa.delete(ChatMessage).where(uow.mine(ChatMessage), *which))


async def _known(uow: UnitOfWork, keys: Collection[tuple[UUID, str, UUID]]) -> dict[tuple[UUID, str, UUID], MessageRow]:
    if not keys:
        return {}
    found = await uow.fetch(sa.select(*_MESSAGE).where(uow.mine(ChatMessage), uow.among(_KEY, sorted(keys))))
    return {(row.link_id, row.about, row.subject_id): MessageRow(*row) for row in found}
