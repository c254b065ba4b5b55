"""Orders from shops: new ones are taken apart, routed and reserved, known ones are left alone or merged.

One batch is a fixed number of statements. Shops are locked first, so of two intakes of the same order the second finds
it; numbers are taken right before the rows are written, because everybody's numbers come from one row.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.db import rows
from pickmesh.core.journal.ahead import Ahead
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotPermitted, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import changes, events, holds, incoming, leased, locks, plans, recipients, reviewing, rules
from pickmesh.core.orders.drafts import Draft
from pickmesh.core.orders.goods import Codes, Components, known_goods
from pickmesh.core.orders.holds import NewHold
from pickmesh.core.orders.incoming import NewOrder
from pickmesh.core.orders.late_changes import Changed
from pickmesh.core.orders.plans import Plan
from pickmesh.core.orders.refusals import DuplicateOrder, UnknownShop
from pickmesh.core.orders.tables import (
    FulfillmentLine,
    FulfillmentOrder,
    OrderLine,
    OrderRecipient,
    Progress,
    RequestStatus,
    SalesOrder,
)
from pickmesh.core.orders.verdicts import OrderVerdict, Verdict

ORDERS_MAX = 5_000


async def import_orders(uow: UnitOfWork, *, orders: Sequence[NewOrder]) -> list[OrderVerdict | Refused]:
    """Take over orders as their shops tell them, each once, and promise stock to them; a verdict per order.

    An order is known by (shop, external id): told again unchanged it writes nothing, changed it is merged while all of
    it is still open and refused once work has begun. Codes nobody mapped put an order on hold, as does an order that is
    not paid. At most 5,000 orders of at most 500 lines in one batch; needs `orders:write` for each order's shop.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(orders) > ORDERS_MAX:
        raise LimitExceeded(
            sentence(
                "At most {most} orders go in one batch, not {count}; send them in parts.",
                most=ORDERS_MAX,
                count=len(orders),
            )
        )
    if not orders:
        return []
    shops = await locks.lock_shops(uow, {order.shop_id for order in orders})
    sorted_out = _Sorted(uow, orders, shops)
    known = await _known(uow, sorted_out.first)
    drafts, changed = sorted_out.against(known)
    told = [draft.order for draft in drafts] + [change.order for change in changed]
    named = {(order.shop_id, line.shop_code): line.sku_id for order in told for line in order.lines}
    known_before = {pair: sku_id for pair, sku_id in named.items() if sku_id is not None}
    codes, parts = await known_goods(uow, named.keys(), known_before)
    if changed:
        also = _levels_wanted(drafts, codes, parts) | await leased.skus_held(uow, drafts)
        also |= await reviewing.gift_skus(uow) if drafts else set()
        for verdict in await changes.merge(uow, changed, codes, parts, also=also):
            sorted_out.answers[verdict.index] = verdict
    if drafts:
        await _create(uow, drafts, shops, codes, parts)
        for draft in drafts:
            sorted_out.answers[draft.index] = _created(draft)
    return [sorted_out.answers[index] for index in range(len(orders))]


class _Sorted:
    """A batch sorted into what is refused outright, what repeats within the batch, and the first of each order."""

    def __init__(self, uow: UnitOfWork, orders: Sequence[NewOrder], shops: Mapping[UUID, sa.Row[Any]]) -> None:
        self.answers: dict[int, OrderVerdict | Refused] = {}
        self.first: dict[tuple[UUID, str], tuple[int, NewOrder, str]] = {}
        self.repeats: list[tuple[int, tuple[UUID, str]]] = []
        for index, order in enumerate(orders):
            refusal = _refusal(uow, order, shops)
            if refusal is not None:
                self.answers[index] = Refused(index, refusal)
                continue
            key = (order.shop_id, order.external_id)
            told = incoming.content_hash(uow, order)
            if key not in self.first:
                self.first[key] = (index, order, told)
            elif self.first[key][2] == told:
                self.repeats.append((index, key))
            else:
                self.answers[index] = Refused(index, DuplicateOrder(field=("external_id",)))

    def against(self, known: Mapping[tuple[UUID, str], sa.Row[Any]]) -> tuple[list[Draft], list[Changed]]:
        """Return the orders that are new and those that changed; answers hold the verdict of those that did neither."""
        drafts: list[Draft] = []
        changed: list[Changed] = []
        ids: dict[tuple[UUID, str], UUID] = {}
        for key, (index, order, told) in self.first.items():
            row = known.get(key)
            ids[key] = new_id() if row is None else row.id
            if row is None:
                drafts.append(Draft(index, order, ids[key], told, incoming.amounts_of(order)))
            elif row.content_hash == told:
                self.answers[index] = OrderVerdict(index, Verdict.UNCHANGED, row.id)
            else:
                changed.append(Changed(index, order, row.id, told))
        for index, key in self.repeats:
            self.answers[index] = OrderVerdict(index, Verdict.UNCHANGED, ids[key])
        return drafts, changed


def _refusal(uow: UnitOfWork, order: NewOrder, shops: Mapping[UUID, sa.Row[Any]]) -> Refusal | None:
    if order.shop_id not in shops:
        return UnknownShop(field=("shop_id",))
    if not uow.actor.may(Permission.ORDERS_WRITE, shop_id=order.shop_id):
        return NotPermitted("You may not bring in orders of this shop; ask an owner or manager.", field=("shop_id",))
    return incoming.problem(order)


async def _known(
    uow: UnitOfWork, first: Mapping[tuple[UUID, str], tuple[int, NewOrder, str]]
) -> dict[tuple[UUID, str], sa.Row[Any]]:
    found = await uow.fetch(
        rows.probing(
            uow.dialect,
            (SalesOrder.id, SalesOrder.shop_id, SalesOrder.external_id, SalesOrder.content_hash),
            (SalesOrder.external_id, SalesOrder.shop_id),
            [(external_id, shop_id) for shop_id, external_id in first],
            uow.mine(SalesOrder),
        )
    )
    return {(row.shop_id, row.external_id): row for row in found}


def _levels_wanted(drafts: Sequence[Draft], codes: Codes, parts: Components) -> set[UUID]:
    """Return the SKUs new orders will ask for, so that one lock covers them and the changed orders' alike."""
    plain = {codes.get((draft.order.shop_id, line.shop_code)) for draft in drafts for line in draft.order.lines}
    return {part for sku_id in plain if sku_id for part, _ in parts.get(sku_id) or ((sku_id, 1),)}


async def _create(
    uow: UnitOfWork, drafts: Sequence[Draft], shops: Mapping[UUID, sa.Row[Any]], codes: Codes, parts: Components
) -> None:
    """Take new orders apart, route and reserve them, write them."""
    for draft in drafts:
        _take_apart(draft, codes, parts)
    for draft in drafts:
        for plan in draft.plans:
            plan.ship_available = shops[draft.order.shop_id].shortage_policy == ShortagePolicy.SHIP_AVAILABLE
    await reviewing.review(uow, drafts, shops)
    wanted = [plan for draft in drafts for plan in draft.plans]
    await leased.pass_on(uow, drafts)
    parted = await plans.route(uow, wanted, facts_of=reviewing.facts_of(drafts), may_part=True)
    if parted:
        of_order = {draft.id: draft for draft in drafts}
        for plan in parted:
            of_order[plan.order_id].plans.append(plan)
    async with Ahead(uow) as ahead:
        await plans.reserve(uow, wanted + parted, ahead=ahead)
        sealed = await ahead.made(recipients.sealed_row(uow, draft.id, draft.order.recipient) for draft in drafts)
        await ahead.settled()
        await reviewing.settle(uow, drafts)
        for draft in drafts:
            if shops[draft.order.shop_id].shortage_policy == ShortagePolicy.SHIP_AVAILABLE:
                draft.plans += [rest for plan in draft.plans if (rest := plans.part_off_short(plan))]
        await _write(uow, ahead, drafts, sealed, shops)
    await reviewing.write(uow, drafts)


def _take_apart(draft: Draft, codes: Codes, parts: Components) -> None:
    """Make a draft's order lines, its fulfillment order in the making, and the reasons to hold it."""
    order = draft.order
    plan = Plan(new_id(), draft.id, incoming.ship_by(order), rules.Route(None, rules.RouteReason.UNMAPPED))
    unmapped = False
    amounts = draft.amounts
    for index, line in enumerate(order.lines):
        line_id = new_id()
        sku_id = codes.get((order.shop_id, line.shop_code))
        refunded = incoming.refunded(order, line)
        draft.lines.append(
            {
                "id": line_id,
                "order_id": draft.id,
                "external_line_id": line.external_line_id,
                "shop_code": line.shop_code,
                "sku_id": sku_id,
                "quantity": line.quantity,
                "unit_price_micros": line.unit_price_micros,
                "amount_minor": amounts.goods[index],
                "discount_minor": amounts.discounts[index],
                "tax_minor": amounts.taxes[index],
                "refunded_quantity": refunded,
                "gift_rule_id": None,
            }
        )
        live = line.quantity - refunded
        if live and sku_id is not None:
            plan.lines += plans.lines_of(plan, line_id, sku_id, live, parts)
        unmapped = unmapped or bool(live and sku_id is None)
    if plan.lines or unmapped:
        draft.plans.append(plan)
        draft.holds = holds.reasons(order.payment_status, unmapped=unmapped)


async def _write(
    uow: UnitOfWork,
    ahead: Ahead,
    drafts: Sequence[Draft],
    sealed: Sequence[dict[str, Any]],
    shops: Mapping[UUID, sa.Row[Any]],
) -> None:
    """Write new orders; numbers are taken right before the rows that carry them, the rows without one go first."""
    made = [(draft, plan) for draft in drafts for plan in draft.plans]
    await ahead.insert(OrderRecipient, sealed)
    await ahead.insert(OrderLine, [line for draft in drafts for line in draft.lines])
    await ahead.insert(FulfillmentLine, [line for _, plan in made for line in plan.lines])
    wanted = [NewHold(plan.id, draft.id, reason) for draft, plan in made for reason in draft.holds]
    wanted += [NewHold(plan.id, draft.id, *held) for draft, plan in made for held in draft.review_holds]
    await ahead.settled()
    for draft, number in zip(drafts, await uow.next_numbers("order", len(drafts)), strict=True):
        draft.number = number
    numbers = await uow.next_numbers("fulfillment_order", len(made)) if made else range(0)
    await ahead.insert(SalesOrder, [_order_row(uow, draft) for draft in drafts])
    new = [
        _fulfillment_order_row(uow, draft, plan, number, shops[draft.order.shop_id].shortage_policy)
        for (draft, plan), number in zip(made, numbers, strict=True)
    ]
    await ahead.insert(FulfillmentOrder, new)
    uow.emit(await ahead.made(_imported(draft) for draft in drafts))
    await ahead.settled()
    await holds.write_holds(uow, wanted)


def _order_row(uow: UnitOfWork, draft: Draft) -> dict[str, Any]:
    order, amounts = draft.order, draft.amounts
    return {
        "id": draft.id,
        "number": draft.number,
        "shop_id": order.shop_id,
        "external_id": order.external_id,
        "type": order.type,
        "payment_status": order.payment_status,
        "currency": order.currency,
        "goods_minor": amounts.goods_minor,
        "discount_minor": amounts.discount_minor,
        "tax_minor": amounts.tax_minor,
        "freight_minor": order.freight_minor,
        "paid_minor": amounts.paid_minor,
        "cod_due_minor": amounts.cod_due_minor,
        "ordered_at": order.ordered_at,
        "paid_at": order.paid_at,
        "ship_by": incoming.ship_by(order),
        "remark": order.remark,
        "seller_flag": order.seller_flag,
        "content_hash": draft.content_hash,
        "created_at": uow.now,
        "related_order_id": order.related_order_id,
    }


def _fulfillment_order_row(uow: UnitOfWork, draft: Draft, plan: Plan, number: int, policy: str) -> dict[str, Any]:
    return {
        "id": plan.id,
        "number": number,
        "order_id": draft.id,
        "location_id": plan.route.location_id,
        "progress": Progress.OPEN,
        "request_status": RequestStatus.UNSUBMITTED,
        "route_reason": plan.route.reason,
        "route_facts": plan.route.facts,
        "shortage_policy": policy,
        "priority": draft.priority,
        "fulfill_at": draft.order.fulfill_at,
        "ship_by": plan.rank_at,
        "short_quantity": plan.short_pieces,
        "hold_count": len(draft.hold_reasons),
        "created_at": uow.now,
    }


def _imported(draft: Draft) -> events.OrderImported:
    return events.OrderImported(
        subject_id=draft.id,
        number=draft.number,
        shop_id=draft.order.shop_id,
        total_minor=draft.amounts.total_minor,
        currency=draft.order.currency,
        lines=len(draft.lines),
        pieces=sum(line["quantity"] for plan in draft.plans for line in plan.lines),
        short_pieces=sum(plan.short_pieces for plan in draft.plans),
        held=bool(draft.hold_reasons),
        fulfillment_order_ids=[plan.id for plan in draft.plans],
    )


def _created(draft: Draft) -> OrderVerdict:
    return OrderVerdict(
        index=draft.index,
        verdict=Verdict.CREATED,
        order_id=draft.id,
        short_pieces=sum(plan.short_pieces for plan in draft.plans),
        holds=tuple(draft.hold_reasons),
        lease=draft.lease,
    )
