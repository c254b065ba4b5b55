"""What alerts does when something happened elsewhere: look whether it is wrong, or no longer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pickmesh.core.alerts import dropships, events, floor, low_stock, raising
from pickmesh.core.alerts.tables import AlertKind
from pickmesh.core.journal import events as journal_events
from pickmesh.core.journal.reading import LoggedEvent, Reaction
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.mesh import events as mesh_events
from pickmesh.core.orders import events as order_events
from pickmesh.core.picking import events as picking_events
from pickmesh.core.picking.tables import TaskKind
from pickmesh.core.stock import events as stock_events


async def on_stock_moved(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Look at levels that changed; the subject is the SKU."""
    await low_stock.look_at(uow, {(event.subject_id, UUID(event.payload["location_id"])) for event in events})


async def on_reservation_lost(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Look at levels reality has lowered; the subject is a fulfillment line."""
    places = {(UUID(event.payload["sku_id"]), UUID(event.payload["location_id"])) for event in events}
    await low_stock.look_at(uow, places)


async def on_reorder_point_saved(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Look at levels of which somebody said what is low."""
    await on_reservation_lost(uow, events)


async def on_task_opened(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Raise what pickers did not find."""
    since = _since([event for event in events if event.payload["task_kind"] == TaskKind.SHORT_PICK])
    if since:
        await raising.settle(uow, AlertKind.SHORT_PICK, await floor.short_picks(uow, since, since))


async def on_task_done(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Resolve what pickers did not find and somebody settled."""
    done = {event.subject_id for event in events if event.payload["task_kind"] == TaskKind.SHORT_PICK}
    await raising.recheck(uow, AlertKind.SHORT_PICK, done, floor.short_picks)


async def on_order_intercepted(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Raise orders that were stopped with goods out of their bins."""
    since = _since(events)
    await raising.settle(uow, AlertKind.INTERCEPTED, await floor.interceptions(uow, since, since))


async def on_order_over(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Resolve stopped orders whose goods are back."""
    over = {event.subject_id for event in events}
    await raising.recheck(uow, AlertKind.INTERCEPTED, over, floor.interceptions)


async def on_dropship_received(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Raise what a partner asks us to ship."""
    await dropships.look_at(uow, _since(events), may_raise=True)


async def on_dropship_moved(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Resolve what was answered, and tell what partners answered us."""
    last = {event.subject_id: event.kind for event in events}
    called_back = {each for each, kind in last.items() if kind == mesh_events.DropshipUnshipped.kind}
    await dropships.look_at(uow, _since(events), may_raise=False, called_back=called_back)


async def on_timer_due(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Let alerts that were put off come back."""
    due = {event.subject_id for event in events if event.payload["timer"] == raising.SNOOZE_TIMER}
    if due:
        await raising.wake(uow, due)


def _since(events: Sequence[LoggedEvent]) -> dict[UUID, datetime]:
    """Return when it was last heard of each subject."""
    return {event.subject_id: event.at for event in events}


LEVEL_EVENTS = (
    stock_events.StockReceived,
    stock_events.StockAdjusted,
    stock_events.SellableChanged,
    stock_events.StockBufferChanged,
    stock_events.StockReserved,
    stock_events.StockShort,
    stock_events.ReservationReleased,
    stock_events.StockShipped,
    stock_events.StockUnshipped,
)
"""What moves the figures of a SKU at a location."""

DROPSHIP_EVENTS = (
    mesh_events.DropshipAccepted,
    mesh_events.DropshipRejected,
    mesh_events.DropshipShipped,
    mesh_events.DropshipUnshipped,
    mesh_events.DropshipCancellationRequested,
    mesh_events.DropshipCancellationRejected,
    mesh_events.DropshipCancelled,
)
"""What a dropship comes to after it was asked for."""

REACTIONS: Mapping[str, Reaction] = {
    **{event.kind: on_stock_moved for event in LEVEL_EVENTS},
    stock_events.ReservationLost.kind: on_reservation_lost,
    events.ReorderPointSaved.kind: on_reorder_point_saved,
    picking_events.TaskOpened.kind: on_task_opened,
    picking_events.TaskDone.kind: on_task_done,
    order_events.FulfillmentOrderIntercepted.kind: on_order_intercepted,
    order_events.FulfillmentOrderCancelled.kind: on_order_over,
    mesh_events.DropshipReceived.kind: on_dropship_received,
    **{event.kind: on_dropship_moved for event in DROPSHIP_EVENTS},
    journal_events.TimerDue.kind: on_timer_due,
}
