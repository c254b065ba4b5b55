"""What buyers asked for and what becomes of it: orders, fulfillment orders, lines, holds, shipments."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import queries, recipients, rules
from pickmesh.core.orders.queries import FulfillmentOrderFilter, OrderFilter
from pickmesh.core.orders.rules import Action, RouteReason, Status
from pickmesh.core.orders.tables import HoldReason, OrderType, PaymentStatus, Progress, RequestStatus
from pickmesh.core.stock import queries as stock_queries
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Shop, Worker
from pickmesh.graphql.dropships import DropshipOfFulfillmentOrder
from pickmesh.graphql.journal import Event
from pickmesh.graphql.loading import grouped
from pickmesh.graphql.packing import PackingOfFulfillmentOrder
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.picking import PickingOfFulfillmentOrder
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import SKU, AtLocation, OfLot, OfSku, Place
from pickmesh.scanner.codes.own import OwnKind

OrderTypeName = graphene.Enum.from_enum(OrderType, name="OrderType")
PaymentStatusName = graphene.Enum.from_enum(PaymentStatus, name="PaymentStatus")
ProgressName = graphene.Enum.from_enum(Progress, name="Progress")
RequestStatusName = graphene.Enum.from_enum(RequestStatus, name="RequestStatus")
HoldReasonName = graphene.Enum.from_enum(HoldReason, name="HoldReason")
StatusName = graphene.Enum.from_enum(Status, name="FulfillmentOrderStatus")
ActionName = graphene.Enum.from_enum(Action, name="FulfillmentOrderAction")
RouteReasonName = graphene.Enum.from_enum(RouteReason, name="RouteReason")

ALLOCATIONS = grouped(stock_queries.allocations_of_lines, "line_id")


async def orders_by_ids(uow: UnitOfWork, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Return orders of shops the caller works for."""
    found = await queries.orders(uow, ids)
    return {each: row for each, row in found.items() if uow.actor.may(Permission.ORDERS_READ, shop_id=row.shop_id)}


async def fulfillment_orders_by_ids(uow: UnitOfWork, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Return fulfillment orders of warehouses the caller works for, and unrouted ones."""
    found = await queries.fulfillment_orders(uow, ids)
    may = uow.actor.may
    return {key: row for key, row in found.items() if may(Permission.ORDERS_READ, warehouse_id=row.location_id)}


async def _masked(uow: UnitOfWork, order_ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    return await recipients.recipients_of(uow, order_ids)


async def _revealed(uow: UnitOfWork, order_ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    return await recipients.recipients_of(uow, order_ids, reveal=True)


class Recipient(graphene.ObjectType):
    """To whom an order goes; name, phone and street are masked without the permission recipients:read."""

    requires = Permission.ORDERS_READ
    name = graphene.String(required=True)
    phone = graphene.String(required=True)
    street = graphene.String(required=True)
    country = graphene.String(required=True)
    province = graphene.String(required=True)
    city = graphene.String(required=True)
    district = graphene.String(required=True)
    postcode = graphene.String(required=True)
    masked = graphene.Boolean(required=True)


class OrderLine(graphene.ObjectType):
    """One line as the buyer asked for it; without a SKU until somebody maps the shop's code."""

    requires = Permission.ORDERS_READ
    id = relay.own_id("OrderLine")
    external_line_id = graphene.String(required=True)
    shop_code = graphene.String(required=True)
    sku = relay.link("sku_id", SKU)
    quantity = graphene.Int(required=True)
    unit_price_micros = graphene.Field(Long, required=True)
    amount_minor = graphene.Field(Long, required=True)
    discount_minor = graphene.Field(Long, required=True)
    tax_minor = graphene.Field(Long, required=True)
    cancelled_quantity = graphene.Int(required=True)
    refunded_quantity = graphene.Int(required=True)


class ShippedLine(graphene.ObjectType):
    """What of an order's line went in a parcel, in the shop's own units."""

    requires = Permission.ORDERS_READ
    external_line_id = graphene.String(required=True)
    quantity = graphene.Int(required=True)


class Shipment(graphene.ObjectType):
    """What the shop is told about one parcel of an order."""

    requires = Permission.ORDERS_READ
    id = relay.own_id("Shipment")
    carrier = graphene.String(required=True)
    waybill = graphene.String(required=True)
    lines = graphene.List(graphene.NonNull(ShippedLine), required=True)
    parcel = relay.link("parcel_id", "pickmesh.graphql.packing.Parcel")
    shipped_at = graphene.Field(DateTime, required=True)
    undone_at = graphene.Field(DateTime)
    told_at = graphene.Field(DateTime, description="When the shop had it; null while it waits in the outbox.")


class Order(relay.ObjectType):
    """What a buyer asked a shop for; amounts in minor units of one currency."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ORDERS_READ
    number = relay.number(OwnKind.ORDER)
    shop = relay.link("shop_id", Shop, required=True)
    external_id = graphene.String(required=True)
    type = graphene.Field(OrderTypeName, required=True)
    payment_status = graphene.Field(PaymentStatusName, required=True)
    currency = graphene.String(required=True)
    goods_minor = graphene.Field(Long, required=True)
    discount_minor = graphene.Field(Long, required=True)
    tax_minor = graphene.Field(Long, required=True)
    freight_minor = graphene.Field(Long, required=True)
    paid_minor = graphene.Field(Long, required=True)
    cod_due_minor = graphene.Field(Long, required=True)
    ordered_at = graphene.Field(DateTime, required=True)
    paid_at = graphene.Field(DateTime)
    ship_by = graphene.Field(DateTime, required=True)
    remark = graphene.String(required=True)
    seller_flag = graphene.String(required=True)
    created_at = graphene.Field(DateTime, required=True)
    cancelled_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    recipient = graphene.Field(Recipient)
    lines = relay.listing(queries.lines_of_orders, OrderLine)
    fulfillment_orders = relay.listing(queries.fulfillment_orders_of, "pickmesh.graphql.orders.FulfillmentOrder")
    shipments = relay.listing(queries.shipments_of_orders, Shipment, "Tracking, the oldest parcel first.")

    by_ids = staticmethod(orders_by_ids)

    @staticmethod
    def resolve_recipient(root: Any, info: Any) -> Any:
        """Return to whom it goes."""
        may_read = Permission.RECIPIENTS_READ in info.context.granted
        return info.context.load(_revealed if may_read else _masked, root.id)


class Hold(graphene.ObjectType):
    """A reason why a fulfillment order may not go on; several may stand at once."""

    requires = Permission.ORDERS_READ
    id = relay.own_id("Hold")
    reason = graphene.Field(HoldReasonName, required=True)
    handle = graphene.String(required=True)
    note = graphene.String(required=True)
    held_at = graphene.Field(DateTime, required=True)
    held_by = relay.link("held_by", Worker)


class Allocation(graphene.ObjectType, OfLot):
    """Units promised to a line, and the place they are at now."""

    requires = Permission.ORDERS_READ
    place = relay.link("place_id", Place, required=True)
    quantity = graphene.Int(required=True)


class FulfillmentLine(relay.ObjectType, OfSku):
    """Units of one SKU for one order line; a bundle's components are lines of their own."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ORDERS_READ
    bundle = relay.link("bundle_sku_id", SKU, description="The bundle it is a part of.")
    quantity = graphene.Int(required=True)
    picked_quantity = graphene.Int(required=True)
    packed_quantity = graphene.Int(required=True)
    shipped_quantity = graphene.Int(required=True)
    is_short = graphene.Boolean(required=True)
    intercepted_at = graphene.Field(DateTime)
    allocations = relay.listing(ALLOCATIONS, Allocation, "Where its units are.")

    by_ids = staticmethod(queries.lines)


class FulfillmentOrder(
    relay.ObjectType, AtLocation, PickingOfFulfillmentOrder, PackingOfFulfillmentOrder, DropshipOfFulfillmentOrder
):
    """What one location must do for one recipient."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ORDERS_READ
    number = relay.number(OwnKind.FULFILLMENT_ORDER)
    order = relay.link("order_id", Order, required=True)
    status = graphene.Field(StatusName, required=True, description="What people are shown, derived from all facts.")
    progress = graphene.Field(ProgressName, required=True)
    request_status = graphene.Field(RequestStatusName, required=True)
    rejection_reason = graphene.String()
    route_reason = graphene.Field(RouteReasonName, required=True, description="Why this location.")
    priority = graphene.Int(required=True)
    fulfill_at = graphene.Field(DateTime)
    ship_by = graphene.Field(DateTime, required=True)
    short_quantity = graphene.Int(required=True)
    intercepted_at = graphene.Field(DateTime)
    shipped_at = graphene.Field(DateTime)
    created_at = graphene.Field(DateTime, required=True)
    version = graphene.Int(required=True)
    supported_actions = graphene.List(graphene.NonNull(ActionName), required=True)
    holds = relay.listing(queries.holds_of, Hold, "What it waits for.")
    lines = relay.listing(queries.lines_of_fulfillment_orders, FulfillmentLine)

    by_ids = staticmethod(fulfillment_orders_by_ids)

    @staticmethod
    def resolve_status(root: Any, info: Any) -> Status:
        """Return the status as of now."""
        return queries.status_of(root, info.context.now)

    @staticmethod
    def resolve_supported_actions(root: Any, info: Any) -> tuple[Action, ...]:
        """Return what may be done now."""
        return rules.supported_actions(Progress(root.progress), queries.facts_of(root), info.context.now)


async def _page_of_orders(
    _root: Any,
    info: Any,
    request: PageRequest,
    shop_ids: list[str] | None = None,
    phone: str | None = None,
    numbers: list[str] | None = None,
    **chosen: Any,
) -> Page[Any]:
    shops = None if shop_ids is None else relay.ids_of(shop_ids, "Shop", field="shopIds")
    wanted = relay.numbers_of(numbers, OwnKind.ORDER)
    async with info.context.reading() as uow:
        ids = None if phone is None else await recipients.orders_by_phone(uow, phone)
        return await queries.order_page(uow, request, OrderFilter(shop_ids=shops, ids=ids, numbers=wanted, **chosen))


async def _page_of_fulfillment_orders(
    _root: Any,
    info: Any,
    request: PageRequest,
    location_id: str | None = None,
    order_ids: list[str] | None = None,
    numbers: list[str] | None = None,
    **chosen: Any,
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    orders = None if order_ids is None else relay.ids_of(order_ids, "Order", field="orderIds")
    known = relay.numbers_of(numbers, OwnKind.FULFILLMENT_ORDER)
    wanted = FulfillmentOrderFilter(location_id=location, order_ids=orders, numbers=known, **chosen)
    async with info.context.reading() as uow:
        return await queries.fulfillment_order_page(uow, request, wanted)


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
    )
    timeline = graphene.List(
        graphene.NonNull(Event),
        required=True,
        id=graphene.ID(required=True),
        before=graphene.Argument(Long, description="Only events numbered below this."),
        description="What happened to an order and its fulfillment orders, or to anything else, the newest first.",
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
    async def resolve_timeline(_root: Any, info: Any, id: str, before: int | None = None) -> list[Any]:
        """Return what happened."""
        type_name, uuid = relay.parsed(id)
        async with info.context.reading() as uow:
            parts = (await queries.fulfillment_orders_of(uow, [uuid])).get(uuid, []) if type_name == "Order" else []
            return await queries.timeline(uow, [uuid, *(row.id for row in parts)], before_seq=before)
