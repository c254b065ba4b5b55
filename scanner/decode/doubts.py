"""Which readings a person should compare with what is printed: pure rules, measured on photographs.

Blur and spread ink turn 1 and 7, 2 and 8 of an EAN or UPC into each other with a right check digit; symbols with
strong checks, and what is expected here, are beyond doubt.
"""

from collections.abc import Collection

from pickmesh.scanner.codes.parse import CodeKind, parse
from pickmesh.scanner.decode import engines
from pickmesh.scanner.decode.barcode import WEAK, Reading, keys_of

MODULE_PX_MIN = 1.5
QUALITY_SURE = 20
"""ZBar's readings of EAN and UPC under this were wrong one time in four, over it one time in a hundred and fifty."""


def is_expected(reading: Reading, expected: Collection[str]) -> bool:
    """Tell whether a reading is one of the keys expected here."""
    return bool(expected) and not keys_of(reading.text, identifier=reading.identifier).isdisjoint(expected)


def is_doubtful(reading: Reading, *, expected: Collection[str], late: bool) -> bool:
    """Tell whether a single reading is open to doubt; `late` when it took a version that makes things up."""
    if is_expected(reading, expected):
        return False
    if reading.symbology not in WEAK:
        return _is_guessed(reading)
    if _is_own_label(reading):
        return False
    if expected and reading.is_trade_number:
        return True
    return late or _is_tiny(reading) or (reading.quality is not None and reading.quality < QUALITY_SURE)


def _is_tiny(reading: Reading) -> bool:
    return reading.module_px is not None and reading.module_px < MODULE_PX_MIN


def _is_own_label(reading: Reading) -> bool:
    said = parse(reading.text, symbology=reading.identifier)
    return said.kind is CodeKind.OWN and said.checked


def _is_guessed(reading: Reading) -> bool:
    """Tell whether the letters are a guess: ZBar picks a QR code's character set by likelihood."""
    return reading.engine == engines.ZBAR and not reading.text.isascii()
