from uuid import UUID

from tests.builders_floor import (
    Floor,
    bind,
    bring_orders,
    claim,
    code_of,
    done,
    lines_of,
    make_floor,
    pick,
    pick_list,
    release,
    row_of,
    shipped,
)

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.picking import queries, totes
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.picking.totes import ToteBinding
from pickmesh.core.stock import places
from pickmesh.core.stock.tables import Place, ToteState

SHELVES = {"A-01": {"CUP": 50}}


async def floor_with_list(database: Database, actor: Actor, kind: WaveKind, orders: int = 2) -> tuple[Floor, UUID]:
    floor = await make_floor(database, actor, SHELVES)
    await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(orders)})
    list_id = (await release(floor, kind)).pick_list_ids[0]
    await claim(floor, list_id)
    return floor, list_id


async def tote_state(floor: Floor, tote: str) -> str:
    return str((await row_of(floor, Place, floor.warehouse.totes[tote])).tote_state)


async def test_a_discrete_lists_tote_is_bound_to_its_order(database: Database, merchant: Actor) -> None:
    floor, list_id = await floor_with_list(database, merchant, WaveKind.DISCRETE)
    bound = done(await bind(floor, list_id, "T-0001"), totes.Bound)
    assert (bound.pick_list_id, bound.fulfillment_order_id) == (list_id, floor.orders["N0"])
    assert await tote_state(floor, "T-0001") == "STOCKED"


async def test_a_cluster_lists_totes_are_bound_to_its_orders_in_their_seats(
    database: Database, merchant: Actor
) -> None:
    floor, list_id = await floor_with_list(database, merchant, WaveKind.CLUSTER)
    first = done(await bind(floor, list_id, "T-0001"), totes.Bound)
    second = done(await bind(floor, list_id, "T-0002"), totes.Bound)
    assert [first.fulfillment_order_id, second.fulfillment_order_id] == [floor.orders["N0"], floor.orders["N1"]]


async def test_a_batch_lists_tote_holds_its_goods_mixed(database: Database, merchant: Actor) -> None:
    floor, list_id = await floor_with_list(database, merchant, WaveKind.SINGLE_ITEM)
    assert done(await bind(floor, list_id, "T-0001"), totes.Bound).fulfillment_order_id is None


async def test_binding_twice_is_binding_once(database: Database, merchant: Actor) -> None:
    floor, list_id = await floor_with_list(database, merchant, WaveKind.CLUSTER)
    first = done(await bind(floor, list_id, "T-0001"), totes.Bound)
    again = done(await bind(floor, list_id, "T-0001"), totes.Bound)
    assert first == again
    async with database.reading(merchant) as uow:
        assert len((await queries.totes_of_lists(uow, [list_id]))[list_id]) == 1


async def test_a_tote_of_another_order_or_list_is_in_use(database: Database, merchant: Actor) -> None:
    floor, list_id = await floor_with_list(database, merchant, WaveKind.CLUSTER)
    done(await bind(floor, list_id, "T-0001"))
    assert code_of(await bind(floor, list_id, "T-0001", floor.orders["N1"])) == "TOTE_IN_USE"
    await bring_orders(floor, {"N9": {"CUP": 1}})
    other = (await release(floor)).pick_list_ids[0]
    assert code_of(await bind(floor, other, "T-0001")) == "TOTE_IN_USE"


async def test_a_tote_in_hospital_is_not_filled(database: Database, merchant: Actor) -> None:
    floor, list_id = await floor_with_list(database, merchant, WaveKind.DISCRETE)
    async with database.unit_of_work(merchant) as uow:
        await places.set_tote_states(uow, {floor.warehouse.totes["T-0001"]: ToteState.IN_HOSPITAL})
    assert code_of(await bind(floor, list_id, "T-0001")) == "TOTE_IN_HOSPITAL"


async def test_only_totes_and_slots_are_bound(database: Database, merchant: Actor) -> None:
    floor, list_id = await floor_with_list(database, merchant, WaveKind.DISCRETE)
    bindings = [
        ToteBinding(floor.warehouse.bins["A-01"], list_id),
        ToteBinding(list_id, list_id),
        ToteBinding(floor.warehouse.totes["T-0001"], floor.location_id),
        ToteBinding(floor.warehouse.totes["T-0001"], list_id, floor.orders["N1"]),
    ]
    async with database.unit_of_work(floor.picker) as uow:
        answers = await totes.bind_totes(uow, bindings=bindings)
    assert [code_of(each) for each in answers] == ["WRONG_PLACE", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"]


async def test_another_workers_list_gets_no_tote(database: Database, merchant: Actor) -> None:
    floor, list_id = await floor_with_list(database, merchant, WaveKind.DISCRETE)
    async with database.unit_of_work(floor.packer) as uow:
        (answer,) = await totes.bind_totes(uow, bindings=[ToteBinding(floor.warehouse.totes["T-0001"], list_id)])
    assert code_of(answer) == "NOT_YOURS"


async def test_two_totes_for_one_order_hold_it_together(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    await claim(floor, list_id)
    for tote in ("T-0001", "T-0002"):
        assert done(await bind(floor, list_id, tote), totes.Bound).fulfillment_order_id == order_id
    (line,) = await lines_of(floor, list_id)
    done(await pick(floor, line.id, 1, "T-0001"))
    assert done(await pick(floor, line.id, 1, "T-0002")).list_done


async def test_a_tote_is_free_again_once_its_goods_are_packed(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    await pick_list(floor, list_id, "T-0001")
    assert await tote_state(floor, "T-0001") == "STOCKED"
    await shipped(floor, order_id, {"CUP": 2})
    assert await tote_state(floor, "T-0001") == "EMPTY"
    async with database.reading(merchant) as uow:
        assert await queries.tote_uses(uow, floor.warehouse.totes.values()) == {}


async def test_a_tote_that_was_never_filled_is_free_when_its_list_is_done(database: Database, merchant: Actor) -> None:
    floor, list_id = await floor_with_list(database, merchant, WaveKind.SINGLE_ITEM)
    for tote in ("T-0001", "T-0002"):
        done(await bind(floor, list_id, tote))
    (line,) = await lines_of(floor, list_id)
    done(await pick(floor, line.id, 2, "T-0001"))
    assert [await tote_state(floor, tote) for tote in ("T-0001", "T-0002")] == ["STOCKED", "EMPTY"]
