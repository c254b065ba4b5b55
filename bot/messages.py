"""What comes in from a chat and what goes back, whatever the messenger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pickmesh.bot.texts import Html

TELEGRAM = "TELEGRAM"
TERMINAL = "TERMINAL"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing a person did in a chat: a text, a picture, or a press on a button of ours.

    `account` is the person's with the messenger and `chat` where to answer; `update` is the same when it is delivered
    again. `message` is the message of ours whose button was pressed.
    """

    account: str
    chat: str
    update: str
    text: str | None = None
    picture: bytes | None = field(default=None, repr=False)
    button: str | None = None
    message: str | None = None
    language: str | None = None
    is_private: bool = True
    problem: str | None = None
    """Why what was sent cannot be looked at; a message of the catalogue."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button: what it reads, and the operation with arguments that pressing it means, on an object as it stands."""

    label: str
    operation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    subject: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of ours. What is `about` a subject edits the message that shows it already, unless it is `fresh`."""

    text: Html
    rows: Sequence[Sequence[Button]] = ()
    about: str | None = None
    subject: str | None = None
    fresh: bool = False
    edits: str | None = None


Keyboard = Sequence[Sequence[tuple[str, str]]]
"""Rows of buttons as a messenger shows them: label and key."""


class ChatGone(Exception):
    """The chat is closed to us: the person blocked the bot, or the group is no more."""


class Unsendable(Exception):
    """The messenger will never take this message; trying again is no use."""


class Away(Exception):
    """The messenger cannot be reached now; what was to be sent is to be tried again."""


class ChatMoved(Exception):
    """The chat has another id now."""

    def __init__(self, chat: str) -> None:
        super().__init__(chat)
        self.chat = chat


class Messenger(Protocol):
    """A way into chats; sending and editing raise ChatGone, ChatMoved, Unsendable and Away."""

    name: str

    @property
    def bot(self) -> str:
        """Who we are there; keys of what is done begin with it."""

    async def send(self, chat: str, text: Html, keyboard: Keyboard) -> str:
        """Send a message and return its id."""

    async def edit(self, chat: str, message: str, text: Html, keyboard: Keyboard) -> bool:
        """Change a message of ours; False when it is not there any more."""
