"""What must be so with stock, told in the plainest way: pieces by place, promises by line."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

BINS = ("A-01", "A-02")
OUT = ("T-0001", "P-0001")
FAR_BIN = "B-01"
HOMES = dict.fromkeys((*BINS, *OUT, "MISSING"), "WH1") | {FAR_BIN: "WH2"}
"""The warehouse of each place; what travels in a transfer lies in neither."""


@dataclass
class Line:
    """A promise to an order, a transfer or a lease: how much, and where units of it are. Low ranks are served first."""

    rank: tuple[int, int]
    home: str
    promised: bool
    reserved: int = 0
    at: Counter[str] = field(default_factory=Counter)

    @property
    def out(self) -> int:
        """Units that have left their bin."""
        return sum(self.at[place] for place in OUT)


@dataclass
class Trip:
    """A transfer of one line from WH1 to WH2; `taken` are pieces by the bin they left."""

    id: UUID
    line_id: UUID
    place: str
    quantity: int
    status: str = "PLANNED"
    sent: int = 0
    received: int = 0
    taken: Counter[str] = field(default_factory=Counter)


@dataclass
class Lease:
    """Stock promised until a moment under a code."""

    code: str
    quantity: int
    expires_at: datetime
    is_open: bool = True


@dataclass
class Sale:
    """Units of a line that went to the buyer under one allocation."""

    allocation_id: UUID
    line_id: UUID
    quantity: int


class Model:
    """Everything there is, in dictionaries."""

    def __init__(self) -> None:
        self.lying: Counter[str] = Counter()
        self.lines: dict[UUID, Line] = {}
        self.trips: list[Trip] = []
        self.leases: dict[UUID, Lease] = {}
        self.sales: list[Sale] = []
        self.returned: Counter[UUID] = Counter()

    def on_hand(self, home: str) -> int:
        """Pieces in a warehouse, wherever they lie."""
        return sum(quantity for place, quantity in self.lying.items() if HOMES.get(place) == home)

    def missing(self, home: str) -> int:
        """Pieces that may not be sold because nobody knows where they are."""
        return self.lying["MISSING"] if home == "WH1" else 0

    def reserved(self, home: str) -> int:
        """Pieces promised to anybody."""
        return sum(line.reserved for line in self.lines.values() if line.home == home)

    def incoming(self, home: str) -> int:
        """Pieces on their way there."""
        return sum(self.lying[trip.place] for trip in self.trips) if home == "WH2" else 0

    def free(self, home: str) -> int:
        """Pieces an order in hand may take."""
        return self.on_hand(home) - self.missing(home) - self.reserved(home)

    def promised_at(self, place: str) -> int:
        """Pieces at a place that are there for a line."""
        return sum(line.at[place] for line in self.lines.values())

    def with_buyers(self, line_id: UUID) -> int:
        """Pieces of a line that shipped and did not come back."""
        return sum(sale.quantity for sale in self.sales if sale.line_id == line_id) - self.returned[line_id]

    def move(self, place: str, to: str, quantity: int) -> None:
        """Pieces change their place."""
        self.lying[place] -= quantity
        self.lying[to] += quantity

    def adjust(self, place: str, difference: int) -> None:
        """Reality wins: with fewer pieces the last in rank give up what there is too little for, and no more."""
        self.lying[place] += difference
        home = HOMES[place]
        of_home = [line for line in self.lines.values() if line.home == home]
        for line in sorted(of_home, key=lambda one: one.rank, reverse=True):
            line.at[place] -= min(line.at[place], max(0, self.promised_at(place) - self.lying[place]))
        for line in sorted(of_home, key=lambda one: one.rank, reverse=True):
            line.reserved -= min(line.reserved - line.out, max(0, -self.free(home)))

    def settle_bins(self, line: Line, held: Counter[str]) -> None:
        """Take over which bins a shrunken reservation kept: any will do, as long as it is no more than it has."""
        assert all(held[place] <= line.at[place] for place in (*BINS, FAR_BIN))
        assert sum(held.values()) == min(line.reserved, sum(line.at.values()))
        line.at = held
