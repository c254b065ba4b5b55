"""A subscriber over graphql-transport-ws: collects every event of its merchant, in a thread of its own."""

import json
import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect
from websockets.typing import Subprotocol

EVENTS = "subscription { events(since: 0) { seq kind subjectId payload } }"
WAIT_S_MAX = 30


class Listener:
    """Listens while the block runs."""

    def __init__(self, address: str, token: str) -> None:
        self._socket = connect(
            f"{address.replace('http', 'ws', 1)}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
        )
        self._say("connection_init", payload={"Authorization": f"Bearer {token}"})
        assert json.loads(self._socket.recv())["type"] == "connection_ack"
        self._say("subscribe", id="events", payload={"query": EVENTS})
        self._heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def _say(self, kind: str, **more: Any) -> None:
        self._socket.send(json.dumps({"type": kind, **more}))

    def _listen(self) -> None:
        for message in self._socket:
            told = json.loads(message)
            if told["type"] == "next":
                self._heard.put(told["payload"]["data"]["events"])

    def until(self, is_last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Return every event so far, up to the first for which `is_last`."""
        told = [self._heard.get(timeout=WAIT_S_MAX)]
        while not is_last(told[-1]):
            told.append(self._heard.get(timeout=WAIT_S_MAX))
        return told

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._thread.join(timeout=WAIT_S_MAX)
