"""Timed reservations, buffers, push figures and the lists of stock, through the front."""

from datetime import date
from typing import Any

import pytest_asyncio
from tests.builders_accounts import make_shop
from tests.builders_catalog import make_skus
from tests.builders_orders import BUYER, House, make_house
from tests.builders_stock import put_stock

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

OPEN = """mutation ($input: StockLeaseOpenInput!) { stockLeaseOpen(input: $input) {
  leases { id code holder status wanted { quantity sku { code } location { code } }
    lines { quantity sku { code } location { code } } }
  userErrors { code field message data }
} }"""
RELEASE = """mutation ($input: StockLeaseReleaseInput!) { stockLeaseRelease(input: $input) {
  leases { code status lines { quantity } } userErrors { code field }
} }"""
RENEW = """mutation ($input: StockLeaseRenewInput!) { stockLeaseRenew(input: $input) {
  leases { code expiresAt } userErrors { code field }
} }"""
IMPORT = """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
  imported { verdict shortPieces lease order { id } } userErrors { code message }
} }"""
BUFFER = """mutation ($input: StockBufferSetInput!) { stockBufferSet(input: $input) {
  buffered { buffer available sku { code available free } } userErrors { code field }
} }"""
POLICY = """mutation ($input: PushPolicySaveInput!) { pushPolicySave(input: $input) {
  policies { shop { code } sku { code } } userErrors { code field }
} }"""
LEVELS = """query ($sort: StockLevelSort!, $below: Int, $search: String) {
  stockLevels(sort: $sort, availableBelow: $below, search: $search) { nodes { sku { code } available onHand } }
}"""


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 5, "LID": 3}, bundles={"SET": {"CUP": 2, "LID": 1}})


def lease_of(house: House, code: str, sku: str, quantity: int, **more: Any) -> dict[str, Any]:
    line = {"skuId": global_id("Sku", house.skus[sku]), "quantity": quantity}
    return {"code": code, "holder": "checkout 17", "lines": [line], "expiresInSeconds": 900, **more}


def told_order(house: House, number: str, quantity: int, lease: str) -> dict[str, Any]:
    return {
        "shopId": global_id("Shop", house.shop_id),
        "externalId": number,
        "orderedAt": "2026-11-24T03:00:00Z",
        "paymentStatus": "PAID",
        "currency": "CNY",
        "recipient": {"name": BUYER.name, "phone": BUYER.phone, "street": BUYER.street, "country": "CN"},
        "lines": [{"externalLineId": "1", "shopCode": "CUP", "quantity": quantity, "unitPriceMicros": 1}],
        "lease": lease,
    }


async def test_a_checkout_holds_a_bundle_and_its_order_gets_the_parts(owner: Any, house: House) -> None:
    answer = (await owner.run(OPEN, input={"leases": [lease_of(house, "C-1", "SET", 1)]}))["stockLeaseOpen"]
    assert answer["userErrors"] == []
    (lease,) = answer["leases"]
    assert lease["wanted"] == [{"quantity": 1, "sku": {"code": "SET"}, "location": None}]
    assert sorted((line["sku"]["code"], line["quantity"], line["location"]["code"]) for line in lease["lines"]) == [
        ("CUP", 2, "HZ1"),
        ("LID", 1, "HZ1"),
    ]
    orders = [told_order(house, "T-1", 5, "C-1"), told_order(house, "T-2", 1, "none")]
    imported = (await owner.run(IMPORT, input={"orders": orders}))["orderImport"]["imported"]
    assert [(each["shortPieces"], each["lease"]) for each in imported] == [(0, "USED"), (1, "UNKNOWN")]
    known = await owner.run(
        '{ stockLease(code: "C-1") { status order { id } closedAt } stockLeases { nodes { code } } }'
    )
    assert (known["stockLease"]["status"], known["stockLease"]["order"]) == ("USED", imported[0]["order"])
    assert known["stockLeases"]["nodes"] == [{"code": "C-1"}]


async def test_a_refused_lease_tells_the_figures_every_list_shows(owner: Any, house: House) -> None:
    asked = [lease_of(house, "C-1", "CUP", 4), lease_of(house, "C-2", "CUP", 2)]
    answer = (await owner.run(OPEN, input={"leases": asked}))["stockLeaseOpen"]
    (error,) = answer["userErrors"]
    assert (error["code"], error["field"]) == ("NOT_ENOUGH_STOCK", ["leases", "1", "lines"])
    assert error["message"] == "2 × CUP are wanted at HZ1 and 1 are available there; 4 are promised."
    shown = (await owner.run('{ sku(code: "CUP") { id available } }'))["sku"]
    assert (error["data"]["skuId"], error["data"]["available"]) == (shown["id"], shown["available"])


async def test_a_lease_is_renewed_and_released_and_then_over(owner: Any, house: House) -> None:
    opened = await owner.run(OPEN, input={"leases": [lease_of(house, "C-1", "CUP", 4)]})
    ids = [lease["id"] for lease in opened["stockLeaseOpen"]["leases"]]
    renewed = await owner.run(RENEW, input={"stockLeaseIds": ids, "expiresAt": "2026-11-25T04:00:00Z"})
    assert renewed["stockLeaseRenew"]["leases"] == [{"code": "C-1", "expiresAt": "2026-11-25T04:00:00Z"}]
    released = await owner.run(RELEASE, input={"stockLeaseIds": ids})
    assert released["stockLeaseRelease"]["leases"] == [
        {"code": "C-1", "status": "RELEASED", "lines": [{"quantity": 0}]}
    ]
    again = await owner.run(RENEW, input={"stockLeaseIds": ids, "expiresInSeconds": 60})
    assert again["stockLeaseRenew"]["userErrors"] == [{"code": "LEASE_CLOSED", "field": ["stockLeaseIds", "0"]}]


async def test_a_picker_opens_no_lease(client_of: Any, merchant: Actor, house: House) -> None:
    picker = await client_of(merchant, Role.PICKER)
    answer = (await picker.run(OPEN, input={"leases": [lease_of(house, "C-1", "CUP", 1)]}))["stockLeaseOpen"]
    assert [error["code"] for error in answer["userErrors"]] == ["NOT_PERMITTED"]


async def test_a_buffer_and_a_share_change_what_a_shop_is_told(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    other = await make_shop(database, merchant, "PDD")
    cup = {"skuId": global_id("Sku", house.skus["CUP"])}
    kept = {"locationId": global_id("Location", house.warehouses["HZ1"]), "buffer": 1, **cup}
    answer = (await owner.run(BUFFER, input={"buffers": [kept]}))["stockBufferSet"]
    assert answer["buffered"] == [{"buffer": 1, "available": 4, "sku": {"code": "CUP", "available": 4, "free": 5}}]
    policies = [
        {"shopId": global_id("Shop", house.shop_id), "sharePercent": 50},
        {"shopId": global_id("Shop", other), "sharePercent": 130, **cup},
    ]
    saved = (await owner.run(POLICY, input={"policies": policies}))["pushPolicySave"]
    assert saved["policies"] == [{"shop": {"code": "TB"}, "sku": None}]
    assert [(error["code"], error["field"][:2]) for error in saved["userErrors"]] == [
        ("INVALID_INPUT", ["policies", "1"])
    ]
    found = await owner.run(
        """query ($shop: ID!) { pushFigures { nodes { shop { code } shopCode quantity available sharePercent } }
        pushChanges(after: 0) { upTo more shops { code } figures { shopCode } }
        pushPolicies(shopId: $shop) { sharePercent paused sku { code } } }""",
        shop=global_id("Shop", house.shop_id),
    )
    figures = {each["shopCode"]: (each["quantity"], each["available"]) for each in found["pushFigures"]["nodes"]}
    assert figures == {"CUP": (2, 4), "LID": (1, 3), "SET": (1, 2)}
    assert (found["pushChanges"]["shops"], found["pushChanges"]["figures"]) == ([{"code": "TB"}], [])
    assert found["pushPolicies"] == [{"sharePercent": 50, "paused": False, "sku": None}]


async def test_deltas_and_figures_of_another_merchant_are_not_told(
    client_of: Any, house: House, stranger: Actor
) -> None:
    thief = await client_of(stranger)
    found = await thief.run(
        "{ pushFigures { nodes { shopCode } } pushChanges(after: 0) { figures { shopCode } shops { id } } }"
    )
    assert found == {"pushFigures": {"nodes": []}, "pushChanges": {"figures": [], "shops": []}}


async def test_levels_are_sorted_filtered_and_searched(owner: Any, house: House) -> None:
    async def codes(**asked: Any) -> list[str]:
        nodes = (await owner.run(LEVELS, **asked))["stockLevels"]["nodes"]
        return [f"{node['sku']['code']} {node['available']}" for node in nodes]

    assert await codes(sort="SKU") == ["CUP 5", "LID 3"]
    assert await codes(sort="AVAILABLE") == ["LID 3", "CUP 5"]
    assert await codes(sort="ON_HAND", below=4) == ["LID 3"]
    assert await codes(sort="SKU", search="商品 CUP") == ["CUP 5"]
    assert await codes(sort="SKU", below=1) == []


async def test_pages_of_levels_by_available_neither_skip_nor_repeat(owner: Any, house: House) -> None:
    query = """query ($after: String) { stockLevels(sort: AVAILABLE, first: 1, after: $after) {
      nodes { sku { code } } pageInfo { hasNextPage endCursor } } }"""
    first = (await owner.run(query))["stockLevels"]
    second = (await owner.run(query, after=first["pageInfo"]["endCursor"]))["stockLevels"]
    assert [each["nodes"][0]["sku"]["code"] for each in (first, second)] == ["LID", "CUP"]
    assert [each["pageInfo"]["hasNextPage"] for each in (first, second)] == [True, False]
    foreign = await owner.code('query { stockLevels(sort: SKU, after: "eyJ4IjoxfQ==") { nodes { available } } }')
    assert foreign == "INVALID_INPUT"


async def test_lots_come_in_the_order_they_are_taken_and_are_blocked(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    milk = (await make_skus(database, merchant, ["MILK"], lot_tracked=True))["MILK"]
    bin_id = house.bins["HZ1"]
    for code, expires_on in (("NEVER", None), ("LATE", date(2027, 9, 1)), ("SOON", date(2027, 2, 1))):
        await put_stock(database, merchant, bin_id, milk, 2, lot_code=code, expires_on=expires_on)
    found = (await owner.run("{ lots { nodes { id code onHand blocked sku { code } } } }"))["lots"]["nodes"]
    assert [(each["code"], each["onHand"]) for each in found] == [("SOON", 2), ("LATE", 2), ("NEVER", 2)]
    block = """mutation ($input: LotBlockInput!) { lotBlock(input: $input) {
      lots { code blocked } userErrors { code } } }"""
    done = (await owner.run(block, input={"lotIds": [found[0]["id"]], "blocked": True}))["lotBlock"]
    assert done == {"lots": [{"code": "SOON", "blocked": True}], "userErrors": []}
    left = await owner.run(
        """{ lots(blocked: false, expiresBefore: "2028-01-01") { nodes { code } }
        stockBalances(expiresBefore: "2027-05-01") { nodes { quantity lot { code } place { code } } }
        sku(code: "MILK") { available } }"""
    )
    assert left == {
        "lots": {"nodes": [{"code": "LATE"}]},
        "stockBalances": {"nodes": [{"quantity": 2, "lot": {"code": "SOON"}, "place": {"code": "A-01-1"}}]},
        "sku": {"available": 4},
    }


async def test_stock_as_of_a_moment_of_one_sku_and_of_all(owner: Any, house: House) -> None:
    query = """query ($before: DateTime!, $now: DateTime!) {
      sku(code: "CUP") { before: stockAsOf(at: $before) { onHand } now: stockAsOf(at: $now) {
        onHand at levels { location { code } onHand } balances { place { code } quantity lot { code } } } }
      set: sku(code: "SET") { stockAsOf(at: $now) { onHand } }
      stockAsOf(at: $now, first: 1) { nodes { sku { code } onHand } pageInfo { hasNextPage } }
    }"""
    found = await owner.run(query, before="2026-11-24T03:59:59.999999Z", now="2026-11-24T04:00:00Z")
    assert found == {
        "sku": {
            "before": {"onHand": 0},
            "now": {
                "onHand": 5,
                "at": "2026-11-24T04:00:00Z",
                "levels": [{"location": {"code": "HZ1"}, "onHand": 5}],
                "balances": [{"place": {"code": "A-01-1"}, "quantity": 5, "lot": None}],
            },
        },
        "set": {"stockAsOf": None},
        "stockAsOf": {"nodes": [{"sku": {"code": "CUP"}, "onHand": 5}], "pageInfo": {"hasNextPage": True}},
    }


async def test_places_are_listed_by_prefix_and_role(owner: Any, house: House) -> None:
    query = """{ a: places(prefix: "a-01") { nodes { code } } b: places(prefix: "Z") { nodes { code } }
      c: places(role: OVERFLOW) { nodes { code } } d: places(pool: SELLABLE, kind: BIN) { nodes { code } } }"""
    found = await owner.run(query)
    assert [[node["code"] for node in found[key]["nodes"]] for key in "abcd"] == [["A-01-1"], [], [], ["A-01-1"]]
