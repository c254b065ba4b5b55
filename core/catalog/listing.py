"""The list of SKUs: filtered, sorted, counted, a page at a time."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import queries, terms
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.catalog.tables import Barcode, Sku, SkuMap
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import paging
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission

_NAMES = tuple(item.name for item in fields(SkuRow))


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
    falling: bool = False
    chinese: bool = False

    @property
    def sort(self) -> paged.Sort:
        """The same as every list is sorted."""
        columns = {SkuSort.CODE: Sku.code, SkuSort.CREATED_AT: Sku.created_at, SkuSort.NAME: self._name}
        return paged.Sort(self.by.value, columns[self.by], self.falling)

    @property
    def _name(self) -> sa.ColumnElement[str]:
        name, other = (Sku.name_zh, Sku.name_en) if self.chinese else (Sku.name_en, Sku.name_zh)
        return sa.case((name == "", other), else_=name).label("shown_name")


async def sku_page(
    uow: UnitOfWork, request: PageRequest, *, chosen: SkuFilter | None = None, order: SkuOrder | None = None
) -> Page[SkuRow]:
    """Return a page of SKUs, one statement; another counts them all when asked. Needs catalog:read."""
    uow.actor.require(Permission.CATALOG_READ)
    conditions, sorted_by = _conditions(uow, chosen or SkuFilter()), (order or SkuOrder()).sort
    if conditions is None:
        return Page([], [], has_next=False, has_previous=False, count=_none)
    columns = [getattr(Sku, name) for name in _NAMES]
    if sorted_by.column.key not in _NAMES:
        columns.append(sorted_by.column)
    page = await paged.page_sorted(uow, sa.select(*columns).where(*conditions), sorted_by, Sku.id, request)
    return _of_skus(page, [SkuRow(*row[: len(_NAMES)]) for row in page.items])


async def _none(_uow: UnitOfWork) -> int:
    return 0


def _of_skus(page: Page[Any], items: Sequence[SkuRow]) -> Page[SkuRow]:
    """Return a page with its rows as what they are."""
    return Page(items, page.cursors, page.has_next, page.has_previous, page.count)


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
        request = PageRequest(limit=size, cursor=paging.decode_cursor(page.cursors[-1], "after"))


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
