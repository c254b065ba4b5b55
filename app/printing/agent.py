"""The print agent: takes one job after the other, prints it, and tells the server how it went.

Nothing is kept on this machine: the server knows that a job was taken and that its first byte was allowed to leave,
and both are written there before they are done here. Whatever ends this program, the next start finds out from there.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pickmesh.app.printing.console import Console
from pickmesh.app.printing.printers import (
    Job,
    JobGone,
    Printer,
    PrinterAway,
    PrinterRefused,
    PrinterUnsure,
)
from pickmesh.app.printing.server import Bench, LabelGone, PrintFailure, Server, ServerAway

POLL_S = 1.0
"""How often an idle agent asks for work."""
WAIT_S_MAX = 30.0
_FAILURES: dict[type[Exception], PrintFailure] = {
    PrinterAway: PrintFailure.AWAY,
    PrinterRefused: PrintFailure.RETRY,
    PrinterUnsure: PrintFailure.UNSURE,
    ServerAway: PrintFailure.AWAY,
    LabelGone: PrintFailure.GIVE_UP,
}


@dataclass(slots=True)
class Agent:
    """One run at one bench; `stop` ends it after the current job."""

    server: Server
    printer: Printer
    bench: Bench
    name: str
    console: Console
    stop: threading.Event
    all_well: bool = True
    _waits: int = 0
    _has_looked_back: bool = False
    _untold: list[Callable[[], None]] = field(default_factory=list)

    def run(self, *, once: bool) -> bool:
        """Print until told to stop, or with `once` until nothing waits; tell whether everything went well."""
        while not self.stop.is_set():
            try:
                self._tell()
                jobs = self.server.take(self.bench, self.name)
                self._look_back()
            except ServerAway as error:
                self.console.trouble(f"The server is away ({error}).")
                if once:
                    return False
                self._wait()
                continue
            if not jobs and once:
                break
            if not jobs:
                self.stop.wait(POLL_S)
            for job in jobs:
                if not self._work(job) and once:
                    return False
        return self._told_at_the_end() and self.all_well

    def _look_back(self) -> None:
        """Settle, once, what earlier runs left open, as far as the printer can tell."""
        if self._has_looked_back:
            return
        for job in self.server.left_unsure(self.bench, self.name):
            printed = self.printer.was_printed(job)
            if printed is None:
                self.all_well = False
                self.console.job(
                    job, "UNSURE", "It was being printed when the agent stopped; look whether it is there."
                )
                continue
            self._settle(job, printed=printed)
        self._has_looked_back = True

    def _settle(self, job: Job, *, printed: bool) -> None:
        try:
            self.server.settle(job, printed=printed)
        except JobGone as error:
            self.console.job(job, "GONE", str(error))
        else:
            self.console.job(job, "PRINTED" if printed else "QUEUED", "It was left open by an earlier run.")

    def _work(self, job: Job) -> bool:
        """Print one job and tell how it went; return False when printer or server had better be left alone a while."""
        try:
            label = self.server.label(job, self.printer.format)
            self.printer.print(job, label, lambda: self.server.send(job))
        except JobGone as error:
            self.console.job(job, "GONE", str(error))
            return True
        except tuple(_FAILURES) as error:
            failure, said = _FAILURES[type(error)], str(error)
            self._untold.append(lambda: self._tell_failure(job, failure, said))
            is_calm = failure in {PrintFailure.UNSURE, PrintFailure.GIVE_UP}
        else:
            self._untold.append(lambda: self._tell_end(job))
            is_calm = True
        return self._told(is_calm)

    def _told(self, is_calm: bool) -> bool:
        try:
            self._tell()
        except ServerAway as error:
            self.console.trouble(f"The server is away ({error}).")
            is_calm = False
        if is_calm:
            self._waits = 0
        else:
            self._wait()
        return is_calm

    def _tell(self) -> None:
        """Tell the server what it has not heard yet, in order; raises ServerAway while it cannot be told."""
        while self._untold:
            self._untold[0]()
            del self._untold[0]

    def _tell_end(self, job: Job) -> None:
        try:
            self.server.finish(job)
        except JobGone as error:
            self.all_well = False
            self.console.job(job, "PRINTED", f"It is printed, but the server would not note it ({error})")
        else:
            self.console.job(job, "PRINTED")

    def _tell_failure(self, job: Job, failure: PrintFailure, said: str) -> None:
        self.all_well = False
        try:
            state = self.server.fail(job, failure, said)
        except JobGone as error:
            self.console.job(job, "GONE", str(error))
        else:
            self.console.job(job, state, said)

    def _told_at_the_end(self) -> bool:
        try:
            self._tell()
        except ServerAway as error:
            self.console.trouble(f"The server is away ({error}) and does not know of the last label.")
            return False
        return True

    def _wait(self) -> None:
        self._waits += 1
        self.stop.wait(min(WAIT_S_MAX, 0.5 * 2 ** min(self._waits, 10)))
