"""Chats over GraphQL: linking an account, acting as its person, buttons that mean something once minted."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from tests.builders_accounts import make_person, make_token
from tests.builders_bot import SECRET, Bot, make_chat
from tests.statements import statements

from pickmesh.core.accounts.tables import Person
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.notices import commands as notices
from pickmesh.core.notices.rules import NewNotice
from pickmesh.core.notices.tables import NoticeKind
from pickmesh.graphql.ids import global_id
from pickmesh.graphql.server import Server
from pickmesh.graphql.services import Services

INVITE = """mutation ($input: ChatInviteInput!) {
    chatInvite(input: $input) { token link userErrors { code field } } }"""
LINK = """mutation ($input: ChatLinkInput!) {
    chatLink(input: $input) { name role locale merchantName userErrors { code } } }"""
UNLINK = "mutation ($input: ChatUnlinkInput!) { chatUnlink(input: $input) { ended userErrors { code field } } }"
VIEWER = "{ viewer { role locale } }"
ACCOUNTS = "{ chatAccounts { id messenger } }"
BUTTONS = "mutation ($input: ChatButtonsInput!) { chatButtons(input: $input) { keys userErrors { code field } } }"
PRESS = """mutation ($input: ButtonPressInput!) {
    buttonPress(input: $input) { button { operation arguments } userErrors { code } } }"""
REMEMBER = """mutation ($input: ChatMessageRememberInput!) {
    chatMessageRemember(input: $input) { remembered userErrors { code } } }"""
FORGET = """mutation ($input: ChatMessageForgetInput!) {
    chatMessageForget(input: $input) { forgotten userErrors { code } } }"""
MESSAGES = '{ chatMessages(about: "Notice") { about subjectId message contentHash } }'
MIGRATE = "mutation ($input: ChatMigrateInput!) { chatMigrate(input: $input) { moved userErrors { code } } }"


@pytest.fixture
def services(database: Database) -> Services:
    return Services(database, bot_secret=SECRET, bot_name="pickmesh_bot")


@pytest_asyncio.fixture
async def bot(server: Server) -> AsyncIterator[Bot]:
    asking = Bot(server)
    yield asking
    await asking.http.aclose()


async def link(bot: Bot, token: str, account: str) -> dict[str, Any]:
    given = {"token": token, "messenger": "TELEGRAM", "account": account, "chat": f"c{account}"}
    answer: dict[str, Any] = (await bot.run(LINK, input=given))["chatLink"]
    return answer


async def test_a_token_from_the_app_links_a_chat_that_acts_as_its_person(
    client_of: Any, bot: Bot, merchant: Actor
) -> None:
    picker = await client_of(merchant, Role.PICKER)
    invited = (await picker.run(INVITE, input={}))["chatInvite"]
    assert invited["link"] == f"https://t.me/pickmesh_bot?start={invited['token']}"
    account = new_id().hex
    assert await bot.code(VIEWER, account) == "SIGN_IN_NEEDED"
    linked = await link(bot, invited["token"], account)
    assert (linked["name"], linked["role"], linked["merchantName"]) == ("小王", "PICKER", "测试商家")
    assert (await bot.run(VIEWER, account))["viewer"]["role"] == "PICKER"
    assert await bot.code("{ people { nodes { name } } }", account) == "NOT_PERMITTED"
    assert (await link(bot, invited["token"], account))["userErrors"] == []  # the update came again
    stolen = await link(bot, invited["token"], new_id().hex)
    assert [error["code"] for error in stolen["userErrors"]] == ["LINK_UNUSABLE"]
    (mine,) = (await picker.run(ACCOUNTS))["chatAccounts"]
    assert mine["messenger"] == "TELEGRAM"
    assert (await picker.run(UNLINK, input={"accountIds": [mine["id"]]}))["chatUnlink"]["ended"] == 1
    assert await bot.code(VIEWER, account) == "SIGN_IN_NEEDED"


async def test_a_repeated_invitation_shows_no_token_again(owner: Any) -> None:
    given = {"idempotencyKey": new_id().hex}
    first = (await owner.run(INVITE, input=given))["chatInvite"]
    assert first["token"] is not None
    assert (await owner.run(INVITE, input=given))["chatInvite"] == {"token": None, "link": None, "userErrors": []}


async def test_who_may_invite_and_unlink_others(
    database: Database, client_of: Any, bot: Bot, merchant: Actor, stranger: Actor
) -> None:
    person_id, account = await make_chat(database, merchant, Role.PICKER)
    picker, manager = await client_of(merchant, Role.PICKER), await client_of(merchant, Role.MANAGER)
    whom = {"personId": global_id("Person", person_id)}
    refused = (await picker.run(INVITE, input=whom))["chatInvite"]
    assert [error["code"] for error in refused["userErrors"]] == ["NOT_PERMITTED"]
    assert (await manager.run(INVITE, input=whom))["chatInvite"]["token"] is not None
    elsewhere = await client_of(stranger)
    missing = (await elsewhere.run(INVITE, input=whom))["chatInvite"]
    assert [(error["code"], error["field"]) for error in missing["userErrors"]] == [("NOT_FOUND", ["personId"])]
    link_id = (await bot.run(ACCOUNTS, account))["chatAccounts"][0]["id"]
    for client, codes in ((elsewhere, ["NOT_FOUND"]), (picker, ["NOT_PERMITTED"]), (manager, [])):
        answer = (await client.run(UNLINK, input={"accountIds": [link_id]}))["chatUnlink"]
        assert [error["code"] for error in answer["userErrors"]] == codes


async def test_only_the_bots_secret_is_the_bot(database: Database, server: Server, owner: Any, merchant: Actor) -> None:
    _, account = await make_chat(database, merchant)
    assert await Bot(server, "something else").code(VIEWER, account) == "SIGN_IN_NEEDED"
    owner.http.headers["x-chat-account"] = f"TELEGRAM:{account}"
    assert (await owner.run(VIEWER))["viewer"]["role"] == "OWNER"  # a token is its person, whatever else is said
    given = {"token": "x", "messenger": "TELEGRAM", "account": "1", "chat": "1"}
    refused = (await owner.run(LINK, input=given))["chatLink"]
    assert [error["code"] for error in refused["userErrors"]] == ["NOT_PERMITTED"]


async def test_whoever_is_archived_is_nobody_in_a_chat(database: Database, server: Server, merchant: Actor) -> None:
    person_id, account = await make_chat(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await uow.update(Person, [{"id": person_id, "archived_at": uow.now}])
    assert await Bot(server).code(VIEWER, account) == "SIGN_IN_NEEDED"


async def test_a_button_is_its_persons_and_means_the_same_when_pressed_again(
    database: Database, bot: Bot, clock: StoppedClock, merchant: Actor, stranger: Actor
) -> None:
    _, account = await make_chat(database, merchant)
    buttons = [{"operation": "alertResolve", "arguments": {"n": 1}}, {"operation": "next", "arguments": {}}]
    minted = (await bot.run(BUTTONS, account, input={"buttons": buttons}))["chatButtons"]
    key, other = minted["keys"]
    assert len(key) == 16
    for _ in range(2):
        pressed = (await bot.run(PRESS, account, input={"key": key}))["buttonPress"]
        assert pressed == {"button": {"operation": "alertResolve", "arguments": {"n": 1}}, "userErrors": []}
    for actor, code in ((merchant, "BUTTON_NOT_YOURS"), (stranger, "BUTTON_UNKNOWN")):
        _, thief = await make_chat(database, actor)
        refused = (await bot.run(PRESS, thief, input={"key": other}))["buttonPress"]
        assert [error["code"] for error in refused["userErrors"]] == [code]


async def test_a_button_is_overtaken_by_its_subject(database: Database, bot: Bot, merchant: Actor) -> None:
    person_id, account = await make_chat(database, merchant)
    subject = new_id()

    async def tell(text: str) -> UUID:
        told = [NewNotice(person_id, NoticeKind.ANNOUNCEMENT, subject, text)]
        return (await database.run(merchant, lambda uow: notices.post(uow, told)))[0]

    notice = global_id("Notice", await tell("one"))
    button = {"operation": "noticeRead", "arguments": {}, "subjectId": notice, "subjectVersion": 1}
    (key,) = (await bot.run(BUTTONS, account, input={"buttons": [button]}))["chatButtons"]["keys"]
    assert (await bot.run(PRESS, account, input={"key": key}))["buttonPress"]["userErrors"] == []
    await tell("two")
    refused = (await bot.run(PRESS, account, input={"key": key}))["buttonPress"]
    assert [error["code"] for error in refused["userErrors"]] == ["BUTTON_OVERTAKEN"]


async def test_a_chat_remembers_its_own_messages_only(database: Database, bot: Bot, merchant: Actor) -> None:
    _, account = await make_chat(database, merchant)
    _, other = await make_chat(database, merchant)
    shown = {"about": "Notice", "subjectId": global_id("Notice", new_id())}
    for message in ("7", "8"):
        await bot.run(REMEMBER, account, input={**shown, "message": message, "contentHash": f"h{message}"})
    expected = [{**shown, "message": "8", "contentHash": "h8"}]
    assert (await bot.run(MESSAGES, account))["chatMessages"] == expected
    assert (await bot.run(MESSAGES, other))["chatMessages"] == []
    await bot.run(FORGET, other, input=shown)
    assert (await bot.run(MESSAGES, account))["chatMessages"] == expected
    with statements(database) as few:
        await bot.run(MESSAGES, account)
    for number in range(9):
        more = {"about": "Notice", "subjectId": global_id("Notice", new_id())}
        await bot.run(REMEMBER, account, input={**more, "message": str(number), "contentHash": "x"})
    with statements(database) as many:
        assert len((await bot.run(MESSAGES, account))["chatMessages"]) == 10
    assert len(few) == len(many)
    await bot.run(FORGET, account, input=shown)
    assert len((await bot.run(MESSAGES, account))["chatMessages"]) == 9


async def test_a_chat_that_moves_or_is_blocked(database: Database, bot: Bot, merchant: Actor) -> None:
    _, account = await make_chat(database, merchant)
    assert (await bot.run(MIGRATE, account, input={"chat": "-100"}))["chatMigrate"] == {"moved": 1, "userErrors": []}
    assert (await bot.run(UNLINK, account, input={"blocked": True}))["chatUnlink"] == {"ended": 1, "userErrors": []}
    assert await bot.code(VIEWER, account) == "SIGN_IN_NEEDED"


async def test_what_a_chat_asks_is_not_asked_by_token(database: Database, client_of: Any, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    client = await client_of(merchant)
    client.http.headers["authorization"] = f"Bearer {await make_token(database, merchant, person_id)}"
    shown = {"about": "Notice", "subjectId": global_id("Notice", new_id())}
    for query, name, given in (
        (MIGRATE, "chatMigrate", {"chat": "1"}),
        (BUTTONS, "chatButtons", {"buttons": []}),
        (PRESS, "buttonPress", {"key": "x"}),
        (FORGET, "chatMessageForget", shown),
        (REMEMBER, "chatMessageRemember", {**shown, "message": "1", "contentHash": "x"}),
    ):
        refused = (await client.run(query, input=given))[name]
        assert [error["code"] for error in refused["userErrors"]] == ["INVALID_INPUT"], name
