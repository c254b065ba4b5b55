"""One thing at a time under way, while whoever asked for it goes on."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any


class Lane:
    """Begins a thing once the one before it is through; leaving the block waits for the last.

    What goes wrong with one is raised at the wait that follows it. When the block itself fails, the thing under way is
    waited for and what became of it is not told: the first error is.
    """

    def __init__(self) -> None:
        self._under_way: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Lane":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.settled()
        elif self._under_way is not None:
            await asyncio.gather(self._under_way, return_exceptions=True)

    async def begin(self, thing: Coroutine[Any, Any, None]) -> None:
        """Begin with a thing, once the one before it is through."""
        try:
            await self.settled()
        except BaseException:
            thing.close()
            raise
        self._under_way = asyncio.create_task(thing)
        await asyncio.sleep(0)

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            await under_way
