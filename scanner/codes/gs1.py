"""GS1 element strings, their bracketed spelling and Digital Links, read by biip and judged with more suspicion.

biip keeps a message whose GTIN or SSCC has a wrong check digit, and finds "messages" in plain digits; so a text is
taken for GS1 only when its symbol says so, when it holds separators, or when it begins with a number that checks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from biip import ParseError
from biip.gs1_application_identifiers import GS1ApplicationIdentifier
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementStrings
from biip.gs1_messages import GS1Message

from pickmesh.scanner.codes import gtin, wedge
from pickmesh.scanner.codes.texts import sentence

SYMBOLOGIES = frozenset({"]C1", "]d2", "]Q3", "]e0", "]J1"})
"""AIM identifiers of the symbols that promise GS1 data: GS1-128, DataMatrix, QR, DataBar, DotCode."""

_NAMES_BEGIN = ("GS1", "DATABAR")

_GRAMS_BY_IDENTIFIER = {"310": Decimal(1000), "330": Decimal(1000), "320": Decimal("453.59237")}
_EXPIRY_IDENTIFIERS = ("17", "7003", "15")
_BRACKETED = re.compile(r"\(([0-9]{2,4})\)")
_LINK = re.compile(r"https?://[^/?#]+/(?:[^?#]*/)?0[01]/", re.IGNORECASE)
_WEAK_BEGINNING = re.compile(r"0[0-2][0-9]{14}")
_UNREADABLE = sentence("These GS1 data cannot be read: scan again, or scan the item's other barcode.")


@dataclass(frozen=True, slots=True)
class Elements:
    """What a GS1 text says, as far as a warehouse asks; a problem leaves the wrong number out, the rest stands."""

    gtin: str | None = None  # 14 digits
    sscc: str | None = None  # 18 digits
    lot: str | None = None
    serial: str | None = None
    expires_on: date | None = None
    weight_g: int | None = None  # net, else gross
    quantity: int | None = None
    problem: str | None = None


def is_promised_by(symbology: str | None) -> bool:
    """Tell whether a symbol, by AIM identifier or by a decoder's name in capitals and digits, holds GS1 data."""
    return symbology is not None and (symbology in SYMBOLOGIES or symbology.startswith(_NAMES_BEGIN))


def read_elements(text: str, *, symbology: str | None) -> Elements | None:
    """Read a cleaned text as GS1; None when nothing says that it is GS1.

    A two-digit year is read as biip does: at most 49 years back and 50 years ahead of today.
    """
    if not text.isascii():
        return None
    if _LINK.match(text):
        return _read_link(text)
    promised = is_promised_by(symbology)
    if text.startswith("("):
        return _read_bracketed(text, promised=promised)
    body = text.lstrip(wedge.GROUP_SEPARATOR)
    if promised or wedge.GROUP_SEPARATOR in text:
        return _elements(_parsed(GS1Message.parse, body))
    return _read_unmarked(body)


def _read_link(text: str) -> Elements | None:
    try:
        strings = GS1DigitalLinkURI.parse(text).element_strings
    except (ParseError, ValueError, ArithmeticError):
        return None  # somebody's web address
    return _elements(strings)


def _read_bracketed(text: str, *, promised: bool) -> Elements | None:
    first = _BRACKETED.match(text)
    if not promised and (first is None or not _is_known(first[1])):
        return None  # a telephone number, say
    strings = _parsed(GS1Message.parse_hri, text)
    if strings is not None and _bracketed(strings) != "".join(text.split()):
        strings = None  # biip leaves out what it cannot place
    return _elements(strings)


def _read_unmarked(text: str) -> Elements | None:
    if not _WEAK_BEGINNING.match(text):
        return None
    strings = _parsed(GS1Message.parse, text)
    if strings is None:
        return None
    found = _elements(strings)
    return found if found.problem is None and (found.gtin or found.sscc) else None


def _parsed(parse: Callable[[str], GS1Message], text: str) -> GS1ElementStrings | None:
    try:
        strings = parse(text).element_strings
    except (ParseError, ValueError, ArithmeticError):
        return None
    return strings or None


def _is_known(identifier: str) -> bool:
    try:
        return GS1ApplicationIdentifier.extract(identifier).ai == identifier
    except ParseError:
        return False


def _bracketed(strings: GS1ElementStrings) -> str:
    return "".join(f"({element.ai.ai}){element.value}" for element in strings)


def _elements(strings: GS1ElementStrings | None) -> Elements:
    if strings is None:
        return Elements(problem=_UNREADABLE)
    values = {element.ai.ai: element.value for element in reversed(strings)}  # the first of each counts
    item = values.get("01") or values.get("02")
    number = gtin.normalise(item) if item else None
    sscc = values.get("00")
    sscc_wrong = any(element.sscc_error for element in strings)
    return Elements(
        gtin=number,
        sscc=None if sscc_wrong else sscc,
        lot=values.get("10"),
        serial=values.get("21"),
        expires_on=_expires_on(strings),
        weight_g=_weight_g(strings),
        quantity=_quantity(values),
        problem=_wrong_number(item=item, number=number, sscc=sscc if sscc_wrong else None),
    )


def _expires_on(strings: GS1ElementStrings) -> date | None:
    dates = {element.ai.ai: element.date for element in strings if element.date is not None}
    return next((dates[identifier] for identifier in _EXPIRY_IDENTIFIERS if identifier in dates), None)


def _weight_g(strings: GS1ElementStrings) -> int | None:
    weights = {element.ai.ai[:3]: element.decimal for element in strings if element.decimal is not None}
    for identifier, grams in _GRAMS_BY_IDENTIFIER.items():
        if identifier in weights:
            return int((weights[identifier] * grams).to_integral_value())
    return None


def _quantity(values: dict[str, str]) -> int | None:
    counted = values.get("37") or values.get("30")
    return int(counted) or None if counted else None


def _wrong_number(*, item: str | None, number: str | None, sscc: str | None) -> str | None:
    if item is not None and number is None:
        return sentence(
            "The check digit of item number {number} is wrong: scan again, or scan the item's other barcode.",
            number=item,
        )
    if sscc is not None:
        return sentence(
            "The check digit of shipping unit number {number} is wrong: scan again, or type the number on the label.",
            number=sscc,
        )
    return None
