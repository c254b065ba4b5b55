"""A wave of any kind worked by scans alone, through the front: people with phones, and the exact figures afterwards.

Nothing after the release is marked by hand. A phone's first scan opens its session; who obeys does what the screen
says; only a manager's acts (stopping an order, taking one out of its wave, the hospital's key) are mutations.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tests import builders_floor as floors
from tests.builders_floor import Floor, violations
from tests.builders_stock import put_stock

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.rules import UNDER_WAY
from pickmesh.core.packing.issuing import issue_waybills
from pickmesh.core.packing.tables import Waybill
from pickmesh.core.picking import walls
from pickmesh.core.picking.tables import ExceptionTask, TaskStatus, WaveKind
from pickmesh.core.stock.places import NewPlace, save_places
from pickmesh.core.stock.tables import Place, PlaceKind, StockBalance
from pickmesh.graphql.ids import global_id

SHELVES = {"A-01": {"TEA": 20}, "A-02": {"CUP": 20}, "B-01": {"TEA": 5, "CUP": 5}}
TOTES = 8
SLOTS = ("V-01", "V-02", "V-03")
_MIXED = {"N1": {"TEA": 2, "CUP": 1}, "N2": {"TEA": 1}, "N3": {"CUP": 2}}
ORDERS: Mapping[WaveKind, Mapping[str, Mapping[str, int]]] = {
    WaveKind.SINGLE_ITEM: {"N1": {"TEA": 1}, "N2": {"TEA": 1}, "N3": {"CUP": 1}},
    WaveKind.HOT_SALE: {number: {"TEA": 2, "CUP": 1} for number in ("N1", "N2", "N3")},
    WaveKind.PUT_WALL: _MIXED,
    WaveKind.CLUSTER: _MIXED,
    WaveKind.DISCRETE: _MIXED,
}
"""Three orders that fit each kind; N1 is the one that something befalls."""

STATIONS = frozenset({WaveKind.SINGLE_ITEM, WaveKind.HOT_SALE})
BOOKED = frozenset({"ACCEPTED", "LINE_DONE", "TASK_DONE"})
RECORD = """mutation ($input: ScanRecordInput!) { scanRecord(input: $input) {
  verdicts { outcome message } userErrors { code }
  session { id job step instruction parcel { id } progress { done total }
    next { placeCode skuCode toteCode remaining } } } }"""
PLAN = """mutation ($input: WavePlanInput!) { wavePlan(input: $input) { wave { id number } userErrors { code } } }"""
RELEASE = """mutation ($input: WaveReleaseInput!) { waveRelease(input: $input) {
  wave { status } kickedOut { id } pickLists { number } userErrors { code } } }"""
STOP = """mutation ($input: FulfillmentOrder%sInput!) { fulfillmentOrder%s(input: $input) {
  stopped { outcome } userErrors { code } } }"""
KICK_OUT = """mutation ($input: WaveKickOutInput!) { waveKickOut(input: $input) {
  kickedOut { comesBack } userErrors { code } } }"""
STATUS = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on FulfillmentOrder { status } } }"""
TO_HOSPITAL = """mutation ($input: ToteToHospitalInput!) { toteToHospital(input: $input) { userErrors { code } } }"""
SETTLE = """mutation ($input: ToteSettleInput!) { toteSettle(input: $input) {
  totes { toteState } userErrors { code } } }"""


@dataclass(slots=True)
class Scanner:
    """A person's phone at the front; without a session the next scan opens one."""

    client: Any
    clock: Any
    session: Any = None
    left: Any = None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    said: list[Mapping[str, str]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    async def say(self, kind: str, **more: Any) -> str:
        """Send one entry; return its outcome. Nothing is answered with silence."""
        entry = {
            "clientId": str(new_id()),
            "sequence": next(self.numbers),
            "recordedAt": self.clock.now().isoformat().replace("+00:00", "Z"),
            "kind": kind,
            **more,
        }
        told = {"sessionId": self.session and self.session["id"], "entries": [entry]}
        answer = (await self.client.run(RECORD, input=told))["scanRecord"]
        if answer["userErrors"]:  # nothing could be opened
            return str(answer["userErrors"][0]["code"])
        (verdict,) = answer["verdicts"]
        assert verdict["message"].strip() and answer["session"]["instruction"].strip()
        self.session = answer["session"]
        self.said.append(verdict)
        self.sent.append(entry["clientId"])
        return str(verdict["outcome"])

    async def scan(self, *codes: str) -> list[str]:
        """Scan codes one after the other; return the outcomes."""
        return [await self.say("SCAN", raw=code, source="WEDGE") for code in codes]

    async def undo(self) -> str:
        """Take back what was booked last."""
        return await self.say("UNDO", reason="a slip of the hand")

    def lay_down(self) -> None:
        """Go away from the work; what is scanned next opens whatever it names."""
        self.left, self.session = self.session or self.left, None

    def take_up(self) -> None:
        """Come back to the work that was laid down."""
        self.session = self.left

    @property
    def step(self) -> str:
        """Where the screen stands."""
        return str(self.session["step"])

    @property
    def next(self) -> Mapping[str, Any]:
        """What the screen asks for."""
        found: Mapping[str, Any] = self.session["next"] or {}
        return found

    @property
    def message(self) -> str:
        """What was said last."""
        return self.said[-1]["message"]


@dataclass(frozen=True, slots=True)
class Figures:
    """How everything stands: orders by status, pieces by place and SKU wherever any lie, open tasks, pieces gone."""

    orders: Mapping[str, str]
    lying: Mapping[str, Mapping[str, int]]
    tasks: Sequence[tuple[str, str | None, int]] = ()
    shipped: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Hall:
    """A warehouse with a wave of one kind and everybody who works on it."""

    kind: WaveKind
    orders: Mapping[str, Mapping[str, int]]
    floor: Floor
    shelves: Mapping[str, Mapping[str, int]]
    manager: Any
    picker: Scanner
    sorter: Scanner
    packer: Scanner
    back: Scanner
    lead: Scanner
    came: Counter[str] = field(default_factory=Counter)
    wave_id: str = ""
    wave: str = ""
    lists: list[str] = field(default_factory=list)
    free: Iterator[str] = field(default_factory=lambda: iter([f"T-{number:04d}" for number in range(1, TOTES + 1)]))

    async def plan(self) -> None:
        """A manager plans a wave of everything."""
        told = {"locationId": global_id("Location", self.floor.location_id), "kind": self.kind.name}
        answer = (await self.manager.run(PLAN, input=told))["wavePlan"]
        assert answer["userErrors"] == []
        self.wave_id, self.wave = answer["wave"]["id"], answer["wave"]["number"]

    async def release(self) -> int:
        """A manager releases it; return how many orders had to stay behind."""
        answer = (await self.manager.run(RELEASE, input={"id": self.wave_id}))["waveRelease"]
        assert answer["userErrors"] == []
        self.lists = [one["number"] for one in answer["pickLists"]]
        return len(answer["kickedOut"])

    def order_id(self, number: str) -> str:
        """Return an order's id at the front."""
        return global_id("FulfillmentOrder", self.floor.orders[number])

    async def stop(self, number: str = "N1", *, how: str = "Cancel") -> str:
        """A manager stops an order wherever it is, and the worker process does what follows; return what came of it."""
        told = {"fulfillmentOrders": [{"id": self.order_id(number)}], "reason": "BUYER"}
        answer = (await self.manager.run(STOP % (how, how), input=told))[f"fulfillmentOrder{how}"]
        assert answer["userErrors"] == [], answer
        await self.settle()
        return str(answer["stopped"][0]["outcome"])

    async def kick_out(self, number: str = "N1") -> bool:
        """A manager takes an order out of the wave; return whether goods of it come back first."""
        told = {"id": self.wave_id, "fulfillmentOrderIds": [self.order_id(number)], "reason": "LATER"}
        answer = (await self.manager.run(KICK_OUT, input=told))["waveKickOut"]
        assert answer["userErrors"] == [], answer
        await self.settle()
        return bool(answer["kickedOut"][0]["comesBack"])

    async def settle(self) -> None:
        """Let the carrier answer and the worker process catch up."""
        floor = self.floor
        async with floor.database.reading(floor.actor) as uow:
            asked = await uow.fetch(sa.select(Waybill.id).where(uow.mine(Waybill), Waybill.number.is_(None)))
        if asked:
            ids = [row.id for row in asked]
            await issue_waybills(floor.database, floor.actor, floors.CARRIERS, waybill_ids=ids)
        await floors.react(floor)

    async def receive(self, bin_code: str, sku: str, quantity: int) -> None:
        """Let goods come into a bin, and the worker process give them to who waits for them."""
        floor = self.floor
        await put_stock(floor.database, floor.actor, floor.warehouse.bins[bin_code], floor.house.skus[sku], quantity)
        self.came[sku] += quantity
        await self.settle()

    # What people do with a phone.

    async def obey(self, phone: Scanner) -> str:
        """Do what the screen says once; return the outcome, which must have booked something or gone on."""
        outcome = await self._asked(phone)
        assert outcome in BOOKED, (phone.session["job"], phone.step, phone.message)
        return outcome

    async def _asked(self, phone: Scanner) -> str:
        job, step, next_ = phone.session["job"], phone.step, phone.next
        if step in {"SEAL", "WEIGH"}:
            weight = {"weightG": 100 * phone.session["progress"]["done"]} if step == "WEIGH" else {}
            return await phone.say("WEIGHT" if weight else "SEAL", **weight)
        code = {
            ("PICK", "TOTE"): lambda: next(self.free),
            ("PICK", "PUT"): lambda: next_["toteCode"],
            ("SORT", "WALL"): lambda: SLOTS[0],
            ("SORT", "SLOT"): lambda: next_["placeCode"],
            ("PUT_BACK", "PLACE"): lambda: re.split(r"\W (?:or )?| or ", next_["placeCode"])[0],
        }.get((job, step))
        found = code() if code else next_["placeCode"] if step == "PLACE" else next_["skuCode"]
        return (await phone.scan(found))[0]

    async def obey_until(self, phone: Scanner, *steps: str) -> None:
        """Do what the screen says until it stands at one of these steps."""
        while phone.step not in steps:
            await self.obey(phone)

    async def pick(self, number: str) -> None:
        """Scan a list's label and walk it to its end."""
        self.picker.lay_down()
        if await self.picker.scan(number) != ["WRONG_STATE"]:
            await self.obey_until(self.picker, "DONE")

    async def pick_all(self) -> None:
        """Walk every list of the wave that is not walked yet."""
        for number in self.lists:
            await self.pick(number)
        await self.settle()

    async def totes(self) -> list[str]:
        """Return the totes that hold something, as one sees them standing there."""
        return sorted(code for code in await self.lying() if code.startswith("T-"))

    async def sort_all(self) -> None:
        """Scan the tote of a put-wall wave and sort all of it; other kinds are not sorted."""
        if self.kind is not WaveKind.PUT_WALL:
            return
        for tote in await self.totes():
            self.sorter.lay_down()
            if (await self.sorter.scan(tote))[0] in {*BOOKED, "DUPLICATE"}:
                for sku in sorted((await self.lying())[tote]):
                    await self._sort(sku)
        await self.settle()

    async def _sort(self, sku: str) -> None:
        """Take all pieces of a kind out of the tote one by one, until they are sorted or the rest was stopped."""
        while self.sorter.step != "OPEN":
            if self.sorter.step == "ITEM" and (await self.sorter.scan(sku))[0] not in BOOKED:
                return
            if self.sorter.step != "ITEM":
                await self.obey(self.sorter)

    async def begin_packing(self) -> bool:
        """Scan at the bench what waits there (a unit, a full slot, a tote); return whether an order is open then."""
        self.packer.lay_down()
        if self.kind in STATIONS:
            waiting = [
                (tote, sku) for tote in await self.totes() for sku in sorted((await self.lying())[tote], reverse=True)
            ]
            for tote, sku in waiting:
                if await self.packer.scan(tote, sku) and self.packer.said[-1]["outcome"] in BOOKED:
                    return True
            return False
        places = SLOTS if self.kind is WaveKind.PUT_WALL else await self.totes()
        for place in [each for each in places if each in await self.lying()]:
            if (await self.packer.scan(place))[0] in BOOKED:
                return True
        return False

    async def pack_all(self) -> None:
        """Pack whatever is ready until nothing is."""
        while await self.begin_packing():
            if self.packer.step != "OPEN":
                await self.obey_until(self.packer, "OPEN")
            await self.settle()

    async def ship_all(self) -> None:
        """Pick, sort, pack and ship everything that goes."""
        await self.pick_all()
        await self.sort_all()
        await self.pack_all()

    async def put_back_all(self) -> None:
        """Put back whatever is to come back, by scans: the task's label, the goods, their bin."""
        while tasks := [each for each in await self.open_tasks() if each.kind == "PUT_BACK"]:
            self.back.lay_down()
            assert await self.back.scan(f"X-{tasks[0].number:04d}") == ["ACCEPTED"]
            await self.obey(self.back)
            await self.obey(self.back)
            await self.settle()

    # How things stand.

    async def lying(self) -> dict[str, dict[str, int]]:
        """Return the pieces at every place that has any, by SKU; parcels go by the name PARCEL."""
        async with self.floor.database.reading(self.floor.actor) as uow:
            found = await uow.fetch(
                sa.select(Place.code, Place.kind, Sku.code.label("sku"), StockBalance.quantity)
                .join(Place, (Place.merchant_id == StockBalance.merchant_id) & (Place.id == StockBalance.place_id))
                .join(Sku, (Sku.merchant_id == StockBalance.merchant_id) & (Sku.id == StockBalance.sku_id))
                .where(uow.mine(StockBalance), StockBalance.quantity != 0)
            )
        lying: dict[str, Counter[str]] = {}
        for row in found:
            code = "PARCEL" if row.kind == PlaceKind.PARCEL else row.code
            lying.setdefault(code, Counter())[row.sku] += row.quantity
        return {code: dict(pieces) for code, pieces in lying.items()}

    async def open_tasks(self) -> Sequence[Any]:
        """Return the exception tasks nobody has settled."""
        task = ExceptionTask
        async with self.floor.database.reading(self.floor.actor) as uow:
            return await uow.fetch(
                sa.select(task.number, task.kind, task.quantity, Sku.code.label("sku"))
                .outerjoin(Sku, (Sku.merchant_id == task.merchant_id) & (Sku.id == task.sku_id))
                .where(uow.mine(task), task.status == TaskStatus.OPEN)
                .order_by(task.kind, Sku.code, task.quantity)
            )

    async def statuses(self) -> dict[str, str]:
        """Return the orders' statuses as the front shows them."""
        ids = {number: self.order_id(number) for number in self.orders}
        nodes = (await self.manager.run(STATUS, ids=list(ids.values())))["nodes"]
        return {number: node["status"] for number, node in zip(ids, nodes, strict=True)}

    async def figures(self) -> Figures:
        """Return how everything stands; no invariant may be violated and no piece lost."""
        await self.settle()
        assert await violations(self.floor) == []
        lying, orders = await self.lying(), list(self.floor.orders.values())
        async with self.floor.database.reading(self.floor.actor) as uow:
            lines = await order_queries.lines_of_fulfillment_orders(uow, orders)
            slots = await walls.wall_slots(uow, self.floor.location_id)
            order_rows = await order_queries.fulfillment_orders(uow, orders)
        for slot in slots:  # as long as something lies in it, or its order may still get something
            waits = order_rows[slot.fulfillment_order_id].progress if slot.fulfillment_order_id else None
            assert (slot.state != "EMPTY") == (slot.slot.code in lying or waits in UNDER_WAY), slot
        shipped: Counter[str] = Counter()
        codes = {sku_id: code for code, sku_id in self.floor.house.skus.items()}
        for line in (line for order_id in orders for line in lines[order_id]):
            shipped[codes[line.sku_id]] += line.shipped_quantity
        there = sum((Counter(pieces) for pieces in lying.values()), Counter(shipped))
        assert there == sum((Counter(pieces) for pieces in self.shelves.values()), Counter(self.came))
        tasks = [(row.kind, row.sku, row.quantity) for row in await self.open_tasks()]
        return Figures(await self.statuses(), lying, tasks, {sku: pieces for sku, pieces in shipped.items() if pieces})

    def expected(self, gone: Sequence[str], **others: str) -> Figures:
        """Return how it must stand when just these orders have shipped and nothing is open: the rest is in its bins."""
        shipped = sum((Counter(self.orders[number]) for number in gone), Counter[str]())
        left = {code: dict(pieces) for code, pieces in self.shelves.items()}
        for sku, pieces in shipped.items():
            left[{"TEA": "A-01", "CUP": "A-02"}[sku]][sku] -= pieces
        lying = {
            code: {sku: each for sku, each in pieces.items() if each}
            for code, pieces in left.items()
            if any(pieces.values())
        }
        return Figures(dict.fromkeys(gone, "SHIPPED") | others, lying, [], dict(shipped))


async def make_hall(
    database: Database,
    merchant: Actor,
    client_of: Any,
    kind: WaveKind,
    shelves: Mapping[str, Mapping[str, int]] = SHELVES,
    *,
    planned: bool = False,
    **location: Any,
) -> Hall:
    """Make a warehouse with a wall and orders of a kind, everybody signed in, and the wave released (or `planned`)."""
    floor = await floors.make_floor(database, merchant, shelves, totes=TOTES, **location)
    async with database.unit_of_work(merchant) as uow:
        await save_places(uow, places=[NewPlace("WH1", code, "WALL_SLOT") for code in SLOTS])
    await floors.bring_orders(floor, ORDERS[kind])
    await floors.react(floor)
    manager = await client_of(merchant, Role.MANAGER)
    roles = (Role.PICKER, Role.PICKER, Role.PACKER, Role.PICKER, Role.MANAGER)
    phones = [Scanner(await client_of(merchant, role), database.clock) for role in roles]
    hall = Hall(kind, ORDERS[kind], floor, shelves, manager, *phones)
    await hall.plan()
    if not planned:
        assert await hall.release() == 0
    return hall


def tote_place(hall: Hall, code: str) -> UUID:
    """Return the place a tote is."""
    return hall.floor.warehouse.totes[code]
