"""What may be asked about alerts and reorder points; everybody sees what their permissions and warehouses show."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.alerts import rules
from pickmesh.core.alerts.locks import ALERT, POINT
from pickmesh.core.alerts.rules import AlertAction
from pickmesh.core.alerts.tables import Alert, AlertKind, ReorderPoint
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Something wrong about a subject: a reorder point, an exception task, a fulfillment order or a dropship.

    `text` is a Sentence; `detail` holds its ids and figures.
    """

    id: UUID
    kind: str
    severity: str
    state: str
    subject_id: UUID
    location_id: UUID | None
    text: str
    detail: Mapping[str, Any]
    raised_at: datetime
    changed_at: datetime
    snoozed_until: datetime | None
    resolved_at: datetime | None
    version: int

    @property
    def supported_actions(self) -> list[AlertAction]:
        """Return what can be done about it."""
        return rules.supported_actions(self.state)


async def alert_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    states: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    severities: Collection[str] | None = None,
    location_id: UUID | None = None,
) -> Page[AlertRow]:
    """Return a page of the alerts the caller may see, the newest first."""
    found = sa.select(*ALERT).where(uow.mine(Alert), *_seen(uow))
    for column, wanted in ((Alert.state, states), (Alert.kind, kinds), (Alert.severity, severities)):
        if wanted is not None:
            found = found.where(uow.among(column, sorted(wanted)))
    if location_id is not None:
        found = found.where(Alert.location_id == location_id)
    page = await paged.page_by_id(uow, found, Alert.id, request)
    return Page([_alert(row) for row in page.items], page.cursors, page.has_next, page.has_previous)


async def alerts_by_id(uow: UnitOfWork, alert_ids: Iterable[UUID]) -> dict[UUID, AlertRow]:
    """Return the alerts of these ids the caller may see; others are missing."""
    which = (*_seen(uow), uow.among(Alert.id, alert_ids))
    return {row.id: _alert(row) for row in await uow.fetch(sa.select(*ALERT).where(uow.mine(Alert), *which))}


async def reorder_point_page(
    uow: UnitOfWork, request: PageRequest, *, location_id: UUID | None = None, is_low: bool | None = None
) -> Page[paged.Row]:
    """Return a page of reorder points with every column, the newest first."""
    uow.actor.require(Permission.STOCK_READ, warehouse_id=location_id)
    found = sa.select(*POINT).where(uow.mine(ReorderPoint), *_there(uow, ReorderPoint.location_id))
    if location_id is not None:
        found = found.where(ReorderPoint.location_id == location_id)
    if is_low is not None:
        found = found.where(ReorderPoint.is_low.is_(is_low))
    return await paged.page_by_id(uow, found, ReorderPoint.id, request)


async def reorder_points_by_id(uow: UnitOfWork, point_ids: Iterable[UUID]) -> dict[UUID, paged.Row]:
    """Return reorder points by id, with every column; unknown ids are missing."""
    which = (uow.mine(ReorderPoint), uow.among(ReorderPoint.id, point_ids))
    return {row.id: row for row in await uow.fetch(sa.select(*POINT).where(*which))}


async def reorder_points_of_skus(uow: UnitOfWork, sku_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[paged.Row]]:
    """Return SKUs' reorder points, with every column; a SKU without any is missing."""
    which = (uow.mine(ReorderPoint), uow.among(ReorderPoint.sku_id, sku_ids))
    found = await uow.fetch(sa.select(*POINT).where(*which).order_by(ReorderPoint.id))
    return paged.grouped(found, "sku_id")


def _seen(uow: UnitOfWork) -> list[sa.ColumnElement[bool]]:
    kinds = [kind for kind in AlertKind if uow.actor.may(rules.SEEN_WITH[kind])]
    return [uow.among(Alert.kind, kinds), *_there(uow, Alert.location_id)]


def _there(uow: UnitOfWork, column: Any) -> list[sa.ColumnElement[bool]]:
    """Return the condition that something is at one of the caller's warehouses, or at none in particular."""
    if uow.actor.warehouse_ids is None:
        return []
    return [sa.or_(column.is_(None), uow.among(column, sorted(uow.actor.warehouse_ids)))]


def _alert(row: Any) -> AlertRow:
    return AlertRow(
        row.id,
        row.kind,
        row.severity,
        row.state,
        row.subject_id,
        row.location_id,
        rules.text_in(row.detail),
        rules.shown(row.detail),
        row.raised_at,
        row.changed_at,
        row.snoozed_until,
        row.resolved_at,
        row.version,
    )
