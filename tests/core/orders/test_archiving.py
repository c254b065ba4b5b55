from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from events_told import kinds_told
from statements import statements
from tests.builders_accounts import make_person
from tests.builders_catalog import make_bundle, make_skus, save_skus
from tests.builders_orders import House, bring_in, make_house, new_order, only_fulfillment_order, react

from pickmesh.core.catalog import archiving as coming_back
from pickmesh.core.catalog import barcoding, listing, look_alikes, queries
from pickmesh.core.catalog.archiving import Moved
from pickmesh.core.catalog.listing import SkuFilter
from pickmesh.core.catalog.rules import NewBarcode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted, Refused
from pickmesh.core.orders import archiving, cancel
from pickmesh.core.stock import adjustments
from pickmesh.core.stock.transfer_tables import Transfer, TransferLine, TransferStatus


async def archive(database: Database, actor: Actor, *ids: UUID, restore: bool = False, **more: Any) -> list[Any]:
    act = coming_back.restore_skus if restore else archiving.archive_skus
    async with database.unit_of_work(actor) as uow:
        answers: list[Moved | Refused] = await act(uow, sku_ids=ids, **more)
    return [answer.refusal if isinstance(answer, Refused) else answer.changed for answer in answers]


async def archive_products(database: Database, actor: Actor, *ids: UUID, restore: bool = False) -> list[Any]:
    act = coming_back.restore_products if restore else archiving.archive_products
    async with database.unit_of_work(actor) as uow:
        answers: list[Moved | Refused] = await act(uow, product_ids=ids)
    return [answer.refusal if isinstance(answer, Refused) else answer.sku_ids for answer in answers]


async def seen(database: Database, actor: Actor, house: House, code: str, barcode: str) -> list[bool]:
    """Whether a SKU is found by search, by barcode, by a shop's code, and in the list."""
    async with database.reading(actor) as uow:
        return [
            bool(await queries.search_skus(uow, code, 10)),
            bool((await barcoding.find_barcode(uow, barcode)).hits),
            bool(await queries.skus_of_shop_codes(uow, [(house.shop_id, code)])),
            bool((await listing.sku_page(uow, PageRequest(), chosen=SkuFilter(search=code))).items),
        ]


async def test_an_archived_sku_is_found_nowhere_and_comes_back_whole(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0, "MUG": 0})
    cup, mug = house.skus["CUP"], house.skus["MUG"]
    async with database.unit_of_work(merchant) as uow:
        await barcoding.add_barcodes(uow, barcodes=[barcoding.NewSkuBarcode(cup, "6901234567892")])
        await look_alikes.mark_look_alikes(uow, pairs=[(cup, mug)])
    assert await seen(database, merchant, house, "CUP", "6901234567892") == [True] * 4
    before = len(await kinds_told(database, merchant))
    assert await archive(database, merchant, cup) == [True]
    assert await archive(database, merchant, cup) == [False]
    assert await seen(database, merchant, house, "CUP", "6901234567892") == [False] * 4
    async with database.reading(merchant) as uow:
        assert await look_alikes.look_alikes_of(uow, [mug]) == {}
        (row,) = (await listing.sku_page(uow, PageRequest(), chosen=SkuFilter(archived=True))).items
        assert (row.id, row.archived_at, row.version) == (cup, database.clock.now(), 3)
    assert await archive(database, merchant, cup, restore=True) == [True]
    assert await archive(database, merchant, cup, restore=True) == [False]
    assert await seen(database, merchant, house, "CUP", "6901234567892") == [True] * 4
    assert await kinds_told(database, merchant, after=before) == ["sku_archived", "sku_restored"]


async def test_what_is_here_or_promised_keeps_a_sku_and_is_told(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 0}, bundles={"SET": {"CUP": 1, "LID": 1}})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    (refusal,) = await archive(database, merchant, house.skus["CUP"])
    assert (refusal.code, refusal.field) == ("STILL_IN_USE", ("id",))
    assert refusal.data == {
        "sku_id": str(house.skus["CUP"]),
        "on_hand": 5,
        "reserved": 2,
        "incoming": 0,
        "fulfillment_lines": 1,
        "transfers": 0,
        "replenishment_tasks": 0,
        "leases": 0,
        "bundles": ["SET"],
    }
    assert refusal.message == (
        "CUP is still in use and stays in the catalog. Pieces on hand: 5. Pieces promised: 2. Open order lines: 1. "
        "Bundles that need it: SET."
    )
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[row.id], reason="x")
        gone = adjustments.Adjustment(house.bins["HZ1"], house.skus["CUP"], -5, "gone")
        assert not isinstance((await adjustments.adjust_stock(uow, adjustments=[gone]))[0], Refused)
    assert await archive(database, merchant, house.skus["SET"], house.skus["CUP"]) == [True, True]


async def test_an_ordered_bundle_and_its_short_parts_stay(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0}, bundles={"SET": {"CUP": 2}})
    await bring_in(database, merchant, new_order(house, "T-1", {"SET": 1}))
    refused = await archive(database, merchant, house.skus["SET"], house.skus["CUP"])
    assert [refusal.data["fulfillment_lines"] for refusal in refused] == [1, 1]
    assert [refusal.data["bundles"] for refusal in refused] == [[], ["SET"]]


async def test_a_planned_transfer_keeps_a_sku(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0}, warehouses=("HZ1", "SH1"))
    transfer_id = new_id()
    async with database.unit_of_work(merchant) as uow:
        places = {"from_location_id": house.warehouses["HZ1"], "to_location_id": house.warehouses["SH1"]}
        said = {"number": 1, "status": TransferStatus.PLANNED, "note": "", "created_at": uow.now}
        await uow.insert(Transfer, [{"id": transfer_id, **places, **said}])
        line = {"id": new_id(), "transfer_id": transfer_id, "sku_id": house.skus["CUP"], "quantity": 3}
        await uow.insert(TransferLine, [line])
    (refusal,) = await archive(database, merchant, house.skus["CUP"])
    assert (refusal.code, refusal.data["transfers"]) == ("STILL_IN_USE", 1)
    async with database.unit_of_work(merchant) as uow:
        await uow.update(Transfer, [{"id": transfer_id, "status": TransferStatus.RECEIVED}])
    assert await archive(database, merchant, house.skus["CUP"]) == [True]


async def test_a_part_leaves_with_all_bundles_that_need_it_and_not_before(database: Database, merchant: Actor) -> None:
    ids = await make_skus(database, merchant, ["CUP", "LID"])
    ids["SET"] = await make_bundle(database, merchant, "SET", {"CUP": 1, "LID": 1})
    ids["BOX"] = await make_bundle(database, merchant, "BOX", {"SET": 2})
    (refusal, part) = await archive(database, merchant, ids["SET"], ids["CUP"])
    assert (refusal.data["bundles"], part.data["bundles"]) == (["BOX"], ["SET"])
    assert await archive(database, merchant, ids["CUP"], ids["SET"], ids["BOX"]) == [True] * 3
    (refusal,) = await archive(database, merchant, ids["SET"], restore=True)
    assert (refusal.code, refusal.data["skus"]) == ("PART_ARCHIVED", ["CUP"])
    assert await archive(database, merchant, ids["BOX"], ids["SET"], ids["CUP"], restore=True) == [True] * 3


async def test_a_code_that_somebody_took_meanwhile_must_be_freed_first(database: Database, merchant: Actor) -> None:
    old = (await make_skus(database, merchant, ["CUP"]))["CUP"]
    await archive(database, merchant, old)
    new = (await make_skus(database, merchant, ["CUP"]))["CUP"]
    assert new != old
    (refusal,) = await archive(database, merchant, old, restore=True)
    assert (refusal.code, refusal.data) == ("CODE_TAKEN", {"code": "CUP", "sku_id": str(new)})
    assert await archive(database, merchant, new) == [True]
    assert [getattr(each, "code", each) for each in await archive(database, merchant, old, new, restore=True)] == [
        True, "CODE_TAKEN",
    ]  # fmt: skip


async def test_a_product_leaves_and_comes_back_with_its_skus(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    house = await make_house(database, merchant, {"TEA": 1})
    skus = [NewSku(code, "CUP", "杯子", barcodes=(NewBarcode(f"X-{code}"),)) for code in ("BLUE", "GREEN", "RED")]
    ids = await save_skus(database, merchant, skus)
    async with database.reading(merchant) as uow:
        rows = await queries.skus(uow, [*ids.values(), house.skus["TEA"]])
    cup, tea = rows[ids["RED"]].product_id, rows[house.skus["TEA"]].product_id
    await archive(database, merchant, ids["GREEN"])
    clock.advance(timedelta(minutes=1))
    done, refusal, unknown = await archive_products(database, merchant, cup, tea, new_id())
    assert done == (ids["BLUE"], ids["RED"])
    assert (refusal.code, refusal.data["sku_id"], unknown.code) == (
        "STILL_IN_USE", str(house.skus["TEA"]), "NOT_FOUND",
    )  # fmt: skip
    assert await archive_products(database, merchant, cup, restore=True) == [(ids["BLUE"], ids["RED"])]
    assert await archive_products(database, merchant, cup, restore=True) == [()]
    async with database.reading(merchant) as uow:
        found = await queries.skus_of_products(uow, [cup])
    assert [sku.code for sku in found[cup]] == ["BLUE", "RED"]


async def test_a_sku_brings_its_archived_product_back(database: Database, merchant: Actor) -> None:
    ids = await save_skus(database, merchant, [NewSku(code, "CUP", "杯子") for code in ("BLUE", "RED")])
    async with database.reading(merchant) as uow:
        cup = (await queries.skus(uow, ids.values()))[ids["RED"]].product_id
    await archive_products(database, merchant, cup)
    assert await archive(database, merchant, ids["RED"], restore=True) == [True]
    async with database.reading(merchant) as uow:
        assert (await queries.products(uow, [cup]))[cup].archived_at is None
        assert [sku.code for sku in (await queries.skus_of_products(uow, [cup]))[cup]] == ["RED"]


async def test_orders_wait_for_an_archived_code_and_go_on_when_it_is_back(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0, "LID": 3})
    await archive(database, merchant, house.skus["CUP"])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1, "LID": 1}))
    after = await react(database, merchant)
    assert (await only_fulfillment_order(database, merchant, verdict.order_id)).hold_count == 1
    await archive(database, merchant, house.skus["CUP"], restore=True)
    await react(database, merchant, after=after)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.hold_count, row.short_quantity) == (0, 1)


async def test_a_code_of_an_archived_sku_is_free_for_another(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0})
    await archive(database, merchant, house.skus["CUP"])
    mug = (await make_skus(database, merchant, ["CUP"], shop="TB"))["CUP"]
    async with database.reading(merchant) as uow:
        found = await queries.skus_of_shop_codes(uow, [(house.shop_id, "CUP")])
    assert [sku.id for sku in found.values()] == [mug]


async def test_archiving_is_a_permission_wants_the_version_that_was_read_and_stays_within_a_merchant(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    cup = (await make_skus(database, merchant, ["CUP"]))["CUP"]
    _, picker = await make_person(database, merchant, Role.PICKER)
    for restore in (False, True):
        with pytest.raises(NotPermitted):
            await archive(database, picker, cup, restore=restore)
        with pytest.raises(NotPermitted):
            await archive_products(database, picker, restore=restore)
        (refusal,) = await archive(database, stranger, cup, restore=restore)
        assert refusal.code == "NOT_FOUND"
        (refusal,) = await archive(database, merchant, cup, restore=restore, versions={cup: 9})
        assert (refusal.code, refusal.data["version"]) == ("STALE_VERSION", 1)


async def test_the_statements_do_not_grow_with_the_batch(database: Database, merchant: Actor) -> None:
    ids = list((await make_skus(database, merchant, [f"S{number}" for number in range(60)])).values())
    sent: dict[int, tuple[int, int]] = {}
    for size in (1, 10, 49):
        batch, ids = ids[:size], ids[size:]
        with statements(database) as leaving:
            assert await archive(database, merchant, *batch) == [True] * size
        with statements(database) as returning:
            assert await archive(database, merchant, *batch, restore=True) == [True] * size
        sent[size] = (len(leaving), len(returning))
    assert len(set(sent.values())) == 1, sent
