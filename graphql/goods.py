"""Where the goods of a fulfillment order are, shown beside it and by whatever stops it."""

import graphene

from pickmesh.core.kit.permissions import Permission
from pickmesh.core.packing import positions
from pickmesh.core.packing.positions import GoodsStage
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.packing import Parcel
from pickmesh.graphql.picking import PickList
from pickmesh.graphql.stock import OfLot, OfSku, Place

GoodsStageName = graphene.Enum.from_enum(GoodsStage, name="GoodsStage")


class GoodsPosition(graphene.ObjectType, OfSku, OfLot):
    """Pieces of a line at one place, and how far they have come."""

    requires = Permission.ORDERS_READ
    line = relay.link("fulfillment_line_id", "pickmesh.graphql.orders.FulfillmentLine", required=True)
    quantity = graphene.Int(required=True)
    stage = graphene.Field(GoodsStageName, required=True)
    place = relay.link("place_id", Place, description="The bin, tote, slot, bench or parcel; null once they have left.")
    parcel = relay.link("parcel_id", Parcel, description="The parcel they lie in.")
    sealed = graphene.Boolean(required=True, description="Whether that parcel is closed.")
    pick_list = relay.link("pick_list_id", PickList, description="The walk they are on.")
    worker = relay.link("worker_id", Worker, description="Who is on that walk now.")


class GoodsOfFulfillmentOrder:
    """The field a fulfillment order has of where its goods are."""

    requires = Permission.ORDERS_READ
    goods = relay.listing(
        positions.positions_of, GoodsPosition, "Where its goods are now; what nobody laid out is not told."
    )
