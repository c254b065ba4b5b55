"""Draws a sheet as a PNG of black and white dots, the ones a thermal head prints."""

from io import BytesIO

from PIL import Image, ImageDraw

from pickmesh.scanner.labels import raster
from pickmesh.scanner.labels.sheet import DOTS_PER_MM, Box, Sheet

TIMES_MAX = 6
_MM_PER_INCH = 25.4


def draw(sheet: Sheet, *, times: int = 1) -> bytes:
    """Return a sheet as a PNG of 203 dpi, or of 2 to 6 `times` as much, so that bars stay whole dots wide.

    Raises ValueError for other times.
    """
    if not 1 <= times <= TIMES_MAX:
        raise ValueError(f"A picture has 1 to {TIMES_MAX} times 203 dpi, not {times} times.")
    picture = Image.new("1", (raster.dots(sheet.width, times=times), raster.dots(sheet.height, times=times)), 1)
    for element in sheet.elements:
        if isinstance(element, Box):
            _draw_box(picture, element, times)
        elif drawn := raster.raster_of(element, times=times):
            picture.paste(0, (drawn.x, drawn.y), drawn.ink)
    written, per_inch = BytesIO(), DOTS_PER_MM * times * _MM_PER_INCH
    picture.save(written, "PNG", dpi=(per_inch, per_inch), optimize=True)
    return written.getvalue()


def _draw_box(picture: Image.Image, element: Box, times: int) -> None:
    x, y, width, height, line = (
        raster.dots(length, times=times)
        for length in (element.x, element.y, element.width, element.height, element.line)
    )
    line = max(1, line)
    corner = (x + max(width, line) - 1, y + max(height, line) - 1)
    ImageDraw.Draw(picture).rectangle(((x, y), corner), outline=0, width=line)
