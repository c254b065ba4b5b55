"""The row locks of picking: fulfillment orders first (orders' own lock), then waves, then lists; ids ascending.

A list's lock guards its lines, its picks and the totes bound to it. Before all of them stand two that let people's own
requests wait for each other: the worker who asks for the next list, and the warehouse for which a wave is planned.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import Person
from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import StaleVersion
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder
from pickmesh.core.picking.tables import (
    ExceptionTask,
    PickLine,
    PickLineStatus,
    PickList,
    PickListStatus,
    Wave,
    WaveTemplate,
)
from pickmesh.core.stock.rules import BalanceKey
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Location, Place

Locked = Mapping[UUID, sa.Row[*tuple[Any, ...]]]

PICK_LIST = (
    PickList.id,
    PickList.number,
    PickList.wave_id,
    PickList.location_id,
    PickList.status,
    PickList.worker_id,
    PickList.claimed_at,
    PickList.lease_until,
    PickList.dark_until,
    PickList.zone,
    PickList.created_at,
    PickList.done_at,
    PickList.version,
)
"""Every column of a pick list, as commands and queries read them."""

WAVE = (
    Wave.id,
    Wave.number,
    Wave.location_id,
    Wave.kind,
    Wave.status,
    Wave.template_id,
    Wave.carrier,
    Wave.zone,
    Wave.leave_by,
    Wave.created_at,
    Wave.released_at,
    Wave.done_at,
    Wave.version,
)
"""Every column of a wave."""

TASK = (
    ExceptionTask.id,
    ExceptionTask.number,
    ExceptionTask.location_id,
    ExceptionTask.kind,
    ExceptionTask.status,
    ExceptionTask.subject_id,
    ExceptionTask.sku_id,
    ExceptionTask.place_id,
    ExceptionTask.quantity,
    ExceptionTask.detail,
    ExceptionTask.created_at,
    ExceptionTask.done_at,
    ExceptionTask.done_by,
    ExceptionTask.version,
)
"""Every column of an exception task."""


async def lock_pick_lists(uow: UnitOfWork, ids: Collection[UUID]) -> Locked:
    """Lock pick lists; return those that exist, with every column."""
    found = await uow.fetch(
        sa.select(*PICK_LIST)
        .where(uow.mine(PickList), uow.among(PickList.id, ids))
        .order_by(PickList.id)
        .with_for_update()
    )
    return {row.id: row for row in found}


async def lists_at_work(uow: UnitOfWork, ids: Collection[UUID], *, lock: bool) -> Locked:
    """Return pick lists with every column and what their warehouse's settings say; with `lock` they are locked."""
    return {row.id: row for row in await uow.ask(_LOCK_LISTS if lock else _LISTS, ids=ids)}


async def waves_of_lists(uow: UnitOfWork, list_ids: Collection[UUID], *, lock: bool) -> Locked:
    """Return the waves of pick lists, every column; with `lock` they are locked, before the lists are."""
    return {row.id: row for row in await uow.ask(_LOCK_WAVES if lock else _WAVES, list_ids=list_ids)}


def _lists(to: Names) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(*PICK_LIST, Location.scan_policy, Location.lot_swap, Location.zero_check, Location.time_zone)
        .join(Location, sa.and_(to.mine(Location), Location.id == PickList.location_id))
        .where(to.mine(PickList), to.among(PickList.id, "ids"))
        .order_by(PickList.id)
    )


def _waves(to: Names) -> sa.Select[*tuple[Any, ...]]:
    theirs = sa.select(PickList.wave_id).where(to.mine(PickList), to.among(PickList.id, "list_ids"))
    return sa.select(*WAVE).where(to.mine(Wave), Wave.id.in_(theirs)).order_by(Wave.id)


_LISTS, _LOCK_LISTS = Prepared(_lists), Prepared(lambda to: _lists(to).with_for_update(of=PickList))
_WAVES, _LOCK_WAVES = Prepared(_waves), Prepared(lambda to: _waves(to).with_for_update(key_share=True))


async def lock_lines_to_swap_with(
    uow: UnitOfWork, keys: Collection[BalanceKey], *, but: Collection[UUID]
) -> dict[UUID, set[UUID]]:
    """Lock the orders and lists of open pick lines that wait for these lots in their bins; return both, by line.

    Only of lists that nobody has begun and that are not `but`, the newest first. They come after other rows of their
    kind, so whatever somebody else holds at this moment is passed over: nobody waits here. A line may have orders that
    are passed over beside those that are locked.
    """
    if not keys:
        return {}
    key = (PickLine.place_id, PickLine.sku_id, PickLine.lot_id)
    found = await uow.fetch(
        sa.select(PickLine.id, FulfillmentOrder.id.label("order_id"))
        .join(PickList, sa.and_(uow.mine(PickList), PickList.id == PickLine.pick_list_id))
        .join(Allocation, sa.and_(uow.mine(Allocation), Allocation.work_line_id == PickLine.id))
        .join(FulfillmentLine, sa.and_(uow.mine(FulfillmentLine), FulfillmentLine.id == Allocation.line_id))
        .join(
            FulfillmentOrder,
            sa.and_(uow.mine(FulfillmentOrder), FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
        .where(
            uow.mine(PickLine),
            uow.among(key, sorted(keys)),
            *may_be_swapped_with(),
            PickList.id.not_in(but),
        )
        .order_by(PickList.id.desc(), PickLine.id, FulfillmentOrder.id)
        .with_for_update(of=(FulfillmentOrder, PickList), skip_locked=True)
    )
    orders: dict[UUID, set[UUID]] = {}
    for row in found:
        orders.setdefault(row.id, set()).add(row.order_id)
    return orders


def may_be_swapped_with() -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that a pick line's units still wait in their bin for a list that nobody has begun."""
    return (
        PickLine.status == PickLineStatus.OPEN,
        PickList.status == PickListStatus.READY,
        PickList.dark_until.is_(None),
        Allocation.status == AllocationStatus.OPEN,
        Allocation.place_id == Allocation.bin_id,
    )


async def lock_worker(uow: UnitOfWork, worker_id: UUID) -> None:
    """Let one request at a time ask for a worker's next list; it comes before waves and lists, which it never bars."""
    await uow.first(
        sa.select(Person.id).where(uow.mine(Person), Person.id == worker_id).with_for_update(key_share=True)
    )


async def lock_planning(uow: UnitOfWork, location_id: UUID) -> None:
    """Let one wave at a time be planned for a warehouse; whoever plans next sees whom the last one has seated.

    It comes before the orders and bars nothing else that goes on in the warehouse.
    """
    await uow.first(
        sa.select(Location.id).where(uow.mine(Location), Location.id == location_id).with_for_update(key_share=True)
    )


async def lock_templates(uow: UnitOfWork, ids: Collection[UUID]) -> Locked:
    """Lock wave templates, before the warehouse a wave is planned for; return those that exist, with every column."""
    found = await uow.fetch(
        sa.select(*table_of(WaveTemplate).c)
        .where(uow.mine(WaveTemplate), uow.among(WaveTemplate.id, ids))
        .order_by(WaveTemplate.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in found}


async def lock_next_ready(
    uow: UnitOfWork, location_id: UUID, zone: str | None = None
) -> sa.Row[*tuple[Any, ...]] | None:
    """Lock the oldest ready list of a location that nobody else is claiming at this moment.

    With a zone, one that is there or, untouched so far, begins there.
    """
    begins = (
        sa.select(Place.zone)
        .join(PickLine, (PickLine.merchant_id == Place.merchant_id) & (PickLine.place_id == Place.id))
        .where(uow.mine(PickLine), PickLine.pick_list_id == PickList.id, PickLine.status == PickLineStatus.OPEN)
        .order_by(PickLine.sequence)
        .limit(1)
        .correlate(PickList)
        .scalar_subquery()
    )
    is_there = [] if zone is None else [sa.func.coalesce(PickList.zone, begins) == zone]
    return await uow.first(
        sa.select(*PICK_LIST)
        .where(
            uow.mine(PickList), PickList.location_id == location_id, PickList.status == PickListStatus.READY, *is_there
        )
        .order_by(PickList.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


async def lock_waves(uow: UnitOfWork, ids: Collection[UUID]) -> Locked:
    """Lock waves; return those that exist, with every column. New lists may refer to a locked wave."""
    found = await uow.fetch(
        sa.select(*WAVE)
        .where(uow.mine(Wave), uow.among(Wave.id, ids))
        .order_by(Wave.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in found}


def refuse_stale(row: sa.Row[*tuple[Any, ...]], version: int | None) -> None:
    """Refuse STALE_VERSION when a locked wave or list is no longer in the version the caller has read."""
    if version is not None and row.version != version:
        raise StaleVersion(field=("ifVersion",), data={"id": row.id, "version": row.version})


async def lock_tasks(uow: UnitOfWork, ids: Collection[UUID]) -> Locked:
    """Lock exception tasks; return those that exist, with every column."""
    found = await uow.fetch(
        sa.select(*TASK)
        .where(uow.mine(ExceptionTask), uow.among(ExceptionTask.id, ids))
        .order_by(ExceptionTask.id)
        .with_for_update()
    )
    return {row.id: row for row in found}


async def lock_slots(uow: UnitOfWork, place_ids: Collection[UUID]) -> None:
    """Let one wave at a time take slots of a wall, or one lead at a time see to a tote; after orders, before stock."""
    await uow.fetch(
        sa.select(Place.id)
        .where(uow.mine(Place), uow.among(Place.id, place_ids))
        .order_by(Place.id)
        .with_for_update(key_share=True)
    )
