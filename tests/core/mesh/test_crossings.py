"""Messages that cross on the wire: whatever passes whatever, both sides come to one state, and their books agree."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import builders_mesh
import pytest
from builders_dropships import (
    Trade,
    accept,
    assert_sound,
    call_off,
    dropship,
    floor_ships,
    fulfillment_order,
    make_trade,
    make_trader,
    owed,
    reject,
    shop_letters,
    short_order,
    statuses,
    submitted,
    supplier_order,
)
from builders_floor import done, pick_list, release
from builders_mesh import dead_letters, make_mapped, make_partners, mesh_letters, pump

from pickmesh.app.composition import ROOMS
from pickmesh.core.journal import timers
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Letter
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.mesh import cancelling, dropship_queries, inbox, messages, posting, rules
from pickmesh.core.mesh.inbox import Arriving
from pickmesh.core.mesh.rules import Part, Standing
from pickmesh.core.mesh.tables import DropshipStatus
from pickmesh.core.orders import cancel
from pickmesh.core.packing import shipping

Step = Callable[[Trade, UUID], Awaitable[object]]


async def nothing(trade: Trade, dropship_id: UUID) -> None:
    """Let the supplier do nothing before it hears of the wish."""


async def accepts(trade: Trade, dropship_id: UUID) -> None:
    await accept(trade.supplier, dropship_id)


async def rejects(trade: Trade, dropship_id: UUID) -> None:
    await reject(trade.supplier, dropship_id)


async def ships(trade: Trade, dropship_id: UUID) -> None:
    await accept(trade.supplier, dropship_id)
    await floor_ships(trade.supplier, await supplier_order(trade, dropship_id), {"KETTLE": 2})


async def cancels(trade: Trade, dropship_id: UUID) -> None:
    await accept(trade.supplier, dropship_id)
    theirs = await supplier_order(trade, dropship_id)
    async with trade.database.unit_of_work(trade.supplier.member.actor) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[theirs], reason="BROKEN")


async def gives_up(trade: Trade, dropship_id: UUID) -> None:
    """Let the supplier cancel its order and tell so before it hears of the wish."""
    await cancels(trade, dropship_id)
    theirs = (await dropship(trade.supplier, dropship_id)).order_id
    await trade.database.run(trade.supplier.member.actor, lambda uow: cancelling.settle_orders(uow, [theirs]))


@pytest.mark.parametrize(
    ("supplier", "end", "order"),
    [
        (nothing, "CANCELLED", ("CANCELLED", "CANCELLATION_ACCEPTED")),
        (accepts, "CANCELLED", ("CANCELLED", "CANCELLATION_ACCEPTED")),
        (rejects, "REJECTED", ("CANCELLED", "REJECTED")),
        (ships, "SHIPPED", ("SHIPPED", "CLOSED")),
        (cancels, "CANCELLED", ("CANCELLED", "CANCELLATION_ACCEPTED")),
        (gives_up, "REJECTED", ("CANCELLED", "REJECTED")),
    ],
)
async def test_a_wish_to_cancel_crosses_what_the_supplier_does(
    database: Database, supplier: Step, end: str, order: tuple[str, str]
) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    ours = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    dropship_id = await submitted(trade.distributor, ours)
    await trade.pump()
    await supplier(trade, dropship_id)
    (asked,) = await call_off(trade.distributor, dropship_id)
    assert not isinstance(asked, Refused)
    stopped = await fulfillment_order(trade.distributor, ours)
    assert (stopped.request_status, stopped.intercepted_at is None) == ("CANCELLATION_REQUESTED", False)
    await trade.pump()
    assert await statuses(trade, dropship_id) == (end, end)
    after = await fulfillment_order(trade.distributor, ours)
    assert (after.progress, after.request_status) == order
    assert await dead_letters(database, trade.distributor.member) == 0
    assert len(await shop_letters(trade.distributor)) == (1 if end == "SHIPPED" else 0)
    await assert_sound(*trade.both)


async def test_a_cancelled_order_of_ours_is_asked_back_whoever_cancelled_it(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    ours = await short_order(trade.distributor, "TB-1", {"KETTLE": 2})
    dropship_id = await submitted(trade.distributor, ours)
    await trade.pump()
    async with database.unit_of_work(trade.distributor.member.actor) as uow:
        (answer,) = await cancel.cancel_fulfillment_orders(uow, ids=[ours], reason="BUYER")
    assert isinstance(answer, cancel.Cancelled)
    assert answer.outcome == cancel.Outcome.INTERCEPTED
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("CANCELLED", "CANCELLED")
    assert (await fulfillment_order(trade.distributor, ours)).progress == "CANCELLED"
    await assert_sound(*trade.both)


async def test_what_the_supplier_has_on_its_floor_is_intercepted_there(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-1", {"KETTLE": 2}))
    await trade.pump()
    await accept(trade.supplier, dropship_id)
    theirs = await supplier_order(trade, dropship_id)
    wave = await release(trade.supplier.floor, orders=[theirs])
    await pick_list(trade.supplier.floor, wave.pick_list_ids[0], "T-0001")
    await call_off(trade.distributor, dropship_id)
    await trade.pump()
    assert await statuses(trade, dropship_id) == ("CANCELLED", "CANCELLED")
    assert (await fulfillment_order(trade.supplier, theirs)).intercepted_at is not None
    await assert_sound(*trade.both)


async def test_calling_off_twice_asks_once_and_what_has_ended_is_refused(database: Database) -> None:
    trade = await make_trade(database, {"KETTLE": 5})
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-1", {"KETTLE": 2}))
    await trade.pump()
    await call_off(trade.distributor, dropship_id, dropship_id)
    await call_off(trade.distributor, dropship_id)
    kinds = [letter.payload["kind"] for letter in await mesh_letters(database, trade.distributor.member, waiting=True)]
    assert kinds == ["CANCELLATION_REQUESTED"]
    await trade.pump()
    (ended,) = await call_off(trade.distributor, dropship_id)
    (wrong_side,) = await call_off(trade.supplier, dropship_id)
    assert [one.refusal.code for one in (ended, wrong_side) if isinstance(one, Refused)] == [
        "DROPSHIP_ENDED",
        "NOT_THE_DISTRIBUTOR",
    ]


@dataclass(frozen=True, slots=True)
class Chain:
    """Three merchants: the first asks the second, which has asked the third."""

    first: Trade
    second: Trade
    order: UUID
    near: UUID
    far: UUID

    async def carry(self) -> None:
        members = (self.first.distributor.member, self.first.supplier.member, self.second.supplier.member)
        await pump(self.first.database, *members)


async def make_chain(database: Database) -> Chain:
    first = await make_trade(database, {"KETTLE": 3}, hours_to_answer=2)
    end = await make_trader(database, "end", {"KETTLE": 5})
    middle = first.supplier
    onward = await make_partners(database, middle.member, end.member, auto_route=True)
    await make_mapped(database, end.member, middle.member, onward, "KETTLE")
    order = await short_order(first.distributor, "TB-1", {"KETTLE": 3})
    near = await submitted(first.distributor, order)
    await short_order(middle, "MINE", {"KETTLE": 3})
    await pump(database, first.distributor.member, middle.member, end.member)
    between = (await dropship(middle, near)).fulfillment_order_id
    async with database.reading(middle.member.actor) as uow:
        (row,) = (await dropship_queries.dropships_of_fulfillment_orders(uow, [between]))[between]
    return Chain(first, Trade(database, middle, end, onward), order, near, row.id)


@pytest.mark.parametrize("accepted", [False, True])
async def test_a_cancellation_goes_up_the_chain_and_its_answer_comes_back(database: Database, accepted: bool) -> None:
    chain = await make_chain(database)
    if accepted:
        await accept(chain.second.supplier, chain.far)
        await chain.carry()
    await call_off(chain.first.distributor, chain.near)
    await chain.carry()
    assert await statuses(chain.first, chain.near) == ("CANCELLED", "CANCELLED")
    assert await statuses(chain.second, chain.far) == ("CANCELLED", "CANCELLED")
    await assert_sound(*chain.first.both, chain.second.supplier)


async def test_a_cancellation_that_comes_too_late_for_the_end_of_the_chain_is_refused_all_the_way(
    database: Database,
) -> None:
    chain = await make_chain(database)
    await accept(chain.second.supplier, chain.far)
    await chain.carry()
    await floor_ships(chain.second.supplier, await supplier_order(chain.second, chain.far), {"KETTLE": 3})
    await call_off(chain.first.distributor, chain.near)
    await chain.carry()
    assert await statuses(chain.first, chain.near) == ("SHIPPED", "SHIPPED")
    assert await statuses(chain.second, chain.far) == ("SHIPPED", "SHIPPED")
    assert (await fulfillment_order(chain.first.distributor, chain.order)).progress == "SHIPPED"
    await assert_sound(*chain.first.both, chain.second.supplier)


async def test_a_parcel_called_back_at_the_end_of_the_chain_is_called_back_all_the_way(
    database: Database, clock: StoppedClock
) -> None:
    chain = await make_chain(database)
    await accept(chain.second.supplier, chain.far)
    await chain.carry()
    parcel = await floor_ships(chain.second.supplier, await supplier_order(chain.second, chain.far), {"KETTLE": 3})
    await chain.carry()
    actor = chain.second.supplier.member.actor
    seen = []
    for act in (shipping.unship_parcels, shipping.ship_parcels):
        more = {"reason": "WRONG_LABEL"} if act is shipping.unship_parcels else {}
        clock.advance(timedelta(minutes=1))
        async with database.unit_of_work(actor) as uow:
            done((await act(uow, parcel_ids=[parcel], **more))[0])
        await chain.carry()
        seen.append({*await statuses(chain.first, chain.near), *await statuses(chain.second, chain.far)})
        await assert_sound(*chain.first.both, chain.second.supplier)
    assert seen == [{"ACCEPTED"}, {"SHIPPED"}]
    assert await owed(chain.first.distributor, chain.first.partnership_id) == {"CNY": -2400}


async def test_the_middle_rejects_once_its_own_partner_has_let_go(database: Database) -> None:
    chain = await make_chain(database)
    (waits,) = await reject(chain.first.supplier, chain.near)
    assert not isinstance(waits, Refused)
    assert waits.status == DropshipStatus.SUBMITTED
    await chain.carry()
    assert await statuses(chain.first, chain.near) == ("REJECTED", "REJECTED")
    assert (await dropship(chain.first.distributor, chain.near)).reason == "OUT_OF_STOCK"
    assert await statuses(chain.second, chain.far) == ("CANCELLED", "CANCELLED")
    await assert_sound(*chain.first.both, chain.second.supplier)


async def test_the_middle_accepts_after_all_when_its_partner_has_shipped(
    database: Database, clock: StoppedClock
) -> None:
    chain = await make_chain(database)
    await accept(chain.second.supplier, chain.far)
    await floor_ships(chain.second.supplier, await supplier_order(chain.second, chain.far), {"KETTLE": 3})
    clock.advance(timedelta(hours=3))  # the far answer has not arrived: the middle gives up, and cannot
    await database.run(chain.first.supplier.member.actor, timers.fire_due)
    await chain.carry()
    assert await statuses(chain.first, chain.near) == ("SHIPPED", "SHIPPED")
    assert await statuses(chain.second, chain.far) == ("SHIPPED", "SHIPPED")
    await assert_sound(*chain.first.both, chain.second.supplier)


@pytest.mark.parametrize("status", list(DropshipStatus))
def test_every_crossing_of_the_table_ends_in_one_state(status: DropshipStatus) -> None:
    """What the supplier answers a wish with is something the distributor can hear in the state the wish left it in."""
    asked_back = DropshipStatus.CANCELLATION_REQUESTED
    heard = rules.SUPPLIER_HEARS.get((status, messages.CancellationRequested.kind))
    if heard is None:
        assert status in {asked_back, DropshipStatus.CANCELLED}  # a distributor that asked does not ask again
        return
    for standing in Standing:
        settled = rules.settled(heard, standing)
        if settled is None:
            continue
        theirs = asked_back
        for kind in settled[1]:
            theirs = rules.DISTRIBUTOR_HEARS[theirs, kind.kind]
        assert theirs == settled[0]


@pytest.mark.parametrize(
    ("parts", "standing"),
    [
        ([Part(False, False, False, False, False)], Standing.GOES_ON),
        ([Part(True, False, False, False, False)], Standing.STOPPED),
        ([Part(False, True, False, False, False)], Standing.STOPPED),
        ([Part(False, True, True, False, False)], Standing.ASKED_BACK),
        ([Part(True, False, False, False, False), Part(False, True, True, False, False)], Standing.ASKED_BACK),
        ([Part(False, False, False, True, False)], Standing.SHIPPED),
        ([Part(False, False, False, True, True)], Standing.SHIPPED),
        ([Part(False, False, False, True, True), Part(True, False, False, False, False)], Standing.SHIPPED_IN_PART),
        ([Part(False, False, False, True, True), Part(False, False, False, False, False)], Standing.SHIPPED),
    ],
)
def test_what_has_become_of_an_order(parts: list[Part], standing: Standing) -> None:
    assert rules.standing(parts) == standing


@dataclass(slots=True)
class Storm:
    """A few dropships, done to at random; `delivered` are letters that may come again."""

    trade: Trade
    clock: StoppedClock
    chance: random.Random
    ids: list[UUID]
    shipped: set[UUID] = field(default_factory=set)
    parcels: dict[UUID, UUID] = field(default_factory=dict)
    delivered: list[tuple[UUID, Arriving]] = field(default_factory=list)

    async def step(self) -> None:
        done_to = self.chance.choice(self.ids)
        acts = (self.accept, self.reject, self.call_off, self.ship, self.expire, self.call_back, self.ship)
        act = self.chance.choice(
            (*acts, self.deliver, self.deliver, self.deliver, self.deliver, self.again, self.react)
        )
        await act(done_to)

    async def accept(self, dropship_id: UUID) -> None:
        await accept(self.trade.supplier, dropship_id)

    async def reject(self, dropship_id: UUID) -> None:
        if self.chance.random() < 0.3:
            await reject(self.trade.supplier, dropship_id)

    async def call_off(self, dropship_id: UUID) -> None:
        if self.chance.random() < 0.4:
            await call_off(self.trade.distributor, dropship_id)

    async def expire(self, dropship_id: UUID) -> None:
        self.clock.advance(timedelta(minutes=self.chance.choice((1, 5, 60))))
        await self.trade.database.run(self.trade.supplier.member.actor, timers.fire_due)

    async def ship(self, dropship_id: UUID) -> None:
        async with self.trade.database.reading(self.trade.supplier.member.actor) as uow:
            row = (await dropship_queries.dropships(uow, [dropship_id])).get(dropship_id)
        if row is None or row.status != DropshipStatus.ACCEPTED or dropship_id in self.shipped:
            return
        theirs = await fulfillment_order(self.trade.supplier, row.fulfillment_order_id)
        self.clock.advance(timedelta(seconds=1))
        if (theirs.progress, theirs.hold_count) == ("OPEN", 0):
            self.shipped.add(dropship_id)
            self.parcels[dropship_id] = await floor_ships(self.trade.supplier, theirs.id, {"KETTLE": 2})
        elif dropship_id in self.parcels:
            async with self.trade.database.unit_of_work(self.trade.supplier.member.actor) as uow:
                (again,) = await shipping.ship_parcels(uow, parcel_ids=[self.parcels[dropship_id]])
            self.shipped |= set() if isinstance(again, Refused) else {dropship_id}

    async def call_back(self, dropship_id: UUID) -> None:
        """Let the supplier take a parcel off the ramp again, before or after anybody was told of it."""
        if dropship_id in self.shipped:
            self.clock.advance(timedelta(seconds=1))
            ids = [self.parcels[dropship_id]]
            async with self.trade.database.unit_of_work(self.trade.supplier.member.actor) as uow:
                done((await shipping.unship_parcels(uow, parcel_ids=ids, reason="WRONG_LABEL"))[0])
            self.shipped.remove(dropship_id)

    async def react(self, dropship_id: UUID) -> None:
        trader = self.chance.choice(self.trade.both)
        await builders_mesh._react(self.trade.database, trader.member.actor, ROOMS)

    async def deliver(self, dropship_id: UUID) -> None:
        """Hand any waiting letter over, out of order too; what came too early stays for later."""
        sender, receiver = self.chance.sample(self.trade.both, 2)
        waiting = await mesh_letters(self.trade.database, sender.member, waiting=True)
        if not waiting:
            return
        letter = self.chance.choice(waiting)
        async with self.trade.database.reading(sender.member.actor) as uow:
            to = await posting.recipient_of(uow, UUID(letter.payload["dropship_id"])) if is_asking(letter) else None
        arriving = Arriving(sender.member.actor.merchant_id, letter.id, letter.payload, to)
        self.delivered.append((receiver.member.actor.merchant_id, arriving))
        await inbox.deliver(self.trade.database, *self.delivered[-1], last_try=False)

    async def again(self, dropship_id: UUID) -> None:
        if self.delivered:
            await inbox.deliver(self.trade.database, *self.chance.choice(self.delivered), last_try=False)


def is_asking(letter: Letter) -> bool:
    return bool(letter.payload["kind"] == messages.Submitted.kind)


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_in_whatever_order_both_sides_agree(
    database: Database, clock: StoppedClock, seed: int
) -> None:
    trade = await make_trade(database, {"KETTLE": 20}, hours_to_answer=2)
    orders = [await short_order(trade.distributor, f"TB-{number}", {"KETTLE": 2}) for number in range(4)]
    storm = Storm(trade, clock, random.Random(seed), [await submitted(trade.distributor, order) for order in orders])
    for _ in range(45):
        await storm.step()
    clock.advance(timedelta(hours=3))
    await trade.pump()
    await trade.database.run(trade.supplier.member.actor, timers.fire_due)
    await trade.pump()
    ends = [await statuses(trade, dropship_id) for dropship_id in storm.ids]
    assert all(ours == theirs for ours, theirs in ends), ends
    assert all(ours not in {"SUBMITTED", "CANCELLATION_REQUESTED"} for ours, _ in ends), ends
    gone = [dropship_id for dropship_id, (ours, _) in zip(storm.ids, ends, strict=True) if ours == "SHIPPED"]
    assert set(gone) == storm.shipped
    told = [letter["kind"] for letter in await shop_letters(trade.distributor)]
    assert told.count("shipment") - told.count("shipment_undone") == len(gone)
    assert sum((await owed(trade.supplier, trade.partnership_id)).values()) == 1600 * len(gone)
    for member in (trade.distributor.member, trade.supplier.member):
        assert await dead_letters(database, member) == 0
        assert await mesh_letters(database, member, waiting=True) == []
    await assert_sound(*trade.both)
