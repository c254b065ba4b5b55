"""What may be done about the checks of orders: rules written, tried, switched, ordered, archived; orders approved."""

from dataclasses import asdict
from typing import Any

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import approving, review_rules, trials
from pickmesh.core.orders.review_rules import RuleDraft, Switch
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, limited
from pickmesh.graphql.context import Context
from pickmesh.graphql.fulfillment_orders import OrdersUserError
from pickmesh.graphql.order_conditions import OrderConditionInput, told
from pickmesh.graphql.orders import HoldReasonName, Order
from pickmesh.graphql.review import ActionKindName, ReviewRule
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import OfSku

RULES_MAX = review_rules.RULES_MAX


class ReviewActionInput(graphene.InputObjectType):
    """One thing a rule does; say only what belongs to its kind."""

    kind = graphene.InputField(ActionKindName, required=True)
    reason = graphene.InputField(HoldReasonName, description="Of a HOLD.")
    note = graphene.String(description="Of a HOLD: what whoever releases it should know.")
    tag = graphene.String(description="Of a TAG.")
    priority = graphene.Int(description="Of a PRIORITY: higher ones go out first.")
    location_ids = relay.some(graphene.ID)
    sku_id = graphene.ID(description="Of a GIFT; not a bundle.")
    quantity = graphene.Int(description="Of a GIFT, to each buyer.")
    limit_total = graphene.Int(description="Of a GIFT: pieces to all buyers together; without it no limit.")


class ReviewRuleInput(graphene.InputObjectType):
    """A rule: without an id a new one, which is off until it is switched on."""

    review_rule_id = graphene.ID()
    if_version = graphene.Int(description="Refuse with STALE_VERSION when somebody changed it since.")
    name = graphene.String(required=True)
    conditions = relay.some(OrderConditionInput, required=True)
    actions = relay.some(ReviewActionInput, required=True)
    position = graphene.Int(description="Lower ones come first; a new rule comes last when left out.")
    starts_at = DateTime(description="It holds from then on.")
    ends_at = DateTime(description="It holds until before then.")


class ReviewRuleSwitchInputItem(graphene.InputObjectType):
    """A rule to be switched on or off."""

    review_rule_id = graphene.ID(required=True)
    is_active = graphene.Boolean(required=True)
    if_version = graphene.Int(description="Refuse with STALE_VERSION when somebody changed it since.")


class TriedAction(graphene.ObjectType):
    """To how many orders an action would have been done."""

    requires = Permission.ORDERS_READ
    kind = graphene.Field(ActionKindName, required=True)
    detail = graphene.String(required=True)
    orders = graphene.Int(required=True)


class TriedAmount(graphene.ObjectType):
    """Money of one currency that would have waited."""

    requires = Permission.ORDERS_READ
    currency = graphene.String(required=True)
    orders = graphene.Int(required=True)
    total_minor = graphene.Field(Long, required=True)


class TriedGift(graphene.ObjectType, OfSku):
    """Gifts that would have gone."""

    requires = Permission.ORDERS_READ
    orders = graphene.Int(required=True)
    pieces = graphene.Int(required=True)
    cost_minor = graphene.Field(Long, required=True)
    currency = graphene.String(required=True)
    free_now = graphene.Int(required=True, description="Pieces that are there today.")
    refused_before = graphene.Int(required=True, description="Orders of buyers who had it already.")
    refused_limit = graphene.Int(required=True, description="Orders after the rule's limit.")


class ReviewTrial(graphene.ObjectType):
    """What a rule would have done to past orders."""

    requires = Permission.ORDERS_READ
    tried = graphene.Int(required=True)
    matched = graphene.Int(required=True)
    orders = graphene.List(graphene.NonNull(Order), required=True, description="The newest it fits, at most 50.")
    actions = graphene.List(graphene.NonNull(TriedAction), required=True)
    held = graphene.List(graphene.NonNull(TriedAmount), required=True)
    gift = graphene.Field(TriedGift)

    @staticmethod
    async def resolve_orders(root: Any, info: Any) -> list[Any]:
        """Return the orders."""
        return [each.value for each in await relay.found(info, [(Order, one) for one in root["first"]])]


class ReviewRuleSave(Mutation):
    """Write rules, new ones switched off: try them on past orders, then switch them on."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "rules"
    subject = "ReviewRule"

    class Input:
        rules = relay.some(ReviewRuleInput, required=True)

    class Payload:
        rules = Many(ReviewRule)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        asked = limited(input.rules, RULES_MAX, "rules")
        drafts = [_draft(rule, ("rules", index)) for index, rule in enumerate(asked)]
        return _rules_done(await review_rules.save_review_rules(uow, rules=drafts))


class ReviewRuleTry(Mutation):
    """Tell what a rule, as written here or as saved, would have done to past orders; nothing is written."""

    requires = Permission.ORDERS_READ
    user_error = OrdersUserError
    repeatable = False

    class Input:
        rule = graphene.InputField(ReviewRuleInput)
        review_rule_id = graphene.ID(description="A saved rule instead, on or off.")
        since = DateTime(description="Only orders placed from then on.")
        last = graphene.Int(
            required=True, default_value=trials.PAGE, description=f"How many at most, up to {trials.ORDERS_MAX}."
        )

    class Payload:
        trial = graphene.Field(ReviewTrial)

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Try, reading only."""
        async with context.reading() as uow:
            return await cls.run(uow, input, context)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Try."""
        rule_id = relay.optional_id(input.review_rule_id, "ReviewRule", field=("reviewRuleId",))
        if (rule_id is None) == (input.rule is None):
            message = sentence("Give exactly one of {names}.", names="rule, reviewRuleId")
            raise InvalidInput(message, field=("rule",))
        if rule_id is not None:
            trial = await trials.try_saved_rule(uow, rule_id=rule_id, since=input.since, last=input.last)
        else:
            trial = await _tried(uow, input)
        return Done(once={"trial": asdict(trial)})


async def _tried(uow: UnitOfWork, input: Any) -> trials.Trial:
    draft = _draft(input.rule, ("rule",))
    try:
        return await trials.try_review_rule(uow, draft=draft, since=input.since, last=input.last)
    except Refusal as refusal:
        if refusal.field and refusal.field[0] in {"name", "conditions", "actions", "ends_at"}:
            refusal.field = ("rule", *refusal.field)
        raise


class ReviewRuleSwitch(Mutation):
    """Switch rules on or off; from then on orders that come in are checked by them or not."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "switches"
    subject = "ReviewRule"

    class Input:
        switches = relay.some(ReviewRuleSwitchInputItem, required=True)

    class Payload:
        rules = Many(ReviewRule)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Switch."""
        switches = [
            Switch(_rule_id(item, ("switches", index)), item.is_active, item.if_version)
            for index, item in enumerate(limited(input.switches, RULES_MAX, "switches"))
        ]
        return _rules_done(await review_rules.switch_review_rules(uow, switches=switches))


class ReviewRuleOrder(Mutation):
    """Put rules in this order, before those not named."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError

    class Input:
        review_rule_ids = relay.some(graphene.ID, required=True)

    class Payload:
        rules = Many(ReviewRule)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Order."""
        named = limited(input.review_rule_ids, RULES_MAX, "reviewRuleIds")
        ids = relay.ids_of(named, "ReviewRule", field="reviewRuleIds")
        return Done({"rules": await review_rules.order_review_rules(uow, rule_ids=ids)})


class ReviewRuleArchive(Mutation):
    """Take rules away for good; what they did to orders stays told."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "reviewRuleIds"

    class Input:
        review_rule_ids = relay.some(graphene.ID, required=True)

    class Payload:
        rules = Many(ReviewRule)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Archive."""
        named = limited(input.review_rule_ids, RULES_MAX, "reviewRuleIds")
        ids = relay.ids_of(named, "ReviewRule", field="reviewRuleIds")
        return _rules_done(await review_rules.archive_review_rules(uow, rule_ids=ids))


class OrderApprove(Mutation):
    """Lift the REVIEW holds of orders a person looked at; other holds stay."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "orderIds"

    class Input:
        order_ids = relay.some(graphene.ID, required=True)

    class Payload:
        orders = Many(Order)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Approve."""
        ids = relay.ids_of(input.order_ids, "Order", field="orderIds")
        answers = await approving.approve_orders(uow, order_ids=ids)
        done = [answer.order_id for answer in answers if not isinstance(answer, Refused)]
        return Done({"orders": list(dict.fromkeys(done))}, [each for each in answers if isinstance(each, Refused)])


def _draft(rule: Any, path: tuple[str | int, ...]) -> RuleDraft:
    return RuleDraft(
        id=relay.optional_id(rule.review_rule_id, "ReviewRule", field=(*path, "reviewRuleId")),
        if_version=rule.if_version,
        name=rule.name,
        conditions=told(rule.conditions, (*path, "conditions")),
        actions=[_action(action, (*path, "actions", index)) for index, action in enumerate(rule.actions)],
        position=rule.position,
        starts_at=rule.starts_at,
        ends_at=rule.ends_at,
    )


def _action(action: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
    said = {name: value for name, value in action.items() if value is not None}
    if "sku_id" in said:
        said["sku_id"] = str(relay.id_of(said["sku_id"], "Sku", field=(*path, "skuId")))
    if "location_ids" in said:
        said["location_ids"] = [
            str(relay.id_of(each, "Location", field=(*path, "locationIds", index)))
            for index, each in enumerate(said["location_ids"])
        ]
    return said


def _rule_id(item: Any, path: tuple[str | int, ...]) -> Any:
    return relay.id_of(item.review_rule_id, "ReviewRule", field=(*path, "reviewRuleId"))


def _rules_done(answers: list[review_rules.Saved | Refused]) -> Done:
    done = [answer.rule_id for answer in answers if not isinstance(answer, Refused)]
    return Done({"rules": list(dict.fromkeys(done))}, [each for each in answers if isinstance(each, Refused)])


MUTATIONS = (
    ReviewRuleSave,
    ReviewRuleTry,
    ReviewRuleSwitch,
    ReviewRuleOrder,
    ReviewRuleArchive,
    OrderApprove,
)
