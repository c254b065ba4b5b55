"""Undoing a split: what was split off goes back to where it came from, while nobody works on either."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.orders import events, locks, merge_rules, mergeable, plans, queries, shortages
from pickmesh.core.orders.plans import Line, Plan
from pickmesh.core.orders.refusals import AlreadyReleased, CannotMerge, NotMerged
from pickmesh.core.orders.rules import Route, RouteReason
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import reservations as stock
from pickmesh.core.stock.rules import Level

BATCH_MAX = 500


@dataclass(frozen=True, slots=True)
class Rejoined:
    """A split-off that is gone, and the fulfillment order its goods are in again."""

    fulfillment_order_id: UUID
    into_id: UUID


@dataclass(slots=True)
class _Whole:
    """An origin in memory: its lines, those that grow by a part, lines that move back whole, lines that are gone."""

    row: sa.Row[Any]
    lines: list[Line]
    grown: dict[UUID, Line] = field(default_factory=dict)
    moved: list[UUID] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    parts: list[sa.Row[Any]] = field(default_factory=list)


async def unsplit_fulfillment_orders(
    uow: UnitOfWork, *, ids: Sequence[UUID], versions: Mapping[UUID, int] | None = None
) -> list[Rejoined | Refused]:
    """Bring split-offs back into the fulfillment orders they were split from; reserved units stay reserved.

    Both must be open, in one warehouse and held for the same reasons, and not go with different carriers. A part of a
    line becomes one with its other part again, unless one of them lacks goods. Needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(ids) > BATCH_MAX:
        raise LimitExceeded("At most 500 splits are undone in one batch; send them in parts.")
    before = await queries.fulfillment_orders(uow, ids)
    both = {*ids, *(row.split_from_id for row in before.values() if row.split_from_id)}
    await locks.lock_orders_behind(uow, both)
    locked = await locks.lock_fulfillment_orders(uow, both)
    found = await mergeable.candidates(uow, uow.among(FulfillmentOrder.id, both))
    alike = await mergeable.likenesses(uow, found)
    lines = await queries.lines_of_fulfillment_orders(uow, both)
    wholes: dict[UUID, _Whole] = {}
    answers: list[Rejoined | Refused] = []
    for index, each in enumerate(ids):
        row = locked.get(each)
        refusal = locks.refusal(uow, row, versions) or _refusal(row, locked, alike, wholes)
        if refusal is not None or row is None:
            answers.append(Refused(index, refusal or NotFound()))
            continue
        origin = locked[row.split_from_id]
        own = [dict(line._mapping) for line in lines.get(origin.id, ())]
        _take_back(wholes.setdefault(origin.id, _Whole(origin, own)), row, lines.get(each, ()))
        answers.append(Rejoined(each, origin.id))
    await _carry_out(uow, list(wholes.values()))
    return answers


def _refusal(
    row: sa.Row[Any] | None,
    locked: Mapping[UUID, sa.Row[Any]],
    alike: Mapping[UUID, merge_rules.Likeness],
    wholes: Mapping[UUID, _Whole],
) -> Refusal | None:
    if row is None or row.split_from_id is None or row.split_from_id not in locked:
        return NotMerged("This fulfillment order was not split off another one.")
    origin = locked[row.split_from_id]
    if {row.progress, origin.progress} != {Progress.OPEN}:
        return AlreadyReleased("Both parts must still be open, for the split to be undone.")
    if row.id in wholes or any(part.id in {row.id, origin.id} for whole in wholes.values() for part in whole.parts):
        return CannotMerge("One of the parts is joined once already in this batch; send the second after it.")
    together = [row, origin, *(wholes[origin.id].parts if origin.id in wholes else ())]
    different = merge_rules.difference([alike[row.id], alike[origin.id]], [each.carrier for each in together])
    return None if different is None else CannotMerge(different)


def _take_back(whole: _Whole, part: sa.Row[Any], lines: Iterable[sa.Row[Any]]) -> None:
    """Give an origin in memory what a part has: a part of a line joins the rest of it, whole lines just move."""
    whole.parts.append(part)
    groups: dict[UUID, list[sa.Row[Any]]] = {}
    for line in lines:
        groups.setdefault(line.group_id, []).append(line)
    for group in groups.values():
        rest = _rest_of(whole, group)
        if rest is None:
            whole.moved += [line.id for line in group]
            continue
        for line in group:
            grows = rest[line.sku_id]
            grows["quantity"] += line.quantity
            whole.grown[grows["id"]] = grows
            whole.gone.append(line.id)


def _rest_of(whole: _Whole, group: Sequence[sa.Row[Any]]) -> dict[UUID, Line] | None:
    """Return the origin's lines that a group was a part of, by SKU; None when there are none or goods are short."""
    groups: dict[UUID, dict[UUID, Line]] = {}
    for line in whole.lines:
        if line["order_line_id"] == group[0].order_line_id:
            groups.setdefault(line["group_id"], {})[line["sku_id"]] = line
    wanted = {line.sku_id: line.per_unit for line in group}
    if any(line.is_short for line in group):
        return None
    fitting = (
        rest
        for rest in groups.values()
        if {sku_id: line["per_unit"] for sku_id, line in rest.items()} == wanted
        and not any(line["is_short"] for line in rest.values())
    )
    return next(fitting, None)


async def _carry_out(uow: UnitOfWork, wholes: Sequence[_Whole]) -> None:
    """Write what came back; what divided lines held is freed and promised again to the whole under the same locks."""
    if not wholes:
        return
    grown = [line for whole in wholes for line in whole.grown.values()]
    gone = [line_id for whole in wholes for line_id in whole.gone]
    at = {(whole.row.location_id, line["sku_id"]) for whole in wholes for line in whole.grown.values()}
    await stock_locks.lock_levels(uow, {Level(*level) for level in at if level[0]})
    await stock.release_reservations(uow, line_ids=[*(line["id"] for line in grown), *gone])
    await plans.reserve(uow, [_plan_of(whole) for whole in wholes if whole.grown])
    if gone:
        deleted = sa.delete(FulfillmentLine).where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.id, gone))
        await uow.execute(deleted)
    grows = [{"id": line["id"], "quantity": line["quantity"], "is_short": line["is_short"]} for line in grown]
    await uow.update(FulfillmentLine, grows)
    moved = [(line_id, whole.row.id) for whole in wholes for line_id in whole.moved]
    await uow.update(FulfillmentLine, [{"id": line_id, "fulfillment_order_id": into} for line_id, into in moved])
    await _write_orders(uow, wholes)


async def _write_orders(uow: UnitOfWork, wholes: Sequence[_Whole]) -> None:
    ended = {"progress": Progress.MERGED, "short_quantity": 0}
    parts = [(part, whole.row) for whole in wholes for part in whole.parts]
    gone = [{"id": part.id, "merged_into_id": origin.id, **ended} for part, origin in parts]
    await uow.update(FulfillmentOrder, gone, bump_version=True)
    rows = []
    for whole in wholes:
        urgency = merge_rules.most_urgent(merge_rules.urgency_of(row) for row in (whole.row, *whole.parts))
        rows.append(
            {
                "id": whole.row.id,
                "ship_by": urgency.ship_by,
                "priority": urgency.priority,
                "carrier": urgency.carrier,
            }
        )
    await uow.update(FulfillmentOrder, rows, bump_version=True)
    await shortages.count_short(uow, [whole.row.id for whole in wholes])
    uow.emit(events.FulfillmentOrderUnsplit(part.id, part.order_id, origin.id) for part, origin in parts)


def _plan_of(whole: _Whole) -> Plan:
    row = whole.row
    route = Route(row.location_id, RouteReason(row.route_reason), row.route_facts)
    return Plan(row.id, row.order_id, row.ship_by, route, list(whole.grown.values()))
