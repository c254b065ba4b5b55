"""Stock as of a past moment is what it was then: against a model, and against the balances of now."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stock_floor import Floor, make_floor
from tests.databases import make_merchant
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, Refused
from pickmesh.core.stock import adjustments, as_of, moves, queries, receipts
from pickmesh.core.stock.adjustments import Adjustment
from pickmesh.core.stock.moves import StockTransfer
from pickmesh.core.stock.receipts import Receipt

Snapshot = dict[tuple[UUID, UUID, UUID], int]
TICK = timedelta(microseconds=1)


async def snapshot(floor: Floor, at: datetime, **asked: Any) -> Snapshot:
    async with floor.database.reading(floor.actor) as uow:
        rows = await as_of.balances_as_of(uow, at, **(asked or {"sku_ids": list(floor.skus.values())}))
    return {(row.place_id, row.sku_id, row.lot_id): row.quantity for row in rows}


async def present(floor: Floor) -> Snapshot:
    async with floor.database.reading(floor.actor) as uow:
        rows = await queries.balances_of(uow, sku_ids=list(floor.skus.values()))
    return {(row.place_id, row.sku_id, row.lot_id): row.quantity for row in rows}


async def act(floor: Floor, kind: str, sku: str, places: tuple[UUID, UUID], quantity: int) -> bool:
    """Do one thing to stock; tell whether it was done."""
    sku_id, (here, there) = floor.skus[sku], places
    async with floor.database.unit_of_work(floor.actor) as uow:
        if kind == "receive":
            answers: Any = await receipts.receive_stock(uow, receipts=[Receipt(here, sku_id, quantity)])
        elif kind == "move":
            answers = await moves.move_stock(uow, moves=[StockTransfer(here, there, sku_id, quantity)])
        else:
            answers = await adjustments.adjust_stock(uow, adjustments=[Adjustment(here, sku_id, -quantity)])
    return not isinstance(answers[0], Refused)


def follow(model: Snapshot, kind: str, sku_id: UUID, places: tuple[UUID, UUID], quantity: int) -> Snapshot:
    """Return what a model says lies there after something was done."""
    here, there = ((place, sku_id, NIL_ID) for place in places)
    after = dict(model)
    after[here] = after.get(here, 0) + (quantity if kind == "receive" else -quantity)
    if kind == "move":
        after[there] = after.get(there, 0) + quantity
    return {key: lying for key, lying in after.items() if lying}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "receive", "move", "lower"]),
        st.sampled_from(["KETTLE", "LID"]),
        st.permutations(["A-01", "A-02", "A-03"]),
        st.integers(1, 6),
        st.sampled_from([0, 1, 3_600_000_000]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_any_history_reads_at_every_moment_as_it_was(
    database: Database, clock: StoppedClock, steps: list[Any]
) -> None:
    floor = await make_floor(database, await make_merchant(database))
    began = clock.now()
    model: Snapshot = {}
    snapshots: dict[datetime, Snapshot] = {}
    for kind, sku, codes, quantity, microseconds in steps:
        clock.advance(timedelta(microseconds=microseconds))
        places = (floor.bin(codes[0]), floor.bin(codes[1]))
        if await act(floor, kind, sku, places, quantity):
            model = follow(model, kind, floor.skus[sku], places, quantity)
        snapshots[clock.now()] = model
    assert await present(floor) == model == await snapshot(floor, clock.now())
    for moment, then in snapshots.items():
        assert await snapshot(floor, moment) == then
    if min(snapshots) > began:
        assert await snapshot(floor, min(snapshots) - TICK) == {}


async def test_a_microsecond_before_a_move_it_has_not_happened(floor: Floor, clock: StoppedClock) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    then = clock.now()
    clock.advance(TICK)
    await act(floor, "move", "KETTLE", (floor.bin("A-01"), floor.bin("A-02")), 2)
    key = (floor.bin("A-01"), floor.skus["KETTLE"], NIL_ID)
    assert (await snapshot(floor, then))[key] == 5
    assert (await snapshot(floor, then + TICK))[key] == 3
    assert await snapshot(floor, then + TICK, place_ids=[floor.bin("A-02")]) == {
        (floor.bin("A-02"), floor.skus["KETTLE"], NIL_ID): 2
    }


async def test_levels_then_are_told_per_warehouse(floor: Floor, clock: StoppedClock) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    await floor.put(floor.warehouse.others["HOSPITAL"], "KETTLE", 2)
    lot_id = await floor.put(floor.bin("A-02"), "MILK", 4, lot_code="L1", expires_on=date(2027, 1, 1))
    then = clock.now()
    clock.advance(timedelta(days=1))
    await act(floor, "lower", "KETTLE", (floor.bin("A-01"), floor.bin("A-02")), 5)
    ids = [floor.skus["KETTLE"], floor.skus["MILK"]]
    here = floor.warehouse.location_id
    async with floor.database.reading(floor.actor) as uow:
        before = await as_of.levels_as_of(uow, then, sku_ids=ids)
        after = await as_of.levels_as_of(uow, uow.now, sku_ids=ids, location_id=here)
        (milk,) = await as_of.balances_as_of(uow, then, sku_ids=[floor.skus["MILK"]])
    assert before == [(here, ids[0], 7, 2, 0), (here, ids[1], 4, 0, 0)]
    assert after == [(here, ids[0], 2, 2, 0), (here, ids[1], 4, 0, 0)]
    assert (milk.lot_id, milk.lot_code, milk.expires_on) == (lot_id, "L1", date(2027, 1, 1))


async def test_nothing_named_and_too_much_are_refused(floor: Floor, clock: StoppedClock) -> None:
    async with floor.database.reading(floor.actor) as uow:
        with pytest.raises(InvalidInput, match="by SKU or by place"):
            await as_of.balances_as_of(uow, clock.now())
        with pytest.raises(LimitExceeded, match="at most 250"):
            await as_of.balances_as_of(uow, clock.now(), sku_ids=[NIL_ID] * 251)


async def test_the_ledger_is_asked_once_for_any_number_of_moves(floor: Floor, clock: StoppedClock) -> None:
    sent = []
    for number in (1, 10, 100):
        for _ in range(number):
            await act(floor, "receive", "KETTLE", (floor.bin("A-01"), floor.bin("A-02")), 1)
        async with floor.database.reading(floor.actor) as uow:
            with statements(floor.database) as seen:
                await as_of.balances_as_of(uow, uow.now, sku_ids=[floor.skus["KETTLE"]])
        sent.append(len(seen))
    assert sent == [1, 1, 1]


async def test_another_merchants_stock_is_not_there(floor: Floor, stranger: Any) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    async with floor.database.reading(stranger) as uow:
        assert await as_of.balances_as_of(uow, uow.now, sku_ids=[floor.skus["KETTLE"]]) == []
