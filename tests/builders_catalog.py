"""SKUs for tests of any room."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pickmesh.core.catalog import commands
from pickmesh.core.catalog.commands import Saved
from pickmesh.core.catalog.rules import NewBarcode, NewComponent, NewShopCode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor


async def save_skus(database: Database, actor: Actor, products: Sequence[NewSku]) -> dict[str, UUID]:
    """Save SKUs, none of which may be refused; return their ids by code."""
    async with database.unit_of_work(actor) as uow:
        answers = await commands.save_products(uow, products=products)
    ids = {}
    for new, answer in zip(products, answers, strict=True):
        assert isinstance(answer, Saved), answer
        ids[new.code] = answer.sku_id
    return ids


async def make_skus(
    database: Database,
    actor: Actor,
    codes: Sequence[str],
    *,
    shop: str | None = None,
    barcodes: Mapping[str, str] | None = None,
    lot_tracked: bool = False,
    serial_tracked: bool = False,
) -> dict[str, UUID]:
    """Create plain SKUs and return their ids by code; a `shop` sells each under our own code.

    `barcodes` gives a SKU's barcode by its code, for single units.
    """
    barcodes = barcodes or {}
    return await save_skus(
        database,
        actor,
        [
            NewSku(
                code,
                f"P-{code}",
                f"商品 {code}",
                f"Article {code}",
                weight_g=100,
                price_micros=12_500_000,
                cost_micros=4_000_000,
                lot_tracked=lot_tracked,
                serial_tracked=serial_tracked,
                barcodes=(NewBarcode(barcodes[code]),) if code in barcodes else (),
                components=(),
                shop_codes=(NewShopCode(shop, code),) if shop else (),
            )
            for code in codes
        ],
    )


async def make_bundle(
    database: Database, actor: Actor, code: str, components: Mapping[str, int], *, shop: str | None = None
) -> UUID:
    """Create a bundle of SKUs that exist, as quantity by code, and return its id."""
    new = NewSku(
        code,
        f"P-{code}",
        f"组合 {code}",
        f"Bundle {code}",
        components=tuple(NewComponent(part, quantity) for part, quantity in components.items()),
        shop_codes=(NewShopCode(shop, code),) if shop else (),
    )
    return (await save_skus(database, actor, [new]))[code]
