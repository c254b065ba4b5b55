"""What may be done to the catalog: save SKUs and products, archive and restore them, add and remove pictures."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from pickmesh.core.catalog import archiving, patches, pictures, products, refusals
from pickmesh.core.catalog.commands import SaveKind
from pickmesh.core.catalog.patches import SkuPatch
from pickmesh.core.catalog.pictures import NewPicture
from pickmesh.core.catalog.products import NewProduct
from pickmesh.core.catalog.rules import NewBarcode, NewComponent, NewShopCode
from pickmesh.core.catalog.touching import BATCH_MAX
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import archiving as leaving
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, batch_done, limited, user_error
from pickmesh.graphql.catalog import Product, Sku
from pickmesh.graphql.context import Context
from pickmesh.graphql.scalars import Long

CatalogUserError = user_error("Catalog", refusals)
SaveKindName = graphene.Enum.from_enum(SaveKind, name="SaveKind")
CLEARED_BY_NULL = frozenset({"weight_g", "length_mm", "width_mm", "height_mm", "client"})
"""Fields of a SKU that may be nothing; of all others null is as good as left out."""
IF_VERSION = "Refuse with STALE_VERSION when somebody changed it since."


class NewBarcodeInput(graphene.InputObjectType):
    """A code that scans as a number of units."""

    code = graphene.String(required=True)
    unit_quantity = graphene.Int(required=True, default_value=1)


class NewComponentInput(graphene.InputObjectType):
    """A part of a bundle, by the code of its SKU, and how many of it one bundle holds."""

    code = graphene.String(required=True)
    quantity = graphene.Int(required=True)


class NewShopCodeInput(graphene.InputObjectType):
    """A shop, by our code of it, and that shop's own code for a SKU."""

    shop = graphene.String(required=True)
    code = graphene.String(required=True)


class SkuInput(graphene.InputObjectType):
    """A SKU, found by its code or made; what is left out stays as it is, lists are the whole set."""

    code = graphene.String(required=True)
    if_version = graphene.Int(description=IF_VERSION)
    product_code = graphene.String(description="A product of its own when left out of a new SKU.")
    name_zh = graphene.String()
    name_en = graphene.String()
    option_zh = graphene.String()
    option_en = graphene.String()
    weight_g = graphene.Int()
    length_mm = graphene.Int()
    width_mm = graphene.Int()
    height_mm = graphene.Int()
    price_micros = Long()
    cost_micros = Long()
    currency = graphene.String()
    lot_tracked = graphene.Boolean()
    expiry_tracked = graphene.Boolean()
    serial_tracked = graphene.Boolean()
    client = graphene.String()
    barcodes = relay.some(NewBarcodeInput)
    components = relay.some(NewComponentInput)
    shop_codes = relay.some(NewShopCodeInput)


class ProductInput(graphene.InputObjectType):
    """A product, found by its code or made; a name that is left out stays as it is."""

    code = graphene.String(required=True)
    if_version = graphene.Int(description=IF_VERSION)
    name_zh = graphene.String()
    name_en = graphene.String()


class PictureInput(graphene.InputObjectType):
    """A picture of a product, or of one of its SKUs; without a position it comes last."""

    product_id = graphene.ID(required=True)
    sku_id = graphene.ID()
    url = graphene.String(required=True, description="An https address.")
    position = graphene.Int()


class CatalogRef(graphene.InputObjectType):
    """A SKU or product, and the version of it the caller has read."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)


class SavedSku(graphene.ObjectType):
    """What became of one SKU that was saved."""

    requires = Permission.CATALOG_READ
    sku = relay.link("sku_id", Sku, required=True)
    kind = graphene.Field(SaveKindName, required=True)


class SavedProduct(graphene.ObjectType):
    """What became of one product that was saved."""

    requires = Permission.CATALOG_READ
    product = relay.link("product_id", Product, required=True)
    kind = graphene.Field(SaveKindName, required=True)


class SkuSave(Mutation):
    """Create SKUs or change what is said about them, found by code; each is done or refused by itself."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "skus"
    subject = "Sku"

    class Input:
        skus = relay.some(SkuInput, required=True)

    class Payload:
        saved = graphene.List(graphene.NonNull(SavedSku))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        asked = [SkuPatch(item.code, _said(item)) for item in limited(input.skus, BATCH_MAX, "skus")]
        return batch_done("saved", await patches.save_skus(uow, patches=asked))


def _said(item: Any) -> dict[str, Any]:
    """Return what an input says about a SKU, by the names core has for it."""
    said = {name: value for name, value in item.items() if name != "code"}
    said = {name: value for name, value in said.items() if value is not None or name in CLEARED_BY_NULL}
    if "barcodes" in said:
        said["barcodes"] = tuple(NewBarcode(each.code, each.unit_quantity) for each in item.barcodes)
    if "components" in said:
        said["components"] = tuple(NewComponent(each.code, each.quantity) for each in item.components)
    if "shop_codes" in said:
        said["shop_codes"] = tuple(NewShopCode(each.shop, each.code) for each in item.shop_codes)
    return said


class ProductSave(Mutation):
    """Create products or name them anew, found by code; their SKUs are saved with skuSave."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "products"
    subject = "Product"

    class Input:
        products = relay.some(ProductInput, required=True)

    class Payload:
        saved = graphene.List(graphene.NonNull(SavedProduct))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        asked = [NewProduct(**item) for item in limited(input.products, BATCH_MAX, "products")]
        return batch_done("saved", await products.name_products(uow, products=asked))


class SkuArchive(Mutation):
    """Take SKUs out of the catalog: out of search, look-up and shops' codes, while history keeps naming them.

    Refused with STILL_IN_USE while there is stock, promised or planned work, or a bundle that needs it.
    """

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "skus"
    subject = "Sku"

    class Input:
        skus = relay.some(CatalogRef, required=True)

    class Payload:
        skus = Many(Sku)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Archive."""
        ids, versions = _named(input.skus, "skus", "Sku")
        return _moved("skus", await leaving.archive_skus(uow, sku_ids=ids, versions=versions))


class SkuRestore(Mutation):
    """Bring archived SKUs back, with their barcodes and shops' codes."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "skus"
    subject = "Sku"

    class Input:
        skus = relay.some(CatalogRef, required=True)

    class Payload:
        skus = Many(Sku)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Restore."""
        ids, versions = _named(input.skus, "skus", "Sku")
        return _moved("skus", await archiving.restore_skus(uow, sku_ids=ids, versions=versions))


class ProductArchive(Mutation):
    """Take products out of the catalog with all their SKUs, each product whole or not at all; see skuArchive."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "products"
    subject = "Product"

    class Input:
        products = relay.some(CatalogRef, required=True)

    class Payload:
        products = Many(Product)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Archive."""
        ids, versions = _named(input.products, "products", "Product")
        return _moved("products", await leaving.archive_products(uow, product_ids=ids, versions=versions))


class ProductRestore(Mutation):
    """Bring archived products back, with the SKUs that were archived together with them."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "products"
    subject = "Product"

    class Input:
        products = relay.some(CatalogRef, required=True)

    class Payload:
        products = Many(Product)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Restore."""
        ids, versions = _named(input.products, "products", "Product")
        return _moved("products", await archiving.restore_products(uow, product_ids=ids, versions=versions))


def _named(refs: Sequence[Any], name: str, type_name: str) -> tuple[list[UUID], dict[UUID, int]]:
    """Return the ids of the input, and the versions the caller has read where they are told."""
    listed = limited(refs, BATCH_MAX, name)
    ids = [relay.id_of(ref.id, type_name, field=(name, index, "id")) for index, ref in enumerate(listed)]
    told = zip(ids, refs, strict=True)
    return ids, {id_: ref.if_version for id_, ref in told if ref.if_version is not None}


def _moved(name: str, answers: Sequence[archiving.Moved | Refused]) -> Done:
    ids = [answer.id for answer in answers if not isinstance(answer, Refused)]
    return Done({name: list(dict.fromkeys(ids))}, [answer for answer in answers if isinstance(answer, Refused)])


class PictureAdd(Mutation):
    """Add pictures by their https addresses; an address a product has already takes its new place."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "pictures"
    subject = "Product"

    class Input:
        pictures = relay.some(PictureInput, required=True)

    class Payload:
        products = Many(Product)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Add."""
        asked = [
            NewPicture(
                relay.id_of(item.product_id, "Product", field=("pictures", index, "productId")),
                item.url.strip(),
                relay.optional_id(item.sku_id, "Sku", field=("pictures", index, "skuId")),
                item.position,
            )
            for index, item in enumerate(limited(input.pictures, BATCH_MAX, "pictures"))
        ]
        return _pictured(await pictures.add_pictures(uow, pictures=asked))


class PictureRemove(Mutation):
    """Remove pictures; what lies at their addresses is left alone."""

    requires = Permission.CATALOG_WRITE
    user_error = CatalogUserError
    items = "pictureIds"

    class Input:
        picture_ids = relay.some(graphene.ID, required=True)

    class Payload:
        products = Many(Product)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Remove."""
        ids = relay.ids_of(limited(input.picture_ids, BATCH_MAX, "pictureIds"), "Picture", field="pictureIds")
        return _pictured(await pictures.remove_pictures(uow, picture_ids=ids))


def _pictured(answers: Sequence[pictures.PictureAdded | pictures.PictureRemoved | Refused]) -> Done:
    ids = [answer.product_id for answer in answers if not isinstance(answer, Refused)]
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    return Done({"products": list(dict.fromkeys(ids))}, refused)


MUTATIONS = (
    SkuSave,
    ProductSave,
    SkuArchive,
    SkuRestore,
    ProductArchive,
    ProductRestore,
    PictureAdd,
    PictureRemove,
)
