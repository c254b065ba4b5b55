"""Whether this process has the key that the personal data in its database was sealed with.

A lost key is noticed before anything is sealed with another one; without any sealed row every key is the right one.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from pickmesh.app import health, settings
from pickmesh.app.database import open_to_look
from pickmesh.app.health import NotServing
from pickmesh.app.settings import Settings
from pickmesh.core.accounts import directory, queries
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import system_actor
from pickmesh.core.orders import recipients
from pickmesh.core.orders.tables import OrderRecipient

_NEWEST, _OLDEST = OrderRecipient.order_id.desc(), OrderRecipient.order_id.asc()  # ids begin with their time


async def require_key_of(chosen: Settings) -> None:
    """Refuse settings whose key does not open the database's personal data, before a new key is made for them.

    One row is opened: the newest of the first merchant that has any. A database of another schema is let through.
    """
    database = open_to_look(chosen)
    try:
        if await health.schema_problem(database) is None:
            await require_key(database, chosen)
    finally:
        await database.dispose()


async def require_key(database: Database, chosen: Settings) -> None:
    """Refuse a database whose newest row of the first merchant that has any is not opened by its vault."""
    for merchant_id in await _merchants(database):
        async with database.reading(system_actor(merchant_id)) as uow:
            opens = await _opens(uow, _NEWEST)
            if opens is False:
                raise NotServing(_sentence(chosen, (await queries.merchant(uow)).code))
        if opens:
            return


async def problems(database: Database, chosen: Settings) -> list[str]:
    """Return a sentence for every merchant whose newest or oldest sealed row is not opened by the database's vault."""
    found = []
    for merchant_id in await _merchants(database):
        async with database.reading(system_actor(merchant_id)) as uow:
            if False in {await _opens(uow, _NEWEST), await _opens(uow, _OLDEST)}:
                found.append(_sentence(chosen, (await queries.merchant(uow)).code))
    return found


async def _merchants(database: Database) -> Sequence[UUID]:
    async with database.directory() as connection:
        return await directory.merchants(connection)


async def _opens(uow: UnitOfWork, first: sa.UnaryExpression[UUID]) -> bool | None:
    """Tell whether the first sealed row in an order is opened; None when the merchant has none."""
    query = sa.select(OrderRecipient.key_id, OrderRecipient.sealed)
    found = await uow.fetch(
        query.where(uow.mine(OrderRecipient), OrderRecipient.erased_at.is_(None)).order_by(first).limit(1)
    )
    for row in found:
        try:
            uow.vault.open(uow.merchant_id, recipients.PURPOSE, row.key_id, row.sealed)
        except (InvalidTag, KeyError):
            return False
        return True
    return None


def _sentence(chosen: Settings, merchant: str) -> str:
    sealed = f"personal data of the merchant “{merchant}” in this database was sealed with another key"
    path = settings.secret_path(chosen)
    if path is None:
        given = f"{settings.PREFIX}SECRET_KEY" + ("S" if chosen.secret_keys is not None else "")
        return f"{given} cannot open what is kept: {sealed}; set the key it was sealed with."
    mend = f"restore that file from your backup, or set {settings.PREFIX}SECRET_KEY to the key it held"
    if path.exists():
        return f"The secret in “{path}” cannot open what is kept: {sealed}; {mend}."
    return f"The secret “{path}” is missing, and personal data of the merchant “{merchant}” needs it; {mend}."
