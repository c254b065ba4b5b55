"""What is asked for: which places or goods, in which format, on which paper. One reading for HTTP and command line."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound
from pickmesh.core.kit.texts import sentence
from pickmesh.scanner.labels.paper import LABELS_MAX, PAPERS, ROLL, Paper
from pickmesh.scanner.labels.place import Arrow

TEXT_LENGTH_MAX = 100
NAMED_MAX = 10
_AS = {"arrow": "up, down", "copies": "3", "units": "6", "expires": "2026-12-31"}
Value = TypeVar("Value")
Other = TypeVar("Other")
Parameters = Sequence[tuple[str, str]]


class Format(StrEnum):
    """What a label is drawn as; the value is the file's ending."""

    PDF = "pdf"
    PNG = "png"
    ZPL = "zpl"


MEDIA_TYPES: Mapping[Format, str] = {
    Format.PDF: "application/pdf",
    Format.PNG: "image/png",
    Format.ZPL: "application/zpl",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Which places of a location: by their codes, or all whose code begins with a prefix."""

    location: str
    codes: tuple[str, ...] = ()
    prefix: str | None = None
    arrow: Arrow | None = None

    def __post_init__(self) -> None:
        if bool(self.codes) == (self.prefix is not None):
            raise InvalidInput("Ask for places by code or by prefix: one of the two.", field=("code",))
        _check_codes(self.codes)


@dataclass(frozen=True, slots=True)
class Skus:
    """Which goods, how many labels of each, for how many units; lot and expiry date are of a single SKU."""

    codes: tuple[str, ...]
    copies: int = 1
    units: int = 1
    lot: str = ""
    expires_on: date | None = None

    def __post_init__(self) -> None:
        if not self.codes:
            raise InvalidInput("Say which goods: code=…, once for each SKU.", field=("code",))
        _check_codes(self.codes)
        if not 1 <= self.copies <= LABELS_MAX:
            raise InvalidInput(sentence("copies must be 1 to {most}.", most=LABELS_MAX), field=("copies",))
        if self.units < 1:
            raise InvalidInput("units must be at least 1.", field=("units",))
        if (self.lot or self.expires_on) and len(self.codes) > 1:
            raise InvalidInput("A lot or an expiry date belongs to one SKU; ask for its labels alone.", field=("code",))
        require_few(len(self.codes) * self.copies)


def format_named(name: str) -> Format:
    """Return a format by a file's ending; refuses another one."""
    try:
        return Format(name.lower())
    except ValueError:
        message = sentence("Labels come as {formats}, not as “{name}”.", formats=", ".join(Format), name=name[:20])
        raise NotFound(message) from None


def paper_named(name: str) -> Paper:
    """Return a paper; refuses one we do not know."""
    if name not in PAPERS:
        message = sentence("paper “{name}” must be one of {papers}.", name=name[:40], papers=", ".join(PAPERS))
        raise InvalidInput(message, field=("paper",))
    return PAPERS[name]


def named(codes: Sequence[str]) -> str:
    """Return the first of some codes, joined, with how many more there are."""
    more = f" +{len(codes) - NAMED_MAX}" if len(codes) > NAMED_MAX else ""
    return ", ".join(codes[:NAMED_MAX]) + more


def require_few(count: int) -> None:
    """Refuse more labels than one file holds."""
    if count > LABELS_MAX:
        message = sentence(
            "{count} labels are too many for one file; ask for at most {most} at a time.", count=count, most=LABELS_MAX
        )
        raise LimitExceeded(message, field=("code",))


def places_of(parameters: Parameters) -> tuple[Places, Paper]:
    """Read the parameters of an address; refuses unknown ones and values that are none."""
    given = _given(parameters, {"location", "code", "prefix", "arrow", "paper"})
    location = _one(given, "location", str, None)
    if location is None:
        raise InvalidInput("Say of which location: location=CODE.", field=("location",))
    codes = tuple(given.get("code", ()))
    asked = Places(location, codes, _one(given, "prefix", str, None), _one(given, "arrow", arrow_named, None))
    return asked, _one(given, "paper", paper_named, ROLL)


def skus_of(parameters: Parameters) -> tuple[Skus, Paper]:
    """Read the parameters of an address; refuses unknown ones and values that are none."""
    given = _given(parameters, {"code", "copies", "units", "lot", "expires", "paper"})
    asked = Skus(
        codes=tuple(given.get("code", ())),
        copies=_one(given, "copies", int, 1),
        units=_one(given, "units", int, 1),
        lot=_one(given, "lot", str, ""),
        expires_on=_one(given, "expires", date.fromisoformat, None),
    )
    return asked, _one(given, "paper", paper_named, ROLL)


def arrow_named(name: str) -> Arrow:
    """Return an arrow by its name, in upper or lower case. Raises ValueError for another one."""
    return Arrow(name.upper())


def _given(parameters: Parameters, known: Collection[str]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        if name not in known:
            message = sentence(
                "There is no parameter “{name}”; there are {known}.", name=name[:40], known=", ".join(sorted(known))
            )
            raise InvalidInput(message, field=(name[:40],))
        given.setdefault(name, []).append(value)
    return given


def _one(
    given: Mapping[str, Sequence[str]], name: str, read: Callable[[str], Value], otherwise: Other
) -> Value | Other:
    """Read the one value of a parameter that is given at most once."""
    values = given.get(name, ())
    if not values:
        return otherwise
    if len(values) > 1 or len(values[0]) > TEXT_LENGTH_MAX:
        message = sentence("{name} is given once, with at most {most} characters.", name=name, most=TEXT_LENGTH_MAX)
        raise InvalidInput(message, field=(name,))
    try:
        return read(values[0])
    except ValueError:
        message = sentence(
            "{name} “{value}” cannot be read; write it as {example}.", name=name, value=values[0], example=_AS[name]
        )
        raise InvalidInput(message, field=(name,)) from None


def _check_codes(codes: Sequence[str]) -> None:
    require_few(len(codes))
    if not all(0 < len(code.strip()) <= TEXT_LENGTH_MAX for code in codes):
        raise InvalidInput(sentence("A code has 1 to {most} characters.", most=TEXT_LENGTH_MAX), field=("code",))
