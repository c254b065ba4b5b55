"""Trading with other merchants: partnerships, what is offered to partners and by them, whose SKU is whose."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.mesh import dropship_queries, mapping, offers, partnerships, queries, refusals
from pickmesh.core.mesh.mapping import Because, Pair
from pickmesh.core.mesh.offers import NewOffer
from pickmesh.core.mesh.partnerships import Terms
from pickmesh.core.mesh.refusals import UnknownOffer, UnknownPartnership
from pickmesh.core.mesh.tables import PartnershipStatus
from pickmesh.core.orders import refusals as order_refusals
from pickmesh.core.stock import refusals as stock_refusals
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Shop
from pickmesh.graphql.base import Done, Many, Mutation, One, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import SKU, AtLocation, OfSku

PartnershipStatusName = graphene.Enum.from_enum(PartnershipStatus, name="PartnershipStatus")
BecauseName = graphene.Enum.from_enum(Because, name="ProposalReason", description="Why a SKU may be an offer.")
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


class Offer(relay.ObjectType, OfSku):
    """What we supply to a partner: a share of what is available, at a price in millionths."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ACCOUNT_READ
    partnership = relay.link("partnership_id", Partnership, required=True)
    price_micros = graphene.Field(Long, required=True)
    share_percent = graphene.Int(required=True)
    told_quantity = graphene.Int(required=True, description="So many pieces the partner was told of last.")
    created_at = graphene.Field(DateTime, required=True)
    withdrawn_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)

    by_ids = staticmethod(queries.offers_by_id)


class PartnerOffer(relay.ObjectType):
    """What a partner supplies to us, as the partner describes it."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ACCOUNT_READ
    partnership = relay.link("partnership_id", Partnership, required=True)
    code = graphene.String(required=True)
    name_zh = graphene.String(required=True)
    name_en = graphene.String(required=True)
    barcodes = graphene.List(graphene.NonNull(graphene.String), required=True)
    price_micros = graphene.Field(Long, required=True)
    told_quantity = graphene.Int(required=True, description="So many pieces the partner told us of last.")
    told_at = graphene.Field(DateTime, required=True)
    withdrawn_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    sku = graphene.Field(SKU, description="The SKU of ours it is; null until it is mapped.")

    by_ids = staticmethod(queries.partner_offers_by_id)

    @staticmethod
    async def resolve_sku(root: Any, info: Any) -> Any:
        """Return the SKU."""
        sku_id = await info.context.load(queries.skus_of_partner_offers, root.id)
        type_ = info.schema.get_type("Sku").graphene_type
        return None if sku_id is None else await info.context.load(type_.by_ids, sku_id)


class PartnerSkuProposal(graphene.ObjectType, OfSku):
    """A SKU of ours that a partner's offer may be."""

    requires = Permission.ACCOUNT_READ
    partner_offer = relay.link("partner_offer_id", PartnerOffer, required=True)
    because = graphene.Field(BecauseName, required=True)


async def _page_of_offers(_root: Any, info: Any, request: PageRequest, partnership_id: str | None = None) -> Page[Any]:
    partnership = relay.optional_id(partnership_id, "Partnership", field=("partnershipId",))
    async with info.context.reading() as uow:
        return await queries.offer_page(uow, request, partnership_id=partnership)


async def _page_of_partner_offers(
    _root: Any, info: Any, request: PageRequest, only_unmapped: bool, partnership_id: str | None = None
) -> Page[Any]:
    partnership = relay.optional_id(partnership_id, "Partnership", field=("partnershipId",))
    async with info.context.reading() as uow:
        return await queries.partner_offer_page(uow, request, partnership_id=partnership, only_unmapped=only_unmapped)


class MeshQueries(Queries):
    """What may be asked of partnerships and offers."""

    requires: ClassVar[Requirement] = Permission.ACCOUNT_READ
    partnership = graphene.Field(Partnership, id=graphene.ID(required=True), description="A partnership by its id.")
    partnerships = graphene.List(
        graphene.NonNull(Partnership), required=True, description="All partnerships, ended ones too, by partner."
    )
    offers = relay.paged(
        relay.connection(Offer),
        _page_of_offers,
        "What we offer to partners, withdrawn offers too, the newest first.",
        partnership_id=graphene.ID(),
    )
    partner_offers = relay.paged(
        relay.connection(PartnerOffer),
        _page_of_partner_offers,
        "What partners offer us now, the newest first.",
        partnership_id=graphene.ID(),
        only_unmapped=graphene.Boolean(required=True, default_value=False),
    )
    partner_sku_proposals = graphene.List(
        graphene.NonNull(PartnerSkuProposal),
        required=True,
        partnership_id=graphene.ID(required=True),
        description="Which SKUs of ours a partner's unmapped offers may be, the surest first.",
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

    @staticmethod
    async def resolve_partner_sku_proposals(_root: Any, info: Any, partnership_id: str) -> Sequence[Any]:
        """Return the proposals."""
        partnership = relay.id_of(partnership_id, "Partnership", field=("partnershipId",))
        async with info.context.reading() as uow:
            return await mapping.proposals(uow, partnership)


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

    class Input:
        id = graphene.ID(required=True)
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

    class Input:
        id = graphene.ID(required=True)
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


class OfferInput(graphene.InputObjectType):
    """A SKU to supply to a partner."""

    partnership_id = graphene.ID(required=True)
    sku_id = graphene.ID(required=True)
    price_micros = graphene.Field(Long, required=True, description="In millionths of the partnership's currency.")
    share_percent = graphene.Int(required=True, default_value=100, description="Of what is available, 1 to 100.")


class OfferSave(Mutation):
    """Offer SKUs to partners, or offer them otherwise than before; the partners are told."""

    requires = Permission.CATALOG_WRITE
    user_error = MeshUserError
    items = "offers"

    class Input:
        offers = relay.some(OfferInput, required=True)

    class Payload:
        offers = Many(Offer)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        wanted = [_new_offer(item, ("offers", index)) for index, item in enumerate(input.offers)]
        answers = await offers.save(uow, offers=wanted)
        saved = [each for each in answers if not isinstance(each, Refused)]
        return Done({"offers": saved}, [each for each in answers if isinstance(each, Refused)])


class OfferWithdraw(Mutation):
    """Supply these no longer; the partners are told. Again changes nothing."""

    requires = Permission.CATALOG_WRITE
    user_error = MeshUserError
    items = "offerIds"

    class Input:
        offer_ids = relay.some(graphene.ID, required=True)

    class Payload:
        offers = Many(Offer)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Withdraw."""
        named = relay.ids_of(input.offer_ids, "Offer", field="offerIds")
        await offers.withdraw(uow, offer_ids=set(named))
        known = await queries.offers_by_id(uow, named)
        refused = [Refused(index, UnknownOffer()) for index, each in enumerate(named) if each not in known]
        return Done({"offers": [each for each in dict.fromkeys(named) if each in known]}, refused)


class PartnerSkuInput(graphene.InputObjectType):
    """A partner's offer and the SKU of ours it is."""

    partner_offer_id = graphene.ID(required=True)
    sku_id = graphene.ID(description="Null takes it off.")


class PartnerSkuMap(Mutation):
    """Let partners' offers be SKUs of ours, or no longer: what the partners have is promised at once."""

    requires = Permission.CATALOG_WRITE
    user_error = MeshUserError
    items = "pairs"

    class Input:
        pairs = relay.some(PartnerSkuInput, required=True)

    class Payload:
        partner_offers = Many(PartnerOffer)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Map."""
        pairs = [_pair(item, ("pairs", index)) for index, item in enumerate(input.pairs)]
        return _mapped(await mapping.map_skus(uow, pairs=pairs))


class PartnerSkuMapByBarcode(Mutation):
    """Map every offer of a partner that has one SKU of ours with the same barcode: one click."""

    requires = Permission.CATALOG_WRITE
    user_error = MeshUserError

    class Input:
        partnership_id = graphene.ID(required=True)

    class Payload:
        partner_offers = Many(PartnerOffer)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Map."""
        partnership_id = relay.id_of(input.partnership_id, "Partnership", field=("partnershipId",))
        if await queries.partnership(uow, partnership_id) is None:
            raise UnknownPartnership(field=("partnershipId",))
        return _mapped(await mapping.map_by_barcode(uow, partnership_id=partnership_id))


def _new_offer(item: Any, path: tuple[str | int, ...]) -> NewOffer:
    return NewOffer(
        relay.id_of(item.partnership_id, "Partnership", field=(*path, "partnershipId")),
        relay.id_of(item.sku_id, "Sku", field=(*path, "skuId")),
        item.price_micros,
        item.share_percent,
    )


def _pair(item: Any, path: tuple[str | int, ...]) -> Pair:
    return Pair(
        relay.id_of(item.partner_offer_id, "PartnerOffer", field=(*path, "partnerOfferId")),
        relay.optional_id(item.sku_id, "Sku", field=(*path, "skuId")),
    )


def _mapped(answers: Sequence[mapping.Mapped | Refused]) -> Done:
    done: Mapping[UUID, None] = dict.fromkeys(
        each.partner_offer_id for each in answers if not isinstance(each, Refused)
    )
    return Done({"partner_offers": list(done)}, [each for each in answers if isinstance(each, Refused)])


MUTATIONS = (
    PartnershipInvite,
    PartnershipAccept,
    PartnershipChange,
    PartnershipEnd,
    OfferSave,
    OfferWithdraw,
    PartnerSkuMap,
    PartnerSkuMapByBarcode,
)
