from typing import Any

import pytest
from builders_accounts import make_person, make_shop
from events_told import kinds_told
from statements import statements

from pickmesh.core.catalog import patches, products, queries
from pickmesh.core.catalog.patches import SkuPatch
from pickmesh.core.catalog.products import NewProduct
from pickmesh.core.catalog.queries import ProductRow, SkuRow
from pickmesh.core.catalog.rules import NewBarcode, NewShopCode
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import LimitExceeded, NotPermitted, Refused


async def save(database: Database, actor: Actor, **said: Any) -> str:
    """Save what is said about the SKU KET; return what became of it, or the refusal's code."""
    async with database.unit_of_work(actor) as uow:
        (answer,) = await patches.save_skus(uow, patches=[SkuPatch("KET", said)])
    return answer.refusal.code if isinstance(answer, Refused) else answer.kind


async def name(database: Database, actor: Actor, *new: NewProduct) -> list[str]:
    async with database.unit_of_work(actor) as uow:
        answers = await products.name_products(uow, products=new)
    return [answer.refusal.code if isinstance(answer, Refused) else answer.kind for answer in answers]


async def kettle(database: Database, actor: Actor) -> tuple[SkuRow, ProductRow]:
    async with database.reading(actor) as uow:
        sku = (await queries.skus_by_code(uow, ["KET"]))["KET"]
        return sku, (await queries.products(uow, [sku.product_id]))[sku.product_id]


async def test_what_is_not_said_stays_as_it_is(database: Database, merchant: Actor) -> None:
    await make_shop(database, merchant, "tb")
    whole = {"product_code": "P", "name_zh": " 水壶 ", "weight_g": 900, "price_micros": 5, "client": "Lin"}
    listed = {"barcodes": (NewBarcode("X"),), "shop_codes": (NewShopCode("tb", "1"),)}
    assert await save(database, merchant, **whole, **listed, lot_tracked=True) == "CREATED"
    assert await save(database, merchant, price_micros=7) == "CHANGED"
    assert await save(database, merchant, price_micros=7) == "UNCHANGED"
    assert await save(database, merchant, weight_g=None, client="") == "CHANGED"
    sku, product = await kettle(database, merchant)
    assert (sku.name_zh, sku.price_micros, sku.weight_g, sku.client, sku.lot_tracked) == ("水壶", 7, None, None, True)
    assert (product.code, sku.currency, sku.version) == ("P", "CNY", 3)
    async with database.reading(merchant) as uow:
        assert len((await queries.barcodes_of(uow, [sku.id]))[sku.id]) == 1
        assert len((await queries.shop_codes_of(uow, [sku.id]))[sku.id]) == 1


async def test_a_new_sku_needs_a_name_and_is_its_own_product(database: Database, merchant: Actor) -> None:
    assert await save(database, merchant, price_micros=7) == "INVALID_INPUT"
    assert await save(database, merchant, name_en="Kettle") == "CREATED"
    assert (await kettle(database, merchant))[1].code == "KET"


async def test_a_change_that_was_not_read_is_refused(database: Database, merchant: Actor) -> None:
    assert await save(database, merchant, name_en="Kettle", if_version=1) == "NOT_FOUND"
    await save(database, merchant, name_en="Kettle")
    assert await save(database, merchant, price_micros=1, if_version=2) == "STALE_VERSION"
    assert await save(database, merchant, price_micros=1, if_version=1) == "CHANGED"


async def test_a_measure_is_something_or_nothing_but_not_zero(database: Database, merchant: Actor) -> None:
    assert await save(database, merchant, name_en="Kettle", weight_g=0) == "INVALID_INPUT"


async def test_a_products_own_name_is_not_taken_over_by_its_skus(database: Database, merchant: Actor) -> None:
    assert await name(database, merchant, NewProduct("P", "水壶系列")) == ["CREATED"]
    await save(database, merchant, name_zh="红水壶", product_code="P")
    await save(database, merchant, name_zh="大红水壶")
    assert (await kettle(database, merchant))[1].name_zh == "水壶系列"
    await name(database, merchant, NewProduct("P", "大红水壶"))
    await save(database, merchant, name_zh="小红水壶")
    assert (await kettle(database, merchant))[1].name_zh == "小红水壶"


async def test_products_are_made_and_named_each_by_itself(database: Database, merchant: Actor) -> None:
    await name(database, merchant, NewProduct("P", "水壶", "Kettle"))
    before = len(await kinds_told(database, merchant))
    answers = await name(
        database,
        merchant,
        NewProduct("P", name_en="Pot", if_version=1),
        NewProduct("P", "壶"),
        NewProduct("Q"),
        NewProduct("R", "茶" * 201),
        NewProduct("S", if_version=1, name_zh="茶"),
        NewProduct("", "茶"),
        NewProduct("T", "茶"),
        NewProduct("T", "茶"),
    )
    assert answers == [
        *("CHANGED", "INVALID_INPUT", "INVALID_INPUT", "INVALID_INPUT"),
        *("NOT_FOUND", "INVALID_INPUT", "CREATED", "INVALID_INPUT"),
    ]
    assert await name(database, merchant, NewProduct("P", "水壶", "Pot")) == ["UNCHANGED"]
    assert await name(database, merchant, NewProduct("P", "壶", if_version=1)) == ["STALE_VERSION"]
    assert await kinds_told(database, merchant, after=before) == ["product_created", "product_renamed"]


async def test_saving_is_a_permission_and_batches_are_limited(database: Database, merchant: Actor) -> None:
    _, picker = await make_person(database, merchant, Role.PICKER)
    with pytest.raises(NotPermitted):
        await save(database, picker, name_zh="壶")
    with pytest.raises(NotPermitted):
        await name(database, picker, NewProduct("P", "壶"))
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(LimitExceeded):
            await patches.save_skus(uow, patches=[SkuPatch("A", {})] * 1_001)
        with pytest.raises(LimitExceeded):
            await products.name_products(uow, products=[NewProduct("A", "x")] * 1_001)


async def test_the_statements_do_not_grow_with_the_batch(database: Database, merchant: Actor) -> None:
    sent: dict[int, tuple[int, int]] = {}
    for size in (1, 10, 100):
        codes = [f"S{size}-{number}" for number in range(size)]
        async with database.unit_of_work(merchant) as uow:
            with statements(database) as saving:
                await patches.save_skus(uow, patches=[SkuPatch(code, {"name_zh": "壶"}) for code in codes])
            with statements(database) as naming:
                await products.name_products(uow, products=[NewProduct(code, "新壶") for code in codes])
        sent[size] = (len(saving), len(naming))
    assert len(set(sent.values())) == 1, sent
