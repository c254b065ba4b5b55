"""The HTTP and WebSocket door: who asks, how much may be asked, and what may leave when something is wrong."""

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, Literal, cast

import structlog
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType
from graphql_server import execute
from graphql_server.asgi import ASGIRequestAdapter, GraphQL
from graphql_server.exceptions import ConnectionRejectionError, GraphQLValidationError
from graphql_server.http import GraphQLHTTPResponse, GraphQLRequestData
from graphql_server.http.async_base_view import AsyncHTTPRequestAdapter
from graphql_server.http.exceptions import HTTPException
from graphql_server.http.parse_content_type import parse_content_type
from graphql_server.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from graphql_server.types.unset import UNSET, UnsetType
from graphql_server.utils.logs import GraphQLServerLogger
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from pickmesh.core.kit import languages
from pickmesh.core.kit.ids import new_id
from pickmesh.graphql import errors
from pickmesh.graphql.context import Connection, Context
from pickmesh.graphql.documents import Documents
from pickmesh.graphql.services import Services
from pickmesh.graphql.sessions import bearer_of
from pickmesh.graphql.websocket import Handler, operation_of

log = structlog.get_logger("pickmesh.graphql")
CONNECTION_INIT_S = 10


class LimitedRequest(ASGIRequestAdapter):
    """A request whose body is read up to a limit and no further."""

    def __init__(self, request: Request, *, body_bytes_max: int) -> None:
        super().__init__(request)
        self._body_bytes_max = body_bytes_max

    async def get_body(self) -> bytes:
        """Return the body; refuses one that is longer than the limit, whatever its headers say."""
        parts: list[bytes] = []
        size = 0
        async for part in self.request.stream():
            size += len(part)
            if size > self._body_bytes_max:
                raise HTTPException(
                    413, f"A request may have {self._body_bytes_max} bytes (body_bytes_max); send it in smaller parts."
                )
            parts.append(part)
        return b"".join(parts)


class Server(GraphQL[Context, None]):
    """Answers GraphQL over HTTP and over WebSockets (graphql-transport-ws)."""

    graphql_transport_ws_handler_class = Handler

    def __init__(
        self, schema: GraphQLSchema, services: Services, *, introspection: bool = True, graphiql: bool = True
    ) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if graphiql else None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=CONNECTION_INIT_S),
        )
        self.services = services
        self.limits = services.limits
        self.documents = Documents(schema, services.limits, introspection=introspection)
        self.request_adapter_class = partial(  # type: ignore[assignment]  # the view only calls it
            LimitedRequest, body_bytes_max=services.limits.body_bytes_max
        )
        # Errors are logged once, by errors.masked; this logger would print refusals as if they were bugs.
        GraphQLServerLogger.logger.setLevel(logging.CRITICAL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong on the way is a JSON answer with a code."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        try:
            response = await self.run(Request(scope, receive))
        except HTTPException as refused:
            response = _problem(refused.status_code, refused.reason, errors.BAD_REQUEST)
        except Exception:
            error_id = str(new_id())
            log.exception("graphql_request_failed", error_id=error_id)
            response = _problem(500, f"Something went wrong on our side ({error_id}).", errors.INTERNAL)
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Return the context of a request, signed in by its headers; a WebSocket signs in when it is opened."""
        if isinstance(request, WebSocket):
            asked = languages.asked_for(request.headers.get("accept-language"))
            return Connection(self.services, asked_locale=asked)
        caller = await self.services.sessions.caller_of(request.headers)
        asked = languages.asked_for(request.headers.get("accept-language"))
        return Context(self.services, caller.actor, caller.token, asked, is_bot=caller.is_bot, link=caller.link)

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Sign a WebSocket in by `{"Authorization": "Bearer …"}` in its connection parameters, or close it.

        Browsers cannot set headers there, so `Accept-Language` may stand beside it.
        """
        assert isinstance(context, Connection)
        given = {key.lower(): value for key, value in (context.connection_params or {}).items()}
        header = given.get("authorization")
        token = bearer_of(header) if isinstance(header, str) else None
        actor = await self.services.sessions.actor_of(token) if token else None
        if token is None or actor is None:
            raise ConnectionRejectionError()
        context.sign_in(actor, token)
        language = given.get("accept-language")
        context.asked_locale = (
            languages.asked_for(language if isinstance(language, str) else None) or context.asked_locale
        )
        return cast(UnsetType, UNSET)

    def decode_json(self, data: str | bytes) -> object:
        """Read JSON; whatever cannot be read, or is longer than a body may be (over a WebSocket), is a bad request."""
        try:
            if len(data) > self.limits.body_bytes_max:
                raise ValueError("too long")  # noqa: TRY301 - answered like any other unreadable message
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError("unreadable", "", 0) from error

    def encode_json(self, data: object) -> str:
        """Write JSON compactly; half a character, which a refusal may quote, stays the escape it came as."""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace").decode()

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter, context: Context) -> GraphQLRequestData:
        """Return the request. Subscriptions go over WebSockets only, and so no answer comes in parts."""
        headers = request.headers
        accept = headers.get("accept") or headers.get("http-accept") or ""
        is_json, is_strict = _media(headers.get("content-type") or "", accept)
        if request.method == "GET":
            data = self.parse_query_params(request.query_params)
        elif is_json:
            data = self.parse_json(await request.get_body())
        else:
            raise HTTPException(400, "Unsupported content type")
        return await self.get_graphql_request_data(request, context, data, "http-strict" if is_strict else "http")

    async def get_graphql_request_data(
        self,
        request: AsyncHTTPRequestAdapter | WebSocket,
        context: Context,
        data: dict[str, Any],
        protocol: Literal["http", "http-strict", "multipart-subscription", "subscription"],
    ) -> GraphQLRequestData:
        """Return the request; over a WebSocket with its document, which the handler has found to be valid."""
        try:
            text, name, variables = operation_of(data)
        except GraphQLValidationError as invalid:
            raise HTTPException(400, invalid.errors[0].message) from invalid
        document = self.documents.ready(text, name, variables) if protocol == "subscription" else None
        return GraphQLRequestData(text, document, variables, name, data.get("extensions"), protocol)  # type: ignore[arg-type]  # a text, or Documents refuses it

    async def execute_operation(
        self,
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: GraphQLRequestData,
        context: Context,
        root_value: None,
        allowed_operation_types: set[OperationType],
    ) -> ExecutionResult:
        """Run a query or mutation that came over HTTP."""
        try:
            request_data.document = self.documents.ready(
                request_data.query, request_data.operation_name, request_data.variables
            )
            allowed = allowed_operation_types - {OperationType.SUBSCRIPTION}
            return errors.masked_result(await self.answer(request_data, context, allowed), context.locale)
        finally:
            await context.close()

    async def answer(
        self, data: GraphQLRequestData, context: Context, allowed: set[OperationType] | None = None
    ) -> ExecutionResult:
        """Run a valid query or mutation within the time it may take."""
        try:
            async with asyncio.timeout(self.limits.execution_s_max):
                return await execute(
                    self.schema,
                    data.document,
                    variable_values=data.variables,
                    context_value=context,
                    operation_name=data.operation_name,
                    allowed_operation_types=allowed,
                )
        except TimeoutError:
            message = (
                f"This took longer than {self.limits.execution_s_max:g} s (execution_s_max) and was given up."
                " A mutation may be sent again with the same idempotencyKey; a query should ask for less."
            )
            return ExecutionResult(None, [GraphQLError(message, extensions={"code": "EXECUTION_TIMEOUT"})])

    async def process_result(
        self, request: Request, result: ExecutionResult, strict: bool = False
    ) -> GraphQLHTTPResponse:
        """Write a result, its errors as the client may see them."""
        return await super().process_result(request, errors.masked_result(result), strict)


@lru_cache(maxsize=256)
def _media(content_type: str, accept: str) -> tuple[bool, bool]:
    """Return whether a body is JSON and whether its answer is to be of GraphQL's own media type.

    Reading two headers costs more than reading a scan's body; clients send the same ones every time.
    """
    sent, _ = parse_content_type(content_type)
    return "application/json" in sent, "application/graphql-response+json" in parse_content_type(accept)


def _problem(status: int, message: str, code: str) -> Response:
    if status < 400:
        return Response(message, status_code=status)
    body: Mapping[str, Any] = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status_code=status)
