"""The Telegram bot: updates by polling or by webhook, each acknowledged only after it has been dealt with.

python-telegram-bot's own Application acknowledges an update before its handler has run, so that a killed process loses
it. Here an update that was not dealt with is delivered again, which is harmless: everything it changes has its key.
"""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from telegram import BotCommand, Update
from telegram.error import Conflict, NetworkError, RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from pickmesh.bot.api import Api
from pickmesh.bot.desk import Desk
from pickmesh.bot.messages import Away, Incoming
from pickmesh.bot.pump import Pump
from pickmesh.bot.telegram import Telegram, blocked_by, chat_of
from pickmesh.bot.texts import LOCALES, Voice
from pickmesh.bot.welcome import COMMANDS

ALLOWED = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]
POLL_S = 25
RETRIES_MAX = 5
"""So often a message waits for Telegram's flood limit."""
CONNECTIONS_MAX = 64
AGAIN_S_MAX = 30.0
ATTEMPTS_MAX = 3
log = structlog.get_logger("pickmesh.bot")


@dataclass(frozen=True, slots=True)
class Where:
    """Where Telegram's API is: its own, an emulator's, or a local Bot API server's."""

    token: str = field(repr=False)
    base_url: str = "https://api.telegram.org"


def secrets_of(bot_secret: str) -> tuple[str, str]:
    """Return the webhook's path and the secret Telegram shows there: the same at every start, so none is lost."""
    path, shown = (
        hmac.new(bot_secret.encode(), purpose, hashlib.sha256).hexdigest()[:40]
        for purpose in (b"pickmesh telegram path", b"pickmesh telegram secret")
    )
    return path, shown


class Front:
    """One bot: a desk behind Telegram, and the notices it brings."""

    def __init__(self, where: Where, api: Api) -> None:
        base = where.base_url.rstrip("/")
        self._bot: ExtBot[Any] = ExtBot(
            where.token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=HTTPXRequest(connection_pool_size=CONNECTIONS_MAX, read_timeout=20, connect_timeout=10),
            get_updates_request=HTTPXRequest(read_timeout=POLL_S + 10, connect_timeout=10),
            rate_limiter=AIORateLimiter(max_retries=RETRIES_MAX),
        )
        self._telegram = Telegram(self._bot)
        self.desk = Desk(api, self._telegram)
        self.is_ready = False
        """Whether updates that Telegram brings can be dealt with."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Be connected, and bring notices, while the block runs; Telegram may be away at first."""
        await self._until(self._bot.initialize)
        pump = asyncio.create_task(Pump(self.desk).run())
        try:
            await self._tell_commands()
            yield
        finally:
            pump.cancel()
            with suppress(asyncio.CancelledError):
                await pump
            await self._bot.shutdown()

    async def poll(self, stop: asyncio.Event) -> None:
        """Fetch updates and deal with them until told to stop; what was fetched is dealt with to its end."""
        await self._until(lambda: self._bot.delete_webhook(drop_pending_updates=False))
        log.info("bot polls", bot=self._bot.username)
        stopping = asyncio.create_task(stop.wait())
        offset, wait_s = 0, 1.0
        while not stop.is_set():
            asking = asyncio.create_task(self._fetch(offset, POLL_S))
            await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                asking.cancel()
                with suppress(asyncio.CancelledError, TelegramError):
                    await asking
                break
            updates = asking.result()
            if updates is None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(stopping), wait_s)
                wait_s = min(2 * wait_s, AGAIN_S_MAX)
                continue
            wait_s = 1.0
            await asyncio.gather(*(self._deal_or_drop(update) for update in updates))
            offset = updates[-1].update_id + 1 if updates else offset
        stopping.cancel()
        if offset:
            await self._fetch(offset, 0)  # acknowledges what was dealt with

    async def listen(self, url: str, secret: str, stop: asyncio.Event) -> None:
        """Let Telegram bring updates to an address until told to stop.

        The address is set at every start, and never deleted: what comes while nobody listens comes again.
        """
        async with self.running():
            self.is_ready = True
            try:
                await self._until(
                    lambda: self._bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED, max_connections=40)
                )
                log.info("bot listens", bot=self._bot.username)
                await stop.wait()
            finally:
                self.is_ready = False

    async def deal_with(self, data: Mapping[str, Any]) -> None:
        """Deal with an update that Telegram brought; raises Away when it is to be brought again."""
        update = Update.de_json(dict(data), self._bot)
        await self._deal(update)

    async def _deal(self, update: Update) -> None:
        blocked = blocked_by(update)
        if blocked is not None:
            left = Incoming(account=blocked, chat=blocked, update=str(update.update_id))
            await self.desk.leave(self.desk.talk(left))
            return
        async with self.desk.turns.of(chat_of(update)):
            incoming = await self._telegram.read(update)
            if incoming is not None:
                await self.desk.handle(incoming)

    async def _deal_or_drop(self, update: Update) -> None:
        """Deal with a fetched update; one that cannot be answered for long is given up, or it would hold up all."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                await self._deal(update)
            except Away as error:
                log.warning("telegram away", update=update.update_id, problem=str(error))
                await asyncio.sleep(attempt)
            except Exception:
                log.exception("update failed", update=update.update_id)
                return
            else:
                return
        log.error("update given up", update=update.update_id)

    async def _fetch(self, offset: int, timeout_s: int) -> list[Update] | None:
        """Return new updates; None when Telegram is away or another process fetches them."""
        try:
            return list(await self._bot.get_updates(offset=offset, timeout=timeout_s, allowed_updates=ALLOWED))
        except Conflict:
            log.warning("another process polls for this bot, or a webhook is set")
        except (NetworkError, RetryAfter) as error:
            log.warning("telegram away", problem=str(error))
        return None

    async def _until(self, call: Any) -> None:
        """Make a call that nothing works without, until it succeeds; a wrong token is raised."""
        wait_s = 1.0
        while True:
            try:
                await call()
            except (NetworkError, RetryAfter) as error:
                log.warning("telegram away", problem=str(error))
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, AGAIN_S_MAX)
            else:
                return

    async def _tell_commands(self) -> None:
        """Let Telegram show the commands, in English and Chinese; it works without."""
        for locale in LOCALES:
            voice = Voice(locale)
            commands = [BotCommand(name, voice.plain(what)) for name, what in COMMANDS.items()]
            tag = None if locale == "en" else "zh"
            try:
                await self._bot.set_my_commands(commands, language_code=tag)
            except TelegramError as error:
                log.warning("commands not told", problem=str(error))
