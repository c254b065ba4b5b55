"""Which chats notices wait for, over all merchants: what the bot may know before it speaks as somebody.

Merchants where something may wait are found by their wake-ups for the consumer CHAT, which every commit writes, so the
cost does not depend on how many merchants there are. A merchant where nothing waits is forgotten until it wakes again.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.chats import links
from pickmesh.core.chats.links import ChatLinkRow
from pickmesh.core.chats.tables import Messenger
from pickmesh.core.journal import wakes
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.journal.wakes import CHAT
from pickmesh.core.kit.actors import system_actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.notices import deliveries
from pickmesh.core.notices.tables import Medium
from pickmesh.graphql.context import Context

CHATS_MAX = 100
MERCHANTS_PER_LOOK = 20
LEASE = timedelta(seconds=10)
"""How long one look at a merchant may take before another begins."""


@dataclass(frozen=True, slots=True)
class WaitingChat:
    """A chat that something waits for, and its person's language."""

    account: str
    chat: str
    locale: str


async def waiting_chats(database: Database, messenger: Messenger, *, limit: int = CHATS_MAX) -> list[WaitingChat]:
    """Return at most `limit` chats of a messenger that notices wait for, of the longest waiting merchants first."""
    now = database.clock.now()
    async with database.directory() as connection:
        due = await wakes.due_merchants(connection, CHAT, now, limit=MERCHANTS_PER_LOOK)
    found: list[WaitingChat] = []
    for merchant_id in due:
        room = min(limit, CHATS_MAX) - len(found)
        if room <= 0:
            break
        found += (await _look(database, merchant_id, messenger))[:room]
    return found


def link_of(context: Context) -> ChatLinkRow:
    """Return the chat that asks; refuses whoever asks by other ways than a chat."""
    if context.chat_link is None:
        raise InvalidInput(sentence("This is asked from a linked chat, by the bot."))
    return context.chat_link


async def _look(database: Database, merchant_id: UUID, messenger: Messenger) -> list[WaitingChat]:
    """Look at one merchant, unless somebody else does, and say when to look again."""
    now = database.clock.now()
    until, holder = now + LEASE, f"chat:{new_id()}"
    async with database.directory() as connection:
        if not await wakes.take_lease(connection, CHAT, merchant_id, holder=holder, now=now, until=until):
            return []
    async with database.reading(system_actor(merchant_id)) as uow:
        waiting = await _waiting(uow)
    # Where something waits the merchant stays due, behind all others; with many chats each asks for its own.
    again_at = now if waiting else None
    async with database.directory() as connection:
        await wakes.end_lease(connection, CHAT, merchant_id, holder=holder, until=until, look_again_at=again_at)
    return [chat for link, chat in waiting if link.messenger == messenger]


async def _waiting(uow: UnitOfWork) -> list[tuple[ChatLinkRow, WaitingChat]]:
    """Return a merchant's open links that something waits for; who is archived hears nothing any more."""
    opened = await links.open_links(uow)
    if not opened:
        return []
    linked = await accounts.people_by_id(uow, {link.person_id for link in opened})
    people = {person_id: person for person_id, person in linked.items() if person.archived_at is None}
    there = await deliveries.waiting(uow, Medium.CHAT, person_ids=people)
    concerned = {each.notice.person_id for each in there}
    return [
        (link, WaitingChat(link.account, link.chat, people[link.person_id].locale))
        for link in opened
        if link.person_id in concerned
    ]
