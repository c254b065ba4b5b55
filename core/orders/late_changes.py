"""Changes that come too late: their order is under way. What must not go out is stopped, the rest people hear of.

Money that went back stops the goods by itself. A new address calls the goods back: once they are in their bins again
the order is open, held for review, and takes over what its shop tells next. Everything else is refused and kept on the
order as `change_refused_at` until somebody has seen to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import cancel, events, holds, incoming, line_stops, queries, recipients, rules
from pickmesh.core.orders.holds import NewHold
from pickmesh.core.orders.incoming import NewOrder
from pickmesh.core.orders.refusals import OrderClosed, OrderUnderWay
from pickmesh.core.orders.tables import (
    FulfillmentLine,
    FulfillmentOrder,
    HoldReason,
    OrderRecipient,
    PaymentStatus,
    Progress,
    SalesOrder,
)
from pickmesh.core.orders.verdicts import OrderVerdict, Verdict
from pickmesh.scanner.codes.own import OwnKind, number_text

BATCH_MAX = 1_000
REFUNDED = "REFUNDED"
NEW_ADDRESS = "NEW_ADDRESS"


@dataclass(frozen=True, slots=True)
class Changed:
    """A known order whose shop tells something else now."""

    index: int
    order: NewOrder
    id: UUID
    content_hash: str


@dataclass(slots=True)
class _Late:
    """A change of an order under way: what it says that is not so here, and the lines whose money went back."""

    changed: Changed
    row: sa.Row[Any]
    refusal: OrderUnderWay
    differs: list[str] = field(default_factory=list)
    refunded: list[UUID] = field(default_factory=list)
    only_refund: bool = False


def serving(order_id: UUID, locked: Mapping[UUID, sa.Row[Any]]) -> list[sa.Row[Any]]:
    """Return the fulfillment orders that carry an order out: its own, and those its merged ones went into."""
    own = [row for row in locked.values() if row.order_id == order_id]
    found = {row.id: row for row in own if row.progress != Progress.MERGED}
    found.update({row.merged_into_id: locked[row.merged_into_id] for row in own if row.progress == Progress.MERGED})
    return list(found.values())


def refusal(row: sa.Row[Any], fulfillment_orders: Sequence[sa.Row[Any]]) -> OrderClosed | OrderUnderWay | None:
    """Return why a change of an order cannot be taken over; None when all of it may still change."""
    if row.cancelled_at is not None:
        return OrderClosed()
    blocking = rules.blocking_progress(each.progress for each in fulfillment_orders)
    if blocking is None:
        return None
    numbers = ", ".join(
        number_text(OwnKind.FULFILLMENT_ORDER, each.number)
        for each in fulfillment_orders
        if each.progress not in {Progress.OPEN, Progress.CANCELLED}
    )
    if blocking is Progress.SHIPPED:
        said = sentence(
            "The shop changed this order, but {numbers} has left; settle it with the buyer.", numbers=numbers
        )
    else:
        said = sentence(
            "The shop changed this order, but {numbers} is already being worked on; "
            "intercept it or settle it with the buyer.",
            numbers=numbers,
        )
    return OrderUnderWay(said, data={"progress": blocking})


async def settle(
    uow: UnitOfWork,
    refused: Sequence[tuple[Changed, OrderUnderWay]],
    locked: Mapping[UUID, sa.Row[Any]],
) -> list[OrderVerdict | Refused]:
    """Stop what must not go out of orders whose change came too late, and note the others; everything is locked."""
    if not refused:
        return []
    lates = await _read(uow, refused)
    stopping = {late.row.id: late for late in lates if late.refunded}
    outcomes = await _stop(uow, stopping.values())
    stopped = {each for each, late in stopping.items() if not outcomes.isdisjoint(late.refunded)}
    await _take_payment(uow, [stopping[each] for each in sorted(stopped) if stopping[each].only_refund])
    await _call_back(uow, [late for late in lates if late.row.id not in stopped and "address" in late.differs], locked)
    noted = [late for late in lates if late.row.id not in stopped or not late.only_refund]
    await uow.update(
        SalesOrder, [{"id": late.row.id, "change_refused_at": uow.now} for late in noted], bump_version=True
    )
    uow.emit(events.OrderChangeRefused(late.row.id, late.row.shop_id, late.differs) for late in noted)
    return [_answer(late, late in noted) for late in lates]


def _answer(late: _Late, is_noted: bool) -> OrderVerdict | Refused:
    if is_noted:
        return Refused(late.changed.index, late.refusal)
    return OrderVerdict(late.changed.index, Verdict.INTERCEPTED, late.row.id)


async def _read(uow: UnitOfWork, refused: Sequence[tuple[Changed, OrderUnderWay]]) -> list[_Late]:
    ids = [change.id for change, _ in refused]
    rows = await queries.orders(uow, ids)
    lines = await queries.lines_of_orders(uow, ids)
    planned = await _planned(uow, [line.id for own in lines.values() for line in own])
    buyers = await uow.fetch(
        sa.select(
            OrderRecipient.order_id,
            OrderRecipient.address_key,
            OrderRecipient.phone_key,
            OrderRecipient.postcode,
        ).where(uow.mine(OrderRecipient), uow.among(OrderRecipient.order_id, ids))
    )
    known = {row.order_id: row for row in buyers}
    lates = []
    for change, why in refused:
        late = _Late(change, rows[change.id], why)
        told = recipients.sealed_row(uow, change.id, change.order.recipient)
        _compare(late, lines.get(change.id, ()), planned, _is_elsewhere(told, known.get(change.id)))
        lates.append(late)
    return lates


async def _planned(uow: UnitOfWork, order_line_ids: Sequence[UUID]) -> dict[UUID, list[sa.Row[Any]]]:
    """Return the live fulfillment lines of order lines."""
    found = await uow.fetch(
        sa.select(FulfillmentLine.id, FulfillmentLine.order_line_id)
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == FulfillmentLine.merchant_id)
            & (FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
        .where(
            uow.mine(FulfillmentLine),
            uow.among(FulfillmentLine.order_line_id, order_line_ids),
            FulfillmentOrder.progress.in_(list(rules.NOT_LEFT)),
            FulfillmentOrder.intercepted_at.is_(None),
        )
        .order_by(FulfillmentLine.id)
    )
    by_line: dict[UUID, list[sa.Row[Any]]] = {}
    for row in found:
        by_line.setdefault(row.order_line_id, []).append(row)
    return by_line


def _is_elsewhere(told: Mapping[str, Any], known: sa.Row[Any] | None) -> bool:
    return known is None or any(told[name] != known._mapping[name] for name in ("address_key", "phone_key", "postcode"))


def _compare(
    late: _Late, lines: Sequence[sa.Row[Any]], planned: Mapping[UUID, Sequence[sa.Row[Any]]], is_elsewhere: bool
) -> None:
    """Note what a change says that is not so here, and the fulfillment lines that need not go out any more."""
    order, row = late.changed.order, late.row
    told = {line.external_line_id: line for line in order.lines}
    known = {line.external_line_id: line for line in lines if line.gift_rule_id is None}
    goods = [_is_other(told.get(each), known.get(each)) for each in {*told, *known}]
    money_back = [line for each, line in known.items() if each in told and incoming.refunded(order, told[each])]
    whole = [line for line in money_back if incoming.refunded(order, told[line.external_line_id]) == line.quantity]
    fresh = [line for line in whole if line.refunded_quantity + line.cancelled_quantity < line.quantity]
    if order.payment_status == PaymentStatus.REFUNDED:
        fresh = list(lines)  # gifts stay here with the goods they came with
    late.refunded = [part.id for line in fresh for part in planned.get(line.id, ())]
    differing = {
        "lines": any(goods),
        "refund": len(whole) != len(money_back),
        "address": is_elsewhere,
        "payment": order.payment_status != row.payment_status,
        "remark": order.remark != row.remark or order.seller_flag != row.seller_flag,
        "promise": incoming.ship_by(order) != row.ship_by,
    }
    late.differs = [name for name, differs in differing.items() if differs]
    late.only_refund = not any(goods) and not is_elsewhere and len(whole) == len(money_back)


def _is_other(told: incoming.NewLine | None, known: sa.Row[Any] | None) -> bool:
    """Tell whether a line stands on one side only, or names other goods or another quantity."""
    if told is None or known is None:
        return True
    return (told.shop_code, told.quantity) != (known.shop_code, known.quantity)


async def _stop(uow: UnitOfWork, lates: Any) -> set[UUID]:
    """Stop the lines whose money went back; return those that are stopped."""
    line_ids = [each for late in lates for each in late.refunded]
    stopped: set[UUID] = set()
    for first in range(0, len(line_ids), line_stops.BATCH_MAX):
        some = line_ids[first : first + line_stops.BATCH_MAX]
        answers = await line_stops.stop_lines(uow, line_ids=some, reason=REFUNDED)
        stopped |= {each for each, answer in zip(some, answers, strict=True) if not isinstance(answer, Refused)}
    return stopped


async def _take_payment(uow: UnitOfWork, lates: Sequence[_Late]) -> None:
    """Take over what a refund says of the money, so that the same telling is known when it comes again."""
    rows = []
    for late in lates:
        amounts = incoming.amounts_of(late.changed.order)
        rows.append(
            {
                "id": late.row.id,
                "payment_status": late.changed.order.payment_status,
                "paid_minor": amounts.paid_minor,
                "content_hash": late.changed.content_hash,
                "change_refused_at": None,
            }
        )
    await uow.update(SalesOrder, rows, bump_version=True)


async def _call_back(uow: UnitOfWork, lates: Sequence[_Late], locked: Mapping[UUID, sa.Row[Any]]) -> None:
    """Stop what goes to an old address and has not left, to be open again and held once it is back in its bins."""
    found = {
        row.id: row
        for late in lates
        for row in serving(late.row.id, locked)
        if row.progress in rules.UNDER_WAY
        and row.intercepted_at is None
        and row.stop_asked_at is None
        and not rules.is_with_partner(row.request_status)
    }
    if not found:
        return
    lines = await queries.lines_of_fulfillment_orders(uow, found)
    going = [row for each, row in found.items() if not any(line.shipped_quantity for line in lines[each])]
    standing = await holds.standing(uow, [row.id for row in going])
    wanted = [row for row in going if (row.id, HoldReason.ADDRESS) not in standing]
    await holds.put(uow, [NewHold(row.id, row.order_id, HoldReason.ADDRESS) for row in wanted])
    await cancel.intercept(uow, ids=[row.id for row in going], reason=NEW_ADDRESS)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An order whose refused change somebody has seen to; `changed` is no when that was so before."""

    order_id: UUID
    changed: bool


async def acknowledge_changes(uow: UnitOfWork, *, order_ids: Sequence[UUID]) -> list[Acknowledged | Refused]:
    """Note that somebody has seen to changes that came too late; they leave the exception queue.

    Twice changes nothing. Needs `orders:write` for each order's shop.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(order_ids) > BATCH_MAX:
        raise LimitExceeded("At most 1,000 orders go in one batch; send them in parts.")
    rows = await queries.orders(uow, order_ids)
    mine = {each: row for each, row in rows.items() if uow.actor.may(Permission.ORDERS_WRITE, shop_id=row.shop_id)}
    seen = sorted(each for each, row in mine.items() if row.change_refused_at is not None)
    await uow.update(SalesOrder, [{"id": each, "change_refused_at": None} for each in seen], bump_version=True)
    uow.emit(events.OrderChangeAcknowledged(each) for each in seen)
    return [
        Acknowledged(each, each in seen) if each in mine else Refused(index, NotFound())
        for index, each in enumerate(order_ids)
    ]
