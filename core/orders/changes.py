"""Orders that changed in their shop while they were still open: what is told now replaces what was told before.

Lines that stay as they are keep their promise. Of a line that changed the old plan is dropped and its stock freed, the
new one is made and reserved, all under the locks of one batch, so a smaller quantity never loses what it had.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import (
    events,
    gifts,
    holds,
    incoming,
    late_changes,
    locks,
    merging,
    plans,
    queries,
    recipients,
    shortages,
    splits,
)
from pickmesh.core.orders.goods import Codes, Components
from pickmesh.core.orders.holds import NewHold
from pickmesh.core.orders.late_changes import Changed, serving
from pickmesh.core.orders.plans import Plan
from pickmesh.core.orders.queries import LINE, ORDER_LINE
from pickmesh.core.orders.refusals import OrderClosed, OrderUnderWay
from pickmesh.core.orders.rules import Route, RouteReason
from pickmesh.core.orders.tables import (
    FulfillmentLine,
    FulfillmentOrder,
    HoldReason,
    OrderLine,
    OrderRecipient,
    PaymentStatus,
    Progress,
    SalesOrder,
)
from pickmesh.core.orders.verdicts import OrderVerdict, Verdict
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import reservations as stock
from pickmesh.core.stock.rules import Level


@dataclass(slots=True)
class _Merge:
    """One order being changed: what stands, and what will."""

    changed: Changed
    row: sa.Row[Any]
    open_orders: Sequence[sa.Row[Any]]
    old_lines: Mapping[str, sa.Row[Any]]
    old_parts: Mapping[UUID, Sequence[sa.Row[Any]]]  # fulfillment lines by order line, in live fulfillment orders
    ever_planned: Collection[UUID]
    plans: dict[UUID, Plan] = field(default_factory=dict)
    kept: dict[UUID, int] = field(default_factory=dict)  # lines left alone, by fulfillment order
    updated: list[dict[str, Any]] = field(default_factory=list)
    inserted: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[sa.Row[Any]] = field(default_factory=list)
    unmapped: bool = False
    counts: dict[str, int] = field(default_factory=lambda: {"added": 0, "removed": 0, "changed": 0})


async def merge(
    uow: UnitOfWork, changed: Sequence[Changed], codes: Codes, parts: Components, *, also: Collection[UUID]
) -> list[OrderVerdict | Refused]:
    """Take over changed orders; refuses those that were cancelled here, and most on which work has begun.

    What of those must not go out any more is stopped, see `late_changes`. `also` names SKUs the same batch will reserve
    afterwards: their levels are locked together with these.
    """
    rows = await locks.lock_orders(uow, {change.id for change in changed})
    locked = await locks.lock_serving(uow, rows)
    refusals = [(change, late_changes.refusal(rows[change.id], serving(change.id, locked))) for change in changed]
    mergeable = [change for change, refusal in refusals if refusal is None]
    answers: list[OrderVerdict | Refused] = [
        Refused(change.index, refusal) for change, refusal in refusals if isinstance(refusal, OrderClosed)
    ]
    late = [(change, refusal) for change, refusal in refusals if isinstance(refusal, OrderUnderWay)]
    answers += await late_changes.settle(uow, late, locked)
    if not mergeable:
        return answers
    if await merging.dissolve(uow, {change.id for change in mergeable}, locked):
        locked = await queries.fulfillment_orders(uow, locked)
    merges = await _loaded(uow, mergeable, rows, paged.grouped(locked.values(), "order_id"))
    for one in merges:
        _plan(one, codes, parts)
    await _move_promises(uow, merges, also)
    await _write(uow, merges)
    await gifts.give_back(uow, [one.row.id for one in merges if not _goes_on(one)])
    await splits.part_off_short(uow, [each.id for one in merges for each in one.open_orders])
    return answers + [_verdict(one) for one in merges]


async def _loaded(
    uow: UnitOfWork,
    mergeable: Sequence[Changed],
    rows: Mapping[UUID, sa.Row[Any]],
    fulfillment_orders: Mapping[UUID, Sequence[sa.Row[Any]]],
) -> list[_Merge]:
    ids = {change.id for change in mergeable}
    order_lines = await uow.fetch(
        sa.select(*ORDER_LINE).where(uow.mine(OrderLine), uow.among(OrderLine.order_id, ids)).order_by(OrderLine.id)
    )
    planned = await uow.fetch(
        sa.select(*LINE)
        .where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.order_id, ids))
        .order_by(FulfillmentLine.id)
    )
    lines: dict[UUID, dict[str, sa.Row[Any]]] = {}
    for line in order_lines:
        lines.setdefault(line.order_id, {})[line.external_line_id] = line
    live = {each.id for found in fulfillment_orders.values() for each in found if each.progress == Progress.OPEN}
    by_line: dict[UUID, list[sa.Row[Any]]] = {}
    for part in planned:
        if part.fulfillment_order_id in live:
            by_line.setdefault(part.order_line_id, []).append(part)
    ever_planned = {part.order_line_id for part in planned}
    return [
        _Merge(
            change,
            rows[change.id],
            [each for each in fulfillment_orders.get(change.id, []) if each.progress == Progress.OPEN],
            lines.get(change.id, {}),
            by_line,
            ever_planned,
        )
        for change in mergeable
    ]


def _plan(one: _Merge, codes: Codes, parts: Components) -> None:
    """Decide for every line of an order whether its plan stays, goes or is made anew."""
    order = one.changed.order
    rank_at = incoming.ship_by(order)
    for each in one.open_orders:
        route = Route(each.location_id, RouteReason(each.route_reason), each.route_facts)
        one.plans[each.id] = Plan(each.id, one.row.id, rank_at, route)
    amounts = incoming.amounts_of(order)
    for index, line in enumerate(order.lines):
        old = one.old_lines.get(line.external_line_id)
        row = {
            "shop_code": line.shop_code,
            "sku_id": _sku_of(one, line, old, codes),
            "quantity": line.quantity,
            "unit_price_micros": line.unit_price_micros,
            "amount_minor": amounts.goods[index],
            "discount_minor": amounts.discounts[index],
            "tax_minor": amounts.taxes[index],
            "refunded_quantity": incoming.refunded(order, line),
            "cancelled_quantity": 0,
        }
        if old is None:
            _add_line(one, line.external_line_id, row, parts)
        else:
            _change_line(one, old, row, parts)
    told = {line.external_line_id for line in order.lines}
    untold = [old for external_line_id, old in one.old_lines.items() if external_line_id not in told]
    for old in sorted(untold, key=lambda old: old.gift_rule_id is not None):
        if old.gift_rule_id is None or not _goes_on(one):
            _remove_line(one, old)
        else:  # the shop knows nothing of a gift: it goes with whatever goods there are
            _keep_plan(one, old)


def _goes_on(one: _Merge) -> bool:
    return bool(one.kept) or any(plan.lines for plan in one.plans.values())


def _keep_plan(one: _Merge, old: sa.Row[Any]) -> None:
    for part in one.old_parts.get(old.id, []):
        one.kept[part.fulfillment_order_id] = one.kept.get(part.fulfillment_order_id, 0) + 1


def _sku_of(one: _Merge, line: incoming.NewLine, old: sa.Row[Any] | None, codes: Codes) -> UUID | None:
    """What a line was taken for stays, even when the code has been mapped anew since."""
    if old is not None and old.sku_id is not None and old.shop_code == line.shop_code:
        found: UUID = old.sku_id
        return found
    return codes.get((one.changed.order.shop_id, line.shop_code))


def _add_line(one: _Merge, external_line_id: str, row: dict[str, Any], parts: Components) -> None:
    line_id = new_id()
    one.inserted.append({"id": line_id, "order_id": one.row.id, "external_line_id": external_line_id, **row})
    one.counts["added"] += 1
    _make_plan(one, line_id, row, None, parts)


def _change_line(one: _Merge, old: sa.Row[Any], row: dict[str, Any], parts: Components) -> None:
    was_live = old.quantity - old.cancelled_quantity - old.refunded_quantity
    removed_before = was_live == 0 and old.id not in one.ever_planned
    cancelled = 0 if removed_before else old.cancelled_quantity
    row["cancelled_quantity"] = min(cancelled, row["quantity"] - row["refunded_quantity"])
    live = row["quantity"] - row["refunded_quantity"] - row["cancelled_quantity"]
    if any(old._mapping[name] != value for name, value in row.items()):
        one.updated.append({"id": old.id, **row})
        one.counts["changed"] += 1
    existing = one.old_parts.get(old.id, [])
    routed = all(one.plans[part.fulfillment_order_id].route.location_id is not None for part in existing)
    if row["sku_id"] == old.sku_id and live == was_live and routed and (existing or not live):
        _keep_plan(one, old)
        return
    one.dropped += existing
    _make_plan(one, old.id, row, existing[0].fulfillment_order_id if existing else None, parts)


def _remove_line(one: _Merge, old: sa.Row[Any]) -> None:
    one.dropped += one.old_parts.get(old.id, [])
    left = old.quantity - old.refunded_quantity
    if old.cancelled_quantity != left:
        same = {name: old._mapping[name] for name in _LINE_COLUMNS}
        one.updated.append({"id": old.id, **same, "cancelled_quantity": left})
        one.counts["removed"] += 1


_LINE_COLUMNS = (
    "shop_code",
    "sku_id",
    "quantity",
    "unit_price_micros",
    "amount_minor",
    "discount_minor",
    "tax_minor",
    "refunded_quantity",
)


def _make_plan(one: _Merge, line_id: UUID, row: Mapping[str, Any], where: UUID | None, parts: Components) -> None:
    live = row["quantity"] - row["refunded_quantity"] - row["cancelled_quantity"]
    if not live:
        return
    if not one.plans:
        opened = new_id()
        rank_at = incoming.ship_by(one.changed.order)
        one.plans[opened] = Plan(opened, one.row.id, rank_at, Route(None, RouteReason.UNMAPPED))
    plan = one.plans[where or next(iter(one.plans))]
    if row["sku_id"] is None:
        one.unmapped = True
        one.kept[plan.id] = one.kept.get(plan.id, 0) + 1  # the fulfillment order waits for its unmapped line
    else:
        plan.lines += plans.lines_of(plan, line_id, row["sku_id"], live, parts)


async def _move_promises(uow: UnitOfWork, merges: Sequence[_Merge], also: Collection[UUID]) -> None:
    """Free what dropped lines held and reserve for the new ones, after all levels were locked in one go."""
    dropped = [part for one in merges for part in one.dropped]
    made = [plan for one in merges for plan in one.plans.values() if plan.lines]
    skus = {part.sku_id for part in dropped} | {line["sku_id"] for plan in made for line in plan.lines} | set(also)
    places = {candidate.location_id for candidate in await plans.warehouses(uow)}
    places |= {plan.route.location_id for plan in made if plan.route.location_id is not None}
    await stock_locks.lock_levels(uow, [Level(location_id, sku_id) for location_id in places for sku_id in skus])
    await stock.release_reservations(uow, line_ids=[part.id for part in dropped])
    await plans.route(uow, made)
    await plans.reserve(uow, made)


async def _write(uow: UnitOfWork, merges: Sequence[_Merge]) -> None:
    await uow.update(SalesOrder, [_order_row(one) for one in merges], bump_version=True)
    await uow.update(OrderLine, [row for one in merges for row in one.updated])
    await uow.insert(OrderLine, [row for one in merges for row in one.inserted])
    sealed = [recipients.sealed_row(uow, one.row.id, one.changed.order.recipient) for one in merges]
    if sealed:
        await uow.upsert(OrderRecipient, sealed, replace=[name for name in sealed[0] if name != "order_id"])
    dropped = [part.id for one in merges for part in one.dropped]
    if dropped:
        gone = sa.delete(FulfillmentLine).where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.id, dropped))
        await uow.execute(gone)
    await _write_fulfillment_orders(uow, merges)
    made = [line for one in merges for plan in one.plans.values() for line in plan.lines]
    await uow.insert(FulfillmentLine, made)
    await shortages.count_short(uow, [plan_id for one in merges for plan_id in one.plans])
    await _write_holds(uow, merges)
    uow.emit(_event(one) for one in merges)


def _order_row(one: _Merge) -> dict[str, Any]:
    order, amounts = one.changed.order, incoming.amounts_of(one.changed.order)
    return {
        "id": one.row.id,
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
        "content_hash": one.changed.content_hash,
        "change_refused_at": None,
    }


async def _write_fulfillment_orders(uow: UnitOfWork, merges: Sequence[_Merge]) -> None:
    """Bring fulfillment orders up to date; one that has nothing left to do is cancelled, one may be new."""
    changed, fresh = [], []
    for one in merges:
        standing = {each.id: (each.priority, each.fulfill_at) for each in one.open_orders}
        for plan in one.plans.values():
            row = {
                "id": plan.id,
                "location_id": plan.route.location_id,
                "route_reason": plan.route.reason,
                "route_facts": plan.route.facts,
                "ship_by": plan.rank_at,
                # Most shops tell neither: what a rule or a person gave stays.
                "fulfill_at": one.changed.order.fulfill_at or standing.get(plan.id, (0, None))[1],
                "priority": one.changed.order.priority or standing.get(plan.id, (0, None))[0],
                "progress": Progress.OPEN if plan.lines or one.kept.get(plan.id) else Progress.CANCELLED,
            }
            if plan.id in standing:
                changed.append(row)
            else:
                fresh.append((one, row))
    await uow.update(FulfillmentOrder, changed, bump_version=True)
    new = [{**row, "order_id": one.row.id, "shortage_policy": one.row.shortage_policy} for one, row in fresh]
    await splits.write_fulfillment_orders(uow, new)


async def _write_holds(uow: UnitOfWork, merges: Sequence[_Merge]) -> None:
    """Let the holds that have their cause in the order follow it."""
    by_cause = (HoldReason.PAYMENT, HoldReason.UNMAPPED_SKU)
    ids = [plan_id for one in merges for plan_id in one.plans]
    locked = await locks.lock_fulfillment_orders(uow, ids)
    standing = await holds.standing(uow, ids)
    wanted: list[NewHold] = []
    gone: list[tuple[UUID, HoldReason]] = []
    for one in merges:
        now = holds.reasons(one.changed.order.payment_status, unmapped=one.unmapped)
        before = holds.reasons(PaymentStatus(one.row.payment_status), unmapped=False)
        known = {each.id for each in one.open_orders}
        for plan_id in one.plans:
            alive = locked[plan_id].progress == Progress.OPEN
            for reason in by_cause:
                stands = (plan_id, reason) in standing
                lifted_by_hand = reason in before and plan_id in known  # whoever let it go on unpaid is not overruled
                if alive and reason in now and not stands and not lifted_by_hand:
                    wanted.append(NewHold(plan_id, one.row.id, reason))
                elif stands and not (alive and reason in now):
                    gone.append((plan_id, reason))
    await holds.lift(uow, gone, locked)
    await holds.put(uow, wanted)


def _event(one: _Merge) -> events.OrderChanged:
    return events.OrderChanged(
        subject_id=one.row.id,
        version=one.row.version + 1,
        lines_added=one.counts["added"],
        lines_removed=one.counts["removed"],
        lines_changed=one.counts["changed"],
        fulfillment_order_ids=list(one.plans),
    )


def _verdict(one: _Merge) -> OrderVerdict:
    return OrderVerdict(
        index=one.changed.index,
        verdict=Verdict.MERGED,
        order_id=one.row.id,
        short_pieces=sum(plan.short_pieces for plan in one.plans.values()),
        holds=tuple(holds.reasons(one.changed.order.payment_status, unmapped=one.unmapped)),
    )
