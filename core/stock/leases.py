"""Timed reservations: stock promised to a checkout or a quote until a moment; an order may use it, or it is free again.

A lease's reservations carry its id as group and line. The locks of the levels they stand at guard the lease as well:
whoever opens, renews, uses or ends one holds them first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.database import StartAnew
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, lease_queries, lease_wishes, locks, refusals, reservations, rules
from pickmesh.core.stock.lease_wishes import LeaseLine, NewLease, Wish
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.promise_tables import LeaseStatus, StockLease
from pickmesh.core.stock.rules import Level, LevelFigures
from pickmesh.core.stock.tables import Reservation, ReservationStatus

__all__ = ["LeaseLine", "NewLease", "Opened", "Renewal", "open_leases", "release_leases", "renew_leases"]

LEASES_MAX = 100
OVER_TIMER = "lease_over"
"""The timer that goes off when a lease's time has run out."""

_TAKEN = "23505"
"""PostgreSQL's word for a value that another row of a unique index has; SQLite lets one write at a time."""

RANK = datetime(9000, 1, 1, tzinfo=UTC)
"""Behind every order: when reality takes stock away, leases give way first, the youngest of them before the others."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A lease that was opened, or (`created` False) was opened before under its code."""

    index: int
    lease_id: UUID
    created: bool


async def open_leases(uow: UnitOfWork, *, leases: Sequence[NewLease]) -> list[Opened | Refused]:
    """Promise stock to holders until a moment, all of a lease or nothing, in a fixed number of statements.

    Takes what is available, as shops are told it: the buffer stays. A line without a location goes with the others to
    the first warehouse that covers all of them. A code told again with the same holder and lines answers the lease it
    names, whatever has become of it; with others it is refused. At most 100 leases; needs `orders:write` at each
    warehouse.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(leases) > LEASES_MAX:
        message = sentence("At most {most} leases go in one call, not {count}.", most=LEASES_MAX, count=len(leases))
        raise LimitExceeded(message, field=("leases",))
    goods = await lease_wishes.goods_of(uow, leases)
    wishes = [_tried(goods.wish, uow, lease) for lease in leases]
    wanted = {part for wish in wishes if isinstance(wish, Wish) for part in wish.parts}
    levels = await locks.lock_levels(uow, {Level(place, sku) for place in goods.warehouses for sku in wanted})
    known = await lease_queries.leases_by_code(uow, [lease.code.strip() for lease in leases])
    opening = _Opening(uow, goods, dict(levels), dict(known))
    answers = [opening.answer(index, wish) for index, wish in enumerate(wishes)]
    await post(uow, levels=levels, reserved=opening.reserved())
    await _write_leases(uow, opening.rows)
    await uow.insert(Reservation, opening.reservations)
    await uow.set_timers(OVER_TIMER, {row["id"]: row["expires_at"] for row in opening.rows})
    opening.tell(levels)
    return answers


async def _write_leases(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new leases; one whose code another checkout has just taken makes the work start anew, and then knows it.

    Leases that share no level hold no lock in common: only their codes' index sees that they are the same.
    """
    try:
        await uow.insert_now(StockLease, rows)
    except sa.exc.IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != _TAKEN:
            raise
        raise StartAnew from error


def _tried(make: Any, uow: UnitOfWork, lease: NewLease) -> Wish | Refusal:
    try:
        wish: Wish = make(uow, lease)
    except Refusal as refusal:
        return refusal
    return wish


class _Opening:
    """A batch of leases gone through in memory, each by what the ones before it left."""

    def __init__(
        self,
        uow: UnitOfWork,
        goods: lease_wishes.Goods,
        now: locks.Levels,
        known: dict[str, Any],
    ) -> None:
        self.uow = uow
        self.goods = goods
        self.now = now
        self.known = known
        self.rows: list[dict[str, Any]] = []
        self.reservations: list[dict[str, Any]] = []

    def answer(self, index: int, wish: Wish | Refusal) -> Opened | Refused:
        """Open one lease in memory, or say why not."""
        if isinstance(wish, Refusal):
            return Refused(index, wish)
        before = self.known.get(wish.code)
        if before is not None:
            if (before["holder"], before["wanted"]) != (wish.holder, wish.wanted):
                return Refused(index, refusals.LeaseDiffers(field=("code",)))
            return Opened(index, before["id"], created=False)
        try:
            levels = lease_wishes.placed(self.goods, wish, self.now)
        except Refusal as refusal:
            return Refused(index, refusal)
        return Opened(index, self._write_down(wish, levels), created=True)

    def _write_down(self, wish: Wish, levels: Mapping[Level, int]) -> UUID:
        lease_id = new_id()
        row = {
            "id": lease_id,
            "code": wish.code,
            "holder": wish.holder,
            "wanted": wish.wanted,
            "status": LeaseStatus.OPEN,
            "expires_at": wish.expires_at,
            "order_id": None,
            "created_by": self.uow.actor.person_id,
            "created_at": self.uow.now,
        }
        self.rows.append(row)
        self.known[wish.code] = row
        for level, quantity in sorted(levels.items()):
            self.now[level] = self.now[level].plus(LevelFigures(reserved=quantity))
            self.reservations.append(_reservation(self.uow, lease_id, level, quantity))
        return lease_id

    def reserved(self) -> dict[Level, int]:
        """Return how many pieces are promised at which levels."""
        return rules.summed((Level(row["location_id"], row["sku_id"]), row["quantity"]) for row in self.reservations)

    def tell(self, levels: locks.Levels) -> None:
        """Emit what was opened and what that took."""
        pieces = rules.summed((row["line_id"], row["quantity"]) for row in self.reservations)
        self.uow.emit(
            events.StockReserved(level.sku_id, level.location_id, quantity, rules.free(levels[level]))
            for level, quantity in self.reserved().items()
        )
        self.uow.emit(events.StockLeaseOpened(row["id"], pieces[row["id"]], row["expires_at"]) for row in self.rows)


def _reservation(uow: UnitOfWork, lease_id: UUID, level: Level, quantity: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "location_id": level.location_id,
        "sku_id": level.sku_id,
        "line_id": lease_id,
        "group_id": lease_id,
        "quantity": quantity,
        "status": ReservationStatus.OPEN,
        "rank_at": RANK,
        "created_at": uow.now,
    }


@dataclass(frozen=True, slots=True)
class Renewal:
    """Until when a lease shall run: for so long from now, or until a moment."""

    lease_id: UUID
    expires_in: timedelta | None = None
    expires_at: datetime | None = None


async def renew_leases(uow: UnitOfWork, *, renewals: Sequence[Renewal]) -> list[UUID | Refused]:
    """Let open leases run until another moment; those that are over stay over. Needs `orders:write`."""
    uow.actor.require(Permission.ORDERS_WRITE)
    await locks.lock_levels_of_lines(uow, {one.lease_id for one in renewals})
    known = await lease_queries.leases(uow, {one.lease_id for one in renewals})
    answers: list[UUID | Refused] = []
    due: dict[UUID, datetime] = {}
    for index, one in enumerate(renewals):
        try:
            _require_open(known.get(one.lease_id), uow.now)
            due[one.lease_id] = lease_wishes.expiry(uow, one.expires_in, one.expires_at)
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
        else:
            answers.append(one.lease_id)
    rows = [{"id": lease_id, "expires_at": due[lease_id]} for lease_id in sorted(due)]
    await uow.update(StockLease, rows, bump_version=True)
    await uow.set_timers(OVER_TIMER, due)
    uow.emit(events.StockLeaseRenewed(lease_id, moment) for lease_id, moment in due.items())
    return answers


def _require_open(row: sa.Row[Any] | None, now: datetime) -> None:
    if row is None:
        raise refusals.UnknownLease(field=("id",))
    if row.status != LeaseStatus.OPEN or row.expires_at <= now:
        raise refusals.LeaseClosed(data={"status": lease_queries.status_of(row, now)})


async def release_leases(uow: UnitOfWork, *, lease_ids: Sequence[UUID]) -> list[UUID | Refused]:
    """Free what open leases hold; one that was released before is left as it is. Needs `orders:write`.

    One that an order has used, or whose time has run out, is refused.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    await locks.lock_levels_of_lines(uow, lease_ids)
    known = await lease_queries.leases(uow, lease_ids)
    answers: list[UUID | Refused] = []
    for index, lease_id in enumerate(lease_ids):
        row = known.get(lease_id)
        if row is not None and row.status == LeaseStatus.RELEASED:
            answers.append(lease_id)
            continue
        try:
            _require_open(row, uow.now)
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
        else:
            answers.append(lease_id)
    done = {answer for answer in answers if not isinstance(answer, Refused)}
    await _close(uow, {one: LeaseStatus.RELEASED for one in done if known[one].status == LeaseStatus.OPEN}, {})
    return answers


async def expire_leases(uow: UnitOfWork, *, lease_ids: Collection[UUID]) -> None:
    """Free what leases hold whose time has run out; those renewed since, or over already, are left alone."""
    await locks.lock_levels_of_lines(uow, lease_ids)
    over = [
        row
        for row in (await lease_queries.leases(uow, lease_ids)).values()
        if row.status == LeaseStatus.OPEN and row.expires_at <= uow.now
    ]
    await _close(uow, {row.id: LeaseStatus.EXPIRED for row in over}, {})


async def use_leases(uow: UnitOfWork, *, orders_by_code: Mapping[str, UUID]) -> dict[str, bool]:
    """Free what leases hold for the orders that name them; return which were used, unknown codes are missing.

    Part of an intake, which holds the locks of all levels the orders and the leases may touch: what is freed here it
    promises to these orders before anybody else can look. A lease whose time has run out is ended as such.
    """
    known = await lease_queries.leases_by_code(uow, orders_by_code)
    ending = {
        code: LeaseStatus.USED if row["expires_at"] > uow.now else LeaseStatus.EXPIRED
        for code, row in known.items()
        if row["status"] == LeaseStatus.OPEN
    }
    used = {known[code]["id"]: orders_by_code[code] for code, status in ending.items() if status is LeaseStatus.USED}
    await _close(uow, {known[code]["id"]: status for code, status in ending.items()}, used)
    return {code: ending.get(code) is LeaseStatus.USED for code in known}


async def _close(uow: UnitOfWork, statuses: Mapping[UUID, LeaseStatus], orders: Mapping[UUID, UUID]) -> None:
    """End open leases whose levels are locked."""
    if not statuses:
        return
    released = await reservations.release_reservations(uow, line_ids=sorted(statuses))
    freed = rules.summed((one.line_id, one.quantity) for one in released.released)
    await uow.update(StockLease, _closed_rows(uow, statuses, orders), bump_version=True)
    await uow.clear_timers(OVER_TIMER, statuses)
    uow.emit(
        events.StockLeaseClosed(lease_id, status, freed.get(lease_id, 0), orders.get(lease_id))
        for lease_id, status in statuses.items()
    )


def _closed_rows(
    uow: UnitOfWork, statuses: Mapping[UUID, LeaseStatus], orders: Mapping[UUID, UUID]
) -> list[dict[str, Any]]:
    return [
        {"id": lease_id, "status": statuses[lease_id], "order_id": orders.get(lease_id), "closed_at": uow.now}
        for lease_id in sorted(statuses)
    ]
