"""One update being answered: who speaks, the server as that person sees it, and messages back."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pickmesh.bot import operations
from pickmesh.bot.api import Api
from pickmesh.bot.messages import Button, Incoming, Keyboard, Messenger, Reply
from pickmesh.bot.texts import Html, Voice, locale_of

VIEWER_KEPT_S = 60.0
KEPT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who speaks, as the server knows them."""

    name: str
    role: str
    permissions: frozenset[str]
    locale: str
    merchant: str
    locations: Sequence[Mapping[str, Any]]

    def may(self, permission: str) -> bool:
        """Tell whether they have a permission, by its name in the schema."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of ours that shows a subject."""

    subject: str
    message: str
    content: str


@dataclass(slots=True)
class Memory:
    """What this process remembers to ask less; all of it can be read anew, so losing it loses nothing."""

    viewers: OrderedDict[str, tuple[Viewer, float]] = field(default_factory=OrderedDict)
    shown: OrderedDict[tuple[str, str], list[Shown]] = field(default_factory=OrderedDict)

    def forget(self, account: str) -> None:
        """Ask anew about an account."""
        self.viewers.pop(account, None)
        for key in [key for key in self.shown if key[0] == account]:
            del self.shown[key]

    def trim(self) -> None:
        """Keep no more than a limit."""
        for kept in (self.viewers, self.shown):
            while len(kept) > KEPT_MAX:
                kept.popitem(last=False)


@dataclass(slots=True)
class Talk:
    """An update and everything a handler needs; `key` and `client_id` are the same when the update comes again."""

    api: Api
    messenger: Messenger
    memory: Memory
    incoming: Incoming
    viewer: Viewer | None = None
    _keys: int = 0

    @property
    def account(self) -> str:
        """The chat account as the server names it."""
        return f"{self.messenger.name}:{self.incoming.account}"

    @property
    def voice(self) -> Voice:
        """Speaks the person's language; a stranger's by what the messenger says."""
        return Voice(self.viewer.locale if self.viewer else locale_of(self.incoming.language))

    @property
    def someone(self) -> Viewer:
        """The linked person; rooms behind the desk's door have one."""
        assert self.viewer is not None
        return self.viewer

    def key(self) -> str:
        """Return the idempotency key of this update's next mutation."""
        self._keys += 1
        return f"{self.messenger.name.lower()}:{self.messenger.bot}:{self.incoming.update}:{self._keys}"

    def client_id(self) -> UUID:
        """Return the client id of this update's scan."""
        return uuid5(NAMESPACE_URL, f"{self.messenger.name}:{self.messenger.bot}:{self.incoming.update}:scan")

    async def look_who(self) -> None:
        """Find out who speaks, asking the server once a minute; raises NotLinked for a stranger."""
        known = self.memory.viewers.get(self.account)
        if known is None or time.monotonic() - known[1] > VIEWER_KEPT_S:
            known = (_viewer(await self.ask(operations.VIEWER)), time.monotonic())
            self.memory.viewers[self.account] = known
            self.memory.trim()
        self.viewer = known[0]

    async def ask(self, operation: str, **variables: Any) -> dict[str, Any]:
        """Run a query as the person, answered in their language."""
        return await self.api.run(operation, variables, account=self.account, locale=self._locale())

    async def do(self, operation: str, **given: Any) -> dict[str, Any]:
        """Run a mutation as the person, once however often the update comes; return its payload."""
        return await self.mutate(operation, {**given, "idempotencyKey": self.key()})

    async def mutate(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Run a mutation that is repeatable by itself; return its payload."""
        told = await self.api.run(operation, {"input": given}, account=self.account, locale=self._locale())
        payload: dict[str, Any] = next(iter(told.values()))
        return payload

    async def scan(self, picture: bytes, accept: Sequence[str] = ()) -> dict[str, Any]:
        """Return what is in a picture."""
        return await self.api.scan(picture, account=self.account, locale=self._locale(), accept=accept)

    async def say(self, message: str, **words: object) -> None:
        """Answer a sentence of ours."""
        await self.reply(Reply(self.voice.say(message, **words)))

    async def reply(self, reply: Reply) -> None:
        """Send a message, or edit the one that is meant or that shows the subject already."""
        keyboard = await self._keyboard(reply.rows)
        chat = self.incoming.chat
        if reply.about is None:
            if reply.edits is None or not await self.messenger.edit(chat, reply.edits, reply.text, keyboard):
                await self.messenger.send(chat, reply.text, keyboard)
            return
        assert reply.subject is not None
        before = await self.shown(reply.about, reply.subject)
        content = content_hash(reply.text, reply.rows)
        message = reply.edits if before is None else before.message
        message = None if reply.fresh else message
        if message is None or not await self.messenger.edit(chat, message, reply.text, keyboard):
            message = await self.messenger.send(chat, reply.text, keyboard)
        await self._remember(reply.about, Shown(reply.subject, message, content))

    async def shown(self, about: str, subject: str | None = None) -> Shown | None:
        """Return the message that shows a subject, by default the newest one about anything of the kind."""
        key = (self.account, about)
        if key not in self.memory.shown:
            told = await self.ask(operations.MESSAGES, about=about)
            self.memory.shown[key] = [
                Shown(each["subjectId"], each["message"], each["contentHash"]) for each in told["chatMessages"]
            ]
            self.memory.trim()
        return next((each for each in self.memory.shown[key] if subject in {None, each.subject}), None)

    async def forget(self, about: str, subject: str) -> None:
        """Let a message be history: what it shows is over."""
        await self.do(operations.FORGET, about=about, subjectId=subject)
        kept = self.memory.shown.get((self.account, about), [])
        self.memory.shown[self.account, about] = [each for each in kept if each.subject != subject]

    async def _remember(self, about: str, shown: Shown) -> None:
        known = self.memory.shown.get((self.account, about), [])
        if shown in known[:1]:
            return
        given = {"about": about, "subjectId": shown.subject, "message": shown.message, "contentHash": shown.content}
        await self.mutate(operations.REMEMBER, given)
        others = [each for each in known if each.subject != shown.subject]
        self.memory.shown[self.account, about] = [shown, *others]

    async def _keyboard(self, rows: Sequence[Sequence[Button]]) -> Keyboard:
        """Mint the keys of buttons, in one request."""
        buttons = [button for row in rows for button in row]
        if not buttons:
            return []
        wanted = [
            {
                "operation": button.operation,
                "arguments": dict(button.arguments),
                "subjectId": button.subject,
                "subjectVersion": button.version,
            }
            for button in buttons
        ]
        keys = iter((await self.do(operations.BUTTONS, buttons=wanted))["keys"])
        return [[(button.label, next(keys)) for button in row] for row in rows]

    def _locale(self) -> str | None:
        return self.viewer.locale if self.viewer else None


def content_hash(text: Html, rows: Sequence[Sequence[Button]]) -> str:
    """Return what two messages that look the same have in common."""
    labels = "\n".join("\t".join(button.label for button in row) for row in rows)
    return hashlib.sha256(f"{text}\n\n{labels}".encode()).hexdigest()[:32]


def _viewer(told: Mapping[str, Any]) -> Viewer:
    viewer = told["viewer"]
    return Viewer(
        name=viewer["name"] or "",
        role=viewer["role"],
        permissions=frozenset(viewer["permissions"]),
        locale=viewer["locale"],
        merchant=viewer["merchant"]["name"],
        locations=[each for each in told["locations"] if each["kind"] != "PARTNER"],
    )
