"""What is asked for: which places or goods, in which format, on which paper. One reading for HTTP and command line."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound
from pickmesh.scanner.labels.paper import LABELS_MAX, PAPERS, ROLL, Paper
from pickmesh.scanner.labels.place import Arrow

TEXT_LENGTH_MAX = 100
_MUST_BE = {
    "arrow": f"must be one of {', '.join(Arrow)}",
    "copies": "must be a whole number",
    "units": "must be a whole number",
    "expires": "must be a date, as 2026-12-31",
}
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
            raise InvalidInput(f"copies must be 1 to {LABELS_MAX}.", field=("copies",))
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
        raise NotFound(f"Labels come as {', '.join(Format)}, not as “{name[:20]}”.") from None


def paper_named(name: str) -> Paper:
    """Return a paper; refuses one we do not know."""
    if name not in PAPERS:
        raise InvalidInput(f"paper “{name[:40]}” must be one of {', '.join(PAPERS)}.", field=("paper",))
    return PAPERS[name]


def require_few(count: int) -> None:
    """Refuse more labels than one file holds."""
    if count > LABELS_MAX:
        message = f"{count} labels are too many for one file; ask for at most {LABELS_MAX} at a time."
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
            message = f"There is no parameter “{name[:40]}”; there are {', '.join(sorted(known))}."
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
        raise InvalidInput(f"{name} is given once, with at most {TEXT_LENGTH_MAX} characters.", field=(name,))
    try:
        return read(values[0])
    except ValueError:
        raise InvalidInput(f"{name} “{values[0]}” {_MUST_BE[name]}.", field=(name,)) from None


def _check_codes(codes: Sequence[str]) -> None:
    require_few(len(codes))
    if not all(0 < len(code.strip()) <= TEXT_LENGTH_MAX for code in codes):
        raise InvalidInput(f"A code has 1 to {TEXT_LENGTH_MAX} characters.", field=("code",))
