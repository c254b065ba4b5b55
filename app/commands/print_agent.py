"""`pickmesh print-agent`: labels from the packing bench to its printer."""

import os
import signal
import socket
import threading
from typing import Annotated, Literal

import stamina
from cyclopts import Parameter

from pickmesh.app.printing.agent import WAIT_S_MAX, Agent
from pickmesh.app.printing.console import Console
from pickmesh.app.printing.printers import AgentRefused, printer_to
from pickmesh.app.printing.server import Bench, Server, ServerAway

TOKEN = "PICKMESH_TOKEN"


def print_agent(
    *,
    station: Annotated[str, Parameter(help="The code of the pack station whose labels are printed.")],
    to: Annotated[str, Parameter(help="The printer: tcp://HOST:9100 (ZPL), lp:NAME (CUPS, PDF) or folder:PATH.")],
    server: Annotated[
        str, Parameter(env_var="PICKMESH_SERVER", help="Where pickmesh is served.")
    ] = "http://127.0.0.1:8000",
    location: Annotated[
        str | None, Parameter(help="The warehouse's code, where several have a station of that code.")
    ] = None,
    format: Annotated[Literal["pdf", "zpl"] | None, Parameter(help="What a folder gets; PDF unless said.")] = None,
    name: Annotated[
        str | None, Parameter(help="This agent's name, the same at every start; this machine's unless said.")
    ] = None,
    once: Annotated[
        bool, Parameter(negative="", help="Print what waits, then end; exit code 1 unless all went well.")
    ] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="A line of JSON for each label.")] = False,
) -> int:
    """Print the labels of a pack station, each exactly once or reported as unsure, until told to stop.

    The token of an API key with floor:read, floor:work and recipients:read is taken from PICKMESH_TOKEN. Run one agent
    for each printer; docs/printing.md shows how to install it and what UNSURE means.
    """
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise AgentRefused(f"{TOKEN} is not set; put an API key's token there.")
    if not server.startswith(("http://", "https://")):
        raise AgentRefused(f"“{server}” is no address; write http://HOST:8000 or https://HOST.")
    stamina.instrumentation.set_on_retry_hooks([])  # what is tried again is no news
    printer, console, stop = printer_to(to, format), Console(as_json), _stopping()
    with Server(server, token) as connected:
        bench = _bench(connected, console, stop, station, location, once=once)
        if bench is None:
            return 1 if once else 0
        console.ready(bench.code, to)
        agent = Agent(connected, printer, bench, f"{name or socket.gethostname()} {to}", console, stop)
        return 0 if agent.run(once=once) else 1


def _bench(
    server: Server, console: Console, stop: threading.Event, code: str, location: str | None, *, once: bool
) -> Bench | None:
    """Return the station once the server answers; None when told to stop before, or with `once` while it is away."""
    while not stop.is_set():
        try:
            server.require_permissions()
            return server.bench(code, location)
        except ServerAway as error:
            console.trouble(f"The server is away ({error}).")
            if once:
                return None
            stop.wait(WAIT_S_MAX / 10)
    return None


def _stopping() -> threading.Event:
    """Return an event that the first SIGINT or SIGTERM sets; a second one ends the program at once."""
    stop = threading.Event()

    def asked(number: int, frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked)
    return stop
