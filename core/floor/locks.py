"""The row lock of the floor: scan sessions, after the orders and lists they work on and before parcels and stock."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.db.prepared import Prepared
from pickmesh.core.floor.tables import ScanSession
from pickmesh.core.journal.unit_of_work import UnitOfWork

SESSION = tuple(rows.table_of(ScanSession).c)
"""Every column of a session."""


SESSIONS = Prepared(
    lambda to: sa.select(*SESSION).where(to.mine(ScanSession), to.among(ScanSession.id, "ids")).order_by(ScanSession.id)
)
"""Sessions by their `ids`."""

_LOCK = Prepared(
    lambda to: (
        sa.select(*SESSION)
        .where(to.mine(ScanSession), to.among(ScanSession.id, "ids"))
        .order_by(ScanSession.id)
        .with_for_update()
    )
)


async def lock_sessions(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, sa.Row[*tuple[Any, ...]]]:
    """Lock scan sessions; return those that exist."""
    if not ids:
        return {}
    return {row.id: row for row in await uow.ask(_LOCK, ids=ids)}
