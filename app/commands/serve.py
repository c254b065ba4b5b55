"""`pickmesh serve` and `pickmesh worker`."""

import asyncio
from typing import Annotated

import structlog
from cyclopts import Parameter

from pickmesh.app import carriers, composition, health, logs, memory, seals, serving, settings, tls
from pickmesh.app.database import open_database, open_to_look
from pickmesh.app.demo import passwords
from pickmesh.app.health import NotServing
from pickmesh.app.serving import Reached
from pickmesh.app.settings import Settings
from pickmesh.app.worker import WOKEN
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.wakes import Waker
from pickmesh.core.kit.clock import SystemClock

log = structlog.get_logger()


def serve(*, worker: Annotated[bool, Parameter(help="Run a worker inside this process.")] = True) -> int:
    """Serve GraphQL at /graphql, labels, /healthz, /readyz and /metrics until told to stop.

    Refuses a database that is not migrated, one whose login row-level security does not hold, one whose personal
    data was sealed with another key, and, where others reach it, the demo's with the password everybody knows.
    """
    chosen = settings.load()
    logs.set_up(chosen.log_format, chosen.log_level)
    shown = tls.of(chosen)
    listening = serving.open_socket(chosen)
    reached = serving.reached_at(chosen, listening)
    asyncio.run(_require_ready(chosen, reached))
    house = composition.build(chosen, open_database(chosen), with_worker=worker)

    def up() -> None:
        log.info("serving", url=reached.address, others=reached.others, worker=worker)
        for sentence in shown.warnings(reached.host, SystemClock().now()) if shown else []:
            log.warning("certificate", problem=sentence)

    return serving.serve(house.web(), chosen, listening, up, tls=shown)


async def _require_ready(chosen: Settings, reached: Reached) -> None:
    await require_servable(chosen)
    if not reached.only_here:
        await passwords.require_none_known(chosen)


async def require_servable(chosen: Settings) -> None:
    """Refuse to serve a database as it is, or with this login, saying what to do."""
    database = open_to_look(chosen)
    try:
        problem = await health.schema_problem(database)
        if problem is not None:
            raise NotServing(f"{settings.database_kind(chosen.url)}: {problem}.")
        if not chosen.allow_unwalled:
            await health.require_walled(database)
        await seals.require_key(database, chosen)
    finally:
        await database.dispose()


def work() -> int:
    """Run a worker of its own until told to stop; any number run side by side."""
    chosen = settings.load()
    logs.set_up(chosen.log_format, chosen.log_level)
    asyncio.run(_work(chosen))
    return 0


async def _work(chosen: Settings) -> None:
    await require_servable(chosen)
    database = open_database(chosen)
    await run_worker(chosen, database)
    await database.dispose()


async def run_worker(chosen: Settings, database: Database) -> None:
    """Work, and tell other processes what this one commits, until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    worker = composition.make_worker(chosen, database, carriers.known())
    waker = Waker(database, WOKEN, when_written=worker.look_around)
    serving.stop_on_signals(stop)
    memory.settle()
    async with composition.waking(waker):
        await worker.run(stop)
