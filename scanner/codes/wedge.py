"""Clean-up of what a scanner, an input method or a person delivers, before anyone asks what it means."""

import re
import unicodedata
from dataclasses import dataclass

GROUP_SEPARATOR = "\x1d"
LENGTH_MAX = 4096

_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_LINE_BREAKS = re.compile(r"[\r\n\t\v\f\u2028\u2029]+")
_SPELLED_SEPARATOR = re.compile(r"<GS>|\{GS\}|\^\]|\\x1d|\u241d|<FNC1>|\{FNC1\}", re.IGNORECASE)
_ELEMENTS_BEGIN = re.compile(r"[0-9(]")
_ASCII_BY_WIDE: dict[int, int | str] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys((0x3000, 0x00A0, 0x2007, 0x202F), " "),
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63), "-"),
}
_EMPTY = f" {GROUP_SEPARATOR}"
_UNSPEAKABLE = frozenset({"Cc", "Cf", "Cs"})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A raw scan without its wrapping; `text` keeps GS characters, `lines` counts the different lines it came in."""

    text: str
    identifier: str | None  # AIM symbology identifier such as "]C1"
    lines: int


def clean(raw: str | bytes) -> Cleaned:
    """Strip control prefixes and suffixes, AIM identifiers, zero-width and full-width characters from a raw scan.

    Bytes are read as UTF-8, else GB18030, else Latin-1. Separators spelled out (`<GS>`, `{GS}`, `^]`) become GS.
    Takes at most LENGTH_MAX characters; the caller refuses more.
    """
    text = (raw if isinstance(raw, str) else _decoded(raw))[:LENGTH_MAX]
    if not text.isascii():
        text = text.replace("\u2014\u2014", "-").translate(_ASCII_BY_WIDE)  # a Chinese keyboard's dash is two of them
    lines = (_speakable(line) for line in _LINE_BREAKS.split(text))
    parts = dict.fromkeys(line for line in lines if line.strip(_EMPTY))
    text, identifier = _without_identifier(" ".join(parts))
    if _ELEMENTS_BEGIN.match(text) or _SPELLED_SEPARATOR.match(text):
        text = _SPELLED_SEPARATOR.sub(GROUP_SEPARATOR, text)
    return Cleaned(text=text.rstrip(_EMPTY), identifier=identifier, lines=len(parts))


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _speakable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = (c for c in text if c == GROUP_SEPARATOR or unicodedata.category(c) not in _UNSPEAKABLE)
    return "".join(kept).strip(" ")


def _without_identifier(text: str) -> tuple[str, str | None]:
    found = _IDENTIFIER.match(text)
    if found is None:
        return text, None
    return text[3:].lstrip(" "), found[0]
