"""What orders decide without looking anything up: status, supported actions, what a change allows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pickmesh.core.orders.tables import Progress, RequestStatus


class Status(StrEnum):
    """What people are shown about a fulfillment order."""

    OPEN = "OPEN"
    SCHEDULED = "SCHEDULED"
    ON_HOLD = "ON_HOLD"
    BACKORDERED = "BACKORDERED"
    INTERCEPTED = "INTERCEPTED"
    RELEASED = "RELEASED"
    IN_PROGRESS = "IN_PROGRESS"
    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    MERGED = "MERGED"


class Action(StrEnum):
    """What may be done to a fulfillment order as it stands."""

    HOLD = "HOLD"
    RELEASE_HOLD = "RELEASE_HOLD"
    CANCEL = "CANCEL"
    INTERCEPT = "INTERCEPT"
    SPLIT = "SPLIT"
    UNSPLIT = "UNSPLIT"
    MERGE = "MERGE"
    UNMERGE = "UNMERGE"
    ROUTE = "ROUTE"
    RELEASE = "RELEASE"
    PICK = "PICK"
    PACK = "PACK"
    SHIP = "SHIP"
    MOVE = "MOVE"
    REROUTE = "REROUTE"
    PRIORITIZE = "PRIORITIZE"
    RESCHEDULE = "RESCHEDULE"


FINAL = frozenset({Progress.CANCELLED, Progress.MERGED, Progress.SHIPPED})
UNDER_WAY = frozenset({Progress.RELEASED, Progress.IN_PROGRESS, Progress.PACKED})
NOT_LEFT = UNDER_WAY | {Progress.OPEN}
LIVE = frozenset(Progress) - {Progress.CANCELLED, Progress.MERGED}
"""Stages whose lines count as live in “ordered = live + cancelled + refunded”."""

WITH_PARTNER = frozenset(
    {
        RequestStatus.SUBMITTED,
        RequestStatus.ACCEPTED,
        RequestStatus.CANCELLATION_REQUESTED,
        RequestStatus.CANCELLATION_REJECTED,
    }
)
"""Request statuses in which a partner has the fulfillment order and our own floor has not."""


def is_with_partner(request_status: str) -> bool:
    """Tell whether a fulfillment order is a partner's work now."""
    return request_status in WITH_PARTNER


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands beside a fulfillment order's progress; `takes_others` tells that others were merged into it."""

    intercepted_at: datetime | None = None
    hold_count: int = 0
    fulfill_at: datetime | None = None
    short_quantity: int = 0
    location_id: UUID | None = None
    with_partner: bool = False
    is_split_off: bool = False
    takes_others: bool = False


def status(progress: Progress, facts: Facts, now: datetime) -> Status:
    """Return the first that applies: final, INTERCEPTED, ON_HOLD, SCHEDULED, BACKORDERED, then the progress itself."""
    if progress in FINAL:
        return Status(progress.value)
    if facts.intercepted_at is not None:
        return Status.INTERCEPTED
    if facts.hold_count > 0:
        return Status.ON_HOLD
    if facts.fulfill_at is not None and facts.fulfill_at > now:
        return Status.SCHEDULED
    if facts.short_quantity > 0:
        return Status.BACKORDERED
    return Status(progress.value)


def supported_actions(progress: Progress, facts: Facts, now: datetime) -> tuple[Action, ...]:
    """Return what may be done to a fulfillment order now, in the order of `Action`."""
    shown = status(progress, facts, now)
    possible = {
        Action.HOLD: progress is Progress.OPEN,
        Action.RELEASE_HOLD: progress not in FINAL and facts.hold_count > 0,
        Action.CANCEL: progress is Progress.OPEN,
        Action.INTERCEPT: progress in UNDER_WAY and shown is not Status.INTERCEPTED,
        Action.SPLIT: progress is Progress.OPEN,
        Action.UNSPLIT: progress is Progress.OPEN and facts.is_split_off,
        Action.MERGE: progress is Progress.OPEN and facts.location_id is not None,
        Action.UNMERGE: progress is Progress.OPEN and facts.takes_others,
        Action.ROUTE: progress is Progress.OPEN and facts.location_id is None,
        Action.RELEASE: shown is Status.OPEN and facts.location_id is not None,
        Action.PICK: shown in {Status.RELEASED, Status.IN_PROGRESS} and not facts.with_partner,
        Action.PACK: shown in {Status.RELEASED, Status.IN_PROGRESS} and not facts.with_partner,
        Action.SHIP: shown is Status.PACKED,
        Action.MOVE: progress is Progress.OPEN,
        Action.REROUTE: progress is Progress.OPEN and facts.location_id is not None and facts.short_quantity > 0,
        Action.PRIORITIZE: progress not in FINAL and not facts.with_partner,
        Action.RESCHEDULE: progress is Progress.OPEN,
    }
    return tuple(action for action in Action if possible[action])


class RouteReason(StrEnum):
    """Why a fulfillment order goes to its location."""

    ONLY_WAREHOUSE = "ONLY_WAREHOUSE"
    COVERS_ORDER = "COVERS_ORDER"
    COVERS_MOST = "COVERS_MOST"
    NO_WAREHOUSE = "NO_WAREHOUSE"
    RULE = "RULE"
    PREFERRED = "PREFERRED"
    PRIORITY = "PRIORITY"
    CHEAPEST = "CHEAPEST"
    MOST_STOCK = "MOST_STOCK"
    FEWEST_PARCELS = "FEWEST_PARCELS"
    MOVED = "MOVED"
    UNMAPPED = "UNMAPPED"
    PARTNER = "PARTNER"


@dataclass(frozen=True, slots=True)
class Route:
    """Where an order goes, why, and what was weighed (None when there was nothing to weigh)."""

    location_id: UUID | None
    reason: RouteReason
    facts: dict[str, Any] | None = None


def blocking_progress(stages: Iterable[str]) -> Progress | None:
    """Return the furthest stage that forbids taking over a change from the shop; None when all of it may change."""
    found = [Progress(stage) for stage in stages]
    blocking = [stage for stage in found if stage not in {Progress.OPEN, Progress.CANCELLED}]
    order = list(Progress)
    return max(blocking, key=order.index) if blocking else None
