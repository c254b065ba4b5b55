"""Walks: pick lists with everything scans may touch, read once for many of them, and locked by whoever books."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from pickmesh.core.catalog.tables import LookAlike, Sku
from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders.tables import FulfillmentLine, Progress
from pickmesh.core.picking import locks, rules, work
from pickmesh.core.picking.tables import PickLine, PickLineStatus, ToteUse
from pickmesh.core.stock.rules import PlaceFacts
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Lot, Place

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Walks:
    """Pick lists as they stand: `lists` and `waves` by id, lines and totes by list, shares by pick line.

    `shares` are allocations with their orders, released ones too, by seat. Whoever has read them locked may hand them
    to `confirm_picks` as long as nothing was booked since.
    """

    lists: locks.Locked
    waves: locks.Locked
    lines: Mapping[UUID, Sequence[Row]]
    shares: Mapping[UUID, Sequence[Row]]
    totes: Mapping[UUID, Sequence[Row]]

    def served(self, list_id: UUID) -> dict[UUID, int]:
        """Return the orders a list serves now with their numbers, by seat."""
        shares = [share for line in self.lines[list_id] for share in self.shares.get(line.id, ())]
        seats = {(share.seat, share.fulfillment_order_id): share.number for share in shares if _is_open(share)}
        return {order_id: seats[seat, order_id] for seat, order_id in sorted(seats)}

    def held(self, line_ids: Collection[UUID]) -> work.Held:
        """Return some of the lines as locked work."""
        wanted = [line for of_list in self.lines.values() for line in of_list if line.id in line_ids]
        shares = (share for line in wanted for share in self.shares.get(line.id, ()))
        return work.Held(
            lines={line.id: self._line(line) for line in wanted},
            lists=self.lists,
            waves=self.waves,
            begun={share.fulfillment_order_id for share in shares if share.progress == Progress.IN_PROGRESS},
            statuses={list_id: {line.id: line.status for line in of_list} for list_id, of_list in self.lines.items()},
        )

    def _line(self, row: Row) -> rules.WorkLine:
        walk = self.lists[row.pick_list_id]
        in_bin = [share for share in self.shares.get(row.id, ()) if share.place_id == share.bin_id]
        return work.work_line(row, self.waves[walk.wave_id].kind, walk.status, walk.worker_id, in_bin)

    def tote_holds(self) -> dict[UUID, rules.ToteHold]:
        """Return what the lists' totes are bound to, by place."""
        rows = (row for of_list in self.totes.values() for row in of_list)
        return {row.place_id: rules.ToteHold(row.pick_list_id, row.fulfillment_order_id) for row in rows}

    def places(self) -> dict[UUID, PlaceFacts]:
        """Return what stock must know of the lists' totes."""
        rows = (row for of_list in self.totes.values() for row in of_list)
        return {row.place_id: PlaceFacts(row.place_id, row.location_id, row.kind, row.pool) for row in rows}


def orders_served(to: Names) -> sa.Select[UUID]:
    """Return the query for the orders that the lists `list_ids` serve, to be locked before the lists are."""
    lines = sa.select(PickLine.id).where(to.mine(PickLine), to.among(PickLine.pick_list_id, "list_ids"))
    return (
        sa.select(FulfillmentLine.fulfillment_order_id)
        .join(Allocation, sa.and_(to.mine(Allocation), Allocation.line_id == FulfillmentLine.id))
        .where(to.mine(FulfillmentLine), Allocation.work_line_id.in_(lines))
    )


def _is_open(share: Row) -> bool:
    return bool(share.status == AllocationStatus.OPEN)


async def read_walks(uow: UnitOfWork, list_ids: Collection[UUID], locked: Collection[UUID] | None = None) -> Walks:
    """Read pick lists; when the caller has `locked` the orders they serve, waves and lists are locked first.

    Statements: five, whatever the number of lists. A share whose order is not among the locked ones has come meanwhile
    and is seen the next time.
    """
    waves = await locks.waves_of_lists(uow, list_ids, lock=locked is not None)
    lists = await locks.lists_at_work(uow, list_ids, lock=locked is not None)
    lines: dict[UUID, list[Row]] = {list_id: [] for list_id in lists}
    rows = await uow.ask(_LINES, list_ids=list_ids)
    for row in rows:
        lines[row.pick_list_id].append(row)
    shares = await work.shares_of_lines(uow, [row.id for row in rows])
    if locked is not None:
        shares = {
            line_id: [share for share in own if share.fulfillment_order_id in locked] for line_id, own in shares.items()
        }
    totes = paged.grouped(await uow.ask(_TOTES, list_ids=list_ids), "pick_list_id")
    return Walks(lists, waves, lines, shares, totes)


def _lines(to: Names) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            PickLine.id,
            PickLine.pick_list_id,
            PickLine.sequence,
            PickLine.place_id,
            Place.code.label("place_code"),
            Place.zone,
            PickLine.sku_id,
            Sku.code.label("sku_code"),
            Sku.name_zh,
            Sku.name_en,
            Sku.lot_tracked,
            Sku.serial_tracked,
            PickLine.lot_id,
            PickLine.meant_lot_id,
            Lot.code.label("lot_code"),
            Lot.expires_on,
            PickLine.quantity,
            PickLine.picked_quantity,
            PickLine.short_quantity,
            PickLine.status,
            _looks_like(to).label("looks_like"),
        )
        .join(Place, sa.and_(to.mine(Place), Place.id == PickLine.place_id))
        .join(Sku, sa.and_(to.mine(Sku), Sku.id == PickLine.sku_id))
        .outerjoin(Lot, sa.and_(to.mine(Lot), Lot.id == PickLine.lot_id))
        .where(to.mine(PickLine), to.among(PickLine.pick_list_id, "list_ids"))
        .order_by(PickLine.pick_list_id, PickLine.sequence, PickLine.id)
    )


def _looks_like(to: Names) -> Any:
    """Return the code of the SKU that an open line's is confused with most often."""
    one, other = LookAlike.sku_id, LookAlike.other_sku_id
    pairs = sa.union_all(
        *(
            sa.select(theirs.label("sku_id"), LookAlike.wrong_scans)
            .where(to.mine(LookAlike), ours == PickLine.sku_id, PickLine.status == PickLineStatus.OPEN)
            .correlate(PickLine)
            for ours, theirs in ((one, other), (other, one))
        )
    ).subquery()
    like = aliased(Sku)
    return (
        sa.select(like.code)
        .select_from(pairs)
        .join(like, sa.and_(to.mine(like), like.id == pairs.c.sku_id, like.archived_at.is_(None)))
        .order_by(pairs.c.wrong_scans.desc(), like.code)
        .limit(1)
        .correlate(PickLine)
        .scalar_subquery()
    )


def _totes(to: Names) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            ToteUse.place_id,
            ToteUse.pick_list_id,
            ToteUse.fulfillment_order_id,
            Place.code.label("place_code"),
            Place.location_id,
            Place.kind,
            Place.pool,
        )
        .join(Place, sa.and_(to.mine(Place), Place.id == ToteUse.place_id))
        .where(to.mine(ToteUse), to.among(ToteUse.pick_list_id, "list_ids"))
        .order_by(ToteUse.pick_list_id, ToteUse.bound_at, ToteUse.place_id)
    )


_LINES = Prepared(_lines)
_TOTES = Prepared(_totes)
