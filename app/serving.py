"""Listening: the socket first, so that a busy port is a sentence; then uvicorn until told to stop."""

import asyncio
import errno
import signal
import socket
from collections.abc import Callable

import structlog
import uvicorn
from starlette.types import ASGIApp

from pickmesh.app.settings import Settings

BACKLOG = 2048
WS_MESSAGE_BYTES_MAX = 1_000_000
log = structlog.get_logger()


class CannotListen(Exception):
    """What was asked for cannot be done here; the message says what can."""


def open_socket(chosen: Settings) -> socket.socket:
    """Take the address to listen at; refuses one that is taken or not ours."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    try:
        return socket.create_server((chosen.host, chosen.port), family=family, backlog=BACKLOG)
    except OSError as error:
        address = f"{chosen.host}:{chosen.port}"
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"Something else listens at {address} already; stop it, or choose another port with PICKMESH_PORT."
            ) from None
        raise CannotListen(f"pickmesh cannot listen at {address} ({error.strerror}); set PICKMESH_HOST.") from None


def address_of(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Calls back once it answers."""

    def __init__(self, config: uvicorn.Config, when_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_up = when_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if not self.should_exit:
            self._when_up()


def serve(web: ASGIApp, chosen: Settings, listening: socket.socket, when_up: Callable[[], None]) -> int:
    """Answer until SIGINT or SIGTERM: running requests end, subscriptions are told to come back, cursors are kept.

    Returns 0, or 3 when the application could not start.
    """
    config = uvicorn.Config(
        web,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        ws_max_size=WS_MESSAGE_BYTES_MAX,
        timeout_graceful_shutdown=chosen.stop_seconds_max,
        timeout_keep_alive=30,
        lifespan="on",
    )
    server = _Server(config, when_up)
    with listening:
        previous = {number: signal.signal(number, _quietly) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            server.run(sockets=[listening])
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
    return 0 if server.started else 3


def _quietly(number: int, frame: object) -> None:
    """Swallow the signal that uvicorn raises again after it has stopped: being told to stop is no failure."""


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set an event at SIGINT or SIGTERM, from now on."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
