"""What packing does when something happened elsewhere: empty boxes of stopped orders, print agents gone silent."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pickmesh.core.journal import events as journal_events
from pickmesh.core.journal.reading import LoggedEvent, Reaction
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import events as order_events
from pickmesh.core.packing import ahead, carrier_choice, parcels, printing
from pickmesh.core.picking import events as picking_events


async def on_order_stopped(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Give up the parcels of stopped orders that hold nothing (any more); their waybills are voided with them."""
    await parcels.void_parcels_of_orders(uow, {event.subject_id for event in events})


async def on_wave_released(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Ask for numbers ahead, where the warehouse wants them at release."""
    await ahead.prepare_parcels(uow, {event.subject_id for event in events})


async def on_kicked_out(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Give numbers back that were asked for ahead, for orders that went out of their waves."""
    await parcels.void_prepared(uow, {event.subject_id for event in events})


async def on_timer_due(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Settle print jobs whose agent has not been heard of for the length of its lease."""
    due = {event.subject_id for event in events if event.payload["timer"] == printing.LEASE_TIMER}
    if due:
        await printing.end_leases(uow, due)


async def on_order_here(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Let the carrier rules decide as soon as an order is here, so that waves can be planned by carrier."""
    ids = {UUID(str(each)) for event in events for each in event.payload.get("fulfillment_order_ids", ())}
    routed = {event.subject_id for event in events if event.kind == order_events.FulfillmentOrderRouted.kind}
    await carrier_choice.choose_carriers(uow, ids | routed)


REACTIONS: Mapping[str, Reaction] = {
    order_events.OrderImported.kind: on_order_here,
    order_events.OrderChanged.kind: on_order_here,
    order_events.FulfillmentOrderRouted.kind: on_order_here,
    order_events.FulfillmentOrderCancelled.kind: on_order_stopped,
    order_events.FulfillmentOrderIntercepted.kind: on_order_stopped,
    picking_events.WaveReleased.kind: on_wave_released,
    picking_events.OrderKickedOut.kind: on_kicked_out,
    picking_events.GoodsPutBack.kind: on_order_stopped,
    journal_events.TimerDue.kind: on_timer_due,
}
