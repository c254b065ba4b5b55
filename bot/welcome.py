"""What the bot can do for whoever asks, and in which language."""

from collections.abc import Mapping
from typing import Any

from pickmesh.bot import operations
from pickmesh.bot.messages import Button, Reply
from pickmesh.bot.talk import Talk
from pickmesh.bot.texts import CHINESE, ENGLISH, Html, Voice, joined

ROLES = {
    "OWNER": "owner",
    "MANAGER": "manager",
    "PURCHASER": "purchaser",
    "PICKER": "picker",
    "PACKER": "packer",
    "SUPPORT": "support",
}
COMMANDS = {
    "next": "take the next pick list",
    "stock": "look up stock by SKU, barcode or name",
    "where": "see where an order is",
    "waiting": "see partners' requests that wait",
    "language": "choose 中文 or English",
    "help": "see what I can do",
    "stop": "unlink this chat",
}
"""What Telegram shows beside the text field; a message of the catalogue each."""
NEEDS = {"next": "FLOOR_WORK", "stock": "STOCK_READ", "where": "ORDERS_READ", "waiting": "ORDERS_READ"}


def greeting(talk: Talk) -> Html:
    """Return the greeting of a linked person, with what their role may do."""
    viewer, voice = talk.someone, talk.voice
    role = voice.say(ROLES.get(viewer.role, "member"))
    hello = voice.say(
        "Hello {name}: you are {role} at {merchant}.", name=viewer.name, role=role, merchant=viewer.merchant
    )
    return joined([hello, Html(""), *_can(talk)])


async def say(talk: Talk, argument: str) -> None:
    """Say what the person can do here."""
    await talk.reply(Reply(joined(_can(talk))))


async def unknown(talk: Talk, argument: str) -> None:
    """Say that there is no such command."""
    await talk.reply(Reply(joined([talk.voice.say("I do not know that command."), *_can(talk)])))


async def choose_language(talk: Talk, argument: str) -> None:
    """Choose the language by its name, or offer both."""
    wanted = {"zh": CHINESE, "zh-cn": CHINESE, "中文": CHINESE, "en": ENGLISH, "english": ENGLISH}
    locale = wanted.get(argument.casefold())
    if locale is None:
        buttons = [Button("中文", "language", {"locale": CHINESE}), Button("English", "language", {"locale": ENGLISH})]
        await talk.reply(Reply(talk.voice.say("Which language shall I speak?"), [buttons]))
        return
    await _speak(talk, {"locale": locale})


async def _speak(talk: Talk, arguments: Mapping[str, Any]) -> None:
    locale = str(arguments["locale"])
    await talk.do(operations.LOCALE, locale=locale)
    talk.memory.viewers.pop(talk.account, None)
    await talk.reply(Reply(Voice(locale).say("I speak English with you now."), edits=talk.incoming.message))


def _can(talk: Talk) -> list[Html]:
    viewer, voice = talk.someone, talk.voice
    lines = [
        voice.say("/{command} to {what}", command=name, what=voice.say(what))
        for name, what in COMMANDS.items()
        if name not in NEEDS or viewer.may(NEEDS[name])
    ]
    if viewer.may("STOCK_READ"):
        lines.append(voice.say("Or just send a SKU, a name or a picture of a barcode."))
    return lines


BUTTONS = {"language": _speak}
