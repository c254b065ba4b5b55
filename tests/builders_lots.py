"""A bin with milk of several lots, for tests of any room that pick it by lot."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tests.builders_catalog import make_skus
from tests.builders_floor import Floor, bring_orders, make_floor, release
from tests.builders_stock import put_stock

from pickmesh.core.floor import pick_log
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.reading import events_after
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.picking.tables import PickLine, WaveKind
from pickmesh.core.stock.tables import Allocation, AllocationStatus, LotSwap

GTIN = "04006381333931"
OLD, NEW = (("OLD", 10, 5), ("NEW", 90, 5))
"""Lots as (code, days until they expire, pieces)."""


@dataclass
class Dairy:
    """A bin A-01 with milk of several lots, and phones that scan it by GS1 codes."""

    floor: Floor
    lot_ids: Mapping[str, UUID]

    async def list_of(self, wanted: Mapping[str, int], kind: WaveKind = WaveKind.DISCRETE) -> list[UUID]:
        """Bring orders of so many pieces and release them; return the lists."""
        ids = await bring_orders(self.floor, {name: {"MILK": quantity} for name, quantity in wanted.items()})
        return list((await release(self.floor, kind, orders=ids)).pick_list_ids)

    async def rows(self, table: Any, *columns: str) -> list[tuple[Any, ...]]:
        names = {lot_id: code for code, lot_id in self.lot_ids.items()}
        async with self.floor.database.reading(self.floor.actor) as uow:
            wanted = sa.select(*(getattr(table, name) for name in columns)).where(uow.mine(table)).order_by(table.id)
            return [tuple(names.get(value, value) for value in row) for row in await uow.fetch(wanted)]

    async def promised(self) -> list[tuple[str, int]]:
        """How many pieces of each lot are promised."""
        total: Counter[str] = Counter()
        for lot, quantity, status in await self.rows(Allocation, "lot_id", "quantity", "status"):
            total[lot] += quantity if status == AllocationStatus.OPEN else 0
        return sorted(total.items())

    async def lines(self) -> list[tuple[Any, ...]]:
        """Every pick line as (lot, lot that was meant, pieces, picked, status)."""
        return await self.rows(PickLine, "lot_id", "meant_lot_id", "quantity", "picked_quantity", "status")

    async def log(self) -> list[tuple[str, str, int]]:
        """The pick log as (required lot, picked lot, pieces), the oldest first."""
        names = {lot_id: code for code, lot_id in self.lot_ids.items()}
        async with self.floor.database.reading(self.floor.actor) as uow:
            page = await pick_log.pick_page(uow, PageRequest())
        return [(names[row.required_lot_id], names[row.lot_id], row.quantity) for row in reversed(page.items)]

    async def told(self, kind: str) -> list[Mapping[str, Any]]:
        async with self.floor.database.reading(self.floor.actor) as uow:
            return [event.payload for event in await events_after(uow, 0) if event.kind == kind]


async def make_dairy(
    database: Database,
    merchant: Actor,
    stock: Sequence[tuple[str, int, int]] = (OLD, NEW),
    swap: LotSwap = LotSwap.ALLOW,
    **more: Any,
) -> Dairy:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 1}}, lot_swap=swap, **more)
    milk = await make_skus(database, merchant, ["MILK"], shop="TB", lot_tracked=True, barcodes={"MILK": GTIN})
    floor.house = replace(floor.house, skus={**floor.house.skus, **milk})
    today = database.clock.now().date()
    ids = {}
    for code, days, quantity in stock:
        expires_on = today + timedelta(days=days)
        where = floor.warehouse.bins["A-01"]
        ids[code] = await put_stock(
            database, merchant, where, milk["MILK"], quantity, lot_code=code, expires_on=expires_on
        )
    return Dairy(floor, ids)
