"""What a wave would cost before it is released: how far, how long, done when, and who would come too late. Pure.

Distances in millimetres, times in seconds. The same orders are also walked one by one, as somebody without waves would,
and held against a length no set of walks can be shorter than.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pickmesh.core.picking import routes, wave_rules
from pickmesh.core.picking.routes import Ground, Stop
from pickmesh.core.picking.rules import Share
from pickmesh.core.picking.tables import WaveKind

PEOPLE_MAX = 200


@dataclass(frozen=True, slots=True)
class Speeds:
    """How fast people work, in mm per second and tenths of a second: a warehouse's settings, or told for an estimate.

    The defaults, which every warehouse begins with, are on the careful side of what time studies of picking by hand
    with a cart find.
    """

    walk_mm_per_s: int = 1_000
    """A person with a cart who reads labels on the way; a free walk is about 1.3 m/s."""
    list_ds: int = 600
    """Per list: fetch a cart, scan totes, at the end set it down at the benches."""
    stop_ds: int = 60
    """Per bin: find it, scan it."""
    unit_ds: int = 25
    """Per piece: reach, scan, put down."""
    sort_ds: int = 40
    """Per piece once more at the put wall: scan, walk to the lit slot, put in."""
    slot_ds: int = 15
    """Per piece on a cart with one tote per order: find the right tote."""
    pack_ds: int = 300
    """From the end of a list until its orders are ready to leave: the way to a bench and the packing of one parcel."""


USUAL = Speeds()


@dataclass(frozen=True, slots=True)
class Job:
    """A wave as it would be released: its orders in the order of their seats and from which bins they are served.

    `walk` are all bins in the order of the walk, `leave_by` is when each order must leave; `passed_over` are orders of
    the pool that the wave would not take.
    """

    kind: WaveKind
    orders: Sequence[UUID]
    shares: Sequence[Share]
    walk: Sequence[Stop]
    ground: Ground
    leave_by: Mapping[UUID, datetime]
    passed_over: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a wave takes. `late` are orders that would miss their departure, the first to leave first.

    `one_by_one_mm` is the same orders walked each by itself, `least_mm` what no walks are shorter than. `people_needed`
    is the fewest people with whom nobody would be late; None when they would be with any number. With `is_measured`
    every bin has coordinates; otherwise distances are steps from number to number of the walk.
    """

    kind: WaveKind
    orders: int
    passed_over: int
    lists: int
    stops: int
    lines: int
    units: int
    distance_mm: int
    one_by_one_mm: int
    least_mm: int
    work_s: int
    people: int
    finish_at: datetime
    late: Sequence[UUID]
    people_needed: int | None
    is_measured: bool


def estimate(job: Job, *, cart_capacity: int, people: int, now: datetime, speeds: Speeds = USUAL) -> Estimate:
    """Tell what a wave takes when `people` begin with its lists at once, each taking the next list that is left.

    Cost: a sort of the bins, of the orders and of the shares, and one pass over what comes of them.
    """
    lists = wave_rules.plan_lists(job.kind, job.orders, job.shares, job.walk, cart_capacity)
    ways = [routes.length_mm(job.ground, _places(one)) for one in lists]
    works = [_work_ds(job.kind, one, way, speeds) for one, way in zip(lists, ways, strict=True)]
    late = _late(job, lists, _ends(works, people), now, speeds)
    bins = _bins_of_orders(job)
    capacity = 1 if job.kind is WaveKind.DISCRETE else cart_capacity
    return Estimate(
        kind=job.kind,
        orders=sum(len(one.fulfillment_order_ids) for one in lists),
        passed_over=job.passed_over,
        lists=len(lists),
        stops=sum(len(_places(one)) for one in lists),
        lines=sum(len(one.lines) for one in lists),
        units=sum(share.quantity for share in job.shares),
        distance_mm=sum(ways),
        one_by_one_mm=sum(routes.length_mm(job.ground, places) for places in bins),
        least_mm=routes.least_of_all_mm(job.ground, bins, capacity),
        work_s=_seconds(sum(works)),
        people=people,
        finish_at=now + timedelta(seconds=_seconds(max(_ends(works, people), default=0))),
        late=late,
        people_needed=_people_needed(job, lists, works, now, speeds),
        is_measured=job.ground.is_measured,
    )


def _places(one: wave_rules.PlannedList) -> list[UUID]:
    return list(dict.fromkeys(line.place_id for line in one.lines))


def _bins_of_orders(job: Job) -> list[list[UUID]]:
    """Return each order's bins in the order of the walk."""
    rank = {stop.place_id: number for number, stop in enumerate(job.walk)}
    bins: dict[UUID, set[UUID]] = defaultdict(set)
    for share in job.shares:
        bins[share.fulfillment_order_id].add(share.place_id)
    return [sorted(places, key=rank.__getitem__) for places in bins.values()]


def _work_ds(kind: WaveKind, one: wave_rules.PlannedList, way_mm: int, speeds: Speeds) -> int:
    """Return how many tenths of a second one person needs for a list."""
    units = sum(line.quantity for line in one.lines)
    more = {WaveKind.PUT_WALL: speeds.sort_ds, WaveKind.CLUSTER: speeds.slot_ds}.get(kind, 0)
    walking = way_mm * 10 // speeds.walk_mm_per_s
    return speeds.list_ds + walking + len(_places(one)) * speeds.stop_ds + units * (speeds.unit_ds + more)


def _seconds(tenths: int) -> int:
    return -(-tenths // 10)


def _ends(works: Sequence[int], people: int) -> list[int]:
    """Return when each piece of work ends, in order, when whoever is free first takes the next."""
    free = [0] * min(people, len(works))
    ends = []
    for work in works:
        end = heapq.heappop(free) + work
        heapq.heappush(free, end)
        ends.append(end)
    return ends


def _late(
    job: Job, lists: Sequence[wave_rules.PlannedList], ends: Sequence[int], now: datetime, speeds: Speeds
) -> list[UUID]:
    late = []
    for one, end in zip(lists, ends, strict=True):
        ready_at = now + timedelta(seconds=_seconds(end + speeds.pack_ds))
        late += [each for each in one.fulfillment_order_ids if each in job.leave_by and job.leave_by[each] < ready_at]
    return sorted(late, key=lambda each: (job.leave_by[each], each))


def _people_needed(
    job: Job, lists: Sequence[wave_rules.PlannedList], works: Sequence[int], now: datetime, speeds: Speeds
) -> int | None:
    """Return the fewest people with whom no order is late; one more never makes a list end later, so halve."""
    most = min(PEOPLE_MAX, max(1, len(lists)))
    if _late(job, lists, _ends(works, most), now, speeds):
        return None
    least = 1
    while least < most:
        middle = (least + most) // 2
        if _late(job, lists, _ends(works, middle), now, speeds):
            least = middle + 1
        else:
            most = middle
    return least
