"""One small warehouse for the tests of stock, and short ways to ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from builders_catalog import make_skus
from builders_stock import Warehouse, make_parcel_place, make_warehouse, put_stock

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.stock import allocations, checks, queries, reservations
from pickmesh.core.stock.allocations import Allocated, AllocationNeed
from pickmesh.core.stock.reservations import Reservations
from pickmesh.core.stock.rules import Demand

RANKED_FROM = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Floor:
    """A merchant's warehouse with three SKUs, and short ways to ask of it."""

    database: Database
    actor: Actor
    warehouse: Warehouse
    skus: dict[str, UUID]
    parcel_id: UUID

    def bin(self, code: str) -> UUID:
        return self.warehouse.bins[code]

    def tote(self, code: str = "T-0001") -> UUID:
        return self.warehouse.totes[code]

    def demand(
        self, sku: str, quantity: int, *, line: UUID | None = None, group: UUID | None = None, rank: int = 0
    ) -> Demand:
        return Demand(
            group_id=group or new_id(),
            line_id=line or new_id(),
            location_id=self.warehouse.location_id,
            sku_id=self.skus[sku],
            quantity=quantity,
            rank_at=RANKED_FROM + timedelta(minutes=rank),
        )

    async def put(self, place_id: UUID, sku: str, quantity: int, **lot: Any) -> UUID:
        return await put_stock(self.database, self.actor, place_id, self.skus[sku], quantity, **lot)

    async def reserve(self, *demands: Demand) -> Reservations:
        async with self.database.unit_of_work(self.actor) as uow:
            return await reservations.reserve_stock(uow, demands=demands)

    async def allocate(self, *line_ids: UUID) -> Allocated:
        async with self.database.unit_of_work(self.actor) as uow:
            return await allocations.allocate_lines(uow, lines=[AllocationNeed(line_id) for line_id in line_ids])

    async def promised(self, sku: str, quantity: int, *, rank: int = 0) -> tuple[UUID, list[UUID]]:
        """Reserve and allocate a line; return its id and its allocations' ids."""
        demand = self.demand(sku, quantity, rank=rank)
        assert (await self.reserve(demand)).covered == [demand]
        allocated = await self.allocate(demand.line_id)
        assert not allocated.short
        return demand.line_id, [one.allocation_id for one in allocated.allocations]

    async def level(self, sku: str) -> tuple[int, int, int, int]:
        """Return on hand, non-sellable, reserved, free."""
        async with self.database.reading(self.actor) as uow:
            rows = await queries.levels_of(uow, [self.skus[sku]])
        (row,) = rows or [None]
        return (row.on_hand, row.non_sellable, row.reserved, row.free) if row else (0, 0, 0, 0)

    async def lying(self, sku: str) -> dict[str, tuple[int, int]]:
        """Return quantity and allocated by the code of the place, lots together."""
        async with self.database.reading(self.actor) as uow:
            rows = await queries.balances_of(uow, sku_ids=[self.skus[sku]])
        found: dict[str, tuple[int, int]] = {}
        for row in rows:
            quantity, allocated = found.get(row.place_code, (0, 0))
            found[row.place_code] = (quantity + row.quantity, allocated + row.allocated)
        return found

    async def reservations(self, line_id: UUID) -> list[tuple[str, int]]:
        async with self.database.reading(self.actor) as uow:
            return [(row.status, row.quantity) for row in await queries.reservations_of_lines(uow, [line_id])]

    async def allocations(self, line_id: UUID, *, status: str | None = "OPEN") -> list[tuple[str, int]]:
        """Return place codes and quantities of a line's allocations."""
        async with self.database.reading(self.actor) as uow:
            rows = await queries.allocations_of_lines(uow, [line_id], status=status)
        return sorted((row.place_code, row.quantity) for row in rows)

    async def fetch(self, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        async with self.database.reading(self.actor) as uow:
            return await uow.fetch(statement)

    async def assert_sound(self) -> None:
        async with self.database.reading(self.actor) as uow:
            assert await checks.violations(uow) == []


async def make_floor(database: Database, actor: Actor) -> Floor:
    warehouse = await make_warehouse(database, actor, overflow=("Z-01",))
    skus = await make_skus(database, actor, ["KETTLE", "LID", "CUP"])
    skus |= await make_skus(database, actor, ["MILK"], lot_tracked=True)
    skus |= await make_skus(database, actor, ["PHONE"], serial_tracked=True)
    parcel_id = await make_parcel_place(database, actor, warehouse.location_id, "P-0001")
    return Floor(database, actor, warehouse, skus, parcel_id)
