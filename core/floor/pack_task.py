"""A pack bench as the interpreter sees it: the orders whose goods are at hand, read once for a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from pickmesh.core.kit.texts import Named
from pickmesh.core.orders.tables import Progress
from pickmesh.core.packing import rules
from pickmesh.core.packing.tables import ParcelState
from pickmesh.core.stock.tables import ShipAt


@dataclass(frozen=True, slots=True)
class LotAtHand:
    """A lot that was picked for a line."""

    code: str
    expires_on: date | None


@dataclass(slots=True)
class PackLine:
    """A line of an order at the bench: wanted, in parcels, and waiting in totes."""

    id: UUID
    sku_id: UUID
    sku_code: str
    sku_name: str
    quantity: int
    packed: int
    at_hand: int
    here: dict[UUID, int] = field(default_factory=dict)  # by parcel
    weight_g: int | None = None
    serial_tracked: bool = False
    lots: Sequence[LotAtHand] = ()
    places: frozenset[UUID] = frozenset()
    allocation_ids: Sequence[UUID] = ()
    in_bins: int = 0
    may_lack: bool = False
    name_zh: str = ""

    @property
    def name(self) -> Named:
        """The name of its goods in whichever language is read."""
        return Named(self.sku_name, self.name_zh)

    @property
    def left(self) -> int:
        """How many are still to be verified; an order that ships what is there waits for nothing that is nowhere."""
        left = self.quantity - self.packed
        return min(left, self.at_hand + self.in_bins) if self.may_lack else left


@dataclass(frozen=True, slots=True)
class ParcelNow:
    """A parcel of an order."""

    id: UUID
    number: str
    state: ParcelState


@dataclass(slots=True)
class PackOrder:
    """A fulfillment order with its lines and its parcels, the oldest first."""

    id: UUID
    number: str
    location_id: UUID | None
    progress: Progress
    stopped: bool
    lines: dict[UUID, PackLine] = field(default_factory=dict)
    parcels: dict[UUID, ParcelNow] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """How many pieces are still to be verified."""
        return sum(line.left for line in self.lines.values())

    @property
    def at_hand(self) -> int:
        """How many pieces wait in totes or on the bench."""
        return sum(line.at_hand for line in self.lines.values())

    @property
    def open_parcel(self) -> ParcelNow | None:
        """The parcel that is being filled."""
        return next((parcel for parcel in self.parcels.values() if parcel.state is ParcelState.OPEN), None)

    def in_parcel(self, parcel_id: UUID | None) -> int:
        """Return how many pieces are in a parcel."""
        return sum(line.here.get(parcel_id, 0) for line in self.lines.values()) if parcel_id else 0

    def expected_weight_g(self, parcel_id: UUID) -> int | None:
        """Return what a parcel's contents weigh; None when a weight is not known."""
        inside = ((line.weight_g, line.here.get(parcel_id, 0)) for line in self.lines.values())
        return rules.expected_weight_g((weight, quantity) for weight, quantity in inside if quantity)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Goods of an order at hand: of which SKU, in which tote, and whether the order is of this one piece."""

    fulfillment_order_id: UUID
    sku_id: UUID
    place_id: UUID
    is_single: bool


@dataclass(frozen=True, slots=True)
class Packed:
    """What an earlier entry put into a parcel."""

    parcel_id: UUID
    parts: Sequence[tuple[UUID, int, UUID | None]]  # fulfillment line, quantity, serial-tracked unit
    undone: bool = False

    @property
    def quantity(self) -> int:
        """How many pieces it was."""
        return sum(quantity for _, quantity, _ in self.parts)


@dataclass(slots=True)
class Bench:
    """What all packers of a batch share: orders by id, goods at hand in the order they should go, pieces spoken for."""

    orders: dict[UUID, PackOrder] = field(default_factory=dict)
    waiting: Sequence[Waiting] = ()
    claimed: set[UUID] = field(default_factory=set)
    units_packed: set[UUID] = field(default_factory=set)
    booked: dict[UUID, Packed] = field(default_factory=dict)

    def goods_of(self, order_id: UUID | None) -> set[UUID]:
        """Return the allocations of an order's goods at hand and in parcels."""
        order = self.orders.get(order_id) if order_id else None
        return {each for line in order.lines.values() for each in line.allocation_ids} if order else set()


@dataclass(slots=True)
class PackTask:
    """One packer's bench: the warehouse's settings, and everything at hand."""

    location_id: UUID
    station_id: UUID | None
    ship_at: ShipAt
    weight_tolerance_g: int
    today: date
    bench: Bench
