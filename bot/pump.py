"""What the server has to tell people, brought to their chats: at least once, the newest content last."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from pickmesh.bot import notices, operations
from pickmesh.bot.api import NotLinked, Refused, Unreachable
from pickmesh.bot.desk import Desk
from pickmesh.bot.messages import Away, ChatGone, ChatMoved, Incoming, Unsendable
from pickmesh.bot.talk import Talk

POLL_S = 1.0
POLL_AWAY_S = 5.0
CHATS_AT_ONCE_MAX = 16
log = structlog.get_logger("pickmesh.bot")


@dataclass(frozen=True, slots=True)
class Told:
    """A version of a notice that got to a chat."""

    talk: Talk
    notice_id: str
    version: int


@dataclass(slots=True)
class Pump:
    """Asks once a second what waits. A notice is marked as told after it got there, so a crash repeats or edits it.

    With `only` it tells one account and leaves the others to their own terminals.
    """

    desk: Desk
    only: str | None = None

    async def run(self) -> None:
        """Go on until cancelled; a server or a messenger that is away is asked again."""
        while True:
            try:
                await self.once()
                await asyncio.sleep(POLL_S)
            except (Unreachable, Away) as error:
                log.warning("notices wait", problem=str(error))
                await asyncio.sleep(POLL_AWAY_S)
            except Exception:
                log.exception("notices wait")
                await asyncio.sleep(POLL_AWAY_S)

    async def once(self) -> int:
        """Tell what waits now; return how many messages got there.

        Everything is read before anything is marked: a person may have several chats, and each is told.
        """
        asked = await self.desk.api.run(operations.CHATS_WAITING, {"messenger": self.desk.messenger.name})
        chats = [each for each in asked["chatsWaiting"] if self.only in {None, each["account"]}]
        waiting = await gathered([self._waiting(chat) for chat in chats])
        told = await gathered([self._tell(chat, found) for chat, found in zip(chats, waiting, strict=True)])
        arrived = [each for of_chat in told for each in of_chat]
        await gathered([_mark(each) for each in arrived])
        return len(arrived)

    async def _waiting(self, chat: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        talk = self.desk.talk(_incoming(chat, "waiting"))
        try:
            asked = await self.desk.api.run(operations.NOTICES_WAITING, account=talk.account, locale=talk.voice.locale)
        except NotLinked:
            return ()
        return [each["notice"] for each in asked["noticesWaiting"]]

    async def _tell(self, chat: Mapping[str, Any], waiting: Sequence[Mapping[str, Any]]) -> list[Told]:
        """Tell one chat, the oldest first; return what got there."""
        told: list[Told] = []
        async with self.desk.turns.of(chat["chat"]):
            for notice in waiting:
                talk = self.desk.talk(_incoming(chat, f"{notice['id']}-{notice['version']}"))
                try:
                    await talk.reply(notices.message(talk.voice, notice))
                    told.append(Told(talk, notice["id"], notice["version"]))
                except ChatGone:
                    await self.desk.leave(talk)
                    break
                except ChatMoved as moved:
                    await self.desk.move(talk, moved.chat)  # what is left still waits, and is told there
                    break
                except NotLinked:
                    self.desk.memory.forget(talk.account)
                    break
                except Away as error:
                    log.warning("notices wait", problem=str(error))
                    break
                except (Unsendable, Refused) as error:
                    log.warning("notice not taken", notice=notice["id"], problem=str(error))
                    await _mark_failed(talk, notice, str(error))
        return told


async def gathered(jobs: Sequence[Any]) -> list[Any]:
    """Return the answers of jobs, a few of which run at once; the first failure is raised when all have ended."""
    limit = asyncio.Semaphore(CHATS_AT_ONCE_MAX)

    async def one(job: Any) -> Any:
        async with limit:
            return await job

    answers = await asyncio.gather(*(one(job) for job in jobs), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


async def _mark(told: Told) -> None:
    """Note that a notice got there; a chat that was unlinked meanwhile has nothing to note."""
    try:
        await told.talk.do(operations.DELIVERED, noticeId=told.notice_id, version=told.version)
    except NotLinked:
        told.talk.memory.forget(told.talk.account)


async def _mark_failed(talk: Talk, notice: Mapping[str, Any], error: str) -> None:
    try:
        await talk.do(operations.FAILED, noticeId=notice["id"], version=notice["version"], error=error[:200])
    except (NotLinked, Refused) as refused:
        log.warning("failure not noted", notice=notice["id"], problem=str(refused))


def _incoming(chat: Mapping[str, Any], update: str) -> Incoming:
    """Return what is told as if it had come in, so that its keys are the same whenever it is told."""
    return Incoming(account=chat["account"], chat=chat["chat"], update=f"notice-{update}", language=chat["locale"])
