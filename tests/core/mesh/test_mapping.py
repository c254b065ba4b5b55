from uuid import UUID

import pytest
from builders_accounts import make_person
from builders_catalog import make_bundle, save_skus
from builders_mesh import Member, level_at, make_member, make_partners, offer, partnership_of, pump
from statements import statements

from pickmesh.core.catalog.rules import NewBarcode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted, Refused
from pickmesh.core.mesh import mapping, partnerships, queries
from pickmesh.core.mesh.mapping import Because, Mapped, Pair, Proposal

GTIN = {"TEA": "6901234567892", "POT": "6901234567908", "CAN": "6901234567915"}


@pytest.fixture
async def shop(database: Database) -> Member:
    """A shop whose codes are its own; only barcodes, and one code and one name, are the mill's too."""
    shop = await make_member(
        database, "shop", {"MY-TEA": 0, "MY-POT": 0, "BOWL": 0}, barcodes={"MY-TEA": GTIN["TEA"], "MY-POT": GTIN["POT"]}
    )
    named = await save_skus(database, shop.actor, [NewSku("MY-TRAY", "P-T", "托盘", "Tray")])
    return Member(shop.actor, shop.code, shop.warehouse, {**shop.skus, **named})


@pytest.fixture
async def mill(database: Database) -> Member:
    mill = await make_member(
        database, "mill", {"TEA": 5, "POT": 6, "BOWL": 7, "VASE": 8}, barcodes={"TEA": GTIN["TEA"]}
    )
    more = [
        NewSku("POT", "P-POT", "壶", "Pot", barcodes=(NewBarcode(GTIN["POT"]), NewBarcode(GTIN["CAN"], 6))),
        NewSku("TRAY", "P-TRAY", "托盘", "A tray"),
    ]
    return Member(mill.actor, mill.code, mill.warehouse, {**mill.skus, **await save_skus(database, mill.actor, more)})


@pytest.fixture
async def offered(database: Database, shop: Member, mill: Member) -> dict[str, UUID]:
    """The mill's offers by its codes, heard by the shop."""
    partnership_id = await make_partners(database, shop, mill)
    made = await offer(database, mill, partnership_id, *mill.skus)
    await pump(database, shop, mill)
    return {**made, "partnership": partnership_id}


async def map_pairs(database: Database, member: Member, *pairs: tuple[UUID, UUID | None]) -> list[Mapped | Refused]:
    return await database.run(
        member.actor, lambda uow: mapping.map_skus(uow, pairs=[Pair(each, sku_id) for each, sku_id in pairs])
    )


async def mapped(database: Database, member: Member, offers: dict[str, UUID]) -> dict[UUID, UUID]:
    async with database.reading(member.actor) as uow:
        return await queries.skus_of_partner_offers(uow, offers.values())


async def test_one_click_maps_what_has_the_same_barcode(
    database: Database, shop: Member, mill: Member, offered: dict[str, UUID]
) -> None:
    for expected in ({"TEA": "MY-TEA", "POT": "MY-POT"}, {}):  # a second click finds nothing more
        answers = await database.run(
            shop.actor, lambda uow: mapping.map_by_barcode(uow, partnership_id=offered["partnership"])
        )
        assert answers == [Mapped(offered[theirs], shop.skus[ours]) for theirs, ours in expected.items()]
    location_id = (await partnership_of(database, shop, offered["partnership"])).location_id
    assert await level_at(database, shop, location_id, "MY-TEA") == (5, 0, 5)
    assert await level_at(database, shop, location_id, "MY-POT") == (6, 0, 6)


async def test_proposals_name_the_surest_reason_and_each_sku_once(
    database: Database, shop: Member, offered: dict[str, UUID]
) -> None:
    async with database.reading(shop.actor) as uow:
        proposed = await mapping.proposals(uow, offered["partnership"])
    assert proposed == [
        Proposal(offered["TEA"], shop.skus["MY-TEA"], Because.BARCODE),
        Proposal(offered["POT"], shop.skus["MY-POT"], Because.BARCODE),
        Proposal(offered["BOWL"], shop.skus["BOWL"], Because.CODE),
        Proposal(offered["TRAY"], shop.skus["MY-TRAY"], Because.NAME),
    ]
    async with database.reading(shop.actor) as uow:
        assert await mapping.proposals(uow, new_id()) == []


async def test_a_name_or_barcode_of_two_skus_proposes_nothing(
    database: Database, shop: Member, offered: dict[str, UUID]
) -> None:
    doubles = [
        NewSku("T-2", "P-2", "托盘", "Another"),
        NewSku("TEA-2", "P-3", "茶", "Tea", barcodes=(NewBarcode(GTIN["TEA"]),)),
        NewSku("POT-6", "P-4", "六个壶", "Six pots", barcodes=(NewBarcode(GTIN["CAN"]),)),
    ]
    await save_skus(database, shop.actor, doubles)
    async with database.reading(shop.actor) as uow:
        proposed = {one.partner_offer_id for one in await mapping.proposals(uow, offered["partnership"])}
    assert proposed == {offered["POT"], offered["BOWL"]}


async def test_a_pair_told_later_takes_the_place_of_earlier_ones(
    database: Database, shop: Member, offered: dict[str, UUID]
) -> None:
    location_id = (await partnership_of(database, shop, offered["partnership"])).location_id
    tea, bowl = shop.skus["MY-TEA"], shop.skus["BOWL"]
    await map_pairs(database, shop, (offered["TEA"], tea), (offered["BOWL"], bowl))
    await map_pairs(database, shop, (offered["VASE"], tea))  # the offer TEA loses its SKU
    assert await mapped(database, shop, offered) == {offered["VASE"]: tea, offered["BOWL"]: bowl}
    assert await level_at(database, shop, location_id, "MY-TEA") == (8, 0, 8)
    await map_pairs(database, shop, (offered["VASE"], bowl), (offered["BOWL"], tea))  # exchanged
    assert await mapped(database, shop, offered) == {offered["VASE"]: bowl, offered["BOWL"]: tea}
    assert await level_at(database, shop, location_id, "MY-TEA") == (7, 0, 7)
    assert await level_at(database, shop, location_id, "BOWL") == (8, 0, 8)
    await map_pairs(database, shop, (offered["VASE"], None), (offered["TEA"], None))
    assert await mapped(database, shop, offered) == {offered["BOWL"]: tea}
    assert await level_at(database, shop, location_id, "BOWL") == (0, 0, 0)


async def test_mapping_again_changes_nothing(database: Database, shop: Member, offered: dict[str, UUID]) -> None:
    await map_pairs(database, shop, (offered["TEA"], shop.skus["MY-TEA"]))
    with statements(database) as sent:
        await map_pairs(database, shop, (offered["TEA"], shop.skus["MY-TEA"]))
    assert not [each for each in sent if each.startswith(("INSERT", "UPDATE", "DELETE"))]


async def test_what_cannot_be_mapped_comes_back_with_its_reason(
    database: Database, shop: Member, mill: Member, offered: dict[str, UUID]
) -> None:
    bundle = await make_bundle(database, shop.actor, "SET", {"MY-TEA": 2})
    tea = shop.skus["MY-TEA"]
    wrong = ((new_id(), tea), (offered["TEA"], bundle), (offered["TEA"], mill.skus["TEA"]), (offered["TEA"], tea))
    answers = await map_pairs(database, shop, *wrong)
    codes = [answer.refusal.code if isinstance(answer, Refused) else "" for answer in answers]
    assert codes == ["UNKNOWN_OFFER", "CANNOT_MAP", "NOT_FOUND", ""]
    (of_the_mill,) = await map_pairs(database, mill, (offered["TEA"], mill.skus["TEA"]))
    assert isinstance(of_the_mill, Refused)  # the mill's own offer is none that it was told
    _, picker = await make_person(database, shop.actor, Role.PICKER)
    with pytest.raises(NotPermitted):
        async with database.unit_of_work(picker) as uow:
            await mapping.map_skus(uow, pairs=[])
    async with database.unit_of_work(shop.actor) as uow:
        await partnerships.end(uow, partnership_id=offered["partnership"])
    (ended,) = await map_pairs(database, shop, (offered["TEA"], tea))
    assert isinstance(ended, Refused)
    assert ended.refusal.code == "PARTNERSHIP_NOT_ACTIVE"


async def test_statements_do_not_grow_with_the_number_of_pairs(database: Database) -> None:
    many = [f"S-{number:03}" for number in range(50)]
    shop = await make_member(database, "shop", dict.fromkeys(many, 0))
    mill = await make_member(database, "mill", dict.fromkeys(many, 9))
    partnership_id = await make_partners(database, shop, mill)
    made = await offer(database, mill, partnership_id, *many)
    await pump(database, shop, mill)
    counts = []
    for codes in (many[:3], many[3:]):
        with statements(database) as sent:
            await map_pairs(database, shop, *((made[code], shop.skus[code]) for code in codes))
        counts.append(len(sent))
    assert counts[0] == counts[1]


async def test_statements_do_not_grow_with_the_number_of_proposals(database: Database) -> None:
    many = [f"S-{number:03}" for number in range(50)]
    shop = await make_member(database, "shop", dict.fromkeys(many, 0))
    mill = await make_member(database, "mill", dict.fromkeys(many, 9))
    partnership_id = await make_partners(database, shop, mill)
    counts = []
    for codes in (many[:3], many[3:]):
        await offer(database, mill, partnership_id, *codes)
        await pump(database, shop, mill)
        with statements(database) as sent:
            async with database.reading(shop.actor) as uow:
                proposed = await mapping.proposals(uow, partnership_id)
        counts.append(len(sent))
    assert len(proposed) == len(many)
    assert counts[0] == counts[1]
