"""What the mesh does when something happened elsewhere: partners are told of stock that came, went or was promised."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pickmesh.core.catalog import changes
from pickmesh.core.catalog import events as catalog_events
from pickmesh.core.journal.reading import LoggedEvent, Reaction
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.mesh import offers, told
from pickmesh.core.stock import events as stock_events

_DESCRIBING = frozenset({changes.DETAILS, changes.BARCODES})


async def on_stock_changed(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Tell partners the figures that are others now: once for all that happened up to this moment."""
    await told.tell(uow, sku_ids={_sku_id(event) for event in events})


def _sku_id(event: LoggedEvent) -> UUID:
    return UUID(event.payload["sku_id"]) if "sku_id" in event.payload else event.subject_id


async def on_sku_changed(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Tell partners of SKUs that have another name or other barcodes."""
    changed = {event.subject_id for event in events if _DESCRIBING & set(event.payload["what"])}
    await offers.describe(uow, sku_ids=changed)


REACTIONS: Mapping[str, Reaction] = {
    stock_events.StockReceived.kind: on_stock_changed,
    stock_events.StockAdjusted.kind: on_stock_changed,
    stock_events.SellableChanged.kind: on_stock_changed,
    stock_events.StockReserved.kind: on_stock_changed,
    stock_events.ReservationReleased.kind: on_stock_changed,
    stock_events.ReservationLost.kind: on_stock_changed,
    stock_events.UnitsMissing.kind: on_stock_changed,
    stock_events.StockShipped.kind: on_stock_changed,
    stock_events.StockUnshipped.kind: on_stock_changed,
    catalog_events.SkuChanged.kind: on_sku_changed,
}
"""Which events the mesh reacts to."""
