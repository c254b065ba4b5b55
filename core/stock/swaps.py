"""Taking another lot from a bin than the one that was chosen: the promise stays, the units behind it change."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.stock import locks, promises
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.promises import Promise
from pickmesh.core.stock.refusals import LotNotFree
from pickmesh.core.stock.rules import BalanceFigures, BalanceKey
from pickmesh.core.stock.tables import Allocation, AllocationStatus, LotSwap

Goods = tuple[UUID, UUID]
"""A place and a SKU."""


@dataclass(frozen=True, slots=True)
class LotThere:
    """A lot of a SKU at a place; without a lot the code is empty and the id NIL_ID."""

    key: BalanceKey
    code: str
    expires_on: date | None
    blocked: bool
    quantity: int
    allocated: int

    @property
    def free(self) -> int:
        """How many pieces nobody was promised."""
        return self.quantity - self.allocated

    def expires_after(self, other: "LotThere") -> bool:
        """Tell whether it may be kept longer than another lot."""
        return (self.expires_on or date.max) > (other.expires_on or date.max)

    def is_fit(self, today: date) -> bool:
        """Tell whether it may be sent out: neither on hold nor expired."""
        return not self.blocked and (self.expires_on is None or self.expires_on >= today)


async def lots_at(uow: UnitOfWork, goods: Collection[Goods], *, lock: bool) -> Mapping[Goods, dict[UUID, LotThere]]:
    """Return the lots of SKUs that lie at places; with `lock` their balances are locked, and with them the promises."""
    there: dict[Goods, dict[UUID, LotThere]] = defaultdict(dict)
    if goods:
        for row in await locks.lots_of_goods(uow, goods, lock=lock):
            there[row.place_id, row.sku_id][row.lot_id] = _lot_there(row)
    return there


def _lot_there(row: sa.Row[Any]) -> LotThere:
    return LotThere(
        BalanceKey(row.place_id, row.sku_id, row.lot_id),
        row.code or "",
        row.expires_on,
        bool(row.blocked),
        row.quantity,
        row.allocated,
    )


def is_worth(policy: str, lot: LotThere, meant: LotThere | None) -> bool:
    """Tell whether a warehouse lets a lot be taken for the one that is meant, as far as their dates go."""
    if policy == LotSwap.NEVER:
        return False
    return policy == LotSwap.ALLOW or meant is None or not lot.expires_after(meant)


@dataclass(frozen=True, slots=True)
class Relot:
    """Promised units of an allocation in a bin that come from another lot there; `work_line_id` is who fetches them."""

    allocation_id: UUID
    lot_id: UUID
    quantity: int
    work_line_id: UUID


async def change_lots(uow: UnitOfWork, *, relots: Sequence[Relot]) -> None:
    """Release units of allocations and allocate as many of another lot in the same bin; a fixed number of statements.

    No goods move and no level changes: reservations stay as they are. All of it or nothing: raises LOT_NOT_FREE when
    more than lies there would be promised of a lot, and when an allocation has fewer units in its bin than are to
    change. The caller has locked the balances by `lots_at` and has seen that the lots may be sent out.
    """
    if not relots:
        return
    found = await promises.promises_by_id(uow, {each.allocation_id for each in relots})
    goods = {(promise.place.id, promise.sku_id) for promise in found.values()}
    lots = await lots_at(uow, goods, lock=True)
    balances = {lot.key: BalanceFigures(lot.quantity, lot.allocated) for own in lots.values() for lot in own.values()}
    shrunk: dict[UUID, int] = defaultdict(int)
    differences: dict[BalanceKey, int] = defaultdict(int)
    for each in relots:
        promise = found.get(each.allocation_id)
        if promise is None or not _may_give(promise, shrunk[each.allocation_id] + each.quantity):
            raise LotNotFree
        shrunk[each.allocation_id] += each.quantity
        differences[promise.key] -= each.quantity
        differences[BalanceKey(promise.place.id, promise.sku_id, each.lot_id)] += each.quantity
    if not all(_is_there(balances.get(key), more) for key, more in differences.items()):
        raise LotNotFree
    await post(uow, balances=balances, allocated={key: more for key, more in differences.items() if more})
    await promises.shrink_allocations(uow, shrunk, found)
    await uow.insert(Allocation, [_row(uow, each, found[each.allocation_id]) for each in relots])


def _may_give(promise: Promise, quantity: int) -> bool:
    return promise.is_open and promise.in_bin and quantity <= promise.quantity


def _is_there(figures: BalanceFigures | None, more: int) -> bool:
    return figures is not None and figures.allocated + more <= figures.quantity


def _row(uow: UnitOfWork, relot: Relot, promise: Promise) -> dict[str, Any]:
    return {
        "id": new_id(),
        "reservation_id": promise.reservation_id,
        "line_id": promise.line_id,
        "work_line_id": relot.work_line_id,
        "location_id": promise.location_id,
        "place_id": promise.place.id,
        "bin_id": promise.bin_id,
        "sku_id": promise.sku_id,
        "lot_id": relot.lot_id,
        "quantity": relot.quantity,
        "status": AllocationStatus.OPEN,
        "created_at": uow.now,
    }
