"""Splitting fulfillment orders: units that go on by themselves, and short lines that must not hold up the rest."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import events, gifts, holds, locks, plans, queries, shortages
from pickmesh.core.orders.plans import Line, Plan
from pickmesh.core.orders.refusals import AlreadyReleased, BadSplit
from pickmesh.core.orders.rules import Route, RouteReason
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress, RequestStatus
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import reservations as stock
from pickmesh.core.stock.rules import Level

BATCH_MAX = 500


@dataclass(frozen=True, slots=True)
class Split:
    """Units to take out of a fulfillment order, by group (`group_id` of its lines), as the buyer counts them."""

    fulfillment_order_id: UUID
    units: Mapping[UUID, int]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class SplitOff:
    """A fulfillment order that was split, and the new one."""

    fulfillment_order_id: UUID
    into_id: UUID


@dataclass(slots=True)
class _Cut:
    """One split gone through in memory: lines that move whole, and lines that are divided."""

    row: sa.Row[Any]
    into_id: UUID
    moved: list[sa.Row[Any]]
    shrunk: list[Line]
    made: list[Line]

    @property
    def order_ids(self) -> set[UUID]:
        """Return the orders whose goods the split takes out."""
        return {line.order_id for line in self.moved} | {line["order_id"] for line in self.made}

    @property
    def pieces(self) -> int:
        """Return how many pieces the split takes out."""
        whole: int = sum(line.quantity for line in self.moved)
        part: int = sum(line["quantity"] for line in self.made)
        return whole + part


async def split_fulfillment_orders(uow: UnitOfWork, *, splits: Sequence[Split]) -> list[SplitOff | Refused]:
    """Move units of open fulfillment orders into new ones with the same route, promise and holds; bundles stay whole.

    Reserved units stay reserved. Of a merged one the goods of one order at a time are split off. Each fulfillment order
    once per batch; needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(splits) > BATCH_MAX:
        raise LimitExceeded(sentence("At most {most} splits go in one call; send them in parts.", most=BATCH_MAX))
    ids = {split.fulfillment_order_id for split in splits}
    locked = await locks.lock_fulfillment_orders(uow, ids)
    lines = await queries.lines_of_fulfillment_orders(uow, ids)
    cuts: dict[UUID, _Cut] = {}
    answers: list[SplitOff | Refused] = []
    for index, split in enumerate(splits):
        row = locked.get(split.fulfillment_order_id)
        try:
            cut = _cut(uow, split, row, lines.get(split.fulfillment_order_id, []), cuts)
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
            continue
        cuts[cut.row.id] = cut
        answers.append(SplitOff(cut.row.id, cut.into_id))
    if cuts:
        await _carry_out(uow, list(cuts.values()))
    return answers


async def groups_of_lines(uow: UnitOfWork, line_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the group each line belongs to, as a split names it."""
    found = await queries.lines(uow, line_ids)
    return {line_id: line.group_id for line_id, line in found.items()}


def _cut(
    uow: UnitOfWork, split: Split, row: sa.Row[Any] | None, lines: Sequence[sa.Row[Any]], cuts: Collection[UUID]
) -> _Cut:
    versions = {} if split.version is None else {split.fulfillment_order_id: split.version}
    refused = locks.refusal(uow, row, versions)
    if refused is not None or row is None:
        raise refused or BadSplit()
    if row.progress != Progress.OPEN:
        raise AlreadyReleased("Work on this fulfillment order has begun; it can no longer be split.")
    if row.id in cuts:
        raise BadSplit("This fulfillment order is split once already in this batch; send the second split after it.")
    groups: dict[UUID, list[sa.Row[Any]]] = {}
    for line in lines:
        groups.setdefault(line.group_id, []).append(line)
    cut = _Cut(row, new_id(), [], [], [])
    for group_id, units in split.units.items():
        _cut_group(cut, groups.get(group_id, []), units)
    whole = sum(line.quantity for line in lines)
    if not 0 < cut.pieces < whole:
        raise BadSplit()
    if len(cut.order_ids) > 1:
        raise BadSplit("These goods belong to several orders; split each order's off by themselves.")
    return cut


def _cut_group(cut: _Cut, group: Sequence[sa.Row[Any]], units: int) -> None:
    if not group:
        raise BadSplit("No line of this fulfillment order has that id; read it again.")
    ordered = group[0].quantity // group[0].per_unit
    if not 1 <= units <= ordered:
        raise BadSplit(
            sentence(
                "Between 1 and {ordered} units of that line can be split off, not {units}.",
                ordered=ordered,
                units=units,
            )
        )
    if units == ordered:
        cut.moved += group
        return
    group_id = new_id()
    for line in group:
        taken = units * line.per_unit
        cut.shrunk.append({**line._mapping, "quantity": line.quantity - taken, "is_short": False})
        own_id = group_id if line.group_id == line.id else new_id()
        part = {"id": own_id, "group_id": group_id, "fulfillment_order_id": cut.into_id, "quantity": taken}
        cut.made.append({name: line._mapping[name] for name in _COPIED} | part | {"is_short": False})


_COPIED = ("order_id", "order_line_id", "sku_id", "bundle_sku_id", "per_unit")


async def _carry_out(uow: UnitOfWork, cuts: Sequence[_Cut]) -> None:
    """Write splits; what divided lines held is freed and promised again to both parts under the same locks."""
    divided = [line for cut in cuts for line in cut.shrunk]
    at = [(cut.row.location_id, line["sku_id"]) for cut in cuts for line in cut.shrunk if cut.row.location_id]
    await stock_locks.lock_levels(uow, {Level(*level) for level in at})
    await stock.release_reservations(uow, line_ids=[line["id"] for line in divided])
    await plans.reserve(uow, [_plan_of(cut) for cut in cuts])
    await open_fulfillment_orders(uow, [(cut.into_id, cut.row, next(iter(cut.order_ids))) for cut in cuts])
    changed = [{"id": line["id"], "quantity": line["quantity"], "is_short": line["is_short"]} for line in divided]
    await uow.update(FulfillmentLine, changed)
    await uow.insert(FulfillmentLine, [line for cut in cuts for line in cut.made])
    await _move_lines(uow, [(line, cut.into_id) for cut in cuts for line in cut.moved])
    await holds.copy(uow, {cut.into_id: cut.row for cut in cuts})
    await shortages.count_short(uow, [each for cut in cuts for each in (cut.row.id, cut.into_id)])
    uow.emit(
        events.FulfillmentOrderSplit(cut.row.id, cut.row.order_id, cut.into_id, cut.pieces, backordered=False)
        for cut in cuts
    )


def _plan_of(cut: _Cut) -> Plan:
    route = Route(cut.row.location_id, RouteReason(cut.row.route_reason), cut.row.route_facts)
    return Plan(cut.row.id, cut.row.order_id, cut.row.ship_by, route, [*cut.shrunk, *cut.made])


async def _move_lines(uow: UnitOfWork, moved: Iterable[tuple[sa.Row[Any], UUID]]) -> None:
    await uow.update(FulfillmentLine, [{"id": line.id, "fulfillment_order_id": into_id} for line, into_id in moved])


async def open_fulfillment_orders(uow: UnitOfWork, wanted: Sequence[tuple[UUID, sa.Row[Any], UUID]]) -> None:
    """Write new open fulfillment orders for orders, each like the row it comes from, with numbers of their own."""
    await write_fulfillment_orders(
        uow,
        [
            {
                "id": new,
                "order_id": order_id,
                "split_from_id": row.id,
                **{name: row._mapping[name] for name in _INHERITED},
            }
            for new, row, order_id in wanted
        ],
    )


_INHERITED = ("location_id", "route_reason", "route_facts", "shortage_policy", "priority", "fulfill_at", "ship_by")


async def write_fulfillment_orders(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new fulfillment orders and give them numbers; they are open and nothing is short unless a row says so."""
    if not rows:
        return
    numbers = await uow.next_numbers("fulfillment_order", len(rows))
    made = {"progress": Progress.OPEN, "request_status": RequestStatus.UNSUBMITTED, "created_at": uow.now}
    await uow.insert(
        FulfillmentOrder, [{**made, **row, "number": number} for row, number in zip(rows, numbers, strict=True)]
    )


async def part_off_short(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Give the short groups of locked, open fulfillment orders orders of their own where the shop ships what is there.

    Those that are short altogether but for gifts, or wait for everything, stay whole; of a merged one each order's part
    goes by itself. Returns the old orders by the new.
    """
    rows = [
        row
        for row in (await queries.fulfillment_orders(uow, fulfillment_order_ids)).values()
        if row.shortage_policy == ShortagePolicy.SHIP_AVAILABLE and row.progress == Progress.OPEN and row.short_quantity
    ]
    lines = await queries.lines_of_fulfillment_orders(uow, [row.id for row in rows]) if rows else {}
    found = [cut for row in rows for cut in _short_cuts(row, lines.get(row.id, []))]
    if not found:
        return {}
    staying = {cut.row.id: [line.id for line in lines[cut.row.id] if not line.is_short] for cut in found}
    given = await gifts.lines_among(uow, [line_id for ids in staying.values() for line_id in ids])
    cuts = [cut for cut in found if not given.issuperset(staying[cut.row.id])]
    if not cuts:
        return {}
    await open_fulfillment_orders(uow, [(cut.into_id, cut.row, next(iter(cut.order_ids))) for cut in cuts])
    await _move_lines(uow, [(line, cut.into_id) for cut in cuts for line in cut.moved])
    await holds.copy(uow, {cut.into_id: cut.row for cut in cuts})
    await shortages.count_short(uow, [each for cut in cuts for each in (cut.row.id, cut.into_id)])
    uow.emit(
        events.FulfillmentOrderSplit(cut.row.id, cut.row.order_id, cut.into_id, cut.pieces, backordered=True)
        for cut in cuts
    )
    return {cut.into_id: cut.row.id for cut in cuts}


def _short_cuts(row: sa.Row[Any], lines: Sequence[sa.Row[Any]]) -> list[_Cut]:
    short_groups = {line.group_id for line in lines if line.is_short}
    short = [line for line in lines if line.group_id in short_groups]
    if len(short) == len(lines):
        return []
    by_order: dict[UUID, list[sa.Row[Any]]] = {}
    for line in short:
        by_order.setdefault(line.order_id, []).append(line)
    return [_Cut(row, new_id(), moved, [], []) for moved in by_order.values()]
