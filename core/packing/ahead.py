"""Numbers asked for ahead: where a warehouse wants waybills at release, the labels are there before packing begins."""

from collections.abc import Collection
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders.rules import UNDER_WAY
from pickmesh.core.packing import bench, locks, parcels, queries, waybills
from pickmesh.core.packing.tables import ParcelState
from pickmesh.core.picking import queries as picking_queries
from pickmesh.core.picking.tables import WaveOrderState
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import WaybillAt


async def prepare_parcels(uow: UnitOfWork, wave_ids: Collection[UUID]) -> None:
    """Give each order of released waves a first parcel and ask for its number, where the warehouse wants it so early.

    In a fixed number of statements; an order that has a parcel, also one from an earlier wave, keeps it.
    """
    waves = await picking_queries.waves(uow, wave_ids)
    locations = await stock_queries.locations_by_id(uow, {row.location_id for row in waves.values()})
    early = {each for each, row in waves.items() if locations[row.location_id].waybill_at == WaybillAt.RELEASE}
    if not early:
        return
    seats = await picking_queries.seats_of_waves(uow, early)
    seated = {seat.fulfillment_order_id for own in seats.values() for seat in own if seat.state == WaveOrderState.IN}
    orders = await order_locks.lock_fulfillment_orders(uow, seated)
    known = await locks.lock_parcels_of_orders(uow, orders)
    new = [
        {
            "id": new_id(),
            "fulfillment_order_id": order_id,
            "location_id": order.location_id,
            "station_id": None,
            "state": ParcelState.PREPARED,
            "sequence": len(known[order_id]) + 1,
            "created_at": uow.now,
        }
        for order_id, order in orders.items()
        if order.progress in UNDER_WAY
        and not bench.is_stopped(order)
        and all(row.state == ParcelState.VOIDED for row in known[order_id])
    ]
    await parcels.write_new(uow, new)
    rows = await queries.parcels(uow, [row["id"] for row in new])
    await waybills.ask(uow, (await bench.bench_parcels(uow, rows.values(), orders)).values())
