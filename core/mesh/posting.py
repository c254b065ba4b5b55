"""Telling partners: messages go out through the outbox, those of a dropship numbered in their order."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import outbox
from pickmesh.core.journal.outbox import NewLetter
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.mesh.messages import Message, body_of
from pickmesh.core.mesh.tables import Dropship
from pickmesh.core.orders import recipients
from pickmesh.core.orders.recipients import NewRecipient

CHANNEL = "mesh"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for a partner; one about a dropship names it, and its document exists already."""

    partner_id: UUID
    partnership_id: UUID
    message: Message
    dropship_id: UUID | None = None


async def post(uow: UnitOfWork, outgoing: Sequence[Outgoing]) -> list[UUID]:
    """Put messages into the outbox and count those of dropships; return their ids, in order, as both sides know them.

    The caller holds the dropships' rows, and emits an event so that the worker looks at the outbox at once. Three
    statements, however many messages.
    """
    if not outgoing:
        return []
    sequences = await _counted(uow, [one.dropship_id for one in outgoing])
    letters = [
        NewLetter(CHANNEL, str(one.partner_id), payload_of(one, sequence))
        for one, sequence in zip(outgoing, sequences, strict=True)
    ]
    return await outbox.post(uow, letters)


def payload_of(outgoing: Outgoing, sequence: int | None) -> dict[str, Any]:
    """Return what is written into a letter."""
    return {
        "kind": outgoing.message.kind,
        "version": outgoing.message.version,
        "partnership_id": str(outgoing.partnership_id),
        "dropship_id": None if outgoing.dropship_id is None else str(outgoing.dropship_id),
        "sequence": sequence,
        "body": body_of(outgoing.message),
    }


async def recipient_of(uow: UnitOfWork, dropship_id: UUID) -> NewRecipient | None:
    """Return to whom a dropship of ours goes, in clear: for the relay to hand over in memory. Needs recipients:read."""
    order_id = await uow.scalar(sa.select(Dropship.order_id).where(uow.mine(Dropship), Dropship.id == dropship_id))
    found = await recipients.recipients_of(uow, [order_id], reveal=True) if order_id else {}
    if order_id not in found:
        return None
    told = found[order_id]
    return NewRecipient(**{item.name: getattr(told, item.name) for item in dataclasses.fields(NewRecipient)})


async def _counted(uow: UnitOfWork, dropship_ids: Sequence[UUID | None]) -> list[int | None]:
    """Return each message's number within its dropship, and remember how far that has come."""
    named = {each for each in dropship_ids if each is not None}
    if not named:
        return [None] * len(dropship_ids)
    found = await uow.fetch(
        sa.select(Dropship.id, Dropship.sent).where(uow.mine(Dropship), uow.among(Dropship.id, named))
    )
    sent = {row.id: row.sent for row in found}
    numbers: list[int | None] = []
    for each in dropship_ids:
        if each is not None:
            sent[each] += 1
        numbers.append(None if each is None else sent[each])
    await uow.update(Dropship, [{"id": each, "sent": count} for each, count in sorted(sent.items())])
    return numbers
