"""Tables of the catalog: products, SKUs, barcodes, bundles, shop codes, search terms, look-alikes, pictures."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from pickmesh.core.db.base import (
    MerchantObject,
    MerchantRow,
    belongs_to,
    counted,
    flag,
    not_negative,
    positive,
    unarchived_unique,
)

BYTEWISE = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that sorts by its bytes, so that a prefix is a range of the index in every database."""


class Product(MerchantObject):
    """A style; its SKUs are the things that can be bought."""

    __tablename__ = "product"

    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (unarchived_unique("uq_product_code", "code"),)


class Sku(MerchantObject):
    """A thing that can be bought and counted; weights in grams, lengths in millimetres, prices in micros."""

    __tablename__ = "sku"

    product_id: Mapped[UUID]
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    option_zh: Mapped[str]
    option_en: Mapped[str]
    weight_g: Mapped[int | None]
    length_mm: Mapped[int | None]
    width_mm: Mapped[int | None]
    height_mm: Mapped[int | None]
    price_micros: Mapped[int] = counted()
    cost_micros: Mapped[int] = counted()
    currency: Mapped[str]
    is_bundle: Mapped[bool] = flag()
    lot_tracked: Mapped[bool] = flag()
    expiry_tracked: Mapped[bool] = flag()
    serial_tracked: Mapped[bool] = flag()
    client: Mapped[str | None]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("product_id", "product"),
        unarchived_unique("uq_sku_code", "code"),
        sa.Index("ix_sku_product_id", "merchant_id", "product_id"),
    )


class Barcode(MerchantObject):
    """A code that scans as a number of units of a SKU: GTINs as 14 digits, other codes as they are in upper case."""

    __tablename__ = "barcode"

    sku_id: Mapped[UUID]
    code: Mapped[str]
    unit_quantity: Mapped[int]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("sku_id", "sku"),
        unarchived_unique("uq_barcode_code", "code", "sku_id"),
        sa.Index("ix_barcode_sku_id", "merchant_id", "sku_id"),
        positive("unit_quantity"),
    )


class BundleComponent(MerchantRow):
    """How many of a component one bundle holds."""

    __tablename__ = "bundle_component"

    bundle_sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    component_sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    quantity: Mapped[int]

    __table_args__ = (
        belongs_to("bundle_sku_id", "sku"),
        belongs_to("component_sku_id", "sku"),
        positive("quantity"),
        sa.CheckConstraint("bundle_sku_id <> component_sku_id", name="not_of_itself"),
    )


class SkuMap(MerchantRow):
    """A shop's code for one of our SKUs."""

    __tablename__ = "sku_map"

    shop_id: Mapped[UUID] = mapped_column(primary_key=True)
    shop_code: Mapped[str] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID]

    __table_args__ = (
        belongs_to("shop_id", "shop"),
        belongs_to("sku_id", "sku"),
        sa.Index("ix_sku_map_sku_id", "merchant_id", "sku_id"),
    )


class SearchTerm(MerchantRow):
    """A word, a Chinese bigram or pinyin initials by which a SKU is found."""

    __tablename__ = "search_term"

    term: Mapped[str] = mapped_column(BYTEWISE, primary_key=True)
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)

    __table_args__ = (
        belongs_to("sku_id", "sku"),
        sa.Index("ix_search_term_sku_id", "merchant_id", "sku_id"),
    )


class LookAlike(MerchantRow):
    """Two SKUs that hands confuse; kept once, the smaller id first."""

    __tablename__ = "look_alike"

    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    other_sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    wrong_scans: Mapped[int] = counted()
    last_seen_at: Mapped[datetime]
    marked_by: Mapped[UUID | None]
    marked_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("sku_id", "sku"),
        belongs_to("other_sku_id", "sku"),
        not_negative("wrong_scans"),
        sa.CheckConstraint("sku_id < other_sku_id", name="ordered"),
    )


class Picture(MerchantObject):
    """Where a picture of a product, or of one of its SKUs, can be fetched; the lowest position is shown first."""

    __tablename__ = "picture"

    product_id: Mapped[UUID]
    sku_id: Mapped[UUID | None]
    url: Mapped[str]
    position: Mapped[int] = counted()
    created_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("product_id", "product"),
        sa.Index("uq_picture_url", "merchant_id", "product_id", "url", unique=True),
        sa.Index("ix_picture_sku_id", "merchant_id", "sku_id"),
    )
