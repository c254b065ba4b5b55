"""Cancelling and intercepting: before release it is undone at once, after it the goods must come back first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused, WrongState
from pickmesh.core.orders import events, gifts, holds, locks, queries, reopening, rules
from pickmesh.core.orders.refusals import AlreadyShipped, NotReleased
from pickmesh.core.orders.tables import (
    FulfillmentLine,
    FulfillmentOrder,
    HoldReason,
    OrderLine,
    Progress,
    RequestStatus,
    SalesOrder,
)
from pickmesh.core.stock import reservations as stock
from pickmesh.core.stock.tables import Reservation, ReservationStatus

BATCH_MAX = 1_000
INTERCEPTED = "INTERCEPTED"


class Outcome(StrEnum):
    """What became of a cancellation: done, or done once the goods are back in their bins."""

    CANCELLED = "CANCELLED"
    INTERCEPTED = "INTERCEPTED"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A fulfillment order that will not go out; `changed` is no when that was so before.

    `lines_out` are lines whose units have left their bins: INTERCEPTED until those are put back.
    """

    fulfillment_order_id: UUID
    outcome: Outcome
    changed: bool
    lines_out: tuple[UUID, ...] = ()


async def cancel_fulfillment_orders(
    uow: UnitOfWork, *, ids: Sequence[UUID], reason: str, versions: Mapping[UUID, int] | None = None
) -> list[Cancelled | Refused]:
    """Take back fulfillment orders: what is promised becomes free, once; a second time changes nothing.

    While work is under way this intercepts: everything still in its bin is freed at once, units that have left it stay
    promised until they are put back, and only then is the order cancelled. One that is with a partner is asked back
    (CANCELLATION_REQUESTED) and cancelled once the partner has let it go. Needs `orders:write`; `versions` are what the
    caller read, by id. Refuses what has shipped, even in part.
    """
    return await _stop(uow, ids, reason, versions, under_way_only=False)


async def intercept(
    uow: UnitOfWork, *, ids: Sequence[UUID], reason: str, versions: Mapping[UUID, int] | None = None
) -> list[Cancelled | Refused]:
    """Stop work on fulfillment orders that are on the floor and bring their goods back; see the cancellation.

    One that is not released yet is refused: it is cancelled or held instead.
    """
    return await _stop(uow, ids, reason, versions, under_way_only=True)


async def _stop(
    uow: UnitOfWork, ids: Sequence[UUID], reason: str, versions: Mapping[UUID, int] | None, *, under_way_only: bool
) -> list[Cancelled | Refused]:
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(ids) > BATCH_MAX:
        raise LimitExceeded(f"At most {BATCH_MAX} fulfillment orders go in one batch; send them in parts.")
    await locks.lock_orders_behind(uow, set(ids))
    locked = await locks.lock_fulfillment_orders(uow, set(ids))
    lines = await queries.lines_of_fulfillment_orders(uow, locked)
    refused: dict[int, Refusal] = {}
    stopping: dict[UUID, sa.Row[Any]] = {}
    for index, each in enumerate(ids):
        row = locked.get(each)
        refusal = locks.refusal(uow, row, versions) or _refusal(row, lines.get(each, []), under_way_only)
        if refusal is not None:
            refused[index] = refusal
        elif row is not None and row.intercepted_at is None and row.progress != Progress.CANCELLED:
            stopping[each] = row
    await _give_up(uow, {each: row for each, row in locked.items() if each in ids and not under_way_only})
    out = await _free(uow, stopping, lines)
    await _write(uow, stopping, lines, out, reason)
    return [
        Refused(index, refused[index]) if index in refused else _answer(locked[each], stopping, out)
        for index, each in enumerate(ids)
    ]


async def _give_up(uow: UnitOfWork, locked: Mapping[UUID, sa.Row[Any]]) -> None:
    """Let what was called back for its address end cancelled, not open: somebody cancels it after all."""
    called_back = {each: row for each, row in locked.items() if row.intercepted_at is not None and row.hold_count}
    await holds.lift(uow, [(each, HoldReason.ADDRESS) for each in called_back], called_back)


def _refusal(row: sa.Row[Any] | None, lines: Iterable[sa.Row[Any]], under_way_only: bool) -> Refusal | None:
    if row is None:
        return NotFound()
    if row.progress == Progress.SHIPPED or any(line.shipped_quantity for line in lines):
        return AlreadyShipped()
    if row.progress == Progress.MERGED:
        return WrongState("This fulfillment order was merged into another one; cancel that.")
    if under_way_only and row.progress == Progress.OPEN:
        return NotReleased()
    return None


async def _free(
    uow: UnitOfWork, stopping: Mapping[UUID, sa.Row[Any]], lines: Mapping[UUID, Sequence[sa.Row[Any]]]
) -> dict[UUID, tuple[UUID, ...]]:
    """Free what lies in bins; return, per fulfillment order, the lines whose units have left theirs.

    A partner's promise is not ours to free: all lines that are with a partner count as out until it lets them go.
    """
    away = {each for each, row in stopping.items() if rules.is_with_partner(row.request_status)}
    of_line = {line.id: each for each in stopping if each not in away for line in lines.get(each, [])}
    released = await stock.release_reservations(uow, line_ids=of_line)
    out = {each: dict.fromkeys(line.id for line in lines.get(each, [])) for each in away}
    for held in released.held:
        out.setdefault(of_line[held.line_id], {})[held.line_id] = None
    return {each: tuple(line_ids) for each, line_ids in out.items()}


async def _write(
    uow: UnitOfWork,
    stopping: Mapping[UUID, sa.Row[Any]],
    lines: Mapping[UUID, Sequence[sa.Row[Any]]],
    out: Mapping[UUID, tuple[UUID, ...]],
    reason: str,
) -> None:
    halted = {each: row for each, row in stopping.items() if each in out}
    await uow.update(
        FulfillmentOrder,
        [
            {"id": each, "intercepted_at": uow.now, "short_quantity": 0, "request_status": _asked_back(halted[each])}
            for each in sorted(halted)
        ],
        bump_version=True,
    )
    stopped = [line.id for each in halted for line in lines[each]]
    await uow.update(FulfillmentLine, [{"id": each, "intercepted_at": uow.now, "is_short": False} for each in stopped])
    uow.emit(
        events.FulfillmentOrderIntercepted(
            subject_id=each,
            order_id=row.order_id,
            location_id=row.location_id,
            reason=reason,
            line_ids=[line.id for line in lines[each]],
            lines_out=list(out[each]),
        )
        for each, row in halted.items()
    )
    gone = {each: row for each, row in stopping.items() if each not in out}
    await _end(uow, gone, lines, dict.fromkeys(gone, reason))


def _asked_back(row: sa.Row[Any]) -> str:
    """Return the request status of a stopped fulfillment order: a partner that has it is asked to let it go."""
    return RequestStatus.CANCELLATION_REQUESTED if rules.is_with_partner(row.request_status) else row.request_status


async def _end(
    uow: UnitOfWork,
    gone: Mapping[UUID, sa.Row[Any]],
    lines: Mapping[UUID, Sequence[sa.Row[Any]]],
    reasons: Mapping[UUID, str],
) -> None:
    """Cancel stopped fulfillment orders that hold nothing any more; those called back for their address open again."""
    under_way = [each for each, row in gone.items() if row.progress in rules.UNDER_WAY]
    held = await holds.standing(uow, under_way) if under_way else set()
    back = {each: row for each, row in gone.items() if (each, HoldReason.ADDRESS) in held}
    await reopening.open_again(uow, back, lines)
    await _cancel(uow, {each: row for each, row in gone.items() if each not in back}, lines, reasons)


async def _cancel(
    uow: UnitOfWork,
    gone: Mapping[UUID, sa.Row[Any]],
    lines: Mapping[UUID, Sequence[sa.Row[Any]]],
    reasons: Mapping[UUID, str],
) -> None:
    """Bring fulfillment orders that hold nothing any more to their end, and their orders' lines with them."""
    if not gone:
        return
    ended = {"progress": Progress.CANCELLED, "short_quantity": 0, "hold_count": 0}
    await uow.update(FulfillmentOrder, [{"id": each, **ended} for each in sorted(gone)], bump_version=True)
    all_lines = [line for each in gone for line in lines.get(each, [])]
    await uow.update(FulfillmentLine, [{"id": line.id, "is_short": False} for line in all_lines if line.is_short])
    await holds.close(uow, gone)
    await uow.update(OrderLine, _cancelled_units(all_lines), add=["cancelled_quantity"])
    served = {row.order_id for row in gone.values()} | {line.order_id for line in all_lines}
    closed = await _close_orders(uow, served)
    uow.emit(
        events.FulfillmentOrderCancelled(
            subject_id=each,
            order_id=row.order_id,
            location_id=row.location_id,
            reason=reasons[each],
            line_ids=[line.id for line in lines.get(each, [])],
            order_cancelled=row.order_id in closed,
        )
        for each, row in gone.items()
    )


def _cancelled_units(lines: Iterable[sa.Row[Any]]) -> list[dict[str, Any]]:
    """Return the units taken off each order line: a bundle's components count as the one bundle they are."""
    units: dict[UUID, dict[UUID, int]] = {}
    for line in lines:
        units.setdefault(line.order_line_id, {})[line.group_id] = line.quantity // line.per_unit
    return [
        {"id": order_line_id, "cancelled_quantity": sum(groups.values())}
        for order_line_id, groups in sorted(units.items())
    ]


async def _close_orders(uow: UnitOfWork, order_ids: set[UUID]) -> set[UUID]:
    """Mark orders of which nothing is left alive; lines nobody ever mapped are cancelled, gifts may be given again."""
    alive = await uow.fetch(_alive(uow, order_ids))
    closed = order_ids - {row.order_id for row in alive}
    await uow.update(SalesOrder, [{"id": each, "cancelled_at": uow.now} for each in sorted(closed)], bump_version=True)
    if closed:
        await uow.execute(
            sa.update(OrderLine)
            .where(uow.mine(OrderLine), uow.among(OrderLine.order_id, closed), OrderLine.sku_id.is_(None))
            .values(cancelled_quantity=OrderLine.quantity - OrderLine.refunded_quantity)
        )
        await gifts.give_back(uow, closed)
    return closed


def _alive(uow: UnitOfWork, order_ids: Collection[UUID]) -> sa.Select[*tuple[Any, ...]]:
    """Return orders with lines in a live fulfillment order, also one they were merged into, or with one still empty."""
    is_live = FulfillmentOrder.progress.in_(list(rules.LIVE))
    by_lines = (
        sa.select(OrderLine.order_id)
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == OrderLine.merchant_id) & (FulfillmentLine.order_line_id == OrderLine.id),
        )
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == FulfillmentLine.merchant_id)
            & (FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
        .where(uow.mine(OrderLine), uow.among(OrderLine.order_id, order_ids), is_live)
    )
    any_line = sa.select(FulfillmentLine.id).where(
        uow.mine(FulfillmentLine), FulfillmentLine.fulfillment_order_id == FulfillmentOrder.id
    )
    unmapped = sa.select(FulfillmentOrder.order_id).where(
        uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.order_id, order_ids), is_live, ~sa.exists(any_line)
    )
    found = sa.union(by_lines, unmapped).subquery()
    return sa.select(found.c.order_id)


def _answer(row: sa.Row[Any], stopping: Mapping[UUID, Any], out: Mapping[UUID, tuple[UUID, ...]]) -> Cancelled:
    changed = row.id in stopping
    intercepted = row.id in out or (row.intercepted_at is not None and row.progress != Progress.CANCELLED)
    outcome = Outcome.INTERCEPTED if intercepted else Outcome.CANCELLED
    return Cancelled(row.id, outcome, changed, out.get(row.id, ()))


async def finish_interceptions(uow: UnitOfWork, *, ids: Collection[UUID] | None = None) -> list[UUID]:
    """Cancel intercepted fulfillment orders (these, or all) whose goods are all back; return those that were.

    Called after put-back scans, and again by the reaction to freed stock, so none is forgotten.
    """
    promised = (
        sa.select(Reservation.id)
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == Reservation.merchant_id) & (FulfillmentLine.id == Reservation.line_id),
        )
        .where(
            uow.mine(Reservation),
            uow.mine(FulfillmentLine),
            FulfillmentLine.fulfillment_order_id == FulfillmentOrder.id,
            Reservation.status == ReservationStatus.OPEN,
        )
        .correlate(FulfillmentOrder)
    )
    back = sa.select(FulfillmentOrder.id).where(
        uow.mine(FulfillmentOrder),
        FulfillmentOrder.intercepted_at.is_not(None),
        FulfillmentOrder.progress.in_(list(rules.UNDER_WAY)),
        ~sa.exists(promised),
    )
    if ids is not None:
        back = back.where(uow.among(FulfillmentOrder.id, ids))
    found = {row.id for row in await uow.fetch(back)}
    if not found:
        return []
    await locks.lock_orders_behind(uow, found)
    await locks.lock_fulfillment_orders(uow, found)
    still_back = {row.id for row in await uow.fetch(back)} & found
    locked = await queries.fulfillment_orders(uow, still_back)
    lines = await queries.lines_of_fulfillment_orders(uow, still_back)
    gone = {each: locked[each] for each in sorted(still_back)}
    await _end(uow, gone, lines, dict.fromkeys(gone, INTERCEPTED))
    return list(gone)
