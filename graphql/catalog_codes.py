"""Codes of SKUs and what is taken for what: barcodes, shops' codes and the orders that wait for them, look-alikes."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.catalog import barcoding, look_alikes, shop_codes, suggestions
from pickmesh.core.catalog.barcoding import NewSkuBarcode
from pickmesh.core.catalog.shop_codes import NewMapping
from pickmesh.core.catalog.suggestions import Why
from pickmesh.core.catalog.touching import BATCH_MAX
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import unmapped
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Shop
from pickmesh.graphql.base import Done, Many, Mutation, batch_done, limited
from pickmesh.graphql.catalog import Sku
from pickmesh.graphql.catalog_acts import IF_VERSION, CatalogUserError
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime

WhyName = graphene.Enum.from_enum(Why, name="SuggestionReason")


class Suggestion(graphene.ObjectType):
    """A SKU that an unknown code may stand for."""

    requires = Permission.CATALOG_READ
    sku = relay.link("sku_id", Sku, required=True)
    why = graphene.Field(WhyName, required=True)


class UnmappedCode(graphene.ObjectType):
    """A shop's code no SKU has yet, and the open orders that wait for it; shopCodeMap takes their lines in."""

    requires = Permission.ORDERS_READ
    shop = relay.link("shop_id", Shop, required=True)
    code = graphene.String(required=True)
    orders = graphene.Int(required=True)
    lines = graphene.Int(required=True)
    pieces = graphene.Int(required=True)
    since = graphene.Field(DateTime, required=True, description="When the first of them came.")
    ship_by = graphene.Field(DateTime, required=True, description="The first promise at stake.")
    suggestions = relay.listing(
        suggestions.suggested, Suggestion, "What it may stand for, the surest first.", key="code"
    )


class BarcodeInput(graphene.InputObjectType):
    """A code that is to scan as a number of units of a SKU."""

    sku_id = graphene.ID(required=True)
    code = graphene.String(required=True)
    unit_quantity = graphene.Int(required=True, default_value=1)
    if_version = graphene.Int(description=IF_VERSION)


class ShopCodeInput(graphene.InputObjectType):
    """A shop's own code."""

    shop_id = graphene.ID(required=True)
    code = graphene.String(required=True)


class ShopCodeMapping(graphene.InputObjectType):
    """A shop's own code and the SKU it is to stand for."""

    shop_id = graphene.ID(required=True)
    code = graphene.String(required=True)
    sku_id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)


class LookAlikePair(graphene.InputObjectType):
    """Two SKUs."""

    sku_id = graphene.ID(required=True)
    other_sku_id = graphene.ID(required=True)


class AddedBarcode(graphene.ObjectType):
    """A barcode a SKU has now."""

    requires = Permission.CATALOG_READ
    sku = relay.link("sku_id", Sku, required=True)
    changed = graphene.Boolean(required=True, description="False when it had it before.")
    also = graphene.List(
        graphene.NonNull(Sku), required=True, description="Other SKUs the same code stands for: a scan of it asks."
    )

    @staticmethod
    async def resolve_also(root: Any, info: Any) -> list[Any]:
        """Return the others."""
        ids = [each if isinstance(each, UUID) else UUID(each) for each in root["also"]]
        return [found for id_ in ids if (found := await info.context.load(Sku.by_ids, id_)) is not None]


class MappedCode(graphene.ObjectType):
    """A shop's code that stands for a SKU now, and the waiting order lines that this takes in, in a moment."""

    requires = Permission.CATALOG_READ
    shop = relay.link("shop_id", Shop, required=True)
    code = graphene.String(required=True)
    sku = relay.link("sku_id", Sku, required=True)
    changed = graphene.Boolean(required=True, description="False when that was so before.")
    replaced_sku = relay.link("replaced_sku_id", Sku, description="What it stood for until now.")
    waiting_orders = graphene.Int(required=True)
    waiting_lines = graphene.Int(required=True)
    waiting_pieces = graphene.Int(required=True)


class UnmappedShopCode(graphene.ObjectType):
    """A shop's code that stands for nothing now."""

    requires = Permission.CATALOG_READ
    shop = relay.link("shop_id", Shop, required=True)
    code = graphene.String(required=True)
    changed = graphene.Boolean(required=True, description="False when it stood for nothing before.")


class BarcodeAdd(Mutation):
    """Let codes scan as a number of units of SKUs; a code of several SKUs is a question whenever it is scanned."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "barcodes"
    subject = "Sku"

    class Input:
        barcodes = relay.some(BarcodeInput, required=True)

    class Payload:
        added = graphene.List(graphene.NonNull(AddedBarcode))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Add."""
        asked = limited(input.barcodes, BATCH_MAX, "barcodes")
        ids = [_sku(item.sku_id, "barcodes", index) for index, item in enumerate(asked)]
        new = [NewSkuBarcode(sku_id, item.code, item.unit_quantity) for sku_id, item in zip(ids, asked, strict=True)]
        return batch_done("added", await barcoding.add_barcodes(uow, barcodes=new, versions=_versions(ids, asked)))


class BarcodeArchive(Mutation):
    """Let barcodes scan as nothing any more."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "barcodeIds"

    class Input:
        barcode_ids = relay.some(graphene.ID, required=True)

    class Payload:
        skus = Many(Sku)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Archive."""
        ids = relay.ids_of(limited(input.barcode_ids, BATCH_MAX, "barcodeIds"), "Barcode", field="barcodeIds")
        answers = await barcoding.archive_barcodes(uow, barcode_ids=ids)
        skus = [answer.sku_id for answer in answers if not isinstance(answer, Refused)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        return Done({"skus": list(dict.fromkeys(skus))}, refused)


class ShopCodeMap(Mutation):
    """Let shops' codes stand for SKUs and take in the order lines that waited for them.

    A code that stands for another SKU is refused with its name, unless `replace` is true.
    """

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "mappings"
    subject = "Sku"

    class Input:
        mappings = relay.some(ShopCodeMapping, required=True)
        replace = graphene.Boolean(required=True, default_value=False)

    class Payload:
        mapped = graphene.List(graphene.NonNull(MappedCode))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Map."""
        asked = limited(input.mappings, BATCH_MAX, "mappings")
        ids = [_sku(item.sku_id, "mappings", index) for index, item in enumerate(asked)]
        new = [
            NewMapping(relay.id_of(item.shop_id, "Shop", field=("mappings", index, "shopId")), item.code, ids[index])
            for index, item in enumerate(asked)
        ]
        answers = await unmapped.map_codes(uow, mappings=new, replace=input.replace, versions=_versions(ids, asked))
        return batch_done("mapped", answers)


class ShopCodeUnmap(Mutation):
    """Let shops' codes stand for nothing; orders that are here already keep their SKUs, new ones wait."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "codes"

    class Input:
        codes = relay.some(ShopCodeInput, required=True)

    class Payload:
        unmapped = graphene.List(graphene.NonNull(UnmappedShopCode))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Unmap."""
        asked = [
            (relay.id_of(item.shop_id, "Shop", field=("codes", index, "shopId")), item.code)
            for index, item in enumerate(limited(input.codes, BATCH_MAX, "codes"))
        ]
        return batch_done("unmapped", await shop_codes.unmap_shop_codes(uow, codes=asked))


class LookAlikeMark(Mutation):
    """Say that hands confuse SKUs with one another: the floor is warned and made to scan."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "pairs"

    class Input:
        pairs = relay.some(LookAlikePair, required=True)

    class Payload:
        skus = Many(Sku)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Mark."""
        return _paired(await look_alikes.mark_look_alikes(uow, pairs=_pairs(input)))


class LookAlikeUnmark(Mutation):
    """Say that SKUs are told apart well enough; wrong scans of them are counted from 0 again."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "pairs"

    class Input:
        pairs = relay.some(LookAlikePair, required=True)

    class Payload:
        skus = Many(Sku)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Unmark."""
        return _paired(await look_alikes.unmark_look_alikes(uow, pairs=_pairs(input)))


def _sku(text: str, name: str, index: int, field: str = "skuId") -> UUID:
    return relay.id_of(text, "Sku", field=(name, index, field))


def _versions(ids: Sequence[UUID], asked: Sequence[Any]) -> Mapping[UUID, int]:
    told = zip(ids, asked, strict=True)
    return {sku_id: item.if_version for sku_id, item in told if item.if_version is not None}


def _pairs(input: Any) -> list[look_alikes.Pair]:
    return [
        (_sku(item.sku_id, "pairs", index), _sku(item.other_sku_id, "pairs", index, "otherSkuId"))
        for index, item in enumerate(limited(input.pairs, BATCH_MAX, "pairs"))
    ]


def _paired(answers: Sequence[look_alikes.Marked | Refused]) -> Done:
    done = [answer for answer in answers if not isinstance(answer, Refused)]
    ids = dict.fromkeys(sku_id for answer in done for sku_id in (answer.sku_id, answer.other_sku_id))
    return Done({"skus": list(ids)}, [answer for answer in answers if isinstance(answer, Refused)])


async def _page_of_unmapped(_root: Any, info: Any, request: PageRequest, shop_id: str | None = None) -> Page[Any]:
    shop = relay.optional_id(shop_id, "Shop", field=("shopId",))
    async with info.context.reading() as uow:
        return await unmapped.unmapped_page(uow, request, shop_id=shop)


class CatalogCodesQueries(Queries):
    """What may be asked of codes nobody has mapped."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    unmapped_codes = relay.paged(
        relay.connection(UnmappedCode, name="UnmappedCode"),
        _page_of_unmapped,
        "Shops' codes that open orders wait for, the longest waited for first.",
        shop_id=graphene.ID(),
    )


MUTATIONS = (
    BarcodeAdd,
    BarcodeArchive,
    ShopCodeMap,
    ShopCodeUnmap,
    LookAlikeMark,
    LookAlikeUnmark,
)
