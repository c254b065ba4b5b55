"""Holds: reasons why a fulfillment order may not go on; several may stand at once, each lifted by itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import events, locks, stopping
from pickmesh.core.orders.refusals import AlreadyReleased, AlreadyShipped, AnswerAwaited, HoldStands
from pickmesh.core.orders.tables import FulfillmentOrder, Hold, HoldReason, PaymentStatus, Progress

BATCH_MAX = 1_000
TEXT_LENGTH_MAX = 500
BY_CAUSE = frozenset({HoldReason.UNMAPPED_SKU, HoldReason.DROPSHIP})
"""Reasons that come and go with their cause and are neither set nor lifted by hand."""


@dataclass(frozen=True, slots=True)
class NewHold:
    """A hold to write; `handle` tells several of one reason apart."""

    fulfillment_order_id: UUID
    order_id: UUID
    reason: HoldReason
    handle: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that stands; `changed` is no when it stood before."""

    fulfillment_order_id: UUID
    hold_id: UUID
    changed: bool


@dataclass(frozen=True, slots=True)
class ReleasedHold:
    """A hold that no longer stands; `changed` is no when it was lifted before."""

    fulfillment_order_id: UUID
    hold_id: UUID
    changed: bool


def reasons(payment_status: PaymentStatus, *, unmapped: bool) -> list[HoldReason]:
    """Return why an order waits from the start: its money is not all there, or a code in it is unknown."""
    waits_for_money = payment_status in {PaymentStatus.UNPAID, PaymentStatus.PARTLY_PAID}
    return [HoldReason.PAYMENT] * waits_for_money + [HoldReason.UNMAPPED_SKU] * unmapped


async def hold(
    uow: UnitOfWork,
    *,
    fulfillment_order_ids: Sequence[UUID],
    reason: HoldReason = HoldReason.OPERATOR,
    handle: str = "",
    note: str = "",
    versions: Mapping[UUID, int] | None = None,
) -> list[Held | Refused]:
    """Stop open fulfillment orders from going on until the hold is released; the same hold twice is one.

    One that is being worked on is refused: it is intercepted instead. Needs `orders:write`; `versions` are what the
    caller read, by id.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    _check(fulfillment_order_ids, reason, handle, note)
    locked = await locks.lock_fulfillment_orders(uow, set(fulfillment_order_ids))
    ids = await _standing(uow, locked, reason, handle)
    fresh: dict[UUID, NewHold] = {}
    answers: list[Held | Refused] = []
    for index, fulfillment_order_id in enumerate(fulfillment_order_ids):
        row = locked.get(fulfillment_order_id)
        refused = locks.refusal(uow, row, versions) or _not_holdable(uow, row)
        if refused is not None or row is None:
            answers.append(Refused(index, refused or NotFound()))
            continue
        changed = fulfillment_order_id not in ids
        if changed:
            ids[row.id] = new_id()
            fresh[row.id] = NewHold(row.id, row.order_id, reason, handle, note)
        answers.append(Held(row.id, ids[row.id], changed))
    await write_holds(uow, list(fresh.values()), [ids[each] for each in fresh])
    await _count(uow, dict.fromkeys(fresh, 1))
    uow.emit(
        events.FulfillmentOrderHeld(new.fulfillment_order_id, new.order_id, ids[key], reason)
        for key, new in fresh.items()
    )
    return answers


def _check(ids: Sequence[UUID], reason: HoldReason, handle: str, note: str) -> None:
    if len(ids) > BATCH_MAX:
        raise LimitExceeded(
            sentence("At most {most} fulfillment orders go in one call; send them in parts.", most=BATCH_MAX)
        )
    if reason in BY_CAUSE:
        raise InvalidInput(
            sentence("{reason} is set by its cause; choose another reason.", reason=reason.value), field=("reason",)
        )
    if max(len(handle), len(note)) > TEXT_LENGTH_MAX:
        raise InvalidInput(
            sentence("A handle or note has at most {most} characters.", most=TEXT_LENGTH_MAX), field=("note",)
        )


def _not_holdable(uow: UnitOfWork, row: sa.Row[Any] | None) -> Refusal | None:
    if row is None or row.progress == Progress.OPEN:
        return None
    if stopping.is_dark(uow, row):
        return stopping.in_the_dark(row)
    return AlreadyShipped() if row.progress == Progress.SHIPPED else AlreadyReleased()


async def _standing(uow: UnitOfWork, ids: Collection[UUID], reason: HoldReason, handle: str) -> dict[UUID, UUID]:
    found = await uow.fetch(
        sa.select(Hold.id, Hold.fulfillment_order_id).where(
            uow.mine(Hold),
            uow.among(Hold.fulfillment_order_id, ids),
            Hold.reason == reason,
            Hold.handle == handle,
            Hold.released_at.is_(None),
        )
    )
    return {row.fulfillment_order_id: row.id for row in found}


async def write_holds(uow: UnitOfWork, wanted: Sequence[NewHold], ids: Sequence[UUID] | None = None) -> list[UUID]:
    """Write holds (their fulfillment orders count them elsewhere) and return their ids."""
    hold_ids = list(ids) if ids is not None else [new_id() for _ in wanted]
    rows = [
        {
            "id": hold_id,
            "fulfillment_order_id": new.fulfillment_order_id,
            "reason": new.reason,
            "handle": new.handle,
            "note": new.note,
            "held_by": uow.actor.person_id,
            "held_at": uow.now,
        }
        for hold_id, new in zip(hold_ids, wanted, strict=True)
    ]
    await uow.insert(Hold, rows)
    return hold_ids


async def release_hold(uow: UnitOfWork, *, hold_ids: Sequence[UUID]) -> list[ReleasedHold | Refused]:
    """Lift holds by their ids; twice changes nothing. A hold that has its cause in the order itself is refused.

    Needs `orders:write`.
    """
    uow.actor.require(Permission.ORDERS_WRITE)
    if len(hold_ids) > BATCH_MAX:
        raise LimitExceeded(sentence("At most {most} holds go in one call; release them in parts.", most=BATCH_MAX))
    named = uow.among(Hold.id, set(hold_ids))
    behind = await uow.fetch(sa.select(Hold.fulfillment_order_id).where(uow.mine(Hold), named))
    locked = await locks.lock_fulfillment_orders(uow, {row.fulfillment_order_id for row in behind})
    found = {row.id: row for row in await _holds(uow, named)}
    answers: list[ReleasedHold | Refused] = []
    lifted: dict[UUID, sa.Row[Any]] = {}
    for index, hold_id in enumerate(hold_ids):
        row = found.get(hold_id)
        refused = _not_liftable(uow, row, locked)
        if refused is not None or row is None:
            answers.append(Refused(index, refused or NotFound()))
            continue
        changed = row.released_at is None and hold_id not in lifted
        if changed:
            lifted[hold_id] = row
        answers.append(ReleasedHold(row.fulfillment_order_id, hold_id, changed))
    await _lift(uow, list(lifted.values()), locked)
    return answers


def _not_liftable(uow: UnitOfWork, row: sa.Row[Any] | None, locked: Mapping[UUID, sa.Row[Any]]) -> Refusal | None:
    if row is None:
        return NotFound()
    if row.reason in BY_CAUSE and row.released_at is None:
        return AnswerAwaited() if row.reason == HoldReason.DROPSHIP else HoldStands()
    return locks.refusal(uow, locked.get(row.fulfillment_order_id), None)


async def lift(
    uow: UnitOfWork, wanted: Collection[tuple[UUID, HoldReason]], locked: Mapping[UUID, sa.Row[Any]]
) -> None:
    """Lift the open holds of these fulfillment orders and reasons, whose cause has gone; the orders are locked."""
    if not wanted:
        return
    found = await _holds(uow, uow.among([Hold.fulfillment_order_id, Hold.reason], [(i, str(r)) for i, r in wanted]))
    await _lift(uow, [row for row in found if row.released_at is None], locked)


async def put(uow: UnitOfWork, wanted: Sequence[NewHold]) -> None:
    """Put holds on fulfillment orders that are locked and have none of that reason, and tell so."""
    hold_ids = await write_holds(uow, wanted)
    counts: dict[UUID, int] = {}
    for new in wanted:
        counts[new.fulfillment_order_id] = counts.get(new.fulfillment_order_id, 0) + 1
    await _count(uow, counts)
    uow.emit(
        events.FulfillmentOrderHeld(new.fulfillment_order_id, new.order_id, hold_id, new.reason)
        for hold_id, new in zip(hold_ids, wanted, strict=True)
    )


async def _holds(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    return await uow.fetch(
        sa.select(Hold.id, Hold.fulfillment_order_id, Hold.reason, Hold.released_at)
        .where(uow.mine(Hold), condition)
        .order_by(Hold.id)
    )


async def _lift(uow: UnitOfWork, lifted: Sequence[sa.Row[Any]], locked: Mapping[UUID, sa.Row[Any]]) -> None:
    gone = [{"id": row.id, "released_at": uow.now, "released_by": uow.actor.person_id} for row in lifted]
    await uow.update(Hold, gone)
    left = {fulfillment_order_id: row.hold_count for fulfillment_order_id, row in locked.items()}
    counts: dict[UUID, int] = {}
    for row in lifted:
        counts[row.fulfillment_order_id] = counts.get(row.fulfillment_order_id, 0) - 1
        left[row.fulfillment_order_id] -= 1
        uow.emit(
            [
                events.FulfillmentOrderReleasedHold(
                    subject_id=row.fulfillment_order_id,
                    order_id=locked[row.fulfillment_order_id].order_id,
                    hold_id=row.id,
                    reason=row.reason,
                    holds_left=left[row.fulfillment_order_id],
                )
            ]
        )
    await _count(uow, counts)


async def _count(uow: UnitOfWork, differences: Mapping[UUID, int]) -> None:
    changed = [{"id": each, "hold_count": difference} for each, difference in sorted(differences.items())]
    await uow.update(FulfillmentOrder, changed, add=["hold_count"], bump_version=True)


async def standing(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> set[tuple[UUID, str]]:
    """Return which (fulfillment order, reason) have a hold that stands and has no handle of its own."""
    found = await uow.fetch(
        sa.select(Hold.fulfillment_order_id, Hold.reason).where(
            uow.mine(Hold),
            uow.among(Hold.fulfillment_order_id, fulfillment_order_ids),
            Hold.handle == "",
            Hold.released_at.is_(None),
        )
    )
    return {(row.fulfillment_order_id, row.reason) for row in found}


async def copy(uow: UnitOfWork, sources: Mapping[UUID, sa.Row[Any]]) -> None:
    """Put the holds that stand on fulfillment orders on the new ones split from them (new id -> old row)."""
    found = await uow.fetch(
        sa.select(Hold.fulfillment_order_id, Hold.reason, Hold.handle, Hold.note)
        .where(
            uow.mine(Hold),
            uow.among(Hold.fulfillment_order_id, [row.id for row in sources.values()]),
            Hold.released_at.is_(None),
        )
        .order_by(Hold.id)
    )
    by_order: dict[UUID, list[sa.Row[Any]]] = {}
    for row in found:
        by_order.setdefault(row.fulfillment_order_id, []).append(row)
    wanted = [
        NewHold(new, source.order_id, HoldReason(row.reason), row.handle, row.note)
        for new, source in sources.items()
        for row in by_order.get(source.id, [])
    ]
    await put(uow, wanted)


async def close(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Close whatever holds stand on fulfillment orders that have come to their end; nobody is told of each."""
    await uow.execute(
        sa.update(Hold)
        .where(uow.mine(Hold), uow.among(Hold.fulfillment_order_id, fulfillment_order_ids), Hold.released_at.is_(None))
        .values(released_at=uow.now, released_by=uow.actor.person_id)
    )
