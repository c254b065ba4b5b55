"""Tables of the rules orders are checked and routed by, and of what those rules did."""

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
    unarchived_unique,
)


class RoutingStrategy(StrEnum):
    """How one warehouse is chosen among several."""

    COVERS_MOST = "COVERS_MOST"
    FEWEST_PARCELS = "FEWEST_PARCELS"
    CHEAPEST = "CHEAPEST"
    PRIORITY = "PRIORITY"
    MOST_STOCK = "MOST_STOCK"


class OrderTag(MerchantRow):
    """A word people or rules put on an order."""

    __tablename__ = "order_tag"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (
        belongs_to("order_id", "sales_order"),
        sa.Index("ix_order_tag_tag", "merchant_id", "tag", "order_id"),
    )


class ReviewRule(MerchantObject):
    """A rule that checks orders as they come in: when all its conditions hold, its actions are done, by position."""

    __tablename__ = "review_rule"

    name: Mapped[str]
    position: Mapped[int]
    is_active: Mapped[bool] = flag()
    conditions: Mapped[list[Any]]
    actions: Mapped[list[Any]]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (unarchived_unique("uq_review_rule_name", "name"),)


class GiftGiven(MerchantRow):
    """A gift a buyer got from a rule, so that they get it once; the buyer is a blind index."""

    __tablename__ = "gift_given"

    rule_id: Mapped[UUID] = mapped_column(primary_key=True)
    buyer_key: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    quantity: Mapped[int]
    given_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("rule_id", "review_rule"),
        sa.Index("ix_gift_given_order_id", "merchant_id", "order_id"),
        positive("quantity"),
    )


class RoutingRule(MerchantObject):
    """Which warehouses orders of some kind go to, and how one of them is chosen; the first rule that fits decides."""

    __tablename__ = "routing_rule"

    name: Mapped[str]
    position: Mapped[int]
    is_active: Mapped[bool] = flag()
    conditions: Mapped[list[Any]]
    strategy: Mapped[str]
    location_ids: Mapped[list[Any]]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        unarchived_unique("uq_routing_rule_name", "name"),
        one_of("strategy", RoutingStrategy),
    )


class ShippingRate(MerchantRow):
    """What a parcel from a warehouse into a region costs, in minor units; an empty province is the whole country."""

    __tablename__ = "shipping_rate"

    location_id: Mapped[UUID] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)
    province: Mapped[str] = mapped_column(primary_key=True)
    cost_minor: Mapped[int]
    currency: Mapped[str]

    __table_args__ = (
        belongs_to("location_id", "location"),
        not_negative("cost_minor"),
    )
