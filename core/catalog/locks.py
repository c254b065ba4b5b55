"""Row locks of the catalog; they stand between the merchant and everything else in the lock order."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork


async def lock_skus(uow: UnitOfWork, sku_ids: Collection[UUID]) -> None:
    """Wait for every transaction that is writing rows about these SKUs, and let no other begin to.

    In PostgreSQL a foreign key holds the row it names until its transaction ends, and this lock waits for that.
    """
    named = sa.select(Sku.id).where(uow.mine(Sku), uow.among(Sku.id, sku_ids)).order_by(Sku.id)
    await uow.fetch(named.with_for_update())
