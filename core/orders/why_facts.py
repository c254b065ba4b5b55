"""What stands behind a shortage: who holds a SKU where, what of it is unsellable, what is on its way, what was lost."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from pickmesh.core.journal import reading
from pickmesh.core.journal.reading import LoggedEvent
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import queries
from pickmesh.core.orders.locks import FULFILLMENT_ORDER
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder
from pickmesh.core.stock import events as stock_events
from pickmesh.core.stock.promise_tables import StockLease
from pickmesh.core.stock.rules import VIRTUAL_KINDS, Level
from pickmesh.core.stock.tables import (
    Lot,
    Place,
    PlaceKind,
    Pool,
    Reservation,
    ReservationStatus,
    StockBalance,
    StockMove,
)
from pickmesh.core.stock.transfer_tables import Transfer, TransferLine, TransferStatus

HOLDERS_MAX = 20
"""Holders told of one SKU at one location, the first in rank first; how many there are in all is told beside."""


class HolderKind(StrEnum):
    """What pieces are promised to."""

    ORDER = "ORDER"
    TRANSFER = "TRANSFER"
    LEASE = "LEASE"
    OTHER = "OTHER"


class Frees(StrEnum):
    """What would let go of promised pieces, without anybody being deprived of them."""

    LEASE_EXPIRES = "LEASE_EXPIRES"
    PUT_BACK = "PUT_BACK"
    HOLD = "HOLD"


class Unsellable(StrEnum):
    """Why pieces that lie there may not be promised."""

    HOSPITAL = "HOSPITAL"
    MISSING = "MISSING"
    LOT_BLOCKED = "LOT_BLOCKED"
    POOL = "POOL"


class LossCause(StrEnum):
    """What took a promise away."""

    CORRECTED = "CORRECTED"
    NOT_FOUND = "NOT_FOUND"
    MOVED = "MOVED"
    LOT_BLOCKED = "LOT_BLOCKED"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds pieces of a SKU at a location; `id` is that of the fulfillment order, transfer or lease.

    `number` is a document's, `code` a lease's. Whoever has the smaller (`rank_at`, `group_id`) is served first.
    `frees` tells what would let go of them, `frees_at` when, where that is known.
    """

    kind: HolderKind
    id: UUID
    number: int | None
    code: str | None
    status: str
    quantity: int
    rank_at: datetime
    group_id: UUID
    since: datetime
    frees: Frees | None
    frees_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a SKU at a location: the first in rank, and how many hold it in all."""

    holders: Sequence[Holder]
    count: int


@dataclass(frozen=True, slots=True)
class UnsellableAt:
    """Pieces that lie at a place and may not be promised."""

    place_id: UUID
    place_code: str
    lot_id: UUID
    lot_code: str | None
    quantity: int
    cause: Unsellable


@dataclass(frozen=True, slots=True)
class Incoming:
    """Pieces a transfer brings: on their way, or (PLANNED) still to be sent."""

    transfer_id: UUID
    number: int
    status: str
    from_location_id: UUID
    quantity: int
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lost:
    """A promise that was taken away: when, how much, by what, and by whom (None: the machinery)."""

    at: datetime
    quantity: int
    cause: LossCause
    reason: str
    place_id: UUID | None
    actor_id: UUID | None


async def holders_of(uow: UnitOfWork, sku_ids: Collection[UUID]) -> dict[Level, Held]:
    """Return who holds these SKUs, by location and SKU. One statement."""
    rows: defaultdict[Level, list[sa.Row[Any]]] = defaultdict(list)
    for row in await uow.fetch(_holders(uow, _ranked(uow, sku_ids))):
        rows[Level(row.location_id, row.sku_id)].append(row)
    return {level: Held([_holder(row, uow.now) for row in at], at[0].in_all) for level, at in rows.items()}


def _ranked(uow: UnitOfWork, sku_ids: Collection[UUID]) -> sa.Subquery:
    """Return the query of open reservations with their place in rank at their level, and how many there are."""
    at = (Reservation.location_id, Reservation.sku_id)
    in_rank = (Reservation.rank_at, Reservation.group_id, Reservation.id)
    return (
        sa.select(
            *at,
            Reservation.line_id,
            Reservation.group_id,
            Reservation.rank_at,
            Reservation.quantity,
            Reservation.created_at,
            sa.func.row_number().over(partition_by=at, order_by=in_rank).label("place"),
            sa.func.count().over(partition_by=at).label("in_all"),
        )
        .where(
            uow.mine(Reservation),
            uow.among(Reservation.sku_id, sku_ids),
            Reservation.status == ReservationStatus.OPEN,
            Reservation.quantity > 0,
        )
        .subquery()
    )


def _holders(uow: UnitOfWork, ranked: sa.Subquery) -> sa.Select[*tuple[Any, ...]]:
    """Return the query of the first reservations in rank, each with the document it is for."""
    of_order = FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id
    return (
        sa.select(
            ranked,
            *(column.label(f"order_{column.key}") for column in FULFILLMENT_ORDER),
            Transfer.id.label("transfer_id"),
            Transfer.number.label("transfer_number"),
            Transfer.status.label("transfer_status"),
            StockLease.id.label("lease_id"),
            StockLease.code.label("lease_code"),
            StockLease.status.label("lease_status"),
            StockLease.expires_at.label("lease_expires_at"),
        )
        .outerjoin(FulfillmentLine, sa.and_(uow.mine(FulfillmentLine), FulfillmentLine.id == ranked.c.line_id))
        .outerjoin(FulfillmentOrder, sa.and_(uow.mine(FulfillmentOrder), of_order))
        .outerjoin(TransferLine, sa.and_(uow.mine(TransferLine), TransferLine.id == ranked.c.line_id))
        .outerjoin(Transfer, sa.and_(uow.mine(Transfer), Transfer.id == TransferLine.transfer_id))
        .outerjoin(StockLease, sa.and_(uow.mine(StockLease), StockLease.id == ranked.c.line_id))
        .where(ranked.c.place <= HOLDERS_MAX)
        .order_by(ranked.c.location_id, ranked.c.sku_id, ranked.c.place)
    )


def _holder(row: sa.Row[Any], now: datetime) -> Holder:
    common: dict[str, Any] = {
        "quantity": row.quantity,
        "rank_at": row.rank_at,
        "group_id": row.group_id,
        "since": row.created_at,
    }
    unsaid: dict[str, Any] = {"number": None, "code": None, "frees": None, "frees_at": None}
    if row.order_id is not None:
        frees = Frees.PUT_BACK if row.order_intercepted_at else Frees.HOLD if row.order_hold_count else None
        status = queries.status_of(_Columns(row, "order_"), now)
        told = {"kind": HolderKind.ORDER, "id": row.order_id, "number": row.order_number, "frees": frees}
        return Holder(**(unsaid | common | told), status=status)
    if row.transfer_id is not None:
        told = {"kind": HolderKind.TRANSFER, "id": row.transfer_id, "number": row.transfer_number}
        return Holder(**(unsaid | common | told), status=row.transfer_status)
    if row.lease_id is not None:
        told = {"kind": HolderKind.LEASE, "id": row.lease_id, "code": row.lease_code}
        ends = {"frees": Frees.LEASE_EXPIRES, "frees_at": row.lease_expires_at}
        return Holder(**(unsaid | common | told | ends), status=row.lease_status)
    return Holder(**(unsaid | common | {"kind": HolderKind.OTHER, "id": row.line_id}), status="OPEN")


class _Columns:
    """Columns of a row whose names begin with the same word, without it."""

    def __init__(self, row: sa.Row[Any], prefix: str) -> None:
        self._row, self._prefix = row, prefix

    def __getattr__(self, name: str) -> Any:
        return self._row._mapping[self._prefix + name]


async def unsellable_of(uow: UnitOfWork, sku_ids: Collection[UUID]) -> Mapping[Level, list[UnsellableAt]]:
    """Return what of these SKUs lies somewhere and may not be promised, by location and SKU. One statement."""
    blocked = sa.func.coalesce(Lot.blocked, sa.false())
    where_lost = [PlaceKind.HOSPITAL, PlaceKind.MISSING]
    found = (
        sa.select(
            StockBalance.location_id,
            StockBalance.sku_id,
            StockBalance.place_id,
            StockBalance.lot_id,
            StockBalance.quantity,
            Place.code,
            Place.kind,
            Place.pool,
            Lot.code.label("lot_code"),
        )
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .outerjoin(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        .where(
            uow.mine(StockBalance),
            uow.among(StockBalance.sku_id, sku_ids),
            StockBalance.quantity > 0,
            Place.kind != PlaceKind.TRANSIT,
            sa.or_(Place.kind.in_(where_lost), Place.pool != Pool.SELLABLE, blocked.is_(sa.true())),
        )
        .order_by(StockBalance.location_id, StockBalance.sku_id, Place.code, StockBalance.lot_id)
    )
    lying: defaultdict[Level, list[UnsellableAt]] = defaultdict(list)
    for row in await uow.fetch(found):
        one = UnsellableAt(row.place_id, row.code, row.lot_id, row.lot_code, row.quantity, _unsellable(row))
        lying[Level(row.location_id, row.sku_id)].append(one)
    return lying


def _unsellable(row: sa.Row[Any]) -> Unsellable:
    if row.kind in {PlaceKind.HOSPITAL, PlaceKind.MISSING}:
        return Unsellable(row.kind)
    return Unsellable.POOL if row.pool != Pool.SELLABLE else Unsellable.LOT_BLOCKED


async def incoming_of(uow: UnitOfWork, sku_ids: Collection[UUID]) -> Mapping[Level, list[Incoming]]:
    """Return which transfers bring these SKUs where, by location and SKU, the oldest first. One statement."""
    travelling = TransferLine.sent_quantity - TransferLine.received_quantity - TransferLine.lost_quantity
    to_send = sa.case(
        (Transfer.status == TransferStatus.PLANNED, TransferLine.quantity - TransferLine.sent_quantity), else_=0
    )
    found = (
        sa.select(
            Transfer.id,
            Transfer.number,
            Transfer.status,
            Transfer.from_location_id,
            Transfer.to_location_id,
            Transfer.sent_at,
            TransferLine.sku_id,
            (travelling + to_send).label("quantity"),
        )
        .join(TransferLine, sa.and_(uow.mine(TransferLine), TransferLine.transfer_id == Transfer.id))
        .where(
            uow.mine(Transfer),
            uow.among(TransferLine.sku_id, sku_ids),
            Transfer.status.in_([TransferStatus.PLANNED, TransferStatus.SENT]),
            travelling + to_send > 0,
        )
        .order_by(Transfer.id)
    )
    coming: defaultdict[Level, list[Incoming]] = defaultdict(list)
    for row in await uow.fetch(found):
        one = Incoming(row.id, row.number, row.status, row.from_location_id, row.quantity, row.sent_at)
        coming[Level(row.to_location_id, row.sku_id)].append(one)
    return coming


_LOSSES = frozenset({stock_events.ReservationLost.kind, stock_events.UnitsMissing.kind})


async def losses_of(uow: UnitOfWork, line_ids: Collection[UUID]) -> Mapping[UUID, list[Lost]]:
    """Return what lines lost and what took it, by line, the oldest first: from the log and the ledger. Two statements.

    A loss and its cause were written in one transaction, so they bear the same moment.
    """
    told = await reading.events_about(uow, line_ids)
    losses = [(line_id, event) for line_id, of_line in told.items() for event in of_line if event.kind in _LOSSES]
    moved = await _moves_at(uow, [event for _, event in losses])
    lost: defaultdict[UUID, list[Lost]] = defaultdict(list)
    for line_id, event in losses:
        lost[line_id].append(_lost(event, moved))
    return lost


async def _moves_at(uow: UnitOfWork, losses: Iterable[LoggedEvent]) -> dict[tuple[UUID, datetime], sa.Row[Any]]:
    """Return the ledger's move of the SKU at the moment of each loss; a lot that was blocked moved nothing."""
    skus = {UUID(event.payload["sku_id"]) for event in losses}
    if not skus:
        return {}
    source, target = aliased(Place), aliased(Place)
    found = (
        sa.select(
            StockMove.sku_id, StockMove.at, StockMove.reason, StockMove.actor_id, StockMove.from_place_id, target.kind
        )
        .join(source, sa.and_(source.merchant_id == uow.merchant_id, source.id == StockMove.from_place_id))
        .join(target, sa.and_(target.merchant_id == uow.merchant_id, target.id == StockMove.to_place_id))
        .where(
            uow.mine(StockMove),
            uow.among(StockMove.sku_id, skus),
            StockMove.at.in_(sorted({event.at for event in losses})),
            source.kind.not_in(sorted(VIRTUAL_KINDS)),
        )
        .order_by(StockMove.id.desc())
    )
    return {(row.sku_id, row.at): row for row in await uow.fetch(found)}


def _lost(event: LoggedEvent, moved: Mapping[tuple[UUID, datetime], sa.Row[Any]]) -> Lost:
    quantity = int(event.payload["quantity"])
    if event.kind == stock_events.UnitsMissing.kind:
        place_id = UUID(event.payload["place_id"])
        return Lost(event.at, quantity, LossCause.NOT_FOUND, "", place_id, event.actor_id)
    move = moved.get((UUID(event.payload["sku_id"]), event.at))
    if move is None:
        return Lost(event.at, quantity, LossCause.LOT_BLOCKED, "", None, event.actor_id)
    cause = LossCause.CORRECTED if move.kind == PlaceKind.ADJUSTMENT else LossCause.MOVED
    if move.kind == PlaceKind.MISSING:
        cause = LossCause.NOT_FOUND
    return Lost(event.at, quantity, cause, move.reason, move.from_place_id, move.actor_id or event.actor_id)
