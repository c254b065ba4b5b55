"""Dropships: orders of ours that partners ship, and theirs that we ship."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

import graphene

from pickmesh.core.journal import reading
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.mesh import dropship_queries as queries
from pickmesh.core.mesh.dropship_queries import DropshipFilter
from pickmesh.core.mesh.rules import RejectReason
from pickmesh.core.mesh.tables import DropshipStatus, Side
from pickmesh.graphql import relay
from pickmesh.graphql.journal import Event, news, news_type
from pickmesh.graphql.mesh import Partnership
from pickmesh.graphql.permissions import Queries, Requirement, Subscriptions
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import OfSku
from pickmesh.scanner.codes.own import OwnKind

ORDERS = "pickmesh.graphql.orders"
SideName = graphene.Enum.from_enum(Side, name="DropshipSide")
DropshipStatusName = graphene.Enum.from_enum(DropshipStatus, name="DropshipStatus")
RejectReasonName = graphene.Enum.from_enum(RejectReason, name="RejectReason")
NEWS = frozenset(
    f"dropship_{what}"
    for what in (
        "submitted",
        "received",
        "accepted",
        "rejected",
        "cancellation_requested",
        "cancellation_rejected",
        "cancelled",
        "shipped",
    )
)


class DropshipAction(graphene.Enum):
    """What may be done to a dropship as it stands, by a mutation of that name."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    CANCEL = "CANCEL"


class DropshipLine(graphene.ObjectType, OfSku):
    """Pieces of one SKU in a dropship; the SKU is our own on either side."""

    requires = Permission.ORDERS_READ
    field_requires: ClassVar[Mapping[str, Requirement]] = {
        "price_micros": Permission.ACCOUNT_READ,
        "amount_minor": Permission.ACCOUNT_READ,
    }
    line = graphene.Int(required=True)
    fulfillment_line = relay.link(
        "fulfillment_line_id", f"{ORDERS}.FulfillmentLine", description="The line of the order that was given away."
    )
    quantity = graphene.Int(required=True)
    shipped_quantity = graphene.Int(required=True)
    price_micros = graphene.Field(Long, description="What the supplier is paid for a piece, in millionths.")
    amount_minor = graphene.Field(Long, description="What the supplier is paid for all of them.")


class DropshipParcel(graphene.ObjectType):
    """A parcel of a dropship that left the supplier."""

    requires = Permission.ORDERS_READ
    carrier = graphene.String(required=True)
    waybill = graphene.String(required=True)
    shipped_at = graphene.Field(DateTime, required=True)
    parcel = relay.link(
        "parcel_id", "pickmesh.graphql.packing.Parcel", description="The parcel itself, which the supplier has."
    )


class Dropship(relay.ObjectType):
    """A request to ship for somebody else; each side keeps its own, and both come to the same status."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ORDERS_READ
    field_requires: ClassVar[Mapping[str, Requirement]] = {
        "partnership": Permission.ACCOUNT_READ,
        "goods_minor": Permission.ACCOUNT_READ,
        "timeline": Permission.EVENTS_READ,
    }
    number = relay.number(OwnKind.DROPSHIP)
    side = graphene.Field(SideName, required=True, description="Which of the two we are.")
    status = graphene.Field(DropshipStatusName, required=True)
    reason = graphene.Field(RejectReasonName, description="Why it was rejected.")
    partnership = relay.link("partnership_id", Partnership)
    order = relay.link("order_id", f"{ORDERS}.Order", description="Our order: the one that was short, or came of it.")
    fulfillment_order = relay.link(
        "fulfillment_order_id",
        f"{ORDERS}.FulfillmentOrder",
        description="What of the order the partner ships, or we do.",
    )
    currency = graphene.String(required=True)
    goods_minor = graphene.Field(Long, description="What the supplier is paid for all of it.")
    submitted_at = graphene.Field(DateTime, required=True)
    answer_by = graphene.Field(DateTime, required=True, description="Unanswered until then, it has expired.")
    answered_at = graphene.Field(DateTime)
    shipped_at = graphene.Field(DateTime, description="When the last of it left.")
    version = graphene.Int(required=True)
    lines = relay.listing(queries.lines_of_dropships, DropshipLine)
    parcels = relay.listing(queries.parcels_of_dropships, DropshipParcel, "What has left, the oldest first.")
    timeline = relay.listing(reading.events_about, Event, "What happened to it, the oldest first.")
    supported_actions = graphene.List(graphene.NonNull(DropshipAction), required=True)

    by_ids = staticmethod(queries.dropships)

    @staticmethod
    def resolve_supported_actions(root: Any, info: Any) -> list[str]:
        """Return what may be done now."""
        return _actions(root, info.context.now)


def _actions(row: Any, now: datetime) -> list[str]:
    if row.side == Side.DISTRIBUTOR:
        return ["CANCEL"] if row.status in {DropshipStatus.SUBMITTED, DropshipStatus.ACCEPTED} else []
    waits = row.status == DropshipStatus.SUBMITTED and row.reason is None and now <= row.answer_by
    return ["ACCEPT", "REJECT"] if waits else []


class DropshipOfFulfillmentOrder:
    """The field a fulfillment order has of the mesh."""

    requires = Permission.ORDERS_READ
    dropship = graphene.Field(
        Dropship, description="By which it was given to a partner last, or by which a partner gave it to us."
    )

    @staticmethod
    async def resolve_dropship(root: Any, info: Any) -> Any:
        """Return the dropship."""
        given = await info.context.load(queries.dropships_of_fulfillment_orders, root.id)
        if given:
            return given[-1]
        of_order = await info.context.load(queries.dropships_of_orders, root.order_id) or []
        return next((each for each in of_order if each.side == Side.SUPPLIER), None)


DropshipNews = news_type(Dropship, "a dropship")


async def _page_of_dropships(
    _root: Any,
    info: Any,
    request: PageRequest,
    partnership_id: str | None = None,
    order_ids: list[str] | None = None,
    numbers: list[str] | None = None,
    **chosen: Any,
) -> Page[Any]:
    wanted = DropshipFilter(
        partnership_id=relay.optional_id(partnership_id, "Partnership", field=("partnershipId",)),
        order_ids=None if order_ids is None else relay.ids_of(order_ids, "Order", field="orderIds"),
        numbers=relay.numbers_of(numbers, OwnKind.DROPSHIP),
        **chosen,
    )
    async with info.context.reading() as uow:
        return await queries.dropship_page(uow, request, wanted)


class DropshipsQueries(Queries):
    """What may be asked of dropships."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    dropship = graphene.Field(
        Dropship, id=graphene.ID(), number=graphene.String(), description="A dropship by its id or our number of it."
    )
    dropships = relay.paged(
        relay.connection(Dropship),
        _page_of_dropships,
        "Dropships of both sides, the newest first.",
        side=graphene.Argument(SideName),
        statuses=relay.some(DropshipStatusName),
        partnership_id=graphene.ID(),
        order_ids=relay.some(graphene.ID),
        numbers=relay.some(graphene.String),
    )

    @staticmethod
    def resolve_dropship(_root: Any, info: Any, id: str | None = None, number: str | None = None) -> Any:
        """Return a dropship."""
        name, value = relay.one_of({"id": id, "number": number})
        if name == "id":
            return info.context.load(queries.dropships, relay.id_of(value, "Dropship"))
        return info.context.load(queries.dropships_by_number, relay.number_of(value, OwnKind.DROPSHIP))


class DropshipsSubscriptions(Subscriptions):
    """What can be watched in dropships."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    dropship_changed = graphene.Field(
        DropshipNews,
        required=True,
        since=graphene.Argument(Long, description="The last seq you have seen; left out, only what happens from now."),
        side=graphene.Argument(SideName),
        description="Dropships as they are submitted, answered, shipped or called off, each time exactly once.",
    )

    @staticmethod
    async def subscribe_dropship_changed(
        _root: Any, info: Any, since: int | None = None, side: Side | None = None
    ) -> AsyncIterator[Any]:
        """Stream dropships."""

        def is_wanted(event: reading.LoggedEvent) -> bool:
            return side is None or bool(event.payload["side"] == Side(side))

        async for told in news(info.context, since, Dropship, NEWS, wanted=is_wanted):
            yield told
