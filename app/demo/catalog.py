"""Each merchant's catalogue: products in their options, with weights, sizes, prices, barcodes and shop codes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from random import Random

from pickmesh.app.demo import barcodes, goods_beauty, goods_home, goods_wear, shop_codes, vocabulary, world
from pickmesh.app.demo.goods import Line, Option, Template

LINES: dict[str, tuple[Line, ...]] = {"linan": goods_home.LINES, "beihai": goods_wear.LINES + goods_beauty.LINES}


@dataclass(frozen=True, slots=True)
class Sku:
    """One article of one merchant; a bundle has `components` (SKU, pieces) and no stock of its own.

    Prices are fen (1/100 yuan), costs 1/10,000 yuan; `shop_codes` maps a shop's code to its code of this article.
    """

    sku: str
    product: str
    name_zh: str
    name_en: str
    option_zh: str
    option_en: str
    barcodes: tuple[tuple[str, int], ...]  # barcode, pieces
    weight_g: int
    size_mm: tuple[int, int, int]
    price_fen: int
    cost_per_10k: int
    tracking: str
    shelf_days: int
    shop_codes: dict[str, str]
    components: tuple[tuple[str, int], ...] = ()

    @property
    def is_bundle(self) -> bool:
        """Whether the article is sold as its components."""
        return bool(self.components)


@dataclass(frozen=True, slots=True)
class Product:
    """A template under one brand and in one series."""

    code: str
    name_zh: str
    name_en: str
    words: str
    brand: str
    template: Template
    base_yuan: float


def single_skus(merchant: world.Merchant, random: Random, gtins: barcodes.Gtins) -> list[Sku]:
    """Make a stocking merchant's articles, as many as `merchant.single_skus`, variants of one product together."""
    codes = shop_codes.ShopCodes(merchant.shops, random)
    variants = (
        _sku(product, option, random, gtins, codes)
        for product in _products(merchant, random)
        for option in product.template.options
    )
    return list(islice(variants, merchant.single_skus))


def resold_skus(merchant: world.Merchant, sources: Sequence[Sku], random: Random) -> list[Sku]:
    """Retitle suppliers' articles as a reseller does: own code, name and price, the goods' own EAN-13."""
    codes = shop_codes.ShopCodes(merchant.shops, random)
    resold = []
    for number, source in zip(count(10001), sources, strict=False):
        code = f"{merchant.sku_prefix}-{number}"
        resold.append(
            Sku(
                sku=code,
                product=f"{merchant.sku_prefix}-{source.product}",
                name_zh=f"云选·{source.name_zh.split(' ', 1)[1]}",
                name_en=f"Cloud Select {source.name_en}",
                option_zh=source.option_zh,
                option_en=source.option_en,
                barcodes=source.barcodes[:1],
                weight_g=source.weight_g,
                size_mm=source.size_mm,
                price_fen=shelf_price(source.price_fen / 100 * random.uniform(1.1, 1.3)),
                cost_per_10k=round(source.price_fen * 0.82) * 100,  # what the supplier's terms let a distributor pay
                tracking="",  # lots and serials are the supplier's business
                shelf_days=0,
                shop_codes=codes.for_sku(code),
            )
        )
    return resold


def shelf_price(yuan: float) -> int:
    """Round a price to what a shop would show, in fen: 3.50, 12.90, 89.00, 129.00."""
    if yuan < 10:
        return max(50, round(yuan * 2) * 50)
    if yuan < 60:
        return round(yuan) * 100 - 10
    return round(yuan / 10) * 1000 - 100


def _products(merchant: world.Merchant, random: Random) -> Iterator[Product]:
    """Go through the merchant's templates again and again, each round under other brands and in another series."""
    for series_number in count():
        for line in LINES[merchant.code]:
            brands, series = vocabulary.BRANDS[line.words], vocabulary.SERIES[line.words]
            for place, template in enumerate(line.templates):
                brand_zh, brand_en = brands[(place + series_number) % len(brands)]
                series_zh, series_en = series[(place + series_number) % len(series)]
                yield Product(
                    code=f"{merchant.sku_prefix}-{template.code}{series_number + 1:02d}",
                    name_zh=f"{brand_zh} {series_zh}{template.zh}",
                    name_en=f"{brand_en} {series_en} {template.en}",
                    words=line.words,
                    brand=brand_en,
                    template=template,
                    base_yuan=random.uniform(*template.price_yuan),
                )


def _sku(product: Product, option: Option, random: Random, gtins: barcodes.Gtins, codes: shop_codes.ShopCodes) -> Sku:
    template = product.template
    code = f"{product.code}-{option.code}"
    price_fen = shelf_price(product.base_yuan * option.scale)
    return Sku(
        sku=code,
        product=product.code,
        name_zh=product.name_zh,
        name_en=product.name_en,
        option_zh=option.zh,
        option_en=option.en,
        barcodes=gtins.for_article(product.brand, packed=template.packed and option.scale < 2),
        weight_g=max(1, round(template.weight_g * option.scale * random.uniform(0.97, 1.03))),
        size_mm=_scaled_size(template.size_mm, option.scale),
        price_fen=price_fen,
        cost_per_10k=_cost(price_fen, random),
        tracking=template.tracking,
        shelf_days=template.shelf_days,
        shop_codes=codes.for_sku(code),
    )


def _scaled_size(size_mm: tuple[int, int, int], scale: float) -> tuple[int, int, int]:
    """Scale a box by volume, so that a double pack is not eight times as large."""
    length, width, height = (max(1, round(side * scale ** (1 / 3))) for side in size_mm)
    return length, width, height


def _cost(price_fen: int, random: Random) -> int:
    """Cost between 32 % and 58 % of the price: whole fen, or a tenth of a fen for what costs next to nothing."""
    cost = price_fen * random.uniform(0.32, 0.58)
    return round(cost * 10) * 10 if price_fen < 1000 else round(cost) * 100
