"""What decides whether fulfillment orders may become one parcel: what must be alike, and how urgent the whole is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pickmesh.core.accounts.tables import Platform, ShortagePolicy
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders.tables import HoldReason, PaymentStatus, Progress

ORDERS_MAX = 50
"""Most fulfillment orders that become one."""

MAY_STAND = frozenset({HoldReason.REVIEW, HoldReason.OPERATOR, HoldReason.CLIENT, HoldReason.APP})
"""Holds that do not keep an order out of a merge, as long as all of it waits for the same."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What fulfillment orders of one parcel have in common."""

    location_id: UUID | None
    buyer: tuple[str, str]
    cash_currency: str
    not_before: datetime | None
    holds: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Urgency:
    """By when a fulfillment order was promised, how it ranks, whether it waits for all of its goods, by which carrier.

    Without a `carrier` none was named for it yet.
    """

    ship_by: datetime
    priority: int
    shortage_policy: str
    carrier: str | None = None

    def kept(self) -> dict[str, Any]:
        """Return it as it is kept beside a merge."""
        ship_by = self.ship_by.isoformat()
        kept = {"ship_by": ship_by, "priority": self.priority, "shortage_policy": self.shortage_policy}
        return kept | {"carrier": self.carrier}


def urgency_of(row: Any) -> Urgency:
    """Return how urgent a fulfillment order's row is."""
    return Urgency(row.ship_by, row.priority, row.shortage_policy, row.carrier)


def urgency_kept(kept: Mapping[str, Any]) -> Urgency:
    """Return the urgency kept beside a merge; older ones say nothing of a carrier."""
    ship_by = datetime.fromisoformat(kept["ship_by"])
    return Urgency(ship_by, kept["priority"], kept["shortage_policy"], kept.get("carrier"))


def most_urgent(parts: Iterable[Urgency]) -> Urgency:
    """Return the urgency of a whole: the earliest promise, the highest priority; one that waits makes all wait.

    It goes with the one carrier that was named for any of its parts.
    """
    every = list(parts)
    waits = any(part.shortage_policy == ShortagePolicy.WAIT_FOR_ALL for part in every)
    return Urgency(
        min(part.ship_by for part in every),
        max(part.priority for part in every),
        ShortagePolicy.WAIT_FOR_ALL if waits else ShortagePolicy.SHIP_AVAILABLE,
        next((part.carrier for part in every if part.carrier is not None), None),
    )


def without(now: Urgency, together: Urgency, left: Urgency) -> Urgency:
    """Return the urgency after a part has left: what somebody set by hand since the merge stays as it was set."""
    return Urgency(
        left.ship_by if now.ship_by == together.ship_by else now.ship_by,
        left.priority if now.priority == together.priority else now.priority,
        left.shortage_policy if now.shortage_policy == together.shortage_policy else now.shortage_policy,
        left.carrier if now.carrier == together.carrier else now.carrier,
    )


def likeness(candidate: Any, holds: Iterable[tuple[str, str]], now: datetime) -> Likeness:
    """Return what a candidate's parcel companions must have too; `holds` are the reasons and handles that stand."""
    is_later = candidate.fulfill_at is not None and candidate.fulfill_at > now
    return Likeness(
        candidate.location_id,
        (candidate.address_key or "", candidate.phone_key or ""),
        candidate.currency if candidate.payment_status == PaymentStatus.COD else "",
        candidate.fulfill_at if is_later else None,
        frozenset(holds),
    )


def obstacle(candidate: Any, own: Likeness) -> str | None:
    """Return what keeps one candidate out of any merge, None when nothing does."""
    if candidate.progress != Progress.OPEN:
        return sentence("Work on this fulfillment order has begun or ended; only open ones are merged.")
    if own.location_id is None:
        return sentence("A fulfillment order has no warehouse yet; route it first.")
    if candidate.platform == Platform.PARTNER:
        return sentence("A partner's order goes out by itself, under the partner's name.")
    if not all(own.buyer) or candidate.erased_at is not None:
        return sentence(
            "The buyer's address or phone number is not known; nobody can tell that the parcels go to one buyer."
        )
    if any(reason not in MAY_STAND for reason, _ in own.holds):
        return sentence("A fulfillment order waits for its payment, address or goods; settle its holds first.")
    return None


def difference(likenesses: Sequence[Likeness], carriers: Iterable[str | None]) -> str | None:
    """Return the first thing in which fulfillment orders differ that must be alike in one parcel.

    One for which no carrier was named goes with any.
    """
    for name, said in _DIFFERENT.items():
        if len({getattr(each, name) for each in likenesses}) > 1:
            return said
    named = sorted({each for each in carriers if each is not None})
    if len(named) < 2:
        return None
    return sentence(
        "They go with different carriers ({carriers}); name one for all of them first.", carriers=", ".join(named)
    )


_DIFFERENT = {
    "location_id": sentence("They go out of different warehouses; move one of them first."),
    "buyer": sentence("They go to different buyers or addresses."),
    "cash_currency": sentence(
        "Some are paid on delivery and others are not, or in another currency; the carrier collects once."
    ),
    "not_before": sentence("They may go out at different times."),
    "holds": sentence("They are held for different reasons; settle the holds first."),
}
