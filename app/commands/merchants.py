"""`pickmesh merchant …`: the tenants."""

import json
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from pickmesh.app import merchants
from pickmesh.app.commands.asked import AsJson, with_database
from pickmesh.core.accounts import commands, directory
from pickmesh.core.accounts.queries import MerchantRow
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import system_actor


def add(
    code: str,
    *,
    name: Annotated[str, Parameter(help="As people call it.")],
    time_zone: Annotated[str, Parameter(help="The IANA zone its days end in.")] = "Asia/Shanghai",
    currency: Annotated[str, Parameter(help="ISO 4217, for prices that name none.")] = "CNY",
    locale: Annotated[str, Parameter(help="zh-CN or en.")] = "zh-CN",
) -> int:
    """Add a merchant; `pickmesh user add` and `pickmesh shop add` come next."""

    async def work(database: Database) -> None:
        await commands.create_merchant(
            database, code=code, name=name, time_zone=time_zone, currency=currency, locale=locale
        )

    with_database(work)
    print(f"The merchant {code} is there; say --merchant {code} in the commands that follow.")
    return 0


def listed(*, as_json: AsJson = False) -> int:
    """List all merchants."""
    rows = with_database(_everybody)
    if as_json:
        fields = ("code", "name", "time_zone", "currency", "locale")
        print(json.dumps([{field: getattr(row, field) for field in fields} for row in rows], ensure_ascii=False))
        return 0
    table = Table("code", "name", "time zone", "currency")
    for row in rows:
        table.add_row(row.code, row.name, row.time_zone, row.currency)
    Console().print(table)
    return 0


async def _everybody(database: Database) -> list[MerchantRow]:
    async with database.directory() as connection:
        ids = await directory.merchants(connection)
    return [await merchants.facts(database, system_actor(merchant_id)) for merchant_id in ids]
