"""Draws a sheet as ZPL II for thermal printers.

Bars are the printer's own (`^BC`); type is sent as rasters (`^GFA`), because few printers hold a Chinese typeface
and a label must look alike on all of them.
"""

from itertools import groupby

from PIL import Image, ImageDraw

from pickmesh.scanner.labels import fonts
from pickmesh.scanner.labels.sheet import DOTS_PER_MM, Badge, Bars, Box, Sheet, Type

_HEX_ESCAPED = frozenset("^~_\\>")
_THRESHOLD = 128


def draw(sheet: Sheet) -> bytes:
    """Return a sheet as one ZPL II format in UTF-8, for heads of 8 dots per millimetre (203 dpi)."""
    fields = [field for element in sheet.elements if (field := _field(element))]
    head = ["^XA", "^CI28", f"^PW{_dots(sheet.width)}", f"^LL{_dots(sheet.height)}", "^LH0,0", "^LS0"]
    return "\n".join([*head, *fields, "^PQ1", "^XZ", ""]).encode()


def _field(element: Type | Box | Badge | Bars) -> str:
    match element:
        case Type():
            return _type_field(element)
        case Box():
            line = max(1, _dots(element.line))
            return f"^FO{_at(element.x, element.y)}^GB{_dots(element.width)},{_dots(element.height)},{line}^FS"
        case Badge():
            return _badge_field(element)
        case Bars():
            data = "".join(f"_{ord(c):02X}" if c in _HEX_ESCAPED else c for c in element.text)
            height = _dots(element.height)
            shape = f"^BY{element.module_dots}^BCN,{height},N,N,N,A"
            return f"^FO{_at(element.x, element.y)}{shape}^FH_^FD{data}^FS"


def _type_field(element: Type) -> str:
    size = element.size * DOTS_PER_MM
    left, baseline = round(size), round(2 * size)  # room on the canvas for whatever hangs over
    canvas = Image.new("L", (2 * left + round(fonts.width_mm(element.text, size)), round(3 * size)), 0)
    _draw_letters(canvas, element.text, left=left, baseline=baseline, size=size, level=255, bold=element.bold)
    inked = canvas.getbbox()
    if inked is None:
        return ""
    x, y = _dots(element.x) - left + inked[0], _dots(element.baseline) - baseline + inked[1]
    return _raster_field(x, y, canvas.crop(inked))


def _draw_letters(
    canvas: Image.Image, text: str, *, left: float, baseline: float, size: float, level: int, bold: bool
) -> None:
    """Draw each letter where the PDF has it: a whole line at once would drift, its steps being rounded to dots."""
    pen, face = ImageDraw.Draw(canvas), fonts.face(size)
    stroke = size * fonts.BOLD_STROKE / 2 if bold else 0
    for place, letter in enumerate(text):
        x = left + fonts.width_mm(text[:place], size)
        pen.text((x, baseline), letter, level, face, anchor="ls", stroke_width=stroke)


def _badge_field(element: Badge) -> str:
    width, height, size = _dots(element.width), _dots(element.height), element.size * DOTS_PER_MM
    canvas = Image.new("L", (width, height), 255)
    left = (width - fonts.width_mm(element.text, size)) / 2
    baseline = (height + size * fonts.CAP_HEIGHT) / 2
    _draw_letters(canvas, element.text, left=left, baseline=baseline, size=size, level=0, bold=True)
    return _raster_field(_dots(element.x), _dots(element.y), canvas)


def _raster_field(x: int, y: int, canvas: Image.Image) -> str:
    black = canvas.point(lambda level: 255 if level >= _THRESHOLD else 0).convert("1")
    row_bytes = (black.width + 7) // 8
    data = black.tobytes()
    rows = [data[start : start + row_bytes].hex().upper() for start in range(0, len(data), row_bytes)]
    return f"^FO{max(0, x)},{max(0, y)}^GFA,{len(data)},{len(data)},{row_bytes},{_compressed(rows)}^FS"


def _compressed(rows: list[str]) -> str:
    """Shorten hexadecimal rows by ZPL II's own scheme: repeat counts, `,` for zeros to the end, `:` for the same row.

    Its `!` (ones to the end) is left out: not every interpreter knows it.
    """
    parts, previous = [], None
    for row in rows:
        zeros_end = row.endswith("0")
        parts.append(":" if row == previous else _counted(row.rstrip("0")) + "," if zeros_end else _counted(row))
        previous = row
    return "".join(parts)


def _counted(row: str) -> str:
    return "".join(_repeat(len(list(run))) + digit for digit, run in groupby(row))


def _repeat(count: int) -> str:
    """Write a repeat count: g to z are 20 to 400 in twenties, G to Y are 1 to 19; nothing for once."""
    most = "z" * (count // 400)
    count %= 400
    twenties = chr(ord("f") + count // 20) if count >= 20 else ""
    ones = chr(ord("F") + count % 20) if count % 20 else ""
    whole = most + twenties + ones
    return "" if whole == "G" else whole


def _at(x: float, y: float) -> str:
    return f"{_dots(x)},{_dots(y)}"


def _dots(millimetres: float) -> int:
    return round(millimetres * DOTS_PER_MM)
