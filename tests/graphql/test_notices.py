"""What people are told: their own notices, live, and what the bot learns to bring them to chats."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from graphql import GraphQLSchema
from tests.builders_accounts import make_person, make_token
from tests.builders_bot import SECRET, Bot, calm_chats, make_chat, wake_chats
from tests.statements import statements

from pickmesh.core.journal import wakes
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.texts import Named, sentence
from pickmesh.core.notices import commands
from pickmesh.core.notices.rules import Action, Closing, NewNotice
from pickmesh.core.notices.tables import NoticeKind, NoticeState
from pickmesh.graphql import permissions
from pickmesh.graphql.ids import global_id
from pickmesh.graphql.permissions import Open
from pickmesh.graphql.server import Server
from pickmesh.graphql.services import Services

MINE = """query ($unread: Boolean) { notices(unread: $unread) { nodes {
    id kind state text readAt version actions { operation subjectId version arguments } } } noticesUnread }"""
READ = (
    "mutation ($input: NoticeReadInput!) { noticeRead(input: $input) { notices { readAt } userErrors { code field } } }"
)
POSTED = "subscription ($since: Long) { noticePosted(since: $since) { seq event notice { text state version } } }"
CHATS = "{ chatsWaiting(messenger: TELEGRAM) { account chat locale } }"
WAITING = "{ noticesWaiting { notice { id version text state } delivered attempts } }"
DELIVERED = """mutation ($input: NoticeDeliveredInput!) {
    noticeDelivered(input: $input) { delivered userErrors { code field } } }"""
FAILED = "mutation ($input: NoticeFailedInput!) { noticeFailed(input: $input) { failed userErrors { code } } }"
FOR_THE_BOT = {"Query.chatsWaiting", "Query.noticesWaiting", "Query.chatMessages", "Mutation.chatLink"}


@pytest.fixture
def services(database: Database) -> Services:
    return Services(database, bot_secret=SECRET)


@pytest_asyncio.fixture
async def bot(database: Database, server: Server) -> AsyncIterator[Bot]:
    await calm_chats(database)
    asking = Bot(server)
    yield asking
    await asking.http.aclose()


def low(person_id: UUID, subject_id: UUID, available: int) -> NewNotice:
    text = sentence(
        "{sku} {name} is low at {location}: {available} available; {low} or fewer is low.",
        sku="TEA",
        name=Named("Tea", "茶"),
        location="HZ1",
        available=available,
        low=5,
    )
    actions = (Action("alertSnooze", "Alert", subject_id, 1),)
    return NewNotice(person_id, NoticeKind.ALERT, subject_id, text, NoticeState.OPEN, actions)


async def tell(database: Database, merchant: Actor, *notices: NewNotice) -> list[UUID]:
    return await database.run(merchant, lambda uow: commands.post(uow, notices))


async def client_as(client_of: Any, database: Database, merchant: Actor, person_id: UUID) -> Any:
    client = await client_of(merchant)
    client.token = await make_token(database, merchant, person_id)
    client.http.headers["authorization"] = f"Bearer {client.token}"
    return client


async def test_everybody_reads_their_own_notices_in_their_language(
    database: Database, client_of: Any, merchant: Actor
) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    other_id, _ = await make_person(database, merchant, Role.MANAGER)
    subject = new_id()
    mine, theirs = await tell(database, merchant, low(person_id, subject, 4), low(other_id, subject, 4))
    me = await client_as(client_of, database, merchant, person_id)
    answer = await me.run(MINE)
    assert answer["noticesUnread"] == 1
    (notice,) = answer["notices"]["nodes"]
    assert notice == {
        "id": global_id("Notice", mine),
        "kind": "ALERT",
        "state": "OPEN",
        "text": "TEA Tea is low at HZ1: 4 available; 5 or fewer is low.",
        "readAt": None,
        "version": 1,
        "actions": [
            {"operation": "alertSnooze", "subjectId": global_id("Alert", subject), "version": 1, "arguments": {}}
        ],
    }
    me.http.headers["accept-language"] = "zh-CN"
    assert "茶" in (await me.run(MINE))["notices"]["nodes"][0]["text"]
    named = [global_id("Notice", mine), global_id("Notice", theirs)]
    read = (await me.run(READ, input={"noticeIds": named}))["noticeRead"]
    assert [each["readAt"] is not None for each in read["notices"]] == [True]
    assert read["userErrors"] == [{"code": "NOT_FOUND", "field": ["noticeIds", "1"]}]
    assert (await me.run(MINE, unread=True)) == {"notices": {"nodes": []}, "noticesUnread": 0}
    assert (await me.run("query ($id: ID!) { node(id: $id) { id } }", id=named[1])) == {"node": None}


async def test_a_reconnect_loses_no_notice_and_tells_no_others(
    database: Database, client_of: Any, open_socket: Any, merchant: Actor
) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    other_id, _ = await make_person(database, merchant, Role.MANAGER)
    me = await client_as(client_of, database, merchant, person_id)
    subject = new_id()
    await tell(database, merchant, low(other_id, subject, 9), low(person_id, subject, 4))
    socket = await open_socket(me.token)
    await socket.subscribe(POSTED, since=0)
    first = (await socket.next())["noticePosted"]
    assert first["notice"] == {
        "text": "TEA Tea is low at HZ1: 4 available; 5 or fewer is low.",
        "state": "OPEN",
        "version": 1,
    }
    await socket.connection.close()
    await tell(database, merchant, low(person_id, subject, 3))
    closing = Closing(NoticeKind.ALERT, subject, sentence("Settled: {what}", what="TEA"))
    await database.run(merchant, lambda uow: commands.close(uow, [closing]))
    socket = await open_socket(me.token)
    await socket.subscribe(POSTED, since=first["seq"])
    news = [(await socket.next())["noticePosted"] for _ in range(2)]
    assert [each["event"] for each in news] == ["notice_posted", "notice_posted"]
    assert news[0]["seq"] < news[1]["seq"]
    assert news[1]["notice"] == {"text": "Settled: TEA", "state": "CLOSED", "version": 3}


async def test_the_bot_learns_which_chats_wait_and_reads_as_each_person(
    database: Database, bot: Bot, merchant: Actor, stranger: Actor
) -> None:
    people = [await make_chat(database, actor) for actor in (merchant, stranger)]
    await make_chat(database, merchant)  # for whom nothing waits
    unlinked, _ = await make_person(database, merchant, Role.MANAGER)
    subject = new_id()
    (mine, _) = await tell(database, merchant, low(people[0][0], subject, 4), low(unlinked, subject, 4))
    await tell(database, stranger, low(people[1][0], subject, 3))
    await wake_chats(database)
    chats = (await bot.run(CHATS))["chatsWaiting"]
    assert sorted(each["account"] for each in chats) == sorted(account for _, account in people)
    assert {each["chat"] for each in chats} == {f"c{account}" for _, account in people}
    (waiting,) = (await bot.run(WAITING, people[0][1]))["noticesWaiting"]
    assert waiting["notice"]["id"] == global_id("Notice", mine)
    assert "茶" in waiting["notice"]["text"]
    assert (waiting["delivered"], waiting["attempts"]) == (0, 0)
    arrived = {"noticeId": global_id("Notice", mine), "version": 1}
    assert (await bot.run(DELIVERED, people[0][1], input=arrived))["noticeDelivered"]["delivered"]
    assert (await bot.run(WAITING, people[0][1]))["noticesWaiting"] == []
    assert [each["account"] for each in (await bot.run(CHATS))["chatsWaiting"]] == [people[1][1]]


async def test_a_changed_notice_waits_again_and_a_final_failure_rests(
    database: Database, bot: Bot, merchant: Actor
) -> None:
    person_id, account = await make_chat(database, merchant)
    subject = new_id()
    (notice_id,) = await tell(database, merchant, low(person_id, subject, 4))
    named = global_id("Notice", notice_id)
    await tell(database, merchant, low(person_id, subject, 3))
    await bot.run(DELIVERED, account, input={"noticeId": named, "version": 1})
    (waiting,) = (await bot.run(WAITING, account))["noticesWaiting"]
    assert (waiting["delivered"], waiting["notice"]["version"]) == (1, 2)
    failure = {"noticeId": named, "version": 2, "error": "500"}
    await bot.run(FAILED, account, input=failure)
    assert [each["attempts"] for each in (await bot.run(WAITING, account))["noticesWaiting"]] == [1]
    await bot.run(FAILED, account, input={**failure, "final": True})
    assert (await bot.run(WAITING, account))["noticesWaiting"] == []
    await wake_chats(database)
    assert (await bot.run(CHATS))["chatsWaiting"] == []


async def test_another_persons_delivery_is_not_there(
    database: Database, bot: Bot, merchant: Actor, stranger: Actor
) -> None:
    person_id, account = await make_chat(database, merchant)
    (notice_id,) = await tell(database, merchant, low(person_id, new_id(), 4))
    given = {"noticeId": global_id("Notice", notice_id), "version": 1}
    for actor in (merchant, stranger):
        _, other = await make_chat(database, actor)
        refused = (await bot.run(DELIVERED, other, input=given))["noticeDelivered"]
        assert refused == {"delivered": None, "userErrors": [{"code": "NOT_FOUND", "field": ["noticeId"]}]}
    assert len((await bot.run(WAITING, account))["noticesWaiting"]) == 1


async def test_what_is_for_the_bot_is_for_nobody_else(owner: Any, nobody: Any, bot: Bot, server: Server) -> None:
    assert await owner.code(CHATS) == "NOT_PERMITTED"
    assert await owner.code(WAITING) == "NOT_PERMITTED"
    assert await nobody.code(CHATS) == "SIGN_IN_NEEDED"
    assert await Bot(server, "another secret").code(CHATS) == "SIGN_IN_NEEDED"
    assert (await bot.run(CHATS)) == {"chatsWaiting": []}


async def test_the_bot_alone_reads_nothing_of_any_merchant(bot: Bot, graphql_schema: GraphQLSchema) -> None:
    open_to_it = {
        f"{parent.name}.{name}"
        for parent, name, field in permissions.fields_of(graphql_schema)
        if parent.name in {"Query", "Mutation", "Subscription"} and field.extensions["requires"] is Open.BOT
    }
    assert open_to_it == FOR_THE_BOT
    for query in (WAITING, '{ chatMessages(about: "Notice") { message } }', "{ viewer { name } }", MINE):
        assert await bot.code(query) in {"INVALID_INPUT", "SIGN_IN_NEEDED"}


async def test_a_merchant_without_anything_waiting_is_not_looked_at_until_it_wakes(
    database: Database, bot: Bot, merchant: Actor
) -> None:
    person_id, account = await make_chat(database, merchant)
    await wake_chats(database)
    await bot.run(CHATS)
    async with database.directory() as connection:
        assert merchant.merchant_id not in await wakes.due_merchants(
            connection, wakes.CHAT, database.clock.now(), limit=1_000
        )
    await tell(database, merchant, low(person_id, new_id(), 4))
    await wake_chats(database)
    assert [each["account"] for each in (await bot.run(CHATS))["chatsWaiting"]] == [account]


async def test_statements_do_not_grow_with_chats_and_notices(database: Database, bot: Bot, merchant: Actor) -> None:
    person_id, account = await make_chat(database, merchant)
    sent = []
    for more in (1, 12):
        await tell(database, merchant, *(low(person_id, new_id(), 4) for _ in range(more)))
        for _ in range(more - 1):
            other_id, _ = await make_chat(database, merchant)
            await tell(database, merchant, low(other_id, new_id(), 4))
        await wake_chats(database)
        await bot.run(WAITING, account)  # who asks is known from here on
        with statements(database) as seen:
            found = (await bot.run(CHATS))["chatsWaiting"]
            waiting = (await bot.run(WAITING, account))["noticesWaiting"]
        assert len(found) == more
        assert len(waiting) >= more
        sent.append(list(seen))
    assert len(sent[0]) == len(sent[1]), sent[1]


async def test_no_more_chats_than_asked_for(database: Database, bot: Bot, merchant: Actor) -> None:
    for _ in range(3):
        person_id, _ = await make_chat(database, merchant)
        await tell(database, merchant, low(person_id, new_id(), 4))
    await wake_chats(database)
    few = await bot.run("{ chatsWaiting(messenger: TELEGRAM, first: 2) { account } }")
    assert len(few["chatsWaiting"]) == 2
    assert (await bot.run("{ chatsWaiting(messenger: TERMINAL) { account } }"))["chatsWaiting"] == []
    assert len((await bot.run(CHATS))["chatsWaiting"]) == 3
