"""The real command line in real processes: run to the end, or started and talked to until told to stop."""

import os
import re
import select
import signal
import subprocess
import sys
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
    """A process that serves; `output` is what it has printed so far."""

    process: subprocess.Popen[str]
    output: list[str] = field(default_factory=list)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read on until a line matches, at most a minute."""
        assert self.process.stdout is not None
        end = time.monotonic() + START_S_MAX
        while time.monotonic() < end:
            if select.select([self.process.stdout], [], [], 1)[0]:
                line = self.process.stdout.readline()
                if not line and self.process.poll() is not None:
                    break
                self.output.append(line)
                if match := re.search(pattern, line):
                    return match
        raise AssertionError(f"“{pattern}” never came:\n{''.join(self.output)}")

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        self.output.append(rest)
        return self.process.returncode


@contextmanager
def started(folder: Path, *arguments: str, **settings: str) -> Iterator[Running]:
    """Start a command in a folder; whatever is left of it at the end is killed."""
    environ: Mapping[str, str] = environment(folder, **{"log_format": "json", "port": "0", **settings})
    process = subprocess.Popen(
        [PICKMESH, *arguments],
        cwd=folder,
        env=environ,
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
    return running.wait_for(r"(http://127\.0\.0\.1:\d+)").group(1)
