"""Fulfillment orders in the making: which lines they get, where they go, what is reserved for them.

Intake, changes from the shop and late mapping all go this way, so an order is taken apart and placed by one rule.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pickmesh.core.journal.ahead import Ahead
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import order_facts, route_rules, routing_rules, shipping_rates
from pickmesh.core.orders.conditions import OrderFacts
from pickmesh.core.orders.goods import Components
from pickmesh.core.orders.route_rules import Apart, Candidate, Group, Rates, Rule, Share
from pickmesh.core.orders.rules import Route
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock import reservations as stock
from pickmesh.core.stock.rules import Demand, Level, free
from pickmesh.core.stock.tables import LocationKind

Line = dict[str, Any]
"""A row of fulfillment_line before it is written."""

FactsOf = Callable[[UnitOfWork, Collection[UUID]], Awaitable[Mapping[UUID, OrderFacts]]]
"""How rules learn of orders, by order id; asked only when there are rules that could decide."""

GIFTS_LAST = timedelta(days=3_650)
"""How far behind its order a gift ranks: what was sold is served first, and a gift is the first to give way."""


@dataclass(slots=True)
class Plan:
    """A fulfillment order in the making: `lines` still lack stock until they are reserved.

    `preferred` are the warehouses a review rule wants, the best first. With `ship_available` its shop sends what there
    is, otherwise it waits for everything. One that was parted off by routing names the plan it comes from. `gifts` are
    lines it may do without: they have no say in where it goes.
    """

    id: UUID
    order_id: UUID
    rank_at: datetime
    route: Route
    lines: list[Line] = field(default_factory=list)
    preferred: tuple[UUID, ...] = ()
    ship_available: bool = False
    gifts: list[Line] = field(default_factory=list)
    parted_from: UUID | None = None

    @property
    def short_pieces(self) -> int:
        """Return how many pieces have no stock."""
        return sum(line["quantity"] for line in self.lines if line["is_short"])


def lines_of(plan: Plan, order_line_id: UUID, sku_id: UUID, quantity: int, parts: Components) -> list[Line]:
    """Return the lines that carry out units of an order line: one, or one per component of a bundle, in one group."""
    group_id = new_id()
    components = parts.get(sku_id)
    bundle_sku_id = sku_id if components else None
    return [
        {
            "id": new_id() if components else group_id,
            "fulfillment_order_id": plan.id,
            "order_id": plan.order_id,
            "order_line_id": order_line_id,
            "group_id": group_id,
            "sku_id": component_id,
            "bundle_sku_id": bundle_sku_id,
            "per_unit": per_unit,
            "quantity": quantity * per_unit,
            "is_short": False,
        }
        for component_id, per_unit in components or ((sku_id, 1),)
    ]


async def route(
    uow: UnitOfWork,
    plans: Sequence[Plan],
    *,
    facts_of: FactsOf = order_facts.facts_of_orders,
    may_part: bool = False,
) -> list[Plan]:
    """Give plans without a location one, each by what the ones before it left, in the order stock is promised.

    With several warehouses the levels of all of them are locked first, those of plans that have a location too, so the
    decision and the reservation that follows see the same figures and lock nothing more. A review rule's warehouses
    decide, else the first routing rule that fits, else the warehouse that covers most.

    With `may_part` a rule that asks for the fewest parcels may share an order among warehouses: one that waits for
    everything only when they cover all of it together, one that ships what there is also in part. The plan keeps the
    largest share; the others come back as new plans, to be reserved and written with it.
    """
    lost = [plan for plan in plans if plan.route.location_id is None and plan.lines]
    if not lost:
        return []
    candidates = await warehouses(uow)
    left: dict[tuple[UUID, UUID], int] = {}
    weighing = Weighing(candidates)
    if len(candidates) > 1:
        await weighing.learn(uow, {plan.order_id for plan in lost}, facts_of)
        skus = {line["sku_id"] for plan in plans for line in (*plan.lines, *plan.gifts)}
        places = {candidate.location_id for candidate in candidates}
        places |= {plan.route.location_id for plan in plans if plan.route.location_id is not None}
        levels = [Level(location_id, sku_id) for location_id in places for sku_id in skus]
        left = {level: free(figures) for level, figures in (await stock_locks.lock_levels(uow, levels)).items()}
    parted: list[Plan] = []
    for plan in sorted(lost, key=lambda plan: (plan.rank_at, plan.lines[0]["group_id"])):
        found = weighing.shares(plan, left, may_part=may_part)
        for share in found:
            if left and share.route.location_id is not None:
                for group in share.groups:
                    route_rules.take(group, share.route.location_id, left)
        parted += part_off(plan, found)
    return parted


class Weighing:
    """What routing weighs: the warehouses, the rules in force, what rules know of the orders, what parcels cost."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = candidates
        self.there = {candidate.location_id for candidate in candidates}
        self.rules: Sequence[Rule] = ()
        self.facts: Mapping[UUID, OrderFacts] = {}
        self.rates: Rates = {}

    async def learn(
        self, uow: UnitOfWork, order_ids: Collection[UUID], facts_of: FactsOf = order_facts.facts_of_orders
    ) -> None:
        """Read the rules in force and, when there are any, what they know of the orders and of the way to them."""
        self.rules = await routing_rules.active_rules(uow)
        if self.rules:
            self.facts = await facts_of(uow, order_ids)
            countries = {facts.country for facts in self.facts.values()}
            self.rates = await shipping_rates.rates_into(uow, countries)

    def shares(self, plan: Plan, left: route_rules.Free, *, may_part: bool = False) -> list[Share]:
        """Return where a plan's groups go."""
        facts = self.facts.get(plan.order_id)
        choice = route_rules.choice_of(self.rules, facts, plan.preferred, self.there)
        apart = (Apart.AVAILABLE if plan.ship_available else Apart.COVERED) if may_part else Apart.NEVER
        return route_rules.shares(groups_of(plan.lines), self._costed(facts), left, choice, apart)

    def _costed(self, facts: OrderFacts | None) -> Sequence[Candidate]:
        if facts is None or not self.rates:
            return self.candidates
        costs = [route_rules.cost_to(self.rates, each, facts.country, facts.province) for each in self._ids()]
        return [
            replace(candidate, cost_minor=cost, in_region=named)
            for candidate, (cost, named) in zip(self.candidates, costs, strict=True)
        ]

    def _ids(self) -> list[UUID]:
        return [candidate.location_id for candidate in self.candidates]


async def warehouses(uow: UnitOfWork) -> list[Candidate]:
    """Return the merchant's own warehouses, the first choice first."""
    found = [
        Candidate(location.id, location.code, location.priority)
        for location in await stock_queries.locations(uow)
        if location.kind == LocationKind.WAREHOUSE
    ]
    return sorted(found, key=lambda candidate: (candidate.priority, candidate.code))


def groups_of(lines: Sequence[Line]) -> list[Group]:
    """Return what of a plan stays together, in the order of its lines."""
    groups: dict[UUID, dict[UUID, int]] = {}
    for line in lines:
        needs = groups.setdefault(line["group_id"], {})
        needs[line["sku_id"]] = needs.get(line["sku_id"], 0) + line["quantity"]
    return [Group(group_id, tuple(needs.items())) for group_id, needs in groups.items()]


def part_off(plan: Plan, found: Sequence[Share]) -> list[Plan]:
    """Give a plan the first share of its lines and return plans for the others, each with its own route."""
    plan.route = found[0].route
    rest: list[Plan] = []
    for share in found[1:]:
        groups = {group.id for group in share.groups}
        lines = [line for line in plan.lines if line["group_id"] in groups]
        rest.append(replace(plan, id=new_id(), route=share.route, lines=lines, parted_from=plan.id, gifts=[]))
        for line in lines:
            line["fulfillment_order_id"] = rest[-1].id
        plan.lines = [line for line in plan.lines if line["group_id"] not in groups]
    return rest


async def reserve(uow: UnitOfWork, plans: Sequence[Plan], *, ahead: Ahead | None = None) -> None:
    """Reserve stock for every line of plans that have a location, all in one go; lines left without are marked short.

    A plan without a location waits for one: it is not short, for nobody was asked. Gifts come after everything that was
    sold; those that got stock join the plan's lines, the others are dropped from it.
    """
    demands = [
        Demand(line["group_id"], line["id"], plan.route.location_id, line["sku_id"], line["quantity"], rank_at)
        for plan in plans
        if plan.route.location_id is not None
        for lines, rank_at in ((plan.lines, plan.rank_at), (plan.gifts, plan.rank_at + GIFTS_LAST))
        for line in lines
    ]
    reservations = await stock.reserve_stock(uow, demands=demands, ahead=ahead)
    short = {demand.line_id for demand in reservations.short}
    for plan in plans:
        if plan.gifts:
            placed = plan.route.location_id is not None
            plan.gifts = [line for line in plan.gifts if placed and line["id"] not in short]
            plan.lines += plan.gifts
    if short:
        for plan in plans:
            for line in plan.lines:
                line["is_short"] = line["id"] in short


def part_off_short(plan: Plan) -> Plan | None:
    """Move a plan's short lines into a plan of their own; None when all of it but gifts is short, or none is."""
    short = [line for line in plan.lines if line["is_short"]]
    if not short or len(short) == len(plan.lines) - len(plan.gifts):
        return None
    rest = replace(plan, id=new_id(), lines=short, gifts=[])
    for line in short:
        line["fulfillment_order_id"] = rest.id
    plan.lines = [line for line in plan.lines if not line["is_short"]]
    return rest
