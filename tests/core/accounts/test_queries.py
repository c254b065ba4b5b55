from builders_accounts import make_person, make_shop, sign_in_name

from pickmesh.core.accounts import queries
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import paging
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role


async def test_shops_are_found_by_code_and_by_id(database: Database, merchant: Actor, stranger: Actor) -> None:
    jd, tb = await make_shop(database, merchant, "jd"), await make_shop(database, merchant, "tb")
    async with database.reading(merchant) as uow:
        assert {code: shop.id for code, shop in (await queries.shops_by_code(uow, ["tb", "jd", "x"])).items()} == {
            "jd": jd,
            "tb": tb,
        }
        assert (await queries.shops_by_id(uow, [tb, new_id()])).keys() == {tb}
        found = await queries.shop_by_code(uow, "tb")
        assert found is not None
        assert found.id == tb
        assert await queries.shop_by_code(uow, "TB") is None
    async with database.reading(stranger) as uow:
        assert await queries.shops(uow) == []
        assert await queries.shops_by_id(uow, [jd, tb]) == {}


async def test_people_page_both_ways_without_a_gap(database: Database, merchant: Actor) -> None:
    ids = [(await make_person(database, merchant, Role.PICKER))[0] for _ in range(5)]
    names = sorted([await sign_in_name(database, merchant, id_) for id_ in ids])
    async with database.reading(merchant) as uow:
        first = await queries.people(uow, paging.page_request(2, None))
        second = await queries.people(uow, paging.page_request(2, first.cursors[-1]))
        third = await queries.people(uow, paging.page_request(2, second.cursors[-1]))
        back = await queries.people(uow, paging.page_request(None, None, 2, third.cursors[0]))
    pages = [[person.sign_in for person in page.items] for page in (first, second, third, back)]
    assert pages == [names[:2], names[2:4], names[4:], names[2:4]]
    assert [page.has_next for page in (first, second, third)] == [True, True, False]


async def test_the_viewer_is_the_person_who_asks(database: Database, merchant: Actor, stranger: Actor) -> None:
    person_id, person = await make_person(database, merchant, Role.PACKER)
    async with database.reading(person) as uow:
        viewer = await queries.viewer(uow)
        assert viewer is not None
        assert (viewer.id, viewer.role) == (person_id, "PACKER")
    async with database.reading(merchant) as uow:
        assert await queries.viewer(uow) is None
    async with database.reading(stranger) as uow:
        assert await queries.person(uow, person_id) is None
