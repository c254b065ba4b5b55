"""The terminal as a messenger: the same handlers for people without a token; numbers press buttons."""

import asyncio
import html
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from pickmesh.bot.api import Api
from pickmesh.bot.desk import Desk
from pickmesh.bot.messages import TERMINAL, Incoming, Keyboard
from pickmesh.bot.pump import Pump
from pickmesh.bot.texts import Html, Voice

_TAG = re.compile(r"</?(?:b|code)>")
NO_FILE = "There is no picture at that path."
Print = Callable[[str], None]


class Terminal:
    """One chat on a screen; the buttons last shown are pressed by their numbers."""

    name = TERMINAL

    def __init__(self, show: Print) -> None:
        self.bot = uuid4().hex[:12]
        """Another at each start, as is the count of updates: nothing is delivered twice here."""
        self._show = show
        self._buttons: list[tuple[str, str]] = []
        self._messages = 0

    async def send(self, chat: str, text: Html, keyboard: Keyboard) -> str:
        """Print a message."""
        self._messages += 1
        self._print(text, keyboard)
        return f"{self.bot}-{self._messages}"

    async def edit(self, chat: str, message: str, text: Html, keyboard: Keyboard) -> bool:
        """Print a message anew: what is on a screen stays there."""
        self._print(text, keyboard)
        return True

    def button(self, text: str) -> str | None:
        """Return the key of the button a number means."""
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
        return self._buttons[number - 1][1] if 1 <= number <= len(self._buttons) else None

    def _print(self, text: Html, keyboard: Keyboard) -> None:
        self._show(plain(text))
        if not keyboard:
            return
        self._buttons = [button for row in keyboard for button in row]
        numbers = iter(range(1, len(self._buttons) + 1))
        for row in keyboard:
            self._show("  ".join(f"[{next(numbers)}] {label}" for label, _ in row))


class Chat:
    """A conversation on this terminal, until its input ends."""

    def __init__(self, api: Api, account: str, show: Print, *, language: str | None = None) -> None:
        self._terminal = Terminal(show)
        self._desk = Desk(api, self._terminal)
        self._account = account
        self._language = language
        self._count = 0

    async def say(self, line: str) -> None:
        """Send a line as the person: a number presses a button, “photo PATH” sends a picture."""
        self._count += 1
        incoming = await asyncio.to_thread(self._read, line.strip())
        async with self._desk.turns.of(incoming.chat):
            await self._desk.handle(incoming)

    async def run(self, lines: "asyncio.Queue[str | None]") -> None:
        """Answer lines until there are no more, and tell what happens meanwhile."""
        pump = asyncio.create_task(Pump(self._desk, only=self._account).run())
        try:
            while (line := await lines.get()) is not None:
                if line.strip():
                    await self.say(line)
        finally:
            pump.cancel()

    def _read(self, line: str) -> Incoming:
        said = Incoming(self._account, self._account, str(self._count), language=self._language)
        key = self._terminal.button(line)
        if key is not None:
            return replace(said, button=key, message="screen")
        word, _, path = line.partition(" ")
        if word.casefold() not in {"photo", "图片"} or not path.strip():
            return replace(said, text=line)
        file = Path(path.strip()).expanduser()
        if not file.is_file():
            return replace(said, problem=NO_FILE)
        return replace(said, picture=file.read_bytes())


def plain(text: Html) -> str:
    """Return a text without markup."""
    return html.unescape(_TAG.sub("", text))


def lines_of_input() -> "asyncio.Queue[str | None]":
    """Return a queue that a thread of its own fills with the lines of standard input; None ends it."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def greeting(voice: Voice) -> str:
    """Return what the screen says first."""
    return voice.plain("Type as you would in a chat; a number presses a button, “photo PATH” sends a picture.")
