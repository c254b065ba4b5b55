"""Bars and squares by the engine that also reads them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import groupby

import zxingcpp
from PIL import Image
from zxingcpp import BarcodeFormat


class Symbology(Enum):
    """A kind of bars: zxing-cpp's format, and the modules to leave free at each side."""

    CODE_128 = (BarcodeFormat.Code128, 10)
    GS1_128 = (BarcodeFormat.Code128, 10, "GS1")
    EAN_13 = (BarcodeFormat.EAN13, 11)
    EAN_8 = (BarcodeFormat.EAN8, 7)
    UPC_A = (BarcodeFormat.UPCA, 9)
    ITF_14 = (BarcodeFormat.ITF, 10)  # without zxing's frame, which leaves no quiet zone

    @property
    def quiet(self) -> int:
        """Modules to leave free at each side."""
        return int(self.value[1])

    @property
    def is_retail(self) -> bool:
        """Tell whether its guard bars reach down between the digits."""
        return self in {Symbology.EAN_13, Symbology.EAN_8, Symbology.UPC_A}

    @property
    def bearer(self) -> int:
        """Modules of the bars along top and bottom; without them a slanting scan of an ITF-14 reads fewer digits."""
        return 2 if self is Symbology.ITF_14 else 0


SQUARE_QUIET = 4
"""Modules to leave free around a QR symbol."""
SQUARE_TEXT_MAX = 400
_GS1 = re.compile(r"\([0-9]{2,4}\)[!-'*-~]+(?:\([0-9]{2,4}\)[!-'*-~]+)*")
_DIGITS = re.compile(r"[0-9]+")
_LENGTHS = {Symbology.EAN_13: 13, Symbology.EAN_8: 8, Symbology.UPC_A: 12, Symbology.ITF_14: 14}


@dataclass(frozen=True, slots=True)
class Run:
    """A bar: its first module, its width in modules, whether it is a guard bar that reaches further down."""

    start: int
    width: int
    guards: bool


def _may_be_code_128(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _may_be_gs1(text: str) -> bool:
    return _GS1.fullmatch(text) is not None


_CHECKS: dict[Symbology, Callable[[str], bool]] = {
    Symbology.CODE_128: _may_be_code_128,
    Symbology.GS1_128: _may_be_gs1,
}
_ADVICE = {
    Symbology.CODE_128: "use printable ASCII characters",
    Symbology.GS1_128: "write application identifiers in brackets, as (01)04006381333931(10)A1",
}


@lru_cache(maxsize=256)
def modules(text: str, symbology: Symbology = Symbology.CODE_128) -> tuple[bool, ...]:
    """Return a symbol as modules from left to right, True where it is black.

    Code 128 takes printable ASCII, GS1-128 identifiers in brackets, the others their digits with the check digit.
    Raises ValueError for a text that is not of that kind.
    """
    return _rows(text, symbology)[0]


def fits_bars(text: str) -> bool:
    """Tell whether Code 128 can hold a text at all, however long."""
    return _may_be_code_128(text)


@lru_cache(maxsize=256)
def black_runs(text: str, symbology: Symbology = Symbology.CODE_128) -> tuple[Run, ...]:
    """Return a symbol's bars from left to right."""
    row, last = _rows(text, symbology)
    runs, start = [], 0
    for black, run in groupby(row):
        width = len(list(run))
        if black:
            runs.append(Run(start, width, guards=symbology.is_retail and last[start]))
        start += width
    return tuple(runs)


@lru_cache(maxsize=256)
def squares(text: str, *, gs1: bool = False) -> tuple[tuple[bool, ...], ...]:
    """Return a QR symbol, rows of modules from top to bottom, that stands a loss of 15 % (level M).

    `gs1` takes identifiers in brackets. Raises ValueError for a text that is empty, over 400 characters, or no GS1.
    """
    if not 0 < len(text) <= SQUARE_TEXT_MAX or (gs1 and not _may_be_gs1(text)):
        raise ValueError(f"{text[:60]!r} cannot be printed as QR; use 1 to {SQUARE_TEXT_MAX} characters.")
    more = {"gs1": True} if gs1 else {}
    symbol = zxingcpp.create_barcode(text, BarcodeFormat.QRCode, ec_level="M", **more)
    return levels_of(symbol)


def _rows(text: str, symbology: Symbology) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    length = _LENGTHS.get(symbology)
    allowed = _CHECKS[symbology](text) if length is None else _DIGITS.fullmatch(text) and len(text) == length
    name = symbology.name.replace("_", " ").capitalize()
    if not allowed:
        advice = _ADVICE.get(symbology, f"use {length} digits")
        raise ValueError(f"{text!r} cannot be printed as {name}; {advice}.")
    more = {"gs1": True} if symbology is Symbology.GS1_128 else {}
    rows = levels_of(zxingcpp.create_barcode(text, symbology.value[0], **more))
    return rows[0], rows[-1]


def levels_of(symbol: zxingcpp.Barcode) -> tuple[tuple[bool, ...], ...]:
    """Return a symbol's modules row by row, True where it is black, without its quiet zone."""
    picture = Image.fromarray(symbol.to_image(scale=1, add_quiet_zones=False))
    levels, width = picture.tobytes(), picture.width
    return tuple(tuple(level == 0 for level in levels[at : at + width]) for at in range(0, len(levels), width))
