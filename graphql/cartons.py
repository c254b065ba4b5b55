"""Cartons: what a merchant packs in, and which one takes the contents of a parcel."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.packing import cartons, queries
from pickmesh.core.packing.carton_rules import Suggestion
from pickmesh.core.packing.cartons import CartonChoice, CartonChosen, CartonToSave
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation
from pickmesh.graphql.context import Context
from pickmesh.graphql.packing import PackingUserError, Parcel
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import SKU, OfSku

IF_VERSION = "Refuse with STALE_VERSION when somebody changed it since."
ITEMS = "cartons"


class Carton(relay.ObjectType):
    """A box or bag to pack in; sides are inside measures."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    code = graphene.String(required=True, description="What is scanned at the bench.")
    name = graphene.String(required=True)
    length_mm = graphene.Int(required=True)
    width_mm = graphene.Int(required=True)
    height_mm = graphene.Int(required=True)
    tare_g = graphene.Int(required=True, description="What it weighs empty.")
    max_weight_g = graphene.Int(description="What it carries at most; null: anything.")
    cost_micros = graphene.Field(Long, required=True)
    currency = graphene.String(required=True)
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)

    by_ids = staticmethod(cartons.cartons_by_id)


class CartonGoods(graphene.ObjectType, OfSku):
    """Pieces of one SKU that go into a carton."""

    requires = Permission.FLOOR_READ
    quantity = graphene.Int(required=True)


class CartonPart(graphene.ObjectType):
    """A carton and what goes into it."""

    requires = Permission.FLOOR_READ
    carton = relay.link("carton_id", Carton, required=True)
    goods = graphene.List(graphene.NonNull(CartonGoods), required=True)

    @staticmethod
    def resolve_goods(root: Any, _info: Any) -> list[Mapping[str, Any]]:
        """Return the pieces."""
        return [{"sku_id": sku_id, "quantity": quantity} for sku_id, quantity in root.pieces.items()]


class CartonSuggestion(graphene.ObjectType):
    """What the contents of a parcel go in: one part, several when no carton takes all, none when nothing helps."""

    requires = Permission.FLOOR_READ
    parcel = relay.link("parcel_id", Parcel, required=True)
    parts = graphene.List(graphene.NonNull(CartonPart), required=True)
    unmeasured = graphene.List(graphene.NonNull(SKU), required=True, description="Goods whose measures nobody told.")
    too_big = graphene.List(graphene.NonNull(SKU), required=True, description="Goods that fit no carton at all.")

    @staticmethod
    async def resolve_unmeasured(root: Any, info: Any) -> list[Any]:
        """Return the goods without measures."""
        return await _skus(info, root["unmeasured"])

    @staticmethod
    async def resolve_too_big(root: Any, info: Any) -> list[Any]:
        """Return the goods that fit nowhere."""
        return await _skus(info, root["too_big"])


async def _skus(info: Any, ids: Collection[UUID]) -> list[Any]:
    type_ = info.schema.get_type("Sku").graphene_type
    return [found.value for found in await relay.found(info, [(type_, each) for each in ids])]


class CartonInput(graphene.InputObjectType):
    """A carton: a new one without `id`; sides are inside measures, its code is what is scanned."""

    id = graphene.ID()
    if_version = graphene.Int(description=IF_VERSION)
    code = graphene.String(required=True)
    name = graphene.String(required=True)
    length_mm = graphene.Int(required=True)
    width_mm = graphene.Int(required=True)
    height_mm = graphene.Int(required=True)
    tare_g = graphene.Int(required=True, default_value=0)
    max_weight_g = graphene.Int()
    cost_micros = graphene.InputField(Long, required=True, default_value=0)
    currency = graphene.String(required=True, default_value="CNY")


class CartonRef(graphene.InputObjectType):
    """A carton, and the version of it the caller has read."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)


class CartonSave(Mutation):
    """Make cartons or change them; parcels keep what theirs cost when it was chosen."""

    requires = Permission.FLOOR_MANAGE
    user_error = PackingUserError
    items = ITEMS
    subject = "Carton"

    class Input:
        cartons = graphene.List(graphene.NonNull(CartonInput), required=True)

    class Payload:
        cartons = Many(Carton)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        told = [_told(index, each) for index, each in enumerate(input.cartons)]
        return _done(await cartons.save_cartons(uow, cartons=told))


def _told(index: int, told: Any) -> CartonToSave:
    return CartonToSave(
        code=told.code,
        name=told.name,
        length_mm=told.length_mm,
        width_mm=told.width_mm,
        height_mm=told.height_mm,
        tare_g=told.tare_g,
        max_weight_g=told.get("max_weight_g"),
        cost_micros=told.cost_micros,
        currency=told.currency,
        id=relay.optional_id(told.get("id"), "Carton", field=(ITEMS, index, "id")),
        version=told.get("if_version"),
    )


def _done(answers: Sequence[UUID | Refused]) -> Done:
    done = [answer for answer in answers if isinstance(answer, UUID)]
    return Done({ITEMS: list(dict.fromkeys(done))}, [each for each in answers if isinstance(each, Refused)])


class CartonArchive(Mutation):
    """Put cartons away; parcels in them keep them."""

    requires = Permission.FLOOR_MANAGE
    user_error = PackingUserError
    items = ITEMS
    subject = "Carton"

    class Input:
        cartons = graphene.List(graphene.NonNull(CartonRef), required=True)

    class Payload:
        cartons = Many(Carton)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Archive."""
        ids = [relay.id_of(each.id, "Carton", field=(ITEMS, index, "id")) for index, each in enumerate(input.cartons)]
        told = zip(ids, input.cartons, strict=True)
        versions = {each: ref.if_version for each, ref in told if ref.get("if_version") is not None}
        return _done(await cartons.archive_cartons(uow, ids=ids, versions=versions))


class ParcelCartonInput(graphene.InputObjectType):
    """A parcel and the code of its carton; the smallest that takes its contents when none is named."""

    parcel_id = graphene.ID(required=True)
    code = graphene.String()


class CartonOfParcel(graphene.ObjectType):
    """The carton a parcel goes in now."""

    requires = Permission.FLOOR_READ
    parcel = relay.link("parcel_id", Parcel)
    carton = relay.link("carton_id", Carton)
    fits = graphene.Boolean(required=True, description="Whether by their measures its contents should go in.")


class ParcelCartonChoose(Mutation):
    """Put parcels into cartons, by the code that was scanned or the smallest that fits; its cost is booked on them."""

    requires = Permission.FLOOR_WORK
    user_error = PackingUserError
    items = "parcels"

    class Input:
        parcels = graphene.List(graphene.NonNull(ParcelCartonInput), required=True)

    class Payload:
        chosen = graphene.List(graphene.NonNull(CartonOfParcel))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Choose."""
        choices = [
            CartonChoice(relay.id_of(each.parcel_id, "Parcel", field=("parcels", index, "parcelId")), each.get("code"))
            for index, each in enumerate(input.parcels)
        ]
        answers = await cartons.choose_cartons(uow, choices=choices)
        chosen = [
            {"parcel_id": str(each.parcel_id), "carton_id": str(each.carton_id), "fits": each.fits}
            for each in answers
            if isinstance(each, CartonChosen)
        ]
        return Done({"chosen": chosen}, [each for each in answers if isinstance(each, Refused)])


class CartonQueries(Queries):
    """What may be asked of cartons."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    cartons = graphene.List(
        graphene.NonNull(Carton),
        required=True,
        archived=graphene.Boolean(required=True, default_value=False, description="Those put away too."),
        description="The cartons by code.",
    )
    carton_suggestion = graphene.Field(
        CartonSuggestion,
        parcel_id=graphene.ID(required=True),
        description="What the contents of a parcel go in, the smallest carton first.",
    )

    @staticmethod
    async def resolve_cartons(_root: Any, info: Any, archived: bool) -> Sequence[Any]:
        """Return the cartons."""
        async with info.context.reading() as uow:
            return await cartons.standing_cartons(uow, archived=archived)

    @staticmethod
    async def resolve_carton_suggestion(_root: Any, info: Any, parcel_id: str) -> Mapping[str, Any] | None:
        """Return the suggestion."""
        parcel = relay.id_of(parcel_id, "Parcel", field=("parcelId",))
        async with info.context.reading() as uow:
            if parcel not in await queries.parcels(uow, [parcel]):
                return None
            found: Suggestion = (await cartons.suggestions(uow, [parcel]))[parcel]
        return {
            "parcel_id": parcel,
            "parts": found.parts,
            "unmeasured": found.unmeasured,
            "too_big": found.too_big,
        }


MUTATIONS = (CartonSave, CartonArchive, ParcelCartonChoose)
