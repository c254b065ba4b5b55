import asyncio
import contextlib
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from builders_accounts import make_person
from databases import make_merchant
from statements import statements

from pickmesh.core.chats import buttons, links, messages, updates
from pickmesh.core.chats.buttons import NewButton
from pickmesh.core.chats.messages import Sent
from pickmesh.core.chats.tables import ButtonKey, ChatInvitation, ChatUpdate, Messenger
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role


async def make_link(database: Database, actor: Actor) -> UUID:
    person_id, _ = await make_person(database, actor, Role.PICKER)
    async with database.unit_of_work(actor) as uow:
        token = await links.invite(uow, person_id=person_id)
        chat = str(new_id().int)
        row = await links.redeem(uow, token=token, messenger=Messenger.TERMINAL, account=chat, chat=chat)
    return row.id


async def test_a_newer_message_about_a_subject_takes_the_earlier_ones_place(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    link_id, card = await make_link(database, merchant), new_id()
    for message, content in (("7", "a"), ("7", "a"), ("7", "b"), ("9", "b")):
        async with database.unit_of_work(merchant) as uow:
            await messages.remember(uow, [Sent(link_id, "card", card, message, content)])
    async with database.reading(merchant) as uow:
        (row,) = (await messages.of_subjects(uow, "card", [card]))[card]
    assert (row.message, row.content_hash, row.version) == ("9", "b", 3)
    async with database.unit_of_work(merchant) as uow:
        await messages.forget(uow, link_id, "card", [card])
        assert await messages.of_links(uow, "card", [link_id]) == {}


async def test_two_processes_remember_one_message(postgres_database: Database) -> None:
    database = postgres_database
    actor = await make_merchant(database)
    link_id, card = await make_link(database, actor), new_id()

    async def remember(message: str) -> None:
        await database.run(actor, lambda uow: messages.remember(uow, [Sent(link_id, "card", card, message, message)]))

    await asyncio.gather(*(remember(str(number)) for number in range(8)))
    async with database.reading(actor) as uow:
        assert len((await messages.of_subjects(uow, "card", [card]))[card]) == 1


async def test_statements_do_not_depend_on_how_many_messages(database: Database, merchant: Actor) -> None:
    link_id = await make_link(database, merchant)
    counts = []
    for many in (1, 100):
        new = [Sent(link_id, "notice", new_id(), str(number), "x") for number in range(many)]
        for _ in range(2):
            with statements(database) as sent:
                async with database.unit_of_work(merchant) as uow:
                    await messages.remember(uow, new)
            counts.append(len(sent))
    assert counts[:2] == counts[2:]


async def test_messages_of_an_ended_link_are_not_kept(database: Database, merchant: Actor, stranger: Actor) -> None:
    link_id = await make_link(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await links.unlink(uow, [link_id], reason="LEFT")
        await messages.remember(uow, [Sent(link_id, "card", new_id(), "7", "a")])
        assert await messages.of_links(uow, "card", [link_id]) == {}
    theirs = await make_link(database, merchant)
    async with database.unit_of_work(stranger) as uow:
        await messages.remember(uow, [Sent(theirs, "card", new_id(), "7", "a")])
    async with database.reading(merchant) as uow:
        assert await messages.of_links(uow, "card", [theirs]) == {}


async def test_an_update_is_new_once_and_anew_when_its_work_failed(database: Database, merchant: Actor) -> None:
    with contextlib.suppress(TimeoutError):
        async with database.unit_of_work(merchant) as uow:
            assert await updates.first_time(uow, Messenger.TELEGRAM, "100")
            raise TimeoutError
    answers = []
    for update in ("100", "100", "101"):
        async with database.unit_of_work(merchant) as uow:
            answers.append(await updates.first_time(uow, Messenger.TELEGRAM, update))
    assert answers == [True, False, True]
    async with database.unit_of_work(merchant) as uow:
        assert await updates.first_time(uow, Messenger.TERMINAL, "100")


async def test_an_update_that_comes_twice_at_once_is_new_for_one(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)

    async def deal() -> bool:
        return await postgres_database.run(actor, lambda uow: updates.first_time(uow, Messenger.TELEGRAM, "7"))

    assert sorted(await asyncio.gather(*(deal() for _ in range(6)))) == [False] * 5 + [True]


async def test_what_is_over_for_a_week_is_forgotten(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    person_id, _ = await make_person(database, merchant, Role.PICKER)
    async with database.unit_of_work(merchant) as uow:
        await updates.first_time(uow, Messenger.TELEGRAM, "1")
        await buttons.mint(uow, [NewButton(person_id, "stock")])
        await links.invite(uow, person_id=person_id)
    clock.advance(timedelta(days=7, minutes=15))
    async with database.unit_of_work(merchant) as uow:
        assert await updates.forget_old(uow) == 1  # the update; the invitation is over for exactly a week
    clock.advance(timedelta(days=7))
    async with database.unit_of_work(merchant) as uow:
        await updates.forget_old(uow)
        left = [
            await uow.scalar(sa.select(sa.func.count()).select_from(table).where(uow.mine(table)))
            for table in (ChatUpdate, ButtonKey, ChatInvitation)
        ]
    assert left == [0, 0, 0]
