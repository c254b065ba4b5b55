"""Where orders go and why: routing rules, shipping rates, and when a fulfillment order must leave its warehouse."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import priorities, refusals, rerouting, routing_rules, shipping_rates
from pickmesh.core.orders.routing_rules import RuleToSave
from pickmesh.core.orders.rule_tables import RoutingStrategy
from pickmesh.core.orders.shipping_rates import NewRate
from pickmesh.graphql import order_conditions, relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.base import Done, Many, Mutation, batch_done, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.order_conditions import OrderCondition, OrderConditionInput
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import AtLocation, Location

RoutingUserError = user_error("Routing", refusals)
RoutingStrategyName = graphene.Enum.from_enum(RoutingStrategy, name="RoutingStrategy")
FULFILLMENT_ORDER = "pickmesh.graphql.orders.FulfillmentOrder"
IF_VERSION = "Refuse with STALE_VERSION when somebody changed it since."


class RoutingRule(relay.ObjectType):
    """Which warehouses orders of some kind go to, and how one is chosen; the first active rule that fits decides."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ORDERS_READ
    name = graphene.String(required=True)
    position = graphene.Int(required=True, description="The lowest is asked first.")
    is_active = graphene.Boolean(required=True)
    conditions = graphene.List(graphene.NonNull(OrderCondition), required=True, description="All must hold.")
    strategy = graphene.Field(RoutingStrategyName, required=True)
    locations = graphene.List(
        graphene.NonNull(Location), required=True, description="In order of preference; none: every warehouse."
    )
    created_by = relay.link("created_by", Worker)
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)

    by_ids = staticmethod(routing_rules.routing_rules_by_id)

    @staticmethod
    async def resolve_locations(root: Any, info: Any) -> list[Any]:
        """Return the warehouses."""
        found = await relay.found(info, [(Location, UUID(each)) for each in root.location_ids])
        return [each.value for each in found]


class RouteCandidate(graphene.ObjectType, AtLocation):
    """A warehouse as it was weighed: the pieces it covered, what a parcel from there costs."""

    requires = Permission.ORDERS_READ
    covered = graphene.Int(required=True)
    cost_minor = graphene.Field(Long, description="Null when no rate was known.")
    priority = graphene.Int(required=True)
    in_region = graphene.Boolean(required=True, description="Whether a rate named the very province.")


class RouteFacts(graphene.ObjectType):
    """What was weighed when a fulfillment order was routed, or who moved it by hand from where."""

    requires = Permission.ORDERS_READ
    strategy = graphene.Field(RoutingStrategyName)
    rule = relay.link("rule", RoutingRule, description="The rule that decided.")
    wanted = graphene.Int(description="How many pieces the order asked for.")
    candidates = graphene.List(graphene.NonNull(RouteCandidate), required=True, description="The first choice first.")
    moved_by = relay.link("moved_by", Worker)
    moved_from = relay.link("moved_from", Location)
    reason_before = graphene.String(description="Why it was where it was moved from.")


_NOTHING: Mapping[str, Any] = dict.fromkeys(("strategy", "rule", "wanted", "moved_by", "moved_from", "reason_before"))


class RoutingOfFulfillmentOrder:
    """The fields a fulfillment order has of its route and its time."""

    requires = Permission.ORDERS_READ
    route_facts = graphene.Field(RouteFacts, description="Null when there was nothing to weigh.")
    leave_by = graphene.Field(
        DateTime, required=True, description="The last cut-off of its warehouse that keeps the promise."
    )
    is_late = graphene.Boolean(required=True, description="Whether it has not left and can no longer keep its promise.")

    @staticmethod
    def resolve_route_facts(root: Any, _info: Any) -> Mapping[str, Any] | None:
        """Return what was weighed."""
        return None if root.route_facts is None else {**_NOTHING, "candidates": [], **root.route_facts}

    @staticmethod
    async def resolve_leave_by(root: Any, info: Any) -> datetime:
        """Return when it must leave."""
        return await _leave_by(root, info)

    @staticmethod
    async def resolve_is_late(root: Any, info: Any) -> bool:
        """Tell whether it is late."""
        return priorities.is_late(root.progress, await _leave_by(root, info), info.context.now)


async def _leave_by(root: Any, info: Any) -> datetime:
    location = root.location_id and await info.context.load(Location.by_ids, root.location_id)
    return priorities.leave_by(root.ship_by, location)


class ShippingRate(graphene.ObjectType, AtLocation):
    """What a parcel from a warehouse into a region costs; an empty province is the whole country."""

    requires = Permission.ORDERS_READ
    country = graphene.String(required=True)
    province = graphene.String(required=True)
    cost_minor = graphene.Field(Long, description="Null once it was taken away.")


class RerouteSuggestion(graphene.ObjectType, AtLocation):
    """A fulfillment order that is short where it is, and the warehouse that covers all of it."""

    requires = Permission.ORDERS_READ
    fulfillment_order = relay.link("fulfillment_order_id", FULFILLMENT_ORDER, required=True)
    short_pieces = graphene.Int(required=True, description="What it lacks where it is.")


class RoutingRuleInput(graphene.InputObjectType):
    """A rule: a new one without `id`, last in line without a position."""

    id = graphene.ID()
    if_version = graphene.Int(description=IF_VERSION)
    name = graphene.String(required=True)
    position = graphene.Int()
    is_active = graphene.Boolean(required=True, default_value=False)
    conditions = graphene.List(graphene.NonNull(OrderConditionInput), required=True, default_value=[])
    strategy = graphene.InputField(RoutingStrategyName, required=True, default_value=RoutingStrategy.COVERS_MOST.value)
    location_ids = graphene.List(graphene.NonNull(graphene.ID), required=True, default_value=[])


class RoutingRuleRef(graphene.InputObjectType):
    """A rule, and the version of it the caller has read."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)


class ShippingRateInput(graphene.InputObjectType):
    """A rate in minor units; an empty province is the whole country, no cost takes the rate away."""

    location_id = graphene.ID(required=True)
    country = graphene.String(required=True)
    province = graphene.String(required=True, default_value="")
    cost_minor = graphene.InputField(Long)
    currency = graphene.String(required=True, default_value="CNY")


class RoutingRuleSave(Mutation):
    """Make routing rules or change them; orders routed already stay where they are."""

    requires = Permission.FLOOR_MANAGE
    user_error = RoutingUserError
    items = "routingRules"
    subject = "RoutingRule"

    class Input:
        routing_rules = graphene.List(graphene.NonNull(RoutingRuleInput), required=True)

    class Payload:
        routing_rules = Many(RoutingRule)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        rules = [_rule(index, each) for index, each in enumerate(input.routing_rules)]
        return _rules_done(await routing_rules.save_routing_rules(uow, rules=rules))


def _rule(index: int, told: Any) -> RuleToSave:
    return RuleToSave(
        name=told.name,
        strategy=RoutingStrategy(told.strategy),
        conditions=order_conditions.told(told.conditions, ("routingRules", index, "conditions")),
        location_ids=[
            relay.id_of(each, "Location", field=("routingRules", index, "locationIds", place))
            for place, each in enumerate(told.location_ids)
        ],
        position=told.get("position"),
        is_active=told.is_active,
        id=relay.optional_id(told.get("id"), "RoutingRule", field=("routingRules", index, "id")),
        version=told.get("if_version"),
    )


def _rules_done(answers: Sequence[UUID | Refused]) -> Done:
    done = [answer for answer in answers if isinstance(answer, UUID)]
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    return Done({"routing_rules": list(dict.fromkeys(done))}, refused)


class RoutingRuleSwitch(Mutation):
    """Switch routing rules on or off."""

    requires = Permission.FLOOR_MANAGE
    user_error = RoutingUserError
    items = "routingRules"
    subject = "RoutingRule"

    class Input:
        routing_rules = graphene.List(graphene.NonNull(RoutingRuleRef), required=True)
        active = graphene.Boolean(required=True)

    class Payload:
        routing_rules = Many(RoutingRule)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Switch."""
        ids, versions = _named(input)
        return _rules_done(
            await routing_rules.switch_routing_rules(uow, ids=ids, active=input.active, versions=versions)
        )


class RoutingRuleArchive(Mutation):
    """Put routing rules away; orders they routed keep the reason."""

    requires = Permission.FLOOR_MANAGE
    user_error = RoutingUserError
    items = "routingRules"
    subject = "RoutingRule"

    class Input:
        routing_rules = graphene.List(graphene.NonNull(RoutingRuleRef), required=True)

    class Payload:
        routing_rules = Many(RoutingRule)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Archive."""
        ids, versions = _named(input)
        return _rules_done(await routing_rules.archive_routing_rules(uow, ids=ids, versions=versions))


def _named(input: Any) -> tuple[list[UUID], dict[UUID, int]]:
    ids = [
        relay.id_of(each.id, "RoutingRule", field=("routingRules", index, "id"))
        for index, each in enumerate(input.routing_rules)
    ]
    told = zip(ids, input.routing_rules, strict=True)
    return ids, {each: ref.if_version for each, ref in told if ref.get("if_version") is not None}


class ShippingRateSave(Mutation):
    """Set what parcels from a warehouse into a country or one of its provinces cost."""

    requires = Permission.FLOOR_MANAGE
    user_error = RoutingUserError
    items = "rates"

    class Input:
        rates = graphene.List(graphene.NonNull(ShippingRateInput), required=True)

    class Payload:
        rates = graphene.List(graphene.NonNull(ShippingRate))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        rates = [
            NewRate(
                location_id=relay.id_of(each.location_id, "Location", field=("rates", index, "locationId")),
                country=each.country,
                cost_minor=each.get("cost_minor"),
                currency=each.currency,
                province=each.province,
            )
            for index, each in enumerate(input.rates)
        ]
        return batch_done("rates", await shipping_rates.save_shipping_rates(uow, rates=rates))


class RoutingQueries(Queries):
    """What may be asked about routing."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    routing_rules = graphene.List(
        graphene.NonNull(RoutingRule),
        required=True,
        archived=graphene.Boolean(required=True, default_value=False, description="Those put away too."),
        description="The routing rules in the order they are asked.",
    )
    shipping_rates = graphene.List(
        graphene.NonNull(ShippingRate),
        required=True,
        location_id=graphene.ID(required=True),
        description="What parcels from a warehouse cost, by country and province.",
    )
    reroutable = graphene.List(
        graphene.NonNull(RerouteSuggestion),
        required=True,
        location_id=graphene.ID(description="Only those at this warehouse."),
        description="Short fulfillment orders that another warehouse covers wholly, the most urgent first.",
    )

    @staticmethod
    async def resolve_routing_rules(_root: Any, info: Any, archived: bool) -> Sequence[Any]:
        """Return the rules."""
        async with info.context.reading() as uow:
            return await routing_rules.routing_rules(uow, archived=archived)

    @staticmethod
    async def resolve_shipping_rates(_root: Any, info: Any, location_id: str) -> Sequence[Any]:
        """Return the rates."""
        location = relay.id_of(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
            return await shipping_rates.shipping_rates(uow, [location])

    @staticmethod
    async def resolve_reroutable(_root: Any, info: Any, location_id: str | None = None) -> Sequence[Any]:
        """Return the suggestions."""
        location = relay.optional_id(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
            return await rerouting.reroutable(uow, location_id=location)


MUTATIONS = (RoutingRuleSave, RoutingRuleSwitch, RoutingRuleArchive, ShippingRateSave)
