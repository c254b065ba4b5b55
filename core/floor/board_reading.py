"""What the board asks the tables: a statement or two each, bounded by hours, by what is open, or by a count of rows."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.floor.tables import Outcome, Scan, ScanSession
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import first_id_at
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress
from pickmesh.core.picking.tables import (
    ExceptionTask,
    Pick,
    PickLine,
    PickList,
    PickListStatus,
    TaskStatus,
    Wave,
    WaveOrder,
    WaveOrderState,
    WaveStatus,
)
from pickmesh.core.stock.cut_offs import first_cut_off
from pickmesh.core.stock.rules import MoveReason
from pickmesh.core.stock.tables import Place, PlaceKind, StockMove

Row = sa.Row[*tuple[Any, ...]]
Rows = Sequence[Row]

WAVES_MAX = 100
AT_RISK_MAX = 50
DONE_LATELY = timedelta(days=7)
"""A wave that ended in the board's hours is looked for among those of so many days before."""

_MOMENT = timedelta(microseconds=1)
_NOT_PACKED = (Progress.OPEN, Progress.RELEASED, Progress.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A warehouse and the edges of the hours that are looked at."""

    location_id: UUID
    edges: Sequence[datetime]

    @property
    def begin(self) -> datetime:
        """Where the first hour begins."""
        return self.edges[0]

    @property
    def until(self) -> datetime:
        """Where the last hour ends."""
        return self.edges[-1]

    @property
    def hours(self) -> list[tuple[datetime, datetime]]:
        """Begin and end of each hour."""
        return list(pairwise(self.edges))

    def lengths(self, now: datetime) -> list[timedelta]:
        """How much of each hour has passed."""
        return [max(min(until, now) - begin, timedelta(0)) for begin, until in self.hours]

    def holds(self, id_column: Any) -> sa.ColumnElement[bool]:
        """Return the condition that a row came in these hours."""
        return sa.and_(id_column >= first_id_at(self.begin), id_column < first_id_at(self.until))

    def hour_of(self, id_column: Any) -> sa.ColumnElement[int]:
        """Return the expression for which of the hours a row came in, from 0."""
        ends = [(id_column < first_id_at(until), number) for number, (_, until) in enumerate(self.hours)]
        return sa.case(*ends, else_=len(ends) - 1).label("hour")


async def scans(uow: UnitOfWork, stretch: Stretch) -> Rows:
    """Return how many scans had which outcome, by hour and job."""
    hour = stretch.hour_of(Scan.id)
    return await uow.fetch(
        sa.select(hour, ScanSession.job, Scan.outcome, sa.func.count().label("scans"))
        .join(ScanSession, _same(ScanSession, Scan.merchant_id, Scan.session_id))
        .where(uow.mine(Scan), stretch.holds(Scan.id), ScanSession.location_id == stretch.location_id)
        .group_by(hour, ScanSession.job, Scan.outcome)
    )


async def sessions(uow: UnitOfWork, stretch: Stretch, mistakes: Collection[Outcome]) -> Rows:
    """Return the sessions that scanned, with how much and how often wrongly, the latest scan first."""
    last = sa.func.max(Scan.received_at).label("last_scan_at")
    of_session = (
        ScanSession.id,
        ScanSession.worker_id,
        ScanSession.job,
        ScanSession.subject_id,
        ScanSession.opened_at,
    )
    wrong = sa.func.sum(sa.case((Scan.outcome.in_(mistakes), 1), else_=0)).label("mistakes")
    return await uow.fetch(
        sa.select(*of_session, sa.func.count().label("scans"), wrong, last)
        .join(ScanSession, _same(ScanSession, Scan.merchant_id, Scan.session_id))
        .where(uow.mine(Scan), stretch.holds(Scan.id), ScanSession.location_id == stretch.location_id)
        .group_by(*of_session)
        .order_by(last.desc(), ScanSession.id.desc())
    )


async def picks(uow: UnitOfWork, stretch: Stretch) -> Rows:
    """Return lines and pieces that were picked and not undone, by hour and worker."""
    hour = stretch.hour_of(Pick.id)
    lines = sa.func.count(Pick.pick_line_id.distinct()).label("lines")
    return await uow.fetch(
        sa.select(hour, Pick.worker_id, lines, sa.func.sum(Pick.quantity).label("pieces"))
        .join(Place, _same(Place, Pick.merchant_id, Pick.from_place_id))
        .where(uow.mine(Pick), stretch.holds(Pick.id), Place.location_id == stretch.location_id)
        .where(Pick.undone_at.is_(None))
        .group_by(hour, Pick.worker_id)
    )


async def packs(uow: UnitOfWork, stretch: Stretch) -> Rows:
    """Return pieces that went into parcels less those taken out again, by hour and worker, from the ledger."""
    hour = stretch.hour_of(StockMove.id)
    into = sa.case((Place.kind == PlaceKind.PARCEL, StockMove.quantity), else_=-StockMove.quantity)
    return await uow.fetch(
        sa.select(hour, StockMove.actor_id.label("worker_id"), sa.func.sum(into).label("pieces"))
        .join(Place, _same(Place, StockMove.merchant_id, StockMove.to_place_id))
        .where(uow.mine(StockMove), stretch.holds(StockMove.id), StockMove.reason == MoveReason.PACK)
        .where(Place.location_id == stretch.location_id)
        .group_by(hour, StockMove.actor_id)
    )


async def lists_in_hand(uow: UnitOfWork, location_id: UUID) -> Rows:
    """Return the pick lists somebody has, the one taken last first."""
    return await uow.fetch(
        sa.select(PickList.id, PickList.worker_id, PickList.claimed_at)
        .where(uow.mine(PickList), PickList.location_id == location_id, PickList.worker_id.is_not(None))
        .where(PickList.status.in_((PickListStatus.CLAIMED, PickListStatus.PAUSED)))
        .order_by(PickList.claimed_at.desc(), PickList.id.desc())
    )


@dataclass(frozen=True, slots=True)
class BoardWave:
    """How far a wave is: orders without those kicked out, lines and pieces of its lists without cancelled ones."""

    wave_id: UUID
    orders: int
    orders_kicked_out: int
    lists: int
    lists_done: int
    lines: int
    lines_done: int
    pieces: int
    pieces_picked: int
    pieces_short: int

    @property
    def progress(self) -> float:
        """The share of pieces that are settled, picked or missing, from 0 to 1."""
        return round((self.pieces_picked + self.pieces_short) / self.pieces, 3) if self.pieces else 0.0


async def waves(uow: UnitOfWork, stretch: Stretch) -> list[BoardWave]:
    """Return the waves that are open or ended in these hours, the newest first, at most 100."""
    lately = sa.and_(
        Wave.status == WaveStatus.DONE,
        Wave.id >= first_id_at(stretch.begin - DONE_LATELY),
        Wave.done_at >= stretch.begin,
        Wave.done_at < stretch.until,
    )
    is_open = Wave.status.in_((WaveStatus.PLANNED, WaveStatus.RELEASED, WaveStatus.IN_PROGRESS))
    chosen = (
        sa.select(Wave.merchant_id, Wave.id)
        .where(uow.mine(Wave), Wave.location_id == stretch.location_id, sa.or_(is_open, lately))
        .order_by(Wave.id.desc())
        .limit(WAVES_MAX)
        .subquery()
    )
    live = PickLine.status != PickListStatus.CANCELLED

    def amount(column: Any) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((live, column), else_=0)), 0)

    lists = PickList.id.distinct()
    done = sa.case((PickList.status == PickListStatus.DONE, PickList.id)).distinct()
    found = await uow.fetch(
        sa.select(
            chosen.c.id,
            sa.func.count(lists).label("lists"),
            sa.func.count(done).label("lists_done"),
            amount(1).label("lines"),
            amount(sa.case((PickLine.status == PickListStatus.DONE, 1), else_=0)).label("lines_done"),
            amount(PickLine.quantity).label("pieces"),
            amount(PickLine.picked_quantity).label("pieces_picked"),
            amount(PickLine.short_quantity).label("pieces_short"),
        )
        .select_from(chosen)
        .outerjoin(PickList, (PickList.merchant_id == chosen.c.merchant_id) & (PickList.wave_id == chosen.c.id))
        .outerjoin(PickLine, (PickLine.merchant_id == PickList.merchant_id) & (PickLine.pick_list_id == PickList.id))
        .group_by(chosen.c.id)
        .order_by(chosen.c.id.desc())
    )
    seats = await _seats(uow, [row.id for row in found])
    return [
        BoardWave(
            row.id,
            seats[row.id].total() - seats[row.id][WaveOrderState.KICKED_OUT],
            seats[row.id][WaveOrderState.KICKED_OUT],
            *(int(figure) for figure in row[1:]),
        )
        for row in found
    ]


async def _seats(uow: UnitOfWork, wave_ids: Sequence[UUID]) -> defaultdict[UUID, Counter[str]]:
    found = await uow.fetch(
        sa.select(WaveOrder.wave_id, WaveOrder.state, sa.func.count().label("orders"))
        .where(uow.mine(WaveOrder), uow.among(WaveOrder.wave_id, wave_ids))
        .group_by(WaveOrder.wave_id, WaveOrder.state)
    )
    seats: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for row in found:
        seats[row.wave_id][row.state] += row.orders
    return seats


class Stage(StrEnum):
    """What an order of this warehouse waits for next."""

    CANNOT_GO = "CANNOT_GO"
    RELEASE = "RELEASE"
    PICK = "PICK"
    REST_OF_PICK = "REST_OF_PICK"
    PACK = "PACK"
    SHIP = "SHIP"
    PUT_BACK = "PUT_BACK"


@dataclass(frozen=True, slots=True)
class BoardStage:
    """How many orders wait for a stage, and their pieces; those of orders not released yet are not counted."""

    stage: Stage
    orders: int
    pieces: int | None


async def queue(uow: UnitOfWork, location_id: UUID) -> list[BoardStage]:
    """Return how much waits for each stage, in the order of the stages."""
    here = (uow.mine(FulfillmentOrder), FulfillmentOrder.location_id == location_id)
    order = FulfillmentOrder
    cannot = sa.or_(order.hold_count > 0, order.short_quantity > 0, order.fulfill_at > uow.now)
    waiting = sa.case((cannot, Stage.CANNOT_GO), else_=Stage.RELEASE)
    not_begun = (
        sa.select(waiting.label("stage"), sa.func.count().label("orders"), sa.cast(sa.null(), sa.BigInteger))
        .where(*here, order.progress == Progress.OPEN)
        .group_by(waiting)
    )
    of_lines = (
        sa.select(
            order.id,
            order.progress,
            order.intercepted_at,
            sa.func.sum(FulfillmentLine.quantity).label("pieces"),
            sa.func.sum(FulfillmentLine.picked_quantity).label("picked"),
        )
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == order.merchant_id) & (FulfillmentLine.fulfillment_order_id == order.id),
        )
        .where(*here, order.progress.in_((Progress.RELEASED, Progress.IN_PROGRESS, Progress.PACKED)))
        .group_by(order.id, order.progress, order.intercepted_at)
        .subquery()
    )
    begun = sa.case(
        (of_lines.c.intercepted_at.is_not(None), Stage.PUT_BACK),
        (of_lines.c.progress == Progress.PACKED, Stage.SHIP),
        (of_lines.c.picked >= of_lines.c.pieces, Stage.PACK),
        (of_lines.c.picked > 0, Stage.REST_OF_PICK),
        else_=Stage.PICK,
    )
    under_way = sa.select(begun, sa.func.count(), sa.func.sum(of_lines.c.pieces)).group_by(begun)
    rows = {row[0]: row for row in await uow.connection.execute(sa.union_all(not_begun, under_way))}
    return [
        BoardStage(stage, rows[stage][1], None if rows[stage][2] is None else int(rows[stage][2]))
        if stage in rows
        else BoardStage(stage, 0, None if stage in {Stage.CANNOT_GO, Stage.RELEASE} else 0)
        for stage in Stage
    ]


async def orders_at_risk(uow: UnitOfWork, location: Row, until: datetime) -> Rows:
    """Return orders not packed that must leave by a moment, the soonest first, at most 50; `of` is how many in all."""
    ship_by = FulfillmentOrder.ship_by
    leaves = ship_by <= until
    if location.cut_off is not None:  # the last cut-off before the promise is what must be met
        leaves = ship_by < first_cut_off(until + _MOMENT, location.cut_off, location.time_zone)
    return await uow.fetch(
        sa.select(FulfillmentOrder.id, ship_by, sa.func.count().over().label("of"))
        .where(uow.mine(FulfillmentOrder), FulfillmentOrder.location_id == location.id, leaves)
        .where(FulfillmentOrder.progress.in_(_NOT_PACKED), FulfillmentOrder.intercepted_at.is_(None))
        .order_by(ship_by, FulfillmentOrder.id)
        .limit(AT_RISK_MAX)
    )


async def open_exceptions(uow: UnitOfWork, location_id: UUID) -> Rows:
    """Return how many exception tasks are open by kind, and since when the oldest is."""
    oldest = sa.func.min(ExceptionTask.created_at).label("oldest_at")
    return await uow.fetch(
        sa.select(ExceptionTask.kind, sa.func.count().label("tasks"), oldest)
        .where(uow.mine(ExceptionTask), ExceptionTask.location_id == location_id)
        .where(ExceptionTask.status == TaskStatus.OPEN)
        .group_by(ExceptionTask.kind)
        .order_by(oldest)
    )


def _same(table: Any, merchant_id: Any, id: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a row is the one of this merchant with this id."""
    return sa.and_(table.merchant_id == merchant_id, table.id == id)
