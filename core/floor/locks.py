"""The row lock of the floor: scan sessions, after the orders and lists they work on and before parcels and stock."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.floor.tables import ScanSession
from pickmesh.core.journal.unit_of_work import UnitOfWork

SESSION = tuple(rows.table_of(ScanSession).c)
"""Every column of a session."""


async def lock_sessions(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, sa.Row[*tuple[Any, ...]]]:
    """Lock scan sessions; return those that exist."""
    if not ids:
        return {}
    found = await uow.fetch(
        sa.select(*SESSION)
        .where(uow.mine(ScanSession), uow.among(ScanSession.id, ids))
        .order_by(ScanSession.id)
        .with_for_update()
    )
    return {row.id: row for row in found}
