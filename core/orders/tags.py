"""Tags 标签: words people and rules put on orders, to find them by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, NotPermitted, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import events, locks, review_actions
from pickmesh.core.orders.rule_tables import OrderTag

ORDERS_MAX = 1_000
TAGS_MAX = 20
"""Most tags in one call."""
TAGS_OF_ORDER_MAX = 50


@dataclass(frozen=True, slots=True)
class Tagged:
    """An order with the tags it has now; `changed` is no when it had just those before."""

    order_id: UUID
    tags: tuple[str, ...]
    changed: bool


async def tag_orders(
    uow: UnitOfWork, *, order_ids: Sequence[UUID], add: Sequence[str] = (), remove: Sequence[str] = ()
) -> list[Tagged | Refused]:
    """Put tags on orders and take others off; twice changes nothing.

    At most 20 tags on at most 1,000 orders in one go, and 50 on any order. Needs `orders:write` for each order's shop.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    adding, removing = _parsed(add, "add"), _parsed(remove, "remove")
    if len(order_ids) > ORDERS_MAX:
        raise LimitExceeded(sentence("At most {most} orders go in one batch; send them in parts.", most=ORDERS_MAX))
    locked = await locks.lock_orders(uow, set(order_ids))
    before = await tags_of_orders(uow, locked)
    after: dict[UUID, tuple[str, ...]] = {}
    answers: list[Tagged | Refused] = []
    for index, order_id in enumerate(order_ids):
        had = before.get(order_id, ())
        has = tuple(sorted({*had, *adding} - set(removing)))
        refusal = order_refusal(uow, locked.get(order_id)) or _too_many(has)
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        answers.append(Tagged(order_id, has, has != had and order_id not in after))
        after[order_id] = has
    await _write(uow, before, after)
    return answers


def _parsed(told: Sequence[str], name: str) -> list[str]:
    if len(told) > TAGS_MAX:
        raise LimitExceeded(sentence("At most {most} tags go in one call.", most=TAGS_MAX), field=(name,))
    return [review_actions.tag_of(tag, (name, index)) for index, tag in enumerate(told)]


def order_refusal(uow: UnitOfWork, row: sa.Row[Any] | None) -> Refusal | None:
    """Return why this caller may not act on a locked order: it is not there, or of a shop that is not theirs."""
    if row is None:
        return NotFound()
    if not uow.actor.may(Permission.ORDERS_WRITE, shop_id=row.shop_id):
        return NotPermitted(sentence("This order is of a shop you do not work for; ask its manager."))
    return None


def _too_many(tags: Sequence[str]) -> Refusal | None:
    if len(tags) <= TAGS_OF_ORDER_MAX:
        return None
    return InvalidInput(sentence("An order has at most {most} tags; take some off first.", most=TAGS_OF_ORDER_MAX))


async def _write(uow: UnitOfWork, before: Mapping[UUID, Sequence[str]], after: Mapping[UUID, tuple[str, ...]]) -> None:
    changed: list[tuple[UUID, list[str], list[str]]] = []
    for order_id, has in sorted(after.items()):
        had = before.get(order_id, ())
        added, removed = [tag for tag in has if tag not in had], [tag for tag in had if tag not in has]
        if added or removed:
            changed.append((order_id, added, removed))
    gone = [(order_id, tag) for order_id, _, removed in changed for tag in removed]
    await uow.insert(OrderTag, [{"order_id": each, "tag": tag} for each, added, _ in changed for tag in added])
    if gone:
        named = uow.among([OrderTag.order_id, OrderTag.tag], gone)
        await uow.execute(sa.delete(OrderTag).where(uow.mine(OrderTag), named))
    uow.emit(events.OrderTagged(*each) for each in changed)


async def tags_of_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[str, ...]]:
    """Return the tags of orders by order id, each order's by name; those without any are missing."""
    found = await uow.fetch(
        sa.select(OrderTag.order_id, OrderTag.tag)
        .where(uow.mine(OrderTag), uow.among(OrderTag.order_id, order_ids))
        .order_by(OrderTag.order_id, OrderTag.tag)
    )
    tags: dict[UUID, list[str]] = {}
    for row in found:
        tags.setdefault(row.order_id, []).append(row.tag)
    return {order_id: tuple(sorted(words)) for order_id, words in tags.items()}
