"""The label of a bin, a slot or a station: its code in letters that are read from two metres away, and as bars."""

from dataclasses import dataclass
from enum import StrEnum

from pickmesh.scanner.codes import own
from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.labels import fonts, large, sheet, symbols
from pickmesh.scanner.labels.bars import Symbology
from pickmesh.scanner.labels.sheet import Badge, Element, Sheet, Type

WIDTH_MM, HEIGHT_MM = 60, 40

_MARGIN = 2.0
_CODE_SIZE_MAX = 17.0


class Arrow(StrEnum):
    """Where the place lies as seen from its label."""

    UP = "UP"
    DOWN = "DOWN"


_ARROWS = {Arrow.UP: "▲", Arrow.DOWN: "▼"}


@dataclass(frozen=True, slots=True)
class PlaceLabel:
    """What stands on a place's label; `zone` and `location` are "" when there is nothing to say.

    Raises ValueError for a kind that is no place, and for a code that a label of ours cannot hold.
    """

    kind: OwnKind  # BIN, SLOT or STATION
    code: str
    zone: str = ""
    location: str = ""
    arrow: Arrow | None = None

    def __post_init__(self) -> None:
        if self.kind not in own.PLACE_KINDS:
            raise ValueError(f"A {self.kind.name.lower()} has a label of another kind.")
        own.label_text(self.kind, self.code)

    @property
    def text(self) -> str:
        """What its bars say: the kind's letter, the code and a check character."""
        return own.label_text(self.kind, self.code)


def lay_out(label: PlaceLabel, *, width: float = WIDTH_MM, height: float = HEIGHT_MM) -> Sheet:
    """Set zone and warehouse above, the code as large as it goes, bars below; a code too long for bars gets a QR."""
    scale = min(1.25, height / HEIGHT_MM)
    head = _head(label, width=width, size=3.4 * scale)
    top = _MARGIN + (6.4 * scale if head else 0)
    if symbols.fits(label.text, Symbology.CODE_128, width=width):
        return Sheet(width, height, (*head, *_over_bars(label, top, width=width, height=height)))
    return Sheet(width, height, (*head, *_beside_square(label, top, width=width, height=height)))


def _head(label: PlaceLabel, *, width: float, size: float) -> list[Element]:
    half = (width - 3 * _MARGIN) / 2
    elements: list[Element] = []
    zone, zone_size = fonts.fitted(fonts.printable(label.zone), width=half - 3, size=size, smallest=size * 0.6)
    if zone:
        badge = fonts.width_mm(zone, zone_size) + 3
        elements.append(Badge(_MARGIN, _MARGIN, badge, size * 1.4, zone_size, zone))
    where, where_size = fonts.fitted(fonts.printable(label.location), width=half, size=size, smallest=size * 0.6)
    if where:
        baseline = _MARGIN + size * 0.7 + where_size * fonts.CAP_HEIGHT / 2
        elements.append(sheet.right(where, edge=width - _MARGIN, baseline=baseline, size=where_size))
    return elements


def _over_bars(label: PlaceLabel, top: float, *, width: float, height: float) -> list[Element]:
    block = height * 0.36
    y = height - _MARGIN + 0.4 - block
    elements = _code(label, left=_MARGIN, top=top, width=width - 2 * _MARGIN, height=y - top - 1.5)
    elements += symbols.barcode(
        label.text, Symbology.CODE_128, left=0, width=width, y=y, height=block, size=3.4, module_dots_max=3
    )
    return elements


def _beside_square(label: PlaceLabel, top: float, *, width: float, height: float) -> list[Element]:
    side = min(height - top, width * 0.45)
    square = sheet.square_in(label.text, x=0, y=top + (height - top - side) / 2, side=side)
    left = square.x + square.size + square.quiet
    room = width - left - _MARGIN
    said = symbols.said_below(label.text, left=left, width=room, bottom=height - _MARGIN)
    room_above = said[0].baseline - said[0].size - top - 1
    return [square, *_code(label, left=left, top=top, width=room, height=room_above), *said]


def _code(label: PlaceLabel, *, left: float, top: float, width: float, height: float) -> list[Element]:
    """Set the code, and the arrow right of it."""
    arrow = fonts.printable(_ARROWS[label.arrow]) if label.arrow else ""
    size = min(height, width * 0.22) * 0.95 if arrow else 0.0
    arrow_width = fonts.width_mm(arrow, size) + 1 if arrow else 0.0
    code = label.code.strip().upper()
    elements: list[Element] = [
        *large.set_large(code, left=left, top=top, width=width - arrow_width, height=height, size_max=_CODE_SIZE_MAX)
    ]
    if arrow:
        baseline = top + height / 2 + size * fonts.CAP_HEIGHT / 2
        elements.append(Type(left + width - arrow_width + 1, baseline, size, arrow))
    return elements
