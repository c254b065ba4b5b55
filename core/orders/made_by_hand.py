"""Orders people make: an exchange, a reshipment 补发, a gift, or what a buyer ordered by phone, by our own SKU codes.

They go the way every order goes, from review and routing to the parcel. The shop knows nothing of them: it is told
neither of their parcels nor asked about them; whoever looks at the related order finds them among its follow-ups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import events, incoming, intake, queries, recipients
from pickmesh.core.orders.incoming import NewLine, NewOrder
from pickmesh.core.orders.recipients import NewRecipient, Recipient
from pickmesh.core.orders.tables import OrderRecipient, OrderType, PaymentStatus
from pickmesh.core.orders.verdicts import OrderVerdict

BATCH_MAX = 500
REASON_LENGTH_MAX = 500
RELATED = frozenset({OrderType.EXCHANGE, OrderType.RESHIPMENT})
"""Types that are about an order there was before."""
FREE = frozenset({OrderType.RESHIPMENT, OrderType.GIFT})
"""Types for which the buyer pays nothing."""


@dataclass(frozen=True, slots=True)
class MadeLine:
    """What is to be sent, by our own SKU code; the price counts for exchanges and sales only."""

    sku_code: str
    quantity: int
    unit_price_micros: int = 0


@dataclass(frozen=True, slots=True)
class MadeOrder:
    """An order somebody makes. Without a recipient, shop or currency those of the related order are taken."""

    type: OrderType
    lines: Sequence[MadeLine]
    reason: str
    related_order_id: UUID | None = None
    shop_id: UUID | None = None
    recipient: NewRecipient | None = None
    payment_status: PaymentStatus = PaymentStatus.PAID
    currency: str = ""
    freight_minor: int = 0
    remark: str = ""
    ship_by: datetime | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    """What a batch of orders made by hand refers to."""

    related: Mapping[UUID, sa.Row[Any]]
    buyers: Mapping[UUID, Recipient]
    skus: Mapping[str, SkuRow]


async def make_orders(uow: UnitOfWork, *, orders: Sequence[MadeOrder]) -> list[OrderVerdict | Refused]:
    """Make orders by hand, each answered like an order that came in; stock is promised to them at once.

    Refuses, item by item, an exchange or reshipment without the order it is for, a price on what is free, unknown or
    archived SKU codes, a related order whose buyer has been erased, and what intake refuses. At most 500; needs
    `orders:write` for each order's shop.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(orders) > BATCH_MAX:
        raise LimitExceeded("At most 500 orders are made in one batch; send them in parts.")
    known = await _known(uow, orders)
    told: dict[int, NewOrder] = {}
    answers: dict[int, OrderVerdict | Refused] = {}
    for index, order in enumerate(orders):
        try:
            told[index] = _told(uow, order, known)
        except Refusal as refusal:
            answers[index] = Refused(index, refusal)
    taken = await intake.import_orders(uow, orders=list(told.values()))
    for index, answer in zip(told, taken, strict=True):
        answers[index] = _at(index, answer)
    uow.emit(
        events.OrderMade(answer.order_id, order.type, order.related_order_id, order.reason)
        for index, order in enumerate(orders)
        if isinstance(answer := answers[index], OrderVerdict)
    )
    return [answers[index] for index in range(len(orders))]


def _at(index: int, answer: OrderVerdict | Refused) -> OrderVerdict | Refused:
    if isinstance(answer, Refused):
        return Refused(index, answer.refusal)
    return OrderVerdict(index, answer.verdict, answer.order_id, answer.short_pieces, answer.holds)


async def _known(uow: UnitOfWork, orders: Sequence[MadeOrder]) -> _Known:
    ids = {order.related_order_id for order in orders if order.related_order_id is not None}
    found = await queries.orders(uow, ids)
    mine = {each: row for each, row in found.items() if uow.actor.may(Permission.ORDERS_READ, shop_id=row.shop_id)}
    rows = await uow.fetch(
        sa.select(*OrderRecipient.__table__.c).where(uow.mine(OrderRecipient), uow.among(OrderRecipient.order_id, mine))
    )
    buyers = {row.order_id: recipients.opened_row(uow, row) for row in rows if row.erased_at is None}
    codes = {line.sku_code for each in orders for line in each.lines}
    return _Known(mine, buyers, await catalog.skus_by_code(uow, {code for code in codes if incoming.is_storable(code)}))


def _told(uow: UnitOfWork, order: MadeOrder, known: _Known) -> NewOrder:
    """Return an order as if a shop told it; raises the refusal of what cannot be made."""
    related = known.related.get(order.related_order_id) if order.related_order_id else None
    _check(order, related)
    shop_id = order.shop_id or (related and related.shop_id)
    currency = order.currency or (related and related.currency)
    if shop_id is None or not currency:
        raise InvalidInput("Name the shop and the currency, or the order it belongs to.", field=("shop_id",))
    return NewOrder(
        shop_id=shop_id,
        external_id=incoming.made_number(new_id()),
        ordered_at=uow.now,
        payment_status=order.payment_status,
        currency=currency,
        recipient=order.recipient or _buyer_of(order, known),
        lines=[_line(index, line, known) for index, line in enumerate(order.lines)],
        paid_at=uow.now if order.payment_status == PaymentStatus.PAID else None,
        ship_by=order.ship_by,
        type=order.type,
        freight_minor=order.freight_minor,
        remark=order.remark or order.reason,
        priority=order.priority,
        related_order_id=order.related_order_id,
    )


def _check(order: MadeOrder, related: sa.Row[Any] | None) -> None:
    if order.related_order_id is not None and related is None:
        raise NotFound(field=("related_order_id",))
    if order.type in RELATED and related is None:
        raise InvalidInput("An exchange or reshipment needs the order it is for.", field=("related_order_id",))
    if order.type != OrderType.SALE and not order.reason.strip():
        raise InvalidInput("Say why this goes out; whoever reads the order later wants to know.", field=("reason",))
    if len(order.reason) > REASON_LENGTH_MAX:
        message = sentence("A reason has at most {most} characters.", most=REASON_LENGTH_MAX)
        raise InvalidInput(message, field=("reason",))
    _require_storable(order.reason, ("reason",))
    costs = order.freight_minor or any(line.unit_price_micros for line in order.lines)
    if order.type in FREE and (costs or order.payment_status != PaymentStatus.PAID):
        raise InvalidInput(
            "The buyer pays nothing for a reshipment or gift; make a sale or an exchange.", field=("lines",)
        )


def _require_storable(text: str, field: tuple[Any, ...]) -> None:
    if not incoming.is_storable(text):
        message = sentence(
            "{name} holds a NUL character or half a character; take it out and send it again.", name=field[-1]
        )
        raise InvalidInput(message, field=field)


def _buyer_of(order: MadeOrder, known: _Known) -> NewRecipient:
    buyer = known.buyers.get(order.related_order_id) if order.related_order_id else None
    if buyer is None:
        raise InvalidInput("Say to whom it goes: there is no related order whose buyer is known.", field=("recipient",))
    return NewRecipient(
        buyer.name,
        buyer.phone,
        buyer.street,
        buyer.country,
        buyer.province,
        buyer.city,
        buyer.district,
        buyer.postcode,
    )


def _line(index: int, line: MadeLine, known: _Known) -> NewLine:
    _require_storable(line.sku_code, ("lines", index, "sku_code"))
    sku = known.skus.get(line.sku_code)
    if sku is None or sku.archived_at is not None:
        message = sentence("No SKU in use has the code {code}; look it up in the catalog.", code=line.sku_code[:60])
        raise InvalidInput(message, field=("lines", index, "sku_code"))
    return NewLine(str(index + 1), line.sku_code, line.quantity, line.unit_price_micros, sku_id=sku.id)
