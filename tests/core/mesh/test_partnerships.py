import pytest
import sqlalchemy as sa
from builders_accounts import make_person, make_shop
from builders_mesh import Member, make_member, make_partners, mesh_letters, offer, partnership_of, pump, told_of
from builders_stock import make_warehouse
from events_told import kinds_told

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.accounts.tables import Platform
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted
from pickmesh.core.mesh import partnerships, queries
from pickmesh.core.mesh.partnerships import Terms
from pickmesh.core.mesh.refusals import AlreadyPartners, PartnershipNotActive, UnknownMerchant, UnknownPartnership
from pickmesh.core.stock import queries as stock

CNY = Terms("CNY")


@pytest.fixture
async def ann(database: Database) -> Member:
    return await make_member(database, "ann", {"MUG": 0})


@pytest.fixture
async def bob(database: Database) -> Member:
    return await make_member(database, "bob", {"MUG": 20})


async def invite(database: Database, one: Member, other: Member, terms: Terms = CNY):  # type: ignore[no-untyped-def]  # an id
    return await database.run(one.actor, lambda uow: partnerships.invite(uow, partner=other.code, terms=terms))


async def test_one_asks_and_the_other_agrees_under_the_same_id_and_terms(
    database: Database, ann: Member, bob: Member
) -> None:
    terms = Terms("CNY", hours_to_answer=6, auto_route=True)
    partnership_id = await invite(database, ann, bob, terms)
    await pump(database, ann, bob)
    asked = await partnership_of(database, bob, partnership_id)
    assert (asked.status, asked.partner_id, asked.partner_code) == ("ASKED", ann.actor.merchant_id, ann.code)
    assert (asked.currency, asked.hours_to_answer, asked.auto_route) == ("CNY", 6, False)
    async with database.unit_of_work(bob.actor) as uow:
        await partnerships.accept(uow, partnership_id=partnership_id, auto_accept=True)
    await pump(database, ann, bob)
    hers = await partnership_of(database, ann, partnership_id)
    his = await partnership_of(database, bob, partnership_id)
    assert (hers.status, his.status) == ("ACTIVE", "ACTIVE")
    assert (hers.partner_name, hers.auto_route, his.auto_accept) == ("bob 商家", True, True)
    assert await mesh_letters(database, ann, waiting=True) == []


async def test_each_side_gets_a_shop_and_a_location_of_the_partner(
    database: Database, ann: Member, bob: Member
) -> None:
    partnership_id = await make_partners(database, ann, bob)
    for me, partner in ((ann, bob), (bob, ann)):
        row = await partnership_of(database, me, partnership_id)
        async with database.reading(me.actor) as uow:
            shop = (await accounts.shops_by_id(uow, [row.shop_id]))[row.shop_id]
            location = (await stock.locations_by_id(uow, [row.location_id]))[row.location_id]
        assert (shop.code, shop.platform) == (f"partner-{partner.code}", Platform.PARTNER)
        assert (location.kind, location.code) == ("PARTNER", partner.code.upper())
        assert location.partner_merchant_id == partner.actor.merchant_id


async def test_codes_that_are_taken_do_not_keep_partners_apart(database: Database, ann: Member, bob: Member) -> None:
    await make_shop(database, ann.actor, f"partner-{bob.code}")
    await make_warehouse(database, ann.actor, code=bob.code.upper())
    row = await partnership_of(database, ann, await make_partners(database, ann, bob))
    async with database.reading(ann.actor) as uow:
        shop = (await accounts.shops_by_id(uow, [row.shop_id]))[row.shop_id]
        location = (await stock.locations_by_id(uow, [row.location_id]))[row.location_id]
    assert shop.code == f"partner-{bob.actor.merchant_id.hex}"
    assert location.code == f"PARTNER-{bob.code.upper()}"


async def test_invitations_that_cross_make_one_partnership(database: Database, ann: Member, bob: Member) -> None:
    first = await invite(database, ann, bob, Terms("CNY", hours_to_answer=3, auto_accept=True))
    second = await invite(database, bob, ann, Terms("CNY", hours_to_answer=9, auto_route=True))
    await pump(database, ann, bob)
    agreed = min(first, second)
    hers, his = [await partnership_of(database, each, agreed) for each in (ann, bob)]
    assert (hers.status, his.status) == ("ACTIVE", "ACTIVE")
    assert hers.hours_to_answer == his.hours_to_answer == (3 if agreed == first else 9)
    assert (hers.auto_accept, his.auto_route) == (True, True)
    for each in (ann, bob):
        async with database.reading(each.actor) as uow:
            assert len(await queries.partnerships(uow)) == 1


async def test_an_end_reaches_the_other_side_and_takes_all_offers_with_it(
    database: Database, ann: Member, bob: Member
) -> None:
    partnership_id = await make_partners(database, ann, bob)
    offers = await offer(database, bob, partnership_id, "MUG")
    await pump(database, ann, bob)
    assert await told_of(database, ann, [offers["MUG"]]) == [20]
    async with database.unit_of_work(ann.actor) as uow:
        await partnerships.end(uow, partnership_id=partnership_id)
    await pump(database, ann, bob)
    assert {(await partnership_of(database, each, partnership_id)).status for each in (ann, bob)} == {"ENDED"}
    assert await told_of(database, ann, [offers["MUG"]]) == [0]
    async with database.reading(bob.actor) as uow:
        assert (await queries.offers_by_id(uow, offers.values()))[offers["MUG"]].withdrawn_at is not None
    before = len(await mesh_letters(database, ann))
    async with database.unit_of_work(ann.actor) as uow:
        await partnerships.end(uow, partnership_id=partnership_id)  # again
    assert len(await mesh_letters(database, ann)) == before


async def test_who_has_parted_may_meet_again_under_the_same_id(database: Database, ann: Member, bob: Member) -> None:
    partnership_id = await make_partners(database, ann, bob)
    shop_id = (await partnership_of(database, ann, partnership_id)).shop_id
    async with database.unit_of_work(ann.actor) as uow:
        await partnerships.end(uow, partnership_id=partnership_id)
    assert await make_partners(database, ann, bob, hours_to_answer=2) == partnership_id
    row = await partnership_of(database, ann, partnership_id)
    assert (row.status, row.hours_to_answer, row.shop_id, row.ended_at) == ("ACTIVE", 2, shop_id, None)
    assert (await partnership_of(database, bob, partnership_id)).status == "ACTIVE"


async def test_an_invitation_can_be_declined(database: Database, ann: Member, bob: Member) -> None:
    partnership_id = await invite(database, ann, bob)
    await pump(database, ann, bob)
    async with database.unit_of_work(bob.actor) as uow:
        await partnerships.end(uow, partnership_id=partnership_id)
    await pump(database, ann, bob)
    assert (await partnership_of(database, ann, partnership_id)).status == "ENDED"
    with pytest.raises(PartnershipNotActive):
        async with database.unit_of_work(bob.actor) as uow:
            await partnerships.accept(uow, partnership_id=partnership_id)


async def test_what_cannot_be_is_refused(database: Database, ann: Member, bob: Member) -> None:
    async def refused(error: type[Exception], partner: str, terms: Terms = CNY, actor: Member = ann) -> None:
        with pytest.raises(error):
            async with database.unit_of_work(actor.actor) as uow:
                await partnerships.invite(uow, partner=partner, terms=terms)

    await refused(UnknownMerchant, f"nobody-{new_id().hex}")
    await refused(InvalidInput, ann.code)
    await refused(InvalidInput, bob.code, Terms("RMB"))
    await refused(InvalidInput, bob.code, Terms("CNY", hours_to_answer=0))
    await invite(database, ann, bob)
    await refused(AlreadyPartners, bob.code)
    with pytest.raises(UnknownPartnership):
        async with database.unit_of_work(bob.actor) as uow:
            await partnerships.accept(uow, partnership_id=new_id())


async def test_only_an_owner_chooses_partners(database: Database, ann: Member, bob: Member) -> None:
    _, manager = await make_person(database, ann.actor, Role.MANAGER)
    with pytest.raises(NotPermitted):
        async with database.unit_of_work(manager) as uow:
            await partnerships.invite(uow, partner=bob.code, terms=CNY)


async def test_what_is_done_by_itself_can_be_changed(database: Database, ann: Member, bob: Member) -> None:
    partnership_id = await make_partners(database, ann, bob)
    before = await partnership_of(database, ann, partnership_id)
    for _ in range(2):
        async with database.unit_of_work(ann.actor) as uow:
            await partnerships.change(uow, partnership_id=partnership_id, auto_accept=True, auto_route=True)
    after = await partnership_of(database, ann, partnership_id)
    assert (after.auto_accept, after.auto_route, after.version) == (True, True, before.version + 1)


async def test_a_partner_cannot_see_the_other_s_rows(database: Database, ann: Member, bob: Member) -> None:
    partnership_id = await make_partners(database, ann, bob)
    carl = await make_member(database, "carl", {})
    await offer(database, bob, partnership_id, "MUG")
    async with database.reading(carl.actor) as uow:
        assert await queries.partnership(uow, partnership_id) is None
        assert await queries.partnerships(uow) == []
    async with database.reading(ann.actor) as uow:  # what Bob offers lies in his own rows alone until it is delivered
        found = await uow.fetch(
            sa.text("SELECT count(*) FROM offer WHERE merchant_id = :mine").bindparams(
                sa.bindparam("mine", ann.actor.merchant_id, sa.Uuid())
            )
        )
    assert found[0][0] == 0
    with pytest.raises(UnknownPartnership):
        async with database.unit_of_work(carl.actor) as uow:
            await partnerships.end(uow, partnership_id=partnership_id)


async def test_every_step_is_told_in_the_log(database: Database, ann: Member, bob: Member) -> None:
    partnership_id = await make_partners(database, ann, bob)
    for each in (ann, bob):
        told = await kinds_told(database, each.actor)
        assert told.count("partnership_changed") == 2, partnership_id
