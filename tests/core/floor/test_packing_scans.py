"""A parcel packed by scans, on real databases: opened, verified, closed, weighed, and what is refused on the way."""

from typing import Any

import pytest
import sqlalchemy as sa
from tests.builders_accounts import make_person
from tests.builders_floor import (
    Floor,
    bring_orders,
    get_number,
    make_floor,
    order_lines,
    order_row,
    pick_list,
    react,
    release,
    row_of,
    violations,
)
from tests.builders_scans import Phone, packing_phone, phone_for

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.orders import cancel
from pickmesh.core.packing.tables import Parcel
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.tables import StockMove

O = Outcome  # noqa: E741 - the word stands in nearly every line
SHELVES = {"A-01": {"TEA": 9}, "A-02": {"CUP": 9}}


async def picked_floor(
    database: Database,
    merchant: Actor,
    orders: dict[str, dict[str, int]],
    *totes: str,
    kind: WaveKind = WaveKind.DISCRETE,
    **more: Any,
) -> Floor:
    floor = await make_floor(database, merchant, SHELVES, **more)
    await bring_orders(floor, orders)
    lists = (await release(floor, kind)).pick_list_ids
    per_list = len(totes) // len(lists)
    for number, list_id in enumerate(lists):
        await pick_list(floor, list_id, *totes[number * per_list : (number + 1) * per_list])
    return floor


async def packed(floor: Floor, number: str) -> dict[str, int]:
    codes = {sku_id: code for code, sku_id in floor.house.skus.items()}
    return {codes[line.sku_id]: line.packed_quantity for line in await order_lines(floor, floor.orders[number])}


async def test_a_parcel_is_opened_by_its_tote_verified_closed_weighed_and_shipped(
    database: Database, merchant: Actor
) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2, "CUP": 1}}, "T-0001")
    phone = await packing_phone(floor)
    assert await phone.scan("T-0001", "TEA", "TEA", "CUP") == [O.ACCEPTED, O.ACCEPTED, O.LINE_DONE, O.LINE_DONE]
    assert await phone.say(ScanKind.SEAL) is O.ACCEPTED
    parcel_id = phone.session.parcel_id
    assert parcel_id is not None
    await get_number(floor, parcel_id)
    assert await phone.say(ScanKind.WEIGHT, weight_g=300) is O.TASK_DONE
    assert phone.said[-1].message == "300 g: P-0001 is closed. It has shipped."
    assert (await order_row(floor, floor.orders["N1"])).progress == "SHIPPED"
    assert phone.session.step == "OPEN"
    await react(floor)
    assert await violations(floor) == []
    async with database.reading(merchant) as uow:
        found = await uow.fetch(
            sa.select(StockMove.reason, StockMove.actor_id)
            .where(uow.mine(StockMove), StockMove.reason.in_(["PACK", "SHIP"]))
            .order_by(StockMove.id)
        )
    assert [row.reason for row in found] == ["PACK"] * 3 + ["SHIP"] * 3
    assert {row.actor_id for row in found} == {phone.worker.person_id}


async def test_a_whole_parcel_in_one_batch(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2, "CUP": 1}}, "T-0001")
    phone = await packing_phone(floor)
    entries = [phone.entry(raw=code) for code in ("T-0001", "TEA", "TEA", "CUP")]
    entries += [phone.entry(ScanKind.WEIGHT, weight_g=300), phone.entry(raw="T-0001")]
    assert await phone.send(*entries) == [
        O.ACCEPTED,
        O.ACCEPTED,
        O.LINE_DONE,
        O.LINE_DONE,
        O.TASK_DONE,
        O.WRONG_PLACE,
    ]
    assert await packed(floor, "N1") == {"TEA": 2, "CUP": 1}
    assert await violations(floor) == []


async def test_wrong_and_surplus_pieces_stay_out_of_the_parcel(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2}}, "T-0001")
    phone = await packing_phone(floor)
    await phone.scan("T-0001")
    assert await phone.scan("CUP", "TEA", "TEA", "TEA", "NEVER-SEEN") == [
        O.WRONG_ITEM,
        O.ACCEPTED,
        O.LINE_DONE,
        O.TOO_MANY,
        O.UNKNOWN_CODE,
    ]
    assert await packed(floor, "N1") == {"TEA": 2}


@pytest.mark.parametrize("code", ["N1", "F-0001", "O-0001"])
async def test_a_parcel_is_opened_by_its_order(database: Database, merchant: Actor, code: str) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2}}, "T-0001")
    phone = await packing_phone(floor)
    assert await phone.scan(code, code, "P-0001") == [O.ACCEPTED, O.DUPLICATE, O.DUPLICATE]
    assert await phone.say(ScanKind.SKIP) is O.ACCEPTED
    assert await phone.scan("P-0001", "TEA") == [O.ACCEPTED, O.ACCEPTED]


async def test_any_unit_opens_an_order_of_one_piece_and_goes_in(database: Database, merchant: Actor) -> None:
    orders = {"N1": {"TEA": 1}, "N2": {"TEA": 1}}
    floor = await picked_floor(database, merchant, orders, "T-0001", kind=WaveKind.SINGLE_ITEM)
    phone = await packing_phone(floor)
    for _ in orders:
        assert await phone.scan("TEA") == [O.LINE_DONE]
        assert await phone.say(ScanKind.WEIGHT, weight_g=100) is O.TASK_DONE
    assert await phone.scan("TEA") == [O.WRONG_ITEM]
    assert [await packed(floor, number) for number in orders] == [{"TEA": 1}, {"TEA": 1}]
    assert await violations(floor) == []


async def test_two_packers_with_the_same_goods_get_two_orders(database: Database, merchant: Actor) -> None:
    orders = {"N1": {"TEA": 1}, "N2": {"TEA": 1}}
    floor = await picked_floor(database, merchant, orders, "T-0001", kind=WaveKind.SINGLE_ITEM)
    _, other = await make_person(database, merchant, Role.PACKER)
    phones = [await packing_phone(floor), await packing_phone(floor, other)]
    assert [await phone.scan("TEA") for phone in phones] == [[O.LINE_DONE], [O.LINE_DONE]]
    assert {phone.session.subject_id for phone in phones} == set(floor.orders.values())


async def test_a_mixed_tote_asks_for_a_piece(database: Database, merchant: Actor) -> None:
    orders = {"N1": {"TEA": 2}, "N2": {"CUP": 2}}
    floor = await picked_floor(database, merchant, orders, "T-0001", kind=WaveKind.PUT_WALL)
    phone = await packing_phone(floor)
    assert await phone.scan("T-0001", "CUP", "TEA") == [O.ACCEPTED, O.ACCEPTED, O.WRONG_ITEM]
    assert phone.session.subject_id == floor.orders["N2"]
    assert await packed(floor, "N2") == {"CUP": 1}


async def test_a_quantity_is_what_the_parcel_holds(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 5}}, "T-0001")
    phone = await packing_phone(floor)
    assert await phone.say(ScanKind.QUANTITY, quantity=2) is O.NEEDS_PLACE
    await phone.scan("T-0001")
    assert await phone.say(ScanKind.QUANTITY, quantity=2) is O.WRONG_ITEM
    await phone.scan("TEA")
    keyed = [await phone.say(ScanKind.QUANTITY, quantity=number) for number in (4, 4, 9, 5)]
    assert keyed == [O.ACCEPTED, O.DUPLICATE, O.TOO_MANY, O.LINE_DONE]
    assert await packed(floor, "N1") == {"TEA": 5}


async def test_closing_too_early_names_what_is_missing(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2}}, "T-0001")
    phone = await packing_phone(floor)
    assert await phone.say(ScanKind.SEAL) is O.NEEDS_PLACE
    await phone.scan("T-0001")
    assert await phone.say(ScanKind.SEAL) is O.NEEDS_QUANTITY
    await phone.scan("TEA")
    assert await phone.say(ScanKind.SEAL) is O.NEEDS_QUANTITY
    assert phone.said[-1].message == "1 pieces are missing: scan them, or begin a next parcel."
    assert await phone.say(ScanKind.WEIGHT, weight_g=100) is O.NEEDS_QUANTITY


async def test_the_rest_of_an_order_goes_into_a_next_parcel(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 3}}, "T-0001")
    phone = await packing_phone(floor)
    await phone.scan("T-0001")
    assert await phone.say(ScanKind.NEXT_PARCEL) is O.NEEDS_QUANTITY
    await phone.scan("TEA")
    first = phone.session.parcel_id
    assert await phone.say(ScanKind.NEXT_PARCEL) is O.ACCEPTED
    assert phone.session.parcel_id not in {None, first}
    assert await phone.scan("TEA", "TEA") == [O.ACCEPTED, O.LINE_DONE]
    assert await phone.say(ScanKind.NEXT_PARCEL) is O.DUPLICATE
    assert await phone.say(ScanKind.WEIGHT, weight_g=200) is O.TASK_DONE
    assert await phone.scan("P-0001") == [O.ACCEPTED]
    assert await phone.say(ScanKind.WEIGHT, weight_g=100) is O.TASK_DONE
    assert await violations(floor) == []


async def test_a_weight_that_is_off_needs_force_with_a_reason_by_somebody_who_may(
    database: Database, merchant: Actor
) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2}}, "T-0001")
    phone = await packing_phone(floor)
    await phone.scan("T-0001", "TEA", "TEA")
    assert await phone.say(ScanKind.SEAL) is O.ACCEPTED
    assert await phone.say(ScanKind.WEIGHT) is O.NEEDS_QUANTITY
    assert await phone.say(ScanKind.WEIGHT, weight_g=900) is O.EXCEPTION
    assert phone.said[-1].message.startswith("The parcel weighs 700 g too much: 900 g instead of 200 g.")
    assert await phone.say(ScanKind.FORCE, reason="new box") is O.NOT_YOURS
    assert phone.session.parcel_id is not None
    assert (await row_of(floor, Parcel, phone.session.parcel_id)).weight_g is None


async def test_a_manager_may_force_the_rest_and_the_weight(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2}}, "T-0001")
    _, manager = await make_person(database, merchant, Role.MANAGER)
    phone = await packing_phone(floor, manager)
    await phone.scan("T-0001")
    assert await phone.say(ScanKind.FORCE) is O.EXCEPTION
    assert await phone.say(ScanKind.FORCE, reason="counted by hand") is O.ACCEPTED
    assert await packed(floor, "N1") == {"TEA": 2}
    assert await phone.say(ScanKind.WEIGHT, weight_g=900) is O.EXCEPTION
    assert await phone.say(ScanKind.FORCE, reason="heavy box") is O.TASK_DONE
    assert phone.session.parcel_id is not None
    parcel = await row_of(floor, Parcel, phone.session.parcel_id)
    assert (parcel.weight_g, parcel.forced, parcel.state) == (900, True, "SEALED")
    assert await phone.say(ScanKind.FORCE, reason="again") is O.NEEDS_PLACE
    assert await violations(floor) == []


async def test_undo_takes_a_piece_out_again(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2}}, "T-0001")
    phone = await packing_phone(floor)
    await phone.scan("T-0001", "TEA", "TEA")
    assert await phone.say(ScanKind.UNDO) is O.UNDONE
    assert await packed(floor, "N1") == {"TEA": 1}
    undone = phone.entries[2].client_id
    assert await phone.say(ScanKind.UNDO, answers=undone) is O.DUPLICATE
    assert await phone.scan("TEA") == [O.LINE_DONE]
    assert await violations(floor) == []


async def test_an_order_stopped_at_the_bench_is_intercepted(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2}}, "T-0001")
    phone = await packing_phone(floor)
    await phone.scan("T-0001", "TEA")
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[floor.orders["N1"]], reason="BUYER")
    assert await phone.scan("TEA", "T-0001") == [O.INTERCEPTED, O.INTERCEPTED]
    assert phone.session.step == "OPEN"
    assert await packed(floor, "N1") == {"TEA": 1}


async def test_an_order_that_is_not_picked_cannot_be_packed(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"TEA": 2}})
    await release(floor)
    phone = await packing_phone(floor)
    assert await phone.scan("F-0001", "T-0001", "A-01") == [O.WRONG_PLACE] * 3


async def test_a_label_is_printed_again_with_a_reason(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 1}}, "T-0001")
    phone = await packing_phone(floor)
    assert await phone.say(ScanKind.REPRINT, reason="jam") is O.NEEDS_PLACE
    await phone.scan("T-0001", "TEA")
    await phone.say(ScanKind.SEAL)
    assert await phone.say(ScanKind.REPRINT, reason="jam") is O.EXCEPTION
    assert phone.session.parcel_id is not None
    await get_number(floor, phone.session.parcel_id)
    assert await phone.say(ScanKind.REPRINT) is O.EXCEPTION
    assert await phone.say(ScanKind.REPRINT, reason="jam") is O.ACCEPTED


async def test_what_is_there_ships_when_the_shop_wants_it_so(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 3}}, policy=ShortagePolicy.SHIP_AVAILABLE)
    await bring_orders(floor, {"N1": {"TEA": 3}})
    (list_id,) = (await release(floor)).pick_list_ids
    await pick_list(floor, list_id, "T-0001")
    phone = await packing_phone(floor)
    assert await phone.scan("T-0001", "TEA", "TEA", "TEA") == [O.ACCEPTED, O.ACCEPTED, O.ACCEPTED, O.LINE_DONE]


async def test_goods_of_a_stopped_order_are_put_back(database: Database, merchant: Actor) -> None:
    floor = await picked_floor(database, merchant, {"N1": {"TEA": 2, "CUP": 1}}, "T-0001")
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[floor.orders["N1"]], reason="BUYER")
    await react(floor)
    phone = await phone_for(floor, Job.PUT_BACK)
    assert await phone.scan("A-01", "NEVER-SEEN", "TEA", "CUP", "TEA", "TEA") == [
        O.WRONG_ITEM,
        O.UNKNOWN_CODE,
        O.ACCEPTED,
        O.WRONG_ITEM,
        O.ACCEPTED,
        O.TOO_MANY,
    ]
    assert await phone.scan("T-0002", "A-01", "TEA") == [O.WRONG_PLACE, O.LINE_DONE, O.WRONG_ITEM]
    assert await phone.scan("CUP") == [O.ACCEPTED]
    assert await phone.say(ScanKind.UNDO) is O.UNDONE
    assert await phone.scan("CUP", "A-02") == [O.ACCEPTED, O.TASK_DONE]
    await react(floor)
    assert await violations(floor) == []


async def test_looking_up_tells_where_goods_lie_and_books_nothing(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"TEA": 2}})
    phone: Phone = await phone_for(floor, Job.LOOK_UP)
    assert await phone.scan("TEA", "A-02", "商品 CUP", "F-0001", "NEVER-SEEN") == [
        O.ACCEPTED,
        O.ACCEPTED,
        O.ACCEPTED,
        O.ACCEPTED,
        O.UNKNOWN_CODE,
    ]
    assert [verdict.message for verdict in phone.said[:4]] == [
        "TEA Article TEA: 9 on hand, 7 free. A-01: 9.",
        "A-02: 9 × CUP.",
        "CUP Article CUP: 9 on hand, 9 free. A-02: 9.",
        "Fulfillment order F-0001.",
    ]
    assert await phone.say(ScanKind.SEAL) is O.EXCEPTION
