"""Which carrier takes an order: the one somebody named, else the first rule that fits, else the merchant's first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.orders import carriers as kept_carriers
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import order_facts
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.conditions import OrderFacts, all_hold
from pickmesh.core.orders.tables import Progress
from pickmesh.core.packing import carrier_rules, events, queries, refusals, rules
from pickmesh.core.packing.carrier_rules import ActiveRule

Row = sa.Row[*tuple[Any, ...]]
_OVER = frozenset({Progress.SHIPPED, Progress.CANCELLED, Progress.MERGED})


@dataclass(frozen=True, slots=True)
class CarrierOverride:
    """A fulfillment order and the carrier somebody wants for it; None leaves it to the rules again."""

    fulfillment_order_id: UUID
    carrier: str | None


def first_fitting(active: Sequence[ActiveRule], facts: OrderFacts) -> ActiveRule | None:
    """Return the first rule all of whose conditions an order fulfils."""
    return next((rule for rule in active if all_hold(rule.conditions, facts)), None)


async def choose_carriers(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Let the rules decide for those of these orders that have no carrier yet; the rule is kept in the log.

    An order that no rule fits keeps none, and goes with the merchant's first carrier when a number is asked for.
    """
    active = await carrier_rules.active_rules(uow)
    if active:
        orders = await order_locks.lock_fulfillment_orders(uow, fulfillment_order_ids)
        await _decide(uow, active, orders)


async def _decide(uow: UnitOfWork, active: Sequence[ActiveRule], orders: Mapping[UUID, Row]) -> dict[UUID, str]:
    open_ones = {each: row for each, row in orders.items() if row.carrier is None and row.progress not in _OVER}
    if not open_ones:
        return {}
    facts = await order_facts.facts_of_orders(uow, {row.order_id for row in open_ones.values()})
    fitting = {each: first_fitting(active, facts[row.order_id]) for each, row in open_ones.items()}
    decided = {each: rule for each, rule in fitting.items() if rule is not None}
    await kept_carriers.set_carriers(uow, {each: rule.carrier for each, rule in decided.items()})
    uow.emit(events.CarrierDecided(each, rule.carrier, rule.id, rule.name) for each, rule in decided.items())
    return {each: rule.carrier for each, rule in decided.items()}


async def carriers_of(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the carrier each of these locked orders goes with now, deciding where nothing is decided."""
    orders = await order_queries.fulfillment_orders(uow, fulfillment_order_ids)
    first = (await carrier_rules.carrier_codes(uow))[0]
    undecided = {each: row for each, row in orders.items() if row.carrier is None}
    active = await carrier_rules.active_rules(uow) if undecided else []
    decided = await _decide(uow, active, undecided) if active else {}
    return {each: row.carrier or decided.get(each, first) for each, row in orders.items()}


async def override_carriers(
    uow: UnitOfWork, *, overrides: Sequence[CarrierOverride], reason: str
) -> list[UUID | Refused]:
    """Let orders go with the carriers somebody names, whatever rules say; return each order's id, or why not.

    Refuses REASON_NEEDED as a whole, and item by item NOT_FOUND, UNKNOWN_CARRIER, WRONG_STATE (gone, cancelled) and
    HAS_WAYBILL, when a parcel has a number of another carrier: void that first. Needs `floor:manage`.
    """
    uow.actor.require(Permission.FLOOR_MANAGE)
    if not reason.strip():
        raise refusals.ReasonNeeded(field=("reason",))
    codes = await carrier_rules.carrier_codes(uow)
    orders = await order_locks.lock_fulfillment_orders(uow, {each.fulfillment_order_id for each in overrides})
    numbered = await _numbered(uow, orders)
    answers: list[UUID | Refused] = []
    changed: dict[UUID, str | None] = {}
    for index, each in enumerate(overrides):
        row = orders.get(each.fulfillment_order_id)
        refusal = _refusal(row, each.carrier, codes, numbered.get(each.fulfillment_order_id, frozenset()))
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        answers.append(each.fulfillment_order_id)
        if row is not None and row.carrier != each.carrier:
            changed[each.fulfillment_order_id] = each.carrier
    await kept_carriers.set_carriers(uow, changed)
    uow.emit(events.CarrierDecided(each, carrier, None, reason) for each, carrier in changed.items())
    return answers


def _refusal(row: Row | None, carrier: str | None, codes: Sequence[str], numbered: Collection[str]) -> Refusal | None:
    if row is None:
        return NotFound("No fulfillment order of yours has that id; look it up again.")
    if carrier is not None and carrier not in codes:
        return refusals.UnknownCarrier(field=("carrier",), data={"known": codes})
    if row.progress in _OVER:
        message = sentence("The order is {state}; its carrier stays as it is.", state=word(row.progress))
        return WrongState(message, data={"progress": row.progress})
    others = sorted(set(numbered) - {carrier})
    return refusals.HasWaybill(data={"carriers": others}) if others else None


async def _numbered(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """Return the carriers that have been asked for numbers of parcels that have not left, by order."""
    known = await queries.parcels_of_orders(uow, fulfillment_order_ids)
    here = {row.id: each for each, own in known.items() for row in own if row.state not in rules.GONE}
    found: dict[UUID, set[str]] = {}
    for parcel_id, row in (await queries.live_waybills(uow, here)).items():
        found.setdefault(here[parcel_id], set()).add(row.carrier)
    return found
