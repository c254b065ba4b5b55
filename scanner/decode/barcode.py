"""What was read in a picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot

from pickmesh.scanner.codes import gtin
from pickmesh.scanner.codes.parse import parse

Point = tuple[int, int]
Corners = tuple[Point, Point, Point, Point]

EAN_UPC = frozenset({"EAN-13", "EAN-8", "UPC-E"})
WEAK = EAN_UPC | {"ITF", "Code 39", "Codabar"}
"""Symbols whose bars check too little: blur turns one digit into another, or a pattern into a code."""
_LINEAR = WEAK | {"Code 128", "Code 93"}


@dataclass(frozen=True, slots=True)
class Barcode:
    """One barcode of a picture; `doubtful` when a person should compare it with what is printed.

    `data` are the symbol's bytes, GS characters included; `position` are its corners in pixels of the upright picture,
    clockwise from the symbol's own top left.
    """

    text: str
    data: bytes
    symbology: str  # as zxing-cpp names it: "EAN-13", "Code 128", "QR Code"
    identifier: str  # AIM symbology identifier such as "]C1"
    position: Corners
    engine: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What one engine read in one version of a picture; `quality` is the engine's own measure, where it has one."""

    text: str
    data: bytes
    symbology: str
    identifier: str
    corners: tuple[tuple[float, float], ...]  # four, in pixels of the version it was read in
    engine: str
    quality: int | None = None

    @property
    def is_trade_number(self) -> bool:
        """Whether it is an EAN or UPC, or an ITF that checks as a GTIN."""
        return self.symbology in EAN_UPC or (self.symbology == "ITF" and gtin.normalise(self.text) is not None)

    @property
    def module_px(self) -> float | None:
        """The width of the narrowest bar in pixels, as the symbol's length tells; None where it does not matter."""
        modules = _modules(self.symbology, len(self.text))
        return None if modules is None else self._length / modules

    @property
    def is_linear(self) -> bool:
        """Whether it is a row of bars."""
        return self.symbology in _LINEAR or self.symbology.startswith("DataBar")

    @property
    def _length(self) -> float:
        first, second, third, fourth = self.corners
        sides = ((first, second), (second, third), (third, fourth), (fourth, first))
        return max(hypot(a[0] - b[0], a[1] - b[1]) for a, b in sides)


def _modules(symbology: str, characters: int) -> int | None:
    """Return how many narrow bars a weak symbol is wide; wide ones are taken for three narrow ones."""
    fixed = {"EAN-13": 95, "EAN-8": 67, "UPC-E": 51}
    each = {"ITF": (9, 9), "Code 39": (16, 32), "Codabar": (12, 0)}
    if symbology in fixed:
        return fixed[symbology]
    if symbology in each:
        one, ends = each[symbology]
        return one * characters + ends
    return None


def keys_of(text: str, *, identifier: str | None = None) -> frozenset[str]:
    """Return what a code may be known as: its GTIN with 14 digits, its shipping unit, its text."""
    return frozenset(parse(text, symbology=identifier).candidates)


def keys_of_all(texts: Iterable[str]) -> frozenset[str]:
    """Return what any of several texts may be known as."""
    return frozenset(key for text in texts for key in keys_of(text))
