"""Where the goods of fulfillment orders are at this moment, and on whose walk: what an interception answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.packing import queries as packing
from pickmesh.core.packing.tables import ParcelState
from pickmesh.core.picking import queries as picking
from pickmesh.core.picking.tables import PickListStatus
from pickmesh.core.stock import queries as stock
from pickmesh.core.stock.tables import PlaceKind


class GoodsStage(StrEnum):
    """How far goods have come on their way out."""

    IN_BIN = "IN_BIN"
    IN_TOTE = "IN_TOTE"
    AT_BENCH = "AT_BENCH"
    IN_PARCEL = "IN_PARCEL"
    HANDED_OVER = "HANDED_OVER"


_STAGES: Mapping[str, GoodsStage] = {
    PlaceKind.TOTE: GoodsStage.IN_TOTE,
    PlaceKind.CART_SLOT: GoodsStage.IN_TOTE,
    PlaceKind.WALL_SLOT: GoodsStage.IN_TOTE,
    PlaceKind.HOSPITAL: GoodsStage.IN_TOTE,
    PlaceKind.BENCH: GoodsStage.AT_BENCH,
    PlaceKind.PARCEL: GoodsStage.IN_PARCEL,
}
"""By the kind of place; everything else is a bin."""

_LEFT = frozenset({ParcelState.SHIPPED, ParcelState.HANDED_OVER})


@dataclass(frozen=True, slots=True)
class Position:
    """Pieces of a fulfillment line at one place; `parcel_id` and `sealed` where they lie in a parcel.

    `pick_list_id` and `worker_id` name the walk they are on while somebody has it.
    """

    fulfillment_line_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int
    stage: GoodsStage
    place_id: UUID | None
    parcel_id: UUID | None
    sealed: bool
    pick_list_id: UUID | None
    worker_id: UUID | None


async def positions_of(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> dict[UUID, list[Position]]:
    """Return where the goods of fulfillment orders are, line by line: promised ones at their places, others as shipped.

    Goods nobody has laid out yet are nowhere in particular and not told.
    """
    lines = await order_queries.lines_of_fulfillment_orders(uow, fulfillment_order_ids)
    home = {line.id: each for each, own in lines.items() for line in own}
    allocations = await stock.allocations_of_lines(uow, home)
    places = await stock.places(uow, {row.place_id for row in allocations})
    parcels = {row.id: row for own in (await packing.parcels_of_orders(uow, lines)).values() for row in own}
    walks = await _walks(uow, {row.work_line_id for row in allocations if row.work_line_id})
    found: dict[UUID, list[Position]] = {}
    for row in allocations:
        kind = places[row.place_id].kind if row.place_id in places else PlaceKind.BIN
        found.setdefault(home[row.line_id], []).append(_position(row, kind, parcels, walks))
    left = {each: row for each, row in parcels.items() if row.state in _LEFT}
    for parcel_id, items in (await packing.contents(uow, left)).items():
        of_order = found.setdefault(left[parcel_id].fulfillment_order_id, [])
        of_order += [_gone(item, parcel_id) for item in items]
    return found


async def _walks(uow: UnitOfWork, pick_line_ids: Collection[UUID]) -> dict[UUID, Any]:
    """Return the pick list each pick line is on."""
    pick_lines = await picking.pick_lines(uow, pick_line_ids)
    lists = await picking.pick_lists(uow, {row.pick_list_id for row in pick_lines.values()})
    return {each: lists[row.pick_list_id] for each, row in pick_lines.items() if row.pick_list_id in lists}


def _position(row: Any, kind: str, parcels: Mapping[UUID, Any], walks: Mapping[UUID, Any]) -> Position:
    parcel = parcels.get(row.place_id) if kind == PlaceKind.PARCEL else None
    walk = walks.get(row.work_line_id) if row.work_line_id else None
    on_it = walk is not None and walk.status == PickListStatus.CLAIMED
    return Position(
        row.line_id,
        row.sku_id,
        row.lot_id,
        row.quantity,
        _STAGES.get(kind, GoodsStage.IN_BIN),
        row.place_id,
        parcel and parcel.id,
        parcel is not None and parcel.state != ParcelState.OPEN,
        walk and walk.id,
        walk.worker_id if walk is not None and on_it else None,
    )


def _gone(item: Any, parcel_id: UUID) -> Position:
    line_id, stage = item.fulfillment_line_id, GoodsStage.HANDED_OVER
    return Position(line_id, item.sku_id, item.lot_id, item.quantity, stage, None, parcel_id, True, None, None)
