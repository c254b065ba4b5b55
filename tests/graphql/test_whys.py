"""Questions that begin with why, through the front: one sentence in the caller's language, and everything as data."""

from typing import Any

import pytest_asyncio
from tests.builders_accounts import make_shop
from tests.builders_orders import (
    House,
    bring_in,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    put_on_floor,
)

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

SHORT = """query ($number: String, $line: ID) { whyShort(number: $number, fulfillmentLineId: $line) {
  sentence unmapped
  lines { missing promised sku { code } fulfillmentOrder { number } heldUpBy { code } lost { cause }
    locations { location { code } isItsOwn free holderCount transfers { quantity } unsellable { cause }
      holders { kind quantity status frees fulfillmentOrder { number } lease { code } transfer { id } } } }
} }"""
HERE = """query ($number: String) { whyHere(number: $number) {
  sentence reason strategy weighed { covered } bins { because quantity bin { code } chosen { free } others { free } }
} }"""


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    house = await make_house(database, merchant, {"CUP": 5})
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 4}), new_order(house, "T-2", {"CUP": 3}))
    return house


async def test_why_short_is_told_in_one_sentence_and_as_data(owner: Any, house: House) -> None:
    found = (await owner.run(SHORT, number="O-2"))["whyShort"]
    assert found["sentence"] == (
        "F-0002 needs 3 × CUP and lacks 3 at HZ1. HZ1 has 5: 4 promised, 0 not for sale, 1 free. "
        "F-0001 has held 4 since 2026-11-24 12:00. 1 free is too few: the 3 are promised together or not at all. "
        "No transfer brings any and no other warehouse has 3 free: receive goods, or tell the buyer."
    )
    assert found["lines"] == [
        {
            "missing": 3,
            "promised": 0,
            "sku": {"code": "CUP"},
            "fulfillmentOrder": {"number": "F-0002"},
            "heldUpBy": [],
            "lost": [],
            "locations": [
                {
                    "location": {"code": "HZ1"},
                    "isItsOwn": True,
                    "free": 1,
                    "holderCount": 1,
                    "transfers": [],
                    "unsellable": [],
                    "holders": [
                        {
                            "kind": "ORDER",
                            "quantity": 4,
                            "status": "OPEN",
                            "frees": None,
                            "fulfillmentOrder": {"number": "F-0001"},
                            "lease": None,
                            "transfer": None,
                        }
                    ],
                }
            ],
        }
    ]


async def test_why_short_is_told_in_chinese(client_of: Any, merchant: Actor, house: House) -> None:
    owner = await client_of(merchant)
    owner.http.headers["accept-language"] = "zh-CN"
    found = (await owner.run(SHORT, number="F-0002"))["whyShort"]
    assert found["sentence"] == (
        "F-0002 需要 3 件 CUP，HZ1 缺 3 件。HZ1 有 5 件：已预占 4 件，不可售 0 件，可用 1 件。"
        "F-0001 自 2026-11-24 12:00 起占用 4 件。可用 1 件不够：这 3 件须一次全部预占。"
        "没有在途调拨，其他仓库也没有 3 件可用：请补货收货，或与买家协商。"
    )


async def test_a_line_is_asked_about_by_its_id(owner: Any, database: Database, merchant: Actor, house: House) -> None:
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-2", {"CUP": 3}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    (line,) = await lines_of(database, merchant, row.id)
    found = (await owner.run(SHORT, line=global_id("FulfillmentLine", line.id)))["whyShort"]
    assert [each["missing"] for each in found["lines"]] == [3]
    assert await owner.code(SHORT, line=global_id("FulfillmentLine", line.id), number="O-2") == "INVALID_INPUT"


async def test_why_here_tells_the_warehouse_and_the_bin(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 4}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    await put_on_floor(database, merchant, row.id)
    assert (await owner.run(HERE, number="F-0001"))["whyHere"] == {
        "sentence": "HZ1 is the only warehouse. 4 × CUP come from A-01-1: no other bin has it free now.",
        "reason": "ONLY_WAREHOUSE",
        "strategy": None,
        "weighed": [],
        "bins": [
            {"because": "ONLY_BIN", "quantity": 4, "bin": {"code": "A-01-1"}, "chosen": {"free": 5}, "others": []}
        ],
    }


async def test_whys_keep_the_walls_of_merchants_warehouses_and_roles(
    client_of: Any, merchant: Actor, stranger: Actor, house: House, database: Database
) -> None:
    for client in (
        await client_of(stranger),
        await client_of(merchant, Role.SUPPORT, shop_ids=[await _other_shop(database, merchant)]),
    ):
        assert (await client.run(SHORT, number="O-2"))["whyShort"] is None
    picker = await client_of(merchant, Role.PICKER)
    assert await picker.code(SHORT, number="O-2") == "NOT_PERMITTED"


async def _other_shop(database: Database, merchant: Actor) -> Any:
    return await make_shop(database, merchant, "OTHER")
