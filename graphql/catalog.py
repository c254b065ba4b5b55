"""What is sold: products, SKUs, barcodes, bundles, the shops' own codes."""

from collections.abc import Mapping
from typing import Any, ClassVar

import graphene

from pickmesh.core.catalog import queries
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.graphql import relay, stock
from pickmesh.graphql.accounts import Shop
from pickmesh.graphql.alerts import ReorderPointsOfSku
from pickmesh.graphql.loading import listed
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Long


class Barcode(graphene.ObjectType):
    """A code that scans as a number of units; GTINs are written with 14 digits."""

    requires = Permission.CATALOG_READ
    code = graphene.String(required=True)
    unit_quantity = graphene.Int(required=True)


class Component(graphene.ObjectType):
    """A part of a bundle and how many of it one bundle holds."""

    requires = Permission.CATALOG_READ
    sku = relay.link("sku_id", "pickmesh.graphql.catalog.Sku", required=True)
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
    skus = relay.listing(queries.skus_of_products, Sku, "By code.")

    by_ids = staticmethod(queries.products)


async def _page_of_skus(
    _root: Any, info: Any, request: PageRequest, search: str | None = None, is_bundle: bool | None = None
) -> Page[Any]:
    async with info.context.reading() as uow:
        return await queries.sku_page(uow, request, search=search, is_bundle=is_bundle)


class CatalogQueries(Queries):
    """What may be asked of the catalog."""

    requires: ClassVar[Requirement] = Permission.CATALOG_READ
    sku = graphene.Field(Sku, id=graphene.ID(), code=graphene.String(), description="A SKU by its id or its code.")
    skus = relay.paged(
        relay.connection(Sku),
        _page_of_skus,
        "SKUs by code; all words of a search must match: code, name, pinyin initials, barcode.",
        search=graphene.String(),
        is_bundle=graphene.Boolean(),
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
