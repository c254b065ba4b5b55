"""Reading what lies at the pack benches for the interpreter: orders, goods at hand, lines and parcels."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.catalog import queries as catalog_queries
from pickmesh.core.floor.pack_task import (
    Bench,
    Boxed,
    CartonNow,
    LotAtHand,
    Packed,
    PackLine,
    PackOrder,
    ParcelNow,
    Waiting,
)
from pickmesh.core.floor.tables import Scan
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.tables import Progress
from pickmesh.core.packing import bench, cartons
from pickmesh.core.packing import queries as packing_queries
from pickmesh.core.packing.tables import ParcelState
from pickmesh.core.picking import walls
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.picking.walls import WaveNow
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import PlaceKind, ToteState
from pickmesh.scanner.codes.own import OwnKind, number_text

CANDIDATES_MAX = 64
"""How many orders that wait for the same piece are looked at: as many as packers can share one commit."""

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What packers of a batch may ask about: orders, totes, and goods that may open an order of one piece."""

    order_ids: frozenset[UUID] = frozenset()
    place_ids: frozenset[UUID] = frozenset()
    sku_ids: frozenset[UUID] = frozenset()


async def goods_wanted(uow: UnitOfWork, wanted: Wanted) -> list[Waiting]:
    """Return the goods at hand that a batch may be about, those of the order to pack first in front."""
    by_place = await packing_queries.goods_on_the_way(uow, place_ids=wanted.place_ids) if wanted.place_ids else []
    by_sku = await packing_queries.goods_on_the_way(uow, sku_ids=wanted.sku_ids) if wanted.sku_ids else []
    at_hand = [row for row in by_place if bench.is_at_hand(row)]
    waves = await walls.wave_of_orders(uow, {row.fulfillment_order_id for row in by_sku}) if by_sku else {}
    single = await _singles(uow, [row for row in by_sku if bench.is_at_hand(row)], waves)
    singles = {row.fulfillment_order_id for row in single}
    found = [
        Waiting(
            row.fulfillment_order_id,
            row.sku_id,
            row.place_id,
            row.fulfillment_order_id in singles,
            waves[row.fulfillment_order_id].id if row.fulfillment_order_id in waves else None,
        )
        for row in (*at_hand, *single)
    ]
    return list(dict.fromkeys(found))


async def load_bench(
    uow: UnitOfWork,
    waiting: Sequence[Waiting],
    orders: Mapping[UUID, Row],
    client_ids: Collection[UUID],
    wave_ids: Collection[UUID],
) -> Bench:
    """Return orders with their lines and parcels, the goods at hand, and what entries that may be undone packed."""
    found = Bench(orders=await _orders(uow, orders), waiting=waiting)
    if orders:
        found.cartons = await _cartons(uow, found.orders)
    if client_ids:
        found.booked = await _packed(uow, client_ids)
    if wave_ids:
        found.waves = await walls.waves_now(uow, wave_ids)
    return found


async def orders_of_parcels(uow: UnitOfWork, parcel_ids: Collection[UUID]) -> set[UUID]:
    """Return the orders of parcels that packers may take something out of again."""
    return {row.fulfillment_order_id for row in (await packing_queries.parcels(uow, parcel_ids)).values()}


async def _singles(uow: UnitOfWork, rows: Sequence[Row], waves: Mapping[UUID, WaveNow]) -> list[Row]:
    """Keep the first candidates of each SKU that a piece alone may open: the only piece of their order, or a hot sale.

    Stopped orders do not count among them, but the first of each SKU is kept to tell of.
    """
    lines = await order_queries.lines_of_fulfillment_orders(uow, {row.fulfillment_order_id for row in rows})
    pieces = {order_id: sum(line.quantity for line in of_order) for order_id, of_order in lines.items()}
    kept: dict[UUID, list[Row]] = defaultdict(list)
    stopped: dict[UUID, Row] = {}
    for row in rows:
        wave = waves.get(row.fulfillment_order_id)
        is_hot = wave is not None and wave.kind is WaveKind.HOT_SALE
        if pieces.get(row.fulfillment_order_id) != 1 and not is_hot:
            continue
        if bench.is_stopped(row):
            stopped.setdefault(row.sku_id, row)
        elif len(kept[row.sku_id]) < CANDIDATES_MAX:
            kept[row.sku_id].append(row)
    return [row for of_sku in kept.values() for row in of_sku] + list(stopped.values())


async def _orders(uow: UnitOfWork, orders: Mapping[UUID, Row]) -> dict[UUID, PackOrder]:
    lines = await order_queries.lines_of_fulfillment_orders(uow, orders)
    line_ids = [line.id for of_order in lines.values() for line in of_order]
    goods = paged.grouped(await stock_queries.allocations_of_lines(uow, line_ids), "line_id")
    skus = await catalog_queries.skus(uow, {line.sku_id for of_order in lines.values() for line in of_order})
    lots = await stock_queries.lots(uow, {row.lot_id for of_line in goods.values() for row in of_line} - {NIL_ID})
    parcels = await packing_queries.parcels_of_orders(uow, orders)
    waves = await walls.wave_of_orders(uow, orders) if orders else {}
    inside = await _inside(uow, [parcel.id for of_order in parcels.values() for parcel in of_order])
    found: dict[UUID, PackOrder] = {}
    for order_id, row in orders.items():
        order = _order(row, parcels.get(order_id, ()))
        if order_id in waves:
            order.wave_id, order.wave_kind = waves[order_id].id, waves[order_id].kind
        may_lack = row.short_quantity > 0 and row.shortage_policy == ShortagePolicy.SHIP_AVAILABLE
        for line in lines.get(order_id, ()):
            order.lines[line.id] = _line(line, skus[line.sku_id], goods[line.id], lots, may_lack=may_lack)
            order.lines[line.id].here = dict(inside[line.id])
        found[order_id] = order
    return found


async def _inside(uow: UnitOfWork, parcel_ids: Collection[UUID]) -> dict[UUID, dict[UUID, int]]:
    """Return how many pieces of each line are in each parcel."""
    inside: dict[UUID, dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for parcel_id, items in (await packing_queries.contents(uow, parcel_ids)).items():
        for item in items:
            inside[item.fulfillment_line_id][parcel_id] += item.quantity
    return inside


def _order(row: Row, parcels: Sequence[Row]) -> PackOrder:
    return PackOrder(
        id=row.id,
        number=number_text(OwnKind.FULFILLMENT_ORDER, row.number),
        location_id=row.location_id,
        progress=Progress(row.progress),
        stopped=bench.is_stopped(row),
        parcels={parcel.id: _parcel(parcel) for parcel in parcels},
    )


def _parcel(parcel: Row) -> ParcelNow:
    number = number_text(OwnKind.PARCEL, parcel.number)
    return ParcelNow(parcel.id, number, ParcelState(parcel.state), parcel.carton_id)


async def _cartons(uow: UnitOfWork, orders: Mapping[UUID, PackOrder]) -> dict[UUID, CartonNow]:
    """Return the cartons that parcels may go in, and those that parcels of these orders go in."""
    chosen = {each.carton_id for order in orders.values() for each in order.parcels.values() if each.carton_id}
    return {
        row.id: CartonNow(row.id, row.code, row.name, cartons.box_of(row), row.archived_at is not None)
        for row in await cartons.cartons_for(uow, chosen)
    }


def _line(
    line: Row, sku: catalog_queries.SkuRow, goods: Sequence[Row], lots: Mapping[UUID, Row], *, may_lack: bool
) -> PackLine:
    at_hand = [row for row in goods if bench.is_at_hand(row)]
    elsewhere = [row for row in goods if not bench.is_at_hand(row) and row.place_kind != PlaceKind.PARCEL]
    return PackLine(
        id=line.id,
        sku_id=line.sku_id,
        sku_code=sku.code,
        sku_name=sku.name_en or "",
        name_zh=sku.name_zh or "",
        sides=(sku.length_mm, sku.width_mm, sku.height_mm),
        in_hospital=_by_tote([row for row in elsewhere if row.tote_state == ToteState.IN_HOSPITAL]),
        quantity=line.quantity,
        packed=line.packed_quantity,
        at_hand=sum(row.quantity for row in at_hand),
        weight_g=sku.weight_g,
        serial_tracked=sku.serial_tracked,
        lots=[LotAtHand(lots[row.lot_id].code, lots[row.lot_id].expires_on) for row in at_hand if row.lot_id in lots],
        allocation_ids=[row.id for row in goods],
        by_place=_by_place(at_hand),
        in_bins=sum(row.quantity for row in elsewhere),
        may_lack=may_lack,
    )


def _by_tote(goods: Sequence[Row]) -> dict[str, int]:
    pieces: dict[str, int] = defaultdict(int)
    for row in goods:
        pieces[row.place_code] += row.quantity
    return dict(pieces)


def _by_place(at_hand: Sequence[Row]) -> dict[UUID, int]:
    pieces: dict[UUID, int] = defaultdict(int)
    for row in at_hand:
        pieces[row.place_id] += row.quantity
    return dict(pieces)


async def _packed(uow: UnitOfWork, client_ids: Collection[UUID]) -> dict[UUID, Packed]:
    """Return what earlier entries put into parcels; a later entry that undid one says so in its own verdict."""
    found = await uow.fetch(
        sa.select(Scan.client_id, Scan.verdict).where(uow.mine(Scan), uow.among(Scan.client_id, client_ids))
    )
    packed = {row.client_id: row.verdict["packed"] for row in found if "parcel_id" in (row.verdict.get("packed") or {})}
    undone = await _undone(uow, packed)
    return {
        client_id: Packed(
            UUID(kept["parcel_id"]),
            [(UUID(line_id), quantity, UUID(unit) if unit else None) for line_id, quantity, unit in kept["parts"]],
            undone=client_id in undone,
            boxed=_boxed(kept.get("carton")),
        )
        for client_id, kept in packed.items()
    }


def _boxed(kept: Sequence[str | None] | None) -> Boxed | None:
    """Return the carton an entry chose and the one before it, as they were kept."""
    if kept is None or kept[0] is None:
        return None
    chosen, before = kept
    return Boxed(UUID(chosen), UUID(before) if before else None)


async def _undone(uow: UnitOfWork, client_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these entries were undone."""
    if not client_ids:
        return set()
    found = await uow.fetch(
        sa.select(Scan.verdict)
        .where(uow.mine(Scan), uow.among(Scan.session_id, await _sessions_of(uow, client_ids)))
        .where(Scan.kind == "UNDO")
    )
    return {UUID(row.verdict["undid"]) for row in found if row.verdict.get("undid")} & set(client_ids)


async def _sessions_of(uow: UnitOfWork, client_ids: Collection[UUID]) -> set[UUID]:
    found = await uow.fetch(sa.select(Scan.session_id).where(uow.mine(Scan), uow.among(Scan.client_id, client_ids)))
    return {row.session_id for row in found}
