"""Labels on their way to paper: print jobs, what an agent at a bench does with them, what a person saw of them."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.packing import printing, queries, refusals
from pickmesh.core.packing.printing import TAKEN_MAX, PrintFailure
from pickmesh.core.packing.tables import PrintState
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, limited, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime

STATION = "pickmesh.graphql.packing.Station"
PARCEL = "pickmesh.graphql.packing.Parcel"
PrintStateName = graphene.Enum.from_enum(PrintState, name="PrintState")
PrintFailureName = graphene.Enum.from_enum(PrintFailure, name="PrintFailure")
PrintingUserError = user_error("Printing", refusals)


class PrintJobAction(graphene.Enum):
    """What a person may do to a print job as it stands: an unsure one is settled by printJobSettle."""

    SETTLE = "SETTLE"


class PrintJob(relay.ObjectType):
    """A label to print at a station."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    station = relay.link("station_id", STATION, required=True)
    parcel = relay.link("parcel_id", PARCEL, required=True)
    format = graphene.String(required=True)
    state = graphene.Field(PrintStateName, required=True)
    reason = graphene.String(required=True)
    created_at = graphene.Field(DateTime, required=True)
    done_at = graphene.Field(DateTime)
    last_error = graphene.String()
    agent = graphene.String(description="The program that has it, or had it last.")
    taken_at = graphene.Field(DateTime)
    until = graphene.Field(DateTime, description="How long it is the agent's own without another word from it.")
    attempts = graphene.Int(required=True, description="How often its printer refused it.")
    supported_actions = graphene.List(graphene.NonNull(PrintJobAction), required=True)

    by_ids = staticmethod(queries.print_jobs)

    @staticmethod
    def resolve_supported_actions(root: Any, _info: Any) -> list[str]:
        """Return what may be done now."""
        return ["SETTLE"] if root.state == PrintState.UNSURE else []


class PrintJobsOfStation:
    """The field a station has of its printing."""

    requires = Permission.FLOOR_READ
    print_jobs = relay.listing(
        queries.open_print_jobs, PrintJob, "What is still to print or unsure, the oldest first; at most 50."
    )


class PrintingQueries(Queries):
    """What may be asked of printing."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    print_jobs = graphene.List(
        graphene.NonNull(PrintJob),
        required=True,
        station_id=graphene.ID(required=True),
        states=relay.some(PrintStateName),
        description="A station's print jobs, the oldest first, at most 50; all that are still to print or unsure "
        "when no states are given.",
    )

    @staticmethod
    async def resolve_print_jobs(
        _root: Any, info: Any, station_id: str, states: list[PrintState] | None = None
    ) -> Sequence[Any]:
        """Return the jobs."""
        station = relay.id_of(station_id, "Station", field=("stationId",))
        wanted = queries.PRINT_OPEN if states is None else states
        async with info.context.reading() as uow:
            found: Sequence[Any] = await queries.print_jobs_at(uow, station, states=wanted)
        return found


class OfPrintJobs(Mutation):
    """What the mutations over many print jobs share."""

    requires = Permission.FLOOR_WORK
    user_error = PrintingUserError
    items = "printJobIds"

    class Input:
        print_job_ids = relay.some(graphene.ID, required=True)

    class Payload:
        print_jobs = Many(PrintJob)

    @staticmethod
    def ids_in(input: Any) -> list[UUID]:
        """Return the print jobs of the input."""
        return relay.ids_of(limited(input.print_job_ids, TAKEN_MAX, "printJobIds"), "PrintJob", field="printJobIds")

    @staticmethod
    def done(answers: Sequence[UUID | Refused]) -> Done:
        """Answer the jobs that were not refused."""
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        return Done({"print_jobs": [each for each in answers if not isinstance(each, Refused)]}, refused)


class PrintJobTake(Mutation):
    """Take a station's oldest jobs for one run of an agent; what an earlier run left waits again, or is UNSURE."""

    requires = Permission.FLOOR_WORK
    user_error = PrintingUserError

    class Input:
        station_id = graphene.ID(required=True)
        agent = graphene.String(required=True, description="The agent's name, with its printer: the same each time.")
        run_id = graphene.UUID(required=True, description="A fresh one each time the agent starts.")
        limit = graphene.Int(required=True, default_value=1, description=f"1 to {TAKEN_MAX}.")

    class Payload:
        print_jobs = Many(PrintJob)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Take."""
        station = relay.id_of(input.station_id, "Station", field=("stationId",))
        taken = await printing.take_print_jobs(
            uow, station_id=station, agent=input.agent, run_id=input.run_id, limit=input.limit
        )
        return Done({"print_jobs": taken})


class OfRun(OfPrintJobs):
    """What one run of an agent tells about its jobs."""

    class Input:
        run_id = graphene.UUID(required=True)
        print_job_ids = relay.some(graphene.ID, required=True)


class PrintJobSend(OfRun):
    """Ask, right before the first byte leaves, whether these jobs may go; nothing of a refused one may be sent."""

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Begin."""
        ids = cls.ids_in(input)
        return cls.done(await printing.send_print_jobs(uow, run_id=input.run_id, print_job_ids=ids))


class PrintJobFinish(OfRun):
    """Tell that jobs are printed; telling it again changes nothing."""

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Finish."""
        ids = cls.ids_in(input)
        return cls.done(await printing.finish_print_jobs(uow, run_id=input.run_id, print_job_ids=ids))


class PrintJobFail(OfRun):
    """Tell that jobs were not printed, and whether they may be tried again or are on paper perhaps."""

    class Input(OfRun.Input):
        failure = graphene.Field(PrintFailureName, required=True)
        error = graphene.String(required=True, description="What the printer said.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Fail."""
        ids = cls.ids_in(input)
        answers = await printing.fail_print_jobs(
            uow, run_id=input.run_id, print_job_ids=ids, error=input.error, failure=input.failure
        )
        return cls.done(answers)


class PrintJobSettle(OfPrintJobs):
    """Tell what somebody saw of unsure jobs: the label is there, or it is not and is printed again."""

    class Input(OfPrintJobs.Input):
        printed = graphene.Boolean(required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Settle."""
        ids = cls.ids_in(input)
        return cls.done(await printing.settle_print_jobs(uow, print_job_ids=ids, printed=input.printed))


MUTATIONS = (PrintJobTake, PrintJobSend, PrintJobFinish, PrintJobFail, PrintJobSettle)
