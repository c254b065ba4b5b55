"""A served warehouse with a bot before it: the real processes, an SQLite file that is looked into from here."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import processes
import sqlalchemy as sa
from tests.bot.emulated import TOKEN, Telegram
from tests.builders_catalog import make_skus
from tests.builders_floor import bring_orders, make_floor, release
from tests.builders_stock import put_stock

from pickmesh.app.database import open_database
from pickmesh.app.settings import Settings
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts.commands import NewPerson
from pickmesh.core.alerts import commands as alerts
from pickmesh.core.alerts.commands import NewReorderPoint
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.chats import links
from pickmesh.core.floor.tables import Scan
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.notices import deliveries
from pickmesh.core.notices.tables import Medium
from pickmesh.core.picking.tables import PickLine

Answer = TypeVar("Answer")
MERCHANT = "linan"
PICKER, OWNER, STRANGER = 101, 102, 103
PEOPLE = {PICKER: ("picker@linan", Role.PICKER), OWNER: ("owner@linan", Role.OWNER)}
SHELVES = {"A-01-01": {"MUG": 30}, "A-01-02": {"KETTLE": 30}, "A-01-03": {"KETTLE-LID": 30}}
BARCODES = {"MUG": "6957764102201", "KETTLE": "4006381333931"}
_PICKED = (
    sa.select(
        Sku.code,
        sa.func.sum(PickLine.picked_quantity).label("picked"),
        sa.func.sum(PickLine.short_quantity).label("short"),
    )
    .select_from(PickLine)
    .join(Sku, sa.and_(Sku.merchant_id == PickLine.merchant_id, Sku.id == PickLine.sku_id))
)


@dataclass
class Stage:
    """A folder with a merchant's warehouse, served at a port; `mode` says how the bot gets its updates."""

    folder: Path
    mode: str
    telegram: Telegram
    port: int
    people: dict[int, UUID] = field(default_factory=dict)
    skus: dict[str, UUID] = field(default_factory=dict)
    locations: dict[str, UUID] = field(default_factory=dict)
    bins: dict[str, UUID] = field(default_factory=dict)
    merchant: Actor | None = None
    """Whose people are linked."""
    _opened: ExitStack = field(default_factory=ExitStack)
    served: processes.Running | None = None
    bot: processes.Running | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def look(self, work: Callable[[Database], Awaitable[Answer]]) -> Answer:
        """Do something with the database from here."""

        async def opened() -> Answer:
            database = open_database(Settings(data=self.folder / "var"))
            try:
                return await work(database)
            finally:
                await database.dispose()

        return asyncio.run(opened())

    def set_up(self, orders: Mapping[str, Mapping[str, int]]) -> None:
        """Make the database, and in it a warehouse with orders to pick and people."""
        self.migrate()

        async def furnish(database: Database) -> None:
            actor = await accounts.create_merchant(
                database, code=MERCHANT, name="林安家居", time_zone="Asia/Shanghai", currency="CNY", locale="zh-CN"
            )
            floor = await make_floor(database, actor, SHELVES, totes=6)
            await make_skus(database, actor, list(floor.house.skus), shop="TB", barcodes=BARCODES)
            await self.hire(database, actor, PEOPLE)
            self.skus, self.locations = dict(floor.house.skus), {"WH1": floor.location_id}
            self.bins = dict(floor.warehouse.bins)
            for number, lines in orders.items():
                await bring_orders(floor, {number: lines})
                await release(floor)

        self.look(furnish)

    def start(self) -> None:
        """Serve, and start the bot."""
        settings = {
            "port": str(self.port),
            "telegram_token": TOKEN,
            "telegram_base_url": self.telegram.address,
            "telegram_mode": self.mode,
            "public_url": self.address,
            "worker_sweep_seconds": "1",  # what is written from here wakes nobody
        }
        self.served = self._opened.enter_context(processes.started(self.folder, "serve", **settings))
        processes.address_of(self.served)
        if self.mode == "polling":
            self.start_bot()
        else:
            self.served.wait_for("bot listens")

    def start_bot(self) -> None:
        settings = {"port": str(self.port), "telegram_token": TOKEN, "telegram_base_url": self.telegram.address}
        self.bot = self._opened.enter_context(processes.started(self.folder, "bot", **settings))
        self.bot.wait_for("bot polls")

    def kill(self) -> None:
        """Kill the process the bot runs in, as a power cut would."""
        running = self.bot or self.served
        assert running is not None
        running.stop(signal.SIGKILL)

    def start_again(self) -> None:
        """Start what was killed; what was not acknowledged is brought again."""
        if self.mode == "polling":
            self.start_bot()
        else:
            self.start()
            self.telegram.deliver()

    def link(self, account: int) -> None:
        """Link an account to its person, as the person does."""
        token = self.look(lambda database: self._invited(database, self.people[account]))
        before = self.telegram.now
        self.telegram.say(account, f"/start {token}")
        self.telegram.answer(account, "Hello", after=before)

    async def _invited(self, database: Database, person_id: UUID) -> str:
        async with database.unit_of_work(await self._actor(database)) as uow:
            return await links.invite(uow, person_id=person_id)

    async def _actor(self, database: Database) -> Actor:
        assert self.merchant is not None
        return self.merchant

    def migrate(self) -> None:
        """Make the database."""
        done = processes.run(self.folder, "migrate")
        assert done.returncode == 0, done.stderr

    async def hire(self, database: Database, actor: Actor, people: Mapping[int, tuple[str, Role]]) -> None:
        """Let people who speak English work for a merchant; theirs are the accounts that are linked."""
        new = [NewPerson(name, "Wang", role, None, "en") for name, role in people.values()]
        async with database.unit_of_work(actor) as uow:
            made = await accounts.create_people(uow, people=new)
        self.merchant = actor
        self.people = dict(zip(people, (each for each in made if isinstance(each, UUID)), strict=True))

    def scans(self) -> list[Any]:
        """Return every scan that was kept."""

        async def read(database: Database) -> list[Any]:
            async with database.reading(await self._actor(database)) as uow:
                found = await uow.fetch(sa.select(Scan.kind, Scan.outcome, Scan.raw).where(uow.mine(Scan)))
                return list(found)

        return self.look(read)

    def picked(self) -> dict[str, tuple[int, int]]:
        """Return how many pieces of each SKU were picked and reported short."""

        async def read(database: Database) -> dict[str, tuple[int, int]]:
            async with database.reading(await self._actor(database)) as uow:
                rows = await uow.fetch(_PICKED.where(uow.mine(PickLine)).group_by(Sku.code))
                return {row.code: (row.picked, row.short) for row in rows}

        return self.look(read)

    def watch(self, sku: str, *, low_at: int, enough_at: int) -> None:
        """Say what is low for a SKU."""

        async def save(database: Database) -> None:
            point = NewReorderPoint(self.locations["WH1"], self.skus[sku], low_at, enough_at)
            async with database.unit_of_work(await self._actor(database)) as uow:
                (answer,) = await alerts.save_reorder_points(uow, points=[point])
            assert isinstance(answer, UUID), answer

        self.look(save)

    def receive(self, sku: str, place: str, quantity: int) -> None:
        """Let goods arrive."""

        async def arrive(database: Database) -> None:
            await put_stock(database, await self._actor(database), self.bins[place], self.skus[sku], quantity)

        self.look(arrive)

    def waiting(self) -> int:
        """Return how many notices wait for the owner's chat."""

        async def read(database: Database) -> int:
            async with database.reading(await self._actor(database)) as uow:
                return len(await deliveries.waiting(uow, Medium.CHAT, person_ids=[self.people[OWNER]]))

        return self.look(read)

    def linked(self) -> set[int]:
        """Return the accounts that speak for somebody."""

        async def read(database: Database) -> set[int]:
            async with database.reading(await self._actor(database)) as uow:
                return {int(link.account) for link in await links.open_links(uow) if link.account.isdecimal()}

        return self.look(read)

    def close(self) -> None:
        """Stop what still runs; both stop cleanly."""
        for running in (self.bot, self.served):
            if running is not None and running.process.poll() is None:
                assert running.stop(signal.SIGTERM) == 0
        self._opened.close()
