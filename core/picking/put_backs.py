"""Goods of stopped orders on their way back: a task per place and SKU, and the scan that puts them into a bin again."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import cancel, progress
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders.tables import Progress
from pickmesh.core.picking import events, laying_out, locks, refusals, tasks, totes, walls
from pickmesh.core.picking.tables import ExceptionTask, TaskKind, TaskStatus, WaveOrder, WaveOrderState
from pickmesh.core.stock import put_backs as stock_put_backs
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import PlaceKind

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class PutBackScan:
    """Units of a put-back task that a scan saw going into a bin (or the hospital); `worker_id` None is the actor."""

    task_id: UUID
    to_place_id: UUID
    quantity: int
    scan_id: UUID | None = None
    unit_id: UUID | None = None
    worker_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PutBackDone:
    """Units that are back; `left` are still to be put back under this task."""

    index: int
    task_id: UUID
    quantity: int
    left: int
    done: bool


async def open_put_backs(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> list[UUID]:
    """Make a task for the goods of stopped orders that are out of their bins, one per order, place and SKU.

    Tells where the goods are and from which bin they came. A task that is open already is not made again.
    """
    orders = await order_locks.lock_fulfillment_orders(uow, fulfillment_order_ids)
    stopped = {order_id for order_id, order in orders.items() if _is_stopped(order)}
    found = await laying_out.units_of_orders(uow, stopped)
    known = {(row.subject_id, row.place_id, row.sku_id) for row in await _open_tasks(uow, stopped)}
    together: dict[tuple[UUID, UUID, UUID], list[Row]] = defaultdict(list)
    for row in found:
        if row.place_id != row.bin_id:
            together[row.fulfillment_order_id, row.place_id, row.sku_id].append(row)
    new = [
        tasks.NewTask(
            kind=TaskKind.PUT_BACK,
            location_id=rows[0].location_id,
            subject_id=key[0],
            place_id=key[1],
            sku_id=key[2],
            quantity=sum(row.quantity for row in rows),
            detail={"bin_ids": sorted({str(row.bin_id) for row in rows})},
        )
        for key, rows in sorted(together.items())
        if key not in known
    ]
    return await tasks.open_tasks(uow, tasks=new)


def _is_stopped(order: Row) -> bool:
    return order.intercepted_at is not None or order.progress == Progress.CANCELLED


async def _open_tasks(uow: UnitOfWork, subject_ids: Collection[UUID]) -> Sequence[Row]:
    return await uow.fetch(
        sa.select(*locks.TASK).where(
            uow.mine(ExceptionTask),
            uow.among(ExceptionTask.subject_id, subject_ids),
            ExceptionTask.kind == TaskKind.PUT_BACK,
            ExceptionTask.status == TaskStatus.OPEN,
        )
    )


async def put_back(uow: UnitOfWork, *, backs: Sequence[PutBackScan]) -> list[PutBackDone | Refused]:
    """Put goods of stopped orders back into bins; their reservation is released and they can be promised again.

    Refuses item by item: NOT_FOUND for no open put-back task, TOO_MANY, WRONG_STATE when the order goes on after all,
    and what stock refuses of the place or the serial-tracked unit.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not backs:
        return []
    subjects = await uow.fetch(
        sa.select(ExceptionTask.subject_id).where(
            uow.mine(ExceptionTask), uow.among(ExceptionTask.id, {back.task_id for back in backs})
        )
    )
    stopped = {row.subject_id for row in subjects}
    await order_locks.lock_orders_behind(uow, stopped)
    orders = await order_locks.lock_fulfillment_orders(uow, stopped)
    locked = await locks.lock_tasks(uow, {back.task_id for back in backs})
    units = [row for row in await laying_out.units_of_orders(uow, orders) if row.place_id != row.bin_id]
    chosen, refused = _choose(backs, locked, orders, units)
    answers = await stock_put_backs.put_back(uow, backs=[part.back for part in chosen])
    late = {
        part.index: answer.refusal for part, answer in zip(chosen, answers, strict=True) if isinstance(answer, Refused)
    }
    refused = {**refused, **late}
    booked = [part for part in chosen if part.index not in refused]
    await _take_back_progress(uow, booked)
    left = await _write_tasks(uow, locked, booked)
    await _after(uow, booked)
    return [
        Refused(index, refused[index])
        if index in refused
        else PutBackDone(index, back.task_id, back.quantity, left[back.task_id], left[back.task_id] == 0)
        for index, back in enumerate(backs)
    ]


@dataclass(frozen=True, slots=True)
class _Part:
    index: int
    task_id: UUID
    units: Row
    back: stock_put_backs.PutBack


def _choose(
    backs: Sequence[PutBackScan], locked: locks.Locked, orders: Mapping[UUID, Row], units: Sequence[Row]
) -> tuple[list[_Part], dict[int, Refusal]]:
    """Find the units each scan means: of its task's order and SKU, those at the task's place first."""
    there = {row.id: row.quantity for row in units}
    task_left = {task.id: task.quantity for task in locked.values()}
    chosen: list[_Part] = []
    refused: dict[int, Refusal] = {}
    for index, back in enumerate(backs):
        task = locked.get(back.task_id)
        refusal = _task_refusal(task, orders) or _quantity_refusal(back, task_left)
        if refusal is not None or task is None:
            refused[index] = refusal or NotFound()
            continue
        mine = [row for row in units if (row.fulfillment_order_id, row.sku_id) == (task.subject_id, task.sku_id)]
        mine.sort(key=lambda row: (row.place_id != task.place_id, row.id))
        parts = _take(index, back, mine, there)
        if sum(part.back.quantity for part in parts) < back.quantity:
            refused[index] = refusals.AlreadyMovedOn("These goods are no longer there; look at the order again.")
            continue
        for part in parts:
            there[part.units.id] -= part.back.quantity
        task_left[task.id] -= back.quantity
        chosen += parts
    return chosen, refused


def _take(index: int, back: PutBackScan, mine: Sequence[Row], there: Mapping[UUID, int]) -> list[_Part]:
    parts = []
    wanted = back.quantity
    for row in mine:
        taken = min(wanted, there[row.id])
        if taken:
            wanted -= taken
            moved = stock_put_backs.PutBack(row.id, back.to_place_id, taken, back.unit_id, back.worker_id)
            parts.append(_Part(index, back.task_id, row, moved))
    return parts


def _task_refusal(task: Row | None, orders: Mapping[UUID, Row]) -> Refusal | None:
    if task is None or task.kind != TaskKind.PUT_BACK or task.status != TaskStatus.OPEN:
        return NotFound("No put-back is open under that number; it may be done already.")
    if task.subject_id not in orders or not _is_stopped(orders[task.subject_id]):
        return WrongState("The order goes on after all; leave its goods where they are.")
    return None


def _quantity_refusal(back: PutBackScan, task_left: Mapping[UUID, int]) -> Refusal | None:
    left = task_left[back.task_id]
    if 0 < back.quantity <= left:
        return None
    return refusals.TooMany(
        sentence("Only {left} are to be put back here, not {asked}.", left=left, asked=back.quantity),
        data={"asked": back.quantity, "left": left},
    )


async def _take_back_progress(uow: UnitOfWork, booked: Sequence[_Part]) -> None:
    """Lines lose what is back in its bin: from packed where it lay in a parcel, and from picked."""
    places = await stock_queries.places(uow, {part.units.place_id for part in booked})
    packed: Counter[UUID] = Counter()
    picked: Counter[UUID] = Counter()
    for part in booked:
        picked[part.units.line_id] -= part.back.quantity
        if places[part.units.place_id].kind == PlaceKind.PARCEL:
            packed[part.units.line_id] -= part.back.quantity
    await progress.record_packed(uow, packed)
    await progress.record_picked(uow, picked)


async def _write_tasks(uow: UnitOfWork, locked: locks.Locked, booked: Sequence[_Part]) -> dict[UUID, int]:
    """Count tasks down and close those with nothing left; return what is left by task."""
    back: Counter[UUID] = Counter()
    for part in booked:
        back[part.task_id] += part.back.quantity
    left = {task.id: task.quantity - back[task.id] for task in locked.values()}
    worker_of = {part.task_id: part.back.actor_id or uow.actor.person_id for part in booked}
    changed = [
        {
            "id": task_id,
            "quantity": left[task_id],
            "status": TaskStatus.OPEN if left[task_id] else TaskStatus.DONE,
            "done_at": None if left[task_id] else uow.now,
            "done_by": None if left[task_id] else worker_of[task_id],
        }
        for task_id in sorted(back)
    ]
    await uow.update(ExceptionTask, changed, bump_version=True)
    uow.emit(
        events.TaskDone(task_id, TaskKind.PUT_BACK, locked[task_id].subject_id)
        for task_id in sorted(back)
        if not left[task_id]
    )
    return left


async def _after(uow: UnitOfWork, booked: Sequence[_Part]) -> None:
    """Empty totes are free again; an order with nothing left outside its bins gives up its seat and its slot."""
    if not booked:
        return
    await totes.free_totes(uow, {part.units.place_id for part in booked})
    back: Counter[UUID] = Counter()
    for part in booked:
        back[part.units.fulfillment_order_id] += part.back.quantity
    out: Counter[UUID] = Counter()
    for row in await laying_out.units_of_orders(uow, back):
        if row.place_id != row.bin_id:
            out[row.fulfillment_order_id] += row.quantity
    home = sorted(order_id for order_id in back if not out[order_id])
    await uow.execute(
        sa.update(WaveOrder)
        .where(
            uow.mine(WaveOrder),
            uow.among(WaveOrder.fulfillment_order_id, home),
            WaveOrder.state != WaveOrderState.KICKED_OUT,
        )
        .values(state=WaveOrderState.KICKED_OUT)
    )
    await walls.free_slots(uow, back)
    uow.emit(events.GoodsPutBack(order_id, back[order_id], out[order_id]) for order_id in sorted(back))
    await cancel.finish_interceptions(uow, ids=home)
