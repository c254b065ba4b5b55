"""Readers in processes of their own: one that hangs, dies or eats memory costs its own picture and no other."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import psutil
import pytest
import pytest_asyncio
from PIL import Image

from pickmesh.bench import pictures
from pickmesh.scanner.decode import refusals
from pickmesh.scanner.decode.pool import PoolLimits, Readers

EAN = "6957764102201"
GOOD = pictures.file_of(pictures.scene(pictures.symbol(EAN, "EAN13")))
LARGE = pictures.file_of(pictures.texture((5000, 4000), 3), "JPEG")
"""Twenty megapixels without a code: every attempt is made on it, which takes seconds."""

pytestmark = pytest.mark.xdist_group("readers")


@pytest_asyncio.fixture
async def readers() -> AsyncIterator[Readers]:
    """Two readers with a little patience."""
    made = Readers(PoolLimits(workers=2, waiting_max=2))
    yield made
    await made.close()


OTHERS: set[int] = set()
"""Processes of this kind that ran before the test: other tests' on the same worker."""


@pytest.fixture(autouse=True)
def others() -> None:
    OTHERS.clear()
    OTHERS.update(each.pid for each in workers())


def workers() -> list[psutil.Process]:
    """The processes that read for this test, as the system sees them."""
    found = psutil.Process().children(recursive=True)
    mine = [each for each in found if each.pid not in OTHERS and each.status() != psutil.STATUS_ZOMBIE]
    return [each for each in mine if "spawn_main" in " ".join(each.cmdline())]


async def test_pictures_are_read_in_other_processes_which_end_with_the_pool(readers: Readers) -> None:
    assert workers() == []
    (found,) = await readers.decode(GOOD, accept=[EAN])
    assert (found.text, found.doubtful) == (EAN, False)
    assert len(workers()) == 2
    await readers.close()
    assert workers() == []
    assert [each.text for each in await readers.decode(GOOD)] == [EAN]


async def test_a_refusal_comes_through_with_its_sentence(readers: Readers) -> None:
    with pytest.raises(refusals.NotAPicture, match="send a JPEG"):
        await readers.decode(b"text")


async def test_more_than_may_wait_are_refused_at_once_and_the_others_are_read(readers: Readers) -> None:
    answers = await asyncio.gather(*(readers.decode(GOOD) for _ in range(10)), return_exceptions=True)
    busy = [each for each in answers if isinstance(each, refusals.Busy)]
    assert len(busy) == 6
    assert [answer[0].text for answer in answers if isinstance(answer, list)] == [EAN] * 4
    assert busy[0].message == ("Too many pictures wait to be read; send this one again in a moment, or type the code.")


async def test_a_picture_that_takes_too_long_is_given_up_alone() -> None:
    hasty = Readers(PoolLimits(workers=2, waiting_max=8, seconds_max=0.5, budget_s=60.0))
    try:
        await hasty.decode(GOOD)
        before = {each.pid for each in workers()}
        answers = await asyncio.gather(
            hasty.decode(LARGE), *(hasty.decode(GOOD) for _ in range(4)), return_exceptions=True
        )
        assert isinstance(answers[0], refusals.TookTooLong)
        assert [answer[0].text for answer in answers[1:] if isinstance(answer, list)] == [EAN] * 4
        assert [each.text for each in await hasty.decode(GOOD)] == [EAN]
        assert len({each.pid for each in workers()} - before) == 1
    finally:
        await hasty.close()


async def test_a_reader_that_dies_costs_its_own_picture(readers: Readers) -> None:
    await readers.decode(GOOD)
    asked = asyncio.create_task(readers.decode(LARGE))
    victim = await busiest()
    os.kill(victim, signal.SIGKILL)
    with pytest.raises(refusals.ReaderDied):
        await asked
    assert [each.text for each in await readers.decode(GOOD)] == [EAN]


async def busiest() -> int:
    """Return the reader that is at work, once there is one."""
    before = {each.pid: sum(each.cpu_times()[:2]) for each in workers()}
    while True:
        await asyncio.sleep(0.05)
        for each in workers():
            if sum(each.cpu_times()[:2]) - before.get(each.pid, 0.0) > 0.1:
                return each.pid


async def test_idle_readers_that_were_killed_are_replaced(readers: Readers) -> None:
    await readers.decode(GOOD)
    for each in workers():
        os.kill(each.pid, signal.SIGKILL)
    answers = await asyncio.gather(*(readers.decode(GOOD) for _ in range(4)))
    assert [answer[0].text for answer in answers] == [EAN] * 4


async def test_a_picture_that_needs_too_much_memory_is_refused() -> None:
    poor = Readers(PoolLimits(workers=1, memory_bytes_max=700_000_000, budget_s=60.0))
    try:
        assert [each.text for each in await poor.decode(GOOD)] == [EAN]
        with pytest.raises(refusals.PictureRefused) as refused:
            await poor.decode(pictures.file_of(Image.new("RGBA", (7000, 7000)), "PNG"))
        assert refused.value.code in {"TOO_MANY_PIXELS", "PICTURE_BROKE_READER"}
        assert [each.text for each in await poor.decode(GOOD)] == [EAN]
    finally:
        await poor.close()
