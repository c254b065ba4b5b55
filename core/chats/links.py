"""Which messenger account speaks for whom: invited by a one-time token, linked from the chat, ended by either side.

Rights are accounts' matter: who may invite or unlink whom is decided before these are called, and whoever acts through
a link acts with the person's own permissions (`graphql/chat_sessions.py` puts both rooms together).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.chats import events, locks, tokens
from pickmesh.core.chats.refusals import LinkUnusable
from pickmesh.core.chats.tables import ChatInvitation, ChatLink, ChatMessage, Messenger
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence

INVITATION_LASTS = timedelta(minutes=15)
ADDRESS_LENGTH_MAX = 100
LINKED_AGAIN = "LINKED_AGAIN"
"""Why a link ended: its account was linked anew, maybe to somebody else or at another merchant."""


@dataclass(frozen=True, slots=True)
class ChatLinkRow:
    """A messenger account that speaks, or spoke, for a person; `account` is who writes, `chat` where answers go."""

    id: UUID
    messenger: str
    account: str
    chat: str
    person_id: UUID
    linked_at: datetime
    ended_at: datetime | None
    end_reason: str | None


_LINK = [getattr(ChatLink, item.name) for item in fields(ChatLinkRow)]


def address(messenger: Messenger, account: str) -> str:
    """Return an account as one text, as the directory and the bot's header write it: `TELEGRAM:4711`."""
    return f"{messenger}:{account}"


def account_in(address: str) -> tuple[Messenger, str] | None:
    """Return the messenger and the account of an address; None when it is none."""
    messenger, _, account = address.partition(":")
    if messenger not in set(Messenger) or not 1 <= len(account) <= ADDRESS_LENGTH_MAX or not account.isprintable():
        return None
    return Messenger(messenger), account


async def invite(uow: UnitOfWork, *, person_id: UUID) -> str:
    """Return a token that links one chat to a person within a quarter of an hour; it is shown this once.

    It has at most 64 letters, digits, `_` and `-`, so that it fits behind `/start`.
    """
    token, token_hash = tokens.new_token(uow.merchant_id)
    times = {"created_at": uow.now, "expires_at": uow.after(INVITATION_LASTS)}
    await uow.insert(ChatInvitation, [{"id": new_id(), "person_id": person_id, "token_hash": token_hash, **times}])
    uow.emit([events.ChatInvited(person_id)])
    return token


async def invited_person(uow: UnitOfWork, *, token: str, messenger: Messenger, account: str) -> UUID:
    """Return whom a token would link this account to; refuses LINK_UNUSABLE as `redeem` does, and changes nothing."""
    found = await uow.first(
        sa.select(ChatInvitation.person_id, ChatInvitation.used_at, ChatInvitation.expires_at).where(
            uow.mine(ChatInvitation), ChatInvitation.token_hash == tokens.hash_of(token)
        )
    )
    if found is None:
        raise LinkUnusable
    if found.used_at is None:
        if found.expires_at <= uow.now:
            raise LinkUnusable
        return UUID(str(found.person_id))
    link = await link_of_account(uow, messenger, account)
    if link is None or (link.person_id, link.linked_at) != (found.person_id, found.used_at):
        raise LinkUnusable
    return link.person_id


async def redeem(uow: UnitOfWork, *, token: str, messenger: Messenger, account: str, chat: str) -> ChatLinkRow:
    """Link an account to the person its token is for, once; an older link of the account here ends.

    The same account sending the same token again (a redelivered update) is answered with its link. Refuses
    LINK_UNUSABLE for a token that is unknown, expired or used by another account.
    """
    _require_address(account, chat)
    usable = (ChatInvitation.used_at.is_(None), ChatInvitation.expires_at > uow.now)
    using = sa.update(ChatInvitation).where(
        uow.mine(ChatInvitation), ChatInvitation.token_hash == tokens.hash_of(token), *usable
    )
    person_id = (await uow.execute(using.values(used_at=uow.now).returning(ChatInvitation.person_id))).scalar()
    if person_id is None:
        await invited_person(uow, token=token, messenger=messenger, account=account)
        return await _the_link(uow, messenger, account)
    older = await locks.lock_links_of_account(uow, messenger, account)
    await _end(uow, list(older.values()), LINKED_AGAIN)
    link = ChatLinkRow(new_id(), messenger, account, chat, person_id, uow.now, None, None)
    await uow.insert(ChatLink, [{item.name: getattr(link, item.name) for item in fields(ChatLinkRow)}])
    uow.emit([events.ChatLinked(link.id, link.person_id, messenger)])
    return link


async def unlink(uow: UnitOfWork, link_ids: Collection[UUID], *, reason: str) -> list[UUID]:
    """End links; return those that were open. Their messages are forgotten, because nothing edits them any more."""
    locked = await locks.lock_links(uow, link_ids)
    still_open = [row for row in locked.values() if row.ended_at is None]
    await _end(uow, still_open, reason)
    return [row.id for row in still_open]


async def migrate_chat(uow: UnitOfWork, *, messenger: Messenger, old: str, new: str) -> list[UUID]:
    """Let the links of a chat that got another address lead to it; return them.

    What was sent to the old chat cannot be edited any more and is forgotten.
    """
    _require_address("-", new)
    moved = list(await locks.lock_links_of_chat(uow, messenger, old))
    await uow.update(ChatLink, [{"id": link_id, "chat": new} for link_id in moved])
    await _forget_messages(uow, moved)
    uow.emit(events.ChatMoved(link_id) for link_id in moved)
    return moved


async def links_by_id(uow: UnitOfWork, link_ids: Iterable[UUID]) -> dict[UUID, ChatLinkRow]:
    """Return links by id, ended ones too; unknown ids are missing."""
    found = await uow.fetch(sa.select(*_LINK).where(uow.mine(ChatLink), uow.among(ChatLink.id, link_ids)))
    return {row.id: ChatLinkRow(*row) for row in found}


async def link_of_account(uow: UnitOfWork, messenger: Messenger, account: str) -> ChatLinkRow | None:
    """Return the open link of an account here, None when it has none."""
    theirs = (ChatLink.messenger == messenger, ChatLink.account == account, ChatLink.ended_at.is_(None))
    found = await uow.first(sa.select(*_LINK).where(uow.mine(ChatLink), *theirs))
    return ChatLinkRow(*found) if found else None


async def links_of_people(uow: UnitOfWork, person_ids: Iterable[UUID]) -> dict[UUID, list[ChatLinkRow]]:
    """Return people's open links, oldest first; whoever has none is missing."""
    theirs = (uow.among(ChatLink.person_id, person_ids), ChatLink.ended_at.is_(None))
    found = await uow.fetch(sa.select(*_LINK).where(uow.mine(ChatLink), *theirs).order_by(ChatLink.id))
    answer: dict[UUID, list[ChatLinkRow]] = {}
    for row in found:
        answer.setdefault(row.person_id, []).append(ChatLinkRow(*row))
    return answer


async def open_links(uow: UnitOfWork, messenger: Messenger | None = None) -> list[ChatLinkRow]:
    """Return all open links of the merchant, of one messenger or all, oldest first."""
    which = [uow.mine(ChatLink), ChatLink.ended_at.is_(None)]
    if messenger is not None:
        which.append(ChatLink.messenger == messenger)
    return [ChatLinkRow(*row) for row in await uow.fetch(sa.select(*_LINK).where(*which).order_by(ChatLink.id))]


async def _the_link(uow: UnitOfWork, messenger: Messenger, account: str) -> ChatLinkRow:
    found = await link_of_account(uow, messenger, account)
    if found is None:
        raise LinkUnusable
    return found


async def _end(uow: UnitOfWork, open_rows: Collection[sa.Row[Any]], reason: str) -> None:
    ending = [{"id": row.id, "ended_at": uow.now, "end_reason": reason} for row in open_rows]
    await uow.update(ChatLink, ending)
    await _forget_messages(uow, [row.id for row in open_rows])
    uow.emit(events.ChatUnlinked(row.id, row.person_id, reason) for row in open_rows)


async def _forget_messages(uow: UnitOfWork, link_ids: Collection[UUID]) -> None:
    if link_ids:
        await uow.execute(sa.delete(ChatMessage).where(uow.mine(ChatMessage), uow.among(ChatMessage.link_id, link_ids)))


def _require_address(account: str, chat: str) -> None:
    for name, value in (("account", account), ("chat", chat)):
        if not 1 <= len(value) <= ADDRESS_LENGTH_MAX or not value.isprintable():
            message = sentence("An account or a chat has 1 to {most} printable characters.", most=ADDRESS_LENGTH_MAX)
            raise InvalidInput(message, field=(name,))
