"""The composition root: here database, vault, carriers, group commit, GraphQL and web are put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field

import structlog
from starlette.applications import Starlette
from starlette.types import ASGIApp

from pickmesh.app import carriers, health, memory, mesh_relay, pictures, settings, shops, telegram, web
from pickmesh.app.letters import Senders
from pickmesh.app.settings import Settings
from pickmesh.app.worker import WOKEN, Pace, Rooms, Worker
from pickmesh.core.alerts import reactions as alerts
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.wakes import Waker
from pickmesh.core.mesh import reactions as mesh
from pickmesh.core.orders import reactions as orders
from pickmesh.core.packing import reactions as packing
from pickmesh.core.packing import waybills
from pickmesh.core.packing.carriers import Carriers
from pickmesh.core.picking import reactions as picking
from pickmesh.core.stock import reactions as stock
from pickmesh.graphql import schema as graphql_schema
from pickmesh.graphql.limits import Limits
from pickmesh.graphql.server import Server
from pickmesh.graphql.services import Services
from pickmesh.scanner.decode.pool import Readers

ROOMS: Rooms = {
    "stock": stock.REACTIONS,
    "orders": orders.REACTIONS,
    "picking": picking.REACTIONS,
    "packing": packing.REACTIONS,
    "alerts": alerts.REACTIONS,
    "mesh": mesh.REACTIONS,
    "mesh_dropships": mesh.DROPSHIPS,
    "mesh_routes": mesh.ROUTES,
}
"""Which rooms react to what happened elsewhere."""
CHANNELS = (shops.CHANNEL, waybills.CHANNEL, mesh_relay.CHANNEL)
"""Where letters leave by."""
log = structlog.get_logger()


def make_worker(chosen: Settings, database: Database, served: Carriers) -> Worker:
    """Return a worker over all rooms and channels."""
    pace = Pace(chosen.worker_poll_seconds, chosen.worker_sweep_seconds, chosen.worker_lease_seconds)
    senders: Senders = {
        shops.CHANNEL: shops.FileDrop(database, chosen.outbox_folder),
        waybills.CHANNEL: carriers.CarrierPost(database, served),
        mesh_relay.CHANNEL: mesh_relay.MeshRelay(database),
    }
    return Worker(database, ROOMS, senders, pace=pace)


@dataclass(slots=True)
class House:
    """One serving process: what it is made of, and the web application in front."""

    chosen: Settings
    database: Database
    services: Services
    readers: Readers
    worker: Worker | None
    webhook: telegram.Webhook | None = None
    state: health.State = field(default_factory=health.State)

    def web(self) -> ASGIApp:
        """Return the web application; its lifespan starts and stops everything behind it."""
        server = Server(
            graphql_schema.build(),
            self.services,
            introspection=self.chosen.graphiql,
            graphiql=self.chosen.graphiql,
        )
        return web.build(
            server,
            self.services,
            self.readers,
            self.state,
            body_bytes_max=self.chosen.body_bytes_max,
            lifespan=self._lifespan,
            more=self.webhook.routes() if self.webhook else (),
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        memory.settle()
        stop = asyncio.Event()
        look_around = self.worker.look_around if self.worker else None
        waker = Waker(self.database, WOKEN, listeners=[self.services.bell.ring], when_written=look_around)
        async with waking(waker):
            working = asyncio.create_task(self.worker.run(stop)) if self.worker else None
            try:
                async with self.webhook.running(app) if self.webhook else nullcontext():
                    yield
            finally:
                self.state.stopping = True
                await self.services.scans.drain()
                await self.readers.close()
                stop.set()
                if working is not None:
                    await working
        await self.database.dispose()


@asynccontextmanager
async def waking(waker: Waker) -> AsyncIterator[None]:
    """Run a waker beside the block; at its end other processes are told of what was committed last."""
    running = asyncio.create_task(_for_ever(waker))
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        try:
            await waker.finish()
        except Exception:
            log.exception("wake-ups could not be written")


async def _for_ever(waker: Waker) -> None:
    """Keep the waker going: a wake-up that could not be written is found by a sweep."""
    while True:
        try:
            await waker.run()
        except Exception:
            log.exception("wake-ups could not be written")
            await asyncio.sleep(1)


def build(chosen: Settings, database: Database, *, with_worker: bool) -> House:
    """Put a serving process together."""
    limits = Limits(body_bytes_max=chosen.body_bytes_max, execution_s_max=chosen.request_seconds_max)
    served = carriers.known()
    services = Services(
        database,
        carriers=served,
        limits=limits,
        bot_secret=settings.bot_secret(chosen),
        bot_name=chosen.telegram_bot,
    )
    readers = pictures.make_readers(chosen)
    worker = make_worker(chosen, database, served) if with_worker else None
    state = health.State(rooms=tuple(ROOMS), channels=CHANNELS)
    return House(chosen, database, services, readers, worker, telegram.of(chosen), state)
