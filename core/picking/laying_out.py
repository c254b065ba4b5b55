"""Laying out work: bins for a wave's orders, lists and lines in walk order, further lines for what was missing."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.tables import FulfillmentLine
from pickmesh.core.picking import closing, routes, rules, wave_rules, work
from pickmesh.core.picking.tables import PickLine, PickLineStatus, PickList, PickListStatus, WaveKind
from pickmesh.core.stock import allocations
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Place, PlaceKind

Row = sa.Row[*tuple[Any, ...]]


async def lay_out_wave(
    uow: UnitOfWork, wave: Row, order_ids: Sequence[UUID], cart_capacity: int
) -> tuple[list[UUID], set[UUID]]:
    """Give bins to orders and make the wave's lists; return the lists and the orders whose goods lie in no bin.

    The bins of an order that is short of any are freed again.
    """
    lines = await order_queries.lines_of_fulfillment_orders(uow, order_ids)
    elsewhere = await _bins_outside(uow, wave.location_id, wave.zone)
    needs = [
        allocations.AllocationNeed(line.id, elsewhere) for order_id in order_ids for line in lines.get(order_id, [])
    ]
    await allocations.allocate_lines(uow, lines=needs)
    shares = await _shares(uow, lines)
    short = _short_orders(order_ids, lines, shares)
    given_up = [share.allocation_id for share in shares if share.fulfillment_order_id in short]
    await allocations.release_allocations(uow, allocation_ids=given_up)
    going = [share for share in shares if share.fulfillment_order_id not in short]
    stops = await stops_of(uow, {share.place_id for share in going})
    planned = wave_rules.plan_lists(WaveKind(wave.kind), order_ids, going, stops, cart_capacity)
    return await _write_lists(uow, wave, planned), short


async def _bins_outside(uow: UnitOfWork, location_id: UUID, zone: str | None) -> frozenset[UUID]:
    """Return the bins a wave of one zone takes nothing from; none for a wave of all zones."""
    if zone is None:
        return frozenset()
    found = await uow.fetch(
        sa.select(Place.id).where(
            uow.mine(Place),
            Place.location_id == location_id,
            Place.kind == PlaceKind.BIN,
            sa.or_(Place.zone.is_(None), Place.zone != zone),
        )
    )
    return frozenset(row.id for row in found)


async def _shares(uow: UnitOfWork, lines: Mapping[UUID, Sequence[Row]]) -> list[rules.Share]:
    order_of = {line.id: order_id for order_id, of_order in lines.items() for line in of_order}
    found = await stock_queries.allocations_of_lines(uow, order_of)
    return [
        rules.Share(row.id, order_of[row.line_id], row.line_id, row.place_id, row.sku_id, row.lot_id, row.quantity)
        for row in found
    ]


def _short_orders(
    order_ids: Sequence[UUID], lines: Mapping[UUID, Sequence[Row]], shares: Sequence[rules.Share]
) -> set[UUID]:
    has: Counter[UUID] = Counter()
    for share in shares:
        has[share.line_id] += share.quantity
    return {
        order_id
        for order_id in order_ids
        if not lines.get(order_id) or any(has[line.id] < line.quantity for line in lines[order_id])
    }


async def stops_of(uow: UnitOfWork, place_ids: Collection[UUID]) -> list[routes.Stop]:
    """Return places as stops of a walk."""
    found = await stock_queries.places(uow, place_ids)
    return [routes.Stop(row.id, row.code, row.walk_sequence, row.x_mm, row.y_mm) for row in found.values()]


async def _write_lists(uow: UnitOfWork, wave: Row, planned: Sequence[wave_rules.PlannedList]) -> list[UUID]:
    if not planned:
        return []
    ids = [new_id() for _ in planned]
    numbers = await uow.next_numbers("pick_list", len(planned))
    await uow.insert(
        PickList,
        [
            {
                "id": list_id,
                "number": number,
                "wave_id": wave.id,
                "location_id": wave.location_id,
                "status": PickListStatus.READY,
                "created_at": uow.now,
            }
            for list_id, number in zip(ids, numbers, strict=True)
        ],
    )
    await write_lines(uow, {list_id: (0, one.lines) for list_id, one in zip(ids, planned, strict=True)})
    return ids


async def write_lines(uow: UnitOfWork, of_list: Mapping[UUID, tuple[int, Sequence[wave_rules.PlannedLine]]]) -> None:
    """Add lines to lists, numbered on after the given sequence, and hand them their allocations."""
    rows = []
    work_line_ids: dict[UUID, UUID] = {}
    for list_id, (last, lines) in of_list.items():
        for sequence, line in enumerate(lines, last + 1):
            line_id = new_id()
            rows.append(
                {
                    "id": line_id,
                    "pick_list_id": list_id,
                    "sequence": sequence,
                    "place_id": line.place_id,
                    "sku_id": line.sku_id,
                    "lot_id": line.lot_id,
                    "quantity": line.quantity,
                    "status": PickLineStatus.OPEN,
                }
            )
            work_line_ids.update((share.allocation_id, line_id) for share in line.shares)
    await uow.insert(PickLine, rows)
    await allocations.assign_work(uow, work_line_ids)


async def append_lines(uow: UnitOfWork, shares: Mapping[UUID, Sequence[rules.Share]]) -> None:
    """Add shares as further lines at the end of lists, each list's new lines in walk order among themselves."""
    rank = {
        stop.place_id: number
        for number, stop in enumerate(
            routes.walk_order(await stops_of(uow, {share.place_id for own in shares.values() for share in own}))
        )
    }
    found = await uow.fetch(
        sa.select(PickLine.pick_list_id, sa.func.max(PickLine.sequence).label("last"))
        .where(uow.mine(PickLine), uow.among(PickLine.pick_list_id, shares))
        .group_by(PickLine.pick_list_id)
    )
    last: dict[UUID, int] = defaultdict(int, {row.pick_list_id: row.last for row in found})
    await write_lines(
        uow, {list_id: (last[list_id], wave_rules.plan_lines(own, rank)) for list_id, own in shares.items()}
    )


async def work_of_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> set[UUID]:
    """Return the pick lines that take or took units for orders."""
    found = await uow.fetch(
        sa.select(Allocation.work_line_id)
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == Allocation.merchant_id) & (FulfillmentLine.id == Allocation.line_id),
        )
        .where(
            uow.mine(Allocation),
            uow.among(FulfillmentLine.fulfillment_order_id, order_ids),
            Allocation.work_line_id.is_not(None),
        )
        .distinct()
    )
    return {row.work_line_id for row in found}


async def units_of_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> Sequence[Row]:
    """Return the open allocations of orders (id, order, line, place, bin, SKU, lot, quantity), oldest first."""
    return await uow.fetch(
        sa.select(
            Allocation.id,
            FulfillmentLine.fulfillment_order_id,
            Allocation.line_id,
            Allocation.location_id,
            Allocation.place_id,
            Allocation.bin_id,
            Allocation.sku_id,
            Allocation.lot_id,
            Allocation.quantity,
        )
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == Allocation.merchant_id) & (FulfillmentLine.id == Allocation.line_id),
        )
        .where(
            uow.mine(Allocation),
            uow.among(FulfillmentLine.fulfillment_order_id, order_ids),
            Allocation.status == AllocationStatus.OPEN,
        )
        .order_by(Allocation.id)
    )


async def take_off_lists(uow: UnitOfWork, order_ids: Collection[UUID]) -> None:
    """Free the bins of orders and drop what they asked for from the pick lines; units already out stay where they are.

    Derived from the rows, so a second run changes nothing.
    """
    line_ids = await work_of_orders(uow, order_ids)
    held = await work.lock_lines(uow, line_ids)
    units = await units_of_orders(uow, order_ids)
    in_bins = [row.id for row in units if row.place_id == row.bin_id]
    await allocations.release_allocations(uow, allocation_ids=in_bins)
    await drop_unpromised(uow, held)


async def drop_unpromised(uow: UnitOfWork, held: work.Held) -> None:
    """Take from locked pick lines what nobody is promised any more."""
    lines = await work.work_lines(uow, held.lines)
    surplus = {line.id: line.left - sum(share.quantity for share in line.shares) for line in lines.values()}
    dropped = {line_id: quantity for line_id, quantity in surplus.items() if quantity > 0}
    await closing.advance_lines(uow, work.Held(lines, held.lists, held.waves), closing.Changes(dropped=dropped))
