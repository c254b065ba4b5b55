"""Answering partners' requests as the supplier, and hearing our partners' answers as the distributor."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.mesh import cancelling, documents, events, locks, messages, refusals, rules
from pickmesh.core.mesh.documents import Step
from pickmesh.core.mesh.messages import Envelope
from pickmesh.core.mesh.rules import RejectReason
from pickmesh.core.mesh.tables import Dropship, DropshipStatus, Side
from pickmesh.core.orders import cancel, holds
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import partner as orders
from pickmesh.core.orders import rules as order_rules
from pickmesh.core.orders.tables import HoldReason, Progress, RequestStatus

BATCH_MAX = 1_000
REJECTED = "DROPSHIP_REJECTED"
"""Why an order was cancelled, for its log."""
Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """A dropship as it stands after an answer; `changed` is no when it stood so before.

    A rejection stays SUBMITTED until our own partner, to whom we gave the order, has let it go.
    """

    dropship_id: UUID
    status: DropshipStatus
    changed: bool


async def accept(uow: UnitOfWork, *, ids: Sequence[UUID]) -> list[Answered | Refused]:
    """Promise partners to ship what they asked for: our orders for it go on; one or a thousand, twice is once.

    Refuses item by item: UNKNOWN_DROPSHIP, NOT_THE_SUPPLIER, ANSWERED, ANSWER_TOO_LATE, NOT_ENOUGH_STOCK (not all of
    its pieces are reserved), WAITS_FOR_PARTNER (it went on to a partner of ours). Needs `orders:write`.
    """
    _require(uow, ids)
    locked = await locks.lock_dropships(uow, uow.among(Dropship.id, set(ids)))
    made = await _orders_behind(uow, locked.values())
    going: dict[UUID, Row] = {}
    answers: list[Answered | Refused] = []
    for index, each in enumerate(ids):
        row = locked.get(each)
        refusal = _refusal(uow, row, DropshipStatus.ACCEPTED) or _cover_refusal(row, made)
        if refusal is not None or row is None:
            answers.append(Refused(index, refusal or refusals.UnknownDropship()))
            continue
        changed = row.status == DropshipStatus.SUBMITTED and each not in going
        if changed:
            going[each] = row
        answers.append(Answered(each, DropshipStatus.ACCEPTED, changed))
    await write_accepted(uow, list(going.values()), made)
    return answers


def _require(uow: UnitOfWork, ids: Sequence[UUID]) -> None:
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(ids) > BATCH_MAX:
        raise LimitExceeded(
            sentence("At most {most} dropships are answered in one go; send them in parts.", most=BATCH_MAX)
        )


async def _orders_behind(uow: UnitOfWork, rows: Iterable[Row]) -> Mapping[UUID, Sequence[Row]]:
    """Lock the fulfillment orders of our orders for these dropships; return them by order."""
    wanted = {row.order_id for row in rows if row.side == Side.SUPPLIER and row.order_id is not None}
    await order_locks.lock_orders(uow, wanted)
    return await order_locks.lock_fulfillment_orders_of(uow, wanted)


def _refusal(uow: UnitOfWork, row: Row | None, wanted: DropshipStatus) -> Refusal | None:
    """Return why a dropship cannot be answered so, None when it can or was."""
    if row is None:
        return refusals.UnknownDropship()
    if row.side != Side.SUPPLIER:
        return refusals.NotTheSupplier()
    if row.status == wanted:
        return None
    expired = row.reason == RejectReason.EXPIRED or (row.status == DropshipStatus.SUBMITTED and uow.now > row.answer_by)
    if expired:
        return refusals.AnswerTooLate(data={"answer_by": row.answer_by.isoformat()})
    if row.status != DropshipStatus.SUBMITTED or (row.reason and wanted == DropshipStatus.ACCEPTED):
        return refusals.AnotherAnswer(data={"status": row.status})
    return None


def _cover_refusal(row: Row | None, made: Mapping[UUID, Sequence[Row]]) -> Refusal | None:
    """Return why we cannot promise to ship: pieces are not reserved, or our own partner has not promised."""
    if row is None or row.status != DropshipStatus.SUBMITTED:
        return None
    parts = [part for part in made.get(row.order_id, ()) if part.progress != Progress.CANCELLED]
    if not parts or any(part.short_quantity or part.location_id is None for part in parts):
        return refusals.NotEnoughStock(data={"short": sum(part.short_quantity for part in parts)})
    waits = {RequestStatus.SUBMITTED, RequestStatus.CANCELLATION_REQUESTED}
    return refusals.WaitsForPartner() if any(part.request_status in waits for part in parts) else None


async def write_accepted(uow: UnitOfWork, going: Sequence[Row], made: Mapping[UUID, Sequence[Row]]) -> None:
    """Accept locked dropships whose locked orders are given: the holds go, the partners are told."""
    if not going:
        return
    parts = {part.id: part for row in going for part in made.get(row.order_id, ())}
    await holds.lift(uow, [(each, HoldReason.DROPSHIP) for each in parts], parts)
    accepted = DropshipStatus.ACCEPTED
    await documents.take(
        uow, [Step(row, accepted, [messages.Accepted()], events.DropshipAccepted, answered=True) for row in going]
    )


async def reject(
    uow: UnitOfWork, *, ids: Sequence[UUID], reason: RejectReason, note: str = ""
) -> list[Answered | Refused]:
    """Tell partners that we will not ship, and why: our orders for it are cancelled; one or a thousand, twice is once.

    One that went on to a partner of ours is rejected once that partner has let it go. Refuses item by item:
    UNKNOWN_DROPSHIP, NOT_THE_SUPPLIER, ANSWERED, ANSWER_TOO_LATE. Needs `orders:write`.
    """
    _require(uow, ids)
    if reason not in rules.BY_HAND:
        raise InvalidInput(sentence("That is no reason a person gives; choose another."), field=("reason",))
    if len(note) > rules.NOTE_LENGTH_MAX:
        raise InvalidInput(
            sentence("A note has at most {most} characters.", most=rules.NOTE_LENGTH_MAX), field=("note",)
        )
    locked = await locks.lock_dropships(uow, uow.among(Dropship.id, set(ids)))
    answers: list[Answered | Refused] = []
    going: dict[UUID, Row] = {}
    refused: dict[int, Refusal] = {}
    for index, each in enumerate(ids):
        row = locked.get(each)
        refusal = _refusal(uow, row, DropshipStatus.REJECTED)
        if refusal is not None or row is None:
            refused[index] = refusal or refusals.UnknownDropship()
        elif row.status == DropshipStatus.SUBMITTED:
            going[each] = row
    ended = await _stop_and_settle(uow, list(going.values()), reason, note)
    for index, each in enumerate(ids):
        if index in refused:
            answers.append(Refused(index, refused[index]))
        else:
            answers.append(Answered(each, ended.get(each, DropshipStatus.REJECTED), each in going))
    return answers


async def _stop_and_settle(
    uow: UnitOfWork, going: Sequence[Row], reason: RejectReason, note: str
) -> dict[UUID, DropshipStatus]:
    """Cancel the orders of locked dropships and end those that have stopped; the others wait for our own partner."""
    if not going:
        return {}
    made = await _orders_behind(uow, going)
    parts = [part.id for own in made.values() for part in own]
    for start in range(0, len(parts), cancel.BATCH_MAX):
        await cancel.cancel_fulfillment_orders(uow, ids=parts[start : start + cancel.BATCH_MAX], reason=REJECTED)
    return await cancelling.settle(uow, [row.id for row in going], wish=reason, note=note)


async def expire(uow: UnitOfWork, ids: Collection[UUID]) -> None:
    """Reject dropships whose time to answer is over, as EXPIRED; answered ones are left alone.

    One whose order a partner of ours has taken on is accepted: nobody took it back in time.
    """
    locked = await locks.lock_dropships(uow, uow.among(Dropship.id, ids))
    due = [
        row
        for row in locked.values()
        if row.side == Side.SUPPLIER and row.status == DropshipStatus.SUBMITTED and uow.now >= row.answer_by
    ]
    made = await _orders_behind(uow, due)
    taken_on = [row for row in due if any(_is_taken_on(part) for part in made.get(row.order_id, ()))]
    await write_accepted(uow, [row for row in taken_on if row.reason is None], made)
    over = [row for row in due if row not in taken_on and row.reason is None]
    await _stop_and_settle(uow, over, RejectReason.EXPIRED, "")


def _is_taken_on(part: Row) -> bool:
    """Tell whether a partner of ours has promised to ship a part of an order, or has."""
    return part.progress == Progress.SHIPPED or (
        order_rules.is_with_partner(part.request_status) and part.request_status != RequestStatus.SUBMITTED
    )


async def accept_by_itself(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> None:
    """Accept what waits for an answer, is all promised, and needs nobody to decide.

    Nobody need decide where the partnership accepts by itself, nor when a partner of ours, to whom we gave the order,
    has accepted it.
    """
    waiting = which & (Dropship.side == Side.SUPPLIER) & (Dropship.status == DropshipStatus.SUBMITTED)
    locked = await locks.lock_dropships(uow, waiting)
    in_time = [row for row in locked.values() if row.reason is None and uow.now <= row.answer_by]
    made = await _orders_behind(uow, in_time)
    going = [
        row
        for row in in_time
        if _cover_refusal(row, made) is None
        and (row.auto_accept or any(_is_taken_on(part) for part in made.get(row.order_id, ())))
    ]
    await write_accepted(uow, going, made)


async def on_accepted(uow: UnitOfWork, envelope: Envelope, message: messages.Accepted) -> None:
    """Our partner will ship."""
    row = await documents.heard_of(uow, envelope)
    status = documents.heard(row, message.kind)
    if row.fulfillment_order_id is not None:
        await order_locks.lock_fulfillment_orders(uow, [row.fulfillment_order_id])
        await orders.mark_accepted(uow, [row.fulfillment_order_id])
    await documents.take(uow, [Step(row, status, event=events.DropshipAccepted, answered=True)])


async def on_rejected(uow: UnitOfWork, envelope: Envelope, message: messages.Rejected) -> None:
    """Our partner will not ship, or not the rest: the order is ours again, and goes where it would have gone."""
    row = await documents.heard_of(uow, envelope)
    await _give_up(uow, row, documents.heard(row, message.kind), message.reason, message.note)


async def on_refused(uow: UnitOfWork, envelope: Envelope, message: messages.DropshipRefused) -> None:
    """Our partner could not take what we told about a dropship: a request that it never got is no request."""
    told = events.PartnerMessageRefused(
        envelope.partnership_id, message.message_id, message.refused_kind, message.code, by_us=False
    )
    uow.emit([told])
    found = await locks.lock_dropships(uow, Dropship.id == message.dropship_id)
    row = found.get(message.dropship_id)
    if row is None or row.side != Side.DISTRIBUTOR or row.partner_id != envelope.sender_id:
        return
    waiting = {DropshipStatus.SUBMITTED, DropshipStatus.CANCELLATION_REQUESTED}
    if message.refused_kind == messages.Submitted.kind and row.status in waiting:
        await _give_up(uow, row, DropshipStatus.REJECTED, RejectReason.OTHER, "")


async def _give_up(uow: UnitOfWork, row: Row, status: DropshipStatus, reason: str, note: str) -> None:
    known = reason if reason in set(RejectReason) else RejectReason.OTHER
    if row.fulfillment_order_id is not None:
        await orders.back_to_own(uow, {row.fulfillment_order_id: (RequestStatus.REJECTED, str(known))})
    details = documents.rejected_details(known, note[: rules.NOTE_LENGTH_MAX])
    await documents.take(
        uow, [Step(row, status, event=events.DropshipRejected, details=details, reason=known, answered=True)]
    )


HANDLERS: Mapping[str, Any] = {
    messages.Accepted.kind: on_accepted,
    messages.Rejected.kind: on_rejected,
    messages.DropshipRefused.kind: on_refused,
}
"""Which messages are dealt with here."""
