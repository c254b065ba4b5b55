"""Blocking lots: goods that may not be sold, wherever they lie."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused
from pickmesh.core.stock import events, goods, locks, queries, refusals, rules, take_backs
from pickmesh.core.stock.rules import Level
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Lot, Place, StockBalance

BUSY_RETRY = timedelta(hours=1)


async def set_lots_blocked(uow: UnitOfWork, *, lot_ids: Sequence[UUID], blocked: bool) -> list[Refused]:
    """Block lots (a recall, an expiry) or unblock them; return those refused, by index into the ids.

    What becomes unsellable lowers what may be promised: reservations give way, last rank first, as in `adjust_stock`.
    A lot with units promised to work in hand is refused. Needs stock:write.
    """
    uow.actor.require(Permission.STOCK_WRITE)
    if not lot_ids:
        return []
    levels = await locks.lock_levels_of_lots(uow, lot_ids)
    balances = await locks.lock_balances_of_lots(uow, lot_ids)
    known = await queries.lots(uow, lot_ids)
    busy = await _busy(uow, lot_ids)
    refused = [
        Refused(index, refusal)
        for index, lot_id in enumerate(lot_ids)
        if (refusal := _refusal(lot_id, known, busy if blocked else set()))
    ]
    changed = {lot.id for lot in known.values() if lot.blocked != blocked} - (busy if blocked else set())
    await uow.update(Lot, [{"id": lot_id, "blocked": blocked} for lot_id in sorted(changed)])
    sign = 1 if blocked else -1
    lying = await _lying(uow, changed)
    unsellable = {level: sign * quantity for level, quantity in lying.items()}
    await take_backs.post_reality(uow, [], levels=levels, balances=balances, blocked=unsellable)
    uow.emit(
        events.SellableChanged(level.sku_id, level.location_id, -quantity, rules.free(levels[level]))
        for level, quantity in unsellable.items()
    )
    return refused


async def block_expired_lots(uow: UnitOfWork, *, lot_ids: Collection[UUID]) -> None:
    """Block lots whose expiry day is over; those with units promised to work in hand are looked at again in an hour."""
    ids = sorted(lot_ids)
    refused = await set_lots_blocked(uow, lot_ids=ids, blocked=True)
    busy = [ids[one.index] for one in refused if isinstance(one.refusal, refusals.LotBusy)]
    await uow.set_timers(goods.LOT_OVER_TIMER, {lot_id: uow.after(BUSY_RETRY) for lot_id in busy})


def _refusal(lot_id: UUID, known: Mapping[UUID, sa.Row[tuple[object, ...]]], busy: Iterable[UUID]) -> Refusal | None:
    if lot_id not in known:
        return NotFound("No lot of yours has that id; look it up again.")
    return refusals.LotBusy() if lot_id in busy else None


async def _busy(uow: UnitOfWork, lot_ids: Collection[UUID]) -> set[UUID]:
    """Return the lots that open allocations count on."""
    skus = sa.select(Lot.sku_id).where(uow.mine(Lot), uow.among(Lot.id, lot_ids))
    places = sa.select(StockBalance.place_id).where(uow.mine(StockBalance), StockBalance.sku_id.in_(skus))
    found = (
        sa.select(Allocation.lot_id)
        .distinct()
        .where(
            uow.mine(Allocation),
            Allocation.place_id.in_(places),
            uow.among(Allocation.lot_id, lot_ids),
            Allocation.status == AllocationStatus.OPEN,
        )
    )
    return {row.lot_id for row in await uow.fetch(found)}


async def _lying(uow: UnitOfWork, lot_ids: Collection[UUID]) -> dict[Level, int]:
    """Return how much of these lots lies in places that count as sellable, by level."""
    if not lot_ids:
        return {}
    found = (
        sa.select(Place.id, Place.location_id, Place.kind, Place.pool, StockBalance.sku_id, StockBalance.quantity)
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .join(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        .where(uow.mine(StockBalance), uow.among(Lot.id, lot_ids), StockBalance.sku_id == Lot.sku_id)
    )
    lying = []
    for row in await uow.fetch(found):
        share = rules.share_of_level(rules.PlaceFacts(row.id, row.location_id, row.kind, row.pool), lot_blocked=False)
        lying.append((Level(row.location_id, row.sku_id), (share.on_hand - share.non_sellable) * row.quantity))
    return {level: quantity for level, quantity in rules.summed(lying).items() if quantity}
