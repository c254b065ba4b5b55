"""Invariant 4, picking's part: picked is what scans took and never more than required; promises fit the lines."""

from typing import Any

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.violations import Violation
from pickmesh.core.orders import partner
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder
from pickmesh.core.picking.rules import FINISHED
from pickmesh.core.picking.tables import Pick, PickLine, PickLineStatus, PickList
from pickmesh.core.stock.tables import Allocation, AllocationStatus

INVARIANT = 4


async def violations(uow: UnitOfWork) -> list[Violation]:
    """Return what is off: lines that say otherwise than their scans or promises, too much taken, unpromised work."""
    return [
        *await _lines_unlike_their_picks(uow),
        *await _lines_open_or_closed_wrongly(uow),
        *await _more_out_than_required(uow),
        *await _open_units_unpromised(uow),
        *await _promised_elsewhere(uow),
    ]


async def _lines_unlike_their_picks(uow: UnitOfWork) -> list[Violation]:
    taken = sa.func.coalesce(sa.func.sum(Pick.quantity), 0)
    found = await uow.fetch(
        sa.select(PickLine.id, PickLine.picked_quantity, taken.label("taken"))
        .outerjoin(
            Pick,
            (Pick.merchant_id == PickLine.merchant_id) & (Pick.pick_line_id == PickLine.id) & Pick.undone_at.is_(None),
        )
        .where(uow.mine(PickLine))
        .group_by(PickLine.id, PickLine.picked_quantity)
        .having(taken != PickLine.picked_quantity)
    )
    return [
        Violation(
            INVARIANT,
            f"A pick line says {row.picked_quantity} picked, but its scans took {row.taken}.",
            {"pick_line_id": row.id, "picked": row.picked_quantity, "taken": int(row.taken)},
        )
        for row in found
    ]


async def _lines_open_or_closed_wrongly(uow: UnitOfWork) -> list[Violation]:
    settled = PickLine.picked_quantity + PickLine.short_quantity
    wrong = sa.or_(
        sa.and_(PickLine.status == PickLineStatus.OPEN, settled == PickLine.quantity),
        sa.and_(PickLine.status == PickLineStatus.DONE, settled < PickLine.quantity),
        sa.and_(PickLine.status == PickLineStatus.OPEN, PickList.status.in_(FINISHED)),
    )
    found = await uow.fetch(
        sa.select(PickLine.id, PickLine.status, PickLine.quantity, settled.label("settled"), PickList.id.label("list"))
        .join(PickList, (PickList.merchant_id == PickLine.merchant_id) & (PickList.id == PickLine.pick_list_id))
        .where(uow.mine(PickLine), wrong)
    )
    return [
        Violation(
            INVARIANT,
            f"A pick line is {row.status} with {row.settled} of {row.quantity} settled, which cannot be on its list.",
            {"pick_line_id": row.id, "pick_list_id": row.list, "status": row.status, "settled": int(row.settled)},
        )
        for row in found
    ]


async def _more_out_than_required(uow: UnitOfWork) -> list[Violation]:
    """Units out of their bins for a line, shipped ones too, are what it says was picked and no more than it asks.

    What a partner ships for us was never in a bin of ours.
    """
    out = sa.func.coalesce(sa.func.sum(Allocation.quantity), 0)
    gone = (Allocation.status == AllocationStatus.CONSUMED) | (
        (Allocation.status == AllocationStatus.OPEN) & (Allocation.place_id != Allocation.bin_id)
    )
    found = await uow.fetch(
        sa.select(FulfillmentLine.id, FulfillmentLine.quantity, FulfillmentLine.picked_quantity, out.label("out"))
        .outerjoin(
            Allocation,
            (Allocation.merchant_id == FulfillmentLine.merchant_id) & (Allocation.line_id == FulfillmentLine.id) & gone,
        )
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == FulfillmentLine.merchant_id)
            & (FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id),
        )
        .where(uow.mine(FulfillmentLine), partner.on_own_floor(uow))
        .group_by(FulfillmentLine.id, FulfillmentLine.quantity, FulfillmentLine.picked_quantity)
        .having(sa.or_(out != FulfillmentLine.picked_quantity, out > FulfillmentLine.quantity))
    )
    return [_out_violation(row) for row in found]


def _out_violation(row: sa.Row[*tuple[Any, ...]]) -> Violation:
    return Violation(
        INVARIANT,
        f"{row.out} units are out of their bins for a line that asks for {row.quantity} and says "
        f"{row.picked_quantity} picked.",
        {
            "fulfillment_line_id": row.id,
            "required": row.quantity,
            "picked": row.picked_quantity,
            "out": int(row.out),
        },
    )


async def _open_units_unpromised(uow: UnitOfWork) -> list[Violation]:
    promised = sa.func.coalesce(sa.func.sum(Allocation.quantity), 0)
    left = PickLine.quantity - PickLine.picked_quantity - PickLine.short_quantity
    found = await uow.fetch(
        sa.select(PickLine.id, left.label("left"), promised.label("promised"))
        .outerjoin(
            Allocation,
            (Allocation.merchant_id == PickLine.merchant_id)
            & (Allocation.work_line_id == PickLine.id)
            & (Allocation.status == AllocationStatus.OPEN)
            & (Allocation.place_id == Allocation.bin_id),
        )
        .where(uow.mine(PickLine), PickLine.status == PickLineStatus.OPEN)
        .group_by(PickLine.id, PickLine.quantity, PickLine.picked_quantity, PickLine.short_quantity)
        .having(promised > left)
    )
    return [
        Violation(
            INVARIANT,
            f"{row.promised} units are promised through a pick line that needs only {row.left} more.",
            {"pick_line_id": row.id, "left": int(row.left), "promised": int(row.promised)},
        )
        for row in found
    ]


async def _promised_elsewhere(uow: UnitOfWork) -> list[Violation]:
    """Find units that wait for a pick line in another bin or of another lot than it sends its picker for."""
    found = await uow.fetch(
        sa.select(PickLine.id, Allocation.id.label("allocation_id"))
        .join(Allocation, (Allocation.merchant_id == PickLine.merchant_id) & (Allocation.work_line_id == PickLine.id))
        .where(
            uow.mine(PickLine),
            Allocation.status == AllocationStatus.OPEN,
            Allocation.place_id == Allocation.bin_id,
            sa.or_(
                Allocation.bin_id != PickLine.place_id,
                Allocation.sku_id != PickLine.sku_id,
                Allocation.lot_id != PickLine.lot_id,
            ),
        )
        .order_by(PickLine.id, Allocation.id)
    )
    return [
        Violation(
            INVARIANT,
            "Units are promised through a pick line that names another bin, SKU or lot.",
            {"pick_line_id": row.id, "allocation_id": row.allocation_id},
        )
        for row in found
    ]
