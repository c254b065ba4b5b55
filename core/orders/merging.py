"""Merging 合单: fulfillment orders of one buyer become one parcel, and part again while nobody works on it.

The lines move, with their ids and their promises; the others stay as MERGED and name the one that took them in. No
fulfillment order that took others in is taken in itself, so what a merge did is never more than one step away.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import events, locks, merge_rules, mergeable, queries, shortages
from pickmesh.core.orders.merge_rules import Likeness, Urgency
from pickmesh.core.orders.refusals import AlreadyReleased, AlreadyShipped, CannotMerge, NotMerged
from pickmesh.core.orders.tables import (
    FulfillmentLine,
    FulfillmentMerge,
    FulfillmentOrder,
    OrderRecipient,
    Progress,
)

BATCH_MAX = 500


@dataclass(frozen=True, slots=True)
class Merged:
    """A fulfillment order that took others in, which, and how many orders of buyers it now serves."""

    into_id: UUID
    from_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A fulfillment order that gave others back their lines."""

    into_id: UUID
    from_ids: tuple[UUID, ...]


@dataclass(slots=True)
class _Facts:
    """What a batch of merges is decided by; `taken` are the ones an earlier merge of the batch has used."""

    locked: Mapping[UUID, sa.Row[Any]]
    candidates: Mapping[UUID, sa.Row[Any]]
    likenesses: Mapping[UUID, Likeness]
    lines: Mapping[UUID, Sequence[sa.Row[Any]]]
    standing: Mapping[UUID, sa.Row[Any]]
    taken: set[UUID] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Merge:
    """One merge gone through in memory."""

    into: sa.Row[Any]
    others: Sequence[sa.Row[Any]]
    into_was: Urgency


async def merge_fulfillment_orders(
    uow: UnitOfWork, *, merges: Sequence[Sequence[UUID]], versions: Mapping[UUID, int] | None = None
) -> list[Merged | Refused]:
    """Make one of the open fulfillment orders in each list: one warehouse, one buyer's address and phone number.

    The oldest takes the others' lines in (or the one that took some in before); promises stay as they are, the earliest
    promised time and the highest priority count for all, and it goes with the carrier named for any of them. Refuses
    item by item what has begun, what waits for payment, address or goods, other buyers, warehouses or carriers, and
    cash on delivery beside paid orders. Each fulfillment order once per batch; needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(merges) > BATCH_MAX or any(len(ids) > merge_rules.ORDERS_MAX for ids in merges):
        raise LimitExceeded("At most 500 merges of 50 fulfillment orders go in one batch; send them in parts.")
    named = {each for ids in merges for each in ids}
    await locks.lock_orders_behind(uow, named)
    facts = await _facts(uow, await locks.lock_fulfillment_orders(uow, named))
    done: list[_Merge] = []
    answers: list[Merged | Refused] = []
    for index, ids in enumerate(merges):
        try:
            done.append(_decided(uow, ids, facts, versions))
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
            continue
        facts.taken.update(ids)
        answers.append(Merged(done[-1].into.id, tuple(row.id for row in done[-1].others)))
    await _carry_out(uow, done, facts.lines)
    return answers


async def _facts(uow: UnitOfWork, locked: Mapping[UUID, sa.Row[Any]]) -> _Facts:
    candidates = {row.id: row for row in await mergeable.candidates(uow, uow.among(FulfillmentOrder.id, locked))}
    return _Facts(
        locked,
        candidates,
        await mergeable.likenesses(uow, candidates.values()),
        await queries.lines_of_fulfillment_orders(uow, locked),
        {row.into_id: row for row in await _merges(uow, uow.among(FulfillmentMerge.into_id, locked))},
    )


async def _merges(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    """Return merges that stand, the oldest first."""
    return await uow.fetch(
        sa.select(
            FulfillmentMerge.id,
            FulfillmentMerge.into_id,
            FulfillmentMerge.from_id,
            FulfillmentMerge.line_ids,
            FulfillmentMerge.into_was,
        )
        .where(uow.mine(FulfillmentMerge), condition, FulfillmentMerge.undone_at.is_(None))
        .order_by(FulfillmentMerge.id)
    )


def _decided(uow: UnitOfWork, ids: Sequence[UUID], facts: _Facts, versions: Mapping[UUID, int] | None) -> _Merge:
    """Return a merge that may be done; raises the refusal when it may not."""
    for index, each in enumerate(ids):
        try:
            _require_mergeable(uow, each, facts, versions)
        except Refusal as refusal:
            refusal.field = refusal.field or ("fulfillment_orders", str(index))
            raise
    if len(set(ids)) < 2:
        raise CannotMerge("A merge needs at least two fulfillment orders.")
    different = merge_rules.difference(
        [facts.likenesses[each] for each in ids], [facts.locked[each].carrier for each in ids]
    )
    if different is not None:
        raise CannotMerge(different)
    takers = [each for each in dict.fromkeys(ids) if each in facts.standing]
    if len(takers) > 1:
        raise CannotMerge("Several of these took others in before; undo one of those merges first.")
    rows = sorted((facts.locked[each] for each in set(ids)), key=lambda row: int(row.number))
    into = facts.locked[takers[0]] if takers else rows[0]
    kept = facts.standing.get(into.id)
    was = merge_rules.urgency_of(into) if kept is None else merge_rules.urgency_kept(kept.into_was)
    return _Merge(into, [row for row in rows if row is not into], was)


def _require_mergeable(uow: UnitOfWork, each: UUID, facts: _Facts, versions: Mapping[UUID, int] | None) -> None:
    row = facts.locked.get(each)
    refused = locks.refusal(uow, row, versions)
    if refused is not None or row is None:
        raise refused or NotFound()
    if each in facts.taken:
        raise CannotMerge("A fulfillment order is merged once already in this batch; send the second merge after it.")
    if row.progress == Progress.SHIPPED:
        raise AlreadyShipped()
    if row.progress == Progress.MERGED:
        raise CannotMerge(sentence("This fulfillment order was merged already; merge the one it went into."))
    if row.progress in {Progress.RELEASED, Progress.IN_PROGRESS, Progress.PACKED}:
        raise AlreadyReleased("Work on this fulfillment order has begun; it can no longer be merged.")
    said = merge_rules.obstacle(facts.candidates[each], facts.likenesses[each])
    if said is not None:
        raise CannotMerge(said)
    if not facts.lines.get(each):
        raise CannotMerge("A fulfillment order has no goods to put into a parcel.")


async def _carry_out(uow: UnitOfWork, merges: Sequence[_Merge], lines: Mapping[UUID, Sequence[sa.Row[Any]]]) -> None:
    if not merges:
        return
    moved = [(line.id, merge.into.id) for merge in merges for row in merge.others for line in lines[row.id]]
    await uow.update(FulfillmentLine, [{"id": line_id, "fulfillment_order_id": into} for line_id, into in moved])
    ended = {"progress": Progress.MERGED, "short_quantity": 0}
    gone = [{"id": row.id, "merged_into_id": merge.into.id, **ended} for merge in merges for row in merge.others]
    await uow.update(FulfillmentOrder, gone, bump_version=True)
    await _write_urgency(
        uow,
        {
            merge.into.id: merge_rules.most_urgent(merge_rules.urgency_of(row) for row in (merge.into, *merge.others))
            for merge in merges
        },
    )
    await uow.insert(FulfillmentMerge, [_row(uow, merge, row, lines) for merge in merges for row in merge.others])
    await shortages.count_short(uow, [merge.into.id for merge in merges])
    uow.emit(
        events.FulfillmentOrderMerged(
            row.id, row.order_id, merge.into.id, merge.into.order_id, sum(line.quantity for line in lines[row.id])
        )
        for merge in merges
        for row in merge.others
    )


async def _write_urgency(uow: UnitOfWork, urgencies: Mapping[UUID, Urgency]) -> None:
    changed = [
        {
            "id": each,
            "ship_by": urgency.ship_by,
            "priority": urgency.priority,
            "shortage_policy": urgency.shortage_policy,
            "carrier": urgency.carrier,
        }
        for each, urgency in sorted(urgencies.items())
    ]
    await uow.update(FulfillmentOrder, changed, bump_version=True)


def _row(
    uow: UnitOfWork, merge: _Merge, row: sa.Row[Any], lines: Mapping[UUID, Sequence[sa.Row[Any]]]
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "into_id": merge.into.id,
        "from_id": row.id,
        "line_ids": [str(line.id) for line in lines[row.id]],
        "into_was": merge.into_was.kept(),
        "merged_by": uow.actor.person_id,
        "merged_at": uow.now,
    }


async def unmerge_fulfillment_orders(
    uow: UnitOfWork, *, ids: Sequence[UUID], versions: Mapping[UUID, int] | None = None
) -> list[Unmerged | Refused]:
    """Undo merges while nobody works on them: the lines go back, and what they are promised with them.

    An id of one that took others in gives all of them back; an id of a merged one only that one. What goes back stays
    in the warehouse the whole has been moved to since, and comes back with the holds it had. Refuses what is released.
    Needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(ids) > BATCH_MAX:
        raise LimitExceeded("At most 500 merges are undone in one batch; send them in parts.")
    named = uow.among(FulfillmentMerge.into_id, ids) | uow.among(FulfillmentMerge.from_id, ids)
    before = await _merges(uow, named)
    both = {*ids, *(each for row in before for each in (row.into_id, row.from_id))}
    await locks.lock_orders_behind(uow, both)
    locked = await locks.lock_fulfillment_orders(uow, both)
    standing = [row for row in await _merges(uow, named) if {row.into_id, row.from_id} <= locked.keys()]
    undoing: dict[UUID, sa.Row[Any]] = {}
    answers: list[Unmerged | Refused] = []
    for index, each in enumerate(ids):
        own = [row for row in standing if each in {row.into_id, row.from_id}]
        refusal = locks.refusal(uow, locked.get(each), versions) or _not_undoable(own, locked)
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        undoing.update({row.id: row for row in own})
        answers.append(Unmerged(own[0].into_id, tuple(row.from_id for row in own)))
    await _undo(uow, list(undoing.values()), locked)
    return answers


def _not_undoable(own: Sequence[sa.Row[Any]], locked: Mapping[UUID, sa.Row[Any]]) -> Refusal | None:
    if not own:
        return NotMerged()
    progress = locked[own[0].into_id].progress
    if progress == Progress.OPEN:
        return None
    return AlreadyShipped() if progress == Progress.SHIPPED else AlreadyReleased()


async def _undo(uow: UnitOfWork, undoing: Sequence[sa.Row[Any]], locked: Mapping[UUID, sa.Row[Any]]) -> None:
    """Give lines back under locks; a line that has left the whole meanwhile stays where it went."""
    if not undoing:
        return
    intos = {row.into_id for row in undoing}
    lines = await queries.lines_of_fulfillment_orders(uow, intos)
    home = {UUID(each): row.from_id for row in undoing for each in row.line_ids}
    back = [(line, home[line.id]) for own in lines.values() for line in own if line.id in home]
    await uow.update(FulfillmentLine, [{"id": line.id, "fulfillment_order_id": to} for line, to in back])
    pieces: dict[UUID, int] = {}
    for line, to in back:
        pieces[to] = pieces.get(to, 0) + line.quantity
    await uow.update(
        FulfillmentOrder, [_alive_again(row, locked[row.into_id], pieces) for row in undoing], bump_version=True
    )
    await _write_urgency(uow, await _urgencies_left(uow, undoing, locked))
    await uow.update(FulfillmentMerge, [{"id": row.id, "undone_at": uow.now} for row in undoing])
    await shortages.count_short(uow, [*intos, *(row.from_id for row in undoing)])
    uow.emit(
        events.FulfillmentOrderUnmerged(
            row.from_id,
            locked[row.from_id].order_id,
            row.into_id,
            locked[row.into_id].order_id,
            pieces.get(row.from_id, 0),
        )
        for row in undoing
    )


def _alive_again(row: sa.Row[Any], into: sa.Row[Any], pieces: Mapping[UUID, int]) -> dict[str, Any]:
    """Return a merged fulfillment order as it goes on; one whose goods have all gone elsewhere has ended."""
    return {
        "id": row.from_id,
        "progress": Progress.OPEN if pieces.get(row.from_id) else Progress.CANCELLED,
        "merged_into_id": None,
        "location_id": into.location_id,
        "route_reason": into.route_reason,
        "route_facts": into.route_facts,
    }


async def _urgencies_left(
    uow: UnitOfWork, undoing: Sequence[sa.Row[Any]], locked: Mapping[UUID, sa.Row[Any]]
) -> dict[UUID, Urgency]:
    """Return how urgent those are that gave lines back, by what is still in them."""
    intos = {row.into_id for row in undoing}
    standing = await _merges(uow, uow.among(FulfillmentMerge.into_id, intos))
    sources = await queries.fulfillment_orders(uow, {row.from_id for row in standing})
    gone = {row.id for row in undoing}
    urgencies: dict[UUID, Urgency] = {}
    for into_id in intos:
        own = [row for row in standing if row.into_id == into_id]
        was = merge_rules.urgency_kept(own[0].into_was)
        all_of_it = [merge_rules.urgency_of(sources[row.from_id]) for row in own]
        rest = [merge_rules.urgency_of(sources[row.from_id]) for row in own if row.id not in gone]
        urgencies[into_id] = merge_rules.without(
            merge_rules.urgency_of(locked[into_id]),
            merge_rules.most_urgent([was, *all_of_it]),
            merge_rules.most_urgent([was, *rest]),
        )
    return urgencies


async def dissolve(uow: UnitOfWork, order_ids: Collection[UUID], locked: Mapping[UUID, sa.Row[Any]]) -> bool:
    """Undo the open merges these orders are part of, all of whose fulfillment orders are locked; tell whether any was.

    An order that changes goes its own way again: what has changed may be its address.
    """
    concerned = {each for each, row in locked.items() if row.order_id in order_ids}
    if not concerned or not any(row.merged_into_id for row in locked.values()):
        return False
    named = uow.among(FulfillmentMerge.into_id, concerned) | uow.among(FulfillmentMerge.from_id, concerned)
    standing = [row for row in await _merges(uow, named) if locked[row.into_id].progress == Progress.OPEN]
    await _undo(uow, standing, locked)
    return bool(standing)


async def merge_same_recipient(uow: UnitOfWork, order_ids: Collection[UUID]) -> list[Merged]:
    """Merge what is open of these orders with whatever else is open for the same buyers; what cannot be is left alone.

    Needs `orders:write`; at most 500 buyers in one go, twice changes nothing.
    """
    mine = sa.select(OrderRecipient.address_key, OrderRecipient.phone_key).where(
        uow.mine(OrderRecipient), uow.among(OrderRecipient.order_id, order_ids), OrderRecipient.phone_key != ""
    )
    buyers = sorted({(row.address_key, row.phone_key) for row in await uow.fetch(mine)})[:BATCH_MAX]
    if not buyers:
        return []
    theirs = uow.among([OrderRecipient.address_key, OrderRecipient.phone_key], buyers)
    candidates = await mergeable.candidates(uow, theirs & (FulfillmentOrder.progress == Progress.OPEN))
    of_orders = {row.id for row in candidates if row.order_id in order_ids}
    groups = mergeable.groups(candidates, await mergeable.likenesses(uow, candidates))
    wanted = [ids for ids in groups if of_orders.intersection(ids)]
    answers = await merge_fulfillment_orders(uow, merges=wanted[:BATCH_MAX]) if wanted else []
    return [answer for answer in answers if isinstance(answer, Merged)]
