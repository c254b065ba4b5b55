"""The way of messages between merchants: from the sender's outbox into the receiver's own unit of work.

The relay is the only place that acts for both: first for the sender, to read to whom a dropship goes (which no letter
holds), then for the receiver. Neither's unit of work is open while the other's is: SQLite has one writer, which would
wait for itself.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from pickmesh.app.letters import SendingPutOff
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Letter
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.mesh import inbox, messages, posting
from pickmesh.core.mesh.inbox import Arriving
from pickmesh.core.mesh.messages import NotYet
from pickmesh.core.orders.recipients import NewRecipient

CHANNEL = posting.CHANNEL
PATIENCE = timedelta(days=1)
"""How long a message waits for one before it; then it is refused and its sender told."""
WAIT_SHORTEST, WAIT_LONGEST = timedelta(milliseconds=250), timedelta(seconds=30)


class MeshRelay:
    """Delivers the outbox's `mesh` letters; the letter's id makes a second coming harmless.

    A message that must wait for another is put off; one that can never be taken is told back by the receiver, or in
    place of one who is gone, and has left as far as this letter goes.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, actor: Actor, letter: Letter) -> None:
        """Deliver a letter, or put it off."""
        arriving = Arriving(actor.merchant_id, letter.id, letter.payload, await self._recipient(actor, letter))
        age = self._database.clock.now() - letter.created_at
        outcome = await inbox.deliver(self._database, UUID(letter.target), arriving, last_try=age > PATIENCE)
        if isinstance(outcome, NotYet):
            raise SendingPutOff(min(max(age, WAIT_SHORTEST), WAIT_LONGEST))

    async def sent(self, uow: UnitOfWork, letters: Sequence[Letter]) -> None:
        """Nothing more to note: what came of a message is told by messages."""

    async def _recipient(self, actor: Actor, letter: Letter) -> NewRecipient | None:
        if letter.payload["kind"] != messages.Submitted.kind:
            return None
        async with self._database.reading(actor) as uow:
            return await posting.recipient_of(uow, UUID(letter.payload["dropship_id"]))
