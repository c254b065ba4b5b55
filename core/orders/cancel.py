"""Cancelling and intercepting: before release it is undone at once, after it the goods must come back first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import events, gifts, holds, locks, queries, reopening, rules, stopping
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
KICKED_OUT = "KICKED_OUT"
"""Why an order was stopped that goes out later: it opens again once its goods are back."""


class Outcome(StrEnum):
    """What became of a cancellation: done, done once the goods are back in their bins, or begun once a phone is heard.

    IN_THE_DARK: a phone without network has the order in hand; the stop takes effect when that phone is back, before
    anything it has scanned is judged, or when its time is over.
    """

    CANCELLED = "CANCELLED"
    INTERCEPTED = "INTERCEPTED"
    IN_THE_DARK = "IN_THE_DARK"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A fulfillment order that will not go out; `changed` is no when that was so before.

    `lines_out` are lines whose units have left their bins: INTERCEPTED until those are put back. `dark_until` is until
    when at most an order IN_THE_DARK goes on.
    """

    fulfillment_order_id: UUID
    outcome: Outcome
    changed: bool
    lines_out: tuple[UUID, ...] = ()
    dark_until: datetime | None = None


async def cancel_fulfillment_orders(
    uow: UnitOfWork, *, ids: Sequence[UUID], reason: str, versions: Mapping[UUID, int] | None = None
) -> list[Cancelled | Refused]:
    """Take back fulfillment orders: what is promised becomes free, once; a second time changes nothing.

    While work is under way this intercepts: everything still in its bin is freed at once, units that have left it stay
    promised until they are put back, and only then is the order cancelled. One that is with a partner is asked back
    (CANCELLATION_REQUESTED) and cancelled once the partner has let it go. Needs `orders:write`; `versions` are what the
    caller read, by id. Refuses what has shipped, even in part.
    """
    return await _stop(uow, ids, dict.fromkeys(ids, reason), versions, gives_up=True)


async def intercept(
    uow: UnitOfWork, *, ids: Sequence[UUID], reason: str, versions: Mapping[UUID, int] | None = None
) -> list[Cancelled | Refused]:
    """Stop work on fulfillment orders that are on the floor and bring their goods back; see the cancellation.

    One that is not released yet is refused: it is cancelled or held instead.
    """
    return await _stop(uow, ids, dict.fromkeys(ids, reason), versions, under_way_only=True)


async def stop_as_asked(uow: UnitOfWork, *, ids: Collection[UUID]) -> list[UUID]:
    """Stop those of these fulfillment orders that somebody wanted stopped while they were in the dark, which is over.

    Returns them; called again it finds nothing left to do.
    """
    reasons = await stopping.asked_of(uow, set(ids))
    if not reasons:
        return []
    answers = await _stop(uow, list(reasons), reasons, None)
    return [each.fulfillment_order_id for each in answers if isinstance(each, Cancelled)]


async def _stop(
    uow: UnitOfWork,
    ids: Sequence[UUID],
    reasons: Mapping[UUID, str],
    versions: Mapping[UUID, int] | None,
    *,
    under_way_only: bool = False,
    gives_up: bool = False,
) -> list[Cancelled | Refused]:
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(ids) > BATCH_MAX:
        raise LimitExceeded(
            sentence("At most {most} fulfillment orders go in one call; send them in parts.", most=BATCH_MAX)
        )
    await locks.lock_orders_behind(uow, set(ids))
    locked = await locks.lock_fulfillment_orders(uow, set(ids))
    lines = await queries.lines_of_fulfillment_orders(uow, locked)
    refused: dict[int, Refusal] = {}
    able: dict[UUID, sa.Row[Any]] = {}
    for index, each in enumerate(ids):
        row = locked.get(each)
        refusal = locks.refusal(uow, row, versions) or _refusal(row, lines.get(each, []), under_way_only)
        if refusal is not None:
            refused[index] = refusal
        elif row is not None:
            able[each] = row
    await _give_up(uow, {each: row for each, row in locked.items() if each in ids and gives_up})
    dark, fresh = await _divide(uow, able, reasons)
    out = await _free(uow, fresh, lines)
    await _write(uow, fresh, lines, out, reasons)
    return [
        Refused(index, refused[index]) if index in refused else dark.get(each) or _answer(locked[each], fresh, out)
        for index, each in enumerate(ids)
    ]


async def _divide(
    uow: UnitOfWork, able: Mapping[UUID, sa.Row[Any]], reasons: Mapping[UUID, str]
) -> tuple[dict[UUID, Cancelled], dict[UUID, sa.Row[Any]]]:
    """Let what is in the dark wait and return its answers, and beside them what is stopped now."""
    going = {
        each: row
        for each, row in able.items()
        if row.intercepted_at is None and row.progress != Progress.CANCELLED and not _was_asked(uow, row)
    }
    dark = {each: row for each, row in able.items() if row.intercepted_at is None and stopping.is_dark(uow, row)}
    await stopping.remember(uow, {each: row for each, row in dark.items() if each in going}, reasons)
    await stopping.forget(uow, {each: row for each, row in able.items() if each not in dark})
    waiting = {
        each: Cancelled(each, Outcome.IN_THE_DARK, each in going, dark_until=row.dark_until)
        for each, row in dark.items()
    }
    return waiting, {each: row for each, row in going.items() if each not in dark}


def _was_asked(uow: UnitOfWork, row: sa.Row[Any]) -> bool:
    return row.stop_asked_at is not None and stopping.is_dark(uow, row)


async def call_back(uow: UnitOfWork, rows: Mapping[UUID, sa.Row[Any]], *, reason: str) -> None:
    """Stop locked fulfillment orders under way that go out later: once their goods are back they are open again.

    Part of taking them out of a wave, which has checked who may. Cancelling one meanwhile still cancels it.
    """
    if not rows:
        return
    lines = await queries.lines_of_fulfillment_orders(uow, rows)
    await uow.update(FulfillmentOrder, [{"id": each, "stop_reason": KICKED_OUT} for each in sorted(rows)])
    out = await _free(uow, rows, lines)
    reasons = dict.fromkeys(rows, reason)
    await _write(uow, {each: row for each, row in rows.items() if each in out}, lines, out, reasons)
    await reopening.open_again(uow, {each: row for each, row in rows.items() if each not in out}, lines)


async def _give_up(uow: UnitOfWork, locked: Mapping[UUID, sa.Row[Any]]) -> None:
    """Let what was called back end cancelled, not open: somebody cancels it after all."""
    kicked_out = [each for each, row in locked.items() if row.stop_reason == KICKED_OUT]
    await uow.update(FulfillmentOrder, [{"id": each, "stop_reason": None} for each in sorted(kicked_out)])
    stopped = {each: row for each, row in locked.items() if row.intercepted_at or stopping.is_dark(uow, row)}
    called_back = {each: row for each, row in stopped.items() if row.hold_count}
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
    uow: UnitOfWork, fresh: Mapping[UUID, sa.Row[Any]], lines: Mapping[UUID, Sequence[sa.Row[Any]]]
) -> dict[UUID, tuple[UUID, ...]]:
    """Free what lies in bins; return, per fulfillment order, the lines whose units have left theirs.

    A partner's promise is not ours to free: all lines that are with a partner count as out until it lets them go.
    """
    away = {each for each, row in fresh.items() if rules.is_with_partner(row.request_status)}
    of_line = {line.id: each for each in fresh if each not in away for line in lines.get(each, [])}
    released = await stock.release_reservations(uow, line_ids=of_line)
    out = {each: dict.fromkeys(line.id for line in lines.get(each, [])) for each in away}
    for held in released.held:
        out.setdefault(of_line[held.line_id], {})[held.line_id] = None
    return {each: tuple(line_ids) for each, line_ids in out.items()}


async def _write(
    uow: UnitOfWork,
    fresh: Mapping[UUID, sa.Row[Any]],
    lines: Mapping[UUID, Sequence[sa.Row[Any]]],
    out: Mapping[UUID, tuple[UUID, ...]],
    reasons: Mapping[UUID, str],
) -> None:
    halted = {each: row for each, row in fresh.items() if each in out}
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
            reason=reasons[each],
            line_ids=[line.id for line in lines[each]],
            lines_out=list(out[each]),
        )
        for each, row in halted.items()
    )
    gone = {each: row for each, row in fresh.items() if each not in out}
    await _end(uow, gone, lines, reasons)


def _asked_back(row: sa.Row[Any]) -> str:
    """Return the request status of a stopped fulfillment order: a partner that has it is asked to let it go."""
    return RequestStatus.CANCELLATION_REQUESTED if rules.is_with_partner(row.request_status) else row.request_status


async def _end(
    uow: UnitOfWork,
    gone: Mapping[UUID, sa.Row[Any]],
    lines: Mapping[UUID, Sequence[sa.Row[Any]]],
    reasons: Mapping[UUID, str],
) -> None:
    """Cancel stopped fulfillment orders that hold nothing any more; those that were called back open again."""
    under_way = [each for each, row in gone.items() if row.progress in rules.UNDER_WAY]
    held = await holds.standing(uow, under_way) if under_way else set()
    back = {
        each: row
        for each, row in gone.items()
        if (each, HoldReason.ADDRESS) in held or (each in under_way and row.stop_reason == KICKED_OUT)
    }
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


def _answer(row: sa.Row[Any], fresh: Mapping[UUID, Any], out: Mapping[UUID, tuple[UUID, ...]]) -> Cancelled:
    changed = row.id in fresh
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
