"""Orders checked at intake: what each action does, in which order rules run, and what is told of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_orders import (
    BUYER,
    House,
    bring_in,
    fulfillment_orders,
    make_house,
    new_order,
    only_fulfillment_order,
    react,
)
from tests.builders_review import make_rule, remark_says, set_review_policy
from tests.conftest import NOON
from tests.events_told import events_told
from tests.statements import statements

from pickmesh.core.accounts.tables import ReviewPolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import intake, queries
from pickmesh.core.orders.rule_tables import OrderTag
from pickmesh.core.orders.tables import HoldReason, PaymentStatus


async def reviews(database: Database, merchant: Actor) -> list[dict[str, Any]]:
    return [event.payload for event in await events_told(database, merchant) if event.kind == "order_reviewed"]


async def holds_on(database: Database, merchant: Actor, order_id: UUID) -> list[tuple[str, str, str]]:
    found = await fulfillment_orders(database, merchant, order_id)
    async with database.reading(merchant) as uow:
        by_order = await queries.holds_of(uow, [row.id for row in found])
    held = [(hold.reason, hold.handle, hold.note) for row in found for hold in by_order.get(row.id, [])]
    assert sum(row.hold_count for row in found) == len(held)
    return held


async def tags_of(database: Database, merchant: Actor, order_id: UUID) -> list[str]:
    async with database.reading(merchant) as uow:
        found = await uow.fetch(
            sa.select(OrderTag.tag).where(uow.mine(OrderTag), OrderTag.order_id == order_id).order_by(OrderTag.tag)
        )
    return [row.tag for row in found]


@pytest.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 100, "LID": 100}, warehouses=("HZ1", "BJ1"))


async def test_an_order_no_rule_fits_goes_on_and_nothing_is_told(
    database: Database, merchant: Actor, house: House
) -> None:
    await make_rule(database, merchant, "Look", [{"kind": "HOLD", "reason": "OPERATOR"}], [remark_says("call")])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    assert (verdict.holds, await reviews(database, merchant)) == ((), [])


async def test_a_rule_holds_tags_and_ranks_and_the_order_tells_why(
    database: Database, merchant: Actor, house: House
) -> None:
    rule_id = await make_rule(
        database,
        merchant,
        "Gift wrap",
        [
            {"kind": "HOLD", "reason": "CLIENT", "note": "wrap it"},
            {"kind": "TAG", "tag": "wrap"},
            {"kind": "PRIORITY", "priority": 7},
        ],
        [remark_says("包装")],
    )
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}, remark="礼品包装"))
    assert verdict.holds == (HoldReason.CLIENT,)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.priority, row.hold_count) == (7, 1)
    assert await holds_on(database, merchant, verdict.order_id) == [("CLIENT", f"rule:{rule_id}", "wrap it")]
    assert await tags_of(database, merchant, verdict.order_id) == ["wrap"]
    (told,) = await reviews(database, merchant)
    assert told["review_rule_ids"] == [str(rule_id)]
    assert [(act["kind"], act["done"], act["detail"]) for act in told["acts"]] == [
        ("HOLD", True, "CLIENT"),
        ("TAG", True, "wrap"),
        ("PRIORITY", True, "7"),
    ]


async def test_rules_run_by_position_the_first_word_counts_and_stop_ends_it(
    database: Database, merchant: Actor, house: House
) -> None:
    await make_rule(database, merchant, "third", [{"kind": "TAG", "tag": "third"}], position=3)
    await make_rule(database, merchant, "second", [{"kind": "PRIORITY", "priority": 2}, {"kind": "STOP"}], position=2)
    await make_rule(database, merchant, "first", [{"kind": "PRIORITY", "priority": 1}], position=1)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    assert (await only_fulfillment_order(database, merchant, verdict.order_id)).priority == 1
    (told,) = await reviews(database, merchant)
    assert told["names"] == ["first", "second"]
    assert [(act["kind"], act["done"], act["reason"]) for act in told["acts"]] == [
        ("PRIORITY", True, ""),
        ("PRIORITY", False, "SET_BEFORE"),
        ("STOP", True, ""),
    ]
    assert await tags_of(database, merchant, verdict.order_id) == []


async def test_a_later_rule_sees_the_tag_an_earlier_one_put_on(
    database: Database, merchant: Actor, house: House
) -> None:
    await make_rule(database, merchant, "tagger", [{"kind": "TAG", "tag": "VIP"}])
    vip = {"field": "TAG", "operator": "IS_ANY_OF", "value": ["vip"]}
    await make_rule(database, merchant, "reader", [{"kind": "PRIORITY", "priority": 9}], [vip])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    assert (await only_fulfillment_order(database, merchant, verdict.order_id)).priority == 9


async def test_every_order_of_a_shop_that_is_looked_at_waits_unless_a_rule_releases_it(
    database: Database, merchant: Actor, house: House
) -> None:
    await set_review_policy(database, merchant, house.shop_id, ReviewPolicy.MANUAL)
    await make_rule(
        database,
        merchant,
        "small",
        [{"kind": "RELEASE"}],
        [{"field": "AMOUNT", "operator": "AT_MOST", "value": {"minor": 2_000, "currency": "CNY"}}],
    )
    small, large = await bring_in(
        database, merchant, new_order(house, "T-1", {"CUP": 1}), new_order(house, "T-2", {"CUP": 5})
    )
    assert (small.holds, large.holds) == ((), (HoldReason.REVIEW,))
    assert await holds_on(database, merchant, large.order_id) == [("REVIEW", "review", "")]
    assert (await fulfillment_orders(database, merchant, small.order_id))[0].hold_count == 0


async def test_a_hold_for_review_and_the_shops_own_are_one(database: Database, merchant: Actor, house: House) -> None:
    await set_review_policy(database, merchant, house.shop_id, ReviewPolicy.MANUAL)
    await make_rule(database, merchant, "look", [{"kind": "HOLD", "reason": "REVIEW", "note": "odd"}])
    order = new_order(house, "T-1", {"CUP": 1}, payment_status=PaymentStatus.UNPAID)
    (verdict,) = await bring_in(database, merchant, order)
    assert verdict.holds == (HoldReason.PAYMENT, HoldReason.REVIEW)
    held = await holds_on(database, merchant, verdict.order_id)
    assert sorted(held) == [("PAYMENT", "", ""), ("REVIEW", "review", "odd")]


async def test_a_rule_sends_orders_to_the_warehouse_it_prefers(
    database: Database, merchant: Actor, house: House
) -> None:
    bj = str(house.warehouses["BJ1"])
    await make_rule(database, merchant, "north", [{"kind": "ROUTE", "location_ids": [bj]}], [remark_says("north")])
    plain, north = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 1}),
        new_order(house, "T-2", {"CUP": 1}, remark="north please"),
    )
    assert (await only_fulfillment_order(database, merchant, plain.order_id)).location_id == house.warehouses["HZ1"]
    assert (await only_fulfillment_order(database, merchant, north.order_id)).location_id == house.warehouses["BJ1"]


@pytest.mark.parametrize(
    ("starts", "ends", "fits"),
    [(None, None, True), (1, None, False), (-1, None, True), (None, 0, False), (None, 1, True), (-2, -1, False)],
)
async def test_a_rule_holds_in_its_window_only(
    database: Database, merchant: Actor, house: House, starts: int | None, ends: int | None, fits: bool
) -> None:
    window = {
        name: None if hours is None else NOON + timedelta(hours=hours)
        for name, hours in (("starts_at", starts), ("ends_at", ends))
    }
    await make_rule(database, merchant, "now", [{"kind": "TAG", "tag": "now"}], **window)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    assert bool(await tags_of(database, merchant, verdict.order_id)) is fits


async def test_words_of_the_address_are_looked_for_in_the_street_and_told_to_nobody(
    database: Database, merchant: Actor, house: House
) -> None:
    street = {"field": "ADDRESS_WORDS", "operator": "CONTAINS_ANY", "value": ["文三路"]}
    await make_rule(database, merchant, "street", [{"kind": "TAG", "tag": "near"}], [street])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    assert await tags_of(database, merchant, verdict.order_id) == ["near"]
    for event in await events_told(database, merchant):
        assert BUYER.street not in str(event.payload)
        assert BUYER.phone not in str(event.payload)


async def test_a_rule_joins_an_order_with_what_is_open_for_the_same_buyer(
    database: Database, merchant: Actor, house: House
) -> None:
    await make_rule(database, merchant, "join", [{"kind": "MERGE"}], [remark_says("same parcel")])
    (first,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    (second,) = await bring_in(database, merchant, new_order(house, "T-2", {"LID": 1}, remark="same parcel please"))
    await react(database, merchant)
    rows = [await only_fulfillment_order(database, merchant, each.order_id) for each in (first, second)]
    assert [row.progress for row in rows] == ["OPEN", "MERGED"]
    assert rows[1].merged_into_id == rows[0].id


RULES = 20


async def test_intake_of_1_10_and_1000_orders_with_20_rules_takes_the_same_number_of_statements(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 5_000, "TOY": 5_000}, warehouses=("HZ1", "BJ1"))
    heavy = {"field": "WEIGHT_G", "operator": "AT_LEAST", "value": 1}
    for number in range(RULES - 1):
        await make_rule(database, merchant, f"rule {number}", [{"kind": "TAG", "tag": f"t{number}"}], [])
    await make_rule(
        database,
        merchant,
        "gift",
        [{"kind": "GIFT", "sku_id": str(house.skus["TOY"]), "quantity": 1, "limit_total": 3_000}],
    )
    await make_rule(database, merchant, "heavy", [{"kind": "TAG", "tag": "heavy"}], [heavy])
    await bring_in(database, merchant, new_order(house, "warm", {"CUP": 1}))
    sent = []
    for size in (1, 10, 1_000):
        orders = [
            new_order(house, f"{size}-{number}", {"CUP": 1}, recipient=buyer(f"{size}{number:06d}"))
            for number in range(size)
        ]
        with statements(database) as told:
            async with database.unit_of_work(merchant) as uow:
                await intake.import_orders(uow, orders=orders)
        sent.append(len(told))
    assert sent[0] == sent[1] == sent[2]


async def test_without_rules_review_is_one_small_select(database: Database, merchant: Actor, house: House) -> None:
    await bring_in(database, merchant, new_order(house, "warm", {"CUP": 1}))
    with statements(database) as told:
        await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    asked = [each for each in told if "review_rule" in each or "gift_given" in each or "order_tag" in each]
    assert len(asked) == 1


def buyer(phone: str) -> Any:
    return type(BUYER)("某人", f"139{phone}", f"街道 {phone} 号 {new_id().hex}", "CN", "浙江省", "杭州市", "西湖区")
