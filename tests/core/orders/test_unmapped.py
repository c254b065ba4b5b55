from datetime import timedelta
from typing import Any

import pytest
from statements import statements
from tests.builders_accounts import make_person, make_shop
from tests.builders_catalog import make_skus, save_skus
from tests.builders_orders import House, bring_in, fulfillment_orders, make_house, new_order, order_lines, react

from pickmesh.core.catalog import suggestions
from pickmesh.core.catalog.rules import NewBarcode, NewSku
from pickmesh.core.catalog.shop_codes import NewMapping
from pickmesh.core.catalog.suggestions import Suggestion, Why
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import paging
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted, Refused
from pickmesh.core.orders import archiving, cancel, unmapped
from pickmesh.core.orders.unmapped import CodeMapped, UnmappedCode


async def waiting(database: Database, actor: Actor, **more: Any) -> list[UnmappedCode]:
    async with database.reading(actor) as uow:
        return list((await unmapped.unmapped_page(uow, PageRequest(), **more)).items)


async def map_(database: Database, actor: Actor, house: House, code: str, sku: str, **more: Any) -> Any:
    new = NewMapping(house.shop_id, code, house.skus[sku])
    async with database.unit_of_work(actor) as uow:
        (answer,) = await unmapped.map_codes(uow, mappings=[new], **more)
    return answer


async def test_a_code_tells_what_waits_for_it_and_one_tap_takes_it_in(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 9})
    came = database.clock.now()
    first, *_ = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 1, "new": 2}),
        new_order(house, "T-2", {"new": 3}),
        new_order(house, "T-3", {"CUP": 1}),
    )
    told = new_order(house, "T-1", {})
    assert await waiting(database, merchant) == [
        UnmappedCode(house.shop_id, "new", orders=2, lines=2, pieces=5, since=came, ship_by=told.ship_by)
    ]
    answer = await map_(database, merchant, house, "new", "CUP")
    assert answer == CodeMapped(
        0, house.shop_id, "new", house.skus["CUP"], True, None, waiting_orders=2, waiting_lines=2, waiting_pieces=5
    )
    await react(database, merchant)
    assert await waiting(database, merchant) == []
    lines = await order_lines(database, merchant, first.order_id)
    assert {line.sku_id for line in lines.values()} == {house.skus["CUP"]}
    assert [row.hold_count for row in await fulfillment_orders(database, merchant, first.order_id)] == [0]


async def test_a_code_of_another_sku_is_refused_with_its_name_until_it_is_replaced(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 1, "MUG": 1})
    refused = await map_(database, merchant, house, "CUP", "MUG")
    assert isinstance(refused, Refused)
    assert (refused.refusal.code, refused.refusal.data["sku"]) == ("SHOP_CODE_TAKEN", "CUP")
    answer = await map_(database, merchant, house, "CUP", "MUG", replace=True)
    assert (answer.changed, answer.replaced_sku_id, answer.waiting_lines) == (True, house.skus["CUP"], 0)


async def test_what_is_cancelled_waits_no_more(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 1})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"new": 2}))
    (row,) = await fulfillment_orders(database, merchant, verdict.order_id)
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[row.id], reason="x")
    assert await waiting(database, merchant) == []


async def test_pages_go_by_how_long_a_code_was_waited_for(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    house = await make_house(database, merchant, {"CUP": 1})
    for number, codes in enumerate((["b", "a"], ["c"], ["a", "d"])):
        await bring_in(database, merchant, new_order(house, f"T-{number}", dict.fromkeys(codes, 1)))
        clock.advance(timedelta(minutes=1))
    async with database.reading(merchant) as uow:
        first = await unmapped.unmapped_page(uow, paging.page_request(3, None))
        second = await unmapped.unmapped_page(uow, paging.page_request(3, first.cursors[-1]))
        back = await unmapped.unmapped_page(uow, paging.page_request(None, None, 2, second.cursors[0]))
        assert first.count is not None
        assert await first.count(uow) == 4
        with pytest.raises(InvalidInput):
            await unmapped.unmapped_page(uow, PageRequest(cursor=("x",)))
    assert [[code.code for code in page.items] for page in (first, second, back)] == [
        ["a", "b", "c"], ["d"], ["b", "c"],
    ]  # fmt: skip


async def test_a_shop_is_asked_for_by_itself_and_people_see_their_own_shops(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 1})
    other = await make_shop(database, merchant, "JD")
    await bring_in(database, merchant, new_order(house, "T-1", {"new": 1}))
    await bring_in(database, merchant, new_order(house, "T-2", {"other": 1}, shop_id=other))
    _, support = await make_person(database, merchant, Role.SUPPORT, shop_ids=frozenset({other}))
    assert [code.code for code in await waiting(database, merchant, shop_id=other)] == ["other"]
    assert [code.code for code in await waiting(database, support)] == ["other"]
    assert await waiting(database, support, shop_id=house.shop_id) == []
    assert await waiting(database, stranger) == []
    _, picker = await make_person(database, merchant, Role.PICKER)
    with pytest.raises(NotPermitted):
        await waiting(database, picker)


async def test_suggestions_name_the_surest_reason(database: Database, merchant: Actor) -> None:
    await make_shop(database, merchant, "JD")
    ids = await save_skus(
        database,
        merchant,
        [
            NewSku("KET-01", "KET", "水壶", "Kettle red", barcodes=(NewBarcode("6901234567892"),)),
            NewSku("KET-02", "KET", "水壶", "Kettle blue"),
            NewSku("CUP", "CUP", "杯子", "Cup blue"),
        ],
    )
    ids |= await make_skus(database, merchant, ["JD-9"], shop="JD")
    async with database.reading(merchant) as uow:
        with statements(database) as sent:
            found = await suggestions.suggested(
                uow, ["ket-01", "6901234567892", "JD-9", "kettle_blue", "杯子", "nothing", "?"]
            )
    assert found.pop("ket-01")[0] == Suggestion(ids["KET-01"], Why.SAME_CODE)
    assert found == {
        "6901234567892": [Suggestion(ids["KET-01"], Why.SAME_BARCODE)],
        "JD-9": [Suggestion(ids["JD-9"], Why.SAME_CODE)],
        "kettle_blue": [Suggestion(ids["KET-02"], Why.WORDS), Suggestion(ids["KET-01"], Why.WORDS)],
        "杯子": [Suggestion(ids["CUP"], Why.WORDS)],
    }
    assert len(sent) == 6


async def test_what_another_shop_calls_it_is_a_suggestion_and_an_archived_sku_is_none(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 0})
    await map_(database, merchant, house, "6688", "CUP")
    async with database.unit_of_work(merchant) as uow:
        told = await suggestions.suggested(uow, ["6688"])
        await archiving.archive_skus(uow, sku_ids=[house.skus["CUP"]])
        left = await suggestions.suggested(uow, ["6688", "CUP"])
    assert (told, left) == ({"6688": [Suggestion(house.skus["CUP"], Why.OTHER_SHOP)]}, {})
