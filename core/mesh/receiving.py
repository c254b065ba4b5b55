"""A partner asks us to ship: its request becomes an order of ours, reserved and held until we answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import shop_codes
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.money import line_amount
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.mesh import documents, dropship_queries, events, messages, posting, queries, refusals
from pickmesh.core.mesh.messages import Envelope
from pickmesh.core.mesh.posting import Outgoing
from pickmesh.core.mesh.rules import RejectReason
from pickmesh.core.mesh.tables import Dropship, DropshipLine, DropshipStatus, PartnershipStatus, Side
from pickmesh.core.orders import holds, intake
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.holds import NewHold
from pickmesh.core.orders.incoming import NewLine, NewOrder
from pickmesh.core.orders.recipients import NewRecipient
from pickmesh.core.orders.tables import HoldReason, PaymentStatus

Row = sa.Row[Any]
Offers = Mapping[UUID, Row]


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a request came to here: its order and fulfillment orders, or why we will not ship it."""

    order_id: UUID | None = None
    fulfillment_order_ids: Sequence[UUID] = ()
    reason: RejectReason | None = None


async def on_submitted(uow: UnitOfWork, envelope: Envelope, message: messages.Submitted) -> None:
    """Bring a partner's request in as an order of its shop, reserve what there is, and wait for an answer.

    What cannot be shipped as it was asked for (an offer that is gone, another price, no address, a circle) is rejected
    at once, with a document that says so.
    """
    assert envelope.dropship_id is not None
    if envelope.dropship_id in await dropship_queries.dropships(uow, [envelope.dropship_id]):
        return
    partnership = await queries.partnership(uow, envelope.partnership_id)
    if partnership is None or partnership.shop_id is None:
        raise refusals.PartnershipNotActive()
    offers = await queries.offers_by_id(uow, {line.offer_id for line in message.lines})
    reason = _trouble(uow, partnership, offers, message, envelope.recipient)
    if reason is None and envelope.recipient is not None:
        order = _order(envelope.dropship_id, partnership.shop_id, message, envelope.recipient)
        codes = {(partnership.shop_id, str(each)): row.sku_id for each, row in offers.items()}
        await shop_codes.map_codes(uow, codes)
        taken = await _bring_in(uow, order)
    else:
        taken = _Taken(reason=reason or RejectReason.CANNOT_SHIP_THERE)
    lines = [_line(envelope, line, offers[line.offer_id], message.currency) for line in _known(message, offers)]
    row = _document(uow, partnership, message, taken, envelope.dropship_id)
    await _write(uow, envelope, {**row, "goods_minor": sum(line["amount_minor"] for line in lines)}, lines)


def _trouble(
    uow: UnitOfWork, partnership: Row, offers: Offers, message: messages.Submitted, recipient: NewRecipient | None
) -> RejectReason | None:
    """Return why a request cannot even be thought about, None when it can."""
    if partnership.status != PartnershipStatus.ACTIVE or uow.merchant_id in message.hops:
        return RejectReason.OTHER
    numbers = {line.line for line in message.lines}
    if not numbers or len(numbers) < len(message.lines) or any(line.quantity < 1 for line in message.lines):
        return RejectReason.OTHER
    standing = [offers.get(line.offer_id) for line in message.lines]
    if any(one is None or one.partnership_id != partnership.id or one.withdrawn_at is not None for one in standing):
        return RejectReason.OUT_OF_STOCK
    asked = {(line.offer_id, line.price_micros) for line in message.lines}
    if message.currency != partnership.currency or any(price < offers[each].price_micros for each, price in asked):
        return RejectReason.PRICE
    return RejectReason.CANNOT_SHIP_THERE if recipient is None else None


def _order(dropship_id: UUID, shop_id: UUID, message: messages.Submitted, recipient: NewRecipient) -> NewOrder:
    """Return the request as an order of the partner's shop, known by the dropship's id."""
    return NewOrder(
        shop_id=shop_id,
        external_id=str(dropship_id),
        ordered_at=message.submitted_at,
        paid_at=message.submitted_at,
        payment_status=PaymentStatus.PAID,
        currency=message.currency,
        recipient=recipient,
        lines=[NewLine(str(line.line), str(line.offer_id), line.quantity, line.price_micros) for line in message.lines],
        ship_by=message.ship_by,
    )


async def _bring_in(uow: UnitOfWork, order: NewOrder) -> _Taken:
    """Import a request's order and hold it until we answer."""
    (verdict,) = await intake.import_orders(uow, orders=[order])
    if isinstance(verdict, Refused):
        to_address = verdict.refusal.field[:1] == ("recipient",)
        return _Taken(reason=RejectReason.CANNOT_SHIP_THERE if to_address else RejectReason.OTHER)
    assert verdict.order_id is not None
    made = (await order_queries.fulfillment_orders_of(uow, [verdict.order_id])).get(verdict.order_id, [])
    await holds.put(uow, [NewHold(row.id, verdict.order_id, HoldReason.DROPSHIP) for row in made])
    return _Taken(verdict.order_id, [row.id for row in made])


async def _write(uow: UnitOfWork, envelope: Envelope, row: dict[str, Any], lines: Sequence[dict[str, Any]]) -> None:
    """Write a request's document; answer it when that is settled, else set the time for an answer."""
    (number,) = await uow.next_numbers("dropship", 1)
    await uow.insert(Dropship, [{**row, "number": number}])
    await uow.insert(DropshipLine, lines)
    told = {name: row[name] for name in ("partnership_id", "order_id", "fulfillment_order_id", "side", "status")}
    if row["reason"]:
        answer = messages.Rejected(row["reason"])
        await posting.post(uow, [Outgoing(envelope.sender_id, row["partnership_id"], answer, row["id"])])
        details = documents.rejected_details(row["reason"])
        uow.emit([events.DropshipRejected(subject_id=row["id"], version=1, **told, **details)])
        return
    await uow.set_timers(documents.ANSWER_TIMER, {row["id"]: row["answer_by"]})
    waits = {"pieces": sum(line["quantity"] for line in lines), "answer_by": row["answer_by"]}
    uow.emit([events.DropshipReceived(subject_id=row["id"], version=1, **told, **waits)])


def _document(
    uow: UnitOfWork, partnership: Row, message: messages.Submitted, taken: _Taken, dropship_id: UUID
) -> dict[str, Any]:
    return {
        "id": dropship_id,
        "side": Side.SUPPLIER,
        "partnership_id": partnership.id,
        "fulfillment_order_id": next(iter(taken.fulfillment_order_ids), None),
        "order_id": taken.order_id,
        "status": DropshipStatus.REJECTED if taken.reason else DropshipStatus.SUBMITTED,
        "reason": taken.reason,
        "currency": message.currency,
        "hops": [str(each) for each in message.hops],
        "submitted_at": message.submitted_at,
        "answer_by": message.submitted_at + timedelta(hours=partnership.hours_to_answer),
        "answered_at": uow.now if taken.reason else None,
    }


def _known(message: messages.Submitted, offers: Offers) -> list[messages.SubmittedLine]:
    """Return the lines a document can hold: pieces of offers of ours, each line once."""
    lines = {line.line: line for line in message.lines if line.offer_id in offers and line.quantity > 0}
    return list(lines.values())


def _line(envelope: Envelope, line: messages.SubmittedLine, offer: Row, currency: str) -> dict[str, Any]:
    return {
        "dropship_id": envelope.dropship_id,
        "line": line.line,
        "offer_id": line.offer_id,
        "sku_id": offer.sku_id,
        "fulfillment_line_id": None,
        "quantity": line.quantity,
        "price_micros": line.price_micros,
        "amount_minor": line_amount(line.quantity, line.price_micros, currency),
    }


HANDLERS: Mapping[str, Any] = {messages.Submitted.kind: on_submitted}
"""Which messages are dealt with here."""
