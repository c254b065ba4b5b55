"""Why: who holds what a line lacks and what would free it; why an order goes out here and why from these bins."""

from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import queries, why_here, why_short
from pickmesh.core.orders.bins_weighed import BinBecause
from pickmesh.core.orders.why_facts import Frees, HolderKind, LossCause, Unsellable
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.leases import StockLease
from pickmesh.graphql.orders import FulfillmentLine, FulfillmentOrder, Order, RouteReasonName
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import Date, DateTime, Long
from pickmesh.graphql.stock import SKU, AtLocation, Location, OfLot, OfSku, Place
from pickmesh.graphql.transfers import Transfer
from pickmesh.scanner.codes.own import OwnKind

HolderKindName = graphene.Enum.from_enum(HolderKind, name="StockHolderKind")
FreesName = graphene.Enum.from_enum(Frees, name="StockFrees")
UnsellableName = graphene.Enum.from_enum(Unsellable, name="UnsellableCause")
LossCauseName = graphene.Enum.from_enum(LossCause, name="StockLossCause")
BinBecauseName = graphene.Enum.from_enum(BinBecause, name="BinBecause")


class Told:
    """Fields of whatever is told in a sentence."""

    requires = Permission.ORDERS_READ
    sentence = graphene.String(required=True, description="All of it, as one would say it in the caller's language.")

    @staticmethod
    def resolve_sentence(root: Any, info: Any) -> str:
        """Return the sentence."""
        said: str = info.context.says(root.sentence)
        return said


class StockHolder(graphene.ObjectType):
    """Who holds pieces: a fulfillment order, a transfer or a timed reservation; the smaller rank is served first."""

    requires = Permission.ORDERS_READ
    kind = graphene.Field(HolderKindName, required=True)
    fulfillment_order = graphene.Field(FulfillmentOrder)
    transfer = graphene.Field(Transfer)
    lease = graphene.Field(StockLease)
    status = graphene.String(required=True)
    quantity = graphene.Int(required=True)
    rank_at = graphene.Field(DateTime, required=True, description="Of an order, its ship-by.")
    since = graphene.Field(DateTime, required=True)
    frees = graphene.Field(FreesName, description="What would let go of them without depriving anybody.")
    frees_at = graphene.Field(DateTime)

    @staticmethod
    async def resolve_fulfillment_order(root: Any, info: Any) -> Any:
        """Return the fulfillment order."""
        return await _of_kind(root, info, HolderKind.ORDER, FulfillmentOrder)

    @staticmethod
    async def resolve_transfer(root: Any, info: Any) -> Any:
        """Return the transfer."""
        return await _of_kind(root, info, HolderKind.TRANSFER, Transfer)

    @staticmethod
    async def resolve_lease(root: Any, info: Any) -> Any:
        """Return the timed reservation."""
        return await _of_kind(root, info, HolderKind.LEASE, StockLease)


async def _of_kind(root: Any, info: Any, kind: HolderKind, type_: Any) -> Any:
    return await info.context.load(type_.by_ids, root.id) if root.kind is kind else None


class UnsellableStock(graphene.ObjectType, OfLot):
    """Pieces that lie there and may not be promised."""

    requires = Permission.ORDERS_READ
    place = relay.link("place_id", Place, required=True)
    quantity = graphene.Int(required=True)
    cause = graphene.Field(UnsellableName, required=True)


class IncomingStock(graphene.ObjectType):
    """Pieces a transfer brings: on their way, or still to be sent."""

    requires = Permission.ORDERS_READ
    transfer = relay.link("transfer_id", Transfer)
    from_location = relay.link("from_location_id", Location, required=True)
    status = graphene.String(required=True)
    quantity = graphene.Int(required=True)
    sent_at = graphene.Field(DateTime)


class StockThere(graphene.ObjectType, AtLocation):
    """What a location has of a line's SKU, and why it is not more."""

    requires = Permission.ORDERS_READ
    is_its_own = graphene.Boolean(required=True, description="Whether the line is to go out there.")
    on_hand = graphene.Int(required=True)
    non_sellable = graphene.Int(required=True)
    reserved = graphene.Int(required=True)
    buffer = graphene.Int(required=True)
    incoming = graphene.Int(required=True)
    free = graphene.Int(required=True)
    available = graphene.Int(required=True)
    unsellable = graphene.List(graphene.NonNull(UnsellableStock), required=True)
    holders = graphene.List(graphene.NonNull(StockHolder), required=True, description="The first in rank, at most 20.")
    holder_count = graphene.Int(required=True, description="How many hold it in all.")
    transfers = graphene.List(graphene.NonNull(IncomingStock), required=True)

    @staticmethod
    def resolve_holders(root: Any, _info: Any) -> Any:
        """Return who holds it."""
        return root.held.holders

    @staticmethod
    def resolve_holder_count(root: Any, _info: Any) -> int:
        """Return how many hold it."""
        return int(root.held.count)


class LostPromise(graphene.ObjectType):
    """A promise that was taken away."""

    requires = Permission.ORDERS_READ
    at = graphene.Field(DateTime, required=True)
    quantity = graphene.Int(required=True)
    cause = graphene.Field(LossCauseName, required=True)
    reason = graphene.String(required=True, description="As the ledger has it.")
    place = relay.link("place_id", Place)
    worker = relay.link("actor_id", Worker, description="Who did it; null for the machinery.")


class ShortLine(graphene.ObjectType, OfSku, Told):
    """A line that lacks stock, and everything that explains it."""

    requires = Permission.ORDERS_READ
    line = relay.link("line_id", FulfillmentLine, required=True)
    fulfillment_order = relay.link("fulfillment_order_id", FulfillmentOrder)
    order = relay.link("order_id", Order)
    wanted = graphene.Int(required=True)
    shipped = graphene.Int(required=True)
    promised = graphene.Int(required=True)
    missing = graphene.Int(required=True)
    locations = graphene.List(graphene.NonNull(StockThere), required=True, description="Its own first.")
    lost = graphene.List(graphene.NonNull(LostPromise), required=True, description="The oldest first.")
    held_up_by = graphene.List(graphene.NonNull(SKU), required=True, description="Other parts of its bundle it lacks.")

    @staticmethod
    async def resolve_held_up_by(root: Any, info: Any) -> list[Any]:
        """Return the parts."""
        type_ = info.schema.get_type("Sku").graphene_type
        return [found.value for found in await relay.found(info, [(type_, each) for each in root.with_sku_ids])]


class WhyShort(graphene.ObjectType, Told):
    """Why an order is short, from the ledger and the promises as they stand now."""

    requires = Permission.ORDERS_READ
    lines = graphene.List(graphene.NonNull(ShortLine), required=True)
    unmapped = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Codes of the shop that stand for no SKU yet."
    )


class BinOption(graphene.ObjectType, OfLot):
    """A bin and lot units could be taken from now."""

    requires = Permission.ORDERS_READ
    place = relay.link("place_id", Place, required=True)
    expires_on = graphene.Field(Date)
    first_in_at = graphene.Field(DateTime, required=True)
    free = graphene.Int(required=True)


class BinChosen(graphene.ObjectType, OfSku, OfLot, Told):
    """Units of a line and the bin they come from, weighed against the others by what lies there now."""

    requires = Permission.ORDERS_READ
    line = relay.link("line_id", FulfillmentLine, required=True)
    bin = relay.link("bin_id", Place, required=True, description="Where they were to be taken.")
    place = relay.link("place_id", Place, required=True, description="Where they are.")
    quantity = graphene.Int(required=True)
    because = graphene.Field(BinBecauseName, required=True)
    chosen = graphene.Field(BinOption, description="The bin as it is; null once the units have left it.")
    others = graphene.List(graphene.NonNull(BinOption), required=True, description="What would be taken next.")


class LocationWeighed(graphene.ObjectType, AtLocation):
    """A warehouse as it was weighed when one was chosen."""

    requires = Permission.ORDERS_READ
    covered = graphene.Int(required=True, description="So many of the wanted pieces it had.")
    cost_minor = graphene.Field(Long, description="What a parcel from there costs, where a rate is known.")
    priority = graphene.Int(required=True)
    in_region = graphene.Boolean(required=True, description="Whether the rate names the very province.")
    is_chosen = graphene.Boolean(required=True)


class WhyHere(graphene.ObjectType, AtLocation, Told):
    """Why a fulfillment order goes out where it does, and which bins its units come from."""

    requires = Permission.ORDERS_READ
    fulfillment_order = relay.link("fulfillment_order_id", FulfillmentOrder, required=True)
    reason = graphene.Field(RouteReasonName, required=True)
    strategy = graphene.String(description="How it was chosen; null when there was nothing to weigh.")
    rule = graphene.String(description="The routing rule that decided.")
    wanted = graphene.Int()
    weighed = graphene.List(graphene.NonNull(LocationWeighed), required=True)
    bins = graphene.List(graphene.NonNull(BinChosen), required=True)
    weighed_at = graphene.Field(DateTime, required=True, description="When the bins were weighed again: now.")

    @staticmethod
    def resolve_rule(root: Any, _info: Any) -> str | None:
        """Return the rule's name."""
        name: str | None = root.rule_name
        return name


class WhysQueries(Queries):
    """Questions that begin with why."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    why_short = graphene.Field(
        WhyShort,
        fulfillment_line_id=graphene.ID(),
        fulfillment_order_id=graphene.ID(),
        order_id=graphene.ID(),
        number=graphene.String(description="Of an order or a fulfillment order."),
        description="Who holds what is missing, since when, what would free it, and when it was lost.",
    )
    why_here = graphene.Field(
        WhyHere,
        fulfillment_line_id=graphene.ID(),
        fulfillment_order_id=graphene.ID(),
        number=graphene.String(description="Of a fulfillment order."),
        description="Why this location, and why these bins.",
    )

    @staticmethod
    async def resolve_why_short(_root: Any, info: Any, **named: Any) -> Any:
        """Return the explanation; null for what is not there."""
        asked = await _asked(info, named, OwnKind.ORDER)
        if asked is None:
            return None
        async with info.context.reading() as uow:
            return await why_short.why_short(uow, **{asked[0]: [asked[1]]})

    @staticmethod
    async def resolve_why_here(_root: Any, info: Any, **named: Any) -> Any:
        """Return the explanation; null for what is not there."""
        asked = await _asked(info, named, OwnKind.FULFILLMENT_ORDER)
        if asked is None:
            return None
        async with info.context.reading() as uow:
            found = await why_here.why_here(uow, **{asked[0]: [asked[1]]})
        return found[0] if found else None


async def _asked(info: Any, named: dict[str, Any], plain: OwnKind) -> tuple[str, UUID] | None:
    """Return what is asked about, as core names it, if it is there and the caller's; `plain` is what a bare number is.

    Read through the types that keep the walls of shops and warehouses.
    """
    order = ("fulfillment_line_id", "fulfillment_order_id", "order_id", "number")
    name, value = relay.one_of({key: named.get(key) for key in order if key in named or key == "number"})
    load = info.context.load
    if name == "fulfillment_line_id":
        line = await load(queries.lines, relay.id_of(value, "FulfillmentLine", field=("fulfillmentLineId",)))
        found = line and await load(FulfillmentOrder.by_ids, line.fulfillment_order_id)
        return ("line_ids", line.id) if found else None
    if name == "number":
        return await _numbered(info, value, plain)
    type_ = FulfillmentOrder if name == "fulfillment_order_id" else Order
    field = "fulfillmentOrderId" if type_ is FulfillmentOrder else "orderId"
    row = await load(type_.by_ids, relay.id_of(value, type_._meta.name, field=(field,)))
    return (f"{name}s", row.id) if row else None


async def _numbered(info: Any, text: str, plain: OwnKind) -> tuple[str, UUID] | None:
    said = text.strip().upper()
    kind = OwnKind.FULFILLMENT_ORDER if said.startswith(OwnKind.FULFILLMENT_ORDER.value) else plain
    number = relay.number_of(text, kind)
    is_order = kind is OwnKind.ORDER
    type_, by_number = (
        (Order, queries.orders_by_number) if is_order else (FulfillmentOrder, queries.fulfillment_orders_by_number)
    )
    row = await info.context.load(by_number, number)
    found = row and await info.context.load(type_.by_ids, row.id)
    return ("order_ids" if is_order else "fulfillment_order_ids", row.id) if found else None


MUTATIONS = ()
