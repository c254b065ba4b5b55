"""The bot, and people with chats, for tests of what the bot asks."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa
from tests.builders_accounts import make_person

from pickmesh.core.chats.tables import Messenger
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import MerchantWake
from pickmesh.core.journal.wakes import CHAT, Waker
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql import chat_sessions
from pickmesh.graphql.server import Server

SECRET = "the bot's own secret, forty characters long"


class Bot:
    """Asks as the bot, alone or as a chat account."""

    def __init__(self, server: Server, secret: str = SECRET) -> None:
        self.secret = secret
        transport = httpx.ASGITransport(server, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://pickmesh.test")

    async def raw(self, query: str, account: str | None = None, **variables: Any) -> dict[str, Any]:
        """Return data and errors; without a language of its own, the person's is answered."""
        headers: Mapping[str, str] = {"authorization": f"Bot {self.secret}", "accept-language": ""}
        if account is not None:
            headers = {**headers, "x-chat-account": f"TELEGRAM:{account}"}
        body = {"query": query, "variables": variables}
        answer = await self.http.post("/graphql", json=body, headers=headers)
        found: dict[str, Any] = answer.json()
        return found

    async def run(self, query: str, account: str | None = None, **variables: Any) -> dict[str, Any]:
        """Return data; anything in errors fails the test."""
        answer = await self.raw(query, account, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def code(self, query: str, account: str | None = None, **variables: Any) -> str:
        """Return the code of the one error."""
        (error,) = (await self.raw(query, account, **variables))["errors"]
        return str(error["extensions"]["code"])


async def make_chat(database: Database, merchant: Actor, role: Role = Role.MANAGER) -> tuple[UUID, str]:
    """Make a person with a chat; return their id and the chat's account."""
    person_id, _ = await make_person(database, merchant, role)
    account = new_id().hex
    async with database.unit_of_work(merchant) as uow:
        token = await chat_sessions.invite(uow, person_id=person_id)
    await chat_sessions.link(database, token=token, messenger=Messenger.TELEGRAM, account=account, chat=f"c{account}")
    return person_id, account


async def wake_chats(database: Database) -> None:
    """Write the wake-ups of what was committed, as every process does."""
    await Waker(database, [CHAT]).finish()


async def calm_chats(database: Database) -> None:
    """Forget the wake-ups of other tests' merchants, which share the database."""
    await wake_chats(database)
    async with database.directory() as connection:
        await connection.execute(sa.delete(MerchantWake).where(MerchantWake.consumer == CHAT))
