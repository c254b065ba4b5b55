"""Exception tasks: leftovers a person must settle, numbered and found by what they are about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.picking import events, locks
from pickmesh.core.picking.tables import ExceptionTask, TaskKind, TaskStatus


@dataclass(frozen=True, slots=True)
class NewTask:
    """A leftover: its kind, where it is, what it is about, which goods lie where, and whatever helps to settle it."""

    kind: TaskKind
    location_id: UUID
    subject_id: UUID
    sku_id: UUID | None = None
    place_id: UUID | None = None
    quantity: int = 0
    detail: dict[str, Any] = field(default_factory=dict)


async def open_tasks(uow: UnitOfWork, *, tasks: Sequence[NewTask]) -> list[UUID]:
    """Open exception tasks with numbers of their own; return their ids in the order of the input."""
    if not tasks:
        return []
    numbers = await uow.next_numbers("exception_task", len(tasks))
    ids = [new_id() for _ in tasks]
    await uow.insert(
        ExceptionTask,
        [
            {
                "id": task_id,
                "number": number,
                "location_id": task.location_id,
                "kind": task.kind,
                "status": TaskStatus.OPEN,
                "subject_id": task.subject_id,
                "sku_id": task.sku_id,
                "place_id": task.place_id,
                "quantity": task.quantity,
                "detail": task.detail,
                "created_at": uow.now,
            }
            for task_id, number, task in zip(ids, numbers, tasks, strict=True)
        ],
    )
    uow.emit(
        events.TaskOpened(task_id, task.kind, task.location_id, task.subject_id, task.quantity)
        for task_id, task in zip(ids, tasks, strict=True)
    )
    return ids


async def settle_tasks(uow: UnitOfWork, *, task_ids: Collection[UUID], note: str = "") -> list[UUID]:
    """Mark open tasks as settled by the person acting; return those that were open."""
    locked = await locks.lock_tasks(uow, task_ids)
    for location_id in {row.location_id for row in locked.values()}:
        uow.actor.require(Permission.FLOOR_WORK, warehouse_id=location_id)
    still_open = [row for row in locked.values() if row.status == TaskStatus.OPEN]
    await uow.update(
        ExceptionTask,
        [
            {
                "id": row.id,
                "status": TaskStatus.DONE,
                "done_at": uow.now,
                "done_by": uow.actor.person_id,
                "detail": {**row.detail, "note": note} if note else row.detail,
            }
            for row in still_open
        ],
        bump_version=True,
    )
    uow.emit(events.TaskDone(row.id, row.kind, row.subject_id) for row in still_open)
    return [row.id for row in still_open]
