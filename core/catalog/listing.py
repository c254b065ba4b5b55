"""The list of SKUs: filtered, sorted, counted, a page at a time."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import queries, terms
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.catalog.tables import Barcode, Sku, SkuMap
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import paging
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence


class SkuSort(StrEnum):
    """What a list of SKUs is sorted by."""

    CODE = "CODE"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"


@dataclass(frozen=True, slots=True)
class SkuFilter:
    """Which SKUs are asked for; None asks for both, except that archived ones are only there when asked for.

    All words of a search must match: code, names, options, pinyin initials.
    """

    search: str | None = None
    archived: bool = False
    is_bundle: bool | None = None
    product_id: UUID | None = None
    client: str | None = None
    lot_tracked: bool | None = None
    expiry_tracked: bool | None = None
    serial_tracked: bool | None = None
    has_barcode: bool | None = None
    has_shop_code: bool | None = None


@dataclass(frozen=True, slots=True)
class SkuOrder:
    """How SKUs are sorted; names are those of one language, or the other's where there is none."""

    by: SkuSort = SkuSort.CODE
    descending: bool = False
    chinese: bool = False

    @property
    def key(self) -> tuple[Any, ...]:
        """The columns that sort; the last one decides between equals."""
        if self.by is SkuSort.CODE:
            return Sku.code, Sku.id
        if self.by is SkuSort.CREATED_AT:
            return (Sku.created_at, Sku.id)
        name, other = (Sku.name_zh, Sku.name_en) if self.chinese else (Sku.name_en, Sku.name_zh)
        return sa.case((name == "", other), else_=name), Sku.id

    def key_of(self, sku: SkuRow) -> tuple[object, ...]:
        """Return the same of a SKU that was read."""
        if self.by is SkuSort.CODE:
            return sku.code, str(sku.id)
        if self.by is SkuSort.CREATED_AT:
            return sku.created_at.isoformat(), str(sku.id)
        name, other = (sku.name_zh, sku.name_en) if self.chinese else (sku.name_en, sku.name_zh)
        return name or other, str(sku.id)

    def cursor(self, request: PageRequest) -> tuple[Any, UUID]:
        """Read a cursor of this order; refuses another list's, and another order's."""
        try:
            first, last = request.cursor or ()
            value = datetime.fromisoformat(str(first)) if self.by is SkuSort.CREATED_AT else str(first)
            return value, UUID(str(last))
        except ValueError:
            message = sentence("That cursor is not one of this list; start again from the first page.")
            raise InvalidInput(message, field=("after",)) from None


async def sku_page(
    uow: UnitOfWork, request: PageRequest, *, chosen: SkuFilter | None = None, order: SkuOrder | None = None
) -> Page[SkuRow]:
    """Return a page of SKUs, one statement; needs catalog:read."""
    uow.actor.require(Permission.CATALOG_READ)
    conditions, sorted_by = _conditions(uow, chosen or SkuFilter()), order or SkuOrder()
    if conditions is None:
        return Page([], [], has_next=False, has_previous=False)
    statement = sa.select(*(getattr(Sku, item.name) for item in fields(SkuRow))).where(*conditions)
    falling = sorted_by.descending is not request.backwards
    if request.cursor is not None:
        value, last = sorted_by.cursor(request)
        first = sorted_by.key[0]
        here = sa.tuple_(sa.literal(value, first.type), sa.literal(last, Sku.id.type))
        key = sa.tuple_(*sorted_by.key)
        statement = statement.where(key < here if falling else key > here)
    ordered = [column.desc() for column in sorted_by.key] if falling else list(sorted_by.key)
    found = await uow.fetch(statement.order_by(*ordered).limit(request.limit + 1))
    return paging.page_of([SkuRow(*row) for row in found], request, key=sorted_by.key_of)


async def pages_of_skus(
    uow: UnitOfWork, chosen: SkuFilter | None = None, *, size: int = 1_000
) -> AsyncIterator[Sequence[SkuRow]]:
    """Yield all SKUs of a list by code, a page at a time: for whoever writes them somewhere. Needs catalog:read."""
    request = PageRequest(limit=size)
    while True:
        page = await sku_page(uow, request, chosen=chosen)
        if page.items:
            yield page.items
        if not page.has_next:
            return
        request = PageRequest(limit=size, cursor=SkuOrder().key_of(page.items[-1]))


async def sku_count(uow: UnitOfWork, chosen: SkuFilter | None = None) -> int:
    """Return how many SKUs a list has in all, one statement; needs catalog:read."""
    uow.actor.require(Permission.CATALOG_READ)
    conditions = _conditions(uow, chosen or SkuFilter())
    if conditions is None:
        return 0
    return int(await uow.scalar(sa.select(sa.func.count()).select_from(Sku).where(*conditions)))


def _conditions(uow: UnitOfWork, chosen: SkuFilter) -> Sequence[sa.ColumnElement[bool]] | None:
    """Return what a SKU of the list fulfils; None when a search asks for nothing that can be found."""
    conditions = [uow.mine(Sku), Sku.archived_at.is_not(None) if chosen.archived else Sku.archived_at.is_(None)]
    if chosen.search is not None and chosen.search.strip():
        asked = terms.query_terms(chosen.search)
        if not asked:
            return None
        conditions += queries.matching(uow, asked)
    for column, wanted in (
        (Sku.is_bundle, chosen.is_bundle),
        (Sku.lot_tracked, chosen.lot_tracked),
        (Sku.expiry_tracked, chosen.expiry_tracked),
        (Sku.serial_tracked, chosen.serial_tracked),
    ):
        if wanted is not None:
            conditions.append(column.is_(wanted))
    if chosen.product_id is not None:
        conditions.append(Sku.product_id == chosen.product_id)
    if chosen.client is not None:
        conditions.append(Sku.client == chosen.client if chosen.client else Sku.client.is_(None))
    if chosen.has_barcode is not None:
        live = Barcode.archived_at.is_(None)
        conditions.append(_has(Barcode, Barcode.sku_id, chosen.has_barcode, live))
    if chosen.has_shop_code is not None:
        conditions.append(_has(SkuMap, SkuMap.sku_id, chosen.has_shop_code))
    return conditions


def _has(table: Any, sku_id: Any, wanted: bool, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    there = sa.select(sa.literal(1)).where(table.merchant_id == Sku.merchant_id, sku_id == Sku.id, *more).exists()
    return there if wanted else ~there
