"""Telegram's webhook inside the serving process: the bot speaks to the server it lives in, without a network."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pickmesh.app import settings
from pickmesh.app.settings import Settings, SettingsError, TelegramMode
from pickmesh.bot.api import Api
from pickmesh.bot.app import Front, Where, secrets_of
from pickmesh.bot.messages import Away

ROOM = "/telegram"
SECRET_HEADER = "x-telegram-bot-api-secret-token"
STOP_S_MAX = 5.0
INSIDE = "http://pickmesh.inside"
"""A name for the server's own process; no network knows it."""
log = structlog.get_logger("pickmesh.bot")


def where(chosen: Settings) -> Where | None:
    """Return the bot the settings name, None without a token."""
    if chosen.telegram_token is None:
        return None
    return Where(chosen.telegram_token.get_secret_value(), chosen.telegram_base_url)


@dataclass(slots=True)
class Webhook:
    """The address Telegram brings updates to; what cannot be dealt with now it brings again."""

    where: Where
    secret: str = field(repr=False)
    public_url: str
    _front: Front | None = None

    def routes(self) -> list[Route]:
        """Return the route, whose path nobody guesses."""
        path, _ = secrets_of(self.secret)
        return [Route(f"{ROOM}/{path}", self._take, methods=["POST"])]

    @asynccontextmanager
    async def running(self, app: Starlette) -> AsyncIterator[None]:
        """Be the bot while the block runs."""
        path, shown = secrets_of(self.secret)
        stop = asyncio.Event()
        async with Api(INSIDE, self.secret, transport=httpx.ASGITransport(app, raise_app_exceptions=False)) as api:
            self._front = Front(self.where, api)
            listening = asyncio.create_task(self._front.listen(f"{self.public_url}{ROOM}/{path}", shown, stop))
            listening.add_done_callback(_log_failure)
            try:
                yield
            finally:
                self._front = None
                stop.set()
                await asyncio.wait({listening}, timeout=STOP_S_MAX)
                listening.cancel()

    async def _take(self, request: Request) -> Response:
        _, shown = secrets_of(self.secret)
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), shown.encode()):
            return PlainTextResponse("This is not Telegram.\n", status_code=403)
        front = self._front
        if front is None or not front.is_ready:
            return PlainTextResponse("Starting or stopping.\n", status_code=503)
        try:
            await front.deal_with(json.loads(await request.body()))
        except (Away, ValueError, KeyError, TypeError) as error:
            log.warning("update not dealt with", problem=str(error))
            return PlainTextResponse("Bring it again.\n", status_code=500)
        return PlainTextResponse("done\n")


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("bot does not run", problem=f"{type(error).__name__}: {error}")


def of(chosen: Settings) -> Webhook | None:
    """Return the webhook the settings ask for, None unless they do; refuses one that Telegram could not reach."""
    found = where(chosen)
    if found is None or chosen.telegram_mode is not TelegramMode.WEBHOOK:
        return None
    if chosen.public_url is None:
        raise SettingsError(
            "PICKMESH_TELEGRAM_MODE is webhook, so set PICKMESH_PUBLIC_URL to the https address Telegram reaches."
        )
    return Webhook(found, settings.bot_secret(chosen), chosen.public_url)
