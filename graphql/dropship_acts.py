"""What may be done to dropships: give orders to partners, answer partners' requests, call ours off; many per call."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.mesh import answering, cancelling, dropships
from pickmesh.core.mesh.rules import RejectReason
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation
from pickmesh.graphql.context import Context
from pickmesh.graphql.dropships import Dropship, RejectReasonName
from pickmesh.graphql.fulfillment_orders import FulfillmentOrderRef
from pickmesh.graphql.mesh import MeshUserError


class DropshipSubmit(Mutation):
    """Give orders that lack stock to the cheapest partner that has all of each; again changes nothing."""

    requires = Permission.ORDERS_WRITE
    user_error = MeshUserError
    items = "fulfillmentOrders"
    subject = "FulfillmentOrder"

    class Input:
        fulfillment_orders = relay.some(FulfillmentOrderRef, required=True)

    class Payload:
        dropships = Many(Dropship)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Submit."""
        refs = input.fulfillment_orders
        ids = [
            relay.id_of(ref.id, "FulfillmentOrder", field=("fulfillmentOrders", index, "id"))
            for index, ref in enumerate(refs)
        ]
        versions = {each: ref.if_version for each, ref in zip(ids, refs, strict=True) if ref.if_version is not None}
        return _done(await dropships.submit(uow, fulfillment_order_ids=ids, versions=versions))


class OfDropships(Mutation):
    """What the mutations over many dropships share."""

    requires = Permission.ORDERS_WRITE
    user_error = MeshUserError
    items = "dropshipIds"
    subject = "Dropship"

    class Input:
        dropship_ids = relay.some(graphene.ID, required=True)

    class Payload:
        dropships = Many(Dropship)

    @staticmethod
    def named(input: Any) -> list[UUID]:
        """Return the dropships of the input."""
        return relay.ids_of(input.dropship_ids, "Dropship", field="dropshipIds")


class DropshipAccept(OfDropships):
    """Promise partners to ship what they asked for; our orders for it go on. Again changes nothing."""

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Accept."""
        return _done(await answering.accept(uow, ids=cls.named(input)))


class DropshipReject(OfDropships):
    """Tell partners that we will not ship, and why; they have their orders back. Again changes nothing."""

    class Input(OfDropships.Input):
        reason = graphene.Field(RejectReasonName, required=True, description="Any but EXPIRED.")
        note = graphene.String(required=True, default_value="", description="What the partner may read beside it.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Reject."""
        reason = RejectReason(input.reason)
        return _done(await answering.reject(uow, ids=cls.named(input), reason=reason, note=input.note))


class DropshipCancel(OfDropships):
    """Ask partners not to ship after all; the orders are cancelled once they have said yes."""

    class Input(OfDropships.Input):
        reason = graphene.String(required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Ask."""
        return _done(await cancelling.request(uow, ids=cls.named(input), reason=input.reason))


def _done(answers: Sequence[Any]) -> Done:
    """Answer the dropships that were not refused."""
    done = dict.fromkeys(answer.dropship_id for answer in answers if not isinstance(answer, Refused))
    return Done({"dropships": list(done)}, [answer for answer in answers if isinstance(answer, Refused)])


MUTATIONS = (DropshipSubmit, DropshipAccept, DropshipReject, DropshipCancel)
