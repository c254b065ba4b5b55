"""What a shop tells us about an order, what is wrong with it, and the fingerprint a repeat is known by."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.countries import country_problem
from pickmesh.core.kit.money import AMOUNT_MAX, currency_problem, line_amount, spread
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders.recipients import HIDDEN, NewRecipient
from pickmesh.core.orders.refusals import BadOrder
from pickmesh.core.orders.tables import OrderType, PaymentStatus

LINES_MAX = 500
QUANTITY_MAX = 1_000_000
CODE_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 2_000
PROMISE = timedelta(hours=48)
"""When a shop names no time to ship by: what platforms hold sellers to."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_MADE = re.compile(r"M-[0-9A-F]{16}")
_YEARS = range(2000, 2200)
_PRIORITIES = range(-1_000_000, 1_000_001)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line as the shop tells it; `refunded_quantity` of it will not be sent any more.

    `sku_id` names the goods themselves where people made the order; a shop has only its code for them.
    """

    external_line_id: str
    shop_code: str
    quantity: int
    unit_price_micros: int
    discount_minor: int = 0
    tax_minor: int = 0
    refunded_quantity: int = 0
    sku_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as the shop tells it; amounts in minor units of one currency.

    `discount_minor` and `tax_minor` are the order's own, on top of its lines' and spread over them. Without
    `paid_minor` a paid order counts as paid in full. `lease` is the code of a timed reservation whose units are for it;
    it is no part of what is compared when the order is told again.
    """

    shop_id: UUID
    external_id: str
    ordered_at: datetime
    payment_status: PaymentStatus
    currency: str
    recipient: NewRecipient
    lines: Sequence[NewLine]
    paid_at: datetime | None = None
    ship_by: datetime | None = None
    fulfill_at: datetime | None = None
    type: OrderType = OrderType.SALE
    freight_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    paid_minor: int | None = None
    remark: str = ""
    seller_flag: str = ""
    priority: int = 0
    lease: str = ""
    related_order_id: UUID | None = None


def made_number(order_id: UUID) -> str:
    """Return a number for an order people make, where a shop would give its own."""
    return f"M-{order_id.hex[-16:].upper()}"


def is_made(external_id: str) -> bool:
    """Tell whether an order's number is one that is given to orders people make."""
    return _MADE.fullmatch(external_id) is not None


@dataclass(frozen=True, slots=True)
class Amounts:
    """An order's money in minor units: per line, and in total."""

    goods: Sequence[int]
    discounts: Sequence[int]
    taxes: Sequence[int]
    goods_minor: int = field(default=0)
    discount_minor: int = field(default=0)
    tax_minor: int = field(default=0)
    total_minor: int = field(default=0)
    paid_minor: int = field(default=0)
    cod_due_minor: int = field(default=0)


def problem(order: NewOrder) -> BadOrder | None:
    """Return what makes an order impossible to keep, None when nothing does."""
    found = _order_problem(order) or _line_problem(order.lines, order.currency)
    if found is None:
        return None
    where, said = found
    return BadOrder(said, field=where)


_Problem = tuple[tuple[str | int, ...], str]


def _order_problem(order: NewOrder) -> _Problem | None:
    if not order.external_id.strip():
        return ("external_id",), sentence("An order needs the number its shop gave it.")
    found = _text_problem(_texts(order))
    if found is not None:
        return found
    if order.recipient.street.strip() == HIDDEN:
        return ("recipient", "street"), sentence(
            "The buyer is masked here: “{hidden}” is no street. Send the buyer in clear (export-orders --reveal).",
            hidden=HIDDEN,
        )
    if not order.lines or len(order.lines) > LINES_MAX:
        return ("lines",), sentence(
            "An order has 1 to {most} lines, not {count}.", most=LINES_MAX, count=len(order.lines)
        )
    for where, said in (
        (("currency",), currency_problem(order.currency)),
        (("recipient", "country"), country_problem(order.recipient.country)),
    ):
        if said is not None:
            return where, said
    return _moment_problem(order) or _figure_problem(order)


_Texts = Sequence[tuple[tuple[str, ...], str, int]]
"""Where a text stands, the text, and how many characters it may have."""


def _texts(order: NewOrder) -> _Texts:
    recipient = order.recipient
    return (
        (("external_id",), order.external_id, CODE_LENGTH_MAX),
        (("recipient", "name"), recipient.name, CODE_LENGTH_MAX),
        (("recipient", "phone"), recipient.phone, CODE_LENGTH_MAX),
        (("recipient", "street"), recipient.street, TEXT_LENGTH_MAX),
        (("recipient", "country"), recipient.country, CODE_LENGTH_MAX),
        (("recipient", "province"), recipient.province, CODE_LENGTH_MAX),
        (("recipient", "city"), recipient.city, CODE_LENGTH_MAX),
        (("recipient", "district"), recipient.district, CODE_LENGTH_MAX),
        (("recipient", "postcode"), recipient.postcode, CODE_LENGTH_MAX),
        (("seller_flag",), order.seller_flag, CODE_LENGTH_MAX),
        (("remark",), order.remark, TEXT_LENGTH_MAX),
        (("lease",), order.lease, CODE_LENGTH_MAX),
    )


def _text_problem(texts: _Texts) -> _Problem | None:
    together = "".join([text for _, text, _ in texts])
    if len(together) <= CODE_LENGTH_MAX and is_storable(together):  # nearly every order; one look instead of eleven
        return None
    for where, text, most in texts:
        if len(text) > most:
            return where, sentence(
                "This text is too long: it may have {most} characters, not {count}.", most=most, count=len(text)
            )
        if not is_storable(text):
            return where, sentence("This text holds a NUL character or half a character; take it out.")
    return None


def is_storable(text: str) -> bool:
    """Tell whether both databases can keep a text: no NUL, no lone surrogates."""
    if "\x00" in text:
        return False
    return text.isascii() or not _SURROGATES.search(text)


def _moment_problem(order: NewOrder) -> _Problem | None:
    for name in ("ordered_at", "paid_at", "ship_by", "fulfill_at"):
        moment: datetime | None = getattr(order, name)
        if moment is not None and (moment.tzinfo is None or moment.year not in _YEARS):
            return (name,), sentence(
                "This time needs a time zone and a year from {first} to {last}, such as 2026-11-24T12:00:00+08:00.",
                first=_YEARS[0],
                last=_YEARS[-1],
            )
    return None


def _figure_problem(order: NewOrder) -> _Problem | None:
    for name in ("freight_minor", "discount_minor", "tax_minor", "paid_minor"):
        amount: int | None = getattr(order, name)
        if amount is not None and not 0 <= amount <= AMOUNT_MAX:
            return (name,), sentence(
                "This amount must be between 0 and {most}, not {amount}.", most=AMOUNT_MAX, amount=amount
            )
    if order.priority not in _PRIORITIES:
        return ("priority",), sentence("The priority must be between -1,000,000 and 1,000,000.")
    return None


def _line_problem(lines: Sequence[NewLine], currency: str) -> _Problem | None:
    seen: set[str] = set()
    for index, line in enumerate(lines):
        found = _line_text_problem(line) or _line_count_problem(line) or _line_money_problem(line, currency)
        if found is not None:
            where, said = found
            return ("lines", index, *where), said
        if line.external_line_id in seen:
            said = sentence(
                "Line “{line}” stands twice in this order; number its lines differently.", line=line.external_line_id
            )
            return ("lines", index, "external_line_id"), said
        seen.add(line.external_line_id)
    return None


def _line_text_problem(line: NewLine) -> _Problem | None:
    if not line.external_line_id:
        return ("external_line_id",), sentence("A line needs a number of its own.")
    if not line.shop_code:
        return ("shop_code",), sentence("A line needs the shop's code of what was bought.")
    return _text_problem(
        (
            (("external_line_id",), line.external_line_id, CODE_LENGTH_MAX),
            (("shop_code",), line.shop_code, CODE_LENGTH_MAX),
        )
    )


def _line_count_problem(line: NewLine) -> _Problem | None:
    if not 1 <= line.quantity <= QUANTITY_MAX:
        return ("quantity",), sentence(
            "The quantity must be between 1 and {most}, not {quantity}.", most=QUANTITY_MAX, quantity=line.quantity
        )
    if not 0 <= line.refunded_quantity <= line.quantity:
        return ("refunded_quantity",), sentence(
            "Of {quantity} ordered, 0 to {quantity} can be refunded.", quantity=line.quantity
        )
    return None


def _line_money_problem(line: NewLine, currency: str) -> _Problem | None:
    if not 0 <= line.unit_price_micros <= AMOUNT_MAX:
        return ("unit_price_micros",), sentence(
            "The unit price must be between 0 and {most} millionths.", most=AMOUNT_MAX
        )
    amount = line_amount(line.quantity, line.unit_price_micros, currency)
    if amount > AMOUNT_MAX:
        return ("unit_price_micros",), sentence(
            "The quantity times the unit price may be at most {most} minor units.", most=AMOUNT_MAX
        )
    if not 0 <= line.discount_minor <= amount:
        return ("discount_minor",), sentence(
            "The discount must be between 0 and the line's amount, {amount} minor units.", amount=amount
        )
    if not 0 <= line.tax_minor <= AMOUNT_MAX:
        return ("tax_minor",), sentence("The tax must be between 0 and {most} minor units.", most=AMOUNT_MAX)
    return None


def amounts_of(order: NewOrder) -> Amounts:
    """Return an order's money: each line rounded once, the order's own discount and tax spread by largest remainder."""
    goods = [line_amount(line.quantity, line.unit_price_micros, order.currency) for line in order.lines]
    discounts = [line.discount_minor for line in order.lines]
    taxes = [line.tax_minor for line in order.lines]
    if order.discount_minor:
        discounts = [own + part for own, part in zip(discounts, spread(order.discount_minor, goods), strict=True)]
    if order.tax_minor:
        taxes = [own + part for own, part in zip(taxes, spread(order.tax_minor, goods), strict=True)]
    goods_minor, discount_minor, tax_minor = sum(goods), sum(discounts), sum(taxes)
    total = goods_minor - discount_minor + tax_minor + order.freight_minor
    paid = order.paid_minor
    if paid is None:
        paid = total if order.payment_status == PaymentStatus.PAID else 0
    due = max(0, total - paid) if order.payment_status == PaymentStatus.COD else 0
    return Amounts(goods, discounts, taxes, goods_minor, discount_minor, tax_minor, total, paid, due)


def refunded(order: NewOrder, line: NewLine) -> int:
    """Return how many units of a line will not be sent because the money went back: all of them when all of it did."""
    return line.quantity if order.payment_status == PaymentStatus.REFUNDED else line.refunded_quantity


def ship_by(order: NewOrder) -> datetime:
    """Return the time an order was promised for."""
    return order.ship_by or order.ordered_at + PROMISE


def content_hash(uow: UnitOfWork, order: NewOrder) -> str:
    """Return the fingerprint of everything a shop told: equal contents match, whatever zone their times were in.

    It is keyed like the blind indexes, because a plain hash of name and phone number could be guessed at.
    """
    recipient = order.recipient
    content = (
        order.type,
        order.payment_status,
        order.currency,
        order.ordered_at.timestamp(),
        order.paid_at and order.paid_at.timestamp(),
        order.ship_by and order.ship_by.timestamp(),
        order.fulfill_at and order.fulfill_at.timestamp(),
        order.freight_minor,
        order.discount_minor,
        order.tax_minor,
        order.paid_minor,
        order.remark,
        order.seller_flag,
        order.priority,
        (recipient.name, recipient.phone, recipient.street, recipient.country, recipient.province),
        (recipient.city, recipient.district, recipient.postcode),
        [
            (
                line.external_line_id,
                line.shop_code,
                line.quantity,
                line.unit_price_micros,
                line.discount_minor,
                line.tax_minor,
                line.refunded_quantity,
            )
            for line in order.lines
        ],
    )
    return uow.vault.blind(uow.merchant_id, "order", json.dumps(content))
