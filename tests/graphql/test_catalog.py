"""The catalog through the front: saved, archived, pictured, its codes looked up and mapped, look-alikes."""

from typing import Any

import pytest_asyncio
from tests.builders_orders import House, bring_in, make_house, new_order, react

from pickmesh.core.catalog import look_alikes
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

ERRORS = "userErrors { code field message data }"
SKU_SAVE = f"""mutation ($input: SkuSaveInput!) {{ skuSave(input: $input) {{
  saved {{ kind sku {{ id code nameZh nameEn weightG priceMicros currency version isBundle product {{ code }}
    barcodes {{ code unitQuantity }} components {{ quantity sku {{ code }} }} shopCodes {{ code shop {{ code }} }} }} }}
  {ERRORS} }} }}"""
PRODUCT_SAVE = f"""mutation ($input: ProductSaveInput!) {{ productSave(input: $input) {{
  saved {{ kind product {{ code nameZh nameEn }} }} {ERRORS} }} }}"""
MOVE = """mutation ($input: {name}Input!) {{ done: {field}(input: $input) {{
  {things} {{ code archivedAt version }} userErrors {{ code field message data }} }} }}"""
BARCODE_ADD = f"""mutation ($input: BarcodeAddInput!) {{ barcodeAdd(input: $input) {{
  added {{ changed sku {{ code barcodes {{ id code unitQuantity }} }} also {{ code }} }} {ERRORS} }} }}"""
BARCODE_ARCHIVE = f"""mutation ($input: BarcodeArchiveInput!) {{ barcodeArchive(input: $input) {{
  skus {{ code barcodes {{ code }} }} {ERRORS} }} }}"""
LOOKUP = """query ($code: String!) { barcodeLookup(code: $code) {
  code isAmbiguous question problem matches { unitQuantity sku { code } } } }"""
UNMAPPED = """query ($shop: ID, $first: Int, $after: String) {
  unmappedCodes(shopId: $shop, first: $first, after: $after) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { code orders lines pieces shop { code } suggestions { why sku { code } } } } }"""
MAP = f"""mutation ($input: ShopCodeMapInput!) {{ shopCodeMap(input: $input) {{
  mapped {{ code changed sku {{ code }} replacedSku {{ code }} waitingOrders waitingLines waitingPieces }}
  {ERRORS} }} }}"""
UNMAP = f"""mutation ($input: ShopCodeUnmapInput!) {{ shopCodeUnmap(input: $input) {{
  unmapped {{ code changed shop {{ code }} }} {ERRORS} }} }}"""
MARK = """mutation ($input: LookAlike{name}Input!) {{ done: lookAlike{name}(input: $input) {{
  skus {{ code lookAlikes {{ wrongScans markedAt markedBy {{ name }} sku {{ code }} }} }}
  userErrors {{ code field }} }} }}"""
PICTURE_ADD = f"""mutation ($input: PictureAddInput!) {{ pictureAdd(input: $input) {{
  products {{ code pictures {{ id url position }} skus {{ code pictures {{ url }} }} }} {ERRORS} }} }}"""
PICTURE_REMOVE = f"""mutation ($input: PictureRemoveInput!) {{ pictureRemove(input: $input) {{
  products {{ pictures {{ url }} }} {ERRORS} }} }}"""
BUNDLE = """{ sku(code: "SET") { onHand free available
  bundleLevels { free available location { code } limitedBy { code } } } }"""


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 5, "LID": 0}, bundles={"SET": {"CUP": 2}})


def sku_id(house: House, code: str = "CUP") -> str:
    return global_id("Sku", house.skus[code])


def shop_id(house: House) -> str:
    return global_id("Shop", house.shop_id)


async def move(owner: Any, name: str, things: str, *items: dict[str, Any]) -> dict[str, Any]:
    """Archive or restore; return what was answered."""
    query = MOVE.format(name=name, field=name[0].lower() + name[1:], things=things)
    done: dict[str, Any] = (await owner.run(query, input={things: list(items)}))["done"]
    return done


async def test_a_sku_is_saved_in_part_and_a_bad_one_does_not_stop_it(owner: Any, house: House) -> None:
    new = {
        "code": "MUG",
        "nameEn": "Mug",
        "weightG": 300,
        "priceMicros": 5_000_000_000,
        "barcodes": [{"code": "6901234567892"}, {"code": "16901234567899", "unitQuantity": 6}],
        "shopCodes": [{"shop": "TB", "code": "9001"}],
    }
    box = {"code": "BOX", "nameZh": "盒", "components": [{"code": "MUG", "quantity": 2}]}
    bad = {"code": "BAD", "nameZh": "坏", "components": [{"code": "NOPE", "quantity": 2}]}
    answer = (await owner.run(SKU_SAVE, input={"skus": [new, bad, box], "idempotencyKey": "s1"}))["skuSave"]
    mug, made = answer["saved"]
    assert (mug["kind"], mug["sku"]["product"], mug["sku"]["currency"]) == ("CREATED", {"code": "MUG"}, "CNY")
    assert mug["sku"]["barcodes"] == [
        {"code": "06901234567892", "unitQuantity": 1},
        {"code": "16901234567899", "unitQuantity": 6},
    ]
    assert mug["sku"]["shopCodes"] == [{"code": "9001", "shop": {"code": "TB"}}]
    assert made["sku"]["components"] == [{"quantity": 2, "sku": {"code": "MUG"}}]
    (error,) = answer["userErrors"]
    assert (error["code"], error["field"]) == ("UNKNOWN_COMPONENT", ["skus", "1", "components"])
    again = (await owner.run(SKU_SAVE, input={"skus": [new, bad, box], "idempotencyKey": "s1"}))["skuSave"]
    assert again == answer
    part = {"code": "MUG", "weightG": None, "nameZh": None, "barcodes": None, "ifVersion": 1}
    (changed,) = (await owner.run(SKU_SAVE, input={"skus": [part]}))["skuSave"]["saved"]
    assert (changed["kind"], changed["sku"]["weightG"], changed["sku"]["nameEn"]) == ("CHANGED", None, "Mug")
    assert len(changed["sku"]["barcodes"]) == 2
    (stale,) = (await owner.run(SKU_SAVE, input={"skus": [part]}))["skuSave"]["userErrors"]
    assert (stale["code"], stale["field"]) == ("STALE_VERSION", ["skus", "0", "ifVersion"])
    assert stale["data"] == {"id": changed["sku"]["id"], "version": 2}


async def test_a_product_is_made_and_named(owner: Any, house: House) -> None:
    wanted = [{"code": "P", "nameZh": "杯"}, {"code": "Q"}]
    answer = (await owner.run(PRODUCT_SAVE, input={"products": wanted}))["productSave"]
    assert answer["saved"] == [{"kind": "CREATED", "product": {"code": "P", "nameZh": "杯", "nameEn": ""}}]
    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [
        ("INVALID_INPUT", ["products", "1", "nameZh"])
    ]


async def test_a_sku_in_use_stays_and_says_why(owner: Any, house: House) -> None:
    done = await move(owner, "SkuArchive", "skus", {"id": sku_id(house)}, {"id": sku_id(house, "LID")})
    assert [sku["code"] for sku in done["skus"]] == ["LID"]
    (error,) = done["userErrors"]
    assert (error["code"], error["field"]) == ("STILL_IN_USE", ["skus", "0", "id"])
    assert (error["data"]["skuId"], error["data"]["onHand"], error["data"]["bundles"]) == (sku_id(house), 5, ["SET"])
    assert error["message"] == (
        "CUP is still in use and stays in the catalog. Pieces on hand: 5. Bundles that need it: SET."
    )


async def test_archived_skus_are_asked_for_and_come_back(owner: Any, house: House) -> None:
    lid = {"id": sku_id(house, "LID"), "ifVersion": 1}
    (archived,) = (await move(owner, "SkuArchive", "skus", lid))["skus"]
    assert (archived["archivedAt"] is not None, archived["version"]) == (True, 2)
    lists = "{ live: skus { totalCount nodes { code } } gone: skus(archived: true) { totalCount nodes { code } } }"
    found = await owner.run(lists)
    assert [sku["code"] for sku in found["live"]["nodes"]] == ["CUP", "SET"]
    assert found["gone"] == {"totalCount": 1, "nodes": [{"code": "LID"}]}
    (stale,) = (await move(owner, "SkuRestore", "skus", lid))["userErrors"]
    assert (stale["code"], stale["data"]["version"]) == ("STALE_VERSION", 2)
    assert (await move(owner, "SkuRestore", "skus", {"id": lid["id"]}))["skus"][0]["archivedAt"] is None


async def test_a_product_is_archived_with_its_skus(owner: Any, house: House) -> None:
    product = (await owner.run('{ sku(code: "LID") { product { id } } }'))["sku"]["product"]
    (done,) = (await move(owner, "ProductArchive", "products", product))["products"]
    assert done["archivedAt"] is not None
    assert (await owner.run('{ sku(code: "LID") { code } }')) == {"sku": None}
    assert (await move(owner, "ProductRestore", "products", product))["products"][0]["archivedAt"] is None
    assert (await owner.run('{ sku(code: "LID") { code } }')) == {"sku": {"code": "LID"}}


async def test_the_list_is_filtered_sorted_and_paged(owner: Any, house: House) -> None:
    query = """query ($after: String) { skus(isBundle: false, sort: CODE, falling: true, first: 1, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } nodes { code } } }"""
    first = (await owner.run(query))["skus"]
    second = (await owner.run(query, after=first["pageInfo"]["endCursor"]))["skus"]
    assert [page["nodes"] for page in (first, second)] == [[{"code": "LID"}], [{"code": "CUP"}]]
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]
    assert first["totalCount"] == 2
    named = (await owner.run('{ skus(hasShopCode: true, sort: NAME, client: "") { nodes { name } } }'))["skus"]
    assert len(named["nodes"]) == 3


async def test_a_barcode_of_two_skus_is_a_question(owner: Any, house: House) -> None:
    wanted = [
        {"skuId": sku_id(house), "code": "036000291452"},
        {"skuId": sku_id(house, "LID"), "code": "0036000291452", "unitQuantity": 6},
    ]
    answer = (await owner.run(BARCODE_ADD, input={"barcodes": wanted}))["barcodeAdd"]
    assert [(each["changed"], each["also"]) for each in answer["added"]] == [(True, []), (True, [])]
    again = (await owner.run(BARCODE_ADD, input={"barcodes": wanted}))["barcodeAdd"]
    assert [(each["changed"], each["also"]) for each in again["added"]] == [
        (False, [{"code": "LID"}]),
        (False, [{"code": "CUP"}]),
    ]
    found = (await owner.run(LOOKUP, code="36000291452"))["barcodeLookup"]
    assert found["matches"] == [
        {"unitQuantity": 1, "sku": {"code": "CUP"}},
        {"unitQuantity": 6, "sku": {"code": "LID"}},
    ]
    assert found["isAmbiguous"]
    assert found["question"] == (
        "“36000291452” stands for 2 SKUs; which one is it: CUP Article CUP or 6 × LID Article LID?"
    )
    barcode = answer["added"][1]["sku"]["barcodes"][0]["id"]
    done = (await owner.run(BARCODE_ARCHIVE, input={"barcodeIds": [barcode]}))["barcodeArchive"]
    assert done["skus"] == [{"code": "LID", "barcodes": []}]
    found = (await owner.run(LOOKUP, code="36000291452"))["barcodeLookup"]
    assert (found["isAmbiguous"], found["question"], len(found["matches"])) == (False, None, 1)


async def test_an_unmapped_code_is_mapped_by_one_tap(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"cup": 2}),
        new_order(house, "T-2", {"cup": 1}),
        new_order(house, "T-3", {"zzz": 1}),
    )
    page = (await owner.run(UNMAPPED, first=1))["unmappedCodes"]
    assert page["totalCount"] == 2
    assert page["nodes"] == [
        {
            "code": "cup",
            "orders": 2,
            "lines": 2,
            "pieces": 3,
            "shop": {"code": "TB"},
            "suggestions": [{"why": "SAME_CODE", "sku": {"code": "CUP"}}],
        }
    ]
    rest = (await owner.run(UNMAPPED, first=1, after=page["pageInfo"]["endCursor"]))["unmappedCodes"]
    assert [(code["code"], code["suggestions"]) for code in rest["nodes"]] == [("zzz", [])]
    tap = {"shopId": shop_id(house), "code": "cup", "skuId": sku_id(house)}
    (mapped,) = (await owner.run(MAP, input={"mappings": [tap]}))["shopCodeMap"]["mapped"]
    assert mapped == {
        "code": "cup",
        "changed": True,
        "sku": {"code": "CUP"},
        "replacedSku": None,
        "waitingOrders": 2,
        "waitingLines": 2,
        "waitingPieces": 3,
    }
    await react(database, merchant)
    left = (await owner.run(UNMAPPED, shop=shop_id(house)))["unmappedCodes"]
    assert [code["code"] for code in left["nodes"]] == ["zzz"]


async def test_a_mapped_code_is_changed_only_when_that_is_said(owner: Any, house: House) -> None:
    tap = {"shopId": shop_id(house), "code": "CUP", "skuId": sku_id(house, "LID")}
    answer = (await owner.run(MAP, input={"mappings": [tap]}))["shopCodeMap"]
    (error,) = answer["userErrors"]
    assert (answer["mapped"], error["code"], error["field"]) == ([], "SHOP_CODE_TAKEN", ["mappings", "0", "code"])
    assert error["data"] == {"skuId": sku_id(house), "sku": "CUP"}
    (mapped,) = (await owner.run(MAP, input={"mappings": [tap], "replace": True}))["shopCodeMap"]["mapped"]
    assert (mapped["changed"], mapped["replacedSku"]) == (True, {"code": "CUP"})
    codes = [{"shopId": shop_id(house), "code": "CUP"}]
    for changed in (True, False):
        answer = (await owner.run(UNMAP, input={"codes": codes}))["shopCodeUnmap"]
        assert answer["unmapped"] == [{"code": "CUP", "changed": changed, "shop": {"code": "TB"}}]


async def test_look_alikes_are_marked_and_unmarked(
    owner: Any, database: Database, merchant: Actor, house: House
) -> None:
    async with database.unit_of_work(merchant) as uow:
        await look_alikes.record_wrong_scan(uow, [(house.skus["CUP"], house.skus["LID"])])
    pairs = {"pairs": [{"skuId": sku_id(house), "otherSkuId": sku_id(house, "LID")}]}
    done = (await owner.run(MARK.format(name="Mark"), input=pairs))["done"]
    (seen,) = done["skus"][0]["lookAlikes"]
    assert (done["skus"][0]["code"], seen["sku"], seen["wrongScans"]) == ("CUP", {"code": "LID"}, 1)
    assert seen["markedAt"] is not None
    assert seen["markedBy"]["name"]
    done = (await owner.run(MARK.format(name="Unmark"), input=pairs))["done"]
    assert [sku["lookAlikes"] for sku in done["skus"]] == [[], []]
    itself = {"pairs": [{"skuId": sku_id(house), "otherSkuId": sku_id(house)}]}
    assert (await owner.run(MARK.format(name="Mark"), input=itself))["done"]["userErrors"] == [
        {"code": "INVALID_INPUT", "field": ["pairs", "0", "otherSkuId"]}
    ]


async def test_pictures_are_added_and_removed(owner: Any, house: House) -> None:
    product = (await owner.run('{ sku(code: "CUP") { product { id } } }'))["sku"]["product"]["id"]
    wanted = [
        {"productId": product, "url": "https://img.example.com/1.jpg"},
        {"productId": product, "url": "http://img.example.com/2.jpg"},
        {"productId": product, "url": "https://img.example.com/0.jpg", "position": 0, "skuId": sku_id(house)},
    ]
    answer = (await owner.run(PICTURE_ADD, input={"pictures": wanted}))["pictureAdd"]
    (shown,) = answer["products"]
    assert [picture["url"][-5:] for picture in shown["pictures"]] == ["1.jpg", "0.jpg"]
    assert shown["skus"] == [{"code": "CUP", "pictures": [{"url": "https://img.example.com/0.jpg"}]}]
    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [
        ("INVALID_INPUT", ["pictures", "1", "url"])
    ]
    ids = [picture["id"] for picture in shown["pictures"]]
    answer = (await owner.run(PICTURE_REMOVE, input={"pictureIds": ids}))["pictureRemove"]
    assert (answer["products"], answer["userErrors"]) == ([{"pictures": []}], [])
    answer = (await owner.run(PICTURE_REMOVE, input={"pictureIds": ids[:1]}))["pictureRemove"]
    assert [error["code"] for error in answer["userErrors"]] == ["NOT_FOUND"]


async def test_a_bundle_is_sold_by_its_scarcest_part(owner: Any, house: House) -> None:
    assert (await owner.run(BUNDLE))["sku"] == {
        "onHand": None,
        "free": 2,
        "available": 2,
        "bundleLevels": [{"free": 2, "available": 2, "location": {"code": "HZ1"}, "limitedBy": {"code": "CUP"}}],
    }


async def test_a_picker_may_look_but_not_write(
    client_of: Any, database: Database, merchant: Actor, house: House
) -> None:
    picker = await client_of(merchant, Role.PICKER)
    found = (await picker.run(LOOKUP, code="nothing"))["barcodeLookup"]
    assert found == {"code": "nothing", "isAmbiguous": False, "question": None, "problem": None, "matches": []}
    done = await move(picker, "SkuArchive", "skus", {"id": sku_id(house)})
    assert [error["code"] for error in done["userErrors"]] == ["NOT_PERMITTED"]
    assert await picker.code(UNMAPPED) == "NOT_PERMITTED"
