"""A merchant whose alerts room listens, for tests of alerts: as the worker lets it react, and all over again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from builders_accounts import make_person
from builders_catalog import make_skus
from builders_stock import Warehouse, make_warehouse, put_stock

from pickmesh.app.worker import react
from pickmesh.core.alerts import commands, queries
from pickmesh.core.alerts.commands import NewReorderPoint
from pickmesh.core.alerts.queries import AlertRow
from pickmesh.core.alerts.reactions import REACTIONS
from pickmesh.core.journal import reading
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.notices import queries as notices
from pickmesh.core.notices.queries import NoticeRow
from pickmesh.core.notices.tables import Notice
from pickmesh.core.stock import adjustments, reservations
from pickmesh.core.stock.adjustments import Adjustment
from pickmesh.core.stock.rules import Demand

ROOM = "alerts"


@dataclass(slots=True)
class Ear:
    """The alerts room of one merchant."""

    database: Database
    actor: Actor
    people: dict[str, tuple[UUID, Actor]] = field(default_factory=dict)

    async def listen(self) -> None:
        """Let the room react to what was told since the last time, the way the worker does."""
        while True:
            async with self.database.reading(self.actor) as uow:
                start = await reading.position(uow, ROOM)
                events = await reading.events_after(uow, start)
            if not events:
                return
            await self.database.run(self.actor, lambda uow: react(uow, ROOM, REACTIONS, start, events))  # noqa: B023

    async def listen_again(self) -> None:
        """Let the room react to everything that was ever told, once more."""
        async with self.database.unit_of_work(self.actor) as uow:
            position = await reading.position(uow, ROOM)
            assert await reading.advance(uow, ROOM, expected=position, to=0)
        await self.listen()

    async def hire(self, name: str, role: Role, **where: Any) -> Actor:
        """Let a person work here under a name of the test's."""
        self.people[name] = await make_person(self.database, self.actor, role, **where)
        return self.people[name][1]

    async def watch(self, location_id: UUID, low: Mapping[UUID, tuple[int, int]]) -> list[UUID]:
        """Say from how many pieces on SKUs are low, and how many are enough; return the reorder points."""
        points = [NewReorderPoint(location_id, sku_id, *figures) for sku_id, figures in low.items()]
        answers = await self.database.run(self.actor, lambda uow: commands.save_reorder_points(uow, points=points))
        saved = [answer for answer in answers if isinstance(answer, UUID)]
        assert len(saved) == len(answers), answers
        return saved

    async def alerts(self) -> list[AlertRow]:
        """Return every alert, the oldest first."""
        async with self.database.reading(self.actor) as uow:
            page = await queries.alert_page(uow, queries.PageRequest(250))
        return list(reversed(page.items))

    async def alert(self) -> AlertRow:
        """Return the only alert there is."""
        (alert,) = await self.alerts()
        return alert

    async def told(self, name: str) -> list[NoticeRow]:
        """Return what a person was told, the oldest first."""
        async with self.database.reading(self.actor) as uow:
            theirs = sa.select(Notice.id).where(uow.mine(Notice), Notice.person_id == self.people[name][0])
            found = await notices.notices_by_id(uow, [row.id for row in await uow.fetch(theirs)])
        return [found[notice_id] for notice_id in sorted(found)]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A warehouse with goods in one bin, and the room that watches it."""

    ear: Ear
    warehouse: Warehouse
    skus: Mapping[str, UUID]

    @property
    def location_id(self) -> UUID:
        """Return where it is."""
        return self.warehouse.location_id

    async def bring(self, code: str, quantity: int) -> None:
        """Receive pieces of a SKU."""
        bin_id = self.warehouse.bins["A-01"]
        await put_stock(self.ear.database, self.ear.actor, bin_id, self.skus[code], quantity)

    async def adjust(self, differences: Mapping[str, int]) -> None:
        """Correct what lies there."""
        bin_id = self.warehouse.bins["A-01"]
        rows = [Adjustment(bin_id, self.skus[code], difference) for code, difference in differences.items()]
        answers = await self.ear.database.run(
            self.ear.actor, lambda uow: adjustments.adjust_stock(uow, adjustments=rows)
        )
        assert not any(isinstance(answer, Refused) for answer in answers), answers

    async def promise(self, code: str, quantity: int) -> UUID:
        """Promise pieces to an order line and return the line."""
        line_id = new_id()
        async with self.ear.database.unit_of_work(self.ear.actor) as uow:
            demand = Demand(new_id(), line_id, self.location_id, self.skus[code], quantity, uow.now)
            await reservations.reserve_stock(uow, demands=[demand])
        return line_id


async def make_shelf(database: Database, actor: Actor, pieces: Mapping[str, int], *, code: str = "HZ1") -> Shelf:
    """Open a warehouse with pieces of SKUs, and hire an owner and a purchaser."""
    ear = Ear(database, actor)
    await ear.hire("owner", Role.OWNER)
    await ear.hire("purchaser", Role.PURCHASER)
    warehouse = await make_warehouse(database, actor, code=code, bins=("A-01",))
    shelf = Shelf(ear, warehouse, await make_skus(database, actor, list(pieces)))
    for each, quantity in pieces.items():
        if quantity:
            await shelf.bring(each, quantity)
    return shelf
