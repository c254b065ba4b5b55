"""`pickmesh chat`: the same handlers in a terminal, against the same server."""

import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import processes
import pytest
from tests.bot.stage import BARCODES, Stage
from tests.bot.test_telegram import picture_of

pytestmark = pytest.mark.xdist_group("bot")


class Screen:
    """A terminal with a person before it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def see(self, part: str) -> str:
        """Return what is shown up to a line with a text, once it comes."""
        end, seen = time.monotonic() + 60, ""
        while part not in seen.rpartition("\n\n")[2]:
            try:
                seen += self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"“{part}” never came:\n{seen}") from None
        return seen


@contextmanager
def chat(stage: Stage, *arguments: str) -> Iterator[Screen]:
    with subprocess.Popen(
        [processes.PICKMESH, "chat", *arguments],
        cwd=stage.folder,
        env=processes.environment(stage.folder, port=str(stage.port)) | {"LANG": "en_US.UTF-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    ) as process:
        try:
            yield Screen(process)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def test_stock_by_text_picture_and_number(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "code.png"
    file.write_bytes(picture_of(BARCODES["KETTLE"]))
    with chat(stage, "--as", "owner@linan", "--merchant", "linan") as screen:
        screen.see("Hello Wang")
        screen.type("MUG")
        screen.see("on hand")
        screen.type(f"photo {file}")
        screen.see("A-01-02")
        screen.type("商品")
        shown = screen.see("[3]")
        number = next(line[1] for line in shown.splitlines() if "KETTLE-LID" in line)
        screen.type(number)
        screen.see("A-01-03")
        screen.type("photo nowhere.png")
        screen.see("no picture at that path")


def test_a_picker_works_from_the_terminal(stage: Stage) -> None:
    with chat(stage, "--as", "picker@linan", "--merchant", "linan") as screen:
        screen.see("Hello Wang")
        screen.type("/next")
        screen.see(" of ")
        screen.type("A-99-95")
        screen.see("✗")


def test_a_stranger_links_by_a_token(stage: Stage) -> None:
    with chat(stage) as screen:
        screen.type("MUG")
        screen.see("/start TOKEN")
