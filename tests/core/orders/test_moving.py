"""Moving fulfillment orders to another warehouse, by hand or because it has what is short where they are."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from uuid import UUID

from tests.builders_orders import (
    ORDERED_AT,
    House,
    add_warehouse,
    bring_in,
    fulfillment_orders,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    put_on_floor,
    react,
    receive,
)
from tests.builders_routing import (
    brought,
    held,
    move,
    no_rules,
    nothing_is_off,
    only_hangzhou,
    row_of,
    two_warehouses,
)
from tests.databases import make_merchant
from tests.events_told import kinds_told
from tests.statements import statements

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refused, StaleVersion
from pickmesh.core.orders import moving, queries, rerouting
from pickmesh.core.orders.moving import Move, Moved
from pickmesh.core.orders.refusals import AlreadyReleased, NotAWarehouse, NotCovered, NotShort
from pickmesh.core.orders.rerouting import Suggestion


async def reroute(database: Database, actor: Actor, *ids: UUID) -> list[Moved | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await rerouting.reroute_fulfillment_orders(uow, ids=ids)


async def suggested(database: Database, actor: Actor) -> list[Suggestion]:
    async with database.reading(actor) as uow:
        return await rerouting.reroutable(uow)


async def test_a_move_takes_the_promise_with_it_and_moving_back_undoes_it(database: Database, merchant: Actor) -> None:
    house, hangzhou, beijing = await two_warehouses(database, merchant, there=5)
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 4}))
    before = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert await held(database, merchant, house) == (4, 0)
    (answer,) = await move(database, merchant, Move(before.id, beijing, before.version))
    assert answer == Moved(before.id, hangzhou, beijing, 0, 0, changed=True)
    after = await only_fulfillment_order(database, merchant, verdict.order_id)
    assert (after.location_id, after.route_reason, after.version) == (beijing, "MOVED", before.version + 1)
    assert after.route_facts == {"moved_by": None, "moved_from": str(hangzhou), "reason_before": "RULE"}
    assert await held(database, merchant, house) == (0, 4)
    (answer,) = await move(database, merchant, Move(before.id, hangzhou))
    assert answer == Moved(before.id, beijing, hangzhou, 0, 0, changed=True)
    assert await held(database, merchant, house) == (4, 0)
    told = await kinds_told(database, merchant)
    assert told.count("fulfillment_order_moved") == 2
    await nothing_is_off(database, merchant)


async def test_what_is_short_before_and_after_is_told_and_backorders_follow(
    database: Database, merchant: Actor
) -> None:
    house, hangzhou, beijing = await two_warehouses(database, merchant, there=5)
    first = await brought(database, merchant, house, "T-1", 8)
    second = await brought(database, merchant, house, "T-2", 6)
    assert await held(database, merchant, house) == (8, 0)
    answers = await move(database, merchant, Move(first, beijing), Move(second, beijing))
    assert answers == [Moved(first, hangzhou, beijing, 0, 8, True), Moved(second, hangzhou, beijing, 6, 6, True)]
    assert await held(database, merchant, house) == (0, 0)
    await receive(database, merchant, house, {"CUP": 5}, warehouse="BJ1")
    await react(database, merchant)
    assert await held(database, merchant, house) == (0, 8)
    await nothing_is_off(database, merchant)


async def test_a_move_only_if_covered_is_judged_by_what_is_free_before_anything_moves(
    database: Database, merchant: Actor
) -> None:
    house, hangzhou, beijing = await two_warehouses(database, merchant, there=5)
    first = await brought(database, merchant, house, "T-1", 4)
    second = await brought(database, merchant, house, "T-2", 3, ship_by=ORDERED_AT + timedelta(hours=1))
    refused, done = await move(database, merchant, Move(first, beijing), Move(second, beijing), if_covered=True)
    # The second is promised earlier, so it comes first: two cups are left for the first one's four.
    assert done == Moved(second, hangzhou, beijing, 0, 0, changed=True)
    assert isinstance(refused, Refused)
    assert isinstance(refused.refusal, NotCovered)
    assert await held(database, merchant, house) == (4, 3)
    await nothing_is_off(database, merchant)


async def test_where_the_shop_ships_what_there_is_a_moved_orders_short_part_goes_by_itself(
    database: Database, merchant: Actor
) -> None:
    house, _, beijing = await two_warehouses(database, merchant, there=0, policy=ShortagePolicy.SHIP_AVAILABLE)
    await receive(database, merchant, house, {"CUP": 3}, warehouse="BJ1")
    (verdict,) = await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2, "LID": 4}))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    (answer,) = await move(database, merchant, Move(row.id, beijing))
    assert isinstance(answer, Moved)
    assert (answer.short_before, answer.short_after) == (0, 4)
    rows = await fulfillment_orders(database, merchant, verdict.order_id)
    assert [(each.location_id, each.short_quantity) for each in rows] == [(beijing, 0), (beijing, 4)]
    await nothing_is_off(database, merchant)


async def test_an_order_without_a_warehouse_can_be_sent_to_one(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 0}, warehouses=())
    fulfillment_order_id = await brought(database, merchant, house, "T-1", 2)
    house = await make_warehouses(database, merchant, house)
    beijing = house.warehouses["BJ1"]
    (answer,) = await move(database, merchant, Move(fulfillment_order_id, beijing))
    assert answer == Moved(fulfillment_order_id, None, beijing, 0, 0, changed=True)
    assert (await kinds_told(database, merchant)).count("fulfillment_order_routed") == 1
    await nothing_is_off(database, merchant)


async def make_warehouses(database: Database, merchant: Actor, house: House) -> House:
    for code in ("HZ1", "BJ1"):
        house = await add_warehouse(database, merchant, house, code)
    await receive(database, merchant, house, {"CUP": 5}, warehouse="BJ1")
    return house


async def test_what_cannot_move_is_refused_each_for_itself(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    house, hangzhou, beijing = await two_warehouses(database, merchant, there=50)
    theirs = await make_house(database, stranger, {"CUP": 5})
    foreign = await brought(database, stranger, theirs, "T-1", 1)
    released, stale, moved = [await brought(database, merchant, house, f"T-{number}", 1) for number in range(3)]
    await put_on_floor(database, merchant, released)
    answers = await move(
        database,
        merchant,
        Move(new_id(), beijing),
        Move(foreign, beijing),
        Move(released, beijing),
        Move(stale, beijing, version=9),
        Move(stale, theirs.warehouses["HZ1"]),
        Move(stale, hangzhou),
        Move(moved, beijing),
        Move(moved, beijing),
    )
    kinds = [type(answer.refusal) if isinstance(answer, Refused) else answer.changed for answer in answers]
    assert kinds == [
        NotFound,
        NotFound,
        AlreadyReleased,
        StaleVersion,
        NotAWarehouse,
        False,
        True,
        InvalidInput,
    ]
    assert await held(database, merchant, house) == (2, 1)
    await nothing_is_off(database, merchant)


async def test_short_orders_that_another_warehouse_covers_are_suggested_and_go_there_by_one_tap(
    database: Database, merchant: Actor
) -> None:
    house, hangzhou, beijing = await two_warehouses(database, merchant, there=7)
    await brought(database, merchant, house, "T-0", 10)
    late = await brought(database, merchant, house, "T-1", 4, ship_by=ORDERED_AT + timedelta(days=3))
    soon = await brought(database, merchant, house, "T-2", 5, ship_by=ORDERED_AT + timedelta(days=1))
    small = await brought(database, merchant, house, "T-3", 2, ship_by=ORDERED_AT + timedelta(days=4))
    assert await suggested(database, merchant) == []  # the rule names Hangzhou only
    await no_rules(database, merchant)
    # Seven pieces: five for the most urgent, then two for the one they suffice for.
    assert await suggested(database, merchant) == [Suggestion(soon, beijing, 5), Suggestion(small, beijing, 2)]
    answers = await reroute(database, merchant, late, soon, small)
    assert answers == [
        Moved(late, hangzhou, hangzhou, 4, 4, changed=False),
        Moved(soon, hangzhou, beijing, 5, 0, changed=True),
        Moved(small, hangzhou, beijing, 2, 0, changed=True),
    ]
    row = await row_of(database, merchant, soon)
    assert (row.route_reason, row.route_facts["wanted"]) == ("COVERS_ORDER", 5)
    assert await suggested(database, merchant) == []
    assert await held(database, merchant, house) == (10, 7)
    await nothing_is_off(database, merchant)


async def test_only_what_is_open_and_short_is_routed_again(database: Database, merchant: Actor) -> None:
    house, _, _ = await two_warehouses(database, merchant, there=7)
    fine, released = [await brought(database, merchant, house, f"T-{number}", 1) for number in range(2)]
    await put_on_floor(database, merchant, released)
    answers = await reroute(database, merchant, fine, released, new_id())
    kinds = [type(answer.refusal) for answer in answers if isinstance(answer, Refused)]
    assert kinds == [NotShort, AlreadyReleased, NotFound]


async def test_moving_1_10_and_100_takes_the_same_number_of_statements(database: Database, merchant: Actor) -> None:
    house, _, beijing = await two_warehouses(database, merchant, there=1_000)
    sent = []
    for size in (1, 10, 100):
        ids = await several(database, merchant, house, size)
        with statements(database) as told:
            answers = await move(database, merchant, *(Move(each, beijing) for each in ids))
        assert len(answers) == size
        sent.append(len(told))
    assert sent[0] == sent[1] == sent[2]


async def test_rerouting_1_10_and_100_takes_the_same_number_of_statements(database: Database, merchant: Actor) -> None:
    house, _, _ = await two_warehouses(database, merchant, there=1_000)
    await brought(database, merchant, house, "all", 10)
    sent = []
    for size in (1, 10, 100):
        ids = await several(database, merchant, house, size)
        await no_rules(database, merchant)
        with statements(database) as told:
            assert len(await suggested(database, merchant)) == size
            answers = await reroute(database, merchant, *ids)
        assert [isinstance(answer, Moved) and answer.changed for answer in answers] == [True] * size
        await only_hangzhou(database, merchant, house)
        sent.append(len(told))
    assert sent[0] == sent[1] == sent[2]


async def several(database: Database, merchant: Actor, house: House, size: int) -> list[UUID]:
    orders = [new_order(house, f"T-{size}-{number}", {"CUP": 1}) for number in range(size)]
    verdicts = await bring_in(database, merchant, *orders)
    async with database.reading(merchant) as uow:
        found = await queries.fulfillment_orders_of(uow, [verdict.order_id for verdict in verdicts])
    return [rows[0].id for rows in found.values()]


async def test_moves_that_cross_and_intakes_beside_them_never_deadlock(postgres_database: Database) -> None:
    database = postgres_database
    actor = await make_merchant(database)
    house, hangzhou, beijing = await two_warehouses(database, actor, there=10)
    ids = [await brought(database, actor, house, f"T-{number}", 1) for number in range(8)]

    def moving_to(location_id: UUID, some: Sequence[UUID]) -> Awaitable[object]:
        async def work(uow: UnitOfWork) -> object:
            return await moving.move_fulfillment_orders(uow, moves=[Move(each, location_id) for each in some])

        return database.run(actor, work)

    for _ in range(4):
        await asyncio.gather(
            moving_to(beijing, ids[:4]),
            moving_to(hangzhou, ids[3::-1]),
            moving_to(beijing, ids[4:]),
            moving_to(hangzhou, ids[::-1]),
        )
    assert sum(await held(database, actor, house)) == 8
    for each in ids:
        (line,) = await lines_of(database, actor, each)
        assert not line.is_short
    await nothing_is_off(database, actor)
