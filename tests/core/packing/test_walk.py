"""An order from release to handover, by the real commands of every room."""

from tests.builders_floor import (
    bring_orders,
    done,
    lying,
    make_floor,
    order_row,
    pick_list,
    react,
    release,
    shipped,
    violations,
)

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.packing import shipping


async def test_one_order_walks_from_its_bins_to_the_carrier(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 5}, "A-02": {"LID": 5}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2, "LID": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    await pick_list(floor, list_id, "T-0001")
    assert await lying(floor, floor.warehouse.totes.values()) == {floor.warehouse.totes["T-0001"]: 3}
    parcel_id = await shipped(floor, order_id, {"CUP": 2, "LID": 1})
    async with database.unit_of_work(floor.packer) as uow:
        assert [done(each).already for each in await shipping.hand_over_parcels(uow, parcel_ids=[parcel_id])] == [False]
    assert (await order_row(floor, order_id)).progress == "SHIPPED"
    assert await lying(floor, [parcel_id, *floor.warehouse.totes.values()]) == {}
    await react(floor)
    assert await violations(floor) == []
