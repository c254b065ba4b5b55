"""Tables of the mesh: partnerships, offers on both sides, SKU mapping, dropships, the book of each partnership.

Each merchant keeps its own document; a partner's rows are never read, only its messages.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from pickmesh.core.db.base import (
    MerchantObject,
    MerchantRow,
    belongs_to,
    counted,
    flag,
    not_negative,
    one_of,
    positive,
)


class PartnershipStatus(StrEnum):
    """How far two merchants are with each other."""

    INVITED = "INVITED"
    ASKED = "ASKED"
    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


class Side(StrEnum):
    """Which of the two this merchant is, in one dropship."""

    DISTRIBUTOR = "DISTRIBUTOR"
    SUPPLIER = "SUPPLIER"


class DropshipStatus(StrEnum):
    """How far a dropship is; both sides come to the same one."""

    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    CANCELLATION_REQUESTED = "CANCELLATION_REQUESTED"
    CANCELLED = "CANCELLED"
    SHIPPED = "SHIPPED"


class Account(StrEnum):
    """The accounts of a partnership's book: what the partner owes us or we owe it, and what for."""

    PARTNER = "PARTNER"
    GOODS = "GOODS"


class Partnership(MerchantObject):
    """A partner as this merchant sees it; both sides' rows share the id. Terms are ours, as a supplier."""

    __tablename__ = "partnership"

    partner_id: Mapped[UUID]
    partner_code: Mapped[str]
    partner_name: Mapped[str]
    status: Mapped[str]
    currency: Mapped[str]
    hours_to_answer: Mapped[int]
    auto_accept: Mapped[bool] = flag()
    auto_route: Mapped[bool] = flag()
    shop_id: Mapped[UUID | None]
    location_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("shop_id", "shop"),
        belongs_to("location_id", "location"),
        sa.Index("uq_partnership_partner_id", "merchant_id", "partner_id", unique=True),
        one_of("status", PartnershipStatus),
        positive("hours_to_answer"),
    )


class Offer(MerchantObject):
    """What this merchant supplies to a partner: a share of what is available, at a price."""

    __tablename__ = "offer"

    partnership_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    price_micros: Mapped[int]
    share_percent: Mapped[int]
    told_quantity: Mapped[int] = counted()
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("partnership_id", "partnership"),
        belongs_to("sku_id", "sku"),
        sa.Index("uq_offer_sku_id", "merchant_id", "partnership_id", "sku_id", unique=True),
        sa.Index("ix_offer_sku_id", "merchant_id", "sku_id"),
        not_negative("price_micros"),
        not_negative("told_quantity"),
        sa.CheckConstraint("share_percent BETWEEN 1 AND 100", name="share_percent_known"),
    )


class PartnerOffer(MerchantObject):
    """What a partner told us it supplies; the id is its offer's."""

    __tablename__ = "partner_offer"

    partnership_id: Mapped[UUID]
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    barcodes: Mapped[list[Any]]
    price_micros: Mapped[int]
    told_quantity: Mapped[int] = counted()
    told_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("partnership_id", "partnership"),
        sa.Index("ix_partner_offer_partnership_id", "merchant_id", "partnership_id", "code"),
        not_negative("told_quantity"),
    )


class PartnerSku(MerchantRow):
    """Which of a partner's offers is which SKU of ours."""

    __tablename__ = "partner_sku"

    partnership_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_offer_id: Mapped[UUID]
    created_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("partnership_id", "partnership"),
        belongs_to("sku_id", "sku"),
        belongs_to("partner_offer_id", "partner_offer"),
        sa.Index("ix_partner_sku_sku_id", "merchant_id", "sku_id"),
    )


class Dropship(MerchantObject):
    """A request to ship for somebody else; both sides' documents share the id and nothing else.

    `sent` and `heard` count this dropship's messages, so that each side deals with them in their order.
    """

    __tablename__ = "dropship"

    number: Mapped[int]
    side: Mapped[str]
    partnership_id: Mapped[UUID]
    fulfillment_order_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]
    status: Mapped[str]
    reason: Mapped[str | None]
    currency: Mapped[str]
    goods_minor: Mapped[int]
    hops: Mapped[list[Any]]
    submitted_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    sent: Mapped[int] = counted()
    heard: Mapped[int] = counted()
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("partnership_id", "partnership"),
        belongs_to("fulfillment_order_id", "fulfillment_order"),
        belongs_to("order_id", "sales_order"),
        sa.Index("uq_dropship_number", "merchant_id", "number", unique=True),
        sa.Index("ix_dropship_status", "merchant_id", "side", "status", "id"),
        sa.Index("ix_dropship_fulfillment_order_id", "merchant_id", "fulfillment_order_id"),
        sa.Index("ix_dropship_order_id", "merchant_id", "order_id"),
        one_of("side", Side),
        one_of("status", DropshipStatus),
    )


class DropshipLine(MerchantRow):
    """Pieces of one offer in a dropship; `sku_id` is this merchant's own."""

    __tablename__ = "dropship_line"

    dropship_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    fulfillment_line_id: Mapped[UUID | None]
    quantity: Mapped[int]
    price_micros: Mapped[int]
    amount_minor: Mapped[int]
    shipped_quantity: Mapped[int] = counted()

    __table_args__ = (
        belongs_to("dropship_id", "dropship"),
        belongs_to("sku_id", "sku"),
        positive("quantity"),
        sa.CheckConstraint("shipped_quantity <= quantity", name="shipped_in_bounds"),
    )


class DropshipParcel(MerchantRow):
    """A parcel of a dropship that left the supplier, under the supplier's parcel id."""

    __tablename__ = "dropship_parcel"

    dropship_id: Mapped[UUID] = mapped_column(primary_key=True)
    parcel_id: Mapped[UUID] = mapped_column(primary_key=True)
    carrier: Mapped[str]
    waybill: Mapped[str]
    shipped_at: Mapped[datetime]

    __table_args__ = (belongs_to("dropship_id", "dropship"),)


class BookEntry(MerchantObject):
    """One posting in a partnership's book; the postings of a message sum to zero, the partner's book is its mirror."""

    __tablename__ = "book_entry"

    partnership_id: Mapped[UUID]
    dropship_id: Mapped[UUID]
    source_id: Mapped[UUID]
    account: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (
        belongs_to("partnership_id", "partnership"),
        belongs_to("dropship_id", "dropship"),
        sa.Index("uq_book_entry_source", "merchant_id", "dropship_id", "source_id", "account", unique=True),
        sa.Index("ix_book_entry_partnership_id", "merchant_id", "partnership_id", "currency"),
        one_of("account", Account),
    )
