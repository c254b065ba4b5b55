"""Row locks of accounts."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.directory import EntryKind, key_hash
from pickmesh.core.accounts.tables import Merchant
from pickmesh.core.journal.tables import DirectoryEntry
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import refusals


async def lock_entry(uow: UnitOfWork, kind: EntryKind, key: str) -> UUID | None:
    """Let one unit of work at a time, of any merchant, say where a key leads; return the merchant it leads to now."""
    where = (DirectoryEntry.kind == kind, DirectoryEntry.key_hash == key_hash(kind, key))
    found: UUID | None = await uow.scalar(sa.select(DirectoryEntry.merchant_id).where(*where).with_for_update())
    return found


async def lock_merchant(uow: UnitOfWork) -> sa.Row[Any]:
    """Let one unit of work at a time write a merchant's master data (shops, people, catalog); return the merchant.

    Floor and orders never take it. It stands first in the lock order, after the idempotency key.
    """
    columns = Merchant.merchant_id, Merchant.code, Merchant.time_zone, Merchant.currency, Merchant.locale
    found = await uow.first(sa.select(*columns).where(uow.mine(Merchant)).with_for_update())
    if found is None:
        raise refusals.NotFound("This merchant does not exist; create it first.")
    return found
