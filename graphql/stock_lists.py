"""Lists of stock: levels, balances, lots, and everything as it was at a past moment."""

from datetime import date, datetime
from typing import Any, ClassVar

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import as_of, lists, lots
from pickmesh.core.stock.lists import BalanceFilter, LevelFilter, LevelSort, LotFilter
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, limited
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import Date, DateTime
from pickmesh.graphql.stock import AtLocation, Balance, Lot, OfLot, OfSku, Place, StockLevel
from pickmesh.graphql.stock_acts import StockUserError

LOTS_MAX = 250
LevelSortName = graphene.Enum.from_enum(LevelSort, name="StockLevelSort")


class LevelAsOf(graphene.ObjectType, AtLocation):
    """What a location had of a SKU; what could not be sold is told by what its places and lots are today."""

    requires = Permission.STOCK_READ
    on_hand = graphene.Int(required=True)
    non_sellable = graphene.Int(required=True)
    incoming = graphene.Int(required=True, description="On its way there by transfer.")


class BalanceAsOf(graphene.ObjectType, AtLocation, OfLot):
    """What lay at a place."""

    requires = Permission.STOCK_READ
    place = relay.link("place_id", Place, required=True)
    quantity = graphene.Int(required=True)


class SkuStockAsOf(graphene.ObjectType, OfSku):
    """A SKU's stock at a moment, from the ledger."""

    requires = Permission.STOCK_READ
    at = graphene.Field(DateTime, required=True, description="The moment; now, for one still to come.")
    on_hand = graphene.Int(required=True)
    levels = graphene.List(graphene.NonNull(LevelAsOf), required=True)
    balances = graphene.List(graphene.NonNull(BalanceAsOf), required=True, description="Also what was in transit.")


async def _page_of_levels(
    _root: Any,
    info: Any,
    request: PageRequest,
    location_id: str | None = None,
    sku_ids: list[str] | None = None,
    sort: LevelSort = LevelSort.SKU,
    **chosen: Any,
) -> Page[Any]:
    wanted = LevelFilter(
        location_id=relay.optional_id(location_id, "Location", field=("locationId",)),
        sku_ids=None if sku_ids is None else relay.ids_of(sku_ids, "Sku", field="skuIds"),
        **chosen,
    )
    async with info.context.reading() as uow:
        return await lists.level_page(uow, request, wanted, sort=LevelSort(sort))


async def _page_of_balances(  # noqa: PLR0917 - graphql-core calls root and info by position
    _root: Any,
    info: Any,
    request: PageRequest,
    location_id: str | None = None,
    place_id: str | None = None,
    lot_id: str | None = None,
    sku_ids: list[str] | None = None,
    expires_before: date | None = None,
) -> Page[Any]:
    wanted = BalanceFilter(
        location_id=relay.optional_id(location_id, "Location", field=("locationId",)),
        place_id=relay.optional_id(place_id, "Place", field=("placeId",)),
        lot_id=relay.optional_id(lot_id, "Lot", field=("lotId",)),
        sku_ids=None if sku_ids is None else relay.ids_of(sku_ids, "Sku", field="skuIds"),
        expires_before=expires_before,
    )
    async with info.context.reading() as uow:
        return await lists.balance_page(uow, request, wanted)


async def _page_of_lots(
    _root: Any, info: Any, request: PageRequest, sku_ids: list[str] | None = None, **chosen: Any
) -> Page[Any]:
    skus = None if sku_ids is None else relay.ids_of(sku_ids, "Sku", field="skuIds")
    async with info.context.reading() as uow:
        return await lists.lot_page(uow, request, LotFilter(sku_ids=skus, **chosen))


async def _page_as_of(
    _root: Any,
    info: Any,
    request: PageRequest,
    at: datetime,
    location_id: str | None = None,
    sku_ids: list[str] | None = None,
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    skus = None if sku_ids is None else relay.ids_of(sku_ids, "Sku", field="skuIds")
    async with info.context.reading() as uow:
        return await as_of.sku_page_as_of(uow, request, at, location_id=location, sku_ids=skus)


class StockListsQueries(Queries):
    """What may be asked of stock in lists."""

    requires: ClassVar[Requirement] = Permission.STOCK_READ
    stock_levels = relay.paged(
        relay.connection(StockLevel),
        _page_of_levels,
        "What each location has of each SKU, by SKU or the scarcest first.",
        location_id=graphene.ID(),
        sku_ids=relay.some(graphene.ID),
        search=graphene.String(description="Words of a SKU's code, name, barcode or pinyin initials."),
        available_below=graphene.Int(description="Only with fewer available pieces; 1 are those out of stock."),
        has_incoming=graphene.Boolean(),
        has_buffer=graphene.Boolean(),
        has_reserved=graphene.Boolean(),
        sort=graphene.Argument(LevelSortName, required=True, default_value=LevelSort.SKU.value),
    )
    stock_balances = relay.paged(
        relay.connection(Balance),
        _page_of_balances,
        "What lies where, by place.",
        location_id=graphene.ID(),
        place_id=graphene.ID(),
        lot_id=graphene.ID(),
        sku_ids=relay.some(graphene.ID),
        expires_before=graphene.Argument(Date, description="Only what expires before this day."),
    )
    lots = relay.paged(
        relay.connection(Lot),
        _page_of_lots,
        "Lots, those that expire first before the others: the order they are taken in.",
        sku_ids=relay.some(graphene.ID),
        code=graphene.String(),
        expires_before=graphene.Argument(Date),
        blocked=graphene.Boolean(),
        in_stock=graphene.Boolean(description="Whether any pieces of it lie anywhere."),
    )
    stock_as_of = relay.paged(
        relay.connection(SkuStockAsOf),
        _page_as_of,
        "All stock as it was at a moment, by SKU; from the ledger, exact to the microsecond.",
        at=graphene.Argument(DateTime, required=True),
        location_id=graphene.ID(),
        sku_ids=relay.some(graphene.ID),
    )


class LotBlock(Mutation):
    """Block lots, so that none of them is sold, or unblock them; promises without units give way in the same act."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "lotIds"

    class Input:
        lot_ids = relay.some(graphene.ID, required=True)
        blocked = graphene.Boolean(required=True, default_value=True, description="False unblocks them.")

    class Payload:
        lots = Many(Lot)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Block or unblock."""
        ids = relay.ids_of(limited(input.lot_ids, LOTS_MAX, "lotIds"), "Lot", field="lotIds")
        refused = await lots.set_lots_blocked(uow, lot_ids=ids, blocked=input.blocked)
        not_done = {one.index for one in refused if isinstance(one, Refused)}
        done = [lot_id for index, lot_id in enumerate(ids) if index not in not_done]
        return Done({"lots": list(dict.fromkeys(done))}, refused)


MUTATIONS = (LotBlock,)
