import pytest
from builders_accounts import make_shop
from builders_catalog import make_bundle, make_skus, save_skus
from statements import statements

from pickmesh.core.catalog import listing, queries
from pickmesh.core.catalog.listing import SkuFilter
from pickmesh.core.catalog.queries import BarcodeHit
from pickmesh.core.catalog.rules import NewBarcode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import paging
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.scanner.codes import parse

GOODS = [
    NewSku("KET01-RED", "KET01", "临安 不锈钢水壶", "Linan steel kettle", "红色", "red"),
    NewSku("KET01-BLUE", "KET01", "临安 不锈钢水壶", "Linan steel kettle", "蓝色", "blue"),
    NewSku("PAN02", "PAN02", "不锈钢炒锅", "Steel wok"),
    NewSku("CUP", "CUP", "保温杯 500ml", "Vacuum cup"),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("不锈钢", ["KET01-BLUE", "KET01-RED", "PAN02"]),
        ("bxg", ["KET01-BLUE", "KET01-RED", "PAN02"]),
        ("bxgcg", ["PAN02"]),
        ("水壶 红", ["KET01-RED"]),
        ("锅", ["PAN02"]),
        ("kett BLU", ["KET01-BLUE"]),
        ("steel", ["KET01-BLUE", "KET01-RED", "PAN02"]),
        ("KET01-RED", ["KET01-RED"]),
        ("ket", ["KET01-BLUE", "KET01-RED"]),
        ("500", ["CUP"]),
        ("v", ["CUP"]),
        ("cup", ["CUP"]),
        ("水锅", []),
        ("eel", []),
        ("%", []),
        ("  ", []),
    ],
)
async def test_skus_are_found_by_all_words_of_a_query(
    database: Database, merchant: Actor, text: str, found: list[str]
) -> None:
    ids = await save_skus(database, merchant, GOODS)
    async with database.reading(merchant) as uow:
        assert await queries.search_skus(uow, text, 10) == [ids[code] for code in found]
        assert await queries.search_skus(uow, text, 1) == [ids[code] for code in found[:1]]


async def test_the_very_code_stands_first(database: Database, merchant: Actor) -> None:
    ids = await make_skus(database, merchant, ["A-TEA", "TEA"])
    async with database.reading(merchant) as uow:
        assert await queries.search_skus(uow, " TEA", 10) == [ids["TEA"], ids["A-TEA"]]


async def test_another_merchants_words_find_nothing(database: Database, merchant: Actor, stranger: Actor) -> None:
    await save_skus(database, merchant, GOODS)
    async with database.reading(stranger) as uow:
        assert await queries.search_skus(uow, "不锈钢", 10) == []
        assert (await listing.sku_page(uow, paging.page_request(10, None), chosen=SkuFilter(search="kett"))).items == []


async def test_an_ambiguous_barcode_gives_every_sku_it_is_on(database: Database, merchant: Actor) -> None:
    ids = await save_skus(
        database,
        merchant,
        [
            NewSku("B", "B", "乙", barcodes=(NewBarcode("6901234567892"),)),
            NewSku("A", "A", "甲", barcodes=(NewBarcode("6901234567892", 6), NewBarcode("in-house 7"))),
        ],
    )
    async with database.reading(merchant) as uow:
        hits = await queries.barcodes_by_candidates(uow, ["06901234567892", "In-House 7", "unknown"])
        scanned = await queries.barcodes_by_candidates(uow, parse.parse("6901234567892").candidates)
    both = [BarcodeHit(ids["A"], 6), BarcodeHit(ids["B"], 1)]
    assert hits == {"06901234567892": both, "In-House 7": [BarcodeHit(ids["A"], 1)]}
    assert list(scanned.values()) == [both, both]


async def test_a_scanned_case_code_says_how_many_units_it_holds(database: Database, merchant: Actor) -> None:
    codes = (NewBarcode("6901234567892"), NewBarcode("16901234567899", 6), NewBarcode("26901234567896", 24))
    ids = await save_skus(database, merchant, [NewSku("A", "A", "甲", barcodes=codes)])
    scans = ["]C10116901234567899", "26901234567896", "6901234567892"]
    async with database.reading(merchant) as uow:
        hits = [await queries.barcodes_by_candidates(uow, parse.parse(scan).candidates) for scan in scans]
        listed = (await queries.barcodes_of(uow, [ids["A"]]))[ids["A"]]
    assert [[hit.unit_quantity for hit in next(iter(found.values()))] for found in hits] == [[6], [24], [1]]
    assert [(row.code, row.unit_quantity) for row in listed] == [
        ("06901234567892", 1),
        ("16901234567899", 6),
        ("26901234567896", 24),
    ]


async def test_pages_go_by_code_and_can_be_narrowed(database: Database, merchant: Actor) -> None:
    await make_skus(database, merchant, ["A", "B", "C", "D"])
    await make_bundle(database, merchant, "AB", {"A": 1, "B": 1})
    async with database.reading(merchant) as uow:
        first = await listing.sku_page(uow, paging.page_request(2, None))
        second = await listing.sku_page(uow, paging.page_request(2, first.cursors[-1]))
        back = await listing.sku_page(uow, paging.page_request(None, None, 1, second.cursors[0]))
        bundles = await listing.sku_page(uow, paging.page_request(10, None), chosen=SkuFilter(is_bundle=True))
        plain = await listing.sku_page(
            uow, paging.page_request(10, None), chosen=SkuFilter(search="商品", is_bundle=False)
        )
    pages = [[sku.code for sku in page.items] for page in (first, second, back, bundles, plain)]
    assert pages == [["A", "AB"], ["B", "C"], ["AB"], ["AB"], ["A", "B", "C", "D"]]
    assert (first.has_next, first.has_previous, back.has_previous) == (True, False, True)


async def test_every_question_takes_one_statement_however_many_are_asked_about(
    database: Database, merchant: Actor
) -> None:
    shop = await make_shop(database, merchant, "tb")
    codes = [f"S{number}" for number in range(300)]
    ids = await make_skus(database, merchant, codes, shop="tb")
    bundle = await make_bundle(database, merchant, "SET", {"S1": 2, "S2": 1})
    async with database.reading(merchant) as uow:
        for size in (1, 10, 300):
            some, some_codes = [*ids.values()][:size], codes[:size]
            with statements(database) as sent:
                skus = await queries.skus(uow, some)
                assert len(skus) == size
                assert len(await queries.skus_by_code(uow, some_codes)) == size
                assert len(await queries.skus_of_shop_codes(uow, [(shop, code) for code in some_codes])) == size
                assert len(await queries.shop_codes_of(uow, some)) == size
                assert len(await queries.skus_of_products(uow, [sku.product_id for sku in skus.values()])) == size
                assert len(await queries.products(uow, [sku.product_id for sku in skus.values()])) == size
                assert await queries.components_of(uow, [bundle, *some]) == {
                    bundle: sorted([(ids["S1"], 2), (ids["S2"], 1)])
                }
                assert await queries.barcodes_by_candidates(uow, some_codes) == {}
            assert len(sent) == 8


async def test_nothing_asked_is_nothing_answered(database: Database, merchant: Actor) -> None:
    async with database.reading(merchant) as uow:
        assert await queries.skus(uow, []) == {}
        assert await queries.skus_of_shop_codes(uow, []) == {}
        assert await queries.barcodes_by_candidates(uow, []) == {}
        assert await queries.components_of(uow, []) == {}
        assert await queries.skus(uow, [new_id()]) == {}
