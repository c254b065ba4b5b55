"""Giving short orders to partners: which partner gets which order, the request's document, the message."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.money import line_amount
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.mesh import dropship_queries, events, messages, posting, queries, refusals, rules
from pickmesh.core.mesh.posting import Outgoing
from pickmesh.core.mesh.queries import MappedOffer
from pickmesh.core.mesh.tables import Dropship, DropshipLine, DropshipStatus, PartnershipStatus, Side
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import partner as orders
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders import rules as order_rules
from pickmesh.core.orders.partner import Move
from pickmesh.core.orders.tables import HoldReason, Progress
from pickmesh.core.stock import queries as stock
from pickmesh.core.stock.rules import Level

BATCH_MAX = 1_000
Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Submitted:
    """A fulfillment order that is with a partner now; `changed` is no when it was before."""

    fulfillment_order_id: UUID
    dropship_id: UUID
    partnership_id: UUID
    changed: bool = True


@dataclass(frozen=True, slots=True)
class _Facts:
    """What choosing needs to know about all of a batch; `left` falls as orders are given away."""

    lines: Mapping[UUID, Sequence[Row]]
    holds: Mapping[UUID, Sequence[Row]]
    dropships: Mapping[UUID, Sequence[Row]]
    offers: Mapping[UUID, Sequence[MappedOffer]]
    left: dict[Level, int]


@dataclass(frozen=True, slots=True)
class _Choice:
    """A partner for an order: its offer for each line, and the merchants the request has come through."""

    dropship_id: UUID
    move: Move
    offers: Sequence[MappedOffer]
    hops: Sequence[UUID]

    @property
    def partner(self) -> MappedOffer:
        """Return what the partnership says; every offer tells the same of it."""
        return self.offers[0]


async def submit(
    uow: UnitOfWork,
    *,
    fulfillment_order_ids: Sequence[UUID],
    versions: Mapping[UUID, int] | None = None,
    only_automatic: bool = False,
) -> list[Submitted | Refused]:
    """Give open orders that lack stock to the cheapest partner that offers and has all of each; one or a thousand.

    The partner promises the pieces at its location, ours are free again, and it is asked to ship. An order comes to no
    partner twice, nor in a circle. Submitted again, one that is with a partner changes nothing. `only_automatic` looks
    at partnerships that route by themselves. Refuses item by item: NOT_FOUND, STALE_VERSION, NOT_SHORT, ON_HOLD,
    NO_PARTNER, NO_OTHER_PARTNER, NOT_ENOUGH_STOCK. Needs `orders:write`; `versions` are what the caller read, by id.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(fulfillment_order_ids) > BATCH_MAX:
        raise LimitExceeded(
            sentence("At most {most} orders are given to partners in one go; send them in parts.", most=BATCH_MAX)
        )
    if not fulfillment_order_ids:
        return []
    locked = await order_locks.lock_fulfillment_orders(uow, set(fulfillment_order_ids))
    facts = await _facts(uow, locked)
    answers: dict[UUID, Submitted | Refusal] = {}
    choices: dict[UUID, _Choice] = {}
    for row in sorted(locked.values(), key=lambda row: (row.ship_by, row.id)):
        try:
            refusal = order_locks.refusal(uow, row, versions)
            if refusal is not None:
                raise refusal
            before = _with_partner(row, facts)
            if before is not None:
                answers[row.id] = before
            else:
                choices[row.id] = _choose(uow, row, facts, only_automatic)
        except Refusal as refused:
            answers[row.id] = refused
    going = await orders.move_to_partner(uow, [choice.move for choice in choices.values()])
    for each, choice in choices.items():
        gone = Submitted(each, choice.dropship_id, choice.partner.partnership_id)
        answers[each] = gone if each in going else refusals.PartnerHasTooLittle()
    await _write(uow, [choice for each, choice in choices.items() if each in going])
    return list(_in_order(fulfillment_order_ids, answers))


async def submit_short(uow: UnitOfWork, *, fulfillment_order_ids: Collection[UUID]) -> None:
    """Give those of these orders that lack stock to partners that take short orders without being asked."""
    routes = [
        row for row in await queries.partnerships(uow) if row.auto_route and row.status == PartnershipStatus.ACTIVE
    ]
    if not routes:
        return
    found = await order_queries.fulfillment_orders(uow, fulfillment_order_ids)
    lacking = sorted(each for each, row in found.items() if _lacks_stock(row))
    for start in range(0, len(lacking), BATCH_MAX):
        some = lacking[start : start + BATCH_MAX]
        await submit(uow, fulfillment_order_ids=some, only_automatic=True)


async def submit_waiting(uow: UnitOfWork, *, partnership_ids: Collection[UUID]) -> None:
    """Give short orders to partners whose figures have changed, where they take them without being asked."""
    waiting = await dropship_queries.waiting_for_partners(uow, partnership_ids, limit=BATCH_MAX)
    if waiting:
        await submit(uow, fulfillment_order_ids=waiting, only_automatic=True)


def _lacks_stock(row: Row) -> bool:
    is_short = row.short_quantity > 0 or row.location_id is None
    return row.progress == Progress.OPEN and row.intercepted_at is None and is_short


def _in_order(ids: Sequence[UUID], answers: Mapping[UUID, Submitted | Refusal]) -> Iterator[Submitted | Refused]:
    for index, each in enumerate(ids):
        answer = answers.get(each, NotFound())
        yield Refused(index, answer) if isinstance(answer, Refusal) else answer


async def _facts(uow: UnitOfWork, locked: Mapping[UUID, Row]) -> _Facts:
    lines = await order_queries.lines_of_fulfillment_orders(uow, locked)
    skus = {line.sku_id for own in lines.values() for line in own}
    return _Facts(
        lines,
        await order_queries.holds_of(uow, locked),
        await dropship_queries.dropships_of_orders(uow, {row.order_id for row in locked.values()}),
        await queries.mapped_offers(uow, skus),
        await stock.free_levels(uow, skus),
    )


def _with_partner(row: Row, facts: _Facts) -> Submitted | None:
    """Return what was submitted before, when the order is with a partner."""
    if not order_rules.is_with_partner(row.request_status):
        return None
    before = [one for one in facts.dropships.get(row.order_id, ()) if one.fulfillment_order_id == row.id]
    return Submitted(row.id, before[-1].id, before[-1].partnership_id, changed=False) if before else None


def _choose(uow: UnitOfWork, row: Row, facts: _Facts, only_automatic: bool) -> _Choice:
    """Return the cheapest partner for an order, whose figures fall by it; refuses when there is none."""
    lines = facts.lines.get(row.id, ())
    if not _lacks_stock(row) or not lines:
        raise refusals.NotShort()
    if any(hold.reason != HoldReason.DROPSHIP for hold in facts.holds.get(row.id, ())):
        raise refusals.OnHold()
    if any(line.order_id != row.order_id for line in lines):
        raise WrongState("Other orders were merged into this one; undo the merge before a partner gets it.")
    own = facts.dropships.get(row.order_id, ())
    came = next((one for one in own if one.side == Side.SUPPLIER), None)
    hops = [UUID(each) for each in came.hops] if came is not None else []
    hops.append(uow.merchant_id)
    had = {one.partnership_id for one in own if one.side == Side.DISTRIBUTOR and one.status == DropshipStatus.REJECTED}
    whole = [offers for offers in _by_partner(lines, facts) if not only_automatic or offers[0].auto_route]
    if not whole:
        raise refusals.NoPartner()
    may = [one for one in whole if one[0].partnership_id not in had and rules.may_hop_to(hops, one[0].partner_id)]
    if not may:
        raise refusals.NoOtherPartner()
    able = [offers for offers in may if _covers(lines, offers, facts.left)]
    if not able:
        raise refusals.PartnerHasTooLittle()
    chosen = min(able, key=lambda offers: (_price(lines, offers), offers[0].partnership_id))
    for line, offer in zip(lines, chosen, strict=True):
        facts.left[Level(offer.location_id, line.sku_id)] -= line.quantity
    return _Choice(new_id(), Move(row, lines, chosen[0].location_id), chosen, hops)


def _by_partner(lines: Sequence[Row], facts: _Facts) -> Iterator[list[MappedOffer]]:
    """Yield the offers for all lines, in their order, of each partner that has one for every line."""
    by_partner: dict[UUID, dict[UUID, MappedOffer]] = {}
    for sku_id in {line.sku_id for line in lines}:
        for offer in facts.offers.get(sku_id, ()):
            by_partner.setdefault(offer.partnership_id, {})[sku_id] = offer
    for offers in by_partner.values():
        if all(line.sku_id in offers for line in lines):
            yield [offers[line.sku_id] for line in lines]


def _covers(lines: Sequence[Row], offers: Sequence[MappedOffer], left: Mapping[Level, int]) -> bool:
    wanted: dict[Level, int] = {}
    for line, offer in zip(lines, offers, strict=True):
        level = Level(offer.location_id, line.sku_id)
        wanted[level] = wanted.get(level, 0) + line.quantity
    return all(left.get(level, 0) >= quantity for level, quantity in wanted.items())


def _price(lines: Sequence[Row], offers: Sequence[MappedOffer]) -> int:
    return sum(line.quantity * offer.price_micros for line, offer in zip(lines, offers, strict=True))


async def _write(uow: UnitOfWork, given: Sequence[_Choice]) -> None:
    """Write the requests' documents and ask the partners."""
    if not given:
        return
    lines = {choice.dropship_id: list(_lines(choice)) for choice in given}
    numbers = await uow.next_numbers("dropship", len(given))
    written = [
        _document(uow, choice, number, lines[choice.dropship_id]) for choice, number in zip(given, numbers, strict=True)
    ]
    await uow.insert(Dropship, written)
    await uow.insert(DropshipLine, [line for own in lines.values() for line in own])
    asked = [_asked(uow, choice, lines[choice.dropship_id]) for choice in given]
    await posting.post(uow, asked)
    uow.emit(_submitted(choice) for choice in given)


def _document(uow: UnitOfWork, choice: _Choice, number: int, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    partner, row = choice.partner, choice.move.row
    return {
        "id": choice.dropship_id,
        "number": number,
        "side": Side.DISTRIBUTOR,
        "partnership_id": partner.partnership_id,
        "fulfillment_order_id": row.id,
        "order_id": row.order_id,
        "status": DropshipStatus.SUBMITTED,
        "currency": partner.currency,
        "goods_minor": sum(line["amount_minor"] for line in lines),
        "hops": [str(each) for each in choice.hops],
        "submitted_at": uow.now,
        "answer_by": uow.after(timedelta(hours=partner.hours_to_answer)),
    }


def _lines(choice: _Choice) -> Iterator[dict[str, Any]]:
    for number, (line, offer) in enumerate(zip(choice.move.lines, choice.offers, strict=True), 1):
        yield {
            "dropship_id": choice.dropship_id,
            "line": number,
            "offer_id": offer.partner_offer_id,
            "sku_id": line.sku_id,
            "fulfillment_line_id": line.id,
            "quantity": line.quantity,
            "price_micros": offer.price_micros,
            "amount_minor": line_amount(line.quantity, offer.price_micros, offer.currency),
        }


def _asked(uow: UnitOfWork, choice: _Choice, lines: Sequence[Mapping[str, Any]]) -> Outgoing:
    partner = choice.partner
    told = tuple(
        messages.SubmittedLine(line["line"], line["offer_id"], line["quantity"], line["price_micros"]) for line in lines
    )
    message = messages.Submitted(partner.currency, tuple(choice.hops), told, uow.now, choice.move.row.ship_by)
    return Outgoing(partner.partner_id, partner.partnership_id, message, choice.dropship_id)


def _submitted(choice: _Choice) -> events.DropshipSubmitted:
    row = choice.move.row
    return events.DropshipSubmitted(
        subject_id=choice.dropship_id,
        partnership_id=choice.partner.partnership_id,
        order_id=row.order_id,
        fulfillment_order_id=row.id,
        side=Side.DISTRIBUTOR,
        status=DropshipStatus.SUBMITTED,
        version=1,
        pieces=sum(line.quantity for line in choice.move.lines),
    )
