"""Invariants of goods on the move, broken by hand, are found by name."""

from typing import Any
from uuid import UUID

import pytest_asyncio
import sqlalchemy as sa
from builders_stock import make_warehouse
from databases import make_merchant
from stock_floor import Floor, make_floor

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.ids import NIL_ID, new_id
from pickmesh.core.stock import checks, replenishment, transfer_sends, transfers
from pickmesh.core.stock.replenishment import NewPickFace
from pickmesh.core.stock.tables import Reservation, StockLevel, StockMove, StockUnit
from pickmesh.core.stock.transfer_sends import Sending
from pickmesh.core.stock.transfer_tables import ReplenishmentTask, Transfer, TransferLine
from pickmesh.core.stock.transfers import PlannedLine, TransferPlan


@pytest_asyncio.fixture
async def ruined(fresh_database: Database) -> Floor:
    """A floor with a transfer half sent, a task to fill a pick face and a serial, about to be ruined."""
    floor = await make_floor(fresh_database, await make_merchant(fresh_database))
    other = await make_warehouse(floor.database, floor.actor, code="WH2", bins=("B-01",))
    await floor.put(floor.bin("Z-01"), "KETTLE", 9)
    await floor.put(floor.bin("A-02"), "PHONE", 1, serials=("S1",))
    async with floor.database.unit_of_work(floor.actor) as uow:
        lines = [PlannedLine(floor.skus["KETTLE"], 4)]
        plan = TransferPlan(floor.warehouse.location_id, other.location_id, lines)
        (planned,) = await transfers.plan_transfers(uow, plans=[plan])
        assert isinstance(planned, transfers.Planned)
        await transfer_sends.send_transfers(uow, sendings=[Sending(planned.line_ids[0], 3)])
        faces = [NewPickFace(floor.bin("A-01"), floor.skus["KETTLE"], 1, 2)]
        await replenishment.save_pick_faces(uow, faces=faces)
        await replenishment.plan_replenishments(uow, location_id=floor.warehouse.location_id)
    await floor.assert_sound()
    return floor


async def told(floor: Floor, statement: Any) -> list[str]:
    """Write past every rule, then return what the doctor says, without ids."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        assert (await uow.execute(statement)).rowcount == 1
    async with floor.database.reading(floor.actor) as uow:
        found = await checks.violations(uow)
    return sorted(" ".join(word for word in one.sentence.split() if not is_id(word)) for one in found)


def is_id(word: str) -> bool:
    try:
        UUID(word.strip(",."))
    except ValueError:
        return False
    return True


def mine(floor: Floor, table: Any, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.and_(table.merchant_id == floor.actor.merchant_id, *more)


async def test_incoming_that_is_not_what_travels(ruined: Floor) -> None:
    is_there = mine(ruined, StockLevel, StockLevel.incoming == 3)
    assert await told(ruined, sa.update(StockLevel).where(is_there).values(incoming=5)) == [
        "Location counts 5 of SKU as incoming, but 3 travel there."
    ]


async def test_a_transfer_line_that_says_more_travels_than_does(ruined: Floor) -> None:
    assert await told(ruined, sa.update(TransferLine).where(mine(ruined, TransferLine)).values(sent_quantity=4)) == [
        "Transfer holds 1 of a line of which 0 are still to be sent.",
        "Transfer says 4 of SKU travel, but 3 lie in its TRANSIT place.",
    ]


async def test_a_transfer_that_holds_pieces_it_will_not_send(ruined: Floor) -> None:
    assert await told(ruined, sa.update(Transfer).where(mine(ruined, Transfer)).values(status="SENT")) == [
        "Transfer holds 1 of a line of which 0 are still to be sent."
    ]
    found = await told(ruined, sa.update(Reservation).where(mine(ruined, Reservation)).values(status="RELEASED"))
    assert found == ["Location counts 1 of SKU as reserved, but 0 are promised; 5 are free."]


async def test_more_came_back_than_was_shipped(ruined: Floor) -> None:
    row = {
        "merchant_id": ruined.actor.merchant_id,
        "id": new_id(),
        "sku_id": ruined.skus["KETTLE"],
        "lot_id": NIL_ID,
        "from_place_id": ruined.bin("Z-01"),
        "to_place_id": ruined.bin("A-03"),
        "quantity": 2,
        "reason": "RETURN",
        "line_id": new_id(),
        "at": sa.func.now(),
    }
    async with ruined.database.reading(ruined.actor) as uow:
        row["at"] = uow.now
    found = await told(ruined, sa.insert(StockMove).values(row))
    assert "Of line 2 came back, but it shipped 0." in found


async def test_a_serial_recorded_where_nothing_lies(ruined: Floor) -> None:
    row = {
        "merchant_id": ruined.actor.merchant_id,
        "id": new_id(),
        "sku_id": ruined.skus["PHONE"],
        "serial": "S2",
        "lot_id": NIL_ID,
        "place_id": ruined.bin("A-02"),
        "state": "IN_STOCK",
    }
    async with ruined.database.reading(ruined.actor) as uow:
        row["created_at"] = uow.now
    assert await told(ruined, sa.insert(StockUnit).values(row)) == [
        "Location holds 1 of SKU but 2 serial numbers are recorded there."
    ]


async def test_a_task_that_moved_more_than_it_asks_for(ruined: Floor) -> None:
    is_task = mine(ruined, ReplenishmentTask)
    assert await told(ruined, sa.update(ReplenishmentTask).where(is_task).values(moved_quantity=7)) == [
        "Replenishment of 2 moved 7."
    ]
