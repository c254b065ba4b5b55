"""Serial-tracked units: which of them follow a move."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.stock import locks, refusals
from pickmesh.core.stock.promises import Promise
from pickmesh.core.stock.rules import BalanceKey, Posting


class UnitsThere:
    """The serial-tracked units in stock at some places, as a batch of moves goes through them in memory."""

    def __init__(self, units: Iterable[tuple[UUID, BalanceKey, str]]) -> None:
        self._at: defaultdict[BalanceKey, list[UUID]] = defaultdict(list)
        self._named: dict[tuple[UUID, str], UUID] = {}
        for unit_id, key, serial in units:
            self._at[key].append(unit_id)
            self._named[key.sku_id, serial] = unit_id

    def named(self, sku_id: UUID, serial: str, unit_id: UUID | None = None) -> UUID | None:
        """Return the unit that was told, by its id or its serial number; None when neither was.

        Refuses SERIAL_ELSEWHERE for a serial number that is not recorded at any of these places.
        """
        told = serial.strip().upper()
        if unit_id is not None or not told:
            return unit_id
        if (sku_id, told) not in self._named:
            raise refusals.SerialElsewhere(field=("serial",), data={"serial": told})
        return self._named[sku_id, told]

    def chosen(self, key: BalanceKey, quantity: int, unit_id: UUID | None, *, any_will_do: bool) -> list[UUID]:
        """Return which units go: the named one, all when all go, else the first by serial number if any will do.

        Goods that lay here before their SKU was kept by serial number have no rows and go unnamed. Refuses
        SERIAL_ELSEWHERE for a unit recorded elsewhere, SERIAL_NEEDED when it matters which goes and none is named.
        """
        there = self._at[key]
        if unit_id is not None:
            if quantity != 1 or unit_id not in there:
                raise refusals.SerialElsewhere(data={"unitId": str(unit_id)})
            return [unit_id]
        if any_will_do or quantity == len(there) or not there:
            return there[:quantity]
        raise refusals.SerialNeeded()

    def follow(self, postings: Iterable[Posting]) -> None:
        """Take note of where units have gone."""
        for posting in postings:
            if posting.unit_id is not None:
                self._at[BalanceKey(posting.from_place.id, posting.sku_id, posting.lot_id)].remove(posting.unit_id)
                self._at[BalanceKey(posting.to_place.id, posting.sku_id, posting.lot_id)].append(posting.unit_id)


async def units_at(uow: UnitOfWork, keys: Iterable[BalanceKey]) -> UnitsThere:
    """Lock the serial-tracked units at these balances; no statement when there is no key."""
    pairs = {(key.place_id, key.sku_id) for key in keys}
    found = await locks.lock_units(uow, pairs) if pairs else []
    return UnitsThere((unit.id, BalanceKey(unit.place_id, unit.sku_id, unit.lot_id), unit.serial) for unit in found)


async def units_of_promises(uow: UnitOfWork, promises: Iterable[Promise]) -> UnitsThere:
    """Lock the units where serial-tracked promises lie; no statement when none is serial-tracked."""
    return await units_at(uow, [promise.key for promise in promises if promise.serial_tracked])


def naming(posting: Posting, unit_ids: Sequence[UUID]) -> Iterator[Posting]:
    """Split a posting into one per named unit and one for those without a name."""
    if not unit_ids:
        yield posting
        return
    for unit_id in unit_ids:
        yield replace(posting, quantity=1, unit_id=unit_id)
    if posting.quantity > len(unit_ids):
        yield replace(posting, quantity=posting.quantity - len(unit_ids))
