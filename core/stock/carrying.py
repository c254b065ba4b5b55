"""Carrying promised units on their way: bin, tote, wall slot, bench, parcel. The allocation follows the units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import locks, promises, queries, refusals, rules, units
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.promises import Promise
from pickmesh.core.stock.rules import BalanceKey, PlaceFacts, Posting
from pickmesh.core.stock.tables import Allocation, AllocationStatus, PlaceKind, Pool
from pickmesh.core.stock.units import UnitsThere

_Part = tuple[UUID, UUID | None, UUID, BalanceKey]


class Carry(Struct, frozen=True):
    """Promised units to carry to another place; `unit_id` names a serial-tracked one (quantity 1).

    `actor_id` is who carries them, None the unit of work's person.
    """

    allocation_id: UUID
    to_place_id: UUID
    quantity: int
    unit_id: UUID | None = None
    actor_id: UUID | None = None


class Carried(Struct, frozen=True):
    """Units that were carried; `allocation_id` is the allocation they are promised under where they are now."""

    index: int
    allocation_id: UUID
    line_id: UUID
    work_line_id: UUID | None
    from_place_id: UUID
    to_place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int
    unit_ids: tuple[UUID, ...]


async def carry_allocations(
    uow: UnitOfWork,
    *,
    carries: Sequence[Carry],
    reason: str,
    document_id: UUID | None = None,
    places: Mapping[UUID, PlaceFacts] | None = None,
) -> list[Carried | Refused]:
    """Move promised units and let their allocations follow, in a fixed number of statements; never touches levels.

    An allocation of which only a part goes is split: the part has a row (and an id) of its own where it is now, shared
    with what went there before it; the last part takes the original row along. Carries of one batch are done in order,
    also several of one allocation. One that cannot be done comes back as `Refused`. The caller has checked who may;
    `places` are destinations the caller has read.
    """
    if not carries:
        return []
    ids = {carry.allocation_id for carry in carries}
    to_places = {carry.to_place_id for carry in carries}
    balances = await locks.lock_balances_of_allocations(uow, ids, to_places)
    found = await promises.promises_with_siblings(uow, ids)
    places = await queries.place_facts(uow, to_places) if places is None else places
    there = await units.units_of_promises(uow, (found[one] for one in ids if one in found))
    carrying = _Carrying(
        now=found, balances=balances, places=places, there=there, reason=reason, document_id=document_id
    )
    answer = [carrying.carry(index, carry) for index, carry in enumerate(carries)]
    await post(uow, carrying.postings, balances=balances)
    await carrying.write_allocations(uow)
    return answer


@dataclass(slots=True, kw_only=True)
class _Carrying:
    """A batch of carries gone through in memory; `now` are the allocations as they stand after the last of them."""

    now: dict[UUID, Promise]
    balances: locks.Balances
    places: Mapping[UUID, PlaceFacts]
    there: UnitsThere
    reason: str
    document_id: UUID | None
    before: dict[UUID, Promise] = field(init=False)
    parts: dict[_Part, UUID] = field(init=False)
    postings: list[Posting] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before = dict(self.now)
        settled = (one for one in self.now.values() if one.is_open and one.key in self.balances)
        self.parts = {_part(promise): promise.id for promise in settled}

    def carry(self, index: int, carry: Carry) -> Carried | Refused:
        """Do one carry in memory, or say why not."""
        try:
            promise, to_place = self._checked(carry)
            unit_ids = self._units(promise, carry)
        except Refusal as refusal:
            return Refused(index, refusal)
        self._write_down(promise, to_place, carry, unit_ids)
        return Carried(
            index=index,
            allocation_id=self._follow(promise, to_place, carry.quantity),
            line_id=promise.line_id,
            work_line_id=promise.work_line_id,
            from_place_id=promise.place.id,
            to_place_id=to_place.id,
            sku_id=promise.sku_id,
            lot_id=promise.lot_id,
            quantity=carry.quantity,
            unit_ids=tuple(unit_ids),
        )

    def _checked(self, carry: Carry) -> tuple[Promise, PlaceFacts]:
        promise = self.now.get(carry.allocation_id)
        if promise is None:
            raise refusals.UnknownAllocation()
        if not promise.is_open:
            raise refusals.AllocationClosed()
        if self.before[promise.id].key not in self.balances:
            raise refusals.AllocationMoved()
        if carry.quantity < 1:
            raise InvalidInput("quantity must be 1 or more.", field=("quantity",))
        if carry.quantity > promise.quantity:
            raise refusals.NotEnoughStock(
                sentence("Only {left} are promised there, not {asked}.", left=promise.quantity, asked=carry.quantity),
                data={"quantity": promise.quantity},
            )
        return promise, carry_destination(promise, self.places.get(carry.to_place_id))

    def _units(self, promise: Promise, carry: Carry) -> list[UUID]:
        if not promise.serial_tracked:
            return []
        return self.there.chosen(promise.key, carry.quantity, carry.unit_id, any_will_do=not promise.in_bin)

    def _write_down(self, promise: Promise, to_place: PlaceFacts, carry: Carry, unit_ids: list[UUID]) -> None:
        posting = posting_of(
            promise,
            to_place,
            carry.quantity,
            reason=self.reason,
            document_id=self.document_id,
            actor_id=carry.actor_id,
            promised_to=True,
        )
        written = list(units.naming(posting, unit_ids))
        self.there.follow(written)
        self.postings += written

    def _follow(self, promise: Promise, to_place: PlaceFacts, quantity: int) -> UUID:
        """Let the allocation follow its units and return the id they are promised under now."""
        moved = replace(promise, place=to_place, quantity=quantity)
        if quantity == promise.quantity:
            if self.parts.get(_part(promise)) == promise.id:
                del self.parts[_part(promise)]
            self.now[promise.id] = moved
            self.parts.setdefault(_part(moved), promise.id)
            return promise.id
        self.now[promise.id] = replace(promise, quantity=promise.quantity - quantity)
        part_id = self.parts.get(_part(moved))
        if part_id is None:
            part_id = new_id()
            self.now[part_id] = replace(moved, id=part_id)
            self.parts[_part(moved)] = part_id
        else:
            self.now[part_id] = replace(self.now[part_id], quantity=self.now[part_id].quantity + quantity)
        return part_id

    async def write_allocations(self, uow: UnitOfWork) -> None:
        """Write what became of the allocations: changed rows, and one row per part that was split off."""
        changed = [
            {"id": promise.id, "place_id": promise.place.id, "quantity": promise.quantity}
            for promise in self.now.values()
            if promise.id in self.before and promise != self.before[promise.id]
        ]
        split_off = [_row(uow, promise) for promise in self.now.values() if promise.id not in self.before]
        await uow.update(Allocation, changed)
        await uow.insert(Allocation, split_off)


def carry_destination(promise: Promise, to_place: PlaceFacts | None) -> PlaceFacts:
    """Return the place if promised units may be carried there: a carrier, or back to a sellable bin."""
    if to_place is None:
        raise refusals.UnknownPlace()
    fits = to_place.kind in rules.CARRIER_KINDS or (
        to_place.kind == PlaceKind.BIN and to_place.pool == Pool.SELLABLE == promise.place.pool
    )
    if not fits or to_place.location_id != promise.place.location_id:
        raise refusals.WrongPlace("Promised goods go to a tote, slot, bench or parcel of the same warehouse.")
    if to_place.id == promise.place.id:
        raise refusals.WrongPlace("The goods are there already.")
    return to_place


def posting_of(
    promise: Promise,
    to_place: PlaceFacts,
    quantity: int,
    *,
    reason: str,
    document_id: UUID | None,
    actor_id: UUID | None,
    promised_to: bool = False,
) -> Posting:
    """Return the ledger entry that takes promised units from where they are."""
    return Posting(
        sku_id=promise.sku_id,
        lot_id=promise.lot_id,
        from_place=promise.place,
        to_place=to_place,
        quantity=quantity,
        reason=reason,
        unit_cost_micros=promise.cost_micros,
        lot_blocked=promise.lot_blocked,
        promised_from=True,
        promised_to=promised_to,
        document_id=document_id,
        line_id=promise.line_id,
        actor_id=actor_id,
    )


def _part(promise: Promise) -> _Part:
    """Return what rows of one reservation must share to be one row."""
    return (promise.reservation_id, promise.work_line_id, promise.bin_id, promise.key)


def _row(uow: UnitOfWork, promise: Promise) -> dict[str, Any]:
    return {
        "id": promise.id,
        "reservation_id": promise.reservation_id,
        "line_id": promise.line_id,
        "work_line_id": promise.work_line_id,
        "location_id": promise.location_id,
        "place_id": promise.place.id,
        "bin_id": promise.bin_id,
        "sku_id": promise.sku_id,
        "lot_id": promise.lot_id,
        "quantity": promise.quantity,
        "status": AllocationStatus.OPEN,
        "created_at": uow.now,
    }
