"""What lies where: locations, places, levels and balances of a SKU, the ledger, corrections and receipts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.stock import as_of, bundles, lists, queries
from pickmesh.core.stock.tables import (
    BinRole,
    LocationKind,
    LotSwap,
    PlaceKind,
    Pool,
    ScanPolicy,
    ShipAt,
    ToteState,
    WaybillAt,
    ZeroCheck,
)
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.loading import grouped, listed
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import Date, DateTime

SKU = "pickmesh.graphql.catalog.Sku"
LocationKindName = graphene.Enum.from_enum(LocationKind, name="LocationKind")
PlaceKindName = graphene.Enum.from_enum(PlaceKind, name="PlaceKind")
PoolName = graphene.Enum.from_enum(Pool, name="Pool")
BinRoleName = graphene.Enum.from_enum(BinRole, name="BinRole")
ToteStateName = graphene.Enum.from_enum(ToteState, name="ToteState")
ScanPolicyName = graphene.Enum.from_enum(ScanPolicy, name="ScanPolicy")
WaybillAtName = graphene.Enum.from_enum(WaybillAt, name="WaybillAt")
LotSwapName = graphene.Enum.from_enum(LotSwap, name="LotSwap")
ZeroCheckName = graphene.Enum.from_enum(ZeroCheck, name="ZeroCheck")
ShipAtName = graphene.Enum.from_enum(ShipAt, name="ShipAt")


async def _balances_by_sku(uow: UnitOfWork, sku_ids: Sequence[UUID]) -> Sequence[Any]:
    return await queries.balances_of(uow, sku_ids=sku_ids)


async def _balances_by_place(uow: UnitOfWork, place_ids: Sequence[UUID]) -> Sequence[Any]:
    return await queries.balances_of(uow, place_ids=place_ids)


LEVELS = grouped(queries.levels_of, "sku_id")
BALANCES = grouped(_balances_by_sku, "sku_id")
BALANCES_AT = grouped(_balances_by_place, "place_id")


class Location(relay.ObjectType):
    """A warehouse or a partner: the place stock is promised at."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.STOCK_READ
    kind = graphene.Field(LocationKindName, required=True)
    code = graphene.String(required=True)
    name = graphene.String(required=True)
    time_zone = graphene.String(required=True)
    priority = graphene.Int(required=True)
    scan_policy = graphene.Field(ScanPolicyName, required=True)
    lot_swap = graphene.Field(
        LotSwapName, required=True, description="Whether a picker may take another lot from the bin than is meant."
    )
    zero_check = graphene.Field(
        ZeroCheckName, required=True, description="When a picker is asked whether nothing is left in the bin."
    )
    waybill_at = graphene.Field(WaybillAtName, required=True)
    ship_at = graphene.Field(ShipAtName, required=True)
    weight_tolerance_g = graphene.Int(required=True)
    cut_off = graphene.String(description="The local time HH:MM by which the last parcels of a day leave.")
    pickers = graphene.Int(required=True, description="How many people waves are estimated for.")
    speeds = graphene.Field(lambda: Speeds, required=True, description="How fast they work, for estimates of waves.")
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)

    by_ids = staticmethod(queries.locations_by_id)

    @staticmethod
    def resolve_speeds(root: Any, _info: Any) -> Any:
        """Return them: they stand in the location's own row."""
        return root


class Speeds(graphene.ObjectType):
    """How fast people work in a warehouse; what ends in Ds are tenths of a second."""

    requires = Permission.STOCK_READ
    walk_mm_per_s = graphene.Int(required=True)
    list_ds = graphene.Int(required=True, description="Per list: a cart is fetched, totes are bound.")
    stop_ds = graphene.Int(required=True, description="Per bin: it is found and scanned.")
    unit_ds = graphene.Int(required=True, description="Per piece.")
    sort_ds = graphene.Int(required=True, description="Per piece once more at the put wall.")
    slot_ds = graphene.Int(required=True, description="Per piece into the right tote of a cart.")
    pack_ds = graphene.Int(required=True, description="From the end of a list until a parcel is ready to leave.")


class SpeedsInput(graphene.InputObjectType):
    """How fast people work, in mm per second and tenths of a second; what is left out stays as the warehouse says."""

    walk_mm_per_s = graphene.Int()
    list_ds = graphene.Int(description="Per list: a cart is fetched, totes are bound.")
    stop_ds = graphene.Int(description="Per bin: it is found and scanned.")
    unit_ds = graphene.Int(description="Per piece.")
    sort_ds = graphene.Int(description="Per piece once more at the put wall.")
    slot_ds = graphene.Int(description="Per piece into the right tote of a cart.")
    pack_ds = graphene.Int(description="From the end of a list until a parcel is ready to leave.")


def speeds_told(told: Any) -> dict[str, int]:
    """Return the speeds that are given, by name."""
    return {} if told is None else {name: value for name, value in told.items() if value is not None}


class AtLocation:
    """Fields of whatever belongs to a location."""

    requires = Permission.STOCK_READ
    location = relay.link("location_id", Location)


class Place(relay.ObjectType, AtLocation):
    """A bin, a tote, a bench, a parcel …"""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.STOCK_READ
    kind = graphene.Field(PlaceKindName, required=True)
    pool = graphene.Field(PoolName, required=True)
    role = graphene.Field(BinRoleName)
    code = graphene.String(required=True)
    zone = graphene.String()
    walk_sequence = graphene.Int(required=True)
    tote_state = graphene.Field(ToteStateName)
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    balances = relay.listing(BALANCES_AT, "pickmesh.graphql.stock.Balance", "What lies here.")

    by_ids = staticmethod(queries.places)


class Lot(relay.ObjectType):
    """A batch of goods."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.STOCK_READ
    code = graphene.String(required=True)
    sku = relay.link("sku_id", SKU, required=True)
    expires_on = graphene.Field(Date)
    blocked = graphene.Boolean(required=True)
    on_hand = graphene.Int(required=True, description="Pieces of it anywhere.")
    created_at = graphene.Field(DateTime, required=True)

    by_ids = staticmethod(queries.lots)

    @staticmethod
    async def resolve_on_hand(root: Any, info: Any) -> int:
        """Return the pieces of it."""
        return await info.context.load(lists.quantities_of_lots, root.id) or 0


class OfSku:
    """Fields of whatever is about one SKU."""

    requires = Permission.STOCK_READ
    sku = relay.link("sku_id", SKU, required=True)


class OfLot:
    """Fields of whatever may be of a lot."""

    requires = Permission.STOCK_READ
    lot = relay.link("lot_id", Lot, description="Null for goods without a lot.")


class StockLevel(graphene.ObjectType, AtLocation, OfSku):
    """What a location has of a SKU; free = onHand - nonSellable - reserved, available = free - buffer or 0."""

    requires = Permission.STOCK_READ
    on_hand = graphene.Int(required=True)
    non_sellable = graphene.Int(required=True)
    reserved = graphene.Int(required=True)
    buffer = graphene.Int(required=True)
    incoming = graphene.Int(required=True)
    free = graphene.Int(required=True, description="What an order in hand may take.")
    available = graphene.Int(required=True, description="What shops and partners are told.")


class Balance(graphene.ObjectType, AtLocation, OfSku, OfLot):
    """What lies at a place, and how much of it is promised there."""

    requires = Permission.STOCK_READ
    place = relay.link("place_id", Place, required=True)
    quantity = graphene.Int(required=True)
    allocated = graphene.Int(required=True)
    first_in_at = graphene.Field(DateTime, required=True)


class StockMove(graphene.ObjectType, OfSku, OfLot):
    """One entry of the ledger: so many pieces went from one place to another."""

    requires = Permission.STOCK_READ
    id = relay.own_id("StockMove")
    from_place = relay.link("from_place_id", Place, required=True)
    to_place = relay.link("to_place_id", Place, required=True)
    quantity = graphene.Int(required=True)
    reason = graphene.String(required=True)
    at = graphene.Field(DateTime, required=True)
    worker = relay.link("actor_id", Worker, description="Who did it; null for the machinery.")


class BundleLevel(graphene.ObjectType, AtLocation):
    """How many whole bundles a location can make up of what it has of the parts."""

    requires = Permission.STOCK_READ
    free = graphene.Int(required=True, description="For orders in hand.")
    available = graphene.Int(required=True, description="What shops and partners are told.")
    limited_by = relay.link("limited_by_id", SKU, required=True, description="The part that runs out first.")


class StockOfSku:
    """The fields a SKU has of its stock; a bundle has none of its own and is sold by its parts."""

    requires = Permission.STOCK_READ
    levels = relay.listing(LEVELS, StockLevel, "What each location has.")
    balances = relay.listing(BALANCES, Balance, "Where it lies, in walk order.")
    bundle_levels = relay.listing(
        bundles.levels_of_bundles, BundleLevel, "How many of a bundle each location can make up; none of other SKUs."
    )
    on_hand = graphene.Int(description="Pieces at all locations; null for a bundle.")
    free = graphene.Int(required=True, description="What orders in hand may take, at all locations.")
    available = graphene.Int(
        required=True,
        description="What shops are told: the sum over locations, none counted below 0; bundles whole at one location.",
    )

    stock_as_of = graphene.Field(
        "pickmesh.graphql.stock_lists.SkuStockAsOf",
        at=graphene.Argument(DateTime, required=True),
        description="Its stock at a past moment, from the ledger; null for a bundle.",
    )

    @staticmethod
    async def resolve_stock_as_of(root: Any, info: Any, at: datetime) -> Any:
        """Return its stock at a moment."""
        return None if root.is_bundle else await info.context.load(stock_at_moments, (at, root.id))

    @staticmethod
    async def resolve_on_hand(root: Any, info: Any) -> int | None:
        """Return the pieces at all locations."""
        return None if root.is_bundle else await _total(root, info, "on_hand")

    @staticmethod
    async def resolve_free(root: Any, info: Any) -> int:
        """Return what is free at all locations."""
        return await _total(root, info, "free")

    @staticmethod
    async def resolve_available(root: Any, info: Any) -> int:
        """Return what is available at all locations."""
        return await _total(root, info, "available")


async def _total(root: Any, info: Any, figure: str) -> int:
    batch = bundles.levels_of_bundles if root.is_bundle else LEVELS
    levels = await listed(info.context.load(batch, root.id))
    return sum(int(getattr(level, figure)) for level in levels)


async def stock_at_moments(uow: UnitOfWork, keys: Sequence[tuple[datetime, UUID]]) -> Mapping[Any, Any]:
    """Return the stock of SKUs at moments; one statement per moment and 250 SKUs."""
    asked: defaultdict[datetime, list[UUID]] = defaultdict(list)
    for at, sku_id in keys:
        asked[at].append(sku_id)
    found: dict[tuple[datetime, UUID], as_of.SkuAsOf] = {}
    for at, sku_ids in asked.items():
        for start in range(0, len(sku_ids), as_of.SKUS_MAX):
            then = await as_of.skus_as_of(uow, at, sku_ids[start : start + as_of.SKUS_MAX])
            found |= {(at, sku_id): stock for sku_id, stock in then.items()}
    return found


async def _page_of_places(
    _root: Any, info: Any, request: PageRequest, location_id: str | None = None, **chosen: Any
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    async with info.context.reading() as uow:
        return await queries.place_page(uow, request, location_id=location, **chosen)


async def _page_of_moves(
    _root: Any, info: Any, request: PageRequest, sku_id: str | None = None, place_id: str | None = None
) -> Page[Any]:
    sku = relay.optional_id(sku_id, "Sku", field=("skuId",))
    place = relay.optional_id(place_id, "Place", field=("placeId",))
    async with info.context.reading() as uow:
        return await queries.move_page(uow, request, sku_id=sku, place_id=place)


class StockQueries(Queries):
    """What may be asked of stock."""

    requires: ClassVar[Requirement] = Permission.STOCK_READ
    locations = graphene.List(graphene.NonNull(Location), required=True, description="The locations, by priority.")
    location = graphene.Field(Location, code=graphene.String(required=True), description="A location by its code.")
    place = graphene.Field(Place, id=graphene.ID(required=True), description="A place by its id.")
    place_by_code = graphene.Field(
        Place,
        location_id=graphene.ID(required=True),
        code=graphene.String(required=True),
        description="A place by its code at a location.",
    )
    places = relay.paged(
        relay.connection(Place),
        _page_of_places,
        "Places by code.",
        location_id=graphene.ID(),
        kind=graphene.Argument(PlaceKindName),
        zone=graphene.String(),
        role=graphene.Argument(BinRoleName),
        pool=graphene.Argument(PoolName),
        prefix=graphene.String(description="What the place's code begins with."),
    )
    stock_moves = relay.paged(
        relay.connection(StockMove),
        _page_of_moves,
        "The ledger, the newest move first.",
        sku_id=graphene.ID(),
        place_id=graphene.ID(),
    )

    @staticmethod
    async def resolve_locations(_root: Any, info: Any) -> Sequence[Any]:
        """Return the locations."""
        async with info.context.reading() as uow:
            return await queries.locations(uow)

    @staticmethod
    async def resolve_location(_root: Any, info: Any, code: str) -> Any:
        """Return a location."""
        async with info.context.reading() as uow:
            return await queries.location_by_code(uow, code)

    @staticmethod
    def resolve_place(_root: Any, info: Any, id: str) -> Any:
        """Return a place."""
        return info.context.load(queries.places, relay.id_of(id, "Place"))

    @staticmethod
    async def resolve_place_by_code(_root: Any, info: Any, location_id: str, code: str) -> Any:
        """Return a place."""
        location = relay.id_of(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
            found = await queries.places_by_code(uow, [code], location)
        return found[0] if found else None
