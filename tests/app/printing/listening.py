"""A label printer on a raw port, as well or as badly behaved as a test wants."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER's value with which closing resets the line."""


@dataclass
class RawPrinter:
    """What a printer got, one text for each connection that sent something; `port` is where it listens."""

    listening: socket.socket
    labels: list[str] = field(default_factory=list)
    got_some: threading.Event = field(default_factory=threading.Event)
    reset_after: int | None = None
    hold: bool = False
    hang_up: bool = False
    _held: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self.listening.accept()
                self._held.append(line)
                if self.hang_up:
                    line.close()
                else:
                    self._print(line)

    def _print(self, line: socket.socket) -> None:
        got = b""
        with suppress(OSError):
            while self.reset_after is None or len(got) < self.reset_after:
                part = line.recv(64 if self.reset_after else 4096)
                if not part:
                    break
                got += part
                self.got_some.set()
        if got:
            self.labels.append(got.decode())
        if self.reset_after is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if not self.hold:
            line.close()

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for line in self._held:
            line.close()


@contextmanager
def raw_printer() -> Iterator[RawPrinter]:
    """Listen on a free port of this machine."""
    printer = RawPrinter(socket.create_server(("127.0.0.1", 0)))
    serving = threading.Thread(target=printer.serve, daemon=True)
    serving.start()
    try:
        yield printer
    finally:
        printer.close()
        serving.join(timeout=10)


def closed_port() -> int:
    """Return a port at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
