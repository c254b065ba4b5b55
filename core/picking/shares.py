"""Which pieces of a pick line are whose and which tote they go into: what a phone must know to work without network."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.picking import queries, work
from pickmesh.core.picking.tables import PickLine
from pickmesh.core.stock.tables import AllocationStatus


@dataclass(frozen=True, slots=True)
class ShareToPick:
    """Pieces of a line still in their bin for one order, by seat; `place_id` is its tote, None before one is bound.

    In a list whose totes hold goods mixed, the tote is the one bound last.
    """

    fulfillment_order_id: UUID
    position: int
    quantity: int
    place_id: UUID | None


async def shares_to_pick(uow: UnitOfWork, line_ids: Collection[UUID]) -> Mapping[UUID, list[ShareToPick]]:
    """Return what is still to be taken for pick lines, by line and seat; stopped orders have nothing to be taken."""
    ids = list(line_ids)
    shares = await work.shares_of_lines(uow, ids)
    list_of = await _lists_of(uow, ids)
    totes = await queries.totes_of_lists(uow, set(list_of.values()))
    into: dict[tuple[UUID, UUID | None], UUID] = {
        (list_id, use.fulfillment_order_id): use.place_id for list_id, uses in totes.items() for use in uses
    }
    found: dict[UUID, list[ShareToPick]] = {}
    for line_id, own in shares.items():
        list_id = list_of[line_id]
        for share in own:
            in_bin = share.place_id == share.bin_id and share.status == AllocationStatus.OPEN
            if in_bin and not work.is_called_off(share):
                order_id = share.fulfillment_order_id
                tote = into.get((list_id, order_id)) or into.get((list_id, None))
                found.setdefault(line_id, []).append(ShareToPick(order_id, share.seat, share.quantity, tote))
    return found


async def _lists_of(uow: UnitOfWork, line_ids: Collection[UUID]) -> dict[UUID, UUID]:
    found = await uow.fetch(
        sa.select(PickLine.id, PickLine.pick_list_id).where(uow.mine(PickLine), uow.among(PickLine.id, line_ids))
    )
    return {row.id: row.pick_list_id for row in found}
