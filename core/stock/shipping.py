"""Goods leave for the buyer, and come back while the parcel has not been handed over."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import carrying, events, locks, promises, queries, refusals, returned, rules, units
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.promises import Promise
from pickmesh.core.stock.rules import Level, MoveReason, PlaceFacts, Posting
from pickmesh.core.stock.tables import (
    Allocation,
    AllocationStatus,
    PlaceKind,
    Reservation,
    ReservationStatus,
    StockMove,
    StockUnit,
    UnitState,
)
from pickmesh.core.stock.units import UnitsThere


@dataclass(frozen=True, slots=True)
class ShippedUnits:
    """Units that left (or came back) under one allocation."""

    index: int
    allocation_id: UUID
    line_id: UUID
    place_id: UUID
    location_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Shipped:
    """What was done, what had been done before, and what cannot be."""

    done: Sequence[ShippedUnits]
    already: Sequence[UUID]
    refused: Sequence[Refused]


async def ship_allocations(
    uow: UnitOfWork,
    *,
    allocation_ids: Sequence[UUID],
    document_id: UUID | None = None,
    actor_of: Mapping[UUID, UUID | None] | None = None,
) -> Shipped:
    """Move packed units from their parcels to the customer and consume their promise; shipping twice ships once.

    Only units in a PARCEL ship. on_hand and reserved fall together. Part of a packing command, which has checked who
    may; `document_id` is the shipment they went with, without one each unit's parcel. `actor_of` says by parcel place
    who ships it, by default the unit of work's person. Refused items are told by index into the ids.
    """
    if not allocation_ids:
        return Shipped([], [], [])
    levels = await locks.lock_levels_of_allocations(uow, allocation_ids)
    balances = await locks.lock_balances_of_allocations(uow, allocation_ids)
    found = await promises.promises_by_id(uow, allocation_ids)
    customers = await _customers(uow)
    there = await units.units_of_promises(uow, (one for one in found.values() if one.is_open))
    going, already, refused = _sorted_out(allocation_ids, found, balances)
    postings = [
        posting
        for _, promise in going
        for posting in _leaving(promise, customers[promise.location_id], there, document_id, (actor_of or {}))
    ]
    await post(uow, postings, levels=levels, balances=balances, reserved=_reserved(going, -1))
    await _consume(uow, [promise for _, promise in going])
    uow.emit(
        events.StockShipped(level.sku_id, level.location_id, -quantity)
        for level, quantity in _reserved(going, -1).items()
    )
    return Shipped([_shipped(index, promise) for index, promise in going], already, refused)


async def unship_allocations(
    uow: UnitOfWork, *, allocation_ids: Sequence[UUID], document_id: UUID | None = None
) -> Shipped:
    """Take a shipment back before handover: the units are in their parcel again and promised as before.

    A compensating move; the ledger keeps both. What is not shipped (any more) comes back as `already`; refused is what
    the buyer has sent back. Part of a packing command, which has checked who may.
    """
    if not allocation_ids:
        return Shipped([], [], [])
    levels = await locks.lock_levels_of_allocations(uow, allocation_ids)
    await locks.lock_balances_of_allocations(uow, allocation_ids)
    found = await promises.promises_by_id(uow, allocation_ids)
    customers = await _customers(uow)
    sold = await returned.with_buyers(uow, {promise.line_id for promise in found.values()})
    coming, already, refused = _sorted_back(allocation_ids, found, sold)
    unit_ids = await _shipped_units(uow, [promise for _, promise in coming], document_id)
    postings = [
        posting
        for _, promise in coming
        for posting in _returning(promise, customers[promise.location_id], unit_ids, document_id)
    ]
    await post(uow, postings, levels=levels, reserved=_reserved(coming, 1))
    await _reopen(uow, [promise for _, promise in coming])
    uow.emit(
        events.StockUnshipped(level.sku_id, level.location_id, quantity)
        for level, quantity in _reserved(coming, 1).items()
    )
    return Shipped([_shipped(index, promise) for index, promise in coming], already, refused)


async def _customers(uow: UnitOfWork) -> dict[UUID, PlaceFacts]:
    found = await queries.places_of_kind(uow, {PlaceKind.CUSTOMER})
    return {location_id: place for (location_id, _), place in found.items()}


def _sorted_out(
    allocation_ids: Iterable[UUID], found: Mapping[UUID, Promise], balances: locks.Balances
) -> tuple[list[tuple[int, Promise]], list[UUID], list[Refused]]:
    """Tell what ships, what has shipped and what may not; an id named twice counts once."""
    going: dict[UUID, tuple[int, Promise]] = {}
    already: list[UUID] = []
    refused: list[Refused] = []
    for index, allocation_id in enumerate(allocation_ids):
        promise = found.get(allocation_id)
        if promise is not None and promise.status == AllocationStatus.CONSUMED:
            already.append(allocation_id)
            continue
        try:
            going.setdefault(allocation_id, (index, _may_ship(promise, balances)))
        except Refusal as refusal:
            refused.append(Refused(index, refusal))
    return list(going.values()), already, refused


def _may_ship(promise: Promise | None, balances: locks.Balances) -> Promise:
    if promise is None:
        raise refusals.UnknownAllocation()
    if not promise.is_open:
        raise refusals.AllocationClosed()
    if promise.place.kind != PlaceKind.PARCEL:
        raise refusals.WrongPlace("Only units in a parcel can be shipped; pack them first.")
    if promise.key not in balances:
        raise refusals.AllocationMoved()
    return promise


def _sorted_back(
    allocation_ids: Iterable[UUID], found: Mapping[UUID, Promise], sold: Mapping[UUID, Mapping[UUID, int]]
) -> tuple[list[tuple[int, Promise]], list[UUID], list[Refused]]:
    """Tell what comes back, what has not gone, and what may not come: the buyer has sent some of it back already."""
    left = {(line_id, lot_id): quantity for line_id, lots in sold.items() for lot_id, quantity in lots.items()}
    coming: dict[UUID, tuple[int, Promise]] = {}
    already: list[UUID] = []
    refused: list[Refused] = []
    for index, allocation_id in enumerate(allocation_ids):
        promise = found.get(allocation_id)
        if promise is None:
            refused.append(Refused(index, refusals.UnknownAllocation()))
        elif promise.status != AllocationStatus.CONSUMED:
            already.append(allocation_id)
        elif allocation_id in coming:
            continue
        elif left[promise.line_id, promise.lot_id] < promise.quantity:
            message = sentence("Units of that line came back as a return; what is with the buyer stays shipped.")
            refused.append(Refused(index, refusals.AllocationClosed(message)))
        else:
            left[promise.line_id, promise.lot_id] -= promise.quantity
            coming[allocation_id] = (index, promise)
    return list(coming.values()), already, refused


def _leaving(
    promise: Promise,
    customer: PlaceFacts,
    there: UnitsThere,
    document_id: UUID | None,
    actor_of: Mapping[UUID, UUID | None],
) -> Iterable[Posting]:
    posting = carrying.posting_of(
        promise,
        customer,
        promise.quantity,
        reason=MoveReason.SHIP,
        document_id=document_id or promise.place.id,
        actor_id=actor_of.get(promise.place.id),
    )
    if not promise.serial_tracked:
        return [posting]
    unit_ids = there.chosen(promise.key, promise.quantity, None, any_will_do=True)
    written = list(units.naming(posting, unit_ids))
    there.follow(written)
    return written


def _returning(
    promise: Promise,
    customer: PlaceFacts,
    unit_ids: Mapping[tuple[UUID, UUID, UUID], list[UUID]],
    document_id: UUID | None,
) -> Iterable[Posting]:
    posting = Posting(
        sku_id=promise.sku_id,
        lot_id=promise.lot_id,
        from_place=customer,
        to_place=promise.place,
        quantity=promise.quantity,
        reason=MoveReason.UNSHIP,
        unit_cost_micros=promise.cost_micros,
        lot_blocked=promise.lot_blocked,
        promised_to=True,
        document_id=document_id or promise.place.id,
        line_id=promise.line_id,
    )
    theirs = unit_ids.get((promise.line_id, promise.place.id, promise.lot_id), [])
    taken, theirs[:] = theirs[: promise.quantity], theirs[promise.quantity :]
    return list(units.naming(posting, taken))


async def _shipped_units(
    uow: UnitOfWork, coming: Collection[Promise], document_id: UUID | None
) -> dict[tuple[UUID, UUID, UUID], list[UUID]]:
    """Return which serial-tracked units the buyer has of these, by line, parcel place and lot, as the ledger tells."""
    if not any(promise.serial_tracked for promise in coming):
        return {}
    documents = {document_id or promise.place.id for promise in coming}
    found = (
        sa.select(StockMove.line_id, StockMove.from_place_id, StockMove.lot_id, StockMove.unit_id)
        .join(StockUnit, sa.and_(uow.mine(StockUnit), StockUnit.id == StockMove.unit_id))
        .where(
            uow.mine(StockMove),
            uow.among(StockMove.document_id, sorted(documents)),
            StockMove.reason == MoveReason.SHIP,
            StockUnit.state == UnitState.SHIPPED,
        )
        .order_by(StockMove.id)
    )
    units_of: dict[tuple[UUID, UUID, UUID], dict[UUID, None]] = {}
    for row in await uow.fetch(found):
        units_of.setdefault((row.line_id, row.from_place_id, row.lot_id), {})[row.unit_id] = None
    return {key: list(unit_ids) for key, unit_ids in units_of.items()}


def _reserved(moving: Iterable[tuple[int, Promise]], sign: int) -> dict[Level, int]:
    return rules.summed((promise.level, sign * promise.quantity) for _, promise in moving)


async def _consume(uow: UnitOfWork, going: Sequence[Promise]) -> None:
    await uow.update(
        Allocation, [{"id": promise.id, "status": AllocationStatus.CONSUMED} for promise in _in_order(going)]
    )
    shrunk = rules.summed((promise.reservation_id, promise.quantity) for promise in going)
    quantities = {promise.reservation_id: promise.reservation_quantity for promise in going}
    await promises.shrink_reservations(uow, shrunk, quantities, ReservationStatus.CONSUMED)


async def _reopen(uow: UnitOfWork, coming: Sequence[Promise]) -> None:
    await uow.update(Allocation, [{"id": promise.id, "status": AllocationStatus.OPEN} for promise in _in_order(coming)])
    grown = rules.summed((promise.reservation_id, promise.quantity) for promise in coming)
    rows = [{"id": one, "quantity": grown[one], "status": ReservationStatus.OPEN} for one in sorted(grown)]
    await uow.update(Reservation, rows, add=["quantity"])


def _in_order(moving: Iterable[Promise]) -> list[Promise]:
    return sorted(moving, key=lambda promise: promise.id)


def _shipped(index: int, promise: Promise) -> ShippedUnits:
    return ShippedUnits(
        index,
        promise.id,
        promise.line_id,
        promise.place.id,
        promise.location_id,
        promise.sku_id,
        promise.lot_id,
        promise.quantity,
    )
