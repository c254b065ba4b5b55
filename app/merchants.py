"""Whom a command is for: a merchant found by its code."""

from zoneinfo import ZoneInfo

from pickmesh.core.accounts import directory
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.accounts.directory import EntryKind
from pickmesh.core.accounts.queries import MerchantRow
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor, system_actor
from pickmesh.core.kit.refusals import InvalidInput


async def find(database: Database, code: str | None) -> Actor:
    """Return the machinery of the merchant with a code; refuses an unknown one and none at all."""
    if not code:
        raise InvalidInput("Say for which merchant: --merchant CODE, or PICKMESH_MERCHANT in the environment.")
    actor = await find_or_none(database, code)
    if actor is None:
        raise InvalidInput(f"There is no merchant “{code}”; `pickmesh doctor` lists those there are.")
    return actor


async def find_or_none(database: Database, code: str) -> Actor | None:
    """Return the machinery of the merchant with a code, None when there is none."""
    async with database.directory() as connection:
        entry = await directory.find_entry(connection, EntryKind.MERCHANT_CODE, code)
    return system_actor(entry.merchant_id) if entry else None


async def facts(database: Database, actor: Actor) -> MerchantRow:
    """Return the merchant's own row."""
    async with database.reading(actor) as uow:
        return await accounts.merchant(uow)


def zone(merchant: MerchantRow) -> ZoneInfo:
    """Return the zone that times without one are read in."""
    return ZoneInfo(merchant.time_zone)
