"""To whom orders go: sealed at rest, masked unless revealed, found again by blind indexes.

Only country to postcode stand in clear. The indexes are keyed hashes of normalised texts, so the same buyer matches
however the shop spaced the phone number, and nothing can be read back from them.
"""

import json
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.orders.tables import OrderRecipient

PURPOSE = "recipient"
HIDDEN = "***"
_NOT_DIGITS = re.compile(r"[^0-9]")
_NOT_WORDS = re.compile(r"[\W_]+")
_CHINA = re.compile(r"^(?:86|0086)(?=1\d{10})")
_MOBILE = re.compile(r"^1\d{10}")
FOUND_MAX = 50
_written = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """A buyer's address as the shop tells it, in clear only inside this process."""

    name: str
    phone: str
    street: str
    country: str
    province: str = ""
    city: str = ""
    district: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A buyer's address as somebody is shown it; `masked` tells that name, phone and street are hidden in part."""

    name: str
    phone: str
    street: str
    country: str
    province: str
    city: str
    district: str
    postcode: str
    masked: bool


def phone_digits(text: str) -> str:
    """Return a phone number's digits without China's country code, the extension of a masked number included."""
    digits = text if text.isascii() and text.isdecimal() else _NOT_DIGITS.sub("", unicodedata.normalize("NFKC", text))
    return _CHINA.sub("", digits) if len(digits) > 11 else digits


def last_four(digits: str) -> str:
    """Return the last four digits of a number as printed on a label: of the mobile itself, not of its extension."""
    mobile = _MOBILE.match(digits)
    return (mobile[0] if mobile else digits)[-4:]


def address_text(recipient: NewRecipient) -> str:
    """Return an address in the one spelling its index is made from: no spaces or punctuation, width and case folded.

    Shops cut an address into province, city and street differently, so the parts run on without a border.
    """
    whole = recipient.country + recipient.province + recipient.city + recipient.district + recipient.street
    folded = unicodedata.normalize("NFKC", whole).casefold()
    return folded if folded.isalnum() else _NOT_WORDS.sub("", folded)


def sealed_row(uow: UnitOfWork, order_id: UUID, recipient: NewRecipient) -> dict[str, Any]:
    """Return the row that keeps a recipient: name, phone and street sealed, the indexes beside them."""
    plain = _written([recipient.name, recipient.phone, recipient.street])
    key_id, sealed = uow.vault.seal(uow.merchant_id, PURPOSE, plain.encode())
    digits = phone_digits(recipient.phone)
    return {
        "order_id": order_id,
        "key_id": key_id,
        "sealed": sealed,
        "country": recipient.country,
        "province": recipient.province,
        "city": recipient.city,
        "district": recipient.district,
        "postcode": recipient.postcode,
        "address_key": uow.vault.blind(uow.merchant_id, "address", address_text(recipient)),
        "phone_key": _phone_key(uow, digits),
        "phone_last4_key": _last4_key(uow, last_four(digits)),
    }


def buyer_key(uow: UnitOfWork, recipient: NewRecipient) -> str:
    """Return the index a buyer is known by: that of the phone number, without one that of the address."""
    digits = phone_digits(recipient.phone)
    return _phone_key(uow, digits) or uow.vault.blind(uow.merchant_id, "address", address_text(recipient))


def _phone_key(uow: UnitOfWork, digits: str) -> str:
    """An order without a phone number has no index, so that two of them never count as one buyer."""
    return uow.vault.blind(uow.merchant_id, "phone", digits) if digits else ""


def _last4_key(uow: UnitOfWork, four: str) -> str:
    return uow.vault.blind(uow.merchant_id, "phone-last4", four) if four else ""


def masked(recipient: Recipient) -> Recipient:
    """Return what everybody may see: the first character of the name, the ends of the phone number, no street."""
    digits = recipient.phone
    phone = f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}" if len(digits) >= 8 else HIDDEN if digits else ""
    return Recipient(
        name=f"{recipient.name[:1]}**" if recipient.name else "",
        phone=phone,
        street=HIDDEN if recipient.street else "",
        country=recipient.country,
        province=recipient.province,
        city=recipient.city,
        district=recipient.district,
        postcode=recipient.postcode,
        masked=True,
    )


async def recipients_of(uow: UnitOfWork, order_ids: Collection[UUID], *, reveal: bool = False) -> dict[UUID, Recipient]:
    """Return the recipients of orders, masked unless revealed; revealing needs `recipients:read`."""
    if reveal:
        uow.actor.require(Permission.RECIPIENTS_READ)
    found = await uow.fetch(
        sa.select(
            OrderRecipient.order_id,
            OrderRecipient.key_id,
            OrderRecipient.sealed,
            OrderRecipient.country,
            OrderRecipient.province,
            OrderRecipient.city,
            OrderRecipient.district,
            OrderRecipient.postcode,
            OrderRecipient.erased_at,
        ).where(uow.mine(OrderRecipient), uow.among(OrderRecipient.order_id, order_ids))
    )
    opened = {row.order_id: opened_row(uow, row) for row in found}
    return opened if reveal else {order_id: masked(recipient) for order_id, recipient in opened.items()}


def opened_row(uow: UnitOfWork, row: sa.Row[Any]) -> Recipient:
    """Return what a recipient's row holds, in clear: for those who may see it, and for rules, which show it nobody."""
    name = phone = street = ""
    if row.erased_at is None:
        name, phone, street = json.loads(uow.vault.open(uow.merchant_id, PURPOSE, row.key_id, row.sealed))
    return Recipient(
        name=name,
        phone=phone,
        street=street,
        country=row.country,
        province=row.province,
        city=row.city,
        district=row.district,
        postcode=row.postcode,
        masked=False,
    )


async def orders_by_phone(uow: UnitOfWork, text: str, *, limit: int = FOUND_MAX) -> list[UUID]:
    """Return the newest orders to a phone number: four digits match the number's end, more the whole of it.

    Refuses fewer than four digits.
    """
    digits = phone_digits(text)
    if len(digits) < 4:
        raise InvalidInput("Give a whole phone number or its last four digits.", field=("phone",))
    known = (
        OrderRecipient.phone_last4_key == _last4_key(uow, digits)
        if len(digits) == 4
        else OrderRecipient.phone_key == _phone_key(uow, digits)
    )
    found = await uow.fetch(
        sa.select(OrderRecipient.order_id)
        .where(uow.mine(OrderRecipient), known, OrderRecipient.erased_at.is_(None))
        .order_by(OrderRecipient.order_id.desc())
        .limit(limit)
    )
    return [row.order_id for row in found]


async def orders_to_same_address(uow: UnitOfWork, order_id: UUID, *, limit: int = FOUND_MAX) -> list[UUID]:
    """Return other orders that go to the same address and phone number as this one, the newest first."""
    keys = await uow.first(
        sa.select(OrderRecipient.address_key, OrderRecipient.phone_key).where(
            uow.mine(OrderRecipient), OrderRecipient.order_id == order_id, OrderRecipient.erased_at.is_(None)
        )
    )
    if keys is None:
        return []
    found = await uow.fetch(
        sa.select(OrderRecipient.order_id)
        .where(
            uow.mine(OrderRecipient),
            OrderRecipient.address_key == keys.address_key,
            OrderRecipient.phone_key == keys.phone_key,
            OrderRecipient.order_id != order_id,
        )
        .order_by(OrderRecipient.order_id.desc())
        .limit(limit)
    )
    return [row.order_id for row in found]
