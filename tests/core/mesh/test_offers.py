import pytest
from builders_accounts import make_person
from builders_catalog import make_bundle, save_skus
from builders_mesh import (
    Member,
    level_at,
    make_mapped,
    make_member,
    make_partners,
    mesh_letters,
    offer,
    partnership_of,
    pump,
    told_of,
)
from builders_stock import make_warehouse, put_stock
from events_told import kinds_told
from statements import statements

from pickmesh.core.catalog.rules import NewBarcode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted, Refused
from pickmesh.core.mesh import messages, offers, partnerships, queries, told
from pickmesh.core.mesh.offers import NewOffer
from pickmesh.core.stock import checks, reservations
from pickmesh.core.stock.rules import Demand
from pickmesh.core.stock.tables import StockLevel


@pytest.fixture
async def shop(database: Database) -> Member:
    return await make_member(database, "shop", {"MUG": 0, "CUP": 0})


@pytest.fixture
async def mill(database: Database) -> Member:
    return await make_member(database, "mill", {"MUG": 20, "CUP": 7})


async def reserve(database: Database, member: Member, code: str, quantity: int) -> Demand:
    demand = Demand(new_id(), new_id(), member.warehouse.location_id, member.skus[code], quantity, database.clock.now())
    async with database.unit_of_work(member.actor) as uow:
        assert (await reservations.reserve_stock(uow, demands=[demand])).covered == [demand]
    return demand


async def test_a_partner_hears_what_is_offered_and_how_much_there_is(
    database: Database, shop: Member, mill: Member
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    made = await offer(database, mill, partnership_id, "MUG", "CUP", share=50)
    await pump(database, shop, mill)
    async with database.reading(shop.actor) as uow:
        heard = await queries.partner_offers_by_id(uow, made.values())
    mug, cup = heard[made["MUG"]], heard[made["CUP"]]
    assert (mug.code, mug.name_zh, mug.name_en, mug.price_micros) == ("MUG", "商品 MUG", "Article MUG", 8_000_000)
    assert (mug.told_quantity, cup.told_quantity) == (10, 3)  # half of 7, rounded down


async def test_figures_follow_stock_and_only_changes_are_told(database: Database, shop: Member, mill: Member) -> None:
    partnership_id = await make_partners(database, shop, mill)
    made = await make_mapped(database, mill, shop, partnership_id, "MUG", "CUP")
    location_id = (await partnership_of(database, shop, partnership_id)).location_id
    assert await level_at(database, shop, location_id, "MUG") == (20, 0, 20)
    before = len(await mesh_letters(database, mill))
    demand = await reserve(database, mill, "MUG", 6)
    await put_stock(database, mill.actor, mill.bin, mill.skus["MUG"], 5)
    await reserve(database, mill, "MUG", 1)
    await pump(database, shop, mill)
    assert await told_of(database, shop, [made["MUG"], made["CUP"]]) == [18, 7]
    assert await level_at(database, shop, location_id, "MUG") == (18, 0, 18)
    (letter,) = (await mesh_letters(database, mill))[before:]  # three changes, one message about one offer
    assert [figure["quantity"] for figure in letter.payload["body"]["figures"]] == [18]
    async with database.unit_of_work(mill.actor) as uow:
        await reservations.release_reservations(uow, line_ids=[demand.line_id])
    await pump(database, shop, mill)
    assert await told_of(database, shop, [made["MUG"]]) == [24]


async def test_what_is_there_and_gone_again_is_not_told(database: Database, shop: Member, mill: Member) -> None:
    partnership_id = await make_partners(database, shop, mill)
    await make_mapped(database, mill, shop, partnership_id, "MUG")
    before = len(await mesh_letters(database, mill))
    demand = await reserve(database, mill, "MUG", 6)
    async with database.unit_of_work(mill.actor) as uow:
        await reservations.release_reservations(uow, line_ids=[demand.line_id])
    await pump(database, shop, mill)
    assert len(await mesh_letters(database, mill)) == before


async def test_all_warehouses_count_and_no_partner_s_promise_does(
    database: Database, shop: Member, mill: Member
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    hers = await make_mapped(database, mill, shop, partnership_id, "MUG")
    second = await make_warehouse(database, shop.actor, code="WH2")
    await put_stock(database, shop.actor, shop.bin, shop.skus["MUG"], 3)
    await put_stock(database, shop.actor, second.bins["A-01"], shop.skus["MUG"], 4)
    his = await make_mapped(database, shop, mill, partnership_id, "MUG")
    await pump(database, shop, mill)
    assert await told_of(database, mill, [his["MUG"]]) == [7]  # not the 20 that the mill itself promised
    assert await told_of(database, shop, [hers["MUG"]]) == [20]
    await pump(database, shop, mill)
    assert await told_of(database, shop, [hers["MUG"]]) == [20]


async def test_a_buffer_is_told_to_nobody(database: Database, shop: Member, mill: Member) -> None:
    kept = {"location_id": mill.warehouse.location_id, "sku_id": mill.skus["MUG"], "buffer": 4}
    async with database.unit_of_work(mill.actor) as uow:
        await uow.update(StockLevel, [kept])
    made = await offer(database, mill, await make_partners(database, shop, mill), "MUG", share=50)
    await pump(database, shop, mill)
    assert await told_of(database, shop, [made["MUG"]]) == [8]


async def test_a_promise_to_an_order_stays_when_less_is_told(database: Database, shop: Member, mill: Member) -> None:
    partnership_id = await make_partners(database, shop, mill)
    await make_mapped(database, mill, shop, partnership_id, "MUG")
    location_id = (await partnership_of(database, shop, partnership_id)).location_id
    demand = Demand(new_id(), new_id(), location_id, shop.skus["MUG"], 12, database.clock.now())
    async with database.unit_of_work(shop.actor) as uow:
        assert (await reservations.reserve_stock(uow, demands=[demand])).covered
    assert await level_at(database, shop, location_id, "MUG") == (20, 12, 8)
    await reserve(database, mill, "MUG", 18)
    await pump(database, shop, mill)
    assert await level_at(database, shop, location_id, "MUG") == (14, 12, 2)
    async with database.reading(shop.actor) as uow:
        assert await checks.violations(uow) == []


async def test_a_changed_offer_is_told_once_and_a_withdrawn_one_is_gone(
    database: Database, shop: Member, mill: Member
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    made = await make_mapped(database, mill, shop, partnership_id, "MUG")
    again = await offer(database, mill, partnership_id, "MUG")
    assert again == made
    assert await mesh_letters(database, mill, waiting=True) == []  # as before: nothing to tell
    await offer(database, mill, partnership_id, "MUG", price_micros=9_000_000, share=10)
    await pump(database, shop, mill)
    async with database.reading(shop.actor) as uow:
        heard = (await queries.mapped_offers(uow, [shop.skus["MUG"]]))[shop.skus["MUG"]][0]
    assert (heard.price_micros, heard.told_quantity, heard.partner_id) == (9_000_000, 2, mill.actor.merchant_id)
    for _ in range(2):
        async with database.unit_of_work(mill.actor) as uow:
            await offers.withdraw(uow, offer_ids=made.values())
        await pump(database, shop, mill)
    async with database.reading(shop.actor) as uow:
        assert await queries.mapped_offers(uow, [shop.skus["MUG"]]) == {}
    assert await told_of(database, shop, [made["MUG"]]) == [0]
    location_id = (await partnership_of(database, shop, partnership_id)).location_id
    assert await level_at(database, shop, location_id, "MUG") == (0, 0, 0)
    await put_stock(database, mill.actor, mill.bin, mill.skus["MUG"], 5)
    await pump(database, shop, mill)
    assert await told_of(database, shop, [made["MUG"]]) == [0]
    assert await offer(database, mill, partnership_id, "MUG") == made  # offered once more
    await pump(database, shop, mill)
    assert await level_at(database, shop, location_id, "MUG") == (25, 0, 25)


async def test_a_new_name_reaches_the_partner(database: Database, shop: Member, mill: Member) -> None:
    partnership_id = await make_partners(database, shop, mill)
    made = await offer(database, mill, partnership_id, "MUG")
    await pump(database, shop, mill)
    renamed = NewSku("MUG", "P-MUG", "马克杯", "Big mug", barcodes=(NewBarcode("6901234567892"),))
    await save_skus(database, mill.actor, [renamed])
    await pump(database, shop, mill)
    async with database.reading(shop.actor) as uow:
        heard = (await queries.partner_offers_by_id(uow, made.values()))[made["MUG"]]
    assert (heard.name_zh, heard.name_en, heard.barcodes) == ("马克杯", "Big mug", ["06901234567892"])
    assert heard.told_quantity == 20


async def test_each_offer_that_cannot_be_comes_back_with_its_reason(
    database: Database, shop: Member, mill: Member
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    bundle = await make_bundle(database, mill.actor, "SET", {"MUG": 2})
    mug = mill.skus["MUG"]
    wanted = [
        NewOffer(new_id(), mug, 1),
        NewOffer(partnership_id, new_id(), 1),
        NewOffer(partnership_id, bundle, 1),
        NewOffer(partnership_id, mug, -1),
        NewOffer(partnership_id, mug, 1, 101),
        NewOffer(partnership_id, mug, 1),
        NewOffer(partnership_id, mug, 2),
    ]
    async with database.unit_of_work(mill.actor) as uow:
        answers = await offers.save(uow, offers=wanted)
    codes = [answer.refusal.code if isinstance(answer, Refused) else "" for answer in answers]
    assert codes == [
        "UNKNOWN_PARTNERSHIP",
        "NOT_FOUND",
        "CANNOT_OFFER",
        "INVALID_INPUT",
        "INVALID_INPUT",
        "",
        "INVALID_INPUT",
    ]
    async with database.unit_of_work(mill.actor) as uow:
        await partnerships.end(uow, partnership_id=partnership_id)
        (answer,) = await offers.save(uow, offers=[NewOffer(partnership_id, mug, 1)])
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "PARTNERSHIP_NOT_ACTIVE"
    _, picker = await make_person(database, mill.actor, Role.PICKER)
    with pytest.raises(NotPermitted):
        async with database.unit_of_work(picker) as uow:
            await offers.save(uow, offers=wanted)


async def test_statements_do_not_grow_with_the_number_of_skus(database: Database) -> None:
    many = [f"S-{number:03}" for number in range(60)]
    shop = await make_member(database, "shop", dict.fromkeys(many, 0))
    mill = await make_member(database, "mill", dict.fromkeys(many, 9))
    partnership_id = await make_partners(database, shop, mill)
    counts = []
    for codes in (many[:2], many[2:]):
        with statements(database) as saving:
            await offer(database, mill, partnership_id, *codes)
        demands = [
            Demand(new_id(), new_id(), mill.warehouse.location_id, mill.skus[code], 1, database.clock.now())
            for code in codes
        ]
        async with database.unit_of_work(mill.actor) as uow:
            await reservations.reserve_stock(uow, demands=demands)
        with statements(database) as telling:
            async with database.unit_of_work(mill.actor) as uow:
                assert await told.tell(uow, sku_ids=[mill.skus[code] for code in codes]) == len(codes)
        with statements(database) as hearing:
            await pump(database, mill, shop, rooms={})
        counts.append((len(saving), len(telling), len(hearing)))
    assert counts[0] == counts[1]


async def test_partners_are_told_of_in_the_log_and_every_message_can_be_dealt_with(
    database: Database, shop: Member, mill: Member
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    await make_mapped(database, mill, shop, partnership_id, "MUG")
    await reserve(database, mill, "MUG", 1)
    await pump(database, shop, mill)
    his = await kinds_told(database, mill.actor)
    hers = await kinds_told(database, shop.actor)
    assert (his.count("offers_changed"), his.count("figures_told")) == (1, 1)
    assert (hers.count("partner_offers_changed"), hers.count("partner_skus_mapped")) == (2, 1)
    assert {kind for kind, _ in messages.KINDS} >= {"OFFERED", "TOLD", "SUBMITTED", "SHIPPED"}
