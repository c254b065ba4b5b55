from datetime import timedelta
from typing import Any

import pytest
from builders_accounts import make_person, make_shop
from builders_catalog import make_bundle, save_skus
from statements import statements

from pickmesh.core.catalog import listing
from pickmesh.core.catalog.listing import SkuFilter, SkuOrder, SkuSort
from pickmesh.core.catalog.rules import NewBarcode, NewShopCode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import paging
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted


async def fill(database: Database, actor: Actor, clock: StoppedClock) -> dict[str, Any]:
    """Four SKUs, made one after the other: B first, then D, A, and the bundle C."""
    await make_shop(database, actor, "tb")
    ids: dict[str, Any] = {}
    for new in (
        NewSku("B", "P", "乙", "", lot_tracked=True, barcodes=(NewBarcode("X"),)),
        NewSku("D", "P", "甲", "Zebra", expiry_tracked=True, client="Lin"),
        NewSku("A", "Q", "丙", "Apple", serial_tracked=True, shop_codes=(NewShopCode("tb", "1"),)),
    ):
        ids |= await save_skus(database, actor, [new])
        clock.advance(timedelta(minutes=1))
    ids["C"] = await make_bundle(database, actor, "C", {"A": 1})
    return ids


async def listed(database: Database, actor: Actor, order: SkuOrder | None = None, **chosen: Any) -> str:
    async with database.reading(actor) as uow:
        page = await listing.sku_page(uow, PageRequest(), chosen=SkuFilter(**chosen), order=order)
        assert page.count is not None
        assert await page.count(uow) == len(page.items)
    return "".join(sku.code for sku in page.items)


async def test_every_filter_leaves_what_it_asks_for(
    database: Database, merchant: Actor, stranger: Actor, clock: StoppedClock
) -> None:
    ids = await fill(database, merchant, clock)
    async with database.reading(merchant) as uow:
        rows = {sku.code: sku for sku in (await listing.sku_page(uow, PageRequest())).items}
    assert {code: row.id for code, row in rows.items()} == ids
    for chosen, expected in (
        ({}, "ABCD"),
        ({"is_bundle": True}, "C"),
        ({"is_bundle": False}, "ABD"),
        ({"product_id": rows["B"].product_id}, "BD"),
        ({"client": "Lin"}, "D"),
        ({"client": ""}, "ABC"),
        ({"lot_tracked": True}, "B"),
        ({"expiry_tracked": True}, "D"),
        ({"serial_tracked": False}, "BCD"),
        ({"has_barcode": True}, "B"),
        ({"has_barcode": False}, "ACD"),
        ({"has_shop_code": True}, "A"),
        ({"has_shop_code": False}, "BCD"),
        ({"search": "zeb", "expiry_tracked": True}, "D"),
        ({"search": "zeb", "expiry_tracked": False}, ""),
        ({"search": "?"}, ""),
        ({"search": " "}, "ABCD"),
        ({"archived": True}, ""),
    ):
        assert await listed(database, merchant, **chosen) == expected, chosen
    assert await listed(database, stranger) == ""


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (SkuOrder(SkuSort.CODE), "ABCD"),
        (SkuOrder(SkuSort.CODE, falling=True), "DCBA"),
        (SkuOrder(SkuSort.CREATED_AT), "BDAC"),
        (SkuOrder(SkuSort.CREATED_AT, falling=True), "CADB"),
        (SkuOrder(SkuSort.NAME), "ACDB"),  # Apple, Bundle C, Zebra, 乙
        (SkuOrder(SkuSort.NAME, falling=True), "BDCA"),
    ],
)
async def test_every_order_pages_through_all_forwards_and_back(
    database: Database, merchant: Actor, clock: StoppedClock, order: SkuOrder, expected: str
) -> None:
    await fill(database, merchant, clock)
    assert await listed(database, merchant, order) == expected
    async with database.reading(merchant) as uow:
        first = await listing.sku_page(uow, paging.page_request(3, None), order=order)
        second = await listing.sku_page(uow, paging.page_request(3, first.cursors[-1]), order=order)
        back = await listing.sku_page(uow, paging.page_request(None, None, 2, second.cursors[0]), order=order)
    pages = ["".join(sku.code for sku in page.items) for page in (first, second, back)]
    assert pages == [expected[:3], expected[3:], expected[1:3]]


async def test_a_cursor_of_another_order_is_refused(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    await fill(database, merchant, clock)
    async with database.reading(merchant) as uow:
        page = await listing.sku_page(uow, PageRequest())
        request = paging.page_request(3, page.cursors[0])
        with pytest.raises(InvalidInput):
            await listing.sku_page(uow, request, order=SkuOrder(SkuSort.NAME))


async def test_all_skus_come_page_by_page_in_one_statement_each(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    await fill(database, merchant, clock)
    async with database.reading(merchant) as uow:
        with statements(database) as sent:
            pages = [[sku.code for sku in page] async for page in listing.pages_of_skus(uow, size=3)]
    assert (pages, len(sent)) == ([["A", "B", "C"], ["D"]], 2)


async def test_reading_the_catalog_is_a_permission(database: Database, merchant: Actor) -> None:
    _, nobody = await make_person(database, merchant, Role.APP)
    async with database.reading(nobody) as uow:
        with pytest.raises(NotPermitted):
            await listing.sku_page(uow, PageRequest())
