"""Sending fulfillment orders to another warehouse, and saying how urgent they are and before when they wait."""

from typing import Any

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import moving, priorities, rerouting
from pickmesh.core.orders.moving import Move
from pickmesh.core.orders.priorities import Reschedule
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, batch_done
from pickmesh.graphql.context import Context
from pickmesh.graphql.fulfillment_orders import ITEMS, FulfillmentOrderRef, OrdersUserError, refs_read
from pickmesh.graphql.orders import FulfillmentOrder
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import AtLocation, Location

IF_VERSION = "Refuse with STALE_VERSION when somebody changed it since."


class FulfillmentOrderMoveInputItem(graphene.InputObjectType):
    """A fulfillment order, and the warehouse it is to go to."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)
    location_id = graphene.ID(required=True)


class FulfillmentOrderRescheduleInputItem(graphene.InputObjectType):
    """A fulfillment order, and the moment before which it is not sent; null for at once."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)
    fulfill_at = graphene.InputField(DateTime)


class MovedFulfillmentOrder(graphene.ObjectType, AtLocation):
    """Where a fulfillment order is now, and how many pieces it lacked before and lacks here."""

    requires = Permission.ORDERS_READ
    fulfillment_order = relay.link("fulfillment_order_id", FulfillmentOrder)
    from_location = relay.link("from_location_id", Location)
    short_before = graphene.Int(required=True)
    short_after = graphene.Int(required=True)
    changed = graphene.Boolean(required=True, description="False when it stayed where it was.")


class FulfillmentOrderMove(Mutation):
    """Send open fulfillment orders to another warehouse of yours, their promises with them; undone by moving back."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "moves"
    subject = "FulfillmentOrder"

    class Input:
        moves = graphene.List(graphene.NonNull(FulfillmentOrderMoveInputItem), required=True)
        if_covered = graphene.Boolean(
            required=True,
            default_value=False,
            description="Refuse with NOT_COVERED instead of waiting for goods at the other warehouse.",
        )

    class Payload:
        moved = graphene.List(graphene.NonNull(MovedFulfillmentOrder))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Move."""
        moves = [
            Move(
                relay.id_of(each.id, "FulfillmentOrder", field=("moves", index, "id")),
                relay.id_of(each.location_id, "Location", field=("moves", index, "locationId")),
                each.get("if_version"),
            )
            for index, each in enumerate(input.moves)
        ]
        answers = await moving.move_fulfillment_orders(uow, moves=moves, if_covered=input.if_covered)
        return batch_done("moved", answers)


class FulfillmentOrderReroute(Mutation):
    """Route short fulfillment orders again: each goes where all of it is free by now, or stays."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = ITEMS
    subject = "FulfillmentOrder"

    class Input:
        fulfillment_orders = graphene.List(graphene.NonNull(FulfillmentOrderRef), required=True)

    class Payload:
        moved = graphene.List(graphene.NonNull(MovedFulfillmentOrder))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Reroute."""
        ids, versions = refs_read(input.fulfillment_orders, ITEMS)
        return batch_done("moved", await rerouting.reroute_fulfillment_orders(uow, ids=ids, versions=versions))


class FulfillmentOrderPrioritize(Mutation):
    """Make fulfillment orders more or less urgent; higher goes first, 0 is usual."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = ITEMS
    subject = "FulfillmentOrder"

    class Input:
        fulfillment_orders = graphene.List(graphene.NonNull(FulfillmentOrderRef), required=True)
        priority = graphene.Int(required=True, default_value=priorities.URGENT)

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Rank."""
        ids, versions = refs_read(input.fulfillment_orders, ITEMS)
        answers = await priorities.set_priority(uow, ids=ids, priority=input.priority, versions=versions)
        done = [answer.fulfillment_order_id for answer in answers if not isinstance(answer, Refused)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        return Done({"fulfillment_orders": list(dict.fromkeys(done))}, refused)


class FulfillmentOrderReschedule(Mutation):
    """Set, change or clear the moment before which open fulfillment orders are not sent (presale)."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "schedules"
    subject = "FulfillmentOrder"

    class Input:
        schedules = graphene.List(graphene.NonNull(FulfillmentOrderRescheduleInputItem), required=True)

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Reschedule."""
        schedules = [
            Reschedule(
                relay.id_of(each.id, "FulfillmentOrder", field=("schedules", index, "id")),
                each.get("fulfill_at"),
                each.get("if_version"),
            )
            for index, each in enumerate(input.schedules)
        ]
        answers = await priorities.reschedule_fulfillment_orders(uow, schedules=schedules)
        done = [answer.fulfillment_order_id for answer in answers if not isinstance(answer, Refused)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        return Done({"fulfillment_orders": done}, refused)


MUTATIONS = (
    FulfillmentOrderMove,
    FulfillmentOrderReroute,
    FulfillmentOrderPrioritize,
    FulfillmentOrderReschedule,
)
