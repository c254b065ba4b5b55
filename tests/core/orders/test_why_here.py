"""Why an order goes out of its location, and why its units come from their bins."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.builders_catalog import make_skus
from tests.builders_orders import House, bring_in, make_house, new_order, only_fulfillment_order, pick, put_on_floor
from tests.builders_stock import make_warehouse, put_stock
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import bins_weighed, why_here
from pickmesh.core.orders.bins_weighed import BinBecause
from pickmesh.core.orders.heres import WhyHere
from pickmesh.core.stock import rules
from pickmesh.core.stock.rules import BalanceKey, Candidate, Level, Need

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
HERE, SKU = new_id(), new_id()


def candidate(place: int, free: int, expires: int | None, came: int, role: str, walk: int) -> Candidate:
    key = BalanceKey(UUID(int=place), SKU, UUID(int=0))
    expires_on = None if expires is None else date(2027, 1, expires)
    return Candidate(key, HERE, free, expires_on, NOON + timedelta(hours=came), role, walk)


CANDIDATES = st.lists(
    st.builds(
        candidate,
        place=st.integers(1, 10**6),
        free=st.integers(1, 5),
        expires=st.none() | st.integers(1, 3),
        came=st.integers(0, 2),
        role=st.sampled_from(["PICK", "OVERFLOW"]),
        walk=st.integers(0, 3),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.key,
)


@given(candidates=CANDIDATES, quantity=st.integers(1, 5))
def test_what_the_plan_takes_first_is_never_explained_away(candidates: list[Candidate], quantity: int) -> None:
    need = Need(new_id(), new_id(), Level(HERE, SKU), quantity, NOON, new_id())
    takes, _ = rules.allocation_plan([need], candidates, {HERE: date(2026, 11, 24)})
    first = next(one for one in candidates if one.key == takes[0].key)
    others = [one for one in candidates if one is not first]
    reason = bins_weighed.because(first, others, takes[0].quantity)
    assert reason not in {BinBecause.OTHER_NOW, BinBecause.LEFT}
    assert (reason is BinBecause.ONLY_BIN) == (not others)
    days = [one.expires_on or date.max for one in others]
    if reason is BinBecause.EXPIRES_FIRST:
        assert (first.expires_on or date.max) < min(days)


async def why(database: Database, actor: Actor, *fulfillment_order_ids: UUID) -> list[WhyHere]:
    async with database.reading(actor) as uow:
        return await why_here.why_here(uow, fulfillment_order_ids=fulfillment_order_ids)


async def released(database: Database, merchant: Actor, house: House, number: str, wanted: Any) -> UUID:
    (verdict,) = await bring_in(database, merchant, new_order(house, number, wanted))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    await put_on_floor(database, merchant, row.id)
    return row.id


async def test_the_lot_that_expires_first_and_the_one_passed_over(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 1})
    shelves = await make_warehouse(database, merchant, code="HZ1", bins=("B-01", "B-02"))
    milk = (await make_skus(database, merchant, ["MILK"], shop="TB", lot_tracked=True))["MILK"]
    late = {"lot_code": "L2", "expires_on": date(2027, 6, 1)}
    soon = {"lot_code": "L1", "expires_on": date(2027, 3, 1)}
    await put_stock(database, merchant, shelves.bins["B-01"], milk, 4, **late)
    await put_stock(database, merchant, shelves.bins["B-02"], milk, 4, **soon)
    order_id = await released(database, merchant, house, "T-1", {"MILK": 3})
    (found,) = await why(database, merchant, order_id)
    (chosen,) = found.bins
    assert chosen.because is BinBecause.EXPIRES_FIRST
    assert chosen.chosen is not None
    assert (chosen.chosen.place_code, chosen.chosen.lot_code, chosen.chosen.free) == ("B-02", "L1", 4)
    assert [(each.place_code, each.lot_code, each.free) for each in chosen.others] == [("B-01", "L2", 4)]
    assert found.sentence == ("HZ1 is the only warehouse. 3 × MILK come from B-02: lot L1 expires first (2027-03-01).")
    assert (found.strategy, found.weighed, found.weighed_at) == (None, [], NOON)


async def test_first_in_first_out_and_what_changed_since(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    house = await make_house(database, merchant, {"CUP": 2})
    shelves = await make_warehouse(database, merchant, code="HZ1", bins=("B-01",))
    clock.advance(timedelta(hours=1))
    await put_stock(database, merchant, shelves.bins["B-01"], house.skus["CUP"], 9)
    order_id = await released(database, merchant, house, "T-1", {"CUP": 2})
    (found,) = await why(database, merchant, order_id)
    assert [each.because for each in found.bins] == [BinBecause.CAME_FIRST]
    assert found.sentence.endswith("2 × CUP come from A-01-1: what came first goes first, and B-01 was filled later.")
    await pick(database, merchant, house, order_id, {"CUP": 2})
    (found,) = await why(database, merchant, order_id)
    (chosen,) = found.bins
    assert (chosen.because, chosen.chosen, chosen.bin_id) == (BinBecause.LEFT, None, house.bins["HZ1"])
    assert "2 × CUP have left their bin for T-" in found.sentence


async def test_what_was_weighed_when_the_warehouse_was_chosen(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 2, "LID": 2}, warehouses=("HZ1", "BJ1"))
    await put_stock(database, merchant, house.bins["BJ1"], house.skus["CUP"], 5)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 4}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    (found,) = await why(database, merchant, row.id)
    assert (found.location_id, found.reason, found.wanted) == (house.warehouses["BJ1"], "COVERS_ORDER", 4)
    assert {(each.location_id, each.covered, each.is_chosen) for each in found.weighed} == {
        (house.warehouses["BJ1"], 4, True),
        (house.warehouses["HZ1"], 2, False),
    }
    assert found.sentence == "BJ1 is the first that had everything. HZ1 had 2 of 4."


async def test_nothing_of_others_and_of_one_line_only_its_bins(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 2, "LID": 2})
    order_id = await released(database, merchant, house, "T-1", {"CUP": 1, "LID": 1})
    assert await why(database, stranger, order_id) == []
    (found,) = await why(database, merchant, order_id)
    assert len(found.bins) == 2
    line_id = found.bins[0].line_id
    async with database.reading(merchant) as uow:
        (of_line,) = await why_here.why_here(uow, line_ids=[line_id])
    assert [each.line_id for each in of_line.bins] == [line_id]


async def test_one_order_and_twenty_take_the_same_statements(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 100, "LID": 100}, warehouses=("HZ1", "BJ1"))
    ids = [await released(database, merchant, house, f"T-{number}", {"CUP": 1, "LID": 1}) for number in range(20)]
    sent = []
    for asked in (ids[:1], ids):
        with statements(database) as seen:
            assert len(await why(database, merchant, *asked)) == len(asked)
        sent.append(len(seen))
    assert sent[0] == sent[1]
