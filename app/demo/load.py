"""Loading the demo: merchants, shops and people, then each merchant's files through the ordinary importers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pickmesh.app import merchants
from pickmesh.app.demo import files, world
from pickmesh.app.demo.mesh import Mesh
from pickmesh.app.files import Limits
from pickmesh.app.imports.catalog import CatalogFile
from pickmesh.app.imports.orders import OrdersFile
from pickmesh.app.imports.outcome import Summary
from pickmesh.app.imports.places import PlacesFile
from pickmesh.app.imports.run import Kind, import_table, look_over
from pickmesh.app.imports.stock import StockFile
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts import passwords
from pickmesh.core.accounts import queries as known
from pickmesh.core.accounts.commands import NewPerson, NewShop
from pickmesh.core.accounts.tables import Platform
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.permissions import Role
from pickmesh.core.orders import lists

Say = Callable[[str], None]


class DemoBroken(Exception):
    """The demo's own files were not taken whole: a bug in pickmesh."""


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads the demo into a database; what is there already is left alone, so a load that was cut off goes on."""

    database: Database
    folder: Path
    say: Say
    password: str | None  # everybody's; None when each gets one afterwards

    async def load(self) -> None:
        """Load whatever is missing."""
        if not await self._is_loaded():
            await self.load_files()
        if await Mesh(self.database, self.folder).load():
            self.say("Partners: they agreed, offered, mapped; one order waits for a partner's answer")

    async def load_files(self) -> None:
        """Load the merchants and each one's files."""
        today = self.database.clock.now().astimezone(ZoneInfo(world.TIME_ZONE)).date()
        demo = files.write_demo(self.folder, today=today)
        manifest = json.loads(demo.manifest.read_text(encoding="utf-8"))
        password_hash = await passwords.hash_password(self.password) if self.password else None
        for described in manifest["merchants"]:
            actor = await self._merchant(described, password_hash)
            for name in ("places", "catalog", "stock", "orders"):
                if name in described["files"]:
                    await self._file(actor, described, name)

    async def _is_loaded(self) -> bool:
        """The last merchant's orders go in last, and in one unit of work."""
        actor = await merchants.find_or_none(self.database, world.MERCHANTS[-1].code)
        if actor is None:
            return False
        async with self.database.reading(actor) as uow:
            return bool((await lists.order_page(uow, PageRequest(limit=1))).items)

    async def _merchant(self, described: dict[str, Any], password_hash: str | None) -> Actor:
        actor = await merchants.find_or_none(self.database, described["code"])
        if actor is None:
            actor = await accounts.create_merchant(
                self.database,
                code=described["code"],
                name=described["name_zh"],
                time_zone=described["time_zone"],
                currency=described["currency"],
                locale="zh-CN",
            )
        await self.database.run(actor, lambda uow: _people_and_shops(uow, described, password_hash))
        return actor

    async def _file(self, actor: Actor, described: dict[str, Any], name: str) -> None:
        path = self.folder / described["files"][name]
        kind = await self._kind(actor, name)
        table = look_over(path, kind, Limits())
        summary: Summary = await import_table(self.database, actor, kind, table)
        if summary.exit_code:
            raise DemoBroken(f"{path}: {summary.refusals[0]}")
        self.say(f"{described['name_zh']} {described['name_en']}: {summary.rows} rows of {name}")

    async def _kind(self, actor: Actor, name: str) -> Kind[Any]:
        merchant = await merchants.facts(self.database, actor)
        if name == "places":
            return PlacesFile(time_zone=merchant.time_zone)
        if name == "catalog":
            return CatalogFile(merchant.currency)
        if name == "stock":
            return StockFile()
        return OrdersFile(currency=merchant.currency, zone=merchants.zone(merchant), shop=None)


async def _people_and_shops(uow: UnitOfWork, described: dict[str, Any], password_hash: str | None) -> None:
    have = {shop.code for shop in await known.shops(uow)}
    await accounts.create_shops(
        uow,
        shops=[
            NewShop(shop["code"], shop["name_zh"], Platform(shop["platform"]))
            for shop in described["shops"]
            if shop["code"] not in have
        ],
    )
    people = {person.sign_in for person in (await known.people(uow, PageRequest(limit=250))).items}
    await accounts.create_people(
        uow,
        people=[
            NewPerson(
                sign_in=person["sign_in"],
                name=person["name_zh"],
                role=Role(person["role"].upper()),
                password_hash=password_hash,
                locale=person["locale"],
            )
            for person in described["people"]
            if person["sign_in"] not in people
        ],
    )
