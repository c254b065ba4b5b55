"""What can be asked about picking: waves, lists, lines, picks, totes, exception tasks."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.picking.locks import PICK_LIST, TASK, WAVE
from pickmesh.core.picking.tables import ExceptionTask, Pick, PickLine, PickList, ToteUse, Wave, WaveOrder
from pickmesh.core.stock.tables import Place

Row = sa.Row[*tuple[Any, ...]]
Rows = Sequence[Row]

PICK_LINE = tuple(rows.table_of(PickLine).c)
PICK = tuple(rows.table_of(Pick).c)


async def waves(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return waves by id."""
    found = await uow.fetch(sa.select(*WAVE).where(uow.mine(Wave), uow.among(Wave.id, ids)))
    return {row.id: row for row in found}


async def waves_by_number(uow: UnitOfWork, numbers: Collection[int]) -> dict[int, Row]:
    """Return waves by number."""
    found = await uow.fetch(sa.select(*WAVE).where(uow.mine(Wave), uow.among(Wave.number, numbers)))
    return {row.number: row for row in found}


async def wave_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    location_id: UUID | None = None,
    statuses: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    carriers: Collection[str] | None = None,
) -> Page[Row]:
    """Return a page of waves, the newest first; with `carriers` those all of whose orders go with one of them."""
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    conditions = _conditions(uow, Wave.location_id, location_id)
    if statuses is not None:
        conditions.append(uow.among(Wave.status, statuses))
    if kinds is not None:
        conditions.append(uow.among(Wave.kind, kinds))
    if carriers is not None:
        conditions.append(uow.among(Wave.carrier, carriers))
    return await paged.page_by_id(uow, sa.select(*WAVE).where(uow.mine(Wave), *conditions), Wave.id, request)


async def seats_of_waves(uow: UnitOfWork, wave_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the orders of waves with position and state, in the order of their seats."""
    found = await uow.fetch(
        sa.select(WaveOrder.wave_id, WaveOrder.fulfillment_order_id, WaveOrder.position, WaveOrder.state)
        .where(uow.mine(WaveOrder), uow.among(WaveOrder.wave_id, wave_ids))
        .order_by(WaveOrder.wave_id, WaveOrder.position)
    )
    return paged.grouped(found, "wave_id")


async def waves_of_orders(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the seats fulfillment orders have or had (wave, position, state), oldest wave first."""
    found = await uow.fetch(
        sa.select(WaveOrder.fulfillment_order_id, WaveOrder.wave_id, WaveOrder.position, WaveOrder.state)
        .where(uow.mine(WaveOrder), uow.among(WaveOrder.fulfillment_order_id, fulfillment_order_ids))
        .order_by(WaveOrder.wave_id)
    )
    return paged.grouped(found, "fulfillment_order_id")


async def pick_lists(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return pick lists by id."""
    found = await uow.fetch(sa.select(*PICK_LIST).where(uow.mine(PickList), uow.among(PickList.id, ids)))
    return {row.id: row for row in found}


async def pick_lists_by_number(uow: UnitOfWork, numbers: Collection[int]) -> dict[int, Row]:
    """Return pick lists by number."""
    found = await uow.fetch(sa.select(*PICK_LIST).where(uow.mine(PickList), uow.among(PickList.number, numbers)))
    return {row.number: row for row in found}


async def pick_lists_of_waves(uow: UnitOfWork, wave_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the lists of waves, by number."""
    found = await uow.fetch(
        sa.select(*PICK_LIST)
        .where(uow.mine(PickList), uow.among(PickList.wave_id, wave_ids))
        .order_by(PickList.wave_id, PickList.number)
    )
    return paged.grouped(found, "wave_id")


async def pick_list_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    location_id: UUID | None = None,
    statuses: Collection[str] | None = None,
    worker_id: UUID | None = None,
) -> Page[Row]:
    """Return a page of pick lists, the newest first."""
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    conditions = _conditions(uow, PickList.location_id, location_id)
    if statuses is not None:
        conditions.append(uow.among(PickList.status, statuses))
    if worker_id is not None:
        conditions.append(PickList.worker_id == worker_id)
    statement = sa.select(*PICK_LIST).where(uow.mine(PickList), *conditions)
    return await paged.page_by_id(uow, statement, PickList.id, request)


async def lines_of_lists(uow: UnitOfWork, list_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the lines of lists in the order of the walk, each with its bin's `place_code`."""
    found = await uow.fetch(
        sa.select(*PICK_LINE, Place.code.label("place_code"))
        .join(Place, (Place.merchant_id == PickLine.merchant_id) & (Place.id == PickLine.place_id))
        .where(uow.mine(PickLine), uow.among(PickLine.pick_list_id, list_ids))
        .order_by(PickLine.pick_list_id, PickLine.sequence)
    )
    return paged.grouped(found, "pick_list_id")


async def pick_lines(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return pick lines by id."""
    found = await uow.fetch(sa.select(*PICK_LINE).where(uow.mine(PickLine), uow.among(PickLine.id, ids)))
    return {row.id: row for row in found}


async def picks_of_lines(uow: UnitOfWork, pick_line_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return what scans took for pick lines, oldest first; an undone pick says when it was undone."""
    found = await uow.fetch(
        sa.select(*PICK).where(uow.mine(Pick), uow.among(Pick.pick_line_id, pick_line_ids)).order_by(Pick.id)
    )
    return paged.grouped(found, "pick_line_id")


async def tote_uses(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return what totes are bound to (list, order or None, since when), by place."""
    found = await uow.fetch(_tote_uses(uow).where(uow.among(ToteUse.place_id, place_ids)))
    return {row.place_id: row for row in found}


async def totes_of_lists(uow: UnitOfWork, list_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the totes bound to lists with their `place_code`, in the order they were bound."""
    found = await uow.fetch(
        _tote_uses(uow)
        .where(uow.among(ToteUse.pick_list_id, list_ids))
        .order_by(ToteUse.pick_list_id, ToteUse.bound_at, ToteUse.place_id)
    )
    return paged.grouped(found, "pick_list_id")


def _tote_uses(uow: UnitOfWork) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            ToteUse.place_id,
            Place.code.label("place_code"),
            ToteUse.pick_list_id,
            ToteUse.fulfillment_order_id,
            ToteUse.bound_at,
        )
        .join(Place, (Place.merchant_id == ToteUse.merchant_id) & (Place.id == ToteUse.place_id))
        .where(uow.mine(ToteUse))
    )


async def tasks(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return exception tasks by id."""
    found = await uow.fetch(sa.select(*TASK).where(uow.mine(ExceptionTask), uow.among(ExceptionTask.id, ids)))
    return {row.id: row for row in found}


async def tasks_by_number(uow: UnitOfWork, numbers: Collection[int]) -> dict[int, Row]:
    """Return exception tasks by number."""
    found = await uow.fetch(sa.select(*TASK).where(uow.mine(ExceptionTask), uow.among(ExceptionTask.number, numbers)))
    return {row.number: row for row in found}


async def tasks_about(uow: UnitOfWork, subject_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the exception tasks about orders, scans or whatever else, oldest first, by subject."""
    found = await uow.fetch(
        sa.select(*TASK)
        .where(uow.mine(ExceptionTask), uow.among(ExceptionTask.subject_id, subject_ids))
        .order_by(ExceptionTask.id)
    )
    return paged.grouped(found, "subject_id")


async def task_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    location_id: UUID | None = None,
    statuses: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
) -> Page[Row]:
    """Return a page of exception tasks, the newest first."""
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    conditions = _conditions(uow, ExceptionTask.location_id, location_id)
    if statuses is not None:
        conditions.append(uow.among(ExceptionTask.status, statuses))
    if kinds is not None:
        conditions.append(uow.among(ExceptionTask.kind, kinds))
    statement = sa.select(*TASK).where(uow.mine(ExceptionTask), *conditions)
    return await paged.page_by_id(uow, statement, ExceptionTask.id, request)


def _conditions(uow: UnitOfWork, column: Any, location_id: UUID | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition on a warehouse: the one asked for, or those the caller works in."""
    if location_id is not None:
        return [column == location_id]
    return [] if uow.actor.warehouse_ids is None else [uow.among(column, uow.actor.warehouse_ids)]
