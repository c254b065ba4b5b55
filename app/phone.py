"""The phone app under /app/: files that the build put into `static/`, served as they are."""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = Path(__file__).with_name("static")
"""Where `make app` builds to; it is in the wheel and not in git."""
ADDRESS = "/app"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:;"
    " media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; font-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing comes from anywhere else; WebAssembly is compiled for reading barcodes."""
NOT_BUILT = "The phone app is not built here: run `make app`, or install the wheel, which holds it.\n"
_FOR_EVER = "public, max-age=31536000, immutable"  # the build puts a hash of the content into these names
_ASK_FIRST = "no-cache"


def routes(folder: Path = FOLDER) -> list[BaseRoute]:
    """Return what answers at / and /app/; without a built app one sentence says how to build it."""
    # The address alone, not a whole URL: behind a proxy this process knows neither name nor scheme.
    fronts: list[BaseRoute] = [Route(path, lambda _: RedirectResponse(f"{ADDRESS}/")) for path in ("/", ADDRESS)]
    if not (folder / "index.html").exists():
        return [*fronts, Mount(ADDRESS, app=PlainTextResponse(NOT_BUILT, status_code=404))]
    files = GZipMiddleware(StaticFiles(directory=folder, html=True), minimum_size=1_000)
    return [*fronts, Mount(ADDRESS, app=Cached(files))]


class Cached:
    """Says how long a browser may keep a file: for ever where its name changes with its content."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        kept = _FOR_EVER if "/assets/" in scope["path"] else _ASK_FIRST

        async def cached(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["cache-control"] = kept
            await send(message)

        await self._app(scope, receive, cached)
