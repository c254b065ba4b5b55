"""`pickmesh demo`: three merchants to try, served on this machine."""

import asyncio
import ipaddress
import time

from rich.console import Console

from pickmesh.app import composition, health, logs, seals, serving, settings
from pickmesh.app.commands.migrate import bring_up
from pickmesh.app.database import open_database
from pickmesh.app.demo import login, screen
from pickmesh.app.demo.load import Loader
from pickmesh.app.settings import LogFormat, Settings


def demo() -> int:
    """Make a database under var/demo (unless PICKMESH_DATABASE_URL names one), load three merchants, serve them.

    PICKMESH_HOST, PICKMESH_PORT and PICKMESH_DATA are honoured. Ctrl-C stops it; it starts again in seconds.
    """
    begin = time.monotonic()
    chosen = settings.load(data=settings.DEMO_DATA)
    level = "warning" if chosen.log_format is LogFormat.AUTO else chosen.log_level
    logs.set_up(chosen.log_format, level)
    listening = serving.open_socket(chosen)
    console = Console(stderr=False, highlight=False)
    chosen = asyncio.run(_prepare(chosen, console))
    house = composition.build(chosen, open_database(chosen), with_worker=True)
    address = serving.address_of(listening)

    def up() -> None:
        screen.show(console, address, is_local=_is_local(chosen.host), seconds=time.monotonic() - begin)

    code = serving.serve(house.web(), chosen, listening, up)
    console.print("Stopped; everything is kept. `pickmesh demo` goes on where you left.")
    return code


async def _prepare(chosen: Settings, console: Console) -> Settings:
    """Migrate and load; return the settings to serve with, whose login is held by row-level security."""
    settings.make_folders(chosen)
    served = await login.walled(chosen)
    await bring_up(served)
    await seals.require_key_of(served)
    database = open_database(served)
    try:
        if not served.allow_unwalled:
            await health.require_walled(database)
        await Loader(database, chosen.data, console.print).load()
    finally:
        await database.dispose()
    return served


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
