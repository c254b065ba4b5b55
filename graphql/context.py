"""What a resolver is given: who asks, this merchant's data to read, and loaders that batch what siblings ask for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeVar

from aiodataloader import DataLoader

from pickmesh.core.chats.links import ChatLinkRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import languages
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import SignInNeeded
from pickmesh.graphql import together
from pickmesh.graphql.permissions import granted_to
from pickmesh.graphql.services import Services

Key = TypeVar("Key")
Value = TypeVar("Value")
Batch = together.Batch


class Context:
    """One operation: its actor and its read-only unit of work, opened when it is first needed.

    graphql-core runs sibling resolvers at the same time and one connection serves one statement at a time, so readers
    take turns at one lock. A mutation writes in a unit of work of its own and then calls `renew`.
    """

    def __init__(
        self,
        services: Services,
        actor: Actor | None = None,
        token: str | None = None,
        asked_locale: str | None = None,
        *,
        is_bot: bool = False,
        link: ChatLinkRow | None = None,
    ) -> None:
        self.services = services
        self.database = services.database
        self.actor = actor
        self.token = token
        self.asked_locale = asked_locale
        self.is_bot = is_bot
        self.chat_link = link
        """The chat through which the bot asks as somebody."""
        self.granted = granted_to(actor, is_bot=is_bot)
        self.reads_together = False
        """Whether others are answered in the same moment: then what all need is read once."""
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._uow: UnitOfWork | None = None
        self._loaders: dict[Batch, DataLoader[Any, Any]] = {}
        self._batches: set[asyncio.Task[Any]] = set()

    @property
    def signed_in(self) -> Actor:
        """The actor; refuses when nobody is signed in."""
        if self.actor is None:
            raise SignInNeeded()
        return self.actor

    @property
    def locale(self) -> str:
        """The language of this operation's answers: the one asked for, else the person's, else English."""
        return self.asked_locale or languages.of_actor(self.actor)

    def says(self, text: str) -> str:
        """Return a text of core in the language of this operation."""
        return languages.translate(text, self.locale)

    @cached_property
    def now(self) -> datetime:
        """The moment of this operation."""
        return self.database.clock.now()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        """Take a turn at this operation's read-only unit of work."""
        actor = self.signed_in
        async with self._lock:
            if self._uow is None:
                self._uow = await self._stack.enter_async_context(self.database.reading(actor))
            yield self._uow

    def load(self, batch: Batch, key: Any) -> Awaitable[Any]:
        """Return what `batch` finds under a key, or None; all keys asked for in one moment are loaded together."""
        if batch not in self._loaders:
            self._loaders[batch] = DataLoader(partial(self._batch, batch))
        return self._loaders[batch].load(key)

    async def _batch(self, batch: Batch, keys: list[Any]) -> list[Any]:
        task = asyncio.current_task()
        assert task is not None
        self._batches.add(task)
        try:
            found = await self._found(batch, keys)
        finally:
            self._batches.discard(task)
        return [found.get(key) for key in keys]

    async def _found(self, batch: Batch, keys: list[Any]) -> Mapping[Any, Any]:
        if self.reads_together and batch in together.SHARED:
            return await self.services.together.load(self.signed_in, batch, keys)
        async with self.reading() as uow:
            return await batch(uow, keys)

    async def still_signed_in(self) -> bool:
        """Ask anew whether the token this operation came with still opens something, and with which permissions."""
        if self.token is not None:
            self.actor = await self.services.sessions.actor_of(self.token)
            self.granted = granted_to(self.actor)
        return self.actor is not None

    async def renew(self) -> None:
        """Forget everything read so far: what is read from here on is what has been committed by now."""
        async with self._lock:
            self._loaders.clear()
            self._uow = None
            await self._stack.aclose()

    async def close(self) -> None:
        """End the operation; batches that nobody waits for any longer are given up."""
        for task in self._batches:
            task.cancel()
        await self.renew()


class Connection(Context):
    """A WebSocket before and beyond its operations: who signed in when it was opened."""

    connection_params: dict[str, object] | None = None

    def operation(self) -> Context:
        """Return a context for one operation over this connection."""
        return Context(self.services, self.actor, self.token, self.asked_locale)

    def sign_in(self, actor: Actor, token: str) -> None:
        """Remember who opened the connection."""
        self.actor, self.token, self.granted = actor, token, granted_to(actor)
