"""Locations: settings changed one by one, each refused for itself."""

from typing import Any
from uuid import UUID

import pytest
from tests.builders_orders import House, make_house
from tests.events_told import kinds_told
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refused, StaleVersion
from pickmesh.core.stock import locations, queries
from pickmesh.core.stock.locations import LocationChange
from pickmesh.core.stock.tables import LotSwap, ScanPolicy, ShipAt, WaybillAt, ZeroCheck


async def change(database: Database, actor: Actor, *changes: LocationChange) -> list[UUID | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await locations.change_locations(uow, changes=changes)


async def shown(database: Database, actor: Actor, location_id: UUID) -> Any:
    async with database.reading(actor) as uow:
        return (await queries.locations_by_id(uow, [location_id]))[location_id]


async def a_house(database: Database, merchant: Actor) -> tuple[House, UUID]:
    house = await make_house(database, merchant, {"CUP": 0})
    return house, house.warehouses["HZ1"]


async def test_every_setting_changes_and_what_is_not_told_stays(database: Database, merchant: Actor) -> None:
    _, hangzhou = await a_house(database, merchant)
    told = {
        "name": "杭州仓",
        "priority": 5,
        "cut_off": "17:00",
        "scan_policy": ScanPolicy.EVERY_UNIT,
        "lot_swap": LotSwap.NEVER,
        "zero_check": ZeroCheck.AT_ZERO,
        "waybill_at": WaybillAt.RELEASE,
        "ship_at": ShipAt.SEAL,
        "weight_tolerance_g": 80,
        "pickers": 6,
        "walk_mm_per_s": 1_300,
        **dict.fromkeys(("list_ds", "stop_ds", "unit_ds", "sort_ds", "slot_ds", "pack_ds"), 7),
    }
    assert await change(database, merchant, LocationChange(hangzhou, **told)) == [hangzhou]  # type: ignore[arg-type]
    row = await shown(database, merchant, hangzhou)
    assert {name: row._mapping[name] for name in told} == told
    assert row.version == 2
    assert await change(database, merchant, LocationChange(hangzhou, cut_off="", version=2)) == [hangzhou]
    row = await shown(database, merchant, hangzhou)
    assert (row.cut_off, row.name, row.version) == (None, "杭州仓", 3)


async def test_telling_what_stands_changes_nothing(database: Database, merchant: Actor) -> None:
    _, hangzhou = await a_house(database, merchant)
    row = await shown(database, merchant, hangzhou)
    same = LocationChange(hangzhou, name=row.name, priority=row.priority)
    assert await change(database, merchant, same) == [hangzhou]
    assert (await shown(database, merchant, hangzhou)).version == 1
    assert "location_changed" not in await kinds_told(database, merchant)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"cut_off": "25:00"}, ("cut_off",)),
        ({"cut_off": "5pm"}, ("cut_off",)),
        ({"name": " "}, ("name",)),
        ({"priority": -1}, ("priority",)),
        ({"weight_tolerance_g": 100_001}, ("weight_tolerance_g",)),
        ({"pickers": 0}, ("pickers",)),
        ({"walk_mm_per_s": 0}, ("walk_mm_per_s",)),
        ({"unit_ds": -1}, ("unit_ds",)),
    ],
)
async def test_a_setting_that_makes_no_sense_is_refused_and_the_others_are_done(
    database: Database, merchant: Actor, told: dict[str, Any], field: tuple[str, ...]
) -> None:
    house = await make_house(database, merchant, {"CUP": 0}, warehouses=("HZ1", "BJ1"))
    hangzhou, beijing = house.warehouses["HZ1"], house.warehouses["BJ1"]
    refused, done = await change(
        database, merchant, LocationChange(hangzhou, **told), LocationChange(beijing, cut_off="16:30")
    )
    assert isinstance(refused, Refused)
    assert isinstance(refused.refusal, InvalidInput)
    assert refused.refusal.field == field
    assert done == beijing
    assert (await shown(database, merchant, hangzhou)).version == 1
    assert (await shown(database, merchant, beijing)).cut_off == "16:30"


async def test_unknown_stale_and_repeated_locations_are_refused(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    _, hangzhou = await a_house(database, merchant)
    _, elsewhere = await a_house(database, stranger)
    answers = await change(
        database,
        merchant,
        LocationChange(new_id(), priority=1),
        LocationChange(elsewhere, priority=1),
        LocationChange(hangzhou, priority=1, version=9),
        LocationChange(hangzhou, priority=1),
        LocationChange(hangzhou, priority=2),
    )
    refusals = [type(answer.refusal) if isinstance(answer, Refused) else answer for answer in answers]
    assert refusals == [NotFound, NotFound, StaleVersion, hangzhou, InvalidInput]
    assert (await shown(database, merchant, hangzhou)).priority == 1
    assert (await shown(database, stranger, elsewhere)).priority == 100


async def test_changing_1_and_9_locations_takes_the_same_number_of_statements(
    database: Database, merchant: Actor
) -> None:
    codes = tuple(f"W{number}" for number in range(10))
    house = await make_house(database, merchant, {"CUP": 0}, warehouses=codes)
    await change(database, merchant, LocationChange(house.warehouses["W0"], priority=7))  # makes the counter's row
    sent = []
    for some in (codes[:1], codes[1:]):
        changes = [
            LocationChange(house.warehouses[code], **({"priority": 3} if number % 2 else {"cut_off": "18:00"}))  # type: ignore[arg-type]
            for number, code in enumerate(some)
        ]
        with statements(database) as told:
            await change(database, merchant, *changes)
        sent.append(len(told))
    assert sent[0] == sent[1]
