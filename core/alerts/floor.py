"""What goes wrong on the floor: units that were not found, orders stopped with goods out of their bins."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pickmesh.core.alerts.rules import Finding
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.texts import Named, sentence
from pickmesh.core.orders import queries as orders
from pickmesh.core.orders.rules import FINAL
from pickmesh.core.orders.tables import Progress
from pickmesh.core.picking import queries as picking
from pickmesh.core.picking.tables import TaskKind, TaskStatus
from pickmesh.core.stock import queries as stock
from pickmesh.core.stock.tables import LocationKind
from pickmesh.scanner.codes import own
from pickmesh.scanner.codes.own import OwnKind

Since = Mapping[UUID, datetime]
"""When it was heard of each subject."""


async def short_picks(uow: UnitOfWork, task_ids: Collection[UUID], since: Since | None = None) -> Sequence[Finding]:
    """Return how it stands with units that were not found and that no other bin has: wrong while their task is open."""
    tasks = [task for task in (await picking.tasks(uow, task_ids)).values() if task.kind == TaskKind.SHORT_PICK]
    skus = await catalog.skus(uow, {task.sku_id for task in tasks})
    places = await stock.places(uow, {task.place_id for task in tasks})
    lacking = await orders.fulfillment_orders(uow, {task.subject_id for task in tasks})
    return [
        _short_pick(
            task,
            skus[task.sku_id],
            places[task.place_id].code,
            own.number_text(OwnKind.FULFILLMENT_ORDER, lacking[task.subject_id].number),
            (since or {}).get(task.id),
        )
        for task in tasks
    ]


def _short_pick(task: picking.Row, sku: SkuRow, place: str, order: str, since: datetime | None) -> Finding:
    is_wrong = task.status == TaskStatus.OPEN
    words = {"quantity": task.quantity, "sku": sku.code, "name": Named(sku.name_en, sku.name_zh), "order": order}
    text = (
        sentence("{quantity} × {sku} {name} were not found at {place}; {order} lacks them.", place=place, **words)
        if is_wrong
        else sentence("{order}: {quantity} × {sku} {name} that were not found are settled.", **words)
    )
    detail = {
        "task_id": str(task.id),
        "fulfillment_order_id": str(task.subject_id),
        "sku_id": str(task.sku_id),
        "place_id": str(task.place_id),
        "quantity": task.quantity,
    }
    return Finding(task.id, is_wrong, text, task.location_id, detail=detail, since=since)


async def interceptions(uow: UnitOfWork, order_ids: Collection[UUID], since: Since | None = None) -> Sequence[Finding]:
    """Return how it stands with stopped fulfillment orders: wrong while goods of theirs are out of their bins.

    What a partner was asked to stop is the partner's matter.
    """
    found = await orders.fulfillment_orders(uow, order_ids)
    locations = await stock.locations_by_id(uow, {row.location_id for row in found.values() if row.location_id})
    return [
        _interception(row, (since or {}).get(row.id))
        for row in found.values()
        if row.location_id in locations and locations[row.location_id].kind == LocationKind.WAREHOUSE
    ]


def _interception(row: picking.Row, since: datetime | None) -> Finding:
    is_wrong = row.intercepted_at is not None and row.progress not in FINAL
    order = own.number_text(OwnKind.FULFILLMENT_ORDER, row.number)
    if is_wrong:
        text = sentence("{order} was stopped while it was being worked on; its goods must be put back.", order=order)
    elif row.progress == Progress.CANCELLED:
        text = sentence("{order} was stopped, and its goods are back.", order=order)
    else:
        text = sentence("{order} is no longer stopped.", order=order)
    detail = {"fulfillment_order_id": str(row.id)}
    return Finding(row.id, is_wrong, text, row.location_id, detail=detail, since=since)
