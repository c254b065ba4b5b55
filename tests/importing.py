"""What tests of imports share: a merchant with two shops, files written, and what became of their rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pickmesh.app import merchants
from pickmesh.app.cells import Problem
from pickmesh.app.files import Limits
from pickmesh.app.imports.catalog import CatalogFile
from pickmesh.app.imports.orders import OrdersFile
from pickmesh.app.imports.outcome import Status, Summary
from pickmesh.app.imports.places import PlacesFile
from pickmesh.app.imports.run import Kind, import_table, look_over
from pickmesh.app.imports.stock import StockFile
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts.commands import NewShop
from pickmesh.core.accounts.tables import Platform
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id


@dataclass
class Told:
    """What an import said of each row."""

    rows: dict[int, tuple[Status, str]] = field(default_factory=dict)

    def told(self, rows: Sequence[int], key: str, status: Status, problems: Sequence[Problem]) -> None:
        for row in rows:
            self.rows[row] = (status, "")
        for problem in problems:
            self.rows[problem.row] = (status, problem.message)

    @property
    def refused(self) -> dict[int, str]:
        return {row: message for row, (status, message) in sorted(self.rows.items()) if status is Status.REFUSED}


async def make_shopkeeper(database: Database) -> Actor:
    code = f"m{new_id().hex[-10:]}"
    actor = await accounts.create_merchant(
        database, code=code, name="林安家居", time_zone="Asia/Shanghai", currency="CNY", locale="zh-CN"
    )
    async with database.unit_of_work(actor) as uow:
        shops = [NewShop("taobao", "旗舰店", Platform.TAOBAO), NewShop("douyin", "直播间", Platform.DOUYIN)]
        await accounts.create_shops(uow, shops=shops)
    return actor


async def kind_of(database: Database, actor: Actor, name: str, shop: str | None = None) -> Kind[Any]:
    merchant = await merchants.facts(database, actor)
    kinds: dict[str, Kind[Any]] = {
        "places": PlacesFile(time_zone=merchant.time_zone),
        "catalog": CatalogFile(merchant.currency),
        "stock": StockFile(),
        "orders": OrdersFile(currency=merchant.currency, zone=merchants.zone(merchant), shop=shop),
    }
    return kinds[name]


async def take(
    database: Database, actor: Actor, name: str, path: Path, shop: str | None = None
) -> tuple[Summary, Told]:
    kind, told = await kind_of(database, actor, name, shop), Told()
    summary = await import_table(database, actor, kind, look_over(path, kind, Limits()), [told])
    return summary, told


async def take_text(
    database: Database, actor: Actor, name: str, text: str, tmp_path: Path, shop: str | None = None
) -> tuple[Summary, Told]:
    path = tmp_path / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return await take(database, actor, name, path, shop)
