"""The manager's board: what a warehouse does now and did by the hour."""

from datetime import datetime
from typing import Any, ClassVar

import graphene

from pickmesh.core.floor import board
from pickmesh.core.floor.board_reading import AT_RISK_MAX, WAVES_MAX, Stage
from pickmesh.core.kit.permissions import Permission
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.floor import JobName, OutcomeName, ScanSession
from pickmesh.graphql.orders import FulfillmentOrder
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.picking import PickList, TaskKindName, Wave
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import AtLocation

BoardStageName = graphene.Enum.from_enum(Stage, name="BoardStageName")


def _many(type_: Any, **more: Any) -> Any:
    return graphene.List(graphene.NonNull(type_), required=True, **more)


class BoardMistake(graphene.ObjectType):
    """How often scans were answered so."""

    requires = Permission.FLOOR_READ
    outcome = graphene.Field(OutcomeName, required=True)
    count = graphene.Int(required=True)
    per_thousand = graphene.Float(required=True, description="In a thousand scans.")


class BoardFigures(graphene.ObjectType):
    """What was done in a stretch of time; rates count the time that has passed."""

    requires = Permission.FLOOR_READ
    scans = graphene.Int(required=True)
    lines_picked = graphene.Int(required=True, description="A line taken in two goes of different hours is in both.")
    pieces_picked = graphene.Int(required=True, description="Without those undone.")
    pieces_packed = graphene.Int(required=True, description="Less those taken out of parcels again.")
    lines_per_hour = graphene.Float(required=True)
    pieces_per_hour = graphene.Float(required=True)
    mistakes_per_thousand = graphene.Float(required=True, description="Scans answered wrong; stopped orders are not.")
    mistakes = _many(BoardMistake, description="By kind, the commonest first.")

    @staticmethod
    def resolve_mistakes(root: Any, _info: Any) -> list[dict[str, Any]]:
        """Return the mistakes."""
        return [{"outcome": outcome, "count": count, "per_thousand": rate} for outcome, count, rate in root.mistakes]


class BoardJob(graphene.ObjectType):
    """One job's part of an hour."""

    requires = Permission.FLOOR_READ
    job = graphene.Field(JobName, required=True)
    figures = graphene.Field(BoardFigures, required=True)


class BoardHour(graphene.ObjectType):
    """An hour of the board, counted from its begin; the last one may be shorter."""

    requires = Permission.FLOOR_READ
    begin = graphene.Field(DateTime, required=True)
    until = graphene.Field(DateTime, required=True)
    figures = graphene.Field(BoardFigures, required=True)
    jobs = _many(BoardJob)

    @staticmethod
    def resolve_jobs(root: Any, _info: Any) -> list[dict[str, Any]]:
        """Return the hour's figures by job."""
        return [{"job": job, "figures": root.jobs[job]} for job in sorted(root.jobs)]


class BoardPerson(graphene.ObjectType):
    """A person at work: on what, since when, the last scan, and what came of it in the board's hours."""

    requires = Permission.FLOOR_READ
    worker = relay.link("worker_id", Worker)
    job = graphene.Field(JobName, required=True)
    since = graphene.Field(DateTime, required=True)
    session = relay.link("session_id", ScanSession, description="Null for who holds a list and did not scan.")
    pick_list = relay.link("pick_list_id", PickList)
    last_scan_at = graphene.Field(DateTime)
    scans = graphene.Int(required=True)
    mistakes = graphene.Int(required=True)
    mistakes_per_thousand = graphene.Float(required=True)
    pieces_picked = graphene.Int(required=True)
    pieces_packed = graphene.Int(required=True)


class BoardWave(graphene.ObjectType):
    """How far a wave is; kicked-out orders and cancelled lines do not count."""

    requires = Permission.FLOOR_READ
    wave = relay.link("wave_id", Wave, required=True)
    orders = graphene.Int(required=True)
    orders_kicked_out = graphene.Int(required=True)
    lists = graphene.Int(required=True)
    lists_done = graphene.Int(required=True)
    lines = graphene.Int(required=True)
    lines_done = graphene.Int(required=True)
    pieces = graphene.Int(required=True)
    pieces_picked = graphene.Int(required=True)
    pieces_short = graphene.Int(required=True)
    progress = graphene.Float(required=True, description="The share of pieces that are settled, 0 to 1.")


class BoardQueue(graphene.ObjectType):
    """How much waits for a stage."""

    requires = Permission.FLOOR_READ
    stage = graphene.Field(BoardStageName, required=True)
    orders = graphene.Int(required=True)
    pieces = graphene.Int(description="Null before the release: nobody counts them then.")


class BoardExceptions(graphene.ObjectType):
    """Open exception tasks of a kind."""

    requires = Permission.FLOOR_READ
    kind = graphene.Field(TaskKindName, required=True)
    tasks = graphene.Int(required=True)
    oldest_at = graphene.Field(DateTime, required=True)


class BoardRisk(graphene.ObjectType):
    """An order that must leave soon and is not packed."""

    requires = Permission.FLOOR_READ
    fulfillment_order = relay.link("fulfillment_order_id", FulfillmentOrder)
    leave_by = graphene.Field(DateTime, required=True, description="The last cut-off that keeps the promise.")
    minutes_left = graphene.Int(required=True, description="Below 0: late already.")


class FloorBoard(graphene.ObjectType, AtLocation):
    """A floor at a glance: throughput, mistakes, people, waves, what waits, what is at risk."""

    requires = Permission.FLOOR_READ
    begin = graphene.Field(DateTime, required=True, name="from")
    until = graphene.Field(DateTime, required=True, name="to")
    at = graphene.Field(DateTime, required=True, description="When this was so.")
    figures = graphene.Field(BoardFigures, required=True, description="Over all hours.")
    hours = _many(BoardHour)
    people = _many(BoardPerson, description="Whoever scanned last first, then those who hold a list without a scan.")
    waves = _many(BoardWave, description=f"Open ones and those that ended in these hours, at most {WAVES_MAX}.")
    queue = _many(BoardQueue, description="Every stage, in order.")
    exceptions = _many(BoardExceptions, description="The kind with the oldest task first.")
    at_risk = _many(BoardRisk, description=f"The soonest first, at most {AT_RISK_MAX}.")
    at_risk_count = graphene.Int(required=True, description="How many there are in all.")
    at_risk_minutes = graphene.Int(required=True)


class BoardQueries(Queries):
    """What may be asked of the board."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    floor_board = graphene.Field(
        FloorBoard,
        location_id=graphene.ID(required=True),
        begin=graphene.Argument(DateTime, name="from", description=f"{board.HOURS} hours before the end unless said."),
        until=graphene.Argument(
            DateTime, name="to", description=f"Now unless said, or {board.HOURS} hours after from."
        ),
        at_risk_minutes=graphene.Int(
            required=True,
            default_value=board.AT_RISK_MINUTES,
            description=f"Orders that leave within so many are at risk, at most {board.AT_RISK_MINUTES_MAX}.",
        ),
        description=f"A warehouse's board over at most {board.HOURS_MAX} hours.",
    )

    @staticmethod
    async def resolve_floor_board(
        _root: Any,
        info: Any,
        location_id: str,
        at_risk_minutes: int,
        **stretch: datetime | None,
    ) -> board.Board | None:
        """Return the board; none of a warehouse that is not there."""
        location = relay.id_of(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
            return await board.floor_board(uow, location_id=location, at_risk_minutes=at_risk_minutes, **stretch)
