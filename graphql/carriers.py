"""Carriers: whom a merchant ships with, and the rules by which orders go with one of them."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.packing import carrier_choice, carrier_rules, queries
from pickmesh.core.packing.carrier_choice import CarrierOverride
from pickmesh.core.packing.carrier_rules import CarrierRuleToSave, CarrierToSave
from pickmesh.core.packing.carriers import LOCAL
from pickmesh.graphql import order_conditions, relay
from pickmesh.graphql.base import Done, Many, Mutation
from pickmesh.graphql.context import Context
from pickmesh.graphql.order_conditions import OrderCondition, OrderConditionInput
from pickmesh.graphql.orders import FulfillmentOrder
from pickmesh.graphql.packing import PackingUserError
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime

IF_VERSION = "Refuse with STALE_VERSION when somebody changed it since."
ITEMS = "carrierRules"


class Carrier(graphene.ObjectType):
    """Somebody who carries parcels; the local carrier is always there."""

    requires = Permission.FLOOR_READ
    code = graphene.String(required=True)
    name = graphene.String(required=True)
    kind = graphene.String(required=True, description="The adapter that speaks with it.")


class CarrierRule(relay.ObjectType):
    """Which carrier takes orders of some kind; the first active rule that fits decides."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ORDERS_READ
    name = graphene.String(required=True)
    position = graphene.Int(required=True, description="The lowest is asked first.")
    is_active = graphene.Boolean(required=True)
    conditions = graphene.List(graphene.NonNull(OrderCondition), required=True, description="All must hold.")
    carrier = graphene.String(required=True)
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)

    by_ids = staticmethod(carrier_rules.carrier_rules_by_id)


class CarrierInput(graphene.InputObjectType):
    """A carrier; `kind` names the adapter, LOCAL draws labels of our own."""

    code = graphene.String(required=True)
    name = graphene.String(required=True)
    kind = graphene.String(required=True, default_value=LOCAL)


class CarrierRuleInput(graphene.InputObjectType):
    """A rule: a new one without `id`, last in line without a position."""

    id = graphene.ID()
    if_version = graphene.Int(description=IF_VERSION)
    name = graphene.String(required=True)
    position = graphene.Int()
    is_active = graphene.Boolean(required=True, default_value=True)
    conditions = graphene.List(graphene.NonNull(OrderConditionInput), required=True, default_value=[])
    carrier = graphene.String(required=True, description="A carrier's code.")


class CarrierRuleRef(graphene.InputObjectType):
    """A rule, and the version of it the caller has read."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)


class CarrierOfOrderInput(graphene.InputObjectType):
    """A fulfillment order and the code of its carrier; none leaves it to the rules again."""

    id = graphene.ID(required=True)
    carrier = graphene.String()


class CarrierSave(Mutation):
    """Make carriers, or rename those that have these codes."""

    requires = Permission.FLOOR_MANAGE
    user_error = PackingUserError
    items = "carriers"

    class Input:
        carriers = graphene.List(graphene.NonNull(CarrierInput), required=True)

    class Payload:
        codes = graphene.List(graphene.NonNull(graphene.String))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        told = [CarrierToSave(each.code, each.name, each.kind) for each in input.carriers]
        return Done({"codes": await carrier_rules.save_carriers(uow, carriers=told)})


class CarrierRuleSave(Mutation):
    """Make carrier rules or change them; orders that have a carrier keep it."""

    requires = Permission.FLOOR_MANAGE
    user_error = PackingUserError
    items = ITEMS
    subject = "CarrierRule"

    class Input:
        carrier_rules = graphene.List(graphene.NonNull(CarrierRuleInput), required=True)

    class Payload:
        carrier_rules = Many(CarrierRule)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        rules = [_rule(index, each) for index, each in enumerate(input.carrier_rules)]
        return _done(await carrier_rules.save_carrier_rules(uow, rules=rules))


def _rule(index: int, told: Any) -> CarrierRuleToSave:
    return CarrierRuleToSave(
        name=told.name,
        carrier=told.carrier,
        conditions=order_conditions.told(told.conditions, (ITEMS, index, "conditions")),
        position=told.get("position"),
        is_active=told.is_active,
        id=relay.optional_id(told.get("id"), "CarrierRule", field=(ITEMS, index, "id")),
        version=told.get("if_version"),
    )


def _done(answers: Sequence[UUID | Refused], name: str = "carrier_rules") -> Done:
    done = [answer for answer in answers if isinstance(answer, UUID)]
    return Done({name: list(dict.fromkeys(done))}, [each for each in answers if isinstance(each, Refused)])


class CarrierRuleArchive(Mutation):
    """Put carrier rules away; orders keep their carriers."""

    requires = Permission.FLOOR_MANAGE
    user_error = PackingUserError
    items = ITEMS
    subject = "CarrierRule"

    class Input:
        carrier_rules = graphene.List(graphene.NonNull(CarrierRuleRef), required=True)

    class Payload:
        carrier_rules = Many(CarrierRule)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Archive."""
        told = input.carrier_rules
        ids = [relay.id_of(each.id, "CarrierRule", field=(ITEMS, index, "id")) for index, each in enumerate(told)]
        named = zip(ids, told, strict=True)
        versions = {each: ref.if_version for each, ref in named if ref.get("if_version") is not None}
        return _done(await carrier_rules.archive_carrier_rules(uow, ids=ids, versions=versions))


class FulfillmentOrderCarrierSet(Mutation):
    """Let orders go with a carrier somebody names, whatever the rules say; the reason is kept."""

    requires = Permission.FLOOR_MANAGE
    user_error = PackingUserError
    items = "fulfillmentOrders"
    subject = "FulfillmentOrder"

    class Input:
        fulfillment_orders = graphene.List(graphene.NonNull(CarrierOfOrderInput), required=True)
        reason = graphene.String(required=True)

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Set."""
        overrides = [
            CarrierOverride(
                relay.id_of(each.id, "FulfillmentOrder", field=("fulfillmentOrders", index, "id")), each.get("carrier")
            )
            for index, each in enumerate(input.fulfillment_orders)
        ]
        answers = await carrier_choice.override_carriers(uow, overrides=overrides, reason=input.reason)
        return _done(answers, "fulfillment_orders")


class CarrierQueries(Queries):
    """What may be asked of carriers."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    carriers = graphene.List(
        graphene.NonNull(Carrier), required=True, description="The carriers by code, the local one last."
    )
    carrier_rules = graphene.List(
        graphene.NonNull(CarrierRule),
        required=True,
        archived=graphene.Boolean(required=True, default_value=False, description="Those put away too."),
        description="The carrier rules in the order they are asked.",
    )

    @staticmethod
    async def resolve_carriers(_root: Any, info: Any) -> Sequence[Any]:
        """Return the carriers."""
        async with info.context.reading() as uow:
            accounts = list(await queries.carrier_accounts(uow))
        local: list[Any] = [{"code": LOCAL, "name": LOCAL, "kind": LOCAL}]
        return accounts + ([] if any(row.code == LOCAL for row in accounts) else local)

    @staticmethod
    async def resolve_carrier_rules(_root: Any, info: Any, archived: bool) -> Sequence[Any]:
        """Return the rules."""
        async with info.context.reading() as uow:
            return await carrier_rules.carrier_rules(uow, archived=archived)


MUTATIONS = (CarrierSave, CarrierRuleSave, CarrierRuleArchive, FulfillmentOrderCarrierSet)
