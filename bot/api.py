"""The one client of the server: GraphQL through gql, pictures to /scan; every call may be made twice."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import stamina
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport

Answer = TypeVar("Answer")
TIMEOUT_S = 35.0
"""Longer than the server lets a request take."""
RETRY_S_MAX = 20.0
"""How long one call is tried before the server counts as away."""
CONNECTIONS_MAX = 64
_NOT_LINKED = "SIGN_IN_NEEDED"
_BUSY = {"SHUTTING_DOWN", "QUEUE_FULL", "INTERNAL", "EXECUTION_TIMEOUT", "BUSY"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expected no of the server: its code, and the sentence for the person in their language."""

    code: str
    message: str


class Refused(Exception):
    """The server refused, or some of many items; `data` is what it answered beside."""

    def __init__(self, refusals: Sequence[Refusal], data: Mapping[str, Any] | None = None) -> None:
        super().__init__("; ".join(refusal.message for refusal in refusals))
        self.refusals = refusals
        self.data = data or {}

    @property
    def code(self) -> str:
        """The first refusal's code."""
        return self.refusals[0].code


class NotLinked(Exception):
    """The account speaks for nobody: it was never linked, or no longer is."""


class Unreachable(Exception):
    """The server cannot be reached or is not well; nothing was lost by asking again later."""


@cache
def document(text: str) -> GraphQLRequest:
    """Return an operation, parsed once."""
    return gql(text)


class Api:
    """A connection with the bot's secret; each call says as which chat account it acts, or as the bot alone."""

    def __init__(
        self,
        address: str,
        secret: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        retry_s_max: float = RETRY_S_MAX,
    ) -> None:
        self._headers = {"authorization": f"Bot {secret}"}
        how: dict[str, Any] = {"timeout": TIMEOUT_S, "limits": httpx.Limits(max_connections=CONNECTIONS_MAX)}
        if transport is not None:  # inside the server's own process
            how["transport"] = transport
        self._http = httpx.AsyncClient(base_url=address, headers=self._headers, **how)
        graphql = HTTPXAsyncTransport(url=f"{address.rstrip('/')}/graphql", follow_redirects=False, **how)
        self._client = Client(transport=graphql, execute_timeout=None)
        self._retry_s_max = retry_s_max
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._session = await self._opened.enter_async_context(self._client)
        await self._opened.enter_async_context(self._http)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._opened.aclose()

    async def run(
        self,
        operation: str,
        variables: Mapping[str, Any] | None = None,
        *,
        account: str | None = None,
        locale: str | None = None,
    ) -> dict[str, Any]:
        """Run an operation and return its data; raises Refused, NotLinked and, after tries enough, Unreachable.

        `account` is “TELEGRAM:17”; a mutation that must not happen twice has its idempotencyKey in the variables.
        """
        request = GraphQLRequest(document(operation), variable_values=dict(variables or {}))
        headers = self._as(account, locale)
        return await self._retried(lambda: self._asked(request, headers))

    async def scan(
        self, picture: bytes, *, account: str, locale: str | None = None, accept: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return what a picture's barcodes say: `barcodes` and `message`; raises as `run` does."""
        headers = self._as(account, locale)
        return await self._retried(lambda: self._scanned(picture, headers, accept))

    def _as(self, account: str | None, locale: str | None) -> dict[str, str]:
        mine = {"x-chat-account": account} if account else {}
        return {**self._headers, **mine, **({"accept-language": locale} if locale else {})}

    async def _asked(self, request: GraphQLRequest, headers: dict[str, str]) -> dict[str, Any]:
        try:
            data = dict(await self._session.execute(request, extra_args={"headers": headers}))
        except TransportQueryError as error:
            raise _of_error((error.errors or [{}])[0]) from None
        except TransportError as error:
            raise Unreachable(_said(error)) from None
        refusals = [refusal for root in data.values() for refusal in _refusals(root)]
        if refusals and refusals[0].code in _BUSY:
            raise Unreachable(refusals[0].message)
        if refusals:
            raise Refused(refusals, data)
        return data

    async def _scanned(self, picture: bytes, headers: dict[str, str], accept: Sequence[str]) -> dict[str, Any]:
        try:
            answer = await self._http.post(
                "/scan", files={"image": ("picture", picture)}, data={"accept": list(accept)}, headers=headers
            )
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unreachable(_said(error)) from None
        if answer.status_code != 200:
            raise _of_error(told["errors"][0])
        return dict(told)

    async def _retried(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        tries = stamina.retry_context(
            on=Unreachable, attempts=None, timeout=self._retry_s_max, wait_initial=0.1, wait_max=3.0, wait_jitter=0.2
        )
        async for attempt in tries:
            with attempt:
                return await call()
        raise AssertionError("the retry context either returns or raises")


def _of_error(told: Mapping[str, Any]) -> Exception:
    """Return what a GraphQL error means to a chat."""
    code = str(told.get("extensions", {}).get("code", ""))
    message = str(told.get("message", ""))
    if code == _NOT_LINKED:
        return NotLinked(message)
    return Unreachable(message) if code in _BUSY or not code else Refused([Refusal(code, message)])


def _refusals(root: Any) -> list[Refusal]:
    errors = root.get("userErrors", ()) if isinstance(root, dict) else ()
    return [Refusal(each["code"], each["message"]) for each in errors]


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
