"""Intake: each order once, taken apart, held, routed and reserved; a verdict per order."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from tests.builders_accounts import make_person, make_shop
from tests.builders_orders import (
    ORDERED_AT,
    House,
    bring_in,
    count,
    fulfillment_orders,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    order_lines,
    receive,
    reserved,
)
from tests.events_told import events_told, kinds_told

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import EventRow
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import LimitExceeded, NotPermitted, Refused
from pickmesh.core.orders import intake, queries
from pickmesh.core.orders.incoming import NewLine
from pickmesh.core.orders.recipients import NewRecipient
from pickmesh.core.orders.tables import (
    FulfillmentLine,
    FulfillmentOrder,
    HoldReason,
    OrderLine,
    OrderRecipient,
    OrderType,
    PaymentStatus,
    SalesOrder,
)
from pickmesh.core.orders.verdicts import OrderVerdict, Verdict
from pickmesh.core.stock.tables import Reservation

TABLES = (SalesOrder, OrderLine, OrderRecipient, FulfillmentOrder, FulfillmentLine, Reservation, EventRow)


async def rows_everywhere(database: Database, merchant: Actor) -> list[int]:
    return [await count(database, merchant, table) for table in TABLES]


async def test_an_order_becomes_a_reserved_fulfillment_order(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}))
    assert (verdict.verdict, verdict.short_pieces, verdict.holds) == (Verdict.CREATED, 0, ())
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.number, row.progress, row.route_reason) == (1, "OPEN", "ONLY_WAREHOUSE")
    assert row.location_id == house.warehouses["HZ1"]
    lines = await lines_of(database, merchant, row.id)
    assert [(line.sku_id, line.quantity, line.is_short) for line in lines] == [
        (house.skus["CUP"], 2, False),
        (house.skus["LID"], 1, False),
    ]
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [2, 1]


async def test_a_second_import_of_the_same_orders_writes_nothing(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5}, bundles={"SET": {"CUP": 2}})
    orders = [
        new_order(house, "T-1", {"CUP": 1}),
        new_order(house, "T-2", {"SET": 1}),
        new_order(house, "T-3", {"X": 1}),
    ]
    first = await bring_in(database, merchant, *orders)
    before = await rows_everywhere(database, merchant)
    second = await bring_in(database, merchant, *orders)
    assert [answer.verdict for answer in second] == [Verdict.UNCHANGED] * 3
    assert [answer.order_id for answer in second] == [answer.order_id for answer in first]
    assert await rows_everywhere(database, merchant) == before


async def test_times_told_in_another_zone_are_no_change(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    order = new_order(house, "T-1", {"CUP": 1})
    await bring_in(database, merchant, order)
    shanghai = ORDERED_AT.astimezone(timezone(timedelta(hours=8)))
    (again,) = await bring_in(database, merchant, replace(order, ordered_at=shanghai))
    assert again.verdict is Verdict.UNCHANGED


async def test_the_same_order_twice_in_a_batch_is_created_once(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    order = new_order(house, "T-1", {"CUP": 1})
    first, second = await bring_in(database, merchant, order, order)
    assert (first.verdict, second.verdict) == (Verdict.CREATED, Verdict.UNCHANGED)
    assert first.order_id == second.order_id
    assert await count(database, merchant, SalesOrder) == 1


async def test_the_same_number_twice_with_different_contents_refuses_the_second(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    async with database.unit_of_work(merchant) as uow:
        first, second = await intake.import_orders(
            uow, orders=[new_order(house, "T-1", {"CUP": 1}), new_order(house, "T-1", {"CUP": 2})]
        )
    assert isinstance(first, OrderVerdict)
    assert isinstance(second, Refused)
    assert (second.index, second.refusal.code) == (1, "DUPLICATE_ORDER")
    assert await reserved(database, merchant, house, "CUP") == 1


async def test_one_number_in_two_shops_is_two_orders(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    other = await make_shop(database, merchant, "JD")
    verdicts = await bring_in(
        database, merchant, new_order(house, "T-1", {"CUP": 1}), new_order(house, "T-1", {"CUP": 1}, shop_id=other)
    )
    assert [verdict.verdict for verdict in verdicts] == [Verdict.CREATED, Verdict.CREATED]
    assert verdicts[1].holds == (HoldReason.UNMAPPED_SKU,)  # the other shop has no code for it


async def test_one_event_tells_of_each_order_and_names_no_buyer(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 1})
    start = (await events_told(database, merchant))[-1].seq
    orders = [new_order(house, f"T-{number}", {"CUP": 1}) for number in (1, 2)]
    verdicts = await bring_in(database, merchant, *orders)
    told = [row for row in await events_told(database, merchant, after=start) if row.kind == "order_imported"]
    assert [row.subject_id for row in told] == [verdict.order_id for verdict in verdicts]
    assert [(row.payload["number"], row.payload["pieces"], row.payload["short_pieces"]) for row in told] == [
        (1, 1, 0),
        (2, 1, 1),
    ]
    text = str([row.payload for row in await events_told(database, merchant)])
    assert not any(secret in text for secret in ("林晓彤", "13812345678", "文三路"))


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        (PaymentStatus.UNPAID, (HoldReason.PAYMENT,)),
        (PaymentStatus.PARTLY_PAID, (HoldReason.PAYMENT,)),
        (PaymentStatus.PAID, ()),
        (PaymentStatus.COD, ()),
    ],
)
async def test_an_order_that_is_not_paid_waits_on_hold_but_has_its_stock(
    database: Database, merchant: Actor, status: PaymentStatus, holds: tuple[HoldReason, ...]
) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}, payment_status=status))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert verdict.holds == holds
    assert row.hold_count == len(holds)
    assert await reserved(database, merchant, house, "CUP") == 1
    async with database.reading(merchant) as uow:
        found = (await queries.holds_of(uow, [row.id])).get(row.id, [])
    assert tuple(hold.reason for hold in found) == holds


async def test_a_bundle_is_frozen_into_components_of_one_group(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"POT": 9, "CUP": 9}, bundles={"SET": {"POT": 1, "CUP": 2}})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"SET": 3}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    lines = await lines_of(database, merchant, row.id)
    assert len({line.group_id for line in lines}) == 1
    assert {(line.sku_id, line.per_unit, line.quantity) for line in lines} == {
        (house.skus["POT"], 1, 3),
        (house.skus["CUP"], 2, 6),
    }
    assert {line.bundle_sku_id for line in lines} == {house.skus["SET"]}


async def test_a_bundle_short_of_one_component_holds_none_of_the_others(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"POT": 9, "CUP": 1}, bundles={"SET": {"POT": 1, "CUP": 2}})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"SET": 1}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (verdict.short_pieces, row.short_quantity) == (3, 3)
    assert [await reserved(database, merchant, house, code) for code in ("POT", "CUP")] == [0, 0]


async def test_an_order_that_waits_for_all_stays_one_and_keeps_what_it_got(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 0})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert row.short_quantity == 1
    assert [line.is_short for line in await lines_of(database, merchant, row.id)] == [False, True]
    assert await reserved(database, merchant, house, "CUP") == 2


async def test_a_shop_that_ships_what_is_there_gets_the_short_part_as_an_order_of_its_own(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 5, "LID": 0}, policy=ShortagePolicy.SHIP_AVAILABLE)
    unpaid = {"payment_status": PaymentStatus.UNPAID}
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}, **unpaid))
    there, missing = await fulfillment_orders(database, merchant, verdict.order_id)
    assert [(row.number, row.short_quantity, row.hold_count) for row in (there, missing)] == [(1, 0, 1), (2, 1, 1)]
    assert [line.sku_id for line in await lines_of(database, merchant, there.id)] == [house.skus["CUP"]]
    assert [line.sku_id for line in await lines_of(database, merchant, missing.id)] == [house.skus["LID"]]


async def test_an_order_short_altogether_is_not_split(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0, "LID": 0}, policy=ShortagePolicy.SHIP_AVAILABLE)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 1}))
    assert (await only_fulfillment_order(database, merchant, verdict.order_id)).short_quantity == 3


async def test_the_earlier_promise_gets_the_last_pieces_whatever_their_order_in_the_file(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 1})
    late, early = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 1}, ship_by=ORDERED_AT + timedelta(days=3)),
        new_order(house, "T-2", {"CUP": 1}, ship_by=ORDERED_AT + timedelta(days=1)),
    )
    assert (late.short_pieces, early.short_pieces) == (1, 0)


async def test_an_order_goes_to_the_warehouse_that_has_all_of_it(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0, "LID": 0}, warehouses=("BJ1", "HZ1"))
    await receive_both(database, merchant, house)
    verdicts = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 1, "LID": 1}),
        new_order(house, "T-2", {"CUP": 1}),
        new_order(house, "T-3", {"LID": 1}),
    )
    rows = [await only_fulfillment_order(database, merchant, verdict.order_id) for verdict in verdicts]
    # Hangzhou's only lid and cup go to the first order; what is left of cups lies in Beijing, lids nowhere.
    assert [(row.location_id, row.route_reason) for row in rows] == [
        (house.warehouses["HZ1"], "COVERS_ORDER"),
        (house.warehouses["BJ1"], "COVERS_ORDER"),
        (house.warehouses["BJ1"], "COVERS_MOST"),
    ]
    assert [verdict.short_pieces for verdict in verdicts] == [0, 0, 1]


async def receive_both(database: Database, merchant: Actor, house: House) -> None:
    await receive(database, merchant, house, {"CUP": 1}, warehouse="BJ1")
    await receive(database, merchant, house, {"CUP": 1, "LID": 1}, warehouse="HZ1")


async def test_without_a_warehouse_an_order_waits_unrouted_and_is_not_called_short(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 0}, warehouses=())
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (row.location_id, row.route_reason, row.short_quantity) == (None, "NO_WAREHOUSE", 0)


async def test_a_refunded_line_is_not_sent_and_a_refunded_order_has_no_fulfillment_order(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 9})
    part = NewLine("1", "CUP", 3, 12_500_000, refunded_quantity=1)
    first, second = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {}, lines=[part], payment_status=PaymentStatus.PARTLY_REFUNDED),
        new_order(house, "T-2", {"CUP": 2}, payment_status=PaymentStatus.REFUNDED),
    )
    row = await only_fulfillment_order(database, merchant, first.order_id)
    assert [line.quantity for line in await lines_of(database, merchant, row.id)] == [2]
    assert await fulfillment_orders(database, merchant, second.order_id) == []
    assert (await order_lines(database, merchant, second.order_id))["1"].refunded_quantity == 2
    assert await reserved(database, merchant, house, "CUP") == 2


async def test_money_is_rounded_once_per_line_and_spread_by_largest_remainder(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 99, "LID": 99, "POT": 99})
    lines = [
        NewLine("1", "CUP", 3, 35_000, discount_minor=1),  # 3 × 0.035 = 0.105, half up: 11 fen
        NewLine("2", "LID", 1, 10_000_000),
        NewLine("3", "POT", 1, 10_000_000),
    ]
    cod = {"payment_status": PaymentStatus.COD, "freight_minor": 600, "discount_minor": 101, "tax_minor": 7}
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {}, lines=lines, **cod, paid_minor=500))
    kept = await order_lines(database, merchant, verdict.order_id)
    assert [kept[number].amount_minor for number in "123"] == [11, 1000, 1000]
    assert [kept[number].discount_minor for number in "123"] == [2, 50, 50]
    assert [kept[number].tax_minor for number in "123"] == [0, 4, 3]
    async with database.reading(merchant) as uow:
        order = (await queries.orders(uow, [verdict.order_id]))[verdict.order_id]
    assert (order.goods_minor, order.discount_minor, order.tax_minor, order.freight_minor) == (2011, 102, 7, 600)
    assert (order.paid_minor, order.cod_due_minor) == (500, 2011 - 102 + 7 + 600 - 500)


RECIPIENT = NewRecipient("林晓彤", "13812345678", "文三路 269 号", "CN")
BROKEN = [
    ({"external_id": " "}, "external_id"),
    ({"external_id": "x" * 201}, "external_id"),
    ({"lines": []}, "lines"),
    ({"currency": "yuan"}, "currency"),
    ({"currency": "ABC"}, "currency"),
    ({"recipient": replace(RECIPIENT, country="China")}, "recipient.country"),
    ({"recipient": replace(RECIPIENT, country="XX")}, "recipient.country"),
    ({"recipient": replace(RECIPIENT, city="x" * 201)}, "recipient.city"),
    ({"recipient": replace(RECIPIENT, street="x" * 2_001)}, "recipient.street"),
    ({"ordered_at": ORDERED_AT.replace(tzinfo=None)}, "ordered_at"),
    ({"ordered_at": ORDERED_AT.replace(year=1970)}, "ordered_at"),
    ({"freight_minor": -1}, "freight_minor"),
    ({"remark": "\x00"}, "remark"),
    ({"remark": "\ud83d"}, "remark"),
    ({"seller_flag": "x" * 201}, "seller_flag"),
    ({"priority": 10**7}, "priority"),
    ({"lines": [NewLine("1", "CUP", 0, 1)]}, "lines.0.quantity"),
    ({"lines": [NewLine("1", "CUP", -3, 1)]}, "lines.0.quantity"),
    ({"lines": [NewLine("1", "CUP", 1_000_001, 1)]}, "lines.0.quantity"),
    ({"lines": [NewLine("1", "CUP", 1, -1)]}, "lines.0.unit_price_micros"),
    ({"lines": [NewLine("1", "CUP", 1_000_000, 10**15)]}, "lines.0.unit_price_micros"),
    ({"lines": [NewLine("1", "CUP", 1, 1_000_000, discount_minor=101)]}, "lines.0.discount_minor"),
    ({"lines": [NewLine("1", "CUP", 1, 1, tax_minor=-1)]}, "lines.0.tax_minor"),
    ({"lines": [NewLine("1", "CUP", 1, 1, refunded_quantity=2)]}, "lines.0.refunded_quantity"),
    ({"lines": [NewLine("1", "CUP", 1, 1), NewLine("1", "LID", 1, 1)]}, "lines.1.external_line_id"),
    ({"lines": [NewLine("1", "", 1, 1)]}, "lines.0.shop_code"),
    ({"lines": [NewLine("1", "x" * 201, 1, 1)]}, "lines.0.shop_code"),
]


@pytest.mark.parametrize(("changes", "field"), BROKEN)
async def test_an_order_that_makes_no_sense_is_refused_and_the_one_beside_it_is_not(
    database: Database, merchant: Actor, changes: dict[str, object], field: str
) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    async with database.unit_of_work(merchant) as uow:
        bad, good = await intake.import_orders(
            uow, orders=[new_order(house, "T-1", {"CUP": 1}, **changes), new_order(house, "T-2", {"CUP": 1})]
        )
    assert isinstance(bad, Refused)
    assert (bad.refusal.code, ".".join(map(str, bad.refusal.field))) == ("BAD_ORDER", field)
    assert isinstance(good, OrderVerdict)
    assert await count(database, merchant, SalesOrder) == 1


async def test_an_order_of_a_shop_that_is_not_ours_is_refused(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    foreign = await make_shop(database, stranger, "THEIRS")
    async with database.unit_of_work(merchant) as uow:
        answers = await intake.import_orders(
            uow, orders=[new_order(house, "T-1", {"CUP": 1}, shop_id=shop_id) for shop_id in (foreign, new_id())]
        )
    assert [answer.refusal.code for answer in answers if isinstance(answer, Refused)] == ["UNKNOWN_SHOP"] * 2


async def test_a_person_brings_in_orders_of_their_own_shops_only(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    other = await make_shop(database, merchant, "JD")
    _, support = await make_person(database, merchant, Role.SUPPORT, shop_ids=frozenset({other}))
    async with database.unit_of_work(support) as uow:
        (answer,) = await intake.import_orders(uow, orders=[new_order(house, "T-1", {"CUP": 1})])
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "NOT_PERMITTED"


async def test_a_picker_brings_in_nothing(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    _, picker = await make_person(database, merchant, Role.PICKER)
    async with database.unit_of_work(picker) as uow:
        with pytest.raises(NotPermitted):
            await intake.import_orders(uow, orders=[new_order(house, "T-1", {"CUP": 1})])


async def test_more_than_the_limit_in_one_batch_is_refused_before_anything_is_read(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    order = new_order(house, "T-1", {"CUP": 1})
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(LimitExceeded):
            await intake.import_orders(uow, orders=[order] * (intake.ORDERS_MAX + 1))


async def test_everything_told_is_kept(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    told = {
        "type": OrderType.EXCHANGE,
        "remark": "请发顺丰",
        "seller_flag": "RED",
        "priority": 7,
        "fulfill_at": ORDERED_AT + timedelta(days=9),
        "ship_by": None,
    }
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}, **told))
    async with database.reading(merchant) as uow:
        order = (await queries.orders(uow, [verdict.order_id]))[verdict.order_id]
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (order.type, order.remark, order.seller_flag) == ("EXCHANGE", "请发顺丰", "RED")
    assert (order.ordered_at, order.ship_by) == (ORDERED_AT, ORDERED_AT + timedelta(hours=48))
    assert (row.priority, row.fulfill_at, row.ship_by) == (7, told["fulfill_at"], order.ship_by)


async def test_an_empty_batch_answers_nothing_and_tells_nothing(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        assert await intake.import_orders(uow, orders=[]) == []
    assert await kinds_told(database, merchant) == []
