"""Telegram as these tests have it: lo-bot-api-emulator in a thread, with what it lacks, and with faults to order."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from lo_bot_api_emulator import ApiRefusal, LoBotApiEmulator

TOKEN = "4711:emulated"
BOT_ID = 7
BOT_NAME = "pickmesh_bot"
WAIT_S_MAX = 60.0
HANG_S_MAX = 60.0
DROPPED = "dropped"
"""A fault: the connection breaks before the answer, though Telegram has done what was asked."""
HANGING = "hanging"
"""A fault: no answer until `let_go`; Telegram has not done what was asked."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call the bot made and Telegram took."""

    method: str
    fields: dict[str, Any]
    message: int | None

    @property
    def text(self) -> str:
        return str(self.fields.get("text", ""))

    @property
    def chat(self) -> int:
        return int(self.fields.get("chat_id", 0))

    @property
    def buttons(self) -> dict[str, str]:
        """The labels of the message's buttons and the keys behind them."""
        markup = self.fields.get("reply_markup")
        if markup is None:
            return {}
        rows = (json.loads(markup) if isinstance(markup, str) else markup)["inline_keyboard"]
        return {button["text"]: button["callback_data"] for row in rows for button in row}


@dataclass
class Emulator(LoBotApiEmulator):  # type: ignore[misc]  # it ships no types
    """Keeps what was called with which values; `faults` are answered instead, each once, by method."""

    calls: list[Call] = field(default_factory=list)
    faults: list[tuple[str, Any]] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    """The methods at which a fault was met."""

    def __post_init__(self) -> None:
        super().__init__(allow_insecure_loopback_webhooks=True)
        self.gone = threading.Event()

    def let_go(self) -> None:
        """Break every connection that hangs."""
        self.met.clear()
        self.gone.set()
        self.gone = threading.Event()

    def validate(self, method: str, fields: dict[str, Any], uploads: dict[str, Any]) -> Any:
        result = super().validate(method, fields, uploads)
        if method == "getMe":
            result = {**result, "username": BOT_NAME}
        if method not in {"getUpdates", "getMe"}:
            message = result.get("message_id") if isinstance(result, dict) else None
            self.calls.append(Call(method, dict(fields), message))
        return result

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        fault = next((each for each in self.faults if each[0] == method), None)
        if fault is None:
            return await super().handle(request)  # type: ignore[no-any-return]
        self.faults.remove(fault)
        self.met.append(method)
        if fault[1] == HANGING:
            await asyncio.to_thread(self.gone.wait, HANG_S_MAX)
            raise web.HTTPServiceUnavailable
        if fault[1] == DROPPED:
            await super().handle(request)
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        status, description, parameters = fault[1]
        body = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
        return web.json_response(body, status=status)


class Telegram:
    """The emulator's thread, and people who write, press and photograph."""

    def __init__(self, emulator: Emulator, loop: asyncio.AbstractEventLoop, address: str) -> None:
        self.emulator = emulator
        self.address = address
        self._loop = loop
        self._message = 1_000
        self.brought: list[dict[str, Any]] = []

    def _run(self, job: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(job, self._loop).result(60)

    def bring(self, **update: Any) -> int:
        """Let an update happen; return its id."""
        id_ = int(self._run(self.emulator.enqueue_update(update, token=TOKEN)))
        self.brought.append({"update_id": id_, **update})
        return id_

    def bring_again(self, *update_ids: int) -> None:
        """Deliver updates once more, as Telegram does when it has not heard that they arrived."""

        async def again() -> None:
            state = self.emulator._update_queues._state(TOKEN)
            async with state.condition:
                state.updates += [each for each in self.brought if each["update_id"] in update_ids]
                state.condition.notify_all()
            await self.emulator.deliver_updates(token=TOKEN)

        self._run(again())

    def deliver(self) -> None:
        """Try again to bring what a webhook did not take."""
        self._run(self.emulator.deliver_updates(token=TOKEN))

    @property
    def pending(self) -> int:
        """How many updates are not acknowledged."""
        return len(self.emulator._update_queues._state(TOKEN).updates)

    def say(self, account: int, text: str, **chat: Any) -> int:
        """Let a person write."""
        command = text.partition(" ")[0]
        entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if text[:1] == "/" else []
        return self.bring(message={**self._message_of(account, **chat), "text": text, "entities": entities})

    def photograph(self, account: int, picture: bytes, *, as_file: bool = False, size: int | None = None) -> int:
        """Let a person send a picture."""
        name = f"picture-{self._message}"
        self.emulator.assets[name] = {"data": picture}
        file = {"file_id": name, "file_unique_id": name, "file_size": size or len(picture)}
        small = {**file, "file_id": "small", "width": 90, "height": 90}
        content: dict[str, Any] = {"photo": [small, {**file, "width": 900, "height": 900}]}
        if as_file:
            content = {"document": {**file, "mime_type": "image/png", "file_name": "code.png"}}
        return self.bring(message={**self._message_of(account), **content})

    def press(self, account: int, call: Call, label: str) -> int:
        """Let a person press a button of a message."""
        message = {**self._message_of(BOT_ID), "message_id": call.message, "chat": {"id": account, "type": "private"}}
        query = {
            "id": f"query-{self._message}",
            "from": self._person(account),
            "chat_instance": "1",
            "message": message,
            "data": call.buttons[label],
        }
        return self.bring(callback_query=query)

    def wait_for(self, found: Callable[[Call], bool], *, after: int = 0, what: str = "that") -> Call:
        """Return the first call after so many that is like it, once it comes."""
        end = time.monotonic() + WAIT_S_MAX
        while time.monotonic() < end:
            for call in self.emulator.calls[after:]:
                if found(call):
                    return call
            time.sleep(0.02)
        shown = "\n".join(f"{each.method} {each.chat} {each.text!r}" for each in self.emulator.calls[after:])
        raise AssertionError(f"{what} never came; after {after}:\n{shown}")

    def answer(self, account: int, part: str, *, after: int) -> Call:
        """Return the message to a person that holds a text, sent or edited after so many calls."""
        return self.wait_for(lambda call: call.chat == account and part in call.text, after=after, what=part)

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        end = time.monotonic() + WAIT_S_MAX
        while not happened():
            assert time.monotonic() < end, f"{what} never came"
            time.sleep(0.02)

    @property
    def now(self) -> int:
        """How many calls there were."""
        return len(self.emulator.calls)

    def _person(self, account: int) -> dict[str, Any]:
        return {"id": account, "is_bot": False, "first_name": "王", "language_code": "en"}

    def _message_of(self, account: int, **chat: Any) -> dict[str, Any]:
        self._message += 1
        where = {"id": account, "type": "private", **chat}
        return {"message_id": self._message, "date": int(time.time()), "chat": where, "from": self._person(account)}


@contextmanager
def telegram() -> Iterator[Telegram]:
    """Run an emulator."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    emulator = Emulator()

    async def begin() -> tuple[web.AppRunner, str]:
        runner = web.AppRunner(emulator.app())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"

    runner, address = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield Telegram(emulator, loop, address)
    finally:
        emulator.gone.set()
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(70)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


__all__ = ["BOT_NAME", "DROPPED", "HANGING", "TOKEN", "ApiRefusal", "Call", "Telegram", "telegram"]
