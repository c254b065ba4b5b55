"""A bell rung when a merchant committed something, so that subscriptions need not wait for their next look."""

import asyncio
from collections import defaultdict
from uuid import UUID


class Bell:
    """Lets many subscriptions of this process wait for news of their merchant; a missed ring costs one poll."""

    def __init__(self) -> None:
        self._waiting: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)

    def ring(self, merchant_id: UUID) -> None:
        """Wake whoever waits for news of a merchant."""
        for rung in self._waiting.pop(merchant_id, ()):
            rung.set()

    async def wait(self, merchant_id: UUID, *, at_most_s: float) -> None:
        """Return when the bell rings for a merchant, or after a while."""
        rung = asyncio.Event()
        self._waiting[merchant_id].add(rung)
        try:
            async with asyncio.timeout(at_most_s):
                await rung.wait()
        except TimeoutError:
            pass
        finally:
            self._forget(merchant_id, rung)

    def _forget(self, merchant_id: UUID, rung: asyncio.Event) -> None:
        waiting = self._waiting.get(merchant_id)
        if waiting is not None:
            waiting.discard(rung)
            if not waiting:
                del self._waiting[merchant_id]

    def is_awaited(self, merchant_id: UUID) -> bool:
        """Tell whether anybody waits for news of a merchant."""
        return merchant_id in self._waiting
