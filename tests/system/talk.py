"""A person in a chat: `pickmesh chat` as a process that is typed to and read from."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from processes import Running, started


class Talk:
    """One open chat; what has been said is read line by line."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def hear(self, *patterns: str) -> None:
        """Read on until each pattern has come up in a line, in any order."""
        waiting = list(patterns)
        while waiting:
            line = self._running.wait_for("|".join(f"(?:{pattern})" for pattern in waiting)).string
            found = [pattern for pattern in waiting if pattern in line]
            waiting = [pattern for pattern in waiting if pattern not in found]

    def type(self, line: str) -> None:
        """Type a line."""
        stdin = self._running.process.stdin
        assert stdin is not None
        stdin.write(f"{line}\n")
        stdin.flush()


@contextmanager
def talking(folder: Path, address: str, sign_in: str, merchant: str, settings: Mapping[str, str]) -> Iterator[Talk]:
    """Open a chat as somebody, and close it at the end as Ctrl-D does."""
    who = ("--as", sign_in, "--merchant", merchant, "--server", address)
    with started(folder, "chat", *who, stdin=subprocess.PIPE, **settings) as running:
        yield Talk(running)
        assert running.process.stdin is not None
        running.process.stdin.close()
        assert running.process.wait(timeout=60) == 0
