"""What the mesh does when something happened elsewhere.

Partners are told of stock that came, went or was promised; short orders go to partners; what becomes of an order by
which we supply a partner is told to it.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pickmesh.core.catalog import changes
from pickmesh.core.catalog import events as catalog_events
from pickmesh.core.journal import events as journal_events
from pickmesh.core.journal.reading import LoggedEvent, Reaction
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.mesh import answering, cancelling, documents, dropships, offers, told
from pickmesh.core.mesh import events as mesh_events
from pickmesh.core.mesh.tables import Dropship, Side
from pickmesh.core.orders import events as order_events
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


async def on_orders_short(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Give orders that lack stock to partners that take them without being asked."""
    named = [UUID(each) for event in events for each in event.payload.get("fulfillment_order_ids", ())]
    ids = named or [event.subject_id for event in events]
    await dropships.submit_short(uow, fulfillment_order_ids=ids)


async def on_partner_offers_changed(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Give orders that wait for stock to partners who have some now."""
    await dropships.submit_waiting(uow, partnership_ids={event.subject_id for event in events})


async def on_order_stopped(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Ask partners back for what was cancelled, and tell those whom we supply that we will not ship."""
    await cancelling.ask_back_stopped(uow, {event.subject_id for event in events})
    await cancelling.settle_orders(uow, _order_ids(events))


async def on_order_shipped(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Tell partners whom we supply of parcels that left or were called back."""
    await cancelling.tell_parcels(uow, {event.subject_id for event in events})


async def on_dropship_received(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Accept what partners ask for where nobody need be asked."""
    await answering.accept_by_itself(uow, uow.among(Dropship.id, {event.subject_id for event in events}))


async def on_order_covered(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Accept what waited for stock, or for our own partner, where nobody need be asked."""
    await answering.accept_by_itself(uow, uow.among(Dropship.order_id, _order_ids(events)))


async def on_dropship_rejected(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Look for another partner for what one would not ship."""
    back = [event.payload["fulfillment_order_id"] for event in events if event.payload["side"] == Side.DISTRIBUTOR]
    await dropships.submit_short(uow, fulfillment_order_ids=[UUID(each) for each in back if each])


async def on_cancellation_rejected(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Tell those whom we supply that our own partner goes on."""
    await cancelling.settle_orders(uow, _order_ids(events))


async def on_timer_due(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Give back what nobody has answered in time."""
    due = {event.subject_id for event in events if event.payload["timer"] == documents.ANSWER_TIMER}
    await answering.expire(uow, due)


def _order_ids(events: Sequence[LoggedEvent]) -> set[UUID]:
    return {UUID(event.payload["order_id"]) for event in events if event.payload["order_id"]}


REACTIONS: Mapping[str, Reaction] = {
    stock_events.StockReceived.kind: on_stock_changed,
    stock_events.StockAdjusted.kind: on_stock_changed,
    stock_events.SellableChanged.kind: on_stock_changed,
    stock_events.StockBufferChanged.kind: on_stock_changed,
    stock_events.StockReserved.kind: on_stock_changed,
    stock_events.ReservationReleased.kind: on_stock_changed,
    stock_events.ReservationLost.kind: on_stock_changed,
    stock_events.UnitsMissing.kind: on_stock_changed,
    stock_events.StockShipped.kind: on_stock_changed,
    stock_events.StockUnshipped.kind: on_stock_changed,
    catalog_events.SkuChanged.kind: on_sku_changed,
}
"""Which events the mesh reacts to."""

DROPSHIPS: Mapping[str, Reaction] = {
    order_events.FulfillmentOrderIntercepted.kind: on_order_stopped,
    order_events.FulfillmentOrderCancelled.kind: on_order_stopped,
    order_events.OrderShipped.kind: on_order_shipped,
    order_events.OrderShipmentUndone.kind: on_order_shipped,
    order_events.BackorderFilled.kind: on_order_covered,
    mesh_events.DropshipReceived.kind: on_dropship_received,
    mesh_events.DropshipAccepted.kind: on_order_covered,
    mesh_events.DropshipCancellationRejected.kind: on_cancellation_rejected,
    journal_events.TimerDue.kind: on_timer_due,
}
"""What happens to dropships, with a cursor of its own: it locks these first, then orders and stock."""

ROUTES: Mapping[str, Reaction] = {
    order_events.OrderImported.kind: on_orders_short,
    order_events.OrderChanged.kind: on_orders_short,
    order_events.FulfillmentOrderShort.kind: on_orders_short,
    mesh_events.PartnerOffersChanged.kind: on_partner_offers_changed,
    mesh_events.DropshipRejected.kind: on_dropship_rejected,
}
"""Giving short orders to partners, with a cursor of its own: it locks orders first, and no dropship that exists."""
