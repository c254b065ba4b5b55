"""Orders people make: exchanges, reshipments, gifts and what was ordered by phone, by our own SKU codes."""

from typing import Any

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import made_by_hand
from pickmesh.core.orders.made_by_hand import MadeLine, MadeOrder
from pickmesh.core.orders.recipients import NewRecipient
from pickmesh.core.orders.tables import OrderType, PaymentStatus
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Mutation, batch_done
from pickmesh.graphql.context import Context
from pickmesh.graphql.fulfillment_orders import OrdersUserError
from pickmesh.graphql.intake import ImportedOrder, RecipientInput
from pickmesh.graphql.orders import OrderTypeName, PaymentStatusName
from pickmesh.graphql.scalars import DateTime, Long


class MadeLineInput(graphene.InputObjectType):
    """What is to be sent, by our own SKU code; a price counts for sales and exchanges only."""

    sku_code = graphene.String(required=True)
    quantity = graphene.Int(required=True)
    unit_price_micros = Long(required=True, default_value=0)


class MadeOrderInput(graphene.InputObjectType):
    """An order somebody makes; without a recipient, shop or currency those of the related order are taken."""

    type = graphene.Field(OrderTypeName, required=True)
    lines = graphene.List(graphene.NonNull(MadeLineInput), required=True)
    reason = graphene.String(required=True, default_value="", description="Why it goes out; a sale needs none.")
    related_order_id = graphene.ID(description="The order it is for; an exchange or reshipment needs one.")
    shop_id = graphene.ID()
    recipient = graphene.InputField(RecipientInput)
    payment_status = graphene.InputField(PaymentStatusName, required=True, default_value=PaymentStatus.PAID.value)
    currency = graphene.String(required=True, default_value="")
    freight_minor = Long(required=True, default_value=0)
    remark = graphene.String(required=True, default_value="")
    ship_by = DateTime(description="The promised time; 48 hours from now when left out.")
    priority = graphene.Int(required=True, default_value=0)


class OrderMake(Mutation):
    """Make orders by hand: an exchange, a reshipment, a gift or a sale; they go the way every order goes."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "orders"
    takes_any_text = True

    class Input:
        orders = graphene.List(graphene.NonNull(MadeOrderInput), required=True)

    class Payload:
        made = graphene.List(graphene.NonNull(ImportedOrder))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Make."""
        told = [_order(index, order) for index, order in enumerate(input.orders)]
        return batch_done("made", await made_by_hand.make_orders(uow, orders=told))


def _order(index: int, order: Any) -> MadeOrder:
    told = dict(order)
    where = ("orders", index)
    told["type"] = OrderType(told["type"])
    told["payment_status"] = PaymentStatus(told["payment_status"])
    told["shop_id"] = relay.optional_id(told.get("shop_id"), "Shop", field=(*where, "shopId"))
    related = relay.optional_id(told.get("related_order_id"), "Order", field=(*where, "relatedOrderId"))
    told["related_order_id"] = related
    told["recipient"] = NewRecipient(**told["recipient"]) if told.get("recipient") else None
    told["lines"] = [MadeLine(**line) for line in told["lines"]]
    return MadeOrder(**told)


MUTATIONS = (OrderMake,)
