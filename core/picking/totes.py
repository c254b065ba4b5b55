"""Totes and cart slots in use: bound to a list and, where orders are kept apart, to one order."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused
from pickmesh.core.picking import locks, refusals, rules, work
from pickmesh.core.picking.tables import PickList, ToteUse, Wave
from pickmesh.core.stock import places as stock_places
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Place, PlaceKind, ToteState

TOTE_KINDS = frozenset({PlaceKind.TOTE, PlaceKind.CART_SLOT, PlaceKind.WALL_SLOT})
"""Places that goods are picked into."""

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ToteBinding:
    """A tote for a list; without an order the list's next one without a tote is meant where orders are kept apart."""

    place_id: UUID
    pick_list_id: UUID
    fulfillment_order_id: UUID | None = None
    worker_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A tote as it is bound now; without an order it holds the list's goods mixed."""

    index: int
    place_id: UUID
    pick_list_id: UUID
    fulfillment_order_id: UUID | None


async def bind_totes(uow: UnitOfWork, *, bindings: Sequence[ToteBinding]) -> list[Bound | Refused]:
    """Bind empty totes or slots to lists; a tote that is bound so already stays as it is.

    Refuses TOTE_IN_USE for one that serves another list or order or is not empty, NOT_YOURS for another worker's list.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not bindings:
        return []
    lists = await locks.lock_pick_lists(uow, {each.pick_list_id for each in bindings})
    kinds = await _wave_kinds(uow, lists.values())
    places = await _places(uow, {each.place_id for each in bindings})
    held = await tote_holds_of_lists(uow, lists)
    held.update(await tote_holds(uow, places))
    served = await work.orders_of_lists(uow, lists)
    answers: list[Bound | Refused] = []
    fresh: dict[UUID, rules.ToteHold] = {}
    for index, binding in enumerate(bindings):
        row = lists.get(binding.pick_list_id)
        refusal = _list_refusal(row, binding, uow) or _place_refusal(places.get(binding.place_id), row, held)
        hold = None if row is None else _hold(binding, kinds[row.wave_id], served.get(row.id, []), held)
        refusal = refusal or _hold_refusal(binding, hold, held)
        if refusal is not None or hold is None:
            answers.append(Refused(index, refusal or NotFound()))
            continue
        if binding.place_id not in held:
            fresh[binding.place_id] = held[binding.place_id] = hold
        answers.append(Bound(index, binding.place_id, hold.pick_list_id, held[binding.place_id].fulfillment_order_id))
    return await _write(uow, answers, fresh, places)


async def tote_holds(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, rules.ToteHold]:
    """Return what totes are bound to, by place; unbound ones are absent."""
    return await _holds(uow, uow.among(ToteUse.place_id, place_ids))


async def tote_holds_of_lists(uow: UnitOfWork, list_ids: Collection[UUID]) -> dict[UUID, rules.ToteHold]:
    """Return the totes bound to lists, by place."""
    return await _holds(uow, uow.among(ToteUse.pick_list_id, list_ids))


async def free_totes(uow: UnitOfWork, place_ids: Collection[UUID]) -> None:
    """Make totes empty again that hold nothing any more and whose list is finished; others stay as they are."""
    busy = sa.select(Allocation.place_id).where(
        uow.mine(Allocation),
        uow.among(Allocation.place_id, place_ids),
        Allocation.status == AllocationStatus.OPEN,
    )
    finished = sa.select(PickList.id).where(uow.mine(PickList), PickList.status.in_(rules.FINISHED))
    gone = await uow.execute(
        sa.delete(ToteUse)
        .where(
            uow.mine(ToteUse),
            uow.among(ToteUse.place_id, place_ids),
            ToteUse.place_id.not_in(busy),
            ToteUse.pick_list_id.in_(finished),
        )
        .returning(ToteUse.__table__.c.place_id)
    )
    freed = await stock_queries.places(uow, [row.place_id for row in gone.all()])
    emptied = {row.id: ToteState.EMPTY for row in freed.values() if row.tote_state == ToteState.STOCKED}
    await stock_places.set_tote_states(uow, emptied)


async def _holds(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> dict[UUID, rules.ToteHold]:
    found = await uow.fetch(
        sa.select(ToteUse.place_id, ToteUse.pick_list_id, ToteUse.fulfillment_order_id)
        .where(uow.mine(ToteUse), condition)
        .order_by(ToteUse.bound_at, ToteUse.place_id)
    )
    return {row.place_id: rules.ToteHold(row.pick_list_id, row.fulfillment_order_id) for row in found}


async def _places(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, Row]:
    found = await uow.fetch(
        sa.select(Place.id, Place.location_id, Place.kind, Place.code, Place.tote_state).where(
            uow.mine(Place), uow.among(Place.id, place_ids), Place.archived_at.is_(None)
        )
    )
    return {row.id: row for row in found}


async def _wave_kinds(uow: UnitOfWork, lists: Iterable[Row]) -> dict[UUID, str]:
    found = await uow.fetch(
        sa.select(Wave.id, Wave.kind).where(uow.mine(Wave), uow.among(Wave.id, {row.wave_id for row in lists}))
    )
    return {row.id: row.kind for row in found}


def _list_refusal(row: Row | None, binding: ToteBinding, uow: UnitOfWork) -> Refusal | None:
    if row is None:
        return NotFound("No pick list of yours has that id; look up the list's number again.")
    worker_id = binding.worker_id or uow.actor.person_id
    if row.worker_id is not None and worker_id is not None and row.worker_id != worker_id:
        return refusals.NotYours(data={"worker_id": row.worker_id, "pick_list_id": row.id})
    if row.status in rules.FINISHED:
        return refusals.LineClosed("The list is finished; it needs no tote.")
    return None


def _place_refusal(place: Row | None, row: Row | None, held: Mapping[UUID, rules.ToteHold]) -> Refusal | None:
    if place is None or row is None or place.location_id != row.location_id:
        return NotFound("No tote of this warehouse has that code; scan the tote's label again.")
    if place.kind not in TOTE_KINDS:
        return refusals.WrongPlace("Goods are picked into a tote or a cart slot; scan one.", data={"kind": place.kind})
    if place.tote_state == ToteState.IN_HOSPITAL:
        return refusals.ToteInHospital(data={"place_id": place.id})
    if place.id not in held and place.tote_state not in {None, ToteState.EMPTY}:
        return refusals.ToteInUse(data={"place_id": place.id, "tote_state": place.tote_state})
    return None


def _hold(
    binding: ToteBinding, wave_kind: str, served: Sequence[UUID], held: Mapping[UUID, rules.ToteHold]
) -> rules.ToteHold | None:
    """Return what the binding means: which order, where orders are kept apart; None when the list serves none such."""
    if wave_kind not in rules.BINDS_ORDER:
        return rules.ToteHold(binding.pick_list_id, None)
    if binding.fulfillment_order_id is not None:
        known = binding.fulfillment_order_id in served
        return rules.ToteHold(binding.pick_list_id, binding.fulfillment_order_id) if known else None
    now = held.get(binding.place_id)
    if now is not None and now.pick_list_id == binding.pick_list_id:
        return now
    has_tote = {hold.fulfillment_order_id for hold in held.values()}
    waiting = [order for order in served if order not in has_tote] or list(served)
    return rules.ToteHold(binding.pick_list_id, waiting[0]) if waiting else None


def _hold_refusal(
    binding: ToteBinding, hold: rules.ToteHold | None, held: Mapping[UUID, rules.ToteHold]
) -> Refusal | None:
    if hold is None:
        return NotFound("That order is not on this list; choose one of the list's orders.")
    now = held.get(binding.place_id)
    if now is not None and now != hold:
        bound = {"pick_list_id": now.pick_list_id, "fulfillment_order_id": now.fulfillment_order_id}
        return refusals.ToteInUse(data={"place_id": binding.place_id, **bound})
    return None


async def _write(
    uow: UnitOfWork, answers: list[Bound | Refused], fresh: Mapping[UUID, rules.ToteHold], places: Mapping[UUID, Row]
) -> list[Bound | Refused]:
    """Write new bindings; one that another list won meanwhile comes back refused."""
    await uow.upsert(
        ToteUse,
        [
            {
                "place_id": place_id,
                "pick_list_id": hold.pick_list_id,
                "fulfillment_order_id": hold.fulfillment_order_id,
                "bound_at": uow.now,
            }
            for place_id, hold in sorted(fresh.items())
        ],
    )
    won = await tote_holds(uow, fresh) if fresh else {}
    stocked = {
        place_id: ToteState.STOCKED
        for place_id, hold in fresh.items()
        if won.get(place_id) == hold and places[place_id].kind == PlaceKind.TOTE
    }
    await stock_places.set_tote_states(uow, stocked)
    lost = {place_id for place_id, hold in fresh.items() if won.get(place_id) != hold}
    return [
        Refused(answer.index, refusals.ToteInUse(data={"place_id": answer.place_id}))
        if isinstance(answer, Bound) and answer.place_id in lost
        else answer
        for answer in answers
    ]
