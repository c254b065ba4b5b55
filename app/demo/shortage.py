"""What the opening stock will lack: a few articles, chosen so that about one order line in twenty goes short."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

SHORT_LINES_SHARE = 0.05
MOST_LINES = 4  # what sells more often is never short, so that hot-sale waves run

Pieces = Mapping[str, int]  # SKU -> pieces one order line needs, bundles taken apart


def total_demand(lines: Sequence[Pieces]) -> Counter[str]:
    """Add up the pieces all lines need."""
    total: Counter[str] = Counter()
    for line in lines:
        total.update(line)
    return total


def short_stock(lines: Sequence[Pieces], random: Random) -> dict[str, int]:
    """Choose the articles to be short of and how many pieces of each there are: none, or enough for all lines but one.

    Both kinds alternate until they leave the wanted share of lines uncovered.
    """
    needs: dict[str, list[int]] = {}
    for line in lines:
        for sku, pieces in line.items():
            needs.setdefault(sku, []).append(pieces)
    candidates = [sku for sku, pieces in needs.items() if len(pieces) <= MOST_LINES]
    random.shuffle(candidates)
    short: dict[str, int] = {}
    uncovered = 0
    for sku in candidates:
        if uncovered >= len(lines) * SHORT_LINES_SHARE:
            break
        wanted = needs[sku]
        partly = len(short) % 2 == 1 and len(wanted) > 1
        short[sku] = sum(wanted) - min(wanted) if partly else 0
        uncovered += 1 if partly else len(wanted)
    return short
