"""What can happen to stock. Level events are one per SKU and location; line events one per fulfillment line."""

from dataclasses import dataclass
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


FREES_STOCK = frozenset({StockReceived.kind, StockAdjusted.kind, SellableChanged.kind, ReservationReleased.kind})
"""Kinds after which more may be free than before: when backorders are worth another look."""
