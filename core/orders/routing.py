"""Giving fulfillment orders a location after intake, and writing what was planned for lines that exist already."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import events, holds, locks, plans, queries, shortages, splits
from pickmesh.core.orders.plans import Plan
from pickmesh.core.orders.rules import Route, RouteReason
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress

ORDERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Routed:
    """A fulfillment order that found a location."""

    fulfillment_order_id: UUID
    location_id: UUID
    reason: RouteReason
    short_pieces: int


async def route_fulfillment_orders(uow: UnitOfWork, *, ids: Collection[UUID] | None = None) -> list[Routed]:
    """Route and reserve open fulfillment orders without a location (these, or the oldest 1,000), as intake would.

    By the rules of now one may be shared among warehouses, which opens new fulfillment orders. Those for which there is
    still no warehouse are left as they are; twice changes nothing. Needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    waiting = sa.select(FulfillmentOrder.id).where(
        uow.mine(FulfillmentOrder),
        FulfillmentOrder.location_id.is_(None),
        FulfillmentOrder.progress == Progress.OPEN,
    )
    if ids is not None:
        waiting = waiting.where(uow.among(FulfillmentOrder.id, ids))
    found = await uow.fetch(waiting.order_by(FulfillmentOrder.id).limit(ORDERS_MAX))
    locked = await locks.lock_fulfillment_orders(uow, [row.id for row in found])
    lost = [row for row in locked.values() if row.location_id is None and row.progress == Progress.OPEN]
    if not lost:
        return []
    lines = await queries.lines_of_fulfillment_orders(uow, [row.id for row in lost])
    made = [plan_of(row, lines.get(row.id, [])) for row in lost]
    existing = {line["id"] for plan in made for line in plan.lines}
    made += await plans.route(uow, made, may_part=True)
    await plans.reserve(uow, made)
    await write_placed(uow, lost, made, existing)
    await splits.part_off_short(uow, [plan.id for plan in made])
    return [
        Routed(plan.id, plan.route.location_id, plan.route.reason, plan.short_pieces)
        for plan in made
        if plan.route.location_id is not None
    ]


def plan_of(row: sa.Row[Any], lines: Sequence[sa.Row[Any]]) -> Plan:
    """Return a fulfillment order that exists as a plan with these of its lines."""
    route = Route(row.location_id, RouteReason(row.route_reason), row.route_facts)
    there = row.shortage_policy == ShortagePolicy.SHIP_AVAILABLE
    return Plan(row.id, row.order_id, row.ship_by, route, [dict(line._mapping) for line in lines], ship_available=there)


async def write_placed(
    uow: UnitOfWork, rows: Sequence[sa.Row[Any]], made: Sequence[Plan], existing: Collection[UUID]
) -> None:
    """Write where locked fulfillment orders go and what their planned lines lack; lines not existing yet are added.

    Plans that routing parted off become fulfillment orders of their own, with the holds of what they come from.
    """
    before = {row.id: row for row in rows}
    await uow.update(
        FulfillmentOrder,
        [
            {"id": plan.id, **_where(plan)}
            for plan in sorted(made, key=lambda plan: plan.id)
            if plan.parted_from is None
        ],
        bump_version=True,
    )
    parted = {plan.id: before[plan.parted_from] for plan in made if plan.parted_from is not None}
    if parted:
        await _open_parted(uow, [plan for plan in made if plan.id in parted], parted)
    lines = [line for plan in made for line in plan.lines]
    await uow.insert(FulfillmentLine, [line for line in lines if line["id"] not in existing])
    known = [line for line in lines if line["id"] in existing]
    await uow.update(FulfillmentLine, [{name: line[name] for name in _PLACED} for line in known])
    await shortages.count_short(uow, [plan.id for plan in made])
    uow.emit(
        events.FulfillmentOrderRouted(plan.id, plan.order_id, plan.route.location_id, plan.route.reason)
        for plan in made
        if plan.route.location_id is not None and (plan.id in parted or before[plan.id].location_id is None)
    )


_PLACED = ("id", "fulfillment_order_id", "is_short")
_INHERITED = ("order_id", "shortage_policy", "priority", "fulfill_at", "ship_by")


def _where(plan: Plan) -> dict[str, Any]:
    return {
        "location_id": plan.route.location_id,
        "route_reason": plan.route.reason,
        "route_facts": plan.route.facts,
    }


async def _open_parted(uow: UnitOfWork, made: Sequence[Plan], sources: Mapping[UUID, sa.Row[Any]]) -> None:
    await splits.write_fulfillment_orders(
        uow,
        [
            {
                "id": plan.id,
                "split_from_id": plan.parted_from,
                **{name: sources[plan.id]._mapping[name] for name in _INHERITED},
                **_where(plan),
            }
            for plan in made
        ],
    )
    await holds.copy(uow, sources)
    uow.emit(
        events.FulfillmentOrderSplit(
            sources[plan.id].id, plan.order_id, plan.id, sum(line["quantity"] for line in plan.lines), backordered=False
        )
        for plan in made
    )
