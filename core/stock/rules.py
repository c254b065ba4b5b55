"""Rules of stock: what counts where, who gets promised what, from which bin it is taken, who loses it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple, TypeVar
from uuid import UUID

from msgspec import Struct

from pickmesh.core.stock.tables import BinRole, PlaceKind, Pool

Key = TypeVar("Key")

VIRTUAL_KINDS = frozenset({PlaceKind.SUPPLIER, PlaceKind.CUSTOMER, PlaceKind.ADJUSTMENT, PlaceKind.SCRAP})
"""Places without balances: where goods come from and go to."""

CARRIER_KINDS = frozenset({PlaceKind.TOTE, PlaceKind.CART_SLOT, PlaceKind.WALL_SLOT, PlaceKind.BENCH, PlaceKind.PARCEL})
"""Places that hold only units promised to an order on its way."""

STORE_KINDS = frozenset({PlaceKind.BIN, PlaceKind.DOCK, PlaceKind.HOSPITAL, PlaceKind.MISSING})
"""Places where goods may lie that nobody has been promised."""

QUANTITY_MAX = 10**9
"""Most pieces that one booking may name."""


class MoveReason(StrEnum):
    """Why goods moved."""

    OPENING = "OPENING"
    RECEIPT = "RECEIPT"
    ADJUSTMENT = "ADJUSTMENT"
    MOVE = "MOVE"
    PICK = "PICK"
    UNPICK = "UNPICK"
    SORT = "SORT"
    UNSORT = "UNSORT"
    PACK = "PACK"
    MISSING = "MISSING"
    PUT_BACK = "PUT_BACK"
    SHIP = "SHIP"
    UNSHIP = "UNSHIP"
    TRANSFER_SEND = "TRANSFER_SEND"
    TRANSFER_UNSEND = "TRANSFER_UNSEND"
    TRANSFER_RECEIVE = "TRANSFER_RECEIVE"
    TRANSFER_UNRECEIVE = "TRANSFER_UNRECEIVE"
    COUNT = "COUNT"
    RETURN = "RETURN"
    REPLENISH = "REPLENISH"


class Level(NamedTuple):
    """Where a SKU is promised: one location."""

    location_id: UUID
    sku_id: UUID


class BalanceKey(NamedTuple):
    """Where units lie: one place, one lot (NIL_ID without)."""

    place_id: UUID
    sku_id: UUID
    lot_id: UUID


class LevelFigures(NamedTuple):
    """What a location has of a SKU, in eaches; also used for differences."""

    on_hand: int = 0
    non_sellable: int = 0
    reserved: int = 0
    buffer: int = 0
    incoming: int = 0

    def plus(self, other: "LevelFigures") -> "LevelFigures":
        """Return the figures after a difference."""
        return LevelFigures(*(mine + its for mine, its in zip(self, other, strict=True)))


class BalanceFigures(NamedTuple):
    """What lies at a place and how much of it is promised there; also used for differences."""

    quantity: int = 0
    allocated: int = 0

    def plus(self, other: "BalanceFigures") -> "BalanceFigures":
        """Return the figures after a difference."""
        return BalanceFigures(self.quantity + other.quantity, self.allocated + other.allocated)


def summed(pairs: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """Sum quantities by key."""
    totals: defaultdict[Key, int] = defaultdict(int)
    for key, quantity in pairs:
        totals[key] += quantity
    return dict(totals)


def free(figures: LevelFigures) -> int:
    """Return what an order in hand may take; below zero it must be taken back from somebody."""
    return figures.on_hand - figures.non_sellable - figures.reserved


def available(figures: LevelFigures) -> int:
    """Return what shops and partners are told: free without the buffer, never below zero."""
    return max(0, free(figures) - figures.buffer)


class PlaceFacts(Struct, frozen=True):
    """What a posting must know about a place."""

    id: UUID
    location_id: UUID
    kind: str
    pool: str


def share_of_level(place: PlaceFacts, lot_blocked: bool) -> LevelFigures:
    """Return what one unit at a place adds to its location's level."""
    if place.kind in VIRTUAL_KINDS:
        return LevelFigures()
    if place.kind == PlaceKind.TRANSIT:
        return LevelFigures(incoming=1)
    unsellable = lot_blocked or place.pool != Pool.SELLABLE or place.kind in {PlaceKind.HOSPITAL, PlaceKind.MISSING}
    return LevelFigures(on_hand=1, non_sellable=int(unsellable))


class Posting(Struct, frozen=True, kw_only=True):
    """One entry for the ledger, with what it does to promises.

    `promised_from`: the units were promised to an allocation where they lay; `promised_to`: they still are where they
    go. `quantity` in eaches, > 0; 1 when a serial-tracked unit is named. `actor_id` None is the unit of work's person.
    """

    sku_id: UUID
    lot_id: UUID
    from_place: PlaceFacts
    to_place: PlaceFacts
    quantity: int
    reason: str
    unit_cost_micros: int
    lot_blocked: bool = False
    promised_from: bool = False
    promised_to: bool = False
    document_id: UUID | None = None
    line_id: UUID | None = None
    unit_id: UUID | None = None
    actor_id: UUID | None = None


def level_changes(postings: Iterable[Posting]) -> dict[Level, LevelFigures]:
    """Sum what postings do to levels, derived from kinds and pools of their places; what cancels out is left out."""
    changes: defaultdict[Level, LevelFigures] = defaultdict(LevelFigures)
    for posting in postings:
        ends = (posting.from_place, posting.to_place)
        gone, come = (share_of_level(place, posting.lot_blocked) for place in ends)
        if gone == come and posting.from_place.location_id == posting.to_place.location_id:
            continue  # carried within the warehouse, as most are
        for place, share, quantity in zip(ends, (gone, come), (-posting.quantity, posting.quantity), strict=True):
            level = Level(place.location_id, posting.sku_id)
            difference = LevelFigures(
                share.on_hand * quantity, share.non_sellable * quantity, incoming=share.incoming * quantity
            )
            changes[level] = changes[level].plus(difference)
    return {level: change for level, change in changes.items() if any(change)}


def balance_changes(postings: Iterable[Posting]) -> dict[BalanceKey, BalanceFigures]:
    """Sum what postings do to balances of physical places; what cancels out is left out."""
    changes: defaultdict[BalanceKey, BalanceFigures] = defaultdict(BalanceFigures)
    for posting in postings:
        ends = (
            (posting.from_place, -posting.quantity, posting.promised_from),
            (posting.to_place, posting.quantity, posting.promised_to),
        )
        for place, quantity, promised in ends:
            if place.kind not in VIRTUAL_KINDS:
                key = BalanceKey(place.id, posting.sku_id, posting.lot_id)
                changes[key] = changes[key].plus(BalanceFigures(quantity, quantity if promised else 0))
    return {key: change for key, change in changes.items() if any(change)}


@dataclass(frozen=True, slots=True)
class Demand:
    """A line's wish for stock of one location; rank is (`rank_at`, `group_id`), the earlier served first."""

    group_id: UUID
    line_id: UUID
    location_id: UUID
    sku_id: UUID
    quantity: int
    rank_at: datetime

    @property
    def level(self) -> Level:
        """Return where the stock is wanted."""
        return Level(self.location_id, self.sku_id)


def split_by_cover(demands: Sequence[Demand], left: Mapping[Level, int]) -> tuple[list[Demand], list[Demand]]:
    """Split demands into those the free stock covers and those it is short for, whole groups by rank."""
    still_free = dict(left)
    covered: list[Demand] = []
    short: list[Demand] = []
    for group in _groups_by_rank(demands):
        wanted: defaultdict[Level, int] = defaultdict(int)
        for demand in group:
            wanted[demand.level] += demand.quantity
        if all(still_free.get(level, 0) >= quantity for level, quantity in wanted.items()):
            for level, quantity in wanted.items():
                still_free[level] -= quantity
            covered += group
        else:
            short += group
    return covered, short


def _groups_by_rank(demands: Iterable[Demand]) -> list[list[Demand]]:
    """Gather demands by group, the group whose earliest demand ranks first coming first."""
    groups: defaultdict[UUID, list[Demand]] = defaultdict(list)
    for demand in demands:
        groups[demand.group_id].append(demand)
    return [groups[group_id] for _, group_id in sorted((min(d.rank_at for d in groups[key]), key) for key in groups)]


@dataclass(frozen=True, slots=True)
class Need:
    """What a reservation still needs from bins; those of `not_from` are passed over."""

    reservation_id: UUID
    line_id: UUID
    level: Level
    quantity: int
    rank_at: datetime
    group_id: UUID
    not_from: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Unpromised sellable units in a bin: what a wave may take."""

    key: BalanceKey
    location_id: UUID
    free: int
    expires_on: date | None
    first_in_at: datetime
    role: str | None
    walk_sequence: int

    @property
    def age(self) -> tuple[date, datetime, bool]:
        """Return what is taken first: what expires first, then what came first, then pick faces."""
        return (self.expires_on or date.max, self.first_in_at, self.role != BinRole.PICK)


@dataclass(frozen=True, slots=True)
class Take:
    """Units to take from one bin for one need."""

    need: Need
    key: BalanceKey
    quantity: int


@dataclass(slots=True)
class _Bin:
    candidate: Candidate
    left: int

    @property
    def walk(self) -> tuple[int, BalanceKey]:
        return (self.candidate.walk_sequence, self.candidate.key)


def allocation_plan(
    needs: Sequence[Need], candidates: Iterable[Candidate], today: Mapping[UUID, date]
) -> tuple[list[Take], list[tuple[Need, int]]]:
    """Choose bins for needs, by rank; return what to take and, per need, how much no bin has.

    FEFO, then FIFO, then pick faces before overflow, then fewest bins, then walk order; ties end at the ids. Lots whose
    expiry day has passed at the location (`today` by location) are never taken, nor what lies where a need says not.
    """
    shelves = _shelves(candidates, today)
    takes: list[Take] = []
    short: list[tuple[Need, int]] = []
    for need in sorted(needs, key=lambda need: (need.rank_at, need.group_id, need.line_id, need.reservation_id)):
        wanted = need.quantity
        for same_age in shelves.get(need.level, []):
            taken = _take(need, wanted, same_age)
            takes += taken
            wanted -= sum(take.quantity for take in taken)
            if not wanted:
                break
        if wanted:
            short.append((need, wanted))
    return takes, short


def _take(need: Need, wanted: int, same_age: list[_Bin]) -> list[Take]:
    """Take what is wanted from bins of one age, or as much as they have; what is emptied leaves the list."""
    usable = [one for one in same_age if one.candidate.key.place_id not in need.not_from]
    takes = []
    while wanted and usable:
        chosen = _next_bin(usable, wanted)
        taken = min(wanted, chosen.left)
        takes.append(Take(need, chosen.candidate.key, taken))
        wanted -= taken
        chosen.left -= taken
        if not chosen.left:
            usable.remove(chosen)
            same_age.remove(chosen)
    return takes


def _shelves(candidates: Iterable[Candidate], today: Mapping[UUID, date]) -> dict[Level, list[list[_Bin]]]:
    """Sort candidates by level and age: bins of one age stand together."""
    by_level: defaultdict[Level, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        expired = candidate.expires_on is not None and candidate.expires_on < today[candidate.location_id]
        if candidate.free > 0 and not expired:
            by_level[Level(candidate.location_id, candidate.key.sku_id)].append(candidate)
    return {
        level: [
            [_Bin(candidate, candidate.free) for candidate in same_age]
            for _, same_age in groupby(sorted(found, key=lambda one: one.age), key=lambda one: one.age)
        ]
        for level, found in by_level.items()
    }


def _next_bin(bins: list[_Bin], wanted: int) -> _Bin:
    """Return the first bin of the walk that covers what is wanted, or else the fullest: so the fewest are visited."""
    covering = [one for one in bins if one.left >= wanted]
    if covering:
        return min(covering, key=lambda one: one.walk)
    return min(bins, key=lambda one: (-one.left, one.walk))


@dataclass(frozen=True, slots=True)
class Holding:
    """An open promise that may have to give: a reservation at a level, or an allocation at a balance."""

    id: UUID
    rank: tuple[datetime, UUID]
    quantity: int


def give_up(holdings: Iterable[Holding], deficit: int) -> dict[UUID, int]:
    """Choose who gives up how much, last rank first, until the deficit is made up; never more than that."""
    given: dict[UUID, int] = {}
    for holding in sorted(holdings, key=lambda one: (one.rank, one.id), reverse=True):
        if deficit <= 0:
            break
        if holding.quantity > 0:
            given[holding.id] = min(holding.quantity, deficit)
            deficit -= given[holding.id]
    return given
