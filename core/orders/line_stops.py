"""Stopping some lines of a fulfillment order while the rest of it goes on: they part from it and are stopped alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused, WrongState
from pickmesh.core.orders import cancel, events, holds, locks, progress, queries, rules, shortages, splits, stopping
from pickmesh.core.orders.cancel import Cancelled
from pickmesh.core.orders.refusals import AlreadyShipped, InParcel
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress
from pickmesh.core.stock import reservations as stock

BATCH_MAX = 1_000


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines of one order that part from a fulfillment order; `into_id` is that order itself when nothing is left."""

    row: sa.Row[Any]
    into_id: UUID
    order_id: UUID
    lines: Sequence[sa.Row[Any]]


async def stop_lines(uow: UnitOfWork, *, line_ids: Sequence[UUID], reason: str) -> list[Cancelled | Refused]:
    """Stop these fulfillment lines, each answered by the fulfillment order it is stopped in; what is left goes on.

    Of a bundle all components stop. Lines of open orders are cancelled at once, others as a cancellation does once
    their units are back in their bins. Refuses what has shipped, lies in a parcel or is with a partner. Needs
    `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(line_ids) > BATCH_MAX:
        raise LimitExceeded("At most 1,000 lines are stopped in one batch; send them in parts.")
    behind = {line.fulfillment_order_id for line in (await queries.lines(uow, line_ids)).values()}
    await locks.lock_orders_behind(uow, behind)
    locked = await locks.lock_fulfillment_orders(uow, behind)
    lines = await queries.lines_of_fulfillment_orders(uow, locked)
    of_line = {line.id: line for own in lines.values() for line in own}
    refused = {each: _refusal(uow, of_line.get(each), locked, lines) for each in line_ids}
    wanted = {of_line[each].group_id for each, refusal in refused.items() if refusal is None}
    parts = _parts(locked, lines, wanted)
    await _part_off(uow, [part for part in parts if part.into_id != part.row.id])
    ids = sorted({part.into_id for part in parts})
    stopped = dict(zip(ids, await cancel.cancel_fulfillment_orders(uow, ids=ids, reason=reason), strict=True))
    await _go_on(uow, [part.row for part in parts if part.into_id != part.row.id])
    into = {line.id: part.into_id for part in parts for line in part.lines}
    return [_answer(index, refused[each], stopped.get(into.get(each, each))) for index, each in enumerate(line_ids)]


def _refusal(
    uow: UnitOfWork,
    line: sa.Row[Any] | None,
    locked: Mapping[UUID, sa.Row[Any]],
    lines: Mapping[UUID, Sequence[sa.Row[Any]]],
) -> Refusal | None:
    if line is None or line.fulfillment_order_id not in locked:
        return NotFound()
    row = locked[line.fulfillment_order_id]
    group = [each for each in lines[row.id] if each.group_id == line.group_id]
    refusal = locks.refusal(uow, row, None) or (stopping.in_the_dark(row) if stopping.is_dark(uow, row) else None)
    if refusal is not None:
        return refusal
    if row.progress == Progress.SHIPPED or any(each.shipped_quantity for each in group):
        return AlreadyShipped()
    alone = len(group) == len(lines[row.id])
    if not alone and any(each.packed_quantity for each in group):
        return InParcel()
    if not alone and rules.is_with_partner(row.request_status):
        return WrongState("A partner has this order; it can only be asked back as a whole.")
    return None


def _answer(index: int, refusal: Refusal | None, stopped: Cancelled | Refused | None) -> Cancelled | Refused:
    if refusal is not None or stopped is None:
        return Refused(index, refusal or NotFound())
    return Refused(index, stopped.refusal) if isinstance(stopped, Refused) else stopped


def _parts(
    locked: Mapping[UUID, sa.Row[Any]], lines: Mapping[UUID, Sequence[sa.Row[Any]]], groups: Collection[UUID]
) -> list[_Part]:
    parts: list[_Part] = []
    for each, row in locked.items():
        going = [line for line in lines.get(each, ()) if line.group_id in groups]
        if len(going) == len(lines.get(each, ())):
            parts += [_Part(row, each, row.order_id, going)] if going else []
            continue
        by_order: dict[UUID, list[sa.Row[Any]]] = {}
        for line in going:
            by_order.setdefault(line.order_id, []).append(line)
        parts += [_Part(row, new_id(), order_id, own) for order_id, own in by_order.items()]
    return parts


async def _part_off(uow: UnitOfWork, parts: Sequence[_Part]) -> None:
    """Give lines that stop a fulfillment order of their own, at the stage the whole has come to."""
    if not parts:
        return
    # What they hold is freed before they get numbers: everybody's numbers come from one row, which is locked last.
    await stock.release_reservations(uow, line_ids=[line.id for part in parts for line in part.lines])
    same = ("location_id", "route_reason", "shortage_policy", "priority", "fulfill_at", "ship_by")
    rows = [
        {
            "id": part.into_id,
            "order_id": part.order_id,
            "split_from_id": part.row.id,
            "progress": Progress.IN_PROGRESS if part.row.progress == Progress.PACKED else part.row.progress,
            "intercepted_at": None,
            **{name: part.row._mapping[name] for name in same},
        }
        for part in parts
    ]
    await splits.write_fulfillment_orders(uow, rows)
    moved = [(line.id, part.into_id) for part in parts for line in part.lines]
    await uow.update(FulfillmentLine, [{"id": line_id, "fulfillment_order_id": into} for line_id, into in moved])
    await holds.copy(uow, {part.into_id: part.row for part in parts})
    await shortages.count_short(uow, {each for part in parts for each in (part.row.id, part.into_id)})
    uow.emit(
        events.FulfillmentOrderSplit(
            part.row.id, part.order_id, part.into_id, sum(line.quantity for line in part.lines), backordered=False
        )
        for part in parts
    )


async def _go_on(uow: UnitOfWork, rows: Sequence[sa.Row[Any]]) -> None:
    """Let what is left take the next stage where only the stopped lines kept it from that."""
    left = await queries.lines_of_fulfillment_orders(uow, {row.id for row in rows}) if rows else {}
    gone = [each for each, own in left.items() if all(line.shipped_quantity == line.quantity for line in own)]
    shipped = [{"id": each, "progress": Progress.SHIPPED, "shipped_at": uow.now} for each in sorted(gone)]
    await uow.update(FulfillmentOrder, shipped, bump_version=True)
    packed = {each for each, own in left.items() if all(line.packed_quantity == line.quantity for line in own)}
    await progress.mark_packed(uow, packed - set(gone))
