"""All invariants of the product on a live database: every room's checks, merchant by merchant."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from pickmesh.core.accounts import directory, queries
from pickmesh.core.accounts.queries import MerchantRow
from pickmesh.core.journal import checks as journal
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import system_actor
from pickmesh.core.kit.violations import Violation
from pickmesh.core.orders import checks as orders
from pickmesh.core.packing import checks as packing
from pickmesh.core.picking import checks as picking
from pickmesh.core.stock import checks as stock

Check = Callable[[UnitOfWork], Awaitable[list[Violation]]]
ROOMS: Mapping[str, Check] = {
    "journal": journal.violations,
    "stock": stock.violations,
    "orders": orders.violations,
    "picking": picking.violations,
    "packing": packing.violations,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is off at one merchant, and which room found it."""

    room: str
    violation: Violation


@dataclass(frozen=True, slots=True)
class Examined:
    """One merchant, and everything that is off there."""

    merchant: MerchantRow
    findings: tuple[Finding, ...]


async def see_one_moment(uow: UnitOfWork) -> None:
    """Let every statement that follows see the database as it is now, so that work going on is no violation."""
    if uow.dialect == "postgresql":  # a read of SQLite is one moment by itself
        await uow.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


async def examine(database: Database) -> list[Examined]:
    """Run every check for every merchant, each merchant in one read of one moment."""
    async with database.directory() as connection:
        ids = await directory.merchants(connection)
    examined = []
    for merchant_id in ids:
        async with database.reading(system_actor(merchant_id)) as uow:
            await see_one_moment(uow)
            merchant = await queries.merchant(uow)
            findings = [Finding(room, each) for room, check in ROOMS.items() for each in await check(uow)]
        examined.append(Examined(merchant, tuple(findings)))
    return examined
