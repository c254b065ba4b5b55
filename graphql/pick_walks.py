"""Pick lists in workers' hands: taken into the dark, handed over, passed on; the log of what was picked."""

from typing import Any, ClassVar

import graphene

from pickmesh.core.floor import jobs, pick_log
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.picking import dark, lists
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.base import Done, Mutation, One
from pickmesh.graphql.context import Context
from pickmesh.graphql.floor import ScanSourceName
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.picking import FULFILLMENT_ORDER, PickingUserError, PickLine, PickList
from pickmesh.graphql.scalars import DateTime, Json
from pickmesh.graphql.stock import AtLocation, Lot, OfLot, OfSku, Place


class Pick(relay.ObjectType, AtLocation, OfSku, OfLot):
    """Units a scan really took, kept for ever, with the code exactly as it was read."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    pick_list = relay.link("pick_list_id", PickList, required=True)
    pick_line = relay.link("pick_line_id", PickLine, required=True)
    fulfillment_order = relay.link("fulfillment_order_id", FULFILLMENT_ORDER)
    from_place = relay.link("from_place_id", Place, required=True)
    to_place = relay.link("to_place_id", Place, required=True)
    required_quantity = graphene.Int(required=True, description="What the line asks for.")
    required_lot = relay.link(
        "required_lot_id", Lot, description="The lot the line was laid out for; `lot` is the one that was taken."
    )
    quantity = graphene.Int(required=True)
    worker = relay.link("worker_id", Worker)
    at = graphene.Field(DateTime, required=True, description="When the server booked it.")
    undone_at = graphene.Field(DateTime)
    scanned_code = graphene.String(
        description="What the scanner read off the goods; null when it was keyed or no phone sent it."
    )
    symbology = graphene.String()
    source = graphene.Field(ScanSourceName)
    recorded_at = graphene.Field(DateTime, description="When the phone read it.")

    by_ids = staticmethod(pick_log.picks)


class ScanTables(graphene.ObjectType):
    """What follows from what in every job: for phones that judge without network until the server has judged."""

    requires = Permission.FLOOR_READ
    version = graphene.String(required=True, description="Changes whenever the tables do.")
    tables = graphene.Field(Json, required=True)


_CHOSEN = {
    "location_id": ("Location", "locationId"),
    "pick_list_id": ("PickList", "pickListId"),
    "fulfillment_order_id": ("FulfillmentOrder", "fulfillmentOrderId"),
    "worker_id": ("Worker", "workerId"),
}


async def _page(_root: Any, info: Any, request: PageRequest, **chosen: str | None) -> Page[Any]:
    ids = {name: relay.optional_id(chosen.get(name), type_, field=(field,)) for name, (type_, field) in _CHOSEN.items()}
    async with info.context.reading() as uow:
        return await pick_log.pick_page(uow, request, **ids)


class PickWalksQueries(Queries):
    """What may be asked of walks."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    scan_tables = graphene.Field(ScanTables, required=True, description="The transition tables of all jobs.")

    picks = relay.paged(
        relay.connection(Pick),
        _page,
        "The pick log, the newest first.",
        location_id=graphene.ID(),
        pick_list_id=graphene.ID(),
        fulfillment_order_id=graphene.ID(),
        worker_id=graphene.ID(),
    )

    @staticmethod
    def resolve_scan_tables(_root: Any, _info: Any) -> Any:
        """Return the tables."""
        return {"version": jobs.TABLES_VERSION, "tables": jobs.transitions_as_json()}


class PickListLease(Mutation):
    """Take my claimed list into the dark: my phone books it without network, and nobody else is sent there.

    The list answers all the phone needs; stops of its orders wait until the phone is heard again. Again renews it.
    """

    requires = Permission.FLOOR_WORK
    user_error = PickingUserError
    subject = "PickList"

    class Input:
        id = graphene.ID(required=True)
        minutes = graphene.Int(required=True, description=f"How long at most, up to {dark.MINUTES_MAX}.")
        if_version = graphene.Int()

    class Payload:
        pick_list = One(PickList)
        tables_version = graphene.String(description="Of `scanTables`, which the phone keeps.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Go dark."""
        list_id = relay.id_of(input.id, "PickList")
        await dark.go_dark(uow, pick_list_id=list_id, minutes=input.minutes, version=input.if_version)
        return Done({"pick_list": list_id, "tables_version": jobs.TABLES_VERSION})


class PickListLeaseEnd(Mutation):
    """Say that my phone has network again, or as a manager that it is not coming back: waiting stops take effect."""

    requires = Permission.FLOOR_WORK
    user_error = PickingUserError
    subject = "PickList"

    class Input:
        id = graphene.ID(required=True)

    class Payload:
        pick_list = One(PickList)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """End it."""
        list_id = relay.id_of(input.id, "PickList")
        await dark.end_dark(uow, pick_list_id=list_id)
        return Done({"pick_list": list_id})


class PickListHandOver(Mutation):
    """Give a list with its totes to another worker: its own worker may, and whoever manages the floor."""

    requires = Permission.FLOOR_WORK
    user_error = PickingUserError
    subject = "PickList"

    class Input:
        id = graphene.ID(required=True)
        worker_id = graphene.ID(required=True, description="Who has it then.")

    class Payload:
        pick_list = One(PickList)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Hand over."""
        list_id = relay.id_of(input.id, "PickList")
        worker_id = relay.id_of(input.worker_id, "Worker", field=("workerId",))
        await relay.require_there(uow, Worker.by_ids, worker_id, field=("workerId",))
        await lists.hand_over_pick_list(uow, pick_list_id=list_id, to_worker_id=worker_id)
        return Done({"pick_list": list_id})


class PickListPassOn(Mutation):
    """Send my list with its totes to the zone its walk leads to next, where it stands ready for whoever picks there."""

    requires = Permission.FLOOR_WORK
    user_error = PickingUserError
    subject = "PickList"

    class Input:
        id = graphene.ID(required=True)
        if_version = graphene.Int()

    class Payload:
        pick_list = One(PickList)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Pass on."""
        list_id = relay.id_of(input.id, "PickList")
        await lists.pass_on_pick_list(uow, pick_list_id=list_id, version=input.if_version)
        return Done({"pick_list": list_id})


MUTATIONS = (PickListLease, PickListLeaseEnd, PickListHandOver, PickListPassOn)
