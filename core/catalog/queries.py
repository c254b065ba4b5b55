"""What may be asked of the catalog. Every answer takes one statement, however many SKUs it is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from pickmesh.core.catalog import barcodes, terms
from pickmesh.core.catalog.tables import Barcode, BundleComponent, Product, SearchTerm, Sku, SkuMap
from pickmesh.core.journal.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SkuRow:
    """A SKU: weights in grams, lengths in millimetres, prices in micros."""

    id: UUID
    product_id: UUID
    code: str
    name_zh: str
    name_en: str
    option_zh: str
    option_en: str
    weight_g: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    price_micros: int
    cost_micros: int
    currency: str
    is_bundle: bool
    lot_tracked: bool
    expiry_tracked: bool
    serial_tracked: bool
    client: str | None
    created_at: datetime
    archived_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A style."""

    id: UUID
    code: str
    name_zh: str
    name_en: str
    created_at: datetime
    archived_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class BarcodeRow:
    """A code that scans as a number of units; GTINs have 14 digits."""

    id: UUID
    sku_id: UUID
    code: str
    unit_quantity: int


@dataclass(frozen=True, slots=True)
class BarcodeHit:
    """What a scanned code stands for."""

    sku_id: UUID
    unit_quantity: int


_SKU = [getattr(Sku, item.name) for item in fields(SkuRow)]
_PRODUCT = [getattr(Product, item.name) for item in fields(ProductRow)]


async def skus(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, SkuRow]:
    """Return SKUs by id, archived ones too; unknown ids are missing."""
    found = await uow.fetch(sa.select(*_SKU).where(uow.mine(Sku), uow.among(Sku.id, ids)))
    return {row.id: SkuRow(*row) for row in found}


async def skus_by_code(uow: UnitOfWork, codes: Iterable[str]) -> dict[str, SkuRow]:
    """Return SKUs that are not archived by code; unknown codes are missing."""
    which = (uow.mine(Sku), Sku.archived_at.is_(None), uow.among(Sku.code, codes))
    return {row.code: SkuRow(*row) for row in await uow.fetch(sa.select(*_SKU).where(*which))}


async def skus_of_products(uow: UnitOfWork, product_ids: Iterable[UUID]) -> dict[UUID, list[SkuRow]]:
    """Return the SKUs of products that are not archived, by code; a product without any is missing."""
    which = (uow.mine(Sku), Sku.archived_at.is_(None), uow.among(Sku.product_id, product_ids))
    answer: dict[UUID, list[SkuRow]] = {}
    for row in await uow.fetch(sa.select(*_SKU).where(*which).order_by(Sku.code)):
        answer.setdefault(row.product_id, []).append(SkuRow(*row))
    return answer


async def skus_of_shop_codes(uow: UnitOfWork, pairs: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], SkuRow]:
    """Return the SKU each (shop id, shop's own code) stands for; unmapped ones are missing."""
    of_sku = sa.and_(Sku.merchant_id == SkuMap.merchant_id, Sku.id == SkuMap.sku_id)
    found = await uow.fetch(
        sa.select(SkuMap.shop_id, SkuMap.shop_code, *_SKU)
        .select_from(sa.join(SkuMap, Sku, of_sku))
        .where(uow.mine(SkuMap), uow.among([SkuMap.shop_id, SkuMap.shop_code], pairs), Sku.archived_at.is_(None))
    )
    return {(row.shop_id, row.shop_code): SkuRow(*row[2:]) for row in found}


async def shop_codes_of(uow: UnitOfWork, sku_ids: Iterable[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    """Return the (shop id, shop's own code) pairs of SKUs; a SKU without any is missing."""
    found = await uow.fetch(
        sa.select(SkuMap.sku_id, SkuMap.shop_id, SkuMap.shop_code)
        .where(uow.mine(SkuMap), uow.among(SkuMap.sku_id, sku_ids))
        .order_by(SkuMap.shop_id, SkuMap.shop_code)
    )
    answer: dict[UUID, list[tuple[UUID, str]]] = {}
    for row in found:
        answer.setdefault(row.sku_id, []).append((row.shop_id, row.shop_code))
    return answer


async def barcodes_by_candidates(uow: UnitOfWork, candidates: Iterable[str]) -> dict[str, list[BarcodeHit]]:
    """Return what scanned candidates (`scanner.codes.parse`) stand for, in SKU order; unknown ones are missing.

    A code may stand for several SKUs: that is a question for whoever scanned, not a guess for us.
    """
    keys = {candidate: barcodes.barcode_key(candidate) for candidate in candidates}
    of_sku = sa.and_(Sku.merchant_id == Barcode.merchant_id, Sku.id == Barcode.sku_id)
    found = await uow.fetch(
        sa.select(Barcode.code, Barcode.sku_id, Barcode.unit_quantity)
        .select_from(sa.join(Barcode, Sku, of_sku))
        .where(uow.mine(Barcode), uow.among(Barcode.code, set(keys.values())))
        .where(Barcode.archived_at.is_(None), Sku.archived_at.is_(None))
        .order_by(Sku.code, Sku.id)
    )
    hits: dict[str, list[BarcodeHit]] = {}
    for row in found:
        hits.setdefault(row.code, []).append(BarcodeHit(row.sku_id, row.unit_quantity))
    return {candidate: hits[key] for candidate, key in keys.items() if key in hits}


async def barcodes_of(uow: UnitOfWork, sku_ids: Iterable[UUID]) -> dict[UUID, list[BarcodeRow]]:
    """Return the barcodes of SKUs, single units first; a SKU without any is missing."""
    found = await uow.fetch(
        sa.select(Barcode.id, Barcode.sku_id, Barcode.code, Barcode.unit_quantity)
        .where(uow.mine(Barcode), uow.among(Barcode.sku_id, sku_ids), Barcode.archived_at.is_(None))
        .order_by(Barcode.unit_quantity, Barcode.code)
    )
    answer: dict[UUID, list[BarcodeRow]] = {}
    for row in found:
        answer.setdefault(row.sku_id, []).append(BarcodeRow(*row))
    return answer


async def components_of(uow: UnitOfWork, bundle_ids: Iterable[UUID]) -> dict[UUID, list[tuple[UUID, int]]]:
    """Return what bundles hold in plain SKUs, bundles inside them unpacked, as (SKU id, quantity) in id order."""
    outer, inner = aliased(BundleComponent), aliased(BundleComponent)
    unpacked = sa.and_(inner.merchant_id == outer.merchant_id, inner.bundle_sku_id == outer.component_sku_id)
    part = sa.func.coalesce(inner.component_sku_id, outer.component_sku_id, type_=sa.Uuid()).label("part")
    quantity = sa.func.sum(outer.quantity * sa.func.coalesce(inner.quantity, 1)).label("quantity")
    found = await uow.fetch(
        sa.select(outer.bundle_sku_id, part, quantity)
        .select_from(sa.outerjoin(outer, inner, unpacked))
        .where(outer.merchant_id == uow.merchant_id, uow.among(outer.bundle_sku_id, bundle_ids))
        .group_by(outer.bundle_sku_id, part)
    )
    answer: dict[UUID, list[tuple[UUID, int]]] = {}
    for row in found:
        answer.setdefault(row.bundle_sku_id, []).append((row.part, int(row.quantity)))
    return {bundle: sorted(parts) for bundle, parts in answer.items()}


async def parts_of(uow: UnitOfWork, bundle_ids: Iterable[UUID]) -> dict[UUID, list[tuple[UUID, int]]]:
    """Return what bundles list as their parts, bundles inside them as such, as (SKU id, quantity) in id order."""
    found = await uow.fetch(
        sa.select(BundleComponent.bundle_sku_id, BundleComponent.component_sku_id, BundleComponent.quantity).where(
            uow.mine(BundleComponent), uow.among(BundleComponent.bundle_sku_id, bundle_ids)
        )
    )
    answer: dict[UUID, list[tuple[UUID, int]]] = {}
    for row in found:
        answer.setdefault(row.bundle_sku_id, []).append((row.component_sku_id, row.quantity))
    return {bundle: sorted(parts) for bundle, parts in answer.items()}


async def products(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, ProductRow]:
    """Return products by id, archived ones too; unknown ids are missing."""
    found = await uow.fetch(sa.select(*_PRODUCT).where(uow.mine(Product), uow.among(Product.id, ids)))
    return {row.id: ProductRow(*row) for row in found}


async def products_by_code(uow: UnitOfWork, codes: Iterable[str]) -> dict[str, ProductRow]:
    """Return products that are not archived by code; unknown codes are missing."""
    which = (uow.mine(Product), Product.archived_at.is_(None), uow.among(Product.code, codes))
    return {row.code: ProductRow(*row) for row in await uow.fetch(sa.select(*_PRODUCT).where(*which))}


async def search_skus(uow: UnitOfWork, text: str, limit: int) -> list[UUID]:
    """Return ids of SKUs that match a text with all its terms, the very code first, then by code."""
    asked = terms.query_terms(text)
    if not asked:
        return []
    found = await uow.fetch(
        sa.select(Sku.id)
        .where(uow.mine(Sku), Sku.archived_at.is_(None), *matching(uow, asked))
        .order_by(sa.case((Sku.code == text.strip(), 0), else_=1), Sku.code)
        .limit(limit)
    )
    return [row.id for row in found]


def matching(uow: UnitOfWork, asked: Sequence[terms.QueryTerm]) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a SKU has all terms of a search."""
    return [Sku.id.in_(sa.select(SearchTerm.sku_id).where(uow.mine(SearchTerm), _is_term(term))) for term in asked]


def _is_term(asked: terms.QueryTerm) -> Any:
    if not asked.is_prefix:
        return SearchTerm.term == sa.literal(asked.text, sa.Text)
    # The column sorts by its bytes, so everything that begins with a text lies in one range of the primary key.
    return SearchTerm.term.between(sa.literal(asked.text, sa.Text), sa.literal(asked.text + "\U0010ffff", sa.Text))
