"""How picking and packing tell orders how far the work is: stages, picked and packed pieces, shortages.

These are no acts of a person by themselves, so they ask for no permission; the command that calls them did.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import WrongState
from pickmesh.core.orders import events, shortages
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress


async def mark_released(uow: UnitOfWork, ids: Collection[UUID]) -> None:
    """Hand open fulfillment orders to the floor; refuses as a whole when one is not OPEN, or held or intercepted."""
    wanted = set(ids)
    ready = (
        FulfillmentOrder.progress == Progress.OPEN,
        FulfillmentOrder.hold_count == 0,
        FulfillmentOrder.intercepted_at.is_(None),
    )
    moved = await _move(uow, wanted, Progress.RELEASED, *ready)
    if len(moved) != len(wanted):
        missing = sorted(str(each) for each in wanted - moved)
        raise WrongState(
            "A fulfillment order is no longer open for release; plan the wave again.", data={"ids": missing}
        )


async def unmark_released(uow: UnitOfWork, ids: Collection[UUID]) -> set[UUID]:
    """Take fulfillment orders back from the floor before anybody began; return those that went back to OPEN."""
    return await _move(uow, ids, Progress.OPEN, FulfillmentOrder.progress == Progress.RELEASED)


async def unmark_begun(uow: UnitOfWork, ids: Collection[UUID]) -> set[UUID]:
    """Take fulfillment orders all of whose goods are in their bins back from the floor; return those now OPEN again."""
    working = FulfillmentOrder.progress.in_([Progress.RELEASED, Progress.IN_PROGRESS])
    return await _move(uow, ids, Progress.OPEN, working)


async def packed_in_part(uow: UnitOfWork, ids: Collection[UUID]) -> set[UUID]:
    """Return those fulfillment orders of which anything lies in a parcel or has left in one."""
    found = await uow.fetch(
        sa.select(FulfillmentLine.fulfillment_order_id)
        .where(
            uow.mine(FulfillmentLine),
            uow.among(FulfillmentLine.fulfillment_order_id, ids),
            FulfillmentLine.packed_quantity > 0,
        )
        .distinct()
    )
    return {row.fulfillment_order_id for row in found}


async def mark_in_progress(uow: UnitOfWork, ids: Collection[UUID]) -> set[UUID]:
    """Tell that somebody works on fulfillment orders; return those for whom that is news."""
    return await _move(uow, ids, Progress.IN_PROGRESS, FulfillmentOrder.progress == Progress.RELEASED)


async def mark_packed(uow: UnitOfWork, ids: Collection[UUID]) -> set[UUID]:
    """Tell that all of fulfillment orders is packed; return those for whom that is news."""
    working = FulfillmentOrder.progress.in_([Progress.RELEASED, Progress.IN_PROGRESS])
    return await _move(uow, ids, Progress.PACKED, working)


async def unmark_packed(uow: UnitOfWork, ids: Collection[UUID]) -> set[UUID]:
    """Tell that packed fulfillment orders were opened again; return those that went back to IN_PROGRESS."""
    return await _move(uow, ids, Progress.IN_PROGRESS, FulfillmentOrder.progress == Progress.PACKED)


async def record_picked(uow: UnitOfWork, deltas: Mapping[UUID, int]) -> None:
    """Add picked pieces to lines (a negative number takes an undone pick back)."""
    await _add(uow, deltas, "picked_quantity")


async def record_packed(uow: UnitOfWork, deltas: Mapping[UUID, int]) -> None:
    """Add packed pieces to lines (a negative number takes them out of the parcel again)."""
    await _add(uow, deltas, "packed_quantity")


async def record_short(uow: UnitOfWork, missing: Mapping[UUID, int]) -> None:
    """Mark lines whose units were not found: what nobody has promised them any more counts as short.

    Stock has taken the promise back before; a line that is wholly promised again is left alone.
    """
    lost = [line_id for line_id, quantity in missing.items() if quantity > 0]
    if lost:
        await shortages.mark_short(uow, lost)


async def _add(uow: UnitOfWork, deltas: Mapping[UUID, int], column: str) -> None:
    changed = [{"id": line_id, column: delta} for line_id, delta in sorted(deltas.items()) if delta]
    await uow.update(FulfillmentLine, changed, add=[column])


async def _move(uow: UnitOfWork, ids: Collection[UUID], to: Progress, *conditions: sa.ColumnElement[bool]) -> set[UUID]:
    """Bring fulfillment orders that meet the conditions to a stage; each tells so once."""
    if not ids:
        return set()
    table = rows.table_of(FulfillmentOrder)
    moved = await uow.execute(
        sa.update(FulfillmentOrder)
        .where(uow.mine(FulfillmentOrder), uow.among(FulfillmentOrder.id, set(ids)), *conditions)
        .values(progress=to, version=table.c.version + 1)
        .returning(table.c.id, table.c.order_id)
    )
    found: Sequence[sa.Row[Any]] = sorted(moved.all(), key=lambda row: row.id)
    uow.emit(events.FulfillmentOrderProgressed(row.id, row.order_id, to) for row in found)
    return {row.id for row in found}
