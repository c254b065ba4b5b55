import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from builders_accounts import make_person, make_shop
from builders_catalog import make_bundle, make_skus, save_skus
from events_told import events_told, kinds_told
from statements import statements

from pickmesh.core.catalog import commands, queries
from pickmesh.core.catalog.commands import Saved, SaveKind
from pickmesh.core.catalog.rules import NewBarcode, NewComponent, NewShopCode, NewSku
from pickmesh.core.catalog.tables import Barcode, Product, Sku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import LimitExceeded, NotPermitted, Refused

KETTLE = NewSku(
    "KET01-RED",
    "KET01",
    "临安 不锈钢水壶",
    "Linan steel kettle",
    "红色",
    "red",
    weight_g=900,
    length_mm=200,
    width_mm=150,
    height_mm=250,
    price_micros=89_000_000,
    cost_micros=31_500_000,
    lot_tracked=True,
    barcodes=(NewBarcode("6901234567892"), NewBarcode("16901234567899", 12)),
    components=(),
    shop_codes=(NewShopCode("tb", "6688-1"), NewShopCode("jd", "J-01")),
)
LID = replace(KETTLE, code="LID", product_code="LID", name_zh="壶盖", barcodes=(), shop_codes=())


async def save(database: Database, actor: Actor, *products: NewSku) -> list[str]:
    """Save and return what became of each: the kind of change, or the refusal's code."""
    async with database.unit_of_work(actor) as uow:
        answers = await commands.save_products(uow, products=products)
    assert [answer.index for answer in answers] == list(range(len(products)))
    return [answer.refusal.code if isinstance(answer, Refused) else answer.kind for answer in answers]


async def sku_of(database: Database, actor: Actor, code: str) -> queries.SkuRow:
    async with database.reading(actor) as uow:
        return (await queries.skus_by_code(uow, [code]))[code]


async def two_shops(database: Database, actor: Actor) -> tuple[UUID, UUID]:
    return await make_shop(database, actor, "tb"), await make_shop(database, actor, "jd")


def writes_in(sent: Sequence[str]) -> list[str]:
    return [statement for statement in sent if statement.split()[0] in {"INSERT", "UPDATE", "DELETE"}]


async def test_a_sku_is_kept_with_all_that_belongs_to_it(database: Database, merchant: Actor) -> None:
    tb, jd = await two_shops(database, merchant)
    assert await save(database, merchant, KETTLE) == [SaveKind.CREATED]
    sku = await sku_of(database, merchant, "KET01-RED")
    copied = ("name_zh", "name_en", "option_zh", "option_en", "weight_g", "length_mm", "width_mm", "height_mm")
    copied += ("price_micros", "cost_micros", "currency", "lot_tracked", "expiry_tracked", "serial_tracked", "client")
    assert [getattr(sku, name) for name in copied] == [getattr(KETTLE, name) for name in copied]
    assert (sku.is_bundle, sku.version, sku.created_at, sku.archived_at) == (False, 1, database.clock.now(), None)
    async with database.reading(merchant) as uow:
        product = (await queries.products(uow, [sku.product_id]))[sku.product_id]
        codes = await queries.shop_codes_of(uow, [sku.id])
        barcodes = [(row.code, row.unit_quantity) for row in (await queries.barcodes_of(uow, [sku.id]))[sku.id]]
    assert (product.code, product.name_zh, product.name_en) == ("KET01", "临安 不锈钢水壶", "Linan steel kettle")
    assert sorted(codes[sku.id]) == sorted([(tb, "6688-1"), (jd, "J-01")])
    assert barcodes == [("06901234567892", 1), ("16901234567899", 12)]
    assert await kinds_told(database, merchant) == ["shop_created", "shop_created", "product_created", "sku_created"]


async def test_a_second_import_writes_nothing(database: Database, merchant: Actor) -> None:
    await two_shops(database, merchant)
    bundle = replace(LID, code="SET", product_code="SET", components=(NewComponent("KET01-RED", 1),))
    products = [bundle, KETTLE, LID]
    assert await save(database, merchant, *products) == [SaveKind.CREATED] * 3
    before = len(await events_told(database, merchant))
    with statements(database) as sent:
        assert await save(database, merchant, *products) == [SaveKind.UNCHANGED] * 3
    assert writes_in(sent) == []
    assert len(await events_told(database, merchant)) == before
    assert (await sku_of(database, merchant, "SET")).version == 1


CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({"name_zh": "临安 铜水壶"}, ["details"]),
    ({"weight_g": None}, ["details"]),
    ({"cost_micros": 1}, ["details"]),
    ({"serial_tracked": True}, ["details"]),
    ({"client": "north"}, ["details"]),
    ({"barcodes": (NewBarcode("6901234567892", 2),)}, ["barcodes"]),
    ({"shop_codes": ()}, ["shop_codes"]),
    ({"components": (NewComponent("LID", 1),)}, ["details", "components"]),
    ({"barcodes": (), "price_micros": 0}, ["details", "barcodes"]),
]


@pytest.mark.parametrize(("change", "what"), CHANGES)
async def test_a_change_is_told_by_its_parts_and_raises_the_version_once(
    database: Database, merchant: Actor, change: dict[str, Any], what: list[str]
) -> None:
    await two_shops(database, merchant)
    await save(database, merchant, KETTLE, LID)
    before = len(await events_told(database, merchant))
    changed = replace(KETTLE, **change)
    assert await save(database, merchant, changed, LID) == [SaveKind.CHANGED, SaveKind.UNCHANGED]
    sku = await sku_of(database, merchant, "KET01-RED")
    assert sku.version == 2
    told = [event for event in await events_told(database, merchant, after=before) if event.kind == "sku_changed"]
    assert [(event.subject_id, event.payload) for event in told] == [(sku.id, {"what": what})]
    assert await save(database, merchant, changed, LID) == [SaveKind.UNCHANGED] * 2


async def test_what_a_row_does_not_speak_of_stays(database: Database, merchant: Actor) -> None:
    await two_shops(database, merchant)
    await save(database, merchant, LID, replace(KETTLE, components=(NewComponent("LID", 2),)))
    silent = replace(KETTLE, barcodes=None, components=None, shop_codes=None)
    assert await save(database, merchant, silent) == [SaveKind.UNCHANGED]
    assert (await sku_of(database, merchant, "KET01-RED")).is_bundle


async def test_a_barcode_that_is_dropped_is_archived_and_can_come_back(database: Database, merchant: Actor) -> None:
    await two_shops(database, merchant)
    await save(database, merchant, KETTLE)
    await save(database, merchant, replace(KETTLE, barcodes=(NewBarcode("16901234567899", 24),)))
    async with database.reading(merchant) as uow:
        kept = await uow.fetch(
            sa.select(Barcode.code, Barcode.unit_quantity, Barcode.archived_at)
            .where(uow.mine(Barcode))
            .order_by(Barcode.code)
        )
        hits = await queries.barcodes_by_candidates(uow, ["6901234567892", "16901234567899"])
    assert [tuple(row) for row in kept] == [
        ("06901234567892", 1, database.clock.now()),
        ("16901234567899", 24, None),
    ]
    assert {code: [hit.unit_quantity for hit in found] for code, found in hits.items()} == {"16901234567899": [24]}
    assert await save(database, merchant, KETTLE) == [SaveKind.CHANGED]


async def test_good_rows_are_kept_and_the_others_say_why(database: Database, merchant: Actor) -> None:
    products = [
        LID,
        replace(LID, weight_g=-5),
        replace(LID, name_zh="另一个"),
        replace(LID, code="A", shop_codes=(NewShopCode("nowhere", "1"),)),
        replace(LID, code="B", components=(NewComponent("GHOST", 1),)),
        replace(LID, code="C", components=(NewComponent("B", 1),)),
        replace(LID, code="D", components=(NewComponent("LID", 1),)),
    ]
    assert await save(database, merchant, *products) == [
        SaveKind.CREATED,
        "DUPLICATE_SKU",
        "DUPLICATE_SKU",
        "UNKNOWN_SHOP",
        "UNKNOWN_COMPONENT",
        "UNKNOWN_COMPONENT",
        SaveKind.CREATED,
    ]
    async with database.reading(merchant) as uow:
        found = await uow.fetch(sa.select(Sku.code).where(uow.mine(Sku)).order_by(Sku.code))
        styles = await uow.fetch(sa.select(Product.code).where(uow.mine(Product)))
    assert ([row.code for row in found], [row.code for row in styles]) == (["D", "LID"], ["LID"])


async def test_a_bundle_stands_before_or_after_its_components(database: Database, merchant: Actor) -> None:
    ids = await save_skus(
        database,
        merchant,
        [
            replace(LID, code="OUTER", components=(NewComponent("INNER", 3), NewComponent("B", 1))),
            replace(LID, code="A"),
            replace(LID, code="INNER", components=(NewComponent("A", 2), NewComponent("B", 1))),
            replace(LID, code="B"),
        ],
    )
    async with database.reading(merchant) as uow:
        unpacked = await queries.components_of(uow, [ids["OUTER"], ids["INNER"], ids["A"]])
        listed = await queries.parts_of(uow, [ids["OUTER"]])
    assert unpacked == {
        ids["OUTER"]: sorted([(ids["A"], 6), (ids["B"], 4)]),
        ids["INNER"]: sorted([(ids["A"], 2), (ids["B"], 1)]),
    }
    assert listed == {ids["OUTER"]: sorted([(ids["INNER"], 3), (ids["B"], 1)])}


async def test_a_cycle_is_refused_over_several_imports(database: Database, merchant: Actor) -> None:
    await make_skus(database, merchant, ["A", "B"])
    await make_bundle(database, merchant, "AB", {"A": 1, "B": 1})
    await make_bundle(database, merchant, "ABB", {"AB": 1, "B": 1})
    a = NewSku("A", "P-A", "商品 A", "Article A")
    assert await save(database, merchant, replace(a, components=(NewComponent("ABB", 1),))) == ["BUNDLE_CYCLE"]
    assert await save(database, merchant, replace(a, components=(NewComponent("A", 1),))) == ["BUNDLE_CYCLE"]
    assert await save(database, merchant, replace(a, components=(NewComponent("B", 1),))) == ["BUNDLE_TOO_DEEP"]
    assert not (await sku_of(database, merchant, "A")).is_bundle


async def test_a_shops_code_passes_from_one_sku_to_another_in_one_batch(database: Database, merchant: Actor) -> None:
    tb, _ = await two_shops(database, merchant)
    ids = await save_skus(database, merchant, [KETTLE, LID])
    taking = replace(LID, shop_codes=(NewShopCode("tb", "6688-1"),))
    assert await save(database, merchant, taking) == ["SHOP_CODE_TAKEN"]
    assert await save(database, merchant, taking, replace(KETTLE, shop_codes=(), weight_g=-1)) == [
        "SHOP_CODE_TAKEN",
        "INVALID_INPUT",
    ]
    assert await save(database, merchant, taking, replace(KETTLE, shop_codes=())) == [SaveKind.CHANGED] * 2
    async with database.reading(merchant) as uow:
        found = await queries.skus_of_shop_codes(uow, [(tb, "6688-1")])
    assert {key: sku.id for key, sku in found.items()} == {(tb, "6688-1"): ids["LID"]}


async def test_two_rows_that_want_one_shops_code_do_not_both_get_it(database: Database, merchant: Actor) -> None:
    await two_shops(database, merchant)
    second = replace(LID, shop_codes=(NewShopCode("tb", "6688-1"),))
    assert await save(database, merchant, KETTLE, second) == [SaveKind.CREATED, "SHOP_CODE_TAKEN"]


async def test_a_product_is_renamed_when_no_row_of_it_keeps_the_name(database: Database, merchant: Actor) -> None:
    red, blue = replace(LID, code="RED"), replace(LID, code="BLUE")
    await save(database, merchant, red, blue)
    before = len(await events_told(database, merchant))
    assert await save(database, merchant, red, replace(blue, name_zh="盖子")) == [SaveKind.UNCHANGED, SaveKind.CHANGED]
    assert await kinds_told(database, merchant, after=before) == ["sku_changed"]
    await save(database, merchant, replace(red, name_zh="盖子"), replace(blue, name_zh="盖子"))
    assert await kinds_told(database, merchant, after=before + 1) == ["product_renamed", "sku_changed"]
    sku = await sku_of(database, merchant, "RED")
    async with database.reading(merchant) as uow:
        product = (await queries.products(uow, [sku.product_id]))[sku.product_id]
    assert (product.name_zh, product.version) == ("盖子", 2)


async def test_a_sku_is_found_by_its_new_words_only(database: Database, merchant: Actor) -> None:
    ids = await save_skus(database, merchant, [LID])
    await save(database, merchant, replace(LID, name_zh="茶杯", name_en="tea cup"))
    async with database.reading(merchant) as uow:
        answers = [await queries.search_skus(uow, text, 10) for text in ("壶盖", "kettle", "hg", "茶杯", "cup", "cb")]
    assert answers == [[], [], [], [ids["LID"]], [ids["LID"]], [ids["LID"]]]


async def test_two_imports_at_once_make_each_sku_once(database: Database, merchant: Actor) -> None:
    products = [replace(LID, code=f"S{number}") for number in range(20)]

    async def run() -> list[Saved | Refused]:
        return await database.run(merchant, lambda uow: commands.save_products(uow, products=products))

    first, second = await asyncio.gather(run(), run())
    kinds = {answer.kind for answers in (first, second) for answer in answers if isinstance(answer, Saved)}
    assert kinds == {SaveKind.CREATED, SaveKind.UNCHANGED}
    async with database.reading(merchant) as uow:
        assert await uow.scalar(sa.select(sa.func.count()).select_from(Sku).where(uow.mine(Sku))) == 20


@pytest.mark.parametrize("role", [Role.PICKER, Role.SUPPORT])
async def test_writing_the_catalog_is_a_permission(database: Database, merchant: Actor, role: Role) -> None:
    _, actor = await make_person(database, merchant, role)
    async with database.unit_of_work(actor) as uow:
        with pytest.raises(NotPermitted):
            await commands.save_products(uow, products=[])


async def test_a_batch_is_limited_to_a_thousand(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(LimitExceeded):
            await commands.save_products(uow, products=[LID] * 1_001)


async def test_another_merchant_has_its_own_catalog(database: Database, merchant: Actor, stranger: Actor) -> None:
    await two_shops(database, merchant)
    await two_shops(database, stranger)
    mine, theirs = await save_skus(database, merchant, [KETTLE]), await save_skus(database, stranger, [KETTLE])
    async with database.reading(stranger) as uow:
        assert await queries.skus(uow, mine.values()) == {}
        hits = await queries.barcodes_by_candidates(uow, ["6901234567892"])
    assert hits == {"6901234567892": [queries.BarcodeHit(theirs["KET01-RED"], 1)]}


def batch(size: int, price_micros: int, suffix: str) -> list[NewSku]:
    plain = [
        replace(
            KETTLE,
            code=f"{suffix}{number}",
            product_code=f"P{suffix}{number}",
            price_micros=price_micros,
            name_zh=f"水壶 {price_micros}",
            barcodes=(NewBarcode(f"{suffix}{number}-{price_micros}"),),
            shop_codes=(NewShopCode("tb", f"{suffix}{number}-{price_micros}"),),
        )
        for number in range(size)
    ]
    part = NewComponent(f"{suffix}0", price_micros)
    bundle = replace(LID, code=f"{suffix}SET", product_code=f"P{suffix}SET", name_zh=f"套装 {price_micros}")
    return [*plain, replace(bundle, components=(part,))]


async def test_the_number_of_statements_does_not_depend_on_the_batch(database: Database, merchant: Actor) -> None:
    await two_shops(database, merchant)
    counts = []
    for size in (1, 10, 500):
        for price_micros in (1, 2, 2):
            with statements(database) as sent:
                await save(database, merchant, *batch(size, price_micros, f"S{size}-"))
            counts.append(len(sent))
    assert counts[:3] == counts[3:6] == counts[6:]
