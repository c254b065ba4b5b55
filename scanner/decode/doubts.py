"""Which readings a person should compare with what is printed: pure rules, measured on photographs.

Blur and spread ink turn 1 and 7, 2 and 8 of an EAN or UPC into each other with a right check digit; symbols with
strong checks, and what is expected here, are beyond doubt.
"""

from collections.abc import Collection

from PIL import Image

from pickmesh.scanner.codes.parse import CodeKind, parse
from pickmesh.scanner.decode import engines, sharpness
from pickmesh.scanner.decode.barcode import EAN_UPC, WEAK, Reading, keys_of

MODULE_PX_MIN = 1.5
MISMATCH_MAX = 0.13
"""Of 1,700 readings of spoilt drawings every wrong one was off by more, and one right one in thirty."""
QUALITY_SURE = 20
"""ZBar's readings of EAN and UPC under this were wrong one time in four, over it one time in a hundred and fifty."""


def is_expected(reading: Reading, expected: Collection[str]) -> bool:
    """Tell whether a reading is one of the keys expected here."""
    return bool(expected) and not keys_of(reading.text, identifier=reading.identifier).isdisjoint(expected)


def is_doubtful(reading: Reading, picture: Image.Image, *, expected: Collection[str], late: bool) -> bool:
    """Tell whether a single reading is open to doubt.

    `picture` is the version it was read in; `late` when that is one that makes things up.
    """
    if is_expected(reading, expected):
        return False
    if reading.symbology not in WEAK:
        return _is_guessed(reading)
    if _is_own_label(reading):
        return False
    if expected and reading.is_trade_number:
        return True
    weak_read = reading.quality is not None and reading.quality < QUALITY_SURE
    return late or weak_read or _is_tiny(reading) or not _looks_like(reading, picture)


def _is_tiny(reading: Reading) -> bool:
    return reading.module_px is not None and reading.module_px < MODULE_PX_MIN


def _looks_like(reading: Reading, picture: Image.Image) -> bool:
    """Tell whether the bars of an EAN look like its number; a UPC-E has too few to tell."""
    if reading.symbology not in EAN_UPC:
        return True
    off = sharpness.mismatch(picture, reading.corners, symbology=reading.symbology, text=reading.text)
    return off is not None and off <= MISMATCH_MAX


def _is_own_label(reading: Reading) -> bool:
    said = parse(reading.text, symbology=reading.identifier)
    return said.kind is CodeKind.OWN and said.checked


def _is_guessed(reading: Reading) -> bool:
    """Tell whether the letters are a guess: ZBar picks a QR code's character set by likelihood."""
    return reading.engine == engines.ZBAR and not reading.text.isascii()
