"""Where an order goes: one warehouse chosen among several by a strategy, or a few that share it; pure and total.

What no warehouse covers stays a shortage at the one that was chosen: an order is never moved on silently. Ties fall to
the warehouse that comes first: by the order a rule names them in, else by priority number, then by code.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any
from uuid import UUID

from pickmesh.core.orders.conditions import Condition, OrderFacts, all_hold, folded
from pickmesh.core.orders.rule_tables import RoutingStrategy
from pickmesh.core.orders.rules import Route, RouteReason

EXACT_MAX = 6
"""Up to so many warehouses every set of them is tried for the fewest parcels; among more they are added greedily."""

Free = Mapping[tuple[UUID, UUID], int]
"""Free pieces by (location, SKU)."""


class Apart(StrEnum):
    """Whether an order may be shared by several warehouses: never, only when they cover all of it, or as they can."""

    NEVER = "NEVER"
    COVERED = "COVERED"
    AVAILABLE = "AVAILABLE"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A warehouse an order could go to; the lower priority number comes first, then the code.

    `cost_minor` is what a parcel from there to the order's region costs; `in_region` tells that a rate names the very
    province.
    """

    location_id: UUID
    code: str
    priority: int
    cost_minor: int | None = None
    in_region: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces by SKU that stay together: a line, or the components of a bundle line."""

    id: UUID
    needs: tuple[tuple[UUID, int], ...]

    @property
    def pieces(self) -> int:
        """Return how many pieces it is."""
        return sum(quantity for _, quantity in self.needs)


@dataclass(frozen=True, slots=True)
class Choice:
    """How to choose: a strategy, and the warehouses that may be taken in order of preference (none named: all).

    `is_preferred` tells that a review rule named them, which beats routing rules.
    """

    strategy: RoutingStrategy = RoutingStrategy.COVERS_MOST
    location_ids: tuple[UUID, ...] = ()
    rule_id: UUID | None = None
    is_preferred: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A routing rule: what must hold of an order, and how it is routed then."""

    id: UUID
    conditions: tuple[Condition, ...]
    strategy: RoutingStrategy
    location_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """The part of an order that goes one way: which groups, where, and why."""

    route: Route
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A candidate beside an order: its place in the ranking, pieces it covers, pieces it has of what is wanted."""

    candidate: Candidate
    position: int
    covered: int
    stock: int


def choice_of(
    rules: Iterable[Rule], facts: OrderFacts | None, preferred: Sequence[UUID], there: Collection[UUID]
) -> Choice:
    """Return how an order is routed: by its review rule's warehouses, else by the first rule that fits, else plainly.

    Warehouses that are not there any more are passed over; a rule all of whose warehouses are gone does not fit.
    """
    wished = tuple(each for each in preferred if each in there)
    if wished:
        return Choice(RoutingStrategy.PRIORITY, wished, is_preferred=True)
    if facts is not None:
        for rule in rules:
            named = tuple(each for each in rule.location_ids if each in there)
            if (named or not rule.location_ids) and all_hold(rule.conditions, facts):
                return Choice(rule.strategy, named, rule.id)
    return Choice()


def shares(
    groups: Sequence[Group],
    candidates: Sequence[Candidate],
    free: Free,
    choice: Choice = Choice(),
    apart: Apart = Apart.NEVER,
) -> list[Share]:
    """Return where the groups of an order go: one share, or several where the fewest parcels are asked for.

    Several are made only when no warehouse covers the whole order and `apart` allows it; the largest comes first and
    keeps what nobody covers. Without a warehouse, or without anything known to send, the order stays unrouted. The
    facts that were weighed come with the route, unless there was only one warehouse in the first place.
    """
    whole = tuple(groups)
    wanted = needs_of(groups)
    if not candidates or not wanted:
        reason = RouteReason.UNMAPPED if candidates else RouteReason.NO_WAREHOUSE
        return [Share(Route(None, reason), whole)]
    if len(candidates) == 1:
        return [Share(Route(candidates[0].location_id, RouteReason.ONLY_WAREHOUSE), whole)]
    standings = _standings(wanted, _ranked(candidates, choice.location_ids), free)
    facts = _facts(choice, sum(wanted.values()), standings)
    best, reason = _best(choice.strategy, standings, sum(wanted.values()))
    if choice.strategy is RoutingStrategy.FEWEST_PARCELS and reason is RouteReason.COVERS_MOST:
        spread = _fewest(groups, [each.candidate for each in standings], free, apart)
        if len(spread) > 1:
            return [
                Share(Route(candidate.location_id, RouteReason.FEWEST_PARCELS, facts), tuple(part))
                for candidate, part in spread
            ]
    return [Share(Route(best.location_id, _told(reason, choice, standings), facts), whole)]


def _told(reason: RouteReason, choice: Choice, standings: Sequence[_Standing]) -> RouteReason:
    """Return the reason people read: a rule that named the warehouse says more than how it was found among them."""
    if choice.is_preferred:
        return RouteReason.PREFERRED
    return RouteReason.RULE if choice.location_ids and len(standings) == 1 else reason


def _ranked(candidates: Sequence[Candidate], location_ids: Sequence[UUID]) -> list[Candidate]:
    if location_ids:
        known = {each.location_id: each for each in candidates}
        return [known[each] for each in dict.fromkeys(location_ids) if each in known]
    return sorted(candidates, key=lambda each: (each.priority, each.code, each.location_id))


def needs_of(groups: Iterable[Group]) -> dict[UUID, int]:
    """Return the pieces groups are together, by SKU."""
    needs: dict[UUID, int] = {}
    for group in groups:
        for sku_id, quantity in group.needs:
            needs[sku_id] = needs.get(sku_id, 0) + quantity
    return needs


def _standings(wanted: Mapping[UUID, int], ranked: Sequence[Candidate], free: Free) -> list[_Standing]:
    found = []
    for position, each in enumerate(ranked):
        has = {sku_id: free.get((each.location_id, sku_id), 0) for sku_id in wanted}
        covered = sum(min(quantity, has[sku_id]) for sku_id, quantity in wanted.items())
        found.append(_Standing(each, position, covered, sum(has.values())))
    return found


def _best(strategy: RoutingStrategy, standings: Sequence[_Standing], wanted: int) -> tuple[Candidate, RouteReason]:
    """Return the best candidate by a strategy; where none covers the order the one that covers most of it."""
    covering = [each for each in standings if each.covered == wanted]
    if not covering:
        by_stock = strategy is RoutingStrategy.MOST_STOCK
        most = min(standings, key=lambda each: (-each.covered, -each.stock if by_stock else 0, each.position))
        return most.candidate, RouteReason.COVERS_MOST
    best = min(covering, key=_ORDERS[strategy]).candidate
    unknown = strategy is RoutingStrategy.CHEAPEST and best.cost_minor is None
    return best, RouteReason.COVERS_ORDER if unknown else _REASONS[strategy]


def _by_position(each: _Standing) -> tuple[int, ...]:
    return (each.position,)


def _by_cost(each: _Standing) -> tuple[int, ...]:
    cost = each.candidate.cost_minor
    return (int(cost is None), cost or 0, each.position)


def _by_stock(each: _Standing) -> tuple[int, ...]:
    return (-each.stock, each.position)


_ORDERS: Mapping[RoutingStrategy, Callable[[_Standing], tuple[int, ...]]] = {
    RoutingStrategy.COVERS_MOST: _by_position,
    RoutingStrategy.FEWEST_PARCELS: _by_position,
    RoutingStrategy.CHEAPEST: _by_cost,
    RoutingStrategy.PRIORITY: _by_position,
    RoutingStrategy.MOST_STOCK: _by_stock,
}
_REASONS = {
    RoutingStrategy.COVERS_MOST: RouteReason.COVERS_ORDER,
    RoutingStrategy.FEWEST_PARCELS: RouteReason.FEWEST_PARCELS,
    RoutingStrategy.CHEAPEST: RouteReason.CHEAPEST,
    RoutingStrategy.PRIORITY: RouteReason.PRIORITY,
    RoutingStrategy.MOST_STOCK: RouteReason.MOST_STOCK,
}

_Spread = list[tuple[Candidate, list[Group]]]


def _fewest(groups: Sequence[Group], ranked: Sequence[Candidate], free: Free, apart: Apart) -> _Spread:
    """Return which of the fewest warehouses takes which groups; nothing when the order stays whole."""
    if apart is Apart.NEVER:
        return []
    useful = [each for each in ranked if any(_covers(group, each, free) for group in groups)]
    spread = _exact(groups, useful, free) if len(useful) <= EXACT_MAX else _greedy(groups, useful, free)
    placed = {group.id for _, part in spread for group in part}
    left = [group for group in groups if group.id not in placed]
    if not spread or (left and apart is Apart.COVERED):
        return []
    spread.sort(key=lambda each: -sum(group.pieces for group in each[1]))
    spread[0][1].extend(left)
    return spread


def _covers(group: Group, candidate: Candidate, free: Free) -> bool:
    return all(free.get((candidate.location_id, sku_id), 0) >= quantity for sku_id, quantity in group.needs)


def _exact(groups: Sequence[Group], useful: Sequence[Candidate], free: Free) -> _Spread:
    """Try every set of warehouses: the most pieces first, then the fewest warehouses, then those that come first."""
    wanted = sum(group.pieces for group in groups)
    best: _Spread = []
    most = 0
    for size in range(1, len(useful) + 1):
        for members in combinations(useful, size):
            spread = _spread(groups, members, free)
            covered = _pieces(spread)
            if covered > most:
                best, most = spread, covered
        if most == wanted:
            break
    return best


def _pieces(spread: _Spread) -> int:
    return sum(group.pieces for _, part in spread for group in part)


def _spread(groups: Sequence[Group], members: Sequence[Candidate], free: Free) -> _Spread:
    """Give each group to the first member that still covers it; those with the fewest such members choose first."""
    choosy = {group.id: sum(_covers(group, each, free) for each in members) for group in groups}
    left = dict(free)
    parts: dict[UUID, list[Group]] = {}
    for group in sorted(groups, key=lambda group: choosy[group.id]):
        taker = next((each for each in members if _covers(group, each, left)), None)
        if taker is not None:
            parts.setdefault(taker.location_id, []).append(group)
            take(group, taker.location_id, left)
    return [(each, parts[each.location_id]) for each in members if each.location_id in parts]


def _greedy(groups: Sequence[Group], useful: Sequence[Candidate], free: Free) -> _Spread:
    """Add warehouse after warehouse, each time the one that takes most pieces of what is left."""
    waiting = list(groups)
    unused = list(useful)
    found: _Spread = []
    while waiting and unused:
        offers = [_spread(waiting, [each], free) for each in unused]
        best = max(offers, key=_pieces)
        if not best:
            break
        found += best
        taken = {group.id for group in best[0][1]}
        waiting = [group for group in waiting if group.id not in taken]
        unused.remove(best[0][0])
    return found


def take(group: Group, location_id: UUID, left: dict[tuple[UUID, UUID], int]) -> None:
    """Count a group as promised at a location when the location covers it, as reserving does: whole or not at all."""
    if all(left.get((location_id, sku_id), 0) >= quantity for sku_id, quantity in group.needs):
        for sku_id, quantity in group.needs:
            left[location_id, sku_id] -= quantity


def _facts(choice: Choice, wanted: int, standings: Sequence[_Standing]) -> dict[str, Any]:
    """Return what was weighed, as it is kept with the fulfillment order."""
    return {
        "strategy": choice.strategy.value,
        "rule": str(choice.rule_id) if choice.rule_id else None,
        "wanted": wanted,
        "candidates": [
            {
                "location_id": str(each.candidate.location_id),
                "covered": each.covered,
                "cost_minor": each.candidate.cost_minor,
                "priority": each.candidate.priority,
                "in_region": each.candidate.in_region,
            }
            for each in standings
        ],
    }


_ENDINGS = ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")


def province_name(text: str) -> str:
    """Return a province without what kind it is: platforms write 浙江 and 浙江省 alike."""
    name = text.strip()
    ending = next((each for each in _ENDINGS if name.endswith(each) and len(name) > len(each)), "")
    return name.removesuffix(ending)


def province_key(text: str) -> str:
    """Return a province as rates are looked up, whatever its case and width."""
    return province_name(folded(text))


Rates = Mapping[tuple[UUID, str, str], int]
"""Cost of a parcel in minor units by (location, country, province key); an empty province is the whole country."""


def cost_to(rates: Rates, location_id: UUID, country: str, province: str) -> tuple[int | None, bool]:
    """Return what a parcel from a warehouse into a region costs (None: unknown), and whether a rate names it."""
    key = province_key(province)
    if key and (location_id, country, key) in rates:
        return rates[location_id, country, key], True
    return rates.get((location_id, country, "")), False
