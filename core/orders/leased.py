"""Orders that name a timed reservation: its units become theirs in the intake's own transaction."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import plans
from pickmesh.core.orders.drafts import Draft
from pickmesh.core.orders.verdicts import LeaseUse
from pickmesh.core.stock import lease_queries, leases
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock.rules import Level


async def skus_held(uow: UnitOfWork, drafts: Iterable[Draft]) -> set[UUID]:
    """Return the SKUs that the leases of new orders hold, so that one lock can cover them and others' alike."""
    return {level.sku_id for level in await _levels_held(uow, _first_by_code(drafts))}


async def pass_on(uow: UnitOfWork, drafts: Sequence[Draft]) -> None:
    """Free what the leases of new orders hold, right before routing: nobody else can look until they are reserved.

    Locks the levels of all warehouses first, of the goods wanted and of those held, as routing does. A lease that is
    over or unknown, or that an earlier order of the batch has used, is no reason to refuse an order: it competes like
    any other, and its draft says so. Four statements and those of a release, none without leases.
    """
    first = _first_by_code(drafts)
    if not first:
        return
    held = await _levels_held(uow, first)
    wanted = {line["sku_id"] for draft in drafts for plan in draft.plans for line in plan.lines}
    places = [candidate.location_id for candidate in await plans.warehouses(uow)]
    skus = wanted | {level.sku_id for level in held}
    await stock_locks.lock_levels(uow, held | {Level(place, sku_id) for place in places for sku_id in skus})
    used = await leases.use_leases(uow, orders_by_code={code: draft.id for code, draft in first.items()})
    for draft in drafts:
        code = draft.order.lease.strip()
        if code:
            draft.lease = _use(used.get(code)) if first[code] is draft else LeaseUse.OVER


def _first_by_code(drafts: Iterable[Draft]) -> dict[str, Draft]:
    """Return the first order that names each lease, of those that want anything."""
    first: dict[str, Draft] = {}
    for draft in drafts:
        if draft.order.lease.strip():
            first.setdefault(draft.order.lease.strip(), draft)
    return first


async def _levels_held(uow: UnitOfWork, codes: Iterable[str]) -> set[Level]:
    wanted = sorted(codes)
    if not wanted:
        return set()
    known = await lease_queries.leases_by_code(uow, wanted)
    lines = await lease_queries.lines_of_leases(uow, [row["id"] for row in known.values()])
    return {Level(line.location_id, line.sku_id) for of_lease in lines.values() for line in of_lease if line.quantity}


def _use(used: bool | None) -> LeaseUse:
    if used is None:
        return LeaseUse.UNKNOWN
    return LeaseUse.USED if used else LeaseUse.OVER
