"""Boxes on their way out: parcels, contents, waybills, labels, stations."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders import refusals as order_refusals
from pickmesh.core.packing import bench, parcels, queries, refusals, rules, shipping, stations, waybills
from pickmesh.core.packing.tables import ParcelState, WaybillState
from pickmesh.core.picking import refusals as picking_refusals
from pickmesh.core.stock import refusals as stock_refusals
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.printing import PrintJob, PrintJobsOfStation
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import AtLocation, OfLot, OfSku, Place
from pickmesh.scanner.codes.own import OwnKind

FULFILLMENT_ORDER = "pickmesh.graphql.orders.FulfillmentOrder"
LABELS = "/labels/parcel"
"""Where the app serves labels."""

ParcelStateName = graphene.Enum.from_enum(ParcelState, name="ParcelState")
WaybillStateName = graphene.Enum.from_enum(WaybillState, name="WaybillState")
PackingUserError = user_error("Packing", stock_refusals, order_refusals, picking_refusals, refusals)


class Station(relay.ObjectType, AtLocation, PrintJobsOfStation):
    """A pack bench with a printer."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    code = graphene.String(required=True)
    place = relay.link("place_id", Place, required=True)
    printer_format = graphene.String(required=True)

    by_ids = staticmethod(stations.stations)


class ParcelItem(graphene.ObjectType, OfSku, OfLot):
    """What lies in a parcel."""

    requires = Permission.FLOOR_READ
    line = relay.link("fulfillment_line_id", "pickmesh.graphql.orders.FulfillmentLine")
    quantity = graphene.Int(required=True)


class Waybill(graphene.ObjectType):
    """A carrier's number for a parcel; voided ones stay."""

    requires = Permission.FLOOR_READ
    id = relay.own_id("Waybill")
    carrier = graphene.String(required=True)
    number = graphene.String(description="Null until the carrier has answered.")
    sort_code = graphene.String(required=True)
    state = graphene.Field(WaybillStateName, required=True)
    requested_at = graphene.Field(DateTime, required=True)
    issued_at = graphene.Field(DateTime)
    voided_at = graphene.Field(DateTime)
    last_error = graphene.String()


class ParcelAction(graphene.Enum):
    """What may be done to a parcel as it stands."""

    SEAL = "SEAL"
    SHIP = "SHIP"
    HAND_OVER = "HAND_OVER"


ACTIONS = {ParcelState.OPEN: "SEAL", ParcelState.SEALED: "SHIP", ParcelState.SHIPPED: "HAND_OVER"}
"""What leads on from a state: SEAL by a scan session at the bench, the others by a mutation of that name."""


class ParcelLabels(graphene.ObjectType):
    """Where a parcel's label is drawn; to be asked for with the same bearer token."""

    requires = Permission.FLOOR_READ
    pdf = graphene.String(required=True)
    png = graphene.String(required=True)
    zpl = graphene.String(required=True)


class Parcel(relay.ObjectType, AtLocation):
    """A box for one fulfillment order; it is also a place."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    number = relay.number(OwnKind.PARCEL)
    fulfillment_order = relay.link("fulfillment_order_id", FULFILLMENT_ORDER)
    station = relay.link("station_id", Station)
    state = graphene.Field(ParcelStateName, required=True)
    sequence = graphene.Int(required=True)
    weight_g = graphene.Int()
    expected_weight_g = graphene.Int(description="Its contents and its carton.")
    carton = relay.link("carton_id", "pickmesh.graphql.cartons.Carton", description="Chosen by scan, else at sealing.")
    packaging_micros = graphene.Field(Long, description="What its carton cost when it was chosen.")
    packaging_currency = graphene.String()
    forced = graphene.Boolean(
        required=True, description="Passed by somebody's word, without scan or against the scale."
    )
    created_at = graphene.Field(DateTime, required=True)
    sealed_at = graphene.Field(DateTime)
    shipped_at = graphene.Field(DateTime)
    handed_over_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    manifest = relay.link("manifest_id", "pickmesh.graphql.manifests.Manifest", description="It was scanned onto.")
    items = relay.listing(queries.contents, ParcelItem, "What lies in it.")
    waybill = graphene.Field(Waybill, description="The number it goes with: asked for, or issued.")
    waybills = relay.listing(queries.waybills_of, Waybill, "All of its numbers, the oldest first.")
    labels = graphene.Field(ParcelLabels, description="Null until a carrier has given its number.")
    print_jobs = relay.listing(queries.print_jobs_of, PrintJob, "The oldest first.")
    supported_actions = graphene.List(graphene.NonNull(ParcelAction), required=True)

    by_ids = staticmethod(queries.parcels)

    @staticmethod
    def resolve_waybill(root: Any, info: Any) -> Any:
        """Return the live waybill."""
        return info.context.load(queries.live_waybills, root.id)

    @staticmethod
    async def resolve_labels(root: Any, info: Any) -> dict[str, str] | None:
        """Return where the label is."""
        waybill = await info.context.load(queries.live_waybills, root.id)
        if waybill is None or waybill.state != WaybillState.ISSUED:
            return None
        return {kind: f"{LABELS}/{root.id}.{kind}" for kind in ("pdf", "png", "zpl")}

    @staticmethod
    async def resolve_supported_actions(root: Any, info: Any) -> list[str]:
        """Return what may be done now; a parcel ships under a number only, and none of a stopped order goes on."""
        if root.state not in rules.GONE:
            order = await info.context.load(order_queries.fulfillment_orders, root.fulfillment_order_id)
            if order is None or bench.is_stopped(order):
                return []
        if root.state == ParcelState.SEALED:
            waybill = await info.context.load(queries.live_waybills, root.id)
            return ["SHIP"] if waybill is not None and waybill.state == WaybillState.ISSUED else []
        return [action for state, action in ACTIONS.items() if state == root.state]


class PackingOfFulfillmentOrder:
    """The fields a fulfillment order has of its packing."""

    requires = Permission.FLOOR_READ
    parcels = relay.listing(queries.parcels_of_orders, Parcel, "In their sequence.")
    carrier = graphene.String(description="Named by somebody or decided by a rule; null: the merchant's first.")


async def _page_of_parcels(
    _root: Any,
    info: Any,
    request: PageRequest,
    location_id: str | None = None,
    station_id: str | None = None,
    **chosen: Any,
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    station = relay.optional_id(station_id, "Station", field=("stationId",))
    async with info.context.reading() as uow:
        found: Page[Any] = await queries.parcel_page(uow, request, location_id=location, station_id=station, **chosen)
    return found


class PackingQueries(Queries):
    """What may be asked of packing."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    parcel = graphene.Field(
        Parcel, id=graphene.ID(), number=graphene.String(), description="A parcel by its id or its number."
    )
    parcels = relay.paged(
        relay.connection(Parcel),
        _page_of_parcels,
        "Parcels, the newest first.",
        location_id=graphene.ID(),
        station_id=graphene.ID(),
        states=relay.some(ParcelStateName),
        carriers=relay.some(graphene.String),
    )
    station = graphene.Field(
        Station,
        code=graphene.String(required=True),
        location_code=graphene.String(description="The warehouse's, where several have a station of that code."),
        description="A pack station by its code.",
    )
    stations = graphene.List(
        graphene.NonNull(Station),
        required=True,
        location_id=graphene.ID(required=True),
        description="The pack stations of a warehouse, by code.",
    )

    @staticmethod
    def resolve_parcel(_root: Any, info: Any, id: str | None = None, number: str | None = None) -> Any:
        """Return a parcel."""
        name, value = relay.one_of({"id": id, "number": number})
        if name == "id":
            return info.context.load(queries.parcels, relay.id_of(value, "Parcel"))
        return info.context.load(queries.parcels_by_number, relay.number_of(value, OwnKind.PARCEL))

    @staticmethod
    async def resolve_station(_root: Any, info: Any, code: str, location_code: str | None = None) -> Any:
        """Return the station."""
        async with info.context.reading() as uow:
            return await stations.station_named(uow, code, location_code)

    @staticmethod
    async def resolve_stations(_root: Any, info: Any, location_id: str) -> Sequence[Any]:
        """Return the stations."""
        location = relay.id_of(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
            return await stations.stations_of(uow, location)


class OfParcels(Mutation):
    """What the mutations over many parcels share."""

    requires = Permission.FLOOR_WORK
    user_error = PackingUserError
    items = "parcelIds"

    class Input:
        parcel_ids = relay.some(graphene.ID, required=True)

    class Payload:
        parcels = Many(Parcel)

    @staticmethod
    def ids_in(input: Any) -> list[UUID]:
        """Return the parcels of the input."""
        return relay.ids_of(input.parcel_ids, "Parcel", field="parcelIds")

    @staticmethod
    def done(ids: Sequence[UUID], answers: Sequence[Any]) -> Done:
        """Answer the parcels that were not refused."""
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        without = {answer.index for answer in refused}
        return Done({"parcels": [each for index, each in enumerate(ids) if index not in without]}, refused)


class ParcelShip(OfParcels):
    """Ship sealed parcels: their goods leave the stock and their shops are told; shipping again changes nothing."""

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Ship."""
        ids = cls.ids_in(input)
        return cls.done(ids, await shipping.ship_parcels(uow, parcel_ids=ids))


class ParcelHandOver(OfParcels):
    """Give parcels to the carrier; where the warehouse ships at handover, this ships them too."""

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Hand over."""
        ids = cls.ids_in(input)
        return cls.done(ids, await shipping.hand_over_parcels(uow, parcel_ids=ids))


class ParcelUnship(OfParcels):
    """Call shipped parcels back before the carrier has them; their shops are told that the shipment is undone."""

    requires = Permission.FLOOR_MANAGE

    class Input(OfParcels.Input):
        reason = graphene.String(required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Call back."""
        ids = cls.ids_in(input)
        return cls.done(ids, await shipping.unship_parcels(uow, parcel_ids=ids, reason=input.reason))


class ParcelReopen(OfParcels):
    """Open sealed parcels again, to check or change what is in them; their numbers stay."""

    class Input(OfParcels.Input):
        reason = graphene.String(description="Why, for the parcel's evidence.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Open."""
        ids = cls.ids_in(input)
        return cls.done(ids, await parcels.reopen_parcels(uow, parcel_ids=ids, reason=input.reason or ""))


class ParcelVoid(OfParcels):
    """Give parcels up that hold nothing any more; their numbers go back to the carriers."""

    class Input(OfParcels.Input):
        reason = graphene.String(required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Give up."""
        ids = cls.ids_in(input)
        return cls.done(ids, await parcels.void_parcels(uow, parcel_ids=ids, reason=input.reason))


class WaybillRequest(OfParcels):
    """Ask a carrier for the numbers of parcels that have none."""

    class Input(OfParcels.Input):
        carrier = graphene.String(description="A carrier account's code; the merchant's first one when left out.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Ask."""
        ids = cls.ids_in(input)
        return cls.done(ids, await waybills.request_waybills(uow, parcel_ids=ids, carrier=input.carrier))


class WaybillVoid(OfParcels):
    """Give up the numbers of parcels that have not shipped; another may be asked for then."""

    class Input(OfParcels.Input):
        reason = graphene.String(required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Void."""
        ids = cls.ids_in(input)
        return cls.done(ids, await waybills.void_waybills(uow, parcel_ids=ids, reason=input.reason))


class LabelReprint(OfParcels):
    """Print labels once more; the reason is kept."""

    class Input(OfParcels.Input):
        reason = graphene.String(required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Print."""
        ids = cls.ids_in(input)
        return cls.done(ids, await waybills.reprint_labels(uow, parcel_ids=ids, reason=input.reason))


MUTATIONS = (
    ParcelShip,
    ParcelHandOver,
    ParcelUnship,
    ParcelReopen,
    ParcelVoid,
    WaybillRequest,
    WaybillVoid,
    LabelReprint,
)
