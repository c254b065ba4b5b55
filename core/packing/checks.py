"""Invariant 4, packing's part: shipped = Σ contents of shipped parcels, and what a parcel says is what lies in it.

Of print jobs: an agent has exactly those that are taken or printing, until a moment that a timer keeps; what is over
says when; nothing waits to be printed under a voided number.
"""

from typing import Any

import sqlalchemy as sa

from pickmesh.core.journal.tables import Timer
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.violations import Violation
from pickmesh.core.orders import partner
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress
from pickmesh.core.packing.printing import HELD, LEASE_TIMER
from pickmesh.core.packing.rules import GONE
from pickmesh.core.packing.tables import Parcel, ParcelItem, ParcelState, PrintJob, PrintState, Waybill, WaybillState
from pickmesh.core.stock.tables import Allocation, AllocationStatus

INVARIANT = 4
_BOXES = (ParcelState.OPEN, ParcelState.SEALED)


async def violations(uow: UnitOfWork) -> list[Violation]:
    """Return what is off: lines whose shipped or packed figures parcels do not bear out, contents without goods.

    What is packed of stopped orders is not looked at: their goods are on the way back, their parcels given up after.
    What a partner ships for us is in no parcel of ours.
    """
    return [
        *await _figures(uow, FulfillmentLine.shipped_quantity, sorted(GONE), "shipped", sa.true()),
        *await _figures(uow, FulfillmentLine.packed_quantity, [*sorted(GONE), *_BOXES], "packed", _goes_on()),
        *await _contents_unlike_goods(uow),
        *await _impossible_print_jobs(uow),
    ]


def _goes_on() -> sa.ColumnElement[bool]:
    return FulfillmentOrder.intercepted_at.is_(None) & (FulfillmentOrder.progress != Progress.CANCELLED)


def _order_of(table: type[FulfillmentLine] | type[Parcel]) -> sa.ColumnElement[bool]:
    return (FulfillmentOrder.merchant_id == table.merchant_id) & (FulfillmentOrder.id == table.fulfillment_order_id)


async def _figures(
    uow: UnitOfWork, column: Any, states: list[str], what: str, condition: sa.ColumnElement[bool]
) -> list[Violation]:
    inside = (
        sa.select(ParcelItem.fulfillment_line_id, sa.func.sum(ParcelItem.quantity).label("quantity"))
        .join(Parcel, (Parcel.merchant_id == ParcelItem.merchant_id) & (Parcel.id == ParcelItem.parcel_id))
        .where(uow.mine(ParcelItem), Parcel.state.in_(states))
        .group_by(ParcelItem.fulfillment_line_id)
        .subquery()
    )
    held = sa.func.coalesce(inside.c.quantity, 0)
    found = await uow.fetch(
        sa.select(FulfillmentLine.id, column.label("told"), held.label("held"))
        .join(FulfillmentOrder, _order_of(FulfillmentLine))
        .outerjoin(inside, inside.c.fulfillment_line_id == FulfillmentLine.id)
        .where(uow.mine(FulfillmentLine), column != held, condition, partner.on_own_floor(uow))
    )
    return [
        Violation(
            INVARIANT,
            f"A line says {row.told} {what}, but its parcels hold {row.held}.",
            {"fulfillment_line_id": row.id, what: row.told, "held": int(row.held)},
        )
        for row in found
    ]


async def _contents_unlike_goods(uow: UnitOfWork) -> list[Violation]:
    """What is written on a parcel lies there: promised while it is here, consumed once it has left."""
    here = (Parcel.state.in_(_BOXES)) & (Allocation.status == AllocationStatus.OPEN)
    gone = (Parcel.state.in_(sorted(GONE))) & (Allocation.status == AllocationStatus.CONSUMED)
    lies = (
        sa.select(
            Allocation.place_id, Allocation.line_id, Allocation.lot_id, sa.func.sum(Allocation.quantity).label("lies")
        )
        .join(Parcel, (Parcel.merchant_id == Allocation.merchant_id) & (Parcel.id == Allocation.place_id))
        .where(uow.mine(Allocation), here | gone)
        .group_by(Allocation.place_id, Allocation.line_id, Allocation.lot_id)
        .subquery()
    )
    found_lies = sa.func.coalesce(lies.c.lies, 0)
    found = await uow.fetch(
        sa.select(ParcelItem.parcel_id, ParcelItem.fulfillment_line_id, ParcelItem.quantity, found_lies.label("lies"))
        .join(Parcel, (Parcel.merchant_id == ParcelItem.merchant_id) & (Parcel.id == ParcelItem.parcel_id))
        .join(FulfillmentOrder, _order_of(Parcel))
        .outerjoin(
            lies,
            (lies.c.place_id == ParcelItem.parcel_id)
            & (lies.c.line_id == ParcelItem.fulfillment_line_id)
            & (lies.c.lot_id == ParcelItem.lot_id),
        )
        .where(
            uow.mine(ParcelItem),
            Parcel.state != ParcelState.VOIDED,
            ParcelItem.quantity != found_lies,
            _goes_on(),
        )
    )
    return [
        Violation(
            INVARIANT,
            f"A parcel is written to hold {row.quantity} of a line, but {row.lies} lie there.",
            {
                "parcel_id": row.parcel_id,
                "fulfillment_line_id": row.fulfillment_line_id,
                "written": row.quantity,
                "lies": int(row.lies),
            },
        )
        for row in found
    ]


async def _impossible_print_jobs(uow: UnitOfWork) -> list[Violation]:
    """Jobs that nobody would ever bring to an end, that look over and are not, or that print a number given back."""
    is_held, is_over = PrintJob.state.in_(HELD), PrintJob.state.in_((PrintState.PRINTED, PrintState.FAILED))
    whose = (PrintJob.agent, PrintJob.run_id, PrintJob.taken_at, PrintJob.until)
    nobody_has = sa.or_(*(column.is_(None) for column in whose))
    waits = PrintJob.state.in_((PrintState.QUEUED, PrintState.TAKEN))
    is_endless = is_held & Timer.due_at.is_(None) & (PrintJob.until > uow.now)  # one that ran out is being seen to
    impossible = {
        "is an agent's, but which one and until when is not known": is_held & nobody_has,
        "is an agent's, but no timer ends its lease": is_endless,
        "waits for an agent, but one has it": (PrintJob.state == PrintState.QUEUED) & PrintJob.run_id.is_not(None),
        "is over, but not since when": is_over & PrintJob.done_at.is_(None),
        "is not over, but says since when": sa.not_(is_over) & PrintJob.done_at.is_not(None),
        "waits, but its waybill is voided": waits & (Waybill.state == WaybillState.VOIDED),
    }
    kinds = sa.case(*((condition, what) for what, condition in impossible.items()))
    found = await uow.fetch(
        sa.select(PrintJob.id, PrintJob.state, kinds.label("what"))
        .join(Waybill, (Waybill.merchant_id == PrintJob.merchant_id) & (Waybill.id == PrintJob.waybill_id))
        .outerjoin(
            Timer,
            (Timer.merchant_id == PrintJob.merchant_id)
            & (Timer.subject_id == PrintJob.id)
            & (Timer.kind == LEASE_TIMER),
        )
        .where(uow.mine(PrintJob), sa.or_(*impossible.values()))
        .order_by(PrintJob.id)
    )
    return [
        Violation(INVARIANT, f"A print job is {row.state} and {row.what}.", {"print_job_id": row.id}) for row in found
    ]
