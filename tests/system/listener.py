"""A subscriber over graphql-transport-ws: collects everything a subscription tells, in a thread of its own."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

EVENTS = "subscription { events(since: 0) { seq kind subjectId payload } }"
WAIT_S_MAX = 60


class Listener:
    """Hears what a socket says."""

    def __init__(self, socket: ClientConnection, token: str, query: str) -> None:
        self._socket = socket
        self._say("connection_init", payload={"Authorization": f"Bearer {token}"})
        assert json.loads(self._socket.recv())["type"] == "connection_ack"
        self._say("subscribe", id="events", payload={"query": query})
        self._heard: queue.Queue[dict[str, Any]] = queue.Queue()

    def _say(self, kind: str, **more: Any) -> None:
        self._socket.send(json.dumps({"type": kind, **more}))

    def listen(self) -> None:
        """Hear everything until the socket closes."""
        for message in self._socket:
            told = json.loads(message)
            if told["type"] == "next":
                (news,) = told["payload"]["data"].values()
                self._heard.put(news)

    def until(self, is_last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Return every event so far, up to the first for which `is_last`."""
        told = [self._heard.get(timeout=WAIT_S_MAX)]
        while not is_last(told[-1]):
            told.append(self._heard.get(timeout=WAIT_S_MAX))
        return told


@contextmanager
def listening(address: str, token: str, query: str = EVENTS) -> Iterator[Listener]:
    """Subscribe to a merchant's events, or to something else of one field, while the block runs."""
    url = f"{address.replace('http', 'ws', 1)}/graphql"
    with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        listener = Listener(socket, token, query)
        thread = threading.Thread(target=listener.listen, daemon=True)
        thread.start()
        yield listener
    thread.join(timeout=WAIT_S_MAX)
