"""Put walls: slots with a number, a colour and a shape, given to a wave's orders and freed when these are packed."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders.rules import UNDER_WAY
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder
from pickmesh.core.picking import events, locks, refusals, work
from pickmesh.core.picking.tables import Wave, WaveKind, WaveOrder, WaveOrderState
from pickmesh.core.stock.tables import Allocation, AllocationStatus, Place, PlaceKind
from pickmesh.scanner.codes.own import OwnKind, number_text

Row = sa.Row[*tuple[Any, ...]]
WALL_MAX = 500
"""Most slots of a wall that are looked at."""


@dataclass(frozen=True, slots=True)
class Colour:
    """A slot's light: its name for machines and for people, and a shape that tells it apart without colour."""

    code: str
    shape: str
    name: str


PALETTE = (
    Colour("BLUE", "●", sentence("blue")),
    Colour("ORANGE", "▲", sentence("orange")),
    Colour("GREEN", "■", sentence("green")),
    Colour("YELLOW", "◆", sentence("yellow")),
    Colour("PURPLE", "✚", sentence("purple")),
    Colour("RED", "▼", sentence("red")),
    Colour("WHITE", "○", sentence("white")),
    Colour("BLACK", "□", sentence("black")),
)
"""Neighbouring slots never share a colour, and no two colours share a shape."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot as people speak of it; `wall` is its zone or, without one, how its code begins."""

    place_id: UUID
    code: str
    wall: str
    number: int

    @property
    def label(self) -> str:
        """The number as it is called out: two digits at least."""
        return f"{self.number:02d}"

    @property
    def colour(self) -> Colour:
        """The light it always has."""
        return PALETTE[(self.number - 1) % len(PALETTE)]


def slot_of(place_id: UUID, code: str, zone: str | None) -> Slot:
    """Return a place as a slot: its number is what its code ends with, 1 when that is no number."""
    digits = re.search(r"(\d+)\D*$", code)
    return Slot(place_id, code, wall_of(code, zone), int(digits.group(1)) if digits else 1)


def wall_of(code: str, zone: str | None) -> str:
    """Return the wall a slot is part of: its zone or, without one, its code without the number at the end."""
    return zone or re.sub(r"\d+\D*$", "", code).rstrip("-_. /") or code


@dataclass(frozen=True, slots=True)
class BoundWall:
    """A wave at its wall; `slots` by fulfillment order."""

    wave_id: UUID
    wall: str
    slots: Mapping[UUID, Slot]


async def bind_wall(
    uow: UnitOfWork, *, wave_id: UUID, wall: str | None = None, slot_id: UUID | None = None
) -> BoundWall:
    """Give every going order of a put-wall wave a slot of its own, by seat; `wall` is a zone or a beginning of codes.

    Instead of the wall one of its slots may be named. Binding again gives slots to orders that have none and changes
    nothing else. Refuses NOT_FOUND, DOES_NOT_FIT_WAVE (another kind of wave), WRONG_STATE (it has another wall),
    WALL_FULL with the figures.
    """
    wave = await uow.first(sa.select(Wave.id, Wave.kind, Wave.location_id).where(uow.mine(Wave), Wave.id == wave_id))
    if wave is None:
        raise NotFound("No wave of yours has that id; scan its label again.", field=("waveId",))
    uow.actor.require(Permission.FLOOR_WORK, warehouse_id=wave.location_id)
    if wave.kind != WaveKind.PUT_WALL:
        raise refusals.DoesNotFit("Only the goods of a put-wall wave are sorted into slots.", data={"kind": wave.kind})
    slots = await _wall(uow, wave.location_id, wall, slot_id)
    seats = await _seats(uow, [wave_id])
    await order_locks.lock_fulfillment_orders(uow, {row.fulfillment_order_id for row in seats})
    await locks.lock_slots(uow, [slot.place_id for slot in slots])
    seats = await _seats(uow, [wave_id])
    bound = {row.fulfillment_order_id: slot_of(row.place_id, row.code, row.zone) for row in seats if row.place_id}
    _refuse_other_wall(bound, slots)
    wanting = [row for row in seats if row.place_id is None and is_going(row)]
    taken = await _taken(uow, [slot.place_id for slot in slots])
    free = [slot for slot in slots if slot.place_id not in taken]
    if len(free) < len(wanting):
        raise refusals.WallFull(
            sentence(
                "Wall {wall} has {free} free slots, the wave needs {asked}: pack what is complete or take another.",
                wall=slots[0].wall,
                free=len(free),
                asked=len(wanting),
            ),
            data={"free": len(free), "asked": len(wanting)},
        )
    given = {row.fulfillment_order_id: slot for row, slot in zip(wanting, free, strict=False)}
    await _write(uow, wave_id, given)
    if given:
        uow.emit([events.WaveAtWall(wave_id, slots[0].wall, len(given))])
    return BoundWall(wave_id, slots[0].wall, bound | given)


async def _wall(uow: UnitOfWork, location_id: UUID, wall: str | None, slot_id: UUID | None) -> list[Slot]:
    """Return the slots of a wall in the order they hang; refuses NOT_FOUND when there is none."""
    slots = await slots_of(uow, location_id)
    if slot_id is not None:
        wall = next((slot.wall for slot in slots if slot.place_id == slot_id), None)
    name = (wall or "").strip().upper()
    named = [slot for slot in slots if name and slot.wall.upper() == name]
    found = named or [slot for slot in slots if name and slot.code.upper().startswith(name)]
    if not found:
        raise NotFound("No wall of this warehouse goes by that name: scan one of its slots.", field=("wall",))
    return found


async def slots_of(uow: UnitOfWork, location_id: UUID) -> list[Slot]:
    """Return the slots of a warehouse's walls, wall by wall."""
    found = await uow.fetch(
        sa.select(Place.id, Place.code, Place.zone)
        .where(
            uow.mine(Place),
            Place.location_id == location_id,
            Place.kind == PlaceKind.WALL_SLOT,
            Place.archived_at.is_(None),
        )
        .order_by(Place.walk_sequence, Place.code)
        .limit(WALL_MAX)
    )
    slots = [slot_of(row.id, row.code, row.zone) for row in found]
    return sorted(slots, key=lambda slot: slot.wall)


def _refuse_other_wall(bound: Mapping[UUID, Slot], slots: Sequence[Slot]) -> None:
    other = next((slot.wall for slot in bound.values() if slot.wall != slots[0].wall), None)
    if other is not None:
        raise WrongState(
            sentence("The wave is being sorted at wall {wall}: go on there.", wall=other), data={"wall": other}
        )


async def _seats(uow: UnitOfWork, wave_ids: Collection[UUID]) -> Sequence[Row]:
    return await uow.fetch(
        sa.select(
            WaveOrder.wave_id,
            WaveOrder.fulfillment_order_id,
            WaveOrder.position,
            WaveOrder.place_id,
            Place.code,
            Place.zone,
            FulfillmentOrder.number,
            FulfillmentOrder.progress,
            FulfillmentOrder.intercepted_at,
        )
        .join(
            FulfillmentOrder,
            (FulfillmentOrder.merchant_id == WaveOrder.merchant_id)
            & (FulfillmentOrder.id == WaveOrder.fulfillment_order_id),
        )
        .outerjoin(Place, (Place.merchant_id == WaveOrder.merchant_id) & (Place.id == WaveOrder.place_id))
        .where(
            uow.mine(WaveOrder),
            uow.among(WaveOrder.wave_id, wave_ids),
            (WaveOrder.state != WaveOrderState.KICKED_OUT) | _goods_left_behind(),
        )
        .order_by(WaveOrder.wave_id, WaveOrder.position, WaveOrder.fulfillment_order_id)
    )


def _goods_left_behind() -> sa.ColumnElement[bool]:
    """Return the condition that an order was kicked out of its last wave and its goods are still to be put back."""
    later = aliased(WaveOrder)
    return FulfillmentOrder.intercepted_at.is_not(None) & ~sa.exists().where(
        later.merchant_id == WaveOrder.merchant_id,
        later.fulfillment_order_id == WaveOrder.fulfillment_order_id,
        later.wave_id > WaveOrder.wave_id,
    )


async def seats_at_walls(uow: UnitOfWork, wave_ids: Collection[UUID]) -> Mapping[UUID, list[Row]]:
    """Return the seats of waves with slot (place, code, zone) and order, by wave.

    Of those that were kicked out only the ones whose goods still lie there.
    """
    return paged.grouped(await _seats(uow, wave_ids), "wave_id")


def is_going(row: Row) -> bool:
    """Tell whether a seat's order still has something to be sorted or packed."""
    return row.progress in UNDER_WAY and not work.is_stopped(row)


async def waves_seated(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> Mapping[UUID, set[UUID]]:
    """Return the waves that orders were not kicked out of, by order."""
    found = await uow.fetch(
        sa.select(WaveOrder.fulfillment_order_id, WaveOrder.wave_id).where(
            uow.mine(WaveOrder),
            uow.among(WaveOrder.fulfillment_order_id, fulfillment_order_ids),
            WaveOrder.state != WaveOrderState.KICKED_OUT,
        )
    )
    of_order: dict[UUID, set[UUID]] = defaultdict(set)
    for row in found:
        of_order[row.fulfillment_order_id].add(row.wave_id)
    return of_order


async def _taken(uow: UnitOfWork, place_ids: Collection[UUID]) -> set[UUID]:
    """Return the slots that some order sits in, or that goods lie in."""
    seated = await uow.fetch(
        sa.select(WaveOrder.place_id).where(
            uow.mine(WaveOrder),
            uow.among(WaveOrder.place_id, place_ids),
            WaveOrder.state != WaveOrderState.KICKED_OUT,
        )
    )
    return {row.place_id for row in seated} | set(await _lying(uow, place_ids))


async def _write(uow: UnitOfWork, wave_id: UUID, given: Mapping[UUID, Slot]) -> None:
    rows = [
        {"wave_id": wave_id, "fulfillment_order_id": order_id, "place_id": slot.place_id}
        for order_id, slot in sorted(given.items())
    ]
    await uow.update(WaveOrder, rows)


async def free_slots(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Let the slots of orders go whose goods have all left them; part of the command that took the last ones."""
    if not fulfillment_order_ids:
        return
    busy = sa.select(Allocation.place_id).where(uow.mine(Allocation), Allocation.status == AllocationStatus.OPEN)
    await uow.execute(
        sa.update(WaveOrder)
        .where(
            uow.mine(WaveOrder),
            uow.among(WaveOrder.fulfillment_order_id, fulfillment_order_ids),
            WaveOrder.place_id.is_not(None),
            WaveOrder.place_id.not_in(busy.where(Allocation.place_id == WaveOrder.place_id)),
        )
        .values(place_id=None)
    )


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot as it stands: whose it is, how many pieces lie in it and how many its order wants.

    `state` is EMPTY, WAITING, COMPLETE or STOPPED; pieces that are short make a slot wait until they come or are given
    up.
    """

    slot: Slot
    state: str
    wave_id: UUID | None = None
    fulfillment_order_id: UUID | None = None
    here: int = 0
    wanted: int = 0
    order_number: str | None = None

    @property
    def place_id(self) -> UUID:
        """The place the slot is."""
        return self.slot.place_id


async def wall_slots(uow: UnitOfWork, location_id: UUID) -> list[SlotView]:
    """Return the slots of a warehouse's walls as they stand, wall by wall."""
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    slots = await slots_of(uow, location_id)
    places = [slot.place_id for slot in slots]
    seats = {row.place_id: row for row in await _seats_in(uow, places)}
    here = await _lying(uow, places)
    wanted = await pieces_of_orders(uow, {row.fulfillment_order_id for row in seats.values()})
    return [_slot_view(slot, seats.get(slot.place_id), here, wanted) for slot in slots]


def _slot_view(slot: Slot, seat: Row | None, here: Mapping[UUID, int], wanted: Mapping[UUID, int]) -> SlotView:
    lying = here.get(slot.place_id, 0)
    if seat is None:
        return SlotView(slot, "STOPPED" if lying else "EMPTY", here=lying)
    asked = wanted.get(seat.fulfillment_order_id, 0)
    state = "STOPPED" if work.is_stopped(seat) else "COMPLETE" if 0 < asked <= lying else "WAITING"
    number = number_text(OwnKind.FULFILLMENT_ORDER, seat.number)
    return SlotView(slot, state, seat.wave_id, seat.fulfillment_order_id, lying, asked, number)


async def _seats_in(uow: UnitOfWork, place_ids: Collection[UUID]) -> Sequence[Row]:
    found = await uow.fetch(
        sa.select(WaveOrder.wave_id).where(uow.mine(WaveOrder), uow.among(WaveOrder.place_id, place_ids)).distinct()
    )
    rows = await _seats(uow, [row.wave_id for row in found])
    return [row for row in rows if row.place_id is not None]


async def _lying(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, int]:
    found = await uow.fetch(
        sa.select(Allocation.place_id, sa.func.sum(Allocation.quantity).label("pieces"))
        .where(
            uow.mine(Allocation),
            uow.among(Allocation.place_id, place_ids),
            Allocation.status == AllocationStatus.OPEN,
        )
        .group_by(Allocation.place_id)
    )
    return {row.place_id: int(row.pieces) for row in found}


@dataclass(frozen=True, slots=True)
class WaveNow:
    """The wave an order is in."""

    id: UUID
    number: int
    kind: WaveKind
    location_id: UUID


async def waves_now(uow: UnitOfWork, wave_ids: Collection[UUID]) -> dict[UUID, WaveNow]:
    """Return waves by id."""
    found = await uow.fetch(
        sa.select(Wave.id, Wave.number, Wave.kind, Wave.location_id).where(uow.mine(Wave), uow.among(Wave.id, wave_ids))
    )
    return {row.id: WaveNow(row.id, row.number, WaveKind(row.kind), row.location_id) for row in found}


async def wave_of_orders(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> dict[UUID, WaveNow]:
    """Return the wave each order is in, the newest when it was kicked out of others; absent for those in none."""
    found = await uow.fetch(
        sa.select(WaveOrder.fulfillment_order_id, Wave.id, Wave.number, Wave.kind, Wave.location_id)
        .join(Wave, (Wave.merchant_id == WaveOrder.merchant_id) & (Wave.id == WaveOrder.wave_id))
        .where(
            uow.mine(WaveOrder),
            uow.among(WaveOrder.fulfillment_order_id, fulfillment_order_ids),
            WaveOrder.state != WaveOrderState.KICKED_OUT,
        )
        .order_by(Wave.id)
    )
    return {row.fulfillment_order_id: WaveNow(row.id, row.number, WaveKind(row.kind), row.location_id) for row in found}


async def pieces_of_orders(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many pieces of orders are not packed yet."""
    found = await uow.fetch(
        sa.select(
            FulfillmentLine.fulfillment_order_id, FulfillmentLine.quantity, FulfillmentLine.packed_quantity
        ).where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.fulfillment_order_id, fulfillment_order_ids))
    )
    wanted: dict[UUID, int] = defaultdict(int)
    for row in found:
        wanted[row.fulfillment_order_id] += row.quantity - row.packed_quantity
    return dict(wanted)
