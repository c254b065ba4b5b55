"""Cartons scanned at a pack bench: what the parcel goes in, whether it fits, what it should weigh, and back again."""

from dataclasses import replace
from typing import Any

import pytest
from tests.builders_floor import (
    Floor,
    bring_orders,
    get_number,
    make_floor,
    pick_list,
    react,
    release,
    row_of,
    violations,
)
from tests.builders_packing import BIG, SMALL, make_cartons
from tests.builders_scans import Phone, packing_phone

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.floor import evidence
from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.languages import translate
from pickmesh.core.packing.tables import Parcel

O = Outcome  # noqa: E741 - the word stands in nearly every line


async def bench(database: Database, merchant: Actor, wanted: dict[str, int], *, side: int | None = 90) -> Floor:
    """Bring an order's goods, cubes of 300 g, to the bench, and two cartons."""
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 30}, "A-02": {"LID": 9}})
    sides = {"length_mm": side, "width_mm": side, "height_mm": side, "weight_g": 300}
    async with database.unit_of_work(merchant) as uow:
        await uow.update(Sku, [{"id": sku_id, **sides} for sku_id in sorted(floor.house.skus.values())])
    await make_cartons(database, merchant, SMALL, BIG)
    await bring_orders(floor, {"N1": wanted})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    return floor


async def parcel_of(floor: Floor, phone: Phone) -> Any:
    return await row_of(floor, Parcel, phone.session.parcel_id)


async def test_the_carton_to_take_is_shown_and_the_one_that_is_scanned_is_booked_at_its_price(
    database: Database, merchant: Actor
) -> None:
    floor = await bench(database, merchant, {"CUP": 2})
    phone = await packing_phone(floor)
    await phone.scan("T-0001")
    assert phone.session.instruction == "Order F-0001: verify 2 pieces into P-0001. Take carton C1 小号."
    assert await phone.scan("c2") == [O.ACCEPTED]
    assert phone.said[-1].message == "P-0001 goes in carton C2 大号. With all its goods it should weigh 850 g."
    assert phone.session.instruction.endswith("Carton: C2 大号.")
    parcel = await parcel_of(floor, phone)
    assert (parcel.packaging_micros, parcel.packaging_currency) == (BIG.cost_micros, "CNY")
    assert await phone.scan("C2", "C1", "CUP", "CUP") == [O.DUPLICATE, O.ACCEPTED, O.ACCEPTED, O.LINE_DONE]
    assert await phone.say(ScanKind.SEAL) is O.ACCEPTED
    parcel = await parcel_of(floor, phone)
    assert (parcel.packaging_micros, parcel.expected_weight_g) == (SMALL.cost_micros, 680)
    assert await phone.scan("C2") == [O.WRONG_ITEM]  # sealed: it stays in what it is in
    await get_number(floor, parcel.id)
    assert await phone.say(ScanKind.WEIGHT, weight_g=680) is O.TASK_DONE
    await react(floor)
    assert await violations(floor) == []


async def test_a_carton_that_is_too_small_is_warned_of_and_taken(database: Database, merchant: Actor) -> None:
    floor = await bench(database, merchant, {"CUP": 3})
    phone = await packing_phone(floor)
    await phone.scan("T-0001", "CUP")
    assert await phone.scan("C1") == [O.ACCEPTED]
    assert phone.said[-1].message.endswith("it takes what is in, but not the 2 pieces that are left.")
    await phone.scan("CUP", "CUP")
    assert await phone.scan("C2", "C1") == [O.ACCEPTED, O.ACCEPTED]
    assert "do not fit" in phone.said[-1].message
    assert "装不下" in translate(phone.said[-1].message, "zh-CN")
    assert (await parcel_of(floor, phone)).packaging_micros == SMALL.cost_micros


async def test_undo_brings_back_the_carton_before_and_then_none(database: Database, merchant: Actor) -> None:
    floor = await bench(database, merchant, {"CUP": 2})
    phone = await packing_phone(floor)
    assert await phone.scan("T-0001", "CUP", "C1", "C2") == [O.ACCEPTED] * 4
    first = phone.said[-2].client_id
    assert await phone.say(ScanKind.UNDO, answers=first) is O.DUPLICATE  # not before the later one
    assert await phone.say(ScanKind.UNDO) is O.UNDONE
    assert phone.said[-1].message == "Undone: P-0001 goes in carton C1 小号 again."
    assert (await parcel_of(floor, phone)).packaging_micros == SMALL.cost_micros
    assert await phone.say(ScanKind.UNDO) is O.UNDONE
    parcel = await parcel_of(floor, phone)
    assert (parcel.carton_id, parcel.packaging_micros, parcel.packaging_currency) == (None, None, None)
    assert await phone.say(ScanKind.UNDO, answers=first) is O.DUPLICATE
    assert await phone.say(ScanKind.UNDO) is O.UNDONE  # the piece
    async with database.reading(merchant) as uow:
        found = await evidence.parcel_evidence(uow, parcel.id)
    assert found is not None
    kinds = [entry.kind.value for entry in found.entries if "CARTON" in entry.kind]
    assert kinds == ["CARTON_CHOSEN"] * 3 + ["CARTON_TAKEN_OFF"]  # the last choice is the one that was brought back
    assert {entry.worker_id for entry in found.entries if "CARTON" in entry.kind} == {phone.worker.person_id}
    assert await violations(floor) == []


async def test_a_whole_parcel_with_its_carton_in_one_batch(database: Database, merchant: Actor) -> None:
    floor = await bench(database, merchant, {"CUP": 2})
    phone = await packing_phone(floor)
    entries = [phone.entry(raw=code) for code in ("T-0001", "C2", "CUP", "CUP")]
    entries.append(phone.entry(ScanKind.WEIGHT, weight_g=850))
    assert await phone.send(*entries) == [O.ACCEPTED, O.ACCEPTED, O.ACCEPTED, O.LINE_DONE, O.TASK_DONE]
    parcel = await parcel_of(floor, phone)
    assert (parcel.packaging_micros, parcel.weight_g, parcel.expected_weight_g) == (BIG.cost_micros, 850, 850)


async def test_the_scale_expects_the_carton_nobody_named_too(database: Database, merchant: Actor) -> None:
    floor = await bench(database, merchant, {"CUP": 2})
    phone = await packing_phone(floor)
    await phone.scan("T-0001", "CUP", "CUP")
    assert await phone.say(ScanKind.WEIGHT, weight_g=600) is O.EXCEPTION  # without the 80 g of the carton
    assert await phone.say(ScanKind.WEIGHT, weight_g=680) is O.TASK_DONE


async def test_without_measures_a_carton_is_taken_and_nothing_claimed(database: Database, merchant: Actor) -> None:
    floor = await bench(database, merchant, {"CUP": 3}, side=None)
    phone = await packing_phone(floor)
    await phone.scan("T-0001")
    assert phone.session.instruction == "Order F-0001: verify 3 pieces into P-0001."
    assert await phone.scan("C1") == [O.ACCEPTED]
    assert phone.said[-1].message.startswith("P-0001 goes in carton C1 小号.")


async def test_a_code_of_a_carton_and_of_goods_is_asked_about(database: Database, merchant: Actor) -> None:
    floor = await bench(database, merchant, {"CUP": 1, "LID": 1})
    await make_cartons(database, merchant, replace(SMALL, code="CUP", name="杯箱"))
    phone = await packing_phone(floor)
    await phone.scan("T-0001")
    assert await phone.scan("CUP") == [O.AMBIGUOUS]
    carton, goods = phone.said[-1].choices
    assert (carton.label, goods.label) == ("CUP 杯箱", "CUP × 1")
    assert await phone.say(ScanKind.CHOICE, choice=carton.id) is O.ACCEPTED
    assert (await parcel_of(floor, phone)).carton_id is not None
    assert await phone.scan("CUP") == [O.AMBIGUOUS]
    assert await phone.say(ScanKind.CHOICE, choice=goods.id) is O.LINE_DONE


@pytest.mark.parametrize("code", ["C1", "C9"])
async def test_before_a_parcel_is_open_a_carton_says_what_to_scan_first(
    database: Database, merchant: Actor, code: str
) -> None:
    floor = await bench(database, merchant, {"CUP": 2})
    phone = await packing_phone(floor)
    expected = O.NEEDS_PLACE if code == "C1" else O.UNKNOWN_CODE
    assert await phone.scan(code) == [expected]
    await phone.scan("T-0001")
    assert await phone.scan("C9") == [O.UNKNOWN_CODE]
