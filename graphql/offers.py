"""What is offered to partners and by them, and which SKU of ours a partner's offer is."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.mesh import mapping, offers, queries
from pickmesh.core.mesh.mapping import Because, Pair
from pickmesh.core.mesh.offers import NewOffer
from pickmesh.core.mesh.refusals import UnknownOffer, UnknownPartnership
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation
from pickmesh.graphql.context import Context
from pickmesh.graphql.mesh import MeshUserError, Partnership
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import SKU, OfSku

BecauseName = graphene.Enum.from_enum(Because, name="ProposalReason", description="Why a SKU may be an offer.")


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


class OffersQueries(Queries):
    """What may be asked of offers."""

    requires: ClassVar[Requirement] = Permission.ACCOUNT_READ
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
    async def resolve_partner_sku_proposals(_root: Any, info: Any, partnership_id: str) -> Sequence[Any]:
        """Return the proposals."""
        partnership = relay.id_of(partnership_id, "Partnership", field=("partnershipId",))
        async with info.context.reading() as uow:
            return await mapping.proposals(uow, partnership)


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


MUTATIONS = (OfferSave, OfferWithdraw, PartnerSkuMap, PartnerSkuMapByBarcode)
