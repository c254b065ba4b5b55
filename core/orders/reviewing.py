"""Orders checked as they come in 审单: the rules that fit hold, tag, rank, route, merge and add gifts, by position.

Without rules this is one small select. Intake asks before it routes (`review`), after it reserved (`settle`), and once
the orders are written (`write`); whatever rows come of it go through the drafts.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import ReviewPolicy
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.reading import LoggedEvent
from pickmesh.core.journal.tables import EventRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import events, gifts, review_rules
from pickmesh.core.orders.conditions import Field, OrderFacts, all_hold, folded
from pickmesh.core.orders.drafts import Act, Draft, ReviewHold
from pickmesh.core.orders.plans import FactsOf, Plan
from pickmesh.core.orders.review_actions import Action, ActionKind
from pickmesh.core.orders.review_rules import Rule
from pickmesh.core.orders.rule_tables import OrderTag
from pickmesh.core.orders.tables import HoldReason

REVIEW = "review"
"""The handle of the hold that waits for a person's look."""
SET_BEFORE = "SET_BEFORE"
"""Why an action was not done: an earlier rule did the same."""


async def review(uow: UnitOfWork, drafts: Sequence[Draft], shops: Mapping[UUID, sa.Row[Any]]) -> None:
    """Check new orders that have something to send, after they are taken apart and before they are routed.

    A shop whose orders are looked at by a person gets a REVIEW hold on each, unless a rule releases it.
    """
    waiting = [draft for draft in drafts if draft.plans]
    rules = await review_rules.active_rules(uow) if waiting else []
    if rules:
        await apply(uow, waiting, rules)
        await gifts.offer(uow, waiting)
    for draft in waiting:
        if shops[draft.order.shop_id].review_policy == ReviewPolicy.MANUAL and not draft.is_released:
            _hold(draft, ReviewHold(HoldReason.REVIEW, REVIEW))


async def gift_skus(uow: UnitOfWork) -> set[UUID]:
    """Return the SKUs rules may give away now, for whoever locks levels before new orders are checked."""
    given = [rule.gift for rule in await review_rules.active_rules(uow)]
    return {gift.sku_id for gift in given if gift is not None and gift.sku_id is not None}


async def apply(uow: UnitOfWork, drafts: Sequence[Draft], rules: Sequence[Rule]) -> None:
    """Let rules do what they do to drafts; gifts are only noted."""
    weights = await _weights(uow, drafts) if any(rule.uses(Field.WEIGHT_G) for rule in rules) else {}
    for draft in drafts:
        _check(draft, rules, _facts(draft, weights))


async def settle(uow: UnitOfWork, drafts: Sequence[Draft]) -> None:
    """Give the gifts that got stock and drop the others, after everything was reserved."""
    if any(draft.gifts for draft in drafts):
        await gifts.settle(uow, drafts)


async def write(uow: UnitOfWork, drafts: Sequence[Draft]) -> None:
    """Write tags and tell which rules fitted, once the orders are written."""
    await uow.insert(OrderTag, [{"order_id": draft.id, "tag": tag} for draft in drafts for tag in draft.tags])
    uow.emit(
        events.OrderReviewed(
            subject_id=draft.id,
            review_rule_ids=[rule.id for rule in draft.hits],
            names=[rule.name for rule in draft.hits],
            acts=[act.payload() for act in draft.acts],
            merge=draft.is_merged,
        )
        for draft in drafts
        if draft.hits
    )


def _check(draft: Draft, rules: Sequence[Rule], facts: OrderFacts) -> None:
    for rule in rules:
        if not all_hold(rule.conditions, facts):
            continue
        draft.hits.append(rule)
        before = len(draft.tags)
        for action in rule.actions:
            act = Act(rule, action.kind)
            draft.acts.append(act)
            _DO[action.kind](draft, act, action)
        if len(draft.tags) > before:
            facts = replace(facts, tags=frozenset(draft.tags))
        if any(action.kind is ActionKind.STOP for action in rule.actions):
            break


def _do_hold(draft: Draft, act: Act, action: Action) -> None:
    assert action.reason is not None
    handle = REVIEW if action.reason is HoldReason.REVIEW else f"rule:{act.rule.id}"
    act.detail = action.reason.value
    act.done = _hold(draft, ReviewHold(action.reason, handle, action.note or act.rule.name))
    act.reason = "" if act.done else SET_BEFORE


def _hold(draft: Draft, new: ReviewHold) -> bool:
    """Put a hold on a draft unless it stands already; tell whether it was put."""
    if any((held.reason, held.handle) == (new.reason, new.handle) for held in draft.review_holds):
        return False
    draft.review_holds.append(new)
    return True


def _do_release(draft: Draft, _act: Act, _action: Action) -> None:
    draft.is_released = True


def _do_tag(draft: Draft, act: Act, action: Action) -> None:
    act.detail = action.tag
    if folded(action.tag) in map(folded, draft.tags):
        act.done, act.reason = False, SET_BEFORE
    else:
        draft.tags.append(action.tag)


def _do_priority(draft: Draft, act: Act, action: Action) -> None:
    act.detail = str(action.priority)
    if draft.rule_priority is None:
        draft.rule_priority = action.priority
    else:
        act.done, act.reason = False, SET_BEFORE


def _do_route(draft: Draft, act: Act, action: Action) -> None:
    if any(plan.preferred for plan in draft.plans):
        act.done, act.reason = False, SET_BEFORE
    for plan in draft.plans if act.done else ():
        plan.preferred = action.location_ids


def _do_merge(draft: Draft, _act: Act, _action: Action) -> None:
    draft.is_merged = True


def _do_gift(draft: Draft, act: Act, action: Action) -> None:
    gifts.note(draft, act, action)


def _do_stop(_draft: Draft, _act: Act, _action: Action) -> None:
    """Later rules do not run; see `_check`."""


_DO = {
    ActionKind.HOLD: _do_hold,
    ActionKind.RELEASE: _do_release,
    ActionKind.TAG: _do_tag,
    ActionKind.PRIORITY: _do_priority,
    ActionKind.ROUTE: _do_route,
    ActionKind.MERGE: _do_merge,
    ActionKind.GIFT: _do_gift,
    ActionKind.STOP: _do_stop,
}


async def reviews_of_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> Mapping[UUID, list[LoggedEvent]]:
    """Return which rules fitted orders and what they did, by order: their events, the oldest first."""
    found = await uow.fetch(
        sa.select(EventRow.seq, EventRow.kind, EventRow.subject_id, EventRow.payload, EventRow.actor_id, EventRow.at)
        .where(
            uow.mine(EventRow),
            uow.among(EventRow.subject_id, order_ids),
            EventRow.kind == events.OrderReviewed.kind,
        )
        .order_by(EventRow.seq)
    )
    told: dict[UUID, list[LoggedEvent]] = {}
    for row in found:
        told.setdefault(row.subject_id, []).append(LoggedEvent(**row._mapping))
    return told


def facts_of(drafts: Sequence[Draft]) -> FactsOf:
    """Return how routing rules learn of orders that are not written yet."""
    by_id = {draft.id: draft for draft in drafts}

    async def found(uow: UnitOfWork, order_ids: Collection[UUID]) -> Mapping[UUID, OrderFacts]:
        asked = [by_id[each] for each in order_ids if each in by_id]
        weights = await _weights(uow, asked)
        return {draft.id: _facts(draft, weights) for draft in asked}

    return found


def _facts(draft: Draft, weights: Mapping[UUID, int | None]) -> OrderFacts:
    order, recipient = draft.order, draft.order.recipient
    skus: dict[UUID, int] = {}
    live = [line for line in draft.lines if line["quantity"] > line["refunded_quantity"]]
    for line in live:
        if line["sku_id"] is not None:
            skus[line["sku_id"]] = skus.get(line["sku_id"], 0) + line["quantity"] - line["refunded_quantity"]
    return OrderFacts(
        shop_id=order.shop_id,
        type=order.type,
        payment_status=order.payment_status,
        currency=order.currency,
        goods_minor=draft.amounts.goods_minor,
        total_minor=draft.amounts.total_minor,
        lines=len(live),
        pieces=sum(line["quantity"] - line["refunded_quantity"] for line in live),
        skus=skus,
        ordered_at=order.ordered_at,
        weight_g=_weight(draft.plans, weights) if all(line["sku_id"] is not None for line in live) else None,
        country=recipient.country,
        province=recipient.province,
        city=recipient.city,
        district=recipient.district,
        street=recipient.street,
        remark=order.remark,
        seller_flag=order.seller_flag,
        tags=frozenset(draft.tags),
    )


def _weight(plans: Sequence[Plan], weights: Mapping[UUID, int | None]) -> int | None:
    """Return the weight of what is sent in grams: of a bundle its own where it is known, else that of its parts."""
    total = 0
    bundled: set[UUID] = set()
    for line in (line for plan in plans for line in plan.lines):
        own = weights.get(line["bundle_sku_id"]) if line["bundle_sku_id"] else None
        if own is not None:
            if line["group_id"] not in bundled:
                bundled.add(line["group_id"])
                total += own * (line["quantity"] // line["per_unit"])
            continue
        weight = weights.get(line["sku_id"])
        if weight is None:
            return None
        total += weight * line["quantity"]
    return total


async def _weights(uow: UnitOfWork, drafts: Sequence[Draft]) -> dict[UUID, int | None]:
    lines = [line for draft in drafts for plan in draft.plans for line in plan.lines]
    skus = {line["sku_id"] for line in lines} | {line["bundle_sku_id"] for line in lines if line["bundle_sku_id"]}
    found = await uow.fetch(sa.select(Sku.id, Sku.weight_g).where(uow.mine(Sku), uow.among(Sku.id, skus)))
    return {row.id: row.weight_g for row in found}
