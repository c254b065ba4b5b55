"""Telegram as a messenger: updates in, messages out, and what its API means by its errors."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import structlog
from telegram import Bot, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, PhotoSize, Update
from telegram.constants import ChatMemberStatus, ChatType, MessageLimit, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TelegramError

from pickmesh.bot.messages import (
    TELEGRAM,
    Away,
    ChatGone,
    ChatMoved,
    Incoming,
    Keyboard,
    Unsendable,
)
from pickmesh.bot.texts import Html

Answer = TypeVar("Answer")
PICTURE_BYTES_MAX = 20 * 1024 * 1024
"""Bots cannot download more from Telegram."""
TRIES = 4
WAIT_S = 0.5
TOO_BIG = "The picture is too big for me (20 MB at most); send it as a photo instead of a file."
NO_PICTURE = "I can look at pictures only; send a photo of the barcode."
log = structlog.get_logger("pickmesh.bot")


class Telegram:
    """Chats of one bot; the bot object waits for flood limits by itself."""

    name = TELEGRAM

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    @property
    def bot(self) -> str:
        """The bot's id, the same at every start."""
        return str(self._bot.id)

    async def send(self, chat: str, text: Html, keyboard: Keyboard) -> str:
        """Send a message and return its id."""
        sent = await called(
            lambda: self._bot.send_message(
                chat_id=int(chat), text=fitting(text), parse_mode=ParseMode.HTML, reply_markup=_markup(keyboard)
            )
        )
        return str(sent.message_id)

    async def edit(self, chat: str, message: str, text: Html, keyboard: Keyboard) -> bool:
        """Change a message; False when it is not there any more or too old. One that looks so already is fine."""
        try:
            await called(
                lambda: self._bot.edit_message_text(
                    text=fitting(text),
                    chat_id=int(chat),
                    message_id=int(message),
                    parse_mode=ParseMode.HTML,
                    reply_markup=_markup(keyboard),
                )
            )
        except Unsendable as error:
            said = str(error).casefold()
            if "not modified" in said:
                return True
            if "message to edit not found" in said or "can't be edited" in said or "message_id_invalid" in said:
                return False
            raise
        return True

    async def read(self, update: Update) -> Incoming | None:
        """Return what an update says to us, its picture downloaded; None when it is not for us."""
        if update.callback_query is not None:
            return await self._pressed(update.update_id, update.callback_query)
        message = update.message
        if message is None or message.from_user is None or not self._is_for_us(message):
            return None
        said = Incoming(
            account=str(message.from_user.id),
            chat=str(message.chat_id),
            update=str(update.update_id),
            text=self._unaddressed(message.text or ""),
            language=message.from_user.language_code,
            is_private=message.chat.type == ChatType.PRIVATE,
        )
        return await self._with_picture(said, message)

    async def _pressed(self, update_id: int, query: CallbackQuery) -> Incoming | None:
        """Return a press on a button; Telegram is told at once that it arrived, or its clock goes on turning."""
        try:
            await called(query.answer)
        except Unsendable as error:
            log.debug("press not answered", problem=str(error))  # too old: it is dealt with all the same
        if query.message is None or query.data is None:
            return None
        return Incoming(
            account=str(query.from_user.id),
            chat=str(query.message.chat.id),
            update=str(update_id),
            button=query.data,
            message=str(query.message.message_id),
            language=query.from_user.language_code,
            is_private=query.message.chat.type == ChatType.PRIVATE,
        )

    async def _with_picture(self, said: Incoming, message: Message) -> Incoming:
        picture: PhotoSize | None = message.photo[-1] if message.photo else None
        document = message.document
        if picture is None and document is None:
            return said
        if document is not None and not (document.mime_type or "").startswith("image/"):
            return replace(said, problem=NO_PICTURE)
        found = picture or document
        assert found is not None
        if (found.file_size or 0) > PICTURE_BYTES_MAX:
            return replace(said, problem=TOO_BIG)
        try:
            file = await called(lambda: self._bot.get_file(found.file_id))
            content = await called(file.download_as_bytearray)
        except Unsendable as error:
            log.info("picture not downloaded", problem=str(error))
            return replace(said, problem=TOO_BIG)
        return replace(said, picture=bytes(content))

    def _is_for_us(self, message: Message) -> bool:
        """In a group only commands, mentions and replies to us are."""
        if message.chat.type == ChatType.PRIVATE:
            return True
        text = message.text or message.caption or ""
        if text.startswith("/"):
            address = text.split(maxsplit=1)[0].partition("@")[2]
            return not address or address.casefold() == self._name
        replied = message.reply_to_message
        is_reply = replied is not None and replied.from_user is not None and replied.from_user.id == self._bot.id
        return is_reply or f"@{self._name}" in text.casefold()

    def _unaddressed(self, text: str) -> str:
        """Return a text without our name in it."""
        if text.startswith("/"):
            return text
        return " ".join(word for word in text.split(" ") if word.casefold() != f"@{self._name}")

    @property
    def _name(self) -> str:
        return (self._bot.username or "").casefold()


def blocked_by(update: Update) -> str | None:
    """Return the account that has just blocked us in its private chat, if that is what an update says."""
    change = update.my_chat_member
    if change is None or change.chat.type != ChatType.PRIVATE:
        return None
    return str(change.from_user.id) if change.new_chat_member.status == ChatMemberStatus.BANNED else None


def chat_of(update: Update) -> str:
    """Return the chat an update belongs to, in which updates are dealt with one after the other."""
    return str(update.effective_chat.id) if update.effective_chat else "-"


def fitting(text: Html) -> str:
    """Return a text no longer than a message may be; whole lines are left out at its end, so that no tag stays open."""
    lines, kept, size = text.split("\n"), [], 0
    for line in lines:
        size += len(line.encode("utf-16-le")) // 2 + 1
        if size > MessageLimit.MAX_TEXT_LENGTH - 2:
            kept.append("…")
            break
        kept.append(line)
    return "\n".join(kept) if kept != ["…"] else "…"


async def called(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """Make a call to Telegram, a few times while its network is down; its refusals come as our own exceptions."""
    for attempt in range(1, TRIES + 1):
        try:
            return await call()
        except Forbidden as error:
            raise ChatGone(str(error)) from None
        except ChatMigrated as error:
            raise ChatMoved(str(error.new_chat_id)) from None
        except BadRequest as error:  # a kind of NetworkError in python-telegram-bot
            if "chat not found" in str(error).casefold():
                raise ChatGone(str(error)) from None
            raise Unsendable(str(error)) from None
        except (NetworkError, RetryAfter) as error:
            if attempt == TRIES:
                raise Away(str(error)) from None
            await asyncio.sleep(WAIT_S * attempt)
        except TelegramError as error:
            raise Unsendable(str(error)) from None
    raise AssertionError("the last attempt returns or raises")


def _markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    if not keyboard:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=key) for label, key in row] for row in keyboard]
    )
