import asyncio
import re
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from builders_accounts import make_person
from databases import make_merchant
from events_told import events_told

from pickmesh.core.accounts.tables import Person
from pickmesh.core.chats import links, messages, tokens
from pickmesh.core.chats.messages import Sent
from pickmesh.core.chats.refusals import LinkUnusable
from pickmesh.core.chats.tables import ChatInvitation, ChatLink, Messenger
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotFound, NotPermitted
from pickmesh.graphql import chat_sessions

TELEGRAM = Messenger.TELEGRAM


async def invited(database: Database, actor: Actor, person_id: UUID) -> str:
    async with database.unit_of_work(actor) as uow:
        return await chat_sessions.invite(uow, person_id=person_id)


async def link(database: Database, token: str, account: str, chat: str = "") -> chat_sessions.Linked:
    return await chat_sessions.link(database, token=token, messenger=TELEGRAM, account=account, chat=chat or account)


async def linked_person(database: Database, actor: Actor, account: str, role: Role = Role.MANAGER) -> UUID:
    person_id, _ = await make_person(database, actor, role)
    await link(database, await invited(database, actor, person_id), account)
    return person_id


async def acts_as(database: Database, account: str) -> UUID | None:
    actor = await chat_sessions.actor_of(database, TELEGRAM, account)
    return actor.person_id if actor else None


def account() -> str:
    """Return an account nobody has: the directory is shared by all merchants of a database."""
    return str(new_id().int)


async def test_a_token_fits_behind_start_and_only_its_hash_is_kept(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    token = await invited(database, merchant, person_id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", token)
    assert tokens.merchant_of(token) == merchant.merchant_id
    async with database.reading(merchant) as uow:
        kept = await uow.fetch(sa.select(ChatInvitation.token_hash).where(uow.mine(ChatInvitation)))
    assert [row.token_hash for row in kept] == [tokens.hash_of(token)]


@pytest.mark.parametrize("text", ["", "pmc1_", "pm1_" + "0" * 60, "pmc1_" + "!" * 56, "pmc1_" + "A" * 57])
def test_other_texts_are_no_tokens(text: str) -> None:
    assert tokens.merchant_of(text) is None


async def test_a_chat_acts_with_exactly_its_persons_rights(database: Database, merchant: Actor) -> None:
    warehouse, shop, chat = new_id(), new_id(), account()
    person_id, them = await make_person(
        database, merchant, Role.PICKER, warehouse_ids=frozenset({warehouse}), shop_ids=frozenset({shop})
    )
    linked = await link(database, await invited(database, merchant, person_id), chat)
    found = await chat_sessions.actor_of(database, TELEGRAM, chat)
    assert found == linked.actor == them
    assert await chat_sessions.actor_of(database, Messenger.TERMINAL, chat) is None


async def test_a_token_links_once(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    token, first, second = await invited(database, merchant, person_id), account(), account()
    linked = await link(database, token, first)
    with pytest.raises(LinkUnusable):
        await link(database, token, second)
    again = await link(database, token, first)  # the update was delivered twice
    assert again.link == linked.link
    assert [await acts_as(database, each) for each in (first, second)] == [person_id, None]
    kinds = [row[1] for row in await events_told(database, merchant)]
    assert kinds.count("chat_linked") == 1


async def test_a_used_token_does_not_bring_an_older_link_back(database: Database, merchant: Actor) -> None:
    chat = account()
    earlier, _ = await make_person(database, merchant, Role.PICKER)
    token = await invited(database, merchant, earlier)
    await link(database, token, chat)
    later = await linked_person(database, merchant, chat)
    with pytest.raises(LinkUnusable):
        await link(database, token, chat)
    assert await acts_as(database, chat) == later


async def test_a_token_expires(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    token, chat = await invited(database, merchant, person_id), account()
    clock.advance(links.INVITATION_LASTS)
    with pytest.raises(LinkUnusable):
        await link(database, token, chat)
    clock.advance(timedelta(microseconds=-1))
    await link(database, token, chat)


async def test_a_forged_token_opens_nothing(database: Database, merchant: Actor) -> None:
    forged, _ = tokens.new_token(merchant.merchant_id)
    nobodys, _ = tokens.new_token(new_id())
    for token in (forged, nobodys, "pmc1_nonsense"):
        with pytest.raises(LinkUnusable):
            await link(database, token, account())


async def test_linking_again_replaces_the_person(database: Database, merchant: Actor) -> None:
    chat = account()
    earlier = await linked_person(database, merchant, chat)
    later = await linked_person(database, merchant, chat, Role.PICKER)
    assert await acts_as(database, chat) == later
    async with database.reading(merchant) as uow:
        assert list(await links.links_of_people(uow, [earlier, later])) == [later]
        rows = await uow.fetch(
            sa.select(ChatLink.person_id, ChatLink.end_reason).where(uow.mine(ChatLink)).order_by(ChatLink.id)
        )
    assert [tuple(row) for row in rows] == [(earlier, links.LINKED_AGAIN), (later, None)]


async def test_linking_at_another_merchant_ends_the_link_here(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    chat = account()
    here = await linked_person(database, merchant, chat)
    there = await linked_person(database, stranger, chat)
    assert await acts_as(database, chat) == there
    async with database.reading(merchant) as uow:
        assert await links.links_of_people(uow, [here]) == {}
    back = await linked_person(database, merchant, chat)
    assert await acts_as(database, chat) == back
    async with database.reading(stranger) as uow:
        assert await links.open_links(uow) == []


async def test_a_bad_token_leaves_the_link_alone(database: Database, merchant: Actor, stranger: Actor) -> None:
    chat = account()
    here = await linked_person(database, merchant, chat)
    forged, _ = tokens.new_token(stranger.merchant_id)
    with pytest.raises(LinkUnusable):
        await link(database, forged, chat)
    assert await acts_as(database, chat) == here


async def test_two_merchants_racing_for_an_account_leave_it_one_link(postgres_database: Database) -> None:
    database, chat = postgres_database, account()
    from_each = []
    for _ in range(2):
        actor = await make_merchant(database)
        person_id, _ = await make_person(database, actor, Role.MANAGER)
        from_each.append((actor, await invited(database, actor, person_id)))
    answers = await asyncio.gather(*(link(database, token, chat) for _, token in from_each), return_exceptions=True)
    assert [each for each in answers if isinstance(each, BaseException) and not isinstance(each, LinkUnusable)] == []
    opened = []
    for actor, _ in from_each:
        async with database.reading(actor) as uow:
            opened += [row.person_id for row in await links.open_links(uow)]
    assert opened == [await acts_as(database, chat)]


async def test_an_archived_person_opens_nothing(database: Database, merchant: Actor) -> None:
    chat = account()
    person_id = await linked_person(database, merchant, chat)
    token = await invited(database, merchant, person_id)
    async with database.unit_of_work(merchant) as uow:
        await uow.update(Person, [{"id": person_id, "archived_at": uow.now}])
    assert await acts_as(database, chat) is None
    with pytest.raises(LinkUnusable):
        await link(database, token, account())


async def test_an_ended_link_opens_nothing_and_forgets_its_messages(database: Database, merchant: Actor) -> None:
    chat, subject = account(), new_id()
    person_id = await linked_person(database, merchant, chat)
    async with database.unit_of_work(merchant) as uow:
        (row,) = (await links.links_of_people(uow, [person_id]))[person_id]
        await messages.remember(uow, [Sent(row.id, "notice", subject, "17", "hash")])
    async with database.unit_of_work(merchant) as uow:
        assert await chat_sessions.unlink(uow, [row.id, new_id()], reason="BLOCKED") == [row.id]
        assert await chat_sessions.unlink(uow, [row.id]) == []
    assert await acts_as(database, chat) is None
    async with database.reading(merchant) as uow:
        assert await messages.of_links(uow, "notice", [row.id]) == {}
        assert (await links.links_by_id(uow, [row.id]))[row.id].end_reason == "BLOCKED"
    await linked_person(database, merchant, chat)
    assert await acts_as(database, chat) is not None


async def test_who_may_invite_and_unlink_whom(database: Database, merchant: Actor) -> None:
    manager_id, manager = await make_person(database, merchant, Role.MANAGER)
    picker_id, picker = await make_person(database, merchant, Role.PICKER)
    owner_id, _ = await make_person(database, merchant, Role.OWNER)
    for actor, person_id in ((picker, picker_id), (manager, picker_id), (manager, manager_id)):
        await invited(database, actor, person_id)
    for actor, person_id in ((picker, manager_id), (manager, owner_id)):
        with pytest.raises(NotPermitted):
            await invited(database, actor, person_id)
    with pytest.raises(NotFound):
        await invited(database, manager, new_id())
    linked = await link(database, await invited(database, merchant, owner_id), account())
    with pytest.raises(NotPermitted):
        async with database.unit_of_work(manager) as uow:
            await chat_sessions.unlink(uow, [linked.link.id])


async def test_a_stranger_cannot_end_or_see_a_link(database: Database, merchant: Actor, stranger: Actor) -> None:
    chat = account()
    person_id = await linked_person(database, merchant, chat)
    async with database.reading(merchant) as uow:
        (row,) = await links.open_links(uow, TELEGRAM)
        assert await links.open_links(uow, Messenger.TERMINAL) == []
    async with database.unit_of_work(stranger) as uow:
        assert await links.links_by_id(uow, [row.id]) == {}
        assert await links.unlink(uow, [row.id], reason="STOLEN") == []
        assert await links.migrate_chat(uow, messenger=TELEGRAM, old=chat, new="1") == []
    assert await acts_as(database, chat) == person_id


async def test_a_group_that_got_another_address_takes_its_links_along(database: Database, merchant: Actor) -> None:
    people = []
    for _ in range(2):
        person_id, _ = await make_person(database, merchant, Role.PICKER)
        people.append(person_id)
        await link(database, await invited(database, merchant, person_id), account(), "-100")
    async with database.unit_of_work(merchant) as uow:
        before = await links.open_links(uow)
        await messages.remember(uow, [Sent(row.id, "card", new_id(), "5", "x") for row in before])
        moved = await links.migrate_chat(uow, messenger=TELEGRAM, old="-100", new="-100200")
    assert moved == [row.id for row in before]
    async with database.reading(merchant) as uow:
        assert {row.chat for row in await links.open_links(uow)} == {"-100200"}
        assert await messages.of_links(uow, "card", moved) == {}


async def test_addresses_have_a_shape(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    for chat, account_ in (("", "1"), ("1", "a\nb"), ("x" * 101, "1")):
        token = await invited(database, merchant, person_id)
        with pytest.raises(InvalidInput):
            await chat_sessions.link(database, token=token, messenger=TELEGRAM, account=account_, chat=chat)
    assert links.account_in("TELEGRAM:4711") == (TELEGRAM, "4711")
    assert [links.account_in(text) for text in ("", "TELEGRAM:", "SIGNAL:1", "TELEGRAM:a\tb")] == [None] * 4
