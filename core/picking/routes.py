"""Walks through a warehouse: in which order bins are visited, how far that is, and what no walk can be shorter than.

Distances are in millimetres. A warehouse is aisles side by side (bins of one `y_mm` stand in one aisle) joined by a
cross aisle at either end; who changes aisle leaves by one of the two. Where bins have no coordinates the numbers of the
walk stand in for them, one step each.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

STEP_MM = 1_200
"""From one number of the walk to the next when nobody measured: the width of a usual shelf bay with its post."""

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stop:
    """A bin as a picker walks to it; `walk_sequence` 0 means that nobody numbered it."""

    place_id: UUID
    code: str
    walk_sequence: int = 0
    x_mm: int | None = None
    y_mm: int | None = None


def walk_order(stops: Iterable[Stop]) -> list[Stop]:
    """Put stops in the order of the walk: numbered ones by their number, the others after them in a serpentine.

    The serpentine goes up one visited aisle (one `y_mm`) and down the next; bins without coordinates come last, by
    code. Equal stops are ordered by code, then id, so the walk never depends on the order of the input.
    """
    all_stops = set(stops)
    numbered = [stop for stop in all_stops if stop.walk_sequence > 0]
    numbered.sort(key=lambda stop: (stop.walk_sequence, stop.code, stop.place_id))
    others = sorted(all_stops.difference(numbered), key=lambda stop: (stop.code, stop.place_id))
    aisles: dict[int, list[tuple[int, Stop]]] = defaultdict(list)
    for stop in others:
        if stop.x_mm is not None and stop.y_mm is not None:
            aisles[stop.y_mm].append((stop.x_mm, stop))
    walked = [
        stop
        for number, y_mm in enumerate(sorted(aisles))
        for _, stop in sorted(aisles[y_mm], key=lambda bay: bay[0], reverse=number % 2 == 1)
    ]
    return [*numbered, *walked, *(stop for stop in others if stop.x_mm is None or stop.y_mm is None)]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where bins are, where the aisles end (`low` and `high`, along x), and the door walks start from and end at.

    `is_measured` tells whether every bin has coordinates of its own.
    """

    at: Mapping[UUID, Point]
    low: int
    high: int
    door: Point
    is_measured: bool

    def between(self, start: Point, end: Point) -> int:
        """Return how far two points are: along the aisle, or out by the nearer end, across, and in again."""
        if start[1] == end[1]:
            return abs(start[0] - end[0])
        by_low = start[0] + end[0] - 2 * self.low
        by_high = 2 * self.high - start[0] - end[0]
        return abs(start[1] - end[1]) + min(by_low, by_high)


@dataclass(frozen=True, slots=True)
class Measures:
    """How far along x a warehouse's aisles go, and where its benches are if anybody noted it."""

    low: int
    high: int
    door: Point | None = None


def survey(walk: Sequence[Stop], measures: Measures | None = None) -> Ground:
    """Return the ground under stops that are in the order of the walk.

    The door is where the benches are (at the nearest point of the aisles), else the low end of the first aisle. When a
    bin lacks coordinates all of them lie in one line by their numbers, and those without a number after the last.
    """
    points = [(stop.x_mm, stop.y_mm) for stop in walk]
    known = [(x, y) for x, y in points if x is not None and y is not None]
    if not walk or len(known) < len(walk):
        return _numbered(walk)
    low = min(*(x for x, _ in known), *([measures.low] if measures else []), known[0][0])
    high = max(*(x for x, _ in known), *([measures.high] if measures else []), known[0][0])
    x, y = (measures and measures.door) or (low, min(y for _, y in known))
    at = {stop.place_id: point for stop, point in zip(walk, known, strict=True)}
    return Ground(at, low, high, (min(max(x, low), high), y), is_measured=True)


def _numbered(walk: Sequence[Stop]) -> Ground:
    at: dict[UUID, Point] = {}
    last = 0
    for stop in walk:
        last = stop.walk_sequence if stop.walk_sequence > 0 else last + 1
        at[stop.place_id] = (last * STEP_MM, 0)
    first = min((x for x, _ in at.values()), default=0)
    return Ground(at, first, max((x for x, _ in at.values()), default=0), (first, 0), is_measured=False)


def length_mm(ground: Ground, places: Iterable[UUID]) -> int:
    """Return how long the walk from the door over places, in this order, and back is; 0 without places."""
    way = [ground.door, *(ground.at[place] for place in places), ground.door]
    return sum(ground.between(start, end) for start, end in pairwise(way))


def least_mm(ground: Ground, places: Collection[UUID]) -> int:
    """Return what no walk from the door over places and back is shorter than, in whatever order.

    Whoever comes back crosses everything between the outermost aisles twice, and along the aisles everything between
    the outermost bins twice; or, of each visited aisle, all of it once or all but its widest gap twice: between two
    ends or bins nothing else leaves a closed walk in one piece. In the door's own aisle alone it is there and back.
    """
    aisles: dict[int, set[int]] = defaultdict(set)
    for x, y in (ground.door, *(ground.at[place] for place in places)):
        aisles[y].add(x)
    along = [x for visited in aisles.values() for x in visited]
    there_and_back = 2 * (max(along) - min(along))
    if len(aisles) == 1:
        return there_and_back
    length = ground.high - ground.low
    within = 0
    for visited in aisles.values():
        gap = max(end - start for start, end in pairwise([ground.low, *sorted(visited), ground.high]))
        within += min(length, 2 * (length - gap))
    return 2 * (max(aisles) - min(aisles)) + max(within, there_and_back)


def least_of_all_mm(ground: Ground, of_orders: Sequence[Collection[UUID]], capacity: int) -> int:
    """Return what no set of walks of at most `capacity` orders each is shorter than together.

    Together they are one walk over all bins; and a walk is no shorter than what any of its orders takes by itself.
    """
    everything = {place for places in of_orders for place in places}
    alone = sum(least_mm(ground, places) for places in of_orders)
    return max(least_mm(ground, everything), -(-alone // max(1, capacity)))
