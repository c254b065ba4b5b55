"""Orders from shops: told once or again, each with a verdict."""

from typing import Any

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import intake
from pickmesh.core.orders.incoming import NewLine, NewOrder
from pickmesh.core.orders.recipients import NewRecipient
from pickmesh.core.orders.tables import OrderType
from pickmesh.core.orders.verdicts import LeaseUse, Verdict
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Mutation, batch_done
from pickmesh.graphql.context import Context
from pickmesh.graphql.fulfillment_orders import OrdersUserError
from pickmesh.graphql.orders import HoldReasonName, Order, OrderTypeName, PaymentStatusName
from pickmesh.graphql.scalars import DateTime, Long

LeaseUseName = graphene.Enum.from_enum(LeaseUse, name="LeaseUse")
VerdictName = graphene.Enum.from_enum(Verdict, name="OrderVerdict")


class RecipientInput(graphene.InputObjectType):
    """A buyer's address as the shop tells it."""

    name = graphene.String(required=True)
    phone = graphene.String(required=True)
    street = graphene.String(required=True)
    country = graphene.String(required=True)
    province = graphene.String(required=True, default_value="")
    city = graphene.String(required=True, default_value="")
    district = graphene.String(required=True, default_value="")
    postcode = graphene.String(required=True, default_value="")


class OrderLineInput(graphene.InputObjectType):
    """A line as the shop tells it; prices in millionths of the major unit, amounts in minor units."""

    external_line_id = graphene.String(required=True)
    shop_code = graphene.String(required=True)
    quantity = graphene.Int(required=True)
    unit_price_micros = Long(required=True)
    discount_minor = Long(required=True, default_value=0)
    tax_minor = Long(required=True, default_value=0)
    refunded_quantity = graphene.Int(
        required=True, default_value=0, description="Of it, what will not be sent any more."
    )


class OrderInput(graphene.InputObjectType):
    """An order as the shop tells it; known by the shop and the shop's own number."""

    shop_id = graphene.ID(required=True)
    external_id = graphene.String(required=True)
    ordered_at = DateTime(required=True)
    payment_status = graphene.Field(PaymentStatusName, required=True)
    currency = graphene.String(required=True)
    recipient = graphene.Field(RecipientInput, required=True)
    lines = graphene.List(graphene.NonNull(OrderLineInput), required=True)
    type = graphene.InputField(OrderTypeName, required=True, default_value=OrderType.SALE.value)
    paid_at = DateTime()
    ship_by = DateTime(description="The promised time; 48 hours after the order when left out.")
    fulfill_at = DateTime(description="Not before this.")
    freight_minor = Long(required=True, default_value=0)
    discount_minor = Long(required=True, default_value=0, description="The order's own, on top of its lines'.")
    tax_minor = Long(required=True, default_value=0)
    paid_minor = Long()
    remark = graphene.String(required=True, default_value="")
    seller_flag = graphene.String(required=True, default_value="")
    priority = graphene.Int(required=True, default_value=0)
    lease = graphene.String(
        required=True, default_value="", description="The code of a timed reservation whose units are for it."
    )


class ImportedOrder(graphene.ObjectType):
    """An order that was taken over, and what that did."""

    requires = Permission.ORDERS_READ
    index = graphene.Int(required=True, description="Its place in the input.")
    verdict = graphene.Field(VerdictName, required=True)
    order = relay.link("order_id", Order)
    short_pieces = graphene.Int(required=True)
    holds = graphene.List(graphene.NonNull(HoldReasonName), required=True)
    lease = graphene.Field(LeaseUseName, description="What became of the timed reservation it named.")


class OrderImport(Mutation):
    """Take over orders as their shops tell them, each once, and promise stock to them."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "orders"
    takes_any_text = True

    class Input:
        orders = graphene.List(graphene.NonNull(OrderInput), required=True)

    class Payload:
        imported = graphene.List(graphene.NonNull(ImportedOrder))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Import."""
        told = [_order(index, order) for index, order in enumerate(input.orders)]
        return batch_done("imported", await intake.import_orders(uow, orders=told))


def _order(index: int, order: Any) -> NewOrder:
    told = dict(order)
    told["shop_id"] = relay.id_of(told["shop_id"], "Shop", field=("orders", index, "shopId"))
    told["recipient"] = NewRecipient(**told["recipient"])
    told["lines"] = [NewLine(**line) for line in told["lines"]]
    return NewOrder(**told)


MUTATIONS = (OrderImport,)
