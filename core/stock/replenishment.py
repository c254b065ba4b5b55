"""Replenishment 补货: pick faces are filled from overflow bins, before a picker stands before an empty one."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import allocations, goods, locks, moves, queries, refusals, replenishment_queries, rules
from pickmesh.core.stock.moves import StockTransfer
from pickmesh.core.stock.replenishment_queries import FaceNeed
from pickmesh.core.stock.rules import BalanceKey, Candidate, Level, MoveReason, Need
from pickmesh.core.stock.tables import BinRole, PlaceKind, Pool
from pickmesh.core.stock.transfer_tables import PickFace, ReplenishmentStatus, ReplenishmentTask
from pickmesh.core.stock.transfers import RANK_AT

FACES_MAX = 5_000
TASKS_MAX = 2_000
"""Most tasks one planning makes; planned again, it makes the rest."""


@dataclass(frozen=True, slots=True)
class NewPickFace:
    """How much of a SKU a pick bin should hold: under `min_quantity` it is filled up to `max_quantity`."""

    place_id: UUID
    sku_id: UUID
    min_quantity: int
    max_quantity: int


@dataclass(frozen=True, slots=True)
class SavedPickFace:
    """A pick face that stands as told."""

    index: int
    place_id: UUID
    sku_id: UUID


@dataclass(frozen=True, slots=True)
class Replenished:
    """A task after something was done to it; `quantity` is what was moved just now."""

    index: int
    task_id: UUID
    quantity: int
    status: str


async def save_pick_faces(uow: UnitOfWork, *, faces: Sequence[NewPickFace]) -> list[SavedPickFace | Refused]:
    """Say how much pick bins should hold; told again it replaces what was told. A maximum of 0 forgets the face.

    Good rows are done, the others come back as `Refused`. Needs stock:write at each warehouse.
    """
    if len(faces) > FACES_MAX:
        raise LimitExceeded(sentence("Save at most {most} pick faces at a time.", most=FACES_MAX), field=("faces",))
    places = await queries.places(uow, {face.place_id for face in faces})
    for location_id in sorted({place.location_id for place in places.values()}):
        uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    skus = await goods.sku_facts(uow, {face.sku_id for face in faces})
    answer: list[SavedPickFace | Refused] = []
    kept: dict[tuple[UUID, UUID], NewPickFace] = {}
    for index, face in enumerate(faces):
        try:
            _check_face(face, places, skus, kept)
        except Refusal as refusal:
            answer.append(Refused(index, refusal))
            continue
        kept[face.place_id, face.sku_id] = face
        answer.append(SavedPickFace(index, face.place_id, face.sku_id))
    rows = [
        {
            "place_id": face.place_id,
            "sku_id": face.sku_id,
            "location_id": places[face.place_id].location_id,
            "min_quantity": face.min_quantity,
            "max_quantity": face.max_quantity,
        }
        for face in kept.values()
        if face.max_quantity
    ]
    await uow.upsert(PickFace, rows, replace=["min_quantity", "max_quantity"])
    forgotten = sorted(key for key, face in kept.items() if not face.max_quantity)
    if forgotten:
        key_columns = (PickFace.place_id, PickFace.sku_id)
        await uow.execute(sa.delete(PickFace).where(uow.mine(PickFace), uow.among(key_columns, forgotten)))
    return answer


def _check_face(
    face: NewPickFace,
    places: Mapping[UUID, sa.Row[Any]],
    skus: Mapping[UUID, goods.SkuFacts],
    kept: Collection[tuple[UUID, UUID]],
) -> None:
    place, sku = places.get(face.place_id), skus.get(face.sku_id)
    if place is None or place.archived_at is not None:
        raise refusals.UnknownPlace(field=("placeId",))
    if sku is None:
        raise refusals.UnknownSku(field=("skuId",))
    if sku.is_bundle:
        raise refusals.BundleHasNoStock(field=("skuId",))
    if place.kind != PlaceKind.BIN or place.pool != Pool.SELLABLE or place.role == BinRole.OVERFLOW:
        message = sentence("A pick face is a bin to pick from, not an overflow bin and not one of another pool.")
        raise refusals.WrongPlace(message, field=("placeId",))
    if (face.place_id, face.sku_id) in kept:
        raise InvalidInput(sentence("This place and SKU are told twice; put them into one row."))
    forgets = face.max_quantity == 0 and face.min_quantity == 0
    if not forgets and not 0 <= face.min_quantity < face.max_quantity <= rules.QUANTITY_MAX:
        message = sentence("The minimum is 0 or more, the maximum more than that.")
        raise InvalidInput(message, field=("maxQuantity",))


async def plan_replenishments(uow: UnitOfWork, *, location_id: UUID) -> list[UUID]:
    """Make tasks to fill the pick faces of a warehouse that need it; return their ids, the most urgent face first.

    A face needs pieces when those nobody will take from it, and those on their way to it, are under its minimum, and
    also when orders need more of the SKU than all its pick bins hold. It is filled up to its maximum, or as far as
    orders need, from overflow bins: what expires first, what came first, the fewest bins; never what is promised there
    or on another task. Planned again it makes nothing twice. A fixed number of statements. Needs stock:write.
    """
    uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    zones = await queries.locations_by_id(uow, [location_id])
    if location_id not in zones:
        raise refusals.UnknownPlace(sentence("No warehouse of yours has that id."), field=("locationId",))
    await locks.lock_open_replenishments(uow, location_id)
    faced = await replenishment_queries.faced_skus(uow, location_id)
    levels = await locks.lock_levels(uow, {Level(location_id, sku_id) for sku_id in faced})
    needs = await replenishment_queries.face_needs(uow, location_id)
    if not needs:
        return []
    candidates = await allocations.candidates_at(uow, set(levels) & {Level(location_id, one.sku_id) for one in needs})
    open_tasks = await replenishment_queries.open_tasks(uow, location_id)
    left = _unpromised(candidates, replenishment_queries.taken_by(open_tasks))
    today = {location_id: uow.now.astimezone(ZoneInfo(zones[location_id].time_zone)).date()}
    rows = _task_rows(uow, location_id, needs, left, today)[:TASKS_MAX]
    return await _write_tasks(uow, rows, {_way(task._mapping): task.id for task in open_tasks})


def _way(task: Any) -> tuple[UUID, UUID, UUID, UUID]:
    """Return what one open task stands for: from where to where, and what."""
    return task["from_place_id"], task["to_place_id"], task["sku_id"], task["lot_id"]


async def _write_tasks(
    uow: UnitOfWork, rows: Sequence[dict[str, Any]], known: Mapping[tuple[UUID, UUID, UUID, UUID], UUID]
) -> list[UUID]:
    """Make the tasks; where one on the same way is open already, that one grows. Return their ids in order."""
    await uow.insert(ReplenishmentTask, [row for row in rows if _way(row) not in known])
    grown = [{"id": known[_way(row)], "quantity": row["quantity"]} for row in rows if _way(row) in known]
    grown.sort(key=lambda row: str(row["id"]))
    await uow.update(ReplenishmentTask, grown, add=["quantity"], bump_version=True)
    return [known.get(_way(row), row["id"]) for row in rows]


def _unpromised(candidates: Sequence[Candidate], taken: Mapping[BalanceKey, int]) -> list[Candidate]:
    """Return overflow bins with what is left in them when all open tasks are done."""
    return [
        replace(one, free=one.free - taken.get(one.key, 0))
        for one in candidates
        if one.role == BinRole.OVERFLOW and one.free > taken.get(one.key, 0)
    ]


def _task_rows(
    uow: UnitOfWork,
    location_id: UUID,
    needs: Sequence[FaceNeed],
    candidates: Sequence[Candidate],
    today: Mapping[UUID, date],
) -> list[dict[str, Any]]:
    """Choose overflow bins for faces, a row for each way; where there is not enough for all, the emptiest is first."""
    ranked = sorted(needs, key=lambda one: (one.expected / max(1, one.min_quantity), one.place_id, one.sku_id))
    wishes = {new_id(): one for one in ranked}  # ids rise, and so do the ranks
    plan = [
        Need(wish_id, wish_id, Level(location_id, one.sku_id), one.wanted, RANK_AT, wish_id)
        for wish_id, one in wishes.items()
    ]
    takes, _ = rules.allocation_plan(plan, candidates, today)
    return [
        {
            "id": new_id(),
            "location_id": location_id,
            "sku_id": take.key.sku_id,
            "lot_id": take.key.lot_id,
            "from_place_id": take.key.place_id,
            "to_place_id": wishes[take.need.line_id].place_id,
            "quantity": take.quantity,
            "status": ReplenishmentStatus.OPEN,
            "created_at": uow.now,
        }
        for take in takes
    ]


@dataclass(frozen=True, slots=True)
class Completion:
    """Pieces of a task that were moved; None is all that is left. With `closes` the rest is not coming.

    Where only some of the serial-tracked pieces in a bin go, each is named, by id or serial number.
    """

    task_id: UUID
    quantity: int | None = None
    unit_ids: Sequence[UUID] = ()
    serials: Sequence[str] = ()
    closes: bool = False


async def complete_replenishments(uow: UnitOfWork, *, completions: Sequence[Completion]) -> list[Replenished | Refused]:
    """Move what was brought from overflow to pick faces, in parts if need be; a task is DONE when all of it is there.

    What is no longer in the overflow bin is refused. Good items are done, the others come back as `Refused`. Needs
    stock:write at each warehouse.
    """
    tasks = await _lock(uow, [one.task_id for one in completions])
    answer: list[Replenished | Refused] = []
    going: list[tuple[int, Completion, StockTransfer]] = []
    left = {task_id: row.quantity - row.moved_quantity for task_id, row in tasks.items()}
    for index, one in enumerate(completions):
        try:
            quantity = _quantity(one, tasks.get(one.task_id), left)
        except Refusal as refusal:
            answer.append(Refused(index, refusal))
            continue
        left[one.task_id] -= quantity
        going += [(index, one, move) for move in _moves(tasks[one.task_id], one, quantity)]
    moved = await moves.move_stock(uow, moves=[move for *_, move in going], reason=MoveReason.REPLENISH)
    done, refused = _sorted_out(going, moved)
    answer += refused
    answer += await _write(uow, tasks, [(index, completions[index], quantity) for index, quantity in done.items()])
    return sorted(answer, key=lambda one: one.index)


def _quantity(one: Completion, task: sa.Row[Any] | None, left: Mapping[UUID, int]) -> int:
    if task is None:
        raise refusals.UnknownReplenishment()
    if task.status != ReplenishmentStatus.OPEN or not left[one.task_id]:
        raise WrongState(sentence("That replenishment is finished."), data={"status": task.status})
    quantity = left[one.task_id] if one.quantity is None else one.quantity
    if not 1 <= quantity <= left[one.task_id]:
        message = sentence(
            "Of this replenishment {left} are left, not {asked}.", left=left[one.task_id], asked=quantity
        )
        raise InvalidInput(message, field=("quantity",), data={"quantity": left[one.task_id]})
    named = {str(unit_id) for unit_id in one.unit_ids} | {serial.strip().upper() for serial in one.serials}
    if (one.unit_ids or one.serials) and len(named) != quantity:
        message = sentence("These goods are kept by serial number; name each piece once.")
        raise refusals.SerialNeeded(message, field=("serials",))
    return quantity


def _moves(task: sa.Row[Any], one: Completion, quantity: int) -> list[StockTransfer]:
    ends = (task.from_place_id, task.to_place_id, task.sku_id)
    if one.unit_ids or one.serials:
        by_id = [StockTransfer(*ends, 1, task.lot_id, unit_id) for unit_id in one.unit_ids]
        return by_id + [StockTransfer(*ends, 1, task.lot_id, serial=serial) for serial in one.serials]
    return [StockTransfer(*ends, quantity, task.lot_id)]


def _sorted_out(
    going: Sequence[tuple[int, Completion, StockTransfer]], moved: Sequence[object]
) -> tuple[dict[int, int], list[Refused]]:
    """Return how much of each completion was moved, and the first refusal of those of which nothing was."""
    done: defaultdict[int, int] = defaultdict(int)
    refused: dict[int, Refused] = {}
    for (index, _, move), verdict in zip(going, moved, strict=True):
        if isinstance(verdict, Refused):
            refused.setdefault(index, Refused(index, verdict.refusal))
        else:
            done[index] += move.quantity
    return dict(done), [one for index, one in refused.items() if index not in done]


async def _write(
    uow: UnitOfWork, tasks: Mapping[UUID, sa.Row[Any]], done: Sequence[tuple[int, Completion, int]]
) -> list[Replenished | Refused]:
    """Write down how far tasks are."""
    moved = rules.summed((one.task_id, quantity) for _, one, quantity in done)
    closing = {one.task_id for _, one, _ in done if one.closes}
    status_of: dict[UUID, str] = {}
    rows: list[dict[str, Any]] = []
    for task_id in sorted(moved):
        task = tasks[task_id]
        is_done = task_id in closing or task.moved_quantity + moved[task_id] == task.quantity
        status_of[task_id] = ReplenishmentStatus.DONE if is_done else ReplenishmentStatus.OPEN
        rows.append(
            {
                "id": task_id,
                "moved_quantity": moved[task_id],
                "status": status_of[task_id],
                "closed_at": uow.now if is_done else None,
            }
        )
    await uow.update(ReplenishmentTask, rows, add=["moved_quantity"], bump_version=True)
    return [Replenished(index, one.task_id, quantity, status_of[one.task_id]) for index, one, quantity in done]


async def cancel_replenishments(uow: UnitOfWork, *, task_ids: Sequence[UUID]) -> list[Replenished | Refused]:
    """Call open tasks off; what was moved stays where it is. One called off before answers the same.

    A task that is done is refused. Needs stock:write at each warehouse.
    """
    tasks = await _lock(uow, task_ids)
    answer: list[Replenished | Refused] = []
    off: set[UUID] = set()
    for index, task_id in enumerate(task_ids):
        task = tasks.get(task_id)
        if task is None:
            answer.append(Refused(index, refusals.UnknownReplenishment()))
        elif task.status == ReplenishmentStatus.DONE:
            message = sentence("That replenishment is finished.")
            answer.append(Refused(index, WrongState(message, data={"status": task.status})))
        else:
            off |= {task_id} if task.status == ReplenishmentStatus.OPEN else set()
            answer.append(Replenished(index, task_id, 0, ReplenishmentStatus.CANCELLED))
    rows = [{"id": one, "status": ReplenishmentStatus.CANCELLED, "closed_at": uow.now} for one in sorted(off)]
    await uow.update(ReplenishmentTask, rows, bump_version=True)
    return answer


async def _lock(uow: UnitOfWork, task_ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Lock tasks; needs stock:write at their warehouses."""
    tasks = await locks.lock_replenishments(uow, set(task_ids))
    for location_id in sorted({task.location_id for task in tasks.values()}):
        uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    return tasks
