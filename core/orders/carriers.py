"""Which carrier a fulfillment order goes with, as it is kept on the order."""

from collections.abc import Mapping
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders.tables import FulfillmentOrder


async def set_carriers(uow: UnitOfWork, carriers: Mapping[UUID, str | None]) -> None:
    """Keep the carriers of locked fulfillment orders; None leaves an order to whatever decides next."""
    changed = [{"id": each, "carrier": carriers[each]} for each in sorted(carriers)]
    await uow.update(FulfillmentOrder, changed, bump_version=True)
