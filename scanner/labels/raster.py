"""Elements of a sheet as black dots: what a thermal head prints and what a picture shows."""

from dataclasses import dataclass

from PIL import Image, ImageDraw

from pickmesh.scanner.labels import bars, fonts
from pickmesh.scanner.labels.sheet import DOTS_PER_MM, Badge, Bars, Square, Type

_THRESHOLD = 128


@dataclass(frozen=True, slots=True)
class Raster:
    """Dots and where their top left one lies; `ink` is of mode 1, set where it is black."""

    x: int
    y: int
    ink: Image.Image


def raster_of(element: Type | Badge | Bars | Square, *, times: int = 1) -> Raster | None:
    """Return an element as dots, `times` as many per mm as a 203 dpi head has; None when it shows nothing."""
    match element:
        case Type():
            return _type(element, times)
        case Badge():
            return _badge(element, times)
        case Bars():
            return _bars(element, times)
        case Square():
            return _square(element, times)


def dots(millimetres: float, *, times: int = 1) -> int:
    """Return a length in whole dots."""
    return round(millimetres * DOTS_PER_MM * times)


def _type(element: Type, times: int) -> Raster | None:
    size = element.size * DOTS_PER_MM * times
    left, baseline = round(size), round(2 * size)  # room on the canvas for whatever hangs over
    canvas = Image.new("L", (2 * left + round(fonts.width_mm(element.text, size)), round(3 * size)), 0)
    _draw_letters(canvas, element.text, left=left, baseline=baseline, size=size, level=255, bold=element.bold)
    inked = canvas.getbbox()
    if inked is None:
        return None
    x = dots(element.x, times=times) - left + inked[0]
    y = dots(element.baseline, times=times) - baseline + inked[1]
    return Raster(max(0, x), max(0, y), _ink(canvas.crop(inked)))


def _badge(element: Badge, times: int) -> Raster:
    width, height = dots(element.width, times=times), dots(element.height, times=times)
    size = element.size * DOTS_PER_MM * times
    canvas = Image.new("L", (width, height), 255)
    left = (width - fonts.width_mm(element.text, size)) / 2
    baseline = (height + size * fonts.CAP_HEIGHT) / 2
    _draw_letters(canvas, element.text, left=left, baseline=baseline, size=size, level=0, bold=True)
    return Raster(dots(element.x, times=times), dots(element.y, times=times), _ink(canvas))


def _bars(element: Bars, times: int) -> Raster:
    step, height = element.module_dots * times, dots(element.height, times=times)
    guarded = dots(element.height + element.guard, times=times)
    canvas = Image.new("1", (len(bars.modules(element.text, element.symbology)) * step, guarded), 0)
    for run in bars.black_runs(element.text, element.symbology):
        bottom = guarded if run.guards else height
        canvas.paste(1, (run.start * step, 0, (run.start + run.width) * step, bottom))
    bearer = element.symbology.bearer * step
    if bearer:
        canvas.paste(1, (0, 0, canvas.width, bearer))
        canvas.paste(1, (0, height - bearer, canvas.width, height))
    return Raster(dots(element.x, times=times), dots(element.y, times=times), canvas)


def _square(element: Square, times: int) -> Raster:
    rows = bars.squares(element.text, gs1=element.gs1)
    canvas = Image.new("1", (len(rows), len(rows)), 0)
    canvas.putdata([255 if black else 0 for row in rows for black in row])
    side = len(rows) * element.module_dots * times
    ink = canvas.resize((side, side), Image.Resampling.NEAREST)
    return Raster(dots(element.x, times=times), dots(element.y, times=times), ink)


def _draw_letters(
    canvas: Image.Image, text: str, *, left: float, baseline: float, size: float, level: int, bold: bool
) -> None:
    """Draw each letter where the PDF has it: a whole line at once would drift, its steps being rounded to dots."""
    pen, face = ImageDraw.Draw(canvas), fonts.face(size)
    stroke = size * fonts.BOLD_STROKE / 2 if bold else 0
    for place, letter in enumerate(text):
        x = left + fonts.width_mm(text[:place], size)
        pen.text((x, baseline), letter, level, face, anchor="ls", stroke_width=stroke)


def _ink(canvas: Image.Image) -> Image.Image:
    return canvas.point(lambda level: 255 if level >= _THRESHOLD else 0).convert("1")
