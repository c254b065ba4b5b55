"""The documents of dropships: brought from status to status, with what the partner and our own log are told of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.mesh import locks, posting, refusals, rules
from pickmesh.core.mesh.events import DropshipEvent
from pickmesh.core.mesh.messages import Envelope, Message
from pickmesh.core.mesh.posting import Outgoing
from pickmesh.core.mesh.tables import Dropship, DropshipStatus, Side

Row = sa.Row[*tuple[Any, ...]]

ANSWER_TIMER = "dropship_answer"
"""Kind of the timer that ends the time to answer a dropship."""


@dataclass(frozen=True, slots=True)
class Step:
    """A locked dropship on its way to a status: columns that change with it, messages to the partner, what to log."""

    row: Row
    status: DropshipStatus
    told: Sequence[Message] = ()
    event: type[DropshipEvent] | None = None
    details: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None
    answered: bool = False


async def take(uow: UnitOfWork, steps: Sequence[Step]) -> list[list[UUID]]:
    """Write steps, each of another dropship; return the ids of the messages posted for each."""
    if not steps:
        return []
    await uow.update(
        Dropship,
        [
            {
                "id": step.row.id,
                "status": step.status,
                "reason": step.reason,
                "answered_at": uow.now if step.answered and step.row.answered_at is None else step.row.answered_at,
                "shipped_at": (step.row.shipped_at or uow.now) if step.status == DropshipStatus.SHIPPED else None,
            }
            for step in sorted(steps, key=lambda step: step.row.id)
        ],
        bump_version=True,
    )
    done = [step.row.id for step in steps if step.row.side == Side.SUPPLIER and step.answered]
    if done:
        await uow.clear_timers(ANSWER_TIMER, done)
    outgoing = [outgoing_to(step.row, message) for step in steps for message in step.told]
    ids = iter(await posting.post(uow, outgoing))
    uow.emit(_event(step) for step in steps if step.event is not None)
    return [[next(ids) for _ in step.told] for step in steps]


def outgoing_to(row: Row, message: Message) -> Outgoing:
    """Address a message about a dropship to its other side."""
    return Outgoing(row.partner_id, row.partnership_id, message, row.id)


def _event(step: Step) -> DropshipEvent:
    assert step.event is not None
    return step.event(**about(step.row, step.status, step.row.version + 1), **step.details)


def about(row: Any, status: str, version: int) -> dict[str, Any]:
    """Return what every event of a dropship tells."""
    return {
        "subject_id": row.id,
        "partnership_id": row.partnership_id,
        "order_id": row.order_id,
        "fulfillment_order_id": row.fulfillment_order_id,
        "side": row.side,
        "status": str(status),
        "version": version,
    }


def rejected_details(reason: str | None, note: str = "") -> dict[str, Any]:
    """Return what a DropshipRejected tells beside the dropship."""
    return {"reason": reason or "OTHER", "note": note}


async def heard_of(uow: UnitOfWork, envelope: Envelope) -> Row:
    """Lock the dropship a message is about; refuses UNKNOWN_DROPSHIP when it is not one with that partner."""
    found = await locks.lock_dropships(uow, Dropship.id == envelope.dropship_id)
    row = next(iter(found.values()), None)
    if row is None or row.partner_id != envelope.sender_id:
        raise refusals.UnknownDropship()
    return row


def heard(row: Row, kind: str) -> DropshipStatus:
    """Return what a message makes of a dropship; refuses OUT_OF_PLACE when it cannot follow what was told before."""
    table = rules.DISTRIBUTOR_HEARS if row.side == Side.DISTRIBUTOR else rules.SUPPLIER_HEARS
    status = table.get((DropshipStatus(row.status), kind))
    if status is None:
        raise refusals.OutOfPlace(data={"status": row.status, "kind": kind})
    return status
