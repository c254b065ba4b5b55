"""The worker: lets every room react to what happened, fires timers, sends what must leave. Any number run side by side.

Two kinds of looks at a merchant, each under a lease of its own so that a slow shop holds up no reaction: `reactions`
(timers, then each room's cursor through the event log) and `outbox` (letters to the outside).
"""

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from pickmesh.app import metrics
from pickmesh.app.letters import Senders, send_due
from pickmesh.core.accounts import directory
from pickmesh.core.chats import updates
from pickmesh.core.journal import idempotency, outbox, reading, timers, wakes
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.reading import LoggedEvent, Reaction
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor, system_actor
from pickmesh.core.kit.ids import new_id

REACTIONS, OUTBOX, ALIVE = "reactions", "outbox", "alive"
CONSUMERS = (REACTIONS, OUTBOX)
WOKEN = (*CONSUMERS, wakes.CHAT)
"""Who is woken by a commit: the workers, and whoever asks what waits for chats."""
EVENTS_PER_UNIT = 500
UNITS_PER_LOOK = 50
MERCHANTS_PER_POLL = 8
BREATH_S = 0.2
"""How long a worker that has looked at everybody leaves them alone: looks at a busy floor cost its scans their time."""
BURIED_AFTER = timedelta(days=1)
TIDY_EVERY = timedelta(hours=1)
EVER = datetime.min.replace(tzinfo=UTC)
RETRY_FIRST_S, RETRY_LONGEST_S = 1.0, 300.0
log = structlog.get_logger()

Rooms = Mapping[str, Mapping[str, Reaction]]
"""Which rooms react to which kinds of events; a room's name is its cursor's."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a worker looks around and how long it holds a merchant, in seconds."""

    poll_s: float = 1.0
    sweep_s: float = 60.0
    lease_s: float = 30.0


class Lost(Exception):
    """Another worker has taken this merchant over; leave it alone."""


@dataclass(slots=True)
class Lease:
    """A merchant held for one consumer; `keep` renews it when half of it is over."""

    worker: "Worker"
    consumer: str
    merchant_id: UUID
    until: datetime

    async def keep(self) -> None:
        """Hold the merchant longer when need be; raises Lost when another worker has it."""
        length = timedelta(seconds=self.worker.pace.lease_s)
        now = self.worker.database.clock.now()
        if now < self.until - length / 2:
            return
        async with self.worker.database.directory() as connection:
            kept = await wakes.renew_lease(
                connection,
                self.consumer,
                self.merchant_id,
                holder=self.worker.holder,
                until=self.until,
                longer=now + length,
            )
        if not kept:
            raise Lost
        self.until = now + length


@dataclass(slots=True)
class Worker:
    """One process's worker; `look_around` spares it the wait for its next poll."""

    database: Database
    rooms: Rooms
    senders: Senders
    pace: Pace = field(default_factory=Pace)
    _called: dict[str, asyncio.Event] = field(default_factory=lambda: {each: asyncio.Event() for each in CONSUMERS})
    id: UUID = field(default_factory=new_id)
    _tidied: dict[UUID, datetime] = field(default_factory=dict)
    _failures: dict[tuple[UUID, str], int] = field(default_factory=dict)

    @property
    def holder(self) -> str:
        """Who this worker is, for people: machine, process and a part of its id."""
        return f"{socket.gethostname()}:{os.getpid()}:{self.id.hex[-8:]}"

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; the merchants in hand are finished first."""
        looks = {REACTIONS: self.look_at_events, OUTBOX: self.look_at_outbox}
        log.info("worker started", holder=self.holder, rooms=sorted(self.rooms))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self.sweep, self.pace.sweep_s, stop))
            group.create_task(self._repeat(self._beat, self.pace.lease_s / 3, stop))
            for consumer, look in looks.items():
                group.create_task(self._serve(consumer, look, stop))
        await self._end_beat()
        log.info("worker stopped", holder=self.holder)

    def look_around(self) -> None:
        """Look at once whether merchants are due: wake-ups were just written."""
        for called in self._called.values():
            called.set()

    async def _serve(self, consumer: str, look: "Look", stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._called[consumer].clear()
            looked = await self._guarded(lambda: self.poll(consumer, look))
            if not looked:
                await _first_of(self.pace.poll_s, self._called[consumer], stop)
            elif looked != MERCHANTS_PER_POLL:
                await _first_of(BREATH_S, stop)

    async def _repeat(self, work: Callable[[], Awaitable[None]], every_s: float, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._guarded(work)
            await _first_of(every_s, stop)

    async def _guarded(self, work: Callable[[], Awaitable[object]]) -> object:
        """Do a round of work; whatever goes wrong is logged and tried again in the next round."""
        try:
            return await work()
        except Exception:
            log.exception("worker round failed")
            return None

    async def poll(self, consumer: str, look: "Look") -> int:
        """Look at the merchants that are due; return how many there were."""
        now = self.database.clock.now()
        async with self.database.directory() as connection:
            due = await wakes.due_merchants(connection, consumer, now, limit=MERCHANTS_PER_POLL)
        looked = await asyncio.gather(*(self._look(consumer, merchant_id, look) for merchant_id in due))
        return sum(looked)

    async def _look(self, consumer: str, merchant_id: UUID, look: "Look") -> bool:
        """Look at one merchant under a lease; False when another worker has it."""
        now = self.database.clock.now()
        lease = Lease(self, consumer, merchant_id, now + timedelta(seconds=self.pace.lease_s))
        async with self.database.directory() as connection:
            taken = await wakes.take_lease(
                connection, consumer, merchant_id, holder=self.holder, now=now, until=lease.until
            )
        if not taken:
            return False
        try:
            look_again_at = await look(system_actor(merchant_id), lease)
        except Lost:
            return True
        except Exception:
            log.exception("look failed", consumer=consumer, merchant_id=str(merchant_id))
            look_again_at = self._later(merchant_id, consumer)
        async with self.database.directory() as connection:
            await wakes.end_lease(
                connection,
                consumer,
                merchant_id,
                holder=self.holder,
                until=lease.until,
                look_again_at=look_again_at,
            )
        return True

    async def look_at_events(self, actor: Actor, lease: Lease) -> datetime | None:
        """Fire a merchant's due timers and let every room react; return when to look again, None for when woken."""
        await self._tidy(actor)
        await self.database.run(actor, timers.fire_due)
        concerned = await self._pass_by(actor)
        again: list[datetime | None] = []
        for room in self.rooms:
            if room in concerned:
                again.append(await self._react(actor, room, lease))
                concerned = self.rooms.keys()  # what it did may concern those that follow
        async with self.database.reading(actor) as uow:
            again.append(await timers.next_due(uow))
        return min((moment for moment in again if moment), default=None)

    async def _pass_by(self, actor: Actor) -> Collection[str]:
        """Move the cursors of rooms to which the next events are nothing; return the rooms that must look themselves.

        Most that happens on a floor concerns no other room, and is told to all of them here in four statements.
        """
        async with self.database.reading(actor) as uow:
            positions = await reading.positions(uow)
            at = {room: positions.get(room, 0) for room in self.rooms}
            events = await reading.kinds_after(uow, min(at.values(), default=0))
        if not events:
            return frozenset()
        last = events[-1][0]
        behind = {room: seq for room, seq in at.items() if seq < last}
        idle = {
            room: seq
            for room, seq in behind.items()
            if (actor.merchant_id, room) not in self._failures
            and not any(number > seq and kind in self.rooms[room] for number, kind in events)
        }
        if idle:
            await self.database.run(actor, lambda uow: reading.advance_idle(uow, idle, to=last))
            for room, seq in idle.items():
                metrics.EVENTS_DONE.labels(room).inc(last - seq)
        return self.rooms.keys() if len(events) == reading.EVENTS_MAX else behind.keys() - idle.keys()

    async def _tidy(self, actor: Actor) -> None:
        """Forget what is kept for a time only, once in a while."""
        now = self.database.clock.now()
        if now - self._tidied.get(actor.merchant_id, EVER) >= TIDY_EVERY:
            await self.database.run(actor, idempotency.forget_old)
            await self.database.run(actor, updates.forget_old)
            self._tidied[actor.merchant_id] = now

    async def _react(self, actor: Actor, room: str, lease: Lease) -> datetime | None:
        try:
            for _ in range(UNITS_PER_LOOK):
                await lease.keep()
                if not await self._react_once(actor, room):
                    self._failures.pop((actor.merchant_id, room), None)
                    return None
        except Lost:
            raise
        except Exception:
            metrics.REACTIONS_FAILED.labels(room).inc()
            log.exception("reaction failed", room=room, merchant_id=str(actor.merchant_id))
            return self._later(actor.merchant_id, room)
        return self.database.clock.now()

    async def _react_once(self, actor: Actor, room: str) -> bool:
        """Let a room react to the next events; after a failure one by one, so that only the bad one holds it up."""
        count = 1 if (actor.merchant_id, room) in self._failures else EVENTS_PER_UNIT
        async with self.database.reading(actor) as uow:
            start = await reading.position(uow, room)
            events = await reading.events_after(uow, start, limit=count)
        if not events:
            return False
        moved = await self.database.run(actor, lambda uow: react(uow, room, self.rooms[room], start, events))
        if moved:
            metrics.EVENTS_DONE.labels(room).inc(len(events))
        return moved

    def _later(self, merchant_id: UUID, what: str) -> datetime:
        key = (merchant_id, what)
        self._failures[key] = self._failures.get(key, 0) + 1
        wait = min(RETRY_FIRST_S * 2 ** (self._failures[key] - 1), RETRY_LONGEST_S)
        return self.database.clock.now() + timedelta(seconds=wait * random.uniform(0.5, 1.0))

    async def look_at_outbox(self, actor: Actor, lease: Lease) -> datetime | None:
        """Send a merchant's due letters; return when the next one is due."""
        for _ in range(UNITS_PER_LOOK):
            await lease.keep()
            if not await send_due(self.database, actor, self.senders, hidden_for=timedelta(seconds=self.pace.lease_s)):
                break
        async with self.database.reading(actor) as uow:
            return await outbox.next_due(uow)

    async def sweep(self) -> None:
        """Wake every merchant for every consumer: it finds what a lost wake-up left lying."""
        now = self.database.clock.now()
        async with self.database.directory() as connection:
            everybody = await directory.merchants(connection)
            for consumer in WOKEN:
                await wakes.wake(connection, everybody, consumer, now)
        self.look_around()

    async def _beat(self) -> None:
        now = self.database.clock.now()
        until = now + timedelta(seconds=self.pace.lease_s)
        async with self.database.directory() as connection:
            await wakes.forget_leases(connection, ALIVE, ended_before=now - BURIED_AFTER)
            await wakes.take_lease(connection, ALIVE, self.id, holder=self.holder, now=now, until=until)

    async def _end_beat(self) -> None:
        now = self.database.clock.now()
        with contextlib.suppress(Exception):  # the database may be what made us stop
            async with self.database.directory() as connection:
                await wakes.end_lease(connection, ALIVE, self.id, holder=self.holder, until=now, look_again_at=None)


Look = Callable[[Actor, Lease], Awaitable[datetime | None]]


async def react(
    uow: UnitOfWork, room: str, reactions: Mapping[str, Reaction], start: int, events: list[LoggedEvent]
) -> bool:
    """Let a room react to events in their order, in the unit of work that moves its cursor past them.

    Runs of one kind go together. False when another worker was faster, and nothing happens.
    """
    if not await reading.advance(uow, room, expected=start, to=events[-1].seq):
        return False
    run: list[LoggedEvent] = []
    for event in [event for event in events if event.kind in reactions]:
        if run and run[-1].kind != event.kind:
            await reactions[run[-1].kind](uow, run)
            run = []
        run.append(event)
    if run:
        await reactions[run[-1].kind](uow, run)
    return True


async def _first_of(at_most_s: float, *events: asyncio.Event) -> None:
    """Return when one of the events is set, or after a while."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
