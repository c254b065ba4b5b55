"""A lane: one thing under way at a time, in order, and no failure lost."""

import asyncio

import pytest

from pickmesh.core.kit.lanes import Lane


class Diary:
    """What was begun and ended, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def thing(self, name: str, error: Exception | None = None) -> None:
        self.lines.append(f"{name} begins")
        await asyncio.sleep(0.001)
        if error is not None:
            raise error
        self.lines.append(f"{name} ends")


async def test_one_thing_is_under_way_while_the_block_goes_on_and_the_next_waits_for_it() -> None:
    diary = Diary()
    async with Lane() as lane:
        await lane.begin(diary.thing("first"))
        diary.lines.append("the block goes on")
        await lane.begin(diary.thing("second"))
    assert diary.lines == ["first begins", "the block goes on", "first ends", "second begins", "second ends"]


async def test_what_goes_wrong_is_raised_at_the_wait_that_follows_and_nothing_more_is_begun() -> None:
    diary = Diary()
    with pytest.raises(ValueError, match="no room"):
        async with Lane() as lane:
            await lane.begin(diary.thing("first", ValueError("no room")))
            await lane.begin(diary.thing("second"))
    assert diary.lines == ["first begins"]


async def test_the_last_failure_is_raised_when_the_block_is_left() -> None:
    with pytest.raises(ValueError, match="no room"):
        async with Lane() as lane:
            await lane.begin(Diary().thing("only", ValueError("no room")))


async def test_a_block_that_fails_waits_for_what_is_under_way_and_tells_its_own_error() -> None:
    diary = Diary()
    with pytest.raises(KeyError, match="mine"):
        async with Lane() as lane:
            await lane.begin(diary.thing("first", ValueError("lost")))
            raise KeyError("mine")
    assert diary.lines == ["first begins"]
    with pytest.raises(KeyError, match="mine"):
        async with Lane() as lane:
            await lane.begin(diary.thing("second"))
            raise KeyError("mine")
    assert diary.lines[1:] == ["second begins", "second ends"]
