"""What the agent says: one line for each job, for people or for machines, and what is wrong in between."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from pickmesh.app.printing.printers import Job


@dataclass(frozen=True, slots=True)
class Console:
    """Writes to standard output, trouble that is about no job to standard error."""

    as_json: bool

    def job(self, job: Job, state: str, said: str = "") -> None:
        """Say what became of a job."""
        if self.as_json:
            told = {"at": datetime.now(UTC).isoformat(), "job": str(job.uuid), "parcel": job.number, "state": state}
            print(json.dumps({**told, "said": said} if said else told, ensure_ascii=False), flush=True)
        else:
            print(f"{datetime.now():%H:%M:%S}  {job.number}  {state.lower():<8}  {said}".rstrip(), flush=True)

    def ready(self, bench: str, printer: str) -> None:
        """Say that the agent waits for work."""
        if not self.as_json:
            print(f"Printing what {bench} packs to {printer} (Ctrl-C stops after the current label).", flush=True)

    def trouble(self, sentence: str) -> None:
        """Say what keeps the agent from working."""
        sys.stderr.write(f"pickmesh: {sentence}\n")
        sys.stderr.flush()
