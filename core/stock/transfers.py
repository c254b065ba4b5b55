"""Transfers between two warehouses: planned here, and called off. `transfer_sends` and `transfer_receipts` move goods.

PLANNED -> SENT -> RECEIVED, or CANCELLED while nothing has left. What is planned is reserved at once, each line under
its own id, so a transfer never takes what orders were promised, and no order takes what a transfer will.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, goods, locks, queries, refusals, reservations, rules, transfer_queries
from pickmesh.core.stock.goods import SkuFacts
from pickmesh.core.stock.rules import Demand, Level
from pickmesh.core.stock.tables import LocationKind, Place
from pickmesh.core.stock.transfer_tables import Transfer, TransferLine, TransferStatus

LINES_MAX = 1_000
"""Most lines that one call may plan, in however many transfers."""
NOTE_LENGTH_MAX = 500
RANK_AT = datetime(9000, 1, 1, tzinfo=UTC)
"""Behind every order: when reality leaves less than was promised, a transfer gives way before any buyer."""


class TransferAction(StrEnum):
    """What may be done to a transfer as it stands."""

    SEND = "SEND"
    FINISH = "FINISH"
    CANCEL = "CANCEL"
    RECEIVE = "RECEIVE"
    CLOSE = "CLOSE"
    TAKE_BACK_SENT = "TAKE_BACK_SENT"
    TAKE_BACK_RECEIVED = "TAKE_BACK_RECEIVED"


def supported_actions(status: str, lines: Iterable[Any]) -> list[TransferAction]:
    """Return what may be done to a transfer, from its status and the figures of its lines."""
    lines = list(lines)
    left = any(line.sent_quantity for line in lines)
    travels = any(line.travelling_quantity for line in lines)
    is_planned = status == TransferStatus.PLANNED
    allowed = {
        TransferAction.SEND: is_planned,
        TransferAction.FINISH: is_planned and left,
        TransferAction.CANCEL: is_planned and not left,
        TransferAction.RECEIVE: travels,
        TransferAction.CLOSE: travels,
        TransferAction.TAKE_BACK_SENT: travels,
        TransferAction.TAKE_BACK_RECEIVED: any(line.received_quantity for line in lines),
    }
    return [action for action in TransferAction if allowed[action]]


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Pieces of one SKU to bring to the other warehouse, in eaches."""

    sku_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """A transfer to make; with `allow_short` it shrinks to what is free instead of being refused."""

    from_location_id: UUID
    to_location_id: UUID
    lines: Sequence[PlannedLine]
    note: str = ""
    allow_short: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A transfer that was made, with the lines it came to."""

    index: int
    transfer_id: UUID
    number: int
    line_ids: tuple[UUID, ...]
    lines: tuple[PlannedLine, ...]


@dataclass(frozen=True, slots=True)
class TransferChanged:
    """A transfer whose state changed."""

    index: int
    transfer_id: UUID
    status: str


async def plan_transfers(uow: UnitOfWork, *, plans: Sequence[TransferPlan]) -> list[Planned | Refused]:
    """Make transfers and reserve their pieces at once, in order, in a fixed number of statements.

    A plan of which not everything is free is refused with the figures, whole, unless it says `allow_short`. Good plans
    are made, the others come back as `Refused`. Needs stock:write at both warehouses of each.
    """
    if sum(len(plan.lines) for plan in plans) > LINES_MAX or len(plans) > LINES_MAX:
        raise LimitExceeded(sentence("Plan at most {most} lines at a time.", most=LINES_MAX), field=("plans",))
    ends = {one for plan in plans for one in (plan.from_location_id, plan.to_location_id)}
    locations = await queries.locations_by_id(uow, ends)
    for location_id in sorted(locations):
        uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    skus = await goods.sku_facts(uow, {line.sku_id for plan in plans for line in plan.lines})
    levels = await locks.lock_levels(
        uow, {Level(plan.from_location_id, line.sku_id) for plan in plans for line in plan.lines}
    )
    free = {level: rules.free(figures) for level, figures in levels.items()}
    answer: list[Planned | Refused] = []
    good: list[tuple[int, TransferPlan, Sequence[PlannedLine]]] = []
    for index, plan in enumerate(plans):
        try:
            _check(plan, locations, skus)
            lines = _covered(plan, free)
        except Refusal as refusal:
            answer.append(Refused(index, refusal))
            continue
        for line in lines:
            free[Level(plan.from_location_id, line.sku_id)] -= line.quantity
        good.append((index, plan, lines))
    return sorted([*answer, *await _write(uow, good)], key=lambda one: one.index)


def _check(plan: TransferPlan, locations: Mapping[UUID, sa.Row[Any]], skus: Mapping[UUID, SkuFacts]) -> None:
    for name in ("from_location_id", "to_location_id"):
        location = locations.get(getattr(plan, name))
        if location is None or location.archived_at is not None or location.kind != LocationKind.WAREHOUSE:
            message = sentence("A transfer goes between two warehouses of yours; look the warehouse up again.")
            raise refusals.UnknownPlace(message, field=(name,))
    if plan.from_location_id == plan.to_location_id:
        message = sentence("Within one warehouse goods are moved, not transferred; choose another warehouse.")
        raise InvalidInput(message, field=("to_location_id",))
    if len(plan.note) > NOTE_LENGTH_MAX:
        message = sentence("A note has at most {most} characters.", most=NOTE_LENGTH_MAX)
        raise InvalidInput(message, field=("note",))
    if not plan.lines:
        raise InvalidInput(sentence("A transfer has at least one line."), field=("lines",))
    named: set[UUID] = set()
    for number, line in enumerate(plan.lines):
        _check_line(line, skus, named, ("lines", number))
        named.add(line.sku_id)


def _check_line(
    line: PlannedLine, skus: Mapping[UUID, SkuFacts], named: Collection[UUID], field: tuple[str | int, ...]
) -> None:
    if line.sku_id not in skus:
        raise refusals.UnknownSku(field=(*field, "sku_id"))
    if skus[line.sku_id].is_bundle:
        raise refusals.BundleHasNoStock(field=(*field, "sku_id"))
    if line.sku_id in named:
        raise InvalidInput(sentence("Name each SKU in one line of the transfer."), field=(*field, "sku_id"))
    if not 1 <= line.quantity <= rules.QUANTITY_MAX:
        message = sentence("quantity must be 1 to {most}.", most=rules.QUANTITY_MAX)
        raise InvalidInput(message, field=(*field, "quantity"))


def _covered(plan: TransferPlan, free: Mapping[Level, int]) -> Sequence[PlannedLine]:
    """Return the lines as far as they are free, or refuse a plan that may not shrink."""
    there = [max(0, free.get(Level(plan.from_location_id, line.sku_id), 0)) for line in plan.lines]
    short = [(line, here) for line, here in zip(plan.lines, there, strict=True) if here < line.quantity]
    if not short:
        return plan.lines
    lines = [
        PlannedLine(line.sku_id, min(line.quantity, here)) for line, here in zip(plan.lines, there, strict=True) if here
    ]
    if plan.allow_short and lines:
        return lines
    first, first_free = short[0]
    message = sentence(
        "Of {count} SKUs too few are free to go; of the first one {here} of the {asked} asked for.",
        count=len(short),
        here=first_free,
        asked=first.quantity,
    )
    figures = {
        "sku_ids": [str(line.sku_id) for line, _ in short],
        "asked": [line.quantity for line, _ in short],
        "free": [here for _, here in short],
    }
    raise refusals.NotEnoughStock(message, field=("lines",), data=figures)


async def _write(uow: UnitOfWork, good: Sequence[tuple[int, TransferPlan, Sequence[PlannedLine]]]) -> list[Planned]:
    """Reserve what was found free, number the transfers and write them down."""
    if not good:
        return []
    made: list[Planned] = []
    ids = [(new_id(), tuple(new_id() for _ in lines)) for _, _, lines in good]
    demands = [
        Demand(line_id, line_id, plan.from_location_id, line.sku_id, line.quantity, RANK_AT)
        for (_, plan, lines), (_, line_ids) in zip(good, ids, strict=True)
        for line, line_id in zip(lines, line_ids, strict=True)
    ]
    reserved = await reservations.reserve_stock(uow, demands=demands)
    if reserved.short:
        raise refusals.NotEnoughStock  # the levels are locked: what was free is free
    numbers = await uow.next_numbers("transfer", len(good))
    for (index, _, lines), (transfer_id, line_ids), number in zip(good, ids, numbers, strict=True):
        made.append(Planned(index, transfer_id, number, line_ids, tuple(lines)))
    plan_of = {one.index: plan for one, (_, plan, _) in zip(made, good, strict=True)}
    await uow.insert(Transfer, [_transfer_row(uow, one, plan_of[one.index]) for one in made])
    await uow.insert(TransferLine, [row for one in made for row in _line_rows(one)])
    uow.emit(
        events.TransferPlanned(
            one.transfer_id,
            plan_of[one.index].from_location_id,
            plan_of[one.index].to_location_id,
            sum(line.quantity for line in one.lines),
        )
        for one in made
    )
    return made


def _transfer_row(uow: UnitOfWork, one: Planned, plan: TransferPlan) -> dict[str, Any]:
    return {
        "id": one.transfer_id,
        "number": one.number,
        "from_location_id": plan.from_location_id,
        "to_location_id": plan.to_location_id,
        "status": TransferStatus.PLANNED,
        "note": plan.note,
        "created_by": uow.actor.person_id,
        "created_at": uow.now,
        "sent_at": None,
        "closed_at": None,
    }


def _line_rows(one: Planned) -> list[dict[str, Any]]:
    return [
        {"id": line_id, "transfer_id": one.transfer_id, "sku_id": line.sku_id, "quantity": line.quantity}
        for line_id, line in zip(one.line_ids, one.lines, strict=True)
    ]


async def cancel_transfers(uow: UnitOfWork, *, transfer_ids: Sequence[UUID]) -> list[TransferChanged | Refused]:
    """Call transfers off and free what they hold; one called off before answers the same and frees nothing.

    One of which pieces have left is refused with WRONG_STATE: finish it, or take the pieces back first. Needs
    stock:write at the warehouse it was to leave.
    """
    held, lines = await lock_with_lines(uow, transfer_ids, at="from_location_id")
    left = {line.transfer_id for line in lines if line.sent_quantity}
    answer: list[TransferChanged | Refused] = []
    off: list[UUID] = []
    for index, transfer_id in enumerate(transfer_ids):
        row = held.get(transfer_id)
        if row is None:
            answer.append(Refused(index, refusals.UnknownTransfer()))
        elif row.status not in {TransferStatus.PLANNED, TransferStatus.CANCELLED} or transfer_id in left:
            message = sentence("Pieces of it have left already; finish it, or take them back first.")
            answer.append(Refused(index, WrongState(message, data={"status": row.status})))
        else:
            off += [transfer_id] if row.status == TransferStatus.PLANNED and transfer_id not in off else []
            answer.append(TransferChanged(index, transfer_id, TransferStatus.CANCELLED))
    await reservations.release_reservations(uow, line_ids=[line.id for line in lines if line.transfer_id in set(off)])
    await uow.update(
        Transfer,
        [{"id": one, "status": TransferStatus.CANCELLED, "closed_at": uow.now} for one in off],
        bump_version=True,
    )
    uow.emit(events.TransferCancelled(one, held[one].from_location_id, held[one].to_location_id) for one in sorted(off))
    return answer


async def lock_with_lines(
    uow: UnitOfWork, transfer_ids: Collection[UUID], *, at: str
) -> tuple[dict[UUID, sa.Row[Any]], transfer_queries.Rows]:
    """Lock transfers and read all their lines; needs stock:write at the end of each that `at` names."""
    held = await locks.lock_transfers(uow, set(transfer_ids))
    for location_id in sorted({getattr(row, at) for row in held.values()}):
        uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    return held, await transfer_queries.lines_of_transfers(uow, held)


async def close(uow: UnitOfWork, ending: Mapping[UUID, str]) -> None:
    """Write the states transfers have come to; one that is RECEIVED is closed and its TRANSIT place hidden."""
    received = {one for one, status in ending.items() if status == TransferStatus.RECEIVED}
    rows = [
        {"id": one, "status": status, "closed_at": uow.now if one in received else None}
        for one, status in sorted(ending.items())
    ]
    await uow.update(Transfer, rows, bump_version=True)
    await uow.update(Place, [{"id": one, "archived_at": uow.now} for one in sorted(received)])
