"""A pick list as the interpreter sees it: read once for a batch, then kept in step with what the batch books."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from pickmesh.core.kit.texts import Named
from pickmesh.core.picking.rules import BINDS_ORDER
from pickmesh.core.picking.tables import PickListStatus, WaveKind
from pickmesh.core.picking.walks import Walks
from pickmesh.core.stock.rules import BalanceKey
from pickmesh.core.stock.swaps import Goods, LotThere
from pickmesh.core.stock.tables import LotSwap, ScanPolicy, ZeroCheck


@dataclass(slots=True)
class Share:
    """Pieces of a line that are still in their bin and promised to one order; a stopped order's stay there."""

    fulfillment_order_id: UUID
    quantity: int
    stopped: bool = False


@dataclass(slots=True)
class PickLine:
    """So many of a SKU and lot from one bin."""

    id: UUID
    sequence: int
    place_id: UUID
    place_code: str
    sku_id: UUID
    sku_code: str
    sku_name: str
    quantity: int
    picked: int = 0
    short: int = 0
    lot_id: UUID | None = None
    lot_code: str | None = None
    expires_on: date | None = None
    lot_tracked: bool = False
    serial_tracked: bool = False
    closed: bool = False
    cancelled: bool = False
    shares: list[Share] = field(default_factory=list)
    name_zh: str = ""
    was_swapped: bool = False
    looks_like: str = ""
    """The code of the SKU that hands confuse with it most often."""

    zone: str | None = None

    @property
    def name(self) -> Named:
        """The name of its goods in whichever language is read."""
        return Named(self.sku_name, self.name_zh)

    @property
    def left(self) -> int:
        """How many may still be taken: neither picked, nor missing, nor of a stopped order."""
        if self.closed:
            return 0
        going = sum(share.quantity for share in self.shares if not share.stopped)
        return max(0, min(going, self.quantity - self.picked - self.short))

    @property
    def is_stopped(self) -> bool:
        """Whether it was taken off the list, or what is left of it is of stopped orders or promised to nobody now."""
        return self.cancelled or (self.left == 0 and self.picked + self.short < self.quantity)

    def left_for(self, fulfillment_order_id: UUID | None) -> int:
        """How many one order may still take; with None, anyone."""
        if fulfillment_order_id is None:
            return self.left
        mine = (s.quantity for s in self.shares if s.fulfillment_order_id == fulfillment_order_id and not s.stopped)
        return min(self.left, sum(mine))


@dataclass(frozen=True, slots=True)
class Tote:
    """A tote bound to the list and, unless it is mixed, to one order."""

    place_id: UUID
    code: str
    fulfillment_order_id: UUID | None


class Booked(Struct, frozen=True):
    """What an earlier entry took: its scan's id, and the line it took from; undone ones stay known as such."""

    scan_id: UUID
    line_id: UUID
    quantity: int
    undone: bool = False


@dataclass(slots=True)
class PickTask:
    """A claimed list with its lines in walk order and its totes; `seats` are its orders in the order of their seats."""

    list_id: UUID
    number: str
    kind: WaveKind
    status: PickListStatus
    worker_id: UUID | None
    claimed_at: datetime | None
    lease_until: datetime | None
    policy: ScanPolicy
    today: date
    lines: dict[UUID, PickLine] = field(default_factory=dict)
    totes: dict[UUID, Tote] = field(default_factory=dict)
    seats: dict[UUID, str] = field(default_factory=dict)
    booked: dict[UUID, Booked] = field(default_factory=dict)
    units_taken: set[UUID] = field(default_factory=set)
    zone: str | None = None
    """Where the list is now, when zones pass it on to each other."""

    lot_swap: LotSwap = LotSwap.NEVER
    zero_check: ZeroCheck = ZeroCheck.EMPTY_BIN
    was_dark: bool = False
    """Whether the phone had it in the dark until it sent what is judged now."""

    lots: Mapping[Goods, Mapping[UUID, LotThere]] = field(default_factory=dict)
    """What lies where lines wait, by place and SKU; read when another lot than a line's was said."""

    exchangeable: Collection[BalanceKey] = ()
    """Those of them that lists nobody has begun would give up for another lot."""

    at_work: Walks | None = None
    """What all this was read from; None once something was booked."""

    @property
    def is_cluster(self) -> bool:
        """Whether every order has its own tote, filled on the walk."""
        return self.kind is WaveKind.CLUSTER

    @property
    def binds_order(self) -> bool:
        """Whether a tote holds one order; otherwise it holds the list's goods mixed."""
        return self.kind in BINDS_ORDER

    @property
    def scans_place(self) -> bool:
        """Whether the bin must be scanned."""
        return self.policy is not ScanPolicy.ITEM

    def open_lines(self) -> Iterator[PickLine]:
        """Yield the lines with something left to take, in walk order; its zone's where zones pass it on."""
        return (line for line in self.lines.values() if line.left and self.zone in {None, line.zone or self.zone})

    def next_zone(self) -> str | None:
        """Return the zone the list must go on to when nothing is left in its own, None when it need not."""
        return next((line.zone for line in self.lines.values() if line.left and line.zone != self.zone), None)

    def next_share(self, line: PickLine) -> Share | None:
        """Return the share that is served next: by the order's seat."""
        going = [share for share in line.shares if share.quantity and not share.stopped]
        return min(going, key=self.seat_of, default=None)

    def seat_of(self, share: Share) -> int:
        """Return the seat of a share's order; one that has none sits last."""
        seats = list(self.seats)
        order = share.fulfillment_order_id
        return seats.index(order) if order in self.seats else len(seats)

    def orders_without_tote(self) -> list[UUID]:
        """Return the orders of a cluster that still need one, by seat; stopped and finished orders need none."""
        bound = {tote.fulfillment_order_id for tote in self.totes.values()}
        going = {s.fulfillment_order_id for line in self.open_lines() for s in line.shares if not s.stopped}
        return [order for order in self.seats if order in going and order not in bound]

    def tote_of(self, fulfillment_order_id: UUID) -> Tote | None:
        """Return the tote an order's pieces go into."""
        return next((t for t in self.totes.values() if t.fulfillment_order_id == fulfillment_order_id), None)
