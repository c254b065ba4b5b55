"""An installation as a newcomer makes one, worked by the command line alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import processes

from pickmesh.app.demo.files import DemoFiles

PASSWORD = "walks-and-scans"
TODAY = date(2026, 11, 24)


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder, its settings and the demo's files; commands run in it as a person would type them."""

    folder: Path
    demo: DemoFiles
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str | Path, code: int = 0, **settings: str) -> str:
        """Run a command and return what it printed; it must end with the code."""
        done = processes.run(self.folder, *arguments, **{**self.settings, **settings})
        assert done.returncode == code, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def imported(self, kind: str, path: Path, *more: str, merchant: str, code: int = 0) -> dict[str, int]:
        """Import a file and return the counts of its summary."""
        told = self.run(f"import-{kind}", path, *more, "--merchant", merchant, "--json", code=code)
        summary = json.loads(told.strip().splitlines()[-1])
        return {name: summary[name] for name in ("rows", "created", "changed", "unchanged", "refused")}

    @property
    def manifest(self) -> dict[str, Any]:
        """What the demo's files describe."""
        told: dict[str, Any] = json.loads(self.demo.manifest.read_text(encoding="utf-8"))
        return told

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve and give the address; stopping must be clean."""
        with processes.started(self.folder, "serve", **self.settings) as running:
            yield processes.address_of(running)
            assert running.stop() == 0
