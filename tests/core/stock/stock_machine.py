"""A state machine that does to the database what it does to the model of stock_model.py, and compares after each step.

Here are goods and orders in one warehouse; test_state_machine.py adds what travels to the other one, and leases.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from databases import VAULT, make_merchant
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from stock_floor import Floor, make_floor
from tests.builders_stock import Warehouse, make_warehouse
from tests.core.stock.stock_model import BINS, FAR_BIN, OUT, Line, Model, Sale

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import (
    adjustments,
    allocations,
    carrying,
    checks,
    counts,
    put_backs,
    queries,
    receipts,
    reservations,
    returned,
    shipping,
)
from pickmesh.core.stock.rules import Demand

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
Answer = TypeVar("Answer")
SKU = "KETTLE"
QUANTITIES = st.integers(1, 6)
FEW = st.integers(1, 3)
NUMBERS = st.integers(0, 50)
"""Which of those there are, counted round and round."""
ORDERS, OTHERS = 0, 1
"""Ranks: orders are served before transfers and leases."""


class StockMachine(RuleBasedStateMachine):
    """Goods are received, promised, picked, packed, shipped, called back and returned, counted and corrected."""

    def __init__(self, url: str, done: Counter[str]) -> None:
        super().__init__()
        self.done = done
        self.runner = asyncio.Runner()
        self.url = url
        self.model = Model()
        self.clock = StoppedClock(NOW)

    @initialize()
    def open(self) -> None:
        async def start() -> tuple[Floor, Warehouse]:
            database = Database(self.url, vault=VAULT, clock=self.clock, pool_size=2)
            floor = await make_floor(database, await make_merchant(database))
            return floor, await make_warehouse(database, floor.actor, code="WH2", bins=(FAR_BIN,))

        self.floor, other = self.runner.run(start())
        self.places = {**self.floor.warehouse.bins, **self.floor.warehouse.totes, **self.floor.warehouse.others}
        self.places |= {"P-0001": self.floor.parcel_id, FAR_BIN: other.bins[FAR_BIN]}
        self.homes = {"WH1": self.floor.warehouse.location_id, "WH2": other.location_id}
        self.sku_id = self.floor.skus[SKU]
        self.get_under_way()
        self.done["examples"] += 1

    def get_under_way(self) -> None:
        """Begin with something that every act finds work in."""

    def teardown(self) -> None:
        if hasattr(self, "floor"):
            self.runner.run(self.floor.database.dispose())
        self.runner.close()

    def run(self, work: Callable[[UnitOfWork], Awaitable[Answer]]) -> Answer:
        return self.runner.run(self.floor.database.run(self.floor.actor, work))

    def open_lines(self) -> list[UUID]:
        """Lines of orders that hold a promise."""
        return [line_id for line_id, line in self.model.lines.items() if line.reserved and line.rank[0] == ORDERS]

    def held(self, places: tuple[str, ...]) -> list[tuple[UUID, str, int, UUID]]:
        """Return line, place, quantity and allocation of the open allocations at places, as the database has them."""
        rows = self.run(lambda uow: queries.allocations_of_lines(uow, list(self.model.lines)))
        return [(row.line_id, row.place_code, row.quantity, row.id) for row in rows if row.place_code in places]

    def _rank(self, kind: int) -> tuple[int, int]:
        return (kind, len(self.model.lines))

    @rule(place=st.sampled_from((*BINS, FAR_BIN)), quantity=QUANTITIES)
    def receive(self, place: str, quantity: int) -> None:
        row = receipts.Receipt(self.places[place], self.sku_id, quantity)
        (answer,) = self.run(lambda uow: receipts.receive_stock(uow, receipts=[row]))
        assert isinstance(answer, receipts.Received)
        self.done["received"] += quantity
        self.model.lying[place] += quantity

    @rule(place=st.sampled_from((*BINS, "MISSING", FAR_BIN)), difference=st.integers(-6, 4).filter(bool))
    def adjust(self, place: str, difference: int) -> None:
        row = adjustments.Adjustment(self.places[place], self.sku_id, difference)
        (answer,) = self.run(lambda uow: adjustments.adjust_stock(uow, adjustments=[row]))
        if self.model.lying[place] + difference < 0:
            assert isinstance(answer, Refused)
            return
        assert isinstance(answer, adjustments.Adjusted)
        self.done["adjusted"] += 1
        self._reality(place, difference)

    @rule(place=st.sampled_from((*BINS, FAR_BIN)), quantity=st.integers(0, 8))
    def count(self, place: str, quantity: int) -> None:
        row = counts.StockCount(self.places[place], self.sku_id, quantity)
        (answer,) = self.run(lambda uow: counts.count_stock(uow, counts=[row]))
        assert isinstance(answer, counts.Counted)
        assert (answer.before, answer.after) == (self.model.lying[place], quantity)
        self.done["counted"] += answer.difference != 0
        self._reality(place, answer.difference)

    def _reality(self, place: str, difference: int) -> None:
        """Let the model follow a correction, and take over from the database which bins the losers kept."""
        before = sum(line.reserved for line in self.model.lines.values())
        self.model.adjust(place, difference)
        self.done["taken back"] += before - sum(line.reserved for line in self.model.lines.values())
        kept: dict[UUID, Counter[str]] = {line_id: Counter() for line_id in self.model.lines}
        for line_id, code, quantity, _ in self.held((*BINS, *OUT, FAR_BIN)):
            kept[line_id][code] += quantity
        for line_id, line in self.model.lines.items():
            self.model.settle_bins(line, kept[line_id])

    @rule(quantity=QUANTITIES, home=st.sampled_from(("WH1", "WH1", "WH2")))
    def reserve(self, quantity: int, home: str) -> None:
        demand = self._demand(quantity, home)
        answer = self.run(lambda uow: reservations.reserve_stock(uow, demands=[demand]))
        assert bool(answer.covered) == (self.model.free(home) >= quantity)
        self._promised(demand.line_id, home, quantity if answer.covered else 0)
        self.done["reserved" if answer.covered else "short"] += 1

    def _demand(self, quantity: int, home: str) -> Demand:
        demand = self.floor.demand(SKU, quantity, rank=len(self.model.lines))
        return replace(demand, location_id=self.homes[home])

    def _promised(self, line_id: UUID, home: str, quantity: int, kind: int = ORDERS) -> None:
        self.model.lines[line_id] = Line(self._rank(kind), home, bool(quantity), quantity)

    @precondition(lambda self: self.open_lines())
    @rule(number=NUMBERS)
    def release(self, number: int) -> None:
        line_id = self.open_lines()[number % len(self.open_lines())]
        line = self.model.lines[line_id]
        answer = self.run(lambda uow: reservations.release_reservations(uow, line_ids=[line_id]))
        assert sum(one.quantity for one in answer.released) == line.reserved - line.out
        assert sum(one.quantity for one in answer.held) == line.out
        self.done["released"] += line.reserved - line.out
        self.done["held"] += line.out
        line.reserved = line.out
        line.at = Counter({place: line.at[place] for place in OUT})

    @precondition(lambda self: self.open_lines())
    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        """An order is called off as a whole: what lies in bins is free at once, what is out once it is put back."""
        line_id = self.open_lines()[number % len(self.open_lines())]
        self.release(number)
        for line, place, quantity, allocation_id in self.held(OUT):
            if line == line_id:
                row = put_backs.PutBack(allocation_id, self.places["A-01"], quantity)
                (answer,) = self.run(lambda uow, back=row: put_backs.put_back(uow, backs=[back]))
                self._ended(answer, line_id, place, "A-01", quantity, quantity)
        assert not self.model.lines[line_id].reserved
        self.done["cancelled"] += 1

    @precondition(lambda self: self.open_lines())
    @rule()
    def allocate(self) -> None:
        needs = [allocations.AllocationNeed(line_id) for line_id in self.open_lines()]
        answer = self.run(lambda uow: allocations.allocate_lines(uow, lines=needs))
        codes = {place_id: code for code, place_id in self.places.items()}
        for one in answer.allocations:
            self.model.lines[one.line_id].at[codes[one.place_id]] += one.quantity
        assert all(self.model.promised_at(place) <= self.model.lying[place] for place in (*BINS, FAR_BIN))
        assert all(
            self.model.lines[each].reserved == sum(self.model.lines[each].at.values()) for each in self.open_lines()
        )
        assert answer.short == []
        self.done["allocated"] += len(answer.allocations)

    @rule(number=NUMBERS, quantity=QUANTITIES, to=st.sampled_from(OUT))
    def carry(self, number: int, quantity: int, to: str) -> None:
        held = self.held((*BINS, *OUT))
        if not held:
            return
        line_id, place, here, allocation_id = held[number % len(held)]
        row = carrying.Carry(allocation_id, self.places[to], quantity)
        (answer,) = self.run(lambda uow: carrying.carry_allocations(uow, carries=[row], reason="PICK"))
        assert isinstance(answer, Refused) == (quantity > here or place == to)
        if isinstance(answer, carrying.Carried):
            self._moved(line_id, place, to, quantity)
            self.model.lines[line_id].at[to] += quantity
            self.done["carried"] += quantity

    @precondition(lambda self: any(self.model.lying[place] for place in OUT))
    @rule(number=NUMBERS, quantity=QUANTITIES, to=st.sampled_from(BINS))
    def put_back(self, number: int, quantity: int, to: str) -> None:
        held = self.held(OUT)
        if held:
            line_id, place, here, allocation_id = held[number % len(held)]
            row = put_backs.PutBack(allocation_id, self.places[to], quantity)
            (answer,) = self.run(lambda uow: put_backs.put_back(uow, backs=[row]))
            self._ended(answer, line_id, place, to, min(quantity, here + 1), here)

    @rule(number=NUMBERS, quantity=QUANTITIES)
    def lose(self, number: int, quantity: int) -> None:
        held = self.held((*BINS, *OUT))
        if held:
            line_id, place, here, allocation_id = held[number % len(held)]
            row = put_backs.Loss(allocation_id, quantity)
            (answer,) = self.run(lambda uow: put_backs.lose_allocations(uow, losses=[row]))
            self._ended(answer, line_id, place, "MISSING", quantity, here)

    def _ended(self, answer: Any, line_id: UUID, place: str, to: str, quantity: int, here: int) -> None:
        assert isinstance(answer, Refused) == (quantity > here)
        if quantity <= here:
            self._moved(line_id, place, to, quantity)
            self.model.lines[line_id].reserved -= quantity
            self.done["lost" if to == "MISSING" else "put back"] += quantity

    def _moved(self, line_id: UUID, place: str, to: str, quantity: int) -> None:
        self.model.move(place, to, quantity)
        self.model.lines[line_id].at[place] -= quantity

    @precondition(lambda self: self.model.lying["P-0001"])
    @rule()
    def ship(self) -> None:
        held = self.held(("P-0001",))
        ids = [one[3] for one in held]
        answer = self.run(
            lambda uow: shipping.ship_allocations(uow, allocation_ids=ids, document_id=self.floor.parcel_id)
        )
        assert sum(one.quantity for one in answer.done) == self.model.lying["P-0001"]
        self.done["shipped"] += len(held)
        for line_id, place, quantity, allocation_id in held:
            self.model.lying[place] -= quantity
            self.model.lines[line_id].at[place] -= quantity
            self.model.lines[line_id].reserved -= quantity
            self.model.sales.append(Sale(allocation_id, line_id, quantity))
        again = self.run(lambda uow: shipping.ship_allocations(uow, allocation_ids=ids))
        assert (again.done, sorted(again.already)) == ([], sorted(ids))

    @precondition(lambda self: self.model.sales)
    @rule(number=NUMBERS)
    def unship(self, number: int) -> None:
        """A parcel is called back from the carrier, unless the buyer has sent some of those units back before."""
        sale = self.model.sales[number % len(self.model.sales)]
        answer = self.run(lambda uow: shipping.unship_allocations(uow, allocation_ids=[sale.allocation_id]))
        if self.model.with_buyers(sale.line_id) < sale.quantity:
            assert (answer.done, len(answer.refused)) == ([], 1)
            return
        assert [one.quantity for one in answer.done] == [sale.quantity]
        self.model.sales.remove(sale)
        self.model.lying["P-0001"] += sale.quantity
        self.model.lines[sale.line_id].at["P-0001"] += sale.quantity
        self.model.lines[sale.line_id].reserved += sale.quantity
        self.done["unshipped"] += 1

    @precondition(lambda self: self.model.sales)
    @rule(number=NUMBERS, quantity=FEW, to=st.sampled_from((*BINS, FAR_BIN)))
    def take_return(self, number: int, quantity: int, to: str) -> None:
        line_id = self.model.sales[number % len(self.model.sales)].line_id
        row = returned.StockReturn(line_id, self.places[to], quantity)
        (answer,) = self.run(lambda uow: returned.take_returns(uow, returns=[row]))
        assert isinstance(answer, Refused) == (quantity > self.model.with_buyers(line_id))
        if isinstance(answer, returned.Returned):
            self.model.returned[line_id] += quantity
            self.model.lying[to] += quantity
            assert answer.left == self.model.with_buyers(line_id)
            self.done["returned"] += quantity

    @invariant()
    def books_are_right(self) -> None:
        if not hasattr(self, "floor"):
            return
        self.done["checks"] += 1
        assert self.run(checks.violations) == []
        rows = self.run(lambda uow: queries.reservations_of_lines(uow, list(self.model.lines)))
        promised = {row.line_id: row.quantity for row in rows}
        assert promised == {line_id: line.reserved for line_id, line in self.model.lines.items() if line.promised}
        assert self._levels() == {
            home: (
                self.model.on_hand(home),
                self.model.missing(home),
                self.model.reserved(home),
                self.model.incoming(home),
                self.model.free(home),
            )
            for home in self.homes
        }
        expected = {place: (quantity, self.model.promised_at(place)) for place, quantity in self.model.lying.items()}
        found = self.runner.run(self.floor.lying(SKU))
        assert found == {place: figures for place, figures in expected.items() if figures != (0, 0)}

    def _levels(self) -> dict[str, tuple[int, ...]]:
        """Return on hand, non-sellable, reserved, incoming and free by warehouse, as the database keeps them."""
        names = {location_id: home for home, location_id in self.homes.items()}
        rows = self.run(lambda uow: queries.levels_of(uow, [self.sku_id]))
        return {
            names[row.location_id]: (row.on_hand, row.non_sellable, row.reserved, row.incoming, row.free)
            for row in rows
        }
