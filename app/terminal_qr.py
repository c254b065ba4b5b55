"""A QR code in a terminal: two modules a character in half blocks, black on white whatever the terminal's colours."""

import zxingcpp
from rich.console import Console
from rich.style import Style
from rich.text import Text

from pickmesh.scanner.labels import bars

QUIET_COLUMNS = 4
QUIET_ROWS = 2
"""The standard asks for four modules of white on all sides; two above and below are read as well and save lines."""
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def lines(text: str) -> list[str]:
    """Return a QR code with its quiet zone as lines of half blocks, to be printed black on white.

    It has the lowest error correction: a screen has no scratches, and a small code must fit into few lines.
    """
    bare = bars.levels_of(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="L"))
    width = len(bare[0]) + 2 * QUIET_COLUMNS
    white, margin = [False] * width, [False] * QUIET_COLUMNS
    rows = [white] * QUIET_ROWS + [[*margin, *row, *margin] for row in bare] + [white] * QUIET_ROWS
    rows += [white] * (len(rows) % 2)
    return [
        "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def show(console: Console, text: str) -> None:
    """Print a QR code where it can be read: not without a terminal with colours and width; print the text too."""
    drawn = lines(text)
    has_colours = console.color_system is not None and not console.no_color
    if not console.is_terminal or not has_colours or console.width < len(drawn[0]):
        return
    style = Style(color="#000000", bgcolor="#ffffff")
    for line in drawn:
        console.print(Text(line, style), no_wrap=True, crop=False)
