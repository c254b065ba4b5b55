"""What each platform calls a merchant's article: long numbers nobody can read, or the seller's own code."""

from collections.abc import Sequence
from random import Random

from pickmesh.app.demo.world import Shop

DIGITS = {"TAOBAO": 13, "DOUYIN": 16, "JD": 11, "PDD": 12, "SHOPIFY": 14}
OWN_CODE_SHARE = 0.15


class ShopCodes:
    """Hands out a code per shop and article, never one twice in a shop."""

    def __init__(self, shops: Sequence[Shop], random: Random) -> None:
        self._shops = shops
        self._random = random
        self._given: set[tuple[str, str]] = set()

    def for_sku(self, sku: str) -> dict[str, str]:
        """Return shop code -> the shop's code of the article; every shop lists everything."""
        return {shop.code: self._code(shop, sku) for shop in self._shops}

    def _code(self, shop: Shop, sku: str) -> str:
        if self._random.random() < OWN_CODE_SHARE:
            return sku
        digits = DIGITS[shop.platform]
        while True:
            code = f"{self._random.randrange(10**digits):0{digits}d}"  # some begin with the 0 that Excel eats
            if (shop.code, code) not in self._given:
                self._given.add((shop.code, code))
                return code
