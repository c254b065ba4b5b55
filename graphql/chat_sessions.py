"""Whom a chat speaks for: accounts and chats put together, because neither room knows the other.

A linked account acts as its person does, with the same permissions, warehouses, shops and language. The directory leads
from an account to one merchant only; a link that has ended, or whose person is archived, opens nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from pickmesh.core.accounts import directory, sessions
from pickmesh.core.accounts import locks as account_locks
from pickmesh.core.accounts.directory import EntryKind
from pickmesh.core.chats import links, tokens
from pickmesh.core.chats.links import ChatLinkRow
from pickmesh.core.chats.refusals import LinkUnusable
from pickmesh.core.chats.tables import Messenger
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor, system_actor
from pickmesh.core.kit.permissions import Permission

TRIES = 3
"""So often an account that is linked at two merchants at once is taken from one to link it at the other."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A link, and who acts through it."""

    link: ChatLinkRow
    actor: Actor


async def invite(uow: UnitOfWork, *, person_id: UUID) -> str:
    """Return a one-time token for `/start`; one's own, or with floor:manage for people with no more rights."""
    await sessions.require_over(uow, person_id, Permission.FLOOR_MANAGE)
    return await links.invite(uow, person_id=person_id)


async def link(database: Database, *, token: str, messenger: Messenger, account: str, chat: str) -> Linked:
    """Link an account to the person a token is for; an older link of the account ends, here and at other merchants.

    Refuses LINK_UNUSABLE for a token that is none of ours, expired, used by another account, or for somebody archived.
    """
    merchant_id = tokens.merchant_of(token)
    if merchant_id is None:
        raise LinkUnusable
    here = system_actor(merchant_id)
    async with database.reading(here) as uow:
        person_id = await links.invited_person(uow, token=token, messenger=messenger, account=account)
        if await sessions.actor_of_person(uow, person_id) is None:
            raise LinkUnusable
    for _ in range(TRIES):
        await _leave_others(database, merchant_id, messenger, account)
        linked = await database.run(here, lambda uow: _redeem(uow, token, messenger, account, chat))
        if linked is not None:
            return linked
    raise LinkUnusable


async def unlink(uow: UnitOfWork, link_ids: Collection[UUID], *, reason: str = "UNLINKED") -> list[UUID]:
    """End links, one's own or with floor:manage those of people with no more rights; return those that were open."""
    found = await links.links_by_id(uow, link_ids)
    await sessions.require_over_all(uow, {row.person_id for row in found.values()}, Permission.FLOOR_MANAGE)
    return await links.unlink(uow, list(found), reason=reason)


async def linked(database: Database, messenger: Messenger, account: str) -> Linked | None:
    """Return an account's link and whom it acts as; None when it speaks for nobody."""
    key = links.address(messenger, account)
    async with database.directory() as connection:
        entry = await directory.find_entry(connection, EntryKind.CHAT_ACCOUNT, key)
    if entry is None:
        return None
    async with database.reading(system_actor(entry.merchant_id)) as uow:
        row = await links.link_of_account(uow, messenger, account)
        actor = await sessions.actor_of_person(uow, row.person_id) if row else None
    return Linked(row, actor) if row and actor else None


async def actor_of(database: Database, messenger: Messenger, account: str) -> Actor | None:
    """Return whom an account acts as; None when it speaks for nobody."""
    found = await linked(database, messenger, account)
    return found.actor if found else None


async def _leave_others(database: Database, merchant_id: UUID, messenger: Messenger, account: str) -> None:
    """End the account's link at another merchant before it is linked here, so that it never speaks for two people."""
    key = links.address(messenger, account)
    async with database.directory() as connection:
        entry = await directory.find_entry(connection, EntryKind.CHAT_ACCOUNT, key)
    if entry is None or entry.merchant_id == merchant_id:
        return

    async def leave(uow: UnitOfWork) -> None:
        await account_locks.lock_entry(uow, EntryKind.CHAT_ACCOUNT, key)
        row = await links.link_of_account(uow, messenger, account)
        await links.unlink(uow, [row.id] if row else [], reason=links.LINKED_AGAIN)
        await directory.remove_entry(uow.connection, EntryKind.CHAT_ACCOUNT, key, uow.merchant_id)

    await database.run(system_actor(entry.merchant_id), leave)


async def _redeem(uow: UnitOfWork, token: str, messenger: Messenger, account: str, chat: str) -> Linked | None:
    """Link the account here; None when another merchant was faster."""
    key, here = links.address(messenger, account), uow.merchant_id
    await directory.put_entry(uow.connection, EntryKind.CHAT_ACCOUNT, key, here, here)
    if await account_locks.lock_entry(uow, EntryKind.CHAT_ACCOUNT, key) != here:
        return None
    row = await links.redeem(uow, token=token, messenger=messenger, account=account, chat=chat)
    actor = await sessions.actor_of_person(uow, row.person_id)
    if actor is None:
        raise LinkUnusable
    return Linked(row, actor)
