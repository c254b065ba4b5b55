"""Bundles 组合装: a few articles of one merchant sold together for less than their sum."""

from collections.abc import Sequence
from random import Random

from pickmesh.app.demo import barcodes, shop_codes, world
from pickmesh.app.demo.catalog import Sku, shelf_price

DISCOUNT = 0.88


def bundle_skus(merchant: world.Merchant, singles: Sequence[Sku], random: Random, gtins: barcodes.Gtins) -> list[Sku]:
    """Make the merchant's bundles: two of every three pair different articles, the third is one article several times.

    Serial-tracked articles are left out: they are checked one by one and rarely bundled.
    """
    eligible = [sku for sku in singles if sku.tracking != "serial"]
    codes = shop_codes.ShopCodes(merchant.shops, random)
    bundles = []
    for number in range(1, merchant.bundles + 1):
        parts = [(random.choice(eligible), random.choice((2, 3)))] if number % 3 == 0 else _mixed(eligible, random)
        bundles.append(_bundle(f"{merchant.sku_prefix}-SET{number:02d}", merchant, parts, gtins, codes))
    return bundles


def _mixed(eligible: Sequence[Sku], random: Random) -> list[tuple[Sku, int]]:
    """Draw two or three articles of different products."""
    wanted = random.choice((2, 2, 3))
    parts: dict[str, tuple[Sku, int]] = {}
    while len(parts) < wanted:
        sku = random.choice(eligible)
        parts.setdefault(sku.product, (sku, random.choice((1, 1, 1, 2))))
    return list(parts.values())


def _bundle(
    code: str,
    merchant: world.Merchant,
    parts: Sequence[tuple[Sku, int]],
    gtins: barcodes.Gtins,
    codes: shop_codes.ShopCodes,
) -> Sku:
    length, width = (max(sku.size_mm[side] for sku, _ in parts) for side in (0, 1))
    return Sku(
        sku=code,
        product=code,
        name_zh="组合装 " + "+".join(_counted(sku.name_zh.split(" ", 1)[-1], pieces, "×") for sku, pieces in parts),
        name_en="Set: " + " + ".join(_counted(sku.name_en, pieces, " x") for sku, pieces in parts),
        option_zh="套装",
        option_en="Set",
        barcodes=gtins.for_article(merchant.name_en, packed=False),
        weight_g=sum(sku.weight_g * pieces for sku, pieces in parts),
        size_mm=(length, width, sum(sku.size_mm[2] * pieces for sku, pieces in parts)),
        price_fen=shelf_price(sum(sku.price_fen * pieces for sku, pieces in parts) / 100 * DISCOUNT),
        cost_per_10k=sum(sku.cost_per_10k * pieces for sku, pieces in parts),
        tracking="",
        shelf_days=0,
        shop_codes=codes.for_sku(code),
        components=tuple((sku.sku, pieces) for sku, pieces in parts),
    )


def _counted(name: str, pieces: int, sign: str) -> str:
    return name if pieces == 1 else f"{name}{sign}{pieces}"
