"""A label as data: where type, boxes and bars lie, in millimetres from the top left; pdf.py and zpl.py draw it."""

from dataclasses import dataclass

from pickmesh.scanner.labels import bars, fonts

DOTS_PER_MM = 8  # a 203 dpi thermal head; bars are whole dots wide so that they print as drawn


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
    """A Code 128 symbol without quiet zones; the caller leaves ten modules free at each side."""

    x: float
    y: float
    height: float
    text: str
    module_dots: int  # of DOTS_PER_MM

    @property
    def module(self) -> float:
        """Width of the narrowest bar in mm."""
        return self.module_dots / DOTS_PER_MM


Element = Type | Box | Badge | Bars


@dataclass(frozen=True, slots=True)
class Sheet:
    """A label's size and what lies on it."""

    width: float
    height: float
    elements: tuple[Element, ...]


def centred(text: str, *, left: float, width: float, baseline: float, size: float, bold: bool = False) -> Type:
    """Set a line in the middle of a width it is known to keep to."""
    return Type(left + (width - fonts.width_mm(text, size)) / 2, baseline, size, text, bold)


def right(text: str, *, edge: float, baseline: float, size: float, bold: bool = False) -> Type:
    """Set a line so that it ends at an edge."""
    return Type(edge - fonts.width_mm(text, size), baseline, size, text, bold)


def centred_bars(text: str, *, left: float, width: float, y: float, height: float, module_dots_max: int) -> Bars:
    """Set a symbol in the middle of a width, as wide as it goes with its quiet zones.

    Raises ValueError when even modules of two dots (0.25 mm) do not fit: a thermal head cannot print finer ones.
    """
    count = len(bars.modules(text))
    for dots in range(module_dots_max, 1, -1):
        bars_width = count * dots / DOTS_PER_MM
        if bars_width + 20 * dots / DOTS_PER_MM <= width:
            x = round((left + (width - bars_width) / 2) * DOTS_PER_MM) / DOTS_PER_MM
            return Bars(x, y, height, text, dots)
    raise ValueError(f"{text!r} is too long for a barcode of {width:g} mm; shorten it or use a wider label.")
