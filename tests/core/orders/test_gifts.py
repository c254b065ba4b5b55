"""Gifts: once per buyer and rule, while stock lasts, never at the cost of what was sold, exact under races."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_accounts import make_shop
from tests.builders_orders import (
    BUYER,
    House,
    bring_in,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    order_lines,
    react,
    reserved,
)
from tests.builders_review import gift_of, gifts_given, make_rule
from tests.databases import make_merchant
from tests.events_told import events_told
from tests.racing import until_waiting

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.catalog import commands as catalog
from pickmesh.core.catalog.rules import NewShopCode, NewSku
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel, checks, intake, shipments
from pickmesh.core.orders.incoming import NewOrder
from pickmesh.core.orders.recipients import NewRecipient
from pickmesh.core.orders.shipments import ShippedParcel
from pickmesh.core.orders.tables import PaymentStatus, Shipment
from pickmesh.core.stock import adjustments
from pickmesh.core.stock import checks as stock_checks
from pickmesh.core.stock.adjustments import Adjustment


def someone(number: int) -> NewRecipient:
    return replace(BUYER, phone=f"139{number:08d}", street=f"{number} 号")


async def gift_acts(database: Database, actor: Actor) -> list[tuple[bool, str]]:
    return [
        (act["done"], act["reason"])
        for event in await events_told(database, actor)
        if event.kind == "order_reviewed"
        for act in event.payload["acts"]
        if act["kind"] == "GIFT"
    ]


async def nothing_is_off(database: Database, actor: Actor) -> None:
    async with database.reading(actor) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []


async def cancel_all_of(database: Database, actor: Actor, order_id: UUID) -> None:
    row = await only_fulfillment_order(database, actor, order_id)
    async with database.unit_of_work(actor) as uow:
        (answer,) = await cancel.cancel_fulfillment_orders(uow, ids=[row.id], reason="BUYER")
    assert not isinstance(answer, Refused)


@pytest.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 20, "TOY": 2})


async def test_a_gift_is_a_line_of_its_own_for_nothing_and_is_reserved(
    database: Database, merchant: Actor, house: House
) -> None:
    rule_id = await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    assert verdict.short_pieces == 0
    gift = (await order_lines(database, merchant, verdict.order_id))[f"gift:{rule_id}"]
    assert (gift.sku_id, gift.shop_code, gift.quantity, gift.amount_minor, gift.gift_rule_id) == (
        house.skus["TOY"],
        "TOY",
        1,
        0,
        rule_id,
    )
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    lines = await lines_of(database, merchant, row.id)
    assert [(line.sku_id, line.quantity) for line in lines] == [(house.skus["CUP"], 2), (house.skus["TOY"], 1)]
    assert await reserved(database, merchant, house, "TOY") == 1
    assert await gifts_given(database, merchant) == [(rule_id, verdict.order_id, 1)]
    await nothing_is_off(database, merchant)


async def test_a_buyer_gets_a_gift_once_also_within_one_batch(
    database: Database, merchant: Actor, house: House
) -> None:
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    await bring_in(
        database, merchant, new_order(house, "T-1", {"CUP": 1}), new_order(house, "T-2", {"CUP": 1}, recipient=BUYER)
    )
    await bring_in(database, merchant, new_order(house, "T-3", {"CUP": 1}))
    assert await gift_acts(database, merchant) == [(True, ""), (False, "GIVEN_BEFORE"), (False, "GIVEN_BEFORE")]
    assert await reserved(database, merchant, house, "TOY") == 1


async def test_gifts_last_while_stock_lasts_and_no_order_waits_for_one(
    database: Database, merchant: Actor, house: House
) -> None:
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    orders = [new_order(house, f"T-{number}", {"CUP": 1}, recipient=someone(number)) for number in range(4)]
    verdicts = await bring_in(database, merchant, *orders)
    assert [verdict.short_pieces for verdict in verdicts] == [0] * 4
    assert sorted(await gift_acts(database, merchant)) == [(False, "NO_STOCK")] * 2 + [(True, "")] * 2
    rows = [await only_fulfillment_order(database, merchant, verdict.order_id) for verdict in verdicts]
    assert [row.short_quantity for row in rows] == [0] * 4
    assert len(await gifts_given(database, merchant)) == 2
    await nothing_is_off(database, merchant)


async def test_what_was_sold_comes_before_what_is_given_away(database: Database, merchant: Actor, house: House) -> None:
    """The first order would get the last two as gifts; the second bought them."""
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"], 2)])
    first, second = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 1}, recipient=someone(1)),
        new_order(house, "T-2", {"TOY": 2}, recipient=someone(2)),
    )
    assert (first.short_pieces, second.short_pieces) == (0, 0)
    assert await gifts_given(database, merchant) == []


async def test_a_rules_limit_counts_pieces_given_to_all(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 20, "TOY": 20})
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"], 2, limit_total=5)])
    for number in range(2):
        await bring_in(database, merchant, new_order(house, f"T-{number}", {"CUP": 1}, recipient=someone(number)))
    await bring_in(
        database,
        merchant,
        *(new_order(house, f"T-{number}", {"CUP": 1}, recipient=someone(number)) for number in (2, 3)),
    )
    assert await gift_acts(database, merchant) == [(True, "")] * 2 + [(False, "LIMIT_REACHED")] * 2
    assert await reserved(database, merchant, house, "TOY") == 4


async def test_a_cancelled_orders_gift_is_free_again_and_goes_to_the_buyers_next_order(
    database: Database, merchant: Actor, house: House
) -> None:
    rule_id = await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    (first,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    await cancel_all_of(database, merchant, first.order_id)
    assert (await gifts_given(database, merchant), await reserved(database, merchant, house, "TOY")) == ([], 0)
    (second,) = await bring_in(database, merchant, new_order(house, "T-2", {"CUP": 1}))
    assert await gifts_given(database, merchant) == [(rule_id, second.order_id, 1)]
    await nothing_is_off(database, merchant)


async def test_an_order_that_has_no_warehouse_yet_gets_no_gift(
    database: Database, merchant: Actor, house: House
) -> None:
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    await bring_in(database, merchant, new_order(house, "T-1", {"NOBODY-KNOWS": 1}))
    assert await gift_acts(database, merchant) == [(False, "NOT_ROUTED")]


async def test_an_archived_gift_is_not_given(database: Database, merchant: Actor, house: House) -> None:
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    async with database.unit_of_work(merchant) as uow:
        await uow.update(Sku, [{"id": house.skus["TOY"], "archived_at": uow.now}])
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    assert await gift_acts(database, merchant) == [(False, "SKU_ARCHIVED")]


async def test_a_shop_that_ships_what_there_is_does_not_ship_a_gift_alone(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0, "TOY": 5}, policy=ShortagePolicy.SHIP_AVAILABLE)
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.short_quantity, len(await lines_of(database, merchant, row.id))) == (1, 2)


async def test_a_gift_has_no_say_in_the_warehouse(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "TOY": 0}, warehouses=("HZ1", "AA1"))
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert row.location_id == house.warehouses["HZ1"]
    assert await gift_acts(database, merchant) == [(False, "NO_STOCK")]


async def test_a_change_in_the_shop_keeps_the_gift_and_an_order_paid_back_gives_it_up(
    database: Database, merchant: Actor, house: House
) -> None:
    rule_id = await make_rule(
        database, merchant, "toy", [gift_of(house.skus["TOY"]), {"kind": "PRIORITY", "priority": 5}]
    )
    order = new_order(house, "T-1", {"CUP": 1})
    (verdict,) = await bring_in(database, merchant, order)
    await bring_in(database, merchant, replace(order, lines=[replace(order.lines[0], quantity=3)]))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.priority, [line.quantity for line in await lines_of(database, merchant, row.id)]) == (5, [1, 3])
    assert await gifts_given(database, merchant) == [(rule_id, verdict.order_id, 1)]
    await bring_in(database, merchant, replace(order, payment_status=PaymentStatus.REFUNDED))
    assert (await gifts_given(database, merchant), await reserved(database, merchant, house, "TOY")) == ([], 0)
    await nothing_is_off(database, merchant)


async def test_what_was_sold_and_lost_does_not_leave_a_gift_to_go_alone(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 1, "TOY": 5}, policy=ShortagePolicy.SHIP_AVAILABLE)
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    await lose(database, merchant, house, "CUP", 1)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.short_quantity, len(await lines_of(database, merchant, row.id))) == (1, 2)


async def lose(database: Database, actor: Actor, house: House, code: str, pieces: int) -> None:
    """Find that pieces are not in the bin, and let orders react."""
    gone = Adjustment(house.bins["HZ1"], house.skus[code], -pieces, "found missing")
    async with database.unit_of_work(actor) as uow:
        (answer,) = await adjustments.adjust_stock(uow, adjustments=[gone])
        assert not isinstance(answer, Refused), answer
    await react(database, actor)


async def test_a_gift_that_loses_its_stock_is_dropped_and_the_order_goes_on(
    database: Database, merchant: Actor, house: House
) -> None:
    rule_id = await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"], 2)])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    await lose(database, merchant, house, "TOY", 1)
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.short_quantity, len(await lines_of(database, merchant, row.id))) == (0, 1)
    gift = (await order_lines(database, merchant, verdict.order_id))[f"gift:{rule_id}"]
    assert (gift.quantity, gift.cancelled_quantity) == (2, 2)
    assert (await gifts_given(database, merchant), await reserved(database, merchant, house, "TOY")) == ([], 0)
    assert "order_gift_dropped" in [event.kind for event in await events_told(database, merchant)]
    await nothing_is_off(database, merchant)


async def test_a_gift_gives_way_before_what_was_sold(database: Database, merchant: Actor, house: House) -> None:
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    given, sold = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 1}, recipient=someone(1)),
        new_order(house, "T-2", {"TOY": 1}, recipient=someone(2)),
    )
    await lose(database, merchant, house, "TOY", 1)
    rows = [await only_fulfillment_order(database, merchant, each.order_id) for each in (given, sold)]
    assert [row.short_quantity for row in rows] == [0, 0]
    assert await gifts_given(database, merchant) == []
    await nothing_is_off(database, merchant)


async def shipped(database: Database, actor: Actor, order_id: UUID, *skus: UUID) -> list[sa.Row[object]]:
    row = await only_fulfillment_order(database, actor, order_id)
    went = {line.id: line.quantity for line in await lines_of(database, actor, row.id) if line.sku_id in skus}
    async with database.unit_of_work(actor) as uow:
        # Packing would have noted these; shipping is all that is looked at here.
        lines = [{"id": each, "picked_quantity": count, "packed_quantity": count} for each, count in went.items()]
        await uow.update(shipments.FulfillmentLine, lines)
        await shipments.mark_shipped(uow, [ShippedParcel(new_id(), row.id, "SF", f"SF{new_id().hex}", went)])
    async with database.reading(actor) as uow:
        return list(await uow.fetch(sa.select(Shipment.lines, Shipment.told_at).where(uow.mine(Shipment))))


async def letters(database: Database, actor: Actor) -> int:
    async with database.reading(actor) as uow:
        return int(await uow.scalar(sa.select(sa.func.count()).select_from(Outbox).where(uow.mine(Outbox))))


async def test_the_shop_is_told_its_own_lines_only_and_the_order_is_complete(
    database: Database, merchant: Actor, house: House
) -> None:
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    (told,) = await shipped(database, merchant, verdict.order_id, house.skus["CUP"], house.skus["TOY"])
    assert (told.lines, told.told_at) == ([{"external_line_id": "1", "quantity": 2, "pieces": 2}], None)
    assert await letters(database, merchant) == 1
    event = next(each for each in await events_told(database, merchant) if each.kind == "order_shipped")
    assert (event.payload["complete"], event.payload["pieces"]) == (True, 3)


async def test_a_parcel_of_a_gift_alone_is_told_to_nobody(database: Database, merchant: Actor, house: House) -> None:
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    (kept,) = await shipped(database, merchant, verdict.order_id, house.skus["TOY"])
    assert (kept.lines, kept.told_at is None) == ([], False)
    assert await letters(database, merchant) == 0


async def test_two_shops_orders_of_one_buyer_at_the_same_time_give_one_gift(postgres_database: Database) -> None:
    """Two intakes hold different shops' locks; the rule's row and the buyer's key let one of them give."""
    database, actor = postgres_database, await make_merchant(postgres_database)
    house = await make_house(database, actor, {"CUP": 50, "TOY": 50})
    other = await second_shop(database, actor, house)
    rule_id = await make_rule(database, actor, "toy", [gift_of(house.skus["TOY"])])
    for number in range(6):
        await together(
            database,
            actor,
            [new_order(house, f"A-{number}", {"CUP": 1}, recipient=someone(number))],
            [new_order(other, f"B-{number}", {"CUP": 1}, recipient=someone(number))],
        )
    assert [each for each, _, _ in await gifts_given(database, actor)] == [rule_id] * 6
    assert await reserved(database, actor, house, "TOY") == 6
    assert sorted(await gift_acts(database, actor)) == [(False, "GIVEN_BEFORE")] * 6 + [(True, "")] * 6
    await nothing_is_off(database, actor)


async def test_a_gift_found_given_after_waiting_for_its_stock_is_taken_back(postgres_database: Database) -> None:
    """The second intake looked while the first had not committed, so only the second look sees the gift given."""
    database, actor = postgres_database, await make_merchant(postgres_database)
    house = await make_house(database, actor, {"CUP": 50, "TOY": 50})
    other = await second_shop(database, actor, house)
    await make_rule(database, actor, "toy", [gift_of(house.skus["TOY"])])
    async with database.unit_of_work(actor) as uow:
        await intake.import_orders(uow, orders=[new_order(house, "A", {"CUP": 1})])
        second = asyncio.create_task(together(database, actor, [new_order(other, "B", {"CUP": 1})]))
        await until_waiting(database)
        assert not second.done()
    await second
    assert await gift_acts(database, actor) == [(True, ""), (False, "GIVEN_BEFORE")]
    assert "reservation_released" in [event.kind for event in await events_told(database, actor)]
    assert await reserved(database, actor, house, "TOY") == 1
    await nothing_is_off(database, actor)


async def test_two_shops_at_the_same_time_do_not_give_more_than_the_limit(postgres_database: Database) -> None:
    database, actor = postgres_database, await make_merchant(postgres_database)
    house = await make_house(database, actor, {"CUP": 100, "TOY": 100})
    other = await second_shop(database, actor, house)
    await make_rule(database, actor, "toy", [gift_of(house.skus["TOY"], limit_total=7)])
    await together(
        database,
        actor,
        [new_order(house, f"A-{number}", {"CUP": 1}, recipient=someone(number)) for number in range(6)],
        [new_order(other, f"B-{number}", {"CUP": 1}, recipient=someone(100 + number)) for number in range(6)],
    )
    assert len(await gifts_given(database, actor)) == 7
    assert await reserved(database, actor, house, "TOY") == 7
    await nothing_is_off(database, actor)


async def second_shop(database: Database, actor: Actor, house: House) -> House:
    shop_id = await make_shop(database, actor, "JD")
    async with database.unit_of_work(actor) as uow:
        codes = [NewSku("CUP", "P-CUP", "杯子", "Cup", shop_codes=(NewShopCode("TB", "CUP"), NewShopCode("JD", "CUP")))]
        for answer in await catalog.save_products(uow, products=codes):
            assert not isinstance(answer, Refused), answer
    return replace(house, shop="JD", shop_id=shop_id)


async def together(database: Database, actor: Actor, *batches: list[NewOrder]) -> None:
    async def one(orders: list[NewOrder]) -> None:
        async def work(uow: UnitOfWork) -> list[object]:
            return list(await intake.import_orders(uow, orders=orders))

        assert not any(isinstance(answer, Refused) for answer in await database.run(actor, work))

    await asyncio.gather(*(one(orders) for orders in batches))
