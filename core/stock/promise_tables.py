"""Tables of promises that are not for orders: leases that expire, and what shops are told."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from pickmesh.core.db.base import MerchantObject, MerchantRow, belongs_to, counted, flag, not_negative, one_of


class LeaseStatus(StrEnum):
    """What became of stock that was promised for a limited time."""

    OPEN = "OPEN"
    USED = "USED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


class StockLease(MerchantObject):
    """Stock promised for a limited time, to a checkout or a quote; its reservations carry its id as group and line.

    `wanted` is what was asked for: [location id or null, SKU id, quantity] per line, bundles as such.
    """

    __tablename__ = "stock_lease"

    code: Mapped[str]
    holder: Mapped[str]
    wanted: Mapped[list[Any]]
    status: Mapped[str]
    expires_at: Mapped[datetime]
    order_id: Mapped[UUID | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        sa.Index("uq_stock_lease_code", "merchant_id", "code", unique=True),
        sa.Index("ix_stock_lease_status", "merchant_id", "status", "id"),
        one_of("status", LeaseStatus),
    )


class PushPolicy(MerchantRow):
    """What a shop is told of our stock, of one SKU or (NIL_ID) of all: a share of what is available, less a buffer.

    `cap` is the most it is told; a paused policy tells 0.
    """

    __tablename__ = "push_policy"

    shop_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    share_percent: Mapped[int] = counted(100)
    buffer: Mapped[int] = counted()
    cap: Mapped[int | None]
    paused: Mapped[bool] = flag()
    updated_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("shop_id", "shop"),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name="share_is_percent"),
        not_negative("buffer"),
        not_negative("cap"),
    )
