"""Trade item numbers: EAN-8, UPC-A, UPC-E, EAN-13 and ITF-14, all kept as 14 digits."""

import re

from pickmesh.scanner.codes import check

LENGTHS = frozenset({8, 12, 13, 14})

_DIGITS = re.compile(r"[0-9]+")


def normalise(text: str) -> str | None:
    """Return a GTIN of 8, 12, 13 or 14 digits as 14 digits; None when it is none or its check digit is wrong."""
    if not has_shape(text) or not text.strip("0"):
        return None
    return text.zfill(14) if check.check_digit(text[:-1]) == text[-1] else None


def has_shape(text: str) -> bool:
    """Tell whether a text is ASCII digits in the number a GTIN may have, whatever its check digit."""
    return len(text) in LENGTHS and _DIGITS.fullmatch(text) is not None


def with_check_digit(first_digits: str) -> str:
    """Append the check digit to the first 7, 11, 12 or 13 digits of a GTIN.

    Raises ValueError on anything else.
    """
    if len(first_digits) + 1 not in LENGTHS or _DIGITS.fullmatch(first_digits) is None:
        raise ValueError(f"A GTIN lacks its check digit at 7, 11, 12 or 13 digits, not as {first_digits!r}.")
    return first_digits + check.check_digit(first_digits)


def expand_upc_e(text: str) -> str | None:
    """Return the UPC-A of a UPC-E of 6, 7 or 8 digits; None when it is none or its check digit is wrong.

    Six digits lack number system and check digit, seven lack the check digit (the system is then 0), as scanners may
    be set to send them. Source: GS1 General Specifications, zero-suppressed UPC-E.
    """
    if len(text) not in {6, 7, 8} or _DIGITS.fullmatch(text) is None:
        return None
    system, six = ("0", text) if len(text) == 6 else (text[0], text[1:7])
    if system not in "01":
        return None
    full = with_check_digit(system + _unsuppressed(six))
    return None if len(text) == 8 and full[-1] != text[-1] else full


def _unsuppressed(six: str) -> str:
    last = six[5]
    if last in "012":
        return six[:2] + last + "0000" + six[2:5]
    if last == "3":
        return six[:3] + "00000" + six[3:5]
    if last == "4":
        return six[:4] + "00000" + six[4]
    return six[:5] + "0000" + last
