"""Recipients: sealed at rest, masked unless revealed, found by blind indexes that read nothing back."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_accounts import make_person
from tests.builders_orders import BUYER, bring_in, make_house, new_order

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted
from pickmesh.core.orders import recipients
from pickmesh.core.orders.recipients import NewRecipient, Recipient
from pickmesh.core.orders.tables import OrderRecipient


async def one_order(database: Database, merchant: Actor, buyer: NewRecipient = BUYER, number: str = "T-1") -> UUID:
    house = await make_house(database, merchant, {"CUP": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, number, {"CUP": 1}, recipient=buyer))
    return verdict.order_id


async def orders_to(database: Database, merchant: Actor, *buyers: NewRecipient) -> list[UUID]:
    house = await make_house(database, merchant, {"CUP": 99})
    orders = [new_order(house, f"T-{number}", {"CUP": 1}, recipient=buyer) for number, buyer in enumerate(buyers)]
    return [verdict.order_id for verdict in await bring_in(database, merchant, *orders)]


def stored(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes | memoryview):
        yield bytes(value)
    elif isinstance(value, str):
        yield value.encode()


async def test_no_stored_byte_of_any_table_tells_who_the_buyer_is(database: Database, merchant: Actor) -> None:
    await one_order(database, merchant)
    async with database.reading(merchant) as uow:
        kept = [
            piece
            for table in OrderRecipient.metadata.sorted_tables
            if "merchant_id" in table.c
            for row in await uow.fetch(sa.select(table).where(table.c.merchant_id == merchant.merchant_id))
            for value in row
            for piece in stored(str(value) if isinstance(value, dict | list) else value)
        ]
    secrets = [BUYER.name, BUYER.phone, BUYER.street, "文三路", "林"]
    assert len(kept) > 50
    assert [secret for secret in secrets for piece in kept if secret.encode() in piece] == []


async def test_everybody_sees_a_masked_recipient(database: Database, merchant: Actor) -> None:
    order_id = await one_order(database, merchant)
    async with database.reading(merchant) as uow:
        shown = (await recipients.recipients_of(uow, [order_id]))[order_id]
    assert shown == Recipient(
        name="林**",
        phone="138****5678",
        street="***",
        country="CN",
        province="浙江省",
        city="杭州市",
        district="西湖区",
        postcode="310012",
        masked=True,
    )


@pytest.mark.parametrize(("phone", "shown"), [("", ""), ("1234567", "***"), ("057187654321", "057*****4321")])
def test_masking_never_shows_most_of_a_phone_number(phone: str, shown: str) -> None:
    whole = Recipient("A", phone, "street", "CN", "", "", "", "", masked=False)
    assert recipients.masked(whole).phone == shown


async def test_whoever_may_read_recipients_is_shown_all_and_others_are_refused(
    database: Database, merchant: Actor
) -> None:
    order_id = await one_order(database, merchant)
    _, packer = await make_person(database, merchant, Role.PACKER)
    _, picker = await make_person(database, merchant, Role.PICKER)
    async with database.reading(packer) as uow:
        shown = (await recipients.recipients_of(uow, [order_id], reveal=True))[order_id]
    assert (shown.name, shown.phone, shown.street, shown.masked) == (BUYER.name, BUYER.phone, BUYER.street, False)
    async with database.reading(picker) as uow:
        with pytest.raises(NotPermitted):
            await recipients.recipients_of(uow, [order_id], reveal=True)


async def test_another_merchant_finds_neither_the_recipient_nor_the_phone(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    order_id = await one_order(database, merchant)
    async with database.reading(stranger) as uow:
        assert await recipients.recipients_of(uow, [order_id], reveal=True) == {}
        assert await recipients.orders_by_phone(uow, BUYER.phone) == []


async def test_the_same_buyer_at_two_merchants_has_different_indexes(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    keys = []
    for actor in (merchant, stranger):
        order_id = await one_order(database, actor)
        async with database.reading(actor) as uow:
            columns = (OrderRecipient.address_key, OrderRecipient.phone_key, OrderRecipient.phone_last4_key)
            where = (uow.mine(OrderRecipient), OrderRecipient.order_id == order_id)
            (row,) = await uow.fetch(sa.select(*columns).where(*where))
        keys.append(set(row))
    assert len(keys[0]) == len(keys[1]) == 3
    assert keys[0].isdisjoint(keys[1])


@pytest.mark.parametrize("text", ["13812345678", "+86 138-1234-5678", "0086 13812345678", "１３８１２３４５６７８"])
async def test_a_phone_number_is_found_however_it_is_written(database: Database, merchant: Actor, text: str) -> None:
    order_id = await one_order(database, merchant, replace(BUYER, phone="+86 138 1234 5678"))
    async with database.reading(merchant) as uow:
        assert await recipients.orders_by_phone(uow, text) == [order_id]


async def test_the_last_four_digits_find_the_newest_orders_first(database: Database, merchant: Actor) -> None:
    one, two, _ = await orders_to(
        database, merchant, BUYER, replace(BUYER, phone="15900005678"), replace(BUYER, phone="13812340000")
    )
    async with database.reading(merchant) as uow:
        assert await recipients.orders_by_phone(uow, "5678") == [two, one]
        assert await recipients.orders_by_phone(uow, "5678", limit=1) == [two]
        with pytest.raises(InvalidInput):
            await recipients.orders_by_phone(uow, "678")


async def test_a_masked_number_is_found_by_the_end_of_the_mobile_not_of_its_extension(
    database: Database, merchant: Actor
) -> None:
    (order_id,) = await orders_to(database, merchant, replace(BUYER, phone="18412345678-9021"))
    async with database.reading(merchant) as uow:
        assert await recipients.orders_by_phone(uow, "5678") == [order_id]
        assert await recipients.orders_by_phone(uow, "9021") == []


async def test_orders_without_a_phone_number_are_not_one_buyer(database: Database, merchant: Actor) -> None:
    nobody = replace(BUYER, phone="", street="别处 1 号")
    await orders_to(database, merchant, nobody, nobody)
    async with database.reading(merchant) as uow:
        found = await uow.fetch(sa.select(OrderRecipient.phone_key).where(uow.mine(OrderRecipient)))
    assert [row.phone_key for row in found] == ["", ""]


async def test_the_same_address_is_known_however_the_shop_cuts_and_spaces_it(
    database: Database, merchant: Actor
) -> None:
    again = replace(BUYER, district="", street="西湖区文三路２６９号５幢1201室")
    elsewhere = replace(BUYER, street="文三路 270 号")
    other_phone = replace(BUYER, phone="13900000000")
    first, second, _, _ = await orders_to(database, merchant, BUYER, again, elsewhere, other_phone)
    async with database.reading(merchant) as uow:
        assert await recipients.orders_to_same_address(uow, first) == [second]
        assert await recipients.orders_to_same_address(uow, second) == [first]


async def test_an_erased_recipient_opens_as_nobody(database: Database, merchant: Actor) -> None:
    order_id = await one_order(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await uow.update(OrderRecipient, [{"order_id": order_id, "sealed": b"", "erased_at": uow.now}])
        shown = (await recipients.recipients_of(uow, [order_id], reveal=True))[order_id]
        assert (shown.name, shown.phone, shown.street, shown.city) == ("", "", "", "杭州市")
        assert await recipients.orders_by_phone(uow, BUYER.phone) == []
        assert await recipients.orders_to_same_address(uow, order_id) == []
