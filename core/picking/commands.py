"""Picking itself: only a scan says “picked”, and what it says is booked here; undoing books the way back."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused
from pickmesh.core.orders import progress
from pickmesh.core.picking import closing, refusals, rules, totes, walks, work
from pickmesh.core.picking.rules import PickConfirmation, Taken
from pickmesh.core.picking.tables import Pick
from pickmesh.core.stock import carrying
from pickmesh.core.stock.rules import MoveReason, PlaceFacts
from pickmesh.core.stock.tables import Allocation, AllocationStatus, StockUnit

Row = sa.Row[*tuple[Any, ...]]
Booked = tuple[Taken, carrying.Carried]


class Confirmed(Struct, frozen=True):
    """A scan that was booked, and how its line and list stand after the whole batch."""

    index: int
    pick_line_id: UUID
    pick_list_id: UUID
    quantity: int
    left: int
    line_done: bool
    list_done: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """A scan whose picks were taken back."""

    index: int
    scan_id: UUID
    pick_list_id: UUID
    quantity: int


async def confirm_picks(
    uow: UnitOfWork, *, picks: Sequence[PickConfirmation], known: walks.Walks | None = None
) -> list[Confirmed | Refused]:
    """Book units that scans took from bins into totes, in a fixed number of statements.

    The goods move in the ledger with their promise, lines and lists that are complete are DONE, orders are IN_PROGRESS.
    Refuses item by item: LINE_CLOSED, NOT_YOURS, NEEDS_PLACE (no tote bound), WRONG_PLACE (a tote of something else),
    TOO_MANY (with the figures), INTERCEPTED (the order was stopped), and what stock refuses of serial-tracked units.
    `known` are the lists as the caller has just locked and read them, so that they are not read again.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not picks:
        return []
    named = [pick if pick.worker_id else replace(pick, worker_id=uow.actor.person_id) for pick in picks]
    if known is not None:
        held, holds = known.held({pick.pick_line_id for pick in named}), known.tote_holds()
    else:
        held = await work.lock_lines(uow, {pick.pick_line_id for pick in named})
        holds = await totes.tote_holds(uow, {pick.to_place_id for pick in named})
    taken, refused = rules.decide_picks(named, rules.Tally(held.lines), holds)
    booked, late = await _carry(uow, named, taken, known.places() if known is not None else None)
    await _write_picks(uow, named, booked)
    await progress.record_picked(uow, _by_fulfillment_line(booked))
    await progress.mark_in_progress(uow, {part.share.fulfillment_order_id for part, _ in booked}.difference(held.begun))
    changes = _line_changes(named, booked)
    closed = await closing.advance_lines(uow, held, closing.Changes(picked=changes))
    return _answers(named, held.lines, closed, {each.index: each for each in (*refused, *late)})


async def _carry(
    uow: UnitOfWork,
    picks: Sequence[PickConfirmation],
    taken: Sequence[Taken],
    places: Mapping[UUID, PlaceFacts] | None,
) -> tuple[list[Booked], list[Refused]]:
    """Move the goods; return what moved and how, and what stock would not move."""
    carries = [
        carrying.Carry(
            allocation_id=part.share.allocation_id,
            to_place_id=picks[part.index].to_place_id,
            quantity=part.quantity,
            unit_id=picks[part.index].unit_id,
            actor_id=picks[part.index].worker_id,
        )
        for part in taken
    ]
    answers = await carrying.carry_allocations(uow, carries=carries, reason=MoveReason.PICK, places=places)
    booked: list[Booked] = []
    late: list[Refused] = []
    for part, answer in zip(taken, answers, strict=True):
        if isinstance(answer, Refused):
            late.append(Refused(part.index, answer.refusal))
        else:
            booked.append((part, answer))
    return booked, late


async def _write_picks(uow: UnitOfWork, picks: Sequence[PickConfirmation], booked: Sequence[Booked]) -> None:
    """Keep what scans took, each serial-tracked unit in a row of its own, so that undoing returns that very unit."""
    await uow.insert(
        Pick,
        [
            {
                "id": new_id(),
                "pick_line_id": picks[part.index].pick_line_id,
                "allocation_id": carried.allocation_id,
                "fulfillment_line_id": part.share.line_id,
                "sku_id": part.share.sku_id,
                "lot_id": part.share.lot_id,
                "from_place_id": part.share.place_id,
                "to_place_id": picks[part.index].to_place_id,
                "quantity": quantity,
                "unit_id": unit_id,
                "scan_id": picks[part.index].scan_id,
                "item_scan_id": picks[part.index].item_scan_id,
                "worker_id": picks[part.index].worker_id,
                "at": uow.now,
            }
            for part, carried in booked
            for unit_id, quantity in _units(carried)
        ],
    )


def _units(carried: carrying.Carried) -> Iterator[tuple[UUID | None, int]]:
    """Yield the units that moved, each by itself, and the number of those without a name."""
    yield from ((unit_id, 1) for unit_id in carried.unit_ids)
    if carried.quantity > len(carried.unit_ids):
        yield None, carried.quantity - len(carried.unit_ids)


def _by_fulfillment_line(booked: Sequence[Booked]) -> Counter[UUID]:
    deltas: Counter[UUID] = Counter()
    for part, _ in booked:
        deltas[part.share.line_id] += part.quantity
    return deltas


def _line_changes(picks: Sequence[PickConfirmation], booked: Sequence[Booked]) -> Counter[UUID]:
    changes: Counter[UUID] = Counter()
    for part, _ in booked:
        changes[picks[part.index].pick_line_id] += part.quantity
    return changes


def _answers(
    picks: Sequence[PickConfirmation],
    lines: Mapping[UUID, rules.WorkLine],
    closed: closing.Closed,
    refused: Mapping[int, Refused],
) -> list[Confirmed | Refused]:
    answers: list[Confirmed | Refused] = []
    for index, pick in enumerate(picks):
        if index in refused:
            answers.append(refused[index])
            continue
        line = lines[pick.pick_line_id]
        left = closed.left.get(line.id, line.left)
        is_done = line.pick_list_id in closed.lists_done
        answers.append(Confirmed(index, line.id, line.pick_list_id, pick.quantity, left, left == 0, is_done))
    return answers


async def undo_picks(
    uow: UnitOfWork, *, scan_ids: Sequence[UUID], worker_of: Mapping[UUID, UUID] | None = None
) -> list[Undone | Refused]:
    """Take scans' picks back: the very units return to their bins in the ledger, the lines are open again.

    `worker_of` says by scan who takes it back, by default the unit of work's person. A scan that was undone before
    answers again with quantity 0. Refuses ALREADY_MOVED_ON when units have left the tote they were picked into,
    INTERCEPTED when the order was stopped (its goods go the way of the put-back).
    """
    uow.actor.require(Permission.FLOOR_WORK)
    found = await _picks_of(uow, scan_ids)
    line_ids = {row.pick_line_id for rows in found.values() for row in rows}
    held = await work.lock_lines(uow, line_ids)
    found = await _picks_of(uow, scan_ids)
    there = await _units_there(uow, line_ids)
    stopped = await work.stopped_lines(uow, {row.fulfillment_line_id for rows in found.values() for row in rows})
    answers: list[Undone | Refused] = []
    back: list[tuple[Row, UUID, int]] = []
    for index, scan_id in enumerate(scan_ids):
        rows = found.get(scan_id, [])
        live = [row for row in rows if row.undone_at is None]
        parts = _way_back(live, there)
        refusal = _undo_refusal(rows, live, parts, stopped)
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        back += parts or []
        quantity = sum(row.quantity for row in live)
        answers.append(Undone(index, scan_id, held.lines[rows[0].pick_line_id].pick_list_id, quantity))
    await _carry_back(uow, back, worker_of or {})
    changes = closing.Changes(picked=_negative(back, "pick_line_id"))
    await closing.advance_lines(uow, held, changes)
    return answers


async def _picks_of(uow: UnitOfWork, scan_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    found = await uow.fetch(
        sa.select(
            Pick.id,
            Pick.scan_id,
            Pick.pick_line_id,
            Pick.fulfillment_line_id,
            Pick.lot_id,
            Pick.from_place_id,
            Pick.to_place_id,
            Pick.quantity,
            Pick.unit_id,
            Pick.undone_at,
            StockUnit.place_id.label("unit_place_id"),
        )
        .outerjoin(StockUnit, (StockUnit.merchant_id == Pick.merchant_id) & (StockUnit.id == Pick.unit_id))
        .where(uow.mine(Pick), uow.among(Pick.scan_id, scan_ids))
        .order_by(Pick.id)
    )
    return paged.grouped(found, "scan_id")


async def _units_there(uow: UnitOfWork, line_ids: Collection[UUID]) -> dict[tuple[UUID, UUID, UUID, UUID], list[Any]]:
    """Return the open allocations of pick lines as [id, quantity] by (pick line, fulfillment line, lot, place)."""
    found = await uow.fetch(
        sa.select(
            Allocation.id,
            Allocation.work_line_id,
            Allocation.line_id,
            Allocation.lot_id,
            Allocation.place_id,
            Allocation.quantity,
        )
        .where(
            uow.mine(Allocation),
            uow.among(Allocation.work_line_id, line_ids),
            Allocation.status == AllocationStatus.OPEN,
        )
        .order_by(Allocation.id)
    )
    there: dict[tuple[UUID, UUID, UUID, UUID], list[Any]] = defaultdict(list)
    for row in found:
        there[row.work_line_id, row.line_id, row.lot_id, row.place_id].append([row.id, row.quantity])
    return there


def _way_back(
    live: Sequence[Row], there: dict[tuple[UUID, UUID, UUID, UUID], list[Any]]
) -> list[tuple[Row, UUID, int]] | None:
    """Return which units of which allocations go back for each pick; None when some are no longer in their tote."""
    if any(row.unit_id is not None and row.unit_place_id != row.to_place_id for row in live):
        return None
    wanted: Counter[tuple[UUID, UUID, UUID, UUID]] = Counter()
    for row in live:
        wanted[row.pick_line_id, row.fulfillment_line_id, row.lot_id, row.to_place_id] += row.quantity
    if any(sum(part[1] for part in there.get(key, [])) < quantity for key, quantity in wanted.items()):
        return None
    parts = []
    for row in live:
        missing = row.quantity
        for part in there[row.pick_line_id, row.fulfillment_line_id, row.lot_id, row.to_place_id]:
            taken = min(missing, part[1])
            if taken:
                part[1] -= taken
                missing -= taken
                parts.append((row, part[0], taken))
    return parts


def _undo_refusal(rows: Sequence[Row], live: Sequence[Row], parts: Any, stopped: Collection[UUID]) -> Refusal | None:
    if not rows:
        return NotFound("No pick was booked for that scan, so there is nothing to undo.")
    if any(row.fulfillment_line_id in stopped for row in live):
        return refusals.Intercepted()
    return refusals.AlreadyMovedOn() if parts is None else None


async def _carry_back(uow: UnitOfWork, back: Sequence[tuple[Row, UUID, int]], worker_of: Mapping[UUID, UUID]) -> None:
    carries = [
        carrying.Carry(
            allocation_id=allocation_id,
            to_place_id=row.from_place_id,
            quantity=quantity,
            unit_id=row.unit_id,
            actor_id=worker_of.get(row.scan_id),
        )
        for row, allocation_id, quantity in back
    ]
    answers = await carrying.carry_allocations(uow, carries=carries, reason=MoveReason.UNPICK)
    for answer in answers:
        if isinstance(answer, Refused):
            raise answer.refusal
    undone = sorted({row.id for row, _, _ in back})
    await uow.update(Pick, [{"id": pick_id, "undone_at": uow.now} for pick_id in undone])
    await progress.record_picked(uow, _negative(back, "fulfillment_line_id"))


def _negative(back: Sequence[tuple[Row, UUID, int]], key: str) -> dict[UUID, int]:
    deltas: Counter[UUID] = Counter()
    for row, _, quantity in back:
        deltas[row._mapping[key]] -= quantity
    return dict(deltas)
