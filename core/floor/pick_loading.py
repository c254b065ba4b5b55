"""Reading pick lists for the interpreter: lines, shares and totes as they stand."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.floor.pick_task import Booked, PickLine, PickTask, Share, Tote
from pickmesh.core.floor.tables import Scan
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.picking import queries as picking_queries
from pickmesh.core.picking import work
from pickmesh.core.picking.tables import (
    Pick,
    PickLineStatus,
    PickList,
    PickListStatus,
    Wave,
    WaveKind,
)
from pickmesh.core.picking.tables import (
    PickLine as PickLineRow,
)
from pickmesh.core.stock.tables import Location, Lot, Place, ScanPolicy
from pickmesh.scanner.codes.own import OwnKind, number_text

Row = sa.Row[*tuple[Any, ...]]


async def pick_tasks(
    uow: UnitOfWork, served: Mapping[UUID, Sequence[UUID]], orders: Mapping[UUID, Row], named: Collection[UUID]
) -> dict[UUID, PickTask]:
    """Return pick lists with everything a scan may touch.

    `served` are the lists with the orders they serve by seat, `orders` these orders' rows; `named` are client ids of
    entries that may be undone.
    """
    if not served:
        return {}
    tasks = {row.id: _task(row, uow) for row in await _lists(uow, served)}
    for list_id, task in tasks.items():
        task.seats = {
            order_id: number_text(OwnKind.FULFILLMENT_ORDER, orders[order_id].number)
            for order_id in served[list_id]
            if order_id in orders
        }
    await _add_lines(uow, tasks)
    for list_id, totes in (await picking_queries.totes_of_lists(uow, served)).items():
        for row in totes:
            tasks[list_id].totes[row.place_id] = Tote(row.place_id, row.place_code, row.fulfillment_order_id)
    if named:
        await _add_booked(uow, tasks, named)
    return tasks


async def _lists(uow: UnitOfWork, list_ids: Collection[UUID]) -> Collection[Row]:
    of_wave = (Wave.merchant_id == PickList.merchant_id) & (Wave.id == PickList.wave_id)
    of_location = (Location.merchant_id == PickList.merchant_id) & (Location.id == PickList.location_id)
    return await uow.fetch(
        sa.select(
            PickList.id,
            PickList.number,
            PickList.status,
            PickList.worker_id,
            PickList.claimed_at,
            PickList.lease_until,
            Wave.kind,
            Location.scan_policy,
            Location.time_zone,
        )
        .join(Wave, of_wave)
        .join(Location, of_location)
        .where(uow.mine(PickList), uow.among(PickList.id, list_ids))
    )


def _task(row: Row, uow: UnitOfWork) -> PickTask:
    return PickTask(
        list_id=row.id,
        number=number_text(OwnKind.PICK_LIST, row.number),
        kind=WaveKind(row.kind),
        status=PickListStatus(row.status),
        worker_id=row.worker_id,
        claimed_at=row.claimed_at,
        lease_until=row.lease_until,
        policy=ScanPolicy(row.scan_policy),
        today=uow.now.astimezone(ZoneInfo(row.time_zone)).date(),
    )


async def _add_lines(uow: UnitOfWork, tasks: Mapping[UUID, PickTask]) -> None:
    lines = {row.id: (row.pick_list_id, _line(row)) for row in await _lines(uow, tasks)}
    for line_id, shares in (await work.shares_in_bins(uow, lines)).items():
        lines[line_id][1].shares = [Share(s.fulfillment_order_id, s.quantity, s.stopped) for s in shares]
    for line_id, (list_id, line) in lines.items():
        tasks[list_id].lines[line_id] = line


async def _lines(uow: UnitOfWork, list_ids: Collection[UUID]) -> Collection[Row]:
    line = PickLineRow
    return await uow.fetch(
        sa.select(
            line.id,
            line.pick_list_id,
            line.sequence,
            line.place_id,
            Place.code.label("place_code"),
            line.sku_id,
            Sku.code.label("sku_code"),
            Sku.name_zh,
            Sku.name_en,
            Sku.lot_tracked,
            Sku.serial_tracked,
            line.lot_id,
            Lot.code.label("lot_code"),
            Lot.expires_on,
            line.quantity,
            line.picked_quantity,
            line.short_quantity,
            line.status,
        )
        .join(Place, (Place.merchant_id == line.merchant_id) & (Place.id == line.place_id))
        .join(Sku, (Sku.merchant_id == line.merchant_id) & (Sku.id == line.sku_id))
        .outerjoin(Lot, (Lot.merchant_id == line.merchant_id) & (Lot.id == line.lot_id))
        .where(uow.mine(line), uow.among(line.pick_list_id, list_ids))
        .order_by(line.pick_list_id, line.sequence, line.id)
    )


def _line(row: Row) -> PickLine:
    return PickLine(
        id=row.id,
        sequence=row.sequence,
        place_id=row.place_id,
        place_code=row.place_code,
        sku_id=row.sku_id,
        sku_code=row.sku_code,
        sku_name=row.name_en or row.name_zh,
        quantity=row.quantity,
        picked=row.picked_quantity,
        short=row.short_quantity,
        lot_id=row.lot_id,
        lot_code=row.lot_code,
        expires_on=row.expires_on,
        lot_tracked=row.lot_tracked,
        serial_tracked=row.serial_tracked,
        closed=row.status != PickLineStatus.OPEN,
        cancelled=row.status == PickLineStatus.CANCELLED,
    )


async def _add_booked(uow: UnitOfWork, tasks: Mapping[UUID, PickTask], named: Collection[UUID]) -> None:
    """Add what earlier entries took from these lists, so that it can be undone."""
    line_list = {line_id: task for task in tasks.values() for line_id in task.lines}
    found = await uow.fetch(
        sa.select(Scan.client_id, Pick.scan_id, Pick.pick_line_id, Pick.quantity, Pick.undone_at)
        .join(Pick, (Pick.merchant_id == Scan.merchant_id) & (Pick.scan_id == Scan.id))
        .where(uow.mine(Scan), uow.among(Scan.client_id, named))
        .order_by(Pick.id)
    )
    for row in found:
        task = line_list.get(row.pick_line_id)
        if task is None:
            continue
        before = task.booked.get(row.client_id)
        quantity = row.quantity + (before.quantity if before else 0)
        task.booked[row.client_id] = Booked(row.scan_id, row.pick_line_id, quantity, row.undone_at is not None)
