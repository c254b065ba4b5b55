"""Trading with other merchants: partnerships, and what partners owe each other."""

from collections.abc import Sequence
from typing import Any, ClassVar

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.mesh import dropship_queries, partnerships, queries, refusals
from pickmesh.core.mesh.partnerships import Terms
from pickmesh.core.mesh.tables import PartnershipStatus
from pickmesh.core.orders import refusals as order_refusals
from pickmesh.core.stock import refusals as stock_refusals
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Shop
from pickmesh.graphql.base import Done, Mutation, One, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import AtLocation

PartnershipStatusName = graphene.Enum.from_enum(PartnershipStatus, name="PartnershipStatus")
MeshUserError = user_error("Mesh", stock_refusals, order_refusals, refusals)
HOURS_TO_ANSWER = 24


class PartnershipAction(graphene.Enum):
    """What may be done to a partnership as it stands, by a mutation of that name."""

    ACCEPT = "ACCEPT"
    CHANGE = "CHANGE"
    END = "END"


ACTIONS = {
    PartnershipStatus.INVITED: ["CHANGE", "END"],
    PartnershipStatus.ASKED: ["ACCEPT", "END"],
    PartnershipStatus.ACTIVE: ["CHANGE", "END"],
    PartnershipStatus.ENDED: [],
}


class Owed(graphene.ObjectType):
    """What the partner owes us in a currency; below zero we owe it."""

    requires = Permission.ACCOUNT_READ
    currency = graphene.String(required=True)
    amount_minor = graphene.Field(Long, required=True)


class Partnership(relay.ObjectType, AtLocation):
    """A merchant we supply and are supplied by; both sides keep their own."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ACCOUNT_READ
    partner_code = graphene.String(required=True)
    partner_name = graphene.String(required=True)
    status = graphene.Field(
        PartnershipStatusName, required=True, description="INVITED by us, ASKED by the partner, ACTIVE or ENDED."
    )
    currency = graphene.String(required=True)
    hours_to_answer = graphene.Int(required=True, description="So long a dropship waits for its supplier's answer.")
    auto_accept = graphene.Boolean(required=True, description="Dropships we can cover are accepted by themselves.")
    auto_route = graphene.Boolean(required=True, description="Our short orders go to the partner by themselves.")
    shop = relay.link("shop_id", Shop, description="The shop its orders come into.")
    created_at = graphene.Field(DateTime, required=True)
    ended_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    owed = graphene.List(graphene.NonNull(Owed), required=True, description="What the books say, by currency.")
    supported_actions = graphene.List(graphene.NonNull(PartnershipAction), required=True)

    by_ids = staticmethod(queries.partnerships_by_id)

    @staticmethod
    async def resolve_owed(root: Any, info: Any) -> list[dict[str, Any]]:
        """Return the balances."""
        sums = await info.context.load(dropship_queries.owed, root.id) or {}
        return [{"currency": currency, "amount_minor": amount} for currency, amount in sorted(sums.items())]

    @staticmethod
    def resolve_supported_actions(root: Any, _info: Any) -> list[str]:
        """Return what may be done now."""
        return ACTIONS[PartnershipStatus(root.status)]


class MeshQueries(Queries):
    """What may be asked of partnerships."""

    requires: ClassVar[Requirement] = Permission.ACCOUNT_READ
    partnership = graphene.Field(Partnership, id=graphene.ID(required=True), description="A partnership by its id.")
    partnerships = graphene.List(
        graphene.NonNull(Partnership), required=True, description="All partnerships, ended ones too, by partner."
    )

    @staticmethod
    def resolve_partnership(_root: Any, info: Any, id: str) -> Any:
        """Return a partnership."""
        return info.context.load(Partnership.by_ids, relay.id_of(id, "Partnership"))

    @staticmethod
    async def resolve_partnerships(_root: Any, info: Any) -> Sequence[Any]:
        """Return the partnerships."""
        async with info.context.reading() as uow:
            return await queries.partnerships(uow)


class OfPartnership(Mutation):
    """What the mutations of one partnership share."""

    requires = Permission.ACCOUNT_WRITE
    user_error = MeshUserError

    class Input:
        id = graphene.ID(required=True)

    class Payload:
        partnership = One(Partnership)


class PartnershipInvite(OfPartnership):
    """Ask a merchant for a partnership under these terms; both supply each other once it has accepted."""

    class Input:
        partner = graphene.String(required=True, description="The merchant's code.")
        currency = graphene.String(required=True, description="Of all prices between the two.")
        hours_to_answer = graphene.Int(required=True, default_value=HOURS_TO_ANSWER)
        auto_accept = graphene.Boolean(required=True, default_value=False)
        auto_route = graphene.Boolean(required=True, default_value=False)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Invite."""
        terms = Terms(input.currency, input.hours_to_answer, input.auto_accept, input.auto_route)
        return Done({"partnership": await partnerships.invite(uow, partner=input.partner, terms=terms)})


class PartnershipAccept(OfPartnership):
    """Agree to the partnership a merchant asked for, and to its terms; again changes nothing."""

    class Input(OfPartnership.Input):
        auto_accept = graphene.Boolean(required=True, default_value=False)
        auto_route = graphene.Boolean(required=True, default_value=False)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Accept."""
        partnership_id = relay.id_of(input.id, "Partnership")
        await partnerships.accept(
            uow, partnership_id=partnership_id, auto_accept=input.auto_accept, auto_route=input.auto_route
        )
        return Done({"partnership": partnership_id})


class PartnershipChange(OfPartnership):
    """Choose what is done without asking: accepting what is covered, giving short orders away."""

    class Input(OfPartnership.Input):
        auto_accept = graphene.Boolean(required=True)
        auto_route = graphene.Boolean(required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Change."""
        partnership_id = relay.id_of(input.id, "Partnership")
        await partnerships.change(
            uow, partnership_id=partnership_id, auto_accept=input.auto_accept, auto_route=input.auto_route
        )
        return Done({"partnership": partnership_id})


class PartnershipEnd(OfPartnership):
    """End a partnership, take an invitation back or decline one; dropships under way come to their end."""

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """End."""
        partnership_id = relay.id_of(input.id, "Partnership")
        await partnerships.end(uow, partnership_id=partnership_id)
        return Done({"partnership": partnership_id})


MUTATIONS = (
    PartnershipInvite,
    PartnershipAccept,
    PartnershipChange,
    PartnershipEnd,
)
