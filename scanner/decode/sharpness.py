"""Whether a row of bars looks like the number an engine read from it: the symbol is drawn again and laid over."""

from collections.abc import Sequence
from functools import lru_cache

import zxingcpp
from PIL import Image, ImageChops, ImageFilter, ImageOps

_ACROSS_PX = 7
_PER_MODULE = 8
_QUIET = 4
"""So many modules of quiet zone are laid over as well."""
_BLURS = (0.25, 0.45, 0.65, 0.85, 1.05)
"""How much out of focus the symbol is drawn, in modules, until it fits best."""
_SHIFTS = (-0.5, -0.25, 0.0, 0.25, 0.5)
_FORMATS = {"EAN-13": "EAN13", "EAN-8": "EAN8"}


def mismatch(
    picture: Image.Image, corners: Sequence[tuple[float, float]], *, symbology: str, text: str
) -> float | None:
    """Return how far the worst digit of an EAN is from how it would look, as a part of full contrast, 0 to 1.

    The symbol is drawn at several degrees of blur and laid over the scan line, its ends moved until it fits best.
    None for symbols that are not compared.
    """
    if symbology not in _FORMATS:
        return None
    line, ends = _scan_line(picture, corners)
    modules = 95 if symbology == "EAN-13" else 67
    drawn = [_drawn(text, symbology, blur) for blur in _BLURS]
    module_px = (ends[1] - ends[0]) / modules
    best = 1.0
    for left in _SHIFTS:
        for right in _SHIFTS:
            start = ends[0] + (left - _QUIET) * module_px
            stop = ends[1] + (right + _QUIET) * module_px
            seen = _evened(_stretch(line, start, stop, modules + 2 * _QUIET))
            best = min(best, *(_worst_digit(each, seen, modules) for each in drawn))
    return best


def _stretch(line: Image.Image, start: float, stop: float, modules: int) -> Image.Image:
    size = (modules * _PER_MODULE, 1)
    return line.transform(size, Image.Transform.EXTENT, (start, 0, stop, 1), Image.Resampling.BILINEAR)


def _evened(line: Image.Image) -> Image.Image:
    """Take slow changes of light out of a scan line, then give it its full contrast."""
    slow = line.resize((line.width, 3)).filter(ImageFilter.BoxBlur(7 * _PER_MODULE)).crop((0, 1, line.width, 2))
    return ImageOps.autocontrast(ImageChops.subtract(line, slow, scale=2, offset=128), cutoff=1)


@lru_cache(maxsize=64)
def _drawn(text: str, symbology: str, blur: float) -> Image.Image:
    kind = zxingcpp.barcode_format_from_str(_FORMATS[symbology])
    symbol = Image.fromarray(zxingcpp.create_barcode(text, kind).to_image(scale=1, add_quiet_zones=False))
    bars = symbol.crop((0, 0, symbol.width, 1)).resize((symbol.width * _PER_MODULE, 1), Image.Resampling.NEAREST)
    quiet = _QUIET * _PER_MODULE
    line = Image.new("L", (bars.width + 2 * quiet, 9), 255)
    line.paste(bars.resize((bars.width, 9)), (quiet, 0))
    blurred = line.filter(ImageFilter.GaussianBlur(blur * _PER_MODULE))
    return _evened(blurred.crop((0, 4, line.width, 5)))


def _worst_digit(drawn: Image.Image, seen: Image.Image, modules: int) -> float:
    off = ImageChops.difference(drawn, seen).tobytes()
    each = 7 * _PER_MODULE
    half = (modules - 11) // 14
    lefts = [(_QUIET + 3) * _PER_MODULE + digit * each for digit in range(half)]
    rights = [(_QUIET + 8 + 7 * half) * _PER_MODULE + digit * each for digit in range(half)]
    return max(sum(off[start : start + each]) for start in (*lefts, *rights)) / (255 * each)


def _scan_line(picture: Image.Image, corners: Sequence[tuple[float, float]]) -> tuple[Image.Image, tuple[float, float]]:
    """Return the levels along the symbol's middle, a few lines averaged, and where in it the symbol begins and ends."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = corners
    begin, end = ((x1 + x4) / 2, (y1 + y4) / 2), ((x2 + x3) / 2, (y2 + y3) / 2)
    length = max(1.0, ((end[0] - begin[0]) ** 2 + (end[1] - begin[1]) ** 2) ** 0.5)
    step = ((end[0] - begin[0]) / length, (end[1] - begin[1]) / length)
    quiet = length * 0.1
    left = (begin[0] - step[0] * quiet, begin[1] - step[1] * quiet)
    right = (end[0] + step[0] * quiet, end[1] + step[1] * quiet)
    aside = (-step[1] * _ACROSS_PX / 2, step[0] * _ACROSS_PX / 2)
    quad = (
        *(left[0] - aside[0], left[1] - aside[1]),
        *(left[0] + aside[0], left[1] + aside[1]),
        *(right[0] + aside[0], right[1] + aside[1]),
        *(right[0] - aside[0], right[1] - aside[1]),
    )
    size = (max(8, round((length + 2 * quiet) * 3)), _ACROSS_PX)
    strip = picture.transform(size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
    line = strip.resize((size[0], 1), Image.Resampling.BOX)
    return line, (quiet * 3, quiet * 3 + length * 3)
