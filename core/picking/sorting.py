"""Sorting at a put wall: pieces go from a wave's totes into the slots of their orders, and out of them again."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.picking import events, laying_out, refusals, totes, work
from pickmesh.core.picking.tables import PickLine, ToteUse, WaveOrder, WaveOrderState
from pickmesh.core.stock import carrying
from pickmesh.core.stock import places as stock_places
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.rules import MoveReason
from pickmesh.core.stock.tables import Allocation, StockUnit, ToteState

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class SortScan:
    """Pieces of an order that a scan saw going from a tote into its slot, or with `back` the other way."""

    fulfillment_order_id: UUID
    sku_id: UUID
    from_place_id: UUID
    to_place_id: UUID
    quantity: int
    unit_id: UUID | None = None
    worker_id: UUID | None = None
    back: bool = False


@dataclass(frozen=True, slots=True)
class Sorted:
    """Pieces that lie where the scan put them."""

    index: int
    fulfillment_order_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class _Part:
    index: int
    scan: SortScan
    units: Row
    quantity: int


async def sort_units(uow: UnitOfWork, *, scans: Sequence[SortScan]) -> list[Sorted | Refused]:
    """Move pieces between totes and slots in a fixed number of statements; their promises follow them.

    A tote that was emptied is free again once its list is finished; one that gets goods back is in use again. Refuses
    item by item: NOT_FOUND, INTERCEPTED, WRONG_PLACE (not the slot of that order), TOO_MANY, TOTE_IN_USE (a tote that
    serves another list by now), and what stock refuses of serial-tracked units.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not scans:
        return []
    orders = await order_locks.lock_fulfillment_orders(uow, {scan.fulfillment_order_id for scan in scans})
    units = await laying_out.units_of_orders(uow, orders)
    slots = await _slots(uow, orders)
    lots = await _lots_of_units(uow, [scan.unit_id for scan in scans if scan.unit_id is not None])
    returning = {scan.to_place_id for scan in scans if scan.back}
    lists = await _lists_of(uow, {index: scan for index, scan in enumerate(scans) if scan.back})
    held = await totes.tote_holds(uow, returning) if returning else {}
    there = {row.id: row.quantity for row in units}
    parts: list[_Part] = []
    refused: dict[int, Refusal] = {}
    for index, scan in enumerate(scans):
        refusal = _refusal(orders.get(scan.fulfillment_order_id), scan, slots)
        hold = held.get(scan.to_place_id)
        if refusal is None and scan.back and hold is not None and hold.pick_list_id not in lists[index]:
            refusal = refusals.ToteInUse(data={"place_id": scan.to_place_id})
        mine = [row for row in units if _is_meant(row, scan, lots)] if refusal is None else []
        refusal = refusal or _quantity_refusal(scan, sum(there[row.id] for row in mine))
        if refusal is not None:
            refused[index] = refusal
            continue
        parts += _take(index, scan, mine, there)
    booked = await _carry(uow, parts, refused)
    await _bind_again(uow, booked, held, lists)
    await totes.free_totes(uow, {part.scan.from_place_id for part in booked if not part.scan.back})
    _tell(uow, booked, slots)
    return [
        Refused(index, refused[index]) if index in refused else Sorted(index, scan.fulfillment_order_id, scan.quantity)
        for index, scan in enumerate(scans)
    ]


async def _slots(uow: UnitOfWork, order_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return the seats of orders that have a slot, by order."""
    found = await uow.fetch(
        sa.select(WaveOrder.fulfillment_order_id, WaveOrder.wave_id, WaveOrder.place_id).where(
            uow.mine(WaveOrder),
            uow.among(WaveOrder.fulfillment_order_id, order_ids),
            WaveOrder.place_id.is_not(None),
            WaveOrder.state != WaveOrderState.KICKED_OUT,
        )
    )
    return {row.fulfillment_order_id: row for row in found}


async def _lots_of_units(uow: UnitOfWork, unit_ids: Collection[UUID]) -> dict[UUID, UUID]:
    if not unit_ids:
        return {}
    found = await uow.fetch(
        sa.select(StockUnit.id, StockUnit.lot_id).where(uow.mine(StockUnit), uow.among(StockUnit.id, unit_ids))
    )
    return {row.id: row.lot_id for row in found}


async def _lists_of(uow: UnitOfWork, scans: Mapping[int, SortScan]) -> Mapping[int, list[UUID]]:
    """Return the lists that the goods of scans were picked for, by the scan's index; for scans that go back."""
    lists: dict[int, list[UUID]] = defaultdict(list)
    if not scans:
        return lists
    found = await uow.fetch(
        sa.select(Allocation.place_id, Allocation.sku_id, PickLine.pick_list_id)
        .join(PickLine, (PickLine.merchant_id == Allocation.merchant_id) & (PickLine.id == Allocation.work_line_id))
        .where(uow.mine(Allocation), uow.among(Allocation.place_id, {scan.from_place_id for scan in scans.values()}))
        .order_by(PickLine.pick_list_id)
    )
    for index, scan in scans.items():
        for row in found:
            if (row.place_id, row.sku_id) == (scan.from_place_id, scan.sku_id):
                lists[index].append(row.pick_list_id)
    return lists


def _refusal(order: Row | None, scan: SortScan, slots: Mapping[UUID, Row]) -> Refusal | None:
    if order is None:
        return NotFound("No fulfillment order of yours has that id; look it up again.")
    if work.is_stopped(order):
        return refusals.Intercepted(data={"fulfillment_order_id": order.id})
    seat = slots.get(order.id)
    if seat is None or seat.place_id != (scan.from_place_id if scan.back else scan.to_place_id):
        return refusals.WrongPlace("That is not the slot of this order; put the piece where the screen says.")
    return None


def _is_meant(row: Row, scan: SortScan, lots: Mapping[UUID, UUID]) -> bool:
    same = (row.fulfillment_order_id, row.sku_id, row.place_id) == (
        scan.fulfillment_order_id,
        scan.sku_id,
        scan.from_place_id,
    )
    return same and (scan.unit_id is None or lots.get(scan.unit_id) == row.lot_id)


def _quantity_refusal(scan: SortScan, left: int) -> Refusal | None:
    if 0 < scan.quantity <= left:
        return None
    return refusals.TooMany(
        sentence("Only {left} of these lie there for the order, not {asked}.", left=left, asked=scan.quantity),
        data={"asked": scan.quantity, "left": left},
    )


def _take(index: int, scan: SortScan, mine: Sequence[Row], there: dict[UUID, int]) -> list[_Part]:
    parts = []
    wanted = scan.quantity
    for row in mine:
        taken = min(wanted, there[row.id])
        if taken:
            there[row.id] -= taken
            wanted -= taken
            parts.append(_Part(index, scan, row, taken))
    return parts


async def _carry(uow: UnitOfWork, parts: Sequence[_Part], refused: dict[int, Refusal]) -> list[_Part]:
    """Move what was chosen, pieces going back apart, for the ledger tells why; note what stock refuses."""
    booked: list[_Part] = []
    for back, reason in ((False, MoveReason.SORT), (True, MoveReason.UNSORT)):
        going = [part for part in parts if part.scan.back is back]
        carries = [
            carrying.Carry(part.units.id, part.scan.to_place_id, part.quantity, part.scan.unit_id, part.scan.worker_id)
            for part in going
        ]
        answers = await carrying.carry_allocations(uow, carries=carries, reason=reason)
        for part, answer in zip(going, answers, strict=True):
            if isinstance(answer, Refused):
                refused[part.index] = answer.refusal
            else:
                booked.append(part)
    return booked


async def _bind_again(
    uow: UnitOfWork, booked: Sequence[_Part], held: Mapping[UUID, Any], lists: Mapping[int, Sequence[UUID]]
) -> None:
    """Let totes that get goods back be in use again for the list these were picked for."""
    again = {
        part.scan.to_place_id: lists[part.index][0]
        for part in booked
        if part.scan.back and part.scan.to_place_id not in held and lists[part.index]
    }
    rows = [
        {"place_id": place_id, "pick_list_id": list_id, "fulfillment_order_id": None, "bound_at": uow.now}
        for place_id, list_id in sorted(again.items())
    ]
    await uow.upsert(ToteUse, rows)
    freed = await stock_queries.places(uow, again) if again else {}
    states = {row.id: ToteState.STOCKED for row in freed.values() if row.tote_state == ToteState.EMPTY}
    await stock_places.set_tote_states(uow, states)


def _tell(uow: UnitOfWork, booked: Sequence[_Part], slots: Mapping[UUID, Row]) -> None:
    sorted_now: Counter[UUID] = Counter()
    for part in booked:
        sorted_now[part.scan.fulfillment_order_id] += -part.quantity if part.scan.back else part.quantity
    uow.emit(
        events.GoodsSorted(order_id, slots[order_id].wave_id, slots[order_id].place_id, quantity)
        for order_id, quantity in sorted(sorted_now.items())
        if quantity
    )
