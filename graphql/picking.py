"""Work on the floor as managers see it: waves, pick lists, lines, totes, exception tasks."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import graphene

from pickmesh.core.journal import reading
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound
from pickmesh.core.orders import refusals as order_refusals
from pickmesh.core.picking import list_actions, lists, queries, refusals, rules, shares
from pickmesh.core.picking.list_actions import ListAction
from pickmesh.core.picking.tables import (
    PickLineStatus,
    PickListStatus,
    TaskKind,
    TaskStatus,
    WaveKind,
    WaveOrderState,
    WaveStatus,
)
from pickmesh.core.stock import refusals as stock_refusals
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.base import Done, Mutation, One, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.journal import stream
from pickmesh.graphql.permissions import Queries, Requirement, Subscriptions
from pickmesh.graphql.scalars import DateTime, Json
from pickmesh.graphql.stock import SKU, AtLocation, OfLot, OfSku, Place
from pickmesh.graphql.wave_fields import PlanOfWave
from pickmesh.scanner.codes.own import OwnKind

FULFILLMENT_ORDER = "pickmesh.graphql.orders.FulfillmentOrder"
WaveKindName = graphene.Enum.from_enum(WaveKind, name="WaveKind")
WaveStatusName = graphene.Enum.from_enum(WaveStatus, name="WaveStatus")
WaveOrderStateName = graphene.Enum.from_enum(WaveOrderState, name="WaveOrderState")
PickListStatusName = graphene.Enum.from_enum(PickListStatus, name="PickListStatus")
PickListActionName = graphene.Enum.from_enum(ListAction, name="PickListAction")
PickLineStatusName = graphene.Enum.from_enum(PickLineStatus, name="PickLineStatus")
TaskKindName = graphene.Enum.from_enum(TaskKind, name="ExceptionTaskKind")
TaskStatusName = graphene.Enum.from_enum(TaskStatus, name="ExceptionTaskStatus")
PickingUserError = user_error("Picking", stock_refusals, order_refusals, refusals)


class WaveOrder(graphene.ObjectType):
    """A fulfillment order's seat in a wave: its slot on the put wall or the cart."""

    requires = Permission.FLOOR_READ
    fulfillment_order = relay.link("fulfillment_order_id", FULFILLMENT_ORDER)
    wave = relay.link("wave_id", "pickmesh.graphql.picking.Wave")
    position = graphene.Int(required=True)
    state = graphene.Field(WaveOrderStateName, required=True)


class PickShare(graphene.ObjectType):
    """Pieces of a line that are still in their bin for one order, and the tote they go into."""

    requires = Permission.FLOOR_READ
    fulfillment_order = relay.link("fulfillment_order_id", FULFILLMENT_ORDER)
    position = graphene.Int(required=True, description="The order's seat in the wave.")
    quantity = graphene.Int(required=True)
    tote = relay.link("place_id", Place, description="Null as long as none is bound.")


class PickLine(relay.ObjectType, OfSku, OfLot):
    """So many of a SKU and lot from one bin, in walk order."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    sequence = graphene.Int(required=True)
    place = relay.link("place_id", Place, required=True)
    quantity = graphene.Int(required=True)
    picked_quantity = graphene.Int(required=True)
    short_quantity = graphene.Int(required=True)
    status = graphene.Field(PickLineStatusName, required=True)
    shares = relay.listing(shares.shares_to_pick, PickShare, "What is still to be taken and for whom, by seat.")

    by_ids = staticmethod(queries.pick_lines)


class ToteUse(graphene.ObjectType):
    """A tote bound to a list, and the one order it holds unless it is mixed."""

    requires = Permission.FLOOR_READ
    place = relay.link("place_id", Place, required=True)
    fulfillment_order = relay.link("fulfillment_order_id", FULFILLMENT_ORDER)
    bound_at = graphene.Field(DateTime, required=True)


class PickList(relay.ObjectType, AtLocation):
    """What one worker fetches on one walk."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    number = relay.number(OwnKind.PICK_LIST)
    wave = relay.link("wave_id", "pickmesh.graphql.picking.Wave", required=True)
    status = graphene.Field(PickListStatusName, required=True)
    worker = relay.link("worker_id", Worker)
    claimed_at = graphene.Field(DateTime)
    lease_until = graphene.Field(DateTime, description="Until when it stays its worker's without any contact.")
    zone = graphene.String(description="Where it is now, when zones pass it on to each other.")
    dark_until = graphene.Field(DateTime, description="Until when a phone without network has it in hand at most.")
    created_at = graphene.Field(DateTime, required=True)
    done_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    lines = relay.listing(queries.lines_of_lists, PickLine, "In the order of the walk.")
    totes = relay.listing(queries.totes_of_lists, ToteUse, "In the order they were bound.")
    supported_actions = graphene.List(
        graphene.NonNull(PickListActionName), required=True, description="What the person who asks may do to it now."
    )

    by_ids = staticmethod(queries.pick_lists)

    @staticmethod
    async def resolve_supported_actions(root: Any, info: Any) -> list[ListAction]:
        """Return what may be done now, and by whom asks."""
        leads_on = bool(await info.context.load(list_actions.leading_on, root.id))
        return list_actions.actions_of(root, info.context.signed_in, info.context.now, leads_on=leads_on)


class WaveAction(graphene.Enum):
    """What may be done to a wave as it stands."""

    RELEASE = "RELEASE"
    ESTIMATE = "ESTIMATE"
    KICK_OUT = "KICK_OUT"
    CANCEL = "CANCEL"


class Wave(relay.ObjectType, AtLocation, PlanOfWave):
    """Fulfillment orders released to the floor together."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    number = relay.number(OwnKind.WAVE)
    kind = graphene.Field(WaveKindName, required=True)
    status = graphene.Field(WaveStatusName, required=True)
    created_at = graphene.Field(DateTime, required=True)
    released_at = graphene.Field(DateTime)
    done_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    orders = relay.listing(queries.seats_of_waves, WaveOrder, "In the order of their seats.")
    pick_lists = relay.listing(queries.pick_lists_of_waves, PickList, "By number.")
    supported_actions = graphene.List(graphene.NonNull(WaveAction), required=True)

    by_ids = staticmethod(queries.waves)

    @staticmethod
    def resolve_supported_actions(root: Any, _info: Any) -> list[str]:
        """Return what may be done now."""
        may_release = rules.may_become(rules.WAVE_MOVES, root.status, WaveStatus.RELEASED)
        may_cancel = rules.may_become(rules.WAVE_MOVES, root.status, WaveStatus.CANCELLED)
        return ["RELEASE", "ESTIMATE"] * may_release + ["KICK_OUT", "CANCEL"] * may_cancel


class ExceptionTask(relay.ObjectType, AtLocation):
    """A leftover a person must settle: a short pick, goods to put back, a scan that no longer fits."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    number = relay.number(OwnKind.EXCEPTION_TASK)
    kind = graphene.Field(TaskKindName, required=True)
    status = graphene.Field(TaskStatusName, required=True)
    sku = relay.link("sku_id", SKU)
    place = relay.link("place_id", Place)
    quantity = graphene.Int(required=True)
    detail = graphene.Field(Json, required=True)
    created_at = graphene.Field(DateTime, required=True)
    done_at = graphene.Field(DateTime)
    done_by = relay.link("done_by", Worker)
    version = graphene.Int(required=True)

    by_ids = staticmethod(queries.tasks)


class PickingOfFulfillmentOrder:
    """The fields a fulfillment order has of its picking."""

    requires = Permission.FLOOR_READ
    waves = relay.listing(queries.waves_of_orders, WaveOrder, "The waves it is or was in, the oldest first.")
    exception_tasks = relay.listing(queries.tasks_about, ExceptionTask, "The leftovers about it.")


def _paged(query: Any) -> Any:
    """Return the resolver of a list that can be asked for by location."""

    async def page(
        _root: Any, info: Any, request: PageRequest, location_id: str | None = None, **chosen: Any
    ) -> Page[Any]:
        location = relay.optional_id(location_id, "Location", field=("locationId",))
        if "worker_id" in chosen:
            chosen["worker_id"] = relay.optional_id(chosen["worker_id"], "Worker", field=("workerId",))
        async with info.context.reading() as uow:
            found: Page[Any] = await query(uow, request, location_id=location, **chosen)
        return found

    return page


class PickingQueries(Queries):
    """What may be asked of picking."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    wave = graphene.Field(
        Wave, id=graphene.ID(), number=graphene.String(), description="A wave by its id or its number."
    )
    waves = relay.paged(
        relay.connection(Wave),
        _paged(queries.wave_page),
        "Waves, the newest first.",
        location_id=graphene.ID(),
        statuses=relay.some(WaveStatusName),
        kinds=relay.some(WaveKindName),
        carriers=relay.some(graphene.String),
    )
    pick_list = graphene.Field(
        PickList, id=graphene.ID(), number=graphene.String(), description="A pick list by its id or its number."
    )
    pick_lists = relay.paged(
        relay.connection(PickList),
        _paged(queries.pick_list_page),
        "Pick lists, the newest first.",
        location_id=graphene.ID(),
        statuses=relay.some(PickListStatusName),
        worker_id=graphene.ID(),
    )
    exception_tasks = relay.paged(
        relay.connection(ExceptionTask),
        _paged(queries.task_page),
        "Exception tasks, the newest first.",
        location_id=graphene.ID(),
        statuses=relay.some(TaskStatusName),
        kinds=relay.some(TaskKindName),
    )

    @staticmethod
    def resolve_wave(_root: Any, info: Any, id: str | None = None, number: str | None = None) -> Any:
        """Return a wave."""
        name, value = relay.one_of({"id": id, "number": number})
        if name == "id":
            return info.context.load(queries.waves, relay.id_of(value, "Wave"))
        return info.context.load(queries.waves_by_number, relay.number_of(value, OwnKind.WAVE))

    @staticmethod
    def resolve_pick_list(_root: Any, info: Any, id: str | None = None, number: str | None = None) -> Any:
        """Return a pick list."""
        name, value = relay.one_of({"id": id, "number": number})
        if name == "id":
            return info.context.load(queries.pick_lists, relay.id_of(value, "PickList"))
        return info.context.load(queries.pick_lists_by_number, relay.number_of(value, OwnKind.PICK_LIST))


class PickingSubscriptions(Subscriptions):
    """What can be watched in picking."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    pick_list_changed = graphene.Field(
        PickList,
        required=True,
        id=graphene.ID(required=True),
        description="A pick list as it stands, and again each time it changes.",
    )

    @staticmethod
    async def subscribe_pick_list_changed(_root: Any, info: Any, id: str) -> AsyncIterator[Any]:
        """Stream a list; what it is now comes first, so a reconnect misses nothing."""
        list_id, context = relay.id_of(id, "PickList"), info.context
        async with context.reading() as uow:
            seq = await reading.last_seq(uow)
        found = await context.load(PickList.by_ids, list_id)
        if found is None:
            raise NotFound(field=("id",))
        yield found
        await context.renew()
        async for events in stream(context, seq, Permission.FLOOR_READ):
            if any(event.subject_id == list_id for event in events):
                yield await context.load(PickList.by_ids, list_id)


class PickListClaim(Mutation):
    """Take a list with a lease of 30 minutes; claiming it again renews the lease."""

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
        """Claim."""
        list_id = relay.id_of(input.id, "PickList")
        await lists.claim_pick_list(uow, pick_list_id=list_id, version=input.if_version)
        return Done({"pick_list": list_id})


class PickListPause(Mutation):
    """Lay a list aside: it stays mine, without a lease, until I claim it again or somebody hands it over."""

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
        """Pause."""
        list_id = relay.id_of(input.id, "PickList")
        await lists.pause_pick_list(uow, pick_list_id=list_id, version=input.if_version)
        return Done({"pick_list": list_id})


MUTATIONS = (PickListClaim, PickListPause)
