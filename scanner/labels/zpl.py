"""Draws a sheet as ZPL II for thermal printers.

Code 128 is the printer's own (`^BC`). Type is sent as rasters (`^GFA`), because few printers hold a Chinese typeface
and a label must look alike on all of them. So are QR and retail symbols: with `^BQ` and `^BE` the printer would choose
the QR's version and mask and the digits' places itself, so that neither size nor quiet zone would be the laid out one,
nor the dots those that a test has read back. Rows that repeat cost one character, so rasters of bars stay short.
"""

from itertools import groupby

from PIL import Image

from pickmesh.scanner.labels import raster
from pickmesh.scanner.labels.bars import Symbology
from pickmesh.scanner.labels.raster import dots
from pickmesh.scanner.labels.sheet import Bars, Box, Element, Sheet

_HEX_ESCAPED = frozenset("^~_\\>")


def draw(sheet: Sheet, *, copies: int = 1) -> bytes:
    """Return a sheet as one ZPL II format in UTF-8, for heads of 8 dots per millimetre (203 dpi)."""
    fields = [field for element in sheet.elements if (field := _field(element))]
    head = ["^XA", "^CI28", f"^PW{dots(sheet.width)}", f"^LL{dots(sheet.height)}", "^LH0,0", "^LS0"]
    return "\n".join([*head, *fields, f"^PQ{copies}", "^XZ", ""]).encode()


def _field(element: Element) -> str:
    if isinstance(element, Box):
        line = max(1, dots(element.line))
        return f"^FO{_at(element.x, element.y)}^GB{dots(element.width)},{dots(element.height)},{line}^FS"
    if isinstance(element, Bars) and element.symbology is Symbology.CODE_128:
        data = "".join(f"_{ord(c):02X}" if c in _HEX_ESCAPED else c for c in element.text)
        height = dots(element.height)
        shape = f"^BY{element.module_dots}^BCN,{height},N,N,N,A"
        return f"^FO{_at(element.x, element.y)}{shape}^FH_^FD{data}^FS"
    drawn = raster.raster_of(element)
    return _raster_field(drawn.x, drawn.y, drawn.ink) if drawn else ""


def _raster_field(x: int, y: int, ink: Image.Image) -> str:
    row_bytes = (ink.width + 7) // 8
    data = ink.tobytes()
    rows = [data[start : start + row_bytes].hex().upper() for start in range(0, len(data), row_bytes)]
    return f"^FO{x},{y}^GFA,{len(data)},{len(data)},{row_bytes},{_compressed(rows)}^FS"


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
    return f"{dots(x)},{dots(y)}"
