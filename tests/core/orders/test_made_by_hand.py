"""Orders people make: for whom, of what, at what price; the shop hears nothing of them."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from tests.builders_orders import (
    BUYER,
    House,
    bring_in,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    order_lines,
    reserved,
)
from tests.events_told import events_told
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import made_by_hand, progress, queries, recipients, shipments
from pickmesh.core.orders.made_by_hand import MadeLine, MadeOrder
from pickmesh.core.orders.shipments import ShippedParcel
from pickmesh.core.orders.tables import OrderRecipient, OrderType, PaymentStatus
from pickmesh.core.orders.verdicts import OrderVerdict


async def make(database: Database, merchant: Actor, *orders: MadeOrder) -> list[OrderVerdict | Refused]:
    async with database.unit_of_work(merchant) as uow:
        return await made_by_hand.make_orders(uow, orders=orders)


async def sold(database: Database, merchant: Actor, *, pieces: int = 9) -> tuple[House, Any]:
    house = await make_house(database, merchant, {"CUP": pieces, "POT": pieces}, bundles={"SET": {"POT": 1, "CUP": 2}})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    return house, verdict.order_id


async def test_a_reshipment_goes_to_the_related_orders_buyer_free_and_by_our_own_codes(
    database: Database, merchant: Actor
) -> None:
    house, order_id = await sold(database, merchant)
    wanted = MadeOrder(OrderType.RESHIPMENT, [MadeLine("SET", 1), MadeLine("CUP", 1)], "破损补发", order_id)
    (answer,) = await make(database, merchant, wanted)
    assert isinstance(answer, OrderVerdict)
    async with database.reading(merchant) as uow:
        order = (await queries.orders(uow, [answer.order_id]))[answer.order_id]
        (buyer,) = (await recipients.recipients_of(uow, [answer.order_id], reveal=True)).values()
        follow_ups = (await queries.follow_ups_of(uow, [order_id]))[order_id]
    assert (order.type, order.related_order_id, order.shop_id) == ("RESHIPMENT", order_id, house.shop_id)
    assert (order.goods_minor, order.payment_status, order.currency, order.remark) == (0, "PAID", "CNY", "破损补发")
    assert order.external_id.startswith("M-")
    assert (buyer.name, buyer.street) == (BUYER.name, BUYER.street)
    assert [row.id for row in follow_ups] == [order.id]
    row = await only_fulfillment_order(database, merchant, order.id)
    assert sorted(line.quantity for line in await lines_of(database, merchant, row.id)) == [1, 1, 2]
    assert await reserved(database, merchant, house, "CUP") == 2 + 2 + 1
    told = next(event for event in await events_told(database, merchant) if event.kind == "order_made")
    assert told.payload["related_order_id"] == str(order_id)


async def test_a_phone_sale_and_a_gift_name_their_shop_and_buyer(database: Database, merchant: Actor) -> None:
    house, _ = await sold(database, merchant)
    to = replace(BUYER, name="王芳")
    known = {"shop_id": house.shop_id, "currency": "CNY", "recipient": to}
    answers = await make(
        database,
        merchant,
        MadeOrder(OrderType.SALE, [MadeLine("CUP", 2, 3_000_000)], "", payment_status=PaymentStatus.COD, **known),
        MadeOrder(OrderType.GIFT, [MadeLine("CUP", 1)], "老客户", **known),
    )
    async with database.reading(merchant) as uow:
        rows = await queries.orders(uow, [each.order_id for each in answers if isinstance(each, OrderVerdict)])
    told = sorted((row.type, row.goods_minor, row.cod_due_minor) for row in rows.values())
    assert told == [("GIFT", 0, 0), ("SALE", 600, 600)]
    lines = [line for each in rows for line in (await order_lines(database, merchant, each)).values()]
    assert {line.sku_id for line in lines} == {house.skus["CUP"]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"related_order_id": None}, ("related_order_id",)),
        ({"related_order_id": new_id()}, ("related_order_id",)),
        ({"reason": " "}, ("reason",)),
        ({"reason": "x" * 501}, ("reason",)),
        ({"lines": [MadeLine("CUP", 1, 5)]}, ("lines",)),
        ({"lines": [MadeLine("NO-SUCH", 1)]}, ("lines", "0", "sku_code")),
        ({"lines": [MadeLine("CUP", 0)]}, ("lines", "0", "quantity")),
        ({"lines": []}, ("lines",)),
        ({"payment_status": PaymentStatus.COD}, ("lines",)),
        ({"type": OrderType.SALE, "related_order_id": None}, ("shop_id",)),
    ],
)
async def test_what_cannot_be_made_is_refused_and_the_others_are_made(
    database: Database, merchant: Actor, changes: dict[str, Any], field: tuple[str, ...]
) -> None:
    _, order_id = await sold(database, merchant)
    good = MadeOrder(OrderType.RESHIPMENT, [MadeLine("CUP", 1)], "补发", order_id)
    refused, made = await make(database, merchant, replace(good, **changes), good)
    assert isinstance(refused, Refused)
    assert (refused.index, refused.refusal.field) == (0, field)
    assert isinstance(made, OrderVerdict)
    assert made.index == 1


async def test_an_erased_buyer_is_nobody_to_send_to(database: Database, merchant: Actor) -> None:
    _, order_id = await sold(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await uow.execute(sa.update(OrderRecipient).where(uow.mine(OrderRecipient)).values(erased_at=uow.now))
    (answer,) = await make(database, merchant, MadeOrder(OrderType.EXCHANGE, [MadeLine("CUP", 1)], "换货", order_id))
    assert isinstance(answer, Refused)
    assert answer.refusal.field == ("recipient",)


async def test_the_shop_is_not_told_of_its_parcels(database: Database, merchant: Actor) -> None:
    _, order_id = await sold(database, merchant)
    (answer,) = await make(database, merchant, MadeOrder(OrderType.EXCHANGE, [MadeLine("CUP", 1)], "换货", order_id))
    assert isinstance(answer, OrderVerdict)
    row = await only_fulfillment_order(database, merchant, answer.order_id)
    (line,) = await lines_of(database, merchant, row.id)
    async with database.unit_of_work(merchant) as uow:
        await progress.record_picked(uow, {line.id: 1})
        await progress.record_packed(uow, {line.id: 1})
        parcel = ShippedParcel(new_id(), row.id, "SF", "SF1", {line.id: 1})
        await shipments.mark_shipped(uow, [parcel])
        (shipment,) = (await queries.shipments_of_orders(uow, [answer.order_id]))[answer.order_id]
        assert shipment.told_at == uow.now
        await shipments.unmark_shipped(uow, [parcel])
        assert await uow.scalar(sa.select(sa.func.count()).where(uow.mine(Outbox))) == 0


async def test_1_10_and_100_made_orders_take_the_same_number_of_statements(database: Database, merchant: Actor) -> None:
    _, order_id = await sold(database, merchant, pieces=900)
    sent = []
    for size in (1, 10, 100):
        wanted = [MadeOrder(OrderType.GIFT, [MadeLine("SET", 1)], "赠品", order_id)] * size
        with statements(database) as counted:
            answers = await make(database, merchant, *wanted)
        assert not [answer for answer in answers if isinstance(answer, Refused)]
        sent.append(len(counted))
    assert sent[0] == sent[1] == sent[2]
