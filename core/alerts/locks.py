"""Row locks of alerts, in their one order: reorder points, then alerts; notices come after both."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.alerts.tables import Alert, AlertKind, ReorderPoint
from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.unit_of_work import UnitOfWork

ALERT = tuple(table_of(Alert).c)
POINT = tuple(table_of(ReorderPoint).c)
PLACE = (table_of(ReorderPoint).c.sku_id, table_of(ReorderPoint).c.location_id)
"""What makes a reorder point the one it is: SKU and location."""
Row = sa.Row[*tuple[Any, ...]]


async def lock_points(uow: UnitOfWork, point_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Lock reorder points by id; unknown ones are missing."""
    return await _points(uow, uow.among(ReorderPoint.id, sorted(point_ids)))


async def lock_points_at(uow: UnitOfWork, places: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Row]:
    """Lock the reorder points of (SKU, location) pairs; those that have none are missing."""
    found = await _points(uow, uow.among(PLACE, sorted(places)))
    return {(row.sku_id, row.location_id): row for row in found.values()}


async def lock_alerts(uow: UnitOfWork, alert_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Lock alerts by id; unknown ones are missing."""
    return {row.id: row for row in await _alerts(uow, uow.among(Alert.id, sorted(alert_ids)))}


async def lock_unresolved(uow: UnitOfWork, kind: AlertKind, subject_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Lock the unresolved alerts of a kind by subject; a subject has at most one."""
    theirs = sa.and_(Alert.kind == kind, Alert.resolved_at.is_(None), uow.among(Alert.subject_id, sorted(subject_ids)))
    return {row.subject_id: row for row in await _alerts(uow, theirs)}


async def _points(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> dict[UUID, Row]:
    found = sa.select(*POINT).where(uow.mine(ReorderPoint), which).order_by(ReorderPoint.id).with_for_update()
    return {row.id: row for row in await uow.fetch(found)}


async def _alerts(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> list[Row]:
    found = sa.select(*ALERT).where(uow.mine(Alert), which).order_by(Alert.id).with_for_update()
    return list(await uow.fetch(found))


async def delete_points(uow: UnitOfWork, point_ids: Collection[UUID]) -> None:
    """Delete locked reorder points."""
    await uow.execute(sa.delete(ReorderPoint).where(uow.mine(ReorderPoint), uow.among(ReorderPoint.id, point_ids)))
