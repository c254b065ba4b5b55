"""What may be done to locations: change their settings, close them, open them again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import warehouses
from pickmesh.core.orders.warehouses import Closed
from pickmesh.core.stock import locations
from pickmesh.core.stock.locations import LocationChange as Change
from pickmesh.core.stock.tables import LotSwap, ScanPolicy, ShipAt, WaybillAt, ZeroCheck
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation
from pickmesh.graphql.context import Context
from pickmesh.graphql.fulfillment_orders import OrdersUserError
from pickmesh.graphql.stock import (
    Location,
    LotSwapName,
    ScanPolicyName,
    ShipAtName,
    SpeedsInput,
    WaybillAtName,
    ZeroCheckName,
    speeds_told,
)

IF_VERSION = "Refuse with STALE_VERSION when somebody changed it since."
ITEMS = "locations"


class LocationSettingsInput(graphene.InputObjectType):
    """A location and what is to be different there; what is left out stays as it is."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)
    name = graphene.String()
    priority = graphene.Int(description="The lower number is the first choice.")
    cut_off = graphene.String(description="HH:MM in the location's own zone; an empty text clears it.")
    scan_policy = graphene.InputField(ScanPolicyName)
    lot_swap = graphene.InputField(LotSwapName)
    zero_check = graphene.InputField(ZeroCheckName)
    waybill_at = graphene.InputField(WaybillAtName)
    ship_at = graphene.InputField(ShipAtName)
    weight_tolerance_g = graphene.Int()
    pickers = graphene.Int(description="How many people waves are estimated for.")
    speeds = SpeedsInput()


class LocationRef(graphene.InputObjectType):
    """A location, and the version of it the caller has read."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)


class LocationChange(Mutation):
    """Change settings of locations; work under way goes on by what it began with."""

    requires = Permission.STOCK_WRITE
    user_error = OrdersUserError
    items = ITEMS
    subject = "Location"

    class Input:
        locations = graphene.List(graphene.NonNull(LocationSettingsInput), required=True)

    class Payload:
        locations = Many(Location)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Change."""
        changes = [_change(index, each) for index, each in enumerate(input.locations)]
        answers = await locations.change_locations(uow, changes=changes)
        done = [answer for answer in answers if isinstance(answer, UUID)]
        return Done({"locations": done}, [answer for answer in answers if isinstance(answer, Refused)])


def _change(index: int, told: Any) -> Change:
    scan, waybill, ship = told.get("scan_policy"), told.get("waybill_at"), told.get("ship_at")
    swap, check = told.get("lot_swap"), told.get("zero_check")
    return Change(
        location_id=relay.id_of(told.id, "Location", field=(ITEMS, index, "id")),
        name=told.get("name"),
        priority=told.get("priority"),
        cut_off=told.get("cut_off"),
        scan_policy=None if scan is None else ScanPolicy(scan),
        lot_swap=None if swap is None else LotSwap(swap),
        zero_check=None if check is None else ZeroCheck(check),
        waybill_at=None if waybill is None else WaybillAt(waybill),
        ship_at=None if ship is None else ShipAt(ship),
        weight_tolerance_g=told.get("weight_tolerance_g"),
        pickers=told.get("pickers"),
        **speeds_told(told.get("speeds")),
        version=told.get("if_version"),
    )


class LocationArchive(Mutation):
    """Close warehouses; refused with LOCATION_IN_USE, counted by kind, while anything needs them."""

    requires = Permission.STOCK_WRITE
    user_error = OrdersUserError
    items = ITEMS
    subject = "Location"

    class Input:
        locations = graphene.List(graphene.NonNull(LocationRef), required=True)

    class Payload:
        locations = Many(Location)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Archive."""
        ids, versions = _named(input)
        return _closed(await warehouses.archive_locations(uow, ids=ids, versions=versions))


class LocationRestore(Mutation):
    """Open archived warehouses again, with all their places."""

    requires = Permission.STOCK_WRITE
    user_error = OrdersUserError
    items = ITEMS
    subject = "Location"

    class Input:
        locations = graphene.List(graphene.NonNull(LocationRef), required=True)

    class Payload:
        locations = Many(Location)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Restore."""
        ids, versions = _named(input)
        return _closed(await warehouses.restore_locations(uow, ids=ids, versions=versions))


def _named(input: Any) -> tuple[list[UUID], dict[UUID, int]]:
    ids = [relay.id_of(each.id, "Location", field=(ITEMS, index, "id")) for index, each in enumerate(input.locations)]
    told = zip(ids, input.locations, strict=True)
    return ids, {each: ref.if_version for each, ref in told if ref.get("if_version") is not None}


def _closed(answers: Sequence[Closed | Refused]) -> Done:
    done = [answer.location_id for answer in answers if isinstance(answer, Closed)]
    return Done({"locations": list(dict.fromkeys(done))}, [each for each in answers if isinstance(each, Refused)])


MUTATIONS = (LocationChange, LocationArchive, LocationRestore)
