"""How far waves are: orders, lists, lines and pieces, and who is on them; counted from the rows, never kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress
from pickmesh.core.picking import rules
from pickmesh.core.picking.tables import (
    PickLine,
    PickLineStatus,
    PickList,
    PickListStatus,
    WaveOrder,
    WaveOrderState,
)

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class WaveProgress:
    """How far a wave is. Orders that were kicked out count in `orders_kicked_out` only.

    `orders_picked` have all their pieces out of the bins, packed and shipped ones among them; `orders_packed` lie in
    parcels, shipped ones among them. Lines and pieces are those the lists still ask for or got.
    """

    orders: int = 0
    orders_picked: int = 0
    orders_packed: int = 0
    orders_shipped: int = 0
    orders_kicked_out: int = 0
    lists: int = 0
    lists_done: int = 0
    lines: int = 0
    lines_done: int = 0
    pieces: int = 0
    pieces_picked: int = 0
    pieces_short: int = 0
    people: int = 0


async def progress_of_waves(uow: UnitOfWork, wave_ids: Collection[UUID]) -> dict[UUID, WaveProgress]:
    """Return how far waves are, by id, in three statements."""
    orders = paged.grouped(await _orders(uow, wave_ids), "wave_id")
    lists = {row.wave_id: row for row in await _lists(uow, wave_ids)}
    lines = {row.wave_id: row for row in await _lines(uow, wave_ids)}
    return {
        wave_id: WaveProgress(
            **_of_orders(orders.get(wave_id, [])), **_of_lists(lists.get(wave_id)), **_of_lines(lines.get(wave_id))
        )
        for wave_id in wave_ids
    }


async def _orders(uow: UnitOfWork, wave_ids: Collection[UUID]) -> Sequence[Row]:
    """Return orders of waves counted by whether they left, how far they are and whether all is picked."""
    unpicked = sa.select(FulfillmentLine.id).where(
        uow.mine(FulfillmentLine),
        FulfillmentLine.fulfillment_order_id == WaveOrder.fulfillment_order_id,
        FulfillmentLine.picked_quantity < FulfillmentLine.quantity,
    )
    picked = (~sa.exists(unpicked.correlate(WaveOrder))).label("picked")
    left = (WaveOrder.state == WaveOrderState.KICKED_OUT).label("left")
    each = (
        sa.select(WaveOrder.wave_id, left, FulfillmentOrder.progress, picked)
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == WaveOrder.merchant_id)
            & (FulfillmentOrder.id == WaveOrder.fulfillment_order_id),
        )
        .where(uow.mine(WaveOrder), uow.among(WaveOrder.wave_id, wave_ids))
        .subquery()
    )
    return await uow.fetch(sa.select(*each.c, sa.func.count().label("orders")).group_by(*each.c))


def _of_orders(rows: Sequence[Row]) -> Mapping[str, int]:
    here = [row for row in rows if not row.left]
    packed = {Progress.PACKED, Progress.SHIPPED}
    return {
        "orders": sum(row.orders for row in here),
        "orders_picked": sum(row.orders for row in here if row.picked),
        "orders_packed": sum(row.orders for row in here if row.progress in packed),
        "orders_shipped": sum(row.orders for row in here if row.progress == Progress.SHIPPED),
        "orders_kicked_out": sum(row.orders for row in rows if row.left),
    }


async def _lists(uow: UnitOfWork, wave_ids: Collection[UUID]) -> Sequence[Row]:
    done = sa.case((PickList.status.in_(rules.FINISHED), 1), else_=0)
    at_work = sa.case((PickList.status == PickListStatus.CLAIMED, PickList.worker_id))
    return await uow.fetch(
        sa.select(
            PickList.wave_id,
            sa.func.count().label("lists"),
            sa.func.sum(done).label("done"),
            sa.func.count(at_work.distinct()).label("people"),
        )
        .where(uow.mine(PickList), uow.among(PickList.wave_id, wave_ids))
        .group_by(PickList.wave_id)
    )


def _of_lists(row: Row | None) -> Mapping[str, int]:
    return {} if row is None else {"lists": row.lists, "lists_done": int(row.done), "people": row.people}


async def _lines(uow: UnitOfWork, wave_ids: Collection[UUID]) -> Sequence[Row]:
    return await uow.fetch(
        sa.select(
            PickList.wave_id,
            sa.func.count().label("lines"),
            sa.func.sum(sa.case((PickLine.status == PickLineStatus.DONE, 1), else_=0)).label("done"),
            sa.func.sum(PickLine.quantity).label("pieces"),
            sa.func.sum(PickLine.picked_quantity).label("picked"),
            sa.func.sum(PickLine.short_quantity).label("short"),
        )
        .join(PickLine, (PickLine.merchant_id == PickList.merchant_id) & (PickLine.pick_list_id == PickList.id))
        .where(uow.mine(PickList), uow.among(PickList.wave_id, wave_ids), PickLine.status != PickLineStatus.CANCELLED)
        .group_by(PickList.wave_id)
    )


def _of_lines(row: Row | None) -> Mapping[str, int]:
    if row is None:
        return {}
    return {
        "lines": row.lines,
        "lines_done": int(row.done),
        "pieces": int(row.pieces),
        "pieces_picked": int(row.picked),
        "pieces_short": int(row.short),
    }


async def subjects_of_wave(uow: UnitOfWork, wave_id: UUID) -> set[UUID]:
    """Return whatever an event about a wave's progress may be about: itself, its lists and its orders."""
    lists = sa.select(PickList.id).where(uow.mine(PickList), PickList.wave_id == wave_id)
    orders = sa.select(WaveOrder.fulfillment_order_id).where(uow.mine(WaveOrder), WaveOrder.wave_id == wave_id)
    found = await uow.fetch(sa.select(sa.union_all(lists, orders).subquery().c.id))
    return {wave_id, *(row.id for row in found)}
