"""The rules orders are checked by 审单: written, put in order, switched on once they have been tried, archived.

A rule is read by every intake and changed seldom; whoever changes rules holds the merchant's lock, so names and
positions never cross. A new rule is off until somebody switches it on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks as accounts_locks
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import (
    InvalidInput,
    LimitExceeded,
    NotFound,
    NotPermitted,
    Refusal,
    Refused,
    StaleVersion,
)
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import conditions, events, review_actions
from pickmesh.core.orders.conditions import Condition, Field, SkuPieces
from pickmesh.core.orders.refusals import NameTaken, UnknownReference
from pickmesh.core.orders.review_actions import Action, ActionKind
from pickmesh.core.orders.rule_tables import ReviewRule
from pickmesh.core.stock import queries as stock

RULES_MAX = 200
NAME_LENGTH_MAX = 100
RULE = tuple(ReviewRule.__table__.c)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDraft:
    """A rule as somebody writes it: without an id a new one; conditions and actions as their modules keep them.

    It holds from `starts_at` until before `ends_at` where these are told. Without a position a new rule is the last.
    """

    name: str
    conditions: Sequence[Mapping[str, Any]]
    actions: Sequence[Mapping[str, Any]]
    id: UUID | None = None
    if_version: int | None = None
    position: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as the engine reads it; lower positions come first."""

    id: UUID
    name: str
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]

    def uses(self, *fields: Field) -> bool:
        """Tell whether a condition looks at one of the fields."""
        return conditions.uses(self.conditions, *fields)

    @property
    def gift(self) -> Action | None:
        """Return the gift it gives, if it gives one."""
        return next((action for action in self.actions if action.kind is ActionKind.GIFT), None)


@dataclass(frozen=True, slots=True)
class Saved:
    """A rule that was written; `changed` is no when it said so before."""

    rule_id: UUID
    changed: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """A rule to be switched on or off, and the version the caller read."""

    rule_id: UUID
    is_active: bool
    if_version: int | None = None


@dataclass(slots=True)
class _Written:
    """A draft on its way: parsed, or why not."""

    draft: RuleDraft
    conditions: tuple[Condition, ...] = ()
    actions: tuple[Action, ...] = ()
    refusal: Refusal | None = None
    row: dict[str, Any] = field(default_factory=dict)


def parsed(draft: RuleDraft) -> Rule:
    """Return a draft as the engine reads it; refuses what cannot be asked or done, naming the place."""
    name = draft.name.strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        raise InvalidInput(sentence("A rule's name has 1 to {most} characters.", most=NAME_LENGTH_MAX), field=("name",))
    if draft.starts_at is not None and draft.ends_at is not None and draft.ends_at <= draft.starts_at:
        raise InvalidInput(sentence("A rule must end after it starts."), field=("ends_at",))
    asked, done = conditions.parsed(draft.conditions), review_actions.parsed(draft.actions)
    return Rule(draft.id or new_id(), name, asked, done)


def of_row(row: sa.Row[Any]) -> Rule:
    """Return a rule's row as the engine reads it."""
    return Rule(row.id, row.name, conditions.loaded(row.conditions), review_actions.loaded(row.actions))


def require_rules(uow: UnitOfWork) -> None:
    """Refuse whoever may not write the rules of all shops; needs `orders:write` for every shop."""
    uow.actor.require(Permission.ORDERS_WRITE)
    if uow.actor.shop_ids is not None:
        raise NotPermitted(sentence("Rules hold for every shop; ask somebody who works for all of them."))


async def save_review_rules(uow: UnitOfWork, *, rules: Sequence[RuleDraft]) -> list[Saved | Refused]:
    """Write rules, new ones switched off; refuses a taken name, what cannot be asked, and ids of nothing of ours.

    At most 200 rules stand at once. Needs `orders:write` for every shop.
    """
    require_rules(uow)
    await accounts_locks.lock_merchant(uow)
    standing = {row.id: row for row in await _standing(uow)}
    written = [_written(draft, standing) for draft in rules]
    for one, refusal in zip(written, await _unknown(uow, [_as_rule(one) for one in written]), strict=True):
        one.refusal = one.refusal or refusal
    _settle(uow, written, standing)
    kept = [one for one in written if one.refusal is None]
    if len(standing) + sum(one.draft.id is None for one in kept) > RULES_MAX:
        raise LimitExceeded(sentence("At most {most} rules stand at once; archive some first.", most=RULES_MAX))
    changed = [one for one in kept if one.draft.id is None or _differs(one.row, standing[one.draft.id])]
    new = [one.row for one in changed if one.draft.id is None]
    old = [one.row for one in changed if one.draft.id is not None]
    await uow.insert(ReviewRule, [{**row, "created_by": uow.actor.person_id, "created_at": uow.now} for row in new])
    await uow.update(ReviewRule, old, bump_version=True)
    uow.emit(events.ReviewRuleSaved(one.row["id"], one.row["name"], one.draft.id is None) for one in changed)
    return [
        Refused(index, one.refusal) if one.refusal else Saved(one.row["id"], one in changed)
        for index, one in enumerate(written)
    ]


def _written(draft: RuleDraft, standing: Mapping[UUID, sa.Row[Any]]) -> _Written:
    try:
        if draft.id is not None:
            require_version(standing.get(draft.id), draft.if_version)
        rule = parsed(draft)
    except Refusal as refusal:
        return _Written(draft, refusal=refusal)
    return _Written(draft, rule.conditions, rule.actions)


def require_version(row: sa.Row[Any] | None, if_version: int | None) -> sa.Row[Any]:
    """Return a rule's row; refuses one that is not there, or that somebody changed since it was read."""
    if row is None:
        raise NotFound()
    if if_version is not None and if_version != row.version:
        raise StaleVersion(data={"id": str(row.id), "version": row.version})
    return row


def _as_rule(one: _Written) -> Rule:
    return Rule(one.draft.id or new_id(), one.draft.name, one.conditions, one.actions)


def _settle(uow: UnitOfWork, written: Sequence[_Written], standing: Mapping[UUID, sa.Row[Any]]) -> None:
    """Refuse names that are taken, here or earlier in the batch, and make the rows of the others."""
    names = {row.name: row.id for row in standing.values()}
    last = max((row.position for row in standing.values()), default=0)
    seen: set[UUID] = set()
    for one in written:
        if one.refusal is not None:
            continue
        draft, name = one.draft, one.draft.name.strip()
        id_ = draft.id or new_id()
        if id_ in seen:
            one.refusal = InvalidInput(sentence("This rule stands twice in one call; send it once."), field=("id",))
            continue
        seen.add(id_)
        if names.setdefault(name, id_) != id_:
            one.refusal = NameTaken(sentence("Another rule is called “{name}”.", name=name), field=("name",))
            continue
        known = standing.get(id_)
        last += known is None
        position = last if known is None else known.position
        one.row = {
            "id": id_,
            "name": name,
            "position": position if draft.position is None else draft.position,
            "conditions": conditions.dumped(one.conditions),
            "actions": review_actions.dumped(one.actions),
            "starts_at": draft.starts_at,
            "ends_at": draft.ends_at,
        }


def _differs(new: Mapping[str, Any], row: sa.Row[Any]) -> bool:
    return any(row._mapping[name] != value for name, value in new.items())


async def switch_review_rules(uow: UnitOfWork, *, switches: Sequence[Switch]) -> list[Saved | Refused]:
    """Switch rules on or off; twice changes nothing.

    Refuses to switch on what names a SKU, shop or warehouse that is gone. Needs `orders:write` for every shop.
    """
    require_rules(uow)
    await accounts_locks.lock_merchant(uow)
    standing = {row.id: row for row in await _standing(uow)}
    on = [standing[each.rule_id] for each in switches if each.is_active and each.rule_id in standing]
    unknown = dict(zip((row.id for row in on), await _unknown(uow, [of_row(row) for row in on]), strict=True))
    answers: list[Saved | Refused] = []
    state = {row.id: row.is_active for row in standing.values()}
    for index, each in enumerate(switches):
        try:
            row = require_version(standing.get(each.rule_id), each.if_version)
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
            continue
        gone = unknown.get(row.id) if each.is_active else None
        if gone is not None:
            answers.append(Refused(index, gone))
            continue
        answers.append(Saved(row.id, state[row.id] != each.is_active))
        state[row.id] = each.is_active
    turned = [row for row in standing.values() if state[row.id] != row.is_active]
    await uow.update(ReviewRule, [{"id": row.id, "is_active": state[row.id]} for row in turned], bump_version=True)
    uow.emit(events.ReviewRuleSwitched(row.id, row.name, state[row.id]) for row in turned)
    return answers


async def order_review_rules(uow: UnitOfWork, *, rule_ids: Sequence[UUID]) -> list[UUID]:
    """Put rules in this order, before those not named; return all rules in their order now.

    Needs `orders:write` for every shop.
    """
    require_rules(uow)
    await accounts_locks.lock_merchant(uow)
    standing = await _standing(uow)
    named = list(dict.fromkeys(rule_ids))
    for index, each in enumerate(named):
        if each not in {row.id for row in standing}:
            raise NotFound(field=("rule_ids", index))
    before = {row.id: row.position for row in standing}
    order = [*named, *(row.id for row in standing if row.id not in set(named))]
    moved = [{"id": each, "position": position} for position, each in enumerate(order, 1) if before[each] != position]
    await uow.update(ReviewRule, sorted(moved, key=lambda row: row["id"]), bump_version=True)
    return order


async def archive_review_rules(uow: UnitOfWork, *, rule_ids: Sequence[UUID]) -> list[Saved | Refused]:
    """Take rules away for good; what they did stays told. Twice changes nothing.

    Needs `orders:write` for every shop.
    """
    require_rules(uow)
    await accounts_locks.lock_merchant(uow)
    found = await rules_by_id(uow, rule_ids)
    gone = [row for row in found.values() if row.archived_at is None]
    changed = [{"id": row.id, "archived_at": uow.now, "is_active": False} for row in gone]
    await uow.update(ReviewRule, changed, bump_version=True)
    uow.emit(events.ReviewRuleArchived(row.id, row.name) for row in gone)
    archived = {row.id for row in gone}
    return [
        Saved(each, each in archived) if each in found else Refused(index, NotFound())
        for index, each in enumerate(rule_ids)
    ]


async def _standing(uow: UnitOfWork) -> Sequence[sa.Row[Any]]:
    return await uow.fetch(
        sa.select(*RULE)
        .where(uow.mine(ReviewRule), ReviewRule.archived_at.is_(None))
        .order_by(ReviewRule.position, ReviewRule.id)
    )


async def review_rules(uow: UnitOfWork) -> Sequence[sa.Row[Any]]:
    """Return all rules that are not archived, in their order. Needs `orders:read`."""
    uow.actor.require(Permission.ORDERS_READ)
    return await _standing(uow)


async def rules_by_id(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return rules by id, archived ones too."""
    found = await uow.fetch(sa.select(*RULE).where(uow.mine(ReviewRule), uow.among(ReviewRule.id, set(ids))))
    return {row.id: row for row in found}


async def active_rules(uow: UnitOfWork) -> list[Rule]:
    """Return the rules that are on and hold now, in their order."""
    found = await uow.fetch(
        sa.select(ReviewRule.id, ReviewRule.name, ReviewRule.conditions, ReviewRule.actions)
        .where(
            uow.mine(ReviewRule),
            ReviewRule.is_active,
            ReviewRule.archived_at.is_(None),
            ReviewRule.starts_at.is_(None) | (ReviewRule.starts_at <= uow.now),
            ReviewRule.ends_at.is_(None) | (ReviewRule.ends_at > uow.now),
        )
        .order_by(ReviewRule.position, ReviewRule.id)
    )
    return [of_row(row) for row in found]


async def require_known(uow: UnitOfWork, rule: Rule) -> None:
    """Refuse a rule that names a shop, SKU or warehouse that is not there."""
    (refusal,) = await _unknown(uow, [rule])
    if refusal is not None:
        raise refusal


async def _unknown(uow: UnitOfWork, rules: Sequence[Rule]) -> list[Refusal | None]:
    """Return, per rule, why what it names will not do; shops, SKUs and warehouses take one statement each."""
    named = [list(_named(rule)) for rule in rules]
    by_kind: dict[str, set[UUID]] = {}
    for kind, id_, _ in (each for of_rule in named for each in of_rule):
        by_kind.setdefault(kind, set()).add(id_)
    shops = await accounts.shops_by_id(uow, by_kind["shop"]) if "shop" in by_kind else {}
    skus = await catalog.skus(uow, by_kind["sku"]) if "sku" in by_kind else {}
    locations = await stock.locations_by_id(uow, by_kind["location"]) if "location" in by_kind else {}
    there: set[tuple[str, UUID]] = {("location", each) for each in locations}
    there |= {("shop", each) for each, shop in shops.items() if shop.archived_at is None}
    there |= {("sku", each) for each, sku in skus.items() if sku.archived_at is None}
    bundles = {each for each, sku in skus.items() if sku.is_bundle}
    return [_first_unknown(rule, of_rule, there, bundles) for rule, of_rule in zip(rules, named, strict=True)]


_Named = tuple[str, UUID, tuple[str | int, ...]]


def _named(rule: Rule) -> Iterable[_Named]:
    """Yield (kind, id, where it stands) of everything a rule names."""
    for index, condition in enumerate(rule.conditions):
        if condition.field not in (Field.SHOP, Field.SKU):
            continue
        kind = condition.field.value.lower()
        value = condition.value
        ids = value.sku_ids if isinstance(value, SkuPieces) else value
        assert isinstance(ids, tuple)
        for each in ids:
            yield kind, UUID(each), ("conditions", index, "value")
    for index, action in enumerate(rule.actions):
        if action.sku_id is not None:
            yield "sku", action.sku_id, ("actions", index, "sku_id")
        for location_id in action.location_ids:
            yield "location", location_id, ("actions", index, "location_ids")


def _first_unknown(
    rule: Rule, named: Sequence[_Named], there: Collection[tuple[str, UUID]], bundles: Collection[UUID]
) -> Refusal | None:
    for kind, id_, where in named:
        if (kind, id_) not in there:
            return UnknownReference(field=where)
    for index, action in enumerate(rule.actions):
        if action.sku_id in bundles:
            message = sentence("A gift is one SKU, not a bundle; make a rule for each of its parts.")
            return InvalidInput(message, field=("actions", index, "sku_id"))
    return None
