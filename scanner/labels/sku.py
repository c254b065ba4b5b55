"""The label of goods: names, our code, and the barcode as the bars it is known by at every till."""

import re
from dataclasses import dataclass
from datetime import date

from pickmesh.scanner.codes import gtin
from pickmesh.scanner.labels import fonts, sheet, symbols
from pickmesh.scanner.labels.bars import Symbology
from pickmesh.scanner.labels.sheet import Badge, Element, Sheet, Type

WIDTH_MM, HEIGHT_MM = 60, 40
CODE_LENGTH_MAX = 100

_MARGIN = 2.0
_LEADING = 1.15
_LOT = re.compile(
    r"[!-'*-Z_a-z]{1,20}"
)  # GS1 General Specifications, 82 characters, without the brackets we write with


@dataclass(frozen=True, slots=True)
class SkuLabel:
    """What stands on the label of goods; names are printed as given, "" when there is none.

    With a lot or an expiry date a GTIN is printed as GS1-128. Raises ValueError for a barcode of no or over 100
    characters, for a lot or a date beside a barcode that is no GTIN, for a lot GS1 cannot hold and for a unit
    quantity under 1.
    """

    code: str  # our SKU's
    barcode: str  # a GTIN, or any text; the SKU's own code when it has no other
    name_zh: str = ""
    name_en: str = ""
    unit_quantity: int = 1
    lot: str = ""
    expires_on: date | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.barcode) <= CODE_LENGTH_MAX:
            raise ValueError(f"A barcode to print has 1 to {CODE_LENGTH_MAX} characters, not {len(self.barcode)}.")
        if self.unit_quantity < 1:
            raise ValueError("A label stands for at least one piece.")
        if self.lot and _LOT.fullmatch(self.lot) is None:
            raise ValueError(
                f"Lot {self.lot!r} cannot be printed: use up to 20 letters, digits and signs, no brackets."
            )
        if (self.lot or self.expires_on) and gtin.normalise(self.barcode) is None:
            raise ValueError(f"{self.barcode!r} is no GTIN, and lot and expiry date are only printed beside one.")

    @property
    def symbol(self) -> tuple[Symbology, str]:
        """As which bars it is printed, and their text; GS1 has its identifiers in brackets."""
        number = gtin.normalise(self.barcode)
        if number is not None and (self.lot or self.expires_on):
            expiry = f"(17){self.expires_on:%y%m%d}" if self.expires_on else ""
            return Symbology.GS1_128, f"(01){number}{expiry}" + (f"(10){self.lot}" if self.lot else "")
        return symbols.retail_symbol(self.barcode) or (Symbology.CODE_128, self.barcode)


def lay_out(label: SkuLabel, *, width: float = WIDTH_MM, height: float = HEIGHT_MM) -> Sheet:
    """Set names and code above the bars; what is too long for bars is a QR right of them instead."""
    symbology, text = label.symbol
    scale = max(0.75, min(1.25, height / HEIGHT_MM))
    if symbols.fits(text, symbology, width=width):
        block = height * (0.4 if symbology.is_retail else 0.35)
        y = height - _MARGIN + 0.4 - block
        elements = _words(label, width=width - 2 * _MARGIN, bottom=y - 1.5 * scale, scale=scale)
        elements += symbols.barcode(
            text,
            symbology,
            left=0,
            width=width,
            y=y,
            height=block,
            size=3.4 * scale,
            module_dots_max=3 if width < 80 else 4,
        )
        return Sheet(width, height, tuple(elements))
    side = min(height, width * 0.45)
    square = sheet.square_in(
        text, x=width - side, y=(height - side) / 2, side=side, module_dots_max=7, gs1=symbology is Symbology.GS1_128
    )
    room = square.x - square.quiet - _MARGIN
    return Sheet(width, height, (*_words(label, width=room, bottom=height - _MARGIN, scale=scale), square))


def _words(label: SkuLabel, *, width: float, bottom: float, scale: float) -> list[Element]:
    """Set code and lot at the bottom, and the names in whatever height these leave."""
    size = 3 * scale
    facts = _facts(label, width=width, size=size)
    baseline = bottom - len(facts) * size * 1.3
    elements = _code(label, baseline, width=width, size=4.2 * scale)
    for place, fact in enumerate(facts, 1):
        shown, shown_size = fonts.fitted(fact, width=width, size=size, smallest=size * 0.6)
        elements.append(Type(_MARGIN, baseline + place * size * 1.3, shown_size, shown))
    height = baseline - 4.2 * scale * 1.15 - _MARGIN
    return [*_names(label, width=width, height=height, size=size), *elements]


def _facts(label: SkuLabel, *, width: float, size: float) -> list[str]:
    """Return lot and expiry date, on one line when it holds them."""
    lot = f"批号 LOT {label.lot}" if label.lot else ""
    expiry = f"有效期至 EXP {label.expires_on:%Y-%m-%d}" if label.expires_on else ""
    facts = [fact for fact in (lot, expiry) if fact]
    joined = "  ".join(facts)
    return facts if fonts.width_mm(joined, size) > width else [joined][: len(facts)]


def _names(label: SkuLabel, *, width: float, height: float, size: float) -> list[Element]:
    """Set the Chinese name on up to three lines, the English one below if there is room."""
    zh, en = fonts.printable(label.name_zh), fonts.printable(label.name_en)
    first, second = (zh, en) if zh else (en, "")
    second_height = size * 1.25 if second and height > size * 2.4 else 0.0
    lines, first_size = _name_lines(
        first,
        width=width / (1 + fonts.BOLD_STROKE),
        height=max(min(height - second_height, size * 5.4), size),
        size=size,
    )
    elements: list[Element] = [
        *sheet.paragraph(lines, x=_MARGIN, top=_MARGIN, size=first_size, leading=_LEADING, bold=True)
    ]
    if second_height:
        shown, second_size = fonts.fitted(second, width=width, size=size, smallest=size * 0.7)
        baseline = _MARGIN + len(lines) * first_size * _LEADING + size
        elements.append(Type(_MARGIN, baseline, second_size, shown))
    return elements


def _name_lines(name: str, *, width: float, height: float, size: float) -> tuple[list[str], float]:
    if not name:
        return [], size
    one, one_size = fonts.fitted(name, width=width, size=size * 1.6, smallest=size * 1.25)
    if one == name and one_size * _LEADING <= height:
        return [one], one_size
    sizes = tuple(size * factor for factor in (1.6, 1.45, 1.3, 1.15, 1, 0.85))
    return fonts.wrapped([name], width=width, height=height, sizes=sizes, leading=_LEADING)


def _code(label: SkuLabel, baseline: float, *, width: float, size: float) -> list[Element]:
    units = f"×{label.unit_quantity}" if label.unit_quantity > 1 else ""
    badge = fonts.width_mm(units, size) + 3 if units else 0.0
    code, code_size = fonts.fitted(fonts.printable(label.code), width=width - badge - 1, size=size, smallest=size * 0.5)
    elements: list[Element] = [Type(_MARGIN, baseline, code_size, code, bold=True)]
    if units:
        height = size * 1.3
        top = min(baseline - (size * fonts.CAP_HEIGHT + height) / 2, baseline + 0.4 - height)
        elements.append(Badge(_MARGIN + width - badge, top, badge, height, size, units))
    return elements
