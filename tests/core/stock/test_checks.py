"""Each invariant broken by hand is found, by name."""

from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from databases import make_merchant
from stock_floor import Floor, make_floor

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.ids import NIL_ID, new_id
from pickmesh.core.kit.violations import Violation
from pickmesh.core.stock import carrying, checks
from pickmesh.core.stock.carrying import Carry
from pickmesh.core.stock.tables import Allocation, Reservation, StockBalance, StockLevel, StockMove


@pytest_asyncio.fixture
async def ruined(fresh_database: Database) -> Floor:
    """A floor with goods in a bin, in a tote and promised, about to be ruined."""
    floor = await make_floor(fresh_database, await make_merchant(fresh_database))
    await floor.put(floor.bin("A-01"), "KETTLE", 9)
    _, (allocation,) = await floor.promised("KETTLE", 4)
    async with floor.database.unit_of_work(floor.actor) as uow:
        await carrying.carry_allocations(uow, carries=[Carry(allocation, floor.tote(), 1)], reason="PICK")
    await floor.assert_sound()
    return floor


async def break_it(floor: Floor, statement: sa.Update | sa.Insert) -> list[Violation]:
    """Write past every rule, then look."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        changed = await uow.execute(statement)
        assert changed.rowcount == 1
    async with floor.database.reading(floor.actor) as uow:
        return await checks.violations(uow)


def mine(floor: Floor, table: Any) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = table.merchant_id == floor.actor.merchant_id
    return found


def at_bin(floor: Floor) -> sa.ColumnElement[bool]:
    return sa.and_(mine(floor, StockBalance), StockBalance.place_id == floor.bin("A-01"))


async def test_a_balance_that_drifts_from_the_ledger(ruined: Floor) -> None:
    found = await break_it(ruined, sa.update(StockBalance).where(at_bin(ruined)).values(quantity=7))
    # The level, which is the sum of balances, no longer agrees either.
    assert sorted(one.invariant for one in found) == [1, 3]
    (drift,) = [one for one in found if one.invariant == 1]
    assert (drift.data["ledger"], drift.data["balance"]) == ("8", "7")
    assert drift.data["place_id"] == str(ruined.bin("A-01"))


async def test_goods_that_left_a_place_without_ever_coming(ruined: Floor) -> None:
    found = await break_it(ruined, move(ruined, ruined.bin("A-02"), ruined.bin("A-03")))
    assert [one.invariant for one in found] == [1, 1]
    assert sorted(str(one.data["ledger"]) for one in found) == ["-1", "1"]


async def test_a_move_to_nowhere(ruined: Floor) -> None:
    found = await break_it(ruined, move(ruined, ruined.bin("A-01"), new_id()))
    assert sorted(one.invariant for one in found) == [1, 2]
    assert "does not lead from one place of ours to another" in next(
        one.sentence for one in found if one.invariant == 2
    )


def move(floor: Floor, from_place: Any, to_place: Any) -> sa.Insert:
    return sa.insert(StockMove).values(
        merchant_id=floor.actor.merchant_id,
        id=new_id(),
        sku_id=floor.skus["KETTLE"],
        lot_id=NIL_ID,
        from_place_id=from_place,
        to_place_id=to_place,
        quantity=1,
        reason="PLANTED",
        at=floor.database.clock.now(),
    )


@pytest.mark.parametrize("figure", ["on_hand", "non_sellable", "reserved"])
async def test_a_level_that_drifts_from_what_it_sums(ruined: Floor, figure: str) -> None:
    column = StockLevel.__table__.c[figure]
    found = await break_it(ruined, sa.update(StockLevel).where(mine(ruined, StockLevel)).values({figure: column + 1}))
    assert [one.invariant for one in found] == [3]
    assert found[0].data["sku_id"] == str(ruined.skus["KETTLE"])
    before = {"on_hand": 9, "non_sellable": 0, "reserved": 4}[figure]
    assert found[0].data[figure] == str(before + 1)


async def test_a_promise_at_a_place_that_nobody_made(ruined: Floor) -> None:
    found = await break_it(ruined, sa.update(StockBalance).where(at_bin(ruined)).values(allocated=5))
    assert [(one.invariant, one.data["allocated"], one.data["promised"]) for one in found] == [(3, "5", "3")]


async def test_a_line_that_holds_more_than_is_reserved_for_it(ruined: Floor) -> None:
    found = await break_it(ruined, sa.update(Reservation).where(mine(ruined, Reservation)).values(quantity=2))
    assert [one.invariant for one in found] == [3, 3]
    assert (found[0].data["reserved"], found[0].data["promised"]) == ("4", "2")
    assert (found[1].data["held"], found[1].data["reserved"]) == ("4", "2")


async def test_units_in_a_tote_that_no_order_wants(ruined: Floor) -> None:
    in_tote = sa.and_(mine(ruined, Allocation), Allocation.place_id == ruined.tote())
    found = await break_it(ruined, sa.update(Allocation).where(in_tote).values(status="RELEASED"))
    assert [(one.invariant, one.data.get("promised")) for one in found] == [(3, "0")]
    at_tote = sa.and_(mine(ruined, StockBalance), StockBalance.place_id == ruined.tote())
    found = await break_it(ruined, sa.update(StockBalance).where(at_tote).values(allocated=0))
    assert [one.sentence for one in found] == [
        f"Place {ruined.tote()} carries 1 of SKU {ruined.skus['KETTLE']}, but only 0 for orders."
    ]


async def test_another_merchants_ruin_is_not_mine(ruined: Floor) -> None:
    await break_it(ruined, sa.update(StockBalance).where(at_bin(ruined)).values(quantity=7))
    stranger = await make_merchant(ruined.database)
    async with ruined.database.reading(stranger) as uow:
        assert await checks.violations(uow) == []


@pytest.mark.parametrize("column", ["location_id", "sku_id"])
async def test_a_reservation_of_what_is_not_there(ruined: Floor, column: str) -> None:
    found = await break_it(ruined, sa.update(Reservation).where(mine(ruined, Reservation)).values(**{column: new_id()}))
    told = [one for one in found if "promises a SKU or a location that is not there" in one.sentence]
    assert [one.invariant for one in told] == [3]
