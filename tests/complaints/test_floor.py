"""What users of other systems complain of about walks, lots, barcodes and packed orders: 7, 8, 9, 19 and 22."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_catalog import make_skus, save_skus
from tests.builders_floor import (
    Floor,
    bring_orders,
    done,
    get_number,
    lines_of,
    make_floor,
    order_lines,
    order_row,
    packed,
    pick_list,
    react,
    release,
    row_of,
    shipped,
    violations,
)
from tests.builders_orders import add_warehouse, make_house
from tests.builders_orders import react as let_orders_react
from tests.builders_orders import receive as bring_goods
from tests.builders_scans import picking_phone
from tests.builders_stock import put_stock
from tests.complaints.asking import bring, figures, told
from tests.racing import assert_sound, at_once

from pickmesh.core.catalog import shop_codes
from pickmesh.core.catalog.rules import NewBarcode, NewSku
from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.packing import parcels, verifying
from pickmesh.core.packing.rules import VerifyItem
from pickmesh.core.packing.tables import Parcel
from pickmesh.core.picking import put_backs, waves
from pickmesh.core.picking.put_backs import PutBackScan
from pickmesh.core.picking.tables import ExceptionTask, WaveKind
from pickmesh.core.stock.tables import Lot, StockBalance, StockMove
from pickmesh.graphql.ids import global_id

PLAN = """mutation ($input: WavePlanInput!) { wavePlan(input: $input) { wave { id } userErrors { code } } }"""
RELEASE = """mutation ($input: WaveReleaseInput!) { waveRelease(input: $input) {
  pickLists { lines { quantity sku { code } place { location { code } } } } userErrors { code }
} }"""
SHOWN = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on FulfillmentOrder {
  status routeReason shortQuantity location { code }
} } }"""
MOVE = """mutation ($input: FulfillmentOrderMoveInput!) { fulfillmentOrderMove(input: $input) {
  moved { changed shortBefore shortAfter fulfillmentOrder { status routeReason location { code } } } userErrors { code }
} }"""
BARCODE = """query ($code: String!) { barcodeLookup(code: $code) {
  isAmbiguous question matches { unitQuantity sku { code } }
} }"""
VOID = """mutation ($input: WaybillVoidInput!) { waybillVoid(input: $input) {
  parcels { state waybill { number } items { quantity } fulfillmentOrder { status } } userErrors { code }
} }"""
STOP = """mutation ($input: FulfillmentOrderCancelInput!) { fulfillmentOrderCancel(input: $input) {
  stopped { outcome changed goods { stage sealed quantity } } userErrors { code }
} }"""
TODAY = date(2026, 11, 24)
SPELLINGS = ("012345678905", "0012345678905", "00012345678905")
"""One article's code as UPC-A, EAN-13 and GTIN-14."""


async def test_complaint_07_no_other_warehouse_is_taken_in_silence(
    owner: Any, database: Database, merchant: Actor
) -> None:
    """erpnext 39602.

    Hangzhou lacks a cup while Shanghai has plenty: the order waits where it was routed and says so, and the walk of
    Hangzhou's wave goes through Hangzhou alone. To Shanghai it goes when somebody says so, and that is written down.
    """
    house = await make_house(database, merchant, {"CUP": 4})
    house = await add_warehouse(database, merchant, house, "SH1")
    whole, lacking = await bring(owner, told(house, "T-1", CUP=3), told(house, "T-2", CUP=2))
    waits = lacking["order"]["fulfillmentOrders"][0]["id"]
    await bring_goods(database, merchant, house, {"CUP": 50}, warehouse="SH1")
    await let_orders_react(database, merchant)
    (shown,) = (await owner.run(SHOWN, ids=[waits]))["nodes"]
    assert (shown["status"], shown["shortQuantity"], shown["location"]["code"]) == ("BACKORDERED", 2, "HZ1")
    at = {"locationId": global_id("Location", house.warehouses["HZ1"]), "kind": "DISCRETE"}
    refused = (await owner.run(PLAN, input={**at, "fulfillmentOrderIds": [waits]}))["wavePlan"]
    assert (refused["wave"], [error["code"] for error in refused["userErrors"]]) == (None, ["NOTHING_TO_PLAN"])
    wave = (await owner.run(PLAN, input=at))["wavePlan"]["wave"]
    (walk,) = (await owner.run(RELEASE, input={"id": wave["id"]}))["waveRelease"]["pickLists"]
    assert [(line["quantity"], line["place"]["location"]["code"]) for line in walk["lines"]] == [(3, "HZ1")]
    assert whole["shortPieces"] == 0
    to = {"moves": [{"id": waits, "locationId": global_id("Location", house.warehouses["SH1"])}]}
    assert (await owner.run(MOVE, input=to))["fulfillmentOrderMove"] == {
        "moved": [
            {
                "changed": True,
                "shortBefore": 2,
                "shortAfter": 0,
                "fulfillmentOrder": {"status": "OPEN", "routeReason": "MOVED", "location": {"code": "SH1"}},
            }
        ],
        "userErrors": [],
    }
    told_of = (await owner.run("query ($id: ID!) { timeline(id: $id) { kind } }", id=waits))["timeline"]
    assert "fulfillment_order_moved" in [event["kind"] for event in told_of]
    await assert_sound(database, merchant)


async def test_complaint_08_two_pick_lists_never_claim_the_same_units(database: Database, merchant: Actor) -> None:
    """erpnext 33715, 41335 and 41378.

    Two waves are released at the same moment over bins that just suffice: between them they name every unit once.
    """
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 6}, "A-02": {"CUP": 6}}, totes=4)
    orders = await bring_orders(floor, {f"N{number}": {"CUP": 3} for number in range(4)})
    planned = []
    for half in (orders[:2], orders[2:]):
        async with database.unit_of_work(merchant) as uow:
            planned.append(
                await waves.plan_wave(
                    uow, location_id=floor.location_id, kind=WaveKind.DISCRETE, fulfillment_order_ids=half
                )
            )
    released = await at_once(
        database, merchant, [lambda uow, each=one: waves.release_wave(uow, wave_id=each.wave_id) for one in planned]
    )
    lists = [list_id for answer in released for list_id in answer.pick_list_ids]
    claimed = {"A-01": 0, "A-02": 0}
    for list_id in lists:
        for line in await lines_of(floor, list_id):
            claimed[line.place_code] += line.quantity
    assert claimed == {"A-01": 6, "A-02": 6}
    async with database.reading(merchant) as uow:
        balances = await uow.fetch(
            sa.select(StockBalance.quantity, StockBalance.allocated).where(
                uow.mine(StockBalance), StockBalance.quantity > 0
            )
        )
    assert [(row.quantity, row.allocated) for row in balances] == [(6, 6), (6, 6)]
    for number, list_id in enumerate(lists, 1):
        await pick_list(floor, list_id, f"T-000{number}")
    assert [line.picked_quantity for each in orders for line in await order_lines(floor, each)] == [3] * 4
    assert await violations(floor) == []


@pytest.mark.parametrize("came", list(permutations(("EARLY", "LATE", "LATER"))))
async def test_complaint_09_the_lot_that_expires_first_is_taken_however_the_lots_came(
    database: Database, merchant: Actor, came: tuple[str, ...]
) -> None:
    """erpnext 42067 and 33449.

    Whatever order the lots were received and shelved in, the walk takes the earliest expiry, never what has expired,
    and the ledger keeps which lot went out.
    """
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 1}, "A-02": {"CUP": 1}, "A-03": {"CUP": 1}})
    milk = await make_skus(database, merchant, ["MILK"], shop="TB", lot_tracked=True)
    floor.house = replace(floor.house, skus={**floor.house.skus, **milk})
    days = {"GONE": -1, "EARLY": 10, "LATE": 20, "LATER": 30}
    for bin_code, lot in zip(("A-01", "A-01", "A-02", "A-03"), ("GONE", *came), strict=True):
        await put_stock(
            database,
            merchant,
            floor.warehouse.bins[bin_code],
            milk["MILK"],
            4,
            lot_code=lot,
            expires_on=TODAY + timedelta(days=days[lot]),
        )
    (order_id,) = await bring_orders(floor, {"N1": {"MILK": 6}})
    (list_id,) = (await release(floor)).pick_list_ids
    codes = await lot_codes(floor)
    taken = {codes[line.lot_id]: line.quantity for line in await lines_of(floor, list_id)}
    assert taken == {"EARLY": 4, "LATE": 2}
    await pick_list(floor, list_id, "T-0001")
    parcel_id = await shipped(floor, order_id, {"MILK": 6})
    async with database.reading(merchant) as uow:
        gone = await uow.fetch(
            sa.select(StockMove.lot_id, StockMove.quantity).where(
                uow.mine(StockMove), StockMove.from_place_id == parcel_id, StockMove.reason == "SHIP"
            )
        )
    assert {codes[row.lot_id]: row.quantity for row in gone} == {"EARLY": 4, "LATE": 2}
    assert await violations(floor) == []


async def lot_codes(floor: Floor) -> dict[UUID, str]:
    """Return the codes of all lots."""
    async with floor.database.reading(floor.actor) as uow:
        found = await uow.fetch(sa.select(Lot.id, Lot.code).where(uow.mine(Lot)))
    return {row.id: row.code for row in found}


async def test_complaint_19_every_spelling_of_a_barcode_counts_and_a_case_counts_its_units(
    owner: Any, database: Database, merchant: Actor
) -> None:
    """odoo 259199, filament-profiles 459, openfoodfacts-cordova-app 25, stock-logistics-barcode 342, grocy 2648.

    UPC-A, EAN-13 and GTIN-14 of one article are one code; a case code counts six; a code on two articles asks which.
    So it is for whoever looks a code up and for whoever scans it on a walk.
    """
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    tea = NewSku(
        "TEA",
        "P-TEA",
        "茶",
        "Tea",
        weight_g=100,
        barcodes=(NewBarcode("012345678905"), NewBarcode("10012345678902", 6), NewBarcode("SHARED")),
        components=(),
        shop_codes=(),
    )
    mug = replace(tea, code="MUG", product_code="P-MUG", barcodes=(NewBarcode("SHARED"),))
    skus = await save_skus(database, merchant, [tea, mug])
    await put_stock(database, merchant, floor.warehouse.bins["A-01"], skus["TEA"], 20)
    async with database.unit_of_work(merchant) as uow:
        await shop_codes.map_codes(uow, {(floor.house.shop_id, "TEA"): skus["TEA"]})
    floor.house = replace(floor.house, skus={**floor.house.skus, **skus})
    for code in SPELLINGS:
        found = (await owner.run(BARCODE, code=code))["barcodeLookup"]
        assert found["matches"] == [{"unitQuantity": 1, "sku": {"code": "TEA"}}]
    found = (await owner.run(BARCODE, code="10012345678902"))["barcodeLookup"]
    assert found["matches"] == [{"unitQuantity": 6, "sku": {"code": "TEA"}}]
    found = (await owner.run(BARCODE, code="SHARED"))["barcodeLookup"]
    assert (found["isAmbiguous"], bool(found["question"]), len(found["matches"])) == (True, True, 2)
    (order_id,) = await bring_orders(floor, {"N1": {"TEA": 10}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001", "A-01")
    assert await phone.scan(*SPELLINGS) == [Outcome.ACCEPTED] * 3
    assert [line.picked_quantity for line in await order_lines(floor, order_id)] == [3]
    assert await phone.scan("10012345678902") == [Outcome.ACCEPTED]
    assert [line.picked_quantity for line in await order_lines(floor, order_id)] == [9]
    asked = phone.entry(raw="SHARED")
    assert await phone.send(asked) == [Outcome.AMBIGUOUS]
    assert [choice.label for choice in phone.said[-1].choices] == ["MUG × 1", "TEA × 1"]
    assert [line.picked_quantity for line in await order_lines(floor, order_id)] == [9]
    chosen = await phone.say(ScanKind.CHOICE, choice=str(skus["TEA"]), answers=asked.client_id)
    assert chosen in {Outcome.LINE_DONE, Outcome.TASK_DONE}
    assert [line.picked_quantity for line in await order_lines(floor, order_id)] == [10]
    assert await violations(floor) == []


async def test_complaint_22_a_label_is_voided_a_parcel_unpacked_and_an_order_cancelled_each_by_itself(
    owner: Any, database: Database, merchant: Actor
) -> None:
    """bopis 472, woocommerce-services 560, Jaal-Yantra-Textiles 2083.

    Three packed orders: of one only the label is given up, one is taken out of its box again, one is cancelled and its
    goods go back by a task that says where they are.
    """
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    orders = await bring_orders(floor, {f"N{number}": {"CUP": 2} for number in range(3)})
    for number, list_id in enumerate((await release(floor)).pick_list_ids, 1):
        await pick_list(floor, list_id, f"T-000{number}")
    boxes = [await packed(floor, order_id, {"CUP": 2}) for order_id in orders]
    for parcel_id in boxes:
        await get_number(floor, parcel_id)
    relabelled, unpacked, cancelled = zip(orders, boxes, strict=True)
    await void_the_label(owner, floor, *relabelled)
    await unpack(floor, *unpacked)
    await cancel_and_put_back(owner, floor, *cancelled)
    await shipped_after_all(floor, unpacked[0])
    assert await figures(owner, "CUP") == (7, 5, 5)
    assert await violations(floor) == []


async def void_the_label(owner: Any, floor: Floor, order_id: UUID, parcel_id: UUID) -> None:
    """The number is given up with a reason; parcel, contents and order stay as they are."""
    wanted = {"parcelIds": [global_id("Parcel", parcel_id)], "reason": "面单撕坏了"}
    answer = (await owner.run(VOID, input=wanted))["waybillVoid"]
    assert answer["userErrors"] == []
    assert answer["parcels"] == [
        {
            "state": "SEALED",
            "waybill": None,
            "items": [{"quantity": 2}],
            "fulfillmentOrder": {"status": "PACKED"},
        }
    ]


async def unpack(floor: Floor, order_id: UUID, parcel_id: UUID) -> None:
    """The goods lie on the bench again and the order is in work; nothing is cancelled and nothing is free."""
    (line,) = await order_lines(floor, order_id)
    async with floor.database.unit_of_work(floor.packer) as uow:
        done((await parcels.reopen_parcels(uow, parcel_ids=[parcel_id]))[0])
        done((await verifying.take_out_items(uow, items=[VerifyItem(parcel_id, line.id, 2, new_id())]))[0])
        done((await parcels.void_parcels(uow, parcel_ids=[parcel_id], reason="wrong carton"))[0])
    (line,) = await order_lines(floor, order_id)
    assert (line.picked_quantity, line.packed_quantity) == (2, 0)
    assert (await order_row(floor, order_id)).progress == "IN_PROGRESS"


async def cancel_and_put_back(owner: Any, floor: Floor, order_id: UUID, parcel_id: UUID) -> None:
    """The order is stopped at once; its goods stay promised until the put-back scan, which ends it."""
    wanted = {"fulfillmentOrders": [{"id": global_id("FulfillmentOrder", order_id)}], "reason": "买家不要了"}
    answer = (await owner.run(STOP, input=wanted))["fulfillmentOrderCancel"]
    assert answer["stopped"] == [
        {"outcome": "INTERCEPTED", "changed": True, "goods": [{"stage": "IN_PARCEL", "sealed": True, "quantity": 2}]}
    ]
    await react(floor)
    async with floor.database.reading(floor.actor) as uow:
        (task,) = await uow.fetch(
            sa.select(ExceptionTask.id, ExceptionTask.place_id, ExceptionTask.quantity).where(
                uow.mine(ExceptionTask), ExceptionTask.subject_id == order_id
            )
        )
    assert (task.place_id, task.quantity) == (parcel_id, 2)
    back = PutBackScan(task.id, floor.warehouse.bins["A-01"], 2, new_id())
    async with floor.database.unit_of_work(floor.picker) as uow:
        done((await put_backs.put_back(uow, backs=[back]))[0])
    await react(floor)
    assert (await order_row(floor, order_id)).progress == "CANCELLED"
    assert (await row_of(floor, Parcel, parcel_id)).state == "VOIDED"


async def shipped_after_all(floor: Floor, order_id: UUID) -> None:
    """What was taken out of its box is packed again and ships."""
    await shipped(floor, order_id, {"CUP": 2})
    assert (await order_row(floor, order_id)).progress == "SHIPPED"
