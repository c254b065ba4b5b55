"""Versions of a picture in which an engine may see more: working size, equalised, enlarged, inverted, sharpened."""

import itertools
from functools import cached_property, lru_cache
from math import cos, radians, sin

from PIL import Image, ImageChops, ImageFilter, ImageOps

from pickmesh.scanner.decode.barcode import Corners

Outline = tuple[tuple[float, float], ...]

WORKING_PX = 1600
"""The long side engines see first: at this size a 12 MP frame is read better than whole, in a tenth of the time."""
WHOLE_PX = 4000
_SMALL_PX = 700
_TILES = 8
_CLIP = 3.0


class Frame:
    """A picture and its versions, each made when it is first asked for."""

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture

    @cached_property
    def working(self) -> Image.Image:
        """The picture with a long side of at most WORKING_PX."""
        return shrunk(self.picture, WORKING_PX)

    @cached_property
    def whole(self) -> Image.Image:
        """The picture as it came, with a long side of at most WHOLE_PX."""
        return shrunk(self.picture, WHOLE_PX)

    @property
    def is_shrunk(self) -> bool:
        """Whether the picture holds more than its working size shows."""
        return self.working.width < self.picture.width

    @property
    def is_small(self) -> bool:
        """Whether enlarging three times is affordable."""
        return max(self.working.size) < _SMALL_PX

    @cached_property
    def equalised(self) -> Image.Image:
        """The working size with its contrast evened out tile by tile."""
        return equalised(self.working)

    @cached_property
    def inverted(self) -> Image.Image:
        """The working size with light and dark changed over."""
        return ImageChops.invert(self.working)

    @cached_property
    def enlarged_3(self) -> Image.Image:
        """The working size, three times as large."""
        return enlarged(self.working, 3)

    @cached_property
    def enlarged_2(self) -> Image.Image:
        """The working size, twice as large."""
        return enlarged(self.working, 2)

    @cached_property
    def sharpened(self) -> Image.Image:
        """Twice as large, smoothed along upright bars and sharpened across them."""
        large = self.enlarged_2
        smooth = large.resize((large.width, max(1, large.height // 6)), Image.Resampling.BOX).resize(large.size)
        return smooth.filter(ImageFilter.UnsharpMask(radius=3, percent=200, threshold=0))

    def around(self, corners: Corners) -> tuple[Image.Image, tuple[int, int]]:
        """Return what lies around a symbol as the picture came, and where in it that begins."""
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        margin = max(max(xs) - min(xs), max(ys) - min(ys)) // 4 + 8
        left, top = max(0, min(xs) - margin), max(0, min(ys) - margin)
        right, bottom = min(self.picture.width, max(xs) + margin), min(self.picture.height, max(ys) + margin)
        return self.picture.crop((left, top, max(right, left + 1), max(bottom, top + 1))), (left, top)


def shrunk(picture: Image.Image, long_side: int) -> Image.Image:
    """Return a picture brought down to a long side; one that is small enough as it is."""
    factor = long_side / max(picture.size)
    if factor >= 1:
        return picture
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def enlarged(picture: Image.Image, times: int) -> Image.Image:
    """Return a picture so many times as large."""
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.BICUBIC)


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    """Return a picture turned against the clock, all of it, on white."""
    return picture.rotate(degrees, Image.Resampling.BILINEAR, expand=True, fillcolor=255)


def turned_back(outline: Outline, size: tuple[int, int], before: tuple[int, int], degrees: float) -> Outline:
    """Return points of a turned picture of a size as they are in the picture before it was turned."""
    if not degrees:
        return outline
    cosine, sine = cos(radians(degrees)), sin(radians(degrees))
    from_centre = [(x - size[0] / 2, y - size[1] / 2) for x, y in outline]
    return tuple((before[0] / 2 + x * cosine - y * sine, before[1] / 2 + x * sine + y * cosine) for x, y in from_centre)


def equalised(picture: Image.Image) -> Image.Image:
    """Return a picture whose contrast is evened out locally and within bounds (CLAHE, 8 x 8 tiles, clip 3).

    Between the tiles' centres the four nearest tiles' curves are mixed by distance. Source: K. Zuiderveld, "Contrast
    Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994.
    """
    if min(picture.size) < _TILES * 2:
        return ImageOps.equalize(picture)
    xs, ys = _edges(picture.width), _edges(picture.height)
    curves = [
        [_curve(picture.crop((left, top, right, bottom))) for left, right in itertools.pairwise(xs)]
        for top, bottom in itertools.pairwise(ys)
    ]
    evened = picture.copy()
    for row, (top, bottom) in enumerate(_cells(ys)):
        above, below = curves[max(0, row - 1)], curves[min(_TILES - 1, row)]
        for column, (left, right) in enumerate(_cells(xs)):
            first, second = max(0, column - 1), min(_TILES - 1, column)
            cell = picture.crop((left, top, right, bottom))
            mixed = _mixed(cell, (above[first], above[second], below[first], below[second]))
            evened.paste(mixed, (left, top))
    return evened


def _edges(length: int) -> list[int]:
    return [length * tile // _TILES for tile in range(_TILES + 1)]


def _cells(edges: list[int]) -> list[tuple[int, int]]:
    """Return the stretches between the tiles' centres, and from the outer ones to the edge."""
    stops = [0, *((low + high) // 2 for low, high in itertools.pairwise(edges)), edges[-1]]
    return list(itertools.pairwise(stops))


def _curve(tile: Image.Image) -> list[int]:
    counts = tile.histogram()
    pixels = sum(counts)
    limit = max(1, int(_CLIP * pixels / 256))
    spare = sum(count - limit for count in counts if count > limit) / 256
    total, curve = 0.0, []
    for count in counts:
        total += min(count, limit) + spare
        curve.append(min(255, round(total * 255 / pixels)))
    return curve


def _mixed(cell: Image.Image, curves: tuple[list[int], list[int], list[int], list[int]]) -> Image.Image:
    top_left, top_right, bottom_left, bottom_right = (cell.point(curve) for curve in curves)
    across, down = _ramps(cell.size)
    return Image.composite(
        Image.composite(bottom_right, bottom_left, across), Image.composite(top_right, top_left, across), down
    )


@lru_cache(maxsize=64)
def _ramps(size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """Return masks that grow from 0 to 255 across and down."""
    down = Image.linear_gradient("L")
    return down.transpose(Image.Transpose.ROTATE_90).resize(size), down.resize(size)
