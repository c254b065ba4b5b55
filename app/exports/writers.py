"""Tables as files: CSV that spreadsheets open, or an Excel workbook; every cell is text and none is a formula."""

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import openpyxl
from openpyxl.cell import WriteOnlyCell

from pickmesh.app.files import FileRefused, guarded

ROWS_MAX = 1_048_575
"""Rows below the header that a workbook's sheet holds."""
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_AS_TEXT = "@"


class Writer(Protocol):
    """Takes rows and makes a file of them when it is finished."""

    def row(self, cells: Sequence[str]) -> None:
        """Write one row."""
        ...

    def finish(self) -> None:
        """Make the file whole."""
        ...


class CsvWriter:
    """Rows as CSV in UTF-8, with the mark by which spreadsheets know it; what looks like a formula is guarded."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)

    def row(self, cells: Sequence[str]) -> None:
        """Write one row."""
        self._writer.writerow([guarded(cell) for cell in cells])

    def finish(self) -> None:
        """Close the file."""
        self._file.close()


class WorkbookWriter:
    """Rows as the one sheet of an Excel workbook; cells are text, so that no code loses digits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book: Any = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet("pickmesh")
        self._sheet.freeze_panes = "A2"
        self._rows = 0

    def row(self, cells: Sequence[str]) -> None:
        """Write one row; refuses more than a sheet holds."""
        if self._rows > ROWS_MAX:
            raise FileRefused(f"A workbook's sheet holds {ROWS_MAX:,} rows; write a .csv file instead.")
        self._rows += 1
        self._sheet.append([self._cell(cell) for cell in cells])

    def _cell(self, text: str) -> Any:
        if not text:
            return None
        # Text is no formula here, and guarded only where the reader would take an apostrophe of its own for a guard.
        shown = guarded(text) if text.startswith("'") else text
        cell = WriteOnlyCell(self._sheet, value=_NO_XML.sub("", shown))
        cell.data_type = "s"  # else a text that begins with = is written as a formula
        cell.number_format = _AS_TEXT
        cell.quotePrefix = True
        return cell

    def finish(self) -> None:
        """Write the workbook."""
        try:
            self._book.save(self._path)
        except OSError as error:
            raise _not_written(self._path, error) from None


def writer_of(path: Path) -> Writer:
    """Return the writer of a file that ends in .csv or .xlsx; refuses other endings, and places it cannot write to."""
    kinds: dict[str, Callable[[Path], Writer]] = {".csv": CsvWriter, ".xlsx": WorkbookWriter}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise FileRefused(f"“{path}” must end in .csv or .xlsx: its ending says what is written.")
    try:
        return kind(path)
    except OSError as error:
        raise _not_written(path, error) from None


def _not_written(path: Path, error: OSError) -> FileRefused:
    return FileRefused(f"“{path}” cannot be written ({error.strerror}); say another file.")
