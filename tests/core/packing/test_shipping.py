import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_floor import (
    Floor,
    bring_orders,
    code_of,
    done,
    event_kinds,
    get_number,
    lying,
    make_floor,
    order_lines,
    order_row,
    packed,
    pick_list,
    react,
    release,
    row_of,
    seal,
    shipped,
    violations,
    weigh,
)
from tests.databases import make_merchant
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import ROLE_PERMISSIONS, Permission, Role
from pickmesh.core.kit.refusals import NotPermitted, Refused
from pickmesh.core.orders import cancel
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.packing import commands, parcels, shipping
from pickmesh.core.packing.refusals import ReasonNeeded
from pickmesh.core.packing.tables import Parcel
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import ShipAt, StockMove

SHELVES = {"A-01": {"CUP": 20}, "A-02": {"LID": 20}}


async def picked(
    database: Database, actor: Actor, wanted: dict[str, int] | None = None, **location: Any
) -> tuple[Floor, UUID]:
    floor = await make_floor(database, actor, SHELVES, **location)
    (order_id,) = await bring_orders(floor, {"N1": wanted or {"CUP": 2}})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    return floor, order_id


async def ship(floor: Floor, *parcel_ids: UUID) -> list[shipping.Shipped | Refused]:
    async with floor.database.unit_of_work(floor.packer) as uow:
        return await shipping.ship_parcels(uow, parcel_ids=parcel_ids)


async def unship(floor: Floor, parcel_id: UUID, reason: str = "wrong box") -> shipping.Shipped | Refused:
    async with floor.database.unit_of_work(floor.actor) as uow:
        (answer,) = await shipping.unship_parcels(uow, parcel_ids=[parcel_id], reason=reason)
    return answer


async def level(floor: Floor, code: str) -> tuple[int, int]:
    """On hand, reserved."""
    async with floor.database.reading(floor.actor) as uow:
        (row,) = await stock_queries.levels_of(uow, [floor.house.skus[code]])
    return row.on_hand, row.reserved


async def shop_letters(floor: Floor) -> list[str]:
    async with floor.database.reading(floor.actor) as uow:
        found = await uow.fetch(
            sa.select(Outbox.payload).where(uow.mine(Outbox), Outbox.channel == "shop").order_by(Outbox.id)
        )
    return [row.payload["kind"] for row in found]


async def test_weighing_ships_where_the_warehouse_ships_at_weighing(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    number = (await get_number(floor, parcel_id)).number
    answer = done(await weigh(floor, parcel_id, 200), commands.Weighed)
    assert (answer.expected_weight_g, answer.shipped) == (200, True)
    assert await level(floor, "CUP") == (18, 0)
    assert (await order_row(floor, order_id)).progress == "SHIPPED"
    assert [line.shipped_quantity for line in await order_lines(floor, order_id)] == [2]
    async with database.reading(merchant) as uow:
        row = await order_row(floor, order_id)
        (shipment,) = (await order_queries.shipments_of_orders(uow, [row.order_id]))[row.order_id]
    assert (shipment.waybill, shipment.carrier, shipment.parcel_id) == (number, "LOCAL", parcel_id)
    assert await shop_letters(floor) == ["shipment"]
    assert (await event_kinds(floor, parcel_id))[-2:] == ["parcel_weighed", "parcel_shipped"]
    assert await violations(floor) == []


async def test_sealing_ships_where_the_warehouse_ships_at_sealing_and_a_late_label_ships_late(
    database: Database, merchant: Actor
) -> None:
    floor, order_id = await picked(database, merchant, ship_at=ShipAt.SEAL)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    assert (await row_of(floor, Parcel, parcel_id)).state == "SEALED"
    assert await level(floor, "CUP") == (20, 2)
    await get_number(floor, parcel_id)
    assert (await row_of(floor, Parcel, parcel_id)).state == "SHIPPED"
    assert await level(floor, "CUP") == (18, 0)


async def test_handing_over_ships_where_the_warehouse_ships_at_handover(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, ship_at=ShipAt.HANDOVER)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    await get_number(floor, parcel_id)
    assert not done(await weigh(floor, parcel_id, 200), commands.Weighed).shipped
    answers = []
    for _ in range(2):
        async with database.unit_of_work(floor.packer) as uow:
            answers += await shipping.hand_over_parcels(uow, parcel_ids=[parcel_id])
    assert [done(each, shipping.Shipped).already for each in answers] == [False, True]
    assert (await row_of(floor, Parcel, parcel_id)).state == "HANDED_OVER"
    assert await level(floor, "CUP") == (18, 0)
    assert await violations(floor) == []


async def test_a_parcel_that_has_not_shipped_is_not_handed_over(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    await get_number(floor, parcel_id)
    async with database.unit_of_work(floor.packer) as uow:
        (answer,) = await shipping.hand_over_parcels(uow, parcel_ids=[parcel_id])
    assert code_of(answer) == "WRONG_STATE"


async def test_shipping_twice_ships_once(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    await get_number(floor, parcel_id)
    answers = [*await ship(floor, parcel_id), *await ship(floor, parcel_id), *await ship(floor, parcel_id, parcel_id)]
    assert [done(each, shipping.Shipped).already for each in answers] == [False, True, True, True]
    assert await level(floor, "CUP") == (18, 0)
    assert await shop_letters(floor) == ["shipment"]
    async with database.reading(merchant) as uow:
        moves = await uow.fetch(sa.select(StockMove.id).where(uow.mine(StockMove), StockMove.reason == "SHIP"))
    assert len(moves) == 1
    assert await violations(floor) == []


async def test_what_may_not_ship_is_refused(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    assert [code_of(each) for each in await ship(floor, parcel_id, new_id())] == ["NO_WAYBILL", "NOT_FOUND"]
    await get_number(floor, parcel_id)
    async with database.unit_of_work(floor.packer) as uow:
        await parcels.reopen_parcels(uow, parcel_ids=[parcel_id])
    assert [code_of(each) for each in await ship(floor, parcel_id)] == ["WRONG_STATE"]
    done(await seal(floor, parcel_id))
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[order_id], reason="BUYER")
    assert [code_of(each) for each in await ship(floor, parcel_id)] == ["INTERCEPTED"]
    assert await level(floor, "CUP") == (20, 2)


async def boxes_of(floor: Floor, count: int) -> list[UUID]:
    """Orders of a cup and a lid each, packed and labelled."""
    orders = await bring_orders(floor, {f"N{number}": {"CUP": 1, "LID": 1} for number in range(count)})
    list_ids = (await release(floor)).pick_list_ids
    boxes = []
    for number, (list_id, order_id) in enumerate(zip(list_ids, orders, strict=True), 1):
        await pick_list(floor, list_id, f"T-{number:04d}")
        boxes.append(await packed(floor, order_id, {"CUP": 1, "LID": 1}))
        await get_number(floor, boxes[-1])
    return boxes


async def test_many_parcels_ship_and_unship_in_as_many_statements_as_one(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 50}, "A-02": {"LID": 50}}, totes=26)
    boxes = await boxes_of(floor, 26)
    shipping_counts, unshipping_counts = [], []
    for going in (boxes[:1], boxes[1:6], boxes[6:]):
        with statements(database) as sent:
            assert not [each for each in await ship(floor, *going) if isinstance(each, Refused)]
        shipping_counts.append(len(sent))
    assert (await level(floor, "CUP"), await level(floor, "LID")) == ((24, 0), (24, 0))
    for back in (boxes[:1], boxes[1:6], boxes[6:]):
        with statements(database) as sent:
            async with database.unit_of_work(merchant) as uow:
                answers = await shipping.unship_parcels(uow, parcel_ids=back, reason="wrong carrier")
        assert not [each for each in answers if isinstance(each, Refused)]
        unshipping_counts.append(len(sent))
    assert (len(set(shipping_counts)), len(set(unshipping_counts))) == (1, 1)
    assert (await level(floor, "CUP"), await level(floor, "LID")) == ((50, 26), (50, 26))
    assert await violations(floor) == []


async def test_of_parcels_that_shipped_together_one_comes_back(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES, totes=3)
    boxes = await boxes_of(floor, 3)
    assert len(await ship(floor, *boxes)) == 3
    done(await unship(floor, boxes[1]))
    assert (await level(floor, "CUP"), await level(floor, "LID")) == ((18, 1), (18, 1))
    stages = [(await order_row(floor, order_id)).progress for order_id in floor.orders.values()]
    assert stages == ["SHIPPED", "PACKED", "SHIPPED"]
    assert await violations(floor) == []


async def test_unshipping_compensates_and_the_parcel_may_ship_again(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, {"CUP": 2, "LID": 1})
    parcel_id = await shipped(floor, order_id, {"CUP": 2, "LID": 1})
    assert not done(await unship(floor, parcel_id), shipping.Shipped).already
    assert done(await unship(floor, parcel_id), shipping.Shipped).already
    assert (await row_of(floor, Parcel, parcel_id)).state == "SEALED"
    assert (await order_row(floor, order_id)).progress == "PACKED"
    assert (await level(floor, "CUP"), await lying(floor, [parcel_id])) == ((20, 2), {parcel_id: 3})
    assert [line.shipped_quantity for line in await order_lines(floor, order_id)] == [0, 0]
    assert await shop_letters(floor) == ["shipment", "shipment_undone"]
    assert await violations(floor) == []
    assert not done((await ship(floor, parcel_id))[0], shipping.Shipped).already
    assert await level(floor, "CUP") == (18, 0)
    assert await shop_letters(floor) == ["shipment", "shipment_undone", "shipment"]
    async with database.reading(merchant) as uow:
        moves = await uow.fetch(
            sa.select(StockMove.reason, sa.func.count().label("moves"))
            .where(uow.mine(StockMove), StockMove.reason.in_(["SHIP", "UNSHIP"]))
            .group_by(StockMove.reason)
            .order_by(StockMove.reason)
        )
    assert [(row.reason, row.moves) for row in moves] == [("SHIP", 4), ("UNSHIP", 2)]
    assert await violations(floor) == []


async def test_what_the_carrier_has_is_not_called_back(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant)
    parcel_id = await shipped(floor, order_id, {"CUP": 2})
    async with database.unit_of_work(floor.packer) as uow:
        await shipping.hand_over_parcels(uow, parcel_ids=[parcel_id])
    assert code_of(await unship(floor, parcel_id)) == "WRONG_STATE"
    with pytest.raises(ReasonNeeded):
        await unship(floor, parcel_id, " ")
    async with database.unit_of_work(floor.packer) as uow:
        with pytest.raises(NotPermitted):
            await shipping.unship_parcels(uow, parcel_ids=[parcel_id], reason="mine")


async def test_a_weight_outside_the_tolerance_is_refused_and_forced_with_right_and_reason(
    database: Database, merchant: Actor
) -> None:
    floor, order_id = await picked(database, merchant, weight_tolerance_g=30)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    await get_number(floor, parcel_id)
    refused = await weigh(floor, parcel_id, 231)
    assert code_of(refused) == "WEIGHT_OFF"
    assert isinstance(refused, Refused)
    assert refused.refusal.data == {"weight_g": 231, "expected_g": 200, "difference_g": 31, "tolerance_g": 30}
    assert (await row_of(floor, Parcel, parcel_id)).weight_g is None
    assert code_of(await weigh(floor, parcel_id, 231, force_reason="gift")) == "NOT_PERMITTED"
    rights = ROLE_PERMISSIONS[Role.PACKER] | {Permission.PACK_FORCE}
    forcer = Actor(merchant.merchant_id, floor.packer.person_id, Role.PACKER, rights)
    assert code_of(await weigh(floor, parcel_id, 231, force_reason="", actor=forcer)) == "REASON_NEEDED"
    assert done(await weigh(floor, parcel_id, 231, force_reason="gift", actor=forcer), commands.Weighed).shipped
    row = await row_of(floor, Parcel, parcel_id)
    assert (row.state, row.weight_g, row.forced) == ("SHIPPED", 231, True)


async def test_a_weight_at_the_edge_of_the_tolerance_is_taken_unforced(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant, weight_tolerance_g=30)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    done(await weigh(floor, parcel_id, 230))
    row = await row_of(floor, Parcel, parcel_id)
    assert (row.state, row.weight_g, row.forced) == ("SEALED", 230, False)
    await get_number(floor, parcel_id)
    assert (await row_of(floor, Parcel, parcel_id)).state == "SHIPPED"


async def test_only_a_full_and_open_parcel_is_sealed(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant)
    async with database.unit_of_work(floor.packer) as uow:
        (opened,) = await parcels.open_parcels(uow, openings=[parcels.Opening(order_id, floor.station_id)])
    parcel_id = done(opened, parcels.OpenedParcel).parcel_id
    assert code_of(await seal(floor, parcel_id)) == "EMPTY_PARCEL"
    assert code_of(await weigh(floor, parcel_id, 100)) == "WRONG_STATE"


async def test_an_empty_parcel_is_given_up_and_a_full_one_is_not(database: Database, merchant: Actor) -> None:
    floor, order_id = await picked(database, merchant)
    async with database.unit_of_work(floor.packer) as uow:
        (opened,) = await parcels.open_parcels(uow, openings=[parcels.Opening(order_id, floor.station_id)])
        parcel_id = done(opened, parcels.OpenedParcel).parcel_id
        (voided,) = await parcels.void_parcels(uow, parcel_ids=[parcel_id], reason="wrong carton")
    assert not done(voided, parcels.ChangedParcel).already
    assert (await row_of(floor, Parcel, parcel_id)).state == "VOIDED"
    full = await packed(floor, order_id, {"CUP": 2})
    async with database.unit_of_work(floor.packer) as uow:
        (refused,) = await parcels.void_parcels(uow, parcel_ids=[full], reason="wrong carton")
    assert code_of(refused) == "WRONG_STATE"
    assert await violations(floor) == []


async def test_a_cancellation_and_a_shipment_at_once_end_in_exactly_one_of_two_ways(
    postgres_database: Database,
) -> None:
    merchant = await make_merchant(postgres_database)
    floor = await make_floor(postgres_database, merchant, SHELVES)
    orders = await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(8)})
    await pick_list(floor, (await release(floor, WaveKind.SINGLE_ITEM)).pick_list_ids[0], "T-0001")
    boxes = [await packed(floor, order_id, {"CUP": 1}) for order_id in orders]
    for parcel_id in boxes:
        await get_number(floor, parcel_id)

    async def ship_one(parcel_id: UUID) -> Any:
        return await postgres_database.run(floor.packer, lambda uow: shipping.ship_parcels(uow, parcel_ids=[parcel_id]))

    async def cancel_one(order_id: UUID) -> Any:
        return await postgres_database.run(
            merchant, lambda uow: cancel.cancel_fulfillment_orders(uow, ids=[order_id], reason="BUYER")
        )

    pairs = zip(orders, boxes, strict=True)
    work = [job for order_id, parcel_id in pairs for job in (ship_one(parcel_id), cancel_one(order_id))]
    answers = await asyncio.gather(*work)
    gone = 0
    for order_id, (sent,), (stopped,) in zip(orders, answers[0::2], answers[1::2], strict=True):
        row = await order_row(floor, order_id)
        if isinstance(sent, Refused):
            assert (sent.refusal.code, stopped.outcome, row.progress) == ("INTERCEPTED", "INTERCEPTED", "PACKED")
        else:
            gone += 1
            assert (code_of(stopped), row.progress) == ("ALREADY_SHIPPED", "SHIPPED")
    assert await level(floor, "CUP") == (20 - gone, 8 - gone)
    await react(floor)
    assert await violations(floor) == []


async def test_many_ships_of_one_parcel_at_once_ship_it_once(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor, order_id = await picked(postgres_database, merchant)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    await get_number(floor, parcel_id)

    async def once() -> Any:
        return await postgres_database.run(floor.packer, lambda uow: shipping.ship_parcels(uow, parcel_ids=[parcel_id]))

    answers = [answer for (answer,) in await asyncio.gather(*(once() for _ in range(8)))]
    assert sorted(done(each, shipping.Shipped).already for each in answers) == [False] + [True] * 7
    assert await level(floor, "CUP") == (18, 0)
    assert await violations(floor) == []
