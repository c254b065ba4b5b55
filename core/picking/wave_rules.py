"""Rules of planning waves: which orders fit, which sell alike, which share a list, and how a list is laid out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pickmesh.core.picking.routes import Stop, walk_order
from pickmesh.core.picking.rules import CART_CAPACITY, Share
from pickmesh.core.picking.tables import WaveKind

Contents = tuple[tuple[UUID, int], ...]
"""What an order holds: (SKU, quantity), summed per SKU and sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which orders a wave takes; what is None or empty does not matter. Weights in grams, volumes in cm³.

    An order must leave the warehouse by `leave_by`, within `leave_within` from now, or with the next cut-off; several
    of them mean the soonest. `zone` wants all its units to lie in one zone, `tags` one of them, and `contents` a hot
    sale of just these goods. An order of which a weight or size is not known passes no limit on it.
    """

    carriers: tuple[str, ...] = ()
    leave_by: datetime | None = None
    leave_within: timedelta | None = None
    by_next_cut_off: bool = False
    zone: str | None = None
    shop_ids: tuple[UUID, ...] = ()
    tags: tuple[str, ...] = ()
    priority_at_least: int | None = None
    pieces_at_least: int | None = None
    pieces_at_most: int | None = None
    lines_at_most: int | None = None
    weight_g_at_most: int | None = None
    volume_cm3_at_most: int | None = None
    contents: Contents | None = None

    @property
    def needs_sizes(self) -> bool:
        """Tell whether what goods weigh and measure must be known."""
        return self.weight_g_at_most is not None or self.volume_cm3_at_most is not None

    @property
    def is_read_by_order(self) -> bool:
        """Tell whether orders must be looked at one by one: not all of it can be asked of the database."""
        limits = (self.pieces_at_least, self.pieces_at_most, self.lines_at_most, self.zone, self.contents)
        return self.needs_sizes or any(each is not None for each in limits)


EVERYTHING = Chosen()
"""No limit at all."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that may join a wave, what it holds and by when it must leave; None is not known.

    `zones` are those its units would be taken from, where somebody asked.
    """

    fulfillment_order_id: UUID
    contents: Contents
    leave_by: datetime | None = None
    carrier: str | None = None
    weight_g: int | None = None
    volume_mm3: int | None = None
    zones: frozenset[str | None] | None = None

    @property
    def pieces(self) -> int:
        """How many pieces it has."""
        return sum(quantity for _, quantity in self.contents)


def fits(chosen: Chosen, order: Candidate) -> bool:
    """Tell whether an order is of the size, contents and zone that were chosen."""
    return (
        _within(order.pieces, chosen.pieces_at_least, chosen.pieces_at_most)
        and _within(len(order.contents), None, chosen.lines_at_most)
        and _known_within(order.weight_g, chosen.weight_g_at_most)
        and _known_within(order.volume_mm3, None if chosen.volume_cm3_at_most is None else _mm3(chosen))
        and (chosen.contents is None or order.contents == chosen.contents)
        and (chosen.zone is None or order.zones == frozenset({chosen.zone}))
    )


def _mm3(chosen: Chosen) -> int:
    return (chosen.volume_cm3_at_most or 0) * 1_000


def _within(figure: int, least: int | None, most: int | None) -> bool:
    return (least is None or figure >= least) and (most is None or figure <= most)


def _known_within(figure: int | None, most: int | None) -> bool:
    return most is None or (figure is not None and figure <= most)


@dataclass(frozen=True, slots=True)
class Alike:
    """Orders that hold the very same goods: a hot sale; the soonest must leave by `leave_by`."""

    contents: Contents
    fulfillment_order_ids: tuple[UUID, ...]
    leave_by: datetime | None

    @property
    def orders(self) -> int:
        """How many orders there are."""
        return len(self.fulfillment_order_ids)


def hot_sales(candidates: Iterable[Candidate]) -> list[Alike]:
    """Group orders of the very same contents, at least two, the most orders first; of equals the one seen first."""
    alike: dict[Contents, list[Candidate]] = defaultdict(list)
    for each in candidates:
        alike[each.contents].append(each)
    groups = [
        Alike(
            contents,
            tuple(each.fulfillment_order_id for each in orders),
            min((each.leave_by for each in orders if each.leave_by is not None), default=None),
        )
        for contents, orders in alike.items()
        if len(orders) > 1
    ]
    return sorted(groups, key=lambda group: -group.orders)


def choose_orders(kind: WaveKind, candidates: Sequence[Candidate], limit: int) -> list[UUID]:
    """Choose at most `limit` orders for a wave, keeping their order.

    A single-item wave takes orders of one piece; a hot-sale wave the orders of the commonest contents, at least two
    (the contents seen first win a tie); every other kind takes all.
    """
    if kind is WaveKind.HOT_SALE:
        hottest = next(iter(hot_sales(candidates)), None)
        return list(hottest.fulfillment_order_ids[:limit]) if hottest else []
    fitting = [each for each in candidates if kind is not WaveKind.SINGLE_ITEM or each.pieces == 1]
    return [each.fulfillment_order_id for each in fitting[:limit]]


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """So many of a SKU and lot from one bin, for one or more shares."""

    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class PlannedList:
    """One walk: the orders it serves and its lines in the order of the walk."""

    fulfillment_order_ids: tuple[UUID, ...]
    lines: tuple[PlannedLine, ...]


def plan_lists(
    kind: WaveKind,
    fulfillment_order_ids: Sequence[UUID],
    shares: Iterable[Share],
    stops: Iterable[Stop],
    cart_capacity: int = CART_CAPACITY,
) -> list[PlannedList]:
    """Cut a wave's orders into walks of at most a cart's capacity, neighbours together, and lay out each walk.

    The list of the first seat comes first, so what is urgent is fetched first, with what lies near it. A discrete wave
    makes one list per order. Orders without any share get no place on a list. Cost: one sort of the bins, one of the
    orders and one of the shares.
    """
    capacity = 1 if kind is WaveKind.DISCRETE else cart_capacity
    of_order: dict[UUID, list[Share]] = defaultdict(list)
    for share in shares:
        of_order[share.fulfillment_order_id].append(share)
    rank = {stop.place_id: number for number, stop in enumerate(walk_order(stops))}
    seated = [order for order in fulfillment_order_ids if order in of_order]
    return [
        PlannedList(group, plan_lines([share for order in group for share in of_order[order]], rank))
        for group in carts(
            seated, {order: [rank[share.place_id] for share in of_order[order]] for order in seated}, capacity
        )
    ]


def carts(seated: Sequence[UUID], bins: Mapping[UUID, Sequence[int]], capacity: int) -> list[tuple[UUID, ...]]:
    """Cut orders, in the order of their seats, into groups of `capacity` whose bins (by rank in the walk) are near.

    Orders are sorted by their first bin and then by their last, so a cart sweeps a stretch of the walk. Within a group,
    and among groups by their first member, the order of the seats stays.
    """
    seat = {order: number for number, order in enumerate(seated)}
    swept = (
        sorted(seated, key=lambda order: (min(bins[order]), max(bins[order]), seat[order])) if capacity > 1 else seated
    )
    groups = [
        tuple(sorted(swept[start : start + capacity], key=seat.__getitem__)) for start in range(0, len(swept), capacity)
    ]
    return sorted(groups, key=lambda group: seat[group[0]])


def plan_lines(shares: Iterable[Share], rank: Mapping[UUID, int]) -> tuple[PlannedLine, ...]:
    """Sum shares per bin, SKU and lot and put the sums in the order of the walk."""
    together: dict[tuple[UUID, UUID, UUID], list[Share]] = defaultdict(list)
    for share in shares:
        together[share.place_id, share.sku_id, share.lot_id].append(share)
    keys = sorted(together, key=lambda key: (rank[key[0]], key))
    return tuple(
        PlannedLine(*key, quantity=sum(share.quantity for share in together[key]), shares=tuple(together[key]))
        for key in keys
    )
