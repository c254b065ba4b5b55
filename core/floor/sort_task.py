"""A put wall as the interpreter sees it: waves with the slots of their orders, and the goods on their way there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from msgspec import Struct

from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.picking.walls import Slot


@dataclass(slots=True)
class SortOrder:
    """An order of a wave: its slot, how many pieces are not packed yet and how many of these lie in the slot."""

    id: UUID
    number: str
    stopped: bool
    slot: Slot | None
    wanted: int = 0
    here: int = 0

    @property
    def waits_for(self) -> int:
        """How many pieces its slot still waits for."""
        return max(0, self.wanted - self.here)


@dataclass(slots=True)
class SortGoods:
    """Pieces of an order that lie in a tote."""

    order_id: UUID
    sku_id: UUID
    sku_code: str
    serial_tracked: bool
    place_id: UUID
    place_code: str
    quantity: int
    lot_code: str | None = None


@dataclass(slots=True)
class SortWave:
    """A wave that is sorted; `coming` pieces are still in their bins."""

    id: UUID
    number: str
    kind: WaveKind
    location_id: UUID
    orders: dict[UUID, SortOrder] = field(default_factory=dict)
    goods: list[SortGoods] = field(default_factory=list)
    sku_codes: dict[UUID, str] = field(default_factory=dict)
    coming: int = 0
    total: int = 0

    @property
    def has_wall(self) -> bool:
        """Whether every order that goes on has a slot."""
        return all(order.slot or order.stopped or not order.wanted for order in self.orders.values())

    def waiting(self, sku_id: UUID | None = None, tote_id: UUID | None = None) -> Iterator[SortGoods]:
        """Yield what is to be sorted, of a SKU and from a tote where these are given, by the orders' seats."""
        for goods in self.goods:
            of_sku = sku_id is None or goods.sku_id == sku_id
            if goods.quantity and of_sku and tote_id in {None, goods.place_id}:
                yield goods

    def going(self, sku_id: UUID | None = None, tote_id: UUID | None = None) -> list[SortGoods]:
        """Return what is to be sorted and is of orders that go on."""
        return [goods for goods in self.waiting(sku_id, tote_id) if not self.orders[goods.order_id].stopped]

    def left(self, tote_id: UUID | None = None) -> int:
        """Return how many pieces are still to be sorted, from a tote or from all."""
        return sum(goods.quantity for goods in self.going(tote_id=tote_id))

    def order_at(self, place_id: UUID) -> SortOrder | None:
        """Return the order that sits in a slot."""
        return next((each for each in self.orders.values() if each.slot and each.slot.place_id == place_id), None)


class Put(Struct, frozen=True):
    """What an earlier entry put into a slot; undone ones stay known as such."""

    wave_id: UUID
    order_id: UUID
    sku_id: UUID
    tote_id: UUID
    slot_id: UUID
    parts: tuple[tuple[int, UUID | None], ...]  # quantity, serial-tracked unit
    undone: bool = False

    @property
    def quantity(self) -> int:
        """How many pieces it was."""
        return sum(quantity for quantity, _ in self.parts)


@dataclass(slots=True)
class SortTask:
    """One worker at the walls of a warehouse; `confirms` tells whether the slot is scanned before anything is booked.

    `totes` are scanned totes with goods, and scanned slots that somebody has, with their waves.
    """

    location_id: UUID
    confirms: bool
    waves: dict[UUID, SortWave] = field(default_factory=dict)
    totes: dict[UUID, UUID] = field(default_factory=dict)
    booked: dict[UUID, Put] = field(default_factory=dict)
