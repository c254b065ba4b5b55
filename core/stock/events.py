"""What can happen to stock. Level events are one per SKU and location; line events one per fulfillment line."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class StockReceived(Event):
    """Goods came in; the subject is the SKU."""

    kind: ClassVar[str] = "stock_received"
    location_id: UUID
    quantity: int
    free: int


@dataclass(frozen=True, slots=True)
class StockAdjusted(Event):
    """The figure was corrected, up or down; the subject is the SKU."""

    kind: ClassVar[str] = "stock_adjusted"
    location_id: UUID
    difference: int
    free: int


@dataclass(frozen=True, slots=True)
class SellableChanged(Event):
    """Goods changed pool or their lot was blocked or unblocked; the subject is the SKU, in free pieces."""

    kind: ClassVar[str] = "sellable_changed"
    location_id: UUID
    difference: int
    free: int


@dataclass(frozen=True, slots=True)
class StockReserved(Event):
    """Pieces were promised to orders; the subject is the SKU."""

    kind: ClassVar[str] = "stock_reserved"
    location_id: UUID
    quantity: int
    free: int


@dataclass(frozen=True, slots=True)
class StockShort(Event):
    """Orders wanted pieces that are not there; the subject is the SKU, quantity what stayed unpromised."""

    kind: ClassVar[str] = "stock_short"
    location_id: UUID
    quantity: int
    free: int


@dataclass(frozen=True, slots=True)
class ReservationReleased(Event):
    """Promised pieces became free again; the subject is the SKU."""

    kind: ClassVar[str] = "reservation_released"
    location_id: UUID
    quantity: int
    free: int


@dataclass(frozen=True, slots=True)
class ReservationLost(Event):
    """Reality took pieces that were promised; the subject is the fulfillment line."""

    kind: ClassVar[str] = "reservation_lost"
    reservation_id: UUID
    group_id: UUID
    location_id: UUID
    sku_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class AllocationLost(Event):
    """Units are no longer at the bin a line was sent to; the subject is the fulfillment line."""

    kind: ClassVar[str] = "allocation_lost"
    allocation_id: UUID
    work_line_id: UUID | None
    place_id: UUID
    sku_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class UnitsMissing(Event):
    """Promised units were not found where they should be and stand at MISSING; the subject is the fulfillment line."""

    kind: ClassVar[str] = "units_missing"
    allocation_id: UUID
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class StockShipped(Event):
    """Goods left for the buyer; the subject is the SKU."""

    kind: ClassVar[str] = "stock_shipped"
    location_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class StockUnshipped(Event):
    """A shipment was taken back before handover; the subject is the SKU."""

    kind: ClassVar[str] = "stock_unshipped"
    location_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class StockReturned(Event):
    """Goods came back from buyers, into whatever pool; the subject is the SKU."""

    kind: ClassVar[str] = "stock_returned"
    location_id: UUID
    quantity: int
    free: int


@dataclass(frozen=True, slots=True)
class TransferPlanned(Event):
    """Pieces were set aside to go to another warehouse; the subject is the transfer."""

    kind: ClassVar[str] = "transfer_planned"
    from_location_id: UUID
    to_location_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class TransferSent(Event):
    """Pieces left for another warehouse, or (below zero) came back before they arrived; the subject is the transfer.

    `complete` tells that no more will follow.
    """

    kind: ClassVar[str] = "transfer_sent"
    from_location_id: UUID
    to_location_id: UUID
    quantity: int
    complete: bool


@dataclass(frozen=True, slots=True)
class TransferReceived(Event):
    """Pieces of a transfer arrived (below zero: travel again) or were given up as lost; the subject is the transfer.

    `complete` tells that none travel any more and no more will follow.
    """

    kind: ClassVar[str] = "transfer_received"
    from_location_id: UUID
    to_location_id: UUID
    quantity: int
    lost_quantity: int
    complete: bool


@dataclass(frozen=True, slots=True)
class TransferCancelled(Event):
    """A transfer will not be sent and its pieces are free again; the subject is the transfer."""

    kind: ClassVar[str] = "transfer_cancelled"
    from_location_id: UUID
    to_location_id: UUID


@dataclass(frozen=True, slots=True)
class StockBufferChanged(Event):
    """Another number of pieces is kept back from shops and partners; the subject is the SKU."""

    kind: ClassVar[str] = "stock_buffer_changed"
    location_id: UUID
    buffer: int
    available: int


@dataclass(frozen=True, slots=True)
class PushPolicySaved(Event):
    """What a shop is told of our stock follows another rule; the subject is the shop, without a SKU it is all of it."""

    kind: ClassVar[str] = "push_policy_saved"
    sku_id: UUID | None


@dataclass(frozen=True, slots=True)
class StockLeaseOpened(Event):
    """Pieces were promised for a limited time; the subject is the lease."""

    kind: ClassVar[str] = "stock_lease_opened"
    quantity: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StockLeaseRenewed(Event):
    """A lease runs until another moment; the subject is the lease."""

    kind: ClassVar[str] = "stock_lease_renewed"
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StockLeaseClosed(Event):
    """A lease is over: `status` tells whether an order (named) used it, it was released, or its time ran out."""

    kind: ClassVar[str] = "stock_lease_closed"
    status: str
    quantity: int
    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class LocationChanged(Event):
    """Settings of a location are different now, or it was archived or restored; `what` names them."""

    kind: ClassVar[str] = "location_changed"
    what: list[str]
    version: int


FREES_STOCK = frozenset({StockReceived.kind, StockAdjusted.kind, SellableChanged.kind, ReservationReleased.kind})
"""Kinds after which more may be free than before: when backorders are worth another look."""

CHANGES_AVAILABLE = FREES_STOCK | {StockReserved.kind, StockBufferChanged.kind}
"""Kinds after which shops may have to be told another figure; the subject of each is the SKU."""
