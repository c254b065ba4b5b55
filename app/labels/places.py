"""The labels of a location's places: bins, slots, stations, totes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pickmesh.app.labels.asked import Places, named, require_few
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import queries
from pickmesh.core.stock.tables import PlaceKind
from pickmesh.scanner.codes import own
from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.labels.paper import LABELS_MAX
from pickmesh.scanner.labels.place import PlaceLabel
from pickmesh.scanner.labels.tote import ToteLabel

KINDS = {
    PlaceKind.BIN: OwnKind.BIN,
    PlaceKind.DOCK: OwnKind.BIN,
    PlaceKind.HOSPITAL: OwnKind.BIN,
    PlaceKind.CART_SLOT: OwnKind.SLOT,
    PlaceKind.WALL_SLOT: OwnKind.SLOT,
    PlaceKind.BENCH: OwnKind.STATION,
    PlaceKind.TOTE: OwnKind.TOTE,
}
"""Places that can be stuck a label on, and what kind it is."""


async def place_labels(uow: UnitOfWork, which: Places) -> list[PlaceLabel | ToteLabel]:
    """Return the labels of places in the order they were asked for, by prefix in the order of codes.

    Takes two statements. Refuses NOT_FOUND, codes a label cannot hold, and more than one file holds. Needs stock:read.
    """
    uow.actor.require(Permission.STOCK_READ)
    location = await queries.location_by_code(uow, which.location)
    if location is None:
        message = sentence("There is no location “{code}”; look at its code again.", code=which.location)
        raise NotFound(message, field=("location",))
    if which.prefix is not None:
        places = await _beginning(uow, location.id, which.prefix)
    else:
        places = await _named(uow, location.id, which.codes)
    return [_label(place, location.code, which) for place in places]


async def _beginning(uow: UnitOfWork, location_id: UUID, prefix: str) -> Sequence[Any]:
    found = await queries.places_with_prefix(uow, location_id, prefix, kinds=KINDS, limit=LABELS_MAX + 1)
    if not found:
        message = sentence("No place that takes a label begins with “{prefix}”.", prefix=prefix)
        raise NotFound(message, field=("prefix",))
    if len(found) > LABELS_MAX:
        message = sentence(
            "Over {most} places begin with “{prefix}”, too many for one file; give a longer prefix.",
            most=LABELS_MAX,
            prefix=prefix,
        )
        raise LimitExceeded(message, field=("prefix",))
    return found


async def _named(uow: UnitOfWork, location_id: UUID, codes: Sequence[str]) -> list[Any]:
    by_code = {row.code: row for row in await queries.places_by_code(uow, codes, location_id) if row.kind in KINDS}
    wanted = [code.strip().upper() for code in codes]
    unknown = [code for code in wanted if code not in by_code]
    if unknown:
        message = sentence("No place that takes a label has the code {codes}.", codes=named(unknown))
        raise NotFound(message, field=("code",))
    require_few(len(wanted))
    return [by_code[code] for code in wanted]


def _label(place: Any, location: str, which: Places) -> PlaceLabel | ToteLabel:
    kind = KINDS[place.kind]
    try:
        if kind is OwnKind.TOTE:
            return ToteLabel(place.code, location=location)
        return PlaceLabel(kind, place.code, zone=place.zone or "", location=location, arrow=which.arrow)
    except ValueError:
        message = sentence(
            "Place {code} cannot be labelled: a label holds up to {most} capital letters and digits in groups joined "
            "by hyphens, as {example}.",
            code=place.code,
            most=own.BODY_LENGTH_MAX,
            example="A01-02-3",
        )
        raise InvalidInput(message, field=("code",)) from None
