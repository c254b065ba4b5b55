"""`pickmesh chat`: the bot's handlers in this terminal, for people without a token."""

import asyncio
import contextlib
import os
from typing import Annotated

import stamina
from cyclopts import Parameter

from pickmesh.app import logs, pairing, settings
from pickmesh.app.commands.asked import Merchant, for_merchant
from pickmesh.app.settings import LogFormat, Settings
from pickmesh.bot import terminal
from pickmesh.bot.api import Api
from pickmesh.bot.terminal import Chat
from pickmesh.bot.texts import Voice, locale_of
from pickmesh.core.chats import links
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor


def chat(
    *,
    sign_in: Annotated[
        str | None, Parameter(name="--as", help="Who talks, by their sign-in name; needs this machine's database.")
    ] = None,
    merchant: Merchant = None,
    server: Annotated[str | None, Parameter(help="Where pickmesh is served; this machine's unless said.")] = None,
) -> int:
    """Talk with the bot in this terminal: numbers press buttons, “photo PATH” sends a picture; Ctrl-D ends.

    Without --as the chat is linked as in a messenger, by sending /start TOKEN with a token from the app. The server
    must be running.
    """
    chosen = settings.load()
    logs.set_up(LogFormat.CONSOLE if chosen.log_format is LogFormat.AUTO else chosen.log_format, "error")
    stamina.instrumentation.set_on_retry_hooks([])
    token = (
        None if sign_in is None else for_merchant(merchant, lambda database, actor: _invite(database, actor, sign_in))
    )
    account = (
        f"{merchant or os.environ.get('PICKMESH_MERCHANT', '')}/{sign_in}" if sign_in else f"terminal-{os.getuid()}"
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_talk(chosen, server or settings.bot_server(chosen), account, token))
    return 0


async def _invite(database: Database, actor: Actor, sign_in: str) -> str:
    person_id = await pairing.person_of(database, actor, sign_in)
    return await database.run(actor, lambda uow: links.invite(uow, person_id=person_id))


async def _talk(chosen: Settings, server: str, account: str, token: str | None) -> None:
    language = os.environ.get("LANG", "")
    async with Api(server, settings.bot_secret(chosen)) as api:
        talk = Chat(api, account, _show, language=language)
        if token is not None:
            await talk.say(f"/start {token}")
        _show(terminal.greeting(Voice(locale_of(language))))
        await talk.run(terminal.lines_of_input())


def _show(text: str) -> None:
    print(text, flush=True)
