"""The one typeface of our labels, Noto Sans SC (SIL OFL 1.1), shipped as a wheel: measuring, fitting, wrapping."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.fonts import TTFFont
from PIL import ImageFont

MISSING = "〓"  # what printers in China set for a character their fonts lack
ELLIPSIS = "…"
CAP_HEIGHT = 0.733  # of the type size
BOLD_STROKE = 0.04  # of the type size, both sides together: the wheel has one weight, bold is a thickened outline

_MEASURE_SIZE = 1000  # its design units, so that widths are exact


def font_path() -> Path:
    """Return where the installed typeface lies."""
    return pylopdf_fonts_zh_cn.sans_path()


@lru_cache(maxsize=64)
def face(size_dots: float) -> ImageFont.FreeTypeFont:
    """Load the typeface at a size in dots."""
    return ImageFont.truetype(str(font_path()), size_dots, layout_engine=ImageFont.Layout.BASIC)


def printable(text: str) -> str:
    """Keep what the typeface can print on one line: controls go, a character it lacks becomes `〓`."""
    known = _covered()
    speakable = (c for c in " ".join(text.split()) if unicodedata.category(c) not in {"Cc", "Cf", "Mn"})
    return "".join(c if ord(c) in known else MISSING for c in speakable)


def width_mm(text: str, size_mm: float) -> float:
    """Measure a line at a type size."""
    return face(_MEASURE_SIZE).getlength(text) * size_mm / _MEASURE_SIZE


def fitted(text: str, *, width: float, size: float, smallest: float) -> tuple[str, float]:
    """Return a line and the largest type size, in mm, at which it keeps to a width; cut with `…` at the smallest."""
    natural = width_mm(text, size)
    if natural <= width:
        return text, size
    if natural * smallest / size <= width:
        return text, size * width / natural
    return _cut(text, width=width, size=smallest), smallest


def wrapped(
    lines: Sequence[str], *, width: float, height: float, sizes: Sequence[float], leading: float
) -> tuple[list[str], float]:
    """Break lines to a width at the first of the type sizes (mm, falling) at which they keep to a height.

    What does not fit at the last size is cut with `…`.
    """
    broken: list[str] = []
    for size in sizes:
        broken = [part for line in lines for part in _broken(line, width=width, size=size)]
        if len(broken) * size * leading <= height:
            return broken, size
    room = max(1, int(height / (sizes[-1] * leading)))
    last = _cut(broken[room - 1] + ELLIPSIS, width=width, size=sizes[-1])
    return [*broken[: room - 1], last], sizes[-1]


def _broken(line: str, *, width: float, size: float) -> Iterator[str]:
    while line:
        count = _count_that_fits(line, width=width, size=size)
        if count < len(line):
            count = _before_word(line, count, width=width, size=size)
        yield line[:count].rstrip()
        line = line[count:].lstrip()


def _before_word(line: str, count: int, *, width: float, size: float) -> int:
    """Move a break before a Latin word or number rather than through it, unless no line would hold it whole."""
    start = end = count
    while start > 0 and _joined(line, start):
        start -= 1
    while end < len(line) and _joined(line, end):
        end += 1
    return start if start > 0 and width_mm(line[start:end], size) <= width else count


def _joined(line: str, place: int) -> bool:
    before, after = line[place - 1], line[place]
    return before.isascii() and after.isascii() and not (before.isspace() or after.isspace())


def _count_that_fits(line: str, *, width: float, size: float) -> int:
    low, high = 1, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_mm(line[:middle], size) <= width else (low, middle - 1)
    return low


def _cut(text: str, *, width: float, size: float) -> str:
    text = text.removesuffix(ELLIPSIS)
    while text and width_mm(text + ELLIPSIS, size) > width:
        text = text[:-1]
    return text + ELLIPSIS


@cache
def _covered() -> frozenset[int]:
    pdf = FPDF()
    pdf.add_font("label", "", font_path())
    font = pdf.fonts["label"]
    if not isinstance(font, TTFFont):
        raise TypeError(f"{font_path()} was not read as a typeface; reinstall pylopdf-fonts-zh-cn.")
    covered = frozenset(font.cmap)
    font.close()
    return covered
