"""Listening: the socket first, so that a busy port is a sentence; then uvicorn until told to stop."""

import asyncio
import errno
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
import uvicorn
from starlette.types import ASGIApp

from pickmesh.app import lan
from pickmesh.app.settings import Settings
from pickmesh.app.tls import Tls

BACKLOG = 2048
WS_MESSAGE_BYTES_MAX = 1_000_000
log = structlog.get_logger()


class CannotListen(Exception):
    """What was asked for cannot be done here; the message says what can."""


def open_socket(chosen: Settings) -> socket.socket:
    """Take the address to listen at; refuses one that is taken or not ours."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    both = lan.is_wildcard(chosen.host) and family == socket.AF_INET6 and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((chosen.host, chosen.port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        address = f"{chosen.host}:{chosen.port}"
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"Something else listens at {address} already; stop it, or choose another port with PICKMESH_PORT."
            ) from None
        raise CannotListen(f"pickmesh cannot listen at {address} ({error.strerror}); set PICKMESH_HOST.") from None


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a server is reached: the address to print, others that lead to it too, and whether only from here."""

    address: str
    others: list[str]
    only_here: bool

    @property
    def host(self) -> str:
        """Return the name or address in the address."""
        return host_of(self.address)


def reached_at(chosen: Settings, listening: socket.socket) -> Reached:
    """Return where a listening socket is reached; PICKMESH_PUBLIC_URL comes first, for it is what phones reach."""
    host, port = listening.getsockname()[:2]
    urls = lan.urls(host, port, secure=chosen.tls_cert is not None)
    if chosen.public_url is not None:
        urls = list(dict.fromkeys([chosen.public_url, *urls]))
    return Reached(urls[0], urls[1:], lan.is_local(host) and lan.is_local(host_of(urls[0])))


def host_of(address: str) -> str:
    """Return the name or address in a URL."""
    return urlsplit(address).hostname or ""


class _Server(uvicorn.Server):
    """Calls back once it answers."""

    def __init__(self, config: uvicorn.Config, when_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_up = when_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if not self.should_exit:
            self._when_up()


def serve(
    web: ASGIApp, chosen: Settings, listening: socket.socket, when_up: Callable[[], None], *, tls: Tls | None = None
) -> int:
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
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
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
