"""Code 128 by the engine that also reads it."""

from functools import lru_cache
from itertools import groupby

import zxingcpp
from PIL import Image


@lru_cache(maxsize=256)
def modules(text: str) -> tuple[bool, ...]:
    """Return a Code 128 symbol of printable ASCII as modules from left to right, True where it is black."""
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError(f"{text!r} cannot be printed as Code 128; use printable ASCII characters.")
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
    picture = Image.fromarray(symbol.to_image(scale=1, add_quiet_zones=False))
    return tuple(level == 0 for level in picture.tobytes()[: picture.width])


def black_runs(text: str) -> list[tuple[int, int]]:
    """Return a symbol's bars as (first module, width in modules)."""
    runs, start = [], 0
    for black, run in groupby(modules(text)):
        width = len(list(run))
        if black:
            runs.append((start, width))
        start += width
    return runs
