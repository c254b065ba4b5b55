"""Cartons 包材: the boxes a merchant packs in, what they cost, and which one a parcel goes in."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks as account_locks
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.db import rows
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.money import AMOUNT_MAX, currency_problem
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused, StaleVersion, WrongState
from pickmesh.core.kit.saving import Saving
from pickmesh.core.kit.texts import joined, sentence, word
from pickmesh.core.packing import bench, carton_rules, events, queries, refusals, rules
from pickmesh.core.packing.carton_rules import Box, Piece, Suggestion
from pickmesh.core.packing.tables import Carton, Parcel, ParcelState

CARTONS_MAX = 200
"""Most cartons that are not archived."""
CODE_LENGTH_MAX = 32
NAME_LENGTH_MAX = 100
SIDE_MAX_MM = 10_000
WEIGHT_MAX_G = 1_000_000
CARTON = tuple(rows.table_of(Carton).c)
Row = sa.Row[*tuple[Any, ...]]
Versions = Mapping[UUID, int]
Contents = Mapping[UUID, Sequence[Any]]
_WHEN_CLOSED = sentence("It takes a carton while it is open, or sealed and not yet shipped.")


@dataclass(frozen=True, slots=True)
class CartonToSave:
    """A carton as somebody wants it, a new one without `id`: inner sides in mm, weights in g, its price in micros."""

    code: str
    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    tare_g: int = 0
    max_weight_g: int | None = None
    cost_micros: int = 0
    currency: str = "CNY"
    id: UUID | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class CartonChoice:
    """A parcel and the code of its carton; without one the smallest that takes its contents."""

    parcel_id: UUID
    code: str | None = None


@dataclass(frozen=True, slots=True)
class CartonBack:
    """An open parcel and the carton it went in before the last one; None when it went in none yet."""

    parcel_id: UUID
    carton_id: UUID | None


@dataclass(frozen=True, slots=True)
class CartonChosen:
    """The carton a parcel goes in; `fits` is False when somebody chose one that its contents should not fit."""

    index: int
    parcel_id: UUID
    carton_id: UUID
    fits: bool


async def save_cartons(uow: UnitOfWork, *, cartons: Sequence[CartonToSave]) -> list[UUID | Refused]:
    """Make cartons or bring them to what is told; return each one's id, or why not. Parcels keep what theirs cost.

    Refuses a code another carton has (CODE_TAKEN), measures that cannot be, a version that is not the present one, and
    more than 200 cartons. Needs `floor:manage`.
    """
    uow.actor.require(Permission.FLOOR_MANAGE)
    if len(cartons) > CARTONS_MAX:
        raise LimitExceeded(sentence("At most {most} cartons go in one call.", most=CARTONS_MAX))
    await account_locks.lock_merchant(uow)
    saving = Saving(
        {row.id: row for row in await standing_cartons(uow)},
        key="code",
        taken=refusals.CodeTaken,
        most=CARTONS_MAX,
        full=sentence("There are {most} cartons already; archive some.", most=CARTONS_MAX),
        twice=sentence("This carton stands twice in the batch; send it once."),
    )
    answers: list[UUID | Refused] = []
    for index, carton in enumerate(cartons):
        try:
            answers.append(saving.take(saving.standing(carton), _content(carton)))
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
    await uow.insert(Carton, [{**row, "created_at": uow.now} for row in saving.new.values()])
    await uow.update(Carton, [saving.changed[each] for each in sorted(saving.changed)], bump_version=True)
    uow.emit(events.CartonSaved(each, created=each in saving.new) for each in (*saving.new, *saving.changed))
    return answers


def _content(carton: CartonToSave) -> dict[str, Any]:
    content = {name: value for name, value in asdict(carton).items() if name not in {"id", "version"}}
    content["code"], content["name"] = carton.code.strip().upper(), carton.name.strip()
    for name, most in (("code", CODE_LENGTH_MAX), ("name", NAME_LENGTH_MAX)):
        if not 1 <= len(content[name]) <= most:
            message = sentence("{name} has 1 to {most} characters.", name=name, most=most)
            raise InvalidInput(message, field=(name,))
    bounds = {"length_mm": (1, SIDE_MAX_MM), "width_mm": (1, SIDE_MAX_MM), "height_mm": (1, SIDE_MAX_MM)}
    bounds |= {"tare_g": (0, WEIGHT_MAX_G), "max_weight_g": (1, WEIGHT_MAX_G), "cost_micros": (0, AMOUNT_MAX)}
    for name, (least, most) in bounds.items():
        if content[name] is not None and not least <= content[name] <= most:
            message = sentence("{name} must be between {least} and {most}.", name=name, least=least, most=most)
            raise InvalidInput(message, field=(name,))
    problem = currency_problem(carton.currency)
    if problem is not None:
        raise InvalidInput(problem, field=("currency",))
    return content


async def archive_cartons(
    uow: UnitOfWork, *, ids: Sequence[UUID], versions: Versions | None = None
) -> list[UUID | Refused]:
    """Put cartons away; parcels in them keep them. Return each one's id, or why not. Needs `floor:manage`."""
    uow.actor.require(Permission.FLOOR_MANAGE)
    await account_locks.lock_merchant(uow)
    known = {row.id: row for row in await standing_cartons(uow)}
    answers: list[UUID | Refused] = []
    for index, each in enumerate(ids):
        expected = (versions or {}).get(each)
        if each not in known:
            answers.append(Refused(index, NotFound()))
        elif expected is not None and expected != known[each].version:
            stale = StaleVersion(data={"id": str(each), "version": known[each].version})
            answers.append(Refused(index, stale))
        else:
            answers.append(each)
    gone = sorted({answer for answer in answers if isinstance(answer, UUID)})
    await uow.update(Carton, [{"id": each, "archived_at": uow.now} for each in gone], bump_version=True)
    uow.emit(events.CartonArchived(each) for each in gone)
    return answers


async def standing_cartons(uow: UnitOfWork, *, archived: bool = False) -> Sequence[Row]:
    """Return the cartons by code; archived ones too when they are asked for."""
    found = sa.select(*CARTON).where(uow.mine(Carton)).order_by(Carton.code, Carton.id)
    return await uow.fetch(found if archived else found.where(Carton.archived_at.is_(None)))


async def cartons_for(uow: UnitOfWork, chosen: Collection[UUID]) -> Sequence[Row]:
    """Return the cartons parcels may go in, by code, with those chosen before even if they were archived since."""
    wanted = Carton.archived_at.is_(None) | uow.among(Carton.id, chosen)
    return await uow.fetch(sa.select(*CARTON).where(uow.mine(Carton), wanted).order_by(Carton.code, Carton.id))


async def cartons_by_id(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return cartons by id, archived ones too."""
    found = await uow.fetch(sa.select(*CARTON).where(uow.mine(Carton), uow.among(Carton.id, ids)))
    return {row.id: row for row in found}


async def suggestions(uow: UnitOfWork, parcel_ids: Collection[UUID]) -> dict[UUID, Suggestion]:
    """Return for each of these parcels what its contents go in."""
    boxes = [box_of(row) for row in await standing_cartons(uow)]
    contents = await queries.contents(uow, parcel_ids)
    pieces = await pieces_of(uow, contents)
    return {each: carton_rules.suggest(boxes, pieces.get(each, [])) for each in parcel_ids}


def box_of(row: Any) -> Box:
    """Return a carton as the rules see it."""
    return Box(row.id, row.length_mm, row.width_mm, row.height_mm, row.tare_g, row.max_weight_g, row.cost_micros)


async def pieces_of(uow: UnitOfWork, contents: Contents) -> dict[UUID, list[Piece]]:
    """Return the contents of parcels with the measures of their SKUs, a SKU once whatever its lots and lines."""
    totals: dict[UUID, dict[UUID, int]] = {}
    for parcel_id, items in contents.items():
        of_parcel = totals.setdefault(parcel_id, {})
        for item in items:
            of_parcel[item.sku_id] = of_parcel.get(item.sku_id, 0) + item.quantity
    skus = {sku_id for of_parcel in totals.values() for sku_id in of_parcel}
    measures = (Sku.id, Sku.length_mm, Sku.width_mm, Sku.height_mm, Sku.weight_g)
    found = {row.id: row for row in await uow.fetch(sa.select(*measures).where(uow.mine(Sku), uow.among(Sku.id, skus)))}
    return {
        parcel_id: [
            Piece(
                each, quantity, found[each].length_mm, found[each].width_mm, found[each].height_mm, found[each].weight_g
            )
            for each, quantity in of_parcel.items()
        ]
        for parcel_id, of_parcel in totals.items()
    }


async def choose_cartons(uow: UnitOfWork, *, choices: Sequence[CartonChoice]) -> list[CartonChosen | Refused]:
    """Put parcels into cartons, named by code as it is scanned, else the smallest that takes what lies in them.

    What the carton costs is booked on the parcel as it costs now; a sealed parcel is expected to weigh its tare more. A
    carton that somebody names is taken even where the goods should not fit: they see it, we compute. Refuses item by
    item: NOT_FOUND, UNKNOWN_CARTON, NO_CARTON_FITS with how to divide the goods, WRONG_STATE.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    parcels, _ = await bench.lock_bench(uow, {choice.parcel_id for choice in choices})
    rows_now = await queries.parcels(uow, parcels)
    known = await cartons_for(uow, {row.carton_id for row in rows_now.values() if row.carton_id is not None})
    before = {row.id: row for row in known}
    standing = {row.code: row for row in known if row.archived_at is None}
    boxes = [box_of(row) for row in standing.values()]
    pieces = await pieces_of(uow, await queries.contents(uow, parcels))
    answers: list[CartonChosen | Refused] = []
    chosen: dict[UUID, Row] = {}
    for index, choice in enumerate(choices):
        row = rows_now.get(choice.parcel_id)
        content = pieces.get(choice.parcel_id, [])
        try:
            carton = _carton_for(row, choice, standing, boxes, content)
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
            continue
        chosen[choice.parcel_id] = carton
        measured = all(piece.sides is not None for piece in content)
        fits = not measured or carton_rules.fits(box_of(carton), content)
        answers.append(CartonChosen(index, choice.parcel_id, carton.id, fits))
    await _write(uow, rows_now, chosen, before)
    return answers


async def restore_cartons(uow: UnitOfWork, *, backs: Sequence[CartonBack]) -> list[UUID | Refused]:
    """Let open parcels go in what they went in before, at what that costs now; return each one's id, or why not.

    Refuses item by item NOT_FOUND and WRONG_STATE (sealed, gone).
    """
    uow.actor.require(Permission.FLOOR_WORK)
    parcels, _ = await bench.lock_bench(uow, {back.parcel_id for back in backs})
    rows_now = await queries.parcels(uow, parcels)
    known = await cartons_by_id(uow, {back.carton_id for back in backs if back.carton_id is not None})
    answers: list[UUID | Refused] = []
    going: dict[UUID, Row | None] = {}
    for index, back in enumerate(backs):
        refusal = rules.open_refusal(parcels.get(back.parcel_id))
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        answers.append(back.parcel_id)
        going[back.parcel_id] = known.get(back.carton_id) if back.carton_id is not None else None
    none = {"carton_id": None, "packaging_micros": None, "packaging_currency": None}
    changed = [
        {"id": each, **none} if carton is None else booked(each, carton) for each, carton in sorted(going.items())
    ]
    await uow.update(Parcel, changed, bump_version=True)
    tell(uow, rows_now, {each: carton for each, carton in going.items() if carton is not None})
    uow.emit(
        events.CartonTakenOff(each, rows_now[each].fulfillment_order_id)
        for each, carton in going.items()
        if carton is None
    )
    return answers


def _carton_for(
    row: Row | None, choice: CartonChoice, standing: Mapping[str, Row], boxes: Sequence[Box], content: Sequence[Piece]
) -> Row:
    if row is None:
        raise NotFound("No parcel of yours has that id; scan its label again.")
    if row.state not in {ParcelState.OPEN, ParcelState.SEALED}:
        message = joined(sentence("The parcel is {state}.", state=word(row.state)), _WHEN_CLOSED)
        raise WrongState(message, data={"state": row.state})
    if choice.code is not None:
        named = standing.get(choice.code.strip().upper())
        if named is None:
            raise refusals.UnknownCarton(field=("code",), data={"known": sorted(standing)})
        return named
    found = carton_rules.suggest(boxes, content)
    if found.carton_id is None:
        raise no_carton_fits(found)
    return next(each for each in standing.values() if each.id == found.carton_id)


def no_carton_fits(found: Suggestion) -> Refusal:
    """Return the refusal that says why no one carton takes some goods."""
    data = {
        "cartons_needed": len(found.parts),
        "unmeasured_sku_ids": [str(each) for each in found.unmeasured],
        "too_big_sku_ids": [str(each) for each in found.too_big],
    }
    return refusals.NoCartonFits(data=data)


async def _write(
    uow: UnitOfWork, parcels: Mapping[UUID, Row], chosen: Mapping[UUID, Row], before: Mapping[UUID, Row]
) -> None:
    changed = []
    for parcel_id in sorted(chosen):
        row, carton = parcels[parcel_id], chosen[parcel_id]
        earlier = before[row.carton_id].tare_g if row.carton_id is not None else 0
        expected = row.expected_weight_g
        changed.append(
            {
                **booked(parcel_id, carton),
                "expected_weight_g": None if expected is None else expected - earlier + carton.tare_g,
            }
        )
    await uow.update(Parcel, changed, bump_version=True)
    tell(uow, parcels, chosen)


def booked(parcel_id: UUID, carton: Any) -> dict[str, Any]:
    """Return what a parcel keeps of the carton it goes in: which one, and what that costs now."""
    return {
        "id": parcel_id,
        "carton_id": carton.id,
        "packaging_micros": carton.cost_micros,
        "packaging_currency": carton.currency,
    }


def tell(uow: UnitOfWork, parcels: Mapping[UUID, Any], chosen: Mapping[UUID, Any]) -> None:
    """Tell of the cartons that parcels go in."""
    uow.emit(
        events.CartonChosen(each, parcels[each].fulfillment_order_id, carton.id, carton.cost_micros, carton.currency)
        for each, carton in chosen.items()
    )
