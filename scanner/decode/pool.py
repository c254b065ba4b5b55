"""Reading pictures in processes of their own: a bad picture can stop its reader, never the server."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Collection
from concurrent.futures import BrokenExecutor
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


@dataclass(frozen=True, slots=True)
class _Running:
    """A pool of pebble's, and whether it was given up."""

    pool: pebble.ProcessPool
    lost: asyncio.Event = field(default_factory=asyncio.Event)


class Readers:
    """A few processes that read pictures, started when the first picture comes."""

    def __init__(self, limits: PoolLimits) -> None:
        self.limits = limits
        self._running: _Running | None = None
        self._inside = 0

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
        running, self._running = self._running, None
        if running is not None:
            running.lost.set()
            await asyncio.to_thread(_stopping(running.pool).join, _STOP_S)

    async def _read(self, picture: bytes, accept: tuple[str, ...]) -> list[Barcode]:
        for _ in range(2):
            running = self._started()
            try:
                return await self._ask(running, picture, accept)
            except BrokenExecutor:  # an idle reader was killed, and pebble gave the whole pool up
                self._drop(running)
        raise refusals.ReaderDied

    async def _ask(self, running: _Running, picture: bytes, accept: tuple[str, ...]) -> list[Barcode]:
        arguments = (picture, accept, self.limits.budget_s, self.limits.picture)
        try:
            task = running.pool.schedule(_decode, args=arguments, timeout=self.limits.seconds_max)
        except RuntimeError as error:
            raise BrokenExecutor from error
        told = asyncio.wrap_future(task)
        told.add_done_callback(_heard)
        lost = asyncio.create_task(running.lost.wait())
        try:
            both: set[asyncio.Future[Any]] = {told, lost}
            await asyncio.wait(both, timeout=self._wait_s_max(), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            told.cancel()
            raise
        finally:
            lost.cancel()
        if told.done():
            return _answer(told)
        if running.lost.is_set():  # pebble would say nothing of what it has not handed out yet
            raise BrokenExecutor
        self._drop(running)  # a reader that died in the middle of taking its picture holds up all others
        raise refusals.TookTooLong

    def _started(self) -> _Running:
        if self._running is None:
            pool = pebble.ProcessPool(
                max_workers=self.limits.workers,
                initializer=_begin,
                initargs=(self.limits.memory_bytes_max,),
                context=multiprocessing.get_context("spawn"),
            )
            self._running = _Running(pool)
        return self._running

    def _drop(self, running: _Running) -> None:
        running.lost.set()
        if self._running is running:
            self._running = None
            _stopping(running.pool)

    def _wait_s_max(self) -> float:
        """Return how long the last of those inside may wait, each taking as long as it may."""
        return _START_S + self.limits.seconds_max * (self._inside + 1)


def _heard(told: asyncio.Future[list[Barcode]]) -> None:
    """Take note of what nobody waits for any more, so that it is no error unheard."""
    if not told.cancelled():
        told.exception()


def _answer(told: asyncio.Future[list[Barcode]]) -> list[Barcode]:
    try:
        return told.result()
    except pebble.ProcessExpired:
        raise refusals.ReaderDied from None
    except TimeoutError:
        raise refusals.TookTooLong from None


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
