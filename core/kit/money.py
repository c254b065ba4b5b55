"""Money: amounts in integer minor units, prices in integer millionths of the major unit; currencies never mix."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

MICROS = 1_000_000
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3}
AMOUNT_MAX = 10**15
"""Largest amount in minor units and largest price in micros that is accepted from outside."""


def minor_digits(currency: str) -> int:
    """Return how many decimal digits the minor unit of an ISO 4217 currency has (2 unless listed)."""
    return _MINOR_DIGITS.get(currency, 2)


def line_amount(quantity: int, unit_price_micros: int, currency: str) -> int:
    """Return quantity × price in minor units, rounded half up once."""
    divisor = MICROS // int(10 ** minor_digits(currency))
    total = quantity * unit_price_micros
    rounded = (abs(total) + divisor // 2) // divisor
    return rounded if total >= 0 else -rounded


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount over weights by largest remainder, ties to the earlier line; parts sum exactly.

    All-zero weights share equally. A negative amount is spread as its mirror image.
    """
    if not weights:
        return []
    if amount < 0:
        return [-part for part in spread(-amount, weights)]
    shares = list(weights) if any(weights) else [1] * len(weights)
    total = sum(shares)
    parts = [amount * share // total for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda index: (-(amount * shares[index] % total), index))
    for index in by_remainder[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def parse_price(text: str) -> int:
    """Read a decimal price into micros; ValueError names what is wrong with it."""
    return _parse(text, 6, "price")


def parse_amount(text: str, currency: str) -> int:
    """Read a decimal amount into minor units; ValueError names what is wrong with it."""
    return _parse(text, minor_digits(currency), "amount")


def _parse(text: str, digits: int, what: str) -> int:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"“{text}” is not a {what}; write digits with a decimal point, such as 12.50") from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"{what} “{text}” must be zero or more")
    scaled = value.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{what} “{text}” has more than {digits} decimal places")
    if scaled > AMOUNT_MAX:
        raise ValueError(f"{what} “{text}” is too large")
    return int(scaled)


def format_amount(amount: int, currency: str) -> str:
    """Write minor units as people read them, such as 12.50 CNY."""
    return f"{Decimal(amount).scaleb(-minor_digits(currency)):f} {currency}"
