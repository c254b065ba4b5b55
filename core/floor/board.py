"""The board: what a warehouse's floor does now and did in the hours before, from scans and picks as they are kept.

Nothing is written for it. Rows of an hour are found by their ids, which are in the order of time, so the cost follows
the hours that are looked at and not the years that are kept.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.floor import board_reading as reading
from pickmesh.core.floor.board_reading import Stretch
from pickmesh.core.floor.entries import Tone, tone_of
from pickmesh.core.floor.tables import Job, Outcome
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import priorities
from pickmesh.core.stock import queries as stock_queries

HOURS = 8
HOURS_MAX = 24
YEARS = range(2000, 2200)
"""Whose scans there may be; what lies before or after was never scanned."""
AT_RISK_MINUTES = 60
AT_RISK_MINUTES_MAX = 1_440
HOUR = timedelta(hours=1)
MISTAKES = tuple(one for one in Outcome if tone_of(one) is Tone.WRONG and one is not Outcome.INTERCEPTED)
"""Answers that sound wrong; that an order was stopped is nobody's mistake."""


@dataclass(slots=True)
class Figures:
    """What was done in a stretch of time; `answers` are scans by their outcome, `length` how much of it has passed."""

    length: timedelta
    answers: Counter[Outcome] = field(default_factory=Counter)
    lines_picked: int = 0
    pieces_picked: int = 0
    pieces_packed: int = 0

    @property
    def scans(self) -> int:
        """How many entries came."""
        return self.answers.total()

    @property
    def mistakes(self) -> Sequence[tuple[Outcome, int, float]]:
        """Mistakes as (outcome, how many, per thousand scans), the commonest first."""
        found = [(one, self.answers[one]) for one in MISTAKES if self.answers[one]]
        found.sort(key=lambda each: -each[1])
        return [(one, count, self._per_thousand(count)) for one, count in found]

    @property
    def mistakes_per_thousand(self) -> float:
        """Mistakes of every kind in a thousand scans."""
        return self._per_thousand(sum(count for _, count, _ in self.mistakes))

    @property
    def lines_per_hour(self) -> float:
        """Pick lines in an hour, from the time that has passed."""
        return self._per_hour(self.lines_picked)

    @property
    def pieces_per_hour(self) -> float:
        """Pieces picked in an hour, from the time that has passed."""
        return self._per_hour(self.pieces_picked)

    def _per_thousand(self, count: int) -> float:
        return round(1_000 * count / self.scans, 1) if count else 0.0

    def _per_hour(self, count: int) -> float:
        return round(count * (HOUR / self.length), 1) if self.length else 0.0


@dataclass(frozen=True, slots=True)
class BoardHour:
    """An hour (the last one may be shorter) and what was done in it, at every job or at one."""

    begin: datetime
    until: datetime
    figures: Figures
    jobs: Mapping[Job, Figures]


@dataclass(slots=True)
class BoardPerson:
    """A person at work: at what and since when, and what came of it in the board's hours.

    A list may be in somebody's hands without any scan: then there is no session, no job but PICK, and no last scan.
    """

    worker_id: UUID
    job: Job
    since: datetime
    session_id: UUID | None = None
    pick_list_id: UUID | None = None
    last_scan_at: datetime | None = None
    scans: int = 0
    mistakes: int = 0
    pieces_picked: int = 0
    pieces_packed: int = 0

    @property
    def mistakes_per_thousand(self) -> float:
        """Mistakes in a thousand scans."""
        return round(1_000 * self.mistakes / self.scans, 1) if self.scans else 0.0


@dataclass(frozen=True, slots=True)
class BoardRisk:
    """An order that must leave soon and is not packed; `minutes_left` below 0 is late already."""

    fulfillment_order_id: UUID
    leave_by: datetime
    minutes_left: int


@dataclass(frozen=True, slots=True)
class Board:
    """A floor at the moment `at`; rows of waves, stages and exceptions are as `board_reading` names them."""

    location_id: UUID
    begin: datetime
    until: datetime
    at: datetime
    figures: Figures
    hours: Sequence[BoardHour]
    people: Sequence[BoardPerson]
    waves: Sequence[reading.BoardWave]
    queue: Sequence[reading.BoardStage]
    exceptions: Sequence[sa.Row[Any]]
    at_risk: Sequence[BoardRisk]
    at_risk_count: int
    at_risk_minutes: int


async def floor_board(
    uow: UnitOfWork,
    *,
    location_id: UUID,
    begin: datetime | None = None,
    until: datetime | None = None,
    at_risk_minutes: int = AT_RISK_MINUTES,
) -> Board | None:
    """Return the board of a warehouse from `begin` to `until`: the 8 hours up to now, or from or to the one told.

    Hours count from `begin`; 24 at most. Orders at risk leave within `at_risk_minutes`, 0 to 1,440. None for a
    warehouse that is not there; needs `floor:read` there. Ten statements, however much goes on.
    """
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=location_id)
    stretch = _stretch(uow, location_id, begin, until)
    if not 0 <= at_risk_minutes <= AT_RISK_MINUTES_MAX:
        message = sentence(
            "{name} must be between {least} and {most}.", name="atRiskMinutes", least=0, most=AT_RISK_MINUTES_MAX
        )
        raise InvalidInput(message, field=("atRiskMinutes",))
    location = (await stock_queries.locations_by_id(uow, [location_id])).get(location_id)
    if location is None:
        return None
    hours, picked, packed = await _hours(uow, stretch)
    people = await _people(uow, stretch, picked, packed)
    risks = await reading.orders_at_risk(uow, location, uow.now + timedelta(minutes=at_risk_minutes))
    return Board(
        location_id=location_id,
        begin=stretch.begin,
        until=stretch.until,
        at=uow.now,
        figures=_sum([hour.figures for hour in hours]),
        hours=hours,
        people=people,
        waves=await reading.waves(uow, stretch),
        queue=await reading.queue(uow, location_id),
        exceptions=await reading.open_exceptions(uow, location_id),
        at_risk=[_risk(uow, row, location) for row in risks],
        at_risk_count=risks[0].of if risks else 0,
        at_risk_minutes=at_risk_minutes,
    )


def _stretch(uow: UnitOfWork, location_id: UUID, begin: datetime | None, until: datetime | None) -> Stretch:
    for name, moment in (("from", begin), ("to", until)):
        if moment is not None and moment.year not in YEARS:
            message = sentence("A board's hours lie between {first} and {last}.", first=YEARS[0], last=YEARS[-1])
            raise InvalidInput(message, field=(name,))
    end = until or (uow.now if begin is None else begin + HOURS * HOUR)
    start = end - HOURS * HOUR if begin is None else begin
    if not timedelta(0) < end - start <= HOURS_MAX * HOUR:
        message = sentence("A board shows up to {most} hours and ends after it begins.", most=HOURS_MAX)
        raise InvalidInput(message, field=("from",))
    edges = [start]
    while edges[-1] + HOUR < end:
        edges.append(edges[-1] + HOUR)
    return Stretch(location_id, [*edges, end])


async def _hours(uow: UnitOfWork, stretch: Stretch) -> tuple[list[BoardHour], Counter[UUID], Counter[UUID]]:
    """Return the hours, and the pieces each person picked and packed in all of them."""
    jobs: list[dict[Job, Figures]] = [{} for _ in stretch.lengths(uow.now)]
    totals = [Figures(length) for length in stretch.lengths(uow.now)]
    for row in await reading.scans(uow, stretch):
        of_job = jobs[row.hour].setdefault(Job(row.job), Figures(totals[row.hour].length))
        of_job.answers[Outcome(row.outcome)] += row.scans
        totals[row.hour].answers[Outcome(row.outcome)] += row.scans
    picked: Counter[UUID] = Counter()
    for row in await reading.picks(uow, stretch):
        for figures in (totals[row.hour], jobs[row.hour].setdefault(Job.PICK, Figures(totals[row.hour].length))):
            figures.lines_picked += row.lines
            figures.pieces_picked += int(row.pieces)
        picked[row.worker_id] += int(row.pieces)
    packed: Counter[UUID] = Counter()
    for row in await reading.packs(uow, stretch):
        for figures in (totals[row.hour], jobs[row.hour].setdefault(Job.PACK, Figures(totals[row.hour].length))):
            figures.pieces_packed += int(row.pieces)
        packed[row.worker_id] += int(row.pieces)
    hours = [
        BoardHour(begin, until, figures, of_job)
        for (begin, until), figures, of_job in zip(stretch.hours, totals, jobs, strict=True)
    ]
    return hours, picked, packed


async def _people(
    uow: UnitOfWork, stretch: Stretch, picked: Mapping[UUID, int], packed: Mapping[UUID, int]
) -> list[BoardPerson]:
    """Return who is at work, whoever scanned last first, then those who hold a list and did not scan."""
    people: dict[UUID, BoardPerson] = {}
    for row in await reading.sessions(uow, stretch, MISTAKES):
        person = people.get(row.worker_id)
        if person is None:  # sessions come with the latest scan first: that is what the person is on
            subject = row.subject_id if row.job == Job.PICK else None
            person = BoardPerson(row.worker_id, Job(row.job), row.opened_at, row.id, subject, row.last_scan_at)
            people[row.worker_id] = person
        person.scans += row.scans
        person.mistakes += row.mistakes
    for row in await reading.lists_in_hand(uow, stretch.location_id):
        people.setdefault(row.worker_id, BoardPerson(row.worker_id, Job.PICK, row.claimed_at, pick_list_id=row.id))
    for person in people.values():
        person.pieces_picked = picked.get(person.worker_id, 0)
        person.pieces_packed = packed.get(person.worker_id, 0)
    return list(people.values())


def _risk(uow: UnitOfWork, row: sa.Row[Any], location: sa.Row[Any]) -> BoardRisk:
    leave_by = priorities.leave_by(row.ship_by, location)
    return BoardRisk(row.id, leave_by, (leave_by - uow.now) // timedelta(minutes=1))


def _sum(parts: Sequence[Figures]) -> Figures:
    whole = Figures(sum((part.length for part in parts), timedelta(0)))
    for part in parts:
        whole.answers += part.answers
        whole.lines_picked += part.lines_picked
        whole.pieces_picked += part.pieces_picked
        whole.pieces_packed += part.pieces_packed
    return whole
