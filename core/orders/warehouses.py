"""Closing a warehouse and opening it again: refused while goods, promises, work or rules still need it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import joined, sentence
from pickmesh.core.orders import routing_rules
from pickmesh.core.orders.refusals import LocationInUse, NotAWarehouse
from pickmesh.core.orders.rules import FINAL
from pickmesh.core.orders.tables import FulfillmentOrder
from pickmesh.core.stock import locations, locks
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.refusals import LocationCodeTaken
from pickmesh.core.stock.tables import LocationKind

Versions = Mapping[UUID, int]
Uses = Mapping[UUID, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Closed:
    """A warehouse that is archived or in use as told; `changed` is no when it was so before."""

    location_id: UUID
    changed: bool


async def archive_locations(
    uow: UnitOfWork, *, ids: Sequence[UUID], versions: Versions | None = None
) -> list[Closed | Refused]:
    """Close warehouses: hidden from routing and lists, their history stays. Twice changes nothing.

    Refused with LOCATION_IN_USE while it has goods, promises or goods on their way, fulfillment orders that have not
    ended, or a routing rule in use that names it; the data counts each. Partners' locations come and go with the
    partnership. Needs `stock:write` there.
    """
    rows, answers = await _locked(uow, ids, versions)
    uses = await _uses(uow, rows)
    gone: list[sa.Row[Any]] = []
    for index, each in enumerate(ids):
        if index in answers:
            continue
        row = rows[each]
        if row.archived_at is not None or row in gone:
            answers[index] = Closed(each, changed=False)
        elif uses.get(each):
            answers[index] = Refused(index, _in_use(row, uses[each]))
        else:
            gone.append(row)
            answers[index] = Closed(each, changed=True)
    await locations.set_archived(uow, sorted(gone, key=lambda row: row.id), archived=True)
    return [answers[index] for index in range(len(ids))]


async def restore_locations(
    uow: UnitOfWork, *, ids: Sequence[UUID], versions: Versions | None = None
) -> list[Closed | Refused]:
    """Open archived warehouses again, with all their places. Refuses one whose code another has by now.

    Twice changes nothing. Needs `stock:write` there.
    """
    rows, answers = await _locked(uow, ids, versions)
    taken = {row.code: row.id for row in await stock_queries.locations(uow)}
    back: list[sa.Row[Any]] = []
    for index, each in enumerate(ids):
        if index in answers:
            continue
        row = rows[each]
        if row.archived_at is None or row in back:
            answers[index] = Closed(each, changed=False)
        elif row.code in taken:
            answers[index] = Refused(index, LocationCodeTaken(data={"location_id": str(taken[row.code])}))
        else:
            taken[row.code] = row.id
            back.append(row)
            answers[index] = Closed(each, changed=True)
    await locations.set_archived(uow, sorted(back, key=lambda row: row.id), archived=False)
    return [answers[index] for index in range(len(ids))]


async def _locked(
    uow: UnitOfWork, ids: Sequence[UUID], versions: Versions | None
) -> tuple[dict[UUID, sa.Row[Any]], dict[int, Closed | Refused]]:
    uow.actor.require(Permission.STOCK_WRITE)
    if len(ids) > locations.LOCATIONS_MAX:
        raise LimitExceeded(sentence("At most {most} locations go in one call.", most=locations.LOCATIONS_MAX))
    rows = await locks.lock_locations_by_id(uow, set(ids))
    answers: dict[int, Closed | Refused] = {}
    for index, each in enumerate(ids):
        row = rows.get(each)
        refused: Refusal | None = locations.refusal_of(uow, row, (versions or {}).get(each))
        if refused is None and row is not None and row.kind != LocationKind.WAREHOUSE:
            refused = NotAWarehouse()
        if refused is not None or row is None:
            answers[index] = Refused(index, refused or NotFound())
    return rows, answers


async def _uses(uow: UnitOfWork, ids: Collection[UUID]) -> Uses:
    """Return what needs locations, by what it is, in a fixed number of statements."""
    found = {each: dict(pieces) for each, pieces in (await locations.stock_at(uow, ids)).items()}
    working = await uow.fetch(
        sa.select(FulfillmentOrder.location_id, sa.func.count().label("working"))
        .where(
            uow.mine(FulfillmentOrder),
            uow.among(FulfillmentOrder.location_id, ids),
            FulfillmentOrder.progress.not_in(list(FINAL)),
        )
        .group_by(FulfillmentOrder.location_id)
    )
    for row in working:
        found.setdefault(row.location_id, {})["fulfillment_orders"] = int(row.working)
    for rule in await routing_rules.routing_rules(uow):
        for each in map(UUID, rule.location_ids):
            if each in ids:
                named = found.setdefault(each, {})
                named["routing_rules"] = named.get("routing_rules", 0) + 1
    return found


def _in_use(row: sa.Row[Any], uses: Mapping[str, int]) -> LocationInUse:
    said = {
        "on_hand": sentence("Pieces on hand: {count}.", count=uses.get("on_hand", 0)),
        "reserved": sentence("Pieces promised: {count}.", count=uses.get("reserved", 0)),
        "incoming": sentence("Pieces on their way: {count}.", count=uses.get("incoming", 0)),
        "fulfillment_orders": sentence("Open fulfillment orders: {count}.", count=uses.get("fulfillment_orders", 0)),
        "routing_rules": sentence("Routing rules that name it: {count}.", count=uses.get("routing_rules", 0)),
    }
    reasons = [text for name, text in said.items() if uses.get(name)]
    message = joined(sentence("{location} is still in use and stays open.", location=row.code), *reasons)
    return LocationInUse(message, data={"location_id": str(row.id), **{name: uses.get(name, 0) for name in said}})
