"""Approving orders a person looked at: their REVIEW holds are lifted, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import holds, locks, tags
from pickmesh.core.orders.tables import FulfillmentOrder, Hold, HoldReason

ORDERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Approved:
    """An order nobody needs to look at any more; `changed` is no when that was so before."""

    order_id: UUID
    changed: bool


async def approve_orders(uow: UnitOfWork, *, order_ids: Sequence[UUID]) -> list[Approved | Refused]:
    """Lift the REVIEW holds of orders, at most 1,000 in one go; other holds stay, and twice changes nothing.

    Needs `orders:write` for each order's shop and for the warehouses it goes out of.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(order_ids) > ORDERS_MAX:
        raise LimitExceeded(sentence("At most {most} orders go in one batch; send them in parts.", most=ORDERS_MAX))
    orders = await locks.lock_orders(uow, set(order_ids))
    locked = await locks.lock_fulfillment_orders_of(uow, orders)
    waiting = await _waiting(uow, [row.id for rows in locked.values() for row in rows])
    lifting: dict[UUID, list[sa.Row[Any]]] = {}
    answers: list[Approved | Refused] = []
    for index, order_id in enumerate(order_ids):
        rows = [row for row in locked.get(order_id, []) if row.id in waiting]
        refusal = tags.order_refusal(uow, orders.get(order_id))
        refusal = refusal or next((no for row in rows if (no := locks.refusal(uow, row, None))), None)
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        answers.append(Approved(order_id, bool(rows) and order_id not in lifting))
        lifting[order_id] = rows
    named = [(row.id, HoldReason.REVIEW) for rows in lifting.values() for row in rows]
    await holds.lift(uow, named, {row.id: row for rows in lifting.values() for row in rows})
    return answers


async def _waiting(uow: UnitOfWork, fulfillment_order_ids: Sequence[UUID]) -> set[UUID]:
    found = await uow.fetch(
        sa.select(FulfillmentOrder.id)
        .join(
            Hold,
            (Hold.merchant_id == FulfillmentOrder.merchant_id) & (Hold.fulfillment_order_id == FulfillmentOrder.id),
        )
        .where(
            uow.mine(FulfillmentOrder),
            uow.among(FulfillmentOrder.id, fulfillment_order_ids),
            Hold.reason == HoldReason.REVIEW,
            Hold.released_at.is_(None),
        )
    )
    return {row.id for row in found}
