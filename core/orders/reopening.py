"""Fulfillment orders that were called back from the floor: their goods are in their bins, they are open again."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import events, plans, shortages
from pickmesh.core.orders.plans import Plan
from pickmesh.core.orders.rules import Route, RouteReason
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress


async def open_again(
    uow: UnitOfWork, back: Mapping[UUID, sa.Row[Any]], lines: Mapping[UUID, Sequence[sa.Row[Any]]]
) -> None:
    """Open locked fulfillment orders that hold nothing any more and promise their goods anew, where they were."""
    if not back:
        return
    opened = {"progress": Progress.OPEN, "intercepted_at": None, "stop_reason": None}
    await uow.update(FulfillmentOrder, [{"id": each, **opened} for each in sorted(back)], bump_version=True)
    made = [_plan(row, lines.get(each, ())) for each, row in back.items()]
    await plans.reserve(uow, made)
    clean = {"picked_quantity": 0, "packed_quantity": 0, "intercepted_at": None}
    changed = [{"id": line["id"], "is_short": line["is_short"], **clean} for plan in made for line in plan.lines]
    await uow.update(FulfillmentLine, changed)
    await shortages.count_short(uow, back)
    uow.emit(events.FulfillmentOrderProgressed(each, row.order_id, Progress.OPEN) for each, row in back.items())


def _plan(row: sa.Row[Any], lines: Sequence[sa.Row[Any]]) -> Plan:
    route = Route(row.location_id, RouteReason(row.route_reason), row.route_facts)
    return Plan(row.id, row.order_id, row.ship_by, route, [{**line._mapping, "is_short": False} for line in lines])
