"""Review rules for tests: written and switched on by the real commands."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import ReviewPolicy, Shop
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import review_rules
from pickmesh.core.orders.review_rules import RuleDraft, Saved, Switch
from pickmesh.core.orders.rule_tables import GiftGiven

Told = Mapping[str, Any]


def remark_says(*words: str) -> Told:
    """Return the condition that an order's remark holds one of these words."""
    return {"field": "REMARK", "operator": "CONTAINS_ANY", "value": list(words)}


def gift_of(sku_id: UUID, quantity: int = 1, limit_total: int | None = None) -> Told:
    """Return the action that adds a gift."""
    return {"kind": "GIFT", "sku_id": str(sku_id), "quantity": quantity, "limit_total": limit_total}


async def make_rule(
    database: Database,
    actor: Actor,
    name: str,
    actions: Sequence[Told],
    conditions: Sequence[Told] = (),
    *,
    is_active: bool = True,
    **changes: Any,
) -> UUID:
    """Write a rule and switch it on unless told otherwise."""
    async with database.unit_of_work(actor) as uow:
        draft = RuleDraft(name=name, conditions=conditions, actions=actions, **changes)
        (saved,) = await review_rules.save_review_rules(uow, rules=[draft])
        assert isinstance(saved, Saved), saved
        (switched,) = await review_rules.switch_review_rules(uow, switches=[Switch(saved.rule_id, is_active)])
        assert not isinstance(switched, Refused), switched
    return saved.rule_id


async def set_review_policy(database: Database, actor: Actor, shop_id: UUID, policy: ReviewPolicy) -> None:
    """Let a shop's orders wait for a person's look, or not."""
    async with database.unit_of_work(actor) as uow:
        await uow.update(Shop, [{"id": shop_id, "review_policy": policy}])


async def gifts_given(database: Database, actor: Actor) -> list[tuple[UUID, UUID, int]]:
    """Return what was given, as (rule, order, pieces), the oldest order first."""
    async with database.reading(actor) as uow:
        found = await uow.fetch(
            sa.select(GiftGiven.rule_id, GiftGiven.order_id, GiftGiven.quantity)
            .where(uow.mine(GiftGiven))
            .order_by(GiftGiven.order_id, GiftGiven.rule_id)
        )
    return [(row.rule_id, row.order_id, row.quantity) for row in found]
