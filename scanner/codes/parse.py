"""From what was scanned or typed to what it says: the one door of this room."""

import re
from datetime import date
from enum import StrEnum

from msgspec import Struct

from pickmesh.scanner.codes import check, gs1, gtin, own, wedge
from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.codes.texts import sentence


class CodeKind(StrEnum):
    """What kind of text was read."""

    GTIN = "GTIN"
    GS1 = "GS1"
    OWN = "OWN"
    PAIRING = "PAIRING"
    TEXT = "TEXT"


class Scanned(Struct, frozen=True):
    """What a raw scan says, without knowing any catalogue.

    Look every one of `candidates` up, in order, and say `problem` only when none of them is known: another company's
    code may look like a damaged one of ours. A pairing code or link has no candidates, and its text is a secret.
    """

    kind: CodeKind
    text: str  # cleaned; a GS1 text keeps its GS characters
    gtin: str | None = None  # 14 digits
    lot: str | None = None
    expires_on: date | None = None
    serial: str | None = None
    weight_g: int | None = None
    quantity: int | None = None  # eaches or trade items the symbol says it holds (AI 30, 37), > 0
    sscc: str | None = None  # 18 digits
    own_kind: OwnKind | None = None
    own_value: str | None = None  # a document's number (W-0017) or a place's code (A01-02-3)
    checked: bool = False  # a check character was there and right
    candidates: tuple[str, ...] = ()
    problem: str | None = None  # a sentence that names the remedy


_EAN_NAMES = frozenset({"EAN13", "EAN8", "UPCA", "UPCE", "EANUPC", "ISBN", "ISBN13", "]E0", "]E3", "]E4"})
_ADD_ON = re.compile(r"([0-9]{13}) ?(?:[0-9]{2}|[0-9]{5})")
_SPACING = re.compile(r"[ -]")
NOTHING_READ = sentence("Nothing was read: scan again, or type the code.")


def parse(raw: str | bytes, *, symbology: str | None = None, typed: bool = False) -> Scanned:
    """Tell what a raw scan or typed text says; never raises, whatever the input.

    `symbology` is the decoder's name for the symbol (`EAN-13`, `UPC-E`, `CODE128`) or its AIM identifier (`]C1`);
    an identifier at the head of the text wins. `typed` admits what people leave out: the check character, zeros,
    hyphens. Text over wedge.LENGTH_MAX characters, and several different lines at once, come back with a problem.
    """
    if len(raw) > wedge.LENGTH_MAX:
        if own.pairing_token(raw if isinstance(raw, str) else raw.decode("latin-1")) is not None:
            return Scanned(CodeKind.PAIRING, "", problem=_TOO_LONG)
        return Scanned(CodeKind.TEXT, wedge.clean(raw[:64]).text, problem=_TOO_LONG)
    cleaned = wedge.clean(raw)
    plain = cleaned.text.replace(wedge.GROUP_SEPARATOR, "").strip()
    if not plain:
        return Scanned(CodeKind.TEXT, "", problem=NOTHING_READ)
    problem = _SEVERAL if cleaned.lines > 1 else None
    if own.pairing_token(plain) is not None:
        return Scanned(CodeKind.PAIRING, plain, problem=problem)
    if problem is not None:
        return Scanned(CodeKind.TEXT, plain, problem=problem)
    name = cleaned.identifier or _symbology_name(symbology)
    return (
        _as_own(plain, typed=typed)
        or _as_gtin(plain, symbology=name, typed=typed)
        or _as_gs1(cleaned.text, symbology=name)
        or _as_text(plain, symbology=name, typed=typed)
    )


_TOO_LONG = sentence("A code has at most {most} characters: scan one code at a time.", most=wedge.LENGTH_MAX)
_SEVERAL = sentence("Several codes arrived as one: scan them one at a time.")


def _as_own(text: str, *, typed: bool) -> Scanned | None:
    label = own.read_label(text, typed=typed)
    if label is None:
        return None
    return Scanned(
        CodeKind.OWN,
        text,
        own_kind=label.kind,
        own_value=label.value,
        checked=label.checked,
        candidates=_candidates(label.value, text),
        problem=label.problem,
    )


def _as_gtin(text: str, *, symbology: str | None, typed: bool) -> Scanned | None:
    number = _gtin_of(text, symbology=symbology)
    if number is None and typed:
        number = gtin.normalise(_SPACING.sub("", text))
    if number is None:
        return None
    return Scanned(CodeKind.GTIN, text, gtin=number, checked=True, candidates=_candidates(number, text))


def _gtin_of(text: str, *, symbology: str | None) -> str | None:
    if symbology == "UPCE" and len(text) <= 8:
        full = gtin.expand_upc_e(text)
        return full and gtin.normalise(full)
    if symbology in _EAN_NAMES:
        with_add_on = _ADD_ON.fullmatch(text)
        text = with_add_on[1] if with_add_on else text
    elif gs1.is_promised_by(symbology):
        return None
    return gtin.normalise(text)


def _as_gs1(text: str, *, symbology: str | None) -> Scanned | None:
    if symbology in _EAN_NAMES:
        return None
    found = gs1.read_elements(text, symbology=symbology)
    if found is None:
        return None
    return Scanned(
        CodeKind.GS1,
        text.lstrip(wedge.GROUP_SEPARATOR),
        gtin=found.gtin,
        lot=found.lot,
        expires_on=found.expires_on,
        serial=found.serial,
        weight_g=found.weight_g,
        quantity=found.quantity,
        sscc=found.sscc,
        checked=found.problem is None and bool(found.gtin or found.sscc),
        candidates=_candidates(found.gtin, found.sscc, text.replace(wedge.GROUP_SEPARATOR, "")),
        problem=found.problem,
    )


def _as_text(text: str, *, symbology: str | None, typed: bool) -> Scanned:
    problem = _wrong_digit(text) if typed or symbology in _EAN_NAMES else None
    return Scanned(CodeKind.TEXT, text, candidates=_candidates(text), problem=problem)


def _wrong_digit(text: str) -> str | None:
    if not gtin.has_shape(text):
        return None
    right = check.check_digit(text[:-1])
    return sentence(
        "As a barcode number {text} would have to end in {right}: scan it again, or compare every digit you typed.",
        text=text,
        right=right,
    )


def _candidates(*keys: str | None) -> tuple[str, ...]:
    """Give the look-up keys, most specific first, each once; the last one also in capitals."""
    known = [key for key in keys if key]
    return tuple(dict.fromkeys([*known, known[-1].upper()]))


def _symbology_name(symbology: str | None) -> str | None:
    """Spell a decoder's name for a symbol one way: `EAN-13` and `ean_13` alike; AIM identifiers as they are."""
    if symbology is None or symbology.startswith("]"):
        return symbology
    return "".join(character for character in symbology.upper() if character.isalnum())
