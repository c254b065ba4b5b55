"""Linking: a chat speaks for a person once it has sent their token behind /start."""

from pickmesh.bot import operations, welcome
from pickmesh.bot.api import NotLinked
from pickmesh.bot.messages import Reply
from pickmesh.bot.talk import Talk


async def start(talk: Talk, token: str) -> None:
    """Link the account by a token, or greet who is linked already."""
    if not talk.incoming.is_private:
        await talk.say("Link your account in a private chat with me, not in a group.")
        return
    if token:
        given = {
            "token": token,
            "messenger": talk.messenger.name,
            "account": talk.incoming.account,
            "chat": talk.incoming.chat,
        }
        await talk.api.run(operations.LINK, {"input": given}, locale=talk.voice.locale)
        talk.memory.forget(talk.account)
    try:
        await talk.look_who()
    except NotLinked:
        await invite(talk)
        return
    await talk.reply(Reply(welcome.greeting(talk)))


async def invite(talk: Talk) -> None:
    """Tell a stranger how to be linked."""
    await talk.say("I do not know you yet. Ask for a chat link in pickmesh, then send its token here: /start TOKEN")


async def stop(talk: Talk, argument: str) -> None:
    """Unlink the account: nothing is sent here any more."""
    voice = talk.voice
    await talk.do(operations.UNLINK, blocked=False)
    talk.memory.forget(talk.account)
    await talk.reply(Reply(voice.say("Unlinked: I send nothing here any more. A new token links this chat again.")))
