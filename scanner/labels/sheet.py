"""A label as data: where type, boxes and bars lie, in millimetres from the top left; pdf.py, zpl.py, png.py draw it."""

from dataclasses import dataclass, replace

from pickmesh.scanner.labels import bars, fonts
from pickmesh.scanner.labels.bars import Symbology

DOTS_PER_MM = 8  # a 203 dpi thermal head; bars are whole dots wide so that they print as drawn
MODULE_DOTS_MIN = 2  # 0.25 mm: a thermal head cannot print finer bars so that hand scanners read them
SQUARE_DOTS_MIN = 3


@dataclass(frozen=True, slots=True)
class Type:
    """One line of type; `baseline` is where the letters stand, `size` the type size."""

    x: float
    baseline: float
    size: float
    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle's outline; without height or width it is a rule."""

    x: float
    y: float
    width: float
    height: float
    line: float = 0.25


@dataclass(frozen=True, slots=True)
class Badge:
    """White bold type, centred on a black rectangle."""

    x: float
    y: float
    width: float
    height: float
    size: float
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A symbol of bars without quiet zones, which the caller leaves free; guard bars are `guard` mm longer."""

    x: float
    y: float
    height: float
    text: str
    module_dots: int  # of DOTS_PER_MM
    symbology: Symbology = Symbology.CODE_128
    guard: float = 0

    @property
    def module(self) -> float:
        """Width of the narrowest bar in mm."""
        return self.module_dots / DOTS_PER_MM

    @property
    def width(self) -> float:
        """Width in mm, quiet zones not counted."""
        return len(bars.modules(self.text, self.symbology)) * self.module


@dataclass(frozen=True, slots=True)
class Square:
    """A QR symbol without its quiet zone of four modules, which the caller leaves free."""

    x: float
    y: float
    text: str
    module_dots: int  # of DOTS_PER_MM
    gs1: bool = False

    @property
    def module(self) -> float:
        """Width of one module in mm."""
        return self.module_dots / DOTS_PER_MM

    @property
    def size(self) -> float:
        """Width and height in mm, the quiet zone not counted."""
        return len(bars.squares(self.text, gs1=self.gs1)) * self.module

    @property
    def quiet(self) -> float:
        """What must be free at each side, in mm."""
        return bars.SQUARE_QUIET * self.module


Element = Type | Box | Badge | Bars | Square


@dataclass(frozen=True, slots=True)
class Sheet:
    """A label's size and what lies on it."""

    width: float
    height: float
    elements: tuple[Element, ...]


def moved(element: Element, *, right: float, down: float) -> Element:
    """Return an element further right and down."""
    if isinstance(element, Type):
        return replace(element, x=element.x + right, baseline=element.baseline + down)
    return replace(element, x=element.x + right, y=element.y + down)


def centred(text: str, *, left: float, width: float, baseline: float, size: float, bold: bool = False) -> Type:
    """Set a line in the middle of a width it is known to keep to."""
    return Type(left + (width - fonts.width_mm(text, size)) / 2, baseline, size, text, bold)


def right(text: str, *, edge: float, baseline: float, size: float, bold: bool = False) -> Type:
    """Set a line so that it ends at an edge."""
    return Type(edge - fonts.width_mm(text, size), baseline, size, text, bold)


def paragraph(lines: list[str], *, x: float, top: float, size: float, leading: float, bold: bool = False) -> list[Type]:
    """Set lines one under the other."""
    return [Type(x, top + size * leading * (place + 0.82), size, line, bold) for place, line in enumerate(lines)]


def centred_bars(
    text: str,
    *,
    left: float,
    width: float,
    y: float,
    height: float,
    module_dots_max: int,
    symbology: Symbology = Symbology.CODE_128,
) -> Bars:
    """Set a symbol in the middle of a width, as wide as it goes with its quiet zones.

    Raises ValueError when even modules of two dots (0.25 mm) do not fit: a thermal head cannot print finer ones.
    """
    count = len(bars.modules(text, symbology))
    for dots in range(module_dots_max, MODULE_DOTS_MIN - 1, -1):
        bars_width = count * dots / DOTS_PER_MM
        if bars_width + 2 * symbology.quiet * dots / DOTS_PER_MM <= width:
            return Bars(on_dot(left + (width - bars_width) / 2), y, height, text, dots, symbology)
    raise ValueError(f"{text!r} is too long for a barcode of {width:g} mm; shorten it or use a wider label.")


def square_in(text: str, *, x: float, y: float, side: float, module_dots_max: int = 12, gs1: bool = False) -> Square:
    """Set a QR symbol in the middle of a square area, as large as it goes with its quiet zone.

    Raises ValueError when modules of three dots (0.375 mm) do not fit.
    """
    count = len(bars.squares(text, gs1=gs1))
    dots = min(module_dots_max, int(side * DOTS_PER_MM / (count + 2 * bars.SQUARE_QUIET)))
    if dots < SQUARE_DOTS_MIN:
        raise ValueError(f"{text[:60]!r} is too long for a QR symbol of {side:g} mm; use a larger label.")
    margin = (side - count * dots / DOTS_PER_MM) / 2
    return Square(on_dot(x + margin), on_dot(y + margin), text, dots, gs1)


def on_dot(millimetres: float) -> float:
    """Return the nearest place that is a whole number of dots."""
    return round(millimetres * DOTS_PER_MM) / DOTS_PER_MM
