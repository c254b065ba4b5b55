"""`pickmesh export-catalog FILE`, `export-stock FILE`, `export-orders FILE`: what is here, as files imports read."""

from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pickmesh.app import merchants
from pickmesh.app.commands.asked import Merchant, for_merchant
from pickmesh.app.exports.catalog import export_catalog
from pickmesh.app.exports.orders import export_orders
from pickmesh.app.exports.stock import export_stock
from pickmesh.app.exports.writers import writer_of
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import InvalidInput

Out = Annotated[Path, Parameter(help="The file to write; its ending .csv or .xlsx is the format.")]


def catalog(file: Out, *, merchant: Merchant = None) -> int:
    """Write the catalogue with the columns that import-catalog reads: edit it and import it again."""
    count = for_merchant(merchant, partial(_export, file))
    print(f"{file}: {count} {'SKU' if count == 1 else 'SKUs'}. Edit it and take it in with `pickmesh import-catalog`.")
    return 0


async def _export(file: Path, database: Database, actor: Actor) -> int:
    writer = writer_of(file)
    try:
        async with database.reading(actor) as uow:
            return await export_catalog(uow, writer)
    finally:
        writer.finish()


def stock(
    file: Out,
    *,
    at: Annotated[str | None, Parameter(help="A past moment such as 2026-11-24T18:00; now when not said.")] = None,
    merchant: Merchant = None,
) -> int:
    """Write what lies where, now or at a past moment, with the columns that import-stock reads."""
    count = for_merchant(merchant, partial(_export_stock, file, at))
    print(f"{file}: {count} {'row' if count == 1 else 'rows'}.")
    return 0


async def _export_stock(file: Path, at: str | None, database: Database, actor: Actor) -> int:
    async with database.reading(actor) as uow:
        moment = uow.now if at is None else moment_of(at, merchants.zone(await accounts.merchant(uow)))
        writer = writer_of(file)
        try:
            return await export_stock(uow, writer, moment)
        finally:
            writer.finish()


def orders(
    file: Out,
    *,
    since: Annotated[str | None, Parameter(help="Only orders placed from this moment on, such as 2026-11-24.")] = None,
    shop: Annotated[str | None, Parameter(help="Only orders of the shop with this code.")] = None,
    reveal: Annotated[bool, Parameter(help="Write names, phone numbers and streets in clear.")] = False,
    merchant: Merchant = None,
) -> int:
    """Write orders, one row per line, with the columns that import-orders reads; buyers are masked unless revealed."""
    count = for_merchant(merchant, partial(_export_orders, file, since, shop, reveal))
    masked = "" if reveal else " Buyers are masked; say --reveal for a file that can be taken in again."
    print(f"{file}: {count} {'order' if count == 1 else 'orders'}.{masked}")
    return 0


async def _export_orders(  # noqa: PLR0917 - bound by partial, called with a database and an actor
    file: Path, since: str | None, shop: str | None, reveal: bool, database: Database, actor: Actor
) -> int:
    async with database.reading(actor) as uow:
        moment = None if since is None else moment_of(since, merchants.zone(await accounts.merchant(uow)))
        known = None if shop is None else await accounts.shop_by_code(uow, shop)
        if shop is not None and known is None:
            raise InvalidInput(f"There is no shop “{shop}”; `pickmesh shop list` lists those there are.")
        writer = writer_of(file)
        try:
            return await export_orders(uow, writer, since=moment, shop_id=known.id if known else None, reveal=reveal)
        finally:
            writer.finish()


def moment_of(text: str, zone: tzinfo) -> datetime:
    """Return the moment a text names, in a zone unless it names one itself; refuses what is no moment."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(f"“{text}” is no moment; write it as 2026-11-24T18:00 or 2026-11-24T18:00+08:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
