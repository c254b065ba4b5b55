from uuid import UUID

import pytest
from tests.builders_floor import (
    Floor,
    bring_orders,
    claim,
    code_of,
    done,
    lines_of,
    lying,
    make_floor,
    open_parcel,
    order_lines,
    order_row,
    packed,
    pick,
    pick_list,
    release,
    row_of,
    seal,
    verify,
    violations,
)
from tests.builders_floor import bind as bind_tote
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import ROLE_PERMISSIONS, Permission, Role
from pickmesh.core.kit.refusals import NotPermitted, Refused
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.packing import parcels, queries, verifying
from pickmesh.core.packing.rules import Forcing, Opening, VerifyItem
from pickmesh.core.packing.tables import Parcel
from pickmesh.core.picking import shorts
from pickmesh.core.picking.rules import PickShort
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.tables import Place

SHELVES = {"A-01": {"CUP": 20}, "A-02": {"LID": 20}}


async def picked(
    database: Database, actor: Actor, wanted: dict[str, int], shelves: dict[str, dict[str, int]] | None = None
) -> tuple[Floor, UUID]:
    floor = await make_floor(database, actor, shelves or SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": wanted})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    return floor, order_id


async def open_again(floor: Floor, order_id: UUID) -> parcels.OpenedParcel | Refused:
    async with floor.database.unit_of_work(floor.packer) as uow:
        (answer,) = await parcels.open_parcels(uow, openings=[Opening(order_id, floor.station_id)])
    return answer


async def test_a_parcel_is_also_a_place_with_its_number(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 1})
    parcel_id = await open_parcel(floor, order_id)
    row = await row_of(floor, Parcel, parcel_id)
    place = await row_of(floor, Place, parcel_id)
    assert (row.state, row.sequence, row.station_id) == ("OPEN", 1, floor.station_id)
    assert (place.kind, place.code, place.location_id) == ("PARCEL", f"P-{row.number:04d}", floor.location_id)


async def test_opening_again_returns_the_open_parcel(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 1})
    parcel_id = await open_parcel(floor, order_id)
    again = done(await open_again(floor, order_id), parcels.OpenedParcel)
    assert (again.parcel_id, again.created) == (parcel_id, False)


async def test_two_openings_in_one_batch_open_one_parcel(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 1})
    async with database.unit_of_work(floor.packer) as uow:
        answers = await parcels.open_parcels(uow, openings=[Opening(order_id, floor.station_id)] * 2)
    first, second = (done(each, parcels.OpenedParcel) for each in answers)
    assert (first.parcel_id == second.parcel_id, first.created, second.created) == (True, True, False)


async def test_what_cannot_be_packed_is_not_opened(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 1})
    unreleased, unpicked = await bring_orders(floor, {"N2": {"CUP": 1}, "N3": {"LID": 1}})
    await release(floor, orders=[unpicked])
    openings = [
        Opening(unreleased, None),
        Opening(unpicked, None),
        Opening(new_id(), None),
        Opening(order_id, new_id()),
    ]
    async with database.unit_of_work(floor.packer) as uow:
        answers = await parcels.open_parcels(uow, openings=openings)
    assert [code_of(each) for each in answers] == ["WRONG_STATE", "NOT_PICKED", "NOT_FOUND", "NOT_FOUND"]
    await packed(floor, order_id, {"CUP": 1})
    assert code_of(await open_again(floor, order_id)) == "WRONG_STATE"


async def test_an_order_that_waits_for_all_is_not_packed_while_it_is_short(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 2}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    await claim(floor, list_id)
    done(await bind_tote(floor, list_id, "T-0001"))
    (line,) = await lines_of(floor, list_id)
    done(await pick(floor, line.id, 1, "T-0001"))
    async with database.unit_of_work(floor.picker) as uow:
        await shorts.report_shorts(uow, shorts=[PickShort(line.id, 1, new_id())])
    assert code_of(await open_again(floor, order_id)) == "ORDER_SHORT"


async def test_a_verified_unit_lies_in_the_parcel_and_counts_as_packed(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 2, "LID": 1})
    parcel_id = await open_parcel(floor, order_id)
    answer = done(await verify(floor, parcel_id, "CUP", 1), verifying.Verified)
    assert (answer.quantity, answer.line_left, answer.order_left) == (1, 1, 2)
    tote = floor.warehouse.totes["T-0001"]
    assert await lying(floor, [parcel_id, tote]) == {parcel_id: 1, tote: 2}
    assert [line.packed_quantity for line in await order_lines(floor, order_id)] == [1, 0]
    done(await verify(floor, parcel_id, "CUP", 1))
    async with database.reading(merchant) as uow:
        (item,) = (await queries.contents(uow, [parcel_id]))[parcel_id]
    assert (item.quantity, item.sku_id) == (2, floor.house.skus["CUP"])
    assert await violations(floor) == []


async def test_a_surplus_unit_is_refused_and_nothing_moves(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 2})
    parcel_id = await open_parcel(floor, order_id)
    done(await verify(floor, parcel_id, "CUP", 2))
    refused = await verify(floor, parcel_id, "CUP", 1)
    assert code_of(refused) == "TOO_MANY"
    assert isinstance(refused, Refused)
    assert refused.refusal.data == {"asked": 1, "required": 2, "packed": 2, "left": 0}
    assert await lying(floor, [parcel_id]) == {parcel_id: 2}


async def test_a_unit_that_is_still_in_its_bin_is_not_verified(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    await claim(floor, list_id)
    done(await bind_tote(floor, list_id, "T-0001"))
    (line,) = await lines_of(floor, list_id)
    done(await pick(floor, line.id, 1, "T-0001"))
    parcel_id = await open_parcel(floor, order_id)
    assert code_of(await verify(floor, parcel_id, "CUP", 2)) == "NOT_PICKED"
    done(await verify(floor, parcel_id, "CUP", 1))
    assert code_of(await seal(floor, parcel_id)) == "NOT_ALL_VERIFIED"


async def test_an_order_goes_into_several_parcels(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 2, "LID": 1})
    first = await open_parcel(floor, order_id)
    done(await verify(floor, first, "CUP", 2))
    done(await seal(floor, first, last=False))
    assert (await order_row(floor, order_id)).progress == "IN_PROGRESS"
    second = await open_parcel(floor, order_id)
    assert (await row_of(floor, Parcel, second)).sequence == 2
    assert code_of(await verify(floor, first, "LID", 1)) == "WRONG_STATE"
    done(await verify(floor, second, "LID", 1))
    done(await seal(floor, second))
    assert (await order_row(floor, order_id)).progress == "PACKED"
    assert await lying(floor, [first, second]) == {first: 2, second: 1}
    assert await violations(floor) == []


async def test_a_mixed_tote_is_packed_order_by_order(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    first, second = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}})
    await pick_list(floor, (await release(floor, WaveKind.SINGLE_ITEM)).pick_list_ids[0], "T-0001")
    async with database.reading(merchant) as uow:
        found = await queries.goods_on_the_way(
            uow, place_ids=[floor.warehouse.totes["T-0001"]], sku_ids=[floor.house.skus["CUP"]]
        )
    assert [(row.fulfillment_order_id, row.quantity, row.place_code) for row in found] == [
        (first, 1, "T-0001"),
        (second, 1, "T-0001"),
    ]
    for order_id in (first, second):
        await packed(floor, order_id, {"CUP": 1})
    async with database.reading(merchant) as uow:
        assert await queries.goods_on_the_way(uow, place_ids=[floor.warehouse.totes["T-0001"]]) == []
    assert await violations(floor) == []


async def test_units_come_out_of_an_open_parcel_again_onto_the_bench(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 3})
    parcel_id = await open_parcel(floor, order_id)
    done(await verify(floor, parcel_id, "CUP", 3))
    (line,) = await order_lines(floor, order_id)
    taken = []
    for quantity in (1, 3, 2):
        async with database.unit_of_work(floor.packer) as uow:
            taken += await verifying.take_out_items(uow, items=[VerifyItem(parcel_id, line.id, quantity, new_id())])
    assert [getattr(each, "line_left", None) for each in taken] == [1, None, 3]
    assert code_of(taken[1]) == "TOO_MANY"
    bench = floor.warehouse.benches["BENCH-1"]
    assert await lying(floor, [parcel_id, bench]) == {bench: 3}
    assert (await order_lines(floor, order_id))[0].packed_quantity == 0
    assert await violations(floor) == []
    done(await verify(floor, parcel_id, "CUP", 3))
    assert await violations(floor) == []


async def test_a_pass_is_forced_only_with_the_right_and_a_reason(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 2, "LID": 1})
    parcel_id = await open_parcel(floor, order_id)
    done(await verify(floor, parcel_id, "CUP", 1))
    manager = Actor(
        merchant.merchant_id,
        floor.packer.person_id,
        Role.PACKER,
        ROLE_PERMISSIONS[Role.PACKER] | {Permission.PACK_FORCE},
    )
    answers = []
    for actor, reason in ((floor.packer, "barcode torn"), (manager, " "), (manager, "barcode torn")):
        async with database.unit_of_work(actor) as uow:
            answers += await verifying.force_verify(uow, forcings=[Forcing(parcel_id, reason)])
    assert [code_of(each) for each in answers[:2]] == ["NOT_PERMITTED", "REASON_NEEDED"]
    assert done(answers[2], verifying.Forced).quantity == 2
    assert (await row_of(floor, Parcel, parcel_id)).forced
    async with database.reading(merchant) as uow:
        (told,) = [each for each in await order_queries.timeline(uow, [parcel_id]) if each.kind == "parcel_pass_forced"]
    assert (told.payload["reason"], told.payload["what"]) == ("barcode torn", "VERIFY")
    assert told.payload["person_id"] == str(floor.packer.person_id)
    done(await seal(floor, parcel_id))
    assert await violations(floor) == []


async def test_verifying_asks_for_the_floor(database: Database, merchant: Actor) -> None:
    floor, _ = await picked(database, merchant, {"CUP": 1})
    outsider = Actor(merchant.merchant_id, None, Role.SUPPORT, ROLE_PERMISSIONS[Role.SUPPORT])
    async with database.unit_of_work(outsider) as uow:
        with pytest.raises(NotPermitted):
            await verifying.verify_items(uow, items=[VerifyItem(floor.station_id, floor.station_id, 1, None)])


async def test_the_statements_of_verifying_do_not_depend_on_the_number_of_lines(
    database: Database, merchant: Actor
) -> None:
    shelves = {f"A-{number:03d}": {f"S{number}": 9} for number in range(1, 101)}
    floor = await make_floor(database, merchant, shelves, totes=4)
    counts = {}
    for tote, count in enumerate((2, 1, 10, 100), 1):  # the first makes the merchant's counters
        (order_id,) = await bring_orders(floor, {f"R{count}": {f"S{number}": 1 for number in range(1, count + 1)}})
        await pick_list(floor, (await release(floor, orders=[order_id])).pick_list_ids[0], f"T-{tote:04d}")
        parcel_id = await open_parcel(floor, order_id)
        items = [VerifyItem(parcel_id, line.id, 1, new_id()) for line in await order_lines(floor, order_id)]
        with statements(database) as sent:
            async with database.unit_of_work(floor.packer) as uow:
                answers = await verifying.verify_items(uow, items=items)
        assert [done(answer).order_left for answer in answers] == [0] * count
        counts[count] = len(sent)
    assert counts[1] == counts[10] == counts[100]
