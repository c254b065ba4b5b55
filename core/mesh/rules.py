"""Rules of the mesh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pickmesh.core.kit import money
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.mesh import messages
from pickmesh.core.mesh.messages import Message
from pickmesh.core.mesh.tables import DropshipStatus

# Partnerships and offers

HOURS_TO_ANSWER = range(1, 24 * 14 + 1)
SHARE_PERCENT = range(1, 101)


def require_terms(currency: str, hours_to_answer: int) -> None:
    """Refuse terms nobody could keep."""
    if currency not in money.CURRENCIES:
        message = sentence("“{code}” is no currency; use its three capital letters, such as CNY.", code=currency[:20])
        raise InvalidInput(message, field=("currency",))
    if hours_to_answer not in HOURS_TO_ANSWER:
        message = sentence("The time to answer is 1 to {most} hours.", most=HOURS_TO_ANSWER[-1])
        raise InvalidInput(message, field=("hoursToAnswer",))


def require_offer(price_micros: int, share_percent: int) -> None:
    """Refuse a price or a share that cannot be."""
    if not 0 <= price_micros <= money.AMOUNT_MAX:
        raise InvalidInput(sentence("The price is below 0 or too high."), field=("priceMicros",))
    if share_percent not in SHARE_PERCENT:
        raise InvalidInput(sentence("The share is 1 to 100 percent."), field=("sharePercent",))


def share(available: int, share_percent: int) -> int:
    """Return how many pieces a partner is told of, rounded down."""
    return available * share_percent // 100


# Dropships: what each side makes of a message, in the state it is in

HOPS_MAX = 5
NOTE_LENGTH_MAX = 500


class RejectReason(StrEnum):
    """Why a supplier does not ship."""

    OUT_OF_STOCK = "OUT_OF_STOCK"
    PRICE = "PRICE"
    CANNOT_SHIP_THERE = "CANNOT_SHIP_THERE"
    OTHER = "OTHER"
    EXPIRED = "EXPIRED"


BY_HAND = frozenset(RejectReason) - {RejectReason.EXPIRED}
"""Reasons a person may give."""

_SUBMITTED, _ACCEPTED, _REJECTED = DropshipStatus.SUBMITTED, DropshipStatus.ACCEPTED, DropshipStatus.REJECTED
_ASKED_BACK, _CANCELLED, _SHIPPED = (
    DropshipStatus.CANCELLATION_REQUESTED,
    DropshipStatus.CANCELLED,
    DropshipStatus.SHIPPED,
)

DISTRIBUTOR_HEARS: Mapping[tuple[DropshipStatus, str], DropshipStatus] = {
    (_SUBMITTED, messages.Accepted.kind): _ACCEPTED,
    (_SUBMITTED, messages.Rejected.kind): _REJECTED,
    (_ACCEPTED, messages.Rejected.kind): _REJECTED,
    (_ACCEPTED, messages.Shipped.kind): _ACCEPTED,
    # These were on their way when we asked back: the answer to that is still to come, unless this is the end.
    (_ASKED_BACK, messages.Accepted.kind): _ASKED_BACK,
    (_ASKED_BACK, messages.Rejected.kind): _REJECTED,
    (_ASKED_BACK, messages.Shipped.kind): _ASKED_BACK,
    (_ASKED_BACK, messages.CancellationAccepted.kind): _CANCELLED,
    (_ASKED_BACK, messages.CancellationRejected.kind): _ACCEPTED,
    # All of it left before the supplier heard us.
    (_SHIPPED, messages.CancellationRejected.kind): _SHIPPED,
    # Called back: the supplier goes on with it, also with a part whose rest it gave up.
    (_ACCEPTED, messages.Unshipped.kind): _ACCEPTED,
    (_ASKED_BACK, messages.Unshipped.kind): _ASKED_BACK,
    (_SHIPPED, messages.Unshipped.kind): _ACCEPTED,
    (_REJECTED, messages.Unshipped.kind): _ACCEPTED,
}
"""What a supplier's message makes of our request. Others cannot come.

A parcel that completes it makes it SHIPPED; one that is called back lets what we asked for meanwhile stand again.
"""

SUPPLIER_HEARS: Mapping[tuple[DropshipStatus, str], DropshipStatus] = {
    (_SUBMITTED, messages.CancellationRequested.kind): _ASKED_BACK,
    (_ACCEPTED, messages.CancellationRequested.kind): _ASKED_BACK,
    # Our answer and the wish crossed: what we told before stands on both sides.
    (_REJECTED, messages.CancellationRequested.kind): _REJECTED,
    (_SHIPPED, messages.CancellationRequested.kind): _SHIPPED,
}
"""What a distributor's message makes of our work for it; `settled` then tells what becomes of it."""


def after_parcels(status: DropshipStatus, *, complete: bool, back: bool) -> DropshipStatus:
    """Return what a supplier's dropship becomes by parcels that left, or were called `back`."""
    if complete:
        return _SHIPPED
    if back and status in {_SHIPPED, _REJECTED}:
        return _ACCEPTED
    return _ACCEPTED if status == _SUBMITTED else status


class Standing(StrEnum):
    """What has become of the order by which a supplier carries a dropship out."""

    GOES_ON = "GOES_ON"
    ASKED_BACK = "ASKED_BACK"
    STOPPED = "STOPPED"
    SHIPPED = "SHIPPED"
    SHIPPED_IN_PART = "SHIPPED_IN_PART"


@dataclass(frozen=True, slots=True)
class Part:
    """A fulfillment order of a supplier's order, as far as stopping it goes."""

    cancelled: bool
    intercepted: bool
    with_partner: bool
    shipped: bool
    complete: bool

    @property
    def stopped(self) -> bool:
        """Tell that nothing more of it goes out: a stopped one that is nobody else's work never ships."""
        return self.cancelled or (self.intercepted and not self.with_partner)


def standing(parts: Sequence[Part]) -> Standing:
    """Return what has become of an order: parts that are asked back from our own supplier may still ship."""
    shipped = any(part.shipped for part in parts)
    if all(part.stopped or part.complete for part in parts) and any(part.stopped for part in parts):
        return Standing.SHIPPED_IN_PART if shipped else Standing.STOPPED
    if shipped:
        return Standing.SHIPPED
    return Standing.ASKED_BACK if any(part.intercepted for part in parts) else Standing.GOES_ON


Settlement = tuple[DropshipStatus, tuple[type[Message], ...]]
"""What a dropship becomes at the supplier, and what the distributor is told."""

_SETTLED: Mapping[tuple[DropshipStatus, Standing], Settlement] = {
    (_SUBMITTED, Standing.STOPPED): (_REJECTED, (messages.Rejected,)),
    (_SUBMITTED, Standing.SHIPPED): (_ACCEPTED, (messages.Accepted,)),
    (_SUBMITTED, Standing.SHIPPED_IN_PART): (_REJECTED, (messages.Rejected,)),
    (_ACCEPTED, Standing.STOPPED): (_REJECTED, (messages.Rejected,)),
    (_ACCEPTED, Standing.SHIPPED_IN_PART): (_REJECTED, (messages.Rejected,)),
    (_ASKED_BACK, Standing.STOPPED): (_CANCELLED, (messages.CancellationAccepted,)),
    (_ASKED_BACK, Standing.SHIPPED): (_ACCEPTED, (messages.CancellationRejected,)),
    (_ASKED_BACK, Standing.SHIPPED_IN_PART): (_REJECTED, (messages.Rejected,)),
    (_ASKED_BACK, Standing.GOES_ON): (_ACCEPTED, (messages.CancellationRejected,)),
}


def settled(status: DropshipStatus, standing: Standing, *, rejecting: bool = False) -> Settlement | None:
    """Return what a supplier's dropship becomes now that its order stands so; None while there is nothing to tell.

    `rejecting` says that we wanted to reject it and our own supplier would not let go: then it is accepted after all.
    """
    if rejecting and (status, standing) == (_SUBMITTED, Standing.GOES_ON):
        return _ACCEPTED, (messages.Accepted,)
    return _SETTLED.get((status, standing))


def may_hop_to(hops: Sequence[UUID], partner_id: UUID) -> bool:
    """Tell whether a request that came through these merchants may go on to another: in no circle, and not for ever."""
    return partner_id not in hops and len(hops) < HOPS_MAX


def amount_of(amount_minor: int, quantity: int, shipped: int, going: int) -> int:
    """Return what `going` pieces of a line cost after `shipped` of its `quantity` have been paid for.

    The line's amount is spread over its pieces by largest remainder, the earlier pieces taking it, so that whatever
    the parcels are they sum to the line's amount exactly.
    """
    each, remainder = divmod(amount_minor, quantity)
    before, after = min(shipped, remainder), min(shipped + going, remainder)
    return each * going + after - before
