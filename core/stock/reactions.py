"""What stock does when something happened elsewhere: a lot's expiry day is over, a lease's time has run out."""

from collections.abc import Mapping, Sequence

from pickmesh.core.journal import events as journal_events
from pickmesh.core.journal.reading import LoggedEvent, Reaction
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.stock import goods, leases, lots


async def on_timer_due(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Block lots whose expiry day is over, so that nobody is promised what may not be sold; free what leases held."""
    lots_over = {event.subject_id for event in events if event.payload["timer"] == goods.LOT_OVER_TIMER}
    if lots_over:
        await lots.block_expired_lots(uow, lot_ids=lots_over)
    leases_over = {event.subject_id for event in events if event.payload["timer"] == leases.OVER_TIMER}
    if leases_over:
        await leases.expire_leases(uow, lease_ids=leases_over)


REACTIONS: Mapping[str, Reaction] = {journal_events.TimerDue.kind: on_timer_due}
"""Which events stock reacts to."""
