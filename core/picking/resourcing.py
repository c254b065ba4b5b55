"""Further work for lists on the floor: missing units from another bin, and backorders that stock has come for."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.rules import UNDER_WAY
from pickmesh.core.orders.tables import FulfillmentLine
from pickmesh.core.picking import closing, laying_out, rules, work
from pickmesh.core.picking.tables import PickLine
from pickmesh.core.stock import allocations, reservations
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.rules import Demand, Level
from pickmesh.core.stock.tables import Allocation

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units that a share's bin did not have, wanted from another bin for the same line and list."""

    share: rules.Share
    location_id: UUID
    quantity: int
    pick_list_id: UUID

    @property
    def level(self) -> Level:
        """Return the level at which the units are promised."""
        return Level(self.location_id, self.share.sku_id)


async def fetch_elsewhere(uow: UnitOfWork, wanted: Sequence[Wanted]) -> list[int]:
    """Promise what other bins have free to the same lines, and add it to their lists; return what each wish got.

    Stopped orders get nothing. The bins of the wishes are passed over: whatever the ledger says, a picker stands there
    and sees none. The levels are locked already, so what is read as free is free.
    """
    going = [each for each in wanted if not each.share.stopped]
    if not going:
        return [0] * len(wanted)
    emptied: dict[UUID, set[UUID]] = defaultdict(set)
    for each in going:
        emptied[each.share.sku_id].add(each.share.place_id)
    demands = await _demands(uow, going, await _free_elsewhere(uow, going, emptied))
    await reservations.reserve_stock(uow, demands=demands)
    of_line = {each.share.line_id: each for each in going}
    needs = [allocations.AllocationNeed(demand.line_id, frozenset(emptied[demand.sku_id])) for demand in demands]
    made = (await allocations.allocate_lines(uow, lines=needs)).allocations
    shares: dict[UUID, list[rules.Share]] = defaultdict(list)
    got: Counter[UUID] = Counter()
    for units in made:
        one = of_line[units.line_id]
        shares[one.pick_list_id].append(_share(units, one.share.fulfillment_order_id))
        got[units.line_id] += units.quantity
    await laying_out.append_lines(uow, shares)
    return _dealt_out(wanted, got)


async def _free_elsewhere(
    uow: UnitOfWork, going: Sequence[Wanted], emptied: Mapping[UUID, Collection[UUID]]
) -> Counter[Level]:
    """Return how much bins have free of the wanted SKUs, without the bins found empty; their balances are locked."""
    in_bins: Counter[Level] = Counter()
    for row in await stock_locks.lock_takeable_balances(uow, {each.level for each in going}):
        if row.place_id not in emptied[row.sku_id]:
            in_bins[Level(row.location_id, row.sku_id)] += row.free
    return in_bins


async def _demands(uow: UnitOfWork, going: Sequence[Wanted], in_bins: Mapping[Level, int]) -> list[Demand]:
    """Return how much of each line can be promised again: no more than is free at the level and in the other bins."""
    free = await stock_queries.free_levels(uow, {each.share.sku_id for each in going})
    left = {level: min(quantity, free.get(level, 0)) for level, quantity in in_bins.items()}
    ranks = await _ranks(uow, {each.share.line_id for each in going})
    wishes: Counter[UUID] = Counter()
    for each in going:
        wishes[each.share.line_id] += each.quantity
    level_of = {each.share.line_id: each.level for each in going}
    demands = []
    for line_id in sorted(wishes, key=lambda each: (ranks[each].rank_at, ranks[each].group_id, each)):
        level = level_of[line_id]
        quantity = min(wishes[line_id], left.get(level, 0))
        if quantity:
            left[level] -= quantity
            demands.append(Demand(ranks[line_id].group_id, line_id, *level, quantity, ranks[line_id].rank_at))
    return demands


async def _ranks(uow: UnitOfWork, line_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return each line's newest reservation, which tells its group and rank."""
    return {row.line_id: row for row in await stock_queries.reservations_of_lines(uow, line_ids)}


def _share(units: allocations.AllocatedUnits, order_id: UUID) -> rules.Share:
    return rules.Share(
        units.allocation_id, order_id, units.line_id, units.place_id, units.sku_id, units.lot_id, units.quantity
    )


def _dealt_out(wanted: Sequence[Wanted], got: Mapping[UUID, int]) -> list[int]:
    """Deal what lines got out to their wishes, in order."""
    left = Counter(got)
    dealt = []
    for each in wanted:
        part = 0 if each.share.stopped else min(each.quantity, left[each.share.line_id])
        left[each.share.line_id] -= part
        dealt.append(part)
    return dealt


async def resume_orders(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Give bins to orders on the floor that were short until stock came, as further lines of the list they were on.

    A list that was finished stands ready again for anybody. Run again it finds nothing left to do.
    """
    orders = await order_locks.lock_fulfillment_orders(uow, fulfillment_order_ids)
    going = [order.id for order in orders.values() if order.progress in UNDER_WAY and order.intercepted_at is None]
    list_of_order = await _last_lists(uow, going)
    waves, lists = await work.lock_lists(uow, set(list_of_order.values()))
    lines = await order_queries.lines_of_fulfillment_orders(uow, list_of_order)
    order_of = {line.id: order_id for order_id, own in lines.items() for line in own}
    made = await allocations.allocate_lines(
        uow, lines=[allocations.AllocationNeed(line_id) for line_id in sorted(order_of)]
    )
    shares: dict[UUID, list[rules.Share]] = defaultdict(list)
    for units in made.allocations:
        order_id = order_of[units.line_id]
        shares[list_of_order[order_id]].append(_share(units, order_id))
    await laying_out.append_lines(uow, shares)
    await closing.advance_lines(uow, work.Held({}, lists, waves), closing.Changes(added=set(shares)))


async def _last_lists(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the newest list that served each order."""
    found = await uow.fetch(
        sa.select(FulfillmentLine.fulfillment_order_id, PickLine.pick_list_id)
        .join(
            Allocation,
            (Allocation.merchant_id == FulfillmentLine.merchant_id) & (Allocation.line_id == FulfillmentLine.id),
        )
        .join(PickLine, (PickLine.merchant_id == Allocation.merchant_id) & (PickLine.id == Allocation.work_line_id))
        .where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.fulfillment_order_id, fulfillment_order_ids))
        .distinct()
        .order_by(PickLine.pick_list_id)
    )
    return {row.fulfillment_order_id: row.pick_list_id for row in found}
