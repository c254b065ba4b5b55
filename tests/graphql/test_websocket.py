"""Subscriptions over a real WebSocket: who is let in, what is streamed, what ends a stream."""

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.events import Event
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql import journal
from pickmesh.graphql.limits import Limits
from pickmesh.graphql.services import Services

EVENTS = "subscription ($since: Long, $kinds: [String!]) { events(since: $since, kinds: $kinds) { kind payload seq } }"
RANG = ["bell_rang"]


@dataclass(frozen=True, slots=True)
class Rang(Event):
    kind: ClassVar[str] = "bell_rang"
    times: int


@pytest.fixture
def services(database: Database) -> Services:
    return Services(database, limits=Limits(subscriptions_max=3))


async def ring(services: Services, merchant: Actor, *times: int) -> None:
    async with services.database.unit_of_work(merchant) as uow:
        uow.emit(Rang(new_id(), number) for number in times)
    services.bell.ring(merchant.merchant_id)


async def test_a_reconnect_from_the_last_seq_loses_and_repeats_nothing(
    owner: Any, open_socket: Any, services: Services, merchant: Actor
) -> None:
    await ring(services, merchant, 1, 2)
    socket = await open_socket(owner.token)
    await socket.subscribe(EVENTS, since=0, kinds=RANG)
    seen = [(await socket.next())["events"] for _ in range(2)]
    await socket.connection.close()
    await ring(services, merchant, 3)
    socket = await open_socket(owner.token)
    await socket.subscribe(EVENTS, since=seen[-1]["seq"], kinds=RANG)
    seen.append((await socket.next())["events"])
    assert [event["payload"] for event in seen] == [{"times": 1}, {"times": 2}, {"times": 3}]


@pytest.mark.parametrize("beyond", [-1, 1])
async def test_a_cursor_the_log_has_never_reached_is_refused(
    owner: Any, open_socket: Any, services: Services, merchant: Actor, beyond: int
) -> None:
    await ring(services, merchant, 1)
    socket = await open_socket(owner.token)
    await socket.subscribe(EVENTS, since=0, kinds=RANG)
    newest = (await socket.next())["events"]["seq"]
    socket = await open_socket(owner.token)
    await socket.subscribe(EVENTS, since=newest + 1 if beyond > 0 else -1)
    (error,) = (await socket.receive())["payload"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID_INPUT", ["since"])
    assert f"between 0 and {newest}" in error["message"]


async def test_without_a_cursor_only_news_are_told_and_the_bell_makes_them_prompt(
    owner: Any, open_socket: Any, services: Services, merchant: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LOOK_EVERY_S", 60.0)
    await ring(services, merchant, 1)
    socket = await open_socket(owner.token)
    await socket.subscribe(EVENTS, kinds=RANG)
    while not services.bell.is_awaited(merchant.merchant_id):  # noqa: ASYNC110 - a bell has nothing to wait on
        await asyncio.sleep(0.01)
    await ring(services, merchant, 2)
    assert (await socket.next())["events"]["payload"] == {"times": 2}


async def test_a_stranger_hears_nothing(
    client_of: Any, open_socket: Any, services: Services, merchant: Actor, stranger: Actor
) -> None:
    other = await client_of(stranger)
    socket = await open_socket(other.token)
    await socket.subscribe(EVENTS, since=0, kinds=RANG)
    await ring(services, merchant, 1)
    await ring(services, stranger, 7)
    assert (await socket.next())["events"]["payload"] == {"times": 7}


async def test_queries_and_mutations_run_over_the_same_connection(owner: Any, open_socket: Any) -> None:
    socket = await open_socket(owner.token)
    await socket.subscribe("{ viewer { name } }", id="q")
    assert (await socket.next())["viewer"] == {"name": "小王"}
    assert await socket.receive() == {"id": "q", "type": "complete"}


async def test_a_bad_document_is_answered_and_the_connection_stays(owner: Any, open_socket: Any) -> None:
    socket = await open_socket(owner.token)
    for query in ("{", "subscription { nothing }", "", "query A { viewer { name } } query A { viewer { name } }"):
        await socket.subscribe(query)
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "BAD_REQUEST")
    await socket.send(id="1", type="subscribe", payload=[])
    assert (await socket.receive())["type"] == "error"
    await socket.subscribe("{ viewer { name } }")
    assert (await socket.next())["viewer"] == {"name": "小王"}


async def test_a_subscription_without_its_permission_is_refused(
    client_of: Any, open_socket: Any, merchant: Actor
) -> None:
    picker = await client_of(merchant, Role.PICKER)
    socket = await open_socket(picker.token)
    await socket.subscribe(EVENTS)
    message = await socket.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_PERMITTED")


@pytest.mark.parametrize("payload", [{}, {"Authorization": "Bearer pm1_x"}, {"Authorization": 7}, {"token": "x"}])
async def test_a_connection_without_a_token_of_ours_is_closed(open_socket: Any, payload: Any) -> None:
    socket = await open_socket()
    await socket.send(type="connection_init", payload=payload)
    assert await socket.closed() == (4403, "Forbidden")


async def test_subscribing_before_the_handshake_is_closed(open_socket: Any) -> None:
    socket = await open_socket()
    await socket.subscribe(EVENTS)
    assert await socket.closed() == (4401, "Unauthorized")


async def test_a_message_longer_than_a_body_may_be_closes_the_connection(
    owner: Any, open_socket: Any, services: Services
) -> None:
    socket = await open_socket(owner.token)
    await socket.subscribe("{ viewer { name } } #" + "x" * services.limits.body_bytes_max)
    assert await socket.closed() == (4400, "WebSocket message must be valid JSON")


async def test_the_old_protocol_is_not_spoken(open_socket: Any) -> None:
    socket = await open_socket(protocol="graphql-ws")
    assert (await socket.closed())[0] == 4406


async def test_a_session_that_ends_ends_its_streams(
    owner: Any, open_socket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LOOK_EVERY_S", 0.05)
    socket = await open_socket(owner.token)
    await socket.subscribe(EVENTS, kinds=RANG)
    await owner.run("mutation { signOut(input: {everywhere: true}) { ended } }")
    assert await socket.receive() == {"id": "1", "type": "complete"}
    await socket.subscribe("{ viewer { name } }")
    assert await socket.closed() == (4403, "Forbidden")


async def test_operations_at_once_over_one_connection_are_limited(owner: Any, open_socket: Any) -> None:
    socket = await open_socket(owner.token)
    for number in range(4):
        await socket.subscribe(EVENTS, id=str(number), kinds=RANG)
    message = await socket.receive()
    assert (message["id"], message["payload"][0]["extensions"]["code"]) == ("3", "LIMIT_EXCEEDED")


async def test_a_stream_that_breaks_shows_an_id_and_nothing_of_itself(
    owner: Any, open_socket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("SELECT secret")

    monkeypatch.setattr(journal.reading, "events_after", broken)
    socket = await open_socket(owner.token)
    await socket.subscribe(EVENTS)
    message = await socket.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL")
    assert "secret" not in str(message)
