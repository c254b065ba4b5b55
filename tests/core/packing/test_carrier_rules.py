from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from tests.builders_floor import (
    Floor,
    bring_orders,
    code_of,
    event_kinds,
    make_floor,
    order_row,
    packed,
    pick_list,
    react,
    release,
    violations,
)
from tests.builders_packing import make_carrier_rules, make_carriers
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.packing import carrier_choice, carrier_rules, queries, waybills
from pickmesh.core.packing.carrier_choice import CarrierOverride
from pickmesh.core.packing.carrier_rules import CarrierRuleToSave
from pickmesh.core.packing.refusals import ReasonNeeded

HEAVY = CarrierRuleToSave("重货", "YTO", [{"field": "WEIGHT_G", "operator": "AT_LEAST", "value": 300}])
REST = CarrierRuleToSave("其余", "SF")


async def floor_with(database: Database, actor: Actor, *rules: CarrierRuleToSave) -> Floor:
    floor = await make_floor(database, actor, {"A-01": {"CUP": 20}})
    await make_carriers(database, actor, "SF", "YTO")
    await make_carrier_rules(database, actor, *rules)
    return floor


async def override(floor: Floor, *wanted: CarrierOverride, reason: str = "buyer asked") -> list[UUID | Refused]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await carrier_choice.override_carriers(uow, overrides=wanted, reason=reason)


async def carrier_of_waybill(floor: Floor, parcel_id: UUID) -> str:
    async with floor.database.reading(floor.actor) as uow:
        return str((await queries.live_waybills(uow, [parcel_id]))[parcel_id].carrier)


async def test_the_first_rule_that_fits_decides_as_orders_come_and_the_reason_is_kept(
    database: Database, merchant: Actor
) -> None:
    floor = await floor_with(database, merchant, HEAVY, REST)
    light, heavy = await bring_orders(floor, {"N1": {"CUP": 2}, "N2": {"CUP": 3}})
    await react(floor)
    assert [(await order_row(floor, each)).carrier for each in (light, heavy)] == ["SF", "YTO"]
    assert "fulfillment_order_carrier_decided" in await event_kinds(floor, heavy)
    async with database.reading(merchant) as uow:
        (event,) = [
            each for each in await order_queries.timeline(uow, [heavy]) if each.kind.endswith("carrier_decided")
        ]
    assert (event.payload["carrier"], event.payload["reason"]) == ("YTO", "重货")


async def test_a_parcel_goes_with_the_carrier_of_its_order_else_with_the_merchants_first(
    database: Database, merchant: Actor
) -> None:
    floor = await floor_with(database, merchant, HEAVY)
    light, heavy = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 3}})
    for number, list_id in enumerate((await release(floor)).pick_list_ids, 1):
        await pick_list(floor, list_id, f"T-{number:04d}")
    parcels = [await packed(floor, light, {"CUP": 1}), await packed(floor, heavy, {"CUP": 3})]  # nothing has reacted
    assert [await carrier_of_waybill(floor, each) for each in parcels] == ["SF", "YTO"]
    assert [(await order_row(floor, each)).carrier for each in (light, heavy)] == [None, "YTO"]
    assert await violations(floor) == []


async def test_somebody_may_say_otherwise_with_a_reason_until_a_number_was_asked_for(
    database: Database, merchant: Actor
) -> None:
    floor = await floor_with(database, merchant, REST)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 1}})
    await react(floor)
    with pytest.raises(ReasonNeeded):
        await override(floor, CarrierOverride(order_id, "YTO"), reason=" ")
    answers = await override(
        floor, CarrierOverride(order_id, "YTO"), CarrierOverride(order_id, "NONE"), CarrierOverride(new_id(), "SF")
    )
    assert (answers[0], code_of(answers[1]), code_of(answers[2])) == (order_id, "UNKNOWN_CARRIER", "NOT_FOUND")
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    parcel_id = await packed(floor, order_id, {"CUP": 1})
    assert await carrier_of_waybill(floor, parcel_id) == "YTO"
    (late,) = await override(floor, CarrierOverride(order_id, "SF"))
    assert code_of(late) == "HAS_WAYBILL"
    async with database.unit_of_work(floor.packer) as uow:
        await waybills.void_waybills(uow, parcel_ids=[parcel_id], reason="other carrier")
    assert await override(floor, CarrierOverride(order_id, "SF")) == [order_id]
    async with database.unit_of_work(floor.packer) as uow:
        await waybills.request_waybills(uow, parcel_ids=[parcel_id])
    assert await carrier_of_waybill(floor, parcel_id) == "SF"


async def test_rules_are_kept_changed_and_put_away(database: Database, merchant: Actor) -> None:
    await make_carriers(database, merchant, "SF", "YTO")
    heavy, rest = await make_carrier_rules(database, merchant, HEAVY, REST)
    wanted = [
        replace(REST, name="重货"),
        replace(REST, id=rest, version=7),
        replace(REST, name="x", carrier="NOBODY"),
        replace(HEAVY, id=heavy, position=9),
        replace(REST, name="y", conditions=[{"field": "COLOUR", "operator": "IS_EMPTY"}]),
    ]
    async with database.unit_of_work(merchant) as uow:
        answers: list[Any] = await carrier_rules.save_carrier_rules(uow, rules=wanted)
    codes = [each.refusal.code if isinstance(each, Refused) else each for each in answers]
    assert codes == ["NAME_TAKEN", "STALE_VERSION", "UNKNOWN_CARRIER", heavy, "INVALID_INPUT"]
    async with database.unit_of_work(merchant) as uow:
        gone, unknown = await carrier_rules.archive_carrier_rules(uow, ids=[rest, new_id()])
    assert (gone, code_of(unknown)) == (rest, "NOT_FOUND")
    async with database.reading(merchant) as uow:
        assert [each.id for each in await carrier_rules.active_rules(uow)] == [heavy]
        assert len(await carrier_rules.carrier_rules(uow, archived=True)) == 2


async def test_deciding_for_many_orders_takes_as_many_statements_as_for_one(
    database: Database, merchant: Actor
) -> None:
    floor = await floor_with(database, merchant, HEAVY, REST)
    ids = await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(6)})
    counts = []
    for some in (ids[:1], ids[1:]):
        async with database.unit_of_work(merchant) as uow:
            with statements(database) as sent:
                await carrier_choice.choose_carriers(uow, some)
        counts.append(len(sent))
    assert counts[0] == counts[1]
