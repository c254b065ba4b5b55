"""What the agent asks of the server: GraphQL for the jobs, HTTP for the drawings. Every call may be made twice."""

import base64
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

import httpx
import stamina
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.httpx import HTTPXTransport

from pickmesh.app.printing.printers import AgentRefused, Job, JobGone

Answer = TypeVar("Answer")
TIMEOUT_S = 15.0
RETRY_S_MAX = 20.0
"""How long one call is tried before the server counts as away."""
NEEDED = ("FLOOR_READ", "FLOOR_WORK", "RECIPIENTS_READ")
"""Without the last one the labels would come masked."""
_JOB = "id state parcel { number labels { pdf zpl } }"
_ERRORS = "userErrors { code message }"
_FINAL = {"SIGN_IN_NEEDED", "NOT_PERMITTED", "BAD_REQUEST", "INVALID_INPUT", "LIMIT_EXCEEDED", "NOT_FOUND"}
_GONE = {"PRINT_JOB_GONE", "NOT_FOUND", "WRONG_STATE"}
_BUSY = {"SHUTTING_DOWN", "QUEUE_FULL"}
VIEWER = gql("{ viewer { permissions } }")
STATION = gql("query ($code: String!, $location: String) { station(code: $code, locationCode: $location) { id code } }")
UNSURE = gql(f"query ($id: ID!) {{ printJobs(stationId: $id, states: [UNSURE]) {{ agent {_JOB} }} }}")


class PrintFailure(StrEnum):
    """Why a label was not printed, in the schema's words."""

    AWAY = "AWAY"
    RETRY = "RETRY"
    GIVE_UP = "GIVE_UP"
    UNSURE = "UNSURE"


class ServerAway(Exception):
    """The server cannot be reached or is not well; it will be asked again."""


class LabelGone(Exception):
    """The server draws no label for this job."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A pack station, by its id with the server."""

    id: str
    code: str


def _mutation(name: str, selection: str) -> GraphQLRequest:
    kind = f"{name[0].upper()}{name[1:]}Input"
    return gql(f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {selection} {_ERRORS} }} }}")


class Server:
    """A connection with a token; `run_id` tells this start of the agent from all others."""

    def __init__(self, address: str, token: str) -> None:
        headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
        self.run_id = str(uuid4())
        self._http = httpx.Client(base_url=address, headers=headers, timeout=TIMEOUT_S)
        transport = HTTPXTransport(
            url=f"{address.rstrip('/')}/graphql", headers=headers, timeout=TIMEOUT_S, follow_redirects=False
        )
        self._client = Client(transport=transport, execute_timeout=None)

        self._opened = ExitStack()

    def __enter__(self) -> Self:
        self._session = self._opened.enter_context(self._client)
        self._opened.enter_context(self._http)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._opened.close()

    def require_permissions(self) -> None:
        """Refuse a token that may not print, or that would get the recipients masked."""
        held = self._ask(VIEWER)["viewer"]["permissions"]
        missing = [name.lower().replace("_", ":") for name in NEEDED if name not in held]
        if missing:
            raise AgentRefused(f"The token in PICKMESH_TOKEN lacks {', '.join(missing)}; make an API key that has it.")

    def bench(self, code: str, location: str | None) -> Bench:
        """Return the station of a code; refuses one that is not there."""
        found = self._ask(STATION, code=code, location=location)["station"]
        if found is None:
            raise AgentRefused(f"There is no station {code}{f' at {location}' if location else ''}.")
        return Bench(found["id"], found["code"])

    def take(self, bench: Bench, agent: str) -> list[Job]:
        """Take the next job, if there is one; what an earlier run left behind is settled by it."""
        told = self._do("printJobTake", f"printJobs {{ {_JOB} }}", stationId=bench.id, agent=agent, runId=self.run_id)
        return [_job(each) for each in told["printJobs"]]

    def left_unsure(self, bench: Bench, agent: str) -> list[Job]:
        """Return the jobs of which earlier runs of this agent left it open whether they are on paper."""
        found = self._ask(UNSURE, id=bench.id)["printJobs"]
        return [_job(each) for each in found if each["agent"] == agent]

    def label(self, job: Job, format: str) -> bytes:
        """Return a job's label as it is drawn now; raises LabelGone when its waybill is."""
        path = job.labels.get(format)
        if path is None:
            raise LabelGone("The parcel has no label any more.")
        answer = self._retried(lambda: self._got(path))
        if answer.status_code in {401, 403}:
            raise AgentRefused(_sentence(answer))
        if answer.status_code in {404, 409}:
            raise LabelGone(_sentence(answer))
        return answer.content

    def _got(self, path: str) -> httpx.Response:
        try:
            answer = self._http.get(path)
        except httpx.HTTPError as error:
            raise ServerAway(_said(error)) from None
        if answer.status_code not in {200, 401, 403, 404, 409}:
            raise ServerAway(f"it answered {answer.status_code}")
        return answer

    def send(self, job: Job) -> None:
        """Ask whether a job may go now; raises JobGone when it may not."""
        self._act("printJobSend", job, runId=self.run_id)

    def finish(self, job: Job) -> None:
        """Tell that a job is printed; raises JobGone when somebody else has said what became of it."""
        self._act("printJobFinish", job, runId=self.run_id)

    def fail(self, job: Job, failure: PrintFailure, error: str) -> str:
        """Tell that a job was not printed, and return the state it is in now; raises JobGone as `finish` does."""
        return self._act("printJobFail", job, runId=self.run_id, failure=failure.value, error=error)

    def settle(self, job: Job, *, printed: bool) -> None:
        """Tell what became of a job that was unsure; raises JobGone when somebody else has said so."""
        self._act("printJobSettle", job, printed=printed)

    def _act(self, name: str, job: Job, **given: Any) -> str:
        told = self._do(name, "printJobs { state }", printJobIds=[job.id], **given)
        return str(told["printJobs"][0]["state"])

    def _do(self, name: str, selection: str, **given: Any) -> dict[str, Any]:
        """Run a mutation that is repeatable by itself; what it refuses is raised."""
        told: dict[str, Any] = self._ask(_mutation(name, selection), input=given)[name]
        for error in told["userErrors"]:
            if error["code"] in _BUSY:
                raise ServerAway(error["message"])
            is_gone = error["code"] in _GONE and "printJobIds" in given
            raise (JobGone if is_gone else AgentRefused)(error["message"])
        return told

    def _ask(self, request: GraphQLRequest, **variables: Any) -> dict[str, Any]:
        asked = GraphQLRequest(request, variable_values=variables)
        return self._retried(lambda: self._asked(asked))

    def _asked(self, request: GraphQLRequest) -> dict[str, Any]:
        try:
            return dict(self._session.execute(request))
        except TransportQueryError as error:
            told = (error.errors or [{}])[0]
            if told.get("extensions", {}).get("code") in _FINAL:
                raise AgentRefused(str(told.get("message"))) from None
            raise ServerAway(f"it said: {told.get('message')}") from None
        except TransportError as error:
            raise ServerAway(_said(error)) from None

    @staticmethod
    def _retried(call: Callable[[], Answer]) -> Answer:
        tries = stamina.retry_context(
            on=ServerAway, attempts=None, timeout=RETRY_S_MAX, wait_initial=0.1, wait_max=3.0, wait_jitter=0.2
        )
        for attempt in tries:
            with attempt:
                return call()
        raise AssertionError("the retry context either returns or raises")


def _job(told: dict[str, Any]) -> Job:
    parcel = told["parcel"]
    return Job(told["id"], _uuid(told["id"]), parcel["number"], parcel["labels"] or {})


def _uuid(global_id: str) -> UUID:
    """Return the uuid in a global id of ours, for names of files and jobs."""
    return UUID(base64.urlsafe_b64decode(global_id).decode().partition(":")[2])


def _sentence(answer: httpx.Response) -> str:
    try:
        errors: Sequence[dict[str, Any]] = answer.json()["errors"]
        return str(errors[0]["message"])
    except (ValueError, LookupError):
        return f"The server answered {answer.status_code} for a label."


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
