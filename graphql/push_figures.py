"""What shops are told of our stock: buffers, policies per shop and SKU, figures, and which of them have changed."""

from typing import Any, ClassVar

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.stock import buffers, push, push_figures
from pickmesh.core.stock.buffers import Buffer
from pickmesh.core.stock.push import NewPolicy
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Shop
from pickmesh.graphql.base import Done, Mutation, batch_done, limited
from pickmesh.graphql.context import Context
from pickmesh.graphql.loading import grouped
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Long
from pickmesh.graphql.stock import SKU, AtLocation, OfSku
from pickmesh.graphql.stock_acts import StockUserError

POLICIES = grouped(push.policies_of_shops, "shop_id")


class PushPolicy(graphene.ObjectType):
    """What a shop is told of a SKU, or (without one) of all that have no policy of their own."""

    requires = Permission.STOCK_READ
    sku = relay.link("sku_id", SKU)
    share_percent = graphene.Int(required=True)
    buffer = graphene.Int(required=True)
    cap = graphene.Int()
    paused = graphene.Boolean(required=True)
    updated_at = graphene.Field(DateTime, required=True)


class PushFigure(graphene.ObjectType, OfSku):
    """What a shop should show under one of its codes: a share of what is available, less a buffer, at most the cap."""

    requires = Permission.STOCK_READ
    shop = relay.link("shop_id", Shop, required=True)
    shop_code = graphene.String(required=True)
    quantity = graphene.Int(required=True, description="What the shop should show.")
    available = graphene.Int(required=True, description="As SKUs show it.")
    share_percent = graphene.Int(required=True)
    buffer = graphene.Int(required=True)
    cap = graphene.Int()
    paused = graphene.Boolean(required=True)

    @staticmethod
    def resolve_share_percent(root: Any, _info: Any) -> int:
        """Return the share."""
        return int(root.policy.share_percent)

    @staticmethod
    def resolve_buffer(root: Any, _info: Any) -> int:
        """Return what the shop is not told of."""
        return int(root.policy.buffer)

    @staticmethod
    def resolve_cap(root: Any, _info: Any) -> int | None:
        """Return the most the shop is told."""
        cap: int | None = root.policy.cap
        return cap

    @staticmethod
    def resolve_paused(root: Any, _info: Any) -> bool:
        """Tell whether the shop is told 0."""
        return bool(root.policy.paused)


class PushChanges(graphene.ObjectType):
    """What may have changed since an event: figures as they are now, and shops to be read anew as a whole."""

    requires = Permission.STOCK_READ
    up_to = graphene.Field(Long, required=True, description="Ask again after this number.")
    more = graphene.Boolean(required=True, description="Whether to ask again at once.")
    figures = graphene.List(graphene.NonNull(PushFigure), required=True)
    shops = graphene.List(
        graphene.NonNull(Shop), required=True, description="Read pushFigures of these anew: all of them may be others."
    )

    @staticmethod
    async def resolve_shops(root: Any, info: Any) -> list[Any]:
        """Return the shops."""
        return [found.value for found in await relay.found(info, [(Shop, each) for each in root.shop_ids])]


async def _page_of_figures(
    _root: Any,
    info: Any,
    request: PageRequest,
    shop_ids: list[str] | None = None,
    sku_ids: list[str] | None = None,
) -> Page[Any]:
    shops = None if shop_ids is None else relay.ids_of(shop_ids, "Shop", field="shopIds")
    skus = None if sku_ids is None else relay.ids_of(sku_ids, "Sku", field="skuIds")
    async with info.context.reading() as uow:
        return await push_figures.push_figures(uow, request, shop_ids=shops, sku_ids=skus)


class PushFiguresQueries(Queries):
    """What may be asked of what shops are told."""

    requires: ClassVar[Requirement] = Permission.STOCK_READ
    push_policies = graphene.List(
        graphene.NonNull(PushPolicy),
        required=True,
        shop_id=graphene.ID(required=True),
        description="What a shop is told: its own policy, then those of single SKUs by code.",
    )
    push_figures = relay.paged(
        relay.connection(PushFigure),
        _page_of_figures,
        "What shops should show under each of their codes, by shop and code.",
        shop_ids=relay.some(graphene.ID),
        sku_ids=relay.some(graphene.ID),
    )
    push_changes = graphene.Field(
        PushChanges,
        required=True,
        after=graphene.Argument(Long, required=True, description="The number of an event; 0 begins with the log."),
        shop_ids=relay.some(graphene.ID),
        description="Which figures may have changed since an event; going on from upTo misses none.",
    )

    @staticmethod
    async def resolve_push_policies(_root: Any, info: Any, shop_id: str) -> Any:
        """Return a shop's policies."""
        return await info.context.load(POLICIES, relay.id_of(shop_id, "Shop", field=("shopId",))) or []

    @staticmethod
    async def resolve_push_changes(_root: Any, info: Any, after: int, shop_ids: list[str] | None = None) -> Any:
        """Return what may have changed."""
        shops = None if shop_ids is None else relay.ids_of(shop_ids, "Shop", field="shopIds")
        async with info.context.reading() as uow:
            return await push_figures.push_changes(uow, after=after, shop_ids=shops)


class PushPolicyInput(graphene.InputObjectType):
    """What a shop is told of a SKU, or (without one) of all that have no policy of their own."""

    shop_id = graphene.ID(required=True)
    sku_id = graphene.ID()
    share_percent = graphene.Int(required=True, default_value=100, description="Of what is available, rounded down.")
    buffer = graphene.Int(required=True, default_value=0, description="So many pieces the shop is not told of.")
    cap = graphene.Int(description="The most the shop is told.")
    paused = graphene.Boolean(required=True, default_value=False, description="Tell it 0.")


class PushPolicyKey(graphene.InputObjectType):
    """The policy of a shop and a SKU, or (without one) of the shop."""

    shop_id = graphene.ID(required=True)
    sku_id = graphene.ID()


class PolicyAnswer(graphene.ObjectType):
    """A policy that was saved or dropped."""

    requires = Permission.STOCK_READ
    shop = relay.link("shop_id", Shop, required=True)
    sku = relay.link("sku_id", SKU)


class PushPolicySave(Mutation):
    """Say what shops are told of our stock; two shops may each be told all of it, none is promised the other's."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "policies"

    class Input:
        policies = relay.some(PushPolicyInput, required=True)

    class Payload:
        policies = graphene.List(graphene.NonNull(PolicyAnswer))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        wanted = [
            NewPolicy(*_key(item, index), item.share_percent, item.buffer, item.get("cap"), item.paused)
            for index, item in enumerate(input.policies)
        ]
        return batch_done("policies", await push.save_push_policies(uow, policies=wanted))


class PushPolicyDrop(Mutation):
    """Forget policies, so that the shop's own applies, or none."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "policies"

    class Input:
        policies = relay.some(PushPolicyKey, required=True)

    class Payload:
        policies = graphene.List(graphene.NonNull(PolicyAnswer))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Drop."""
        told = limited(input.policies, push.POLICIES_MAX, "policies")
        keys = [_key(item, index) for index, item in enumerate(told)]
        return batch_done("policies", await push.drop_push_policies(uow, keys=keys))


def _key(item: Any, index: int) -> tuple[Any, Any]:
    return (
        relay.id_of(item.shop_id, "Shop", field=("policies", index, "shopId")),
        relay.optional_id(item.get("sku_id"), "Sku", field=("policies", index, "skuId")),
    )


class StockBufferInput(graphene.InputObjectType):
    """So many pieces of a SKU that a location keeps back from shops and partners."""

    location_id = graphene.ID(required=True)
    sku_id = graphene.ID(required=True)
    buffer = graphene.Int(required=True, description="0 keeps none back.")


class StockBuffered(graphene.ObjectType, AtLocation, OfSku):
    """A buffer as it stands, and what is available beside it."""

    requires = Permission.STOCK_READ
    buffer = graphene.Int(required=True)
    available = graphene.Int(required=True)


class StockBufferSet(Mutation):
    """Set how many pieces are kept back: what is available falls, what an order in hand may take does not."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "buffers"

    class Input:
        buffers = relay.some(StockBufferInput, required=True)

    class Payload:
        buffered = graphene.List(graphene.NonNull(StockBuffered))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Set."""
        wanted = [
            Buffer(
                relay.id_of(item.location_id, "Location", field=("buffers", index, "locationId")),
                relay.id_of(item.sku_id, "Sku", field=("buffers", index, "skuId")),
                item.buffer,
            )
            for index, item in enumerate(input.buffers)
        ]
        return batch_done("buffered", await buffers.set_buffers(uow, buffers=wanted))


MUTATIONS = (PushPolicySave, PushPolicyDrop, StockBufferSet)
