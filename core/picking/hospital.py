"""Totes in the hospital: something is wrong with what lies in one, and a lead settles it before it is used again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders.tables import FulfillmentLine
from pickmesh.core.picking import events, locks, refusals, tasks, totes
from pickmesh.core.picking.tables import ExceptionTask, TaskKind, TaskStatus, ToteUse
from pickmesh.core.stock import places as stock_places
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Lot, Place, PlaceKind, ToteState

Row = sa.Row[*tuple[Any, ...]]
REASON_MAX = 500
"""Most characters of a reason or a note."""

PLACE = (Place.id, Place.location_id, Place.code, Place.kind, Place.tote_state)


@dataclass(frozen=True, slots=True)
class InHospital:
    """A tote that waits for a lead under a task; `already` when it did before."""

    index: int
    place_id: UUID
    task_id: UUID
    already: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """A tote that is out of the hospital, in its new state; `already` when it was not in it."""

    index: int
    place_id: UUID
    tote_state: ToteState
    already: bool = False


async def send_totes_to_hospital(
    uow: UnitOfWork, *, tote_ids: Sequence[UUID], reason: str
) -> list[InHospital | Refused]:
    """Take totes out of use with what lies in them: they serve no list, and a task asks a lead to look.

    Sending one again answers so. Refuses INVALID_INPUT without a reason; item by item NOT_FOUND, WRONG_PLACE for what
    is no tote.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    _refuse_long(reason, field="reason")
    if not reason.strip():
        raise InvalidInput("Say what is wrong with the tote.", field=("reason",))
    rows, waiting = await _locked(uow, tote_ids)
    sent = [row for row in rows.values() if row.kind == PlaceKind.TOTE and row.id not in waiting]
    held = await totes.tote_holds(uow, [row.id for row in sent])
    pieces = await _pieces(uow, [row.id for row in sent])
    ids = await tasks.open_tasks(
        uow,
        tasks=[
            tasks.NewTask(
                kind=TaskKind.TOTE_HOSPITAL,
                location_id=row.location_id,
                subject_id=row.id,
                place_id=row.id,
                quantity=pieces.get(row.id, 0),
                detail={"reason": reason.strip(), **_served(held.get(row.id))},
            )
            for row in sent
        ],
    )
    opened = {row.id: task_id for row, task_id in zip(sent, ids, strict=True)}
    await uow.execute(sa.delete(ToteUse).where(uow.mine(ToteUse), uow.among(ToteUse.place_id, opened)))
    await stock_places.set_tote_states(uow, dict.fromkeys(opened, ToteState.IN_HOSPITAL))
    uow.emit(events.ToteInHospital(row.id, row.location_id, opened[row.id], reason.strip()) for row in sent)
    known = {place_id: task.id for place_id, task in waiting.items()} | opened
    return [
        InHospital(index, tote_id, known[tote_id], already=tote_id in waiting)
        if tote_id in known
        else Refused(index, _no_tote(rows.get(tote_id)))
        for index, tote_id in enumerate(tote_ids)
    ]


def _no_tote(row: Row | None) -> Refusal:
    """Return why something is not a tote of ours."""
    if row is None:
        return NotFound("No tote of yours has that id; scan its label again.")
    return refusals.WrongPlace("That is no tote: only totes go to the hospital.", data={"kind": row.kind})


def _served(hold: Any) -> dict[str, str]:
    """Return what a tote was in use for, as a task keeps it."""
    if hold is None:
        return {}
    order = {"fulfillment_order_id": str(hold.fulfillment_order_id)} if hold.fulfillment_order_id else {}
    return {"pick_list_id": str(hold.pick_list_id), **order}


def _refuse_long(text: str, *, field: str) -> None:
    if len(text) > REASON_MAX:
        raise InvalidInput(sentence("Write at most {most} characters.", most=REASON_MAX), field=(field,))


async def settle_totes(
    uow: UnitOfWork, *, tote_ids: Sequence[UUID], again: bool, note: str = ""
) -> list[Settled | Refused]:
    """Let totes out of the hospital: with `again` their goods serve their orders as before, else they are empty.

    One that is not in the hospital answers so. Needs floor:manage. Refuses item by item: NOT_FOUND, WRONG_PLACE for
    what is no tote, WRONG_STATE for one that should be empty while goods lie in it: put them back first.
    """
    _refuse_long(note, field="note")
    rows, waiting = await _locked(uow, tote_ids)
    for location_id in {row.location_id for row in rows.values()}:
        uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=location_id)
    pieces = await _pieces(uow, rows)
    states: dict[UUID, ToteState] = {}
    answers: list[Settled | Refused] = []
    for index, tote_id in enumerate(tote_ids):
        refusal = _settle_refusal(rows.get(tote_id), waiting, pieces, again=again)
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        if tote_id in waiting:
            states[tote_id] = ToteState.STOCKED if again and pieces.get(tote_id) else ToteState.EMPTY
        state = states.get(tote_id) or ToteState(rows[tote_id].tote_state or ToteState.EMPTY)
        answers.append(Settled(index, tote_id, state, already=tote_id not in waiting))
    await _serve_again(uow, {each: waiting[each] for each, state in states.items() if state is ToteState.STOCKED})
    await stock_places.set_tote_states(uow, states)
    await tasks.settle_tasks(uow, task_ids=[waiting[each].id for each in states], note=note)
    uow.emit(events.ToteSettled(each, rows[each].location_id, state) for each, state in sorted(states.items()))
    return answers


def _settle_refusal(
    row: Row | None, waiting: Mapping[UUID, Row], pieces: Mapping[UUID, int], *, again: bool
) -> Refusal | None:
    if row is None or row.kind != PlaceKind.TOTE:
        return _no_tote(row)
    left = pieces.get(row.id, 0)
    if row.id in waiting and left and not again:
        message = sentence("{left} pieces lie in the tote: put them back first, or let it serve again.", left=left)
        return WrongState(message, data={"left": left})
    return None


async def _serve_again(uow: UnitOfWork, waiting: Mapping[UUID, Row]) -> None:
    """Bind totes again to what they were in use for."""
    rows = [
        {
            "place_id": place_id,
            "pick_list_id": UUID(task.detail["pick_list_id"]),
            "fulfillment_order_id": _id(task.detail.get("fulfillment_order_id")),
            "bound_at": uow.now,
        }
        for place_id, task in sorted(waiting.items())
        if "pick_list_id" in task.detail
    ]
    await uow.upsert(ToteUse, rows)


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


async def _locked(uow: UnitOfWork, tote_ids: Collection[UUID]) -> tuple[dict[UUID, Row], dict[UUID, Row]]:
    """Lock totes; return them, and the open task of each that is in the hospital."""
    await locks.lock_slots(uow, tote_ids)
    found = await uow.fetch(
        sa.select(*PLACE).where(uow.mine(Place), uow.among(Place.id, tote_ids), Place.archived_at.is_(None))
    )
    for location_id in {row.location_id for row in found}:
        uow.actor.require(Permission.FLOOR_WORK, warehouse_id=location_id)
    open_tasks = await uow.fetch(
        sa.select(*locks.TASK).where(
            uow.mine(ExceptionTask),
            uow.among(ExceptionTask.subject_id, tote_ids),
            ExceptionTask.kind == TaskKind.TOTE_HOSPITAL,
            ExceptionTask.status == TaskStatus.OPEN,
        )
    )
    return {row.id: row for row in found}, {row.subject_id: row for row in open_tasks}


async def _pieces(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, int]:
    pieces: dict[UUID, int] = {}
    for place_id, rows in (await tote_contents(uow, place_ids)).items():
        pieces[place_id] = sum(row.quantity for row in rows)
    return pieces


async def tote_contents(uow: UnitOfWork, place_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return what lies in totes or slots for orders (SKU, lot, quantity, order and line), by place."""
    found = await uow.fetch(
        sa.select(
            Allocation.place_id,
            Allocation.sku_id,
            Sku.code.label("sku_code"),
            Allocation.lot_id,
            Lot.code.label("lot_code"),
            Allocation.line_id,
            FulfillmentLine.fulfillment_order_id,
            Allocation.quantity,
        )
        .join(
            FulfillmentLine,
            (FulfillmentLine.merchant_id == Allocation.merchant_id) & (FulfillmentLine.id == Allocation.line_id),
        )
        .join(Sku, (Sku.merchant_id == Allocation.merchant_id) & (Sku.id == Allocation.sku_id))
        .outerjoin(Lot, (Lot.merchant_id == Allocation.merchant_id) & (Lot.id == Allocation.lot_id))
        .where(
            uow.mine(Allocation),
            uow.among(Allocation.place_id, place_ids),
            Allocation.status == AllocationStatus.OPEN,
        )
        .order_by(Allocation.place_id, FulfillmentLine.fulfillment_order_id, Allocation.id)
    )
    return paged.grouped(found, "place_id")


async def totes_by_id(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return totes, and what else holds goods on their way, by the place they are, every column."""
    found = await uow.fetch(sa.select(*Place.__table__.c).where(uow.mine(Place), uow.among(Place.id, ids)))
    return {row.id: row for row in found}


async def tote_page(
    uow: UnitOfWork, request: PageRequest, *, location_id: UUID, states: Collection[str] | None = None
) -> Page[Row]:
    """Return a page of a warehouse's totes with every column, the newest first; those in some states only."""
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    conditions = [Place.location_id == location_id, Place.kind == PlaceKind.TOTE, Place.archived_at.is_(None)]
    if states is not None:
        conditions.append(uow.among(Place.tote_state, states))
    statement = sa.select(*Place.__table__.c).where(uow.mine(Place), *conditions)
    return await paged.page_by_id(uow, statement, Place.id, request)
