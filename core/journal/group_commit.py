"""Group commit: what waits while a merchant's last commit runs goes together in the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor, system_actor
from pickmesh.core.kit.refusals import Refusal

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Handler = Callable[[UnitOfWork, Sequence[tuple[Actor, Item]]], Awaitable[Sequence[Answer]]]

GROUP_MAX = 64
WAITING_MAX = 4096
QUIET_TURNS = 4
"""Turns of the loop without a new item after which nobody else is at the door."""


class QueueFull(Refusal):
    """Too much of your merchant's work waits here already; send the same entries again in a few seconds."""

    code = "QUEUE_FULL"


class ShuttingDown(Refusal):
    """This server is stopping; send the same entries again, another one or the next one will take them."""

    code = "SHUTTING_DOWN"


@dataclass(slots=True)
class _Waiting(Generic[Item, Answer]):
    actor: Actor
    item: Item
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class GroupCommit(Generic[Item, Answer]):
    """Hands items of one merchant to `handler` in groups, one unit of work and one commit per group.

    The unit of work acts as the merchant's own machinery, so the handler checks each item against its own actor. A
    group that fails is tried again item by item, so that what is wrong fails alone. A caller that goes away before its
    item is taken up takes the item with it; afterwards the item is committed all the same.
    """

    def __init__(self, database: Database, handler: Handler[Item, Answer], *, group_max: int = GROUP_MAX) -> None:
        self._database = database
        self._handler = handler
        self._group_max = group_max
        self._waiting: dict[UUID, deque[_Waiting[Item, Answer]]] = {}
        self._runners: dict[UUID, asyncio.Task[None]] = {}
        self._draining = False

    async def submit(self, actor: Actor, item: Item) -> Answer:
        """Answer an item once its group is committed; refuses QUEUE_FULL and SHUTTING_DOWN."""
        if self._draining:
            raise ShuttingDown
        queue = self._waiting.setdefault(actor.merchant_id, deque())
        if len(queue) >= WAITING_MAX:
            raise QueueFull
        waiting: _Waiting[Item, Answer] = _Waiting(actor, item)
        queue.append(waiting)
        if actor.merchant_id not in self._runners:
            self._runners[actor.merchant_id] = asyncio.create_task(self._run(actor.merchant_id, queue))
        return await waiting.answer

    async def drain(self) -> None:
        """Take nothing new and return when everything taken is answered."""
        self._draining = True
        while self._runners:
            await asyncio.gather(*self._runners.values(), return_exceptions=True)

    async def _run(self, merchant_id: UUID, queue: deque[_Waiting[Item, Answer]]) -> None:
        group: list[_Waiting[Item, Answer]] = []
        try:
            while queue:
                await self._gather(queue, len(group))
                group = [queue.popleft() for _ in range(min(len(queue), self._group_max))]
                group = [waiting for waiting in group if not waiting.answer.done()]
                if group:
                    await self._commit(merchant_id, group)
        finally:
            for left in (*group, *queue):
                left.answer.cancel()  # only when this runner itself was cancelled is any of them still open
            del self._runners[merchant_id], self._waiting[merchant_id]

    async def _gather(self, queue: Sequence[_Waiting[Item, Answer]], answered: int) -> None:
        """Let half of those who work here come in first: the larger a group, the less each item costs.

        The other half, `answered` just now, reads its answers meanwhile. Nobody is waited for who is not on the way
        through this process already.
        """
        enough = min((answered + len(queue)) / 2, self._group_max)
        quiet = 0
        while len(queue) < enough and quiet < QUIET_TURNS:
            before = len(queue)
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(queue) == before else 0

    async def _commit(self, merchant_id: UUID, group: Sequence[_Waiting[Item, Answer]]) -> None:
        pairs = [(waiting.actor, waiting.item) for waiting in group]
        try:
            answers = await self._database.run(system_actor(merchant_id), lambda uow: self._handler(uow, pairs))
            told = list(zip(group, answers, strict=True))
        except Exception as error:
            if len(group) > 1:
                for waiting in group:
                    await self._commit(merchant_id, [waiting])
            elif not group[0].answer.done():
                group[0].answer.set_exception(error)
            return
        for waiting, answer in told:
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
