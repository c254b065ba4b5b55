"""docs/orders-and-stock.md shows what is: its diagrams follow the code, its examples run and answer as printed."""

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest_asyncio
import sqlalchemy as sa
from tests import builders_floor as floors
from tests.builders_accounts import make_shop
from tests.builders_catalog import make_bundle, make_skus
from tests.builders_orders import react

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import cancel, holds, merging, priorities, queries
from pickmesh.core.orders.rules import Action
from pickmesh.core.orders.tables import Progress, SalesOrder
from pickmesh.core.packing import shipping
from pickmesh.core.picking import put_backs
from pickmesh.core.picking import queries as pick_queries
from pickmesh.core.picking.put_backs import PutBackScan
from pickmesh.core.stock import adjustments, places, receipts
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.adjustments import Adjustment
from pickmesh.core.stock.places import NewPlace
from pickmesh.core.stock.receipts import Receipt
from pickmesh.graphql.ids import global_id

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
import draw_states  # noqa: E402 - stands beside its page, not in a package

PAGE = (DOCS / "orders-and-stock.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(graphql|json)\n(.*?)```", re.DOTALL)
STANDS_FOR = re.compile(r"<([a-z ]+) ([^<>]+)>")


def test_what_the_page_shows_of_the_code_is_what_the_code_says() -> None:
    assert draw_states.filled(PAGE) == PAGE, "run: python docs/draw_states.py"


@pytest_asyncio.fixture
async def shop_id(database: Database, merchant: Actor) -> UUID:
    """The page's own merchant: two warehouses, mugs and lids, a set of both."""
    shop_id = await make_shop(database, merchant, "TB")
    skus = dict(await make_skus(database, merchant, ["MUG", "LID"], shop="TB"))
    await make_bundle(database, merchant, "SET", {"MUG": 2, "LID": 1}, shop="TB")
    told = [
        NewPlace("HZ1", "A-01-1", "BIN", walk_sequence=1),
        NewPlace("HZ1", "A-09-1", "BIN", role="OVERFLOW", walk_sequence=9),
        NewPlace("HZ1", "HOSPITAL-1", "HOSPITAL"),
        NewPlace("SH1", "B-01-1", "BIN", walk_sequence=1),
    ]
    async with database.unit_of_work(merchant) as uow:
        saved = await places.save_places(uow, places=told)
        at = {place.code: one.place_id for place, one in zip(told, saved, strict=True) if isinstance(one, places.Saved)}
        rows = [
            Receipt(at["A-01-1"], skus["MUG"], 8),
            Receipt(at["A-09-1"], skus["MUG"], 4),
            Receipt(at["A-01-1"], skus["LID"], 5),
        ]
        for answer in await receipts.receive_stock(uow, receipts=rows):
            assert isinstance(answer, receipts.Received)
    return shop_id


async def test_every_example_of_the_page_runs_and_answers_as_printed(
    owner: Any, database: Database, merchant: Actor, shop_id: UUID
) -> None:
    ran = 0
    for query, answer in examples():
        text = await with_ids(owner, database, merchant, query)
        data = await owner.run(text)
        assert all(not found.get("userErrors") or answer for found in data.values() if isinstance(found, dict)), data
        if answer:
            assert data == json.loads(answer), f"{query}answers {json.dumps(data, ensure_ascii=False)}"
        await react(database, merchant)
        ran += 1
    assert ran > 5


def examples() -> Iterator[tuple[str, str]]:
    """Return the page's operations, each with the answer printed below it or none."""
    blocks = BLOCK.findall(PAGE)
    for number, (kind, text) in enumerate(blocks):
        if kind == "graphql":
            follows = blocks[number + 1] if number + 1 < len(blocks) else ("", "")
            yield text, follows[1] if follows[0] == "json" else ""


async def with_ids(owner: Any, database: Database, merchant: Actor, query: str) -> str:
    """Return an operation with ids where the page says what they stand for."""
    for whole, kind, name in {(each[0], each[1], each[2]) for each in STANDS_FOR.finditer(query)}:
        query = query.replace(whole, await FIND[kind](owner, database, merchant, name))
    return query


async def _shop(owner: Any, _database: Database, _merchant: Actor, name: str) -> str:
    return next(shop["id"] for shop in (await owner.run("{ shops { id code } }"))["shops"] if shop["code"] == name)


async def _sku(owner: Any, _database: Database, _merchant: Actor, name: str) -> str:
    found: str = (await owner.run("query ($code: String!) { sku(code: $code) { id } }", code=name))["sku"]["id"]
    return found


async def _warehouse(owner: Any, _database: Database, _merchant: Actor, name: str) -> str:
    asked = "query ($code: String!) { location(code: $code) { id } }"
    found: str = (await owner.run(asked, code=name))["location"]["id"]
    return found


async def _place(_owner: Any, database: Database, merchant: Actor, name: str) -> str:
    async with database.reading(merchant) as uow:
        (row,) = await stock_queries.places_by_code(uow, [name])
    return global_id("Place", row.id)


async def _order(_owner: Any, database: Database, merchant: Actor, name: str) -> str:
    return global_id("Order", await order_id(database, merchant, name))


async def _fulfillment_order(_owner: Any, database: Database, merchant: Actor, name: str) -> str:
    """The first of an order's, or with “, second” behind the order's number the second."""
    number, _, which = name.partition(", ")
    async with database.reading(merchant) as uow:
        id_ = await order_id(database, merchant, number)
        rows = (await queries.fulfillment_orders_of(uow, [id_]))[id_]
    return global_id("FulfillmentOrder", rows[1 if which else 0].id)


async def order_id(database: Database, merchant: Actor, name: str) -> UUID:
    """Return the id of the order a shop calls so."""
    async with database.reading(merchant) as uow:
        found = await uow.scalar(sa.select(SalesOrder.id).where(uow.mine(SalesOrder), SalesOrder.external_id == name))
    assert isinstance(found, UUID), name
    return found


async def _line(owner: Any, database: Database, merchant: Actor, name: str) -> str:
    """The first line of an order's first fulfillment order."""
    id_ = await _fulfillment_order(owner, database, merchant, name)
    asked = "query ($id: ID!) { fulfillmentOrder(id: $id) { lines { id } } }"
    found: str = (await owner.run(asked, id=id_))["fulfillmentOrder"]["lines"][0]["id"]
    return found


async def _transfer_line(owner: Any, _database: Database, _merchant: Actor, name: str) -> str:
    asked = "query ($number: String!) { transfer(number: $number) { lines { id } } }"
    found: str = (await owner.run(asked, number=name))["transfer"]["lines"][0]["id"]
    return found


async def _lease(owner: Any, _database: Database, _merchant: Actor, name: str) -> str:
    found: str = (await owner.run("query ($code: String!) { stockLease(code: $code) { id } }", code=name))[
        "stockLease"
    ]["id"]
    return found


async def _rule(owner: Any, _database: Database, _merchant: Actor, name: str) -> str:
    rules = (await owner.run("{ reviewRules { id name } }"))["reviewRules"]
    return next(rule["id"] for rule in rules if rule["name"] == name)


FIND: dict[str, Callable[..., Any]] = {
    "shop": _shop,
    "sku": _sku,
    "warehouse": _warehouse,
    "place": _place,
    "order": _order,
    "fulfillment order": _fulfillment_order,
    "line": _line,
    "transfer line": _transfer_line,
    "rule": _rule,
    "lease": _lease,
}


class Orders:
    """Real orders on a real floor, and what the page says should become of each."""

    def __init__(self, floor: floors.Floor) -> None:
        self.floor = floor
        self.done: set[str] = set()

    async def run(self, command: Callable[[UnitOfWork], Any], actor: Actor | None = None) -> Any:
        (answer,) = await self.floor.database.run(actor or self.floor.actor, command)
        return floors.done(answer)

    async def goes(self, id_: UUID, name: str, act: Any) -> None:
        """Do what the diagram calls by a name: the order must be shown as the diagram says."""
        row = await floors.order_row(self.floor, id_)
        before = draw_states.Situation(Progress(row.progress), queries.facts_of(row))
        expected = dict(draw_states.ways_on(before))[name]
        await act
        await floors.react(self.floor)
        after = await floors.order_row(self.floor, id_)
        assert queries.status_of(after, self.floor.database.clock.now()) is expected.status, name
        self.done.add(name)


async def test_every_arrow_of_the_diagram_is_what_happens_to_a_real_order(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor = await floors.make_floor(database, merchant, {"A-01": {"CUP": 8, "LID": 1}}, totes=3)
    orders = Orders(floor)
    ids = await floors.bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(6)} | {"L": {"LID": 1}})
    await wait_and_stop(orders, ids[0])
    await join(orders, ids[1], ids[2])
    await orders_ship(orders, ids[3])
    await stop_under_way(orders, ids[4])
    await run_short(orders, ids[6])
    await come_due(orders, ids[5], clock)
    assert orders.done == {*(action.value for action in draw_states.ACTS), *draw_states.EVENTS}


async def wait_and_stop(orders: Orders, id_: UUID) -> None:
    held = orders.run(lambda uow: holds.hold(uow, fulfillment_order_ids=[id_]))
    await orders.goes(id_, Action.HOLD, held)
    async with orders.floor.database.reading(orders.floor.actor) as uow:
        (hold,) = (await queries.holds_of(uow, [id_]))[id_]
    await orders.goes(id_, Action.RELEASE_HOLD, orders.run(lambda uow: holds.release_hold(uow, hold_ids=[hold.id])))
    cancelled = orders.run(lambda uow: cancel.cancel_fulfillment_orders(uow, ids=[id_], reason="BUYER"))
    await orders.goes(id_, Action.CANCEL, cancelled)


async def join(orders: Orders, id_: UUID, other: UUID) -> None:
    merged = orders.run(lambda uow: merging.merge_fulfillment_orders(uow, merges=[[id_, other]]))
    await orders.goes(other, Action.MERGE, merged)


async def orders_ship(orders: Orders, id_: UUID) -> None:
    floor = orders.floor
    await orders.goes(id_, Action.RELEASE, floors.release(floor, orders=[id_]))
    async with floor.database.reading(floor.actor) as uow:
        (wave,) = (await pick_queries.waves_of_orders(uow, [id_]))[id_]
        (walk,) = (await pick_queries.pick_lists_of_waves(uow, [wave.wave_id]))[wave.wave_id]
    await orders.goes(id_, Action.PICK, floors.pick_list(floor, walk.id, "T-0001"))
    parcel_id = await floors.open_parcel(floor, id_)
    floors.done(await floors.verify(floor, parcel_id, "CUP"))
    await orders.goes(id_, Action.PACK, floors.seal(floor, parcel_id))
    await floors.get_number(floor, parcel_id)
    shipped = orders.run(lambda uow: shipping.ship_parcels(uow, parcel_ids=[parcel_id]), floor.packer)
    await orders.goes(id_, Action.SHIP, shipped)


async def stop_under_way(orders: Orders, id_: UUID) -> None:
    floor = orders.floor
    (list_id,) = (await floors.release(floor, orders=[id_])).pick_list_ids
    await floors.pick_list(floor, list_id, "T-0002")
    stopped = orders.run(lambda uow: cancel.intercept(uow, ids=[id_], reason="BUYER"))
    await orders.goes(id_, Action.INTERCEPT, stopped)
    async with floor.database.reading(floor.actor) as uow:
        (task,) = (await pick_queries.tasks_about(uow, [id_]))[id_]
    back = PutBackScan(task.id, floor.warehouse.bins["A-01"], 1, new_id())
    returned = orders.run(lambda uow: put_backs.put_back(uow, backs=[back]), floor.picker)
    await orders.goes(id_, "its goods are back", returned)


async def run_short(orders: Orders, id_: UUID) -> None:
    floor = orders.floor
    at, lid = floor.warehouse.bins["A-01"], floor.house.skus["LID"]
    gone = orders.run(lambda uow: adjustments.adjust_stock(uow, adjustments=[Adjustment(at, lid, -1)]))
    await orders.goes(id_, "its stock is lost", gone)
    came = orders.run(lambda uow: receipts.receive_stock(uow, receipts=[Receipt(at, lid, 1)]))
    await orders.goes(id_, "stock arrives", came)


async def come_due(orders: Orders, id_: UUID, clock: StoppedClock) -> None:
    tomorrow = [priorities.Reschedule(id_, clock.now() + timedelta(days=1))]
    later = orders.run(lambda uow: priorities.reschedule_fulfillment_orders(uow, schedules=tomorrow))
    await orders.goes(id_, Action.RESCHEDULE, later)
    await orders.goes(id_, "its day comes", asyncio.to_thread(clock.advance, timedelta(days=2)))
