"""How orders are checked: review rules, what they did to each order, and its tags."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import gifts, review_rules, reviewing, tags
from pickmesh.core.orders.review_actions import ActionKind
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.catalog import Sku
from pickmesh.graphql.order_conditions import OrderCondition, listed
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import Location

ActionKindName = graphene.Enum.from_enum(ActionKind, name="ReviewActionKind")
HOLD_REASON = "pickmesh.graphql.orders.HoldReasonName"
NOTHING: dict[str, Any] = dict.fromkeys(
    ("reason", "note", "tag", "priority", "location_ids", "sku_id", "quantity", "limit_total")
)
"""What an action says where its kind has nothing to say."""


class ReviewAction(graphene.ObjectType):
    """One thing a rule does to an order; which fields it has depends on its kind."""

    requires = Permission.ORDERS_READ
    kind = graphene.Field(ActionKindName, required=True)
    reason = graphene.Field(HOLD_REASON, description="Of a HOLD.")
    note = graphene.String(description="Of a HOLD.")
    tag = graphene.String(description="Of a TAG.")
    priority = graphene.Int(description="Of a PRIORITY.")
    locations = graphene.List(
        graphene.NonNull(Location), required=True, description="Of a ROUTE, the best first; else none."
    )
    sku = graphene.Field(Sku, description="Of a GIFT.")
    quantity = graphene.Int(description="Of a GIFT, to each buyer.")
    limit_total = graphene.Int(description="Of a GIFT, pieces to all buyers together.")

    @staticmethod
    async def resolve_locations(root: Mapping[str, Any], info: Any) -> list[Any]:
        """Return the warehouses it prefers."""
        return await listed(info, Location, root["location_ids"] or [])

    @staticmethod
    def resolve_sku(root: Mapping[str, Any], info: Any) -> Any:
        """Return what it gives."""
        given = root["sku_id"]
        return given and info.context.load(Sku.by_ids, UUID(given))


class ReviewRule(relay.ObjectType):
    """A rule orders are checked by as they come in: when all its conditions hold, its actions are done."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ORDERS_READ
    name = graphene.String(required=True)
    position = graphene.Int(required=True, description="Lower ones come first.")
    is_active = graphene.Boolean(required=True)
    conditions = graphene.List(graphene.NonNull(OrderCondition), required=True)
    actions = graphene.List(graphene.NonNull(ReviewAction), required=True)
    starts_at = graphene.Field(DateTime)
    ends_at = graphene.Field(DateTime)
    created_at = graphene.Field(DateTime, required=True)
    created_by = relay.link("created_by", Worker)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    gifts_given = graphene.Int(required=True, description="Pieces it has given to buyers so far.")

    by_ids = staticmethod(review_rules.rules_by_id)

    @staticmethod
    def resolve_actions(root: Any, _info: Any) -> list[Mapping[str, Any]]:
        """Return the actions, with nothing where their kind says nothing."""
        return [NOTHING | action for action in root.actions]

    @staticmethod
    async def resolve_gifts_given(root: Any, info: Any) -> int:
        """Return how many pieces it gave."""
        return await info.context.load(gifts.given_by_rule, root.id) or 0


class ReviewAct(graphene.ObjectType):
    """What a rule did to an order, or could not do and why."""

    requires = Permission.ORDERS_READ
    rule = graphene.String(required=True, description="The rule's name at that time.")
    kind = graphene.Field(ActionKindName, required=True)
    done = graphene.Boolean(required=True)
    reason = graphene.String(
        required=True,
        description="Why it was not done: SET_BEFORE, GIVEN_BEFORE, LIMIT_REACHED, NO_STOCK, NOT_ROUTED, SKU_ARCHIVED.",
    )
    detail = graphene.String(required=True, description="The tag, the reason of the hold, the gift's code or the like.")


class OrderReview(graphene.ObjectType):
    """Which rules fitted an order as it came in, in their order, and what they did."""

    requires = Permission.ORDERS_READ
    at = graphene.Field(DateTime, required=True)
    rules = graphene.List(graphene.NonNull(ReviewRule), required=True)
    acts = graphene.List(graphene.NonNull(ReviewAct), required=True)

    @staticmethod
    async def resolve_rules(root: Any, info: Any) -> list[Any]:
        """Return the rules."""
        return await listed(info, ReviewRule, root.payload["review_rule_ids"])

    @staticmethod
    def resolve_acts(root: Any, _info: Any) -> Sequence[Mapping[str, Any]]:
        """Return what they did."""
        acts: Sequence[Mapping[str, Any]] = root.payload["acts"]
        return acts


class ReviewOfOrder:
    """The fields an order has of its review."""

    requires = Permission.ORDERS_READ
    tags = relay.listing(tags.tags_of_orders, graphene.String, "Words people and rules put on it, by name.")
    reviews = relay.listing(reviewing.reviews_of_orders, OrderReview, "Which rules fitted it, and what they did.")


class ReviewQueries(Queries):
    """What may be asked of the checks of orders."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    review_rules = graphene.List(
        graphene.NonNull(ReviewRule), required=True, description="All rules that are not archived, in their order."
    )

    @staticmethod
    async def resolve_review_rules(_root: Any, info: Any) -> Sequence[Any]:
        """Return the rules."""
        async with info.context.reading() as uow:
            return await review_rules.review_rules(uow)
