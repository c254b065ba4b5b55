"""Order numbers as each platform writes them."""

from datetime import datetime
from random import Random

from pickmesh.app.demo.world import Shop

FIRST_SHOPIFY_NUMBER = 10231


class OrderNumbers:
    """Hands out order numbers, never one twice in a shop."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[tuple[str, str]] = set()
        self._next_in_sequence = FIRST_SHOPIFY_NUMBER

    def next_number(self, shop: Shop, ordered_at: datetime) -> str:
        """Number the next order of a shop; call in the order in which orders were placed."""
        while (shop.code, number := self._candidate(shop, ordered_at)) in self._given:
            pass
        self._given.add((shop.code, number))
        return number

    def _candidate(self, shop: Shop, ordered_at: datetime) -> str:
        match shop.platform:
            case "TAOBAO":
                return "24" + self._digits(17)
            case "DOUYIN":
                return "69" + self._digits(17)
            case "JD":
                return "30" + self._digits(10)
            case "PDD":
                return f"{ordered_at:%y%m%d}-{self._digits(15)}"
            case _:
                self._next_in_sequence += 1
                return f"#{self._next_in_sequence}"

    def _digits(self, length: int) -> str:
        return f"{self._random.randrange(10**length):0{length}d}"
