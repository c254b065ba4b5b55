"""What lies where as a file with the columns the opening-stock import reads, now or at a past moment."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pickmesh.app.exports.writers import Writer
from pickmesh.app.imports.stock import COLUMNS
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import PageRequest, decode_cursor
from pickmesh.core.stock import as_of, queries
from pickmesh.core.stock.as_of import BalanceAsOf, SkuAsOf
from pickmesh.core.stock.tables import PlaceKind

PAGE_SKUS = as_of.SKUS_MAX


async def export_stock(uow: UnitOfWork, writer: Writer, at: datetime) -> int:
    """Write what lay at every place at a moment, by SKU and place; return how many rows. Memory holds 250 SKUs.

    Goods on their way between warehouses lie at none and are left out. Of goods tracked by serial number there is a
    row for each piece.
    """
    writer.row(COLUMNS.known)
    warehouses = {row.id: row.code for row in await queries.locations(uow)}
    count = 0
    request = PageRequest(limit=PAGE_SKUS)
    while True:
        page = await as_of.sku_page_as_of(uow, request, at)
        for cells in await _rows(uow, page.items, warehouses, at):
            writer.row([cells[name] for name in COLUMNS.known])
            count += 1
        if not page.has_next:
            return count
        request = PageRequest(limit=PAGE_SKUS, cursor=decode_cursor(page.cursors[-1]))


async def _rows(
    uow: UnitOfWork, stocks: Sequence[SkuAsOf], warehouses: Mapping[UUID, str], at: datetime
) -> list[dict[str, str]]:
    skus = await catalog.skus(uow, [stock.sku_id for stock in stocks])
    serials = await _serials(uow, [sku.id for sku in skus.values() if sku.serial_tracked], at)
    rows: list[dict[str, str]] = []
    for stock in stocks:
        for one in stock.balances:
            if one.place_kind != PlaceKind.TRANSIT and one.location_id in warehouses:
                named = serials[one.place_id, one.sku_id, one.lot_id][: one.quantity]
                rows += _of_balance(one, warehouses[one.location_id], skus[one.sku_id].code, named)
    return rows


async def _serials(
    uow: UnitOfWork, sku_ids: Collection[UUID], at: datetime
) -> Mapping[tuple[UUID, UUID, UUID], list[str]]:
    """Return the serial numbers of pieces by where they lay."""
    lying: defaultdict[tuple[UUID, UUID, UUID], list[str]] = defaultdict(list)
    for unit in await as_of.units_as_of(uow, at, sku_ids) if sku_ids else ():
        lying[unit.place_id, unit.sku_id, unit.lot_id].append(unit.serial)
    return lying


def _of_balance(one: BalanceAsOf, warehouse: str, sku: str, serials: Sequence[str]) -> list[dict[str, str]]:
    """Return a row for what lies at a place, or one for each piece whose serial number is known."""
    common: dict[str, Any] = {
        "warehouse": warehouse,
        "place": one.place_code,
        "sku": sku,
        "lot": one.lot_code or "",
        "expires_on": one.expires_on.isoformat() if one.expires_on else "",
    }
    rows = [{**common, "quantity": "1", "serial": serial} for serial in serials]
    rest = one.quantity - len(serials)
    return rows + ([{**common, "quantity": str(rest), "serial": ""}] if rest else [])
