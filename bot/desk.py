"""The front desk: finds out who speaks and what is meant, calls the room, and says well what went wrong."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from pickmesh.bot import dropships, floor, link, notices, operations, orders, stock, welcome
from pickmesh.bot.api import Api, NotLinked, Refused, Unreachable
from pickmesh.bot.messages import ChatGone, ChatMoved, Incoming, Messenger, Reply, Unsendable
from pickmesh.bot.talk import Memory, Talk
from pickmesh.bot.texts import escaped, joined

Room = Callable[[Talk, str], Awaitable[None]]
Pressed = Callable[[Talk, Mapping[str, Any]], Awaitable[None]]
COMMANDS: Mapping[str, Room] = {
    "help": welcome.say,
    "language": welcome.choose_language,
    "next": floor.next_task,
    "stock": stock.answer,
    "where": orders.where,
    "waiting": dropships.waiting,
    "stop": link.stop,
}
BUTTONS: Mapping[str, Pressed] = {
    **welcome.BUTTONS,
    **floor.BUTTONS,
    **stock.BUTTONS,
    **dropships.BUTTONS,
    **notices.BUTTONS,
}
"""What a pressed button does, by the operation it was minted with."""
CHATS_MAX = 10_000
log = structlog.get_logger("pickmesh.bot")


@dataclass(slots=True)
class Turns:
    """One thing at a time in each chat, in the order it came; chats do not wait for each other."""

    _locks: OrderedDict[str, asyncio.Lock] = field(default_factory=OrderedDict)

    @asynccontextmanager
    async def of(self, chat: str) -> AsyncIterator[None]:
        """Take a turn."""
        lock = self._locks.setdefault(chat, asyncio.Lock())
        self._locks.move_to_end(chat)
        async with lock:
            yield
        if len(self._locks) > CHATS_MAX:
            for key in [key for key, each in self._locks.items() if not each.locked()][: CHATS_MAX // 10]:
                del self._locks[key]


@dataclass(slots=True)
class Desk:
    """Answers what comes in from one messenger."""

    api: Api
    messenger: Messenger
    memory: Memory = field(default_factory=Memory)
    turns: Turns = field(default_factory=Turns)

    async def handle(self, incoming: Incoming) -> None:
        """Answer one update, in its chat's turn. Everything it changes it changes once, however often it comes.

        Raises Away when the messenger is: the update is not dealt with then, and may come again.
        """
        talk = self.talk(incoming)
        try:
            await self._answered(talk)
        except ChatGone:
            await self.leave(talk)
        except ChatMoved as moved:
            await self.move(talk, moved.chat)
            await self._answered(self.talk(replace(incoming, chat=moved.chat)))
        except Unsendable as error:
            log.warning("answer not taken", problem=str(error))

    def talk(self, incoming: Incoming) -> Talk:
        """Return an update with what its answer needs."""
        return Talk(self.api, self.messenger, self.memory, incoming)

    async def leave(self, talk: Talk) -> None:
        """Unlink a chat that is closed to us."""
        log.info("chat gone", chat=talk.incoming.chat)
        try:
            await talk.do(operations.UNLINK, blocked=True)
        except (NotLinked, Refused, Unreachable) as error:
            log.warning("chat not unlinked", chat=talk.incoming.chat, problem=str(error))
        self.memory.forget(talk.account)

    async def move(self, talk: Talk, chat: str) -> None:
        """Follow a chat to its new address."""
        log.info("chat moved", chat=talk.incoming.chat, to=chat)
        try:
            await talk.do(operations.MIGRATE, chat=chat)
        except (NotLinked, Refused, Unreachable) as error:
            log.warning("chat not moved", chat=talk.incoming.chat, problem=str(error))
        self.memory.forget(talk.account)

    async def _answered(self, talk: Talk) -> None:
        try:
            await _answer(talk)
        except NotLinked:
            self.memory.forget(talk.account)
            await link.invite(talk)
        except Refused as refused:
            lines = [escaped(refusal.message) for refusal in refused.refusals[:5]]
            await talk.reply(Reply(joined(lines)))
        except Unreachable as error:
            log.warning("server away", problem=str(error))
            await talk.reply(
                Reply(talk.voice.say("The server does not answer. Look again soon, before you repeat anything."))
            )


async def _answer(talk: Talk) -> None:
    incoming = talk.incoming
    name, argument = _command(incoming.text or "")
    if name == "start":
        await link.start(talk, argument)
        return
    await talk.look_who()
    if incoming.button is not None:
        await _press(talk, incoming.button)
    elif incoming.problem is not None:
        await talk.say(incoming.problem)
    elif name is not None:
        await COMMANDS.get(name, welcome.unknown)(talk, argument)
    else:
        await _said(talk)


async def _said(talk: Talk) -> None:
    """Answer a text or a picture: while a pick card is open it is a scan, else it asks for stock."""
    text, picture = (talk.incoming.text or "").strip(), talk.incoming.picture
    card = await floor.open_card(talk)
    if picture is not None:
        await (floor.photographed(talk, card, picture) if card else stock.photographed(talk, picture))
    elif text:
        await (floor.typed(talk, card, text) if card else stock.answer(talk, text))
    else:
        await talk.say("Send a text, a picture of a barcode, or /help.")


async def _press(talk: Talk, key: str) -> None:
    told = (await talk.do(operations.PRESS, key=key))["button"]
    pressed = BUTTONS.get(told["operation"])
    if pressed is None:
        await talk.say("This button is from another version; ask for the message again.")
        return
    await pressed(talk, told["arguments"])


def _command(text: str) -> tuple[str | None, str]:
    """Return the command a text begins with, without slash and address, and what follows it."""
    if not text.startswith("/"):
        return None, ""
    word, _, rest = text[1:].partition(" ")
    return word.partition("@")[0].casefold(), rest.strip()
