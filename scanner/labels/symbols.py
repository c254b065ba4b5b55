"""A code as it is printed: which bars it gets, the digits below them, and QR where bars would be too long."""

from pickmesh.scanner.codes import gtin
from pickmesh.scanner.labels import bars, fonts, sheet
from pickmesh.scanner.labels.bars import Symbology
from pickmesh.scanner.labels.sheet import Bars, Element, Type

_RETAIL_DOTS_MAX = 4
_GROUPS = {Symbology.EAN_13: (1, 6, 6, 0), Symbology.EAN_8: (0, 4, 4, 0), Symbology.UPC_A: (1, 5, 5, 1)}
"""Digits left of the symbol, under its halves, and right of it."""
_OUTER_MODULES = {Symbology.EAN_13: 3, Symbology.EAN_8: 3, Symbology.UPC_A: 10}
"""Modules of the guard at each end, for UPC-A with the digit's own bars, which are as long."""
_CENTRE_MODULES = 5


def retail_symbol(number: str) -> tuple[Symbology, str] | None:
    """Return as which bars a GTIN is printed, with its digits there; None when the text is no GTIN.

    Kept as 14 digits, it says by its zeros what it was: an EAN-8, UPC-A, EAN-13, or the ITF-14 of a case.
    """
    full = gtin.normalise(number)
    if full is None:
        return None
    for zeros, symbology in (("000000", Symbology.EAN_8), ("00", Symbology.UPC_A), ("0", Symbology.EAN_13)):
        if full.startswith(zeros):
            return symbology, full[len(zeros) :]
    return Symbology.ITF_14, full


def fits(text: str, symbology: Symbology, *, width: float) -> bool:
    """Tell whether bars of two dots a module fit a width with their quiet zones; no text that bars cannot hold does."""
    if symbology is Symbology.CODE_128 and not bars.fits_bars(text):
        return False
    count = len(bars.modules(text, symbology)) + 2 * symbology.quiet
    return count * sheet.MODULE_DOTS_MIN / sheet.DOTS_PER_MM <= width


def barcode(
    text: str,
    symbology: Symbology,
    *,
    left: float,
    width: float,
    y: float,
    height: float,
    size: float,
    module_dots_max: int = _RETAIL_DOTS_MAX,
) -> list[Element]:
    """Set bars in the middle of a width and, within the height, what people read of them below, at a type size."""
    below = size * fonts.CAP_HEIGHT + 0.8
    symbol = sheet.centred_bars(
        text,
        left=left,
        width=width,
        y=sheet.on_dot(y),
        height=height - below,
        module_dots_max=module_dots_max,
        symbology=symbology,
    )
    baseline = y + height
    if symbology.is_retail:
        return _with_guards(symbol, baseline=baseline, size=size)
    shown, shown_size = fonts.fitted(text, width=width - 4, size=size, smallest=size * 0.6)
    return [symbol, sheet.centred(shown, left=left, width=width, baseline=baseline, size=shown_size)]


def said_below(text: str, *, left: float, width: float, bottom: float) -> list[Type]:
    """Set what a symbol says in small type on one or two lines, for whoever has to type it."""
    lines, size = fonts.wrapped([text], width=width, height=6, sizes=(3.2, 2.8, 2.4, 2.0, 1.6), leading=1.15)
    return sheet.paragraph(lines, x=left, top=bottom - len(lines) * size * 1.15, size=size, leading=1.15)


def _with_guards(symbol: Bars, *, baseline: float, size: float) -> list[Element]:
    """Let the guard bars reach down between the digits, as on every packet."""
    guard = min(5 * symbol.module, (baseline - symbol.y - symbol.height) * 0.6)
    longer = Bars(symbol.x, symbol.y, symbol.height, symbol.text, symbol.module_dots, symbol.symbology, guard)
    before, first, second, after = _GROUPS[symbol.symbology]
    outer = _OUTER_MODULES[symbol.symbology] * symbol.module
    half = (symbol.width - 2 * outer - _CENTRE_MODULES * symbol.module) / 2
    digits, middle = symbol.text, symbol.x + symbol.width / 2
    elements: list[Element] = [longer]
    if before:
        elements.append(sheet.right(digits[:before], edge=symbol.x - 1, baseline=baseline, size=size))
    elements += _spread(digits[before : before + first], symbol.x + outer, half, baseline=baseline, size=size)
    right_half = middle + _CENTRE_MODULES * symbol.module / 2
    elements += _spread(digits[before + first :][:second], right_half, half, baseline=baseline, size=size)
    if after:
        elements.append(Type(symbol.x + symbol.width + 1, baseline, size, digits[-after:]))
    return elements


def _spread(digits: str, left: float, width: float, *, baseline: float, size: float) -> list[Element]:
    """Set digits evenly over a width, each in the middle of its share."""
    share = width / len(digits)
    return [
        sheet.centred(digit, left=left + place * share, width=share, baseline=baseline, size=size)
        for place, digit in enumerate(digits)
    ]
