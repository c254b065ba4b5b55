"""Printers an agent can hold a label out to: a raw TCP port, a CUPS queue, a folder.

Each asks `may_send` right before the first byte leaves, and says how it ended: by returning (the label is out of our
hands for good), or by one of the errors below, which differ in what may be on paper.
"""

import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

import stamina

if sys.platform != "win32":
    import fcntl
    import termios

MaySend = Callable[[], None]
CONNECT_S_MAX = 5.0
CONNECT_TRIES = 3
SEND_S_MAX = 30.0
CLOSE_S_MAX = 20.0
"""How long a printer may take to acknowledge the last byte."""
LINGER_S = 1.0
"""How long a printer that has acknowledged everything is given to close or to reset."""
LOOK_S = 0.05
COMMAND_S_MAX = 60.0
RAW_PORT = 9100


class AgentRefused(Exception):
    """The agent cannot work as it was started; the message says why."""


class JobGone(Exception):
    """The server says that this job is not ours to print (any more)."""


class PrinterAway(Exception):
    """The printer cannot be reached; nothing has left."""


class PrinterRefused(Exception):
    """The printer took nothing and says why; it may be asked again."""


class PrinterUnsure(Exception):
    """Something has left; the label may be on paper or not."""


@dataclass(frozen=True, slots=True)
class Job:
    """A label to print: its id with the server and as it is written on things, and by format where it is drawn."""

    id: str
    uuid: UUID
    number: str
    labels: Mapping[str, str]


class Printer(Protocol):
    """Something that puts labels on paper."""

    @property
    def format(self) -> str:
        """Which drawing it takes: pdf or zpl."""

    def print(self, job: Job, data: bytes, may_send: MaySend) -> None:
        """Print a label; raises PrinterAway, PrinterRefused or PrinterUnsure, and whatever `may_send` raises."""

    def was_printed(self, job: Job) -> bool | None:
        """Tell, after a restart, whether a label that had begun went out; None when that cannot be known."""


def printer_to(address: str, format: str | None = None) -> Printer:
    """Return the printer at tcp://HOST:PORT, lp:NAME or folder:PATH.

    Refuses other addresses, a folder that is not there, and formats they do not take.
    """
    kind, _, rest = address.partition(":")
    if kind == "tcp":
        printer: Printer = TcpPrinter(*_host_and_port(address))
    elif kind == "lp" and rest and not rest.startswith("-"):
        printer = LpPrinter(rest)
    elif kind == "folder" and rest:
        return FolderPrinter(_folder_at(rest), format or "pdf")
    else:
        raise AgentRefused(f"“{address}” is no printer; write tcp://HOST:9100, lp:NAME or folder:PATH.")
    if format not in {None, printer.format}:
        raise AgentRefused(f"A {kind} printer takes {printer.format}, not {format}.")
    return printer


def _folder_at(path: str) -> Path:
    """Return a folder that is there: a mistyped one must not swallow labels that then count as printed."""
    folder = Path(path)
    if not folder.is_dir():
        problem = "is no folder" if folder.exists() else "does not exist"
        raise AgentRefused(f"“{folder}” {problem}; make the folder that your labels are printed from first.")
    return folder


def _host_and_port(address: str) -> tuple[str, int]:
    with suppress(ValueError):
        parts = urlsplit(address)
        if parts.hostname and not parts.path:
            return parts.hostname, parts.port or RAW_PORT
    raise AgentRefused(f"“{address}” names no host and port; write tcp://HOST:9100.")


@dataclass(frozen=True, slots=True)
class TcpPrinter:
    """A label printer that listens on a raw port; it takes ZPL and never says what became of it."""

    host: str
    port: int
    format: str = "zpl"

    def print(self, job: Job, data: bytes, may_send: MaySend) -> None:
        """Send a label over a connection of its own and wait until the printer has every byte of it."""
        with self._connected() as line:
            may_send()
            try:
                line.settimeout(SEND_S_MAX)
                line.sendall(data)
                line.shutdown(socket.SHUT_WR)
                _wait_for_the_end(line)
            except OSError as error:
                message = f"The line to {self._name} broke while the label was sent ({_said(error)})."
                raise PrinterUnsure(message) from None

    def was_printed(self, job: Job) -> bool | None:
        """Return None: nobody can tell."""
        return None

    @property
    def _name(self) -> str:
        return f"{self.host}:{self.port}"

    def _connected(self) -> socket.socket:
        tries = stamina.retry_context(
            on=OSError, attempts=CONNECT_TRIES, timeout=None, wait_initial=0.2, wait_max=2.0, wait_jitter=0.2
        )
        try:
            for attempt in tries:
                with attempt:
                    return self._opened()
        except OSError as error:
            raise PrinterAway(f"The printer at {self._name} cannot be reached ({_said(error)}).") from None
        raise AssertionError("the retry context either returns or raises")

    def _opened(self) -> socket.socket:
        """Connect; a printer that is busy or behind a dead print server accepts and hangs up at once."""
        line = socket.create_connection((self.host, self.port), timeout=CONNECT_S_MAX)
        try:
            if select.select([line], [], [], LOOK_S)[0] and line.recv(1, socket.MSG_PEEK) == b"":
                raise ConnectionAbortedError("it hung up at once")
        except OSError:
            line.close()
            raise
        return line


def _wait_for_the_end(line: socket.socket) -> None:
    """Wait for the printer to close, or, where it does not, to have acknowledged everything; raises OSError if not."""
    begin = time.monotonic()
    line.settimeout(LOOK_S)
    all_there_since: float | None = None
    while (now := time.monotonic()) - begin < CLOSE_S_MAX:
        if _unacknowledged_bytes(line):
            all_there_since = None
        else:
            all_there_since = all_there_since or now
            if now - all_there_since >= LINGER_S:
                return
        try:
            if line.recv(4096) == b"":
                break
        except TimeoutError:
            continue
    if _unacknowledged_bytes(line):
        raise TimeoutError("it stopped taking bytes")


def _unacknowledged_bytes(line: socket.socket) -> int:
    """Return how much of what was sent the other side has not confirmed; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    answer = fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


@dataclass(frozen=True, slots=True)
class LpPrinter:
    """A CUPS queue, through the `lp` command; printed means that CUPS has the label and will not lose it.

    CUPS lists jobs by their users, not by their titles, so each is submitted in a name of its own: by that it is found.
    """

    queue: str
    format: str = "pdf"

    def print(self, job: Job, data: bytes, may_send: MaySend) -> None:
        """Submit a label to a queue that accepts jobs."""
        accepting = self._run("lpstat", "-a", self.queue)
        if accepting.returncode != 0 or b"not accepting" in accepting.stdout:
            told = _first_line(accepting.stderr or accepting.stdout)
            raise PrinterAway(f"The queue {self.queue} takes no jobs ({told}).")
        may_send()
        title = f"{job.number} {job.uuid}"
        try:
            done = self._run("lp", "-U", _user(job), "-d", self.queue, "-t", title, data=data)
        except subprocess.TimeoutExpired:
            raise PrinterUnsure(f"lp did not end within {COMMAND_S_MAX:g} s.") from None
        if done.returncode < 0:
            raise PrinterUnsure(f"lp was ended by signal {-done.returncode}.")
        if done.returncode != 0:
            raise PrinterRefused(f"The queue {self.queue} refused the label ({_first_line(done.stderr)}).")

    def was_printed(self, job: Job) -> bool | None:
        """Return True when CUPS knows the job; None when it does not, because it forgets old ones."""
        user = _user(job)
        with suppress(PrinterAway, subprocess.TimeoutExpired):
            known = self._run("lpstat", "-U", user, "-W", "all", "-u", user)
            if known.returncode == 0 and known.stdout.strip():
                return True
        return None

    @staticmethod
    def _run(command: str, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        found = shutil.which(command)
        if found is None:
            raise PrinterAway(f"The command {command} is not installed; CUPS brings it.")
        return subprocess.run(
            [found, *arguments],
            input=data,
            capture_output=True,
            timeout=COMMAND_S_MAX,
            check=False,
            start_new_session=True,  # Ctrl-C ends us after this job, not the job
            env={**os.environ, "LC_ALL": "C"},
        )


def _user(job: Job) -> str:
    return f"pickmesh-{job.uuid}"


@dataclass(frozen=True, slots=True)
class FolderPrinter:
    """A folder that somebody prints from; a label's file has the same name each time and appears whole.

    It is written aside before anything is said to have begun, and then named: a file still aside was not handed over,
    and one that is neither aside nor there was taken away by whoever prints from the folder.
    """

    folder: Path
    format: str

    def print(self, job: Job, data: bytes, may_send: MaySend) -> None:
        """Put a label's file into the folder, safe from a power cut."""
        aside = self._aside(job)
        try:
            with aside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(self.folder)
        except OSError as error:
            raise PrinterAway(f"The folder {self.folder} cannot be written to ({_said(error)}).") from None
        try:
            may_send()
        except JobGone:
            aside.unlink(missing_ok=True)
            raise
        try:
            aside.replace(self._path(job))
            _sync_folder(self.folder)
        except OSError as error:
            raise PrinterRefused(f"The folder {self.folder} did not take the label ({_said(error)}).") from None

    def was_printed(self, job: Job) -> bool | None:
        """Return whether the file was given its name."""
        return self._path(job).exists() or not self._aside(job).exists()

    def _path(self, job: Job) -> Path:
        return self.folder / f"{job.number}-{job.uuid}.{self.format}"

    def _aside(self, job: Job) -> Path:
        return self.folder / f".{self._path(job).name}.part"


def _sync_folder(folder: Path) -> None:
    """Make a folder's names safe from a power cut, where the system can."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _said(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _first_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else "it said nothing"
