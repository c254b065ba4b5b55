"""Many at once on PostgreSQL with real connections, through the commands people use.

Each ends in exactly the figures that some order of arrival gives, nobody is told of a deadlock, and every check of
every room finds nothing. Races of single commands of stock stand in stock/test_race.py.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests import builders_floor as floors
from tests.builders_accounts import make_shop
from tests.builders_orders import (
    House,
    bring_in,
    count,
    fulfillment_orders,
    make_house,
    new_order,
    only_fulfillment_order,
    react,
    receive,
    reserved,
)
from tests.builders_stock import make_warehouse
from tests.databases import make_merchant
from tests.events_told import kinds_told
from tests.racing import Work, assert_sound, at_once

from pickmesh.core.catalog import shop_codes
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import backorders, cancel, intake
from pickmesh.core.orders.incoming import NewOrder
from pickmesh.core.orders.tables import Progress, SalesOrder
from pickmesh.core.orders.verdicts import LeaseUse, OrderVerdict, Verdict
from pickmesh.core.packing import shipping
from pickmesh.core.picking import commands as picking
from pickmesh.core.picking.commands import Confirmed
from pickmesh.core.picking.rules import PickConfirmation
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock import leases, transfer_sends, transfers
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.rules import Level


def importing(*orders: NewOrder) -> Work:
    return lambda uow: intake.import_orders(uow, orders=orders)


def cancelling(fulfillment_order_id: UUID) -> Work:
    return lambda uow: cancel.cancel_fulfillment_orders(uow, ids=[fulfillment_order_id], reason="BUYER")


def verdicts_in(answers: Sequence[Any]) -> list[OrderVerdict]:
    """Return the verdicts of intakes, none of which may have refused an order."""
    found = [verdict for answer in answers for verdict in answer]
    assert all(isinstance(verdict, OrderVerdict) for verdict in found), found
    return found


async def figures(
    database: Database, actor: Actor, sku_id: UUID, location_id: UUID | None = None
) -> tuple[int, int, int]:
    """Return on hand, reserved, free at a warehouse, or at the only one that has it."""
    async with database.reading(actor) as uow:
        rows = await stock_queries.levels_of(uow, [sku_id])
    (row,) = [row for row in rows if location_id in {None, row.location_id}]
    return row.on_hand, row.reserved, row.free


async def test_the_last_piece_wanted_by_thirty_orders_goes_to_one(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 1})
    work = [importing(new_order(house, f"T-{number}", {"CUP": 1})) for number in range(30)]
    verdicts = verdicts_in(await at_once(postgres_database, actor, work))
    assert Counter(verdict.short_pieces for verdict in verdicts) == {0: 1, 1: 29}
    assert await figures(postgres_database, actor, house.skus["CUP"]) == (1, 1, 0)
    (winner,) = [verdict for verdict in verdicts if verdict.short_pieces == 0]
    await at_once(
        postgres_database,
        actor,
        [cancelling((await only_fulfillment_order(postgres_database, actor, winner.order_id)).id)],
    )
    await react(postgres_database, actor)
    assert await figures(postgres_database, actor, house.skus["CUP"]) == (1, 1, 0)
    await assert_sound(postgres_database, actor)


async def test_two_bundles_that_share_a_part_are_covered_as_often_as_the_part_allows(
    postgres_database: Database,
) -> None:
    """Eleven cups, two to a set of either kind: five of the 24 sets are covered, whole, and no part is held in vain."""
    actor = await make_merchant(postgres_database)
    bundles = {"TEA": {"POT": 1, "CUP": 2}, "SOUP": {"CUP": 2, "BOWL": 1}}
    house = await make_house(postgres_database, actor, {"POT": 30, "CUP": 11, "BOWL": 30}, bundles=bundles)
    work = [
        importing(*(new_order(house, f"T-{batch}-{number}", {code: 1}) for number, code in enumerate(codes)))
        for batch, codes in enumerate([("TEA", "SOUP"), ("SOUP", "TEA")] * 6)
    ]
    verdicts = verdicts_in(await at_once(postgres_database, actor, work))
    assert Counter(verdict.short_pieces for verdict in verdicts) == {0: 11 // 2, 3: 24 - 11 // 2}
    held = {code: await reserved(postgres_database, actor, house, code) for code in ("POT", "CUP", "BOWL")}
    assert (held["CUP"], held["POT"] + held["BOWL"]) == (10, 5)
    await assert_sound(postgres_database, actor)


async def test_of_an_order_told_twice_at_once_one_is_created_and_one_unchanged(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 100})
    for number in range(5):
        order = new_order(house, f"T-{number}", {"CUP": 2})
        first, second = verdicts_in(await at_once(postgres_database, actor, [importing(order), importing(order)]))
        assert {first.verdict, second.verdict} == {Verdict.CREATED, Verdict.UNCHANGED}
        assert first.order_id == second.order_id
    assert await count(postgres_database, actor, SalesOrder) == 5
    assert await figures(postgres_database, actor, house.skus["CUP"]) == (100, 10, 90)
    await assert_sound(postgres_database, actor)


async def test_overlapping_batches_of_two_shops_in_any_order_create_each_order_once(
    postgres_database: Database,
) -> None:
    """Six batches of 200 over 400 orders, each order in three of them, every batch shuffled its own way."""
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 250, "LID": 1000})
    orders = await of_two_shops(postgres_database, actor, house, 400)
    shuffled = random.Random(6)
    batches = [orders[start : start + 200] for start in (0, 100, 200)]
    batches += [orders[:100] + orders[300:], orders[:100] + orders[300:], orders[100:300]]
    for batch in batches:
        shuffled.shuffle(batch)
    verdicts = verdicts_in(await at_once(postgres_database, actor, [importing(*batch) for batch in batches]))
    told: dict[UUID, Counter[Verdict]] = {}
    for verdict in verdicts:
        told.setdefault(verdict.order_id, Counter())[verdict.verdict] += 1
    assert len(told) == 400
    assert [verdicts for verdicts in told.values() if verdicts != {Verdict.CREATED: 1, Verdict.UNCHANGED: 2}] == []
    assert await count(postgres_database, actor, SalesOrder) == 400
    assert await figures(postgres_database, actor, house.skus["CUP"]) == (250, 250, 0)
    assert await figures(postgres_database, actor, house.skus["LID"]) == (1000, 400, 600)
    await assert_sound(postgres_database, actor)


async def of_two_shops(database: Database, actor: Actor, house: House, size: int) -> list[NewOrder]:
    """Return orders of a cup and a lid each, by turns of the house's shop and a second one."""
    other = await make_shop(database, actor, "PDD")
    async with database.unit_of_work(actor) as uow:
        await shop_codes.map_codes(uow, {(other, code): sku_id for code, sku_id in house.skus.items()})
    shops = (house.shop_id, other)
    return [new_order(house, f"T-{number}", {"CUP": 1, "LID": 1}, shop_id=shops[number % 2]) for number in range(size)]


async def test_of_a_cancellation_and_a_shipment_exactly_one_wins_and_every_piece_is_accounted_for(
    postgres_database: Database,
) -> None:
    actor = await make_merchant(postgres_database)
    floor = await floors.make_floor(postgres_database, actor, {"A-01": {"CUP": 40}})
    orders = await floors.bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(12)})
    for list_id in (await floors.release(floor, WaveKind.SINGLE_ITEM)).pick_list_ids:
        await floors.pick_list(floor, list_id, "T-0001")
    boxes = [await floors.packed(floor, order_id, {"CUP": 1}) for order_id in orders]
    for parcel_id in boxes:
        await floors.get_number(floor, parcel_id)
    pairs = [(sending(parcel_id), cancelling(order_id)) for order_id, parcel_id in zip(orders, boxes, strict=True)]
    work = [each for number, pair in enumerate(pairs) for each in (pair if number % 2 else pair[::-1])]
    first = [answer for (answer,) in await at_once(postgres_database, actor, work)]
    gone = sum(isinstance(answer, shipping.Shipped) for answer in first)
    assert sum(isinstance(answer, Refused) for answer in first) == 12
    for pair in pairs:
        # Asked again, each side says what has happened: of the two exactly one is refused.
        ((sent,), (stopped,)) = await at_once(postgres_database, actor, pair)
        assert isinstance(sent, Refused) != isinstance(stopped, Refused)
        assert isinstance(sent, Refused) or sent.already
    assert await figures(postgres_database, actor, floor.house.skus["CUP"]) == (40 - gone, 12 - gone, 28)
    await floors.react(floor)
    assert await floors.violations(floor) == []


def sending(parcel_id: UUID) -> Work:
    return lambda uow: shipping.ship_parcels(uow, parcel_ids=[parcel_id])


async def test_backorders_are_filled_while_some_of_them_are_cancelled(postgres_database: Database) -> None:
    """Eight orders wait, four of them are cancelled as four pieces come: the other four have them in the end."""
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 0})
    waiting = await bring_in(
        postgres_database, actor, *(new_order(house, f"T-{number}", {"CUP": 1}) for number in range(8))
    )
    rows = [await only_fulfillment_order(postgres_database, actor, verdict.order_id) for verdict in waiting]
    await receive(postgres_database, actor, house, {"CUP": 4})
    levels = [Level(house.warehouses["HZ1"], house.skus["CUP"])]
    work: list[Work] = [cancelling(row.id) for row in rows[:4]]
    work += [lambda uow: backorders.fill_backorders(uow, levels=levels)] * 4
    random.Random(8).shuffle(work)
    await at_once(postgres_database, actor, work)
    await react(postgres_database, actor)
    assert await figures(postgres_database, actor, house.skus["CUP"]) == (4, 4, 0)
    after = [(await fulfillment_orders(postgres_database, actor, verdict.order_id))[0] for verdict in waiting]
    assert [row.progress for row in after] == [Progress.CANCELLED] * 4 + [Progress.OPEN] * 4
    assert [row.short_quantity for row in after] == [0] * 8
    await assert_sound(postgres_database, actor)


async def test_transfers_and_orders_over_the_same_pieces_are_promised_exactly_what_is_there(
    postgres_database: Database,
) -> None:
    """Ten cups, wanted by ten orders and ten transfers of one cup each at the same moment: ten are promised."""
    actor = await make_merchant(postgres_database)
    floor = await floors.make_floor(postgres_database, actor, {"A-01": {"CUP": 10}})
    other = await make_warehouse(postgres_database, actor, code="WH2", bins=("B-01",))
    cup = floor.house.skus["CUP"]
    lines = [transfers.PlannedLine(cup, 1)]
    plan = transfers.TransferPlan(floor.location_id, other.location_id, lines)
    work: list[Work] = [importing(new_order(floor.house, f"T-{number}", {"CUP": 1})) for number in range(10)]
    work += [lambda uow: transfers.plan_transfers(uow, plans=[plan])] * 10
    random.Random(9).shuffle(work)
    answers = [answer for (answer,) in await at_once(postgres_database, actor, work)]
    covered = sum(isinstance(answer, OrderVerdict) and not answer.short_pieces for answer in answers)
    planned = sum(isinstance(answer, transfers.Planned) for answer in answers)
    refused = [answer.refusal.code for answer in answers if isinstance(answer, Refused)]
    assert (covered + planned, refused) == (10, ["NOT_ENOUGH_STOCK"] * (10 - planned))
    assert await figures(postgres_database, actor, cup) == (10, 10, 0)
    await assert_sound(postgres_database, actor)


async def test_a_transfer_and_pickers_at_one_bin_take_each_piece_once(postgres_database: Database) -> None:
    """Ten cups in one bin, six picked for orders and four sent away at the same moment, every act told twice."""
    actor = await make_merchant(postgres_database)
    floor = await floors.make_floor(postgres_database, actor, {"A-01": {"CUP": 10}}, totes=6)
    other = await make_warehouse(postgres_database, actor, code="WH2", bins=("B-01",))
    orders = await floors.bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(6)})
    picks = [
        await pick_of(floor, list_id, f"T-000{number}")
        for number, list_id in enumerate((await floors.release(floor)).pick_list_ids, 1)
    ]
    plan = transfers.TransferPlan(
        floor.location_id, other.location_id, [transfers.PlannedLine(floor.house.skus["CUP"], 1)]
    )
    async with postgres_database.unit_of_work(actor) as uow:
        planned = await transfers.plan_transfers(uow, plans=[plan] * 4)
    sends = [sending_away(one.line_ids[0], floor) for one in planned if isinstance(one, transfers.Planned)]
    picked, sent = await asyncio.gather(
        at_once(postgres_database, floor.picker, picks * 2), at_once(postgres_database, actor, sends * 2)
    )
    assert [answer.quantity for (answer,) in picked if isinstance(answer, Confirmed)] == [1] * 6
    assert sum(isinstance(answer, transfer_sends.Sent) for (answer,) in sent) == 4
    places = [floor.warehouse.bins["A-01"], *floor.warehouse.totes.values()]
    assert await floors.lying(floor, places) == dict.fromkeys(floor.warehouse.totes.values(), 1)
    assert await figures(postgres_database, actor, floor.house.skus["CUP"], floor.location_id) == (6, 6, 0)
    assert [line.picked_quantity for each in orders for line in await floors.order_lines(floor, each)] == [1] * 6
    assert await floors.violations(floor) == []


async def pick_of(floor: floors.Floor, list_id: UUID, tote: str) -> Work:
    """Claim a list of one line with a tote; return the scan that picks it, the same one however often it is sent."""
    await floors.claim(floor, list_id)
    floors.done(await floors.bind(floor, list_id, tote))
    (line,) = await floors.lines_of(floor, list_id)
    taken = PickConfirmation(line.id, line.quantity, floor.warehouse.totes[tote], new_id())
    return lambda uow: picking.confirm_picks(uow, picks=[taken])


def sending_away(line_id: UUID, floor: floors.Floor) -> Work:
    row = transfer_sends.Sending(line_id, 1, floor.warehouse.bins["A-01"])
    return lambda uow: transfer_sends.send_transfers(uow, sendings=[row])


@pytest.mark.parametrize("late", [False, True])
async def test_of_the_end_of_a_lease_and_its_use_exactly_one_happens(
    postgres_database: Database, clock: StoppedClock, late: bool
) -> None:
    """All three cups are leased. Two orders name the lease, two others just want the cups, and its timer goes off.

    In time, one of the two that name it has the cups; when its time has run out, it ends once and whoever comes first
    has them.
    """
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 3})
    lease_id = await lease_of(postgres_database, actor, house, 3)
    clock.advance(timedelta(minutes=16 if late else 14))
    named = [importing(new_order(house, f"L-{number}", {"CUP": 3}, lease="CART-7")) for number in range(2)]
    others = [importing(new_order(house, f"T-{number}", {"CUP": 3})) for number in range(2)]
    timers: list[Work] = [lambda uow: leases.expire_leases(uow, lease_ids=[lease_id])] * 2
    answers = await at_once(postgres_database, actor, [*others, *timers, *named])
    verdicts = verdicts_in(answers[:2] + answers[4:])
    assert sorted(verdict.short_pieces for verdict in verdicts) == [0, 3, 3, 3]
    uses = Counter(verdict.lease for verdict in verdicts)
    assert uses == ({None: 2, LeaseUse.OVER: 2} if late else {None: 2, LeaseUse.USED: 1, LeaseUse.OVER: 1})
    if not late:
        assert [verdict.short_pieces for verdict in verdicts if verdict.lease is LeaseUse.USED] == [0]
    assert await figures(postgres_database, actor, house.skus["CUP"]) == (3, 3, 0)
    assert (await kinds_told(postgres_database, actor)).count("stock_lease_closed") == 1
    await assert_sound(postgres_database, actor)


async def test_of_the_release_of_a_lease_and_its_use_exactly_one_happens(postgres_database: Database) -> None:
    actor = await make_merchant(postgres_database)
    house = await make_house(postgres_database, actor, {"CUP": 3})
    lease_id = await lease_of(postgres_database, actor, house, 3)
    work: list[Work] = [lambda uow: leases.release_leases(uow, lease_ids=[lease_id])] * 3
    work.insert(1, importing(new_order(house, "T-1", {"CUP": 3}, lease="CART-7")))
    answers = [answer for (answer,) in await at_once(postgres_database, actor, work)]
    verdict = answers.pop(1)
    released = [not isinstance(answer, Refused) for answer in answers]
    assert released == [verdict.lease is LeaseUse.OVER] * 3
    assert verdict.short_pieces == 0
    assert await figures(postgres_database, actor, house.skus["CUP"]) == (3, 3, 0)
    assert (await kinds_told(postgres_database, actor)).count("stock_lease_closed") == 1
    await assert_sound(postgres_database, actor)


async def lease_of(database: Database, actor: Actor, house: House, quantity: int) -> UUID:
    """Promise cups to a checkout for a quarter of an hour, under the code CART-7."""
    wanted = leases.NewLease(
        "CART-7", "checkout", [leases.LeaseLine(house.skus["CUP"], quantity)], expires_in=timedelta(minutes=15)
    )
    async with database.unit_of_work(actor) as uow:
        (opened,) = await leases.open_leases(uow, leases=[wanted])
    assert isinstance(opened, leases.Opened), opened
    return opened.lease_id
