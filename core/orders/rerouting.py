"""Routing fulfillment orders again that are short where they are while another warehouse covers them wholly."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import locks, moving, plans, queries, route_rules, routing
from pickmesh.core.orders.moving import Going, Moved
from pickmesh.core.orders.plans import Weighing
from pickmesh.core.orders.refusals import NotShort
from pickmesh.core.orders.rules import Route
from pickmesh.core.orders.tables import FulfillmentOrder, Progress
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.rules import Level, free

LOOKED_AT_MAX = 1_000
"""Short fulfillment orders that a list of suggestions looks at, the most urgent first."""

Rows = Sequence[sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A fulfillment order that is short where it is, and the warehouse that covers all of it."""

    fulfillment_order_id: UUID
    location_id: UUID
    short_pieces: int


async def reroutable(uow: UnitOfWork, *, location_id: UUID | None = None) -> list[Suggestion]:
    """Return open fulfillment orders that are short while another warehouse covers them wholly, the most urgent first.

    What one is suggested to take is not suggested to the next, so all of them can be rerouted. By the rules of now; a
    warehouse no rule would choose for an order is not suggested. Needs `orders:read`.
    """
    uow.actor.require(Permission.ORDERS_READ)
    conditions: list[sa.ColumnElement[bool]] = [FulfillmentOrder.location_id.is_not(None)]
    if location_id is not None:
        conditions.append(FulfillmentOrder.location_id == location_id)
    conditions.append(uow.in_reach(FulfillmentOrder.location_id))
    found = await uow.fetch(
        sa.select(*locks.FULFILLMENT_ORDER)
        .where(
            uow.mine(FulfillmentOrder),
            FulfillmentOrder.progress == Progress.OPEN,
            FulfillmentOrder.short_quantity > 0,
            *conditions,
        )
        .order_by(FulfillmentOrder.priority.desc(), FulfillmentOrder.ship_by, FulfillmentOrder.id)
        .limit(LOOKED_AT_MAX)
    )
    lines = await queries.lines_of_fulfillment_orders(uow, [row.id for row in found])
    weighing = await _weighing(uow, found)
    unlocked = await stock_queries.free_levels(uow, {line.sku_id for each in lines.values() for line in each})
    routes = _better(found, lines, weighing, {(at.location_id, at.sku_id): pieces for at, pieces in unlocked.items()})
    return [
        Suggestion(row.id, route.location_id, row.short_quantity)
        for row in found
        if (route := routes.get(row.id)) is not None and route.location_id is not None
    ]


async def reroute_fulfillment_orders(
    uow: UnitOfWork, *, ids: Sequence[UUID], versions: Mapping[UUID, int] | None = None
) -> list[Moved | Refused]:
    """Route open, short fulfillment orders again: each goes where all of it is free by now, or stays (`changed` no).

    They choose by rank. Refuses what work has begun on, what is not short (NOT_SHORT), and a stale version. At most
    500; needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(ids) > moving.BATCH_MAX:
        most = moving.BATCH_MAX
        raise LimitExceeded(
            sentence("At most {most} fulfillment orders go in one call; send them in parts.", most=most)
        )
    locked = await locks.lock_fulfillment_orders(uow, set(ids))
    refusals = {each: _refusal(uow, locked.get(each), versions) for each in set(ids)}
    rows = sorted((row for row in locked.values() if refusals[row.id] is None), key=_rank)
    lines = await queries.lines_of_fulfillment_orders(uow, [row.id for row in rows])
    weighing = await _weighing(uow, rows)
    routes = _better(rows, lines, weighing, await _locked_free(uow, rows, lines, weighing.there))
    going = {index: Going(row, lines[row.id], routes[row.id]) for index, row in enumerate(rows) if row.id in routes}
    moved = {rows[index].id: answer for index, answer in (await moving.carry_out(uow, going)).items()}
    answers: list[Moved | Refused] = []
    for index, each in enumerate(ids):
        refusal = refusals[each]
        if refusal is not None:
            answers.append(Refused(index, refusal))
        else:
            answers.append(moved.get(each) or moving.stayed(locked[each]))
    return answers


def _rank(row: sa.Row[Any]) -> tuple[Any, ...]:
    return (-row.priority, row.ship_by, row.id)


def _refusal(uow: UnitOfWork, row: sa.Row[Any] | None, versions: Mapping[UUID, int] | None) -> Refusal | None:
    refused = locks.refusal(uow, row, versions)
    if refused is not None or row is None:
        return refused or NotFound()
    refused = moving.not_open(row)
    return refused or (None if row.short_quantity > 0 and row.location_id is not None else NotShort())


async def _weighing(uow: UnitOfWork, rows: Rows) -> Weighing:
    weighing = Weighing(await plans.warehouses(uow))
    if rows and len(weighing.candidates) > 1:
        await weighing.learn(uow, {row.order_id for row in rows})
    return weighing


async def _locked_free(
    uow: UnitOfWork, rows: Rows, lines: Mapping[UUID, Rows], there: Collection[UUID]
) -> dict[tuple[UUID, UUID], int]:
    skus = {line.sku_id for row in rows for line in lines.get(row.id, [])}
    places = set(there) | {row.location_id for row in rows}
    levels = [Level(location_id, sku_id) for location_id in places for sku_id in skus]
    figures = await stock_locks.lock_levels(uow, levels) if levels else {}
    return {level: free(figure) for level, figure in figures.items()}


def _better(
    rows: Rows, lines: Mapping[UUID, Rows], weighing: Weighing, left: dict[tuple[UUID, UUID], int]
) -> dict[UUID, Route]:
    """Return the routes of those that another warehouse covers wholly, each by what the ones before it left."""
    routes: dict[UUID, Route] = {}
    for row in rows:
        plan = routing.plan_of(row, lines.get(row.id, []))
        (share,) = weighing.shares(plan, left)
        goes_to = share.route.location_id
        if goes_to is None or goes_to == row.location_id or not _covers(share, left):
            continue
        for group in share.groups:
            route_rules.take(group, goes_to, left)
        routes[row.id] = share.route
    return routes


def _covers(share: route_rules.Share, left: Mapping[tuple[UUID, UUID], int]) -> bool:
    wanted = route_rules.needs_of(share.groups)
    goes_to = share.route.location_id
    return goes_to is not None and all(left.get((goes_to, sku), 0) >= pieces for sku, pieces in wanted.items())
