"""Tables of orders: orders and lines, recipients, fulfillment orders and lines, holds, merges, shipments.

What intake writes by the thousand has no foreign keys (decision 14): `checks.py` looks for rows without a parent.
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
    partial_index,
    positive,
)


class OrderType(StrEnum):
    """Why goods go out."""

    SALE = "SALE"
    EXCHANGE = "EXCHANGE"
    RESHIPMENT = "RESHIPMENT"
    GIFT = "GIFT"


class PaymentStatus(StrEnum):
    """How far an order is paid."""

    UNPAID = "UNPAID"
    PARTLY_PAID = "PARTLY_PAID"
    PAID = "PAID"
    PARTLY_REFUNDED = "PARTLY_REFUNDED"
    REFUNDED = "REFUNDED"
    COD = "COD"


class Progress(StrEnum):
    """How far the work on a fulfillment order is; the shown status is derived from it and the facts beside it."""

    OPEN = "OPEN"
    RELEASED = "RELEASED"
    IN_PROGRESS = "IN_PROGRESS"
    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    MERGED = "MERGED"


class RequestStatus(StrEnum):
    """What a partner answered to a dropship request."""

    UNSUBMITTED = "UNSUBMITTED"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    CANCELLATION_REQUESTED = "CANCELLATION_REQUESTED"
    CANCELLATION_ACCEPTED = "CANCELLATION_ACCEPTED"
    CANCELLATION_REJECTED = "CANCELLATION_REJECTED"
    CLOSED = "CLOSED"


class HoldReason(StrEnum):
    """Why a fulfillment order may not go on."""

    PAYMENT = "PAYMENT"
    FRAUD = "FRAUD"
    ADDRESS = "ADDRESS"
    OPERATOR = "OPERATOR"
    CLIENT = "CLIENT"
    APP = "APP"
    UNMAPPED_SKU = "UNMAPPED_SKU"
    REVIEW = "REVIEW"
    DROPSHIP = "DROPSHIP"


class SalesOrder(MerchantObject):
    """What a buyer asked a shop for; amounts in minor units of one currency.

    `related_order_id` is the order an exchange, reshipment or gift belongs to; `change_refused_at` tells that its shop
    changed it when it could not be changed here any more.
    """

    __tablename__ = "sales_order"

    number: Mapped[int]
    shop_id: Mapped[UUID]
    external_id: Mapped[str]
    type: Mapped[str]
    payment_status: Mapped[str]
    currency: Mapped[str]
    goods_minor: Mapped[int]
    discount_minor: Mapped[int] = counted()
    tax_minor: Mapped[int] = counted()
    freight_minor: Mapped[int] = counted()
    paid_minor: Mapped[int] = counted()
    cod_due_minor: Mapped[int] = counted()
    ordered_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    ship_by: Mapped[datetime]
    remark: Mapped[str]
    seller_flag: Mapped[str]
    content_hash: Mapped[str]
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    related_order_id: Mapped[UUID | None]
    change_refused_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        sa.Index("uq_sales_order_number", "merchant_id", "number", unique=True),
        sa.Index("uq_sales_order_external_id", "merchant_id", "external_id", "shop_id", unique=True),
        sa.Index("ix_sales_order_ordered_at", "merchant_id", "ordered_at", "id"),
        partial_index("ix_sales_order_related", "related_order_id", where="related_order_id IS NOT NULL"),
        partial_index("ix_sales_order_change_refused", "change_refused_at", where="change_refused_at IS NOT NULL"),
        one_of("type", OrderType),
        one_of("payment_status", PaymentStatus),
    )


class OrderLine(MerchantObject):
    """One line as the buyer asked for it; a shop code without a SKU of ours is unmapped until somebody maps it.

    A line with `gift_rule_id` is a gift a review rule added: the shop knows nothing of it.
    """

    __tablename__ = "order_line"

    order_id: Mapped[UUID]
    external_line_id: Mapped[str]
    shop_code: Mapped[str]
    sku_id: Mapped[UUID | None]
    quantity: Mapped[int]
    unit_price_micros: Mapped[int]
    amount_minor: Mapped[int]
    discount_minor: Mapped[int] = counted()
    tax_minor: Mapped[int] = counted()
    cancelled_quantity: Mapped[int] = counted()
    refunded_quantity: Mapped[int] = counted()
    gift_rule_id: Mapped[UUID | None]

    __table_args__ = (
        sa.Index("uq_order_line_external_line_id", "merchant_id", "order_id", "external_line_id", unique=True),
        positive("quantity"),
        not_negative("cancelled_quantity"),
        not_negative("refunded_quantity"),
        sa.CheckConstraint("cancelled_quantity + refunded_quantity <= quantity", name="not_more_than_ordered"),
    )


class OrderRecipient(MerchantRow):
    """To whom an order goes: name, phone and street sealed, the region in clear, blind indexes for search and merge."""

    __tablename__ = "order_recipient"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    sealed: Mapped[bytes]
    country: Mapped[str]
    province: Mapped[str]
    city: Mapped[str]
    district: Mapped[str]
    postcode: Mapped[str]
    address_key: Mapped[str]
    phone_key: Mapped[str]
    phone_last4_key: Mapped[str]
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index("ix_order_recipient_address_key", "merchant_id", "address_key"),
        sa.Index("ix_order_recipient_phone_key", "merchant_id", "phone_key"),
        sa.Index("ix_order_recipient_phone_last4_key", "merchant_id", "phone_last4_key"),
    )


class FulfillmentOrder(MerchantObject):
    """What one location must do for one recipient; without a location it is not routed yet.

    `route_facts` is what was weighed when it was routed; a merged one names the one its lines went to. Until
    `dark_until` a phone without network has it in hand: a stop asked for meanwhile waits beside it.
    """

    __tablename__ = "fulfillment_order"

    number: Mapped[int]
    order_id: Mapped[UUID]
    location_id: Mapped[UUID | None]
    progress: Mapped[str]
    request_status: Mapped[str]
    rejection_reason: Mapped[str | None]
    route_reason: Mapped[str]
    route_facts: Mapped[dict[str, Any] | None]
    shortage_policy: Mapped[str]
    priority: Mapped[int] = counted()
    fulfill_at: Mapped[datetime | None]
    ship_by: Mapped[datetime]
    short_quantity: Mapped[int] = counted()
    hold_count: Mapped[int] = counted()
    intercepted_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    carrier: Mapped[str | None]
    dark_until: Mapped[datetime | None]
    stop_asked_at: Mapped[datetime | None]
    stop_reason: Mapped[str | None]
    merged_into_id: Mapped[UUID | None]
    split_from_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        sa.Index("uq_fulfillment_order_number", "merchant_id", "number", unique=True),
        sa.Index("ix_fulfillment_order_order_id", "merchant_id", "order_id"),
        sa.Index("ix_fulfillment_order_progress", "merchant_id", "location_id", "progress", "ship_by", "id"),
        partial_index("ix_fulfillment_order_intercepted", "progress", where="intercepted_at IS NOT NULL"),
        sa.Index("ix_fulfillment_order_ship_by", "merchant_id", "ship_by", "id"),
        partial_index(
            "ix_fulfillment_order_live", "id", where="progress IN ('OPEN', 'RELEASED', 'IN_PROGRESS', 'PACKED')"
        ),
        partial_index(
            "ix_fulfillment_order_live_ship_by",
            "ship_by",
            "id",
            where="progress IN ('OPEN', 'RELEASED', 'IN_PROGRESS', 'PACKED')",
        ),
        partial_index("ix_fulfillment_order_held", "id", where="hold_count > 0"),
        partial_index("ix_fulfillment_order_short", "ship_by", where="short_quantity > 0"),
        partial_index("ix_fulfillment_order_rejected", "progress", where="request_status = 'REJECTED'"),
        partial_index("ix_fulfillment_order_merged_into", "merged_into_id", where="merged_into_id IS NOT NULL"),
        one_of("progress", Progress),
        one_of("request_status", RequestStatus),
        not_negative("short_quantity"),
        not_negative("hold_count"),
    )


class FulfillmentLine(MerchantObject):
    """Units of one SKU for one order line; a bundle's components are lines of their own, frozen at intake."""

    __tablename__ = "fulfillment_line"

    fulfillment_order_id: Mapped[UUID]
    order_id: Mapped[UUID]
    order_line_id: Mapped[UUID]
    group_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    bundle_sku_id: Mapped[UUID | None]
    per_unit: Mapped[int]
    quantity: Mapped[int]
    picked_quantity: Mapped[int] = counted()
    packed_quantity: Mapped[int] = counted()
    shipped_quantity: Mapped[int] = counted()
    is_short: Mapped[bool] = flag()
    intercepted_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index("ix_fulfillment_line_fulfillment_order_id", "merchant_id", "fulfillment_order_id"),
        sa.Index("ix_fulfillment_line_order_line_id", "merchant_id", "order_line_id"),
        partial_index("ix_fulfillment_line_short", "sku_id", where="is_short"),
        positive("quantity"),
        positive("per_unit"),
        not_negative("picked_quantity"),
        sa.CheckConstraint("picked_quantity <= quantity", name="picked_in_bounds"),
        sa.CheckConstraint("packed_quantity <= picked_quantity", name="packed_in_bounds"),
        sa.CheckConstraint("shipped_quantity <= packed_quantity", name="shipped_in_bounds"),
    )


class Hold(MerchantObject):
    """One reason why a fulfillment order may not go on; several may stand at once."""

    __tablename__ = "hold"

    fulfillment_order_id: Mapped[UUID]
    reason: Mapped[str]
    handle: Mapped[str]
    note: Mapped[str]
    held_by: Mapped[UUID | None]
    held_at: Mapped[datetime]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("fulfillment_order_id", "fulfillment_order"),
        partial_index(
            "uq_hold_handle", "fulfillment_order_id", "reason", "handle", where="released_at IS NULL", unique=True
        ),
        one_of("reason", HoldReason),
    )


class Shipment(MerchantObject):
    """What a shop is told about one of its orders: carrier, waybill, and which lines went."""

    __tablename__ = "shipment"

    order_id: Mapped[UUID]
    shop_id: Mapped[UUID]
    external_id: Mapped[str]
    parcel_id: Mapped[UUID]
    carrier: Mapped[str]
    waybill: Mapped[str]
    lines: Mapped[list[Any]]
    shipped_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("order_id", "sales_order"),
        sa.Index("ix_shipment_order_id", "merchant_id", "order_id"),
        sa.Index("ix_shipment_waybill", "merchant_id", "waybill"),
    )


class FulfillmentMerge(MerchantObject):
    """That one fulfillment order's lines went into another, and which: what it takes to undo it.

    `into_was` is how urgent the other one was before it took any in.
    """

    __tablename__ = "fulfillment_merge"

    into_id: Mapped[UUID]
    from_id: Mapped[UUID]
    line_ids: Mapped[list[Any]]
    into_was: Mapped[dict[str, Any]]
    merged_by: Mapped[UUID | None]
    merged_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("into_id", "fulfillment_order"),
        belongs_to("from_id", "fulfillment_order"),
        sa.Index("ix_fulfillment_merge_into_id", "merchant_id", "into_id"),
        sa.Index("ix_fulfillment_merge_from_id", "merchant_id", "from_id"),
    )
