"""Calling a dropship off: the distributor asks, the supplier stops if it still can; and what its order came to."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.mesh import documents, events, locks, messages, refusals, rules, shipping
from pickmesh.core.mesh.documents import Step
from pickmesh.core.mesh.events import DropshipEvent
from pickmesh.core.mesh.messages import Envelope, Message
from pickmesh.core.mesh.rules import Part, RejectReason
from pickmesh.core.mesh.tables import Dropship, DropshipStatus, Side
from pickmesh.core.orders import cancel, holds
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import partner as orders
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders import rules as order_rules
from pickmesh.core.orders.tables import HoldReason, Progress, RequestStatus

BATCH_MAX = 1_000
ASKED_BACK = "DROPSHIP_CANCELLED"
"""Why an order was cancelled, for its log."""
Row = sa.Row[Any]
_OPEN = (DropshipStatus.SUBMITTED, DropshipStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class AskedBack:
    """A dropship whose supplier is asked to stop; `changed` is no when it was before."""

    dropship_id: UUID
    changed: bool


async def request(uow: UnitOfWork, *, ids: Sequence[UUID], reason: str) -> list[AskedBack | Refused]:
    """Ask partners not to ship after all; the orders are cancelled once they have said yes. Twice is once.

    Refuses item by item: UNKNOWN_DROPSHIP, NOT_THE_DISTRIBUTOR, DROPSHIP_ENDED, ALREADY_SHIPPED (a parcel has left).
    Needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(ids) > BATCH_MAX:
        raise LimitExceeded(
            sentence("At most {most} dropships are cancelled in one go; send them in parts.", most=BATCH_MAX)
        )
    locked = await locks.lock_dropships(uow, uow.among(Dropship.id, set(ids)))
    refused = {index: refusal for index, each in enumerate(ids) if (refusal := _refusal(locked.get(each)))}
    asking = {each: locked[each] for index, each in enumerate(ids) if index not in refused}
    behind = {row.fulfillment_order_id: each for each, row in asking.items() if row.status in _OPEN}
    told = await cancel.cancel_fulfillment_orders(uow, ids=list(behind), reason=reason) if behind else []
    unable = {
        dropship_id: answer.refusal
        for dropship_id, answer in zip(behind.values(), told, strict=True)
        if isinstance(answer, Refused)
    }
    changed = set(behind.values()) - unable.keys()
    await _ask_back(uow, [asking[each] for each in changed])
    return [
        Refused(index, refusal)
        if (refusal := refused.get(index) or unable.get(each)) is not None
        else AskedBack(each, each in changed)
        for index, each in enumerate(ids)
    ]


def _refusal(row: Row | None) -> Refusal | None:
    if row is None:
        return refusals.UnknownDropship()
    if row.side != Side.DISTRIBUTOR:
        return refusals.NotTheDistributor()
    if row.status in _OPEN or row.status == DropshipStatus.CANCELLATION_REQUESTED:
        return None
    return refusals.DropshipEnded(data={"status": row.status})


async def _ask_back(uow: UnitOfWork, rows: Sequence[Row]) -> None:
    asked_back = DropshipStatus.CANCELLATION_REQUESTED
    told = [messages.CancellationRequested()]
    await documents.take(uow, [Step(row, asked_back, told, events.DropshipCancellationRequested) for row in rows])


async def ask_back_stopped(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Ask partners for orders of ours that were cancelled while they have them."""
    mine = uow.among(Dropship.fulfillment_order_id, fulfillment_order_ids) & (Dropship.side == Side.DISTRIBUTOR)
    locked = await locks.lock_dropships(uow, mine & Dropship.status.in_(_OPEN))
    found = await order_queries.fulfillment_orders(uow, [row.fulfillment_order_id for row in locked.values()])
    stopped = {each for each, row in found.items() if row.request_status == RequestStatus.CANCELLATION_REQUESTED}
    await _ask_back(uow, [row for row in locked.values() if row.fulfillment_order_id in stopped])


async def settle(
    uow: UnitOfWork, ids: Collection[UUID], *, wish: RejectReason | None = None, note: str = ""
) -> dict[UUID, DropshipStatus]:
    """Bring dropships that we supply to what their orders have come to; return the status of each.

    Parcels that have left are told of first. `wish` is why we reject them: one that cannot end yet remembers it until
    our own partner has let its order go.
    """
    rows = await shipping.tell_shipped(uow, uow.among(Dropship.id, ids))
    made, lines = await _work(uow, rows.values())
    steps: list[Step] = []
    freed: dict[UUID, Row] = {}
    for row in rows.values():
        own = made.get(row.order_id, [])
        standing = rules.standing([_part(part, lines.get(part.id, [])) for part in own])
        settled = rules.settled(DropshipStatus(row.status), standing, rejecting=row.reason is not None)
        if settled is not None:
            steps.append(_settled_step(row, settled, str(wish or row.reason or RejectReason.OTHER), note))
            if settled[0] == DropshipStatus.ACCEPTED:
                freed.update({part.id: part for part in own})
        elif wish is not None:
            steps.append(Step(row, DropshipStatus(row.status), reason=wish))
    await holds.lift(uow, [(each, HoldReason.DROPSHIP) for each in freed], freed)
    await documents.take(uow, steps)
    return {each: DropshipStatus(row.status) for each, row in rows.items()} | {
        step.row.id: step.status for step in steps
    }


async def _work(
    uow: UnitOfWork, rows: Iterable[Row]
) -> tuple[Mapping[UUID, Sequence[Row]], Mapping[UUID, Sequence[Row]]]:
    """Lock the orders of dropships; return their fulfillment orders by order, and the lines of these."""
    wanted = {row.order_id for row in rows if row.order_id is not None}
    await order_locks.lock_orders(uow, wanted)
    made = await order_locks.lock_fulfillment_orders_of(uow, wanted)
    parts = [part.id for own in made.values() for part in own]
    return made, await order_queries.lines_of_fulfillment_orders(uow, parts)


def _part(part: Row, lines: Sequence[Row]) -> Part:
    return Part(
        cancelled=part.progress == Progress.CANCELLED,
        intercepted=_is_stopped(part) and part.progress not in order_rules.FINAL,
        with_partner=order_rules.is_with_partner(part.request_status),
        shipped=any(line.shipped_quantity for line in lines),
        complete=part.progress == Progress.SHIPPED,
    )


def _is_stopped(part: Row) -> bool:
    """Tell whether a part goes no further, or will not once a phone without network is heard again."""
    return part.intercepted_at is not None or part.stop_asked_at is not None


_EVENTS: Mapping[DropshipStatus, type[DropshipEvent]] = {
    DropshipStatus.ACCEPTED: events.DropshipAccepted,
    DropshipStatus.REJECTED: events.DropshipRejected,
    DropshipStatus.CANCELLED: events.DropshipCancelled,
}


def _settled_step(row: Row, settled: rules.Settlement, reason: str, note: str) -> Step:
    status, kinds = settled
    told: list[Message] = [messages.Rejected(reason, note) if kind is messages.Rejected else kind() for kind in kinds]
    is_rejected = status == DropshipStatus.REJECTED
    refuses = messages.CancellationRejected in kinds
    event = events.DropshipCancellationRejected if refuses else _EVENTS[status]
    details = documents.rejected_details(reason, note) if is_rejected else {}
    return Step(row, status, told, event, details, reason if is_rejected else None, answered=True)


async def settle_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> None:
    """Settle the dropships that these orders of ours carry out, whatever stopped or freed them."""
    still_open = (*_OPEN, DropshipStatus.CANCELLATION_REQUESTED)
    supplied = uow.among(Dropship.order_id, order_ids) & (Dropship.side == Side.SUPPLIER)
    locked = await locks.lock_dropships(uow, supplied & Dropship.status.in_(still_open))
    if locked:
        await settle(uow, locked)


async def tell_parcels(uow: UnitOfWork, order_ids: Collection[UUID]) -> None:
    """Tell of the parcels of these orders; what was rejected in part and shipped anew is rejected in part again."""
    rows = await shipping.tell_shipped(uow, uow.among(Dropship.order_id, order_ids))
    again = {each for each, row in rows.items() if row.status == DropshipStatus.ACCEPTED and row.reason is not None}
    if again:
        await settle(uow, again)


async def on_requested(uow: UnitOfWork, envelope: Envelope, message: messages.CancellationRequested) -> None:
    """The distributor asks us to stop: we do when nothing has left, and tell it either way."""
    row = await documents.heard_of(uow, envelope)
    status = documents.heard(row, message.kind)
    if status == DropshipStatus.REJECTED:  # it will hear of that, or has
        return
    if status == DropshipStatus.SHIPPED:
        no = [messages.CancellationRejected()]
        await documents.take(uow, [Step(row, status, no, events.DropshipCancellationRejected, answered=True)])
        return
    await documents.take(uow, [Step(row, status, event=events.DropshipCancellationRequested, reason=row.reason)])
    made, lines = await _work(uow, [row])
    if not any(line.shipped_quantity for own in lines.values() for line in own):
        parts = [part.id for part in made[row.order_id]]
        await cancel.cancel_fulfillment_orders(uow, ids=parts, reason=ASKED_BACK)
    await settle(uow, [row.id])


async def on_accepted(uow: UnitOfWork, envelope: Envelope, message: messages.CancellationAccepted) -> None:
    """Our partner has stopped: the order is cancelled, its promise gone."""
    row = await documents.heard_of(uow, envelope)
    status = documents.heard(row, message.kind)
    if row.fulfillment_order_id is not None:
        await orders.back_to_own(uow, {row.fulfillment_order_id: (RequestStatus.CANCELLATION_ACCEPTED, "")})
    await documents.take(uow, [Step(row, status, event=events.DropshipCancelled, answered=True)])


async def on_rejected(uow: UnitOfWork, envelope: Envelope, message: messages.CancellationRejected) -> None:
    """Our partner cannot stop any more: the order goes on."""
    row = await documents.heard_of(uow, envelope)
    status = documents.heard(row, message.kind)
    if row.fulfillment_order_id is not None:
        await order_locks.lock_fulfillment_orders(uow, [row.fulfillment_order_id])
        await orders.go_on_at_partner(uow, [row.fulfillment_order_id])
    await documents.take(uow, [Step(row, status, event=events.DropshipCancellationRejected, answered=True)])


HANDLERS: Mapping[str, Any] = {
    messages.CancellationRequested.kind: on_requested,
    messages.CancellationAccepted.kind: on_accepted,
    messages.CancellationRejected.kind: on_rejected,
}
"""Which messages are dealt with here."""
