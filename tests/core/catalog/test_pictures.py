from typing import Any
from uuid import UUID

import pytest
from builders_accounts import make_person
from builders_catalog import save_skus
from hypothesis import given
from hypothesis import strategies as st
from statements import statements

from pickmesh.core.catalog import pictures, queries
from pickmesh.core.catalog.pictures import PICTURES_MAX, NewPicture, PictureRow
from pickmesh.core.catalog.rules import NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotPermitted, Refused

HOST = "https://img.example.com"


async def make(database: Database, actor: Actor) -> tuple[UUID, dict[str, UUID]]:
    """A product of two SKUs."""
    ids = await save_skus(database, actor, [NewSku(code, "CUP", "杯子") for code in ("RED", "BLUE")])
    async with database.reading(actor) as uow:
        return (await queries.skus(uow, ids.values()))[ids["RED"]].product_id, ids


async def add(database: Database, actor: Actor, *wanted: NewPicture) -> list[str | bool]:
    async with database.unit_of_work(actor) as uow:
        answers = await pictures.add_pictures(uow, pictures=wanted)
    return [answer.refusal.code if isinstance(answer, Refused) else answer.changed for answer in answers]


async def shown(database: Database, actor: Actor, product_id: UUID) -> list[PictureRow]:
    async with database.reading(actor) as uow:
        return (await pictures.pictures_of_products(uow, [product_id])).get(product_id, [])


async def test_pictures_stand_in_order_and_move_when_their_address_is_told_again(
    database: Database, merchant: Actor
) -> None:
    cup, _ = await make(database, merchant)
    front, back, top = (NewPicture(cup, f"{HOST}/{name}.jpg") for name in ("front", "back", "top"))
    assert await add(database, merchant, front, back, top) == [True] * 3
    assert await add(database, merchant, front) == [False]
    moved = NewPicture(cup, top.url, position=0)
    assert await add(database, merchant, NewPicture(cup, front.url, position=1), moved) == [True, True]
    rows = await shown(database, merchant, cup)
    assert [(row.url.rpartition("/")[2], row.position) for row in rows] == [
        ("top.jpg", 0), ("front.jpg", 1), ("back.jpg", 1),
    ]  # fmt: skip


async def test_a_sku_shows_its_own_pictures_or_else_the_products(database: Database, merchant: Actor) -> None:
    cup, ids = await make(database, merchant)
    await add(database, merchant, NewPicture(cup, f"{HOST}/all"), NewPicture(cup, f"{HOST}/red", ids["RED"]))
    async with database.reading(merchant) as uow:
        found = await pictures.pictures_of_skus(uow, ids.values())
    assert {code: [row.url for row in found[sku_id]] for code, sku_id in ids.items()} == {
        "RED": [f"{HOST}/red"],
        "BLUE": [f"{HOST}/all"],
    }


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "http://a.example/1", "https://", "https:///1.jpg", "ftp://a.example/1", "//a.example/1"),
        *("javascript:alert(1)", "https://user:pw@a.example/1", "https://a.example/a b", "https://a.example/\n"),
        *("https://a.example/<x>", 'https://a.example/"', "https://a.example:0/", "https://[::1", "https://a\\b"),
        *(f"{HOST}/{'x' * 1_000}", " https://a.example/1"),
    ],
)
def test_only_an_https_address_is_one(url: str) -> None:
    assert not pictures.is_fetchable(url) or len(url) > pictures.URL_LENGTH_MAX


@given(st.text(max_size=60))
def test_no_text_upsets_the_look_at_an_address(text: str) -> None:
    for url in (text, f"https://{text}", f"https://a.example/{text}"):
        assert pictures.is_fetchable(url) in {True, False}
    assert pictures.is_fetchable("https://a.example:8443/p/%E6%9D%AF.jpg?size=2&v=杯#x")


async def test_what_cannot_be_is_refused_by_itself(database: Database, merchant: Actor, stranger: Actor) -> None:
    cup, ids = await make(database, merchant)
    other = (await save_skus(database, merchant, [NewSku("PLATE", "PLATE", "盘子")]))["PLATE"]
    url = f"{HOST}/1"
    wanted = [
        NewPicture(new_id(), url),
        NewPicture(cup, "http://img.example.com/1"),
        NewPicture(cup, url, other),
        NewPicture(cup, url, position=-1),
        NewPicture(cup, url, ids["RED"]),
    ]
    assert await add(database, merchant, *wanted) == [
        "NOT_FOUND", "INVALID_INPUT", "NOT_FOUND", "INVALID_INPUT", True,
    ]  # fmt: skip
    assert await add(database, stranger, NewPicture(cup, url)) == ["NOT_FOUND"]


async def test_a_product_has_a_bounded_number_of_pictures(database: Database, merchant: Actor) -> None:
    cup, _ = await make(database, merchant)
    wanted = [NewPicture(cup, f"{HOST}/{number}") for number in range(PICTURES_MAX + 1)]
    assert await add(database, merchant, *wanted) == [*[True] * PICTURES_MAX, "LIMIT_EXCEEDED"]
    assert await add(database, merchant, wanted[0]) == [False]


async def test_a_removed_picture_is_gone_and_unknown_ones_are_refused(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    cup, _ = await make(database, merchant)
    await add(database, merchant, NewPicture(cup, f"{HOST}/1"))
    (row,) = await shown(database, merchant, cup)

    async def remove(actor: Actor) -> list[Any]:
        async with database.unit_of_work(actor) as uow:
            answers = await pictures.remove_pictures(uow, picture_ids=[row.id])
        return [answer.refusal.code if isinstance(answer, Refused) else answer.product_id for answer in answers]

    assert [await remove(actor) for actor in (stranger, merchant, merchant)] == [["NOT_FOUND"], [cup], ["NOT_FOUND"]]
    assert await shown(database, merchant, cup) == []


async def test_pictures_are_a_permission_and_take_a_fixed_number_of_statements(
    database: Database, merchant: Actor
) -> None:
    cup, _ = await make(database, merchant)
    _, picker = await make_person(database, merchant, Role.PICKER)
    with pytest.raises(NotPermitted):
        await add(database, picker)
    sent = {}
    for size in (1, 10):
        with statements(database) as told:
            await add(database, merchant, *[NewPicture(cup, f"{HOST}/{size}-{each}") for each in range(size)])
        sent[size] = len(told)
    assert len(set(sent.values())) == 1, sent
