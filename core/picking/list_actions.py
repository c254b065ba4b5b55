"""What may be done to a pick list as it stands by the person who asks: what the commands would accept, told before."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.picking import rules
from pickmesh.core.picking.tables import PickLine, PickLineStatus, PickList, PickListStatus
from pickmesh.core.stock.tables import Place

Row = sa.Row[*tuple[Any, ...]]


class ListAction(StrEnum):
    """What may be done to a pick list as it stands."""

    CLAIM = "CLAIM"
    PAUSE = "PAUSE"
    HAND_OVER = "HAND_OVER"
    PASS_ON = "PASS_ON"
    LEASE = "LEASE"
    LEASE_END = "LEASE_END"


def actions_of(row: Row, actor: Actor, now: datetime, *, leads_on: bool) -> list[ListAction]:
    """Return what an actor may do to a list; `leads_on` when another zone still has something for it."""
    if not actor.may(Permission.FLOOR_WORK, warehouse_id=row.location_id):
        return []
    person, manages = actor.person_id, actor.may(Permission.FLOOR_MANAGE, warehouse_id=row.location_id)
    is_free = row.worker_id is None
    is_mine = person is not None and row.worker_id == person
    lapsed = row.lease_until is not None and row.lease_until <= now
    may_be_held = row.status == PickListStatus.CLAIMED or rules.may_become(
        rules.LIST_MOVES, row.status, PickListStatus.CLAIMED
    )
    in_the_dark = row.dark_until is not None and row.dark_until > now
    allowed = {
        ListAction.CLAIM: may_be_held and person is not None and (is_free or is_mine or lapsed),
        ListAction.PAUSE: row.status == PickListStatus.CLAIMED and is_mine,
        ListAction.HAND_OVER: may_be_held and not in_the_dark and (is_mine or manages),
        ListAction.PASS_ON: leads_on
        and is_mine
        and rules.may_become(rules.LIST_MOVES, row.status, PickListStatus.READY),
        ListAction.LEASE: row.status == PickListStatus.CLAIMED and is_mine,
        ListAction.LEASE_END: row.dark_until is not None and (is_mine or manages),
    }
    return [action for action, may in allowed.items() if may]


async def leading_on(uow: UnitOfWork, pick_list_ids: Collection[UUID]) -> Mapping[UUID, bool]:
    """Tell for which lists another zone than the one they are in still has something."""
    found = await uow.fetch(
        sa.select(PickLine.pick_list_id)
        .join(PickList, sa.and_(uow.mine(PickList), PickList.id == PickLine.pick_list_id))
        .join(Place, sa.and_(uow.mine(Place), Place.id == PickLine.place_id))
        .where(
            uow.mine(PickLine),
            uow.among(PickLine.pick_list_id, pick_list_ids),
            PickLine.status == PickLineStatus.OPEN,
            Place.zone != sa.func.coalesce(PickList.zone, ""),
        )
        .distinct()
    )
    return {row.pick_list_id: True for row in found}
