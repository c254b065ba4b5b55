"""Progress and shipments: what the floor tells orders, and what orders tell the shops."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_orders import (
    House,
    bring_in,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    put_on_floor,
)
from tests.events_told import events_told, kinds_told

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused, WrongState
from pickmesh.core.orders import cancel, checks, holds, progress, queries, shipments
from pickmesh.core.orders.shipments import ShippedParcel
from pickmesh.core.stock import put_backs
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.put_backs import Loss


async def started(database: Database, merchant: Actor, **wanted: int) -> tuple[House, UUID, UUID]:
    house = await make_house(database, merchant, {"POT": 9, "CUP": 9}, bundles={"SET": {"POT": 1, "CUP": 2}})
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", wanted or {"CUP": 3}))
    return house, verdict.order_id, (await only_fulfillment_order(database, merchant, verdict.order_id)).id


async def packed(database: Database, merchant: Actor, each: UUID) -> dict[UUID, int]:
    """Tell that all of a fulfillment order is picked and packed; return its pieces by line."""
    pieces = {line.id: line.quantity for line in await lines_of(database, merchant, each)}
    async with database.unit_of_work(merchant) as uow:
        await progress.mark_released(uow, [each])
        await progress.mark_in_progress(uow, [each])
        await progress.record_picked(uow, pieces)
        await progress.record_packed(uow, pieces)
        await progress.mark_packed(uow, [each])
    return pieces


async def letters(database: Database, merchant: Actor) -> list[dict[str, Any]]:
    async with database.reading(merchant) as uow:
        found = await uow.fetch(
            sa.select(Outbox.channel, Outbox.target, Outbox.payload).where(uow.mine(Outbox)).order_by(Outbox.id)
        )
    return [{"channel": row.channel, "target": row.target, **row.payload} for row in found]


async def test_stages_move_one_way_once_and_each_tells_once(database: Database, merchant: Actor) -> None:
    _, order_id, each = await started(database, merchant)
    start = (await events_told(database, merchant))[-1].seq
    async with database.unit_of_work(merchant) as uow:
        await progress.mark_released(uow, [each])
        assert await progress.mark_in_progress(uow, [each]) == {each}
        assert await progress.mark_in_progress(uow, [each]) == set()
        assert await progress.mark_packed(uow, [each]) == {each}
        assert await progress.unmark_packed(uow, [each]) == {each}
        assert await progress.unmark_released(uow, [each]) == set()
        assert await progress.mark_packed(uow, []) == set()
    told = await events_told(database, merchant, after=start)
    assert [row.payload["progress"] for row in told] == ["RELEASED", "IN_PROGRESS", "PACKED", "IN_PROGRESS"]
    assert (await only_fulfillment_order(database, merchant, order_id)).version == 5


async def test_what_is_kicked_out_before_work_began_is_open_again(database: Database, merchant: Actor) -> None:
    _, order_id, each = await started(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await progress.mark_released(uow, [each])
        assert await progress.unmark_released(uow, [each]) == {each}
    assert (await only_fulfillment_order(database, merchant, order_id)).progress == "OPEN"


@pytest.mark.parametrize("obstacle", ["held", "released", "cancelled", "unknown"])
async def test_a_release_that_came_too_late_is_refused_as_a_whole(
    database: Database, merchant: Actor, obstacle: str
) -> None:
    house, _, each = await started(database, merchant)
    (other,) = await bring_in(database, merchant, new_order(house, "T-2", {"CUP": 1}))
    second = await only_fulfillment_order(database, merchant, other.order_id)
    async with database.unit_of_work(merchant) as uow:
        if obstacle == "held":
            await holds.hold(uow, fulfillment_order_ids=[each])
        elif obstacle == "released":
            await progress.mark_released(uow, [each])
        elif obstacle == "cancelled":
            await cancel.cancel_fulfillment_orders(uow, ids=[each], reason="BUYER")
    target = new_id() if obstacle == "unknown" else each
    with pytest.raises(WrongState) as caught:
        async with database.unit_of_work(merchant) as uow:
            await progress.mark_released(uow, [target, second.id])
    assert caught.value.data == {"ids": [str(target)]}
    assert (await only_fulfillment_order(database, merchant, other.order_id)).progress == "OPEN"


async def test_picked_and_packed_pieces_add_up_and_can_be_taken_back(database: Database, merchant: Actor) -> None:
    _, _, each = await started(database, merchant)
    (line,) = await lines_of(database, merchant, each)
    async with database.unit_of_work(merchant) as uow:
        await progress.record_picked(uow, {line.id: 2})
        await progress.record_picked(uow, {line.id: 1})
        await progress.record_packed(uow, {line.id: 3})
        await progress.record_packed(uow, {line.id: -1})
        await progress.record_picked(uow, {line.id: -1})
        await progress.record_picked(uow, {line.id: 0})
    (line,) = await lines_of(database, merchant, each)
    assert (line.picked_quantity, line.packed_quantity) == (2, 2)


@pytest.mark.parametrize(("picked", "packed_pieces"), [(4, 0), (1, 2)])
async def test_more_than_required_or_than_picked_cannot_be_written(
    database: Database, merchant: Actor, picked: int, packed_pieces: int
) -> None:
    _, _, each = await started(database, merchant)
    (line,) = await lines_of(database, merchant, each)
    with pytest.raises(sa.exc.IntegrityError):
        async with database.unit_of_work(merchant) as uow:
            await progress.record_picked(uow, {line.id: picked})
            await progress.record_packed(uow, {line.id: packed_pieces})


async def test_pieces_that_were_not_found_make_the_order_short(database: Database, merchant: Actor) -> None:
    _, order_id, each = await started(database, merchant)
    await put_on_floor(database, merchant, each)
    (line,) = await lines_of(database, merchant, each)
    async with database.unit_of_work(merchant) as uow:
        (allocation,) = await stock_queries.allocations_of_lines(uow, [line.id])
        (loss,) = await put_backs.lose_allocations(uow, losses=[Loss(allocation.id, 2)])
        assert not isinstance(loss, Refused), loss
        await progress.record_short(uow, {line.id: 2})
        await progress.record_short(uow, {})
    row = await only_fulfillment_order(database, merchant, order_id)
    (line,) = await lines_of(database, merchant, each)
    assert (row.short_quantity, line.is_short) == (2, True)
    told = (await events_told(database, merchant))[-1]
    assert (told.kind, told.payload["short_pieces"]) == ("fulfillment_order_short", 2)


async def test_a_shipped_parcel_ends_the_order_and_its_shop_is_told(database: Database, merchant: Actor) -> None:
    house, order_id, each = await started(database, merchant, CUP=3, SET=2)
    pieces = await packed(database, merchant, each)
    parcel_id = new_id()
    async with database.unit_of_work(merchant) as uow:
        (shipment_id,) = await shipments.mark_shipped(
            uow, [ShippedParcel(parcel_id, each, "SF", "SF1234567890", pieces)]
        )
    row = await only_fulfillment_order(database, merchant, order_id)
    async with database.reading(merchant) as uow:
        assert (row.progress, row.shipped_at) == ("SHIPPED", uow.now)
        (shipment,) = (await queries.shipments_of_orders(uow, [order_id]))[order_id]
        assert [found.id for found in (await queries.shipments_by_waybill(uow, ["SF1234567890"]))["SF1234567890"]] == [
            shipment_id
        ]
        assert await checks.violations(uow) == []
    told_lines = [
        {"external_line_id": "1", "quantity": 3, "pieces": 3},
        {"external_line_id": "2", "quantity": 2, "pieces": 6},
    ]
    assert (shipment.id, shipment.parcel_id, shipment.lines) == (shipment_id, parcel_id, told_lines)
    assert await letters(database, merchant) == [
        {
            "channel": "shop",
            "target": str(house.shop_id),
            "kind": "shipment",
            "shipment_id": str(shipment_id),
            "external_id": "T-1",
            "carrier": "SF",
            "waybill": "SF1234567890",
            "lines": told_lines,
        }
    ]
    event = (await events_told(database, merchant))[-1]
    assert (event.kind, event.subject_id, event.payload["pieces"]) == ("order_shipped", order_id, 9)
    assert event.payload["complete"] is True


async def test_an_order_in_two_parcels_is_shipped_with_the_second(database: Database, merchant: Actor) -> None:
    _, order_id, each = await started(database, merchant)
    ((line_id, _),) = (await packed(database, merchant, each)).items()
    first = ShippedParcel(new_id(), each, "SF", "SF1", {line_id: 1})
    second = ShippedParcel(new_id(), each, "SF", "SF2", {line_id: 2})
    async with database.unit_of_work(merchant) as uow:
        await shipments.mark_shipped(uow, [first])
    assert (await only_fulfillment_order(database, merchant, order_id)).progress == "PACKED"
    async with database.unit_of_work(merchant) as uow:
        await shipments.mark_shipped(uow, [second])
    assert (await only_fulfillment_order(database, merchant, order_id)).progress == "SHIPPED"
    assert [letter["waybill"] for letter in await letters(database, merchant)] == ["SF1", "SF2"]


async def test_a_shipment_is_undone_once_and_the_shop_is_told(database: Database, merchant: Actor) -> None:
    _, order_id, each = await started(database, merchant)
    pieces = await packed(database, merchant, each)
    parcel = ShippedParcel(new_id(), each, "SF", "SF1", pieces)
    async with database.unit_of_work(merchant) as uow:
        await shipments.mark_shipped(uow, [parcel])
    for _ in range(2):
        async with database.unit_of_work(merchant) as uow:
            await shipments.unmark_shipped(uow, [parcel])
    row = await only_fulfillment_order(database, merchant, order_id)
    assert (row.progress, row.shipped_at) == ("PACKED", None)
    assert [line.shipped_quantity for line in await lines_of(database, merchant, each)] == [0]
    assert [letter["kind"] for letter in await letters(database, merchant)] == ["shipment", "shipment_undone"]
    async with database.reading(merchant) as uow:
        (shipment,) = (await queries.shipments_of_orders(uow, [order_id]))[order_id]
        assert shipment.undone_at == uow.now
    async with database.unit_of_work(merchant) as uow:
        await shipments.mark_shipped(uow, [parcel])
    assert (await only_fulfillment_order(database, merchant, order_id)).progress == "SHIPPED"


async def test_what_has_shipped_even_in_part_cannot_be_cancelled(database: Database, merchant: Actor) -> None:
    _, _, each = await started(database, merchant)
    ((line_id, _),) = (await packed(database, merchant, each)).items()
    async with database.unit_of_work(merchant) as uow:
        await shipments.mark_shipped(uow, [ShippedParcel(new_id(), each, "SF", "SF1", {line_id: 1})])
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await cancel.cancel_fulfillment_orders(uow, ids=[each], reason="BUYER")
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "ALREADY_SHIPPED"
    assert "fulfillment_order_cancelled" not in await kinds_told(database, merchant)
