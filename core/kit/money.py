"""Money: amounts in integer minor units, prices in integer millionths of the major unit; currencies never mix."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from pickmesh.core.kit.texts import sentence

MICROS = 1_000_000
_CURRENCIES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR
RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD
TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CURRENCIES.split())
"""ISO 4217 codes of money in use in 2026, without funds, metals and codes for testing."""

_WITHOUT_MINOR = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_IN_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_MINOR_DIGITS = {**dict.fromkeys(_WITHOUT_MINOR.split(), 0), **dict.fromkeys(_IN_THOUSANDTHS.split(), 3)}
_OFTEN_MEANT = {"RMB": "CNY", "CNH": "CNY", "NTD": "TWD", "UKP": "GBP"}
AMOUNT_MAX = 10**15
"""Largest amount in minor units and largest price in micros that is accepted from outside."""


def minor_digits(currency: str) -> int:
    """Return how many decimal digits the minor unit of an ISO 4217 currency has (2 unless listed)."""
    return _MINOR_DIGITS.get(currency, 2)


def currency_problem(code: str) -> str | None:
    """Return the sentence that tells why a text is no currency, None when it is one."""
    if code in CURRENCIES:
        return None
    meant = _OFTEN_MEANT.get(code.upper(), code.upper())
    if meant in CURRENCIES:
        return sentence("“{code}” is no currency code; write {meant}.", code=code[:20], meant=meant)
    return sentence(
        "“{code}” is no currency code; write its three capital letters (ISO 4217), such as CNY.", code=code[:20]
    )


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
    return _parse(text, 6, "a price")


def parse_amount(text: str, currency: str) -> int:
    """Read a decimal amount into minor units; ValueError names what is wrong with it."""
    return _parse(text, minor_digits(currency), "an amount")


def _parse(text: str, digits: int, what: str) -> int:
    noun = what.rsplit(maxsplit=1)[-1]
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"“{text}” is not {what}; write digits with a decimal point, such as 12.50") from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"{noun} “{text}” must be zero or more")
    scaled = value.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{noun} “{text}” has more than {digits} decimal places")
    if scaled > AMOUNT_MAX:
        raise ValueError(f"{noun} “{text}” is too large")
    return int(scaled)


def format_amount(amount: int, currency: str) -> str:
    """Write minor units as people read them, such as 12.50 CNY."""
    return f"{Decimal(amount).scaleb(-minor_digits(currency)):f} {currency}"
