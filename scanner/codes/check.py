"""Check characters: ISO 7064 MOD 37,36 for our own labels, the GS1 standard check digit for trade numbers."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def check_character(payload: str) -> str:
    """Return the ISO 7064 MOD 37,36 check character of a text of digits and capital letters.

    It catches every single wrong character and nearly every swap of two neighbours.
    Raises ValueError on any other character. Source: ISO/IEC 7064, hybrid system MOD 37,36.
    """
    remainder = 36
    for character in payload:
        if character not in _VALUES:
            raise ValueError(f"Only digits and capital letters have a check character, not {character!r}.")
        total = (remainder + _VALUES[character]) % 36 or 36
        remainder = total * 2 % 37
    return ALPHABET[(1 - remainder) % 36]


def check_digit(digits: str) -> str:
    """Return the GS1 standard check digit of the ASCII digits before it (GTIN, SSCC); weights 3, 1 from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)
