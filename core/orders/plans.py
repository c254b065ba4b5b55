"""Fulfillment orders in the making: which lines they get, where they go, what is reserved for them.

Intake, changes from the shop and late mapping all go this way, so an order is taken apart and placed by one rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import rules
from pickmesh.core.orders.goods import Components
from pickmesh.core.orders.rules import Candidate, Route
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock import reservations as stock
from pickmesh.core.stock.rules import Demand, Level, free
from pickmesh.core.stock.tables import LocationKind

Line = dict[str, Any]
"""A row of fulfillment_line before it is written."""


@dataclass(slots=True)
class Plan:
    """A fulfillment order in the making: `lines` still lack stock until they are reserved."""

    id: UUID
    order_id: UUID
    rank_at: datetime
    route: Route
    lines: list[Line] = field(default_factory=list)

    @property
    def short_pieces(self) -> int:
        """Return how many pieces have no stock."""
        return sum(line["quantity"] for line in self.lines if line["is_short"])


def lines_of(plan: Plan, order_line_id: UUID, sku_id: UUID, quantity: int, parts: Components) -> list[Line]:
    """Return the lines that carry out units of an order line: one, or one per component of a bundle, in one group."""
    group_id = new_id()
    components = parts.get(sku_id)
    bundle_sku_id = sku_id if components else None
    return [
        {
            "id": new_id() if components else group_id,
            "fulfillment_order_id": plan.id,
            "order_id": plan.order_id,
            "order_line_id": order_line_id,
            "group_id": group_id,
            "sku_id": component_id,
            "bundle_sku_id": bundle_sku_id,
            "per_unit": per_unit,
            "quantity": quantity * per_unit,
            "is_short": False,
        }
        for component_id, per_unit in components or ((sku_id, 1),)
    ]


async def route(uow: UnitOfWork, plans: Sequence[Plan]) -> None:
    """Give plans without a location one, each by what the ones before it left, in the order stock is promised.

    With several warehouses the levels of all of them are locked first, those of plans that have a location too, so the
    decision and the reservation that follows see the same figures and lock nothing more.
    """
    lost = [plan for plan in plans if plan.route.location_id is None and plan.lines]
    if not lost:
        return
    candidates = await warehouses(uow)
    left: dict[tuple[UUID, UUID], int] = {}
    if len(candidates) > 1:
        skus = {line["sku_id"] for plan in plans for line in plan.lines}
        places = {candidate.location_id for candidate in candidates}
        places |= {plan.route.location_id for plan in plans if plan.route.location_id is not None}
        levels = [Level(location_id, sku_id) for location_id in places for sku_id in skus]
        left = {level: free(figures) for level, figures in (await stock_locks.lock_levels(uow, levels)).items()}
    for plan in sorted(lost, key=lambda plan: (plan.rank_at, plan.lines[0]["group_id"])):
        plan.route = rules.route(_needs(plan.lines), candidates, left)
        if plan.route.location_id is not None and left:
            _take(plan, left)


async def warehouses(uow: UnitOfWork) -> list[Candidate]:
    """Return the merchant's own warehouses, the first choice first."""
    found = [
        Candidate(location.id, location.code, location.priority)
        for location in await stock_queries.locations(uow)
        if location.kind == LocationKind.WAREHOUSE
    ]
    return sorted(found, key=lambda candidate: (candidate.priority, candidate.code))


def _needs(lines: Sequence[Line]) -> dict[UUID, int]:
    needs: dict[UUID, int] = {}
    for line in lines:
        needs[line["sku_id"]] = needs.get(line["sku_id"], 0) + line["quantity"]
    return needs


def _take(plan: Plan, left: dict[tuple[UUID, UUID], int]) -> None:
    """Count what a plan will be promised as gone, whole groups only, as reserving does."""
    assert plan.route.location_id is not None
    groups: dict[UUID, list[Line]] = {}
    for line in plan.lines:
        groups.setdefault(line["group_id"], []).append(line)
    for group in groups.values():
        wanted = _needs(group)
        location_id = plan.route.location_id
        if all(left.get((location_id, sku_id), 0) >= quantity for sku_id, quantity in wanted.items()):
            for sku_id, quantity in wanted.items():
                left[location_id, sku_id] -= quantity


async def reserve(uow: UnitOfWork, plans: Sequence[Plan]) -> None:
    """Reserve stock for every line of plans that have a location, all in one go; lines left without are marked short.

    A plan without a location waits for one: it is not short, for nobody was asked.
    """
    demands = [
        Demand(line["group_id"], line["id"], plan.route.location_id, line["sku_id"], line["quantity"], plan.rank_at)
        for plan in plans
        if plan.route.location_id is not None
        for line in plan.lines
    ]
    reservations = await stock.reserve_stock(uow, demands=demands)
    short = {demand.line_id for demand in reservations.short}
    if short:
        for plan in plans:
            for line in plan.lines:
                line["is_short"] = line["id"] in short


def part_off_short(plan: Plan) -> Plan | None:
    """Move a plan's short lines into a plan of their own; None when all of it is short or none is."""
    short = [line for line in plan.lines if line["is_short"]]
    if not short or len(short) == len(plan.lines):
        return None
    rest = Plan(new_id(), plan.order_id, plan.rank_at, plan.route, short)
    for line in short:
        line["fulfillment_order_id"] = rest.id
    plan.lines = [line for line in plan.lines if not line["is_short"]]
    return rest
