"""The exception queue: orders that go no further until somebody does something, and what that is."""

from typing import Any, ClassVar

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import exceptions, late_changes
from pickmesh.core.orders.exceptions import ExceptionFilter, ExceptionKind, OrderException
from pickmesh.core.orders.rules import Action
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation
from pickmesh.graphql.context import Context
from pickmesh.graphql.fulfillment_orders import OrdersUserError
from pickmesh.graphql.orders import ActionName, FulfillmentOrder, Order
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime

ExceptionKindName = graphene.Enum.from_enum(ExceptionKind, name="OrderExceptionKind")


class OrderExceptionItem(graphene.ObjectType):
    """A reason why an order goes no further, and what somebody has to do about it."""

    class Meta:
        name = "OrderException"

    requires = Permission.ORDERS_READ
    kind = graphene.Field(ExceptionKindName, required=True)
    order = relay.link("order_id", Order)
    fulfillment_order = relay.link(
        "fulfillment_order_id", FulfillmentOrder, description="Null when the order as a whole is concerned."
    )
    since = graphene.Field(DateTime, required=True)
    ship_by = graphene.Field(DateTime, required=True, description="The promised time.")
    remedy = graphene.String(required=True)
    supported_actions = graphene.List(
        graphene.NonNull(ActionName), required=True, description="What may be done to the fulfillment order now."
    )

    @staticmethod
    def resolve_remedy(root: OrderException, info: Any) -> str:
        """Return the sentence in the caller's language."""
        remedy: str = info.context.says(root.remedy)
        return remedy

    @staticmethod
    async def resolve_supported_actions(root: OrderException, info: Any) -> tuple[Action, ...]:
        """Return what may be done."""
        if root.fulfillment_order_id is None:
            return ()
        row = await info.context.load(FulfillmentOrder.by_ids, root.fulfillment_order_id)
        return () if row is None else await FulfillmentOrder.resolve_supported_actions(row, info)


class OrderExceptionCount(graphene.ObjectType):
    """How many exceptions there are of a kind."""

    requires = Permission.ORDERS_READ
    kind = graphene.Field(ExceptionKindName, required=True)
    count = graphene.Int(required=True)


def _chosen(kinds: Any, shop_ids: list[str] | None, location_id: str | None) -> ExceptionFilter:
    shops = None if shop_ids is None else relay.ids_of(shop_ids, "Shop", field="shopIds")
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    return ExceptionFilter(None if kinds is None else [ExceptionKind(kind) for kind in kinds], shops, location)


async def _page_of_exceptions(
    _root: Any,
    info: Any,
    request: PageRequest,
    kinds: Any = None,
    shop_ids: list[str] | None = None,
    location_id: str | None = None,
) -> Page[OrderException]:
    async with info.context.reading() as uow:
        return await exceptions.exception_page(uow, request, _chosen(kinds, shop_ids, location_id))


class ExceptionsQueries(Queries):
    """What may be asked about exceptions."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    order_exceptions = relay.paged(
        relay.connection(OrderExceptionItem),
        _page_of_exceptions,
        "Orders that go no further until somebody does something, the oldest promise first.",
        kinds=relay.some(ExceptionKindName),
        shop_ids=relay.some(graphene.ID),
        location_id=graphene.ID(),
    )
    order_exception_counts = graphene.List(
        graphene.NonNull(OrderExceptionCount),
        required=True,
        shop_ids=relay.some(graphene.ID),
        location_id=graphene.ID(),
        description="How many exceptions there are of each kind that has any.",
    )

    @staticmethod
    async def resolve_order_exception_counts(
        _root: Any, info: Any, shop_ids: list[str] | None = None, location_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the counts."""
        async with info.context.reading() as uow:
            counts = await exceptions.exception_counts(uow, _chosen(None, shop_ids, location_id))
        return [{"kind": kind, "count": count} for kind, count in counts.items()]


class OrderAcknowledgeChanges(Mutation):
    """Note that somebody has seen to changes of shops that came too late; they leave the exception queue."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "orderIds"

    class Input:
        order_ids = relay.some(graphene.ID, required=True)

    class Payload:
        orders = Many(Order)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Acknowledge."""
        ids = relay.ids_of(input.order_ids, "Order", field="orderIds")
        answers = await late_changes.acknowledge_changes(uow, order_ids=ids)
        done = [answer.order_id for answer in answers if not isinstance(answer, Refused)]
        return Done({"orders": done}, [answer for answer in answers if isinstance(answer, Refused)])


MUTATIONS = (OrderAcknowledgeChanges,)
