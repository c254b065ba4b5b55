"""The labels of goods: which of a SKU's barcodes is printed, and what stands above it."""

from collections.abc import Sequence

from pickmesh.app.labels.asked import Skus, named
from pickmesh.core.catalog import queries
from pickmesh.core.catalog.queries import BarcodeRow, SkuRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound
from pickmesh.core.kit.texts import sentence
from pickmesh.scanner.codes import gtin
from pickmesh.scanner.labels.sku import SkuLabel


async def sku_labels(uow: UnitOfWork, which: Skus) -> list[SkuLabel]:
    """Return the labels of SKUs in the order they were asked for, each as often as was asked.

    Takes two statements. Refuses NOT_FOUND for a SKU, and for a number of units that none of its barcodes stands for;
    a single piece without a barcode is labelled with the SKU's code. Needs catalog:read.
    """
    uow.actor.require(Permission.CATALOG_READ)
    codes = [code.strip() for code in which.codes]
    found = await queries.skus_by_code(uow, set(codes))
    unknown = [code for code in codes if code not in found]
    if unknown:
        raise NotFound(sentence("No SKU has the code {codes}.", codes=named(unknown)), field=("code",))
    barcodes = await queries.barcodes_of(uow, {sku.id for sku in found.values()})
    labels = [_label(found[code], barcodes.get(found[code].id, ()), which) for code in codes]
    return [label for label in labels for _ in range(which.copies)]


def _label(sku: SkuRow, barcodes: Sequence[BarcodeRow], which: Skus) -> SkuLabel:
    try:
        return SkuLabel(
            code=sku.code,
            barcode=_barcode(sku, barcodes, which.units),
            name_zh=" ".join(part for part in (sku.name_zh, sku.option_zh) if part),
            name_en=" ".join(part for part in (sku.name_en, sku.option_en) if part),
            unit_quantity=which.units,
            lot=which.lot,
            expires_on=which.expires_on,
        )
    except ValueError as error:
        raise InvalidInput(f"SKU {sku.code}: {error}", field=("code",)) from None


def _barcode(sku: SkuRow, barcodes: Sequence[BarcodeRow], units: int) -> str:
    """Choose among a SKU's barcodes for a number of units: a GTIN before others, since every scanner knows it."""
    codes = [barcode.code for barcode in barcodes if barcode.unit_quantity == units]
    if codes:
        return min(codes, key=lambda code: (gtin.normalise(code) is None, code))
    if units == 1:
        return sku.code
    message = sentence("SKU {sku} has no barcode for {units} units; give it one first.", sku=sku.code, units=units)
    raise NotFound(message, field=("units",))
