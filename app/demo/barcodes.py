"""Trade item numbers as Chinese makers get them: a company prefix per brand, then item after item."""

from random import Random

from pickmesh.scanner.codes import gtin

INNER_PIECES = 6
CASE_PIECES = 24


class Gtins:
    """Hands out EAN-13s no article had before, each brand under its own prefix from 690 to 699."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._next_item: dict[str, int] = {}
        self._prefixes: dict[str, str] = {}

    def for_article(self, brand: str, *, packed: bool) -> tuple[tuple[str, int], ...]:
        """Give an article its EAN-13 and, where it is packed, the ITF-14 of an inner and of a case; with pieces."""
        body = self._body(brand)
        numbers = [(gtin.with_check_digit(body), 1)]
        if packed:
            numbers += [
                (gtin.with_check_digit(f"1{body}"), INNER_PIECES),
                (gtin.with_check_digit(f"2{body}"), CASE_PIECES),
            ]
        return tuple(numbers)

    def _body(self, brand: str) -> str:
        prefix = self._prefixes.get(brand) or self._new_prefix(brand)
        item = self._next_item.get(brand, self._random.randrange(10, 300))
        self._next_item[brand] = item + 1
        return f"{prefix}{item:04d}"

    def _new_prefix(self, brand: str) -> str:
        taken = set(self._prefixes.values())
        while (prefix := f"69{self._random.randrange(10)}{self._random.randrange(10**5):05d}") in taken:
            pass
        self._prefixes[brand] = prefix
        return prefix
