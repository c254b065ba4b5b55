"""What may be done to fulfillment orders: hold, release a hold, cancel, intercept; many per call, each answered."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel, holds, line_stops, refusals
from pickmesh.core.orders.tables import HoldReason
from pickmesh.core.packing import positions
from pickmesh.core.stock import refusals as stock_refusals
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.goods import GoodsPosition
from pickmesh.graphql.orders import FulfillmentOrder, HoldReasonName
from pickmesh.graphql.scalars import DateTime

ITEMS = "fulfillmentOrders"
OrdersUserError = user_error("Orders", stock_refusals, refusals)
OutcomeName = graphene.Enum.from_enum(cancel.Outcome, name="CancelOutcome")


class FulfillmentOrderRef(graphene.InputObjectType):
    """A fulfillment order, and the version of it the caller has read."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description="Refuse with STALE_VERSION when somebody changed it since.")


class Stopped(graphene.ObjectType):
    """What became of one fulfillment order: cancelled, intercepted until its goods are back, or waiting for a phone."""

    requires = Permission.ORDERS_READ
    fulfillment_order = relay.link("fulfillment_order_id", FulfillmentOrder)
    outcome = graphene.Field(OutcomeName, required=True)
    changed = graphene.Boolean(required=True, description="False when that was so before.")
    dark_until = graphene.Field(DateTime, description="IN_THE_DARK: when it takes effect at the latest.")
    goods = graphene.List(
        graphene.NonNull(GoodsPosition),
        required=True,
        description="Where its goods are: what must come back, and from whom.",
    )

    @staticmethod
    async def resolve_goods(root: Any, info: Any) -> list[Any]:
        """Return where its goods are."""
        return await info.context.load(positions.positions_of, UUID(str(root["fulfillment_order_id"]))) or []


class FulfillmentOrderHold(Mutation):
    """Stop open fulfillment orders from going on until the hold is released; the same hold twice is one."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = ITEMS
    subject = "FulfillmentOrder"

    class Input:
        fulfillment_orders = graphene.List(graphene.NonNull(FulfillmentOrderRef), required=True)
        reason = graphene.InputField(HoldReasonName, required=True, default_value=HoldReason.OPERATOR.value)
        handle = graphene.String(
            required=True, default_value="", description="Tells several holds of one reason apart."
        )
        note = graphene.String(required=True, default_value="")

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Hold."""
        ids, versions = refs_read(input.fulfillment_orders, ITEMS)
        answers = await holds.hold(
            uow,
            fulfillment_order_ids=ids,
            reason=input.reason,
            handle=input.handle,
            note=input.note,
            versions=versions,
        )
        return Done({"fulfillment_orders": ids}, _refused(answers))


class FulfillmentOrderReleaseHold(Mutation):
    """Lift holds; a hold that has its cause in the order itself is lifted with its cause."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "holdIds"

    class Input:
        hold_ids = relay.some(graphene.ID, required=True)

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Release."""
        answers = await holds.release_hold(uow, hold_ids=relay.ids_of(input.hold_ids, "Hold", field="holdIds"))
        done = [answer.fulfillment_order_id for answer in answers if not isinstance(answer, Refused)]
        return Done({"fulfillment_orders": list(dict.fromkeys(done))}, _refused(answers))


class FulfillmentOrderCancel(Mutation):
    """Take fulfillment orders back; what is on the floor already is intercepted and its goods put back first."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = ITEMS
    subject = "FulfillmentOrder"

    class Input:
        fulfillment_orders = graphene.List(graphene.NonNull(FulfillmentOrderRef), required=True)
        reason = graphene.String(required=True)

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)
        stopped = graphene.List(graphene.NonNull(Stopped))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Cancel."""
        ids, versions = refs_read(input.fulfillment_orders, ITEMS)
        return _stopped(
            ids, await cancel.cancel_fulfillment_orders(uow, ids=ids, reason=input.reason, versions=versions)
        )


class FulfillmentOrderIntercept(Mutation):
    """Stop work on fulfillment orders that are on the floor and bring their goods back."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = ITEMS
    subject = "FulfillmentOrder"

    class Input:
        fulfillment_orders = graphene.List(graphene.NonNull(FulfillmentOrderRef), required=True)
        reason = graphene.String(required=True)

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)
        stopped = graphene.List(graphene.NonNull(Stopped))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Intercept."""
        ids, versions = refs_read(input.fulfillment_orders, ITEMS)
        return _stopped(ids, await cancel.intercept(uow, ids=ids, reason=input.reason, versions=versions))


class FulfillmentLineStop(Mutation):
    """Stop some lines of fulfillment orders while the rest goes on: cancelled, or intercepted until they are back."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "lineIds"
    subject = "FulfillmentOrder"

    class Input:
        line_ids = relay.some(graphene.ID, required=True)
        reason = graphene.String(required=True)

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)
        stopped = graphene.List(graphene.NonNull(Stopped), description="Per fulfillment order the lines are in now.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Stop."""
        line_ids = relay.ids_of(input.line_ids, "FulfillmentLine", field="lineIds")
        answers = await line_stops.stop_lines(uow, line_ids=line_ids, reason=input.reason)
        done = {each.fulfillment_order_id: each for each in answers if not isinstance(each, Refused)}
        return _stopped(list(done), [*done.values(), *_refused(answers)])


def refs_read(refs: Sequence[Any], *where: str | int) -> tuple[list[UUID], dict[UUID, int]]:
    """Return the ids of references in the input, and the versions the caller has read where they are told."""
    ids = [relay.id_of(item.id, "FulfillmentOrder", field=(*where, index, "id")) for index, item in enumerate(refs)]
    return ids, {each: item.if_version for each, item in zip(ids, refs, strict=True) if item.if_version is not None}


def _refused(answers: Sequence[Any]) -> list[Refused]:
    return [answer for answer in answers if isinstance(answer, Refused)]


def _stopped(ids: Sequence[UUID], answers: Sequence[cancel.Cancelled | Refused]) -> Done:
    stopped = [
        {
            "fulfillment_order_id": answer.fulfillment_order_id,
            "outcome": answer.outcome,
            "changed": answer.changed,
            "dark_until": answer.dark_until,
        }
        for answer in answers
        if not isinstance(answer, Refused)
    ]
    return Done({"fulfillment_orders": ids, "stopped": stopped}, _refused(answers))


MUTATIONS = (
    FulfillmentOrderHold,
    FulfillmentOrderReleaseHold,
    FulfillmentOrderCancel,
    FulfillmentOrderIntercept,
    FulfillmentLineStop,
)
