"""Goods on the move for tests that walk the whole schema: transfers, pick faces, tasks, serial-tracked units."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from tests.builders_catalog import save_skus
from tests.builders_stock import Warehouse, make_warehouse

from pickmesh.core.catalog.rules import NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.stock import places, receipts, replenishment, transfer_queries, transfer_sends, transfers
from pickmesh.core.stock.places import NewPlace
from pickmesh.core.stock.receipts import Receipt
from pickmesh.core.stock.replenishment import NewPickFace
from pickmesh.core.stock.transfer_sends import Sending
from pickmesh.core.stock.transfers import PlannedLine, TransferPlan


async def furnish_moves(
    database: Database, actor: Actor, size: int, warehouse: Warehouse, ids: defaultdict[str, list[UUID]]
) -> None:
    """Send `size` transfers to another warehouse, let as many pick faces need pieces, and keep as many serials."""
    other = await make_warehouse(database, actor, code="WHT", bins=[], totes=[], benches=[])
    phones = await save_skus(database, actor, [NewSku("PHONE-99", "P-PHONE-99", "手机", "Phone", serial_tracked=True)])
    async with database.unit_of_work(actor) as uow:
        (overflow,) = await places.save_places(uow, places=[NewPlace("WH1", "Z-99", "BIN", role="OVERFLOW")])
    assert isinstance(overflow, places.Saved)
    skus = list(zip(warehouse.bins.values(), ids["Sku"], strict=False))[:size]
    async with database.unit_of_work(actor) as uow:
        came = [Receipt(overflow.place_id, sku_id, 5, lot_code="L-MOVES") for _, sku_id in skus]
        serials = ["X", *(f"X-{number}" for number in range(2, size + 1))]
        came += [Receipt(overflow.place_id, phones["PHONE-99"], 1, serial=serial) for serial in serials]
        received: list[Any] = list(await receipts.receive_stock(uow, receipts=came))
        ids["StockUnit"] += [one.unit_id for one in received[len(skus) :]]
        plans = [TransferPlan(warehouse.location_id, other.location_id, [PlannedLine(sku_id, 1)]) for _, sku_id in skus]
        planned: list[Any] = list(await transfers.plan_transfers(uow, plans=plans))
        ids["Transfer"] += [one.transfer_id for one in planned]
        ids["TransferLine"] += [row.id for row in await transfer_queries.lines_of_transfers(uow, ids["Transfer"])]
        await transfer_sends.send_transfers(uow, sendings=[Sending(one, 1) for one in ids["TransferLine"]])
        faces = [NewPickFace(bin_id, sku_id, 30, 60) for bin_id, sku_id in skus]
        await replenishment.save_pick_faces(uow, faces=faces)
        ids["ReplenishmentTask"] += await replenishment.plan_replenishments(uow, location_id=warehouse.location_id)
