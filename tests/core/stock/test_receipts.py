import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from builders_accounts import make_person
from builders_catalog import make_bundle, make_skus, save_skus
from events_told import events_told
from stock_floor import Floor

from pickmesh.core.catalog.rules import NewSku
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted, Refused
from pickmesh.core.stock import queries, receipts
from pickmesh.core.stock.receipts import Receipt, Received
from pickmesh.core.stock.tables import StockMove

TODAY = date(2026, 11, 24)


async def receive(floor: Floor, *rows: Receipt) -> list[Received | Refused]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await receipts.receive_stock(uow, receipts=rows)


async def opening(floor: Floor, *rows: Receipt) -> list[Received | Refused]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await receipts.set_opening_stock(uow, rows=rows)


def told(answers: list[Received | Refused]) -> list[int | str]:
    return [one.refusal.code if isinstance(one, Refused) else one.quantity for one in answers]


def row(floor: Floor, sku: str, quantity: int, place: str = "A-01", **rest: Any) -> Receipt:
    return Receipt(floor.bin(place), floor.skus[sku], quantity, **rest)


async def moves(floor: Floor) -> list[tuple[str, int, int]]:
    statement = sa.select(StockMove.reason, StockMove.quantity, StockMove.unit_cost_micros)
    merchant = StockMove.merchant_id == floor.actor.merchant_id
    return [(one.reason, one.quantity, one.unit_cost_micros) for one in await floor.fetch(statement.where(merchant))]


async def test_receipts_raise_balance_and_level_and_keep_their_cost(floor: Floor) -> None:
    answers = await receive(
        floor, row(floor, "KETTLE", 5), row(floor, "KETTLE", 2, unit_cost_micros=9), row(floor, "LID", 1, "A-02")
    )
    assert told(answers) == [5, 2, 1]
    assert await floor.level("KETTLE") == (7, 0, 0, 7)
    assert await floor.lying("KETTLE") == {"A-01": (7, 0)}
    assert sorted(await moves(floor)) == [("RECEIPT", 1, 4_000_000), ("RECEIPT", 2, 9), ("RECEIPT", 5, 4_000_000)]
    (kettles, _) = [one for one in await events_told(floor.database, floor.actor) if one.kind == "stock_received"]
    assert kettles.payload == {"location_id": str(floor.warehouse.location_id), "quantity": 7, "free": 7}
    await floor.assert_sound()


async def test_what_comes_into_hospital_is_on_hand_but_not_sellable(floor: Floor) -> None:
    await floor.put(floor.warehouse.others["HOSPITAL"], "KETTLE", 2)
    await floor.put(floor.warehouse.others["DOCK-1"], "KETTLE", 3)
    assert await floor.level("KETTLE") == (5, 2, 0, 3)
    await floor.assert_sound()


async def test_rows_that_cannot_be_received_are_told_and_the_rest_is_done(floor: Floor) -> None:
    bundle = await make_bundle(floor.database, floor.actor, "SET", {"KETTLE": 1, "LID": 1})
    answers = await receive(
        floor,
        Receipt(new_id(), floor.skus["KETTLE"], 1),
        Receipt(floor.bin("A-01"), new_id(), 1),
        Receipt(floor.tote(), floor.skus["KETTLE"], 1),
        Receipt(floor.bin("A-01"), bundle, 1),
        row(floor, "KETTLE", 0),
        row(floor, "MILK", 1),
        row(floor, "PHONE", 2, serial="S1"),
        row(floor, "KETTLE", 4),
    )
    assert told(answers) == [
        "UNKNOWN_PLACE",
        "UNKNOWN_SKU",
        "WRONG_PLACE",
        "BUNDLE_HAS_NO_STOCK",
        "INVALID_INPUT",
        "LOT_NEEDED",
        "SERIAL_NEEDED",
        4,
    ]
    await floor.assert_sound()


async def test_one_lot_has_one_expiry_date_and_its_own_balance(floor: Floor) -> None:
    later = TODAY + timedelta(days=90)
    answers = await receive(
        floor,
        row(floor, "MILK", 3, lot_code=" l1 ", expires_on=later),
        row(floor, "MILK", 2, lot_code="L1", expires_on=later),
        row(floor, "MILK", 1, lot_code="L1", expires_on=TODAY),
        row(floor, "MILK", 4, lot_code="L2"),
    )
    assert told(answers) == [3, 2, "LOT_DIFFERS", 4]
    async with floor.database.reading(floor.actor) as uow:
        balances = await queries.balances_of(uow, sku_ids=[floor.skus["MILK"]])
    assert sorted((one.lot_code, one.expires_on, one.quantity) for one in balances) == [
        ("L1", later, 5),
        ("L2", None, 4),
    ]
    await floor.assert_sound()


async def test_goods_that_expire_and_name_no_lot_go_by_their_date(floor: Floor) -> None:
    ids = await save_skus(floor.database, floor.actor, [NewSku("YOGURT", "P-Y", "酸奶", expiry_tracked=True)])
    floor.skus.update(ids)
    answers = await receive(
        floor,
        row(floor, "YOGURT", 1),
        row(floor, "YOGURT", 2, expires_on=TODAY + timedelta(days=1)),
        row(floor, "YOGURT", 3, expires_on=TODAY - timedelta(days=1)),
    )
    assert told(answers) == ["LOT_NEEDED", 2, 3]
    # What is over on arrival is not sellable.
    assert await floor.level("YOGURT") == (5, 3, 0, 2)
    await floor.assert_sound()


async def test_each_serial_is_in_stock_once(floor: Floor) -> None:
    answers = await receive(
        floor,
        row(floor, "PHONE", 1, serial="s1"),
        row(floor, "PHONE", 1, serial="S1"),
        row(floor, "PHONE", 1, serial="S2"),
    )
    assert told(answers) == [1, "SERIAL_KNOWN", 1]
    assert told(await receive(floor, row(floor, "PHONE", 1, serial="S2"))) == ["SERIAL_KNOWN"]
    async with floor.database.reading(floor.actor) as uow:
        units = await queries.units_by_serial(uow, ["s1", "S2", "S3"])
    assert [(one.serial, one.state, one.place_id) for one in units] == [
        ("S1", "IN_STOCK", floor.bin("A-01")),
        ("S2", "IN_STOCK", floor.bin("A-01")),
    ]
    assert await floor.level("PHONE") == (2, 0, 0, 2)


async def test_opening_stock_told_twice_changes_nothing_the_second_time(floor: Floor) -> None:
    rows = [
        row(floor, "KETTLE", 5),
        row(floor, "MILK", 3, lot_code="L1"),
        row(floor, "PHONE", 1, serial="S1"),
        row(floor, "PHONE", 1, serial="S2"),
    ]
    assert told(await opening(floor, *rows)) == [5, 3, 1, 1]
    before = sorted(await moves(floor))
    assert told(await opening(floor, *rows)) == [0, 0, 0, 0]
    assert sorted(await moves(floor)) == before
    assert {reason for reason, _, _ in before} == {"OPENING"}
    await floor.assert_sound()


async def test_opening_stock_counts_what_lies_there_and_stays_when_it_has_been_picked(floor: Floor) -> None:
    await receive(floor, row(floor, "KETTLE", 2))
    assert told(await opening(floor, row(floor, "KETTLE", 5))) == [3]
    await floor.promised("KETTLE", 4)
    assert told(await opening(floor, row(floor, "KETTLE", 5))) == [0]
    assert await floor.level("KETTLE") == (5, 0, 4, 1)
    await floor.assert_sound()


async def test_opening_rows_that_contradict_are_refused(floor: Floor) -> None:
    await receive(floor, row(floor, "LID", 9))
    answers = await opening(floor, row(floor, "KETTLE", 5), row(floor, "KETTLE", 6), row(floor, "LID", 4))
    assert told(answers) == [5, "INVALID_INPUT", "NOT_ENOUGH_STOCK"]
    await floor.assert_sound()


async def test_two_openings_at_once_book_once(floor: Floor) -> None:
    skus = await make_skus(floor.database, floor.actor, ["NEW"])
    new = Receipt(floor.bin("A-01"), skus["NEW"], 5)

    async def once(uow: Any) -> list[Received | Refused]:
        return await receipts.set_opening_stock(uow, rows=[new])

    answers = await asyncio.gather(*(floor.database.run(floor.actor, once) for _ in range(4)))
    assert sorted(told([one for answer in answers for one in answer])) == [0, 0, 0, 5]


async def test_a_picker_may_not_book_receipts(floor: Floor) -> None:
    _, picker = await make_person(floor.database, floor.actor, Role.PICKER)
    with pytest.raises(NotPermitted):
        async with floor.database.unit_of_work(picker) as uow:
            await receipts.receive_stock(uow, receipts=[row(floor, "KETTLE", 1)])
    assert await floor.level("KETTLE") == (0, 0, 0, 0)


async def test_a_manager_of_another_warehouse_may_not_either(floor: Floor) -> None:
    elsewhere: frozenset[UUID] = frozenset({new_id()})
    _, manager = await make_person(floor.database, floor.actor, Role.MANAGER, warehouse_ids=elsewhere)
    with pytest.raises(NotPermitted):
        async with floor.database.unit_of_work(manager) as uow:
            await receipts.set_opening_stock(uow, rows=[row(floor, "KETTLE", 1)])
