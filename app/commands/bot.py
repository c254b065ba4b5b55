"""`pickmesh bot`: the Telegram bot in a process of its own, which fetches its updates."""

import asyncio

import stamina

from pickmesh.app import logs, serving, settings, telegram
from pickmesh.app.settings import Settings, SettingsError, TelegramMode
from pickmesh.bot.api import Api
from pickmesh.bot.app import Front, Where


def bot() -> int:
    """Answer people in Telegram until told to stop; run one such process for a bot.

    Takes the bot's token from PICKMESH_TELEGRAM_TOKEN and finds the server at PICKMESH_BOT_SERVER, by default this
    machine's; on another machine give both PICKMESH_BOT_SECRET. docs/bot.md tells how to make a bot.
    """
    chosen = settings.load()
    logs.set_up(chosen.log_format, chosen.log_level)
    where = telegram.where(chosen)
    if where is None:
        raise SettingsError(
            "PICKMESH_TELEGRAM_TOKEN is not set: get a token from @BotFather in Telegram, or try `pickmesh chat`."
        )
    if chosen.telegram_mode is not TelegramMode.POLLING:
        raise SettingsError(
            f"PICKMESH_TELEGRAM_MODE is {chosen.telegram_mode}: then `pickmesh serve` is the bot, or nobody; unset it."
        )
    stamina.instrumentation.set_on_retry_hooks([])  # what is tried again is no news
    asyncio.run(_run(chosen, where))
    return 0


async def _run(chosen: Settings, where: Where) -> None:
    stop = asyncio.Event()
    serving.stop_on_signals(stop)
    async with Api(settings.bot_server(chosen), settings.bot_secret(chosen)) as api:
        front = Front(where, api)
        async with front.running():
            await front.poll(stop)
