"""Reading pictures in processes of their own: a bad picture can stop its reader, never the server."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Collection
from concurrent.futures import BrokenExecutor, Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import pebble

from pickmesh.scanner.decode import cascade, refusals
from pickmesh.scanner.decode.barcode import Barcode
from pickmesh.scanner.decode.picture import PictureLimits

try:
    import resource
except ImportError:  # Windows bounds no memory
    resource = None  # type: ignore[assignment] # the module or nothing

_START_S = 30.0
"""A reader's first picture may wait so long for its process to start."""
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How many pictures are read at once, how many may wait, and what one may cost."""

    workers: int = min(2, os.cpu_count() or 1)
    waiting_max: int = 16
    seconds_max: float = 6.0
    budget_s: float = cascade.BUDGET_S
    memory_bytes_max: int = 1_500_000_000
    picture: PictureLimits = field(default_factory=PictureLimits)


class Readers:
    """A few processes that read pictures, started when the first picture comes."""

    def __init__(self, limits: PoolLimits) -> None:
        self.limits = limits
        self._pool: pebble.ProcessPool | None = None
        self._inside = 0
        self._given: dict[Future[Any], pebble.ProcessPool] = {}

    async def decode(self, picture: bytes, *, accept: Collection[str] = ()) -> list[Barcode]:
        """Return a picture's barcodes as `cascade.decode` does, without holding up the event loop.

        Refuses with `Busy` when too many pictures wait; a picture that takes too long or costs its reader's life is
        refused alone, and another reader takes the dead one's place.
        """
        if self._inside >= self.limits.workers + self.limits.waiting_max:
            raise refusals.Busy
        self._inside += 1
        try:
            return await self._read(picture, tuple(accept))
        finally:
            self._inside -= 1

    async def close(self) -> None:
        """Stop the readers; pictures still inside are given up."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(_stopping(pool).join, _STOP_S)

    async def _read(self, picture: bytes, accept: tuple[str, ...]) -> list[Barcode]:
        for _ in range(2):
            pool = self._running()
            try:
                return await self._ask(pool, picture, accept)
            except BrokenExecutor:  # an idle reader was killed, and pebble gave the whole pool up
                self._drop(pool)
        raise refusals.ReaderDied

    async def _ask(self, pool: pebble.ProcessPool, picture: bytes, accept: tuple[str, ...]) -> list[Barcode]:
        arguments = (picture, accept, self.limits.budget_s, self.limits.picture)
        try:
            task = pool.schedule(_decode, args=arguments, timeout=self.limits.seconds_max)
        except RuntimeError as error:
            raise BrokenExecutor from error
        self._given[task] = pool
        try:
            async with asyncio.timeout(self._wait_s_max()) as waiting:
                return await asyncio.wrap_future(task)
        except pebble.ProcessExpired:
            raise refusals.ReaderDied from None
        except TimeoutError:
            if waiting.expired():  # a reader that died in the middle of taking its picture holds up all others
                self._drop(pool)
            raise refusals.TookTooLong from None
        finally:
            del self._given[task]

    def _running(self) -> pebble.ProcessPool:
        if self._pool is None:
            self._pool = pebble.ProcessPool(
                max_workers=self.limits.workers,
                initializer=_begin,
                initargs=(self.limits.memory_bytes_max,),
                context=multiprocessing.get_context("spawn"),
            )
        return self._pool

    def _drop(self, pool: pebble.ProcessPool) -> None:
        """Give a pool up, and with it what pebble has not handed out yet: of those it would never say anything."""
        if self._pool is pool:
            self._pool = None
            _stopping(pool)
        for task in [task for task, given_to in self._given.items() if given_to is pool]:
            with suppress(InvalidStateError):
                task.set_exception(BrokenExecutor("its pool was given up"))

    def _wait_s_max(self) -> float:
        """Return how long the last of those inside may wait, each taking as long as it may."""
        return _START_S + self.limits.seconds_max * (self._inside + 1)


def _stopping(pool: pebble.ProcessPool) -> Thread:
    """Stop a pool in a thread that nobody need wait for: when all its readers are dead it may never end."""
    thread = Thread(target=_stop, args=(pool,), daemon=True)
    thread.start()
    return thread


def _stop(pool: pebble.ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call] # pebble annotates nearly everything
    pool.join()


def _begin(memory_bytes_max: int) -> None:
    """Prepare a reader: bounded memory, and an end at once when it is told to, also in the middle of an engine."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if resource is not None:
        with suppress(OSError, ValueError):  # not every system bounds address space
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))


def _decode(picture: bytes, accept: tuple[str, ...], budget_s: float, limits: PictureLimits) -> list[Barcode]:
    try:
        return cascade.decode(picture, accept=accept, budget_s=budget_s, limits=limits)
    except MemoryError:
        raise refusals.ReaderDied from None
