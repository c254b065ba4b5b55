"""Reading what lies on the bench: parcels with what their orders and warehouses say, lines, goods, contents."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.tables import Progress
from pickmesh.core.packing import locks, rules
from pickmesh.core.packing.tables import Parcel
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import PlaceKind, ToteState

Row = sa.Row[*tuple[Any, ...]]
AT_HAND = frozenset({PlaceKind.TOTE, PlaceKind.CART_SLOT, PlaceKind.WALL_SLOT, PlaceKind.BENCH})
"""Where units wait that are out of their bins and in no parcel yet."""


def is_at_hand(goods: Row) -> bool:
    """Tell whether units, with the kind and state of their place, wait to be packed; not those in the hospital."""
    return goods.place_kind in AT_HAND and goods.tote_state != ToteState.IN_HOSPITAL


def is_stopped(order: Row) -> bool:
    """Tell whether an order goes no further: intercepted or cancelled."""
    return order.intercepted_at is not None or order.progress in {Progress.CANCELLED, Progress.MERGED}


async def lock_bench(
    uow: UnitOfWork, parcel_ids: Collection[UUID]
) -> tuple[dict[UUID, rules.BenchParcel], Mapping[UUID, Row]]:
    """Lock the orders and then the parcels; return the parcels as they then stand, and their orders."""
    behind = await uow.fetch(
        sa.select(Parcel.fulfillment_order_id).where(uow.mine(Parcel), uow.among(Parcel.id, parcel_ids))
    )
    orders = await order_locks.lock_fulfillment_orders(uow, {row.fulfillment_order_id for row in behind})
    parcels = await locks.lock_parcels(uow, parcel_ids)
    return await bench_parcels(uow, parcels.values(), orders), orders


async def bench_parcels(
    uow: UnitOfWork, parcels: Collection[Row], orders: Mapping[UUID, Row]
) -> dict[UUID, rules.BenchParcel]:
    """Return parcels with what their orders and their warehouses' settings say."""
    locations = await stock_queries.locations_by_id(uow, {row.location_id for row in parcels})
    return {
        row.id: rules.BenchParcel(
            id=row.id,
            number=row.number,
            fulfillment_order_id=row.fulfillment_order_id,
            location_id=row.location_id,
            station_id=row.station_id,
            state=row.state,
            sequence=row.sequence,
            weight_g=row.weight_g,
            stopped=is_stopped(orders[row.fulfillment_order_id]),
            ship_at=locations[row.location_id].ship_at,
            weight_tolerance_g=locations[row.location_id].weight_tolerance_g,
            carton_id=row.carton_id,
        )
        for row in parcels
    }


async def bench_lines(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> dict[UUID, rules.BenchLine]:
    """Return the lines of orders as the bench sees them."""
    by_order = await order_queries.lines_of_fulfillment_orders(uow, fulfillment_order_ids)
    return {
        line.id: rules.BenchLine(
            id=line.id,
            fulfillment_order_id=line.fulfillment_order_id,
            sku_id=line.sku_id,
            quantity=line.quantity,
            picked=line.picked_quantity,
            packed=line.packed_quantity,
        )
        for lines in by_order.values()
        for line in lines
    }


async def goods_of_lines(uow: UnitOfWork, line_ids: Collection[UUID]) -> list[rules.Goods]:
    """Return the units of lines that wait to be packed."""
    found = await stock_queries.allocations_of_lines(uow, line_ids)
    return [_goods(row) for row in found if is_at_hand(row)]


async def goods_at(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, list[rules.Goods]]:
    """Return the units that lie at places, by place."""
    there: dict[UUID, list[rules.Goods]] = defaultdict(list)
    for row in await stock_queries.allocations_at_places(uow, place_ids):
        there[row.place_id].append(_goods(row))
    return there


def _goods(row: Row) -> rules.Goods:
    return rules.Goods(row.id, row.line_id, row.place_id, row.sku_id, row.lot_id, row.quantity)
