"""What users of other systems complain of about promised stock: complaints 1 to 6 of our list, each shown not to hold.

The projects and numbers in the docstrings are where people asked for it.
"""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from tests.builders_orders import add_warehouse, make_house, react, receive
from tests.complaints.asking import CANCEL, SKU, bring, figures, told
from tests.racing import assert_sound

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.stock.tables import StockLevel
from pickmesh.graphql.ids import global_id

ADJUST = """mutation ($input: StockAdjustInput!) { stockAdjust(input: $input) {
  adjusted { quantity } userErrors { code field data message }
} }"""


async def test_complaint_01_two_buyers_at_once_get_the_last_unit_once(
    owner: Any, database: Database, merchant: Actor
) -> None:
    """saleor 543, vendure 3508, django-oscar 2102, django-shop 888, shopxo 38, mall 353, xmall 40.

    Eight buyers in eight requests at once; and even a mistaken program cannot write the second promise: the database
    refuses the row.
    """
    house = await make_house(database, merchant, {"CUP": 1})
    answers = await asyncio.gather(*(bring(owner, told(house, f"T-{number}", CUP=1)) for number in range(8)))
    assert sorted(one["shortPieces"] for (one,) in answers) == [0] + [1] * 7
    statuses = sorted(one["order"]["fulfillmentOrders"][0]["status"] for (one,) in answers)
    assert statuses == ["BACKORDERED"] * 7 + ["OPEN"]
    assert await figures(owner, "CUP") == (1, 0, 0)
    with pytest.raises(sa.exc.IntegrityError):
        async with database.unit_of_work(merchant) as uow:
            await uow.execute(sa.update(StockLevel).where(uow.mine(StockLevel)).values(reserved=2))
    await assert_sound(database, merchant)


async def test_complaint_02_lines_that_share_a_component_are_summed_before_any_is_promised(
    owner: Any, database: Database, merchant: Actor
) -> None:
    """medusa 16502, erpnext 49021, SmartStoreNET 1052.

    Three cups: a set takes two, a pair takes two, one is sold singly. Each line alone would pass; together they are 5.
    """
    house = await make_house(
        database, merchant, {"CUP": 3, "LID": 9}, bundles={"SET": {"CUP": 2, "LID": 1}, "PAIR": {"CUP": 2}}
    )
    (one,) = await bring(owner, told(house, "T-1", SET=1, PAIR=1, CUP=1))
    (part,) = one["order"]["fulfillmentOrders"]
    cups = [(line["quantity"], line["isShort"]) for line in part["lines"] if line["sku"]["code"] == "CUP"]
    assert sum(quantity for quantity, is_short in cups if not is_short) == 3
    assert sum(quantity for quantity, is_short in cups if is_short) == 2
    assert (await figures(owner, "CUP"))[1] == 0
    two = await bring(owner, told(house, "T-2", SET=1), told(house, "T-3", PAIR=1))
    assert [answer["shortPieces"] for answer in two] == [3, 2]
    await assert_sound(database, merchant)


async def test_complaint_03_a_bundle_is_promised_part_by_part_all_or_nothing(
    owner: Any, database: Database, merchant: Actor
) -> None:
    """erpnext 51227 and 51312, medusa 12532.

    Five cups and one lid: one set is promised with its own rows for its parts, of the second not even the cups.
    """
    house = await make_house(database, merchant, {"CUP": 5, "LID": 1}, bundles={"SET": {"CUP": 2, "LID": 1}})
    first, second = await bring(owner, told(house, "T-1", SET=1), told(house, "T-2", SET=1))
    lines = [part["lines"] for one in (first, second) for part in one["order"]["fulfillmentOrders"]]
    assert [
        sorted((line["sku"]["code"], line["bundle"]["code"], line["quantity"], line["isShort"]) for line in own)
        for own in lines
    ] == [
        [("CUP", "SET", 2, False), ("LID", "SET", 1, False)],
        [("CUP", "SET", 2, True), ("LID", "SET", 1, True)],
    ]
    assert await figures(owner, "CUP") == (5, 3, 3)
    assert await figures(owner, "LID") == (1, 0, 0)
    await receive(database, merchant, house, {"LID": 1})
    await react(database, merchant)
    assert await figures(owner, "CUP") == (5, 1, 1)
    assert await figures(owner, "LID") == (2, 0, 0)
    await assert_sound(database, merchant)


async def test_complaint_04_a_cancellation_releases_exactly_once(
    owner: Any, database: Database, merchant: Actor
) -> None:
    """saleor 5334, vendure 1198, 1250 and 1557, marello 47, grandnode 560, medusa 12796.

    Cancelled by three requests at once and once more later: what was promised is free once, and no more than that.
    """
    house = await make_house(database, merchant, {"CUP": 5})
    (gone,), (stays,) = [await bring(owner, told(house, number, CUP=2)) for number in ("T-1", "T-2")]
    (part,) = gone["order"]["fulfillmentOrders"]
    wanted = {"fulfillmentOrders": [{"id": part["id"]}], "reason": "买家不要了"}
    answers = await asyncio.gather(*(owner.run(CANCEL, input=wanted) for _ in range(3)))
    answers.append(await owner.run(CANCEL, input=wanted))
    stopped = [one for answer in answers for one in answer["fulfillmentOrderCancel"]["stopped"]]
    assert [one["outcome"] for one in stopped] == ["CANCELLED"] * 4
    assert sorted(one["changed"] for one in stopped) == [False] * 3 + [True]
    assert await figures(owner, "CUP") == (5, 3, 3)
    assert stays["order"]["fulfillmentOrders"][0]["shortQuantity"] == 0
    await assert_sound(database, merchant)


async def test_complaint_05_a_lack_in_one_warehouse_hides_nothing_in_another(
    owner: Any, database: Database, merchant: Actor
) -> None:
    """saleor 17170.

    One warehouse keeps a buffer of 9 though it has 2 pieces: it offers nothing, not minus 7, and the other its all 5.
    """
    house = await make_house(database, merchant, {"CUP": 2})
    house = await add_warehouse(database, merchant, house, "SH1")
    await receive(database, merchant, house, {"CUP": 5}, warehouse="SH1")
    kept = {"location_id": house.warehouses["HZ1"], "sku_id": house.skus["CUP"], "buffer": 9}
    async with database.unit_of_work(merchant) as uow:
        await uow.update(StockLevel, [kept])
    assert await figures(owner, "CUP") == (7, 7, 5)
    levels = (await owner.run(SKU, code="CUP"))["sku"]["levels"]
    assert sorted((level["free"], level["available"]) for level in levels) == [(2, 0), (5, 5)]
    (one,) = await bring(owner, told(house, "T-1", CUP=5))
    assert one["shortPieces"] == 0
    assert await figures(owner, "CUP") == (7, 2, 0)


WHY = """query ($id: ID!) { whyShort(orderId: $id) { lines {
  wanted missing locations { free available holderCount holders { quantity } }
} } }"""


@pytest.mark.parametrize("held", [0, 2, 5])
async def test_complaint_06_what_is_shown_free_is_what_is_promised_and_a_refusal_tells_the_numbers(
    owner: Any, database: Database, merchant: Actor, held: int
) -> None:
    """saleor/apps 1175.

    Whatever is shown as free is promised to the piece, one more is short and says who holds the rest; and a refusal
    carries the figures it rests on, the same ones the reader is shown.
    """
    house = await make_house(database, merchant, {"CUP": 7})
    if held:
        await bring(owner, told(house, "T-0", CUP=held))
    _, free, _ = await figures(owner, "CUP")
    (over,) = await bring(owner, told(house, "T-1", CUP=free + 1))
    assert (over["shortPieces"], (await figures(owner, "CUP"))[1]) == (free + 1, free)
    (why,) = (await owner.run(WHY, id=over["order"]["id"]))["whyShort"]["lines"]
    (there,) = why["locations"]
    assert (why["wanted"], why["missing"], there["free"]) == (free + 1, free + 1, free)
    assert sum(holder["quantity"] for holder in there["holders"]) == 7 - free
    (whole,) = await bring(owner, told(house, "T-2", CUP=free))
    assert (whole["shortPieces"], (await figures(owner, "CUP"))[1]) == (0, 0)
    gone = {
        "placeId": global_id("Place", house.bins["HZ1"]),
        "skuId": global_id("Sku", house.skus["CUP"]),
        "difference": -8,
        "reason": "count",
    }
    (error,) = (await owner.run(ADJUST, input={"adjustments": [gone]}))["stockAdjust"]["userErrors"]
    assert (error["code"], error["data"]["quantity"]) == ("NOT_ENOUGH_STOCK", (await figures(owner, "CUP"))[0])
    assert str(error["data"]["quantity"]) in error["message"]
