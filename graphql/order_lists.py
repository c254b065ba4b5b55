"""What may be asked of orders and fulfillment orders: one, lists of them, and what happened to them."""

from typing import Any, ClassVar

import graphene

from pickmesh.core.floor import order_timeline
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import lists, queries, recipients
from pickmesh.core.orders.lists import FulfillmentOrderFilter, FulfillmentOrderSort, OrderFilter, OrderSort
from pickmesh.graphql import relay
from pickmesh.graphql.journal import Event
from pickmesh.graphql.orders import (
    FulfillmentOrder,
    HoldReasonName,
    Order,
    OrderTypeName,
    PaymentStatusName,
    ProgressName,
    StatusName,
)
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.scanner.codes.own import OwnKind

OrderSortName = graphene.Enum.from_enum(OrderSort, name="OrderSort")
FulfillmentOrderSortName = graphene.Enum.from_enum(FulfillmentOrderSort, name="FulfillmentOrderSort")
FALLING = "The newest, latest or highest first."


async def _page_of_orders(
    _root: Any,
    info: Any,
    request: PageRequest,
    *,
    shop_ids: list[str] | None = None,
    phone: str | None = None,
    numbers: list[str] | None = None,
    related_order_ids: list[str] | None = None,
    sort: OrderSort = OrderSort.CREATED_AT,
    falling: bool = True,
    **chosen: Any,
) -> Page[Any]:
    related = None if related_order_ids is None else relay.ids_of(related_order_ids, "Order", field="relatedOrderIds")
    shops = None if shop_ids is None else relay.ids_of(shop_ids, "Shop", field="shopIds")
    wanted = relay.numbers_of(numbers, OwnKind.ORDER)
    async with info.context.reading() as uow:
        ids = None if phone is None else await recipients.orders_by_phone(uow, phone)
        filtered = OrderFilter(shop_ids=shops, ids=ids, numbers=wanted, related_order_ids=related, **chosen)
        return await lists.order_page(uow, request, filtered, sort=OrderSort(sort), falling=falling)


async def _page_of_fulfillment_orders(
    _root: Any,
    info: Any,
    request: PageRequest,
    *,
    location_id: str | None = None,
    order_ids: list[str] | None = None,
    numbers: list[str] | None = None,
    sort: FulfillmentOrderSort = FulfillmentOrderSort.CREATED_AT,
    falling: bool = True,
    **chosen: Any,
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    orders = None if order_ids is None else relay.ids_of(order_ids, "Order", field="orderIds")
    known = relay.numbers_of(numbers, OwnKind.FULFILLMENT_ORDER)
    wanted = FulfillmentOrderFilter(location_id=location, order_ids=orders, numbers=known, **chosen)
    async with info.context.reading() as uow:
        return await lists.fulfillment_order_page(
            uow, request, wanted, sort=FulfillmentOrderSort(sort), falling=falling
        )


class OrdersQueries(Queries):
    """What may be asked of orders."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    order = graphene.Field(
        Order, id=graphene.ID(), number=graphene.String(), description="An order by its id or its number."
    )
    orders = relay.paged(
        relay.connection(Order),
        _page_of_orders,
        "Orders, the newest first.",
        shop_ids=relay.some(graphene.ID),
        external_ids=relay.some(graphene.String),
        numbers=relay.some(graphene.String),
        payment_statuses=relay.some(PaymentStatusName),
        ordered_from=graphene.Argument(DateTime),
        ordered_before=graphene.Argument(DateTime),
        cancelled=graphene.Boolean(),
        phone=graphene.String(description="A buyer's whole phone number, or its last four digits."),
        tags=relay.some(graphene.String),
        types=relay.some(OrderTypeName),
        related_order_ids=relay.some(graphene.ID),
        changed_in_shop=graphene.Boolean(description="Whose shop changed them too late, and nobody has seen to it."),
        sort=graphene.Argument(OrderSortName, default_value=OrderSort.CREATED_AT.value, required=True),
        falling=graphene.Boolean(default_value=True, required=True, description=FALLING),
    )
    fulfillment_order = graphene.Field(
        FulfillmentOrder, id=graphene.ID(), number=graphene.String(), description="One by its id or its number."
    )
    fulfillment_orders = relay.paged(
        relay.connection(FulfillmentOrder),
        _page_of_fulfillment_orders,
        "Fulfillment orders, the newest first.",
        location_id=graphene.ID(),
        order_ids=relay.some(graphene.ID),
        numbers=relay.some(graphene.String),
        statuses=relay.some(StatusName),
        progresses=relay.some(ProgressName),
        ship_by_before=graphene.Argument(DateTime),
        hold_reasons=relay.some(HoldReasonName),
        tags=relay.some(graphene.String),
        short_only=graphene.Boolean(description="Those that lack goods, or those that do not."),
        late=graphene.Boolean(description="Those that should have left by now, or the others."),
        carriers=relay.some(graphene.String),
        sort=graphene.Argument(
            FulfillmentOrderSortName, default_value=FulfillmentOrderSort.CREATED_AT.value, required=True
        ),
        falling=graphene.Boolean(default_value=True, required=True, description=FALLING),
    )
    timeline = graphene.List(
        graphene.NonNull(Event),
        required=True,
        id=graphene.ID(required=True),
        before=graphene.Argument(Long, description="Only events numbered below this."),
        first=graphene.Int(
            required=True, default_value=queries.TIMELINE_MAX, description=f"At most {queries.TIMELINE_MAX}."
        ),
        description="What happened to an order and all that carries it out, or to anything else, the newest first.",
    )

    @staticmethod
    async def resolve_order(_root: Any, info: Any, id: str | None = None, number: str | None = None) -> Any:
        """Return an order."""
        name, value = relay.one_of({"id": id, "number": number})
        if name == "id":
            return await info.context.load(Order.by_ids, relay.id_of(value, "Order"))
        row = await info.context.load(queries.orders_by_number, relay.number_of(value, OwnKind.ORDER))
        return row and await info.context.load(Order.by_ids, row.id)

    @staticmethod
    async def resolve_fulfillment_order(_root: Any, info: Any, id: str | None = None, number: str | None = None) -> Any:
        """Return a fulfillment order."""
        name, value = relay.one_of({"id": id, "number": number})
        if name == "id":
            return await info.context.load(FulfillmentOrder.by_ids, relay.id_of(value, "FulfillmentOrder"))
        row = await info.context.load(
            queries.fulfillment_orders_by_number, relay.number_of(value, OwnKind.FULFILLMENT_ORDER)
        )
        return row and await info.context.load(FulfillmentOrder.by_ids, row.id)

    @staticmethod
    async def resolve_timeline(_root: Any, info: Any, id: str, first: int, before: int | None = None) -> list[Any]:
        """Return what happened."""
        if not 0 <= first <= queries.TIMELINE_MAX:
            message = sentence("{name} must be between 0 and {most}.", name="first", most=queries.TIMELINE_MAX)
            raise LimitExceeded(message, field=("first",))
        type_name, uuid = relay.parsed(id)
        async with info.context.reading() as uow:
            if type_name == "Order":
                return await order_timeline.timeline_of_order(uow, uuid, before_seq=before, limit=first)
            return await queries.timeline(uow, [uuid], before_seq=before, limit=first)
