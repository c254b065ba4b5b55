"""What buyers asked for and what becomes of it: orders, fulfillment orders, lines, holds, shipments."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import graphene

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import queries, recipients, rules
from pickmesh.core.orders.rules import Action, RouteReason, Status
from pickmesh.core.orders.tables import HoldReason, OrderType, PaymentStatus, Progress, RequestStatus
from pickmesh.core.stock import queries as stock_queries
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Shop, Worker
from pickmesh.graphql.dropships import DropshipOfFulfillmentOrder
from pickmesh.graphql.goods import GoodsOfFulfillmentOrder
from pickmesh.graphql.loading import grouped
from pickmesh.graphql.packing import PackingOfFulfillmentOrder
from pickmesh.graphql.picking import PickingOfFulfillmentOrder
from pickmesh.graphql.review import ReviewOfOrder
from pickmesh.graphql.routing import RoutingOfFulfillmentOrder
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


async def _orders_served(uow: UnitOfWork, ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
    return _of_own_shops(uow, paged.grouped(await queries.orders_served(uow, ids), "fulfillment_order_id"))


async def _follow_ups(uow: UnitOfWork, order_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
    return _of_own_shops(uow, await queries.follow_ups_of(uow, order_ids))


def _of_own_shops(uow: UnitOfWork, found: Mapping[UUID, Sequence[Any]]) -> dict[UUID, list[Any]]:
    """Return lists of orders without those of shops the caller does not work for."""
    may = uow.actor.may
    return {
        key: [row for row in rows if may(Permission.ORDERS_READ, shop_id=row.shop_id)] for key, rows in found.items()
    }


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


class Order(relay.ObjectType, ReviewOfOrder):
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
    related = relay.link(
        "related_order_id", "pickmesh.graphql.orders.Order", description="The order it was made by hand for."
    )
    follow_ups = relay.listing(
        _follow_ups, "pickmesh.graphql.orders.Order", "Exchanges, reshipments and gifts made for it."
    )
    change_refused_at = graphene.Field(
        DateTime,
        description="When its shop changed it and that could not be taken over; until somebody has seen to it.",
    )

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
    relay.ObjectType,
    AtLocation,
    GoodsOfFulfillmentOrder,
    RoutingOfFulfillmentOrder,
    PickingOfFulfillmentOrder,
    PackingOfFulfillmentOrder,
    DropshipOfFulfillmentOrder,
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
    orders = relay.listing(
        _orders_served, Order, "Every order it carries out: several once others were merged into it."
    )
    merged_into = relay.link("merged_into_id", "pickmesh.graphql.orders.FulfillmentOrder")
    merged_from = relay.listing(
        queries.merged_into, "pickmesh.graphql.orders.FulfillmentOrder", "What was merged into it and still is."
    )
    split_from = relay.link("split_from_id", "pickmesh.graphql.orders.FulfillmentOrder")
    holds = relay.listing(queries.holds_of, Hold, "What it waits for.")
    lines = relay.listing(queries.lines_of_fulfillment_orders, FulfillmentLine)

    by_ids = staticmethod(fulfillment_orders_by_ids)

    @staticmethod
    def resolve_status(root: Any, info: Any) -> Status:
        """Return the status as of now."""
        return queries.status_of(root, info.context.now)

    @staticmethod
    async def resolve_supported_actions(root: Any, info: Any) -> tuple[Action, ...]:
        """Return what may be done now."""
        is_open = root.progress == Progress.OPEN
        takes_others = bool(is_open and await info.context.load(queries.merged_into, root.id))
        facts = queries.facts_of(root, takes_others=takes_others)
        return rules.supported_actions(Progress(root.progress), facts, info.context.now)
