"""The real command line in real processes: run to the end, or started and talked to until told to stop."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PICKMESH = Path(sys.executable).with_name("pickmesh")
START_S_MAX = 60


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return this environment without pickmesh's settings, then with the given ones and a data folder."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PICKMESH_")}
    own = {f"PICKMESH_{name.upper()}": value for name, value in settings.items()}
    return {**clean, "PICKMESH_DATA": str(folder / "var"), "COLUMNS": "200", **own}


def run(folder: Path, *arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder to its end."""
    return subprocess.run(
        [PICKMESH, *arguments],
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@dataclass
class Running:
    """A process that serves; `output` is what it has printed so far, read by a thread of its own."""

    process: subprocess.Popen[str]
    output: list[str] = field(default_factory=list)
    _lines: queue.Queue[str | None] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read on until a line matches, at most a minute."""
        end = time.monotonic() + START_S_MAX
        while (left := end - time.monotonic()) > 0:
            line = self._next(left)
            if line is None:
                break
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"“{pattern}” never came:\n{''.join(self.output)}")

    def _next(self, seconds: float) -> str | None:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if line is not None:
            self.output.append(line)
        return line

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal, read what is left and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self._reader.join(timeout=60)
        while self._next(1) is not None:
            pass
        return code


@contextmanager
def started(folder: Path, *arguments: str, stdin: int | None = None, **settings: str) -> Iterator[Running]:
    """Start a command in a folder, with `stdin=PIPE` to be typed to; whatever is left of it at the end is killed."""
    environ: Mapping[str, str] = environment(folder, **{"log_format": "json", "port": "0", **settings})
    process = subprocess.Popen(
        [PICKMESH, *arguments],
        cwd=folder,
        env=environ,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    try:
        yield Running(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def address_of(running: Running) -> str:
    """Return where a started `serve` or `demo` answers, once it does."""
    return running.wait_for(r"(https?://\d+\.\d+\.\d+\.\d+:\d+)").group(1)
