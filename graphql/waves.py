"""Waves: what they would take, hot sales; planned, released, watched; orders taken out, whole waves called off."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

import graphene

from pickmesh.core.journal import reading
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.picking import estimates, kicking, rules, wave_progress, what_if
from pickmesh.core.picking import waves as core_waves
from pickmesh.core.picking.tables import WaveKind
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, One
from pickmesh.graphql.context import Context
from pickmesh.graphql.journal import stream
from pickmesh.graphql.permissions import Queries, Requirement, Subscriptions
from pickmesh.graphql.picking import FULFILLMENT_ORDER, PickingUserError, PickList, Wave, WaveKindName
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import Location, SpeedsInput, speeds_told
from pickmesh.graphql.wave_fields import SkuPieces, WaveFilterInput, chosen_of, pieces_shown

REASON_LENGTH_MAX = 200


class WaveEstimate(graphene.ObjectType):
    """What a wave would take if it were released now; lengths in millimetres, times in seconds."""

    requires = Permission.FLOOR_MANAGE
    kind = graphene.Field(WaveKindName, required=True)
    orders = graphene.Int(required=True)
    passed_over = graphene.Int(required=True, description="Orders of the same pool it would not take.")
    lists = graphene.Int(required=True)
    stops = graphene.Int(required=True)
    lines = graphene.Int(required=True)
    units = graphene.Int(required=True)
    distance_mm = graphene.Field(Long, required=True)
    one_by_one_mm = graphene.Field(Long, required=True, description="The same orders, each walked by itself.")
    least_mm = graphene.Field(Long, required=True, description="No set of such walks is shorter.")
    work_s = graphene.Int(required=True, description="One person's time for all of it.")
    people = graphene.Int(required=True)
    finish_at = graphene.Field(DateTime, required=True, description="When so many people who begin now have picked it.")
    late = graphene.List(graphene.NonNull(FULFILLMENT_ORDER), required=True, description="Would miss their departure.")
    late_count = graphene.Int(required=True)
    people_needed = graphene.Int(description="With how few nobody would be late; null when it is too late already.")
    is_measured = graphene.Boolean(
        required=True, description="No: some bin has no coordinates, so lengths are steps of the walk's numbers."
    )


LATE_SHOWN_MAX = 100
"""Orders an estimate names; `lateCount` counts all."""


class HotSale(graphene.ObjectType):
    """Orders with the very same contents: one hot-sale wave."""

    requires = Permission.FLOOR_MANAGE
    contents = graphene.List(graphene.NonNull(SkuPieces), required=True)
    orders = graphene.Int(required=True)
    leave_by = graphene.Field(DateTime, required=True, description="When the first of them must leave.")


async def _estimate_shown(info: Any, found: what_if.Estimate) -> Mapping[str, Any]:
    type_ = relay.node_type("FulfillmentOrder")
    late = await relay.found(info, [(type_, each) for each in found.late[:LATE_SHOWN_MAX]])
    figures = {name: getattr(found, name) for name in found.__slots__}
    return {**figures, "late": [each.value for each in late], "late_count": len(found.late)}


_ESTIMATED = {
    "people": graphene.Int(description="As many as the warehouse says unless told."),
    "cart_capacity": graphene.Int(required=True, default_value=rules.CART_CAPACITY, description="Orders on one walk."),
    "speeds": SpeedsInput(),
}


class WavesQueries(Queries):
    """What may be asked before a wave goes to the floor."""

    requires: ClassVar[Requirement] = Permission.FLOOR_MANAGE
    wave_estimate = graphene.Field(
        WaveEstimate,
        wave_id=graphene.ID(required=True),
        description="What releasing a planned wave now would take; nothing is promised or changed.",
        **_ESTIMATED,
    )
    wave_compare = graphene.List(
        graphene.NonNull(WaveEstimate),
        required=True,
        location_id=graphene.ID(required=True),
        kinds=relay.some(WaveKindName),
        chosen=WaveFilterInput(),
        limit=graphene.Int(required=True, default_value=core_waves.LIMIT, description="Orders in each wave at most."),
        description="What each kind of wave (all kinds unless some are named) would make of the same orders.",
        **_ESTIMATED,
    )
    wave_hot_sales = graphene.List(
        graphene.NonNull(HotSale),
        required=True,
        location_id=graphene.ID(required=True),
        chosen=WaveFilterInput(),
        first=graphene.Int(required=True, default_value=20),
        description="Orders that hold the very same goods, the most orders first.",
    )

    @staticmethod
    async def resolve_wave_estimate(_root: Any, info: Any, wave_id: str, speeds: Any = None, **told: Any) -> Any:
        """Estimate a planned wave; null when it is not there."""
        uuid = relay.id_of(wave_id, "Wave", field=("waveId",))
        if await info.context.load(Wave.by_ids, uuid) is None:
            return None
        async with info.context.reading() as uow:
            found = await estimates.estimate_wave(uow, wave_id=uuid, speeds=speeds_told(speeds), **told)
        return await _estimate_shown(info, found)

    @staticmethod
    async def resolve_wave_compare(
        _root: Any, info: Any, location_id: str, kinds: Any = None, chosen: Any = None, speeds: Any = None, **told: Any
    ) -> list[Any]:
        """Compare kinds."""
        location = relay.id_of(location_id, "Location", field=("locationId",))
        named = [WaveKind(each) for each in (list(WaveKind) if kinds is None else kinds)]
        wanted = chosen_of(chosen, "chosen")
        if await info.context.load(Location.by_ids, location) is None:
            return []
        async with info.context.reading() as uow:
            found = await estimates.compare_waves(
                uow, location_id=location, kinds=named, chosen=wanted, speeds=speeds_told(speeds), **told
            )
        return [await _estimate_shown(info, each) for each in found]

    @staticmethod
    async def resolve_wave_hot_sales(
        _root: Any, info: Any, location_id: str, first: int, chosen: Any = None
    ) -> list[Mapping[str, Any]]:
        """List hot sales."""
        location = relay.id_of(location_id, "Location", field=("locationId",))
        if await info.context.load(Location.by_ids, location) is None:
            return []
        async with info.context.reading() as uow:
            found = await estimates.hot_sales(
                uow, location_id=location, chosen=chosen_of(chosen, "chosen"), limit=first
            )
        return [
            {"contents": pieces_shown(each.contents), "orders": each.orders, "leave_by": each.leave_by}
            for each in found
        ]


class WavesSubscriptions(Subscriptions):
    """What can be watched of a wave."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    wave_changed = graphene.Field(
        Wave,
        required=True,
        id=graphene.ID(required=True),
        description="A wave as it stands, and again each time its work goes on.",
    )

    @staticmethod
    async def subscribe_wave_changed(_root: Any, info: Any, id: str) -> AsyncIterator[Any]:
        """Stream a wave; what it is now comes first, so a reconnect misses nothing."""
        wave_id, context = relay.id_of(id, "Wave"), info.context
        async with context.reading() as uow:
            seq = await reading.last_seq(uow)
            about = await wave_progress.subjects_of_wave(uow, wave_id)
        found = await context.load(Wave.by_ids, wave_id)
        if found is None:
            raise NotFound(field=("id",))
        yield found
        await context.renew()
        async for events in stream(context, seq, Permission.FLOOR_READ):
            if any(event.subject_id in about for event in events):
                async with context.reading() as uow:
                    about = await wave_progress.subjects_of_wave(uow, wave_id)
                yield await context.load(Wave.by_ids, wave_id)


class WavePlan(Mutation):
    """Gather orders of a warehouse into a wave: those chosen, the most urgent first, or just the given ones."""

    requires = Permission.FLOOR_MANAGE
    user_error = PickingUserError
    items = "fulfillmentOrderIds"

    class Input:
        location_id = graphene.ID(required=True)
        kind = graphene.Field(WaveKindName, required=True)
        limit = graphene.Int(required=True, default_value=200, description="At most so many orders.")
        fulfillment_order_ids = relay.some(graphene.ID)
        chosen = graphene.InputField(WaveFilterInput, description="Which orders, unless they are named.")

    class Payload:
        wave = One(Wave)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Plan."""
        ids = input.fulfillment_order_ids
        location_id = relay.id_of(input.location_id, "Location", field=("locationId",))
        await relay.require_there(uow, Location.by_ids, location_id, field=("locationId",))
        planned = await core_waves.plan_wave(
            uow,
            location_id=location_id,
            kind=WaveKind(input.kind),
            limit=input.limit,
            chosen=chosen_of(input.get("chosen"), "chosen"),
            fulfillment_order_ids=None
            if ids is None
            else relay.ids_of(ids, "FulfillmentOrder", field="fulfillmentOrderIds"),
        )
        return Done({"wave": planned.wave_id}, planned.refused)


class WaveRelease(Mutation):
    """Send a wave to the floor: bins are allocated and its pick lists made; orders that cannot go are kicked out."""

    requires = Permission.FLOOR_MANAGE
    user_error = PickingUserError
    subject = "Wave"

    class Input:
        id = graphene.ID(required=True)
        if_version = graphene.Int()
        cart_capacity = graphene.Int(
            required=True, default_value=rules.CART_CAPACITY, description="Orders on one walk."
        )

    class Payload:
        wave = One(Wave)
        pick_lists = Many(PickList)
        kicked_out = Many(FULFILLMENT_ORDER)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Release."""
        wave_id = relay.id_of(input.id, "Wave")
        released = await core_waves.release_wave(
            uow, wave_id=wave_id, cart_capacity=input.cart_capacity, version=input.if_version
        )
        changed = {"wave": wave_id, "pick_lists": released.pick_list_ids, "kicked_out": released.kicked_out}
        return Done(changed)


class KickedOutOrder(graphene.ObjectType):
    """An order that left its wave."""

    requires = Permission.FLOOR_MANAGE
    fulfillment_order = relay.link("fulfillment_order_id", FULFILLMENT_ORDER)
    comes_back = graphene.Boolean(
        required=True, description="Some of it was picked: it is open again once that is back in its bins."
    )


class WaveKickOut(Mutation):
    """Take orders out of a wave, also a running one; the others go on, and these are open for another wave."""

    requires = Permission.FLOOR_MANAGE
    user_error = PickingUserError
    items = "fulfillmentOrderIds"
    subject = "Wave"

    class Input:
        id = graphene.ID(required=True)
        fulfillment_order_ids = relay.some(graphene.ID, required=True)
        reason = graphene.String(required=True, default_value="KICKED_OUT")

    class Payload:
        wave = One(Wave)
        kicked_out = graphene.List(graphene.NonNull(KickedOutOrder))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Take them out."""
        wave_id = relay.id_of(input.id, "Wave")
        ids = relay.ids_of(input.fulfillment_order_ids, "FulfillmentOrder", field="fulfillmentOrderIds")
        answers = await kicking.kick_out(uow, wave_id=wave_id, fulfillment_order_ids=ids, reason=_reason(input.reason))
        left = [answer for answer in answers if not isinstance(answer, Refused)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        return Done({"wave": wave_id, "kicked_out": _kicked_out_shown(left)}, refused)


class WaveCancel(Mutation):
    """Call a planned or running wave off: its orders are open again, what was picked goes back to its bins.

    Those in `kept` stay: they are packed, or a phone without network has them in hand.
    """

    requires = Permission.FLOOR_MANAGE
    user_error = PickingUserError
    subject = "Wave"

    class Input:
        id = graphene.ID(required=True)
        if_version = graphene.Int()
        reason = graphene.String(required=True, default_value=kicking.WAVE_CANCELLED)

    class Payload:
        wave = One(Wave)
        kicked_out = graphene.List(graphene.NonNull(KickedOutOrder))
        kept = Many(FULFILLMENT_ORDER)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Call it off."""
        wave_id = relay.id_of(input.id, "Wave")
        done = await kicking.cancel_wave(uow, wave_id=wave_id, reason=_reason(input.reason), version=input.if_version)
        return Done({"wave": wave_id, "kicked_out": _kicked_out_shown(done.kicked_out), "kept": done.kept})


def _reason(told: str) -> str:
    if not 1 <= len(told.strip()) <= REASON_LENGTH_MAX:
        message = sentence("A reason has 1 to {most} characters.", most=REASON_LENGTH_MAX)
        raise InvalidInput(message, field=("reason",))
    return told.strip()


def _kicked_out_shown(left: Sequence[kicking.KickedOut]) -> list[Mapping[str, Any]]:
    return [{"fulfillment_order_id": each.fulfillment_order_id, "comes_back": each.comes_back} for each in left]


MUTATIONS = (WavePlan, WaveRelease, WaveKickOut, WaveCancel)
