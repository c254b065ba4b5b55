from collections.abc import Sequence

import pytest
import pytest_asyncio
from tests.builders_accounts import make_person
from tests.builders_catalog import save_skus
from tests.builders_floor import Floor, bring_orders, get_number, make_floor, packed, pick_list, release

from pickmesh.core.catalog.rules import NewBarcode, NewSku
from pickmesh.core.floor.lookup import Hit, HitKind, lookup
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.orders import merging


@pytest_asyncio.fixture
async def floor(database: Database, merchant: Actor) -> Floor:
    """A warehouse with one order packed, and a kettle that nobody ordered."""
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 5}})
    bottle = NewSku(
        "KETTLE-01",
        "KETTLE",
        "保温水壶",
        "Thermos kettle",
        barcodes=(NewBarcode("6901234567892"), NewBarcode("16901234567899", 6)),
        components=(),
        shop_codes=(),
    )
    skus = dict(floor.house.skus) | await save_skus(database, merchant, [bottle])
    object.__setattr__(floor.house, "skus", skus)
    await bring_orders(floor, {"TB-20261124-0007": {"TEA": 2}})
    return floor


async def found(floor: Floor, term: str, actor: Actor | None = None) -> list[Hit]:
    async with floor.database.reading(actor or floor.actor) as uow:
        return await lookup(uow, term)


def kinds(hits: Sequence[Hit]) -> list[HitKind]:
    return [hit.kind for hit in hits]


@pytest.mark.parametrize(
    "term",
    ["KETTLE-01", "kettle-01", "6901234567892", "16901234567899", "水壶", "保温水壶", "thermos", "Thermos ket", "bwsh"],
)
async def test_goods_are_found_by_sku_barcode_and_name(floor: Floor, term: str) -> None:
    assert await found(floor, term) == [Hit(HitKind.SKU, floor.house.skus["KETTLE-01"])]


async def test_an_order_is_found_by_its_numbers(floor: Floor) -> None:
    (external,) = await found(floor, "TB-20261124-0007")
    assert external.kind is HitKind.ORDER
    assert await found(floor, "O-0001") == [external]
    assert await found(floor, "o1") == [external]
    fulfillment = Hit(HitKind.FULFILLMENT_ORDER, floor.orders["TB-20261124-0007"])
    assert await found(floor, "F-0001") == [fulfillment]


async def test_the_number_of_a_merged_fulfillment_order_leads_to_the_one_it_went_into(floor: Floor) -> None:
    await bring_orders(floor, {"TB-8": {"TEA": 1}, "TB-9": {"TEA": 1}})
    whole, part = floor.orders["TB-8"], floor.orders["TB-9"]
    async with floor.database.unit_of_work(floor.actor) as uow:
        (answer,) = await merging.merge_fulfillment_orders(uow, merges=[(whole, part)])
    assert isinstance(answer, merging.Merged)
    assert [hit.id for hit in await found(floor, "F-0003")] == [whole, part]
    assert [hit.id for hit in await found(floor, "F-0002")] == [whole]


async def test_an_order_is_found_by_its_buyers_phone(floor: Floor) -> None:
    (external,) = await found(floor, "TB-20261124-0007")
    for term in ("5678", "13812345678", "138 1234 5678", "+86 138-1234-5678"):
        assert await found(floor, term) == [external]
    assert await found(floor, "5679") == []


async def test_work_is_found_by_its_numbers(floor: Floor) -> None:
    wave = await release(floor)
    assert await found(floor, "W-0001") == [Hit(HitKind.WAVE, wave.wave_id)]
    assert await found(floor, "L-0001") == [Hit(HitKind.PICK_LIST, wave.pick_list_ids[0])]
    assert await found(floor, "A-01") == [Hit(HitKind.PLACE, floor.warehouse.bins["A-01"])]
    assert await found(floor, "T-0001") == [Hit(HitKind.PLACE, floor.warehouse.totes["T-0001"])]


async def test_a_parcel_is_found_by_its_number_and_its_waybill(floor: Floor) -> None:
    (list_id,) = (await release(floor)).pick_list_ids
    await pick_list(floor, list_id, "T-0001")
    parcel_id = await packed(floor, floor.orders["TB-20261124-0007"], {"TEA": 2})
    waybill = await get_number(floor, parcel_id)
    parcel = Hit(HitKind.PARCEL, parcel_id)
    assert await found(floor, "P-0001") == [parcel]
    assert await found(floor, waybill.number) == [parcel]


async def test_only_what_the_caller_may_read_is_found(floor: Floor) -> None:
    assert kinds(await found(floor, "F-0001", floor.picker)) == []
    assert kinds(await found(floor, "5678", floor.picker)) == []
    assert kinds(await found(floor, "TEA", floor.picker)) == [HitKind.SKU]
    _, support = await make_person(floor.database, floor.actor, Role.SUPPORT)
    assert kinds(await found(floor, "F-0001", support)) == [HitKind.FULFILLMENT_ORDER]


async def test_a_stranger_finds_nothing(floor: Floor, stranger: Actor) -> None:
    for term in ("TEA", "F-0001", "A-01", "5678", "6901234567892"):
        assert await found(floor, term, stranger) == []


@pytest.mark.parametrize("term", ["", "   ", "\x00", "nothing at all", "\ud800", "🙂", "pickmesh:pair:secret"])
async def test_nonsense_finds_nothing(floor: Floor, term: str) -> None:
    assert await found(floor, term) == []


async def test_a_novel_is_refused(floor: Floor) -> None:
    with pytest.raises(InvalidInput):
        await found(floor, "x" * 501)
