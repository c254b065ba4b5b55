"""Further work for lists on the floor: missing units from another bin, and backorders that stock has come for."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.rules import UNDER_WAY
from pickmesh.core.orders.tables import FulfillmentLine
from pickmesh.core.picking import closing, laying_out, rules, work
from pickmesh.core.picking.tables import PickLine
from pickmesh.core.stock import allocations, posting, reservations
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock import rules as stock_rules
from pickmesh.core.stock.rules import BalanceKey, Demand, Level
from pickmesh.core.stock.tables import Allocation, AllocationStatus, ReservationStatus

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
    candidates = await _other_bins(uow, going)
    demands = await _demands(uow, going, candidates)
    reserved = await reservations.reserve_stock(uow, demands=demands)
    takes = await _takes(uow, reserved.covered, candidates)
    made = await _allocate(uow, takes)
    of_line = {each.share.line_id: each for each in going}
    shares: dict[UUID, list[rules.Share]] = defaultdict(list)
    got: Counter[UUID] = Counter()
    for share_id, take in made:
        one = of_line[take.need.line_id]
        order_id = one.share.fulfillment_order_id
        shares[one.pick_list_id].append(
            rules.Share(share_id, order_id, take.need.line_id, *take.key, quantity=take.quantity)
        )
        got[take.need.line_id] += take.quantity
    await laying_out.append_lines(uow, shares)
    return _dealt_out(wanted, got)


async def _other_bins(uow: UnitOfWork, going: Sequence[Wanted]) -> list[stock_rules.Candidate]:
    """Lock and return what bins have free of the wanted SKUs, without the bins found empty."""
    emptied = {(each.share.place_id, each.share.sku_id, each.share.lot_id) for each in going}
    found = await stock_locks.lock_takeable_balances(uow, {each.level for each in going})
    return [
        stock_rules.Candidate(
            key=BalanceKey(row.place_id, row.sku_id, row.lot_id),
            location_id=row.location_id,
            free=row.free,
            expires_on=row.expires_on,
            first_in_at=row.first_in_at,
            role=row.role,
            walk_sequence=row.walk_sequence,
        )
        for row in found
        if (row.place_id, row.sku_id, row.lot_id) not in emptied
    ]


async def _demands(
    uow: UnitOfWork, going: Sequence[Wanted], candidates: Sequence[stock_rules.Candidate]
) -> list[Demand]:
    """Return how much of each line can be promised again: no more than is free at the level and in the other bins."""
    free = await stock_queries.free_levels(uow, {each.share.sku_id for each in going})
    in_bins: Counter[Level] = Counter()
    for candidate in candidates:
        in_bins[Level(candidate.location_id, candidate.key.sku_id)] += candidate.free
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


async def _takes(
    uow: UnitOfWork, covered: Sequence[Demand], candidates: Sequence[stock_rules.Candidate]
) -> list[stock_rules.Take]:
    """Choose bins for what has just been promised; a line's newest open reservation is the one."""
    found = await stock_queries.reservations_of_lines(uow, {demand.line_id for demand in covered})
    newest = {row.line_id: row.id for row in found if row.status == ReservationStatus.OPEN}
    needs = [
        stock_rules.Need(
            newest[demand.line_id],
            demand.line_id,
            demand.level,
            demand.quantity,
            demand.rank_at,
            demand.group_id,
        )
        for demand in covered
    ]
    takes, _ = stock_rules.allocation_plan(needs, candidates, await _today(uow, covered))
    return takes


async def _today(uow: UnitOfWork, covered: Sequence[Demand]) -> dict[UUID, date]:
    places = await stock_queries.locations_by_id(uow, {demand.location_id for demand in covered})
    return {row.id: uow.now.astimezone(ZoneInfo(row.time_zone)).date() for row in places.values()}


async def _allocate(uow: UnitOfWork, takes: Sequence[stock_rules.Take]) -> list[tuple[UUID, stock_rules.Take]]:
    """Write the allocations of takes; return them with their ids."""
    made = [(new_id(), take) for take in takes]
    await posting.post(uow, allocated=stock_rules.summed((take.key, take.quantity) for take in takes))
    await uow.insert(
        Allocation,
        [
            {
                "id": allocation_id,
                "reservation_id": take.need.reservation_id,
                "line_id": take.need.line_id,
                "work_line_id": None,
                "location_id": take.need.level.location_id,
                "place_id": take.key.place_id,
                "bin_id": take.key.place_id,
                "sku_id": take.key.sku_id,
                "lot_id": take.key.lot_id,
                "quantity": take.quantity,
                "status": AllocationStatus.OPEN,
                "created_at": uow.now,
            }
            for allocation_id, take in made
        ],
    )
    return made


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
        shares[list_of_order[order_id]].append(
            rules.Share(
                units.allocation_id, order_id, units.line_id, units.place_id, units.sku_id, units.lot_id, units.quantity
            )
        )
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
