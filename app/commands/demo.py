"""`pickmesh demo`: three merchants to try, served on this machine, or to phones on its network."""

import asyncio
import time

from rich.console import Console

from pickmesh.app import composition, health, logs, merchants, pairing, seals, serving, settings, tls
from pickmesh.app.commands.migrate import bring_up
from pickmesh.app.database import open_database
from pickmesh.app.demo import login, passwords, screen, world
from pickmesh.app.demo.load import Loader
from pickmesh.app.demo.screen import Shown
from pickmesh.app.serving import Reached
from pickmesh.app.settings import LogFormat, Settings
from pickmesh.app.tls import Tls
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.clock import SystemClock


def demo() -> int:
    """Make a database under var/demo (unless PICKMESH_DATABASE_URL names one), load three merchants, serve them.

    PICKMESH_HOST, _PORT, _DATA, _PUBLIC_URL and _TLS_CERT with _TLS_KEY are honoured; where others reach it, everybody
    gets a random password. Ctrl-C stops it; it starts again in seconds.
    """
    begin = time.monotonic()
    chosen = settings.load(data=settings.DEMO_DATA)
    level = "warning" if chosen.log_format is LogFormat.AUTO else chosen.log_level
    logs.set_up(chosen.log_format, level)
    certificate = tls.of(chosen)
    listening = serving.open_socket(chosen)
    reached = serving.reached_at(chosen, listening)
    console = Console(stderr=False, highlight=False)
    chosen, shown = asyncio.run(_prepare(chosen, reached, certificate, console))
    house = composition.build(chosen, open_database(chosen), with_worker=True)

    def up() -> None:
        screen.show(console, shown, seconds=time.monotonic() - begin)

    code = serving.serve(house.web(), chosen, listening, up, tls=certificate)
    console.print("Stopped; everything is kept. `pickmesh demo` goes on where you left.")
    return code


async def _prepare(
    chosen: Settings, reached: Reached, certificate: Tls | None, console: Console
) -> tuple[Settings, Shown]:
    """Migrate and load; return the settings to serve with, whose login is held by row-level security, and the screen.

    Nothing is served before nobody whom others could be has the password that everybody knows.
    """
    settings.make_folders(chosen)
    served = await login.walled(chosen)
    await bring_up(served)
    await seals.require_key_of(served)
    database = open_database(served)
    try:
        if not served.allow_unwalled:
            await health.require_walled(database)
        given = await _load(database, served, reached, console)
        shown = Shown(
            reached=reached,
            data=chosen.data,
            passwords=given,
            pairing=await _picker(database, reached),
            authority=certificate.authority if certificate else None,
            warnings=certificate.warnings(reached.host, SystemClock().now()) if certificate else [],
        )
        return served, shown
    finally:
        await database.dispose()


async def _load(database: Database, chosen: Settings, reached: Reached, console: Console) -> dict[str, str]:
    """Load what is missing; return everybody's own password, empty where they all have the known one."""
    is_random = not reached.only_here or bool(passwords.kept(chosen.data))
    await Loader(database, chosen.data, console.print, None if is_random else passwords.KNOWN).load()
    return await passwords.settle(database, chosen.data) if is_random else {}


async def _picker(database: Database, reached: Reached) -> pairing.Pairing:
    actor = await merchants.find(database, world.LINAN.code)
    return await pairing.make(database, actor, screen.PICKER, reached.address)
