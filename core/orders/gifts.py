"""Gifts 赠品 review rules add to new orders: once per buyer and rule, while stock lasts, up to the rule's limit.

A gift is offered before the order is routed, reserved together with the order's goods but after all of them, and given
only if it got stock at the order's own warehouse: it neither chooses the warehouse nor makes an order wait. What was
given is written under the buyer's blind index while the rule's row is locked, so of two batches one gives.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import events, locks, plans, recipients, shortages
from pickmesh.core.orders.drafts import Act, Draft, Gift
from pickmesh.core.orders.review_actions import Action
from pickmesh.core.orders.rule_tables import GiftGiven
from pickmesh.core.orders.tables import FulfillmentLine, OrderLine, Progress
from pickmesh.core.stock import reservations as stock

ARCHIVED = "SKU_ARCHIVED"
GIVEN_BEFORE = "GIVEN_BEFORE"
LIMIT_REACHED = "LIMIT_REACHED"
NO_STOCK = "NO_STOCK"
NOT_ROUTED = "NOT_ROUTED"
"""Why a gift was not given."""

_OF_LINE = (OrderLine.merchant_id == FulfillmentLine.merchant_id) & (OrderLine.id == FulfillmentLine.order_line_id)

_Buyer = tuple[UUID, str]
"""A rule, and the blind index of a buyer."""


def line_number(rule_id: UUID) -> str:
    """Return the number of a gift's order line: no shop numbers its lines like this."""
    return f"gift:{rule_id}"


def note(draft: Draft, act: Act, action: Action) -> None:
    """Remember that a rule wants to add a gift to a new order."""
    draft.gifts.append(Gift(act, action, "", {}, new_id()))


async def offer(uow: UnitOfWork, drafts: Sequence[Draft]) -> None:
    """Plan the noted gifts their buyers may have, in the order of the batch; the others are dropped with the reason."""
    noted = [(draft, gift) for draft in drafts for gift in draft.gifts]
    if not noted:
        return
    skus = await catalog.skus(uow, {gift.action.sku_id for _, gift in noted if gift.action.sku_id})
    for draft, gift in noted:
        gift.buyer_key = recipients.buyer_key(uow, draft.order.recipient)
    granting = await _Granting.read(uow, [gift for _, gift in noted])
    for draft, gift in noted:
        sku = skus.get(gift.action.sku_id) if gift.action.sku_id else None
        gift.act.detail = sku.code if sku else ""
        reason = ARCHIVED if sku is None or sku.archived_at is not None else granting.refuse(gift)
        if reason or sku is None:
            _drop(draft, gift, reason)
        else:
            _plan(draft, gift, sku)


class _Granting:
    """Who had which gift, and how many pieces rules gave already; it counts along."""

    def __init__(self, given: set[_Buyer], totals: dict[UUID, int]) -> None:
        self.given = given
        self.totals = totals

    @classmethod
    async def read(cls, uow: UnitOfWork, wanted: Sequence[Gift]) -> "_Granting":
        """Read what the rules gave to these buyers, and in all where they have a limit."""
        buyers = {(gift.act.rule.id, gift.buyer_key) for gift in wanted}
        found = await uow.fetch(
            sa.select(GiftGiven.rule_id, GiftGiven.buyer_key).where(
                uow.mine(GiftGiven), uow.among([GiftGiven.rule_id, GiftGiven.buyer_key], sorted(buyers))
            )
        )
        limited = {gift.act.rule.id for gift in wanted if gift.action.limit_total is not None}
        totals = await given_by_rule(uow, limited) if limited else {}
        return cls({(row.rule_id, row.buyer_key) for row in found}, totals)

    def refuse(self, gift: Gift) -> str:
        """Return why a gift may not be given; count it as given when it may."""
        rule_id, limit = gift.act.rule.id, gift.action.limit_total
        total = self.totals.get(rule_id, 0) + gift.action.quantity
        if (rule_id, gift.buyer_key) in self.given:
            return GIVEN_BEFORE
        if limit is not None and total > limit:
            return LIMIT_REACHED
        self.given.add((rule_id, gift.buyer_key))
        self.totals[rule_id] = total
        return ""


async def given_by_rule(uow: UnitOfWork, rule_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many pieces rules have given in all."""
    found = await uow.fetch(
        sa.select(GiftGiven.rule_id, sa.func.sum(GiftGiven.quantity).label("pieces"))
        .where(uow.mine(GiftGiven), uow.among(GiftGiven.rule_id, rule_ids))
        .group_by(GiftGiven.rule_id)
    )
    return {row.rule_id: int(row.pieces) for row in found}


def _drop(draft: Draft, gift: Gift, reason: str) -> None:
    gift.act.done, gift.act.reason = False, reason
    draft.gifts.remove(gift)


def _plan(draft: Draft, gift: Gift, sku: SkuRow) -> None:
    """Make the order line of a gift, and the line that carries it out in the order's first fulfillment order."""
    plan, order_line_id = draft.plans[0], new_id()
    gift.order_line = {
        "id": order_line_id,
        "order_id": draft.id,
        "external_line_id": line_number(gift.act.rule.id),
        "shop_code": sku.code,
        "sku_id": sku.id,
        "quantity": gift.action.quantity,
        "unit_price_micros": 0,
        "amount_minor": 0,
        "discount_minor": 0,
        "tax_minor": 0,
        "refunded_quantity": 0,
        "gift_rule_id": gift.act.rule.id,
    }
    (line,) = plans.lines_of(plan, order_line_id, sku.id, gift.action.quantity, {})
    gift.line_id = line["id"]
    plan.gifts.append(line)


async def settle(uow: UnitOfWork, drafts: Sequence[Draft]) -> None:
    """Give the gifts that got stock, exactly once per buyer and within the limit; take back and drop the others."""
    stocked = {line["id"] for draft in drafts for plan in draft.plans for line in plan.lines}
    kept: list[tuple[Draft, Gift]] = []
    for draft in drafts:
        for gift in list(draft.gifts):
            if gift.line_id in stocked:
                kept.append((draft, gift))
            else:
                _drop(draft, gift, NO_STOCK if draft.plans[0].route.location_id else NOT_ROUTED)
    if not kept:
        return
    await locks.lock_review_rules(uow, {gift.act.rule.id for _, gift in kept})
    granting = await _Granting.read(uow, [gift for _, gift in kept])
    refused = {gift.line_id: (draft, gift, reason) for draft, gift in kept if (reason := granting.refuse(gift))}
    await stock.release_reservations(uow, line_ids=refused)
    for draft, gift, reason in refused.values():
        _drop(draft, gift, reason)
        for plan in draft.plans:
            plan.lines = [line for line in plan.lines if line["id"] != gift.line_id]
            plan.gifts = [line for line in plan.gifts if line["id"] != gift.line_id]
    given = [(draft, gift) for draft, gift in kept if gift.line_id not in refused]
    for draft, gift in given:
        draft.lines.append(gift.order_line)
    await uow.insert(GiftGiven, [_given_row(uow, draft, gift) for draft, gift in given])


def _given_row(uow: UnitOfWork, draft: Draft, gift: Gift) -> dict[str, Any]:
    return {
        "rule_id": gift.act.rule.id,
        "buyer_key": gift.buyer_key,
        "order_id": draft.id,
        "sku_id": gift.action.sku_id,
        "quantity": gift.action.quantity,
        "given_at": uow.now,
    }


async def give_back(uow: UnitOfWork, order_ids: Collection[UUID]) -> None:
    """Forget the gifts of orders that were cancelled before anything left, so that their buyers may have them again."""
    if order_ids:
        await uow.execute(sa.delete(GiftGiven).where(uow.mine(GiftGiven), uow.among(GiftGiven.order_id, order_ids)))


async def forgo(uow: UnitOfWork, line_ids: Collection[UUID], locked: Mapping[UUID, sa.Row[Any]]) -> None:
    """Drop gifts among lines that lost their promise, so that their open fulfillment orders, locked, go on without.

    One that holds nothing but gifts stays as it is. Their buyers may have them again.
    """
    found = [
        row
        for row in await uow.fetch(_lines_of_gifts(uow, line_ids))
        if row.missing > 0 and locked[row.fulfillment_order_id].progress == Progress.OPEN
    ]
    if not found:
        return
    goods = await _with_goods(uow, {row.fulfillment_order_id for row in found})
    lost = [row for row in found if row.fulfillment_order_id in goods]
    gone = [row.id for row in lost]
    await stock.release_reservations(uow, line_ids=gone)
    await uow.execute(sa.delete(FulfillmentLine).where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.id, gone)))
    cancelled = [{"id": row.order_line_id, "cancelled_quantity": row.quantity} for row in lost]
    await uow.update(OrderLine, sorted(cancelled, key=lambda row: row["id"]), add=["cancelled_quantity"])
    again = uow.among([GiftGiven.rule_id, GiftGiven.order_id], [(row.gift_rule_id, row.order_id) for row in lost])
    await uow.execute(sa.delete(GiftGiven).where(uow.mine(GiftGiven), again))
    uow.emit(
        events.OrderGiftDropped(row.order_id, row.gift_rule_id, row.sku_id, row.quantity, row.fulfillment_order_id)
        for row in lost
    )


def _lines_of_gifts(uow: UnitOfWork, line_ids: Collection[UUID]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            FulfillmentLine.id,
            FulfillmentLine.fulfillment_order_id,
            FulfillmentLine.order_id,
            FulfillmentLine.order_line_id,
            FulfillmentLine.sku_id,
            FulfillmentLine.quantity,
            OrderLine.gift_rule_id,
            shortages.missing_now(uow).label("missing"),
        )
        .join(OrderLine, _OF_LINE)
        .where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.id, line_ids), OrderLine.gift_rule_id.is_not(None))
        .order_by(FulfillmentLine.id)
    )


async def lines_among(uow: UnitOfWork, line_ids: Collection[UUID]) -> set[UUID]:
    """Return which fulfillment lines carry out gifts."""
    found = await uow.fetch(
        sa.select(FulfillmentLine.id)
        .join(OrderLine, _OF_LINE)
        .where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.id, line_ids), OrderLine.gift_rule_id.is_not(None))
    )
    return {row.id for row in found}


async def _with_goods(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> set[UUID]:
    """Return which fulfillment orders hold something that was sold."""
    found = await uow.fetch(
        sa.select(FulfillmentLine.fulfillment_order_id)
        .join(OrderLine, _OF_LINE)
        .where(
            uow.mine(FulfillmentLine),
            uow.among(FulfillmentLine.fulfillment_order_id, fulfillment_order_ids),
            OrderLine.gift_rule_id.is_(None),
        )
        .distinct()
    )
    return {row.fulfillment_order_id for row in found}


async def buyers_given(uow: UnitOfWork, rule_id: UUID, buyer_keys: Iterable[str]) -> set[str]:
    """Return which of these buyers have had a rule's gift."""
    found = await uow.fetch(
        sa.select(GiftGiven.buyer_key).where(
            uow.mine(GiftGiven), GiftGiven.rule_id == rule_id, uow.among(GiftGiven.buyer_key, set(buyer_keys))
        )
    )
    return {row.buyer_key for row in found}
