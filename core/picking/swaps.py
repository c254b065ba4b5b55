"""Lots swapped at the bin: a picker stands before another lot of the right goods than the one the line names.

The units the line still needs are promised from the lot that is taken. Where all of it is promised to lists that nobody
has begun, these get the units of the lot that was meant, so that both have what they need.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refusal, Refused
from pickmesh.core.picking import events, locks, refusals, rules, work
from pickmesh.core.picking.rules import Share, WorkLine
from pickmesh.core.picking.tables import PickLine, PickLineStatus, PickList
from pickmesh.core.stock import swaps as stock
from pickmesh.core.stock.refusals import LotNotFree
from pickmesh.core.stock.rules import BalanceKey
from pickmesh.core.stock.swaps import LotThere
from pickmesh.core.stock.tables import Allocation, Location

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class LotSwap:
    """What a pick line still needs is to come from another lot in its bin; `worker_id` None is the person acting."""

    pick_line_id: UUID
    lot_id: UUID
    worker_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LotSwapped:
    """So many units of a line come from the other lot now; `exchanged` of them were promised to other lists."""

    index: int
    pick_line_id: UUID
    pick_list_id: UUID
    quantity: int
    exchanged: int


async def swap_lots(uow: UnitOfWork, *, swaps: Sequence[LotSwap]) -> list[LotSwapped | Refused]:
    """Let lines be served from other lots in their bins, as far as these are free, in a fixed number of statements.

    A line that keeps some of its own lot, or from which some was picked, is split: the units of the other lot are a
    line of their own at the same stop. Both remember which lot was meant. Refuses LINE_CLOSED, NOT_YOURS, and
    LOT_NOT_FREE: not there, on hold, expired, promised to work in hand, or against the warehouse's `lotSwap`.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not swaps:
        return []
    held = await work.lock_lines(uow, {swap.pick_line_id for swap in swaps})
    rows = await _rows(uow, held.lines)
    lots = await stock.lots_at(uow, {(row.place_id, row.sku_id) for row in rows.values()}, lock=True)
    wanted = _scarce(swaps, held.lines, rows, lots)
    others = await locks.lock_lines_to_swap_with(uow, wanted, but=held.lists)
    other_lines = await work.work_lines(uow, others) if others else {}
    plan = _Plan(
        uow=uow,
        lines={**other_lines, **held.lines},
        rows={**await _rows(uow, others), **rows} if others else rows,
        lots=lots,
        others=[each for each, orders in others.items() if _is_held(other_lines.get(each), orders)],
    )
    answers = [plan.swap(index, swap, swap.worker_id or uow.actor.person_id) for index, swap in enumerate(swaps)]
    await plan.write()
    return answers


async def exchangeable(
    uow: UnitOfWork, goods: Collection[stock.Goods], *, but: Collection[UUID]
) -> frozenset[BalanceKey]:
    """Return lots of SKUs in bins that lists other than these, which nobody has begun, could give up for others."""
    found = await uow.fetch(
        sa.select(PickLine.place_id, PickLine.sku_id, PickLine.lot_id)
        .join(PickList, sa.and_(uow.mine(PickList), PickList.id == PickLine.pick_list_id))
        .join(Allocation, sa.and_(uow.mine(Allocation), Allocation.work_line_id == PickLine.id))
        .where(
            uow.mine(PickLine),
            uow.among((PickLine.place_id, PickLine.sku_id), sorted(goods)),
            *locks.may_be_swapped_with(),
            PickList.id.not_in(but),
        )
        .distinct()
    )
    return frozenset(BalanceKey(row.place_id, row.sku_id, row.lot_id) for row in found)


def _scarce(
    swaps: Sequence[LotSwap],
    lines: Mapping[UUID, WorkLine],
    rows: Mapping[UUID, Row],
    lots: Mapping[stock.Goods, Mapping[UUID, LotThere]],
) -> list[BalanceKey]:
    """Return lots of which fewer are free than all the swaps want, so that others may have to give some up."""
    wanted: dict[BalanceKey, int] = defaultdict(int)
    for swap in swaps:
        row = rows.get(swap.pick_line_id)
        lot = lots.get((row.place_id, row.sku_id), {}).get(swap.lot_id) if row is not None else None
        if lot is not None:
            wanted[lot.key] += _left(lines[swap.pick_line_id])
    return [key for key, quantity in wanted.items() if quantity > lots[key.place_id, key.sku_id][key.lot_id].free]


async def _rows(uow: UnitOfWork, line_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return pick lines with what their warehouse says of swapping lots."""
    found = await uow.fetch(
        sa.select(
            PickLine.id,
            PickLine.pick_list_id,
            PickLine.sequence,
            PickLine.place_id,
            PickLine.sku_id,
            PickLine.lot_id,
            PickLine.meant_lot_id,
            PickLine.quantity,
            PickLine.picked_quantity,
            PickLine.short_quantity,
            PickList.wave_id,
            Location.lot_swap,
            Location.time_zone,
        )
        .join(PickList, (PickList.merchant_id == PickLine.merchant_id) & (PickList.id == PickLine.pick_list_id))
        .join(Location, (Location.merchant_id == PickList.merchant_id) & (Location.id == PickList.location_id))
        .where(uow.mine(PickLine), uow.among(PickLine.id, line_ids))
        .order_by(PickLine.id)
    )
    return {row.id: row for row in found}


@dataclass(slots=True, kw_only=True)
class _Plan:
    """A batch of swaps gone through in memory; a line takes part in one of them at most."""

    uow: UnitOfWork
    lines: Mapping[UUID, WorkLine]
    rows: Mapping[UUID, Row]
    lots: Mapping[stock.Goods, Mapping[UUID, LotThere]]
    others: Sequence[UUID]
    freed: dict[BalanceKey, int] = field(default_factory=lambda: defaultdict(int))
    used: set[UUID] = field(default_factory=set)
    relots: list[stock.Relot] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    added: list[dict[str, Any]] = field(default_factory=list)
    told: list[events.LotSwapped] = field(default_factory=list)

    def swap(self, index: int, swap: LotSwap, worker_id: UUID | None) -> LotSwapped | Refused:
        """Plan one swap, or say why not."""
        line, row = self.lines.get(swap.pick_line_id), self.rows.get(swap.pick_line_id)
        refusal = rules.line_refusal(line, worker_id)
        if refusal is not None or line is None or row is None:
            return Refused(index, refusal or refusals.LineClosed())
        try:
            meant, lot = self._lots(row, swap.lot_id)
            left = _left(line)
            free = min(left, lot.free + self.freed[lot.key])
            takes = self._others_to_serve(row, meant, lot, left - free)
            exchanged = sum(quantity for _, quantity in takes)
            if free + exchanged < 1:
                raise LotNotFree
        except Refusal as refused:
            return Refused(index, refused)
        line_id = self._move(line, row, free + exchanged, lot, worker_id)
        for other_id, quantity in takes:
            self._move(self.lines[other_id], self.rows[other_id], quantity, meant, None)
        self.freed[lot.key] -= free
        self.freed[meant.key] += free
        return LotSwapped(index, line_id, line.pick_list_id, free + exchanged, exchanged)

    def _lots(self, row: Row, lot_id: UUID) -> tuple[LotThere, LotThere]:
        """Return the lot that is meant and the one that is to be taken, if it may be."""
        there = self.lots.get((row.place_id, row.sku_id), {})
        meant, lot = there.get(row.lot_id), there.get(lot_id)
        if meant is None or lot is None or lot is meant or row.id in self.used:
            raise LotNotFree
        if not lot.is_fit(self._today(row)) or not stock.is_worth(row.lot_swap, lot, meant):
            raise LotNotFree
        return meant, lot

    def _today(self, row: Row) -> Any:
        return self.uow.now.astimezone(ZoneInfo(row.time_zone)).date()

    def _others_to_serve(self, row: Row, meant: LotThere, lot: LotThere, wanted: int) -> list[tuple[UUID, int]]:
        """Return lines nobody has begun that give up the lot for the one that was meant, and how much."""
        takes: list[tuple[UUID, int]] = []
        if not meant.is_fit(self._today(row)):
            return takes
        for line_id in self.others:
            other = self.rows[line_id]
            key = BalanceKey(other.place_id, other.sku_id, other.lot_id)
            quantity = min(wanted, _left(self.lines[line_id])) if key == lot.key and line_id not in self.used else 0
            if quantity:
                takes.append((line_id, quantity))
                wanted -= quantity
        return takes

    def _move(self, line: WorkLine, row: Row, quantity: int, lot: LotThere, worker_id: UUID | None) -> UUID:
        """Let so many units of a line come from a lot; return the line that asks for them then."""
        self.used.add(line.id)
        lot_id = lot.key.lot_id
        first = row.meant_lot_id or row.lot_id
        meant_lot_id = first if first != lot_id else None
        stays = row.quantity - quantity
        settled = row.picked_quantity + row.short_quantity == stays
        line_id = new_id() if stays else line.id
        kept = {"quantity": stays, "lot_id": row.lot_id, "meant_lot_id": row.meant_lot_id}
        given = {"quantity": quantity, "lot_id": lot_id, "meant_lot_id": meant_lot_id}
        if stays:
            status = PickLineStatus.DONE if settled else PickLineStatus.OPEN
            self.changed.append({"id": line.id, **kept, "status": status})
            at = {name: row._mapping[name] for name in ("pick_list_id", "sequence", "place_id", "sku_id")}
            self.added.append({"id": line_id, **at, **given, "status": PickLineStatus.OPEN})
        else:
            self.changed.append({"id": line.id, **given, "status": PickLineStatus.OPEN})
        self.relots += _relots(line.shares, quantity, lot_id, line_id)
        self.told.append(
            events.LotSwapped(
                line_id, row.pick_list_id, row.place_id, row.sku_id, row.lot_id, lot_id, quantity, worker_id
            )
        )
        return line_id

    async def write(self) -> None:
        """Write what was planned, and tell it."""
        await stock.change_lots(self.uow, relots=self.relots)
        await self.uow.update(PickLine, self.changed)
        await self.uow.insert(PickLine, self.added)
        added: dict[UUID, int] = defaultdict(int)
        for row in self.added:
            added[row["pick_list_id"]] += 1
        waves = {row.pick_list_id: row.wave_id for row in self.rows.values()}
        self.uow.emit(self.told)
        self.uow.emit(
            events.PickListChanged(list_id, waves[list_id], 0, 0, added[list_id])
            for list_id in sorted({event.pick_list_id for event in self.told})
        )


def _is_held(line: WorkLine | None, order_ids: Collection[UUID]) -> bool:
    """Tell whether all the orders a line is for are locked, so that nobody else moves its units meanwhile."""
    return line is not None and all(share.fulfillment_order_id in order_ids for share in line.shares)


def _left(line: WorkLine) -> int:
    """Return how many units may still be taken for orders that go on."""
    return min(line.left, sum(share.quantity for share in line.shares if not share.stopped))


def _relots(shares: Sequence[Share], quantity: int, lot_id: UUID, line_id: UUID) -> list[stock.Relot]:
    """Return whose units change, in the order of the seats."""
    relots = []
    for share in shares:
        part = 0 if share.stopped else min(quantity, share.quantity)
        if part:
            relots.append(stock.Relot(share.allocation_id, lot_id, part, line_id))
            quantity -= part
    return relots
