"""Taking partners' messages, each once: the inbox row and the effect commit together in the receiver's unit of work.

Messages about a dropship are dealt with in their sender's order: one that came too early waits. What can never be taken
is recorded, and its sender told by a message of its own, in one unit of work.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pickmesh.core.accounts.tables import Merchant
from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Inbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import system_actor
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.mesh import (
    answering,
    cancelling,
    events,
    heard,
    locks,
    messages,
    partnerships,
    posting,
    queries,
    receiving,
    shipping,
)
from pickmesh.core.mesh.messages import DropshipRefused, Ended, Envelope, Invited, Message, NotYet, Refused
from pickmesh.core.mesh.posting import Outgoing
from pickmesh.core.mesh.refusals import PartnerGone, UnknownPartnership, WaitedInVain
from pickmesh.core.mesh.tables import Dropship
from pickmesh.core.orders.recipients import NewRecipient

Handler = Callable[[UnitOfWork, Envelope, Any], Awaitable[NotYet | None]]
"""Does what a message of one kind asks; returns NotYet, having written nothing, when it must wait for another; raises
a Refusal, whatever it has written, when the message can never be taken."""


async def on_refused(uow: UnitOfWork, envelope: Envelope, message: Refused) -> None:
    """Note that a partner could not take what it was told; one that knows of no partnership has none with us."""
    told = events.PartnerMessageRefused(
        envelope.partnership_id, message.message_id, message.refused_kind, message.code, by_us=False
    )
    uow.emit([told])
    if message.code in {UnknownPartnership.code, PartnerGone.code}:
        await partnerships.on_ended(uow, envelope, Ended())


HANDLERS: Mapping[str, Handler] = {
    **partnerships.HANDLERS,
    **heard.HANDLERS,
    **receiving.HANDLERS,
    **answering.HANDLERS,
    **cancelling.HANDLERS,
    **shipping.HANDLERS,
    Refused.kind: on_refused,
}
"""Who deals with messages of which kind."""
_NEVER_REFUSED = frozenset({Refused.kind, DropshipRefused.kind})
"""A refusal is not refused in turn: two who do not understand each other would go on for ever."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """A letter of a sender's outbox on its way in; its id is the message's, the recipient came beside it."""

    sender_id: UUID
    message_id: UUID
    payload: Mapping[str, Any]
    recipient: NewRecipient | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """Return what kind of message it is."""
        return str(self.payload["kind"])

    def envelope(self) -> Envelope:
        """Return what stands on it."""
        dropship_id = self.payload["dropship_id"]
        return Envelope(
            message_id=self.message_id,
            sender_id=self.sender_id,
            partnership_id=UUID(self.payload["partnership_id"]),
            dropship_id=None if dropship_id is None else UUID(dropship_id),
            sequence=self.payload["sequence"],
            recipient=self.recipient,
        )


@dataclass(frozen=True, slots=True)
class Received:
    """The message has had its effect: now, or (`again`) when it came before."""

    again: bool


class _Undone(Exception):
    """Ends a unit of work without a trace of it, for a reason."""

    def __init__(self, reason: NotYet | Refusal) -> None:
        self.reason = reason
        super().__init__(reason)


async def deliver(
    database: Database, receiver_id: UUID, arriving: Arriving, *, last_try: bool = False
) -> Received | NotYet | Refusal:
    """Hand a partner's message over, in units of work of the receiver's own; harmless when it came before.

    A refusal is recorded and told back to the sender by then; a NotYet leaves nothing behind, and is a refusal on the
    last try. No unit of work may be open meanwhile.
    """
    actor = system_actor(receiver_id)

    async def take(uow: UnitOfWork) -> Received:
        outcome = await receive(uow, arriving)
        if isinstance(outcome, Received):
            return outcome
        raise _Undone(outcome)

    try:
        return await database.run(actor, take)
    except _Undone as undone:
        reason = undone.reason
    if isinstance(reason, NotYet):
        if not last_try:
            return reason
        reason = WaitedInVain(data={"after": reason.after})
    refusal = reason
    if isinstance(refusal, PartnerGone):
        await _tell_for(database, receiver_id, arriving, refusal)
    else:
        await database.run(actor, lambda uow: refuse(uow, arriving, refusal))
    return refusal


async def _tell_for(database: Database, gone_id: UUID, arriving: Arriving, refusal: Refusal) -> None:
    """Tell a sender in place of a partner who is gone that its message cannot be taken."""
    if arriving.kind in _NEVER_REFUSED:
        return
    told = refused_as(arriving.envelope(), arriving.kind, refusal.code)
    payload = posting.payload_of(Outgoing(arriving.sender_id, UUID(arriving.payload["partnership_id"]), told), None)
    answer = Arriving(gone_id, uuid5(arriving.message_id, refusal.code), payload)
    await deliver(database, arriving.sender_id, answer, last_try=True)


async def receive(uow: UnitOfWork, arriving: Arriving) -> Received | NotYet | Refusal:
    """Let a message have its effect, once. Unless it is `Received`, the unit of work must be undone as a whole."""
    if not await _is_here(uow):
        return PartnerGone()
    if not await _first_time(uow, arriving):
        return Received(again=True)
    envelope = arriving.envelope()
    try:
        message = messages.message_in(arriving.kind, int(arriving.payload["version"]), arriving.payload["body"])
        outcome = await _gate(uow, envelope) or await _require_partnership(uow, envelope, message)
        if outcome is None:
            outcome = await HANDLERS[message.kind](uow, envelope, message)
    except Refusal as refusal:
        return refusal
    if outcome is not None:
        return outcome
    await _heard(uow, envelope)
    return Received(again=False)


async def refuse(uow: UnitOfWork, arriving: Arriving, refusal: Refusal) -> None:
    """Record that a message will never be taken, and tell its sender; those after it in its dropship need not wait."""
    if not await _first_time(uow, arriving):
        return
    envelope = arriving.envelope()
    told = events.PartnerMessageRefused(
        envelope.partnership_id, arriving.message_id, arriving.kind, refusal.code, by_us=True
    )
    uow.emit([told])
    if await _gate(uow, envelope) is None:
        await _heard(uow, envelope)
    if arriving.kind not in _NEVER_REFUSED:
        answer = refused_as(envelope, arriving.kind, refusal.code)
        await posting.post(uow, [Outgoing(arriving.sender_id, envelope.partnership_id, answer)])


def refused_as(envelope: Envelope, kind: str, code: str) -> Message:
    """Return the message that tells a sender that its own was refused; it stands outside its dropship's sequence."""
    if envelope.dropship_id is not None:
        return DropshipRefused(envelope.message_id, kind, code, envelope.dropship_id)
    return Refused(envelope.message_id, kind, code)


async def _is_here(uow: UnitOfWork) -> bool:
    return await uow.first(sa.select(Merchant.merchant_id).where(uow.mine(Merchant))) is not None


async def _first_time(uow: UnitOfWork, arriving: Arriving) -> bool:
    """Write the inbox row; False when it stands there. Whoever comes second waits for the first to commit."""
    insert = postgresql.insert if uow.dialect == "postgresql" else sqlite.insert
    row = {
        "merchant_id": uow.merchant_id,
        "sender": str(arriving.sender_id),
        "message_id": str(arriving.message_id),
        "received_at": uow.now,
    }
    written = await uow.execute(insert(table_of(Inbox)).values(row).on_conflict_do_nothing())
    return written.rowcount == 1


async def _gate(uow: UnitOfWork, envelope: Envelope) -> Received | NotYet | None:
    """Lock the dropship of a message and tell whether it is its turn: None when it is."""
    if envelope.dropship_id is None or envelope.sequence is None:
        return None
    heard_so_far = await locks.lock_heard(uow, envelope.dropship_id)
    if envelope.sequence <= heard_so_far:
        return Received(again=True)
    if envelope.sequence > heard_so_far + 1:
        return NotYet(f"message {heard_so_far + 1} of its dropship")
    return None


async def _heard(uow: UnitOfWork, envelope: Envelope) -> None:
    if envelope.dropship_id is not None and envelope.sequence is not None:
        await uow.update(Dropship, [{"id": envelope.dropship_id, "heard": envelope.sequence}])


async def _require_partnership(uow: UnitOfWork, envelope: Envelope, message: Message) -> NotYet | None:
    """Refuse what does not come from the partner of that partnership; an invitation makes one, its end waits for it."""
    if isinstance(message, Invited):
        return None
    known = await queries.partnership(uow, envelope.partnership_id)
    if known is None and isinstance(message, Ended):
        return NotYet("the invitation")
    if known is None or known.partner_id != envelope.sender_id:
        raise UnknownPartnership
    return None
