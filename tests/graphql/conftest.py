"""A server over each database and clients that speak to it by HTTP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from graphql import GraphQLSchema
from tests.builders_graphql import Ids, furnish
from tests.databases import make_merchant
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from pickmesh.core.accounts import commands, sessions
from pickmesh.core.accounts.commands import NewPerson
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refused
from pickmesh.graphql import schema
from pickmesh.graphql.server import Server
from pickmesh.graphql.services import Services


class Client:
    """Sends operations as one person; `run` expects no GraphQL errors, `raw` returns the whole answer."""

    def __init__(self, server: Server, token: str | None) -> None:
        headers = {"accept-language": "en"} | ({"authorization": f"Bearer {token}"} if token else {})
        transport = httpx.ASGITransport(server, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://pickmesh.test", headers=headers)
        self.token = token

    async def raw(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return data and errors."""
        answer = await self.http.post("/graphql", json={"query": query, "variables": variables})
        found: dict[str, Any] = answer.json()
        return found

    async def run(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return data; anything in errors fails the test."""
        answer = await self.raw(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def code(self, query: str, **variables: Any) -> str:
        """Return the code of the one error."""
        answer = await self.raw(query, **variables)
        (error,) = answer["errors"]
        code: str = error["extensions"]["code"]
        return code


MakeClient = Callable[..., Awaitable[Client]]


@pytest.fixture(scope="session")
def graphql_schema() -> GraphQLSchema:
    """The schema as it is served."""
    return schema.build()


@pytest.fixture
def services(database: Database) -> Services:
    """What the server under test shares between requests; tokens are asked for anew each time."""
    return Services(database)


@pytest.fixture
def server(graphql_schema: GraphQLSchema, services: Services) -> Server:
    """A server over the test's database."""
    return Server(graphql_schema, services)


async def token_for(database: Database, merchant: Actor, role: Role, **more: Any) -> str:
    """Make a person of a role and return a token of theirs, from a paired device."""
    async with database.unit_of_work(merchant) as uow:
        new = NewPerson(sign_in=f"{role.lower()}-{new_id().hex}", name="小王", role=role, **more)
        (person_id,) = await commands.create_people(uow, people=[new])
        assert not isinstance(person_id, Refused)
        pairing = await sessions.create_pairing(uow, person_id=person_id)
    opened = await sessions.redeem_pairing(database, token=pairing, device="test")
    return opened.token


@pytest_asyncio.fixture
async def client_of(server: Server) -> AsyncIterator[MakeClient]:
    """Return a client of a merchant's new person with a role."""
    made: list[Client] = []

    async def make(merchant: Actor, role: Role = Role.OWNER, **more: Any) -> Client:
        made.append(Client(server, await token_for(server.services.database, merchant, role, **more)))
        return made[-1]

    yield make
    for client in made:
        await client.http.aclose()


@pytest_asyncio.fixture
async def owner(client_of: MakeClient, merchant: Actor) -> Client:
    """The owner of the test's merchant."""
    return await client_of(merchant)


@pytest_asyncio.fixture
async def nobody(server: Server) -> AsyncIterator[Client]:
    """A client that is not signed in."""
    client = Client(server, None)
    yield client
    await client.http.aclose()


WAIT_S_MAX = 60


class Socket:
    """A WebSocket that speaks graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        """Send one message."""
        await self.connection.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        """Return the next message, within a minute."""
        async with asyncio.timeout(WAIT_S_MAX):
            found: dict[str, Any] = json.loads(await self.connection.recv())
        return found

    async def closed(self) -> tuple[int, str]:
        """Return why the server closed the connection."""
        try:
            async with asyncio.timeout(WAIT_S_MAX):
                while True:
                    await self.connection.recv()
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code, closed.rcvd.reason

    async def subscribe(self, query: str, id: str = "1", **variables: Any) -> None:
        """Start an operation."""
        await self.send(id=id, type="subscribe", payload={"query": query, "variables": variables})

    async def next(self) -> dict[str, Any]:
        """Return the data of the next result."""
        message = await self.receive()
        assert message["type"] == "next", message
        data: dict[str, Any] = message["payload"]["data"]
        return data


@pytest_asyncio.fixture
async def live_url(server: Server) -> AsyncIterator[str]:
    """The address of a running server."""
    running = uvicorn.Server(
        uvicorn.Config(server, log_config=None, lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1)
    )
    listening = socket.create_server(("127.0.0.1", 0))  # connections wait here until the server takes them
    task = asyncio.create_task(running.serve([listening]))
    yield f"ws://127.0.0.1:{listening.getsockname()[1]}/graphql"
    running.should_exit = True
    await task


@pytest_asyncio.fixture
async def open_socket(live_url: str) -> AsyncIterator[Callable[..., Awaitable[Socket]]]:
    """Open a WebSocket; with a token it is signed in and acknowledged."""
    opened: list[ClientConnection] = []

    async def open_one(token: str | None = None, protocol: str = "graphql-transport-ws") -> Socket:
        connection = await connect(live_url, subprotocols=[Subprotocol(protocol)])
        opened.append(connection)
        opened_socket = Socket(connection)
        if token:
            told = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
            await opened_socket.send(type="connection_init", payload=told)
            assert (await opened_socket.receive())["type"] == "connection_ack"
        return opened_socket

    yield open_one
    for connection in opened:
        await connection.close()


_FURNISHED: dict[tuple[str, int, int], tuple[Actor, Ids]] = {}


@pytest.fixture
def furnished(database: Database) -> Callable[..., Awaitable[tuple[Actor, Ids]]]:
    """Return a merchant with so much of everything, made once per database and not changed by those who read it."""

    async def once(size: int, number: int = 1) -> tuple[Actor, Ids]:
        key = (database.engine.dialect.name, size, number)
        if key not in _FURNISHED:
            merchant = await make_merchant(database)
            _FURNISHED[key] = (merchant, await furnish(database, merchant, size))
        return _FURNISHED[key]

    return once
