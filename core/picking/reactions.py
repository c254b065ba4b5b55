"""What picking does when something happened elsewhere: stopped orders, filled backorders, lost bins, ended leases."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pickmesh.core.journal import events as journal_events
from pickmesh.core.journal.reading import LoggedEvent, Reaction
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import cancel
from pickmesh.core.orders import events as order_events
from pickmesh.core.picking import dark, laying_out, lists, put_backs, resourcing, rules, templates, walls, waves, work
from pickmesh.core.picking import events as picking_events
from pickmesh.core.stock import events as stock_events


async def on_order_stopped(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Take stopped orders off the pick lists, make put-back tasks for what is out of its bin, free what slots wait."""
    stopped = {event.subject_id for event in events}
    await laying_out.take_off_lists(uow, stopped)
    await put_backs.open_put_backs(uow, stopped)
    await walls.free_slots(uow, stopped)


async def on_order_moved(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Free orders that went to another warehouse from the waves planned where they were."""
    await waves.let_moved_go(uow, {event.subject_id for event in events})


async def on_allocation_lost(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Take from pick lines what reality has left of their bins."""
    line_ids = {UUID(event.payload["work_line_id"]) for event in events if event.payload["work_line_id"]}
    await laying_out.drop_unpromised(uow, await work.lock_lines(uow, line_ids))


async def on_backorder_filled(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Give bins to orders on the floor that stock has come for; those not released yet wait for their wave."""
    await resourcing.resume_orders(uow, {event.subject_id for event in events})


async def on_timer_due(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """End the dark of phones not heard in time, give back lists whose lease is over, tell whose hour has come."""
    timers: dict[str, set[UUID]] = {dark.DARK_TIMER: set(), rules.LEASE_TIMER: set()}
    for event in events:
        timers.get(event.payload["timer"], set()).add(event.subject_id)
    await dark.end_due(uow, timers[dark.DARK_TIMER] | timers[rules.LEASE_TIMER])
    await lists.end_leases(uow, timers[rules.LEASE_TIMER])
    hours = {event.subject_id: event for event in events if event.payload["timer"] == templates.TIMER}
    uow.emit(_template_due(event) for event in hours.values())


async def on_dark_ended(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Carry out the stops that waited for a phone without network."""
    await cancel.stop_as_asked(uow, ids={UUID(each) for event in events for each in event.payload[_ORDERS]})


async def on_template_due(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Make the wave of one template whose hour has come; the others' come one by one.

    A wave takes its number last, and no lock may be waited for with it in hand.
    """
    first, *others = events
    uow.emit(_template_due(event) for event in others)
    due_at = datetime.fromisoformat(first.payload["due_at"])
    await templates.run_due(uow, template_id=first.subject_id, due_at=due_at)


def _template_due(event: LoggedEvent) -> picking_events.WaveTemplateDue:
    return picking_events.WaveTemplateDue(event.subject_id, datetime.fromisoformat(event.payload["due_at"]))


async def on_release_due(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Release one wave its template wants released; the others' turn comes one by one."""
    first, *others = events
    uow.emit(picking_events.WaveReleaseDue(each.subject_id, each.payload["cart_capacity"]) for each in others)
    await templates.release_due(uow, wave_id=first.subject_id, cart_capacity=first.payload["cart_capacity"])


_ORDERS = "fulfillment_order_ids"
REACTIONS: Mapping[str, Reaction] = {
    order_events.FulfillmentOrderCancelled.kind: on_order_stopped,
    order_events.FulfillmentOrderIntercepted.kind: on_order_stopped,
    order_events.FulfillmentOrderMoved.kind: on_order_moved,
    order_events.BackorderFilled.kind: on_backorder_filled,
    picking_events.PickListDarkEnded.kind: on_dark_ended,
    stock_events.AllocationLost.kind: on_allocation_lost,
    journal_events.TimerDue.kind: on_timer_due,
    picking_events.WaveTemplateDue.kind: on_template_due,
    picking_events.WaveReleaseDue.kind: on_release_due,
}
