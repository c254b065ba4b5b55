"""Moving open fulfillment orders to another warehouse: by hand, or because another has what is short where they are.

What an order held at the old warehouse is freed and promised at the new one in one transaction, under one lock of all
levels, so nobody takes it in between. To undo a move is to move back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, NotPermitted, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import events, locks, plans, queries, routing, routing_rules, splits
from pickmesh.core.orders.plans import Plan
from pickmesh.core.orders.refusals import AlreadyReleased, AlreadyShipped, NotAWarehouse, NotCovered
from pickmesh.core.orders.rules import UNDER_WAY, Route, RouteReason
from pickmesh.core.orders.tables import Progress
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import reservations as stock
from pickmesh.core.stock.rules import Demand, Level, free, split_by_cover

BATCH_MAX = 500
Rows = Sequence[sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class Move:
    """A fulfillment order, the warehouse it is to go to, and the version of it the caller has read."""

    fulfillment_order_id: UUID
    to_location_id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a fulfillment order is now, and how many pieces it lacked before and lacks here."""

    fulfillment_order_id: UUID
    from_location_id: UUID | None
    location_id: UUID | None
    short_before: int
    short_after: int
    changed: bool


@dataclass(slots=True)
class Going:
    """A locked fulfillment order on its way, with its lines."""

    row: sa.Row[Any]
    lines: Rows
    route: Route

    def plan(self) -> Plan:
        """Return it as it will stand."""
        lines = [{**line._mapping, "is_short": False} for line in self.lines]
        return Plan(self.row.id, self.row.order_id, self.row.ship_by, self.route, lines)

    def demands(self) -> list[Demand]:
        """Return what the new warehouse must have free to cover all of it: one group, whole or not at all."""
        at, rank = self.route.location_id, self.row.ship_by
        assert at is not None
        return [Demand(self.row.id, line.id, at, line.sku_id, line.quantity, rank) for line in self.lines]


async def move_fulfillment_orders(
    uow: UnitOfWork, *, moves: Sequence[Move], if_covered: bool = False
) -> list[Moved | Refused]:
    """Send open fulfillment orders to other warehouses of ours; the reason kept is MOVED, with who did it.

    What the new warehouse lacks is short there, as each answer tells; with `if_covered` such a move is refused instead,
    judged by what is free before anything moves. Where the shop ships what there is, the short part becomes an order of
    its own. Refuses what work has begun on, a location that is no warehouse of ours, a stale version, and the same
    order twice in a batch. At most 500; needs `orders:write` at both warehouses.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    _require_few(moves)
    locked = await locks.lock_fulfillment_orders(uow, {move.fulfillment_order_id for move in moves})
    there = await routing_rules.warehouse_ids(uow)
    answers: dict[int, Moved | Refused] = {}
    wanted: dict[int, tuple[sa.Row[Any], Route]] = {}
    for index, move in enumerate(moves):
        row = locked.get(move.fulfillment_order_id)
        refused = _refusal(uow, move, row, there, {each.id for each, _ in wanted.values()})
        if refused is not None or row is None:
            answers[index] = Refused(index, refused or NotFound())
        elif row.location_id == move.to_location_id:
            answers[index] = stayed(row)
        else:
            wanted[index] = row, Route(move.to_location_id, RouteReason.MOVED, _facts(uow, row))
    lines = await queries.lines_of_fulfillment_orders(uow, [row.id for row, _ in wanted.values()])
    going = {index: Going(row, lines.get(row.id, []), route) for index, (row, route) in wanted.items()}
    covered = await lock_levels(uow, list(going.values()))
    for index in [index for index, each in going.items() if if_covered and each.row.id not in covered]:
        del going[index]
        answers[index] = Refused(index, NotCovered())
    answers |= await carry_out(uow, going)
    return [answers[index] for index in range(len(moves))]


def _require_few(items: Sequence[object]) -> None:
    if len(items) > BATCH_MAX:
        message = sentence("At most {most} fulfillment orders go in one call; send them in parts.", most=BATCH_MAX)
        raise LimitExceeded(message)


def _refusal(
    uow: UnitOfWork, move: Move, row: sa.Row[Any] | None, there: Collection[UUID], before: Collection[UUID]
) -> Refusal | None:
    versions = {} if move.version is None else {move.fulfillment_order_id: move.version}
    refused = locks.refusal(uow, row, versions)
    if refused is not None or row is None:
        return refused or NotFound()
    if row.id in before:
        return InvalidInput(sentence("This fulfillment order stands twice in the batch; send it once."))
    if move.to_location_id not in there:
        return NotAWarehouse(field=("to_location_id",))
    if not uow.actor.may(Permission.ORDERS_WRITE, warehouse_id=move.to_location_id):
        return NotPermitted(sentence("You do not work for this warehouse; ask its manager."), field=("to_location_id",))
    return not_open(row)


def not_open(row: sa.Row[Any]) -> Refusal | None:
    """Return why a fulfillment order is not open any more; None while nobody has begun with it."""
    if row.progress == Progress.OPEN:
        return None
    if row.progress == Progress.SHIPPED:
        return AlreadyShipped()
    return AlreadyReleased() if row.progress in UNDER_WAY else WrongState()


def _facts(uow: UnitOfWork, row: sa.Row[Any]) -> dict[str, Any]:
    """Return what is kept of a move by hand: who, where from, and why it was there."""
    return {
        "moved_by": str(uow.actor.person_id) if uow.actor.person_id else None,
        "moved_from": str(row.location_id) if row.location_id else None,
        "reason_before": row.route_reason,
    }


def stayed(row: sa.Row[Any]) -> Moved:
    """Return the answer about a fulfillment order that is where it was."""
    return Moved(row.id, row.location_id, row.location_id, row.short_quantity, row.short_quantity, changed=False)


async def lock_levels(uow: UnitOfWork, going: Sequence[Going]) -> set[UUID]:
    """Lock every level fulfillment orders leave and come to; return which the new warehouses cover, by rank."""
    levels = {
        Level(location_id, line.sku_id)
        for each in going
        for line in each.lines
        for location_id in (each.row.location_id, each.route.location_id)
        if location_id is not None
    }
    figures = await stock_locks.lock_levels(uow, levels) if levels else {}
    demands = [demand for each in going for demand in each.demands()]
    _, short = split_by_cover(demands, {level: free(figure) for level, figure in figures.items()})
    return {each.row.id for each in going} - {demand.group_id for demand in short}


async def carry_out(uow: UnitOfWork, going: Mapping[int, Going]) -> dict[int, Moved | Refused]:
    """Move fulfillment orders whose levels are locked, and answer each under its index."""
    if not going:
        return {}
    await stock.release_reservations(uow, line_ids=[line.id for each in going.values() for line in each.lines])
    made = {index: each.plan() for index, each in going.items()}
    await plans.reserve(uow, list(made.values()))
    existing = {line["id"] for plan in made.values() for line in plan.lines}
    await routing.write_placed(uow, [each.row for each in going.values()], list(made.values()), existing)
    answers: dict[int, Moved | Refused] = {}
    for index, each in going.items():
        short = made[index].short_pieces
        was, goes_to = each.row.location_id, each.route.location_id
        assert goes_to is not None
        answers[index] = Moved(each.row.id, was, goes_to, each.row.short_quantity, short, changed=True)
        if was is not None:
            told = (each.row.id, each.row.order_id, was, goes_to, each.route.reason, short)
            uow.emit([events.FulfillmentOrderMoved(*told)])
    await splits.part_off_short(uow, [each.row.id for each in going.values()])
    return answers
