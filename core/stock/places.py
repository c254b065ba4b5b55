"""Places: the map of a warehouse, read from a file, and the places that come and go with the work."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import locks, queries, refusals, rules
from pickmesh.core.stock.tables import (
    BinRole,
    Location,
    LocationKind,
    Place,
    PlaceKind,
    Pool,
    ScanPolicy,
    ShipAt,
    StockBalance,
    ToteState,
    WaybillAt,
)

PLACES_MAX = 5_000
CODE_LENGTH_MAX = 40
NAME_LENGTH_MAX = 200
TOLERANCE_G = 50
"""Weight tolerance of a new warehouse, until somebody sets another."""

_MADE_WITH_WAREHOUSE = (
    PlaceKind.SUPPLIER,
    PlaceKind.CUSTOMER,
    PlaceKind.ADJUSTMENT,
    PlaceKind.SCRAP,
    PlaceKind.MISSING,
)
_FROM_A_FILE = frozenset(PlaceKind) - rules.VIRTUAL_KINDS - {PlaceKind.PARCEL, PlaceKind.TRANSIT}
_TOLD = ("kind", "pool", "role", "zone", "walk_sequence", "x_mm", "y_mm")


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A place as a file tells it, its warehouse's name and IANA time zone repeated on each row."""

    warehouse: str
    code: str
    kind: str
    warehouse_name: str = ""
    time_zone: str = "Asia/Shanghai"
    role: str = ""
    pool: str = Pool.SELLABLE
    zone: str = ""
    walk_sequence: int | None = None
    x_mm: int | None = None
    y_mm: int | None = None


class Change(StrEnum):
    """What saving did to a row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True)
class Saved:
    """A place that stands as told now."""

    index: int
    place_id: UUID
    change: Change


@dataclass(frozen=True, slots=True)
class NewParcelPlace:
    """The place of a parcel: it has the parcel's own id and number."""

    parcel_id: UUID
    location_id: UUID
    code: str


async def save_places(uow: UnitOfWork, *, places: Sequence[NewPlace]) -> list[Saved | Refused]:
    """Make places, or bring those of the same warehouse and code to what is told; a second run changes nothing.

    A warehouse is made on first sight, with its virtual places and MISSING. A place that holds goods keeps its kind and
    pool. Good rows are done, the others come back as `Refused`. Needs stock:write.
    """
    uow.actor.require(Permission.STOCK_WRITE)
    if len(places) > PLACES_MAX:
        raise LimitExceeded(
            sentence(
                "At most {most} {name} go in one call; send {count} in smaller parts.",
                most=PLACES_MAX,
                name="places",
                count=len(places),
            )
        )
    answer: list[Saved | Refused] = []
    good: list[tuple[int, NewPlace, dict[str, Any]]] = []
    for index, place in enumerate(places):
        try:
            good.append((index, place, _row(place)))
        except Refusal as refusal:
            answer.append(Refused(index, refusal))
    warehouses = await _warehouses(uow, [place for _, place, _ in good])
    rows = [{**row, "location_id": warehouses[_code(place.warehouse)]} for _, place, row in good]
    saving = await _Saving.begin(uow, rows)
    answer += [saving.save(index, row) for (index, _, _), row in zip(good, rows, strict=True)]
    await saving.write(uow)
    return sorted(answer, key=lambda one: one.index)


def _code(text: str) -> str:
    return text.strip().upper()


def _row(place: NewPlace) -> dict[str, Any]:
    """Return the columns of a place as told, or refuse with what is wrong."""
    for name in ("warehouse", "code"):
        if not 1 <= len(_code(getattr(place, name))) <= CODE_LENGTH_MAX:
            raise InvalidInput(
                sentence("{name} must have 1 to {most} characters.", name=name, most=CODE_LENGTH_MAX), field=(name,)
            )
    if len(place.warehouse_name) > NAME_LENGTH_MAX:
        message = f"warehouse_name must have at most {NAME_LENGTH_MAX} characters."
        raise InvalidInput(message, field=("warehouse_name",))
    try:
        ZoneInfo(place.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        message = f"“{place.time_zone}” is no time zone; write an IANA name such as Asia/Shanghai."
        raise InvalidInput(message, field=("time_zone",)) from None
    kind = _one_of("kind", place.kind, sorted(_FROM_A_FILE))
    return {
        "code": _code(place.code),
        "kind": kind,
        "pool": _one_of("pool", place.pool or Pool.SELLABLE, list(Pool)),
        "role": _one_of("role", place.role or BinRole.PICK, list(BinRole)) if kind == PlaceKind.BIN else None,
        "zone": place.zone.strip() or None,
        "walk_sequence": place.walk_sequence or 0,
        "x_mm": place.x_mm,
        "y_mm": place.y_mm,
    }


def _one_of(name: str, value: str, choices: Sequence[str]) -> str:
    value = _code(value)
    if value not in choices:
        raise InvalidInput(
            sentence("{name} “{value}” must be one of {choices}.", name=name, value=value, choices=", ".join(choices)),
            field=(name,),
        )
    return value


async def _warehouses(uow: UnitOfWork, places: Sequence[NewPlace]) -> dict[str, UUID]:
    """Return locations by code, locked, those on first sight made with their own places."""
    told = {_code(place.warehouse): place for place in reversed(places)}
    known = await locks.lock_locations(uow, told)
    new = {code: new_id() for code in sorted(told) if code not in known}
    rows = [
        {
            "id": new[code],
            "kind": LocationKind.WAREHOUSE,
            "code": code,
            "name": told[code].warehouse_name.strip() or code,
            "time_zone": told[code].time_zone,
            "scan_policy": ScanPolicy.PLACE_AND_ITEM,
            "waybill_at": WaybillAt.PACK,
            "ship_at": ShipAt.WEIGH,
            "weight_tolerance_g": TOLERANCE_G,
            "created_at": uow.now,
        }
        for code in new
    ]
    await uow.insert(Location, rows)
    own_places = [(location_id, kind) for location_id in new.values() for kind in _MADE_WITH_WAREHOUSE]
    await uow.insert(Place, [_own_place(uow, location_id, kind) for location_id, kind in own_places])
    return {**known, **new}


def _own_place(uow: UnitOfWork, location_id: UUID, kind: PlaceKind) -> dict[str, Any]:
    return {
        "id": new_id(),
        "location_id": location_id,
        "kind": kind,
        "pool": Pool.SELLABLE,
        "code": str(kind),
        "created_at": uow.now,
    }


class _Saving:
    """A batch of told places beside what is known of them."""

    def __init__(self, known: Mapping[tuple[UUID, str], sa.Row[Any]], stocked: set[UUID]) -> None:
        self.known = known
        self.stocked = stocked
        self.seen: set[tuple[UUID, str]] = set()
        self.new: list[dict[str, Any]] = []
        self.changed: list[dict[str, Any]] = []

    @classmethod
    async def begin(cls, uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> "_Saving":
        """Read what is known of the told places, and which of them hold goods."""
        found = await queries.places_by_code(uow, {row["code"] for row in rows})
        stocked = (
            sa.select(StockBalance.place_id)
            .distinct()
            .where(uow.mine(StockBalance), uow.among(StockBalance.place_id, {place.id for place in found}))
        )
        holding = {row.place_id for row in await uow.fetch(stocked)}
        return cls({(place.location_id, place.code): place for place in found}, holding)

    def save(self, index: int, row: dict[str, Any]) -> Saved | Refused:
        """Decide what one told place comes to."""
        key = (row["location_id"], row["code"])
        if key in self.seen:
            return Refused(
                index, InvalidInput(sentence("Place {place} is told twice.", place=row["code"]), field=("code",))
            )
        self.seen.add(key)
        known = self.known.get(key)
        if known is None:
            place_id = new_id()
            self.new.append({"id": place_id, **row})
            return Saved(index, place_id, Change.CREATED)
        if all(getattr(known, name) == row[name] for name in _TOLD):
            return Saved(index, known.id, Change.UNCHANGED)
        if known.kind not in _FROM_A_FILE:
            message = sentence("{code} is a place of the house itself; choose another code.", code=row["code"])
            return Refused(index, InvalidInput(message, field=("code",)))
        if (known.kind, known.pool) != (row["kind"], row["pool"]) and known.id in self.stocked:
            return Refused(index, refusals.PlaceInUse(field=("kind",)))
        self.changed.append({"id": known.id, **{name: row[name] for name in _TOLD}})
        return Saved(index, known.id, Change.UPDATED)

    async def write(self, uow: UnitOfWork) -> None:
        """Write new and changed places."""
        new = [{**row, "tote_state": _first_state(row["kind"]), "created_at": uow.now} for row in self.new]
        await uow.insert(Place, new)
        await uow.update(Place, self.changed, bump_version=True)


def _first_state(kind: str) -> str | None:
    return ToteState.EMPTY if kind == PlaceKind.TOTE else None


async def open_parcel_places(uow: UnitOfWork, *, parcels: Sequence[NewParcelPlace]) -> None:
    """Give new parcels a place of their own, so that units can lie in them. Part of a packing command."""
    rows = [
        {
            "id": parcel.parcel_id,
            "location_id": parcel.location_id,
            "kind": PlaceKind.PARCEL,
            "pool": Pool.SELLABLE,
            "code": _code(parcel.code),
            "created_at": uow.now,
        }
        for parcel in parcels
    ]
    await uow.insert(Place, rows)


async def set_tote_states(uow: UnitOfWork, states: Mapping[UUID, ToteState]) -> None:
    """Say what state totes are in. Part of a picking or packing command."""
    rows = [{"id": place_id, "tote_state": states[place_id]} for place_id in sorted(states)]
    await uow.update(Place, rows, bump_version=True)


async def archive_parcel_places(uow: UnitOfWork, *, parcel_ids: Collection[UUID]) -> None:
    """Hide the places of parcels that are gone or voided. Part of a packing command, which has seen them empty."""
    await uow.update(Place, [{"id": parcel_id, "archived_at": uow.now} for parcel_id in sorted(parcel_ids)])
