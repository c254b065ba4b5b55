"""Tags put on orders and taken off, many on many."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import tags
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation
from pickmesh.graphql.context import Context
from pickmesh.graphql.fulfillment_orders import OrdersUserError
from pickmesh.graphql.orders import Order


class OrderTagsAdd(Mutation):
    """Put tags on orders; one that is there stays."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "orderIds"

    class Input:
        order_ids = relay.some(graphene.ID, required=True)
        tags = relay.some(graphene.String, required=True)

    class Payload:
        orders = Many(Order)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Tag."""
        return _done(await tags.tag_orders(uow, order_ids=_ids(input), add=input.tags))


class OrderTagsRemove(Mutation):
    """Take tags off orders; one that is not there is no matter."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "orderIds"

    class Input:
        order_ids = relay.some(graphene.ID, required=True)
        tags = relay.some(graphene.String, required=True)

    class Payload:
        orders = Many(Order)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Untag."""
        return _done(await tags.tag_orders(uow, order_ids=_ids(input), remove=input.tags))


def _ids(input: Any) -> list[UUID]:
    return relay.ids_of(input.order_ids, "Order", field="orderIds")


def _done(answers: Sequence[tags.Tagged | Refused]) -> Done:
    done = [answer.order_id for answer in answers if not isinstance(answer, Refused)]
    return Done({"orders": list(dict.fromkeys(done))}, [each for each in answers if isinstance(each, Refused)])


MUTATIONS = (OrderTagsAdd, OrderTagsRemove)
