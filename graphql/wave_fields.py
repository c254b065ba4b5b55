"""What waves are planned by, as clients tell and read it, and how far a wave is."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import graphene

from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.picking import wave_progress
from pickmesh.core.picking.wave_rules import EVERYTHING, Chosen, Contents
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Shop
from pickmesh.graphql.base import limited
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import OfSku

VALUES_MAX = 500
MINUTES_MAX = 60 * 24 * 366
QUANTITY_MAX = 1_000_000_000


class SkuPiecesInput(graphene.InputObjectType):
    """So many pieces of a SKU."""

    sku_id = graphene.ID(required=True)
    quantity = graphene.Int(required=True)


class WaveFilterInput(graphene.InputObjectType):
    """Which orders a wave takes; what is left out does not matter, and several moments mean the soonest."""

    carriers = relay.some(graphene.String)
    leave_by = graphene.InputField(DateTime, description="Orders that must leave the warehouse by then.")
    leave_within_minutes = graphene.Int(description="Orders that must leave within so many minutes from then on.")
    by_next_cut_off = graphene.Boolean(
        required=True, default_value=False, description="Orders that must leave with the next cut-off."
    )
    zone = graphene.String(
        description="Orders all of whose pieces lie in one zone; the wave takes none from elsewhere."
    )
    shop_ids = relay.some(graphene.ID)
    tags = relay.some(graphene.String)
    priority_at_least = graphene.Int()
    pieces_at_least = graphene.Int()
    pieces_at_most = graphene.Int()
    lines_at_most = graphene.Int(description="Different SKUs.")
    weight_g_at_most = graphene.Int(description="Orders known to weigh no more.")
    volume_cm3_at_most = graphene.Int(description="Orders known to take no more room.")
    contents = relay.some(SkuPiecesInput)


def chosen_of(told: Any, *where: str) -> Chosen:
    """Return filters as core reads them; `where` is the path to them in the input."""
    if told is None:
        return EVERYTHING
    shop_ids = [
        relay.id_of(each, "Shop", field=(*where, "shopIds", index)) for index, each in enumerate(told.shop_ids or ())
    ]
    return Chosen(
        carriers=tuple(limited(told.carriers or (), VALUES_MAX, "carriers")),
        leave_by=told.leave_by,
        leave_within=_minutes(told.leave_within_minutes, *where),
        by_next_cut_off=bool(told.by_next_cut_off),
        zone=told.zone,
        shop_ids=tuple(limited(shop_ids, VALUES_MAX, "shopIds")),
        tags=tuple(limited(told.tags or (), VALUES_MAX, "tags")),
        contents=None if told.contents is None else _contents(told.contents, *where),
        **{name: told.get(name) for name in _FIGURES},
    )


_FIGURES = (
    "priority_at_least",
    "pieces_at_least",
    "pieces_at_most",
    "lines_at_most",
    "weight_g_at_most",
    "volume_cm3_at_most",
)


def _minutes(told: int | None, *where: str) -> timedelta | None:
    if told is None:
        return None
    if not 0 <= told <= MINUTES_MAX:
        name = "leaveWithinMinutes"
        message = sentence("{name} must be between {least} and {most}.", name=name, least=0, most=MINUTES_MAX)
        raise InvalidInput(message, field=(*where, name))
    return timedelta(minutes=told)


def _contents(told: Sequence[Any], *where: str) -> Contents:
    pieces: dict[UUID, int] = {}
    for index, each in enumerate(limited(told, VALUES_MAX, "contents")):
        sku_id = relay.id_of(each.sku_id, "Sku", field=(*where, "contents", index, "skuId"))
        pieces[sku_id] = pieces.get(sku_id, 0) + each.quantity
    return tuple(sorted(pieces.items()))


class SkuPieces(graphene.ObjectType, OfSku):
    """So many pieces of a SKU."""

    requires = Permission.STOCK_READ
    quantity = graphene.Int(required=True)


def pieces_shown(contents: Contents) -> list[Mapping[str, Any]]:
    """Return contents as `SkuPieces` reads them."""
    return [{"sku_id": sku_id, "quantity": quantity} for sku_id, quantity in contents]


class WaveFilter(graphene.ObjectType):
    """Which orders a template's waves take; null and empty do not matter."""

    requires = Permission.FLOOR_READ
    carriers = graphene.List(graphene.NonNull(graphene.String), required=True)
    leave_within_minutes = graphene.Int()
    by_next_cut_off = graphene.Boolean(required=True)
    zone = graphene.String()
    shops = graphene.List(graphene.NonNull(Shop), required=True)
    tags = graphene.List(graphene.NonNull(graphene.String), required=True)
    priority_at_least = graphene.Int()
    pieces_at_least = graphene.Int()
    pieces_at_most = graphene.Int()
    lines_at_most = graphene.Int()
    weight_g_at_most = graphene.Int()
    volume_cm3_at_most = graphene.Int()
    contents = graphene.List(graphene.NonNull(SkuPieces))

    @staticmethod
    def resolve_leave_within_minutes(root: Chosen, _info: Any) -> int | None:
        """Return the minutes."""
        return None if root.leave_within is None else int(root.leave_within.total_seconds()) // 60

    @staticmethod
    async def resolve_shops(root: Chosen, info: Any) -> list[Any]:
        """Return the shops."""
        found = await relay.found(info, [(Shop, each) for each in root.shop_ids])
        return [each.value for each in found]

    @staticmethod
    def resolve_contents(root: Chosen, _info: Any) -> list[Mapping[str, Any]] | None:
        """Return the goods."""
        return None if root.contents is None else pieces_shown(root.contents)


class WaveProgress(graphene.ObjectType):
    """How far a wave is; orders that were kicked out count in `ordersKickedOut` only."""

    requires = Permission.FLOOR_READ
    orders = graphene.Int(required=True)
    orders_picked = graphene.Int(required=True, description="All pieces are out of their bins; packed ones count too.")
    orders_packed = graphene.Int(required=True, description="All lie in parcels; shipped ones count too.")
    orders_shipped = graphene.Int(required=True)
    orders_kicked_out = graphene.Int(required=True)
    lists = graphene.Int(required=True)
    lists_done = graphene.Int(required=True)
    lines = graphene.Int(required=True)
    lines_done = graphene.Int(required=True)
    pieces = graphene.Int(required=True)
    pieces_picked = graphene.Int(required=True)
    pieces_short = graphene.Int(required=True)
    people = graphene.Int(required=True, description="Who have one of its lists in hand now.")


class PlanOfWave:
    """The fields a wave has of its plan and its progress."""

    requires = Permission.FLOOR_READ
    template = relay.link("template_id", "pickmesh.graphql.wave_templates.WaveTemplate", description="What made it.")
    carrier = graphene.String(description="The one carrier all its orders go with.")
    zone = graphene.String(description="The one zone it takes goods from.")
    leave_by = graphene.Field(DateTime, description="When the first of its orders must leave.")
    progress = graphene.Field(WaveProgress, required=True)

    @staticmethod
    def resolve_progress(root: Any, info: Any) -> Any:
        """Return how far it is."""
        return info.context.load(wave_progress.progress_of_waves, root.id)
