"""The pick log: what scans took for orders, with what was required and the code exactly as it was read."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.floor.tables import Scan
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders.tables import FulfillmentLine
from pickmesh.core.picking.tables import Pick, PickLine, PickList

Row = sa.Row[*tuple[Any, ...]]
READ_BY = sa.func.coalesce(Pick.item_scan_id, Pick.scan_id)
"""The scan in which the goods of a pick were read."""


async def picks(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, Row]:
    """Return picks by id: line, list, order, goods, from where to where, who and when, and the raw code of the scan.

    `required_quantity` is what the pick line asked for, `required_lot_id` the lot it was laid out for, whichever was
    taken; a pick that no phone sent has no code.
    """
    found = await uow.fetch(_picks(uow).where(uow.among(Pick.id, ids)))
    return {row.id: row for row in found}


async def pick_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    location_id: UUID | None = None,
    pick_list_id: UUID | None = None,
    fulfillment_order_id: UUID | None = None,
    worker_id: UUID | None = None,
) -> Page[Row]:
    """Return a page of the pick log, the newest first: of a warehouse, a list, an order, a worker, or all of these."""
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    wanted = {
        PickList.location_id: location_id,
        PickLine.pick_list_id: pick_list_id,
        FulfillmentLine.fulfillment_order_id: fulfillment_order_id,
        Pick.worker_id: worker_id,
    }
    conditions = [column == value for column, value in wanted.items() if value is not None]
    if location_id is None and uow.actor.warehouse_ids is not None:
        conditions.append(uow.among(PickList.location_id, uow.actor.warehouse_ids))
    return await paged.page_by_id(uow, _picks(uow).where(*conditions), Pick.id, request)


def _picks(uow: UnitOfWork) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Pick.id,
            Pick.pick_line_id,
            PickLine.pick_list_id,
            PickList.location_id,
            FulfillmentLine.fulfillment_order_id,
            Pick.sku_id,
            Pick.lot_id,
            Pick.from_place_id,
            Pick.to_place_id,
            PickLine.quantity.label("required_quantity"),
            sa.func.coalesce(PickLine.meant_lot_id, PickLine.lot_id).label("required_lot_id"),
            Pick.quantity,
            Pick.worker_id,
            Pick.at,
            Pick.undone_at,
            Scan.raw.label("scanned_code"),
            Scan.symbology,
            Scan.source,
            Scan.recorded_at,
        )
        .join(PickLine, (PickLine.merchant_id == Pick.merchant_id) & (PickLine.id == Pick.pick_line_id))
        .join(PickList, (PickList.merchant_id == PickLine.merchant_id) & (PickList.id == PickLine.pick_list_id))
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == Pick.merchant_id) & (FulfillmentLine.id == Pick.fulfillment_line_id),
        )
        .outerjoin(Scan, (Scan.merchant_id == Pick.merchant_id) & (Scan.id == READ_BY))
        .where(uow.mine(Pick))
    )
