"""What may be asked about replenishment: pick faces, which of them need pieces, and the tasks that bring them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest, page_of
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock.rules import BalanceKey
from pickmesh.core.stock.tables import (
    BinRole,
    Lot,
    Place,
    PlaceKind,
    Pool,
    Reservation,
    ReservationStatus,
    StockBalance,
)
from pickmesh.core.stock.transfer_tables import PickFace, ReplenishmentStatus, ReplenishmentTask
from pickmesh.core.stock.transfers import RANK_AT

Rows = Sequence[sa.Row[Any]]

_TASK = (
    ReplenishmentTask.id,
    ReplenishmentTask.location_id,
    ReplenishmentTask.sku_id,
    ReplenishmentTask.lot_id,
    ReplenishmentTask.from_place_id,
    ReplenishmentTask.to_place_id,
    ReplenishmentTask.quantity,
    ReplenishmentTask.moved_quantity,
    ReplenishmentTask.status,
    ReplenishmentTask.created_at,
    ReplenishmentTask.closed_at,
    ReplenishmentTask.version,
)
_FACE = (
    PickFace.place_id,
    PickFace.sku_id,
    PickFace.location_id,
    PickFace.min_quantity,
    PickFace.max_quantity,
)


@dataclass(frozen=True, slots=True)
class FaceNeed:
    """A pick face that needs pieces: `expected` will be free in it when all tasks are done, `wanted` are to come."""

    place_id: UUID
    sku_id: UUID
    min_quantity: int
    max_quantity: int
    expected: int
    wanted: int


async def tasks(uow: UnitOfWork, task_ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return replenishment tasks by id."""
    found = sa.select(*_TASK).where(uow.mine(ReplenishmentTask), uow.among(ReplenishmentTask.id, task_ids))
    return {row.id: row for row in await uow.fetch(found)}


async def task_page(
    uow: UnitOfWork, request: PageRequest, *, location_id: UUID | None = None, statuses: Collection[str] | None = None
) -> Page[sa.Row[Any]]:
    """Return replenishment tasks of the caller's warehouses, the newest first."""
    found = sa.select(*_TASK).where(uow.mine(ReplenishmentTask), uow.in_reach(ReplenishmentTask.location_id))
    if location_id is not None:
        found = found.where(ReplenishmentTask.location_id == location_id)
    if statuses is not None:
        found = found.where(uow.among(ReplenishmentTask.status, sorted(statuses)))
    return await paged.page_by_id(uow, found, ReplenishmentTask.id, request)


async def faces_of_places(uow: UnitOfWork, place_ids: Iterable[UUID]) -> Rows:
    """Return what pick faces these bins are, and of which SKUs."""
    found = sa.select(*_FACE).where(uow.mine(PickFace), uow.among(PickFace.place_id, place_ids))
    return await uow.fetch(found.order_by(PickFace.place_id, PickFace.sku_id))


async def face_page(uow: UnitOfWork, request: PageRequest, *, location_id: UUID) -> Page[sa.Row[Any]]:
    """Return the pick faces of a location, by place and SKU."""
    key = (PickFace.place_id, PickFace.sku_id)
    found = sa.select(*_FACE).where(
        uow.mine(PickFace), uow.in_reach(PickFace.location_id), PickFace.location_id == location_id
    )
    if request.cursor is not None:
        here = sa.tuple_(*(sa.literal(part) for part in _cursor(request)))
        found = found.where(sa.tuple_(*key) < here if request.backwards else sa.tuple_(*key) > here)
    order = [column.desc() for column in key] if request.backwards else list(key)
    rows = await uow.fetch(found.order_by(*order).limit(request.limit + 1))
    return page_of(rows, request, lambda row: (str(row.place_id), str(row.sku_id)))


def _cursor(request: PageRequest) -> tuple[UUID, UUID]:
    try:
        place_id, sku_id = (UUID(str(part)) for part in request.cursor or ())
    except ValueError:
        message = sentence("That cursor is not one of this list; start again from the first page.")
        raise InvalidInput(message, field=("after",)) from None
    return place_id, sku_id


async def faced_skus(uow: UnitOfWork, location_id: UUID) -> set[UUID]:
    """Return the SKUs that have a pick face at a location."""
    found = sa.select(PickFace.sku_id).distinct().where(uow.mine(PickFace), PickFace.location_id == location_id)
    return {row.sku_id for row in await uow.fetch(found)}


async def face_needs(uow: UnitOfWork, location_id: UUID) -> list[FaceNeed]:
    """Return the pick faces of a location that need pieces, and how many, in four statements.

    One under its minimum needs all up to its maximum; where orders need more of a SKU than all its pick bins hold, the
    emptiest faces need what is lacking, up to their maximum.
    """
    faces = await _faces(uow, location_id)
    coming = await _coming(uow, location_id)
    short = await _short_of_orders(uow, location_id, {face.sku_id for face in faces}, coming)
    of_sku: defaultdict[UUID, list[FaceNeed]] = defaultdict(list)
    for face in faces:
        expected = int(face.free) + coming.get((face.place_id, face.sku_id), 0)
        wanted = face.max_quantity - expected if expected < face.min_quantity else 0
        of_sku[face.sku_id].append(
            FaceNeed(face.place_id, face.sku_id, face.min_quantity, face.max_quantity, expected, wanted)
        )
    needs = [need for sku_id, known in of_sku.items() for need in _with_orders(known, short.get(sku_id, 0))]
    return sorted((need for need in needs if need.wanted > 0), key=lambda one: (one.place_id, one.sku_id))


def _with_orders(faces: Sequence[FaceNeed], short: int) -> Iterable[FaceNeed]:
    """Let the emptiest faces ask for what orders lack beyond what faces under their minimum ask for anyway."""
    lacking = short - sum(face.wanted for face in faces)
    for face in sorted(faces, key=lambda one: (one.expected / one.max_quantity, one.place_id)):
        room = face.max_quantity - face.expected
        if face.wanted or lacking <= 0 or room <= 0:
            yield face
            continue
        wanted = min(room, lacking)
        lacking -= wanted
        yield FaceNeed(face.place_id, face.sku_id, face.min_quantity, face.max_quantity, face.expected, wanted)


async def _faces(uow: UnitOfWork, location_id: UUID) -> Rows:
    """Return the pick faces of a location with what is free in each: neither promised there nor blocked."""
    here = sa.and_(
        uow.mine(StockBalance), StockBalance.place_id == PickFace.place_id, StockBalance.sku_id == PickFace.sku_id
    )
    blocked = sa.func.coalesce(Lot.blocked, sa.false()).is_(sa.true())
    free = sa.case((blocked, 0), else_=sa.func.coalesce(StockBalance.quantity - StockBalance.allocated, 0))
    found = (
        sa.select(*_FACE, sa.func.sum(free).label("free"))
        .join(Place, sa.and_(uow.mine(Place), Place.id == PickFace.place_id, Place.archived_at.is_(None)))
        .outerjoin(StockBalance, here)
        .outerjoin(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        .where(uow.mine(PickFace), PickFace.location_id == location_id)
        .group_by(*_FACE)
        .order_by(PickFace.place_id, PickFace.sku_id)
    )
    return await uow.fetch(found)


async def _coming(uow: UnitOfWork, location_id: UUID) -> dict[tuple[UUID, UUID], int]:
    """Return what open tasks will still bring, by bin and SKU."""
    left = sa.func.sum(ReplenishmentTask.quantity - ReplenishmentTask.moved_quantity)
    found = (
        sa.select(ReplenishmentTask.to_place_id, ReplenishmentTask.sku_id, left.label("pieces"))
        .where(_is_open(uow, location_id))
        .group_by(ReplenishmentTask.to_place_id, ReplenishmentTask.sku_id)
    )
    return {(row.to_place_id, row.sku_id): int(row.pieces) for row in await uow.fetch(found)}


def _is_open(uow: UnitOfWork, location_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(
        uow.mine(ReplenishmentTask),
        ReplenishmentTask.location_id == location_id,
        ReplenishmentTask.status == ReplenishmentStatus.OPEN,
    )


async def _short_of_orders(
    uow: UnitOfWork, location_id: UUID, sku_ids: Collection[UUID], coming: Mapping[tuple[UUID, UUID], int]
) -> dict[UUID, int]:
    """Return how many pieces orders need that no pick bin has for them, by SKU.

    Orders need what is reserved and has no bin yet; transfers are sent from any bin and do not count.
    """
    is_pick = sa.and_(Place.kind == PlaceKind.BIN, Place.pool == Pool.SELLABLE, Place.archived_at.is_(None))
    picks = sa.and_(is_pick, sa.or_(Place.role.is_(None), Place.role != BinRole.OVERFLOW))
    usable = sa.and_(picks, sa.func.coalesce(Lot.blocked, sa.false()).is_(sa.false()))
    held = sa.case((usable, StockBalance.quantity - StockBalance.allocated), else_=0)
    lying = (
        sa.select(
            StockBalance.sku_id,
            sa.func.sum(StockBalance.allocated).label("allocated"),
            sa.func.sum(held).label("held"),
        )
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .outerjoin(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        .where(
            uow.mine(StockBalance),
            StockBalance.location_id == location_id,
            uow.among(StockBalance.sku_id, sorted(sku_ids)),
        )
        .group_by(StockBalance.sku_id)
    )
    promised = (
        sa.select(Reservation.sku_id, sa.func.sum(Reservation.quantity).label("pieces"))
        .where(
            uow.mine(Reservation),
            Reservation.location_id == location_id,
            uow.among(Reservation.sku_id, sorted(sku_ids)),
            Reservation.status == ReservationStatus.OPEN,
            Reservation.rank_at < RANK_AT,
        )
        .group_by(Reservation.sku_id)
    )
    at_bins = {row.sku_id: row for row in await uow.fetch(lying)}
    on_the_way: defaultdict[UUID, int] = defaultdict(int)
    for (_, sku_id), pieces in coming.items():
        on_the_way[sku_id] += pieces
    short: dict[UUID, int] = {}
    for row in await uow.fetch(promised):
        here = at_bins.get(row.sku_id)
        allocated, has = (int(here.allocated), int(here.held)) if here is not None else (0, 0)
        short[row.sku_id] = max(0, int(row.pieces) - allocated - has - on_the_way[row.sku_id])
    return short


async def open_tasks(uow: UnitOfWork, location_id: UUID) -> Rows:
    """Return the open tasks of a location."""
    return await uow.fetch(sa.select(*_TASK).where(_is_open(uow, location_id)).order_by(ReplenishmentTask.id))


def taken_by(open_tasks: Iterable[sa.Row[Any]]) -> dict[BalanceKey, int]:
    """Return what open tasks will still take, by the balance they take it from."""
    taken: defaultdict[BalanceKey, int] = defaultdict(int)
    for task in open_tasks:
        taken[BalanceKey(task.from_place_id, task.sku_id, task.lot_id)] += task.quantity - task.moved_quantity
    return dict(taken)
