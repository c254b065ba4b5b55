"""The catalogue as a file with the columns its import reads: taken in again, it changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from pickmesh.app.exports.writers import Writer
from pickmesh.app.imports.catalog import COLUMNS, FLAGS, NO_TRACKING, Tracking
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.catalog import listing, queries
from pickmesh.core.catalog.listing import SkuFilter
from pickmesh.core.catalog.queries import BarcodeRow, SkuRow
from pickmesh.core.journal.unit_of_work import UnitOfWork

MICROS = 6
"""Decimal places of a price in micros."""
PAGE_ROWS = 1_000

Parts = Sequence[tuple[str, int]]
"""Codes with the pieces of each."""


async def export_catalog(uow: UnitOfWork, writer: Writer) -> int:
    """Write every SKU of the catalog, plain ones first, then bundles, then bundles that hold bundles; return how many.

    Memory holds one page and the last kind. Archived SKUs are left out.
    """
    writer.row(COLUMNS.known)
    shops = {shop.id: shop.code for shop in await accounts.shops(uow)}
    count = 0
    last: list[Sequence[str]] = []
    for is_bundle in (False, True):
        async for page in listing.pages_of_skus(uow, SkuFilter(is_bundle=is_bundle), size=PAGE_ROWS):
            nested, rows = await _rows(uow, page, shops)
            for index, row in enumerate(rows):
                count += 1
                if index in nested:
                    last.append(row)
                else:
                    writer.row(row)
    for row in last:
        writer.row(row)
    return count


async def _rows(
    uow: UnitOfWork, page: Sequence[SkuRow], shops: Mapping[UUID, str]
) -> tuple[set[int], list[Sequence[str]]]:
    """Return the rows of a page of SKUs, and which of them hold bundles, in a fixed number of statements."""
    ids = [sku.id for sku in page]
    products = await queries.products(uow, {sku.product_id for sku in page})
    barcodes = await queries.barcodes_of(uow, ids)
    parts = await queries.parts_of(uow, ids)
    named = await queries.skus(uow, {part for listed in parts.values() for part, _ in listed})
    codes = await queries.shop_codes_of(uow, ids)
    rows: list[Sequence[str]] = []
    for sku in page:
        held = [(named[part].code, quantity) for part, quantity in parts.get(sku.id, ())]
        told = [(shops[shop_id], code) for shop_id, code in codes.get(sku.id, ()) if shop_id in shops]
        cells = _cells(sku, products[sku.product_id].code, barcodes.get(sku.id, ()), held, told)
        rows.append([cells[name] for name in COLUMNS.known])
    nested = {
        index for index, sku in enumerate(page) if any(named[part].is_bundle for part, _ in parts.get(sku.id, ()))
    }
    return nested, rows


def _cells(
    sku: SkuRow, product: str, barcodes: Sequence[BarcodeRow], parts: Parts, shop_codes: Sequence[tuple[str, str]]
) -> dict[str, str]:
    return {
        "sku": sku.code,
        "product": product,
        **{name: getattr(sku, name) for name in ("name_zh", "name_en", "option_zh", "option_en")},
        **{name: _whole(getattr(sku, name)) for name in ("weight_g", "length_mm", "width_mm", "height_mm")},
        "price": price_text(sku.price_micros),
        "cost": price_text(sku.cost_micros),
        "currency": sku.currency,
        "tracking": tracking_text(sku),
        "client": sku.client or "",
        "barcodes": ";".join(_counted((row.code, row.unit_quantity) for row in barcodes)),
        "components": ";".join(_counted(sorted(parts))),
        "shop_codes": ";".join(_escaped(f"{shop}:{code}") for shop, code in sorted(shop_codes)),
    }


def _whole(measure: int | None) -> str:
    return "" if measure is None else str(measure)


def price_text(micros: int) -> str:
    """Return a price in micros as people write it, with two decimal places at least: 35.90."""
    exact = Decimal(micros).scaleb(-MICROS)
    return f"{exact:.2f}" if exact == round(exact, 2) else f"{exact.normalize():f}"


def tracking_text(sku: SkuRow) -> str:
    """Return how a SKU's pieces are told apart, as the import reads it."""
    told = [Tracking.EXPIRY if sku.lot_tracked else Tracking.DATE] if sku.expiry_tracked else []
    told += [Tracking.LOT] if sku.lot_tracked and not sku.expiry_tracked else []
    told += [Tracking.SERIAL] if sku.serial_tracked else []
    assert {flag for way in told for flag in FLAGS[way]} == {
        name for name in ("lot_tracked", "expiry_tracked", "serial_tracked") if getattr(sku, name)
    }
    return "+".join(told) or NO_TRACKING


def _counted(parts: Sequence[tuple[str, int]] | Iterator[tuple[str, int]]) -> Iterator[str]:
    for code, quantity in parts:
        # A code with a * in it always tells its pieces, so that the last * is not taken for part of it.
        yield _escaped(f"{code}*{quantity}" if quantity != 1 or "*" in code else code)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;")
