"""Review rules tried on past orders before they are switched on: what would have been done, and nothing is.

Orders are looked at as they came in: what was cancelled since still counts, gifts do not. Streets are opened in memory
only for rules that ask for words in them, and for people who may read them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.accounts.tables import ReviewPolicy
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.paged import grouped
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.money import line_amount
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import gifts, recipients, review_rules, tags
from pickmesh.core.orders.conditions import Field, OrderFacts, all_hold
from pickmesh.core.orders.review_actions import Action, ActionKind
from pickmesh.core.orders.review_rules import Rule, RuleDraft
from pickmesh.core.orders.tables import OrderLine, OrderRecipient, SalesOrder
from pickmesh.core.stock import queries as stock

ORDERS_MAX = 5_000
PAGE = 1_000
SHOWN_MAX = 50

_COLUMNS = (
    SalesOrder.id,
    SalesOrder.shop_id,
    SalesOrder.type,
    SalesOrder.payment_status,
    SalesOrder.currency,
    SalesOrder.goods_minor,
    (SalesOrder.goods_minor - SalesOrder.discount_minor + SalesOrder.tax_minor + SalesOrder.freight_minor).label(
        "total_minor"
    ),
    SalesOrder.remark,
    SalesOrder.seller_flag,
    SalesOrder.ordered_at,
    OrderRecipient.country,
    OrderRecipient.province,
    OrderRecipient.city,
    OrderRecipient.district,
    OrderRecipient.postcode,
    OrderRecipient.phone_key,
    OrderRecipient.address_key,
    OrderRecipient.key_id,
    OrderRecipient.sealed,
    OrderRecipient.erased_at,
)
"""What of a past order is read; the sealed part stays sealed unless a rule asks for words in it."""


@dataclass(frozen=True, slots=True)
class ActionTrial:
    """How many orders an action of the rule would have been done to; `detail` is its tag, reason or the like."""

    kind: ActionKind
    detail: str
    orders: int


@dataclass(frozen=True, slots=True)
class HeldAmount:
    """Money that would have waited: orders and their totals in minor units of one currency."""

    currency: str
    orders: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class GiftTrial:
    """Gifts that would have gone: `free_now` pieces are there today, the cost is in minor units.

    `refused_before` had it already, `refused_limit` came after the rule's limit.
    """

    sku_id: UUID
    orders: int
    pieces: int
    cost_minor: int
    currency: str
    free_now: int
    refused_before: int
    refused_limit: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have done to past orders; `first` are the newest of those it fits, at most 50."""

    tried: int
    matched: int
    first: tuple[UUID, ...]
    actions: tuple[ActionTrial, ...]
    held: tuple[HeldAmount, ...]
    gift: GiftTrial | None


@dataclass(slots=True)
class _Matches:
    """Past orders that were looked at, and those the rule fits, the newest first."""

    tried: int = 0
    found: list[tuple[UUID, OrderFacts]] = field(default_factory=list)


async def try_review_rule(
    uow: UnitOfWork, *, draft: RuleDraft, since: datetime | None = None, last: int = PAGE
) -> Trial:
    """Tell what a rule would have done to the newest orders: at most `last` (1 to 5,000), placed at or after `since`.

    The rule is checked as if it were saved and its window does not count. Nothing is written. Needs `orders:read`, and
    `recipients:read` for a rule that looks for words in addresses; orders of the caller's shops only.
    """
    uow.actor.require(Permission.ORDERS_READ)
    rule = review_rules.parsed(draft)
    await review_rules.require_known(uow, rule)
    return await _try(uow, rule, since, last)


async def try_saved_rule(uow: UnitOfWork, *, rule_id: UUID, since: datetime | None = None, last: int = PAGE) -> Trial:
    """Tell what a rule that is saved would have done, be it on or off; see `try_review_rule`."""
    uow.actor.require(Permission.ORDERS_READ)
    row = (await review_rules.rules_by_id(uow, [rule_id])).get(rule_id)
    if row is None:
        raise NotFound(field=("rule_id",))
    return await _try(uow, review_rules.of_row(row), since, last)


async def _try(uow: UnitOfWork, rule: Rule, since: datetime | None, last: int) -> Trial:
    if not 1 <= last <= ORDERS_MAX:
        raise InvalidInput(sentence("A rule is tried on 1 to {most} orders.", most=ORDERS_MAX), field=("last",))
    if rule.uses(Field.ADDRESS_WORDS):
        uow.actor.require(Permission.RECIPIENTS_READ)
    matches = await _matches(uow, rule, since, last)
    manual = {shop.id for shop in await accounts.shops(uow) if shop.review_policy == ReviewPolicy.MANUAL}
    gift = await _gift(uow, rule, matches) if rule.gift is not None else None
    return Trial(
        tried=matches.tried,
        matched=len(matches.found),
        first=tuple(order_id for order_id, _ in matches.found[:SHOWN_MAX]),
        actions=tuple(_action(action, matches, manual, gift) for action in rule.actions),
        held=_held(rule, matches),
        gift=gift,
    )


async def _matches(uow: UnitOfWork, rule: Rule, since: datetime | None, last: int) -> _Matches:
    """Page through past orders, the newest first."""
    matches = _Matches()
    before: UUID | None = None
    while matches.tried < last:
        limit = min(PAGE, last - matches.tried)
        rows = await uow.fetch(_page(uow, since, before, limit))
        for order_id, facts in (await _facts(uow, rule, rows)).items():
            if all_hold(rule.conditions, facts):
                matches.found.append((order_id, facts))
        matches.tried += len(rows)
        if len(rows) < limit:
            break
        before = rows[-1].id
    return matches


def _page(uow: UnitOfWork, since: datetime | None, before: UUID | None, limit: int) -> sa.Select[*tuple[Any, ...]]:
    statement = (
        sa.select(*_COLUMNS)
        .join(
            OrderRecipient,
            (OrderRecipient.merchant_id == SalesOrder.merchant_id) & (OrderRecipient.order_id == SalesOrder.id),
        )
        .where(uow.mine(SalesOrder))
        .order_by(SalesOrder.id.desc())
        .limit(limit)
    )
    if since is not None:
        statement = statement.where(SalesOrder.ordered_at >= since)
    if before is not None:
        statement = statement.where(SalesOrder.id < before)
    if uow.actor.shop_ids is not None:
        statement = statement.where(uow.among(SalesOrder.shop_id, uow.actor.shop_ids))
    return statement


async def _facts(uow: UnitOfWork, rule: Rule, rows: Sequence[sa.Row[Any]]) -> dict[UUID, OrderFacts]:
    """Return what the rule may know of past orders; what it does not ask for is left out."""
    ids = [row.id for row in rows]
    lines = await _lines(uow, ids)
    skus = {line.sku_id for of_order in lines.values() for line in of_order if line.sku_id is not None}
    weights = await _weights(uow, skus) if rule.uses(Field.WEIGHT_G) else {}
    tagged = await tags.tags_of_orders(uow, ids) if rule.uses(Field.TAG) else {}
    opens = rule.uses(Field.ADDRESS_WORDS)
    return {
        row.id: OrderFacts(
            **_told(row),
            **_counted(lines.get(row.id, []), weights),
            street=recipients.opened_row(uow, row).street if opens else "",
            tags=frozenset(tagged.get(row.id, ())),
        )
        for row in rows
    }


_SAME = (
    "shop_id",
    "type",
    "payment_status",
    "currency",
    "goods_minor",
    "total_minor",
    "remark",
    "seller_flag",
    "ordered_at",
    "country",
    "province",
    "city",
    "district",
)


def _told(row: sa.Row[Any]) -> dict[str, Any]:
    return {name: row._mapping[name] for name in _SAME} | {"buyer_key": row.phone_key or row.address_key}


async def _lines(uow: UnitOfWork, order_ids: Collection[UUID]) -> Mapping[UUID, Sequence[sa.Row[Any]]]:
    live = OrderLine.quantity - OrderLine.refunded_quantity
    found = await uow.fetch(
        sa.select(OrderLine.order_id, OrderLine.sku_id, live.label("live")).where(
            uow.mine(OrderLine), uow.among(OrderLine.order_id, order_ids), OrderLine.gift_rule_id.is_(None), live > 0
        )
    )
    return grouped(found, "order_id")


def _counted(lines: Sequence[sa.Row[Any]], weights: Mapping[UUID, int]) -> dict[str, Any]:
    skus: dict[UUID, int] = {}
    for line in lines:
        if line.sku_id is not None:
            skus[line.sku_id] = skus.get(line.sku_id, 0) + line.live
    is_known = all(line.sku_id in weights for line in lines)
    return {
        "lines": len(lines),
        "pieces": sum(line.live for line in lines),
        "skus": skus,
        "weight_g": sum(weights[sku_id] * pieces for sku_id, pieces in skus.items()) if is_known else None,
    }


async def _weights(uow: UnitOfWork, sku_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the weights that are known: of a bundle its own, else that of its parts together."""
    parts = await catalog.components_of(uow, sku_ids)
    wanted = {*sku_ids, *(part for of_bundle in parts.values() for part, _ in of_bundle)}
    known = {sku.id: sku.weight_g for sku in (await catalog.skus(uow, wanted)).values() if sku.weight_g is not None}
    for bundle, of_bundle in parts.items():
        if bundle not in known and all(part in known for part, _ in of_bundle):
            known[bundle] = sum(known[part] * pieces for part, pieces in of_bundle)
    return known


def _action(action: Action, matches: _Matches, manual: Collection[UUID], gift: GiftTrial | None) -> ActionTrial:
    orders = len(matches.found)
    if action.kind is ActionKind.GIFT and gift is not None:
        orders = gift.orders
    if action.kind is ActionKind.RELEASE:
        orders = sum(facts.shop_id in manual for _, facts in matches.found)
    details = {
        ActionKind.HOLD: action.reason.value if action.reason else "",
        ActionKind.TAG: action.tag,
        ActionKind.PRIORITY: str(action.priority),
    }
    return ActionTrial(action.kind, details.get(action.kind, ""), orders)


def _held(rule: Rule, matches: _Matches) -> tuple[HeldAmount, ...]:
    if not any(action.kind is ActionKind.HOLD for action in rule.actions):
        return ()
    totals: dict[str, list[int]] = {}
    for _, facts in matches.found:
        totals.setdefault(facts.currency, []).append(facts.total_minor)
    return tuple(HeldAmount(currency, len(each), sum(each)) for currency, each in sorted(totals.items()))


async def _gift(uow: UnitOfWork, rule: Rule, matches: _Matches) -> GiftTrial:
    """Count the gifts as intake would give them: the oldest order first, once per buyer, up to the limit."""
    action = rule.gift
    assert action is not None
    assert action.sku_id is not None
    buyers = [facts.buyer_key for _, facts in reversed(matches.found)]
    given = await gifts.buyers_given(uow, rule.id, buyers)
    total = (await gifts.given_by_rule(uow, [rule.id])).get(rule.id, 0)
    sku = (await catalog.skus(uow, [action.sku_id]))[action.sku_id]
    free = await stock.free_levels(uow, [action.sku_id])
    orders = before = beyond = 0
    for buyer in buyers:
        if buyer in given:
            before += 1
        elif action.limit_total is not None and total + action.quantity > action.limit_total:
            beyond += 1
        else:
            orders, total = orders + 1, total + action.quantity
            given.add(buyer)
    pieces = orders * action.quantity
    return GiftTrial(
        sku_id=action.sku_id,
        orders=orders,
        pieces=pieces,
        cost_minor=line_amount(pieces, sku.cost_micros, sku.currency),
        currency=sku.currency,
        free_now=sum(max(0, each) for each in free.values()),
        refused_before=before,
        refused_limit=beyond,
    )
