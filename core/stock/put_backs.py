"""Ending a promise before shipping: units put back into a bin, and units that were not found."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import carrying, events, locks, promises, queries, refusals, reservations, rules, units
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.promises import Promise
from pickmesh.core.stock.rules import MoveReason, PlaceFacts, Posting
from pickmesh.core.stock.tables import PlaceKind, ReservationStatus
from pickmesh.core.stock.units import UnitsThere


@dataclass(frozen=True, slots=True)
class PutBack:
    """Promised units that go back to a store place and are promised no more; `actor_id` None is the unit of work's."""

    allocation_id: UUID
    to_place_id: UUID
    quantity: int
    unit_id: UUID | None = None
    actor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """Promised units that are not where they should be; `actor_id` None is the unit of work's."""

    allocation_id: UUID
    quantity: int
    unit_id: UUID | None = None
    actor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """Units whose promise ended; `allocation_left` is what the allocation still holds."""

    index: int
    allocation_id: UUID
    reservation_id: UUID
    line_id: UUID
    work_line_id: UUID | None
    from_place_id: UUID
    to_place_id: UUID
    location_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int
    allocation_left: int


async def put_back(
    uow: UnitOfWork, *, backs: Sequence[PutBack], document_id: UUID | None = None
) -> list[Ended | Refused]:
    """Return promised units to a bin (or hospital) and release their promise, in a fixed number of statements.

    Where they go decides whether they are sellable again. One that cannot be done comes back as `Refused`. Part of a
    picking command, which has checked who may.
    """
    if not backs:
        return []
    pairs = [(one.allocation_id, one.to_place_id) for one in backs]
    ending = await _Ending.begin(uow, pairs, MoveReason.PUT_BACK, document_id)
    answer = [ending.end(index, one, to_place_id=one.to_place_id) for index, one in enumerate(backs)]
    await ending.write(uow, ReservationStatus.RELEASED)
    reservations.emit_released(uow, ending.levels, ((one.level, quantity) for one, quantity in ending.ended))
    return answer


async def lose_allocations(
    uow: UnitOfWork, *, losses: Sequence[Loss], document_id: UUID | None = None
) -> list[Ended | Refused]:
    """Book promised units that were not found to MISSING at once; allocation and reservation shrink by them.

    `free` does not change: the pieces were promised, now they are unsellable. In one unit of work do this before
    carrying, because it locks levels. Part of a picking command, which has checked who may.
    """
    if not losses:
        return []
    pairs = [(one.allocation_id, None) for one in losses]
    ending = await _Ending.begin(uow, pairs, MoveReason.MISSING, document_id)
    answer = [ending.end(index, one, to_place_id=None) for index, one in enumerate(losses)]
    await ending.write(uow, ReservationStatus.LOST)
    uow.emit(
        events.UnitsMissing(one.line_id, one.id, one.place.id, one.sku_id, one.lot_id, quantity)
        for one, quantity in ending.ended
    )
    return answer


@dataclass(slots=True, kw_only=True)
class _Ending:
    """A batch of promises that end, gone through in memory between locking and writing."""

    levels: locks.Levels
    balances: locks.Balances
    found: Mapping[UUID, Promise]
    places: Mapping[UUID, PlaceFacts]
    missing: Mapping[UUID, PlaceFacts]
    there: UnitsThere
    reason: MoveReason
    document_id: UUID | None
    ended: list[tuple[Promise, int]] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    taken: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    async def begin(
        cls,
        uow: UnitOfWork,
        pairs: Sequence[tuple[UUID, UUID | None]],
        reason: MoveReason,
        document_id: UUID | None,
    ) -> "_Ending":
        """Lock and read what (allocation, destination) pairs need; a destination of None is MISSING."""
        ids = {allocation_id for allocation_id, _ in pairs}
        to_places = {place_id for _, place_id in pairs if place_id is not None}
        levels = await locks.lock_levels_of_allocations(uow, ids)
        missing = {key[0]: place for key, place in (await queries.places_of_kind(uow, {PlaceKind.MISSING})).items()}
        destinations = to_places or {place.id for place in missing.values()}
        balances = await locks.lock_balances_of_allocations(uow, ids, destinations)
        found = await promises.promises_by_id(uow, ids)
        places = await queries.place_facts(uow, to_places)
        there = await units.units_of_promises(uow, found.values())
        return cls(
            levels=levels,
            balances=balances,
            found=found,
            places=places,
            missing=missing,
            there=there,
            reason=reason,
            document_id=document_id,
        )

    def end(self, index: int, one: PutBack | Loss, *, to_place_id: UUID | None) -> Ended | Refused:
        """End one promise in memory, or say why not."""
        try:
            promise, to_place = self._checked(one.allocation_id, one.quantity, to_place_id)
            unit_ids = self._units(promise, one.quantity, one.unit_id, lost=to_place_id is None)
        except Refusal as refusal:
            return Refused(index, refusal)
        self.taken[promise.id] += one.quantity
        self.ended.append((promise, one.quantity))
        self._write_down(promise, to_place, one, unit_ids)
        return Ended(
            index=index,
            allocation_id=promise.id,
            reservation_id=promise.reservation_id,
            line_id=promise.line_id,
            work_line_id=promise.work_line_id,
            from_place_id=promise.place.id,
            to_place_id=to_place.id,
            location_id=promise.location_id,
            sku_id=promise.sku_id,
            lot_id=promise.lot_id,
            quantity=one.quantity,
            allocation_left=promise.quantity - self.taken[promise.id],
        )

    def _checked(self, allocation_id: UUID, quantity: int, to_place_id: UUID | None) -> tuple[Promise, PlaceFacts]:
        promise = self.found.get(allocation_id)
        if promise is None:
            raise refusals.UnknownAllocation()
        if not promise.is_open:
            raise refusals.AllocationClosed()
        if promise.key not in self.balances or promise.level not in self.levels:
            raise refusals.AllocationMoved()
        if quantity < 1:
            raise InvalidInput("quantity must be 1 or more.", field=("quantity",))
        left = promise.quantity - self.taken[promise.id]
        if quantity > left:
            message = sentence("Only {left} are promised there, not {asked}.", left=left, asked=quantity)
            raise refusals.NotEnoughStock(message, data={"quantity": left})
        return promise, self._destination(promise, to_place_id)

    def _destination(self, promise: Promise, to_place_id: UUID | None) -> PlaceFacts:
        if to_place_id is None:
            return self.missing[promise.location_id]
        place = self.places.get(to_place_id)
        if place is None:
            raise refusals.UnknownPlace()
        if place.kind not in {PlaceKind.BIN, PlaceKind.HOSPITAL} or place.location_id != promise.location_id:
            raise refusals.WrongPlace("Goods are put back into a bin or hospital of the same warehouse.")
        if place.id == promise.place.id:
            raise refusals.WrongPlace("The goods have not left that bin; release them instead.")
        return place

    def _units(self, promise: Promise, quantity: int, unit_id: UUID | None, *, lost: bool) -> list[UUID]:
        """Return the units that go; of missing ones nobody may know which, and then their rows stay."""
        if not promise.serial_tracked:
            return []
        try:
            return self.there.chosen(promise.key, quantity, unit_id, any_will_do=not (lost or promise.in_bin))
        except refusals.SerialNeeded:
            if lost:
                return []
            raise

    def _write_down(
        self, promise: Promise, to_place: PlaceFacts, one: PutBack | Loss, unit_ids: Sequence[UUID]
    ) -> None:
        posting = carrying.posting_of(
            promise,
            to_place,
            one.quantity,
            reason=self.reason,
            document_id=self.document_id,
            actor_id=one.actor_id,
        )
        written = list(units.naming(posting, unit_ids))
        self.there.follow(written)
        self.postings += written

    async def write(self, uow: UnitOfWork, ending: ReservationStatus) -> None:
        """Post the moves and shrink allocations and reservations."""
        reserved = rules.summed((promise.level, -quantity) for promise, quantity in self.ended)
        await post(uow, self.postings, levels=self.levels, balances=self.balances, reserved=reserved)
        await promises.shrink_allocations(uow, {one: taken for one, taken in self.taken.items() if taken}, self.found)
        shrunk = rules.summed((promise.reservation_id, quantity) for promise, quantity in self.ended)
        quantities = {promise.reservation_id: promise.reservation_quantity for promise, _ in self.ended}
        await promises.shrink_reservations(uow, shrunk, quantities, ending)
