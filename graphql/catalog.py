"""What is sold: products, SKUs, barcodes, bundles, pictures, look-alikes, the shops' own codes."""

from collections.abc import Mapping
from typing import Any, ClassVar

import graphene

from pickmesh.core.catalog import barcoding, listing, look_alikes, pictures, queries
from pickmesh.core.catalog.listing import SkuFilter, SkuOrder, SkuSort
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.graphql import relay, stock
from pickmesh.graphql.accounts import Shop, Worker
from pickmesh.graphql.alerts import ReorderPointsOfSku
from pickmesh.graphql.loading import listed
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Long

SKU = "pickmesh.graphql.catalog.Sku"
SkuSortName = graphene.Enum.from_enum(SkuSort, name="SkuSort")


class Barcode(graphene.ObjectType):
    """A code that scans as a number of units; GTINs are written with 14 digits."""

    requires = Permission.CATALOG_READ
    id = relay.own_id("Barcode")
    code = graphene.String(required=True)
    unit_quantity = graphene.Int(required=True)


class Picture(graphene.ObjectType):
    """Where a picture can be fetched; those with the lowest position come first."""

    requires = Permission.CATALOG_READ
    id = relay.own_id("Picture")
    url = graphene.String(required=True)
    position = graphene.Int(required=True)
    created_at = graphene.Field(DateTime, required=True)


class LookAlike(graphene.ObjectType):
    """A SKU that hands take for this one: learnt from wrong scans, or said by somebody (`markedAt`)."""

    requires = Permission.CATALOG_READ
    sku = relay.link("sku_id", SKU, required=True)
    wrong_scans = graphene.Int(required=True, description="How often one was scanned for the other.")
    last_seen_at = graphene.Field(DateTime, required=True)
    marked_at = graphene.Field(DateTime)
    marked_by = relay.link("marked_by", Worker)


class Component(graphene.ObjectType):
    """A part of a bundle and how many of it one bundle holds."""

    requires = Permission.CATALOG_READ
    sku = relay.link("sku_id", SKU, required=True)
    quantity = graphene.Int(required=True)


class ShopCode(graphene.ObjectType):
    """A shop's own code for a SKU of ours."""

    requires = Permission.CATALOG_READ
    shop = relay.link("shop_id", Shop, required=True)
    code = graphene.String(required=True)


class Sku(relay.ObjectType, stock.StockOfSku, ReorderPointsOfSku):
    """A thing that can be bought and counted; weights in grams, lengths in millimetres, prices in millionths."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.CATALOG_READ
    field_requires: ClassVar[Mapping[str, Requirement]] = {"cost_micros": Permission.CATALOG_WRITE}
    code = graphene.String(required=True)
    name = graphene.String(required=True, description="The name in the caller's language.")
    name_zh = graphene.String(required=True)
    name_en = graphene.String(required=True)
    option_zh = graphene.String(required=True)
    option_en = graphene.String(required=True)
    weight_g = graphene.Int()
    length_mm = graphene.Int()
    width_mm = graphene.Int()
    height_mm = graphene.Int()
    price_micros = graphene.Field(Long, required=True)
    cost_micros = graphene.Field(Long, required=True)
    currency = graphene.String(required=True)
    is_bundle = graphene.Boolean(required=True)
    lot_tracked = graphene.Boolean(required=True)
    expiry_tracked = graphene.Boolean(required=True)
    serial_tracked = graphene.Boolean(required=True)
    client = graphene.String(description="Whose goods they are, when not ours.")
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    product = relay.link("product_id", "pickmesh.graphql.catalog.Product", required=True)
    barcodes = relay.listing(queries.barcodes_of, Barcode, "Single units first.")
    components = graphene.List(
        graphene.NonNull(Component), required=True, description="What a bundle holds, bundles inside it unpacked."
    )
    shop_codes = graphene.List(graphene.NonNull(ShopCode), required=True)
    pictures = relay.listing(
        pictures.pictures_of_skus, Picture, "Its own, or the product's where it has none of its own."
    )
    look_alikes = relay.listing(look_alikes.look_alikes_of, LookAlike, "Those most often confused with it first.")

    by_ids = staticmethod(queries.skus)

    @staticmethod
    def resolve_name(root: Any, info: Any) -> str:
        """Return the name in the caller's language, or in the other one where it has none."""
        is_chinese = info.context.signed_in.locale.startswith("zh")
        preferred, other = (root.name_zh, root.name_en) if is_chinese else (root.name_en, root.name_zh)
        return str(preferred or other)

    @staticmethod
    async def resolve_components(root: Any, info: Any) -> list[dict[str, Any]]:
        """Return the parts."""
        parts = await listed(info.context.load(queries.components_of, root.id))
        return [{"sku_id": sku_id, "quantity": quantity} for sku_id, quantity in parts]

    @staticmethod
    async def resolve_shop_codes(root: Any, info: Any) -> list[dict[str, Any]]:
        """Return the shops' codes."""
        codes = await listed(info.context.load(queries.shop_codes_of, root.id))
        return [{"shop_id": shop_id, "code": code} for shop_id, code in codes]


class Product(relay.ObjectType):
    """A style; its SKUs are the things that can be bought."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.CATALOG_READ
    code = graphene.String(required=True)
    name_zh = graphene.String(required=True)
    name_en = graphene.String(required=True)
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    skus = relay.listing(queries.skus_of_products, Sku, "By code; archived ones are left out.")
    pictures = relay.listing(pictures.pictures_of_products, Picture, "All of them, those of its SKUs as well.")

    by_ids = staticmethod(queries.products)


class BarcodeMatch(graphene.ObjectType):
    """A SKU that a code may stand for, and how many units of it one scan is."""

    requires = Permission.CATALOG_READ
    sku = relay.link("sku_id", SKU, required=True)
    unit_quantity = graphene.Int(required=True)


class BarcodeLookup(graphene.ObjectType):
    """What a code may stand for: nothing, one SKU, or several, and then a person says which."""

    requires = Permission.CATALOG_READ
    code = graphene.String(required=True, description="What was read.")
    matches = graphene.List(graphene.NonNull(BarcodeMatch), required=True)
    is_ambiguous = graphene.Boolean(required=True)
    question = graphene.String(description="What to ask when there are several.")
    problem = graphene.String(description="What is wrong with the code, when nothing is known by it.")


async def _page_of_skus(
    _root: Any,
    info: Any,
    request: PageRequest,
    sort: SkuSort = SkuSort.CODE,
    falling: bool = False,
    **filters: Any,
) -> Page[Any]:
    order = SkuOrder(SkuSort(sort), falling, info.context.signed_in.locale.startswith("zh"))
    async with info.context.reading() as uow:
        return await listing.sku_page(uow, request, chosen=_chosen(filters), order=order)


def _chosen(filters: Mapping[str, Any]) -> SkuFilter:
    """Return the filter that arguments ask for; null is as good as left out."""
    said = {name: value for name, value in filters.items() if value is not None}
    product_id = relay.optional_id(said.pop("product_id", None), "Product", field=("productId",))
    return SkuFilter(**said, product_id=product_id)


class CatalogQueries(Queries):
    """What may be asked of the catalog."""

    requires: ClassVar[Requirement] = Permission.CATALOG_READ
    sku = graphene.Field(Sku, id=graphene.ID(), code=graphene.String(), description="A SKU by its id or its code.")
    skus = relay.paged(
        relay.connection(Sku),
        _page_of_skus,
        "SKUs of the catalog, or the archived ones.",
        search=graphene.String(description="All words must match: code, names, options, pinyin initials."),
        archived=graphene.Boolean(description="True for the archived ones, which are left out otherwise."),
        is_bundle=graphene.Boolean(),
        product_id=graphene.ID(),
        client=graphene.String(description="Whose goods; empty for our own."),
        lot_tracked=graphene.Boolean(),
        expiry_tracked=graphene.Boolean(),
        serial_tracked=graphene.Boolean(),
        has_barcode=graphene.Boolean(),
        has_shop_code=graphene.Boolean(description="Whether any shop's code stands for it."),
        sort=graphene.Argument(SkuSortName, default_value=SkuSort.CODE.value, required=True),
        falling=graphene.Boolean(
            default_value=False, required=True, description="From the last to the first: Z to A, the newest first."
        ),
    )
    barcode_lookup = graphene.Field(
        BarcodeLookup,
        required=True,
        code=graphene.String(required=True),
        description="Every SKU a scanned or typed code may stand for; EAN, UPC and GTIN forms are one.",
    )
    product = graphene.Field(
        Product, id=graphene.ID(), code=graphene.String(), description="A product by its id or its code."
    )

    @staticmethod
    def resolve_sku(_root: Any, info: Any, id: str | None = None, code: str | None = None) -> Any:
        """Return a SKU."""
        relay.one_of({"id": id, "code": code})
        if id is not None:
            return info.context.load(queries.skus, relay.id_of(id, "Sku"))
        return info.context.load(queries.skus_by_code, code)

    @staticmethod
    def resolve_product(_root: Any, info: Any, id: str | None = None, code: str | None = None) -> Any:
        """Return a product."""
        relay.one_of({"id": id, "code": code})
        if id is not None:
            return info.context.load(queries.products, relay.id_of(id, "Product"))
        return info.context.load(queries.products_by_code, code)

    @staticmethod
    async def resolve_barcode_lookup(_root: Any, info: Any, code: str) -> dict[str, Any]:
        """Return what a code may stand for."""
        async with info.context.reading() as uow:
            found = await barcoding.find_barcode(uow, code)
        return {
            "code": found.code,
            "matches": found.hits,
            "is_ambiguous": found.is_ambiguous,
            "question": _said(found.question, info),
            "problem": _said(found.problem, info),
        }


def _said(text: str | None, info: Any) -> str | None:
    return None if text is None else str(info.context.says(text))
