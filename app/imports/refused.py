"""The rows of a file that were refused, as a file to mend and send again: its columns, and what is wrong with each.

What is wrong waits in a temporary file until the end, since the rows of a batch are judged in another order than they
stand in; memory holds two numbers for each.
"""

import csv
import tempfile
from array import array
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from pickmesh.app import files
from pickmesh.app.cells import Problem
from pickmesh.app.files import PROBLEM, FileRefused, Table
from pickmesh.app.imports.outcome import Listener, Status

TOGETHER = "Goes in again together with the other rows of the same order."
_SEPARATOR = "; "


class RefusedRows(Listener):
    """Remembers the refused rows of a table and writes them."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._ends = array("Q", [0])
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`

    def told(self, rows: Sequence[int], key: str, status: Status, problems: Sequence[Problem]) -> None:
        """Take note of what is wrong with refused rows; a thing of several rows goes in again as a whole."""
        if status is not Status.REFUSED:
            return
        for row in rows:
            mine = [_sentence(problem) for problem in problems if problem.row == row]
            text = _SEPARATOR.join(dict.fromkeys(mine)) or TOGETHER
            self._told.write(text.encode("utf-8", "replace"))
            self._numbers.append(row)
            self._ends.append(self._told.tell())

    def write(self, table: Table, path: Path) -> bool:
        """Write the refused rows of a table, in its order, into a CSV file; False, and no file, when there are none."""
        if not self._numbers:
            return False
        spans = list(pairwise(self._ends))
        by_row = sorted(range(len(self._numbers)), key=self._numbers.__getitem__)
        wanted = iter(by_row)
        index = next(wanted)
        columns = [name for name in table.columns if name != PROBLEM]
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow([*columns, PROBLEM])
                for number, record in table.records():
                    if number != self._numbers[index]:
                        continue
                    writer.writerow([*_as_it_was(table, record), files.guarded(self._text(*spans[index]))])
                    following = next(wanted, None)
                    if following is None:
                        break
                    index = following
        except OSError as error:
            raise FileRefused(
                f"“{path}” cannot be written ({error.strerror}); the report names the refused rows."
            ) from None
        return True

    def _text(self, start: int, end: int) -> str:
        self._told.seek(start)
        return self._told.read(end - start).decode()

    def close(self) -> None:
        """Forget what was remembered."""
        self._told.close()


def _sentence(problem: Problem) -> str:
    """Return what is wrong, with its column where the sentence does not name it."""
    named = not problem.column or problem.column in problem.message
    return problem.message if named else f"{problem.column}: {problem.message}"


def _as_it_was(table: Table, record: Sequence[str]) -> list[str]:
    """Return a row's cells under the columns it has; what is too much stands together in the last one, to be mended."""
    width = len(table.columns)
    cells = [*record, *[""] * (width - len(record))]
    while len(cells) > width and not cells[-1]:
        cells.pop()
    if len(cells) > width:
        cells = [*cells[: width - 1], ",".join(cells[width - 1 :])]
    kept = [cell for name, cell in zip(table.columns, cells, strict=True) if name != PROBLEM]
    return [files.guarded(files.unguarded(cell)) for cell in kept]
