"""The label of a tote: its number large, bars for hand scanners, and a QR that a phone reads from any side."""

from dataclasses import dataclass

from pickmesh.scanner.codes import own
from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.labels import fonts, large, sheet, symbols
from pickmesh.scanner.labels.bars import Symbology
from pickmesh.scanner.labels.sheet import Element, Sheet

WIDTH_MM, HEIGHT_MM = 60, 40

_MARGIN = 2.0


@dataclass(frozen=True, slots=True)
class ToteLabel:
    """What stands on a tote's label: its number, as T-0007, or whatever place code a warehouse gave it.

    Raises ValueError for a code that a label of ours cannot hold.
    """

    number: str
    location: str = ""

    def __post_init__(self) -> None:
        own.label_text(OwnKind.SLOT, self.number)

    @property
    def text(self) -> str:
        """What its bars say; a tote without a number is labelled as the place it is."""
        try:
            text = own.label_text(OwnKind.TOTE, self.number)
        except ValueError:
            text = ""
        spelled = text.rpartition("-")[0]
        return text if spelled == self.number.strip().upper() else own.label_text(OwnKind.SLOT, self.number)


def lay_out(label: ToteLabel, *, width: float = WIDTH_MM, height: float = HEIGHT_MM) -> Sheet:
    """Set the QR left, the number right of it, bars below; a number too long for bars has the QR alone."""
    has_bars = symbols.fits(label.text, Symbology.CODE_128, width=width)
    block = height * 0.36 if has_bars else 0.0
    band = height - block - (1 if has_bars else 0)
    square = sheet.square_in(label.text, x=0, y=0, side=min(band, width * 0.5))
    left = square.x + square.size + max(square.quiet, 2)
    room = width - left - _MARGIN
    elements: list[Element] = [square]
    if has_bars:
        y = height - _MARGIN + 0.4 - block
        elements += symbols.barcode(
            label.text, Symbology.CODE_128, left=0, width=width, y=y, height=block, size=3.4, module_dots_max=4
        )
        bottom = y - 1.5
    else:
        said = symbols.said_below(label.text, left=left, width=room, bottom=height - _MARGIN)
        elements += said
        bottom = said[0].baseline - said[0].size - 1
    elements += _number(label, left=left, width=room, bottom=bottom)
    return Sheet(width, height, tuple(elements))


def _number(label: ToteLabel, *, left: float, width: float, bottom: float) -> list[Element]:
    size_max = min(3.4, bottom * 0.16)
    where, size = fonts.fitted(fonts.printable(label.location), width=width, size=size_max, smallest=size_max * 0.6)
    above = size + 0.8 if where else 0.0
    number = label.number.strip().upper()
    top = _MARGIN + above
    elements: list[Element] = [
        *large.set_large(number, left=left, top=top, width=width, height=bottom - top, size_max=16)
    ]
    if where:
        elements.append(sheet.right(where, edge=left + width, baseline=_MARGIN + size * 0.8, size=size))
    return elements
