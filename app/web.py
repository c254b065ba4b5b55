"""The web door around GraphQL: health, metrics, labels, the phone app; every answer has an id and browsers' headers."""

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from pickmesh.app import health, metrics, phone, pictures, telegram
from pickmesh.app.labels import answers as labels
from pickmesh.core.kit import languages
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.texts import sentence
from pickmesh.graphql import errors
from pickmesh.graphql.server import Server
from pickmesh.graphql.services import Services
from pickmesh.scanner.decode.pool import Readers

GRAPHIQL_FROM = "https://unpkg.com"
"""Where GraphiQL's page takes its scripts from."""
_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PAGE_POLICY = (
    f"default-src 'self'; script-src 'self' 'unsafe-inline' {GRAPHIQL_FROM}; style-src 'self' 'unsafe-inline'"
    f" {GRAPHIQL_FROM}; img-src 'self' data:; font-src 'self' data: {GRAPHIQL_FROM}; worker-src 'self' blob:;"
    " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HTTPS_ONLY_S = 7 * 24 * 3600
"""So long a browser that came by https refuses plain http: a week and this name alone, because its other services are
not ours to decide about, and a warehouse that goes back to http must not be locked out for a year."""
Header = tuple[bytes, bytes]
_ALWAYS: Sequence[Header] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_OURS = {*(name for name, _ in _ALWAYS), b"x-request-id", b"content-security-policy", b"strict-transport-security"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = structlog.get_logger()


def build(
    server: Server,
    services: Services,
    readers: Readers,
    state: health.State,
    *,
    body_bytes_max: int,
    lifespan: Lifespan[Starlette],
    more: Sequence[Route] = (),
) -> ASGIApp:
    """Return the whole web application; `more` routes come with the settings."""

    async def ready(request: Request) -> Response:
        problem = await health.problem(services.database, state)
        return JSONResponse({"ready": problem is None, "problem": problem}, status_code=503 if problem else 200)

    async def measured(request: Request) -> Response:
        waiting = await health.waiting(services.database, state)
        return Response(generate_latest() + waiting, media_type=CONTENT_TYPE_LATEST)

    app = Starlette(
        routes=[
            Route("/graphql", server),
            WebSocketRoute("/graphql", server),
            Route("/healthz", _alive),
            Route("/readyz", ready),
            Route("/metrics", measured),
            *labels.routes(services),
            *pictures.routes(services, readers),
            *phone.routes(),
            *more,
        ],
        lifespan=lifespan,
    )
    limits = {pictures.PATH: pictures.body_bytes_max(readers.limits.picture)}
    return Frame(app, body_bytes_max, limits, straight={"/graphql": server})


async def _alive(request: Request) -> Response:
    return PlainTextResponse("alive\n")


class Frame:
    """Wraps every HTTP answer: a request id in the log and the answer, headers, a limit on bodies, one metric.

    `straight` are paths whose applications are asked without a look for their route: scans are most of what comes.
    """

    def __init__(
        self,
        app: ASGIApp,
        body_bytes_max: int,
        body_bytes_max_at: Mapping[str, int],
        *,
        straight: Mapping[str, ASGIApp],
    ) -> None:
        self._app = app
        self._straight = straight
        self._body_bytes_max = body_bytes_max
        self._body_bytes_max_at = body_bytes_max_at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(new_id())
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._answer(scope, receive, send, headers, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, headers: Headers, request_id: str) -> None:
        begin = time.perf_counter()
        status = 500
        policy = _policy_for(scope, headers)

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _framed(message["headers"], request_id, policy, secure=scope["scheme"] == "https")
            await send(message)

        try:
            await self._inner(headers, scope["path"])(scope, receive, framed)
        finally:
            path, took = _metric_path(scope["path"]), time.perf_counter() - begin
            metrics.answered(path, status, took)
            log.debug("request", method=scope["method"], path=path, status=status, ms=round(took * 1000, 1))

    def _inner(self, headers: Headers, path: str) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        length = headers.get("content-length", "0")
        limit = self._body_bytes_max_at.get(path, self._body_bytes_max)
        if length.isdecimal() and int(length) > limit:
            locale = languages.asked_for(headers.get("accept-language")) or languages.ENGLISH
            message = languages.translate(_too_long(path, int(length), limit), locale)
            body = {"errors": [{"message": message, "extensions": {"code": errors.BAD_REQUEST}}]}
            return JSONResponse(body, status_code=413)
        return self._straight.get(path, self._app)


def _too_long(path: str, length: int, limit: int) -> str:
    if path == pictures.PATH:
        return sentence(
            "The picture has {length} bytes and the limit is {limit}; take a smaller one.", length=length, limit=limit
        )
    return sentence(
        "The body has {length} bytes and the limit is {limit}; send it in smaller parts.", length=length, limit=limit
    )


def _policy_for(scope: Scope, headers: Headers) -> str:
    """Return what a browser may load and run for what it asks for."""
    if scope["path"].startswith(f"{phone.ADDRESS}/"):
        return phone.POLICY
    is_page = scope["path"] == "/graphql" and scope["method"] == "GET" and "text/html" in headers.get("accept", "")
    return _PAGE_POLICY if is_page else _POLICY


def _framed(given: Iterable[Header], request_id: str, policy: str, *, secure: bool) -> list[Header]:
    """Return an answer's headers with ours, which stand as we say whatever it says itself."""
    headers = [header for header in given if header[0] not in _OURS]
    headers += _ALWAYS
    headers += ((b"x-request-id", request_id.encode()), (b"content-security-policy", policy.encode()))
    if not any(name == b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", b"no-store"))
    if secure:
        headers.append((b"strict-transport-security", b"max-age=%d" % _HTTPS_ONLY_S))
    return headers


def _metric_path(path: str) -> str:
    """Return a path as a metric's label: few different ones, and no ids."""
    for room in ("/labels", phone.ADDRESS, telegram.ROOM):
        if path.startswith(f"{room}/"):
            return room
    return path if path in {"/graphql", pictures.PATH, "/healthz", "/readyz", "/metrics"} else "other"
