"""What became of each row of a file, and of the file."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pickmesh.app.cells import Problem
from pickmesh.app.files import TableRow, guarded
from pickmesh.app.imports.seen import FirstRows
from pickmesh.core.kit.refusals import Refusal

Thing = TypeVar("Thing")


class Status(StrEnum):
    """What became of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Item(Generic[Thing]):
    """A thing read from one row or several, named by its key."""

    rows: tuple[int, ...]
    key: str
    value: Thing


@dataclass(frozen=True, slots=True)
class Bad:
    """Rows that make no thing: some of their cells cannot be read."""

    rows: tuple[int, ...]
    key: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What a thing that was taken in still waits for; `line` counts the thing's rows from 0."""

    line: int
    column: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What core said about a thing; one with notes was taken in but is on hold."""

    status: Status
    refusal: Refusal | None = None
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Summary:
    """How many rows came to what, and the first refusals and notes in words; `held` rows are in but on hold."""

    rows: int = 0
    by_status: Counter[Status] = field(default_factory=Counter)
    refusals: list[Problem] = field(default_factory=list)
    held: int = 0
    notes: list[Problem] = field(default_factory=list)
    kept: int = 10

    def count(self, status: Status, rows: int) -> None:
        """Add rows."""
        self.rows += rows
        self.by_status[status] += rows

    def keep(self, status: Status, problems: Sequence[Problem]) -> None:
        """Keep the first refusals and the first notes."""
        kept = self.refusals if status is Status.REFUSED else self.notes
        kept.extend(problems[: max(self.kept - len(kept), 0)])

    @property
    def exit_code(self) -> int:
        """0 when every row is in, 1 when some were refused."""
        return 1 if self.by_status[Status.REFUSED] else 0


def row_problem(row: TableRow) -> Problem:
    """Return what is wrong with a row as such."""
    return Problem(row.number, "", row.problem or "", "BAD_ROW")


def first_row(seen: FirstRows, key: str, row: int, column: str, what: str) -> list[Problem]:
    """Remember where a key stands first; return the problem of a row that repeats it."""
    first = seen.first(key, row)
    if first == row:
        return []
    return [Problem(row, column, f"{what} stands at row {first} already; keep one of the rows.", "DUPLICATE_ROW")]


class Listener(Protocol):
    """Hears what became of rows while an import runs."""

    def told(self, rows: Sequence[int], key: str, status: Status, problems: Sequence[Problem]) -> None:
        """Take note of rows that came to one thing."""
        ...


class Report:
    """The row-by-row report: a CSV file that spreadsheets open, one line per row and problem."""

    HEADER = ("row", "status", "key", "column", "code", "message")

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(self.HEADER)

    def told(self, rows: Sequence[int], key: str, status: Status, problems: Sequence[Problem]) -> None:
        """Write the lines of some rows; a problem of the whole thing stands on its first row."""
        by_row: dict[int, list[Problem]] = {}
        for problem in problems:
            by_row.setdefault(problem.row, []).append(problem)
        for row in rows:
            for problem in by_row.get(row, [Problem(row, "", "", "")]):
                self._writer.writerow(
                    [row, status.value, guarded(key), problem.column, problem.code, guarded(problem.message)]
                )

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
