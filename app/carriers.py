"""Carriers this installation talks to, and the outbox's way to them."""

from collections.abc import Sequence

from pickmesh.app.letters import SendingFailed
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Letter
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.packing import issuing
from pickmesh.core.packing.carriers import LOCAL, CarrierDeclined, CarrierFailed, Carriers
from pickmesh.core.packing.local import LocalCarrier


def known() -> Carriers:
    """Return the kinds of carriers there are adapters for."""
    return Carriers({LOCAL: LocalCarrier()})


class CarrierPost:
    """Asks carriers for what the outbox's `carrier` letters say; the waybill's id makes a second asking harmless."""

    def __init__(self, database: Database, carriers: Carriers) -> None:
        self._database = database
        self._carriers = carriers

    async def send(self, actor: Actor, letter: Letter) -> None:
        """Ask for a number, or give one back."""
        try:
            await issuing.deliver(self._database, actor, self._carriers, letter)
        except (CarrierFailed, CarrierDeclined) as error:
            raise SendingFailed(str(error)) from error

    async def sent(self, uow: UnitOfWork, letters: Sequence[Letter]) -> None:
        """Nothing more to note: what a carrier answered was recorded when it did."""
