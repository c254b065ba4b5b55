"""What explains where an order goes out and which bins its units come from, as it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pickmesh.core.orders.bins_weighed import BinBecause, BinOption


@dataclass(frozen=True, slots=True)
class LocationWeighed:
    """A warehouse as it was weighed: how many of the wanted pieces it covered, what sending from there costs."""

    location_id: UUID
    covered: int
    cost_minor: int | None
    priority: int
    in_region: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class BinChosen:
    """Units of a line, the bin they come from, where they are now, and what speaks for that bin by now.

    `chosen` is the bin as it is, None once the units have left it; `others` are those that would be taken next.
    """

    allocation_id: UUID
    line_id: UUID
    sku_id: UUID
    bin_id: UUID
    place_id: UUID
    lot_id: UUID
    quantity: int
    because: BinBecause
    chosen: BinOption | None
    others: Sequence[BinOption]
    sentence: str


@dataclass(frozen=True, slots=True)
class WhyHere:
    """Why a fulfillment order goes out where it does; what was weighed then, and the bins as weighed at `weighed_at`.

    Without a strategy nothing was weighed, or it was chosen before such facts were kept.
    """

    fulfillment_order_id: UUID
    location_id: UUID | None
    reason: str
    strategy: str | None
    rule_id: UUID | None
    rule_name: str | None
    wanted: int | None
    weighed: Sequence[LocationWeighed]
    bins: Sequence[BinChosen]
    weighed_at: datetime
    sentence: str
