"""Our own labels: `<KIND>-<BODY>-<CHECK>`, upper case, printable as Code 128 and Code 39.

KIND is one letter, BODY the document's digits or the place's code, CHECK the ISO 7064 MOD 37,36 character over
KIND and BODY without hyphens: wave `W-0017` prints as `W-0017-` and its check character.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from pickmesh.scanner.codes import check
from pickmesh.scanner.codes.texts import sentence, word

BODY_LENGTH_MAX = 32
DIGITS_MAX = 12
PAIRING_PREFIX = "pickmesh:pair:"
"""Before a pairing token in a code that only the app's own camera reads."""
APP_PATH = "/app/"
PAIRING_FRAGMENT = "#pair="
"""Before a pairing token in a link that any camera opens: what stands in the fragment reaches no server and no log."""


class OwnKind(StrEnum):
    """What one of our own labels names; the value is the letter it begins with."""

    ORDER = "O"
    FULFILLMENT_ORDER = "F"
    WAVE = "W"
    PICK_LIST = "L"
    TOTE = "T"
    PARCEL = "P"
    EXCEPTION_TASK = "X"
    COUNT = "C"
    DROPSHIP = "D"
    RETURN = "R"
    PURCHASE_ORDER = "U"
    STATION = "S"
    BIN = "B"
    SLOT = "V"
    TRANSFER = "M"
    MANIFEST = "H"


PLACE_KINDS = frozenset({OwnKind.STATION, OwnKind.BIN, OwnKind.SLOT})
"""Kinds whose body is a code people chose; every other kind is a document with a number."""

_PAIRING = re.compile(rf"{PAIRING_PREFIX}|{APP_PATH}?{PAIRING_FRAGMENT}", re.IGNORECASE)
_LETTERS = "".join(OwnKind)
_PLACE_CODE = re.compile(r"[0-9A-Z]+(?:-[0-9A-Z]+)*")
_LABEL = re.compile(rf"([{_LETTERS}])-([0-9A-Z]+(?:-[0-9A-Z]+)*)-([0-9A-Z])")
_NUMBER = re.compile(rf"([{_LETTERS}])-([0-9]{{1,{DIGITS_MAX}}})")
_TYPED = re.compile(rf"([{_LETTERS}])[- ]?([0-9]{{1,{DIGITS_MAX}}})(?:[- ]?([A-Z]))?")


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """One of our labels as read: `value` is None when the check character is wrong, and then `problem` says so."""

    kind: OwnKind
    value: str | None
    checked: bool
    problem: str | None = None


def pairing_link(base: str, token: str) -> str:
    """Return the link a phone opens to pair: the app at `base` (`https://pick.example.com`), the token behind the #."""
    return f"{base.rstrip('/')}{APP_PATH}{PAIRING_FRAGMENT}{token}"


def pairing_token(text: str) -> str | None:
    """Return the token in a pairing link or code, None where a text is neither; it is a secret and not checked here.

    Whatever stands around it is no reason to miss one: a secret that is not told apart would be kept in clear.
    """
    found = _PAIRING.search(text)
    return text[found.end() :].strip() if found is not None else None


def number_text(kind: OwnKind, number: int) -> str:
    """Write a document's number as people see it, with at least four digits: `W-0017`.

    Raises ValueError for a kind that has a code instead of a number, and for a number under 1 or over 12 digits.
    """
    if kind in PLACE_KINDS:
        raise ValueError(f"A {kind.name.lower()} has a code, not a number.")
    if not 1 <= number < 10**DIGITS_MAX:
        raise ValueError(f"A document's number is at least 1 and has at most {DIGITS_MAX} digits, not {number}.")
    return f"{kind.value}-{number:04d}"


def is_place_code(text: str) -> bool:
    """Tell whether a text can be printed on a place's label: capital letters and digits in groups joined by hyphens."""
    return len(text) <= BODY_LENGTH_MAX and _PLACE_CODE.fullmatch(text) is not None


def label_text(kind: OwnKind, value: str) -> str:
    """Return the text to print for a document's number (`W-0017`) or a place's code (`A01-02-3`, gains `B-`).

    Lower case is raised. Raises ValueError when the value is no such number or code.
    """
    body = value.strip().upper()
    if kind not in PLACE_KINDS:
        found = _NUMBER.fullmatch(body)
        number = _number_of(kind, found[2]) if found is not None and found[1] == kind.value else None
        if number is None:
            raise ValueError(f"{value!r} is no number of this kind; write it as {number_text(kind, 17)}.")
        body = number.removeprefix(f"{kind.value}-")
    elif not is_place_code(body):
        raise ValueError(
            f"{value!r} is no place code; use letters and digits in groups joined by hyphens, as A01-02-3."
        )
    return f"{kind.value}-{body}-{_check_of(kind, body)}"


def read_label(text: str, *, typed: bool = False) -> OwnLabel | None:
    """Read one of our labels, or a document's number without its check character; None when it is neither.

    A scan must be exact (`W-0017-K`, or `W-0017` unchecked); people who type may also write `w17` or `W0017K`.
    A wrong check character is never repaired: the label comes back without a value and with a problem.
    """
    upper = text.upper() if text.isascii() else text
    if len(upper) > BODY_LENGTH_MAX + 4:
        return None
    label = _LABEL.fullmatch(upper)
    if label is not None:
        return _checked(OwnKind(label[1]), body=label[2], character=label[3])
    number = _NUMBER.fullmatch(upper)
    if number is not None and (typed or len(number[2]) >= 4):
        return _document(OwnKind(number[1]), number[2], checked=False)
    return _read_typed(upper) if typed else None


def _checked(kind: OwnKind, *, body: str, character: str) -> OwnLabel | None:
    value = body if kind in PLACE_KINDS else _number_of(kind, body)
    if value is None:
        return None  # a shop's own code such as T-SHIRT-M
    if character != _check_of(kind, body):
        return OwnLabel(kind, None, checked=False, problem=_wrong_check(kind, body, character))
    return OwnLabel(kind, value, checked=True)


def _read_typed(upper: str) -> OwnLabel | None:
    found = _TYPED.fullmatch(upper)
    if found is None:
        return None
    kind, digits, character = OwnKind(found[1]), found[2], found[3]
    if character is not None and character != _check_of(kind, digits):
        return None  # too loose a shape to call it a mistyped label of ours: W17X may be anybody's code
    return _document(kind, digits, checked=character is not None)


def _document(kind: OwnKind, digits: str, *, checked: bool) -> OwnLabel | None:
    value = _number_of(kind, digits)
    return None if value is None else OwnLabel(kind, value, checked=checked)


def _number_of(kind: OwnKind, body: str) -> str | None:
    """Spell a document's digits the usual way; None for a kind without numbers and for what is no number."""
    if kind in PLACE_KINDS or len(body) > DIGITS_MAX or not body.isdecimal() or not int(body):
        return None
    return number_text(kind, int(body))


def _check_of(kind: OwnKind, body: str) -> str:
    return check.check_character(kind.value + body.replace("-", ""))


def _wrong_check(kind: OwnKind, body: str, character: str) -> str:
    return sentence(
        "The check character {character} of {noun} label {label} is wrong: "
        "scan it again, or type the number printed under the bars.",
        character=character,
        noun=word(kind.name),
        label=f"{kind.value}-{body}-{character}",
    )
