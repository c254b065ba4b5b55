"""A floor where five people work in any order: two pickers, a packer, a canceller, and a phone that is often away.

After every act the books of every room are right, and every entry that was sent has been answered exactly once, in
words; whoever sends it again hears the same.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests import builders_floor as floors
from tests.builders_accounts import make_person
from tests.builders_floor import Floor
from tests.builders_scans import Phone, packing_phone
from tests.databases import VAULT, make_merchant

from pickmesh.core.floor import commands, sessions
from pickmesh.core.floor.commands import BatchResult, EntryBatch
from pickmesh.core.floor.entries import BOOKING, Entry, Verdict
from pickmesh.core.floor.tables import Outcome, Scan, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.packing.issuing import issue_waybills
from pickmesh.core.packing.tables import Parcel, ParcelState, Waybill
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock.tables import StockBalance

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
SHELVES = {"A-01": {"TEA": 30, "POT": 3}, "A-02": {"CUP": 30}, "A-03": {"TEA": 9}}
PIECES = sum(quantity for shelf in SHELVES.values() for quantity in shelf.values())
TOTES = tuple(f"T-{number:04d}" for number in range(1, 13))
ORDERS = {f"N{number}": {"TEA": 1 + number % 3, "CUP": 1 + number % 2} for number in range(1, 9)}
CODES = (*TOTES[:5], "A-01", "A-02", "A-03", "TEA", "CUP", "POT", "N1", "P-0001", "L-0002", "NOBODY", "")
KEYS = (
    ScanKind.QUANTITY,
    ScanKind.SHORT,
    ScanKind.SKIP,
    *(ScanKind.UNDO,) * 4,
    ScanKind.EMPTY,
    ScanKind.NOT_EMPTY,
    ScanKind.DAMAGED,
    ScanKind.SEAL,
    ScanKind.NEXT_PARCEL,
    ScanKind.WEIGHT,
    ScanKind.FORCE,
    ScanKind.CHOICE,
)
KINDS = (WaveKind.DISCRETE, WaveKind.CLUSTER)
PICKERS, AWAY, PACKER = (0, 1), 2, 3
WHO = st.sampled_from((0, 0, 1, 1, PACKER, PACKER, PACKER))
SEEDS = st.integers(0, 10_000)
Answer = TypeVar("Answer")


class FloorMachine(RuleBasedStateMachine):
    """People 0 and 1 pick, 2 picks with a phone that is often away, 3 packs; somebody stops orders."""

    def __init__(self, url: str, done: Counter[str]) -> None:
        super().__init__()
        self.done = done
        self.runner = asyncio.Runner()
        self.url = url
        self.verdicts: dict[UUID, Verdict] = {}
        self.away: list[Entry] = []
        self.sent: list[Entry] = []
        self.totes: Iterator[str] = iter(())

    @initialize(kind=st.sampled_from(KINDS), ship_at=st.sampled_from(("SEAL", "WEIGH", "HANDOVER")))
    def open(self, kind: WaveKind, ship_at: str) -> None:
        self.floor: Floor = self.runner.run(self._floor(ship_at))
        self.done["floors"] += 1
        self.runner.run(floors.release(self.floor, kind, capacity=3))
        self.totes = iter(TOTES)
        self.phones: list[Phone] = []
        for _ in (*PICKERS, AWAY):
            _, worker = self.runner.run(make_person(self.floor.database, self.floor.actor, Role.PICKER))
            session = self.run(worker, lambda uow: sessions.floor_task_next(uow, self.floor.location_id))
            assert session is not None
            self.phones.append(Phone(self.floor, worker, session))
        self.phones.append(self.runner.run(packing_phone(self.floor)))
        for who in (*PICKERS, PACKER):  # so that every act finds something to do, and the rare ones were done once
            self.obey(who, 3)
            self.send(who, [self.phones[who].entry(ScanKind.UNDO)])
            self.obey(who, 5)
        self.send(1, [self.phones[1].entry(ScanKind.SHORT)])
        for seed in (1, 2, 3):
            self.work_away(seed, 3)
            self.reconnect(seed)

    async def _floor(self, ship_at: str) -> Floor:
        database = Database(self.url, vault=VAULT, clock=StoppedClock(NOW), pool_size=3)
        actor = await make_merchant(database)
        floor = await floors.make_floor(database, actor, SHELVES, totes=len(TOTES), ship_at=ship_at)
        await floors.bring_orders(floor, ORDERS)
        return floor

    def teardown(self) -> None:
        if hasattr(self, "floor"):
            self.runner.run(self.floor.database.dispose())
        self.runner.close()

    def run(self, actor: Any, work: Callable[[UnitOfWork], Awaitable[Answer]]) -> Answer:
        return self.runner.run(self.floor.database.run(actor, work))

    @rule(who=WHO, times=st.integers(1, 6))
    def obey(self, who: int, times: int = 1) -> None:
        """Do what the screen says, again and again: the way work gets done."""
        for _ in range(times):
            self.send(who, [self.asked(self.phones[who])])

    @rule(who=WHO, code=st.sampled_from(CODES), doubtful=st.booleans())
    def err(self, who: int, code: str, doubtful: bool) -> None:
        self.send(who, [self.phones[who].entry(raw=code, doubtful=doubtful)])

    @rule(who=WHO, kind=st.sampled_from(KEYS), number=st.integers(0, 4))
    def press(self, who: int, kind: ScanKind, number: int) -> None:
        self.send(who, [self.key(self.phones[who], kind, number)])

    @rule(who=WHO, number=st.integers(0, 11))
    def press_offered(self, who: int, number: int) -> None:
        """Press one of the keys the screen offers; undoing takes back what was booked last."""
        offered = [kind for kind in self.phones[who].session.supported_actions if kind is not ScanKind.SCAN]
        if offered:
            kind = offered[number % len(offered)]
            self.send(who, [self.key(self.phones[who], kind, 0 if kind is ScanKind.UNDO else 1)])

    @rule(codes=st.lists(st.sampled_from(CODES), min_size=1, max_size=3), both_at_once=st.booleans())
    def scan_together(self, codes: Sequence[str], both_at_once: bool) -> None:
        """Both pickers send at the same moment: in one commit, or in two transactions that run side by side."""
        batches = [[self.asked(phone), *(phone.entry(raw=code) for code in codes)] for phone in self.phones[:2]]
        if both_at_once:
            results = self.runner.run(self._side_by_side(batches))
        else:
            results = self.record([self.batch(who, batches[who]) for who in PICKERS])
        for who, entries, result in zip(PICKERS, batches, results, strict=True):
            self.heard(who, entries, result)
        self.done["together"] += 1

    async def _side_by_side(self, batches: Sequence[Sequence[Entry]]) -> Sequence[BatchResult]:
        async def one(who: int) -> BatchResult:
            batch = self.batch(who, batches[who])
            work = self.floor.database.run(self.floor.actor, lambda uow: commands.record_entries(uow, batches=[batch]))
            return (await work)[0]

        return await asyncio.gather(*(one(who) for who in PICKERS))

    @rule(who=st.sampled_from((0, 1, AWAY)))
    def take_next(self, who: int) -> None:
        """Whoever is done with a list gets the next one; whoever is not gets their own again."""
        phone = self.phones[who]
        if who == AWAY and self.away:
            return
        found = self.run(phone.worker, lambda uow: sessions.floor_task_next(uow, self.floor.location_id))
        if found is not None and found.id != phone.session.id:
            phone.session, phone.sequence = found, found.last_sequence
            self.done["lists taken"] += 1

    @rule(seed=SEEDS, count=st.integers(1, 4))
    def work_away(self, seed: int, count: int) -> None:
        """The phone without network keeps what its person does: mostly what the list says, some of it wrong."""
        random, phone = Random(seed), self.phones[AWAY]
        next_ = phone.session.next
        known = [next_.place_code, next_.sku_code, next_.sku_code] if next_ else ["TEA"]
        for _ in range(count):
            if random.random() < 0.15:
                self.away.append(self.key(phone, random.choice(KEYS), random.randint(0, 3)))
            else:
                code = random.choice(known if random.random() < 0.8 else CODES)
                self.away.append(phone.entry(raw=code))

    @rule(seed=SEEDS)
    def reconnect(self, seed: int) -> None:
        """The phone is back: it sends what it kept in any order, in parts, and some of it again."""
        random, phone = Random(seed), self.phones[AWAY]
        waiting, self.away = self.away, []
        if phone.session.step == "TOTE":
            waiting = [self.asked(phone), *waiting]
        again = random.sample(self.sent, min(len(self.sent), random.randint(0, 3)))
        random.shuffle(waiting)
        cut = random.randint(0, len(waiting))
        for part in (waiting[:cut], [*waiting[cut:], *again], again):
            if part:
                self.send(AWAY, part)
        self.sent += waiting
        self.done["reconnected"] += bool(waiting)
        self.done["sent again"] += len(again)

    @rule(number=st.sampled_from(list(ORDERS)), whole=st.booleans())
    def stop(self, number: str, whole: bool) -> None:
        """An order is stopped wherever its goods are now: what is under way only, or whatever stage it is in."""
        work = cancel.cancel_fulfillment_orders if whole else cancel.intercept
        order_id = self.floor.orders[number]
        (answer,) = self.run(self.floor.actor, lambda uow: work(uow, ids=[order_id], reason="BUYER"))
        self.runner.run(floors.react(self.floor))
        self.done["refused to stop" if isinstance(answer, Refused) else "stopped"] += 1

    @rule()
    def carrier_answers(self) -> None:
        """Numbers come for the waybills that were asked for; what waited for them goes on."""
        database, actor = self.floor.database, self.floor.actor
        rows = self.run(actor, lambda uow: uow.fetch(sa.select(Waybill.id).where(uow.mine(Waybill))))
        self.runner.run(issue_waybills(database, actor, floors.CARRIERS, waybill_ids=[row.id for row in rows]))
        self.runner.run(floors.react(self.floor))

    def asked(self, phone: Phone) -> Entry:
        """Return the entry a worker makes who does what the screen says."""
        view, next_ = phone.session, phone.session.next
        if view.step in {"SEAL", "WEIGH"}:
            kind = ScanKind.SEAL if view.step == "SEAL" else ScanKind.WEIGHT
            return self.key(phone, kind, view.progress.done)
        code = {
            "TOTE": next_.tote_code if next_ else None,
            "PLACE": next_.place_code if next_ else None,
            "ITEM": next_.sku_code if next_ else None,
            "ITEMS": next_.sku_code if next_ else None,
            "PUT": next_.tote_code if next_ else None,
            "OPEN": self.tote_to_pack(),
        }.get(view.step)
        return phone.entry(raw=code or next(self.totes, TOTES[-1]))

    def tote_to_pack(self) -> str | None:
        """Return a tote with something in it, as the packer sees one waiting."""
        lying = self.runner.run(floors.lying(self.floor, self.floor.warehouse.totes.values()))
        return next((code for code, place in self.floor.warehouse.totes.items() if lying.get(place)), None)

    def key(self, phone: Phone, kind: ScanKind, number: int) -> Entry:
        said: dict[ScanKind, dict[str, Any]] = {
            ScanKind.QUANTITY: {"quantity": number},
            ScanKind.WEIGHT: {"weight_g": number * 100},
            ScanKind.FORCE: {"reason": "a heavy box" if number else None},
            ScanKind.CHOICE: {"choice": "0"},
        }
        more = said.get(kind, {})
        if kind is ScanKind.UNDO and phone.entries and number:
            more = {"answers": phone.entries[-min(number, len(phone.entries))].client_id}
        return phone.entry(kind, **more)

    def batch(self, who: int, entries: Sequence[Entry]) -> EntryBatch:
        phone = self.phones[who]
        return EntryBatch(phone.worker, phone.session.id, entries)

    def record(self, batches: Sequence[EntryBatch]) -> Sequence[BatchResult]:
        return self.run(self.floor.actor, lambda uow: commands.record_entries(uow, batches=batches))

    def send(self, who: int, entries: Sequence[Entry]) -> None:
        (result,) = self.record([self.batch(who, entries)])
        self.heard(who, entries, result)

    def heard(self, who: int, entries: Sequence[Entry], result: BatchResult) -> None:
        """Nothing is answered with silence: each entry has its one verdict, in words, for ever the same."""
        assert result.refusal is None, result.refusal
        assert result.session is not None and str(result.session.instruction).strip()
        assert [verdict.client_id for verdict in result.verdicts] == [entry.client_id for entry in entries]
        for verdict in result.verdicts:
            assert str(verdict.message).strip(), verdict
            before = self.verdicts.setdefault(verdict.client_id, verdict)
            assert (before.outcome, str(before.message)) == (verdict.outcome, str(verdict.message))
            self.done[f"{self.phones[who].session.job} {verdict.outcome}"] += before is verdict
            self.done["booked"] += before is verdict and verdict.outcome in BOOKING
            self.done["told of a stop"] += before is verdict and verdict.outcome is Outcome.INTERCEPTED
        phone = self.phones[who]
        phone.said += result.verdicts
        phone.entries += entries
        phone.session = result.session

    @invariant()
    def books_are_right(self) -> None:
        if hasattr(self, "floor"):
            assert self.runner.run(floors.violations(self.floor)) == []
            self.done["checks"] += 1

    @invariant()
    def every_answered_entry_is_kept_and_no_piece_is_lost(self) -> None:
        if hasattr(self, "phones") and len(self.phones) == PACKER + 1:
            self.run(self.floor.actor, self._kept)

    async def _kept(self, uow: UnitOfWork) -> None:
        kept = await uow.fetch(sa.select(Scan.client_id, Scan.outcome).where(uow.mine(Scan)))
        assert {row.client_id: row.outcome for row in kept} == {
            client_id: verdict.outcome.value for client_id, verdict in self.verdicts.items()
        }
        lines = await order_queries.lines_of_fulfillment_orders(uow, list(self.floor.orders.values()))
        shipped = sum(line.shipped_quantity for of_order in lines.values() for line in of_order)
        assert await self._lying(uow) + shipped == PIECES
        self.done["shipped"] += shipped > 0
        boxes = await uow.fetch(sa.select(Parcel.state).where(uow.mine(Parcel)))
        self.done["parcels closed"] += any(row.state in {ParcelState.SEALED, ParcelState.SHIPPED} for row in boxes)

    async def _lying(self, uow: UnitOfWork) -> int:
        found = await uow.fetch(sa.select(sa.func.sum(StockBalance.quantity)).where(uow.mine(StockBalance)))
        return int(found[0][0])


ACTS = (
    *(
        "booked",
        "together",
        "lists taken",
        "reconnected",
        "sent again",
        "stopped",
        "told of a stop",
        "shipped",
        "parcels closed",
    ),
    *(f"PICK {one}" for one in (Outcome.ACCEPTED, Outcome.LINE_DONE, Outcome.TASK_DONE, Outcome.WRONG_ITEM)),
    *(f"PICK {one}" for one in (Outcome.SHORT_RECORDED, Outcome.UNDONE, Outcome.EXCEPTION)),
    *(f"PACK {one}" for one in (Outcome.ACCEPTED, Outcome.LINE_DONE, Outcome.TASK_DONE, Outcome.UNDONE)),
)
"""What must have happened at least once in a search, else it proves too little."""
