"""A pack bench as the interpreter sees it: the orders whose goods are at hand, read once for a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from msgspec import Struct

from pickmesh.core.kit.texts import Named
from pickmesh.core.orders.tables import Progress
from pickmesh.core.packing import rules
from pickmesh.core.packing.carton_rules import Box, Piece
from pickmesh.core.packing.tables import ParcelState
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.picking.walls import WaveNow
from pickmesh.core.stock.tables import ShipAt

STATION_KINDS = frozenset({WaveKind.SINGLE_ITEM, WaveKind.HOT_SALE})
"""Kinds of waves of which any piece that is scanned takes the next order, closes its parcel and prints its label."""


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
    by_place: Mapping[UUID, int] = field(default_factory=dict)
    allocation_ids: Sequence[UUID] = ()
    in_bins: int = 0
    may_lack: bool = False
    name_zh: str = ""
    sides: tuple[int | None, int | None, int | None] = (None, None, None)
    in_hospital: Mapping[str, int] = field(default_factory=dict)  # by tote

    @property
    def places(self) -> frozenset[UUID]:
        """Where pieces of it wait at hand."""
        return frozenset(self.by_place)

    @property
    def name(self) -> Named:
        """The name of its goods in whichever language is read."""
        return Named(self.sku_name, self.name_zh)

    @property
    def left(self) -> int:
        """How many are still to be verified; an order that ships what is there waits for nothing that is nowhere."""
        left = self.quantity - self.packed
        return min(left, self.at_hand + self.in_bins) if self.may_lack else left


class ParcelNow(Struct, frozen=True):
    """A parcel of an order."""

    id: UUID
    number: str
    state: ParcelState
    carton_id: UUID | None = None

    @property
    def is_closed(self) -> bool:
        """Whether nothing changes in it any more unless it is opened again."""
        return self.state is not ParcelState.OPEN


class CartonNow(Struct, frozen=True):
    """A carton of the merchant's; an archived one is only known because a parcel goes in it."""

    id: UUID
    code: str
    name: str
    box: Box
    archived: bool = False

    @property
    def title(self) -> str:
        """How people know it."""
        return f"{self.code} {self.name}"


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
    wave_kind: WaveKind | None = None
    wave_id: UUID | None = None

    @property
    def is_of_station(self) -> bool:
        """Whether it is packed piece by piece at a station, without any tote or order being scanned."""
        return self.wave_kind in STATION_KINDS

    @property
    def contents(self) -> frozenset[tuple[UUID, int]]:
        """What it is of: orders of a hot sale are all of the same."""
        pieces: dict[UUID, int] = {}
        for line in self.lines.values():
            pieces[line.sku_id] = pieces.get(line.sku_id, 0) + line.quantity
        return frozenset(pieces.items())

    @property
    def left(self) -> int:
        """How many pieces are still to be verified."""
        return sum(line.left for line in self.lines.values())

    @property
    def at_hand(self) -> int:
        """How many pieces wait in totes or on the bench."""
        return sum(line.at_hand for line in self.lines.values())

    @property
    def in_hospital(self) -> Mapping[str, int]:
        """How many of its pieces lie in totes that wait for a lead, by the totes' codes."""
        pieces: dict[str, int] = {}
        for line in self.lines.values():
            for code, quantity in line.in_hospital.items():
                pieces[code] = pieces.get(code, 0) + quantity
        return dict(sorted(pieces.items()))

    def waits_at(self, place_id: UUID) -> int:
        """Return how many pieces a slot of the order still waits for."""
        return self.left - sum(min(line.left, line.by_place.get(place_id, 0)) for line in self.lines.values())

    @property
    def open_parcel(self) -> ParcelNow | None:
        """The parcel that is being filled."""
        return next((parcel for parcel in self.parcels.values() if parcel.state is ParcelState.OPEN), None)

    def in_parcel(self, parcel_id: UUID | None) -> int:
        """Return how many pieces are in a parcel."""
        return sum(line.here.get(parcel_id, 0) for line in self.lines.values()) if parcel_id else 0

    def pieces(self, parcel_id: UUID | None, *, rest: bool = False) -> list[Piece]:
        """Return what is in a parcel, with `rest` all that is still to come too, as the rules of cartons see it."""
        wanted: dict[UUID, Piece] = {}
        for line in self.lines.values():
            quantity = (line.here.get(parcel_id, 0) if parcel_id else 0) + (line.left if rest else 0)
            before = wanted[line.sku_id].quantity if line.sku_id in wanted else 0
            wanted[line.sku_id] = Piece(line.sku_id, before + quantity, *line.sides, line.weight_g)
        return [piece for piece in wanted.values() if piece.quantity]

    def expected_weight_g(self, parcel_id: UUID) -> int | None:
        """Return what a parcel's contents weigh; None when a weight is not known."""
        inside = ((line.weight_g, line.here.get(parcel_id, 0)) for line in self.lines.values())
        return rules.expected_weight_g((weight, quantity) for weight, quantity in inside if quantity)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Goods of an order at hand: of which SKU, in which tote, and whether a piece alone may open the order.

    That is so for orders of one piece, and for those of a hot sale.
    """

    fulfillment_order_id: UUID
    sku_id: UUID
    place_id: UUID
    is_single: bool
    wave_id: UUID | None = None


class Boxed(Struct, frozen=True):
    """The carton an earlier entry put a parcel into, and the one it was in before."""

    carton_id: UUID
    before: UUID | None


class Packed(Struct, frozen=True):
    """What an earlier entry put into a parcel, or what it put it into."""

    parcel_id: UUID
    parts: Sequence[tuple[UUID, int, UUID | None]]  # fulfillment line, quantity, serial-tracked unit
    undone: bool = False
    boxed: Boxed | None = None

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
    waves: dict[UUID, WaveNow] = field(default_factory=dict)
    cartons: dict[UUID, CartonNow] = field(default_factory=dict)

    def order_with(self, parcel_id: UUID) -> PackOrder | None:
        """Return the order of a parcel."""
        return next((order for order in self.orders.values() if parcel_id in order.parcels), None)

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
    every_unit: bool = False  # whether every content of a hot sale's order is scanned, not one for all
